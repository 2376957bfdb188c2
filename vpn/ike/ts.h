// Traffic selectors of version 2 (RFC 7296 3.13, 2.9): reading, writing, narrowing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/base/result.h"
#include "vpn/child_sa.h"
#include "vpn/ike/writer.h"

namespace sallyport {

// The body of a TSi or TSr payload, at most 64 of them. Types that nobody knows, ranges that run backwards and selectors of
// "opaque" ports are left out: they can select nothing here.
Result<std::vector<TrafficSelector>> ReadTs(Bytes body);
void AddTs(ChainWriter& out, std::uint8_t payload, std::span<const TrafficSelector> selectors);

// What both select, or nothing.
std::optional<TrafficSelector> Intersect(const TrafficSelector& a, const TrafficSelector& b);
// Is everything that `inner` selects selected by `outer`?
bool InsideTs(const TrafficSelector& inner, const TrafficSelector& outer);
// Is each of `inner` inside one of `outer`?
bool AllInside(std::span<const TrafficSelector> inner, std::span<const TrafficSelector> outer);
// The same ones in whatever order?
bool SameSelectors(std::span<const TrafficSelector> a, std::span<const TrafficSelector> b);
// Each of `offered` cut to each of `allowed`, without what is within another one.
std::vector<TrafficSelector> NarrowTs(std::span<const TrafficSelector> offered, std::span<const TrafficSelector> allowed);

TrafficSelector HostSelector(IpAddress address, std::uint8_t protocol = 0, PortRange ports = {});
TrafficSelector AllOf(bool v6);
// "Address Range: 10.1.0.0-10.1.255.255 Protocol: 0 Port Range: 0-65535", as 750001 has it.
std::string SelectorText(const TrafficSelector& ts);

}  // namespace sallyport
