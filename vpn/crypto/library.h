// What we use of OpenSSL: a context of our own, so that neither the host's openssl.cnf nor another user of the library within
// the process changes which algorithms there are, and every algorithm fetched once (a fetch costs microseconds).
#pragma once

#include <openssl/types.h>

#include <string>

#include "vpn/crypto/algorithms.h"

namespace sallyport {

class CryptoLibrary {
 public:
  // Made at the first call. Any thread.
  static const CryptoLibrary& Get();

  OSSL_LIB_CTX* context() const { return context_; }
  // null: this library does not have it (DES without the legacy provider), or it is no block cipher (kNone, kRc4).
  // GMAC is the GCM of its key length.
  const EVP_CIPHER* Cipher(VpnCipher cipher) const { return ciphers_[static_cast<std::size_t>(cipher)]; }
  const EVP_MD* Md(VpnHash hash) const { return digests_[static_cast<std::size_t>(hash)]; }  // null: kNone
  const EVP_MAC* HmacMethod() const { return hmac_; }

  bool has_des() const { return Cipher(VpnCipher::kDes) != nullptr; }
  // A sentence for the operator when something is missing ("DES is not available: OpenSSL's legacy provider is not
  // installed"); empty: nothing is.
  const std::string& missing() const { return missing_; }

 private:
  CryptoLibrary();
  OSSL_LIB_CTX* context_ = nullptr;
  const EVP_CIPHER* ciphers_[kVpnCiphers] = {};
  const EVP_MD* digests_[6] = {};
  const EVP_MAC* hmac_ = nullptr;
  std::string missing_;
};

// The oldest error of OpenSSL on this thread in words, and the rest forgotten: for the end of an Error's sentence.
std::string CryptoError();

}  // namespace sallyport
