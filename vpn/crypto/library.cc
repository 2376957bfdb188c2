#include "vpn/crypto/library.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <cstdio>
#include <cstdlib>

namespace sallyport {
namespace {

struct CipherName {
  VpnCipher cipher;
  const char* name;
};
constexpr CipherName kCiphers[] = {
    {VpnCipher::kDes, "DES-CBC"},           {VpnCipher::k3Des, "DES-EDE3-CBC"},     {VpnCipher::kAes128, "AES-128-CBC"},
    {VpnCipher::kAes192, "AES-192-CBC"},    {VpnCipher::kAes256, "AES-256-CBC"},    {VpnCipher::kAesGcm128, "AES-128-GCM"},
    {VpnCipher::kAesGcm192, "AES-192-GCM"}, {VpnCipher::kAesGcm256, "AES-256-GCM"}, {VpnCipher::kAesGmac128, "AES-128-GCM"},
    {VpnCipher::kAesGmac192, "AES-192-GCM"}, {VpnCipher::kAesGmac256, "AES-256-GCM"}};

struct HashName {
  VpnHash hash;
  const char* name;
};
constexpr HashName kHashes[] = {{VpnHash::kMd5, "MD5"},
                                {VpnHash::kSha1, "SHA1"},
                                {VpnHash::kSha256, "SHA2-256"},
                                {VpnHash::kSha384, "SHA2-384"},
                                {VpnHash::kSha512, "SHA2-512"}};

}  // namespace

const CryptoLibrary& CryptoLibrary::Get() {
  // Never taken down: OpenSSL's own clean-up at exit and other threads may still use it.
  static const CryptoLibrary* const library = new CryptoLibrary;
  return *library;
}

CryptoLibrary::CryptoLibrary() {
  context_ = OSSL_LIB_CTX_new();
  if (context_ == nullptr || OSSL_PROVIDER_load(context_, "default") == nullptr) {
    std::fprintf(stderr, "sallyport: OpenSSL cannot be used: %s\n", CryptoError().c_str());
    std::abort();
  }
  const bool legacy = OSSL_PROVIDER_load(context_, "legacy") != nullptr;
  if (!legacy) missing_ = "DES is not available: OpenSSL's legacy provider cannot be loaded (" + CryptoError() + ")";
  const auto note = [&](const char* name) {
    if (!missing_.empty()) missing_ += "; ";
    missing_ += std::string(name) + " is not available: " + CryptoError();
  };
  for (const CipherName& c : kCiphers) {
    if (!legacy && c.cipher == VpnCipher::kDes) continue;
    const EVP_CIPHER* cipher = EVP_CIPHER_fetch(context_, c.name, nullptr);
    if (cipher == nullptr) note(c.name);
    ciphers_[static_cast<std::size_t>(c.cipher)] = cipher;
  }
  for (const HashName& h : kHashes) {
    const EVP_MD* md = EVP_MD_fetch(context_, h.name, nullptr);
    if (md == nullptr) note(h.name);
    digests_[static_cast<std::size_t>(h.hash)] = md;
  }
  hmac_ = EVP_MAC_fetch(context_, "HMAC", nullptr);
  if (hmac_ == nullptr) note("HMAC");
  ERR_clear_error();
}

std::string CryptoError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

}  // namespace sallyport
