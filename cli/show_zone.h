// What an ASA shows of traffic zones. Pure functions. Source: ASA configuration guide, "Traffic Zones", monitoring.
#pragma once

#include <string>

#include "firewall/policy.h"

namespace sallyport {

// `show zone [NAME]` and `show asp table zone [NAME]`. `name`: only that one; "" : all.
std::string ShowZone(const Policy& policy, const std::string& name);
std::string ShowAspZone(const Policy& policy, const std::string& name);
// `show nameif zone`
std::string ShowNameifZone(const Policy& policy);

}  // namespace sallyport
