// Inspection maps: `policy-map type inspect X`, `class-map type inspect X` and what stands in them. Those of DNS, FTP and
// HTTP act (compile_inspect.cc); the others are read and kept.
#include <deque>

#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kFor = Effect::kDormant;
constexpr Effect kActs = Effect::kModelled;
constexpr const char* kMap = "config-pmap-inspect";
constexpr const char* kParameters = "config-pmap-p";
constexpr const char* kActions = "config-pmap-c-inspect";

// A map that an `inspect` names stays.
std::string MapInUse(ConfigEdit& edit, const FieldLine& f, const Line&) {
  const std::string protocol(f.Get("protocol")), name(f.Get("name"));
  for (const auto& p : edit.tree.Of(Section::kPolicyMap)) {
    for (const auto& c : p->lines) {
      for (const auto& l : c->lines) {
        if (l->text.starts_with("inspect " + protocol + " ") && (l->text + " ").find(" " + name + " ") != std::string::npos) {
          return "ERROR: policy-map " + name + " is in use by policy-map " + p->text.substr(11) + "\n";
        }
      }
    }
  }
  return {};
}

std::string KnownClass(ConfigEdit& edit, const FieldLine& f) {
  const std::string name(f.Get("class"));
  if (edit.loading) return {};
  for (const auto& c : edit.tree.Of(Section::kClassMap)) {
    if (c->text.ends_with(" " + name)) return {};
  }
  return "ERROR: class-map " + name + " not configured\n";
}

// Lines that all protocols share act where their protocol does.
std::string ActsByProtocol(ConfigEdit& edit, const FieldLine& f, Line& line) {
  std::string_view protocol = f.Get("protocol");
  if (protocol.empty() && !edit.path.empty()) {
    const auto* map = edit.path.front()->As<FieldLine>();
    if (map != nullptr) protocol = map->Get("protocol");
  }
  if (protocol == "dns" || protocol == "ftp" || protocol == "http" || protocol == "ipv6") line.effect = edit.effect = Effect::kModelled;
  return {};
}

#define SALLYPORT_INSPECT_MAPS \
  "dcerpc|diameter|dns|esmtp|ftp|gtp|h323|http|im|ip-options|ipsec-pass-thru|ipv6|lisp|m3ua|mgcp|netbios|radius-accounting|rtsp|scansafe|sctp|sip|skinny|snmp|stun|waas"
#define SALLYPORT_DO "<action:{allow|clear|drop|drop-connection|log|mask|reset|transmit}>..."

constexpr Shape kShapes[] = {
    {"config", "policy-map type`Specifies the type of policy-map` inspect <protocol:{" SALLYPORT_INSPECT_MAPS "}> <name:name`Policy map name`>", Sec::kPolicyMap,
     {.effect = kFor, .submode = kMap, .after = ActsByProtocol, .check_no = MapInUse}},
    {"config", "class-map type inspect <protocol:{" SALLYPORT_INSPECT_MAPS "}> [ match-all | match-any ] <name:name>", Sec::kClassMap,
     {.effect = kFor, .submode = "config-cmap-inspect", .after = ActsByProtocol}},
    {kMap, "description / <text:line>", Sec::kPolicyMap, {.effect = kFor}},
    {kMap, "parameters`Specify this keyword to enter policy parameters.`", Sec::kPolicyMap, {.rank = 1, .effect = kFor, .submode = kParameters, .after = ActsByProtocol}},
    {kMap, "class`Policy criteria` <class:word>", Sec::kPolicyMap, {.rank = 10, .effect = kFor, .submode = kActions, .check = KnownClass, .after = ActsByProtocol}},

    // --- what is done with a match
    {kActions, "<action:{drop|drop-connection|mask|reset|send-protocol-error}> [ send-protocol-error ] [ log ]", Sec::kPolicyMap, {.rank = 10, .effect = kFor, .after = ActsByProtocol}},
    {kActions, "log", Sec::kPolicyMap, {.rank = 10, .effect = kFor, .after = ActsByProtocol}},
    {kActions, "allow [ log ]", Sec::kPolicyMap, {.rank = 10, .effect = kFor, .after = ActsByProtocol}},
    {kActions, "rate-limit / <n:0-4294967295>", Sec::kPolicyMap, {.rank = 11, .effect = kFor}},
    {kActions, "enforce-tsig / [drop] [log]", Sec::kPolicyMap, {.rank = 11, .effect = kActs}},
    {kActions, "whitelist", Sec::kPolicyMap, {.rank = 11, .effect = kFor}},
    {kActions, "mask-banner", Sec::kPolicyMap, {.rank = 11, .effect = kFor}},

    // --- parameters: DNS
    {kParameters, "message-length`DNS message length` maximum / <n:512-65535>", Sec::kPolicyMap, {.rank = 2, .effect = kActs}},
    {kParameters, "message-length maximum <side:{client|server}> / ( auto | <n:512-65535> )", Sec::kPolicyMap, {.rank = 1, .effect = kActs}},
    {kParameters, "<what:{dns-guard|id-randomization|nat-rewrite|protocol-enforcement|tcp-inspection}>", Sec::kPolicyMap, {.rank = 3, .effect = kActs, .keep_no = true}},
    {kParameters, "id-mismatch / { count <count:0-4294967295> | duration <duration:0-4294967295> } [ action <action:{log}> ]", Sec::kPolicyMap,
     {.rank = 3, .effect = kActs, .keep_no = true}},
    {kParameters, "tsig enforced action / " SALLYPORT_DO, Sec::kPolicyMap, {.rank = 3, .effect = kActs}},
    {kParameters, "umbrella / [<text:line>]", Sec::kPolicyMap, {.rank = 3}},
    {kParameters, "dnscrypt", Sec::kPolicyMap, {.rank = 3}},
    // HTTP
    {kParameters, "body-match-maximum / <n:0-4294967295>", Sec::kPolicyMap, {.rank = 4, .effect = kActs}},
    {kParameters, "protocol-violation / [ action " SALLYPORT_DO " ]", Sec::kPolicyMap, {.rank = 4, .effect = kActs}},
    {kParameters, "spoof-server / <text:line>", Sec::kPolicyMap, {.rank = 4, .effect = kActs}},
    // ESMTP, FTP
    {kParameters, "allow-tls / [ action log ]", Sec::kPolicyMap, {.rank = 4, .effect = kFor, .keep_no = true}},
    {kParameters, "mail-relay / <domain:word> action " SALLYPORT_DO, Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "mask-banner", Sec::kPolicyMap, {.rank = 4, .effect = kActs, .keep_no = true}},
    {kParameters, "mask-syst-reply", Sec::kPolicyMap, {.rank = 4, .effect = kActs, .keep_no = true}},
    {kParameters, "special-character / [ action " SALLYPORT_DO " ]", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    // SIP, H.323, MGCP, SCCP, RTSP
    {kParameters, "<what:{im|ip-address-privacy|traffic-non-sip|uri-non-sip-privacy|trust-verification-server-only}>", Sec::kPolicyMap,
     {.rank = 4, .effect = kFor, .keep_no = true}},
    {kParameters, "<what:{max-forwards-validation|software-version|state-checking|strict-header-validation|uri-non-sip}> action / " SALLYPORT_DO, Sec::kPolicyMap,
     {.rank = 4, .effect = kFor}},
    {kParameters, "rtp-conformance / [ enforce-payloadtype ]", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "trust-verification-server <kind:{ip|port}> <value:word>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "call-duration-limit / <time:hms>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "call-party-numbers", Sec::kPolicyMap, {.rank = 4, .effect = kFor, .keep_no = true}},
    {kParameters, "<what:{early-media-bypass|early-message|h245-tunnel-block|hsi|hsi-group|ras-rcf-pinholes|state-checking}> \\ [<text:line>]", Sec::kPolicyMap,
     {.rank = 4, .keep_no = true}},
    {kParameters, "call-agent <agent:ip> <group:0-2147483647>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "gateway <gateway:ip> <group:0-2147483647>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "command-queue / <n:1-2147483647>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "enforce-registration", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "message-id max / <n:word>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "sccp-prefix-len <which:{max|min}> / <n:word>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "timeout <what:{media|signaling|signalling|pdp-context|request|gsn|tunnel|t3-response|endpoint|mapping|users|pinhole|session|bearer}> / <time:hms>",
     Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "reserve-port-protect", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "url-length-limit / <n:0-6000>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    // IP options: a word of the option, or its number
    {kParameters, "<option:{eool|nop|router-alert|commercial-security|default|exp-flow-control|exp-measurement|extended-security|imi-traffic-descriptor|quick-start|"
                  "record-route|timestamp}> action / " SALLYPORT_DO, Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "basic-security action / " SALLYPORT_DO, Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    // IPsec pass-through, NetBIOS, RADIUS accounting, IPv6
    {kParameters, "<protocol:{ah|esp}> / { per-client-max <n:0-65535> | timeout <time:hms> }", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "host <host:ip> / [ key <key:secret> ]", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "enable gprs", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "send response", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "validate-attribute <n:1-191>", Sec::kPolicyMap, {.rank = 4, .effect = kFor}},
    {kParameters, "verify-header <what:{order|type}>", Sec::kPolicyMap, {.rank = 4, .effect = kActs, .keep_no = true}},
    // DCERPC, GTP, Diameter, ScanSafe, LISP, M3UA, SCTP: their settings are kept as they are
    {kParameters, "<what:{allowed-eid|anti-replay|default|drop|endpoint-mapper|gtp-u-header-check|http|https|ip-eid-map|location-logging|mcc|message-tag-validation|"
                  "permit|request-queue|response|strict-diameter|strict-asp-state|tunnel-limit|unsupported|user|validate-key|ss7}> \\ [<text:line>]", Sec::kPolicyMap,
     {.rank = 4, .keep_no = true}},
};

// Criteria of all protocols, in policy maps (where each opens its actions) and in class maps.
constexpr const char* kMatches[] = {
    "match`Specify policy criteria via inline match` [ not ] <what:{apn|application-id|args|avp|body|called-party|calling-party|cmd|command-code|content|dns-class|dns-type|"
    "dpc|ehlo-reply-parameter|filename|filetype|group|header|header-flag|header-length|im-subscriber|invalid-recipients|ip-address|login-name|media-type|message|"
    "message-id|message-path|mime|msisdn|opc|payload-type|peer-ip-address|peer-login-name|ppid|protocol|question|req-resp|request|request-command|request-method|"
    "resource-record|response|selection-mode|sender-address|server|service|service-indicator|third-party-registration|uri|url-filter|user|username|uuid|version}> "
    "[<text:line>]",
    "match [ not ] domain-name regex [ class ] <regex:word>",
};

}  // namespace

void DeclareInspection(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kShapes);
  static const std::deque<Shape> matches = [] {  // as long as the program, like every shape
    std::deque<Shape> all;
    for (const char* words : kMatches) {
      all.push_back({kMap, words, Sec::kPolicyMap, {.rank = 10, .effect = kFor, .submode = kActions, .after = ActsByProtocol}});
      all.push_back({"config-cmap-inspect", words, Sec::kClassMap, {.rank = 10, .effect = kFor, .after = ActsByProtocol}});
    }
    return all;
  }();
  for (const Shape& s : matches) DeclareShapes(grammar, std::span(&s, 1));
}

}  // namespace sallyport
