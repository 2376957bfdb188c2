// `show fragment` and `show ip verify statistics`. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "firewall/fragments.h"
#include "firewall/personality.h"

namespace sallyport {

struct FragmentView {
  std::string interface;
  FragmentLimits limits;
  FragmentCounters counters;
};
std::string ShowFragment(const std::vector<FragmentView>& interfaces, const Personality& personality);

struct ReversePathView {
  std::string interface;
  std::uint64_t drops = 0;
};
std::string ShowIpVerify(const std::vector<ReversePathView>& interfaces);

}  // namespace sallyport
