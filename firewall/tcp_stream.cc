#include "firewall/tcp_stream.h"

#include <algorithm>

#include "firewall/pipeline.h"
#include "firewall/tcp_map.h"

namespace sallyport {
namespace {

constexpr std::size_t kLeastQueue = 3;    // packets, of a flow that is put in order without a queue limit of its own
constexpr std::size_t kMostQueue = 250;   // the largest queue limit there is
constexpr std::uint32_t kSmallestMss = 536;  // RFC 9293 3.7.1: what a peer that names none takes

TcpStream& StreamOf(EngineCore& core, ConnIndex index) { return *core.extras.At(core.conns.At(index).extra).tcp_stream; }

const TcpMap& MapOf(EngineCore& core, ConnIndex index) {
  const TcpMap* map = core.extras.At(core.conns.At(index).extra).tcp_map.get();
  return map != nullptr ? *map : core.default_tcp_map;
}

std::size_t LimitOf(EngineCore& core, ConnIndex index, Direction d) {
  const TcpMap& map = MapOf(core, index);
  if (map.queue_limit != 0) return map.queue_limit;
  // As many segments as the receiver's window has room for.
  const TcpSide& to = core.conns.At(index).side[static_cast<int>(Opposite(d))];
  return std::clamp<std::size_t>(to.max_window / std::max<std::uint32_t>(to.mss, kSmallestMss), kLeastQueue, kMostQueue);
}

void Schedule(EngineCore& core, ConnIndex index, TcpStream& s) {
  const TimePoint oldest = std::min(s.queue[0].OldestSince(), s.queue[1].OldestSince());
  TimePoint deadline = oldest == TimePoint::Max() ? oldest : oldest + MapOf(core, index).queue_timeout;
  if (s.proxy != nullptr) deadline = std::min(deadline, s.proxy->Deadline());
  if (deadline == s.deadline) return;
  if (s.deadline != TimePoint::Max()) core.tcp_streams.deadlines.erase({s.deadline, index});
  s.deadline = deadline;
  if (deadline != TimePoint::Max()) core.tcp_streams.deadlines.insert({deadline, index});
}

void DropHeld(EngineCore& core, const HeldSegment& s, FrameDrop why) {
  core.drops.Count(why);
  core.CounterOf(s.ingress).dropped++;
  if (core.Captured()) core.captures.Dropped(s.bytes, why, core.clock.Now());
  ReleasedPacket r;
  r.handle = s.handle;
  r.disposition.reason = why;
  core.released.push_back(std::move(r));
}

}  // namespace

TcpStream::TcpStream(const TcpStream& o)
    : queue{o.queue[0], o.queue[1]},
      deadline(o.deadline),
      proxied(o.proxied),
      handshake_done(o.handshake_done),
      proxy(o.proxy != nullptr ? std::make_unique<TcpProxy>(*o.proxy) : nullptr),
      ttl{o.ttl[0], o.ttl[1]} {
  if (o.sent == nullptr) return;
  sent = std::make_unique<TcpSent[]>(2);
  for (int i = 0; i < 2; i++) sent[i] = o.sent[i];
}

void ScheduleTcpStream(EngineCore& core, ConnIndex index) { Schedule(core, index, StreamOf(core, index)); }

Verdict ServiceModule(Context& c) {
  if (!c.core.has_ips || !c.packet.IsTcp() || c.to_box || c.from_box || c.state_bypass) return Verdict::kContinue;
  const ServiceClass* s = FindClass(c, [](const ServiceClass& k) { return k.ips; });
  if (s == nullptr) return Verdict::kContinue;
  ConnExtra& extra = c.Extra();
  extra.tcp_proxied = true;
  extra.proxy_counters = c.core.services.ProxyOf(s->id);
  if (c.recording()) c.trace->Phase("IDS", "", true, Lines(s->config));
  return Verdict::kContinue;
}

void PrepareTcpStream(Context& c) {
  if (c.extra == kNoExtra || !c.packet.IsTcp() || c.state_bypass) return;
  ConnExtra& x = c.Extra();
  if (x.tcp_map != nullptr && (x.tcp_map->queue_limit != 0 || x.tcp_map->check_retransmission)) x.tcp_in_order = true;
  if (!x.tcp_in_order && !x.tcp_proxied) return;
  x.tcp_stream = std::make_unique<TcpStream>();
  x.tcp_stream->proxied = x.tcp_proxied;
  if (x.tcp_map != nullptr && x.tcp_map->check_retransmission) x.tcp_stream->sent = std::make_unique<TcpSent[]>(2);
}

FrameDrop CheckRepetition(EngineCore& core, Conn& c, Direction d, const Packet& p) {
  TcpStream& s = *core.extras.At(c.extra).tcp_stream;
  TcpQueueBudget& budget = core.tcp_streams.budget;
  const int me = static_cast<int>(d);
  if (p.payload_length != 0) {
    if (!p.Whole() || p.fragment) return FrameDrop::kUnexpectedPacket;  // its bytes cannot be compared
    const Bytes payload = Bytes(p.bytes).subspan(p.payload_offset, p.payload_length);
    const std::uint32_t seq = p.seq + ((p.tcp_flags & kTcpSyn) != 0 ? 1 : 0);
    if (const FrameDrop why = s.sent[me].Check(seq, payload, budget); why != FrameDrop::kNone) return why;
    s.sent[me].Passed(seq, payload, budget);
  }
  if ((p.tcp_flags & kTcpAck) != 0) s.sent[1 - me].Acknowledged(p.ack - c.side[1 - me].seq_delta, budget);
  return FrameDrop::kNone;
}

bool TcpInTurn(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  TcpStream& s = StreamOf(core, index);
  TcpQueue& queue = s.queue[static_cast<int>(d)];
  if ((p.tcp_flags & kTcpSyn) != 0) {
    if (!queue.started()) queue.Start(p.seq + 1);
    return true;
  }
  if (p.payload_length == 0 && (p.tcp_flags & kTcpFin) == 0) return true;
  // The appliance may have made the handshake itself.
  const TcpSide& side = core.conns.At(index).side[static_cast<int>(d)];
  if (!queue.started() && (side.flags & kTcpSideSeen) != 0) queue.Start(side.isn + 1);
  if (!queue.Ahead(p.seq)) {
    p.seen_before = queue.started() ? std::min(queue.next() - p.seq, p.payload_length) : 0;
    return true;
  }
  // A segment in fragments has several packets that would have to wait.
  const FrameDrop why = p.fragment ? FrameDrop::kTcpBufferFull : queue.Hold(p, now, LimitOf(core, index, d), core.tcp_streams.budget);
  if (why != FrameDrop::kNone) {
    out.action = Disposition::Action::kDrop;
    out.reason = why;
    core.drops.Count(why);
    core.CounterOf(p.ingress).dropped++;
    return false;
  }
  out.action = Disposition::Action::kHold;
  if (s.proxy != nullptr) RemindSender(core, index, d);
  Schedule(core, index, s);
  return false;
}

void TcpPassed(EngineCore& core, ConnIndex index, Direction d, std::uint32_t end, TimePoint now) {
  TcpStream& s = StreamOf(core, index);
  TcpQueue& queue = s.queue[static_cast<int>(d)];
  queue.Passed(end);
  if (queue.empty()) return;
  const std::uint32_t id = core.conns.At(index).id;
  while (auto held = queue.TakeReady(core.tcp_streams.budget)) {
    if (!SeqAfter(held->end, queue.next())) {
      DropHeld(core, *held, FrameDrop::kTcpDupInQueue);
      continue;
    }
    Packet p = held->AsPacket();
    p.seen_before = std::min(queue.next() - p.seq, p.payload_length);
    ReleasedPacket r;
    r.handle = held->handle;
    CarryOnConnection(core, index, d, p, now, r.disposition);
    LeaveByTunnel(core, p, now, r.disposition);
    WatchReleased(core, p, r.disposition, now);
    const bool passed = r.disposition.action != Disposition::Action::kDrop;
    if (r.disposition.action == Disposition::Action::kAccept && p.rewritten) {
      // A large packet is cut into segments by the kernel, which computes their checksums then.
      if (p.checksum_pending && !p.gso) CompleteChecksum(p);
      if (p.bytes.data() == held->bytes.data()) {
        r.bytes = std::move(held->bytes);
      } else {  // an inspection made it longer or shorter
        r.bytes.assign(p.bytes.begin(), p.bytes.end());
      }
    }
    core.released.push_back(std::move(r));
    if (!core.conns.Live(index) || core.conns.At(index).id != id) return;  // what looked at it ended the connection
    if (!passed) break;
    queue.Passed(held->end);
  }
  Schedule(core, index, s);
}

void ExpireTcpStream(EngineCore& core, TimePoint now) {
  const ConnIndex index = core.tcp_streams.deadlines.begin()->second;
  TcpStream& s = StreamOf(core, index);
  for (TcpQueue& queue : s.queue) {
    for (const HeldSegment& held : queue.TakeOld(now - MapOf(core, index).queue_timeout, core.tcp_streams.budget)) {
      DropHeld(core, held, FrameDrop::kTcpBufferTimeout);
    }
  }
  if (s.proxy != nullptr && s.proxy->Deadline() <= now && !FireProxy(core, index, now)) return;
  Schedule(core, index, s);
}

void EndTcpStream(EngineCore& core, ConnIndex index, TcpStream& s) {
  for (int i = 0; s.sent != nullptr && i < 2; i++) s.sent[i].Clear(core.tcp_streams.budget);
  if (s.deadline != TimePoint::Max()) core.tcp_streams.deadlines.erase({s.deadline, index});
  for (TcpQueue& queue : s.queue) {
    for (const HeldSegment& held : queue.TakeAll(core.tcp_streams.budget)) DropHeld(core, held, FrameDrop::kFlowExpired);
  }
}

}  // namespace sallyport
