// `show dns` and `show dns-hosts`. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "cli/dns_client.h"

namespace sallyport {

// Names of fqdn objects with their addresses. `name`: only that one; "" all.
std::string ShowDns(const std::vector<DnsHostView>& hosts, const std::string& name);
// The cache: these and what the console has asked for.
std::string ShowDnsHosts(const std::vector<DnsHostView>& hosts);

}  // namespace sallyport
