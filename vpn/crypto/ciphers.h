// Ciphers as IKE's messages use them: CBC for IKEv1, and the encrypted payload of IKEv2 (SK, SKF) with CBC and an HMAC or
// with GCM. ESP has its own way, vpn/esp/, because it keeps its contexts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/crypto/algorithms.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

// DES, 3DES and AES in CBC mode, in place. `key` and `iv` have the cipher's sizes, `data` is a multiple of its block. `iv`
// becomes the last block of ciphertext, which is the next message's. False: sizes are wrong, or the library lacks the cipher.
bool CbcCrypt(VpnCipher cipher, bool encrypt, Bytes key, MutableBytes iv, MutableBytes data);

// One direction of an IKEv2 SA's encrypted payload.
struct SkKeys {
  VpnCipher cipher = VpnCipher::kAes128;
  VpnHash integrity = VpnHash::kNone;  // none with GCM
  Secret encryption;                   // SK_ei or SK_er; GCM: with its 4 bytes of salt behind (RFC 5282 7.1)
  Secret authentication;               // SK_ai or SK_ar; empty with GCM
  std::uint64_t sealed = 0;            // messages sealed by this end: the IV of GCM, which must never come twice
};

// How many bytes the body of an SK payload has (IV, ciphertext with padding, ICV) around `plain` bytes of payloads, so that
// the lengths in the headers can be written before: they are authenticated.
std::size_t SkSize(const SkKeys& keys, std::size_t plain);
// The most plaintext that fits in a body of `body` bytes.
std::size_t SkRoom(const SkKeys& keys, std::size_t body);

// `message` is everything from the IKE header on, with its final lengths; plaintext begins at `at` (behind the SK payload's
// generic header, or SKF's fragment numbers) and goes to the end. It is replaced by the body. False: keys of a wrong size.
bool SealSk(SkKeys& keys, Entropy& entropy, std::vector<std::uint8_t>& message, std::size_t at);

// The reverse, in place: the plaintext within `message`, without IV, padding and ICV; nothing when it is forged or cut.
// `message` ends where the IKE header's length says. Nothing of the plaintext is there before the ICV was found right.
std::optional<MutableBytes> OpenSk(const SkKeys& keys, MutableBytes message, std::size_t at);

}  // namespace sallyport
