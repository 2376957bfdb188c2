// `aaa-server` groups and their servers.
#include <algorithm>

#include "conf/compile_vpn.h"
#include "conf/configuration_impl.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

void ReadGroup(const Line& line, AaaServerGroup& g) {
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t.starts_with("reactivation-mode ")) {
      g.timed = f->Has("timed");
      g.dead_minutes = static_cast<std::uint32_t>(f->Int("minutes").value_or(g.dead_minutes));
    } else if (t.starts_with("max-failed-attempts ")) g.max_failed = static_cast<std::uint32_t>(f->Int("attempts").value_or(g.max_failed));
    else if (t.starts_with("interim-accounting-update")) {
      g.interim = true;
      g.interim_hours = static_cast<std::uint32_t>(f->Int("hours").value_or(0));
    } else if (t.starts_with("accounting-mode ")) g.simultaneous = f->Get("mode") == "simultaneous";
  }
}

void ReadKey(const FieldLine& f, AaaServer& s) {
  if (!f.Has("key")) return;
  const std::string_view type = f.Get("type");
  s.key = KeyOf(f);
  s.key_known = !s.key.empty() && (type.empty() || type == "0");
}

void ReadServer(const Line& line, AaaServer& s) {
  const auto number = [](const FieldLine& f, std::string_view field, auto& to) {
    if (const auto n = f.Int(field)) to = static_cast<std::remove_reference_t<decltype(to)>>(*n);
  };
  const auto read = [&](const FieldLine& f) {
    ReadKey(f, s);
    number(f, "seconds", s.timeout_s);
  };
  read(*line.As<FieldLine>());
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t.starts_with("key ")) ReadKey(*f, s);
    else if (t.starts_with("timeout ")) number(*f, "seconds", s.timeout_s);
    else if (t.starts_with("retry-interval ")) number(*f, "seconds", s.retry_interval_s);
    else if (t.starts_with("authentication-port ")) number(*f, "port", s.authentication_port);
    else if (t.starts_with("accounting-port ")) number(*f, "port", s.accounting_port);
    else if (t == "message-authenticator-required") s.message_authenticator_required = true;
  }
}

// A password that can be used: one that the configuration has in clear.
void ReadLdapPassword(const FieldLine& f, LdapServer& s) {
  const std::string_view type = f.Get("type"), password = f.Get("password");
  s.password_known = (type.empty() || type == "0") && !IsMask(password);
  s.login_password = s.password_known ? std::string(password) : "";
}

LdapServer::Type LdapTypeOf(std::string_view word) {
  using T = LdapServer::Type;
  if (word == "microsoft") return T::kMicrosoft;
  if (word == "openldap") return T::kOpenLdap;
  if (word == "sun") return T::kSun;
  if (word == "novell") return T::kNovell;
  if (word == "generic") return T::kGeneric;
  return T::kAuto;
}

void ReadLdapServer(const Line& line, AaaServer& server) {
  LdapServer& s = server.ldap;
  s.address = server.address;
  s.timeout_s = server.timeout_s;
  std::optional<std::int64_t> port;
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t.starts_with("server-port ")) port = f->Int("port");
    else if (t.starts_with("ldap-over-ssl ")) s.ldaps = true;
    else if (t.starts_with("ldap-base-dn ")) s.base_dn = f->Get("dn");
    else if (t.starts_with("ldap-group-base-dn ")) s.group_base_dn = f->Get("dn");
    else if (t.starts_with("ldap-scope ")) s.scope = f->Get("scope") == "subtree" ? LdapServer::Scope::kSubtree : LdapServer::Scope::kOneLevel;
    else if (t.starts_with("ldap-naming-attribute ")) {
      for (const std::string_view a : f->List("attribute")) s.naming_attributes.emplace_back(a);
    } else if (t.starts_with("ldap-login-dn ")) s.login_dn = f->Get("dn");
    else if (t.starts_with("ldap-login-password ")) ReadLdapPassword(*f, s);
    else if (t.starts_with("server-type ")) s.type = LdapTypeOf(f->Get("type"));
    else if (t.starts_with("ldap-attribute-map ")) s.attribute_map = f->Get("map");
  }
  s.port = static_cast<std::uint16_t>(port.value_or(s.ldaps ? 636 : 389));
}

// Words in quotes lose them.
std::vector<std::string> QuotedWords(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (text.empty()) return out;
    const bool quoted = text.front() == '"';
    if (quoted) text.remove_prefix(1);
    const std::size_t end = std::min(text.find(quoted ? '"' : ' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void LdapMaps(const LineTree& tree, AaaPlan& plan) {
  for (const auto& l : tree.Of(Section::kLdapMap)) {
    const auto* head = l->As<FieldLine>();
    if (head == nullptr) continue;
    LdapAttributeMap& map = plan.ldap_maps[std::string(head->Get("name"))];
    map.name = head->Get("name");
    for (const auto& below : l->lines) {
      // Out of the line itself: a distinguished name in quotes holds blanks.
      std::vector<std::string> words = QuotedWords(below->text);
      if (words.size() >= 3 && words[0] == "map-name") map.names.push_back({words[1], words[2]});
      if (words.size() >= 4 && words[0] == "map-value") map.values.push_back({words[1], words[2], words[3]});
    }
  }
}

}  // namespace

AaaPlan Configuration::Aaa() const {
  AaaPlan plan;
  LdapMaps(impl_->tree, plan);
  for (const auto& l : impl_->tree.Of(Section::kAaaServer)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (f->Has("protocol")) {
      AaaServerGroup g;
      g.name = f->Get("group");
      g.protocol_name = f->Get("protocol");
      using P = AaaServerGroup::Protocol;
      g.protocol = g.protocol_name == "radius" ? P::kRadius : g.protocol_name == "ldap" ? P::kLdap : P::kOther;
      ReadGroup(*l, g);
      plan.groups.push_back(std::move(g));
    } else if (f->Has("host") && !plan.groups.empty()) {
      // A server stands behind its group (shapes_aaa.cc).
      for (AaaServerGroup& g : plan.groups) {
        const auto address = f->Address("host", impl_->names);
        if (g.name != f->Get("group") || !address) continue;
        AaaServer s;
        s.address = *address;
        const std::string_view in = f->Get("interface");  // "(inside)"
        s.interface = in.size() > 2 ? in.substr(1, in.size() - 2) : "inside";  // as an ASA does
        ReadServer(*l, s);
        if (g.protocol == AaaServerGroup::Protocol::kLdap) ReadLdapServer(*l, s);
        g.servers.push_back(std::move(s));
      }
    }
  }
  return plan;
}

}  // namespace sallyport
