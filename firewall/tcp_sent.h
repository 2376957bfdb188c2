// What one side of a TCP connection has sent and the other has not acknowledged, kept so that a retransmission can be held
// against it (tcp-map check-retransmission).
//
// A retransmission with other bytes than the first time is an attack on whoever reads along: tcpnorm-rexmit-bad, and the
// connection ends. One that repeats kept bytes and brings new ones cannot be told from such an attempt: tcp_xmit_partial.
// Bytes that were acknowledged are not kept; whatever a repetition of them says, its receiver does not look at it.
// Data thread only; numbers are the sender's own.
#pragma once

#include <cstdint>
#include <deque>

#include "firewall/base/bytes.h"
#include "firewall/drop_reason.h"
#include "firewall/tcp_queue.h"

namespace sallyport {

class TcpSent {
 public:
  static constexpr std::size_t kMost = 1 << 20;  // bytes; more than that is not let through unacknowledged

  // kNone: [seq, seq + bytes) may go on. Otherwise the reason to drop it for.
  FrameDrop Check(std::uint32_t seq, Bytes bytes, const TcpQueueBudget& budget) const;
  // They went on. What is new of them is kept.
  void Passed(std::uint32_t seq, Bytes bytes, TcpQueueBudget& budget);
  void Acknowledged(std::uint32_t ack, TcpQueueBudget& budget);
  void Clear(TcpQueueBudget& budget);

 private:
  std::uint32_t End() const { return first_ + static_cast<std::uint32_t>(kept_.size()); }
  std::deque<std::uint8_t> kept_;
  std::uint32_t first_ = 0;  // number of the first one kept
  bool started_ = false;
};

}  // namespace sallyport
