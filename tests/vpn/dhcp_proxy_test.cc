// The client of DHCP servers in virtual time, against a server that the test plays: leases from the first DISCOVER to the RELEASE, and
// what is forged, doubled, refused or never answered.
#include "vpn/dhcp_proxy.h"

#include <gtest/gtest.h>

#include "vpn/crypto/entropy.h"

namespace sallyport {
namespace {

IpAddress DhcpIp(const char* text) { return *IpAddress::Parse(text); }

struct DhcpWire final : DhcpTransport {
  struct Sent {
    DhcpWay way;
    IpAddress to;
    DhcpMessage m;
  };
  void Send(const DhcpWay& way, IpAddress to, Bytes message) override {
    const auto m = ReadDhcp(message);
    ASSERT_TRUE(m);
    ASSERT_GE(message.size(), 300u);
    sent.push_back({way, to, *m});
  }
  std::vector<Sent> sent;
};

class DhcpProxyTest : public testing::Test {
 protected:
  DhcpProxyTest() {
    LoggingSettings on;
    on.enable = true;
    on.Of(LogOutput::kBuffer) = LogFilter::Level(7);
    on.buffer_size = 1 << 20;
    logger.Configure(on);
    pools.UseDhcp(&proxy);
    wish.servers = {DhcpIp("10.1.1.10")};
    wish.scope = DhcpIp("10.9.0.0");
    wish.tunnel_group = "staff";
    wish.user = "ann";
  }
  void Ask() {
    proxy.Request(wish, [this](std::optional<AssignedAddress> a) { answers.push_back(a); });
  }
  void Step(int seconds) {
    for (int i = 0; i < seconds; i++) {
      clock.Advance(Duration::Seconds(1));
      real = real + Duration::Seconds(1);
      proxy.Tick();
    }
  }
  // What a server says to the last message (or to that one).
  DhcpMessage Reply(DhcpType type, const char* address = "10.9.0.20", int back = 1) {
    const DhcpMessage& to = wire.sent.at(wire.sent.size() - static_cast<std::size_t>(back)).m;
    DhcpMessage m;
    m.reply = true;
    m.type = type;
    m.xid = to.xid;
    m.hardware = to.hardware;
    m.relay = to.relay;
    m.server = DhcpIp("10.1.1.10");
    if (type == DhcpType::kNak) return m;
    m.yours = DhcpIp(address);
    m.mask = DhcpIp("255.255.255.0");
    m.lease_s = 1000;
    return m;
  }
  void Give(const DhcpMessage& m, const char* from = "10.1.1.10") {
    const auto bytes = WriteDhcp(m);
    proxy.Receive(DhcpIp(from), m.relay, bytes);
  }
  void Lease(const char* address = "10.9.0.20") {
    Ask();
    Give(Reply(DhcpType::kOffer, address));
    Give(Reply(DhcpType::kAck, address));
    ASSERT_TRUE(answers.back());
    ASSERT_TRUE(proxy.Claim(DhcpIp(address)));
  }
  std::vector<std::string> Logged(const std::string& number) {
    std::vector<std::string> found;
    for (const std::string& line : logger.Status().buffer) {
      const std::size_t at = line.find(number + ": ");
      if (at != std::string::npos) found.push_back(line.substr(at + number.size() + 2));
    }
    return found;
  }

  ManualClock clock{1'258'000'000'000'000'000};
  TimePoint real;
  LogRing ring;
  Logger logger{clock, ring};
  SeededEntropy entropy{5};
  AddressPools pools;
  DhcpWire wire;
  DhcpWish wish;
  std::vector<std::optional<AssignedAddress>> answers;
  std::vector<IpAddress> lost;
  DhcpProxy proxy{{wire, logger, entropy, pools, [this] { return Times{clock.Now(), real}; },
                   [](IpAddress s) -> std::optional<DhcpWay> {
                     if (s == DhcpIp("10.250.0.1")) return {};
                     return DhcpWay{"inside", DhcpIp("10.1.1.1")};
                   },
                   [this](IpAddress a) { lost.push_back(a); }}};
};

TEST_F(DhcpProxyTest, DiscoverOfferRequestAckRelease) {
  Ask();
  ASSERT_EQ(wire.sent.size(), 1u);
  EXPECT_EQ(wire.sent[0].to, DhcpIp("10.1.1.10"));
  EXPECT_EQ(wire.sent[0].m.type, DhcpType::kDiscover);
  EXPECT_EQ(wire.sent[0].m.relay, DhcpIp("10.9.0.0")) << "the scope";
  EXPECT_EQ(wire.sent[0].m.client_id.substr(0, 8), "cisco-02");
  Give(Reply(DhcpType::kOffer));
  ASSERT_EQ(wire.sent.size(), 2u);
  EXPECT_EQ(wire.sent[1].m.type, DhcpType::kRequest);
  EXPECT_EQ(wire.sent[1].m.requested, DhcpIp("10.9.0.20"));
  EXPECT_EQ(wire.sent[1].m.server, DhcpIp("10.1.1.10"));
  Give(Reply(DhcpType::kAck));
  ASSERT_EQ(answers.size(), 1u);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->address, DhcpIp("10.9.0.20"));
  EXPECT_EQ(answers[0]->mask, DhcpIp("255.255.255.0"));
  EXPECT_EQ(Logged("737005").at(0), "IPAA: DHCP configured, request succeeded for tunnel-group staff");
  EXPECT_FALSE(pools.TakeOwn(DhcpIp("10.9.0.20"))) << "nobody else gets it";
  EXPECT_TRUE(proxy.Claim(DhcpIp("10.9.0.20")));
  EXPECT_FALSE(proxy.Claim(DhcpIp("10.9.0.20")));
  Give(Reply(DhcpType::kAck));  // once more
  EXPECT_EQ(answers.size(), 1u);
  pools.Give(DhcpIp("10.9.0.20"), clock.Now());
  ASSERT_EQ(wire.sent.size(), 3u);
  EXPECT_EQ(wire.sent[2].m.type, DhcpType::kRelease);
  EXPECT_EQ(wire.sent[2].m.client, DhcpIp("10.9.0.20"));
  EXPECT_EQ(wire.sent[2].m.server, DhcpIp("10.1.1.10"));
  EXPECT_EQ(Logged("737015").at(0), "IPAA: Freeing DHCP address 10.9.0.20");
  EXPECT_EQ(proxy.size(), 0u);
  EXPECT_TRUE(pools.TakeOwn(DhcpIp("10.9.0.20")));
}

TEST_F(DhcpProxyTest, WithoutAScopeTheInterfaceIsTheRelay) {
  wish.scope = {};
  Lease();
  EXPECT_EQ(wire.sent[0].m.relay, DhcpIp("10.1.1.1"));
}

TEST_F(DhcpProxyTest, SilenceIsAskedThreeTimesAndFails) {
  Ask();
  Step(13);
  EXPECT_EQ(wire.sent.size(), 3u);
  EXPECT_TRUE(answers.empty());
  Step(1);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0]);
  EXPECT_EQ(Logged("737018").at(0), "IPAA: DHCP request attempt 3 failed");
  EXPECT_EQ(Logged("737004").at(0), "IPAA: DHCP configured, request failed for tunnel-group staff");
  EXPECT_EQ(proxy.size(), 0u);
}

TEST_F(DhcpProxyTest, AServerThatIsNowhereIsNotAsked) {
  wish.servers = {DhcpIp("10.250.0.1")};
  Ask();
  EXPECT_TRUE(answers.empty()) << "never within the call";
  Step(1);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0]);
  EXPECT_EQ(Logged("737003").size(), 1u);
}

TEST_F(DhcpProxyTest, WhatIsForgedIsNotHeard) {
  Ask();
  Give(Reply(DhcpType::kOffer), "10.1.1.66");  // a stranger
  DhcpMessage m = Reply(DhcpType::kOffer);
  m.xid++;
  Give(m);
  m = Reply(DhcpType::kOffer);
  m.hardware[5]++;
  Give(m);
  m = Reply(DhcpType::kOffer);
  m.relay = DhcpIp("10.9.0.1");  // sent elsewhere
  Give(m);
  m = Reply(DhcpType::kOffer);
  m.lease_s.reset();
  Give(m);
  m = Reply(DhcpType::kOffer, "224.0.0.1");
  Give(m);
  m = Reply(DhcpType::kOffer);
  m.reply = false;
  Give(m);
  EXPECT_EQ(wire.sent.size(), 1u);
  Give(Reply(DhcpType::kAck));  // before anything was asked for
  EXPECT_TRUE(answers.empty());
  Give(Reply(DhcpType::kOffer));
  Give(Reply(DhcpType::kAck, "10.9.0.99"));  // another address than the one that was offered
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(proxy.ignored(), 9u);
  Give(Reply(DhcpType::kAck));
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(DhcpProxyTest, ARefusalBeginsAgainAndIsNotForEver) {
  Ask();
  for (int i = 0; i < 3; i++) {
    EXPECT_TRUE(answers.empty());
    Give(Reply(DhcpType::kOffer));
    Give(Reply(DhcpType::kNak));
  }
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0]);
}

TEST_F(DhcpProxyTest, AnAddressThatIsTakenIsDeclined) {
  ASSERT_TRUE(pools.TakeOwn(DhcpIp("10.9.0.20")));
  Ask();
  Give(Reply(DhcpType::kOffer));
  Give(Reply(DhcpType::kAck));
  ASSERT_EQ(wire.sent.size(), 4u);
  EXPECT_EQ(wire.sent[2].m.type, DhcpType::kDecline);
  EXPECT_EQ(wire.sent[3].m.type, DhcpType::kDiscover);
  EXPECT_EQ(Logged("737033").size(), 1u);
  Give(Reply(DhcpType::kOffer, "10.9.0.21"));
  Give(Reply(DhcpType::kAck, "10.9.0.21"));
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]->address, DhcpIp("10.9.0.21"));
}

TEST_F(DhcpProxyTest, RenewedAtHalfTimeWithItsServer) {
  Lease();
  Step(499);
  EXPECT_EQ(wire.sent.size(), 2u);
  Step(1);
  ASSERT_EQ(wire.sent.size(), 3u);
  EXPECT_EQ(wire.sent[2].m.type, DhcpType::kRequest);
  EXPECT_EQ(wire.sent[2].m.client, DhcpIp("10.9.0.20"));
  EXPECT_TRUE(wire.sent[2].m.server.IsNone());
  EXPECT_TRUE(wire.sent[2].m.requested.IsNone());
  Give(Reply(DhcpType::kAck));
  Step(499);
  EXPECT_EQ(wire.sent.size(), 3u);
  Step(1);
  EXPECT_EQ(wire.sent.size(), 4u);
  EXPECT_TRUE(lost.empty());
}

TEST_F(DhcpProxyTest, ReboundWithAnyServerThenLost) {
  wish.servers.push_back(DhcpIp("10.1.1.11"));
  Lease();
  wire.sent.clear();
  Step(874);
  for (const auto& s : wire.sent) EXPECT_EQ(s.to, DhcpIp("10.1.1.10"));
  EXPECT_GE(wire.sent.size(), 2u) << "again, while there is time";
  wire.sent.clear();
  Step(1);
  ASSERT_EQ(wire.sent.size(), 2u);
  EXPECT_EQ(wire.sent[1].to, DhcpIp("10.1.1.11"));
  DhcpMessage m = Reply(DhcpType::kAck);
  m.server = DhcpIp("10.1.1.11");
  Give(m, "10.1.1.11");
  wire.sent.clear();
  Step(500);
  ASSERT_FALSE(wire.sent.empty());
  EXPECT_EQ(wire.sent[0].to, DhcpIp("10.1.1.11")) << "its server now";
  Step(499);
  EXPECT_TRUE(lost.empty());
  Step(1);
  ASSERT_EQ(lost.size(), 1u);
  Step(5);
  EXPECT_EQ(lost.size(), 1u);
  wire.sent.clear();
  pools.Give(lost[0], clock.Now());
  EXPECT_TRUE(wire.sent.empty()) << "there is nothing to release";
  EXPECT_EQ(proxy.size(), 0u);
}

TEST_F(DhcpProxyTest, ARefusalToRenewEndsTheSession) {
  Lease();
  Step(500);
  Give(Reply(DhcpType::kNak));
  EXPECT_EQ(lost.size(), 1u);
}

TEST_F(DhcpProxyTest, AClockThatJumpsLosesNoLeaseBeforeTheServersWereAsked) {
  Lease();
  clock.Advance(Duration::Seconds(86400));
  proxy.Tick();
  proxy.Tick();
  proxy.Tick();
  EXPECT_TRUE(lost.empty());
  Give(Reply(DhcpType::kAck));
  Step(400);
  EXPECT_TRUE(lost.empty());
}

TEST_F(DhcpProxyTest, ServersAllAtOnceOrOneAfterAnother) {
  wish.servers.push_back(DhcpIp("10.1.1.11"));
  Ask();
  EXPECT_EQ(wire.sent.size(), 2u);
  Give(Reply(DhcpType::kOffer));
  const std::size_t after = wire.sent.size();
  DhcpMessage second = Reply(DhcpType::kOffer, "10.9.0.77");
  second.server = DhcpIp("10.1.1.11");
  Give(second, "10.1.1.11");
  EXPECT_EQ(wire.sent.size(), after) << "the first offer counts";
  wire.sent.clear();
  wish.one_by_one = true;
  wish.user = "bob";
  Ask();
  ASSERT_EQ(wire.sent.size(), 1u);
  Step(14);
  ASSERT_FALSE(wire.sent.empty());
  EXPECT_EQ(wire.sent.back().to, DhcpIp("10.1.1.11"));
  Give(Reply(DhcpType::kOffer, "10.9.0.30"), "10.1.1.10");  // too late
  EXPECT_EQ(wire.sent.back().m.type, DhcpType::kDiscover);
}

TEST_F(DhcpProxyTest, WhatNobodyClaimsIsReleased) {
  Ask();
  Give(Reply(DhcpType::kOffer));
  Give(Reply(DhcpType::kAck));
  Step(59);
  EXPECT_EQ(proxy.size(), 1u);
  Step(1);
  EXPECT_EQ(proxy.size(), 0u);
  EXPECT_EQ(wire.sent.back().m.type, DhcpType::kRelease);
}

TEST_F(DhcpProxyTest, SessionsOfOneUserAreDifferentClientsAndAReturningOneIsTheSame) {
  Lease();
  const auto first = wire.sent[0].m.hardware;
  Lease("10.9.0.21");
  EXPECT_NE(wire.sent.back().m.hardware, first);
  pools.Give(DhcpIp("10.9.0.20"), clock.Now());
  Ask();
  EXPECT_EQ(wire.sent.back().m.hardware, first);
}

TEST(DhcpMessageTest, LengthsAreChecked) {
  DhcpMessage m;
  m.reply = true;
  m.type = DhcpType::kOffer;
  m.server = DhcpIp("10.1.1.10");
  m.lease_s = 5;
  const auto whole = WriteDhcp(m);
  for (std::size_t n = 0; n < 240; n++) EXPECT_FALSE(ReadDhcp(Bytes(whole.data(), n)));
  for (std::size_t n = 240; n <= whole.size(); n++) (void)ReadDhcp(Bytes(whole.data(), n));
  auto bad = whole;
  bad[241] = 255;  // the type's length runs over the end
  EXPECT_FALSE(ReadDhcp(bad));
  bad = whole;
  bad[236] ^= 1;
  EXPECT_FALSE(ReadDhcp(bad));
  // Options in the field of the file name.
  auto more = whole;
  more.insert(more.begin() + 243, {52, 1, 1});
  std::copy_n(std::initializer_list<std::uint8_t>{1, 4, 255, 255, 0, 0, 255}.begin(), 7, more.begin() + 108);
  const auto read = ReadDhcp(more);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mask, DhcpIp("255.255.0.0"));
}

}  // namespace
}  // namespace sallyport
