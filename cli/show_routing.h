// `show ospf neighbor`, `show ospf interface brief`, `show bgp summary`. Pure functions from views to text.
#pragma once

#include <string>
#include <vector>

#include "cli/routing_views.h"

namespace sallyport {

std::string ShowOspfNeighbors(const std::vector<OspfNeighborView>& neighbors);
std::string ShowOspfInterfaceBrief(const std::vector<OspfInterfaceView>& interfaces);
std::string ShowBgpSummary(const BgpSummaryView& view);

}  // namespace sallyport
