#include "vpn/key_log.h"

#include <fmt/format.h>

namespace sallyport {
namespace {

// nullptr: Wireshark knows no such thing.
const char* CipherName(VpnCipher c) {
  switch (c) {
    case VpnCipher::kNone:
      return "NULL";
    case VpnCipher::kDes:
      return "DES-CBC [RFC2405]";
    case VpnCipher::k3Des:
      return "TripleDES-CBC [RFC2451]";
    case VpnCipher::kAes128:
    case VpnCipher::kAes192:
    case VpnCipher::kAes256:
      return "AES-CBC [RFC3602]";
    case VpnCipher::kAesGcm128:
    case VpnCipher::kAesGcm192:
    case VpnCipher::kAesGcm256:
      return "AES-GCM with 16 octet ICV [RFC4106]";
    default:
      return nullptr;
  }
}

const char* HashName(VpnHash h) {
  switch (h) {
    case VpnHash::kNone:
      return "NULL";
    case VpnHash::kMd5:
      return "HMAC-MD5-96 [RFC2403]";
    case VpnHash::kSha1:
      return "HMAC-SHA-1-96 [RFC2404]";
    case VpnHash::kSha256:
      return "HMAC-SHA-256-128 [RFC4868]";
    case VpnHash::kSha384:
      return "HMAC-SHA-384-192 [RFC4868]";
    case VpnHash::kSha512:
      return "HMAC-SHA-512-256 [RFC4868]";
  }
  return nullptr;
}

std::string Key(Bytes b) {
  std::string out;
  for (const std::uint8_t v : b) out += fmt::format("{:02x}", v);
  return out.empty() ? out : "0x" + out;
}

}  // namespace

std::vector<std::string> EspKeyLines(const ChildSa& sa) {
  const char* cipher = CipherName(sa.cipher);
  const char* hash = HashName(sa.hash);
  if (cipher == nullptr || hash == nullptr) return {};
  const auto line = [&](const Endpoint& from, const Endpoint& to, std::uint32_t spi, const Secret& encryption, const Secret& integrity) {
    return fmt::format(R"("{}","{}","{}","0x{:08x}","{}","{}","{}","{}")", from.address.IsV4() ? "IPv4" : "IPv6", from.address.ToString(),
                       to.address.ToString(), spi, cipher, Key(encryption.bytes()), hash, Key(integrity.bytes()));
  };
  return {line(sa.peer, sa.local, sa.spi_in, sa.encryption_in, sa.integrity_in),
          line(sa.local, sa.peer, sa.spi_out, sa.encryption_out, sa.integrity_out)};
}

}  // namespace sallyport
