// `show asp table vpn-context [detail]`. Pure.
#pragma once

#include <string>
#include <vector>

#include "firewall/personality.h"
#include "vpn/views.h"

namespace sallyport {

// One line for each context, or, with `detail`, a block for each. "" when there are none.
std::string ShowVpnContexts(const std::vector<VpnContextView>& contexts, bool detail, const Personality& personality);

}  // namespace sallyport
