// Every transform that ESP can be given here.
#pragma once

#include "tests/vpn/hex.h"
#include "vpn/esp/esp_keys.h"

namespace sallyport {

struct EspTransform {
  VpnCipher cipher;
  VpnHash hash;
};
inline std::vector<EspTransform> AllTransforms() {
  std::vector<EspTransform> out;
  for (VpnCipher c : {VpnCipher::kNone, VpnCipher::kDes, VpnCipher::k3Des, VpnCipher::kAes128, VpnCipher::kAes192, VpnCipher::kAes256})
    for (VpnHash h : {VpnHash::kNone, VpnHash::kMd5, VpnHash::kSha1, VpnHash::kSha256, VpnHash::kSha384, VpnHash::kSha512})
      if (c != VpnCipher::kNone || h != VpnHash::kNone) out.push_back({c, h});
  for (VpnCipher c : {VpnCipher::kAesGcm128, VpnCipher::kAesGcm192, VpnCipher::kAesGcm256, VpnCipher::kAesGmac128, VpnCipher::kAesGmac192,
                      VpnCipher::kAesGmac256})
    out.push_back({c, VpnHash::kNone});
  return out;
}

inline EspKeys KeysFor(EspTransform t) {
  EspKeys k{t.cipher, t.hash, Secret(TraitsOf(t.cipher).material()), Secret(TraitsOf(t.hash).size)};
  for (std::size_t i = 0; i < k.encryption.size(); ++i) k.encryption.bytes()[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < k.integrity.size(); ++i) k.integrity.bytes()[i] = static_cast<std::uint8_t>(0x80 + i);
  return k;
}

}  // namespace sallyport
