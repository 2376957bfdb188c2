#include "firewall/base/printable.h"

#include <algorithm>
#include <cstdint>

namespace sallyport {
namespace {

struct Utf8Character {
  std::size_t size = 1;  // octets; of what is not well-formed one
  bool good = false;
};

// First and last of what is not shown.
struct Unseen {
  std::uint32_t first, last;
};
constexpr Unseen kUnseen[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   // control characters
    {0x00ad, 0x00ad},                       // a hyphen that is not there
    {0x061c, 0x061c},   {0x180e, 0x180e},
    {0x200b, 0x200f},                       // of no width; left to right, right to left
    {0x2028, 0x202e},                       // lines and paragraphs; embedding and overriding of directions
    {0x2060, 0x206f},                       // isolating directions
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xfff0, 0xfffb},
    {0xfffe, 0xffff},   {0xe0000, 0xe0fff},  // tags, variants
};

Utf8Character CharacterAt(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char c = octet(0);
  if (c < 0x80) return {1, c >= 0x20 && c != 0x7f};
  const std::size_t size = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (size == 0 || size > text.size()) return {};
  std::uint32_t code = c & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (octet(i) & 0x3fu);
  }
  // Overlong forms, surrogates, beyond Unicode.
  if ((size == 3 && code < 0x800) || (size == 4 && code < 0x10000) || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return {};
  const bool unseen = std::any_of(std::begin(kUnseen), std::end(kUnseen), [&](const Unseen& u) { return code >= u.first && code <= u.last; });
  return {size, !unseen};
}

}  // namespace

bool IsPrintableText(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character c = CharacterAt(text);
    if (!c.good) return false;
    text.remove_prefix(c.size);
  }
  return true;
}

std::string PrintableText(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character c = CharacterAt(text);
    if (out.size() + (c.good ? c.size : 1) > most) break;
    if (c.good) {
      out += text.substr(0, c.size);
    } else {
      out += '?';
    }
    text.remove_prefix(c.size);
  }
  return out;
}

}  // namespace sallyport
