#include "firewall/service_flow.h"

#include <utility>

namespace sallyport {
namespace {

ClassFlow Turned(ClassFlow f) {
  std::swap(f.flow.src, f.flow.dst);
  std::swap(f.flow.sport, f.flow.dport);
  std::swap(f.in, f.out);
  return f;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char ch : text) {
    if (ch == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += ch;
    }
  }
  return lines;
}

}  // namespace

Verdict ClassesOfFlow(Context& c) {
  if (c.to_box || c.from_box) return Verdict::kContinue;
  if (c.core.services.any_qos()) {
    const ClassFlow f = FlowOf(c);
    if (c.recording()) {
      for (const Feature feature : {Feature::kPoliceInput, Feature::kPoliceOutput, Feature::kPriority, Feature::kShape}) {
        const ServiceClass* s = SelectClass(c.policy, f, feature);
        if (s != nullptr) c.trace->Phase("QOS", "", true, LinesOf(s->config));
      }
    }
    const QosPath there = c.core.services.PathOf(c.policy, f);
    const QosPath back = c.core.services.PathOf(c.policy, Turned(f));
    if (there.Any() || back.Any()) {
      ConnExtra& extra = c.Extra();
      extra.qos[0] = there;
      extra.qos[1] = back;
    }
  }
  if (c.connection_class != nullptr && c.connection_class->connection.decrement_ttl) c.Extra().decrement_ttl = true;
  return Verdict::kContinue;
}

FrameDrop ServiceIngress(EngineCore& core, const Conn& c, Direction d, Packet& p, TimePoint now) {
  if (c.extra == kNoExtra) return FrameDrop::kNone;
  const ConnExtra& extra = core.extras.At(c.extra);
  Policer* police = extra.qos[static_cast<int>(d)].in;
  if (core.undo != nullptr && police != nullptr) core.undo->Keep(*police);
  if (police != nullptr && !police->Pass(p, now)) return FrameDrop::kRateExceeded;
  if (!extra.decrement_ttl) return FrameDrop::kNone;
  if (p.ttl <= 1) {
    if (const Interface* back = core.policy->Find(p.ingress)) OriginateTimeExceeded(core, p, core.policy->Layer3(*back), now);
    return FrameDrop::kTtlExceeded;
  }
  if (!p.Whole()) return FrameDrop::kUnexpectedPacket;
  DecrementTtl(p);
  return FrameDrop::kNone;
}

FrameDrop ServiceEgress(EngineCore& core, const Conn& c, Direction d, const Packet& p, IfId egress, TimePoint now) {
  const QosPath path = c.extra != kNoExtra ? core.extras.At(c.extra).qos[static_cast<int>(d)] : QosPath{};
  if (core.undo != nullptr) {
    if (path.out != nullptr) core.undo->Keep(*path.out);
    for (QueueCounters* q : {path.priority, path.shape}) {
      if (q != nullptr) core.undo->Keep(*q);
    }
    if (core.services.HasQueue(egress)) core.undo->Keep(core.services.QueueOf(egress, path.priority != nullptr));
  }
  if (path.out != nullptr && !path.out->Pass(p, now)) return FrameDrop::kRateExceeded;
  for (QueueCounters* q : {path.priority, path.shape}) {
    if (q == nullptr) continue;
    q->transmitted++;
    q->bytes += p.wire_length;
  }
  if (core.services.HasQueue(egress)) {
    QueueCounters& q = core.services.QueueOf(egress, path.priority != nullptr);
    q.transmitted++;
    q.bytes += p.wire_length;
  }
  return FrameDrop::kNone;
}

}  // namespace sallyport
