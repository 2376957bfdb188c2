#include "firewall/time_range.h"

#include <algorithm>
#include <utility>

namespace sallyport {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;
constexpr std::int64_t kMinute = 60;

std::int64_t Floor(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// The minute of the week; 1970-01-01 was a Thursday.
int MinuteOfWeek(std::int64_t local_s) {
  const std::int64_t minute = Floor(local_s, kMinute) + 4 * 24 * 60;
  return static_cast<int>(minute - Floor(minute, kMinutesOfWeek) * kMinutesOfWeek);
}

// Minutes from `from` until `to` comes next; a whole week when they are the same.
int MinutesUntil(int from, int to) {
  const int d = (to - from) % kMinutesOfWeek;
  return d > 0 ? d : d + kMinutesOfWeek;
}

}  // namespace

TimeRange::TimeRange(std::string name, TimeZone zone, Rule rule)
    : name_(std::move(name)), zone_(std::move(zone)), rule_(std::move(rule)) {}

bool TimeRange::ActiveAt(std::int64_t wall_nanos) const {
  const std::int64_t local = Floor(wall_nanos, kNanos) + zone_.OffsetAt(wall_nanos);
  if (rule_.absolute.start && local < *rule_.absolute.start) return false;
  if (rule_.absolute.end && local >= *rule_.absolute.end + kMinute) return false;
  if (rule_.periodic.empty()) return true;
  const int minute = MinuteOfWeek(local);
  return std::any_of(rule_.periodic.begin(), rule_.periodic.end(), [minute](const WeeklySpan& s) {
    return (minute - s.first + kMinutesOfWeek) % kMinutesOfWeek < s.length;
  });
}

std::int64_t TimeRange::NextEdge(std::int64_t wall_nanos) const {
  const std::int64_t local = Floor(wall_nanos, kNanos) + zone_.OffsetAt(wall_nanos);
  std::int64_t next = INT64_MAX;  // local seconds
  const auto offer = [&next, local](std::int64_t edge) {
    if (edge > local) next = std::min(next, edge);
  };
  if (rule_.absolute.start) offer(*rule_.absolute.start);
  if (rule_.absolute.end) offer(*rule_.absolute.end + kMinute);
  const std::int64_t whole = Floor(local, kMinute) * kMinute;
  const int minute = MinuteOfWeek(local);
  for (const WeeklySpan& s : rule_.periodic) {
    offer(whole + MinutesUntil(minute, s.first) * kMinute);
    offer(whole + MinutesUntil(minute, s.first + s.length) * kMinute);
  }
  // Where summer time begins or ends local time jumps, perhaps over an edge.
  const std::int64_t change = zone_.NextChange(wall_nanos);
  if (next == INT64_MAX) return rule_.absolute.start || rule_.absolute.end ? change : INT64_MAX;
  return std::min(change, (next - zone_.OffsetAt(wall_nanos)) * kNanos);
}

}  // namespace sallyport
