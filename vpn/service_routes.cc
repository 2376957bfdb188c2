// Routes that tunnels bring with them (`set reverse-route`).
#include <algorithm>
#include <tuple>
#include <utility>

#include "vpn/service.h"

namespace sallyport {

std::vector<Route> VpnService::InjectedRoutes() const {
  std::vector<Route> routes;
  if (std::none_of(vpn_->entries.begin(), vpn_->entries.end(), [](const CryptoMapEntry& e) { return e.reverse_route; })) return routes;
  const auto add = [&](const Prefix& to, IfId at, IpAddress peer) {
    Route r;
    r.destination = to;
    r.interface = at;
    // By the way to the peer: its router, or the peer itself.
    const Route* way = policy_->routes.Find(peer, at);
    r.gateway = way != nullptr && !way->gateway.IsNone() ? way->gateway : peer;
    r.metric = 1;
    routes.push_back(r);
  };
  for (const auto& [spi, sa] : pairs_) {
    const CryptoMapEntry* e = vpn_->Entry(sa->key.entry);
    if (e == nullptr || !e->reverse_route || sa->transport) continue;
    for (const TrafficSelector& s : sa->key.remote) {
      // A range that is not one network becomes its hosts' networks.
      IpAddress from = s.addresses.first;
      for (int i = 0; i < 64 && from <= s.addresses.last; i++) {
        const int bits = from.IsV4() ? 32 : 128;
        int length = bits;
        while (length > 0) {
          const AddressRange wider = AddressRange::Of(Prefix::Of(from, length - 1));
          if (wider.first != from || wider.last > s.addresses.last) break;
          length--;
        }
        const Prefix piece = Prefix::Of(from, length);
        if (length > 0) add(piece, sa->at, sa->peer.address);  // "everything" is no route to anybody
        const IpAddress last = AddressRange::Of(piece).last;
        if (last >= s.addresses.last) break;
        from = last.Plus(1);
      }
    }
  }
  std::sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) {
    return std::tie(a.destination.address, a.destination.length, a.interface, a.gateway) <
           std::tie(b.destination.address, b.destination.length, b.interface, b.gateway);
  });
  routes.erase(std::unique(routes.begin(), routes.end()), routes.end());
  return routes;
}

void VpnService::TellRoutes() {
  if (!std::exchange(routes_stale_, false)) return;
  std::vector<Route> routes = InjectedRoutes();
  if (routes == routes_) return;
  routes_ = std::move(routes);
  if (on_routes_) on_routes_();
}

}  // namespace sallyport
