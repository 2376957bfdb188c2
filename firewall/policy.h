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

namespace sallyport {

struct Interface {
  IfId id{};
  std::string hardware;  // "GigabitEthernet0/0", "Vlan1", "GigabitEthernet0/1.100"
  std::string nameif;    // "" : not in use
  NameId name = NameId::kNone;
  int security_level = 0;
  IpAddress address;       // none: no ip address
  int prefix_length = 32;  // of IPv4
  int mtu = 1500;
  bool shutdown = false;
  bool management_only = false;
  int linux_index = 0;  // 0: no link is mapped to it
  std::shared_ptr<const AccessList> access_in;   // access-group ... in
  std::shared_ptr<const AccessList> access_out;
  bool InUse() const { return !nameif.empty() && !shutdown; }
};

// Idle timeouts; zero: never. Defaults are ASA's.
struct Timeouts {
  Duration xlate = Duration::Seconds(3 * 3600);
  Duration pat_xlate = Duration::Seconds(30);
  Duration conn = Duration::Seconds(3600);
  Duration half_closed = Duration::Seconds(600);
  Duration udp = Duration::Seconds(120);
  Duration icmp = Duration::Seconds(2);
  Duration embryonic = Duration::Seconds(30);
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
  Prefix from;
  std::int16_t type = -1;
};

struct Sysopt {
  std::uint16_t tcpmss = 1380;         // 0: off
  std::uint16_t tcpmss_minimum = 0;
  bool timewait = false;
};

struct Policy {
  Personality personality;
  std::string hostname = "ciscoasa";
  std::vector<std::optional<Interface>> interfaces;  // by IfId; [0] is identity
  std::map<std::string, std::shared_ptr<const AccessList>> access_lists;
  std::shared_ptr<const AccessList> access_global;  // access-group NAME global
  TimeRanges time_ranges;                           // by name; the engine keeps their flags
  NatTable nat;
  RouteTable routes;
  Timeouts timeouts;
  Sysopt sysopt;
  bool same_security_inter = false;
  bool same_security_intra = false;
  bool reset_inbound = false;
  bool reset_outbound = true;
  bool reset_outside = false;
  std::vector<IfId> reset_inbound_on, reset_outbound_on;  // `service resetinbound|resetoutbound interface IF`
  std::vector<ServiceClass> service;
  std::map<IfId, PriorityQueue> priority_queues;
  ThreatPolicy threats;
  std::vector<ManagementRule> management;
  std::vector<IcmpRule> icmp;
  std::uint16_t ssh_port = 22, telnet_port = 23, http_port = 443;
  int icmp_unreachable_rate = 1, icmp_unreachable_burst = 1;
  InterceptStatsSettings tcp_intercept_stats;  // threat-detection statistics tcp-intercept

  const Interface* Find(IfId id) const {
    const auto i = static_cast<std::size_t>(id);
    return i < interfaces.size() && interfaces[i] ? &*interfaces[i] : nullptr;
  }
  const Interface* FindByName(std::string_view nameif) const;
  // Is a TCP segment that is refused on its way from `in` to `out` answered with a reset? Between equal levels either setting
  // is enough (ASA command reference, `service`).
  bool AnswersRefused(const Interface& in, const Interface& out) const;
};

}  // namespace sallyport
