// Personalities: which ASA release an appliance behaves as, from the text behind `ASA Version`. One table, in personality.cc;
// the traits themselves are firewall/personality.h.
#pragma once

#include <optional>
#include <string_view>

#include "firewall/personality.h"

namespace sallyport {

// "9.16(4)" , "8.2(1) ", "7.2(3)": major.minor decides. Nothing: not a version. Releases 7.x to 9.20 are known; an unknown
// one behaves as the nearest older release.
std::optional<Personality> PersonalityOf(std::string_view version);

}  // namespace sallyport
