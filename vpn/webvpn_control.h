// What the console asks of the engine of AnyConnect besides its sessions (vpn_control.h). Implemented on an appliance by whoever holds
// portal and sessions together. Control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vpn/views.h"
#include "vpn/webvpn_debug.h"

namespace sallyport {

class WebvpnControl {
 public:
  virtual ~WebvpnControl() = default;
  virtual WebvpnDebug& debug() = 0;
  // `show webvpn statistics` (ours): what came to the portal and what was refused, in the order in which it is shown.
  virtual std::vector<std::pair<std::string, std::uint64_t>> Counters() const { return {}; }
  virtual void ClearCounters() {}
  // The key of the certificate that is made where no trustpoint is configured, as `show ssl` has it ("RSA 2048 bits RSA-SHA256"); "": there
  // is none.
  virtual std::string SelfSigned() const { return {}; }
  // `show vpn load-balancing`; nothing: the configuration has none.
  virtual std::optional<VpnLoadBalancingView> LoadBalancing() const { return std::nullopt; }
};

}  // namespace sallyport
