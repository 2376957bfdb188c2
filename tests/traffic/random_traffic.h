// Random traffic for tests: new flows and packets of flows that are there, with all that is odd about packets. What it makes
// depends on what became of the packets before, so that connections get somewhere. Deterministic by its seed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/engine.h"

namespace sallyport {

class RandomTraffic {
 public:
  struct Sent {
    IfId ingress{};
    std::vector<std::uint8_t> bytes;
    std::string what;
  };
  // An interface, the share of packets that come in by it, and the hosts behind it.
  struct Network {
    IfId interface{};
    int share = 1;
    std::vector<std::string> hosts;
  };
  // `others`: addresses that are nobody's or the appliance's, those of translations among them.
  RandomTraffic(std::uint64_t seed, const std::vector<Network>& networks, const std::vector<std::string>& others);

  Sent Next();
  // What became of it: `left` are its bytes as they left by `egress`.
  void Passed(const Sent& sent, IfId egress, const std::vector<std::uint8_t>& left);
  // A packet of the engine's own: an answer to a SYN is worth an answer.
  void Originated(IfId egress, const std::vector<std::uint8_t>& bytes);

 private:
  // One end's view of a flow that got through: near is who opened it.
  struct Side {
    IfId at{};
    IpAddress self, peer;
    std::uint16_t port = 0, peer_port = 0;
    std::uint32_t next = 0, expects = 0;  // sequence numbers as this end has them
  };
  struct Flow {
    std::uint8_t protocol = 0;
    Side end[2];
    bool open = false;  // the handshake has begun to be answered
  };

  template <typename T>
  const T& Any(const std::vector<T>& from) {
    return from[random_.Below(static_cast<std::uint32_t>(from.size()))];
  }
  bool OneIn(std::uint32_t n) { return random_.Below(n) == 0; }
  Sent NewFlow();
  Sent OnFlow();
  Sent IcmpError();
  Sent Fragment();
  std::vector<std::uint8_t> Transport(std::uint8_t protocol, IpAddress src, IpAddress dst, const std::vector<std::uint8_t>& rest);
  std::vector<std::uint8_t> Ip(std::uint8_t protocol, IpAddress src, IpAddress dst, const std::vector<std::uint8_t>& l4);
  std::vector<std::uint8_t> Tcp(std::uint16_t sport, std::uint16_t dport, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags);
  std::vector<std::uint8_t> Payload(std::uint16_t port, bool udp);
  std::vector<std::uint8_t> Around(std::uint8_t protocol, const Side& s, std::vector<std::uint8_t> l4);

  Random random_;
  // Mostly a host behind `at`, sometimes anybody.
  IpAddress Source(IfId at, bool v6);
  std::vector<IfId> interfaces_;
  std::vector<IpAddress> v4_, v6_;  // all
  std::map<IfId, std::vector<IpAddress>> hosts_[2];  // [IPv6]
  std::vector<Flow> flows_;
  std::vector<Sent> pieces_;  // fragments still to be sent
  std::uint32_t flow_ = 0;    // of the packet that Next made
  int side_ = -1;             // its sender; -1: a new flow's
};

}  // namespace sallyport
