// Many datagrams of one flow in one call: the kernel carries them as one super-packet (UDP_SEGMENT) and cuts it where it must. For
// ESP in UDP and DTLS, whose packets come out of the engine ready made; what they have in their headers is said to the kernel again.
//
// The datagrams leave from one of a few ports (4500, those of DTLS) of whatever address they name. The sockets are bound to a
// loopback address of their own, so that they never take a datagram away from a socket that listens. Data thread. IPv4 only.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "firewall/base/bytes.h"
#include "firewall/originated.h"

namespace sallyport {

class UdpSegments {
 public:
  static constexpr std::size_t kMost = 64;          // segments that every kernel takes
  static constexpr std::size_t kMostBytes = 65000;  // of all payloads
  static constexpr std::uint16_t kNatT = 4500;
  static constexpr std::size_t kMostPorts = 4;

  UdpSegments() = default;
  ~UdpSegments();
  UdpSegments(const UdpSegments&) = delete;
  UdpSegments& operator=(const UdpSegments&) = delete;

  // Source ports from now on. No error: where the kernel has no such sockets, Run() is always 0.
  void UsePorts(std::span<const std::uint16_t> ports);
  // How many of the first packets can go together: headers that differ in identification and checksum alone, the same length
  // but for the last, which may be shorter. 0: not even two.
  std::size_t Run(std::span<const OriginatedPacket> packets) const;
  // Those, out of `link` with `mark`. False: the kernel did not take them; they are to be sent one by one.
  bool Send(int link, std::uint32_t mark, std::span<const OriginatedPacket> run);

 private:
  struct Port {
    std::uint16_t number = 0;  // 0: free
    int fds[2] = {-1, -1};     // [DF is set]
  };
  static void Open(Port& port);
  static void Close(Port& port);
  const Port* Of(Bytes packet) const;  // null: from none of them

  std::array<Port, kMostPorts> ports_;
};

}  // namespace sallyport
