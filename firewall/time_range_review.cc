// The flags of time ranges, set when a policy comes and at every edge of a range.
#include <algorithm>

#include "firewall/engine_impl.h"

namespace sallyport {

void ReviewTimeRanges(EngineCore& core, TimePoint now) {
  core.time_range_edge = TimePoint::Max();
  if (core.policy->time_ranges.empty()) return;
  const std::int64_t wall = core.clock.WallNanos(now);
  std::int64_t next = INT64_MAX;
  for (const auto& [name, range] : core.policy->time_ranges) {
    range->Review(wall);
    next = std::min(next, range->NextEdge(wall));
  }
  if (next != INT64_MAX) core.time_range_edge = now + Duration{next - wall};
}

void Engine::ClockSet(TimePoint now) { ReviewTimeRanges(*impl_, now); }

}  // namespace sallyport
