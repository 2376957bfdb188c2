#include "vpn/data_plane.h"

#include <algorithm>
#include <utility>

#include "firewall/policy.h"

namespace sallyport {
namespace {

constexpr Duration kAskForSaAgain = Duration::Seconds(1);
constexpr std::uint16_t kIke = 500;
constexpr std::size_t kMostSasAsked = 4096;

EspKeys KeysOf(const ChildSa& sa, bool in) {
  return {sa.cipher, sa.hash, (in ? sa.encryption_in : sa.encryption_out).Clone(), (in ? sa.integrity_in : sa.integrity_out).Clone()};
}

bool PreservesFlows(const ChildSa& sa) { return sa.preserve && (sa.lan_to_lan || sa.network_extension); }

}  // namespace

DataPlane::DataPlane(Engine& engine, LogSink& log, TunnelEventQueue& events, Entropy& entropy)
    : engine_(engine), log_(log), events_(events), entropy_(entropy), tcp_(entropy.U64()), ip_id_(static_cast<std::uint16_t>(entropy.U32())), sa_number_(entropy.U32() & 0x0fffffff) {
  engine_.UseTunnels(this);
}

DataPlane::~DataPlane() = default;

void DataPlane::UsePolicy(const Policy& policy, TimePoint) {
  policy_ = &policy;
  spd_.UsePolicy(std::static_pointer_cast<const VpnPolicy>(policy.tunnels));
  UseTcpPorts(spd_.policy());
  for (const auto& t : table_.all()) {
    if (!t->used) continue;
    const Interface* at = policy.Find(t->at);
    if (at == nullptr || at->mtu == t->media_mtu) continue;
    if (t->path_mtu == t->media_mtu || t->path_mtu > at->mtu) t->path_mtu = at->mtu;
    t->media_mtu = at->mtu;
    Measure(*t);
  }
}

bool DataPlane::Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const {
  const VpnPolicy* p = spd_.policy();
  if (p == nullptr || protocol != static_cast<std::uint8_t>(IpProtocol::kUdp)) return false;
  const auto on = p->ike.find(at);
  if (on == p->ike.end() || (!on->second.v1 && !on->second.v2)) return false;
  return port == kIke || (port == kNatTPort && (p->nat_traversal || on->second.v2));
}

TunnelChoice DataPlane::Choose(const TunnelFlow& f, TimePoint) { return spd_.Choose(f, table_); }

void DataPlane::Negotiate(std::uint32_t entry, const TunnelFlow& f, TimePoint now) {
  // Each element of the entry's access list is a tunnel of its own.
  const CryptoMapEntry* of = spd_.Entry(entry);
  const AclElement* element = nullptr;
  if (of != nullptr && of->match != nullptr) {
    element = of->match->Find({f.src, f.dst, f.sport, f.dport, f.protocol, f.icmp_type, f.icmp_code});
  }
  const std::uint64_t key = std::uint64_t{entry} << 32 | (element != nullptr ? element - of->match->elements().data() + 1 : 0);
  const auto [i, fresh] = asked_.try_emplace(key, now);
  if (!fresh && now - i->second < kAskForSaAgain) return;
  i->second = now;
  if (asked_.size() > kMostSasAsked) std::erase_if(asked_, [now](const auto& a) { return now - a.second >= kAskForSaAgain; });
  TunnelEvent e;
  e.what = TunnelEvent::What::kNeedSa;
  e.entry = entry;
  e.flow = f;
  Note(std::move(e));
}

bool DataPlane::Revive(TunnelId t, const TunnelFlow& f, TimePoint now) {
  const Tunnel* tunnel = table_.Find(t);
  if (tunnel == nullptr || !spd_.MayInitiate(tunnel->key.entry)) return false;
  Negotiate(tunnel->key.entry, f, now);
  return true;
}

bool DataPlane::Covers(TunnelId t, const TunnelFlow& f) const {
  const Tunnel* tunnel = table_.Find(t);
  if (tunnel == nullptr || !tunnel->Selects(f)) return false;
  // What a virtual tunnel has in it is at its own interface.
  const IfId inside = tunnel->Up() ? tunnel->pairs.back()->sa->inside_hint : IfId::kAny;
  return f.at == (inside != IfId::kAny ? inside : tunnel->at);
}

TunnelFilter DataPlane::Filter(TunnelId t) const {
  const Tunnel* tunnel = table_.Find(t);
  if (tunnel == nullptr || !tunnel->Up() || tunnel->pairs.back()->sa->filter == nullptr) return {};
  const ChildSa& sa = *tunnel->pairs.back()->sa;
  return {sa.filter.get(), sa.user.empty() ? sa.peer.address.ToString() : sa.user};
}

std::optional<TunnelLink> DataPlane::Link(TunnelId t) const {
  const Tunnel* tunnel = table_.Find(t);
  if (tunnel == nullptr || tunnel->outbound == nullptr) return {};
  return TunnelLink{tunnel->outbound->sa->peer.address, tunnel->payload_mtu, tunnel->key.entry, tunnel->outbound->sa->at};
}

void DataPlane::Spoofed(TunnelId t) {
  const Tunnel* tunnel = table_.Find(t);
  if (tunnel != nullptr && tunnel->outbound != nullptr && undo_ == nullptr) tunnel->outbound->decrypts.spoofed++;
}

void DataPlane::AddFlow(TunnelId t) {
  Tunnel* tunnel = table_.Find(t);
  if (tunnel == nullptr) return;
  tunnel->flows++;
  if (undo_ != nullptr) undo_->Add([tunnel] { tunnel->flows--; });
}

void DataPlane::DropFlow(TunnelId t) {
  Tunnel* tunnel = table_.Find(t);
  if (tunnel == nullptr) return;
  tunnel->flows--;
  if (undo_ != nullptr) {
    undo_->Add([tunnel] { tunnel->flows++; });
  } else {
    FreeIfUnused(*tunnel);
  }
}

void DataPlane::UseUndo(UndoLog* undo) {
  undo_ = undo;
  tcp_.UseUndo(undo);
}

// --- security associations -----------------------------------------------------------------------------------------------

TunnelId DataPlane::Install(std::shared_ptr<const ChildSa> sa, TimePoint now) {
  if (table_.BySpi(sa->spi_in) != nullptr || sa->local.address.IsV4() != sa->peer.address.IsV4()) return TunnelId::kNone;
  Result<EspSealer> sealer = EspSealer::Make(KeysOf(*sa, false), sa->spi_out, entropy_);
  if (!sealer) return TunnelId::kNone;
  Result<EspOpener> opener = EspOpener::Make(KeysOf(*sa, true), sa->spi_in, sa->replay_window);
  if (!opener) return TunnelId::kNone;
  Tunnel* t = table_.FindKey(sa->key);
  if (t == nullptr) t = table_.Make(sa->key);
  if (t == nullptr) return TunnelId::kNone;
  const bool was_up = t->Up();
  if (!was_up || t->at != sa->at) {
    t->at = sa->at;
    const Interface* at = policy_ != nullptr ? policy_->Find(sa->at) : nullptr;
    t->media_mtu = t->path_mtu = at != nullptr ? at->mtu : 1500;
    t->pmtu_until = TimePoint::Max();
  }
  t->preserve = PreservesFlows(*sa);
  auto pair = std::make_unique<SaPair>(sa, std::move(*sealer), std::move(*opener));
  pair->installed = now;
  pair->path = {.local = sa->local.address,
                .peer = sa->peer.address,
                .udp = sa->encapsulation == EspEncapsulation::kNatT || sa->encapsulation == EspEncapsulation::kUdp,
                .local_port = sa->local.port,
                .peer_port = sa->peer.port,
                .df = sa->df};
  // Numbers that only have to differ; an ASA's are addresses of its memory.
  for (SaContext* c : {&pair->decrypts, &pair->encrypts}) {
    contexts_made_++;
    c->handle = 0x00010000 + (contexts_made_ * 0x4d20) % 0x00ff0000;
    c->pointer = 0x6c000000 + (contexts_made_ * 0x840) % 0x01000000;
    c->sa = (sa_number_ += 0x1a2f1) & 0x0fffffff;
  }
  if (sa->encapsulation == EspEncapsulation::kUdp) udp_ports_.insert(sa->local.port);
  SaPair* const raw = pair.get();
  table_.Add(*t, std::move(pair));
  totals_.PairUp(*raw, !was_up, table_.pairs());
  if (t->outbound == nullptr) t->outbound = raw;
  Measure(*t);
  const TunnelId id = t->id;
  if (!was_up) {
    const bool reclassify = policy_ != nullptr && policy_->sysopt.reclassify_vpn && (sa->lan_to_lan || sa->network_extension);
    engine_.TunnelUp(id, reclassify, now);
  }
  return id;
}

void DataPlane::ChooseOutbound(Tunnel& t) {
  t.outbound = nullptr;
  for (const auto& p : t.pairs) {
    if (!p->retired || t.outbound == nullptr) t.outbound = p.get();
  }
  if (t.outbound != nullptr && t.outbound->retired) t.outbound = t.pairs.back().get();
  Measure(t);
}

void DataPlane::UseOutbound(std::uint32_t spi_in, TimePoint) {
  SaPair* s = table_.BySpi(spi_in);
  if (s == nullptr || s->retired) return;
  Tunnel& t = *table_.Find(s->tunnel);
  t.outbound = s;
  Measure(t);
}

void DataPlane::Retire(std::uint32_t spi_in, TimePoint) {
  SaPair* s = table_.BySpi(spi_in);
  if (s == nullptr || s->retired) return;
  s->retired = true;
  Tunnel& t = *table_.Find(s->tunnel);
  if (t.outbound == s) ChooseOutbound(t);
}

void DataPlane::Remove(std::uint32_t spi_in, TimePoint now) {
  SaPair* s = table_.BySpi(spi_in);
  if (s == nullptr) return;
  Tunnel& t = *table_.Find(s->tunnel);
  const TunnelId id = t.id;
  const bool was_outbound = t.outbound == s;
  const std::unique_ptr<SaPair> gone = table_.Take(spi_in);
  if (was_outbound) ChooseOutbound(t);
  totals_.PairDown(*gone, !t.Up());
  if (t.Up()) return;
  // Held while its connections are looked through: they let it go one by one.
  t.flows++;
  engine_.TunnelDown(id, t.preserve, now);
  t.flows--;
  FreeIfUnused(t);
}

void DataPlane::FreeIfUnused(Tunnel& t) {
  if (!t.used || t.flows != 0 || t.Up()) return;
  totals_.Keep(t.counters);
  table_.FreeIfUnused(t);
}

void DataPlane::MovePeer(std::uint32_t spi_in, const Endpoint& peer, TimePoint) {
  SaPair* s = table_.BySpi(spi_in);
  if (s == nullptr || peer.address.IsV4() != s->path.local.IsV4()) return;
  s->path.peer = peer.address;
  s->path.peer_port = peer.port;
}

void DataPlane::Measure(Tunnel& t) {
  if (t.outbound == nullptr) return;
  const SaPair& s = *t.outbound;
  const int room = t.path_mtu - static_cast<int>(FrontOf(s) + BackOf(s));
  std::size_t payload = room > 0 ? s.sealer.LargestPayload(static_cast<std::size_t>(room)) : 0;
  if (s.sa->transport) payload += s.path.Size() - (s.path.udp ? 8 : 0);  // the IP header stays what it is
  t.payload_mtu = static_cast<int>(payload);
}

void DataPlane::ForgetPathMtu(Tunnel& t, TimePoint now) {
  if (t.pmtu_until > now) return;
  t.pmtu_until = TimePoint::Max();
  t.path_mtu = t.media_mtu;
  Measure(t);
}

}  // namespace sallyport
