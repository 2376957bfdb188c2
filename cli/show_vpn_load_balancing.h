// `show vpn load-balancing`. Pure.
#pragma once

#include <string>

#include "vpn/views.h"

namespace sallyport {

std::string ShowVpnLoadBalancing(const VpnLoadBalancingView& view);

}  // namespace sallyport
