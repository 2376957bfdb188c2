// The parts of the compiler: lines of the tree in, parts of a policy out. Used by Configuration::Compile only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "conf/line_tree.h"
#include "conf/resolve.h"
#include "firewall/policy.h"

namespace sallyport {

// `clock timezone` and `clock summer-time` (compile_time_range.cc).
TimeZone ZoneOf(const LineTree& tree);
TimeRanges CompileTimeRanges(const LineTree& tree);

// `previous`: the list of that name in the policy before, whose counters live on; may be null. `search_groups`: object groups of
// addresses are not expanded.
std::shared_ptr<const AccessList> CompileAccessList(const Line& list, const Resolver& resolver, const TimeRanges& ranges,
                                                    const AccessList* previous, bool search_groups);

// A list of `ethertype` lines; counters live on as above.
std::shared_ptr<const EtherList> CompileEtherList(const Line& list, const EtherList* previous);
bool IsEtherList(const Line& list);
// Is `what` something that an ethertype line may name ("bpdu", "0x8847", "dsap 0x42")?
bool ReadEtherWhat(std::string_view what, EtherElement& out);
// Bridge groups, on the interfaces that are compiled. `ids` and `next` give a group without a BVI one (compile_bridge.cc).
// `zone` and `zone-member` (compile_zone.cc).
void CompileZones(const LineTree& tree, Policy& policy);
void CompileBridge(const LineTree& tree, Policy& policy, std::map<std::string, IfId>& ids, std::uint8_t& next);

// Numbers that stay with what they name from one compilation to the next.
struct StableIds {
  std::map<std::string, std::uint32_t>& by_name;
  std::uint32_t& next;
  std::uint32_t Of(const std::string& name) {
    const auto [it, fresh] = by_name.try_emplace(name, next);
    if (fresh) next++;
    return it->second;
  }
};
NatTable CompileNat(const LineTree& tree, const Policy& policy, const Resolver& resolver, StableIds ids, const Policy* previous);
// ip verify reverse-path and fragment limits of the interfaces of `policy`.
void CompileVerify(const LineTree& tree, Policy& policy);
ThreatPolicy CompileThreats(const LineTree& tree, const Resolver& resolver, int release);
// `tcp-map NAME`; null: there is none.
std::shared_ptr<const TcpMap> CompileTcpMap(const LineTree& tree, std::string_view name, int release);
// Classes of all policies that are applied, those of interfaces first. Interfaces and access lists are in `policy` already.
std::vector<ServiceClass> CompileServicePolicies(const LineTree& tree, const Policy& policy, StableIds ids);
// What `xlate ...` lines say, into `table`.
void CompileXlate(const LineTree& tree, const Personality& personality, NatTable& table);

// --- IPv6 (compile_ipv6.cc)
// What the lines below an interface say of IPv6.
void CompileIpv6(const Line& interface_line, Interface& i);
// Connected and static routes, behind those that are there.
void CompileIpv6Routes(const LineTree& tree, const Policy& policy, std::vector<Route>& routes);
// `ipv6 icmp` and the rate of ICMPv6 errors.
void CompileIpv6Icmp(const LineTree& tree, Policy& policy);
// `ipv6 access-list`s, and which list each interface has for IPv6. Access lists of IPv4 are in `policy` already.
void CompileIpv6Lists(const LineTree& tree, const Resolver& resolver, Policy& policy, const Policy* previous);
std::shared_ptr<const AccessList> CompileAccessList6(const std::string& name, const std::vector<const Line*>& lines, const Resolver& resolver,
                                                     const TimeRanges& ranges, const AccessList* previous);

// --- tunnels (compile_vpn.cc, compile_crypto_map.cc, compile_ike.cc, compile_groups.cc)
// `sysopt connection permit-vpn|reclassify-vpn|preserve-vpn-flows`.
void CompileVpnSysopt(const LineTree& tree, Policy& policy);
// Interfaces, access lists and sysopt are in `policy` already. Null: IKE is nowhere on, and no crypto map is applied.
struct VpnClientAddress;
struct VpnPolicy;
std::shared_ptr<const VpnPolicy> CompileVpn(const LineTree& tree, const NameTable& names, const Policy& policy, StableIds ids);
// `set reverse-route` of static entries: routes to the peers' networks are always there; and those of tunnels that are up (`dynamic`).
// Port translation of what a hardware client in client mode sends into its tunnel, before all other rules.
void CompileClientTranslation(const VpnPolicy& vpn, const VpnClientAddress& client, StableIds ids, const Policy* previous, Policy& policy);
void CompileReverseRoutes(const VpnPolicy& vpn, const std::vector<Route>& of_tunnels, Policy& policy);

// `inspect ...` of a class (compile_inspect.cc), and the counters that it had in the policy before.
struct InspectLine;
InspectId InspectIdOf(std::string_view name);
Inspection CompileInspection(const LineTree& tree, const InspectLine& inspect);
void InheritInspectCounters(std::vector<ServiceClass>& classes, const Policy* previous);

}  // namespace sallyport
