// All inspection engines together: what an appliance, a replay and tests put under their engine.
#pragma once

#include "firewall/inspector.h"
#include "inspect/icmp.h"

namespace sallyport {

class InspectionEngines {
 public:
  // Valid as long as this object.
  Inspectors Table() {
    Inspectors t;
    const auto put = [&t](InspectId id, Inspector& engine) { t.engine[static_cast<std::size_t>(id)] = &engine; };
    put(InspectId::kIcmp, icmp_);
    return t;
  }

 private:
  IcmpInspector icmp_;
};

}  // namespace sallyport
