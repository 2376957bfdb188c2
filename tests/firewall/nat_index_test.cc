// The index of NatTable against asking every rule in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/nat.h"
#include "firewall/nat_rule.h"
#include "tests/firewall/nat_fixture.h"

namespace sallyport::nat_index_test {
namespace {

using namespace nat_test;
using Kind = NatRule::Kind;

// Few addresses, interfaces and ports, so that rules overlap in every way.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}
  std::uint32_t Below(std::uint32_t n) { return random_.Below(n); }
  IpAddress Address() { return IpAddress::V4(0x0a000000 | Below(2) << 8 | Below(48)); }
  AddressRange Range() {
    const IpAddress a = Address();
    switch (Below(4)) {
      case 0:
        return AddressRange::Of(Prefix::Of(a, 26 + static_cast<int>(Below(6))));
      case 1:
        return {a, a.Plus(Below(9))};
      default:
        return {a, a};
    }
  }
  std::vector<AddressRange> Ranges(bool may_be_empty) {
    std::vector<AddressRange> result;
    if (may_be_empty && Below(4) == 0) return result;
    for (std::uint32_t i = Below(5) == 0 ? 3 : 1; i != 0; i--) result.push_back(Range());
    return result;
  }
  PortRange Ports() {
    const auto first = static_cast<std::uint16_t>(Below(12));
    return Below(3) == 0 ? PortRange{first, static_cast<std::uint16_t>(first + Below(4))} : PortRange{first, first};
  }
  IfId Interface() { return Below(4) == 0 ? IfId::kAny : ActualInterface(); }
  IfId ActualInterface() { return static_cast<IfId>(1 + Below(2)); }
  NatRule Rule() {
    NatRule r = nat_test::Rule(Below(4) != 0 ? Kind::kStatic
                               : Below(2)    ? Kind::kDynamic
                                             : Kind::kDynamicPat,
                               Ranges(true), Ranges(true));
    r.real_if = Interface();
    r.mapped_if = Interface();
    if (Below(3) == 0) {
      r.mapped_dst = Ranges(true);
      r.real_dst = Ranges(true);
    }
    if (Below(3) == 0) {
      r.service_protocol = Below(2) ? kTcp : kUdp;
      if (Below(2) == 0) {
        r.real_sport = Ports();
        r.mapped_sport = Ports();
      } else {
        r.mapped_dport = Ports();
        r.real_dport = Ports();
      }
    }
    if (Below(8) == 0) {
      r.mapped_is_interface = true;
      r.mapped_src.clear();
      if (Below(4) != 0) r.interface_address = Address();
    }
    r.unidirectional = Below(8) == 0;
    r.inactive = Below(10) == 0;
    if (Below(8) == 0) r.access_list = Permit(Range(), Below(2) ? Range() : AddressRange::Of(Prefix::Any()));
    return r;
  }
  FlowKey Key() {
    FlowKey key;
    key.src = Address();
    key.dst = Address();
    key.sport = static_cast<std::uint16_t>(Below(14));
    key.dport = static_cast<std::uint16_t>(Below(14));
    key.protocol = Below(2) ? kTcp : kUdp;
    key.ingress = ActualInterface();
    return key;
  }

 private:
  Random random_;
};

NatTable::Match LinearUntranslate(const NatTable& t, const FlowKey& key) {
  for (const NatRule& r : t.rules()) {
    for (const NatFace face : {NatFace::kSource, NatFace::kDestination}) {
      if (const auto real = UntranslateBy(r, face, key)) return {&r, face == NatFace::kDestination, *real};
    }
  }
  return {};
}

NatTable::Match LinearTranslate(const NatTable& t, const FlowKey& key, IfId egress, const Endpoint& real_dst) {
  for (const NatRule& r : t.rules()) {
    if (TranslatesSource(r, NatFace::kSource, key, egress, real_dst)) return {&r, false, {}};
    // Without any dynamic translation the destination face of a dynamic rule never applies.
    if (r.kind == Kind::kStatic && TranslatesSource(r, NatFace::kDestination, key, egress, real_dst)) return {&r, true, {}};
  }
  return {};
}

TEST(NatIndex, AgreesWithLinearSearch) {
  const XlateTable none(1);
  int untranslated = 0, translated = 0, by_destination = 0, total = 0;
  for (std::uint64_t seed = 1; seed <= 150; seed++) {
    Generator g(seed);
    std::vector<NatRule> rules;
    for (std::uint32_t i = 1 + g.Below(seed % 5 == 0 ? 120 : 12); i != 0; i--) rules.push_back(g.Rule());
    const NatTable t = Table(std::move(rules));
    for (int i = 0; i < 200; i++, total++) {
      const FlowKey key = g.Key();
      const NatTable::Match un = t.FindUntranslate(key), want_un = LinearUntranslate(t, key);
      ASSERT_EQ(un.rule, want_un.rule) << "seed " << seed;
      ASSERT_EQ(un.destination_face, want_un.destination_face);
      ASSERT_EQ(un.real, want_un.real);
      untranslated += un.rule != nullptr;

      const Endpoint real_dst = un.rule != nullptr ? un.real : Endpoint{key.dst, key.dport};
      const IfId egress = g.ActualInterface();
      const NatTable::Match tr = t.FindTranslate(none, key, egress, real_dst);
      const NatTable::Match want_tr = LinearTranslate(t, key, egress, real_dst);
      ASSERT_EQ(tr.rule, want_tr.rule) << "seed " << seed;
      ASSERT_EQ(tr.destination_face, want_tr.destination_face);
      translated += tr.rule != nullptr;
      by_destination += tr.destination_face;
    }
  }
  for (const int n : {untranslated, translated}) {
    EXPECT_GT(n, total / 20);  // both outcomes were really seen
    EXPECT_LT(n, total);
  }
  EXPECT_GT(by_destination, 50);
}

// A static rule of equal sizes is its own inverse, whatever its ranges.
TEST(NatIndex, StaticThereAndBack) {
  Generator g(77);
  XlateTable xlates(1);
  int checked = 0;
  for (int i = 0; i < 2000; i++) {
    const std::uint32_t size = 1 + g.Below(20), ports = 1 + g.Below(5);
    const IpAddress real = IpAddress::V4(0x0a000000 + g.Below(1000)), mapped = IpAddress::V4(0xcb007100 + g.Below(200));
    NatRule r = Static({real, real.Plus(size - 1)}, {mapped, mapped.Plus(size - 1)});
    r.service_protocol = kTcp;
    r.real_sport = {100, static_cast<std::uint16_t>(100 + ports - 1)};
    r.mapped_sport = {7000, static_cast<std::uint16_t>(7000 + ports - 1)};
    const NatTable t = Table({r});
    FlowKey out = Flow(kInside, kTcp, "10.0.0.0", static_cast<std::uint16_t>(100 + g.Below(ports)), "192.0.2.9", 999);
    out.src = real.Plus(g.Below(size));
    const NatResult source = Translate(t, xlates, out, kOutside, At("192.0.2.9", 999), {}, {}, true);
    ASSERT_NE(source.rule, nullptr);
    FlowKey back = Flow(kOutside, kTcp, "192.0.2.9", 999, "0.0.0.0", source.endpoint.port);
    back.dst = source.endpoint.address;
    const NatResult un = Untranslate(t, xlates, back);
    ASSERT_NE(un.rule, nullptr);
    ASSERT_EQ(un.endpoint, (Endpoint{out.src, out.sport}));
    checked++;
  }
  EXPECT_EQ(checked, 2000);
}

// A flow that any mixture of rules lets through both ways must come back to itself when its reverse path agrees.
TEST(NatIndex, AgreeingReversePathLeadsBackToTheInitiator) {
  int agreed = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 150; seed++) {
    Generator g(seed * 31);
    std::vector<NatRule> rules;
    for (std::uint32_t i = 1 + g.Below(10); i != 0; i--) {
      rules.push_back(g.Rule());
      rules.back().unidirectional = false;
    }
    const NatTable t = Table(std::move(rules));
    XlateTable xlates(seed);
    for (int i = 0; i < 100; i++) {
      const FlowKey key = g.Key();
      const NatResult destination = Untranslate(t, xlates, key);
      const IfId egress = destination.egress == IfId::kAny ? g.ActualInterface() : destination.egress;
      const NatResult source = Translate(t, xlates, key, egress, destination.endpoint, {}, {}, true);
      if (source.failed) continue;
      if (!ReversePathAgrees(t, xlates, key, egress, destination.endpoint, source, destination)) {
        refused++;
        continue;
      }
      agreed++;
      const FlowKey reply{destination.endpoint.address,
                          source.endpoint.address,
                          destination.endpoint.port,
                          source.endpoint.port,
                          key.protocol,
                          egress};
      const NatResult back = Untranslate(t, xlates, reply);
      if (source.rule != nullptr) {
        ASSERT_TRUE(back.rule == source.rule || back.endpoint == (Endpoint{key.src, key.sport})) << "seed " << seed;
      } else {
        ASSERT_EQ(back.endpoint, (Endpoint{key.src, key.sport})) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(agreed, 1000);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace sallyport::nat_index_test
