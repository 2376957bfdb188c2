// Services of the box and who may reach them: DHCP, DNS updates, NTP, SNMP, HTTP, SSH, WCCP, mail, call home; logging and voice
// lines that nothing acts on. Access lines, timeouts and the logging that acts are in grammar_system.cc and grammar_logging.cc.
#include "conf/lines.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kDormant = Effect::kDormant;

// "dhcpd dns ..." stands once for the box and once for each interface.
std::string OneForEachInterface(ConfigEdit& edit, const FieldLine& fields, Line& line) {
  const std::size_t word = line.text.find(' ', 6);
  const std::string begins = line.text.substr(0, word == std::string::npos ? word : word + 1);
  const std::string interface(fields.Get("on"));
  edit.tree.RemoveIf(nullptr, line.section, [&](const Line& other) {
    const auto* f = other.As<FieldLine>();
    return &other != &line && f != nullptr && other.text.starts_with(begins) && f->Get("on") == interface;
  });
  if (!interface.empty()) {
    line.sort = interface + ' ' + static_cast<char>('b' + line.rank);
    line.rank = 20;
  }
  return {};
}

constexpr Shape kDhcp[] = {
    // Without interface they are for all, and stand first; the others stand with their interface.
    {"config", "dhcpd dns \\ <first:ip> [<second:ip>] [ interface <on:iface> ]", Sec::kDhcpd, {.rank = 1, .after = OneForEachInterface}},
    {"config", "dhcpd wins \\ <first:ip> [<second:ip>] [ interface <on:iface> ]", Sec::kDhcpd, {.rank = 2, .after = OneForEachInterface}},
    {"config", "dhcpd lease \\ <seconds:300-1048575> [ interface <on:iface> ]", Sec::kDhcpd, {.rank = 3, .after = OneForEachInterface}},
    {"config", "dhcpd ping_timeout \\ <ms:0-10000> [ interface <on:iface> ]", Sec::kDhcpd, {.rank = 4, .after = OneForEachInterface}},
    {"config", "dhcpd domain \\ <domain:word> [ interface <on:iface> ]", Sec::kDhcpd, {.rank = 5, .after = OneForEachInterface}},
    {"config", "dhcpd auto_config \\ <client:iface> [ vpnclient-wins-override ] [ interface <on:iface> ]", Sec::kDhcpd,
     {.rank = 6, .after = OneForEachInterface}},
    {"config", "dhcpd update dns \\ [ both ] [ override ] [ interface <on:iface> ]", Sec::kDhcpd,
     {.rank = 7, .trailing = " ", .after = OneForEachInterface}},
    {"config", "dhcpd option <code:0-255> \\ ( ip <first:ip> [<second:ip>] | ascii <text:word> | hex <digits:word> ) [ interface <on:iface> ]",
     Sec::kDhcpd, {.rank = 8, .sort = "{on}{code}"}},
    {"config", "dhcpd address <range:word> / <interface:iface>", Sec::kDhcpd, {.rank = 20, .sort = "{interface} a"}},
    {"config", "dhcpd reserve-address <address:ip> <mac:word> <interface:iface>", Sec::kDhcpd, {.rank = 20, .sort = "{interface} b"}},
    {"config", "dhcpd enable <interface:iface>", Sec::kDhcpd, {.rank = 20, .sort = "{interface} z"}},
    {"config", "dhcpd <text:line>", Sec::kDhcpd, {.rank = 19, .since = kOnlyInFiles}},
    {"config", "dhcprelay server <server:ip> [<interface:iface>]", Sec::kDhcpd, {.rank = 30}},
    {"config", "dhcprelay enable <interface:iface>", Sec::kDhcpd, {.rank = 31}},
    {"config", "dhcprelay setroute <interface:iface>", Sec::kDhcpd, {.rank = 32}},
    {"config", "dhcprelay timeout / <seconds:1-3600>", Sec::kDhcpd, {.rank = 33}},
    {"config", "dhcprelay information trust-all", Sec::kDhcpd, {.rank = 34}},
    {"config", "dhcprelay <text:line>", Sec::kDhcpd, {.rank = 35, .since = kOnlyInFiles}},
    {"config", "ipv6 dhcprelay server <server:ip6> [<interface:iface>]", Sec::kDhcpd, {.rank = 36}},
    {"config", "ipv6 dhcprelay enable <interface:iface>", Sec::kDhcpd, {.rank = 37}},
    {"config", "ipv6 dhcprelay timeout / <seconds:1-3600>", Sec::kDhcpd, {.rank = 38}},
    {"config-if", "dhcprelay server <server:ip>", Sec::kInterface, {.rank = 12}},
    {"config-if", "dhcprelay information trusted", Sec::kInterface, {.rank = 12}},
    {"config-if", "ddns update <method:word>", Sec::kInterface, {.rank = 12}},
    {"config-if", "ddns update hostname / <name:word>", Sec::kInterface, {.rank = 12}},
    {"config-if", "dhcp client update dns \\ [ server <who:{both|none}> ]", Sec::kInterface, {.rank = 12}},
    {"config", "ipv6 dhcp pool <name:name>", Sec::kDhcpClient, {.rank = 3, .submode = "config-dhcpv6"}},
    {"config-dhcpv6", "address <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "dns-server <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "domain-name <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "import <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "nis <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "nisp <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "sip <rest:line>", Sec::kDhcpClient},
    {"config-dhcpv6", "sntp <rest:line>", Sec::kDhcpClient},
    {"config", "dhcp-client client-id interface <interface:iface>", Sec::kDhcpClient},
    {"config", "dhcp-client broadcast-flag", Sec::kDhcpClient, {.rank = 1}},
    {"config", "dhcp-client update dns / [ server <who:{both|none}> ]", Sec::kDhcpClient, {.rank = 2}},
    {"config", "ddns update method <name:name>", Sec::kDhcpClient, {.rank = 4, .submode = "config-ddns-update-method"}},
    {"config-ddns-update-method", "ddns / [ both ]", Sec::kDhcpClient},
    {"config-ddns-update-method", "interval maximum / <days:0-364> <hours:0-23> <minutes:0-59> <seconds:0-59>", Sec::kDhcpClient, {.rank = 1}},
    {"config-ddns-update-method", "web <what:{update-url|update-type|reference-identity}> / <rest:line>", Sec::kDhcpClient, {.rank = 2}},
};

constexpr Shape kManagement[] = {
    {"config", "ntp authentication-key <key:1-4294967295> / <hash:{md5|sha1|sha256|sha512|cmac}> [<type:0-8>] <secret:secret>", Sec::kNtp, {.effect = kDormant}},
    {"config", "ntp authenticate", Sec::kNtp, {.rank = 1, .effect = kDormant}},
    {"config", "ntp trusted-key <key:1-4294967295>", Sec::kNtp, {.rank = 2, .effect = kDormant}},
    {"config", "ntp server <server:ipx> / [ key <key-id:1-4294967295> ] [ source <interface:iface> ] [ prefer ]", Sec::kNtp, {.rank = 3, .effect = kDormant}},
    {"config", "ntp server <server:word> / [<rest:line>]", Sec::kNtp, {.rank = 3, .since = kOnlyInFiles}},

    {"config", "snmp-server group <group:name> <version:{v1|v2c}> \\ [ read <read-view:name> ] [ write <write-view:name> ] [ notify <notify-view:name> ] "
     "[ access <acl:acl> ]", Sec::kSnmp},
    {"config", "snmp-server group <group:name> v3 <level:{auth|noauth|priv}> \\ [ read <read-view:name> ] [ write <write-view:name> ] "
     "[ notify <notify-view:name> ] [ access <acl:acl> ]", Sec::kSnmp},
    {"config", "snmp-server user <user:name> <group:name> <version:{v1|v2c}>", Sec::kSnmp, {.rank = 1}},
    {"config", "snmp-server user <user:name> <group:name> v3 / [ engineID <engine:word> ] [ encrypted ] "
     "[ auth <hash:{md5|sha|sha224|sha256|sha384}> <auth-password:secret> "
     "[ priv ( des | 3des | aes <bits:{128|192|256}> ) <priv-password:secret> ] ]", Sec::kSnmp, {.rank = 1}},
    {"config", "snmp-server user-list <list:name> username <user:name>", Sec::kSnmp, {.rank = 2}},
    {"config", "snmp-server host <interface:iface> <address:ipx> / [ poll | trap ] [ community [<type:0-8>] <string:secret> ] "
     "[ version <v:{1|2c|3}> [<user:name>] ] [ udp-port <port:1-65535> ]", Sec::kSnmp, {.rank = 3}},
    {"config", "snmp-server host-group <interface:iface> <group:name> / [ poll | trap ] [ community [<type:0-8>] <string:secret> ] "
     "[ version <v:{1|2c|3}> [<user:name>] ] [ udp-port <port:1-65535> ]", Sec::kSnmp, {.rank = 3}},
    {"config", "snmp-server host <text:line>", Sec::kSnmp, {.rank = 3, .since = kOnlyInFiles}},
    {"config", "snmp-server location`Text for mib object sysLocation` / <text:line>", Sec::kSnmp, {.rank = 4, .keep_no = true}},
    {"config", "snmp-server contact`Text for mib object sysContact` / <text:line>", Sec::kSnmp, {.rank = 5, .keep_no = true}},
    {"config", "snmp-server community / [<type:0-8>] <community:secret>", Sec::kSnmp, {.rank = 6}},
    {"config", "snmp-server enable", Sec::kSnmp, {.rank = 7, .silent = "snmp-server enable", .keep_no = true}},
    {"config", "snmp-server enable traps`Enable SNMP Traps` / [ all ]", Sec::kSnmp, {.rank = 8, .keep_no = true}},
    {"config", "snmp-server enable traps snmp / [<which:{authentication|linkup|linkdown|coldstart|warmstart}>...]", Sec::kSnmp,
     {.rank = 9, .keep_no = true}},
    {"config", "snmp-server enable traps <feature:{config|connection-limit-reached|cpu|entity|ikev2|interface-threshold|ipsec|memory-threshold|"
     "nat|peer-flap|remote-access|syslog|bgp|failover-state|cluster-state}> / [<which:line>]", Sec::kSnmp, {.rank = 10, .keep_no = true}},
    {"config", "snmp-server listen-port / <port:1-65535>", Sec::kSnmp, {.rank = 11}},
    {"config", "snmp-server <what:{view|engineID|host-group|mib|trap-source|oid|cpu}> <rest:line>", Sec::kSnmp, {.rank = 12, .since = kOnlyInFiles}},
    {"config", "snmp cpu threshold rising / <percent:10-94> [<minutes:1-60>]", Sec::kSnmp, {.rank = 13}},
    {"config", "snmp interface threshold / <percent:30-99>", Sec::kSnmp, {.rank = 13}},
    {"config", "snmp-map <name:name>", Sec::kSnmpMap, {.submode = "config-snmp-map"}},
    {"config-snmp-map", "deny version <version:{1|2|2c|3}>", Sec::kSnmpMap},

    {"config", "http server <limit:{idle-timeout|session-timeout}> / <minutes:1-1440>", Sec::kHttp, {.rank = 1}},
    {"config", "http server basic-auth-client / <agent:line>", Sec::kHttp, {.rank = 1}},
    {"config", "http connection idle-timeout / <seconds:10-86400>", Sec::kHttp, {.rank = 1}},
    {"config", "http authentication-certificate <interface:iface> / [ match <map:name> ]", Sec::kHttp, {.rank = 3}},
    {"config", "http redirect <interface:iface> / [<port:1-65535>]", Sec::kHttp, {.rank = 4}},
    {"config", "http username-from-certificate / <rest:line>", Sec::kHttp, {.rank = 5}},
    {"config", "http <address:word> <mask:word> <interface:word>", Sec::kHttp, {.rank = 2, .since = kOnlyInFiles}},

    {"config", "ssh stack / ciscossh", Sec::kSsh, {.keep_no = true}},
    {"config", "ssh scopy enable", Sec::kSsh, {.keep_no = true}},
    {"config", "ssh stricthostkeycheck", Sec::kSsh, {.rank = 1, .keep_no = true}},
    {"config", "ssh version / <version:1-2> [<second:1-2>]", Sec::kSsh, {.rank = 4, .keep_no = true}},
    {"config", "ssh cipher <what:{encryption|integrity}> / <level:{all|fips|high|low|medium|custom}> [<ciphers:line>]", Sec::kSsh, {.rank = 5}},
    {"config", "ssh key-exchange group / <group:{dh-group1-sha1|dh-group14-sha1|dh-group14-sha256|curve25519-sha256|ecdh-sha2-nistp256}> "
     "[<interface:iface>]", Sec::kSsh, {.rank = 6}},
    {"config", "ssh key-exchange hostkey / <type:{rsa|ecdsa|eddsa}>", Sec::kSsh, {.rank = 7}},
    {"config", "ssh key-exchange <text:line>", Sec::kSsh, {.rank = 7, .since = kOnlyInFiles}},
    {"config", "ssh pubkey-chain", Sec::kSsh, {.rank = 8, .submode = "config-ssh-pubkey-chain"}},
    {"config-ssh-pubkey-chain", "server <server:word>", Sec::kSsh, {.submode = "config-ssh-pubkey-server"}},
    {"config-ssh-pubkey-server", "key-hash / <algorithm:word> <digest:line>", Sec::kSsh, {.rank = 1}},
    {"config-ssh-pubkey-server", "key-string", Sec::kSsh, {.rank = 2, .submode = "config-ssh-pubkey-server-string"}},
    {"config", "ssh <address:word> <mask:word> <interface:word>", Sec::kSsh, {.rank = 2, .since = kOnlyInFiles}},
    {"config", "telnet <address:word> <mask:word> <interface:word>", Sec::kTelnet, {.rank = 2, .since = kOnlyInFiles}},
    {"config", "console serial", Sec::kConsole, {.rank = 1}},
    {"config", "management-access / <interface:iface>", Sec::kManagementAccess, {.effect = Effect::kModelled}},

    {"config", "wccp <service:{web-cache}> / [ redirect-list <redirect:acl> ] [ group-list <group:acl> ] [ password <secret:secret> ]", Sec::kThreat,
     {.rank = 20}},
    {"config", "wccp <service:0-254> / [ redirect-list <redirect:acl> ] [ group-list <group:acl> ] [ password <secret:secret> ]", Sec::kThreat,
     {.rank = 20}},
    {"config", "wccp interface <interface:iface> ( web-cache | <service:0-254> ) redirect in", Sec::kThreat, {.rank = 21}},
    {"config", "smtp-server / <primary:word> [<backup:word>] [ source-interface <interface:iface> ]", Sec::kSmtp},

    {"config", "call-home reporting anonymous / [ prompt <when:word> ] [ trustpoint <with:trustpoint> ]", Sec::kCallHome, {.keep_no = true}},
    {"config", "call-home", Sec::kCallHome, {.rank = 1, .submode = "cfg-call-home"}},
    {"cfg-call-home", "alert-group <group:word>", Sec::kCallHome, {.keep_no = true}},
    {"cfg-call-home", "alert-group-config snapshot", Sec::kCallHome, {.rank = 1, .submode = "cfg-alert-group-config-snapshot"}},
    {"cfg-alert-group-config-snapshot", "add-command <command:line>", Sec::kCallHome},
    {"cfg-call-home", "contact-email-addr / <address:word>", Sec::kCallHome, {.rank = 2}},
    {"cfg-call-home", "contact-name / <text:line>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home", "contract-id / <text:line>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home", "customer-id / <text:line>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home", "phone-number / <text:line>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home", "site-id / <text:line>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home", "street-address / <text:line>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home", "mail-server <server:word> priority / <priority:1-100>", Sec::kCallHome, {.rank = 4}},
    {"cfg-call-home", "sender <what:{from|reply-to}> / <address:word>", Sec::kCallHome, {.rank = 5}},
    {"cfg-call-home", "rate-limit / <messages:1-10>", Sec::kCallHome, {.rank = 6}},
    {"cfg-call-home", "http-proxy / [<rest:line>]", Sec::kCallHome, {.rank = 7, .keep_no = true}},
    {"cfg-call-home", "source-interface / [<rest:line>]", Sec::kCallHome, {.rank = 7, .keep_no = true}},
    {"cfg-call-home", "vrf / [<rest:line>]", Sec::kCallHome, {.rank = 7, .keep_no = true}},
    {"cfg-call-home", "syslog-throttling / [<rest:line>]", Sec::kCallHome, {.rank = 7, .keep_no = true}},
    {"cfg-call-home", "profile <name:name>", Sec::kCallHome, {.rank = 9, .submode = "cfg-call-home-profile"}},
    {"cfg-call-home-profile", "active", Sec::kCallHome, {.keep_no = true}},
    {"cfg-call-home-profile", "destination address <transport:{http|email}> <address:word> [ msg-format <format:{long-text|short-text|xml}> ]",
     Sec::kCallHome, {.rank = 1}},
    {"cfg-call-home-profile", "destination message-size-limit / <bytes:50-3145728>", Sec::kCallHome, {.rank = 2}},
    {"cfg-call-home-profile", "destination preferred-msg-format / <format:{long-text|short-text|xml}>", Sec::kCallHome, {.rank = 3}},
    {"cfg-call-home-profile", "destination transport-method <transport:{http|email}>", Sec::kCallHome, {.rank = 4}},
    {"cfg-call-home-profile", "reference-identity / <name:name>", Sec::kCallHome, {.rank = 5}},
    {"cfg-call-home-profile", "subscribe-to-alert-group <group:{all|configuration|diagnostic|environment|inventory|snapshot|syslog|telemetry|threat}> / "
     "[<what:line>]", Sec::kCallHome, {.rank = 6}},
    // Copies of a configuration that lost its indentation have these at the edge.
    {"cfg-call-home-profile", "email-to-addr <address:line>", Sec::kCallHome, {.rank = 1}},
};

// Voice: proxies for phones.
constexpr Shape kVoice[] = {
    {"config", "tls-proxy maximum-session / <sessions:1-200000>", Sec::kDhcpd, {.rank = 90}},
    {"config", "tls-proxy <name:name>", Sec::kDhcpd, {.rank = 91, .submode = "config-tlsp"}},
    {"config-tlsp", "server trust-point / <trustpoint:trustpoint>", Sec::kDhcpd},
    {"config-tlsp", "client <what:{trust-point|ldc|cipher-suite|authenticate-client}> \\ [<rest:line>]", Sec::kDhcpd, {.rank = 1, .keep_no = true}},
    {"config-tlsp", "server <what:{trust-point|ldc|cipher-suite|authenticate-client}> \\ [<rest:line>]", Sec::kDhcpd, {.rank = 1, .keep_no = true}},
    {"config", "ctl-file <name:name>", Sec::kDhcpd, {.rank = 92, .submode = "config-ctl-file"}},
    {"config-ctl-file", "record-entry <type:word> trustpoint <trustpoint:trustpoint> address <address:ip> [ domain-name <domain:word> ]", Sec::kDhcpd},
    {"config-ctl-file", "cluster-ctl-file / <path:word>", Sec::kDhcpd, {.rank = 1}},
    {"config-ctl-file", "shutdown", Sec::kDhcpd, {.rank = 2, .keep_no = true}},
    {"config-ctl-file", "sast / <keys:1-5>", Sec::kDhcpd, {.rank = 2}},
    {"config", "ctl-provider <name:name>", Sec::kDhcpd, {.rank = 93, .submode = "config-ctl-provider"}},
    {"config-ctl-provider", "client interface <interface:iface> <address:ip>", Sec::kDhcpd},
    {"config-ctl-provider", "client username <user:name> password <password:secret> [ encrypted ]", Sec::kDhcpd, {.rank = 1}},
    {"config-ctl-provider", "export certificate / <trustpoint:word>", Sec::kDhcpd, {.rank = 2}},
    {"config-ctl-provider", "ctl install", Sec::kDhcpd, {.rank = 3}},
    {"config", "media-termination <name:name>", Sec::kDhcpd, {.rank = 94, .submode = "config-media-termination"}},
    {"config-media-termination", "address <address:ip> [ interface <on:iface> ]", Sec::kDhcpd},
    {"config-media-termination", "rtp-min-port / <low:1-65535> rtp-max-port <high:1-65535>", Sec::kDhcpd, {.rank = 1}},
    {"config", "phone-proxy <name:name>", Sec::kDhcpd, {.rank = 95, .submode = "config-phone-proxy"}},
    {"config-phone-proxy", "media-termination \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "tftp-server \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "tls-proxy \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "ctl-file \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "cluster-mode \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "timeout \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "proxy-server \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "cipc \\ [<rest:line>]", Sec::kDhcpd},
    {"config-phone-proxy", "disable service-settings", Sec::kDhcpd, {.rank = 1, .keep_no = true}},
    {"config", "uc-ime <name:name>", Sec::kDhcpd, {.rank = 96, .submode = "config-uc-ime"}},
    {"config-uc-ime", "ucm <rest:line>", Sec::kDhcpd},
    {"config-uc-ime", "media-termination <rest:line>", Sec::kDhcpd},
    {"config-uc-ime", "ticket <rest:line>", Sec::kDhcpd},
    {"config-uc-ime", "mapping-service <rest:line>", Sec::kDhcpd},
    {"config-uc-ime", "fallback <rest:line>", Sec::kDhcpd},
};

}  // namespace

void DeclareServices(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kDhcp);
  DeclareShapes(grammar, kManagement);
  DeclareShapes(grammar, kVoice);
}

}  // namespace sallyport
