// `show crypto isakmp|ikev1|ikev2 sa [detail]` and `show crypto ipsec sa`. Pure functions from views to text, by
// personality.
#pragma once

#include <optional>
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

// `show crypto ipsec sa [entry|identity|map NAME|peer A|spi N|user U] [detail]`: which flows, and how they are laid out.
struct IpsecSaQuery {
  enum class Form : std::uint8_t {
    kByInterface,
    kEntry,     // by peer
    kIdentity,  // what is protected and how much went by it, without the security associations
    kMap        // by crypto map
  } form = Form::kByInterface;
  bool detail = false;               // errors one by one
  IpAddress peer;                    // none: any
  std::string map, user;             // "": any
  std::optional<std::uint32_t> spi;  // of either direction
};
std::string ShowIpsecSas(const std::vector<IpsecFlowView>& flows, const IpsecSaQuery& query, const AddressNames& names,
                         const Personality& personality);

}  // namespace sallyport
