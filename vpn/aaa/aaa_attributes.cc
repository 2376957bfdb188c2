// What an Access-Accept gives a user.
#include <algorithm>

#include "vpn/aaa/aaa_client.h"

namespace sallyport {
namespace {

using namespace radius;

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text + ",") {
    if (c != ',' && c != ' ') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  return out;
}

constexpr std::uint32_t kAdministrative = 6;  // Service-Type

bool Printable(const std::string& s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::string GroupPolicyOfClass(const std::string& value) {
  if (!Printable(value)) return {};
  std::string name = value;
  // "ou=" may stand anywhere in it, in either case.
  for (std::size_t i = 0; i + 3 <= value.size(); i++) {
    if ((value[i] | 0x20) == 'o' && (value[i + 1] | 0x20) == 'u' && value[i + 2] == '=' &&
        (i == 0 || value[i - 1] == ';' || value[i - 1] == ',' || value[i - 1] == ' ')) {
      name = value.substr(i + 3);
      break;
    }
  }
  name.resize(std::min(name.size(), name.find(';')));
  return name;
}

// cisco-av-pair "ip:inacl#10=permit ip any any": in the order of their numbers.
void ReadAclPairs(const RadiusMessage& m, AaaAttributes& out) {
  std::vector<std::pair<unsigned long, std::string>> lines, lines6;
  for (const RadiusAttribute& a : m.attributes) {
    if (a.vendor != kCisco || a.type != kCiscoAvPair) continue;
    const std::string pair(a.value.begin(), a.value.end());
    constexpr std::string_view kDefined = "ACS:CiscoSecure-Defined-ACL=";
    if (pair.starts_with(kDefined)) {
      if (Printable(pair)) out.acl_name = pair.substr(kDefined.size());
      continue;
    }
    const bool six = pair.starts_with("ipv6:inacl#");
    if (!six && !pair.starts_with("ip:inacl#")) continue;
    const std::size_t mark = pair.find('#'), is = pair.find('=');
    if (is == std::string::npos || is <= mark || is - mark > 10 || !Printable(pair)) continue;
    const std::string number = pair.substr(mark + 1, is - mark - 1);
    if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) continue;
    (six ? lines6 : lines).emplace_back(std::stoul(number), pair.substr(is + 1));
  }
  const auto by_number = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(lines.begin(), lines.end(), by_number);
  std::stable_sort(lines6.begin(), lines6.end(), by_number);
  for (auto& [number, text] : lines) out.acl.push_back(std::move(text));
  for (auto& [number, text] : lines6) out.acl6.push_back(std::move(text));
}

AaaAttributes ReadAaaAttributes(const RadiusMessage& m) {
  AaaAttributes out;
  for (const RadiusAttribute& a : m.attributes) {
    if (a.type != kClass || a.vendor != 0) continue;
    out.classes.emplace_back(a.value.begin(), a.value.end());
    if (out.group_policy.empty()) out.group_policy = GroupPolicyOfClass(out.classes.back());
  }
  if (const std::string own = m.Text(kGroupPolicy, kCisco3000); Printable(own)) out.group_policy = GroupPolicyOfClass(own);
  // 255.255.255.255: the user chooses; 255.255.255.254: we do (RFC 2865 5.8).
  if (const auto a = m.Address(kFramedIpAddress); a && a->v4() < 0xfffffffe && a->v4() != 0) {
    out.framed_address = a;
    out.framed_mask = m.Address(kFramedIpNetmask);
  }
  if (const RadiusAttribute* a = m.Find(kFramedIpv6Address); a != nullptr && a->value.size() == 16) {
    out.framed_address6 = IpAddress::FromV6Bytes(a->value.data());
  } else if (const RadiusAttribute* p = m.Find(kFramedIpv6Prefix); p != nullptr && p->value.size() >= 2 && p->value.size() <= 18 && p->value[1] <= 128) {
    // A whole address, or a network and who in it (RFC 3162).
    std::array<std::uint8_t, 16> bytes{};
    std::copy(p->value.begin() + 2, p->value.end(), bytes.begin());
    const RadiusAttribute* host = m.Find(kFramedInterfaceId);
    const bool with_host = host != nullptr && host->value.size() == 8 && p->value[1] <= 64;
    if (with_host) std::copy(host->value.begin(), host->value.end(), bytes.begin() + 8);
    if (with_host || p->value[1] == 128) {
      out.framed_address6 = IpAddress::FromV6Bytes(bytes.data());
      out.framed_length6 = p->value[1];
    }
  }
  out.session_s = m.Number(kSessionTimeout);
  out.idle_s = m.Number(kIdleTimeout);
  out.filter = m.Text(kFilterId);
  out.simultaneous_logins = m.Number(kSimultaneousLogins, kCisco3000);
  out.tunneling_protocols = m.Number(kTunnelingProtocols, kCisco3000);
  if (const auto n = m.Number(kAllowPasswordStore, kCisco3000)) out.password_storage = *n != 0;
  if (m.Number(kServiceType) == kAdministrative) out.privilege = 15;
  if (const auto n = m.Number(kPrivilegeLevel, kCisco3000); n && *n <= 15) out.privilege = static_cast<int>(*n);
  out.access_hours = m.Text(kAccessHours, kCisco3000);
  out.split_list = m.Text(kSplitTunnelList, kCisco3000);
  if (const auto n = m.Number(kSplitTunnelPolicy, kCisco3000); n && *n <= 2) out.split_policy = n;
  ReadAclPairs(m, out);
  out.banner = m.Text(kBanner1, kCisco3000) + m.Text(kBanner2, kCisco3000);
  out.default_domain = m.Text(kDefaultDomain, kCisco3000);
  out.group_lock = m.Text(kTunnelGroupLock, kCisco3000);
  out.address_pools = Words(m.Text(kAddressPools, kCisco3000));
  for (const auto type : {kPrimaryDns, kSecondaryDns}) {
    if (const auto a = m.Address(type, kCisco3000)) out.dns.push_back(*a);
  }
  for (const auto type : {kPrimaryWins, kSecondaryWins}) {
    if (const auto a = m.Address(type, kCisco3000)) out.wins.push_back(*a);
  }
  return out;
}

}  // namespace sallyport
