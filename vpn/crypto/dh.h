// Diffie-Hellman groups of IKE: MODP 1, 2, 5, 14, 15, 16, 24; ECP 19, 20, 21; Curve25519 31.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

bool HasDhGroup(std::uint16_t group);
// Length of a public value: the prime's, x | y of a curve (RFC 5903), 32 for group 31. 0: no such group.
std::size_t DhPublicSize(std::uint16_t group);
// Length of the shared secret: the prime's or the field's.
std::size_t DhSharedSize(std::uint16_t group);

// The private part; `public_value` becomes what the peer is sent, in full length.
Result<Secret> DhKey(std::uint16_t group, Entropy& entropy, std::vector<std::uint8_t>& public_value);
// The public value that belongs to a private one (vectors, and peers that are made in tests).
Result<std::vector<std::uint8_t>> DhPublic(std::uint16_t group, Bytes private_value);
// Refuses a public value of a wrong length, 0, 1, p-1, p and more, one outside of group 24's subgroup, a point that is not on
// the curve, and a point of small order (RFC 6989, RFC 7748 6.1). Padded on the left to the group's size.
Result<Secret> DhShared(std::uint16_t group, Bytes private_value, Bytes peer_public);

}  // namespace sallyport
