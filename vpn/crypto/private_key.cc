#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstring>

#include "vpn/crypto/certificates_impl.h"
#include "vpn/crypto/library.h"
#include "vpn/crypto/operations.h"

namespace sallyport {
namespace {

OSSL_LIB_CTX* OperationContext() { return CryptoLibrary::Get().context(); }

int GivePassphrase(char* buffer, int size, int, void* passphrase) {
  const std::string_view& p = *static_cast<const std::string_view*>(passphrase);
  if (p.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, p.data(), p.size());
  return static_cast<int>(p.size());
}

Result<PrivateKey> Take(EVP_PKEY* key, const char* otherwise) {
  if (key == nullptr) return Error{std::string(otherwise) + ": " + CryptoError()};
  return CertificateAccess::Key(key);
}

}  // namespace

PrivateKey CertificateAccess::Key(EVP_PKEY* taken) {
  PrivateKey out;
  out.key_ = std::shared_ptr<EVP_PKEY>(taken, EVP_PKEY_free);
  return out;
}

BioPtr BioOver(Bytes bytes) { return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }
BioPtr BioOver(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string TextOf(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

KeyType TypeOf(const EVP_PKEY* key) {
  if (key == nullptr) return KeyType::kOther;
  if (EVP_PKEY_is_a(key, "RSA")) return KeyType::kRsa;
  char group[64] = {};
  std::size_t size = 0;
  if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1) return KeyType::kOther;
  if (std::strcmp(group, "prime256v1") == 0) return KeyType::kEcP256;
  if (std::strcmp(group, "secp384r1") == 0) return KeyType::kEcP384;
  if (std::strcmp(group, "secp521r1") == 0) return KeyType::kEcP521;
  return KeyType::kOther;
}

Result<PrivateKey> PrivateKey::FromPem(std::string_view text, std::string_view passphrase) {
  const BioPtr bio = BioOver(text);
  if (!bio) return Error{"out of memory"};
  return Take(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, GivePassphrase, &passphrase, OperationContext(), nullptr), "no private key");
}

Result<PrivateKey> PrivateKey::FromDer(Bytes der) {
  const unsigned char* at = der.data();
  return Take(d2i_AutoPrivateKey_ex(nullptr, &at, static_cast<long>(der.size()), OperationContext(), nullptr), "no private key");
}

Result<PrivateKey> PrivateKey::NewRsa(int bits) {
  if (bits < 512 || bits > 16384) return Error{"no such size of an RSA key"};
  CryptoOperations::Count(Operations().rsa_keys);
  return Take(EVP_PKEY_Q_keygen(OperationContext(), nullptr, "RSA", static_cast<std::size_t>(bits)), "no RSA key could be made");
}

Result<PrivateKey> PrivateKey::NewEc(KeyType curve) {
  const char* name = curve == KeyType::kEcP256   ? "P-256"
                     : curve == KeyType::kEcP384 ? "P-384"
                     : curve == KeyType::kEcP521 ? "P-521"
                                                 : nullptr;
  if (name == nullptr) return Error{"no such curve"};
  return Take(EVP_PKEY_Q_keygen(OperationContext(), nullptr, "EC", name), "no EC key could be made");
}

KeyType PrivateKey::type() const { return TypeOf(key_.get()); }
int PrivateKey::bits() const { return key_ ? EVP_PKEY_get_bits(key_.get()) : 0; }

std::string PrivateKey::ToPem() const {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  return TextOf(bio.get());
}

}  // namespace sallyport
