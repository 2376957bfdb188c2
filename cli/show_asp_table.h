// `show asp table classify|interfaces|routing|arp|socket`. Pure functions over the compiled policy and plain views.
#pragma once

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "cli/show_views.h"
#include "firewall/asp_table.h"
#include "firewall/policy.h"

namespace sallyport {

struct AspFilter {
  std::string domain;  // "" : all
  IfId interface = IfId::kAny;
  bool only_hit = false;
  bool crypto = false;  // what leads into tunnels and out of them
  std::optional<std::regex> match;
  std::vector<AspRule> tunnels = {};  // behind those of the table (cli/asp_tunnels.h)
};
// `cleared`: when its hits were cleared, "Never".
std::string ShowAspClassify(const AspTable& table, const Policy& policy, const AspFilter& filter, const std::string& cleared = "Never");

// `box`: packets to and from the appliance itself.
std::string ShowAspInterfaces(const std::vector<InterfaceView>& interfaces, const Policy& policy, const InterfaceCounters& box);

struct AspRoutes {
  bool input = true, output = true;
  IfId interface = IfId::kAny;
  std::optional<Prefix> within;  // routes to it or to a part of it
};
std::string ShowAspRouting(const Policy& policy, const AspRoutes& which);

// `to_the_box`: packets to the appliance itself, which is among the neighbours as 0.0.0.0; null: it is not asked for.
std::string ShowAspArp(const std::vector<ArpView>& entries, const std::uint64_t* to_the_box, const Personality& personality,
                       const std::string& cleared = "Never");

// Services that listen, by the management rules.
std::string ShowAspSocket(const Policy& policy, const Personality& personality);

}  // namespace sallyport
