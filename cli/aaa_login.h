// May somebody log in at the console? As `aaa authentication SERVICE console GROUP [LOCAL]` says: a group's servers are asked, the
// local database, or that when no server answers. Control thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "firewall/base/ip_address.h"

namespace sallyport {

class Appliance;

// `answer` gets the privilege level, or nothing; at once or later. A server's user has the level that the server tells, 15 when it calls
// him an administrator, else 1.
void CheckLogin(Appliance& appliance, const std::string& service, const std::string& user, const std::string& password, IpAddress peer,
                std::function<void(std::optional<int>)> answer);

}  // namespace sallyport
