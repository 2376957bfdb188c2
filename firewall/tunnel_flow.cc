#include "firewall/tunnel_flow.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "firewall/engine_impl.h"
#include "firewall/threat_flow.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kIke = 500, kNatT = 4500;
constexpr Duration kSpoofLog = Duration::Seconds(5);  // 402117 is one of those that come once in five seconds

// What carries tunnels, between the appliance itself and a peer, is never in one.
bool CarriesTunnels(const Packet& p) {
  if (p.protocol == static_cast<std::uint8_t>(IpProtocol::kEsp)) return true;
  const auto of_ike = [](std::uint16_t port) { return port == kIke || port == kNatT; };
  return p.IsUdp() && (of_ike(p.key.sport) || of_ike(p.key.dport));
}

TunnelFlow FlowOf(const Packet& p, Endpoint src, Endpoint dst, IfId at) {
  TunnelFlow f;
  f.src = src.address;
  f.dst = dst.address;
  f.protocol = p.protocol;
  f.at = at;
  if (p.HasPorts()) {
    f.sport = src.port;
    f.dport = dst.port;
  }
  if (p.IsIcmp()) {
    f.icmp_type = p.icmp_type;
    f.icmp_code = p.icmp_code;
  }
  return f;
}

void CountHit(Context& c, const TunnelChoice& choice) {
  if (choice.element == nullptr || c.tracing()) return;
  choice.element->hits->hits.fetch_add(1, std::memory_order_relaxed);
  choice.element->hits->last_hit_ns.store(c.now.ns, std::memory_order_relaxed);
}

void Drop(EngineCore& core, const Packet& p, FrameDrop frame, FlowDrop flow, Disposition& out) {
  out.action = Disposition::Action::kDrop;
  out.reason = frame;
  out.flow_reason = flow;
  if (frame != FrameDrop::kNone) core.drops.Count(frame);
  if (flow != FlowDrop::kNone) core.drops.Count(flow);
  core.CounterOf(p.ingress).dropped++;
}

void TellSpoof(EngineCore& core, const Packet& p, const TunnelGate::Drop& why, TimePoint now) {
  if (!why.non_ipsec || core.undo != nullptr || (core.spoof_told && now - *core.spoof_told < kSpoofLog)) return;
  core.spoof_told = now;
  core.log.Log(now, Msg::k402117, LogArg::Word(ProtocolWordUpper(p.protocol)), LogArg::Address(p.key.src), LogArg::Address(p.key.dst));
}

}  // namespace

TunnelFlow FlowOnTheWire(const Conn& c, Direction d) {
  TunnelFlow f;
  const bool forward = d == Direction::kForward;
  f.src = forward ? c.initiator_mapped : c.responder_mapped;
  f.dst = forward ? c.responder_real : c.initiator_real;
  f.protocol = c.ProtocolOf(d);
  f.at = forward ? c.out_if : c.in_if;
  if (f.protocol == 6 || f.protocol == 17 || f.protocol == 132) {
    f.sport = forward ? c.initiator_mapped_port : c.responder_mapped_port;
    f.dport = forward ? c.responder_real_port : c.initiator_real_port;
  }
  if (f.protocol == 1 || f.protocol == 58) f.icmp_type = c.icmp_type;
  return f;
}

// --- new flows -----------------------------------------------------------------------------------------------------------

IfId EgressOfOwn(const Context& c) {
  const Packet& p = c.packet;
  const IfId chosen = p.egress_hint;
  if (!c.core.has_tunnels || chosen != c.policy.management_access || CarriesTunnels(p)) return chosen;
  const Interface* own = c.policy.Find(chosen);
  if (const auto user = c.core.tunnels->RouteTo(p.key.dst); user && own != nullptr && own->Owns(p.key.src)) return *user;
  const Route* way = c.policy.routes.Find(p.key.dst);
  if (own == nullptr || !own->Owns(p.key.src) || way == nullptr || way->null0 || way->interface == chosen) return chosen;
  const TunnelFlow f = FlowOf(p, {p.key.src, p.key.sport}, {p.key.dst, p.key.dport}, way->interface);
  return c.core.tunnels->Choose(f, c.now).what == TunnelChoice::What::kClear ? chosen : way->interface;
}

Verdict TunnelEncrypt(Context& c) {
  const Packet& p = c.packet;
  if (!c.core.has_tunnels || c.to_box || p.bridged || c.out == nullptr || (c.from_box && CarriesTunnels(p))) return Verdict::kContinue;
  TunnelGate& gate = *c.core.tunnels;
  const bool mapped = c.source.rule != nullptr || c.source_mapped;
  const TunnelFlow f = FlowOf(p, mapped ? c.source.endpoint : Endpoint{p.key.src, p.key.sport}, c.real_dst, c.policy.Layer3(c.egress));
  const TunnelChoice choice = gate.Choose(f, c.now);
  CountHit(c, choice);
  if (choice.what == TunnelChoice::What::kClear) return Verdict::kContinue;
  const bool up = choice.what == TunnelChoice::What::kTunnel;
  if (c.recording()) c.trace->Phase("VPN", "encrypt", up, {});
  c.Acted(AspWhat::kEncrypt, true, choice.element);
  if (choice.what == TunnelChoice::What::kNegotiate) {
    gate.Negotiate(choice.entry, f, c.now);
    return c.Drop(FrameDrop::kAclDrop);
  }
  if (!up) return c.Drop(FrameDrop::kIpsecClearpktNotun);
  TunnelPath& path = c.Extra().tunnel;
  path.out[0] = path.in[1] = choice.tunnel;
  return CheckVpnFilter(c, gate.Filter(choice.tunnel), true);
}

Verdict TunnelInbound(Context& c) {
  const Packet& p = c.packet;
  if (!c.core.has_tunnels || c.from_box || p.bridged || c.in == nullptr) return Verdict::kContinue;
  TunnelGate& gate = *c.core.tunnels;
  TunnelId came = p.came_from;
  if (came == TunnelId::kNone && c.to_box && CarriesTunnels(p)) return Verdict::kContinue;
  // The answer, as it will leave where this packet came in.
  const TunnelFlow reply = FlowOf(p, {p.key.dst, p.key.dport}, {p.key.src, p.key.sport}, c.policy.Layer3(c.in->id));
  const TunnelChoice choice = gate.Choose(reply, c.now);
  if (c.core.decrypted && came == TunnelId::kNone) came = choice.tunnel;
  const bool tunnelled = c.extra != kNoExtra && c.Extra().tunnel.Any();
  const bool imagined = c.core.decrypted && choice.what != TunnelChoice::What::kClear;
  if (came == TunnelId::kNone && choice.what != TunnelChoice::What::kClear && !imagined) {
    if (c.recording()) c.trace->Phase("VPN", "ipsec-tunnel-flow", false, {});
    const TunnelGate::Drop why = gate.ReasonOf(choice.tunnel, TunnelGate::Why::kSpoof);
    TellSpoof(c.core, p, why, c.now);
    if (choice.what == TunnelChoice::What::kTunnel) gate.Spoofed(choice.tunnel);
    return why.frame != FrameDrop::kNone ? c.Drop(why.frame) : c.Drop(why.flow);
  }
  if (came == TunnelId::kNone && imagined) {  // packet-tracer's `decrypted`, and there is nothing that could have decrypted it
    if (c.recording()) c.trace->Phase("VPN", "ipsec-tunnel-flow", false, {});
    return c.Drop(FrameDrop::kIpsecTunDown);
  }
  if (came != TunnelId::kNone) {
    const auto link = gate.Link(came);
    if (choice.what != TunnelChoice::What::kClear && link && choice.entry != link->entry) {
      if (c.recording()) c.trace->Phase("VPN", "ipsec-tunnel-flow", false, {});
      return c.Drop(FlowDrop::kVpnOverlapConflict);
    }
    TunnelPath& path = c.Extra().tunnel;
    path.out[1] = path.in[0] = came;
    if (CheckVpnFilter(c, gate.Filter(came), false) != Verdict::kContinue) return Verdict::kDrop;
  }
  if (c.recording() && (tunnelled || came != TunnelId::kNone)) {
    c.trace->Phase("VPN", "ipsec-tunnel-flow", true, {});
    // The rule is that of what comes in; for a flow that leaves by the tunnel those are the answers.
    if (came != TunnelId::kNone) c.Acted(AspWhat::kTunnelFlow);
    else c.trace->Rule({AspWhat::kTunnelFlow, c.out->id, false, nullptr, c.real_dst.address, p.key.src}, true);
  }
  return Verdict::kContinue;
}

void HoldTunnels(EngineCore& core, const Conn& c) {
  if ((c.flags & kConnTunnelled) == 0) return;
  const TunnelPath& path = core.extras.At(c.extra).tunnel;
  for (const TunnelId t : {path.out[0], path.out[1], path.in[0], path.in[1]}) {
    if (t != TunnelId::kNone) core.tunnels->AddFlow(t);
  }
}

void LetTunnelsGo(EngineCore& core, const Conn& c) {
  if ((c.flags & kConnTunnelled) == 0) return;
  const TunnelPath& path = core.extras.At(c.extra).tunnel;
  for (const TunnelId t : {path.out[0], path.out[1], path.in[0], path.in[1]}) {
    if (t != TunnelId::kNone) core.tunnels->DropFlow(t);
  }
}

// --- known flows ---------------------------------------------------------------------------------------------------------

namespace {

void DropFor(EngineCore& core, const Packet& p, TunnelId t, TunnelGate::Why why, Disposition& out) {
  const TunnelGate::Drop drop = core.tunnels->ReasonOf(t, why);
  Drop(core, p, drop.frame, drop.flow, out);
}

}  // namespace

TunnelId TunnelOut(const EngineCore& core, const Conn& c, Direction d) {
  return (c.flags & kConnTunnelled) != 0 ? core.extras.At(c.extra).tunnel.out[static_cast<int>(d)] : TunnelId::kNone;
}

bool TunnelAllows(EngineCore& core, const Conn& c, Direction d, const Packet& p, TimePoint now, Disposition& out) {
  const TunnelPath& path = core.extras.At(c.extra).tunnel;
  const int i = static_cast<int>(d);
  // What comes out of a tunnel although the connection is in the clear there is let pass: it has been proved to be the peer's.
  if (path.in[i] != TunnelId::kNone && path.in[i] != p.came_from && !core.decrypted) {
    TunnelGate::Drop why{FrameDrop::kVpnHandleMismatch};
    if (p.came_from == TunnelId::kNone) {
      why = core.tunnels->ReasonOf(path.in[i], TunnelGate::Why::kMissing);
      TellSpoof(core, p, why, now);
      core.tunnels->Spoofed(path.in[i]);
    }
    Drop(core, p, why.frame, why.flow, out);
    return false;
  }
  if (path.out[i] == TunnelId::kNone || core.tunnels->Link(path.out[i])) return true;
  const bool asked = core.tunnels->Revive(path.out[i], FlowOnTheWire(c, d), now);
  if (core.recorder != nullptr) core.recorder->Phase("VPN", "encrypt", false, {});
  if (asked) Drop(core, p, FrameDrop::kIpsecNeedSa, FlowDrop::kNone, out);
  else DropFor(core, p, path.out[i], TunnelGate::Why::kNoLink, out);
  return false;
}

namespace {

void TooBig(EngineCore& core, TunnelId t, const Packet& p, TimePoint now, Disposition& out) {
  const Interface* back = p.ingress != IfId::kIdentity ? core.policy->Find(p.ingress) : nullptr;
  const auto link = core.tunnels->Link(t);
  if (back != nullptr && link) OriginateTooBig(core, p, core.policy->Layer3(*back), link->mtu, now);
  DropFor(core, p, t, TunnelGate::Why::kTooBig, out);
}

}  // namespace

bool TunnelFits(EngineCore& core, const Conn& c, Direction d, const Packet& p, TimePoint now, Disposition& out) {
  const TunnelId t = TunnelOut(core, c, d);
  if (t == TunnelId::kNone || p.fragment || !core.tunnels->TooBig(t, p, now)) return true;
  TooBig(core, t, p, now, out);
  return false;
}

int TunnelMtu(const EngineCore& core, const Conn& c, Direction d) {
  const TunnelId t = TunnelOut(core, c, d);
  const auto link = t != TunnelId::kNone ? core.tunnels->Link(t) : std::nullopt;
  return link ? link->mtu : std::numeric_limits<int>::max();
}

bool ErrorMayLeave(EngineCore& core, const Packet& p, IfId egress, TimePoint now, Disposition& out) {
  const TunnelChoice choice = core.tunnels->Choose(FlowOf(p, {p.key.src, 0}, {p.key.dst, 0}, core.policy->Layer3(egress)), now);
  if (choice.what == TunnelChoice::What::kClear) return true;
  if (choice.what == TunnelChoice::What::kTunnel) {
    out.tunnel = choice.tunnel;
    return true;
  }
  Drop(core, p, FrameDrop::kIpsecTunDown, FlowDrop::kNone, out);
  return false;
}

void LeaveByTunnel(EngineCore& core, Packet& p, TimePoint now, Disposition& out) {
  const TunnelId t = std::exchange(out.tunnel, TunnelId::kNone);
  if (t == TunnelId::kNone || out.action != Disposition::Action::kAccept || core.tunnels == nullptr) return;
  const std::size_t before = core.originated.size();
  switch (core.tunnels->Seal(t, p, now, core.originated)) {
    case Sealed::kReplaced:
      p.rewritten = true;
      p.gso = p.checksum_pending = false;
      p.wire_length = static_cast<std::uint32_t>(p.bytes.size());
      if (const Interface* i = core.policy->Find(out.egress); i != nullptr && i->virtual_tunnel) {  // what is on the wire leaves by another
        if (const auto link = core.tunnels->Link(t)) out.egress = link->at;
        if (out.mark != 0) out.mark = static_cast<std::uint32_t>(core.policy->Layer3(out.egress));
      }
      return;
    case Sealed::kSent:
      for (std::size_t i = before; i < core.originated.size(); i++) core.originated[i].tunnel = kOnTheWire;
      out.action = Disposition::Action::kConsume;
      return;
    case Sealed::kTooBig: return TooBig(core, t, p, now, out);
    case Sealed::kNoSa: return DropFor(core, p, t, TunnelGate::Why::kNoSa, out);
    case Sealed::kFailed: return DropFor(core, p, t, TunnelGate::Why::kFailed, out);
    case Sealed::kBusy: return DropFor(core, p, t, TunnelGate::Why::kBusy, out);
  }
}

void SealOriginated(EngineCore& core, TimePoint now) {
  if (core.tunnels == nullptr) return;
  core.tunnels->Sent();
  if (!core.has_tunnels && core.originated.empty()) return;
  std::vector<OriginatedPacket> all = std::exchange(core.originated, {});
  core.originated.reserve(all.size());
  for (OriginatedPacket& o : all) {
    if (o.tunnel == kOnTheWire) {
      o.tunnel = TunnelId::kNone;
      core.originated.push_back(std::move(o));
      continue;
    }
    Packet p;
    p.bytes = o.bytes;
    p.wire_length = static_cast<std::uint32_t>(o.bytes.size());
    TunnelId t = o.tunnel;
    const bool parsed = ParsePacket(p) == FrameDrop::kNone;
    if (t == TunnelId::kNone && parsed && core.has_tunnels && !CarriesTunnels(p)) {
      const TunnelFlow f = FlowOf(p, {p.key.src, p.key.sport}, {p.key.dst, p.key.dport}, core.policy->Layer3(o.egress));
      const TunnelChoice choice = core.tunnels->Choose(f, now);
      t = choice.tunnel;
      if (choice.what != TunnelChoice::What::kClear && t == TunnelId::kNone) {  // nothing of ours begins a tunnel by itself
        core.drops.Count(FrameDrop::kIpsecTunDown);
        continue;
      }
    }
    if (t == TunnelId::kNone) {
      core.originated.push_back(std::move(o));
      continue;
    }
    Disposition d;
    d.action = Disposition::Action::kAccept;
    d.egress = o.egress;
    d.tunnel = t;
    LeaveByTunnel(core, p, now, d);
  }
  for (OriginatedPacket& o : core.originated) o.tunnel = TunnelId::kNone;
}

void TakeOpenedReleased(EngineCore& core) {
  if (core.opened_held.empty()) return;
  std::erase_if(core.released, [&core](ReleasedPacket& r) {
    const auto it = core.opened_held.find(r.handle);
    if (it == core.opened_held.end()) return false;
    core.opened_held.erase(it);
    if (r.disposition.action == Disposition::Action::kAccept && !r.bytes.empty()) {
      core.originated.push_back({r.disposition.egress, std::move(r.bytes), kOnTheWire});
    }
    return true;
  });
}

// --- from a peer ---------------------------------------------------------------------------------------------------------

namespace {

// May the kernel be given `inner` in the place of `outer`? (firewall/host/README.md: IPv4 without options for the same, and no fragment.)
bool MayReplace(const Packet& outer) {
  return !outer.v6 && outer.l3_length == 20 && !outer.fragment && !outer.gso;
}
// A TCP segment that others may be put together with, or must stay behind: all but a bare acknowledgment.
bool IsOfRow(const Packet& inner) {
  return inner.IsTcp() && (inner.payload_length != 0 || (inner.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) != 0);
}
bool MayReplaceBy(Bytes inner) { return inner.size() >= 20 && inner[0] == 0x45 && (LoadBe16(inner.data() + 6) & 0x3fff) == 0; }

}  // namespace

void Engine::Originate(OriginatedPacket packet) {
  packet.tunnel = kOnTheWire;
  impl_->originated.push_back(std::move(packet));
}

TunnelGate::Drop TunnelGate::ReasonOf(TunnelId, Why why) const {
  switch (why) {
    case Why::kTooBig: return {FrameDrop::kUnexpectedPacket};
    case Why::kNoSa:
    case Why::kNoLink: return {FrameDrop::kIpsecTunDown};
    case Why::kFailed:
    case Why::kBusy: return {FrameDrop::kCtmError};
    case Why::kSpoof: return {FrameDrop::kIpsecSpoof, FlowDrop::kNone, true};
    case Why::kMissing: return {FrameDrop::kNone, FlowDrop::kVpnMissingDecrypt, true};
  }
  return {FrameDrop::kUnexpectedPacket};
}

void Engine::Impl::ProcessOpened(MutableBytes bytes, const TunnelGate::Inner& inner, TimePoint now) {
  if (!released.empty()) TakeOpenedReleased(*this);  // what the packet before has set free goes before this one
  Packet q;
  q.bytes = bytes;
  q.wire_length = static_cast<std::uint32_t>(bytes.size());
  q.handle = kOpenedHandle | (next_opened++ & ~kOpenedHandle);
  q.ingress = inner.at;
  q.came_from = inner.tunnel;
  q.rewritten = true;
  Disposition d;
  ProcessPacket(q, now, d);
  if (d.action == Disposition::Action::kHold) {
    opened_held.insert(q.handle);
  } else if (d.action == Disposition::Action::kAccept) {
    CompleteChecksum(q);
    originated.push_back({d.egress, {q.bytes.begin(), q.bytes.end()}, kOnTheWire});
  }
}

void Engine::ProcessInner(MutableBytes bytes, const TunnelGate::Inner& inner, TimePoint now) {
  if (inner.drop == FrameDrop::kNone && inner.flow_drop == FlowDrop::kNone) return impl_->ProcessOpened(bytes, inner, now);
  if (bytes.empty() && inner.drop == FrameDrop::kNone) return impl_->drops.Count(inner.flow_drop);  // a connection's end, no packet's
  Packet p;
  p.ingress = inner.at;
  Disposition d;
  impl_->Refuse(p, inner.drop, inner.flow_drop, d);
}

void Engine::Impl::ProcessSeveralTunnelled(Packet& p, TimePoint now, Disposition& out) {
  const std::uint32_t length = p.wire_length;
  InterfaceCounters& counter = CounterOf(p.ingress);
  tunnels->OpenMany(p, now, [&](MutableBytes bytes, const TunnelGate::Inner& inner) {
    if (inner.drop != FrameDrop::kNone || inner.flow_drop != FlowDrop::kNone) return Refuse(p, inner.drop, inner.flow_drop, out);
    if (!inner.consumed) ProcessOpened(bytes, inner, now);
  });
  counter.in_packets++;
  counter.in_bytes += length;
  out = {};
  out.action = Disposition::Action::kConsume;
}

void Engine::Impl::ProcessTunnelled(Packet& p, const Interface* in, TimePoint now, Disposition& out, bool single) {
  {
    Context c(*this, p, in, now);
    c.to_box = true;
    c.real_dst = {p.key.dst, p.key.dport};
    if (Shunned(c) != Verdict::kContinue) return Refuse(p, c.frame_drop, c.flow_drop, out);
    if (!ControlPlanePermits(c)) return Refuse(p, FrameDrop::kAclDrop, FlowDrop::kNone, out);
  }
  // What is taken here out of UDP keeps its connection to the appliance as any other packet of it does.
  if (p.IsUdp() && undo == nullptr) {
    if (const ConnTable::Found found = conns.Find(p.key); found.index != kNoConn) {
      Conn& outer = conns.At(found.index);
      outer.last_packet = now;
      outer.bytes += p.payload_length;
    }
  }
  if (p.gso) return ProcessSeveralTunnelled(p, now, out);
  const bool may_replace = single && MayReplace(p);
  const std::uint32_t length = p.wire_length;
  const TunnelGate::Inner inner = tunnels->Open(p, now);
  if (inner.drop != FrameDrop::kNone || inner.flow_drop != FlowDrop::kNone) return Refuse(p, inner.drop, inner.flow_drop, out);
  if (inner.consumed) {
    out.action = Disposition::Action::kConsume;
    InterfaceCounters& counter = CounterOf(p.ingress);
    counter.in_packets++;
    counter.in_bytes += length;
    return;
  }
  Packet q;
  q.bytes = p.bytes;
  q.wire_length = static_cast<std::uint32_t>(p.bytes.size());
  q.headroom = p.headroom;
  q.tailroom = p.tailroom;
  q.handle = kOpenedHandle | (next_opened++ & ~kOpenedHandle);  // if it is held, it is not packet I/O who holds it
  q.ingress = inner.at;
  q.came_from = inner.tunnel;
  q.rewritten = true;
  p = q;
  ProcessPacket(p, now, out);
  if (out.action == Disposition::Action::kHold) {
    opened_held.insert(p.handle);
    out.action = Disposition::Action::kConsume;
  } else if (out.action == Disposition::Action::kAccept &&
             (!may_replace || !MayReplaceBy(p.bytes) || (originate_tunnelled_tcp && IsOfRow(p) && out.egress != IfId::kIdentity))) {
    CompleteChecksum(p);
    originated.push_back({out.egress, {p.bytes.begin(), p.bytes.end()}, kOnTheWire});
    out.action = Disposition::Action::kConsume;
  }
}

}  // namespace sallyport
