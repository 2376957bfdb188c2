// `show service-policy` in all its forms, and `show priority-queue`. Pure functions from views to text.
#pragma once

#include <string>
#include <vector>

#include "cli/platform_views.h"
#include "firewall/personality.h"

namespace sallyport {

// Which part of it is asked for.
struct ServicePolicyPart {
  enum class What : std::uint8_t { kAll, kInspect, kConnection, kPolice, kPriority, kShape, kIps, kNothing } what = What::kAll;
  std::string inspection;  // kInspect: "dns", "h323 h225"
};

std::string ShowServicePolicy(const std::vector<ServicePolicyView>& policies, const Personality& personality = {},
                              const ServicePolicyPart& part = {});

// What `show service-policy flow` found in one policy.
struct FlowPolicyView {
  struct Class {
    std::string name;
    std::vector<std::string> matches;  // "access-list web"; each with the rule that matched behind it
    std::vector<std::string> rules;    // by match: "permit tcp any any eq www", "" none
    std::vector<std::string> input, output;  // actions on packets that enter and that leave
  };
  std::string interface;  // "": global
  std::string policy;
  std::vector<Class> classes;
};
std::string ShowServicePolicyFlow(const std::vector<FlowPolicyView>& policies);

std::string ShowPriorityQueueStatistics(const std::vector<PriorityQueueView>& queues);
std::string ShowPriorityQueueConfig(const std::vector<PriorityQueueView>& queues);

}  // namespace sallyport
