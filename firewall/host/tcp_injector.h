// TCP segments that came out of a tunnel one by one, put together again: the kernel gets one super-packet to forward instead of
// dozens, by a link of our own whose other end it receives from. What receive offload (GRO) does for packets from the wire.
//
//   packet socket -> SPinj<queue>a ===veth=== SPinj<queue>b -> the kernel routes, resolves ARP, cuts or not, sends
//
// Only what can be cut again into the very same packets is put together: IPv4 with DF, whose segments differ in identification,
// sequence number, checksums and PSH alone, and whose checksums are right. Open, Close: control thread; the rest: data thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "firewall/originated.h"

namespace sallyport {

class TcpInjector {
 public:
  static constexpr std::size_t kMost = 60;          // segments of a super-packet
  static constexpr std::size_t kMostBytes = 65000;  // of it

  TcpInjector() = default;
  ~TcpInjector();
  TcpInjector(const TcpInjector&) = delete;
  TcpInjector& operator=(const TcpInjector&) = delete;

  // The link from which the kernel receives: the packet rules must let it forward (NetfilterRules::Inject).
  static std::string LinkOf(std::uint16_t queue) { return "SPinj" + std::to_string(queue) + "b"; }
  // Makes the pair of links. Error: no privileges, no veth; without it segments are sent one by one.
  Status Open(std::uint16_t queue);
  void Close();
  bool open() const { return fd_ >= 0; }

  // How many of the first packets can be put together. 0: not even two.
  std::size_t Run(std::span<const OriginatedPacket> packets) const;
  // Those, with the mark that chooses the way. False: the kernel did not take it; they are to be sent one by one.
  bool Send(std::uint32_t mark, std::span<const OriginatedPacket> run);

 private:
  int fd_ = -1;
  int link_ = 0;
  std::string name_;
  std::array<std::uint8_t, 14> ethernet_{};
};

}  // namespace sallyport
