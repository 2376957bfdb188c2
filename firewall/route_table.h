// The appliance's own routing decision: connected and static routes, longest prefix first, then lowest metric.
// Immutable once compiled into the policy.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/types.h"

namespace sallyport {

struct Route {
  enum class Source : std::uint8_t { kConnected, kLocal, kStatic };
  Prefix destination;
  IfId interface = IfId::kIdentity;  // kIdentity: Null0 (discard)
  IpAddress gateway;                 // none: directly connected
  std::uint8_t metric = 1;           // administrative distance of a static route, 1..255; 0 connected
  Source source = Source::kStatic;
  bool null0 = false;
  bool injected = false;  // static by a tunnel (`set reverse-route`), not by a line
  bool operator==(const Route&) const = default;
};

class RouteTable {
 public:
  RouteTable() = default;
  explicit RouteTable(std::vector<Route> routes);

  // Best route to `dst`, or null. Null0 routes are returned (null0 set).
  const Route* Find(IpAddress dst) const;
  // Best route to `dst` that leaves by `interface`, or null: used when NAT has chosen the egress interface.
  const Route* Find(IpAddress dst, IfId interface) const;
  // Do the best routes to `a` (there may be several of one metric) leave by `interface`? Unicast reverse path forwarding asks.
  bool ReachedBy(IpAddress a, IfId interface) const;
  // The routes that are as good as `best` (which Find gave), itself included: the same destination, metric and source. At most `most`
  // are written to `equal`; the number of those written.
  int Equal(const Route& best, const Route** equal, int most) const;
  // How many ways the best route to `dst` by its interface has: more than one is equal-cost multipath.
  int Ways(const Route& best) const;
  // All routes, in the order in which they were given.
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::uint32_t> order_;  // indexes, longest prefix first, then metric, then order given
  struct Length {
    std::uint8_t length;
    std::uint32_t begin;
    std::uint32_t end;  // in order_; sorted by address within
  };
  std::vector<Length> lengths_;
};

}  // namespace sallyport
