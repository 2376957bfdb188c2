// `show crypto isakmp|ikev1|ikev2 sa [detail]` and `show crypto ipsec sa`. Pure functions from views to text, by
// personality.
#pragma once

#include <string>
#include <vector>

#include "cli/vpn_names.h"
#include "firewall/personality.h"
#include "vpn/views.h"

namespace sallyport {

// Only the SAs of one version of IKE are printed. Before 8.4 there was no other than IKEv1: then that is `show crypto isakmp
// sa`.
std::string ShowIkev1Sas(const std::vector<IkeSaView>& sas, bool detail, const Personality& personality);
// SAs of one session stand in a row.
std::string ShowIkev2Sas(const std::vector<IkeSaView>& sas, bool detail);
// Both versions, where there are two.
std::string ShowIsakmpSas(const std::vector<IkeSaView>& sas, bool detail, const Personality& personality);

// `peer`: only flows to it; none: all. Flows are grouped by interface as they come.
std::string ShowIpsecSas(const std::vector<IpsecFlowView>& flows, IpAddress peer, const AddressNames& names,
                         const Personality& personality);

}  // namespace sallyport
