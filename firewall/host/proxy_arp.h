// Which addresses the kernel has to answer ARP for: on behalf of NAT mapped addresses, and on behalf of remote users those of their
// pools, within an interface's own network, that are not the interface's address. Pure computation from the policy.
#pragma once

#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/policy.h"

namespace sallyport {

// Disjoint prefixes for `interface`, without its own address, the network and broadcast addresses, and the gateways of static
// routes (a rule that maps a whole network would otherwise take the next hop away). Identity, exemption, inactive and
// no-proxy-arp rules ask for none. At most kMaxProxyPrefixes; what is beyond is left out.
inline constexpr std::size_t kMaxProxyPrefixes = 4096;
struct ProxyArpEntry {
  Prefix prefix;
  const NatRule* rule = nullptr;  // the first that asks for it; of `policy`
};
std::vector<ProxyArpEntry> ProxyArpEntries(const Policy& policy, const Interface& interface);  // NAT's alone
// Of both.
std::vector<Prefix> ProxyArpPrefixes(const Policy& policy, const Interface& interface);

}  // namespace sallyport
