// Tunnel groups, group policies and what users say of them.
#include <algorithm>

#include "conf/compile_vpn.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

using G = TunnelGroup;

TunnelGroup NewGroup(std::string name, G::Type type) {
  TunnelGroup g;
  g.name = std::move(name);
  g.type = type;
  if (type != G::Type::kLanToLan) {
    g.keepalive_threshold_s = 300;
    g.authentication_servers = {"LOCAL"};
  }
  return g;
}

void ReadGeneral(std::string_view text, const FieldLine& f, TunnelGroup& g) {
  if (text.starts_with("address-pool ")) {
    g.address_pools.clear();
    for (const std::string_view p : f.List("pools")) g.address_pools.emplace_back(p);
  } else if (text.starts_with("authentication-server-group ")) {
    g.authentication_servers.clear();
    if (f.Has("group")) g.authentication_servers.emplace_back(f.Get("group"));
    if (f.Has("LOCAL")) g.authentication_servers.emplace_back("LOCAL");
  } else if (text.starts_with("default-group-policy ")) g.default_group_policy = f.Get("policy");
  else if (text.starts_with("accounting-server-group ")) g.accounting_servers = f.Get("group");
  else if (text.starts_with("strip-realm")) g.strip_realm = true;
  else if (text.starts_with("strip-group")) g.strip_group = true;
}

// `hex`: the bytes that two digits each stand for.
std::string Ikev2KeyOf(const FieldLine& f) {
  const std::string key = KeyOf(f);
  if (!f.Has("hex") || key.size() % 2 != 0 || key.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return key;
  std::string out;
  for (std::size_t i = 0; i < key.size(); i += 2) out += static_cast<char>(std::stoi(key.substr(i, 2), nullptr, 16));
  return out;
}

void ReadKeepalive(const FieldLine& f, TunnelGroup& g) {
  if (f.Has("disable")) {
    g.keepalive = false;
    return;
  }
  if (f.Has("infinite")) g.keepalive_threshold_s = 0;
  if (const auto n = f.Int("threshold")) g.keepalive_threshold_s = static_cast<std::uint32_t>(*n);
  if (const auto n = f.Int("retry")) g.keepalive_retry_s = static_cast<std::uint32_t>(*n);
}

void ReadIpsec(std::string_view text, const FieldLine& f, TunnelGroup& g) {
  if (text.starts_with("ikev2 remote-authentication ")) {
    const std::string_view how = text.substr(28);
    if (how.starts_with("pre-shared-key")) g.ikev2_remote_psk = Ikev2KeyOf(f);
    else if (how.starts_with("certificate")) g.ikev2_remote_certificate = true;
    else if (how.starts_with("eap")) {
      g.ikev2_eap = true;
      g.ikev2_eap_query_identity = f.Has("query-identity");
    }
    return;
  }
  if (text.starts_with("ikev2 local-authentication pre-shared-key")) g.ikev2_local_psk = Ikev2KeyOf(f);
  else if (text.starts_with("ikev2 local-authentication certificate ")) g.ikev2_local_trustpoint = f.Get("trustpoint");
  else if (text.starts_with("pre-shared-key ") || text.starts_with("ikev1 pre-shared-key ")) g.ikev1_psk = KeyOf(f);
  else if (text.starts_with("trust-point ") || text.starts_with("ikev1 trust-point ")) g.ikev1_trustpoint = f.Get("trustpoint");
  else if (text.starts_with("peer-id-validate ")) {
    const std::string_view how = f.Get("how");
    g.peer_id_validate = how == "nocheck" ? G::PeerId::kNoCheck : how == "cert" ? G::PeerId::kCertificate : G::PeerId::kRequired;
  } else if (text == "chain") g.send_chain = true;
  else if (text.starts_with("isakmp keepalive ")) ReadKeepalive(f, g);
  else if (text.starts_with("isakmp ikev1-user-authentication ") || text.starts_with("ikev1 user-authentication ")) {
    g.user_auth = f.Has("none") ? G::UserAuth::kNone : f.Has("hybrid") ? G::UserAuth::kHybrid : G::UserAuth::kXauth;
  }
}

G::Type TypeOf(std::string_view word) {
  return word == "ipsec-l2l" ? G::Type::kLanToLan : word == "webvpn" ? G::Type::kWebVpn : G::Type::kRemoteAccess;
}

// --- group policies

void ReadProtocols(const FieldLine& f, VpnTunnelProtocols& p) {
  p.ikev1 = f.Has("IPSec") || f.Has("ikev1");
  p.ikev2 = f.Has("ikev2");
  p.l2tp = f.Has("l2tp-ipsec");
  p.ssl_client = f.Has("svc") || f.Has("ssl-client");
  p.ssl_clientless = f.Has("webvpn") || f.Has("ssl-clientless");
}

std::uint32_t Minutes(const FieldLine& f) { return static_cast<std::uint32_t>(f.Int("minutes").value_or(0)); }  // none: 0

VpnFilter FilterOf(const VpnSource& from, const FieldLine& f) {
  VpnFilter out;
  if (f.Has("none")) return out;
  out.name = f.Get("acl");
  out.list = from.ListOf(out.name);
  return out;
}

std::vector<IpAddress> Servers(const VpnSource& from, const FieldLine& f) {
  std::vector<IpAddress> out;
  for (const std::string_view s : f.List("servers")) {
    if (const auto a = from.AddressOf(s)) out.push_back(*a);
  }
  return out;
}
std::vector<std::string> Words(const FieldLine& f, std::string_view field) {
  std::vector<std::string> out;
  for (const std::string_view w : f.List(field)) out.emplace_back(w);
  return out;
}

class PolicyReader {
 public:
  explicit PolicyReader(const VpnSource& from) : from_(from) {}

  void Read(const Line& attributes, VpnGroupPolicy& p) const {
    bool banner = false;
    for (const auto& l : attributes.lines) {
      const auto* f = l->As<FieldLine>();
      if (f == nullptr) continue;
      if (!l->text.starts_with("banner ")) {
        Read(l->text, *f, p);
        continue;
      }
      if (!banner) p.banner.clear();
      banner = true;
      if (l->text != "banner none") p.banner += (p.banner.empty() ? "" : "\n") + std::string(f->Get("text"));
    }
    ReadSslPolicyRules(from_, attributes, p);
  }

 private:
  void Read(std::string_view t, const FieldLine& f, VpnGroupPolicy& p) const {
    const auto is = [&](std::string_view word) { return t.starts_with(word) && (t.size() == word.size() || t[word.size()] == ' '); };
    if (is("vpn-idle-timeout alert-interval") || is("vpn-session-timeout alert-interval")) return;
    if (is("wins-server")) p.wins = Servers(from_, f);
    else if (is("dns-server")) p.dns = Servers(from_, f);
    else if (is("vpn-simultaneous-logins")) p.simultaneous_logins = static_cast<std::uint32_t>(f.Int("logins").value_or(3));
    else if (is("vpn-idle-timeout")) p.idle_minutes = Minutes(f);
    else if (is("vpn-session-timeout")) p.session_minutes = Minutes(f);
    else if (is("vpn-filter")) p.filter = FilterOf(from_, f);
    else if (is("vpn-tunnel-protocol")) ReadProtocols(f, p.protocols);
    else if (is("password-storage")) p.password_storage = f.Has("enable");
    else if (is("group-lock")) p.group_lock = f.Get("group");
    else if (is("pfs")) p.pfs = f.Has("enable");
    else if (is("ipsec-udp-port")) p.ipsec_udp_port = static_cast<std::uint16_t>(f.Int("port").value_or(10000));
    else if (is("ipsec-udp")) p.ipsec_udp = f.Has("enable");
    else if (is("split-tunnel-policy")) ReadSplit(f.Get("policy"), p);
    else if (is("split-tunnel-network-list")) {
      p.split_networks = NetworksOf(from_.ListOf(f.Get("acl")).get(), /*sources=*/true);
    } else if (is("default-domain")) p.default_domain = f.Get("domain");
    else if (is("split-dns")) p.split_dns = Words(f, "domains");
    else if (is("nem")) p.nem = f.Has("enable");
    else if (is("backup-servers")) p.backup_servers = Words(f, "servers");
    else if (is("address-pools")) p.address_pools = Words(f, "pools");
  }
  static void ReadSplit(std::string_view word, VpnGroupPolicy& p) {
    using S = VpnGroupPolicy::Split;
    p.split = word == "tunnelspecified" ? S::kTunnelSpecified : word == "excludespecified" ? S::kExcludeSpecified : S::kTunnelAll;
  }
  const VpnSource& from_;
};

VpnGroupPolicy FirstPolicy(int release) {
  VpnGroupPolicy p;
  p.name = "DfltGrpPolicy";
  p.protocols.ikev2 = release >= 804;
  p.protocols.l2tp = release >= 702;
  p.protocols.ssl_clientless = release >= 800;
  p.client = FirstClientRules(release);
  return p;
}

}  // namespace

std::string KeyOf(const FieldLine& f) {
  const std::string_view key = f.Get("key");
  return f.Has("8") || IsMask(key) ? "" : std::string(key);
}

void CompileTunnelGroups(const VpnSource& from, VpnPolicy& out) {
  out.groups["DefaultL2LGroup"] = NewGroup("DefaultL2LGroup", G::Type::kLanToLan);
  out.groups["DefaultRAGroup"] = NewGroup("DefaultRAGroup", G::Type::kRemoteAccess);
  out.groups["DefaultWEBVPNGroup"] = NewGroup("DefaultWEBVPNGroup", G::Type::kWebVpn);
  const auto lines = [&](auto&& use) {
    for (const auto& l : from.tree.Of(Section::kTunnelGroup)) {
      const auto* f = l->As<FieldLine>();
      if (f != nullptr && l->text.starts_with("tunnel-group ") && f->Has("name")) use(*l, *f, std::string(f->Get("name")));
    }
  };
  lines([&](const Line&, const FieldLine& f, const std::string& name) {
    if (f.Has("type")) out.groups[name] = NewGroup(name, TypeOf(f.Get("type")));
  });
  lines([&](const Line& l, const FieldLine&, const std::string& name) {
    const auto group = out.groups.find(name);
    if (group == out.groups.end()) return;
    const bool ipsec = l.text.ends_with(" ipsec-attributes"), general = l.text.ends_with(" general-attributes");
    for (const auto& below : l.lines) {
      const auto* f = below->As<FieldLine>();
      if (f != nullptr && ipsec) ReadIpsec(below->text, *f, group->second);
      if (f != nullptr && general) ReadGeneral(below->text, *f, group->second);
    }
  });
}

void CompileGroupPolicies(const VpnSource& from, VpnPolicy& out) {
  const PolicyReader reader(from);
  VpnGroupPolicy& first = out.group_policies["DfltGrpPolicy"];
  first = FirstPolicy(from.release);
  if (const Line* l = from.tree.Find(Section::kGroupPolicy, "group-policy DfltGrpPolicy attributes")) reader.Read(*l, first);
  for (const auto& l : from.tree.Of(Section::kGroupPolicy)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("group-policy ")) continue;
    const std::string name(f->Get("name"));
    if (name == "DfltGrpPolicy") continue;
    const auto [policy, fresh] = out.group_policies.try_emplace(name, first);
    policy->second.name = name;
    if (l->text.ends_with(" attributes")) reader.Read(*l, policy->second);
  }
}

void CompileVpnUsers(const VpnSource& from, VpnPolicy& out) {
  for (const auto& l : from.tree.Of(Section::kUsername)) {
    if (const auto* u = l->As<UsernameLine>()) out.users[u->name].name = u->name;
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("username ") || !l->text.ends_with(" attributes")) continue;
    VpnUser& u = out.users[std::string(f->Get("name"))];
    u.name = f->Get("name");
    ReadSslUserRules(from, *l, u);
    for (const auto& below : l->lines) {
      const auto* a = below->As<FieldLine>();
      if (a == nullptr) continue;
      const std::string_view t = below->text;
      if (t.starts_with("vpn-group-policy ")) u.group_policy = a->Get("policy");
      else if (t.starts_with("vpn-framed-ip-address ")) {
        u.framed_address = a->Address("address", from.names);
        if (const auto m = IpAddress::Parse(a->Get("mask"))) u.framed_mask = *m;
      } else if (t.starts_with("vpn-idle-timeout alert-interval") || t.starts_with("vpn-session-timeout alert-interval")) continue;
      else if (t.starts_with("vpn-idle-timeout ")) u.idle_minutes = Minutes(*a);
      else if (t.starts_with("vpn-session-timeout ")) u.session_minutes = Minutes(*a);
      else if (t.starts_with("vpn-simultaneous-logins ")) u.simultaneous_logins = static_cast<std::uint32_t>(a->Int("logins").value_or(3));
      else if (t.starts_with("vpn-filter ")) u.filter = FilterOf(from, *a);
      else if (t.starts_with("password-storage ")) u.password_storage = a->Has("enable");
      else if (t.starts_with("group-lock ")) u.group_lock = std::string(a->Get("group"));
      else if (t.starts_with("vpn-tunnel-protocol ")) ReadProtocols(*a, u.protocols.emplace());
    }
  }
}

}  // namespace sallyport
