// Keys of version 2 (RFC 7296 2.13-2.18, 2.15 for authentication). Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/crypto/algorithms.h"
#include "vpn/crypto/ciphers.h"
#include "vpn/crypto/secret.h"
#include "vpn/ike/sa_v2.h"

namespace sallyport {

struct IkeKeysV2 {
  Secret d, ai, ar, ei, er, pi, pr;
};

// SKEYSEED of the first exchange, and of one that replaces an IKE SA (with the old one's prf and SK_d).
Secret SkeyseedV2(VpnHash prf, Bytes shared, Bytes ni, Bytes nr);
Secret SkeyseedRekeyV2(VpnHash old_prf, Bytes old_d, Bytes shared, Bytes ni, Bytes nr);
IkeKeysV2 DeriveIkeV2(const SuiteV2& suite, Bytes skeyseed, Bytes ni, Bytes nr, std::uint64_t spi_i, std::uint64_t spi_r);

// KEYMAT of a child, cut: what the exchange's initiator sends with, then what the responder does. `shared` is empty without
// perfect forward secrecy.
struct ChildKeysV2 {
  Secret encryption_i, integrity_i, encryption_r, integrity_r;
};
ChildKeysV2 DeriveChildV2(VpnHash prf, Bytes d, Bytes shared, Bytes ni, Bytes nr, VpnCipher cipher, VpnHash integrity);

// What an AUTH payload is about: the end's own first message, the other one's nonce, and prf(SK_p, its ID payload's body).
std::vector<std::uint8_t> SignedOctetsV2(VpnHash prf, Bytes message, Bytes peer_nonce, Bytes sk_p, Bytes id);
// With a shared key (a pre-shared one, or the MSK of EAP).
Secret SharedKeyAuthV2(VpnHash prf, Bytes key, Bytes octets);

// A line by which Wireshark decrypts: of its table "ikev2_decryption_table". "": it knows no such cipher (DES).
std::string KeyLineV2(const SuiteV2& suite, const IkeKeysV2& keys, std::uint64_t spi_i, std::uint64_t spi_r);

}  // namespace sallyport
