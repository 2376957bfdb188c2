// An access list that an AAA server has sent for a user, compiled as if it stood in the configuration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "firewall/access_list.h"

namespace sallyport {

// `elements`: "permit tcp any host 10.1.1.1 eq 80"; `version`: the release that the appliance behaves as ("9.16(4)"). Null: an element is
// not one (`bad`), or names something that only a configuration has.
std::shared_ptr<const AccessList> CompileDownloadedAcl(const std::string& name, const std::vector<std::string>& elements, const std::string& version,
                                                       std::string& bad);

}  // namespace sallyport
