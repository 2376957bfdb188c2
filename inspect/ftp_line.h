// What lines of an FTP control connection say of data connections. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/types.h"

namespace sallyport {

struct FtpTarget {
  Endpoint endpoint;        // address none: it was not said (EPSV's answer)
  std::size_t begin = 0;    // the text that says it, in the line
  std::size_t end = 0;
  std::size_t behind = 0;   // characters between that and the line's end
};

// "h1,h2,h3,h4,p1,p2" from `from` on: of PORT (strictly there) or of the answer to PASV (the first digits that look like it).
std::optional<FtpTarget> ParseFtpNumbers(std::string_view line, std::size_t from, bool search);
// "|1|10.1.1.1|1025|", "|2|2001:db8::1|1025|" of EPRT; any delimiter.
std::optional<FtpTarget> ParseFtpExtended(std::string_view line, std::size_t from);
// "(|||1025|)" of the answer to EPSV.
std::optional<FtpTarget> ParseFtpExtendedPassive(std::string_view line);

std::string FtpNumbers(const Endpoint& e);               // "10,1,1,1,4,1"
std::string FtpExtended(const Endpoint& e, char mark);   // "|1|10.1.1.1|1025|"
std::string FtpExtendedPassive(std::uint16_t port, char mark);  // "|||1025|"

}  // namespace sallyport
