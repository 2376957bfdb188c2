#include "vpn/address_pools.h"

#include "vpn/dhcp_proxy.h"

namespace sallyport {

// The used ones are in order: the first gap is found without a look-up for every address of a large pool.
std::optional<IpAddress> AddressPools::Lowest(const AddressRange& range, TimePoint now) {
  std::erase_if(resting_, [&](const auto& r) { return r.second <= now; });
  IpAddress next = range.first;
  for (auto i = used_.lower_bound(range.first); next <= range.last; next = next.Plus(1)) {
    if (i != used_.end() && *i == next) ++i;
    else if (!own_.contains(next) && !resting_.contains(next)) break;
  }
  if (next > range.last) return {};
  used_.insert(next);
  return next;
}

std::optional<AssignedAddress> AddressPools::Take(const std::vector<std::string>& pools, std::string& pool, TimePoint now) {
  for (const std::string& name : pools) {
    const auto found = pools_.find(name);
    const auto address = found == pools_.end() ? std::nullopt : Lowest(found->second.range, now);
    if (!address) continue;
    pool = name;
    return AssignedAddress{*address, found->second.mask};
  }
  return {};
}

std::optional<AssignedAddress> AddressPools::Take6(const std::vector<std::string>& pools, std::string& pool, TimePoint now) {
  for (const std::string& name : pools) {
    const auto found = pools6_.find(name);
    const auto address = found == pools6_.end() ? std::nullopt : Lowest(found->second.range, now);
    if (!address) continue;
    pool = name;
    return AssignedAddress{*address, {}, static_cast<std::uint8_t>(found->second.prefix_length)};
  }
  return {};
}

std::optional<AssignedAddress> AddressPools::TakeAgain(const std::vector<std::string>& pools, IpAddress before, std::string& pool,
                                                        TimePoint now) {
  for (const std::string& name : pools) {
    const auto found = pools_.find(name);
    if (found == pools_.end() || before < found->second.range.first || before > found->second.range.last) continue;
    if (const auto r = resting_.find(before); (r != resting_.end() && r->second > now) || !TakeOwn(before)) continue;
    pool = name;
    return AssignedAddress{before, found->second.mask};
  }
  return Take(pools, pool, now);
}

void AddressPools::Give(IpAddress a, TimePoint now) {
  used_.erase(a);
  if (dhcp_ != nullptr && dhcp_->Release(a)) return;
  const std::uint32_t minutes = a.IsV4() ? assign_.reuse_delay_minutes : assign_.reuse_delay6_minutes;
  if (minutes != 0) resting_[a] = now + Duration::Seconds(std::int64_t{60} * minutes);
}

std::vector<AddressPoolView> AddressPools::Views() const {
  std::vector<AddressPoolView> all;
  for (const auto& [name, pool] : pools_) {
    AddressPoolView v;
    v.name = name;
    v.range = pool.range;
    v.mask = pool.mask;
    for (auto i = used_.lower_bound(pool.range.first); i != used_.end() && *i <= pool.range.last; ++i) v.used.push_back(*i);
    v.in_use = v.used.size();
    for (auto i = resting_.lower_bound(pool.range.first); i != resting_.end() && i->first <= pool.range.last; ++i) v.held += !used_.contains(i->first);
    v.free = pool.range.Size() - v.in_use - v.held;
    all.push_back(std::move(v));
  }
  return all;
}

}  // namespace sallyport
