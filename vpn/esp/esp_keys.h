// What protects one direction of an ESP security association.
#pragma once

#include "vpn/crypto/algorithms.h"
#include "vpn/crypto/secret.h"
#include "vpn/crypto/traits.h"

namespace sallyport {

struct EspKeys {
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;  // none with GCM and GMAC
  Secret encryption;              // TraitsOf(cipher).material() bytes: GCM's key with its salt behind
  Secret integrity;               // TraitsOf(hash).size bytes

  EspKeys Clone() const { return {cipher, hash, encryption.Clone(), integrity.Clone()}; }
  // How many bytes of keying material one direction takes, encryption first (RFC 2409 5.5, RFC 7296 2.17).
  static std::size_t Material(VpnCipher c, VpnHash h) { return TraitsOf(c).material() + TraitsOf(h).size; }
  // Cuts them apart; `material` has at least Material() bytes.
  static EspKeys Cut(VpnCipher c, VpnHash h, Bytes material) {
    const std::size_t first = TraitsOf(c).material();
    return {c, h, Secret(material.first(first)), Secret(material.subspan(first, TraitsOf(h).size))};
  }
};

}  // namespace sallyport
