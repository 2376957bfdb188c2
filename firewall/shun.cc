#include "firewall/shun.h"

#include <algorithm>
#include <iterator>

namespace sallyport {

bool ShunTable::Add(const Shun& shun) {
  const auto it = shuns_.find(shun.src);
  if (it == shuns_.end()) {
    if (shuns_.size() >= kMost) return false;
    shuns_.emplace(shun.src, shun);
  } else {
    const std::uint64_t packets = it->second.packets;
    deadlines_.erase({it->second.until, shun.src});
    it->second = shun;
    it->second.packets = packets;
  }
  if (shun.until != TimePoint::Max()) deadlines_.emplace(shun.until, shun.src);
  return true;
}

bool ShunTable::Remove(IpAddress src) {
  const auto it = shuns_.find(src);
  if (it == shuns_.end()) return false;
  deadlines_.erase({it->second.until, src});
  shuns_.erase(it);
  return true;
}

void ShunTable::Clear() {
  shuns_.clear();
  deadlines_.clear();
}

const Shun* ShunTable::Find(IpAddress src) const {
  const auto it = shuns_.find(src);
  return it != shuns_.end() ? &it->second : nullptr;
}

bool ShunTable::Refuses(IpAddress src, IfId ingress, bool count) {
  const auto it = shuns_.find(src);
  if (it == shuns_.end() || (it->second.interface != IfId::kAny && it->second.interface != ingress)) return false;
  if (count) {
    it->second.packets++;
    refused_[static_cast<std::size_t>(ingress)]++;
  }
  return true;
}

IpAddress ShunTable::TakeExpired(TimePoint now) {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return {};
  const IpAddress src = deadlines_.begin()->second;
  Remove(src);
  return src;
}

std::vector<Shun> ShunTable::All() const {
  std::vector<Shun> all;
  std::transform(shuns_.begin(), shuns_.end(), std::back_inserter(all), [](const auto& s) { return s.second; });
  return all;
}

void ShunTable::ClearCounters() {
  for (auto& [src, shun] : shuns_) shun.packets = 0;
  std::fill(std::begin(refused_), std::end(refused_), 0);
}

}  // namespace sallyport
