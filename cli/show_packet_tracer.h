// What `packet-tracer` prints: the phases that the pipeline recorded, and its verdict. A pure function.
#pragma once

#include <string>

#include "cli/show_views.h"
#include "firewall/personality.h"

namespace sallyport {

// An ASA's "Drop-location" is an address in its program; ours is the number of the drop reason.
// "Drop-reason: (acl-drop) Flow is denied by configured rule", with its location where the release prints one; "" for none. No line
// end.
std::string DropReasonText(FrameDrop frame, FlowDrop flow, const Personality& personality);
std::string ShowPacketTracer(const TraceView& view, const Personality& personality);

}  // namespace sallyport
