// IPsec over TCP on the data path: what vpn/ctcp_server.h makes of segments goes where it belongs, IKE to the control thread, ESP to
// its security association.
#include <utility>

#include "firewall/policy.h"
#include "vpn/data_plane.h"

namespace sallyport {
namespace {

constexpr Duration kSweep = Duration::Seconds(1);

CtcpKey StreamKeyOf(const Packet& p) { return {p.key.ingress, {p.key.dst, p.key.dport}, {p.key.src, p.key.sport}}; }

}  // namespace

void DataPlane::UseTcpPorts(const VpnPolicy* policy) {
  static const std::vector<std::uint16_t> none;
  std::vector<CtcpKey> closed;
  tcp_.UsePorts(policy != nullptr ? policy->tcp_ports : none, closed);
  for (const CtcpKey& key : closed) NoteTcp(TunnelEvent::What::kTcpClosed, key);
}

void DataPlane::NoteTcp(TunnelEvent::What what, const CtcpKey& key, Bytes message) {
  if (undo_ != nullptr) return;
  TunnelEvent e;
  e.what = what;
  e.at = key.at;
  e.local = key.local;
  e.peer = key.peer;
  e.bytes.assign(message.begin(), message.end());
  Note(std::move(e));
}

DataPlane::Inner DataPlane::ReceiveTcp(Packet& outer, TimePoint now, std::vector<MutableBytes>& esp) {
  const bool first = tcp_.size() == 0;
  const CtcpKey key = StreamKeyOf(outer);
  std::vector<OriginatedPacket> answers;
  const CtcpServer::Arrival& a = tcp_.Receive(outer, now, answers);
  if (undo_ == nullptr) {
    if (first) next_sweep_ = now + kSweep;
    for (OriginatedPacket& answer : answers) engine_.Originate(std::move(answer));
  }
  if (a.closed || a.replaced) NoteTcp(TunnelEvent::What::kTcpClosed, key);
  for (const CtcpPiece& piece : a.pieces) {
    if (piece.what == CtcpContent::kIke) {
      NoteTcp(TunnelEvent::What::kTcpIke, key, piece.content);
    } else {
      esp.push_back(piece.content);
    }
  }
  Inner i;
  i.drop = a.drop;
  i.consumed = true;
  return i;
}

DataPlane::Inner DataPlane::OpenTcp(Packet& outer, TimePoint now) {
  tcp_esp_.clear();
  const Inner i = ReceiveTcp(outer, now, tcp_esp_);
  // More than one come only in super-packets (OpenMany).
  return tcp_esp_.empty() ? i : OpenTcpEsp(outer, tcp_esp_.front(), now);
}

DataPlane::Inner DataPlane::OpenTcpEsp(Packet& outer, MutableBytes esp, TimePoint now) {
  const CtcpKey key = StreamKeyOf(outer);
  const Inner i = OpenEsp(outer, esp, key.peer.address, key.peer.port, outer.bytes[1], now);
  if (i.drop == FrameDrop::kNone && i.flow_drop == FlowDrop::kNone) tcp_.Prove(key);
  return i;
}

void DataPlane::SendTcpIke(IfId at, const Endpoint& local, const Endpoint& peer, std::vector<std::uint8_t> message, TimePoint) {
  if (auto packet = tcp_.WrapIke({at, local, peer}, message)) engine_.Originate(std::move(*packet));
}

void DataPlane::AdvanceTo(TimePoint now) {
  std::vector<CtcpKey> closed;
  std::vector<OriginatedPacket> answers;
  tcp_.Sweep(now, closed, answers);
  for (OriginatedPacket& answer : answers) engine_.Originate(std::move(answer));
  for (const CtcpKey& key : closed) NoteTcp(TunnelEvent::What::kTcpClosed, key);
  next_sweep_ = now + kSweep;
}

IpsecOverTcpView DataPlane::TcpStats() const {
  const CtcpServer::Counters& c = tcp_.counters();
  IpsecOverTcpView v;
  v.active = tcp_.size();
  v.previous = c.closed;
  v.in_packets = c.segments_in;
  v.in_dropped = c.malformed + c.bad_checksums + c.bad_headers + c.unknown;
  v.out_packets = c.segments_out;
  v.resets = c.resets;
  v.heartbeats = c.keepalives_in;
  v.bad_headers = c.bad_headers;
  v.bad_trailers = c.malformed;
  v.checksum_errors = c.bad_checksums;
  return v;
}

}  // namespace sallyport
