#include "firewall/policy.h"

namespace sallyport {

void Interface::SetMac(const MacAddress& mac) {
  const auto& m = mac.octets;
  const std::uint8_t half[8] = {static_cast<std::uint8_t>(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
  const std::uint64_t low = LoadBe64(half);
  if (ipv6_enabled && !link_local_set) link_local = IpAddress::V6(0xfe80ull << 48, low);
  for (InterfaceAddress6& own : ipv6) {
    if (own.eui64) own.address = IpAddress::V6(own.address.hi(), low);
  }
}

const Interface* Policy::FindByName(std::string_view nameif) const {
  if (nameif.empty()) return nullptr;  // an interface without nameif is not in use and has no name to be found by
  for (const std::optional<Interface>& i : interfaces) {
    if (i && i->nameif == nameif) return &*i;
  }
  return nullptr;
}

}  // namespace sallyport
