// `show access-list [NAME] [brief]`. Pure functions from compiled access lists to text.
#pragma once

#include <string>

#include "firewall/access_list.h"
#include "firewall/base/time.h"
#include "firewall/policy.h"

namespace sallyport {

// State of the cache of flows that lines with `log` have logged, and its configured limits.
struct AclLogFlows {
  std::uint32_t total = 0, denied = 0;
  std::uint32_t deny_flow_max = 4096;
  std::uint32_t alert_interval_s = 300;
};

// `show access-list`: the log cache, then every list in order of name.
std::string ShowAccessLists(const Policy& policy, const AclLogFlows& flows);
// One list: header, lines, elements of lines with object groups.
std::string ShowAccessList(const AccessList& list);
// `brief`: elements that were hit. `clock` turns the time of the last hit into wall time.
std::string ShowAccessListBrief(const AccessList& list, const Clock& clock);
// "ERROR: access-list <NAME> does not exist"
std::string NoSuchAccessList(const std::string& name);

}  // namespace sallyport
