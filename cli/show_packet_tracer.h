// What `packet-tracer` prints: the phases that the pipeline recorded, and its verdict. A pure function.
#pragma once

#include <string>

#include "cli/show_views.h"
#include "firewall/personality.h"

namespace sallyport {

// An ASA's "Drop-location" is an address in its program; ours is the number of the drop reason.
std::string ShowPacketTracer(const TraceView& view, const Personality& personality);

}  // namespace sallyport
