// The short way: packets of known connections. Connection -> TCP tracker -> inspection -> NAT rewrite.
#include "firewall/base/checksum.h"
#include "firewall/dns_guard.h"
#include "firewall/other_family.h"
#include "firewall/pipeline.h"
#include "firewall/service_flow.h"
#include "firewall/tcp_normalizer.h"

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

constexpr Duration kStampsCompare = Duration::Seconds(24 * 86400);  // RFC 7323 5.5

std::uint8_t RulesOf(const TcpMap& map) {
  std::uint8_t rules = 0;
  if (!map.invalid_ack_drop) rules |= kTcpAllowInvalidAck;
  if (!map.seq_past_window_drop && map.queue_limit == 0) rules |= kTcpAllowPastWindow;
  if (!map.synack_data_drop) rules |= kTcpAllowSynackData;
  if (map.window_variation_drop) rules |= kTcpRefuseVariation;
  return rules;
}

// Runs the tracker. False: the packet is dropped and `out` says why, or the connection must be opened anew (`reopen`).
bool TrackTcp(EngineCore& core, Conn& c, Direction d, const Packet& p, TimePoint now, TcpVerdict& v, FrameDrop& drop) {
  // The SYN ACK of a recording tells what the recorded appliance had made of the SYN's number, or that it had left it alone.
  if (core.recorded && (c.flags & kConnSeqRandomized) != 0 && d == Direction::kReverse && c.tcp_state == TcpState::kSynSent &&
      (p.tcp_flags & (kTcpSyn | kTcpAck)) == (kTcpSyn | kTcpAck)) [[unlikely]] {
    c.side[0].seq_delta = p.ack - c.side[0].end;
  }
  TcpSegment s{p.tcp_flags, p.seq, p.ack - c.side[static_cast<int>(Opposite(d))].seq_delta, p.window, p.payload_length,
               p.tcp_options.window_scale, 0};
  if ((p.tcp_flags & kTcpSyn) != 0 && p.tcp_options.mss_offset != 0) {
    s.mss = ClampedMss(core, LoadBe16(p.l4() + p.tcp_options.mss_offset + 2));
  }
  if (p.tcp_options.timestamp_offset != 0) {
    s.stamped = true;
    s.timestamp = LoadBe32(p.l4() + p.tcp_options.timestamp_offset + 2);
    if (now - c.last_packet > kStampsCompare) s.rules |= kTcpStampStale;
  }
  if (c.extra != kNoExtra) s.rules |= RulesOf(TcpMapOf(core, c));
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
  if ((c.flags & kConnOtherFamily) != 0) {
    // Addresses and ports get new headers (LeaveInOtherFamily).
  } else if (d == Direction::kForward) {
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

void SetMark(const Policy& policy, const Conn& c, Direction d, IfId egress, Disposition& out) {
  const std::uint16_t flag = d == Direction::kForward ? kConnRouteMark : kConnRouteMarkReverse;
  if ((c.flags & flag) != 0) out.mark = static_cast<std::uint32_t>(policy.Layer3(egress));
}

// What a TCP segment that the tracker let pass makes of its connection, which may end with it.
void FollowTcp(EngineCore& core, ConnIndex index, const TcpVerdict& tcp, IfId from, TimePoint now) {
  Conn& c = core.conns.At(index);
  if (tcp.end == TcpEnd::kFins && core.policy->sysopt.timewait) {
    c.tcp_state = TcpState::kClosing;  // and not closed: a FIN or an ACK that was lost may come again
    return SetTimeout(core, index, kTimeWaitSeconds);
  }
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
  const ConnExtra& x = core.extras.At(core.conns.At(index).extra);
  if (!IsEmbryonic(tcp.state)) x.tcp_stream->handshake_done = true;
  if (!x.tcp_in_order && TakenByProxy(*x.tcp_stream, p)) {
    ProxyTcp(core, index, d, p, now, out);
    if (out.action != Action::kDrop) FollowTcp(core, index, tcp, p.ingress, now);
    return;
  }
  const bool turn = TcpInTurn(core, index, d, p, now, out);
  if (turn) CarryOnConnection(core, index, d, p, now, out);
  if (out.action == Action::kDrop || !core.conns.Live(index) || core.conns.At(index).id != id) return;
  if (tcp.end == TcpEnd::kNone && turn && sequence) TcpPassed(core, index, d, end, now);
  if (core.conns.Live(index) && core.conns.At(index).id == id) FollowTcp(core, index, tcp, p.ingress, now);
}

}  // namespace

// What the sender of a super-packet cuts it into: as its receiver has said, in a SYN that has been clamped since.
static std::uint16_t SegmentSize(const EngineCore& core, const Conn& c, Direction d) {
  const std::uint16_t said = c.side[1 - static_cast<int>(d)].mss, most = core.policy->sysopt.tcpmss;
  return said != 0 && most != 0 ? std::min(said, most) : said;
}

bool OpensAnew(const Conn& c, Direction d, const Packet& p) {
  if (!p.IsTcp() || (p.tcp_flags & (kTcpSyn | kTcpAck)) != kTcpSyn) return false;
  const TcpSide& from = c.side[static_cast<int>(d)];
  // Of the appliance's own services it is their TCP that is asked, and not the middle of the way: a client that has given up and begins
  // anew by the same ports (back on a network that it had left) would wait until the old SYN ACK is repeated no more.
  if ((c.flags & kConnToBox) != 0 && IsEmbryonic(c.tcp_state)) return d == Direction::kForward && from.isn != p.seq;
  if (c.tcp_state != TcpState::kClosing && c.tcp_state != TcpState::kClosed) return false;
  return (from.flags & kTcpSideSeen) == 0 || from.isn != p.seq;
}

void ForwardOnConnection(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  Conn& c = core.conns.At(index);
  const IfId egress = d == Direction::kForward ? c.out_if : c.in_if;
  const bool box = (c.flags & (kConnToBox | kConnFromBox)) != 0;
  const bool tunnelled = (c.flags & kConnTunnelled) != 0;
  if (tunnelled && !TunnelAllows(core, c, d, p, now, out)) return;
  if (!box) {
    const Interface* towards = core.policy->Find(egress);
    if (towards == nullptr || !towards->InUse()) return Drop(core, p, FrameDrop::kInterfaceDown, out);
    if ((c.flags & kConnOtherFamily) != 0) {
      const int mtu = tunnelled ? std::min(towards->mtu, TunnelMtu(core, c, d)) : towards->mtu;
      if (!FitsOtherFamily(core, p, mtu, now)) return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
    } else if (tunnelled && TunnelOut(core, c, d) != TunnelId::kNone) {
      if (p.gso && p.IsTcp()) p.segment_size = SegmentSize(core, c, d);
      if (!TunnelFits(core, c, d, p, now, out)) return;
    } else if (p.dont_fragment && !p.gso && !p.fragment && p.wire_length > static_cast<std::uint32_t>(towards->mtu)) {
      if (const Interface* back = core.policy->Find(p.ingress)) OriginateTooBig(core, p, core.policy->Layer3(*back), towards->mtu, now);
      return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
    }
  }
  FrameDrop drop = ServiceIngress(core, c, d, p, now);
  if (core.inspects_ipv6 && p.v6 && drop == FrameDrop::kNone && c.extra != kNoExtra) drop = InspectIpv6Packet(core, c, p, egress, now);
  if (drop != FrameDrop::kNone) return Drop(core, p, drop, out);
  TcpVerdict tcp;
  if (c.inspect != 0 && p.IsTcp()) RepairAcknowledgment(core, c, d, p);
  if (p.IsTcp() && c.tcp_state != TcpState::kBypass) {
    drop = box ? CheckOwnTcp(p) : NormalizeTcp(core, c, d, p, now);
    if (drop != FrameDrop::kNone) return Drop(core, p, drop, out);
  }
  if (Intercepted(core, c)) return InterceptPacket(core, index, d, p, now, out);
  if (p.IsTcp() && !TrackTcp(core, c, d, p, now, tcp, drop)) {
    Drop(core, p, drop, out);
    if (drop == FrameDrop::kTcpnormWinVariation) {
      core.drops.Count(FlowDrop::kTcpnormWinVariation);
      EndConnection(core, index, {"TCP unexpected window size variation", p.ingress}, now);
    }
    return;
  }
  if (c.extra != kNoExtra && core.extras.At(c.extra).dcd_sent != 0 && AnswersProbe(core, index, d, p, now)) {
    out.action = Disposition::Action::kConsume;
    return;
  }
  if (p.IsTcp() && c.extra != kNoExtra && core.extras.At(c.extra).tcp_stream != nullptr) {
    return ForwardInOrder(core, index, d, p, tcp, now, out);
  }
  const bool other_family = (c.flags & kConnOtherFamily) != 0;
  CarryOnConnection(core, index, d, p, now, out);
  const bool on_its_way = out.action == Disposition::Action::kAccept || (other_family && out.action == Disposition::Action::kConsume);
  if (p.IsTcp() && on_its_way) FollowTcp(core, index, tcp, p.ingress, now);
}

void CarryOnConnection(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  Conn& c = core.conns.At(index);
  const IfId egress = d == Direction::kForward ? c.out_if : c.in_if;
  InspectOutcome inspected;
  if (c.inspect != 0) {
    inspected = InspectPacket(core, index, d, p, now);
    if (inspected.drop != FrameDrop::kNone || inspected.ended) return Drop(core, p, inspected.drop, out);
  } else if (c.extra != kNoExtra && core.extras.At(c.extra).dns_guard) {
    if (const FrameDrop why = GuardDns(core.extras.At(c.extra), d, p, inspected.end_after); why != FrameDrop::kNone) return Drop(core, p, why, out);
  }
  if (p.IsTcp() && c.extra != kNoExtra) {
    const TcpStream* stream = core.extras.At(c.extra).tcp_stream.get();
    if (stream != nullptr && stream->sent != nullptr) {
      const FrameDrop why = CheckRepetition(core, c, d, p);
      if (why != FrameDrop::kNone) Drop(core, p, why, out);
      if (why == FrameDrop::kTcpnormRexmitBad) {
        core.drops.Count(FlowDrop::kTcpnormRexmitBad);
        EndConnection(core, index, {"TCP bad retransmission", p.ingress}, now);
      }
      if (why != FrameDrop::kNone) return;
    }
    if (stream != nullptr && TakenByProxy(*stream, p)) return ProxyTcp(core, index, d, p, now, out);
    if (ProxyCounters* n = core.extras.At(c.extra).proxy_counters; n != nullptr) {  // of the handshake
      if (core.undo != nullptr) core.undo->Keep(*n);
      n->input++, n->output++;
    }
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
  const bool other_family = (c.flags & kConnOtherFamily) != 0;
  if (other_family) {
    const FrameDrop drop = LeaveInOtherFamily(core, c, d, p, egress);
    if (drop != FrameDrop::kNone) return Drop(core, p, drop, out);
  }

  c.last_packet = now;
  c.bytes += p.payload_length;
  if (core.threats.statistics().packets() && core.undo == nullptr) core.threats.statistics().OnPacket(c, d, p.wire_length, now);
  if (p.payload_length != 0) c.flags |= d == Direction::kForward ? kConnDataForward : kConnDataReverse;
  auto& in = core.CounterOf(p.ingress);
  in.in_packets++;
  in.in_bytes += p.wire_length;
  auto& to = core.CounterOf(egress);
  to.out_packets++;
  to.out_bytes += p.wire_length;

  out.action = other_family ? Disposition::Action::kConsume : Disposition::Action::kAccept;
  out.egress = egress;
  SetMark(*core.policy, c, d, egress, out);
  if ((c.flags & kConnTunnelled) != 0) {
    out.tunnel = TunnelOut(core, c, d);
    if (p.gso && p.IsTcp()) p.segment_size = SegmentSize(core, c, d);
  }
  if (inspected.end_after) EndConnection(core, index, {}, now);
}

// --- ICMP errors -------------------------------------------------------------------------------------------------------

namespace {

// The packet that an ICMP error quotes: at least its IP header and eight bytes (RFC 792, 4443).
struct Quoted {
  std::uint32_t offset = 0;  // in the outer packet
  std::uint32_t l4 = 0;
  FlowKey key;               // as quoted
  bool v6 = false;
  bool ok = false;
};

// Ports, or the identifier of an echo, of what is quoted at q.l4.
void ReadQuotedPorts(const std::uint8_t* t, Quoted& q) {
  const std::uint8_t protocol = q.key.protocol;
  if (protocol == 6 || protocol == 17) {
    q.key.sport = LoadBe16(t);
    q.key.dport = LoadBe16(t + 2);
  } else if (protocol == (q.v6 ? 58 : 1) && t[0] == (q.v6 ? 128 : 8)) {
    q.key.sport = LoadBe16(t + 4);
  } else if (protocol == (q.v6 ? 58 : 1) && t[0] == (q.v6 ? 129 : 0)) {
    q.key.dport = LoadBe16(t + 4);
  }
  q.ok = true;
}

Quoted ParseQuoted6(const Packet& p) {
  Quoted q;
  q.v6 = true;
  q.offset = p.l4_offset + 8;
  if (q.offset + 48 > p.bytes.size()) return q;
  const std::uint8_t* h = p.bytes.data() + q.offset;
  if ((h[0] >> 4) != 6) return q;
  q.key.src = IpAddress::FromV6Bytes(h + 8);
  q.key.dst = IpAddress::FromV6Bytes(h + 24);
  if (q.key.src.IsV4() || q.key.dst.IsV4()) return q;
  std::uint8_t next = h[6];
  std::size_t at = q.offset + 40;
  for (int seen = 0; next == 0 || next == 43 || next == 44 || next == 60; seen++) {
    if (seen == 8 || at + 8 > p.bytes.size()) return q;
    const std::uint8_t* e = p.bytes.data() + at;
    if (next == 44 && (LoadBe16(e + 2) & 0xfff8) != 0) return q;  // no first fragment: no ports
    at += next == 44 ? 8 : 8 + std::size_t{e[1]} * 8;
    next = e[0];
  }
  if (at + 8 > p.bytes.size()) return q;
  q.l4 = static_cast<std::uint32_t>(at);
  q.key.protocol = next;
  ReadQuotedPorts(p.bytes.data() + at, q);
  return q;
}

Quoted ParseQuoted(const Packet& p) {
  if (p.v6) return ParseQuoted6(p);
  Quoted q;
  q.offset = p.l4_offset + 8;
  if (q.offset + 28 > p.bytes.size()) return q;
  const std::uint8_t* h = p.bytes.data() + q.offset;
  const std::uint32_t header = static_cast<std::uint32_t>(h[0] & 15) * 4;
  if ((h[0] >> 4) != 4 || header < 20 || q.offset + header + 8 > p.bytes.size()) return q;
  q.l4 = q.offset + header;
  const std::uint8_t* t = p.bytes.data() + q.l4;
  q.key.src = IpAddress::FromV4Bytes(h + 12);
  q.key.dst = IpAddress::FromV4Bytes(h + 16);
  q.key.protocol = h[9];
  ReadQuotedPorts(t, q);
  return q;
}

// The interface behind which `a` is, for a message.
NameId WhereIs(const Policy& policy, IpAddress a) {
  for (const auto& i : policy.interfaces) {
    if (i && i->Owns(a)) return IdentityName();
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
  if (q.v6) {  // its header has no checksum
    std::uint8_t fresh[16];
    a.StoreV6(fresh);
    for (std::size_t i = 0; i < 16; i += 2) PutQuoted16(p, at + i, LoadBe16(fresh + i));
    return;
  }
  const std::uint32_t v = a.v4();
  for (int half = 0; half < 2; half++) {
    const auto is = static_cast<std::uint16_t>(half == 0 ? v >> 16 : v);
    const std::uint16_t was = LoadBe16(p.bytes.data() + at + static_cast<std::size_t>(half) * 2);
    const std::uint16_t check = LoadBe16(p.bytes.data() + q.offset + 10);
    PutQuoted16(p, q.offset + 10, ChecksumUpdate16(check, was, is));
    PutQuoted16(p, at + static_cast<std::size_t>(half) * 2, is);
  }
}

// The quoted packet's ends as they were on the other side of us. It travelled against the error: `d` is the error's way.
QuotedEnds EndsOfQuoted(const Conn& c, Direction d) {
  // On the error's way back to the initiator the quoted packet is initiator -> responder as it was before us, else the reply.
  QuotedEnds ends;
  if (d == Direction::kReverse) {
    ends.src = {c.initiator_real, c.initiator_real_port};
    ends.dst = {c.responder_mapped, c.responder_mapped_port};
  } else {
    ends.src = {c.responder_real, c.responder_real_port};
    ends.dst = {c.initiator_mapped, c.initiator_mapped_port};
  }
  // The quoted sequence number is in the numbering that the error's sender saw.
  if ((c.flags & kConnSeqRandomized) != 0) ends.seq_delta = c.side[static_cast<int>(Opposite(d))].seq_delta;
  return ends;
}

// Makes the quoted packet look as it did on the other side of us.
void RewriteQuoted(Packet& p, const Quoted& q, const Conn& c, Direction d) {
  const bool back = d == Direction::kReverse;
  const auto [src, dst, delta] = EndsOfQuoted(c, d);
  PutQuotedAddress(p, q, q.v6 ? 8 : 12, src.address);
  PutQuotedAddress(p, q, q.v6 ? 24 : 16, dst.address);
  if (q.key.protocol == 6 || q.key.protocol == 17) {
    PutQuoted16(p, q.l4, src.port);
    PutQuoted16(p, q.l4 + 2, dst.port);
  } else if (q.key.protocol == (q.v6 ? 58 : 1)) {
    PutQuoted16(p, q.l4 + 4, back ? src.port : dst.port);  // the identifier is the initiator's
  }
  if (q.key.protocol == 6 && delta != 0) {
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
  if (core.has_tunnels && q.ok && p.came_from == TunnelId::kNone && core.tunnels->IcmpError(p, Bytes(p.bytes).subspan(q.offset), now)) {
    out.action = Disposition::Action::kConsume;
    core.CounterOf(p.ingress).in_packets++;
    core.CounterOf(p.ingress).in_bytes += p.wire_length;
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
    return Drop(core, p,
                !p.v6  ? FrameDrop::kInspectIcmpErrorNoExistingConn
                : q.ok ? FrameDrop::kInspectIcmpv6ErrorNoExistingConn
                       : FrameDrop::kInspectIcmpv6ErrorInvalidPak,
                out);
  }
  if (core.recorder != nullptr) [[unlikely]] RecordKnownFlow(core, found);
  Conn& c = core.conns.At(found.index);
  const Direction d = found.direction;
  if ((c.flags & kConnTunnelled) != 0 && !TunnelAllows(core, c, d, p, now, out)) return;
  const IfId egress = d == Direction::kForward ? c.out_if : c.in_if;
  if (egress == IfId::kIdentity) {  // about a packet of our own
    out.action = Disposition::Action::kAccept;
    out.egress = egress;
    return;
  }
  const Interface* to = core.policy->Find(egress);
  if (to == nullptr || !to->InUse()) return Drop(core, p, FrameDrop::kInterfaceDown, out);
  // An error goes to whoever sent what it quotes, and what comes from a link-local address stays on its link.
  if (p.v6 && q.key.src != p.key.dst) return Drop(core, p, FrameDrop::kInspectIcmpv6ErrorInvalidPak, out);
  if (p.v6 && p.key.src.IsV6LinkLocal()) return Drop(core, p, FrameDrop::kIpv6SpSecurityFailed, out);
  // An error is let in as any ICMP packet is: by access list, or from a higher to a lower level.
  Context ctx(core, p, in, now);
  ctx.out = to;
  ctx.egress = egress;
  ctx.real_dst = {d == Direction::kForward ? c.responder_real : c.initiator_real, 0};
  if (CheckAccessIn(ctx) != Verdict::kContinue || CheckAccessOut(ctx) != Verdict::kContinue) {
    return Drop(core, p, ctx.frame_drop, out);
  }
  const bool other_family = (c.flags & kConnOtherFamily) != 0;
  if ((c.flags & kConnTransparent) == 0) {
    if (!p.Whole()) return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
    if (!other_family) RewriteQuoted(p, q, c, d);
  }
  const bool forward = d == Direction::kForward;
  const IpAddress real = forward ? c.initiator_real : c.responder_real, mapped = forward ? c.initiator_mapped : c.responder_mapped;
  IpAddress shown = mapped;  // in the other family
  if (InspectsIcmpError(ctx) && p.key.src != real) {
    // A router between us and that end: it has a translation of its own.
    NatResult own = Translate(core.policy->nat, core.xlates, p.key, egress, ctx.real_dst, core.XlateTimeoutsNow(), now, true);
    if (own.failed && own.rule != nullptr) {
      core.log.Log(now, Msg::k305006, LogArg::Word("regular"), LogArg::Word("icmp"), LogArg::At(in->name, p.key.src),
                   LogArg::SlashPort(-1), LogArg::At(to->name, p.key.dst), LogArg::SlashPort(-1), LogArg::TypeCode(-1, 0));
      return Drop(core, p, FrameDrop::kNatXlateFailed, out);
    }
    if (own.xlate != kNoXlate) {
      const Xlate& x = core.xlates.Get(own.xlate);
      if (x.connections == 0 && x.created == now) LogXlateBuilt(core, own.xlate, now);
    }
    if (other_family) {
      if (own.endpoint.address.IsV4() == mapped.IsV4()) shown = own.endpoint.address;
    } else if (own.endpoint.address != p.key.src) {
      if (!p.Whole()) return Drop(core, p, FrameDrop::kUnexpectedPacket, out);
      RewriteSource(p, own.endpoint.address, 0);
    }
  } else if (real != mapped && !other_family) {
    RewriteSource(p, mapped, 0);  // whoever it is, it stands behind the address that the sender knows
  }
  const IpAddress peer_real = forward ? c.responder_real : c.initiator_real;
  out.action = Disposition::Action::kAccept;
  out.egress = egress;
  if (other_family) {
    auto error = ErrorToOtherFamily(p, shown, peer_real, EndsOfQuoted(c, d));
    if (!error) return Drop(core, p, FrameDrop::kInspectIcmpErrorNat64Error, out);
    core.originated.push_back({egress, std::move(*error)});
    out.action = Disposition::Action::kConsume;
  } else if (peer_real != p.key.dst) {
    RewriteDestination(p, peer_real, 0);
  }
  SetMark(*core.policy, c, d, egress, out);
  out.tunnel = TunnelOut(core, c, d);
  const bool by_itself = core.has_tunnels && out.tunnel == TunnelId::kNone && out.action == Disposition::Action::kAccept;
  if (by_itself && !ErrorMayLeave(core, p, egress, now, out)) return;
  auto& in_counter = core.CounterOf(p.ingress);
  in_counter.in_packets++;
  in_counter.in_bytes += p.wire_length;
  core.CounterOf(egress).out_packets++;
  core.CounterOf(egress).out_bytes += p.wire_length;
}

}  // namespace sallyport
