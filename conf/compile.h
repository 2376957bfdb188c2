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

// Numbers that stay with what they name from one compilation to the next.
struct StableIds {
  std::map<std::string, std::uint32_t>& by_name;
  std::uint32_t& next;
  std::uint32_t Of(const std::string& name) {
    const auto [it, fresh] = by_name.try_emplace(name, next);
    if (fresh) next++;
    return it->second;
  }
};
NatTable CompileNat(const LineTree& tree, const Policy& policy, const Resolver& resolver, StableIds ids, const Policy* previous);
ThreatPolicy CompileThreats(const LineTree& tree, const Resolver& resolver, int release);
// `tcp-map NAME`; null: there is none.
std::shared_ptr<const TcpMap> CompileTcpMap(const LineTree& tree, std::string_view name, int release);
// Classes of all policies that are applied, those of interfaces first. Interfaces and access lists are in `policy` already.
std::vector<ServiceClass> CompileServicePolicies(const LineTree& tree, const Policy& policy, StableIds ids);

}  // namespace sallyport
