#include "firewall/policy.h"

#include <algorithm>

namespace sallyport {

const Interface* Policy::FindByName(std::string_view nameif) const {
  if (nameif.empty()) return nullptr;  // an interface without nameif is not in use and has no name to be found by
  for (const std::optional<Interface>& i : interfaces) {
    if (i && i->nameif == nameif) return &*i;
  }
  return nullptr;
}

bool Policy::AnswersRefused(const Interface& in, const Interface& out) const {
  const auto on = [&in](const std::vector<IfId>& list) { return std::find(list.begin(), list.end(), in.id) != list.end(); };
  return (in.security_level >= out.security_level && (reset_outbound || on(reset_outbound_on))) ||
         (in.security_level <= out.security_level && (reset_inbound || on(reset_inbound_on)));
}

}  // namespace sallyport
