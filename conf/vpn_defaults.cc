#include "conf/vpn_defaults.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

// `text` is what an ASA prints; what stands before '|' (or all of it) says which line it is the default of.
struct Default {
  const char* text;
  int since = 0, until = 9999;
};

constexpr const char* kDenied =
    "deny-message| value Login was successful, but because certain criteria have not been met or due to some specific group policy, "
    "you do not have permission to use any of the VPN features. Contact your IT administrator for more information";

constexpr Default kPolicy[] = {
    {"banner| none"},
    {"wins-server| none"},
    {"dns-server| none"},
    {"dhcp-network-scope| none"},
    {"vpn-access-hours| none"},
    {"vpn-simultaneous-logins| 3"},
    {"vpn-idle-timeout| 30"},
    {"vpn-idle-timeout alert-interval| 1", 900},
    {"vpn-session-timeout| none"},
    {"vpn-session-timeout alert-interval| 1", 900},
    {"vpn-filter| none"},
    {"ipv6-vpn-filter| none", 800, 806},
    {"vpn-tunnel-protocol| IPSec", 0, 701},
    {"vpn-tunnel-protocol| IPSec l2tp-ipsec", 702, 702},
    {"vpn-tunnel-protocol| IPSec l2tp-ipsec webvpn", 800, 803},
    {"vpn-tunnel-protocol| ikev1 ikev2 l2tp-ipsec ssl-clientless", 804},
    {"password-storage| disable"},
    {"ip-comp| disable"},
    {"re-xauth| disable"},
    {"group-lock| none"},
    {"pfs| disable"},
    {"ipsec-udp| disable"},
    {"ipsec-udp-port| 10000"},
    {"split-tunnel-policy| tunnelall"},
    {"ipv6-split-tunnel-policy| tunnelall", 900},
    {"split-tunnel-network-list| none"},
    {"default-domain| none"},
    {"split-dns| none"},
    {"split-tunnel-all-dns| disable", 802},
    {"intercept-dhcp| 255.255.255.255 disable"},
    {"secure-unit-authentication| disable"},
    {"user-authentication| disable"},
    {"user-authentication-idle-timeout| 30"},
    {"ip-phone-bypass| disable"},
    {"client-bypass-protocol| disable", 900},
    {"gateway-fqdn| none", 900},
    {"leap-bypass| disable"},
    {"nem| disable"},
    {"backup-servers| keep-client-config"},
    {"msie-proxy server| none", 702},
    {"msie-proxy method| no-modify", 702},
    {"msie-proxy except-list| none", 702},
    {"msie-proxy local-bypass| disable", 702},
    {"msie-proxy pac-url| none", 802},
    {"msie-proxy lockdown| enable", 802},
    {"nac| disable", 702, 702},
    {"nac-sq-period| 300", 702, 702},
    {"nac-reval-period| 36000", 702, 702},
    {"nac-default-acl| none", 702, 702},
    {"vlan| none", 800},
    {"nac-settings| none", 800, 907},
    {"address-pools| none", 702},
    {"ipv6-address-pools| none", 800},
    {"smartcard-removal-disconnect| enable", 800},
    {"scep-forwarding-url| none", 804},
    {"security-group-tag| none", 903},
    {"periodic-authentication certificate| none", 904},
    {"client-firewall| none"},
    {"client-access-rule| none"},
};

constexpr Default kPolicyWeb[] = {
    {"functions| url-entry", 0, 702},
    {"url-list| none"},
    {"filter| none"},
    {"homepage| none"},
    {"html-content-filter| none"},
    {"port-forward name| Application Access", 800},
    {"port-forward| disable", 800},
    {"http-proxy| disable", 800},
    {"sso-server| none", 701},
    {"svc dtls enable", 800, 803},
    {"svc mtu| 1406", 800, 803},
    {"svc keep-installer| installed", 701, 803},
    {"svc keepalive| 20", 800, 803},
    {"svc rekey time| none", 701, 803},
    {"svc rekey method| none", 701, 803},
    {"svc dpd-interval client| 30", 800, 803},
    {"svc dpd-interval gateway| 30", 800, 803},
    {"svc compression| deflate", 701, 803},
    {"svc modules| none", 800, 803},
    {"svc profiles| none", 800, 803},
    {"svc ask| none default webvpn", 800, 803},
    {"anyconnect ssl dtls| enable", 804},
    {"anyconnect mtu| 1406", 804},
    {"anyconnect firewall-rule client-interface private| none", 804},
    {"anyconnect firewall-rule client-interface public| none", 804},
    {"anyconnect keep-installer| installed", 804},
    {"anyconnect ssl keepalive| 20", 804},
    {"anyconnect ssl rekey time| none", 804},
    {"anyconnect ssl rekey method| none", 804},
    {"anyconnect dpd-interval client| 30", 804},
    {"anyconnect dpd-interval gateway| 30", 804},
    {"anyconnect ssl compression| none", 804},
    {"anyconnect dtls compression| none", 804},
    {"anyconnect modules| none", 804},
    {"anyconnect profiles| none", 804},
    {"anyconnect ask| none default webvpn", 804},
    {"customization| none", 800},
    {"keep-alive-ignore| 4"},
    {"http-comp| gzip"},
    {"download-max-size| 2147483647", 800},
    {"upload-max-size| 2147483647", 800},
    {"post-max-size| 2147483647", 800},
    {"user-storage| none", 800},
    {"storage-objects| value cookies,credentials", 800},
    {"storage-key| none", 800},
    {"hidden-shares| none", 800},
    {"smart-tunnel| disable", 800},
    {"activex-relay| enable", 800},
    {"unix-auth-uid| 65534", 802},
    {"unix-auth-gid| 65534", 802},
    {"file-entry| enable", 800},
    {"file-browsing| enable", 800},
    {"url-entry| enable", 800},
    {kDenied},
    {"smart-tunnel auto-signon| disable", 804},
    {"anyconnect ssl df-bit-ignore| disable", 804},
    {"anyconnect routing-filtering-ignore| disable", 804},
    {"smart-tunnel tunnel-policy| tunnelall", 804},
    {"always-on-vpn| profile-setting", 804},
};

constexpr Default kL2lGeneral[] = {
    {"no accounting-server-group"},
    {"default-group-policy| DfltGrpPolicy"},
};
constexpr Default kL2lIpsec[] = {
    {"no pre-shared-key", 0, 803},
    {"no ikev1 pre-shared-key", 804},
    {"peer-id-validate| req"},
    {"no chain"},
    {"no trust-point", 0, 803},
    {"no ikev1 trust-point", 804},
    {"isakmp keepalive| threshold 10 retry 2"},
    {"no ikev2 remote-authentication", 804},
    {"no ikev2 local-authentication", 804},
};
constexpr Default kRaGeneral[] = {
    {"no address-pool"},
    {"no ipv6-address-pool", 800},
    {"authentication-server-group| LOCAL"},
    {"secondary-authentication-server-group| none", 802},
    {"no accounting-server-group"},
    {"default-group-policy| DfltGrpPolicy"},
    {"no dhcp-server"},
    {"no strip-realm"},
    {"no nat-assigned-to-public-ip", 804},
    {"no scep-enrollment enable", 804},
    {"no password-management"},
    {"no override-account-disable"},
    {"no strip-group"},
    {"no authorization-required"},
    {"username-from-certificate| CN OU", 800},
    {"secondary-username-from-certificate| CN OU", 802},
    {"authentication-attr-from-server| primary", 802},
    {"authenticated-session-username| primary", 802},
};
constexpr Default kRaWebvpn[] = {
    {"customization| DfltCustomization", 702},
    {"authentication| aaa"},
    {"no override-svc-download", 800},
    {"no radius-reject-message", 800},
    {"no proxy-auth sdi", 802},
    {"no pre-fill-username ssl-client", 802},
    {"no pre-fill-username clientless", 802},
    {"no secondary-pre-fill-username ssl-client", 802},
    {"no secondary-pre-fill-username clientless", 802},
    {"dns-group| DefaultDNS", 702},
    {"no without-csd", 802},
};
constexpr Default kRaIpsec[] = {
    {"no pre-shared-key", 0, 803},
    {"no ikev1 pre-shared-key", 804},
    {"peer-id-validate| req"},
    {"no chain"},
    {"no trust-point", 0, 803},
    {"no ikev1 trust-point", 804},
    {"no radius-sdi-xauth", 800, 803},
    {"no ikev1 radius-sdi-xauth", 804},
    {"isakmp keepalive| threshold 300 retry 2"},
    {"isakmp ikev1-user-authentication| xauth", 702, 803},
    {"ikev1 user-authentication| xauth", 804},
    {"no ikev2 remote-authentication", 804},
    {"no ikev2 local-authentication", 804},
};
constexpr Default kRaPpp[] = {
    {"no authentication pap"},
    {"authentication chap"},
    {"authentication ms-chap-v1"},
    {"no authentication ms-chap-v2"},
    {"no authentication eap-proxy"},
};

// The TCP normalizer's. Options that have names of their own from 9.6 on are in none of its ranges then.
constexpr Default kTcpMap[] = {
    {"no check-retransmission"},
    {"no checksum-verification"},
    {"exceed-mss| drop", 0, 701},
    {"exceed-mss| allow", 702},
    {"queue-limit| 0 timeout 4"},
    {"reserved-bits| allow"},
    {"syn-data| allow"},
    {"synack-data| drop", 702},
    {"invalid-ack| drop", 702},
    {"seq-past-window| drop", 702},
    {"tcp-options range 6 7| clear"},
    {"tcp-options range 9 255| clear", 0, 905},
    {"tcp-options range 9 18| clear", 906},
    {"tcp-options range 20 255| clear", 906},
    {"tcp-options selective-ack| allow"},
    {"tcp-options timestamp| allow"},
    {"tcp-options window-scale| allow"},
    {"tcp-options mss| allow", 906},
    {"tcp-options md5| allow", 906},
    {"ttl-evasion-protection"},
    {"urgent-flag| clear"},
    {"window-variation| allow-connection"},
};

// An entry of a crypto map, behind "crypto map NAME N ".
constexpr Default kMapEntry[] = {
    {"set connection-type| bidirectional"},
    {"set phase1-mode| main", 0, 803},
    {"set ikev1 phase1-mode| main", 804},
    {"set ikev2 mode| tunnel", 900},
    {"no set tfc-packets", 900},
};

// `webvpn`.
constexpr Default kWebvpn[] = {
    {"port| 443"},
    {"dtls port| 443", 800},
    {"memory-size| percent 50", 800},
    {"default-idle-timeout| 1800"},
    {"no anyconnect-essentials", 802},
    {"no svc enable", 701, 803},
    {"no csd enable", 701, 906},
    {"no hostscan enable", 907},
    {"no anyconnect enable", 804},
    {"no tunnel-group-list enable", 800},
    {"no tunnel-group-preference group-url", 804},
    {"no error-recovery disable", 900},
};

constexpr Default kSsl[] = {
    {"ssl server-version| any", 0, 902},
    {"ssl client-version| any", 0, 902},
    {"ssl encryption| rc4-sha1 aes128-sha1 aes256-sha1 3des-sha1", 0, 899},
    {"ssl encryption| rc4-sha1 dhe-aes128-sha1 dhe-aes256-sha1 aes128-sha1 aes256-sha1 3des-sha1", 900, 902},
    {"ssl server-version| tlsv1", 903, 909},
    {"ssl server-version| tlsv1 dtlsv1", 910},
    {"ssl client-version| tlsv1", 903},
    {"ssl cipher default| medium", 903},
    {"ssl cipher tlsv1| medium", 903},
    {"ssl cipher tlsv1.1| medium", 903},
    {"ssl cipher tlsv1.2| medium", 903},
    {"ssl cipher dtlsv1| medium", 903},
    {"ssl cipher dtlsv1.2| medium", 910},
    {"ssl dh-group| group2", 903, 912},
    {"ssl dh-group| group14", 913},
    {"ssl ecdh-group| group19", 903},
    {"ssl certificate-authentication fca-timeout| 2", 800},
};

// `aaa-server`: groups, and hosts of a protocol.
constexpr Default kAaaGroup[] = {
    {"accounting-mode| single"},
    {"reactivation-mode| depletion deadtime 10"},
    {"max-failed-attempts| 3"},
};
constexpr Default kOtherAaaGroup[] = {  // of protocols without accounting
    {"reactivation-mode| depletion deadtime 10"},
    {"max-failed-attempts| 3"},
};
constexpr Default kRadiusHost[] = {
    {"retry-interval| 10"},
    {"timeout| 10"},
    {"authentication-port| 1645"},
    {"accounting-port| 1646"},
    {"acl-netmask-convert| standard"},
};
constexpr Default kLdapHost[] = {
    {"timeout| 10"},
    {"server-port| 389"},
    {"ldap-scope| onelevel"},
    {"no ldap-over-ssl enable"},
    {"server-type| auto-detect"},
};

std::string_view DefaultWithoutNo(std::string_view text) { return text.starts_with("no ") ? text.substr(3) : text; }
std::string_view KeyOf(const Default& d) {
  const std::string_view t = DefaultWithoutNo(d.text);
  return t.substr(0, t.find('|'));
}
std::string TextOf(const Default& d) {
  std::string t(d.text);
  if (const std::size_t bar = t.find('|'); bar != std::string::npos) t.erase(bar, 1);
  return t;
}

// The defaults that none of `said` stands for. A line stands for the longest beginning that fits it.
std::vector<const Default*> Missing(std::span<const Default> defaults, int release, const std::vector<std::string_view>& said) {
  std::vector<const Default*> out;
  for (const Default& d : defaults) {
    if (release >= d.since && release <= d.until) out.push_back(&d);
  }
  std::vector<std::string_view> there;
  for (const std::string_view line : said) {
    std::string_view best;
    for (const Default* d : out) {
      const std::string_view key = KeyOf(*d), text = DefaultWithoutNo(line);
      if (text.starts_with(key) && (text.size() == key.size() || text[key.size()] == ' ') && key.size() > best.size()) best = key;
    }
    there.push_back(best);
  }
  std::erase_if(out, [&](const Default* d) { return std::find(there.begin(), there.end(), KeyOf(*d)) != there.end(); });
  return out;
}

std::vector<std::string_view> LinesBelow(const Line* parent) {
  std::vector<std::string_view> out;
  if (parent != nullptr) {
    for (const auto& l : parent->lines) out.push_back(l->text);
  }
  return out;
}

void Below(const LineTree& tree, Section section, const std::string& parent, std::span<const Default> defaults, int release,
           std::vector<std::string>& out) {
  out.push_back(parent);
  for (const Default* d : Missing(defaults, release, LinesBelow(tree.Find(section, parent)))) out.push_back(TextOf(*d));
}

void CryptoMaps(const LineTree& tree, int release, std::vector<std::string>& out) {
  std::vector<std::pair<std::string, std::vector<std::string_view>>> entries;  // "crypto map X 10 ", what is behind it
  for (const auto& l : tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("crypto map ") || !f->Has("seq")) continue;
    const std::string begins = "crypto map " + std::string(f->Get("name")) + " " + std::string(f->Get("seq")) + " ";
    auto at = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.first == begins; });
    if (at == entries.end()) at = entries.insert(entries.end(), {begins, {}});
    at->second.push_back(std::string_view(l->text).substr(begins.size()));
  }
  for (const auto& [begins, said] : entries) {
    const bool dynamic = std::any_of(said.begin(), said.end(), [](std::string_view s) { return s.starts_with("ipsec-isakmp dynamic"); });
    if (dynamic) continue;
    for (const Default* d : Missing(kMapEntry, release, said)) {
      const std::string text = TextOf(*d);
      out.push_back(text.starts_with("no ") ? "no " + begins + text.substr(3) : begins + text);
    }
  }
}

// What IKE and IPsec do when nobody says otherwise.
constexpr Default kCryptoGlobal[] = {
    {"crypto ipsec security-association lifetime seconds| 28800"},
    {"crypto ipsec security-association lifetime kilobytes| 4608000"},
    {"crypto ipsec security-association pmtu-aging| infinite", 900},
    {"crypto isakmp identity| auto", 702},
    {"crypto isakmp nat-traversal| 20", 800},
    {"crypto ikev2 cookie-challenge| 50", 804},
    {"crypto ikev2 limit max-in-negotiation-sa| 100", 804},
    {"crypto ikev2 redirect| during-auth", 804},
    {"crypto ikev1 limit max-in-negotiation-sa| 100", 804},
};

void CryptoGlobals(const LineTree& tree, int release, std::vector<std::string>& out) {
  std::vector<std::string_view> said;
  for (const auto& l : tree.Of(Section::kCrypto)) said.push_back(l->text);
  for (const Default* d : Missing(kCryptoGlobal, release, said)) out.push_back(TextOf(*d));
  for (const auto& i : tree.Of(Section::kInterface)) {
    const auto* name = i->First<NameifLine>();
    if (name == nullptr) continue;
    for (const auto& [begins, otherwise] : {std::pair("crypto ipsec fragmentation ", "before-encryption "), std::pair("crypto ipsec df-bit ", "copy-df ")}) {
      const std::string of = begins, tail = " " + name->name;
      const bool there = std::any_of(said.begin(), said.end(), [&](std::string_view s) { return s.starts_with(of) && s.ends_with(tail); });
      if (!there) out.push_back(of + std::string(otherwise) + name->name);
    }
  }
}

void AaaServers(const LineTree& tree, int release, std::vector<std::string>& out) {
  std::map<std::string, std::string, std::less<>> protocols;
  for (const auto& l : tree.Of(Section::kAaaServer)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (f->Has("protocol")) protocols[std::string(f->Get("group"))] = f->Get("protocol");
    const std::string& protocol = protocols[std::string(f->Get("group"))];
    const bool radius = protocol == "radius";
    if (!f->Has("host")) {
      std::span<const Default> defaults = kOtherAaaGroup;
      if (radius || protocol == "tacacs+") defaults = kAaaGroup;
      Below(tree, Section::kAaaServer, l->text, defaults, release, out);
    } else if (radius || protocol == "ldap") {
      std::span<const Default> defaults = kRadiusHost;
      if (!radius) defaults = kLdapHost;
      // A key or a time in the line itself is one that the sub-mode could say, too.
      std::vector<std::string_view> said = LinesBelow(l.get());
      if (f->Has("seconds")) said.push_back("timeout 0");
      out.push_back(l->text);
      for (const Default* d : Missing(defaults, release, said)) {
        // LDAPS has a port of its own.
        const bool ldaps = std::any_of(said.begin(), said.end(), [](std::string_view t) { return t.starts_with("ldap-over-ssl "); });
        out.push_back(ldaps && std::string_view(d->text).starts_with("server-port") ? "server-port 636" : TextOf(*d));
      }
    }
  }
}

void TunnelGroupDefaults(const LineTree& tree, int release, const std::string& name, const std::string& type, std::vector<std::string>& out) {
  const std::string group = "tunnel-group " + name;
  constexpr Section s = Section::kTunnelGroup;
  if (tree.Find(s, group) == nullptr) out.push_back(group + " type " + type);
  const bool l2l = type == "ipsec-l2l";
  if (l2l) Below(tree, s, group + " general-attributes", kL2lGeneral, release, out);
  else Below(tree, s, group + " general-attributes", kRaGeneral, release, out);
  if (!l2l && type != "ipsec-ra") Below(tree, s, group + " webvpn-attributes", kRaWebvpn, release, out);
  if (l2l) Below(tree, s, group + " ipsec-attributes", kL2lIpsec, release, out);
  else if (type != "webvpn") Below(tree, s, group + " ipsec-attributes", kRaIpsec, release, out);
  if (!l2l && type != "webvpn") Below(tree, s, group + " ppp-attributes", kRaPpp, release, out);
}

}  // namespace

std::vector<std::string> VpnDefaults(const LineTree& tree, int release) {
  std::vector<std::string> out;
  for (const auto& l : tree.Of(Section::kTcpMap)) Below(tree, Section::kTcpMap, l->text, kTcpMap, release, out);
  CryptoMaps(tree, release, out);
  CryptoGlobals(tree, release, out);
  if (release >= 701) Below(tree, Section::kWebvpn, "webvpn", kWebvpn, release, out);
  AaaServers(tree, release, out);
  std::vector<std::string_view> ssl;
  for (const auto& l : tree.Of(Section::kSsl)) ssl.push_back(l->text);
  for (const Default* d : Missing(kSsl, release, ssl)) out.push_back(TextOf(*d));

  const std::string policy = "group-policy DfltGrpPolicy";
  if (tree.Find(Section::kGroupPolicy, policy) == nullptr) out.push_back(policy + " internal");
  Below(tree, Section::kGroupPolicy, policy + " attributes", kPolicy, release, out);
  out.emplace_back("webvpn");
  const Line* attributes = tree.Find(Section::kGroupPolicy, policy + " attributes");
  for (const Default* d : Missing(kPolicyWeb, release, LinesBelow(attributes == nullptr ? nullptr : attributes->Find("webvpn")))) {
    out.push_back(TextOf(*d));
  }

  // Releases with one kind of remote-access group have it for all three clients.
  const bool one_kind = release >= 800;
  TunnelGroupDefaults(tree, release, "DefaultL2LGroup", "ipsec-l2l", out);
  TunnelGroupDefaults(tree, release, "DefaultRAGroup", one_kind ? "remote-access" : "ipsec-ra", out);
  if (release >= 701) TunnelGroupDefaults(tree, release, "DefaultWEBVPNGroup", one_kind ? "remote-access" : "webvpn", out);
  for (const auto& l : tree.Of(Section::kTunnelGroup)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !f->Has("type") || f->Get("name").starts_with("Default")) continue;
    TunnelGroupDefaults(tree, release, std::string(f->Get("name")), std::string(f->Get("type")), out);
  }
  return out;
}

}  // namespace sallyport
