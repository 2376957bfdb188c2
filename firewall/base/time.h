// Time as the appliance sees it.
//
// Everything that needs the time takes a `TimePoint now` or a `Clock&`. A TimePoint counts nanoseconds on the appliance's
// own monotonic scale, which an operator can move forward (`debug clock advance`), a replay takes from its capture, and a
// test steps by hand. Wall time is that scale plus an offset, and is used only for printing.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>

namespace sallyport {

// A span in nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  static constexpr Duration Seconds(std::int64_t s) { return {s * 1'000'000'000}; }
  static constexpr Duration Milliseconds(std::int64_t ms) { return {ms * 1'000'000}; }
  constexpr std::int64_t seconds() const { return ns / 1'000'000'000; }
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return {ns + o.ns}; }
  constexpr Duration operator-(Duration o) const { return {ns - o.ns}; }
};

struct TimePoint {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const TimePoint&) const = default;
  constexpr TimePoint operator+(Duration d) const { return {ns + d.ns}; }
  constexpr TimePoint operator-(Duration d) const { return {ns - d.ns}; }
  constexpr Duration operator-(TimePoint o) const { return {ns - o.ns}; }
  static constexpr TimePoint Max() { return {INT64_MAX}; }
};

// Any thread may read a clock.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  // Nanoseconds since 1970-01-01 00:00:00 UTC at the instant `t`.
  virtual std::int64_t WallNanos(TimePoint t) const = 0;
};

// CLOCK_MONOTONIC plus what the operator has added.
class SystemClock final : public Clock {
 public:
  SystemClock();
  TimePoint Now() const override;
  std::int64_t WallNanos(TimePoint t) const override;
  // Moves the appliance's time forward; it never goes back. `by` must not be negative.
  void Advance(Duration by) { offset_.fetch_add(by.ns, std::memory_order_relaxed); }
  // `clock set`: the wall clock from now on.
  void SetWall(std::int64_t wall_nanos_now);

 private:
  std::atomic<std::int64_t> offset_{0};
  std::atomic<std::int64_t> wall_minus_scale_{0};
};

// Stands still until it is told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_nanos_at_zero = 0) : wall_at_zero_(wall_nanos_at_zero) {}
  TimePoint Now() const override { return now_; }
  std::int64_t WallNanos(TimePoint t) const override { return wall_at_zero_ + t.ns; }
  void Set(TimePoint t) { now_ = t; }
  void Advance(Duration by) { now_ = now_ + by; }

 private:
  TimePoint now_;
  std::int64_t wall_at_zero_;
};

}  // namespace sallyport
