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
    {"arp", "Change or view ARP table, set ARP timeout value, view statistics"},
    {"asdm", "Configure Device Manager"},
    {"boot", "Set system boot parameters"},
    {"crypto", "Configure IPSec, ISAKMP, Certification authority, key"},
    {"dhcpd", "Configure DHCP Server"},
    {"dns", "Configure dns"},
    {"failover", "Enable/disable failover feature"},
    {"group-policy", "Configure or remove a group policy"},
    {"http", "Configure http server and https related commands"},
    {"ip", "Configure IP address pools"},
    {"ipv6", "Global IPv6 configuration commands"},
    {"logging", "Configure logging features and settings"},
    {"ntp", "Configure NTP"},
    {"router", "Enable a routing process"},
    {"snmp-server", "Modify SNMP engine parameters"},
    {"ssh", "Configure SSH options"},
    {"ssl", "Configure SSL options"},
    {"sysopt", "Set system functional options"},
    {"threat-detection", "Configure threat detection"},
    {"tunnel-group", "Create and manage the database of connection specific records"},
    {"username", "Configure user authentication local database"},
    {"webvpn", "Configure the WebVPN service"},
};

}  // namespace

std::string_view ShapeHelp(std::string_view keyword) {
  const auto* at = std::lower_bound(std::begin(kHelp), std::end(kHelp), keyword, [](const Help& h, std::string_view w) { return h.word < w; });
  return at != std::end(kHelp) && at->word == keyword ? at->text : std::string_view();
}

}  // namespace sallyport
