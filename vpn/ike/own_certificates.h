// The certificates that this end shows of itself.
#pragma once

#include <string>
#include <vector>

#include "vpn/crypto/certificates.h"
#include "vpn/policy.h"

namespace sallyport {

// Those that the trustpoint was given for itself; with `chain` also the authorities between it and the root, which the peer has.
std::vector<Certificate> CertificatesToShow(const VpnPolicy& policy, const Trustpoint& own, bool chain);
// Does that end send a chain: by its tunnel group, or by the crypto map entry that it begins for (0: the peer has begun)?
bool SendsChain(const VpnPolicy& policy, const std::string& tunnel_group, std::uint32_t entry);

}  // namespace sallyport
