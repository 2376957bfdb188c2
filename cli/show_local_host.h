// `show local-host`: hosts by interface, what they have and what limits them, with their translations and connections.
// Pure functions from views to text.
#pragma once

#include <string>
#include <vector>

#include "firewall/personality.h"
#include "firewall/views.h"

namespace sallyport {

// "Interface inside: 2 active, 3 maximum active, 0 denied": above the hosts of each interface.
std::string ShowLocalHostInterface(const LocalHostTotals& totals);
// The host and its counters.
std::string ShowLocalHostEntry(const LocalHostView& host, const Personality& personality);
// Below it: lines of `show xlate` and of `show conn` as they stand there, each ended by '\n'.
std::string ShowLocalHostFlows(const std::string& xlates, const std::string& conns);

}  // namespace sallyport
