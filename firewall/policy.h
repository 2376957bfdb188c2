// The policy snapshot: all that the configuration has decided, compiled and immutable. The control thread builds one, the
// data thread swaps it in between two packets. A refused line never gets this far.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/fragments.h"
#include "firewall/bridge.h"
#include "firewall/class_match.h"
#include "firewall/inspect_map.h"
#include "firewall/intercept_stats.h"
#include "firewall/nat.h"
#include "firewall/personality.h"
#include "firewall/route_table.h"
#include "firewall/threat_policy.h"
#include "firewall/tcp_map.h"
#include "firewall/time_range.h"
#include "firewall/types.h"
#include "firewall/zone.h"

namespace sallyport {

// An IPv6 address of an interface besides its link-local one.
struct InterfaceAddress6 {
  IpAddress address;
  int prefix_length = 64;
  bool eui64 = false;           // its low half comes from the MAC address
  bool autoconfigured = false;  // by router advertisements
};

// `ipv6 nd ...` of an interface: how the appliance finds its neighbours, and what it advertises to hosts (RFC 4861 6.2.1).
struct NeighbourDiscovery {
  int dad_attempts = -1;    // -1: the kernel's (1)
  int ns_interval_ms = 0;   // 0: the kernel's (1000)
  int reachable_ms = 0;     // 0: the kernel's, and not said in advertisements
  bool suppress_ra = false;
  bool managed = false, other = false;  // flags of advertisements: addresses, other things by DHCPv6
  int ra_interval_ms = 200'000;
  int ra_lifetime_s = 1800;
  struct AdvertisedPrefix {
    Prefix prefix;
    std::uint32_t valid_s = 2'592'000, preferred_s = 604'800;  // 0xffffffff: for ever
    bool on_link = true, autonomous = true, advertise = true;
  };
  std::vector<AdvertisedPrefix> prefixes;  // those of the interface's addresses if empty
};

struct Interface {
  IfId id{};
  std::string hardware;  // "GigabitEthernet0/0", "Vlan1", "GigabitEthernet0/1.100"
  std::string nameif;    // "" : not in use
  NameId name = NameId::kNone;
  int security_level = 0;
  IpAddress address;       // none: no ip address
  int prefix_length = 32;  // of IPv4
  IpAddress cluster;       // IPv4, of the same network: `vpn load-balancing`'s while this appliance is its master; none: it is not
  bool ipv6_enabled = false;  // `ipv6 enable`, or any IPv6 address
  bool ipv6_autoconfig = false;  // takes addresses from router advertisements
  bool link_local_set = false;  // by configuration; else it comes from the MAC address
  IpAddress link_local;         // none: IPv6 is off
  std::vector<InterfaceAddress6> ipv6;
  MacAddress mac;  // of IPv6's identifiers: the link's, or one of our own where there is no link
  NeighbourDiscovery nd;
  int mtu = 1500;
  bool shutdown = false;
  bool no_carrier = false;  // its line protocol is down
  bool management_only = false;
  bool verify_reverse_path = false;  // ip verify reverse-path interface
  FragmentLimits fragments;
  bool proxy_arp = true;  // answers ARP for mapped addresses; not with `sysopt noproxyarp`
  int linux_index = 0;  // 0: no link is mapped to it
  std::shared_ptr<const AccessList> access_in;   // access-group ... in
  std::shared_ptr<const AccessList> access_out;
  std::shared_ptr<const AccessList> access_control_plane;  // to the appliance itself
  std::shared_ptr<const EtherList> ether_in, ether_out;    // for bridged frames
  BridgeMember bridge;
  std::uint8_t zone = 0;  // Zone::id; 0: in none
  bool virtual_tunnel = false;  // `interface Tunnel`: there is no link, and its line protocol is its tunnel
  bool bvi = false;  // the appliance's own port in a bridge group; without a name it only has the group's address
  std::shared_ptr<const AccessList> access_in6;  // for IPv6: from 9.0 on the same lists, before that `ipv6 access-list`s
  std::shared_ptr<const AccessList> access_out6;
  bool InUse() const { return (!nameif.empty() || bvi) && !shutdown; }
  // Connected and static routes are there with the line protocol, and go with it.
  bool HasRoutes() const { return InUse() && !no_carrier; }
  // The addresses that come from a MAC address (RFC 4291 2.5.1): the link-local one and those that are `eui-64`.
  void SetMac(const MacAddress& hardware_address);
  // Is `a` an address of this interface itself, of either family?
  bool Owns(IpAddress a) const {
    if (a.IsV4()) return a == address || (a == cluster && !a.IsNone());
    if (!ipv6_enabled || a.IsNone()) return false;
    if (a == link_local) return true;
    for (const InterfaceAddress6& own : ipv6) {
      if (own.address == a) return true;
    }
    return false;
  }
  const std::shared_ptr<const AccessList>& AccessIn(bool v6) const { return v6 ? access_in6 : access_in; }
  const std::shared_ptr<const AccessList>& AccessOut(bool v6) const { return v6 ? access_out6 : access_out; }
};

// Idle timeouts; zero: never. Defaults are ASA's.
struct Timeouts {
  Duration xlate = Duration::Seconds(3 * 3600);
  Duration pat_xlate = Duration::Seconds(30);
  Duration conn = Duration::Seconds(3600);
  Duration half_closed = Duration::Seconds(600);
  Duration udp = Duration::Seconds(120);
  Duration sctp = Duration::Seconds(120);
  Duration icmp = Duration::Seconds(2);
  Duration embryonic = Duration::Seconds(30);
  Duration tcp_proxy_reassembly = Duration::Seconds(60);
  Duration other = Duration::Seconds(120);  // protocols without ports (GRE, ESP ...)
  Duration floating_conn;                   // after a better route came
  std::optional<Duration> conn_holddown;    // after a connection's route went; none: the release has no such timer
};

// `set connection ...` of a class. What a class does not set is left to what acts without it.
struct ConnectionSettings {
  std::optional<bool> random_sequence;  // set connection random-sequence-number
  std::optional<Duration> idle, embryonic, half_closed;
  bool state_bypass = false;  // set connection advanced-options tcp-state-bypass
  // Limits (conn_limits.h); 0: none.
  std::uint32_t conn_max = 0, embryonic_conn_max = 0, per_client_max = 0, per_client_embryonic_max = 0;
  std::uint16_t syn_cookie_mss = 0;  // what TCP intercept offers in the server's name; 0: the default
  bool idle_reset = false;           // set connection timeout idle T reset
  struct DeadConnectionDetection {
    std::uint32_t retry_s = 15, max_retries = 5;
  };
  std::optional<DeadConnectionDetection> dcd;  // set connection timeout dcd
  bool Limits() const { return (conn_max | embryonic_conn_max | per_client_max | per_client_embryonic_max) != 0; }
  bool decrement_ttl = false;  // set connection decrement-ttl
  // Limits, timeouts, sequence numbers, TTL: one feature, beside those of normalisation and state bypass.
  bool Basic() const { return random_sequence || idle || embryonic || half_closed || dcd || Limits() || decrement_ttl; }
  std::shared_ptr<const TcpMap> tcp_map;  // set connection advanced-options NAME
  bool Any() const { return Basic() || state_bypass || tcp_map != nullptr; }
};

// `inspect NAME [MAP]` of a class.
struct Inspection {
  InspectId id = InspectId::kNone;  // kNone: accepted, does not act
  std::string name;                 // "dns", "icmp error"
  std::shared_ptr<const InspectMap> map;  // null: the engine's defaults
  std::shared_ptr<InspectCounters> counters = std::make_shared<InspectCounters>();  // go on while the line stays as it is
};

// `police input|output`: bits per second and bytes; what happens to packets within the rate, and beyond it.
struct Police {
  std::uint64_t rate = 0;
  std::uint64_t burst = 0;
  bool drop_conforming = false;
  bool drop_exceeding = true;
  bool operator==(const Police&) const = default;
};
// `shape average`: accepted, and its packets are counted; nothing is delayed.
struct Shaping {
  std::uint64_t rate = 0;   // bits per second
  std::uint64_t burst = 0;  // bits
};
// `priority-queue INTERFACE`; 0: not set.
struct PriorityQueue {
  std::uint32_t queue_limit = 0;
  std::uint32_t tx_ring_limit = 0;
};

// A class of a policy-map that is applied by service-policy, in order of evaluation.
struct ServiceClass {
  std::uint32_t id = 0;     // stable while policy, class and place of application keep their names; never 0, never reused
  std::string class_name;   // "inspection_default"
  std::string policy_name;  // "global_policy"
  IfId interface = IfId::kAny;  // kAny: global
  bool default_inspection_traffic = false;
  bool match_any = false;
  std::vector<ServiceMatch> matches;  // besides these two
  bool match_one = false;             // match-any: one of `matches` is enough; else all must
  // actions
  std::vector<Inspection> inspections;
  ConnectionSettings connection;
  std::optional<Police> police[2];  // input, output
  bool priority = false;
  std::optional<Shaping> shape;
  bool ips = false;  // ips inline|promiscuous: TCP goes through a proxy
  std::string config;  // lines for packet-tracer
  const Inspection* Find(InspectId wanted) const {
    for (const Inspection& i : inspections) {
      if (i.id == wanted) return &i;
    }
    return nullptr;
  }
};

// ssh, telnet, http: who may reach the appliance itself. No entry for a service: nobody.
struct ManagementRule {
  enum class Service : std::uint8_t { kSsh, kTelnet, kHttp } service{};
  IfId interface{};
  Prefix from;
};
// icmp permit|deny ... IF: first match; an interface with any rule ends in an implicit deny, one without permits all.
struct IcmpRule {
  IfId interface{};
  bool permit = false;
  bool v6 = false;  // `ipv6 icmp`
  Prefix from;
  std::int16_t type = -1;
};

struct TunnelPolicy;

struct Sysopt {
  std::uint16_t tcpmss = 1380;         // 0: off
  std::uint16_t tcpmss_minimum = 0;
  bool timewait = false;
  // Of tunnels (ASA command reference, `sysopt connection`).
  bool permit_vpn = true;      // what comes out of one passes the interface's access list
  bool reclassify_vpn = true;  // a tunnel that comes up ends connections that it should have carried
  bool preserve_vpn = false;   // preserve-vpn-flows
  std::uint32_t preserve_minutes = 0;  // for so long at most; 0: their idle timeouts decide
};

struct Policy {
  Personality personality;
  std::string hostname = "ciscoasa";
  std::vector<std::optional<Interface>> interfaces;  // by IfId; [0] is identity
  std::map<std::string, std::shared_ptr<const AccessList>> access_lists;
  std::vector<std::string> access_list_order;  // names of access_lists and ether_lists as the configuration has them
  std::map<std::string, std::shared_ptr<const AccessList>> access_lists6;  // `ipv6 access-list`
  std::shared_ptr<const AccessList> access_global;  // access-group NAME global
  std::map<std::string, std::shared_ptr<const EtherList>> ether_lists;
  std::uint32_t acl_deny_flow_max = 4096;           // access-list deny-flow-max
  std::uint32_t acl_alert_interval_s = 300;         // access-list alert-interval
  BridgePolicy bridge;
  std::vector<Zone> zones;                          // by id
  std::shared_ptr<const AccessList> access_global6;  // the same for IPv6
  TimeRanges time_ranges;                           // by name; the engine keeps their flags
  NatTable nat;
  RouteTable routes;
  Timeouts timeouts;
  Sysopt sysopt;
  bool same_security_inter = false;
  bool same_security_intra = false;
  bool dns_guard = false;
  bool reset_inbound = false;
  bool reset_outbound = true;
  bool reset_outside = false;
  std::vector<IfId> reset_inbound_on, reset_outbound_on;  // `service resetinbound|resetoutbound interface IF`
  std::vector<ServiceClass> service;
  std::map<IfId, PriorityQueue> priority_queues;
  ThreatPolicy threats;
  std::vector<ManagementRule> management;
  std::vector<IcmpRule> icmp;
  IfId management_access = IfId::kAny;  // whose address may be reached through a tunnel of another interface; kAny: none
  std::uint16_t ssh_port = 22, telnet_port = 23, http_port = 443;
  int icmp_unreachable_rate = 1;
  int icmp6_error_rate = 10, icmp6_error_burst = 10;  // of ICMPv6 errors of the appliance's own
  std::shared_ptr<const TunnelPolicy> tunnels;  // null: there are none
  std::vector<AddressRange> user_pools;         // addresses that remote users get (IPv4): answered for where they lie in an interface's own network
  InterceptStatsSettings tcp_intercept_stats;  // threat-detection statistics tcp-intercept

  const Interface* Find(IfId id) const {
    const auto i = static_cast<std::size_t>(id);
    return i < interfaces.size() && interfaces[i] ? &*interfaces[i] : nullptr;
  }
  const Interface* FindByName(std::string_view nameif) const;
  // The interface whose address and routes are those of `i`: the BVI that routes for a member of a bridge group, else itself.
  IfId Layer3(IfId i) const {
    const Interface* f = bridge.groups.empty() ? nullptr : Find(i);
    return f != nullptr && f->bridge.routed_by != IfId::kAny ? f->bridge.routed_by : i;
  }
  const Interface& Layer3(const Interface& i) const {
    const Interface* bvi = i.bridge.routed_by != IfId::kAny ? Find(i.bridge.routed_by) : nullptr;
    return bvi != nullptr ? *bvi : i;
  }
  const Zone* FindZone(std::uint8_t id) const { return id != 0 && id <= zones.size() ? &zones[id - 1u] : nullptr; }
  // Addresses of `i` (one of ours) that router advertisements have given it, in place of earlier ones, and their routes.
  void SetLearned(Interface& i, const std::vector<InterfaceAddress6>& learned);
  // Is a TCP segment that is refused on its way from `in` to `out` answered with a reset? Between equal levels either setting
  // is enough (ASA command reference, `service`).
  bool AnswersRefused(const Interface& in, const Interface& out) const;
};

}  // namespace sallyport
