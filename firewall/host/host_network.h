// The kernel's network made to agree with the policy, through rtnetlink: link state and MTU, addresses, routes, the routing table
// of each interface for packets whose egress NAT has chosen, local routes that make the kernel answer ARP for mapped addresses,
// and the sysctls that a firewall at raw PREROUTING needs. And what `show interface` and `show arp` read back.
//
// Everything made here carries our protocol number, so it is found again after a kill; Apply works out the difference, and
// applying twice changes nothing. Links that are not interfaces of the policy, and addresses and routes that others made,
// are never touched. Control thread; needs CAP_NET_ADMIN for changes, nothing for reading.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"
#include "firewall/policy.h"

namespace sallyport {

// A link as the kernel sees it.
struct LinkInfo {
  std::string name;
  int index = 0;
  bool up = false;       // administratively
  bool running = false;  // carrier
  int mtu = 0;
  int speed_mbps = 0;    // 0: unknown (virtual links)
  bool full_duplex = true;
  std::string driver;    // as it names itself ("veth", "virtio_net"); "" unknown
  MacAddress mac;
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, rx_multicast = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0, tx_collisions = 0;
  std::uint64_t rx_length_errors = 0, rx_overruns = 0, rx_crc_errors = 0, rx_frame_errors = 0, rx_missed = 0;
  std::uint64_t tx_underruns = 0, tx_late_collisions = 0;
  std::uint32_t carrier_losses = 0;  // how often it went down
};

struct ArpEntry {
  int link_index = 0;
  IpAddress address;
  MacAddress mac;
  std::uint32_t age_seconds = 0;  // since it was learned or confirmed
  bool permanent = false;         // static
  enum class State : std::uint8_t { kReachable, kStale, kDelay, kProbe } state = State::kReachable;
};

class HostNetwork {
 public:
  // The routing protocol number (rtm_protocol, IFA_PROTO) that marks what is ours; free in /etc/iproute2/rt_protos.
  static constexpr std::uint8_t kProtocol = 83;
  // Routing table of interface i is kTableBase + i; its fwmark rule has the same number as preference.
  static constexpr std::uint32_t kTableBase = 5300;

  static Result<std::unique_ptr<HostNetwork>> Open();
  ~HostNetwork();

  // Index of a link, > 0. Error names the link.
  Result<int> IndexOf(const std::string& link) const;
  // The VLAN device `parent`.`vlan` with that tag, made if it is not there. Errors: parent missing, kernel without 802.1Q.
  Result<std::string> EnsureVlan(const std::string& parent, int vlan);

  // The two ends of the appliance's own port in a bridge group, made if they are not there: `name` has the group's address, the
  // other (its index is returned) is bridged (bridge_ports.h). Error: no privileges, no veth in the kernel.
  Result<int> EnsurePort(const std::string& name);

  // Makes the kernel agree with `policy`, for every interface with a linux_index. Goes on after a failure, so that one bad
  // route does not keep the rest away; the error then lists all that failed. Returns how many changes were made.
  // A link is raised once, when it is new or no longer shut down: one that somebody takes down after that is like a cable that is
  // pulled. While a link is down the kernel takes no routes over it; Apply again when it is up.
  Result<int> Apply(const Policy& policy);
  // Links with these indexes are deleted; another that gets the index is a new one.
  void Forget(const std::set<int>& deleted);
  // Takes back what was made: addresses, routes, rules, VLAN devices, sysctls. Links stay as they are. Returns the number
  // of changes.
  Result<int> Restore();

  Result<std::vector<LinkInfo>> Links() const;
  // IPv6 addresses that the kernel has learned on a link from router advertisements.
  struct LearnedAddress {
    IpAddress address;
    int prefix_length = 64;
  };
  Result<std::vector<LearnedAddress>> Learned(int link_index) const;
  // Complete entries of neighbours of one family on the given links (all when empty).
  Result<std::vector<ArpEntry>> Arp(const std::vector<int>& link_indexes, bool v6 = false) const;
  // Forgets the dynamic ones; returns how many.
  Result<int> ClearArp(const std::vector<int>& link_indexes, bool v6 = false);

 private:
  struct Impl;
  explicit HostNetwork(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
