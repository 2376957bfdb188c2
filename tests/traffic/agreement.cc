#include "tests/traffic/agreement.h"

#include <sstream>

#include "tests/traffic/fingerprint.h"

namespace sallyport {
namespace {

std::string PhaseText(const TracePhase& phase) {
  std::string text = phase.type + "|" + phase.subtype + (phase.allow ? "|allow" : "|DROP");
  for (const std::string& line : phase.config) text += "|" + line;
  for (const std::string& line : phase.info) text += "|" + line;
  for (const std::string& line : phase.detail) text += "|" + line;
  return text;
}

std::string Reasons(FrameDrop frame, FlowDrop flow) { return std::string(Keyword(frame)) + "/" + std::string(Keyword(flow)); }

// The first line of `b` that is not in `a` at the same place.
std::string FirstDifference(const std::string& a, const std::string& b) {
  std::istringstream x(a), y(b);
  std::string was, is;
  while (true) {
    const bool more = static_cast<bool>(std::getline(x, was));
    const bool also = static_cast<bool>(std::getline(y, is));
    if (!more && !also) return {};
    if (!more) was = "(nothing)";
    if (!also) is = "(nothing)";
    if (was != is) return "was: " + was + "\nis:  " + is;
  }
}

std::string Compared(const TraceResult& imagined, const TraceResult& captured) {
  for (std::size_t i = 0; i < std::max(imagined.phases.size(), captured.phases.size()); i++) {
    const std::string a = i < imagined.phases.size() ? PhaseText(imagined.phases[i]) : "(none)";
    const std::string b = i < captured.phases.size() ? PhaseText(captured.phases[i]) : "(none)";
    if (a != b) return "phase " + std::to_string(i + 1) + ": packet-tracer has " + a + ", the captured packet " + b;
  }
  if (imagined.allow != captured.allow || imagined.output != captured.output) return "verdict or way of the captured packet's trace";
  if (imagined.frame_drop != captured.frame_drop || imagined.flow_drop != captured.flow_drop) return "reason of the captured packet's trace";
  if (imagined.source != captured.source || imagined.destination != captured.destination) return "addresses of the captured packet's trace";
  return {};
}

std::string DropsAgree(const DropCounters& before, const DropCounters& after, FrameDrop frame, FlowDrop flow) {
  const auto f = static_cast<std::size_t>(frame);
  const auto g = static_cast<std::size_t>(flow);
  if (frame != FrameDrop::kNone && after.frame[f] == before.frame[f]) return "`show asp drop` has not counted " + std::string(Keyword(frame));
  if (flow != FlowDrop::kNone && after.flow[g] == before.flow[g]) return "`show asp drop` has not counted " + std::string(Keyword(flow));
  return {};
}

template <typename Trace>
std::string TraceWithoutEffect(Engine& engine, TimePoint now, const AgreementOptions& options, Trace&& trace) {
  const auto look = [&] { return options.whole ? Fingerprint(engine, now) : ShortFingerprint(engine); };
  const std::string before = look();
  trace();
  const std::string after = look();
  if (before != after) return "the trace has changed something\n" + FirstDifference(before, after);
  if (engine.HasReleased()) return "the trace has released packets";
  return {};
}

constexpr char kWatch[] = "watch", kFallen[] = "fallen";

// Through captures; what they have of it. Nothing: what could not be read is not captured.
std::shared_ptr<const TraceResult> ProcessCaptured(Engine& engine, Packet& p, TimePoint now, Disposition& out, std::string& wrong) {
  engine.captures().Clear("");
  engine.Process(p, now, out);
  std::uint64_t total = 0;
  std::shared_ptr<const TraceResult> trace;
  for (const CapturedPacket& c : engine.captures().Packets(kWatch, 0, 1000, total)) {
    if (!c.outgoing && c.trace != nullptr) trace = c.trace;
  }
  if (trace == nullptr) wrong = "the capture has no trace of it";
  if (out.action != Disposition::Action::kDrop) return trace;
  bool fallen = false;
  for (const CapturedPacket& c : engine.captures().Packets(kFallen, 0, 1000, total)) {
    fallen = fallen || (c.frame_drop == out.reason && c.flow_drop == out.flow_reason);
  }
  if (!fallen) wrong = "the capture of drops does not have it with this reason";
  return trace;
}

}  // namespace

void UseCaptures(Engine& engine, const std::vector<IfId>& interfaces) {
  CaptureSpec watch;
  watch.name = kWatch;
  watch.interfaces = interfaces;
  watch.trace = true;
  engine.captures().Set(watch);
  CaptureSpec fallen;
  fallen.name = kFallen;
  fallen.type = CaptureSpec::Type::kAspDrop;
  fallen.drop = "all";
  engine.captures().Set(fallen);
}

std::string Describe(const TraceResult& t) {
  std::string text = t.allow ? "allow" : "drop " + Reasons(t.frame_drop, t.flow_drop);
  for (const TracePhase& phase : t.phases) text += ", " + phase.type + " " + phase.subtype + (phase.allow ? "" : " DROP");
  return text;
}

std::string TraceThenProcess(Engine& engine, Packet& p, TimePoint now, Disposition& out, AgreementOptions options) {
  TraceRequest request;
  request.ingress = p.ingress;  // before the engine takes a member of a bridge group for its BVI
  request.egress_hint = p.egress_hint;
  request.bytes.assign(p.bytes.begin(), p.bytes.end());
  TraceResult imagined;
  std::string wrong = TraceWithoutEffect(engine, now, options, [&] { imagined = engine.Trace(request, now); });
  const DropCounters before = engine.drops();
  TraceResult captured;
  if (!options.captures || p.ingress == IfId::kIdentity) {
    captured = engine.ProcessTraced(p, now, out);
  } else if (const auto trace = ProcessCaptured(engine, p, now, out, wrong); trace != nullptr) {
    captured = *trace;
  }
  if (!wrong.empty()) return wrong + "\n" + Describe(imagined);
  wrong = DropsAgree(before, engine.drops(), out.reason, out.flow_reason);
  if (wrong.empty()) wrong = Compared(imagined, captured);
  const bool passed = out.action != Disposition::Action::kDrop;
  if (wrong.empty() && imagined.allow != passed) wrong = "verdicts differ";
  if (wrong.empty() && (imagined.frame_drop != out.reason || imagined.flow_drop != out.flow_reason)) wrong = "reasons differ";
  if (wrong.empty() && out.action == Disposition::Action::kAccept && !p.bridged) {
    if (imagined.output != out.egress) wrong = "they leave by different interfaces";
    std::vector<std::uint8_t> bytes(p.bytes.begin(), p.bytes.end());
    Packet left;
    left.bytes = bytes;
    left.wire_length = static_cast<std::uint32_t>(bytes.size());
    if (wrong.empty() && ParsePacket(left) == FrameDrop::kNone && !left.fragment) {
      // What has been put into a tunnel has the tunnel's addresses.
      const Interface* by = engine.policy().Find(out.egress);
      const bool dtls = left.IsUdp() && p.ingress != IfId::kIdentity && by != nullptr && by->Owns(left.key.src);
      const bool sealed = dtls || left.protocol == 50 || (left.IsUdp() && left.key.sport == 4500) || (left.IsTcp() && left.key.sport == 10000);
      if (!sealed && (left.key.src != imagined.source.address || left.key.dst != imagined.destination.address)) wrong = "they leave with different addresses";
      if (!sealed && (left.IsTcp() || left.IsUdp()) && (left.key.sport != imagined.source.port || left.key.dport != imagined.destination.port)) {
        wrong = "they leave with different ports";
      }
    }
  }
  if (wrong.empty()) return {};
  return wrong + "\npacket-tracer: " + Describe(imagined) + "\nthe packet: " + (passed ? "passed " : "dropped ") +
         Reasons(out.reason, out.flow_reason);
}

std::string TraceThenProcessFrame(Engine& engine, Frame& f, TimePoint now, FrameDisposition& out, AgreementOptions options) {
  TraceRequest request;
  request.ingress = f.ingress;
  request.bytes.assign(f.bytes.begin() + 14, f.bytes.end());
  for (std::size_t i = 0; i < 6; i++) request.dmac = request.dmac << 8 | f.bytes[i];
  TraceResult imagined;
  std::string wrong = TraceWithoutEffect(engine, now, options, [&] { imagined = engine.Trace(request, now); });
  if (wrong.empty() && !engine.TakeOriginatedFrames().empty()) wrong = "the trace has sent a frame";
  const DropCounters before = engine.drops();
  engine.ProcessFrame(f, now, out);
  if (wrong.empty()) wrong = DropsAgree(before, engine.drops(), out.reason, out.flow_reason);
  const bool passed = out.action != FrameDisposition::Action::kDrop || out.consumed;
  if (wrong.empty() && imagined.allow != passed) wrong = "verdicts differ";
  if (wrong.empty() && (imagined.frame_drop != out.reason || imagined.flow_drop != out.flow_reason)) wrong = "reasons differ";
  if (wrong.empty() && out.action == FrameDisposition::Action::kForward && out.count != 0 && !out.to_box && imagined.output != out.egress[0]) {
    wrong = "they leave by different interfaces";
  }
  if (wrong.empty()) return {};
  return wrong + "\npacket-tracer: " + Describe(imagined) + "\nthe frame: " + (passed ? "passed " : "dropped ") +
         Reasons(out.reason, out.flow_reason);
}

}  // namespace sallyport
