// Is a peer's certificate to be believed? Both versions ask. Pure but for the host, who has the lists of revoked ones.
#pragma once

#include <vector>

#include "vpn/ike/host.h"

namespace sallyport {

// By the authorities of the policy's trustpoints; revocation as the trustpoint has it whose authority has issued it. A method that cannot
// be had (a list that is not here yet; OCSP, which nobody here speaks) leaves it to the next one, and the last one to a refusal.
using CrlOfTrustpoint = std::function<std::vector<std::uint8_t>(const Trustpoint&, const Certificate& of)>;  // empty: none is here now
Status ValidatePeer(const VpnPolicy& policy, const CrlOfTrustpoint& crl_of, std::int64_t wall_s, const Certificate& leaf,
                    const std::vector<Certificate>& others);
inline Status ValidatePeer(const VpnPolicy& policy, IkeHost& host, const Certificate& leaf, const std::vector<Certificate>& others) {
  return ValidatePeer(policy, [&](const Trustpoint& t, const Certificate& c) { return host.CrlOf(t, c); }, host.WallSeconds(), leaf, others);
}

// `crypto ca certificate map`: do all of the rules match? No rules match nothing.
bool CertificateFits(const std::vector<CertificateRule>& rules, const Certificate& certificate);

}  // namespace sallyport
