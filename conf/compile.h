// The parts of the compiler: lines of the tree in, parts of a policy out. Used by Configuration::Compile only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "conf/line_tree.h"
#include "conf/resolve.h"
#include "firewall/policy.h"

namespace sallyport {

// `clock timezone` and `clock summer-time` (compile_time_range.cc).
TimeZone ZoneOf(const LineTree& tree);
TimeRanges CompileTimeRanges(const LineTree& tree);

// `previous`: the list of that name in the policy before, whose counters live on; may be null.
std::shared_ptr<const AccessList> CompileAccessList(const Line& list, const Resolver& resolver, const TimeRanges& ranges,
                                                    const AccessList* previous);

struct NatIds {
  std::map<std::string, std::uint32_t>& by_config;
  std::uint32_t& next;
};
NatTable CompileNat(const LineTree& tree, const Policy& policy, const Resolver& resolver, NatIds ids, const Policy* previous);

}  // namespace sallyport
