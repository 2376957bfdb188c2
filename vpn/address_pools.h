// Inner addresses of remote users: `ip local pool`. The lowest free one is given. Control thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vpn/ike/host.h"
#include "vpn/vpn_control.h"

namespace sallyport {

class AddressPools {
 public:
  // Addresses that are out stay out, also when their pool has gone.
  void UsePools(std::map<std::string, AddressPool> pools) { pools_ = std::move(pools); }
  // `pool` gets the name of the pool that gave it.
  std::optional<AssignedAddress> Take(const std::vector<std::string>& pools, std::string& pool);
  // An address that a user has of his own: not out already.
  bool TakeOwn(IpAddress a) { return used_.insert(a).second; }
  void Give(IpAddress a) { used_.erase(a); }
  std::vector<AddressPoolView> Views() const;

 private:
  std::map<std::string, AddressPool> pools_;
  std::set<IpAddress> used_;
};

}  // namespace sallyport
