// Phase 1: the tables of main mode and aggressive mode, how they are walked, how phase 1 begins, succeeds and fails.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_times.h"

namespace sallyport {
namespace {

using namespace ikev1;

constexpr PayloadRule kFirstRules[] = {{kSa, 1, 1}, {kVendor, 0, 40}, {kNotify, 0, 4}};
constexpr PayloadRule kKeRules[] = {{kKe, 1, 1},         {kNonce, 1, 1},    {kVendor, 0, 40}, {kNatD, 0, 16},
                                    {kNatDDraft, 0, 16}, {kCertReq, 0, 16}, {kNotify, 0, 4}};
constexpr PayloadRule kProofRules[] = {{kId, 1, 1},       {kHash, 0, 1},    {kSig, 0, 1},    {kCert, 0, 16},
                                       {kCertReq, 0, 16}, {kVendor, 0, 40}, {kNotify, 0, 8}, {kIosKeepalive, 0, 1}};
constexpr PayloadRule kAm1Rules[] = {{kSa, 1, 1},      {kKe, 1, 1},       {kNonce, 1, 1}, {kId, 1, 1},
                                     {kVendor, 0, 40}, {kCertReq, 0, 16}, {kNotify, 0, 4}};
constexpr PayloadRule kAm2Rules[] = {{kSa, 1, 1},      {kKe, 1, 1},    {kNonce, 1, 1},      {kId, 1, 1},
                                     {kHash, 0, 1},    {kSig, 0, 1},   {kCert, 0, 16},      {kCertReq, 0, 16},
                                     {kVendor, 0, 40}, {kNatD, 0, 16}, {kNatDDraft, 0, 16}, {kNotify, 0, 4}};
constexpr PayloadRule kAm3Rules[] = {{kHash, 0, 1},  {kSig, 0, 1},        {kCert, 0, 16}, {kVendor, 0, 40},
                                     {kNatD, 0, 16}, {kNatDDraft, 0, 16}, {kNotify, 0, 8}};

constexpr std::size_t kMostPhase1Repeats = 8;

std::int64_t RekeySeconds(const Ikev1Sa& sa) { return std::int64_t{sa.suite.lifetime_s} * (sa.initiator ? 85 : 95) / 100; }

}  // namespace

// Each row: in this state, on this event, this step is taken; if it succeeds, this is the next state. Steps set no state.
// The words are those of an ASA's error history.
struct V1Tables {
  using Step = Ikev1Core::Go (Ikev1Core::*)(Ikev1Sa&, const MessageV1*);
  enum class Form : std::uint8_t { kClear, kEncrypted, kEither };
  struct Row {
    V1State in;
    V1Event on;
    V1State next;
    Step step;
    std::span<const PayloadRule> rules;
    Form form;
    const char* story;
  };
  static constexpr Row kMainInitiator[] = {
      {V1State::kStart,
       V1Event::kStart,
       V1State::kMmWait2,
       &Ikev1Core::SendMm1,
       {},
       Form::kClear,
       "MM_START, EV_INITIALIZE|MM_BLD_MSG1, EV_BLD_MSG|MM_SND_MSG1, EV_START_TMR|MM_SND_MSG1, EV_SND_MSG|MM_WAIT_MSG2, "
       "NullEvent"},
      {V1State::kMmWait2, V1Event::kMessage, V1State::kMmBuild3, &Ikev1Core::TakeMm2, kFirstRules, Form::kClear,
       "MM_WAIT_MSG2, EV_RCV_MSG|MM_PROC_MSG2, EV_PROC_MSG|MM_BLD_MSG3, EV_GEN_DH_KEY"},
      {V1State::kMmBuild3,
       V1Event::kComputed,
       V1State::kMmWait4,
       &Ikev1Core::SendMm3,
       {},
       Form::kClear,
       "MM_BLD_MSG3, EV_BLD_MSG|MM_SND_MSG3, EV_START_TMR|MM_SND_MSG3, EV_SND_MSG|MM_WAIT_MSG4, NullEvent"},
      {V1State::kMmWait4, V1Event::kMessage, V1State::kMmBuild5, &Ikev1Core::TakeMm4, kKeRules, Form::kClear,
       "MM_WAIT_MSG4, EV_RCV_MSG|MM_PROC_MSG4, EV_PROC_MSG|MM_BLD_MSG5, EV_GEN_SECRET"},
      {V1State::kMmBuild5,
       V1Event::kComputed,
       V1State::kMmWait6,
       &Ikev1Core::SendMm5,
       {},
       Form::kClear,
       "MM_BLD_MSG5, EV_GEN_SKEYID|MM_BLD_MSG5, EV_BLD_MSG|MM_SND_MSG5, EV_START_TMR|MM_SND_MSG5, EV_SND_MSG|MM_WAIT_MSG6, "
       "NullEvent"},
      {V1State::kMmWait6, V1Event::kMessage, V1State::kActive, &Ikev1Core::TakeMm6, kProofRules, Form::kEncrypted,
       "MM_WAIT_MSG6, EV_RCV_MSG|MM_PROC_MSG6, EV_PROC_MSG|MM_DONE, EV_DONE"},
  };
  static constexpr Row kMainResponder[] = {
      {V1State::kStart, V1Event::kMessage, V1State::kMmWait3, &Ikev1Core::TakeMm1, kFirstRules, Form::kClear,
       "MM_START, EV_START_MM|MM_START, EV_RCV_MSG|MM_SND_MSG2, EV_SND_MSG|MM_WAIT_MSG3, NullEvent"},
      {V1State::kMmWait3, V1Event::kMessage, V1State::kMmBuild4, &Ikev1Core::TakeMm3, kKeRules, Form::kClear,
       "MM_WAIT_MSG3, EV_RCV_MSG|MM_PROC_MSG3, EV_PROC_MSG|MM_BLD_MSG4, EV_GEN_DH_KEY"},
      {V1State::kMmBuild4,
       V1Event::kComputed,
       V1State::kMmWait5,
       &Ikev1Core::SendMm4,
       {},
       Form::kClear,
       "MM_BLD_MSG4, EV_BLD_MSG|MM_SND_MSG4, EV_START_TMR|MM_SND_MSG4, EV_SND_MSG|MM_WAIT_MSG5, NullEvent"},
      {V1State::kMmWait5, V1Event::kMessage, V1State::kMmBuild6, &Ikev1Core::TakeMm5, kProofRules, Form::kEncrypted,
       "MM_WAIT_MSG5, EV_RCV_MSG|MM_PROC_MSG5, EV_PROC_MSG|MM_BLD_MSG6, EV_BLD_MSG"},
      {V1State::kMmBuild6,
       V1Event::kComputed,
       V1State::kActive,
       &Ikev1Core::SendMm6,
       {},
       Form::kClear,
       "MM_SND_MSG6, EV_SND_MSG|MM_DONE, EV_DONE"},
  };
  static constexpr Row kAggressiveInitiator[] = {
      {V1State::kStart,
       V1Event::kStart,
       V1State::kAmBuild1,
       &Ikev1Core::BeginAm,
       {},
       Form::kClear,
       "AM_START, EV_INITIALIZE|AM_BLD_MSG1, EV_GEN_DH_KEY"},
      {V1State::kAmBuild1,
       V1Event::kComputed,
       V1State::kAmWait2,
       &Ikev1Core::SendAm1,
       {},
       Form::kClear,
       "AM_BLD_MSG1, EV_BLD_MSG|AM_SND_MSG1, EV_START_TMR|AM_SND_MSG1, EV_SND_MSG|AM_WAIT_MSG2, NullEvent"},
      {V1State::kAmWait2, V1Event::kMessage, V1State::kAmBuild3, &Ikev1Core::TakeAm2, kAm2Rules, Form::kClear,
       "AM_WAIT_MSG2, EV_RCV_MSG|AM_PROC_MSG2, EV_PROC_MSG|AM_BLD_MSG3, EV_GEN_SECRET"},
      {V1State::kAmBuild3,
       V1Event::kComputed,
       V1State::kActive,
       &Ikev1Core::SendAm3,
       {},
       Form::kClear,
       "AM_BLD_MSG3, EV_GEN_SKEYID|AM_SND_MSG3, EV_SND_MSG|AM_DONE, EV_DONE"},
  };
  static constexpr Row kAggressiveResponder[] = {
      {V1State::kStart, V1Event::kMessage, V1State::kAmBuild2, &Ikev1Core::TakeAm1, kAm1Rules, Form::kClear,
       "AM_START, EV_START_AM|AM_START, EV_RCV_MSG|AM_BLD_MSG2, EV_GEN_DH_KEY"},
      {V1State::kAmBuild2,
       V1Event::kComputed,
       V1State::kAmWait3,
       &Ikev1Core::SendAm2,
       {},
       Form::kClear,
       "AM_BLD_MSG2, EV_BLD_MSG|AM_SND_MSG2, EV_START_TMR|AM_SND_MSG2, EV_SND_MSG|AM_WAIT_MSG3, NullEvent"},
      {V1State::kAmWait3, V1Event::kMessage, V1State::kActive, &Ikev1Core::TakeAm3, kAm3Rules, Form::kEither,
       "AM_WAIT_MSG3, EV_RCV_MSG|AM_PROC_MSG3, EV_PROC_MSG|AM_DONE, EV_DONE"},
  };
  static std::span<const Row> Of(const Ikev1Sa& sa) {
    if (sa.aggressive)
      return sa.initiator ? std::span<const Row>(kAggressiveInitiator) : std::span<const Row>(kAggressiveResponder);
    return sa.initiator ? std::span<const Row>(kMainInitiator) : std::span<const Row>(kMainResponder);
  }
  static const Row* Find(const Ikev1Sa& sa, V1Event on) {
    for (const Row& row : Of(sa)) {
      if (row.in == sa.state && row.on == on) return &row;
    }
    return nullptr;
  }
};

Ikev1Core::Go Ikev1Core::Step1(Ikev1Sa& sa, V1Event on, const MessageV1* m) {
  const V1Tables::Row* row = V1Tables::Find(sa, on);
  if (row == nullptr) return Go::kStay;
  const Go done = (this->*row->step)(sa, m);
  if (done != Go::kOn) return done;
  sa.state = row->next;
  sa.progress = real();
  Remember(sa.history, row->story);
  if (sa.state == V1State::kActive) Established(sa);
  return done;
}

void Ikev1Core::BeginResponder(const IkeDatagram& d, MessageV1& m, Bytes body) {
  const auto drop = [&] { ++stats_.in_drop_packets; };
  if (policy_ == nullptr || m.header.message_id != 0 || (m.header.flags & kEncrypted) != 0) return drop();
  const auto ike = policy_->ike.find(d.at);
  if (ike == policy_->ike.end() || !ike->second.v1) return drop();
  const bool aggressive = m.header.exchange == kAggressiveMode;
  if (aggressive && policy_->aggressive_disabled) return drop();
  if (by_first_.count({d.peer.address, m.header.spi_i}) != 0) {
    Say(713202, 6, nullptr, d.peer.address, "Duplicate first packet detected.  Ignoring packet.");
    return;
  }
  const std::size_t most = policy_->max_in_negotiation_v1 != 0 ? std::min<std::size_t>(policy_->max_in_negotiation_v1, kMostHalfOpen)
                                                               : kMostHalfOpen;
  if (half_open_.size() >= most) {
    ++stats_.system_capacity_fails;
    ++stats_.in_negotiation_rejected;
    Say(713191, 3, nullptr, d.peer.address, "Maximum concurrent IKE negotiations exceeded!");
    // Version 1 has no cookies against a flood of first messages from nowhere. The oldest negotiation that has not proved that
    // its peer hears us makes room: who is there answers sooner than the flood has gone round.
    const auto oldest = std::find_if(half_open_.begin(), half_open_.end(), [this](std::uint32_t number) {
      const V1State state = sas_.at(number)->state;
      return state == V1State::kMmWait3 || state == V1State::kAmWait3;
    });
    if (oldest == half_open_.end()) return drop();
    FailPhase1(*sas_.at(*oldest), "");
  }
  Ikev1Sa& sa = NewSa();
  half_open_.insert(sa.number);
  sa.aggressive = aggressive;
  sa.cookie_i = m.header.spi_i;
  do {
    sa.cookie_r = host_.entropy().U64();
  } while (sa.cookie_r == 0 || by_cookie_.count(sa.cookie_r) != 0);
  sa.at = d.at;
  sa.local = d.local;
  sa.peer = d.peer;
  sa.via = d.via;
  by_cookie_[sa.cookie_r] = sa.number;
  by_first_[{d.peer.address, sa.cookie_i}] = sa.number;
  const std::uint32_t number = sa.number;
  OnPhase1(sa, m, body);
  // Nothing is kept of a first message that led nowhere.
  if (Ikev1Sa* left = Find(number); left != nullptr && left->state == V1State::kStart) FailPhase1(*left, "");
  stats_.in_negotiation_high = std::max<std::uint64_t>(stats_.in_negotiation_high, half_open_.size());
}

void Ikev1Core::OnPhase1(Ikev1Sa& sa, MessageV1& m, Bytes body) {
  if (m.header.message_id != 0) return;
  if (m.digest == sa.last_received) {
    // The peer did not get what we answered. Its first message is not proved in any way: that answer comes by our timer
    // only.
    if (sa.state == V1State::kMmWait3 || sa.state == V1State::kAmWait3) {
      Say(713202, 6, nullptr, sa.peer.address, "Duplicate first packet detected.  Ignoring packet.");
    } else if (sa.out.message().empty() || sa.repeats >= kMostPhase1Repeats) {
      Say(713201, 5, sa, "Duplicate Phase 1 packet detected.  No last packet to transmit.");
    } else {
      ++sa.repeats;
      Say(713201, 5, sa, "Duplicate Phase 1 packet detected.  Retransmitting last packet.");
      Transmit(sa, sa.out.message());
    }
    return;
  }
  const V1Tables::Row* row = V1Tables::Find(sa, V1Event::kMessage);
  // Messages in clear do not tell which end they are from: our own, sent back to us, is no answer.
  if (row == nullptr || m.datagram->bytes == sa.out.message()) {
    ++stats_.in_drop_packets;
    return;
  }
  const bool encrypted = (m.header.flags & kEncrypted) != 0;
  if (row->form != V1Tables::Form::kEither && encrypted != (row->form == V1Tables::Form::kEncrypted)) {
    ++stats_.in_drop_packets;
    return;
  }
  const bool open = Open(sa, sa.iv, m, body);
  if (!open || CheckPayloads(row->rules, m.payloads, UnknownPayloads::kIgnore)) {
    ++stats_.in_drop_packets;
    if (encrypted) {
      // What was decrypted by a wrong key looks like this.
      Say(713904, 5, sa,
          std::string("Received encrypted Oakley ") + (sa.aggressive ? "Aggressive" : "Main") +
              " Mode packet with invalid payloads, MessID = 0");
      ++stats_.auth_fails;
      SendClearNotify(*m.datagram, m.header, kPayloadMalformed);
      if (sa.suite.auth == VpnAuth::kPreSharedKeys) SayWrongKey(sa);
    } else {
      Say(713048, 3, sa, fmt::format("Error processing payload: Payload ID: {}", m.header.first));
    }
    return;
  }
  const std::uint32_t number = sa.number;
  sa.last_received.swap(m.digest);  // steps that start arithmetic may go on at once
  const Go done = Step1(sa, V1Event::kMessage, &m);
  Ikev1Sa* left = Find(number);
  if (left == nullptr) return;
  if (done == Go::kStay) {
    left->last_received.swap(m.digest);
  } else {
    left->repeats = 0;
  }
}

Ikev1Sa* Ikev1Core::BeginInitiator(const EntryV1& entry, IpAddress peer, const std::vector<NeedV1>& needs,
                                   const Ikev1Sa* old) {
  const IpAddress own = host_.AddressOf(entry.at);
  if (own.IsNone()) return nullptr;
  const TunnelGroup* group = GroupByAddress(*policy_, peer, false, false);
  if (group == nullptr) {
    Say(713042, 3, nullptr, peer,
        "IKE Initiator unable to find policy: Intf " + host_.NameOf(entry.at) + ", Src: " + own.ToString() +
            ", Dst: " + peer.ToString());
    return nullptr;
  }
  const std::uint32_t replaces = old == nullptr ? 0 : old->number;
  const std::uint16_t peer_port = old == nullptr ? 500 : old->peer.port;
  const std::uint16_t local_port = old == nullptr ? 500 : old->local.port;
  const IkeDatagram::Via via = old == nullptr ? IkeDatagram::Via::kUdp : old->via;
  Ikev1Sa& sa = NewSa();
  sa.initiator = true;
  sa.aggressive = entry.aggressive;
  sa.entry = entry.id;
  sa.at = entry.at;
  sa.local = {own, local_port};
  sa.peer = {peer, peer_port};
  sa.via = via;
  sa.needs = needs;
  sa.replaces = replaces;
  sa.natt_allowed = policy_->nat_traversal && !entry.nat_t_disabled;
  sa.trustpoint = entry.trustpoint;
  sa.group = *group;
  sa.suite.group = entry.aggressive_group;
  sa.offered = UsablePolicies(sa);
  do {
    sa.cookie_i = host_.entropy().U64();
  } while (sa.cookie_i == 0 || by_cookie_.count(sa.cookie_i) != 0);
  by_cookie_[sa.cookie_i] = sa.number;
  ++stats_.initiator_tunnels;
  std::string proxies = "local Proxy Address N/A, remote Proxy Address N/A,  Crypto map (N/A)";
  if (!needs.empty()) {
    proxies = "local Proxy Address " + SelectorAddress(needs[0].selectors.local) + ", remote Proxy Address " +
              SelectorAddress(needs[0].selectors.remote) + ",  Crypto map (" + entry.map + ")";
  }
  Say(713041, 5, nullptr, peer,
      std::string("IKE Initiator: ") + (old == nullptr ? "New" : "Rekeying") + " Phase 1, Intf " + host_.NameOf(entry.at) +
          ", IKE Peer " + peer.ToString() + "  " + proxies);
  if (sa.offered.empty()) {
    Say(713042, 3, nullptr, peer,
        "IKE Initiator unable to find policy: Intf " + host_.NameOf(entry.at) + ", Src: " + own.ToString() +
            ", Dst: " + peer.ToString());
    FailPhase1(sa, "");
    return nullptr;
  }
  const std::uint32_t number = sa.number;
  Step1(sa, V1Event::kStart, nullptr);
  return Find(number);
}

void Ikev1Core::SendPhase1(Ikev1Sa& sa, ChainWriter& chain, bool encrypted, bool wait) {
  std::vector<std::uint8_t> message =
      Pack(sa, sa.aggressive ? kAggressiveMode : kMainMode, 0, chain, encrypted ? &sa.iv : nullptr);
  sa.repeats = 0;
  sa.out.Start(std::move(message), kIkev1Gaps, real());
  if (!wait) sa.out.Stop();
}

void Ikev1Core::UseGroup(Ikev1Sa& sa, const TunnelGroup& group) {
  if (!sa.has_group) Say(713906, 7, nullptr, sa.peer.address, "Connection landed on tunnel_group " + group.name);
  sa.group = group;
  sa.has_group = true;
  sa.group_policy = group.default_group_policy;
}

// Those that the group has the means for: a key, or a certificate of ours.
std::vector<Ikev1Policy> Ikev1Core::UsablePolicies(const Ikev1Sa& sa) const {
  std::vector<Ikev1Policy> out;
  for (const Ikev1Policy& p : policy_->ikev1_policies) {
    if (p.auth == VpnAuth::kPreSharedKeys ? sa.group.ikev1_psk.empty() : OwnTrustpoint(sa) == nullptr) continue;
    // In aggressive mode the first message already has a public value, of one group.
    if (sa.aggressive && p.group != sa.suite.group) continue;
    out.push_back(p);
  }
  return out;
}

void Ikev1Core::DeriveKeys(Ikev1Sa& sa) {
  Debug(713906, sa, std::string("Generating keys for ") + (sa.initiator ? "Initiator..." : "Responder..."));
  const Secret psk = Secret::OfText(sa.group.ikev1_psk);
  sa.keys = DeriveKeysV1(sa.suite, sa.Exchange(), psk.bytes(), sa.job->shared.bytes());
  sa.iv = FirstIvV1(sa.suite, sa.Exchange());
  std::string hex;
  for (const std::uint8_t b : sa.keys.cipher.bytes()) hex += fmt::format("{:02x}", b);
  host_.LogKeys(fmt::format("ikev1 {:016x} {}", sa.cookie_i, hex));
  Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(hex.data()), hex.size()));
}

void Ikev1Core::Established(Ikev1Sa& sa) {
  sa.last_block = sa.iv;
  sa.job.reset();
  sa.reassembly.Clear();
  if (sa.initiator && !sa.aggressive) {
    sa.out.Clear();  // nothing of ours can be missing at the peer
  } else {
    sa.out.Stop();
  }
  sa.established = now();
  sa.established_real = real();
  sa.heard = real();
  if (!sa.initiator) by_first_.erase({sa.peer.address, sa.cookie_i});
  half_open_.erase(sa.number);
  const bool keepalive = sa.group.keepalive && sa.dpd;
  if (keepalive && sa.group.keepalive_threshold_s != 0)
    sa.dpd_at = real() + Duration::Seconds(sa.group.keepalive_threshold_s);
  sa.dpd_sequence = host_.entropy().U32() & 0x7fffffff;
  if (sa.nat_here && sa.via == IkeDatagram::Via::kNatT && policy_->nat_keepalive_s != 0) {
    sa.keepalive_at = real() + Duration::Seconds(policy_->nat_keepalive_s);
  }
  if (sa.suite.lifetime_s != 0) {
    sa.expire_at = now() + Duration::Seconds(sa.suite.lifetime_s);
    sa.rekey_at = now() + Duration::Seconds(RekeySeconds(sa));
  }
  if (sa.remote_access() || sa.client) {
    BeginLogin(sa);
    return;
  }
  SayCompleted(sa);
  MeetOthers(sa);
  StartNeeds(sa);
}

// Of a remote user this is said when he has logged in.
void Ikev1Core::SayCompleted(const Ikev1Sa& sa) const {
  if (sa.group.keepalive && !sa.dpd) {
    Say(713122, 3, sa,
        "Keep-alives configured on but peer " + sa.peer.address.ToString() + " does not support keep-alives (type = None)");
  }
  Say(713119, 5, sa, "PHASE 1 COMPLETED");
  Say(713121, 7, nullptr, sa.peer.address,
      std::string("Keep-alive type for this connection: ") + (sa.group.keepalive && sa.dpd ? "DPD" : "None"));
  if (sa.suite.lifetime_s != 0) Debug(715080, sa, fmt::format("Starting P1 rekey timer: {} seconds.", RekeySeconds(sa)));
}

void Ikev1Core::StartNeeds(Ikev1Sa& sa) {
  const std::vector<NeedV1> needs = std::move(sa.needs);
  sa.needs.clear();
  if (needs.size() > 1) Say(713220, 6, nullptr, sa.peer.address, "De-queuing KEY-ACQUIRE messages that were left pending.");
  const std::uint32_t number = sa.number;
  for (const NeedV1& need : needs) {
    Ikev1Sa* left = Find(number);
    if (left == nullptr) return;
    // Meanwhile the peer may have made what is needed.
    const bool there = std::any_of(children_.begin(), children_.end(), [&](const auto& c) {
      return c.second.entry == need.entry && c.second.selectors == need.selectors && !c.second.retired;
    });
    if (!there && !Busy(*left, need.selectors)) BeginQuick(*left, need);
  }
}

// Several may sit behind one address: who the peer said it is counts, too.
bool Ikev1Core::SamePeer(const Ikev1Sa& x, const Ikev1Sa& y) {
  if (x.at != y.at || x.peer.address != y.peer.address || x.group.name != y.group.name || x.user != y.user ||
      x.client != y.client) {
    return false;
  }
  // Type and value; protocol and port in between may differ by role.
  const std::vector<std::uint8_t>& a = x.initiator ? x.id_r : x.id_i;
  const std::vector<std::uint8_t>& b = y.initiator ? y.id_r : y.id_i;
  return a.size() == b.size() && a.size() > 4 && a[0] == b[0] && std::equal(a.begin() + 4, a.end(), b.begin() + 4);
}

// What becomes of other SAs with the same peer when this one comes up.
void Ikev1Core::MeetOthers(Ikev1Sa& sa) {
  std::vector<std::uint32_t> others;
  for (const auto& [number, other] : sas_) {
    if (number == sa.number || !other->active() || other->replaced || !SamePeer(*other, sa)) continue;
    if (sa.remote_access() && other->peer != sa.peer) continue;
    others.push_back(number);
  }
  std::uint32_t replaces = 0;
  bool lost = false;
  for (const std::uint32_t number : others) {
    Ikev1Sa& other = *Find(number);
    // Both ends began at once: both SAs are there, and both ends must part with the same one. Else the new one takes over.
    const bool crossed = other.initiator != sa.initiator && other.established_real + kCrossing > sa.created;
    if (crossed && other.cookie_i < sa.cookie_i) {
      if (sa.replaces != 0 || other.replaces != 0)
        Say(713092, 5, sa, "Failure during phase 1 rekeying attempt due to collision");
      lost = true;
      Supersede(other, sa);
      break;
    }
    replaces = number;
  }
  if (lost) {
    // It keeps working until it goes: exchanges of the peer may be on their way in it.
    return;
  }
  TellPeerUp(sa, replaces);
  for (const std::uint32_t number : others) Supersede(sa, *Find(number));
}

void Ikev1Core::Supersede(Ikev1Sa& winner, Ikev1Sa& loser) {
  loser.replaced = true;
  loser.rekey_at = TimePoint::Max();
  loser.dpd_at = TimePoint::Max();
  loser.keepalive_at = TimePoint::Max();
  // Whoever began the new one ends the old one; not both ends at the same time, should they ever disagree about which is
  // which.
  loser.remove_at = real() + (winner.initiator ? kOldSaStays : kOldSaStays + kOldSaStays) +
                    Duration::Milliseconds(host_.entropy().U32() % 10000);
  for (auto& [spi, child] : children_) {
    if (child.sa == loser.number) child.sa = winner.number;
  }
  winner.needs.insert(winner.needs.end(), loser.needs.begin(), loser.needs.end());
  loser.needs.clear();
  if (loser.assigned && !winner.assigned) winner.assigned = std::exchange(loser.assigned, std::nullopt);
  if (loser.peer_told) {
    loser.peer_told = false;
    host_.PeerDown(loser.number, IkeEnd::kReplaced);
  }
}

void Ikev1Core::TellPeerUp(Ikev1Sa& sa, std::uint32_t replaces) {
  IkePeerUp up;
  up.ike_sa = sa.number;
  up.version = 1;
  up.lan_to_lan = !sa.remote_access();
  up.aggressive = sa.aggressive;
  up.initiator = sa.initiator;
  up.network_extension = sa.network_extension;
  up.peer = sa.peer.address;
  up.peer_port = sa.peer.port;
  up.local_port = sa.local.port;
  up.tunnel_group = sa.group.name;
  up.group_policy = sa.group_policy;
  up.user = sa.user.empty() ? sa.group.name : sa.user;
  if (sa.assigned) up.assigned = sa.assigned->address;
  up.auth = up.local_auth = sa.suite.auth;
  up.cipher = sa.suite.cipher;
  up.hash = up.prf = sa.suite.hash;
  up.dh_group = sa.suite.group;
  up.lifetime_s = sa.suite.lifetime_s;
  up.client_os = sa.client_os;
  up.rules = sa.rules;
  up.client_version = sa.client_version;
  sa.peer_told = true;
  host_.PeerUp(up, replaces);
}

void Ikev1Core::Forget(Ikev1Sa& sa, IkeEnd why) {
  const std::uint32_t number = sa.number;
  if (sa.peer_told) host_.PeerDown(number, why);
  by_cookie_.erase(sa.own_cookie());
  if (!sa.initiator) by_first_.erase({sa.peer.address, sa.cookie_i});
  half_open_.erase(number);
  if (sa.client) client_at_ = real() + kClientAgain;
  sas_.erase(number);
}

void Ikev1Core::FailPhase1(Ikev1Sa& sa, const std::string& event) {
  if (!event.empty()) {
    Remember(sa.history, event.c_str());
    SayHistory(sa);
    Debug(713906, sa,
          fmt::format("IKE SA {}:{:08x} terminating:  flags 0x{:08x}, refcnt 0, tuncnt 0", sa.aggressive ? "AM" : "MM",
                      static_cast<std::uint32_t>(sa.own_cookie() >> 32), sa.initiator ? 0x01000022 : 0x01000002));
    Debug(713906, sa, "sending delete/delete with reason message");
  }
  ++(sa.initiator ? stats_.initiator_fails : stats_.responder_fails);
  if (sa.initiator && !event.empty()) {
    Say(713902, 3, sa, "Removing peer from peer table failed, no match!");
    Say(713903, 4, sa, "Error: Unable to remove PeerTblEntry");
  }
  const std::vector<NeedV1> needs = std::move(sa.needs);
  const std::uint32_t entry_id = sa.entry, replaces = sa.replaces;
  const IpAddress tried = sa.peer.address;
  Forget(sa, IkeEnd::kError);
  if (replaces != 0) {
    if (Ikev1Sa* old = Find(replaces)) {
      old->rekeying = false;
      old->rekey_at = now() + kRekeyAgain;
    }
    return;
  }
  // Backup peers, each once for the packet that asked.
  const auto entry = policy_ == nullptr || entry_id == 0 ? std::nullopt : EntryOf(*policy_, entry_id);
  if (!entry || needs.empty() || entry->peers.size() < 2 || event.empty()) return;
  std::size_t& which = peer_of_entry_[entry_id];
  which = (which + 1) % entry->peers.size();
  if (which != 0 && entry->peers[which] != tried) BeginInitiator(*entry, entry->peers[which], needs, nullptr);
}

void Ikev1Core::Kill(Ikev1Sa& sa, IkeEnd why, bool tell_peer) {
  const std::uint32_t number = sa.number;
  std::vector<std::uint32_t> spis;
  for (const auto& [spi, child] : children_) {
    if (child.sa == number) spis.push_back(spi);
  }
  if (tell_peer && sa.active()) {
    if (!spis.empty()) SendDelete(sa, kEsp, spis);
    SendDelete(sa, kIsakmp, {});
  }
  for (const std::uint32_t spi : spis) RemoveChild(spi, false);
  if (sa.assigned && !sa.client) host_.GiveAddress(sa.assigned->address);
  stats_.previous_tunnels += sa.active() ? 1 : 0;
  Forget(sa, why);
}

}  // namespace sallyport
