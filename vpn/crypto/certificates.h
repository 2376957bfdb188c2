// X.509 certificates, private keys and signatures, as IKE needs them. All are handles on something immutable: they are
// cheap to copy, and may be used by any thread.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"
#include "vpn/crypto/algorithms.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

enum class KeyType : std::uint8_t { kOther, kRsa, kEcP256, kEcP384, kEcP521 };

enum class SignatureScheme : std::uint8_t {
  kRsaRaw,           // IKEv1 (RFC 2409 5.1): PKCS#1 v1.5 padding around HASH_I itself, without a DigestInfo; `data` is the hash
  kRsaSha1,          // IKEv2 method 1, and RFC 7427
  kEcdsa256,         // IKEv2 methods 9, 10, 11: P-256 with SHA-256 and so on; r | s (RFC 4754)
  kEcdsa384,
  kEcdsa521,
  kRsaSha256,        // RFC 7427 (method 14) from here on
  kRsaSha384,
  kRsaSha512,
  kRsaPssSha256,
  kRsaPssSha384,
  kRsaPssSha512,
  kEcdsaSha1Der,     // any curve, DER
  kEcdsaSha256Der,
  kEcdsaSha384Der,
  kEcdsaSha512Der
};
// The AlgorithmIdentifier of RFC 7427 in DER; empty: the scheme has none there (kRsaRaw, kEcdsa256 ...).
Bytes AlgorithmIdentifierOf(SignatureScheme scheme);
// What a peer's AlgorithmIdentifier stands for. PSS only with the parameters of RFC 7427 A.4 (MGF1 of the same hash, salt as
// long as the hash).
std::optional<SignatureScheme> SchemeOf(Bytes algorithm_identifier);
// The hash in a scheme, as SIGNATURE_HASH_ALGORITHMS announces it; kNone for kRsaRaw.
VpnHash HashOf(SignatureScheme scheme);

class PrivateKey {
 public:
  PrivateKey() = default;
  static Result<PrivateKey> FromPem(std::string_view text, std::string_view passphrase = {});
  static Result<PrivateKey> FromDer(Bytes der);
  static Result<PrivateKey> NewRsa(int bits);
  static Result<PrivateKey> NewEc(KeyType curve);
  explicit operator bool() const { return key_ != nullptr; }
  KeyType type() const;
  int bits() const;
  std::string ToPem() const;  // PKCS#8, not encrypted: whoever writes it minds the file's mode
  EVP_PKEY* handle() const { return key_.get(); }

 private:
  friend struct CertificateAccess;
  std::shared_ptr<EVP_PKEY> key_;
};

class Certificate {
 public:
  Certificate() = default;
  static Result<Certificate> FromDer(Bytes der);
  // The first one in the text.
  static Result<Certificate> FromPem(std::string_view text);
  // Every certificate of a PEM text, in its order; text that is none is passed over. An error when there is none at all.
  static Result<std::vector<Certificate>> ChainFromPem(std::string_view text);
  // What a self-signed appliance has (`enrollment self`). `names` go into the alternative name as DNS names.
  static Result<Certificate> SelfSigned(const PrivateKey& key, const std::vector<std::pair<std::string, std::string>>& subject,
                                        const std::vector<std::string>& names, std::int64_t from_s, std::int64_t to_s, Bytes serial);

  explicit operator bool() const { return certificate_ != nullptr; }
  // The next three: empty of a default certificate.
  Bytes der() const { return der_ ? Bytes(*der_) : Bytes(); }
  std::string ToPem() const;
  Bytes subject_der() const { return subject_ ? Bytes(*subject_) : Bytes(); }  // ID_DER_ASN1_DN
  Bytes issuer_der() const { return issuer_ ? Bytes(*issuer_) : Bytes(); }
  // Attributes as they are encoded, short names in lower case: {"cn", "asa.example.com"}, {"ou", "VPN"}, ...
  std::vector<std::pair<std::string, std::string>> subject() const;
  std::vector<std::pair<std::string, std::string>> issuer() const;
  // "cn=asa.example.com,ou=VPN,o=Example": most specific first, as an ASA writes them.
  std::string subject_text() const;
  std::string issuer_text() const;
  std::string serial() const;  // upper-case hexadecimal, at least two digits
  // Seconds since 1970.
  std::int64_t not_before() const;
  std::int64_t not_after() const;
  KeyType key_type() const;
  int key_bits() const;
  std::string signature_algorithm() const;  // OpenSSL's long name: "sha256WithRSAEncryption"
  bool is_ca() const;
  std::vector<std::uint8_t> fingerprint(VpnHash hash) const;
  // SHA-1 of the SubjectPublicKeyInfo: how IKEv2's CERTREQ names an authority (RFC 7296 3.7).
  std::vector<std::uint8_t> public_key_sha1() const;
  // Subject alternative names.
  std::vector<std::string> dns_names() const;
  std::vector<std::string> emails() const;
  std::vector<IpAddress> addresses() const;
  bool Matches(const PrivateKey& key) const;
  bool operator==(const Certificate& other) const;
  X509* handle() const { return certificate_.get(); }

 private:
  friend struct CertificateAccess;
  static Result<Certificate> Of(X509* taken);
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<const std::vector<std::uint8_t>> der_, subject_, issuer_;
};

// A name in DER as text, as subject_text() writes it; nothing: it is none.
std::optional<std::string> NameText(Bytes der);
// "cn=a,ou=b" and so on, in DER; for the identity that a configuration writes.
Result<std::vector<std::uint8_t>> NameDer(const std::vector<std::pair<std::string, std::string>>& parts);

// Whom certificates are believed of.
class TrustStore {
 public:
  void AddAnchor(Certificate anchor) { anchors_.push_back(std::move(anchor)); }
  // A list in DER or PEM. Once there is one of an issuer, its certificates are looked up in it.
  Status AddCrl(Bytes text);
  const std::vector<Certificate>& anchors() const { return anchors_; }
  // Is there a chain from `leaf` over `others` (what a peer sent; in any order, believed in nothing) to an anchor, at
  // `at_s` seconds since 1970? The error is OpenSSL's sentence, such as "certificate has expired". An anchor need not be
  // self-signed. `crl_required`: a certificate whose issuer has no list here is refused.
  Status Validate(const Certificate& leaf, const std::vector<Certificate>& others, std::int64_t at_s, bool crl_required = false) const;
  // The anchor that issued `leaf` by name; null: none.
  const Certificate* AnchorOf(const Certificate& leaf) const;

 private:
  std::vector<Certificate> anchors_;
  std::vector<std::shared_ptr<X509_CRL>> crls_;
};

Result<std::vector<std::uint8_t>> Sign(const PrivateKey& key, SignatureScheme scheme, Bytes data);
bool Verify(const Certificate& signer, SignatureScheme scheme, Bytes data, Bytes signature);

struct KeyAndChain {
  PrivateKey key;
  Certificate certificate;
  std::vector<Certificate> chain;  // the rest
};
// PKCS#12 in DER, or in base64 with or without lines around it (as `crypto ca import NAME pkcs12` reads it).
Result<KeyAndChain> ReadPkcs12(Bytes file, std::string_view passphrase);

// A PKCS#10 request in PEM (`crypto ca enroll` with `enrollment terminal`).
Result<std::string> CertificateRequest(const PrivateKey& key, const std::vector<std::pair<std::string, std::string>>& subject,
                                       const std::vector<std::string>& names);

}  // namespace sallyport
