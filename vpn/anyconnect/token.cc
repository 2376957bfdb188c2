#include "vpn/anyconnect/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/secret.h"

namespace sallyport {
namespace {

constexpr std::size_t kLongestToken = 128;

Bytes TokenBytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

// Four digits over what stands around them.
std::string CheckOf(std::string_view front, std::string_view random) {
  const auto digest = Hash(VpnHash::kSha256, {TokenBytes(front), TokenBytes(random)});
  return fmt::format("{:02X}{:02X}", digest[0], digest[1]);
}

}  // namespace

SessionToken MakeToken(std::uint32_t index, std::uint32_t boot, Entropy& entropy, int release) {
  std::uint8_t bytes[32];
  const std::size_t size = release >= 902 ? 32 : 20;
  entropy.Fill(MutableBytes(bytes, size));
  std::string random;
  random.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) fmt::format_to(std::back_inserter(random), "{:02X}", bytes[i]);
  Cleanse(bytes);
  const std::string front = fmt::format("{}@{}", index, (boot % 1000 + 1) * 4096);
  SessionToken t;
  t.text = front + "@" + CheckOf(front, random) + "@" + random;
  t.hash = HashOfToken(t.text);
  Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(random.data()), random.size()));
  return t;
}

std::optional<std::uint32_t> IndexOfToken(std::string_view text) {
  if (text.size() > kLongestToken) return {};
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end == text.data() + text.size() || *end != '@' || index == 0) return {};
  const std::size_t random = text.rfind('@');
  const std::size_t check = random == 0 ? text.npos : text.rfind('@', random - 1);
  if (check == text.npos || check == 0 || text.find('@') == check) return {};
  if (text.substr(check + 1, random - check - 1) != CheckOf(text.substr(0, check), text.substr(random + 1))) return {};
  return index;
}

TokenHash HashOfToken(std::string_view text) {
  const auto digest = Hash(VpnHash::kSha256, {TokenBytes(text)});
  TokenHash out{};
  std::copy_n(digest.begin(), std::min(out.size(), digest.size()), out.begin());
  return out;
}

bool TokenMatches(const TokenHash& kept, std::string_view text) {
  if (text.size() > kLongestToken) return false;
  return SameBytes(kept, HashOfToken(text));
}

}  // namespace sallyport
