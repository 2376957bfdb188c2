#include "firewall/ipv6_inspect.h"

#include <algorithm>

#include "firewall/pipeline.h"
#include "firewall/service_flow.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kEsp = 50, kAh = 51, kDestination = 60;

// RFC 8200 4.1. Destination options may stand twice: before a routing header and last.
int RankOf(std::uint8_t header, int before) {
  switch (header) {
    case kHopByHop: return 0;
    case kDestination: return before < 1 ? 1 : 6;
    case kRouting: return 2;
    case kFragment: return 3;
    case kAh: return 4;
    case kEsp: return 5;
    default: return 7;
  }
}

// Numbers that IANA has for extension headers beyond RFC 8200's: mobility, HIP, Shim6, experiments.
bool IsUnknown(std::uint8_t header) {
  return header == 135 || header == 139 || header == 140 || header == 253 || header == 254;
}

const char* NameOf(Ipv6Map::What what) {
  static constexpr const char* kNames[] = {"ah",       "count",      "destination-option", "esp",
                                           "fragment", "hop-by-hop", "routing-address",    "routing-type"};
  return kNames[static_cast<int>(what)];
}
FrameDrop ReasonOf(Ipv6Map::What what) {
  static constexpr FrameDrop kReasons[] = {
      FrameDrop::kIpv6AhDenied,       FrameDrop::kIpv6EhCountDenied,  FrameDrop::kIpv6DestOptionDenied,     FrameDrop::kIpv6EspDenied,
      FrameDrop::kIpv6FragmentDenied, FrameDrop::kIpv6HopByHopDenied, FrameDrop::kIpv6RoutingAddressDenied, FrameDrop::kIpv6RoutingTypeDenied};
  return kReasons[static_cast<int>(what)];
}

bool Holds(const Ipv6Map::Rule& r, const Ipv6Chain& chain) {
  using What = Ipv6Map::What;
  const auto within = [&r](int number) {
    const auto n = static_cast<std::uint64_t>(number);
    return number >= 0 && n >= r.low && n <= r.high;
  };
  bool is = false;
  switch (r.what) {
    case What::kAh: is = chain.Has(kAh); break;
    case What::kEsp: is = chain.Has(kEsp); break;
    case What::kDestination: is = chain.Has(kDestination); break;
    case What::kFragment: is = chain.Has(kFragment); break;
    case What::kHopByHop: is = chain.Has(kHopByHop); break;
    case What::kCount: is = within(chain.count); break;
    case What::kRoutingAddresses: is = within(chain.routing_addresses); break;
    case What::kRoutingType: is = within(chain.routing_type); break;
  }
  return is != r.negate;
}

void Tell(EngineCore& core, const Ipv6Finding& f, const Ipv6Chain& chain, const Packet& p, IfId out_if, TimePoint now) {
  const auto name = [&core](IfId id) {
    const Interface* i = core.policy->Find(id);
    return i != nullptr ? i->name : IdentityName();
  };
  const LogArg protocol = LogArg::Word(ProtocolWordUpper(p.protocol));
  const LogArg from = LogArg::At(name(p.ingress), p.key.src), to = LogArg::At(name(out_if), p.key.dst);
  const LogArg sport = LogArg::Number(p.key.sport), dport = LogArg::Number(p.key.dport);
  if (f.rule != nullptr) {
    if (!f.rule->log) return;
    core.log.Log(now, Msg::k325004, LogArg::Word(NameOf(f.rule->what)), LogArg::Word(f.rule->drop ? "denied" : "logged"), protocol,
                 from, sport, to, dport);
  } else if (f.drop == FrameDrop::kIpv6BadEhOrder) {
    core.log.Log(now, Msg::k325006, LogArg::Number(chain.after), LogArg::Number(chain.before), protocol, from, sport, to,
                 dport);
  } else {
    core.log.Log(now, Msg::k325005, LogArg::Word("unknown extension header"), protocol, from, sport, to, dport);
  }
}

}  // namespace

bool Ipv6Chain::Has(std::uint8_t header) const {
  for (int i = 0; i < count; i++) {
    if (headers[i] == header) return true;
  }
  return false;
}

Ipv6Chain ReadChain(const Packet& p) {
  Ipv6Chain c;
  if (!p.v6 || p.bytes.size() < 40) return c;
  std::uint8_t next = p.bytes[6];
  std::size_t at = 40;
  int rank = -1;
  while (next == kHopByHop || next == kRouting || next == kFragment || next == kAh || next == kEsp || next == kDestination) {
    if (c.count == Ipv6Chain::kMax || at + 8 > p.bytes.size()) {
      c.whole = false;
      return c;
    }
    const std::uint8_t* e = p.bytes.data() + at;
    const int now = RankOf(next, rank);
    if (now <= rank && c.after == c.before) {
      c.after = next;
      c.before = c.headers[c.count - 1];
      if (c.after == c.before) c.before = 255;  // the same one twice: as if behind everything
    }
    rank = std::max(rank, now);
    c.headers[c.count++] = next;
    if (next == kEsp) return c;  // what follows is encrypted
    if (next == kRouting) {
      c.routing_type = e[2];
      c.routing_addresses = e[1] / 2;  // RFC 8200 4.4: eight bytes each unit
    }
    const bool later = next == kFragment && (LoadBe16(e + 2) & 0xfff8) != 0;
    at += next == kFragment ? 8 : next == kAh ? (std::size_t{e[1]} + 2) * 4 : 8 + std::size_t{e[1]} * 8;
    next = e[0];
    if (later) return c;  // a fragment that is not the first has no more
  }
  c.unknown = IsUnknown(next);
  return c;
}

Ipv6Finding Judge(const Ipv6Map& map, const Ipv6Chain& chain) {
  Ipv6Finding f;
  if (!chain.whole) return {FrameDrop::kIpv6EhInspectFailed, nullptr, map.row_type, true};
  if (map.verify_type && chain.unknown) return {FrameDrop::kIpv6BadEh, nullptr, map.row_type, true};
  if (map.verify_order && chain.after != chain.before) return {FrameDrop::kIpv6BadEhOrder, nullptr, map.row_order, true};
  for (const Ipv6Map::Rule& r : map.rules) {
    if (Holds(r, chain)) return {r.drop ? ReasonOf(r.what) : FrameDrop::kNone, &r, r.row, true};
  }
  return f;
}

namespace {

FrameDrop Look(EngineCore& core, const InspectMap& map, InspectCounters& n, const Packet& p, IfId out_if, bool only_drops,
               TimePoint now) {
  const Ipv6Chain chain = ReadChain(p);
  const Ipv6Finding f = Judge(static_cast<const Ipv6Map&>(map), chain);
  if (only_drops && f.drop == FrameDrop::kNone) return f.drop;
  if (core.undo != nullptr) return f.drop;
  n.CountPacket(now, f.drop != FrameDrop::kNone);
  if (f.found) {
    n.Count(f.row);
    Tell(core, f, chain, p, out_if, now);
  }
  return f.drop;
}

}  // namespace

Verdict InspectIpv6Flow(Context& c) {
  if (!c.core.inspects_ipv6 || !c.packet.v6 || c.to_box || c.from_box) return Verdict::kContinue;
  const ServiceClass* s = FindClass(c, [](const ServiceClass& k) { return k.Find(InspectId::kIpv6) != nullptr; });
  if (s == nullptr) return Verdict::kContinue;
  const Inspection& inspection = *s->Find(InspectId::kIpv6);
  // What passes is counted when it goes its way on the connection.
  const FrameDrop why = Look(c.core, *inspection.map, *inspection.counters, c.packet, c.egress, true, c.now);
  if (c.recording()) c.trace->Phase("INSPECT", "inspect-ipv6", why == FrameDrop::kNone, {});
  if (why != FrameDrop::kNone) return c.Drop(why);
  ConnExtra& extra = c.Extra();
  extra.ipv6_map = inspection.map;
  extra.ipv6_counters = inspection.counters;
  return Verdict::kContinue;
}

FrameDrop InspectIpv6Packet(EngineCore& core, const Conn& c, const Packet& p, IfId egress, TimePoint now) {
  const ConnExtra& extra = core.extras.At(c.extra);
  if (extra.ipv6_map == nullptr) return FrameDrop::kNone;
  return Look(core, *extra.ipv6_map, *extra.ipv6_counters, p, egress, false, now);
}

}  // namespace sallyport
