#include "vpn/ike/v1_proposals.h"

#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/header.h"

namespace sallyport {
namespace {

// RFC 2409 appendix A.
enum IkeClass : std::uint16_t {
  kEncryption = 1,
  kHash = 2,
  kAuthentication = 3,
  kGroup = 4,
  kLifeType = 11,
  kLifeDuration = 12,
  kKeyLength = 14
};
constexpr std::uint16_t kSeconds = 1, kKilobytes = 2;
constexpr std::uint16_t kAuthPsk = 1, kAuthRsa = 3;
constexpr std::uint8_t kKeyIke = 1;

// RFC 2407 4.5.
enum EspClass : std::uint16_t {
  kSaLifeType = 1,
  kSaLifeDuration = 2,
  kPfsGroup = 3,
  kEncapsulation = 4,
  kEspAuth = 5,
  kEspKeyLength = 6
};
constexpr std::uint16_t kTunnel = 1, kTransport = 2;
constexpr std::uint16_t kUdpTunnel = 3, kUdpTransport = 4, kUdpTunnelDraft = 61443, kUdpTransportDraft = 61444;

// Life types and durations come in pairs, in order.
struct Lifetimes {
  std::uint64_t seconds = 0, kilobytes = 0;
  bool good = true;
};
Lifetimes ReadLifetimes(std::span<const Attribute> attributes, std::uint16_t type_class, std::uint16_t duration_class) {
  Lifetimes out;
  std::uint64_t type = 0;  // 0: none came
  for (const Attribute& a : attributes) {
    if (a.type == type_class) {
      type = a.Number().value_or(0);
    } else if (a.type == duration_class) {
      const auto n = a.Number();
      if (!n || type == 0) {
        out.good = false;
      } else if (type == kSeconds) {
        out.seconds = *n;
      } else if (type == kKilobytes) {
        out.kilobytes = *n;
      } else {
        out.good = false;
      }
      type = 0;
    }
  }
  return out;
}

std::uint32_t Cap32(std::uint64_t v) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(v, UINT32_MAX)); }

std::uint16_t AuthNumber(VpnAuth auth, bool xauth) {
  if (auth == VpnAuth::kRsaCertificate) return xauth ? kAuthXauthInitRsa : kAuthRsa;
  return xauth ? kAuthXauthInitPsk : kAuthPsk;
}

bool SameSuite(const Ikev1Policy& p, const SuiteV1& s) {
  return p.cipher == s.cipher && p.hash == s.hash && p.group == s.group && p.auth == s.auth;
}

// 0 is no limit: it loses to any other.
std::uint64_t Shorter(std::uint64_t a, std::uint64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

std::string HashText(VpnHash h) {
  switch (h) {
    case VpnHash::kMd5:
      return "MD5";
    case VpnHash::kSha1:
      return "SHA1";
    case VpnHash::kSha256:
      return "SHA256";
    case VpnHash::kSha384:
      return "SHA384";
    case VpnHash::kSha512:
      return "SHA512";
    default:
      return "Unknown";
  }
}

std::string AuthText(VpnAuth a) { return a == VpnAuth::kRsaCertificate ? "RSA signature" : "Preshared Key"; }

std::string Mismatch(const char* what, const std::string& received, const std::string& configured) {
  return std::string("Phase 1 failure:  Mismatched attribute types for class ") + what + ":  Rcv'd: " + received +
         "  Cfg'd: " + configured;
}

// The first class in which a policy differs from an offer, as an ASA reports it.
std::string WhatDiffers(const Ikev1Policy& p, const SuiteV1& s) {
  if (p.group != s.group)
    return Mismatch("Group Description", "Group " + std::to_string(s.group), "Group " + std::to_string(p.group));
  if (p.cipher != s.cipher) return Mismatch("Encryption Alg", CipherTextV1(s.cipher), CipherTextV1(p.cipher));
  if (p.hash != s.hash) return Mismatch("Hash Alg", HashText(s.hash), HashText(p.hash));
  return Mismatch("Auth Method", AuthText(s.auth), AuthText(p.auth));
}

}  // namespace

Bytes OfferV1::Own(std::vector<std::uint8_t> bytes) {
  owned.push_back(std::make_unique<std::vector<std::uint8_t>>(std::move(bytes)));
  return *owned.back();
}

std::string CipherTextV1(VpnCipher cipher) {
  switch (cipher) {
    case VpnCipher::kDes:
      return "DES-CBC";
    case VpnCipher::k3Des:
      return "3DES-CBC";
    case VpnCipher::kAes128:
    case VpnCipher::kAes192:
    case VpnCipher::kAes256:
      return "AES-CBC";
    default:
      return "Unknown";
  }
}

std::optional<SuiteV1> ReadSuiteV1(const TransformV1& transform) {
  if (transform.id != kKeyIke) return {};
  SuiteV1 s;
  const auto number = [&](std::uint16_t type) -> std::uint64_t {
    const Attribute* a = FindAttribute(transform.attributes, type);
    return a == nullptr ? 0 : a->Number().value_or(0);
  };
  const std::uint64_t auth = number(kAuthentication);
  if (auth == kAuthPsk || auth == kAuthXauthInitPsk) {
    s.auth = VpnAuth::kPreSharedKeys;
  } else if (auth == kAuthRsa || auth == kAuthXauthInitRsa) {
    s.auth = VpnAuth::kRsaCertificate;
  } else {
    return {};
  }
  s.xauth = auth > 60000;
  const std::uint64_t cipher = number(kEncryption), hash = number(kHash), group = number(kGroup), bits = number(kKeyLength);
  if (cipher > 65535 || hash > 65535 || group > 65535 || bits > 65535) return {};
  const auto c = CipherOfIkev1(static_cast<std::uint16_t>(cipher), static_cast<std::uint16_t>(bits));
  const auto h = HashOfIkev1(static_cast<std::uint16_t>(hash));
  // A missing group means 1 by no document; a key length with a cipher that has only one is a mistake, and must be refused.
  if (!c || !h || !HasDhGroup(static_cast<std::uint16_t>(group))) return {};
  s.cipher = *c;
  s.hash = *h;
  s.group = static_cast<std::uint16_t>(group);
  const Lifetimes life = ReadLifetimes(transform.attributes, kLifeType, kLifeDuration);
  if (!life.good) return {};
  s.lifetime_s = Cap32(life.seconds);
  s.lifetime_kb = Cap32(life.kilobytes);
  return s;
}

OfferV1 OfferIkeV1(std::span<const Ikev1Policy> policies, bool xauth) {
  OfferV1 out;
  ProposalV1 proposal;
  proposal.protocol = ikev1::kIsakmp;
  for (const Ikev1Policy& p : policies) {
    const CipherTraits& traits = TraitsOf(p.cipher);
    if (traits.ikev1 == 0 || proposal.transforms.size() == 255) continue;
    AttributeWriter a;
    a.Basic(kGroup, p.group).Basic(kEncryption, traits.ikev1);
    if (traits.key_bits != 0) a.Basic(kKeyLength, traits.key_bits);
    a.Basic(kHash, TraitsOf(p.hash).ikev1).Basic(kAuthentication, AuthNumber(p.auth, xauth));
    if (p.lifetime_s != 0) a.Basic(kLifeType, kSeconds).Number32(kLifeDuration, p.lifetime_s);
    TransformV1 t;
    t.number = static_cast<std::uint8_t>(proposal.transforms.size() + 1);
    t.id = kKeyIke;
    t.raw = out.Own(a.Take());
    proposal.transforms.push_back(t);
  }
  if (!proposal.transforms.empty()) out.proposals.push_back(std::move(proposal));
  return out;
}

std::optional<ChosenIkeV1> ChooseIkeV1(std::span<const Ikev1Policy> ours, std::span<const ProposalV1> offered,
                                       std::vector<std::string>* mismatches) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    bool told = false;
    for (const ProposalV1& p : offered) {
      if (p.protocol != ikev1::kIsakmp) continue;
      for (const TransformV1& t : p.transforms) {
        const auto suite = ReadSuiteV1(t);
        if (!suite) continue;
        if (SameSuite(ours[i], *suite)) {
          ChosenIkeV1 chosen;
          chosen.suite = *suite;
          chosen.suite.lifetime_s = static_cast<std::uint32_t>(Shorter(suite->lifetime_s, ours[i].lifetime_s));
          chosen.policy = i;
          chosen.answer.number = p.number;
          chosen.answer.protocol = p.protocol;
          chosen.answer.transforms.push_back(t);
          return chosen;
        }
        if (mismatches != nullptr && !told) mismatches->push_back(WhatDiffers(ours[i], *suite));
        told = true;
      }
    }
  }
  return {};
}

std::optional<SuiteV1> AcceptIkeV1(std::span<const Ikev1Policy> ours, bool xauth, std::span<const ProposalV1> answer) {
  if (answer.size() != 1 || answer[0].protocol != ikev1::kIsakmp || answer[0].transforms.size() != 1) return {};
  const auto suite = ReadSuiteV1(answer[0].transforms[0]);
  if (!suite || suite->xauth != xauth) return {};
  for (const Ikev1Policy& p : ours) {
    if (!SameSuite(p, *suite)) continue;
    SuiteV1 out = *suite;
    out.lifetime_s = static_cast<std::uint32_t>(Shorter(suite->lifetime_s, p.lifetime_s));
    return out;
  }
  return {};
}

std::optional<EspSuiteV1> ReadEspV1(const TransformV1& transform) {
  EspSuiteV1 s;
  s.hash = VpnHash::kNone;
  std::uint64_t bits = 0, auth = 0, mode = 0, group = 0;
  for (const Attribute& a : transform.attributes) {
    const std::uint64_t n = a.Number().value_or(UINT64_MAX);
    if (a.type == kEspKeyLength) bits = n;
    if (a.type == kEspAuth) auth = n;
    if (a.type == kEncapsulation) mode = n;
    if (a.type == kPfsGroup) group = n;
  }
  if (bits > 65535 || auth > 65535 || group > 65535) return {};
  const auto cipher = CipherOfEspV1(transform.id, static_cast<std::uint16_t>(bits));
  if (!cipher) return {};
  s.cipher = *cipher;
  if (auth != 0) {
    const auto hash = HashOfEspV1(static_cast<std::uint16_t>(auth));
    if (!hash) return {};
    s.hash = *hash;
  }
  if (group != 0 && !HasDhGroup(static_cast<std::uint16_t>(group))) return {};
  s.pfs_group = static_cast<std::uint16_t>(group);
  switch (mode) {
    case 0:  // RFC 2407 4.5: a default that is the implementation's business
    case kTunnel:
      break;
    case kTransport:
      s.transport = true;
      break;
    case kUdpTunnel:
    case kUdpTunnelDraft:
      s.udp = true;
      break;
    case kUdpTransport:
    case kUdpTransportDraft:
      s.udp = s.transport = true;
      break;
    default:
      return {};
  }
  const Lifetimes life = ReadLifetimes(transform.attributes, kSaLifeType, kSaLifeDuration);
  if (!life.good) return {};
  s.lifetime_s = life.seconds;
  s.lifetime_kb = life.kilobytes;
  return s;
}

OfferV1 OfferEspV1(const EspOfferV1& offer) {
  OfferV1 out;
  std::vector<std::uint8_t> spi(4);
  StoreBe32(spi.data(), offer.spi);
  const Bytes spi_bytes = out.Own(std::move(spi));
  for (const EspProposal& set : offer.sets) {
    for (const VpnCipher cipher : set.ciphers) {
      const CipherTraits& traits = TraitsOf(cipher);
      std::vector<VpnHash> hashes = set.integrity;
      if (hashes.empty()) hashes.push_back(VpnHash::kNone);
      for (const VpnHash hash : hashes) {
        if (traits.esp_v1 == 0 || out.proposals.size() == 32) continue;
        AttributeWriter a;
        if (offer.lifetime_s != 0) a.Basic(kSaLifeType, kSeconds).Number32(kSaLifeDuration, Cap32(offer.lifetime_s));
        if (offer.lifetime_kb != 0) a.Basic(kSaLifeType, kKilobytes).Number32(kSaLifeDuration, Cap32(offer.lifetime_kb));
        std::uint16_t mode = set.transport ? kTransport : kTunnel;
        if (offer.udp == NatTraversal::kRfc) mode = set.transport ? kUdpTransport : kUdpTunnel;
        if (offer.udp == NatTraversal::kDraft02 || offer.udp == NatTraversal::kDraft03) {
          mode = set.transport ? kUdpTransportDraft : kUdpTunnelDraft;
        }
        a.Basic(kEncapsulation, mode);
        if (offer.pfs_group != 0) a.Basic(kPfsGroup, offer.pfs_group);
        if (hash != VpnHash::kNone) a.Basic(kEspAuth, TraitsOf(hash).esp_v1);
        if (traits.key_bits != 0) a.Basic(kEspKeyLength, traits.key_bits);
        TransformV1 t;
        t.number = 1;
        t.id = static_cast<std::uint8_t>(traits.esp_v1);
        t.raw = out.Own(a.Take());
        ProposalV1 p;
        p.number = static_cast<std::uint8_t>(out.proposals.size() + 1);
        p.protocol = ikev1::kEsp;
        p.spi = spi_bytes;
        p.transforms.push_back(t);
        out.proposals.push_back(std::move(p));
      }
    }
  }
  return out;
}

std::optional<ChosenEspV1> ChooseEspV1(std::span<const EspProposal> ours, std::uint16_t pfs_group, bool udp,
                                       std::span<const ProposalV1> offered) {
  // A number that several proposals share stands for all of them at once (with AH or compression): not spoken here.
  const auto alone = [&](const ProposalV1& p) {
    return std::count_if(offered.begin(), offered.end(), [&](const ProposalV1& q) { return q.number == p.number; }) == 1;
  };
  for (std::size_t i = 0; i < ours.size(); ++i) {
    for (const ProposalV1& p : offered) {
      if (p.protocol != ikev1::kEsp || p.spi.size() != 4 || LoadBe32(p.spi.data()) < 256 || !alone(p)) continue;
      for (const TransformV1& t : p.transforms) {
        const auto suite = ReadEspV1(t);
        if (!suite) continue;
        const EspProposal& set = ours[i];
        const bool cipher = std::find(set.ciphers.begin(), set.ciphers.end(), suite->cipher) != set.ciphers.end();
        const bool hash = set.integrity.empty()
                              ? suite->hash == VpnHash::kNone
                              : std::find(set.integrity.begin(), set.integrity.end(), suite->hash) != set.integrity.end();
        if (!cipher || !hash || suite->transport != set.transport) continue;
        if (pfs_group != 0 && suite->pfs_group != pfs_group) continue;
        if (suite->udp && !udp) continue;
        ChosenEspV1 chosen;
        chosen.suite = *suite;
        chosen.set = i;
        chosen.spi = LoadBe32(p.spi.data());
        chosen.answer.number = p.number;
        chosen.answer.protocol = p.protocol;
        chosen.answer.transforms.push_back(t);
        return chosen;
      }
    }
  }
  return {};
}

}  // namespace sallyport
