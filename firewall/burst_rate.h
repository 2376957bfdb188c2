// Events per second as an ASA's threat detection counts them: an average over a long interval, a burst over a short one.
//
// The interval is cut into 30 bursts; the counts of the 30 that are complete are kept. The one that is going on does not
// count, unless it has more events than the oldest of the 30 already: then it stands in for that one (ASA configuration
// guide, "Monitoring Basic Threat Detection Statistics"). Data thread only; fixed size, no allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "firewall/base/time.h"

namespace sallyport {

// `threat-detection rate EVENT rate-interval N average-rate A burst-rate B`; rates are events per second.
struct RateLimit {
  std::uint32_t interval_s = 600;
  std::uint32_t average = 0;
  std::uint32_t burst = 0;
};

struct RateView {
  std::uint32_t interval_s = 0;
  std::uint64_t average = 0;   // per second, over the interval
  std::uint64_t current = 0;   // per second, in the last complete burst
  std::uint64_t triggers = 0;  // how often a limit was exceeded
  std::uint64_t total = 0;     // events in the interval
};

class BurstRate {
 public:
  static constexpr std::int64_t kBursts = 30;
  // A burst is a thirtieth of the interval, or ten seconds if that is more.
  static constexpr std::int64_t BurstSeconds(std::uint32_t interval_s) { return std::max<std::int64_t>(10, interval_s / kBursts); }

  void Add(TimePoint now, std::uint32_t interval_s, std::uint64_t events) {
    Roll(now, interval_s);
    current_ += events;
  }
  std::uint64_t Average(TimePoint now, std::uint32_t interval_s) { return Total(now, interval_s) / interval_s; }
  std::uint64_t Total(TimePoint now, std::uint32_t interval_s) {
    Roll(now, interval_s);
    std::uint64_t sum = 0;
    for (const std::uint64_t n : done_) sum += n;
    const std::uint64_t oldest = done_[static_cast<std::size_t>(burst_ % kBursts)];
    return current_ > oldest ? sum - oldest + current_ : sum;
  }
  std::uint64_t LastBurst(TimePoint now, std::uint32_t interval_s) {
    Roll(now, interval_s);
    return done_[static_cast<std::size_t>((burst_ + kBursts - 1) % kBursts)];
  }
  // Events of the last `bursts` complete bursts, at most 30.
  std::uint64_t Lately(TimePoint now, std::uint32_t interval_s, std::int64_t bursts) {
    Roll(now, interval_s);
    std::uint64_t sum = 0;
    for (std::int64_t i = 1; i <= bursts; i++) sum += done_[static_cast<std::size_t>((burst_ + kBursts - i) % kBursts)];
    return sum;
  }
  std::uint64_t unfinished() const { return current_; }
  std::int64_t burst() const { return burst_; }  // number of the burst that is going on
  RateView View(TimePoint now, std::uint32_t interval_s) {
    const auto seconds = static_cast<std::uint64_t>(BurstSeconds(interval_s));
    return {interval_s, Average(now, interval_s), LastBurst(now, interval_s) / seconds, 0, Total(now, interval_s)};
  }

 private:
  // done_[n % 30] is burst n; the one that is going on is burst_, whose place the oldest still has.
  void Roll(TimePoint now, std::uint32_t interval_s) {
    const std::int64_t at = now.ns / 1'000'000'000 / BurstSeconds(interval_s);
    for (std::int64_t step = 0; burst_ < at; step++) {
      if (step > kBursts) {
        burst_ = at;
        break;
      }
      done_[static_cast<std::size_t>(burst_ % kBursts)] = current_;
      current_ = 0;
      burst_++;
    }
  }

  std::array<std::uint64_t, kBursts> done_{};
  std::uint64_t current_ = 0;
  std::int64_t burst_ = 0;
};

// A rate with limits: says when one is exceeded, once for each limit and burst.
class LimitedRate {
 public:
  struct Exceeded {
    bool average = false, burst = false;
    std::uint64_t average_rate = 0, burst_rate = 0;
    bool Any() const { return average || burst; }
  };
  Exceeded Add(TimePoint now, const RateLimit& limit, std::uint64_t events) {
    rate_.Add(now, limit.interval_s, events);
    total_ += events;
    const auto seconds = static_cast<std::uint64_t>(BurstRate::BurstSeconds(limit.interval_s));
    const std::uint64_t burst = std::max(rate_.unfinished(), rate_.LastBurst(now, limit.interval_s));
    Exceeded e{false, false, rate_.Average(now, limit.interval_s), burst / seconds};
    e.burst = rate_.unfinished() >= std::uint64_t{limit.burst} * seconds && burst_told_ != rate_.burst();
    e.average = e.average_rate >= std::max<std::uint64_t>(limit.average, 1) && average_told_ != rate_.burst();
    if (e.burst) burst_told_ = rate_.burst();
    if (e.average) average_told_ = rate_.burst();
    triggers_ += (e.burst ? 1u : 0u) + (e.average ? 1u : 0u);
    return e;
  }
  RateView View(TimePoint now, std::uint32_t interval_s) {
    RateView v = rate_.View(now, interval_s);
    v.triggers = triggers_;
    return v;
  }
  std::uint64_t total() const { return total_; }  // since it was cleared

 private:
  BurstRate rate_;
  std::uint64_t total_ = 0, triggers_ = 0;
  std::int64_t burst_told_ = -1, average_told_ = -1;
};

}  // namespace sallyport
