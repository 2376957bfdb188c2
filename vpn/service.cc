#include "vpn/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "vpn/key_log.h"

namespace sallyport {
namespace {

constexpr Duration kDueInterval = Duration::Seconds(1);  // idle and session timeouts are in minutes
constexpr std::uint32_t kLeastSpi = 256;  // smaller ones are reserved (RFC 4303 2.1)

std::shared_ptr<const VpnPolicy> NoTunnels() {
  auto none = std::make_shared<VpnPolicy>();
  none->group_policies["DfltGrpPolicy"].name = "DfltGrpPolicy";
  return none;
}

// 113019's name of a kind of session. Before 8.4 a LAN-to-LAN session is called by its tunnel.
std::string SessionTypeName(const VpnSessions::Ended& e, const Personality& personality) {
  const bool natt = e.carrier == VpnTunnelKind::kIpsecOverNatT;
  if (e.type == VpnSessionType::kLanToLan) {
    if (personality.ikev1_keyword) return "LAN-to-LAN";
    return natt ? "IPSecLAN2LANOverNatT" : "IPSecLAN2LAN";
  }
  if (!e.carrier) return !personality.ikev1_keyword ? "IKE" : e.ike_version == 2 ? "IKEv2" : "IKEv1";
  switch (*e.carrier) {
    case VpnTunnelKind::kIpsecOverNatT:
      return "IPsecOverNatT";
    case VpnTunnelKind::kIpsecOverTcp:
      return "IPsecOverTCP";
    case VpnTunnelKind::kIpsecOverUdp:
      return "IPsecOverUDP";
    default:
      return "IPsec";
  }
}

}  // namespace

VpnService::VpnService(Ports ports, const IkeCore::Make& v1, const IkeCore::Make& v2)
    : ports_(std::move(ports)),
      policy_(std::make_shared<Policy>()),
      vpn_(NoTunnels()),
      judge_({ports_.logger, ports_.clock, ports_.times, ports_.check_user, ports_.aaa, counts_, ports_.compile_list}),
      accounting_(ports_.aaa, ports_.entropy),
      sessions_(counts_),
      times_(ports_.times()),
      core_(*this, v1, v2) {
  judge_.UsePolicy(policy_, vpn_);
  counts_.Join(ours_);
}

VpnService::~VpnService() { *alive_ = false; }

// --- what happens

void VpnService::UsePolicy(std::shared_ptr<const Policy> policy) {
  Enter([&] {
    policy_ = std::move(policy);
    auto vpn = std::dynamic_pointer_cast<const VpnPolicy>(policy_->tunnels);
    if (vpn == nullptr) vpn = NoTunnels();
    const bool same = vpn == vpn_;
    vpn_ = std::move(vpn);
    judge_.UsePolicy(policy_, vpn_);
    std::set<IpAddress> own;
    for (const auto& i : policy_->interfaces) {
      if (!i) continue;
      if (!i->address.IsNone()) own.insert(i->address);
      for (const InterfaceAddress6& a : i->ipv6) own.insert(a.address);
    }
    pools_.UseOwnAddresses(std::move(own));
    core_.UseTunnelManager(policy_->personality.ikev1_keyword);
    if (same) return;
    pools_.UsePools(vpn_->pools);
    pools_.UsePools6(vpn_->pools6);
    pools_.UseAssignment(vpn_->assign);
    core_.UsePolicy(vpn_, times_);
  });
}

void VpnService::Receive(const IkeDatagram& d) {
  Enter([&] { core_.Receive(d, times_); });
}

void VpnService::TakeEvents(std::deque<TunnelEvent> events) {
  Enter([&] {
    for (TunnelEvent& e : events) {
      switch (e.what) {
        case TunnelEvent::What::kNeedSa:
          core_.Need(e.entry, e.flow, times_);
          break;
        case TunnelEvent::What::kTcpIke: {
          IkeDatagram d;
          d.via = IkeDatagram::Via::kTcp;
          d.at = e.at;
          d.local = e.local;
          d.peer = e.peer;
          d.bytes = std::move(e.bytes);
          core_.Receive(d, times_);
          break;
        }
        case TunnelEvent::What::kTcpClosed: {
          // Nothing can be said to that peer any more: what was there by that connection has lost its service.
          IkeClear gone;
          gone.why = IkeEnd::kLostService;
          for (const IkeSaView& v : core_.Views(times_)) {
            if (v.remote.address != e.peer.address || v.remote.port != e.peer.port) continue;
            gone.ike_sa = v.number;
            gone.version = v.version;
            core_.Clear(gone, times_);
          }
          break;
        }
        default:
          core_.Event(e, times_);
          break;
      }
    }
  });
}

void VpnService::Tick() {
  Enter([&] {
    // Whatever was due first ends a session.
    const bool look = times_.now - due_checked_ >= kDueInterval;
    if (look) EndDue(/*first=*/true);
    core_.AdvanceTo(times_);
    if (look) {
      EndDue(/*first=*/false);
      InterimAccounting();
    }
    RaiseVirtualTunnels();
    TellRoutes();
  });
}

void VpnService::EndDue(bool first) {
  due_checked_ = times_.now;
  for (const VpnSessions::Due& d : sessions_.AllDue(times_.now)) {
    if (d.first == first) End(d, {});
  }
}

void VpnService::End(const VpnSessions::Due& which, const std::string& reason) {
  if (!reason.empty()) sessions_.WillEnd(which.index, reason);
  IkeClear clear;
  clear.why = which.why;
  clear.version = which.version;
  if (which.spi_in) {
    clear.spi_in = which.spi_in;
    clear.ipsec_only = true;
  } else {
    clear.ike_sa = which.ike_sa;
  }
  core_.Clear(clear, times_);
}

void VpnService::Shutdown(bool reboot) {
  Enter([&] {
    const std::string reason = reboot ? "Administrator Reboot" : "Administrator Shutdown";
    for (const VpnSessionView& s : sessions_.Views(times_.now)) sessions_.WillEnd(s.index, reason);
    for (RemoteSessions* database : counts_.databases()) {
      if (database == &ours_) continue;
      for (const VpnSessionView& s : database->Views(times_.now)) database->Logoff(s.index, reason);
    }
    IkeClear all;
    all.why = IkeEnd::kShutdown;
    core_.Clear(all, times_);
  });
}

// --- the console

std::vector<IkeSaView> VpnService::IkeSas() { return core_.Views(ports_.times()); }

std::vector<IpsecFlowView> VpnService::IpsecFlows() {
  std::vector<IpsecFlowView> flows;
  const TimePoint now = ports_.times().now;
  ports_.ask_engine([&] { flows = ports_.tunnels.Flows(now); });
  return flows;
}

std::optional<IpsecOverTcpView> VpnService::IpsecOverTcp() {
  IpsecOverTcpView stats;
  ports_.ask_engine([&] { stats = ports_.tunnels.TcpStats(); });
  return stats;
}

std::vector<VpnContextView> VpnService::Contexts() {
  std::vector<VpnContextView> contexts;
  const TimePoint now = ports_.times().now;
  ports_.ask_engine([&] { contexts = ports_.tunnels.Contexts(now); });
  return contexts;
}

std::uint32_t VpnService::Clear(const IkeClear& what) {
  std::uint32_t gone = 0;
  Enter([&] { gone = core_.Clear(what, times_); });
  return gone;
}

void VpnService::ClearCounters() {
  ports_.ask_engine([&] { ports_.tunnels.ClearCounters(); });
}

// --- IkeHost

void VpnService::Send(const IkeDatagram& d) {
  if (d.via != IkeDatagram::Via::kTcp) {
    ports_.transport.Send(d);
    return;
  }
  ports_.post_engine([&tunnels = ports_.tunnels, d, now = times_.now] { tunnels.SendTcpIke(d.at, d.local, d.peer, d.bytes, now); });
}

std::uint32_t VpnService::NewSpi() {
  for (;;) {
    const std::uint32_t spi = ports_.entropy.U32();
    if (spi >= kLeastSpi && !pairs_.contains(spi)) return spi;
  }
}

void VpnService::Install(std::shared_ptr<const ChildSa> sa) {
  made_[sa->ike_version == 2].pairs++;
  pairs_[sa->spi_in] = sa;
  if (ports_.key_log) {
    for (const std::string& line : EspKeyLines(*sa)) ports_.key_log("esp " + line);
  }
  ports_.ask_engine([&] { ports_.tunnels.Install(sa, times_.now); });
  sessions_.PairUp(*sa, times_.now);
  LogPair(*sa, true);
  routes_stale_ = true;
}

void VpnService::UseOutbound(std::uint32_t spi_in) {
  ports_.post_engine([&tunnels = ports_.tunnels, spi_in, now = times_.now] { tunnels.UseOutbound(spi_in, now); });
}

void VpnService::Retire(std::uint32_t spi_in) {
  ports_.post_engine([&tunnels = ports_.tunnels, spi_in, now = times_.now] { tunnels.Retire(spi_in, now); });
}

void VpnService::Remove(std::uint32_t spi_in) {
  const auto pair = pairs_.find(spi_in);
  if (pair == pairs_.end()) return;
  const std::shared_ptr<const ChildSa> sa = pair->second;
  pairs_.erase(pair);
  ports_.post_engine([&tunnels = ports_.tunnels, spi_in, now = times_.now] { tunnels.Remove(spi_in, now); });
  sessions_.PairDown(spi_in);
  LogPair(*sa, false);
  routes_stale_ = true;
}

void VpnService::MovePeer(std::uint32_t spi_in, const Endpoint& peer) {
  ports_.post_engine([&tunnels = ports_.tunnels, spi_in, peer, now = times_.now] { tunnels.MovePeer(spi_in, peer, now); });
  sessions_.PairMoved(spi_in, peer);
}

void VpnService::Compute(std::function<void()> work, std::function<void()> done) {
  if (!ports_.compute) {
    // Not within the call that asked for it: it may be in the middle of a message.
    work();
    later_.push_back(std::move(done));
    if (depth_ == 0) Enter([] {});
    return;
  }
  ports_.compute(std::move(work), [this, alive = alive_, done = std::move(done)] {
    if (*alive) Enter(done);
  });
}

void VpnService::Say(const IkeSaying& s) {
  if (s.syslog != 0) {
    // What debug output has on several lines is one message.
    std::string text = s.text;
    std::replace(text.begin(), text.end(), '\n', ' ');
    ports_.logger.Say(s.syslog, s.severity, text);
  }
  debug_.Say(s);
}

bool VpnService::Hears(IkeSaying::Debug what, int level) const { return debug_.Hears(what, level); }

void VpnService::PeerUp(const IkePeerUp& up, std::uint32_t replaces) {
  Made& made = made_[up.version == 2];
  (replaces == 0 ? made.created : made.rekeyed)++;
  const VpnGroupPolicy rules = up.lan_to_lan ? vpn_->GroupPolicy(up.group_policy) : vpn_->GroupPolicyOf(up.group_policy, up.rules.get());
  if (!up.lan_to_lan && replaces == 0) {
    // A login too many ends the session that has been idle for longest.
    if (const auto idle = counts_.TooMany(up.user, rules.simultaneous_logins)) {
      later_.push_back([w = *idle] { w.database->Logoff(w.index, "Connection preempted"); });
    }
  }
  VpnSessions::Limits limits;
  limits.idle_minutes = rules.idle_minutes;
  limits.session_minutes = rules.session_minutes;
  limits.filter = rules.filter.name;
  const std::size_t most = vpn_->max_sessions != 0 ? std::min(vpn_->max_sessions, VpnSessions::kMost) : VpnSessions::kMost;
  const bool full = replaces == 0 && counts_.size() >= most;
  if (full) {
    ports_.logger.Say(113029, 4,
                      fmt::format("Group {} User {} IP {} Session could not be established: session limit of {} reached", up.group_policy,
                                  up.user, up.peer.ToString(), most));
  }
  const std::uint32_t index = sessions_.PeerUp(up, replaces, limits, times_.now, ports_.clock.WallNanos(times_.now));
  if (replaces == 0) AccountStart(up, index);
  if (auto which = full ? sessions_.Find(index) : std::nullopt) {
    which->why = IkeEnd::kAdministratorReset;
    later_.push_back([this, w = *which] { End(w, "Service Unavailable"); });
  }
  // IKEv2 makes its first pair with the association itself.
  for (const auto& [spi, sa] : pairs_) {
    if (sa->ike_version == up.version && sa->ike_sa == up.ike_sa) sessions_.PairUp(*sa, times_.now);
  }
}

void VpnService::PeerDown(std::uint32_t ike_sa, IkeEnd why) {
  made_[(ike_sa & IkeCore::kVersion2) != 0].deleted++;
  const auto ended = sessions_.PeerDown(ike_sa, why, times_.now);
  if (!ended) return;
  accounting_.Stop(ended->index, ended->duration, ended->traffic, ended->reason);
  ports_.logger.Say(113019, 4,
                    fmt::format("Group = {}, Username = {}, IP = {}, Session disconnected. Session Type: {}, Duration: {}, Bytes xmt: {}, "
                                "Bytes rcv: {}, Reason: {}",
                                ended->group, ended->user.empty() ? ended->group : ended->user, ended->peer.ToString(),
                                SessionTypeName(*ended, policy_->personality), VpnDuration(ended->duration), ended->traffic.tx_bytes,
                                ended->traffic.rx_bytes, ended->reason));
}

IpAddress VpnService::AddressOf(IfId at) const {
  const Interface* f = policy_->Find(at);
  return f == nullptr || !f->InUse() ? IpAddress() : f->address;
}

std::string VpnService::NameOf(IfId at) const {
  const Interface* f = policy_->Find(at);
  return f == nullptr ? std::string() : f->nameif;
}

void VpnService::LogPair(const ChildSa& sa, bool created) {
  if (created) DebugPairUp(sa);
  else DebugPairDown(sa);
  // Outbound first, as an ASA writes them when a tunnel comes up.
  std::string user = sa.user;
  if (user.empty()) user = sessions_.GroupOf(IkeCore::Numbered(sa.ike_version, sa.ike_sa));
  if (user.empty()) user = sa.peer.address.ToString();
  for (const bool outbound : {true, false}) {
    ports_.logger.Say(created ? 602303 : 602304, 6,
                      fmt::format("IPSEC: An {} {} SA (SPI= 0x{:08X}) between {} and {} (user= {}) has been {}.", outbound ? "outbound" : "inbound",
                                  sa.lan_to_lan ? "LAN-to-LAN" : "remote access", outbound ? sa.spi_out : sa.spi_in,
                                  sa.local.address.ToString(), sa.peer.address.ToString(), user, created ? "created" : "deleted"));
  }
}

}  // namespace sallyport
