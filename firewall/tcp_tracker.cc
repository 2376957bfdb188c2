#include "firewall/tcp_tracker.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "firewall/tcp_table.h"

namespace sallyport {
namespace {

// Sequence numbers compare modulo 2^32 (RFC 9293 3.4).
constexpr bool SeqBefore(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }
constexpr bool SeqAfter(std::uint32_t a, std::uint32_t b) { return SeqBefore(b, a); }
constexpr void Raise(std::uint32_t& value, std::uint32_t to) {
  if (SeqAfter(to, value)) value = to;
}

constexpr std::uint8_t kMaxScale = 14;           // RFC 7323 2.3
constexpr std::uint8_t kNoScale = 0xff;          // TcpSegment::window_scale of a SYN without the option
constexpr std::uint32_t kMinAckWindow = 66'000;  // how old an ACK may be on a connection with small windows
constexpr std::uint8_t kControlBits = kTcpFin | kTcpSyn | kTcpRst | kTcpAck;

TcpEvent EventOf(const TcpSegment& s) {
  switch (s.flags & kControlBits) {
    case kTcpSyn:
      return TcpEvent::kSyn;
    case kTcpSyn | kTcpAck:
      return TcpEvent::kSynAck;
    case kTcpAck:
      return s.payload == 0 ? TcpEvent::kAck : TcpEvent::kData;
    case kTcpFin | kTcpAck:
      return TcpEvent::kFin;
    case kTcpRst:
    case kTcpRst | kTcpAck:
      return TcpEvent::kRst;
    default:
      return TcpEvent::kNonsense;
  }
}

// One segment against one connection. Checks only look; what a segment that passes teaches is written by Learn.
class SegmentJudge {
 public:
  SegmentJudge(TcpSide (&sides)[2], Direction d, const TcpSegment& s)
      : s_(s), from_(sides[static_cast<int>(d)]), to_(sides[static_cast<int>(Opposite(d))]) {}

  // SYN: learns ISN and options. A repeated one may carry options that the first did not.
  void LearnSyn() {
    from_.flags |= kTcpSideSeen;
    from_.isn = s_.seq;
    if (s_.mss != 0) from_.mss = s_.mss;
    if (s_.window_scale != kNoScale) {
      from_.flags |= kTcpSideScale;
      from_.scale = std::min(s_.window_scale, kMaxScale);
    }
    from_.max_window = std::max<std::uint32_t>(from_.max_window, s_.window);  // a SYN's window is never scaled
    from_.flags &= static_cast<std::uint8_t>(~kTcpSideTimestamp);
    if (s_.stamped) {
      from_.flags |= kTcpSideTimestamp;
      from_.timestamp = s_.timestamp;
    }
  }

  void LearnOpen() {
    const std::uint32_t delta = from_.seq_delta, delta_back = to_.seq_delta;
    from_ = {};
    to_ = {};
    from_.seq_delta = delta;
    to_.seq_delta = delta_back;
    LearnSyn();
    from_.end = s_.seq + 1 + s_.payload;
    from_.max_end = from_.end;  // more when the SYN ACK tells the responder's window
  }

  // The acknowledgment acceptable as an answer to the initiator's SYN, which may have carried data.
  static bool AcksSyn(std::uint32_t ack, const TcpSide& opener) {
    return !SeqBefore(ack, opener.isn + 1) && !SeqAfter(ack, opener.end);
  }

  FrameDrop CheckAnswer() const {
    if ((from_.flags & kTcpSideSeen) != 0 && s_.seq != from_.isn) return FrameDrop::kTcpSeqSynDiff;
    if (!AcksSyn(s_.ack, to_)) return FrameDrop::kTcpAckSynDiff;
    if (s_.payload != 0 && !Allows(kTcpAllowSynackData)) return FrameDrop::kTcpSynackData;
    return FrameDrop::kNone;
  }
  void LearnAnswer() {
    const bool first = (from_.flags & kTcpSideSeen) == 0;
    from_.flags &= static_cast<std::uint8_t>(~kTcpSideChallenge);
    LearnSyn();
    if (first) {
      from_.end = s_.seq + 1 + s_.payload;
      from_.max_end = s_.seq + 1 + to_.max_window;
      from_.last_ack = s_.ack;
      to_.max_end = s_.ack + s_.window;
    }
    // Windows are scaled only if both asked for it.
    if ((from_.flags & to_.flags & kTcpSideScale) == 0) from_.scale = to_.scale = 0;
    if ((from_.flags & to_.flags & kTcpSideTimestamp) == 0) {
      from_.flags &= static_cast<std::uint8_t>(~kTcpSideTimestamp);
      to_.flags &= static_cast<std::uint8_t>(~kTcpSideTimestamp);
    }
  }

  FrameDrop CheckComplete() {
    if (SeqBefore(s_.seq, from_.isn + 1) || SeqAfter(s_.seq, from_.end)) return FrameDrop::kTcpDiscardedOoo;
    if (Outdated()) return FrameDrop::kTcpPawsFail;
    if (SeqBefore(s_.ack, to_.isn + 1) || SeqAfter(s_.ack, to_.end)) {  // more than the SYN: the data of a SYN ACK
      if (!Allows(kTcpAllowInvalidAck)) return FrameDrop::kTcpInvalidAck;
      ack_counts_ = false;
    }
    return CheckSequence();
  }

  FrameDrop CheckWindow() {
    if (Outdated()) return FrameDrop::kTcpPawsFail;
    // An acknowledgment may be old (reordered), but not of what was never sent (RFC 5961 section 5.2).
    const std::uint32_t oldest = from_.last_ack - std::max(from_.max_window, kMinAckWindow);
    if (SeqAfter(s_.ack, to_.end) || SeqBefore(s_.ack, oldest)) {
      if (!Allows(kTcpAllowInvalidAck)) return FrameDrop::kTcpInvalidAck;
      ack_counts_ = false;
    } else if (Allows(kTcpRefuseVariation) && WithdrawsWindow()) {
      return FrameDrop::kTcpnormWinVariation;
    }
    return CheckSequence();
  }

  FrameDrop CheckRstExact() const {
    // A closing application resets at the end of what it sent; a host that knows nothing of the connection resets with the
    // number that it was sent as acknowledgment.
    if (s_.seq == from_.end || s_.seq == to_.last_ack) return FrameDrop::kNone;
    return InWindow() ? FrameDrop::kTcpRstSynInWin : FrameDrop::kTcpRstfinOoo;
  }

  FrameDrop CheckSynInside(FrameDrop outside) const { return InWindow() ? FrameDrop::kTcpRstSynInWin : outside; }
  FrameDrop CheckSynAckLate(FrameDrop outside) const {
    const bool repeated = s_.seq == from_.isn && from_.end == from_.isn + 1 && AcksSyn(s_.ack, to_) && s_.payload == 0;
    return repeated ? FrameDrop::kNone : CheckSynInside(outside);
  }

  // RFC 9293 3.10.7.3: in SYN-SENT a reset counts only if it acknowledges the SYN.
  FrameDrop CheckRstAnswer() const {
    if ((s_.flags & kTcpAck) == 0) return FrameDrop::kTcpRstfinOoo;
    return AcksSyn(s_.ack, to_) ? FrameDrop::kNone : FrameDrop::kTcp3whsFailed;
  }
  FrameDrop CheckRstOpening() const {
    if ((to_.flags & kTcpSideChallenge) != 0 && s_.seq == to_.last_ack) return FrameDrop::kNone;
    return SeqBefore(s_.seq, from_.isn) ? FrameDrop::kTcpRstfinOoo : FrameDrop::kNone;
  }

  bool SameSyn() const { return (from_.flags & kTcpSideSeen) != 0 && s_.seq == from_.isn; }

  // The RST that answers it has its number (RFC 9293 3.10.7.3), which may be anything.
  void LearnChallenge() {
    from_.flags |= kTcpSideChallenge;
    from_.last_ack = s_.ack;
  }
  void LearnComplete() {
    from_.last_ack = ack_counts_ ? s_.ack : to_.isn + 1;  // its first: there is nothing yet to compare it with
    Learn();
  }
  // What an ACK, data or FIN that passed shows.
  void Learn() {
    const bool fin = (s_.flags & kTcpFin) != 0;
    const std::uint32_t end = s_.seq + s_.payload + (fin ? 1 : 0);
    if (fin) from_.flags |= kTcpSideFin;
    Raise(from_.end, end);
    // RFC 7323 4.3 (2), as the receiver does it: of the segment that its last acknowledgment asked for.
    if (s_.stamped && !SeqAfter(s_.seq, to_.last_ack) && (!SeqBefore(s_.timestamp, from_.timestamp) || Allows(kTcpStampStale))) {
      from_.timestamp = s_.timestamp;
    }
    if (!ack_counts_) return;
    const std::uint32_t window = std::uint32_t{s_.window} << from_.scale;
    from_.max_window = std::max(from_.max_window, window);
    Raise(from_.last_ack, s_.ack);
    Raise(to_.max_end, s_.ack + window);
    if ((to_.flags & kTcpSideFin) != 0 && !SeqBefore(s_.ack, to_.end)) to_.flags |= kTcpSideFinAcked;
  }

 private:
  bool Allows(std::uint8_t rule) const { return (s_.rules & rule) != 0; }
  // RFC 7323 5.3 R1 (PAWS).
  bool Outdated() const {
    return s_.stamped && (from_.flags & kTcpSideTimestamp) != 0 && SeqBefore(s_.timestamp, from_.timestamp) && !Allows(kTcpStampStale);
  }
  // Its newest segment takes back more than half of the largest window it has offered (RFC 9293 3.8.6: strongly discouraged).
  bool WithdrawsWindow() const {
    const std::uint32_t edge = s_.ack + (std::uint32_t{s_.window} << from_.scale);
    return !SeqBefore(s_.ack, from_.last_ack) && !SeqBefore(s_.seq, from_.end) && SeqBefore(edge, to_.max_end) &&
           to_.max_end - edge > from_.max_window / 2;
  }
  bool InWindow() const { return !SeqBefore(s_.seq, to_.last_ack) && !SeqAfter(s_.seq, from_.max_end); }

  FrameDrop CheckSequence() const {
    const std::uint32_t data_end = s_.seq + s_.payload;
    // One byte beyond the window is a window probe, or what follows one.
    if ((SeqAfter(data_end, from_.max_end + 1) || SeqAfter(s_.seq, from_.max_end + 1)) && !Allows(kTcpAllowPastWindow)) {
      return FrameDrop::kTcpSeqPastWin;
    }
    if ((from_.flags & kTcpSideFin) != 0) {
      if (s_.payload != 0 && SeqAfter(data_end, from_.end - 1)) return FrameDrop::kTcpDataPastFin;
      if ((s_.flags & kTcpFin) != 0 && data_end + 1 != from_.end) return FrameDrop::kTcpRstfinOoo;
    } else if ((s_.flags & kTcpFin) != 0) {
      // A first FIN must follow what was sent: no gap before it, and nothing of it already beyond.
      if (SeqAfter(s_.seq, from_.end) || SeqBefore(data_end, from_.end)) return FrameDrop::kTcpRstfinOoo;
    }
    // Retransmissions reach back one window at most; one byte more is a keepalive, and one may have been a window probe.
    if (SeqBefore(data_end, from_.end - to_.max_window - 2)) return FrameDrop::kTcpAcked;
    return FrameDrop::kNone;
  }

  const TcpSegment& s_;
  TcpSide& from_;
  TcpSide& to_;
  bool ack_counts_ = true;  // false: a wrong one that is allowed, of which nothing is learned
};

bool FinsDone(const TcpSide (&sides)[2]) { return (sides[0].flags & sides[1].flags & kTcpSideFinAcked) != 0; }

constexpr std::array<TcpTimeout, static_cast<std::size_t>(TcpState::kCount)> kTimeouts = {
    TcpTimeout::kEmbryonic,    // kNone
    TcpTimeout::kEmbryonic,    // kSynSent
    TcpTimeout::kEmbryonic,    // kSynReceived
    TcpTimeout::kEstablished,  // kEstablished
    TcpTimeout::kEstablished,  // kFinForward: one FIN does not make it half-closed
    TcpTimeout::kEstablished,  // kFinReverse
    TcpTimeout::kHalfClosed,   // kClosing
    TcpTimeout::kHalfClosed,   // kClosed
    TcpTimeout::kEstablished,  // kBypass
};

}  // namespace

TcpVerdict TcpOpen(TcpSide (&sides)[2], const TcpSegment& s) {
  return TcpTrack(TcpState::kNone, sides, Direction::kForward, s);
}

TcpVerdict TcpTrack(TcpState state, TcpSide (&sides)[2], Direction d, const TcpSegment& s) {
  assert(state < TcpState::kCount);
  const TcpEvent event = EventOf(s);
  const TcpCell& cell = TcpCellOf(d, event, state);
  SegmentJudge judge(sides, d, s);
  TcpVerdict v;
  v.state = state;

  switch (cell.check) {
    case TcpCheck::kRefuse:
      v.drop = cell.drop;
      break;
    case TcpCheck::kLoose:
    case TcpCheck::kDone:
      break;
    case TcpCheck::kChallenge:
      judge.LearnChallenge();
      break;
    case TcpCheck::kOpen:
      judge.LearnOpen();
      break;
    case TcpCheck::kSynAgain:
      if (judge.SameSyn()) {
        if (state == TcpState::kSynSent) judge.LearnSyn();
      } else {
        v.drop = FrameDrop::kTcpSeqSynDiff;
        v.duplicate_syn = true;
      }
      break;
    case TcpCheck::kAnswer:
      v.drop = judge.CheckAnswer();
      if (v.drop == FrameDrop::kNone) judge.LearnAnswer();
      break;
    case TcpCheck::kComplete:
      v.drop = judge.CheckComplete();
      if (v.drop == FrameDrop::kNone) judge.LearnComplete();
      break;
    case TcpCheck::kWindow:
      v.drop = judge.CheckWindow();
      if (v.drop == FrameDrop::kNone) judge.Learn();
      break;
    case TcpCheck::kRstAnswer:
      v.drop = judge.CheckRstAnswer();
      break;
    case TcpCheck::kRstOpening:
      v.drop = judge.CheckRstOpening();
      break;
    case TcpCheck::kRstExact:
      v.drop = judge.CheckRstExact();
      break;
    case TcpCheck::kSynInside:
      v.drop = judge.CheckSynInside(cell.drop);
      break;
    case TcpCheck::kSynAckLate:
      v.drop = judge.CheckSynAckLate(cell.drop);
      break;
    case TcpCheck::kReopen:
      if (judge.SameSyn()) {
        v.drop = cell.drop;  // the old connection's SYN, late
      } else {
        v.reopen = true;
      }
      break;
  }
  if (v.drop != FrameDrop::kNone) return v;

  v.state = cell.next;
  if (event == TcpEvent::kRst && v.state == TcpState::kClosed) {
    v.end = d == Direction::kForward ? TcpEnd::kResetForward : TcpEnd::kResetReverse;
  } else if (FinsDone(sides)) {
    v.state = TcpCellOf(d, TcpEvent::kFinsDone, v.state).next;
    if (v.state == TcpState::kClosed && state != TcpState::kClosed) v.end = TcpEnd::kFins;
  }
  return v;
}

FrameDrop TcpFirstPacketCheck(std::uint8_t flags) {
  return (flags & kControlBits) == kTcpSyn ? FrameDrop::kNone : FrameDrop::kTcpNotSyn;
}

bool IsEmbryonic(TcpState s) { return s == TcpState::kSynSent || s == TcpState::kSynReceived; }

TcpTimeout TimeoutOf(TcpState s) { return kTimeouts[static_cast<std::size_t>(s)]; }

}  // namespace sallyport
