// The client's side of IPsec over TCP: one connection, in virtual time.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/time.h"
#include "vpn/ctcp.h"

namespace sallyport {

struct Packet;

struct CtcpClientTimes {
  Duration handshake = Duration::Seconds(3);  // a SYN is repeated after this
  int syns = 3;
  Duration keepalive = Duration::Seconds(20);  // a bare ACK when nothing was sent for that long; 0: none
};

class CtcpClient {
 public:
  enum class State : std::uint8_t { kConnecting, kOpen, kRefused, kNoAnswer, kClosed };

  CtcpClient(Endpoint own, Endpoint server, std::uint32_t first_number, CtcpClientTimes times, TimePoint now);
  State state() const { return state_; }
  // Sends the SYN, repeats it, sends keepalives.
  void Advance(TimePoint now, std::vector<std::vector<std::uint8_t>>& out);
  TimePoint Deadline() const { return deadline_; }
  // A parsed segment; others than the server's to us are ignored.
  void Receive(Packet& p, TimePoint now, std::vector<CtcpPiece>& pieces, std::vector<std::vector<std::uint8_t>>& out);
  // As CtcpEnd's; empty unless open.
  MutableBytes WrapEsp(MutableBytes esp, std::uint8_t traffic_class, bool df, std::uint16_t ip_id, TimePoint now);
  std::vector<std::uint8_t> WrapIke(Bytes message, std::uint16_t ip_id, TimePoint now);
  // A RST; the connection is closed. Empty when it is not open.
  std::vector<std::uint8_t> Close();
  const CtcpEnd& end() const { return end_; }

 private:
  void Sent(TimePoint now);

  CtcpEnd end_;
  const CtcpEnd first_;  // as it was before the first SYN
  const CtcpClientTimes times_;
  State state_ = State::kConnecting;
  int syns_ = 0;
  TimePoint deadline_;
};

}  // namespace sallyport
