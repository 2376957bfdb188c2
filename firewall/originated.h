// A packet that the engine itself wants sent (RST, ICMP unreachable, a piece of what left by a tunnel).
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/types.h"

namespace sallyport {

enum class TunnelId : std::uint32_t;

// A whole IP packet, to leave by `egress`.
struct OriginatedPacket {
  IfId egress = IfId::kAny;
  std::vector<std::uint8_t> bytes;
  TunnelId tunnel{};  // by which it is to leave; none: as it is
};

}  // namespace sallyport
