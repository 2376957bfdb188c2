// The rules of the accelerated path that tunnels bring along (`show asp table classify`, domains encrypt, decrypt, ipsec-user,
// ipsec-tunnel-flow, ipsec-natt, ctcp): made of what is configured and of what is up when somebody asks. Pure.
#pragma once

#include <vector>

#include "firewall/asp_table.h"
#include "firewall/policy.h"
#include "vpn/views.h"

namespace sallyport {

std::vector<AspRule> TunnelRules(const Policy& policy, const std::vector<IpsecFlowView>& flows, const std::vector<VpnContextView>& contexts);

}  // namespace sallyport
