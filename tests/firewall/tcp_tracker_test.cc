#include "firewall/tcp_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/tcp_table.h"

namespace sallyport {
namespace {

constexpr Direction kC = Direction::kForward;  // client, the initiator
constexpr Direction kS = Direction::kReverse;  // server
constexpr std::uint8_t kSynAckBits = kTcpSyn | kTcpAck;
constexpr std::uint8_t kFinAckBits = kTcpFin | kTcpAck;

// A connection that is told segments in relative numbers: the client's start at `client`, the server's at `server`.
struct Conversation {
  explicit Conversation(std::uint32_t client = 1000, std::uint32_t server = 5'000'000) : isn{client, server} {}

  TcpVerdict Raw(Direction d, TcpSegment s) {
    const TcpVerdict v = state == TcpState::kNone ? TcpOpen(sides, s) : TcpTrack(state, sides, d, s);
    if (v.drop != FrameDrop::kNone) {
      EXPECT_EQ(v.state, state);
    }
    state = v.state;
    last = v;
    return v;
  }
  // seq and ack relative to the ISNs.
  FrameDrop Send(Direction d, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::uint32_t payload = 0,
                 std::uint16_t window = 10'000) {
    const int me = static_cast<int>(d);
    TcpSegment s;
    s.flags = flags;
    s.seq = isn[me] + seq;
    s.ack = (flags & kTcpAck) != 0 ? isn[1 - me] + ack : 0;
    s.window = window;
    s.payload = payload;
    return Raw(d, s).drop;
  }
  void Syn(std::uint8_t scale = 0xff) {
    Raw(kC, {.flags = kTcpSyn, .seq = isn[0], .window = 10'000, .window_scale = scale, .mss = 1460});
    ASSERT_EQ(state, TcpState::kSynSent);
  }
  void SynAck(std::uint8_t scale = 0xff) {
    Raw(kS, {.flags = kSynAckBits, .seq = isn[1], .ack = isn[0] + 1, .window = 10'000, .window_scale = scale, .mss = 1400});
    ASSERT_EQ(state, TcpState::kSynReceived);
  }
  void Establish(std::uint8_t client_scale = 0xff, std::uint8_t server_scale = 0xff) {
    Syn(client_scale);
    SynAck(server_scale);
    ASSERT_EQ(Send(kC, kTcpAck, 1, 1), FrameDrop::kNone);
    ASSERT_EQ(state, TcpState::kEstablished);
  }
  // Brings a new conversation to a state; the next byte of either side is then `next`.
  void Reach(TcpState want) {
    if (want == TcpState::kNone) return;
    if (want == TcpState::kBypass) {
      state = want;
      return;
    }
    Syn();
    next[0] = 1;
    if (want == TcpState::kSynSent) return;
    SynAck();
    next[1] = 1;
    if (want == TcpState::kSynReceived) return;
    Send(kC, kTcpAck, 1, 1);
    if (want == TcpState::kFinForward || want == TcpState::kClosing || want == TcpState::kClosed) {
      Send(kC, kFinAckBits, 1, 1);
      next[0] = 2;
    }
    if (want == TcpState::kFinReverse || want == TcpState::kClosing || want == TcpState::kClosed) {
      Send(kS, kFinAckBits, 1, 1);
      next[1] = 2;
    }
    if (want == TcpState::kClosed) {
      Send(kC, kTcpAck, 2, 2);
      Send(kS, kTcpAck, 2, 2);
    }
    ASSERT_EQ(state, want);
  }

  std::uint32_t isn[2];
  std::uint32_t next[2] = {0, 0};
  TcpState state = TcpState::kNone;
  TcpSide sides[2];
  TcpVerdict last;
};

// --- every cell

constexpr const char* kStateNames[] = {"No", "Ss", "Sr", "Es", "Ff", "Fr", "Cg", "Cd", "By"};

// The outcome of a well-numbered segment in each state: the state after it, a drop reason, or "reopen".
struct Expectation {
  Direction d;
  const char* what;
  std::uint8_t flags;
  std::uint32_t payload;
  const char* outcome[9];
};

const Expectation kExpectations[] = {
    // in:  None, SynSent, SynReceived, Established, FinForward, FinReverse, Closing, Closed, Bypass
    {kC,
     "SYN",
     kTcpSyn,
     0,
     {"Ss", "Ss", "Sr", "tcp-syn-ooo", "tcp-syn-ooo", "tcp-syn-ooo", "tcp-syn-ooo", "tcp-syn-ooo", "By"}},
    {kC,
     "SYN ACK",
     kSynAckBits,
     0,
     {"tcp-not-syn", "tcp-3whs-failed", "tcp-3whs-failed", "tcp-synack-ooo", "tcp-synack-ooo", "tcp-synack-ooo",
      "tcp-synack-ooo", "flow-expired", "By"}},
    {kC, "ACK", kTcpAck, 0, {"tcp-not-syn", "tcp-3whs-failed", "Es", "Es", "Ff", "Fr", "Cg", "flow-expired", "By"}},
    {kC,
     "data",
     kTcpAck,
     5,
     {"tcp-not-syn", "tcp-3whs-failed", "Es", "Es", "tcp-data-past-fin", "Fr", "tcp-data-past-fin", "flow-expired", "By"}},
    {kC,
     "FIN",
     kFinAckBits,
     0,
     {"tcp-not-syn", "tcp-3whs-failed", "Ff", "Ff", "tcp-rstfin-ooo", "Cg", "tcp-rstfin-ooo", "tcp-rstfin-ooo", "By"}},
    {kC, "RST", kTcpRst, 0, {"tcp-not-syn", "Cd", "Cd", "Cd", "Cd", "Cd", "Cd", "tcp-rstfin-ooo", "By"}},
    {kC,
     "none",
     0,
     0,
     {"bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags",
      "bad-tcp-flags", "bad-tcp-flags"}},
    {kS,
     "SYN",
     kTcpSyn,
     0,
     {"", "tcp-dual-open", "tcp-dual-open", "tcp-syn-ooo", "tcp-syn-ooo", "tcp-syn-ooo", "tcp-syn-ooo", "tcp-syn-ooo",
      "By"}},
    {kS,
     "SYN ACK",
     kSynAckBits,
     0,
     {"", "Sr", "Sr", "Es", "tcp-synack-ooo", "tcp-synack-ooo", "tcp-synack-ooo", "flow-expired", "By"}},
    {kS, "ACK", kTcpAck, 0, {"", "Ss", "Sr", "Es", "Ff", "Fr", "Cg", "flow-expired", "By"}},
    {kS,
     "data",
     kTcpAck,
     5,
     {"", "tcp-3whs-failed", "tcp-3whs-failed", "Es", "Ff", "tcp-data-past-fin", "tcp-data-past-fin", "flow-expired", "By"}},
    {kS,
     "FIN",
     kFinAckBits,
     0,
     {"", "tcp-3whs-failed", "tcp-3whs-failed", "Fr", "Cg", "tcp-rstfin-ooo", "tcp-rstfin-ooo", "tcp-rstfin-ooo", "By"}},
    {kS, "RST", kTcpRst | kTcpAck, 0, {"", "Cd", "Cd", "Cd", "Cd", "Cd", "Cd", "tcp-rstfin-ooo", "By"}},
    {kS,
     "none",
     kTcpFin,
     0,
     {"", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags", "bad-tcp-flags",
      "bad-tcp-flags", "bad-tcp-flags"}},
};

TEST(TcpTable, EveryCellWithGoodNumbers) {
  for (const Expectation& e : kExpectations) {
    for (int state = 0; state < static_cast<int>(TcpState::kCount); state++) {
      if (e.d == kS && state == 0)
        continue;  // the first segment is the initiator's by definition; see NothingStartsInReverse
      SCOPED_TRACE(std::string(e.d == kC ? "initiator " : "responder ") + e.what + " in " + kStateNames[state]);
      Conversation c;
      c.Reach(static_cast<TcpState>(state));
      if (HasFatalFailure()) return;
      const int me = static_cast<int>(e.d);
      const std::uint32_t seq = (e.flags & kTcpSyn) != 0 ? 0 : c.next[me];
      // What the other side has sent beyond its FIN is not acknowledged here, so that Closing stays Closing.
      const std::uint32_t ack = (e.flags & kTcpAck) != 0 ? 1 : 0;
      const FrameDrop drop = c.Send(e.d, e.flags, seq, ack, e.payload);
      const std::string got = drop == FrameDrop::kNone ? kStateNames[static_cast<int>(c.state)] : std::string(Keyword(drop));
      EXPECT_EQ(got, e.outcome[state]);
    }
  }
}

TEST(TcpTable, NothingStartsInReverse) {
  for (int event = 0; event < static_cast<int>(TcpEvent::kFinsDone); event++) {
    const TcpCell& cell = TcpCellOf(kS, static_cast<TcpEvent>(event), TcpState::kNone);
    EXPECT_EQ(cell.check, TcpCheck::kRefuse);
    EXPECT_NE(cell.drop, FrameDrop::kNone);
  }
}

// What every cell of a table must have, whatever it says.
TEST(TcpTable, CellsAreConsistent) {
  for (Direction d : {kC, kS}) {
    for (int e = 0; e < static_cast<int>(TcpEvent::kCount); e++) {
      for (int st = 0; st < static_cast<int>(TcpState::kCount); st++) {
        const TcpCell& cell = TcpCellOf(d, static_cast<TcpEvent>(e), static_cast<TcpState>(st));
        SCOPED_TRACE(std::to_string(static_cast<int>(d)) + " " + std::to_string(e) + " " + kStateNames[st]);
        const bool has_reason = cell.check == TcpCheck::kRefuse || cell.check == TcpCheck::kSynInside ||
                                cell.check == TcpCheck::kSynAckLate || cell.check == TcpCheck::kReopen;
        EXPECT_EQ(cell.drop != FrameDrop::kNone, has_reason);
        if (has_reason) {
          EXPECT_EQ(static_cast<int>(cell.next), st);
        }
        EXPECT_EQ(cell.check == TcpCheck::kDone, static_cast<TcpEvent>(e) == TcpEvent::kFinsDone);
        // Nothing but a first SYN leaves None, and nothing at all leaves Bypass or Closed.
        if (st == 0 && cell.check != TcpCheck::kOpen) {
          EXPECT_EQ(static_cast<int>(cell.next), 0);
        }
        if (st >= static_cast<int>(TcpState::kClosed)) {
          EXPECT_EQ(static_cast<int>(cell.next), st);
        }
      }
    }
  }
}

// --- opening

TEST(TcpTracker, HandshakeRecordsOptions) {
  Conversation c;
  c.sides[0].seq_delta = 77;
  c.Establish(7, 20);
  EXPECT_EQ(c.sides[0].mss, 1460);
  EXPECT_EQ(c.sides[1].mss, 1400);
  EXPECT_EQ(c.sides[0].scale, 7);
  EXPECT_EQ(c.sides[1].scale, 14);  // RFC 7323: at most 14
  EXPECT_EQ(c.sides[0].isn, 1000u);
  EXPECT_EQ(c.sides[1].isn, 5'000'000u);
  EXPECT_EQ(c.sides[0].seq_delta, 77u);
}

TEST(TcpTracker, ScaleNeedsBothSides) {
  Conversation c;
  c.Establish(7, 0xff);
  EXPECT_EQ(c.sides[0].scale, 0);
  Conversation d;
  d.Establish(0xff, 7);
  EXPECT_EQ(d.sides[1].scale, 0);
}

TEST(TcpTracker, FirstPacket) {
  EXPECT_EQ(TcpFirstPacketCheck(kTcpSyn), FrameDrop::kNone);
  EXPECT_EQ(TcpFirstPacketCheck(kTcpSyn | 0xc0), FrameDrop::kNone);  // ECN setup
  for (int flags : {0, +kTcpAck, kTcpSyn | kTcpAck, kTcpSyn | kTcpFin, kTcpSyn | kTcpRst, +kTcpRst, +kTcpFin}) {
    EXPECT_EQ(TcpFirstPacketCheck(static_cast<std::uint8_t>(flags)), FrameDrop::kTcpNotSyn) << flags;
  }
}

TEST(TcpTracker, SynAgain) {
  Conversation c;
  c.Syn();
  EXPECT_EQ(c.Send(kC, kTcpSyn, 0, 0), FrameDrop::kNone);
  EXPECT_FALSE(c.last.duplicate_syn);
  EXPECT_EQ(c.Send(kC, kTcpSyn, 1, 0), FrameDrop::kTcpSeqSynDiff);
  EXPECT_TRUE(c.last.duplicate_syn);
  c.SynAck();
  EXPECT_EQ(c.Send(kC, kTcpSyn, 0, 0), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kSynReceived);
  EXPECT_EQ(c.Send(kC, kTcpSyn, 0xfffffff0, 0), FrameDrop::kTcpSeqSynDiff);
}

TEST(TcpTracker, SynAckMustAcknowledgeTheSyn) {
  Conversation c;
  c.Syn();
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 2), FrameDrop::kTcpAckSynDiff);
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 0), FrameDrop::kTcpAckSynDiff);
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 1, 10), FrameDrop::kTcpSynackData);
  EXPECT_EQ(c.sides[1].flags, 0);  // nothing learned from what was dropped
  c.SynAck();
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 1), FrameDrop::kNone);  // repeated
  EXPECT_EQ(c.Send(kS, kSynAckBits, 9, 1), FrameDrop::kTcpSeqSynDiff);
}

TEST(TcpTracker, SynWithDataMayBeAcknowledgedWhole) {
  Conversation c;
  EXPECT_EQ(c.Send(kC, kTcpSyn, 0, 0, 100), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 102), FrameDrop::kTcpAckSynDiff);
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 101), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 101, 1), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kEstablished);
}

TEST(TcpTracker, ChallengeAckPassesWhileEmbryonic) {
  Conversation c;
  c.Syn();
  EXPECT_EQ(c.Send(kS, kTcpAck, 0x12345678, 0x9abcdef0), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kSynSent);
  EXPECT_EQ(c.sides[1].flags, kTcpSideChallenge);
  // The client's answer to it: an RST with the number that it asked for, wherever that is. Any other below its ISN is somebody else's.
  Conversation answers = c, answered = c;
  EXPECT_EQ(answers.Send(kC, kTcpRst, 0x9abcdeef, 0), FrameDrop::kTcpRstfinOoo);
  EXPECT_EQ(answers.state, TcpState::kSynSent);
  EXPECT_EQ(answers.Send(kC, kTcpRst, 0x9abcdef0, 0), FrameDrop::kNone);
  EXPECT_EQ(answers.state, TcpState::kClosed);
  // The SYN ACK, if it comes after all, is the first that counts.
  answered.SynAck();
  EXPECT_EQ(answered.sides[1].flags & kTcpSideChallenge, 0);
  EXPECT_EQ(answered.Send(kC, kTcpRst, 0x9abcdef0, 0), FrameDrop::kTcpRstfinOoo);
  EXPECT_EQ(c.Send(kC, kTcpRst, 0x12345678, 0), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kClosed);
  EXPECT_EQ(c.last.end, TcpEnd::kResetForward);
}

TEST(TcpTracker, ResetWhileEmbryonic) {
  Conversation c;
  c.Syn();
  EXPECT_EQ(c.Send(kS, kTcpRst | kTcpAck, 0, 2), FrameDrop::kTcp3whsFailed);
  EXPECT_EQ(c.Send(kS, kTcpRst, 0, 0), FrameDrop::kTcpRstfinOoo);
  EXPECT_EQ(c.Send(kS, kTcpRst | kTcpAck, 0u - 5'000'000u, 1), FrameDrop::kNone);  // port closed: seq 0
  EXPECT_EQ(c.last.end, TcpEnd::kResetReverse);

  Conversation d;
  d.Syn();
  d.SynAck();
  EXPECT_EQ(d.Send(kS, kTcpRst, 0xffffffff, 0), FrameDrop::kTcpRstfinOoo);
  EXPECT_EQ(d.Send(kC, kTcpRst, 0xffffffff, 0), FrameDrop::kTcpRstfinOoo);
  EXPECT_EQ(d.Send(kS, kTcpRst, 0x10000000, 0), FrameDrop::kNone);
}

TEST(TcpTracker, HandshakeMustBeCompletedByTheNextByte) {
  Conversation c;
  c.Syn();
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 5), FrameDrop::kTcp3whsFailed);  // data before the answer
  c.SynAck();
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 1, 5), FrameDrop::kTcp3whsFailed);
  EXPECT_EQ(c.Send(kC, kTcpAck, 2, 1), FrameDrop::kTcpDiscardedOoo);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 2), FrameDrop::kTcpInvalidAck);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 5), FrameDrop::kNone);  // data that completes
  EXPECT_EQ(c.state, TcpState::kEstablished);
}

TEST(TcpTracker, LateSynAck) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 1), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kSynAckBits, 5, 1), FrameDrop::kTcpRstSynInWin);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 1, 10), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kSynAckBits, 0, 1), FrameDrop::kTcpSynackOoo);
}

// --- windows

TEST(TcpTracker, DataWithinTheWindow) {
  Conversation c;
  c.Establish();                                                   // both offer 10000
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 10'000), FrameDrop::kNone);  // one large packet up to the edge
  EXPECT_EQ(c.Send(kC, kTcpAck, 10'001, 1, 1), FrameDrop::kNone);  // window probe
  EXPECT_EQ(c.Send(kC, kTcpAck, 10'001, 1, 2), FrameDrop::kTcpSeqPastWin);
  EXPECT_EQ(c.Send(kC, kTcpAck, 10'003, 1, 0), FrameDrop::kTcpSeqPastWin);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 10'000), FrameDrop::kNone);      // retransmission
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 5'001), FrameDrop::kNone);          // opens the window to 15000
  EXPECT_EQ(c.Send(kC, kTcpAck, 14'001, 1, 1'000), FrameDrop::kNone);  // out of order
  EXPECT_EQ(c.Send(kC, kTcpAck, 12'001, 1, 1'000), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 15'001, 1, 1'000), FrameDrop::kTcpSeqPastWin);
}

TEST(TcpTracker, ScaledWindowAndSuperPacket) {
  Conversation c;
  c.Establish(7, 7);
  EXPECT_EQ(c.sides[0].max_end, 1000u + 1 + 10'000u);  // a SYN ACK's window is not scaled
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 1, 0, 1000), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 65'000), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 65'001, 1, 63'000), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 128'001, 1, 65'000), FrameDrop::kTcpSeqPastWin);
}

TEST(TcpTracker, ZeroWindowProbe) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 10'000), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 10'001, 0, 0), FrameDrop::kNone);
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(c.Send(kC, kTcpAck, 10'001, 1, 1), FrameDrop::kNone);
    EXPECT_EQ(c.Send(kC, kTcpAck, 10'000, 1, 0), FrameDrop::kNone);  // Linux probes with a used number
    EXPECT_EQ(c.Send(kS, kTcpAck, 1, 10'001, 0, 0), FrameDrop::kNone);
  }
  EXPECT_EQ(c.Send(kC, kTcpAck, 10'001, 1, 100), FrameDrop::kTcpSeqPastWin);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 10'001, 0, 5000), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 10'001, 1, 100), FrameDrop::kNone);
}

TEST(TcpTracker, Keepalive) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kC, kTcpAck, 0, 1), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 0, 1, 1), FrameDrop::kNone);  // with one byte of rubbish
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 1), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kTcpAck, 0, 1), FrameDrop::kNone);
}

TEST(TcpTracker, OldSegments) {
  Conversation c;
  c.Establish();
  for (std::uint32_t at = 1; at < 100'000; at += 5'000) {
    ASSERT_EQ(c.Send(kC, kTcpAck, at, 1, 5'000), FrameDrop::kNone);
    ASSERT_EQ(c.Send(kS, kTcpAck, 1, at + 5'000), FrameDrop::kNone);
  }
  EXPECT_EQ(c.Send(kC, kTcpAck, 95'001, 1, 5'000), FrameDrop::kNone);  // acknowledged, but the ACK may have got lost
  EXPECT_EQ(c.Send(kC, kTcpAck, 80'001, 1, 5'000), FrameDrop::kTcpAcked);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1), FrameDrop::kTcpAcked);
}

TEST(TcpTracker, AcknowledgmentRange) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 2), FrameDrop::kTcpInvalidAck);  // never sent
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 100), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 101), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 1), FrameDrop::kNone);  // an old one, overtaken
  EXPECT_EQ(c.sides[1].last_ack, 1101u);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 101 - 70'000u), FrameDrop::kTcpInvalidAck);
}

TEST(TcpTracker, DroppedSegmentsChangeNothing) {
  Conversation c;
  c.Establish();
  const TcpSide before[2] = {c.sides[0], c.sides[1]};
  c.Send(kC, kTcpAck, 20'000, 1, 10);
  c.Send(kC, kTcpAck, 1, 50, 10, 60'000);
  c.Send(kC, kTcpRst, 50, 0);
  c.Send(kC, kTcpSyn, 50, 0);
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(c.sides[i].end, before[i].end);
    EXPECT_EQ(c.sides[i].max_end, before[i].max_end);
    EXPECT_EQ(c.sides[i].last_ack, before[i].last_ack);
    EXPECT_EQ(c.sides[i].max_window, before[i].max_window);
    EXPECT_EQ(c.sides[i].flags, before[i].flags);
  }
}

// --- resets and SYNs on an established connection

TEST(TcpTracker, ResetOnEstablished) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 100), FrameDrop::kNone);  // in flight: end 101, server has acknowledged 1
  EXPECT_EQ(c.Send(kC, kTcpRst, 50, 0), FrameDrop::kTcpRstSynInWin);
  EXPECT_EQ(c.Send(kC, kTcpRst, 9'000, 0), FrameDrop::kTcpRstSynInWin);
  EXPECT_EQ(c.Send(kC, kTcpRst, 0, 0), FrameDrop::kTcpRstfinOoo);
  EXPECT_EQ(c.Send(kC, kTcpRst, 20'000, 0), FrameDrop::kTcpRstfinOoo);
  Conversation other = c;
  EXPECT_EQ(other.Send(kC, kTcpRst, 101, 0), FrameDrop::kNone);  // at the end of what it sent
  EXPECT_EQ(other.last.end, TcpEnd::kResetForward);
  EXPECT_EQ(c.Send(kC, kTcpRst, 1, 0), FrameDrop::kNone);  // at what the server expects
  EXPECT_EQ(c.state, TcpState::kClosed);
  EXPECT_EQ(c.Send(kC, kTcpRst, 1, 0), FrameDrop::kTcpRstfinOoo);
}

TEST(TcpTracker, SynOnEstablished) {
  Conversation c;
  c.Establish();
  for (Direction d : {kC, kS}) {
    EXPECT_EQ(c.Send(d, kTcpSyn, 100, 0), FrameDrop::kTcpRstSynInWin);
    EXPECT_EQ(c.Send(d, kTcpSyn, 100'000, 0), FrameDrop::kTcpSynOoo);
    EXPECT_EQ(c.Send(d, kSynAckBits, 100, 1), FrameDrop::kTcpRstSynInWin);
    EXPECT_EQ(c.Send(d, kSynAckBits, 100'000, 1), FrameDrop::kTcpSynackOoo);
    EXPECT_FALSE(c.last.duplicate_syn);
    EXPECT_FALSE(c.last.reopen);
  }
}

// --- closing

TEST(TcpTracker, CloseByClient) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kC, kFinAckBits, 1, 1, 10), FrameDrop::kNone);  // data and FIN: end 12
  EXPECT_EQ(c.state, TcpState::kFinForward);
  EXPECT_EQ(c.Send(kS, kTcpAck, 1, 12, 500), FrameDrop::kNone);  // the other half is still open
  EXPECT_EQ(c.state, TcpState::kFinForward);
  EXPECT_EQ(c.Send(kC, kTcpAck, 12, 501, 1), FrameDrop::kTcpDataPastFin);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 501, 10), FrameDrop::kNone);  // retransmission without the FIN
  EXPECT_EQ(c.Send(kC, kFinAckBits, 1, 501, 10), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kFinAckBits, 1, 501, 11), FrameDrop::kTcpDataPastFin);
  EXPECT_EQ(c.Send(kC, kFinAckBits, 1, 501, 9), FrameDrop::kTcpRstfinOoo);  // another end
  EXPECT_EQ(c.Send(kS, kFinAckBits, 501, 12), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kClosing);
  EXPECT_EQ(c.last.end, TcpEnd::kNone);
  EXPECT_EQ(c.Send(kS, kFinAckBits, 501, 12), FrameDrop::kNone);  // late FIN again: the last ACK got lost
  EXPECT_EQ(c.state, TcpState::kClosing);
  EXPECT_EQ(c.Send(kC, kTcpAck, 12, 502), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kClosed);
  EXPECT_EQ(c.last.end, TcpEnd::kFins);
}

TEST(TcpTracker, SimultaneousClose) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kS, kFinAckBits, 1, 1), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kFinReverse);
  EXPECT_EQ(c.Send(kC, kFinAckBits, 1, 1), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kTcpAck, 2, 2), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kClosing);
  EXPECT_EQ(c.Send(kC, kTcpAck, 2, 2), FrameDrop::kNone);
  EXPECT_EQ(c.state, TcpState::kClosed);
  EXPECT_EQ(c.last.end, TcpEnd::kFins);
}

TEST(TcpTracker, FinMustFollowTheData) {
  Conversation c;
  c.Establish();
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 1, 100), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kFinAckBits, 201, 1), FrameDrop::kTcpRstfinOoo);  // gap
  EXPECT_EQ(c.Send(kC, kFinAckBits, 51, 1), FrameDrop::kTcpRstfinOoo);   // data already beyond
  EXPECT_EQ(c.Send(kC, kFinAckBits, 51, 1, 50), FrameDrop::kNone);
}

TEST(TcpTracker, PortUsedAgain) {
  for (TcpState state : {TcpState::kClosing, TcpState::kClosed}) {
    for (Direction d : {kC, kS}) {
      Conversation c;
      c.Reach(state);
      EXPECT_EQ(c.Send(d, kTcpSyn, 0, 0), FrameDrop::kTcpSynOoo);
      EXPECT_FALSE(c.last.reopen);
      EXPECT_EQ(c.Send(d, kTcpSyn, 70'000, 0), FrameDrop::kNone);
      EXPECT_TRUE(c.last.reopen);
      EXPECT_EQ(c.last.end, TcpEnd::kNone);
    }
  }
}

TEST(TcpTracker, Timeouts) {
  EXPECT_EQ(TimeoutOf(TcpState::kSynSent), TcpTimeout::kEmbryonic);
  EXPECT_EQ(TimeoutOf(TcpState::kSynReceived), TcpTimeout::kEmbryonic);
  EXPECT_EQ(TimeoutOf(TcpState::kEstablished), TcpTimeout::kEstablished);
  EXPECT_EQ(TimeoutOf(TcpState::kFinForward), TcpTimeout::kEstablished);
  EXPECT_EQ(TimeoutOf(TcpState::kClosing), TcpTimeout::kHalfClosed);
  EXPECT_TRUE(IsEmbryonic(TcpState::kSynSent));
  EXPECT_TRUE(IsEmbryonic(TcpState::kSynReceived));
  EXPECT_FALSE(IsEmbryonic(TcpState::kEstablished));
}

// Whatever is sent, what is dropped changes nothing, and the state that follows is the table's.
TEST(TcpTracker, RandomSegmentsObeyTheTable) {
  Random random(9);
  const auto near = [&](std::uint32_t n) { return n + random.Below(40) - 20; };
  int passed = 0;
  for (int round = 0; round < 20'000; round++) {
    Conversation c(random.U32(), random.U32());
    c.Reach(static_cast<TcpState>(random.Below(9)));
    for (int step = 0; step < 12; step++) {
      const Direction d = c.state == TcpState::kNone ? kC : static_cast<Direction>(random.Below(2));
      const TcpSide& from = c.sides[static_cast<int>(d)];
      const TcpSide& to = c.sides[1 - static_cast<int>(d)];
      TcpSegment s;
      constexpr std::uint8_t kFlags[] = {kTcpSyn, kSynAckBits, kTcpAck, kTcpAck, kTcpAck, kFinAckBits, kTcpRst};
      s.flags = random.Below(10) == 0 ? static_cast<std::uint8_t>(random.U32()) : kFlags[random.Below(7)];
      s.seq = random.Below(4) == 0   ? random.U32()
              : random.Below(3) == 0 ? near(from.end)
              : random.Below(2) == 0 ? from.end
                                     : from.isn;
      s.ack = random.Below(4) == 0 ? random.U32() : random.Below(2) == 0 ? near(to.end) : to.end;
      s.window = static_cast<std::uint16_t>(random.U32());
      s.payload = random.Below(2) == 0 ? 0 : random.Below(100);
      s.window_scale = random.Below(2) == 0 ? 0xff : static_cast<std::uint8_t>(random.Below(255));
      const TcpState before = c.state;
      const TcpSide sides[2] = {c.sides[0], c.sides[1]};
      const TcpVerdict v = c.Raw(d, s);
      if (v.drop != FrameDrop::kNone) {
        static_assert(std::has_unique_object_representations_v<TcpSide>);
        ASSERT_EQ(std::memcmp(sides, c.sides, sizeof sides), 0);
        ASSERT_EQ(v.end, TcpEnd::kNone);
        ASSERT_FALSE(v.reopen);
        continue;
      }
      passed++;
      ASSERT_EQ(v.end != TcpEnd::kNone, v.state == TcpState::kClosed && before != TcpState::kClosed);
      bool in_table = false;
      for (int e = 0; e < static_cast<int>(TcpEvent::kFinsDone); e++) {
        const TcpState next = TcpCellOf(d, static_cast<TcpEvent>(e), before).next;
        in_table = in_table || next == v.state || TcpCellOf(d, TcpEvent::kFinsDone, next).next == v.state;
      }
      ASSERT_TRUE(in_table);
    }
  }
  EXPECT_GT(passed, 30'000);
}

// Two well-behaved ends over a network that loses, repeats and delays must never meet a drop, wherever the numbers start.
TEST(TcpTracker, HonestTransferIsNeverDropped) {
  Random random(7);
  for (int round = 0; round < 50; round++) {
    Conversation c(random.U32(), round % 2 != 0 ? 0xffffff00u : random.U32());
    const std::uint8_t scale = static_cast<std::uint8_t>(random.Below(15));
    c.Establish(scale, 3);
    std::uint32_t sent = 1, received = 1, edge = 10'001;  // the client's stream
    std::vector<std::pair<std::uint32_t, std::uint32_t>> in_flight;
    for (int step = 0; step < 400; step++) {
      if (random.Below(2) == 0 && sent < edge) {
        const std::uint32_t n = 1 + random.Below(std::min(edge - sent, 65'000u));
        in_flight.emplace_back(sent, n);
        sent += n;
      }
      if (!in_flight.empty() &&
          random.Below(3) != 0) {  // one arrives at the box, in any order, maybe to be sent again later
        const std::size_t i = random.Below(static_cast<std::uint32_t>(in_flight.size()));
        const auto [seq, n] = in_flight[i];
        ASSERT_EQ(Keyword(c.Send(kC, kTcpAck, seq, 1, n)), "") << "round " << round << " step " << step;
        if (random.Below(4) != 0) {
          in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(i));
          bool whole = true;
          for (const auto& f : in_flight) whole = whole && f.first > seq;
          if (whole) received = in_flight.empty() ? sent : std::min_element(in_flight.begin(), in_flight.end())->first;
        }
        const std::uint16_t window = static_cast<std::uint16_t>(1000 + random.Below(60'000));
        ASSERT_EQ(c.Send(kS, kTcpAck, 1, received, 0, window), FrameDrop::kNone);
        edge = std::max(edge, received + (std::uint32_t{window} << 3));
      }
    }
    ASSERT_GT(received, 10'000u);
  }
}

// --- what a tcp-map says otherwise, and timestamps

TcpSegment Stamped(const Conversation& c, Direction d, std::uint32_t seq, std::uint32_t ack, std::uint32_t stamp, std::uint32_t payload = 0) {
  const int me = static_cast<int>(d);
  return {.flags = kTcpAck, .seq = c.isn[me] + seq, .ack = c.isn[1 - me] + ack, .window = 10'000, .payload = payload, .stamped = true,
          .timestamp = stamp};
}

void EstablishStamped(Conversation& c, bool answered = true) {
  c.Raw(kC, {.flags = kTcpSyn, .seq = c.isn[0], .window = 10'000, .stamped = true, .timestamp = 100});
  c.Raw(kS, {.flags = kSynAckBits, .seq = c.isn[1], .ack = c.isn[0] + 1, .window = 10'000, .stamped = answered, .timestamp = 0xfffffff0});
  ASSERT_EQ(c.Raw(kC, Stamped(c, kC, 1, 1, 101)).drop, FrameDrop::kNone);
}

TEST(TcpTracker, Paws) {
  Conversation c;
  EstablishStamped(c);
  EXPECT_EQ(c.Raw(kC, Stamped(c, kC, 1, 1, 100, 10)).drop, FrameDrop::kTcpPawsFail);
  EXPECT_EQ(c.Raw(kS, Stamped(c, kS, 1, 1, 0xffffffef, 10)).drop, FrameDrop::kTcpPawsFail);
  EXPECT_EQ(c.Raw(kS, Stamped(c, kS, 1, 1, 5, 10)).drop, FrameDrop::kNone) << "across the end of the numbers";
  EXPECT_EQ(c.Raw(kS, Stamped(c, kS, 1, 1, 0xfffffff0, 10)).drop, FrameDrop::kTcpPawsFail);
  TcpSegment late = Stamped(c, kC, 1, 1, 7, 10);
  late.rules = kTcpStampStale;
  EXPECT_EQ(c.Raw(kC, late).drop, FrameDrop::kNone) << "after 24 days of silence";
  EXPECT_EQ(c.Raw(kC, Stamped(c, kC, 11, 1, 6, 10)).drop, FrameDrop::kTcpPawsFail) << "from there on it compares again";
  TcpSegment rst = Stamped(c, kC, 11, 1, 1);
  rst.flags = kTcpRst;
  EXPECT_EQ(c.Raw(kC, rst).drop, FrameDrop::kNone);
}

TEST(TcpTracker, TimestampsThatOneEndDoesNotWantAreNotCompared) {
  Conversation c;
  EstablishStamped(c, false);
  EXPECT_EQ(c.Raw(kC, Stamped(c, kC, 1, 1, 50, 10)).drop, FrameDrop::kNone);
}

TEST(TcpTracker, AllowedWrongNumbersTeachNothing) {
  Conversation c;
  c.Establish();
  TcpSegment s{.flags = kTcpAck, .seq = c.isn[0] + 1, .ack = c.isn[1] + 5000, .window = 60'000};
  EXPECT_EQ(c.Raw(kC, s).drop, FrameDrop::kTcpInvalidAck);
  s.rules = kTcpAllowInvalidAck;
  EXPECT_EQ(c.Raw(kC, s).drop, FrameDrop::kNone);
  EXPECT_EQ(c.sides[0].last_ack, c.isn[1] + 1);
  EXPECT_EQ(c.sides[1].max_end, c.isn[1] + 1 + 10'000);
  TcpSegment far{.flags = kTcpAck, .seq = c.isn[0] + 50'000, .ack = c.isn[1] + 1, .window = 10'000, .payload = 10};
  EXPECT_EQ(c.Raw(kC, far).drop, FrameDrop::kTcpSeqPastWin);
  far.rules = kTcpAllowPastWindow;
  EXPECT_EQ(c.Raw(kC, far).drop, FrameDrop::kNone);
}

TEST(TcpTracker, DataOfASynAckWhereAllowed) {
  Conversation c;
  c.Syn();
  TcpSegment s{.flags = kSynAckBits, .seq = c.isn[1], .ack = c.isn[0] + 1, .window = 10'000, .payload = 5};
  EXPECT_EQ(c.Raw(kS, s).drop, FrameDrop::kTcpSynackData);
  s.rules = kTcpAllowSynackData;
  EXPECT_EQ(c.Raw(kS, s).drop, FrameDrop::kNone);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 7), FrameDrop::kTcpInvalidAck);
  EXPECT_EQ(c.Send(kC, kTcpAck, 1, 6), FrameDrop::kNone);
  EXPECT_EQ(c.Send(kS, kTcpAck, 6, 1, 10), FrameDrop::kNone);
}

TEST(TcpTracker, AWindowThatIsTakenBack) {
  Conversation c;
  c.Establish();
  const auto ack = [&](std::uint32_t seq, std::uint32_t of, std::uint16_t window, std::uint8_t rules) {
    return c.Raw(kC, {.flags = kTcpAck, .seq = c.isn[0] + seq, .ack = c.isn[1] + of, .window = window, .rules = rules}).drop;
  };
  EXPECT_EQ(ack(1, 1, 10, 0), FrameDrop::kNone) << "the default";
  EXPECT_EQ(ack(1, 1, 5001, kTcpRefuseVariation), FrameDrop::kNone) << "not that much";
  EXPECT_EQ(ack(1, 1, 4999, kTcpRefuseVariation), FrameDrop::kTcpnormWinVariation);
  ASSERT_EQ(c.Send(kS, kTcpAck, 1, 1, 9000), FrameDrop::kNone);
  EXPECT_EQ(ack(1, 9001, 1000, kTcpRefuseVariation), FrameDrop::kNone) << "what is used up is not taken back";
}

}  // namespace
}  // namespace sallyport
