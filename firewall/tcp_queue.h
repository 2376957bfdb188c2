// The out-of-order queue of one direction of a TCP connection: segments that came ahead of a gap wait here until the gap is
// filled, their time is over, or the connection ends.
//
// How a packet gets here, and what an inspection may rely on, is in tcp_stream.h. The packets themselves stay with packet
// I/O (Disposition::kHold), this holds their handles and a copy of their bytes. Data thread only; knows no connection and
// no clock. Sources: ASA's tcp-map `queue-limit`, and the descriptions of its drop reasons tcp-buffer-full,
// tcp-global-buffer-full, tcp-buffer-timeout and tcp-dup-in-queue.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/drop_reason.h"
#include "firewall/packet.h"

namespace sallyport {

// Sequence numbers compare modulo 2^32 (RFC 9293 3.4).
constexpr bool SeqBefore(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }
constexpr bool SeqAfter(std::uint32_t a, std::uint32_t b) { return SeqBefore(b, a); }

// A packet that waits. Its flags are those that packet I/O gave with it.
struct HeldSegment {
  std::uint32_t seq = 0;
  std::uint32_t end = 0;  // seq + payload, + 1 with a FIN
  TimePoint since;
  std::uint32_t handle = 0;
  std::uint32_t wire_length = 0;
  IfId ingress{};
  bool checksum_pending = false, checksum_checked = false, gso = false;
  TunnelId came_from{};
  std::vector<std::uint8_t> bytes;

  static HeldSegment Of(const Packet& p, TimePoint now);
  // The packet again, parsed; borrows `bytes`.
  Packet AsPacket();
};

// What all queues of the appliance hold together, at most.
struct TcpQueueBudget {
  std::uint32_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint32_t max_packets = 8192;  // well below what the kernel lets wait in a queue (Nfqueue::Options::queue_length)
  std::uint64_t max_bytes = 64u << 20;
  bool Room(std::size_t more) const { return packets < max_packets && bytes + more <= max_bytes; }
};

class TcpQueue {
 public:
  // From here on: `next` is the first sequence number that has not passed.
  void Start(std::uint32_t next);
  bool started() const { return started_; }
  std::uint32_t next() const { return next_; }
  bool empty() const { return held_.empty(); }
  std::size_t size() const { return held_.size(); }

  // Is [seq, ...) ahead of a gap?
  bool Ahead(std::uint32_t seq) const { return started_ && SeqAfter(seq, next_); }
  // Everything before `end` has passed.
  void Passed(std::uint32_t end);

  // Keeps a segment that is ahead; kNone, or the reason for which there is no place for it. `limit`: packets.
  FrameDrop Hold(const Packet& p, TimePoint now, std::size_t limit, TcpQueueBudget& budget);
  // The next segment that is no longer ahead, if any. It may have passed already in other segments (end not after next()).
  std::optional<HeldSegment> TakeReady(TcpQueueBudget& budget);
  // Those that came at or before `until`.
  std::vector<HeldSegment> TakeOld(TimePoint until, TcpQueueBudget& budget);
  std::vector<HeldSegment> TakeAll(TcpQueueBudget& budget);
  // When the one that waits longest came; Max: none waits.
  TimePoint OldestSince() const;

 private:
  std::vector<HeldSegment> held_;  // by seq
  std::uint32_t next_ = 0;
  bool started_ = false;
};

}  // namespace sallyport
