#include "firewall/route_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "firewall/base/random.h"

namespace sallyport::route_table_test {
namespace {

Route Make(const char* network, int length, int interface, int metric = 1, const char* gateway = nullptr) {
  Route r;
  r.destination = Prefix::Of(*IpAddress::Parse(network), length);
  r.interface = static_cast<IfId>(interface);
  r.metric = static_cast<std::uint8_t>(metric);
  if (gateway != nullptr) r.gateway = *IpAddress::Parse(gateway);
  return r;
}
IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

TEST(RouteTable, EmptyHasNoRoute) { EXPECT_EQ(RouteTable().Find(Ip("10.0.0.1")), nullptr); }

TEST(RouteTable, LongestPrefixThenMetricThenOrder) {
  const RouteTable table({Make("0.0.0.0", 0, 1, 1, "192.0.2.1"), Make("10.0.0.0", 8, 2, 5), Make("10.0.0.0", 8, 3, 2),
                          Make("10.0.0.0", 8, 4, 2), Make("10.1.0.0", 16, 5, 200)});
  EXPECT_EQ(table.Find(Ip("10.1.2.3")), &table.routes()[4]);  // length before metric
  EXPECT_EQ(table.Find(Ip("10.2.2.3")), &table.routes()[2]);
  EXPECT_EQ(table.Find(Ip("8.8.8.8")), &table.routes()[0]);
}

TEST(RouteTable, ByInterface) {
  const RouteTable table({Make("0.0.0.0", 0, 1), Make("10.0.0.0", 8, 2, 5), Make("10.0.0.0", 8, 3, 2)});
  EXPECT_EQ(table.Find(Ip("10.9.9.9"), IfId{2}), &table.routes()[1]);
  EXPECT_EQ(table.Find(Ip("10.9.9.9"), IfId{1}), &table.routes()[0]);
  EXPECT_EQ(table.Find(Ip("10.9.9.9"), IfId{4}), nullptr);
}

TEST(RouteTable, FamiliesDoNotMix) {
  const RouteTable table({Make("::", 0, 1), Make("2001:db8::", 32, 2)});
  EXPECT_EQ(table.Find(Ip("10.0.0.1")), nullptr);
  EXPECT_EQ(table.Find(Ip("2001:db8:1::1")), &table.routes()[1]);
  EXPECT_EQ(table.Find(Ip("2001:db9::1")), &table.routes()[0]);
  const RouteTable v4({Make("0.0.0.0", 0, 1)});
  EXPECT_EQ(v4.Find(Ip("2001:db8::1")), nullptr);
}

TEST(RouteTable, Null0IsReturned) {
  Route discard = Make("10.0.0.0", 8, 0);
  discard.null0 = true;
  const RouteTable table({discard});
  ASSERT_NE(table.Find(Ip("10.0.0.1")), nullptr);
  EXPECT_TRUE(table.Find(Ip("10.0.0.1"))->null0);
}

TEST(RouteTable, AgreesWithLinearSearch) {
  for (std::uint64_t seed = 1; seed <= 60; seed++) {
    Random random(seed);
    auto address = [&] {
      if (random.Below(4) == 0) return IpAddress::V6(random.Below(2) ? 0x20010db800000000u : 0, random.Below(64));
      return IpAddress::V4(0x0a000000 | random.Below(4) << 20 | random.Below(64));
    };
    std::vector<Route> routes;
    const std::uint32_t n = random.Below(60);
    for (std::uint32_t i = 0; i < n; i++) {
      Route r;
      const IpAddress a = address();
      r.destination = Prefix::Of(a, static_cast<int>(random.Below(a.IsV4() ? 33 : 129)));
      r.interface = static_cast<IfId>(random.Below(4));
      r.metric = static_cast<std::uint8_t>(random.Below(3));
      routes.push_back(r);
    }
    const RouteTable table(routes);
    for (int k = 0; k < 200; k++) {
      const IpAddress dst = address();
      const bool by_interface = random.Below(2) == 0;
      const auto interface = static_cast<IfId>(random.Below(5));
      const Route* best = nullptr;
      for (const Route& r : table.routes()) {
        if (r.destination.IsV4() != dst.IsV4() || !r.destination.Contains(dst)) continue;
        if (by_interface && r.interface != interface) continue;
        if (best == nullptr || r.destination.length > best->destination.length ||
            (r.destination.length == best->destination.length && r.metric < best->metric)) {
          best = &r;
        }
      }
      ASSERT_EQ(by_interface ? table.Find(dst, interface) : table.Find(dst), best) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace sallyport::route_table_test
