#include "vpn/crypto/digests.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "vpn/crypto/library.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

// A hash that cannot be computed leaves nothing to go on with: out of memory, or a library without SHA.
[[noreturn]] void Fail() {
  std::fprintf(stderr, "sallyport: a digest failed: %s\n", CryptoError().c_str());
  std::abort();
}

struct FreeMd {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};
struct FreeMac {
  void operator()(EVP_MAC_CTX* c) const { EVP_MAC_CTX_free(c); }
};

// HMAC with one key for many messages.
class Mac {
 public:
  Mac(VpnHash hash, Bytes key) : size_(TraitsOf(hash).size) {
    const CryptoLibrary& library = CryptoLibrary::Get();
    const EVP_MD* md = library.Md(hash);
    if (md == nullptr) Fail();
    context_.reset(EVP_MAC_CTX_new(const_cast<EVP_MAC*>(library.HmacMethod())));
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(EVP_MD_get0_name(md)), 0),
                           OSSL_PARAM_construct_end()};
    static const std::uint8_t kNothing = 0;  // an empty key is a key; a null pointer is none
    if (!context_ || EVP_MAC_init(context_.get(), key.empty() ? &kNothing : key.data(), key.size(), params) != 1) Fail();
  }
  std::size_t size() const { return size_; }
  void Add(Bytes part) {
    if (!part.empty() && EVP_MAC_update(context_.get(), part.data(), part.size()) != 1) Fail();
  }
  void Finish(std::uint8_t* out) {
    std::size_t written = 0;
    if (EVP_MAC_final(context_.get(), out, &written, size_) != 1 || written != size_) Fail();
  }
  void Restart() {
    if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1) Fail();
  }

 private:
  std::size_t size_;
  std::unique_ptr<EVP_MAC_CTX, FreeMac> context_;
};

// K1 = prf(key, first | tail), Kn = prf(key, Kn-1 | tail), until `length` bytes are there. `counter`: a byte that counts
// from 1 goes behind each.
Secret Feedback(VpnHash prf, Bytes key, Bytes first, Bytes tail, bool counter, std::size_t length) {
  Mac mac(prf, key);
  Secret out(length);
  Secret block(mac.size());
  std::size_t done = 0;
  for (unsigned n = 1; done < length; ++n) {
    assert(!counter || n <= 255);
    if (n > 1) mac.Restart();
    mac.Add(n == 1 ? first : Bytes(block.bytes()));
    mac.Add(tail);
    const std::uint8_t number = static_cast<std::uint8_t>(n);
    if (counter) mac.Add({&number, 1});
    mac.Finish(block.bytes().data());
    const std::size_t part = std::min(block.size(), length - done);
    std::copy_n(block.bytes().data(), part, out.bytes().data() + done);
    done += part;
  }
  return out;
}

}  // namespace

std::vector<std::uint8_t> Hash(VpnHash hash, std::initializer_list<Bytes> parts) {
  std::unique_ptr<EVP_MD_CTX, FreeMd> context(EVP_MD_CTX_new());
  const EVP_MD* md = CryptoLibrary::Get().Md(hash);
  std::vector<std::uint8_t> out(TraitsOf(hash).size);
  if (!context || md == nullptr || EVP_DigestInit_ex2(context.get(), md, nullptr) != 1) Fail();
  for (Bytes part : parts)
    if (!part.empty() && EVP_DigestUpdate(context.get(), part.data(), part.size()) != 1) Fail();
  unsigned size = 0;
  if (EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1 || size != out.size()) Fail();
  return out;
}

void Hmac(VpnHash hash, Bytes key, std::initializer_list<Bytes> parts, MutableBytes out) {
  Mac mac(hash, key);
  assert(out.size() <= mac.size());
  for (Bytes part : parts) mac.Add(part);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> whole;
  mac.Finish(whole.data());
  std::copy_n(whole.data(), std::min(out.size(), mac.size()), out.data());
  Cleanse(whole);
}

Secret Prf(VpnHash prf, Bytes key, std::initializer_list<Bytes> parts) {
  Secret out(TraitsOf(prf).size);
  Hmac(prf, key, parts, out.bytes());
  return out;
}

Secret PrfPlus(VpnHash prf, Bytes key, Bytes seed, std::size_t length) { return Feedback(prf, key, {}, seed, true, length); }

Secret ExpandIkev1(VpnHash prf, Bytes skeyid_e, std::size_t length) {
  if (skeyid_e.size() >= length) return Secret(skeyid_e.first(length));
  static constexpr std::uint8_t kZero[] = {0};
  return Feedback(prf, skeyid_e, kZero, {}, false, length);
}

Secret KeymatIkev1(VpnHash prf, Bytes skeyid_d, Bytes seed, std::size_t length) {
  return Feedback(prf, skeyid_d, {}, seed, false, length);
}

}  // namespace sallyport
