// Random traffic between the networks behind two appliances, while their tunnel is made anew, goes and comes back. packet-tracer is
// asked before each packet and has to agree; nothing that is to be protected is ever seen in the clear; what arrives is sound.
#include "tests/traffic/random_traffic.h"
#include "tests/vpn/gateways.h"

namespace sallyport::vpntest {
namespace {

class RandomTunnel : public TwoGateways, public testing::WithParamInterface<std::uint64_t> {
 protected:
  RandomTunnel() : TwoGateways(GetParam() % 2 == 0 ? "8.2(1)" : "9.1(7)") {}
};

TEST_P(RandomTunnel, NothingLeaksAndTheTracerAgrees) {
  Random random(GetParam() * 31 + 7);
  if (random.Below(2) == 0) left.Line("policy-map global_policy\n class inspection_default\n  inspect icmp\n  inspect ftp\n");
  if (random.Below(2) == 0) right.Line("fragment chain 3 outside\n");
  Apply();
  if (GetParam() % 3 == 0) {
    for (Gateway* g : {&left, &right}) {
      UseCaptures(*g->engine, {g->At("inside"), g->At("outside")});
      g->captures = true;
    }
  }
  const IfId at_left{10}, at_right{11};
  RandomTraffic traffic(GetParam() + 100, {{at_left, 3, {"10.1.1.10", "10.1.1.11", "10.1.1.12"}}, {at_right, 3, {"10.2.2.20", "10.2.2.21"}}},
                        {"192.0.2.1", "192.0.2.2", "10.1.1.1", "10.2.2.1", "198.51.100.1", "2001:db8::1"});
  Keys k;
  k.cipher = random.Below(2) == 0 ? VpnCipher::kAesGcm128 : VpnCipher::k3Des;
  k.hash = k.cipher == VpnCipher::kAesGcm128 ? VpnHash::kNone : VpnHash::kSha1;
  k.encapsulation = random.Below(2) == 0 ? EspEncapsulation::kNatT : EspEncapsulation::kNone;
  k.preserve = random.Below(2) == 0;
  k.fragment_after = random.Below(4) == 0;
  bool up = false;
  const Prefix protected_left = Prefix::Of(*IpAddress::Parse("10.1.1.0"), 24), protected_right = Prefix::Of(*IpAddress::Parse("10.2.2.0"), 24);
  std::uint64_t arrived = 0, tunnelled = 0;
  for (int n = 0; n < 1500 && !HasFailure(); n++) {
    switch (random.Below(150)) {
      case 0:
        if (up) Down(k);
        up = false;
        break;
      case 1:
      case 2:
      case 3:
        if (!up) Up(k);
        up = true;
        break;
      case 4: {
        if (!up) break;
        Keys fresh = k;
        fresh.spi_left += 0x100, fresh.spi_right += 0x100;
        Up(fresh);
        left.data->UseOutbound(fresh.spi_left, clock.Now());
        right.data->UseOutbound(fresh.spi_right, clock.Now());
        Down(k);
        k = fresh;
        break;
      }
      default: break;
    }
    if (random.Below(20) == 0) Step(random.Below(40));
    const RandomTraffic::Sent sent = traffic.Next();
    const bool from_left = sent.ingress == at_left;
    Gateway &near = from_left ? left : right, &far = from_left ? right : left;
    SCOPED_TRACE(std::to_string(n) + ": " + sent.what);
    const Fate fate = near.Send("inside", sent.bytes);
    for (const Left& l : fate.out) {
      if (l.by == "inside") traffic.Originated(sent.ingress, l.bytes);
      if (l.by != "outside" || l.bytes[0] >> 4 != 4) continue;
      const IpAddress src = IpAddress::FromV4Bytes(&l.bytes[12]), dst = IpAddress::FromV4Bytes(&l.bytes[16]);
      const bool to_protect = from_left ? protected_left.Contains(src) && protected_right.Contains(dst)
                                        : protected_right.Contains(src) && protected_left.Contains(dst);
      EXPECT_FALSE(to_protect) << "in the clear";
      tunnelled += l.bytes[9] == 50 || l.bytes[9] == 17;
      const Fate there = far.Send("outside", l.bytes);
      for (const Left& m : there.out) {
        if (m.by != "inside") continue;
        arrived++;
        traffic.Passed(sent, from_left ? at_right : at_left, m.bytes);
      }
    }
  }
  EXPECT_GT(arrived, 50u);
  EXPECT_GT(tunnelled, 50u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTunnel, testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace sallyport::vpntest
