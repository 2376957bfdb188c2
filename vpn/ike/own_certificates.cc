#include "vpn/ike/own_certificates.h"

#include <algorithm>

#include "vpn/crypto/secret.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostCertificates = 8;

}  // namespace

std::vector<Certificate> CertificatesToShow(const VpnPolicy& policy, const Trustpoint& own, bool chain) {
  Result<std::vector<Certificate>> read = Certificate::ChainFromPem(own.identity_pem);
  if (!read) return {};
  std::vector<Certificate> out = *std::move(read);
  if (!chain) return out;
  std::vector<Certificate> authorities;
  for (const auto& [name, t] : policy.trustpoints) {
    if (t.ca_pem.empty()) continue;
    if (auto of = Certificate::ChainFromPem(t.ca_pem)) authorities.insert(authorities.end(), of->begin(), of->end());
  }
  while (out.size() < kMostCertificates) {
    const Bytes issuer = out.back().issuer_der();
    const auto next = std::find_if(authorities.begin(), authorities.end(), [&](const Certificate& c) { return SameBytes(c.subject_der(), issuer); });
    if (next == authorities.end() || SameBytes(next->subject_der(), next->issuer_der())) break;
    out.push_back(*next);
  }
  return out;
}

bool SendsChain(const VpnPolicy& policy, const std::string& tunnel_group, std::uint32_t entry) {
  const TunnelGroup* group = policy.Group(tunnel_group);
  const CryptoMapEntry* e = entry != 0 ? policy.Entry(entry) : nullptr;
  return (group != nullptr && group->send_chain) || (e != nullptr && e->send_chain);
}

}  // namespace sallyport
