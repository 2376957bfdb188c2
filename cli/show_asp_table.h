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
  std::optional<std::regex> match;
};
std::string ShowAspClassify(const AspTable& table, const Policy& policy, const AspFilter& filter);

std::string ShowAspInterfaces(const std::vector<InterfaceView>& interfaces);

struct AspRoutes {
  bool input = true, output = true;
  IfId interface = IfId::kAny;
  std::optional<Prefix> within;  // routes to it or to a part of it
};
std::string ShowAspRouting(const Policy& policy, const AspRoutes& which);

std::string ShowAspArp(const std::vector<ArpView>& entries);

// Services that listen, by the management rules.
std::string ShowAspSocket(const Policy& policy, const Personality& personality);

}  // namespace sallyport
