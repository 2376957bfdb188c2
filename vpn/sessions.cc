#include "vpn/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "firewall/base/bytes.h"
#include "vpn/ike/core.h"
#include "vpn/traffic_sum.h"

namespace sallyport {
namespace {

VpnTunnelKind KindOf(EspEncapsulation e) {
  switch (e) {
    case EspEncapsulation::kNone:
      return VpnTunnelKind::kIpsec;
    case EspEncapsulation::kNatT:
      return VpnTunnelKind::kIpsecOverNatT;
    case EspEncapsulation::kUdp:
      return VpnTunnelKind::kIpsecOverUdp;
    case EspEncapsulation::kTcp:
      return VpnTunnelKind::kIpsecOverTcp;
  }
  return VpnTunnelKind::kIpsec;
}

bool IsIkeTunnel(VpnTunnelKind k) { return k == VpnTunnelKind::kIkev1 || k == VpnTunnelKind::kIkev2; }

// The smallest network that holds a range; a range that IKEv1 has agreed on is one.
Prefix Covering(const AddressRange& r) {
  int common = 0;
  if (const std::uint64_t high = r.first.hi() ^ r.last.hi(); high != 0) {
    common = std::countl_zero(high);
  } else {
    common = 64 + std::countl_zero(r.first.lo() ^ r.last.lo());
  }
  return r.first.IsV4() ? Prefix::Of(r.first, std::max(common - 96, 0)) : Prefix::Of(r.first, common);
}

VpnSelector SelectorOf(const std::vector<TrafficSelector>& all) {
  VpnSelector s;
  if (all.empty()) return s;
  const TrafficSelector& first = all.front();
  s.network = Covering(first.addresses);
  s.protocol = first.protocol;
  if (first.ports.first == first.ports.last) s.port = first.ports.first;
  return s;
}

VpnLifetime Left(std::uint64_t interval, Duration gone) {
  const auto spent = static_cast<std::uint64_t>(std::max<std::int64_t>(gone.seconds(), 0));
  return {interval, interval > spent ? interval - spent : 0};
}

}  // namespace

struct VpnSessions::Tunnel {
  VpnTunnelView view;
  TimePoint since;  // the present security association
  // IPsec
  std::set<std::uint32_t> spis;  // inbound, of the present pair and those that it replaces
  std::shared_ptr<SaActivity> activity;
  TimePoint begun;               // the first pair
  std::uint64_t bytes_before = 0;  // both ways, when the present pair came
  TimePoint LastUsed() const {
    const std::int64_t last = std::max(activity->last_in_ns.load(std::memory_order_relaxed),
                                       activity->last_out_ns.load(std::memory_order_relaxed));
    return {std::max(last, begun.ns)};
  }
  // Of the present security association; Max: it has none.
  TimePoint LifetimeEnds() const {
    const std::uint64_t seconds = view.rekey_time ? view.rekey_time->interval : 0;
    return seconds == 0 ? TimePoint::Max() : since + Duration::Seconds(static_cast<std::int64_t>(seconds));
  }
};

struct VpnSessions::Session {
  std::uint32_t index = 0;
  IkePeerUp up;
  Limits limits;
  TimePoint begun;
  std::int64_t wall = 0;
  std::array<std::uint8_t, 12> audit_id{};
  VpnTraffic gone;  // of tunnels that have ended
  std::vector<Tunnel> tunnels;
  std::uint32_t last_number = 0;
  std::set<std::uint32_t> ike_sas;  // numbered; those that live
  std::string reason;               // WillEnd
  std::optional<VpnTunnelKind> carrier;

  VpnSessionType type() const {
    if (up.lan_to_lan) return VpnSessionType::kLanToLan;
    return up.version == 2 ? VpnSessionType::kIkev2RemoteAccess : VpnSessionType::kIkev1RemoteAccess;
  }
  VpnTraffic traffic() const {
    VpnTraffic sum = gone;
    for (const Tunnel& t : tunnels) {
      if (t.activity) sum += TrafficOf(*t.activity);
    }
    return sum;
  }
  bool HasPairs() const {
    return std::any_of(tunnels.begin(), tunnels.end(), [](const Tunnel& t) { return t.activity != nullptr; });
  }
  // A session without any pair is not idle, but about to have one, or IKE's to end.
  TimePoint LastUsed() const {
    TimePoint last = begun;
    for (const Tunnel& t : tunnels) {
      if (t.activity) last = std::max(last, t.LastUsed());
    }
    return last;
  }
};

VpnSessions::VpnSessions(SessionCounts& counts) : counts_(counts) {}
VpnSessions::~VpnSessions() = default;

VpnSessions::Session* VpnSessions::OfIkeSa(std::uint32_t numbered) {
  const auto i = of_ike_sa_.find(numbered);
  return i == of_ike_sa_.end() ? nullptr : sessions_.at(i->second).get();
}

std::uint32_t VpnSessions::PeerUp(const IkePeerUp& up, std::uint32_t replaces, const Limits& limits, TimePoint now,
                                  std::int64_t wall) {
  const std::uint32_t number = IkeCore::Numbered(up.version, up.ike_sa);
  Session* s = replaces != 0 ? OfIkeSa(IkeCore::Numbered(up.version, replaces)) : nullptr;
  const bool fresh = s == nullptr;
  if (fresh) {
    auto made = std::make_unique<Session>();
    s = made.get();
    s->index = counts_.NewIndex();
    s->begun = now;
    s->wall = wall;
    StoreBe32(s->audit_id.data() + 4, s->index << 12);
    StoreBe32(s->audit_id.data() + 8, static_cast<std::uint32_t>(wall / 1'000'000'000));
    sessions_[s->index] = std::move(made);
    order_.push_back(s->index);
  }
  s->up = up;
  s->limits = limits;
  s->ike_sas.insert(number);
  of_ike_sa_[number] = s->index;
  if (fresh) counts_.Count(s->type(), up.version, 1);

  const VpnTunnelKind kind = up.version == 2 ? VpnTunnelKind::kIkev2 : VpnTunnelKind::kIkev1;
  auto tunnel = std::find_if(s->tunnels.begin(), s->tunnels.end(), [](const Tunnel& t) { return IsIkeTunnel(t.view.kind); });
  if (tunnel == s->tunnels.end()) {
    tunnel = s->tunnels.insert(s->tunnels.begin(), Tunnel{});
    counts_.CountTunnel(kind, 1);
  }
  tunnel->since = now;
  VpnTunnelView& v = tunnel->view;
  v.kind = kind;
  v.number = ++s->last_number;
  v.cipher = up.cipher;
  v.hash = up.hash;
  v.prf = up.prf;
  v.assigned = up.assigned;
  v.public_address = up.peer;
  v.source_port = up.peer_port;
  v.destination_port = up.local_port;
  v.aggressive = up.aggressive;
  v.auth = up.auth;
  v.local_auth = up.local_auth;
  v.dh_group = up.dh_group;
  v.filter = limits.filter;
  v.client_os = up.client_os;
  v.client_os_version = up.client_version;
  v.rekey_time = VpnLifetime{up.lifetime_s, up.lifetime_s};
  return s->index;
}

std::optional<VpnSessions::Ended> VpnSessions::PeerDown(std::uint32_t ike_sa, IkeEnd why, TimePoint now) {
  Session* s = OfIkeSa(ike_sa);
  if (s == nullptr) return {};
  of_ike_sa_.erase(ike_sa);
  s->ike_sas.erase(ike_sa);
  if (!s->ike_sas.empty()) return {};  // another one has taken its place
  Ended e;
  e.index = s->index;
  e.type = s->type();
  e.group = s->up.tunnel_group;
  e.user = s->up.user;
  e.peer = s->up.peer;
  e.duration = now - s->begun;
  e.traffic = s->traffic();
  e.reason = s->reason.empty() ? std::string(EndReason(why)) : s->reason;
  e.ike_version = s->up.version;
  e.carrier = s->carrier;
  for (const Tunnel& t : s->tunnels) {
    counts_.CountTunnel(t.view.kind, -1);
    for (const std::uint32_t spi : t.spis) of_spi_.erase(spi);
  }
  counts_.Count(s->type(), s->up.version, -1);
  counts_.Free(s->index);
  std::erase(order_, s->index);
  sessions_.erase(e.index);
  return e;
}

void VpnSessions::PairUp(const ChildSa& sa, TimePoint now) {
  Session* s = OfIkeSa(IkeCore::Numbered(sa.ike_version, sa.ike_sa));
  if (s == nullptr || of_spi_.contains(sa.spi_in)) return;
  const VpnTunnelKind kind = KindOf(sa.encapsulation);
  auto tunnel = std::find_if(s->tunnels.begin(), s->tunnels.end(), [&](const Tunnel& t) { return t.activity == sa.activity; });
  if (tunnel == s->tunnels.end()) {
    tunnel = s->tunnels.insert(s->tunnels.end(), Tunnel{});
    tunnel->activity = sa.activity;
    tunnel->begun = now;
    counts_.CountTunnel(kind, 1);
  }
  if (s->carrier == std::nullopt) {  // an audit id begins with the address that the peer came to
    StoreBe32(s->audit_id.data(), static_cast<std::uint32_t>(sa.local.address.lo()));
  }
  s->carrier = kind;
  tunnel->since = now;
  tunnel->spis.insert(sa.spi_in);
  of_spi_[sa.spi_in] = s->index;
  const VpnTraffic before = TrafficOf(*sa.activity);
  tunnel->bytes_before = before.tx_bytes + before.rx_bytes;
  VpnTunnelView& v = tunnel->view;
  v.kind = kind;
  v.number = ++s->last_number;
  v.cipher = sa.cipher;
  v.hash = sa.hash;
  v.encapsulation = sa.transport ? VpnEncapsulation::kTransport : VpnEncapsulation::kTunnel;
  v.assigned = sa.assigned;
  v.public_address = sa.peer.address;
  v.over_tcp = sa.encapsulation == EspEncapsulation::kTcp;
  v.source_port = sa.peer.port;
  v.destination_port = sa.local.port;
  v.dh_group = sa.pfs_group;
  v.local = SelectorOf(sa.key.local);
  v.remote = SelectorOf(sa.key.remote);
  v.filter = s->limits.filter;
  if (sa.seconds.interval != 0) v.rekey_time = sa.seconds;
  if (sa.kilobytes.interval != 0) v.rekey_data = sa.kilobytes;
}

void VpnSessions::PairDown(std::uint32_t spi_in) {
  const auto of = of_spi_.find(spi_in);
  if (of == of_spi_.end()) return;
  Session& s = *sessions_.at(of->second);
  of_spi_.erase(of);
  const auto tunnel = std::find_if(s.tunnels.begin(), s.tunnels.end(), [&](const Tunnel& t) { return t.spis.contains(spi_in); });
  if (tunnel == s.tunnels.end()) return;
  tunnel->spis.erase(spi_in);
  if (!tunnel->spis.empty()) return;  // a rekey: the new pair is there
  s.gone += TrafficOf(*tunnel->activity);
  counts_.CountTunnel(tunnel->view.kind, -1);
  s.tunnels.erase(tunnel);
}

void VpnSessions::PairMoved(std::uint32_t spi_in, const Endpoint& peer) {
  const auto of = of_spi_.find(spi_in);
  if (of == of_spi_.end()) return;
  Session& s = *sessions_.at(of->second);
  s.up.peer = peer.address;
  for (Tunnel& t : s.tunnels) {
    t.view.public_address = peer.address;
    t.view.source_port = peer.port;
  }
}

std::vector<VpnSessions::Due> VpnSessions::AllDue(TimePoint now) const {
  std::vector<Due> all;
  for (const std::uint32_t index : order_) {
    const Session& s = *sessions_.at(index);
    TimePoint lifetime = TimePoint::Max();
    for (const Tunnel& t : s.tunnels) lifetime = std::min(lifetime, t.LifetimeEnds());
    Due due = *Find(index);
    due.at = TimePoint::Max();
    if (s.limits.session_minutes != 0) {
      due.at = s.begun + Duration::Seconds(std::int64_t{60} * s.limits.session_minutes);
      due.why = IkeEnd::kMaxTime;
    }
    const Duration idle = Duration::Seconds(std::int64_t{60} * s.limits.idle_minutes);
    const bool may_idle = s.limits.idle_minutes != 0 && s.HasPairs();
    if (may_idle && s.LastUsed() + idle <= due.at) {
      due.at = s.LastUsed() + idle;
      due.why = IkeEnd::kIdleTimeout;
    }
    if (due.at <= now) {
      due.first = due.at <= lifetime;
      all.push_back(due);
      continue;
    }
    if (!may_idle || !s.up.lan_to_lan) continue;
    // One of several networks of a LAN-to-LAN tunnel that nobody uses goes by itself.
    due.why = IkeEnd::kIdleTimeout;
    for (const Tunnel& t : s.tunnels) {
      if (!t.activity || now - t.LastUsed() < idle) continue;
      due.at = t.LastUsed() + idle;
      due.first = due.at <= std::min(t.LifetimeEnds(), s.tunnels.front().LifetimeEnds());
      for (const std::uint32_t spi : t.spis) {
        due.spi_in = spi;
        all.push_back(due);
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Due& a, const Due& b) { return a.at < b.at; });
  return all;
}

std::vector<std::uint32_t> VpnSessions::OfUser(const std::string& user) const {
  std::vector<std::uint32_t> all;
  const std::string key = UserKey(user);
  for (const std::uint32_t index : order_) {
    const Session& s = *sessions_.at(index);
    if (!s.up.lan_to_lan && UserKey(s.up.user) == key) all.push_back(index);
  }
  return all;
}

TimePoint VpnSessions::LastUsed(std::uint32_t index) const {
  const auto s = sessions_.find(index);
  return s == sessions_.end() ? TimePoint::Max() : s->second->LastUsed();
}

std::optional<VpnSessions::Due> VpnSessions::Find(std::uint32_t index) const {
  const auto i = sessions_.find(index);
  if (i == sessions_.end()) return {};
  Due d;
  d.index = index;
  d.ike_sa = i->second->up.ike_sa;
  d.version = i->second->up.version;
  d.why = IkeEnd::kIdleTimeout;
  return d;
}

void VpnSessions::WillEnd(std::uint32_t index, std::string reason) {
  if (const auto i = sessions_.find(index); i != sessions_.end()) i->second->reason = std::move(reason);
}

std::string VpnSessions::GroupOf(std::uint32_t ike_sa) const {
  const auto i = of_ike_sa_.find(ike_sa);
  return i == of_ike_sa_.end() ? std::string() : sessions_.at(i->second)->up.tunnel_group;
}

std::vector<VpnSessionView> VpnSessions::Views(TimePoint now) const {
  std::vector<VpnSessionView> all;
  for (const std::uint32_t index : order_) {
    const Session& s = *sessions_.at(index);
    VpnSessionView v;
    v.type = s.type();
    v.index = s.index;
    v.name = s.up.lan_to_lan ? s.up.tunnel_group : s.up.user;
    v.peer = s.up.peer;
    v.assigned = s.up.assigned;
    v.group_policy = s.up.group_policy;
    v.tunnel_group = s.up.tunnel_group;
    v.cipher = s.up.cipher;
    v.traffic = s.traffic();
    v.login_wall = s.wall;
    v.duration = now - s.begun;
    v.audit_id = s.audit_id;
    v.filter = s.limits.filter;
    v.admission.age_s = static_cast<std::uint64_t>(v.duration.seconds());
    for (const Tunnel& t : s.tunnels) {
      VpnTunnelView view = t.view;
      if (view.rekey_time) view.rekey_time = Left(view.rekey_time->interval, now - t.since);
      if (t.activity) {
        view.traffic = TrafficOf(*t.activity);
        if (view.rekey_data) {
          const std::uint64_t spent = (view.traffic.tx_bytes + view.traffic.rx_bytes - t.bytes_before) / 1024;
          view.rekey_data->left = view.rekey_data->interval > spent ? view.rekey_data->interval - spent : 0;
        }
        const std::uint64_t idle = std::uint64_t{60} * s.limits.idle_minutes;
        view.idle = idle == 0 ? VpnLifetime{} : Left(idle, now - t.LastUsed());
        if (s.limits.session_minutes != 0) view.session_limit = Left(std::uint64_t{60} * s.limits.session_minutes, now - s.begun);
      }
      v.tunnels.push_back(std::move(view));
    }
    all.push_back(std::move(v));
  }
  return all;
}

}  // namespace sallyport
