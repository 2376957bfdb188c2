#include "firewall/nat_neighbours.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kSolicitation = 135, kAdvertisement = 136;

bool Holds(const std::vector<AddressRange>& ranges, IpAddress a) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& r) { return r.Contains(a); });
}

}  // namespace

bool MappedOnLink(const Policy& policy, const Interface& in, IpAddress target) {
  if (!in.proxy_arp || target.IsV4() || in.Owns(target)) return false;
  const bool here = std::any_of(in.ipv6.begin(), in.ipv6.end(), [&](const InterfaceAddress6& own) {
    return Prefix::Of(own.address, own.prefix_length).Contains(target);
  });
  if (!here) return false;
  for (const Route& r : policy.routes.routes()) {
    if (r.gateway == target) return false;
  }
  return std::any_of(policy.nat.rules().begin(), policy.nat.rules().end(), [&](const NatRule& rule) {
    if (rule.exempt || rule.inactive || rule.no_proxy_arp) return false;
    const auto on = [&](IfId side) { return side == IfId::kAny || side == in.id; };
    if (on(rule.mapped_if) && !rule.identity && !rule.mapped_is_interface && (Holds(rule.mapped_src, target) || Holds(rule.pat_src, target))) {
      return true;
    }
    return on(rule.real_if) && !rule.real_dst.empty() && rule.mapped_dst != rule.real_dst && Holds(rule.mapped_dst, target);
  });
}

bool AnswersSolicitation(EngineCore& core, const Packet& p, const Interface& in) {
  if (!p.IsIcmp() || p.icmp_type != kSolicitation || !core.policy->nat.maps_to_ipv6()) return false;
  if (p.l4_offset + 24u > p.bytes.size() || p.key.src.IsNone() || in.link_local.IsNone()) return false;
  const IpAddress target = IpAddress::FromV6Bytes(p.l4() + 8);
  if (!MappedOnLink(*core.policy, in, target)) return false;
  std::vector<std::uint8_t> out(40 + 32);
  out[0] = 0x60;
  StoreBe16(&out[4], 32);
  out[6] = 58;
  out[7] = 255;
  in.link_local.StoreV6(&out[8]);
  p.key.src.StoreV6(&out[24]);
  // RFC 4861 4.4: type, code, checksum, flags (router, solicited), target, target link-layer address
  out[40] = kAdvertisement;
  out[44] = 0xc0;
  target.StoreV6(&out[48]);
  out[64] = 2;
  out[65] = 1;
  std::copy(in.mac.octets.begin(), in.mac.octets.end(), out.begin() + 66);
  const Bytes icmp = Bytes(out).subspan(40);
  StoreBe16(&out[42], ChecksumFinish(ChecksumAdd(icmp, PseudoHeaderSum(in.link_local, p.key.src, 58, static_cast<std::uint32_t>(icmp.size())))));
  core.originated.push_back({in.id, std::move(out)});
  return true;
}

}  // namespace sallyport
