// TCP intercept: above a limit of half-open connections the appliance answers SYNs itself, with a cookie for a number, and
// keeps nothing. Who confirms the cookie is real: only then is the connection made, the server asked, and the two numberings
// joined (the responder's offset is what ISN randomisation uses, too, so everything after the handshake is the usual way).
//
// The answer offers a window of 0, so that the client sends nothing until the server is there; the server's answer is passed on
// as the update of that window. Window scaling and timestamps are not offered: a cookie has no room for them. Drop reasons and
// retries after the drop reference: three SYNs to the server, one a second. Source: ASA firewall configuration guide,
// "Connection Settings"; ASA syslog guide 201010, 201012.
#include <algorithm>

#include "firewall/pipeline.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kDefaultMss = 1380;  // set connection syn-cookie-mss
constexpr std::uint8_t kServerSyns = 3;
constexpr std::uint32_t kServerSeconds = 1;
constexpr Duration kCookieLife = Duration::Seconds(130);  // none is good for longer (syn_cookie.cc)
constexpr std::uint8_t kControl = kTcpFin | kTcpSyn | kTcpRst | kTcpAck;

SynOffer OfferOf(const Packet& p) {
  SynOffer offer;
  if (p.tcp_options.mss_offset != 0) offer.mss = LoadBe16(p.l4() + p.tcp_options.mss_offset + 2);
  const std::uint8_t* h = p.l4();
  const std::size_t end = static_cast<std::size_t>(h[12] >> 4) * 4;
  for (std::size_t i = 20; i < end;) {  // ParseTransport has seen that the lengths are right
    if (h[i] == 0) break;
    if (h[i] == 4) offer.sack = true;
    i += h[i] == 1 ? 1u : h[i + 1];
  }
  return offer;
}

std::uint16_t Clamped(const Policy& policy, std::uint16_t mss) {
  return policy.sysopt.tcpmss != 0 ? std::min(mss, policy.sysopt.tcpmss) : mss;
}

TcpSegment Segment(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::uint16_t window, std::uint16_t mss = 0) {
  return {flags, seq, ack, window, 0, 0xff, mss};
}

OwnSegment ToServer(const Conn& c) {
  return {.from = {c.initiator_mapped, c.initiator_mapped_port}, .to = {c.responder_real, c.responder_real_port}, .egress = c.out_if};
}
OwnSegment ToClient(const Conn& c) {
  return {.from = {c.responder_mapped, c.responder_mapped_port}, .to = {c.initiator_real, c.initiator_real_port}, .egress = c.in_if};
}

void ResetClient(EngineCore& core, const Conn& c) {
  OwnSegment s = ToClient(c);
  s.flags = kTcpRst;
  s.seq = core.extras.At(c.extra).intercept_cookie + 1;
  OriginateSegment(core, s);
}

void DropPacket(EngineCore& core, const Packet& p, FrameDrop reason, Disposition& out) {
  out.action = Disposition::Action::kDrop;
  out.reason = reason;
  core.drops.Count(reason);
  core.CounterOf(p.ingress).dropped++;
}

void Consume(EngineCore& core, const Packet& p, Disposition& out) {
  out.action = Disposition::Action::kConsume;
  auto& in = core.CounterOf(p.ingress);
  in.in_packets++;
  in.in_bytes += p.wire_length;
}

// The server's SYN ACK: both handshakes are complete, the numberings are known.
void Join(EngineCore& core, ConnIndex index, Packet& p, TimePoint now, Disposition& out) {
  Conn& c = core.conns.At(index);
  ConnExtra& extra = core.extras.At(c.extra);
  const std::uint32_t isn = c.side[0].isn;
  TcpSegment answer = Segment(kTcpSyn | kTcpAck, p.seq, p.ack - c.side[0].seq_delta, p.window);
  if (p.tcp_options.mss_offset != 0) answer.mss = LoadBe16(p.l4() + p.tcp_options.mss_offset + 2);
  answer.payload = p.payload_length;
  const TcpVerdict v = TcpTrack(c.tcp_state, c.side, Direction::kReverse, answer);
  if (v.drop != FrameDrop::kNone) return DropPacket(core, p, v.drop, out);
  c.tcp_state = v.state;
  c.side[1].seq_delta = extra.intercept_cookie - p.seq;
  const TcpVerdict done =
      TcpTrack(c.tcp_state, c.side, Direction::kForward, Segment(kTcpAck, isn + 1, p.seq + 1, extra.intercept_window));
  CountHandshakeDone(core, c);
  c.tcp_state = done.state;
  extra.intercept_opening = false;
  if (extra.tcp_stream != nullptr) {
    extra.tcp_stream->queue[0].Start(isn + 1);
    extra.tcp_stream->queue[1].Start(p.seq + 1);
  }
  core.limits.intercept.established++;
  core.activity.Count(Activity::kInterceptEstablished, now);

  OwnSegment ack = ToServer(c);
  ack.flags = kTcpAck;
  ack.seq = isn + 1 + c.side[0].seq_delta;
  ack.ack = p.seq + 1;
  ack.window = extra.intercept_window;
  OriginateSegment(core, ack);
  OwnSegment update = ToClient(c);
  update.flags = kTcpAck;
  update.seq = extra.intercept_cookie + 1;
  update.ack = isn + 1;
  update.window = p.window;
  OriginateSegment(core, update);
  c.last_packet = now;
  SetTimeout(core, index, TimeoutFor(core, c));
  Consume(core, p, out);
}

}  // namespace

bool RecognizeCookie(Context& c) {
  const Packet& p = c.packet;
  const ConnLimits& all = c.core.limits;
  if (!p.IsTcp() || (p.tcp_flags & kControl) != kTcpAck || c.from_box || c.now - all.last_cookie > kCookieLife) return false;
  // A client that finds its window shut asks again with the number before (a probe).
  for (const std::uint32_t isn : {p.seq - 1, p.seq}) {
    c.cookie = all.cookies.Check(p.key, isn, p.ack - 1, c.now);
    if (!c.cookie) continue;
    c.cookie_isn = isn;
    return true;
  }
  return false;
}

void AnswerWithCookie(Context& c) {
  const Packet& p = c.packet;
  ConnLimits& all = c.core.limits;
  LogEmbryonicLimit(c);
  const SynOffer offer = OfferOf(p);
  const std::uint16_t own = c.connection_class != nullptr ? c.connection_class->connection.syn_cookie_mss : std::uint16_t{0};
  OwnSegment s{.from = {p.key.dst, p.key.dport}, .to = {p.key.src, p.key.sport}, .egress = p.ingress};
  s.seq = all.cookies.Make(p.key, p.seq, offer, c.now);
  s.ack = p.seq + 1;
  s.flags = kTcpSyn | kTcpAck;
  s.mss = Clamped(c.policy, own != 0 ? own : kDefaultMss);
  s.sack = offer.sack;
  OriginateSegment(c.core, s);
  all.last_cookie = c.now;
  all.intercept.attempts++;
  c.core.activity.Count(Activity::kInterceptAttempts, c.now);
  if (c.limit.slot != kNoLimitSlot) all.classes[c.limit.slot].intercepted++;
  if (!all.stats.enabled()) return;
  const InterceptStats::Exceeded x = all.stats.Note(c.real_dst, c.egress, p.key.src, c.now);
  if (x.average) c.core.log.Log(c.now, Msg::k733104);
  if (x.burst) c.core.log.Log(c.now, Msg::k733105);
}

void PrepareIntercepted(Context& c, Conn& conn) {
  const Packet& p = c.packet;
  ConnExtra& extra = c.Extra();
  extra.intercept_opening = true;
  extra.intercept_window = p.window;
  extra.intercept_mss = Clamped(c.policy, c.cookie->mss);
  extra.intercept_sack = c.cookie->sack;
  extra.intercept_cookie = p.ack - 1;
  conn.flags = static_cast<std::uint16_t>((conn.flags | kConnSeqRandomized) & ~kConnTransparent);
  const std::uint32_t delta = conn.side[0].seq_delta;
  conn.side[0] = conn.side[1] = {};
  conn.side[0].seq_delta = delta;
  conn.tcp_state = TcpOpen(conn.side, Segment(kTcpSyn, c.cookie_isn, 0, p.window, c.cookie->mss)).state;
  conn.timeout_s = kServerSeconds;
}

bool Intercepted(const EngineCore& core, const Conn& c) {
  return c.tcp_state == TcpState::kSynSent && c.extra != kNoExtra && core.extras.At(c.extra).intercept_opening;
}

void AskServer(EngineCore& core, ConnIndex index, TimePoint now) {
  Conn& c = core.conns.At(index);
  ConnExtra& extra = core.extras.At(c.extra);
  if (extra.intercept_tries == kServerSyns) {
    ResetClient(core, c);
    core.drops.Count(FlowDrop::kTcpInteceptNoResponse);
    core.limits.intercept.embryonic_timeouts++;
    return EndConnection(core, index, {"SYN Timeout", IfId::kAny}, now);
  }
  extra.intercept_tries++;
  c.last_packet = now;
  OwnSegment s = ToServer(c);
  s.flags = kTcpSyn;
  s.seq = c.side[0].isn + c.side[0].seq_delta;
  s.window = extra.intercept_window;
  s.mss = extra.intercept_mss;
  s.sack = extra.intercept_sack;
  OriginateSegment(core, s);
}

void InterceptPacket(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  const Conn& c = core.conns.At(index);
  const std::uint8_t control = p.tcp_flags & kControl;
  const std::uint32_t isn = c.side[0].isn;
  if (d == Direction::kReverse) {
    if (control == (kTcpSyn | kTcpAck)) return Join(core, index, p, now, out);
    if ((control & kTcpRst) != 0 && (control & kTcpAck) != 0 && p.ack - c.side[0].seq_delta == isn + 1) {
      ResetClient(core, c);
      core.drops.Count(FlowDrop::kTcpInterceptKill);
      Consume(core, p, out);
      return EndConnection(core, index, {"Flow terminated by TCP Intercept", p.ingress}, now);
    }
  } else if ((control & kTcpRst) != 0 && p.seq == isn + 1) {
    OwnSegment s = ToServer(c);
    s.flags = kTcpRst;
    s.seq = isn + 1 + c.side[0].seq_delta;
    OriginateSegment(core, s);
    Consume(core, p, out);
    const bool outbound = (c.flags & kConnOutbound) != 0;
    return EndConnection(core, index, {outbound ? "TCP Reset-I" : "TCP Reset-O", p.ingress}, now);
  }
  DropPacket(core, p, FrameDrop::kInterceptUnexpected, out);
}

}  // namespace sallyport
