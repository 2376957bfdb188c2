// How the two ends of an IKE SA prove who they are (RFC 7296 2.15).
#include <algorithm>

#include "vpn/crypto/certificates.h"
#include "vpn/ike/own_certificates.h"
#include "vpn/ike/peer_certificate.h"
#include "vpn/ike/v1_selectors.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

IdV2 AddressId(IpAddress a) {
  IdV2 id;
  if (a.IsV4()) {
    id.type = ikev2::kIdIpv4;
    id.data.resize(4);
    a.StoreV4(id.data.data());
  } else {
    id.type = ikev2::kIdIpv6;
    id.data.resize(16);
    a.StoreV6(id.data.data());
  }
  return id;
}

IdV2 TextId(std::uint8_t type, const std::string& text) {
  IdV2 id;
  id.type = type;
  id.data.assign(text.begin(), text.end());
  return id;
}

// RFC 7427: an algorithm identifier goes before the signature.
std::vector<std::uint8_t> WithAlgorithm(SignatureScheme scheme, Bytes signature) {
  const Bytes algorithm = AlgorithmIdentifierOf(scheme);
  std::vector<std::uint8_t> out{ikev2::kDigitalSignature, static_cast<std::uint8_t>(algorithm.size())};
  out.insert(out.end(), algorithm.begin(), algorithm.end());
  out.insert(out.end(), signature.begin(), signature.end());
  return out;
}

// How to sign with that key for a peer that knows these hashes (none: it has not told, and knows the old methods only). The
// method, and the scheme; nothing: there is no way.
std::optional<std::pair<std::uint8_t, SignatureScheme>> SchemeFor(KeyType type,
                                                                  const std::vector<std::uint16_t>& peer_hashes) {
  const auto knows = [&](std::uint16_t h) {
    return std::find(peer_hashes.begin(), peer_hashes.end(), h) != peer_hashes.end();
  };
  using Choice = std::optional<std::pair<std::uint8_t, SignatureScheme>>;
  constexpr std::uint16_t kSha1 = 1, kSha256 = 2, kSha384 = 3, kSha512 = 4;
  constexpr std::uint8_t kNew = ikev2::kDigitalSignature;
  switch (type) {
    case KeyType::kRsa:
      if (knows(kSha256)) return Choice({kNew, SignatureScheme::kRsaSha256});
      if (knows(kSha384)) return Choice({kNew, SignatureScheme::kRsaSha384});
      if (knows(kSha512)) return Choice({kNew, SignatureScheme::kRsaSha512});
      return Choice({ikev2::kRsaSignature, SignatureScheme::kRsaSha1});
    case KeyType::kEcP256:
      if (knows(kSha256)) return Choice({kNew, SignatureScheme::kEcdsaSha256Der});
      if (knows(kSha1)) return Choice({kNew, SignatureScheme::kEcdsaSha1Der});
      return Choice({ikev2::kEcdsa256, SignatureScheme::kEcdsa256});
    case KeyType::kEcP384:
      if (knows(kSha384)) return Choice({kNew, SignatureScheme::kEcdsaSha384Der});
      return Choice({ikev2::kEcdsa384, SignatureScheme::kEcdsa384});
    case KeyType::kEcP521:
      if (knows(kSha512)) return Choice({kNew, SignatureScheme::kEcdsaSha512Der});
      return Choice({ikev2::kEcdsa521, SignatureScheme::kEcdsa521});
    case KeyType::kOther:
      break;
  }
  return {};
}

// What a peer's AUTH payload says it was made with, and the signature in it.
std::optional<std::pair<SignatureScheme, Bytes>> SchemeOfAuth(const AuthV2& auth, KeyType type) {
  using Found = std::optional<std::pair<SignatureScheme, Bytes>>;
  switch (auth.method) {
    case ikev2::kRsaSignature:
      return type == KeyType::kRsa ? Found({SignatureScheme::kRsaSha1, auth.data}) : Found();
    case ikev2::kEcdsa256:
      return type == KeyType::kEcP256 ? Found({SignatureScheme::kEcdsa256, auth.data}) : Found();
    case ikev2::kEcdsa384:
      return type == KeyType::kEcP384 ? Found({SignatureScheme::kEcdsa384, auth.data}) : Found();
    case ikev2::kEcdsa521:
      return type == KeyType::kEcP521 ? Found({SignatureScheme::kEcdsa521, auth.data}) : Found();
    case ikev2::kDigitalSignature: {
      const std::size_t size = auth.data[0];
      if (auth.data.size() < 1 + size + 1) return {};
      const auto scheme = SchemeOf(auth.data.subspan(1, size));
      if (!scheme || HashOf(*scheme) == VpnHash::kNone) return {};
      return Found({*scheme, auth.data.subspan(1 + size)});
    }
    default:
      return {};
  }
}

// The certificates of a message, the peer's own one first.
Result<std::vector<Certificate>> CertificatesIn(std::span<const RawPayload> payloads) {
  std::vector<Certificate> out;
  for (const RawPayload& p : payloads) {
    if (p.type != ikev2::kCert) continue;
    const auto c = ReadCertV2(p.body);
    if (!c || c->encoding != ikev2::kX509Signature) continue;
    Result<Certificate> one = Certificate::FromDer(c->data);
    if (!one) return Error{one.error()};
    out.push_back(*std::move(one));
  }
  return out;
}

// Is the identity one that the certificate is for?
bool CertificateNames(const Certificate& c, const IdV2& id, bool& has_any) {
  const auto dns = c.dns_names(), mail = c.emails();
  const auto addresses = c.addresses();
  has_any = !dns.empty() || !mail.empty() || !addresses.empty();
  const std::string text = id.Text();
  switch (id.type) {
    case ikev2::kIdDn:
      return SameBytes(id.data, c.subject_der());
    case ikev2::kIdFqdn:
      return std::find(dns.begin(), dns.end(), text) != dns.end();
    case ikev2::kIdRfc822:
      return std::find(mail.begin(), mail.end(), text) != mail.end();
    case ikev2::kIdIpv4:
    case ikev2::kIdIpv6:
      return std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& a) { return a.ToString() == text; });
    default:
      return false;
  }
}

Bytes OfText(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

const Trustpoint* V2Engine::OwnTrustpoint(const SaV2& sa) const {
  const auto usable = [&](const std::string& name) -> const Trustpoint* {
    const auto i = policy_->trustpoints.find(name);
    if (name.empty() || i == policy_->trustpoints.end() || i->second.identity_pem.empty()) return nullptr;
    return host_.KeyOf(i->second.key_name) == nullptr ? nullptr : &i->second;
  };
  if (const TunnelGroup* group = policy_->Group(sa.tunnel_group)) {
    if (const Trustpoint* t = usable(group->ikev2_local_trustpoint)) return t;
  }
  if (sa.initiator) {
    const auto entry = EntryOf(sa.entry);
    return entry ? usable(entry->trustpoint) : nullptr;
  }
  for (const CryptoMapEntry& e : policy_->entries) {
    if (e.at != sa.at) continue;
    if (const Trustpoint* t = usable(e.trustpoint)) return t;
  }
  return nullptr;
}

bool V2Engine::OwnIdentity(SaV2& sa, const TunnelGroup& group, bool eap, std::string& why) {
  sa.lan_to_lan = group.type == TunnelGroup::Type::kLanToLan;
  sa.group_policy = group.default_group_policy;
  if (!policy_->GroupPolicy(sa.group_policy).protocols.ikev2) {
    Log(sa, 751008, 3, "Group=" + group.name + ", Tunnel rejected: IKEv2 not enabled in group policy");
    why = "Auth exchange failed";
    return false;
  }
  const Trustpoint* own = nullptr;
  if (eap && (!group.ikev2_eap || sa.lan_to_lan)) {
    Log(sa, 751004, 3, "No remote authentication method configured for peer in tunnel group " + group.name);
    why = "Peer authentication method configured is mismatching with the method proposed by peer";
    return false;
  }
  // Whoever is asked for a password must know first who we are: by certificate only (RFC 7296 2.16).
  if (!eap && !group.ikev2_local_psk.empty()) {
    sa.local_auth = VpnAuth::kPreSharedKeys;
  } else if ((own = OwnTrustpoint(sa)) != nullptr) {
    sa.local_auth = VpnAuth::kRsaCertificate;
  } else {
    Log(sa, 751002, 3, "No preshared key or trustpoint configured for self in tunnel group " + group.name);
    why = "No pskey found";
    return false;
  }
  if (eap) {
    sa.remote_auth = VpnAuth::kEap;
  } else if (!group.ikev2_remote_psk.empty()) {
    sa.remote_auth = VpnAuth::kPreSharedKeys;
  } else if (group.ikev2_remote_certificate) {
    sa.remote_auth = VpnAuth::kRsaCertificate;
  } else {
    Log(sa, 751004, 3, "No remote authentication method configured for peer in tunnel group " + group.name);
    why = "No pskey found";
    return false;
  }
  switch (policy_->identity) {
    case VpnPolicy::Identity::kHostname: {
      std::string name = policy_->hostname;
      if (!policy_->domain.empty()) name += "." + policy_->domain;
      if (!name.empty()) {
        sa.local_id = TextId(ikev2::kIdFqdn, name);
        return true;
      }
      break;
    }
    case VpnPolicy::Identity::kKeyId:
      if (!policy_->key_id.empty()) {
        sa.local_id = TextId(ikev2::kIdKeyId, policy_->key_id);
        return true;
      }
      break;
    case VpnPolicy::Identity::kAuto:
      if (own != nullptr) {
        if (const Result<Certificate> c = Certificate::FromPem(own->identity_pem)) {
          const Bytes der = c->subject_der();
          sa.local_id = {ikev2::kIdDn, std::vector<std::uint8_t>(der.begin(), der.end())};
          return true;
        }
      }
      break;
    case VpnPolicy::Identity::kAddress:
      break;
  }
  sa.local_id = AddressId(sa.local.address);
  return true;
}

const TunnelGroup* V2Engine::GroupOfMessage(const SaV2& sa, const IdV2& id, std::span<const RawPayload> payloads) const {
  const RawPayload* auth = FindPayload(payloads, ikev2::kAuthentication);
  if (auth != nullptr && !auth->body.empty() && auth->body[0] != ikev2::kSharedKey) {
    const auto certificates = CertificatesIn(payloads);
    if (certificates && !certificates->empty()) {
      IkeIdV1 named;  // kinds of identities have the same numbers in both versions
      named.type = id.type;
      named.data = id.data;
      return GroupByCertificate(*policy_, certificates->front(), named, sa.peer.address);
    }
  }
  return GroupOfPeer(sa, id, auth == nullptr ? "DefaultRAGroup" : "DefaultL2LGroup");  // by EAP only users come
}

void V2Engine::MakeAuth(const SaPtr& sa, std::function<void(const SaPtr&, std::vector<std::uint8_t>)> done) {
  const TunnelGroup* group = policy_->Group(sa->tunnel_group);
  if (group == nullptr) {
    done(sa, {});
    return;
  }
  const auto body = sa->local_id.Body();
  auto octets = SignedOctetsV2(sa->suite.prf, sa->initiator ? sa->init_request : sa->init_response,
                               sa->initiator ? sa->nr : sa->ni, (sa->initiator ? sa->keys.pi : sa->keys.pr).bytes(), body);
  Trace(*sa, 1, sa->initiator ? "I_BLD_AUTH" : "R_BLD_AUTH", {"EV_GEN_AUTH"});
  Proto(sa.get(), sa->peer.address, 2, "Generate my authentication data");
  if (sa->local_auth == VpnAuth::kPreSharedKeys) {
    Proto(sa.get(), sa->peer.address, 2,
          "Use preshared key for id " + sa->local_id.Text() + ", key len " + std::to_string(group->ikev2_local_psk.size()));
    Proto(sa.get(), sa->peer.address, 2, "My authentication method is 'PSK'");
    const Secret mac = SharedKeyAuthV2(sa->suite.prf, OfText(group->ikev2_local_psk), octets);
    std::vector<std::uint8_t> auth{ikev2::kSharedKey};
    auth.insert(auth.end(), mac.bytes().begin(), mac.bytes().end());
    done(sa, std::move(auth));
    return;
  }
  const Trustpoint* own = OwnTrustpoint(*sa);
  const PrivateKey* key = own != nullptr ? host_.KeyOf(own->key_name) : nullptr;
  const auto scheme = key != nullptr ? SchemeFor(key->type(), sa->peer_hashes) : std::nullopt;
  if (!scheme) {
    done(sa, {});
    return;
  }
  Proto(sa.get(), sa->peer.address, 2,
        std::string("My authentication method is '") +
            (scheme->first == ikev2::kRsaSignature       ? "RSA"
             : scheme->first == ikev2::kDigitalSignature ? "DIGITAL-SIG"
                                                         : "ECDSA") +
            "'");
  struct Job {
    PrivateKey key;
    SignatureScheme scheme;
    std::vector<std::uint8_t> octets, signature;
  };
  auto job = std::make_shared<Job>();
  job->key = *key;
  job->scheme = scheme->second;
  job->octets = std::move(octets);
  Work(
      sa,
      [job] {
        if (auto signature = Sign(job->key, job->scheme, job->octets)) job->signature = std::move(*signature);
      },
      [job, method = scheme->first, done = std::move(done)](const SaPtr& s) {
        if (job->signature.empty()) {
          done(s, {});
          return;
        }
        if (method == ikev2::kDigitalSignature) {
          done(s, WithAlgorithm(job->scheme, job->signature));
          return;
        }
        std::vector<std::uint8_t> auth{method};
        auth.insert(auth.end(), job->signature.begin(), job->signature.end());
        done(s, std::move(auth));
      });
}

void V2Engine::CheckAuth(const SaPtr& sa, std::span<const RawPayload> payloads,
                         std::function<void(const SaPtr&, std::string)> done) {
  const TunnelGroup* group = policy_->Group(sa->tunnel_group);
  const RawPayload* p = FindPayload(payloads, ikev2::kAuthentication);
  const auto auth = p != nullptr ? ReadAuthV2(p->body) : std::nullopt;
  if (group == nullptr || !auth) {
    done(sa, "Auth exchange failed");
    return;
  }
  const auto body = sa->remote_id.Body();
  const auto octets =
      SignedOctetsV2(sa->suite.prf, sa->initiator ? sa->init_response : sa->init_request, sa->initiator ? sa->ni : sa->nr,
                     (sa->initiator ? sa->keys.pr : sa->keys.pi).bytes(), body);
  Trace(*sa, 1, sa->initiator ? "I_PROC_AUTH" : "R_VERIFY_AUTH", {"EV_VERIFY_AUTH"});
  Proto(sa.get(), sa->peer.address, 2, "Verify peer's authentication data");
  const std::string mismatch = "Peer authentication method configured is mismatching with the method proposed by peer";
  if (auth->method == ikev2::kSharedKey) {
    if (group->ikev2_remote_psk.empty()) {
      done(sa, mismatch);
      return;
    }
    Proto(
        sa.get(), sa->peer.address, 2,
        "Use preshared key for id " + sa->remote_id.Text() + ", key len " + std::to_string(group->ikev2_remote_psk.size()));
    const Secret mac = SharedKeyAuthV2(sa->suite.prf, OfText(group->ikev2_remote_psk), octets);
    if (!SameBytes(mac.bytes(), auth->data)) {
      Proto(sa.get(), sa->peer.address, 5, "Computed authentication value for peer differs from what peer sent");
      done(sa, "Failed to authenticate the IKE SA");
      return;
    }
    sa->remote_auth = VpnAuth::kPreSharedKeys;
    if (!sa->lan_to_lan) {
      sa->user = sa->remote_id.Text();
      sa->rules = UserOf(policy_, sa->user);
    }
    done(sa, "");
    return;
  }
  if (!group->ikev2_remote_certificate) {
    done(sa, mismatch);
    return;
  }
  const auto refuse = [&](const std::string& error) {
    Log(*sa, 751006, 3, "IKEv2 Certificate authentication failed. Error: " + error);
    done(sa, "Failed to authenticate the IKE SA");
  };
  const auto certificates = CertificatesIn(payloads);
  if (!certificates || certificates->empty()) {
    refuse(certificates ? "the peer sent no certificate" : certificates.error());
    return;
  }
  const Certificate& leaf = certificates->front();
  const std::vector<Certificate> others(certificates->begin() + 1, certificates->end());
  if (const Status valid = ValidatePeer(*policy_, host_, leaf, others); !valid) {
    refuse(valid.error());
    return;
  }
  const auto scheme = SchemeOfAuth(*auth, leaf.key_type());
  if (!scheme || !Verify(leaf, scheme->first, octets, scheme->second)) {
    refuse("the signature is not right");
    return;
  }
  if (group->peer_id_validate != TunnelGroup::PeerId::kNoCheck) {
    bool has_any = false;
    const bool same = CertificateNames(leaf, sa->remote_id, has_any);
    // `cert`: only of certificates that have something to compare with.
    if (!same && (group->peer_id_validate == TunnelGroup::PeerId::kRequired || has_any)) {
      refuse("the peer's identity is not in its certificate");
      return;
    }
  }
  sa->remote_auth = VpnAuth::kRsaCertificate;
  if (!sa->lan_to_lan) {
    sa->user = sa->remote_id.Text();
    for (const auto& [name, value] : leaf.subject()) {
      if (name == "cn") sa->user = value;
    }
    sa->rules = UserOf(policy_, sa->user);
  }
  done(sa, "");
}

void V2Engine::AddOwnCertificates(ChainWriter& out, const SaV2& sa) {
  if (sa.local_auth != VpnAuth::kRsaCertificate) return;
  const Trustpoint* own = OwnTrustpoint(sa);
  if (own == nullptr) return;
  const std::uint8_t encoding[] = {ikev2::kX509Signature};
  for (const Certificate& c : CertificatesToShow(*policy_, *own, SendsChain(*policy_, sa.tunnel_group, sa.entry))) {
    out.Add(ikev2::kCert, {Bytes(encoding), c.der()});
  }
}

// Authorities that we believe: SHA-1 of their public keys, all in one payload.
void V2Engine::AddCertificateRequest(ChainWriter& out, const SaV2& sa) {
  if (sa.initiator && sa.remote_auth != VpnAuth::kRsaCertificate) return;
  std::vector<std::uint8_t> body{ikev2::kX509Signature};
  for (const auto& [name, trustpoint] : policy_->trustpoints) {
    if (trustpoint.ca_pem.empty()) continue;
    const Result<Certificate> ca = Certificate::FromPem(trustpoint.ca_pem);
    if (!ca) continue;
    const auto hash = ca->public_key_sha1();
    body.insert(body.end(), hash.begin(), hash.end());
  }
  if (body.size() > 1) out.Add(ikev2::kCertReq, body);
}

}  // namespace sallyport
