// IKE: its policies in the syntax of three eras, where it answers, how it behaves; trustpoints and certificate maps.
#include <algorithm>

#include <openssl/evp.h>

#include "conf/compile_vpn.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kTcpPort = 10000;  // of `ipsec-over-tcp` without one

VpnCipher CipherOf(std::string_view word) {
  if (word == "des") return VpnCipher::kDes;
  if (word == "aes") return VpnCipher::kAes128;
  if (word == "aes-192") return VpnCipher::kAes192;
  if (word == "aes-256") return VpnCipher::kAes256;
  if (word == "aes-gcm") return VpnCipher::kAesGcm128;
  if (word == "aes-gcm-192") return VpnCipher::kAesGcm192;
  if (word == "aes-gcm-256") return VpnCipher::kAesGcm256;
  if (word == "null") return VpnCipher::kNone;
  return VpnCipher::k3Des;
}

VpnHash HashOf(std::string_view word) {
  if (word == "md5") return VpnHash::kMd5;
  if (word == "sha") return VpnHash::kSha1;
  if (word == "sha256") return VpnHash::kSha256;
  if (word == "sha384") return VpnHash::kSha384;
  if (word == "sha512") return VpnHash::kSha512;
  return VpnHash::kNone;
}

std::uint32_t LifetimeOf(const FieldLine& f) {
  return static_cast<std::uint32_t>(f.Int("seconds").value_or(0));  // `none`, `0`: unlimited
}

// One attribute, whichever line says it.
void ReadIkev1(std::string_view text, const FieldLine& f, Ikev1Policy& p) {
  if (f.Has("method")) p.auth = f.Get("method") == "rsa-sig" ? VpnAuth::kRsaCertificate
                               : f.Get("method") == "pre-share" ? VpnAuth::kPreSharedKeys : VpnAuth::kNone;
  if (f.Has("encryption")) p.cipher = CipherOf(f.Get("encryption"));
  if (f.Has("hash")) p.hash = HashOf(f.Get("hash"));
  if (f.Has("group")) p.group = DhGroupOf(f.Get("group"));
  if (text.starts_with("lifetime")) p.lifetime_s = LifetimeOf(f);
}

Ikev1Policy NewIkev1(std::uint32_t priority, int release) {
  Ikev1Policy p;
  p.priority = priority;
  p.group = DefaultPfsGroup(release);
  return p;
}

Ikev2Policy ReadIkev2(const Line& line, std::uint32_t priority, int release) {
  Ikev2Policy p;
  p.priority = priority;
  const auto words = [](const FieldLine& f, std::string_view field, auto of, auto& out) {
    if (!f.Has(field)) return;
    out.clear();
    for (const std::string_view w : f.List(field)) {
      const auto v = of(w);
      if (std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
    }
  };
  p.ciphers = {VpnCipher::k3Des};
  p.integrity = p.prfs = {VpnHash::kSha1};
  p.groups = {DefaultPfsGroup(release)};
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    words(*f, "encryption", CipherOf, p.ciphers);
    words(*f, "integrity", HashOf, p.integrity);
    words(*f, "prf", HashOf, p.prfs);
    words(*f, "group", DhGroupOf, p.groups);
    if (l->text.starts_with("lifetime")) p.lifetime_s = LifetimeOf(*f);
  }
  return p;
}

void Policies(const VpnSource& from, VpnPolicy& out) {
  std::map<std::uint32_t, Ikev1Policy> v1;
  std::map<std::uint32_t, Ikev2Policy> v2;
  for (const auto& l : from.tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !f->Has("priority")) continue;
    const auto n = static_cast<std::uint32_t>(f->Int("priority").value_or(0));
    if (l->text.starts_with("crypto ikev2 policy ")) {
      v2[n] = ReadIkev2(*l, n, from.release);
    } else if (l->text.starts_with("crypto isakmp policy ") || l->text.starts_with("crypto ikev1 policy ")) {
      Ikev1Policy& p = v1.try_emplace(n, NewIkev1(n, from.release)).first->second;
      for (const auto& below : l->lines) {
        if (const auto* b = below->As<FieldLine>()) ReadIkev1(below->text, *b, p);
      }
    } else if (const auto rest = Behind(l->text, "isakmp policy " + std::string(f->Get("priority")) + " ")) {
      ReadIkev1(*rest, *f, v1.try_emplace(n, NewIkev1(n, from.release)).first->second);
    }
  }
  for (const auto& [n, p] : v1) {
    if (p.auth != VpnAuth::kNone) out.ikev1_policies.push_back(p);  // crack and dsa-sig are not spoken here
  }
  for (const auto& [n, p] : v2) out.ikev2_policies.push_back(p);
}

void Identity(const FieldLine& f, VpnPolicy& out) {
  using I = VpnPolicy::Identity;
  out.identity = f.Has("address") ? I::kAddress : f.Has("hostname") ? I::kHostname : f.Has("key-id") ? I::kKeyId : I::kAuto;
  out.key_id = f.Get("id");
}

void TcpPorts(const FieldLine& f, VpnPolicy& out) {
  out.tcp_ports.clear();
  for (const std::string_view p : f.List("ports")) out.tcp_ports.push_back(static_cast<std::uint16_t>(std::stoi(std::string(p))));
  if (out.tcp_ports.empty()) out.tcp_ports.push_back(kTcpPort);
}

// Up to 100 a share of the sessions that the appliance holds, unless it says `value`.
std::uint32_t InNegotiation(const FieldLine& f) {
  const auto n = static_cast<std::uint32_t>(f.Int("number").value_or(0));
  return f.Has("value") || n > 100 ? n : n * kVpnSessionsHeld / 100;
}

// `crypto isakmp ...`, `isakmp ...`, `crypto ikev1 ...`, without their beginnings.
void Option(const VpnSource& from, std::string_view text, const FieldLine& f, VpnPolicy& out) {
  if (text.starts_with("identity ")) Identity(f, out);
  else if (text.starts_with("enable ")) {
    if (const IfId at = from.InterfaceOf(f.Get("interface")); at != IfId::kAny) out.ike[at].v1 = true;
  } else if (text.starts_with("nat-traversal")) {
    out.nat_traversal = true;
    out.nat_keepalive_s = static_cast<std::uint32_t>(f.Int("keepalive").value_or(20));
  } else if (text.starts_with("ipsec-over-tcp")) TcpPorts(f, out);
  else if (text.starts_with("am-disable")) out.aggressive_disabled = true;
  else if (text.starts_with("limit max-in-negotiation-sa ")) out.max_in_negotiation_v1 = InNegotiation(f);
}

void Ikev2Option(const VpnSource& from, std::string_view text, const FieldLine& f, VpnPolicy& out) {
  using C = VpnPolicy::Cookies;
  if (text.starts_with("enable ")) {
    if (const IfId at = from.InterfaceOf(f.Get("interface")); at != IfId::kAny) out.ike[at].v2 = true;
  } else if (text.starts_with("cookie-challenge ")) {
    out.cookies = f.Has("always") ? C::kAlways : f.Has("never") ? C::kNever : C::kPercent;
    if (const auto n = f.Int("percent")) out.cookie_percent = static_cast<std::uint32_t>(*n);
  } else if (text.starts_with("limit max-in-negotiation-sa ")) {
    out.max_in_negotiation_v2 = InNegotiation(f);
  } else if (text.starts_with("limit max-sa ")) out.max_sas_v2 = static_cast<std::uint32_t>(f.Int("number").value_or(0));
  else if (text.starts_with("fragmentation")) {
    out.ikev2_fragmentation = true;
    if (const auto n = f.Int("mtu")) out.ikev2_fragment_mtu = static_cast<std::uint32_t>(*n);
  }
}

void IpsecOption(const VpnSource& from, std::string_view text, const FieldLine& f, VpnPolicy& out) {
  if (const auto lifetime = Behind(text, "security-association lifetime ")) {
    std::optional<std::uint32_t> seconds, kilobytes;
    ReadLifetime(f, lifetime->starts_with("seconds"), seconds, kilobytes);
    out.lifetime_s = seconds.value_or(out.lifetime_s);
    out.lifetime_kb = kilobytes.value_or(out.lifetime_kb);
  } else if (text.starts_with("security-association replay disable")) out.replay_window = 0;
  else if (text.starts_with("security-association replay window-size ")) {
    out.replay_window = static_cast<std::uint32_t>(f.Int("packets").value_or(64));
  } else if (text.starts_with("security-association pmtu-aging ")) {
    out.pmtu_aging_minutes = static_cast<std::uint32_t>(f.Int("seconds").value_or(0));  // the command's unit is minutes
  } else if (text.starts_with("df-bit ")) {
    if (const IfId at = from.InterfaceOf(f.Get("interface")); at != IfId::kAny) out.df[at] = DfPolicyOf(f.Get("df"));
  } else if (text.starts_with("fragmentation ")) {
    if (const IfId at = from.InterfaceOf(f.Get("interface")); at != IfId::kAny) out.fragment_after[at] = f.Get("when") == "after-encryption";
  }
}

void Options(const VpnSource& from, VpnPolicy& out) {
  out.nat_traversal = from.release >= 800;
  out.ikev2_fragmentation = from.release >= 903;
  for (const auto& l : from.tree.Of(Section::kCrypto)) {
    if (l->text == "no crypto isakmp nat-traversal" || l->text == "no isakmp nat-traversal") out.nat_traversal = false;
    if (l->text.starts_with("no crypto ikev2 fragmentation")) out.ikev2_fragmentation = false;
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (const auto ipsec = Behind(l->text, "crypto ipsec ")) IpsecOption(from, *ipsec, *f, out);
    else if (const auto v2 = Behind(l->text, "crypto ikev2 ")) Ikev2Option(from, *v2, *f, out);
    else {
      for (const std::string_view begins : {"isakmp ", "crypto isakmp ", "crypto ikev1 "}) {
        if (const auto rest = Behind(l->text, begins)) Option(from, *rest, *f, out);
      }
    }
  }
}

// --- certificates

int Nibble(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

// The hexadecimal lines below "certificate ..." as PEM; "" when they were blotted out.
std::string PemOf(const Line& certificate) {
  std::vector<unsigned char> der;
  int high = -1;
  for (const auto& l : certificate.lines) {
    if (l->text == "quit") break;
    for (const char c : l->text) {
      if (c == ' ' || c == '\t') continue;
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
      if (high < 0) {
        high = Nibble(c);
        continue;
      }
      der.push_back(static_cast<unsigned char>(high << 4 | Nibble(c)));
      high = -1;
    }
  }
  if (der.empty() || high >= 0) return {};
  std::string base64((der.size() + 2) / 3 * 4 + 1, '\0');
  base64.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der.data(), static_cast<int>(der.size()))));
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) out += base64.substr(at, 64) + "\n";
  return out + "-----END CERTIFICATE-----\n";
}

void ReadCrlRules(const Line& line, Trustpoint& t) {
  bool fixed = false;
  std::map<std::int64_t, std::string> urls;
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("policy ")) {
      fixed = f->Get("policy") != "cdp";
      t.crl_from_certificate = f->Get("policy") != "static";
    } else if (l->text.starts_with("url ")) urls[f->Int("index").value_or(0)] = f->Get("url");
    else if (l->text.starts_with("cache-time ")) t.crl_cache_minutes = static_cast<std::uint32_t>(f->Int("minutes").value_or(60));
  }
  if (!fixed) return;
  for (auto& [n, url] : urls) t.crl_urls.push_back(std::move(url));
}

void ReadTrustpoint(const Line& line, Trustpoint& t) {
  using R = Trustpoint::Revocation;
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("revocation-check ")) {
      t.revocation.clear();
      for (const std::string_view m : f->List("methods")) {
        t.revocation.push_back(m == "crl" ? R::kCrl : m == "ocsp" ? R::kOcsp : R::kNone);
      }
    } else if (l->text == "crl required") t.revocation = {R::kCrl};
    else if (l->text == "crl optional") t.revocation = {R::kCrl, R::kNone};
    else if (l->text == "crl configure") ReadCrlRules(*l, t);
    else if (l->text.starts_with("fqdn ")) t.fqdn = f->Has("none") ? "none" : std::string(f->Get("fqdn"));
    else if (l->text.starts_with("subject-name ")) t.subject_name = f->Get("dn");
    else if (l->text.starts_with("keypair ")) t.key_name = f->Get("key");
  }
}

CertificateRule RuleOf(const Line& line, const FieldLine& f) {
  CertificateRule r;
  using R = CertificateRule;
  r.of = line.text.starts_with("issuer-name") ? R::Of::kIssuer : line.text.starts_with("alt-subject-name") ? R::Of::kAltSubject : R::Of::kSubject;
  r.attribute = f.Get("attribute");
  const std::string_view op = f.Get("op");
  r.op = op == "ne" ? R::Op::kNotEqual : op == "co" ? R::Op::kContains : op == "nc" ? R::Op::kNotContains : R::Op::kEqual;
  std::string_view value = f.Get("text");
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  r.value = value;
  return r;
}

constexpr const char* kDefaultMap = "DefaultCertificateMap";
std::string MapNameOf(std::string_view name) { return name.empty() ? kDefaultMap : std::string(name); }

}  // namespace

void CompileIke(const VpnSource& from, VpnPolicy& out) {
  Policies(from, out);
  Options(from, out);
}

void CompileTrustpoints(const VpnSource& from, VpnPolicy& out) {
  for (const auto& l : from.tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const bool chain = l->text.starts_with("crypto ca certificate chain ");
    if (!chain && !l->text.starts_with("crypto ca trustpoint ")) continue;
    const std::string name(f->Get("name"));
    Trustpoint& t = out.trustpoints[name];
    t.name = name;
    if (!chain) {
      ReadTrustpoint(*l, t);
      if (t.key_name.empty()) t.key_name = name;
      continue;
    }
    for (const auto& c : l->lines) {
      const auto* kind = c->As<FieldLine>();
      if (kind == nullptr || !c->text.starts_with("certificate ")) continue;
      if (!kind->Has("kind")) t.identity_pem = PemOf(*c);
      else if (kind->Get("kind") == "ca") t.ca_pem += PemOf(*c);
    }
  }
}

void CompileCertificateMaps(const VpnSource& from, VpnPolicy& out) {
  // Which group an entry stands for, by map and number; the maps in the order in which they are named.
  struct Use {
    std::string map;
    std::uint32_t number;
    std::string group;
  };
  std::vector<Use> uses;
  out.map_by_ou = true;  // all but `rules` are on unless they say no
  for (const auto& l : from.tree.Of(Section::kTunnelGroupMap)) {
    const bool off = l->text.starts_with("no ");
    const std::string_view text = off ? std::string_view(l->text).substr(3) : l->text;
    if (const auto by = Behind(text, "tunnel-group-map enable ")) {
      (*by == "ou" ? out.map_by_ou : *by == "rules" ? out.map_by_rules : *by == "ike-id" ? out.map_by_ike_id : out.map_by_peer_ip) = !off;
      continue;
    }
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("group-delimiter ")) out.group_delimiter = f->Get("delimiter").front();
    else if (l->text.starts_with("tunnel-group-map default-group ")) out.map_default_group = f->Get("group");
    else uses.push_back({MapNameOf(f->Get("map")), static_cast<std::uint32_t>(f->Int("index").value_or(0)), std::string(f->Get("group"))});
  }
  std::vector<std::string> maps;
  for (const Use& u : uses) {
    if (std::find(maps.begin(), maps.end(), u.map) == maps.end()) maps.push_back(u.map);
  }
  std::stable_sort(uses.begin(), uses.end(), [&](const Use& a, const Use& b) {
    const auto of = [&](const Use& u) { return std::pair(std::find(maps.begin(), maps.end(), u.map), u.number); };
    return of(a) < of(b);
  });
  for (const auto& l : from.tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("crypto ca certificate map ")) continue;
    std::vector<CertificateRule> rules;
    for (const auto& rule : l->lines) {
      const auto* r = rule->As<FieldLine>();
      // A purpose of the key is no part of a name: an entry that asks for one matches nobody.
      if (r != nullptr && rule->text.starts_with("extended-key-usage")) rules.clear();
      if (r == nullptr || rule->text.starts_with("extended-key-usage")) break;
      rules.push_back(RuleOf(*rule, *r));
    }
    if (!rules.empty()) out.certificate_rules[{MapNameOf(f->Get("name")), static_cast<std::uint32_t>(f->Int("seq").value_or(0))}] = std::move(rules);
  }
  for (const Use& u : uses) {
    const auto rules = out.certificate_rules.find({u.map, u.number});
    if (rules != out.certificate_rules.end()) out.certificate_map.push_back({rules->second, u.group});
  }
}

}  // namespace sallyport
