#include "labs/clients/ac_client.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport {
namespace {

constexpr Duration kAcAttempt = Duration::Seconds(12);        // for TCP, TLS and the answer
constexpr Duration kAcBetweenAttempts = Duration::Seconds(3);
constexpr Duration kAcTunnelLevel = Duration::Seconds(30);    // then the session is reconnected as a whole
constexpr std::uint32_t kAcDisconnectedDefault = 1800;
constexpr std::string_view kSuspendText = "Client PC is going into suspend mode (Sleep, Hibernate, etc).";
constexpr std::string_view kUserText = "The user has requested to disconnect the connection.";
constexpr std::string_view kReconnectText = "Reconnecting the VPN tunnel.";

}  // namespace

AcClient::AcClient(AcPorts& ports, Entropy& entropy) : ports_(ports), entropy_(entropy), room_(65536), packed_(70000) {}
AcClient::~AcClient() = default;

void AcClient::Show(const std::string& text) {
  ports_.Message(text);
  ports_.Event("Information", "acvpnui", "Message type information sent to the user:\n" + text);
}

void AcClient::UseHost(const std::string& host) {
  const std::size_t slash = std::min(host.find('/'), host.size());
  path_ = slash < host.size() ? host.substr(slash) : "/";
  host_ = host.substr(0, slash);
  port_ = 443;
  if (const std::size_t colon = host_.find(':'); colon != std::string::npos && host_.find(':', colon + 1) == std::string::npos) {
    port_ = static_cast<std::uint16_t>(std::strtoul(host_.c_str() + colon + 1, nullptr, 10));
    host_.resize(colon);
  }
}

void AcClient::Connect(AcSettings settings, TimePoint now) {
  if (state_ != State::kIdle) return;
  settings_ = std::move(settings);
  UseHost(settings_.host);
  backup_ = 0;
  logins_ = 0;
  no_certificate_ = false;
  mtu_change_ = false;
  why_.clear();
  counters_ = {};
  token_ = settings_.token;
  Show("Contacting " + host_ + ".");
  if (token_.empty()) {
    state_ = State::kLogin;
    Post(path_, WriteAcInit(Who(), settings_.group, false), now);
  } else {
    OpenTunnel(now);
  }
}

void AcClient::OpenTunnel(TimePoint now) {
  state_ = State::kConnecting;
  for (const char* text : {"Checking for product updates...", "Checking for customization updates...", "Performing any required updates...",
                           "Establishing VPN session...", "Establishing VPN - Initiating connection..."}) {
    Show(text);
  }
  DropLink(next_, true);
  OpenNext(now);
}

void AcClient::OpenNext(TimePoint now) {
  next_ = std::make_unique<Link>();
  next_->number = ++last_link_;
  next_->begun = now;
  wait_ = Wait::kNone;
  ports_.OpenLink(next_->number, host_, port_);
}

void AcClient::DropLink(std::unique_ptr<Link>& link, bool politely) {
  if (!link) return;
  if (politely && link->tls) {
    link->tls->Close();
    Flush(*link);
  }
  ports_.CloseLink(link->number);
  link.reset();
}

void AcClient::TryNextHost(TimePoint now) {
  if (backup_ >= settings_.backups.size()) {
    Show("Connection attempt has failed.");
    End("the head-end does not answer");
    return;
  }
  UseHost(settings_.backups[backup_++]);
  Show("Contacting " + host_ + ".");
  OpenNext(now);
}

void AcClient::End(const std::string& why) {
  EndDtls({}, nullptr);
  DropLink(next_, true);
  DropLink(link_, true);
  if (adapter_mtu_ != 0) ports_.AdapterDown();
  adapter_mtu_ = 0;
  state_ = State::kIdle;
  why_ = why;
  pending_.clear();
  Cleanse({reinterpret_cast<std::uint8_t*>(settings_.password.data()), settings_.password.size()});
  settings_.password.clear();
  ports_.Event("Information", "acvpnagent", "The VPN connection has ended: " + why);
}

void AcClient::Disconnect(TimePoint now) {
  if (state_ == State::kIdle) return;
  Show("Disconnect in progress, please wait...");
  if (link_ && state_ == State::kUp) {
    std::string payload = "\xb0";
    payload += kUserText;
    SendFrame(*link_, CstpType::kDisconnect, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}, now);
  }
  End("the user has disconnected");
}

void AcClient::Suspend(TimePoint now) {
  if (state_ != State::kUp && state_ != State::kReconnecting) return;
  ports_.Event("Information", "acvpnagent", "The system is suspending.");
  if (link_) {
    std::string payload = "\xb0";
    payload += kSuspendText;
    SendFrame(*link_, CstpType::kDisconnect, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}, now);
  }
  if (state_ == State::kUp) lost_at_ = now;
  EndDtls(now, nullptr);
  DropLink(next_, false);
  DropLink(link_, true);
  state_ = State::kSuspended;
}

void AcClient::Resume(TimePoint now) {
  if (state_ != State::kSuspended) return;
  ports_.Event("Information", "acvpnagent", "The system has resumed.");
  // Before 2.3(111) there was no such setting, and the client always came back (CSCso17627).
  if (!settings_.resume_reconnects && !OlderAcVersion(settings_.version, "2.3.0111")) {
    End("AutoReconnectBehavior is DisconnectOnSuspend");
    return;
  }
  const TimePoint since = lost_at_;
  BeginReconnect(now);
  lost_at_ = since;
}

void AcClient::Reconnect(TimePoint now) {
  if (state_ != State::kUp && state_ != State::kReconnecting) return;
  EndDtls(now, nullptr);
  DropLink(link_, false);
  DropLink(next_, false);
  const TimePoint since = state_ == State::kReconnecting ? lost_at_ : now;
  BeginReconnect(now);
  lost_at_ = since;
}

void AcClient::Lost(const std::string& why, TimePoint now) {
  ports_.Event("Warning", "acvpnagent", "The tunnel to the secure gateway is lost: " + why);
  EndDtls(now, nullptr);
  DropLink(link_, false);
  DropLink(next_, false);
  BeginReconnect(now);
}

void AcClient::BeginReconnect(TimePoint now) {
  state_ = State::kReconnecting;
  lost_at_ = now;
  shown_waiting_ = shown_session_ = false;
  ++counters_.reconnects;
  Show("Reconnecting to " + host_ + "...");
  OpenNext(now);
}

// The session cannot do with its MTU: DTLS, whose MTU the adapter has, has not come for a minute.
void AcClient::NewMtu(TimePoint now) {
  ports_.Event("Warning", "acvpnagent", "Reconfigure reason code 16:\nNew MTU configuration.");
  ports_.Event("Information", "acvpnagent", "The entire VPN connection is being reconfigured.");
  std::string payload = "\x91";
  payload += kReconnectText;
  SendFrame(*link_, CstpType::kDisconnect, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}, now);
  mtu_change_ = true;
  EndDtls(now, nullptr);
  DropLink(link_, true);
  BeginReconnect(now);
}

// --- links

void AcClient::LinkUp(std::uint32_t number, TimePoint now) {
  if (!next_ || next_->number != number || next_->tls) return;
  Result<TlsContext> context = TlsContext::Client(settings_.tls, settings_.certificate, settings_.key);
  if (!context) return End(context.error());
  next_->tls = std::make_unique<TlsChannel>(*context, host_);
  next_->alive.heard = next_->alive.said = now;
  Flush(*next_);
}

void AcClient::LinkDown(std::uint32_t number, TimePoint now) {
  if (link_ && link_->number == number) {
    if (state_ == State::kUp) {
      Lost("the connection was closed", now);
    } else {
      DropLink(link_, false);
    }
    return;
  }
  if (!next_ || next_->number != number) return;
  const bool had_answered = next_->tls && next_->tls->state() != TlsChannel::State::kHandshake;
  const std::string failure = next_->tls ? next_->tls->failure() : "";
  DropLink(next_, false);
  switch (state_) {
    case State::kLogin:
      if (!pending_.empty() && wait_ == Wait::kNone && had_answered) return OpenNext(now);
      [[fallthrough]];
    case State::kConnecting:
      if (!failure.empty() && failure != "closed") ports_.Event("Error", "acvpnagent", "TLS: " + failure);
      return TryNextHost(now);
    case State::kReconnecting:
      next_try_ = now + kAcBetweenAttempts;
      if (!had_answered && !shown_waiting_) {
        shown_waiting_ = true;
        Show("Reconnecting, waiting for network connectivity...");
      }
      return;
    default: rekey_at_ = now + Duration::Seconds(60); return;  // a new tunnel that was not to be had
  }
}

void AcClient::FromLink(std::uint32_t number, Bytes wire, TimePoint now) {
  std::unique_ptr<Link>* at = link_ && link_->number == number ? &link_ : next_ && next_->number == number ? &next_ : nullptr;
  if (at == nullptr || !(*at)->tls) return;
  const bool was_open = (*at)->tls->state() == TlsChannel::State::kOpen;
  (*at)->tls->Feed(wire);
  Flush(**at);
  if ((*at)->tls->state() == TlsChannel::State::kFailed) return LinkDown(number, now);
  if (!was_open && (*at)->tls->state() == TlsChannel::State::kOpen) OnOpen(**at, now);
  // What a record leads to may end the link, or make another of it.
  for (;;) {
    at = link_ && link_->number == number ? &link_ : next_ && next_->number == number ? &next_ : nullptr;
    if (at == nullptr) return;
    const Result<std::size_t> n = (*at)->tls->Read(room_);
    Flush(**at);
    if (!n) return LinkDown(number, now);
    if (*n == 0) return;
    const Bytes record = Bytes(room_).first(*n);
    if ((*at)->tunnel) {
      OnRecord(**at, record, now);
    } else {
      (*at)->text.append(reinterpret_cast<const char*>(record.data()), record.size());
      OnText(*at, now);
    }
  }
}

void AcClient::OnOpen(Link& link, TimePoint now) {
  if (&link != next_.get()) return;
  if (state_ == State::kLogin) {
    if (!pending_.empty()) Request(std::exchange(pending_, {}), Wait::kAuth, now);
    return;
  }
  Request(ConnectText(), Wait::kTunnel, now);
}

void AcClient::OnText(std::unique_ptr<Link>& link, TimePoint now) {
  std::size_t used = 0;
  Result<std::optional<AcHttpAnswer>> answer = ReadAcAnswer(link->text, wait_ == Wait::kTunnel, used);
  if (!answer) return End(answer.error());
  if (!*answer) return;
  link->text.erase(0, used);
  const AcHttpAnswer a = **std::move(answer);
  if (std::exchange(wait_, Wait::kNone) == Wait::kTunnel) {
    OnTunnel(a, now);
  } else {
    OnLoginAnswer(a, now);
  }
}

// --- the tunnel is there, again or for the first time

void AcClient::Established(TimePoint now) {
  const bool first = adapter_mtu_ == 0;
  const bool uses_dtls = settings_.dtls && !tunnel_.dtls_suite.empty();
  const int dtls_mtu = tunnel_.dtls_mtu != 0 ? tunnel_.dtls_mtu : tunnel_.tls_mtu;
  const int tls_mtu = tunnel_.tls_mtu != 0 ? tunnel_.tls_mtu : dtls_mtu;
  const int mtu = uses_dtls && !std::exchange(mtu_change_, false) ? dtls_mtu : tls_mtu;
  state_ = State::kUp;
  ++counters_.connects;
  connected_at_ = now;
  without_dtls_since_ = now;
  if (tunnel_.rekey_s != 0) rekey_at_ = now + Duration::Seconds(tunnel_.rekey_s);
  if (first) {
    for (const char* text : {"Establishing VPN - Examining system...", "Establishing VPN - Activating VPN adapter..."}) Show(text);
    ports_.AdapterUp(tunnel_, mtu);
    for (const char* text : {"Establishing VPN - Configuring system...", "Establishing VPN..."}) Show(text);
  } else if (mtu != adapter_mtu_) {
    ports_.Event("Warning", "acvpnagent",
                 "A new MTU needs to be applied to the VPN network interface.\nDisabling and re-enabling the Virtual Adapter. Applications utilizing "
                 "the\nprivate network may need to be restarted.");
    ports_.AdapterDown();
    ports_.AdapterUp(tunnel_, mtu);
  }
  adapter_mtu_ = mtu;
  if (first && tunnel_.disconnected_s != 0) {
    ports_.Event("Information", "acvpnagent", fmt::format("The disconnected timeout is {} seconds.", tunnel_.disconnected_s));
  }
  Show("Connected to " + host_ + ".");
  if (uses_dtls) BeginDtls(now);
}

void AcClient::Tick(TimePoint now) {
  switch (state_) {
    case State::kIdle:
    case State::kSuspended: return;
    case State::kLogin:
    case State::kConnecting:
      if (next_ && now - next_->begun >= kAcAttempt + kAcAttempt) LinkDown(next_->number, now);
      return;
    case State::kReconnecting: {
      const std::uint32_t limit = tunnel_.disconnected_s != 0 ? tunnel_.disconnected_s : kAcDisconnectedDefault;
      if (now - lost_at_ >= Duration::Seconds(limit)) {
        Show("Reconnecting to " + host_ + "...");
        Show("Disconnect in progress, please wait...");
        Show("Disconnect in progress, please wait...");  // it says so twice
        End("the disconnected timeout is over");
        Show("Verify your network connection.");
        return;
      }
      if (now - lost_at_ >= kAcTunnelLevel && !shown_session_) {
        shown_session_ = true;
        ports_.Event("Information", "acvpnagent", "The entire VPN connection is being reconfigured.");
      }
      if (next_ && now - next_->begun >= kAcAttempt) LinkDown(next_->number, now);
      if (!next_ && now >= next_try_) OpenNext(now);
      return;
    }
    case State::kUp: break;
  }
  if (TickAlive(link_->alive, tunnel_.tls_dpd_s, tunnel_.tls_keepalive_s, true, now)) return Lost("the gateway does not answer (DPD)", now);
  if (dtls_ && TickAlive(dtls_alive_, tunnel_.dtls_dpd_s, tunnel_.dtls_keepalive_s, false, now)) {
    EndDtls(now, "the gateway does not answer (DPD)");
    without_dtls_since_ = now;
    BeginDtls(now);
  }
  if (next_ && now - next_->begun >= kAcAttempt) LinkDown(next_->number, now);
  if (tunnel_.rekey_s != 0 && now >= rekey_at_ && !next_) {
    rekey_at_ = now + Duration::Seconds(tunnel_.rekey_s);
    if (tunnel_.rekey_method == "ssl") {
      ports_.Event("Information", "acvpnagent", "The keys of the TLS tunnel are changed.");
      if (link_->tls->Rekey()) Flush(*link_);
    } else if (tunnel_.rekey_method == "new-tunnel") {
      ports_.Event("Information", "acvpnagent", "A new TLS tunnel takes over.");
      OpenNext(now);
    }
  }
  if (dtls_ || tunnel_.dtls_suite.empty() || !settings_.dtls) return;
  if (shake_) {
    shake_->Tick();
    DrainDtls(now);
  }
  if (dtls_) return;
  const Duration without = now - without_dtls_since_;
  if (without >= Duration::Seconds(60) && tunnel_.tls_mtu != 0 && adapter_mtu_ > tunnel_.tls_mtu) return NewMtu(now);
  const Duration between = Duration::Seconds(without < Duration::Seconds(60) ? 15 : 60);
  if (now - shake_at_ >= between) BeginDtls(now);
}

std::string AcClient::Status() const {
  static constexpr const char* kNames[] = {"disconnected", "logging in", "connecting", "connected", "reconnecting", "suspended"};
  std::string out = fmt::format("state {}\n", kNames[static_cast<int>(state_)]);
  if (!why_.empty()) out += "why " + why_ + "\n";
  if (adapter_mtu_ == 0) return out;
  out += fmt::format("address {}\nmtu {}\ntls-mtu {}\ndtls-mtu {}\n", (tunnel_.address.IsNone() ? tunnel_.address6 : tunnel_.address).ToString(),
                     adapter_mtu_, tunnel_.tls_mtu, tunnel_.dtls_mtu);
  if (link_ && link_->tls) out += fmt::format("tls {}\n", link_->tls->cipher());
  out += fmt::format("dtls {}\n", dtls_ ? dtls_->cipher() : tunnel_.dtls_suite.empty() ? "off" : "down");
  out += fmt::format("packets tls out {} in {} dtls out {} in {} dropped {}\nconnects {} reconnects {} dtls-handshakes {}\n", counters_.tls_out,
                     counters_.tls_in, counters_.dtls_out, counters_.dtls_in, counters_.dropped, counters_.connects, counters_.reconnects,
                     counters_.dtls_handshakes);
  return out;
}

}  // namespace sallyport
