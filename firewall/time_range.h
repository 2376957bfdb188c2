// A time range: when lines of access lists that name it are in force. It holds a flag that the packet path reads; the engine sets
// it at each edge (Engine::AdvanceTo), so that no packet asks what time it is.
//
// Source: ASA configuration guide, "Configuring Time Ranges": `absolute` bounds the whole, within it any `periodic` line will do;
// the end is inclusive: a range that ends at 3:50 is over at 3:51:00.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/civil_time.h"

namespace sallyport {

// The minutes of a week, from Sunday 0:00, in which a line is in force: `length` of them from `first` on (length <= a week).
struct WeeklySpan {
  int first = 0;
  int length = 0;
};
inline constexpr int kMinutesOfWeek = 7 * 24 * 60;

class TimeRange {
 public:
  // Local time, in seconds since 1970-01-01 00:00. Without any bound or span the range is always in force.
  struct Bounds {
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;  // the last minute's beginning
  };
  struct Rule {
    Bounds absolute;
    std::vector<WeeklySpan> periodic;
    std::vector<std::string> lines;  // as configured, for `show time-range`
  };
  TimeRange(std::string name, TimeZone zone, Rule rule);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& lines() const { return rule_.lines; }
  // Is it in force at that moment (nanoseconds since 1970-01-01 00:00:00 UTC)?
  bool ActiveAt(std::int64_t wall_nanos) const;
  // When to ask again: the answer does not change before. INT64_MAX: never.
  std::int64_t NextEdge(std::int64_t wall_nanos) const;

  // The flag. Data thread writes, any thread reads.
  bool active() const { return active_.load(std::memory_order_relaxed); }
  void Review(std::int64_t wall_nanos) const { active_.store(ActiveAt(wall_nanos), std::memory_order_relaxed); }

 private:
  std::string name_;
  TimeZone zone_;
  Rule rule_;
  mutable std::atomic<bool> active_{false};  // as hit counters: the one part of a policy that changes
};

using TimeRanges = std::map<std::string, std::shared_ptr<const TimeRange>>;

}  // namespace sallyport
