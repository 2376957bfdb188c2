// NAT64 and NAT46: packets of one family become packets of the other (RFC 7915; addresses and ports are the connection's).
//
// Headers are made anew; what is transported stays, but for ports, the checksum, and ICMP, whose types, codes and quoted packets are
// translated. IPv4 options and IPv6 extension headers do not survive. What may be fragmented and does not fit leaves in fragments,
// so a caller hands in datagrams whole. The time to live is carried over: an appliance counts no hops unless it is told to.
//
// Pure functions of bytes and of one packet; below them what the engine does with a packet of such a connection (data thread).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "firewall/packet.h"
#include "firewall/pipeline.h"

namespace sallyport {

// How long `p` is when it leaves whole, in bytes.
std::uint32_t LengthInOtherFamily(const Packet& p);

// One whole packet, from and to addresses of the other family. `transport`: of the whole datagram, from the transport header on, as it
// is now (a pending checksum of `p` counts). `id`: of an IPv4 packet that did not come as a fragment. Nothing: an ICMP message or
// header that the other family has no like for.
std::optional<std::vector<std::uint8_t>> ToOtherFamily(const Packet& p, Bytes transport, const Endpoint& src, const Endpoint& dst,
                                                       std::uint16_t id);

// An ICMP error `p` whose quoted packet, which begins `quoted` bytes behind the IP header, went from `quoted_src` to `quoted_dst` as
// the receiver knows them. Nothing: as above, or what is quoted is broken. `seq_delta` is taken from a quoted TCP sequence number.
struct QuotedEnds {
  Endpoint src, dst;
  std::uint32_t seq_delta = 0;
};
std::optional<std::vector<std::uint8_t>> ErrorToOtherFamily(const Packet& p, IpAddress src, IpAddress dst, const QuotedEnds& quoted);

// `packet` in fragments of at most `mtu` bytes, or as it is when it fits. `id`: of the fragments of an IPv6 packet.
std::vector<std::vector<std::uint8_t>> Fragmented(std::vector<std::uint8_t> packet, std::uint32_t mtu, std::uint32_t id);
// A TCP packet in segments that fit, their numbers and checksums right. For what the kernel has merged.
std::vector<std::vector<std::uint8_t>> Segmented(std::vector<std::uint8_t> packet, std::uint32_t mtu);

// --- in the engine
// Has the other family a like for such a packet? Of ICMP only for echo (and errors, which begin no flow); not for source routes.
bool HasLikeInOtherFamily(const Packet& p);
// Does a packet of the connection that may not be fragmented fit its way out? False: the sender has been told (ICMP).
bool FitsOtherFamily(EngineCore& core, const Packet& p, int mtu, TimePoint now);
// Sends `p` on as the connection `c` wants it, as packets of the appliance's own: the kernel cannot take a packet of another family
// back. kNone: gone.
FrameDrop LeaveInOtherFamily(EngineCore& core, const Conn& c, Direction d, Packet& p, IfId egress);

}  // namespace sallyport
