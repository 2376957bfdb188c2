// Payloads that several messages of phase 1 share: written, read, checked.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/own_certificates.h"
#include "vpn/ike/peer_certificate.h"
#include "vpn/ike/v1_core.h"

namespace sallyport {
namespace {

using namespace ikev1;

constexpr std::size_t kNonceSize = 20, kShortestNonce = 8, kLongestNonce = 256;
constexpr std::uint8_t kCertX509Signature = 4;

const char* NatTName(NatTraversal n) {
  switch (n) {
    case NatTraversal::kDraft02:
      return "ver 02";
    case NatTraversal::kDraft03:
      return "ver 03";
    default:
      return "ver RFC";
  }
}

VendorId VendorOf(NatTraversal n) {
  switch (n) {
    case NatTraversal::kDraft02:
      return VendorId::kNatTDraft02;
    case NatTraversal::kDraft03:
      return VendorId::kNatTDraft03;
    default:
      return VendorId::kNatTRfc;
  }
}

}  // namespace

bool Ikev1Core::ChoosePolicy(Ikev1Sa& sa, const MessageV1& m) {
  Processing(sa, "SA");
  const Bytes body = m.Body(kSa);
  const Result<std::vector<ProposalV1>> offered = ReadSaV1(body);
  if (!offered) {
    Say(713048, 3, sa, fmt::format("Error processing payload: Payload ID: {}", 1));
    return false;
  }
  std::vector<Ikev1Policy> ours;
  for (const Ikev1Policy& p : policy_->ikev1_policies) {
    if (p.auth == VpnAuth::kRsaCertificate && OwnTrustpoint(sa) == nullptr) continue;
    ours.push_back(p);
  }
  std::vector<std::string> mismatches;
  const auto chosen = ChooseIkeV1(ours, *offered, &mismatches);
  if (!chosen) {
    for (const std::string& text : mismatches) Say(713257, 5, sa, text);
    Say(713904, 5, sa, "All SA proposals found unacceptable");
    Say(713048, 3, sa, "Error processing payload: Payload ID: 1");
    return false;
  }
  Debug(713906, sa, "Oakley proposal is acceptable");
  sa.suite = chosen->suite;
  sa.sa_i.assign(body.begin(), body.end());
  const auto which = std::find_if(policy_->ikev1_policies.begin(), policy_->ikev1_policies.end(),
                                  [&](const Ikev1Policy& p) { return p.priority == ours[chosen->policy].priority; });
  sa.policy_index = static_cast<std::size_t>(which - policy_->ikev1_policies.begin());
  sa.answer_proposal = chosen->answer.number;
  sa.answer_transform = chosen->answer.transforms[0].number;
  const Bytes raw = chosen->answer.transforms[0].raw;
  sa.answer_attributes.assign(raw.begin(), raw.end());
  return true;
}

bool Ikev1Core::AcceptPolicy(Ikev1Sa& sa, const MessageV1& m) {
  Processing(sa, "SA");
  const Result<std::vector<ProposalV1>> answer = ReadSaV1(m.Body(kSa));
  const auto suite = answer ? AcceptIkeV1(sa.offered, sa.client, *answer) : std::nullopt;
  if (!suite) {
    Say(713904, 5, sa, "All SA proposals found unacceptable");
    Say(713048, 3, sa, "Error processing payload: Payload ID: 1");
    return false;
  }
  Debug(713906, sa, "Oakley proposal is acceptable");
  sa.suite = *suite;
  return true;
}

void Ikev1Core::ReadVendors(Ikev1Sa& sa, const MessageV1& m) {
  for (const RawPayload& p : m.payloads) {
    if (p.type != kVendor) continue;
    Processing(sa, "VID");
    const auto id = VendorIdOf(p.body);
    if (!id) continue;
    const auto nat = [&](NatTraversal n, const char* words) {
      Debug(715049, sa, std::string("Received NAT-Traversal ") + words + " VID");
      if (sa.natt_allowed && n > sa.natt) sa.natt = n;
    };
    switch (*id) {
      case VendorId::kNatTDraft02:
      case VendorId::kNatTDraft02Bare:
        nat(NatTraversal::kDraft02, "ver 02");
        break;
      case VendorId::kNatTDraft03:
        nat(NatTraversal::kDraft03, "ver 03");
        break;
      case VendorId::kNatTRfc:
        nat(NatTraversal::kRfc, "RFC");
        break;
      case VendorId::kFragmentation: {
        Debug(715049, sa, "Received Fragmentation VID");
        // Without the four bytes a peer means aggressive and main mode.
        const std::uint32_t modes = p.body.size() >= 20 ? LoadBe32(p.body.data() + 16) : 0xc0000000;
        const bool main = (modes & 0x40000000) != 0, aggressive = (modes & 0x80000000) != 0;
        Debug(715064, sa,
              std::string("IKE Peer included IKE fragmentation capability flags:  Main Mode:        ") +
                  (main ? "True" : "False") + "  Aggressive Mode:  " + (aggressive ? "True" : "False"));
        sa.fragments = true;
        break;
      }
      case VendorId::kUnity:
        Debug(715049, sa, "Received Cisco Unity client VID");
        sa.unity = true;
        break;
      case VendorId::kXauth:
        Debug(715049, sa, "Received xauth V6 VID");
        sa.xauth_vendor = true;
        break;
      case VendorId::kDpd:
        Debug(715049, sa, "Received DPD VID");
        sa.dpd = true;
        break;
      case VendorId::kAltiga:
        Debug(715049, sa, "Received Altiga/Cisco VPN3000/Cisco ASA GW VID");
        sa.altiga = true;
        break;
      case VendorId::kDeleteReason:
      case VendorId::kVpn3000Client:
        break;
    }
  }
}

bool Ikev1Core::ReadKeNonce(Ikev1Sa& sa, const MessageV1& m) {
  Processing(sa, "ke");
  const Bytes ke = m.Body(kKe);
  Processing(sa, "ISA_KE");
  Processing(sa, "nonce");
  const Bytes nonce = m.Body(kNonce);
  if (ke.size() != DhPublicSize(sa.suite.group)) {
    Say(713048, 3, sa, "Error processing payload: Payload ID: 4");
    return false;
  }
  if (nonce.size() < kShortestNonce || nonce.size() > kLongestNonce) {
    Say(713048, 3, sa, "Error processing payload: Payload ID: 10");
    return false;
  }
  (sa.initiator ? sa.public_r : sa.public_i).assign(ke.begin(), ke.end());
  (sa.initiator ? sa.nonce_r : sa.nonce_i).assign(nonce.begin(), nonce.end());
  return true;
}

void Ikev1Core::AddSaV1Payload(Ikev1Sa& sa, ChainWriter& out) {
  Debug(715046, sa, "constructing ISAKMP SA payload");
  if (sa.initiator) {
    const OfferV1 offer = OfferIkeV1(sa.offered, sa.client);
    const std::size_t at = AddSaV1(out, offer.proposals);
    const Bytes body = out.BodyAt(at);
    sa.sa_i.assign(body.begin(), body.end());
    return;
  }
  TransformV1 t;
  t.number = sa.answer_transform;
  t.id = 1;
  t.raw = sa.answer_attributes;
  ProposalV1 p;
  p.number = sa.answer_proposal;
  p.protocol = kIsakmp;
  p.transforms.push_back(t);
  AddSaV1(out, {&p, 1});
}

void Ikev1Core::AddNatTVendors(Ikev1Sa& sa, ChainWriter& out) {
  if (!sa.natt_allowed) return;
  for (const NatTraversal n : {NatTraversal::kDraft02, NatTraversal::kDraft03, NatTraversal::kRfc}) {
    // The responder names the best one that both know.
    if (!sa.initiator && n != sa.natt) continue;
    Debug(715046, sa, std::string("constructing NAT-Traversal VID ") + NatTName(n) + " payload");
    out.Add(kVendor, BytesOf(VendorOf(n)));
  }
}

void Ikev1Core::AddFragmentationVendor(Ikev1Sa& sa, ChainWriter& out) {
  Debug(715046, sa, "constructing Fragmentation VID + extended capabilities payload");
  out.Add(kVendor, BytesOf(VendorId::kFragmentation));
}

void Ikev1Core::AddKeNonce(Ikev1Sa& sa, ChainWriter& out) {
  Constructing(sa, "ke");
  out.Add(kKe, sa.initiator ? sa.public_i : sa.public_r);
  Constructing(sa, "nonce");
  std::vector<std::uint8_t>& nonce = sa.initiator ? sa.nonce_i : sa.nonce_r;
  nonce.resize(kNonceSize);
  host_.entropy().Fill(nonce);
  out.Add(kNonce, nonce);
}

void Ikev1Core::AddCapabilities(Ikev1Sa& sa, ChainWriter& out) {
  Constructing(sa, "Cisco Unity VID");
  out.Add(kVendor, BytesOf(VendorId::kUnity));
  Constructing(sa, "xauth V6 VID");
  out.Add(kVendor, BytesOf(VendorId::kXauth));
  Debug(715048, sa, "Send IOS VID");
  Debug(715038, sa, "Constructing ASA spoofing IOS Vendor ID payload (version: 1.0.0, capabilities: 20000001)");
  std::uint8_t ios[16];
  host_.entropy().Fill(ios);
  out.Add(kVendor, ios);
  Constructing(sa, "VID");
  Debug(715048, sa, "Send Altiga/Cisco VPN3000/Cisco ASA GW VID");
  out.Add(kVendor, BytesOf(VendorId::kAltiga));
}

void Ikev1Core::AddNatD(Ikev1Sa& sa, ChainWriter& out) {
  if (sa.natt == NatTraversal::kNone) return;
  const std::uint8_t type = sa.natt == NatTraversal::kRfc ? kNatD : kNatDDraft;
  // First where it goes to, then where it comes from.
  for (const Endpoint& end : {sa.peer, sa.local}) {
    Constructing(sa, "NAT-Discovery");
    Debug(713906, sa, "computing NAT Discovery hash");
    out.Add(type, NatDetectionHash(sa.suite.hash, sa.cookie_i, sa.cookie_r, end.address, end.port));
  }
}

void Ikev1Core::CheckNatD(Ikev1Sa& sa, const MessageV1& m) {
  if (sa.natt == NatTraversal::kNone) return;
  const std::uint8_t type = sa.natt == NatTraversal::kRfc ? kNatD : kNatDDraft;
  const auto here =
      NatDetectionHash(sa.suite.hash, sa.cookie_i, sa.cookie_r, m.datagram->local.address, m.datagram->local.port);
  const auto there =
      NatDetectionHash(sa.suite.hash, sa.cookie_i, sa.cookie_r, m.datagram->peer.address, m.datagram->peer.port);
  std::size_t seen = 0;
  bool peer_is_itself = false;
  for (const RawPayload& p : m.payloads) {
    if (p.type != type) continue;
    Processing(sa, "NAT-Discovery");
    Debug(713906, sa, "computing NAT Discovery hash");
    if (seen++ == 0) {
      sa.nat_here = !SameBytes(p.body, here);
    } else {
      peer_is_itself = peer_is_itself || SameBytes(p.body, there);
    }
  }
  if (seen < 2) {
    // The peer named the vendor id and does not do what it stands for.
    sa.natt = NatTraversal::kNone;
    sa.nat_here = false;
    return;
  }
  sa.nat_there = !peer_is_itself;
  sa.nat_checked = true;
}

void Ikev1Core::SayNat(const Ikev1Sa& sa) {
  if (!sa.nat_checked) return;
  Say(713172, 6, sa,
      fmt::format(
          "Automatic NAT Detection Status:     Remote end {} behind a NAT device     This   end {} behind a NAT device",
          sa.nat_there ? "  IS  " : "is NOT", sa.nat_here ? "  IS  " : "is NOT"));
}

void Ikev1Core::FloatPort(Ikev1Sa& sa) {
  if (!sa.nat_here && !sa.nat_there) return;
  if (sa.via != IkeDatagram::Via::kUdp) return;
  sa.via = IkeDatagram::Via::kNatT;
  sa.local.port = 4500;
  sa.peer.port = 4500;
}

const Trustpoint* Ikev1Core::OwnTrustpoint(const Ikev1Sa& sa) const {
  const auto usable = [&](const std::string& name) -> const Trustpoint* {
    const auto i = policy_->trustpoints.find(name);
    if (name.empty() || i == policy_->trustpoints.end() || i->second.identity_pem.empty()) return nullptr;
    return host_.KeyOf(i->second.key_name) == nullptr ? nullptr : &i->second;
  };
  if (const Trustpoint* t = usable(sa.group.ikev1_trustpoint)) return t;
  if (const Trustpoint* t = usable(sa.trustpoint)) return t;
  // A responder that does not know yet who it talks to takes the first one.
  for (const auto& [name, trustpoint] : policy_->trustpoints) {
    if (const Trustpoint* t = usable(name)) return t;
  }
  return nullptr;
}

std::vector<std::uint8_t> Ikev1Core::OwnIdentity(const Ikev1Sa& sa) const {
  std::vector<std::uint8_t> out;
  const auto text = [&](std::uint8_t type, const std::string& name) {
    out = {type, 17, 0, 0};
    out.insert(out.end(), name.begin(), name.end());
  };
  if (sa.client) {
    // A client's group: neither protocol nor port mean anything.
    text(kIdKeyId, policy_->client.group);
    return out;
  }
  if (policy_->identity == VpnPolicy::Identity::kHostname && !policy_->hostname.empty()) {
    text(kIdFqdn, policy_->hostname + (policy_->domain.empty() ? "" : "." + policy_->domain));
    return out;
  }
  if (policy_->identity == VpnPolicy::Identity::kKeyId && !policy_->key_id.empty()) {
    text(kIdKeyId, policy_->key_id);
    return out;
  }
  if (policy_->identity == VpnPolicy::Identity::kAuto && sa.suite.auth == VpnAuth::kRsaCertificate) {
    if (const Trustpoint* t = OwnTrustpoint(sa)) {
      if (const Result<Certificate> own = Certificate::FromPem(t->identity_pem)) {
        out = {kIdDn, 17, 0, 0};
        const Bytes der = own->subject_der();
        out.insert(out.end(), der.begin(), der.end());
        return out;
      }
    }
  }
  // Without a port: 500 would be wrong behind a translation, and 0 is any.
  const IpAddress a = sa.local.address;
  out = {a.IsV4() ? kIdIpv4 : kIdIpv6, 17, 0, 0};
  out.resize(a.IsV4() ? 8 : 20);
  a.IsV4() ? a.StoreV4(out.data() + 4) : a.StoreV6(out.data() + 4);
  return out;
}

void Ikev1Core::AddIdentity(Ikev1Sa& sa, ChainWriter& out) {
  Constructing(sa, "ID");
  std::vector<std::uint8_t>& id = sa.initiator ? sa.id_i : sa.id_r;
  id = OwnIdentity(sa);
  out.Add(kId, id);
}

void Ikev1Core::AddCertificateRequest(Ikev1Sa& sa, ChainWriter& out) {
  if (sa.suite.auth != VpnAuth::kRsaCertificate) return;
  const std::uint8_t encoding[] = {kCertX509Signature};
  for (const auto& [name, trustpoint] : policy_->trustpoints) {
    if (trustpoint.ca_pem.empty()) continue;
    const Result<Certificate> ca = Certificate::FromPem(trustpoint.ca_pem);
    if (!ca) continue;
    Constructing(sa, "certreq");
    out.Add(kCertReq, {encoding, ca->subject_der()});
  }
}

bool Ikev1Core::AddProof(Ikev1Sa& sa, ChainWriter& out) {
  ++stats_.crypto.hmacs;
  const std::vector<std::uint8_t> hash =
      sa.initiator ? HashIV1(sa.suite, sa.keys, sa.Exchange()) : HashRV1(sa.suite, sa.keys, sa.Exchange());
  if (sa.suite.auth != VpnAuth::kRsaCertificate) {
    Constructing(sa, "hash");
    Debug(715076, sa, "Computing hash for ISAKMP");
    out.Add(kHash, hash);
    return true;
  }
  if (sa.job->signature.empty()) return false;
  const Trustpoint* t = OwnTrustpoint(sa);
  if (t == nullptr) return false;
  const std::uint8_t encoding[] = {kCertX509Signature};
  for (const Certificate& c : CertificatesToShow(*policy_, *t, SendsChain(*policy_, sa.group.name, sa.entry))) {
    Constructing(sa, "cert");
    out.Add(kCert, {encoding, c.der()});
  }
  Constructing(sa, "RSA signature");
  Debug(715076, sa, "Computing hash for ISAKMP");
  out.Add(kSig, sa.job->signature);
  return true;
}

bool Ikev1Core::ReadIdentity(Ikev1Sa& sa, const MessageV1& m) {
  Processing(sa, "ID");
  const Bytes body = m.Body(kId);
  const auto id = ReadIdV1(body);
  if (!id) {
    Say(713048, 3, sa, "Error processing payload: Payload ID: 5");
    return false;
  }
  Debug(714011, sa, IdTypeName(id->type) + " ID received\n" + IdText(*id));
  if (id->protocol != 0 && id->protocol != 17) {
    Say(713084, 3, sa, fmt::format("Received invalid phase 1 protocol ({}) in ID payload", id->protocol));
    return false;
  }
  if (id->port != 0 && id->port != 500 && id->port != 4500) {
    Say(713085, 3, sa, fmt::format("Received invalid phase 1 port ({}) in ID payload", id->port));
    return false;
  }
  (sa.initiator ? sa.id_r : sa.id_i).assign(body.begin(), body.end());
  return true;
}

bool Ikev1Core::CheckProof(Ikev1Sa& sa, const std::vector<RawPayload>& payloads) {
  ++stats_.crypto.hmacs;
  const std::vector<std::uint8_t> hash =
      sa.initiator ? HashRV1(sa.suite, sa.keys, sa.Exchange()) : HashIV1(sa.suite, sa.keys, sa.Exchange());
  if (sa.suite.auth == VpnAuth::kRsaCertificate) return CheckCertificate(sa, payloads, hash);
  Processing(sa, "hash");
  Debug(715076, sa, "Computing hash for ISAKMP");
  const RawPayload* p = FindPayload(payloads, kHash);
  if (p != nullptr && SameBytes(p->body, hash)) return true;
  ++stats_.auth_fails;
  ++stats_.hash_valid_fails;
  SayWrongKey(sa);
  return false;
}

bool Ikev1Core::CheckCertificate(Ikev1Sa& sa, const std::vector<RawPayload>& payloads, Bytes hash) {
  const auto fail = [&](const std::string& why) {
    ++stats_.auth_fails;
    Say(713902, 3, sa, "Certificate validation failed: " + why);
    return false;
  };
  std::vector<Certificate> sent;
  for (const RawPayload& p : payloads) {
    if (p.type != kCert || p.body.empty() || p.body[0] != kCertX509Signature) continue;
    Processing(sa, "cert");
    Result<Certificate> c = Certificate::FromDer(p.body.subspan(1));
    if (!c) return fail(c.error());
    sent.push_back(*std::move(c));
  }
  const RawPayload* signature = FindPayload(payloads, kSig);
  if (sent.empty() || signature == nullptr) return fail("the peer sent no certificate");
  Processing(sa, "RSA signature");
  const Certificate& leaf = sent.front();
  const std::vector<Certificate> others(sent.begin() + 1, sent.end());
  if (const Status valid = ValidatePeer(*policy_, host_, leaf, others); !valid) return fail(valid.error());
  Debug(715076, sa, "Computing hash for ISAKMP");
  if (!Verify(leaf, SignatureScheme::kRsaRaw, hash, signature->body)) {
    ++stats_.auth_fails;
    Say(713902, 3, sa, "Signature verification failed");
    return false;
  }
  // Who it says it is must be in its certificate.
  const auto id = ReadIdV1(sa.initiator ? sa.id_r : sa.id_i);
  const TunnelGroup* group = id ? GroupByCertificate(*policy_, leaf, *id, sa.peer.address) : nullptr;
  if (group == nullptr) return fail("no tunnel group for the peer");
  if (!sa.has_group || !sa.initiator) UseGroup(sa, *group);
  if (sa.group.peer_id_validate != TunnelGroup::PeerId::kNoCheck) {
    bool same = false;
    const std::string text = IdText(*id);
    const std::vector<std::string> dns = leaf.dns_names(), mail = leaf.emails();
    const std::vector<IpAddress> addresses = leaf.addresses();
    const bool has_any = !dns.empty() || !mail.empty() || !addresses.empty();
    switch (id->type) {
      case kIdDn:
        same = SameBytes(id->data, leaf.subject_der());
        break;
      case kIdFqdn:
        same = std::find(dns.begin(), dns.end(), text) != dns.end();
        break;
      case kIdUserFqdn:
        same = std::find(mail.begin(), mail.end(), text) != mail.end();
        break;
      case kIdIpv4:
      case kIdIpv6:
        same = std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& a) { return a.ToString() == text; });
        break;
      default:
        break;
    }
    // `cert`: only of certificates that have something to compare with.
    if (!same && (sa.group.peer_id_validate == TunnelGroup::PeerId::kRequired || has_any)) {
      return fail("the peer's identity is not in its certificate");
    }
  }
  sa.peer_certificate = leaf;
  return true;
}

}  // namespace sallyport
