// The ports of one mapped address and protocol that port address translation gives out: a bitmap of 65536, 8 KB. ICMP
// identifiers are ports here. Data thread only. Port 0 is never given out.
//
// A source port stays what it is when that is free; else a free one of the same class (1-511, 512-1023, 1024-65535) is
// taken from a random place on, so that it cannot be guessed. The search is by words: 1008 at the very most.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "firewall/access_list.h"
#include "firewall/base/random.h"

namespace sallyport {

class PortSpace {
 public:
  bool Used(std::uint16_t port) const { return (words_[port / 64] >> (port % 64) & 1) != 0; }
  std::uint32_t used() const { return used_; }
  void Take(std::uint16_t port);
  void Release(std::uint16_t port);
  // The port to translate `wanted` to; nothing when its class is used up. `reserved` (sorted, not overlapping) are never
  // chosen. Draws from `random` only when `wanted` itself cannot be had.
  std::optional<std::uint16_t> Pick(std::uint16_t wanted, std::span<const PortRange> reserved, Random& random) const;

 private:
  std::array<std::uint64_t, 1024> words_{};
  std::array<std::uint32_t, 3> used_in_class_{};  // so that a full class is seen without a search
  std::uint32_t used_ = 0;
};

}  // namespace sallyport
