// Virtual reassembly, as an ASA does it: the fragments of a datagram are held until all are there and fit together; then the
// caller looks at the first one's transport header, decides once for all of them, rewrites addresses on each and lets them
// go as the fragments they were. A datagram whose fragments overlap, contradict each other, are too many or too small is
// refused whole.
//
// Owned by the engine, data thread only. Holds copies of packets (their bytes and packet I/O's handle) and allocates for
// nothing else. Knows no policy. Limits and counters are kept for each ingress interface, as `fragment` and `show fragment`
// have them. Source: RFC 791 3.2, RFC 8200 4.5, RFC 5722, RFC 1858; ASA command reference, `fragment`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/drop_reason.h"
#include "firewall/packet.h"
#include "firewall/types.h"

namespace sallyport {

class UndoLog;

// `fragment size|chain|timeout N IF`.
struct FragmentLimits {
  std::uint32_t size = 200;                 // fragments waiting at once; 1..30000
  std::uint32_t chain = 24;                 // fragments of one datagram; 1..8200. 1: no fragments at all
  Duration timeout = Duration::Seconds(5);  // for the whole datagram, from its first fragment on; 1..30 s
};

// `show fragment`. Drops count events, not fragments, save for the first two, which refuse single fragments.
struct FragmentCounters {
  std::uint32_t queue = 0;      // fragments waiting now
  std::uint64_t assembled = 0;  // datagrams
  std::uint64_t size_overflow = 0;
  std::uint64_t threshold = 0;  // two thirds full: no new datagrams, so that those begun can be completed
  std::uint64_t timeout = 0;
  std::uint64_t chain_overflow = 0;
  std::uint64_t small = 0;           // first fragment without the whole transport header, or one that would overwrite it
  std::uint64_t invalid_length = 0;  // not in units of 8, empty, beyond 65535, or beyond the end that the last one gave
  std::uint64_t overlap = 0;
  // Releases that print four numbers: "Queue: 0, Assembled: 0, Fail: 0, Overflow: 0".
  std::uint64_t Fail() const { return timeout + small + invalid_length + overlap; }
  std::uint64_t Overflow() const { return size_overflow + threshold + chain_overflow; }
};

struct HeldFragment {
  std::uint32_t handle = 0;  // Packet::handle
  std::uint16_t offset = 0;  // of its data in the datagram's, bytes
  std::uint32_t data_length = 0;
  std::vector<std::uint8_t> bytes;  // the fragment, whole, from its IP header on
  TunnelId came_from{};             // Packet::came_from
};

class FragmentTable {
 public:
  enum class Problem : std::uint8_t {
    kNone,
    kNotWhole,       // bytes are missing: packet I/O must copy fragments up whole
    kMalformed,      // no fragment, or headers that contradict each other
    kSizeOverflow,   // 209003
    kThreshold,      // 209003
    kChainOverflow,  // 209005
    kTooLarge,       // 209004
    kInvalidLength,
    kSmall,
    kTeardrop,   // 106020
    kOverlap,    // 106020
    kTimeout,    // those held were over time (Expire was not called first); this one may not join them
    kDuplicate,  // only this fragment is refused: the same bytes are held already
  };
  struct Result {
    enum class What : std::uint8_t { kHeld, kComplete, kDropped };
    What what = What::kHeld;
    FrameDrop reason = FrameDrop::kNone;  // of kDropped
    Problem problem = Problem::kNone;     // of kDropped
    // kComplete: all fragments in order, this one among them. kDropped: those held earlier that fall with this one (which is
    // not among them: its verdict is the caller's answer).
    std::vector<HeldFragment> fragments;
    std::uint32_t data_length = 0;  // kComplete: of the datagram without IP header and fragment header
  };

  explicit FragmentTable(std::uint64_t hash_seed);
  ~FragmentTable();
  FragmentTable(const FragmentTable&) = delete;
  FragmentTable& operator=(const FragmentTable&) = delete;

  // For fragments that come from now on.
  void SetLimits(IfId ingress, const FragmentLimits& limits);
  const FragmentLimits& limits(IfId ingress) const;
  const FragmentCounters& counters(IfId ingress) const;
  void ClearCounters(IfId ingress);  // `clear fragment statistics`; the queue stays

  // `p.bytes`, `wire_length`, `ingress` and `handle` are read; the headers are looked at here again.
  Result Add(const Packet& p, TimePoint now);

  // The fragments of the datagrams whose time is over at `now`, earliest first; the caller drops them.
  std::vector<HeldFragment> Expire(TimePoint now);
  // At or before the earliest timeout; Max when nothing is held.
  TimePoint NextDeadline() const;

  std::uint32_t datagrams() const;  // incomplete ones held
  // Notes all of it, for a fragment that is only imagined.
  void Keep(UndoLog& undo);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
