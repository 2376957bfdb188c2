// What the control thread asks of the data path's tunnels (vpn/data_plane.h). Every call is made on the data thread: the service
// posts closures there (ApplianceHost::OnEngine), tests call it directly.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "vpn/child_sa.h"
#include "vpn/views.h"

namespace sallyport {

class TunnelControl {
 public:
  virtual ~TunnelControl() = default;
  // A new pair. Inbound it acts at once; outbound at once for a tunnel that has no other pair, else from UseOutbound on. The tunnel
  // comes up with its first pair, and connections that waited for it go on.
  virtual TunnelId Install(std::shared_ptr<const ChildSa> sa, TimePoint now) = 0;
  // From now on packets leave by this pair (RFC 2408 and 7296 leave it to us when: once the peer is known to have it).
  virtual void UseOutbound(std::uint32_t spi_in, TimePoint now) = 0;
  // The pair is only waiting for its end: contexts show it, it still decrypts, it no longer encrypts.
  virtual void Retire(std::uint32_t spi_in, TimePoint now) = 0;
  // The pair has ended. With the last pair of a tunnel the tunnel goes down.
  virtual void Remove(std::uint32_t spi_in, TimePoint now) = 0;
  // The peer is reached by another address or port now (NAT).
  virtual void MovePeer(std::uint32_t spi_in, const Endpoint& peer, TimePoint now) = 0;
  // An IKE message to a peer that is reached by IPsec over TCP.
  virtual void SendTcpIke(IfId at, const Endpoint& local, const Endpoint& peer, std::vector<std::uint8_t> message, TimePoint now) = 0;
  // What IPsec over TCP has counted.
  virtual IpsecOverTcpView TcpStats() const { return {}; }
  virtual std::vector<IpsecFlowView> Flows(TimePoint now) const = 0;
  virtual std::vector<VpnContextView> Contexts(TimePoint now) const = 0;
  virtual void ClearCounters() = 0;
  // Since start, of tunnels that have gone, too. What counts nothing has zeros.
  virtual IpsecStatsView Totals() const { return {}; }
};

}  // namespace sallyport
