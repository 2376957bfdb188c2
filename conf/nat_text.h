// How `show nat` says a rule of 8.3 and later: "(inside) to (outside) source static A B   destination static C D net-to-net". The
// words are those of the configuration in an order of their own. Pure.
#pragma once

#include <string>

namespace sallyport {

struct NatRuleWords {
  std::string real_interface = "any", mapped_interface = "any";
  bool dynamic = false;
  std::string real;
  std::string mapped;  // "B", "interface", "interface ipv6", "pat-pool B", "pat-pool B interface"
  std::string mapped_destination = {}, real_destination = {};  // "": none
  std::string protocol = {}, real_service = {}, mapped_service = {};  // "tcp", "ssh", "2222"; of a twice rule objects, without a protocol
  bool extended = false, flat = false, include_reserve = false, block_allocation = false, round_robin = false;  // of a pool
  bool net_to_net = false, dns = false, unidirectional = false, no_proxy_arp = false, route_lookup = false, inactive = false;
  std::string description = {};
};

std::string NatRuleText(const NatRuleWords& words);

}  // namespace sallyport
