// The full TCP proxy of a connection that a class puts through one (`ips inline|promiscuous ...`): the appliance acknowledges
// data itself towards its sender, brings it into order, and sends and repeats it itself towards its receiver.
//
// The handshake passes between the ends; from its last segment on each direction is a half of its own:
//
//      sender --data-->  [ ahead of a gap | in order, not acknowledged by the receiver ]  --data--> receiver
//             <--ACK--   (at once, with the room that is left)                            <--ACK--
//
// So a sender sees only our acknowledgments, and duplicates of them when something is missing; one that does not repeat what
// it is asked for (IPsec over TCP, which has TCP's header and nothing else of it) stalls: what follows the gap waits, then
// falls. Numbers are the ends' own: both halves keep the sender's numbering, the caller adds what randomisation adds.
// Windows are scaled as the ends agreed. SACK and timestamps must have been taken out of the handshake (the caller does).
//
// Knows no packets, no engine and no clock: every call takes `now`, and what is to be sent comes back as Segments. Sources: RFC
// 9293 (3.8.4 zero-window probes, 3.8.6 silly windows), RFC 6298 (timer), RFC 5681 and RFC 6582 (fast retransmit, recovery).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/time.h"
#include "firewall/drop_reason.h"
#include "firewall/tcp_queue.h"
#include "firewall/tcp_tracker.h"

namespace sallyport {

class TcpProxy {
 public:
  // What it wants sent, in direction `d` (kForward: to the responder).
  struct Segment {
    Direction d{};
    std::uint8_t flags = 0;
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t window = 0;  // as on the wire
    std::vector<std::uint8_t> payload;
  };
  using Out = std::vector<Segment>;

  static constexpr std::uint32_t kBuffer = 65536;  // bytes that one direction holds at most
  static constexpr int kMaxRetries = 10;           // of one segment that nobody acknowledges

  // The handshake is done as far as the tracker's `sides` tell: both have shown their numbers. `mss`: the largest payload to be
  // sent in each direction. `reassembly`: how long a segment may wait for what is missing before it. `queue_limit`: how many
  // segments may; 0: as many as fit.
  TcpProxy(const TcpSide (&sides)[2], const std::uint16_t (&mss)[2], Duration reassembly, std::size_t queue_limit,
           TcpQueueBudget& budget);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = default;  // the budget does not count the copy's bytes until it takes the place of the first (UndoLog)
  TcpProxy& operator=(const TcpProxy&) = delete;

  // A segment from the sender of direction `d` without SYN or RST. Returns kNone, or what it would be dropped for; what it makes
  // us send is in `out` either way.
  FrameDrop Arrive(Direction d, const TcpSegment& s, Bytes payload, TimePoint now, Out& out);
  // The responder repeats its SYN ACK: our acknowledgment of it was lost.
  void AnswerSynAck(Out& out);
  // Asks the sender of direction `d` once more for what is missing.
  void Remind(Direction d, Out& out);
  // A reset in direction `d`, with the number that its receiver expects.
  Segment Reset(Direction d) const;

  TimePoint Deadline() const;  // Max: none
  // Fires what is due. Returns how many segments that waited for others fell.
  std::uint32_t Fire(TimePoint now, Out& out);
  bool gave_up() const { return gave_up_; }  // a receiver acknowledges nothing any more

  // The right edge that the sender of direction `d` has been promised.
  std::uint32_t Edge(Direction d) const { return halves_[static_cast<int>(d)].edge; }
  // Bytes held of direction `d`: in order and not acknowledged, and ahead of a gap.
  std::uint32_t Held(Direction d) const;

 private:
  struct Ahead {
    std::uint32_t seq = 0;
    bool fin = false;
    TimePoint since;
    std::vector<std::uint8_t> bytes;
    std::uint32_t end() const { return seq + static_cast<std::uint32_t>(bytes.size()); }
  };
  // One direction of data.
  struct Half {
    // towards the sender
    std::uint32_t next = 0;        // first byte that has not come in order
    std::uint32_t edge = 0;        // promised right edge; never moves left
    std::uint8_t shift = 0;        // scale of the windows that the sender is told
    bool fin = false;              // its FIN has come, in order: `next` is behind it
    std::vector<Ahead> ahead;      // by seq
    std::uint32_t ahead_bytes = 0;
    // towards the receiver
    std::deque<std::uint8_t> data;  // from `una` on
    std::uint32_t una = 0;          // first byte that the receiver has not acknowledged
    std::uint32_t sent = 0;         // next to be sent; goes back to `una` when the timer fires
    std::uint32_t most_sent = 0;    // highest ever sent
    std::uint32_t room = 0;         // the receiver's right edge
    std::uint8_t receiver_shift = 0;
    std::uint16_t mss = 536;
    bool push = false;
    // congestion and time
    std::uint32_t window = 0, threshold = 0;  // cwnd, ssthresh in bytes
    std::uint32_t recover = 0;                // RFC 6582: recovery ends when this is acknowledged
    bool recovering = false;
    int duplicates = 0;
    int retries = 0;
    Duration rto = Duration::Seconds(1), smoothed{}, variation{};
    bool measured = false, timing = false;
    std::uint32_t timed = 0;  // the acknowledgment that ends the measurement
    TimePoint timed_at;
    TimePoint timer = TimePoint::Max();

    std::uint32_t DataEnd() const { return una + static_cast<std::uint32_t>(data.size()); }
    std::uint32_t StreamEnd() const { return next; }  // with the FIN
  };

  Half& Of(Direction d) { return halves_[static_cast<int>(d)]; }
  const Half& Of(Direction d) const { return halves_[static_cast<int>(d)]; }
  FrameDrop TakeAck(Half& h, const TcpSegment& s, bool bare, TimePoint now, Direction d, Out& out);
  FrameDrop TakeData(Half& h, const TcpSegment& s, Bytes payload, TimePoint now, bool& answer);
  FrameDrop Append(Half& h, Bytes bytes);
  void FillGap(Half& h);
  std::uint16_t WindowFor(Half& h);
  void Send(Direction d, TimePoint now, Out& out);
  void SendPiece(Direction d, std::uint32_t seq, std::uint32_t length, bool fin, Out& out);
  void Acknowledge(Direction d, Out& out);
  void FireTimer(Direction d, TimePoint now, Out& out);
  void Measure(Half& h, std::uint32_t ack, TimePoint now);

  Half halves_[2];
  const Duration reassembly_;
  const std::size_t queue_limit_;
  TcpQueueBudget& budget_;
  bool gave_up_ = false;
};

}  // namespace sallyport
