#include "vpn/address_pools.h"

namespace sallyport {

// The used ones are in order: the first gap is found without a look-up for every address of a large pool.
std::optional<IpAddress> AddressPools::Lowest(const AddressRange& range) {
  IpAddress next = range.first;
  for (auto i = used_.lower_bound(range.first); next <= range.last; next = next.Plus(1)) {
    if (i != used_.end() && *i == next) ++i;
    else if (!own_.contains(next)) break;
  }
  if (next > range.last) return {};
  used_.insert(next);
  return next;
}

std::optional<AssignedAddress> AddressPools::Take(const std::vector<std::string>& pools, std::string& pool) {
  for (const std::string& name : pools) {
    const auto found = pools_.find(name);
    const auto address = found == pools_.end() ? std::nullopt : Lowest(found->second.range);
    if (!address) continue;
    pool = name;
    return AssignedAddress{*address, found->second.mask};
  }
  return {};
}

std::optional<AssignedAddress> AddressPools::Take6(const std::vector<std::string>& pools, std::string& pool) {
  for (const std::string& name : pools) {
    const auto found = pools6_.find(name);
    const auto address = found == pools6_.end() ? std::nullopt : Lowest(found->second.range);
    if (!address) continue;
    pool = name;
    return AssignedAddress{*address, {}, static_cast<std::uint8_t>(found->second.prefix_length)};
  }
  return {};
}

std::optional<AssignedAddress> AddressPools::TakeAgain(const std::vector<std::string>& pools, IpAddress before, std::string& pool) {
  for (const std::string& name : pools) {
    const auto found = pools_.find(name);
    if (found == pools_.end() || before < found->second.range.first || before > found->second.range.last || !TakeOwn(before)) continue;
    pool = name;
    return AssignedAddress{before, found->second.mask};
  }
  return Take(pools, pool);
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
    v.free = pool.range.Size() - v.in_use;
    all.push_back(std::move(v));
  }
  return all;
}

}  // namespace sallyport
