// Only for the .cc files of certificates.h: OpenSSL's handles with owners.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "vpn/crypto/certificates.h"

namespace sallyport {

template <auto kFree>
struct FreeBy {
  template <typename T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using NamePtr = std::unique_ptr<X509_NAME, FreeBy<X509_NAME_free>>;

// What the handles keep to themselves.
struct CertificateAccess {
  static PrivateKey Key(EVP_PKEY* taken);
  static Result<Certificate> Of(X509* taken) { return Certificate::Of(taken); }
};

BioPtr BioOver(Bytes bytes);
BioPtr BioOver(std::string_view text);
std::string TextOf(BIO* memory);
// Adds `parts` to a name, in their order. The error names the attribute.
Status FillName(X509_NAME* name, const std::vector<std::pair<std::string, std::string>>& parts);
KeyType TypeOf(const EVP_PKEY* key);

}  // namespace sallyport
