// The TCP tracker's table: what each kind of segment does to a connection in each state, seen from the middle.
//
// Data for tcp_tracker.cc, which runs it and nothing else, and for its test, which visits every cell.
//
// What a state means for the box between the two ends:
//   None         nothing known: only a plain SYN may begin
//   SynSent      the initiator's SYN went through; the responder's numbers are unknown
//   SynReceived  the responder's SYN ACK went through; both numberings are known, the initiator has not confirmed
//   Established  the initiator acknowledged the SYN ACK: every segment is held against the windows
//   FinForward   established, and the initiator has sent its last byte; the responder may go on sending
//   FinReverse   the same, the other way round
//   Closing      both have sent FIN; at least one FIN is not acknowledged yet
//   Closed       both FINs acknowledged, or reset; the entry is only waiting to be taken away
//   Bypass       TCP state bypass: the box does not see both directions and judges nothing
#pragma once

#include "firewall/tcp_tracker.h"

namespace sallyport {

// What a segment is by its flags.
enum class TcpEvent : std::uint8_t {
  kSyn,       // SYN alone
  kSynAck,    // SYN and ACK
  kAck,       // ACK without payload
  kData,      // ACK with payload
  kFin,       // FIN and ACK, with or without payload
  kRst,       // RST, with or without ACK
  kNonsense,  // any other combination; the packet parser should have refused it
  kFinsDone,  // no segment: what follows one that passed, once both sides' FINs are acknowledged
  kCount
};

// How its numbers are judged. A segment that passes moves the connection to the cell's `next`.
enum class TcpCheck : std::uint8_t {
  kRefuse,      // always dropped, for the cell's reason
  kLoose,       // always passes; nothing is learned from it
  kOpen,        // the first SYN
  kSynAgain,    // the same SYN once more, or another one in its place (dropped, duplicate_syn)
  kAnswer,      // SYN ACK, first or repeated: must acknowledge the SYN
  kComplete,    // ends the handshake: the initiator's next byte, and the acknowledgment of the SYN ACK
  kRstAnswer,   // RST from a responder that has shown no number of its own: must acknowledge the SYN
  kRstOpening,  // RST during the handshake: anything not below its sender's ISN, or exactly what a challenge ACK asked for
  kChallenge,   // ACK that knows nothing of this handshake: passes, and tells only which RST may answer it
  kWindow,      // sequence and acknowledgment within the windows; FIN in its place
  kRstExact,    // RST on an established connection, RFC 5961 section 3
  kSynInside,   // SYN on an established connection, RFC 5961 section 4: dropped; the cell's reason if outside the window
  kSynAckLate,  // the same for SYN ACK, but an exact repetition passes while its sender has sent nothing more
  kReopen,      // a SYN with a new ISN on a connection that is over
  kDone,        // kFinsDone only
};

struct TcpCell {
  TcpCheck check = TcpCheck::kRefuse;
  TcpState next = TcpState::kNone;    // for kRefuse: the state that stays
  FrameDrop drop = FrameDrop::kNone;  // for kRefuse, kSynInside, kSynAckLate, kReopen
};

namespace tcp_table {

constexpr int kStates = static_cast<int>(TcpState::kCount);
constexpr int kEvents = static_cast<int>(TcpEvent::kCount);
struct Row {
  TcpCell cell[kStates];
};

// Short words for the rows below.
inline constexpr TcpState kNo = TcpState::kNone, kSs = TcpState::kSynSent, kSr = TcpState::kSynReceived,
                          kEs = TcpState::kEstablished, kFf = TcpState::kFinForward, kFr = TcpState::kFinReverse,
                          kCg = TcpState::kClosing, kCd = TcpState::kClosed, kBy = TcpState::kBypass;
constexpr TcpCell No(TcpState stays, FrameDrop why) { return {TcpCheck::kRefuse, stays, why}; }
constexpr TcpCell To(TcpState next, TcpCheck check, FrameDrop why = FrameDrop::kNone) { return {check, next, why}; }
inline constexpr FrameDrop kNotSyn = FrameDrop::kTcpNotSyn, kThreeWay = FrameDrop::kTcp3whsFailed,
                           kDual = FrameDrop::kTcpDualOpen, kFlags = FrameDrop::kBadTcpFlags,
                           kExpired = FrameDrop::kFlowExpired, kOoo = FrameDrop::kTcpRstfinOoo,
                           kSynOoo = FrameDrop::kTcpSynOoo, kSynAckOoo = FrameDrop::kTcpSynackOoo;
using C = TcpCheck;
inline constexpr TcpCell kPass = To(kBy, C::kLoose);

// clang-format off
// Rows: TcpEvent. Columns: TcpState. The legend below a row speaks of its cells by column.
inline constexpr Row kTable[2][kEvents] = {
    {
        // ---- from the initiator
        /* SYN */
        {{To(kSs, C::kOpen), To(kSs, C::kSynAgain), To(kSr, C::kSynAgain),
          To(kEs, C::kSynInside, kSynOoo), To(kFf, C::kSynInside, kSynOoo), To(kFr, C::kSynInside, kSynOoo),
          To(kCg, C::kReopen, kSynOoo), To(kCd, C::kReopen, kSynOoo), kPass}},
        //  None         opens
        //  SynSent      the responder has not answered: the initiator tries again; a different ISN is somebody else's
        //  SynReceived  the SYN ACK got lost behind us: the same
        //  Established, FinForward, FinReverse  never right; challenging it (RFC 5961 section 4) is for the ends to do
        //  Closing, Closed   the initiator uses its port again
        /* SYN ACK */
        {{No(kNo, kNotSyn), No(kSs, kThreeWay), No(kSr, kThreeWay), To(kEs, C::kSynInside, kSynAckOoo),
          To(kFf, C::kSynInside, kSynAckOoo), To(kFr, C::kSynInside, kSynAckOoo),
          To(kCg, C::kSynInside, kSynAckOoo), No(kCd, kExpired), kPass}},
        //  an initiator never answers a SYN: simultaneous open was refused when the other SYN came
        /* ACK */
        {{No(kNo, kNotSyn), No(kSs, kThreeWay), To(kEs, C::kComplete), To(kEs, C::kWindow),
          To(kFf, C::kWindow), To(kFr, C::kWindow), To(kCg, C::kWindow), No(kCd, kExpired), kPass}},
        //  SynSent      there is nothing to acknowledge yet
        //  SynReceived  the third segment of the handshake
        //  others       an acknowledgment, keepalive, window update
        /* data */
        {{No(kNo, kNotSyn), No(kSs, kThreeWay), To(kEs, C::kComplete), To(kEs, C::kWindow),
          To(kFf, C::kWindow), To(kFr, C::kWindow), To(kCg, C::kWindow), No(kCd, kExpired), kPass}},
        //  SynReceived  its first data also completes the handshake (the bare ACK may have got lost)
        //  FinForward, Closing   retransmission only: nothing past the FIN
        /* FIN */
        {{No(kNo, kNotSyn), No(kSs, kThreeWay), To(kFf, C::kComplete), To(kFf, C::kWindow),
          To(kFf, C::kWindow), To(kCg, C::kWindow), To(kCg, C::kWindow), No(kCd, kOoo), kPass}},
        //  FinForward, Closing   its FIN again, in the same place
        /* RST */
        {{No(kNo, kNotSyn), To(kCd, C::kRstOpening), To(kCd, C::kRstOpening), To(kCd, C::kRstExact),
          To(kCd, C::kRstExact), To(kCd, C::kRstExact), To(kCd, C::kRstExact), No(kCd, kOoo), kPass}},
        //  SynSent, SynReceived  the initiator gives up, or answers a challenge ACK with the number that it asked for; else
        //                        one below its ISN means another connection
        /* nonsense */
        {{No(kNo, kFlags), No(kSs, kFlags), No(kSr, kFlags), No(kEs, kFlags), No(kFf, kFlags), No(kFr, kFlags),
          No(kCg, kFlags), No(kCd, kFlags), No(kBy, kFlags)}},
        /* both FINs acknowledged */
        {{To(kNo, C::kDone), To(kSs, C::kDone), To(kSr, C::kDone), To(kEs, C::kDone),
          To(kFf, C::kDone), To(kFr, C::kDone), To(kCd, C::kDone), To(kCd, C::kDone),
          To(kBy, C::kDone)}},
        //  only Closing has two FINs; elsewhere nothing changes
    },
    {
        // ---- from the responder
        /* SYN */
        {{No(kNo, kNotSyn), No(kSs, kDual), No(kSr, kDual), To(kEs, C::kSynInside, kSynOoo),
          To(kFf, C::kSynInside, kSynOoo), To(kFr, C::kSynInside, kSynOoo), To(kCg, C::kReopen, kSynOoo),
          To(kCd, C::kReopen, kSynOoo), kPass}},
        //  SynSent, SynReceived  simultaneous open, which the appliance denies
        //  Closing, Closed       a connection of its own, if the policy lets it
        /* SYN ACK */
        {{No(kNo, kNotSyn), To(kSr, C::kAnswer), To(kSr, C::kAnswer), To(kEs, C::kSynAckLate, kSynAckOoo),
          To(kFf, C::kSynInside, kSynAckOoo), To(kFr, C::kSynInside, kSynAckOoo),
          To(kCg, C::kSynInside, kSynAckOoo), No(kCd, kExpired), kPass}},
        //  SynReceived  repeated: it or the initiator's ACK got lost
        //  Established  repeated: the ACK got lost behind us; without this a responder that speaks first would never start
        /* ACK */
        {{No(kNo, kNotSyn), To(kSs, C::kChallenge), To(kSr, C::kLoose), To(kEs, C::kWindow),
          To(kFf, C::kWindow), To(kFr, C::kWindow), To(kCg, C::kWindow), No(kCd, kExpired), kPass}},
        //  SynSent, SynReceived  a challenge ACK of a responder that still has an old connection (RFC 5961 section 4): it
        //                        speaks of another numbering, so it passes unjudged; the initiator answers with an RST
        /* data */
        {{No(kNo, kNotSyn), No(kSs, kThreeWay), No(kSr, kThreeWay), To(kEs, C::kWindow), To(kFf, C::kWindow),
          To(kFr, C::kWindow), To(kCg, C::kWindow), No(kCd, kExpired), kPass}},
        //  SynReceived  a responder may not send before it has the ACK, and it would have come past us
        /* FIN */
        {{No(kNo, kNotSyn), No(kSs, kThreeWay), No(kSr, kThreeWay), To(kFr, C::kWindow), To(kCg, C::kWindow),
          To(kFr, C::kWindow), To(kCg, C::kWindow), No(kCd, kOoo), kPass}},
        /* RST */
        {{No(kNo, kNotSyn), To(kCd, C::kRstAnswer), To(kCd, C::kRstOpening), To(kCd, C::kRstExact),
          To(kCd, C::kRstExact), To(kCd, C::kRstExact), To(kCd, C::kRstExact), No(kCd, kOoo), kPass}},
        //  SynSent      port closed
        /* nonsense */
        {{No(kNo, kFlags), No(kSs, kFlags), No(kSr, kFlags), No(kEs, kFlags), No(kFf, kFlags), No(kFr, kFlags),
          No(kCg, kFlags), No(kCd, kFlags), No(kBy, kFlags)}},
        /* both FINs acknowledged */
        {{To(kNo, C::kDone), To(kSs, C::kDone), To(kSr, C::kDone), To(kEs, C::kDone),
          To(kFf, C::kDone), To(kFr, C::kDone), To(kCd, C::kDone), To(kCd, C::kDone),
          To(kBy, C::kDone)}},
    },
};
// clang-format on

}  // namespace tcp_table

constexpr const TcpCell& TcpCellOf(Direction d, TcpEvent event, TcpState state) {
  return tcp_table::kTable[static_cast<int>(d)][static_cast<int>(event)].cell[static_cast<int>(state)];
}

}  // namespace sallyport
