// The words that a session's end is told in.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/sessions.h"

namespace sallyport {
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
