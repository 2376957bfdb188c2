// An interface's lines that the firewall itself does not read (grammar_interface.cc has those that it does), zones, VXLAN, and
// the global lines that are about interfaces: ARP, MAC addresses, fragments, bridges.
#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/shape.h"
#include "conf/zone_checks.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kFor = Effect::kDormant;
constexpr auto kActs = Effect::kModelled;
constexpr const char* kIf = "config-if";

const InterfaceLine* Here(const ConfigEdit& edit) { return edit.here == nullptr ? nullptr : edit.here->As<InterfaceLine>(); }

template <const char* const& kType>
std::string Only(ConfigEdit& edit, const FieldLine&) {
  const InterfaceLine* i = Here(edit);
  if (edit.loading || i == nullptr || i->hardware.text.starts_with(kType)) return {};
  return std::string("ERROR: This command is only valid on ") + kType + " interfaces\n";
}
constexpr const char* kRedundant = "Redundant";
constexpr const char* kTunnel = "Tunnel";
constexpr const char* kVni = "vni";

// A port of a channel or of a redundant pair has no name of its own.
std::string Unnamed(ConfigEdit& edit, const FieldLine&) {
  if (edit.loading || edit.here->First<NameifLine>() == nullptr) return {};
  return "ERROR: Interface cannot be a member of a channel-group while it has a nameif\n";
}

// Switch ports have no layer 3.
std::string NoLayer3(ConfigEdit& edit, const FieldLine&, Line&) {
  for (const char* key : {"nameif", "security-level", "ip address"}) {
    const Line* l = edit.here->Find(key);
    if (l != nullptr && l->text.starts_with("no ")) edit.tree.Remove(edit.parent(), Section::kInterface, key);
  }
  return {};
}

std::string KnownZone(ConfigEdit& edit, const FieldLine& f) {
  if (edit.loading) return {};
  if (edit.tree.Find(Section::kZone, "zone " + std::string(f.Get("zone"))) != nullptr) return RefuseZoneMember(edit, f.Get("zone"));
  return "ERROR: Zone " + std::string(f.Get("zone")) + " does not exist\n";
}
std::string ZoneInUse(ConfigEdit& edit, const FieldLine& f, const Line&) {
  for (const auto& i : edit.tree.Of(Section::kInterface)) {
    const Line* member = i->Find("zone-member");
    if (member != nullptr && member->As<FieldLine>()->Get("zone") == f.Get("zone")) {
      return "ERROR: Zone " + std::string(f.Get("zone")) + " is in use by an interface\n";
    }
  }
  return {};
}

// A tunnel's ends are addresses of one family: the source interface's IPv4 address, or the IPv6 one that `ipv6` names.
std::string OneFamily(ConfigEdit& edit, const FieldLine& f) {
  if (const std::string refusal = Only<kTunnel>(edit, f); !refusal.empty() || edit.loading) return refusal;
  const FieldLine *source = f.Has("if") ? &f : nullptr, *destination = f.Has("peer") ? &f : nullptr;
  for (const auto& l : edit.here->lines) {
    if (source == nullptr && l->text.starts_with("tunnel source ")) source = l->As<FieldLine>();
    if (destination == nullptr && l->text.starts_with("tunnel destination ")) destination = l->As<FieldLine>();
  }
  if (source == nullptr || destination == nullptr) return {};
  const auto peer = destination->Address("peer", edit.names);
  if (!peer || peer->IsV4() == !source->Has("v6")) return {};
  return "ERROR: Tunnel source and destination must be of the same IP version\n";
}

// Ranks are those of grammar_interface.cc.
// The other firewall mode begins with an empty configuration: many commands are of one mode only.
void Empty(ConfigEdit& edit, const Line* but) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Sec::kCount); i++) {
    edit.tree.RemoveIf(nullptr, static_cast<Sec>(i), [but](const Line& l) { return &l != but; });
  }
  edit.names.clear();
  edit.changed = true;
  edit.emptied = ConfigEdit::Emptied::kPortsBack;
}
std::string OtherMode(ConfigEdit& edit, const FieldLine&, Line& line) {
  if (!edit.loading) Empty(edit, &line);
  return {};
}
std::string RoutedMode(ConfigEdit& edit, const FieldLine&) {
  if (!edit.loading) Empty(edit, nullptr);
  return {};
}

constexpr Shape kShapes[] = {
    // --- the port
    {kIf, "speed`Configure speed operation` / <speed:{10|100|1000|10000|25000|40000|100000|auto|nonegotiate|sfp-detect}>", Sec::kInterface,
     {.rank = 30, .silent = "speed auto", .keep_no = true}},
    {kIf, "duplex`Configure duplex operation` / <duplex:{auto|full|half}>", Sec::kInterface, {.rank = 40, .silent = "duplex auto"}},
    {kIf, "media-type / <type:{rj45|sfp}>", Sec::kInterface, {.rank = 41}},
    {kIf, "negotiate-auto", Sec::kInterface, {.rank = 41, .keep_no = true}},
    {kIf, "fec / <mode:word>", Sec::kInterface, {.rank = 41}},
    {kIf, "flowcontrol send on / [<low:0-511> <high:0-511> <pause:0-65535>] [noconfirm]", Sec::kInterface, {.rank = 42}},
    {kIf, "power inline / ( auto | never | consumption wattage <mw:1-60000> )", Sec::kInterface, {.rank = 43}},
    {kIf, "lacp port-priority / <n:1-65535>", Sec::kInterface, {.rank = 44, .effect = kFor}},
    {kIf, "lacp rate / <rate:{fast|normal}>", Sec::kInterface, {.rank = 44, .effect = kFor}},
    {kIf, "channel-group`Etherchannel/port bundling configuration` / <group:1-48`Channel group number`> mode <mode:{active|passive|on}> [ vss-id <vss:1-2> ]",
     Sec::kInterface, {.rank = 45, .effect = kFor, .check = Unnamed}},
    {kIf, "lacp max-bundle / <n:1-16>", Sec::kInterface, {.rank = 46, .effect = kFor}},
    {kIf, "port-channel load-balance / <what:word>...", Sec::kInterface, {.rank = 46, .effect = kFor}},
    {kIf, "port-channel min-bundle / <n:1-16>", Sec::kInterface, {.rank = 46, .effect = kFor}},
    {kIf, "port-channel span-cluster / [vss-load-balance]", Sec::kInterface, {.rank = 46, .effect = kFor}},
    {kIf, "member-interface`Make a physical interface member of a redundant interface` <hw:hw>", Sec::kInterface, {.rank = 15, .effect = kFor, .check = Only<kRedundant>}},
    {kIf, "mac-address`Assign MAC address to interface` / ( auto | <mac:mac> [ standby <standby:mac> ] [ cluster-pool <pool:word> ] )", Sec::kInterface,
     {.rank = 52, .effect = kFor, .keep_no = true}},
    {kIf, "allow-ssc-mgmt", Sec::kInterface, {.rank = 60}},
    {kIf, "asr-group / <group:1-32>", Sec::kInterface, {.rank = 95, .effect = kFor}},
    {kIf, "join-failover-group / <group:1-2>", Sec::kInterface, {.rank = 95, .effect = kFor}},

    // --- switch ports
    {kIf, "switchport", Sec::kInterface, {.rank = 20, .effect = kFor, .keep_no = true, .after = NoLayer3}},
    {kIf, "switchport protected", Sec::kInterface, {.rank = 23, .effect = kFor}},
    {kIf, "switchport trunk allowed vlan / <vlans:word>", Sec::kInterface, {.rank = 21, .effect = kFor, .after = NoLayer3}},
    {kIf, "switchport trunk native vlan / <vlan:1-4090>", Sec::kInterface, {.rank = 21, .effect = kFor, .after = NoLayer3}},
    {kIf, "switchport mode / <mode:{access|dynamic|trunk}> [<how:{auto|desirable}>]", Sec::kInterface, {.rank = 22, .effect = kFor, .after = NoLayer3}},
    {kIf, "switchport monitor <hw:hw> / [<way:{both|rx|tx}>]", Sec::kInterface, {.rank = 24, .effect = kFor, .after = NoLayer3}},
    {kIf, "forward interface / [<hw:hw>]", Sec::kInterface, {.rank = 5, .effect = kFor, .keep_no = true}},
    {kIf, "backup interface / <hw:hw>", Sec::kInterface, {.rank = 5, .effect = kFor}},

    // --- bridges, zones, VXLAN
    {kIf, "bridge-group`Assign the interface to a bridge group` / <group:1-250>", Sec::kInterface, {.rank = 72, .effect = Effect::kModelled}},
    {kIf, "zone-member`Add the interface to a zone` / <zone:word>", Sec::kInterface, {.rank = 82, .effect = kActs, .check = KnownZone}},
    {"config", "zone`Configure a zone` <zone:word> / [ passive ]", Sec::kZone, {.effect = kActs, .check_no = ZoneInUse}},
    {kIf, "nve-only", Sec::kInterface, {.rank = 68, .effect = kFor}},
    {kIf, "vtep-nve / <nve:1-1>", Sec::kInterface, {.rank = 69, .effect = kFor, .check = Only<kVni>}},
    {kIf, "segment-id / <id:1-16777215>", Sec::kInterface, {.rank = 68, .effect = kFor, .check = Only<kVni>}},
    {kIf, "mcast-group / <group:ipx>", Sec::kInterface, {.rank = 94, .effect = kFor, .check = Only<kVni>}},
    {kIf, "proxy <what:{dual-arm|paired|single-arm}>", Sec::kInterface, {.rank = 94, .effect = kFor}},
    {"config", "nve / <id:1-1>", Sec::kInterface, {.rank = 1, .effect = kFor, .submode = "config-nve"}},
    {"config-nve", "encapsulation / <kind:{geneve|vxlan}> [ port <port:1-65535> ]", Sec::kInterface, {.effect = kFor}},
    {"config-nve", "source-interface / <if:iface>", Sec::kInterface, {.rank = 1, .effect = kFor}},
    {"config-nve", "peer ip <peer:ipx>", Sec::kInterface, {.rank = 2, .effect = kFor}},
    {"config-nve", "peer-group <group:ogroup>", Sec::kInterface, {.rank = 2, .effect = kFor}},
    {"config-nve", "default-mcast-group / <group:ipx>", Sec::kInterface, {.rank = 2, .effect = kFor}},
    {"config", "vxlan port / <port:1-65535>", Sec::kInterface, {.rank = 2, .effect = kFor}},

    // --- tunnels
    {kIf, "tunnel source interface / <if:iface> [ ipv6 <v6:ip6> ]", Sec::kInterface, {.rank = 97, .effect = kActs, .check = OneFamily}},
    {kIf, "tunnel destination / <peer:ipx>", Sec::kInterface, {.rank = 98, .effect = kActs, .check = OneFamily}},
    {kIf, "tunnel mode ipsec / <ip:{ipv4|ipv6}>", Sec::kInterface, {.rank = 99, .effect = kActs, .check = Only<kTunnel>}},
    {kIf, "tunnel protection ipsec profile / <profile:ipsecprofile>", Sec::kInterface, {.rank = 104, .effect = kActs, .check = Only<kTunnel>}},
    {kIf, "tunnel protection ipsec policy / <acl:acl>", Sec::kInterface, {.rank = 105, .effect = kFor, .check = Only<kTunnel>}},
    {kIf, "ip unnumbered / <if:iface>", Sec::kInterface, {.rank = 90, .effect = kFor}},
    {kIf, "ipv6 unnumbered / <if:iface>", Sec::kInterface, {.rank = 92, .effect = kFor}},

    // --- IPv6
    {kIf, "ipv6 address`Configure IPv6 address on interface` autoconfig / [ default trust <trust:word> [ignore] ]", Sec::kInterface, {.rank = 91, .effect = Effect::kModelled}},
    {kIf, "ipv6 address dhcp / [default]", Sec::kInterface, {.rank = 91, .effect = kFor}},
    {kIf, "ipv6 address <prefix:prefix6`IPv6 prefix`> / [eui-64] [ standby <standby:ip6> ] [ cluster-pool <pool:word> ]", Sec::kInterface, {.rank = 91, .effect = Effect::kModelled}},
    {kIf, "ipv6 address <address:ip6> / link-local [ standby <standby:ip6> ]", Sec::kInterface, {.rank = 91, .effect = Effect::kModelled}},
    {kIf, "ipv6 address <general:name> <prefix:prefix6>", Sec::kInterface, {.rank = 91, .effect = kFor, .since = 906}},
    {kIf, "ipv6 enable`Enable IPv6 on interface`", Sec::kInterface, {.rank = 92, .effect = Effect::kModelled}},
    {kIf, "ipv6 nd`IPv6 interface Neighbor Discovery subcommands` <what:{suppress-ra|managed-config-flag|other-config-flag}>", Sec::kInterface,
     {.rank = 93, .effect = Effect::kModelled, .keep_no = true}},
    {kIf, "ipv6 nd prefix ( default | <prefix:prefix6> ) / { at <valid-at:word> <d2:word> <d3:word> <d4:word> | <valid:{infinite|no-advertise|off-link|no-autoconfig}>... } "
          "[<text:line>]", Sec::kInterface, {.rank = 93, .effect = Effect::kModelled}},
    {kIf, "ipv6 nd <what:{ns-interval|reachable-time|ra-lifetime}> / <n:0-4294967295>", Sec::kInterface, {.rank = 93, .effect = Effect::kModelled}},
    {kIf, "ipv6 nd ra-interval / [ msec ] <most:1-1800000> [<least:1-1800000>]", Sec::kInterface, {.rank = 93, .effect = Effect::kModelled}},
    {kIf, "ipv6 nd dad attempts / <n:0-600>", Sec::kInterface, {.rank = 93, .effect = Effect::kModelled}},
    {kIf, "ipv6 nd dns-server <address:ip6> [<life:word>]", Sec::kInterface, {.rank = 93, .effect = kFor}},
    {kIf, "ipv6 dhcp client pd / ( hint <hint:prefix6> | <name:name> )", Sec::kInterface, {.rank = 93, .effect = kFor}},
    {kIf, "ipv6 dhcp server / <pool:name> [rapid-commit]", Sec::kInterface, {.rank = 93, .effect = kFor}},
    {kIf, "ipv6 dhcprelay server <server:ip6>", Sec::kInterface, {.rank = 93, .effect = kFor}},
    {kIf, "ipv6 ospf`OSPF interface commands` <process:1-65535> area <area:word> / [ instance <instance:0-255> ]", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "ipv6 ospf <what:{cost|dead-interval|hello-interval|priority|retransmit-interval|transmit-delay}> / <n:0-65535>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "ipv6 ospf <what:{authentication|database-filter|encryption|flood-reduction|mtu-ignore|neighbor|network|bfd}> / [<text:line>]", Sec::kInterface,
     {.rank = 96, .effect = kFor}},
    {kIf, "ipv6 router isis / [<tag:word>]", Sec::kInterface, {.rank = 96, .effect = kFor}},

    // --- routing protocols
    {kIf, "ospf`OSPF interface commands` authentication / [ message-digest | null | key-chain <chain:name> ]", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "ospf authentication-key / [<kind:{0|8}>] <key:secret>", Sec::kInterface, {.rank = 95, .effect = kFor}},
    {kIf, "ospf message-digest-key <id:1-255> md5 / [<kind:{0|8}>] <key:secret>", Sec::kInterface, {.rank = 95, .sort = "{id}", .effect = kFor}},
    {kIf, "ospf cost / <cost:1-65535>", Sec::kInterface, {.rank = 94, .effect = kFor}},
    {kIf, "ospf database-filter all out", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "ospf dead-interval / ( minimal hello-multiplier <n:3-20> | <seconds:1-65535> )", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "ospf <what:{hello-interval|priority|retransmit-interval|transmit-delay}> / <n:0-65535>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "ospf <what:{mtu-ignore|lls|bfd|flood-reduction|prefix-suppression}> / [disable]", Sec::kInterface, {.rank = 96, .effect = kFor, .keep_no = true}},
    {kIf, "ospf network point-to-point non-broadcast", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "eigrp <text:line>", Sec::kInterface, {.rank = 96}},
    {kIf, "authentication mode eigrp <as:1-65535> md5", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "authentication key eigrp <as:1-65535> / <key:secret> key-id <id:0-255>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "hello-interval eigrp <as:1-65535> / <seconds:1-65535>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "hold-time eigrp <as:1-65535> / <seconds:1-65535>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "split-horizon eigrp <as:1-65535>", Sec::kInterface, {.rank = 96, .effect = kFor, .keep_no = true}},
    {kIf, "summary-address eigrp <as:1-65535> <net:ip> <mask:mask> / [<distance:1-255>]", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "summary-address <as:1-65535> <net:ip> <mask:mask> / [<distance:1-255>]", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "delay / <tens:1-16777215>", Sec::kInterface, {.rank = 62, .effect = kFor}},
    {kIf, "rip <way:{send|receive}> version / <version:{1|2}>...", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "rip authentication mode / <mode:{md5|text}>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "rip authentication key / <key:secret> key_id <id:0-255>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "isis`IS-IS interface commands` / [<text:line>]", Sec::kInterface, {.rank = 96, .keep_no = true}},
    {kIf, "bfd <text:line>", Sec::kInterface, {.rank = 96}},
    {kIf, "policy-route route-map / <map:routemap>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "policy-route cost / <n:1-65535>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "policy-route path-monitoring / <how:word>", Sec::kInterface, {.rank = 96, .effect = kFor}},

    // --- multicast
    {kIf, "pim`PIM interface commands`", Sec::kInterface, {.rank = 96, .effect = kFor, .keep_no = true}},
    {kIf, "pim <what:{dr-priority|hello-interval|join-prune-interval}> / <n:0-4294967294>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "pim <what:{neighbor-filter|bidir-neighbor-filter}> / <acl:acl>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "pim bsr-border", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "igmp`IGMP interface commands`", Sec::kInterface, {.rank = 96, .effect = kFor, .keep_no = true}},
    {kIf, "igmp access-group / <acl:acl>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "igmp forward interface / <if:iface>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "igmp <what:{join-group|static-group}> <group:ip>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "igmp <what:{limit|query-interval|query-max-response-time|query-timeout|version}> / <n:0-5000>", Sec::kInterface, {.rank = 96, .effect = kFor}},
    {kIf, "multicast boundary / <acl:acl> [filter-autorp]", Sec::kInterface, {.rank = 96, .effect = kFor}},

    // --- clients, and what else is of one interface
    {kIf, "dhcp client route track / <track:1-500>", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "dhcp client route distance / <n:1-255>", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "dhcp client update dns / [ server <which:{both|none}> ]", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "dhcprelay server <server:ip>", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "dhcprelay information trusted", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "pppoe client vpdn group / <group:word>", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "pppoe client <what:{route|secondary}> track / <track:1-500>", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "pppoe client route distance / <n:1-255>", Sec::kInterface, {.rank = 88, .effect = kFor}},
    {kIf, "ddns update hostname / <name:word>", Sec::kInterface, {.rank = 89, .effect = kFor}},
    {kIf, "ddns update / <method:word>", Sec::kInterface, {.rank = 89, .effect = kFor}},
    {kIf, "cts manual", Sec::kInterface, {.rank = 84, .effect = kFor, .submode = "config-if-cts-manual"}},
    {"config-if-cts-manual", "propagate sgt / [ preserve-untag ]", Sec::kInterface, {.effect = kFor, .keep_no = true}},
    {"config-if-cts-manual", "policy static sgt / <sgt:2-65519> [trusted]", Sec::kInterface, {.rank = 1, .effect = kFor}},

    // --- global
    {"config", "mac-address auto`Auto-generate MAC addresses` / [ prefix <prefix:0-65535> ]", Sec::kMacAddress, {.keep_no = true}},
    {"config", "mac-address pool <name:word> <from:mac> - <to:mac>", Sec::kMacAddress, {.rank = 1, .effect = kFor}},
    {"config", "mac-address-table aging-time / <minutes:5-720>", Sec::kArp, {.rank = 8, .effect = Effect::kModelled, .silent = "mac-address-table aging-time 5"}},
    {"config", "mac-address-table static <if:iface> <mac:mac>", Sec::kArp, {.rank = 8, .effect = Effect::kModelled}},
    {"config", "mac-learn <if:iface> / [ flood ] [ disable ]", Sec::kArp, {.rank = 8, .effect = Effect::kModelled}},
    {"config", "mac-learn flood", Sec::kArp, {.rank = 8, .effect = kActs, .keep_no = true}},
    {"config", "arp-inspection <if:iface> enable / [ flood | no-flood ]", Sec::kArp, {.rank = 7, .effect = Effect::kModelled}},
    {"config", "ip verify reverse-path`Enable Reverse Path Forwarding check` interface <if:iface>", Sec::kIpVerify, {.effect = kActs}},
    {"config", "fragment`Configure the IP fragment database` size / <n:1-1048576> [<if:iface>]", Sec::kIpVerify, {.rank = 2, .effect = kActs}},
    {"config", "fragment chain / <n:1-8200> [<if:iface>]", Sec::kIpVerify, {.rank = 2, .effect = kActs}},
    {"config", "fragment timeout / <n:1-30> [<if:iface>]", Sec::kIpVerify, {.rank = 2, .effect = kActs}},
    {"config", "fragment reassembly <how:{full|virtual}> <if:iface>", Sec::kIpVerify, {.rank = 2, .effect = kFor}},
    {"config", "firewall transparent`Switch to transparent mode`", Sec::kHostname,
     {.rank = -1, .effect = Effect::kModelled, .after = OtherMode, .after_no = RoutedMode}},
    {"config", "ip address`Configure the management address` <address:ip> <mask:mask> / [ standby <standby:ip> ]", Sec::kMtu,
     {.rank = 1, .effect = Effect::kModelled, .trailing = " "}},
    {"config", "ipv6 address <prefix:prefix6> / [ standby <standby:ip6> ]", Sec::kMtu, {.rank = 2, .effect = kFor}},
    {"config", "priority-queue`Enter sub-command mode to set priority-queue attributes` <if:iface>", Sec::kPriorityQueue, {.effect = Effect::kModelled, .submode = "config-priority-queue"}},
    {"config-priority-queue", "queue-limit`Configure the priority-queue queue limit` / <n:0-2048>", Sec::kPriorityQueue, {.effect = Effect::kModelled, .trailing = "  "}},
    {"config-priority-queue", "tx-ring-limit`Configure the priority-queue tx-ring limit` / <n:3-511>", Sec::kPriorityQueue, {.rank = 1, .effect = Effect::kModelled, .trailing = "  "}},
    {"config", "cts <text:line>", Sec::kUserIdentity, {.rank = 5}},
    {"config", "lacp system-priority / <n:1-65535>", Sec::kInterface, {.rank = 3, .effect = kFor}},
    {"config", "jumbo-frame reservation", Sec::kMtu, {.rank = -1, .effect = kFor}},
};

}  // namespace

void DeclareInterfaceShapes(ConfigGrammar& grammar) { DeclareShapes(grammar, kShapes); }

}  // namespace sallyport
