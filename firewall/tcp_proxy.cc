#include "firewall/tcp_proxy.h"

#include <algorithm>
#include <utility>

namespace sallyport {
namespace {

constexpr Duration kLeastRto = Duration::Milliseconds(200);  // RFC 6298 2.4 says a second; stacks of today say less
constexpr Duration kMostRto = Duration::Seconds(60);
constexpr std::uint32_t kFirstFlight = 10;  // segments, RFC 6928
constexpr int kDuplicates = 3;              // RFC 5681 3.2

std::uint32_t Length(const std::deque<std::uint8_t>& d) { return static_cast<std::uint32_t>(d.size()); }

}  // namespace

TcpProxy::TcpProxy(const TcpSide (&sides)[2], const std::uint16_t (&mss)[2], Duration reassembly, std::size_t queue_limit,
                   TcpQueueBudget& budget)
    : reassembly_(reassembly), queue_limit_(queue_limit), budget_(budget) {
  for (int i = 0; i < 2; i++) {
    Half& h = halves_[i];
    const TcpSide& sender = sides[i];
    const TcpSide& receiver = sides[1 - i];
    // A SYN's data that the SYN ACK took is with the receiver already.
    const std::uint32_t taken = i == 0 ? receiver.last_ack - sender.isn : 0;
    h.next = h.una = h.sent = h.most_sent = sender.isn + (taken >= 1 && taken <= kBuffer ? taken : 1);
    h.recover = h.una;
    h.room = sender.max_end;
    // Of what the last segment of the handshake offers the responder has not been told yet.
    h.edge = SeqAfter(h.room, h.una + kBuffer - 1) ? h.una + kBuffer - 1 : h.room;
    h.shift = h.receiver_shift = receiver.scale;
    h.mss = mss[i];
    h.window = kFirstFlight * h.mss;
    h.threshold = UINT32_MAX;
  }
}

TcpProxy::~TcpProxy() {
  for (const Half& h : halves_) budget_.bytes -= h.ahead_bytes + Length(h.data);
}

std::uint32_t TcpProxy::Held(Direction d) const { return Of(d).ahead_bytes + Length(Of(d).data); }

// --- towards the sender -------------------------------------------------------------------------------------------------

// The window to be told. The edge moves in steps worth a segment (RFC 9293 3.8.6.2.2) and never back.
std::uint16_t TcpProxy::WindowFor(Half& h) {
  const std::uint32_t held = h.ahead_bytes + Length(h.data);
  const std::uint32_t room = held < kBuffer ? kBuffer - held : 0;
  const std::uint32_t most = 0xffffu << h.shift;
  const std::uint32_t fresh = h.next + (std::min(room, most) >> h.shift << h.shift);
  if (SeqAfter(fresh, h.edge) && fresh - h.edge >= std::min<std::uint32_t>(kBuffer / 2, h.mss)) h.edge = fresh;
  const std::uint32_t open = SeqAfter(h.edge, h.next) ? h.edge - h.next : 0;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(open >> h.shift, 0xffff));
}

FrameDrop TcpProxy::Append(Half& h, Bytes bytes) {
  if (h.ahead_bytes + Length(h.data) + bytes.size() > kBuffer) return FrameDrop::kTcpBufferFull;
  if (budget_.bytes + bytes.size() > budget_.max_bytes) return FrameDrop::kTcpGlobalBufferFull;
  budget_.bytes += bytes.size();
  h.data.insert(h.data.end(), bytes.begin(), bytes.end());
  h.next += static_cast<std::uint32_t>(bytes.size());
  return FrameDrop::kNone;
}

// What waited and is in order now.
void TcpProxy::FillGap(Half& h) {
  while (!h.ahead.empty() && !SeqAfter(h.ahead.front().seq, h.next) && !h.fin) {
    Ahead a = std::move(h.ahead.front());
    h.ahead.erase(h.ahead.begin());
    h.ahead_bytes -= static_cast<std::uint32_t>(a.bytes.size());
    budget_.bytes -= a.bytes.size();
    const std::uint32_t skip = std::min(h.next - a.seq, static_cast<std::uint32_t>(a.bytes.size()));
    (void)Append(h, Bytes(a.bytes).subspan(skip));  // there is room: it was held before
    if (a.fin && h.next == a.end()) {
      h.fin = true;
      h.next++;
    }
  }
}

FrameDrop TcpProxy::TakeData(Half& h, const TcpSegment& s, Bytes payload, TimePoint now, bool& answer) {
  const bool fin = (s.flags & kTcpFin) != 0;
  if (payload.empty() && !fin) {
    answer = SeqBefore(s.seq, h.next);  // a keepalive asks for an acknowledgment (RFC 9293 3.8.4)
    return FrameDrop::kNone;
  }
  answer = true;
  std::uint32_t seq = s.seq;
  bool has_fin = fin;
  const std::uint32_t end = seq + static_cast<std::uint32_t>(payload.size());
  if (!SeqAfter(end + (fin ? 1 : 0), h.next)) return FrameDrop::kTcpAcked;
  if (h.fin) return FrameDrop::kTcpDataPastFin;
  if (SeqBefore(seq, h.next)) {
    payload = payload.subspan(std::min<std::size_t>(h.next - seq, payload.size()));
    seq = h.next;
  }
  if (SeqAfter(end, h.edge)) {  // what was not promised room is not taken
    const std::uint32_t open = SeqAfter(h.edge, seq) ? h.edge - seq : 0;
    if (open == 0) return h.edge == h.next ? FrameDrop::kTcpBufferFull : FrameDrop::kTcpSeqPastWin;
    payload = payload.first(open);
    has_fin = false;
  }
  if (seq == h.next) {
    if (const FrameDrop full = Append(h, payload); full != FrameDrop::kNone) return full;
    if (has_fin) {
      h.fin = true;
      h.next++;
    }
    h.push = h.push || (s.flags & kTcpPsh) != 0;
    FillGap(h);
    return FrameDrop::kNone;
  }
  // Ahead of a gap.
  const auto at = std::find_if(h.ahead.begin(), h.ahead.end(), [seq](const Ahead& a) { return SeqAfter(a.seq, seq); });
  const std::uint32_t last = seq + static_cast<std::uint32_t>(payload.size());
  const auto covers = [&](const Ahead& a) { return !SeqAfter(a.seq, seq) && !SeqBefore(a.end(), last) && (a.fin || !has_fin); };
  if (std::any_of(h.ahead.begin(), at, covers)) return FrameDrop::kTcpDupInQueue;
  const std::uint32_t held = h.ahead_bytes + Length(h.data);
  if ((queue_limit_ != 0 && h.ahead.size() >= queue_limit_) || held + payload.size() > kBuffer) return FrameDrop::kTcpBufferFull;
  if (budget_.bytes + payload.size() > budget_.max_bytes) return FrameDrop::kTcpGlobalBufferFull;
  budget_.bytes += payload.size();
  h.ahead_bytes += static_cast<std::uint32_t>(payload.size());
  h.ahead.insert(at, Ahead{seq, has_fin, now, {payload.begin(), payload.end()}});
  return FrameDrop::kNone;
}

// --- towards the receiver -----------------------------------------------------------------------------------------------

void TcpProxy::Measure(Half& h, std::uint32_t ack, TimePoint now) {
  if (!h.timing || SeqBefore(ack, h.timed)) return;
  h.timing = false;
  const Duration r = now - h.timed_at;  // RFC 6298 2.2, 2.3
  if (!h.measured) {
    h.smoothed = r;
    h.variation = {r.ns / 2};
    h.measured = true;
  } else {
    const std::int64_t off = h.smoothed.ns > r.ns ? h.smoothed.ns - r.ns : r.ns - h.smoothed.ns;
    h.variation = {(3 * h.variation.ns + off) / 4};
    h.smoothed = {(7 * h.smoothed.ns + r.ns) / 8};
  }
  h.rto = std::clamp(h.smoothed + Duration{4 * h.variation.ns}, kLeastRto, kMostRto);
}

// An acknowledgment of what goes in direction `d`, whose half is `h`.
FrameDrop TcpProxy::TakeAck(Half& h, const TcpSegment& s, bool bare, TimePoint now, Direction d, Out& out) {
  if ((s.flags & kTcpAck) == 0) return FrameDrop::kNone;
  if (SeqAfter(s.ack, h.most_sent)) return FrameDrop::kTcpInvalidAck;
  if (SeqBefore(s.ack, h.una)) return FrameDrop::kNone;  // late
  const std::uint32_t room = s.ack + (std::uint32_t{s.window} << h.receiver_shift);
  const bool same_room = room == h.room;
  h.room = room;
  h.retries = 0;  // somebody is there
  if (SeqAfter(s.ack, h.una)) {
    const std::uint32_t gone = std::min(s.ack - h.una, Length(h.data));  // a FIN is no data
    h.data.erase(h.data.begin(), h.data.begin() + static_cast<std::ptrdiff_t>(gone));
    budget_.bytes -= gone;
    Measure(h, s.ack, now);
    h.una = s.ack;
    if (SeqBefore(h.sent, h.una)) h.sent = h.una;
    h.duplicates = 0;
    if (h.recovering && SeqBefore(s.ack, h.recover)) {  // RFC 6582 3.2: the next hole
      SendPiece(d, h.una, std::min<std::uint32_t>(h.mss, Length(h.data)), false, out);
    } else if (std::exchange(h.recovering, false)) {
      h.window = h.threshold;
    } else {
      h.window += h.window < h.threshold ? std::min(gone, std::uint32_t{h.mss}) : std::max(1u, h.mss * h.mss / h.window);
      h.window = std::min(h.window, 16 * kBuffer);
    }
    h.timer = h.una == h.most_sent ? TimePoint::Max() : now + h.rto;
  } else if (bare && same_room && h.una != h.most_sent) {
    if (++h.duplicates == kDuplicates && !h.recovering) {
      h.recovering = true;
      h.recover = h.most_sent;
      h.threshold = std::max((h.most_sent - h.una) / 2, 2u * h.mss);
      h.window = h.threshold + kDuplicates * h.mss;
      h.timing = false;
      if (!h.data.empty()) SendPiece(d, h.una, std::min<std::uint32_t>(h.mss, Length(h.data)), false, out);
      h.timer = now + h.rto;
    } else if (h.recovering) {
      h.window += h.mss;
    }
  }
  return FrameDrop::kNone;
}

void TcpProxy::SendPiece(Direction d, std::uint32_t seq, std::uint32_t length, bool fin, Out& out) {
  Half& h = Of(d);
  Half& back = Of(Opposite(d));
  Segment s;
  s.d = d;
  s.flags = kTcpAck;
  s.seq = seq;
  s.ack = back.next;
  s.window = WindowFor(back);
  const auto from = h.data.begin() + static_cast<std::ptrdiff_t>(seq - h.una);
  s.payload.assign(from, from + static_cast<std::ptrdiff_t>(length));
  if (length != 0 && seq + length == h.DataEnd() && (h.push || fin)) s.flags |= kTcpPsh;
  if (fin) s.flags |= kTcpFin;
  const std::uint32_t end = seq + length + (fin ? 1 : 0);
  if (SeqAfter(end, h.most_sent)) h.most_sent = end;
  out.push_back(std::move(s));
}

// Sends what the receiver's window and the network's allow.
void TcpProxy::Send(Direction d, TimePoint now, Out& out) {
  Half& h = Of(d);
  for (;;) {
    const std::uint32_t left = SeqBefore(h.sent, h.DataEnd()) ? h.DataEnd() - h.sent : 0;
    const std::uint32_t limit = SeqBefore(h.room, h.una + h.window) ? h.room : h.una + h.window;
    const std::uint32_t usable = SeqAfter(limit, h.sent) ? limit - h.sent : 0;
    const std::uint32_t length = std::min({left, usable, std::uint32_t{h.mss}});
    const bool fin = h.fin && h.sent + length == h.DataEnd() && SeqBefore(h.sent + length, h.StreamEnd());
    if (length == 0 && !fin) break;
    if (!h.timing && h.sent == h.most_sent) {  // RFC 6298 3: never of something repeated
      h.timing = true;
      h.timed = h.sent + length + (fin ? 1 : 0);
      h.timed_at = now;
    }
    SendPiece(d, h.sent, length, fin, out);
    h.sent += length + (fin ? 1 : 0);
    if (h.timer == TimePoint::Max()) h.timer = now + h.rto;
  }
  // Nothing under way and no window: the timer probes (RFC 9293 3.8.6.1).
  if (h.una == h.sent && !h.data.empty() && h.timer == TimePoint::Max()) h.timer = now + h.rto;
}

// An acknowledgment in direction `d`, unless what `out` holds in that direction carries it.
void TcpProxy::Acknowledge(Direction d, Out& out) {
  Half& h = Of(d);
  Half& back = Of(Opposite(d));
  for (const Segment& s : out) {
    if (s.d == d && s.ack == back.next) return;
  }
  Segment s;
  s.d = d;
  s.flags = kTcpAck;
  s.seq = h.most_sent;
  s.ack = back.next;
  s.window = WindowFor(back);
  out.push_back(std::move(s));
}

// --- events -------------------------------------------------------------------------------------------------------------

FrameDrop TcpProxy::Arrive(Direction d, const TcpSegment& s, Bytes payload, TimePoint now, Out& out) {
  Half& mine = Of(d);
  Half& other = Of(Opposite(d));
  const bool bare = payload.empty() && (s.flags & kTcpFin) == 0;
  if (const FrameDrop bad = TakeAck(other, s, bare, now, Opposite(d), out); bad != FrameDrop::kNone) {
    Acknowledge(Opposite(d), out);
    return bad;
  }
  bool answer = false;
  const FrameDrop drop = TakeData(mine, s, payload, now, answer);
  Send(d, now, out);
  Send(Opposite(d), now, out);
  if (answer) Acknowledge(Opposite(d), out);
  // Room that was made for the other end's sender: tell it when it may have stopped for want of it.
  const std::uint32_t before = other.edge;
  const bool starved = SeqBefore(other.edge, other.next + std::min<std::uint32_t>(kBuffer / 2, 2u * other.mss));
  if (starved && (WindowFor(other), other.edge != before)) Acknowledge(d, out);
  return drop;
}

void TcpProxy::AnswerSynAck(Out& out) { Acknowledge(Direction::kForward, out); }

void TcpProxy::Remind(Direction d, Out& out) { Acknowledge(Opposite(d), out); }

TcpProxy::Segment TcpProxy::Reset(Direction d) const {
  const Half& h = Of(d);
  Segment s;
  s.d = d;
  s.flags = kTcpRst | kTcpAck;
  s.seq = h.sent;
  s.ack = Of(Opposite(d)).next;
  return s;
}

TimePoint TcpProxy::Deadline() const {
  TimePoint next = TimePoint::Max();
  for (const Half& h : halves_) {
    next = std::min(next, h.timer);
    for (const Ahead& a : h.ahead) next = std::min(next, a.since + reassembly_);
  }
  return next;
}

void TcpProxy::FireTimer(Direction d, TimePoint now, Out& out) {
  Half& h = Of(d);
  h.timer = TimePoint::Max();
  if (h.una == h.StreamEnd()) return;
  if (++h.retries > kMaxRetries) {
    gave_up_ = true;
    return;
  }
  h.rto = std::min(Duration{h.rto.ns * 2}, kMostRto);
  h.timing = false;
  h.recovering = false;
  h.duplicates = 0;
  if (!SeqAfter(h.room, h.una) && !h.data.empty()) {  // no window: one byte beyond it
    SendPiece(d, h.una, 1, false, out);
    if (SeqBefore(h.sent, h.una + 1)) h.sent = h.una + 1;
  } else {
    h.threshold = std::max((h.most_sent - h.una) / 2, 2u * h.mss);
    h.window = h.mss;
    h.sent = h.una;
    Send(d, now, out);
  }
  h.timer = now + h.rto;
}

std::uint32_t TcpProxy::Fire(TimePoint now, Out& out) {
  std::uint32_t fell = 0;
  for (const Direction d : {Direction::kForward, Direction::kReverse}) {
    Half& h = Of(d);
    std::erase_if(h.ahead, [&](const Ahead& a) {
      if (a.since + reassembly_ > now) return false;
      fell++;
      h.ahead_bytes -= static_cast<std::uint32_t>(a.bytes.size());
      budget_.bytes -= a.bytes.size();
      return true;
    });
    if (h.timer <= now) FireTimer(d, now, out);
  }
  return fell;
}

}  // namespace sallyport
