// Ciphers and hashes of IKE and ESP. What they are called on the console is cli/vpn_names.h's, how they are numbered on the wire
// is the business of each protocol.
#pragma once

#include <cstdint>

namespace sallyport {

enum class VpnCipher : std::uint8_t {
  kNone,  // ESP: null encryption
  kDes,
  k3Des,
  kRc4,  // TLS only
  kAes128,
  kAes192,
  kAes256,
  kAesGcm128,
  kAesGcm192,
  kAesGcm256,
  kAesGmac128,  // ESP: authenticates only (RFC 4543)
  kAesGmac192,
  kAesGmac256
};
inline constexpr int kVpnCiphers = 13;

// HMACs, pseudo-random functions and digests.
enum class VpnHash : std::uint8_t { kNone, kMd5, kSha1, kSha256, kSha384, kSha512 };

}  // namespace sallyport
