// `show aaa-server` in ASA's layout. Pure.
#pragma once

#include <string>
#include <vector>

#include "firewall/base/civil_time.h"
#include "vpn/aaa/aaa_client.h"

namespace sallyport {

std::string ShowAaaServers(const std::vector<AaaServerView>& servers, const TimeZone& zone);

}  // namespace sallyport
