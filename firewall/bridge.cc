#include "firewall/bridge.h"

#include <algorithm>

namespace sallyport {

const BridgeGroup* BridgePolicy::Of(IfId id) const {
  for (const BridgeGroup& g : groups) {
    if (g.bvi == id || std::find(g.members.begin(), g.members.end(), id) != g.members.end()) return &g;
  }
  return nullptr;
}

const MacTable::Entry* MacTable::Find(int group, std::uint64_t mac, TimePoint now) const {
  const auto it = entries_.find(Key(group, mac));
  return it == entries_.end() || Old(it->second, now) ? nullptr : &it->second;
}

MacTable::Learned MacTable::Learn(int group, std::uint64_t mac, IfId interface, bool learn, TimePoint now, IfId* was) {
  const auto it = entries_.find(Key(group, mac));
  if (it != entries_.end()) {
    Entry& e = it->second;
    if (e.fixed) return e.interface == interface ? Learned::kKnown : Learned::kFixedElsewhere;
    if (!learn) return Learned::kKnown;
    const bool moved = e.interface != interface && !Old(e, now);
    if (moved && was != nullptr) *was = e.interface;
    e = {interface, false, now};
    return moved ? Learned::kMoved : Learned::kKnown;
  }
  if (!learn) return Learned::kKnown;
  if (entries_.size() >= kMost) {
    std::erase_if(entries_, [&](const auto& e) { return Old(e.second, now); });
    if (entries_.size() >= kMost) return Learned::kFull;
  }
  entries_.emplace(Key(group, mac), Entry{interface, false, now});
  return Learned::kNew;
}

void MacTable::SetPolicy(const BridgePolicy& policy) {
  aging_ = policy.aging;
  // What is fixed comes from the configuration; what was learned goes with its interface.
  std::erase_if(entries_, [&](const auto& e) {
    if (e.second.fixed) return true;
    const BridgeGroup* g = policy.Of(e.second.interface);
    return g == nullptr || static_cast<std::uint64_t>(g->number) != e.first >> 48;
  });
  const auto fix = [&](IfId interface, std::uint64_t mac) {
    if (const BridgeGroup* g = policy.Of(interface)) entries_[Key(g->number, mac)] = {interface, true, {}};
  };
  for (const StaticMac& m : policy.static_macs) fix(m.interface, m.mac);
  for (const StaticArp& a : policy.static_arps) fix(a.interface, a.mac);
}

void MacTable::Clear() {
  std::erase_if(entries_, [](const auto& e) { return !e.second.fixed; });
}

std::vector<MacView> MacTable::View(TimePoint now) const {
  std::vector<MacView> views;
  for (const auto& [key, e] : entries_) {
    if (Old(e, now)) continue;
    views.push_back({e.interface, key & 0xffffffffffff, e.fixed, e.fixed ? 0 : (aging_ - (now - e.seen)).seconds(), static_cast<int>(key >> 48)});
  }
  std::sort(views.begin(), views.end(), [](const MacView& a, const MacView& b) {
    return a.interface != b.interface ? a.interface < b.interface : a.mac < b.mac;
  });
  return views;
}

}  // namespace sallyport
