// Where services of tunnels listen: the addresses of an interface, with the link that they are bound to.
#pragma once

#include <vector>

#include "cli/appliance.h"
#include "cli/bound_socket.h"

namespace sallyport {

// None while the interface is not in use or has no link. `cluster`: at the address of its load-balancing cluster, too.
inline std::vector<SocketPlace> SocketPlacesOf(Appliance& appliance, const Policy& policy, IfId at, bool cluster) {
  std::vector<SocketPlace> places;
  const Interface* f = policy.Find(at);
  if (f == nullptr || !f->InUse() || f->linux_index == 0) return places;
  InterfaceView view;
  appliance.host().FillInterface(view, f->linux_index);
  if (view.link.empty()) return places;
  const auto add = [&](IpAddress address) {
    if (!address.IsNone()) places.push_back({at, view.link, f->linux_index, address});
  };
  add(f->address);
  if (cluster) add(f->cluster);
  for (const InterfaceAddress6& a : f->ipv6) add(a.address);
  return places;
}

}  // namespace sallyport
