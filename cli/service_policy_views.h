// Views for `show service-policy` that need the configuration's lines as well as the policy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/show_service_policy.h"
#include "conf/line_tree.h"
#include "firewall/policy.h"

namespace sallyport {

class Appliance;

// Which classes would act on a flow, policy by policy, and what they would do.
std::vector<FlowPolicyView> FlowPolicies(const Appliance& appliance, const LineTree& tree, const ClassFlow& f, bool only_global,
                                         const std::string& only_interface);

}  // namespace sallyport
