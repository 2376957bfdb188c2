// "tcp host 10.1.1.1 any eq www", as `capture ... match` and `fault ... match` have it: a protocol and two ends, in either direction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/codecs.h"
#include "firewall/base/result.h"
#include "firewall/capture.h"

namespace sallyport {

struct MatchWords {
  ProtocolSpec protocol;
  AddressSpec first, second;
  PortSpec first_port, second_port;
  bool operator==(const MatchWords&) const = default;
};

// Several may follow each other, each but the first behind a `match` of its own.
template <>
struct Codec<MatchWords> {
  static Match Read(Cursor& in, MatchWords& out, std::string_view help);
  static void Print(const MatchWords& v, LineWriter& line);
};

// One for each range that a port operator stands for. Errors: object groups and interfaces, which no match can have.
Result<std::vector<CaptureMatch>> MatchesOf(const MatchWords& words);

}  // namespace sallyport
