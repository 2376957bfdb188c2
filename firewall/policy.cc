#include "firewall/policy.h"

#include <algorithm>

namespace sallyport {

void Interface::SetMac(const MacAddress& hardware_address) {
  mac = hardware_address;
  const auto& m = mac.octets;
  const std::uint8_t half[8] = {static_cast<std::uint8_t>(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
  const std::uint64_t low = LoadBe64(half);
  if (ipv6_enabled && !link_local_set) link_local = IpAddress::V6(0xfe80ull << 48, low);
  for (InterfaceAddress6& own : ipv6) {
    if (own.eui64) own.address = IpAddress::V6(own.address.hi(), low);
  }
}

void Policy::SetLearned(Interface& i, const std::vector<InterfaceAddress6>& learned) {
  std::vector<Route> table = routes.routes();
  const auto is_of = [&i](const InterfaceAddress6& own, const Route& r) {
    return r.source == Route::Source::kConnected && r.interface == i.id && r.destination == Prefix::Of(own.address, own.prefix_length);
  };
  for (const InterfaceAddress6& own : i.ipv6) {
    if (own.autoconfigured) std::erase_if(table, [&](const Route& r) { return is_of(own, r); });
  }
  std::erase_if(i.ipv6, [](const InterfaceAddress6& own) { return own.autoconfigured; });
  for (InterfaceAddress6 own : learned) {
    own.autoconfigured = true;
    i.ipv6.push_back(own);
    if (!i.HasRoutes()) continue;
    if (std::any_of(table.begin(), table.end(), [&](const Route& r) { return is_of(own, r); })) continue;
    Route r;
    r.destination = Prefix::Of(own.address, own.prefix_length);
    r.interface = i.id;
    r.metric = 0;
    r.source = Route::Source::kConnected;
    table.push_back(r);
  }
  routes = RouteTable(std::move(table));
}

const Interface* Policy::FindByName(std::string_view nameif) const {
  if (nameif.empty()) return nullptr;  // an interface without nameif is not in use and has no name to be found by
  for (const std::optional<Interface>& i : interfaces) {
    if (i && i->nameif == nameif) return &*i;
  }
  return nullptr;
}

bool Policy::AnswersRefused(const Interface& in, const Interface& out) const {
  const auto on = [&in](const std::vector<IfId>& list) { return std::find(list.begin(), list.end(), in.id) != list.end(); };
  return (in.security_level >= out.security_level && (reset_outbound || on(reset_outbound_on))) ||
         (in.security_level <= out.security_level && (reset_inbound || on(reset_inbound_on)));
}

}  // namespace sallyport
