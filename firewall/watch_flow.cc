// A packet while somebody watches or makes trouble: captures (capture.h) and faults (fault.h) around the same processing that every
// packet gets. Nothing here runs for a packet while there are neither.
#include <algorithm>
#include <optional>

#include "firewall/engine_impl.h"

namespace sallyport {

void RecordArrival(EngineCore& core, IfId ingress) {
  TraceRecorder& r = *core.recorder;
  const bool captured = core.captures.Watches(ingress);
  if (captured) {
    r.Phase("CAPTURE", "", true, {}, {"MAC Access list"});
  }
  if (captured || core.policy->personality.trace_resolve_egress) {
    r.Phase("ACCESS-LIST", "", true, {"Implicit Rule"}, {"MAC Access list"});
  }
}

void RecordKnownFlow(EngineCore& core, const Conn& c) {
  core.recorder->Phase("FLOW-LOOKUP", "", true, {}, {"Found flow with id " + std::to_string(c.id) + ", using existing flow"});
}

void Engine::Impl::ProcessCaptured(Packet& p, TimePoint now, Disposition& out) {
  if (!captures.active()) return ProcessPacket(p, now, out);
  ParsePacket(p);
  std::shared_ptr<TraceResult> result;
  std::optional<TraceRecorder> record;
  if (captures.Arrived(p, now)) {
    result = std::make_shared<TraceResult>();
    result->input = p.ingress;
    record.emplace(*result);
    recorder = &*record;
    RecordArrival(*this, p.ingress);
  }
  ProcessPacket(p, now, out);
  if (result != nullptr) {
    recorder = nullptr;
    result->allow = out.action != Disposition::Action::kDrop;
    result->output = out.egress;
    result->frame_drop = out.reason;
    result->flow_drop = out.flow_reason;
    result->elapsed_ns = record->ElapsedNs();
    result->policy = policy;
    captures.Finish(std::move(result), now);
  }
  if (out.action == Disposition::Action::kDrop) {
    captures.Dropped(p, out.reason, out.flow_reason, now);
  } else if (out.action == Disposition::Action::kAccept && out.egress != IfId::kIdentity) {
    // What was parsed of a fragment is not what it has become.
    p.fragment ? captures.Left(Bytes(p.bytes), out.egress, now) : captures.Left(p, out.egress, now);
  }
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
    ProcessCaptured(p, now, out);
    if (!twin.empty()) {
      // The second leaves as a packet of the appliance's own: packet I/O knows only the first.
      Packet second = p;
      second.bytes = twin;
      second.handle = 0;
      second.rewritten = false;
      Disposition d;
      ProcessCaptured(second, now, d);
      if (d.action == Disposition::Action::kAccept && d.egress != IfId::kIdentity) {
        CompleteChecksum(second);
        originated.push_back({d.egress, std::move(twin)});
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
    Disposition d;
    ProcessCaptured(p, now, d);
    if (d.action == Disposition::Action::kHold) continue;  // a fragment: it waits for the others now
    ReleasedPacket r;
    r.handle = p.handle;
    r.disposition = d;
    if (d.action == Disposition::Action::kAccept && p.rewritten) {
      CompleteChecksum(p);
      r.bytes = std::move(late.bytes);
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
