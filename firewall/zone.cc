#include "firewall/zone.h"

#include <array>

#include "firewall/pipeline.h"

namespace sallyport {
namespace {

using Interfaces = std::array<std::uint8_t, 256>;

const Zone* ZoneOf(const Policy& p, IfId id) {
  const Interface* f = p.Find(id);
  return f != nullptr ? p.FindZone(f->zone) : nullptr;
}

std::string_view ZoneName(const Policy& p, IfId id) {
  const Zone* z = ZoneOf(p, id);
  return z != nullptr ? std::string_view(z->name) : std::string_view();
}

// By IfId: one member of its zone, or itself. It is the member that stood for the zone before, so that others may come and go.
Interfaces OneOf(const Policy& before, const Policy& coming, const Interfaces& was) {
  Interfaces one;
  for (std::size_t i = 0; i < one.size(); i++) one[i] = static_cast<std::uint8_t>(i);
  for (const Zone& z : coming.zones) {
    if (z.members.empty() || z.passive) continue;
    IfId stands = z.members.front();
    for (const IfId m : z.members) {
      const IfId old{was[static_cast<std::size_t>(m)]};
      if (ZoneName(before, m) == z.name && ZoneName(coming, old) == z.name) stands = old;
    }
    for (const IfId m : z.members) one[static_cast<std::size_t>(m)] = static_cast<std::uint8_t>(stands);
  }
  return one;
}

// One round of splitmix64 (Steele, Lea, Flood, 2014): every bit depends on every other. Hosts take every second port only.
std::uint64_t MixHash(std::uint64_t h, std::uint64_t word) {
  h = (h ^ word) + 0x9e3779b97f4a7c15u;
  h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
  h = (h ^ h >> 27) * 0x94d049bb133111ebu;
  return h ^ h >> 31;
}

// "zone/interface" as 110004 has it; without a zone the interface.
LogArg Side(const Policy& policy, IfId id) {
  const Interface* f = policy.Find(id);
  if (f == nullptr) return LogArg::Name(IdentityName());
  const Zone* z = ZoneOf(policy, id);
  return z == nullptr ? LogArg::Name(f->name) : LogArg::Name(InternName(z->name + "/" + f->nameif));
}

// The member by which the flow goes on towards `to`; kAny: there is none, or where it goes is as good.
IfId OtherMember(const Policy& policy, const FlowKey& key, IpAddress to, IfId now_by) {
  const Interface* f = policy.Find(now_by);
  if (f == nullptr || f->zone == 0) return IfId::kAny;
  if (f->InUse() && policy.routes.Find(to, now_by) != nullptr) return IfId::kAny;
  const Zone& zone = *policy.FindZone(f->zone);
  const Route* best = policy.routes.Find(to);
  if (best != nullptr && SameZone(policy, best->interface, now_by)) return ChooseWay(policy, best, key)->interface;
  for (const IfId m : zone.members) {  // a longer way, where the best one leaves by another zone
    const Interface* other = policy.Find(m);
    if (m != now_by && other != nullptr && other->InUse() && policy.routes.Find(to, m) != nullptr) return m;
  }
  return IfId::kAny;
}

void Tell(EngineCore& core, const Conn& c, IfId from, IfId to, TimePoint now) {
  const Policy& policy = *core.policy;
  const auto name = [&](IfId id) {
    const Interface* f = policy.Find(id);
    return LogArg::Name(f != nullptr ? f->name : IdentityName());
  };
  // The lower level is the outside.
  const bool outbound = (c.flags & kConnOutbound) != 0;
  const Endpoint initiator{c.initiator_real, c.initiator_real_port}, initiator_mapped{c.initiator_mapped, c.initiator_mapped_port};
  const Endpoint responder{c.responder_real, c.responder_real_port}, responder_mapped{c.responder_mapped, c.responder_mapped_port};
  const Endpoint& outer = outbound ? responder : initiator;
  const Endpoint& outer_mapped = outbound ? responder_mapped : initiator_mapped;
  const Endpoint& inner = outbound ? initiator : responder;
  const Endpoint& inner_mapped = outbound ? initiator_mapped : responder_mapped;
  core.log.Log(now, Msg::k110004, name(from), name(to), LogArg::Word(ProtocolWordUpper(c.protocol)), LogArg::Number(c.id),
               Side(policy, outbound ? c.out_parent : c.in_parent), LogArg::Address(outer.address), LogArg::Number(outer.port),
               LogArg::Address(outer_mapped.address), LogArg::Number(outer_mapped.port),
               Side(policy, outbound ? c.in_parent : c.out_parent), LogArg::Address(inner.address), LogArg::Number(inner.port),
               LogArg::Address(inner_mapped.address), LogArg::Number(inner_mapped.port));
}

}  // namespace

bool SameZone(const Policy& policy, IfId a, IfId b) {
  if (a == b) return true;
  if (policy.zones.empty()) return false;
  const Interface* x = policy.Find(a);
  const Interface* y = policy.Find(b);
  return x != nullptr && y != nullptr && x->zone != 0 && x->zone == y->zone;
}

const Route* ChooseWay(const Policy& policy, const Route* best, const FlowKey& key) {
  if (policy.zones.empty() || best == nullptr || best->null0) return best;
  const Interface* by = policy.Find(best->interface);
  if (by == nullptr || by->zone == 0 || best->gateway.IsNone()) return best;
  std::array<const Route*, kMostZoneRoutes * 2> all;
  const int found = policy.routes.Equal(*best, all.data(), static_cast<int>(all.size()));
  std::array<const Route*, kMostZoneRoutes> ways;
  std::uint32_t count = 0;
  for (int i = 0; i < found && count < ways.size(); i++) {
    const Interface* f = policy.Find(all[static_cast<std::size_t>(i)]->interface);
    if (f != nullptr && f->zone == by->zone && f->InUse()) ways[count++] = all[static_cast<std::size_t>(i)];
  }
  if (count < 2) return count == 1 ? ways[0] : best;
  std::uint64_t h = MixHash(0, key.src.hi() ^ key.dst.lo());
  h = MixHash(MixHash(h, key.src.lo()), key.dst.hi());
  h = MixHash(h, std::uint64_t{key.sport} << 32 | std::uint64_t{key.dport} << 16 | std::uint64_t{key.protocol} << 8 |
                 static_cast<std::uint64_t>(key.ingress));
  return ways[h % count];
}

PinholeIndex FindPinhole(const EngineCore& core, const Packet& p, const Interface* in) {
  const PinholeIndex own = core.pinholes.Find(p.key);
  const Zone* zone = own == kNoPinhole && in != nullptr ? core.policy->FindZone(in->zone) : nullptr;
  if (zone == nullptr) return own;
  FlowKey key = p.key;
  for (const IfId m : zone->members) {
    key.ingress = m;
    if (const PinholeIndex i = core.pinholes.Find(key); i != kNoPinhole) return i;
  }
  return kNoPinhole;
}

void EnterZones(EngineCore& core, const Policy& coming, TimePoint now) {
  const Policy& before = *core.policy;
  if (before.zones == coming.zones) return;
  const Interfaces was = core.conns.zones(), will = OneOf(before, coming, was);
  std::array<bool, 256> moved{};
  for (std::size_t i = 0; i < moved.size(); i++) {
    const IfId id{static_cast<std::uint8_t>(i)};
    moved[i] = was[i] != will[i] || ZoneName(before, id) != ZoneName(coming, id);
  }
  for (ConnIndex i = 0; i < core.conns.slots(); i++) {
    if (!core.conns.Live(i)) continue;
    const Conn& c = core.conns.At(i);
    if (!moved[static_cast<std::size_t>(c.in_if)] && !moved[static_cast<std::size_t>(c.out_if)]) continue;
    EndConnection(core, i, {c.protocol == 6 ? "No interfaces associated with zone" : nullptr, IfId::kAny}, now);
  }
  core.conns.SetZones(will);
}

void MoveWithinZones(EngineCore& core, TimePoint now) {
  const Policy& policy = *core.policy;
  if (policy.zones.empty()) return;
  for (ConnIndex i = 0; i < core.conns.slots(); i++) {
    if (!core.conns.Live(i)) continue;
    Conn& c = core.conns.At(i);
    if ((c.flags & (kConnToBox | kConnFromBox)) != 0) continue;
    for (const Direction d : {Direction::kForward, Direction::kReverse}) {
      IfId& by = d == Direction::kForward ? c.out_if : c.in_if;
      const IpAddress to = d == Direction::kForward ? c.responder_real : c.initiator_real;
      const IfId other = OtherMember(policy, d == Direction::kForward ? c.ForwardKey() : c.ReverseKey(), to, by);
      if (other == IfId::kAny || other == by) continue;
      const IfId from = by;
      by = other;  // the index has both as one
      SetRouteMarks(core, c);
      Tell(core, c, from, other, now);
    }
  }
}

}  // namespace sallyport
