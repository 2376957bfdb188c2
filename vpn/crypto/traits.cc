#include "vpn/crypto/traits.h"

#include <cstddef>

namespace sallyport {
namespace {

//                                       block iv icv salt key aead  bits  v1 esp v2
constexpr CipherTraits kCipherTraits[kVpnCiphers] = {
    /* kNone */ {1, 0, 0, 0, 0, false, 0, 0, 11, 11},
    /* kDes */ {8, 8, 0, 0, 8, false, 0, 1, 2, 2},
    /* k3Des */ {8, 8, 0, 0, 24, false, 0, 5, 3, 3},
    /* kRc4 */ {1, 0, 0, 0, 16, false, 0, 0, 0, 0},
    /* kAes128 */ {16, 16, 0, 0, 16, false, 128, 7, 12, 12},
    /* kAes192 */ {16, 16, 0, 0, 24, false, 192, 7, 12, 12},
    /* kAes256 */ {16, 16, 0, 0, 32, false, 256, 7, 12, 12},
    /* kAesGcm128 */ {1, 8, 16, 4, 16, true, 128, 0, 20, 20},
    /* kAesGcm192 */ {1, 8, 16, 4, 24, true, 192, 0, 20, 20},
    /* kAesGcm256 */ {1, 8, 16, 4, 32, true, 256, 0, 20, 20},
    /* kAesGmac128 */ {1, 8, 16, 4, 16, true, 128, 0, 23, 21},
    /* kAesGmac192 */ {1, 8, 16, 4, 24, true, 192, 0, 23, 21},
    /* kAesGmac256 */ {1, 8, 16, 4, 32, true, 256, 0, 23, 21}};

//                                     size icv block v1 esp prf integ sign
constexpr HashTraits kHashTraits[6] = {
    /* kNone */ {0, 0, 0, 0, 0, 0, 0, 0},
    /* kMd5 */ {16, 12, 64, 1, 1, 1, 1, 0},
    /* kSha1 */ {20, 12, 64, 2, 2, 2, 2, 1},
    /* kSha256 */ {32, 16, 64, 4, 5, 5, 12, 2},
    /* kSha384 */ {48, 24, 128, 5, 6, 6, 13, 3},
    /* kSha512 */ {64, 32, 128, 6, 7, 7, 14, 4}};

std::optional<VpnCipher> FindCipher(std::uint16_t CipherTraits::*number, std::uint16_t id, std::uint16_t key_bits) {
  if (id == 0) return {};
  for (int i = 0; i < kVpnCiphers; ++i) {
    const CipherTraits& t = kCipherTraits[i];
    if (t.*number != id) continue;
    // A cipher of one length may be offered with that length; some do.
    if (t.key_bits == key_bits || (t.key_bits == 0 && t.key != 0 && key_bits == t.key * 8)) return static_cast<VpnCipher>(i);
  }
  return {};
}

std::optional<VpnHash> FindHash(std::uint16_t HashTraits::*number, std::uint16_t id) {
  if (id == 0) return {};
  for (int i = 1; i < 6; ++i)
    if (kHashTraits[i].*number == id) return static_cast<VpnHash>(i);
  return {};
}

}  // namespace

const CipherTraits& TraitsOf(VpnCipher cipher) { return kCipherTraits[static_cast<std::size_t>(cipher)]; }
const HashTraits& TraitsOf(VpnHash hash) { return kHashTraits[static_cast<std::size_t>(hash)]; }

std::optional<VpnCipher> CipherOfIkev1(std::uint16_t id, std::uint16_t key_bits) {
  return FindCipher(&CipherTraits::ikev1, id, id == 7 && key_bits == 0 ? 128 : key_bits);
}
std::optional<VpnCipher> CipherOfEspV1(std::uint16_t id, std::uint16_t key_bits) {
  return FindCipher(&CipherTraits::esp_v1, id, id == 12 && key_bits == 0 ? 128 : key_bits);
}
std::optional<VpnCipher> CipherOfIkev2(std::uint16_t id, std::uint16_t key_bits) {
  return FindCipher(&CipherTraits::ikev2, id, key_bits);
}
std::optional<VpnHash> HashOfIkev1(std::uint16_t id) { return FindHash(&HashTraits::ikev1, id); }
std::optional<VpnHash> HashOfEspV1(std::uint16_t id) { return FindHash(&HashTraits::esp_v1, id); }
std::optional<VpnHash> HashOfPrf(std::uint16_t id) { return FindHash(&HashTraits::prf, id); }
std::optional<VpnHash> HashOfIntegrity(std::uint16_t id) { return FindHash(&HashTraits::integrity, id); }

}  // namespace sallyport
