#include "vpn/ike/payloads.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kEncryptedV2 = 46, kEncryptedFragmentV2 = 53;
constexpr std::size_t kMostSpis = 256;

}  // namespace

Result<std::vector<RawPayload>> ReadPayloads(std::uint8_t first, Bytes chain, ChainEnd end) {
  std::vector<RawPayload> out;
  std::uint8_t type = first;
  while (type != 0) {
    if (out.size() == kIkeMostPayloads) return Error{"more than 64 payloads"};
    if (chain.size() < kIkePayloadHeaderSize) return Error{"the message ends before a payload's header"};
    const std::uint8_t next = chain[0];
    const std::size_t length = LoadBe16(chain.data() + 2);
    // Version 1 demands the reserved byte to be 0, which also finds most messages that were decrypted with a wrong key.
    if (end == ChainEnd::kPadded && chain[1] != 0) return Error{"a reserved field is not 0"};
    if (length < kIkePayloadHeaderSize) return Error{"a payload is shorter than its header"};
    if (length > chain.size()) return Error{"a payload reaches behind the end of the message"};
    RawPayload p;
    p.type = type;
    p.critical = (chain[1] & 0x80) != 0;
    p.next = next;
    p.body = chain.subspan(kIkePayloadHeaderSize, length - kIkePayloadHeaderSize);
    out.push_back(p);
    chain = chain.subspan(length);
    if (end == ChainEnd::kEncrypted && (type == kEncryptedV2 || type == kEncryptedFragmentV2)) break;
    type = next;
  }
  if (end != ChainEnd::kPadded && !chain.empty()) return Error{"bytes behind the last payload"};
  return out;
}

const RawPayload* FindPayload(std::span<const RawPayload> payloads, std::uint8_t type) {
  for (const RawPayload& p : payloads) {
    if (p.type == type) return &p;
  }
  return nullptr;
}

std::optional<IkeIdV1> ReadIdV1(Bytes body) {
  if (body.size() < 4) return {};
  IkeIdV1 id;
  id.type = body[0];
  id.protocol = body[1];
  id.port = LoadBe16(body.data() + 2);
  id.data = body.subspan(4);
  std::size_t exact = 0;
  switch (id.type) {
    case ikev1::kIdIpv4:
      exact = 4;
      break;
    case ikev1::kIdIpv4Subnet:
    case ikev1::kIdIpv4Range:
      exact = 8;
      break;
    case ikev1::kIdIpv6:
      exact = 16;
      break;
    case ikev1::kIdIpv6Subnet:
    case ikev1::kIdIpv6Range:
      exact = 32;
      break;
    default:
      break;
  }
  if (exact != 0 && id.data.size() != exact) return {};
  return id;
}

std::optional<NotifyV1> ReadNotifyV1(Bytes body) {
  if (body.size() < 8) return {};
  NotifyV1 n;
  n.protocol = body[4];
  const std::size_t spi_size = body[5];
  n.type = LoadBe16(body.data() + 6);
  if (body.size() < 8 + spi_size) return {};
  n.spi = body.subspan(8, spi_size);
  n.data = body.subspan(8 + spi_size);
  return n;
}

std::optional<DeleteV1> ReadDeleteV1(Bytes body) {
  if (body.size() < 8) return {};
  DeleteV1 d;
  d.protocol = body[4];
  d.spi_size = body[5];
  const std::size_t count = LoadBe16(body.data() + 6);
  if (d.spi_size == 0 || count == 0 || count > kMostSpis || body.size() < 8 + count * d.spi_size) return {};
  for (std::size_t i = 0; i < count; ++i) d.spis.push_back(body.subspan(8 + i * d.spi_size, d.spi_size));
  d.rest = body.subspan(8 + count * d.spi_size);
  return d;
}

std::optional<FragmentV1> ReadFragmentV1(Bytes body) {
  if (body.size() < 5) return {};  // an empty piece carries nothing
  FragmentV1 f;
  f.id = LoadBe16(body.data());
  f.number = body[2];
  f.last = (body[3] & 1) != 0;
  f.data = body.subspan(4);
  if (f.number == 0) return {};
  return f;
}

std::string PayloadNameV1(std::uint8_t type) {
  const char* name = "UNKNOWN";
  switch (type) {
    case ikev1::kNone:
      name = "NONE";
      break;
    case ikev1::kSa:
      name = "SA";
      break;
    case ikev1::kProposal:
      name = "PROPOSAL";
      break;
    case ikev1::kTransform:
      name = "TRANSFORM";
      break;
    case ikev1::kKe:
      name = "KE";
      break;
    case ikev1::kId:
      name = "ID";
      break;
    case ikev1::kCert:
      name = "CERT";
      break;
    case ikev1::kCertReq:
      name = "CERT_REQ";
      break;
    case ikev1::kHash:
      name = "HASH";
      break;
    case ikev1::kSig:
      name = "SIG";
      break;
    case ikev1::kNonce:
      name = "NONCE";
      break;
    case ikev1::kNotify:
      name = "NOTIFY";
      break;
    case ikev1::kDelete:
      name = "DELETE";
      break;
    case ikev1::kVendor:
      name = "VENDOR";
      break;
    case ikev1::kAttributes:
      name = "ATTR";
      break;
    case ikev1::kNatD:
    case ikev1::kNatDDraft:
      name = "NAT-D";
      break;
    case ikev1::kNatOa:
    case ikev1::kNatOaDraft:
      name = "NAT-OA";
      break;
    case ikev1::kIosKeepalive:
      name = "IOS KEEPALIVE";
      break;
    case ikev1::kFragment:
      name = "FRAGMENT";
      break;
    default:
      break;
  }
  return std::string(name) + " (" + std::to_string(type) + ")";
}

}  // namespace sallyport
