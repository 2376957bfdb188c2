// Lines that are accepted without effect: kept in their place, printed back, counted. What an ASA's default configuration
// has and the firewall here does not act on. A line that is in no grammar is refused.
#include "conf/declare.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

using Sec = Section;
// mode, words, section, unique, sub-mode, keep `no`, rank, trailing blank
constexpr AcceptedLine kAccepted[] = {
    {"config", "service-module", Sec::kServiceModule, false, "", false, 0, false},
    {"config", "xlate per-session", Sec::kXlatePerSession, false, "", false, 0, false},
    {"config", "mac-address auto", Sec::kMacAddress, true, "", true, 0, false},
    {"config", "dns-guard", Sec::kNames, true, "", true, 0, false},
    {"config", "boot system", Sec::kBoot, false, "", false, 0, false},
    {"config", "ftp mode", Sec::kFtpMode, true, "", true, 0, false},
    {"config", "dns domain-lookup", Sec::kDnsLookup, false, "", false, 0, false},
    {"config", "dns server-group", Sec::kDnsGroup, false, "config-dns-server-group", false, 0, false},
    {"config-dns-server-group", "name-server", Sec::kDnsGroup, false, "", false, 0, false},
    {"config-dns-server-group", "domain-name", Sec::kDnsGroup, true, "", false, 1, false},
    {"config-dns-server-group", "timeout", Sec::kDnsGroup, true, "", false, 2, false},
    {"config-dns-server-group", "retries", Sec::kDnsGroup, true, "", false, 2, false},
    {"config", "object-group-search access-control", Sec::kGroupSearch, true, "", true, 0, false},
    {"config", "ip verify reverse-path", Sec::kIpVerify, false, "", false, 0, false},
    {"config", "logging rate-limit", Sec::kLogging, false, "", false, 21, false},
    {"config", "failover", Sec::kFailover, true, "", true, 0, false},
    {"config", "failover wait-disable", Sec::kFailover, true, "", true, 0, false},
    {"config", "monitor-interface service-module", Sec::kMonitor, true, "", true, 0, true},
    {"config", "monitor-interface", Sec::kMonitor, false, "", true, 0, false},
    {"config", "asdm image", Sec::kAsdm, true, "", false, 0, false},
    {"config", "asdm location", Sec::kAsdm, false, "", false, 0, false},
    {"config", "asdm history enable", Sec::kAsdm, true, "", true, 0, false},
    {"config", "arp timeout", Sec::kArp, true, "", true, 0, false},
    {"config", "arp permit-nonconnected", Sec::kArp, true, "", true, 0, false},
    {"config", "arp rate-limit", Sec::kArp, true, "", false, 0, false},
    {"config", "arp", Sec::kArp, false, "", false, 0, false},
    {"config", "dynamic-access-policy-record", Sec::kDapLate, false, "config-dynamic-access-policy-record", false, 0, false},
    {"config", "user-identity default-domain", Sec::kUserIdentity, true, "", false, 0, false},
    {"config", "aaa authentication login-history", Sec::kAaa, true, "", true, 0, false},
    {"config", "aaa authorization command", Sec::kAaa, true, "", false, 0, false},
    {"config", "http server idle-timeout", Sec::kHttp, true, "", false, 0, false},
    {"config", "http server session-timeout", Sec::kHttp, true, "", false, 0, false},
    {"config", "snmp-server location", Sec::kSnmp, true, "", true, 0, false},
    {"config", "snmp-server contact", Sec::kSnmp, true, "", true, 0, false},
    {"config", "snmp-server enable", Sec::kSnmp, false, "", true, 0, false},
    {"config", "snmp-server host", Sec::kSnmp, false, "", false, 0, false},
    {"config", "snmp-server community", Sec::kSnmp, false, "", false, 0, false},
    {"config", "sysopt connection permit-vpn", Sec::kSysopt, true, "", true, 0, false},
    {"config", "sysopt connection reclassify-vpn", Sec::kSysopt, true, "", true, 0, false},
    {"config", "sysopt connection preserve-vpn-flows", Sec::kSysopt, true, "", true, 0, false},
    {"config", "sysopt noproxyarp", Sec::kSysopt, false, "", false, 0, false},
    {"config", "service password-recovery", Sec::kService, true, "", true, 0, false},
    {"config", "service sw-reset-button", Sec::kService, true, "", true, 0, false},
    {"config", "crypto ipsec security-association", Sec::kCrypto, false, "", false, 0, false},
    {"config", "crypto ca trustpool policy", Sec::kCrypto, true, "config-ca-trustpool", false, 0, false},
    {"config-ca-trustpool", "auto-import", Sec::kCrypto, true, "", true, 0, false},
    {"config", "crypto ca trustpoint", Sec::kCrypto, false, "config-ca-trustpoint", false, 0, false},
    {"config-ca-trustpoint", "validation-usage", Sec::kCrypto, true, "", true, 0, false},
    {"config-ca-trustpoint", "enrollment", Sec::kCrypto, false, "", false, 0, false},
    {"config-ca-trustpoint", "subject-name", Sec::kCrypto, true, "", false, 0, false},
    {"config-ca-trustpoint", "keypair", Sec::kCrypto, true, "", false, 0, false},
    {"config-ca-trustpoint", "crl configure", Sec::kCrypto, true, "config-ca-crl", false, 9, false},
    {"config", "crypto ca certificate chain", Sec::kCrypto, false, "config-cert-chain", false, 0, false},
    {"config-cert-chain", "certificate", Sec::kCrypto, false, "config-pubkey", false, 0, false},
    {"config", "ssh stricthostkeycheck", Sec::kSsh, true, "", true, 1, false},
    {"config", "ssh scopy enable", Sec::kSsh, true, "", true, 0, false},
    {"config", "ssh version", Sec::kSsh, true, "", false, 4, false},
    {"config", "ssh key-exchange", Sec::kSsh, true, "", false, 5, false},
    {"config", "ssh cipher", Sec::kSsh, false, "", false, 5, false},
    {"config", "console serial", Sec::kConsole, true, "", false, 1, false},
    {"config", "management-access", Sec::kManagementAccess, true, "", false, 0, false},
    {"config", "dhcpd", Sec::kDhcpd, false, "", false, 0, false},
    {"config", "threat-detection", Sec::kThreat, false, "", true, 0, false},
    {"config", "ntp", Sec::kNtp, false, "", false, 0, false},
    {"config", "ssl", Sec::kSsl, false, "", false, 0, false},
    {"config", "webvpn", Sec::kWebvpn, true, "config-webvpn", false, 0, false},
    {"config-webvpn", "anyconnect-essentials", Sec::kWebvpn, true, "", true, 0, false},
    {"config-webvpn", "cache", Sec::kWebvpn, true, "config-webvpn-cache", false, 0, false},
    {"config-webvpn-cache", "disable", Sec::kWebvpn, true, "", false, 0, false},
    {"config-webvpn", "error-recovery disable", Sec::kWebvpn, true, "", false, 0, false},
    {"config", "call-home reporting anonymous", Sec::kCallHome, true, "", true, 0, false},
    {"config", "call-home", Sec::kCallHome, true, "cfg-call-home", false, 0, false},
    {"cfg-call-home", "profile", Sec::kCallHome, false, "cfg-call-home-profile", false, 0, false},
    {"cfg-call-home", "alert-group", Sec::kCallHome, false, "", true, 0, false},
    {"cfg-call-home", "contact-email-addr", Sec::kCallHome, true, "", false, 0, false},
    {"cfg-call-home-profile", "active", Sec::kCallHome, true, "", true, 0, false},
    {"cfg-call-home-profile", "destination", Sec::kCallHome, false, "", false, 1, false},
    {"cfg-call-home-profile", "subscribe-to-alert-group", Sec::kCallHome, false, "", false, 2, false},
    {"config", "hpm topN enable", Sec::kCallHome, true, "", false, 0, false},
    {"config", "password encryption aes", Sec::kPassword, true, "", false, 0, false},
    {"config", "policy-map type inspect dns", Sec::kPolicyMap, false, "config-pmap-inspect", false, 0, false},
    {"config-pmap-inspect", "parameters", Sec::kPolicyMap, true, "config-pmap-p", false, 0, false},
    {"config-pmap-p", "message-length maximum", Sec::kPolicyMap, false, "", false, 0, false},
    {"config-pmap-p", "tcp-inspection", Sec::kPolicyMap, true, "", true, 1, false},
    {"config-pmap-p", "id-randomization", Sec::kPolicyMap, true, "", true, 1, false},
    {"config-pmap-p", "id-mismatch", Sec::kPolicyMap, true, "", true, 1, false},
    {"config-pmap-p", "dns-guard", Sec::kPolicyMap, true, "", true, 1, false},
    {"config-pmap-p", "protocol-enforcement", Sec::kPolicyMap, true, "", true, 1, false},
    {"config-pmap-p", "nat-rewrite", Sec::kPolicyMap, true, "", true, 1, false},
    {"config-pmap-c", "set connection conn-max", Sec::kPolicyMap, true, "", false, 10, false},
    {"config-pmap-c", "set connection per-client-max", Sec::kPolicyMap, true, "", false, 10, false},
    {"config-pmap-c", "set connection per-client-embryonic-max", Sec::kPolicyMap, true, "", false, 10, false},
    {"config-pmap-c", "set connection embryonic-conn-max", Sec::kPolicyMap, true, "", false, 10, false},
    {"config-if", "speed", Sec::kInterface, true, "", false, 3, false},
    {"config-if", "duplex", Sec::kInterface, true, "", false, 4, false},
    {"config-if", "mac-address", Sec::kInterface, true, "", false, 4, false},
    {"config-if", "forward interface", Sec::kInterface, true, "", true, 1, false},
    {"config-if", "switchport protected", Sec::kInterface, true, "", false, 2, false},
    {"config-if", "ipv6", Sec::kInterface, false, "", true, 11, false},
};

struct Rest { std::string text; };

}  // namespace

void DeclareAccepted(ConfigGrammar& grammar, const AcceptedLine& a) {
  using S = Tokens<Rest>;
  std::vector<TokenPtr<Rest>> t;
  const CommandLine words(a.words);
  for (std::size_t i = 0; i < words.size(); i++) t.push_back(S::Kw(std::string(words[i]), i + 1 == words.size() ? "Kept in the configuration; has no effect here" : ""));
  const std::size_t keywords = t.size();
  t.push_back(S::Opt({S::Line(&Rest::text, "Parameters")}));
  Command<Rest> c(std::move(t));
  c.No(keywords);
  LineRule<Rest> r;
  r.mode = a.mode;
  r.section = a.section;
  r.rank = a.rank;
  r.key = a.unique ? keywords : SIZE_MAX;
  r.submode = a.submode;
  r.keep_no = a.keep_no;
  r.effect = Effect::kAccepted;
  r.trailing = r.no_trailing = a.trailing_blank ? " " : "";
  Declare(grammar, c, r);
}

void DeclareAcceptedLines(ConfigGrammar& grammar) {
  for (const AcceptedLine& a : kAccepted) DeclareAccepted(grammar, a);
}

}  // namespace sallyport
