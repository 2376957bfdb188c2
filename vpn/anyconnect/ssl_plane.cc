#include "vpn/anyconnect/ssl_plane.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "firewall/policy.h"
#include "vpn/tunnel_switch.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostClients = 0x7fff;  // slot 0xffff of the last generation would be kOnTheWire
constexpr auto kUdp = static_cast<std::uint8_t>(IpProtocol::kUdp), kTcp = static_cast<std::uint8_t>(IpProtocol::kTcp);

}  // namespace

SslPlane::SslPlane(Engine& engine, LogSink& log, SslEventQueue& events) : engine_(engine), log_(log), events_(events) {
  in_.resize(kTlsRecord);
}

SslPlane::~SslPlane() {
  for (const auto& c : clients_) {
    if (c->tls) close(c->tls->socket);
  }
}

std::size_t SslPlane::PathHash::operator()(const Path& p) const {
  const std::size_t a = std::hash<IpAddress>()(p.peer), b = std::hash<IpAddress>()(p.local);
  return a ^ (b * 0x9e3779b97f4a7c15u) ^ (std::size_t{p.peer_port} << 16 | p.local_port) * 0xff51afd7ed558ccdu;
}

// --- policy, and what the engine asks --------------------------------------------------------------------------------------

void SslPlane::UsePolicy(const Policy& policy, TimePoint) {
  policy_ = std::static_pointer_cast<const VpnPolicy>(policy.tunnels);
  dtls_port_ = policy_ != nullptr && !policy_->ssl.enabled.empty() ? policy_->ssl.dtls_port : std::uint16_t{0};
}

bool SslPlane::Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const {
  if (policy_ == nullptr) return false;
  const SslPolicy& ssl = policy_->ssl;
  return std::any_of(ssl.enabled.begin(), ssl.enabled.end(), [&](const SslPolicy::On& on) {
    return on.at == at && ((protocol == kTcp && port == ssl.port) || (protocol == kUdp && port == ssl.dtls_port && !on.tls_only));
  });
}

std::optional<IfId> SslPlane::RouteTo(IpAddress inner) const {
  const auto i = by_address_.find(inner);
  if (i == by_address_.end()) return {};
  return i->second->is.at;
}

TunnelChoice SslPlane::Choose(const TunnelFlow& f, TimePoint) {
  TunnelChoice choice;
  if (by_address_.empty()) return choice;
  const auto i = by_address_.find(f.dst);
  if (i == by_address_.end()) return choice;
  choice.what = TunnelChoice::What::kTunnel;
  choice.tunnel = i->second->id;
  return choice;
}

bool SslPlane::Covers(TunnelId t, const TunnelFlow& f) const {
  const Client* c = Find(t);
  return c != nullptr && !c->ended && (f.dst == c->is.assigned || f.dst == c->is.assigned6);
}

TunnelFilter SslPlane::Filter(TunnelId t) const {
  const Client* c = Find(t);
  if (c == nullptr || c->is.filter == nullptr) return {};
  return {c->is.filter.get(), c->is.user};
}

std::optional<TunnelLink> SslPlane::Link(TunnelId t) const {
  const Client* c = Find(t);
  if (c == nullptr || c->ended || c->Out() == nullptr) return {};
  return TunnelLink{c->is.peer, c->Mtu(), 0, c->is.at};
}

TunnelGate::Drop SslPlane::ReasonOf(TunnelId t, Why why) const {
  switch (why) {
    case Why::kTooBig: return {FrameDrop::kMpSvcNoFragment};
    case Why::kNoSa:
    case Why::kNoLink: {
      const Client* c = Find(t);
      return {c != nullptr && !c->ended ? FrameDrop::kMpSvcNoChannel : FrameDrop::kMpSvcNoSession};
    }
    case Why::kBusy: return {FrameDrop::kMpSvcFlowControl};
    case Why::kSpoof:
    case Why::kMissing: return {FrameDrop::kNone, FlowDrop::kSvcSpoofDetect};
    case Why::kFailed: break;
  }
  return TunnelGate::ReasonOf(t, why);
}

void SslPlane::AddFlow(TunnelId t) {
  Client* c = Find(t);
  if (c == nullptr) return;
  c->flows++;
  if (undo_ != nullptr) undo_->Add([c] { c->flows--; });
}

void SslPlane::DropFlow(TunnelId t) {
  Client* c = Find(t);
  if (c == nullptr) return;
  c->flows--;
  if (undo_ != nullptr) undo_->Add([c] { c->flows++; });
  else FreeIfUnused(*c);
}

// --- sessions --------------------------------------------------------------------------------------------------------------

SslPlane::Client* SslPlane::Make() {
  std::size_t slot = clients_.size();
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    if (slot >= kMostClients) return nullptr;
    clients_.push_back(std::make_unique<Client>());
  }
  Client& c = *clients_[slot];
  const std::uint16_t generation = c.generation;
  c = Client{};
  c.generation = generation;
  c.used = true;
  c.id = TunnelId{std::uint32_t{generation} << 16 | kSslSlot | static_cast<std::uint32_t>(slot)};
  return &c;
}

void SslPlane::FreeIfUnused(Client& c) {
  if (!c.used || !c.ended || c.flows != 0) return;
  const auto slot = static_cast<std::uint16_t>(static_cast<std::uint32_t>(c.id) & 0x7fff);
  const auto generation = static_cast<std::uint16_t>(c.generation == 0xffff ? 1 : c.generation + 1);
  c = Client{};
  c.generation = generation;
  free_.push_back(slot);
}

TunnelId SslPlane::Open(const SslClient& client, TimePoint now) {
  for (const IpAddress a : {client.assigned, client.assigned6}) {
    if (!a.IsNone() && by_address_.contains(a)) return TunnelId::kNone;
  }
  Client* const c = Make();
  if (c == nullptr) return TunnelId::kNone;
  c->is = client;
  for (const IpAddress a : {client.assigned, client.assigned6}) {
    if (!a.IsNone()) by_address_[a] = c;
  }
  if (engine_.policy().sysopt.reclassify_vpn) engine_.TunnelUp(c->id, true, now);
  return c->id;
}

void SslPlane::Update(TunnelId t, const SslClient& client, TimePoint) {
  Client* const c = Find(t);
  if (c == nullptr || c->ended) return;
  const IpAddress assigned = c->is.assigned, assigned6 = c->is.assigned6;
  c->is = client;
  c->is.assigned = assigned;
  c->is.assigned6 = assigned6;
  c->lowered.clear();
}

void SslPlane::Close(TunnelId t, TimePoint now) {
  Client* const c = Find(t);
  if (c == nullptr || c->ended) return;
  EndTls(*c, {});
  EndDtls(*c, {});
  c->ended = true;
  for (const IpAddress a : {c->is.assigned, c->is.assigned6}) {
    if (!a.IsNone()) by_address_.erase(a);
  }
  // Held while its connections are looked through: they let it go one by one.
  c->flows++;
  engine_.TunnelDown(t, false, now);
  c->flows--;
  FreeIfUnused(*c);
}

void SslPlane::SetMtu(TunnelId t, int tls, int dtls, TimePoint) {
  Client* const c = Find(t);
  if (c == nullptr) return;
  c->is.tls_mtu = tls;
  c->is.dtls_mtu = dtls;
  c->lowered.clear();
}

void SslPlane::AllowRekey(TunnelId t, TimePoint) {
  if (Client* const c = Find(t); c != nullptr && c->tls) c->tls->channel.AllowRenegotiation();
}

// --- its tunnels -----------------------------------------------------------------------------------------------------------

SslEvent SslPlane::EventOf(const Client& c, SslWay way, SslEvent::What what) const {
  SslEvent e;
  e.what = what;
  e.tunnel = c.id;
  e.way = way;
  const Tunnel* const t = way == SslWay::kTls ? static_cast<const Tunnel*>(c.tls.get()) : c.dtls.get();
  if (t != nullptr) e.number = t->number;
  return e;
}

void SslPlane::CountEnd(FlowDrop why, TimePoint now) {
  Inner end;
  end.flow_drop = why;
  engine_.ProcessInner({}, end, now);
}

bool SslPlane::AddTls(TunnelId t, std::uint32_t number, TlsChannel channel, int socket, std::shared_ptr<SslActivity> activity, TimePoint now) {
  Client* const c = Find(t);
  if (c == nullptr || c->ended || wires_ == nullptr || socket < 0) {
    if (socket >= 0) close(socket);
    return false;
  }
  if (c->tls) {
    CountEnd(FlowDrop::kSvcReplacementConn, now);
    EndTls(*c, {});
  }
  c->tls = std::make_unique<Tls>(std::move(channel));
  Tls& tls = *c->tls;
  tls.number = number;
  tls.socket = socket;
  tls.handshakes = tls.channel.handshakes();
  tls.use = std::move(activity);
  c->by_dtls = false;
  if (by_socket_.size() <= static_cast<std::size_t>(socket)) by_socket_.resize(static_cast<std::size_t>(socket) + 1, nullptr);
  by_socket_[static_cast<std::size_t>(socket)] = c;
  wires_->Watch(socket);
  NoteBusy(now);
  // What control has read and not understood as HTTP any more, and the answer to CONNECT if it has not left yet.
  if (ReadTls(*c, now) && tls.channel.pending() != 0) MakeDirty(tls);
  return true;
}

bool SslPlane::AddDtls(TunnelId t, std::uint32_t number, std::unique_ptr<DtlsChannel> channel, const Endpoint& local, const Endpoint& peer,
                       std::shared_ptr<SslActivity> activity, TimePoint now) {
  Client* const c = Find(t);
  const Path path{local.address, peer.address, local.port, peer.port};
  if (c == nullptr || c->ended || channel == nullptr || local.address.IsV4() != peer.address.IsV4()) return false;
  // Whoever has had this path before has left it: nobody else can be there.
  if (const auto other = by_path_.find(path); other != by_path_.end() && other->second != c) DtlsGone(*other->second);
  EndDtls(*c, {});
  c->dtls = std::make_unique<Dtls>();
  Dtls& d = *c->dtls;
  d.number = number;
  d.channel = std::move(channel);
  d.path = path;
  d.at = c->is.at;
  d.use = std::move(activity);
  by_path_[path] = c;
  c->by_dtls = true;
  CountEnd(FlowDrop::kDtlsHelloClose, now);  // the flow of its handshake has been taken over
  OpenLate(*c, {}, now);
  return true;
}

void SslPlane::ReceiveDtls(TunnelId t, std::uint32_t number, Bytes datagram, TimePoint now) {
  Client* const c = Find(t);
  if (c == nullptr || !c->dtls || c->dtls->number != number || datagram.empty()) return;
  OpenLate(*c, datagram, now);
}

void SslPlane::EndTls(Client& c, const std::optional<SslLastFrame>& last) {
  if (!c.tls) return;
  Tls& t = *c.tls;
  if (last) SendTls(c, last->type, last->payload);
  t.channel.Close();
  by_socket_[static_cast<std::size_t>(t.socket)] = nullptr;
  if (t.dirty) std::erase(dirty_, t.socket);
  wires_->Finish(t.socket, t.channel.ToWire());
  c.tls.reset();
}

void SslPlane::EndDtls(Client& c, const std::optional<SslLastFrame>& last) {
  if (!c.dtls) return;
  if (last) SendDtls(c, last->type, last->payload);
  c.dtls->channel->Close();
  Answer(c);
  by_path_.erase(c.dtls->path);
  c.dtls.reset();
  c.by_dtls = false;
}

void SslPlane::TlsGone(Client& c, const char* why) {
  SslEvent e = EventOf(c, SslWay::kTls, SslEvent::What::kTlsClosed);
  e.text = why;
  Note(std::move(e));
  EndTls(c, {});
}

void SslPlane::DtlsGone(Client& c) {
  Note(EventOf(c, SslWay::kDtls, SslEvent::What::kDtlsClosed));
  EndDtls(c, {});
}

void SslPlane::Drop(TunnelId t, SslWay way, const std::optional<SslLastFrame>& last, TimePoint) {
  Client* const c = Find(t);
  if (c == nullptr) return;
  if (way == SslWay::kTls) EndTls(*c, last);
  else EndDtls(*c, last);
}

void SslPlane::Send(TunnelId t, SslWay way, CstpType type, Bytes payload, TimePoint) {
  Client* const c = Find(t);
  if (c == nullptr) return;
  if (way == SslWay::kTls) SendTls(*c, type, payload);
  else SendDtls(*c, type, payload);
}

// --- sockets ---------------------------------------------------------------------------------------------------------------

void SslPlane::MakeDirty(Tls& t) {
  if (std::exchange(t.dirty, true)) return;
  dirty_.push_back(t.socket);
}

void SslPlane::AdvanceTo(TimePoint now) {
  if (trim_at_ > now) return;
  trim_at_ = TimePoint::Max();
  for (const auto& c : clients_) {
    if (c->tls && c->tls->channel.pending() == 0) c->tls->channel.Trim();
  }
}

std::vector<int> SslPlane::TakeDirty() {
  for (const int socket : dirty_) {
    if (Client* const c = OfSocket(socket); c != nullptr) c->tls->dirty = false;
  }
  return std::exchange(dirty_, {});
}

Bytes SslPlane::ToWire(int socket) const {
  const Client* const c = OfSocket(socket);
  return c != nullptr ? c->tls->channel.ToWire() : Bytes();
}

void SslPlane::SentWire(int socket, std::size_t octets) {
  if (Client* const c = OfSocket(socket); c != nullptr) c->tls->channel.Sent(octets);
}

void SslPlane::Broken(int socket, TimePoint) {
  if (Client* const c = OfSocket(socket); c != nullptr) TlsGone(*c);
}

}  // namespace sallyport
