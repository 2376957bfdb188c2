// A token bucket in the appliance's time: `rate` bits a second flow in, `burst` bytes is the most it holds. Exact: what flows in
// is counted in bit-nanoseconds, so that any interval between packets adds up.
#pragma once

#include <algorithm>
#include <cstdint>

#include "firewall/base/time.h"

namespace sallyport {

class TokenBucket {
 public:
  // Full at first. rate: 1 .. 2,000,000,000 bits per second; burst: 1 .. 512,000,000 bytes.
  void Configure(std::uint64_t rate, std::uint64_t burst, TimePoint now) {
    rate_ = static_cast<std::int64_t>(rate);
    most_ = static_cast<std::int64_t>(burst) * kByte;
    tokens_ = most_;
    at_ = now;
  }
  // Are there tokens for `bytes`? Then they are taken. `several`: it stands for packets that come together (a super-packet of the
  // kernel), and may be more than the bucket holds: then a full one is enough, and what is missing is owed.
  bool Take(std::uint32_t bytes, TimePoint now, bool several = false) {
    const std::int64_t elapsed = (now - at_).ns;
    at_ = now;
    // Longer than it takes to fill makes it full; so the product cannot overflow.
    tokens_ = elapsed > (most_ - tokens_) / rate_ ? most_ : tokens_ + std::max<std::int64_t>(elapsed, 0) * rate_;
    const std::int64_t wanted = std::int64_t{bytes} * kByte;
    if (tokens_ < (several ? std::min(wanted, most_) : wanted)) return false;
    tokens_ -= wanted;
    return true;
  }

 private:
  static constexpr std::int64_t kByte = 8 * std::int64_t{1'000'000'000};  // in bit-nanoseconds
  std::int64_t rate_ = 1, most_ = 0, tokens_ = 0;
  TimePoint at_;
};

}  // namespace sallyport
