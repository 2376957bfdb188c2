// First match over an ordered list of flow patterns (address ranges, port ranges, protocol), in about the same time for ten
// patterns as for a hundred thousand. Access lists and translation rules are both looked up through it.
//
// Tuple space search (Srinivasan, Suri, Varghese, SIGCOMM 1999): patterns are put into cells by (source prefix length,
// destination prefix length, protocol given or not); one hash probe for each such tuple finds the cell of a flow. Ranges
// that are no prefixes are split into prefixes, or covered by a wider one when that would be too many: every candidate is
// compared with its pattern once more, so a cell may hold too much but never too little. Tuples are visited by their lowest
// order and the search stops when no earlier match is possible. With many tuples, two binary searches tell beforehand which
// prefix lengths can match at all, and a *row* for each source prefix names the only tuples that occur with it. A cell with
// many candidates has a second index by port.
//
// Immutable; any thread; a lookup allocates nothing. Hit counts, interfaces and the like are the caller's (`accept`).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/base/ip_address.h"

namespace sallyport {

struct FlowPattern {
  std::uint32_t order = 0;    // lower wins; several patterns may share one
  std::uint8_t protocol = 0;  // 0: any
  AddressRange src;
  AddressRange dst;
  PortRange sport;
  PortRange dport;
};

struct FlowProbe {
  IpAddress src;
  IpAddress dst;
  std::uint16_t sport = 0;
  std::uint16_t dport = 0;
  std::uint8_t protocol = 0;
};

inline bool Matches(const FlowPattern& p, const FlowProbe& q) {
  return (p.protocol == 0 || p.protocol == q.protocol) && p.dport.Contains(q.dport) && p.sport.Contains(q.sport) &&
         p.dst.Contains(q.dst) && p.src.Contains(q.src);
}

// The prefixes that together are exactly `range`, at most `limit`; with more, the one smallest prefix around it.
std::vector<Prefix> SplitRange(const AddressRange& range, std::size_t limit);

class FlowClassifier {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  FlowClassifier() = default;
  explicit FlowClassifier(std::vector<FlowPattern> patterns);

  // The lowest order whose pattern matches `q` and for which `accept(order)` is true, or kNone.
  template <typename F>
  std::uint32_t First(const FlowProbe& q, F&& accept) const;

  bool empty() const { return patterns_.empty(); }
  std::size_t tuple_count() const { return tuples_.size(); }

 private:
  struct Mask {
    std::uint64_t hi = 0;
    std::uint64_t lo = 0;
  };
  struct Tuple {
    Mask src;
    Mask dst;
    std::uint64_t dst_bit = 0;  // in the filter
    std::uint64_t seed = 0;
    std::uint32_t lowest = kNone;  // position in patterns_
    bool with_protocol = false;
  };
  // A cell, or one port prefix of a cell with many candidates. Two cells with the same hash would merely be one.
  struct Slot {
    std::uint64_t hash = 0;  // 0: empty
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    std::uint32_t ports = 0;  // not 0: candidates are in port cells; bit n: prefixes of length n exist; kBySport
    std::uint32_t lowest = 0;
  };
  struct SlotTable {
    std::vector<Slot> slots;  // open addressing, at most half full
    std::uint64_t mask = 0;
    void Build(const std::vector<Slot>& from);
    const Slot* Find(std::uint64_t hash) const {
      for (std::uint64_t i = hash & mask;; i = (i + 1) & mask) {
        const Slot& s = slots[i];
        if (s.hash == hash) return &s;
        if (s.hash == 0) return nullptr;
      }
    }
  };
  // A source prefix length that occurs, and a tuple that occurs with one source prefix of it.
  struct SrcLength {
    Mask mask;
    std::uint64_t bit = 0;  // in the filter
    std::uint64_t seed = 0;
    std::uint32_t lowest = kNone;
  };
  struct RowTuple {
    std::uint32_t tuple = 0;
    std::uint32_t lowest = kNone;
  };
  struct RowEntry {
    std::uint64_t hash;
    std::uint32_t tuple;
    std::uint32_t position;
  };
  // Which prefix lengths occur around an address: sorted starts of segments, and a set of length bits for each.
  struct LengthFilter {
    std::vector<IpAddress> starts;
    std::vector<std::uint64_t> bits;
    std::uint64_t Find(IpAddress a) const;
  };
  struct Entry {
    std::uint64_t hash;
    std::uint32_t position;
  };
  static constexpr std::uint32_t kBySport = 1u << 31;
  static constexpr std::size_t kManyCandidates = 8;
  static constexpr std::size_t kManyTuples = 24;
  static constexpr std::size_t kMaxPieces = 64;  // prefixes of one range

  static Mask MaskOf(int length);
  static LengthFilter BuildFilter(std::vector<Prefix> prefixes, const std::vector<int>& bit_of_length);
  static std::uint64_t Fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide m = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(m >> 64) ^ static_cast<std::uint64_t>(m);
  }
  static std::uint64_t CellHash(const Tuple& t, IpAddress src, IpAddress dst, std::uint8_t protocol) {
    std::uint64_t h = Fold((src.hi() & t.src.hi) ^ 0xa0761d6478bd642fu, (src.lo() & t.src.lo) ^ t.seed);
    h = Fold((dst.hi() & t.dst.hi) ^ h, (dst.lo() & t.dst.lo) ^ 0xe7037ed1a0b428dbu);
    h = Fold(h ^ (t.with_protocol ? protocol : 0u), 0x8ebc6af09c88c6e3u);
    return h == 0 ? 1 : h;
  }
  static std::uint64_t PortHash(std::uint64_t cell, int length, std::uint16_t port) {
    const std::uint64_t value = length == 0 ? 0 : port >> (16 - length);
    const std::uint64_t h =
        Fold(cell ^ 0x589965cc75374cc3u, (value << 8 | static_cast<unsigned>(length)) ^ 0x1d8e4e27c47d124fu);
    return h == 0 ? 1 : h;
  }
  static std::uint64_t RowHash(const SrcLength& l, IpAddress src) {
    const std::uint64_t h = Fold((src.hi() & l.mask.hi) ^ 0x2d358dccaa6c78a5u, (src.lo() & l.mask.lo) ^ l.seed);
    return h == 0 ? 1 : h;
  }
  void FillCells(std::vector<Entry> entries);
  void FillRows(std::vector<RowEntry> entries);
  template <typename F>
  void SearchTuple(const Tuple& t, const FlowProbe& q, F& accept, std::uint32_t& best) const;
  template <typename F>
  void Scan(const Slot& s, const FlowProbe& q, F& accept, std::uint32_t& best) const;

  std::vector<FlowPattern> patterns_;  // by order
  std::vector<Tuple> tuples_;          // by lowest
  SlotTable cells_;
  std::vector<std::uint32_t> candidates_;  // positions in patterns_, rising within a cell
  // With many tuples only; else empty.
  std::vector<SrcLength> src_lengths_;  // by lowest
  SlotTable rows_;                      // begin and count are in row_tuples_
  std::vector<RowTuple> row_tuples_;    // by lowest within a row
  LengthFilter src_filter_;
  LengthFilter dst_filter_;
};

template <typename F>
void FlowClassifier::Scan(const Slot& s, const FlowProbe& q, F& accept, std::uint32_t& best) const {
  for (std::uint32_t i = s.begin; i < s.begin + s.count; i++) {
    const std::uint32_t position = candidates_[i];
    if (position >= best) return;
    const FlowPattern& p = patterns_[position];
    if (Matches(p, q) && accept(p.order)) {
      best = position;
      return;
    }
  }
}

template <typename F>
void FlowClassifier::SearchTuple(const Tuple& t, const FlowProbe& q, F& accept, std::uint32_t& best) const {
  const std::uint64_t hash = CellHash(t, q.src, q.dst, q.protocol);
  const Slot* cell = cells_.Find(hash);
  if (cell == nullptr || cell->lowest >= best) return;
  if (cell->ports == 0) {
    Scan(*cell, q, accept, best);
    return;
  }
  const std::uint16_t port = cell->ports & kBySport ? q.sport : q.dport;
  for (std::uint32_t lengths = cell->ports & ~kBySport; lengths != 0; lengths &= lengths - 1) {
    const Slot* by_port = cells_.Find(PortHash(hash, std::countr_zero(lengths), port));
    if (by_port != nullptr && by_port->lowest < best) Scan(*by_port, q, accept, best);
  }
}

template <typename F>
std::uint32_t FlowClassifier::First(const FlowProbe& q, F&& accept) const {
  std::uint32_t best = kNone;
  if (src_lengths_.empty()) {
    for (const Tuple& t : tuples_) {
      if (t.lowest >= best) break;
      SearchTuple(t, q, accept, best);
    }
  } else {
    const std::uint64_t src_bits = src_filter_.Find(q.src), dst_bits = dst_filter_.Find(q.dst);
    for (const SrcLength& l : src_lengths_) {
      if (l.lowest >= best) break;
      if ((l.bit & src_bits) == 0) continue;
      const Slot* row = rows_.Find(RowHash(l, q.src));
      if (row == nullptr) continue;
      for (std::uint32_t i = row->begin; i < row->begin + row->count && row_tuples_[i].lowest < best; i++) {
        const Tuple& t = tuples_[row_tuples_[i].tuple];
        if ((t.dst_bit & dst_bits) != 0) SearchTuple(t, q, accept, best);
      }
    }
  }
  return best == kNone ? kNone : patterns_[best].order;
}

}  // namespace sallyport
