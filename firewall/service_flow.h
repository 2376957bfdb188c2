// Classes at work on packets: policing, priority and shaping counters, and the time to live; and what a flow needs of them when
// it begins. Private to the engine (firewall/*.cc), data thread only.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// Stage of a new flow: which classes police, queue or decrement its packets, in both directions. The reply is judged as it will
// look: from the responder to the initiator, with the code point of the first packet.
Verdict ClassesOfFlow(Context& c);

// A packet of a connection, before anything else is done with it: input policing, then the time to live. The reason to drop it
// for, or kNone.
FrameDrop ServiceIngress(EngineCore& core, const Conn& c, Direction d, Packet& p, TimePoint now);
// The same packet when it is about to leave by `egress`: output policing, queues.
FrameDrop ServiceEgress(EngineCore& core, const Conn& c, Direction d, const Packet& p, IfId egress, TimePoint now);

}  // namespace sallyport
