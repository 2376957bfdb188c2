// `show ipv6 interface [brief]`, `show ipv6 route`, `show ipv6 neighbor`. Pure functions from the policy and the kernel's
// neighbours to text. Source: ASA command reference, "show ipv6 ..." (layout); captions as an ASA prints them.
#pragma once

#include <string>
#include <vector>

#include "cli/show_views.h"
#include "firewall/policy.h"

namespace sallyport {

// One interface: `f` its policy, `view` its link.
std::string ShowIpv6Interface(const Interface& f, const InterfaceView& view, const Policy& policy);
std::string ShowIpv6Brief(const Interface& f, const InterfaceView& view);
std::string ShowIpv6Route(const Policy& policy);
std::string ShowIpv6Neighbors(const std::vector<NeighbourView>& neighbours);

}  // namespace sallyport
