// What an ASA shows of bridging: MAC addresses, ARP inspection, bridge groups, the firewall mode. Pure functions.
//
// Source: ASA command reference, show mac-address-table, show arp-inspection, show bridge-group, show firewall.
#pragma once

#include <string>
#include <vector>

#include "firewall/policy.h"

namespace sallyport {

// `interface`: only that one; "" : all.
std::string ShowMacAddressTable(const Policy& policy, const std::vector<MacView>& macs, const std::string& interface);
std::string ShowMacAddressCount(const std::vector<MacView>& macs);
std::string ShowMacLearn(const Policy& policy);
std::string ShowArpInspection(const Policy& policy);
// `number`: only that one; 0: all.
std::string ShowBridgeGroups(const Policy& policy, const std::vector<MacView>& macs, int number);
std::string ShowFirewall(const Policy& policy);

}  // namespace sallyport
