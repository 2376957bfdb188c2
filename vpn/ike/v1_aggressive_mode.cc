// The steps of aggressive mode (tables: v1_phase1.cc).
#include <fmt/format.h>

#include <algorithm>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/v1_core.h"

namespace sallyport {

using namespace ikev1;

// --- initiator

Ikev1Core::Go Ikev1Core::BeginAm(Ikev1Sa& sa, const MessageV1*) {
  sa.suite.auth = sa.offered.front().auth;  // by which the identity is chosen
  sa.job = std::make_shared<JobV1>();
  sa.job->group = sa.suite.group;
  sa.job->make_key = true;
  Start(sa, 0, sa.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendAm1(Ikev1Sa& sa, const MessageV1*) {
  if (!sa.job->error.empty()) {
    FailPhase1(sa, "AM_BLD_MSG1, EV_ERROR|AM_DONE, EV_ERROR");
    return Go::kDead;
  }
  sa.public_i = sa.job->public_value;
  ChainWriter out;
  AddSaV1Payload(sa, out);
  AddKeNonce(sa, out);
  AddIdentity(sa, out);
  AddCapabilities(sa, out);
  out.Add(kVendor, BytesOf(VendorId::kDpd));
  AddNatTVendors(sa, out);
  AddFragmentationVendor(sa, out);
  SendPhase1(sa, out, false, true);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeAm2(Ikev1Sa& sa, const MessageV1* m) {
  if (m->header.spi_r == 0) return Go::kStay;
  const std::uint16_t group = sa.suite.group;
  const SuiteV1 before = sa.suite;
  if (!AcceptPolicy(sa, *m) || sa.suite.group != group || !ReadKeNonce(sa, *m) || !ReadIdentity(sa, *m)) {
    sa.suite = before;
    return Go::kStay;
  }
  sa.cookie_r = m->header.spi_r;
  ReadVendors(sa, *m);
  CheckNatD(sa, *m);
  UseGroup(sa, sa.group);
  // The proof is checked when the keys are there.
  sa.held_proof.clear();
  for (const RawPayload& p : m->payloads) {
    if (p.type != kHash && p.type != kSig && p.type != kCert) continue;
    const Bytes whole = p.whole();
    sa.held_proof.emplace_back(p.type, std::vector<std::uint8_t>(whole.begin(), whole.end()));
  }
  sa.out.Clear();
  sa.job->make_key = false;
  sa.job->make_shared = true;
  sa.job->peer_public = sa.public_r;
  Start(sa, 0, sa.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendAm3(Ikev1Sa& sa, const MessageV1*) {
  const auto fail = [&] {
    FailPhase1(sa, "AM_BLD_MSG3, EV_ERROR|AM_DONE, EV_ERROR");
    return Go::kDead;
  };
  if (!sa.job->error.empty()) return fail();
  if (!sa.keys.ready()) {
    DeriveKeys(sa);
    std::vector<RawPayload> proof;
    for (const auto& [type, whole] : sa.held_proof) {
      RawPayload p;
      p.type = type;
      p.body = Bytes(whole).subspan(kIkePayloadHeaderSize);
      proof.push_back(p);
    }
    if (!CheckProof(sa, proof)) return fail();
    sa.held_proof.clear();
    SayNat(sa);
  }
  if (sa.suite.auth == VpnAuth::kRsaCertificate && sa.job->signature.empty()) return Sign1(sa);
  ChainWriter out;
  if (!AddProof(sa, out)) return fail();
  AddNatD(sa, out);
  std::uint8_t cookies[16];
  StoreBe64(cookies, sa.cookie_i);
  StoreBe64(cookies + 8, sa.cookie_r);
  if (sa.replaces == 0 && FindActive(sa.at, sa.peer.address) == nullptr) {
    out.Begin(kNotify);
    out.U32(1);
    out.U8(kIsakmp);
    out.U8(16);
    out.U16(kInitialContact);
    out.Put(cookies);
    out.End();
    sa.sent_initial_contact = true;
  }
  FloatPort(sa);
  SendPhase1(sa, out, true, false);
  return Go::kOn;
}

// --- responder

Ikev1Core::Go Ikev1Core::TakeAm1(Ikev1Sa& sa, const MessageV1* m) {
  sa.natt_allowed = policy_->nat_traversal && sa.via != IkeDatagram::Via::kTcp;
  const auto id = ReadIdV1(m->Body(kId));
  if (!id) return Go::kStay;
  if (!ChoosePolicy(sa, *m)) {
    SendClearNotify(*m->datagram, m->header, kNoProposalChosen);
    FailPhase1(sa, "AM_START, EV_START_AM|AM_START, EV_RCV_MSG|AM_DONE, EV_ERROR");
    return Go::kDead;
  }
  if (!ReadKeNonce(sa, *m) || !ReadIdentity(sa, *m)) return Go::kStay;
  ReadVendors(sa, *m);
  Debug(715047, sa, "processing IKE SA payload");
  Debug(715028, sa,
        fmt::format("IKE SA Proposal # {}, Transform # {} acceptable  Matches global IKE entry # {}", sa.answer_proposal,
                    sa.answer_transform, sa.policy_index + 1));
  const TunnelGroup* group = GroupById(*policy_, *id);
  const bool named = id->type == kIdKeyId || id->type == kIdFqdn || id->type == kIdUserFqdn;
  if (group == nullptr && !named)
    group = GroupByAddress(*policy_, sa.peer.address, sa.suite.xauth, sa.suite.auth == VpnAuth::kPreSharedKeys);
  if (sa.suite.auth == VpnAuth::kPreSharedKeys && (group == nullptr || group->ikev1_psk.empty())) {
    ++stats_.auth_fails;
    // Whoever asks must not learn from the answer which groups there are: one is sent that nothing can follow.
    Say(713255, 4, sa, "Received ISAKMP Aggressive Mode message 1 with unknown tunnel group name '" + IdText(*id) + "'.");
    Say(713256, 6, sa,
        "Sending spoofed ISAKMP Aggressive Mode message 2 due to receipt of unknown tunnel group.  Aborting connection.");
    sa.unknown_group = true;
    std::vector<std::uint8_t> key(20);
    host_.entropy().Fill(key);
    sa.group.ikev1_psk.assign(key.begin(), key.end());
  } else if (group != nullptr) {
    UseGroup(sa, *group);
  }
  sa.job = std::make_shared<JobV1>();
  sa.job->group = sa.suite.group;
  sa.job->make_key = sa.job->make_shared = true;
  sa.job->peer_public = sa.public_i;
  Start(sa, 0, sa.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendAm2(Ikev1Sa& sa, const MessageV1*) {
  if (!sa.job->error.empty()) {
    FailPhase1(sa, "AM_BLD_MSG2, EV_ERROR|AM_DONE, EV_ERROR");
    return Go::kDead;
  }
  if (!sa.keys.ready()) {
    sa.public_r = sa.job->public_value;
    sa.nonce_r.resize(20);
    host_.entropy().Fill(sa.nonce_r);
    DeriveKeys(sa);
  }
  if (sa.suite.auth == VpnAuth::kRsaCertificate && sa.job->signature.empty()) return Sign1(sa);
  ChainWriter out;
  AddSaV1Payload(sa, out);
  Constructing(sa, "ke");
  out.Add(kKe, sa.public_r);
  Constructing(sa, "nonce");
  out.Add(kNonce, sa.nonce_r);
  AddIdentity(sa, out);
  if (!AddProof(sa, out)) {
    FailPhase1(sa, "AM_BLD_MSG2, EV_ERROR|AM_DONE, EV_ERROR");
    return Go::kDead;
  }
  Constructing(sa, "Cisco Unity VID");
  out.Add(kVendor, BytesOf(VendorId::kUnity));
  Constructing(sa, "xauth V6 VID");
  out.Add(kVendor, BytesOf(VendorId::kXauth));
  Constructing(sa, "dpd vid");
  out.Add(kVendor, BytesOf(VendorId::kDpd));
  AddCertificateRequest(sa, out);
  AddNatTVendors(sa, out);
  AddNatD(sa, out);
  AddFragmentationVendor(sa, out);
  Constructing(sa, "VID");
  Debug(715048, sa, "Send Altiga/Cisco VPN3000/Cisco ASA GW VID");
  out.Add(kVendor, BytesOf(VendorId::kAltiga));
  SendPhase1(sa, out, false, !sa.unknown_group);
  if (sa.unknown_group) {
    FailPhase1(sa, "AM_SND_MSG2, EV_SND_MSG|AM_DONE, EV_ERROR");
    return Go::kDead;
  }
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeAm3(Ikev1Sa& sa, const MessageV1* m) {
  if (!CheckProof(sa, m->payloads)) return Go::kStay;
  ReadVendors(sa, *m);
  CheckNatD(sa, *m);
  SayNat(sa);
  if (!m->iv.empty()) sa.iv = m->iv;
  sa.out.Clear();
  Heard(sa, *m->datagram);
  for (const RawPayload& p : m->payloads) {
    if (p.type != kNotify) continue;
    const auto n = ReadNotifyV1(p.body);
    // In aggressive mode it is proved by nothing but its encryption.
    if (n && n->type == kInitialContact && !m->iv.empty()) sa.saw_initial_contact = true;
  }
  return Go::kOn;
}

}  // namespace sallyport
