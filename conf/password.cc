#include "conf/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

namespace sallyport {
namespace {

using Bytes16 = std::array<unsigned char, 16>;

bool Digest(const EVP_MD* md, const void* data, std::size_t size, Bytes16& out) {
  unsigned int n = 0;
  unsigned char buffer[EVP_MAX_MD_SIZE];
  if (md == nullptr || EVP_Digest(data, size, buffer, &n, md, nullptr) != 1 || n < out.size()) return false;
  std::copy(buffer, buffer + out.size(), out.begin());
  return true;
}

std::string Base64(const unsigned char* data, std::size_t size) {
  std::string out((size + 2) / 3 * 4 + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
  out.resize(static_cast<std::size_t>(n));
  return out;
}

std::vector<unsigned char> FromBase64(std::string_view text) {
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  std::vector<unsigned char> out(padded.size() / 4 * 3 + 1);
  const int n = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
  if (n < 0) return {};
  std::size_t size = static_cast<std::size_t>(n);
  for (auto it = padded.rbegin(); it != padded.rend() && *it == '=' && size > 0; ++it) size--;
  out.resize(size);
  return out;
}

bool SameBytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string PasswordEncrypted(std::string_view password, std::string_view user) {
  std::string text(password);
  if (!user.empty() && text.size() < 28) {
    for (std::size_t i = 0; i < 4; i++) text += user[i % user.size()];  // a shorter name is repeated
  }
  const std::size_t size = text.size() <= 16 ? 16 : 32;
  text.resize(size, '\0');
  Bytes16 digest{};
  if (!Digest(EVP_md5(), text.data(), text.size(), digest)) return {};
  static constexpr std::string_view kAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out;
  for (int word = 0; word < 4; word++) {
    std::uint32_t v = digest[word * 4] | digest[word * 4 + 1] << 8 | digest[word * 4 + 2] << 16;
    for (int i = 0; i < 4; i++, v >>= 6) out += kAlphabet[v & 0x3f];
  }
  return out;
}

std::string PasswordPbkdf2(std::string_view password) {
  Bytes16 salt{};
  if (RAND_bytes(salt.data(), salt.size()) != 1) return {};
  return PasswordPbkdf2(password, {reinterpret_cast<const char*>(salt.data()), salt.size()}, 5000);
}

std::string PasswordPbkdf2(std::string_view password, std::string_view salt, int iterations) {
  Bytes16 hash{};
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), reinterpret_cast<const unsigned char*>(salt.data()),
                        static_cast<int>(salt.size()), iterations, EVP_sha512(), hash.size(), hash.data()) != 1) {
    return {};
  }
  return "$sha512$" + std::to_string(iterations) + "$" + Base64(reinterpret_cast<const unsigned char*>(salt.data()), salt.size()) + "$" +
         Base64(hash.data(), hash.size());
}

std::string PasswordNt(std::string_view password) {
  // MD4 lives in OpenSSL's legacy provider; a context of our own keeps it out of everything else.
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* c = OSSL_LIB_CTX_new();
    if (c != nullptr) (void)OSSL_PROVIDER_load(c, "legacy");
    return c;
  }();
  std::string utf16;
  for (const char ch : password) {
    utf16 += ch;
    utf16 += '\0';
  }
  EVP_MD* md4 = context != nullptr ? EVP_MD_fetch(context, "MD4", nullptr) : nullptr;
  Bytes16 digest{};
  const bool ok = Digest(md4, utf16.data(), utf16.size(), digest);
  EVP_MD_free(md4);
  return ok ? Base64(digest.data(), digest.size()) : std::string();
}

bool VerifyPassword(std::string_view password, std::string_view stored, StoredPassword form, std::string_view user) {
  if (stored.empty()) return false;
  switch (form) {
    case StoredPassword::kPlain: return SameBytes(password, stored);
    case StoredPassword::kEncrypted: {
      const std::string own = PasswordEncrypted(password, user);
      return !own.empty() && SameBytes(own, stored);
    }
    case StoredPassword::kNtEncrypted: {
      const std::string own = PasswordNt(password);
      return !own.empty() && SameBytes(own, stored);
    }
    case StoredPassword::kPbkdf2: break;
  }
  if (!stored.starts_with("$sha512$")) return false;
  std::string_view rest = stored.substr(8);
  const std::size_t a = rest.find('$');
  if (a == std::string_view::npos) return false;
  const std::size_t b = rest.find('$', a + 1);
  if (b == std::string_view::npos) return false;
  int iterations = 0;
  if (std::from_chars(rest.data(), rest.data() + a, iterations).ec != std::errc{} || iterations < 1 || iterations > 1'000'000) return false;
  const auto salt = FromBase64(rest.substr(a + 1, b - a - 1));
  const std::string own = PasswordPbkdf2(password, {reinterpret_cast<const char*>(salt.data()), salt.size()}, iterations);
  return !own.empty() && SameBytes(own.substr(own.rfind('$')), rest.substr(b));
}

}  // namespace sallyport
