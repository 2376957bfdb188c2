// The one source of randomness of an engine: seeded from the kernel in the daemon, from a number in tests and replays, so
// that a replay gives the same bytes twice. Not for key material. One thread at a time.
#pragma once

#include <cstdint>

namespace sallyport {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  static Random FromKernel();
  // splitmix64 (Steele, Lea, Flood 2014)
  std::uint64_t U64() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint32_t U32() { return static_cast<std::uint32_t>(U64() >> 32); }
  // 0 <= value < bound; bound > 0
  std::uint32_t Below(std::uint32_t bound) { return static_cast<std::uint32_t>((std::uint64_t{U32()} * bound) >> 32); }

 private:
  std::uint64_t state_;
};

}  // namespace sallyport
