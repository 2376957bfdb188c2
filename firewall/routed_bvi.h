// Bridge groups that route (a BVI with a name, routed mode): whose packets are which member's.
//
// What a host sends to the BVI's own MAC address comes to the kernel by the BVI's port. For access lists, levels, NAT and the
// connection it came in by the member that the host is behind, and what is routed into the group leaves by the member that its next
// hop is behind; the address, the routes and a second access list are the BVI's. What the appliance itself sends and what it has
// not seen a member of is the BVI's.
//
// Source: ASA configuration guide 9.7 on, "Bridge groups in routed mode": `nat (inside_1,outside)` and `http ... inside_1` name
// members, an inbound access list of the member is asked before the BVI's, an outbound one after it.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// A packet that is no frame: sets `ingress` and `bvi` where it came in by a group that routes. To be called before it is parsed.
// False: it is the kernel's copy of a frame that is bridged, and nobody's business.
bool TakeMember(const EngineCore& core, Packet& p, TimePoint now);
// The same for a packet that is given as a member's (packet-tracer, replay, tests): is it for the BVI to route, and not for bridging?
void RouteForMember(const Policy& policy, Packet& p);
// The egress interface is a BVI: the member behind which `next_hop` is takes its place. kDrop: it is not known yet and was asked for.
Verdict EgressMember(Context& c, IpAddress next_hop);
// Neighbour discovery and ARP tell which MAC address a host has. `bytes`: a frame's, from its IPv6 header on.
void LearnNeighbour6(EngineCore& core, Bytes ip, std::uint64_t source_mac);

}  // namespace sallyport
