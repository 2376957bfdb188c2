// The TCP normalizer: what a flow's tcp-map (tcp_map.h) says of a segment's header. Sequence numbers are the tracker's
// (tcp_tracker.h), the order of segments is tcp_stream.h's.
//
// Acts on flows through the appliance that are not bypassed; the first packet is judged before there is a connection. What is
// cleared is cleared in place, with the checksum kept as right or wrong as it was: an option becomes no-operations, so that
// the header keeps its length. Data thread only.
//
//   reason               of the tcp-map                       message
//   tcp-reserved-set     reserved-bits drop
//   bad-tcp-cksum        checksum-verification
//   tcp-syn-data         syn-data drop
//   tcp-bad-option-list  tcp-options: one that is dropped, or more than one of a kind
//   tcp-mss-exceeded     exceed-mss drop                      419001
//   (none: cleared)      urgent-flag clear                    419003
//   (none: lowered)      ttl-evasion-protection: no TTL above the lowest that its sender has shown in this connection
#pragma once

#include "firewall/drop_reason.h"
#include "firewall/packet.h"
#include "firewall/tcp_map.h"

namespace sallyport {

struct Conn;
struct Context;
struct EngineCore;

// What the header of a segment is refused for, or kNone; clears what is to be cleared. `peer_mss`: what the receiver said it
// takes, 0 unknown. Needs the whole packet to clear anything (unexpected-packet otherwise).
struct TcpHeaderVerdict {
  FrameDrop drop = FrameDrop::kNone;
  bool urgent_cleared = false;
};
// `proxied`: SACK and timestamps are cleared whatever the map says, because the proxy, which answers for the ends, has neither.
TcpHeaderVerdict NormalizeTcpHeader(const TcpMap& map, Packet& p, std::uint16_t peer_mss, bool proxied = false);

// The first packet of a flow. kNone: go on.
FrameDrop NormalizeFirstTcp(Context& c);
// A packet of a connection.
FrameDrop NormalizeTcp(EngineCore& core, Conn& c, Direction d, Packet& p, TimePoint now);

// A packet of a connection with the appliance itself, whatever the maps say: its checksum must be right.
FrameDrop CheckOwnTcp(const Packet& p);

// The map that rules a connection.
const TcpMap& TcpMapOf(const EngineCore& core, const Conn& c);
// An MSS as the receiver of the SYN will see it (`sysopt connection tcpmss`).
std::uint16_t ClampedMss(const EngineCore& core, std::uint16_t mss);

}  // namespace sallyport
