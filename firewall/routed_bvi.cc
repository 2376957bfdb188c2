#include "firewall/routed_bvi.h"

namespace sallyport {
namespace {

const BridgeGroup* RoutingGroup(const Policy& policy, IfId bvi) {
  const BridgeGroup* group = policy.bridge.Of(bvi);
  return group != nullptr && group->bvi == bvi ? group : nullptr;
}

// The addresses of an IP header that is long enough for them; none otherwise.
IpAddress SourceOf(Bytes b) {
  if (b.size() >= 20 && b[0] >> 4 == 4) return IpAddress::FromV4Bytes(b.data() + 12);
  return b.size() >= 40 && b[0] >> 4 == 6 ? IpAddress::FromV6Bytes(b.data() + 8) : IpAddress();
}
IpAddress DestinationOf(Bytes b) {
  if (b.size() >= 20 && b[0] >> 4 == 4) return IpAddress::FromV4Bytes(b.data() + 16);
  return b.size() >= 40 && b[0] >> 4 == 6 ? IpAddress::FromV6Bytes(b.data() + 24) : IpAddress();
}

bool OnLink(const Interface& bvi, IpAddress a) {
  if (a.IsV4()) return bvi.address.IsV4() && Prefix::Of(bvi.address, bvi.prefix_length).Contains(a);
  if (a.IsV6LinkLocal()) return true;
  for (const InterfaceAddress6& own : bvi.ipv6) {
    if (Prefix::Of(own.address, own.prefix_length).Contains(a)) return true;
  }
  return false;
}

}  // namespace

bool TakeMember(const EngineCore& core, Packet& p, TimePoint now) {
  const Interface* by = core.policy->Find(p.ingress);
  if (by == nullptr) return true;
  if (by->bridge.group != 0) {
    RouteForMember(*core.policy, p);
    return p.source_mac == 0;  // the kernel gives it with one
  }
  const BridgeGroup* group = by->bvi && !by->nameif.empty() ? RoutingGroup(*core.policy, by->id) : nullptr;
  if (group == nullptr) return true;
  p.bvi = by->id;
  std::uint64_t mac = p.source_mac;
  if (mac == 0) {
    const auto host = core.bridge_hosts.find(SourceOf(p.bytes));
    if (host != core.bridge_hosts.end()) mac = host->second;
  }
  if (const MacTable::Entry* e = core.macs.Find(group->number, mac, now)) p.ingress = e->interface;
  return true;
}

void RouteForMember(const Policy& policy, Packet& p) {
  const Interface* by = policy.Find(p.ingress);
  if (p.bridged || p.bvi != IfId::kAny || by == nullptr || by->bridge.routed_by == IfId::kAny) return;
  const Interface& bvi = policy.Layer3(*by);
  const IpAddress to = DestinationOf(p.bytes);
  if (bvi.Owns(to) || !OnLink(bvi, to)) p.bvi = bvi.id;
}

Verdict EgressMember(Context& c, IpAddress next_hop) {
  if (c.out == nullptr || !c.out->bvi || c.out->nameif.empty()) return Verdict::kContinue;
  const BridgeGroup* group = RoutingGroup(c.policy, c.out->id);
  if (group == nullptr) return Verdict::kContinue;
  const auto host = c.core.bridge_hosts.find(next_hop);
  const MacTable::Entry* e = host != c.core.bridge_hosts.end() ? c.core.macs.Find(group->number, host->second, c.now) : nullptr;
  const Interface* member = e != nullptr ? c.policy.Find(e->interface) : nullptr;
  if (member != nullptr && member->InUse()) {
    c.out = member;
    c.egress = member->id;
    return Verdict::kContinue;
  }
  if (!c.tracing()) AskForHost(c.core, *group, *c.out, next_hop);
  return c.Drop(FrameDrop::kNoAdjacency);
}

void LearnNeighbour6(EngineCore& core, Bytes ip, std::uint64_t source_mac) {
  constexpr std::size_t kHeader = 40, kMessage = 24;  // RFC 8200; RFC 4861 4.3, 4.4
  constexpr std::uint8_t kSolicitation = 135, kAdvertisement = 136;
  if (ip.size() < kHeader + kMessage || ip[6] != 58 || ip[7] != 255) return;
  const std::uint8_t type = ip[kHeader];
  IpAddress host;
  if (type == kSolicitation) host = SourceOf(ip);
  if (type == kAdvertisement) host = IpAddress::FromV6Bytes(ip.data() + kHeader + 8);
  if (host.IsNone() || host.IsV6Multicast()) return;
  if (core.bridge_hosts.size() < MacTable::kMost || core.bridge_hosts.count(host) != 0) core.bridge_hosts[host] = source_mac;
}

}  // namespace sallyport
