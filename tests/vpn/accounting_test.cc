// Word of sessions that go on: when it is due, and what it says.
#include "vpn/accounting.h"

#include <gtest/gtest.h>

#include "tests/vpn/aaa/radius_server.h"

namespace sallyport {
namespace {

using namespace radius;

class AccountingTest : public testing::Test {
 protected:
  void Use(bool interim, std::uint32_t hours) {
    AaaServer s;
    s.address = *IpAddress::Parse("10.1.1.1");
    s.key = "secret";
    AaaPlan plan;
    plan.groups.resize(1);
    plan.groups[0].name = "far";
    plan.groups[0].servers = {s};
    plan.groups[0].interim = interim;
    plan.groups[0].interim_hours = hours;
    client.UsePlan(plan);
  }
  void Start() {
    AaaAccount a;
    a.group = "far";
    a.user = "ann";
    accounting.Start(7, a, clock.Now());
  }
  RadiusMessage Last() { return *ReadRadius(wire.sent.back().message); }

  ManualClock clock{1'258'000'000'000'000'000};
  LogRing ring;
  Logger logger{clock, ring};
  SeededEntropy entropy{5};
  RadiusWire wire;
  AaaClient client{{wire, logger, clock, entropy, [this] { return clock.Now(); }, [] { return TimePoint(); }, {}}};
  Accounting accounting{&client, entropy};
};

TEST_F(AccountingTest, AtIntervals) {
  Use(true, 2);
  Start();
  const std::string session = Last().Text(kAcctSessionId);
  clock.Advance(Duration::Seconds(7199));
  EXPECT_TRUE(accounting.Due(clock.Now()).empty());
  clock.Advance(Duration::Seconds(1));
  ASSERT_EQ(accounting.Due(clock.Now()), std::vector<std::uint32_t>{7});
  VpnTraffic t;
  t.rx_bytes = (std::uint64_t{1} << 32) + 5;
  t.tx_bytes = 6;
  t.rx_packets = 3;
  accounting.Interim(7, Duration::Seconds(7200), t, clock.Now());
  const RadiusMessage m = Last();
  EXPECT_EQ(m.code, kAccountingRequest);
  EXPECT_EQ(m.Number(kAcctStatusType), 3u);
  EXPECT_EQ(m.Text(kAcctSessionId), session);
  EXPECT_EQ(m.Number(kAcctSessionTime), 7200u);
  EXPECT_EQ(m.Number(kAcctInputOctets), 5u);
  EXPECT_EQ(m.Number(kAcctInputGigawords), 1u);
  EXPECT_EQ(m.Number(kAcctOutputOctets), 6u);
  EXPECT_EQ(m.Number(kAcctInputPackets), 3u);
  EXPECT_EQ(m.Find(kAcctTerminateCause), nullptr);
  EXPECT_TRUE(accounting.Due(clock.Now()).empty());
  accounting.Stop(7, Duration::Seconds(7300), t, "Idle Timeout");
  EXPECT_EQ(Last().Number(kAcctStatusType), 2u);
  clock.Advance(Duration::Seconds(7200));
  EXPECT_TRUE(accounting.Due(clock.Now()).empty());
}

TEST_F(AccountingTest, ATunnelThatIsAdded) {
  for (const bool interim : {false, true}) {
    Use(interim, 0);
    Start();
    const std::size_t before = wire.sent.size();
    accounting.TunnelAdded(7, *IpAddress::Parse("10.9.0.1"), Duration::Seconds(5), {}, clock.Now());
    EXPECT_EQ(wire.sent.size(), before + interim);
    accounting.Stop(7, Duration::Seconds(6), {}, "");
    EXPECT_EQ(Last().Address(kFramedIpAddress), IpAddress::Parse("10.9.0.1"));
  }
  clock.Advance(Duration::Seconds(864000));
  EXPECT_TRUE(accounting.Due(clock.Now()).empty());
}

}  // namespace
}  // namespace sallyport
