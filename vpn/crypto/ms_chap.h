// MS-CHAPv2 (RFC 2759) and its change of a password: what a client computes. MD4, DES and RC4 are OpenSSL's legacy provider's; nothing
// comes of it where that is not there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

using MsChapChallenge = std::array<std::uint8_t, 16>;

struct MsChapResponse {
  std::array<std::uint8_t, 24> response{};  // NT-Response
  std::string authenticator;                // what the server must say: "S=" and 40 digits
};
// `user`: without a domain in front. The password is UTF-8.
std::optional<MsChapResponse> AnswerMsChap(const MsChapChallenge& authenticator, const MsChapChallenge& peer, std::string_view user,
                                           std::string_view password);

struct MsChapChange {
  std::vector<std::uint8_t> password;  // 516 bytes, encrypted with the old password's hash
  std::array<std::uint8_t, 16> hash{}; // the old hash, encrypted with the new one
};
std::optional<MsChapChange> ChangeMsChap(std::string_view old_password, std::string_view new_password, Bytes random512);

}  // namespace sallyport
