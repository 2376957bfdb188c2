// packet-tracer: an imagined packet, made of real bytes, through the stages that every packet takes, with nothing committed.
#include <algorithm>

#include "firewall/base/checksum.h"
#include "firewall/engine_impl.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kTtl = 64;

void AppendTransport(const TraceRequest& r, std::vector<std::uint8_t>& l4) {
  const bool icmp = r.protocol == 1 || r.protocol == 58;
  std::size_t check = 0;
  if (r.protocol == 6) {
    l4.resize(20);
    StoreBe16(&l4[0], r.sport);
    StoreBe16(&l4[2], r.dport);
    l4[12] = 5 << 4;
    l4[13] = kTcpSyn;
    StoreBe16(&l4[14], 8192);
    check = 16;
  } else if (r.protocol == 17) {
    l4.resize(8);
    StoreBe16(&l4[0], r.sport);
    StoreBe16(&l4[2], r.dport);
    StoreBe16(&l4[4], 8);
    check = 6;
  } else if (icmp) {
    l4.resize(8);
    l4[0] = r.icmp_type;
    l4[1] = r.icmp_code;
    StoreBe16(&l4[4], r.icmp_id);
    check = 2;
  } else {
    l4.resize(r.protocol == 132 ? 12 : 8);  // whatever it is
    StoreBe16(&l4[0], r.sport);
    StoreBe16(&l4[2], r.dport);
    return;
  }
  const std::uint64_t pseudo =
      r.protocol == 1 ? 0 : PseudoHeaderSum(r.src, r.dst, r.protocol, static_cast<std::uint32_t>(l4.size()));
  StoreBe16(&l4[check], ChecksumFinish(ChecksumAdd(l4, pseudo)));
}

}  // namespace

std::vector<std::uint8_t> BytesOf(const TraceRequest& request) {
  TraceRequest r = request;
  if (!r.dst.IsV4() && (r.protocol == 1 || r.protocol == 58)) {  // `icmp` is that of the family, `echo` and `echo-reply` by their IPv4 numbers
    r.protocol = 58;
    if (r.icmp_type == 8) r.icmp_type = 128;
    if (request.icmp_type == 0) r.icmp_type = 129;
  }
  std::vector<std::uint8_t> l4;
  AppendTransport(r, l4);
  std::vector<std::uint8_t> p;
  if (r.src.IsV4()) {
    p.resize(20);
    p[0] = 0x45;
    StoreBe16(&p[2], static_cast<std::uint16_t>(20 + l4.size()));
    p[8] = kTtl;
    p[9] = r.protocol;
    r.src.StoreV4(&p[12]);
    r.dst.StoreV4(&p[16]);
    StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
  } else {
    p.resize(40);
    p[0] = 0x60;
    StoreBe16(&p[4], static_cast<std::uint16_t>(l4.size()));
    p[6] = r.protocol;
    p[7] = kTtl;
    r.src.StoreV6(&p[8]);
    r.dst.StoreV6(&p[24]);
  }
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

bool CouldConnect(const Context& c) {
  if (c.core.conns.count() == c.core.conns.capacity()) return false;
  // The reply's key may belong to a flow that somebody else has opened.
  const FlowKey& key = c.packet.key;
  const Endpoint mapped = c.source.rule != nullptr ? c.source.endpoint : Endpoint{key.src, key.sport};
  const IfId egress = c.to_box ? IfId::kIdentity : c.egress;
  return c.core.conns.Find({c.real_dst.address, mapped.address, c.real_dst.port, mapped.port, key.protocol, egress}).index == kNoConn;
}

TraceResult Engine::Trace(const TraceRequest& request, TimePoint now) {
  std::vector<std::uint8_t> bytes = request.bytes.empty() ? BytesOf(request) : request.bytes;
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = request.ingress;
  return impl_->TracePacket(p, request, now);
}

TraceResult Engine::Impl::TracePacket(Packet& p, const TraceRequest& request, TimePoint now) {
  bypass_checks = request.bypass_checks;
  decrypted = request.decrypted;
  TraceResult result;
  if (request.transmit) {
    // It is no longer imagined: the packet goes its way, and what was decided about it is told.
    Disposition d;
    result = ProcessRecorded(p, now, d);
    if (result.allow && d.egress != IfId::kIdentity) originated.push_back({d.egress, {p.bytes.begin(), p.bytes.end()}});
  } else {
    result.input = request.ingress;
    result.policy = policy;
    TraceRecorder record(result);
    recorder = &record;
    dry_run = true;
    TraceDry(p, now, result);
    dry_run = false;
    recorder = nullptr;
    result.elapsed_ns = record.ElapsedNs();
  }
  bypass_checks = decrypted = false;
  return result;
}

// Process, ProcessDatagram and ForwardOnConnection, as far as they decide.
void Engine::Impl::TraceDry(Packet& p, TimePoint now, TraceResult& result) {
  const auto drop = [&result](FrameDrop frame, FlowDrop flow = FlowDrop::kNone) {
    result.frame_drop = frame;
    result.flow_drop = flow;
  };
  if (const FrameDrop bad = ParsePacket(p); bad != FrameDrop::kNone) return drop(bad);
  const Interface* in = policy->Find(p.ingress);
  if (in == nullptr || !in->InUse()) return drop(FrameDrop::kInterfaceDown);
  if (p.v6 && !in->ipv6_enabled) return drop(FrameDrop::kL2Acl);
  RecordArrival(*this, p.ingress);
  // It quotes no packet of a connection.
  if (p.icmp_error) return drop(FrameDrop::kInspectIcmpErrorNoExistingConn);
  const ConnTable::Found found = conns.Find(p.key);
  const bool anew = found.index != kNoConn && p.IsTcp() && found.direction == Direction::kForward &&
                    (p.tcp_flags & (kTcpSyn | kTcpAck)) == kTcpSyn &&
                    (conns.At(found.index).tcp_state == TcpState::kClosing || conns.At(found.index).tcp_state == TcpState::kClosed);
  if (found.index != kNoConn && !anew) return TraceKnown(p, in, found, now, result);
  if (!policy->personality.trace_resolve_egress) {
    recorder->Phase("FLOW-LOOKUP", "", true, {}, {"Found no matching flow, creating a new flow"});
  }
  Context ctx(*this, p, in, now);
  ctx.pinhole = pinholes.Find(p.key);
  const Verdict v = RunNewFlow(ctx);
  result.allow = v != Verdict::kDrop;
  result.source = ctx.source.rule != nullptr ? ctx.source.endpoint : Endpoint{p.key.src, p.key.sport};
  result.destination = ctx.real_dst;
  result.output = ctx.to_box ? IfId::kIdentity : ctx.out != nullptr ? ctx.out->id : IfId::kAny;
  drop(ctx.frame_drop, ctx.flow_drop);
}

void Engine::Impl::TraceKnown(Packet& p, const Interface* in, ConnTable::Found found, TimePoint now, TraceResult& result) {
  const Conn& c = conns.At(found.index);
  const bool forward = found.direction == Direction::kForward;
  const bool box = (c.flags & (kConnToBox | kConnFromBox)) != 0;
  RecordKnownFlow(*this, c);
  result.output = forward ? c.out_if : c.in_if;
  const Interface* towards = policy->Find(result.output);
  if (p.IsIcmp() && !forward && c.inspect == 0 && !box) {
    Context ctx(*this, p, in, now);
    ctx.out = towards;
    ctx.egress = c.in_if;
    ctx.real_dst = {c.initiator_real, c.initiator_real_port};
    if (ctx.out == nullptr || CheckAccessIn(ctx) != Verdict::kContinue || CheckAccessOut(ctx) != Verdict::kContinue) {
      result.frame_drop = ctx.out == nullptr ? FrameDrop::kInterfaceDown : ctx.frame_drop;
      return;
    }
  }
  if (!box && (towards == nullptr || !towards->InUse())) {
    result.frame_drop = FrameDrop::kInterfaceDown;
    return;
  }
  if (p.IsTcp()) {
    // On copies: what the tracker would remember is forgotten.
    TcpSide sides[2] = {c.side[0], c.side[1]};
    TcpSegment s{p.tcp_flags, p.seq, p.ack, p.window, p.payload_length, p.tcp_options.window_scale, 0};
    const TcpVerdict v = TcpTrack(c.tcp_state, sides, found.direction, s);
    if (v.drop != FrameDrop::kNone) {
      result.frame_drop = v.drop;
      return;
    }
  }
  if (c.inspect == static_cast<std::uint8_t>(InspectId::kIcmp)) {
    // Also on a copy. Other engines answer to payload, and the packet has none.
    Conn copy = c;
    InspectCall call(*this, found.index, copy, nullptr, p, found.direction, now);
    result.frame_drop = inspectors.engine[c.inspect]->Inspect(call);
    if (result.frame_drop != FrameDrop::kNone) return;
  }
  result.source = forward ? Endpoint{c.initiator_mapped, c.initiator_mapped_port} : Endpoint{c.responder_mapped, c.responder_mapped_port};
  result.destination = forward ? Endpoint{c.responder_real, c.responder_real_port} : Endpoint{c.initiator_real, c.initiator_real_port};
  result.allow = true;
}

}  // namespace sallyport
