#include "vpn/ike/v2_keys.h"

#include <string_view>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

constexpr std::string_view kKeyPad = "Key Pad for IKEv2";

Bytes OfText(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

Secret Joined(std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes p : parts) size += p.size();
  Secret out(size);
  std::size_t at = 0;
  for (const Bytes p : parts) {
    std::copy(p.begin(), p.end(), out.bytes().begin() + static_cast<std::ptrdiff_t>(at));
    at += p.size();
  }
  return out;
}

std::string Hex(Bytes b) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t v : b) {
    out += kDigits[v >> 4];
    out += kDigits[v & 15];
  }
  return out;
}

std::string Hex(std::uint64_t v) {
  std::uint8_t b[8];
  StoreBe64(b, v);
  return Hex(Bytes(b));
}

// nullptr: it knows no such thing.
const char* WiresharkCipher(VpnCipher c) {
  switch (c) {
    case VpnCipher::kNone:
      return "NULL [RFC2410]";
    case VpnCipher::k3Des:
      return "3DES [RFC2451]";
    case VpnCipher::kAes128:
      return "AES-CBC-128 [RFC3602]";
    case VpnCipher::kAes192:
      return "AES-CBC-192 [RFC3602]";
    case VpnCipher::kAes256:
      return "AES-CBC-256 [RFC3602]";
    case VpnCipher::kAesGcm128:
      return "AES-GCM-128 with 16 octet ICV [RFC5282]";
    case VpnCipher::kAesGcm192:
      return "AES-GCM-192 with 16 octet ICV [RFC5282]";
    case VpnCipher::kAesGcm256:
      return "AES-GCM-256 with 16 octet ICV [RFC5282]";
    default:
      return nullptr;
  }
}

const char* WiresharkHash(VpnHash h) {
  switch (h) {
    case VpnHash::kMd5:
      return "HMAC_MD5_96 [RFC2403]";
    case VpnHash::kSha1:
      return "HMAC_SHA1_96 [RFC2404]";
    case VpnHash::kSha256:
      return "HMAC_SHA2_256_128 [RFC4868]";
    case VpnHash::kSha384:
      return "HMAC_SHA2_384_192 [RFC4868]";
    case VpnHash::kSha512:
      return "HMAC_SHA2_512_256 [RFC4868]";
    case VpnHash::kNone:
      break;
  }
  return "NONE [RFC4306]";
}

}  // namespace

Secret SkeyseedV2(VpnHash prf, Bytes shared, Bytes ni, Bytes nr) {
  const Secret nonces = Joined({ni, nr});
  return Prf(prf, nonces.bytes(), {shared});
}

Secret SkeyseedRekeyV2(VpnHash old_prf, Bytes old_d, Bytes shared, Bytes ni, Bytes nr) {
  return Prf(old_prf, old_d, {shared, ni, nr});
}

IkeKeysV2 DeriveIkeV2(const SuiteV2& suite, Bytes skeyseed, Bytes ni, Bytes nr, std::uint64_t spi_i, std::uint64_t spi_r) {
  std::uint8_t spis[16];
  StoreBe64(spis, spi_i);
  StoreBe64(spis + 8, spi_r);
  const Secret seed = Joined({ni, nr, Bytes(spis)});
  const std::size_t p = TraitsOf(suite.prf).size, a = TraitsOf(suite.integrity).size, e = TraitsOf(suite.cipher).material();
  const Secret all = PrfPlus(suite.prf, skeyseed, seed.bytes(), 3 * p + 2 * a + 2 * e);
  std::size_t at = 0;
  const auto next = [&](std::size_t n) {
    at += n;
    return all.Slice(at - n, n);
  };
  IkeKeysV2 k;
  k.d = next(p);
  k.ai = next(a);
  k.ar = next(a);
  k.ei = next(e);
  k.er = next(e);
  k.pi = next(p);
  k.pr = next(p);
  return k;
}

ChildKeysV2 DeriveChildV2(VpnHash prf, Bytes d, Bytes shared, Bytes ni, Bytes nr, VpnCipher cipher, VpnHash integrity) {
  const Secret seed = Joined({shared, ni, nr});
  const std::size_t a = TraitsOf(integrity).size, e = TraitsOf(cipher).material();
  const Secret all = PrfPlus(prf, d, seed.bytes(), 2 * (a + e));
  ChildKeysV2 k;
  k.encryption_i = all.Slice(0, e);
  k.integrity_i = all.Slice(e, a);
  k.encryption_r = all.Slice(e + a, e);
  k.integrity_r = all.Slice(e + a + e, a);
  return k;
}

std::vector<std::uint8_t> SignedOctetsV2(VpnHash prf, Bytes message, Bytes peer_nonce, Bytes sk_p, Bytes id) {
  const Secret mac = Prf(prf, sk_p, {id});
  std::vector<std::uint8_t> out(message.begin(), message.end());
  out.insert(out.end(), peer_nonce.begin(), peer_nonce.end());
  out.insert(out.end(), mac.bytes().begin(), mac.bytes().end());
  return out;
}

Secret SharedKeyAuthV2(VpnHash prf, Bytes key, Bytes octets) {
  const Secret padded = Prf(prf, key, {OfText(kKeyPad)});
  return Prf(prf, padded.bytes(), {octets});
}

std::string KeyLineV2(const SuiteV2& suite, const IkeKeysV2& keys, std::uint64_t spi_i, std::uint64_t spi_r) {
  if (WiresharkCipher(suite.cipher) == nullptr) return {};
  return Hex(spi_i) + "," + Hex(spi_r) + "," + Hex(keys.ei.bytes()) + "," + Hex(keys.er.bytes()) + ",\"" +
         WiresharkCipher(suite.cipher) + "\"," + Hex(keys.ai.bytes()) + "," + Hex(keys.ar.bytes()) + ",\"" +
         WiresharkHash(suite.integrity) + "\"";
}

}  // namespace sallyport
