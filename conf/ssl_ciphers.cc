#include "conf/ssl_ciphers.h"

#include <algorithm>

namespace sallyport {
namespace {

using L = SslLevel;
constexpr std::uint8_t kNew = kSslTls12 | kSslDtls12;
constexpr std::uint8_t kOld = kSslTls10 | kSslTls11 | kSslDtls10 | kNew;

constexpr SslCipher kTable[] = {
    {"ECDHE-ECDSA-AES256-GCM-SHA384", "", L::kHigh, kNew},
    {"ECDHE-RSA-AES256-GCM-SHA384", "", L::kHigh, kNew},
    {"DHE-RSA-AES256-GCM-SHA384", "", L::kHigh, kNew},
    {"AES256-GCM-SHA384", "", L::kHigh, kNew},
    {"ECDHE-ECDSA-AES256-SHA384", "", L::kHigh, kNew},
    {"ECDHE-RSA-AES256-SHA384", "", L::kHigh, kNew},
    {"DHE-RSA-AES256-SHA256", "", L::kHigh, kNew},
    {"AES256-SHA256", "", L::kHigh, kNew},
    {"ECDHE-ECDSA-AES128-GCM-SHA256", "", L::kFips, kNew},
    {"ECDHE-RSA-AES128-GCM-SHA256", "", L::kFips, kNew},
    {"DHE-RSA-AES128-GCM-SHA256", "", L::kFips, kNew},
    {"AES128-GCM-SHA256", "", L::kFips, kNew},
    {"ECDHE-ECDSA-AES128-SHA256", "", L::kFips, kNew},
    {"ECDHE-RSA-AES128-SHA256", "", L::kFips, kNew},
    {"DHE-RSA-AES128-SHA256", "", L::kFips, kNew},
    {"AES128-SHA256", "", L::kFips, kNew},
    {"DHE-RSA-AES256-SHA", "dhe-aes256-sha1", L::kFips, kOld},
    {"AES256-SHA", "aes256-sha1", L::kFips, kOld},
    {"DHE-RSA-AES128-SHA", "dhe-aes128-sha1", L::kFips, kOld},
    {"AES128-SHA", "aes128-sha1", L::kFips, kOld},
    {"DES-CBC3-SHA", "3des-sha1", L::kMedium, kOld},
    {"RC4-SHA", "rc4-sha1", L::kLow, kSslTls10, false},
    {"RC4-MD5", "rc4-md5", L::kLow, kSslTls10, false},
    {"DES-CBC-SHA", "des-sha1", L::kLow, kSslTls10, false},
    {"NULL-SHA", "null-sha1", L::kAll, kSslTls10, false},
};

}  // namespace

std::span<const SslCipher> SslCiphers() { return kTable; }

const SslCipher* SslCipherNamed(std::string_view name) {
  for (const SslCipher& c : kTable) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

const SslCipher* SslCipherOfEncryption(std::string_view word) {
  for (const SslCipher& c : kTable) {
    if (c.encryption[0] != 0 && c.encryption == word) return &c;
  }
  return nullptr;
}

std::optional<SslLevel> SslLevelOf(std::string_view word) {
  constexpr std::string_view kWords[] = {"all", "low", "medium", "fips", "high"};
  for (std::size_t i = 0; i < std::size(kWords); i++) {
    if (kWords[i] == word) return static_cast<SslLevel>(i);
  }
  return std::nullopt;
}

std::vector<std::string> SslCiphersOf(SslLevel level, SslVersion version) {
  if (level == SslLevel::kHigh && (version & kNew) == 0) level = SslLevel::kFips;
  std::vector<std::string> out;
  for (const SslCipher& c : kTable) {
    if (c.level >= level && (c.versions & version) != 0) out.emplace_back(c.name);
  }
  return out;
}

std::vector<std::string> SslCiphersOf(std::string_view custom, SslVersion version) {
  std::vector<std::string> out;
  while (!custom.empty()) {
    const std::size_t end = std::min(custom.find_first_of(": "), custom.size());
    const SslCipher* c = SslCipherNamed(custom.substr(0, end));
    if (c != nullptr && (c->versions & version) != 0) out.emplace_back(c->name);
    custom.remove_prefix(std::min(end + 1, custom.size()));
  }
  return out;
}

std::string JoinKnown(const std::vector<std::string>& names) {
  std::string out;
  for (auto n = names.begin(); n != names.end(); ++n) {
    const SslCipher* c = SslCipherNamed(*n);
    if (c == nullptr || !c->known || std::find(names.begin(), n, *n) != n) continue;
    out += (out.empty() ? "" : ":") + *n;
  }
  return out;
}

}  // namespace sallyport
