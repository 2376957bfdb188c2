#include "vpn/ike/v2_core.h"

#include <algorithm>

#include "vpn/crypto/digests.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostTasks = 4096;

// The largest message that is looked at. Whoever sends more wants memory.
constexpr std::size_t kLargest = kIkeLargestMessage;

}  // namespace

// --- the door

Ikev2Core::Ikev2Core(IkeHost& host) : engine_(std::make_unique<V2Engine>(host)) {}
Ikev2Core::~Ikev2Core() = default;
void Ikev2Core::UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) { engine_->UsePolicy(std::move(policy), t); }
void Ikev2Core::Receive(const IkeDatagram& d, Times t) { engine_->Receive(d, t); }
void Ikev2Core::Need(std::uint32_t entry, const TunnelFlow& flow, Times t) { engine_->Need(entry, flow, t); }
void Ikev2Core::Event(const TunnelEvent& e, Times t) { engine_->Event(e, t); }
std::uint32_t Ikev2Core::Clear(const IkeClear& what, Times t) { return engine_->Clear(what, t); }
void Ikev2Core::AdvanceTo(Times t) { engine_->AdvanceTo(t); }
Times Ikev2Core::NextDeadline() const { return engine_->NextDeadline(); }
std::vector<IkeSaView> Ikev2Core::Views(Times t) const { return engine_->Views(t); }
IkeStats Ikev2Core::Stats() const { return engine_->Stats(); }

// --- SAs

std::uint64_t V2Engine::NewIkeSpi() {
  std::uint64_t spi;
  do {
    spi = host_.entropy().U64();
  } while (spi == 0 || sas_.count(spi) != 0);
  return spi;
}

V2Engine::SaPtr V2Engine::NewSa(bool initiator, IfId at, const Endpoint& local, const Endpoint& peer, IkeDatagram::Via via,
                                std::uint64_t own_spi) {
  auto sa = std::make_shared<SaV2>();
  // Tunnel ids of version 2 are large numbers without an order, and even ones: version 1 has the odd ones.
  do {
    sa->number = (host_.entropy().U32() & 0x7ffffffe) | 0x100000;
  } while (std::any_of(sas_.begin(), sas_.end(), [&](const auto& s) { return s.second->number == sa->number; }));
  sa->session = next_session_++;
  sa->log_number = next_log_number_++;
  sa->initiator = initiator;
  (initiator ? sa->spi_i : sa->spi_r) = own_spi != 0 ? own_spi : NewIkeSpi();
  sa->at = at;
  sa->local = local;
  sa->peer = peer;
  sa->via = via;
  sa->made = sa->heard = t_.real;
  sas_[sa->own_spi()] = sa;
  std::size_t negotiating = HalfOpen();
  stats_.in_negotiation_high = std::max<std::uint64_t>(stats_.in_negotiation_high, negotiating);
  return sa;
}

std::size_t V2Engine::HalfOpen() const {
  return static_cast<std::size_t>(std::count_if(sas_.begin(), sas_.end(), [](const auto& s) {
    return !s.second->established() && s.second->state != SaV2::State::kEnded;
  }));
}

V2Engine::SaPtr V2Engine::FindReady(const EntryV2& entry) const {
  SaPtr best;
  for (const auto& [spi, sa] : sas_) {
    if (sa->at != entry.at || !sa->lan_to_lan) continue;
    if (sa->state != SaV2::State::kReady && sa->established()) continue;
    if (sa->state == SaV2::State::kEnded || (!sa->initiator && !sa->established())) continue;
    if (sa->state == SaV2::State::kReady && !sa->up) continue;  // the rival of a rekey
    if (std::find(entry.peers.begin(), entry.peers.end(), sa->peer.address) == entry.peers.end()) continue;
    if (best == nullptr || (sa->established() && !best->established())) best = sa;
  }
  return best;
}

V2Engine::SaPtr V2Engine::SaOfChild(std::uint32_t spi_in, ChildV2*& child) {
  for (const auto& [spi, sa] : sas_) {
    const auto i = sa->children.find(spi_in);
    if (i == sa->children.end()) continue;
    child = &i->second;
    return sa;
  }
  return nullptr;
}

// --- what comes

void V2Engine::UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) {
  t_ = t;
  policy_ = std::move(policy);
  std::vector<SaPtr> all;
  for (const auto& [spi, sa] : sas_) all.push_back(sa);
  for (const SaPtr& sa : all) {
    if (sa->state == SaV2::State::kDead || sa->state == SaV2::State::kEnded) continue;
    const auto on = policy_->ike.find(sa->at);
    if (on == policy_->ike.end() || !on->second.v2 || policy_->Group(sa->tunnel_group) == nullptr) {
      if (sa->established()) {
        EndSa(sa, IkeEnd::kPolicyChanged);
      } else if (on == policy_->ike.end() || !on->second.v2 || !sa->tunnel_group.empty()) {
        DropSa(sa, IkeEnd::kPolicyChanged);
      }
      continue;
    }
    if (sa->state != SaV2::State::kReady) continue;
    // Pairs of entries that are gone go; so does the SA with its last one.
    std::vector<std::uint32_t> gone;
    for (const auto& [in, child] : sa->children) {
      const auto entry = EntryOf(child.sa->key.entry);
      const bool named = entry && (entry->peers.empty() || std::find(entry->peers.begin(), entry->peers.end(),
                                                                     sa->peer.address) != entry->peers.end());
      if (!named) gone.push_back(in);
    }
    if (!gone.empty() && gone.size() == sa->children.size()) {
      EndSa(sa, IkeEnd::kPolicyChanged);
      continue;
    }
    for (const std::uint32_t in : gone) DeleteChild(sa, in, IkeEnd::kPolicyChanged);
  }
}

void V2Engine::Receive(const IkeDatagram& d, Times t) {
  t_ = t;
  if (policy_ == nullptr || d.via == IkeDatagram::Via::kTcp) return;  // IPsec over TCP is version 1's
  ++stats_.in_packets;
  stats_.in_octets += d.bytes.size();
  Reader in(d.bytes);
  const auto header = ReadIkeHeader(in);
  if (!header || header->length < kIkeHeaderSize || header->length > d.bytes.size() || header->length > kLargest) {
    ++stats_.in_drop_packets;
    return;
  }
  const bool response = (header->flags & ikev2::kResponse) != 0;
  if (header->major() != 2) {
    // RFC 7296 2.5: only a request, and one of a version that is higher than ours.
    const auto on = policy_->ike.find(d.at);
    if (header->major() > 2 && !response && on != policy_->ike.end() && on->second.v2)
      RespondInClear(d, *header, ikev2::kInvalidMajorVersion);
    ++stats_.in_drop_packets;
    return;
  }
  if (header->exchange == ikev2::kInit) {
    if (response) {
      ReceiveInitResponse(d, *header);
    } else {
      ReceiveInitRequest(d, *header);
    }
    return;
  }
  const bool from_initiator = (header->flags & ikev2::kFromInitiator) != 0;
  const auto found = sas_.find(from_initiator ? header->spi_r : header->spi_i);
  if (found == sas_.end()) {
    ++stats_.no_sa_fails;
    ++stats_.in_drop_packets;
    return;
  }
  const SaPtr sa = found->second;
  if (sa->initiator == from_initiator || sa->spi_i != header->spi_i || sa->spi_r != header->spi_r || sa->keys.d.empty() ||
      d.at != sa->at) {
    ++stats_.in_drop_packets;
    return;
  }
  ReceiveEncrypted(sa, *header, d);
}

void V2Engine::ReceiveEncrypted(const SaPtr& sa, const IkeHeader& header, const IkeDatagram& d) {
  const bool response = (header.flags & ikev2::kResponse) != 0;
  const Bytes whole = Bytes(d.bytes).first(header.length);
  const std::uint16_t fragment = FragmentNumberV2(header, whole);
  std::vector<std::uint8_t> hash;
  if (response) {
    if (sa->request.empty() || header.message_id != sa->next_send || header.exchange != sa->exchange_sent) return;
  } else {
    if (fragment <= 1) hash = Hash(VpnHash::kSha256, {whole});
    if (header.message_id + 1 == sa->next_receive) {
      // Byte for byte the request that was answered last (its first fragment, when it came in several).
      if (!sa->answering && !sa->response.empty() && !hash.empty() && hash == sa->request_hash) Transmit(*sa, sa->response);
      return;
    }
    if (header.message_id != sa->next_receive || sa->answering) return;
    if (sa->state == SaV2::State::kEnded || (!sa->established() && sa->state != SaV2::State::kWaitAuth)) return;
    if ((header.exchange == ikev2::kAuth) != (sa->state == SaV2::State::kWaitAuth)) return;
    if (fragment != 0 && !sa->fragmentation) return;
  }
  std::vector<std::uint8_t> bytes(whole.begin(), whole.end());
  auto result = OpenV2(sa->in, response ? sa->response_pieces : sa->request_pieces, header, bytes);
  switch (result.what) {
    case OpenResultV2::What::kForged:
      ++stats_.decrypt_fails;
      ++stats_.in_drop_packets;
      return;
    case OpenResultV2::What::kMalformed:
      ++stats_.in_drop_packets;
      return;
    case OpenResultV2::What::kPart:
      if (fragment == 1) sa->piece_hash = hash;
      return;
    case OpenResultV2::What::kWhole:
      break;
  }
  sa->heard = t_.real;
  // A peer behind a translator may have moved: the newest authentic message tells where it is (RFC 7296 2.23).
  if (d.via == IkeDatagram::Via::kNatT && (!(d.peer == sa->peer) || sa->via != d.via) &&
      (sa->nat_outside || sa->via != d.via) && !response) {
    const bool moved = sa->established();
    sa->via = d.via;
    sa->peer = d.peer;
    sa->local = d.local;
    if (moved) {
      for (const auto& [spi, child] : sa->children) host_.MovePeer(spi, sa->peer);
    }
  }
  const auto message = std::make_shared<OpenedV2>(std::move(result.opened));
  const auto payloads = ReadPayloads(message->first, message->chain, ChainEnd::kExact);
  if (host_.Hears(IkeSaying::Debug::kIkev2Protocol, 2) && payloads) SayPacket(*sa, false, header, *payloads);
  if (response) {
    sa->response_pieces.Clear();
    if (!payloads || CheckV2(header.exchange, true, *payloads)) {
      // Authentic, and nonsense: the peer's program is at fault, and asking again would bring the same.
      Proto(sa.get(), sa->peer.address, 1, "Detected an invalid value in the message");
      if (sa->established()) {
        EndSa(sa, IkeEnd::kError);
        sa->request.clear();
        sa->resend.Stop();
        ++sa->next_send;
        sa->current.reset();
        Pump(sa);
      } else {
        FailBegin(sa, "Auth exchange failed");
      }
      return;
    }
    sa->request.clear();
    sa->resend.Stop();
    ++sa->next_send;
    sa->message = message;
    HandleResponse(sa, header.exchange, *payloads);
    return;
  }
  sa->request_pieces.Clear();
  sa->request_hash = fragment > 1 ? std::move(sa->piece_hash) : std::move(hash);
  sa->piece_hash.clear();
  ++sa->next_receive;
  sa->response.clear();
  if (!payloads || CheckV2(header.exchange, false, *payloads)) {
    if (payloads) {
      if (const auto type = UnknownCriticalV2(*payloads)) {
        const std::uint8_t data[] = {*type};
        RespondError(sa, header.exchange, header.message_id, ikev2::kUnsupportedCriticalPayload, Bytes(data));
        if (!sa->established()) DropSa(sa, IkeEnd::kError, true);
        return;
      }
    }
    RespondError(sa, header.exchange, header.message_id, ikev2::kInvalidSyntax);
    DropSa(sa, IkeEnd::kError, true);  // RFC 7296 2.21.3
    return;
  }
  sa->message = message;
  HandleRequest(sa, header.exchange, header.message_id, *payloads);
}

void V2Engine::HandleRequest(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id,
                             std::span<const RawPayload> payloads) {
  switch (exchange) {
    case ikev2::kAuth:
      ReceiveAuthRequest(sa, id, payloads);
      return;
    case ikev2::kCreateChild: {
      const auto sa_payload = ReadSaV2(FindPayload(payloads, ikev2::kSa)->body);
      if (!sa_payload || sa_payload->empty()) {
        RespondError(sa, exchange, id, ikev2::kInvalidSyntax);
        return;
      }
      if ((*sa_payload)[0].protocol == ikev2::kIke) {
        ReceiveIkeRekey(sa, id, payloads);
      } else {
        ReceiveChildRequest(sa, id, payloads);
      }
      return;
    }
    case ikev2::kInformational:
      ReceiveInformational(sa, id, payloads);
      return;
    default:
      return;
  }
}

void V2Engine::HandleResponse(const SaPtr& sa, std::uint8_t exchange, std::span<const RawPayload> payloads) {
  if (exchange == ikev2::kAuth) {
    if (sa->state == SaV2::State::kAuthSent) ReceiveAuthResponse(sa, payloads);
    return;
  }
  if (sa->current == nullptr) {
    Pump(sa);
    return;
  }
  switch (sa->current->kind) {
    case TaskV2::Kind::kChild:
    case TaskV2::Kind::kRekeyChild:
      ReceiveChildResponse(sa, payloads);
      return;
    case TaskV2::Kind::kRekeyIke:
      ReceiveIkeRekeyResponse(sa, payloads);
      return;
    default:
      ReceiveInformationalResponse(sa, payloads);
  }
}

void V2Engine::Need(std::uint32_t entry_id, const TunnelFlow& flow, Times t) {
  t_ = t;
  const auto entry = EntryOf(entry_id);
  if (!entry || !entry->may_begin || entry->proposals.empty() || entry->peers.empty()) return;
  const auto on = policy_->ike.find(entry->at);
  if (on == policy_->ike.end() || !on->second.v2) return;
  const auto selectors = SelectorsFor(entry_id, flow);
  if (!selectors) return;
  const TrafficSelector local = selectors->first.back(), remote = selectors->second.back();
  const auto covers = [&](const std::vector<TrafficSelector>& list, const TrafficSelector& wanted, IpAddress about) {
    return std::any_of(list.begin(), list.end(), [&](const TrafficSelector& ts) {
      return InsideTs(HostSelector(about, wanted.protocol, wanted.ports), ts);
    });
  };
  // Is it there already, or being asked for?
  for (const auto& [spi, sa] : sas_) {
    if (sa->state == SaV2::State::kEnded || sa->state == SaV2::State::kDeleting) continue;
    for (const auto& [in, child] : sa->children) {
      if (child.sa->key.entry == entry_id && !child.deleting && covers(child.sa->key.local, local, flow.src) &&
          covers(child.sa->key.remote, remote, flow.dst))
        return;
    }
    const auto same = [&](const TaskV2& task) {
      return task.kind == TaskV2::Kind::kChild && task.entry == entry_id && task.local.back() == local &&
             task.remote.back() == remote;
    };
    if (sa->current != nullptr && same(*sa->current)) return;
    if (std::any_of(sa->queue.begin(), sa->queue.end(), [&](const auto& task) { return same(*task); })) return;
    if (sa->initiator && !sa->established() && sa->entry == entry_id && !sa->local_ts.empty() &&
        sa->local_ts.back() == local && sa->remote_ts.back() == remote)
      return;
  }
  if (const SaPtr sa = FindReady(*entry)) {
    if (sa->queue.size() >= kMostTasks) return;
    auto task = std::make_unique<TaskV2>();
    task->kind = TaskV2::Kind::kChild;
    task->entry = entry_id;
    task->flow = flow;
    task->local = selectors->first;
    task->remote = selectors->second;
    Enqueue(sa, std::move(task));
    return;
  }
  for (std::size_t i = 0; i < entry->peers.size(); ++i) {
    if (Begin(entry_id, flow, i)) return;
  }
}

void V2Engine::Event(const TunnelEvent& e, Times t) {
  t_ = t;
  if (policy_ == nullptr) return;
  ChildV2* child = nullptr;
  switch (e.what) {
    case TunnelEvent::What::kRekey: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa != nullptr) child->soft = t_.now;
      if (sa != nullptr) AdvanceSa(sa);
      return;
    }
    case TunnelEvent::What::kExpired: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa != nullptr) DeleteChild(sa, e.spi_in, IkeEnd::kMaxTime);
      return;
    }
    case TunnelEvent::What::kFirstPacket: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa == nullptr || !child->waits || child->replaced || child->deleting) return;
      UseOutbound(e.spi_in);
      return;
    }
    case TunnelEvent::What::kInvalidSpi: {
      for (const auto& [spi, sa] : sas_) {
        if (sa->state != SaV2::State::kReady || sa->peer.address != e.peer.address || sa->at != e.at) continue;
        const auto asked = [&](const TaskV2& task) {
          return task.kind == TaskV2::Kind::kInvalidSpi && task.spis[0] == e.spi;
        };
        if ((sa->current != nullptr && asked(*sa->current)) || sa->queue.size() > 16 ||
            std::any_of(sa->queue.begin(), sa->queue.end(), [&](const auto& task) { return asked(*task); }))
          return;
        auto task = std::make_unique<TaskV2>();
        task->kind = TaskV2::Kind::kInvalidSpi;
        task->spis = {e.spi};
        const SaPtr keep = sa;
        Enqueue(keep, std::move(task));
        return;
      }
      return;
    }
    case TunnelEvent::What::kMovedPeer: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa == nullptr || !sa->nat_outside || e.peer == sa->peer) return;
      sa->peer = e.peer;
      for (const auto& [spi, c] : sa->children) host_.MovePeer(spi, sa->peer);
      return;
    }
    default:
      return;
  }
}

std::uint32_t V2Engine::Clear(const IkeClear& what, Times t) {
  t_ = t;
  if (what.version == 1) return 0;
  std::uint32_t count = 0;
  std::vector<SaPtr> all;
  for (const auto& [spi, sa] : sas_) all.push_back(sa);
  for (const SaPtr& sa : all) {
    if (sa->state == SaV2::State::kDead || sa->state == SaV2::State::kEnded || sa->state == SaV2::State::kDeleting) continue;
    if (what.peer && *what.peer != sa->peer.address) continue;
    if (what.ike_sa && *what.ike_sa != sa->number) continue;
    if (what.spi_in || what.entry || what.ipsec_only) {
      std::vector<std::uint32_t> spis;
      for (const auto& [in, child] : sa->children) {
        if (what.spi_in && in != *what.spi_in) continue;
        if (what.entry && child.sa->key.entry != *what.entry) continue;
        if (!child.deleting) spis.push_back(in);
      }
      for (const std::uint32_t in : spis) {
        // The operator sees them gone at once; the peer is told as soon as it can be.
        const auto i = sa->children.find(in);
        if (i == sa->children.end()) continue;
        DeleteChild(sa, in, what.why);
        ++count;
      }
      continue;
    }
    ++count;
    EndSa(sa, what.why);
  }
  return count;
}

// --- time

TimePoint V2Engine::LivenessAt(const SaV2& sa) const {
  if (sa.state != SaV2::State::kReady || !sa.up || !sa.keepalive || sa.dpd_threshold_s == 0 || !sa.idle())
    return TimePoint::Max();
  return sa.heard + Duration::Seconds(sa.dpd_threshold_s);
}

// ESP that came tells as much as a message. It is noted in appliance time, and ages as that does.
void V2Engine::NoteActivity(SaV2& sa) {
  for (const auto& [in, child] : sa.children) {
    const std::int64_t last = child.sa->activity->last_in_ns.load(std::memory_order_relaxed);
    if (last == 0) continue;
    const std::int64_t age = std::max<std::int64_t>(0, t_.now.ns - last);
    sa.heard = std::max(sa.heard, TimePoint{t_.real.ns - age});
  }
}

Times V2Engine::DeadlineOf(const SaV2& sa) const {
  Times due{TimePoint::Max(), TimePoint::Max()};
  due.real = std::min({sa.resend.next(), sa.until, sa.keepalive_at, LivenessAt(sa)});
  if (sa.established() && sa.idle() && !sa.answering) {
    for (const auto& task : sa.queue) due.real = std::min(due.real, task->earliest);
  }
  if (sa.state == SaV2::State::kReady && sa.up) {
    due.now = std::min(sa.soft, sa.hard);
    for (const auto& [in, child] : sa.children) {
      if (!child.deleting && !child.rekeying && !child.replaced) due.now = std::min(due.now, child.soft);
      if (!child.deleting) due.now = std::min(due.now, child.hard);
    }
  }
  return due;
}

Times V2Engine::NextDeadline() const {
  Times due{TimePoint::Max(), TimePoint::Max()};
  for (const auto& [spi, sa] : sas_) {
    const Times one = DeadlineOf(*sa);
    due.now = std::min(due.now, one.now);
    due.real = std::min(due.real, one.real);
  }
  for (const Lingering& l : lingering_) due.real = std::min(due.real, l.until);
  return due;
}

void V2Engine::AdvanceTo(Times t) {
  t_ = t;
  for (std::size_t i = 0; i < lingering_.size();) {
    if (lingering_[i].until <= t_.real) {
      const std::uint32_t spi = lingering_[i].sa->spi_in;
      lingering_.erase(lingering_.begin() + static_cast<std::ptrdiff_t>(i));
      host_.Remove(spi);
    } else {
      ++i;
    }
  }
  if (policy_ == nullptr) return;
  std::vector<SaPtr> due;
  for (const auto& [spi, sa] : sas_) {
    const Times at = DeadlineOf(*sa);
    if (at.now <= t_.now || at.real <= t_.real) due.push_back(sa);
  }
  for (const SaPtr& sa : due) AdvanceSa(sa);
}

void V2Engine::AdvanceSa(const SaPtr& sa) {
  if (sa->state == SaV2::State::kDead) return;
  if (sa->until <= t_.real) {
    switch (sa->state) {
      case SaV2::State::kEnded:
        sa->state = SaV2::State::kDead;
        sas_.erase(sa->own_spi());
        return;
      case SaV2::State::kWaitAuth:
        SayAborted(*sa, "Failed to receive the AUTH msg before the timer expired");
        Proto(sa.get(), sa->peer.address, 2, "Auth exchange failed");
        ++stats_.responder_fails;
        DropSa(sa, IkeEnd::kError);
        return;
      default:
        DropSa(sa, sa->state == SaV2::State::kReplaced || !sa->up ? IkeEnd::kReplaced : IkeEnd::kError);
        return;
    }
  }
  switch (sa->resend.Advance(t_.real)) {
    case Retransmitter::Due::kResend:
      Proto(sa.get(), sa->peer.address, 2, "Retransmitting packet");
      Transmit(*sa, sa->request);
      break;
    case Retransmitter::Due::kGiveUp:
      GaveUp(sa);
      return;
    case Retransmitter::Due::kNothing:
      break;
  }
  if (sa->keepalive_at <= t_.real) {
    sa->keepalive_at = t_.real + Duration::Seconds(policy_->nat_keepalive_s);
    Transmit(*sa, {{0xff}});
  }
  if (sa->state == SaV2::State::kReady && sa->up) {
    if (sa->hard <= t_.now) {
      EndSa(sa, IkeEnd::kMaxTime);
      return;
    }
    if (sa->soft <= t_.now) {
      sa->soft = TimePoint::Max();
      auto task = std::make_unique<TaskV2>();
      task->kind = TaskV2::Kind::kRekeyIke;
      Enqueue(sa, std::move(task));
    }
    std::vector<std::uint32_t> soft, hard;
    for (auto& [in, child] : sa->children) {
      if (child.deleting) continue;
      if (child.hard <= t_.now) {
        hard.push_back(in);
      } else if (child.soft <= t_.now && !child.rekeying && !child.replaced) {
        soft.push_back(in);
      }
    }
    for (const std::uint32_t in : hard) DeleteChild(sa, in, IkeEnd::kMaxTime);
    for (const std::uint32_t in : soft) {
      const auto i = sa->children.find(in);
      if (i == sa->children.end() || sa->state != SaV2::State::kReady) continue;
      i->second.rekeying = true;
      auto task = std::make_unique<TaskV2>();
      task->kind = TaskV2::Kind::kRekeyChild;
      task->entry = i->second.sa->key.entry;
      task->old_spi = in;
      task->local = i->second.sa->key.local;
      task->remote = i->second.sa->key.remote;
      Enqueue(sa, std::move(task));
    }
    if (sa->state == SaV2::State::kReady && LivenessAt(*sa) <= t_.real) {
      NoteActivity(*sa);
      if (LivenessAt(*sa) <= t_.real) {
        auto task = std::make_unique<TaskV2>();
        task->kind = TaskV2::Kind::kLiveness;
        Enqueue(sa, std::move(task));
      }
    }
  }
  if (sa->state != SaV2::State::kDead) Pump(sa);
}

// --- what is told

std::vector<IkeSaView> V2Engine::Views(Times t) const {
  std::vector<IkeSaView> out;
  std::vector<SaPtr> all;
  for (const auto& [spi, sa] : sas_) {
    if (sa->state != SaV2::State::kEnded && (!sa->established() || sa->up || sa->state == SaV2::State::kDeleting))
      all.push_back(sa);
  }
  std::sort(all.begin(), all.end(), [](const SaPtr& a, const SaPtr& b) {
    return a->session != b->session ? a->session < b->session : a->log_number < b->log_number;
  });
  for (const SaPtr& sa : all) {
    IkeSaView v;
    v.version = 2;
    v.number = sa->number;
    v.local = {sa->local.address, sa->local.port};
    v.remote = {sa->peer.address, sa->peer.port};
    v.lan_to_lan = sa->lan_to_lan;
    v.initiator = sa->initiator;
    const bool rekeys = sa->current != nullptr && sa->current->kind == TaskV2::Kind::kRekeyIke;
    v.rekeying = rekeys;
    v.state = sa->state == SaV2::State::kReady ? (rekeys ? IkeState::kRekeying : IkeState::kReady)
              : sa->established()              ? IkeState::kDeleting
                                               : IkeState::kNegotiating;
    v.cipher = sa->suite.cipher;
    v.hash = sa->suite.integrity;
    v.prf = sa->suite.prf;
    v.dh_group = sa->suite.group;
    v.auth = sa->remote_auth;
    v.local_auth = sa->local_auth;
    v.lifetime_s = sa->suite.lifetime_s;
    v.active_s =
        sa->established() ? static_cast<std::uint32_t>(std::max<std::int64_t>(0, (t.now - sa->ready).seconds())) : 0;
    v.session_id = sa->session;
    v.local_spi = sa->initiator ? sa->spi_i : sa->spi_r;
    v.remote_spi = sa->initiator ? sa->spi_r : sa->spi_i;
    v.local_id = sa->local_id.data.empty() ? "" : sa->local_id.Text();
    v.remote_id = sa->remote_id.data.empty() ? "" : sa->remote_id.Text();
    v.local_message_id = sa->next_send;
    v.remote_message_id = sa->next_receive;
    v.dpd_seconds = sa->keepalive ? sa->dpd_threshold_s : 0;
    v.dpd_retry = sa->dpd_retry_s;
    v.nat_inside = sa->nat_inside;
    v.nat_outside = sa->nat_outside;
    for (const auto& [in, child] : sa->children) {
      if (child.deleting) continue;
      // One line for each pair of selectors, as an ASA lists children.
      for (const TrafficSelector& l : child.sa->key.local) {
        for (const TrafficSelector& r : child.sa->key.remote) {
          IkeChildView c;
          c.local = l.addresses;
          c.remote = r.addresses;
          c.local_port_low = l.ports.first;
          c.local_port_high = l.ports.last;
          c.remote_port_low = r.ports.first;
          c.remote_port_high = r.ports.last;
          c.spi_in = in;
          c.spi_out = child.sa->spi_out;
          c.cipher = child.sa->cipher;
          c.hash = child.sa->hash;
          c.transport = child.sa->transport;
          v.children.push_back(c);
        }
      }
    }
    out.push_back(std::move(v));
  }
  return out;
}

IkeStats V2Engine::Stats() const {
  IkeStats s = stats_;
  s.in_negotiation = HalfOpen();
  return s;
}

}  // namespace sallyport
