// Inner addresses of remote users: `ip local pool`, `ipv6 local pool`, and addresses that a user has of his own. The lowest free one
// is given. With `vpn-addr-assign local reuse-delay` one that comes back rests for a while. Control thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vpn/ike/host.h"
#include "vpn/vpn_control.h"

namespace sallyport {

class DhcpProxy;

class AddressPools {
 public:
  // Addresses that are out stay out, also when their pool has gone.
  void UsePools(std::map<std::string, AddressPool> pools) { pools_ = std::move(pools); }
  void UsePools6(std::map<std::string, AddressPool6> pools) { pools6_ = std::move(pools); }
  // The appliance's own addresses are nobody else's.
  void UseOwnAddresses(std::set<IpAddress> own) { own_ = std::move(own); }
  // Who leases addresses of DHCP servers, which come back by Give, too; null: nobody.
  void UseDhcp(DhcpProxy* dhcp) { dhcp_ = dhcp; }
  DhcpProxy* dhcp() const { return dhcp_; }
  void UseAssignment(const AddressAssignment& a) { assign_ = a; }
  // `pool` gets the name of the pool that gave it.
  std::optional<AssignedAddress> Take(const std::vector<std::string>& pools, std::string& pool, TimePoint now = {});
  // An address that a user has of his own: not out already, and not ours.
  bool TakeOwn(IpAddress a) { return !own_.contains(a) && used_.insert(a).second; }
  // The one that he had before, if it is still free and in one of the pools; else another one.
  std::optional<AssignedAddress> TakeAgain(const std::vector<std::string>& pools, IpAddress before, std::string& pool, TimePoint now = {});
  std::optional<AssignedAddress> Take6(const std::vector<std::string>& pools, std::string& pool, TimePoint now = {});
  void Give(IpAddress a, TimePoint now = {});
  std::vector<AddressPoolView> Views() const;

 private:
  std::optional<IpAddress> Lowest(const AddressRange& range, TimePoint now);

  std::map<std::string, AddressPool> pools_;
  std::map<std::string, AddressPool6> pools6_;
  DhcpProxy* dhcp_ = nullptr;
  AddressAssignment assign_;
  std::set<IpAddress> used_, own_;
  std::map<IpAddress, TimePoint> resting_;  // not given again before
};

}  // namespace sallyport
