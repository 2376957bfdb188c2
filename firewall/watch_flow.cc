// A packet while somebody watches or makes trouble: captures (capture.h) and faults (fault.h) around the same processing that every
// packet gets. Nothing here runs for a packet while there are neither.
#include <algorithm>
#include <optional>

#include "firewall/engine_impl.h"
#include "firewall/routed_bvi.h"

namespace sallyport {

void RecordArrival(EngineCore& core, IfId ingress) {
  TraceRecorder& r = *core.recorder;
  const bool captured = core.captures.Watches(ingress);
  if (captured) {
    r.Phase("CAPTURE", "", true, {}, {"MAC Access list"});
    r.Rule({AspWhat::kCapture, ingress, false, nullptr, {}, {}});
  }
  if (captured || core.policy->personality.trace_resolve_egress) {
    r.Phase("ACCESS-LIST", "", true, {"Implicit Rule"}, {"MAC Access list"});
    r.Rule({AspWhat::kLayer2, ingress, false, nullptr, {}, {}});
  }
}

void RecordKnownFlow(EngineCore& core, ConnTable::Found found) {
  SaveConnection(core, found.index);
  const Conn& c = core.conns.At(found.index);
  core.recorder->Leads(found.direction == Direction::kForward ? c.out_if : c.in_if);
  core.recorder->Phase("FLOW-LOOKUP", "", true, {}, {"Found flow with id " + std::to_string(c.id) + ", using existing flow"});
}

void Context::Acted(AspWhat what, bool at_egress, const void* object) {
  IfId at = at_egress ? (out != nullptr ? out->id : IfId::kAny) : in != nullptr ? in->id : IfId::kIdentity;
  if (what == AspWhat::kPerSession || what == AspWhat::kMultiSession) at = IfId::kAny;
  if (!tracing() && what < AspWhat::kFirstObject) core.asp_hits.Count(what, at);
  if (!recording()) return;
  trace->Rule({what, at, at_egress, object, packet.key.src, policy.personality.real_address_access_lists ? real_dst.address : packet.key.dst});
}

void TraceRecorder::Rule(const AspRef& rule, bool reverse) {
  if (result_.phases.empty()) return;
  result_.phases.back().rule = rule;
  result_.phases.back().reverse = reverse;
}

void TraceRecorder::Detail(std::vector<std::string> lines) {
  if (!result_.phases.empty()) result_.phases.back().detail = std::move(lines);
}

void RecordReverse(Context& c) {
  if (!c.recording() || c.to_box || c.from_box || c.out == nullptr) return;
  if (c.policy.personality.per_session_pat) {
    const bool per_session = c.packet.IsTcp() || (c.packet.IsUdp() && c.real_dst.port == 53);
    c.trace->Phase("NAT", "per-session", true, {});
    c.trace->Rule({per_session ? AspWhat::kPerSession : AspWhat::kMultiSession, IfId::kAny, false, nullptr, {}, {}}, true);
  }
  c.trace->Phase("IP-OPTIONS", "", true, {});
  c.trace->Rule({AspWhat::kIpOptions, c.out->id, false, nullptr, {}, {}}, true);
}

void RecordModules(Context& c) {
  if (!c.recording()) return;
  // What will handle each packet of the flow here, by the names that an ASA gives its modules.
  std::vector<std::string> lines;
  for (const char* way : {"forward", "reverse"}) {
    lines.push_back(std::string("Module information for ") + way + " flow ...");
    lines.push_back("snp_fp_inspect_ip_options");
    if (c.packet.IsTcp() && !c.state_bypass) lines.push_back("snp_fp_tcp_normalizer");
    if (c.inspect == InspectId::kIcmp) lines.push_back("snp_fp_inspect_icmp");
    if (c.source.rule != nullptr || c.destination.rule != nullptr) lines.push_back("snp_fp_translate");
    lines.push_back("snp_fp_adjacency");
    lines.push_back("snp_fp_fragment");
    lines.push_back("snp_ifc_stat");
    lines.push_back("");
  }
  lines.pop_back();
  c.trace->Detail(std::move(lines));
}

void WatchReleased(EngineCore& core, const Packet& p, const Disposition& d, TimePoint now) {
  if (!core.Captured()) return;
  if (d.action == Disposition::Action::kDrop) core.captures.Dropped(p, d.reason, d.flow_reason, now);
  if (d.action == Disposition::Action::kAccept && d.egress != IfId::kIdentity) core.captures.Left(p, d.egress, now);
}

void Engine::Impl::ProcessCaptured(Packet& p, TimePoint now, Disposition& out) {
  if (!captures.active()) return ProcessPacket(p, now, out);
  ParsePacket(p);
  if (captures.Arrived(p, now)) {
    captures.Finish(std::make_shared<TraceResult>(ProcessRecorded(p, now, out)), now);
  } else {
    ProcessPacket(p, now, out);
  }
  if (out.action == Disposition::Action::kDrop) {
    captures.Dropped(p, out.reason, out.flow_reason, now);
  } else if (out.action == Disposition::Action::kAccept && out.egress != IfId::kIdentity) {
    if (has_tunnels && p.rewritten) (void)ParsePacket(p);  // it may have been sealed
    // What was parsed of a fragment is not what it has become.
    p.fragment ? captures.Left(Bytes(p.bytes), out.egress, now) : captures.Left(p, out.egress, now);
  }
}

void Conclude(TraceResult& result, const Packet& p, const Disposition& out) {
  result.allow = out.action != Disposition::Action::kDrop;
  if (out.action == Disposition::Action::kAccept || (out.action == Disposition::Action::kConsume && out.egress != IfId::kAny)) {
    result.output = out.egress;
    result.source = {p.key.src, p.key.sport};
    result.destination = {p.key.dst, p.key.dport};
  }
  result.frame_drop = out.reason;
  result.flow_drop = out.flow_reason;
}

TraceResult Engine::Impl::ProcessRecorded(Packet& p, TimePoint now, Disposition& out) {
  TraceResult result;
  result.input = p.ingress;
  result.policy = policy;
  TraceRecorder record(result);
  recorder = &record;
  RecordArrival(*this, p.ingress);
  ProcessPacket(p, now, out);
  recorder = nullptr;
  Conclude(result, p, out);
  result.elapsed_ns = record.ElapsedNs();
  return result;
}

TraceResult Engine::ProcessTraced(Packet& p, TimePoint now, Disposition& out) {
  const IfId ingress = p.ingress;
  if (!impl_->policy->bridge.groups.empty() && !p.bridged && ingress != IfId::kIdentity) TakeMember(*impl_, p, now);
  TraceResult result = impl_->ProcessRecorded(p, now, out);
  result.input = ingress;
  if (out.action == Disposition::Action::kDrop) CountDropped(*impl_, p, out.reason, now);
  return result;
}

void Engine::Impl::ProcessWatched(Packet& p, TimePoint now, Disposition& out) {
  if (!faults.active()) return ProcessCaptured(p, now, out);
  out = Disposition{};
  const bool broken = ParsePacket(p) != FrameDrop::kNone;
  const FaultSet::Verdict v = broken ? FaultSet::Verdict{} : faults.Judge(p, now);
  if (v.hold) {
    out.action = Disposition::Action::kHold;
  } else if (!v.lose) {
    std::vector<std::uint8_t> twin;
    if (v.duplicate && !p.fragment) twin.assign(p.bytes.begin(), p.bytes.end());
    Packet second = p;  // as it came
    ProcessCaptured(p, now, out);
    if (!twin.empty()) {
      // The second leaves as a packet of the appliance's own: packet I/O knows only the first.
      second.bytes = twin;
      second.headroom = second.tailroom = 0;
      second.handle = 0;
      second.rewritten = false;
      Disposition d;
      ProcessCaptured(second, now, d);
      if (d.action == Disposition::Action::kAccept && d.egress != IfId::kIdentity) {
        CompleteChecksum(second);
        originated.push_back({d.egress, {second.bytes.begin(), second.bytes.end()}, kOnTheWire});
        captured_originated = originated.size();  // a capture has it already
      }
    }
  }
  LetLateGo(now);
}

void Engine::Impl::LetLateGo(TimePoint now) {
  for (LatePacket& late : faults.TakeDue(now)) {
    Packet p = late.packet;
    p.bytes = late.bytes;
    p.headroom = p.tailroom = 0;
    Disposition d;
    ProcessCaptured(p, now, d);
    if (d.action == Disposition::Action::kHold) continue;  // a fragment: it waits for the others now
    ReleasedPacket r;
    r.handle = late.packet.handle;
    r.disposition = d;
    if (d.action == Disposition::Action::kAccept && p.rewritten) {
      CompleteChecksum(p);
      if (p.bytes.data() == late.bytes.data() && p.bytes.size() == late.bytes.size()) {
        r.bytes = std::move(late.bytes);
      } else {
        r.bytes.assign(p.bytes.begin(), p.bytes.end());  // it has been in a tunnel, or an inspection has made it longer
      }
    }
    released.push_back(std::move(r));
  }
}

void Engine::Impl::WatchOriginated() {
  if (captures.active()) {
    for (std::size_t i = captured_originated; i < originated.size(); i++) {
      captures.Left(originated[i].bytes, originated[i].egress, clock.Now());
    }
  }
  captured_originated = 0;
}

}  // namespace sallyport
