// `show ipsec stats`: counters of all tunnels, of those that have gone, too.
#include "tests/vpn/gateways.h"

namespace sallyport::vpntest::ipsec_totals_test {
namespace {

const Made kDatagram{.src = "10.1.1.10", .dst = "10.2.2.20", .payload = 100};

class IpsecTotalsTest : public TwoGateways {};

TEST_F(IpsecTotalsTest, TunnelsThatHaveGoneStillCount) {
  EXPECT_EQ(right.data->Totals().active, 0u);
  Keys k;
  Up(k);
  for (int i = 0; i < 3; i++) ASSERT_EQ(Through(true, Make(kDatagram)).size(), 1u);
  IpsecStatsView s = right.data->Totals();
  EXPECT_EQ(s.active, 1u);
  EXPECT_EQ(s.previous, 0u);
  EXPECT_EQ(s.in.packets, 3u);
  EXPECT_EQ(s.in.ciphered, 3u);
  EXPECT_EQ(s.in.authentications, 3u);
  EXPECT_EQ(s.in.bytes, 3u * 128);
  EXPECT_EQ(s.out.packets, 0u);
  EXPECT_EQ(s.peak_sas, 2u);
  EXPECT_EQ(s.peak_lan_to_lan, 1u);
  EXPECT_EQ(left.data->Totals().out.bytes, 3u * 128);

  // What an operator clears is of the security associations only.
  right.data->ClearCounters();
  EXPECT_EQ(right.data->Flows(TimePoint()).at(0).counters.decapsulated, 0u);
  EXPECT_EQ(right.data->Totals().in.packets, 3u);

  // The same packet once more is a replay; a changed one is no longer authentic; one of an unknown SPI has no association.
  Raw wire = outer.back();
  right.Send("outside", wire);
  wire[wire.size() - 1] ^= 1;
  StoreBe32(&wire[24], 9);
  right.Send("outside", wire);
  StoreBe32(&wire[20], 0x777777);
  right.Send("outside", wire);
  s = right.data->Totals();
  EXPECT_EQ(s.replay_failures, 1u);
  EXPECT_EQ(s.in.authentication_failures, 1u);
  EXPECT_EQ(s.in.dropped, 2u);
  EXPECT_EQ(s.missing_sa, 1u);
  EXPECT_EQ(right.data->Flows(TimePoint()).at(0).counters.replay_failed, 1u);

  Down(k);
  s = right.data->Totals();
  EXPECT_EQ(s.active, 0u);
  EXPECT_EQ(s.previous, 1u);
  EXPECT_EQ(s.in.packets, 5u);
  EXPECT_EQ(s.in.bytes, 3u * 128);
  EXPECT_EQ(s.in_deletes, 1u);
  EXPECT_EQ(s.peak_sas, 2u);
}

}  // namespace
}  // namespace sallyport::vpntest::ipsec_totals_test
