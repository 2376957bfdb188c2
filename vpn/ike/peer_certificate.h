// Is a peer's certificate to be believed? Both versions ask. Pure but for the host, who has the lists of revoked ones.
#pragma once

#include <vector>

#include "vpn/ike/host.h"

namespace sallyport {

// By the authorities of the policy's trustpoints; revocation as the trustpoint has it whose authority has issued it. A method that cannot
// be had (a list that is not here yet; OCSP, which nobody here speaks) leaves it to the next one, and the last one to a refusal.
Status ValidatePeer(const VpnPolicy& policy, IkeHost& host, const Certificate& leaf, const std::vector<Certificate>& others);

}  // namespace sallyport
