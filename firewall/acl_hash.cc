#include "firewall/acl_hash.h"

#include <openssl/evp.h>

namespace sallyport {

std::uint32_t AclHash(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_md5(), nullptr) != 1 || length != 16) return 0;
  std::uint32_t hash = 0;
  for (unsigned int i = 0; i < length; i++) hash ^= static_cast<std::uint32_t>(digest[i]) << (8 * (i % 4));
  return hash;
}

}  // namespace sallyport
