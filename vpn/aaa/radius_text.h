// A RADIUS message as `debug radius` shows it. Pure.
#pragma once

#include <string>

#include "firewall/base/bytes.h"

namespace sallyport {

// `what`: "authentication request", "accounting request", "response". Passwords and keys are hidden in it, as on the wire.
std::string RadiusText(const char* what, Bytes message);

}  // namespace sallyport
