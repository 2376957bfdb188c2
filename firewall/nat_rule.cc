#include "firewall/nat_rule.h"

#include <algorithm>

namespace sallyport {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint8_t kNatIcmp = static_cast<std::uint8_t>(IpProtocol::kIcmp);
constexpr std::uint8_t kNatIcmp6 = static_cast<std::uint8_t>(IpProtocol::kIcmp6);

Wide Distance(IpAddress from, IpAddress to) {
  return (static_cast<Wide>(to.hi()) << 64 | to.lo()) - (static_cast<Wide>(from.hi()) << 64 | from.lo());
}

IpAddress Advance(IpAddress a, Wide n) {
  const Wide sum = (static_cast<Wide>(a.hi()) << 64 | a.lo()) + n;
  return IpAddress::V6(static_cast<std::uint64_t>(sum >> 64), static_cast<std::uint64_t>(sum));
}

bool Within(std::span<const AddressRange> ranges, IpAddress a) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& r) { return r.Contains(a); });
}

// The two sides of the destination part; one that is not given is the same as the other.
std::span<const AddressRange> MappedDst(const NatRule& r) { return r.mapped_dst.empty() ? r.real_dst : r.mapped_dst; }
std::span<const AddressRange> RealDst(const NatRule& r) { return r.real_dst.empty() ? r.mapped_dst : r.real_dst; }

// 4 or 6; 0: any address.
int FamilyOf(std::span<const AddressRange> ranges) {
  if (ranges.empty() || ranges[0] == AddressRange::Of(Prefix::Any())) return 0;
  return ranges[0].first.IsV4() ? 4 : 6;
}

// `any` as the real source is of the family of the peer that it names, else of the one that it is translated to (configuration
// guide 9.x, "NAT and IPv6").
int FamilyOfAny(const NatRule& rule) {
  const int peer = FamilyOf(MappedDst(rule));
  AddressRange storage;
  return peer != 0 ? peer : FamilyOf(MappedRanges(rule, storage));
}
bool AnyIsOfFamily(const NatRule& rule, IpAddress a) {
  if (FamilyOf(rule.real_src) != 0) return true;
  const int family = FamilyOfAny(rule);
  return family == 0 || (family == 4) == a.IsV4();
}

// Headers have one family: a rule into the other is for flows whose destination is of that, too.
bool SuitsPeer(std::span<const AddressRange> becomes, IpAddress peer) {
  const int family = FamilyOf(becomes);
  return family == 0 || (family == 4) == peer.IsV4();
}

bool OnInterface(IfId rule, IfId actual) { return rule == IfId::kAny || rule == actual; }

std::optional<Endpoint> Map(std::span<const AddressRange> from, const PortRange& from_ports,
                            std::span<const AddressRange> to, const PortRange& to_ports, IpAddress address,
                            std::uint16_t port) {
  const auto a = MapByPosition(from, to, address);
  const auto p = MapByPosition(from_ports, to_ports, port);
  if (!a || !p) return {};
  return Endpoint{*a, *p};
}

// mapped -> real of the source face.
std::optional<Endpoint> ToRealSource(const NatRule& rule, IpAddress address, std::uint16_t port) {
  AddressRange storage;
  const auto mapped = MappedRanges(rule, storage);
  if (NatUnresolved(rule)) return {};
  if (mapped.empty()) return Map(rule.real_src, rule.mapped_sport, {}, rule.real_sport, address, port);
  if (rule.real_src.empty()) return {};  // "any" host behind given addresses: nobody can say which
  return Map(mapped, rule.mapped_sport, rule.real_src, rule.real_sport, address, port);
}

}  // namespace

std::span<const AddressRange> MappedRanges(const NatRule& rule, AddressRange& storage) {
  if (!rule.mapped_is_interface || rule.interface_address.IsNone()) return rule.mapped_src;
  storage = {rule.interface_address, rule.interface_address};
  return {&storage, 1};
}

bool NatUnresolved(const NatRule& rule) {
  return rule.mapped_is_interface && rule.interface_address.IsNone() && rule.mapped_src.empty();
}

bool RefusesAll(const NatRule& rule) {
  return rule.kind == NatRule::Kind::kDynamicPat && rule.mapped_src.size() == 1 &&
         rule.mapped_src[0] == AddressRange{IpAddress::V4(0), IpAddress::V4(0)};
}

bool CrossesFamilies(const NatRule& rule) {
  AddressRange storage;
  const int mapped = FamilyOf(MappedRanges(rule, storage)), own = FamilyOf(rule.real_src);
  const int real = own != 0 ? own : FamilyOfAny(rule);
  const int mapped_dst = FamilyOf(MappedDst(rule)), real_dst = FamilyOf(RealDst(rule));
  return (real != 0 && mapped != 0 && real != mapped) || (mapped_dst != 0 && real_dst != 0 && mapped_dst != real_dst);
}

bool HasDestination(const NatRule& rule) {
  return !rule.mapped_dst.empty() || !rule.real_dst.empty() || !rule.mapped_dport.IsAny() || !rule.real_dport.IsAny();
}

std::optional<IpAddress> MapByPosition(std::span<const AddressRange> from, std::span<const AddressRange> to, IpAddress a) {
  Wide position = 0;
  if (!from.empty()) {
    bool found = false;
    for (const AddressRange& r : from) {
      if (r.Contains(a)) {
        position += Distance(r.first, a);
        found = true;
        break;
      }
      position += Distance(r.first, r.last) + 1;
    }
    if (!found) return {};
  }
  if (to.empty() || std::equal(from.begin(), from.end(), to.begin(), to.end())) return a;
  if (from.empty() && to.size() == 1 && to[0] == AddressRange::Of(Prefix::Any())) return a;
  Wide total = 0;
  for (const AddressRange& r : to) total += Distance(r.first, r.last) + 1;
  if (total != 0) position %= total;  // 0: all of 2^128
  for (const AddressRange& r : to) {
    const Wide last = Distance(r.first, r.last);
    if (position <= last) return Advance(r.first, position);
    position -= last + 1;
  }
  return {};
}

std::optional<std::uint16_t> MapByPosition(const PortRange& from, const PortRange& to, std::uint16_t port) {
  if (!from.Contains(port)) return {};
  if (to.IsAny()) return port;
  const unsigned size = to.last - to.first + 1u;
  return static_cast<std::uint16_t>(to.first + (port - from.first) % size);
}

bool PolicyPermits(const NatRule& rule, std::uint8_t protocol, const Endpoint& real, const Endpoint& peer) {
  if (rule.access_list == nullptr) return true;
  AclQuery q;
  q.src = real.address;
  q.dst = peer.address;
  q.sport = real.port;
  q.dport = peer.port;
  q.protocol = protocol;
  // A flow key has no ICMP type. What makes a flow is an echo request.
  if (protocol == kNatIcmp) q.icmp_type = 8;
  if (protocol == kNatIcmp6) q.icmp_type = 128;
  const AclElement* e = rule.access_list->Find(q);
  return e != nullptr && e->permit;
}

bool AdmitsPeer(const NatRule& rule, const FlowKey& key, const Endpoint& real) {
  if (rule.inactive || rule.unidirectional) return false;
  if (!rule.real_dport.Contains(key.sport) || !Within(RealDst(rule), key.src)) return false;
  return PolicyPermits(rule, key.protocol, real, {key.src, key.sport});
}

std::optional<Endpoint> UntranslateBy(const NatRule& rule, NatFace face, const FlowKey& key) {
  if (rule.inactive || (rule.service_protocol != 0 && rule.service_protocol != key.protocol)) return {};
  if (face == NatFace::kSource) {
    if (rule.kind != NatRule::Kind::kStatic || rule.unidirectional || !OnInterface(rule.mapped_if, key.ingress)) return {};
    if (!rule.real_dport.Contains(key.sport) || !Within(RealDst(rule), key.src)) return {};
    const auto real = ToRealSource(rule, key.dst, key.dport);
    if (!real || !PolicyPermits(rule, key.protocol, *real, {key.src, key.sport})) return {};
    return real;
  }
  if (!HasDestination(rule) || !OnInterface(rule.real_if, key.ingress)) return {};
  if (!rule.real_sport.Contains(key.sport) || !Within(rule.real_src, key.src)) return {};
  if (!PolicyPermits(rule, key.protocol, {key.src, key.sport}, {key.dst, key.dport})) return {};
  return Map(MappedDst(rule), rule.mapped_dport, RealDst(rule), rule.real_dport, key.dst, key.dport);
}

bool TranslatesSource(const NatRule& rule, NatFace face, const FlowKey& key, IfId egress, const Endpoint& real_dst) {
  if (rule.inactive || (rule.service_protocol != 0 && rule.service_protocol != key.protocol)) return false;
  if (face == NatFace::kSource) {
    if (!OnInterface(rule.real_if, key.ingress) || !OnInterface(rule.mapped_if, egress)) return false;
    if (!rule.real_sport.Contains(key.sport) || !Within(rule.real_src, key.src) || !AnyIsOfFamily(rule, key.src)) return false;
    if (HasDestination(rule)) {
      // The peer as the host sees it must become what it really is by this rule; without a destination part another rule
      // may have translated it.
      const auto peer = Map(MappedDst(rule), rule.mapped_dport, RealDst(rule), rule.real_dport, key.dst, key.dport);
      if (!peer || *peer != real_dst) return false;
    }
    AddressRange storage;
    if (!SuitsPeer(MappedRanges(rule, storage), real_dst.address)) return false;
    return PolicyPermits(rule, key.protocol, {key.src, key.sport}, {key.dst, key.dport});
  }
  if (!HasDestination(rule) || rule.unidirectional || !SuitsPeer(MappedDst(rule), real_dst.address)) return false;
  if (!OnInterface(rule.mapped_if, key.ingress) || !OnInterface(rule.real_if, egress)) return false;
  if (!rule.real_dport.Contains(key.sport) || !Within(RealDst(rule), key.src)) return false;
  if (!rule.real_sport.Contains(real_dst.port) || !Within(rule.real_src, real_dst.address)) return false;
  if (rule.kind == NatRule::Kind::kStatic) {
    const auto real = ToRealSource(rule, key.dst, key.dport);
    if (!real || *real != real_dst) return false;
  }
  return PolicyPermits(rule, key.protocol, real_dst, {key.src, key.sport});
}

std::optional<Endpoint> StaticSource(const NatRule& rule, NatFace face, const FlowKey& key) {
  if (face == NatFace::kDestination) {
    return Map(RealDst(rule), rule.real_dport, MappedDst(rule), rule.mapped_dport, key.src, key.sport);
  }
  AddressRange storage;
  const auto mapped = MappedRanges(rule, storage);
  if (NatUnresolved(rule)) return {};
  return Map(rule.real_src, rule.real_sport, mapped, rule.mapped_sport, key.src, key.sport);
}

}  // namespace sallyport
