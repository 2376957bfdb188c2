// Application inspection on the way of a packet: which engine a flow is under, what the engine may do to its packets, and the
// numbers of a TCP stream that it changes.
//
// Source: ASA configuration guide, "Getting started with application layer protocol inspection"; of the inspections of one class
// the port chooses where the class is `match default-inspection-traffic`, else the first that takes the protocol.
#include <algorithm>

#include "firewall/asp_class.h"
#include "firewall/base/checksum.h"
#include "firewall/packet_edit.h"
#include "firewall/pipeline.h"
#include "firewall/service_flow.h"

namespace sallyport {
namespace {

const Inspection* Chosen(const Context& c, const ServiceClass& s) {
  for (const Inspection& i : s.inspections) {
    const Inspector* engine = c.core.inspectors.engine[static_cast<std::size_t>(i.id)];
    if (i.id == InspectId::kNone || engine == nullptr) continue;
    const std::uint16_t port = s.default_inspection_traffic && !c.packet.IsIcmp() ? c.real_dst.port : std::uint16_t{0};
    if (s.default_inspection_traffic && !c.packet.IsIcmp() && port == 0) continue;
    if (engine->Takes(c.packet.protocol, port, i.map.get())) return &i;
  }
  return nullptr;
}

NameId InterfaceNamed(const EngineCore& core, IfId id) {
  if (id == IfId::kIdentity) return IdentityName();
  const Interface* i = core.policy->Find(id);
  return i != nullptr ? i->name : NameId::kNone;
}

IfId FarSide(const Conn& c, Direction d) { return d == Direction::kForward ? c.out_if : c.in_if; }

void Reset(EngineCore& core, const Conn& c, Direction d, const Packet& p) {
  // Whoever sent this packet is answered as for any refused segment; the other end gets a segment of this one's numbering, at the
  // place where this packet would have stood.
  OriginateReset(core, p, p.ingress);
  const bool forward = d == Direction::kForward;
  const Endpoint src = forward ? Endpoint{c.initiator_mapped, c.initiator_mapped_port} : Endpoint{c.responder_mapped, c.responder_mapped_port};
  const Endpoint dst = forward ? Endpoint{c.responder_real, c.responder_real_port} : Endpoint{c.initiator_real, c.initiator_real_port};
  std::uint32_t seq = p.seq;
  const InspectStream* stream = c.extra != kNoExtra ? core.extras.At(c.extra).inspect_stream.get() : nullptr;
  if (stream != nullptr) seq = stream->repair[static_cast<int>(d)].Map(seq);
  OwnSegment rst;
  rst.from = src;
  rst.to = dst;
  rst.egress = FarSide(c, d);
  rst.seq = seq + c.side[static_cast<int>(d)].seq_delta;
  rst.flags = kTcpRst;
  OriginateSegment(core, rst);
}

}  // namespace

void PrepareInspection(EngineCore& core) {
  const Policy& p = *core.policy;
  core.inspects_icmp_error = core.inspects_payload = core.inspects_ipv6 = false;
  for (const ServiceClass& s : p.service) {
    for (const Inspection& i : s.inspections) {
      if (i.id == InspectId::kIcmpError) core.inspects_icmp_error = true;
      if (i.id == InspectId::kIpv6) core.inspects_ipv6 = true;
      const bool headers = i.id == InspectId::kIcmp || i.id == InspectId::kIcmpError || i.id == InspectId::kIpv6;
      if (i.id != InspectId::kNone && !headers) core.inspects_payload = true;
      // Payload of UDP is needed whole, which for TCP it is anyway.
      if (i.id == InspectId::kDns || i.id == InspectId::kTftp) core.policy_rewrites_other = true;
    }
  }
}

Verdict ChooseInspection(Context& c) {
  if (c.to_box || c.from_box || c.state_bypass) return Verdict::kContinue;
  for (const bool global : {false, true}) {
    for (const ServiceClass& s : c.policy.service) {
      if (s.inspections.empty() || (s.interface == IfId::kAny) != global || !ClassMatches(s, c)) continue;
      const Inspection* i = Chosen(c, s);
      if (i == nullptr) continue;
      c.inspect = i->id;
      if (c.recording()) {
        std::vector<std::string> lines;
        for (std::size_t at = 0, end; at < s.config.size(); at = end + 1) {
          end = std::min(s.config.find('\n', at), s.config.size());
          lines.push_back(s.config.substr(at, end - at));
        }
        c.trace->Phase("INSPECT", i->id == InspectId::kIcmp ? "np-inspect" : "inspect-" + i->name, true, std::move(lines));
      }
      ClassActed(c, AspWhat::kInspection, s, i);
      ConnExtra& extra = c.Extra();
      extra.inspect_map = i->map;
      extra.inspect_counters = i->counters;
      if (c.packet.IsTcp()) {
        extra.inspect_stream = std::make_unique<InspectStream>();
        extra.tcp_in_order = true;
      }
      return Verdict::kContinue;
    }
  }
  return Verdict::kContinue;
}

bool InspectsIcmpError(const Context& c) {
  if (!c.core.inspects_icmp_error) return false;
  return FindClass(c, [](const ServiceClass& s) { return s.Find(InspectId::kIcmpError) != nullptr; }) != nullptr;
}

void RepairAcknowledgment(EngineCore& core, const Conn& c, Direction d, Packet& p) {
  if (c.extra == kNoExtra || (p.tcp_flags & kTcpAck) == 0) return;
  const InspectStream* stream = core.extras.At(c.extra).inspect_stream.get();
  const int other = static_cast<int>(Opposite(d));
  if (stream == nullptr || stream->repair[other].empty() || !p.Whole() || p.fragment) return;
  const std::uint32_t delta = c.side[other].seq_delta;
  const auto repaired = [&](std::uint32_t n) { return stream->repair[other].Unmap(n - delta) + delta; };
  p.ack = repaired(p.ack);
  StoreBe32(p.l4() + 8, p.ack);
  if (p.tcp_options.sack_offset != 0) {
    std::uint8_t* option = p.l4() + p.tcp_options.sack_offset;
    for (int i = 2; i + 4 <= option[1]; i += 4) StoreBe32(option + i, repaired(LoadBe32(option + i)));
  }
  PayloadChanged(p);
}

// Runs the engine on one packet.
struct InspectRun {
  static InspectOutcome Go(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now) {
    Conn& c = core.conns.At(index);
    ConnExtra* extra = c.extra != kNoExtra ? &core.extras.At(c.extra) : nullptr;
    InspectCounters* counters = extra != nullptr && core.undo == nullptr ? extra->inspect_counters.get() : nullptr;
    core.inspected_packets++;
    if (p.IsTcp()) core.activity.Count(Activity::kTcpFixup, now);
    InspectOutcome out;
    if (!p.Whole() && c.inspect != static_cast<std::uint8_t>(InspectId::kIcmp)) {
      out.drop = FrameDrop::kUnexpectedPacket;
      if (counters != nullptr) counters->CountPacket(now, true);
      return out;
    }
    InspectCall call(core, index, c, extra, p, d, now);
    Inspector* engine = core.inspectors.engine[c.inspect];
    if (p.IsTcp()) {
      if (extra != nullptr && extra->inspect_stream != nullptr) out.drop = Stream(*engine, call, *extra->inspect_stream);
    } else {
      out.drop = engine->Inspect(call);
      if (out.drop == FrameDrop::kNone && !call.close_ && call.has_edits_ && !Edit(core, p, call.edited_)) {
        out.drop = FrameDrop::kUnexpectedPacket;
      }
    }
    out.end_after = call.close_after_;
    const bool dropped = out.drop != FrameDrop::kNone || call.close_;
    if (counters != nullptr) {
      counters->CountPacket(now, dropped);
      if (call.reset_) counters->reset_drops.fetch_add(1, std::memory_order_relaxed);
    }
    if (call.close_) End(core, index, call, out);
    return out;
  }

 private:
  static bool Edit(EngineCore& core, Packet& p, Bytes payload) {
    if (!p.fragment) return ReplacePayload(p, payload, core.edit_buffer);
    // Fragments keep their sizes; ProcessFragment hands the bytes back to them.
    if (payload.size() != p.payload_length || p.datagram.size() < payload.size()) return false;
    std::copy(payload.begin(), payload.end(), p.datagram.end() - static_cast<std::ptrdiff_t>(payload.size()));
    p.datagram_changed = true;
    return true;
  }

  static FrameDrop Stream(Inspector& engine, InspectCall& call, InspectStream& stream) {
    Packet& p = call.packet;
    const int me = static_cast<int>(call.direction), other = 1 - me;
    const std::uint32_t first = p.seq + ((p.tcp_flags & kTcpSyn) != 0 ? 1 : 0);
    if ((p.tcp_flags & kTcpAck) != 0 && stream.repair[other].edits() != 0) {
      stream.repair[other].Acknowledged(p.ack - call.conn.side[other].seq_delta);
    }
    SeqRepair& repair = stream.repair[me];
    if (p.seen_before < p.payload_length && (p.tcp_flags & kTcpRst) == 0) {
      call.fresh_ = p.seen_before;
      const FrameDrop drop = engine.Inspect(call);
      if (drop != FrameDrop::kNone || call.close_) return drop;
    }
    if (repair.empty()) return FrameDrop::kNone;
    const std::uint32_t moved = repair.Map(p.seq) - p.seq;
    if (p.payload_length != 0 && repair.Touches(first, p.payload_length)) {
      std::vector<std::uint8_t> bytes;
      repair.Rewrite(first, Bytes(p.bytes).subspan(p.payload_offset, p.payload_length), bytes);
      if (!ReplacePayload(p, bytes, call.core_.edit_buffer)) return FrameDrop::kUnexpectedPacket;
    }
    RewriteTcpNumbers(p, moved, 0);
    return FrameDrop::kNone;
  }

  static void End(EngineCore& core, ConnIndex index, InspectCall& call, InspectOutcome& out) {
    const Conn c = call.conn;  // a copy: it goes
    const auto at = [&](IfId i, IpAddress a) { return LogArg::At(InterfaceNamed(core, i), a); };
    core.log.Log(call.now, Msg::k507003, LogArg::Word(ProtocolWord(c.protocol)), at(c.in_if, c.initiator_real),
                 LogArg::Number(c.initiator_real_port), at(c.out_if, c.responder_real), LogArg::Number(c.responder_real_port),
                 LogArg::Word(call.reset_ ? "inspector drop reset" : "inspector disconnected, dropped packet"));
    if (call.reset_ && c.protocol == 6) Reset(core, c, call.direction, call.packet);
    core.drops.Count(FlowDrop::kClosedByInspection);
    EndConnection(core, index, {"Flow closed by inspection", IfId::kAny}, call.now);
    out.ended = true;
  }
};

InspectOutcome InspectPacket(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now) {
  return InspectRun::Go(core, index, d, p, now);
}

// --- InspectCall ---------------------------------------------------------------------------------------------------------

InspectCall::InspectCall(EngineCore& core, std::uint32_t conn_index, Conn& conn_in, ConnExtra* extra, Packet& packet_in,
                         Direction direction_in, TimePoint now_in)
    : conn(conn_in),
      packet(packet_in),
      direction(direction_in),
      now(now_in),
      log(core.log),
      ingress_name(InterfaceNamed(core, packet_in.ingress)),
      egress_name(InterfaceNamed(core, FarSide(conn_in, direction_in))),
      map(extra != nullptr ? extra->inspect_map.get() : nullptr),
      core_(core),
      index_(conn_index),
      extra_(extra) {}

Bytes InspectCall::payload() const {
  if (!packet.fragment) return Bytes(packet.bytes).subspan(packet.payload_offset + fresh_, packet.payload_length - fresh_);
  const std::size_t header = packet.payload_offset - packet.l4_offset;
  if (packet.datagram.size() < header + packet.payload_length) return {};
  return Bytes(packet.datagram).subspan(header + fresh_, packet.payload_length - fresh_);
}

InspectState* InspectCall::state() const { return extra_ != nullptr ? extra_->inspect_state.get() : nullptr; }
void InspectCall::Keep(std::unique_ptr<InspectState> state) {
  if (extra_ != nullptr) extra_->inspect_state = std::move(state);
}

void InspectCall::CountRow(std::size_t row) {
  if (extra_ != nullptr && extra_->inspect_counters != nullptr && core_.undo == nullptr) extra_->inspect_counters->Count(row);
}

std::uint16_t InspectCall::RandomNumber() { return static_cast<std::uint16_t>(core_.random.U32()); }

bool InspectCall::Replace(std::size_t offset, std::size_t removed, Bytes by) {
  const std::size_t size = packet.payload_length - fresh_;
  if (removed == 0 || offset > size || removed > size - offset) return false;
  if (packet.IsTcp()) {
    const std::uint32_t first = packet.seq + ((packet.tcp_flags & kTcpSyn) != 0 ? 1 : 0);
    return extra_ != nullptr && extra_->inspect_stream != nullptr &&
           extra_->inspect_stream->repair[static_cast<int>(direction)].Add(
               first + static_cast<std::uint32_t>(fresh_ + offset), static_cast<std::uint32_t>(removed), by);
  }
  if (!has_edits_) {
    edited_.assign(payload().begin(), payload().end());
    has_edits_ = true;
  }
  const auto at = edited_.begin() + static_cast<std::ptrdiff_t>(offset) + grown_;
  const auto tail = edited_.erase(at, at + static_cast<std::ptrdiff_t>(removed));
  edited_.insert(tail, by.begin(), by.end());
  grown_ += static_cast<std::ptrdiff_t>(by.size()) - static_cast<std::ptrdiff_t>(removed);
  return true;
}

bool InspectCall::Translated() const {
  return conn.initiator_mapped != conn.initiator_real || conn.responder_mapped != conn.responder_real ||
         conn.initiator_mapped_port != conn.initiator_real_port || conn.responder_mapped_port != conn.responder_real_port;
}

void InspectCall::AcknowledgeToSender() {
  const TcpSide& peer = conn.side[1 - static_cast<int>(direction)];
  const std::uint32_t window = std::min<std::uint32_t>(peer.max_window >> peer.scale, 0xffff);
  OwnSegment ack;
  ack.from = {packet.key.dst, packet.key.dport};
  ack.to = {packet.key.src, packet.key.sport};
  ack.egress = packet.ingress;
  ack.seq = packet.ack;
  ack.ack = packet.seq + packet.payload_length;
  ack.flags = kTcpAck;
  ack.window = static_cast<std::uint16_t>(window);
  OriginateSegment(core_, ack);
}

bool InspectCall::RewritesNames() const { return core_.policy->nat.rewrites_dns(); }
bool InspectCall::NamesCrossFamilies() const { return (conn.flags & kConnOtherFamily) != 0 && core_.policy->nat.dns_crosses_families(); }

std::optional<IpAddress> InspectCall::TranslateAnswer(IpAddress a, bool other_family) const {
  return RewrittenInDnsReply(core_.policy->nat, core_.xlates, packet.ingress, FarSide(conn, direction), a, other_family);
}

LogArg InspectCall::Destination() const {
  return LogArg::At(egress_name, FromInitiator() ? conn.responder_real : conn.initiator_real);
}
LogArg InspectCall::DestinationPort() const {
  return LogArg::Number(FromInitiator() ? conn.responder_real_port : conn.initiator_real_port);
}

}  // namespace sallyport
