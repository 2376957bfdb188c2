#include "vpn/ike/rules.h"

#include <algorithm>

namespace sallyport {

std::optional<std::string> CheckPayloads(std::span<const PayloadRule> rules, std::span<const RawPayload> payloads,
                                         UnknownPayloads unknown) {
  for (const PayloadRule& rule : rules) {
    const auto count =
        std::count_if(payloads.begin(), payloads.end(), [&](const RawPayload& p) { return p.type == rule.type; });
    if (count < rule.min) return "a payload of type " + std::to_string(rule.type) + " is missing";
    if (count > rule.max) return "too many payloads of type " + std::to_string(rule.type);
  }
  if (unknown == UnknownPayloads::kIgnore) return {};
  for (const RawPayload& p : payloads) {
    const bool named = std::any_of(rules.begin(), rules.end(), [&](const PayloadRule& rule) { return rule.type == p.type; });
    if (!named && (unknown == UnknownPayloads::kRefuse || p.critical))
      return "unexpected payload of type " + std::to_string(p.type);
  }
  return {};
}

}  // namespace sallyport
