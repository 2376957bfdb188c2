#include "firewall/threat_flow.h"

#include <algorithm>

namespace sallyport {
namespace {

IpAddress OrAny(IpAddress a) { return a.IsNone() ? IpAddress::V4(0) : a; }

void LogAdded(EngineCore& core, Msg message, const Shun& s, TimePoint now) {
  core.log.Log(now, message, LogArg::Address(s.src), LogArg::Address(OrAny(s.dst)), LogArg::Number(s.sport), LogArg::Number(s.dport));
}

}  // namespace

Verdict Shunned(Context& c) {
  if (!c.core.shuns.any() || c.from_box) return Verdict::kContinue;
  const Packet& p = c.packet;
  if (!c.core.shuns.Refuses(p.key.src, p.ingress, !c.tracing())) return Verdict::kContinue;
  c.core.log.Log(c.now, Msg::k401004, LogArg::Address(p.key.src), LogArg::Address(p.key.dst), LogArg::Name(c.InName()));
  return c.Drop(FrameDrop::kShunned);
}

bool AddShun(EngineCore& core, Shun shun, TimePoint now) {
  if (shun.interface == IfId::kAny) {
    const Route* route = core.policy->routes.Find(shun.src);
    if (route != nullptr && !route->null0) shun.interface = route->interface;
  }
  shun.since = now;
  if (!core.shuns.Add(shun)) {
    LogAdded(core, Msg::k401005, shun, now);
    return false;
  }
  LogAdded(core, Msg::k401002, shun, now);
  if (shun.dst.IsNone()) return true;
  // The connection that is named ends; the others of the host go on until they do by themselves.
  for (ConnIndex i = 0; i < core.conns.slots(); i++) {
    if (!core.conns.Live(i)) continue;
    const Conn& c = core.conns.At(i);
    const auto is = [&](IpAddress a, std::uint16_t ap, IpAddress b, std::uint16_t bp) {
      return a == shun.src && b == shun.dst && (shun.sport == 0 || shun.sport == ap) && (shun.dport == 0 || shun.dport == bp);
    };
    if (shun.protocol != 0 && shun.protocol != c.protocol) continue;
    if (!is(c.initiator_real, c.initiator_real_port, c.responder_real, c.responder_real_port) &&
        !is(c.initiator_real, c.initiator_real_port, c.responder_mapped, c.responder_mapped_port) &&
        !is(c.responder_real, c.responder_real_port, c.initiator_real, c.initiator_real_port) &&
        !is(c.responder_real, c.responder_real_port, c.initiator_mapped, c.initiator_mapped_port)) {
      continue;
    }
    core.drops.Count(FlowDrop::kShunned);
    EndConnection(core, i, {c.protocol == 6 ? "Flow shunned" : nullptr, IfId::kAny}, now);
  }
  return true;
}

bool RemoveShun(EngineCore& core, IpAddress src, Msg message, TimePoint now) {
  if (!core.shuns.Remove(src)) return false;
  core.log.Log(now, message, LogArg::Address(src));
  return true;
}

void ClearShuns(EngineCore& core, TimePoint now) {
  core.shuns.Clear();
  core.log.Log(now, Msg::k401001);
}

void AdvanceThreats(EngineCore& core, TimePoint now) {
  core.threats.CheckSessions(now, [&core](ConnIndex index, std::uint32_t id) -> const Conn* {
    return index < core.conns.slots() && core.conns.Live(index) && core.conns.At(index).id == id ? &core.conns.At(index) : nullptr;
  });
  for (IpAddress host; !(host = core.shuns.TakeExpired(now)).IsNone();) core.log.Log(now, Msg::k733103, LogArg::Address(host));
}

TimePoint NextThreatDeadline(const EngineCore& core) { return std::min(core.threats.NextDeadline(), core.shuns.NextDeadline()); }

}  // namespace sallyport
