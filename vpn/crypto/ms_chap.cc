#include "vpn/crypto/ms_chap.h"

#include <openssl/evp.h>

#include <algorithm>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

constexpr std::size_t kHashBytes = 16, kMostUtf16 = 512;

Bytes CharsOf(std::string_view s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

// UTF-16, little-endian; what is no UTF-8 is taken byte by byte.
Secret Utf16(std::string_view s) {
  Secret out(2 * s.size());
  std::size_t n = 0;
  const auto put = [&](std::uint32_t unit) {
    out.bytes()[n++] = static_cast<std::uint8_t>(unit);
    out.bytes()[n++] = static_cast<std::uint8_t>(unit >> 8);
  };
  for (std::size_t i = 0; i < s.size();) {
    const auto b = static_cast<std::uint8_t>(s[i]);
    const std::size_t length = b < 0xc0 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    std::uint32_t c = length == 1 ? b : b & (0x7fu >> length);
    bool good = i + length <= s.size() && b < 0xf8 && (length > 1 || b < 0x80);
    for (std::size_t k = 1; good && k < length; k++) {
      const auto next = static_cast<std::uint8_t>(s[i + k]);
      good = (next & 0xc0) == 0x80;
      c = c << 6 | (next & 0x3f);
    }
    if (!good || c > 0x10ffff) {
      put(b);
      i++;
      continue;
    }
    i += length;
    if (c < 0x10000) {
      put(c);
    } else {
      put(0xd800 + ((c - 0x10000) >> 10));
      put(0xdc00 + ((c - 0x10000) & 0x3ff));
    }
  }
  Secret exact(n);
  std::copy_n(out.bytes().begin(), n, exact.bytes().begin());
  return exact;
}

bool Md4(Bytes in, MutableBytes out) {
  EVP_MD* md = EVP_MD_fetch(CryptoLibrary::Get().context(), "MD4", nullptr);
  unsigned length = 0;
  const bool done = md != nullptr && EVP_Digest(in.data(), in.size(), out.data(), &length, md, nullptr) == 1 && length == kHashBytes;
  EVP_MD_free(md);
  return done;
}

bool RunCipher(const char* name, Bytes key, Bytes in, MutableBytes out) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(CryptoLibrary::Get().context(), name, nullptr);
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  int length = 0;
  const bool done = cipher != nullptr && c != nullptr && EVP_EncryptInit_ex(c, cipher, nullptr, nullptr, nullptr) == 1 &&
                    EVP_CIPHER_CTX_set_key_length(c, static_cast<int>(key.size())) == 1 &&
                    EVP_EncryptInit_ex(c, nullptr, nullptr, key.data(), nullptr) == 1 && EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
                    EVP_EncryptUpdate(c, out.data(), &length, in.data(), static_cast<int>(in.size())) == 1 &&
                    length == static_cast<int>(in.size());
  EVP_CIPHER_CTX_free(c);
  EVP_CIPHER_free(cipher);
  return done;
}

// One block under 7 bytes of key, which parity bits make 8 of.
bool DesBlock(Bytes key7, Bytes in8, MutableBytes out8) {
  Secret key(8);
  std::uint64_t bits = 0;
  for (const std::uint8_t b : key7) bits = bits << 8 | b;
  for (std::size_t i = 0; i < 8; i++) key.bytes()[i] = static_cast<std::uint8_t>((bits >> (49 - 7 * i) & 0x7f) << 1);
  return RunCipher("DES-ECB", key.bytes(), in8, out8);
}

}  // namespace

std::optional<MsChapResponse> AnswerMsChap(const MsChapChallenge& authenticator, const MsChapChallenge& peer, std::string_view user,
                                           std::string_view password) {
  const auto digest = Hash(VpnHash::kSha1, {peer, authenticator, CharsOf(user)});
  const Bytes challenge(digest.data(), 8);
  Secret hash(21), hash_of_hash(kHashBytes);  // five zeros fill the third key
  MsChapResponse r;
  const MutableBytes out(r.response);
  if (!Md4(Utf16(password).bytes(), hash.bytes()) || !Md4(Bytes(hash.bytes()).first(kHashBytes), hash_of_hash.bytes())) return {};
  for (std::size_t i = 0; i < 3; i++) {
    if (!DesBlock(Bytes(hash.bytes()).subspan(7 * i, 7), challenge, out.subspan(8 * i, 8))) return {};
  }
  const auto first = Hash(VpnHash::kSha1, {hash_of_hash.bytes(), r.response, CharsOf("Magic server to client signing constant")});
  const auto second = Hash(VpnHash::kSha1, {first, challenge, CharsOf("Pad to make it do more than one iteration")});
  r.authenticator = "S=";
  for (const std::uint8_t b : second) {
    for (const int digit : {b >> 4, b & 15}) r.authenticator += "0123456789ABCDEF"[digit];
  }
  return r;
}

std::optional<MsChapChange> ChangeMsChap(std::string_view old_password, std::string_view new_password, Bytes random512) {
  const Secret text = Utf16(new_password);
  if (text.size() > kMostUtf16 || random512.size() != kMostUtf16) return {};
  Secret old_hash(kHashBytes), new_hash(kHashBytes), block(kMostUtf16 + 4);
  if (!Md4(Utf16(old_password).bytes(), old_hash.bytes()) || !Md4(text.bytes(), new_hash.bytes())) return {};
  std::copy(random512.begin(), random512.end(), block.bytes().begin());
  std::copy(text.bytes().begin(), text.bytes().end(), block.bytes().begin() + static_cast<std::ptrdiff_t>(kMostUtf16 - text.size()));
  block.bytes()[kMostUtf16] = static_cast<std::uint8_t>(text.size());
  block.bytes()[kMostUtf16 + 1] = static_cast<std::uint8_t>(text.size() >> 8);
  MsChapChange c;
  c.password.resize(block.size());
  const MutableBytes hash(c.hash);
  const Bytes key = new_hash.bytes(), old = old_hash.bytes();
  if (!RunCipher("RC4", old, block.bytes(), c.password) || !DesBlock(key.first(7), old.first(8), hash.first(8)) ||
      !DesBlock(key.subspan(7, 7), old.subspan(8, 8), hash.subspan(8, 8))) {
    return {};
  }
  return c;
}

}  // namespace sallyport
