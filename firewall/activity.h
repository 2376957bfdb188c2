// How much happens: events a second as `show perfmon` tells them, and counts for `show counters`. Data thread only.
#pragma once

#include <array>
#include <cstdint>

#include "firewall/burst_rate.h"

namespace sallyport {

enum class Activity : std::uint8_t {
  kXlates,
  kConnections,
  kTcpConnections,
  kUdpConnections,
  kTcpFixup,               // TCP packets that an inspection saw
  kInterceptEstablished,   // TCP intercept: handshakes that were completed
  kInterceptAttempts,      // ... and begun
  kEmbryonicTimeouts,
  kFtpFixup,
  kHttpFixup,
  kCount,
};
inline constexpr std::size_t kActivities = static_cast<std::size_t>(Activity::kCount);

struct ActivityView {
  std::uint64_t total = 0;         // since it was cleared
  std::uint64_t current = 0;       // per second, in the last complete interval of perfmon
  std::uint64_t average = 0;       // per second, since it was cleared
  std::uint64_t one_minute = 0, five_minutes = 0;  // per second
};

class ActivityMeter {
 public:
  static constexpr std::uint32_t kDefaultInterval = 120;  // seconds

  void Count(Activity a, TimePoint now, std::uint64_t n = 1) {
    Counter& c = counters_[static_cast<std::size_t>(a)];
    c.total += n;
    Roll(c, now);
    c.here += n;
    c.recent.Add(now, kFiveMinutes, n);
  }
  ActivityView View(Activity a, TimePoint now) {
    Counter& c = counters_[static_cast<std::size_t>(a)];
    Roll(c, now);
    const std::int64_t age = (now - since_).seconds();
    ActivityView v;
    v.total = c.total;
    v.current = c.last / interval_s_;
    v.average = age > 0 ? c.total / static_cast<std::uint64_t>(age) : 0;
    v.one_minute = c.recent.Lately(now, kFiveMinutes, 6) / 60;
    v.five_minutes = c.recent.Average(now, kFiveMinutes);
    return v;
  }
  std::uint32_t interval_s() const { return interval_s_; }
  // Another interval begins with nothing counted in it.
  void SetInterval(std::uint32_t seconds) {
    interval_s_ = seconds;
    for (Counter& c : counters_) c.here = c.last = 0, c.slot = -1;
  }
  void Clear(TimePoint now) {
    counters_ = {};
    since_ = now;
  }

 private:
  static constexpr std::uint32_t kFiveMinutes = 300;
  struct Counter {
    std::uint64_t total = 0, here = 0, last = 0;
    std::int64_t slot = -1;
    BurstRate recent;
  };
  void Roll(Counter& c, TimePoint now) const {
    const std::int64_t slot = now.ns / 1'000'000'000 / interval_s_;
    if (slot == c.slot) return;
    c.last = slot == c.slot + 1 ? c.here : 0;
    c.here = 0;
    c.slot = slot;
  }
  std::array<Counter, kActivities> counters_{};
  std::uint32_t interval_s_ = kDefaultInterval;
  TimePoint since_;
};

}  // namespace sallyport
