// Connections that go through a TCP proxy: packets in, packets of our own out (tcp_proxy.h does the rest).
//
// The handshake passes between the ends. With its last segment the proxy begins: from then on every packet of the connection is
// taken (Disposition::kConsume), and what leaves is made here. The tracker still judges each segment by its end's own numbers;
// it is told what the proxy has promised.
#include <algorithm>

#include "firewall/base/checksum.h"
#include "firewall/pipeline.h"
#include "firewall/tcp_normalizer.h"
#include "firewall/tcp_proxy.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kTcpHeader = 20;
constexpr std::uint16_t kProxyMss = 536;  // RFC 9293 3.7.1

TcpStream& StreamOf(EngineCore& core, const Conn& c) { return *core.extras.At(c.extra).tcp_stream; }
ProxyCounters& CountersOf(EngineCore& core, const Conn& c) {
  ProxyCounters& n = *core.extras.At(c.extra).proxy_counters;
  if (core.undo != nullptr) core.undo->Keep(n);
  return n;
}

IfId EgressOf(const Conn& c, Direction d) { return d == Direction::kForward ? c.out_if : c.in_if; }

// The packet of a segment, as it is to leave.
std::vector<std::uint8_t> PacketOf(const Conn& c, const TcpStream& s, const TcpProxy::Segment& segment) {
  const bool forward = segment.d == Direction::kForward;
  const Endpoint src = forward ? Endpoint{c.initiator_mapped, c.initiator_mapped_port} : Endpoint{c.responder_mapped, c.responder_mapped_port};
  const Endpoint dst = forward ? Endpoint{c.responder_real, c.responder_real_port} : Endpoint{c.initiator_real, c.initiator_real_port};
  const int me = static_cast<int>(segment.d);
  const std::uint32_t length = kTcpHeader + static_cast<std::uint32_t>(segment.payload.size());
  const std::size_t header = src.address.IsV4() ? 20 : 40;
  std::vector<std::uint8_t> bytes(header + length);
  std::uint8_t* h = bytes.data();
  if (src.address.IsV4()) {  // RFC 791. No DF: the sender of the data could not make it smaller any more
    h[0] = 0x45;
    StoreBe16(h + 2, static_cast<std::uint16_t>(bytes.size()));
    h[8] = s.ttl[me];
    h[9] = static_cast<std::uint8_t>(IpProtocol::kTcp);
    src.address.StoreV4(h + 12);
    dst.address.StoreV4(h + 16);
    StoreBe16(h + 10, ChecksumFinish(ChecksumAdd(Bytes(h, 20))));
  } else {  // RFC 8200
    h[0] = 0x60;
    StoreBe16(h + 4, static_cast<std::uint16_t>(length));
    h[6] = static_cast<std::uint8_t>(IpProtocol::kTcp);
    h[7] = s.ttl[me];
    src.address.StoreV6(h + 8);
    dst.address.StoreV6(h + 24);
  }
  std::uint8_t* t = h + header;
  StoreBe16(t, src.port);
  StoreBe16(t + 2, dst.port);
  StoreBe32(t + 4, segment.seq + c.side[me].seq_delta);
  StoreBe32(t + 8, segment.ack);  // the receiver's own numbers are never changed towards itself
  t[12] = kTcpHeader / 4 << 4;
  t[13] = segment.flags;
  StoreBe16(t + 14, segment.window);
  std::copy(segment.payload.begin(), segment.payload.end(), t + kTcpHeader);
  StoreBe16(t + 16, ChecksumFinish(ChecksumAdd(Bytes(t, length), PseudoHeaderSum(src.address, dst.address, 6, length))));
  return bytes;
}

void Emit(EngineCore& core, Conn& c, const TcpProxy::Out& out) {
  TcpStream& s = StreamOf(core, c);
  CountersOf(core, c).output += out.size();
  for (const TcpProxy::Segment& segment : out) {
    const IfId egress = EgressOf(c, segment.d);
    std::vector<std::uint8_t> bytes = PacketOf(c, s, segment);
    auto& counter = core.CounterOf(egress);
    counter.out_packets++;
    counter.out_bytes += bytes.size();
    core.originated.push_back({egress, std::move(bytes)});
  }
  for (const Direction d : {Direction::kForward, Direction::kReverse}) {
    std::uint32_t& allowed = c.side[static_cast<int>(d)].max_end;
    if (SeqAfter(s.proxy->Edge(d), allowed)) allowed = s.proxy->Edge(d);
  }
}

std::uint16_t MssTowards(const EngineCore& core, const Conn& c, Direction d) {
  const std::uint16_t told = c.side[static_cast<int>(Opposite(d))].mss;
  const Interface* to = core.policy->Find(EgressOf(c, d));
  const int headers = static_cast<int>(kTcpHeader) + (c.responder_real.IsV4() ? 20 : 40);
  const int fits = to != nullptr ? to->mtu - headers : kProxyMss;
  return static_cast<std::uint16_t>(std::clamp<int>(told != 0 ? told : kProxyMss, 1, std::max(1, fits)));
}

void Begin(EngineCore& core, Conn& c, TcpStream& s) {
  const TcpMap& map = TcpMapOf(core, c);
  const std::uint16_t mss[2] = {MssTowards(core, c, Direction::kForward), MssTowards(core, c, Direction::kReverse)};
  const Duration wait = map.queue_limit != 0 ? map.queue_timeout : core.policy->timeouts.tcp_proxy_reassembly;
  s.proxy = std::make_unique<TcpProxy>(c.side, mss, wait, map.queue_limit, core.tcp_streams.budget);
  // A sender may be as far ahead as our buffer lets it.
  for (TcpSide& side : c.side) side.max_window = std::max(side.max_window, TcpProxy::kBuffer);
}

}  // namespace

bool TakenByProxy(const TcpStream& s, const Packet& p) {
  return s.proxied && s.handshake_done && (s.proxy != nullptr || (p.tcp_flags & (kTcpSyn | kTcpRst)) == 0);
}

void ProxyTcp(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out) {
  Conn& c = core.conns.At(index);
  TcpStream& s = StreamOf(core, c);
  CountersOf(core, c).input++;
  const auto refuse = [&](FrameDrop why) {
    CountersOf(core, c).drops++;
    out.action = Disposition::Action::kDrop;
    out.reason = why;
    core.drops.Count(why);
    core.CounterOf(p.ingress).dropped++;
  };
  if (p.fragment || !p.Whole()) return refuse(FrameDrop::kUnexpectedPacket);
  s.ttl[static_cast<int>(d)] = p.ttl;
  if (s.ttl[static_cast<int>(Opposite(d))] == 0) s.ttl[static_cast<int>(Opposite(d))] = p.ttl;
  TcpProxy::Out segments;
  FrameDrop drop = FrameDrop::kNone;
  const bool begins = s.proxy == nullptr;
  if (begins) Begin(core, c, s);
  if ((p.tcp_flags & kTcpSyn) != 0) {
    s.proxy->AnswerSynAck(segments);
  } else if ((p.tcp_flags & kTcpRst) != 0) {
    segments.push_back(s.proxy->Reset(d));
  } else {
    TcpSegment segment;
    segment.flags = p.tcp_flags;
    segment.seq = p.seq;
    segment.ack = p.ack - c.side[static_cast<int>(Opposite(d))].seq_delta;
    segment.window = p.window;
    segment.payload = p.payload_length;
    drop = s.proxy->Arrive(d, segment, Bytes(p.bytes).subspan(p.payload_offset, p.payload_length), now, segments);
    if (begins) s.proxy->AnswerSynAck(segments);  // unless data that leaves acknowledges it
  }
  Emit(core, c, segments);
  ScheduleTcpStream(core, index);
  c.last_packet = now;
  if (drop != FrameDrop::kNone) return refuse(drop);
  c.bytes += p.payload_length;
  if (p.payload_length != 0) c.flags |= d == Direction::kForward ? kConnDataForward : kConnDataReverse;
  auto& in = core.CounterOf(p.ingress);
  in.in_packets++;
  in.in_bytes += p.wire_length;
  out.action = Disposition::Action::kConsume;
  out.egress = EgressOf(c, d);
}

void RemindSender(EngineCore& core, ConnIndex index, Direction d) {
  Conn& c = core.conns.At(index);
  TcpProxy::Out segments;
  StreamOf(core, c).proxy->Remind(d, segments);
  Emit(core, c, segments);
}

bool FireProxy(EngineCore& core, ConnIndex index, TimePoint now) {
  Conn& c = core.conns.At(index);
  TcpStream& s = StreamOf(core, c);
  TcpProxy::Out segments;
  for (std::uint32_t fell = s.proxy->Fire(now, segments); fell > 0; fell--) {
    core.drops.Count(FrameDrop::kTcpBufferTimeout);
    CountersOf(core, c).drops++;
  }
  if (s.proxy->gave_up()) {
    CountersOf(core, c).resets += 2;
    segments = {s.proxy->Reset(Direction::kForward), s.proxy->Reset(Direction::kReverse)};
  }
  Emit(core, c, segments);
  if (!s.proxy->gave_up()) return true;
  EndConnection(core, index, {"Probe maximum retries of retransmission exceeded", IfId::kAny}, now);
  return false;
}

}  // namespace sallyport
