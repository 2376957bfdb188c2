// One IP packet as the appliance sees it: the bytes, and where its headers are. Parsed once, rewritten in place.
//
// A Packet borrows its bytes; the packet I/O layer owns them. `bytes` may hold less than the whole packet (only headers
// are copied up from the kernel when nothing deeper is needed): then `wire_length` is larger, and a rewritten packet cannot
// be given back; `needs_whole` says that a stage would have wanted it.
#pragma once

#include <cstdint>

#include "firewall/base/bytes.h"
#include "firewall/drop_reason.h"
#include "firewall/types.h"

namespace sallyport {

enum class TunnelId : std::uint32_t;

// TCP options that the tracker and the MSS clamp use. Offsets are from the start of the TCP header; 0 = absent.
struct TcpOptions {
  std::uint8_t mss_offset = 0;        // of the option's kind byte
  std::uint8_t window_scale = 0xff;   // shift, capped at 14; 0xff = absent
  std::uint8_t sack_offset = 0;       // of a SACK option (kind 5)
  std::uint8_t timestamp_offset = 0;  // of a timestamp option (kind 8)
  bool unusual = false;               // an option that is none of RFC 9293's, 7323's and 2018's, or one that stands twice
  bool malformed = false;             // an option with a length of 0, 1, or beyond the header
};

// Packet::extension_headers
inline constexpr std::uint8_t kExtHopByHop = 0x01;
inline constexpr std::uint8_t kExtDestination = 0x02;
inline constexpr std::uint8_t kExtRouting = 0x04;
inline constexpr std::uint8_t kExtFragment = 0x08;

struct Packet {
  // --- given by packet I/O
  MutableBytes bytes;              // from the IP header on
  std::uint32_t wire_length = 0;   // length of the packet, >= bytes.size()
  IfId ingress = IfId::kIdentity;  // kIdentity: sent by the appliance itself
  IfId egress_hint = IfId::kAny;   // packets of the appliance itself: the interface they leave by
  bool bridged = false;            // came as a frame; `egress_hint` is where its MAC address is (kIdentity: the appliance)
  bool checksum_pending = false;   // transport checksum covers the pseudo header only; the sender's "hardware" would fill it
  bool gso = false;                // a super-packet: becomes segments that fit before it is on the wire
  bool checksum_checked = false;   // the kernel or the NIC has verified the transport checksum
  std::uint32_t handle = 0;        // packet I/O's name for it
  std::uint64_t source_mac = 0;    // of the frame it came in, where the link has one; 0: not known
  IfId bvi = IfId::kAny;           // it came to the port of this BVI, which routes it; `ingress` is the member of its sender
  std::uint32_t headroom = 0;      // bytes before and behind `bytes` that may be written over
  std::uint32_t tailroom = 0;

  // --- filled by ParsePacket
  bool v6 = false;
  std::uint8_t protocol = 0;       // of the transport header, after IPv6 extension headers
  std::uint16_t l3_length = 0;     // IP header with options or extension headers
  std::uint32_t l4_offset = 0;     // == l3_length
  std::uint32_t payload_offset = 0;  // of the transport payload
  std::uint32_t payload_length = 0;  // by the headers, not by what was copied
  bool fragment = false;           // MF set or offset != 0
  std::uint16_t fragment_offset = 0;  // in bytes
  bool more_fragments = false;
  bool ip_options = false;
  std::uint8_t extension_headers = 0;  // IPv6: kExt... bits of those before the transport header
  std::uint8_t routing_type = 0;       // of the last routing header
  bool dont_fragment = false;      // DF; always true for IPv6
  std::uint32_t fragment_id = 0;
  std::uint8_t ttl = 0;
  std::uint8_t dscp = 0;           // code point, RFC 2474
  FlowKey key;                     // addresses; ports as FlowKey says; ingress
  // TCP
  std::uint8_t tcp_flags = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 0;
  TcpOptions tcp_options;
  // ICMP
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint16_t icmp_sequence = 0;
  bool icmp_query = false;         // echo, timestamp, information, mask request
  bool icmp_reply = false;         // the replies to those
  bool icmp_error = false;         // carries the packet that caused it

  // --- state of its way through the pipeline
  TunnelId came_from{};            // the tunnel that it was in
  std::uint16_t segment_size = 0;  // of a TCP super-packet: payload that its receiver takes at a time; 0: not known
  MutableBytes datagram;           // first fragment only: the transport part of the whole datagram, where an inspection may want it
  bool datagram_changed = false;   // an inspection has changed its payload there
  bool rewritten = false;          // the bytes differ from those that came
  bool hop_counted = false;        // by DecrementTtl
  std::uint32_t seen_before = 0;   // TCP in order (tcp_stream.h): bytes at the front of the payload that passed before

  bool IsTcp() const { return protocol == static_cast<std::uint8_t>(IpProtocol::kTcp); }
  bool IsUdp() const { return protocol == static_cast<std::uint8_t>(IpProtocol::kUdp); }
  // TCP, UDP, SCTP: `key` has ports.
  bool HasPorts() const { return IsTcp() || IsUdp() || protocol == static_cast<std::uint8_t>(IpProtocol::kSctp); }
  // ICMP of the packet's own family.
  bool IsIcmp() const { return protocol == static_cast<std::uint8_t>(v6 ? IpProtocol::kIcmp6 : IpProtocol::kIcmp); }
  // The largest packet that this is or becomes on the wire, where that is known of a super-packet.
  std::uint32_t LargestOnWire() const {
    const std::uint32_t largest = gso && IsTcp() && segment_size != 0 ? l4_offset + 20 + segment_size : wire_length;
    return largest < wire_length ? largest : wire_length;
  }
  bool Whole() const { return bytes.size() == wire_length; }
  std::uint8_t* l4() { return bytes.data() + l4_offset; }
  const std::uint8_t* l4() const { return bytes.data() + l4_offset; }
};

// One hop less: the time to live of a whole packet whose TTL is at least 2, with the header checksum kept right.
void DecrementTtl(Packet& p);

// Reads the headers of `p.bytes` (RFC 791, 8200, 793, 768, 792). Returns the reason to drop it for, or kNone. Non-first
// fragments get no transport fields (ports are 0). Does not verify checksums of the transport (see VerifyTransportChecksum).
FrameDrop ParsePacket(Packet& p);
// The second half of ParsePacket: transport headers at l4_offset of a datagram whose transport part is `length` bytes in
// all, of which `bytes` holds the beginning. Called again for the first fragment once all fragments are here.
FrameDrop ParseTransport(Packet& p, std::uint32_t length);

// True if the transport checksum is right, or cannot be judged (fragment, not whole, pending, UDP without checksum).
bool VerifyTransportChecksum(const Packet& p);

// Rewrites, keeping IP and transport checksums right (incrementally), also for UDP over IPv4 without checksum, for a
// pending checksum, and for fragments. Family must not change.
void RewriteSource(Packet& p, IpAddress address, std::uint16_t port);
void RewriteDestination(Packet& p, IpAddress address, std::uint16_t port);
// Adds deltas (mod 2^32) to sequence and acknowledgment numbers, SACK edges included. The ACK is touched only if flagged.
void RewriteTcpNumbers(Packet& p, std::uint32_t seq_delta, std::uint32_t ack_delta);
// Lowers (or raises, when below `minimum`) the MSS option of a SYN; returns true if it changed it. 0 switches a bound off.
bool ClampMss(Packet& p, std::uint16_t maximum, std::uint16_t minimum);
// Writes a byte of the TCP header, `at` from its beginning.
void PutTcpByte(Packet& p, std::size_t at, std::uint8_t value);
// Sets the TTL (IPv4) or hop limit.
void RewriteTtl(Packet& p, std::uint8_t ttl);
// Replaces a pending pseudo-header checksum by the full one. Needed before a payload is given back to the kernel.
void CompleteChecksum(Packet& p);

}  // namespace sallyport
