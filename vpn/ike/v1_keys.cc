#include "vpn/ike/v1_keys.h"

#include <algorithm>
#include <array>

#include "vpn/crypto/ciphers.h"
#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

struct Cookies {
  Cookies(std::uint64_t a, std::uint64_t b) {
    StoreBe64(bytes.data(), a);
    StoreBe64(bytes.data() + 8, b);
  }
  std::array<std::uint8_t, 16> bytes;
};

std::vector<std::uint8_t> Copy(const Secret& s) { return {s.bytes().begin(), s.bytes().end()}; }

}  // namespace

KeysV1 DeriveKeysV1(const SuiteV1& suite, const ExchangeV1& x, Bytes psk, Bytes shared) {
  const Cookies cookies(x.cookie_i, x.cookie_r);
  const std::uint8_t zero[] = {0}, one[] = {1}, two[] = {2};
  KeysV1 keys;
  if (suite.auth == VpnAuth::kPreSharedKeys) {
    keys.skeyid = Prf(suite.hash, psk, {x.nonce_i, x.nonce_r});
  } else {
    std::vector<std::uint8_t> nonces(x.nonce_i.begin(), x.nonce_i.end());
    nonces.insert(nonces.end(), x.nonce_r.begin(), x.nonce_r.end());
    keys.skeyid = Prf(suite.hash, nonces, {shared});
  }
  const Bytes skeyid = keys.skeyid.bytes();
  keys.d = Prf(suite.hash, skeyid, {shared, cookies.bytes, zero});
  keys.a = Prf(suite.hash, skeyid, {keys.d.bytes(), shared, cookies.bytes, one});
  keys.e = Prf(suite.hash, skeyid, {keys.a.bytes(), shared, cookies.bytes, two});
  keys.cipher = ExpandIkev1(suite.hash, keys.e.bytes(), TraitsOf(suite.cipher).key);
  return keys;
}

std::vector<std::uint8_t> HashIV1(const SuiteV1& suite, const KeysV1& keys, const ExchangeV1& x) {
  const Cookies cookies(x.cookie_i, x.cookie_r);
  return Copy(Prf(suite.hash, keys.skeyid.bytes(), {x.public_i, x.public_r, cookies.bytes, x.sa_i, x.id_i}));
}

std::vector<std::uint8_t> HashRV1(const SuiteV1& suite, const KeysV1& keys, const ExchangeV1& x) {
  const Cookies cookies(x.cookie_r, x.cookie_i);
  return Copy(Prf(suite.hash, keys.skeyid.bytes(), {x.public_r, x.public_i, cookies.bytes, x.sa_i, x.id_r}));
}

std::vector<std::uint8_t> FirstIvV1(const SuiteV1& suite, const ExchangeV1& x) {
  std::vector<std::uint8_t> iv = Hash(suite.hash, {x.public_i, x.public_r});
  iv.resize(TraitsOf(suite.cipher).block);
  return iv;
}

std::vector<std::uint8_t> NextIvV1(const SuiteV1& suite, Bytes last_block, std::uint32_t message_id) {
  std::uint8_t id[4];
  StoreBe32(id, message_id);
  std::vector<std::uint8_t> iv = Hash(suite.hash, {last_block, id});
  iv.resize(TraitsOf(suite.cipher).block);
  return iv;
}

std::vector<std::uint8_t> NatDetectionHash(VpnHash hash, std::uint64_t cookie_i, std::uint64_t cookie_r, IpAddress address,
                                           std::uint16_t port) {
  const Cookies cookies(cookie_i, cookie_r);
  std::uint8_t where[18];
  std::size_t size = 16;
  if (address.IsV4()) {
    address.StoreV4(where);
    size = 4;
  } else {
    address.StoreV6(where);
  }
  StoreBe16(where + size, port);
  return Hash(hash, {cookies.bytes, Bytes(where).first(size + 2)});
}

std::vector<std::uint8_t> MessageHashV1(const SuiteV1& suite, const KeysV1& keys, std::initializer_list<Bytes> parts) {
  return Copy(Prf(suite.hash, keys.a.bytes(), parts));
}

bool EncryptV1(const SuiteV1& suite, const KeysV1& keys, std::vector<std::uint8_t>& iv, std::vector<std::uint8_t>& chain) {
  const std::size_t block = TraitsOf(suite.cipher).block;
  chain.resize((chain.size() + block - 1) / block * block);
  return CbcCrypt(suite.cipher, true, keys.cipher.bytes(), iv, chain);
}

bool DecryptV1(const SuiteV1& suite, const KeysV1& keys, std::vector<std::uint8_t>& iv, std::vector<std::uint8_t>& chain) {
  const std::size_t block = TraitsOf(suite.cipher).block;
  if (chain.empty() || chain.size() % block != 0) return false;
  return CbcCrypt(suite.cipher, false, keys.cipher.bytes(), iv, chain);
}

}  // namespace sallyport
