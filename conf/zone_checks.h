// What may be a member of a traffic zone, and which equal routes there may be. Texts of refusals; "" : nothing is against it.
//
// Source: ASA configuration guide, "Traffic Zones" (guidelines) and "Static and Default Routes" (equal-cost routes).
#pragma once

#include <string>
#include <string_view>

#include "conf/declare.h"
#include "conf/lines.h"

namespace sallyport {

// `zone-member NAME` in the interface that is being edited.
std::string RefuseZoneMember(const ConfigEdit& edit, std::string_view zone);
// `security-level N` there: the members of a zone have one level.
std::string RefuseZoneLevel(const ConfigEdit& edit, int level);
std::string RefuseEqualRoute(const ConfigEdit& edit, const RouteLine& route);

}  // namespace sallyport
