// FTP inspection: opens the way for data connections in every mode, in both directions, with addresses and ports as the other end
// must see them; who fetched and stored what; and, with `strict`, what a control connection may say.
//
// Source: ASA configuration guide, "FTP inspection" and "Using the strict option"; RFC 959, 2428; messages 201005, 303002 to
// 303005, 406001, 406002.
#pragma once

#include <cstdint>

#include "firewall/inspector.h"
#include "inspect/match.h"

namespace sallyport {

struct FtpMap final : InspectMap {
  enum Criterion : std::uint8_t { kRequestCommand, kFilename, kFiletype, kServer, kUsername };
  bool strict = false;
  bool mask_banner = false;
  bool mask_syst_reply = true;
  std::vector<InspectRule> rules;
  // Commands by bit, for kRequestCommand; -1: none that strict inspection knows.
  static int CommandBit(std::string_view command);
};

class FtpInspector final : public Inspector {
 public:
  bool Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const override;
  FrameDrop Inspect(InspectCall& call) override;

 private:
  FtpMap defaults_;
};

}  // namespace sallyport
