#include "cli/show_route.h"

#include <gtest/gtest.h>

#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_route_test {
namespace {

Route To(const char* destination, int length, IfId interface, const char* gateway, int metric) {
  Route r;
  r.destination = Prefix::Of(Ip(destination), length);
  r.interface = interface;
  if (*gateway != '\0') r.gateway = Ip(gateway);
  r.metric = static_cast<std::uint8_t>(metric);
  return r;
}

Policy WithRoutes(Personality personality) {
  Policy p = ThreeZones(std::move(personality));
  std::vector<Route> routes;
  for (const auto& i : p.interfaces) {
    if (!i) continue;
    Route c;
    c.destination = Prefix::Of(i->address, i->prefix_length);
    c.interface = i->id;
    c.metric = 0;
    c.source = Route::Source::kConnected;
    routes.push_back(c);
    c.destination = Prefix::Of(i->address, 32);
    c.source = Route::Source::kLocal;
    routes.push_back(c);
  }
  routes.push_back(To("192.168.0.0", 16, kInside, "10.1.1.2", 1));
  routes.push_back(To("192.168.0.0", 16, kDmz, "10.2.2.2", 10));  // worse: not in force
  routes.push_back(To("172.16.0.0", 12, kInside, "10.1.1.2", 5));
  routes.push_back(To("172.16.0.0", 12, kInside, "10.1.1.3", 5));  // a second way
  routes.push_back(To("0.0.0.0", 0, kOutside, "203.0.113.2", 1));
  Route null0 = To("192.0.2.0", 24, IfId::kIdentity, "", 1);
  null0.null0 = true;
  routes.push_back(null0);
  routes.push_back(To("2001:db8::", 32, kOutside, "2001:db8::1", 1));  // `show ipv6 route`
  p.routes = RouteTable(std::move(routes));
  return p;
}

TEST(ShowRoute, BothCodeTables) {
  ExpectGolden("route_9x", ShowRoute(WithRoutes(Nine())));
  ExpectGolden("route_82", ShowRoute(WithRoutes(Eight())));
}

TEST(ShowRoute, RoutesOfAnInterfaceThatIsDownAreNotInForce) {
  Policy p = WithRoutes(Nine());
  p.interfaces[1]->shutdown = true;
  const std::string text = ShowRoute(p);
  EXPECT_NE(text.find("Gateway of last resort is not set\n"), std::string::npos);
  EXPECT_EQ(text.find("203.0.113"), std::string::npos);
}

TEST(ShowRoute, LongLinesBreak) {
  Policy p = ThreeZones(Nine());
  p.interfaces[1]->nameif = "a-rather-long-interface-name";
  p.routes = RouteTable({To("192.168.100.0", 24, kOutside, "203.0.113.2", 1)});
  EXPECT_NE(ShowRoute(p).find("S        192.168.100.0 255.255.255.0 \n           [1/0] via 203.0.113.2, a-rather-long"),
            std::string::npos);
}

TEST(ShowArp, AgesAndStatics) {
  EXPECT_EQ(ShowArp({{"outside", Ip("203.0.113.2"), {{0x44, 0x4e, 0x6d, 0xf8, 0xb9, 0x7e}}, 15, false, false},
                     {"dmz", Ip("10.2.2.80"), {{0, 0x13, 0x24, 1, 1, 0xa3}}, 0, true, true}}),
            "\toutside 203.0.113.2 444e.6df8.b97e 15\n\tdmz 10.2.2.80 0013.2401.01a3 - alias\n");
}

TEST(ShowRoute, OfOneAddressAndOfSome) {
  const Policy p = WithRoutes(Nine());
  const std::string first = ShowRoute(RoutesOf(p, {'C', IfId::kAny, {}}, false));
  EXPECT_NE(first.find("is directly connected"), std::string::npos);
  EXPECT_EQ(first.find("[1/0]"), std::string::npos);
  for (const Route& r : p.routes.routes()) {
    if (r.source != Route::Source::kConnected || !r.destination.IsV4()) continue;
    const std::string entry = ShowRouteEntry(p, r.destination.address);
    EXPECT_NE(entry.find("Known via \"connected\", distance 0, metric 0 (connected, via interface)\n  Routing Descriptor Blocks:\n"
                         "  * directly connected, via " + p.Find(r.interface)->nameif + "\n      Route metric is 0, traffic share count is 1\n"),
              std::string::npos)
        << entry;
    const std::string by = ShowRoute(RoutesOf(p, {0, r.interface, {}}, false));
    EXPECT_NE(by.find(", " + p.Find(r.interface)->nameif + "\n"), std::string::npos);
  }
}

}  // namespace
}  // namespace sallyport::show_route_test
