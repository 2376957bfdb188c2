// The box itself: images, modules, licence, clock and names' services, ARP, ASDM, and the lines of one box among several:
// failover, clusters, contexts. Nothing here acts; what does is in grammar_system.cc.
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Shape kShapes[] = {
    // An ASA prints aliases before everything else.
    {"config", "command-alias <mode:word> <alias:word> / <command:line>", Sec::kHostname, {.rank = -1}},
    {"config", "hostname / <name:line>", Sec::kHostname, {.since = kOnlyInFiles}},
    {"config", "name <address:word> <name:word> [ description <text:line> ]", Sec::kNames, {.since = kOnlyInFiles}},

    {"config", "license smart", Sec::kLicense, {.submode = "config-smart-lic"}},
    {"config-smart-lic", "feature tier / <tier:{standard|essentials}>", Sec::kLicense},
    {"config-smart-lic", "feature context / <contexts:1-250>", Sec::kLicense, {.rank = 1}},
    {"config-smart-lic", "feature <feature:{strong-encryption|carrier|mobile-sp|malware}>", Sec::kLicense, {.rank = 1}},
    {"config-smart-lic", "throughput level / <level:word>", Sec::kLicense, {.rank = 2}},
    {"config-smart-lic", "privacy <what:{all|hostname|version}>", Sec::kLicense, {.rank = 3}},
    {"config", "license smart <what:word> / [<rest:line>]", Sec::kLicense, {.rank = 1}},
    {"config", "license-server <what:word> / [<rest:line>]", Sec::kLicense, {.rank = 2, .keep_no = true}},
    {"config", "rest-api image / <url:word>", Sec::kLicense, {.rank = 3}},
    {"config", "rest-api agent", Sec::kLicense, {.rank = 4}},
    {"config", "service-module <module:word> <setting:{keepalive-timeout|keepalive-counter}> / <n:1-255>", Sec::kServiceModule},
    {"config", "service-module <module:word> <rest:line>", Sec::kServiceModule, {.rank = 1}},
    {"config", "module <rest:line>", Sec::kServiceModule, {.rank = 2, .keep_no = true}},
    {"config", "hw-module <rest:line>", Sec::kServiceModule, {.rank = 2, .keep_no = true}},
    {"config", "sw-module <rest:line>", Sec::kServiceModule, {.rank = 2, .keep_no = true}},
    {"config", "fips enable", Sec::kLicense, {.rank = 9}},
    {"config", "config-register / <value:word>", Sec::kBoot, {.rank = 2}},
    {"config", "mac-address auto / [ prefix <auto-prefix:0-65535> ]", Sec::kMacAddress, {.keep_no = true}},

    {"config", "boot system`System image file` <url:word>", Sec::kBoot},
    {"config", "boot config`Configuration file` / <url:word>", Sec::kBoot, {.rank = 1}},
    {"config", "ftp mode / passive`Passive mode`", Sec::kFtpMode, {.keep_no = true}},
    {"config", "tftp-server / <interface:word> <server:word> <path:line>", Sec::kNtp, {.rank = 9}},

    {"config", "dns-guard", Sec::kNames, {.rank = 3, .effect = Effect::kModelled, .keep_no = true}},
    {"config", "dns domain-lookup`Enable interface for DNS lookups` <interface:iface>", Sec::kDnsLookup, {.effect = Effect::kModelled}},
    {"config", "dns server-group`DNS server group` <name:name>", Sec::kDnsGroup, {.effect = Effect::kModelled, .submode = "config-dns-server-group"}},
    {"config-dns-server-group", "name-server \\ <server:ipx>... [<interface:iface>]", Sec::kDnsGroup, {.effect = Effect::kModelled}},
    {"config-dns-server-group", "domain-name / <name:word>", Sec::kDnsGroup, {.rank = 1, .effect = Effect::kModelled}},
    {"config-dns-server-group", "timeout / <seconds:1-30>", Sec::kDnsGroup, {.rank = 2, .effect = Effect::kModelled}},
    {"config-dns-server-group", "retries / <times:0-10>", Sec::kDnsGroup, {.rank = 3, .effect = Effect::kModelled}},
    {"config-dns-server-group", "poll-timer minutes / <minutes:1-65535>", Sec::kDnsGroup, {.rank = 4, .effect = Effect::kModelled}},
    {"config-dns-server-group", "expire-entry-timer minutes / <minutes:1-65535>", Sec::kDnsGroup, {.rank = 5, .effect = Effect::kModelled}},
    {"config-dns-server-group", "name-server \\ <text:line>", Sec::kDnsGroup, {.since = kOnlyInFiles}},
    {"config", "dns-group / <name:name>", Sec::kDnsGroup, {.rank = 2, .effect = Effect::kModelled}},
    {"config", "dns name-server \\ <server:ipx>... [<interface:iface>]", Sec::kDnsLookup, {.rank = 1, .effect = Effect::kModelled}},
    {"config", "dns <setting:{timeout|retries|domain-name}> / <value:word>", Sec::kDnsLookup, {.rank = 2}},
    {"config", "dns <timer:{poll-timer|expire-entry-timer}> minutes / <minutes:1-65535>", Sec::kDnsGroup, {.rank = 3, .effect = Effect::kModelled}},
    {"config", "dns trusted-source <source:word> / [<rest:line>]", Sec::kDnsGroup, {.rank = 4, .keep_no = true}},

    {"config", "asdm image`Image file` / <url:word>", Sec::kAsdm},
    {"config", "asdm location <address:ipx> <mask:mask> <interface:iface>", Sec::kAsdm, {.rank = 1}},
    {"config", "asdm location <prefix:prefix6> <interface:iface>", Sec::kAsdm, {.rank = 1}},
    {"config", "asdm group <name:name> <interface:iface> [ reference <other:name> ]", Sec::kAsdm, {.rank = 2}},
    {"config", "asdm location <text:line>", Sec::kAsdm, {.rank = 1, .since = kOnlyInFiles}},
    {"config", "asdm history enable", Sec::kAsdm, {.rank = 3, .keep_no = true}},

    {"config", "arp <interface:iface`Interface name`> <address:ip> / <mac:mac> [ alias ]", Sec::kArp, {.effect = Effect::kModelled}},
    {"config", "arp`Change or view ARP table, set ARP timeout value, view statistics` timeout`ARP timeout` / <seconds:60-4294967>", Sec::kArp,
     {.rank = 1, .keep_no = true}},
    {"config", "arp permit-nonconnected`Allow ARP for hosts of other subnets`", Sec::kArp, {.rank = 2, .keep_no = true}},
    {"config", "arp rate-limit`ARP packets to the box in a second` / <packets:1-32768>", Sec::kArp, {.rank = 3, .keep_no = true}},
    {"config", "arp <interface:word> <address:word> / <mac:word> [ alias ]", Sec::kArp, {.since = kOnlyInFiles}},

    {"config", "sysopt nodnsalias <direction:{inbound|outbound}>", Sec::kSysopt, {.keep_no = true}},
    {"config", "sysopt noproxyarp <interface:iface>", Sec::kSysopt, {.rank = 6, .effect = Effect::kModelled}},
    {"config", "sysopt radius ignore-secret", Sec::kSysopt, {.rank = 5}},
    {"config", "sysopt uauth allow-http-cache", Sec::kSysopt, {.rank = 5, .keep_no = true}},
    {"config", "sysopt traffic detailed-statistics", Sec::kSysopt, {.rank = 5, .keep_no = true}},
    {"config", "sysopt np completion-unlock", Sec::kSysopt, {.rank = 5, .keep_no = true}},
    {"config", "service password-recovery`The password can be had back at the serial console`", Sec::kService, {.keep_no = true}},
    {"config", "service sw-reset-button", Sec::kService, {.rank = 1, .keep_no = true}},
    {"config", "service call-home", Sec::kService, {.rank = 1, .keep_no = true}},
    {"config", "service <what:{internal|unsupported-sfp|telemetry}>", Sec::kService, {.rank = 2, .keep_no = true}},
    {"config", "crashinfo save disable", Sec::kService, {.rank = 8, .keep_no = true}},
    {"config", "crashinfo <what:word> / [<rest:line>]", Sec::kService, {.rank = 8, .keep_no = true}},
    {"config", "coredump <what:word> / [<rest:line>]", Sec::kService, {.rank = 9, .keep_no = true}},
    {"config", "checkheaps <what:{check-interval|validate-checksum}> / <seconds:1-2147483>", Sec::kService, {.rank = 9}},
    {"config", "memory <what:word> / [<rest:line>]", Sec::kService, {.rank = 9, .keep_no = true}},
    {"config", "process cpu-hog <rest:line>", Sec::kService, {.rank = 9}},
    {"config", "app-agent heartbeat / [<rest:line>]", Sec::kService, {.rank = 9, .keep_no = true}},
    {"config", "quota management-session / [<rest:line>]", Sec::kService, {.rank = 9, .keep_no = true}},
    {"config", "hpm topN enable", Sec::kCallHome, {.rank = 5}},
    {"config", "jumbo-frame reservation", Sec::kCallHome, {.rank = 6}},
    {"config", "auto-update <what:{device-id|poll-at|poll-period|server|timeout}> / <rest:line>", Sec::kCallHome, {.rank = 4}},
    {"config", "event manager applet <name:name>", Sec::kCallHome, {.rank = 7, .submode = "config-applet"}},
    {"config-applet", "description / <text:line>", Sec::kCallHome},
    {"config-applet", "event <event:{none|crashinfo|syslog|timer}> \\ [<rest:line>]", Sec::kCallHome, {.rank = 1}},
    {"config-applet", "action <n:0-4294967295> / cli command <command:line>", Sec::kCallHome, {.rank = 2, .sort = "{n}"}},
    {"config-applet", "output / <where:line>", Sec::kCallHome, {.rank = 3}},
    {"config", "password encryption aes", Sec::kPassword},
    {"config", "password-policy <rule:word> / [<rest:line>]", Sec::kPassword, {.rank = 1, .keep_no = true}},

    // Contexts: the system configuration of a box that is several.
    {"config", "class <name:name>", Sec::kContext, {.submode = "config-class"}},
    {"config-class", "limit-resource [ rate ] ( VPN <kind:word> | <resource:word> ) / <most:word>", Sec::kContext},
    {"config", "admin-context / <name:name>", Sec::kContext, {.rank = 1}},
    {"config", "context`Configure a context` <name:name>", Sec::kContext, {.rank = 2, .submode = "config-ctx"}},
    {"config-ctx", "description / <text:line>", Sec::kContext},
    {"config-ctx", "member / <class:name>", Sec::kContext, {.rank = 1}},
    {"config-ctx", "allocate-interface <interface:word> [<alias:word>] [ visible | invisible ]", Sec::kContext, {.rank = 2, .trailing = " "}},
    {"config-ctx", "allocate-ips <sensor:word> [<alias:word>] [ default ]", Sec::kContext, {.rank = 3}},
    {"config-ctx", "config-url / <url:word>", Sec::kContext, {.rank = 4}},
    {"config-ctx", "join-failover-group / <group:1-2>", Sec::kContext, {.rank = 5}},
    {"config-ctx", "scansafe \\ [<rest:line>]", Sec::kContext, {.rank = 6}},
    {"config-ctx", "storage-url \\ <rest:line>", Sec::kContext, {.rank = 7}},

    // Failover.
    {"config", "failover", Sec::kFailover, {.keep_no = true}},
    {"config", "failover lan unit / <unit:{primary|secondary}>", Sec::kFailover, {.rank = 1}},
    {"config", "failover lan interface / <name:word> <hardware:hw>", Sec::kFailover, {.rank = 2}},
    {"config", "failover lan enable", Sec::kFailover, {.rank = 3}},
    {"config", "failover polltime unit / [<in:{msec}>] <n:1-999> [ holdtime [<holdin:{msec}>] <hold:1-999> ]", Sec::kFailover, {.rank = 4}},
    {"config", "failover polltime interface / [ msec ] <n:1-999> [ holdtime <hold:5-75> ]", Sec::kFailover, {.rank = 5}},
    {"config", "failover polltime link-state / msec <n:300-799>", Sec::kFailover, {.rank = 5}},
    {"config", "failover interface-policy / <policy:word>", Sec::kFailover, {.rank = 6}},
    {"config", "failover timeout / <time:hms>", Sec::kFailover, {.rank = 7}},
    {"config", "failover key / [ hex | <type:0-8> ] <key:secret>", Sec::kFailover, {.rank = 8}},
    {"config", "failover ipsec pre-shared-key / [<type:0-8>] <key:secret>", Sec::kFailover, {.rank = 8}},
    {"config", "failover replication http", Sec::kFailover, {.rank = 9}},
    {"config", "failover replication rate / <connections:1-999999>", Sec::kFailover, {.rank = 9}},
    {"config", "failover mac address <interface:word> / <active:word> <standby:word>", Sec::kFailover, {.rank = 10}},
    {"config", "failover link / <name:word> [<hardware:hw>]", Sec::kFailover, {.rank = 11}},
    {"config", "failover interface ip <name:word> / <address:ip> <mask:mask> standby <standby:ip>", Sec::kFailover, {.rank = 12}},
    {"config", "failover interface ip <name:word> / <prefix:prefix6> standby <standby:ip6>", Sec::kFailover, {.rank = 12}},
    {"config", "failover <what:{standby|health-check|cloud|auto-tune}> <rest:line>", Sec::kFailover, {.rank = 13, .keep_no = true}},
    {"config", "failover group <group:1-2> /", Sec::kFailover, {.rank = 14, .submode = "config-fover-group"}},
    {"config", "failover wait-disable", Sec::kFailover, {.rank = 15, .keep_no = true}},
    {"config", "failover <text:line>", Sec::kFailover, {.rank = 13, .since = kOnlyInFiles}},
    {"config-fover-group", "primary", Sec::kFailover},
    {"config-fover-group", "secondary", Sec::kFailover},
    {"config-fover-group", "preempt / [<delay:1-1200>]", Sec::kFailover, {.rank = 1}},
    {"config-fover-group", "interface-policy / <policy:word>", Sec::kFailover, {.rank = 2}},
    {"config-fover-group", "polltime interface / [ msec ] <n:1-999> [ holdtime <hold:5-75> ]", Sec::kFailover, {.rank = 3}},
    {"config-fover-group", "replication http", Sec::kFailover, {.rank = 4}},
    {"config-fover-group", "mac address <interface:word> / <active:word> <standby:word>", Sec::kFailover, {.rank = 5}},
    {"config", "monitor-interface service-module", Sec::kMonitor, {.rank = 1, .keep_no = true, .trailing = " ", .no_trailing = " "}},
    {"config", "monitor-interface`Enable failover monitoring on an interface` <interface:iface>", Sec::kMonitor, {.keep_no = true}},

    // Clusters.
    {"config", "cluster interface-mode / <mode:{individual|spanned}> [ force | check-details ]", Sec::kCluster},
    {"config", "cluster group / <name:name>", Sec::kCluster, {.rank = 1, .submode = "cfg-cluster"}},
    {"config", "cluster <what:{flow-mobility|replication|dscp-copy}> <rest:line>", Sec::kCluster, {.rank = 2, .keep_no = true}},
    {"config", "mtu cluster / <bytes:1400-9198>", Sec::kCluster, {.rank = 3, .since = kOnlyInFiles}},
    {"cfg-cluster", "key / [<type:0-8>] <key:secret>", Sec::kCluster},
    {"cfg-cluster", "local-unit / <name:word>", Sec::kCluster, {.rank = 1}},
    {"cfg-cluster", "cluster-interface / <interface:word> [ ip <address:ip> <mask:mask> ]", Sec::kCluster, {.rank = 2}},
    {"cfg-cluster", "priority / <priority:1-100>", Sec::kCluster, {.rank = 3}},
    {"cfg-cluster", "console-replicate", Sec::kCluster, {.rank = 4, .keep_no = true}},
    {"cfg-cluster", "health-check \\ <rest:line>", Sec::kCluster, {.rank = 5, .keep_no = true}},
    {"cfg-cluster", "clacp <rest:line>", Sec::kCluster, {.rank = 6, .keep_no = true}},
    {"cfg-cluster", "conn-rebalance \\ [<rest:line>]", Sec::kCluster, {.rank = 7, .keep_no = true}},
    {"cfg-cluster", "site-id \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "site-redundancy \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "site-periodic-garp \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "director-localization \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "unit \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "trace-level \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "cts \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "vpn-mode \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "member \\ [<rest:line>]", Sec::kCluster, {.rank = 8, .keep_no = true}},
    {"cfg-cluster", "enable / [ noconfirm | as-slave ]", Sec::kCluster, {.rank = 9, .keep_no = true}},
};

// Translations that end with their connection.
#define SALLYPORT_ENDS(side) "( <" side "any:{any|any4|any6}> | host <" side "host:ipx> | <" side ":ip> <" side "mask:mask> | <" side "prefix:prefix6> )"
#define SALLYPORT_PORTS(side, type) \
  "[ <" side "op:{eq|gt|lt|neq}> <" side "port:" type "> | range <" side "low:" type "> <" side "high:" type "> ] "
constexpr Shape kXlate[] = {
    {"config", "xlate per-session <action:{permit|deny}> tcp " SALLYPORT_ENDS("from") " " SALLYPORT_PORTS("from", "port") SALLYPORT_ENDS("to") " "
     SALLYPORT_PORTS("to", "port"), Sec::kXlatePerSession, {.effect = Effect::kModelled}},
    {"config", "xlate per-session <action:{permit|deny}> udp " SALLYPORT_ENDS("from") " " SALLYPORT_PORTS("from", "udpport") SALLYPORT_ENDS("to") " "
     SALLYPORT_PORTS("to", "udpport"), Sec::kXlatePerSession, {.effect = Effect::kModelled}},
};
#undef SALLYPORT_ENDS
#undef SALLYPORT_PORTS

}  // namespace

void DeclareSystemShapes(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kShapes);
  DeclareShapes(grammar, kXlate);
}

}  // namespace sallyport
