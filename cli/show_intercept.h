// `show threat-detection statistics top tcp-intercept [all] [detail]`. A pure function from views to text.
#pragma once

#include <string>
#include <vector>

#include "firewall/intercept_stats.h"

namespace sallyport {

struct InterceptView {
  InterceptStatsSettings settings;
  std::vector<InterceptedServer> servers;  // by average rate
  std::vector<std::string> interfaces;     // nameif of each
  TimePoint now;
};

std::string ShowInterceptTop(const InterceptView& view, bool detail);

}  // namespace sallyport
