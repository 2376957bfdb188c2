#include "cli/show_zone.h"

#include <gtest/gtest.h>

#include "cli/show_conn.h"
#include "cli/show_route.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport {
namespace {

// Two links to providers in one zone; `inside` and `dmz` in none.
Policy TwoProviders() {
  Policy p = ThreeZones(Nine());
  p.interfaces.push_back(MakeInterface(4, "isp2", 0, "198.51.100.1", 24));
  Zone zone;
  zone.id = 1;
  zone.name = "outside-zone";
  zone.members = {kOutside, IfId{4}};
  p.zones.push_back(zone);
  for (const IfId id : zone.members) p.interfaces[static_cast<std::size_t>(id)]->zone = 1;
  std::vector<Route> routes;
  for (const auto& [id, gateway] : {std::pair(kOutside, "203.0.113.2"), std::pair(IfId{4}, "198.51.100.2")}) {
    Route r;
    r.destination = {IpAddress::V4(0), 96};
    r.interface = id;
    r.gateway = Ip(gateway);
    routes.push_back(r);
  }
  p.routes = RouteTable(std::move(routes));
  return p;
}

TEST(ShowZone, AllItsForms) {
  const Policy p = TwoProviders();
  ExpectGolden("zone", ShowZone(p, ""));
  ExpectGolden("asp_table_zone", ShowAspZone(p, "outside-zone"));
  ExpectGolden("nameif_zone", ShowNameifZone(p));
  ExpectGolden("route_zone", ShowRoute(RoutesOf(p, true)));
  EXPECT_EQ(ShowZone(p, "elsewhere"), "");
}

TEST(ShowZone, AConnectionNamesItsZoneAndTheMemberItHasMovedTo) {
  ConnView v;
  v.conn.id = 1;
  v.conn.protocol = 6;
  v.conn.flags = kConnOutbound;
  v.conn.tcp_state = TcpState::kEstablished;
  v.conn.initiator_real = v.conn.initiator_mapped = Ip("10.1.1.10");
  v.conn.responder_real = v.conn.responder_mapped = Ip("192.0.2.7");
  v.conn.initiator_real_port = v.conn.initiator_mapped_port = 1025;
  v.conn.responder_real_port = v.conn.responder_mapped_port = 80;
  v.in_name = "inside";
  v.in_level = 100;
  v.out_name = "outside";
  v.out_zone = "outside-zone";
  v.out_now = "isp2";
  EXPECT_EQ(ShowConnEntry(v, {}, ConnForm::kOneLine, Nine(), true),
            "TCP outside-zone:outside(isp2): 192.0.2.7:80 inside: 10.1.1.10:1025, idle 0:00:00, bytes 0, flags U \n");
  EXPECT_EQ(ShowConnEntry(v, {}, ConnForm::kOneLine, Nine()),
            "TCP outside  192.0.2.7:80 inside  10.1.1.10:1025, idle 0:00:00, bytes 0, flags U \n");
}

}  // namespace
}  // namespace sallyport
