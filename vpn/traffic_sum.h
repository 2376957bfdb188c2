// Traffic of tunnels read and added up, wherever sessions are kept.
#pragma once

#include <atomic>

#include "vpn/views.h"

namespace sallyport {

inline VpnTraffic& operator+=(VpnTraffic& sum, const VpnTraffic& t) {
  sum.tx_bytes += t.tx_bytes;
  sum.rx_bytes += t.rx_bytes;
  sum.tx_packets += t.tx_packets;
  sum.rx_packets += t.rx_packets;
  sum.tx_dropped += t.tx_dropped;
  sum.rx_dropped += t.rx_dropped;
  return sum;
}

// Of what the data path counts (SaActivity, SslActivity).
template <typename Activity>
VpnTraffic TrafficOf(const Activity& a) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {a.bytes_out.load(kRelaxed),  a.bytes_in.load(kRelaxed),    a.packets_out.load(kRelaxed),
          a.packets_in.load(kRelaxed), a.dropped_out.load(kRelaxed), a.dropped_in.load(kRelaxed)};
}

}  // namespace sallyport
