// packet-tracer, the trace of a captured packet, and the packet itself say the same. Asked before every packet of the traffic
// scripts and of random traffic.
#pragma once

#include <string>
#include <vector>

#include "firewall/engine.h"

namespace sallyport {

struct AgreementOptions {
  bool whole = true;  // compare all of the engine's state before and after the trace, not only counters
  // There are captures of UseCaptures: the packet's trace and the reason of its drop are taken from them.
  bool captures = false;
};

// Traces the packet, then lets it through for real (`p`, `out`), recorded as a capture with `trace` records it. "" when the trace
// has changed nothing and all three agree: verdict, drop reasons, the counters of `show asp drop`, egress, addresses, phases.
std::string TraceThenProcess(Engine& engine, Packet& p, TimePoint now, Disposition& out, AgreementOptions options = {});
// A capture with `trace` at these interfaces, and one of all drops.
void UseCaptures(Engine& engine, const std::vector<IfId>& interfaces);
// The same for a frame of a bridge group, whose packet is traced at the interface that the frame came in by.
std::string TraceThenProcessFrame(Engine& engine, Frame& f, TimePoint now, FrameDisposition& out, AgreementOptions options = {});

// What a trace has decided, for messages.
std::string Describe(const TraceResult& t);

}  // namespace sallyport
