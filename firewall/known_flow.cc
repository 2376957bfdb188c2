// The short way: packets of known connections. Connection -> TCP tracker -> inspection -> NAT rewrite.
#include "firewall/base/checksum.h"
#include "firewall/pipeline.h"
#include "firewall/service_flow.h"

namespace sallyport {
namespace {

void Drop(EngineCore& core, const Packet& p, FrameDrop reason, Disposition& out) {
  out.action = Disposition::Action::kDrop;
  out.reason = reason;
  core.drops.Count(reason);
  core.CounterOf(p.ingress).dropped++;
}

NameId NameOfIngress(const EngineCore& core, IfId id) {
  if (id == IfId::kIdentity) return IdentityName();
  const Interface* i = core.policy->Find(id);
  return i != nullptr ? i->name : NameId::kNone;
}

// The words of 302014. "I" and "O": the reset came from the inside (higher) or the outside (lower) end of the flow.
EndReason ReasonOf(const Conn& c, TcpEnd end, IfId from) {
  if (end == TcpEnd::kFins) return {"TCP FINs", from};
  const bool by_initiator = end == TcpEnd::kResetForward;
  const bool outbound = (c.flags & kConnOutbound) != 0;
  return {by_initiator == outbound ? "TCP Reset-I" : "TCP Reset-O", from};
}

// Runs the tracker. False: the packet is dropped and `out` says why, or the connection must be opened anew (`reopen`).
bool TrackTcp(EngineCore& core, Conn& c, Direction d, const Packet& p, TimePoint now, TcpVerdict& v, FrameDrop& drop) {
  TcpSegment s{p.tcp_flags, p.seq, p.ack - c.side[static_cast<int>(Opposite(d))].seq_delta, p.window, p.payload_length,
               p.tcp_options.window_scale, 0};
  if ((p.tcp_flags & kTcpSyn) != 0 && p.tcp_options.mss_offset != 0) {
    s.mss = LoadBe16(p.l4() + p.tcp_options.mss_offset + 2);
  }
  v = TcpTrack(c.tcp_state, c.side, d, s);
  if (v.duplicate_syn) {
    core.log.Log(now, Msg::k419002, LogArg::At(NameOfIngress(core, p.ingress), p.key.src), LogArg::Number(p.key.sport),
                 LogArg::At(NameOfIngress(core, d == Direction::kForward ? c.out_if : c.in_if), p.key.dst),
                 LogArg::Number(p.key.dport));
  }
  drop = v.drop;
  return v.drop == FrameDrop::kNone && !v.reopen;
}

void Rewrite(const Conn& c, Direction d, Packet& p) {
  if ((c.flags & kConnTransparent) != 0) return;
  if (d == Direction::kForward) {
    if (c.initiator_mapped != c.initiator_real || c.initiator_mapped_port != c.initiator_real_port) {
      RewriteSource(p, c.initiator_mapped, c.initiator_mapped_port);
    }
    if (c.responder_mapped != c.responder_real || c.responder_mapped_port != c.responder_real_port) {
      RewriteDestination(p, c.responder_real, c.responder_real_port);
    }
  } else {
    if (c.responder_mapped != c.responder_real || c.responder_mapped_port != c.responder_real_port) {
      RewriteSource(p, c.responder_mapped, c.responder_mapped_port);
    }
    if (c.initiator_mapped != c.initiator_real || c.initiator_mapped_port != c.initiator_real_port) {
      RewriteDestination(p, c.initiator_real, c.initiator_real_port);
    }
  }
  if ((c.flags & kConnSeqRandomized) != 0) {
    const int me = static_cast<int>(d);
    RewriteTcpNumbers(p, c.side[me].seq_delta, 0u - c.side[1 - me].seq_delta);
  }
}

void SetMark(const Conn& c, Direction d, IfId egress, Disposition& out) {
  const std::uint16_t flag = d == Direction::kForward ? kConnRouteMark : kConnRouteMarkReverse;
  if ((c.flags & flag) != 0) out.mark = static_cast<std::uint32_t>(egress);
}

// What a TCP segment that the tracker let pass makes of its connection, which may end with it.
void FollowTcp(EngineCore& core, ConnIndex index, const TcpVerdict& tcp, IfId from, TimePoint now) {
  Conn& c = core.conns.At(index);
  if (tcp.end != TcpEnd::kNone) return EndConnection(core, index, ReasonOf(c, tcp.end, from), now);
  if (tcp.state == c.tcp_state) return;
  const TcpTimeout before = TimeoutOf(c.tcp_state);
  if (IsEmbryonic(c.tcp_state) && !IsEmbryonic(tcp.state)) CountHandshakeDone(core, c);
  c.tcp_state = tcp.state;
  // A class's embryonic timeout holds until the handshake is done; the global ones by state after that.
  if (TimeoutOf(tcp.state) != before) SetTimeout(core, index, TimeoutFor(core, c));
}

// TCP with a stream: segments in their order.
void ForwardInOrder(EngineCore& core, ConnIndex index, Direction d, Packet& p, const TcpVerdict& tcp, TimePoint now, Disposition& out) {
  using Action = Disposition::Action;
  const std::uint32_t end = p.seq + p.payload_length + ((p.tcp_flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
  const std::uint32_t id = core.conns.At(index).id;
  const bool sequence = p.payload_length != 0 || (p.tcp_flags & (kTcpSyn | kTcpFin)) != 0;
  const bool turn = TcpInTurn(core, index, d, p, now, out);
  if (turn) CarryOnConnection(core, index, d, p, now, out);
  if (out.action == Action::kDrop || !core.conns.Live(index) || core.conns.At(index).id != id) return;
  if (tcp.end == TcpEnd::kNone && turn && sequence) TcpPassed(core, index, d, end, now);
  if (core.conns.Live(index) && core.conns.At(index).id == id) FollowTcp(core, index, tcp, p.ingress, now);
}

}  // namespace

void ForwardOnConnection(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  Conn& c = core.conns.At(index);
  const IfId egress = d == Direction::kForward ? c.out_if : c.in_if;
  const bool box = (c.flags & (kConnToBox | kConnFromBox)) != 0;
  if (!box) {
    const Interface* towards = core.policy->Find(egress);
    if (towards == nullptr || !towards->InUse()) return Drop(core, p, FrameDrop::kInterfaceDown, out);
    if (p.dont_fragment && !p.gso && !p.fragment && p.wire_length > static_cast<std::uint32_t>(towards->mtu)) {
      if (const Interface* back = core.policy->Find(p.ingress)) OriginateTooBig(core, p, *back, towards->mtu, now);
      return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
    }
  }
  FrameDrop drop = ServiceIngress(core, c, d, p, now);
  if (drop != FrameDrop::kNone) return Drop(core, p, drop, out);
  TcpVerdict tcp;
  if (Intercepted(core, c)) return InterceptPacket(core, index, d, p, now, out);
  if (p.IsTcp() && !TrackTcp(core, c, d, p, now, tcp, drop)) return Drop(core, p, drop, out);
  if (c.extra != kNoExtra && core.extras.At(c.extra).dcd_sent != 0 && AnswersProbe(core, index, d, p, now)) {
    out.action = Disposition::Action::kConsume;
    return;
  }
  if (p.IsTcp() && c.extra != kNoExtra && core.extras.At(c.extra).tcp_stream != nullptr) {
    return ForwardInOrder(core, index, d, p, tcp, now, out);
  }
  CarryOnConnection(core, index, d, p, now, out);
  if (p.IsTcp() && out.action == Disposition::Action::kAccept) FollowTcp(core, index, tcp, p.ingress, now);
}

void CarryOnConnection(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  Conn& c = core.conns.At(index);
  const IfId egress = d == Direction::kForward ? c.out_if : c.in_if;
  if (c.inspect != 0) {
    Inspector* engine = core.inspectors.engine[c.inspect];
    const FrameDrop drop = engine->Inspect({c, p, d, now, NameOfIngress(core, p.ingress), core.log});
    InspectCounters& seen = core.inspected[c.inspect];
    seen.packets++;
    if (drop != FrameDrop::kNone) seen.drops++;
    CountInspected(core, c, drop != FrameDrop::kNone, now);
    if (drop != FrameDrop::kNone) return Drop(core, p, drop, out);
  }
  const bool needs_rewrite = (c.flags & kConnTransparent) == 0;
  const bool clamp = p.IsTcp() && (p.tcp_flags & kTcpSyn) != 0 && (c.flags & (kConnToBox | kConnFromBox)) == 0;
  if (needs_rewrite && !p.Whole()) return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
  if (clamp && p.Whole() && (core.policy->sysopt.tcpmss != 0 || core.policy->sysopt.tcpmss_minimum != 0)) {
    ClampMss(p, core.policy->sysopt.tcpmss, core.policy->sysopt.tcpmss_minimum);
  }
  if (core.services.any_queue() || c.extra != kNoExtra) {
    const FrameDrop drop = ServiceEgress(core, c, d, p, egress, now);
    if (drop != FrameDrop::kNone) return Drop(core, p, drop, out);
  }
  Rewrite(c, d, p);

  c.last_packet = now;
  c.bytes += p.payload_length;
  if (core.threats.statistics().packets()) core.threats.statistics().OnPacket(c, d, p.wire_length, now);
  if (p.payload_length != 0) c.flags |= d == Direction::kForward ? kConnDataForward : kConnDataReverse;
  auto& in = core.CounterOf(p.ingress);
  in.in_packets++;
  in.in_bytes += p.wire_length;
  auto& to = core.CounterOf(egress);
  to.out_packets++;
  to.out_bytes += p.wire_length;

  out.action = Disposition::Action::kAccept;
  out.egress = egress;
  SetMark(c, d, egress, out);
}

// --- ICMP errors -------------------------------------------------------------------------------------------------------

namespace {

// The packet that an ICMP error quotes: at least its IP header and eight bytes (RFC 792).
struct Quoted {
  std::uint32_t offset = 0;  // in the outer packet
  std::uint32_t l4 = 0;
  FlowKey key;               // as quoted
  bool ok = false;
};

Quoted ParseQuoted(const Packet& p) {
  Quoted q;
  q.offset = p.l4_offset + 8;
  if (p.v6 || q.offset + 28 > p.bytes.size()) return q;
  const std::uint8_t* h = p.bytes.data() + q.offset;
  const std::uint32_t header = static_cast<std::uint32_t>(h[0] & 15) * 4;
  if ((h[0] >> 4) != 4 || header < 20 || q.offset + header + 8 > p.bytes.size()) return q;
  q.l4 = q.offset + header;
  const std::uint8_t* t = p.bytes.data() + q.l4;
  q.key.src = IpAddress::FromV4Bytes(h + 12);
  q.key.dst = IpAddress::FromV4Bytes(h + 16);
  q.key.protocol = h[9];
  if (h[9] == 6 || h[9] == 17) {
    q.key.sport = LoadBe16(t);
    q.key.dport = LoadBe16(t + 2);
  } else if (h[9] == 1 && t[0] == 8) {
    q.key.sport = LoadBe16(t + 4);
  } else if (h[9] == 1 && t[0] == 0) {
    q.key.dport = LoadBe16(t + 4);
  }
  q.ok = true;
  return q;
}

// The interface behind which `a` is, for a message.
NameId WhereIs(const Policy& policy, IpAddress a) {
  for (const auto& i : policy.interfaces) {
    if (i && i->address == a) return IdentityName();
  }
  const Route* route = policy.routes.Find(a);
  const Interface* i = route != nullptr ? policy.Find(route->interface) : nullptr;
  return i != nullptr ? i->name : IdentityName();
}

// Writes a 16-bit word of the quoted packet and mends the outer ICMP checksum.
void PutQuoted16(Packet& p, std::size_t at, std::uint16_t value) {
  std::uint8_t* field = p.bytes.data() + at;
  const std::uint16_t was = LoadBe16(field);
  if (was == value) return;
  std::uint8_t* check = p.l4() + 2;
  StoreBe16(check, ChecksumUpdate16(LoadBe16(check), was, value));
  StoreBe16(field, value);
  p.rewritten = true;
}

void PutQuotedAddress(Packet& p, const Quoted& q, std::size_t field, IpAddress a) {
  const std::size_t at = q.offset + field;
  const std::uint32_t v = a.v4();
  for (int half = 0; half < 2; half++) {
    const auto is = static_cast<std::uint16_t>(half == 0 ? v >> 16 : v);
    const std::uint16_t was = LoadBe16(p.bytes.data() + at + static_cast<std::size_t>(half) * 2);
    const std::uint16_t check = LoadBe16(p.bytes.data() + q.offset + 10);
    PutQuoted16(p, q.offset + 10, ChecksumUpdate16(check, was, is));
    PutQuoted16(p, at + static_cast<std::size_t>(half) * 2, is);
  }
}

// Makes the quoted packet look as it did on the other side of us. It travelled against the error: `d` is the error's way.
void RewriteQuoted(Packet& p, const Quoted& q, const Conn& c, Direction d) {
  // On the error's way back to the initiator the quoted packet is initiator -> responder as it was before us, else the reply.
  const bool back = d == Direction::kReverse;
  const Endpoint src = back ? Endpoint{c.initiator_real, c.initiator_real_port} : Endpoint{c.responder_real, c.responder_real_port};
  const Endpoint dst = back ? Endpoint{c.responder_mapped, c.responder_mapped_port}
                            : Endpoint{c.initiator_mapped, c.initiator_mapped_port};
  PutQuotedAddress(p, q, 12, src.address);
  PutQuotedAddress(p, q, 16, dst.address);
  if (q.key.protocol == 6 || q.key.protocol == 17) {
    PutQuoted16(p, q.l4, src.port);
    PutQuoted16(p, q.l4 + 2, dst.port);
  } else if (q.key.protocol == 1) {
    PutQuoted16(p, q.l4 + 4, back ? src.port : dst.port);  // the identifier is the initiator's
  }
  if (q.key.protocol == 6 && (c.flags & kConnSeqRandomized) != 0) {
    // The quoted sequence number is in the numbering that the error's sender saw.
    const std::uint32_t delta = c.side[static_cast<int>(Opposite(d))].seq_delta;
    const std::uint32_t seq = LoadBe32(p.bytes.data() + q.l4 + 4) - delta;
    PutQuoted16(p, q.l4 + 4, static_cast<std::uint16_t>(seq >> 16));
    PutQuoted16(p, q.l4 + 6, static_cast<std::uint16_t>(seq));
  }
}

}  // namespace

void ProcessIcmpError(EngineCore& core, Packet& p, TimePoint now, Disposition& out) {
  const Quoted q = ParseQuoted(p);
  const Interface* in = core.policy->Find(p.ingress);
  if (p.ingress == IfId::kIdentity) {  // the kernel's own: unreachable, time exceeded
    out.action = Disposition::Action::kAccept;
    out.egress = p.egress_hint;
    core.CounterOf(p.egress_hint).out_packets++;
    core.CounterOf(p.egress_hint).out_bytes += p.wire_length;
    return;
  }
  // The packet quoted went out by the interface the error comes in on; turned around it is the key of its connection.
  ConnTable::Found found;
  if (q.ok) {
    found = core.conns.Find({q.key.dst, q.key.src, q.key.dport, q.key.sport, q.key.protocol, p.ingress});
  }
  if (found.index == kNoConn) {
    LogArg word = LogArg::Word(q.ok ? ProtocolWord(q.key.protocol) : "<unknown>");
    core.log.Log(now, Msg::k313005, LogArg::At(in->name, p.key.src), LogArg::At(WhereIs(*core.policy, p.key.dst), p.key.dst),
                 LogArg::Number(p.icmp_type), LogArg::Number(p.icmp_code), LogArg::Name(in->name), word, LogArg::Address(q.key.src),
                 LogArg::Number(q.key.sport), LogArg::Address(q.key.dst), LogArg::Number(q.key.dport));
    return Drop(core, p, FrameDrop::kInspectIcmpErrorNoExistingConn, out);
  }
  Conn& c = core.conns.At(found.index);
  const Direction d = found.direction;
  const IfId egress = d == Direction::kForward ? c.out_if : c.in_if;
  if (egress == IfId::kIdentity) {  // about a packet of our own
    out.action = Disposition::Action::kAccept;
    out.egress = egress;
    return;
  }
  const Interface* to = core.policy->Find(egress);
  if (to == nullptr || !to->InUse()) return Drop(core, p, FrameDrop::kInterfaceDown, out);
  // An error is let in as any ICMP packet is: by access list, or from a higher to a lower level.
  Context ctx(core, p, in, now);
  ctx.out = to;
  ctx.egress = egress;
  ctx.real_dst = {d == Direction::kForward ? c.responder_real : c.initiator_real, 0};
  if (CheckAccessIn(ctx) != Verdict::kContinue || CheckAccessOut(ctx) != Verdict::kContinue) {
    return Drop(core, p, ctx.frame_drop, out);
  }
  if ((c.flags & kConnTransparent) == 0) {
    if (!p.Whole()) return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
    RewriteQuoted(p, q, c, d);
    if (d == Direction::kForward) {
      if (p.key.src == c.initiator_real && c.initiator_real != c.initiator_mapped) RewriteSource(p, c.initiator_mapped, 0);
      if (c.responder_mapped != c.responder_real) RewriteDestination(p, c.responder_real, 0);
    } else {
      if (p.key.src == c.responder_real && c.responder_real != c.responder_mapped) RewriteSource(p, c.responder_mapped, 0);
      if (c.initiator_mapped != c.initiator_real) RewriteDestination(p, c.initiator_real, 0);
    }
  }
  out.action = Disposition::Action::kAccept;
  out.egress = egress;
  SetMark(c, d, egress, out);
  auto& in_counter = core.CounterOf(p.ingress);
  in_counter.in_packets++;
  in_counter.in_bytes += p.wire_length;
  core.CounterOf(egress).out_packets++;
  core.CounterOf(egress).out_bytes += p.wire_length;
}

}  // namespace sallyport
