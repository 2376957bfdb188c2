#include "vpn/aaa/radius_message.h"

#include <algorithm>

#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

using namespace radius;

constexpr std::size_t kAuthenticator = 4, kDigest = 16;

// Whatever a vendor keeps in his attribute looks like attributes again, as RFC 2865 5.26 wants it; else there is nothing in it
// that we know.
void AddVendors(Bytes value, std::vector<RadiusAttribute>& out) {
  Reader in(value);
  const auto vendor = in.U32();
  if (!vendor) return;
  std::vector<RadiusAttribute> found;
  while (in.left() != 0) {
    const auto type = in.U8(), length = in.U8();
    if (!type || !length || *length < 2) return;
    const auto inner = in.Sub(*length - std::size_t{2});
    if (!inner) return;
    found.push_back({*type, inner->rest(), *vendor});
  }
  out.insert(out.end(), found.begin(), found.end());
}

RadiusAuthenticator Digest(std::initializer_list<Bytes> parts) {
  RadiusAuthenticator out{};
  const auto d = Hash(VpnHash::kMd5, parts);
  std::copy(d.begin(), d.end(), out.begin());
  return out;
}

}  // namespace

const RadiusAttribute* RadiusMessage::Find(std::uint8_t type, std::uint32_t vendor) const {
  for (const RadiusAttribute& a : attributes) {
    if (a.type == type && a.vendor == vendor) return &a;
  }
  return nullptr;
}

std::string RadiusMessage::Text(std::uint8_t type, std::uint32_t vendor) const {
  std::string out;
  for (const RadiusAttribute& a : attributes) {
    if (a.type == type && a.vendor == vendor) out.append(a.value.begin(), a.value.end());
  }
  return out;
}

std::optional<std::uint32_t> RadiusMessage::Number(std::uint8_t type, std::uint32_t vendor) const {
  const RadiusAttribute* a = Find(type, vendor);
  if (a == nullptr || a->value.size() != 4) return {};
  return LoadBe32(a->value.data());
}

std::optional<IpAddress> RadiusMessage::Address(std::uint8_t type, std::uint32_t vendor) const {
  const auto n = Number(type, vendor);
  return n ? std::optional(IpAddress::V4(*n)) : std::nullopt;
}

std::vector<std::uint8_t> RadiusMessage::Eap() const {
  std::vector<std::uint8_t> out;
  for (const RadiusAttribute& a : attributes) {
    if (a.type == kEapMessage && a.vendor == 0) out.insert(out.end(), a.value.begin(), a.value.end());
  }
  return out;
}

std::optional<RadiusMessage> ReadRadius(Bytes datagram) {
  if (datagram.size() < kHeader) return {};
  const std::size_t length = LoadBe16(datagram.data() + 2);
  if (length < kHeader || length > kLargest || length > datagram.size()) return {};
  RadiusMessage out;
  out.whole = datagram.first(length);
  out.code = datagram[0];
  out.id = datagram[1];
  Reader in(out.whole.subspan(kHeader));
  while (in.left() != 0) {
    const auto type = in.U8(), size = in.U8();
    if (!type || !size || *size < 2) return {};
    const auto value = in.Sub(*size - std::size_t{2});
    if (!value) return {};
    if (*type == kVendorSpecific) {
      AddVendors(value->rest(), out.attributes);
    } else {
      out.attributes.push_back({*type, value->rest(), 0});
    }
  }
  return out;
}

bool ResponseIsGenuine(const RadiusMessage& response, const RadiusAuthenticator& request, Bytes secret) {
  const Bytes w = response.whole;
  const auto digest = Digest({w.first(kAuthenticator), request, w.subspan(kHeader), secret});
  return SameBytes(digest, w.subspan(kAuthenticator, kDigest));
}

RadiusSignature SignatureOf(const RadiusMessage& message, const RadiusAuthenticator& request, Bytes secret) {
  const RadiusAttribute* a = message.Find(kMessageAuthenticator);
  if (a == nullptr) return RadiusSignature::kNone;
  if (a->value.size() != kDigest) return RadiusSignature::kBad;
  constexpr RadiusAuthenticator kZeros{};
  const Bytes w = message.whole;
  const auto at = static_cast<std::size_t>(a->value.data() - w.data());
  RadiusAuthenticator mac;
  Hmac(VpnHash::kMd5, secret,
       {w.first(kAuthenticator), request, w.subspan(kHeader, at - kHeader), kZeros, w.subspan(at + kDigest)}, mac);
  return SameBytes(mac, a->value) ? RadiusSignature::kGood : RadiusSignature::kBad;
}

std::vector<std::uint8_t> HidePassword(Bytes password, const RadiusAuthenticator& request, Bytes secret) {
  password = password.first(std::min(password.size(), kMostPassword));
  std::vector<std::uint8_t> out(std::max<std::size_t>((password.size() + 15) / 16 * 16, 16));
  std::copy(password.begin(), password.end(), out.begin());
  Bytes before = request;
  for (std::size_t at = 0; at < out.size(); at += 16) {
    const auto mask = Digest({secret, before});
    for (std::size_t i = 0; i < 16; i++) out[at + i] ^= mask[i];
    before = Bytes(out).subspan(at, 16);
  }
  return out;
}

Secret MppeKey(Bytes value, const RadiusAuthenticator& request, Bytes secret) {
  // Two bytes of salt, whose first bit is set; then the key's length, the key, and zeros up to whole blocks.
  if (value.size() < 2 + 16 || (value.size() - 2) % 16 != 0 || (value[0] & 0x80) == 0) return {};
  const Bytes salt = value.first(2), hidden = value.subspan(2);
  Secret plain(hidden.size());
  for (std::size_t at = 0; at < hidden.size(); at += 16) {
    auto mask = at == 0 ? Digest({secret, request, salt}) : Digest({secret, hidden.subspan(at - 16, 16)});
    for (std::size_t i = 0; i < 16; i++) plain.bytes()[at + i] = static_cast<std::uint8_t>(hidden[at + i] ^ mask[i]);
    Cleanse(mask);
  }
  const std::size_t length = plain.bytes()[0];
  if (length == 0 || length + 1 > plain.size()) return {};
  return plain.Slice(1, length);
}

// --- requests

RadiusWriter::RadiusWriter(std::uint8_t code, std::uint8_t id, const RadiusAuthenticator& authenticator) : out_(kHeader) {
  out_[0] = code;
  out_[1] = id;
  std::copy(authenticator.begin(), authenticator.end(), out_.begin() + kAuthenticator);
  if (code != kAccessRequest) return;
  signature_ = kHeader + 2;
  Add(kMessageAuthenticator, RadiusAuthenticator{});
}

void RadiusWriter::Add(std::uint8_t type, Bytes value) {
  if (value.size() > kMostValue || out_.size() + 2 + value.size() > kLargest) {
    fits_ = false;
    return;
  }
  out_.push_back(type);
  out_.push_back(static_cast<std::uint8_t>(2 + value.size()));
  out_.insert(out_.end(), value.begin(), value.end());
}

void RadiusWriter::Text(std::uint8_t type, std::string_view text) {
  Add(type, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void RadiusWriter::Number(std::uint8_t type, std::uint32_t n) {
  std::uint8_t b[4];
  StoreBe32(b, n);
  Add(type, b);
}

void RadiusWriter::Address(std::uint8_t type, IpAddress a) {
  std::uint8_t b[4];
  a.StoreV4(b);
  Add(type, b);
}

void RadiusWriter::Vendor(std::uint32_t vendor, std::uint8_t type, Bytes value) {
  std::vector<std::uint8_t> b(4);
  StoreBe32(b.data(), vendor);
  b.push_back(type);
  b.push_back(static_cast<std::uint8_t>(2 + value.size()));
  b.insert(b.end(), value.begin(), value.end());
  Add(kVendorSpecific, b);
}

void RadiusWriter::Eap(Bytes message) {
  while (!message.empty()) {
    const Bytes part = message.first(std::min(message.size(), kMostValue));
    Add(kEapMessage, part);
    message = message.subspan(part.size());
  }
}

std::vector<std::uint8_t> RadiusWriter::FinishSigned(Bytes secret) {
  if (!fits_) return {};
  StoreBe16(out_.data() + 2, static_cast<std::uint16_t>(out_.size()));
  RadiusAuthenticator mac;
  Hmac(VpnHash::kMd5, secret, {out_}, mac);
  std::copy(mac.begin(), mac.end(), out_.begin() + static_cast<std::ptrdiff_t>(signature_));
  return std::move(out_);
}

std::vector<std::uint8_t> RadiusWriter::FinishAccounting(Bytes secret) {
  if (!fits_) return {};
  StoreBe16(out_.data() + 2, static_cast<std::uint16_t>(out_.size()));
  const auto digest = Digest({out_, secret});
  std::copy(digest.begin(), digest.end(), out_.begin() + kAuthenticator);
  return std::move(out_);
}

}  // namespace sallyport
