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
    it->second = shun;
    it->second.packets = packets;
  }
  FindNext();
  return true;
}

bool ShunTable::Remove(IpAddress src) {
  const bool was = shuns_.erase(src) != 0;
  FindNext();
  return was;
}

void ShunTable::Clear() {
  shuns_.clear();
  FindNext();
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
  const auto it = std::find_if(shuns_.begin(), shuns_.end(), [now](const auto& s) { return s.second.until <= now; });
  if (it == shuns_.end()) return {};
  const IpAddress src = it->first;
  shuns_.erase(it);
  FindNext();
  return src;
}

void ShunTable::FindNext() {
  next_ = TimePoint::Max();
  for (const auto& [src, shun] : shuns_) next_ = std::min(next_, shun.until);
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
