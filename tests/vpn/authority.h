// A certificate authority for tests: issues, revokes, packs.
#pragma once

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "vpn/crypto/certificates.h"
#include "vpn/crypto/library.h"

namespace sallyport {

inline constexpr std::int64_t kTestDay = 86400;
inline constexpr std::int64_t kTestEpoch = 1'700'000'000;  // when everything below was issued

class TestAuthority {
 public:
  explicit TestAuthority(std::string name, KeyType type = KeyType::kEcP256)
      : key_(type == KeyType::kRsa ? *PrivateKey::NewRsa(2048) : *PrivateKey::NewEc(type)) {
    const std::uint8_t serial[] = {1};
    certificate_ = *Certificate::SelfSigned(key_, {{"c", "US"}, {"o", "Example"}, {"cn", name}}, {}, kTestEpoch, kTestEpoch + 3650 * kTestDay, serial);
  }
  // An authority below another.
  TestAuthority(const TestAuthority& above, std::string name) : key_(*PrivateKey::NewEc(KeyType::kEcP256)) {
    certificate_ = above.Issue(key_, {{"o", "Example"}, {"cn", name}}, {}, kTestEpoch + 3650 * kTestDay, true);
  }
  const Certificate& certificate() const { return certificate_; }
  std::string crl_url;  // of whatever is issued: where it says that the list is to be had

  // `alternative`: as openssl.cnf writes it, "DNS:a.example.com,IP:10.1.1.1".
  Certificate Issue(const PrivateKey& key, const std::vector<std::pair<std::string, std::string>>& subject, const std::string& alternative = {},
                    std::int64_t until = kTestEpoch + 365 * kTestDay, bool authority = false) const {
    OSSL_LIB_CTX* const library = CryptoLibrary::Get().context();
    X509* x = X509_new_ex(library, nullptr);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial_);
    const std::vector<std::uint8_t> name = *NameDer(subject);
    const unsigned char* at = name.data();
    X509_NAME* decoded = d2i_X509_NAME(nullptr, &at, static_cast<long>(name.size()));
    X509_set_subject_name(x, decoded);
    X509_NAME_free(decoded);
    X509_set_issuer_name(x, X509_get_subject_name(certificate_.handle()));
    ASN1_TIME_set(X509_getm_notBefore(x), kTestEpoch);
    ASN1_TIME_set(X509_getm_notAfter(x), until);
    X509_set_pubkey(x, key.handle());
    Extend(x, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!crl_url.empty()) Extend(x, NID_crl_distribution_points, ("URI:" + crl_url).c_str());
    if (!alternative.empty()) Extend(x, NID_subject_alt_name, alternative.c_str());
    X509_sign(x, key_.handle(), CryptoLibrary::Get().Md(VpnHash::kSha256));
    unsigned char* der = nullptr;
    const int size = i2d_X509(x, &der);
    Certificate out = *Certificate::FromDer({der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    X509_free(x);
    return out;
  }

  // In DER; good for 30 days from the epoch.
  std::vector<std::uint8_t> Crl(const std::vector<Certificate>& revoked) const {
    X509_CRL* crl = X509_CRL_new_ex(CryptoLibrary::Get().context(), nullptr);
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(certificate_.handle()));
    ASN1_TIME* time = ASN1_TIME_set(nullptr, kTestEpoch);
    X509_CRL_set1_lastUpdate(crl, time);
    for (const Certificate& c : revoked) {
      X509_REVOKED* r = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(r, const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(c.handle())));
      X509_REVOKED_set_revocationDate(r, time);
      X509_CRL_add0_revoked(crl, r);
    }
    ASN1_TIME_set(time, kTestEpoch + 30 * kTestDay);
    X509_CRL_set1_nextUpdate(crl, time);
    ASN1_TIME_free(time);
    X509_CRL_sign(crl, key_.handle(), CryptoLibrary::Get().Md(VpnHash::kSha256));
    unsigned char* der = nullptr;
    const int size = i2d_X509_CRL(crl, &der);
    std::vector<std::uint8_t> out(der, der + size);
    OPENSSL_free(der);
    X509_CRL_free(crl);
    return out;
  }

  // `old`: as files of the 8.x era are encrypted (40 bits of RC2, 3DES for the key).
  std::vector<std::uint8_t> Pkcs12(const PrivateKey& key, const Certificate& certificate, const std::string& passphrase, bool old) const {
    STACK_OF(X509)* rest = sk_X509_new_null();
    sk_X509_push(rest, certificate_.handle());
    PKCS12* p12 = PKCS12_create_ex(passphrase.c_str(), "asa", key.handle(), certificate.handle(), rest,
                                   old ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : 0, old ? NID_pbe_WithSHA1And40BitRC2_CBC : 0, 0, 0, 0,
                                   CryptoLibrary::Get().context(), nullptr);
    sk_X509_free(rest);
    unsigned char* der = nullptr;
    const int size = p12 != nullptr ? i2d_PKCS12(p12, &der) : 0;
    std::vector<std::uint8_t> out(der, der + (size > 0 ? size : 0));
    OPENSSL_free(der);
    PKCS12_free(p12);
    return out;
  }

 private:
  static void Extend(X509* x, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
  }

  PrivateKey key_;
  Certificate certificate_;
  mutable long serial_ = 0x1000;
};

}  // namespace sallyport
