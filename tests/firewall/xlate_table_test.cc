#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/chain_index.h"
#include "firewall/nat.h"
#include "firewall/port_space.h"
#include "tests/firewall/nat_fixture.h"

namespace sallyport::xlate_table_test {
namespace {

using namespace nat_test;
using Kind = NatRule::Kind;

TimePoint Second(std::int64_t s) { return TimePoint{} + Duration::Seconds(s); }

// A flow of an inside host to port `dport` of the peer.
XlateRequest From(std::uint8_t protocol, const Endpoint& real, std::uint16_t dport, IfId mapped_if = kOutside) {
  return {protocol, kInside, mapped_if, real, At("192.0.2.9", dport)};
}

NatRule PatTo(const char* address) {
  NatRule r = Rule(Kind::kDynamicPat, {}, {Host(address)});
  r.id = 1;
  return r;
}

TEST(PortSpace, KeepsThePortOrStaysInItsClass) {
  PortSpace space;
  Random random(1);
  for (const std::uint16_t port : {1, 511, 512, 1023, 1024, 65535}) {
    EXPECT_EQ(space.Pick(port, {}, random), port);
    space.Take(port);
    const auto other = space.Pick(port, {}, random);
    ASSERT_TRUE(other);
    EXPECT_NE(*other, port);
    EXPECT_EQ(*other < 512, port < 512);
    EXPECT_EQ(*other < 1024, port < 1024);
  }
  const auto zero = space.Pick(0, {}, random);
  ASSERT_TRUE(zero);
  EXPECT_TRUE(*zero >= 1 && *zero < 512);
}

TEST(PortSpace, EveryPortOfAClassIsFoundOnceAndThenNone) {
  PortSpace space;
  Random random(5);
  const std::vector<PortRange> reserved{{20, 25}, {80, 80}, {600, 700}};
  for (const auto& [wanted, size] : {std::pair{100, 511 - 7}, std::pair{700, 512 - 101}, std::pair{2000, 64512}}) {
    for (int i = 0; i < size; i++) {
      const auto port = space.Pick(static_cast<std::uint16_t>(wanted), reserved, random);
      ASSERT_TRUE(port) << wanted << " " << i;
      ASSERT_FALSE((*port >= 20 && *port <= 25) || *port == 80 || (*port >= 600 && *port <= 700) || *port == 0);
      space.Take(*port);
    }
    EXPECT_FALSE(space.Pick(static_cast<std::uint16_t>(wanted), reserved, random));
  }
  space.Release(301);
  EXPECT_EQ(space.Pick(7, reserved, random), 301);
}

TEST(XlateTable, PortExhaustionFailsAndAReleasedPortServesAgain) {
  XlateTable t(3);
  const NatRule rule = PatTo("203.0.113.1");
  std::vector<XlateIndex> made;
  for (std::uint32_t i = 0; i < 512; i++) {
    const Endpoint real{IpAddress::V4(0x0a000000 + i), 600};
    const XlateIndex x = t.Create(rule, From(kUdp, real, 53, kOutside), {}, {});
    ASSERT_NE(x, kNoXlate);
    made.push_back(x);
  }
  const Endpoint one_more{IpAddress::V4(0x0a000200), 600};
  EXPECT_EQ(t.Create(rule, From(kUdp, one_more, 53, kOutside), {}, {}), kNoXlate);
  EXPECT_FALSE(t.Predict(rule, From(kUdp, one_more, 53), {}));
  EXPECT_NE(t.Create(rule, From(kUdp, {one_more.address, 1600}, 53, kOutside), {}, {}), kNoXlate);  // another class
  EXPECT_NE(t.Create(rule, From(kTcp, one_more, 53, kOutside), {}, {}), kNoXlate);                  // another protocol
  const std::uint16_t freed = t.Get(made[77]).mapped.port;
  t.Remove(made[77]);
  const XlateIndex again = t.Create(rule, From(kUdp, one_more, 53, kOutside), {}, {});
  ASSERT_NE(again, kNoXlate);
  EXPECT_EQ(t.Get(again).mapped.port, freed);
}

TEST(XlateTable, PatPoolGoesOnToTheNextAddressThenTheInterface) {
  XlateTable t(3);
  NatRule rule = Rule(Kind::kDynamicPat, {}, {Range("203.0.113.1", "203.0.113.2")});
  rule.interface_fallback = true;
  rule.interface_address = Ip("203.0.113.9");
  std::map<IpAddress, int> used;
  for (std::uint32_t i = 0; i < 512 * 3; i++) {
    const XlateIndex x = t.Create(rule, From(kTcp, {IpAddress::V4(0x0a000000 + i), 1000}, 80, kOutside), {}, {});
    ASSERT_NE(x, kNoXlate);
    used[t.Get(x).mapped.address]++;
  }
  EXPECT_EQ(used[Ip("203.0.113.1")], 512);
  EXPECT_EQ(used[Ip("203.0.113.2")], 512);
  EXPECT_EQ(used[Ip("203.0.113.9")], 512);
  EXPECT_EQ(t.Create(rule, From(kTcp, {Ip("10.9.9.9"), 1000}, 80, kOutside), {}, {}), kNoXlate);
}

TEST(XlateTable, PortsAreNotPredictable) {
  std::set<std::uint16_t> seen;
  for (std::uint64_t seed = 0; seed < 50; seed++) {
    XlateTable t(seed);
    const NatRule rule = PatTo("203.0.113.1");
    t.Create(rule, From(kTcp, At("10.0.0.1", 4000), 80, kOutside), {}, {});
    seen.insert(t.Get(t.Create(rule, From(kTcp, At("10.0.0.2", 4000), 80, kOutside), {}, {})).mapped.port);
  }
  EXPECT_GT(seen.size(), 45u);
}

TEST(XlateTable, AnAddressIsEitherAHostsOrSharedByPorts) {
  XlateTable t(3);
  NatRule pool = Rule(Kind::kDynamic, {}, {Range("203.0.113.1", "203.0.113.2")});
  pool.id = 2;
  const NatRule pat = PatTo("203.0.113.1");
  const XlateIndex p = t.Create(pat, From(kTcp, At("10.0.0.1", 4000), 80, kOutside), {}, {});
  const XlateIndex n = t.Create(pool, From(kTcp, At("10.0.0.2", 4000), 80, kOutside), {}, {});
  EXPECT_EQ(t.Get(n).mapped.address, Ip("203.0.113.2"));
  EXPECT_EQ(t.Create(pool, From(kTcp, At("10.0.0.3", 4000), 80, kOutside), {}, {}), kNoXlate);
  t.Remove(p);
  EXPECT_NE(t.Create(pool, From(kTcp, At("10.0.0.3", 4000), 80, kOutside), {}, {}), kNoXlate);
  EXPECT_EQ(t.Create(pat, From(kTcp, At("10.0.0.1", 4000), 80, kOutside), {}, {}), kNoXlate);
}

TEST(XlateTable, PoolsOfOddSizeAreUsedUpExactly) {
  XlateTable t(3);
  NatRule pool = Rule(Kind::kDynamic, {}, {Range("203.0.112.250", "203.0.114.3"), Host("198.51.100.1")});
  std::set<IpAddress> seen;
  for (std::uint32_t i = 0; i < 6 + 256 + 4 + 1; i++) {
    const XlateIndex x = t.Create(pool, From(kTcp, {IpAddress::V4(0x0a000000 + i), 1}, 80, kOutside), {}, {});
    ASSERT_NE(x, kNoXlate) << i;
    ASSERT_TRUE(seen.insert(t.Get(x).mapped.address).second);
    ASSERT_TRUE(pool.mapped_src[0].Contains(t.Get(x).mapped.address) ||
                pool.mapped_src[1].Contains(t.Get(x).mapped.address));
  }
  EXPECT_EQ(t.Create(pool, From(kTcp, At("10.9.9.9", 1), 80, kOutside), {}, {}), kNoXlate);
  // The same addresses on another interface are others.
  EXPECT_NE(t.Create(pool, From(kTcp, At("10.9.9.9", 1), 80, kDmz), {}, {}), kNoXlate);
}

TEST(XlateTable, PerSessionEndsWithItsLastConnection) {
  const XlateTimeouts timeouts;
  XlateTimeouts multi;
  multi.per_session = false;
  XlateTable t(3);
  const NatRule rule = PatTo("203.0.113.1");
  const auto per_session = [&](std::uint8_t protocol, std::uint16_t dport, const XlateTimeouts& how) {
    static std::uint16_t port = 2000;
    const XlateIndex i = t.Create(rule, From(protocol, At("10.0.0.1", port++), dport, kOutside), how, {});
    t.AddConnection(i);
    t.AddConnection(i);
    EXPECT_FALSE(t.DropConnection(i, Second(1)));
    return t.DropConnection(i, Second(2));
  };
  EXPECT_TRUE(per_session(kTcp, 80, timeouts));
  EXPECT_FALSE(per_session(kIcmp, 0, timeouts));
  EXPECT_TRUE(per_session(kUdp, 53, timeouts));
  EXPECT_FALSE(per_session(kUdp, 123, timeouts));
  EXPECT_FALSE(per_session(kTcp, 80, multi));
  NatRule pool = Rule(Kind::kDynamic, {}, {Host("203.0.113.5")});
  const XlateIndex n = t.Create(pool, From(kTcp, At("10.0.0.7", 1), 80, kOutside), timeouts, {});
  t.AddConnection(n);
  EXPECT_FALSE(t.DropConnection(n, Second(1)));
}

TEST(XlateTable, ExpiresAfterTheLastConnectionAndInOrder) {
  const XlateTimeouts timeouts;  // 3 h, 30 s
  XlateTable t(3);
  NatRule pool = Rule(Kind::kDynamic, {}, {Net("203.0.113.0", 28)});
  pool.id = 2;
  const NatRule pat = PatTo("198.51.100.1");
  EXPECT_EQ(t.NextDeadline(timeouts), TimePoint::Max());
  const XlateIndex host = t.Create(pool, From(kTcp, At("10.0.0.1", 1), 80, kOutside), timeouts, Second(0));
  const XlateIndex udp1 = t.Create(pat, From(kUdp, At("10.0.0.2", 2000), 123, kOutside), timeouts, Second(0));
  const XlateIndex udp2 = t.Create(pat, From(kUdp, At("10.0.0.3", 3000), 123, kOutside), timeouts, Second(0));
  for (const XlateIndex i : {host, udp1, udp2}) t.AddConnection(i);
  EXPECT_EQ(t.NextDeadline(timeouts), TimePoint::Max());  // none waits while it has connections
  EXPECT_FALSE(t.DropConnection(udp2, Second(100)));
  EXPECT_FALSE(t.DropConnection(udp1, Second(110)));
  EXPECT_FALSE(t.DropConnection(host, Second(50)));
  EXPECT_EQ(t.NextDeadline(timeouts), Second(130));
  EXPECT_EQ(t.NextExpired(timeouts, Second(130) - Duration{1}), kNoXlate);
  EXPECT_EQ(t.NextExpired(timeouts, Second(200)), udp2);
  t.Remove(udp2);
  EXPECT_EQ(t.NextExpired(timeouts, Second(200)), udp1);
  t.Touch(udp1, Second(120));  // a new flow just now
  EXPECT_EQ(t.NextExpired(timeouts, Second(145)), kNoXlate);
  t.AddConnection(udp1);
  EXPECT_EQ(t.NextDeadline(timeouts), Second(50 + 3 * 3600));
  EXPECT_EQ(t.NextExpired(timeouts, Second(50 + 3 * 3600)), host);
  XlateTimeouts never = timeouts;
  never.xlate = {};
  EXPECT_EQ(t.NextExpired(never, Second(1'000'000)), kNoXlate);
  EXPECT_EQ(t.NextDeadline(never), TimePoint::Max());
  t.Remove(host);
  EXPECT_EQ(t.count(), 1u);
  EXPECT_EQ(t.most_used(), 3u);
}

TEST(XlateTable, WalkVisitsEachLiveTranslationOnce) {
  XlateTable t(3);
  const NatRule rule = PatTo("203.0.113.1");
  std::set<XlateIndex> live;
  for (std::uint16_t i = 0; i < 3000; i++) {
    live.insert(t.Create(rule, From(kTcp, At("10.0.0.1", static_cast<std::uint16_t>(2000 + i)), 80, kOutside), {}, {}));
  }
  for (auto it = live.begin(); it != live.end();) {
    if (*it % 3 == 0) {
      t.Remove(*it);
      it = live.erase(it);
    } else {
      ++it;
    }
  }
  std::set<XlateIndex> seen;
  std::uint32_t cursor = 0;
  do {
    cursor = t.Walk(cursor, 100, [&](XlateIndex i, const Xlate& x) {
      EXPECT_EQ(x.rule, 1u);
      EXPECT_TRUE(seen.insert(i).second);
    });
  } while (cursor != 0);
  EXPECT_EQ(seen, live);
}

// The table against std::map through a long random life, in virtual time.
TEST(XlateTable, AgreesWithAModel) {
  XlateTable t(11);
  Random random(12);
  XlateTimeouts timeouts;
  timeouts.xlate = Duration::Seconds(200);
  std::vector<NatRule> rules;
  rules.push_back(PatTo("203.0.113.1"));
  rules.push_back(Rule(Kind::kDynamic, {}, {Range("198.51.100.1", "198.51.100.20")}));
  rules[1].id = 2;
  rules[1].interface_fallback = true;
  rules[1].interface_address = Ip("198.51.100.99");
  rules.push_back(Rule(Kind::kDynamic, {}, {Range("198.51.100.10", "198.51.100.30")}));  // overlaps the one before
  rules[2].id = 3;
  std::map<XlateIndex, Xlate> model;
  const auto remove = [&](XlateIndex i) {
    t.Remove(i);
    ASSERT_EQ(model.erase(i), 1u);
  };
  TimePoint now;
  int created = 0, expired = 0, refused = 0;
  for (int step = 0; step < 20'000; step++) {
    now = now + Duration::Milliseconds(random.Below(40));
    // Expiry: exactly those that the model says, none left behind.
    for (XlateIndex i = t.NextExpired(timeouts, now); i != kNoXlate; i = t.NextExpired(timeouts, now)) {
      const Xlate& x = model.at(i);
      ASSERT_EQ(x.connections, 0u);
      ASSERT_LE(x.last_used + (x.pat ? timeouts.pat_xlate : timeouts.xlate), now);
      expired++;
      remove(i);
    }
    if (step % 1000 == 0) {
      TimePoint next = TimePoint::Max();
      for (const auto& [i, x] : model) {
        if (x.connections == 0) next = std::min(next, x.last_used + (x.pat ? timeouts.pat_xlate : timeouts.xlate));
      }
      ASSERT_EQ(t.NextDeadline(timeouts), next);
    }
    if (random.Below(3) != 0 || model.empty()) {
      const NatRule& rule = rules[random.Below(3)];
      const std::uint8_t protocol = random.Below(2) ? kTcp : kUdp;
      const Endpoint real{IpAddress::V4(0x0a000000 + random.Below(60)),
                          static_cast<std::uint16_t>(1024 + random.Below(300))};
      XlateIndex i = t.FindReal(From(protocol, real, 80), rule.id);
      XlateIndex want = kNoXlate;
      for (const auto& [k, x] : model) {
        if (x.rule != rule.id || x.real.address != real.address) continue;
        if (!x.pat && want == kNoXlate) want = k;
        if (x.pat && x.protocol == protocol && x.real.port == real.port) want = k;
      }
      ASSERT_EQ(i, want);
      if (i == kNoXlate) {
        const auto predicted = t.Predict(rule, From(protocol, real, 80), timeouts);
        i = t.Create(rule, From(protocol, real, 80, kOutside), timeouts, now);
        ASSERT_EQ(predicted.has_value(), i != kNoXlate);
        if (i == kNoXlate) {
          refused++;
          continue;
        }
        created++;
        const Xlate& x = t.Get(i);
        ASSERT_EQ(predicted->address, x.mapped.address);
        for (const auto& [k, other] : model) {  // nobody else is behind the same mapped end
          const bool same_address = other.mapped.address == x.mapped.address;
          ASSERT_FALSE(same_address &&
                       (!other.pat || !x.pat || (other.protocol == x.protocol && other.mapped.port == x.mapped.port)));
        }
        ASSERT_TRUE(model.emplace(i, x).second);
        ASSERT_EQ(t.FindMapped(protocol, kOutside, {x.mapped.address, x.pat ? x.mapped.port : std::uint16_t{9}}), i);
        ASSERT_EQ(t.FindMapped(protocol, kDmz, x.mapped), kNoXlate);
      }
      t.AddConnection(i);
      model.at(i).connections++;
    } else {
      auto it = model.lower_bound(random.Below(t.slots()));
      if (it == model.end()) it = model.begin();
      Xlate& x = it->second;
      if (x.connections == 0) {
        remove(it->first);
        continue;
      }
      x.connections--;
      const bool ended = t.DropConnection(it->first, now);
      if (x.connections == 0) x.last_used = now;
      ASSERT_EQ(ended, x.connections == 0 && x.pat && x.protocol == kTcp);
      if (ended) remove(it->first);
    }
    ASSERT_EQ(t.count(), model.size());
  }
  EXPECT_GT(created, 1000);
  EXPECT_GT(expired, 50);
  EXPECT_GT(refused, 100);
}

struct NumberedHash {
  struct Entry {
    std::uint32_t hash;
    std::uint32_t next;
  };
  using Entries = std::vector<Entry>;
  static std::uint32_t Hash(const Entries& e, std::uint32_t i) { return e[i].hash; }
  static std::uint32_t Next(const Entries& e, std::uint32_t i) { return e[i].next; }
  static std::uint32_t& Next(Entries& e, std::uint32_t i) { return e[i].next; }
};

TEST(ChainIndex, FindsEverythingWhileItGrowsAndAfterErasures) {
  NumberedHash::Entries entries;
  ChainIndex<NumberedHash> index;
  Random random(4);
  for (std::uint32_t i = 0; i < 50'000; i++) {
    entries.push_back({random.U32() % 40'000, 0});  // some share a hash
    index.Insert(entries, i);
  }
  for (std::uint32_t i = 0; i < entries.size(); i += 2) index.Erase(entries, i);
  for (std::uint32_t i = 0; i < entries.size(); i++) {
    const std::uint32_t found = index.Find(entries, entries[i].hash, [&](std::uint32_t e) { return e == i; });
    ASSERT_EQ(found, i % 2 == 0 ? ChainIndex<NumberedHash>::kEnd : i);
  }
}

}  // namespace
}  // namespace sallyport::xlate_table_test
