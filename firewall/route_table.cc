#include "firewall/route_table.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace sallyport {
namespace {

IpAddress Masked(IpAddress a, int length) {
  const std::uint64_t hi = length >= 64 ? ~0ull : length == 0 ? 0 : ~0ull << (64 - length);
  const std::uint64_t lo = length <= 64 ? 0 : ~0ull << (128 - length);
  return IpAddress::V6(a.hi() & hi, a.lo() & lo);
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)), order_(routes_.size()) {
  std::iota(order_.begin(), order_.end(), 0u);
  const auto key = [this](std::uint32_t i) {
    const Route& r = routes_[i];
    return std::tuple(-static_cast<int>(r.destination.length), r.destination.address, r.metric, i);
  };
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  for (std::uint32_t i = 0; i < order_.size(); i++) {
    const std::uint8_t length = routes_[order_[i]].destination.length;
    if (lengths_.empty() || lengths_.back().length != length) lengths_.push_back({length, i, i});
    lengths_.back().end = i + 1;
  }
}

const Route* RouteTable::Find(IpAddress dst) const { return Find(dst, IfId::kAny); }

const Route* RouteTable::Find(IpAddress dst, IfId interface) const {
  for (const Length& l : lengths_) {
    // An IPv4 address lies in ::/0 by its bits, but an IPv6 default route is not for it.
    if (dst.IsV4() && l.length < 96) break;
    const IpAddress network = Masked(dst, l.length);
    auto it = std::lower_bound(order_.begin() + l.begin, order_.begin() + l.end, network,
                               [this](std::uint32_t i, const IpAddress& a) { return routes_[i].destination.address < a; });
    for (; it != order_.begin() + l.end && routes_[*it].destination.address == network; ++it) {
      if (interface == IfId::kAny || routes_[*it].interface == interface) return &routes_[*it];
    }
  }
  return nullptr;
}

bool RouteTable::ReachedBy(IpAddress a, IfId interface) const {
  const Route* best = Find(a);
  if (best == nullptr || best->null0) return false;
  if (best->interface == interface) return true;
  const Route* other = Find(a, interface);
  return other != nullptr && !other->null0 && other->destination == best->destination && other->metric == best->metric;
}

int RouteTable::Equal(const Route& best, const Route** equal, int most) const {
  int found = 0;
  for (const Length& l : lengths_) {
    if (l.length != best.destination.length) continue;
    auto it = std::lower_bound(order_.begin() + l.begin, order_.begin() + l.end, best.destination.address,
                               [this](std::uint32_t i, const IpAddress& a) { return routes_[i].destination.address < a; });
    for (; it != order_.begin() + l.end && routes_[*it].destination == best.destination && found < most; ++it) {
      const Route& r = routes_[*it];
      if (r.metric == best.metric && r.source == best.source && r.null0 == best.null0) equal[found++] = &r;
    }
  }
  return found;
}

int RouteTable::Ways(const Route& best) const {
  return static_cast<int>(std::count_if(routes_.begin(), routes_.end(), [&](const Route& r) {
    return r.destination == best.destination && r.metric == best.metric && r.interface == best.interface && r.source == best.source;
  }));
}

}  // namespace sallyport
