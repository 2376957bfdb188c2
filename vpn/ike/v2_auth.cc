// IKE_AUTH (RFC 7296 1.2, 2.15): who is it, and the first child.
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

void AddStatus(ChainWriter& out, std::uint16_t type) { AddNotifyV2(out, ikev2::kIke, type); }

void AddChild(ChainWriter& out, std::span<const ProposalV2> proposals, std::span<const TrafficSelector> i,
              std::span<const TrafficSelector> r) {
  AddSaV2(out, proposals);
  AddTs(out, ikev2::kTsI, i);
  AddTs(out, ikev2::kTsR, r);
}

}  // namespace

// --- as initiator

void V2Engine::BuildAuthRequest(const SaPtr& sa) {
  MakeAuth(sa, [this](const SaPtr& s, std::vector<std::uint8_t> auth) {
    if (auth.empty()) {
      FailBegin(s, "Auth exchange failed");
      return;
    }
    FinishAuthRequest(s, std::move(auth));
  });
}

void V2Engine::FinishAuthRequest(const SaPtr& sa, std::vector<std::uint8_t> auth) {
  const auto entry = EntryOf(sa->entry);
  if (!entry) {
    FailBegin(sa, "No local IKE policy found");
    return;
  }
  sa->spi_in = host_.NewSpi();
  const auto proposals = EspProposalsV2(entry->proposals, 0, sa->spi_in);
  if (proposals.empty()) {
    FailBegin(sa, "No local IKE policy found");
    return;
  }
  ChainWriter out;
  out.Add(ikev2::kIdI, sa->local_id.Body());
  AddOwnCertificates(out, *sa);
  AddCertificateRequest(out, *sa);
  AddAuthV2(out, auth[0], Bytes(auth).subspan(1));
  AddChild(out, proposals, sa->local_ts, sa->remote_ts);
  AskTransport(out, WantsTransport(*sa, *entry, sa->local_ts, sa->remote_ts));
  const bool others = std::any_of(sas_.begin(), sas_.end(), [&](const auto& s) {
    return s.second != sa && s.second->state != SaV2::State::kEnded && s.second->peer.address == sa->peer.address;
  });
  if (!others) AddStatus(out, ikev2::kInitialContact);
  AddStatus(out, ikev2::kEspTfcPaddingNotSupported);
  AddStatus(out, ikev2::kNonFirstFragmentsAlso);
  Trace(*sa, 1, "I_BLD_AUTH", {"EV_OK_AUTH_GEN", "EV_SEND_AUTH"});
  Proto(sa.get(), sa->peer.address, 2, "Generating IKE_AUTH message");
  Proto(sa.get(), sa->peer.address, 2,
        "Constructing IDi payload: '" + sa->local_id.Text() + "' of type '" + sa->local_id.TypeText() + "'");
  sa->state = SaV2::State::kAuthSent;
  if (!SendRequest(sa, ikev2::kAuth, out)) {
    FailBegin(sa, "Auth exchange failed");
    return;
  }
  Trace(*sa, 1, "I_WAIT_AUTH", {"EV_NO_EVENT"});
}

void V2Engine::ReceiveAuthResponse(const SaPtr& sa, std::span<const RawPayload> payloads) {
  const RawPayload* idr = FindPayload(payloads, ikev2::kIdR);
  const RawPayload* auth = FindPayload(payloads, ikev2::kAuthentication);
  Trace(*sa, 1, "I_WAIT_AUTH", {"EV_RECV_AUTH"});
  Trace(*sa, 1, "I_PROC_AUTH", {"EV_CHK4_NOTIFY"});
  if (idr == nullptr || auth == nullptr) {
    const auto error = ErrorNotifyV2(payloads);
    if (error) Proto(sa.get(), sa->peer.address, 2, "Process auth response notify: " + NotifyNameV2(error->type));
    if (error && error->type == ikev2::kAuthenticationFailed) ++stats_.auth_fails;
    FailBegin(sa, error ? "Detected an error notify payload" : "Auth exchange failed");
    return;
  }
  const auto id = ReadIdV2(idr->body);
  if (!id) {
    FailBegin(sa, "Auth exchange failed");
    return;
  }
  sa->remote_id = *id;
  sa->state = SaV2::State::kComputing;
  Trace(*sa, 1, "I_PROC_AUTH", {"EV_PROC_MSG", "EV_GET_POLICY_BY_PEERID"});
  Proto(sa.get(), sa->peer.address, 2,
        "Searching policy based on peer's identity '" + id->Text() + "' of type '" + id->TypeText() + "'");
  CheckAuth(sa, payloads, [this](const SaPtr& s, std::string why) {
    if (!why.empty()) {
      // The peer believes that it has an SA: it is told, once (RFC 7296 2.21.2).
      ChainWriter out;
      AddNotifyV2(out, ikev2::kIke, ikev2::kAuthenticationFailed);
      Transmit(*s, SealFor(*s, ikev2::kInformational, false, s->next_send, out));
      ++stats_.auth_fails;
      Proto(s.get(), s->peer.address, 2, "Verification of peer's authentication data FAILED");
      FailBegin(s, why);
      return;
    }
    Proto(s.get(), s->peer.address, 2, "Verification of peer's authenctication data PASSED");
    Trace(*s, 1, "I_PROC_AUTH",
          {"EV_CHK_EAP", "EV_NOTIFY_AUTH_DONE", "EV_CHK_CONFIG_MODE", "EV_CHK4_IC", "EV_CHK_IKE_ONLY", "EV_PROC_SA_TS"});
    FinishAuthResponse(s);
  });
}

void V2Engine::FinishAuthResponse(const SaPtr& sa) {
  const auto message = sa->message;
  const auto payloads = ReadPayloads(message->first, message->chain, ChainEnd::kExact);
  const auto entry = EntryOf(sa->entry);
  const auto error = ErrorNotifyV2(*payloads);
  Established(sa);
  const RawPayload *p = FindPayload(*payloads, ikev2::kSa), *tsi = FindPayload(*payloads, ikev2::kTsI),
                   *tsr = FindPayload(*payloads, ikev2::kTsR);
  if (error || !entry || p == nullptr || tsi == nullptr || tsr == nullptr) {
    if (error) ++stats_.in_notifys;
    FailFirstChild(sa, error && error->type == ikev2::kNoProposalChosen ? "Received no proposal chosen notify"
                                                                        : "Detected an error notify payload");
    return;
  }
  const auto answer = ReadSaV2(p->body);
  const auto i = ReadTs(tsi->body), r = ReadTs(tsr->body);
  const auto suite = answer ? AcceptEspV2(entry->proposals, 0, *answer) : std::nullopt;
  if (!suite || !i || !r) {
    FailFirstChild(sa, "Failed to find a matching policy");
    return;
  }
  NewChild made;
  made.entry = &*entry;
  made.suite = *suite;
  // What it has agreed to must be within what was asked for.
  made.local = NarrowTs(*i, sa->local_ts);
  made.remote = NarrowTs(*r, sa->remote_ts);
  if (made.local.empty() || made.remote.empty() || !AllInside(*i, sa->local_ts) || !AllInside(*r, sa->remote_ts)) {
    FailFirstChild(sa, "There was no IPSEC policy found for received TS");
    return;
  }
  std::string why;
  const auto transport = TransportAgreed(*entry, WantsTransport(*sa, *entry, sa->local_ts, sa->remote_ts), *payloads, why);
  if (!transport) {
    FailFirstChild(sa, why);
    return;
  }
  made.transport = *transport;
  made.spi_in = sa->spi_in;
  made.ni = sa->ni;
  made.nr = sa->nr;
  made.initiator = true;
  Install(*sa, made);
  ResolveCrossing(sa);
  Pump(sa);
}

void V2Engine::FailFirstChild(const SaPtr& sa, const std::string& reason) {
  SayAborted(*sa, reason);
  Proto(sa.get(), sa->peer.address, 2, "Queuing IKE SA delete request reason: unknown");
  ++stats_.initiator_fails;
  EndSa(sa, IkeEnd::kPhase2Mismatch);
}

// --- as responder

void V2Engine::RefuseAuth(const SaPtr& sa, std::uint32_t id, const std::string& reason) {
  SayAborted(*sa, reason);
  Trace(*sa, id, "R_VERIFY_AUTH", {"EV_AUTH_FAIL"});
  Proto(sa.get(), sa->peer.address, 2, "Sending authentication failure notify");
  ++stats_.responder_fails;
  ++stats_.auth_fails;
  RespondError(sa, ikev2::kAuth, id, ikev2::kAuthenticationFailed);
  Trace(*sa, id, "AUTH_DONE", {"EV_FAIL"});
  Proto(sa.get(), sa->peer.address, 2, "Auth exchange failed");
  Trace(*sa, id, "EXIT", {"EV_ABORT", "EV_CHK_PENDING_ABORT", "EV_UPDATE_CAC_STATS"});
  DropSa(sa, IkeEnd::kError, true);
}

void V2Engine::ReceiveAuthRequest(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads) {
  if (sa->eap != nullptr) {
    ReceiveEap(sa, id, payloads);
    return;
  }
  const RawPayload* idi = FindPayload(payloads, ikev2::kIdI);
  const auto peer = idi != nullptr ? ReadIdV2(idi->body) : std::nullopt;
  if (!peer || FindPayload(payloads, ikev2::kSa) == nullptr || FindPayload(payloads, ikev2::kTsI) == nullptr ||
      FindPayload(payloads, ikev2::kTsR) == nullptr) {
    SayAborted(*sa, "Auth exchange failed");
    RespondError(sa, ikev2::kAuth, id, ikev2::kInvalidSyntax);
    DropSa(sa, IkeEnd::kError, true);
    return;
  }
  Trace(*sa, id, "R_WAIT_AUTH", {"EV_RECV_AUTH"});
  Proto(sa.get(), sa->peer.address, 2, "Stopping timer to wait for auth message");
  Trace(*sa, id, "R_WAIT_AUTH", {"EV_CHK_NAT_T", "EV_PROC_ID"});
  Proto(sa.get(), sa->peer.address, 2, "Received valid parameteres in process id");
  Trace(*sa, id, "R_WAIT_AUTH", {"EV_GET_POLICY_BY_PEERID"});
  sa->remote_id = *peer;
  sa->wants_configuration = FindPayload(payloads, ikev2::kConfiguration) != nullptr;
  Proto(sa.get(), sa->peer.address, 2,
        "Searching policy based on peer's identity '" + peer->Text() + "' of type '" + peer->TypeText() + "'");
  Platform(sa.get(), sa->peer.address, 2, "attempting to find tunnel group for ID: " + peer->Text());
  const TunnelGroup* group = GroupOfMessage(*sa, *peer, payloads);
  std::string why;
  if (group == nullptr) {
    Log(*sa, 751009, 3, "Unable to find tunnel group for peer.");
    RefuseAuth(sa, id, "Failed to locate an item in the database");
    return;
  }
  sa->tunnel_group = group->name;
  Platform(sa.get(), sa->peer.address, 2, "mapped to tunnel group " + group->name);
  const bool by_eap = FindPayload(payloads, ikev2::kAuthentication) == nullptr;
  if (!OwnIdentity(*sa, *group, by_eap, why)) {
    RefuseAuth(sa, id, why);
    return;
  }
  Trace(*sa, id, "R_WAIT_AUTH", {"EV_SET_POLICY", "EV_VERIFY_POLICY_BY_PEERID", "EV_CHK_AUTH4EAP", "EV_CHK_POLREQEAP"});
  Trace(*sa, id, "R_VERIFY_AUTH", {"EV_CHK_AUTH_TYPE"});
  sa->answering = true;
  sa->until = TimePoint::Max();
  if (by_eap) {
    MakeAuth(sa, [this, id](const SaPtr& own, std::vector<std::uint8_t> auth) {
      if (auth.empty()) {
        RefuseAuth(own, id, "Auth exchange failed");
      } else {
        BeginEap(own, id, std::move(auth));
      }
    });
    return;
  }
  CheckAuth(sa, payloads, [this, id](const SaPtr& s, std::string failed) {
    if (!failed.empty()) {
      Proto(s.get(), s->peer.address, 2, "Verification of peer's authentication data FAILED");
      RefuseAuth(s, id, failed);
      return;
    }
    Proto(s.get(), s->peer.address, 2, "Verification of peer's authenctication data PASSED");
    Trace(*s, id, "R_VERIFY_AUTH", {"EV_CHK4_IC", "EV_CHK_REDIRECT", "EV_NOTIFY_AUTH_DONE"});
    MakeAuth(s, [this, id](const SaPtr& own, std::vector<std::uint8_t> auth) {
      if (auth.empty()) {
        RefuseAuth(own, id, "Auth exchange failed");
        return;
      }
      AnswerAuth(own, id, std::move(auth));
    });
  });
}

void V2Engine::AnswerAuth(const SaPtr& sa, std::uint32_t id, std::vector<std::uint8_t> auth) {
  const auto message = sa->message;
  const auto payloads = ReadPayloads(message->first, message->chain, ChainEnd::kExact);
  if (FindNotifyV2(*payloads, ikev2::kInitialContact)) {
    Proto(sa.get(), sa->peer.address, 2, "Processing INITIAL_CONTACT");
    ForgetOthers(sa);
  }
  ChainWriter out;
  if (sa->eap == nullptr) {  // else the peer has had them with the first answer
    out.Add(ikev2::kIdR, sa->local_id.Body());
    AddOwnCertificates(out, *sa);
  }
  AddAuthV2(out, auth[0], Bytes(auth).subspan(1));
  const bool configured = Configure(*sa, *payloads, out);
  Established(sa);
  if (!configured) {
    AddNotifyV2(out, ikev2::kIke, ikev2::kInternalAddressFailure);
    Respond(sa, ikev2::kAuth, id, out);
    EndSa(sa, IkeEnd::kError);  // a remote user without an address has no use for it
    return;
  }
  std::string why;
  const auto selected = Select(*sa, *payloads, false, nullptr, why);
  if (!selected) {
    // As an ASA: the IKE SA is there; the initiator ends it, having no use for it.
    ++stats_.in_p2_exchange_rejects;
    SayAborted(*sa, why);
    Trace(*sa, id, "R_VERIFY_AUTH", {"EV_NO_PROP_CHOSEN"});
    Proto(sa.get(), sa->peer.address, 2, "Sending no proposal chosen notify");
    AddNotifyV2(out, ikev2::kIke, ikev2::kNoProposalChosen);
    Respond(sa, ikev2::kAuth, id, out);
    return;
  }
  NewChild made;
  made.entry = &selected->entry;
  made.suite = selected->suite;
  made.local = selected->local;
  made.remote = selected->remote;
  made.spi_in = host_.NewSpi();
  made.ni = sa->ni;
  made.nr = sa->nr;
  EspProposal chosen;
  chosen.ciphers = {made.suite.cipher};
  if (made.suite.integrity != VpnHash::kNone) chosen.integrity = {made.suite.integrity};
  auto answer = EspProposalsV2(std::span(&chosen, 1), 0, made.spi_in);
  answer[0].number = made.suite.number;
  made.transport = selected->transport;
  AddChild(out, answer, made.remote, made.local);
  AskTransport(out, made.transport);
  AddStatus(out, ikev2::kEspTfcPaddingNotSupported);
  AddStatus(out, ikev2::kNonFirstFragmentsAlso);
  Install(*sa, made);
  Trace(*sa, id, "R_BLD_AUTH", {"EV_OK_AUTH_GEN", "EV_SEND_AUTH"});
  Proto(sa.get(), sa->peer.address, 2, "Generating IKE_AUTH message");
  Respond(sa, ikev2::kAuth, id, out);
  ResolveCrossing(sa);
  Pump(sa);
}

// --- of both

void V2Engine::Established(const SaPtr& sa) {
  sa->state = SaV2::State::kReady;
  sa->until = TimePoint::Max();
  sa->ready = t_.now;
  sa->ready_real = sa->heard = t_.real;
  sa->init_request.clear();
  sa->init_response.clear();
  sa->init_hash.clear();
  const std::int64_t life = sa->suite.lifetime_s;
  if (life != 0) {
    sa->soft = t_.now + Duration::Seconds(sa->initiator ? life * 85 / 100 : life * 95 / 100);
    sa->hard = t_.now + Duration::Seconds(life);
  }
  if (sa->nat_inside && policy_->nat_keepalive_s != 0)
    sa->keepalive_at = t_.real + Duration::Seconds(policy_->nat_keepalive_s);
  if (const TunnelGroup* group = policy_->Group(sa->tunnel_group)) {
    sa->keepalive = group->keepalive;
    sa->dpd_threshold_s = group->keepalive_threshold_s;
    sa->dpd_retry_s = group->keepalive_retry_s;
  }
  Trace(*sa, 1, "AUTH_DONE", {"EV_OK", "EV_UPDATE_CAC_STATS", "EV_INSERT_IKE"});
  Proto(sa.get(), sa->peer.address, 2,
        "IKEV2 SA created; inserting SA into database. SA lifetime timer (" + std::to_string(life) + " sec) started");
  Platform(sa.get(), sa->peer.address, 2,
           "\nCONNECTION STATUS: UP... peer: " + sa->peer.address.ToString() + ":" + std::to_string(sa->peer.port) +
               ", phase1_id: " + sa->remote_id.Text());
  Proto(sa.get(), sa->peer.address, 2,
        "Session with IKE ID PAIR (" + sa->remote_id.Text() + ", " + sa->local_id.Text() + ") is UP");
  Log(*sa, 750006, 5, "IKEv2 SA UP. Reason: New Connection Established");
  if (sa->initiator) ++stats_.initiator_tunnels;
  TellUp(*sa, 0);
}

void V2Engine::TellUp(SaV2& sa, std::uint32_t replaces) {
  IkePeerUp up;
  up.ike_sa = sa.number;
  up.version = 2;
  up.lan_to_lan = sa.lan_to_lan;
  up.initiator = sa.initiator;
  up.peer = sa.peer.address;
  up.peer_port = sa.peer.port;
  up.local_port = sa.local.port;
  up.tunnel_group = sa.tunnel_group;
  up.group_policy = sa.group_policy;
  up.user = sa.user.empty() ? sa.tunnel_group : sa.user;
  up.assigned = sa.assigned;
  up.rules = sa.rules;
  up.auth = sa.remote_auth;
  up.local_auth = sa.local_auth;
  up.cipher = sa.suite.cipher;
  up.hash = sa.suite.integrity;
  up.prf = sa.suite.prf;
  up.dh_group = sa.suite.group;
  up.lifetime_s = sa.suite.lifetime_s;
  sa.up = true;
  ++stats_.active_tunnels;
  host_.PeerUp(up, replaces);
}

// RFC 7296 2.4: INITIAL_CONTACT says that this is the only SA of these two identities. One that came to be while this one
// was being negotiated is none that the peer could have forgotten: both ends have begun at once.
void V2Engine::ForgetOthers(const SaPtr& sa) {
  std::vector<SaPtr> old;
  for (const auto& [spi, other] : sas_) {
    if (other != sa && other->established() && other->remote_id == sa->remote_id && other->local_id == sa->local_id &&
        other->at == sa->at && other->ready_real < sa->made)
      old.push_back(other);
  }
  for (const SaPtr& other : old) {
    Log(*other, 750014, 4,
        "IKEv2 Session aborted. Reason: Initial Contact received for Local ID: " + sa->local_id.Text() +
            ", Remote ID: " + sa->remote_id.Text() + " from remote peer: " + sa->peer.address.ToString() + ":" +
            std::to_string(sa->peer.port) + " to " + sa->local.address.ToString() + ":" + std::to_string(sa->local.port));
    DropSa(other, IkeEnd::kPeerReconnected);
  }
}

// Both ends have begun at once: two SAs for the same. As with rekeys, the one with the lowest of the four nonces goes, by
// whoever began it.
void V2Engine::ResolveCrossing(const SaPtr& sa) {
  if (!sa->lan_to_lan) return;
  std::vector<SaPtr> others;
  for (const auto& [spi, other] : sas_) {
    if (other != sa && other->state == SaV2::State::kReady && other->initiator != sa->initiator &&
        other->remote_id == sa->remote_id && other->local_id == sa->local_id && other->at == sa->at &&
        other->peer.address == sa->peer.address && other->up)
      others.push_back(other);
  }
  for (const SaPtr& other : others) {
    // Only if the one has what the other has.
    const bool same = std::all_of(sa->children.begin(), sa->children.end(), [&](const auto& c) {
      return std::any_of(other->children.begin(), other->children.end(),
                         [&](const auto& o) { return o.second.sa->key == c.second.sa->key; });
    });
    if (!same || sa->children.size() != other->children.size()) continue;
    const bool lower = std::min(sa->ni, sa->nr) < std::min(other->ni, other->nr);
    const SaPtr loser = lower ? sa : other;
    if (!loser->initiator) continue;  // the peer ends it
    const SaPtr winner = lower ? other : sa;
    std::vector<std::uint32_t> spis;
    for (const auto& [spi, child] : winner->children) spis.push_back(spi);
    for (const std::uint32_t spi : spis) UseOutbound(spi);
    EndSa(loser, IkeEnd::kPeerReconnected);
    return;
  }
}

}  // namespace sallyport
