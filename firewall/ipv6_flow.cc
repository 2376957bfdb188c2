#include "firewall/ipv6_flow.h"

#include "firewall/nat_neighbours.h"

namespace sallyport {
namespace {

// Headers that are none of a transport and that an ASA does not know (`unsupport-ipv6-hdr`): mobility, HIP, Shim6.
bool IsUnknownHeader(std::uint8_t protocol) { return protocol == 135 || protocol == 139 || protocol == 140; }

// RFC 4861: router and neighbour solicitation and advertisement, redirect.
bool IsNeighbourDiscovery(const Packet& p) { return p.IsIcmp() && p.icmp_type >= 133 && p.icmp_type <= 137; }
// RFC 2710, 3810.
bool IsListenerMessage(const Packet& p) {
  return p.IsIcmp() && ((p.icmp_type >= 130 && p.icmp_type <= 132) || p.icmp_type == 143);
}

void Refuse(EngineCore& core, const Packet& p, FrameDrop reason, Disposition& out) {
  out.action = Disposition::Action::kDrop;
  out.reason = reason;
  core.drops.Count(reason);
  core.CounterOf(p.ingress).dropped++;
}

void Accept(EngineCore& core, const Packet& p, IfId egress, Disposition& out) {
  out.action = Disposition::Action::kAccept;
  out.egress = egress;
  core.CounterOf(p.ingress).in_packets++;
  core.CounterOf(p.ingress).in_bytes += p.wire_length;
  core.CounterOf(egress).out_packets++;
  core.CounterOf(egress).out_bytes += p.wire_length;
}

// ICMPv6 of the link: the kernel does the work, we see to it that it stays on the link and is let in.
void DecideLinkMessage(EngineCore& core, const Packet& p, const Interface& in, TimePoint now, Disposition& out) {
  const bool discovery = IsNeighbourDiscovery(p);
  // RFC 4861 6.1, 7.1: a router would have taken one from the hop limit. Listener messages have 1.
  if (discovery && p.ttl != 255) return Refuse(core, p, FrameDrop::kIpv6SpSecurityFailed, out);
  if (AnswersSolicitation(core, p, in)) {
    out.action = Disposition::Action::kConsume;
    core.CounterOf(p.ingress).in_packets++;
    core.CounterOf(p.ingress).in_bytes += p.wire_length;
    return;
  }
  if (!in.Owns(p.key.dst) && !p.key.dst.IsV6Multicast()) return Refuse(core, p, FrameDrop::kIpv6SpSecurityFailed, out);
  if (p.key.src.IsV6Multicast() || p.key.src.IsV6Loopback()) return Refuse(core, p, FrameDrop::kIpv6SpSecurityFailed, out);
  if (!Icmp6Permitted(*core.policy, p, in.id, true)) {
    core.log.Log(now, Msg::k313008, LogArg::Number(p.icmp_type), LogArg::Number(p.icmp_code), LogArg::Address(p.key.src),
                 LogArg::Name(in.name));
    return Refuse(core, p, FrameDrop::kAclDrop, out);
  }
  if (core.sends_adverts && p.icmp_type == 133) core.adverts.Solicited(in.id, now, core.random);
  Accept(core, p, IfId::kIdentity, out);
}

}  // namespace

bool Icmp6Permitted(const Policy& policy, const Packet& p, IfId in, bool named_only) {
  bool any_rule = false;
  for (const IcmpRule& rule : policy.icmp) {
    if (!rule.v6 || rule.interface != in) continue;
    any_rule = true;
    if (!rule.from.Contains(p.key.src) || (rule.type >= 0 && rule.type != p.icmp_type)) continue;
    return rule.permit || (named_only && rule.type < 0);
  }
  return named_only || !any_rule;
}

FrameDrop Ipv6Refused(const Packet& p, const Interface& in) {
  if (!in.ipv6_enabled) return FrameDrop::kL2Acl;
  if ((p.extension_headers & kExtRouting) != 0 && p.routing_type == 0) return FrameDrop::kUnsupportIpv6Hdr;  // RFC 5095
  if (IsUnknownHeader(p.protocol)) return FrameDrop::kUnsupportIpv6Hdr;
  return FrameDrop::kNone;
}

bool DecideIpv6(EngineCore& core, const Packet& p, const Interface* in, TimePoint now, Disposition& out) {
  const bool link_message = IsNeighbourDiscovery(p) || IsListenerMessage(p);
  if (in == nullptr) {  // the kernel's own
    const Interface* at = core.policy->Find(p.egress_hint);
    if (at == nullptr || !at->ipv6_enabled) {
      Refuse(core, p, FrameDrop::kL2Acl, out);
      return true;
    }
    if (!link_message) return false;
    Accept(core, p, p.egress_hint, out);
    return true;
  }
  if (const FrameDrop reason = Ipv6Refused(p, *in); reason != FrameDrop::kNone) {
    Refuse(core, p, reason, out);
    return true;
  }
  if (!link_message) return false;
  DecideLinkMessage(core, p, *in, now, out);
  return true;
}

Verdict Ipv6EarlySecurity(Context& c) {
  const IpAddress src = c.packet.key.src;
  const IpAddress dst = c.packet.key.dst;
  bool spoof = src == dst || src.IsNone() || src.IsV6Multicast() || src.IsV6Loopback() || dst.IsV6Loopback() || dst.IsNone();
  for (const auto& i : c.policy.interfaces) {
    // The same link-local address may be in use on another link.
    if (i && i->Owns(src) && (!src.IsV6LinkLocal() || i->id == c.policy.Layer3(c.in->id))) spoof = true;
  }
  if (!spoof) return Verdict::kContinue;
  c.core.log.Log(c.now, Msg::k106016, LogArg::Address(src), LogArg::Address(dst), LogArg::Name(c.InName()));
  return c.Drop(FrameDrop::kIpv6SpSecurityFailed);
}

Verdict Ipv6Through(Context& c) {
  const FlowKey& key = c.packet.key;
  if (key.src.IsV6LinkLocal() || key.dst.IsV6LinkLocal() || key.dst.IsV6Multicast()) return c.Drop(FrameDrop::kIpv6SpSecurityFailed);
  return Verdict::kContinue;
}

IpAddress SourceAddress6(const Interface& from, IpAddress to) {
  if (to.IsV6LinkLocal()) return from.link_local;
  for (const InterfaceAddress6& own : from.ipv6) {
    if (Prefix::Of(own.address, own.prefix_length).Contains(to)) return own.address;
  }
  return !from.ipv6.empty() ? from.ipv6.front().address : from.link_local;
}

}  // namespace sallyport
