// `show perfmon` and `show counters`: pure functions from views to text.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "firewall/protection.h"

namespace sallyport {

using ActivityViews = std::array<ActivityView, kActivities>;

std::string ShowPerfmon(const ActivityViews& activities, bool detail);

struct CounterFilter {
  std::string protocol;         // "": all
  std::uint64_t threshold = 1;  // counters below it are left out; 1: those that are zero
  std::size_t top = 0;          // 0: all, in their order; else so many with the highest values
};
std::string ShowCounters(std::vector<CounterView> counters, const CounterFilter& filter);
std::string ShowCounterDescriptions(const std::vector<CounterView>& counters);

}  // namespace sallyport
