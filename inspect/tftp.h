// TFTP inspection: a read or write request to port 69 lets the server answer once from another port, which RFC 1350 has it choose.
//
// Source: ASA configuration guide, "TFTP inspection".
#pragma once

#include "firewall/inspector.h"

namespace sallyport {

class TftpInspector final : public Inspector {
 public:
  bool Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const override;
  FrameDrop Inspect(InspectCall& call) override;
};

}  // namespace sallyport
