// What is written for others: PKCS#12 read, requests and self-signed certificates made.
#include <openssl/pem.h>

#include <cctype>
#include <ctime>
#include <string>

#include "vpn/crypto/certificates_impl.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, FreeBy<PKCS12_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, FreeBy<X509_REQ_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;

struct FreeCertificates {
  void operator()(STACK_OF(X509) * s) const { sk_X509_pop_free(s, X509_free); }
};

// Base64 with anything around it: lines of a terminal, PEM's first and last line. Empty: there is none.
std::vector<std::uint8_t> FromBase64(Bytes text) {
  std::string clean;
  std::size_t line = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '\n') continue;
    const std::string_view one(reinterpret_cast<const char*>(text.data()) + line, i - line);
    line = i + 1;
    if (one.starts_with("-----")) continue;
    for (char c : one)
      if (!std::isspace(static_cast<unsigned char>(c))) clean += c;
  }
  std::vector<std::uint8_t> out(clean.size() / 4 * 3 + 3);
  if (clean.empty() || clean.size() % 4 != 0) return {};
  const int size =
      EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(clean.data()), static_cast<int>(clean.size()));
  if (size < 0) return {};
  const std::size_t padding = clean.ends_with("==") ? 2 : clean.ends_with('=') ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

ExtensionPtr AlternativeNames(const std::vector<std::string>& names) {
  const NamesPtr all(GENERAL_NAMES_new());
  for (const std::string& n : names) {
    GENERAL_NAME* one = GENERAL_NAME_new();
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    if (!all || one == nullptr || text == nullptr || ASN1_STRING_set(text, n.data(), static_cast<int>(n.size())) != 1) return nullptr;
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    sk_GENERAL_NAME_push(all.get(), one);
  }
  return ExtensionPtr(X509V3_EXT_i2d(NID_subject_alt_name, 0, all.get()));
}

}  // namespace

Result<KeyAndChain> ReadPkcs12(Bytes file, std::string_view passphrase) {
  std::vector<std::uint8_t> decoded;
  if (!file.empty() && file[0] != 0x30) {
    decoded = FromBase64(file);
    file = decoded;
  }
  PKCS12* at = PKCS12_init_ex(NID_pkcs7_data, CryptoLibrary::Get().context(), nullptr);
  const unsigned char* data = file.data();
  // When it fails it has freed what it was given, or not: then it is still there.
  const bool good = at != nullptr && d2i_PKCS12(&at, &data, static_cast<long>(file.size())) != nullptr;
  const Pkcs12Ptr p12(at);
  if (!good) return Error{"not a PKCS#12 file: " + CryptoError()};
  const std::string phrase(passphrase);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* rest = nullptr;
  if (PKCS12_parse(p12.get(), phrase.c_str(), &key, &certificate, &rest) != 1)
    return Error{"the PKCS#12 file cannot be read: " + CryptoError()};
  const std::unique_ptr<STACK_OF(X509), FreeCertificates> owned(rest);
  KeyAndChain out;
  if (key != nullptr) out.key = CertificateAccess::Key(key);
  // Read again from DER, so that everything belongs to our own library context.
  const auto copy = [](X509* x) -> Result<Certificate> {
    const int size = i2d_X509(x, nullptr);
    std::vector<std::uint8_t> der(size > 0 ? static_cast<std::size_t>(size) : 0);
    unsigned char* end = der.data();
    if (size > 0) i2d_X509(x, &end);
    return Certificate::FromDer(der);
  };
  if (certificate != nullptr) {
    Result<Certificate> c = copy(certificate);
    X509_free(certificate);
    if (!c) return Error{c.error()};
    out.certificate = *c;
  }
  if (!out.key || !out.certificate) return Error{"the PKCS#12 file lacks the key or its certificate"};
  for (int i = 0; i < sk_X509_num(rest); ++i) {
    Result<Certificate> c = copy(sk_X509_value(rest, i));
    if (!c) return Error{c.error()};
    out.chain.push_back(*c);
  }
  return out;
}

Result<Certificate> Certificate::SelfSigned(const PrivateKey& key, const std::vector<std::pair<std::string, std::string>>& subject,
                                            const std::vector<std::string>& names, std::int64_t from_s, std::int64_t to_s, Bytes serial) {
  X509Ptr x(X509_new_ex(CryptoLibrary::Get().context(), nullptr));
  if (!x || !key) return Error{"no certificate without a key"};
  BIGNUM* const number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  X509_set_version(x.get(), X509_VERSION_3);
  const bool numbered = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x.get())) != nullptr;
  BN_free(number);
  if (Status s = FillName(X509_get_subject_name(x.get()), subject); !s) return Error{s.error()};
  if (!numbered || X509_set_issuer_name(x.get(), X509_get_subject_name(x.get())) != 1 ||
      ASN1_TIME_set(X509_getm_notBefore(x.get()), static_cast<std::time_t>(from_s)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(x.get()), static_cast<std::time_t>(to_s)) == nullptr ||
      X509_set_pubkey(x.get(), key.handle()) != 1)
    return Error{"the certificate cannot be made: " + CryptoError()};
  BASIC_CONSTRAINTS authority{};
  authority.ca = 0xff;
  const ExtensionPtr basic(X509V3_EXT_i2d(NID_basic_constraints, 1, &authority));
  if (!basic || X509_add_ext(x.get(), basic.get(), -1) != 1) return Error{"the certificate cannot be made: " + CryptoError()};
  if (!names.empty()) {
    const ExtensionPtr san = AlternativeNames(names);
    if (!san || X509_add_ext(x.get(), san.get(), -1) != 1) return Error{"the certificate cannot be made: " + CryptoError()};
  }
  if (X509_sign(x.get(), key.handle(), CryptoLibrary::Get().Md(VpnHash::kSha256)) == 0)
    return Error{"the certificate cannot be signed: " + CryptoError()};
  return Of(x.release());
}

Result<std::string> CertificateRequest(const PrivateKey& key, const std::vector<std::pair<std::string, std::string>>& subject,
                                       const std::vector<std::string>& names) {
  const RequestPtr request(X509_REQ_new_ex(CryptoLibrary::Get().context(), nullptr));
  if (!request || !key) return Error{"no request without a key"};
  if (Status s = FillName(X509_REQ_get_subject_name(request.get()), subject); !s) return Error{s.error()};
  bool good = X509_REQ_set_pubkey(request.get(), key.handle()) == 1;
  if (good && !names.empty()) {
    const ExtensionPtr san = AlternativeNames(names);
    STACK_OF(X509_EXTENSION)* all = sk_X509_EXTENSION_new_null();
    good = san && all != nullptr && sk_X509_EXTENSION_push(all, san.get()) > 0 && X509_REQ_add_extensions(request.get(), all) == 1;
    sk_X509_EXTENSION_free(all);
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!good || !bio || X509_REQ_sign(request.get(), key.handle(), CryptoLibrary::Get().Md(VpnHash::kSha256)) == 0 ||
      PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1)
    return Error{"the request cannot be made: " + CryptoError()};
  return TextOf(bio.get());
}

}  // namespace sallyport
