// Sizes of ciphers and hashes, and how the protocols number them.
#pragma once

#include <cstdint>
#include <optional>

#include "vpn/crypto/algorithms.h"

namespace sallyport {

struct CipherTraits {
  std::uint8_t block = 1;      // what a plaintext must be a multiple of; 1: anything (ESP pads to 4 by itself)
  std::uint8_t iv = 0;         // explicit initialization vector in each message
  std::uint8_t icv = 0;        // of the cipher itself (16 for GCM and GMAC)
  std::uint8_t salt = 0;       // implicit part of the nonce, at the end of the keying material
  std::uint8_t key = 0;        // without the salt
  bool aead = false;           // authenticates by itself: there is no hash beside it
  std::uint16_t key_bits = 0;  // value of the key length attribute; 0: the attribute is not sent
  // 0: the protocol has no such thing.
  std::uint16_t ikev1 = 0;     // IKEv1 phase 1, encryption algorithm (attribute 1)
  std::uint16_t esp_v1 = 0;    // IKEv1 phase 2, transform id of ESP (RFC 2407 4.4.4)
  std::uint16_t ikev2 = 0;     // IKEv2, transform type 1
  constexpr std::size_t material() const { return std::size_t{key} + salt; }
};
const CipherTraits& TraitsOf(VpnCipher cipher);

struct HashTraits {
  std::uint8_t size = 0;        // of the digest; also the key of an HMAC for ESP and IKEv2
  std::uint8_t icv = 0;         // what ESP and IKEv2 send of an HMAC: 12 for MD5 and SHA-1, else half of it
  std::uint8_t block = 0;       // of the hash
  std::uint16_t ikev1 = 0;      // IKEv1 phase 1, hash algorithm (attribute 2)
  std::uint16_t esp_v1 = 0;     // IKEv1 phase 2, authentication algorithm (attribute 5)
  std::uint16_t prf = 0;        // IKEv2, transform type 2
  std::uint16_t integrity = 0;  // IKEv2, transform type 3
  std::uint16_t signature = 0;  // IKEv2, SIGNATURE_HASH_ALGORITHMS (RFC 7427 4); 0: not in it (MD5)
};
const HashTraits& TraitsOf(VpnHash hash);

// What a peer's numbers mean. `key_bits` is the key length attribute, 0 when it was not there; an AES without one is none
// (RFC 3602 5.3 demands it), except in IKEv1, where implementations mean 128 by it.
std::optional<VpnCipher> CipherOfIkev1(std::uint16_t id, std::uint16_t key_bits);
std::optional<VpnCipher> CipherOfEspV1(std::uint16_t id, std::uint16_t key_bits);
std::optional<VpnCipher> CipherOfIkev2(std::uint16_t id, std::uint16_t key_bits);
std::optional<VpnHash> HashOfIkev1(std::uint16_t id);
std::optional<VpnHash> HashOfEspV1(std::uint16_t id);
std::optional<VpnHash> HashOfPrf(std::uint16_t id);
std::optional<VpnHash> HashOfIntegrity(std::uint16_t id);

}  // namespace sallyport
