// Who may open a connection: interface access lists, the global list, and security levels.
#include "firewall/pipeline.h"

namespace sallyport {
namespace {

enum class Rule : std::uint8_t { kElement, kImplicitOfList, kLevels };

struct Decision {
  bool permit = false;
  Rule rule = Rule::kLevels;
  const AccessList* list = nullptr;
  const AclElement* element = nullptr;
};

// What the list is asked about: real addresses from 8.3 on, before that what is on the wire at that interface.
AclQuery QueryOf(const Context& c, bool in_direction) {
  const Packet& p = c.packet;
  AclQuery q{p.key.src, p.key.dst, p.key.sport, p.key.dport, p.protocol, p.icmp_type, p.icmp_code};
  if (c.policy.personality.real_address_access_lists) {
    q.dst = c.real_dst.address;
    if (p.HasPorts()) q.dport = c.real_dst.port;
  } else if (!in_direction) {
    q.dst = c.real_dst.address;
    if (c.source.rule != nullptr) q.src = c.source.endpoint.address;
    if (p.HasPorts()) {
      q.dport = c.real_dst.port;
      if (c.source.rule != nullptr) q.sport = c.source.endpoint.port;
    }
  }
  return q;
}

// The broadcast address of the bridge group's own network.
bool IsGroupBroadcast(const Context& c) {
  const BridgeGroup* group = c.policy.bridge.Of(c.packet.ingress);
  const Interface* bvi = group != nullptr ? c.policy.Find(group->bvi) : nullptr;
  return bvi != nullptr && bvi->address.IsV4() && bvi->prefix_length < 31 &&
         c.packet.key.dst == AddressRange::Of(Prefix::Of(bvi->address, bvi->prefix_length)).last;
}

Decision ByLevels(const Context& c) {
  Decision d;
  const int from = c.in->security_level;
  const int to = c.out->security_level;
  // What is for many needs a rule of its own when it is bridged, in either direction.
  const IpAddress dst = c.packet.key.dst;
  if (c.packet.bridged && (dst.IsV4Multicast() || dst.IsV4Broadcast() || (!dst.IsV4() && dst.hi() >> 56 == 0xff) || IsGroupBroadcast(c))) return d;
  d.permit = from > to || from == to;  // equal levels: same-security-traffic has been asked before
  return d;
}

Decision Decide(const Context& c) {
  const AclQuery q = QueryOf(c, true);
  Decision d;
  const bool v6 = c.packet.v6;
  const auto& global = v6 ? c.policy.access_global6 : c.policy.access_global;
  if (c.in->AccessIn(v6)) {
    d.list = c.in->AccessIn(v6).get();
    d.element = d.list->Find(q);
    if (d.element != nullptr) {
      d.permit = d.element->permit;
      d.rule = Rule::kElement;
      return d;
    }
    // With a global list the interface list's implicit deny moves to the end of the global one.
    if (!global) {
      d.rule = Rule::kImplicitOfList;
      return d;
    }
  }
  if (global) {
    d.list = global.get();
    d.element = d.list->Find(q);
    d.rule = d.element != nullptr ? Rule::kElement : Rule::kImplicitOfList;
    d.permit = d.element != nullptr && d.element->permit;
    return d;
  }
  return ByLevels(c);
}

// 106001, 106006, 106007, 106014, 106010: no access list, the levels refuse.
void LogDeniedByLevels(Context& c) {
  const Packet& p = c.packet;
  LogSink& log = c.core.log;
  const NameId in = c.InName();
  const auto src = LogArg::Address(p.key.src);
  const auto dst = LogArg::Address(p.key.dst);
  if (p.IsTcp()) {
    log.Log(c.now, Msg::k106001, src, LogArg::Number(p.key.sport), dst, LogArg::Number(p.key.dport),
            LogArg::TcpFlags(p.tcp_flags), LogArg::Name(in));
  } else if (p.IsUdp() && (p.key.dport == 53 || p.key.sport == 53)) {
    log.Log(c.now, Msg::k106007, src, LogArg::Number(p.key.sport), dst, LogArg::Number(p.key.dport),
            LogArg::Word(p.key.sport == 53 ? "Response" : "Query"));
  } else if (p.IsUdp()) {
    log.Log(c.now, Msg::k106006, src, LogArg::Number(p.key.sport), dst, LogArg::Number(p.key.dport), LogArg::Name(in));
  } else if (p.IsIcmp()) {
    log.Log(c.now, Msg::k106014, LogArg::At(in, p.key.src), LogArg::At(c.OutName(), p.key.dst), LogArg::Number(p.icmp_type),
            LogArg::Number(p.icmp_code));
  } else {
    log.Log(c.now, Msg::k106010, LogArg::Word(ProtocolWord(p.protocol)), LogArg::At(in, p.key.src),
            LogArg::SlashPort(p.HasPorts() ? p.key.sport : -1), LogArg::At(c.OutName(), p.key.dst),
            LogArg::SlashPort(p.HasPorts() ? p.key.dport : -1));
  }
}

// 106023
void LogDeniedByList(Context& c, const Decision& d) {
  const Packet& p = c.packet;
  const bool ports = p.HasPorts();
  const bool icmp = p.IsIcmp();
  const bool hashes = c.policy.personality.log_access_list_hashes;
  const std::uint32_t first = d.element != nullptr ? d.element->hash : 0;
  const std::uint32_t second = d.element != nullptr ? d.element->parent_hash : 0;
  LogArg type_code = icmp ? LogArg::TypeCode(p.icmp_type, p.icmp_code) : LogArg::TypeCode(-1, 0);
  type_code.kind = LogArg::Kind::kTypeCodeParens;
  // From 8.3 on the message shows real addresses, as the list has them (ASA syslog guide, 106023).
  const Endpoint dst = c.policy.personality.real_address_access_lists ? c.real_dst : Endpoint{p.key.dst, p.key.dport};
  c.core.log.Log(c.now, Msg::k106023, LogArg::Word(ProtocolWord(p.protocol)), LogArg::At(c.InName(), p.key.src),
                 LogArg::SlashPort(ports ? p.key.sport : -1), LogArg::At(c.OutName(), dst.address),
                 LogArg::SlashPort(ports ? dst.port : -1), type_code, LogArg::Name(d.list->name_id()),
                 hashes ? LogArg::HashPair(first, second) : LogArg::NoHashPair());
}

// 106103
void LogDeniedByVpnFilter(Context& c, const Decision& d, const std::string& user) {
  const Packet& p = c.packet;
  const bool ports = p.HasPorts();
  const Endpoint dst = c.policy.personality.real_address_access_lists ? c.real_dst : Endpoint{p.key.dst, p.key.dport};
  const std::uint32_t first = d.element != nullptr ? d.element->hash : 0, second = d.element != nullptr ? d.element->parent_hash : 0;
  c.core.log.Log(c.now, Msg::k106103, LogArg::Name(d.list->name_id()), LogArg::Word("denied"), LogArg::Word(ProtocolWord(p.protocol)),
                 LogArg::Name(c.InName()), LogArg::Address(p.key.src), LogArg::Number(ports ? p.key.sport : 0), LogArg::Name(c.OutName()),
                 LogArg::Address(dst.address), LogArg::Number(ports ? dst.port : p.IsIcmp() ? p.icmp_type : 0), LogArg::Number(1),
                 LogArg::Word("first hit"), LogArg::HashPair(first, second), std::string_view(user));
}

void Count(const AclElement& e, TimePoint now) {
  e.hits->hits.fetch_add(1, std::memory_order_relaxed);
  e.hits->last_hit_ns.store(now.ns, std::memory_order_relaxed);
}

void TracePhaseOf(Context& c, const Decision& d, const std::string& group) {
  if (d.rule != Rule::kElement) {
    c.trace->Phase("ACCESS-LIST", "", d.permit, {"Implicit Rule"});
    return;
  }
  std::vector<std::string> config{group};
  const AclLine& line = d.list->lines()[d.element->line];
  // Lines of an `ipv6 access-list` have no word for their kind.
  const bool six = line.text.starts_with("permit") || line.text.starts_with("deny");
  config.push_back((six ? "ipv6 access-list " : "access-list ") + d.list->name() + " " + line.text + " ");
  c.trace->Phase("ACCESS-LIST", d.element->logs ? "log" : "", d.permit, std::move(config));
}

std::string GroupText(const Context& c, const AccessList& list, bool in_direction) {
  const auto& global = c.packet.v6 ? c.policy.access_global6 : c.policy.access_global;
  if (global.get() == &list && c.in->AccessIn(c.packet.v6).get() != &list) {
    return "access-group " + list.name() + " global";
  }
  return "access-group " + list.name() + (in_direction ? " in interface " + c.in->nameif : " out interface " + c.out->nameif);
}

Verdict Apply(Context& c, const Decision& d, bool in_direction) {
  if (c.recording()) TracePhaseOf(c, d, d.list != nullptr ? GroupText(c, *d.list, in_direction) : std::string());
  c.Acted(d.rule == Rule::kElement ? AspWhat::kElement : d.permit ? AspWhat::kLevels : AspWhat::kImplicit, !in_direction, d.element);
  if (d.element != nullptr && !c.tracing()) {
    Count(*d.element, c.now);
    if (ThreatStatistics& s = c.core.threats.statistics(); s.access_lists()) s.OnAclHit(*d.list, *d.element, c.now);
    if (d.element->logs) {
      c.core.acl_log.Record({*d.element, d.list->name_id(), c.packet.key, c.InName(), c.OutName(), c.packet.icmp_type}, c.now);
    }
  }
  if (d.permit) return Verdict::kContinue;
  if (d.rule == Rule::kLevels) {
    LogDeniedByLevels(c);
  } else if (d.element == nullptr || (!d.element->logs && !d.element->log_disabled)) {
    LogDeniedByList(c, d);
  }
  // `service resetinbound` and `resetoutbound` answer a refused TCP segment with a reset.
  if (c.packet.IsTcp() && c.in != nullptr && c.out != nullptr) {
    if (c.policy.AnswersRefused(*c.in, *c.out)) OriginateReset(c.core, c.packet, c.in->id);
  }
  return c.Drop(FrameDrop::kAclDrop);
}

// Same interface, or same level: needs same-security-traffic whatever the access lists say.
bool SameSecurityRefuses(const Context& c) {
  if (c.in == c.out) return !c.policy.same_security_intra;
  // Within a traffic zone it is both: out by its own zone, and by an interface of the same level.
  if (c.in->zone != 0 && c.in->zone == c.out->zone && !c.policy.same_security_intra) return true;
  return c.in->security_level == c.out->security_level && !c.policy.same_security_inter;
}

}  // namespace

Verdict CheckAccessIn(Context& c) {
  if (c.from_box || c.to_box || c.core.bypass_checks || c.pinhole != kNoPinhole) return Verdict::kContinue;
  // What came out of a tunnel passes (`sysopt connection permit-vpn`), but not back out of the interface by itself.
  const bool decrypted = c.core.decrypted || (c.packet.came_from != TunnelId::kNone && c.policy.sysopt.permit_vpn);
  if (decrypted && (c.in != c.out || !SameSecurityRefuses(c))) return Verdict::kContinue;
  Decision d;
  if (!SameSecurityRefuses(c)) {
    d = Decide(c);
  } else if (c.in == c.out) {
    // Out by the interface it came in by: a check of the slow path, not a rule.
    if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
    c.Acted(AspWhat::kSameInterface);
    LogDeniedByLevels(c);
    return c.Drop(FrameDrop::kSpSecurityFailed);
  }
  // Routed for a bridge group: the member's list, then the BVI's. Levels decide only if neither has one.
  const Interface* const member = c.in;
  const Interface& bvi = c.policy.Layer3(*member);
  if (&bvi == member || c.packet.bridged || !bvi.AccessIn(c.packet.v6)) return Apply(c, d, true);
  if (member->AccessIn(c.packet.v6) && Apply(c, d, true) != Verdict::kContinue) return Verdict::kDrop;
  c.in = &bvi;
  const Verdict v = Apply(c, Decide(c), true);
  c.in = member;
  return v;
}

Verdict CheckVpnFilter(Context& c, const TunnelFilter& filter, bool to_peer) {
  if (filter.list == nullptr) return Verdict::kContinue;
  const AccessList& list = *filter.list;
  const bool real = c.policy.personality.real_address_access_lists;
  const Packet& p = c.packet;
  const bool ports = p.HasPorts();
  const bool mapped_source = !real && (c.source.rule != nullptr || c.source_mapped);
  const Endpoint src = mapped_source ? c.source.endpoint : Endpoint{p.key.src, p.key.sport};
  // Into a tunnel the destination is the peer's own; out of one it is what it really is here, or was before 8.3 as it came.
  const Endpoint dst = to_peer || real ? c.real_dst : Endpoint{p.key.dst, p.key.dport};
  const Endpoint& theirs = to_peer ? dst : src;
  const Endpoint& ours = to_peer ? src : dst;
  AclQuery q{theirs.address, ours.address, 0, 0, p.protocol, p.icmp_type, p.icmp_code};
  if (ports) {
    q.sport = theirs.port;
    q.dport = ours.port;
  }
  Decision d;
  d.list = &list;
  d.element = list.Find(q);
  d.rule = d.element != nullptr ? Rule::kElement : Rule::kImplicitOfList;
  d.permit = d.element != nullptr && d.element->permit;
  if (c.recording()) c.trace->Phase("ACCESS-LIST", "vpn-user", d.permit, {});
  c.Acted(d.element != nullptr ? AspWhat::kVpnUser : AspWhat::kVpnDeny, false, d.element);
  if (d.element != nullptr && !c.tracing()) {
    Count(*d.element, c.now);
    if (d.element->logs) c.core.acl_log.Record({*d.element, list.name_id(), p.key, c.InName(), c.OutName(), p.icmp_type, &filter.user}, c.now);
  }
  if (d.permit) return Verdict::kContinue;
  if (d.element == nullptr || (!d.element->logs && !d.element->log_disabled)) LogDeniedByVpnFilter(c, d, filter.user);
  return c.Drop(FrameDrop::kAclDrop);
}

bool ControlPlanePermits(Context& c) {
  if (c.in == nullptr || !c.in->access_control_plane) return true;
  Decision d;
  d.list = c.in->access_control_plane.get();
  d.element = d.list->Find(QueryOf(c, true));
  if (d.element == nullptr) return true;
  d.rule = Rule::kElement;
  d.permit = d.element->permit;
  if (c.recording()) TracePhaseOf(c, d, "access-group " + d.list->name() + " in interface " + c.in->nameif + " control-plane");
  if (!c.tracing()) Count(*d.element, c.now);
  if (d.element->logs && !c.tracing()) {
    c.core.acl_log.Record({*d.element, d.list->name_id(), c.packet.key, c.InName(), c.OutName(), c.packet.icmp_type}, c.now);
  }
  if (!d.permit && !d.element->logs && !d.element->log_disabled) LogDeniedByList(c, d);
  return d.permit;
}

namespace {

Verdict ApplyOut(Context& c) {
  if (c.out->AccessOut(c.packet.v6) == nullptr) return Verdict::kContinue;
  Decision d;
  d.list = c.out->AccessOut(c.packet.v6).get();
  d.element = d.list->Find(QueryOf(c, false));
  d.rule = d.element != nullptr ? Rule::kElement : Rule::kImplicitOfList;
  d.permit = d.element != nullptr && d.element->permit;
  return Apply(c, d, false);
}

}  // namespace

Verdict CheckAccessOut(Context& c) {
  if (c.from_box || c.to_box || c.core.bypass_checks || c.pinhole != kNoPinhole) return Verdict::kContinue;
  const Interface* const member = c.out;
  if (member->bridge.routed_by != IfId::kAny && !c.packet.bridged) {  // the BVI's list, then the member's
    c.out = &c.policy.Layer3(*member);
    const Verdict v = ApplyOut(c);
    c.out = member;
    if (v != Verdict::kContinue) return v;
  }
  return ApplyOut(c);
}

}  // namespace sallyport
