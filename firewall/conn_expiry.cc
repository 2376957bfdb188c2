// What happens when a connection's time is over: most end, those of `set connection timeout dcd` are first asked whether both
// their ends are still there, and those of `idle ... reset` tell both ends.
//
// Source: ASA firewall configuration guide, "Connection Settings" (dead connection detection): both ends are probed, answers
// of both reset the idle time; without them the connection goes after `max_retries` probes, `retry_interval` apart. Half-closed
// connections are not probed. And what becomes of connections when routes change (`timeout floating-conn`, `conn-holddown`).
#include <algorithm>

#include "firewall/pipeline.h"

namespace sallyport {
namespace {

// A segment that shows nothing new and has to be answered: the last byte's number again, without it (RFC 9293 3.8.4).
OwnSegment Towards(const Conn& c, Direction d) {
  const int from = static_cast<int>(d);
  const TcpSide& sender = c.side[from];
  const TcpSide& receiver = c.side[1 - from];
  OwnSegment s;
  if (d == Direction::kForward) {
    s = {.from = {c.initiator_mapped, c.initiator_mapped_port}, .to = {c.responder_real, c.responder_real_port}, .egress = c.out_if};
  } else {
    s = {.from = {c.responder_mapped, c.responder_mapped_port}, .to = {c.initiator_real, c.initiator_real_port}, .egress = c.in_if};
  }
  s.seq = sender.end + sender.seq_delta;
  s.ack = receiver.end;  // in the receiver's own numbering
  s.flags = kTcpAck;
  s.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(sender.max_window >> sender.scale, 0xffff));
  return s;
}

ConnLimitCounters* ClassOf(EngineCore& core, const ConnExtra& extra) {
  return extra.limit_slot == kNoLimitSlot ? nullptr : &core.limits.classes[extra.limit_slot];
}

void Probe(EngineCore& core, ConnIndex index, TimePoint now) {
  Conn& c = core.conns.At(index);
  ConnExtra& extra = core.extras.At(c.extra);
  ConnLimitCounters* counters = ClassOf(core, extra);
  extra.dcd_sent++;
  for (const Direction d : {Direction::kForward, Direction::kReverse}) {
    // What is sent forward, the responder answers: its answers come by the other direction.
    if ((extra.dcd_answered & 1 << static_cast<int>(Opposite(d))) != 0) continue;
    OwnSegment s = Towards(c, d);
    s.seq--;
    OriginateSegment(core, s);
    if (counters != nullptr) (d == Direction::kForward ? counters->server_probes : counters->client_probes)++;
  }
  c.last_packet = now;
  SetTimeout(core, index, extra.dcd_retry_s);
}

void ResetBoth(EngineCore& core, const Conn& c) {
  for (const Direction d : {Direction::kForward, Direction::kReverse}) {
    OwnSegment s = Towards(c, d);
    s.flags = kTcpRst | kTcpAck;
    s.window = 0;
    OriginateSegment(core, s);
  }
}

}  // namespace

void ConnectionExpired(EngineCore& core, ConnIndex index) {
  const Conn& c = core.conns.At(index);
  const TimePoint at = c.last_packet + Duration::Seconds(c.timeout_s);
  if (c.protocol != 6) return EndConnection(core, index, {}, at);
  if (IsEmbryonic(c.tcp_state)) {
    if (Intercepted(core, c)) return AskServer(core, index, at);
    core.limits.intercept.embryonic_timeouts++;
    return EndConnection(core, index, {"SYN Timeout", IfId::kAny}, at);
  }
  if (c.tcp_state == TcpState::kClosing && c.timeout_s == kTimeWaitSeconds) return EndConnection(core, index, {"TCP FINs", IfId::kAny}, at);
  if (TimeoutOf(c.tcp_state) == TcpTimeout::kHalfClosed) return EndConnection(core, index, {"FIN Timeout", IfId::kAny}, at);
  ConnExtra* extra = c.extra != kNoExtra && c.tcp_state != TcpState::kBypass ? &core.extras.At(c.extra) : nullptr;
  if (extra != nullptr && extra->dcd_retry_s != 0) {
    if (extra->dcd_sent < extra->dcd_max) return Probe(core, index, at);
    if (ConnLimitCounters* counters = ClassOf(core, *extra)) counters->expired++;
  }
  if (extra != nullptr && extra->idle_reset) {
    ResetBoth(core, c);
    return EndConnection(core, index, {"Flow timed out with reset", IfId::kAny}, at);
  }
  EndConnection(core, index, {"Connection timeout", IfId::kAny}, at);
}

bool AnswersProbe(EngineCore& core, ConnIndex index, Direction d, const Packet& p, TimePoint now) {
  Conn& c = core.conns.At(index);
  ConnExtra& extra = core.extras.At(c.extra);
  const int from = static_cast<int>(d);
  const TcpSide& side = c.side[from];
  const bool bare = p.payload_length == 0 && (p.tcp_flags & (kTcpFin | kTcpSyn | kTcpRst | kTcpAck)) == kTcpAck;
  const bool answer = bare && p.seq == side.end && p.ack - c.side[1 - from].seq_delta == c.side[1 - from].end;
  if (answer) {
    extra.dcd_answered = static_cast<std::uint8_t>(extra.dcd_answered | 1 << from);
    if (extra.dcd_answered != 3) return true;
  }
  // Both are there, or the connection has come to life by itself.
  extra.dcd_sent = extra.dcd_answered = 0;
  c.last_packet = now;
  SetTimeout(core, index, TimeoutFor(core, c));
  return answer;
}

// --- routes ------------------------------------------------------------------------------------------------------------

namespace {

// Where a remote user is no route says.
bool IsUser(const EngineCore& core, IpAddress a) { return core.has_tunnels && core.tunnels->RouteTo(a).has_value(); }

// A new connection to the responder would leave by another interface, by a better route.
bool HasBetterWay(const EngineCore& core, const Conn& c) {
  const RouteTable& routes = core.policy->routes;
  if (c.responder_mapped != c.responder_real) return false;  // the translation says where it leaves
  const Route* best = routes.Find(c.responder_real);
  const IfId by = core.policy->Layer3(c.out_if);
  if (best == nullptr || best->null0 || best->interface == by || IsUser(core, c.responder_real)) return false;
  const Route* own = routes.Find(c.responder_real, by);
  return own == nullptr || own->destination.length < best->destination.length || own->metric > best->metric;
}

// One that never had a route (its peer only sends to us) has not lost it.
bool LostItsWay(const EngineCore& core, const Conn& c) {
  const auto lost = [&](IpAddress to, IfId member) {
    const IfId by = core.policy->Layer3(member);
    return core.policy->routes.Find(to, by) == nullptr && core.routes_before.Find(to, by) != nullptr && !IsUser(core, to);
  };
  return lost(c.responder_real, c.out_if) || lost(c.initiator_real, c.in_if);
}

void EndEach(EngineCore& core, bool (*stray)(const EngineCore&, const Conn&), TimePoint now) {
  for (ConnIndex i = 0; i < core.conns.slots(); i++) {
    if (!core.conns.Live(i)) continue;
    const Conn& c = core.conns.At(i);
    if ((c.flags & (kConnToBox | kConnFromBox)) != 0 || !stray(core, c)) continue;
    EndConnection(core, i, {c.protocol == 6 ? "Route change" : nullptr, IfId::kAny}, now);
  }
}

}  // namespace

void RoutesChanged(EngineCore& core, const RouteTable& before, TimePoint now) {
  const Timeouts& t = core.policy->timeouts;
  if (t.floating_conn.ns == 0) core.floating_at = TimePoint::Max();
  if (!t.conn_holddown) core.holddown_at = TimePoint::Max();
  if (before.routes() == core.policy->routes.routes() || core.conns.count() == 0) return;
  if (t.floating_conn.ns != 0) core.floating_at = now + t.floating_conn;
  if (t.conn_holddown) {
    if (core.holddown_at == TimePoint::Max()) core.routes_before = before;
    core.holddown_at = now + *t.conn_holddown;
  }
}

TimePoint NextStrayDeadline(const EngineCore& core) { return std::min(core.floating_at, core.holddown_at); }

void EndStrays(EngineCore& core, TimePoint now) {
  if (core.holddown_at <= now) {
    core.holddown_at = TimePoint::Max();
    EndEach(core, LostItsWay, now);
  }
  if (core.floating_at <= now) {
    core.floating_at = TimePoint::Max();
    EndEach(core, HasBetterWay, now);
  }
}

}  // namespace sallyport
