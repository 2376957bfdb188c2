#include "firewall/port_space.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sallyport {
namespace {

struct PortClass {
  std::uint32_t first;
  std::uint32_t last;
};
// All but the missing port 0 begin and end with a word of the bitmap.
constexpr PortClass kClasses[] = {{1, 511}, {512, 1023}, {1024, 65535}};

constexpr std::size_t ClassOf(std::uint16_t port) { return port < 512 ? 0 : port < 1024 ? 1 : 2; }

bool IsReserved(std::span<const PortRange> reserved, std::uint16_t port) {
  const auto it = std::partition_point(reserved.begin(), reserved.end(), [&](const PortRange& r) { return r.last < port; });
  return it != reserved.end() && it->first <= port;
}

}  // namespace

void PortSpace::Take(std::uint16_t port) {
  assert(!Used(port));
  words_[port / 64] |= 1ull << (port % 64);
  used_in_class_[ClassOf(port)]++;
  used_++;
}

void PortSpace::Release(std::uint16_t port) {
  assert(Used(port));
  words_[port / 64] &= ~(1ull << (port % 64));
  used_in_class_[ClassOf(port)]--;
  used_--;
}

std::optional<std::uint16_t> PortSpace::Pick(std::uint16_t wanted, std::span<const PortRange> reserved,
                                             Random& random) const {
  if (wanted != 0 && !Used(wanted) && !IsReserved(reserved, wanted)) return wanted;
  const PortClass c = kClasses[ClassOf(wanted)];
  if (used_in_class_[ClassOf(wanted)] == c.last - c.first + 1) return {};
  const std::uint32_t start = c.first + random.Below(c.last - c.first + 1);
  const std::uint32_t first_word = c.first / 64, words = c.last / 64 - first_word + 1;
  // The word of `start` is looked at twice: its upper bits first, its lower bits last.
  for (std::uint32_t i = 0; i <= words; i++) {
    const std::uint32_t w = first_word + (start / 64 - first_word + i) % words;
    std::uint64_t free = ~words_[w];
    if (w == 0) free &= ~1ull;
    const std::uint64_t upper = ~0ull << (start % 64);
    if (i == 0) free &= upper;
    if (i == words) free &= ~upper;
    for (; free != 0; free &= free - 1) {
      const auto port = static_cast<std::uint16_t>(w * 64 + static_cast<std::uint32_t>(std::countr_zero(free)));
      if (!IsReserved(reserved, port)) return port;
    }
  }
  return {};
}

}  // namespace sallyport
