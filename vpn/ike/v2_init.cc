// IKE_SA_INIT (RFC 7296 1.2, 2.6 cookies, 2.23 NAT detection).
#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/digests.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr int kMostInitTries = 6;  // cookies and other groups, before a peer that keeps asking is given up

}  // namespace

// --- as initiator

bool V2Engine::Begin(std::uint32_t entry_id, const TunnelFlow& flow, std::size_t peer_index) {
  const auto entry = EntryOf(entry_id);
  if (!entry || peer_index >= entry->peers.size()) return false;
  const IpAddress local = host_.AddressOf(entry->at);
  const IpAddress peer = entry->peers[peer_index];
  if (local.IsNone() || local.IsV4() != peer.IsV4()) return false;
  const auto selectors = SelectorsFor(entry_id, flow);
  if (!selectors) return false;
  const SaPtr sa = NewSa(true, entry->at, {local, 500}, {peer, 500}, IkeDatagram::Via::kUdp);
  sa->entry = entry_id;
  sa->peer_index = peer_index;
  sa->flow = flow;
  sa->local_ts = selectors->first;
  sa->remote_ts = selectors->second;
  Platform(nullptr, peer, 2, "attempting to find tunnel group for IP: " + peer.ToString());
  const TunnelGroup* group = GroupOfAddress(peer);
  if (group == nullptr) {
    LogBare(751009, 3, peer, Local(*sa) + " Unable to find tunnel group for peer.");
    FailBegin(sa, "Failed to locate an item in the database");
    return true;
  }
  Platform(nullptr, peer, 2, "mapped to tunnel group " + group->name + " using peer IP");
  sa->tunnel_group = group->name;
  std::string why;
  if (!OwnIdentity(*sa, *group, false, why)) {
    FailBegin(sa, why);
    return true;
  }
  SayRequest(*sa, "establish", sa->local_ts, sa->remote_ts);
  const auto proposals = IkeProposalsV2(policy_->ikev2_policies, {});
  if (proposals.empty()) {
    FailBegin(sa, "No local IKE policy found");
    return true;
  }
  for (const TransformV2& t : proposals[0].transforms) {
    if (t.type == ikev2::kGroup) {
      sa->suite.group = t.id;
      break;
    }
  }
  Trace(*sa, 0, "IDLE", {"EV_INIT_SA"});
  Trace(*sa, 0, "I_BLD_INIT", {"EV_GET_IKE_POLICY", "EV_SET_POLICY"});
  Proto(sa.get(), peer, 5, "Setting configured policies");
  Trace(*sa, 0, "I_BLD_INIT", {"EV_CHK_AUTH4PKI", "EV_GEN_DH_KEY"});
  sa->ni = NewNonce();
  BeginExchange(sa);
  return true;
}

void V2Engine::BeginExchange(const SaPtr& sa) {
  sa->state = SaV2::State::kComputing;
  ComputeKey(sa, sa->suite.group, [this](const SaPtr& s, Secret own, std::vector<std::uint8_t> public_value) {
    if (public_value.empty()) {
      FailBegin(s, "Failed to complete Diffie-Hellman operation");
      return;
    }
    s->private_value = std::move(own);
    s->public_value = std::move(public_value);
    BuildInitRequest(s);
  });
}

void V2Engine::AddNatDetection(ChainWriter& out, const SaV2& sa) {
  if (sa.initiator) {
    const auto entry = EntryOf(sa.entry);
    if (entry && !entry->nat_t) return;
  } else if (!policy_->nat_traversal) {
    return;
  }
  AddNotifyV2(out, ikev2::kIke, ikev2::kNatDetectionSource, NatHashV2(sa.spi_i, sa.spi_r, sa.local));
  AddNotifyV2(out, ikev2::kIke, ikev2::kNatDetectionDestination, NatHashV2(sa.spi_i, sa.spi_r, sa.peer));
}

void V2Engine::BuildInitRequest(const SaPtr& sa) {
  IkeHeader h;
  h.spi_i = sa->spi_i;
  h.version = ikev2::kVersion;
  h.exchange = ikev2::kInit;
  h.flags = ikev2::kFromInitiator;
  MessageWriter out(h);
  if (!sa->cookie.empty()) AddNotifyV2(out, ikev2::kNoProtocol, ikev2::kCookie, sa->cookie);
  AddSaV2(out, IkeProposalsV2(policy_->ikev2_policies, {}));
  AddKeV2(out, sa->suite.group, sa->public_value);
  out.Add(ikev2::kNonce, sa->ni);
  out.Add(ikev2::kVendor, Bytes(ikev2::kDeleteReasonVid));
  AddNatDetection(out, *sa);
  if (sa->local_auth == VpnAuth::kRsaCertificate || sa->remote_auth == VpnAuth::kRsaCertificate) {
    const std::uint8_t hashes[] = {0, 1, 0, 2, 0, 3, 0, 4};
    AddNotifyV2(out, ikev2::kNoProtocol, ikev2::kSignatureHashAlgorithms, Bytes(hashes));
  }
  if (policy_->ikev2_fragmentation) AddNotifyV2(out, ikev2::kNoProtocol, ikev2::kFragmentationSupported);
  Trace(*sa, 0, "I_BLD_INIT", {"EV_OK_RECD_DH_PUBKEY_RESP", "EV_GET_CONFIG_MODE", "EV_BLD_MSG"});
  Proto(sa.get(), sa->peer.address, 2, "Generating IKE_SA_INIT message");
  if (host_.Hears(IkeSaying::Debug::kIkev2Protocol, 2)) {
    const std::string k = "(" + std::to_string(sa->log_number) + "):    ";
    for (const ProposalV2& p : IkeProposalsV2(policy_->ikev2_policies, {})) {
      std::string text = "IKE Proposal: " + std::to_string(p.number) +
                         ", SPI size: 0 (initial negotiation), \nNum. transforms: " + std::to_string(p.transforms.size()) +
                         "\n";
      for (const TransformV2& t : p.transforms) text += k + TransformNameV2(t);
      Proto(sa.get(), sa->peer.address, 2, text);
    }
  }
  auto message = out.Finish();
  if (host_.Hears(IkeSaying::Debug::kIkev2Protocol, 2)) {
    h.length = static_cast<std::uint32_t>(message.size());
    const auto payloads = ReadPayloads(message[16], Bytes(message).subspan(kIkeHeaderSize), ChainEnd::kExact);
    if (payloads) SayPacket(*sa, true, h, *payloads);
  }
  Trace(*sa, 0, "I_BLD_INIT", {"EV_INSERT_SA"});
  Proto(sa.get(), sa->peer.address, 5, "Insert SA");
  SendInit(sa, std::move(message));
  Trace(*sa, 0, "I_WAIT_INIT", {"EV_NO_EVENT"});
}

void V2Engine::ReceiveInitResponse(const IkeDatagram& d, const IkeHeader& header) {
  const auto found = sas_.find(header.spi_i);
  if (found == sas_.end()) return;
  const SaPtr sa = found->second;
  // Only where the request went; anybody can send this.
  if (sa->state != SaV2::State::kInitSent || !sa->initiator || d.at != sa->at || !(d.peer == sa->peer)) return;
  const auto body = IkeMessageBody(header, d.bytes);
  if (!body) return;
  const auto payloads = ReadPayloads(header.first, *body, ChainEnd::kEncrypted);
  if (!payloads || CheckV2(ikev2::kInit, true, *payloads)) return;
  SayPacket(*sa, false, header, *payloads);
  Trace(*sa, 0, "I_WAIT_INIT", {"EV_RECV_INIT"});
  Proto(sa.get(), sa->peer.address, 5, "Processing IKE_SA_INIT message");
  Trace(*sa, 0, "I_PROC_INIT", {"EV_CHK4_NOTIFY"});
  if (const auto cookie = FindNotifyV2(*payloads, ikev2::kCookie)) {
    if (cookie->data.empty() || cookie->data.size() > 64 || ++sa->init_tries > kMostInitTries) return;
    sa->cookie.assign(cookie->data.begin(), cookie->data.end());
    Log(*sa, 750004, 5, "IKEv2 Sending COOKIE challenge to throttle possible DoS");
    BuildInitRequest(sa);
    return;
  }
  if (const auto error = ErrorNotifyV2(*payloads)) {
    ++stats_.in_notifys;
    if (error->type == ikev2::kInvalidKePayload) {
      if (error->data.size() != 2 || ++sa->init_tries > kMostInitTries) return;
      const std::uint16_t group = LoadBe16(error->data.data());
      const bool ours = std::any_of(
          policy_->ikev2_policies.begin(), policy_->ikev2_policies.end(),
          [&](const Ikev2Policy& p) { return std::find(p.groups.begin(), p.groups.end(), group) != p.groups.end(); });
      if (!ours || group == sa->suite.group || !HasDhGroup(group)) return;
      sa->suite.group = group;
      sa->resend.Stop();
      BeginExchange(sa);
      return;
    }
    // It is not authentic, but waiting two minutes for another answer helps nobody: an attacker who sees our SPI can end the
    // negotiation in other ways.
    FailBegin(sa, error->type == ikev2::kNoProposalChosen ? "Received no proposal chosen notify"
                                                          : "Detected an error notify payload");
    return;
  }
  // Neither a choice nor a refusal: nothing.
  if (header.spi_r == 0 || FindPayload(*payloads, ikev2::kSa) == nullptr) return;
  const auto offered = ReadSaV2(FindPayload(*payloads, ikev2::kSa)->body);
  const auto ke = ReadKeV2(FindPayload(*payloads, ikev2::kKe)->body);
  if (!offered || !ke) return;
  const auto suite = AcceptIkeV2(policy_->ikev2_policies, *offered);
  if (!suite || ke->group != suite->group || ke->group != sa->suite.group) return;
  sa->resend.Stop();
  sa->request.clear();
  sa->suite = *suite;
  sa->spi_r = header.spi_r;
  const Bytes nr = FindPayload(*payloads, ikev2::kNonce)->body;
  sa->nr.assign(nr.begin(), nr.end());
  sa->init_response.assign(d.bytes.begin(), d.bytes.begin() + header.length);
  sa->state = SaV2::State::kComputing;
  Trace(*sa, 0, "I_PROC_INIT", {"EV_VERIFY_MSG", "EV_PROC_MSG", "EV_DETECT_NAT"});
  ReadInitNotifies(*sa, *payloads);
  DetectNat(*sa, *payloads);
  Trace(*sa, 0, "I_PROC_INIT", {"EV_CHK_NAT_T", "EV_CHK_CONFIG_MODE"});
  Trace(*sa, 0, "INIT_DONE", {"EV_GEN_DH_SECRET"});
  ComputeShared(sa, suite->group, sa->private_value, ke->data, [this](const SaPtr& s, Result<Secret> shared) {
    s->private_value = Secret();
    if (!shared) {
      FailBegin(s, "Failed to complete Diffie-Hellman operation");
      return;
    }
    const Secret seed = SkeyseedV2(s->suite.prf, shared->bytes(), s->ni, s->nr);
    UseKeys(*s, seed.bytes());
    Trace(*s, 0, "INIT_DONE", {"EV_OK_RECD_DH_SECRET_RESP", "EV_GEN_SKEYID"});
    Proto(s.get(), s->peer.address, 5, "Generate skeyid");
    Trace(*s, 0, "INIT_DONE", {"EV_DONE"});
    Proto(s.get(), s->peer.address, 2, "Completed SA init exchange");
    Trace(*s, 0, "INIT_DONE", {"EV_CHK4_ROLE"});
    s->next_send = 1;
    BuildAuthRequest(s);
  });
}

// --- of both

void V2Engine::ReadInitNotifies(SaV2& sa, std::span<const RawPayload> payloads) {
  sa.fragmentation = policy_->ikev2_fragmentation && FindNotifyV2(payloads, ikev2::kFragmentationSupported).has_value();
  if (const auto hashes = FindNotifyV2(payloads, ikev2::kSignatureHashAlgorithms)) {
    for (std::size_t i = 0; i + 2 <= hashes->data.size() && i < 64; i += 2)
      sa.peer_hashes.push_back(LoadBe16(hashes->data.data() + i));
  }
  for (const RawPayload& p : payloads) {
    if (p.type == ikev2::kVendor && p.body.size() == sizeof ikev2::kDeleteReasonVid &&
        std::equal(p.body.begin(), p.body.end(), std::begin(ikev2::kDeleteReasonVid)))
      sa.peer_reads_reasons = true;
    if (p.type == ikev2::kCertReq && !p.body.empty() && p.body[0] == ikev2::kX509Signature &&
        sa.peer_authorities.size() < 256) {
      for (std::size_t i = 1; i + 20 <= p.body.size(); i += 20) {
        const Bytes one = p.body.subspan(i, 20);
        sa.peer_authorities.emplace_back(one.begin(), one.end());
      }
    }
  }
  if (sa.fragmentation) Proto(&sa, sa.peer.address, 2, "IETF Fragmentation is enabled");
}

void V2Engine::DetectNat(SaV2& sa, std::span<const RawPayload> payloads) {
  bool source = false, source_seen = false, destination = false, destination_seen = false;
  const std::uint64_t spi_r = sa.initiator ? sa.spi_r : 0;
  const auto from = NatHashV2(sa.spi_i, spi_r, sa.peer), to = NatHashV2(sa.spi_i, spi_r, sa.local);
  for (const RawPayload& p : payloads) {
    if (p.type != ikev2::kNotify) continue;
    const auto n = ReadNotifyV2(p.body);
    if (n->type == ikev2::kNatDetectionSource) {
      source_seen = true;
      source = source || std::equal(n->data.begin(), n->data.end(), from.begin(), from.end());
    } else if (n->type == ikev2::kNatDetectionDestination) {
      destination_seen = true;
      destination = destination || std::equal(n->data.begin(), n->data.end(), to.begin(), to.end());
    }
  }
  if (!source_seen || !destination_seen || !policy_->nat_traversal) return;
  if (sa.initiator) {
    const auto entry = EntryOf(sa.entry);
    if (entry && !entry->nat_t) return;
  }
  sa.nat_outside = !source;
  sa.nat_inside = !destination;
  Proto(&sa, sa.peer.address, 2, std::string("Process NAT discovery notify"));
  Proto(&sa, sa.peer.address, 2, source ? "Remote address matched" : "Remote address not matched");
  Proto(&sa, sa.peer.address, 2, destination ? "Local address matched" : "Local address not matched");
  if (!sa.nat_inside && !sa.nat_outside) {
    Proto(&sa, sa.peer.address, 2, "No NAT found");
    return;
  }
  if (sa.nat_inside) Proto(&sa, sa.peer.address, 2, "Host is located NAT inside");
  if (sa.nat_outside) Proto(&sa, sa.peer.address, 2, "Host is located NAT outside");
  if (!sa.initiator) return;  // the initiator moves, and we follow
  Proto(&sa, sa.peer.address, 2, "NAT detected float to init port 4500, resp port 4500");
  sa.via = IkeDatagram::Via::kNatT;
  sa.local.port = sa.peer.port = 4500;
}

void V2Engine::UseKeys(SaV2& sa, Bytes skeyseed) {
  sa.keys = DeriveIkeV2(sa.suite, skeyseed, sa.ni, sa.nr, sa.spi_i, sa.spi_r);
  SkKeys i, r;
  i.cipher = r.cipher = sa.suite.cipher;
  i.integrity = r.integrity = sa.suite.integrity;
  i.encryption = sa.keys.ei.Clone();
  i.authentication = sa.keys.ai.Clone();
  r.encryption = sa.keys.er.Clone();
  r.authentication = sa.keys.ar.Clone();
  sa.out = std::move(sa.initiator ? i : r);
  sa.in = std::move(sa.initiator ? r : i);
  const std::string line = KeyLineV2(sa.suite, sa.keys, sa.spi_i, sa.spi_r);
  if (!line.empty()) host_.LogKeys("ikev2 " + line);
}

void V2Engine::FailBegin(const SaPtr& sa, const std::string& reason) {
  const auto entry = EntryOf(sa->entry);
  const bool auth = sa->next_send != 0;
  SayAborted(*sa, reason);
  Trace(*sa, sa->next_send, auth ? "AUTH_DONE" : "INIT_DONE", {"EV_FAIL"});
  Proto(sa.get(), sa->peer.address, 2, auth ? "Auth exchange failed" : "Initial exchange failed");
  Trace(*sa, sa->next_send, "EXIT", {"EV_ABORT", "EV_CHK_PENDING_ABORT", "EV_UPDATE_CAC_STATS"});
  Proto(sa.get(), sa->peer.address, 2, "Abort exchange");
  Proto(sa.get(), sa->peer.address, 2, "Deleting SA");
  ++stats_.initiator_fails;
  const std::uint32_t id = sa->entry;
  const std::size_t next = sa->peer_index + 1;
  const TunnelFlow flow = sa->flow;
  DropSa(sa, IkeEnd::kError);
  if (!entry) return;
  // Backup peers, in their order.
  for (std::size_t i = next; i < entry->peers.size(); ++i) {
    if (Begin(id, flow, i)) return;
  }
}

}  // namespace sallyport
