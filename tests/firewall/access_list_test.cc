#include "firewall/access_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "firewall/acl_hash.h"
#include "firewall/base/random.h"
#include "firewall/flow_classifier.h"

namespace sallyport {
namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }
AddressRange Host(const char* text) { return {Ip(text), Ip(text)}; }
AddressRange Net(const char* text, int length) { return AddressRange::Of(Prefix::Of(Ip(text), length)); }
AddressRange AnyOfBoth() { return AddressRange::Of(Prefix::Any()); }
AddressRange Any4() { return AddressRange::Of(Prefix::AnyV4()); }

AclElement Element(bool permit, int protocol, AddressRange src, AddressRange dst, PortRange dport = {}) {
  AclElement e;
  e.permit = permit;
  e.protocol = static_cast<std::uint8_t>(protocol);
  e.src = src;
  e.dst = dst;
  e.dport = dport;
  return e;
}

AccessList Make(std::vector<AclElement> elements) { return AccessList("test", 0, {}, std::move(elements)); }

AclQuery Query(int protocol, const char* src, std::uint16_t sport, const char* dst, std::uint16_t dport) {
  AclQuery q;
  q.src = Ip(src);
  q.dst = Ip(dst);
  q.sport = sport;
  q.dport = dport;
  q.protocol = static_cast<std::uint8_t>(protocol);
  return q;
}

std::ptrdiff_t IndexOf(const AccessList& list, const AclElement* e) {
  return e == nullptr ? -1 : e - list.elements().data();
}

std::ptrdiff_t NaiveIndex(const AccessList& list, const AclQuery& q) {
  for (std::size_t i = 0; i < list.elements().size(); i++) {
    if (Matches(list.elements()[i], q)) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

TEST(AccessList, EmptyListEndsInTheImplicitDeny) {
  const AccessList list = Make({});
  EXPECT_EQ(list.Find(Query(6, "10.0.0.1", 1, "10.0.0.2", 2)), nullptr);
}

TEST(AccessList, FirstMatchWinsWhateverIsMoreSpecific) {
  const AccessList list = Make(
      {Element(true, 0, Net("10.0.0.0", 8), AnyOfBoth()), Element(false, 6, Host("10.1.1.1"), Host("192.0.2.1"), {80, 80})});
  EXPECT_EQ(IndexOf(list, list.Find(Query(6, "10.1.1.1", 1024, "192.0.2.1", 80))), 0);
  EXPECT_EQ(list.Find(Query(6, "11.1.1.1", 1024, "192.0.2.1", 80)), nullptr);
}

TEST(AccessList, AnyIsOfBothFamiliesAndAny4IsNot) {
  const AccessList any = Make({Element(true, 0, AnyOfBoth(), AnyOfBoth())});
  EXPECT_NE(any.Find(Query(6, "10.1.1.1", 1, "10.2.2.2", 2)), nullptr);
  EXPECT_NE(any.Find(Query(6, "2001:db8::1", 1, "2001:db8::2", 2)), nullptr);
  const AccessList any4 = Make({Element(true, 0, Any4(), Any4())});
  EXPECT_NE(any4.Find(Query(6, "10.1.1.1", 1, "10.2.2.2", 2)), nullptr);
  EXPECT_EQ(any4.Find(Query(6, "2001:db8::1", 1, "2001:db8::2", 2)), nullptr);
}

TEST(AccessList, InactiveNeverMatches) {
  AclElement e = Element(true, 0, AnyOfBoth(), AnyOfBoth());
  e.inactive = true;
  const AccessList list = Make({e, Element(false, 0, AnyOfBoth(), AnyOfBoth())});
  EXPECT_EQ(IndexOf(list, list.Find(Query(6, "10.1.1.1", 1, "10.2.2.2", 2))), 1);
}

TEST(AccessList, IcmpTypeAndCode) {
  AclElement unreachable = Element(true, 1, AnyOfBoth(), AnyOfBoth());
  unreachable.icmp_type = 3;
  unreachable.icmp_code = 4;
  AclElement echo = Element(true, 1, AnyOfBoth(), AnyOfBoth());
  echo.icmp_type = 8;
  const AccessList list = Make({unreachable, echo});
  AclQuery q = Query(1, "10.1.1.1", 77, "10.2.2.2", 0);
  q.icmp_type = 8;
  EXPECT_EQ(IndexOf(list, list.Find(q)), 1);
  q.icmp_type = 3;
  EXPECT_EQ(list.Find(q), nullptr);
  q.icmp_code = 4;
  EXPECT_EQ(IndexOf(list, list.Find(q)), 0);
}

TEST(AccessList, PortsAndPartialRanges) {
  AclElement e = Element(true, 17, {Ip("10.0.0.3"), Ip("10.0.1.9")}, AnyOfBoth(), {1025, 65535});
  e.sport = {500, 500};
  const AccessList list = Make({e});
  EXPECT_NE(list.Find(Query(17, "10.0.0.3", 500, "192.0.2.1", 1025)), nullptr);
  EXPECT_NE(list.Find(Query(17, "10.0.1.9", 500, "192.0.2.1", 65535)), nullptr);
  EXPECT_EQ(list.Find(Query(17, "10.0.0.2", 500, "192.0.2.1", 1025)), nullptr);
  EXPECT_EQ(list.Find(Query(17, "10.0.1.10", 500, "192.0.2.1", 1025)), nullptr);
  EXPECT_EQ(list.Find(Query(17, "10.0.1.9", 500, "192.0.2.1", 1024)), nullptr);
  EXPECT_EQ(list.Find(Query(17, "10.0.1.9", 501, "192.0.2.1", 1025)), nullptr);
  EXPECT_EQ(list.Find(Query(6, "10.0.1.9", 500, "192.0.2.1", 1025)), nullptr);
}

TEST(AccessList, ManyPortsInOneCell) {
  std::vector<AclElement> elements;
  for (int port = 1; port <= 10'000; port++) {
    elements.push_back(
        Element(true, 6, AnyOfBoth(), AnyOfBoth(), {static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(port)}));
  }
  const AccessList list = Make(std::move(elements));
  for (int port = 0; port <= 10'010; port++) {
    const AclElement* e = list.Find(Query(6, "10.0.0.1", 1024, "192.0.2.1", static_cast<std::uint16_t>(port)));
    EXPECT_EQ(IndexOf(list, e), port >= 1 && port <= 10'000 ? port - 1 : -1);
  }
}

TEST(AccessList, HashesOfPublicCaptures) {
  const struct {
    const char* text;
    std::uint32_t hash;
  } kVectors[] = {
      {"outside", 0x1a47dec4},
      {"test", 0xcb4257a3},
      {"cap", 0xf034180f},
      {"outside extended permit 1 any any", 0x390a154c},
      {"test extended permit 51 any4 interface outside", 0x20db5032},
      {"test extended deny 17 host 10.10.10.11 host 10.10.12.12 eq 195", 0xfe42d16f},
      {"test extended permit object-group svcgrp1 object test2 object test3", 0xffc8818e},
      {"NTC_Test-ACL extended permit 1 object Network any 30", 0xdba52ef6},
      {"NTC_Test-ACL extended permit 17 any fqdn www.test.com eq 55555", 0x520d38e5},
      {"NTC_Test-ACL extended permit 6 object Host host 10.10.10.20 gt 1024", 0xbd45c256},
      {"asa-router-vpn extended permit 0 object-group local-network object-group hub-network", 0x01150c9f},
  };
  for (const auto& v : kVectors) EXPECT_EQ(AclHash(v.text), v.hash) << v.text;
}

// Draws from few addresses and ports so that lists overlap, shadow and touch each other.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed), v6_(seed % 3 == 0) {}

  std::uint32_t Below(std::uint32_t n) { return random_.Below(n); }
  IpAddress Address() {
    if (v6_ && Below(2) == 0) return IpAddress::V6(0x20010db800000000u | Below(3), Below(300));
    return IpAddress::V4(0x0a000000 | Below(3) << 16 | Below(3) << 8 | Below(256));
  }
  AddressRange Range() {
    switch (Below(6)) {
      case 0:
        return AnyOfBoth();
      case 1:
        return Any4();
      case 2: {
        const IpAddress a = Address();
        return {a, a};
      }
      case 3: {
        IpAddress a = Address(), b = Address();
        if (b < a) std::swap(a, b);
        return {a, b};
      }
      default: {
        const IpAddress a = Address();
        return AddressRange::Of(Prefix::Of(a, a.IsV4() ? 8 + static_cast<int>(Below(25)) : static_cast<int>(Below(129))));
      }
    }
  }
  PortRange Ports() {
    const auto a = static_cast<std::uint16_t>(Below(40)), b = static_cast<std::uint16_t>(Below(40));
    switch (Below(4)) {
      case 0:
        return {};
      case 1:
        return {std::min(a, b), std::max(a, b)};
      case 2:
        return {a, 65535};
      default:
        return {a, a};
    }
  }
  std::uint8_t Protocol() {
    static constexpr std::uint8_t kSome[] = {0, 1, 6, 6, 17, 47, 58};
    return kSome[Below(7)];
  }
  AclElement Element() {
    AclElement e;
    e.protocol = Protocol();
    e.src = Range();
    e.dst = Range();
    e.sport = Below(3) == 0 ? Ports() : PortRange{};
    e.dport = Ports();
    if (Below(2) == 0) e.icmp_type = static_cast<std::int16_t>(Below(20));
    if (Below(3) == 0) e.icmp_code = static_cast<std::int16_t>(Below(3));
    e.inactive = Below(10) == 0;
    if (Below(6) == 0) e.time_range = ranges_[Below(3)];
    return e;
  }
  AclQuery Query() {
    AclQuery q;
    q.src = Address();
    q.dst = Address();
    q.protocol = Protocol();
    q.sport = static_cast<std::uint16_t>(Below(45));
    q.dport = static_cast<std::uint16_t>(Below(45));
    q.icmp_type = static_cast<std::uint8_t>(Below(22));
    q.icmp_code = static_cast<std::uint8_t>(Below(4));
    return q;
  }

  // Another day: ranges come into force or cease.
  void NextDay() {
    day_++;
    for (const auto& r : ranges_) r->Review(day_ * 86'400'000'000'000);
  }

 private:
  Random random_;
  bool v6_;
  std::int64_t day_ = 3;  // 1970-01-04, a Sunday
  std::shared_ptr<const TimeRange> ranges_[3] = {
      std::make_shared<const TimeRange>("never", TimeZone{}, TimeRange::Rule{{{}, std::int64_t{0}}, {}, {}}),
      std::make_shared<const TimeRange>("monday", TimeZone{}, TimeRange::Rule{{}, {{1440, 1440}}, {}}),
      std::make_shared<const TimeRange>("later", TimeZone{}, TimeRange::Rule{{std::int64_t{86400 * 5}, {}}, {}, {}})};
};

TEST(AccessList, AgreesWithLinearSearchOnRandomLists) {
  int matched = 0, missed = 0;
  for (std::uint64_t seed = 1; seed <= 120; seed++) {
    Generator g(seed);
    std::vector<AclElement> elements;
    const std::uint32_t n = 1 + g.Below(seed % 4 == 0 ? 400 : 30);
    for (std::uint32_t i = 0; i < n; i++) elements.push_back(g.Element());
    const AccessList list = Make(std::move(elements));
    for (int i = 0; i < 300; i++) {
      if (i % 60 == 0) g.NextDay();
      const AclQuery q = g.Query();
      const std::ptrdiff_t want = NaiveIndex(list, q);
      ASSERT_EQ(IndexOf(list, list.Find(q)), want) << "seed " << seed << " query " << i;
      (want < 0 ? missed : matched)++;
    }
  }
  EXPECT_GT(matched, 5000);  // both outcomes were really seen
  EXPECT_GT(missed, 2000);
}

TEST(FlowClassifier, SplitRangeIsExactWithinItsLimit) {
  EXPECT_EQ(SplitRange(AnyOfBoth(), 64), std::vector<Prefix>{Prefix::Any()});
  EXPECT_EQ(SplitRange(Any4(), 64), std::vector<Prefix>{Prefix::AnyV4()});
  EXPECT_EQ(SplitRange(Host("10.0.0.1"), 64), std::vector<Prefix>{Prefix::Of(Ip("10.0.0.1"), 32)});
  Random random(7);
  for (int i = 0; i < 2000; i++) {
    const std::uint32_t a = random.Below(5000), b = a + random.Below(5000);
    const AddressRange range{IpAddress::V4(a), IpAddress::V4(b)};
    std::uint64_t next = a;  // pieces are in order, without gap or overlap
    for (const Prefix& p : SplitRange(range, 64)) {
      const AddressRange piece = AddressRange::Of(p);
      ASSERT_EQ(piece.first.v4(), next);
      next = piece.last.v4() + std::uint64_t{1};
    }
    ASSERT_EQ(next, b + std::uint64_t{1});
    const std::vector<Prefix> cover = SplitRange(range, 1);
    ASSERT_EQ(cover.size(), 1u);
    ASSERT_TRUE(cover[0].Contains(range.first) && cover[0].Contains(range.last));
  }
}

TEST(FlowClassifier, AcceptDecidesAndOrderMayBeShared) {
  std::vector<FlowPattern> patterns;
  for (std::uint32_t order : {4u, 2u, 2u, 9u}) patterns.push_back({order, 0, AnyOfBoth(), AnyOfBoth(), {}, {}});
  const FlowClassifier classifier(std::move(patterns));
  const FlowProbe probe{Ip("10.0.0.1"), Ip("10.0.0.2"), 1, 2, 6};
  EXPECT_EQ(classifier.First(probe, [](std::uint32_t) { return true; }), 2u);
  EXPECT_EQ(classifier.First(probe, [](std::uint32_t order) { return order > 2; }), 4u);
  EXPECT_EQ(classifier.First(probe, [](std::uint32_t) { return false; }), FlowClassifier::kNone);
  EXPECT_EQ(FlowClassifier().First(probe, [](std::uint32_t) { return true; }), FlowClassifier::kNone);
}

}  // namespace
}  // namespace sallyport
