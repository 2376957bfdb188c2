// Inner addresses of remote users: `ip local pool`, `ipv6 local pool`, and addresses that a user has of his own. The lowest free one
// is given. Control thread.
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
  void UsePools6(std::map<std::string, AddressPool6> pools) { pools6_ = std::move(pools); }
  // The appliance's own addresses are nobody else's.
  void UseOwnAddresses(std::set<IpAddress> own) { own_ = std::move(own); }
  // `pool` gets the name of the pool that gave it.
  std::optional<AssignedAddress> Take(const std::vector<std::string>& pools, std::string& pool);
  // An address that a user has of his own: not out already, and not ours.
  bool TakeOwn(IpAddress a) { return !own_.contains(a) && used_.insert(a).second; }
  // The one that he had before, if it is still free and in one of the pools; else another one.
  std::optional<AssignedAddress> TakeAgain(const std::vector<std::string>& pools, IpAddress before, std::string& pool);
  std::optional<AssignedAddress> Take6(const std::vector<std::string>& pools, std::string& pool);
  void Give(IpAddress a) { used_.erase(a); }
  std::vector<AddressPoolView> Views() const;

 private:
  std::optional<IpAddress> Lowest(const AddressRange& range);

  std::map<std::string, AddressPool> pools_;
  std::map<std::string, AddressPool6> pools6_;
  std::set<IpAddress> used_, own_;
};

}  // namespace sallyport
