#include "vpn/ike/ts.h"

#include <algorithm>

#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostSelectors = 64;

IpAddress AddressOf(Bytes b) { return b.size() == 4 ? IpAddress::FromV4Bytes(b.data()) : IpAddress::FromV6Bytes(b.data()); }

}  // namespace

Result<std::vector<TrafficSelector>> ReadTs(Bytes body) {
  Reader in(body);
  const auto count = in.U8();
  if (!count || !in.Skip(3)) return Error{"a traffic selector payload is cut off"};
  if (*count == 0 || *count > kMostSelectors) return Error{"the number of traffic selectors is wrong"};
  std::vector<TrafficSelector> out;
  for (int i = 0; i < *count; ++i) {
    const auto type = in.U8(), protocol = in.U8();
    const auto length = in.U16();
    if (!type || !protocol || !length || *length < 8) return Error{"a traffic selector is cut off"};
    const auto rest = in.Sub(*length - std::size_t{4});
    if (!rest) return Error{"a traffic selector is longer than its payload"};
    const Bytes b = rest->rest();
    const std::size_t size = *type == ikev2::kTsIpv4Range ? 4 : *type == ikev2::kTsIpv6Range ? 16 : 0;
    if (size == 0) continue;
    if (b.size() != 4 + 2 * size) return Error{"a traffic selector has a wrong length"};
    TrafficSelector ts;
    ts.protocol = *protocol;
    ts.ports = {LoadBe16(b.data()), LoadBe16(b.data() + 2)};
    ts.addresses = {AddressOf(b.subspan(4, size)), AddressOf(b.subspan(4 + size, size))};
    // IPv4 within IPv6 selectors would become IPv4 ones here.
    if (size == 16 && (ts.addresses.first.IsV4() || ts.addresses.last.IsV4())) continue;
    if (ts.ports.first > ts.ports.last || ts.addresses.first > ts.addresses.last) continue;
    out.push_back(ts);
  }
  if (in.left() != 0) return Error{"bytes behind the traffic selectors"};
  return out;
}

void AddTs(ChainWriter& out, std::uint8_t payload, std::span<const TrafficSelector> selectors) {
  out.Begin(payload);
  out.U8(static_cast<std::uint8_t>(selectors.size()));
  out.Zeros(3);
  for (const TrafficSelector& ts : selectors) {
    const bool v4 = ts.addresses.first.IsV4();
    out.U8(v4 ? ikev2::kTsIpv4Range : ikev2::kTsIpv6Range);
    out.U8(ts.protocol);
    out.U16(v4 ? 16 : 40);
    out.U16(ts.ports.first);
    out.U16(ts.ports.last);
    std::uint8_t b[32];
    if (v4) {
      ts.addresses.first.StoreV4(b);
      ts.addresses.last.StoreV4(b + 4);
      out.Put(Bytes(b, 8));
    } else {
      ts.addresses.first.StoreV6(b);
      ts.addresses.last.StoreV6(b + 16);
      out.Put(Bytes(b, 32));
    }
  }
  out.End();
}

std::optional<TrafficSelector> Intersect(const TrafficSelector& a, const TrafficSelector& b) {
  if (a.addresses.first.IsV4() != b.addresses.first.IsV4()) return {};
  if (a.protocol != 0 && b.protocol != 0 && a.protocol != b.protocol) return {};
  TrafficSelector out;
  out.protocol = a.protocol != 0 ? a.protocol : b.protocol;
  out.addresses = {std::max(a.addresses.first, b.addresses.first), std::min(a.addresses.last, b.addresses.last)};
  out.ports = {std::max(a.ports.first, b.ports.first), std::min(a.ports.last, b.ports.last)};
  if (out.addresses.first > out.addresses.last || out.ports.first > out.ports.last) return {};
  return out;
}

bool InsideTs(const TrafficSelector& inner, const TrafficSelector& outer) {
  const auto both = Intersect(inner, outer);
  return both && *both == inner;
}

bool AllInside(std::span<const TrafficSelector> inner, std::span<const TrafficSelector> outer) {
  return std::all_of(inner.begin(), inner.end(), [&](const TrafficSelector& i) {
    return std::any_of(outer.begin(), outer.end(), [&](const TrafficSelector& o) { return InsideTs(i, o); });
  });
}

bool SameSelectors(std::span<const TrafficSelector> a, std::span<const TrafficSelector> b) {
  const auto all_in = [](std::span<const TrafficSelector> x, std::span<const TrafficSelector> y) {
    return std::all_of(x.begin(), x.end(),
                       [&](const TrafficSelector& one) { return std::find(y.begin(), y.end(), one) != y.end(); });
  };
  return all_in(a, b) && all_in(b, a);
}

std::vector<TrafficSelector> NarrowTs(std::span<const TrafficSelector> offered, std::span<const TrafficSelector> allowed) {
  std::vector<TrafficSelector> found;
  for (const TrafficSelector& o : offered) {
    for (const TrafficSelector& a : allowed) {
      if (const auto both = Intersect(o, a)) found.push_back(*both);
    }
  }
  std::vector<TrafficSelector> out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    bool needed = true;
    for (std::size_t k = 0; k < found.size() && needed; ++k) {
      // Of equal ones the first stays.
      if (k != i && InsideTs(found[i], found[k]) && !(found[i] == found[k] && i < k)) needed = false;
    }
    if (needed && out.size() < kMostSelectors) out.push_back(found[i]);
  }
  return out;
}

TrafficSelector HostSelector(IpAddress address, std::uint8_t protocol, PortRange ports) {
  TrafficSelector ts;
  ts.addresses = {address, address};
  ts.protocol = protocol;
  ts.ports = ports;
  return ts;
}

TrafficSelector AllOf(bool v6) {
  TrafficSelector ts;
  ts.addresses = v6 ? AddressRange{IpAddress::V6(0, 0), IpAddress::V6(UINT64_MAX, UINT64_MAX)}
                    : AddressRange{IpAddress::V4(0), IpAddress::V4(UINT32_MAX)};
  return ts;
}

std::string SelectorText(const TrafficSelector& ts) {
  return "Address Range: " + ts.addresses.first.ToString() + "-" + ts.addresses.last.ToString() +
         " Protocol: " + std::to_string(ts.protocol) + " Port Range: " + std::to_string(ts.ports.first) + "-" +
         std::to_string(ts.ports.last);
}

}  // namespace sallyport
