// Which payloads a message may and must have. Each exchange has a constexpr table of rules for each of its messages; a
// message is held against it before anything looks into a payload.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "vpn/ike/payloads.h"

namespace sallyport {

struct PayloadRule {
  std::uint8_t type = 0;
  std::uint8_t min = 0, max = 0;  // how often
};

enum class UnknownPayloads : std::uint8_t {
  kRefuse,
  kIgnore,         // types that no rule names
  kRefuseCritical  // version 2: ignored unless their critical bit is set
};

// What is wrong with the message, or nothing. A type that no rule names is treated as `unknown` says.
std::optional<std::string> CheckPayloads(std::span<const PayloadRule> rules, std::span<const RawPayload> payloads,
                                         UnknownPayloads unknown);

}  // namespace sallyport
