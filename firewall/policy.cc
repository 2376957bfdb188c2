#include "firewall/policy.h"

namespace sallyport {

const Interface* Policy::FindByName(std::string_view nameif) const {
  if (nameif.empty()) return nullptr;  // an interface without nameif is not in use and has no name to be found by
  for (const std::optional<Interface>& i : interfaces) {
    if (i && i->nameif == nameif) return &*i;
  }
  return nullptr;
}

}  // namespace sallyport
