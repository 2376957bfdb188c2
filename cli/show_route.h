// `show route` and `show arp`. Pure functions from the policy's routes and the kernel's neighbours to text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/show_views.h"
#include "firewall/policy.h"

namespace sallyport {

struct RouteView {
  char code = 'S';         // C, L, S, V ...
  Prefix destination;      // IPv4
  std::string way;         // "is directly connected, inside", "[1/0] via 10.1.1.1, inside", "connected by VPN (advertised), outside"
};
struct RouteTableView {
  bool long_codes = true;  // 9.2+: Personality::local_routes
  IpAddress gateway;       // of last resort; none: not set
  std::vector<RouteView> routes;
};
// Another way to the network of the route before it is printed below it.
std::string ShowRoute(const RouteTableView& view);
// IPv4 routes that are in force: those of interfaces that are in use, and of several to one destination only the best.
// `zones`: interfaces with their traffic zones, "zone:interface".
RouteTableView RoutesOf(const Policy& policy, bool zones = false);
std::string ShowRoute(const Policy& policy);
// Which of them `show route ...` is about; nothing given: all.
struct RouteFilter {
  char code = 0;                 // 'C' with 'L', 'S'
  IfId interface = IfId::kAny;
  std::optional<Prefix> within;  // up to 9.1: the address or network that is named
};
RouteTableView RoutesOf(const Policy& policy, const RouteFilter& filter, bool zones);
// `show route A.B.C.D` from 9.2 on: the best route to it and its ways.
std::string ShowRouteEntry(const Policy& policy, IpAddress to);
std::string ShowArp(const std::vector<ArpView>& entries);

}  // namespace sallyport
