// Routing protocols, what they choose by (prefix lists, route maps, AS paths, communities), IPv6 routes and neighbours, SLA
// monitors and tracks, multicast. Read and kept for a routing engine; static IPv4 routes act (grammar_access.cc).
//
// Each protocol has a sub-mode of its own here, so that a line of another protocol is an error; all are shown as `config-router`.
#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/shape.h"
#include "conf/sla_schedule.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kFor = Effect::kDormant;
constexpr auto kActs = Effect::kModelled;

// Lines of a route map or prefix list have a number also when none was typed.
std::string NumberedRouteMap(ConfigEdit&, const FieldLine& fields, Line& line) {
  if (!fields.Has("seq")) line.text += " 10";
  return {};
}

std::string NumberedPrefix(ConfigEdit& edit, const FieldLine& fields, Line& line) {
  if (fields.Has("seq")) return {};
  std::int64_t last = 0;
  for (const auto& l : edit.tree.Of(line.section)) {
    const auto* f = l->As<FieldLine>();
    if (f != nullptr && l.get() != &line && f->Get("list") == fields.Get("list")) last = std::max(last, f->Int("seq").value_or(0));
  }
  FieldLine numbered = fields;
  const std::string seq = std::to_string(last / 5 * 5 + 5);
  numbered.Put(fields.fields->SlotOf("seq"), seq);
  const std::string list = std::string(fields.Get("list"));
  line.text.insert(line.text.find(" " + list + " ") + list.size() + 1, " seq " + seq);
  line.Set(std::move(numbered));
  line.sort = list + " " + std::string(seq.size() < 10 ? 10 - seq.size() : 0, '0') + seq;
  return {};
}

std::string GeLe(ConfigEdit&, const FieldLine& f) {
  const std::string_view prefix = f.Get("prefix");
  const std::int64_t length = std::atoll(std::string(prefix.substr(prefix.find('/') + 1)).c_str());
  const auto ge = f.Int("low"), le = f.Int("high");
  if ((ge && *ge <= length) || (le && *le < length) || (ge && le && *ge > *le)) {
    return "ERROR: Invalid prefix range for " + std::string(prefix) + ", make sure: len < ge-value <= le-value\n";
  }
  return {};
}

// The sub-mode's last line, which also leaves it.
std::string LeaveFamily(ConfigEdit& edit, const FieldLine&, Line&) {
  edit.mode.Leave();
  return {};
}

// `type echo` opens a mode whose lines belong to the monitor.
std::string EnterEcho(ConfigEdit& edit, const FieldLine&, Line&) {
  edit.Enter("config-sla-monitor-echo", *edit.here);
  return {};
}

std::string OneTrack(ConfigEdit& edit, const FieldLine& f) {
  if (edit.loading || edit.tree.Find(Section::kSla, "sla monitor " + std::string(f.Get("rtr"))) != nullptr) return {};
  return "WARNING: SLA monitor " + std::string(f.Get("rtr")) + " is not configured\n";
}
std::string NoteTrack(ConfigEdit& edit, const FieldLine& f, Line&) { return OneTrack(edit, f); }

std::string KnownMonitor(ConfigEdit& edit, const FieldLine& f) {
  if (!edit.loading && f.Has("recurring") + f.Has("at") + f.Has("after") != 0) {
    if (const std::string why = RefuseSlaSchedule(f); !why.empty()) return why;
  }
  if (edit.loading || edit.tree.Find(Section::kSla, "sla monitor " + std::string(f.Get("id"))) != nullptr) return {};
  return "ERROR: Entry number does not exist.\n";
}

const Line* ScheduleOf(const LineTree& tree, std::string_view id) {
  for (const auto& l : tree.Of(Section::kSla)) {
    const auto* f = l->As<FieldLine>();
    if (f != nullptr && l->text.starts_with("sla monitor schedule ") && f->Get("id") == id) return l.get();
  }
  return nullptr;
}

// What is scheduled goes on as it is (ASA command reference, `sla monitor`).
std::string NotScheduled(ConfigEdit& edit, const FieldLine& f) {
  if (edit.loading || ScheduleOf(edit.tree, f.Get("id")) == nullptr) return {};
  return "ERROR: Entry already running and cannot be modified\n       (only can delete (no) and start over)\n"
         "       (check to see if the probe has finished exiting)\n";
}
// Its schedule goes with it.
std::string DropSchedule(ConfigEdit& edit, const FieldLine& f) {
  const std::string id(f.Get("id"));
  edit.tree.RemoveIf(nullptr, Section::kSla, [&](const Line& l) { return &l == ScheduleOf(edit.tree, id); });
  return {};
}

constexpr const char* kOspf = "config-router-ospf";
constexpr const char* kOspf3 = "config-router-ospfv3";
constexpr const char* kBothOspf = "config-router-ospf|config-router-ospfv3";
constexpr const char* kEigrp = "config-router-eigrp";
constexpr const char* kRip = "config-router-rip";
constexpr const char* kBgp = "config-router-bgp";
constexpr const char* kFamily = "config-router-af";
constexpr const char* kIsis = "config-router-isis";
constexpr const char* kMap = "config-route-map";

// Of a date, by their first letters or whole.
#define MONTHS \
  "Jan|January|Feb|February|Mar|March|Apr|April|May|Jun|June|Jul|July|Aug|August|Sep|September|Oct|October|Nov|November|Dec|December"

constexpr Shape kShapes[] = {
    // --- OSPF
    {"config", "router ospf`Open Shortest Path First (OSPF)` <process:1-65535`Process ID`>", Sec::kRouter, {.effect = kFor, .submode = kOspf}},
    {kOspf, "router-id`router-id for this OSPF process` / <id:ip>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kOspf, "network`Enable routing on an IP network` <net:ip> <mask:mask> \\ area <area:word>", Sec::kRouter, {.rank = 10, .effect = kFor}},
    {kBothOspf, "area`OSPF area parameters` <area:word> authentication / [message-digest]", Sec::kRouter, {.rank = 20, .effect = kFor}},
    {kBothOspf, "area <area:word> default-cost / <cost:0-16777215>", Sec::kRouter, {.rank = 21, .effect = kFor}},
    {kOspf, "area <area:word> filter-list prefix <list:prefixlist> <direction:{in|out}>", Sec::kRouter, {.rank = 22, .effect = kFor}},
    {kBothOspf, "area <area:word> nssa / { no-redistribution | default-information-originate { metric <m:0-16777214> | metric-type <mt:1-2> } | "
                "no-summary } [<text:line>]", Sec::kRouter, {.rank = 23, .effect = kFor}},
    {kOspf, "area <area:word> range <net:ip> <mask:mask> / [ advertise | not-advertise ] [ cost <cost:0-16777215> ]", Sec::kRouter,
     {.rank = 24, .effect = kFor}},
    {kOspf3, "area <area:word> range <net:prefix6> / [ advertise | not-advertise ] [ cost <cost:0-16777215> ]", Sec::kRouter,
     {.rank = 24, .effect = kFor}},
    {kBothOspf, "area <area:word> stub / [no-summary]", Sec::kRouter, {.rank = 25, .effect = kFor}},
    {kBothOspf, "area <area:word> virtual-link <peer:ip> [<text:line>]", Sec::kRouter, {.rank = 26, .effect = kFor}},
    {kOspf3, "area <area:word> authentication ipsec / <text:line>", Sec::kRouter, {.rank = 20, .effect = kFor}},
    {kOspf3, "area <area:word> encryption ipsec / <text:line>", Sec::kRouter, {.rank = 20, .effect = kFor}},
    {kOspf, "compatible rfc1583", Sec::kRouter, {.rank = 2, .effect = kFor, .keep_no = true}},
    {kOspf, "neighbor <peer:ip> / [ interface <if:iface> ]", Sec::kRouter, {.rank = 30, .effect = kFor}},
    {kBothOspf, "timers spf / <delay:0-65535> <hold:0-65535>", Sec::kRouter, {.rank = 40, .effect = kFor}},
    {kBothOspf, "timers lsa-group-pacing / <seconds:10-1800>", Sec::kRouter, {.rank = 40, .effect = kFor}},
    {kBothOspf, "timers lsa arrival / <ms:0-600000>", Sec::kRouter, {.rank = 40, .effect = kFor}},
    {kBothOspf, "timers throttle <what:{lsa|spf}> / <start:0-600000> <hold:1-600000> <most:1-600000>", Sec::kRouter, {.rank = 40, .effect = kFor}},
    {kBothOspf, "timers pacing <what:{flood|lsa-group|retransmission}> / <n:1-1800>", Sec::kRouter, {.rank = 40, .effect = kFor}},
    {kBothOspf, "passive-interface`Suppress routing updates on an interface` <if:word>", Sec::kRouter, {.rank = 42, .effect = kFor, .keep_no = true}},
    {kBothOspf, "log-adj-changes`Log adjacency state changes` / [detail]", Sec::kRouter, {.rank = 50, .effect = kFor, .keep_no = true}},
    {kBothOspf, "log-adjacency-changes / [detail]", Sec::kRouter, {.rank = 50, .effect = kFor, .keep_no = true}},
    {kBothOspf, "ignore lsa mospf", Sec::kRouter, {.rank = 51, .effect = kFor}},
    {kBothOspf, "max-metric router-lsa / [<text:line>]", Sec::kRouter, {.rank = 52, .effect = kFor}},
    {kBothOspf, "nsf <how:{cisco|ietf}> [ helper | enforce ] [<text:line>]", Sec::kRouter, {.rank = 53, .effect = kFor, .keep_no = true}},
    {kBothOspf, "graceful-restart [ helper ] [<text:line>]", Sec::kRouter, {.rank = 53, .effect = kFor, .keep_no = true}},
    {kBothOspf, "capability <what:{lls|opaque|transit|vrf-lite}>", Sec::kRouter, {.rank = 54, .effect = kFor, .keep_no = true}},
    {kBothOspf, "prefix-suppression", Sec::kRouter, {.rank = 54, .effect = kFor}},
    {kBothOspf, "auto-cost reference-bandwidth / <mbps:1-4294967>", Sec::kRouter, {.rank = 54, .effect = kFor}},
    {kBothOspf, "maximum-paths / <n:1-8>", Sec::kRouter, {.rank = 54, .effect = kFor}},
    {kBothOspf, "bfd all-interfaces", Sec::kRouter, {.rank = 54, .effect = kFor}},
    {kOspf, "redistribute`Redistribute information from another routing protocol` ( connected | static | rip | ospf <pid:1-65535> | eigrp <as:1-65535> | "
            "bgp <asn:word> | isis ) / { match <match:{internal|external|nssa-external|1|2}>... | metric <m:0-16777214> | metric-type <mt:1-2> | "
            "subnets | tag <t:0-4294967295> | route-map <rm:routemap> } [<text:line>]", Sec::kRouter, {.rank = 60, .effect = kFor}},
    {kOspf3, "redistribute ( connected | static | ospf <pid:1-65535> | bgp <asn:word> | isis ) / { match "
             "<match:{internal|external|nssa-external|1|2}>... | metric <m:0-16777214> | metric-type <mt:1-2> | include-connected | "
             "tag <t:0-4294967295> | route-map <rm:routemap> } [<text:line>]", Sec::kRouter, {.rank = 60, .effect = kFor}},
    {kOspf, "summary-address <net:ip> <mask:mask> / [not-advertise] [ tag <t:0-4294967295> ]", Sec::kRouter, {.rank = 61, .effect = kFor}},
    {kOspf3, "summary-prefix <net:prefix6> / [not-advertise] [ tag <t:0-4294967295> ]", Sec::kRouter, {.rank = 61, .effect = kFor}},
    {kOspf, "distribute-list <acl:acl> <direction:{in|out}> [ interface <if:iface> | connected | static | rip | ospf <pid:1-65535> | eigrp <as:1-65535> | "
            "bgp <asn:word> ]", Sec::kRouter, {.rank = 62, .effect = kFor}},
    {kBothOspf, "default-information`Control distribution of default information` originate / { always | metric <m:0-16777214> | metric-type <mt:1-2> | "
                "route-map <rm:routemap> }", Sec::kRouter, {.rank = 63, .effect = kFor}},
    {kBothOspf, "distance ospf / { intra-area <d1:1-255> | inter-area <d2:1-255> | external <d3:1-255> }", Sec::kRouter, {.rank = 64, .effect = kFor}},
    {kBothOspf, "distance / <d:1-254>", Sec::kRouter, {.rank = 64, .effect = kFor}},
    {"config", "ipv6 router ospf <process:1-65535>", Sec::kRouter, {.rank = 1, .effect = kFor, .submode = kOspf3}},
    {kOspf3, "router-id / <id:ip> [<text:line>]", Sec::kRouter, {.rank = 1, .effect = kFor}},

    // --- EIGRP and RIP
    {"config", "router eigrp`Enhanced Interior Gateway Routing Protocol (EIGRP)` <as:1-65535`Autonomous system number`>", Sec::kRouter,
     {.effect = kFor, .submode = kEigrp}},
    {"config-router-eigrp|config-router-rip", "auto-summary`Enable automatic network number summarization`", Sec::kRouter,
     {.rank = 2, .effect = kFor, .keep_no = true}},
    {kEigrp, "default-information <direction:{in|out}> [<acl:acl>]", Sec::kRouter, {.rank = 3, .effect = kFor, .keep_no = true}},
    {kEigrp, "default-metric / <bandwidth:1-4294967295> <delay:0-4294967295> <reliability:0-255> <load:1-255> <mtu:1-65535>", Sec::kRouter,
     {.rank = 4, .effect = kFor}},
    {kEigrp, "distance eigrp / <internal:1-255> <external:1-255>", Sec::kRouter, {.rank = 5, .effect = kFor}},
    {"config-router-eigrp|config-router-rip", "distribute-list <acl:acl> <direction:{in|out}> [ interface <if:iface> | connected | static | rip | "
     "ospf <pid:1-65535> | eigrp <as:1-65535> | bgp <asn:word> ]", Sec::kRouter, {.rank = 6, .effect = kFor}},
    {kEigrp, "eigrp router-id / <id:ip>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kEigrp, "eigrp log-neighbor-changes", Sec::kRouter, {.rank = 7, .effect = kFor, .keep_no = true}},
    {kEigrp, "eigrp log-neighbor-warnings / [<seconds:1-65535>]", Sec::kRouter, {.rank = 7, .effect = kFor, .keep_no = true}},
    {kEigrp, "eigrp stub / <what:{connected|static|summary|redistributed|receive-only}>...", Sec::kRouter, {.rank = 8, .effect = kFor}},
    {"config-router-eigrp|config-router-rip", "network <net:ip> [<mask:mask>]", Sec::kRouter, {.rank = 10, .effect = kFor}},
    {kEigrp, "neighbor <peer:ip> interface <if:iface>", Sec::kRouter, {.rank = 9, .effect = kFor}},
    {"config-router-eigrp|config-router-rip", "passive-interface <if:word>", Sec::kRouter, {.rank = 11, .effect = kFor, .keep_no = true}},
    {kEigrp, "redistribute ( connected | static | rip | ospf <pid:1-65535> | bgp <asn:word> | isis ) / { match "
             "<match:{internal|external|nssa-external|1|2}>... | metric <bandwidth:1-4294967295> <delay:0-4294967295> <reliability:0-255> <load:1-255> "
             "<mtu:1-65535> | route-map <rm:routemap> }", Sec::kRouter, {.rank = 12, .effect = kFor}},
    {"config", "router rip`Routing Information Protocol (RIP)`", Sec::kRouter, {.effect = kFor, .submode = kRip}},
    {kRip, "version / <version:1-2>", Sec::kRouter, {.rank = 20, .effect = kFor}},
    {kRip, "default-information originate / [ route-map <rm:routemap> ]", Sec::kRouter, {.rank = 15, .effect = kFor}},
    {kRip, "timers basic / <update:1-4294967295> <invalid:1-4294967295> <hold:0-4294967295> <flush:1-4294967295>", Sec::kRouter,
     {.rank = 16, .effect = kFor}},
    {kRip, "redistribute ( connected | static | ospf <pid:1-65535> | eigrp <as:1-65535> | bgp <asn:word> ) / { match "
           "<match:{internal|external|nssa-external|1|2}>... | metric <m:word> | route-map <rm:routemap> }", Sec::kRouter, {.rank = 14, .effect = kFor}},
    {"config", "rip <text:line>", Sec::kRouter, {.effect = kFor, .until = 701}},

    // --- BGP
    {"config", "router bgp`Border Gateway Protocol (BGP)` <as:word`Autonomous system number`>", Sec::kRouter, {.effect = kFor, .submode = kBgp, .since = 902}},
    {kBgp, "bgp log-neighbor-changes", Sec::kRouter, {.rank = 1, .effect = kFor, .keep_no = true}},
    {kBgp, "bgp asnotation dot", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kBgp, "bgp graceful-restart / { restart-time <rt:1-3600> | stalepath-time <st:1-3600> }", Sec::kRouter, {.rank = 2, .effect = kFor}},
    {kBgp, "bgp router-id / <id:ip>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kBgp, "bgp bestpath <what:{as-path|compare-routerid|med}> [<text:line>]", Sec::kRouter, {.rank = 2, .effect = kFor}},
    {kBgp, "bgp default local-preference / <n:0-4294967295>", Sec::kRouter, {.rank = 2, .effect = kFor}},
    {kBgp, "bgp <what:{always-compare-med|deterministic-med|enforce-first-as|fast-external-fallover}>", Sec::kRouter,
     {.rank = 2, .effect = kFor, .keep_no = true}},
    {kBgp, "bgp transport path-mtu-discovery", Sec::kRouter, {.rank = 2, .effect = kFor, .keep_no = true}},
    {kBgp, "bgp maxas-limit / <n:1-254>", Sec::kRouter, {.rank = 2, .effect = kFor}},
    {kBgp, "bgp update-delay / <n:1-3600>", Sec::kRouter, {.rank = 2, .effect = kFor}},
    {kBgp, "timers bgp / <keepalive:0-65535> <hold:0-65535> [<least:0-65535>]", Sec::kRouter, {.rank = 3, .effect = kFor}},
    {kBgp, "address-family`Enter Address Family command mode` <af:{ipv4|ipv6|vpnv4}> / [ unicast ] [ vrf <vrf:word> ]", Sec::kRouter,
     {.rank = 10, .sort = "{af}", .effect = kFor, .submode = kFamily, .defaults = "exit-address-family"}},
    {kFamily, "exit-address-family`Exit from Address Family configuration mode`", Sec::kRouter, {.rank = 99, .effect = kFor, .after = LeaveFamily}},
    {kFamily, "bgp router-id / <id:ip>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kFamily, "bgp aggregate-timer / <n:0-60>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kFamily, "bgp dampening / [<text:line>]", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kFamily, "bgp inject-map <map:routemap> exist-map <exist:routemap> [copy-attributes]", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kFamily, "bgp nexthop ( trigger <what:word> [<n:0-100>] | route-map <rm:routemap> )", Sec::kRouter, {.rank = 1, .effect = kFor, .keep_no = true}},
    {kFamily, "bgp <what:{redistribute-internal|suppress-inactive}>", Sec::kRouter, {.rank = 1, .effect = kFor, .keep_no = true}},
    {kFamily, "bgp scan-time / <seconds:5-60>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kFamily, "bgp soft-reconfig-backup", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kFamily, "aggregate-address ( <net6:prefix6> | <net:ip> <mask:mask> ) / { as-set | summary-only | suppress-map <sm:routemap> | advertise-map <am:routemap> | "
              "attribute-map <tm:routemap> }", Sec::kRouter, {.rank = 45, .effect = kFor}},
    {kFamily, "neighbor`Specify a neighbor router` <peer:ipx> remote-as / <as:word>", Sec::kRouter, {.rank = 40, .sort = "{peer} a", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> description / <text:line>", Sec::kRouter, {.rank = 40, .sort = "{peer} b", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> <what:{shutdown|disable-connected-check}>", Sec::kRouter, {.rank = 40, .sort = "{peer} c", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> ebgp-multihop / [<hops:1-255>]", Sec::kRouter, {.rank = 40, .sort = "{peer} d", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> password / [<kind:0-7>] <key:secret>", Sec::kRouter, {.rank = 40, .sort = "{peer} d", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> local-as / <as:word> [no-prepend] [replace-as] [dual-as]", Sec::kRouter, {.rank = 40, .sort = "{peer} d", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> transport <what:{connection-mode|path-mtu-discovery}> / [<how:{active|passive|disable}>]", Sec::kRouter,
     {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> timers / <keepalive:0-65535> <hold:0-65535> [<least:0-65535>]", Sec::kRouter, {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> ttl-security hops / <hops:1-254>", Sec::kRouter, {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> update-source / <if:iface>", Sec::kRouter, {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> version / <version:4-4>", Sec::kRouter, {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> fall-over bfd / [ single-hop | multi-hop ]", Sec::kRouter, {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> ha-mode graceful-restart / [disable]", Sec::kRouter, {.rank = 40, .sort = "{peer} e", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> activate", Sec::kRouter, {.rank = 40, .sort = "{peer} f", .effect = kFor, .keep_no = true}},
    {kFamily, "neighbor <peer:ipx> next-hop-self", Sec::kRouter, {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> send-community / [ both | standard | extended ]", Sec::kRouter, {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> remove-private-as / [all] [replace-as]", Sec::kRouter, {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> default-originate / [ route-map <rm:routemap> ]", Sec::kRouter, {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> advertise-map <map:routemap> / ( exist-map <em:routemap> | non-exist-map <nm:routemap> ) [check-all-paths]", Sec::kRouter,
     {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> advertisement-interval / <n:0-600>", Sec::kRouter, {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> allowas-in / [<n:1-10>]", Sec::kRouter, {.rank = 40, .sort = "{peer} g", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> distribute-list <acl:acl> <direction:{in|out}>", Sec::kRouter, {.rank = 40, .sort = "{peer} h", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> prefix-list <list:prefixlist> <direction:{in|out}>", Sec::kRouter, {.rank = 40, .sort = "{peer} h", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> route-map <map:routemap> <direction:{in|out}>", Sec::kRouter, {.rank = 40, .sort = "{peer} h", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> filter-list <list:1-500> <direction:{in|out}>", Sec::kRouter, {.rank = 40, .sort = "{peer} h", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> maximum-prefix / <n:1-2147483647> [<percent:1-100>] [ restart <minutes:1-65535> | warning-only ]", Sec::kRouter,
     {.rank = 40, .sort = "{peer} h", .effect = kFor}},
    {kFamily, "neighbor <peer:ipx> weight / <n:0-65535>", Sec::kRouter, {.rank = 40, .sort = "{peer} h", .effect = kFor}},
    {kFamily, "network ( <net6:prefix6> | <net:ip> ) / [ mask <mask:mask> ] [ route-map <rm:routemap> ]", Sec::kRouter, {.rank = 50, .effect = kFor}},
    {kFamily, "redistribute ( connected | static | rip | ospf <pid:1-65535> | eigrp <as:1-65535> | isis ) / { match "
              "<match:{internal|external|nssa-external|1|2}>... | metric <m:0-4294967295> | route-map <rm:routemap> }", Sec::kRouter,
     {.rank = 55, .effect = kFor}},
    {kFamily, "maximum-paths [ ibgp ] / <n:1-8>", Sec::kRouter, {.rank = 56, .effect = kFor}},
    {kFamily, "distance bgp / <external:1-255> <internal:1-255> <local:1-255>", Sec::kRouter, {.rank = 57, .effect = kFor}},
    {kFamily, "distribute-list <acl:acl> <direction:{in|out}> [<text:line>]", Sec::kRouter, {.rank = 57, .effect = kFor}},
    {kFamily, "default-information originate", Sec::kRouter, {.rank = 57, .effect = kFor}},
    {kFamily, "table-map / <map:routemap> [filter]", Sec::kRouter, {.rank = 57, .effect = kFor}},
    {kFamily, "auto-summary", Sec::kRouter, {.rank = 60, .effect = kFor, .keep_no = true}},
    {kFamily, "synchronization", Sec::kRouter, {.rank = 61, .effect = kFor, .keep_no = true}},

    // --- IS-IS: its many settings are kept as they are
    {"config", "router isis`ISO IS-IS` / [<tag:word>]", Sec::kRouter, {.effect = kFor, .submode = kIsis, .since = 906}},
    {kIsis, "net <net:word>", Sec::kRouter, {.rank = 1, .effect = kFor}},
    {kIsis, "is-type / <type:{level-1|level-1-2|level-2-only}>", Sec::kRouter, {.rank = 2, .effect = kFor}},
    {kIsis, "metric-style / <style:{narrow|wide|transition}> [<text:line>]", Sec::kRouter, {.rank = 3, .effect = kFor}},
    {kIsis, "hello padding / [<text:line>]", Sec::kRouter, {.rank = 4, .keep_no = true}},
    {kIsis, "passive-interface <if:word>", Sec::kRouter, {.rank = 5, .effect = kFor, .keep_no = true}},
    {kIsis, "<what:{address-family|adjacency-check|advertise|area-password|authentication|default-information|distance|domain-password|fast-flood|hostname|"
            "ignore-lsp-errors|log-adjacency-changes|lsp-full|lsp-gen-interval|lsp-refresh-interval|max-area-addresses|max-lsp-lifetime|maximum-paths|"
            "metric|prc-interval|protocol|redistribute|route|set-attached-bit|set-overload-bit|skeptical|spf-interval|summary-address|summary-prefix|"
            "update-queue-depth|use}> \\ [<text:line>]", Sec::kRouter, {.rank = 9, .keep_no = true}},

    // --- what routes are chosen by
    {"config", "prefix-list`Build a prefix list` <list:name`Name of a prefix list`> [ seq`Sequence number` <seq:1-4294967294> ] <action:{permit|deny}> "
               "<prefix:prefix4> [ ge <low:1-32> ] [ le <high:1-32> ]", Sec::kPrefixList,
     {.sort = "{list} {seq}", .effect = kFor, .check = GeLe, .after = NumberedPrefix}},
    {"config", "prefix-list <list:name> description / <text:line>", Sec::kPrefixList, {.sort = "{list}", .effect = kFor}},
    {"config", "prefix-list sequence-number", Sec::kPrefixList, {.effect = kFor, .silent = "prefix-list sequence-number", .keep_no = true}},
    {"config", "ipv6 prefix-list <list:name> [ seq <seq:1-4294967294> ] <action:{permit|deny}> <prefix:prefix6> [ ge <low:1-128> ] [ le <high:1-128> ]",
     Sec::kPrefixList, {.rank = 1, .sort = "{list} {seq}", .effect = kFor, .check = GeLe, .after = NumberedPrefix}},
    {"config", "ipv6 prefix-list <list:name> description / <text:line>", Sec::kPrefixList, {.rank = 1, .sort = "{list}", .effect = kFor}},
    {"config", "as-path access-list <list:1-500> <action:{permit|deny}> <pattern:line>", Sec::kPrefixList, {.rank = 2, .sort = "{list}", .effect = kFor}},
    {"config", "community-list ( standard <std:name> | expanded <exp:name> | <list:1-500> ) <action:{permit|deny}> <what:line>", Sec::kPrefixList,
     {.rank = 3, .effect = kFor}},
    {"config", "policy-list <list:name> <action:{permit|deny}>", Sec::kPrefixList, {.rank = 4, .effect = kFor, .submode = "config-policy-list"}},
    {"config", "route-map`Create route-map or enter route-map command mode` <map:name`Route map tag`> <action:{permit|deny}> [<seq:0-65535`Sequence number`>]", Sec::kRouteMap,
     {.sort = "{map} {seq}", .effect = kFor, .submode = kMap, .after = NumberedRouteMap}},
    {kMap, "description / <text:line>", Sec::kRouteMap, {.effect = kFor}},
    {"config-route-map|config-policy-list", "match`Match values from routing table` as-path / <list:1-500>...", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {"config-route-map|config-policy-list", "match community / <list:word>... ", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {"config-route-map|config-policy-list", "match interface / <if:word>...", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {"config-route-map|config-policy-list", "match <ip:{ip|ipv6}> <what:{address|next-hop|route-source}> / ( prefix-list <list:prefixlist>... | <acl:acl>... )",
     Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {"config-route-map|config-policy-list", "match metric / <metric:word>...", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {"config-route-map|config-policy-list", "match route-type / <type:{internal|external|local|nssa-external|type-1|type-2|level-1|level-2}>...", Sec::kRouteMap,
     {.rank = 1, .effect = kFor}},
    {"config-route-map|config-policy-list", "match tag / <tag:0-4294967295>...", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {kMap, "match policy-list / <list:word>...", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {kMap, "set`Set values in destination routing protocol` as-path / ( prepend <as:word>... | tag )", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set automatic-tag", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set community / <community:word>...", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set local-preference / <n:0-4294967295>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set metric / <n:word>...", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set metric-type / <type:{internal|external|type-1|type-2}>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set origin / <origin:{igp|incomplete|egp}> [<as:word>]", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set weight / <n:0-65535>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set tag / <n:0-4294967295>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set level / <level:{level-1|level-1-2|level-2}>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set ip next-hop verify-availability <hop:ip> <seq:1-65535> track <track:1-500>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set <ip:{ip|ipv6}> next-hop / ( peer-address | recursive <via:ipx> | <hop:ipx>... )", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set <ip:{ip|ipv6}> default next-hop / <hop:ipx>...", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set <ip:{ip|ipv6}> address prefix-list / <list:prefixlist>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set <ip:{ip|ipv6}> <field:{df|dscp|precedence}> / <value:word>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set interface / <if:word>...", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set default interface / <if:word>...", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "set adaptive-interface <by:{cost|rtt|jitter|loss|mos}> / <if:word>...", Sec::kRouteMap, {.rank = 2, .effect = kFor}},
    {kMap, "continue / [<seq:1-65535>]", Sec::kRouteMap, {.rank = 3, .effect = kFor}},
    {"config", "key chain <name:name>", Sec::kRouteMap, {.rank = -1, .effect = kFor, .submode = "config-keychain"}},
    {"config-keychain", "key <id:0-255>", Sec::kRouteMap, {.effect = kFor, .submode = "config-keychain-key"}},
    {"config-keychain-key", "key-string / [<kind:{0|8}>] <key:secret>", Sec::kRouteMap, {.effect = kFor}},
    {"config-keychain-key", "cryptographic-algorithm / <algorithm:{md5}>", Sec::kRouteMap, {.rank = 1, .effect = kFor}},
    {"config-keychain-key", "<which:{accept-lifetime|send-lifetime}> / <text:line>", Sec::kRouteMap, {.rank = 2, .effect = kFor}},

    // --- bidirectional forwarding detection
    {"config", "bfd-template <kind:{single-hop|multi-hop}> <name:name>", Sec::kRouter, {.rank = -1, .submode = "config-bfd"}},
    {"config-bfd", "interval / <text:line>", Sec::kRouter},
    {"config-bfd", "authentication / <text:line>", Sec::kRouter},
    {"config-bfd", "echo", Sec::kRouter},
    {"config", "bfd <what:{echo|slow-timers|map}> \\ [<text:line>]", Sec::kRouter, {.rank = -1, .keep_no = true}},

    // --- IPv6
    {"config", "ipv6 route`Configure static routes` <if:iface`Interface name`> <net:prefix6> <gateway:ip6> / [<metric:1-254>] [ tunneled ] [ track <track:1-500> ]",
     Sec::kIpv6Route, {.effect = Effect::kModelled}},
    {"config", "ipv6 route management-only <if:iface> <net:prefix6> <gateway:ip6> / [<metric:1-254>]", Sec::kIpv6Route, {.effect = kFor}},
    {"config", "ipv6 icmp`Configure access rules for ICMPv6 traffic` <action:{permit|deny}> ( any | host <host:ip6> | <net:prefix6> ) [<type:icmp6type>] <if:iface>",
     Sec::kIpv6Icmp, {.effect = Effect::kModelled}},
    {"config", "ipv6 unreachable rate-limit / <rate:1-100> burst-size <burst:1-10>", Sec::kIpv6Icmp, {.effect = Effect::kModelled}},
    {"config", "ipv6 neighbor <address:ip6> <if:iface> / <mac:mac>", Sec::kArp, {.rank = 5, .effect = kFor}},
    {"config", "ipv6 nd <what:{secured|reachable-time}> \\ <text:line>", Sec::kIpv6Icmp, {.rank = 1, .effect = kFor}},
    {"config", "ipv6 enforce-eui64 <if:iface>", Sec::kIpVerify, {.rank = 1, .effect = kFor}},
    {"config", "ipv6 dhcp pool <name:name>", Sec::kLocalPool, {.rank = 9, .effect = kFor, .submode = "config-dhcpv6"}},
    {"config-dhcpv6", "<what:{dns-server|domain-name|import|nis|nisp|sip|sntp}> \\ <text:line>", Sec::kLocalPool, {.effect = kFor}},
    {"config", "ipv6 access-list <list:name> [ line <line:1-2147483647> ] remark <text:line>", Sec::kIpv6AccessList, {.effect = Effect::kModelled}},

    // --- SLA monitors and what follows them
    {"config", "sla monitor`IP Service Level Agreement monitor` <id:1-2147483647`Entry number`>", Sec::kSla, {.sort = "{id}", .effect = kActs, .submode = "config-sla-monitor", .check = NotScheduled, .after_no = DropSchedule}},
    {"config-sla-monitor", "type`Type of entry` echo protocol ipIcmpEcho / <target:ip> interface <if:iface>", Sec::kSla, {.effect = kActs, .after = EnterEcho}},
    {"config-sla-monitor-echo", "num-packets`Number of packets in a probe` / <n:1-100>", Sec::kSla, {.rank = 1, .effect = kActs, .silent = "num-packets 1"}},
    {"config-sla-monitor-echo", "request-data-size`Request data size` / <n:0-16384>", Sec::kSla, {.rank = 2, .effect = kActs, .silent = "request-data-size 28"}},
    {"config-sla-monitor-echo", "tos`Type Of Service` / <n:0-255>", Sec::kSla, {.rank = 3, .effect = kActs, .silent = "tos 0"}},
    {"config-sla-monitor-echo", "timeout`Timeout of an operation in milliseconds` / <ms:0-604800000>", Sec::kSla, {.rank = 4, .effect = kActs, .silent = "timeout 5000"}},
    {"config-sla-monitor-echo", "threshold`Operation threshold in milliseconds` / <ms:0-2147483647>", Sec::kSla, {.rank = 5, .effect = kActs, .silent = "threshold 5000"}},
    {"config-sla-monitor-echo", "frequency`Frequency of an operation in seconds` / <seconds:1-604800>", Sec::kSla, {.rank = 6, .effect = kActs, .silent = "frequency 60"}},
    {"config", "sla monitor schedule`Entry scheduling` <id:1-2147483647> / [ life ( forever | <life:0-2147483647> ) ] [ start-time ( now | pending | after <after:word> | "
               "<at:word> [ <month:{" MONTHS "}> <day:1-31> | <day:1-31> <month:{" MONTHS "}> ] ) ] [ ageout <ageout:0-2073600> ] [ recurring ]", Sec::kSla,
     {.sort = "{id} s", .effect = kActs, .check = KnownMonitor}},
    {"config", "track`Object tracking configuration commands` <id:1-500`Tracked object`> / rtr`Response Time Reporter (RTR) entry` <rtr:1-2147483647> reachability`Reachability`", Sec::kTrack,
     {.sort = "{id}", .effect = kActs, .after = NoteTrack}},

    // --- multicast
    {"config", "multicast-routing`Enable IP multicast routing`", Sec::kMulticast, {.effect = kFor}},
    {"config", "pim rp-address <rp:ip> / [<acl:word>] [bidir]", Sec::kMulticast, {.rank = 1, .effect = kFor}},
    {"config", "pim accept-register ( list <acl:acl> | route-map <map:routemap> )", Sec::kMulticast, {.rank = 1, .effect = kFor}},
    {"config", "pim old-register-checksum", Sec::kMulticast, {.rank = 1, .effect = kFor}},
    {"config", "pim spt-threshold infinity / [ group-list <acl:acl> ]", Sec::kMulticast, {.rank = 1, .effect = kFor}},
    {"config", "pim bsr-candidate / <if:iface> [<bits:0-32>] [<priority:0-255>]", Sec::kMulticast, {.rank = 1, .effect = kFor}},
    {"config", "pim <text:line>", Sec::kMulticast, {.rank = 1}},
    {"config", "igmp limit / <n:0-5000>", Sec::kMulticast, {.rank = 2, .effect = kFor}},
    {"config", "mroute <source:ip> <mask:mask> / <via:word> [ dense <out:word> ] [<distance:0-255>]", Sec::kMulticast, {.rank = 3, .effect = kFor}},

    {"config", "route-control <text:line>", Sec::kRoute, {.rank = 9}},
};

}  // namespace

void DeclareRouting(ConfigGrammar& grammar) { DeclareShapes(grammar, kShapes); }

}  // namespace sallyport
