// Help texts of keywords that many lines have, and of fields by their name, for shapes that give none of their own. Sorted.
#include <algorithm>

#include "conf/shape.h"

namespace sallyport {
namespace {

struct Help {
  std::string_view word, text;
};
constexpr Help kHelp[] = {
    {"aaa", "Enable, disable, or view user authentication, authorization and accounting"},
    {"aaa-server", "Configure a AAA server group or a AAA server"},
    {"alert-interval", "Minutes before the end at which the user is told"},
    {"always-on-vpn", "May the profile keep the tunnel always on?"},
    {"anyconnect", "Configure AnyConnect client parameters"},
    {"anyconnect-essentials", "Enable the AnyConnect Essentials licence"},
    {"arp", "Change or view ARP table, set ARP timeout value, view statistics"},
    {"asdm", "Configure Device Manager"},
    {"ask", "Ask the user at the portal whether to start the client"},
    {"boot", "Set system boot parameters"},
    {"certificate-group-map", "Choose a tunnel group by the client's certificate"},
    {"client-bypass-protocol", "Let packets of an IP version without an address go in the clear"},
    {"cluster", "Configure the cluster"},
    {"crypto", "Configure IPSec, ISAKMP, Certification authority, key"},
    {"csd", "Configure Cisco Secure Desktop"},
    {"default-idle-timeout", "Seconds that a session may be idle where no policy says it"},
    {"df-bit-ignore", "Fragment packets that are too large though they say that they may not be"},
    {"dhcp-network-scope", "Network of which DHCP servers give addresses"},
    {"dhcp-server", "DHCP servers that give addresses to users"},
    {"dhcpd", "Configure DHCP Server"},
    {"dns", "Configure dns"},
    {"dpd-interval", "Seconds between looks for a dead peer"},
    {"emulate", "Behave as an ASA that has a known bug"},
    {"failover", "Enable/disable failover feature"},
    {"group-policy", "Configure or remove a group policy"},
    {"hostscan", "Configure host scan"},
    {"http", "Configure http server and https related commands"},
    {"image", "Package of the client on disk0:"},
    {"ip", "Configure IP address pools"},
    {"ipv6", "Global IPv6 configuration commands"},
    {"ipv6-address-pools", "Pools of which users get IPv6 addresses"},
    {"ipv6-split-tunnel-policy", "Method for split tunneling of IPv6"},
    {"ipv6-vpn-addr-assign", "Where users' IPv6 addresses come from"},
    {"keep-installer", "Does the client stay installed?"},
    {"keepalive", "Seconds between keepalives"},
    {"lbprivate", "Interface towards the other members"},
    {"lbpublic", "Interface towards the clients"},
    {"ldap-attribute-map", "Name of the LDAP attribute map"},
    {"ldap-base-dn", "Where in the directory a search begins"},
    {"ldap-group-base-dn", "Where in the directory a search for groups begins"},
    {"ldap-login-dn", "Name under which the directory is searched"},
    {"ldap-login-password", "Password of that name"},
    {"ldap-naming-attribute", "Attribute that holds the user's name"},
    {"ldap-over-ssl", "Speak LDAP over SSL"},
    {"ldap-scope", "How deep a search goes"},
    {"load-balancing", "Configure VPN load balancing"},
    {"logging", "Configure logging features and settings"},
    {"modules", "Modules that the client downloads"},
    {"msie-proxy", "Proxy settings of the user's browser"},
    {"ntp", "Configure NTP"},
    {"participate", "Take part in the cluster"},
    {"pre-fill-username", "Take the user's name from the certificate"},
    {"profiles", "Configure client profiles"},
    {"radius-reject-message", "Show the user what a RADIUS server says of a refusal"},
    {"redirect-fqdn", "Send clients to names instead of addresses"},
    {"rekey", "Renew the keys of the tunnel"},
    {"router", "Enable a routing process"},
    {"routing-filtering-ignore", "Does the client leave routes and filters alone?"},
    {"secondary-authentication-server-group", "Enter name of the server group of the second authentication"},
    {"server-type", "Kind of LDAP server"},
    {"smartcard-removal-disconnect", "End the session when the smart card is taken out"},
    {"snmp-server", "Modify SNMP engine parameters"},
    {"split-tunnel-all-dns", "Resolve all names through the tunnel"},
    {"ssh", "Configure SSH options"},
    {"ssl", "Configure SSL options"},
    {"svc", "Configure SSL VPN Client parameters"},
    {"sysopt", "Set system functional options"},
    {"threat-detection", "Configure threat detection"},
    {"tunnel-group", "Create and manage the database of connection specific records"},
    {"username", "Configure user authentication local database"},
    {"vpn-access-hours", "Time range in which users may log in"},
    {"vpn-addr-assign", "Where users' addresses come from"},
    {"vpn-framed-ipv6-address", "IPv6 address of the user"},
    {"vpn-sessiondb", "Configure limits of VPN sessions"},
    {"webvpn", "Configure the WebVPN service"},
    {"without-csd", "Do without host scan"},
};

}  // namespace

std::string_view ShapeHelp(std::string_view keyword) {
  const auto* at = std::lower_bound(std::begin(kHelp), std::end(kHelp), keyword, [](const Help& h, std::string_view w) { return h.word < w; });
  return at != std::end(kHelp) && at->word == keyword ? at->text : std::string_view();
}

}  // namespace sallyport
