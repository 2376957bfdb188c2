#include "vpn/anyconnect/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport {
namespace {

std::shared_ptr<const VpnPolicy> NoPolicy() {
  auto none = std::make_shared<VpnPolicy>();
  none->group_policies["DfltGrpPolicy"].name = "DfltGrpPolicy";
  return none;
}

}  // namespace

SslService::SslService(Ports ports)
    : ports_(std::move(ports)),
      policy_(std::make_shared<Policy>()),
      vpn_(NoPolicy()),
      sessions_({[this](const SslSessions::Said& said) { ports_.logger.Say(said.id, said.severity, said.text); }, ports_.counts, ports_.entropy}),
      accounting_(ports_.aaa, ports_.entropy) {
  ports_.counts.Join(*this);
}

SslService::~SslService() {
  *alive_ = false;
  ports_.counts.Leave(*this);
}

void SslService::Post(std::function<void(SslControl&)> f) {
  ports_.post_engine([&plane = ports_.plane, f = std::move(f)] { f(plane); });
}

SslLastFrame SslService::LastFrame(const std::string& text) {
  constexpr std::uint8_t kLogoutNotice = 5 << 5 | 16;
  SslLastFrame frame;
  frame.payload.push_back(kLogoutNotice);
  frame.payload.insert(frame.payload.end(), text.begin(), text.end());
  return frame;
}

bool SslService::ClientsAreServed() const { return vpn_->ssl.client_enabled && !vpn_->ssl.images.empty(); }

void SslService::UsePolicy(std::shared_ptr<const Policy> policy) {
  policy_ = std::move(policy);
  vpn_ = std::dynamic_pointer_cast<const VpnPolicy>(policy_->tunnels);
  if (vpn_ == nullptr) vpn_ = NoPolicy();
  release_ = policy_->personality.release;
  const auto& bugs = vpn_->ssl.emulated_bugs;
  SslSessions::Ways ways;
  ways.release = release_;
  ways.default_idle_s = vpn_->ssl.default_idle_s;
  ways.essentials = vpn_->ssl.essentials;
  ways.public_address_stays = bugs.contains("CSCtg33110");
  ways.dtls_outlives_tls = bugs.contains("CSCts66926");
  sessions_.Use(ways);
  // Sessions whose interface serves nobody any more, or whose tunnel group is gone.
  for (const std::uint32_t index : std::vector<std::uint32_t>(sessions_.order())) {
    SslSession& s = *sessions_.Find(index);
    const auto& on = vpn_->ssl.enabled;
    const bool served = std::any_of(on.begin(), on.end(), [&](const SslPolicy::On& i) { return i.at == s.at; });
    if (!served || vpn_->Group(s.tunnel_group) == nullptr) Logoff(index, "Administrator Reset");
  }
}

// --- a step of a session

std::uint32_t SslService::Happen(SslSession& s, SslHappening h, const SslDetail& d, bool portal) {
  const auto times = ports_.times();
  const TunnelId tunnel = s.tunnel;
  const std::uint32_t index = s.index;
  const VpnTraffic before = s.Traffic();
  const std::string reason = SslReason(h).empty() ? d.reason : std::string(SslReason(h));
  const bool tls = s.HasTls(), dtls = s.HasDtls();
  const std::vector<SslTunnelState> tunnels = s.tunnels;
  const IfId at = s.at;
  const std::uint32_t actions = sessions_.Advance(s, h, d, times.now);
  if (actions == 0) return 0;
  if (!portal_has_said_) SayTerminated(at, tunnels, s);
  Live& live = live_[index];
  if (h == SslHappening::kConnect && dtls) {
    // It still receives, until the client has another one.
    live.old_dtls_until = times.real + Duration::Seconds(60);
  } else if (h != SslHappening::kConnect && h != SslHappening::kDtlsUp && tunnel != TunnelId::kNone) {
    std::optional<SslLastFrame> last;
    // Who logs out at the portal is told by the tunnel, too.
    if ((actions & kSslLastFrame) || portal) last = LastFrame(reason);
    const bool drop_dtls = dtls && (actions & kSslDropDtls), drop_tls = tls && (actions & kSslDropTls);
    if (drop_dtls || drop_tls) {
      Post([=, now = times.now](SslControl& plane) {
        if (drop_dtls) plane.Drop(tunnel, SslWay::kDtls, drop_tls ? std::nullopt : last, now);
        if (drop_tls) plane.Drop(tunnel, SslWay::kTls, last, now);
      });
    }
  }
  if (h == SslHappening::kTlsDead || h == SslHappening::kTlsDeadAlone || h == SslHappening::kDtlsDead) counters_.dead++;
  if (h == SslHappening::kPaused) counters_.paused++;
  if (h == SslHappening::kTunnelsIdle || h == SslHappening::kParentIdle) counters_.idle++;
  if (actions & kSslEnd) {
    End(s, reason, before);
  } else if (s.state == SslState::kWaiting || s.state == SslState::kDtls) {
    // Handshakes for the CONNECT that is over lead to nothing.
    if (s.state == SslState::kWaiting) std::erase_if(handshakes_, [&](const auto& i) { return i->index == index; });
  }
  return actions;
}

void SslService::End(SslSession& s, const std::string& reason, const VpnTraffic& traffic) {
  const auto times = ports_.times();
  const std::uint32_t index = s.index;
  counters_.ended++;
  std::erase_if(handshakes_, [&](const auto& i) { return i->index == index; });
  if (s.tunnel != TunnelId::kNone) {
    Post([tunnel = s.tunnel, now = times.now](SslControl& plane) { plane.Close(tunnel, now); });
  }
  GiveAddresses(s);
  accounting_.Stop(index, times.now - s.begun, traffic, reason);
  if (const auto live = live_.find(index); live != live_.end()) {
    by_dtls_id_.erase(live->second.dtls.id);
    live_.erase(live);
  }
  sessions_.Forget(index);
}

bool SslService::Logoff(std::uint32_t index, const std::string& reason) {
  SslSession* s = sessions_.Find(index);
  if (s == nullptr) return false;
  SslDetail d;
  d.reason = reason;
  Happen(*s, reason == SslReason(SslHappening::kPreempted) ? SslHappening::kPreempted : SslHappening::kLogoff, d);
  return true;
}

// --- what the data path tells

void SslService::Connected(const TunnelMade& tunnel, std::unique_ptr<TlsChannel> channel, int socket) {
  const auto times = ports_.times();
  SslSession* s = sessions_.Find(tunnel.session);
  // A session that has ended meanwhile: the plane knows no such tunnel, and closes the socket.
  const SslTunnelState* state = s == nullptr ? nullptr : s->Tunnel(VpnTunnelKind::kSslTunnel);
  const bool current = state != nullptr && state->number == tunnel.number;
  const std::shared_ptr<SslActivity> activity = current ? state->activity : std::make_shared<SslActivity>();
  const bool rekey = s != nullptr && s->rules.client.rekey == SslClientRules::Rekey::kSsl && s->rules.client.rekey_minutes != 0;
  auto moved = std::make_shared<std::unique_ptr<TlsChannel>>(std::move(channel));
  // One that another CONNECT has overtaken is nobody's, either.
  Post([=, t = current ? tunnel.tunnel : TunnelId::kNone, number = tunnel.number, now = times.now](SslControl& plane) {
    plane.AddTls(t, number, std::move(**moved), socket, activity, now);
    if (rekey) plane.AllowRekey(t, now);
  });
}

void SslService::TunnelLost(const TunnelMade& made) {
  SslSession* s = sessions_.Find(made.session);
  const SslTunnelState* t = s == nullptr ? nullptr : s->Tunnel(VpnTunnelKind::kSslTunnel);
  // The data path has had no TLS of it.
  if (t == nullptr || t->number != made.number) return;
  portal_has_said_ = true;  // 725007, with the end of its connection
  Happen(*s, SslHappening::kTlsClosed, {});
  portal_has_said_ = false;
}

void SslService::OnEvents(std::deque<SslEvent> events) {
  const auto times = ports_.times();
  for (const SslEvent& e : events) {
    SslSession* s = sessions_.Find(e.tunnel);
    if (s == nullptr) continue;
    const SslTunnelState* tunnel = s->Tunnel(e.way == SslWay::kTls ? VpnTunnelKind::kSslTunnel : VpnTunnelKind::kDtlsTunnel);
    if (tunnel == nullptr || tunnel->number != e.number) continue;  // of one that was replaced
    SslDetail d;
    switch (e.what) {
      case SslEvent::What::kTlsClosed:
        d.text = e.text;
        Happen(*s, SslHappening::kTlsClosed, d);
        break;
      case SslEvent::What::kDtlsClosed:
        Happen(*s, SslHappening::kDtlsClosed, d);
        break;
      case SslEvent::What::kBye: {
        d.severity = e.code == 0 ? 5 : e.severity();
        d.type = e.type();
        // What a peer says goes into a log: nothing that could change a terminal.
        for (const char c : e.text.substr(0, 256)) d.text += static_cast<unsigned char>(c) >= 0x20 && c != 0x7f ? c : '?';
        const bool pause = PausesSession(e);
        if (!pause) counters_.logouts++;
        Happen(*s, pause ? SslHappening::kPaused : SslHappening::kLogout, d);
        break;
      }
      case SslEvent::What::kBadFrame: {
        counters_.bad_frames++;
        const std::string who = s->Prefix();
        switch (e.error) {
          case SslEvent::Error::kUnknownType:
            Say(722015, 4, who + fmt::format("Unknown SVC frame type: {}", e.code));
            break;
          case SslEvent::Error::kLength:
            Say(722016, 4, who + fmt::format("Bad SVC frame length: {} expected: {}", e.code, e.expected));
            break;
          case SslEvent::Error::kFraming:
            Say(722017, 4, who + fmt::format("Bad SVC framing: {}, reserved: 0", e.text.empty() ? fmt::format("{:06X}", e.code) : e.text));
            break;
          case SslEvent::Error::kVersion:
            Say(722018, 4, who + fmt::format("Bad SVC protocol version: {}, expected: {}", e.code, e.expected));
            break;
          case SslEvent::Error::kShort:
            Say(722019, 4, who + fmt::format("Not enough data for an SVC header: {}", e.code));
            break;
          case SslEvent::Error::kNone:
            break;
        }
        break;
      }
      case SslEvent::What::kFirstData:
        debug_.Say(WebvpnDebug::What::kAnyConnect, 255,
                   fmt::format("First data of session {} by tunnel {}.{}", s->index, s->index, e.number));
        break;
      case SslEvent::What::kRekeyed:
        debug_.Say(WebvpnDebug::What::kAnyConnect, 1, fmt::format("SVC rekey by SSL renegotiation, tunnel {}.{}", s->index, e.number));
        live_[s->index].rekey_at = times.real + Duration::Seconds(60);
        break;
      case SslEvent::What::kMtuLowered:
        debug_.Say(WebvpnDebug::What::kAnyConnect, 1, fmt::format("Path MTU: dtls-mtu of session {} is {} now", s->index, e.mtu));
        break;
    }
  }
}

// --- time

Times SslService::NextDeadline() const {
  const auto times = ports_.times();
  Times next{TimePoint::Max(), TimePoint::Max()};
  for (const std::uint32_t index : sessions_.order()) {
    const SslSession* s = const_cast<SslSessions&>(sessions_).Find(index);
    if (const auto due = sessions_.DueOf(*s)) next.now = std::min(next.now, due->at);
  }
  if (!sessions_.order().empty()) next.real = times.real + Duration::Seconds(1);
  if (Busy()) next.real = times.real + Duration::Milliseconds(50);
  return next;
}

void SslService::Tick() {
  const auto times = ports_.times();
  TickHandshakes(times.real);
  // Whoever moves the appliance's clock sees what is due at once; a look at every session each second does otherwise.
  if (times.now - due_checked_ >= Duration::Seconds(1)) {
    due_checked_ = times.now;
    EndDue(times.now);
  }
  if (times.real - probed_ >= Duration::Seconds(1)) {
    probed_ = times.real;
    ProbePeers(times.real);
  }
}

void SslService::EndDue(TimePoint now) {
  for (const SslSessions::Due& due : sessions_.AllDue(now)) {
    if (SslSession* s = sessions_.Find(due.index)) Happen(*s, due.what, {});
  }
}

void SslService::ProbePeers(TimePoint real) {
  for (const std::uint32_t index : std::vector<std::uint32_t>(sessions_.order())) {
    SslSession* s = sessions_.Find(index);
    if (s == nullptr || s->tunnel == TunnelId::kNone) continue;
    Live& live = live_[index];
    if (real >= live.old_dtls_until) {
      live.old_dtls_until = TimePoint::Max();
      if (!s->HasDtls()) {
        Post([t = s->tunnel, now = ports_.times().now](SslControl& plane) { plane.Drop(t, SslWay::kDtls, {}, now); });
      }
    }
    if (real >= live.rekey_at) {
      live.rekey_at = TimePoint::Max();
      Post([t = s->tunnel, now = ports_.times().now](SslControl& plane) { plane.AllowRekey(t, now); });
    }
    const std::uint32_t interval = s->rules.client.dpd_gateway_s;
    if (interval == 0) continue;
    constexpr int kProbes = 4;
    const Duration step = Duration::Seconds(std::max<std::int64_t>(1, interval / 3));
    for (const SslWay way : {SslWay::kDtls, SslWay::kTls}) {
      const SslTunnelState* t = s->Tunnel(way == SslWay::kTls ? VpnTunnelKind::kSslTunnel : VpnTunnelKind::kDtlsTunnel);
      if (t == nullptr) continue;
      Probe& p = live.probes[static_cast<std::size_t>(way)];
      const std::uint64_t frames = t->activity->frames_in.load(std::memory_order_relaxed);
      if (p.number != t->number || p.frames != frames) {
        p = {t->number, frames, real + Duration::Seconds(interval), 0};
        continue;
      }
      if (real < p.next) continue;
      if (p.sent == kProbes) {
        if (way == SslWay::kDtls && sessions_.ways().dtls_outlives_tls) continue;
        const bool alone = way == SslWay::kTls && sessions_.ways().dtls_outlives_tls;
        Happen(*s, way == SslWay::kDtls ? SslHappening::kDtlsDead : alone ? SslHappening::kTlsDeadAlone : SslHappening::kTlsDead, {});
        s = sessions_.Find(index);
        if (s == nullptr) break;
        continue;
      }
      p.sent++;
      p.next = p.next + step;
      counters_.probes++;
      Post([way, t = s->tunnel, now = ports_.times().now](SslControl& plane) { plane.Send(t, way, CstpType::kDpdRequest, {}, now); });
    }
  }
}

}  // namespace sallyport
