// The functions below are deprecated in favour of EVP, which allocates for every copy of a state; see the header.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "vpn/crypto/hmac_state.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cassert>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/secret.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

template <typename State, int (*InitFn)(State*), int (*UpdateFn)(State*, const void*, std::size_t), int (*FinalFn)(unsigned char*, State*),
          std::size_t kSize>
struct Family {
  static void Prepare(std::uint8_t* at, const std::uint8_t* pad, std::size_t block) {
    State s;
    InitFn(&s);
    UpdateFn(&s, pad, block);
    std::memcpy(at, &s, sizeof s);
    Cleanse({reinterpret_cast<std::uint8_t*>(&s), sizeof s});
  }
  static void Run(const std::uint8_t* inner, const std::uint8_t* outer, Bytes data, std::uint8_t* digest) {
    State s;
    std::memcpy(&s, inner, sizeof s);
    UpdateFn(&s, data.data(), data.size());
    FinalFn(digest, &s);
    std::memcpy(&s, outer, sizeof s);
    UpdateFn(&s, digest, kSize);
    FinalFn(digest, &s);
  }
};
using Md5 = Family<MD5_CTX, MD5_Init, MD5_Update, MD5_Final, 16>;
using Sha1 = Family<SHA_CTX, SHA1_Init, SHA1_Update, SHA1_Final, 20>;
using Sha256 = Family<SHA256_CTX, SHA256_Init, SHA256_Update, SHA256_Final, 32>;
using Sha384 = Family<SHA512_CTX, SHA384_Init, SHA384_Update, SHA384_Final, 48>;
using Sha512 = Family<SHA512_CTX, SHA512_Init, SHA512_Update, SHA512_Final, 64>;

}  // namespace

HmacState::HmacState(VpnHash hash, Bytes key) : hash_(hash) {
  static_assert(sizeof(SHA512_CTX) <= kState && sizeof(SHA256_CTX) <= kState && sizeof(SHA_CTX) <= kState && sizeof(MD5_CTX) <= kState);
  assert(hash != VpnHash::kNone);
  const std::size_t block = TraitsOf(hash).block;
  std::uint8_t pad[128] = {};
  if (key.size() > block) {
    std::vector<std::uint8_t> digest = Hash(hash, {key});
    std::copy(digest.begin(), digest.end(), pad);
    Cleanse(digest);
  } else {
    std::copy(key.begin(), key.end(), pad);
  }
  for (int side = 0; side < 2; ++side) {
    std::uint8_t* const at = side == 0 ? inner_ : outer_;
    for (std::size_t i = 0; i < block; ++i) pad[i] ^= side == 0 ? 0x36 : 0x36 ^ 0x5c;
    switch (hash) {
      case VpnHash::kNone: break;
      case VpnHash::kMd5: Md5::Prepare(at, pad, block); break;
      case VpnHash::kSha1: Sha1::Prepare(at, pad, block); break;
      case VpnHash::kSha256: Sha256::Prepare(at, pad, block); break;
      case VpnHash::kSha384: Sha384::Prepare(at, pad, block); break;
      case VpnHash::kSha512: Sha512::Prepare(at, pad, block); break;
    }
  }
  Cleanse(pad);
}

HmacState::~HmacState() {
  if (hash_ == VpnHash::kNone) return;
  Cleanse(inner_);
  Cleanse(outer_);
}

void HmacState::Compute(Bytes data, std::uint8_t* out, std::size_t size) const {
  std::uint8_t digest[64];
  switch (hash_) {
    case VpnHash::kNone: return;
    case VpnHash::kMd5: Md5::Run(inner_, outer_, data, digest); break;
    case VpnHash::kSha1: Sha1::Run(inner_, outer_, data, digest); break;
    case VpnHash::kSha256: Sha256::Run(inner_, outer_, data, digest); break;
    case VpnHash::kSha384: Sha384::Run(inner_, outer_, data, digest); break;
    case VpnHash::kSha512: Sha512::Run(inner_, outer_, data, digest); break;
  }
  std::memcpy(out, digest, size);
}

}  // namespace sallyport
