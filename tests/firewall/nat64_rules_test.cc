// Rules between the families: what a flow becomes, its answer becomes back; random rules, hosts and peers.
#include <gtest/gtest.h>

#include "firewall/base/random.h"
#include "firewall/nat.h"
#include "firewall/nat_rule.h"
#include "tests/firewall/nat_fixture.h"

namespace sallyport::nat64_rules_test {
namespace {

using namespace nat_test;

constexpr std::uint8_t kIcmp6 = 58;

TEST(Nat64Rules, WhatAFlowBecomesItsAnswerBecomesBack) {
  Random random(64);
  int pat = 0, fixed = 0;
  for (int round = 0; round < 4000; round++) {
    const bool from_six = random.Below(2) != 0;
    const std::uint64_t hosts = 1 + random.Below(50), peers = 1 + random.Below(50);
    const auto range = [&](bool v6, std::uint64_t n) {
      const IpAddress first = v6 ? IpAddress::V6(0x20010db800000000u | random.U32(), random.U64() >> 1) : IpAddress::V4(0x0a000000u + random.Below(1u << 20));
      return AddressRange{first, first.Plus(n - 1)};
    };
    NatRule r = Static(range(from_six, hosts), range(!from_six, hosts));
    const bool dynamic = random.Below(3) == 0;
    if (dynamic) {
      r.kind = NatRule::Kind::kDynamicPat;
      r.mapped_src = {range(!from_six, 1)};
    }
    // The peer: by the same rule, or by one that is about it.
    const AddressRange real_peers = range(!from_six, peers), mapped_peers = range(from_six, peers);
    std::vector<NatRule> rules;
    if (random.Below(2) != 0) {
      r.real_dst = {real_peers};
      r.mapped_dst = {mapped_peers};
      rules = {r};
    } else {
      NatRule peer = Static(real_peers, mapped_peers);
      peer.real_if = kOutside;
      peer.mapped_if = kInside;
      rules = {r, peer};
    }
    const NatTable table = Table(rules);
    ASSERT_TRUE(table.crosses_families());
    XlateTable xlates(round);
    const std::uint8_t protocols[] = {kTcp, kUdp, from_six ? kIcmp6 : kIcmp};
    FlowKey key;
    key.ingress = kInside;
    key.protocol = protocols[random.Below(3)];
    const bool ping = key.protocol == kIcmp || key.protocol == kIcmp6;
    key.src = r.real_src[0].first.Plus(random.Below(static_cast<std::uint32_t>(hosts)));
    const std::uint32_t nth = random.Below(static_cast<std::uint32_t>(peers));
    key.dst = mapped_peers.first.Plus(nth);
    key.sport = static_cast<std::uint16_t>(1024 + random.Below(60000));
    key.dport = ping ? 0 : static_cast<std::uint16_t>(1 + random.Below(65535));

    const NatResult un = Untranslate(table, xlates, key);
    ASSERT_NE(un.rule, nullptr);
    ASSERT_EQ(un.endpoint, (Endpoint{real_peers.first.Plus(nth), key.dport}));
    const NatResult tr = Translate(table, xlates, key, kOutside, un.endpoint, {}, {}, true);
    ASSERT_FALSE(tr.failed);
    ASSERT_NE(tr.rule, nullptr);
    ASSERT_EQ(tr.endpoint.address.IsV4(), from_six);
    ASSERT_TRUE(ReversePathAgrees(table, xlates, key, kOutside, un.endpoint, tr, un)) << round;
    // The answer, as its sender makes it.
    FlowKey reply = ReplyKey(key, kOutside, un.endpoint, tr.endpoint);
    ASSERT_EQ(reply.protocol, ping ? (from_six ? kIcmp : kIcmp6) : key.protocol);
    const NatResult back = Untranslate(table, xlates, reply);
    ASSERT_EQ(back.endpoint.address, key.src);
    ASSERT_EQ(back.endpoint.port, key.sport);
    const NatResult source = Translate(table, xlates, reply, kInside, back.endpoint, {}, {}, false);
    ASSERT_EQ(source.endpoint.address, key.dst);
    // A peer that is not translated is of the wrong family: the rule is not for it.
    FlowKey native = key;
    native.dst = mapped_peers.last.Plus(1);
    ASSERT_EQ(Translate(table, xlates, native, kOutside, {native.dst, native.dport}, {}, {}, false).rule, nullptr);
    (dynamic ? pat : fixed)++;
  }
  EXPECT_GT(pat, 1000);
  EXPECT_GT(fixed, 2000);
}

// One space of identifiers for pings of both families from one address.
TEST(Nat64Rules, PingsOfBothFamiliesShareIdentifiers) {
  NatRule six = Rule(NatRule::Kind::kDynamicPat, {Net("2001:db8:1::", 64)}, {Host("203.0.113.9")});
  NatRule four = Rule(NatRule::Kind::kDynamicPat, {Net("10.1.1.0", 24)}, {Host("203.0.113.9")});
  NatRule world = Static(Net("0.0.0.0", 0), Net("2001:db8:64::", 96));
  world.real_if = kOutside;
  world.mapped_if = kInside;
  const NatTable table = Table({six, four, world});
  XlateTable xlates(1);
  const FlowKey a = Flow(kInside, kIcmp6, "2001:db8:1::10", 77, "2001:db8:64::c000:207", 0);
  const FlowKey b = Flow(kInside, kIcmp, "10.1.1.10", 77, "192.0.2.7", 0);
  const NatResult first = Translate(table, xlates, a, kOutside, At("192.0.2.7"), {}, {}, true);
  const NatResult second = Translate(table, xlates, b, kOutside, At("192.0.2.7"), {}, {}, true);
  ASSERT_FALSE(first.failed || second.failed);
  EXPECT_EQ(first.endpoint, At("203.0.113.9", 77));
  EXPECT_EQ(second.endpoint.address, Ip("203.0.113.9"));
  EXPECT_NE(second.endpoint.port, 77);
}

// Names: of several rules the one that has an address of the family that is asked for.
TEST(Nat64Rules, NamesGetAnAddressOfTheFamilyThatIsWanted) {
  NatRule partner = Static(Host("198.51.100.7"), Host("10.1.1.77"));
  NatRule world = Static(Net("0.0.0.0", 0), Net("2001:db8:64::", 96));
  for (NatRule* r : {&partner, &world}) {
    r->real_if = kOutside;
    r->mapped_if = kInside;
    r->dns = true;
  }
  const NatTable table = Table({partner, world});
  const XlateTable none(1);
  const auto in_reply = [&](const char* a, bool other) { return RewrittenInDnsReply(table, none, kOutside, kInside, Ip(a), other); };
  EXPECT_EQ(in_reply("198.51.100.7", false), Ip("10.1.1.77"));
  EXPECT_EQ(in_reply("198.51.100.7", true), Ip("2001:db8:64::c633:6407"));
  EXPECT_EQ(in_reply("192.0.2.1", false), std::nullopt);
  EXPECT_EQ(in_reply("192.0.2.1", true), Ip("2001:db8:64::c000:201"));
  // The other way: what inside knows is asked for as what it is.
  EXPECT_EQ(RewrittenInDnsReply(table, none, kInside, kOutside, Ip("2001:db8:64::c000:201"), true), Ip("192.0.2.1"));
  EXPECT_EQ(RewrittenInDnsReply(table, none, kInside, kOutside, Ip("10.1.1.77")), Ip("198.51.100.7"));
}

}  // namespace
}  // namespace sallyport::nat64_rules_test
