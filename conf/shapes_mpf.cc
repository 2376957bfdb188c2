// The modular policy framework beyond what acts (grammar_mpf.cc): regular expressions, class maps by other criteria, actions of a
// class, TCP maps; and the protections that stand beside it: threat detection, IP audit, NetFlow.
#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kFor = Effect::kDormant;
constexpr Effect kActs = Effect::kModelled;
constexpr const char* kClass = "config-cmap";
constexpr const char* kActions = "config-pmap-c";
constexpr const char* kTcpMap = "config-tcp-map";

std::string KnownPolicy(ConfigEdit& edit, const FieldLine& f) {
  const std::string name(f.Get("policy"));
  if (edit.loading || edit.tree.Find(Section::kPolicyMap, "policy-map " + name) != nullptr) return {};
  return "ERROR: policy-map " + name + " not configured\n";
}

// Blocks fill the ports from 1024 on without a rest.
std::string BlockSize(ConfigEdit&, const FieldLine& f) {
  return 64512 % f.Int("n").value_or(512) == 0 ? "" : "ERROR: The block size must divide 64512 evenly\n";
}

// A regular expression that a class or an inspection names stays.
// Lines of access lists name it.
std::string TimeRangeInUse(ConfigEdit& edit, const FieldLine& f, const Line&) {
  const std::string name(f.Get("name"));
  for (const auto& list : edit.tree.Of(Sec::kAccessList)) {
    for (const auto& l : list->lines) {
      const auto* e = l->As<ExtendedLine>();
      if (e != nullptr && e->body.time_range == name) return "ERROR: Time range " + name + " is in use\n";
    }
  }
  return {};
}

std::string RegexInUse(ConfigEdit& edit, const FieldLine& f, const Line&) {
  const std::string phrase = " regex " + std::string(f.Get("name"));
  const auto named = [&](const auto& self, const Line& l) -> bool {
    if (l.text.ends_with(phrase) || l.text.find(phrase + " ") != std::string::npos) return true;
    for (const auto& c : l.lines) {
      if (self(self, *c)) return true;
    }
    return false;
  };
  for (const Section s : {Section::kClassMap, Section::kPolicyMap}) {
    for (const auto& l : edit.tree.Of(s)) {
      if (named(named, *l)) return "ERROR: regex " + std::string(f.Get("name")) + " is in use\n";
    }
  }
  return {};
}

// Limits print a blank behind each value.
std::string ConnectionLine(ConfigEdit&, const FieldLine& f, Line& l) {
  const bool limits = f.Has("cm") || f.Has("em") || f.Has("pm") || f.Has("pe") || f.Has("mss");
  if (limits && !l.text.ends_with(' ')) l.text += ' ';
  return {};
}

constexpr const char* kDscp =
    "match dscp / <dscp:{af11|af12|af13|af21|af22|af23|af31|af32|af33|af41|af42|af43|cs1|cs2|cs3|cs4|cs5|cs6|cs7|default|ef|"
    "0|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28|29|30|31|32|33|34|35|36|37|38|39|40|41|42|43|44|45|46|47|48|49|50|51|"
    "52|53|54|55|56|57|58|59|60|61|62|63}>...";

// Botnet traffic filter and ScanSafe: kept.
constexpr Shape kFilters[] = {
    {"config", "dynamic-filter whitelist", Sec::kThreat, {.rank = 20, .submode = "config-llist"}},
    {"config", "dynamic-filter blacklist", Sec::kThreat, {.rank = 20, .submode = "config-llist"}},
    {"config-llist", "name <name:word>", Sec::kThreat},
    {"config-llist", "address <address:ipx> [<mask:mask>]", Sec::kThreat},
    {"config", "dynamic-filter`Configure Dynamic Filter` <text:line>", Sec::kThreat, {.rank = 20, .keep_no = true}},
    {"config", "scansafe general-options", Sec::kThreat, {.rank = 21, .submode = "cfg-scansafe"}},
    {"cfg-scansafe", "server <which:{primary|backup}> / <text:line>", Sec::kThreat},
    {"cfg-scansafe", "retry-count / <n:2-100>", Sec::kThreat, {.rank = 1}},
    {"cfg-scansafe", "license / <key:secret>", Sec::kThreat, {.rank = 2}},
    {"cfg-scansafe", "publickey / <text:line>", Sec::kThreat, {.rank = 3}},
};

constexpr Shape kShapes[] = {
    {"config", "regex`Define a regular expression` <name:name`Name of the regular expression`> / <pattern:line`The expression`>", Sec::kRegex,
     {.effect = Effect::kModelled, .check_no = RegexInUse}},
    {"config", "time-range`Define time range entries` <name:name`Time range name`>", Sec::kTimeRange, {.effect = Effect::kModelled, .submode = "config-time-range", .check_no = TimeRangeInUse}},
    {"config-time-range", "absolute`absolute time and date` / [ start <st:word> <sd:1-31> <sm:word> <sy:1993-2035> ] [ end <et:word> <ed:1-31> <em:word> <ey:1993-2035> ]",
     Sec::kTimeRange, {.effect = Effect::kModelled}},
    {"config-time-range", "periodic`periodic time and date` <days:{Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|daily|weekdays|weekend}>... <from:hm> to "
                          "[<last:{Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday}>] <until:hm>", Sec::kTimeRange, {.rank = 1, .effect = Effect::kModelled}},

    // --- class maps
    {"config", "class-map type`Specifies the type of class map` regex match-any <name:name>", Sec::kClassMap, {.effect = Effect::kModelled, .submode = "config-cmap-regex"}},
    {"config-cmap-regex", "match regex <regex:word>", Sec::kClassMap, {.rank = 10, .effect = Effect::kModelled}},
    {"config-cmap-regex|config-cmap-inspect|config-cmap-management", "description / <text:line>", Sec::kClassMap, {.effect = kFor}},
    {"config", "class-map type management <name:name>", Sec::kClassMap, {.effect = kFor, .submode = "config-cmap-management"}},
    {"config-cmap-management", "match access-list <acl:acl>", Sec::kClassMap, {.rank = 10, .effect = kFor}},
    {"config-cmap-management", "match any", Sec::kClassMap, {.rank = 10, .effect = kFor}},
    {"config-cmap-management", "match port tcp ( eq <port:port> | range <first:port> <last:port> )", Sec::kClassMap, {.rank = 10, .effect = kFor}},
    {"config-cmap-management", "match port udp ( eq <port:udpport> | range <first:udpport> <last:udpport> )", Sec::kClassMap, {.rank = 10, .effect = kFor}},
    {kClass, kDscp, Sec::kClassMap, {.rank = 10, .effect = kActs}},
    {kClass, "match precedence / <precedence:{critical|flash|flash-override|immediate|internet|network|priority|routine|0|1|2|3|4|5|6|7}>...", Sec::kClassMap,
     {.rank = 10, .effect = kActs}},
    {kClass, "match rtp`Match RTP port numbers` / <low:2000-65535> <range:0-16383>", Sec::kClassMap, {.rank = 10, .effect = kActs}},
    {kClass, "match flow ip destination-address", Sec::kClassMap, {.rank = 11, .effect = kFor}},
    {kClass, "match tunnel-group`Match a Tunnel Group` / <group:word>", Sec::kClassMap, {.rank = 10, .effect = kFor}},
    {kClass, "match ip <text:line>", Sec::kClassMap, {.rank = 10}},

    // --- what is done with a class
    {kActions, "set connection`Set connection values` / { conn-max`Maximum TCP and UDP connections` <cm:0-2000000> | "
               "embryonic-conn-max`Maximum half-open connections` <em:0-2000000> | per-client-max`Maximum connections of a client` <pm:0-2000000> | "
               "per-client-embryonic-max`Maximum half-open connections of a client` <pe:0-2000000> | "
               "random-sequence-number`TCP sequence randomisation` <rsn:{enable|disable}> | syn-cookie-mss`MSS in SYN cookies` <mss:48-65535> }",
     Sec::kPolicyMap, {.rank = 10, .effect = Effect::kModelled, .after = ConnectionLine, .merges = true}},
    {kActions, "set connection decrement-ttl`Decrement the time-to-live`", Sec::kPolicyMap, {.rank = 12, .effect = kActs}},
    {kActions, "set connection advanced-options`Advanced connection options` / <option:{tcp-state-bypass}>", Sec::kPolicyMap,
     {.rank = 12, .effect = kActs, .since = 802}},
    {kActions, "set connection advanced-options sctp-state-bypass", Sec::kPolicyMap, {.rank = 12, .effect = kFor, .since = 905}},
    {kActions, "set connection advanced-options flow-offload", Sec::kPolicyMap, {.rank = 12, .since = 905}},
    {kActions, "set connection advanced-options / <tcpmap:tcpmap>", Sec::kPolicyMap,
     {.rank = 12, .effect = Effect::kModelled}},
    {kActions, "police`Rate limit traffic for this class` <direction:{input|output}> / <rate:8000-2000000000`Bits per second`> [<burst:1000-512000000`Normal burst bytes`>] "
               "[ conform-action <conform:{drop|transmit}> [ exceed-action <exceed:{drop|transmit}> ] ]", Sec::kPolicyMap, {.rank = 20, .effect = kActs}},
    {kActions, "priority`Strict scheduling priority for this class`", Sec::kPolicyMap, {.rank = 20, .effect = kActs}},
    {kActions, "shape`Traffic shaping` average / <rate:64000-154400000> [<burst:2048-154400000>]", Sec::kPolicyMap, {.rank = 20, .effect = kFor}},
    {kActions, "service-policy`Configure QoS Service Policy` / <policy:word>", Sec::kPolicyMap, {.rank = 21, .effect = kFor, .check = KnownPolicy}},
    {kActions, "ips <ips-mode:{inline|promiscuous}> / <fail:{fail-close|fail-open}> [ sensor <sensor:word> ]", Sec::kPolicyMap,
     {.rank = 30, .effect = Effect::kModelled}},
    {kActions, "csc / <fail:{fail-close|fail-open}>", Sec::kPolicyMap, {.rank = 30}},
    {kActions, "cxsc / ( monitor-only | <fail:{fail-close|fail-open}> [auth-proxy] [<mode:{monitor-only}>] )", Sec::kPolicyMap, {.rank = 30}},
    {kActions, "sfr / <fail:{fail-close|fail-open}> [ monitor-only ]", Sec::kPolicyMap, {.rank = 30}},
    {kActions, "flow-export`Configure filters for NetFlow events` event-type <type:{all|flow-create|flow-creation|flow-denied|flow-teardown|flow-update}> destination "
               "<to:ipx>...", Sec::kPolicyMap, {.rank = 31, .effect = kFor}},
    {kActions, "user-statistics`Collect user statistics` / <what:{accounting|scanning}>", Sec::kPolicyMap, {.rank = 32, .effect = kFor}},

    // --- TCP maps
    {"config", "tcp-map`Configure advanced TCP features` <name:name`TCP map name`>", Sec::kTcpMap, {.effect = kActs, .submode = kTcpMap}},
    {kTcpMap, "check-retransmission", Sec::kTcpMap, {.effect = kActs, .keep_no = true}},
    {kTcpMap, "checksum-verification", Sec::kTcpMap, {.rank = 1, .effect = kActs, .keep_no = true}},
    {kTcpMap, "exceed-mss / <action:{allow|drop}>", Sec::kTcpMap, {.rank = 2, .effect = kActs, .silent = "exceed-mss allow"}},
    {kTcpMap, "queue-limit / <n:0-250> [ timeout <seconds:1-20> ]", Sec::kTcpMap, {.rank = 3, .effect = kActs}},
    {kTcpMap, "reserved-bits / <action:{allow|clear|drop}>", Sec::kTcpMap, {.rank = 4, .effect = kActs, .silent = "reserved-bits allow"}},
    {kTcpMap, "syn-data / <action:{allow|drop}>", Sec::kTcpMap, {.rank = 5, .effect = kActs, .silent = "syn-data allow"}},
    {kTcpMap, "synack-data / <action:{allow|drop}>", Sec::kTcpMap, {.rank = 6, .effect = kActs, .silent = "synack-data drop"}},
    {kTcpMap, "invalid-ack / <action:{allow|drop}>", Sec::kTcpMap, {.rank = 7, .effect = kActs, .silent = "invalid-ack drop"}},
    {kTcpMap, "seq-past-window / <action:{allow|drop}>", Sec::kTcpMap, {.rank = 8, .effect = kActs, .silent = "seq-past-window drop"}},
    {kTcpMap, "tcp-options range <low:6-255> <high:6-255> / <action:{allow|clear|drop}>", Sec::kTcpMap, {.rank = 9, .effect = kActs}},
    {kTcpMap, "tcp-options <option:{md5|mss|selective-ack|timestamp|window-scale}> / <action:{allow|clear|drop|maximum}> [<most:68-65535>] [ multiple ] ", Sec::kTcpMap,
     {.rank = 10, .effect = kActs}},
    {kTcpMap, "ttl-evasion-protection", Sec::kTcpMap, {.rank = 11, .effect = kActs, .silent = "ttl-evasion-protection", .keep_no = true}},
    {kTcpMap, "urgent-flag / <action:{allow|clear}>", Sec::kTcpMap, {.rank = 12, .effect = kActs, .silent = "urgent-flag clear"}},
    {kTcpMap, "window-variation / <action:{allow-connection|drop-connection}>", Sec::kTcpMap, {.rank = 13, .effect = kActs, .silent = "window-variation allow-connection"}},

    // --- beside the framework
    {"config", "threat-detection basic-threat`Basic threat detection`", Sec::kThreat, {.effect = kActs, .keep_no = true}},
    {"config", "threat-detection rate`Set rate parameters` <event:{acl-drop|bad-packet-drop|conn-limit-drop|dos-drop|fw-drop|icmp-drop|inspect-drop|interface-drop|"
               "scanning-threat|syn-attack}> rate-interval <interval:600-2592000> / average-rate <average:0-2147483647> burst-rate <burst:0-2147483647>", Sec::kThreat,
     {.rank = -1, .effect = kActs}},
    {"config", "threat-detection scanning-threat`Scanning threat detection` shun except ( ip-address <net:ip> <mask:mask> | object-group <group:ogroup> )", Sec::kThreat,
     {.rank = 1, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection scanning-threat shun duration / <seconds:10-2592000>", Sec::kThreat, {.rank = 1, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection scanning-threat / [ shun ]", Sec::kThreat, {.rank = 1, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection statistics`Threat detection statistics`", Sec::kThreat, {.rank = 2, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection statistics host / [ number-of-rate <rates:1-3> ]", Sec::kThreat, {.rank = 2, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection statistics port / [ number-of-rate <rates:1-3> ]", Sec::kThreat, {.rank = 3, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection statistics protocol / [ number-of-rate <rates:1-3> ]", Sec::kThreat, {.rank = 4, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection statistics access-list", Sec::kThreat, {.rank = 5, .effect = kActs, .keep_no = true}},
    {"config", "threat-detection statistics tcp-intercept / { rate-interval <interval:1-1440> | burst-rate <burst:25-2147483647> | average-rate <average:25-2147483647> }",
     Sec::kThreat, {.rank = 6, .effect = Effect::kModelled, .keep_no = true}},
    {"config", "ip audit`Configure the Intrusion Detection System` name`Name a policy` <name:name> <kind:{attack|info}> / [ action <action:{alarm|drop|reset}>... ]", Sec::kIpAudit, {.effect = kFor}},
    {"config", "ip audit interface <if:iface> <policy:word>", Sec::kIpAudit, {.rank = 1, .effect = kFor}},
    {"config", "ip audit <kind:{attack|info}> action / <action:{alarm|drop|reset}>...", Sec::kIpAudit, {.rank = 2, .effect = kFor}},
    {"config", "ip audit signature <id:1000-6999> disable", Sec::kIpAudit, {.rank = 3, .effect = kFor}},
    {"config", "flow-export destination`Configure destination of NetFlow records` <if:iface> <to:ipx> / <port:1-65535>", Sec::kFlowExport, {.effect = kFor}},
    {"config", "flow-export template timeout-rate / <minutes:1-3600>", Sec::kFlowExport, {.rank = 1, .effect = kFor}},
    {"config", "flow-export delay flow-create / <seconds:1-180>", Sec::kFlowExport, {.rank = 2, .effect = kFor}},
    {"config", "flow-export active refresh-interval / <minutes:1-60>", Sec::kFlowExport, {.rank = 2, .effect = kFor}},
    {"config", "flow-export enable", Sec::kFlowExport, {.rank = -1, .effect = kFor}},
    {"config", "flow-offload <text:line>", Sec::kFlowExport, {.rank = 3, .keep_no = true}},
    {"config", "xlate block-allocation size / <n:32-4096>", Sec::kXlatePerSession, {.rank = 1, .effect = Effect::kModelled, .check = BlockSize}},
    {"config", "xlate block-allocation maximum-per-host / <n:1-8>", Sec::kXlatePerSession, {.rank = 1, .effect = Effect::kModelled}},
    {"config", "xlate block-allocation pba-interim-logging / <seconds:21600-604800>", Sec::kXlatePerSession, {.rank = 1, .effect = Effect::kModelled}},
    {"config", "object-group-search access-control`Optimise rule search for ACLs`", Sec::kGroupSearch, {.effect = Effect::kModelled, .keep_no = true}},
    {"config", "object-group-search threshold", Sec::kGroupSearch, {.rank = 1, .keep_no = true}},
    {"config", "access-list alert-interval / <seconds:1-3600>", Sec::kGroupSearch, {.rank = 2, .effect = Effect::kModelled, .silent = "access-list alert-interval 300"}},
    {"config", "access-list deny-flow-max / <n:1-4096>", Sec::kGroupSearch, {.rank = 2, .effect = Effect::kModelled}},
    // Groups of who, not where.
    {"config", "object-group user <name:name>", Sec::kObjectGroup, {.effect = kFor, .submode = "config-user-object-group"}},
    {"config-user-object-group", "user <user:word>", Sec::kObjectGroup, {.rank = 10, .effect = kFor}},
    {"config-user-object-group", "user-group <group:line>", Sec::kObjectGroup, {.rank = 10, .effect = kFor}},
    {"config-user-object-group|config-security-object-group", "group-object <group:ogroup>", Sec::kObjectGroup, {.rank = 10, .effect = kFor}},
    {"config", "object-group security <name:name>", Sec::kObjectGroup, {.effect = kFor, .submode = "config-security-object-group"}},
    {"config-security-object-group", "security-group ( tag <tag:1-65533> | name <group:word> )", Sec::kObjectGroup, {.rank = 10, .effect = kFor}},
    {"config", "object-group network-service <name:name>", Sec::kObjectGroup, {.effect = kFor, .submode = "config-ns-object-group"}},
    {"config-ns-object-group", "network-service-member <member:line>", Sec::kObjectGroup, {.rank = 10, .effect = kFor}},
    {"config", "object network-service <name:line>", Sec::kObject, {.effect = kFor, .submode = "config-ns-object"}},
    {"config-ns-object|config-ns-object-group", "<what:{app-id|description|domain|subnet}> \\ <text:line>", Sec::kObjectGroup, {.rank = 10}},
    {"config", "alias <interface:word> <dnat:ip> <foreign:ip> [<mask:mask>]", Sec::kStatic, {.rank = 9, .effect = kFor}},
    {"config", "forward-reference enable", Sec::kGroupSearch, {.rank = 3, .keep_no = true}},
    {"config", "asp rule-engine transactional-commit <what:word>", Sec::kGroupSearch, {.rank = 4}},
    {"config", "asp load-balance per-packet / [<text:line>]", Sec::kGroupSearch, {.rank = 4, .keep_no = true}},
};

}  // namespace

void DeclareModularShapes(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kShapes);
  DeclareShapes(grammar, kFilters);
}

}  // namespace sallyport
