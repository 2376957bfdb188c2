#include "vpn/ike/peer_certificate.h"

#include <algorithm>

namespace sallyport {

Status ValidatePeer(const VpnPolicy& policy, const CrlOfTrustpoint& crl_of, std::int64_t wall_s, const Certificate& leaf,
                    const std::vector<Certificate>& others) {
  TrustStore store;
  const Trustpoint* by = nullptr;
  bool direct = false;
  for (const auto& [name, trustpoint] : policy.trustpoints) {
    if (trustpoint.ca_pem.empty()) continue;
    Result<Certificate> ca = Certificate::FromPem(trustpoint.ca_pem);
    if (!ca) continue;
    const bool issuer = std::ranges::equal(ca->subject_der(), leaf.issuer_der());
    // Over an authority in between: the strictest of those that it could lead to.
    if (issuer ? !direct || trustpoint.MustCheck() : !direct && (by == nullptr || trustpoint.MustCheck())) by = &trustpoint;
    direct = direct || issuer;
    store.AddAnchor(*std::move(ca));
  }
  bool listed = false, checked = by == nullptr || by->revocation.empty();
  for (const Trustpoint::Revocation method : by == nullptr ? std::vector<Trustpoint::Revocation>() : by->revocation) {
    if (method == Trustpoint::Revocation::kNone) checked = true;
    if (method == Trustpoint::Revocation::kCrl) {
      const std::vector<std::uint8_t> list = crl_of(*by, leaf);
      listed = checked = !list.empty() && store.AddCrl(list);
    }
    if (checked) break;
  }
  if (const Status valid = store.Validate(leaf, others, wall_s, listed); !valid) return valid;
  if (!checked) return Error{"its revocation status cannot be determined (trustpoint " + by->name + ")"};
  return {};
}

}  // namespace sallyport
