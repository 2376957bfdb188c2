// TLS cipher suites as `ssl cipher`, `ssl encryption` and `show ssl ciphers` know them: one table.
//
// Source: ASA command reference and configuration guide, `ssl cipher` (levels), `ssl encryption`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

// Each level is part of the one before it.
enum class SslLevel : std::uint8_t { kAll, kLow, kMedium, kFips, kHigh };

// Versions of the protocol that a suite is for, as bits.
enum SslVersion : std::uint8_t { kSslTls10 = 1, kSslTls11 = 2, kSslDtls10 = 4, kSslTls12 = 8, kSslDtls12 = 16 };

struct SslCipher {
  const char* name;        // OpenSSL's, which is an ASA's from 9.3 on
  const char* encryption;  // as `ssl encryption` has it before; "": it has none
  SslLevel level;          // the strictest that holds it
  std::uint8_t versions;
  bool known = true;       // the library here has it; RC4 and DES are kept in a line and never agreed on
};

// In order of preference.
std::span<const SslCipher> SslCiphers();
const SslCipher* SslCipherNamed(std::string_view name);     // null: there is none
const SslCipher* SslCipherOfEncryption(std::string_view word);

std::optional<SslLevel> SslLevelOf(std::string_view word);  // "all", "low" ...
// Suites of a level for a version, the strictest that is there for it (`high` is TLS 1.2's): names, in order.
std::vector<std::string> SslCiphersOf(SslLevel level, SslVersion version);
// Of a list as `custom` has it ("A:B:C"), those that are for the version.
std::vector<std::string> SslCiphersOf(std::string_view custom, SslVersion version);

// Joined by ':', those that the library does not have left out, none twice.
std::string JoinKnown(const std::vector<std::string>& names);

}  // namespace sallyport
