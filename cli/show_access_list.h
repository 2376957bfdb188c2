// `show access-list [NAME] [brief]`. Pure functions from compiled access lists to text.
#pragma once

#include <string>
#include <vector>

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

// What is printed of a list: copies.
struct AccessListView {
  struct Element {
    std::string text;  // "extended permit tcp any host 10.1.1.1 eq www"
    std::uint64_t hits = 0;
    bool counted = true;  // false: it stands for an address that is not known yet, and never matches
    bool inactive = false;
    std::uint32_t hash = 0, parent_hash = 0;
    std::uint32_t last_hit_s = 0;  // since 1970
  };
  struct Line {
    std::uint32_t number = 0;
    bool remark = false;
    Element sum;                    // the line itself, hits of all its elements together
    std::vector<Element> elements;  // those below it: of a line with object groups
  };
  std::string kind = "access-list";  // "ipv6 access-list": of before 9.0
  std::string name;
  std::uint32_t name_hash = 0;
  std::uint64_t element_count = 0;
  std::vector<Line> lines;
};
// `clock` turns the times of last hits into wall time.
AccessListView ViewOf(const AccessList& list, const Clock& clock);
// One list: header, lines, elements of lines with object groups.
std::string ShowAccessList(const AccessListView& list);
// `brief`: elements that were hit.
std::string ShowAccessListBrief(const AccessListView& list);

// Sets the hit counts of all elements to zero.
void ClearHits(const AccessList& list);
// `show access-list`: the log cache, then every list in the order of the configuration.
std::string ShowAccessLists(const Policy& policy, const AclLogFlows& flows, const Clock& clock);
// A list by Ethernet type.
std::string ShowEtherList(const EtherList& list);
// "ERROR: access-list <NAME> does not exist"
std::string NoSuchAccessList(const std::string& name);

}  // namespace sallyport
