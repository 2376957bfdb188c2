#include "vpn/ctcp_client.h"

#include "firewall/packet.h"

namespace sallyport {

CtcpClient::CtcpClient(Endpoint own, Endpoint server, std::uint32_t first_number, CtcpClientTimes times, TimePoint now)
    : end_(own, server, first_number, false), first_(end_), times_(times), deadline_(now) {}

void CtcpClient::Sent(TimePoint now) { deadline_ = times_.keepalive.ns > 0 ? now + times_.keepalive : TimePoint::Max(); }

void CtcpClient::Advance(TimePoint now, std::vector<std::vector<std::uint8_t>>& out) {
  if (now < deadline_) return;
  if (state_ == State::kConnecting) {
    if (syns_ == times_.syns) {
      state_ = State::kNoAnswer;
      deadline_ = TimePoint::Max();
      return;
    }
    syns_++;
    end_ = first_;  // the same number again
    out.push_back(end_.Bare(kTcpSyn, 0, true));
    deadline_ = now + times_.handshake;
  } else if (state_ == State::kOpen) {
    out.push_back(end_.Bare(kTcpAck, 0));
    Sent(now);
  } else {
    deadline_ = TimePoint::Max();
  }
}

void CtcpClient::Receive(Packet& p, TimePoint now, std::vector<CtcpPiece>& pieces, std::vector<std::vector<std::uint8_t>>& out) {
  const FlowKey& k = p.key;
  if (!p.IsTcp() || p.fragment || !p.Whole() || k.src != end_.peer().address || k.sport != end_.peer().port || k.dst != end_.own().address ||
      k.dport != end_.own().port) {
    return;
  }
  const bool ack = (p.tcp_flags & kTcpAck) != 0;
  if (state_ == State::kConnecting) {
    if (syns_ == 0 || !ack || p.ack != end_.next()) return;
    if ((p.tcp_flags & kTcpRst) != 0) {
      state_ = State::kRefused;
      deadline_ = TimePoint::Max();
    } else if ((p.tcp_flags & kTcpSyn) != 0) {
      state_ = State::kOpen;
      end_.Start(p.seq + 1);
      out.push_back(end_.Bare(kTcpAck, 0));
      Sent(now);
    }
    return;
  }
  if (state_ != State::kOpen) return;
  const auto ahead = static_cast<std::int32_t>(p.seq - end_.seen());
  const bool plausible = ahead > -kCtcpNear && ahead < kCtcpNear;  // enough to end the connection
  if ((p.tcp_flags & (kTcpRst | kTcpFin)) != 0) {
    // Whoever does not see the connection cannot end it.
    if (!plausible) return;
    state_ = State::kClosed;
    deadline_ = TimePoint::Max();
    return;
  }
  if ((p.tcp_flags & kTcpSyn) != 0) {
    // Its handshake's end was lost; a server that proves its clients by numbers repeats its answer only to a SYN of ours.
    if (plausible) out.push_back(end_.Bare(kTcpAck, 0));
    return;
  }
  if (ahead <= -kCtcpFar || ahead >= kCtcpFar || p.payload_length == 0) return;
  if (ReadCtcp(p.bytes.subspan(p.payload_offset, p.payload_length), pieces)) end_.Saw(p.seq + p.payload_length);
}

MutableBytes CtcpClient::WrapEsp(MutableBytes esp, std::uint8_t traffic_class, bool df, std::uint16_t ip_id, TimePoint now) {
  if (state_ != State::kOpen) return {};
  Sent(now);
  return end_.WrapEsp(esp, traffic_class, df, ip_id);
}

std::vector<std::uint8_t> CtcpClient::WrapIke(Bytes message, std::uint16_t ip_id, TimePoint now) {
  if (state_ != State::kOpen) return {};
  Sent(now);
  return end_.WrapIke(message, ip_id);
}

std::vector<std::uint8_t> CtcpClient::Close() {
  if (state_ != State::kOpen) return {};
  state_ = State::kClosed;
  deadline_ = TimePoint::Max();
  return end_.Bare(kTcpRst | kTcpAck, 0);
}

}  // namespace sallyport
