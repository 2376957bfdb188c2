// The ports of one mapped address and protocol that port address translation gives out: a bitmap of 65536 in pages that are
// made when they are needed. ICMP identifiers are ports here. Data thread only. Port 0 is never given out.
//
// A source port stays what it is when that is free; else a free one is taken from a random place on, so that it cannot be
// guessed: of the same class (1-511, 512-1023, 1024-65535), or as a flat pool says. The search is by words: 1024 at most.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "firewall/access_list.h"
#include "firewall/base/random.h"
#include "firewall/base/time.h"

namespace sallyport {

enum class PortTiers : std::uint8_t {
  kClasses,  // of the class of the wanted port
  kFlat,     // 1024-65535, whatever is wanted
  kFlatAll,  // 1-65535
};

class PortSpace {
 public:
  static constexpr std::size_t kClasses = 3;

  bool Used(std::uint16_t port) const { return (Word(port / 64) >> (port % 64) & 1) != 0; }
  std::uint32_t used() const { return used_in_class_[0] + used_in_class_[1] + used_in_class_[2]; }
  // Of 1-511, 512-1023, 1024-65535.
  const std::array<std::uint32_t, kClasses>& used_in_class() const { return used_in_class_; }
  void Take(std::uint16_t port);
  void Release(std::uint16_t port);
  // The port to translate `wanted` to; nothing when there is none left. `reserved` (sorted, not overlapping) are never
  // chosen. Draws from `random` only when `wanted` itself cannot be had.
  std::optional<std::uint16_t> Pick(std::uint16_t wanted, std::span<const PortRange> reserved, Random& random,
                                    PortTiers tiers = PortTiers::kClasses) const;
  // A free port of `within`, from a random place on.
  std::optional<std::uint16_t> PickWithin(const PortRange& within, std::span<const PortRange> reserved, Random& random) const;

  TimePoint last_used;  // when a port was taken or released last

 private:
  static constexpr std::size_t kPageWords = 16;
  using Page = std::array<std::uint64_t, kPageWords>;
  std::uint64_t Word(std::uint32_t w) const {
    const Page* page = pages_[w / kPageWords].get();
    return page == nullptr ? 0 : (*page)[w % kPageWords];
  }

  std::array<std::unique_ptr<Page>, 1024 / kPageWords> pages_;
  std::array<std::uint32_t, kClasses> used_in_class_{};  // so that a full class is seen without a search
};

}  // namespace sallyport
