// `show vpn-sessiondb`: the sessions of a type, brief or in detail; the summary; ratios. Pure functions from views to text,
// by personality: 7.x, 8.x and 8.4+ print three layouts.
#pragma once

#include <string>
#include <vector>

#include "cli/vpn_names.h"
#include "firewall/base/civil_time.h"
#include "firewall/personality.h"
#include "vpn/views.h"

namespace sallyport {

// A heading for each type among `sessions`, which are already those asked for, in the order to print. None: a sentence about
// it.
std::string ShowVpnSessions(const std::vector<VpnSessionView>& sessions, bool detail, const TimeZone& zone,
                            const AddressNames& names, const Personality& personality);
// `show vpn-sessiondb full ...`: one line for each session, for programs; in detail those of its tunnels follow in it.
std::string ShowVpnSessionsFull(const std::vector<VpnSessionView>& sessions, bool detail, const TimeZone& zone, const AddressNames& names,
                                const Personality& personality);

// `show vpn-sessiondb [summary]`. Groups and tunnels that were never there have no row.
std::string ShowVpnSummary(const VpnStatisticsView& view, const Personality& personality);

// `show vpn-sessiondb ratio encryption|protocol [filter GROUP]`. `sessions`: those of the group; `cumulative`: since start.
// `group`: "" all.
std::string ShowVpnEncryptionRatio(const std::vector<VpnSessionView>& sessions, std::uint64_t cumulative,
                                   const std::string& group);
std::string ShowVpnProtocolRatio(const std::vector<VpnSessionView>& sessions, std::uint64_t cumulative,
                                 const std::string& group, const Personality& personality);

// "IKEv1 IPsecOverNatT": kinds of a session's tunnels, each once, as they came up.
std::string VpnProtocols(const VpnSessionView& session, const Personality& personality);

}  // namespace sallyport
