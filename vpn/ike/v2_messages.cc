#include "vpn/ike/v2_messages.h"

#include <algorithm>

#include "vpn/crypto/certificates.h"
#include "vpn/crypto/digests.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostDeletes = 1024;

using ikev2::Payload;

constexpr PayloadRule kInitRules[] = {
    {ikev2::kSa, 1, 1},      {ikev2::kKe, 1, 1},      {ikev2::kNonce, 1, 1},         {ikev2::kNotify, 0, 32},
    {ikev2::kVendor, 0, 32}, {ikev2::kCertReq, 0, 8}, {ikev2::kConfiguration, 0, 1},
};
// AUTH, SA and selectors may be missing in messages of EAP: v2_auth.cc demands them where they are due.
constexpr PayloadRule kAuthRequestRules[] = {
    {ikev2::kIdI, 0, 1},
    {ikev2::kIdR, 0, 1},
    {ikev2::kCert, 0, 16},
    {ikev2::kCertReq, 0, 16},
    {ikev2::kAuthentication, 0, 1},
    {ikev2::kSa, 0, 1},
    {ikev2::kTsI, 0, 1},
    {ikev2::kTsR, 0, 1},
    {ikev2::kConfiguration, 0, 1},
    {ikev2::kNotify, 0, 32},
    {ikev2::kVendor, 0, 32},
    {ikev2::kEap, 0, 1},
};
constexpr PayloadRule kAuthResponseRules[] = {
    {ikev2::kIdR, 0, 1},     {ikev2::kCert, 0, 16}, {ikev2::kAuthentication, 0, 1}, {ikev2::kSa, 0, 1},
    {ikev2::kTsI, 0, 1},     {ikev2::kTsR, 0, 1},   {ikev2::kConfiguration, 0, 1},  {ikev2::kNotify, 0, 32},
    {ikev2::kVendor, 0, 32}, {ikev2::kEap, 0, 1},
};
constexpr PayloadRule kCreateRules[] = {
    {ikev2::kSa, 1, 1},  {ikev2::kNonce, 1, 1},   {ikev2::kKe, 0, 1},     {ikev2::kTsI, 0, 1},
    {ikev2::kTsR, 0, 1}, {ikev2::kNotify, 0, 32}, {ikev2::kVendor, 0, 8}, {ikev2::kConfiguration, 0, 1},
};
constexpr PayloadRule kInformationalRules[] = {
    {ikev2::kNotify, 0, 32},
    {ikev2::kDelete, 0, 8},
    {ikev2::kConfiguration, 0, 1},
    {ikev2::kVendor, 0, 8},
};
constexpr PayloadRule kErrorRules[] = {{ikev2::kNotify, 1, 32}, {ikev2::kVendor, 0, 32}};

bool Known(std::uint8_t type) { return (type >= ikev2::kSa && type <= ikev2::kEap) || type == ikev2::kFragment; }

}  // namespace

std::optional<NotifyV2> ReadNotifyV2(Bytes body) {
  if (body.size() < 4) return {};
  NotifyV2 n;
  n.protocol = body[0];
  const std::size_t spi = body[1];
  n.type = LoadBe16(body.data() + 2);
  if (body.size() < 4 + spi) return {};
  n.spi = body.subspan(4, spi);
  n.data = body.subspan(4 + spi);
  return n;
}

void AddNotifyV2(ChainWriter& out, std::uint8_t protocol, std::uint16_t type, Bytes data, Bytes spi) {
  out.Begin(ikev2::kNotify);
  out.U8(protocol);
  out.U8(static_cast<std::uint8_t>(spi.size()));
  out.U16(type);
  out.Put(spi);
  out.Put(data);
  out.End();
}

std::string NotifyNameV2(std::uint16_t type) {
  switch (type) {
    case ikev2::kUnsupportedCriticalPayload:
      return "UNSUPPORTED_CRITICAL_PAYLOAD";
    case ikev2::kInvalidIkeSpi:
      return "INVALID_IKE_SPI";
    case ikev2::kInvalidMajorVersion:
      return "INVALID_MAJOR_VERSION";
    case ikev2::kInvalidSyntax:
      return "INVALID_SYNTAX";
    case ikev2::kInvalidMessageId:
      return "INVALID_MESSAGE_ID";
    case ikev2::kInvalidSpi:
      return "INVALID_SPI";
    case ikev2::kNoProposalChosen:
      return "NO_PROPOSAL_CHOSEN";
    case ikev2::kInvalidKePayload:
      return "INVALID_KE_PAYLOAD";
    case ikev2::kAuthenticationFailed:
      return "AUTHENTICATION_FAILED";
    case ikev2::kSinglePairRequired:
      return "SINGLE_PAIR_REQUIRED";
    case ikev2::kNoAdditionalSas:
      return "NO_ADDITIONAL_SAS";
    case ikev2::kInternalAddressFailure:
      return "INTERNAL_ADDRESS_FAILURE";
    case ikev2::kFailedCpRequired:
      return "FAILED_CP_REQUIRED";
    case ikev2::kTsUnacceptable:
      return "TS_UNACCEPTABLE";
    case ikev2::kInvalidSelectors:
      return "INVALID_SELECTORS";
    case ikev2::kTemporaryFailure:
      return "TEMPORARY_FAILURE";
    case ikev2::kChildSaNotFound:
      return "CHILD_SA_NOT_FOUND";
    case ikev2::kInitialContact:
      return "INITIAL_CONTACT";
    case ikev2::kSetWindowSize:
      return "SET_WINDOW_SIZE";
    case ikev2::kAdditionalTsPossible:
      return "ADDITIONAL_TS_POSSIBLE";
    case ikev2::kNatDetectionSource:
      return "NAT_DETECTION_SOURCE_IP";
    case ikev2::kNatDetectionDestination:
      return "NAT_DETECTION_DESTINATION_IP";
    case ikev2::kCookie:
      return "COOKIE";
    case ikev2::kUseTransportMode:
      return "USE_TRANSPORT_MODE";
    case ikev2::kRekeySa:
      return "REKEY_SA";
    case ikev2::kEspTfcPaddingNotSupported:
      return "ESP_TFC_NO_SUPPORT";
    case ikev2::kNonFirstFragmentsAlso:
      return "NON_FIRST_FRAGS";
    case ikev2::kMobikeSupported:
      return "MOBIKE_SUPPORTED";
    case ikev2::kFragmentationSupported:
      return "IKEV2_FRAGMENTATION_SUPPORTED";
    case ikev2::kSignatureHashAlgorithms:
      return "SIGNATURE_HASH_ALGORITHMS";
    default:
      return "Unknown - " + std::to_string(type);
  }
}

std::optional<DeleteV2> ReadDeleteV2(Bytes body) {
  if (body.size() < 4) return {};
  DeleteV2 d;
  d.protocol = body[0];
  const std::size_t size = body[1], count = LoadBe16(body.data() + 2);
  if (count > kMostDeletes || body.size() != 4 + size * count) return {};
  if (d.protocol == ikev2::kIke) return count == 0 || size == 0 ? std::optional(d) : std::nullopt;
  if (size != 4) return {};
  for (std::size_t i = 0; i < count; ++i) d.spis.push_back(LoadBe32(body.data() + 4 + 4 * i));
  return d;
}

void AddDeleteV2(ChainWriter& out, std::uint8_t protocol, std::span<const std::uint32_t> spis) {
  out.Begin(ikev2::kDelete);
  out.U8(protocol);
  out.U8(protocol == ikev2::kIke ? 0 : 4);
  out.U16(static_cast<std::uint16_t>(spis.size()));
  for (const std::uint32_t spi : spis) out.U32(spi);
  out.End();
}

std::optional<KeV2> ReadKeV2(Bytes body) {
  if (body.size() < 5) return {};
  return KeV2{LoadBe16(body.data()), body.subspan(4)};
}

void AddKeV2(ChainWriter& out, std::uint16_t group, Bytes data) {
  out.Begin(ikev2::kKe);
  out.U16(group);
  out.U16(0);
  out.Put(data);
  out.End();
}

std::optional<AuthV2> ReadAuthV2(Bytes body) {
  if (body.size() < 5) return {};
  return AuthV2{body[0], body.subspan(4)};
}

void AddAuthV2(ChainWriter& out, std::uint8_t method, Bytes data) {
  out.Begin(ikev2::kAuthentication);
  out.U8(method);
  out.Zeros(3);
  out.Put(data);
  out.End();
}

std::vector<std::uint8_t> IdV2::Body() const {
  std::vector<std::uint8_t> out{type, 0, 0, 0};
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

std::string IdV2::Text() const {
  switch (type) {
    case ikev2::kIdIpv4:
      return IpAddress::FromV4Bytes(data.data()).ToString();
    case ikev2::kIdIpv6:
      return IpAddress::FromV6Bytes(data.data()).ToString();
    case ikev2::kIdDn:
      if (auto text = NameText(data)) return *text;
      return "*$unknown$*";
    default: {
      // What a peer calls itself ends up on consoles: nothing but printable characters.
      std::string text;
      for (const std::uint8_t c : data) text += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '.';
      return text;
    }
  }
}

const char* IdV2::TypeText() const {
  switch (type) {
    case ikev2::kIdIpv4:
      return "IPv4 address";
    case ikev2::kIdIpv6:
      return "IPv6 address";
    case ikev2::kIdFqdn:
      return "FQDN";
    case ikev2::kIdRfc822:
      return "RFC822 address";
    case ikev2::kIdDn:
      return "DER ASN1 DN";
    case ikev2::kIdKeyId:
      return "key ID";
    default:
      return "unknown";
  }
}

std::optional<IdV2> ReadIdV2(Bytes body) {
  if (body.size() < 5 || body.size() > 4096) return {};
  IdV2 id;
  id.type = body[0];
  const Bytes data = body.subspan(4);
  if ((id.type == ikev2::kIdIpv4 && data.size() != 4) || (id.type == ikev2::kIdIpv6 && data.size() != 16)) return {};
  id.data.assign(data.begin(), data.end());
  return id;
}

std::optional<CertV2> ReadCertV2(Bytes body) {
  if (body.empty()) return {};
  return CertV2{body[0], body.subspan(1)};
}

std::vector<std::uint8_t> NatHashV2(std::uint64_t spi_i, std::uint64_t spi_r, const Endpoint& at) {
  std::uint8_t b[16 + 16 + 2];
  StoreBe64(b, spi_i);
  StoreBe64(b + 8, spi_r);
  std::size_t size = 16;
  if (at.address.IsV4()) {
    at.address.StoreV4(b + size);
    size += 4;
  } else {
    at.address.StoreV6(b + size);
    size += 16;
  }
  StoreBe16(b + size, at.port);
  return Hash(VpnHash::kSha1, {Bytes(b, size + 2)});
}

std::optional<std::uint8_t> UnknownCriticalV2(std::span<const RawPayload> payloads) {
  for (const RawPayload& p : payloads) {
    if (p.critical && !Known(p.type)) return p.type;
  }
  return {};
}

std::optional<NotifyV2> ErrorNotifyV2(std::span<const RawPayload> payloads) {
  for (const RawPayload& p : payloads) {
    if (p.type != ikev2::kNotify) continue;
    const auto n = ReadNotifyV2(p.body);
    if (n && n->type < ikev2::kFirstStatus) return n;
  }
  return {};
}

std::optional<NotifyV2> FindNotifyV2(std::span<const RawPayload> payloads, std::uint16_t type) {
  for (const RawPayload& p : payloads) {
    if (p.type != ikev2::kNotify) continue;
    const auto n = ReadNotifyV2(p.body);
    if (n && n->type == type) return n;
  }
  return {};
}

std::optional<std::string> CheckV2(std::uint8_t exchange, bool response, std::span<const RawPayload> payloads) {
  for (const RawPayload& p : payloads) {
    if (p.type == ikev2::kNotify && !ReadNotifyV2(p.body)) return "a notification is cut off";
    if (p.type == ikev2::kDelete && !ReadDeleteV2(p.body)) return "a deletion is malformed";
    if (p.type == ikev2::kNonce && (p.body.size() < ikev2::kLeastNonce || p.body.size() > ikev2::kMostNonce))
      return "a nonce has a wrong length";
  }
  // Answers that refuse have no more than the refusal; so has the one that asks for a cookie.
  if (response && FindPayload(payloads, ikev2::kSa) == nullptr && exchange != ikev2::kInformational &&
      exchange != ikev2::kAuth)
    return CheckPayloads(kErrorRules, payloads, UnknownPayloads::kRefuseCritical);
  switch (exchange) {
    case ikev2::kInit:
      return CheckPayloads(kInitRules, payloads, UnknownPayloads::kRefuseCritical);
    case ikev2::kAuth:
      return response ? CheckPayloads(kAuthResponseRules, payloads, UnknownPayloads::kRefuseCritical)
                      : CheckPayloads(kAuthRequestRules, payloads, UnknownPayloads::kRefuseCritical);
    case ikev2::kCreateChild:
      return CheckPayloads(kCreateRules, payloads, UnknownPayloads::kRefuseCritical);
    case ikev2::kInformational:
      return CheckPayloads(kInformationalRules, payloads, UnknownPayloads::kRefuseCritical);
    default:
      return "unknown exchange";
  }
}

std::string PayloadListV2(std::span<const RawPayload> payloads) {
  std::string out;
  for (const RawPayload& p : payloads) {
    if (!out.empty()) out += ' ';
    switch (p.type) {
      case ikev2::kSa:
        out += "SA";
        break;
      case ikev2::kKe:
        out += "KE";
        break;
      case ikev2::kIdI:
        out += "IDi";
        break;
      case ikev2::kIdR:
        out += "IDr";
        break;
      case ikev2::kCert:
        out += "CERT";
        break;
      case ikev2::kCertReq:
        out += "CERTREQ";
        break;
      case ikev2::kAuthentication:
        out += "AUTH";
        break;
      case ikev2::kNonce:
        out += "N";
        break;
      case ikev2::kNotify: {
        const auto n = ReadNotifyV2(p.body);
        out += "NOTIFY(" + (n ? NotifyNameV2(n->type) : std::string("?")) + ")";
        break;
      }
      case ikev2::kDelete:
        out += "DELETE";
        break;
      case ikev2::kVendor:
        out += "VID";
        break;
      case ikev2::kTsI:
        out += "TSi";
        break;
      case ikev2::kTsR:
        out += "TSr";
        break;
      case ikev2::kEncrypted:
        out += "ENCR";
        break;
      case ikev2::kConfiguration:
        out += "CFG";
        break;
      case ikev2::kEap:
        out += "EAP";
        break;
      case ikev2::kFragment:
        out += "SKF";
        break;
      default:
        out += "Unknown(" + std::to_string(p.type) + ")";
    }
  }
  return out;
}

const char* ExchangeNameV2(std::uint8_t exchange) {
  switch (exchange) {
    case ikev2::kInit:
      return "IKE_SA_INIT";
    case ikev2::kAuth:
      return "IKE_AUTH";
    case ikev2::kCreateChild:
      return "CREATE_CHILD_SA";
    case ikev2::kInformational:
      return "INFORMATIONAL";
    default:
      return "Unknown";
  }
}

}  // namespace sallyport
