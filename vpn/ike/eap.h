// EAP as IKE needs it (RFC 3748 4): the header, identities, the results. What methods say to each other is an AAA server's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/bytes.h"

namespace sallyport {

namespace eap {
enum Code : std::uint8_t { kRequest = 1, kResponse = 2, kSuccess = 3, kFailure = 4 };
enum Type : std::uint8_t { kIdentity = 1, kNotification = 2, kNak = 3 };
}  // namespace eap

struct EapMessage {
  std::uint8_t code = 0, id = 0;
  std::uint8_t type = 0;  // of requests and responses
  Bytes data;             // behind the type
};
// Nothing: it is cut off, longer than it says, or of a code that there is none of.
std::optional<EapMessage> ReadEap(Bytes bytes);
std::vector<std::uint8_t> EapResult(std::uint8_t code, std::uint8_t id);  // kSuccess, kFailure
std::vector<std::uint8_t> EapIdentity(std::uint8_t code, std::uint8_t id, std::string_view identity);
// A name that may stand in messages and sessions; "": what the peer calls itself is none.
std::string EapName(Bytes identity);

}  // namespace sallyport
