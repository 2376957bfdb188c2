// Pools that are shared by port: in turn, for one destination only, flat, in blocks; and addresses in DNS replies.
#include <gtest/gtest.h>

#include <set>

#include "firewall/nat.h"
#include "firewall/port_space.h"
#include "tests/firewall/nat_fixture.h"

namespace sallyport::pat_pool_test {
namespace {

using namespace nat_test;
using Kind = NatRule::Kind;

XlateRequest From(std::uint8_t protocol, const char* host, std::uint16_t port, const char* peer = "192.0.2.9", std::uint16_t dport = 80) {
  return {protocol, kInside, kOutside, At(host, port), At(peer, dport)};
}
NatRule Pool(PatPoolOptions options, AddressRange addresses) {
  NatRule r = Rule(Kind::kDynamicPat, {}, {addresses});
  r.id = 1;
  r.pool = options;
  return r;
}

TEST(PatPool, InTurnAHostKeepsItsAddress) {
  XlateTable t(1);
  const NatRule rule = Pool({.round_robin = true}, Range("203.0.113.1", "203.0.113.3"));
  const auto address = [&](const char* host, std::uint16_t port) {
    return t.Get(t.Create(rule, From(kTcp, host, port), {}, {})).mapped.address.ToString();
  };
  EXPECT_EQ(address("10.0.0.1", 2000), "203.0.113.1");
  EXPECT_EQ(address("10.0.0.2", 2000), "203.0.113.2");
  EXPECT_EQ(address("10.0.0.1", 2001), "203.0.113.1");
  EXPECT_EQ(address("10.0.0.3", 2000), "203.0.113.3");
  EXPECT_EQ(address("10.0.0.4", 2000), "203.0.113.1");
  const XlateIndex only = t.FindReal(From(kTcp, "10.0.0.2", 2000), 1);
  t.Remove(only);  // the host's last: it begins anew
  EXPECT_EQ(address("10.0.0.2", 2002), "203.0.113.2");
  EXPECT_EQ(address("10.0.0.5", 2000), "203.0.113.3");
}

TEST(PatPool, ExtendedIsForOneDestination) {
  XlateTable t(1);
  const NatRule rule = Pool({.extended = true}, Host("203.0.113.1"));
  const XlateIndex a = t.Create(rule, From(kUdp, "10.0.0.1", 2000, "192.0.2.1"), {}, {});
  const XlateIndex b = t.Create(rule, From(kUdp, "10.0.0.2", 2000, "192.0.2.2"), {}, {});
  const XlateIndex c = t.Create(rule, From(kUdp, "10.0.0.3", 2000, "192.0.2.1"), {}, {});
  EXPECT_EQ(t.Get(a).mapped.port, 2000);
  EXPECT_EQ(t.Get(b).mapped.port, 2000);
  EXPECT_NE(t.Get(c).mapped.port, 2000);
  EXPECT_EQ(t.FindMapped(kUdp, kOutside, At("203.0.113.1", 2000), Ip("192.0.2.1")), a);
  EXPECT_EQ(t.FindMapped(kUdp, kOutside, At("203.0.113.1", 2000), Ip("192.0.2.2")), b);
  EXPECT_EQ(t.FindMapped(kUdp, kOutside, At("203.0.113.1", 2000), Ip("192.0.2.3")), kNoXlate);
  EXPECT_EQ(t.FindReal(From(kUdp, "10.0.0.1", 2000, "192.0.2.2"), 1), kNoXlate);
  EXPECT_EQ(t.PatAddresses({}).size(), 2u);  // of each destination
  t.Remove(b);
  EXPECT_EQ(t.PatAddresses({}).size(), 1u);
}

TEST(PatPool, FlatTakesNoLowPorts) {
  XlateTable t(1);
  EXPECT_GE(t.Get(t.Create(Pool({.flat = true}, Host("203.0.113.1")), From(kTcp, "10.0.0.1", 500), {}, {})).mapped.port, 1024);
  EXPECT_EQ(t.Get(t.Create(Pool({.flat = true}, Host("203.0.113.1")), From(kTcp, "10.0.0.1", 5000), {}, {})).mapped.port, 5000);
  const NatRule all = Pool({.flat = true, .include_reserve = true}, Host("203.0.113.2"));
  EXPECT_EQ(t.Get(t.Create(all, From(kTcp, "10.0.0.1", 500), {}, {})).mapped.port, 500);
  // No class runs out: six hundred hosts with one low port.
  for (std::uint32_t i = 0; i < 600; i++) {
    EXPECT_NE(t.Create(all, {kTcp, kInside, kOutside, {IpAddress::V4(0x0a010000 + i), 500}, At("192.0.2.9", 80)}, {}, {}), kNoXlate);
  }
}

TEST(PatPool, BlocksOfPorts) {
  XlateTable t(1);
  XlateTimeouts timeouts;
  timeouts.block_size = 32;
  timeouts.blocks_per_host = 2;
  const NatRule rule = Pool({.block_allocation = true}, Host("203.0.113.1"));
  std::vector<XlateIndex> made;
  std::set<std::uint16_t> ports, blocks;
  XlateFailure why{};
  for (int i = 0; i < 64; i++) {
    const XlateRequest flow = From(kTcp, "10.0.0.1", static_cast<std::uint16_t>(2000 + i));
    const auto predicted = t.Predict(rule, flow, timeouts);
    made.push_back(t.Create(rule, flow, timeouts, {}, nullptr, &why));
    ASSERT_NE(made.back(), kNoXlate);
    const Xlate& x = t.Get(made.back());
    EXPECT_EQ(predicted, x.mapped);
    EXPECT_EQ(x.opened_block, i % 32 == 0) << i;
    const PortBlock block = t.BlockOf(made.back());
    EXPECT_TRUE(block.ports.Contains(x.mapped.port));
    EXPECT_EQ(block.ports.last - block.ports.first, 31);
    EXPECT_EQ((block.ports.first - 1024) % 32, 0);
    blocks.insert(block.ports.first);
    EXPECT_TRUE(ports.insert(x.mapped.port).second);
  }
  EXPECT_EQ(blocks.size(), 2u);
  EXPECT_EQ(t.Create(rule, From(kTcp, "10.0.0.1", 3000), timeouts, {}, nullptr, &why), kNoXlate);
  EXPECT_EQ(why, XlateFailure::kBlockLimit);
  EXPECT_NE(t.Create(rule, From(kUdp, "10.0.0.1", 3000), timeouts, {}), kNoXlate);  // another protocol
  EXPECT_EQ(t.Blocks().size(), 3u);
  int lost = 0;
  for (const XlateIndex i : made) lost += t.Remove(i).has_value();
  EXPECT_EQ(lost, 2);
  EXPECT_EQ(t.Blocks().size(), 1u);
  // All blocks taken by others: 2016 of 32 ports.
  for (std::uint32_t i = 0; i < 2016; i++) {
    const XlateRequest flow{kTcp, kInside, kOutside, {IpAddress::V4(0x0a020000 + i), 1}, At("192.0.2.9", 80)};
    ASSERT_NE(t.Create(rule, flow, timeouts, {}), kNoXlate) << i;
  }
  EXPECT_EQ(t.Create(rule, From(kTcp, "10.0.0.1", 3000), timeouts, {}, nullptr, &why), kNoXlate);
  EXPECT_EQ(why, XlateFailure::kBlocksTaken);
}

TEST(DnsReplies, AddressesReadAsTheOtherSideKnowsThem) {
  NatRule fixed = Static(Host("10.1.1.10"), Host("203.0.113.10"));
  fixed.dns = true;
  NatRule silent = Static(Host("10.1.1.11"), Host("203.0.113.11"));
  NatRule pool = Rule(Kind::kDynamic, {Net("10.1.1.0", 24)}, {Range("203.0.113.20", "203.0.113.30")});
  pool.dns = true;
  const NatTable table = Table({fixed, silent, pool});
  XlateTable xlates(1);
  const auto asked = [&](IfId from, IfId to, const char* a) {
    const auto b = RewrittenInDnsReply(table, xlates, from, to, Ip(a));
    return b ? b->ToString() : "";
  };
  EXPECT_EQ(asked(kOutside, kInside, "203.0.113.10"), "10.1.1.10");
  EXPECT_EQ(asked(kOutside, kDmz, "203.0.113.10"), "10.1.1.10");
  EXPECT_EQ(asked(kInside, kOutside, "10.1.1.10"), "203.0.113.10");
  EXPECT_EQ(asked(kDmz, kOutside, "10.1.1.10"), "203.0.113.10");
  EXPECT_EQ(asked(kInside, kDmz, "10.1.1.10"), "");
  EXPECT_EQ(asked(kInside, kDmz, "203.0.113.10"), "");
  EXPECT_EQ(asked(kOutside, kInside, "203.0.113.11"), "");  // without `dns`
  EXPECT_EQ(asked(kOutside, kInside, "203.0.113.20"), "");  // nobody has it
  const XlateIndex i = xlates.Create(table.rules()[2], From(kTcp, "10.1.1.77", 1), {}, {});
  ASSERT_NE(i, kNoXlate);
  EXPECT_EQ(asked(kOutside, kInside, "203.0.113.20"), "10.1.1.77");
  EXPECT_EQ(asked(kInside, kOutside, "10.1.1.77"), "203.0.113.20");
  EXPECT_EQ(asked(kInside, kOutside, "10.1.1.78"), "");
  EXPECT_FALSE(RewrittenInDnsReply(Table({silent}), xlates, kOutside, kInside, Ip("203.0.113.11")));
}

}  // namespace
}  // namespace sallyport::pat_pool_test
