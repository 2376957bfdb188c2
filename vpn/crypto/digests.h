// Hashes, HMACs and what IKE derives keys with. Where `hash` must be a hash, kNone is a programming error.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/crypto/algorithms.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

// The digest of the parts, one behind another.
std::vector<std::uint8_t> Hash(VpnHash hash, std::initializer_list<Bytes> parts);

// Fills `out` with the first bytes of the HMAC; `out` is no longer than the digest.
void Hmac(VpnHash hash, Bytes key, std::initializer_list<Bytes> parts, MutableBytes out);

// The same as a pseudo-random function: the whole HMAC.
Secret Prf(VpnHash prf, Bytes key, std::initializer_list<Bytes> parts);

// prf+ of RFC 7296 2.13. `length` is at most 255 times the digest.
Secret PrfPlus(VpnHash prf, Bytes key, Bytes seed, std::size_t length);

// RFC 2409 appendix B: `length` bytes of key for the cipher of phase 1. SKEYID_e itself when that is long enough, else
// Ka = K1 | K2 ..., K1 = prf(SKEYID_e, 0).
Secret ExpandIkev1(VpnHash prf, Bytes skeyid_e, std::size_t length);

// RFC 2409 5.5: KEYMAT of quick mode, K1 = prf(SKEYID_d, seed), Kn = prf(SKEYID_d, Kn-1 | seed). `seed` is
// [g(qm)^xy] | protocol | SPI | Ni_b | Nr_b.
Secret KeymatIkev1(VpnHash prf, Bytes skeyid_d, Bytes seed, std::size_t length);

}  // namespace sallyport
