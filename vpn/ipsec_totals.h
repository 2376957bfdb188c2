// `show ipsec stats`: what all tunnels have done since the appliance started. A tunnel counts for itself (Tunnel::counters) as long as it
// is there; what it has counted is kept here when it goes, or when an operator clears its counters. Data thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "vpn/tunnel_table.h"
#include "vpn/views.h"

namespace sallyport {

class IpsecTotals {
 public:
  void Keep(const IpsecCounters& of_a_tunnel);
  // `first`: its tunnel has come up by it. `pairs`: how many there are now.
  void PairUp(const SaPair& pair, bool first, std::size_t pairs);
  // `last`: its tunnel is down now.
  void PairDown(const SaPair& pair, bool last);
  void UnknownSpi() { gone_.missing_sa++; }
  IpsecStatsView View(const TunnelTable& table) const;

 private:
  IpsecStatsView gone_;
  std::uint32_t lan_to_lan_ = 0, remote_access_ = 0;  // tunnels that are up
};

}  // namespace sallyport
