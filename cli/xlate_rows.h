// Address ranges as `show nat` and `show xlate` write them.
#pragma once

#include <string>
#include <vector>

#include "firewall/policy.h"

namespace sallyport {

// "10.1.1.0/24", "10.1.1.1" (with `host_length` "10.1.1.1/32"), "10.1.1.1-10.1.1.5".
std::string NatRangeText(const AddressRange& r, bool host_length);
// nameif, or "any".
std::string NameOrAny(const Policy& policy, IfId id);
// Identifier of a rule in the tables that print one ("id=0x..."): the same wherever it stands.
std::string NatRuleIdText(const NatRule& rule);

}  // namespace sallyport
