// Lines that are accepted without effect: kept in their place, printed back, counted. What an ASA's default configuration
// has and nothing here acts on. A line that is in no grammar is refused.
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Shape kShapes[] = {
    {"config", "service-module \\ [<text:line>]", Sec::kServiceModule},
    {"config", "dns-guard / [<text:line>]", Sec::kNames, {.keep_no = true}},
    {"config", "boot system \\ [<text:line>]", Sec::kBoot},
    {"config", "ftp mode / [<text:line>]", Sec::kFtpMode, {.keep_no = true}},
    {"config", "dns domain-lookup \\ [<text:line>]", Sec::kDnsLookup},
    {"config", "dns server-group \\ [<text:line>]", Sec::kDnsGroup, {.submode = "config-dns-server-group"}},
    {"config-dns-server-group", "name-server \\ [<text:line>]", Sec::kDnsGroup},
    {"config-dns-server-group", "domain-name / [<text:line>]", Sec::kDnsGroup, {.rank = 1}},
    {"config-dns-server-group", "timeout / [<text:line>]", Sec::kDnsGroup, {.rank = 2}},
    {"config-dns-server-group", "retries / [<text:line>]", Sec::kDnsGroup, {.rank = 2}},
    {"config", "logging rate-limit \\ [<text:line>]", Sec::kLogging, {.rank = 21}},
    {"config", "failover / [<text:line>]", Sec::kFailover, {.keep_no = true}},
    {"config", "failover wait-disable / [<text:line>]", Sec::kFailover, {.keep_no = true}},
    {"config", "monitor-interface service-module / [<text:line>]", Sec::kMonitor, {.keep_no = true, .trailing = " ", .no_trailing = " "}},
    {"config", "monitor-interface \\ [<text:line>]", Sec::kMonitor, {.keep_no = true}},
    {"config", "asdm image / [<text:line>]", Sec::kAsdm},
    {"config", "asdm location \\ [<text:line>]", Sec::kAsdm},
    {"config", "asdm history enable / [<text:line>]", Sec::kAsdm, {.keep_no = true}},
    {"config", "user-identity default-domain / [<text:line>]", Sec::kUserIdentity},
    {"config", "aaa authentication login-history / [<text:line>]", Sec::kAaa, {.keep_no = true}},
    {"config", "aaa authorization command / [<text:line>]", Sec::kAaa},
    {"config", "http server idle-timeout / [<text:line>]", Sec::kHttp},
    {"config", "http server session-timeout / [<text:line>]", Sec::kHttp},
    {"config", "snmp-server location / [<text:line>]", Sec::kSnmp, {.keep_no = true}},
    {"config", "snmp-server contact / [<text:line>]", Sec::kSnmp, {.keep_no = true}},
    {"config", "snmp-server enable \\ [<text:line>]", Sec::kSnmp, {.keep_no = true}},
    {"config", "snmp-server host \\ [<text:line>]", Sec::kSnmp},
    {"config", "snmp-server community \\ [<text:line>]", Sec::kSnmp},
    {"config", "sysopt noproxyarp \\ [<text:line>]", Sec::kSysopt},
    {"config", "service password-recovery / [<text:line>]", Sec::kService, {.keep_no = true}},
    {"config", "service sw-reset-button / [<text:line>]", Sec::kService, {.keep_no = true}},
    {"config", "ssh stricthostkeycheck / [<text:line>]", Sec::kSsh, {.rank = 1, .keep_no = true}},
    {"config", "ssh scopy enable / [<text:line>]", Sec::kSsh, {.keep_no = true}},
    {"config", "ssh version / [<text:line>]", Sec::kSsh, {.rank = 4}},
    {"config", "ssh key-exchange / [<text:line>]", Sec::kSsh, {.rank = 5}},
    {"config", "ssh cipher \\ [<text:line>]", Sec::kSsh, {.rank = 5}},
    {"config", "console serial / [<text:line>]", Sec::kConsole, {.rank = 1}},
    {"config", "management-access / [<text:line>]", Sec::kManagementAccess},
    {"config", "dhcpd \\ [<text:line>]", Sec::kDhcpd},
    {"config", "ntp \\ [<text:line>]", Sec::kNtp},
    {"config", "call-home reporting anonymous / [<text:line>]", Sec::kCallHome, {.keep_no = true}},
    {"config", "call-home / [<text:line>]", Sec::kCallHome, {.submode = "cfg-call-home"}},
    {"cfg-call-home", "profile \\ [<text:line>]", Sec::kCallHome, {.submode = "cfg-call-home-profile"}},
    {"cfg-call-home", "alert-group \\ [<text:line>]", Sec::kCallHome, {.keep_no = true}},
    {"cfg-call-home", "contact-email-addr / [<text:line>]", Sec::kCallHome},
    {"cfg-call-home-profile", "active / [<text:line>]", Sec::kCallHome, {.keep_no = true}},
    {"cfg-call-home-profile", "destination \\ [<text:line>]", Sec::kCallHome, {.rank = 1}},
    {"cfg-call-home-profile", "subscribe-to-alert-group \\ [<text:line>]", Sec::kCallHome, {.rank = 2}},
    {"config", "hpm topN enable / [<text:line>]", Sec::kCallHome},
    {"config", "password encryption aes / [<text:line>]", Sec::kPassword},
};

}  // namespace

void DeclareAcceptedShapes(ConfigGrammar& grammar) { DeclareShapes(grammar, kShapes); }

}  // namespace sallyport
