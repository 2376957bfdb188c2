// IKE_AUTH with EAP (RFC 7296 2.16), as responder: the peer sends no AUTH; we prove ourselves by certificate, carry EAP between the
// peer and an AAA server, and once that has accepted, both ends sign with the method's key.
#include <algorithm>

#include "vpn/ike/eap.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

// Somebody may have to look for his password; but nobody keeps an SA half open for long.
constexpr Duration kAnswerWait = Duration::Seconds(60), kLongest = Duration::Seconds(180);
constexpr int kMostRounds = 50;  // of one login: certificates of EAP-TLS come in many pieces

}  // namespace

void V2Engine::BeginEap(const SaPtr& sa, std::uint32_t id, std::vector<std::uint8_t> auth) {
  const TunnelGroup* group = policy_->Group(sa->tunnel_group);
  sa->eap = std::make_unique<EapV2>();
  sa->eap->first = sa->message;
  sa->eap->auth = std::move(auth);
  sa->eap->until = t_.real + kLongest;
  std::uint8_t first;
  host_.entropy().Fill(MutableBytes(&first, 1));
  if (group != nullptr && group->ikev2_eap_query_identity) {
    sa->eap->last_id = first;
    RespondEap(sa, id, EapIdentity(eap::kRequest, first, {}));
    return;
  }
  // Nobody asks who the peer is: its identity in IKE is what it would say.
  const std::string name = sa->remote_id.Text();
  sa->eap->identity = EapName({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
  if (sa->eap->identity.empty()) {
    RefuseEap(sa, id, "Auth exchange failed", {});
    return;
  }
  AskEap(sa, id, EapIdentity(eap::kResponse, first, sa->eap->identity));
}

void V2Engine::RespondEap(const SaPtr& sa, std::uint32_t id, Bytes message) {
  ChainWriter out;
  if (!sa->eap->auth.empty()) {
    out.Add(ikev2::kIdR, sa->local_id.Body());
    AddOwnCertificates(out, *sa);
    AddAuthV2(out, sa->eap->auth[0], Bytes(sa->eap->auth).subspan(1));
    sa->eap->auth.clear();
  }
  out.Add(ikev2::kEap, message);
  Proto(sa.get(), sa->peer.address, 2, "Generating EAP request");
  sa->until = std::min(t_.real + kAnswerWait, sa->eap->until);
  Respond(sa, ikev2::kAuth, id, out);
}

void V2Engine::RefuseEap(const SaPtr& sa, std::uint32_t id, const std::string& reason, Bytes failure) {
  SayAborted(*sa, reason);
  Trace(*sa, id, "R_VERIFY_AUTH", {"EV_AUTH_FAIL"});
  Proto(sa.get(), sa->peer.address, 2, "Sending EAP failure");
  ++stats_.responder_fails;
  ++stats_.auth_fails;
  const auto read = ReadEap(failure);
  const bool told = read && read->code == eap::kFailure;
  const std::vector<std::uint8_t> own = EapResult(eap::kFailure, sa->eap->last_id);
  RespondEap(sa, id, told ? failure : Bytes(own));
  Trace(*sa, id, "AUTH_DONE", {"EV_FAIL"});
  Proto(sa.get(), sa->peer.address, 2, "Auth exchange failed");
  DropSa(sa, IkeEnd::kError, true);
}

void V2Engine::AskEap(const SaPtr& sa, std::uint32_t id, Bytes message) {
  UserQuestion q;
  q.tunnel_group = sa->tunnel_group;
  q.user = sa->eap->identity;
  q.peer = sa->peer.address;
  q.local = sa->local.address;
  q.via = UserQuestion::Via::kIkev2;
  q.eap.assign(message.begin(), message.end());
  q.dialogue = sa->eap->dialogue;
  sa->answering = true;
  sa->until = TimePoint::Max();  // whoever is asked answers, or gives up
  std::weak_ptr<SaV2> weak = sa;
  std::weak_ptr<bool> alive = alive_;
  host_.Ask(q, [this, weak, alive, id](const UserAnswer& a) {
    if (alive.lock() == nullptr) return;
    const SaPtr strong = weak.lock();
    if (strong != nullptr && strong->state == SaV2::State::kWaitAuth && strong->eap != nullptr && strong->answering) HearEap(strong, id, a);
  });
}

void V2Engine::HearEap(const SaPtr& sa, std::uint32_t id, const UserAnswer& a) {
  const auto read = ReadEap(a.eap);
  if (a.challenge) {
    if (!read || read->code != eap::kRequest) {
      RefuseEap(sa, id, "Auth exchange failed", {});
      return;
    }
    sa->eap->stage = EapV2::Stage::kMethod;
    sa->eap->last_id = read->id;
    sa->eap->dialogue = a.dialogue;
    RespondEap(sa, id, a.eap);
    return;
  }
  if (!a.accepted) {
    RefuseEap(sa, id, "Failed to authenticate the IKE SA", a.eap);
    return;
  }
  sa->user = sa->eap->identity;
  sa->rules = a.rules;
  if (!a.group_policy.empty()) sa->group_policy = a.group_policy;
  sa->eap->msk = a.msk;
  sa->eap->stage = EapV2::Stage::kProof;
  const std::vector<std::uint8_t> own = EapResult(eap::kSuccess, sa->eap->last_id);
  Proto(sa.get(), sa->peer.address, 2, "Sending EAP success");
  RespondEap(sa, id, read && read->code == eap::kSuccess ? Bytes(a.eap) : Bytes(own));
}

void V2Engine::ReceiveEap(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads) {
  Trace(*sa, id, "R_WAIT_AUTH", {"EV_RECV_AUTH"});
  if (sa->eap->stage == EapV2::Stage::kProof) {
    FinishEap(sa, id, payloads);
    return;
  }
  const RawPayload* p = FindPayload(payloads, ikev2::kEap);
  const auto m = p != nullptr ? ReadEap(p->body) : std::nullopt;
  if (!m || m->code != eap::kResponse || m->id != sa->eap->last_id || ++sa->eap->rounds > kMostRounds) {
    RefuseEap(sa, id, "Auth exchange failed", {});
    return;
  }
  Proto(sa.get(), sa->peer.address, 2, "Processing EAP response");
  if (sa->eap->stage == EapV2::Stage::kIdentity) {
    sa->eap->identity = m->type == eap::kIdentity ? EapName(m->data) : std::string();
    if (sa->eap->identity.empty()) {
      RefuseEap(sa, id, "Auth exchange failed", {});
      return;
    }
  }
  AskEap(sa, id, p->body);
}

// EAP has succeeded. Both ends prove that what was said before was said by them, with the key that the method has left to both, or
// with their own one where it makes none.
void V2Engine::FinishEap(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads) {
  const RawPayload* p = FindPayload(payloads, ikev2::kAuthentication);
  const auto auth = p != nullptr ? ReadAuthV2(p->body) : std::nullopt;
  Trace(*sa, id, "R_VERIFY_AUTH", {"EV_VERIFY_AUTH"});
  Proto(sa.get(), sa->peer.address, 2, "Verify peer's authentication data");
  const auto mac = [&](bool own) {
    const auto octets = own ? SignedOctetsV2(sa->suite.prf, sa->init_response, sa->ni, sa->keys.pr.bytes(), sa->local_id.Body())
                            : SignedOctetsV2(sa->suite.prf, sa->init_request, sa->nr, sa->keys.pi.bytes(), sa->remote_id.Body());
    const Secret& left = own ? sa->keys.pr : sa->keys.pi;
    return SharedKeyAuthV2(sa->suite.prf, sa->eap->msk != nullptr ? sa->eap->msk->bytes() : left.bytes(), octets);
  };
  if (!auth || auth->method != ikev2::kSharedKey || !SameBytes(mac(false).bytes(), auth->data)) {
    Proto(sa.get(), sa->peer.address, 2, "Verification of peer's authentication data FAILED");
    RefuseAuth(sa, id, "Failed to authenticate the IKE SA");
    return;
  }
  Proto(sa.get(), sa->peer.address, 2, "Verification of peer's authenctication data PASSED");
  Trace(*sa, id, "R_VERIFY_AUTH", {"EV_CHK4_IC", "EV_CHK_REDIRECT", "EV_NOTIFY_AUTH_DONE"});
  const Secret proof = mac(true);
  std::vector<std::uint8_t> own{ikev2::kSharedKey};
  own.insert(own.end(), proof.bytes().begin(), proof.bytes().end());
  sa->remote_auth = VpnAuth::kEap;
  sa->message = std::move(sa->eap->first);  // what it asked for in the beginning is answered now
  AnswerAuth(sa, id, std::move(own));
  if (sa->state == SaV2::State::kReady) sa->eap->msk.reset();
}

}  // namespace sallyport
