#include "vpn/spd.h"

#include <utility>

namespace sallyport {
namespace {

// The newest first: of two that select the same, the one that the peer has made last.
const Tunnel* Selecting(const std::vector<Tunnel*>& tunnels, const TunnelFlow& f, bool up) {
  for (auto i = tunnels.rbegin(); i != tunnels.rend(); ++i) {
    if ((!up || (*i)->Up()) && (*i)->Selects(f)) return *i;
  }
  return nullptr;
}

bool Initiates(const CryptoMapEntry& e) { return !e.dynamic && e.type != CryptoMapEntry::Type::kAnswerOnly && !e.peers.empty(); }

}  // namespace

void Spd::UsePolicy(std::shared_ptr<const VpnPolicy> policy) {
  policy_ = std::move(policy);
  for (auto& entries : at_) entries.clear();
  if (policy_ == nullptr) return;
  for (const CryptoMapEntry& e : policy_->entries) at_[static_cast<std::size_t>(e.at)].push_back(&e);
}

bool Spd::MayInitiate(std::uint32_t entry) const {
  const CryptoMapEntry* e = Entry(entry);
  if (e != nullptr) return Initiates(*e);
  if (policy_ == nullptr) return false;
  for (const VirtualTunnel& v : policy_->virtual_tunnels) {
    if (v.id == entry) return !v.responder_only;
  }
  return false;
}

TunnelChoice Spd::Choose(const TunnelFlow& f, const TunnelTable& table) const {
  using What = TunnelChoice::What;
  TunnelChoice c;
  if (policy_ == nullptr) return c;
  const AclQuery q{f.src, f.dst, f.sport, f.dport, f.protocol, f.icmp_type, f.icmp_code};
  for (const CryptoMapEntry* e : at_[static_cast<std::size_t>(f.at)]) {
    const AclElement* element = e->match != nullptr ? e->match->Find(q) : nullptr;
    if (e->match != nullptr && (element == nullptr || !element->permit)) continue;
    const Tunnel* t = Selecting(table.Of(e->id), f, true);
    if (t == nullptr && e->dynamic) continue;
    if (t == nullptr && e->match == nullptr) continue;  // an incomplete entry protects nothing
    c.entry = e->id;
    c.element = element;
    if (t != nullptr) {
      c.what = What::kTunnel;
      c.tunnel = t->id;
    } else {
      c.what = Initiates(*e) ? What::kNegotiate : What::kRefuse;
    }
    return c;
  }
  for (const VirtualTunnel& v : policy_->virtual_tunnels) {
    if (v.interface != f.at) continue;
    c.entry = v.id;
    const Tunnel* t = Selecting(table.Of(v.id), f, true);
    if (t != nullptr) c.tunnel = t->id;
    c.what = t != nullptr ? What::kTunnel : v.responder_only ? What::kRefuse : What::kNegotiate;
    return c;
  }
  return c;
}

}  // namespace sallyport
