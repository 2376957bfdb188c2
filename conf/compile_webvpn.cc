// SslPolicy out of the configuration's lines: `webvpn`, `ssl`, `vpn load-balancing`, limits, and the connection profiles of SSL
// clients. What group policies and users say of clients: compile_ssl_rules.cc.
#include <algorithm>
#include <cctype>

#include "conf/compile_vpn.h"
#include "conf/ssl_ciphers.h"

namespace sallyport {
namespace {

// "disk0:/anyconnect-win-3.1.01065-k9.pkg" -> "anyconnect-win-3.1.01065-k9.pkg"
std::string FileOn(std::string_view path) {
  const std::size_t colon = path.find(":/");
  return std::string(colon == std::string_view::npos ? path : path.substr(colon + 2));
}

// The version in the name of a package: the first numbers with at least two dots between them.
std::string VersionIn(std::string_view file) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t i = 0; i < file.size(); i++) {
    if (!digit(file[i]) || (i > 0 && (digit(file[i - 1]) || file[i - 1] == '.'))) continue;
    std::size_t end = i;
    while (end < file.size() && (digit(file[end]) || (file[end] == '.' && end + 1 < file.size() && digit(file[end + 1])))) end++;
    const std::string_view v = file.substr(i, end - i);
    if (std::count(v.begin(), v.end(), '.') >= 2) return std::string(v);
    i = end;
  }
  return {};
}

void ReadHsts(const Line& line, SslPolicy& out) {
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    const std::string_view t = l->text;
    if (t.starts_with("hsts-server")) ReadHsts(*l, out);
    else if (t == "enable") out.hsts = true;
    else if (t == "no include-sub-domains") out.hsts_subdomains = false;
    else if (t == "preload") out.hsts_preload = true;
    else if (f != nullptr && t.starts_with("max-age ")) out.hsts_max_age_s = static_cast<std::uint32_t>(f->Int("seconds").value_or(0));
  }
}

void ReadWebvpn(const VpnSource& from, const Line& line, SslPolicy& out) {
  bool scan_image = false, scan = false;
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    const auto number = [&](std::string_view field, auto& to) {
      if (const auto n = f->Int(field)) to = static_cast<std::remove_reference_t<decltype(to)>>(*n);
    };
    if (t.starts_with("port ")) number("port", out.port);
    else if (t.starts_with("dtls port ")) number("port", out.dtls_port);
    else if (t.starts_with("enable ")) {
      const IfId at = from.InterfaceOf(f->Get("interface"));
      if (at != IfId::kAny) out.enabled.push_back({at, f->Has("tls-only")});
    } else if (t.starts_with("default-idle-timeout ")) number("seconds", out.default_idle_s);
    else if (t == "svc enable" || t == "anyconnect enable") out.client_enabled = true;
    else if (t == "anyconnect-essentials") out.essentials = true;
    else if (t == "tunnel-group-list enable") out.group_list = true;
    else if (t.starts_with("svc image ") || t.starts_with("anyconnect image ")) {
      SslPolicy::Image i;
      i.order = static_cast<int>(f->Int("order").value_or(65535));  // none: behind those that have one
      i.file = FileOn(f->Get("image"));
      i.version = VersionIn(i.file);
      i.regex = f->Get("regex");
      if (i.regex.size() > 1 && i.regex.front() == '"' && i.regex.back() == '"') i.regex = i.regex.substr(1, i.regex.size() - 2);
      out.images.push_back(std::move(i));
    } else if (t.starts_with("svc profiles ") || t.starts_with("anyconnect profiles ")) {
      out.profiles[std::string(f->Get("name"))] = FileOn(f->Get("file"));
    } else if (t.starts_with("certificate-group-map ")) {
      out.certificate_groups.push_back({std::string(f->Get("map")), static_cast<std::uint32_t>(f->Int("index").value_or(0)), std::string(f->Get("group"))});
    } else if (t == "hostscan enable" || t == "csd enable" || t == "csd hostscan enable") scan = true;
    else if (t.starts_with("hostscan image ") || t.starts_with("csd image ") || t.starts_with("csd hostscan image ")) scan_image = true;
    else if (t == "http-headers" || t == "hsts") ReadHsts(*l, out);
  }
  out.hostscan = scan && scan_image;
  std::stable_sort(out.images.begin(), out.images.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  std::stable_sort(out.certificate_groups.begin(), out.certificate_groups.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
}

// --- `ssl`

int TlsOf(std::string_view word) {
  return word == "tlsv1.1" ? 0x0302 : word == "tlsv1.2" ? 0x0303 : word == "tlsv1.3" ? 0x0304 : 0x0301;
}

struct CipherSettings {
  std::vector<std::string> encryption;  // `ssl encryption`: OpenSSL's names, in order
  std::map<std::string, std::string, std::less<>> levels;  // by version's word: a level's word, or ":" and a custom list
};

std::vector<std::string> CiphersFor(const CipherSettings& s, std::string_view version, SslVersion bit) {
  auto said = s.levels.find(version);
  if (said == s.levels.end()) said = s.levels.find("default");
  if (said == s.levels.end()) return SslCiphersOf(SslLevel::kMedium, bit);
  if (said->second.starts_with(':')) return SslCiphersOf(std::string_view(said->second).substr(1), bit);
  return SslCiphersOf(SslLevelOf(said->second).value_or(SslLevel::kMedium), bit);
}

// The names of TLS 1.3 suites that a `custom` list names; all of them otherwise.
std::string Tls13Ciphers(const CipherSettings& s) {
  constexpr std::string_view kAll = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
  const auto said = s.levels.find("tlsv1.3");
  if (said == s.levels.end() || !said->second.starts_with(':')) {
    return std::string(said != s.levels.end() && said->second == "high" ? kAll.substr(0, kAll.rfind(':')) : kAll);
  }
  std::string out, rest = said->second.substr(1);
  while (!rest.empty()) {
    const std::string name = rest.substr(0, rest.find(':'));
    rest.erase(0, name.size() + 1);
    if (!name.empty() && kAll.find(name) != std::string_view::npos) out += (out.empty() ? "" : ":") + name;
  }
  return out;
}

void ReadSsl(const VpnSource& from, SslPolicy& out) {
  CipherSettings ciphers;
  // Up to 9.2 the oldest client is served; what is negotiated is the best that both have. `tlsv1` and `tlsv1-only` are TLS 1.0.
  const bool levels = from.release >= 903;
  out.min_tls = 0x0301;
  out.max_tls = from.release >= 919 ? 0x0304 : 0x0303;
  out.dh_group = from.release >= 913 ? 14 : 2;
  for (const auto& l : from.tree.Of(Section::kSsl)) {
    const auto* f = l->As<FieldLine>();
    const auto t = Behind(l->text, "ssl ");
    if (f == nullptr || !t) continue;
    const auto after = [&](std::string_view words) { return t->starts_with(words); };
    if (after("server-version ")) {
      const std::string_view word = t->substr(15, t->substr(15).find(' '));
      out.min_tls = TlsOf(word);
      if (!levels && word.starts_with("tlsv1")) out.max_tls = 0x0301;
      if (f->Get("dtls") == "dtlsv1.2") out.min_dtls = 0xfefd;
    } else if (after("server-max-version ")) out.max_tls = TlsOf(t->substr(19, t->substr(19).find(' ')));
    else if (after("encryption ")) {
      for (const std::string_view word : f->List("ciphers")) {
        if (const SslCipher* c = SslCipherOfEncryption(word)) ciphers.encryption.emplace_back(c->name);
      }
    } else if (after("cipher ")) {
      std::string list(f->Get("ciphers"));
      std::erase(list, '"');
      const std::size_t last = t->rfind(' ');
      ciphers.levels[std::string(f->Get("version"))] = f->Has("custom") ? ":" + list : std::string(t->substr(last + 1));
    } else if (after("dh-group ")) out.dh_group = DhGroupOf(f->Get("group"));
    else if (after("ecdh-group ")) out.ecdh_group = DhGroupOf(f->Get("group"));
    else if (after("trust-point ")) {
      const std::string trustpoint(f->Get("trustpoint"));
      const IfId at = from.InterfaceOf(f->Get("interface"));
      if (!f->Has("interface")) {
        if (!f->Has("domain")) out.default_trustpoint = trustpoint;
      } else if (at != IfId::kAny) (f->Has("vpnlb-ip") ? out.balancing_trustpoint : out.trustpoint)[at] = trustpoint;
    } else if (after("certificate-authentication interface ")) {
      const IfId at = from.InterfaceOf(f->Get("interface"));
      if (at != IfId::kAny && f->Int("port").value_or(443) == out.port) out.certificate_on.insert(at);
    }
  }
  if (!levels) {
    if (ciphers.encryption.empty()) {
      ciphers.encryption = {"RC4-SHA", "AES128-SHA", "AES256-SHA", "DES-CBC3-SHA"};
      if (from.release >= 900) ciphers.encryption.insert(ciphers.encryption.begin() + 1, {"DHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA"});
    }
    out.tls_ciphers = out.dtls1_ciphers = JoinKnown(ciphers.encryption);
    out.dtls12_ciphers = out.dtls1_ciphers;
    out.tls13_ciphers = "";
    return;
  }
  // One list for all versions: the newest version's suites come first, so that it gets its own.
  std::vector<std::string> tls;
  const auto add = [&](int version, std::string_view word, SslVersion bit) {
    if (out.min_tls > version || out.max_tls < version) return;
    const std::vector<std::string> more = CiphersFor(ciphers, word, bit);
    tls.insert(tls.end(), more.begin(), more.end());
  };
  add(0x0303, "tlsv1.2", kSslTls12);
  add(0x0302, "tlsv1.1", kSslTls11);
  add(0x0301, "tlsv1", kSslTls10);
  out.tls_ciphers = JoinKnown(tls);
  out.tls13_ciphers = out.max_tls >= 0x0304 ? Tls13Ciphers(ciphers) : "";
  out.dtls1_ciphers = JoinKnown(CiphersFor(ciphers, "dtlsv1", kSslDtls10));
  out.dtls12_ciphers = JoinKnown(CiphersFor(ciphers, "dtlsv1.2", kSslDtls12));
}

// --- load balancing, limits

void ReadBalancing(const VpnSource& from, SslPolicy::Balancing& out) {
  const Line* all = from.tree.Find(Section::kVpnLoadBalancing, "vpn load-balancing");
  if (all == nullptr) return;
  for (const auto& l : all->lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t == "participate") out.participate = true;
    else if (t == "cluster encryption") out.encryption = true;
    else if (t == "redirect-fqdn enable") out.redirect_fqdn = true;
    else if (t.starts_with("priority ")) out.priority = static_cast<std::uint8_t>(f->Int("priority").value_or(5));
    else if (t.starts_with("interface lbpublic ")) out.outside = from.InterfaceOf(f->Get("interface"));
    else if (t.starts_with("interface lbprivate ")) out.inside = from.InterfaceOf(f->Get("interface"));
    else if (t.starts_with("nat ")) out.nat = from.AddressOf(f->Get("address")).value_or(IpAddress{});
    else if (t.starts_with("cluster key ")) out.key = IsMask(f->Get("key")) ? "" : std::string(f->Get("key"));
    else if (t.starts_with("cluster port ")) out.port = static_cast<std::uint16_t>(f->Int("port").value_or(9023));
    else if (t.starts_with("cluster ip address ")) {
      const auto addresses = f->List("addresses");
      if (!addresses.empty()) out.cluster = from.AddressOf(addresses.front()).value_or(IpAddress{});
    }
  }
}

void ReadSettings(const VpnSource& from, SslPolicy& out) {
  for (const auto& l : from.tree.Of(Section::kVpnSettings)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("vpn-sessiondb max-webvpn-session-limit ") || l->text.starts_with("vpn-sessiondb max-anyconnect-premium-or-essentials-limit ")) {
      out.max_ssl_sessions = static_cast<std::uint32_t>(f->Int("number").value_or(0));
    }
    if (l->text.starts_with("emulate bug ")) out.emulated_bugs.insert(std::string(f->Get("bug")));
  }
}

// --- connection profiles

using Group = SslPolicy::Group;

void ReadSslGeneral(const VpnSource& from, std::string_view t, const FieldLine& f, Group& g) {
  if (t.starts_with("secondary-authentication-server-group ")) {
    g.secondary_servers = f.Has("none") ? "" : std::string(f.Get("group"));
    g.secondary_uses_primary_name = f.Has("use-primary-username");
  } else if (t.starts_with("authorization-server-group ")) g.authorization_servers = f.Has("none") ? "" : std::string(f.Get("group"));
  else if (t.starts_with("authorization-required")) g.authorization_required = true;
  else if (t.starts_with("username-from-certificate ")) {
    std::string_view words = f.Get("text");
    const std::size_t blank = words.find(' ');
    g.name_from[0] = words.substr(0, blank);
    g.name_from[1] = blank == std::string_view::npos ? "" : words.substr(blank + 1);
  } else if (t.starts_with("password-management")) {
    g.password_management = true;
    g.password_warning_days = static_cast<std::uint32_t>(f.Int("days").value_or(14));
  } else if (t.starts_with("dhcp-server ")) {
    for (const std::string_view s : f.List("servers")) {
      if (const auto a = from.AddressOf(s)) g.dhcp_servers.push_back(*a);
    }
  } else if (t.starts_with("ipv6-address-pool ")) {
    g.ipv6_pools.clear();
    for (const std::string_view p : f.List("pools")) g.ipv6_pools.emplace_back(p);
  }
}

void ReadSslAttributes(std::string_view t, const FieldLine& f, Group& g) {
  const auto alias = [&](std::string_view field) { return SslPolicy::Alias{std::string(f.Get(field)), f.Has("enable")}; };
  if (t.starts_with("authentication ")) {
    const bool aaa = f.Has("aaa"), certificate = f.Has("certificate") || f.Has("multiple-certificate");
    g.auth = aaa && certificate ? Group::Auth::kBoth : certificate ? Group::Auth::kCertificate : Group::Auth::kAaa;
  } else if (t.starts_with("group-alias ")) g.aliases.push_back(alias("alias"));
  else if (t.starts_with("group-url ")) g.urls.push_back(alias("url"));
  else if (t.starts_with("pre-fill-username clientless")) g.prefill_clientless = true;
  else if (t.starts_with("pre-fill-username ")) g.prefill_ssl = true;
  else if (t.starts_with("radius-reject-message")) g.radius_reject_message = true;
  else if (t.starts_with("without-csd")) (f.Has("anyconnect") ? g.anyconnect_without_csd : g.without_csd) = true;
}

void SslGroups(const VpnSource& from, VpnPolicy& out) {
  const auto fresh = [] {
    Group g;
    g.name_from[0] = "CN";
    g.name_from[1] = "OU";
    return g;
  };
  for (const auto& [name, group] : out.groups) {
    if (group.type != TunnelGroup::Type::kLanToLan) out.ssl.groups.emplace(name, fresh());
  }
  for (const auto& l : from.tree.Of(Section::kTunnelGroup)) {
    const auto* head = l->As<FieldLine>();
    if (head == nullptr) continue;
    const auto group = out.ssl.groups.find(std::string(head->Get("name")));
    if (group == out.ssl.groups.end()) continue;
    const bool general = l->text.ends_with(" general-attributes"), attributes = l->text.ends_with(" webvpn-attributes");
    for (const auto& below : l->lines) {
      const auto* f = below->As<FieldLine>();
      if (f != nullptr && general) ReadSslGeneral(from, below->text, *f, group->second);
      if (f != nullptr && attributes) ReadSslAttributes(below->text, *f, group->second);
    }
  }
}

}  // namespace

bool SslIsServed(const VpnSource& from) {
  const Line* l = from.tree.Find(Section::kWebvpn, "webvpn");
  return l != nullptr && std::any_of(l->lines.begin(), l->lines.end(), [](const auto& below) { return below->text.starts_with("enable "); });
}

void CompileSsl(const VpnSource& from, VpnPolicy& out) {
  SslPolicy& ssl = out.ssl;
  if (const Line* l = from.tree.Find(Section::kWebvpn, "webvpn")) ReadWebvpn(from, *l, ssl);
  ReadSsl(from, ssl);
  ReadBalancing(from, ssl.balancing);
  ReadSettings(from, ssl);
  SslGroups(from, out);
}

}  // namespace sallyport
