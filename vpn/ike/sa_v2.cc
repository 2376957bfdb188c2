#include "vpn/ike/sa_v2.h"

#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/library.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/attributes.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostProposalsV2 = 64, kMostTransformsV2 = 512;

bool Known(VpnCipher c) { return c == VpnCipher::kNone || CryptoLibrary::Get().Cipher(c) != nullptr; }

// GMAC is no cipher of IKE.
bool ForIke(VpnCipher c) {
  const CipherTraits& t = TraitsOf(c);
  return t.ikev2 != 0 && Known(c) && c != VpnCipher::kAesGmac128 && c != VpnCipher::kAesGmac192 &&
         c != VpnCipher::kAesGmac256;
}

TransformV2 EncrOf(VpnCipher c) {
  if (c == VpnCipher::kNone) return {ikev2::kEncr, ikev2::kEncrNull, 0};
  return {ikev2::kEncr, TraitsOf(c).ikev2, TraitsOf(c).key_bits};
}

bool Has(const ProposalV2& p, const TransformV2& wanted) {
  return std::find(p.transforms.begin(), p.transforms.end(), wanted) != p.transforms.end();
}

bool HasType(const ProposalV2& p, std::uint8_t type) {
  return std::any_of(p.transforms.begin(), p.transforms.end(), [&](const TransformV2& t) { return t.type == type; });
}

// Nothing of that type, or the one that says "none".
bool HasNone(const ProposalV2& p, std::uint8_t type) { return !HasType(p, type) || Has(p, {type, 0, 0}); }

// A type that we do not know must be chosen from by the rules of 3.3.6: so the proposal cannot be taken.
bool OnlyKnownTypes(const ProposalV2& p) {
  return std::all_of(p.transforms.begin(), p.transforms.end(),
                     [](const TransformV2& t) { return t.type >= ikev2::kEncr && t.type <= ikev2::kEsn; });
}

bool SpiFits(const ProposalV2& p) { return p.protocol == ikev2::kEsp && p.spi.size() == 4 && LoadBe32(p.spi.data()) >= 256; }

// The parts of a chosen proposal must be one of each kind.
const TransformV2* Only(const ProposalV2& p, std::uint8_t type) {
  const TransformV2* found = nullptr;
  for (const TransformV2& t : p.transforms) {
    if (t.type != type) continue;
    if (found != nullptr) return nullptr;
    found = &t;
  }
  return found;
}

// Equal, or not there at all: a responder may leave out what says "none".
bool Says(const ProposalV2& p, std::uint8_t type, std::uint16_t id) {
  if (!HasType(p, type)) return id == 0;
  const TransformV2* t = Only(p, type);
  return t != nullptr && t->id == id;
}

std::optional<ChildSuiteV2> Match(const EspProposal& our, VpnCipher c, const ProposalV2& p) {
  if (!Known(c) || !Has(p, EncrOf(c))) return {};
  ChildSuiteV2 s;
  s.cipher = c;
  s.number = p.number;
  s.transport = our.transport;
  if (TraitsOf(c).aead || our.integrity.empty()) {
    if (!HasNone(p, ikev2::kInteg)) return {};
    s.integrity = VpnHash::kNone;
    return TraitsOf(c).aead ? std::optional(s) : std::nullopt;  // ESP that protects nothing at all is not spoken
  }
  for (const VpnHash h : our.integrity) {
    if (h == VpnHash::kNone || !Has(p, {ikev2::kInteg, TraitsOf(h).integrity, 0})) continue;
    s.integrity = h;
    return s;
  }
  return {};
}

}  // namespace

Result<std::vector<ProposalV2>> ReadSaV2(Bytes body) {
  std::vector<ProposalV2> out;
  std::size_t transforms = 0;
  Reader in(body);
  bool more = true;
  while (more) {
    if (out.size() == kMostProposalsV2) return Error{"too many proposals"};
    const auto last = in.U8(), reserved = in.U8();
    const auto length = in.U16();
    if (!last || !reserved || !length || *length < 8) return Error{"a proposal is cut off"};
    auto sub = in.Sub(*length - std::size_t{4});
    if (!sub) return Error{"a proposal is longer than its payload"};
    ProposalV2 p;
    p.number = *sub->U8();
    p.protocol = *sub->U8();
    const std::uint8_t spi = *sub->U8();
    std::uint8_t count = *sub->U8();
    // An answer has the number of the proposal that it takes (RFC 7296 3.3.1), so the first need not be 1.
    if (p.number == 0 || (!out.empty() && p.number != out.back().number + 1))
      return Error{"proposals are not numbered one after another"};
    const auto spi_bytes = sub->Sub(spi);
    if (!spi_bytes) return Error{"an SPI is cut off"};
    p.spi.assign(spi_bytes->rest().begin(), spi_bytes->rest().end());
    for (; count > 0; --count) {
      if (++transforms > kMostTransformsV2) return Error{"too many transforms"};
      const auto t_last = sub->U8(), t_reserved = sub->U8();
      const auto t_length = sub->U16();
      if (!t_last || !t_reserved || !t_length || *t_length < 8) return Error{"a transform is cut off"};
      if (*t_last != 0 && *t_last != 3) return Error{"a transform's last field is neither 0 nor 3"};
      if ((*t_last == 0) != (count == 1)) return Error{"the number of transforms is wrong"};
      auto t_sub = sub->Sub(*t_length - std::size_t{4});
      if (!t_sub) return Error{"a transform is longer than its proposal"};
      TransformV2 t;
      t.type = *t_sub->U8();
      t_sub->Skip(1);
      t.id = *t_sub->U16();
      const auto attributes = ReadAttributes(t_sub->rest());
      if (!attributes) return Error{attributes.error()};
      for (const Attribute& a : *attributes) {
        if (a.type == ikev2::kKeyLength && a.basic() && t.key_bits == 0) {
          t.key_bits = std::get<std::uint16_t>(a.value);
        } else {
          t.strange_attribute = true;
        }
      }
      p.transforms.push_back(t);
    }
    if (sub->left() != 0) return Error{"bytes behind a proposal's transforms"};
    out.push_back(std::move(p));
    more = *last != 0;
    if (*last != 0 && *last != 2) return Error{"a proposal's last field is neither 0 nor 2"};
  }
  if (in.left() != 0) return Error{"bytes behind the last proposal"};
  return out;
}

void AddSaV2(ChainWriter& out, std::span<const ProposalV2> proposals) {
  out.Begin(ikev2::kSa);
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const ProposalV2& p = proposals[i];
    std::size_t length = 8 + p.spi.size();
    for (const TransformV2& t : p.transforms) length += t.key_bits != 0 ? 12 : 8;
    out.U8(i + 1 == proposals.size() ? 0 : 2);
    out.U8(0);
    out.U16(static_cast<std::uint16_t>(length));
    out.U8(p.number);
    out.U8(p.protocol);
    out.U8(static_cast<std::uint8_t>(p.spi.size()));
    out.U8(static_cast<std::uint8_t>(p.transforms.size()));
    out.Put(p.spi);
    for (std::size_t k = 0; k < p.transforms.size(); ++k) {
      const TransformV2& t = p.transforms[k];
      out.U8(k + 1 == p.transforms.size() ? 0 : 3);
      out.U8(0);
      out.U16(t.key_bits != 0 ? 12 : 8);
      out.U8(t.type);
      out.U8(0);
      out.U16(t.id);
      if (t.key_bits != 0) {
        out.U16(0x8000 | ikev2::kKeyLength);
        out.U16(t.key_bits);
      }
    }
  }
  out.End();
}

std::vector<ProposalV2> IkeProposalsV2(std::span<const Ikev2Policy> policies, Bytes spi) {
  std::vector<ProposalV2> out;
  for (const Ikev2Policy& policy : policies) {
    // Combined ciphers have no integrity beside them, so a policy with both kinds becomes two proposals.
    for (const bool aead : {false, true}) {
      ProposalV2 p;
      p.number = static_cast<std::uint8_t>(out.size() + 1);
      p.protocol = ikev2::kIke;
      p.spi.assign(spi.begin(), spi.end());
      for (const VpnCipher c : policy.ciphers) {
        if (ForIke(c) && TraitsOf(c).aead == aead) p.transforms.push_back(EncrOf(c));
      }
      if (p.transforms.empty()) continue;
      std::size_t parts = p.transforms.size();
      for (const VpnHash h : policy.prfs) {
        if (h != VpnHash::kNone) p.transforms.push_back({ikev2::kPrf, TraitsOf(h).prf, 0});
      }
      if (p.transforms.size() == parts) continue;
      parts = p.transforms.size();
      if (!aead) {
        for (const VpnHash h : policy.integrity) {
          if (h != VpnHash::kNone) p.transforms.push_back({ikev2::kInteg, TraitsOf(h).integrity, 0});
        }
        if (p.transforms.size() == parts) continue;
      }
      parts = p.transforms.size();
      for (const std::uint16_t g : policy.groups) {
        if (HasDhGroup(g)) p.transforms.push_back({ikev2::kGroup, g, 0});
      }
      if (p.transforms.size() == parts || out.size() == kMostProposalsV2 || p.transforms.size() > 255) continue;
      out.push_back(std::move(p));
    }
  }
  return out;
}

std::optional<SuiteV2> ChooseIkeV2(std::span<const Ikev2Policy> policies, std::span<const ProposalV2> offered) {
  for (const Ikev2Policy& policy : policies) {
    for (const ProposalV2& p : offered) {
      if (p.protocol != ikev2::kIke || !OnlyKnownTypes(p)) continue;
      SuiteV2 s;
      s.number = p.number;
      s.lifetime_s = policy.lifetime_s;
      const auto prf = std::find_if(policy.prfs.begin(), policy.prfs.end(), [&](VpnHash h) {
        return h != VpnHash::kNone && Has(p, {ikev2::kPrf, TraitsOf(h).prf, 0});
      });
      const auto group = std::find_if(policy.groups.begin(), policy.groups.end(), [&](std::uint16_t g) {
        return HasDhGroup(g) && Has(p, {ikev2::kGroup, g, 0});
      });
      if (prf == policy.prfs.end() || group == policy.groups.end() || !HasNone(p, ikev2::kEsn)) continue;
      s.prf = *prf;
      s.group = *group;
      for (const VpnCipher c : policy.ciphers) {
        if (!ForIke(c) || !Has(p, EncrOf(c))) continue;
        s.cipher = c;
        if (TraitsOf(c).aead) {
          if (!HasNone(p, ikev2::kInteg)) continue;
          s.integrity = VpnHash::kNone;
          return s;
        }
        for (const VpnHash h : policy.integrity) {
          if (h == VpnHash::kNone || !Has(p, {ikev2::kInteg, TraitsOf(h).integrity, 0})) continue;
          s.integrity = h;
          return s;
        }
      }
    }
  }
  return {};
}

std::optional<SuiteV2> AcceptIkeV2(std::span<const Ikev2Policy> policies, std::span<const ProposalV2> answer) {
  if (answer.size() != 1) return {};
  const ProposalV2& p = answer[0];
  const TransformV2 *encr = Only(p, ikev2::kEncr), *prf = Only(p, ikev2::kPrf), *group = Only(p, ikev2::kGroup);
  if (encr == nullptr || prf == nullptr || group == nullptr) return {};
  if (HasType(p, ikev2::kInteg) && Only(p, ikev2::kInteg) == nullptr) return {};
  // An answer with one transform of each kind is a proposal with no choice in it.
  ProposalV2 as_offer = p;
  return ChooseIkeV2(policies, std::span<const ProposalV2>(&as_offer, 1));
}

std::vector<ProposalV2> EspProposalsV2(std::span<const EspProposal> ours, std::uint16_t group, std::uint32_t spi) {
  std::vector<ProposalV2> out;
  for (const EspProposal& our : ours) {
    for (const bool aead : {false, true}) {
      ProposalV2 p;
      p.number = static_cast<std::uint8_t>(out.size() + 1);
      p.protocol = ikev2::kEsp;
      p.spi.resize(4);
      StoreBe32(p.spi.data(), spi);
      for (const VpnCipher c : our.ciphers) {
        if (Known(c) && TraitsOf(c).aead == aead) p.transforms.push_back(EncrOf(c));
      }
      if (p.transforms.empty()) continue;
      const std::size_t parts = p.transforms.size();
      if (!aead) {
        for (const VpnHash h : our.integrity) {
          if (h != VpnHash::kNone) p.transforms.push_back({ikev2::kInteg, TraitsOf(h).integrity, 0});
        }
        if (p.transforms.size() == parts) continue;
      }
      if (group != 0) p.transforms.push_back({ikev2::kGroup, group, 0});
      p.transforms.push_back({ikev2::kEsn, 0, 0});
      if (out.size() == kMostProposalsV2 || p.transforms.size() > 255) continue;
      out.push_back(std::move(p));
    }
  }
  return out;
}

std::optional<ChildSuiteV2> ChooseEspV2(std::span<const EspProposal> ours, std::uint16_t group, bool exchange,
                                        std::span<const ProposalV2> offered) {
  for (const EspProposal& our : ours) {
    for (const ProposalV2& p : offered) {
      if (!SpiFits(p) || !OnlyKnownTypes(p) || HasType(p, ikev2::kPrf) || !HasNone(p, ikev2::kEsn)) continue;
      std::uint16_t chosen = 0;
      if (!exchange) {
        // RFC 7296 1.2: a group has no meaning here, but initiators that repeat a later proposal name one.
      } else if (group != 0) {
        if (!Has(p, {ikev2::kGroup, group, 0})) continue;
        chosen = group;
      } else if (!HasNone(p, ikev2::kGroup)) {
        const auto known = std::find_if(p.transforms.begin(), p.transforms.end(),
                                        [](const TransformV2& t) { return t.type == ikev2::kGroup && HasDhGroup(t.id); });
        if (known == p.transforms.end()) continue;
        chosen = known->id;
      }
      for (const VpnCipher c : our.ciphers) {
        auto s = Match(our, c, p);
        if (!s) continue;
        s->group = chosen;
        s->spi = LoadBe32(p.spi.data());
        return s;
      }
    }
  }
  return {};
}

std::optional<ChildSuiteV2> AcceptEspV2(std::span<const EspProposal> ours, std::uint16_t group,
                                        std::span<const ProposalV2> answer) {
  if (answer.size() != 1) return {};
  const ProposalV2& p = answer[0];
  if (!SpiFits(p) || Only(p, ikev2::kEncr) == nullptr || !Says(p, ikev2::kGroup, group) || !Says(p, ikev2::kEsn, 0))
    return {};
  if (HasType(p, ikev2::kInteg) && Only(p, ikev2::kInteg) == nullptr) return {};
  for (const EspProposal& our : ours) {
    for (const VpnCipher c : our.ciphers) {
      auto s = Match(our, c, p);
      if (!s) continue;
      s->group = group;
      s->spi = LoadBe32(p.spi.data());
      return s;
    }
  }
  return {};
}

std::string TransformNameV2(const TransformV2& t) {
  const std::string number = std::to_string(t.id);
  switch (t.type) {
    case ikev2::kEncr: {
      const std::string bits = t.key_bits != 0 ? "-" + std::to_string(t.key_bits) : "";
      switch (t.id) {
        case 2:
          return "DES";
        case 3:
          return "3DES";
        case 11:
          return "NULL";
        case 12:
          return "AES-CBC" + bits;
        case 20:
          return "AES-GCM" + bits;
        case 21:
          return "AES-GMAC" + bits;
        default:
          return "Unknown - " + number;
      }
    }
    case ikev2::kPrf:
    case ikev2::kInteg: {
      const auto hash = t.type == ikev2::kPrf ? HashOfPrf(t.id) : HashOfIntegrity(t.id);
      const std::string suffix = t.type == ikev2::kPrf ? "" : "96";
      if (!hash) return t.id == 0 ? "None" : "Unknown - " + number;
      switch (*hash) {
        case VpnHash::kMd5:
          return "MD5" + suffix;
        case VpnHash::kSha1:
          return t.type == ikev2::kPrf ? "SHA1" : "SHA96";
        case VpnHash::kSha256:
          return "SHA256";
        case VpnHash::kSha384:
          return "SHA384";
        case VpnHash::kSha512:
          return "SHA512";
        case VpnHash::kNone:
          return "None";
      }
      return number;
    }
    case ikev2::kGroup:
      switch (t.id) {
        case 1:
          return "DH_GROUP_768_MODP/Group 1";
        case 2:
          return "DH_GROUP_1024_MODP/Group 2";
        case 5:
          return "DH_GROUP_1536_MODP/Group 5";
        case 14:
          return "DH_GROUP_2048_MODP/Group 14";
        case 15:
          return "DH_GROUP_3072_MODP/Group 15";
        case 16:
          return "DH_GROUP_4096_MODP/Group 16";
        case 19:
          return "DH_GROUP_256_ECP/Group 19";
        case 20:
          return "DH_GROUP_384_ECP/Group 20";
        case 21:
          return "DH_GROUP_521_ECP/Group 21";
        case 24:
          return "DH_GROUP_2048_256_MODP/Group 24";
        default:
          return "DH_GROUP/Group " + number;
      }
    case ikev2::kEsn:
      return t.id == 0 ? "Don't use ESN" : "Use ESN";
    default:
      return "Unknown";
  }
}

std::string ProposalTextV2(const ProposalV2& p) {
  std::string out;
  for (const TransformV2& t : p.transforms) out += " " + TransformNameV2(t);
  return out;
}

}  // namespace sallyport
