// Session tokens: the cookie `webvpn`, by which a client comes back to its session. Text is `INDEX@NUMBER@CHECK@RANDOM`: the
// session's index, a number of the appliance's start, four digits that a mistyped one fails by, and what nobody guesses: 32
// random bytes, 20 before 9.2. Only the SHA-256 of the text is kept, and compared in a time that tells nothing. A token is
// never logged or shown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vpn/crypto/entropy.h"

namespace sallyport {

using TokenHash = std::array<std::uint8_t, 32>;

struct SessionToken {
  std::string text;  // for the client; whoever is done with it wipes it
  TokenHash hash{};  // what is kept
};

// `boot`: a number that differs from one start of the appliance to the next.
SessionToken MakeToken(std::uint32_t index, std::uint32_t boot, Entropy& entropy, int release);
// The session that a token speaks of, if it is well-formed; that it is that session's, TokenMatches says.
std::optional<std::uint32_t> IndexOfToken(std::string_view text);
TokenHash HashOfToken(std::string_view text);
bool TokenMatches(const TokenHash& kept, std::string_view text);

}  // namespace sallyport
