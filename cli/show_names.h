// What names stand for: `show names`, `show object-group`, `show ip local pool`; and `show port-channel summary`. Pure functions from views to text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/platform_views.h"

namespace sallyport {

struct NameView {
  IpAddress address;
  std::string name, description;
};

std::string ShowNames(const std::vector<NameView>& names);
std::string ShowObjectGroups(const std::vector<ObjectGroupView>& groups);
std::string ShowLocalPool(const LocalPoolView& pool);
// `in_use`: how many groups the appliance has, those without a port included.
std::string ShowPortChannels(const std::vector<PortChannelView>& channels, std::size_t in_use);

}  // namespace sallyport
