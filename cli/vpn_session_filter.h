// Which sessions `show vpn-sessiondb ... filter ... sort ...` lists. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/personality.h"
#include "vpn/views.h"

namespace sallyport {

struct VpnSessionFilter {
  std::optional<VpnSessionType> type;
  std::optional<std::uint32_t> index;
  std::string name, tunnel_group, protocol, encryption;  // "": any; case does not matter
  IpAddress address;                                     // assigned or public; none: any
  IpAddress assigned, public_address;
  bool inactive = false;  // only those without an SSL tunnel
  enum class Sort : std::uint8_t {
    kAge,
    kName,
    kAddress,
    kAssigned,
    kPublic,
    kTunnelGroup,
    kProtocol,
    kEncryption,
    kInactivity,
    kAssignedVersion,
    kPublicVersion
  };
  Sort sort = Sort::kAge;
  int assigned_version = 0, public_version = 0, version = 0;  // 4 or 6; 0: any. `version`: of either address
};

// By type first, in the order of VpnSessionType; by age within what is equal.
std::vector<VpnSessionView> SelectVpnSessions(std::vector<VpnSessionView> sessions, const VpnSessionFilter& filter,
                                              const Personality& personality);

}  // namespace sallyport
