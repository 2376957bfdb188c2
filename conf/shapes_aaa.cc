// Authentication, authorisation and accounting: server groups, who asks them for what, and the filters that ask a server about
// each web page. LOCAL console authentication acts (grammar_system.cc); of the servers those that speak RADIUS are asked, for VPN
// (compile_aaa.cc).
#include <algorithm>

#include "conf/lines.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kDormant = Effect::kDormant;
constexpr Effect kActs = Effect::kModelled;

// A group stands with its servers, groups in the order in which they were made.
std::string WithItsGroup(ConfigEdit& edit, const FieldLine& fields, Line& line) {
  const std::string_view group = fields.Get("group");
  std::string own;
  int most = 0;
  for (const auto& l : edit.tree.Of(Sec::kAaaServer)) {
    const auto* f = l->As<FieldLine>();
    if (l.get() == &line || f == nullptr || l->sort.empty()) continue;
    if (f->Get("group") == group) own = l->sort.substr(0, 6);
    most = std::max(most, std::stoi(l->sort.substr(0, 6)));
  }
  if (own.empty()) {
    own = std::to_string(most + 1);
    own.insert(0, 6 - std::min<std::size_t>(own.size(), 6), '0');
  }
  line.sort = own + (fields.Has("host") ? "h" : "");
  return {};
}

const Line* GroupNamed(const LineTree& tree, std::string_view name) {
  const std::string begins = "aaa-server " + std::string(name) + " protocol ";
  for (const auto& l : tree.Of(Sec::kAaaServer)) {
    if (l->text.starts_with(begins)) return l.get();
  }
  return nullptr;
}

std::string GroupOfServer(ConfigEdit& edit, const FieldLine& fields) {
  const std::string_view in = fields.Get("interface");
  if (edit.loading) return {};
  if (GroupNamed(edit.tree, fields.Get("group")) == nullptr) {
    return "ERROR: aaa-server group <" + std::string(fields.Get("group")) + "> does not exist\n";
  }
  if (!in.empty() && !edit.HasInterface(in.substr(1, in.size() - 2))) return "ERROR: % Invalid Hostname\n";
  return {};
}

// A group takes its servers along; one that is asked stays.
std::string GroupGoes(ConfigEdit& edit, const FieldLine& fields, const Line&) {
  const std::string group(fields.Get("group"));
  if (FindReference(edit.tree, *ReferenceKindOf("aaagroup"), group) != nullptr) {
    return "ERROR: aaa-server group " + group + " is in use, it cannot be removed\n";
  }
  edit.tree.RemoveIf(nullptr, Sec::kAaaServer, [&](const Line& l) {
    const auto* f = l.As<FieldLine>();
    return f != nullptr && f->Has("host") && f->Get("group") == group;
  });
  return {};
}

constexpr const char* kHost = "config-aaa-server-host";
constexpr const char* kGroup = "config-aaa-server-group";

constexpr Shape kServers[] = {
    {"config", "aaa-server <group:name> protocol`AAA protocol` / <protocol:{radius|ldap}>", Sec::kAaaServer,
     {.effect = kActs, .submode = kGroup, .after = WithItsGroup, .check_no = GroupGoes}},
    {"config", "aaa-server <group:name> protocol / <protocol:{tacacs+|kerberos|nt|sdi|http-form|saml}>", Sec::kAaaServer,
     {.effect = kDormant, .submode = kGroup, .after = WithItsGroup, .check_no = GroupGoes}},
    {kGroup, "accounting-mode / <mode:{simultaneous|single}>", Sec::kAaaServer, {.rank = 1, .effect = kActs, .silent = "accounting-mode single"}},
    {kGroup, "reactivation-mode / ( depletion [ deadtime <minutes:0-1440> ] | timed )", Sec::kAaaServer, {.rank = 2, .effect = kActs}},
    {kGroup, "max-failed-attempts / <attempts:1-5>", Sec::kAaaServer, {.rank = 3, .effect = kActs, .silent = "max-failed-attempts 3"}},
    {kGroup, "authorize-only", Sec::kAaaServer, {.rank = 4, .effect = kDormant}},
    {kGroup, "interim-accounting-update / [ periodic <hours:1-120> ]", Sec::kAaaServer, {.rank = 5}},
    {kGroup, "merge-dacl / <where:{before-avpair|after-avpair}>", Sec::kAaaServer, {.rank = 6, .effect = kDormant}},
    {kGroup, "dynamic-authorization / [ port <on-port:1-65535> ]", Sec::kAaaServer, {.rank = 7, .effect = kDormant}},
    {kGroup, "ad-agent-mode", Sec::kAaaServer, {.rank = 8, .effect = kDormant}},
    {kGroup, "validate-kdc", Sec::kAaaServer, {.rank = 9, .effect = kDormant}},

    {"config", "aaa-server <group:name> [<interface:paren>] host <host:word> / [<key:secret>]", Sec::kAaaServer,
     {.effect = kActs, .submode = kHost, .check = GroupOfServer, .after = WithItsGroup}},
    {"config", "aaa-server <group:name> [<interface:paren>] host <host:word> / timeout <seconds:1-300>", Sec::kAaaServer,
     {.effect = kActs, .submode = kHost, .check = GroupOfServer, .after = WithItsGroup}},
    {"config", "aaa-server <group:name> [<interface:paren>] host <host:word> / <key:secret> timeout <seconds:1-300>", Sec::kAaaServer,
     {.effect = kActs, .submode = kHost, .check = GroupOfServer, .after = WithItsGroup}},
    {kHost, "retry-interval / <seconds:1-10>", Sec::kAaaServer, {.rank = 1, .effect = kActs}},
    {kHost, "timeout / <seconds:1-300>", Sec::kAaaServer, {.rank = 2, .effect = kActs}},
    {kHost, "server-port / <port:0-65535>", Sec::kAaaServer, {.rank = 3, .effect = kActs}},
    {kHost, "key / [<type:0-8>] <key:secret>", Sec::kAaaServer, {.rank = 4, .effect = kActs}},
    {kHost, "authentication-port / <port:0-65535>", Sec::kAaaServer, {.rank = 5, .effect = kActs}},
    {kHost, "accounting-port / <port:0-65535>", Sec::kAaaServer, {.rank = 6, .effect = kActs}},
    {kHost, "radius-common-pw / [<type:0-8>] <password:secret>", Sec::kAaaServer, {.rank = 7, .effect = kDormant}},
    {kHost, "acl-netmask-convert / <how:{auto-detect|standard|wildcard}>", Sec::kAaaServer, {.rank = 8, .effect = kDormant}},
    {kHost, "mschapv2-capable", Sec::kAaaServer, {.rank = 9, .effect = kDormant, .keep_no = true}},
    {kHost, "message-authenticator-required", Sec::kAaaServer, {.rank = 9, .effect = kActs, .keep_no = true}},
    {kHost, "ldap-base-dn / <dn:line>", Sec::kAaaServer, {.rank = 10, .effect = kActs}},
    {kHost, "ldap-group-base-dn / <dn:line>", Sec::kAaaServer, {.rank = 11, .effect = kDormant}},
    {kHost, "ldap-scope / <scope:{onelevel|subtree}>", Sec::kAaaServer, {.rank = 12, .effect = kActs}},
    {kHost, "ldap-naming-attribute / <attribute:line>", Sec::kAaaServer, {.rank = 13, .effect = kActs}},
    {kHost, "ldap-login-password / [<type:0-8>] <password:secret>", Sec::kAaaServer, {.rank = 14, .effect = kActs}},
    {kHost, "ldap-login-dn / <dn:line>", Sec::kAaaServer, {.rank = 15, .effect = kActs}},
    {kHost, "sasl-mechanism ( digest-md5 | kerberos <group:name> )", Sec::kAaaServer, {.rank = 16, .effect = kDormant}},
    {kHost, "ldap-over-ssl / enable [ reference-identity <identity:name> ]", Sec::kAaaServer, {.rank = 17, .effect = kActs}},
    {kHost, "ldap-client-certificate / <rest:line>", Sec::kAaaServer, {.rank = 17, .effect = kDormant}},
    {kHost, "ssl-client-certificate / <trustpoint:word>", Sec::kAaaServer, {.rank = 17, .effect = kDormant}},
    {kHost, "server-type / <type:{auto-detect|generic|microsoft|novell|openldap|sun}>", Sec::kAaaServer, {.rank = 18, .effect = kActs}},
    {kHost, "ldap-attribute-map / <map:ldapmap>", Sec::kAaaServer, {.rank = 19, .effect = kActs}},
    {kHost, "group-search-timeout / <seconds:1-300>", Sec::kAaaServer, {.rank = 20, .effect = kDormant}},
    {kHost, "kerberos-realm / <realm:word>", Sec::kAaaServer, {.rank = 21, .effect = kDormant}},
    {kHost, "nt-auth-domain-controller / <name:word>", Sec::kAaaServer, {.rank = 22, .effect = kDormant}},
    {kHost, "sdi-version / <version:{sdi-5|sdi-pre-5}>", Sec::kAaaServer, {.rank = 23, .effect = kDormant}},
    {kHost, "sdi-pre-5-slave / <host:word>", Sec::kAaaServer, {.rank = 24, .effect = kDormant}},
    {kHost, "start-url / <url:line>", Sec::kAaaServer, {.rank = 25, .effect = kDormant}},
    {kHost, "action-uri <uri:line>", Sec::kAaaServer, {.rank = 26, .effect = kDormant}},
    {kHost, "user-parameter / <name:word>", Sec::kAaaServer, {.rank = 27, .effect = kDormant}},
    {kHost, "password-parameter / <name:word>", Sec::kAaaServer, {.rank = 28, .effect = kDormant}},
    {kHost, "hidden-parameter <text:line>", Sec::kAaaServer, {.rank = 29, .effect = kDormant}},
    {kHost, "auth-cookie-name / <name:word>", Sec::kAaaServer, {.rank = 30, .effect = kDormant}},
};

// A connection by its addresses, as `include` and `exclude` have it.
#define SALLYPORT_FLOW "<service:word> <interface:iface> <local:ip> <localmask:mask> [<foreign:ip> <foreignmask:mask>] "
constexpr Shape kAaa[] = {
    {"config", "aaa proxy-limit / ( disable | <most:1-128> )", Sec::kAaa, {.effect = kDormant}},
    {"config", "aaa local authentication attempts max-fail`Failures that lock a user out` / <attempts:1-16>", Sec::kAaa, {.rank = 1, .effect = kDormant}},
    {"config", "aaa authentication <how:{include|exclude}> " SALLYPORT_FLOW "<group:aaagroup>", Sec::kAaa, {.rank = 2, .effect = kDormant}},
    {"config", "aaa authentication match <acl:acl> <interface:iface> / <group:aaagroup>", Sec::kAaa, {.rank = 2, .effect = kDormant}},
    {"config", "aaa authentication secure-http-client", Sec::kAaa, {.rank = 3, .effect = kDormant}},
    {"config", "aaa authentication listener <protocol:{http|https}> <interface:iface> / [ port <on-port:port> ] [ redirect ]", Sec::kAaa,
     {.rank = 3, .effect = kDormant}},
    {"config", "aaa authentication login-history / [ duration <days:1-365> ]", Sec::kAaa, {.rank = 9, .effect = kDormant, .keep_no = true}},
    {"config", "aaa authorization <how:{include|exclude}> " SALLYPORT_FLOW "<group:aaagroup>", Sec::kAaa, {.rank = 4, .effect = kDormant}},
    {"config", "aaa authorization match <acl:acl> <interface:iface> / <group:aaagroup>", Sec::kAaa, {.rank = 4, .effect = kDormant}},
    {"config", "aaa authorization command / <command-group:aaagroup> [<command-fallback:{LOCAL}>]", Sec::kAaa,
     {.rank = 4, .effect = Effect::kModelled, .trailing = " "}},
    {"config", "aaa authorization http console / <where:word>", Sec::kAaa, {.rank = 4, .effect = kDormant}},
    {"config", "aaa accounting <how:{include|exclude}> " SALLYPORT_FLOW "<group:aaagroup>", Sec::kAaa, {.rank = 5, .effect = kDormant}},
    {"config", "aaa accounting match <acl:acl> <interface:iface> / <group:aaagroup>", Sec::kAaa, {.rank = 5, .effect = kDormant}},
    {"config", "aaa accounting <service:{ssh|telnet|serial|enable}> console / <group:aaagroup>", Sec::kAaa, {.rank = 5, .effect = kDormant}},
    {"config", "aaa accounting command [ privilege <level:0-15> ] <group:aaagroup>", Sec::kAaa, {.rank = 5, .effect = kDormant}},
    {"config", "aaa mac-exempt match / <list:word>", Sec::kAaa, {.rank = 6, .effect = kDormant}},
    {"config", "aaa <what:{sdi|kerberos}> <rest:line>", Sec::kAaa, {.rank = 7, .since = kOnlyInFiles}},
    {"config", "mac-list <list:name> <action:{permit|deny}> <mac:word> <mask:word>", Sec::kAaa, {.rank = 6, .effect = kDormant}},
    {"config", "auth-prompt <what:{prompt|accept|reject}> / <text:line>", Sec::kAaa, {.rank = 8, .effect = kDormant}},

    {"config", "user-identity domain <domain:word> aaa-server / <group:aaagroup>", Sec::kUserIdentity, {.effect = kDormant}},
    {"config", "user-identity default-domain / <domain:word>", Sec::kUserIdentity, {.rank = 1, .effect = kDormant}},
    {"config", "user-identity action <event:word> / [<rest:line>]", Sec::kUserIdentity, {.rank = 2, .effect = kDormant, .keep_no = true}},
    {"config", "user-identity inactive-user-timer minutes / <minutes:1-10080>", Sec::kUserIdentity, {.rank = 3, .effect = kDormant, .keep_no = true}},
    {"config", "user-identity logout-probe netbios local-system / [<rest:line>]", Sec::kUserIdentity, {.rank = 4, .effect = kDormant, .keep_no = true}},
    {"config", "user-identity poll-import-user-group-timer hours / <hours:1-65535>", Sec::kUserIdentity, {.rank = 5, .effect = kDormant}},
    {"config", "user-identity ad-agent aaa-server / <group:aaagroup>", Sec::kUserIdentity, {.rank = 6, .effect = kDormant}},
    {"config", "user-identity ad-agent <what:{active-user-database|hello-timer|event-timestamp-check}> / [<rest:line>]", Sec::kUserIdentity,
     {.rank = 7, .effect = kDormant, .keep_no = true}},
    {"config", "user-identity user-not-found enable", Sec::kUserIdentity, {.rank = 8, .effect = kDormant, .keep_no = true}},
    {"config", "user-identity monitor <rest:line>", Sec::kUserIdentity, {.rank = 9, .effect = kDormant}},
    {"config", "user-identity static user <user:word> <address:ipx>", Sec::kUserIdentity, {.rank = 9, .effect = kDormant}},
    {"config", "user-identity enable", Sec::kUserIdentity, {.rank = 10, .effect = kDormant, .silent = "user-identity enable", .keep_no = true}},
    {"config", "cts server-group / <group:aaagroup>", Sec::kUserIdentity, {.rank = 11, .effect = kDormant}},
    {"config", "cts sxp <rest:line>", Sec::kUserIdentity, {.rank = 12, .effect = kDormant, .keep_no = true}},
    {"config", "cts <what:{import-pac|refresh|role-based}> <rest:line>", Sec::kUserIdentity, {.rank = 13, .effect = kDormant}},
};

// One level for each form of a command in a mode.
std::string OneLevel(ConfigEdit& edit, const FieldLine& fields, Line& line) {
  edit.tree.RemoveIf(nullptr, Sec::kPrivilege, [&](const Line& other) {
    const auto* f = other.As<FieldLine>();
    return &other != &line && f != nullptr && f->Get("form") == fields.Get("form") && f->Get("in") == fields.Get("in") &&
           f->Get("command") == fields.Get("command");
  });
  const std::string_view form = fields.Get("form");
  line.rank = form == "cmd" ? 0 : form == "show" ? 1 : form == "clear" ? 2 : 3;
  return {};
}

constexpr Shape kPrivilege[] = {
    {"config", "privilege`Configure privilege levels for commands` [<form:{cmd|show|clear}>] level`Specify privilege level` <level:0-15> "
     "[ mode`Specify mode of the command` <in:word> ] command`Specify command` <command:line>", Sec::kPrivilege,
     {.effect = Effect::kModelled, .after = OneLevel}},
};

constexpr Shape kFilters[] = {
    {"config", "url-server <interface:paren> [ vendor <of:{websense|smartfilter|n2h2}> ] host <host:word> / [ port <on-port:1-65535> ] "
     "[ timeout <seconds:1-60> ] [ protocol <by:{TCP|UDP}> ] [ version <v:{1|4}> ] [ connections <most:1-100> ]", Sec::kUrlFilter},
    {"config", "url-cache <by:{dst|src_dst}> / <kilobytes:1-128>", Sec::kUrlFilter, {.rank = 1}},
    {"config", "url-block <what:{block|url-mempool|url-size|mempool-size}> / <n:1-10240>", Sec::kUrlFilter, {.rank = 2}},
    {"config", "filter <what:{url|https|ftp}> except <local:ip> <localmask:mask> <foreign:ip> <foreignmask:mask>", Sec::kUrlFilter, {.rank = 3}},
    {"config", "filter <what:{url|https|ftp|java|activex}> <ports:word> <local:ip> <localmask:mask> <foreign:ip> <foreignmask:mask> \\ "
     "{ allow | proxy-block | longurl-truncate | longurl-deny | cgi-truncate | interact-block }", Sec::kUrlFilter, {.rank = 3}},
    {"config", "filter <text:line>", Sec::kUrlFilter, {.rank = 3, .since = kOnlyInFiles}},
    {"config", "virtual http / <address:ip> [ warning ]", Sec::kUrlFilter, {.rank = 4}},
    {"config", "virtual telnet / <address:ip>", Sec::kUrlFilter, {.rank = 4}},
    {"config", "established <protocol:word> <ports:line>", Sec::kUrlFilter, {.rank = 5}},
};
#undef SALLYPORT_FLOW

}  // namespace

void DeclareAaa(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kServers);
  DeclareShapes(grammar, kAaa);
  DeclareShapes(grammar, kFilters);
  DeclareShapes(grammar, kPrivilege);
}

}  // namespace sallyport
