// What `packet-tracer` prints: the phases that the pipeline recorded, and its verdict. A pure function.
#pragma once

#include <string>

#include "cli/show_views.h"
#include "firewall/asp_table.h"
#include "firewall/personality.h"

namespace sallyport {

// An ASA's "Drop-location" is an address in its program; ours is the number of the drop reason.
// "Drop-reason: (acl-drop) Flow is denied by configured rule", with its location where the release prints one; "" for none. No line
// end.
std::string DropReasonText(FrameDrop frame, FlowDrop flow, const Personality& personality);
// `table`: of `detailed`, the rules behind the phases; null: without. It must be of the policy of the trace.
std::string ShowPacketTracer(const TraceView& view, const Personality& personality, const AspTable* table = nullptr);
// The same as ASDM reads it.
std::string ShowPacketTracerXml(const TraceView& view, const Personality& personality, const AspTable* table = nullptr);

}  // namespace sallyport
