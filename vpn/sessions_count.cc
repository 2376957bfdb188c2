// The session database's counters, and the words that its ends are told in.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/sessions.h"

namespace sallyport {
namespace {

void Up(VpnCounts& c) {
  c.active++;
  c.cumulative++;
  c.peak = std::max(c.peak, c.active);
}

void Count(VpnCounts& c, int by) {
  if (by > 0) {
    Up(c);
  } else if (c.active != 0) {
    c.active--;
  }
}

}  // namespace

void VpnSessions::Count(VpnSessionType type, std::uint8_t ike_version, int by) {
  const auto group = [&](VpnGroup g) -> VpnCounts& { return statistics_.groups[static_cast<std::size_t>(g)]; };
  const auto cls = [&](VpnClass c) -> VpnCounts& { return statistics_.classes[static_cast<std::size_t>(c)]; };
  switch (type) {
    case VpnSessionType::kLanToLan:
      sallyport::Count(group(VpnGroup::kSiteToSite), by);
      sallyport::Count(cls(ike_version == 2 ? VpnClass::kSiteIkev2 : VpnClass::kSiteIkev1), by);
      break;
    case VpnSessionType::kIkev2RemoteAccess:
      sallyport::Count(group(VpnGroup::kAnyConnect), by);
      sallyport::Count(cls(VpnClass::kAnyConnectIkev2), by);
      break;
    default:
      sallyport::Count(group(VpnGroup::kIkev1RemoteAccess), by);
      break;
  }
  sallyport::Count(statistics_.ipsec, by);
  sallyport::Count(statistics_.all, by);
}

void VpnSessions::CountTunnel(VpnTunnelKind kind, int by) { sallyport::Count(statistics_.tunnels[static_cast<std::size_t>(kind)], by); }

VpnStatisticsView VpnSessions::Statistics() const {
  VpnStatisticsView v = statistics_;
  v.capacity = kMost;
  return v;
}

std::string VpnDuration(Duration d) {
  const std::int64_t s = std::max<std::int64_t>(d.seconds(), 0);
  std::string out = s >= 86400 ? fmt::format("{}d ", s / 86400) : "";
  return out + fmt::format("{}h:{:02}m:{:02}s", s % 86400 / 3600, s % 3600 / 60, s % 60);
}

std::string_view EndReason(IkeEnd why) {
  switch (why) {
    case IkeEnd::kUserRequested:
      return "User Requested";
    case IkeEnd::kLostService:
      return "Lost Service";
    case IkeEnd::kIdleTimeout:
      return "Idle Timeout";
    case IkeEnd::kMaxTime:
      return "Max time exceeded";
    case IkeEnd::kAdministratorReset:
      return "Administrator Reset";
    case IkeEnd::kPhase2Mismatch:
      return "Phase 2 Mismatch";
    case IkeEnd::kNoCryptoMap:
      return "crypto map policy not found";
    case IkeEnd::kPeerReconnected:
      return "Peer Reconnected";
    case IkeEnd::kReplaced:
      return "SA Expired";
    case IkeEnd::kPolicyChanged:
      return "Administrator Reset";
    case IkeEnd::kShutdown:
      return "Administrator Shutdown";
    case IkeEnd::kError:
      return "Internal Error";
  }
  return "Unknown";
}

}  // namespace sallyport
