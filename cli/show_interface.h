// `show interface [ip brief | summary]`, `show ip`, `show nameif`, `show traffic`. Pure functions from views to text.
//
// An ASA also prints figures of its network processors (pause frames, queue depths, resets); a Linux link has none, so
// those lines are not there.
#pragma once

#include <string>
#include <vector>

#include "cli/show_views.h"

namespace sallyport {

std::string ShowInterface(const std::vector<InterfaceView>& interfaces);
std::string ShowInterfaceIpBrief(const std::vector<InterfaceView>& interfaces);
std::string ShowInterfaceSummary(const std::vector<InterfaceView>& interfaces);
std::string ShowIp(const std::vector<InterfaceView>& interfaces);
std::string ShowNameif(const std::vector<InterfaceView>& interfaces);
std::string ShowTraffic(const std::vector<InterfaceView>& interfaces);

}  // namespace sallyport
