#include "firewall/port_space.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sallyport {
namespace {

constexpr PortRange kClassRanges[] = {{1, 511}, {512, 1023}, {1024, 65535}};
constexpr PortRange kAllPorts{1, 65535};

constexpr std::size_t ClassOf(std::uint16_t port) { return port < 512 ? 0 : port < 1024 ? 1 : 2; }
constexpr std::uint32_t SizeOf(const PortRange& r) { return static_cast<std::uint32_t>(r.last - r.first) + 1; }

bool IsReserved(std::span<const PortRange> reserved, std::uint16_t port) {
  const auto it = std::partition_point(reserved.begin(), reserved.end(), [&](const PortRange& r) { return r.last < port; });
  return it != reserved.end() && it->first <= port;
}

}  // namespace

void PortSpace::Take(std::uint16_t port) {
  assert(!Used(port));
  auto& page = pages_[port / 64 / kPageWords];
  if (page == nullptr) page = std::make_unique<Page>();
  (*page)[port / 64 % kPageWords] |= 1ull << (port % 64);
  used_in_class_[ClassOf(port)]++;
}

void PortSpace::Release(std::uint16_t port) {
  assert(Used(port));
  (*pages_[port / 64 / kPageWords])[port / 64 % kPageWords] &= ~(1ull << (port % 64));
  used_in_class_[ClassOf(port)]--;
}

std::optional<std::uint16_t> PortSpace::Pick(std::uint16_t wanted, std::span<const PortRange> reserved, Random& random,
                                             PortTiers tiers) const {
  const PortRange& range = tiers == PortTiers::kFlatAll ? kAllPorts
                           : tiers == PortTiers::kFlat  ? kClassRanges[2]
                                                        : kClassRanges[ClassOf(wanted)];
  if (range.Contains(wanted) && !Used(wanted) && !IsReserved(reserved, wanted)) return wanted;
  const std::uint32_t taken = tiers == PortTiers::kFlatAll ? used() : used_in_class_[ClassOf(range.first)];
  if (taken == SizeOf(range)) return {};
  return PickWithin(range, reserved, random);
}

std::optional<std::uint16_t> PortSpace::PickWithin(const PortRange& within, std::span<const PortRange> reserved,
                                                   Random& random) const {
  const std::uint32_t start = within.first + random.Below(SizeOf(within));
  const std::uint32_t first_word = within.first / 64u, words = within.last / 64u - first_word + 1;
  // The word of `start` is looked at twice: its upper bits first, its lower bits last.
  for (std::uint32_t i = 0; i <= words; i++) {
    const std::uint32_t w = first_word + (start / 64 - first_word + i) % words;
    std::uint64_t free = ~Word(w);
    if (w == within.first / 64u) free &= ~0ull << (within.first % 64);
    if (w == within.last / 64u) free &= ~0ull >> (63 - within.last % 64);
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
