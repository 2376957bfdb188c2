// Sends packets that the engine itself has made (RST, ICMP unreachable) out of a given link, past our own OUTPUT rule.
//
// Data thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "firewall/host/tcp_injector.h"
#include "firewall/host/udp_segments.h"
#include "firewall/originated.h"
#include "firewall/types.h"

namespace sallyport {

class Originator {
 public:
  Originator();
  ~Originator();
  Originator(const Originator&) = delete;
  Originator& operator=(const Originator&) = delete;

  Status Open();
  // ifindex 0: the interface has no link any more.
  void MapInterface(IfId id, int ifindex) { links_[static_cast<std::size_t>(id)] = ifindex; }
  void ForgetInterfaces() { links_.fill(0); }
  // Source ports of datagrams that may leave many in one call, at most UdpSegments::kMostPorts.
  void UseDatagramPorts(std::span<const std::uint16_t> ports) { segments_.UsePorts(ports); }
  // Segments that belong together go by it; null: one by one. It outlives this.
  void UseInjector(TcpInjector* injector) { injector_ = injector; }
  // `packet` is a whole IP packet. It leaves by `egress`; the kernel finds the next hop there.
  void Send(IfId egress, Bytes packet);
  // The same for many, in their order, with few calls of the kernel: what left by a tunnel comes in dozens.
  void SendMany(std::span<const OriginatedPacket> packets);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t failed() const { return failed_; }

 private:
  // One packet as a message of sendmsg or sendmmsg; it points into itself.
  struct Message;
  bool Prepare(IfId egress, Bytes packet, Message& m, msghdr& header) const;
  void SendBatch(std::size_t count, bool v6);

  static constexpr std::size_t kBatch = 64;
  int fd_ = -1;   // IPv4
  int fd6_ = -1;  // IPv6
  std::unique_ptr<Message[]> batch_;      // kBatch
  std::unique_ptr<mmsghdr[]> headers_;
  UdpSegments segments_;
  TcpInjector* injector_ = nullptr;
  std::array<int, 256> links_{};
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace sallyport
