// Keys, hashes and ciphers of IKE version 1 (RFC 2409 5 and appendix B). Pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/crypto/algorithms.h"
#include "vpn/crypto/secret.h"
#include "vpn/views.h"

namespace sallyport {

// What phase 1 agreed on.
struct SuiteV1 {
  VpnCipher cipher = VpnCipher::k3Des;
  VpnHash hash = VpnHash::kSha1;
  std::uint16_t group = 2;
  VpnAuth auth = VpnAuth::kPreSharedKeys;
  bool xauth = false;            // the offer was one with extended authentication
  std::uint32_t lifetime_s = 0;  // 0: none
  std::uint32_t lifetime_kb = 0;
};

struct KeysV1 {
  Secret skeyid, d, a, e;
  Secret cipher;
  bool ready() const { return !cipher.empty(); }
};

// What both ends have put into the exchange. Nonces and values without their payload headers.
struct ExchangeV1 {
  std::uint64_t cookie_i = 0, cookie_r = 0;
  Bytes nonce_i, nonce_r, public_i, public_r;
  Bytes sa_i;  // body of the initiator's SA payload
  Bytes id_i, id_r;
};

// `psk` counts with pre-shared keys only.
KeysV1 DeriveKeysV1(const SuiteV1& suite, const ExchangeV1& x, Bytes psk, Bytes shared);
// HASH_I, HASH_R.
std::vector<std::uint8_t> HashIV1(const SuiteV1& suite, const KeysV1& keys, const ExchangeV1& x);
std::vector<std::uint8_t> HashRV1(const SuiteV1& suite, const KeysV1& keys, const ExchangeV1& x);

// The vector of the first encrypted message of phase 1, and of an exchange that comes after it.
std::vector<std::uint8_t> FirstIvV1(const SuiteV1& suite, const ExchangeV1& x);
std::vector<std::uint8_t> NextIvV1(const SuiteV1& suite, Bytes last_block, std::uint32_t message_id);

// NAT-D: what the address and port of an end hash to.
std::vector<std::uint8_t> NatDetectionHash(VpnHash hash, std::uint64_t cookie_i, std::uint64_t cookie_r, IpAddress address,
                                           std::uint16_t port);

// HASH(1) and its like: prf(SKEYID_a, parts).
std::vector<std::uint8_t> MessageHashV1(const SuiteV1& suite, const KeysV1& keys, std::initializer_list<Bytes> parts);

// Pads with zeros and encrypts a chain. `iv` moves on.
bool EncryptV1(const SuiteV1& suite, const KeysV1& keys, std::vector<std::uint8_t>& iv, std::vector<std::uint8_t>& chain);
// False: the length is no multiple of the block. `iv` moves on, so hand in a copy until the message has been proved right.
bool DecryptV1(const SuiteV1& suite, const KeysV1& keys, std::vector<std::uint8_t>& iv, std::vector<std::uint8_t>& chain);

}  // namespace sallyport
