// The rules of the accelerated path that tunnels bring along (`show asp table classify`, domains encrypt, decrypt, ipsec-user,
// ipsec-tunnel-flow, ipsec-natt, ctcp, vpn-user): made of what is configured and of what is up when somebody asks. Pure.
#pragma once

#include <vector>

#include "firewall/asp_table.h"
#include "firewall/policy.h"
#include "vpn/views.h"

namespace sallyport {

// `refused`: new flows that no line of a filter has permitted.
std::vector<AspRule> TunnelRules(const Policy& policy, const std::vector<IpsecFlowView>& flows, const std::vector<VpnContextView>& contexts,
                                 std::uint64_t refused);
// `show asp table filter`: the rules of domain vpn-user, with the lists that they are of. "": all lists.
std::string ShowAspFilter(const Policy& policy, const std::vector<AspRule>& rules, const std::string& access_list, bool only_hit);

}  // namespace sallyport
