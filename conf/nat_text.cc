#include "conf/nat_text.h"

namespace sallyport {

std::string NatRuleText(const NatRuleWords& w) {
  const auto word = [](bool on, const char* text) { return on ? std::string(" ") + text : std::string(); };
  const std::string base = "(" + w.real_interface + ") to (" + w.mapped_interface + ") source " + (w.dynamic ? "dynamic " : "static ") +
                           w.real + " " + w.mapped;
  const std::string pool = word(w.extended, "extended") + word(w.flat, "flat") + word(w.include_reserve, "include-reserve") +
                           word(w.block_allocation, "block-allocation") +                           word(w.round_robin, "round-robin");
  std::string rest;
  if (!w.mapped_destination.empty()) rest += " destination static " + w.mapped_destination + " " + w.real_destination;
  if (!w.real_service.empty()) {
    rest += " service " + (w.protocol.empty() ? "" : w.protocol + " ") + w.real_service + " " + w.mapped_service;
  }
  rest += word(w.net_to_net, "net-to-net") + word(w.dns, "dns") + word(w.unidirectional, "unidirectional") +
          word(w.no_proxy_arp, "no-proxy-arp") + word(w.route_lookup, "route-lookup") + word(w.inactive, "inactive");
  if (!w.description.empty()) rest += " description " + w.description;
  if (pool.empty() && rest.empty()) return base + " ";
  // What follows the source stands three blanks behind it, behind a pool two; a pool's own options follow it at once.
  const char* gap = !pool.empty() ? "" : w.mapped.starts_with("pat-pool ") ? " " : "  ";
  return base + pool + gap + rest;
}

}  // namespace sallyport
