// What the engine does with IPv6 that has no like in IPv4: extension headers, neighbour discovery and multicast listener
// reports (which belong to the link and open no connection), addresses that never pass a router.
//
// Private to firewall/*.cc of the engine, data thread only. Drop reasons: ASA command reference, `show asp drop`.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// Before any table is asked. True: the packet's fate is decided (`out`): its interface speaks no IPv6, its extension headers
// are refused, or it is ICMPv6 of the link itself. `in` is null for packets of the appliance.
bool DecideIpv6(EngineCore& core, const Packet& p, const Interface* in, TimePoint now, Disposition& out);
// Only the part of DecideIpv6 that packet-tracer can ask: does this interface take the packet? kNone: yes.
FrameDrop Ipv6Refused(const Packet& p, const Interface& in);

// Addresses that no honest packet has (106016). Part of the stage EarlySecurity.
Verdict Ipv6EarlySecurity(Context& c);
// A packet that is not for the appliance: link-local addresses and groups stay on their link.
Verdict Ipv6Through(Context& c);

// The address the appliance answers from on `from` towards `to`: one of the same network if there is any, else a global one,
// else the link-local one. None when IPv6 is off there.
IpAddress SourceAddress6(const Interface& from, IpAddress to);

// Does `ipv6 icmp` let this ICMPv6 packet to the appliance in? `named_only`: the implicit deny behind the rules of an interface
// does not count (neighbour discovery).
bool Icmp6Permitted(const Policy& policy, const Packet& p, IfId in, bool named_only);

}  // namespace sallyport
