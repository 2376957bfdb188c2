// Remote access and LAN-to-LAN: address pools, tunnel groups, group policies, users' attributes, tunnel interfaces, load balancing.
#include <algorithm>
#include <string>

#include "conf/shape.h"
#include "firewall/base/ip_address.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kDormant = Effect::kDormant;
constexpr Effect kActs = Effect::kModelled;

constexpr Shape Dormant(Shape s) {
  s.options.effect = Effect::kDormant;
  return s;
}
constexpr Shape Acting(Shape s) {
  s.options.effect = Effect::kModelled;
  return s;
}

// --- pools

struct Range {
  IpAddress first, last;
};
Range RangeOf(std::string_view text) {
  const std::size_t dash = text.find('-');
  const IpAddress first = *IpAddress::Parse(text.substr(0, dash));
  return {first, dash == std::string_view::npos ? first : *IpAddress::Parse(text.substr(dash + 1))};
}

std::string CheckPool(ConfigEdit& edit, const FieldLine& f) {
  if (edit.loading) return {};
  const Range mine = RangeOf(f.Get("range"));
  if (mine.last < mine.first) return "ERROR: Start address is greater than end address\n";
  for (const auto& l : edit.tree.Of(Sec::kLocalPool)) {
    const auto* other = l->As<FieldLine>();
    if (other == nullptr || !l->text.starts_with("ip local pool ") || other->Get("name") == f.Get("name")) continue;
    const Range theirs = RangeOf(other->Get("range"));
    if (!(mine.last < theirs.first) && !(theirs.last < mine.first)) {
      return "ERROR: IP address range overlaps with pool " + std::string(other->Get("name")) + "\n";
    }
  }
  return {};
}

constexpr Shape kPools[] = {
    {"config", "ip local`Local address pool options` pool`Define a local pool of IP addresses` <name:name`Pool name`> / <range:range`First-last address`> [mask <mask:mask>]",
     Sec::kLocalPool, {.effect = kActs, .check = CheckPool}},
    {"config", "ipv6 local pool <name:name> / <prefix:prefix6> <size:1-16384`Number of addresses in the pool`>", Sec::kLocalPool, {.rank = 1, .effect = kActs}},

    {"config", "vpn-addr-assign`Configure VPN specific address assignment options` aaa`Allow AAA servers to specify an IP address` /", Sec::kVpnAddrAssign, {.rank = 0, .effect = kActs, .silent = "vpn-addr-assign aaa", .keep_no = true}},
    {"config", "vpn-addr-assign dhcp`Allow DHCP servers to specify an IP address` /", Sec::kVpnAddrAssign, {.rank = 1, .effect = kDormant, .silent = "vpn-addr-assign dhcp", .keep_no = true}},
    {"config", "vpn-addr-assign local`Allow local pools to specify an IP address` / [reuse-delay <minutes:0-480`Minutes`>]", Sec::kVpnAddrAssign,
     {.rank = 2, .effect = kActs, .silent = "vpn-addr-assign local reuse-delay 0", .keep_no = true}},
    {"config", "ipv6-vpn-addr-assign aaa /", Sec::kVpnAddrAssign, {.rank = 3, .effect = kActs, .keep_no = true}},
    {"config", "ipv6-vpn-addr-assign local / [reuse-delay <minutes:0-480>]", Sec::kVpnAddrAssign, {.rank = 4, .effect = kActs, .keep_no = true}},
};

// --- what all sessions have

constexpr Shape kSessions[] = {
    {"config", "vpdn group <group:name> \\ <text:line>", Sec::kVpnSettings, {.rank = 0}},
    {"config", "vpdn username <user:word> / password <password:secret> [store-local]", Sec::kVpnSettings, {.rank = 1}},
    {"config", "vpnclient server / <servers:word>...", Sec::kVpnSettings, {.rank = 2, .effect = kActs}},
    {"config", "vpnclient mode / <mode:{client-mode|network-extension-mode}>", Sec::kVpnSettings, {.rank = 3, .effect = kActs}},
    {"config", "vpnclient nem-st-autoconnect /", Sec::kVpnSettings, {.rank = 4}},
    {"config", "vpnclient vpngroup / <group:word> password <password:secret>", Sec::kVpnSettings, {.rank = 5, .effect = kActs}},
    {"config", "vpnclient trustpoint / <trustpoint:word> [chain]", Sec::kVpnSettings, {.rank = 5}},
    {"config", "vpnclient username / <user:word> password <password:secret>", Sec::kVpnSettings, {.rank = 6, .effect = kActs}},
    {"config", "vpnclient ipsec-over-tcp / [port <port:1-65535>]", Sec::kVpnSettings, {.rank = 7}},
    {"config", "vpnclient mac-exempt \\ <text:line>", Sec::kVpnSettings, {.rank = 8}},
    {"config", "vpnclient management / <text:line>", Sec::kVpnSettings, {.rank = 9}},
    {"config", "vpnclient secure interface / <text:line>", Sec::kVpnSettings, {.rank = 9}},
    {"config", "vpnclient enable /", Sec::kVpnSettings, {.rank = 10, .effect = kActs}},
    {"config", "l2tp tunnel hello / <seconds:10-300>", Sec::kVpnSettings, {.rank = 11, .effect = kDormant, .silent = "l2tp tunnel hello 60"}},
    {"config", "vpn-sessiondb max-session-limit / <number:1-1000000>", Sec::kVpnSettings, {.rank = 12, .effect = kActs, .until = 803}},
    {"config", "vpn-sessiondb max-webvpn-session-limit / <number:1-1000000>", Sec::kVpnSettings, {.rank = 12, .effect = kActs, .until = 803}},
    {"config", "vpn-sessiondb max-anyconnect-premium-or-essentials-limit / <number:1-1000000>", Sec::kVpnSettings, {.rank = 12, .effect = kActs, .since = 804}},
    {"config", "vpn-sessiondb max-other-vpn-limit / <number:1-1000000>", Sec::kVpnSettings, {.rank = 12, .effect = kActs, .since = 804}},
    {"config", "client-update enable /", Sec::kVpnSettings, {.rank = 13}},
    {"config", "client-update type <type:word> / <text:line>", Sec::kVpnSettings, {.rank = 14}},
    {"config", "eou \\ <text:line>", Sec::kVpnSettings, {.rank = 15}},
    {"config", "zonelabs-integrity \\ <text:line>", Sec::kVpnSettings, {.rank = 15}},

    // Ours: behaves as an ASA with that bug.
    {"config", "emulate`Behave as an ASA that has a known bug` bug`Number of the bug` <bug:{CSCts66926|CSCtg33110|CSCsr63074}>", Sec::kVpnSettings,
     {.rank = 16, .effect = kActs}},

    {"config", "vpn load-balancing /", Sec::kVpnLoadBalancing, {.effect = kActs, .submode = "config-load-balancing"}},
    {"config-load-balancing", "redirect-fqdn enable /", Sec::kVpnLoadBalancing, {.effect = kActs}},
    {"config-load-balancing", "priority / <priority:1-10>", Sec::kVpnLoadBalancing, {.rank = 1, .effect = kActs}},
    {"config-load-balancing", "interface lbpublic / <interface:iface>", Sec::kVpnLoadBalancing, {.rank = 2, .effect = kActs}},
    {"config-load-balancing", "interface lbprivate / <interface:iface>", Sec::kVpnLoadBalancing, {.rank = 2, .effect = kActs}},
    {"config-load-balancing", "interface \\ <text:line>", Sec::kVpnLoadBalancing, {.rank = 2}},
    {"config-load-balancing", "nat / <address:ipx>", Sec::kVpnLoadBalancing, {.rank = 3, .effect = kActs}},
    {"config-load-balancing", "cluster key / <key:secret>", Sec::kVpnLoadBalancing, {.rank = 4, .effect = kActs}},
    {"config-load-balancing", "cluster ip address / <addresses:ipx>...", Sec::kVpnLoadBalancing, {.rank = 5, .effect = kActs}},
    {"config-load-balancing", "cluster port / <port:1-65535>", Sec::kVpnLoadBalancing, {.rank = 6, .effect = kActs}},
    {"config-load-balancing", "cluster encryption /", Sec::kVpnLoadBalancing, {.rank = 7, .effect = kActs}},
    {"config-load-balancing", "participate /", Sec::kVpnLoadBalancing, {.rank = 8, .effect = kActs}},

    {"config", "sysopt connection permit-ipsec /", Sec::kSysopt, {.effect = kActs, .keep_no = true, .until = 701}},
    {"config", "sysopt connection permit-vpn`Permit VPN connections` /", Sec::kSysopt, {.effect = kActs, .silent = "sysopt connection permit-vpn", .keep_no = true}},
    {"config", "sysopt connection reclassify-vpn`Reclassify existing VPN connections` /", Sec::kSysopt, {.effect = kActs, .silent = "sysopt connection reclassify-vpn", .keep_no = true}},
    {"config", "sysopt connection preserve-vpn-flows`Preserve stateful VPN flows` / [<minutes:1-65535>]", Sec::kSysopt, {.effect = kActs}},


    {"config", "nac-policy <name:name> nac-framework", Sec::kGroupPolicy, {.rank = -1, .submode = "config-nac-policy-nac-framework"}},
    {"config-nac-policy-nac-framework", "default-acl / <acl:word>", Sec::kGroupPolicy},
    {"config-nac-policy-nac-framework", "sq-period / <seconds:30-1800>", Sec::kGroupPolicy, {.rank = 1}},
    {"config-nac-policy-nac-framework", "reval-period / <seconds:300-86400>", Sec::kGroupPolicy, {.rank = 2}},
    {"config-nac-policy-nac-framework", "exempt-list \\ <text:line>", Sec::kGroupPolicy, {.rank = 3}},
    {"config-nac-policy-nac-framework", "authentication-server-group / <group:word>", Sec::kGroupPolicy, {.rank = 4}},
};

// --- tunnel groups

// `no ikev2 remote-authentication` takes all of them away; without `no` more has to be said.
std::string OnlyNo(ConfigEdit&, const FieldLine&) { return "ERROR: % Incomplete command\n"; }
std::string NoAuthentication(ConfigEdit& edit, std::string_view begins) {
  edit.tree.RemoveIf(edit.parent(), Sec::kTunnelGroup, [&](const Line& l) { return l.text.starts_with(begins); });
  return {};
}
std::string NoRemote(ConfigEdit& edit, const FieldLine&) { return NoAuthentication(edit, "ikev2 remote-authentication "); }
std::string NoLocal(ConfigEdit& edit, const FieldLine&) { return NoAuthentication(edit, "ikev2 local-authentication "); }

constexpr std::string_view kDefaultGroups[] = {"DefaultL2LGroup", "DefaultRAGroup", "DefaultWEBVPNGroup"};

std::string NeedsTunnelGroup(ConfigEdit& edit, const FieldLine& f) {
  const std::string_view name = f.Get("name");
  if (edit.loading || std::find(std::begin(kDefaultGroups), std::end(kDefaultGroups), name) != std::end(kDefaultGroups)) return {};
  if (edit.tree.Find(Sec::kTunnelGroup, "tunnel-group " + std::string(name)) != nullptr) return {};
  return "ERROR: tunnel-group " + std::string(name) + " does not exist\n";
}

std::string SameType(ConfigEdit& edit, const FieldLine& f) {
  const Line* old = edit.loading ? nullptr : edit.tree.Find(Sec::kTunnelGroup, "tunnel-group " + std::string(f.Get("name")));
  const auto* was = old == nullptr ? nullptr : old->As<FieldLine>();
  return was == nullptr || was->Get("type") == f.Get("type") ? "" : "ERROR: The tunnel-group type cannot be changed\n";
}

std::string WarnName(ConfigEdit& edit, const FieldLine& f, Line&) {
  if (edit.loading || f.Get("type") != "ipsec-l2l" || IpAddress::Parse(f.Get("name"))) return {};
  return std::string("WARNING: ") + (edit.personality.release >= 804 ? "For IKEv1, " : "") +
         "L2L tunnel-groups that have names which are not an IP\naddress may only be used if the tunnel authentication\n"
         "method is Digital Certificates and/or The peer is\nconfigured to use Aggressive Mode\n";
}

#define TUNNEL_GROUP "tunnel-group`Create and manage the database of connection specific records` <name:name`Name of the tunnel group`> "

constexpr Shape kTunnelGroups[] = {
    {"config", "tunnel-group-map enable`Enable certificate to tunnel-group mapping` <by:{ike-id|ou|peer-ip|rules}> /", Sec::kTunnelGroupMap, {.rank = 0, .effect = kActs, .keep_no = true}},
    {"config", "tunnel-group-map default-group`Default tunnel-group` / <group:tgroup>", Sec::kTunnelGroupMap, {.rank = 1, .effect = kActs}},
    {"config", "tunnel-group-map <map:name> <index:1-65535> / <group:tgroup>", Sec::kTunnelGroupMap, {.rank = 2, .effect = kActs}},
    {"config", "tunnel-group-map <index:1-65535> / <group:tgroup>", Sec::kTunnelGroupMap, {.rank = 2, .effect = kActs}},
    {"config", "group-delimiter`What stands between the names of user and group` / <delimiter:{@|#|!}>", Sec::kTunnelGroupMap,
     {.rank = 3, .effect = kActs}},
    {"config", TUNNEL_GROUP "/", Sec::kTunnelGroup, {.check = OnlyNo}},
    {"config", TUNNEL_GROUP "/ type`Enter the type of this group` <type:{ipsec-l2l|ipsec-ra|remote-access|webvpn}>", Sec::kTunnelGroup,
     {.sort = "@{name}@0", .effect = kActs, .check = SameType, .after = WarnName}},
    {"config", TUNNEL_GROUP "general-attributes`Configure general attributes`", Sec::kTunnelGroup,
     {.sort = "@{name}@1", .effect = kActs, .submode = "config-tunnel-general", .check = NeedsTunnelGroup}},
    {"config", TUNNEL_GROUP "webvpn-attributes`Configure WebVPN attributes`", Sec::kTunnelGroup,
     {.sort = "@{name}@2", .effect = kActs, .submode = "config-tunnel-webvpn", .check = NeedsTunnelGroup}},
    {"config", TUNNEL_GROUP "ipsec-attributes`Configure IPSec attributes`", Sec::kTunnelGroup,
     {.sort = "@{name}@3", .effect = kActs, .submode = "config-tunnel-ipsec", .check = NeedsTunnelGroup}},
    {"config", TUNNEL_GROUP "ppp-attributes`Configure PPP attributes`", Sec::kTunnelGroup,
     {.sort = "@{name}@4", .effect = kDormant, .submode = "config-tunnel-ppp", .check = NeedsTunnelGroup}},
};

#define KEY "( 0 <key:secret> | 8 <key:secret> | <key:secret> )"
#define GENERAL(words, ...) Dormant({"config-tunnel-general", words, Sec::kTunnelGroup, {__VA_ARGS__}})
#define IPSEC(words, ...) Dormant({"config-tunnel-ipsec", words, Sec::kTunnelGroup, {__VA_ARGS__}})
#define GENERAL_ACTS(words, ...) Acting({"config-tunnel-general", words, Sec::kTunnelGroup, {__VA_ARGS__}})
#define IPSEC_ACTS(words, ...) Acting({"config-tunnel-ipsec", words, Sec::kTunnelGroup, {__VA_ARGS__}})
#define TUNNEL_WEBVPN(words, ...) Dormant({"config-tunnel-webvpn", words, Sec::kTunnelGroup, {__VA_ARGS__}})
#define TUNNEL_WEBVPN_ACTS(words, ...) Acting({"config-tunnel-webvpn", words, Sec::kTunnelGroup, {__VA_ARGS__}})
#define PPP(word, ...) Dormant({"config-tunnel-ppp", "authentication`PPP authentication` " word " /", Sec::kTunnelGroup, {__VA_ARGS__}})

// In the order in which an ASA prints them.
constexpr Shape kTunnelAttributes[] = {
    GENERAL("annotation / <text:line>"),
    GENERAL_ACTS("address-pool`Enter a list of address pools to assign addresses from` [<interface:paren>] / <pools:pool`Name of the address pool`>..."),
    GENERAL_ACTS("ipv6-address-pool`Enter a list of IPv6 address pools to assign addresses from` / [<interface:paren>] <pools:pool>..."),
    GENERAL_ACTS("authentication-server-group`Enter name of the authentication server group` <interface:paren> / <group:aaagroup> [LOCAL]"),
    GENERAL_ACTS("authentication-server-group / (none | <group:aaagroup> [LOCAL])", .silent = "authentication-server-group LOCAL"),
    GENERAL_ACTS("secondary-authentication-server-group / [<interface:paren>] (none | <group:aaagroup> [LOCAL] [use-primary-username])",
            .silent = "secondary-authentication-server-group none"),
    GENERAL_ACTS("authorization-server-group`Enter name of the authorization server group` / [<interface:paren>] (none | <group:aaagroup>)"),
    GENERAL_ACTS("accounting-server-group`Enter name of the accounting server group` / (none | <group:aaagroup>)"),
    GENERAL_ACTS("default-group-policy`Enter name of the default group policy` / <policy:policy>", .silent = "default-group-policy DfltGrpPolicy"),
    GENERAL("dhcp-server`Enter IP address or name of the DHCP server` / [<kind:{link-selection|subnet-selection}>] <servers:ipx>...", .repeats = true),
    GENERAL_ACTS("strip-realm`Enable strip-realm processing` /"),
    GENERAL("nat-assigned-to-public-ip / <interface:iface>", .trailing = " "),
    GENERAL("scep-enrollment enable /", .trailing = " "),
    GENERAL_ACTS("password-management`Enable password management` / [password-expire-in-days`Specify the number of days` <days:0-180>]"),
    GENERAL("override-account-disable`Override account disabled from AAA server` /"),
    GENERAL_ACTS("strip-group`Enable strip-group processing` /"),
    GENERAL_ACTS("authorization-required`Require users to authorize successfully in order to connect` /"),
    GENERAL("authorization-dn-attributes / <attributes:word>..."),
    GENERAL("username-from-certificate-choice / <certificate:{first-certificate|second-certificate}>"),
    GENERAL_ACTS("username-from-certificate`The DN of the peer certificate used as username for authorization and/or authentication` / <text:line>", .silent = "username-from-certificate CN OU"),
    GENERAL("secondary-username-from-certificate-choice / <certificate:{first-certificate|second-certificate}>"),
    GENERAL("secondary-username-from-certificate / <text:line>", .silent = "secondary-username-from-certificate CN OU"),
    GENERAL("authentication-attr-from-server / <server:{primary|secondary}>", .silent = "authentication-attr-from-server primary"),
    GENERAL("authenticated-session-username / <server:{primary|secondary}>", .silent = "authenticated-session-username primary"),

    TUNNEL_WEBVPN("customization`Name of the customization` / <name:word>", .silent = "customization DfltCustomization"),
    TUNNEL_WEBVPN_ACTS("authentication`Authentication method(s)` / { aaa | certificate | multiple-certificate | saml }", .silent = "authentication aaa"),
    TUNNEL_WEBVPN("override-svc-download / [enable | disable]"),
    TUNNEL_WEBVPN_ACTS("radius-reject-message /"),
    TUNNEL_WEBVPN("proxy-auth sdi /"),
    TUNNEL_WEBVPN("saml identity-provider / <provider:word>"),
    TUNNEL_WEBVPN("saml external-browser /"),
    TUNNEL_WEBVPN("external-browser enable /"),
    TUNNEL_WEBVPN_ACTS("pre-fill-username ssl-client / [hide] [<text:line>]"),
    TUNNEL_WEBVPN_ACTS("pre-fill-username client / [hide] [<text:line>]"),
    TUNNEL_WEBVPN_ACTS("pre-fill-username clientless / [hide] [<text:line>]"),
    TUNNEL_WEBVPN("secondary-pre-fill-username <client:{ssl-client|client|clientless}> / [<text:line>]"),
    TUNNEL_WEBVPN("secondary pre-fill-username <client:{ssl-client|client|clientless}> / [<text:line>]"),
    TUNNEL_WEBVPN("hic-fail-group-policy / <policy:policy>"),
    TUNNEL_WEBVPN("nbns-server <server:word> / [master] [timeout <seconds:1-30>] [retry <times:0-10>]"),
    TUNNEL_WEBVPN_ACTS("group-alias`Alias for the tunnel group` <alias:word> / (enable | disable)"),
    TUNNEL_WEBVPN_ACTS("group-url`URL for the tunnel group` <url:word> / (enable | disable)"),
    TUNNEL_WEBVPN("dns-group`DNS group used for the tunnel group` / <group:word>", .silent = "dns-group DefaultDNS"),
    TUNNEL_WEBVPN_ACTS("without-csd / [anyconnect]", .trailing = " "),
    {"config-tunnel-webvpn", "secondary-color / <text:line>", Sec::kTunnelGroup, {}},

    IPSEC_ACTS("pre-shared-key`Associate a pre-shared key with the connection policy` / " KEY, .until = 803),
    IPSEC_ACTS("ikev1`Configure IKEv1` pre-shared-key`Associate a pre-shared key with the connection policy` / " KEY, .since = 804),
    IPSEC("authorization-required /", .until = 701),
    IPSEC("authorization-dn-attributes / <attributes:word>...", .until = 701),
    IPSEC_ACTS("peer-id-validate`Validate identity of the peer using the peer's certificate` / <how:{cert|nocheck|req}>", .silent = "peer-id-validate req"),
    IPSEC_ACTS("chain`Enable sending certificate chain` /"),
    IPSEC("client-update type <type:word> / url <url:word> rev-nums <revisions:word>"),
    IPSEC("ikev1 client-update type <type:word> / url <url:word> rev-nums <revisions:word>"),
    IPSEC_ACTS("trust-point`Select the trustpoint that identifies the cert to be sent to the IKE peer` / <trustpoint:trustpoint>"),
    IPSEC_ACTS("ikev1 trust-point`Select the trustpoint that identifies the cert to be sent to the IKE peer` / <trustpoint:trustpoint>"),
    IPSEC("radius-with-expiry /"),
    IPSEC("radius-sdi-xauth /"),
    IPSEC("ikev1 radius-with-expiry /"),
    IPSEC("ikev1 radius-sdi-xauth /"),
    IPSEC_ACTS("isakmp`Configure ISAKMP` keepalive`Configure ISAKMP keepalives` / (disable`Disable ISAKMP keepalives` | threshold`Seconds before keepalive monitoring starts` (infinite | <threshold:10-3600>) [retry`Seconds between retries` <retry:2-10>])"),
    IPSEC_ACTS("isakmp ikev1-user-authentication / [<interface:paren>] (none | xauth | hybrid)"),
    IPSEC_ACTS("ikev1 user-authentication / [<interface:paren>] (none | xauth | hybrid)", .silent = "ikev1 user-authentication xauth"),
    IPSEC_ACTS("ikev2 remote-authentication /", .check = OnlyNo, .after_no = NoRemote),
    IPSEC_ACTS("ikev2 local-authentication /", .check = OnlyNo, .after_no = NoLocal),
    IPSEC_ACTS("ikev2`Configure IKEv2` remote-authentication`Configure remote peer authentication` pre-shared-key`Configure a pre-shared key` / [( 0 <key:secret> | 8 <key:secret> | hex <key:secret> | <key:secret> )]",
          .since = 804),
    IPSEC_ACTS("ikev2 remote-authentication certificate / [<trustpoint:trustpoint>]", .since = 804),
    IPSEC_ACTS("ikev2 remote-authentication eap / [query-identity]", .since = 804),
    IPSEC_ACTS("ikev2 local-authentication`Configure the local authentication method for IKEv2 connections` pre-shared-key / [( 0 <key:secret> | 8 <key:secret> | hex <key:secret> | <key:secret> )]",
          .since = 804),
    IPSEC_ACTS("ikev2 local-authentication certificate / <trustpoint:trustpoint>", .since = 804),
    IPSEC("ikev2 mobike-rrc /", .since = 908),
    IPSEC("ikev2 rsa-sig-hash / <hash:{sha1}>", .since = 912),
    IPSEC("ikev2 route / <text:line>", .since = 920),

    PPP("pap"), PPP("chap", .silent = "authentication chap", .keep_no = true),
    PPP("ms-chap-v1", .silent = "authentication ms-chap-v1", .keep_no = true), PPP("ms-chap-v2"), PPP("eap-proxy"),
};

// --- group policies and users

std::string NeedsPolicy(ConfigEdit& edit, const FieldLine& f) {
  const std::string name(f.Get("name"));
  if (edit.loading || name == "DfltGrpPolicy" || edit.tree.Find(Sec::kGroupPolicy, "group-policy " + name) != nullptr) return {};
  return "ERROR: group policy " + name + " does not exist\n";
}

std::string NeedsUser(ConfigEdit& edit, const FieldLine& f) {
  const std::string name(f.Get("name"));
  if (edit.loading || edit.tree.Find(Sec::kUsername, "username " + name) != nullptr) return {};
  return "ERROR: User " + name + " does not exist\n";
}

// Each protocol is printed with a blank behind it, but for the clientless one.
std::string ProtocolBlanks(ConfigEdit&, const FieldLine&, Line& line) {
  if (!line.text.ends_with("ssl-clientless") && !line.text.ends_with("webvpn")) line.text += ' ';
  return {};
}

// `banner none` and lines of a banner exclude each other.
std::string OnlyNone(ConfigEdit& edit, const FieldLine&, Line&) {
  edit.tree.RemoveIf(edit.parent(), Sec::kGroupPolicy, [](const Line& l) { return l.text.starts_with("banner value"); });
  return {};
}
std::string NotNone(ConfigEdit& edit, const FieldLine&, Line&) {
  edit.tree.RemoveIf(edit.parent(), Sec::kGroupPolicy, [](const Line& l) { return l.text == "banner none"; });
  return {};
}

constexpr Shape kPolicies[] = {
    {"config", "group-policy <name:name> /", Sec::kGroupPolicy, {.check = OnlyNo}},
    {"config", "group-policy <name:name`Name of the group policy`> / internal`Create internal group policy` [from`Create a group policy from an existing group policy` <from:policy>]",
     Sec::kGroupPolicy, {.sort = "@{name}@0", .effect = kActs}},
    {"config", "group-policy <name:name> / external`Create an external group policy` server-group <group:aaagroup> password <password:secret>", Sec::kGroupPolicy,
     {.sort = "@{name}@0", .effect = kDormant}},
    {"config", "group-policy <name:name> attributes`Configure group policy attributes`", Sec::kGroupPolicy,
     {.sort = "@{name}@1", .effect = kActs, .submode = "config-group-policy", .check = NeedsPolicy}},
    {"config", "username <name:name> attributes`Configure user attributes`", Sec::kUsername,
     {.effect = kActs, .submode = "config-username", .check = NeedsUser}},
};

#define GP "config-group-policy"
#define GP_USER "config-group-policy|config-username"
#define GP_USER_ROW(words, ...) Dormant({GP_USER, words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define GP_ROW(words, ...) Dormant({GP, words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define USER_ROW(words, ...) Dormant({"config-username", words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define GP_USER_ACTS(words, ...) Acting({GP_USER, words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define GP_ACTS(words, ...) Acting({GP, words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define USER_ACTS(words, ...) Acting({"config-username", words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define SWITCH "(enable | disable)"

// In the order in which an ASA prints them.
constexpr Shape kAttributes[] = {
    USER_ACTS("vpn-group-policy`Enter name of a group-policy to inherit attributes from` / <policy:policy>"),
    GP_ACTS("banner`Configure the banner` none /", .after = OnlyNone),
    GP_ACTS("banner \\ value`Text of the banner` [<text:line>]", .repeats = true, .after = NotNone),
    GP_ACTS("wins-server`Primary and secondary WINS servers` / (none | value <servers:ipx>...)"),
    GP_ACTS("dns-server`Primary and secondary DNS servers` / (none | value <servers:ipx>...)"),
    GP_ROW("dhcp-network-scope / (none | <scope:ip>)"),
    GP_USER_ACTS("vpn-access-hours / (none | value <range:timerange>)"),
    GP_USER_ACTS("vpn-simultaneous-logins`Maximum number of simultaneous logins allowed` / <logins:0-2147483647>"),
    GP_USER_ACTS("vpn-idle-timeout`Enter the idle timeout` / (none | <minutes:1-35791394`Number of minutes`>)"),
    GP_USER_ROW("vpn-idle-timeout alert-interval / (none | <minutes:1-30>)"),
    GP_USER_ACTS("vpn-session-timeout`Enter the maximum user connection time` / (none | <minutes:1-35791394`Number of minutes`>)"),
    GP_USER_ACTS("vpn-session-timeout alert-interval / (none | <minutes:1-30>)"),
    GP_USER_ACTS("vpn-filter`Enter name of a configured ACL to apply to users` / (none | value <acl:acl>)"),
    GP_USER_ROW("ipv6-vpn-filter / (none | value <acl:word>)"),
    {GP_USER, "vpn-tunnel-protocol`Enter permitted tunneling protocols` / { IPSec | ikev1`IKEv1` | ikev2`IKEv2` | l2tp-ipsec`L2TP using IPSec for security` | svc | ssl-client`SSL VPN Client` | webvpn | ssl-clientless`SSL Clientless VPN` }",
     Sec::kGroupPolicy, {.effect = kActs, .after = ProtocolBlanks}},
    USER_ACTS("vpn-framed-ip-address / <address:ip> [<mask:mask>]"),
    USER_ACTS("vpn-framed-ipv6-address / <prefix:prefix6>"),
    GP_USER_ACTS("password-storage / " SWITCH),
    GP_ROW("ip-comp / " SWITCH),
    GP_ROW("re-xauth / (enable [extended] | disable)"),
    GP_USER_ACTS("group-lock / (none | value <group:tgroup>)"),
    GP_ACTS("pfs / " SWITCH),
    GP_ACTS("ipsec-udp / " SWITCH),
    GP_ACTS("ipsec-udp-port / <port:4001-49151>"),
    GP_ACTS("split-tunnel-policy`Method for split tunneling` / <policy:{excludespecified|tunnelall|tunnelspecified}>"),
    GP_ACTS("ipv6-split-tunnel-policy / <policy:{excludespecified|tunnelall|tunnelspecified}>"),
    GP_ACTS("split-tunnel-network-list`Name of access-list for split tunnel configuration` / (none | value <acl:acl>)"),
    GP_ACTS("default-domain`Default domain name given to users of this group` / (none | value <domain:word>)"),
    GP_ACTS("split-dns`List of domain names to be resolved through the split tunnel` / (none | value <domains:word>...)"),
    GP_ACTS("split-tunnel-all-dns / " SWITCH),
    GP_ROW("intercept-dhcp / [<mask:mask>] " SWITCH),
    GP_ROW("secure-unit-authentication / " SWITCH),
    GP_ROW("user-authentication / " SWITCH),
    GP_ROW("user-authentication-idle-timeout / (none | <minutes:1-35791394>)"),
    GP_ROW("ip-phone-bypass / " SWITCH),
    GP_ACTS("client-bypass-protocol / " SWITCH),
    GP_ROW("gateway-fqdn / (none | value <name:word>)"),
    GP_ROW("leap-bypass / " SWITCH),
    GP_ACTS("nem / " SWITCH),
    GP_ACTS("backup-servers / (clear-client-config | keep-client-config | <servers:word>...)"),
    GP_ACTS("msie-proxy server / (none | value <server:word>)"),
    GP_ACTS("msie-proxy method / <method:{auto-detect|no-modify|no-proxy|use-pac-url|use-server}>..."),
    GP_ACTS("msie-proxy except-list / (none | value <list:line>)"),
    GP_ACTS("msie-proxy local-bypass / " SWITCH),
    GP_ACTS("msie-proxy pac-url / (none | value <url:word>)"),
    GP_ACTS("msie-proxy lockdown / " SWITCH),
    GP_ROW("vlan / (none | <vlan:1-4094>)"),
    {GP, "nac / " SWITCH, Sec::kGroupPolicy, {}},
    {GP, "nac-sq-period / (none | <seconds:30-1800>)", Sec::kGroupPolicy, {}},
    {GP, "nac-reval-period / (none | <seconds:300-86400>)", Sec::kGroupPolicy, {}},
    {GP, "nac-default-acl / (none | value <acl:word>)", Sec::kGroupPolicy, {}},
    {GP, "nac-authentication-server-group / <group:word>", Sec::kGroupPolicy, {}},
    {GP, "vpn-nac-exempt \\ <text:line>", Sec::kGroupPolicy, {}},
    {GP, "nac-settings / (none | value <policy:word>)", Sec::kGroupPolicy, {}},
    GP_ACTS("address-pools`Configure list of up to 6 address pools` / (none | value <pools:pool>...)"),
    GP_ACTS("ipv6-address-pools / (none | value <pools:pool>...)"),
    GP_ACTS("smartcard-removal-disconnect / " SWITCH),
    GP_ROW("scep-forwarding-url / (none | value <url:word>)"),
    GP_ROW("security-group-tag / (none | value <tag:2-65519>)"),
    GP_ROW("periodic-authentication certificate / (none | <hours:1-168>)"),
    {GP, "client-firewall \\ <text:line>", Sec::kGroupPolicy, {}},
    {GP, "client-access-rule \\ <text:line>", Sec::kGroupPolicy, {}},
    {GP, "eou \\ <text:line>", Sec::kGroupPolicy, {}},
    USER_ROW("service-type`Configure the type of service provided to the user` / <type:{admin|nas-prompt|remote-access}>"),
    USER_ROW("memberof / <groups:word>..."),
    {"config-username", "ssh authentication \\ <text:line>", Sec::kGroupPolicy, {}},
    GP_ROW("anyconnect-custom <name:word> / (none | value <values:line>)"),
    {"config-username", "webvpn /", Sec::kGroupPolicy, {.effect = kActs, .submode = "config-username-webvpn"}},
    {GP, "webvpn`Configure group policy for WebVPN` /", Sec::kGroupPolicy, {.effect = kActs, .submode = "config-group-webvpn"}},
};

// What a policy or a user says of the client and the portal; an ASA prints it in this order.
#define WEB "config-group-webvpn|config-username-webvpn"
#define WEB_ROW(words, ...) Dormant({WEB, words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define WEB_ACTS(words, ...) Acting({WEB, words, Sec::kGroupPolicy, {__VA_ARGS__}})
#define PORTAL(words) {WEB, words, Sec::kGroupPolicy, {}}

// A policy has a profile of each type, or none: a second one of a type takes the place of the first.
std::string OneProfileOfAType(ConfigEdit& edit, const FieldLine& f, Line& line) {
  constexpr std::string_view kProfiles = "anyconnect profiles ";
  const auto type = [](const FieldLine& l) { return l.Has("type") ? l.Get("type") : std::string_view("user"); };
  const bool none = line.text.ends_with(" none") && !f.Has("profile");
  edit.tree.RemoveIf(edit.parent(), Sec::kGroupPolicy, [&](const Line& l) {
    if (l.text == line.text || !l.text.starts_with(kProfiles)) return false;
    const auto* other = l.As<FieldLine>();
    return none || other == nullptr || !other->Has("profile") || type(*other) == type(f);
  });
  return {};
}

constexpr Shape kClient[] = {
    PORTAL("functions / <functions:word>..."),
    PORTAL("url-list / (none | value <list:word> [<index:0-65535>])"),
    PORTAL("filter / (none | value <acl:acl>)"),
    PORTAL("homepage / (none | value <url:word>)"),
    PORTAL("homepage use-smart-tunnel /"),
    PORTAL("html-content-filter / (none | <what:{cookies|images|java|scripts}>...)"),
    PORTAL("port-forward name / <name:line>"),
    PORTAL("port-forward-name / (none | value <name:line>)"),
    PORTAL("port-forward / (disable | none | auto-start <list:word> | enable <list:word> | value <list:word>)"),
    PORTAL("http-proxy / (disable | enable | auto-start)"),
    PORTAL("sso-server / (none | value <server:word>)"),
    WEB_ACTS("svc dtls enable /", .keep_no = true),
    WEB_ACTS("svc mtu / <mtu:256-1406>"),
    WEB_ROW("svc firewall-rule client-interface <interface:{private|public}> / (none | value <acl:acl>)", .sort = "{interface}"),
    WEB_ROW("svc keep-installer / (installed | none)"),
    WEB_ACTS("svc keepalive / (none | <seconds:15-600>)"),
    WEB_ACTS("svc rekey time / (none | <minutes:4-10080>)"),
    WEB_ACTS("svc rekey method / <method:{new-tunnel|none|ssl}>"),
    WEB_ACTS("svc dpd-interval client / (none | <seconds:5-3600>)"),
    WEB_ACTS("svc dpd-interval gateway / (none | <seconds:5-3600>)"),
    WEB_ACTS("svc compression / <method:{deflate|lzs|none}>"),
    WEB_ROW("svc modules / (none | value <modules:word>)"),
    WEB_ACTS("svc profiles / (none | value <profile:word>)"),
    WEB_ACTS("svc ask / (none | enable) [default (svc | webvpn) [timeout <seconds:1-300>]]"),
    WEB_ACTS("svc df-bit-ignore / " SWITCH),
    WEB_ACTS("svc routing-filtering-ignore / " SWITCH),
    WEB_ACTS("svc / (none | enable | required)"),
    WEB_ACTS("anyconnect`Configure AnyConnect client parameters` ssl`Configure SSL options` dtls / (enable | none)"),
    WEB_ACTS("anyconnect mtu / <mtu:256-1500>"),
    WEB_ROW("anyconnect firewall-rule client-interface <interface:{private|public}> / (none | value <acl:acl>)", .sort = "{interface}"),
    WEB_ROW("anyconnect keep-installer / (installed | none)"),
    WEB_ACTS("anyconnect ssl keepalive / (none | <seconds:15-600>)"),
    WEB_ACTS("anyconnect ssl rekey time / (none | <minutes:4-10080>)"),
    WEB_ACTS("anyconnect ssl rekey method / <method:{new-tunnel|none|ssl}>"),
    WEB_ACTS("anyconnect dpd-interval client / (none | <seconds:5-3600>)"),
    WEB_ACTS("anyconnect dpd-interval gateway / (none | <seconds:5-3600>)"),
    WEB_ACTS("anyconnect ssl compression / <method:{deflate|lzs|none}>"),
    WEB_ACTS("anyconnect dtls compression / <method:{lzs|none}>"),
    WEB_ROW("anyconnect dtls mtu / <mtu:256-1500>"),
    WEB_ROW("anyconnect modules / (none | value <modules:word>)"),
    WEB_ACTS("anyconnect profiles none /", .after = OneProfileOfAType),
    WEB_ACTS("anyconnect profiles value <profile:word> / [type <type:word>]", .after = OneProfileOfAType),
    WEB_ACTS("anyconnect ask / (none | enable) [default (anyconnect | webvpn) [timeout <seconds:1-300>]]"),
    PORTAL("customization / (none | value <name:word>)"),
    PORTAL("keep-alive-ignore / <kilobytes:0-900>"),
    PORTAL("http-comp / <method:{gzip|none}>"),
    PORTAL("download-max-size / <size:0-2147483647>"),
    PORTAL("upload-max-size / <size:0-2147483647>"),
    PORTAL("post-max-size / <size:0-2147483647>"),
    PORTAL("user-storage / (none | <text:line>)"),
    PORTAL("storage-objects / (none | value <objects:word>)"),
    PORTAL("storage-key / (none | <key:secret>)"),
    PORTAL("hidden-shares / (none | visible)"),
    PORTAL("smart-tunnel auto-signon / (disable | enable <list:word> [domain <domain:word>] [port <port:1-65535>] [realm <realm:word>])"),
    PORTAL("smart-tunnel tunnel-policy / (tunnelall | <text:line>)"),
    PORTAL("smart-tunnel / (disable | auto-start <list:word> | enable <list:word>)"),
    PORTAL("activex-relay / " SWITCH),
    PORTAL("unix-auth-uid / <id:0-4294967295>"),
    PORTAL("unix-auth-gid / <id:0-4294967295>"),
    PORTAL("file-entry / " SWITCH),
    PORTAL("file-browsing / " SWITCH),
    PORTAL("url-entry / " SWITCH),
    PORTAL("auto-signon \\ <text:line>"),
    PORTAL("deny-message / (none | value <text:line>)"),
    PORTAL("mail-protocols / <text:line>"),
    WEB_ACTS("anyconnect ssl df-bit-ignore / " SWITCH),
    WEB_ACTS("anyconnect routing-filtering-ignore / " SWITCH),
    WEB_ACTS("always-on-vpn / <how:{disable|profile-setting}>"),
    WEB_ROW("anyconnect-custom <name:word> / (none | value <values:line>)"),
    PORTAL("mobile-device portal / " SWITCH),
    PORTAL("appl-acl / <acl:word>"),
};

}  // namespace

void DeclareVpn(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kPools);
  DeclareShapes(grammar, kSessions);
  DeclareShapes(grammar, kTunnelGroups);
  DeclareInOrder(grammar, kTunnelAttributes);
  DeclareShapes(grammar, kPolicies);
  DeclareInOrder(grammar, kAttributes);
  DeclareInOrder(grammar, kClient);
}

}  // namespace sallyport
