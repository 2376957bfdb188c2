// The turn that every call of the core takes: it sets the time, and when it ends, arithmetic that was done meanwhile goes
// on.
#pragma once

#include "vpn/ike/v1_core.h"

namespace sallyport {

class Ikev1Core::Turn {
 public:
  Turn(Ikev1Core& core, Times t);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Ikev1Core& core_;
};

}  // namespace sallyport
