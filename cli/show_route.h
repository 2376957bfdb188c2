// `show route` and `show arp`. Pure functions from the policy's routes and the kernel's neighbours to text.
#pragma once

#include <string>
#include <vector>

#include "cli/show_views.h"
#include "firewall/policy.h"

namespace sallyport {

// IPv4 routes that are in force: those of interfaces that are in use, and of several to one destination only the best.
std::string ShowRoute(const Policy& policy);
std::string ShowArp(const std::vector<ArpView>& entries);

}  // namespace sallyport
