#include "firewall/base/time.h"

#include <ctime>

namespace sallyport {
namespace {

std::int64_t Read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

SystemClock::SystemClock() { wall_minus_scale_ = Read(CLOCK_REALTIME) - Read(CLOCK_MONOTONIC); }

TimePoint SystemClock::Now() const { return {Read(CLOCK_MONOTONIC) + offset_.load(std::memory_order_relaxed)}; }

std::int64_t SystemClock::WallNanos(TimePoint t) const { return t.ns + wall_minus_scale_.load(std::memory_order_relaxed); }

void SystemClock::SetWall(std::int64_t wall_nanos_now) { wall_minus_scale_ = wall_nanos_now - Now().ns; }

}  // namespace sallyport
