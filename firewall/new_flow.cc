// The long way: the first packet of a flow, from untranslation to the connection.
//
// Order as an ASA's packet-tracer shows it: [un-NAT or route] -> access list -> connection settings -> NAT -> IP options ->
// inspection -> NAT rpf-check -> outbound access list -> flow creation.
#include <algorithm>
#include <chrono>

#include "firewall/asp_class.h"
#include "firewall/ipv6_flow.h"
#include "firewall/nat_rule.h"
#include "firewall/other_family.h"
#include "firewall/pipeline.h"
#include "firewall/routed_bvi.h"
#include "firewall/service_flow.h"
#include "firewall/tcp_normalizer.h"
#include "firewall/threat_flow.h"

namespace sallyport {
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return lines;
}

namespace {

// A rule as packet-tracer shows it: its configuration and, up to 8.2, what `show nat` says of it (of an exemption only that).
std::vector<std::string> RuleLines(const Context& c, const NatRule& rule) {
  std::vector<std::string> lines = rule.exempt ? std::vector<std::string>{} : Lines(rule.config);
  if (c.policy.personality.object_nat) return lines;
  for (std::string& line : Lines("  " + rule.show)) lines.push_back(std::move(line));
  if (rule.hits != nullptr) {
    lines.push_back("    translate_hits = " + std::to_string(rule.hits->translate.load(std::memory_order_relaxed)) +
                    ", untranslate_hits = " + std::to_string(rule.hits->untranslate.load(std::memory_order_relaxed)));
  }
  return lines;
}

std::string Port(const Endpoint& e) { return e.address.ToString() + "/" + std::to_string(e.port); }

// "10.1.1.1/80 to 203.0.113.1/80"; up to 8.2 whole addresses are without ports, and the mask stands behind.
std::string Becomes(const Context& c, const NatRule& rule, const Endpoint& from, const Endpoint& to) {
  if (c.policy.personality.object_nat) return Port(from) + " to " + Port(to);
  const bool ports = rule.service_protocol != 0 || from.port != to.port || rule.kind == NatRule::Kind::kDynamicPat;
  const std::uint64_t size = rule.kind == NatRule::Kind::kStatic && rule.mapped_src.size() == 1 ? rule.mapped_src.front().Size() : 1;
  const auto text = [&](const Endpoint& e) { return ports ? Port(e) : Port({e.address, 0}); };
  return text(from) + " to " + text(to) + " using netmask " + IpAddress::V4(static_cast<std::uint32_t>(0u - size)).ToString();
}

bool IsBroadcastOf(const Policy& policy, IpAddress a) {
  if (a.IsV4Broadcast()) return true;
  for (const auto& i : policy.interfaces) {
    if (!i || i->address.IsNone() || i->prefix_length >= 31) continue;
    const AddressRange net = AddressRange::Of(Prefix::Of(i->address, i->prefix_length));
    if (a == net.last || a == net.first) return true;
  }
  return false;
}

// Addresses that no honest packet has (106016, 106017).
Verdict EarlySecurity(Context& c) {
  const Packet& p = c.packet;
  const IpAddress src = p.key.src;
  const IpAddress dst = p.key.dst;
  if (c.from_box) return Verdict::kContinue;
  if ((p.IsTcp() || p.IsUdp()) && (p.key.sport == 0 || p.key.dport == 0)) {
    c.core.log.Log(c.now, Msg::k500004, LogArg::Number(p.protocol), LogArg::Address(src), LogArg::Number(p.key.sport), LogArg::Address(dst),
                   LogArg::Number(p.key.dport));
    return c.Drop(p.v6 ? FrameDrop::kIpv6SpSecurityFailed : FrameDrop::kSecurityFailed);
  }
  if (p.v6) return Ipv6EarlySecurity(c);
  if (src == dst) {
    c.core.log.Log(c.now, Msg::k106017, LogArg::Address(src), LogArg::Address(dst));
    return c.Drop(FrameDrop::kSecurityFailed);
  }
  bool spoof = src.IsNone() || src.IsV4Multicast() || src.IsV4Loopback() || dst.IsV4Loopback() || src.IsV4Broadcast() ||
               (src.IsV4() && (src.v4() >> 28) == 0xf) || (src.IsV4() && (src.v4() >> 24) == 0) || (dst.IsV4() && dst.v4() == 0);
  for (const auto& i : c.policy.interfaces) {
    // Network and broadcast address of a connected network are nobody's (syslog guide, 106016).
    if (i && !i->address.IsNone() && src.IsV4() && i->prefix_length < 31) {
      const Prefix net = Prefix::Of(i->address, i->prefix_length);
      spoof = spoof || (net.Contains(src) && (src == net.address || src == AddressRange::Of(net).last));
    }
    if (i && !i->address.IsNone() && i->address == src) {
      spoof = true;
      if (!c.tracing()) c.core.asp_hits.Count(AspWhat::kOwnAddress, c.in->id);
    }
  }
  // Who has no address yet asks for one (DHCP, duplicate address detection), and that may be bridged.
  const bool nobody = src.IsNone() || (src.IsV4() && src.v4() == 0);
  if (c.packet.bridged && nobody && (dst.IsV4Broadcast() || (!dst.IsV4() && dst.hi() >> 56 == 0xff))) return Verdict::kContinue;
  if (!spoof) return Verdict::kContinue;
  c.core.log.Log(c.now, Msg::k106016, LogArg::Address(src), LogArg::Address(dst), LogArg::Name(c.InName()));
  return c.Drop(FrameDrop::kSecurityFailed);
}

// By the interface itself, the BVI that routes for it, or any member of its zone.
bool ReachedBack(const Context& c) {
  const Interface& at = c.policy.Layer3(*c.in);
  if (!at.verify_reverse_path && !c.in->verify_reverse_path) return true;
  if (c.policy.routes.ReachedBy(c.packet.key.src, at.id)) return true;
  if (c.core.has_tunnels && c.core.tunnels->RouteTo(c.packet.key.src) == at.id) return true;
  const Zone* zone = c.policy.FindZone(at.zone);
  if (zone == nullptr) return false;
  return std::any_of(zone->members.begin(), zone->members.end(), [&c](IfId m) { return c.policy.routes.ReachedBy(c.packet.key.src, m); });
}

// ip verify reverse-path: what comes in must be reached by the same interface. Known flows keep to their interface anyway.
Verdict ReversePathForwarding(Context& c) {
  if (c.in == nullptr || ReachedBack(c)) return Verdict::kContinue;
  c.core.CounterOf(c.in->id).reverse_path_drops++;
  c.core.log.Log(c.now, Msg::k106021, LogArg::Word(ProtocolWordUpper(c.packet.protocol)), LogArg::Address(c.packet.key.src),
                 LogArg::Address(c.packet.key.dst), LogArg::Name(c.in->name));
  return c.Drop(FrameDrop::kRpfViolated);
}

// An interface as packet-tracer names it: from 9.16 on with its routing instance.
std::string TraceName(const Policy& policy, const std::string& nameif) {
  return policy.personality.trace_elapsed_time ? nameif + "(vrfid:0)" : nameif;
}

// More than one equal route leaves by the zone.
bool ManyWays(const Policy& policy, const Route& route) {
  const Route* equal[kMostZoneRoutes];
  const int found = policy.routes.Equal(route, equal, kMostZoneRoutes);
  return std::count_if(equal, equal + found, [&](const Route* r) { return SameZone(policy, r->interface, route.interface); }) > 1;
}

void TraceRoute(Context& c, const Route* route) {
  if (!c.recording()) return;
  const Personality& p = c.policy.personality;
  const char* subtype = p.trace_resolve_egress ? "Resolve Egress Interface" : "input";
  if (route == nullptr) {
    c.trace->Phase("ROUTE-LOOKUP", subtype, false, {}, {"no route to destination"});
    return;
  }
  const Interface* out = c.policy.Find(route->interface);
  const std::string name = out != nullptr ? out->nameif : "identity";
  const bool connected = route->gateway.IsNone();
  const std::string hop = connected ? c.real_dst.address.ToString() : route->gateway.ToString();
  if (p.trace_elapsed_time) {
    std::vector<std::string> info;
    if (connected) {
      subtype = "No ECMP load balancing";
      info.push_back("Destination is locally connected. No ECMP load balancing.");
    } else if (c.policy.routes.Ways(*route) > 1 || (out != nullptr && out->zone != 0 && ManyWays(c.policy, *route))) {
      subtype = "ECMP load balancing";
    }
    info.push_back("Found next-hop " + hop + " using egress ifc  " + TraceName(c.policy, name));
    c.trace->Phase("ROUTE-LOOKUP", subtype, true, {}, std::move(info));
    return;
  }
  if (p.trace_resolve_egress) {
    c.trace->Phase("ROUTE-LOOKUP", subtype, true, {}, {"found next-hop " + hop + " using egress ifc  " + name});
    return;
  }
  if (c.packet.v6) {
    const Prefix& to = route->destination;
    c.trace->Phase("ROUTE-LOOKUP", subtype, true, {},
                   {"in   " + (to.address.IsNone() ? "::" : to.address.ToString()) + "/" + std::to_string(to.length) + " " + name});
    return;
  }
  const auto pad = [](std::string text) { return text + std::string(text.size() < 15 ? 15 - text.size() : 0, ' ') + " "; };
  const int length = route->destination.FamilyLength();
  c.trace->Phase("ROUTE-LOOKUP", subtype, true, {},
                 {"in   " + pad(route->destination.address.ToString()) + pad(MaskOf(length).ToString()) + name});
}

// `in`: where the packet came in; a link-local address is the appliance's on its own link only.
bool IsOwnAddress(const Policy& policy, IpAddress a, IfId in) {
  if (a.IsNone()) return false;
  for (const auto& i : policy.interfaces) {
    if (i && i->Owns(a) && (!a.IsV6LinkLocal() || i->id == in)) return true;
  }
  return false;
}

// An ASA has a route of its own to each remote user.
bool RouteToUser(const Context& c, Route& route) {
  const auto at = c.core.tunnels->RouteTo(c.real_dst.address);
  if (!at) return false;
  route.destination = Prefix::Of(c.real_dst.address, c.real_dst.address.IsV4() ? 32 : 128);
  route.interface = *at;
  if (const Route* way = c.policy.routes.Find(c.real_dst.address, *at); way != nullptr) route.gateway = way->gateway;
  return true;
}

// What the destination really is, and by which interface it is reached.
Verdict FindDestination(Context& c) {
  Packet& p = c.packet;
  c.real_dst = {p.key.dst, p.key.dport};
  if (c.from_box) {
    c.egress = EgressOfOwn(c);
    c.out = c.policy.Find(c.egress);
    return c.out != nullptr ? Verdict::kContinue : c.Drop(FrameDrop::kNoRoute);
  }
  if (c.pinhole != kNoPinhole) return PinholeDestination(c);
  if (p.bridged || (c.in->bridge.group != 0 && p.bvi == IfId::kAny)) return FindBridgedDestination(c);
  c.destination = Untranslate(c.policy.nat, c.core.xlates, p.key);
  // A rule that leaves the destination as it is (exemption, identity) does not take the appliance's own addresses from it.
  if ((c.destination.rule == nullptr || c.destination.endpoint == c.real_dst) &&
      (IsOwnAddress(c.policy, p.key.dst, c.policy.Layer3(p.ingress)) || IsBroadcastOf(c.policy, p.key.dst) || p.key.dst.IsV4Multicast() ||
       p.key.dst.IsV6LinkMulticast())) {
    c.destination = {};
    c.to_box = true;
    return Verdict::kContinue;
  }
  if (p.v6 && Ipv6Through(c) != Verdict::kContinue) return Verdict::kDrop;
  if (c.destination.rule != nullptr) {
    c.real_dst = c.destination.endpoint;
    c.egress = c.destination.egress;
  } else if (c.policy.nat.IsPatAddress(p.key.ingress, p.key.dst)) {  // nobody has this port of it
    if (p.icmp_query) {
      c.core.log.Log(c.now, Msg::k106013, LogArg::Address(p.key.src), LogArg::Address(p.key.dst));
    } else {
      const bool ports = p.HasPorts();
      c.core.log.Log(c.now, Msg::k106011, LogArg::Word(ProtocolWord(p.protocol)), LogArg::At(c.InName(), p.key.src),
                     LogArg::SlashPort(ports ? p.key.sport : -1), LogArg::At(c.InName(), p.key.dst), LogArg::SlashPort(ports ? p.key.dport : -1));
    }
    return c.Drop(FrameDrop::kNatNoXlateToPatPool);
  }
  const Route* route = nullptr;
  Route host;  // an address that a remote user has is reached where he is
  const bool user = c.core.has_tunnels && RouteToUser(c, host);
  if (c.egress == IfId::kAny) {
    FlowKey flow = p.key;
    flow.dst = c.real_dst.address;
    route = user ? &host : ChooseWay(c.policy, c.policy.routes.Find(c.real_dst.address), flow);
    if (c.destination.rule == nullptr || route != nullptr) TraceRoute(c, route);
  } else {
    route = c.policy.routes.Find(c.real_dst.address, c.policy.Layer3(c.egress));
    if (user && c.policy.Layer3(c.egress) == host.interface) route = &host;
  }
  if (route != nullptr && route->null0) return c.Drop(FrameDrop::kNoRoute);
  if (route != nullptr && c.policy.Layer3(c.egress) != route->interface) {
    c.egress = route->interface;
    c.out = c.policy.Find(c.egress);
    if (EgressMember(c, route->gateway.IsNone() ? c.real_dst.address : route->gateway) != Verdict::kContinue) return Verdict::kDrop;
  }
  // An exemption is about hosts behind its own interface.
  if (c.destination.rule != nullptr && c.destination.rule->exempt && c.destination.rule->real_if != c.egress) c.destination = {};
  c.out = route != nullptr ? c.policy.Find(c.egress) : nullptr;
  if (c.destination.rule != nullptr && !c.destination.rule->exempt && c.recording()) {
    c.trace->Phase("UN-NAT", c.destination.xlate == kNoXlate ? "static" : "dynamic", c.out != nullptr,
                   RuleLines(c, *c.destination.rule),
                   {"NAT divert to egress interface " + (c.out != nullptr ? TraceName(c.policy, c.out->nameif) : "unknown"),
                    "Untranslate " + Becomes(c, *c.destination.rule, {p.key.dst, p.key.dport}, c.real_dst)});
  }
  if (c.out == nullptr) {
    const Interface* diverted = c.destination.rule != nullptr ? c.policy.Find(c.egress) : nullptr;
    if (diverted != nullptr) {  // a translation names the interface, and no route by it leads there
      c.core.log.Log(c.now, Msg::k110003, LogArg::Word(ProtocolWordUpper(p.protocol)), LogArg::At(c.InName(), p.key.src),
                     LogArg::Number(p.key.sport), LogArg::At(diverted->name, c.real_dst.address), LogArg::Number(c.real_dst.port));
    } else {
      c.core.log.Log(c.now, Msg::k110002, LogArg::Word(ProtocolWordUpper(p.protocol)), LogArg::At(c.InName(), p.key.src),
                     LogArg::Number(p.key.sport), LogArg::Address(p.key.dst), LogArg::Number(p.key.dport));
    }
    return c.Drop(FrameDrop::kNoRoute);
  }
  if (!c.out->InUse()) return c.Drop(FrameDrop::kInterfaceDown);
  if (c.in->management_only || c.out->management_only) {
    if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
    return c.Drop(FrameDrop::kAclDrop);
  }
  return Verdict::kContinue;
}

// Does the packet belong to a connection, but by the interface that it came in by? (106022)
bool IsOnOtherInterface(const Context& c) {
  if (c.in == nullptr) return false;
  FlowKey key = c.packet.key;
  for (const auto& i : c.policy.interfaces) {
    if (!i || i->id == c.in->id || i->id == IfId::kIdentity) continue;
    key.ingress = i->id;
    if (c.core.conns.Find(key).index != kNoConn) return true;
  }
  return false;
}

// The first packet of a TCP connection is a plain SYN (106015 otherwise), unless its class takes flows as they come.
Verdict RefuseFirstPacket(Context& c, FrameDrop why) {
  const Packet& p = c.packet;
  if (IsOnOtherInterface(c)) {
    c.core.log.Log(c.now, Msg::k106022, LogArg::Word(ProtocolWordUpper(p.protocol)), LogArg::Address(p.key.src), LogArg::Address(p.key.dst),
                   LogArg::Name(c.InName()));
    return c.Drop(why);
  }
  c.core.log.Log(c.now, Msg::k106015, LogArg::Address(p.key.src), LogArg::Number(p.key.sport), LogArg::Address(p.key.dst),
                 LogArg::Number(p.key.dport), LogArg::TcpFlags(p.tcp_flags), LogArg::Name(c.InName()));
  if (c.in != nullptr) {
    // A stray segment is answered as a refused one is.
    const Route* route = c.policy.routes.Find(p.key.dst);
    const Interface* out = route != nullptr ? c.policy.Find(route->interface) : nullptr;
    if (out != nullptr && out != c.in && c.policy.AnswersRefused(*c.in, *out)) OriginateReset(c.core, p, c.in->id);
  }
  return c.Drop(why);
}
Verdict FirstPacket(Context& c) {
  if (!c.packet.IsTcp()) return Verdict::kContinue;
  if (c.core.limits.may_intercept && RecognizeCookie(c)) return Verdict::kContinue;
  if (c.core.has_state_bypass) return Verdict::kContinue;
  const FrameDrop bad = TcpFirstPacketCheck(c.packet.tcp_flags);
  return bad == FrameDrop::kNone ? Verdict::kContinue : RefuseFirstPacket(c, bad);
}
// Where a class may bypass, only what is known of the destination tells whether it does.
Verdict StateBypass(Context& c) {
  if (!c.core.has_state_bypass || !c.packet.IsTcp()) return Verdict::kContinue;
  if (!c.to_box && !c.from_box) {
    c.state_bypass = SelectClass(c.policy, FlowOf(c), Feature::kStateBypass) != nullptr;
  }
  const FrameDrop bad = c.state_bypass || c.cookie ? FrameDrop::kNone : TcpFirstPacketCheck(c.packet.tcp_flags);
  return bad == FrameDrop::kNone ? Verdict::kContinue : RefuseFirstPacket(c, bad);
}

Verdict ConnectionSettings(Context& c) {
  c.randomize = c.packet.IsTcp() && !c.to_box && !c.from_box;
  if (!c.core.has_connection_settings || c.to_box || c.from_box) return Verdict::kContinue;
  // Settings, normalisation and bypass are features by themselves; each may be another class's.
  const ClassFlow f = FlowOf(c);
  c.connection_class = SelectClass(c.policy, f, Feature::kConnection);
  const ServiceClass* normalizer = c.packet.IsTcp() ? SelectClass(c.policy, f, Feature::kTcpMap) : nullptr;
  const ServiceClass* bypass = c.state_bypass ? SelectClass(c.policy, f, Feature::kStateBypass) : nullptr;
  if (normalizer != nullptr) c.Extra().tcp_map = normalizer->connection.tcp_map;
  const bool keeps_numbers = c.connection_class != nullptr && !c.connection_class->connection.random_sequence.value_or(true);
  if (c.state_bypass || keeps_numbers) c.randomize = false;
  const ServiceClass* first = nullptr;  // the phase is that of the first
  const ServiceClass* acting[] = {c.connection_class, normalizer, bypass};
  for (const ServiceClass** s = acting; s != std::end(acting); s++) {
    if (*s == nullptr || std::find(acting, s, *s) != s) continue;
    if (c.recording() && first == nullptr) c.trace->Phase("CONN-SETTINGS", "", true, Lines((*s)->config));
    ClassActed(c, AspWhat::kConnSet, **s, nullptr, first == nullptr);
    if (first == nullptr) first = *s;
  }
  return Verdict::kContinue;
}

Verdict TcpNormalizer(Context& c) {
  const FrameDrop bad = NormalizeFirstTcp(c);
  return bad == FrameDrop::kNone ? Verdict::kContinue : c.Drop(bad);
}

// Only weighed here: nothing is made for a flow that its limits refuse or TCP intercept answers.
Verdict Limits(Context& c) {
  WeighLimits(c);
  return Verdict::kContinue;
}

void LogTranslationFailed(Context& c) {
  if (c.source.why == XlateFailure::kBlockLimit || c.source.why == XlateFailure::kBlocksTaken) return LogNoPort(c);
  const Packet& p = c.packet;
  const bool ports = p.HasPorts();
  LogArg type_code = p.IsIcmp() ? LogArg::TypeCode(p.icmp_type, p.icmp_code) : LogArg::TypeCode(-1, 0);
  type_code.kind = LogArg::Kind::kTypeCodeParens;
  const auto word = LogArg::Word(ProtocolWord(p.protocol));
  const auto src = LogArg::At(c.InName(), p.key.src);
  const auto sport = LogArg::SlashPort(ports ? p.key.sport : -1);
  const auto dst = LogArg::At(c.OutName(), p.key.dst);
  const auto dport = LogArg::SlashPort(ports ? p.key.dport : -1);
  if (c.source.rule == nullptr) {
    c.core.log.Log(c.now, Msg::k305005, word, src, sport, dst, dport, type_code);
  } else {
    if (c.source.why == XlateFailure::kUsedUp && c.policy.personality.object_nat) LogPoolExhausted(c);
    const bool portmap = c.source.rule->kind == NatRule::Kind::kDynamicPat;
    c.core.log.Log(c.now, Msg::k305006, LogArg::Word(portmap ? "portmap" : "regular"), word, src, sport, dst, dport, type_code);
  }
}

Verdict SourceNat(Context& c) {
  if (c.from_box || c.to_box) return Verdict::kContinue;
  if (c.pinhole != kNoPinhole) return PinholeSource(c);
  const Packet& p = c.packet;
  c.source = Translate(c.policy.nat, c.core.xlates, p.key, c.egress, c.real_dst, c.core.XlateTimeoutsNow(), c.now,
                       c.limit.kind == LimitVerdict::Kind::kNone);
  // nat-control asks for a rule only on the way to a lower level.
  if (c.source.failed && c.source.rule == nullptr && c.in->security_level <= c.out->security_level) c.source.failed = false;
  if (c.source.failed) {
    if (c.recording()) {
      c.trace->Phase("NAT", "", false, c.source.rule != nullptr ? RuleLines(c, *c.source.rule) : std::vector<std::string>{});
    }
    LogTranslationFailed(c);
    return c.Drop(FrameDrop::kNatXlateFailed);
  }
  // One end of the other family and the other not, or nothing like it there: there is no such packet (firewall/README.md).
  const bool crosses = c.policy.nat.crosses_families() && p.key.src.IsV4() != c.real_dst.address.IsV4();
  if (crosses && (c.source.endpoint.address.IsV4() != c.real_dst.address.IsV4() || !HasLikeInOtherFamily(p))) {
    if (c.recording()) c.trace->Phase("NAT", "", false, c.source.rule != nullptr ? RuleLines(c, *c.source.rule) : std::vector<std::string>{});
    LogTranslationFailed(c);
    return c.Drop(FrameDrop::kNatXlateFailed);
  }
  if (c.source.rule != nullptr && c.source.rule->exempt) {
    if (c.recording()) c.trace->Phase("NAT-EXEMPT", "", true, RuleLines(c, *c.source.rule));
    c.Acted(AspWhat::kNat, false, c.source.rule);
    return Verdict::kContinue;
  }
  if (c.source.rule != nullptr && c.recording()) {
    const bool fixed = c.source.rule->kind == NatRule::Kind::kStatic;
    c.trace->Phase("NAT", "", true, RuleLines(c, *c.source.rule),
                   {std::string(fixed ? "Static" : "Dynamic") + " translate " +
                    Becomes(c, *c.source.rule, {p.key.src, p.key.sport}, c.source.endpoint)});
  }
  if (c.recording() && c.source.rule != nullptr) c.Acted(AspWhat::kNat, false, c.source.rule);
  if (c.policy.personality.per_session_pat) {
    if (c.recording()) c.trace->Phase("NAT", "per-session", true, {});
    const bool per_session = p.IsTcp() || (p.IsUdp() && c.real_dst.port == 53);
    c.Acted(per_session ? AspWhat::kPerSession : AspWhat::kMultiSession);
  }
  if (c.recording() && c.source.rule != nullptr && !c.policy.personality.trace_resolve_egress) {
    c.trace->Phase("NAT", "host-limits", true, RuleLines(c, *c.source.rule));
  }
  return Verdict::kContinue;
}

Verdict IpOptions(Context& c) {
  if (c.packet.ip_options && !c.to_box && !c.from_box) {
    // Only the padding options end-of-list (0) and no-operation (1) pass without an inspection that allows more.
    const std::uint8_t* h = c.packet.bytes.data();
    for (std::size_t i = 20; i < c.packet.l3_length; i++) {
      if (h[i] == 0) break;
      if (h[i] == 1) continue;
      const char* name = h[i] == 148 ? "Router Alert" : h[i] == 7 ? "Record Route" : h[i] == 68 ? "Timestamp"
                         : h[i] == 131 ? "Loose Source Route" : h[i] == 137 ? "Strict Source Route" : "Unknown";
      c.core.log.Log(c.now, Msg::k106012, LogArg::Address(c.packet.key.src), LogArg::Address(c.packet.key.dst), LogArg::Word(name));
      return c.Drop(FrameDrop::kInvalidIpOption);
    }
  }
  if (c.recording()) c.trace->Phase("IP-OPTIONS", "", true, {});
  c.Acted(AspWhat::kIpOptions);
  return Verdict::kContinue;
}

// The reply must take the same rules back (305013).
Verdict ReversePath(Context& c) {
  const Packet& p = c.packet;
  if (c.from_box || c.to_box || c.pinhole != kNoPinhole) return Verdict::kContinue;
  // nat-control: whoever is to be reached from a lower level needs a rule, too (305005).
  if (c.policy.nat.nat_control && !p.v6 && c.destination.rule == nullptr && c.in->security_level < c.out->security_level) {
    const FlowKey reply = ReplyKey(p.key, c.egress, c.real_dst, c.source.endpoint);
    const NatRule* rule = c.policy.nat.FindTranslate(c.core.xlates, reply, p.key.ingress, {p.key.src, p.key.sport}).rule;
    if (rule == nullptr || RefusesAll(*rule)) {
      if (c.recording()) c.trace->Phase("NAT", "rpf-check", false, {});
      c.source.rule = nullptr;
      LogTranslationFailed(c);
      return c.Drop(FrameDrop::kNatXlateFailed);
    }
  }
  if (c.policy.nat.rules().empty()) return Verdict::kContinue;
  const bool agrees =
      ReversePathAgrees(c.policy.nat, c.core.xlates, p.key, c.egress, c.real_dst, c.source, c.destination);
  if (c.recording()) {
    const NatRule* rule = c.destination.rule != nullptr ? c.destination.rule : c.source.rule;
    if (!agrees) {  // the one that the answer would take
      const FlowKey reply = ReplyKey(p.key, c.egress, c.real_dst, c.source.endpoint);
      const NatRule* back = c.policy.nat.FindTranslate(c.core.xlates, reply, p.key.ingress, {p.key.src, p.key.sport}).rule;
      if (back != nullptr) rule = back;
    }
    if (rule != nullptr || !agrees) {
      c.trace->Phase(rule != nullptr && rule->exempt ? "NAT-EXEMPT" : "NAT", "rpf-check", agrees, rule != nullptr ? RuleLines(c, *rule) : std::vector<std::string>{});
      if (rule != nullptr) c.Acted(AspWhat::kNatReverse, true, rule);
    }
  }
  if (agrees) return Verdict::kContinue;
  const bool ports = p.HasPorts();
  LogArg type_code = p.IsIcmp() ? LogArg::TypeCode(p.icmp_type, p.icmp_code) : LogArg::TypeCode(-1, 0);
  type_code.kind = LogArg::Kind::kTypeCodeParens;
  c.core.log.Log(c.now, Msg::k305013, LogArg::Word(ProtocolWord(p.protocol)), LogArg::At(c.InName(), p.key.src),
                 LogArg::SlashPort(ports ? p.key.sport : -1), LogArg::At(c.OutName(), p.key.dst),
                 LogArg::SlashPort(ports ? p.key.dport : -1), type_code);
  return c.Drop(FlowDrop::kNatRpfFailed);
}

Verdict CreateFlow(Context& c) {
  WeighSourceLimits(c);
  if (c.limit.Refuses()) {
    RefuseForLimit(c);
    return c.Drop(c.cookie ? FrameDrop::kTcpConnLimit : FrameDrop::kConnLimit);
  }
  if (c.limit.Intercepts()) {
    AnswerWithCookie(c);
    return Verdict::kConsume;
  }
  if (c.recording()) {
    RecordReverse(c);
    c.trace->Phase("FLOW-CREATION", "", true, {},
                   {"New flow created with id " + std::to_string(c.core.next_conn_id) + ", packet dispatched to next module"});
    RecordModules(c);
  }
  AttachLimits(c);
  PrepareTcpStream(c);
  c.made = MakeConnection(c);
  if (c.made != kNoConn && c.cookie) {
    AskServer(c.core, c.made, c.now);
    return Verdict::kConsume;
  }
  return c.made != kNoConn ? Verdict::kForward : c.Drop(FrameDrop::kUnableToCreateFlow);
}

// One table for every packet, imagined ones included. Up to 8.x packet-tracer shows the translation of the source last; the
// decisions are the same.
struct Stage {
  Verdict (*run)(Context&);
  enum class Of : std::uint8_t { kAll, kOld, kNew } of = Of::kAll;
};
constexpr Stage kNewFlowStages[] = {
    {Shunned},
    {FirstPacket},
    {EarlySecurity},
    {ReversePathForwarding},
    {FindDestination},
    {StateBypass},
    {ToTheBox},
    {CheckAccessIn},
    {ConnectionSettings},
    {Limits},
    {TcpNormalizer},
    {SourceNat, Stage::Of::kNew},
    {IpOptions},
    {ChooseInspection},
    {InspectIpv6Flow},
    {DnsGuardFlow},
    {SourceNat, Stage::Of::kOld},
    {TunnelEncrypt},
    {ReversePath},
    {CheckAccessOut},
    {TunnelInbound},
    {ServiceModule},
    {ClassesOfFlow},
    {CreateFlow},
};

}  // namespace

Verdict RunNewFlow(Context& c) {
  const Stage::Of other = c.policy.personality.trace_resolve_egress ? Stage::Of::kOld : Stage::Of::kNew;
  Verdict v = Verdict::kContinue;
  for (const Stage& stage : kNewFlowStages) {
    if (stage.of == other) continue;
    v = stage.run(c);
    if (v != Verdict::kContinue) break;
  }
  if (c.recording() && (c.out != nullptr || c.to_box)) c.trace->Leads(c.to_box ? IfId::kIdentity : c.out->id);
  if (v == Verdict::kDrop && c.source.xlate != kNoXlate) {
    // A translation made for a flow that was refused after all goes again.
    const Xlate& x = c.core.xlates.Get(c.source.xlate);
    if (x.connections == 0 && x.created == c.now) c.core.xlates.Remove(c.source.xlate);
  }
  return v == Verdict::kContinue ? Verdict::kForward : v;
}

void TraceRecorder::Phase(std::string_view type, std::string_view subtype, bool allow, std::vector<std::string> config,
                          std::vector<std::string> info) {
  const std::int64_t now = Now();
  result_.phases.push_back({std::string(type), std::string(subtype), allow, std::move(config), std::move(info), now - last_});
  last_ = now;
}

std::int64_t TraceRecorder::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace sallyport
