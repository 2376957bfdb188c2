#include "firewall/flow_classifier.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sallyport {
namespace {

__extension__ using Wide = unsigned __int128;

Wide ToWide(IpAddress a) { return static_cast<Wide>(a.hi()) << 64 | a.lo(); }
IpAddress FromWide(Wide w) { return IpAddress::V6(static_cast<std::uint64_t>(w >> 64), static_cast<std::uint64_t>(w)); }

int TrailingZeros(Wide w) {
  const auto lo = static_cast<std::uint64_t>(w);
  if (lo != 0) return std::countr_zero(lo);
  return 64 + std::countr_zero(static_cast<std::uint64_t>(w >> 64));  // 128 for zero
}

int LeadingZeros(Wide w) {
  const auto hi = static_cast<std::uint64_t>(w >> 64);
  if (hi != 0) return std::countl_zero(hi);
  return 64 + std::countl_zero(static_cast<std::uint64_t>(w));
}

Wide LowBits(int n) { return n >= 128 ? ~static_cast<Wide>(0) : (static_cast<Wide>(1) << n) - 1; }

struct PortPrefix {
  int length;
  std::uint16_t first;
};

std::vector<PortPrefix> SplitPorts(const PortRange& range) {
  std::vector<PortPrefix> result;
  std::uint32_t first = range.first;
  const std::uint32_t end = range.last + 1u;
  while (first < end) {
    std::uint32_t size = first == 0 ? 65536 : first & -first;
    while (first + size > end) size /= 2;
    result.push_back({16 - std::countr_zero(size), static_cast<std::uint16_t>(first)});
    first += size;
  }
  return result;
}

}  // namespace

std::vector<Prefix> SplitRange(const AddressRange& range, std::size_t limit) {
  std::vector<Prefix> result;
  if (range.last < range.first) return result;
  Wide first = ToWide(range.first);
  const Wide last = ToWide(range.last);
  for (;;) {
    int bits = TrailingZeros(first);
    while (bits > 0 && last - first < LowBits(bits)) bits--;
    if (result.size() == limit) {
      const int common = LeadingZeros(ToWide(range.first) ^ last);
      return {{FromWide(ToWide(range.first) & ~LowBits(128 - common)), static_cast<std::uint8_t>(common)}};
    }
    result.push_back({FromWide(first), static_cast<std::uint8_t>(128 - bits)});
    if (last - first == LowBits(bits)) return result;
    first += LowBits(bits) + 1;
  }
}

FlowClassifier::Mask FlowClassifier::MaskOf(int length) {
  const Wide mask = ~LowBits(128 - length);
  return {static_cast<std::uint64_t>(mask >> 64), static_cast<std::uint64_t>(mask)};
}

std::uint64_t FlowClassifier::LengthFilter::Find(IpAddress a) const {
  // starts[0] is the lowest address of all, so there is always a segment. Branch-free halving.
  const IpAddress* base = starts.data();
  std::size_t n = starts.size();
  while (n > 1) {
    const std::size_t half = n / 2;
    base = base[half] <= a ? base + half : base;
    n -= half;
  }
  return bits[static_cast<std::size_t>(base - starts.data())];
}

FlowClassifier::LengthFilter FlowClassifier::BuildFilter(std::vector<Prefix> prefixes,
                                                         const std::vector<int>& bit_of_length) {
  // Prefixes nest or are disjoint, so a stack holds those around the present address.
  std::sort(prefixes.begin(), prefixes.end(),
            [](const Prefix& a, const Prefix& b) { return std::tie(a.address, a.length) < std::tie(b.address, b.length); });
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  std::vector<IpAddress> edges{IpAddress()};
  for (const Prefix& p : prefixes) {
    edges.push_back(p.address);
    const Wide last = ToWide(AddressRange::Of(p).last);
    if (last != ~static_cast<Wide>(0)) edges.push_back(FromWide(last + 1));
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());

  LengthFilter filter;
  std::vector<std::pair<IpAddress, std::uint64_t>> stack;  // last address, bits of it and all below it
  std::size_t next = 0;
  for (const IpAddress& edge : edges) {
    while (!stack.empty() && stack.back().first < edge) stack.pop_back();
    for (; next < prefixes.size() && prefixes[next].address == edge; next++) {
      const std::uint64_t below = stack.empty() ? 0 : stack.back().second;
      const std::uint64_t bit = 1ull << bit_of_length[prefixes[next].length];
      stack.emplace_back(AddressRange::Of(prefixes[next]).last, below | bit);
    }
    filter.starts.push_back(edge);
    filter.bits.push_back(stack.empty() ? 0 : stack.back().second);
  }
  return filter;
}

FlowClassifier::FlowClassifier(std::vector<FlowPattern> patterns) : patterns_(std::move(patterns)) {
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const FlowPattern& a, const FlowPattern& b) { return a.order < b.order; });
  // Positions rise, so the first pattern of a tuple or of a source length is its lowest, and tuples_ is made in that order.
  std::map<std::tuple<int, int, bool>, std::uint32_t> tuple_of;
  std::map<int, std::size_t> src_length_of;
  std::vector<Entry> cells;
  std::vector<RowEntry> rows;
  std::vector<Prefix> src_prefixes, dst_prefixes;
  for (std::uint32_t position = 0; position < patterns_.size(); position++) {
    const FlowPattern& p = patterns_[position];
    const std::vector<Prefix> srcs = SplitRange(p.src, kMaxPieces);
    const std::vector<Prefix> dsts = SplitRange(p.dst, srcs.size() > 8 ? 8 : kMaxPieces);
    for (const Prefix& src : srcs) {
      const auto [length, is_new_length] = src_length_of.try_emplace(src.length, src_lengths_.size());
      if (is_new_length) src_lengths_.push_back({MaskOf(src.length), 0, 0x9e3779b97f4a7c15u * (src.length + 1u), position});
      for (const Prefix& dst : dsts) {
        const bool with_protocol = p.protocol != 0;
        const auto [it, is_new] =
            tuple_of.try_emplace({src.length, dst.length, with_protocol}, static_cast<std::uint32_t>(tuples_.size()));
        if (is_new) {
          Tuple t;
          t.src = MaskOf(src.length);
          t.dst = MaskOf(dst.length);
          t.seed = Fold(0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(src.length), 0xff51afd7ed558ccdu + dst.length);
          t.lowest = position;
          t.with_protocol = with_protocol;
          tuples_.push_back(t);
        }
        cells.push_back({CellHash(tuples_[it->second], src.address, dst.address, p.protocol), position});
        rows.push_back({RowHash(src_lengths_[length->second], src.address), it->second, position});
        dst_prefixes.push_back(dst);
      }
      src_prefixes.push_back(src);
    }
  }
  FillCells(std::move(cells));
  if (tuples_.size() <= kManyTuples) {
    src_lengths_.clear();
    return;
  }
  FillRows(std::move(rows));
  // More than 64 lengths on one side share the last bit: the filter lets through more than needed, never less.
  std::vector<int> src_bit(129, -1), dst_bit(129, -1);
  int src_bits = 0, dst_bits = 0;
  const auto assign = [](int& bit, int& used) { return bit = bit >= 0 ? bit : used < 63 ? used++ : 63; };
  for (const auto& [length, index] : src_length_of) src_lengths_[index].bit = 1ull << assign(src_bit[length], src_bits);
  for (const auto& [lengths, index] : tuple_of) {
    const int dst_length = std::get<1>(lengths);
    tuples_[index].dst_bit = 1ull << assign(dst_bit[dst_length], dst_bits);
  }
  src_filter_ = BuildFilter(std::move(src_prefixes), src_bit);
  dst_filter_ = BuildFilter(std::move(dst_prefixes), dst_bit);
}

void FlowClassifier::FillRows(std::vector<RowEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const RowEntry& a, const RowEntry& b) {
    return std::tie(a.hash, a.tuple, a.position) < std::tie(b.hash, b.tuple, b.position);
  });
  std::vector<Slot> made;
  for (std::size_t i = 0; i < entries.size(); i++) {
    if (i != 0 && entries[i].hash == entries[i - 1].hash && entries[i].tuple == entries[i - 1].tuple) continue;
    if (made.empty() || made.back().hash != entries[i].hash) {
      made.push_back({entries[i].hash, static_cast<std::uint32_t>(row_tuples_.size()), 0, 0, 0});
    }
    row_tuples_.push_back({entries[i].tuple, entries[i].position});
    made.back().count++;
  }
  for (const Slot& row : made) {
    std::sort(row_tuples_.begin() + row.begin, row_tuples_.begin() + row.begin + row.count,
              [](const RowTuple& a, const RowTuple& b) { return a.lowest < b.lowest; });
  }
  rows_.Build(made);
}

void FlowClassifier::FillCells(std::vector<Entry> entries) {
  const auto by_hash = [](const Entry& a, const Entry& b) {
    return std::tie(a.hash, a.position) < std::tie(b.hash, b.position);
  };
  const auto same = [](const Entry& a, const Entry& b) { return a.hash == b.hash && a.position == b.position; };
  const auto group_end = [](const std::vector<Entry>& all, std::size_t begin) {
    std::size_t end = begin;
    while (end < all.size() && all[end].hash == all[begin].hash) end++;
    return end;
  };
  const auto port_of = [this](const Entry& e, bool by_sport) {
    return by_sport ? patterns_[e.position].sport : patterns_[e.position].dport;
  };
  std::sort(entries.begin(), entries.end(), by_hash);
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());

  std::vector<Slot> made;
  std::vector<Entry> port_entries;
  for (std::size_t i = 0, end = 0; i < entries.size(); i = end) {
    end = group_end(entries, i);
    Slot slot{entries[i].hash, static_cast<std::uint32_t>(candidates_.size()), 0, 0, entries[i].position};
    std::array<std::size_t, 2> variety{};  // how many different ranges: which port tells candidates apart better
    if (end - i > kManyCandidates) {
      for (const bool by_sport : {false, true}) {
        std::set<std::pair<int, int>> seen;
        for (std::size_t k = i; k < end; k++)
          seen.emplace(port_of(entries[k], by_sport).first, port_of(entries[k], by_sport).last);
        variety[by_sport] = seen.size();
      }
    }
    if (std::max(variety[0], variety[1]) > 1) {
      const bool by_sport = variety[1] > variety[0];
      for (std::size_t k = i; k < end; k++) {
        for (const PortPrefix& p : SplitPorts(port_of(entries[k], by_sport))) {
          slot.ports |= 1u << p.length;
          port_entries.push_back({PortHash(slot.hash, p.length, p.first), entries[k].position});
        }
      }
      if (by_sport) slot.ports |= kBySport;
    } else {
      for (std::size_t k = i; k < end; k++) candidates_.push_back(entries[k].position);
      slot.count = static_cast<std::uint32_t>(end - i);
    }
    made.push_back(slot);
  }
  std::sort(port_entries.begin(), port_entries.end(), by_hash);
  for (std::size_t i = 0, end = 0; i < port_entries.size(); i = end) {
    end = group_end(port_entries, i);
    made.push_back({port_entries[i].hash, static_cast<std::uint32_t>(candidates_.size()),
                    static_cast<std::uint32_t>(end - i), 0, port_entries[i].position});
    for (std::size_t k = i; k < end; k++) candidates_.push_back(port_entries[k].position);
  }
  cells_.Build(made);
}

void FlowClassifier::SlotTable::Build(const std::vector<Slot>& from) {
  slots.assign(std::bit_ceil(from.size() * 2 + 1), Slot{});
  mask = slots.size() - 1;
  for (const Slot& slot : from) {
    std::uint64_t i = slot.hash & mask;
    while (slots[i].hash != 0) i = (i + 1) & mask;
    slots[i] = slot;
  }
}

}  // namespace sallyport
