// The modular policy framework: class-map, policy-map, service-policy. ICMP inspection, connection timeouts and sequence
// randomisation act; the other inspections are accepted.
#include <algorithm>

#include "conf/declare.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

// What `inspect` knows; the first word, or two.
constexpr const char* kInspections[] = {"ctiqbe", "dcerpc", "diameter", "dns", "esmtp", "ftp", "gtp", "h323 h225", "h323 ras", "http", "icmp", "icmp error",
                                        "ils", "im", "ip-options", "ipsec-pass-thru", "ipv6", "lisp", "m3ua", "mgcp", "mmp", "netbios", "pptp",
                                        "radius-accounting", "rsh", "rtsp", "scansafe", "sctp", "sip", "skinny", "snmp", "sqlnet", "stun", "sunrpc",
                                        "tftp", "vxlan", "waas", "xdmcp"};

struct InspectCommand {
  std::string map;
  bool strict = false;   // ftp
  std::string options;   // words behind the map
};

template <typename L>
void SubLine(ConfigGrammar& g, Command<L> c, const char* mode, Section section, std::size_t no) {
  c.No(no);
  LineRule<L> r;
  r.mode = mode;
  r.section = section;
  r.rank = 10;
  Declare(g, c, r);
}

}  // namespace

void DeclareModular(ConfigGrammar& g) {
  {
    using L = ClassMapLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("class-map", "Configure MPF Class Map"), S::Opt({S::Choice({{S::Is(&L::match, "match-any", "match-any")}, {S::Is(&L::match, "match-all", "match-all")}})}),
                  S::Word(&L::name, "Class map name", "WORD < 41 char", 40)});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kClassMap;
    r.submode = "config-cmap";
    r.check_no = [](ConfigEdit& edit, const L& v, const Line&) -> std::string {
      for (const auto& p : edit.tree.Of(Section::kPolicyMap)) {
        if (p->Find("class " + v.name) != nullptr) return "ERROR: Class-map " + v.name + " is in use\n";
      }
      return {};
    };
    Declare(g, c, r);
  }
  {
    using S = Tokens<MatchDefault>;
    SubLine(g, Command<MatchDefault>({S::Kw("match", "Configure match criteria"), S::Kw("default-inspection-traffic", "Default inspection traffic")}), "config-cmap", Section::kClassMap, 2);
  }
  {
    using S = Tokens<MatchAny>;
    SubLine(g, Command<MatchAny>({S::Kw("match"), S::Kw("any", "Any packet")}), "config-cmap", Section::kClassMap, 2);
  }
  {
    using L = MatchList;
    using S = Tokens<L>;
    Command<L> c({S::Kw("match"), S::Kw("access-list", "Access list"), S::Word(&L::list, "Name")});
    c.No(3);
    LineRule<L> r;
    r.mode = "config-cmap";
    r.section = Section::kClassMap;
    r.rank = 10;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      return edit.tree.Find(Section::kAccessList, v.list) != nullptr ? "" : "ERROR: access-list <" + v.list + "> does not exist\n";
    };
    Declare(g, c, r);
  }
  {
    using L = MatchPort;
    using S = Tokens<L>;
    Command<L> c({S::Kw("match"), S::Kw("port", "TCP or UDP port"), S::Choice({{S::Is(&L::protocol, "tcp", "tcp")}, {S::Is(&L::protocol, "udp", "udp")}}),
                  S::ArgIf<[](const PortSpec& p) { return p.op == PortSpec::Op::kEq || p.op == PortSpec::Op::kRange; }>(&L::ports, "Ports")});
    c.No(4);
    LineRule<L> r;
    r.mode = "config-cmap";
    r.section = Section::kClassMap;
    r.rank = 10;
    r.text = [](const ConfigEdit&, const L& v) {
      std::string text = "match port " + v.protocol;
      LineWriter w(text);
      PrintPortSpec(v.ports, v.protocol == "tcp" ? PortFamily::kTcp : PortFamily::kUdp, w);
      return text;
    };
    Declare(g, c, r);
  }
  {
    using L = PolicyMapLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("policy-map", "Configure MPF Policy Map"), S::Word(&L::name, "Policy map name", "WORD < 41 char", 40)});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kPolicyMap;
    r.submode = "config-pmap";
    r.check_no = [](ConfigEdit& edit, const L& v, const Line&) -> std::string {
      for (const auto* s : edit.tree.All<ServicePolicyLine>(Section::kServicePolicy)) {
        if (s->policy == v.name) return "ERROR: Policy-map " + v.name + " is in use by a service-policy\n";
      }
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = PolicyClassLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("class", "Policy criteria"), S::Word(&L::name, "Class map name")});
    c.No(2);
    LineRule<L> r;
    r.mode = "config-pmap";
    r.section = Section::kPolicyMap;
    r.rank = 10;
    r.submode = "config-pmap-c";
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      // Every appliance had the class inspection_default; published files leave class maps out now and then.
      if (v.name == "class-default" || edit.loading) return {};
      for (const auto* c2 : edit.tree.All<ClassMapLine>(Section::kClassMap)) {
        if (c2->name == v.name) return {};
      }
      return "ERROR: class-map " + v.name + " not configured\n";
    };
    Declare(g, c, r);
  }
  for (const char* name : kInspections) {
    using L = InspectCommand;
    using S = Tokens<L>;
    std::vector<TokenPtr<L>> t = {S::Kw("inspect", "Protocol inspection services")};
    const std::string_view words(name);
    const std::size_t blank = words.find(' ');
    t.push_back(S::Kw(std::string(words.substr(0, blank)), std::string(words.substr(0, blank)) + " inspection"));
    if (blank != std::string_view::npos) t.push_back(S::Kw(std::string(words.substr(blank + 1))));
    const std::size_t keywords = t.size();
    if (words == "ftp") t.push_back(S::Flag(&L::strict, "strict", "Strict FTP"));
    if (words != "icmp" && words != "icmp error") {
      // dns maximum-length N (7.x), dns MAP dynamic-filter-snoop, sip MAP tls-proxy P, scansafe MAP fail-open ...
      t.push_back(S::Opt({S::Word(&L::map, "Inspection map"), S::Opt({S::Line(&L::options, "Options")})}));
    }
    Command<L> c(std::move(t));
    c.No(keywords);
    LineRule<L> r;
    r.mode = "config-pmap-c";
    r.section = Section::kPolicyMap;
    r.rank = 10;
    r.key = keywords;
    const bool acts = words.starts_with("icmp") || words == "dns" || words == "ftp" || words == "tftp" || words == "http" || words == "ipv6";
    r.effect = acts ? Effect::kModelled : Effect::kAccepted;
    const std::string what(words);
    r.check = [what](ConfigEdit& edit, const L& v) -> std::string {
      if (!v.map.empty() && what == "dns" && v.map != "maximum-length" && v.map != "dynamic-filter-snoop" && !edit.loading && edit.tree.Find(Section::kPolicyMap, "policy-map type inspect dns " + v.map) == nullptr) {
        return "ERROR: policy-map type inspect dns " + v.map + " not configured\n";
      }
      return {};
    };
    r.after = [what](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      // skinny and sip print one blank more (skinny: until 9.14).
      const bool two = what == "sip" || (what == "skinny" && !edit.personality.trace_elapsed_time);
      if (!l.text.ends_with(' ')) l.text += two && l.As<InspectCommand>()->map.empty() ? "  " : " ";
      l.Set(InspectLine{what, v.map, v.strict, v.options});
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = ConnTimeoutLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("set"), S::Kw("connection"), S::Kw("timeout", "Timeouts"),
                  S::AnyOrder({{S::Kw("embryonic", "Half-open connections"), S::Arg(&L::embryonic, "Time")},
                               {S::Kw("half-closed", "Half-closed connections"), S::Arg(&L::half_closed, "Time")},
                               {S::Choice({{S::Kw("idle", "Connections of any protocol"), S::Arg(&L::idle, "Time")},
                                           {S::Is(&L::tcp, true, "tcp", "TCP connections"), S::Arg(&L::idle, "Time")}}), S::Flag(&L::reset, "reset", "Reset the connection")},
                               {S::Is(&L::dcd, true, "dcd", "Dead connection detection"), S::Opt({S::Arg(&L::dcd_retry, "Interval")}),
                                S::Opt({S::Int(&L::dcd_max, 1, 255, "Retries")})}})});
    c.No(3);
    LineRule<L> r;
    r.mode = "config-pmap-c";
    r.section = Section::kPolicyMap;
    r.rank = 10;
    r.key = 3;
    // One line says all of a class's timeouts.
    r.normal = [](const ConfigEdit& edit, L& v) {
      if (edit.parent() == nullptr) return;
      for (const auto& l : edit.parent()->lines) {
        const L* before = l->As<L>();
        if (before == nullptr) continue;
        if (!v.embryonic) v.embryonic = before->embryonic;
        if (!v.half_closed) v.half_closed = before->half_closed;
        if (!v.idle) v.idle = before->idle, v.tcp = before->tcp, v.reset = before->reset;
        if (!v.dcd) v.dcd = before->dcd, v.dcd_retry = before->dcd_retry, v.dcd_max = before->dcd_max;
      }
    };
    r.lessen = [](const L& said, L& left) {
      if (said.embryonic) left.embryonic.reset();
      if (said.half_closed) left.half_closed.reset();
      if (said.idle) left.idle.reset(), left.tcp = left.reset = false;
      if (said.dcd) left.dcd = false, left.dcd_retry.reset(), left.dcd_max.reset();
      return (said.embryonic || said.half_closed || said.idle || said.dcd) && (left.embryonic || left.half_closed || left.idle || left.dcd);
    };
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      // 0 is never; the least half-closed time is that of `timeout`.
      const auto too_short = [](const auto& time, std::int64_t least) { return time && time->seconds != 0 && time->seconds < least; };
      if (!edit.loading && too_short(v.embryonic, 5)) return "ERROR: embryonic: the timeout must be 0:0:5 or more, or 0:0:0 for never\n";
      if (!edit.loading && too_short(v.half_closed, 30)) return "ERROR: half-closed: the timeout must be 0:0:30 or more, or 0:0:0 for never\n";
      return v.idle || v.embryonic || v.half_closed || v.dcd ? "" : "ERROR: % Incomplete command\n";
    };
    Declare(g, c, r);
  }
  {
    using L = ServicePolicyLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("service-policy", "Configure MPF service policy"), S::Word(&L::policy, "Policy map name"),
                  S::Choice({{S::Is(&L::global, true, "global", "On all interfaces")}, {S::Kw("interface", "On one interface"), S::Word(&L::interface, "Interface name")}}),
                  S::Flag(&L::fail_close, "fail-close", "Drop IPv6 traffic that an inspection does not know")});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kServicePolicy;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (!edit.loading && edit.tree.Find(Section::kPolicyMap, "policy-map " + v.policy) == nullptr) return "ERROR: policy-map " + v.policy + " not configured\n";
      if (!v.global && !edit.HasInterface(v.interface)) return "ERROR: interface <" + v.interface + "> does not exist\n";
      for (const auto* s : edit.tree.All<L>(Section::kServicePolicy)) {
        if (s->global == v.global && s->interface == v.interface && s->policy != v.policy) {
          return v.global ? "ERROR: Policy map " + s->policy + " is already configured as a service policy\n"
                          : "ERROR: Policy map " + s->policy + " is already configured on interface " + v.interface + "\n";
        }
      }
      return {};
    };
    Declare(g, c, r);
  }
}

}  // namespace sallyport
