// What `show crypto ipsec sa` and `show asp table vpn-context` are made of.
#include <algorithm>

#include "firewall/policy.h"
#include "vpn/data_plane.h"

namespace sallyport {
namespace {

// The element that asks for what was negotiated, else the one that protects the beginning of it.
std::string ElementText(const AccessList& list, const TunnelKey& key) {
  if (key.local.empty() || key.remote.empty()) return {};
  const TrafficSelector &local = key.local.front(), &remote = key.remote.front();
  const auto same = [](const AddressRange& a, const AddressRange& b) { return a.first == b.first && a.last == b.last; };
  const AclElement* found = nullptr;
  for (const AclElement& e : list.elements()) {
    if (e.permit && e.InForce() && same(e.src, local.addresses) && same(e.dst, remote.addresses) && e.protocol == local.protocol) {
      found = &e;
      break;
    }
  }
  if (found == nullptr) {
    found = list.Find({local.addresses.first, remote.addresses.first, local.ports.first, remote.ports.first, local.protocol, 0, 0});
  }
  return found != nullptr && found->permit ? list.name() + " " + found->text : std::string();
}

EspSaView ViewOf(const SaPair& s, bool in, TimePoint now) {
  const ChildSa& sa = *s.sa;
  EspSaView v;
  v.spi = in ? sa.spi_in : sa.spi_out;
  v.active = !s.retired;
  v.cipher = sa.cipher;
  v.hash = sa.hash;
  v.lan_to_lan = sa.lan_to_lan;
  v.transport = sa.transport;
  v.pfs_group = sa.pfs_group;
  v.encapsulation = sa.encapsulation;
  v.ike_version = sa.ike_version;
  v.connection_id = s.decrypts.sa & 0xfffff000;
  const std::int64_t age = std::max<std::int64_t>((now - s.installed).ns / 1'000'000'000, 0);
  const auto seconds = static_cast<std::int64_t>(sa.seconds.interval);
  v.seconds_left = static_cast<std::uint32_t>(std::max<std::int64_t>(seconds - age, 0));
  if (sa.kilobytes.interval != 0) {
    const std::uint64_t used = (in ? s.bytes_in : s.bytes_out) / 1024;
    v.kilobytes_left = sa.kilobytes.interval - std::min(sa.kilobytes.interval, used);
  }
  v.replay_detection = sa.replay_window != 0;
  if (in) v.replay_bitmap = s.opener.window().Last64();
  return v;
}

VpnContextView ContextOf(const SaPair& s, const Tunnel& t, bool encrypts) {
  const SaContext& c = encrypts ? s.encrypts : s.decrypts;
  VpnContextView v;
  v.context = c.handle;
  v.pointer = c.pointer;
  v.peer = s.path.peer;
  v.encrypts = encrypts;
  v.encapsulation = s.sa->encapsulation;
  v.preserve = s.sa->preserve && (s.sa->lan_to_lan || s.sa->network_extension);
  v.up = true;
  v.delete_in_progress = s.retired;
  v.sa = c.sa;
  v.spi = encrypts ? s.sa->spi_out : s.sa->spi_in;
  v.group = static_cast<std::uint32_t>(t.id) & 0xffff;
  v.packets = c.packets;
  v.bad_packets = c.bad_packets;
  v.bad_spi = c.bad_spi;
  v.spoofed = c.spoofed;
  v.bad_crypto = c.bad_crypto;
  v.rekey_packets = c.rekey_packets;
  v.rekey_calls = c.rekey_calls;
  if (s.sa->filter != nullptr) v.filter = s.sa->filter->name();
  return v;
}

}  // namespace

std::vector<IpsecFlowView> DataPlane::Flows(TimePoint now) const {
  std::vector<IpsecFlowView> all;
  for (const auto& t : table_.all()) {
    if (!t->used || !t->Up()) continue;
    const SaPair& s = t->outbound != nullptr ? *t->outbound : *t->pairs.back();
    const ChildSa& sa = *s.sa;
    IpsecFlowView v;
    const Interface* at = policy_ != nullptr ? policy_->Find(t->at) : nullptr;
    const Interface* inside = policy_ != nullptr && sa.inside_hint != IfId::kAny ? policy_->Find(sa.inside_hint) : nullptr;
    if (inside != nullptr) v.interface = inside->nameif;  // a virtual tunnel's
    else if (at != nullptr) v.interface = at->nameif;
    v.map = sa.map;
    v.map_number = sa.map_sequence;
    v.local = {s.path.local, s.path.udp || sa.encapsulation == EspEncapsulation::kTcp ? s.path.local_port : std::uint16_t{0}};
    v.remote = {s.path.peer, s.path.udp || sa.encapsulation == EspEncapsulation::kTcp ? s.path.peer_port : std::uint16_t{0}};
    const CryptoMapEntry* entry = spd_.Entry(t->key.entry);
    if (entry != nullptr && entry->match != nullptr && !entry->dynamic) v.access_list = ElementText(*entry->match, t->key);
    if (!t->key.local.empty()) v.local_ident = ShownSelector(t->key.local.front());
    if (!t->key.remote.empty()) v.remote_ident = ShownSelector(t->key.remote.front());
    v.user = sa.user;
    v.assigned = sa.assigned;
    v.counters = t->counters;
    v.path_mtu = static_cast<std::uint16_t>(t->path_mtu);
    v.media_mtu = static_cast<std::uint16_t>(t->media_mtu);
    const ShownOverhead o = ShownOverheadOf(sa.cipher, sa.hash, s.path.udp, s.path.local.IsV4() ? 20 : 40);
    const int tcp = IsTcp(s) ? static_cast<int>(kCtcpHeader) : 0;
    v.overhead = static_cast<std::uint16_t>(o.total + tcp + static_cast<int>(BackOf(s)));
    v.header_overhead = static_cast<std::uint16_t>(o.before_payload + tcp);
    if (t->pmtu_until != TimePoint::Max()) {
      v.pmtu_seconds_left = static_cast<std::uint32_t>(std::max<std::int64_t>((t->pmtu_until - now).ns / 1'000'000'000, 0));
    }
    using View = IpsecFlowView::DontFragment;
    v.dont_fragment = sa.df == DfPolicy::kSet ? View::kSet : sa.df == DfPolicy::kClear ? View::kClear : View::kCopy;
    if (entry != nullptr) v.icmp_validation = entry->validate_icmp_errors;
    for (const auto& p : t->pairs) {
      v.inbound.push_back(ViewOf(*p, true, now));
      v.outbound.push_back(ViewOf(*p, false, now));
    }
    all.push_back(std::move(v));
  }
  return all;
}

std::vector<VpnContextView> DataPlane::Contexts(TimePoint) const {
  std::vector<VpnContextView> all;
  for (const auto& t : table_.all()) {
    for (const auto& p : t->pairs) {
      all.push_back(ContextOf(*p, *t, false));
      all.push_back(ContextOf(*p, *t, true));
    }
  }
  return all;
}

void DataPlane::ClearCounters() {
  for (const auto& t : table_.all()) {
    if (t->used) totals_.Keep(t->counters);
    t->counters = {};
  }
}

}  // namespace sallyport
