// The steps of main mode (tables: v1_phase1.cc). "Send" steps run when the arithmetic before them is done.
#include <fmt/format.h>

#include "vpn/crypto/digests.h"
#include "vpn/ike/v1_core.h"

namespace sallyport {

using namespace ikev1;

namespace {

// The group's cheap pre-shared key: a key of that cannot be is none.
std::shared_ptr<JobV1> JobFor(const Ikev1Sa& sa) {
  auto job = std::make_shared<JobV1>();
  job->group = sa.suite.group;
  return job;
}

// IOS keepalive, of peers that call themselves Cisco's: 32767/32767 seconds.
void AddIosKeepalive(ChainWriter& out) {
  out.Begin(kIosKeepalive);
  out.U16(0x8000);
  out.U16(32767);
  out.U16(0x8001);
  out.U16(32767);
  out.End();
}

}  // namespace

// --- initiator

Ikev1Core::Go Ikev1Core::SendMm1(Ikev1Sa& sa, const MessageV1*) {
  ChainWriter out;
  AddSaV1Payload(sa, out);
  AddNatTVendors(sa, out);
  AddFragmentationVendor(sa, out);
  SendPhase1(sa, out, false, true);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeMm2(Ikev1Sa& sa, const MessageV1* m) {
  if (m->header.spi_r == 0) return Go::kStay;
  // Unproved: an answer that does not fit may be anybody's, and a better one may follow.
  if (!AcceptPolicy(sa, *m)) return Go::kStay;
  sa.cookie_r = m->header.spi_r;
  ReadVendors(sa, *m);
  sa.out.Clear();
  sa.job = JobFor(sa);
  sa.job->make_key = true;
  Start(sa, 0, sa.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendMm3(Ikev1Sa& sa, const MessageV1*) {
  if (!sa.job->error.empty()) {
    FailPhase1(sa, "MM_BLD_MSG3, EV_ERROR|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  sa.public_i = sa.job->public_value;
  ChainWriter out;
  AddKeNonce(sa, out);
  AddCapabilities(sa, out);
  AddCertificateRequest(sa, out);
  AddNatD(sa, out);
  SendPhase1(sa, out, false, true);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeMm4(Ikev1Sa& sa, const MessageV1* m) {
  if (!ReadKeNonce(sa, *m)) return Go::kStay;
  ReadVendors(sa, *m);
  CheckNatD(sa, *m);
  UseGroup(sa, sa.group);
  sa.out.Clear();
  sa.job->make_key = false;
  sa.job->make_shared = true;
  sa.job->peer_public = sa.public_r;
  Start(sa, 0, sa.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendMm5(Ikev1Sa& sa, const MessageV1*) {
  if (!sa.job->error.empty()) {
    FailPhase1(sa, "MM_BLD_MSG5, EV_ERROR|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  if (!sa.keys.ready()) DeriveKeys(sa);
  if (sa.suite.auth == VpnAuth::kRsaCertificate && sa.job->signature.empty()) return Sign1(sa);
  ChainWriter out;
  if (sa.id_i.empty()) sa.id_i = OwnIdentity(sa);
  AddIdentity(sa, out);
  if (!AddProof(sa, out)) {
    FailPhase1(sa, "MM_BLD_MSG5, EV_ERROR|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  if (sa.altiga) {
    Debug(713906, sa, "Constructing IOS keep alive payload: proposal=32767/32767 sec.");
    AddIosKeepalive(out);
  }
  Constructing(sa, "dpd vid");
  out.Add(kVendor, BytesOf(VendorId::kDpd));
  FloatPort(sa);
  SendPhase1(sa, out, true, true);
  SayNat(sa);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeMm6(Ikev1Sa& sa, const MessageV1* m) {
  if (!ReadIdentity(sa, *m)) return Go::kStay;
  if (!CheckProof(sa, m->payloads)) return Go::kStay;
  ReadVendors(sa, *m);
  sa.iv = m->iv;
  Heard(sa, *m->datagram);
  Debug(713906, sa, "Oakley begin quick mode");
  return Go::kOn;
}

// --- responder

Ikev1Core::Go Ikev1Core::TakeMm1(Ikev1Sa& sa, const MessageV1* m) {
  sa.natt_allowed = policy_->nat_traversal && sa.via != IkeDatagram::Via::kTcp;
  if (!ChoosePolicy(sa, *m)) {
    SendClearNotify(*m->datagram, m->header, kNoProposalChosen);
    FailPhase1(sa, "MM_START, EV_START_MM|MM_START, EV_RCV_MSG|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  ReadVendors(sa, *m);
  Debug(715047, sa, "processing IKE SA payload");
  Debug(715028, sa,
        fmt::format("IKE SA Proposal # {}, Transform # {} acceptable  Matches global IKE entry # {}", sa.answer_proposal,
                    sa.answer_transform, sa.policy_index + 1));
  ChainWriter out;
  AddSaV1Payload(sa, out);
  AddNatTVendors(sa, out);
  AddFragmentationVendor(sa, out);
  SendPhase1(sa, out, false, true);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeMm3(Ikev1Sa& sa, const MessageV1* m) {
  if (!ReadKeNonce(sa, *m)) return Go::kStay;
  ReadVendors(sa, *m);
  CheckNatD(sa, *m);
  const bool psk = sa.suite.auth == VpnAuth::kPreSharedKeys;
  const TunnelGroup* group = GroupByAddress(*policy_, sa.peer.address, sa.suite.xauth, psk);
  if (psk && group == nullptr) {
    // An ASA names a group that is not there by the peer's address.
    sa.group = {};
    sa.group.name = sa.peer.address.ToString();
    sa.has_group = true;
    ++stats_.auth_fails;
    Say(713902, 3, sa, "Can't find a valid tunnel group, aborting...!");
    FailPhase1(sa, "MM_WAIT_MSG3, EV_RCV_MSG|MM_BLD_MSG4, EV_GROUP_LOOKUP|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  if (group != nullptr) UseGroup(sa, *group);
  sa.out.Clear();
  sa.job = JobFor(sa);
  sa.job->make_key = sa.job->make_shared = true;
  sa.job->peer_public = sa.public_i;
  Start(sa, 0, sa.job);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendMm4(Ikev1Sa& sa, const MessageV1*) {
  if (!sa.job->error.empty()) {
    FailPhase1(sa, "MM_BLD_MSG4, EV_ERROR|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  sa.public_r = sa.job->public_value;
  ChainWriter out;
  AddKeNonce(sa, out);
  AddCapabilities(sa, out);
  AddCertificateRequest(sa, out);
  AddNatD(sa, out);
  DeriveKeys(sa);
  SendPhase1(sa, out, false, true);
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::TakeMm5(Ikev1Sa& sa, const MessageV1* m) {
  if (!ReadIdentity(sa, *m)) return Go::kStay;
  if (!CheckProof(sa, m->payloads)) return Go::kStay;
  ReadVendors(sa, *m);
  SayNat(sa);
  sa.iv = m->iv;
  Heard(sa, *m->datagram);
  sa.out.Clear();
  if (sa.suite.auth == VpnAuth::kRsaCertificate) {
    if (Sign1(sa) == Go::kDead) return Go::kDead;
  } else {
    Start(sa, 0, std::make_shared<JobV1>());
  }
  return Go::kOn;
}

Ikev1Core::Go Ikev1Core::SendMm6(Ikev1Sa& sa, const MessageV1*) {
  ChainWriter out;
  if (sa.id_r.empty()) sa.id_r = OwnIdentity(sa);
  AddIdentity(sa, out);
  if (!sa.job->error.empty() || !AddProof(sa, out)) {
    FailPhase1(sa, "MM_BLD_MSG6, EV_ERROR|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  if (sa.altiga) {
    Debug(713906, sa, "Constructing IOS keep alive payload: proposal=32767/32767 sec.");
    AddIosKeepalive(out);
  }
  Constructing(sa, "dpd vid");
  out.Add(kVendor, BytesOf(VendorId::kDpd));
  SendPhase1(sa, out, true, false);
  return Go::kOn;
}

// Has the hash of this end signed; the step that waits for it runs again when that is done.
Ikev1Core::Go Ikev1Core::Sign1(Ikev1Sa& sa) {
  const Trustpoint* t = OwnTrustpoint(sa);
  const PrivateKey* key = t == nullptr ? nullptr : host_.KeyOf(t->key_name);
  if (key == nullptr) {
    Say(713902, 3, sa, "No certificate of our own to sign with");
    FailPhase1(sa, "MM_BLD_MSG5, EV_ERROR|MM_DONE, EV_ERROR");
    return Go::kDead;
  }
  // In aggressive mode the peer has it already.
  std::vector<std::uint8_t>& id = sa.initiator ? sa.id_i : sa.id_r;
  if (id.empty()) id = OwnIdentity(sa);
  sa.job->make_key = sa.job->make_shared = false;
  sa.job->signer = *key;
  sa.job->to_sign = sa.initiator ? HashIV1(sa.suite, sa.keys, sa.Exchange()) : HashRV1(sa.suite, sa.keys, sa.Exchange());
  Start(sa, 0, sa.job);
  return Go::kStay;
}

}  // namespace sallyport
