// Kernel parameters of the current network namespace, by path below /proc/sys ("net/ipv4/ip_forward").
#pragma once

#include <string>

#include "firewall/base/result.h"

namespace sallyport {

// The value without its newline. Errors name the parameter.
Result<std::string> ReadSysctl(const std::string& name);
Status WriteSysctl(const std::string& name, const std::string& value);

}  // namespace sallyport
