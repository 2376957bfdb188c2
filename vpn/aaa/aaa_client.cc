#include "vpn/aaa/aaa_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/aaa/radius_text.h"

namespace sallyport {
namespace {

using namespace radius;

constexpr Duration kTimedReactivation = Duration::Seconds(30);
constexpr std::uint32_t kFramed = 2, kPpp = 1, kVirtual = 5;  // Service-Type, Framed-Protocol, NAS-Port-Type
constexpr std::uint32_t kStart = 1, kStop = 2, kInterim = 3, kByRadius = 1;  // Acct-Status-Type, Acct-Authentic
constexpr std::size_t kMostName = 253;
constexpr std::size_t kLeastMsk = 64;

Bytes OfText(const std::string& s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

void AddCaller(RadiusWriter& out, const AaaCaller& c) {
  if (!c.tunnel_group.empty()) {
    out.Number(kServiceType, kFramed);
    out.Number(kFramedProtocol, kPpp);
  }
  out.Number(kNasPortType, kVirtual);
  if (!c.local.IsNone()) out.Text(kCalledStationId, c.local.ToString());
  if (!c.client.IsNone()) {
    out.Text(kCallingStationId, c.client.ToString());
    out.Text(kTunnelClientEndpoint, c.client.ToString());
  }
  if (!c.tunnel_group.empty()) out.Vendor(kCisco3000, kTunnelGroupName, OfText(c.tunnel_group.substr(0, 200)));
  if (c.client_type == 0) return;
  std::uint8_t b[4];
  StoreBe32(b, c.client_type);
  out.Vendor(kCisco3000, kClientType, b);
}

}  // namespace

// --- configuration

void AaaClient::UsePlan(AaaPlan plan) {
  if (plan == plan_) return;
  plan_ = std::move(plan);
  std::map<Key, ServerState> kept;
  for (const AaaServerGroup& g : plan_.groups) {
    for (const AaaServer& s : g.servers) {
      const Key key{g.name, s.address};
      const auto old = states_.find(key);
      kept[key] = old == states_.end() ? ServerState{} : old->second;
    }
  }
  states_ = std::move(kept);
}

// --- which server

void AaaClient::Activate(const std::string& group, IpAddress server) {
  ServerState& s = StateOf(group, server);
  if (!s.failed) return;
  s.failed = false;
  s.silent = 0;
  ports_.logger.Say(113023, 2, fmt::format("AAA Marking {} server {} in aaa-server group {} as ACTIVE", ProtocolOf(group), server.ToString(), group));
}

void AaaClient::Reactivate() {
  const TimePoint now = ports_.now();
  for (const AaaServerGroup& g : plan_.groups) {
    TimePoint last{};
    bool all = !g.servers.empty();
    for (const AaaServer& s : g.servers) {
      const ServerState& state = StateOf(g.name, s.address);
      all = all && state.failed;
      last = std::max(last, state.failed_at);
      if (g.timed && state.failed && now - state.failed_at >= kTimedReactivation) Activate(g.name, s.address);
    }
    if (g.timed || !all || now - last < Duration::Seconds(60 * static_cast<std::int64_t>(g.dead_minutes))) continue;
    for (const AaaServer& s : g.servers) Activate(g.name, s.address);
  }
}

const AaaServer* AaaClient::Choose(const Request& r) {
  const AaaServerGroup* g = plan_.Find(r.q.group);
  if (g == nullptr || g->protocol == AaaServerGroup::Protocol::kOther) return nullptr;
  // A directory keeps no accounts and knows no EAP.
  if (g->protocol == AaaServerGroup::Protocol::kLdap && (r.accounting || !r.q.eap.empty() || !ports_.compute)) return nullptr;
  const auto only = r.q.dialogue != nullptr ? std::optional(r.q.dialogue->server) : r.q.only;
  const auto tried = [&](IpAddress a) { return std::find(r.tried.begin(), r.tried.end(), a) != r.tried.end(); };
  const auto first = [&](auto&& good) -> const AaaServer* {
    for (const AaaServer& s : g->servers) {
      if (!tried(s.address) && good(s)) return &s;
    }
    return nullptr;
  };
  if (only) return first([&](const AaaServer& s) { return s.address == *only; });
  if (const AaaServer* s = first([&](const AaaServer& one) { return !StateOf(g->name, one.address).failed; })) return s;
  // All have failed. With something to fall back on they are left alone for a while; without, they are all tried again.
  if (r.q.fallback || !r.tried.empty()) return nullptr;
  return first([](const AaaServer&) { return true; });
}

// --- requests

void AaaClient::Authenticate(AaaQuestion q, Answer answer) {
  Request r;
  r.q = std::move(q);
  r.answer = std::move(answer);
  Reactivate();
  const std::uint32_t number = Add(std::move(r));
  if (requests_.size() > kMostPending) {
    ports_.logger.Say(113001, 3, fmt::format("Unable to open AAA session. Session limit [{}] reached.", kMostPending));
    hopeless_.push_back(number);
  } else if (requests_[number].q.user.size() > kMostName || requests_[number].q.password.size() > radius::kMostPassword) {
    refused_.push_back(number);  // what no request can carry is nobody's name
  } else if (!Begin(number, requests_[number])) {
    const AaaQuestion& asked = requests_[number].q;
    if (!asked.fallback) ports_.logger.Log(Msg::k113013, {"AAA Server has been removed", asked.user});
    hopeless_.push_back(number);
  }
}

void AaaClient::Account(const AaaAccount& a) {
  const AaaServerGroup* g = plan_.Find(a.group);
  if (g == nullptr || requests_.size() >= kMostPending) return;
  Reactivate();
  const auto one = [&](std::optional<IpAddress> only) {
    Request r;
    r.q.group = a.group;
    r.q.user = a.user;
    r.q.only = only;
    r.accounting = true;
    r.account = a;
    const std::uint32_t number = Add(std::move(r));
    if (!Begin(number, requests_[number])) hopeless_.push_back(number);
  };
  if (!g->simultaneous) {
    one({});
    return;
  }
  for (const AaaServer& s : g->servers) one(s.address);
}

std::uint32_t AaaClient::Add(Request r) {
  do {
    ++last_number_;
  } while (last_number_ == 0 || requests_.contains(last_number_));
  requests_[last_number_] = std::move(r);
  return last_number_;
}

bool AaaClient::Begin(std::uint32_t number, Request& r) {
  const AaaServer* s = Choose(r);
  if (s == nullptr) return false;
  r.server = *s;
  r.held.reset();
  r.download_state.clear();
  r.download_rounds = 0;
  const AaaServerGroup* g = plan_.Find(r.q.group);
  const bool directory = g->protocol == AaaServerGroup::Protocol::kLdap;
  if (!directory && !Build(number, r)) return false;
  ServerState& state = StateOf(r.q.group, s->address);
  ++(r.accounting ? state.counters.accounting : state.counters.authentication);
  r.sent = ports_.real();
  r.until = r.sent + Duration::Seconds(r.server.timeout_s);
  if (directory) AskDirectory(number, r);
  else Transmit(number, r);
  return true;
}

const char* AaaClient::ProtocolOf(const std::string& group) const {
  const AaaServerGroup* g = plan_.Find(group);
  return g != nullptr && g->protocol == AaaServerGroup::Protocol::kLdap ? "LDAP" : "RADIUS";
}

bool AaaClient::Build(std::uint32_t number, Request& r) {
  const Bytes secret = OfText(r.server.key);
  if (!r.accounting) ports_.entropy.Fill(r.authenticator);
  r.ms_chap_authenticator.clear();
  RadiusWriter out(r.accounting ? kAccountingRequest : kAccessRequest, next_id_++, r.accounting ? RadiusAuthenticator{} : r.authenticator);
  out.Text(kUserName, r.q.user.substr(0, kMostName));
  const IpAddress own = ports_.address_of ? ports_.address_of(r.server.interface) : IpAddress();
  if (own.IsV4() && !own.IsNone()) out.Address(kNasIpAddress, own);
  out.Number(kNasPort, number);
  if (!r.accounting) {
    if (!r.q.eap.empty()) {
      out.Eap(r.q.eap);
    } else if (r.q.ms_chap && r.q.dialogue == nullptr && !r.q.authorize_only) {
      if (!AddMsChap(r, out)) return false;
    } else {
      out.Add(kUserPassword, HidePassword(OfText(r.q.password), r.authenticator, secret));
    }
    if (r.q.dialogue != nullptr && !r.q.dialogue->state.empty()) out.Add(kState, r.q.dialogue->state);
    AddCaller(out, r.q.caller);
    r.message = out.FinishSigned(secret);
    Dump("authentication request", r.message);
    return !r.message.empty();
  }
  const AaaAccount& a = r.account;
  out.Number(kAcctStatusType, a.stop ? kStop : a.interim ? kInterim : kStart);
  out.Text(kAcctSessionId, a.session);
  out.Number(kAcctAuthentic, kByRadius);
  out.Number(kAcctDelayTime, 0);
  if (!a.framed_address.IsNone()) out.Address(kFramedIpAddress, a.framed_address);
  for (const std::string& c : a.classes) out.Text(kClass, c);
  AddCaller(out, a.caller);
  if (a.stop || a.interim) {
    const auto low = [](std::uint64_t n) { return static_cast<std::uint32_t>(n); };
    out.Number(kAcctSessionTime, low(static_cast<std::uint64_t>(a.duration.ns / 1'000'000'000)));
    out.Number(kAcctInputOctets, low(a.bytes_in));
    out.Number(kAcctOutputOctets, low(a.bytes_out));
    out.Number(kAcctInputGigawords, low(a.bytes_in >> 32));
    out.Number(kAcctOutputGigawords, low(a.bytes_out >> 32));
    out.Number(kAcctInputPackets, low(a.packets_in));
    out.Number(kAcctOutputPackets, low(a.packets_out));
    if (a.stop) out.Number(kAcctTerminateCause, a.cause);
  }
  r.message = out.FinishAccounting(secret);
  if (r.message.empty()) return false;
  std::copy_n(r.message.begin() + 4, r.authenticator.size(), r.authenticator.begin());
  Dump("accounting request", r.message);
  return true;
}

void AaaClient::Transmit(std::uint32_t number, Request& r) {
  r.resend_at = ports_.real() + Duration::Seconds(r.server.retry_interval_s);
  const Endpoint to{r.server.address, r.accounting ? r.server.accounting_port : r.server.authentication_port};
  Say(fmt::format("send pkt {}/{}", to.address.ToString(), to.port));
  // What cannot be sent is lost, as on the wire; a key that is not known could only be refused.
  if (r.server.key_known) ports_.transport.Send(number, r.server.interface, to, r.message);
}

void AaaClient::Tick() {
  Reactivate();
  const TimePoint real = ports_.real();
  std::vector<std::uint32_t> silent;
  for (auto& [number, r] : requests_) {
    if (r.message.empty()) continue;
    if (r.until <= real) {
      silent.push_back(number);
    } else if (r.resend_at <= real) {
      // A server that is no longer configured is not asked again, and its answer does not count.
      const auto state = states_.find({r.q.group, r.server.address});
      if (state == states_.end()) {
        r.resend_at = r.until;
        continue;
      }
      ++state->second.counters.retransmissions;
      Transmit(number, r);
    }
  }
  for (const std::uint32_t number : silent) Silent(number);
  for (const std::uint32_t number : std::exchange(hopeless_, {})) Finish(number, {});
  for (const std::uint32_t number : std::exchange(refused_, {})) {
    AaaAnswer a;
    a.kind = AaaAnswer::Kind::kReject;
    Finish(number, a);
  }
}

// An attempt has got no answer: the same server again, until it counts as failed; then the next one.
void AaaClient::Silent(std::uint32_t number) {
  const auto it = requests_.find(number);
  if (it == requests_.end()) return;
  Request& r = it->second;
  const AaaServerGroup* g = plan_.Find(r.q.group);
  const bool there = g != nullptr && states_.contains({r.q.group, r.server.address});
  if (there) {
    ServerState& s = StateOf(r.q.group, r.server.address);
    ++s.counters.timeouts;
    ++s.silent;
    const bool test = r.q.only.has_value() && !r.accounting;  // `test aaa-server` tries once
    if (s.silent < g->max_failed && !s.failed && !test) {
      ++s.counters.retransmissions;
      r.until = ports_.real() + Duration::Seconds(r.server.timeout_s);
      if (g->protocol == AaaServerGroup::Protocol::kLdap) AskDirectory(number, r);
      else Transmit(number, r);
      return;
    }
    if (!r.accounting) ports_.logger.Log(Msg::k113014, {r.server.address.ToString(), r.q.user});
    if (!s.failed && s.silent >= g->max_failed) {
      s.failed = true;
      s.failed_at = ports_.now();
      s.failed_wall = ports_.clock.WallNanos(s.failed_at);
      ports_.logger.Say(113022, 2,
                        fmt::format("AAA Marking {} server {} in aaa-server group {} as FAILED", ProtocolOf(r.q.group), r.server.address.ToString(), r.q.group));
    }
  }
  ports_.transport.Close(number);
  r.tried.push_back(r.server.address);
  r.message.clear();
  if (!Begin(number, r)) Finish(number, {});
}

void AaaClient::Finish(std::uint32_t number, const AaaAnswer& a) {
  const auto it = requests_.find(number);
  if (it == requests_.end()) return;
  ports_.transport.Close(number);
  Request r = std::move(it->second);
  requests_.erase(it);
  for (std::string* secret : {&r.q.password, &r.q.new_password}) {
    Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(secret->data()), secret->size()));
  }
  if (r.answer) r.answer(a);
}

// --- responses

void AaaClient::Receive(std::uint32_t number, Bytes bytes) {
  const auto it = requests_.find(number);
  if (it == requests_.end() || it->second.message.empty()) return;
  Request& r = it->second;
  if (!states_.contains({r.q.group, r.server.address})) return;
  ServerState& s = StateOf(r.q.group, r.server.address);
  const std::string server = r.server.address.ToString();
  const auto m = ReadRadius(bytes);
  if (!m) {
    ++s.counters.malformed;
    ports_.logger.Say(109027, 4, fmt::format("[RADIUS] Unable to decipher response message Server = {}, User = {}", server, r.q.user));
    return;
  }
  const Bytes secret = OfText(r.server.key);
  const RadiusSignature signature = SignatureOf(*m, r.authenticator, secret);
  if (m->id != r.message[1] || !ResponseIsGenuine(*m, r.authenticator, secret) || signature == RadiusSignature::kBad) {
    ++s.counters.bad_authenticators;
    ports_.logger.Say(109026, 3, "[RADIUS] Invalid reply digest received; shared server key may be mismatched.");
    Say("rad_vrfy() : response message not verified");
    return;
  }
  const bool access = m->code == kAccessAccept || m->code == kAccessReject || m->code == kAccessChallenge;
  if (r.accounting ? m->code != kAccountingResponse : !access) {
    ++s.counters.unrecognized;
    return;
  }
  std::vector<std::uint8_t> eap = m->Eap();
  // RFC 3579 3.2: a message with EAP in it counts only when it is signed.
  if (access && signature == RadiusSignature::kNone && (!eap.empty() || !r.q.eap.empty() || r.server.message_authenticator_required)) {
    ++s.counters.malformed;
    ports_.logger.Say(109027, 4, fmt::format("[RADIUS] Unable to decipher response message Server = {}, User = {}", server, r.q.user));
    return;
  }
  Say("rad_vrfy() : response message verified");
  Dump("response", m->whole);
  s.silent = 0;
  s.last_wall = ports_.clock.WallNanos(ports_.now());
  ++s.round_trips;
  s.round_trip_ns += static_cast<std::uint64_t>((ports_.real() - r.sent).ns);
  Activate(r.q.group, r.server.address);
  AaaAnswer a;
  a.server = r.server.address;
  if (r.accounting) {
    ++s.counters.accepts;
    a.kind = AaaAnswer::Kind::kAccept;
    Finish(number, a);
    return;
  }
  if (r.held != nullptr) {
    OnDownload(number, r, *m);
    return;
  }
  // It goes to a console, and whoever wrote it is no terminal's master.
  a.message = m->Text(kReplyMessage);
  std::erase_if(a.message, [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; });
  a.eap = std::move(eap);
  switch (m->code) {
    case kAccessAccept: {
      if (!r.ms_chap_authenticator.empty() && !MsChapAccepted(r, *m)) {
        // Whoever has accepted him does not know his password.
        ++s.counters.rejects;
        a.kind = AaaAnswer::Kind::kReject;
        break;
      }
      ++s.counters.accepts;
      a.kind = AaaAnswer::Kind::kAccept;
      a.attributes = ReadAaaAttributes(*m);
      const RadiusAttribute *recv = m->Find(kMppeRecvKey, kMicrosoft), *send = m->Find(kMppeSendKey, kMicrosoft);
      if (recv != nullptr && send != nullptr) {
        const Secret first = MppeKey(recv->value, r.authenticator, secret), second = MppeKey(send->value, r.authenticator, secret);
        if (!first.empty() && !second.empty()) {
          // Keys of EAP-MSCHAPv2 have 16 bytes each: zeros fill up what a method's key has at least (RFC 3748 7.10).
          Secret msk(std::max(kLeastMsk, first.size() + second.size()));
          const auto behind = std::copy(first.bytes().begin(), first.bytes().end(), msk.bytes().begin());
          std::copy(second.bytes().begin(), second.bytes().end(), behind);
          a.msk = std::make_shared<const Secret>(std::move(msk));
        }
      }
      if (!a.attributes.acl_name.empty()) {
        r.held = std::make_shared<AaaAnswer>(std::move(a));
        if (Download(number, r)) return;
        a = std::move(*r.held);
        a.kind = AaaAnswer::Kind::kReject;
      }
      break;
    }
    case kAccessChallenge: {
      ++s.counters.challenges;
      a.kind = AaaAnswer::Kind::kChallenge;
      auto dialogue = std::make_shared<AaaDialogue>();
      dialogue->group = r.q.group;
      dialogue->server = r.server.address;
      if (const RadiusAttribute* state = m->Find(kState)) dialogue->state.assign(state->value.begin(), state->value.end());
      a.dialogue = std::move(dialogue);
      break;
    }
    default:
      ++s.counters.rejects;
      a.kind = !r.ms_chap_authenticator.empty() && r.q.new_password.empty() && MsChapExpired(*m) ? AaaAnswer::Kind::kExpired
                                                                                                : AaaAnswer::Kind::kReject;
      break;
  }
  Finish(number, a);
}

// --- what is seen

void AaaClient::NoteLocal(bool accepted) {
  ++local_.counters.authentication;
  ++(accepted ? local_.counters.accepts : local_.counters.rejects);
  local_.last_wall = ports_.clock.WallNanos(ports_.now());
}

std::vector<AaaServerView> AaaClient::Views() const {
  std::vector<AaaServerView> out;
  AaaServerView& local = out.emplace_back(local_.counters);
  local.group = "LOCAL";
  local.protocol = "Local database";
  local.at_wall = local_.last_wall;
  for (const AaaServerGroup& g : plan_.groups) {
    for (const AaaServer& one : g.servers) {
      const auto it = states_.find({g.name, one.address});
      if (it == states_.end()) continue;
      const ServerState& s = it->second;
      AaaServerView v = s.counters;
      v.group = g.name;
      v.protocol = g.protocol_name;
      v.radius = g.protocol == AaaServerGroup::Protocol::kRadius;
      v.address = one.address;
      v.authentication_port = one.authentication_port;
      v.accounting_port = one.accounting_port;
      v.failed = s.failed;
      v.at_wall = s.failed ? s.failed_wall : s.last_wall;
      v.round_trip_ms = s.round_trips == 0 ? 0 : s.round_trip_ns / s.round_trips / 1'000'000;
      for (const auto& [number, r] : requests_) v.pending += r.q.group == g.name && r.server.address == one.address && !r.message.empty();
      out.push_back(v);
    }
  }
  return out;
}

void AaaClient::ClearStatistics(const std::string& group) {
  if (group.empty() || group == "LOCAL") local_.counters = {};
  for (auto& [key, s] : states_) {
    if (!group.empty() && key.first != group) continue;
    s.counters = {};
    s.round_trips = s.round_trip_ns = 0;
  }
}

void AaaClient::Listen(const void* who, std::function<void(const std::string&)> hear) {
  if (hear) {
    listeners_[who] = std::move(hear);
  } else {
    listeners_.erase(who);
  }
}

void AaaClient::Say(const std::string& line) const {
  for (const auto& [who, hear] : listeners_) hear(line);
}

void AaaClient::Dump(const char* what, Bytes message) const {
  if (!listeners_.empty() && !message.empty()) Say(RadiusText(what, message));
}

}  // namespace sallyport
