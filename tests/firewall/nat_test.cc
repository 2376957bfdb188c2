// Each kind of rule, both ways through it, as the packet path asks: Untranslate, Translate, ReversePathAgrees.
#include "firewall/nat.h"

#include <gtest/gtest.h>

#include "tests/firewall/nat_fixture.h"

namespace sallyport::nat_test {
namespace {

using namespace nat_test;
using Kind = NatRule::Kind;

class Nat : public ::testing::Test {
 protected:
  NatResult Un(const NatTable& t, const FlowKey& key) { return Untranslate(t, xlates_, key); }
  // A flow whose destination is not translated.
  NatResult Tr(const NatTable& t, const FlowKey& key, IfId egress = kOutside, bool commit = true) {
    return Translate(t, xlates_, key, egress, {key.dst, key.dport}, timeouts_, now_, commit);
  }
  NatResult TrTo(const NatTable& t, const FlowKey& key, IfId egress, const Endpoint& real_dst, bool commit = true) {
    return Translate(t, xlates_, key, egress, real_dst, timeouts_, now_, commit);
  }
  // The whole way: what the engine asks for a new flow. Returns whether the reverse path agrees.
  bool Rpf(const NatTable& t, const FlowKey& key, IfId egress) {
    const NatResult destination = Un(t, key);
    const NatResult source = TrTo(t, key, egress, destination.endpoint, false);
    return ReversePathAgrees(t, xlates_, key, egress, destination.endpoint, source, destination);
  }

  XlateTable xlates_{7};
  XlateTimeouts timeouts_;
  TimePoint now_;
};

TEST_F(Nat, EmptyTableChangesNothing) {
  const NatTable t;
  const FlowKey key = Flow(kInside, kTcp, "10.0.0.1", 1024, "192.0.2.9", 80);
  EXPECT_EQ(Un(t, key).rule, nullptr);
  EXPECT_EQ(Un(t, key).endpoint, At("192.0.2.9", 80));
  EXPECT_EQ(Tr(t, key).rule, nullptr);
  EXPECT_EQ(Tr(t, key).endpoint, At("10.0.0.1", 1024));
  EXPECT_FALSE(Tr(t, key).failed);
  EXPECT_EQ(t.ById(1), nullptr);
  EXPECT_TRUE(Rpf(t, key, kOutside));
}

TEST_F(Nat, StaticBothWays) {
  const NatTable t = Table({Static(Net("10.1.1.0", 24), Net("203.0.113.0", 24))});
  const NatResult out = Tr(t, Flow(kInside, kTcp, "10.1.1.77", 1024, "192.0.2.9", 80));
  EXPECT_EQ(out.rule, &t.rules()[0]);
  EXPECT_EQ(out.endpoint, At("203.0.113.77", 1024));
  EXPECT_EQ(out.xlate, kNoXlate);

  const FlowKey in = Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.77", 80);
  const NatResult un = Un(t, in);
  EXPECT_EQ(un.rule, &t.rules()[0]);
  EXPECT_EQ(un.endpoint, At("10.1.1.77", 80));
  EXPECT_EQ(un.egress, kInside);
  EXPECT_EQ(TrTo(t, in, kInside, un.endpoint).rule, nullptr);  // the peer is not the rule's business

  EXPECT_EQ(Un(t, Flow(kDmz, kTcp, "192.0.2.9", 4000, "203.0.113.77", 80)).rule, nullptr);  // not by that interface
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.77", 1, "192.0.2.9", 80), kDmz).rule, nullptr);
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.2.77", 1, "192.0.2.9", 80)).rule, nullptr);
  EXPECT_EQ(xlates_.count(), 0u);
}

TEST_F(Nat, RouteLookupLeavesTheEgressToTheRoutingTable) {
  NatRule r = Static(Host("10.1.1.1"), Host("203.0.113.1"));
  r.route_lookup = true;
  const NatTable t = Table({r});
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.1", 80)).egress, IfId::kAny);
}

TEST_F(Nat, StaticRangesOfDifferentSizeRepeat) {
  const NatTable few = Table({Static(Net("10.1.1.0", 24), Range("203.0.113.8", "203.0.113.11"))});
  EXPECT_EQ(Tr(few, Flow(kInside, kTcp, "10.1.1.5", 1, "192.0.2.9", 80)).endpoint, At("203.0.113.9", 1));
  EXPECT_EQ(Un(few, Flow(kOutside, kTcp, "192.0.2.9", 1, "203.0.113.9", 80)).endpoint, At("10.1.1.1", 80));
  const NatTable many = Table({Static(Host("10.1.1.1"), Range("203.0.113.8", "203.0.113.11"))});
  for (const char* mapped : {"203.0.113.8", "203.0.113.11"}) {
    EXPECT_EQ(Un(many, Flow(kOutside, kTcp, "192.0.2.9", 1, mapped, 80)).endpoint, At("10.1.1.1", 80));
    EXPECT_TRUE(Rpf(many, Flow(kOutside, kTcp, "192.0.2.9", 1, mapped, 80), kInside));
  }
  EXPECT_EQ(Tr(many, Flow(kInside, kTcp, "10.1.1.1", 1, "192.0.2.9", 80)).endpoint, At("203.0.113.8", 1));
}

TEST_F(Nat, StaticOfSeveralRangesGoesByPosition) {
  const NatTable t = Table({Rule(Kind::kStatic, {Host("10.1.1.9"), Range("10.1.1.1", "10.1.1.4")},
                                 {Range("203.0.113.1", "203.0.113.3"), Range("203.0.113.50", "203.0.113.51")})});
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.9", 1, "192.0.2.9", 80)).endpoint.address, Ip("203.0.113.1"));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.3", 1, "192.0.2.9", 80)).endpoint.address, Ip("203.0.113.50"));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 1, "203.0.113.51", 80)).endpoint.address, Ip("10.1.1.4"));
}

TEST_F(Nat, StaticPatTranslatesItsPortOnly) {
  NatRule r = Static(Host("10.1.1.1"), Host("203.0.113.1"));
  r.service_protocol = kTcp;
  r.real_sport = {8080, 8089};
  r.mapped_sport = {80, 89};
  const NatTable t = Table({r});
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.1", 83)).endpoint, At("10.1.1.1", 8083));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.1", 90)).rule, nullptr);
  EXPECT_EQ(Un(t, Flow(kOutside, kUdp, "192.0.2.9", 4000, "203.0.113.1", 83)).rule, nullptr);
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 8085, "192.0.2.9", 4000)).endpoint, At("203.0.113.1", 85));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 9000, "192.0.2.9", 4000)).rule, nullptr);
}

TEST_F(Nat, StaticToTheInterface) {
  NatRule r = Rule(Kind::kStatic, {Host("10.1.1.1")}, {});
  r.mapped_is_interface = true;
  r.service_protocol = kTcp;
  r.real_sport = r.mapped_sport = Port(80);
  NatRule with_address = r;
  with_address.interface_address = Ip("203.0.113.1");
  const NatTable t = Table({with_address});
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.1", 80)).endpoint, At("10.1.1.1", 80));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 80, "192.0.2.9", 4000)).endpoint, At("203.0.113.1", 80));

  const NatTable unresolved = Table({r});  // the interface has no address: not an identity rule
  EXPECT_EQ(Un(unresolved, Flow(kOutside, kTcp, "192.0.2.9", 4000, "10.1.1.1", 80)).rule, nullptr);
  const NatResult out = Tr(unresolved, Flow(kInside, kTcp, "10.1.1.1", 80, "192.0.2.9", 4000));
  EXPECT_EQ(out.rule, &unresolved.rules()[0]);
  EXPECT_TRUE(out.failed);
}

TEST_F(Nat, IdentityMatchesAndChangesNothing) {
  NatRule identity = Rule(Kind::kStatic, {Net("10.1.1.0", 24)}, {});
  identity.identity = true;
  const NatTable t = Table({identity, InterfacePat(Net("10.0.0.0", 8), "203.0.113.1")});
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80)).rule, &t.rules()[0]);
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80)).endpoint, At("10.1.1.1", 1024));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.2.1", 1024, "192.0.2.9", 80)).endpoint, At("203.0.113.1", 1024));
  const FlowKey in = Flow(kOutside, kTcp, "192.0.2.9", 1, "10.1.1.1", 80);
  EXPECT_EQ(Un(t, in).rule, &t.rules()[0]);
  EXPECT_TRUE(Rpf(t, in, kInside));
  EXPECT_FALSE(Rpf(t, Flow(kOutside, kTcp, "192.0.2.9", 1, "10.1.2.1", 80), kInside));  // would be answered through PAT
}

// nat (inside,outside) source static A MA destination static MB RB
NatRule Twice(Kind kind = Kind::kStatic) {
  NatRule r = Rule(kind, {Net("10.1.1.0", 24)}, {Net("203.0.113.0", 24)});
  r.mapped_dst = {Net("172.16.0.0", 24)};
  r.real_dst = {Net("192.0.2.0", 24)};
  return r;
}

TEST_F(Nat, TwiceTranslatesBothEndsBothWays) {
  const NatTable t = Table({Twice()});
  const FlowKey out = Flow(kInside, kTcp, "10.1.1.5", 1024, "172.16.0.9", 80);
  const NatResult un = Un(t, out);
  EXPECT_EQ(un.rule, &t.rules()[0]);
  EXPECT_EQ(un.endpoint, At("192.0.2.9", 80));
  EXPECT_EQ(un.egress, kOutside);
  EXPECT_EQ(TrTo(t, out, kOutside, un.endpoint).endpoint, At("203.0.113.5", 1024));
  EXPECT_TRUE(Rpf(t, out, kOutside));

  const FlowKey in = Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.5", 80);
  const NatResult back = Un(t, in);
  EXPECT_EQ(back.endpoint, At("10.1.1.5", 80));
  EXPECT_EQ(back.egress, kInside);
  EXPECT_EQ(TrTo(t, in, kInside, back.endpoint).endpoint, At("172.16.0.9", 4000));
  EXPECT_TRUE(Rpf(t, in, kInside));
}

TEST_F(Nat, TwiceNeedsSourceAndDestination) {
  const NatTable t = Table({Twice()});
  EXPECT_EQ(Un(t, Flow(kInside, kTcp, "10.1.2.5", 1024, "172.16.0.9", 80)).rule, nullptr);
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.5", 1024, "198.51.100.1", 80)).rule, nullptr);
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "198.51.100.1", 4000, "203.0.113.5", 80)).rule, nullptr);
  // To the peer's real address, which the inside knows by another: not this rule's flow.
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.5", 1024, "192.0.2.9", 80)).rule, nullptr);
}

TEST_F(Nat, TwiceWithServices) {
  NatRule r = Twice();
  r.service_protocol = kTcp;
  r.mapped_dport = Port(8080);
  r.real_dport = Port(80);
  const NatTable t = Table({r});
  const FlowKey out = Flow(kInside, kTcp, "10.1.1.5", 1024, "172.16.0.9", 8080);
  const NatResult un = Un(t, out);
  EXPECT_EQ(un.endpoint, At("192.0.2.9", 80));
  EXPECT_EQ(TrTo(t, out, kOutside, un.endpoint).endpoint, At("203.0.113.5", 1024));
  EXPECT_TRUE(Rpf(t, out, kOutside));
  EXPECT_EQ(Un(t, Flow(kInside, kTcp, "10.1.1.5", 1024, "172.16.0.9", 80)).rule, nullptr);
  EXPECT_EQ(Un(t, Flow(kInside, kUdp, "10.1.1.5", 1024, "172.16.0.9", 8080)).rule, nullptr);
  const FlowKey in = Flow(kOutside, kTcp, "192.0.2.9", 80, "203.0.113.5", 1024);
  EXPECT_EQ(Un(t, in).endpoint, At("10.1.1.5", 1024));
  EXPECT_EQ(TrTo(t, in, kInside, At("10.1.1.5", 1024)).endpoint, At("172.16.0.9", 8080));
}

TEST_F(Nat, UnidirectionalIsForTheRealSideOnly) {
  NatRule r = Static(Host("10.1.1.1"), Host("203.0.113.1"));
  r.unidirectional = true;
  const NatTable t = Table({r});
  const FlowKey out = Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80);
  EXPECT_EQ(Tr(t, out).endpoint, At("203.0.113.1", 1024));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 80, "203.0.113.1", 1024)).rule, nullptr);
  EXPECT_TRUE(Rpf(t, out, kOutside));
}

TEST_F(Nat, FirstMatchWinsAndInactiveNever) {
  NatRule off = Static(Host("10.1.1.1"), Host("203.0.113.1"));
  off.inactive = true;
  const NatTable t =
      Table({off, Static(Net("10.1.1.0", 24), Net("198.51.100.0", 24)), Static(Host("10.1.1.1"), Host("203.0.113.3"))});
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80)).endpoint.address, Ip("198.51.100.1"));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 1, "203.0.113.1", 80)).rule, nullptr);
  const FlowKey shadowed = Flow(kOutside, kTcp, "192.0.2.9", 1, "203.0.113.3", 80);
  EXPECT_EQ(Un(t, shadowed).rule, &t.rules()[2]);
  EXPECT_FALSE(Rpf(t, shadowed, kInside));  // the answer would take rule 2
  EXPECT_EQ(t.ById(3), &t.rules()[2]);
}

TEST_F(Nat, DynamicPoolGivesEachHostAnAddressThenFallsBack) {
  NatRule r = Rule(Kind::kDynamic, {Net("10.1.1.0", 24)}, {Range("203.0.113.10", "203.0.113.11")});
  r.interface_fallback = true;
  r.interface_address = Ip("203.0.113.1");
  const NatTable t = Table({r});
  const NatResult a = Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80));
  const NatResult a2 = Tr(t, Flow(kInside, kUdp, "10.1.1.1", 5000, "192.0.2.9", 53));
  const NatResult b = Tr(t, Flow(kInside, kTcp, "10.1.1.2", 1024, "192.0.2.9", 80));
  const NatResult c = Tr(t, Flow(kInside, kTcp, "10.1.1.3", 1024, "192.0.2.9", 80));
  EXPECT_EQ(a.endpoint, At("203.0.113.10", 1024));
  EXPECT_EQ(a2.endpoint, At("203.0.113.10", 5000));
  EXPECT_EQ(a2.xlate, a.xlate);
  EXPECT_EQ(b.endpoint, At("203.0.113.11", 1024));
  EXPECT_EQ(c.endpoint, At("203.0.113.1", 1024));
  EXPECT_FALSE(xlates_.Get(a.xlate).pat);
  EXPECT_TRUE(xlates_.Get(c.xlate).pat);
  EXPECT_TRUE(Tr(t, Flow(kInside, kGre, "10.1.1.4", 0, "192.0.2.9", 0)).failed);  // no port to translate

  const NatResult un = Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.11", 22));  // from outside, by the xlate
  EXPECT_EQ(un.rule, &t.rules()[0]);
  EXPECT_EQ(un.endpoint, At("10.1.1.2", 22));
  EXPECT_EQ(un.egress, kInside);
  EXPECT_EQ(un.xlate, b.xlate);
  EXPECT_TRUE(Rpf(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.11", 22), kInside));
}

TEST_F(Nat, DynamicPoolWithoutFallbackFails) {
  const NatTable t = Table({Rule(Kind::kDynamic, {Net("10.1.1.0", 24)}, {Host("203.0.113.10")})});
  EXPECT_FALSE(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80)).failed);
  const FlowKey second = Flow(kInside, kTcp, "10.1.1.2", 1024, "192.0.2.9", 80);
  EXPECT_TRUE(Tr(t, second, kOutside, false).failed);
  EXPECT_TRUE(Tr(t, second).failed);
  EXPECT_EQ(Tr(t, second).rule, &t.rules()[0]);
  EXPECT_EQ(xlates_.count(), 1u);
}

TEST_F(Nat, PatToTheInterface) {
  const NatTable t = Table({InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  const FlowKey key = Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80);
  const NatResult a = Tr(t, key);
  EXPECT_EQ(a.endpoint, At("203.0.113.1", 1024));
  const NatResult same = Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "198.51.100.7", 443));
  EXPECT_EQ(same.xlate, a.xlate);
  const NatResult b = Tr(t, Flow(kInside, kTcp, "10.1.1.2", 1024, "192.0.2.9", 80));
  EXPECT_NE(b.endpoint.port, 1024);
  EXPECT_GE(b.endpoint.port, 1024);
  EXPECT_EQ(Tr(t, Flow(kInside, kUdp, "10.1.1.2", 1024, "192.0.2.9", 80)).endpoint.port, 1024);  // another protocol
  const NatResult un = Un(t, Flow(kOutside, kTcp, "192.0.2.9", 80, "203.0.113.1", b.endpoint.port));
  EXPECT_EQ(un.endpoint, At("10.1.1.2", 1024));
  EXPECT_EQ(un.egress, kInside);
  EXPECT_TRUE(Rpf(t, key, kOutside));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 80, "203.0.113.1", 22)).rule, nullptr);  // to the box itself
  const NatTable unresolved = Table({InterfacePat(Net("10.1.1.0", 24), nullptr)});
  EXPECT_TRUE(Tr(unresolved, Flow(kInside, kTcp, "10.1.1.9", 1024, "192.0.2.9", 80)).failed);
}

TEST_F(Nat, IcmpIdentifierIsAPort) {
  const NatTable t = Table({InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  EXPECT_EQ(Tr(t, Flow(kInside, kIcmp, "10.1.1.1", 700, "192.0.2.9", 0)).endpoint, At("203.0.113.1", 700));
  const NatResult b = Tr(t, Flow(kInside, kIcmp, "10.1.1.2", 700, "192.0.2.9", 0));
  EXPECT_NE(b.endpoint.port, 700);
  EXPECT_FALSE(xlates_.Get(b.xlate).per_session);
  EXPECT_EQ(Un(t, Flow(kOutside, kIcmp, "192.0.2.9", 700, "203.0.113.1", 0)).rule, nullptr);  // an echo from outside
  EXPECT_TRUE(Rpf(t, Flow(kInside, kIcmp, "10.1.1.1", 700, "192.0.2.9", 0), kOutside));
}

TEST_F(Nat, DynamicPatDoesNotTakeAStaticPort) {
  NatRule web = Static(Host("10.1.1.80"), Host("203.0.113.1"));
  web.service_protocol = kTcp;
  web.real_sport = Port(80);
  web.mapped_sport = Port(8080);
  const NatTable t = Table({web, InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  EXPECT_NE(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 8080, "192.0.2.9", 80)).endpoint.port, 8080);
  EXPECT_EQ(Tr(t, Flow(kInside, kUdp, "10.1.1.1", 8080, "192.0.2.9", 80)).endpoint.port, 8080);
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.1", 8080)).endpoint, At("10.1.1.80", 80));
}

TEST_F(Nat, TwiceDynamicWithDestination) {
  NatRule r = Twice(Kind::kDynamicPat);
  r.mapped_src = {Host("203.0.113.1")};
  const NatTable t = Table({r});
  const FlowKey out = Flow(kInside, kTcp, "10.1.1.5", 1024, "172.16.0.9", 80);
  const NatResult un = Un(t, out);
  EXPECT_EQ(un.endpoint, At("192.0.2.9", 80));
  const NatResult source = TrTo(t, out, kOutside, un.endpoint);
  EXPECT_EQ(source.endpoint, At("203.0.113.1", 1024));
  EXPECT_TRUE(ReversePathAgrees(t, xlates_, out, kOutside, un.endpoint, source, un));
  // From the peer to the translation: its own address is translated for the inside. From anybody else: nothing.
  const FlowKey in = Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.1", 1024);
  const NatResult back = Un(t, in);
  EXPECT_EQ(back.endpoint, At("10.1.1.5", 1024));
  EXPECT_EQ(TrTo(t, in, kInside, back.endpoint).endpoint, At("172.16.0.9", 4000));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "198.51.100.1", 4000, "203.0.113.1", 1024)).rule, nullptr);
}

TEST_F(Nat, ReversePathSeesARuleThatOnlyTheReplyWouldMatch) {
  const NatTable t = Table({InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  EXPECT_FALSE(Rpf(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "10.1.1.1", 80), kInside));
  EXPECT_TRUE(Rpf(t, Flow(kDmz, kTcp, "192.0.2.9", 4000, "10.1.1.1", 80), kInside));  // the rule is not for that interface
  EXPECT_TRUE(Rpf(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "10.2.2.2", 80), kInside));
}

TEST_F(Nat, PredictionIsWhatACommitThenDoes) {
  const NatTable t = Table({InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80));
  for (int i = 2; i < 200; i++) {
    FlowKey key = Flow(kInside, kTcp, "10.1.1.0", 1024, "192.0.2.9", 80);
    key.src = key.src.Plus(static_cast<std::uint64_t>(i));
    const std::uint32_t before = xlates_.count();
    const NatResult first = Tr(t, key, kOutside, false);
    const NatResult again = Tr(t, key, kOutside, false);
    ASSERT_EQ(xlates_.count(), before);
    ASSERT_EQ(first.xlate, kNoXlate);
    const NatResult real = Tr(t, key);
    ASSERT_EQ(first.endpoint, real.endpoint);
    ASSERT_EQ(again.endpoint, real.endpoint);
    ASSERT_EQ(xlates_.count(), before + 1);
    ASSERT_EQ(Tr(t, key, kOutside, false).xlate, real.xlate);
  }
}

TEST_F(Nat, NatControlWantsARule) {
  NatTable t = Table({InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  t.nat_control = true;
  const NatResult none = Tr(t, Flow(kInside, kTcp, "10.2.2.2", 1024, "192.0.2.9", 80));
  EXPECT_TRUE(none.failed);
  EXPECT_EQ(none.rule, nullptr);
  EXPECT_FALSE(Tr(t, Flow(kInside, kTcp, "10.1.1.2", 1024, "192.0.2.9", 80)).failed);
  EXPECT_FALSE(Tr(t, Flow(kInside, kTcp, "10.2.2.2", 1024, "10.3.3.3", 80), kInside).failed);
}

// 8.2: nat (inside) 0 access-list; static with a policy list; nat with a policy list.
TEST_F(Nat, ExemptionByAccessList) {
  NatRule exempt = Rule(Kind::kStatic, {}, {});
  exempt.section = 0;
  exempt.mapped_if = IfId::kAny;
  exempt.exempt = exempt.identity = true;
  exempt.access_list = Permit(Net("10.1.1.0", 24), Net("172.16.0.0", 16));
  const NatTable t = Table({exempt, InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "172.16.5.5", 80)).endpoint, At("10.1.1.1", 1024));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80)).endpoint, At("203.0.113.1", 1024));
  const FlowKey in = Flow(kOutside, kTcp, "172.16.5.5", 4000, "10.1.1.1", 80);
  EXPECT_EQ(Un(t, in).rule, &t.rules()[0]);
  EXPECT_EQ(Un(t, in).egress, IfId::kAny);
  EXPECT_EQ(Un(t, in).endpoint, At("10.1.1.1", 80));
  EXPECT_TRUE(Rpf(t, in, kInside));
  EXPECT_FALSE(Rpf(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "10.1.1.1", 80), kInside));
}

TEST_F(Nat, PolicyStaticAndPolicyDynamic) {
  NatRule by_policy = Static(Host("10.1.1.1"), Host("203.0.113.7"));
  by_policy.access_list = Permit(Host("10.1.1.1"), Net("172.16.0.0", 16));
  NatRule pat = InterfacePat(Net("10.1.1.0", 24), "203.0.113.1");
  pat.access_list = Permit(Net("10.1.1.0", 24), Net("192.0.2.0", 24));
  const NatTable t = Table({by_policy, pat});
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "172.16.5.5", 80)).endpoint, At("203.0.113.7", 1024));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80)).endpoint, At("203.0.113.1", 1024));
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "198.51.100.9", 80)).rule, nullptr);
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "172.16.5.5", 4000, "203.0.113.7", 80)).endpoint, At("10.1.1.1", 80));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "192.0.2.9", 4000, "203.0.113.7", 80)).rule, nullptr);
}

TEST_F(Nat, TranslationOfARuleThatIsGoneIsNotUsed) {
  const NatTable t = Table({InterfacePat(Net("10.1.1.0", 24), "203.0.113.1")});
  Tr(t, Flow(kInside, kTcp, "10.1.1.1", 1024, "192.0.2.9", 80));
  EXPECT_EQ(Un(Table({}), Flow(kOutside, kTcp, "192.0.2.9", 80, "203.0.113.1", 1024)).rule, nullptr);
}

TEST_F(Nat, Ipv6Static) {
  const NatTable t = Table({Static(Net("2001:db8:1::", 64), Net("2001:db8:ffff::", 64))});
  EXPECT_EQ(Tr(t, Flow(kInside, kTcp, "2001:db8:1::42", 1, "2001:db8:9::9", 80)).endpoint, At("2001:db8:ffff::42", 1));
  EXPECT_EQ(Un(t, Flow(kOutside, kTcp, "2001:db8:9::9", 1, "2001:db8:ffff::ffff:42", 80)).endpoint,
            At("2001:db8:1::ffff:42", 80));
}

}  // namespace
}  // namespace sallyport::nat_test
