#include "vpn/crypto/crl.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "vpn/crypto/certificates_impl.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

using CrlPtr = std::unique_ptr<X509_CRL, FreeBy<X509_CRL_free>>;

std::int64_t CrlSeconds(const ASN1_TIME* time) {
  std::tm t{};
  return time == nullptr || ASN1_TIME_to_tm(time, &t) != 1 ? 0 : static_cast<std::int64_t>(timegm(&t));
}

CrlPtr Parse(Bytes text) {
  if (!text.empty() && text[0] == 0x30) {
    const unsigned char* at = text.data();
    return CrlPtr(d2i_X509_CRL(nullptr, &at, static_cast<long>(text.size())));
  }
  const BioPtr bio = BioOver(text);
  return CrlPtr(bio ? PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

}  // namespace

Result<Crl> ReadCrl(Bytes text, const Certificate& authority) {
  const CrlPtr crl = Parse(text);
  if (!crl) return Error{"no revocation list: " + CryptoError()};
  unsigned char* issuer = nullptr;
  const int length = i2d_X509_NAME(X509_CRL_get_issuer(crl.get()), &issuer);
  if (length <= 0) return Error{"no revocation list: " + CryptoError()};
  const std::vector<std::uint8_t> name(issuer, issuer + length);
  OPENSSL_free(issuer);
  if (!authority || !std::ranges::equal(name, authority.subject_der())) return Error{"it is another authority's"};
  if (X509_CRL_verify(crl.get(), X509_get0_pubkey(authority.handle())) != 1) {
    CryptoError();
    return Error{"its signature is not right"};
  }
  Crl out;
  out.issuer = NameText(name).value_or("");
  out.last_update = CrlSeconds(X509_CRL_get0_lastUpdate(crl.get()));
  out.next_update = CrlSeconds(X509_CRL_get0_nextUpdate(crl.get()));
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  if (size <= 0) return Error{"no revocation list: " + CryptoError()};
  out.der.assign(der, der + size);
  OPENSSL_free(der);
  return out;
}

std::vector<std::string> CrlUrlsOf(const Certificate& certificate) {
  std::vector<std::string> urls;
  if (!certificate) return urls;
  auto* points = static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate.handle(), NID_crl_distribution_points, nullptr, nullptr));
  if (points == nullptr) return urls;
  for (int i = 0; i < sk_DIST_POINT_num(points); ++i) {
    const DIST_POINT* p = sk_DIST_POINT_value(points, i);
    if (p->distpoint == nullptr || p->distpoint->type != 0) continue;  // not by full name
    const GENERAL_NAMES* names = p->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
      const GENERAL_NAME* n = sk_GENERAL_NAME_value(names, j);
      if (n->type != GEN_URI) continue;
      const ASN1_IA5STRING* text = n->d.uniformResourceIdentifier;
      urls.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
  }
  CRL_DIST_POINTS_free(points);
  return urls;
}

}  // namespace sallyport
