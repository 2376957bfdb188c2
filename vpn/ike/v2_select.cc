#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

// An element's "any" may be of both families; a selector is of one.
std::optional<AddressRange> CutToFamily(const AddressRange& r, bool v6) {
  const AddressRange all = AllOf(v6).addresses;
  const AddressRange cut{std::max(r.first, all.first), std::min(r.last, all.last)};
  if (cut.first > cut.last) return {};
  if (v6 && cut.first.IsV4() != cut.last.IsV4() && !r.first.IsNone()) return {};
  return cut;
}

// The part of an element's side that `about` lies in (of a set only one range; a selector is no set).
std::optional<TrafficSelector> SideOf(const AddressRange& range, const AddressSet* set, const PortRange& ports,
                                      std::uint8_t protocol, IpAddress about) {
  AddressRange chosen = range;
  if (set != nullptr) {
    const auto in =
        std::find_if(set->ranges.begin(), set->ranges.end(), [&](const AddressRange& r) { return r.Contains(about); });
    if (in == set->ranges.end()) return {};
    chosen = *in;
  }
  const auto cut = CutToFamily(chosen, !about.IsV4());
  if (!cut) return {};
  TrafficSelector ts;
  ts.addresses = *cut;
  ts.protocol = protocol;
  if (protocol == 6 || protocol == 17 || protocol == 132) ts.ports = ports;
  return ts;
}

// Every selector of a side, one for each range of a set.
std::vector<TrafficSelector> SidesOf(const AddressRange& range, const AddressSet* set, const PortRange& ports,
                                     std::uint8_t protocol, bool v6) {
  std::vector<TrafficSelector> out;
  const std::vector<AddressRange> one{range};
  for (const AddressRange& r : set != nullptr ? set->ranges : one) {
    const auto cut = CutToFamily(r, v6);
    if (!cut) continue;
    TrafficSelector ts;
    ts.addresses = *cut;
    ts.protocol = protocol;
    if (protocol == 6 || protocol == 17 || protocol == 132) ts.ports = ports;
    out.push_back(ts);
  }
  return out;
}

// RFC 7296 2.9: the packet that began it all may stand in front as a selector of its own; what is agreed upon must contain
// it.
bool Hint(std::span<const TrafficSelector> offered, const std::vector<TrafficSelector>& narrowed) {
  if (offered.size() < 2 || offered[0].addresses.first != offered[0].addresses.last) return true;
  return AllInside(offered.first(1), narrowed);
}

}  // namespace

std::optional<EntryV2> V2Engine::EntryOf(std::uint32_t id) const {
  if (policy_ == nullptr) return {};
  if (const CryptoMapEntry* e = policy_->Entry(id)) {
    EntryV2 out;
    out.id = e->id;
    out.map = e->map;
    out.sequence = e->sequence;
    out.at = e->at;
    out.dynamic = e->dynamic;
    out.may_begin = !e->dynamic && e->type != CryptoMapEntry::Type::kAnswerOnly;
    out.nat_t = !e->nat_t_disabled && policy_->nat_traversal;
    out.transport = e->ikev2_transport;
    out.transport_required = e->ikev2_transport_required;
    out.peers = e->peers;
    out.proposals = e->ikev2_proposals;
    out.pfs_group = e->pfs_group;
    out.lifetime_s = e->lifetime_s.value_or(policy_->lifetime_s);
    out.lifetime_kb = e->lifetime_kb.value_or(policy_->lifetime_kb);
    out.trustpoint = e->trustpoint;
    out.df = e->df;
    return out;
  }
  for (const VirtualTunnel& v : policy_->virtual_tunnels) {
    if (v.id != id) continue;
    EntryV2 out;
    out.id = v.id;
    out.map = v.MapName();
    out.sequence = VirtualTunnel::kSequence;
    out.at = v.source;
    out.inside = v.interface;
    out.may_begin = !v.responder_only;
    out.nat_t = policy_->nat_traversal;
    out.peers = {v.destination};
    out.proposals = v.ikev2_proposals;
    out.pfs_group = v.pfs_group;
    out.lifetime_s = v.lifetime_s.value_or(policy_->lifetime_s);
    out.lifetime_kb = v.lifetime_kb.value_or(policy_->lifetime_kb);
    out.trustpoint = v.trustpoint;
    return out;
  }
  return {};
}

std::optional<std::pair<std::vector<TrafficSelector>, std::vector<TrafficSelector>>> V2Engine::SelectorsFor(
    std::uint32_t entry, const TunnelFlow& flow) const {
  std::vector<TrafficSelector> local, remote;
  const CryptoMapEntry* e = policy_->Entry(entry);
  if (e == nullptr) {
    local.push_back(AllOf(!flow.src.IsV4()));
    remote.push_back(AllOf(!flow.src.IsV4()));
    return std::pair(local, remote);
  }
  if (e->match == nullptr) return {};
  const AclQuery q{flow.src, flow.dst, flow.sport, flow.dport, flow.protocol, flow.icmp_type, flow.icmp_code};
  const AclElement* element = e->match->Find(q);
  if (element == nullptr || !element->permit) return {};
  const auto l = SideOf(element->src, element->src_set.get(), element->sport, element->protocol, flow.src);
  const auto r = SideOf(element->dst, element->dst_set.get(), element->dport, element->protocol, flow.dst);
  if (!l || !r) return {};
  // As an ASA: the packet's hosts first, unless that is all there is.
  const TrafficSelector host_l = HostSelector(flow.src, l->protocol, l->ports),
                        host_r = HostSelector(flow.dst, r->protocol, r->ports);
  if (!(host_l == *l)) local.push_back(host_l);
  local.push_back(*l);
  if (!(host_r == *r)) remote.push_back(host_r);
  remote.push_back(*r);
  return std::pair(local, remote);
}

const TunnelGroup* V2Engine::GroupOfAddress(IpAddress peer) const {
  if (const TunnelGroup* g = policy_->Group(peer.ToString())) return g;
  return policy_->Group("DefaultL2LGroup");
}

const TunnelGroup* V2Engine::GroupOfPeer(const SaV2& sa, const IdV2& id, const char* otherwise) const {
  if (policy_->map_by_ike_id) {
    if (const TunnelGroup* g = policy_->Group(id.Text())) return g;
  }
  if (policy_->map_by_peer_ip) {
    if (const TunnelGroup* g = policy_->Group(sa.peer.address.ToString())) return g;
  }
  if (!policy_->map_default_group.empty()) {
    if (const TunnelGroup* g = policy_->Group(policy_->map_default_group)) return g;
  }
  return policy_->Group(otherwise);
}

std::optional<EntryV2> V2Engine::MatchEntry(const SaV2& sa, std::span<const TrafficSelector> remote,
                                            std::span<const TrafficSelector> local,
                                            std::vector<TrafficSelector>& narrowed_local,
                                            std::vector<TrafficSelector>& narrowed_remote, std::string& why) {
  if (remote.empty() || local.empty()) {
    why = "There was no IPSEC policy found for received TS";
    return {};
  }
  const bool v6 = !remote.back().addresses.first.IsV4();
  // First whatever the offer lies within, in the order of the configuration; then whatever it can be cut to.
  for (const bool cut : {false, true}) {
    for (const CryptoMapEntry& e : policy_->entries) {
      if (e.at != sa.at || e.ikev2_proposals.empty() || e.type == CryptoMapEntry::Type::kOriginateOnly) continue;
      const bool named = std::find(e.peers.begin(), e.peers.end(), sa.peer.address) != e.peers.end();
      if (!named && !(e.dynamic && e.peers.empty())) {
        if (!cut)
          Platform(&sa, sa.peer.address, 2,
                   "Crypto map " + e.map + " seq " + std::to_string(e.sequence) + "  peer doesn't match map entry");
        continue;
      }
      if (e.match == nullptr) {
        if (!e.dynamic) {
          if (!cut)
            Platform(&sa, sa.peer.address, 2,
                     "Crypto map " + e.map + " seq " + std::to_string(e.sequence) + " is incomplete due to missing ACL");
          continue;
        }
        const TrafficSelector all = AllOf(v6);
        narrowed_local = NarrowTs(local, std::span(&all, 1));
        if (sa.assigned.IsNone()) {
          narrowed_remote = NarrowTs(remote, std::span(&all, 1));
        } else {
          const TrafficSelector own = HostSelector(sa.assigned);
          narrowed_remote = NarrowTs(remote, std::span(&own, 1));
        }
        if (!narrowed_local.empty() && !narrowed_remote.empty()) return EntryOf(e.id);
        continue;
      }
      for (const AclElement& a : e.match->elements()) {
        if (!a.permit || !a.InForce()) continue;
        const auto ours = SidesOf(a.src, a.src_set.get(), a.sport, a.protocol, v6),
                   theirs = SidesOf(a.dst, a.dst_set.get(), a.dport, a.protocol, v6);
        if (!cut && (!AllInside(local, ours) || !AllInside(remote, theirs))) continue;
        auto l = NarrowTs(local, ours), r = NarrowTs(remote, theirs);
        if (l.empty() || r.empty() || !Hint(local, l) || !Hint(remote, r)) continue;
        narrowed_local = std::move(l);
        narrowed_remote = std::move(r);
        Platform(&sa, sa.peer.address, 2, "PROXY MATCH on crypto map " + e.map + " seq " + std::to_string(e.sequence));
        return EntryOf(e.id);
      }
      if (cut)
        Platform(&sa, sa.peer.address, 2,
                 "Crypto Map: No proxy match on map " + e.map + " seq " + std::to_string(e.sequence));
    }
    for (const VirtualTunnel& v : policy_->virtual_tunnels) {
      if (v.source != sa.at || v.destination != sa.peer.address || v.ikev2_proposals.empty()) continue;
      const TrafficSelector all = AllOf(v6);
      narrowed_local = NarrowTs(local, std::span(&all, 1));
      narrowed_remote = NarrowTs(remote, std::span(&all, 1));
      return EntryOf(v.id);
    }
  }
  why = "There was no IPSEC policy found for received TS";
  return {};
}

}  // namespace sallyport
