// Packets for the appliance itself: the interface they came in by must be the one they are addressed to, and the
// management rules (ssh, telnet, http, icmp) must allow them. Everything else is discarded. Through a tunnel the interface that
// `management-access` names may be addressed, too, and its rules decide.
#include <utility>

#include "firewall/ipv6_flow.h"
#include "firewall/pipeline.h"

namespace sallyport {
namespace {

const char* ServiceWord(const Policy& p, std::uint16_t port) {
  if (port == p.ssh_port) return "ssh";
  if (port == p.telnet_port) return "telnet";
  if (port == p.http_port) return "https";
  return nullptr;
}

std::optional<ManagementRule::Service> ServiceOf(const Policy& p, std::uint16_t port) {
  if (port == p.ssh_port) return ManagementRule::Service::kSsh;
  if (port == p.telnet_port) return ManagementRule::Service::kTelnet;
  if (port == p.http_port) return ManagementRule::Service::kHttp;
  return {};
}

// The last argument of 710001..710005: a service's name where there is one, else the port.
LogArg PortArg(const Policy& policy, std::uint16_t port) {
  const char* word = ServiceWord(policy, port);
  return word != nullptr ? LogArg::Word(word) : LogArg::Number(port);
}

// The interface whose address it is: a member's bridge group has its own at the BVI.
const Interface& Addressed(const Context& c) {
  const BridgeGroup* group = c.in->bridge.group != 0 ? c.policy.bridge.Of(c.in->id) : nullptr;
  const Interface* bvi = group != nullptr ? c.policy.Find(group->bvi) : nullptr;
  return bvi != nullptr ? *bvi : *c.in;
}

// Does a line that names `interface` speak of where the packet came in? Of a BVI that routes both it and its members may be named.
bool Speaks(const Context& c, IfId interface) { return interface == c.in->id || interface == c.in->bridge.routed_by; }

Verdict Discard(Context& c) {
  const Packet& p = c.packet;
  if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
  c.Acted(AspWhat::kBoxDeny);
  if (p.IsTcp() || p.IsUdp()) {
    c.core.log.Log(c.now, Msg::k710005, LogArg::Word(ProtocolWordUpper(p.protocol)), LogArg::Address(p.key.src),
                   LogArg::Number(p.key.sport), LogArg::At(c.InName(), p.key.dst), PortArg(c.policy, p.key.dport));
  } else {
    c.core.log.Log(c.now, Msg::k710006, LogArg::Word(ProtocolWordUpper(p.protocol)), LogArg::Address(p.key.src),
                   LogArg::At(c.InName(), p.key.dst));
  }
  return c.Drop(FrameDrop::kAclDrop);
}

Verdict TcpToTheBox(Context& c) {
  const Packet& p = c.packet;
  const auto service = ServiceOf(c.policy, p.key.dport);
  if (!service) return Discard(c);
  for (const ManagementRule& rule : c.policy.management) {
    if (rule.service != *service || !Speaks(c, rule.interface) || !rule.from.Contains(p.key.src)) continue;
    // Telnet to the interface with the lowest level needs a tunnel (ASA's rule).
    bool lowest = *service == ManagementRule::Service::kTelnet && p.came_from == TunnelId::kNone;
    for (const auto& i : c.policy.interfaces) {
      if (lowest && i && i->InUse() && i->id != c.in->id && i->security_level < c.in->security_level) lowest = false;
    }
    if (lowest && c.in->security_level == 0) {
      if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
      c.Acted(AspWhat::kBoxDeny);
      return c.Drop(FrameDrop::kTelnetNotPermitted);
    }
    if (c.recording()) c.trace->Phase("ACCESS-LIST", "", true, {"Implicit Rule"});
    c.Acted(AspWhat::kBoxPermit);
    c.core.log.Log(c.now, Msg::k710002, LogArg::Word("TCP"), LogArg::Address(p.key.src), LogArg::Number(p.key.sport),
                   LogArg::At(c.InName(), p.key.dst), PortArg(c.policy, p.key.dport));
    return Verdict::kContinue;
  }
  if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
  c.Acted(AspWhat::kBoxDeny);
  c.core.log.Log(c.now, Msg::k710003, LogArg::Word("TCP"), LogArg::Address(p.key.src), LogArg::Number(p.key.sport),
                 LogArg::At(c.InName(), p.key.dst), PortArg(c.policy, p.key.dport));
  return c.Drop(FrameDrop::kAclDrop);
}

// Only questions open a connection; an answer that nobody asked for is of no use.
Verdict Icmp6ToTheBox(Context& c) {
  const Packet& p = c.packet;
  const bool permit = Icmp6Permitted(c.policy, p, c.in->id, false);
  if (c.recording()) c.trace->Phase("ACCESS-LIST", "", permit, {"Implicit Rule"});
  if (permit) return p.icmp_query ? Verdict::kContinue : Discard(c);
  c.core.log.Log(c.now, Msg::k313008, LogArg::Number(p.icmp_type), LogArg::Number(p.icmp_code), LogArg::Address(p.key.src),
                 LogArg::Name(c.InName()));
  return c.Drop(FrameDrop::kAclDrop);
}

Verdict IcmpToTheBox(Context& c) {
  const Packet& p = c.packet;
  if (p.v6) return Icmp6ToTheBox(c);
  bool any_rule = false;
  bool permit = false;
  for (const IcmpRule& rule : c.policy.icmp) {
    if (rule.v6 || !Speaks(c, rule.interface)) continue;
    any_rule = true;
    if (!rule.from.Contains(p.key.src) || (rule.type >= 0 && rule.type != p.icmp_type)) continue;
    permit = rule.permit;
    break;
  }
  if (!any_rule) permit = true;
  if (c.recording()) c.trace->Phase("ACCESS-LIST", "", permit, {"Implicit Rule"});
  c.Acted(permit ? AspWhat::kBoxPermit : AspWhat::kBoxDeny);
  if (!permit) {
    c.core.log.Log(c.now, Msg::k313001, LogArg::Number(p.icmp_type), LogArg::Number(p.icmp_code), LogArg::Address(p.key.src),
                   LogArg::Name(c.InName()));
    return c.Drop(FrameDrop::kAclDrop);
  }
  return p.icmp_query ? Verdict::kContinue : Discard(c);
}

// `service resetoutside`: on the least secure interface even what is refused there is answered.
bool AnswersOutside(const Context& c) {
  if (!c.policy.reset_outside) return false;
  for (const auto& i : c.policy.interfaces) {
    if (i && i->InUse() && i->id != IfId::kIdentity && i->security_level < c.in->security_level) return false;
  }
  return true;
}

Verdict AsItStands(Context& c) {
  const Packet& p = c.packet;
  const Interface& own = Addressed(c);
  const bool mine = own.Owns(p.key.dst);
  const bool everybody = !mine && (p.key.dst.IsV4Multicast() || p.key.dst.IsV4Broadcast() || p.key.dst.IsV6Multicast() ||
                                   p.key.dst == AddressRange::Of(Prefix::Of(own.address, own.prefix_length)).last);
  // What members of a load-balancing cluster say to their network is all of groups and broadcasts that a service of ours listens to.
  const bool cluster = everybody && p.IsUdp() && c.core.has_tunnels && !p.key.dst.IsV4Multicast() && c.core.tunnels->HearsBroadcast(own.id, p.key.dport);
  if (everybody && !cluster) return Discard(c);
  if (!mine && !cluster) {
    // Another interface's own address, or a network or broadcast address of another one.
    if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
    c.Acted(AspWhat::kBoxDeny);
    return c.Drop(FrameDrop::kSpSecurityFailed);
  }
  c.egress = IfId::kIdentity;
  // What tunnels are made of is let in by what makes them (IKE, the portal, DTLS).
  const bool answered = cluster || (c.core.has_tunnels && (p.IsTcp() || p.IsUdp()) && c.core.tunnels->Answers(own.id, p.protocol, p.key.dport));
  // `ssh`, `telnet`, `http` say what comes in whatever a control-plane list denies; for all else it has the first word.
  const bool service = p.IsTcp() && ServiceOf(c.policy, p.key.dport).has_value();
  if ((!service || answered) && !ControlPlanePermits(c)) return c.Drop(FrameDrop::kAclDrop);
  if (answered) {
    if (c.recording()) c.trace->Phase("ACCESS-LIST", "", true, {"Implicit Rule"});
    c.Acted(AspWhat::kBoxPermit);
    return Verdict::kContinue;
  }
  if (p.IsTcp()) {
    const Verdict v = TcpToTheBox(c);
    if (v == Verdict::kDrop && AnswersOutside(c)) OriginateReset(c.core, p, c.in->id);
    return v;
  }
  if (p.IsIcmp()) return IcmpToTheBox(c);
  return Discard(c);
}

}  // namespace

Verdict ToTheBox(Context& c) {
  if (!c.to_box) return Verdict::kContinue;
  const Interface* managed = c.packet.came_from != TunnelId::kNone ? c.policy.Find(c.policy.management_access) : nullptr;
  if (managed == nullptr || !managed->InUse() || !managed->Owns(c.packet.key.dst)) return AsItStands(c);
  const Interface* const came_in = std::exchange(c.in, managed);
  const Verdict v = AsItStands(c);
  c.in = came_in;
  return v;
}

}  // namespace sallyport
