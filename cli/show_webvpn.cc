#include "cli/show_webvpn.h"

#include <algorithm>

#include "cli/show_text.h"

namespace sallyport {
namespace {

constexpr const char* kEncryptions[] = {"3des-sha1", "des-sha1", "rc4-md5", "rc4-sha1", "dhe-aes128-sha1", "dhe-aes256-sha1",
                                        "aes128-sha1", "aes256-sha1", "null-sha1"};

// Up to 8.3, up to 9.2 and later each word of server-version had another sentence.
std::string AcceptedUntil83(const std::string& word) {
  if (word == "sslv3") return "SSLv2 or SSLv3 and negotiate to SSLv3";
  if (word == "sslv3-only") return "SSLv3 only and negotiate to SSLv3 only";
  if (word == "tlsv1") return "SSLv2 or TLSv1 and negotiate to TLSv1";
  if (word == "tlsv1-only") return "TLSv1 only and negotiate to TLSv1 only";
  return "SSLv2, SSLv3 or TLSv1 and negotiate to SSLv3 or TLSv1";
}
std::string StartedUntil83(const std::string& word) {
  if (word == "sslv3") return "SSLv3 and negotiate to SSLv3";
  if (word == "sslv3-only") return "SSLv3 only and negotiate to SSLv3 only";
  if (word == "tlsv1") return "TLSv1 and negotiate to TLSv1";
  if (word == "tlsv1-only") return "TLSv1 only and negotiate to TLSv1 only";
  return "SSLv3 and negotiate to SSLv3 or TLSv1";
}
std::string AcceptedUntil92(const std::string& word) {
  if (word == "sslv3") return "SSLv2 or greater and negotiate to SSLv3";
  if (word == "sslv3-only" || word == "tlsv1-only") return StartedUntil83(word);
  if (word == "tlsv1") return "SSLv2 or greater and negotiate to TLSv1";
  return "SSLv2 or greater and negotiate to SSLv3 or greater";
}

std::string TlsName(int version) {
  return version == 0x0302 ? "TLSv1.1" : version == 0x0303 ? "TLSv1.2" : version == 0x0304 ? "TLSv1.3" : "TLSv1";
}

std::string GroupText(std::uint16_t group) {
  switch (group) {
    case 1: return "group1 (768-bit modulus)";
    case 2: return "group2 (1024-bit modulus)";
    case 5: return "group5 (1536-bit modulus)";
    case 14: return "group14 (2048-bit modulus)";
    case 15: return "group15 (3072-bit modulus)";
    case 24: return "group24 (2048-bit modulus, 256-bit prime order subgroup)";
    case 19: return "group19 (256-bit EC)";
    case 20: return "group20 (384-bit EC)";
    case 21: return "group21 (521-bit EC)";
    default: return "group" + std::to_string(group);
  }
}

// "tlsv1, tlsv1.1, dtlsv1, tlsv1.2"
std::string VersionsText(std::uint8_t versions) {
  std::string out;
  for (const auto& [bit, name] : {std::pair(kSslTls10, "tlsv1"), std::pair(kSslTls11, "tlsv1.1"), std::pair(kSslDtls10, "dtlsv1"),
                                  std::pair(kSslTls12, "tlsv1.2"), std::pair(kSslDtls12, "dtlsv1.2")}) {
    if ((versions & bit) != 0) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

// What an ASA finds within a package; here out of its name.
struct Platform {
  const char* in_name;
  const char* title;
  const char* regex;
};
constexpr Platform kPlatforms[] = {{"linux-64", "CISCO STC Linux_64", "Linux x86_64"},   {"linux64", "CISCO STC Linux_64", "Linux x86_64"},
                                   {"linux", "CISCO STC Linux", "Linux i[1-9]86"},       {"powerpc", "CISCO STC Darwin_powerpc", "PPC Mac OS X"},
                                   {"mac", "CISCO STC Darwin_i386", "Intel Mac OS X"},   {"wince", "CISCO STC WinCE", "Windows CE"},
                                   {"win", "CISCO STC win2k+", "Windows NT"}};

template <typename List>
std::string GroupNames(const SslPolicy& ssl, const std::string& only, List SslPolicy::Group::*list, const char* title) {
  std::string out;
  for (const auto& [name, group] : ssl.groups) {
    if (!only.empty() && only != name) continue;
    for (const SslPolicy::Alias& a : group.*list) {
      Append(out, "Tunnel Group: {}   {}: {} {}\n", name, title, a.name, a.enabled ? "enabled" : "disabled");
    }
  }
  return out;
}

std::string Limit(std::uint32_t n) { return n == 0 ? "NONE" : std::to_string(n); }

}  // namespace

std::string ShowSsl(const SslSettingsView& v, const Personality& personality) {
  const int release = personality.release;
  std::string out;
  if (release < 804) {
    Append(out, "Accept connections using {}\nStart connections using {}\n", AcceptedUntil83(v.server), StartedUntil83(v.client));
  } else if (release < 903) {
    Append(out, "Accept connections using {}\nStart connections using {}\n", AcceptedUntil92(v.server), StartedUntil83(v.client));
  } else {
    Append(out, "Accept connections using SSLv3 or greater and negotiate to {} or greater\nStart connections using {} and negotiate to {} or greater\n",
           TlsName(v.min_tls), TlsName(v.min_client), TlsName(v.min_client));
    Append(out, "SSL DH Group: {}\nSSL ECDH Group: {}\n\n", GroupText(v.dh_group), GroupText(v.ecdh_group));
  }
  if (release < 903) {
    std::string enabled, disabled;
    for (const std::string& c : v.ciphers) enabled += " " + c;
    for (const char* c : kEncryptions) {
      if (release < 900 && std::string_view(c).starts_with("dhe-")) continue;
      if (std::find(v.ciphers.begin(), v.ciphers.end(), c) == v.ciphers.end()) disabled += std::string(" ") + c;
    }
    Append(out, "Enabled cipher order:{}\nDisabled ciphers:{}\n", enabled, disabled);
    if (v.trustpoints.empty() && v.default_trustpoint.empty()) {
      out += "No SSL trust-points configured\n";
    } else {
      out += "SSL trust-points:\n";
      if (!v.default_trustpoint.empty()) Append(out, "  Default: {}\n", v.default_trustpoint);
      for (const auto& [at, trustpoint] : v.trustpoints) Append(out, "  {} interface: {}\n", at, trustpoint);
    }
  } else {
    out += "SSL trust-points:\n";
    if (!v.self_signed.empty()) Append(out, "  Self-signed ({}) certificate available\n", v.self_signed);
    if (!v.default_trustpoint.empty()) Append(out, "  Default: {}\n", v.default_trustpoint);
    for (const auto& [at, trustpoint] : v.trustpoints) Append(out, "  Interface {}: {}\n", at, trustpoint);
  }
  if (v.certificate_on.empty()) return out + "Certificate authentication is not enabled\n";
  out += "Certificate authentication is enabled on interfaces:";
  for (const std::string& at : v.certificate_on) out += " " + at;
  return out + "\n";
}

std::string ShowSslLevel(SslLevel level) {
  std::string out =
      "These are the ciphers for the given cipher level; not all ciphers\nare supported by all versions of SSL/TLS.\n"
      "These names can be used to create a custom cipher list\n";
  bool missing = false;
  for (const SslCipher& c : SslCiphers()) {
    if (c.level < level) continue;
    Append(out, "  {} ({}){}\n", c.name, VersionsText(c.versions), c.known ? "" : " *");
    missing = missing || !c.known;
  }
  if (missing) out += "* not supported by this appliance: it is kept in a list, and never agreed on\n";
  return out;
}

std::string ShowSslCiphers(const std::vector<SslVersionCiphers>& versions) {
  std::string out = "Current cipher configuration:\n";
  for (const SslVersionCiphers& v : versions) {
    Append(out, "{} ({}): \n", v.version, v.level);
    for (const std::string& n : v.names) Append(out, "  {}\n", n);
  }
  return out;
}

std::string ShowWebvpnPackages(const std::vector<WebvpnPackage>& packages, const TimeZone& zone, const Personality& personality) {
  std::string out;
  int n = 0;
  for (const WebvpnPackage& p : packages) {
    const Platform* of = nullptr;
    for (const Platform& row : kPlatforms) {
      if (of == nullptr && p.image.file.find(row.in_name) != std::string::npos) of = &row;
    }
    const std::string regex = !p.image.regex.empty() ? p.image.regex : of != nullptr ? of->regex : "";
    std::string version = p.image.version;
    std::replace(version.begin(), version.end(), '.', ',');
    Append(out, "{}. disk0:/{} {}", ++n, p.image.file, p.image.order);
    if (!regex.empty()) Append(out, " dyn-regex=/{}/", regex);
    Append(out, "\n  {}\n", of != nullptr ? of->title : "CISCO STC");
    if (!version.empty()) Append(out, "  {}\n", version);
    if (p.modified_s != 0) {
      const CivilTime t = ToCivil(p.modified_s * 1'000'000'000, zone);
      constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
      Append(out, "  {} {:02}/{:02}/{:04} {:>2}:{:02}:{:02}.00\n", kDays[t.weekday], t.month, t.day, t.year, t.hour, t.minute, t.second);
    } else {
      out += "  the file is not on disk0:\n";
    }
    out += "\n";
  }
  Append(out, "{} {} installed\n", packages.size(), personality.ikev1_keyword ? "AnyConnect Client(s)" : "SSL VPN Client(s)");
  return out;
}

std::string ShowWebvpnGroupAliases(const SslPolicy& ssl, const std::string& group) {
  return GroupNames(ssl, group, &SslPolicy::Group::aliases, "Group Alias");
}

std::string ShowWebvpnGroupUrls(const SslPolicy& ssl, const std::string& group) {
  return GroupNames(ssl, group, &SslPolicy::Group::urls, "Group URL");
}

std::string ShowWebvpnStatistics(const std::vector<std::pair<std::string, std::uint64_t>>& counters) {
  std::string out;
  for (const auto& [name, count] : counters) Append(out, "{:<60} {}\n", name, count);
  return out;
}

std::string ShowVpnLicenses(const VpnStatisticsView& v, const VpnLimitsView& limits) {
  const std::string rule = std::string(75, '-') + "\n";
  std::string out = rule;
  Append(out, "{:<75}\n{}", "VPN Licenses and Configured Limits Summary", rule);
  Append(out, "{:37}Status : Capacity : Installed :  Limit\n{:34}{}\n", "", "", std::string(41, '-'));
  const auto row = [&](const char* name, bool on, std::uint32_t limit) {
    Append(out, "{:<33}: {:>8} : {:>8} : {:>9} : {:>6}\n", name, on ? "ENABLED" : "DISABLED", v.capacity, on ? v.capacity : 0, Limit(on ? limit : 0));
  };
  row("AnyConnect Premium", !limits.essentials, limits.ssl);
  row("AnyConnect Essentials", limits.essentials, limits.ssl);
  row("Other VPN (Available by Default)", true, limits.other);
  for (const auto& [name, status] : {std::pair("Shared License Server", "DISABLED"), std::pair("Shared License Participant", "DISABLED"),
                                     std::pair("AnyConnect for Mobile", " ENABLED"), std::pair("Advanced Endpoint Assessment", "DISABLED"),
                                     std::pair("AnyConnect for Cisco VPN Phone", " ENABLED"), std::pair("VPN-3DES-AES", " ENABLED"),
                                     std::pair("VPN-DES", " ENABLED")}) {
    Append(out, "{:<33}: {}\n", name, status);
  }
  Append(out, "{}\n{}{:<75}\n{}", rule, rule, "VPN Licenses Usage Summary", rule);
  Append(out, "{:26}Local : Shared :   All  :   Peak :  Eff.  :        \n{:25}In Use : In Use : In Use : In Use :  Limit : Usage  \n{:25}{}\n", "", "", "",
         std::string(51, '-'));
  const auto effective = [&](std::uint32_t limit) { return limit == 0 ? v.capacity : std::min(limit, v.capacity); };
  const auto used = [](const VpnCounts& c) { return c.active + c.inactive; };
  const auto percent = [&](const VpnCounts& c, std::uint32_t limit) {
    const std::uint64_t most = effective(limit);
    return most == 0 ? 0 : (std::uint64_t{used(c)} * 100 + most / 2) / most;
  };
  const auto part = [&](const char* name, const VpnCounts& c, std::uint32_t limit) {
    Append(out, "{:<23}:{:24}: {:>6} : {:>6} : {:>9}%\n", name, "", used(c), c.peak, percent(c, limit));
  };
  const auto group = [&](VpnGroup g) { return v.groups[static_cast<std::size_t>(g)]; };
  Append(out, "{:<23}: {:>6} : {:>6} : {:>6} : {:>6} : {:>6} : {:>4}%\n", limits.essentials ? "AnyConnect Essentials" : "AnyConnect Premium", used(v.ssl), 0,
         used(v.ssl), v.ssl.peak, effective(limits.ssl), percent(v.ssl, limits.ssl));
  part("  AnyConnect Client", group(VpnGroup::kAnyConnect), limits.ssl);
  part("    AnyConnect Mobile", v.mobile, limits.ssl);
  if (!limits.essentials) part("  Clientless VPN", group(VpnGroup::kClientless), limits.ssl);
  Append(out, "{:<23}:{:17}: {:>6} : {:>6} : {:>6} : {:>4}%\n", "Other VPN", "", used(v.ipsec), v.ipsec.peak, effective(limits.other), percent(v.ipsec, limits.other));
  part("  Cisco VPN Client", group(VpnGroup::kIkev1RemoteAccess), limits.other);
  out += "    L2TP Clients\n";
  part("  Site-to-Site VPN", group(VpnGroup::kSiteToSite), limits.other);
  return out + rule;
}

}  // namespace sallyport
