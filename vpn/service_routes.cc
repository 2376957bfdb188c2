// Routes that tunnels bring with them (to remote users, and by `set reverse-route`), and tunnels that are interfaces.
#include <algorithm>
#include <tuple>
#include <utility>

#include "vpn/service.h"

namespace sallyport {
namespace {

constexpr Duration kRaiseAgain = Duration::Seconds(10);

}  // namespace

std::vector<Route> VpnService::InjectedRoutes() const {
  std::vector<Route> routes;
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
    if (!sa->assigned.IsNone()) add(Prefix::Of(sa->assigned, sa->assigned.IsV4() ? 32 : 128), sa->at, sa->peer.address);
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

std::set<IfId> VpnService::TunnelsUp() const {
  std::set<IfId> up;
  for (const auto& [spi, sa] : pairs_) {
    if (sa->inside_hint != IfId::kAny) up.insert(sa->inside_hint);
  }
  return up;
}

std::optional<VpnClientAddress> VpnService::ClientAddress() const {
  if (!vpn_->client.enabled || vpn_->client.network_extension) return {};
  std::optional<VpnClientAddress> has;
  for (const auto& [spi, sa] : pairs_) {
    if (sa->map != kVpnClientMap || sa->key.local.empty() || sa->key.local[0].addresses.first != sa->key.local[0].addresses.last) continue;
    if (!has) has.emplace();
    has->address = sa->key.local[0].addresses.first;
    for (const TrafficSelector& s : sa->key.remote) {
      if (std::find(has->networks.begin(), has->networks.end(), s.addresses) == has->networks.end()) has->networks.push_back(s.addresses);
    }
  }
  if (has) std::sort(has->networks.begin(), has->networks.end(), [](const AddressRange& a, const AddressRange& b) { return a.first < b.first; });
  return has;
}

void VpnService::TellRoutes() {
  if (!std::exchange(routes_stale_, false)) return;
  std::vector<Route> routes = InjectedRoutes();
  std::set<IfId> up = TunnelsUp();
  auto client = ClientAddress();
  if (routes == routes_ && up == tunnels_up_ && client == client_address_) return;
  client_address_ = std::move(client);
  routes_ = std::move(routes);
  tunnels_up_ = std::move(up);
  if (on_routes_) on_routes_();
}

void VpnService::RaiseVirtualTunnels() {
  if (vpn_->virtual_tunnels.empty()) return;
  for (const VirtualTunnel& v : vpn_->virtual_tunnels) {
    const bool up = std::any_of(pairs_.begin(), pairs_.end(), [&v](const auto& p) { return p.second->key.entry == v.id; });
    if (up || v.responder_only || core_.Waiting(v.id)) continue;
    const auto [last, first] = raised_.try_emplace(v.id, times_.real);
    if (!first && times_.real - last->second < kRaiseAgain) continue;
    last->second = times_.real;
    TunnelFlow any;
    any.at = v.interface;
    any.src = AddressOf(v.interface);
    any.dst = v.destination;
    core_.Need(v.id, any, times_);
  }
}

}  // namespace sallyport
