// CREATE_CHILD_SA for children (RFC 7296 1.3.1, 1.3.3): another pair, or a pair in the place of an old one.
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostChildren = 4096;
constexpr int kMostChildTries = 5;
constexpr Duration kBusy = Duration::Seconds(2);

}  // namespace

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
  SayRequest(*sa, task.kind == TaskV2::Kind::kRekeyChild ? "rekey" : "establish", task.local, task.remote);
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
  AskTransport(out, WantsTransport(*sa, *entry, task.local, task.remote));
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
    if (error->type == ikev2::kTemporaryFailure && task.tries < kMostChildTries) {
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
  std::string why;
  const auto transport = TransportAgreed(*entry, WantsTransport(*sa, *entry, task.local, task.remote), payloads, why);
  if (!transport) {
    fail(why);
    return;
  }
  struct Answer {
    bool transport = false;
    ChildSuiteV2 suite;
    std::vector<TrafficSelector> local, remote;
    std::vector<std::uint8_t> nr;
    EntryV2 entry;
  };
  auto a = std::make_shared<Answer>();
  a->transport = *transport;
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
    made.transport = a->transport;
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
  made.transport = s.transport;
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
  AskTransport(out, made.transport);
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
