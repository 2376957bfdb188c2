// Probe packets from a configuration (migrate_proof.h).
#pragma once

#include <vector>

#include "firewall/policy.h"
#include "firewall/trace.h"

namespace sallyport {

// No packet twice. At most `limit`: then evenly spread over all, and `left_out` says how many are missing.
std::vector<TraceRequest> ProbesOf(const Policy& policy, std::size_t limit, std::size_t& left_out);

}  // namespace sallyport
