// Lines of `debug crypto ...` as a session sees them. Pure.
#pragma once

#include <string>

#include "firewall/base/civil_time.h"
#include "vpn/ike/host.h"

namespace sallyport {

// "Nov 27 16:00:05 [IKEv1 DEBUG]: IP = 192.0.2.1, processing SA payload"; IKEv2's and IPsec's lines bring their beginnings along and
// have no time. `release`: from 9.0 on no colon stands behind the bracket. Ends without a newline.
std::string DebugText(const IkeSaying& s, const CivilTime& when, int release);

// "debug crypto ikev1": what `debug` and `show debug` call it. `ikev1_keyword`: Personality::ikev1_keyword.
std::string DebugName(IkeSaying::Debug what, bool ikev1_keyword);

}  // namespace sallyport
