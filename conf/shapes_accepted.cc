// Lines that are accepted without effect: kept in their place, printed back, counted. What an ASA's default configuration
// has and nothing here acts on. A line that is in no grammar is refused.
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Shape kShapes[] = {
    {"config", "object-group-search access-control / [<text:line>]", Sec::kGroupSearch, {.keep_no = true}},
    {"config", "ip verify reverse-path \\ [<text:line>]", Sec::kIpVerify},
    {"config", "dynamic-access-policy-record \\ [<text:line>]", Sec::kDapLate, {.submode = "config-dynamic-access-policy-record"}},
    {"config", "sysopt connection permit-vpn / [<text:line>]", Sec::kSysopt, {.keep_no = true}},
    {"config", "sysopt connection reclassify-vpn / [<text:line>]", Sec::kSysopt, {.keep_no = true}},
    {"config", "sysopt connection preserve-vpn-flows / [<text:line>]", Sec::kSysopt, {.keep_no = true}},
    {"config", "crypto ipsec security-association \\ [<text:line>]", Sec::kCrypto},
    {"config", "crypto ca trustpool policy / [<text:line>]", Sec::kCrypto, {.submode = "config-ca-trustpool"}},
    {"config-ca-trustpool", "auto-import / [<text:line>]", Sec::kCrypto, {.keep_no = true}},
    {"config", "crypto ca trustpoint \\ [<text:line>]", Sec::kCrypto, {.submode = "config-ca-trustpoint"}},
    {"config-ca-trustpoint", "validation-usage / [<text:line>]", Sec::kCrypto, {.keep_no = true}},
    {"config-ca-trustpoint", "enrollment \\ [<text:line>]", Sec::kCrypto},
    {"config-ca-trustpoint", "subject-name / [<text:line>]", Sec::kCrypto},
    {"config-ca-trustpoint", "keypair / [<text:line>]", Sec::kCrypto},
    {"config-ca-trustpoint", "crl configure / [<text:line>]", Sec::kCrypto, {.rank = 9, .submode = "config-ca-crl"}},
    {"config", "crypto ca certificate chain \\ [<text:line>]", Sec::kCrypto, {.submode = "config-cert-chain"}},
    {"config-cert-chain", "certificate \\ [<text:line>]", Sec::kCrypto, {.submode = "config-pubkey"}},
    {"config", "threat-detection \\ [<text:line>]", Sec::kThreat, {.keep_no = true}},
    {"config", "ssl \\ [<text:line>]", Sec::kSsl},
    {"config", "webvpn / [<text:line>]", Sec::kWebvpn, {.submode = "config-webvpn"}},
    {"config-webvpn", "anyconnect-essentials / [<text:line>]", Sec::kWebvpn, {.keep_no = true}},
    {"config-webvpn", "cache / [<text:line>]", Sec::kWebvpn, {.submode = "config-webvpn-cache"}},
    {"config-webvpn-cache", "disable / [<text:line>]", Sec::kWebvpn},
    {"config-webvpn", "error-recovery disable / [<text:line>]", Sec::kWebvpn},
    {"config", "policy-map type inspect dns \\ [<text:line>]", Sec::kPolicyMap, {.submode = "config-pmap-inspect"}},
    {"config-pmap-inspect", "parameters / [<text:line>]", Sec::kPolicyMap, {.submode = "config-pmap-p"}},
    {"config-pmap-p", "message-length maximum \\ [<text:line>]", Sec::kPolicyMap},
    {"config-pmap-p", "tcp-inspection / [<text:line>]", Sec::kPolicyMap, {.rank = 1, .keep_no = true}},
    {"config-pmap-p", "id-randomization / [<text:line>]", Sec::kPolicyMap, {.rank = 1, .keep_no = true}},
    {"config-pmap-p", "id-mismatch / [<text:line>]", Sec::kPolicyMap, {.rank = 1, .keep_no = true}},
    {"config-pmap-p", "dns-guard / [<text:line>]", Sec::kPolicyMap, {.rank = 1, .keep_no = true}},
    {"config-pmap-p", "protocol-enforcement / [<text:line>]", Sec::kPolicyMap, {.rank = 1, .keep_no = true}},
    {"config-pmap-p", "nat-rewrite / [<text:line>]", Sec::kPolicyMap, {.rank = 1, .keep_no = true}},
    {"config-pmap-c", "set connection advanced-options / tcp-state-bypass", Sec::kPolicyMap, {.rank = 12, .effect = Effect::kModelled}},
    {"config-pmap-c", "set connection conn-max / [<text:line>]", Sec::kPolicyMap, {.rank = 10}},
    {"config-pmap-c", "set connection per-client-max / [<text:line>]", Sec::kPolicyMap, {.rank = 10}},
    {"config-pmap-c", "set connection per-client-embryonic-max / [<text:line>]", Sec::kPolicyMap, {.rank = 10}},
    {"config-pmap-c", "set connection embryonic-conn-max / [<text:line>]", Sec::kPolicyMap, {.rank = 10}},
    {"config-if", "speed / [<text:line>]", Sec::kInterface, {.rank = 3}},
    {"config-if", "duplex / [<text:line>]", Sec::kInterface, {.rank = 4}},
    {"config-if", "mac-address / [<text:line>]", Sec::kInterface, {.rank = 4}},
    {"config-if", "forward interface / [<text:line>]", Sec::kInterface, {.rank = 1, .keep_no = true}},
    {"config-if", "switchport protected / [<text:line>]", Sec::kInterface, {.rank = 2}},
    {"config-if", "ipv6 \\ [<text:line>]", Sec::kInterface, {.rank = 11, .keep_no = true}},
};

}  // namespace

void DeclareAcceptedShapes(ConfigGrammar& grammar) { DeclareShapes(grammar, kShapes); }

}  // namespace sallyport
