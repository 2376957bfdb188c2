// What stands in front of ESP: the outer IP header, UDP where a NAT is in the way (RFC 3948), and the marks that go from the
// inner header to the outer and back (RFC 4301 5.1.2, RFC 6040).
#pragma once

#include <cstdint>
#include <optional>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"
#include "vpn/esp/esp.h"

namespace sallyport {

// `crypto ipsec df-bit copy-df|set-df|clear-df`, of an interface or a map.
enum class DfPolicy : std::uint8_t { kCopy, kSet, kClear };

inline constexpr std::uint8_t kEspProtocol = 50;
inline constexpr std::uint16_t kNatTPort = 4500;

// One end of an association as it is on the wire.
struct OuterPath {
  IpAddress local = {}, peer = {};  // of one family
  bool udp = false;
  std::uint16_t local_port = kNatTPort, peer_port = kNatTPort;  // with `udp`
  DfPolicy df = DfPolicy::kCopy;
  // Bytes before ESP.
  std::size_t Size() const { return (local.IsV4() ? 20u : 40u) + (udp ? 8u : 0u); }
};

// What of an inner packet the outer header takes over.
struct InnerMarks {
  std::uint8_t traffic_class = 0;  // DSCP and ECN
  bool df = false;                 // IPv6: always
};
InnerMarks MarksOf(Bytes inner);

// Writes the header into the Size() bytes in front of `esp`; that they are there is the caller's business. `id` is IPv4's
// identification. TTL 64. The UDP checksum is 0 in IPv4 (RFC 3948 2.1) and computed in IPv6.
MutableBytes WriteOuter(const OuterPath& path, InnerMarks marks, std::uint16_t id, MutableBytes esp);
// The DF bit that WriteOuter sets.
bool OuterDf(const OuterPath& path, InnerMarks marks);

// An outer packet read.
struct OuterPacket {
  enum class What : std::uint8_t {
    kEsp,
    kIke,        // UDP 4500 with the non-ESP marker; `content` is behind it
    kKeepalive,  // one byte 0xff
    kShort,      // UDP too short for any of these, or lengths that do not fit the packet
    kNone        // neither ESP nor UDP of `udp_port`, or a fragment
  } what = What::kNone;
  IpAddress src, dst;
  std::uint16_t sport = 0, dport = 0;  // 0 without UDP
  std::uint8_t traffic_class = 0;
  MutableBytes content;  // ESP from its SPI on, cut to the length that the headers say
};
// `udp_port`: to which it must have come. IPv6: without extension headers only.
OuterPacket ReadOuter(MutableBytes packet, std::uint16_t udp_port = kNatTPort);

// What RFC 6040 does to the inner header of a packet that came in `outer_class`; false: to be dropped (congestion experienced,
// and the inner packet cannot tell). `inner` is the whole inner packet; its header checksum is kept right.
bool DecapsulateEcn(MutableBytes inner, std::uint8_t outer_class);

// Transport mode, IPv4 only. `packet` is [at, at + size) of `buffer`, without fragments; it becomes ESP, with UDP when `udp`, in
// the same buffer: up to 8 + shape().Front() bytes in front and shape().Overhead() behind must be free. `out`: the new packet.
bool SealTransport(EspSealer& sealer, bool udp, std::uint16_t local_port, std::uint16_t peer_port, MutableBytes buffer, std::size_t at,
                   std::size_t size, MutableBytes& out);
// The reverse: `packet` as it came, with its IPv4 header. `out` is the packet without ESP. Behind a NAT (UDP) the checksum of
// TCP and UDP is made anew, because the addresses are not the sender's (RFC 3948 3.1.2).
EspOpener::Why OpenTransport(EspOpener& opener, MutableBytes packet, MutableBytes& out);

}  // namespace sallyport
