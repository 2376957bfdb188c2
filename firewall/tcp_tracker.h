// TCP as the middle box sees it: one constant table [direction][flags][state] (tcp_table.h), and sequence windows with
// scaling.
//
// Works on plain numbers and does no rewriting: `seq` and `ack` are given in each sender's own numbering (the pipeline
// undoes ISN randomisation before calling). No clock, no allocation. Source: RFC 9293, RFC 5961, and the ASA behaviour
// noted in firewall/README.md.
#pragma once

#include <cstdint>

#include "firewall/drop_reason.h"
#include "firewall/types.h"

namespace sallyport {

enum class TcpState : std::uint8_t {
  kNone,         // no connection
  kSynSent,      // SYN from the initiator                 embryonic, flags saA / SaAB
  kSynReceived,  // SYN ACK from the responder             embryonic, flags A / aB
  kEstablished,  // handshake complete                     flags U...
  kFinForward,   // FIN from the initiator (not yet from the other)
  kFinReverse,   // FIN from the responder
  kClosing,      // FIN from both, last ACK outstanding    half-closed timeout
  kClosed,       // both FINs acknowledged, or reset: the connection ends
  kBypass,       // TCP state bypass: not tracked
  kCount
};

// What one side (the sender) has shown. Numbers are in that sender's own numbering.
struct TcpSide {
  std::uint32_t isn = 0;
  std::uint32_t end = 0;         // highest seq + length sent so far; with its FIN there is nothing after it
  std::uint32_t max_end = 0;     // highest the other side allows: its ack + its window
  std::uint32_t last_ack = 0;    // highest acknowledgment number this side has sent (in the other's numbering)
  std::uint32_t max_window = 0;  // largest window this side has offered, scaled
  std::uint32_t timestamp = 0;   // RFC 7323's TS.Recent of what it sends; valid with kTcpSideTimestamp
  std::uint32_t seq_delta = 0;   // added to this side's numbers on the way out (ISN randomisation)
  std::uint8_t scale = 0;        // shift for this side's windows
  std::uint8_t flags = 0;        // kTcpSide...
  std::uint16_t mss = 0;         // its MSS option as seen, 0 unknown
};
inline constexpr std::uint8_t kTcpSideSeen = 0x01;      // isn is valid
inline constexpr std::uint8_t kTcpSideScale = 0x02;     // sent a window scale option in its SYN
inline constexpr std::uint8_t kTcpSideFin = 0x04;       // sent FIN
inline constexpr std::uint8_t kTcpSideFinAcked = 0x08;  // its FIN was acknowledged
inline constexpr std::uint8_t kTcpSideTimestamp = 0x10;  // both ends stamp their segments
inline constexpr std::uint8_t kTcpSideChallenge = 0x20;  // has shown only a challenge ACK, whose acknowledgment is last_ack

// TcpSegment::rules: what a tcp-map says otherwise than the default one, and what the caller knows.
inline constexpr std::uint8_t kTcpAllowInvalidAck = 0x01;
inline constexpr std::uint8_t kTcpAllowPastWindow = 0x02;
inline constexpr std::uint8_t kTcpAllowSynackData = 0x04;
inline constexpr std::uint8_t kTcpRefuseVariation = 0x08;  // window-variation drop-connection
inline constexpr std::uint8_t kTcpStampStale = 0x10;       // nothing came for so long that timestamps do not compare (RFC 7323 5.5)

struct TcpSegment {
  std::uint8_t flags = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 0;          // unscaled, as on the wire
  std::uint32_t payload = 0;         // bytes
  std::uint8_t window_scale = 0xff;  // option of a SYN; 0xff absent
  std::uint16_t mss = 0;
  bool stamped = false;              // has a timestamp option
  std::uint32_t timestamp = 0;       // its TSval
  std::uint8_t rules = 0;            // kTcpAllow...
};

// Why a connection ended, in the words of 302014.
enum class TcpEnd : std::uint8_t { kNone, kFins, kResetForward /* RST sent by the initiator */, kResetReverse };

struct TcpVerdict {
  FrameDrop drop = FrameDrop::kNone;  // kNone: pass
  TcpState state = TcpState::kNone;   // state after this segment (unchanged when dropped)
  TcpEnd end = TcpEnd::kNone;
  bool reopen = false;         // a SYN on a closed or closing connection: end the old one, treat as new
  bool duplicate_syn = false;  // SYN with another ISN on a half-open connection (419002)
};

// First segment of a connection that was let in: must be a plain SYN; fills `sides`.
TcpVerdict TcpOpen(TcpSide (&sides)[2], const TcpSegment& s);
// Any later segment from `d`. Changes `sides` only if it passes.
TcpVerdict TcpTrack(TcpState state, TcpSide (&sides)[2], Direction d, const TcpSegment& s);

// The reason for which a TCP packet that belongs to no connection is refused, or kNone if it is a proper first SYN.
FrameDrop TcpFirstPacketCheck(std::uint8_t flags);

bool IsEmbryonic(TcpState s);
// Idle timeout class of a state.
enum class TcpTimeout : std::uint8_t { kEmbryonic, kEstablished, kHalfClosed };
TcpTimeout TimeoutOf(TcpState s);

}  // namespace sallyport
