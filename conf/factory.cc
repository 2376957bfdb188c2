// What an appliance has that nobody has configured yet: the lines that an ASA of each release prints then. Our own choice of lines
// (no interfaces, nothing that depends on a model), an ASA's where public configurations show them.
#include <string>

#include "conf/configuration_impl.h"

namespace sallyport {
namespace {

struct FactoryLine {
  int since, until;  // major * 100 + minor
  const char* text;
};
constexpr int kFirst = 0, kLast = 9999;
constexpr FactoryLine kLines[] = {
    {kFirst, kLast, "hostname ciscoasa"},
    {kFirst, kLast, "names"},
    {912, kLast, "no mac-address auto"},
    {kFirst, kLast, "ftp mode passive"},
    {918, kLast, "no object-group-search access-control"},
    {kFirst, kLast, "pager lines 24"},
    {kFirst, kLast, "no failover"},
    {800, kLast, "icmp unreachable rate-limit 1 burst-size 1"},
    {kFirst, kLast, "no asdm history enable"},
    {kFirst, kLast, "arp timeout 14400"},
    {900, kLast, "no arp permit-nonconnected"},
    {908, kLast, "arp rate-limit 8192"},
    {kFirst, kLast, "timeout xlate 3:00:00"},
    {804, kLast, "timeout pat-xlate 0:00:30"},
    {kFirst, 904, "timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00 icmp 0:00:02"},
    {905, kLast, "timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00 sctp 0:02:00 icmp 0:00:02"},
    {kFirst, kLast, "timeout sunrpc 0:10:00 h323 0:05:00 h225 1:00:00 mgcp 0:05:00 mgcp-pat 0:05:00"},
    {kFirst, kLast, "timeout sip 0:30:00 sip_media 0:02:00 sip-invite 0:03:00 sip-disconnect 0:02:00"},
    {kFirst, 799, "timeout uauth 0:05:00 absolute"},
    {800, kLast, "timeout sip-provisional-media 0:02:00 uauth 0:05:00 absolute"},
    {802, kLast, "timeout tcp-proxy-reassembly 0:01:00"},
    {804, kLast, "timeout floating-conn 0:00:00"},
    {907, kLast, "timeout conn-holddown 0:00:15"},
    {907, kLast, "timeout igp stale-route 0:01:10"},
    {800, kLast, "dynamic-access-policy-record DfltAccessPolicy"},
    {804, kLast, "user-identity default-domain LOCAL"},
    {908, kLast, "aaa authentication login-history"},
    {kFirst, kLast, "no snmp-server location"},
    {kFirst, kLast, "no snmp-server contact"},
    {kFirst, 901, "snmp-server enable traps snmp authentication linkup linkdown coldstart"},
    {800, 803, "crypto ipsec security-association lifetime seconds 28800"},
    {800, 803, "crypto ipsec security-association lifetime kilobytes 4608000"},
    {900, kLast, "crypto ipsec security-association pmtu-aging infinite"},
    {900, kLast, "crypto ca trustpool policy"},
    {kFirst, kLast, "telnet timeout 5"},
    {906, kLast, "ssh stricthostkeycheck"},
    {kFirst, kLast, "ssh timeout 5"},
    {906, 917, "ssh version 2"},
    {kFirst, kLast, "console timeout 0"},
    {800, kLast, "threat-detection basic-threat"},
    {800, kLast, "threat-detection statistics access-list"},
    {800, kLast, "no threat-detection statistics tcp-intercept"},
    {800, 903, "webvpn"},
    {kFirst, kLast, "class-map inspection_default"},
    {kFirst, kLast, "match default-inspection-traffic"},
    {kFirst, kLast, "policy-map type inspect dns preset_dns_map"},
    {kFirst, kLast, "parameters"},
    {900, kLast, "message-length maximum client auto"},
    {kFirst, kLast, "message-length maximum 512"},
    {908, kLast, "no tcp-inspection"},
    {kFirst, kLast, "policy-map global_policy"},
    {kFirst, kLast, "class inspection_default"},
    {kFirst, kLast, "inspect dns preset_dns_map"},
    {kFirst, kLast, "inspect ftp"},
    {kFirst, kLast, "inspect h323 h225"},
    {kFirst, kLast, "inspect h323 ras"},
    {804, kLast, "inspect ip-options"},
    {804, kLast, "inspect netbios"},
    {kFirst, kLast, "inspect rsh"},
    {kFirst, kLast, "inspect rtsp"},
    {804, kLast, "inspect skinny"},
    {kFirst, kLast, "inspect esmtp"},
    {kFirst, kLast, "inspect sqlnet"},
    {kFirst, 803, "inspect skinny"},
    {kFirst, kLast, "inspect sunrpc"},
    {kFirst, 803, "inspect xdmcp"},
    {kFirst, 803, "inspect sip"},
    {kFirst, 803, "inspect netbios"},
    {kFirst, kLast, "inspect tftp"},
    {804, kLast, "inspect sip"},
    {804, kLast, "inspect xdmcp"},
    {kFirst, kLast, "service-policy global_policy global"},
    {kFirst, kLast, "prompt hostname context"},
    {804, kLast, "no call-home reporting anonymous"},
};

}  // namespace

std::string FactoryConfiguration(const Personality& p) {
  std::string out;
  for (const FactoryLine& l : kLines) {
    if (p.release >= l.since && p.release <= l.until) out += std::string(l.text) + "\n";
  }
  return out;
}

}  // namespace sallyport
