#include "vpn/tunnel_table.h"

#include <algorithm>
#include <utility>

namespace sallyport {

bool SelectsEnd(const TrafficSelector& s, IpAddress address, std::uint16_t port, std::uint8_t protocol, bool ports) {
  if (s.protocol != 0 && s.protocol != protocol) return false;
  if (address.IsV4() != s.addresses.first.IsV4() || address < s.addresses.first || s.addresses.last < address) return false;
  return !ports || s.ports.IsAny() || s.ports.Contains(port);
}

VpnSelector ShownSelector(const TrafficSelector& s) {
  VpnSelector v;
  v.protocol = s.protocol;
  v.port = s.ports.first == s.ports.last ? s.ports.first : 0;
  const int bits = s.addresses.first.IsV4() ? 32 : 128;
  int length = bits;
  while (length > 0 && !Prefix::Of(s.addresses.first, length).Contains(s.addresses.last)) length--;
  v.network = Prefix::Of(s.addresses.first, length);
  return v;
}

namespace {

bool SelectsBoth(const Tunnel& t, const TunnelFlow& f, bool ports) {  // `f` goes to the peer
  const auto end = [&](const std::vector<TrafficSelector>& of, IpAddress a, std::uint16_t port) {
    return std::any_of(of.begin(), of.end(), [&](const TrafficSelector& s) { return SelectsEnd(s, a, port, f.protocol, ports); });
  };
  return end(t.key.local, f.src, f.sport) && end(t.key.remote, f.dst, f.dport);
}

}  // namespace

bool Tunnel::Selects(const TunnelFlow& f) const {
  return SelectsBoth(*this, f, f.protocol == 6 || f.protocol == 17 || f.protocol == 132);
}

bool Tunnel::SelectsInbound(const TunnelFlow& f, bool ports) const {
  TunnelFlow back = f;
  std::swap(back.src, back.dst);
  std::swap(back.sport, back.dport);
  return SelectsBoth(*this, back, ports);
}

Tunnel* TunnelTable::FindKey(const TunnelKey& key) {
  for (Tunnel* t : Of(key.entry)) {
    if (t->key == key) return t;
  }
  return nullptr;
}

Tunnel* TunnelTable::Make(const TunnelKey& key) {
  std::uint16_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    if (tunnels_.size() >= kMost) return nullptr;
    slot = static_cast<std::uint16_t>(tunnels_.size());
    tunnels_.push_back(std::make_unique<Tunnel>());
  }
  Tunnel& t = *tunnels_[slot];
  const std::uint16_t generation = t.generation;
  t = Tunnel{};
  t.generation = generation;
  t.used = true;
  t.id = TunnelId{std::uint32_t{generation} << 16 | slot};
  t.key = key;
  by_entry_[key.entry].push_back(&t);
  return &t;
}

void TunnelTable::FreeIfUnused(Tunnel& t) {
  if (!t.used || t.flows != 0 || !t.pairs.empty()) return;
  const auto i = by_entry_.find(t.key.entry);
  std::erase(i->second, &t);
  if (i->second.empty()) by_entry_.erase(i);
  t.used = false;
  // Never 0xffff, which would make kOnTheWire, and never 0.
  t.generation = static_cast<std::uint16_t>(t.generation >= 0xfffe ? 1 : t.generation + 1);
  free_.push_back(static_cast<std::uint16_t>(static_cast<std::uint32_t>(t.id) & 0xffff));
}

const std::vector<Tunnel*>& TunnelTable::Of(std::uint32_t entry) const {
  static const std::vector<Tunnel*> none;
  const auto i = by_entry_.find(entry);
  return i == by_entry_.end() ? none : i->second;
}

bool TunnelTable::Add(Tunnel& t, std::unique_ptr<SaPair> pair) {
  if (!by_spi_.try_emplace(pair->sa->spi_in, pair.get()).second) return false;
  pair->tunnel = t.id;
  t.pairs.push_back(std::move(pair));
  return true;
}

std::unique_ptr<SaPair> TunnelTable::Take(std::uint32_t spi_in) {
  const auto i = by_spi_.find(spi_in);
  if (i == by_spi_.end()) return nullptr;
  Tunnel& t = *Find(i->second->tunnel);
  const auto at = std::find_if(t.pairs.begin(), t.pairs.end(), [&](const auto& p) { return p.get() == i->second; });
  std::unique_ptr<SaPair> pair = std::move(*at);
  t.pairs.erase(at);
  by_spi_.erase(i);
  return pair;
}

}  // namespace sallyport
