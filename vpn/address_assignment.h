// An inner address for a remote user, as `vpn-addr-assign` and the group have it, and what the log says of it (737xxx): the same for
// IKE's users and for those of the portal. What DHCP servers lease comes another way (DhcpProxy).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firewall/logger.h"
#include "vpn/address_pools.h"

namespace sallyport {

struct AddressQuestion {
  std::string tunnel_group;
  std::vector<std::string> pools;
  std::optional<AssignedAddress> own;  // what a server has for this user, if `vpn-addr-assign aaa` lets it count
  IpAddress before;                    // the one that he had; none: any
  bool local = true;                   // `vpn-addr-assign local`
};

// `pool` gets the name of the pool that gave it, "" for the user's own. Nothing: there is none for him.
std::optional<AssignedAddress> AssignAddress(AddressPools& pools, Logger& logger, const AddressQuestion& q, std::string& pool, TimePoint now);

// That it is free again; of severity 6. `pool` as above; `release` as in Personality (901).
struct AddressFreed {
  AddressFreed(int release, const std::string& pool, IpAddress address);
  int syslog;
  std::string text;
};

}  // namespace sallyport
