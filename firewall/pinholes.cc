#include "firewall/pinholes.h"

namespace sallyport {
namespace {

template <typename Map, typename Key>
void EraseOne(Map& map, const Key& key, PinholeIndex i) {
  const auto [first, last] = map.equal_range(key);
  for (auto it = first; it != last; ++it) {
    if (it->second == i) {
      map.erase(it);
      return;
    }
  }
}

}  // namespace

std::uint64_t PinholeTable::HashOf(IpAddress dst, std::uint16_t dport, std::uint8_t protocol, IfId ingress) {
  const std::uint64_t rest = std::uint64_t{dport} << 16 | std::uint64_t{protocol} << 8 | static_cast<std::uint64_t>(ingress);
  return (dst.hi() * 0x9e3779b97f4a7c15u) ^ (dst.lo() * 0xff51afd7ed558ccdu) ^ (rest * 0xc2b2ae3d27d4eb4fu);
}

PinholeIndex PinholeTable::Open(const Pinhole& p) {
  if (count_ == capacity_) return kNoPinhole;
  PinholeIndex i = static_cast<PinholeIndex>(entries_.size());
  if (!free_.empty()) {
    i = free_.back();
    free_.pop_back();
  } else {
    entries_.emplace_back();
  }
  entries_[i] = {p, true};
  by_target_.emplace(HashOf(p), i);
  by_parent_.emplace(p.parent_id, i);
  deadlines_.emplace(p.deadline, i);
  count_++;
  return i;
}

PinholeIndex PinholeTable::Find(const FlowKey& key) const {
  if (count_ == 0) return kNoPinhole;
  PinholeIndex best = kNoPinhole;
  const auto [first, last] = by_target_.equal_range(HashOf(key.dst, key.dport, key.protocol, key.ingress));
  for (auto it = first; it != last; ++it) {
    const Pinhole& p = entries_[it->second].pinhole;
    if (p.protocol != key.protocol || p.ingress != key.ingress || p.dst != key.dst || p.dport != key.dport) continue;
    if (!p.src.IsNone() && p.src != key.src) continue;
    if (p.sport != 0 && p.sport != key.sport) continue;
    if (best == kNoPinhole || p.created < entries_[best].pinhole.created) best = it->second;
  }
  return best;
}

void PinholeTable::Close(PinholeIndex i) {
  Entry& e = entries_[i];
  if (!e.live) return;
  EraseOne(by_target_, HashOf(e.pinhole), i);
  EraseOne(by_parent_, e.pinhole.parent_id, i);
  deadlines_.erase({e.pinhole.deadline, i});
  e.live = false;
  free_.push_back(i);
  count_--;
}

PinholeIndex PinholeTable::OfParent(ConnIndex parent, std::uint32_t parent_id) const {
  if (count_ == 0) return kNoPinhole;
  const auto [first, last] = by_parent_.equal_range(parent_id);
  for (auto it = first; it != last; ++it) {
    if (entries_[it->second].pinhole.parent == parent) return it->second;
  }
  return kNoPinhole;
}

std::uint32_t PinholeTable::CountOfParent(std::uint32_t parent_id) const {
  return static_cast<std::uint32_t>(by_parent_.count(parent_id));
}

PinholeIndex PinholeTable::NextExpired(TimePoint now) const {
  return !deadlines_.empty() && deadlines_.begin()->first <= now ? deadlines_.begin()->second : kNoPinhole;
}

}  // namespace sallyport
