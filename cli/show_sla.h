// `show track`, `show sla monitor configuration` and `operational-state`. Pure functions.
// Source: ASA command reference; published outputs of `show track`.
#pragma once

#include <string>
#include <vector>

#include "cli/sla_monitor.h"
#include "firewall/base/civil_time.h"

namespace sallyport {

std::string ShowTrack(const std::vector<TrackView>& tracks);
std::string ShowSlaConfiguration(const std::vector<SlaView>& entries, const TimeZone& zone);
std::string ShowSlaOperationalState(const std::vector<SlaView>& entries, const TimeZone& zone);

}  // namespace sallyport
