// HTTP inspection: which URLs are asked for (304001), whether it is HTTP at all, and what a map says of requests and responses.
//
// Source: ASA configuration guide, "HTTP inspection"; messages 304001, 415001 to 415020; RFC 9112. A connection is watched until
// something stands in the way of understanding it (an upgrade, CONNECT, a header that is too long); from then on it passes.
#pragma once

#include <cstdint>
#include <string>

#include "firewall/inspector.h"
#include "inspect/match.h"

namespace sallyport {

struct HttpMap final : InspectMap {
  enum Criterion : std::uint8_t {
    kMethod, kUri, kUriLength, kArgs, kHeader, kHeaderLength, kHeaderCount, kFieldLength, kFieldCount, kNonAscii, kBody, kBodyLength,
    kStatusLine, kActiveX, kJava, kMismatch,
  };
  enum Part : std::uint8_t { kRequest, kResponse, kBoth };
  bool protocol_violation = false;
  InspectAction violation;
  std::uint32_t body_match_maximum = 200;  // bytes of a body that are looked at
  std::string spoof_server;                // "": the server's own words
  std::vector<InspectRule> rules;
  std::size_t row_violation = 0;
};

class HttpInspector final : public Inspector {
 public:
  bool Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const override;
  FrameDrop Inspect(InspectCall& call) override;

 private:
  HttpMap defaults_;
};

}  // namespace sallyport
