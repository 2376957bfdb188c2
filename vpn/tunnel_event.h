// What the data path tells the control thread: it needs a tunnel, a key is used up, a peer uses a security association that is not
// there. Rare, and bounded where a packet can cause them.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "firewall/tunnel.h"

namespace sallyport {

struct TunnelEvent {
  enum class What : std::uint8_t {
    kNeedSa,      // entry, flow: traffic wants a tunnel
    kRekey,       // spi_in: kilobytes or sequence numbers of the pair are nearly used up
    kExpired,     // spi_in: they are used up
    kInvalidSpi,  // spi, at, local, peer: ESP came for a security association that is not there
    kFirstPacket, // spi_in: the first packet came by a new inbound association (the peer has the pair)
    kMovedPeer,   // spi_in, peer: authenticated UDP-encapsulated ESP came from another address or port
    kTcpIke,      // at, local, peer, bytes: an IKE message inside IPsec over TCP
    kTcpClosed,   // at, local, peer: the TCP connection of IPsec over TCP has ended
  } what = What::kNeedSa;
  std::uint32_t entry = 0;
  TunnelFlow flow;
  std::uint32_t spi_in = 0, spi = 0;
  IfId at{};
  Endpoint local, peer;
  std::vector<std::uint8_t> bytes;
};

// A bounded queue from the data thread to the control thread, with a descriptor to wait on. The lock is taken for an event, never
// for a packet.
class TunnelEventQueue {
 public:
  static constexpr std::size_t kMost = 4096;
  TunnelEventQueue();
  ~TunnelEventQueue();
  TunnelEventQueue(const TunnelEventQueue&) = delete;
  TunnelEventQueue& operator=(const TunnelEventQueue&) = delete;
  // False: it is full, and the event is lost (the packet's sender will send again).
  bool Push(TunnelEvent event);
  std::deque<TunnelEvent> Take();
  int fd() const { return fd_; }  // readable while there are events

 private:
  std::mutex lock_;
  std::deque<TunnelEvent> events_;
  int fd_ = -1;
};

}  // namespace sallyport
