#include "vpn/ike/v1_core.h"

#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/v1_turn.h"

namespace sallyport {
namespace {

// In pieces above what fits into 576 bytes of IPv4.
constexpr std::size_t kLargestUncut = 548;

IkeState ViewState(const Ikev1Sa& sa) {
  switch (sa.state) {
    case V1State::kStart:
    case V1State::kMmWait2:
    case V1State::kMmBuild3:
      return IkeState::kMainWait2;
    case V1State::kMmWait4:
    case V1State::kMmBuild5:
      return IkeState::kMainWait4;
    case V1State::kMmWait6:
      return IkeState::kMainWait6;
    case V1State::kMmWait3:
    case V1State::kMmBuild4:
      return IkeState::kMainWait3;
    case V1State::kMmWait5:
    case V1State::kMmBuild6:
      return IkeState::kMainWait5;
    case V1State::kAmBuild1:
    case V1State::kAmWait2:
    case V1State::kAmBuild3:
      return IkeState::kAggressiveWait2;
    case V1State::kAmBuild2:
    case V1State::kAmWait3:
      return IkeState::kAggressiveWait3;
    case V1State::kActive:
      break;
  }
  return sa.aggressive ? IkeState::kAggressiveActive : IkeState::kMainActive;
}

}  // namespace

Ikev1Core::Ikev1Core(IkeHost& host) : host_(host), self_(std::make_shared<Ikev1Core*>(this)) {}

Ikev1Core::~Ikev1Core() { *self_ = nullptr; }

// --- the turn

Ikev1Core::Turn::Turn(Ikev1Core& core, Times t) : core_(core) {
  core_.times_ = t;
  ++core_.depth_;
}

Ikev1Core::Turn::~Turn() {
  if (core_.depth_ == 1) core_.Drain();
  --core_.depth_;
}

void Ikev1Core::Drain() {
  while (!computed_.empty()) {
    const auto [number, quick] = computed_.front();
    computed_.erase(computed_.begin());
    Ikev1Sa* sa = Find(number);
    if (sa == nullptr) continue;
    if (quick == 0) {
      Step1(*sa, V1Event::kComputed, nullptr);
      continue;
    }
    const auto q = sa->quick.find(quick);
    if (q != sa->quick.end()) Step2(*sa, *q->second, V1Event::kComputed, nullptr);
  }
}

void Ikev1Core::Start(Ikev1Sa& sa, std::uint32_t quick, std::shared_ptr<JobV1> job) {
  const std::uint32_t number = sa.number;
  if (!job->make_key && !job->make_shared && !job->signer) {
    computed_.emplace_back(number, quick);
    return;
  }
  const auto work = [job, &entropy = host_.entropy()] {
    if (job->make_key) {
      Result<Secret> key = DhKey(job->group, entropy, job->public_value);
      if (!key) {
        job->error = key.error();
        return;
      }
      job->private_value = *std::move(key);
    }
    if (job->make_shared) {
      Result<Secret> shared = DhShared(job->group, job->private_value.bytes(), job->peer_public);
      if (!shared) {
        job->error = shared.error();
        return;
      }
      job->shared = *std::move(shared);
    }
    if (job->signer) {
      Result<std::vector<std::uint8_t>> signature = Sign(job->signer, SignatureScheme::kRsaRaw, job->to_sign);
      if (!signature) {
        job->error = signature.error();
        return;
      }
      job->signature = *std::move(signature);
    }
  };
  host_.Compute(work, [self = self_, number, quick] {
    Ikev1Core* core = *self;
    if (core == nullptr) return;
    core->computed_.emplace_back(number, quick);
    // Within a turn its end takes care of it; else this is a turn of its own, at the time of the last one.
    if (core->depth_ == 0) Turn turn(*core, core->times_);
  });
}

Ikev1Sa* Ikev1Core::Find(std::uint32_t number) {
  const auto i = sas_.find(number);
  return i == sas_.end() ? nullptr : i->second.get();
}

Ikev1Sa* Ikev1Core::FindFor(const IkeHeader& header) {
  for (const bool initiator : {true, false}) {
    const auto i = by_cookie_.find(initiator ? header.spi_i : header.spi_r);
    if (i == by_cookie_.end()) continue;
    Ikev1Sa* sa = Find(i->second);
    if (sa == nullptr || sa->initiator != initiator) continue;
    const std::uint64_t theirs = initiator ? header.spi_r : header.spi_i;
    // The initiator learns the responder's cookie from the first answer.
    if (sa->peer_cookie() == theirs || (initiator && sa->cookie_r == 0)) return sa;
  }
  return nullptr;
}

Ikev1Sa* Ikev1Core::FindActive(IfId at, IpAddress peer) {
  Ikev1Sa* found = nullptr;
  for (auto& [number, sa] : sas_) {
    if (sa->at != at || sa->peer.address != peer || !sa->active() || sa->replaced) continue;
    if (sa->remote_access() && !sa->client) continue;
    found = sa.get();
  }
  return found;
}

Ikev1Sa& Ikev1Core::NewSa() {
  const std::uint32_t number = next_number_;
  next_number_ += 2;
  auto sa = std::make_unique<Ikev1Sa>();
  sa->number = number;
  sa->created = sa->progress = sa->heard = real();
  Ikev1Sa& out = *sa;
  sas_[number] = std::move(sa);
  return out;
}

// --- receiving

void Ikev1Core::Receive(const IkeDatagram& d, Times t) {
  Turn turn(*this, t);
  ++stats_.in_packets;
  stats_.in_octets += d.bytes.size();
  Reader in(d.bytes);
  const std::optional<IkeHeader> header = ReadIkeHeader(in);
  const std::optional<Bytes> body = header ? IkeMessageBody(*header, d.bytes) : std::nullopt;
  if (!body || header->spi_i == 0) {
    ++stats_.in_drop_packets;
    Say(713903, 4, nullptr, d.peer.address,
        "IKE Receiver: Runt ISAKMP packet discarded on Port " + std::to_string(d.local.port) + " from " +
            d.peer.address.ToString() + ":" + std::to_string(d.peer.port));
    return;
  }
  if (header->major() != 1) {
    ++stats_.in_drop_packets;
    return;
  }
  OnMessage(d, *header, *body);
}

void Ikev1Core::OnMessage(const IkeDatagram& d, const IkeHeader& header, Bytes body) {
  if (header.first == ikev1::kFragment && (header.flags & ikev1::kEncrypted) == 0) {
    OnFragment(d, header, body);
    return;
  }
  MessageV1 m;
  m.datagram = &d;
  m.header = header;
  m.digest = Hash(VpnHash::kSha1, {d.bytes});
  Ikev1Sa* sa = FindFor(header);
  const bool phase1 = header.exchange == ikev1::kMainMode || header.exchange == ikev1::kAggressiveMode;
  if (phase1 && sa == nullptr && header.spi_r == 0) {
    if (by_cookie_.count(header.spi_i) != 0) {  // a first message of our own, sent back
      ++stats_.in_drop_packets;
      return;
    }
    BeginResponder(d, m, body);
    return;
  }
  if (header.exchange == ikev1::kInformational) {
    OnInformational(sa, m, body);
    return;
  }
  if (sa == nullptr) {
    ++stats_.in_drop_packets;
    ++stats_.no_sa_fails;
    Say(713904, 5, nullptr, d.peer.address,
        (header.flags & ikev1::kEncrypted) != 0
            ? "Received encrypted packet with no matching SA, dropping"
            : "Header invalid, missing SA payload! (next payload = " + std::to_string(header.first) + ")");
    return;
  }
  if (phase1) {
    if (sa->aggressive != (header.exchange == ikev1::kAggressiveMode)) return;
    OnPhase1(*sa, m, body);
    return;
  }
  // Everything else is under the protection of a phase 1 that is through.
  if (!sa->active() || (header.flags & ikev1::kEncrypted) == 0 || header.message_id == 0) {
    ++stats_.in_drop_packets;
    return;
  }
  if (header.exchange == ikev1::kQuickMode) {
    OnQuick(*sa, m, body);
  } else if (header.exchange == ikev1::kTransaction) {
    OnTransaction(*sa, m, body);
  } else {
    ++stats_.in_drop_packets;
    SendNotify(*sa, ikev1::kUnsupportedExchange, ikev1::kIsakmp, {}, {});
  }
}

void Ikev1Core::OnFragment(const IkeDatagram& d, const IkeHeader& header, Bytes body) {
  Ikev1Sa* sa = FindFor(header);
  const auto payloads = ReadPayloads(header.first, body, ChainEnd::kExact);
  const auto piece = payloads && payloads->size() == 1 ? ReadFragmentV1((*payloads)[0].body) : std::nullopt;
  if (sa == nullptr || !piece || sa->peer.address != d.peer.address) {
    ++stats_.in_drop_packets;
    return;
  }
  const auto whole = sa->reassembly.Add(*piece);
  if (!whole) return;
  IkeDatagram together = d;
  together.bytes = *whole;
  Reader in(together.bytes);
  const auto inner = ReadIkeHeader(in);
  const auto inner_body = inner ? IkeMessageBody(*inner, together.bytes) : std::nullopt;
  // A fragment of a fragment would go round.
  if (!inner_body || inner->major() != 1 || inner->first == ikev1::kFragment || inner->spi_i != header.spi_i ||
      inner->spi_r != header.spi_r) {
    ++stats_.in_drop_packets;
    return;
  }
  Say(715063, 7, *sa, "Successfully assembled an encrypted pkt from rcv'd fragments!");
  OnMessage(together, *inner, *inner_body);
}

bool Ikev1Core::Open(const Ikev1Sa& sa, const std::vector<std::uint8_t>& iv, MessageV1& m, Bytes body) {
  Bytes chain = body;
  if ((m.header.flags & ikev1::kEncrypted) != 0) {
    m.plain.assign(body.begin(), body.end());
    m.iv = iv;
    ++stats_.crypto.decrypted;
    if (!sa.keys.ready() || !DecryptV1(sa.suite, sa.keys, m.iv, m.plain)) {
      ++stats_.decrypt_fails;
      return false;
    }
    chain = m.plain;
  }
  Result<std::vector<RawPayload>> payloads = ReadPayloads(m.header.first, chain, ChainEnd::kPadded);
  if (!payloads) return false;
  m.payloads = *std::move(payloads);
  std::size_t length = kIkeHeaderSize;
  for (const RawPayload& p : m.payloads) length += p.whole().size();
  SayMessage("RECEIVED", &sa, sa.peer.address, m.header.message_id, m.header.first, chain, length);
  return true;
}

bool Ikev1Core::HashIsRight(const Ikev1Sa& sa, const MessageV1& m, Bytes between) const {
  if (m.payloads.empty() || m.payloads[0].type != ikev1::kHash) return false;
  std::uint8_t id[4];
  StoreBe32(id, m.header.message_id);
  Bytes rest;
  if (m.payloads.size() > 1) {
    const Bytes first = m.payloads[1].whole(), last = m.payloads.back().whole();
    rest = Bytes(first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data()));
  }
  ++stats_.crypto.hmacs;
  return SameBytes(MessageHashV1(sa.suite, sa.keys, {id, between, rest}), m.payloads[0].body);
}

void Ikev1Core::Heard(Ikev1Sa& sa, const IkeDatagram& d) {
  sa.heard = real();
  sa.dpd_probes = 0;
  if (sa.dpd_at != TimePoint::Max() && sa.active()) sa.dpd_at = real() + Duration::Seconds(sa.group.keepalive_threshold_s);
  if (d.peer == sa.peer && d.local == sa.local && d.via == sa.via) return;
  // NAT: the peer is where its authenticated messages come from. Without NAT traversal its port may differ, no more.
  if (d.peer.address != sa.peer.address && sa.natt == NatTraversal::kNone) return;
  sa.peer = d.peer;
  sa.local = d.local;
  sa.via = d.via;
  for (auto& [spi, child] : children_) {
    if (child.sa != sa.number || child.sa_pair->encapsulation != EspEncapsulation::kNatT || d.via != IkeDatagram::Via::kNatT)
      continue;
    host_.MovePeer(spi, d.peer);
  }
}

// --- sending

std::vector<std::uint8_t> Ikev1Core::Pack(Ikev1Sa& sa, std::uint8_t exchange, std::uint32_t id, ChainWriter& chain,
                                          std::vector<std::uint8_t>* iv) {
  IkeHeader h;
  h.spi_i = sa.cookie_i;
  h.spi_r = sa.cookie_r;
  h.first = chain.first();
  h.exchange = exchange;
  h.flags = iv != nullptr ? ikev1::kEncrypted : 0;
  h.message_id = id;
  std::vector<std::uint8_t> bytes = chain.Take();
  const std::vector<std::uint8_t> plain = bytes;
  if (iv != nullptr) {
    ++stats_.crypto.encrypted;
    EncryptV1(sa.suite, sa.keys, *iv, bytes);
  }
  std::vector<std::uint8_t> message = WithIkeHeader(h, bytes);
  // An ASA tells the length without the cipher's padding.
  SayMessage("SENDING", &sa, sa.peer.address, id, h.first, plain, kIkeHeaderSize + plain.size());
  Transmit(sa, message);
  return message;
}

void Ikev1Core::Transmit(Ikev1Sa& sa, const std::vector<std::uint8_t>& message) {
  std::vector<std::vector<std::uint8_t>> pieces = {message};
  if (sa.fragments && message.size() > kLargestUncut) {
    pieces = CutMessageV1(message, kLargestUncut, sa.next_fragment_id++);
    if (sa.next_fragment_id == 0) sa.next_fragment_id = 1;
  }
  for (std::vector<std::uint8_t>& piece : pieces) {
    IkeDatagram d;
    d.via = sa.via;
    d.at = sa.at;
    d.local = sa.local;
    d.peer = sa.peer;
    d.bytes = std::move(piece);
    ++stats_.out_packets;
    stats_.out_octets += d.bytes.size();
    host_.Send(d);
  }
}

ChainWriter Ikev1Core::HashedChain(const Ikev1Sa& sa) const {
  ChainWriter out;
  out.Begin(ikev1::kHash);
  out.Zeros(TraitsOf(sa.suite.hash).size);
  out.End();
  return out;
}

void Ikev1Core::FillHash(const Ikev1Sa& sa, ChainWriter& chain, std::uint32_t id, Bytes between) const {
  chain.End();
  const std::size_t size = TraitsOf(sa.suite.hash).size;
  std::uint8_t id_bytes[4];
  StoreBe32(id_bytes, id);
  const Bytes rest = chain.bytes().subspan(kIkePayloadHeaderSize + size);
  ++stats_.crypto.hmacs;
  const std::vector<std::uint8_t> hash = MessageHashV1(sa.suite, sa.keys, {id_bytes, between, rest});
  std::copy(hash.begin(), hash.end(), chain.mutable_bytes().begin() + kIkePayloadHeaderSize);
}

std::uint32_t Ikev1Core::NewMessageId(const Ikev1Sa& sa) {
  for (;;) {
    const std::uint32_t id = host_.entropy().U32();
    if (id == 0 || sa.quick.count(id) != 0 || sa.transactions.count(id) != 0) continue;
    if (std::find(sa.used_ids.begin(), sa.used_ids.end(), id) == sa.used_ids.end()) return id;
  }
}

// --- views

std::vector<IkeSaView> Ikev1Core::Views(Times t) const {
  std::vector<IkeSaView> out;
  for (const auto& [number, sa] : sas_) {
    IkeSaView v;
    v.version = 1;
    v.number = static_cast<std::uint32_t>(out.size() + 1);
    v.local = {sa->local.address, sa->local.port};
    v.remote = {sa->peer.address, sa->peer.port};
    v.lan_to_lan = !sa->remote_access();
    v.initiator = sa->initiator;
    v.rekeying = sa->replaces != 0 && !sa->active();
    v.state = ViewState(*sa);
    v.cipher = sa->suite.cipher;
    v.hash = v.prf = sa->suite.hash;
    v.dh_group = sa->suite.group;
    v.auth = v.local_auth = sa->suite.auth;
    v.lifetime_s = sa->suite.lifetime_s;
    if (sa->established != TimePoint::Max()) {
      v.active_s = static_cast<std::uint32_t>(std::max<std::int64_t>(0, (t.now - sa->established).seconds()));
    }
    v.local_spi = sa->own_cookie();
    v.remote_spi = sa->peer_cookie();
    v.dpd_seconds = sa->group.keepalive_threshold_s;
    v.dpd_retry = sa->group.keepalive_retry_s;
    v.nat_inside = sa->nat_here;
    v.nat_outside = sa->nat_there;
    out.push_back(std::move(v));
  }
  return out;
}

IkeStats Ikev1Core::Stats() const {
  IkeStats out = stats_;
  out.active_tunnels = out.in_negotiation = 0;
  for (const auto& [number, sa] : sas_) ++(sa->active() ? out.active_tunnels : out.in_negotiation);
  out.crypto.failed = out.decrypt_fails;
  return out;
}

// --- what others want

void Ikev1Core::Need(std::uint32_t entry_id, const TunnelFlow& flow, Times t) {
  Turn turn(*this, t);
  if (policy_ == nullptr) return;
  const std::optional<EntryV1> entry = EntryOf(*policy_, entry_id);
  if (!entry || entry->sets.empty() || !entry->may_begin || entry->peers.empty()) return;
  const auto ike = policy_->ike.find(entry->at);
  if (ike == policy_->ike.end() || !ike->second.v1) return;
  if (entry->map == kVpnClientMap) {
    // The hardware client asks its server for everything at once, when it has connected.
    const bool there = std::any_of(sas_.begin(), sas_.end(), [](const auto& s) { return s.second->client; });
    if (!there) client_at_ = std::min(client_at_, real() + Duration::Seconds(1));
    return;
  }
  SelectorPair selectors;
  if (entry->any_to_any) {
    selectors.local.addresses = selectors.remote.addresses = AddressRange::Of(Prefix::AnyV4());
  } else if (entry->match != nullptr) {
    const auto found = SelectorsFor(*entry->match, flow);
    if (!found) return;
    selectors = *found;
  } else {
    return;
  }
  const NeedV1 need{entry->id, selectors, 0};
  for (const auto& [spi, child] : children_) {
    if (child.entry == entry->id && child.selectors == selectors && !child.retired) return;
  }
  IkeSaying acquire;
  acquire.syslog = 715077;
  acquire.debug = IkeSaying::Debug::kIkev1;
  acquire.debug_level = 7;
  acquire.peer = entry->peers.front();
  acquire.text = "Pitcher: received a key acquire message, spi 0x0";
  host_.Say(acquire);
  // One that is up, or on its way, to any of the entry's peers.
  for (const IpAddress& peer : entry->peers) {
    if (Ikev1Sa* sa = FindActive(entry->at, peer); sa != nullptr && sa->login == V1Login::kNone) {
      if (Busy(*sa, selectors)) return;
      Say(713041, 5, *sa,
          "IKE Initiator: New Phase 2, Intf " + host_.NameOf(sa->at) + ", IKE Peer " + peer.ToString() +
              "  local Proxy Address " + SelectorAddress(selectors.local) + ", remote Proxy Address " +
              SelectorAddress(selectors.remote) + ",  Crypto map (" + entry->map + ")");
      BeginQuick(*sa, need);
      return;
    }
  }
  for (auto& [number, sa] : sas_) {
    if (!sa->initiator || sa->active() || sa->at != entry->at || sa->client) continue;
    if (std::find(entry->peers.begin(), entry->peers.end(), sa->peer.address) == entry->peers.end()) continue;
    Say(713219, 6, nullptr, sa->peer.address, "Queuing KEY-ACQUIRE messages to be processed when P1 SA is complete.");
    const bool known = std::any_of(sa->needs.begin(), sa->needs.end(),
                                   [&](const NeedV1& n) { return n.entry == need.entry && n.selectors == need.selectors; });
    if (!known && sa->needs.size() < 256) sa->needs.push_back(need);
    return;
  }
  std::size_t& which = peer_of_entry_[entry->id];
  which %= entry->peers.size();
  BeginInitiator(*entry, entry->peers[which], {need}, nullptr);
}

void Ikev1Core::Event(const TunnelEvent& e, Times t) {
  Turn turn(*this, t);
  ChildV1* child = FindChild(e.spi_in);
  switch (e.what) {
    case TunnelEvent::What::kNeedSa:
      Need(e.entry, e.flow, t);
      return;
    case TunnelEvent::What::kRekey:
      if (child != nullptr) RekeyChild(*child);
      return;
    case TunnelEvent::What::kExpired:
      if (child != nullptr) {
        const std::uint32_t sa = child->sa;
        RemoveChild(e.spi_in, true);
        EndIfEmpty(sa, IkeEnd::kMaxTime);
      }
      return;
    case TunnelEvent::What::kFirstPacket:
      // The peer has the pair, even if its last message was lost.
      if (child == nullptr || child->retired) return;
      if (!child->settled) {
        Settle(*child);
      } else if (child->outbound_at != TimePoint::Max()) {
        SwitchOutbound(*child);
      }
      return;
    case TunnelEvent::What::kMovedPeer:
      if (child != nullptr) {
        if (Ikev1Sa* sa = Find(child->sa); sa != nullptr && sa->via == IkeDatagram::Via::kNatT) {
          sa->peer = e.peer;
          host_.MovePeer(e.spi_in, e.peer);
        }
      }
      return;
    case TunnelEvent::What::kInvalidSpi: {
      Ikev1Sa* sa = FindActive(e.at, e.peer.address);
      if (sa == nullptr) return;
      // Once a second: whoever sends garbage must not make us send.
      TimePoint& told = told_invalid_spi_[e.peer.address];
      if (told_invalid_spi_.size() > 1024)
        told_invalid_spi_.clear();
      else if (told.ns != 0 && real() - told < Duration::Seconds(1))
        return;
      told_invalid_spi_[e.peer.address] = real();
      std::uint8_t spi[4];
      StoreBe32(spi, e.spi);
      SendNotify(*sa, ikev1::kInvalidSpi, ikev1::kEsp, spi, {});
      return;
    }
    case TunnelEvent::What::kTcpIke: {
      IkeDatagram d;
      d.via = IkeDatagram::Via::kTcp;
      d.at = e.at;
      d.local = e.local;
      d.peer = e.peer;
      d.bytes = e.bytes;
      Receive(d, t);
      return;
    }
    case TunnelEvent::What::kTcpClosed: {
      std::vector<std::uint32_t> gone;
      for (const auto& [number, sa] : sas_) {
        if (sa->via == IkeDatagram::Via::kTcp && sa->at == e.at && sa->peer == e.peer) gone.push_back(number);
      }
      for (const std::uint32_t number : gone) {
        if (Ikev1Sa* sa = Find(number)) Kill(*sa, IkeEnd::kLostService, false);
      }
      return;
    }
  }
}

std::uint32_t Ikev1Core::Clear(const IkeClear& what, Times t) {
  Turn turn(*this, t);
  if (what.version != 0 && what.version != 1) return 0;
  std::uint32_t count = 0;
  if (what.spi_in || what.entry || what.ipsec_only) {
    std::vector<std::uint32_t> spis;
    std::vector<std::uint32_t> owners;
    for (const auto& [spi, child] : children_) {
      const Ikev1Sa* sa = Find(child.sa);
      if (what.spi_in && *what.spi_in != spi) continue;
      if (what.entry && *what.entry != child.entry) continue;
      if (what.peer && child.sa_pair->peer.address != *what.peer) continue;
      if (what.ike_sa && (sa == nullptr || sa->number != *what.ike_sa)) continue;
      spis.push_back(spi);
      owners.push_back(child.sa);
    }
    for (const std::uint32_t spi : spis) {
      RemoveChild(spi, true);
      ++count;
    }
    if (!what.ipsec_only) {
      for (const std::uint32_t owner : owners) EndIfEmpty(owner, what.why);
    }
    return count;
  }
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, sa] : sas_) {
    if (what.peer && sa->peer.address != *what.peer) continue;
    if (what.ike_sa && number != *what.ike_sa) continue;
    numbers.push_back(number);
  }
  for (const std::uint32_t number : numbers) {
    Ikev1Sa* sa = Find(number);
    if (sa == nullptr) continue;
    SayEnd(*sa, what.why);
    Kill(*sa, what.why, true);
    ++count;
  }
  return count;
}

void Ikev1Core::UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) {
  Turn turn(*this, t);
  policy_ = std::move(policy);
  // Pairs whose crypto map entry is gone, or no longer wants them, end; a changed proposal counts for later negotiations.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> gone;
  for (const auto& [spi, child] : children_) {
    if (child.entry == 0) continue;  // of `vpnclient`
    const auto entry = EntryOf(*policy_, child.entry);
    const IpAddress peer = child.sa_pair->peer.address;
    bool keep = entry.has_value() && !entry->sets.empty() && entry->at == child.sa_pair->at;
    if (keep && !entry->peers.empty() && !entry->dynamic) {
      keep = std::find(entry->peers.begin(), entry->peers.end(), peer) != entry->peers.end();
    }
    if (keep && entry->match != nullptr) keep = Permits(*entry->match, child.selectors);
    if (keep && entry->match == nullptr && !entry->dynamic && !entry->any_to_any) keep = false;
    if (!keep) gone.emplace_back(spi, child.sa);
  }
  for (const auto& [spi, owner] : gone) RemoveChild(spi, true);
  for (const auto& [spi, owner] : gone) EndIfEmpty(owner, IkeEnd::kPolicyChanged);
  std::vector<std::uint32_t> off;
  for (const auto& [number, sa] : sas_) {
    const auto ike = policy_->ike.find(sa->at);
    const bool on = ike != policy_->ike.end() && ike->second.v1 && (!sa->client || policy_->client.enabled);
    const IpAddress own = host_.AddressOf(sa->at);
    if (!on || (sa->via != IkeDatagram::Via::kTcp && own != sa->local.address)) off.push_back(number);
  }
  for (const std::uint32_t number : off) {
    if (Ikev1Sa* sa = Find(number)) Kill(*sa, IkeEnd::kPolicyChanged, true);
  }
  if (!policy_->client.enabled) client_at_ = TimePoint::Max();
  else if (client_at_ == TimePoint::Max()) client_at_ = real();  // else it waits for its time already
}

}  // namespace sallyport
