// Sends packets that the engine itself has made (RST, ICMP unreachable) out of a given link, past our own OUTPUT rule.
//
// Data thread. IPv4 only: an IPv6 packet is counted as not sent.
#pragma once

#include <array>
#include <cstdint>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "firewall/types.h"

namespace sallyport {

class Originator {
 public:
  Originator() = default;
  ~Originator();
  Originator(const Originator&) = delete;
  Originator& operator=(const Originator&) = delete;

  Status Open();
  // ifindex 0: the interface has no link any more.
  void MapInterface(IfId id, int ifindex) { links_[static_cast<std::size_t>(id)] = ifindex; }
  void ForgetInterfaces() { links_.fill(0); }
  // `packet` is a whole IP packet. It leaves by `egress`; the kernel finds the next hop there.
  void Send(IfId egress, Bytes packet);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t failed() const { return failed_; }

 private:
  int fd_ = -1;   // IPv4
  int fd6_ = -1;  // IPv6
  std::array<int, 256> links_{};
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace sallyport
