// `show crypto ca certificates`, and what a certificate is called when it is taken in. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/civil_time.h"
#include "vpn/crl_cache.h"
#include "vpn/crypto/certificates.h"

namespace sallyport {

struct CertificateView {
  Certificate certificate;
  bool ca = false;
  std::vector<std::string> trustpoints;
};
std::string ShowCertificates(const std::vector<CertificateView>& all, const TimeZone& zone);

// `show crypto ca crls`: the lists that are kept.
std::string ShowCrls(const std::vector<CrlView>& all, const TimeZone& zone);

// "dbc1e67d 061ff7f2 9f9b3a10 63fc7912": MD5, as `crypto ca authenticate` shows it.
std::string FingerprintText(const Certificate& certificate);

// The hexadecimal lines that stand below `certificate ...` in the configuration.
std::vector<std::string> CertificateLines(Bytes der);

// "CN=a.example, O=Example\, Inc, C=US" as name and value, in its order; nothing: it is no such name.
std::optional<std::vector<std::pair<std::string, std::string>>> ParseSubjectName(std::string_view text);

}  // namespace sallyport
