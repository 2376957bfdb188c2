// Quick mode: its tables and steps. What becomes of the pairs that it makes is v1_pairs.cc.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_times.h"

namespace sallyport {
namespace {

using namespace ikev1;

constexpr PayloadRule kQm12Rules[] = {{kHash, 1, 1},   {kSa, 1, 1},    {kNonce, 1, 1},      {kKe, 0, 1},     {kId, 0, 2},
                                      {kNotify, 0, 8}, {kNatOa, 0, 2}, {kNatOaDraft, 0, 2}, {kVendor, 0, 16}};
constexpr PayloadRule kQm3Rules[] = {{kHash, 1, 1}, {kNotify, 0, 8}};
constexpr std::size_t kMostQuick = 64, kMostQuickRepeats = 8;
constexpr std::uint64_t kLifetimeUnlessTold = 28800;  // RFC 2407 4.5

bool GoodNonce(Bytes nonce) { return nonce.size() >= 8 && nonce.size() <= 256; }

std::uint64_t ShorterLifetime(std::uint64_t a, std::uint64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

std::string ProxyLine(const char* head, const TrafficSelector& s) {
  if (IsHost(s)) {
    return fmt::format("Received {} Proxy Host data in ID Payload:  Address {}, Protocol {}, Port {}", head,
                       SelectorAddress(s), s.protocol, SelectorPort(s));
  }
  return fmt::format("Received {} IP Proxy Subnet data in ID Payload:   Address {}, Mask {}, Protocol {}, Port {}", head,
                     SelectorAddress(s), SelectorMask(s), s.protocol, SelectorPort(s));
}

}  // namespace

// As in v1_phase1.cc.
struct V1QuickTables {
  using Step = Ikev1Core::Go (Ikev1Core::*)(Ikev1Sa&, QuickV1&, const MessageV1*);
  struct Row {
    QmState in;
    V1Event on;
    QmState next;
    Step step;
    std::span<const PayloadRule> rules;
    const char* story;
  };
  static constexpr Row kInitiator[] = {
      {QmState::kStart,
       V1Event::kStart,
       QmState::kBuild1,
       &Ikev1Core::BeginQm,
       {},
       "QM_START, EV_ACTIVE|QM_BLD_MSG1, EV_GET_SPI"},
      {QmState::kBuild1,
       V1Event::kComputed,
       QmState::kWait2,
       &Ikev1Core::SendQm1,
       {},
       "QM_BLD_MSG1, EV_BLD_MSG|QM_SND_MSG1, EV_START_TMR|QM_SND_MSG1, EV_SND_MSG|QM_WAIT_MSG2, NullEvent"},
      {QmState::kWait2, V1Event::kMessage, QmState::kBuild3, &Ikev1Core::TakeQm2, kQm12Rules,
       "QM_WAIT_MSG2, EV_RCV_MSG|QM_PROC_MSG, EV_PROC_MSG"},
      {QmState::kBuild3,
       V1Event::kComputed,
       QmState::kDone,
       &Ikev1Core::SendQm3,
       {},
       "QM_BLD_MSG3, EV_BLD_MSG|QM_SND_MSG3, EV_SND_MSG|QM_ACTIVE, EV_ACTIVE"},
  };
  static constexpr Row kResponder[] = {
      {QmState::kStart, V1Event::kMessage, QmState::kBuild2, &Ikev1Core::TakeQm1, kQm12Rules,
       "QM_START, EV_RCV_MSG|QM_BLD_MSG2, EV_GET_SPI"},
      {QmState::kBuild2,
       V1Event::kComputed,
       QmState::kWait3,
       &Ikev1Core::SendQm2,
       {},
       "QM_BLD_MSG2, EV_BLD_MSG|QM_SND_MSG2, EV_START_TMR|QM_SND_MSG2, EV_SND_MSG|QM_WAIT_MSG3, NullEvent"},
      {QmState::kWait3, V1Event::kMessage, QmState::kDone, &Ikev1Core::TakeQm3, kQm3Rules,
       "QM_WAIT_MSG3, EV_RCV_MSG|QM_ACTIVE, EV_ACTIVE"},
  };
  static const Row* Find(const QuickV1& q, V1Event on) {
    for (const Row& row : q.initiator ? std::span<const Row>(kInitiator) : std::span<const Row>(kResponder)) {
      if (row.in == q.state && row.on == on) return &row;
    }
    return nullptr;
  }
};

Ikev1Core::Go Ikev1Core::Step2(Ikev1Sa& sa, QuickV1& q, V1Event on, const MessageV1* m) {
  const V1QuickTables::Row* row = V1QuickTables::Find(q, on);
  if (row == nullptr) return Go::kStay;
  const std::uint32_t number = sa.number, id = q.x.id;
  const Go done = (this->*row->step)(sa, q, m);
  if (done != Go::kOn) return done;
  q.state = row->next;
  Remember(q.history, row->story);
  if (q.state == QmState::kDone) CompleteQuick(*Find(number), *Find(number)->quick.at(id));
  return done;
}

// Do we ask that peer for these selectors already, in any of the SAs with it?
bool Ikev1Core::Busy(const Ikev1Sa& sa, const SelectorPair& selectors) const {
  for (const auto& [number, other] : sas_) {
    if (!SamePeer(*other, sa)) continue;
    for (const auto& [id, q] : other->quick) {
      if (q->initiator && q->state != QmState::kDone && q->selectors == selectors) return true;
    }
  }
  return false;
}

bool Ikev1Core::BeginQuick(Ikev1Sa& sa, const NeedV1& need) {
  if (sa.quick.size() >= kMostQuick) return false;
  auto owned = std::make_unique<QuickV1>();
  QuickV1& q = *owned;
  q.x.id = NewMessageId(sa);
  q.sa = sa.number;
  q.initiator = true;
  q.entry = need.entry;
  q.selectors = need.selectors;
  q.replaces = need.replaces;
  q.created = real();
  sa.quick[q.x.id] = std::move(owned);
  ++stats_.out_p2_exchanges;
  return Step2(sa, q, V1Event::kStart, nullptr) == Go::kOn;
}

// --- initiator

Ikev1Core::Go Ikev1Core::BeginQm(Ikev1Sa& sa, QuickV1& q, const MessageV1*) {
  const std::optional<EntryV1> entry = EntryForQuick(sa, q.entry);
  if (!entry || entry->sets.empty()) {
    sa.quick.erase(q.x.id);
    return Go::kDead;
  }
  q.spi_in = host_.NewSpi();
  Debug(715006, sa, fmt::format("IKE got SPI from key engine: SPI = 0x{:08x}", q.spi_in));
  q.job = std::make_shared<JobV1>();
  q.job->group = entry->pfs_group;
  q.job->make_key = q.pfs = entry->pfs_group != 0;
  Start(sa, q.x.id, q.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendQm1(Ikev1Sa& sa, QuickV1& q, const MessageV1*) {
  const std::optional<EntryV1> entry = EntryForQuick(sa, q.entry);
  if (!entry || !q.job->error.empty()) {
    FailQuick(sa, q, 0, "QM_BLD_MSG1, EV_ERROR|QM_DONE, EV_ERROR", {});
    return Go::kDead;
  }
  Debug(713906, sa, "oakley constucting quick mode");
  ChainWriter chain = HashedChain(sa);
  Constructing(sa, "blank hash");
  Constructing(sa, "IPSec SA");
  const auto sets = SetsFor(*entry, q.selectors, sa.local.address, sa.peer.address, sa.natt != NatTraversal::kNone);
  EspOfferV1 offer;
  offer.sets = sets;
  offer.spi = q.spi_in;
  offer.lifetime_s = entry->lifetime_s;
  offer.lifetime_kb = entry->lifetime_kb;
  offer.pfs_group = q.job->group;
  if (sa.via == IkeDatagram::Via::kNatT) offer.udp = sa.natt;
  const OfferV1 proposals = OfferEspV1(offer);
  AddSaV1(chain, proposals.proposals);
  Constructing(sa, "IPSec nonce");
  q.nonce_i.resize(20);
  host_.entropy().Fill(q.nonce_i);
  chain.Add(kNonce, q.nonce_i);
  if (q.pfs) {
    Constructing(sa, "pfs ke");
    chain.Add(kKe, q.job->public_value);
  }
  Constructing(sa, "proxy ID");
  q.id_i = SelectorId(q.selectors.local);
  q.id_r = SelectorId(q.selectors.remote);
  Debug(713906, sa,
        fmt::format("Transmitting Proxy Id:\n  Local subnet:  {}  mask {} Protocol {}  Port {}\n  Remote subnet: {}  Mask "
                    "{} Protocol {}  Port {}",
                    SelectorAddress(q.selectors.local), SelectorMask(q.selectors.local), q.selectors.local.protocol,
                    SelectorPort(q.selectors.local), SelectorAddress(q.selectors.remote), SelectorMask(q.selectors.remote),
                    q.selectors.remote.protocol, SelectorPort(q.selectors.remote)));
  chain.Add(kId, q.id_i);
  chain.Add(kId, q.id_r);
  if (!sa.sent_initial_contact && sa.replaces == 0 && sa.initiator) {
    sa.sent_initial_contact = true;
    // Only if nothing else is up with this peer: the message would end it.
    const bool other = std::any_of(sas_.begin(), sas_.end(), [&](const auto& s) {
      return s.second.get() != &sa && s.second->active() && s.second->peer.address == sa.peer.address;
    });
    if (!other) {
      chain.Begin(kNotify);
      chain.U32(1);
      chain.U8(kIsakmp);
      chain.U8(16);
      chain.U16(kInitialContact);
      chain.U64(sa.cookie_i);
      chain.U64(sa.cookie_r);
      chain.End();
    }
  }
  Constructing(sa, "qm hash");
  FillHash(sa, chain, q.x.id, {});
  Debug(713906, sa, fmt::format("IKE Initiator sending 1st QM pkt: msg id = {:08x}", q.x.id));
  q.x.iv = NextIvV1(sa.suite, sa.last_block, q.x.id);
  q.x.out.Start(Pack(sa, kQuickMode, q.x.id, chain, &q.x.iv), kIkev1Gaps, real());
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeQm2(Ikev1Sa& sa, QuickV1& q, const MessageV1* m) {
  Processing(sa, "hash");
  if (!HashIsRight(sa, *m, q.nonce_i)) {
    ++stats_.hash_valid_fails;
    return Go::kStay;
  }
  Heard(sa, *m->datagram);
  const std::optional<EntryV1> entry = EntryForQuick(sa, q.entry);
  Processing(sa, "SA");
  const Result<std::vector<ProposalV1>> answer = ReadSaV1(m->Body(kSa));
  std::optional<ChosenEspV1> chosen;
  if (answer && entry && answer->size() == 1 && (*answer)[0].transforms.size() == 1) {
    const auto sets = SetsFor(*entry, q.selectors, sa.local.address, sa.peer.address, sa.natt != NatTraversal::kNone);
    chosen = ChooseEspV1(sets, q.job->group, sa.natt != NatTraversal::kNone, *answer);
  }
  Processing(sa, "nonce");
  const Bytes nonce = m->Body(kNonce);
  const RawPayload* ke = m->Find(kKe);
  const bool pfs = chosen && chosen->suite.pfs_group == q.job->group && (ke != nullptr) == q.pfs &&
                   (!q.pfs || ke->body.size() == DhPublicSize(q.job->group));
  if (!chosen || !GoodNonce(nonce) || !pfs) {
    Say(713904, 5, sa, "All IPSec SA proposals found unacceptable!");
    FailQuick(sa, q, kNoProposalChosen, "QM_PROC_MSG, EV_PROC_MSG|QM_DONE, EV_ERROR", IkeEnd::kPhase2Mismatch);
    return Go::kDead;
  }
  // The identities must be those that we asked for.
  std::vector<Bytes> ids;
  for (const RawPayload& p : m->payloads) {
    if (p.type != kId) continue;
    Processing(sa, "ID");
    ids.push_back(p.body);
  }
  if (!ids.empty() && (ids.size() != 2 || !SameBytes(ids[0], q.id_i) || !SameBytes(ids[1], q.id_r))) {
    Say(713048, 3, sa, "Error processing payload: Payload ID: 5");
    FailQuick(sa, q, kInvalidIdInformation, "QM_PROC_MSG, EV_PROC_MSG|QM_DONE, EV_ERROR", IkeEnd::kNoCryptoMap);
    return Go::kDead;
  }
  q.suite = chosen->suite;
  q.spi_out = chosen->spi;
  q.nonce_r.assign(nonce.begin(), nonce.end());
  q.lifetime_s = entry->lifetime_s == 0 ? 0 : ShorterLifetime(entry->lifetime_s, chosen->suite.lifetime_s);
  q.lifetime_kb = ShorterLifetime(entry->lifetime_kb, chosen->suite.lifetime_kb);
  for (const RawPayload& p : m->payloads) {
    const auto n = p.type == kNotify ? ReadNotifyV1(p.body) : std::nullopt;
    if (!n || n->type != kResponderLifetime) continue;
    Processing(sa, "notify");
    TransformV1 told;
    told.id = static_cast<std::uint8_t>(TraitsOf(chosen->suite.cipher).esp_v1);
    const Result<std::vector<Attribute>> attributes = ReadAttributes(n->data);
    if (!attributes) continue;
    // Read as a transform's: a length of key is what the cipher needs, and nothing that counts here.
    AttributeWriter length;
    if (TraitsOf(chosen->suite.cipher).key_bits != 0) length.Basic(6, TraitsOf(chosen->suite.cipher).key_bits);
    told.attributes = *attributes;
    const Result<std::vector<Attribute>> extra = ReadAttributes(length.bytes());
    told.attributes.insert(told.attributes.end(), extra->begin(), extra->end());
    const auto life = ReadEspV1(told);
    if (!life) continue;
    if (life->lifetime_s != 0 && ShorterLifetime(q.lifetime_s, life->lifetime_s) != q.lifetime_s) {
      Say(713073, 5, sa,
          fmt::format("Responder forcing change of IPSec rekeying duration from {} to {} seconds", q.lifetime_s,
                      life->lifetime_s));
      q.lifetime_s = life->lifetime_s;
    }
    if (life->lifetime_kb != 0 && ShorterLifetime(q.lifetime_kb, life->lifetime_kb) != q.lifetime_kb) {
      Say(713074, 5, sa,
          fmt::format("Responder forcing change of IPSec rekeying duration from {} to {} Kbs", q.lifetime_kb,
                      life->lifetime_kb));
      q.lifetime_kb = life->lifetime_kb;
    }
  }
  q.x.out.Clear();
  q.job->make_key = false;
  q.job->make_shared = q.pfs;
  if (q.pfs) q.job->peer_public.assign(ke->body.begin(), ke->body.end());
  Start(sa, q.x.id, q.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendQm3(Ikev1Sa& sa, QuickV1& q, const MessageV1*) {
  if (!q.job->error.empty() || !Install(sa, q)) {
    FailQuick(sa, q, kInvalidKeyInformation, "QM_BLD_MSG3, EV_ERROR|QM_DONE, EV_ERROR", {});
    return Go::kDead;
  }
  Debug(713906, sa, "oakley constructing final quick mode");
  std::uint8_t id[4];
  const std::uint8_t zero[] = {0};
  StoreBe32(id, q.x.id);
  ChainWriter chain;
  ++stats_.crypto.hmacs;
  chain.Add(kHash, MessageHashV1(sa.suite, sa.keys, {zero, id, q.nonce_i, q.nonce_r}));
  Debug(713906, sa, fmt::format("IKE Initiator sending 3rd QM pkt: msg id = {:08x}", q.x.id));
  q.x.out.Start(Pack(sa, kQuickMode, q.x.id, chain, &q.x.iv), kIkev1Gaps, real());
  q.x.out.Stop();  // it is repeated when the peer repeats its answer
  return Go::kOn;
}

// --- responder

Ikev1Core::Go Ikev1Core::TakeQm1(Ikev1Sa& sa, QuickV1& q, const MessageV1* m) {
  Processing(sa, "hash");
  if (!HashIsRight(sa, *m, {})) {
    ++stats_.hash_valid_fails;
    return Go::kStay;
  }
  Heard(sa, *m->datagram);
  ++stats_.in_p2_exchanges;
  Debug(713906, sa, fmt::format("IKE Responder starting QM: msg id = {:08x}", q.x.id));
  const std::uint32_t number = sa.number;
  for (const RawPayload& p : m->payloads) {
    const auto n = p.type == kNotify ? ReadNotifyV1(p.body) : std::nullopt;
    if (!n || n->type != kInitialContact) continue;
    Processing(sa, "notify");
    OnInitialContact(sa);
  }
  if (Find(number) == nullptr) return Go::kDead;

  Processing(sa, "SA");
  const Result<std::vector<ProposalV1>> offered = ReadSaV1(m->Body(kSa));
  Processing(sa, "nonce");
  const Bytes nonce = m->Body(kNonce);
  std::vector<Bytes> ids;
  for (const RawPayload& p : m->payloads) {
    if (p.type == kId) ids.push_back(p.body);
  }
  std::optional<TrafficSelector> remote, local;
  if (ids.empty()) {
    // The two ends themselves.
    remote.emplace();
    local.emplace();
    remote->addresses = {sa.peer.address, sa.peer.address};
    local->addresses = {sa.local.address, sa.local.address};
  } else if (ids.size() == 2) {
    for (const Bytes body : ids) {
      Processing(sa, "ID");
      const auto id = ReadIdV1(body);
      if (!id) continue;
      Debug(714011, sa, IdTypeName(id->type) + " ID received--" + IdText(*id));
      auto& side = body.data() == ids[0].data() ? remote : local;
      side = SelectorOf(*id);
    }
  }
  if (!offered || !GoodNonce(nonce) || !remote || !local) {
    ++stats_.in_p2_exchange_invalids;
    Say(713048, 3, sa, fmt::format("Error processing payload: Payload ID: {}", !offered ? 1 : !GoodNonce(nonce) ? 10 : 5));
    FailQuick(sa, q, kPayloadMalformed, "QM_START, EV_RCV_MSG|QM_DONE, EV_ERROR", {});
    return Go::kDead;
  }
  Say(IsHost(*remote) ? 713025 : 713035, 7, sa, ProxyLine("remote", *remote));
  Say(IsHost(*local) ? 713024 : 713034, 7, sa, ProxyLine("local", *local));
  q.selectors.local = *local;
  q.selectors.remote = *remote;
  q.nonce_i.assign(nonce.begin(), nonce.end());
  if (!ids.empty()) {
    q.id_i.assign(ids[0].begin(), ids[0].end());
    q.id_r.assign(ids[1].begin(), ids[1].end());
  }
  const std::optional<EntryV1> entry = FindEntry(sa, q.selectors);
  if (!entry) {
    ++stats_.in_p2_exchange_rejects;
    Say(713061, 3, sa,
        fmt::format("Rejecting IPSec tunnel: no matching crypto map entry for remote proxy {}/{}/{}/{} local proxy "
                    "{}/{}/{}/{} on interface {}",
                    SelectorAddress(*remote), SelectorMask(*remote), remote->protocol, SelectorPort(*remote),
                    SelectorAddress(*local), SelectorMask(*local), local->protocol, SelectorPort(*local),
                    host_.NameOf(sa.at)));
    FailQuick(sa, q, kInvalidIdInformation,
              "QM_START, EV_RCV_MSG|QM_BLD_MSG2, EV_NEGO_SA|QM_BLD_MSG2, EV_NEGO_SA|QM_DONE, EV_ERROR",
              IkeEnd::kNoCryptoMap);
    return Go::kDead;
  }
  Debug(713066, sa, "IKE Remote Peer configured for crypto map: " + entry->map);
  Processing(sa, "IPSec SA");
  const auto sets = SetsFor(*entry, q.selectors, sa.local.address, sa.peer.address, sa.natt != NatTraversal::kNone);
  const auto chosen = ChooseEspV1(sets, entry->pfs_group, sa.natt != NatTraversal::kNone, *offered);
  const RawPayload* ke = m->Find(kKe);
  const bool pfs = chosen && (ke != nullptr) == (chosen->suite.pfs_group != 0) &&
                   (ke == nullptr || ke->body.size() == DhPublicSize(chosen->suite.pfs_group));
  if (!chosen || !pfs) {
    ++stats_.in_p2_exchange_rejects;
    Say(713904, 5, sa, "All IPSec SA proposals found unacceptable!");
    FailQuick(sa, q, kNoProposalChosen,
              "QM_START, EV_RCV_MSG|QM_BLD_MSG2, EV_NEGO_SA|QM_BLD_MSG2, EV_NEGO_SA|QM_DONE, EV_ERROR",
              IkeEnd::kPhase2Mismatch);
    return Go::kDead;
  }
  Debug(715027, sa,
        fmt::format("IPSec SA Proposal # {}, Transform # {} acceptable  Matches global IPSec SA entry # {}",
                    chosen->answer.number, chosen->answer.transforms[0].number, entry->sequence));
  q.entry = entry->id;
  q.suite = chosen->suite;
  q.spi_out = chosen->spi;
  q.answer_proposal = chosen->answer.number;
  q.answer_transform = chosen->answer.transforms[0].number;
  q.answer_id = chosen->answer.transforms[0].id;
  const Bytes raw = chosen->answer.transforms[0].raw;
  q.answer_attributes.assign(raw.begin(), raw.end());
  const std::uint64_t theirs = q.suite.lifetime_s, theirs_kb = q.suite.lifetime_kb;
  q.lifetime_s = ShorterLifetime(theirs == 0 ? kLifetimeUnlessTold : theirs, entry->lifetime_s);
  q.lifetime_kb = ShorterLifetime(theirs_kb, entry->lifetime_kb);
  if (q.lifetime_s != theirs && theirs != 0) {
    q.told_lifetime = true;
    Say(713075, 5, sa,
        fmt::format("Overriding Initiator's IPSec rekeying duration from {} to {} seconds", theirs, q.lifetime_s));
  }
  if (q.lifetime_kb != theirs_kb) {
    q.told_lifetime = true;
    Say(713076, 5, sa,
        fmt::format("Overriding Initiator's IPSec rekeying duration from {} to {} Kbs", theirs_kb, q.lifetime_kb));
  }
  Debug(713906, sa, "IKE: requesting SPI!");
  q.spi_in = host_.NewSpi();
  Debug(715006, sa, fmt::format("IKE got SPI from key engine: SPI = 0x{:08x}", q.spi_in));
  q.pfs = ke != nullptr;
  q.job = std::make_shared<JobV1>();
  q.job->group = q.suite.pfs_group;
  q.job->make_key = q.job->make_shared = q.pfs;
  if (q.pfs) q.job->peer_public.assign(ke->body.begin(), ke->body.end());
  Start(sa, q.x.id, q.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendQm2(Ikev1Sa& sa, QuickV1& q, const MessageV1*) {
  q.nonce_r.resize(20);
  host_.entropy().Fill(q.nonce_r);
  // The peer may send by the pair as soon as it has our answer.
  if (!q.job->error.empty() || !Install(sa, q)) {
    FailQuick(sa, q, kInvalidKeyInformation, "QM_BLD_MSG2, EV_ERROR|QM_DONE, EV_ERROR", {});
    return Go::kDead;
  }
  Debug(713906, sa, "oakley constucting quick mode");
  ChainWriter chain = HashedChain(sa);
  Constructing(sa, "blank hash");
  Constructing(sa, "IPSec SA");
  std::uint8_t spi[4];
  StoreBe32(spi, q.spi_in);
  TransformV1 t;
  t.number = q.answer_transform;
  t.id = q.answer_id;
  t.raw = q.answer_attributes;
  ProposalV1 p;
  p.number = q.answer_proposal;
  p.protocol = kEsp;
  p.spi = spi;
  p.transforms.push_back(t);
  AddSaV1(chain, {&p, 1});
  Constructing(sa, "IPSec nonce");
  chain.Add(kNonce, q.nonce_r);
  if (q.pfs) {
    Constructing(sa, "pfs ke");
    chain.Add(kKe, q.job->public_value);
  }
  if (!q.id_i.empty()) {
    Constructing(sa, "proxy ID");
    chain.Add(kId, q.id_i);
    chain.Add(kId, q.id_r);
  }
  if (q.told_lifetime) {
    AttributeWriter life;
    if (q.lifetime_s != 0) life.Basic(1, 1).Number32(2, static_cast<std::uint32_t>(q.lifetime_s));
    if (q.lifetime_kb != 0)
      life.Basic(1, 2).Number32(2, static_cast<std::uint32_t>(std::min<std::uint64_t>(q.lifetime_kb, UINT32_MAX)));
    Debug(715046, sa, "Sending RESPONDER LIFETIME notification to Initiator");
    chain.Begin(kNotify);
    chain.U32(1);
    chain.U8(kEsp);
    chain.U8(4);
    chain.U16(kResponderLifetime);
    chain.U32(q.spi_in);
    chain.Put(life.bytes());
    chain.End();
  }
  Constructing(sa, "qm hash");
  FillHash(sa, chain, q.x.id, q.nonce_i);
  Debug(713906, sa, fmt::format("IKE Responder sending 2nd QM pkt: msg id = {:08x}", q.x.id));
  q.x.out.Start(Pack(sa, kQuickMode, q.x.id, chain, &q.x.iv), kIkev1Gaps, real());
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeQm3(Ikev1Sa& sa, QuickV1& q, const MessageV1* m) {
  Processing(sa, "hash");
  std::uint8_t id[4];
  const std::uint8_t zero[] = {0};
  StoreBe32(id, q.x.id);
  ++stats_.crypto.hmacs;
  if (!SameBytes(m->Body(kHash), MessageHashV1(sa.suite, sa.keys, {zero, id, q.nonce_i, q.nonce_r}))) {
    ++stats_.hash_valid_fails;
    return Go::kStay;
  }
  Heard(sa, *m->datagram);
  q.x.out.Clear();
  return Go::kOn;
}

// --- receiving

void Ikev1Core::OnQuick(Ikev1Sa& sa, MessageV1& m, Bytes body) {
  const auto drop = [&] { ++stats_.in_drop_packets; };
  const std::uint32_t number = sa.number, id = m.header.message_id;
  // Until a remote user has logged in its quick modes wait.
  if (sa.login == V1Login::kConfig && !sa.client) {
    LoginDone(sa);  // it wants no configuration
    if (Find(number) == nullptr) return;
  }
  if (sa.login != V1Login::kNone) {
    Debug(715021, sa, "Delay Quick Mode processing, Cert/Trans Exch/RM DSID in progress");
    return drop();
  }
  const auto known = sa.quick.find(id);
  if (known == sa.quick.end()) {
    if (std::find(sa.used_ids.begin(), sa.used_ids.end(), id) != sa.used_ids.end() || sa.quick.size() >= kMostQuick)
      return drop();
    auto fresh = std::make_unique<QuickV1>();
    fresh->x.id = id;
    fresh->x.iv = NextIvV1(sa.suite, sa.last_block, id);
    fresh->sa = number;
    fresh->created = real();
    sa.quick[id] = std::move(fresh);
  }
  QuickV1& q = *sa.quick.at(id);
  const bool first = q.state == QmState::kStart;
  const auto forget = [&] {
    drop();
    if (first) sa.quick.erase(id);
  };
  if (m.digest == q.x.last_received) {
    if (!q.x.out.message().empty() && q.x.repeats < kMostQuickRepeats) {
      ++q.x.repeats;
      Say(713201, 5, sa, "Duplicate Phase 2 packet detected.  Retransmitting last packet.");
      Transmit(sa, q.x.out.message());
      // Our last message was lost: the peer does not send by the pair yet.
      if (ChildV1* child = FindChild(q.spi_in); child != nullptr && child->outbound_at != TimePoint::Max()) {
        child->outbound_at = real() + kTrustNewPair;
      }
    } else {
      Say(713201, 5, sa, "Duplicate Phase 2 packet detected.  No last packet to transmit.");
    }
    return;
  }
  const V1QuickTables::Row* row = V1QuickTables::Find(q, V1Event::kMessage);
  if (row == nullptr || !Open(sa, q.x.iv, m, body) || CheckPayloads(row->rules, m.payloads, UnknownPayloads::kIgnore))
    return forget();
  q.x.iv.swap(m.iv);
  q.x.last_received.swap(m.digest);
  const Go done = Step2(sa, q, V1Event::kMessage, &m);
  if (done != Go::kStay) return;
  Ikev1Sa* left = Find(number);
  if (left == nullptr || left->quick.count(id) == 0) return;
  q.x.iv.swap(m.iv);
  q.x.last_received.swap(m.digest);
  forget();
}

void Ikev1Core::FailQuick(Ikev1Sa& sa, QuickV1& q, std::uint16_t notify, const char* event, std::optional<IkeEnd> end) {
  const std::uint32_t number = sa.number, id = q.x.id, spi_in = q.spi_in, replaces = q.replaces;
  const bool installed = q.installed;
  Remember(q.history, event);
  if (notify != 0) {
    std::uint8_t spi[4];
    StoreBe32(spi, q.spi_out);
    SendNotify(sa, notify, kEsp, q.spi_out == 0 ? Bytes() : Bytes(spi), {});
  }
  SayHistory(sa, q);
  sa.used_ids.push_back(id);
  sa.quick.erase(id);
  if (installed) RemoveChild(spi_in, false);
  if (ChildV1* old = FindChild(replaces)) {
    old->rekeying = false;
    old->rekey_at = now() + kRekeyAgain;
  }
  Say(713902, 3, sa, "Removing peer from correlator table failed, no match!");
  if (end) EndIfEmpty(number, *end);
}

}  // namespace sallyport
