// IPsec over TCP ("cTCP"): TCP's header and nothing else of TCP. IKE and ESP go over one connection to a port that the
// configuration names, so that they pass what lets only TCP pass.
//
//   IPv4 | TCP 20 | ESP, from its SPI on                  | trailer 16
//   IPv4 | TCP 20 | UDP 8 (500, 500, length, 0) | IKE     | trailer 16
//
// The handshake is real. Then sequence numbers only count: nobody repeats a segment, waits for one, looks at a window or hears a
// duplicate acknowledgment; what is lost is lost, and IKE and the tunnelled traffic care for themselves. A segment acknowledges
// the highest byte that was seen, holes or not. Knows no sockets: segments come as Packets, what is to be sent goes out as packets.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/types.h"

namespace sallyport {

inline constexpr std::size_t kCtcpHeader = 20;   // TCP without options
inline constexpr std::size_t kCtcpUdp = 8;       // before an IKE message
inline constexpr std::size_t kCtcpTrailer = 16;
// What must be free around ESP that is to be wrapped: IPv4 and TCP in front, the trailer behind.
inline constexpr std::size_t kCtcpFront = 20 + kCtcpHeader;
inline constexpr std::size_t kCtcpOverhead = kCtcpHeader + kCtcpTrailer;  // against ESP of its own

// How far a segment's number may be from what was seen for its end of the connection (RST, FIN) to be believed, and for its number.
inline constexpr std::int32_t kCtcpNear = 1 << 20, kCtcpFar = 1 << 30;

enum class CtcpContent : std::uint8_t { kIke, kEsp };

struct CtcpPiece {
  CtcpContent what{};
  MutableBytes content;  // ESP from its SPI on; IKE from its header on
};

// Takes a segment's payload apart: one piece, or several where the kernel or a proxy on the way has put segments together.
// False: the payload, or what is left behind the last whole piece, is no such thing.
bool ReadCtcp(MutableBytes payload, std::vector<CtcpPiece>& out);

// One end of a connection: its numbers, and the segments that it makes.
class CtcpEnd {
 public:
  CtcpEnd() = default;
  // `next`: the number of the first byte (or of the SYN). `server` decides the mark of IKE's trailers.
  CtcpEnd(Endpoint own, Endpoint peer, std::uint32_t next, bool server) : own_(own), peer_(peer), next_(next), server_(server) {}

  const Endpoint& own() const { return own_; }
  const Endpoint& peer() const { return peer_; }
  std::uint32_t next() const { return next_; }
  std::uint32_t seen() const { return seen_; }
  // The peer's first number, then everything that it sends: `end` is behind a segment's last byte.
  void Start(std::uint32_t seen) { seen_ = seen; }
  void Saw(std::uint32_t end) {
    if (static_cast<std::int32_t>(end - seen_) > 0) seen_ = end;
  }

  // A whole IPv4 packet around `esp`: kCtcpFront bytes in front of it and kCtcpTrailer behind it are written.
  MutableBytes WrapEsp(MutableBytes esp, std::uint8_t traffic_class, bool df, std::uint16_t ip_id);
  // The same for an IKE message. Empty: it does not fit into a packet.
  std::vector<std::uint8_t> WrapIke(Bytes message, std::uint16_t ip_id);
  // A segment without payload. SYN takes a number of its own and carries an MSS and, with `scale`, the largest window scale: nobody
  // here looks at windows, but firewalls on the way hold the ends to them.
  std::vector<std::uint8_t> Bare(std::uint8_t flags, std::uint16_t ip_id, bool scale = false);

 private:
  MutableBytes Finish(MutableBytes packet, std::uint8_t flags, std::size_t tcp_header, std::uint8_t traffic_class, bool df, std::uint16_t ip_id);

  Endpoint own_, peer_;
  std::uint32_t next_ = 0, seen_ = 0;
  bool server_ = false;
};

}  // namespace sallyport
