// `show interface [detail | ip brief | summary]`, `show ip`, `show nameif`, `show traffic`. Pure functions from views to text.
//
// A Linux link has no queues of blocks and no rings of an ASA's drivers: those lines are then not there. Its counts of what it
// does not know (pause frames, L2 decode drops, drops at a reset) are 0, since no such thing happens to it.
#pragma once

#include <string>
#include <vector>

#include "cli/show_views.h"

namespace sallyport {

// `detail` adds the control point's states.
std::string ShowInterface(const std::vector<InterfaceView>& interfaces, bool detail = false);
std::string ShowInterfaceIpBrief(const std::vector<InterfaceView>& interfaces);
std::string ShowInterfaceSummary(const std::vector<InterfaceView>& interfaces);
std::string ShowIp(const std::vector<InterfaceView>& interfaces);
std::string ShowNameif(const std::vector<InterfaceView>& interfaces);
std::string ShowTraffic(const std::vector<InterfaceView>& interfaces);

}  // namespace sallyport
