// What serves AnyConnect and the clientless portal: `webvpn`, TLS, dynamic access policies, LDAP attribute maps, mail proxies.
#include "conf/lines.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kDormant = Effect::kDormant;
constexpr Effect kActs = Effect::kModelled;

constexpr Shape Acting(Shape s) {
  s.options.effect = Effect::kModelled;
  return s;
}
constexpr Shape Dormant(Shape s) {
  s.options.effect = Effect::kDormant;
  return s;
}

// Up to 7.2 the portal and the server of ASDM do not share a port of an interface.
std::string NoClashWithHttp(ConfigEdit& edit, const FieldLine& f) {
  if (edit.loading || edit.personality.release >= 800) return {};
  int mine = 443, theirs = 0;
  if (const Line* webvpn = edit.parent()) {
    for (const auto& l : webvpn->lines) {
      if (const auto* p = l->As<FieldLine>(); p != nullptr && l->text.starts_with("port ")) mine = static_cast<int>(p->Int("port").value_or(443));
    }
  }
  bool there = false;
  for (const auto& l : edit.tree.Of(Sec::kHttp)) {
    if (const auto* server = l->As<HttpServer>()) theirs = server->port.value_or(443);
    if (const auto* access = l->As<HttpAccess>()) there = there || access->interface == f.Get("interface");
  }
  if (!there || mine != theirs) return {};
  return "ERROR: The HTTP server is enabled on port " + std::to_string(mine) + " of interface " + std::string(f.Get("interface")) + "\n";
}

// Clients are offered packages in the order of their numbers: a second one of a number takes the place of the first.
std::string OneImageOfAnOrder(ConfigEdit& edit, const FieldLine& f, Line& line) {
  if (!f.Has("order")) return {};
  edit.tree.RemoveIf(edit.parent(), Sec::kWebvpn, [&](const Line& l) {
    const auto* other = l.As<FieldLine>();
    return l.text != line.text && (l.text.starts_with("anyconnect image ") || l.text.starts_with("svc image ")) && other != nullptr &&
           other->Has("order") && other->Get("order") == f.Get("order");
  });
  return {};
}

#define WEBVPN(words, ...) Dormant({"config-webvpn", words, Sec::kWebvpn, {__VA_ARGS__}})
#define WEBVPN_ACTS(words, ...) Acting({"config-webvpn", words, Sec::kWebvpn, {__VA_ARGS__}})
#define PORTAL(words, ...) {"config-webvpn", words, Sec::kWebvpn, {__VA_ARGS__}}
#define SWITCH "(enable | disable)"
#define PROTOCOL "(any | sslv2 | sslv3 | sslv3-only | tlsv1 | tlsv1-only | tlsv1.1 | tlsv1.2 | tlsv1.3)"

constexpr Shape kGlobal[] = {
    {"config", "webvpn`Configure the WebVPN service` /", Sec::kWebvpn, {.effect = kActs, .submode = "config-webvpn"}},
    // 7.0 and 7.1 had these lists here; the later ones are in `webvpn`.
    {"config", "url-list <name:word> <title:word> <url:word> [<place:0-65535>]", Sec::kWebvpn, {.rank = -2, .until = 702}},
    {"config", "port-forward <name:word> <local:1-65535> <server:word> <remote:1-65535> [<text:line>]", Sec::kWebvpn, {.rank = -2, .until = 702}},
    {"config", "compression \\ <text:line>", Sec::kWebvpn, {.rank = -1, .keep_no = true}},
    {"config", "anyconnect-custom-data <type:word> <name:word> / <text:line>", Sec::kWebvpn, {.rank = 1, .effect = kDormant}},

    {"config", "ssl`Configure SSL options` server-version`Specify the SSL/TLS protocol version to use when acting as a server` / " PROTOCOL " [<dtls:{dtlsv1|dtlsv1.2}>]", Sec::kSsl, {.rank = 0, .effect = kActs}},
    {"config", "ssl client-version`Specify the SSL/TLS protocol version to use when acting as a client` / " PROTOCOL, Sec::kSsl, {.rank = 1, .effect = kDormant}},
    {"config", "ssl server-max-version / " PROTOCOL " [<dtls:{dtlsv1|dtlsv1.2}>]", Sec::kSsl, {.rank = 0, .effect = kActs, .since = 919}},
    {"config", "ssl client-max-version / " PROTOCOL, Sec::kSsl, {.rank = 1, .effect = kDormant, .since = 919}},
    {"config", "ssl encryption`Specify the encryption algorithms that the SSL/TLS protocol uses` / <ciphers:{3des-sha1|aes128-sha1|aes256-sha1|des-sha1|dhe-aes128-sha1|dhe-aes256-sha1|null-sha1|rc4-md5|rc4-sha1}>...", Sec::kSsl,
     {.rank = 2, .effect = kActs, .until = 903}},
    {"config", "ssl cipher`Specify the encryption algorithms` <version:{default|dtlsv1|dtlsv1.2|tlsv1|tlsv1.1|tlsv1.2|tlsv1.3}> / (all | custom <ciphers:line> | fips | high | low | medium)", Sec::kSsl,
     {.rank = 2, .effect = kActs, .since = 903}},
    {"config", "ssl dh-group / <group:{group1|group2|group5|group14|group15|group24}>", Sec::kSsl, {.rank = 3, .effect = kDormant, .since = 903}},
    {"config", "ssl ecdh-group / <group:{group19|group20|group21}>", Sec::kSsl, {.rank = 4, .effect = kDormant, .since = 903}},
    {"config", "ssl trust-point`Configure an ssl certificate trustpoint` <trustpoint:trustpoint> [domain <domain:word>] [<interface:iface> [vpnlb-ip | client-default]]", Sec::kSsl,
     {.rank = 5, .effect = kActs}},
    {"config", "ssl certificate-authentication`Enable client certificate authentication` interface <interface:iface> port <port:1-65535>", Sec::kSsl, {.rank = 6, .effect = kActs}},
    {"config", "ssl certificate-authentication fca-timeout / <minutes:1-120>", Sec::kSsl, {.rank = 6, .effect = kDormant}},
};

// `webvpn`, in the order in which an ASA prints it.
constexpr Shape kWebvpn[] = {
    WEBVPN_ACTS("port`WebVPN should listen for connections on the specified port` / <port:1-65535>", .silent = "port 443"),
    WEBVPN_ACTS("dtls`Configure DTLS for WebVPN` port / <port:1-65535>", .silent = "dtls port 443"),
    WEBVPN_ACTS("enable`Enable WebVPN on the specified interface` <interface:iface> / [tls-only]", .check = NoClashWithHttp),
    PORTAL("character-encoding / <text:line>"),
    PORTAL("file-encoding <server:word> / <text:line>"),
    PORTAL("memory-size / (percent <percent:20-80> | kb <kilobytes:1-1000000>)"),
    PORTAL("onscreen-keyboard / <where:{all|logon}>"),
    PORTAL("internal-password enable /"),
    WEBVPN_ACTS("default-idle-timeout / <seconds:60-86400>", .silent = "default-idle-timeout 1800"),
    WEBVPN("default-language / <language:word>"),
    PORTAL("http-proxy \\ <text:line>"),
    PORTAL("https-proxy \\ <text:line>"),
    PORTAL("http-redirect \\ <text:line>"),
    PORTAL("proxy-bypass \\ <text:line>"),
    PORTAL("rewrite order <order:1-65534> / <text:line>"),
    PORTAL("apcf \\ <text:line>"),
    PORTAL("auto-signon allow \\ <text:line>"),
    PORTAL("java-trustpoint / <trustpoint:word>"),
    PORTAL("keepout / <text:line>"),
    PORTAL("nbns-server <server:word> / [master] [timeout <seconds:1-30>] [retry <times:0-10>]"),
    PORTAL("authentication / <text:line>"),
    PORTAL("authentication-server-group / <group:word>"),
    PORTAL("authorization-server-group / <group:word>"),
    PORTAL("authorization-required /"),
    PORTAL("authorization-dn-attributes / <text:line>"),
    PORTAL("accounting-server-group / <group:word>"),
    PORTAL("default-group-policy / <policy:word>"),
    PORTAL("title / <text:line>"), PORTAL("title-color / <text:line>"), PORTAL("text-color / <text:line>"),
    PORTAL("secondary-color / <text:line>"), PORTAL("secondary-text-color / <text:line>"), PORTAL("login-message / <text:line>"),
    PORTAL("logout-message / <text:line>"), PORTAL("username-prompt / <text:line>"), PORTAL("password-prompt / <text:line>"),
    PORTAL("logo / <text:line>"), PORTAL("html-content-filter / <text:line>"),
    PORTAL("customization <name:word>", .submode = "config-webvpn-custom"),
    PORTAL("sso-server <name:word> / [type <type:word>]", .submode = "config-webvpn-sso"),
    PORTAL("kcd-server <name:word> / <text:line>"),
    PORTAL("mus host / <host:word>"), PORTAL("mus password / <password:secret>"), PORTAL("mus server / <text:line>"),
    WEBVPN_ACTS("hsts", .submode = "config-webvpn-hsts"),
    WEBVPN_ACTS("http-headers", .submode = "config-webvpn-http-headers"),
    WEBVPN_ACTS("csd image <image:word> / [<order:1-65535>]"), WEBVPN_ACTS("csd enable /"), WEBVPN_ACTS("csd hostscan image / <image:word> [<order:1-65535>]"), WEBVPN_ACTS("csd hostscan enable /"),
    WEBVPN_ACTS("hostscan image / <image:word>"), WEBVPN_ACTS("hostscan enable /"),
    WEBVPN_ACTS("anyconnect-essentials /", .keep_no = true),
    WEBVPN_ACTS("svc image <image:word> / [<order:1-65535>] [regex <regex:line>]", .sort = "{order}", .after = OneImageOfAnOrder),
    WEBVPN_ACTS("svc profiles <name:word> / <file:word>"),
    WEBVPN_ACTS("svc enable /"),
    WEBVPN("anyconnect-custom-attr <type:word> / [description <text:line>]"),
    WEBVPN_ACTS("anyconnect`AnyConnect client` image <image:word> / [<order:1-65535>] [regex <regex:line>]", .sort = "{order}", .after = OneImageOfAnOrder),
    WEBVPN("anyconnect external-browser-pkg <image:word>"),
    WEBVPN_ACTS("anyconnect profiles <name:word> / <file:word>"),
    WEBVPN_ACTS("anyconnect enable /"),
    PORTAL("port-forward <name:word> <local:1-65535> <server:word> <remote:1-65535> [<text:line>]"),
    PORTAL("smart-tunnel list <name:word> \\ <text:line>"),
    PORTAL("smart-tunnel auto-signon <name:word> \\ <text:line>"),
    PORTAL("smart-tunnel network <name:word> \\ <text:line>"),
    PORTAL("smart-tunnel notification-icon / [<text:line>]", .keep_no = true),
    PORTAL("portal-access-rule <order:1-65535> / <text:line>"),
    WEBVPN("saml idp`Configure a SAML identity provider` <provider:word>", .submode = "config-webvpn-saml-idp"),
    WEBVPN_ACTS("certificate-group-map <map:name> <index:1-65535> / <group:tgroup>"),
    WEBVPN_ACTS("tunnel-group-list`Configure WebVPN group list dropdown in login page` enable /"),
    WEBVPN("tunnel-group-preference group-url /"),
    PORTAL("mobile-device portal / [<text:line>]", .keep_no = true),
    PORTAL("cache", .submode = "config-webvpn-cache"),
    PORTAL("error-recovery disable /", .keep_no = true),
    PORTAL("keyout \\ <text:line>"),
    PORTAL("application-type \\ <text:line>"),
    PORTAL("portal disable /"),
    PORTAL("url-list \\ <text:line>"),
};

#define HSTS "config-webvpn-hsts|config-webvpn-hsts-server|config-webvpn-hsts-client"
#define IN(mode, words, ...) {mode, words, Sec::kWebvpn, {__VA_ARGS__}}
constexpr Shape kBelow[] = {
    IN("config-webvpn-cache", "disable /"),
    IN("config-webvpn-cache", "cache-static-content enable /"),
    IN("config-webvpn-cache", "expiry-time / <minutes:1-900>"),
    IN("config-webvpn-cache", "lmfactor / <factor:0-100>"),
    IN("config-webvpn-cache", "max-object-size / <size:0-10000>"),
    IN("config-webvpn-cache", "min-object-size / <size:0-10000>"),
    IN("config-webvpn-cache", "cache-compressed /", .keep_no = true),

    IN("config-webvpn-http-headers", "hsts-server", .effect = kActs, .submode = "config-webvpn-hsts-server"),
    IN("config-webvpn-http-headers", "hsts-client", .effect = kDormant, .submode = "config-webvpn-hsts-client"),
    IN("config-webvpn-http-headers", "x-content-type-options / [<text:line>]", .effect = kDormant),
    IN("config-webvpn-http-headers", "x-xss-protection / [<text:line>]", .effect = kDormant),
    IN("config-webvpn-http-headers", "content-security-policy / [<text:line>]", .effect = kDormant),
    IN(HSTS, "enable /", .effect = kActs, .keep_no = true),
    IN(HSTS, "max-age / <seconds:0-2147483647>", .effect = kActs),
    IN(HSTS, "include-sub-domains /", .effect = kActs, .keep_no = true),
    IN(HSTS, "preload /", .effect = kActs, .keep_no = true),

    IN("config-webvpn-saml-idp", "url sign-in / <url:word>", .effect = kDormant),
    IN("config-webvpn-saml-idp", "url sign-out / <url:word>", .effect = kDormant),
    IN("config-webvpn-saml-idp", "base-url / <url:word>", .effect = kDormant),
    IN("config-webvpn-saml-idp", "trustpoint <of:{idp|sp}> / <trustpoint:trustpoint>", .effect = kDormant),
    IN("config-webvpn-saml-idp", "signature / [<method:word>]", .effect = kDormant, .keep_no = true),
    IN("config-webvpn-saml-idp", "timeout assertion / <seconds:1-7200>", .effect = kDormant),
    IN("config-webvpn-saml-idp", "clock-skew / <seconds:1-180>", .effect = kDormant, .keep_no = true),
    IN("config-webvpn-saml-idp", "internal /", .effect = kDormant, .keep_no = true),
    IN("config-webvpn-saml-idp", "force re-authentication /", .effect = kDormant, .keep_no = true),
    IN("config-webvpn-saml-idp", "attribute \\ <text:line>"),

    IN("config-webvpn-sso", "web-agent-url / <url:word>"),
    IN("config-webvpn-sso", "policy-server-secret / <secret:secret>"),
    IN("config-webvpn-sso", "assertion-consumer-url / <url:word>"),
    IN("config-webvpn-sso", "issuer / <issuer:word>"),
    IN("config-webvpn-sso", "trust-point / <trustpoint:word>"),
    IN("config-webvpn-sso", "max-retry-attempts / <attempts:1-5>"),
    IN("config-webvpn-sso", "request-timeout / <seconds:1-30>"),
    IN("config-webvpn-custom", "title \\ <text:line>"),
    IN("config-webvpn-custom", "logo \\ <text:line>"),
    IN("config-webvpn-custom", "page \\ <text:line>"),
    IN("config-webvpn-custom", "username-prompt \\ <text:line>"),
    IN("config-webvpn-custom", "password-prompt \\ <text:line>"),
    IN("config-webvpn-custom", "group-prompt \\ <text:line>"),
    IN("config-webvpn-custom", "login-title \\ <text:line>"),
    IN("config-webvpn-custom", "login-message \\ <text:line>"),
    IN("config-webvpn-custom", "login-button \\ <text:line>"),
    IN("config-webvpn-custom", "clear-button \\ <text:line>"),
    IN("config-webvpn-custom", "logout-message \\ <text:line>"),
    IN("config-webvpn-custom", "application-access \\ <text:line>"),
    IN("config-webvpn-custom", "browse-networks \\ <text:line>"),
    IN("config-webvpn-custom", "web-applications \\ <text:line>"),
    IN("config-webvpn-custom", "web-bookmarks \\ <text:line>"),
    IN("config-webvpn-custom", "file-bookmarks \\ <text:line>"),
    IN("config-webvpn-custom", "dialog \\ <text:line>"),
};

// An ASA indents these lines by two, and sets the attributes' names in a column.
std::string LdapBlanks(ConfigEdit&, const FieldLine& f, Line& line) {
  line.indent = 2;
  if (f.Has("cisco")) line.text = "map-name  " + std::string(f.Get("attribute")) + " " + std::string(f.Get("cisco"));
  return {};
}

#define DAP(words, ...) Dormant({"config-dynamic-access-policy-record", words, Sec::kDapLate, {__VA_ARGS__}})
#define DAP_WEB(words) {"config-dap-webvpn", words, Sec::kDapLate, {.effect = kDormant}}
constexpr Shape kDap[] = {
    {"config", "dynamic-access-policy-record`Configure a dynamic access policy record` <name:name>", Sec::kDapLate, {.effect = kDormant, .submode = "config-dynamic-access-policy-record"}},
    DAP("description / <text:line>"),
    DAP("user-message / <text:line>", .rank = 1),
    DAP("action / <action:{continue|quarantine|terminate}>", .rank = 2),
    DAP("network-acl / <acls:acl>...", .rank = 3),
    DAP("webvpn /", .rank = 4, .submode = "config-dap-webvpn"),
    DAP("priority / <priority:0-2147483647>", .rank = 5),
    DAP("anyconnect-custom <name:word> / <text:line>", .rank = 6),
    DAP_WEB("url-list / (none | value <list:line>)"),
    DAP_WEB("appl-acl / <acls:word>..."),
    DAP_WEB("file-browsing / " SWITCH),
    DAP_WEB("file-entry / " SWITCH),
    DAP_WEB("url-entry / " SWITCH),
    DAP_WEB("http-proxy / <text:line>"),
    DAP_WEB("port-forward / <text:line>"),
    DAP_WEB("smart-tunnel / <text:line>"),
    DAP_WEB("svc ask / <text:line>"),
    DAP_WEB("anyconnect ask / <text:line>"),
    DAP_WEB("always-on-vpn / <how:{disable|profile-setting}>"),
    DAP_WEB("anyconnect-custom <name:word> / <text:line>"),
    {"config", "ldap`Configure LDAP Attribute Map` attribute-map <name:name>", Sec::kLdapMap, {.effect = kActs, .submode = "config-ldap-attribute-map"}},
    {"config-ldap-attribute-map", "map-name`Map an LDAP attribute name to a Cisco attribute name` <attribute:word> / <cisco:word>", Sec::kLdapMap,
     {.effect = kActs, .after = LdapBlanks}},
    {"config-ldap-attribute-map", "map-value`Map an LDAP attribute value to a Cisco attribute value` <attribute:word> <text:line> /", Sec::kLdapMap,
     {.rank = 1, .effect = kActs, .after = LdapBlanks}},
};

// Mail proxies of the portal.
#define MAIL "config-smtps|config-imap4s|config-pop3s"
constexpr Shape kMail[] = {
    {"config", "smtps /", Sec::kWebvpn, {.rank = 2, .submode = "config-smtps"}},
    {"config", "imap4s /", Sec::kWebvpn, {.rank = 2, .submode = "config-imap4s"}},
    {"config", "pop3s /", Sec::kWebvpn, {.rank = 2, .submode = "config-pop3s"}},
    {MAIL, "enable <interface:word>", Sec::kWebvpn, {}},
    {MAIL, "server / <text:line>", Sec::kWebvpn, {.rank = 1}},
    {MAIL, "port / <port:1-65535>", Sec::kWebvpn, {.rank = 2}},
    {MAIL, "outstanding / <number:1-1000>", Sec::kWebvpn, {.rank = 3}},
    {MAIL, "name-separator / <text:line>", Sec::kWebvpn, {.rank = 4}},
    {MAIL, "server-separator / <text:line>", Sec::kWebvpn, {.rank = 5}},
    {MAIL, "authentication / <text:line>", Sec::kWebvpn, {.rank = 6}},
    {MAIL, "authentication-server-group / <text:line>", Sec::kWebvpn, {.rank = 7}},
    {MAIL, "authorization-server-group / <text:line>", Sec::kWebvpn, {.rank = 7}},
    {MAIL, "authorization-required /", Sec::kWebvpn, {.rank = 7}},
    {MAIL, "authorization-dn-attributes / <text:line>", Sec::kWebvpn, {.rank = 7}},
    {MAIL, "accounting-server-group / <text:line>", Sec::kWebvpn, {.rank = 7}},
    {MAIL, "default-group-policy / <policy:word>", Sec::kWebvpn, {.rank = 8}},
};

}  // namespace

void DeclareWebvpn(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kGlobal);
  DeclareInOrder(grammar, kWebvpn);
  DeclareShapes(grammar, kBelow);
  DeclareShapes(grammar, kDap);
  DeclareShapes(grammar, kMail);
}

}  // namespace sallyport
