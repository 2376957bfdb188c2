// What `show running-config all` adds to crypto maps, group policies, tunnel groups and TCP maps: the values that nobody has said.
#pragma once

#include <string>
#include <vector>

#include "conf/line_tree.h"

namespace sallyport {

// Lines to be applied to the configuration of `tree`, sub-modes entered by their own lines; each says a default that the
// configuration has no line for. `release` is major * 100 + minor.
std::vector<std::string> VpnDefaults(const LineTree& tree, int release);

}  // namespace sallyport
