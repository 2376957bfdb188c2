// `show ssl`, `show webvpn ...`, `show vpn-sessiondb license-summary`: pure functions from the compiled policy and plain views to text.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "conf/ssl_ciphers.h"
#include "firewall/base/civil_time.h"
#include "firewall/personality.h"
#include "firewall/policy.h"
#include "vpn/policy.h"
#include "vpn/views.h"

namespace sallyport {

// What `ssl` lines say, as `show ssl` has it.
struct SslSettingsView {
  std::string server = "any", client = "any";  // the words of server-version, client-version; before 9.3
  std::vector<std::string> ciphers;            // `ssl encryption`, in order; before 9.3
  int min_tls = 0x0301, min_client = 0x0301;
  bool dtls12_only = false;
  std::uint16_t dh_group = 2, ecdh_group = 19;
  std::string default_trustpoint;                                   // "": none
  std::vector<std::pair<std::string, std::string>> trustpoints;     // nameif, trustpoint
  std::vector<std::string> certificate_on;                          // nameifs of certificate-authentication
  std::string self_signed;                                          // "RSA 2048 bits RSA-SHA256"; "": there is none
};
std::string ShowSsl(const SslSettingsView& view, const Personality& personality);

// `show ssl ciphers LEVEL`: names of a level with the versions that they are for; `show ssl ciphers`: what each version has.
std::string ShowSslLevel(SslLevel level);
struct SslVersionCiphers {
  std::string version, level;  // "tlsv1.2", "medium"
  std::vector<std::string> names;
};
std::string ShowSslCiphers(const std::vector<SslVersionCiphers>& versions);

// Packages of the client, by order.
struct WebvpnPackage {
  SslPolicy::Image image;
  std::int64_t modified_s = 0;  // of the file on disk0:; 0: it is not there
};
std::string ShowWebvpnPackages(const std::vector<WebvpnPackage>& packages, const TimeZone& zone, const Personality& personality);

// `group`: "" all.
std::string ShowWebvpnGroupAliases(const SslPolicy& ssl, const std::string& group);
std::string ShowWebvpnGroupUrls(const SslPolicy& ssl, const std::string& group);

std::string ShowWebvpnStatistics(const std::vector<std::pair<std::string, std::uint64_t>>& counters);

// `show vpn-sessiondb license-summary`, from 8.4 on. Limits: 0 none. What an ASA has to be licensed for is there.
struct VpnLimitsView {
  std::uint32_t ssl = 0, other = 0;
  bool essentials = false;
};
std::string ShowVpnLicenses(const VpnStatisticsView& view, const VpnLimitsView& limits);

}  // namespace sallyport
