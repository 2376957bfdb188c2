// What a policy knows of application inspection: which engine, and the parameters of its map. The engines are in inspect/.
#pragma once

#include <cstdint>

namespace sallyport {

enum class InspectId : std::uint8_t { kNone = 0, kIcmp = 1, kIcmpError = 2, kCount };

// `policy-map type inspect ...`, compiled. Each engine derives its own; connections may keep one beyond the policy's life.
struct InspectMap {
  virtual ~InspectMap() = default;
};

}  // namespace sallyport
