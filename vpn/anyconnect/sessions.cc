#include "vpn/anyconnect/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firewall/base/bytes.h"
#include "vpn/address_assignment.h"
#include "vpn/sessions.h"
#include "vpn/traffic_sum.h"

namespace sallyport {
namespace {

constexpr VpnTunnelKind kTlsKind = VpnTunnelKind::kSslTunnel, kDtlsKind = VpnTunnelKind::kDtlsTunnel;

bool IsSslParent(VpnTunnelKind k) { return k == VpnTunnelKind::kAnyConnectParent || k == VpnTunnelKind::kClientless; }

// "Windows" of "Cisco AnyConnect VPN Agent for Windows 3.1.01065"; "": it does not say.
std::string OsOfAgent(const std::string& agent) {
  const std::size_t at = agent.find(" for "), end = agent.rfind(' ');
  return at == std::string::npos || end <= at + 5 ? std::string() : agent.substr(at + 5, end - at - 5);
}

// When a tunnel has last carried data; its beginning counts.
TimePoint LastData(const SslTunnelState& t) {
  const std::int64_t data = std::max(t.activity->last_in_ns.load(std::memory_order_relaxed), t.activity->last_out_ns.load(std::memory_order_relaxed));
  return {std::max(data, t.begun.ns)};
}

const char* TransportName(VpnTunnelKind k) { return k == kDtlsKind ? "UDP" : "TCP"; }
const char* CompressionWord(VpnCompression c) { return c == VpnCompression::kNone ? "without" : "with"; }

VpnLifetime LeftOf(std::uint64_t interval, Duration gone) {
  const auto spent = static_cast<std::uint64_t>(std::max<std::int64_t>(gone.seconds(), 0));
  return {interval, interval > spent ? interval - spent : 0};
}

}  // namespace

std::string_view SslReason(SslHappening h) {
  switch (h) {
    case SslHappening::kLogout:
      return "User Requested";
    case SslHappening::kTunnelsIdle:
    case SslHappening::kParentIdle:
      return "Idle Timeout";
    case SslHappening::kMaxTime:
      return "Max time exceeded";
    case SslHappening::kPreempted:
      return "Connection preempted";
    case SslHappening::kTlsDead:
    case SslHappening::kTlsDeadAlone:
    case SslHappening::kDtlsDead:
      return "DPD failure";
    case SslHappening::kTlsClosed:
    case SslHappening::kDtlsClosed:
    case SslHappening::kPaused:
      return "Transport closing";
    case SslHappening::kNoAddress:
      return "Address assignment failed";
    default:
      return "";
  }
}

const SslTunnelState* SslSession::Tunnel(VpnTunnelKind kind) const {
  const auto t = std::find_if(tunnels.begin(), tunnels.end(), [&](const SslTunnelState& i) { return i.kind == kind; });
  return t == tunnels.end() ? nullptr : &*t;
}

VpnTraffic SslSession::Traffic() const {
  VpnTraffic sum = gone;
  sum += portal;
  for (const SslTunnelState& t : tunnels) {
    if (t.activity) sum += TrafficOf(*t.activity);
  }
  return sum;
}

std::string SslSession::Prefix() const { return fmt::format("Group <{}> User <{}> IP <{}> ", group_policy, user, peer.ToString()); }

// The number of the appliance's start in a token is a multiple of 4096, as real ones are.
SslSessions::SslSessions(Ports ports) : ports_(std::move(ports)), boot_((ports_.entropy.U32() % 4095 + 1) * 4096) {}
SslSessions::~SslSessions() = default;

SslSession* SslSessions::Find(std::uint32_t index) {
  const auto i = sessions_.find(index);
  return i == sessions_.end() ? nullptr : i->second.get();
}

SslSession* SslSessions::Find(TunnelId t) {
  const auto i = of_tunnel_.find(t);
  return i == of_tunnel_.end() ? nullptr : Find(i->second);
}

void SslSessions::Name(SslSession& s, TunnelId t) {
  s.tunnel = t;
  of_tunnel_[t] = s.index;
}

SslSession* SslSessions::ByToken(std::string_view cookie) {
  const auto index = IndexOfToken(cookie);
  SslSession* s = index ? Find(*index) : nullptr;
  // A token of nobody is compared, too: the time tells nothing.
  static constexpr TokenHash kNobody{};
  const bool right = TokenMatches(s == nullptr ? kNobody : s->token, cookie);
  return s != nullptr && right ? s : nullptr;
}

SslSession& SslSessions::Login(const SslLogin& login, TimePoint now, std::int64_t wall, SessionToken& token) {
  auto made = std::make_unique<SslSession>();
  SslSession& s = *made;
  s.index = ports_.counts.NewIndex();
  token = MakeToken(s.index, boot_, ports_.entropy, ways_.release);
  s.token = token.hash;
  s.user = login.user;
  s.tunnel_group = login.tunnel_group;
  s.group_policy = login.group_policy;
  s.peer = login.peer.address;
  s.at = login.at;
  s.rules = login.rules;
  s.user_rules = login.user_rules;
  s.auth = login.auth;
  s.clientless = login.browser;
  s.client = !login.browser;
  s.mobile = login.mobile;
  s.device = login.device;
  s.platform_version = login.platform_version;
  s.version = login.version;
  s.agent = login.agent;
  s.host_scanned = login.host_scanned;
  s.begun = s.parent_since = now;
  s.wall = wall;
  StoreBe32(s.audit.data(), static_cast<std::uint32_t>(login.local.address.lo()));
  StoreBe32(s.audit.data() + 4, s.index << 12);
  StoreBe32(s.audit.data() + 8, static_cast<std::uint32_t>(wall / 1'000'000'000));
  SslTunnelState parent;
  // Before 8.4 every session has a page's tunnel as its parent, and says so.
  const bool web = login.browser || ways_.release < 804;
  parent.kind = web ? VpnTunnelKind::kClientless : VpnTunnelKind::kAnyConnectParent;
  parent.number = ++s.last_number;
  parent.begun = now;
  parent.local = login.local;
  parent.peer = login.peer;
  if (web) {
    parent.cipher = login.cipher;
    parent.hash = login.hash;
    parent.encapsulation = login.encapsulation;
    parent.ciphersuite = login.ciphersuite;
    parent.peer.port = 0;  // a browser has several connections
  }
  parent.client_type = web ? "Web Browser" : "AnyConnect";
  parent.client_version = web || login.version.empty() ? login.agent : login.version;
  s.tunnels.push_back(std::move(parent));
  ports_.counts.Count(login.browser ? VpnSessionType::kWebVpn : VpnSessionType::kAnyConnect, 0, 1, s.mobile);
  ports_.counts.CountTunnel(s.tunnels[0].kind, 1);
  order_.push_back(s.index);
  sessions_[s.index] = std::move(made);
  if (web) {
    Say(716001, 6, s.Prefix() + "WebVPN session started.");
    Say(716038, 6, s.Prefix() + "Authentication: successful, Session Type: WebVPN.");
  } else {
    Say(113039, 6, s.Prefix() + "AnyConnect parent session started.");
  }
  return s;
}

void SslSessions::TunnelComes(SslSession& s, const SslDetail& d, VpnTunnelKind kind, TimePoint now) {
  SslTunnelState t = d.tunnel;
  t.kind = kind;
  t.number = ++s.last_number;
  t.begun = now;
  if (!t.activity) t.activity = std::make_shared<SslActivity>();
  t.client_type = kind == kDtlsKind ? "DTLS VPN Client" : "SSL VPN Client";
  // The DTLS tunnel has the name of who logged in.
  if (kind == kDtlsKind) t.client_version = s.tunnels[0].client_version;
  ports_.counts.CountTunnel(kind, 1);
  Say(722022, 6, s.Prefix() + fmt::format("{} SVC connection established {} compression", TransportName(kind), CompressionWord(t.compression)));
  s.tunnels.push_back(std::move(t));
  s.connects++;
}

void SslSessions::TunnelGoes(SslSession& s, VpnTunnelKind kind, bool dead) {
  const auto t = std::find_if(s.tunnels.begin(), s.tunnels.end(), [&](const SslTunnelState& i) { return i.kind == kind; });
  if (t == s.tunnels.end()) return;
  Say(722023, 6, s.Prefix() + fmt::format("{} SVC connection terminated {} compression", TransportName(kind), CompressionWord(t->compression)));
  s.gone += TrafficOf(*t->activity);
  ports_.counts.CountTunnel(kind, -1);
  s.tunnels.erase(t);
  if (dead) s.dpd_connects++;
}

std::uint32_t SslSessions::Advance(SslSession& s, SslHappening h, const SslDetail& d, TimePoint now) {
  const SslStep& step = SslStepOf(s.state, h);
  if (step.actions == 0) return 0;
  const std::string reason = h == SslHappening::kTlsClosed && !d.text.empty() ? d.text : SslReason(h).empty() ? d.reason : std::string(SslReason(h));
  const bool dead = h == SslHappening::kTlsDead || h == SslHappening::kTlsDeadAlone || h == SslHappening::kDtlsDead;
  const IpAddress from = d.tunnel.peer.address;
  const bool moved = h == SslHappening::kConnect && from != s.peer;
  const std::string prefix = s.Prefix();
  const auto resumed = [&] {
    Say(716059, 6, prefix + (ways_.release >= 912 ? fmt::format("AnyConnect session resumed connection from IP <{}>.", from.ToString())
                                           : fmt::format("AnyConnect session resumed. Connection from {}.", from.ToString())));
  };
  const auto new_connection = [&](int id, VpnTunnelKind kind, const char* format) {
    Say(id, 5, s.Prefix() + fmt::format(fmt::runtime(format), TransportName(kind)));
  };
  constexpr const char* kFirst = "First {} SVC connection established for SVC session.";
  constexpr const char* kNew = "New {} SVC connection, no existing connection.";
  constexpr const char* kReplacing = "New {} SVC connection replacing old connection.";

  // In the order of the bits.
  const std::uint32_t a = step.actions;
  if (a & kSslMessage && !d.text.empty()) {
    constexpr const char* kSeverities[] = {"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"};
    constexpr int kLogged[] = {3, 3, 3, 5, 5, 5, 6, 6};
    const int n = std::clamp(d.severity, 0, 7);
    Say(722007 + n, kLogged[n], prefix + fmt::format("SVC Message: {}/{}: {}.", d.type, kSeverities[n], d.text));
  }
  if (a & kSslResumed || (a & kSslMoved && moved)) resumed();
  if (h == SslHappening::kConnect && !ways_.public_address_stays) {
    s.peer = from;
    s.tunnels[0].peer.address = from;
  }
  if (h == SslHappening::kConnect) s.tunnel_os = OsOfAgent(d.tunnel.client_version);
  if (h == SslHappening::kConnect && s.clientless && !s.client) {
    s.client = true;
    ports_.counts.PortalToClient();
  }
  if (a & kSslAddress) {
    // openconnect, too, has the client's name in its own.
    if (d.tunnel.client_version.find("AnyConnect") == std::string::npos) {
      Say(722053, 6, s.Prefix() + fmt::format("Unknown client {} connection", d.tunnel.client_version));
    }
    Say(722055, 6, s.Prefix() + fmt::format("Client Type: {}", d.tunnel.client_version));
    if (ways_.release >= 804) {
      Say(722051, 4, s.Prefix() + fmt::format("IPv4 Address <{}> IPv6 address <{}> assigned to session",
                                              s.assigned.IsNone() ? "0.0.0.0" : s.assigned.ToString(),
                                              s.assigned6.IsNone() ? "::" : s.assigned6.ToString()));
    } else {
      Say(722051, 4, s.Prefix() + fmt::format("Address <{}> assigned to session", s.assigned.ToString()));
    }
  }
  if (a & kSslFirstTcp) new_connection(722033, kTlsKind, kFirst);
  if (a & kSslNewTcp) new_connection(722034, kTlsKind, kNew);
  if (a & kSslReplacesTcp) {
    new_connection(722032, kTlsKind, kReplacing);
    Say(722028, 5, s.Prefix() + "Stale SVC connection closed.");
  }
  if (a & kSslUdp) {
    if (s.first_udp) new_connection(722033, kDtlsKind, kFirst);
    else new_connection(722034, kDtlsKind, kNew);
  }
  if (a & kSslReplacesUdp) new_connection(722032, kDtlsKind, kReplacing);
  if (a & kSslClosing) Say(722037, 4, s.Prefix() + fmt::format("SVC closing connection: {}.", reason));
  if (a & kSslDropDtls) TunnelGoes(s, kDtlsKind, dead);
  if (a & kSslDropTls) TunnelGoes(s, kTlsKind, dead);
  if (a & kSslTcpUp) TunnelComes(s, d, kTlsKind, now);
  if (a & kSslUdpUp) {
    s.first_udp = false;
    TunnelComes(s, d, kDtlsKind, now);
  }
  if (a & kSslWait) {
    Say(716058, 6, s.Prefix() + "AnyConnect session lost connection. Waiting to resume.");
    s.parent_since = now;
  }
  if (a & kSslInactive && !s.inactive_since) {
    s.inactive_since = now;
    ports_.counts.CountInactive(1);
  }
  if (a & (kSslActive | kSslEnd) && s.inactive_since) {
    s.inactive_since.reset();
    ports_.counts.CountInactive(-1);
  }
  s.state = step.next;
  if (a & kSslEnd) SayEnd(s, reason, now);
  return a;
}

void SslSessions::SayEnd(const SslSession& s, const std::string& reason, TimePoint now) const {
  const VpnTraffic t = s.Traffic();
  if (!s.assigned.IsNone() && !s.leased) {
    AddressFreed freed(ways_.release, s.pool, s.assigned);
    Say(freed.syslog, 6, std::move(freed.text));
  }
  if (s.connects != 0) {
    Say(722029, 7, s.Prefix() + fmt::format("SVC Session Termination: Conns: {}, DPD Conns: {}, Comp resets: 0, Dcmp resets: 0", s.connects, s.dpd_connects));
    Say(722030, 7, s.Prefix() + fmt::format("SVC Session Termination: In: {} (+{}) bytes, {} (+{}) packets, {} drops.", t.rx_bytes - s.portal.rx_bytes,
                                            s.portal.rx_bytes, t.rx_packets - s.portal.rx_packets, s.portal.rx_packets, t.rx_dropped));
    Say(722031, 7, s.Prefix() + fmt::format("SVC Session Termination: Out: {} (+{}) bytes, {} (+{}) packets, {} drops.", t.tx_bytes - s.portal.tx_bytes,
                                            s.portal.tx_bytes, t.tx_packets - s.portal.tx_packets, s.portal.tx_packets, t.tx_dropped));
  }
  if (s.tunnels[0].kind == VpnTunnelKind::kClientless) Say(716002, 6, s.Prefix() + fmt::format("WebVPN session terminated: {}.", reason));
  const char* type = !s.client ? "Clientless" : ways_.release < 804 ? "SVC" : "SSL";
  Say(113019, 4,
      fmt::format("Group = {}, Username = {}, IP = {}, Session disconnected. Session Type: {}, Duration: {}, Bytes xmt: {}, Bytes rcv: {}, Reason: {}",
                  s.tunnel_group, s.user, s.peer.ToString(), type, VpnDuration(now - s.begun), t.tx_bytes, t.rx_bytes, reason));
}

void SslSessions::Forget(std::uint32_t index) {
  SslSession* s = Find(index);
  if (s == nullptr) return;
  if (s->inactive_since) ports_.counts.CountInactive(-1);
  for (const SslTunnelState& t : s->tunnels) ports_.counts.CountTunnel(t.kind, -1);
  ports_.counts.Count(s->client ? VpnSessionType::kAnyConnect : VpnSessionType::kWebVpn, 0, -1, s->mobile);
  ports_.counts.Free(index);
  of_tunnel_.erase(s->tunnel);
  std::erase(order_, index);
  sessions_.erase(index);
}

// --- time

std::uint32_t SslSessions::IdleSeconds(const SslSession& s, bool tunnels) const {
  if (s.rules.idle_minutes != 0) return s.rules.idle_minutes * 60;
  return tunnels ? 0 : ways_.default_idle_s;
}

std::optional<SslSessions::Due> SslSessions::DueOf(const SslSession& s) const {
  Due due{s.index, SslHappening::kMaxTime, TimePoint::Max()};
  if (s.rules.session_minutes != 0) due.at = s.begun + Duration::Seconds(std::int64_t{60} * s.rules.session_minutes);
  TimePoint used = s.parent_since;
  const bool tunnels = s.HasTls() || s.HasDtls();
  if (tunnels) {
    used = {};
    for (const SslTunnelState& t : s.tunnels) {
      if (t.activity) used = std::max(used, LastData(t));
    }
  }
  const std::uint32_t idle = IdleSeconds(s, tunnels);
  if (idle != 0 && used + Duration::Seconds(idle) <= due.at) {
    due.at = used + Duration::Seconds(idle);
    due.what = tunnels ? SslHappening::kTunnelsIdle : SslHappening::kParentIdle;
  }
  if (due.at == TimePoint::Max()) return {};
  return due;
}

std::vector<SslSessions::Due> SslSessions::AllDue(TimePoint now) const {
  std::vector<Due> all;
  for (const std::uint32_t index : order_) {
    const auto due = DueOf(*sessions_.at(index));
    if (due && due->at <= now) all.push_back(*due);
  }
  std::stable_sort(all.begin(), all.end(), [](const Due& a, const Due& b) { return a.at < b.at; });
  return all;
}

// --- what others see

TimePoint SslSessions::LastUsed(std::uint32_t index) const {
  const auto i = sessions_.find(index);
  if (i == sessions_.end()) return TimePoint::Max();
  TimePoint last = i->second->parent_since;
  for (const SslTunnelState& t : i->second->tunnels) {
    if (t.activity) last = std::max(last, LastData(t));
  }
  return last;
}

std::vector<std::uint32_t> SslSessions::OfUser(const std::string& user) const {
  std::vector<std::uint32_t> all;
  const std::string key = UserKey(user);
  for (const std::uint32_t index : order_) {
    if (UserKey(sessions_.at(index)->user) == key) all.push_back(index);
  }
  return all;
}

std::vector<VpnSessionView> SslSessions::Views(TimePoint now) const {
  std::vector<VpnSessionView> all;
  for (const std::uint32_t index : order_) all.push_back(ViewOf(*sessions_.at(index), now));
  return all;
}

VpnSessionView SslSessions::ViewOf(const SslSession& s, TimePoint now) const {
  VpnSessionView v;
  v.type = s.client ? VpnSessionType::kAnyConnect : VpnSessionType::kWebVpn;
  v.index = s.index;
  v.name = s.user;
  v.peer = s.peer;
  // Before 9.2 a session that waits shows no address, though it keeps it.
  if (s.state != SslState::kWaiting || ways_.release >= 902) {
    v.assigned = s.assigned;
    v.assigned_ipv6 = s.assigned6;
  }
  v.license.premium = !ways_.essentials;
  v.license.essentials = ways_.essentials;
  v.license.mobile = s.mobile;
  v.group_policy = s.group_policy;
  v.tunnel_group = s.tunnel_group;
  v.traffic = s.Traffic();
  v.login_wall = s.wall;
  v.duration = now - s.begun;
  if (s.inactive_since) v.inactive = now - *s.inactive_since;
  v.audit_id = s.audit;
  v.filter = s.rules.filter.name;
  v.cipher = s.tunnels.back().cipher;  // of DTLS before TLS before the parent
  v.admission.age_s = static_cast<std::uint64_t>(std::max<std::int64_t>(v.duration.seconds(), 0));
  std::optional<VpnLifetime> session_limit;
  if (s.rules.session_minutes != 0) session_limit = LeftOf(std::uint64_t{60} * s.rules.session_minutes, v.duration);
  const bool tunnels = s.HasTls() || s.HasDtls();
  std::uint64_t least = UINT64_MAX;
  for (const SslTunnelState& t : s.tunnels) {
    VpnTunnelView w;
    w.kind = t.kind;
    w.number = t.number;
    w.cipher = t.cipher;
    w.hash = t.hash;
    w.ciphersuite = t.ciphersuite;
    w.encapsulation = t.encapsulation;
    w.compression = t.compression;
    if (!IsSslParent(t.kind)) {
      w.assigned = s.assigned;
      w.filter = s.rules.filter.name;
    }
    w.public_address = IsSslParent(t.kind) || ways_.public_address_stays ? s.peer : t.peer.address;
    w.over_tcp = t.kind != kDtlsKind;
    w.source_port = t.peer.port;
    w.destination_port = t.local.port;
    w.auth = s.auth;
    w.client_os = IsSslParent(t.kind) ? s.device : s.tunnel_os;
    w.client_os_version = IsSslParent(t.kind) ? s.platform_version : "";
    w.client_type = t.client_type;
    w.client_version = t.client_version;
    w.session_limit = session_limit;
    const std::uint64_t idle = IdleSeconds(s, tunnels);
    if (t.activity) {
      w.traffic = TrafficOf(*t.activity);
      w.idle = idle == 0 ? VpnLifetime{} : LeftOf(idle, now - LastData(t));
      least = std::min(least, w.idle->left);
    } else {
      w.traffic = s.portal;
      w.idle = idle == 0 ? VpnLifetime{} : LeftOf(idle, now - s.parent_since);
    }
    v.tunnels.push_back(std::move(w));
  }
  // The parent's time stands still while there are tunnels: it shows theirs.
  if (least != UINT64_MAX && !v.tunnels.empty()) v.tunnels[0].idle->left = least;
  return v;
}

}  // namespace sallyport
