// CREATE_CHILD_SA for the IKE SA itself (RFC 7296 1.3.2, 2.8, 2.8.2, 2.25.2): a new one takes over the children, the old one
// is ended.
#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr int kMostRekeyTries = 5;
constexpr Duration kBusyWait = Duration::Seconds(2);
// How long an SA that has been replaced waits for the DELETE of whoever has replaced it.
constexpr Duration kWaitForEnd = Duration::Seconds(60);

std::vector<std::uint8_t> SpiBytes(std::uint64_t spi) {
  std::vector<std::uint8_t> b(8);
  StoreBe64(b.data(), spi);
  return b;
}

}  // namespace

V2Engine::SaPtr V2Engine::Successor(const SaV2& old, bool initiator, const SuiteV2& suite, std::uint64_t spi_i,
                                    std::uint64_t spi_r, Bytes shared, std::vector<std::uint8_t> ni,
                                    std::vector<std::uint8_t> nr) {
  const SaPtr sa = NewSa(initiator, old.at, old.local, old.peer, old.via, initiator ? spi_i : spi_r);
  sa->spi_i = spi_i;
  sa->spi_r = spi_r;
  sa->suite = suite;
  sa->ni = std::move(ni);
  sa->nr = std::move(nr);
  sa->session = old.session;
  sa->local_id = old.local_id;
  sa->remote_id = old.remote_id;
  sa->tunnel_group = old.tunnel_group;
  sa->group_policy = old.group_policy;
  sa->user = old.user;
  sa->rules = old.rules;
  sa->lan_to_lan = old.lan_to_lan;
  sa->assigned = old.assigned;
  sa->local_auth = old.local_auth;
  sa->remote_auth = old.remote_auth;
  sa->fragmentation = old.fragmentation;
  sa->nat_inside = old.nat_inside;
  sa->nat_outside = old.nat_outside;
  sa->peer_reads_reasons = old.peer_reads_reasons;
  sa->keepalive = old.keepalive;
  sa->dpd_threshold_s = old.dpd_threshold_s;
  sa->dpd_retry_s = old.dpd_retry_s;
  sa->keepalive_at = old.keepalive_at;
  sa->entry = old.entry;
  sa->flow = old.flow;
  const Secret seed = SkeyseedRekeyV2(old.suite.prf, old.keys.d.bytes(), shared, sa->ni, sa->nr);
  UseKeys(*sa, seed.bytes());
  sa->state = SaV2::State::kReady;
  sa->ready = t_.now;
  sa->ready_real = sa->heard = t_.real;
  const std::int64_t life = suite.lifetime_s;
  if (life != 0) {
    sa->soft = t_.now + Duration::Seconds(initiator ? life * 85 / 100 : life * 95 / 100);
    sa->hard = t_.now + Duration::Seconds(life);
  }
  return sa;
}

void V2Engine::Adopt(const SaPtr& old, const SaPtr& successor) {
  for (auto& [spi, child] : old->children) {
    child.rekeying = false;
    successor->children[spi] = std::move(child);
  }
  old->children.clear();
  while (!old->queue.empty()) {
    // What was asked for of the old one is asked for of the new one, but for what concerns the old one alone.
    auto task = std::move(old->queue.front());
    old->queue.pop_front();
    if (task->kind == TaskV2::Kind::kChild || task->kind == TaskV2::Kind::kDeleteChildren ||
        task->kind == TaskV2::Kind::kInvalidSpi)
      successor->queue.push_back(std::move(task));
    else if (task->kind == TaskV2::Kind::kRekeyChild) {
      if (const auto child = successor->children.find(task->old_spi); child != successor->children.end()) {
        child->second.rekeying = true;
        successor->queue.push_back(std::move(task));
      }
    }
  }
  old->state = SaV2::State::kReplaced;
  old->soft = old->hard = TimePoint::Max();
  old->keepalive_at = TimePoint::Max();
  old->until = t_.real + kWaitForEnd;
  const bool was_up = old->up;
  TellUp(*successor, old->number);
  Log(*successor, 750006, 5, "IKEv2 SA UP. Reason: Rekey");
  if (was_up) {
    old->up = false;
    if (stats_.active_tunnels > 0) --stats_.active_tunnels;
    ++stats_.previous_tunnels;
    host_.PeerDown(old->number, IkeEnd::kReplaced);
  }
  Pump(successor);
}

void V2Engine::DropRival(TaskV2& task) {
  if (task.rival == nullptr) return;
  const SaPtr rival = std::move(task.rival);
  if (rival->state == SaV2::State::kReady && !rival->up) rival->until = t_.real + kWaitForEnd;  // the peer ends it
}

// --- as initiator of the exchange

void V2Engine::BuildIkeRekey(const SaPtr& sa) {
  TaskV2& task = *sa->current;
  if (sa->state != SaV2::State::kReady) {
    Finish(sa);
    return;
  }
  const auto proposals = IkeProposalsV2(policy_->ikev2_policies, SpiBytes(1));
  if (proposals.empty()) {
    Finish(sa);
    return;
  }
  // The group that was agreed upon last time, if it is still ours.
  std::uint16_t first = 0;
  bool still = false;
  for (const ProposalV2& p : proposals) {
    for (const TransformV2& t : p.transforms) {
      if (t.type != ikev2::kGroup) continue;
      if (first == 0) first = t.id;
      still = still || t.id == sa->suite.group;
    }
  }
  if (task.group == 0) task.group = still ? sa->suite.group : first;
  task.nonce = NewNonce();
  task.new_spi = NewIkeSpi();
  ComputeKey(sa, task.group, [this](const SaPtr& s, Secret own, std::vector<std::uint8_t> public_value) {
    if (s->current == nullptr) return;
    TaskV2& t = *s->current;
    if (public_value.empty() || s->state != SaV2::State::kReady) {
      Finish(s);
      return;
    }
    t.private_value = std::move(own);
    t.public_value = std::move(public_value);
    ChainWriter out;
    AddSaV2(out, IkeProposalsV2(policy_->ikev2_policies, SpiBytes(t.new_spi)));
    out.Add(ikev2::kNonce, t.nonce);
    AddKeV2(out, t.group, t.public_value);
    Proto(s.get(), s->peer.address, 2, "Generating CREATE_CHILD_SA message");
    if (!SendRequest(s, ikev2::kCreateChild, out)) Finish(s);
  });
}

void V2Engine::ReceiveIkeRekeyResponse(const SaPtr& sa, std::span<const RawPayload> payloads) {
  TaskV2& task = *sa->current;
  const auto lost = [&] {
    // Ours came to nothing. If the peer's has succeeded meanwhile, that is it.
    if (task.rival != nullptr && task.rival->state == SaV2::State::kReady && sa->state == SaV2::State::kReady) {
      const SaPtr rival = std::move(task.rival);
      Finish(sa);
      Adopt(sa, rival);
      return true;
    }
    return false;
  };
  if (const auto error = ErrorNotifyV2(payloads)) {
    ++stats_.in_notifys;
    if (lost()) return;
    if (error->type == ikev2::kTemporaryFailure && task.tries < kMostRekeyTries) {
      Retry(sa, kBusyWait);
      return;
    }
    if (error->type == ikev2::kInvalidKePayload && error->data.size() == 2 && task.tries < kMostRekeyTries) {
      const std::uint16_t group = LoadBe16(error->data.data());
      const bool ours = std::any_of(
          policy_->ikev2_policies.begin(), policy_->ikev2_policies.end(),
          [&](const Ikev2Policy& p) { return std::find(p.groups.begin(), p.groups.end(), group) != p.groups.end(); });
      if (ours && HasDhGroup(group) && group != task.group) {
        ++task.tries;
        task.group = group;
        task.sent = false;
        BuildIkeRekey(sa);
        return;
      }
    }
    SayAborted(*sa, error->type == ikev2::kNoProposalChosen ? "Received no proposal chosen notify"
                                                            : "Detected an error notify payload");
    Finish(sa);
    return;
  }
  const RawPayload *p = FindPayload(payloads, ikev2::kSa), *ke_payload = FindPayload(payloads, ikev2::kKe);
  const auto answer = p != nullptr ? ReadSaV2(p->body) : Result<std::vector<ProposalV2>>(Error{"none"});
  const auto ke = ke_payload != nullptr ? ReadKeV2(ke_payload->body) : std::nullopt;
  const auto suite = answer ? AcceptIkeV2(policy_->ikev2_policies, *answer) : std::nullopt;
  if (!suite || !ke || ke->group != task.group || suite->group != task.group || (*answer)[0].spi.size() != 8 ||
      LoadBe64((*answer)[0].spi.data()) == 0) {
    if (lost()) return;
    SayAborted(*sa, "Create child exchange failed");
    Finish(sa);
    return;
  }
  const std::uint64_t spi_r = LoadBe64((*answer)[0].spi.data());
  const Bytes nonce = FindPayload(payloads, ikev2::kNonce)->body;
  std::vector<std::uint8_t> nr(nonce.begin(), nonce.end());
  ComputeShared(sa, task.group, task.private_value, ke->data,
                [this, suite = *suite, spi_r, nr = std::move(nr)](const SaPtr& s, Result<Secret> shared) {
                  if (s->current == nullptr) return;
                  TaskV2& t = *s->current;
                  if (!shared || s->state != SaV2::State::kReady) {
                    if (!shared) SayAborted(*s, "Failed to complete Diffie-Hellman operation");
                    Finish(s);
                    return;
                  }
                  const SaPtr made = Successor(*s, true, suite, t.new_spi, spi_r, shared->bytes(), t.nonce, nr);
                  const SaPtr rival = t.rival != nullptr && t.rival->state == SaV2::State::kReady ? t.rival : nullptr;
                  if (rival != nullptr && std::min(t.nonce, nr) < t.rival_nonce) {
                    t.rival.reset();
                    s->current.reset();
                    EndSa(made, IkeEnd::kReplaced);
                    Adopt(s, rival);
                    return;
                  }
                  DropRival(t);
                  s->current.reset();
                  Adopt(s, made);
                  EndSa(s, IkeEnd::kReplaced);
                });
}

// --- as responder

void V2Engine::ReceiveIkeRekey(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads) {
  const TaskV2* own = sa->current.get();
  const bool busy = own != nullptr && (own->kind == TaskV2::Kind::kChild || own->kind == TaskV2::Kind::kRekeyChild ||
                                       own->kind == TaskV2::Kind::kDeleteChildren);
  if (sa->state != SaV2::State::kReady || busy) {
    RespondError(sa, ikev2::kCreateChild, id, ikev2::kTemporaryFailure);
    return;
  }
  const auto offered = ReadSaV2(FindPayload(payloads, ikev2::kSa)->body);
  const RawPayload* ke_payload = FindPayload(payloads, ikev2::kKe);
  const auto ke = ke_payload != nullptr ? ReadKeV2(ke_payload->body) : std::nullopt;
  if (!offered || !ke) {
    RespondError(sa, ikev2::kCreateChild, id, ikev2::kInvalidSyntax);
    return;
  }
  const auto suite = ChooseIkeV2(policy_->ikev2_policies, *offered);
  const auto chosen = std::find_if(offered->begin(), offered->end(),
                                   [&](const ProposalV2& p) { return suite && p.number == suite->number; });
  if (chosen == offered->end() || chosen->spi.size() != 8 || LoadBe64(chosen->spi.data()) == 0) {
    SayAborted(*sa, "Failed to find a matching policy");
    RespondError(sa, ikev2::kCreateChild, id, ikev2::kNoProposalChosen);
    return;
  }
  if (ke->group != suite->group) {
    std::uint8_t group[2];
    StoreBe16(group, suite->group);
    RespondError(sa, ikev2::kCreateChild, id, ikev2::kInvalidKePayload, Bytes(group));
    return;
  }
  const std::uint64_t spi_i = LoadBe64(chosen->spi.data());
  const Bytes nonce = FindPayload(payloads, ikev2::kNonce)->body;
  std::vector<std::uint8_t> ni(nonce.begin(), nonce.end());
  sa->answering = true;
  ComputeBoth(sa, suite->group, ke->data,
              [this, id, suite = *suite, spi_i, ni = std::move(ni)](const SaPtr& s, KeyAndShared keys) {
                if (!keys.ok) {
                  RespondError(s, ikev2::kCreateChild, id, ikev2::kInvalidSyntax);
                  return;
                }
                if (s->state != SaV2::State::kReady) {
                  RespondError(s, ikev2::kCreateChild, id, ikev2::kTemporaryFailure);
                  return;
                }
                const auto nr = NewNonce();
                const std::uint64_t spi_r = NewIkeSpi();
                const SaPtr made = Successor(*s, false, suite, spi_i, spi_r, keys.shared.bytes(), ni, nr);
                Ikev2Policy chosen_policy;
                chosen_policy.ciphers = {suite.cipher};
                chosen_policy.integrity = {suite.integrity};
                chosen_policy.prfs = {suite.prf};
                chosen_policy.groups = {suite.group};
                auto answer = IkeProposalsV2(std::span(&chosen_policy, 1), SpiBytes(spi_r));
                answer[0].number = suite.number;
                ChainWriter out;
                AddSaV2(out, answer);
                out.Add(ikev2::kNonce, nr);
                AddKeV2(out, suite.group, keys.public_value);
                TaskV2* mine = s->current.get();
                if (mine != nullptr && mine->kind == TaskV2::Kind::kRekeyIke && mine->sent) {
                  mine->rival = made;
                  mine->rival_nonce = std::min(ni, nr);
                  Respond(s, ikev2::kCreateChild, id, out);
                  return;
                }
                Respond(s, ikev2::kCreateChild, id, out);
                Adopt(s, made);
              });
}

}  // namespace sallyport
