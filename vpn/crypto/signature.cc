#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <array>

#include "vpn/crypto/certificates_impl.h"
#include "vpn/crypto/library.h"
#include "vpn/crypto/operations.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

enum class Form : std::uint8_t { kRaw, kPkcs1, kPss, kEcFixed, kEcDer };

struct SchemeTraits {
  Form form;
  VpnHash hash;
  KeyType key;  // kOther: any curve
  std::string_view identifier;
};

using std::string_view_literals::operator""sv;

// SEQUENCE { OID, NULL } of PKCS#1 and SEQUENCE { OID } of ECDSA (RFC 7427, appendix A).
#define SALLYPORT_PKCS1(last) "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00"sv
// SEQUENCE { rsassa-pss, SEQUENCE { [0] hash, [1] MGF1 of it, [2] its length } }
#define SALLYPORT_HASH(last) "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last "\x05\x00"
#define SALLYPORT_PSS(last, salt)                                                                                  \
  "\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f" SALLYPORT_HASH(last)                      \
  "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SALLYPORT_HASH(last) "\xa2\x03\x02\x01" salt ""sv

constexpr SchemeTraits kSchemes[] = {
    {Form::kRaw, VpnHash::kNone, KeyType::kRsa, {}},
    {Form::kPkcs1, VpnHash::kSha1, KeyType::kRsa, SALLYPORT_PKCS1("\x05")},
    {Form::kEcFixed, VpnHash::kSha256, KeyType::kEcP256, {}},
    {Form::kEcFixed, VpnHash::kSha384, KeyType::kEcP384, {}},
    {Form::kEcFixed, VpnHash::kSha512, KeyType::kEcP521, {}},
    {Form::kPkcs1, VpnHash::kSha256, KeyType::kRsa, SALLYPORT_PKCS1("\x0b")},
    {Form::kPkcs1, VpnHash::kSha384, KeyType::kRsa, SALLYPORT_PKCS1("\x0c")},
    {Form::kPkcs1, VpnHash::kSha512, KeyType::kRsa, SALLYPORT_PKCS1("\x0d")},
    {Form::kPss, VpnHash::kSha256, KeyType::kRsa, SALLYPORT_PSS("\x01", "\x20")},
    {Form::kPss, VpnHash::kSha384, KeyType::kRsa, SALLYPORT_PSS("\x02", "\x30")},
    {Form::kPss, VpnHash::kSha512, KeyType::kRsa, SALLYPORT_PSS("\x03", "\x40")},
    {Form::kEcDer, VpnHash::kSha1, KeyType::kOther, "\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"sv},
    {Form::kEcDer, VpnHash::kSha256, KeyType::kOther, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv},
    {Form::kEcDer, VpnHash::kSha384, KeyType::kOther, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"sv},
    {Form::kEcDer, VpnHash::kSha512, KeyType::kOther, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"sv}};
#undef SALLYPORT_PSS
#undef SALLYPORT_HASH
#undef SALLYPORT_PKCS1
constexpr int kSchemeCount = static_cast<int>(std::size(kSchemes));

const SchemeTraits& Of(SignatureScheme scheme) { return kSchemes[static_cast<std::size_t>(scheme)]; }

bool Fits(const SchemeTraits& t, KeyType key) {
  return t.key == key || (t.key == KeyType::kOther && key != KeyType::kRsa && key != KeyType::kOther);
}

std::size_t FieldSize(KeyType key) { return key == KeyType::kEcP256 ? 32 : key == KeyType::kEcP384 ? 48 : 66; }

using MdPtr = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, FreeBy<ECDSA_SIG_free>>;

// Everything but kRaw: a digest with a key, signing or verifying. null: OpenSSL refused.
MdPtr Begin(const SchemeTraits& t, EVP_PKEY* key, bool sign) {
  MdPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  OSSL_LIB_CTX* const library = CryptoLibrary::Get().context();
  const char* digest = EVP_MD_get0_name(CryptoLibrary::Get().Md(t.hash));
  if (!context || (sign ? EVP_DigestSignInit_ex(context.get(), &parameters, digest, library, nullptr, key, nullptr)
                        : EVP_DigestVerifyInit_ex(context.get(), &parameters, digest, library, nullptr, key, nullptr)) != 1)
    return nullptr;
  if (t.form == Form::kPkcs1 && EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) != 1) return nullptr;
  if (t.form == Form::kPss && (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
                               EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1))
    return nullptr;
  return context;
}

KeyContextPtr BeginRaw(EVP_PKEY* key, bool sign) {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(CryptoLibrary::Get().context(), key, nullptr));
  if (!context || (sign ? EVP_PKEY_sign_init(context.get()) : EVP_PKEY_verify_init(context.get())) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1)
    return nullptr;
  return context;
}

// DER to r | s and back.
std::optional<std::vector<std::uint8_t>> ToFixed(Bytes der, std::size_t field) {
  const unsigned char* at = der.data();
  const EcSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::vector<std::uint8_t> out(2 * field);
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), static_cast<int>(field)) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + field, static_cast<int>(field)) < 0)
    return {};
  return out;
}

std::vector<std::uint8_t> FromFixed(Bytes fixed, std::size_t field) {
  const EcSignature signature(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(fixed.data(), static_cast<int>(field), nullptr);
  BIGNUM* const s = BN_bin2bn(fixed.data() + field, static_cast<int>(field), nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  std::vector<std::uint8_t> out(size > 0 ? static_cast<std::size_t>(size) : 0);
  unsigned char* at = out.data();
  if (size > 0) i2d_ECDSA_SIG(signature.get(), &at);
  return out;
}

VpnHash HashOfNid(int nid) {
  switch (nid) {
    case NID_sha1: return VpnHash::kSha1;
    case NID_sha256: return VpnHash::kSha256;
    case NID_sha384: return VpnHash::kSha384;
    case NID_sha512: return VpnHash::kSha512;
    default: return VpnHash::kNone;
  }
}

// The hash of PSS parameters that are like ours; kNone: others.
VpnHash PssHash(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(&object, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return VpnHash::kNone;
  using Parameters = std::unique_ptr<RSA_PSS_PARAMS, FreeBy<RSA_PSS_PARAMS_free>>;
  const Parameters p(
      static_cast<RSA_PSS_PARAMS*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), ASN1_ITEM_rptr(RSA_PSS_PARAMS))));
  if (!p || p->hashAlgorithm == nullptr || p->maskGenAlgorithm == nullptr || p->saltLength == nullptr) return VpnHash::kNone;
  X509_ALGOR_get0(&object, nullptr, nullptr, p->hashAlgorithm);
  const VpnHash hash = HashOfNid(OBJ_obj2nid(object));
  X509_ALGOR_get0(&object, &type, &value, p->maskGenAlgorithm);
  if (hash == VpnHash::kNone || OBJ_obj2nid(object) != NID_mgf1 || type != V_ASN1_SEQUENCE) return VpnHash::kNone;
  using Algorithm = std::unique_ptr<X509_ALGOR, FreeBy<X509_ALGOR_free>>;
  const Algorithm mask(static_cast<X509_ALGOR*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), ASN1_ITEM_rptr(X509_ALGOR))));
  if (!mask) return VpnHash::kNone;
  X509_ALGOR_get0(&object, nullptr, nullptr, mask.get());
  const bool trailer = p->trailerField == nullptr || ASN1_INTEGER_get(p->trailerField) == 1;
  const bool same = HashOfNid(OBJ_obj2nid(object)) == hash && ASN1_INTEGER_get(p->saltLength) == TraitsOf(hash).size && trailer;
  return same ? hash : VpnHash::kNone;
}

}  // namespace

Bytes AlgorithmIdentifierOf(SignatureScheme scheme) {
  const std::string_view id = Of(scheme).identifier;
  return {reinterpret_cast<const std::uint8_t*>(id.data()), id.size()};
}

VpnHash HashOf(SignatureScheme scheme) { return Of(scheme).hash; }

std::optional<SignatureScheme> SchemeOf(Bytes algorithm_identifier) {
  const unsigned char* at = algorithm_identifier.data();
  using Algorithm = std::unique_ptr<X509_ALGOR, FreeBy<X509_ALGOR_free>>;
  const Algorithm algorithm(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm_identifier.size())));
  if (!algorithm || at != algorithm_identifier.data() + algorithm_identifier.size()) {
    CryptoError();
    return {};
  }
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  X509_ALGOR_get0(&object, &type, nullptr, algorithm.get());
  const int nid = OBJ_obj2nid(object);
  Form form = Form::kPss;
  VpnHash hash = VpnHash::kNone;
  if (nid == NID_rsassaPss) {
    hash = PssHash(algorithm.get());
    CryptoError();
  } else {
    int digest = 0, key = 0;
    // Parameters are NULL or absent.
    if (OBJ_find_sigid_algs(nid, &digest, &key) != 1 || (type != V_ASN1_NULL && type != V_ASN1_UNDEF)) return {};
    hash = HashOfNid(digest);
    if (key == NID_rsaEncryption) {
      form = Form::kPkcs1;
    } else if (key == NID_X9_62_id_ecPublicKey) {
      form = Form::kEcDer;
    } else {
      return {};
    }
  }
  if (hash == VpnHash::kNone) return {};
  for (int i = 0; i < kSchemeCount; ++i)
    if (kSchemes[i].form == form && kSchemes[i].hash == hash) return static_cast<SignatureScheme>(i);
  return {};
}

Result<std::vector<std::uint8_t>> Sign(const PrivateKey& key, SignatureScheme scheme, Bytes data) {
  const SchemeTraits& t = Of(scheme);
  if (!key || !Fits(t, key.type())) return Error{"the key does not fit the kind of signature"};
  CryptoOperations& done = Operations();
  CryptoOperations::Count(key.type() == KeyType::kRsa ? done.rsa_signatures : done.ecdsa_signatures);
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.handle()));
  std::vector<std::uint8_t> out(size);
  if (t.form == Form::kRaw) {
    const KeyContextPtr context = BeginRaw(key.handle(), true);
    if (!context || EVP_PKEY_sign(context.get(), out.data(), &size, data.data(), data.size()) != 1)
      return Error{"signing failed: " + CryptoError()};
    out.resize(size);
    return out;
  }
  const MdPtr context = Begin(t, key.handle(), true);
  if (!context || EVP_DigestSign(context.get(), out.data(), &size, data.data(), data.size()) != 1)
    return Error{"signing failed: " + CryptoError()};
  out.resize(size);
  if (t.form != Form::kEcFixed) return out;
  std::optional<std::vector<std::uint8_t>> fixed = ToFixed(out, FieldSize(key.type()));
  if (!fixed) return Error{"signing failed: " + CryptoError()};
  return std::move(*fixed);
}

bool Verify(const Certificate& signer, SignatureScheme scheme, Bytes data, Bytes signature) {
  const SchemeTraits& t = Of(scheme);
  EVP_PKEY* const key = signer ? X509_get0_pubkey(signer.handle()) : nullptr;
  const KeyType type = TypeOf(key);
  if (key == nullptr || !Fits(t, type)) return false;
  CryptoOperations& done = Operations();
  CryptoOperations::Count(type == KeyType::kRsa ? done.rsa_verifications : done.ecdsa_verifications);
  bool good = false;
  if (t.form == Form::kRaw) {
    const KeyContextPtr context = BeginRaw(key, false);
    good = context && !data.empty() &&
           EVP_PKEY_verify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
  } else {
    std::vector<std::uint8_t> der;
    if (t.form == Form::kEcFixed) {
      if (signature.size() != 2 * FieldSize(type)) return false;
      der = FromFixed(signature, FieldSize(type));
      signature = der;
    }
    const MdPtr context = Begin(t, key, false);
    good = context && EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
  }
  CryptoError();
  return good;
}

}  // namespace sallyport
