// `show time-range [NAME]`: what each range says, whether it is in force now, and what uses it.
#pragma once

#include <string>

#include "firewall/policy.h"

namespace sallyport {

// `name`: only that one; "" : all, in order of name. A name that nobody knows prints nothing, as on IOS.
std::string ShowTimeRanges(const Policy& policy, const std::string& name);

}  // namespace sallyport
