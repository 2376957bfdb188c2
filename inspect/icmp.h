// ICMP inspection: an echo request opens the way for exactly one reply with the same sequence number.
//
// Source: ASA configuration guide, "ICMP inspection"; drop reason inspect-icmp-seq-num-not-matched, message 313004.
#pragma once

#include "firewall/inspector.h"

namespace sallyport {

class IcmpInspector final : public Inspector {
 public:
  bool Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const override;
  FrameDrop Inspect(InspectCall& call) override;
};

}  // namespace sallyport
