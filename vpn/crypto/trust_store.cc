#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <ctime>

#include "vpn/crypto/certificates_impl.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, FreeBy<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeBy<X509_STORE_CTX_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * s) const { sk_X509_free(s); }  // the certificates belong to others
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

}  // namespace

Status TrustStore::AddCrl(Bytes text) {
  X509_CRL* crl = X509_CRL_new_ex(CryptoLibrary::Get().context(), nullptr);
  const unsigned char* at = text.data();
  bool good = false;
  // What fails has freed the list, or not: then it is still there.
  if (!text.empty() && text[0] == 0x30) {
    good = d2i_X509_CRL(&crl, &at, static_cast<long>(text.size())) != nullptr;
  } else if (const BioPtr bio = BioOver(text); bio) {
    good = PEM_read_bio_X509_CRL(bio.get(), &crl, nullptr, nullptr) != nullptr;
  }
  if (!good) {
    X509_CRL_free(crl);
    return Error{"no revocation list: " + CryptoError()};
  }
  crls_.emplace_back(crl, X509_CRL_free);
  return {};
}

const Certificate* TrustStore::AnchorOf(const Certificate& leaf) const {
  for (const Certificate& a : anchors_)
    if (std::ranges::equal(a.subject_der(), leaf.issuer_der())) return &a;
  return nullptr;
}

Status TrustStore::Validate(const Certificate& leaf, const std::vector<Certificate>& others, std::int64_t at_s, bool crl_required) const {
  if (!leaf) return Error{"no certificate"};
  const StorePtr store(X509_STORE_new());
  const StackPtr untrusted(sk_X509_new_null());
  const StoreContextPtr context(X509_STORE_CTX_new_ex(CryptoLibrary::Get().context(), nullptr));
  if (!store || !untrusted || !context) return Error{"out of memory"};
  for (const Certificate& a : anchors_) X509_STORE_add_cert(store.get(), a.handle());
  for (const Certificate& c : others) sk_X509_push(untrusted.get(), c.handle());
  bool listed = crl_required;
  for (const auto& crl : crls_) {
    X509_STORE_add_crl(store.get(), crl.get());
    listed |= X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_issuer_name(leaf.handle())) == 0;
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf.handle(), untrusted.get()) != 1)
    return Error{"the certificate cannot be checked: " + CryptoError()};
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(at_s));
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | (listed ? X509_V_FLAG_CRL_CHECK : 0));
  X509_VERIFY_PARAM_set_depth(parameters, 10);
  const bool good = X509_verify_cert(context.get()) == 1;
  CryptoError();
  if (good) return {};
  return Error{X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))};
}

}  // namespace sallyport
