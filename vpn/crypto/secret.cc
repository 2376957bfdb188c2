#include "vpn/crypto/secret.h"

#include <openssl/crypto.h>

namespace sallyport {

Secret Secret::OfText(std::string_view text) {
  return Secret(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

bool Secret::operator==(const Secret& other) const { return SameBytes(bytes(), other.bytes()); }

void Secret::Wipe() { Cleanse(data_); }

bool SameBytes(Bytes a, Bytes b) { return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0); }

void Cleanse(MutableBytes bytes) {
  if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
}

}  // namespace sallyport
