#include "firewall/tcp_queue.h"

#include <algorithm>
#include <utility>

namespace sallyport {
namespace {

void Leave(const HeldSegment& s, TcpQueueBudget& budget) {
  budget.packets--;
  budget.bytes -= s.bytes.size();
}

}  // namespace

HeldSegment HeldSegment::Of(const Packet& p, TimePoint now) {
  HeldSegment s;
  s.seq = p.seq;
  s.end = p.seq + p.payload_length + ((p.tcp_flags & kTcpFin) != 0 ? 1 : 0);
  s.since = now;
  s.handle = p.handle;
  s.wire_length = p.wire_length;
  s.ingress = p.ingress;
  s.checksum_pending = p.checksum_pending;
  s.checksum_checked = p.checksum_checked;
  s.gso = p.gso;
  s.came_from = p.came_from;
  s.bytes.assign(p.bytes.begin(), p.bytes.end());
  return s;
}

Packet HeldSegment::AsPacket() {
  Packet p;
  p.bytes = bytes;
  p.wire_length = wire_length;
  p.ingress = ingress;
  p.handle = handle;
  p.checksum_pending = checksum_pending;
  p.checksum_checked = checksum_checked;
  p.gso = gso;
  p.came_from = came_from;
  p.rewritten = came_from != TunnelId{};  // what packet I/O has is the packet around it
  (void)ParsePacket(p);  // it was parsed when it came
  return p;
}

void TcpQueue::Start(std::uint32_t next) {
  next_ = next;
  started_ = true;
}

void TcpQueue::Passed(std::uint32_t end) {
  if (SeqAfter(end, next_)) next_ = end;
}

FrameDrop TcpQueue::Hold(const Packet& p, TimePoint now, std::size_t limit, TcpQueueBudget& budget) {
  const std::uint32_t end = p.seq + p.payload_length + ((p.tcp_flags & kTcpFin) != 0 ? 1 : 0);
  const auto at = std::find_if(held_.begin(), held_.end(), [&p](const HeldSegment& s) { return SeqAfter(s.seq, p.seq); });
  // One that waits and begins no later may hold all of it.
  const auto covers = [&](const HeldSegment& s) { return !SeqAfter(s.seq, p.seq) && !SeqBefore(s.end, end); };
  if (std::any_of(held_.begin(), at, covers)) return FrameDrop::kTcpDupInQueue;
  if (held_.size() >= limit) return FrameDrop::kTcpBufferFull;
  if (!budget.Room(p.bytes.size())) return FrameDrop::kTcpGlobalBufferFull;
  budget.packets++;
  budget.bytes += p.bytes.size();
  held_.insert(at, HeldSegment::Of(p, now));
  return FrameDrop::kNone;
}

std::optional<HeldSegment> TcpQueue::TakeReady(TcpQueueBudget& budget) {
  if (held_.empty() || SeqAfter(held_.front().seq, next_)) return {};
  HeldSegment s = std::move(held_.front());
  held_.erase(held_.begin());
  Leave(s, budget);
  return s;
}

std::vector<HeldSegment> TcpQueue::TakeOld(TimePoint until, TcpQueueBudget& budget) {
  const auto old = std::stable_partition(held_.begin(), held_.end(), [until](const HeldSegment& s) { return s.since > until; });
  std::vector<HeldSegment> taken(std::make_move_iterator(old), std::make_move_iterator(held_.end()));
  held_.erase(old, held_.end());
  for (const HeldSegment& s : taken) Leave(s, budget);
  return taken;
}

std::vector<HeldSegment> TcpQueue::TakeAll(TcpQueueBudget& budget) {
  for (const HeldSegment& s : held_) Leave(s, budget);
  return std::exchange(held_, {});
}

TimePoint TcpQueue::OldestSince() const {
  TimePoint oldest = TimePoint::Max();
  for (const HeldSegment& s : held_) oldest = std::min(oldest, s.since);
  return oldest;
}

}  // namespace sallyport
