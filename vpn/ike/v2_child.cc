// CREATE_CHILD_SA for children (RFC 7296 1.3.1, 1.3.3): another pair, or a pair in the place of an old one.
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostChildren = 4096;
constexpr int kMostTries = 5;
constexpr Duration kBusy = Duration::Seconds(2);
// How long a pair that has ended still decrypts what was on its way.
constexpr Duration kLinger = Duration::Seconds(5);

}  // namespace

// --- a pair of keys becomes a child

ChildV2* V2Engine::Install(SaV2& sa, const NewChild& made) {
  const EntryV2& entry = *made.entry;
  ChildKeysV2 keys =
      DeriveChildV2(sa.suite.prf, sa.keys.d.bytes(), made.shared, made.ni, made.nr, made.suite.cipher, made.suite.integrity);
  auto child = std::make_shared<ChildSa>();
  child->key.entry = entry.id;
  if (entry.dynamic) child->key.peer = sa.user.empty() ? sa.remote_id.Text() : sa.user;
  child->key.local = made.local;
  child->key.remote = made.remote;
  child->at = sa.at;
  child->inside_hint = entry.inside;
  const bool udp = sa.via == IkeDatagram::Via::kNatT && (sa.nat_inside || sa.nat_outside);
  child->encapsulation = udp ? EspEncapsulation::kNatT : EspEncapsulation::kNone;
  child->local = {sa.local.address, udp ? sa.local.port : std::uint16_t{0}};
  child->peer = {sa.peer.address, udp ? sa.peer.port : std::uint16_t{0}};
  child->lan_to_lan = sa.lan_to_lan;
  child->preserve = policy_->preserve;
  child->spi_in = made.spi_in;
  child->spi_out = made.suite.spi;
  child->cipher = made.suite.cipher;
  child->hash = made.suite.integrity;
  child->encryption_out = std::move(made.initiator ? keys.encryption_i : keys.encryption_r);
  child->integrity_out = std::move(made.initiator ? keys.integrity_i : keys.integrity_r);
  child->encryption_in = std::move(made.initiator ? keys.encryption_r : keys.encryption_i);
  child->integrity_in = std::move(made.initiator ? keys.integrity_r : keys.integrity_i);
  child->seconds = {entry.lifetime_s, entry.lifetime_s};
  child->kilobytes = {entry.lifetime_kb, entry.lifetime_kb};
  child->pfs_group = made.suite.group;
  child->replay_window = policy_->replay_window;
  const auto df = policy_->df.find(sa.at);
  child->df = entry.df ? *entry.df : df != policy_->df.end() ? df->second : DfPolicy::kCopy;
  const auto after = policy_->fragment_after.find(sa.at);
  child->fragment_after = after != policy_->fragment_after.end() && after->second;
  child->map = entry.map;
  child->map_sequence = entry.sequence;
  child->user = sa.lan_to_lan ? "" : sa.user;
  child->assigned = sa.assigned;
  child->filter = policy_->GroupPolicyOf(sa.group_policy, sa.user).filter.list;
  child->ike_version = 2;
  child->ike_sa = sa.number;
  const auto old = sa.children.find(made.replaces);
  child->activity = old != sa.children.end() ? old->second.sa->activity : std::make_shared<SaActivity>();

  ChildV2 state;
  state.sa = child;
  if (entry.lifetime_s != 0) {
    const std::int64_t life = entry.lifetime_s;
    state.soft = t_.now + Duration::Seconds(made.initiator ? life * 85 / 100 : life * 95 / 100);
    state.hard = t_.now + Duration::Seconds(life);
  }
  state.waits = made.replaces != 0 && !made.initiator;
  state.outbound = true;  // of a tunnel that has no other pair; then the data path begins at once
  for (const auto& [spi, other] : sas_) {
    for (const auto& [in, c] : other->children) state.outbound = state.outbound && !(c.sa->key == child->key);
  }
  host_.Install(child);
  Proto(&sa, sa.peer.address, 2, "Load IPSEC key material");
  ChildV2& kept = sa.children[made.spi_in] = std::move(state);
  return &kept;
}

void V2Engine::UseOutbound(std::uint32_t spi_in) {
  ChildV2* chosen = nullptr;
  if (SaOfChild(spi_in, chosen) == nullptr) return;
  for (const auto& [spi, sa] : sas_) {
    for (auto& [in, child] : sa->children) {
      if (child.sa->key == chosen->sa->key) child.outbound = false;
    }
  }
  chosen->outbound = true;
  chosen->waits = false;
  host_.UseOutbound(spi_in);
}

void V2Engine::RemoveChild(SaV2& sa, std::uint32_t spi_in, bool linger) {
  const auto i = sa.children.find(spi_in);
  if (i == sa.children.end()) return;
  const ChildV2 gone = std::move(i->second);
  sa.children.erase(i);
  if (gone.outbound) {
    // Another pair of the same tunnel carries on, here or at an SA that has taken over: best one that the peer is known to
    // have.
    std::uint32_t best_spi = 0;
    int best = 0;
    for (const auto& [spi, other] : sas_) {
      for (const auto& [other_spi, child] : other->children) {
        if (!(child.sa->key == gone.sa->key)) continue;
        const int rank = child.deleting ? 1 : child.replaced ? 2 : child.waits ? 3 : 4;
        if (rank > best) {
          best = rank;
          best_spi = other_spi;
        }
      }
    }
    if (best_spi != 0) UseOutbound(best_spi);
  }
  if (linger) {
    if (!gone.deleting) host_.Retire(spi_in);
    lingering_.push_back({gone.sa, t_.real + kLinger});
    return;
  }
  host_.Remove(spi_in);
  // Without a pair the tunnel is down: what is left of its earlier pairs does not keep it up.
  const bool other = std::any_of(sas_.begin(), sas_.end(), [&](const auto& s) {
    return std::any_of(s.second->children.begin(), s.second->children.end(),
                       [&](const auto& c) { return c.second.sa->key == gone.sa->key; });
  });
  if (other) return;
  std::vector<std::uint32_t> late;
  std::erase_if(lingering_, [&](const Lingering& l) {
    if (!(l.sa->key == gone.sa->key)) return false;
    late.push_back(l.sa->spi_in);
    return true;
  });
  for (const std::uint32_t spi : late) host_.Remove(spi);
}

// Ends a pair by an exchange of its own.
void V2Engine::DeleteChild(const SaPtr& sa, std::uint32_t spi_in, IkeEnd why) {
  const auto i = sa->children.find(spi_in);
  if (i == sa->children.end() || i->second.deleting) return;
  i->second.deleting = true;
  host_.Retire(spi_in);
  auto task = std::make_unique<TaskV2>();
  task->kind = TaskV2::Kind::kDeleteChildren;
  task->spis = {spi_in};
  task->why = why;
  Enqueue(sa, std::move(task), true);
}

// --- what a proposal and selectors of a peer make of our configuration

std::optional<V2Engine::Selected> V2Engine::Select(const SaV2& sa, std::span<const RawPayload> payloads, bool exchange,
                                                   const ChildV2* old, std::string& why) {
  const auto offered = ReadSaV2(FindPayload(payloads, ikev2::kSa)->body);
  const RawPayload *tsi = FindPayload(payloads, ikev2::kTsI), *tsr = FindPayload(payloads, ikev2::kTsR);
  const auto remote = tsi != nullptr ? ReadTs(tsi->body) : Result<std::vector<TrafficSelector>>(Error{"no TSi"});
  const auto local = tsr != nullptr ? ReadTs(tsr->body) : Result<std::vector<TrafficSelector>>(Error{"no TSr"});
  if (!offered || !remote || !local) {
    why = "Detected an invalid value in the message";
    return {};
  }
  Selected out;
  if (old != nullptr) {
    // A pair in the place of another one protects the same, whatever else the peer writes there (RFC 7296 2.9.2).
    const auto entry = EntryOf(old->sa->key.entry);
    if (!entry) {
      why = "There was no IPSEC policy found for received TS";
      return {};
    }
    out.entry = *entry;
    out.local = old->sa->key.local;
    out.remote = old->sa->key.remote;
    if (!SameSelectors(NarrowTs(*local, out.local), out.local) ||
        !SameSelectors(NarrowTs(*remote, out.remote), out.remote)) {
      why = "There was no IPSEC policy found for received TS";
      return {};
    }
  } else {
    const auto entry = MatchEntry(sa, *remote, *local, out.local, out.remote, why);
    if (!entry) {
      if (!remote->empty() && !local->empty()) {
        const auto text = [](const TrafficSelector& ts) {
          return ts.addresses.first.ToString() + "/" + ts.addresses.last.ToString() + "/" + std::to_string(ts.ports.first) +
                 "/" + std::to_string(ts.ports.last) + "/" + std::to_string(ts.protocol);
        };
        Log(const_cast<SaV2&>(sa), 751022, 3,
            "IKEv2 Tunnel rejected: Crypto Map Policy not found for remote traffic selector " + text(remote->back()) +
                " local traffic selector " + text(local->back()) + "!");
      }
      return {};
    }
    out.entry = *entry;
  }
  const auto suite = ChooseEspV2(out.entry.proposals, out.entry.pfs_group, exchange, *offered);
  if (!suite) {
    why = "Failed to find a matching policy";
    const auto expected = EspProposalsV2(out.entry.proposals, exchange ? out.entry.pfs_group : 0, 0);
    SayPolicies(&sa, sa.peer.address, "Received", *offered);
    SayPolicies(&sa, sa.peer.address, "Expected", expected);
    Proto(&sa, sa.peer.address, 5, "Failed to verify the proposed policies");
    return {};
  }
  out.suite = *suite;
  Proto(&sa, sa.peer.address, 2, "Selector received from peer is accepted ");
  return out;
}

// --- as initiator of the exchange

void V2Engine::BuildChildRequest(const SaPtr& sa) {
  TaskV2& task = *sa->current;
  const auto entry = EntryOf(task.entry);
  bool wanted = sa->state == SaV2::State::kReady && entry.has_value();
  if (wanted && task.kind == TaskV2::Kind::kRekeyChild) {
    const auto old = sa->children.find(task.old_spi);
    wanted = old != sa->children.end() && !old->second.deleting && !old->second.replaced;
  }
  if (!wanted) {
    Finish(sa);
    return;
  }
  task.nonce = NewNonce();
  task.spi_in = host_.NewSpi();
  task.group = entry->pfs_group;
  if (task.group == 0) {
    SendChildRequest(sa);
    return;
  }
  ComputeKey(sa, task.group, [this](const SaPtr& s, Secret own, std::vector<std::uint8_t> public_value) {
    if (s->current == nullptr) return;
    if (public_value.empty()) {
      Finish(s);
      return;
    }
    s->current->private_value = std::move(own);
    s->current->public_value = std::move(public_value);
    SendChildRequest(s);
  });
}

void V2Engine::SendChildRequest(const SaPtr& sa) {
  TaskV2& task = *sa->current;
  const auto entry = EntryOf(task.entry);
  const auto old = sa->children.find(task.old_spi);
  // Things may have gone while the key was being made.
  if (!entry || sa->state != SaV2::State::kReady ||
      (task.kind == TaskV2::Kind::kRekeyChild &&
       (old == sa->children.end() || old->second.deleting || old->second.replaced))) {
    Finish(sa);
    return;
  }
  ChainWriter out;
  if (task.kind == TaskV2::Kind::kRekeyChild) {
    std::uint8_t spi[4];
    StoreBe32(spi, task.old_spi);
    AddNotifyV2(out, ikev2::kEsp, ikev2::kRekeySa, {}, Bytes(spi));
  }
  AddSaV2(out, EspProposalsV2(entry->proposals, task.group, task.spi_in));
  out.Add(ikev2::kNonce, task.nonce);
  if (task.group != 0) AddKeV2(out, task.group, task.public_value);
  AddTs(out, ikev2::kTsI, task.local);
  AddTs(out, ikev2::kTsR, task.remote);
  AddNotifyV2(out, ikev2::kIke, ikev2::kEspTfcPaddingNotSupported);
  AddNotifyV2(out, ikev2::kIke, ikev2::kNonFirstFragmentsAlso);
  ++stats_.out_p2_exchanges;
  Proto(sa.get(), sa->peer.address, 2, "Generating CREATE_CHILD_SA message");
  if (!SendRequest(sa, ikev2::kCreateChild, out)) Finish(sa);
}

void V2Engine::ReceiveChildResponse(const SaPtr& sa, std::span<const RawPayload> payloads) {
  TaskV2& task = *sa->current;
  const auto entry = EntryOf(task.entry);
  const bool rekey = task.kind == TaskV2::Kind::kRekeyChild;
  const auto fail = [&](const std::string& reason) {
    ++stats_.out_p2_exchange_rejects;
    SayAborted(*sa, reason);
    if (const auto old = sa->children.find(task.old_spi); old != sa->children.end()) {
      old->second.rekeying = false;
      old->second.soft = TimePoint::Max();  // it lasts until its end; traffic asks for another one then
    }
    Finish(sa);
  };
  if (const auto error = ErrorNotifyV2(payloads)) {
    ++stats_.in_notifys;
    const bool rival = task.rival_spi != 0;
    if (rekey && rival) {
      // The peer has replaced it; ours came too late.
      if (const auto old = sa->children.find(task.old_spi); old != sa->children.end()) {
        old->second.rekeying = false;
        old->second.replaced = true;
        old->second.successor = task.rival_spi;
      }
      Finish(sa);
      return;
    }
    if (error->type == ikev2::kTemporaryFailure && task.tries < kMostTries) {
      Retry(sa, kBusy);
      return;
    }
    if (rekey && error->type == ikev2::kChildSaNotFound) {
      // RFC 7296 2.25: the peer does not have it any more. What it was for is asked for anew, unless another pair does it.
      const auto old = sa->children.find(task.old_spi);
      if (old != sa->children.end()) {
        const TunnelKey key = old->second.sa->key;
        RemoveChild(*sa, task.old_spi, false);
        const bool other =
            std::any_of(sa->children.begin(), sa->children.end(), [&](const auto& c) { return c.second.sa->key == key; });
        if (!other) {
          auto again = std::make_unique<TaskV2>();
          again->entry = task.entry;
          again->kind = TaskV2::Kind::kChild;
          again->local = task.local;
          again->remote = task.remote;
          sa->queue.push_back(std::move(again));
        }
      }
      Finish(sa);
      return;
    }
    fail(error->type == ikev2::kNoProposalChosen ? "Received no proposal chosen notify"
                                                 : "Detected an error notify payload");
    return;
  }
  const RawPayload *p = FindPayload(payloads, ikev2::kSa), *tsi = FindPayload(payloads, ikev2::kTsI),
                   *tsr = FindPayload(payloads, ikev2::kTsR), *ke = FindPayload(payloads, ikev2::kKe);
  if (p == nullptr || tsi == nullptr || tsr == nullptr || !entry || (task.group != 0) != (ke != nullptr)) {
    fail("Create child exchange failed");
    return;
  }
  const auto answer = ReadSaV2(p->body);
  const auto suite = answer ? AcceptEspV2(entry->proposals, task.group, *answer) : std::nullopt;
  const auto i = ReadTs(tsi->body), r = ReadTs(tsr->body);
  if (!suite || !i || !r || !AllInside(*i, task.local) || !AllInside(*r, task.remote) || i->empty() || r->empty()) {
    fail("Failed to find a matching policy");
    return;
  }
  struct Answer {
    ChildSuiteV2 suite;
    std::vector<TrafficSelector> local, remote;
    std::vector<std::uint8_t> nr;
    EntryV2 entry;
  };
  auto a = std::make_shared<Answer>();
  a->suite = *suite;
  a->local = NarrowTs(*i, task.local);
  a->remote = NarrowTs(*r, task.remote);
  if (rekey && SameSelectors(a->local, task.local) && SameSelectors(a->remote, task.remote)) {
    // Another order does not make another tunnel of it.
    a->local = task.local;
    a->remote = task.remote;
  }
  a->entry = *entry;
  const Bytes nr = FindPayload(payloads, ikev2::kNonce)->body;
  a->nr.assign(nr.begin(), nr.end());
  const auto finish = [this, a](const SaPtr& s, Result<Secret> shared) {
    if (s->current == nullptr) return;
    TaskV2& t = *s->current;
    if (!shared) {
      SayAborted(*s, "Create child exchange failed");
      Finish(s);
      return;
    }
    const auto old = s->children.find(t.old_spi);
    NewChild made;
    made.entry = &a->entry;
    made.suite = a->suite;
    made.local = a->local;
    made.remote = a->remote;
    made.spi_in = t.spi_in;
    made.shared = shared->bytes();
    made.ni = t.nonce;
    made.nr = a->nr;
    made.initiator = true;
    made.replaces = old != s->children.end() ? t.old_spi : 0;
    const std::uint32_t spi = t.spi_in;
    Install(*s, made);
    if (t.kind == TaskV2::Kind::kRekeyChild) {
      ResolveChildRekey(s, t, spi, a->nr);
    }
    Finish(s);
  };
  if (task.group == 0) {
    finish(sa, Secret());
    return;
  }
  const auto public_value = ReadKeV2(ke->body);
  if (!public_value || public_value->group != task.group) {
    fail("The peer's KE payload contained the wrong DH group");
    return;
  }
  ComputeShared(sa, task.group, task.private_value, public_value->data, finish);
}

// Our pair is there. What of the old one, and of the pair that the peer has made for it meanwhile?
void V2Engine::ResolveChildRekey(const SaPtr& sa, TaskV2& task, std::uint32_t new_spi, Bytes nr) {
  const auto old = sa->children.find(task.old_spi);
  std::vector<std::uint8_t> lowest(nr.begin(), nr.end());
  lowest = std::min(lowest, task.nonce);
  if (task.rival_spi != 0 && lowest < task.rival_nonce && sa->children.count(task.rival_spi) != 0) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string hex = "0x";
    for (int shift = 28; shift >= 0; shift -= 4) hex += kDigits[new_spi >> shift & 15];
    Log(*sa, 750005, 5,
        "IKEv2 IPsec rekey collision detected. I am lowest nonce initiator, deleting SA with inbound SPI " + hex);
    if (old != sa->children.end()) {
      old->second.rekeying = false;
      old->second.replaced = true;
      old->second.successor = task.rival_spi;
    }
    sa->children[new_spi].replaced = true;
    sa->children[new_spi].successor = task.rival_spi;
    DeleteChild(sa, new_spi, IkeEnd::kReplaced);
    return;
  }
  UseOutbound(new_spi);
  if (const auto rival = sa->children.find(task.rival_spi); rival != sa->children.end()) {
    rival->second.replaced = true;  // the peer ends it
    rival->second.successor = new_spi;
  }
  if (old == sa->children.end()) return;
  old->second.replaced = true;
  old->second.successor = new_spi;
  DeleteChild(sa, task.old_spi, IkeEnd::kReplaced);
}

// --- as responder of the exchange

void V2Engine::ReceiveChildRequest(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads) {
  ++stats_.in_p2_exchanges;
  const auto refuse = [&](std::uint16_t notify) {
    ++stats_.in_p2_exchange_rejects;
    RespondError(sa, ikev2::kCreateChild, id, notify);
  };
  // RFC 7296 2.25.2: while the IKE SA itself is being replaced or ended, nothing new.
  if (sa->state != SaV2::State::kReady || (sa->current != nullptr && sa->current->kind == TaskV2::Kind::kRekeyIke)) {
    refuse(ikev2::kTemporaryFailure);
    return;
  }
  const auto rekey = FindNotifyV2(payloads, ikev2::kRekeySa);
  ChildV2* old = nullptr;
  if (rekey) {
    const std::uint32_t spi = rekey->protocol == ikev2::kEsp && rekey->spi.size() == 4 ? LoadBe32(rekey->spi.data()) : 0;
    for (auto& [in, child] : sa->children) {
      if (child.sa->spi_out == spi) old = &child;
    }
    if (old == nullptr) {
      ChainWriter out;
      AddNotifyV2(out, ikev2::kEsp, ikev2::kChildSaNotFound, {}, rekey->spi);
      ++stats_.out_notifys;
      Respond(sa, ikev2::kCreateChild, id, out);
      return;
    }
    if (old->deleting) {
      refuse(ikev2::kTemporaryFailure);
      return;
    }
  }
  if (sa->children.size() >= kMostChildren) {
    refuse(ikev2::kNoAdditionalSas);
    return;
  }
  std::string why;
  const auto selected = Select(*sa, payloads, true, old, why);
  if (!selected) {
    SayAborted(*sa, why);
    refuse(ikev2::kNoProposalChosen);
    return;
  }
  const Bytes nonce = FindPayload(payloads, ikev2::kNonce)->body;
  std::vector<std::uint8_t> ni(nonce.begin(), nonce.end());
  const std::uint32_t old_spi = old != nullptr ? old->sa->spi_in : 0;
  if (selected->suite.group == 0) {
    KeyAndShared none;
    none.ok = true;
    AnswerChild(sa, id, *selected, std::move(ni), old_spi, std::move(none));
    return;
  }
  const RawPayload* ke_payload = FindPayload(payloads, ikev2::kKe);
  const auto ke = ke_payload != nullptr ? ReadKeV2(ke_payload->body) : std::nullopt;
  if (!ke || ke->group != selected->suite.group) {
    std::uint8_t group[2];
    StoreBe16(group, selected->suite.group);
    RespondError(sa, ikev2::kCreateChild, id, ikev2::kInvalidKePayload, Bytes(group));
    return;
  }
  sa->answering = true;
  ComputeBoth(sa, ke->group, ke->data,
              [this, id, s = *selected, ni = std::move(ni), old_spi](const SaPtr& strong, KeyAndShared keys) {
                if (!keys.ok) {
                  RespondError(strong, ikev2::kCreateChild, id, ikev2::kInvalidSyntax);
                  return;
                }
                AnswerChild(strong, id, s, ni, old_spi, std::move(keys));
              });
}

void V2Engine::AnswerChild(const SaPtr& sa, std::uint32_t id, const Selected& s, std::vector<std::uint8_t> ni,
                           std::uint32_t old_spi, KeyAndShared keys) {
  // Much may have happened while the key was being made.
  auto old = sa->children.find(old_spi);
  if (sa->state != SaV2::State::kReady || (old_spi != 0 && (old == sa->children.end() || old->second.deleting))) {
    RespondError(sa, ikev2::kCreateChild, id, ikev2::kTemporaryFailure);
    return;
  }
  const auto nr = NewNonce();
  NewChild made;
  made.entry = &s.entry;
  made.suite = s.suite;
  made.local = s.local;
  made.remote = s.remote;
  made.spi_in = host_.NewSpi();
  made.shared = keys.shared.bytes();
  made.ni = ni;
  made.nr = nr;
  made.replaces = old_spi;
  Install(*sa, made);
  ChainWriter out;
  EspProposal chosen;
  chosen.ciphers = {s.suite.cipher};
  if (s.suite.integrity != VpnHash::kNone) chosen.integrity = {s.suite.integrity};
  auto answer = EspProposalsV2(std::span(&chosen, 1), s.suite.group, made.spi_in);
  answer[0].number = s.suite.number;
  AddSaV2(out, answer);
  out.Add(ikev2::kNonce, nr);
  if (s.suite.group != 0) AddKeV2(out, s.suite.group, keys.public_value);
  AddTs(out, ikev2::kTsI, made.remote);
  AddTs(out, ikev2::kTsR, made.local);
  AddNotifyV2(out, ikev2::kIke, ikev2::kEspTfcPaddingNotSupported);
  AddNotifyV2(out, ikev2::kIke, ikev2::kNonFirstFragmentsAlso);
  if (old_spi != 0) {
    old = sa->children.find(old_spi);
    TaskV2* own = sa->current.get();
    if (own != nullptr && own->kind == TaskV2::Kind::kRekeyChild && own->old_spi == old_spi && own->sent) {
      own->rival_nonce = std::min(ni, nr);
      own->rival_spi = made.spi_in;
    } else {
      old->second.replaced = true;
      old->second.rekeying = false;
      old->second.successor = made.spi_in;
    }
  }
  Respond(sa, ikev2::kCreateChild, id, out);
}

}  // namespace sallyport
