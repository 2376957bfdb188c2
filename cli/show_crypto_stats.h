// Counters of IKE and IPsec: `show crypto ikev1|ikev2|isakmp stats`, `show ipsec stats`, `show ipsec sa summary`, `show crypto isakmp
// ipsec-over-tcp stats`, `show crypto debug-condition`. Pure functions from views to text.
#pragma once

#include <string>

#include "firewall/personality.h"
#include "vpn/ike/host.h"
#include "vpn/vpn_debug.h"
#include "vpn/views.h"

namespace sallyport {

std::string ShowIkev1Stats(const IkeStats& stats, const Personality& personality);
std::string ShowIkev2Stats(const IkeStats& stats);
// Of 8.4 and later: both, and call admission. `limit`: negotiations of IKEv1 that there may be at once.
std::string ShowIsakmpStats(const IkeStats& v1, const IkeStats& v2, std::uint32_t limit, const Personality& personality);
std::string ShowIpsecStats(const IpsecStatsView& stats, const Personality& personality);
std::string ShowIpsecSummary(const std::vector<IpsecFlowView>& flows, const IpsecStatsView& stats);
std::string ShowIpsecOverTcpStats(const IpsecOverTcpView& stats);
std::string ShowDebugCondition(const DebugConditions& conditions);

}  // namespace sallyport
