// `show asp table`: the tables of the accelerated path as they are compiled now.
#include <algorithm>
#include <regex>

#include "cli/appliance.h"
#include "cli/asp_tunnels.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_asp_table.h"
#include "cli/show_text.h"
#include "cli/trace_view.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

struct ClassifyWords {
  std::string domain, interface, match;
  bool hits = false, crypto = false;
};
struct RoutingWords {
  bool input = false, output = false;
  std::string interface;
  std::optional<IpAddress> address;
  std::optional<Mask> netmask;
};
struct FilterWords {
  std::string access_list;
  bool hits = false;
};
struct ArpWords {
  std::string interface;
  std::optional<IpAddress> address;
};

// As `show asp drop` says it.
std::string WhenText(ExecContext& c, std::int64_t wall, const std::string& by) {
  return wall == 0 ? "Never" : DateText(wall, c.appliance.ClockNow().zone) + " by " + by;
}

Reply ShowClassify(ExecContext& c, const ClassifyWords& w, Form) {
  const AspTable& table = AspTableNow(c.appliance);
  const Policy& policy = *c.appliance.policy();
  AspFilter filter;
  filter.domain = w.domain;
  filter.only_hit = w.hits;
  if (!w.interface.empty()) {
    const Interface* i = policy.FindByName(w.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.interface + "\n");
    filter.interface = i->id;
  }
  if (!w.match.empty()) {
    try {
      filter.match.emplace(w.match, std::regex::extended);
    } catch (const std::regex_error&) {
      return Reply::Refuse("ERROR: Invalid regular expression\n");
    }
  }
  filter.crypto = w.crypto;
  filter.tunnels = TunnelRulesNow(c.appliance);
  for (AspRule& r : filter.tunnels) {
    const auto& rules = c.appliance.asp_cleared().rules;
    if (const auto before = rules.find(r.id); before != rules.end()) r.hits -= std::min(r.hits, before->second);
  }
  const Appliance::AspCleared& cleared = c.appliance.asp_cleared();
  return Reply::Say(ShowAspClassify(table, policy, filter, WhenText(c, cleared.rules_wall, cleared.rules_by)));
}

InterfaceCounters BoxCounters(Appliance& appliance) {
  const auto all = appliance.AskEngine([](Engine& e) { return e.Counters(); });
  return all.empty() ? InterfaceCounters{} : all[static_cast<std::size_t>(IfId::kIdentity)];
}

Reply ClearClassify(ExecContext& c, const Bare&, Form) {
  Appliance::AspCleared& cleared = c.appliance.asp_cleared();
  cleared.rules.clear();
  const AspTable& table = AspTableNow(c.appliance);
  for (const AspRule& r : table.rules()) cleared.rules[r.id] = r.hits;
  for (const AspRule& r : TunnelRulesNow(c.appliance)) cleared.rules[r.id] = r.hits;
  cleared.rules_wall = c.appliance.WallNow();
  cleared.rules_by = c.session.UserName();
  return {};
}

Reply ClearAspArp(ExecContext& c, const Bare&, Form) {
  Appliance::AspCleared& cleared = c.appliance.asp_cleared();
  cleared.to_the_box = BoxCounters(c.appliance).out_packets;
  cleared.arp_wall = c.appliance.WallNow();
  cleared.arp_by = c.session.UserName();
  return {};
}

Reply ShowInterfaces(ExecContext& c, const Bare&, Form) {
  return Reply::Say(ShowAspInterfaces(c.appliance.Interfaces(), *c.appliance.policy(), BoxCounters(c.appliance)));
}

Reply ShowRouting(ExecContext& c, const RoutingWords& w, Form) {
  const Policy& policy = *c.appliance.policy();
  AspRoutes which;
  which.input = w.input || !w.output;
  which.output = w.output || !w.input;
  if (!w.interface.empty()) {
    const Interface* i = policy.FindByName(w.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.interface + "\n");
    which.interface = i->id;
  }
  if (w.address) which.within = Prefix::Of(*w.address, w.netmask ? w.netmask->length() : 32);
  return Reply::Say(ShowAspRouting(policy, which));
}

Reply ShowAspArpTable(ExecContext& c, const ArpWords& w, Form) {
  std::vector<ArpView> entries = c.appliance.host().Arp(*c.appliance.policy());
  std::erase_if(entries, [&](const ArpView& a) {
    return (!w.interface.empty() && a.interface != w.interface) || (w.address && a.address != *w.address);
  });
  const Appliance::AspCleared& cleared = c.appliance.asp_cleared();
  const bool box = !w.address && (w.interface.empty() || w.interface == "identity");
  const std::uint64_t packets = box ? BoxCounters(c.appliance).out_packets - cleared.to_the_box : 0;
  return Reply::Say(ShowAspArp(entries, box ? &packets : nullptr, c.appliance.personality(), WhenText(c, cleared.arp_wall, cleared.arp_by)));
}

// Rules of vpn-filter lists for sessions that have one.
Reply ShowFilter(ExecContext& c, const FilterWords& w, Form) {
  if (!w.access_list.empty() && !c.appliance.policy()->access_lists.contains(w.access_list)) {
    return Reply::Refuse("ERROR: access-list <" + w.access_list + "> does not exist\n");
  }
  return Reply::Say(ShowAspFilter(*c.appliance.policy(), TunnelRulesNow(c.appliance), w.access_list, w.hits));
}

Reply ShowDynamicFilter(ExecContext&, const FilterWords&, Form) {
  return Reply::Refuse("ERROR: there is no botnet traffic filter here\n");
}

Reply ShowSockets(ExecContext& c, const Bare&, Form) {
  return Reply::Say(ShowAspSocket(*c.appliance.policy(), c.appliance.personality()));
}

}  // namespace

std::vector<AspRule> TunnelRulesNow(Appliance& appliance) {
  const std::uint64_t refused = appliance.AskEngine([](Engine& e) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < 256; i++) n += e.asp_hits().Of(AspWhat::kVpnDeny, static_cast<IfId>(i));
    return n;
  });
  return TunnelRules(*appliance.policy(), appliance.vpn().IpsecFlows(), appliance.vpn().Contexts(), refused);
}

AspTable AllAspRulesNow(Appliance& appliance) {
  AspTable all = AspTableNow(appliance);
  all.Add(TunnelRulesNow(appliance));
  return all;
}

const AspTable& AspTableNow(Appliance& appliance) {
  struct Answer {
    std::shared_ptr<AspHits> hits;
    std::vector<IfId> captured;
  };
  const Answer a = appliance.AskEngine([](Engine& e) {
    Answer answer{std::make_shared<AspHits>(e.asp_hits()), {}};
    for (std::size_t i = 0; i < 256; i++) {
      if (e.captures().Watches(static_cast<IfId>(i))) answer.captured.push_back(static_cast<IfId>(i));
    }
    return answer;
  });
  Appliance::AspKept& kept = appliance.asp_kept();
  if (kept.table == nullptr || kept.policy != appliance.policy() || kept.captured != a.captured) {
    kept.policy = appliance.policy();
    kept.captured = a.captured;
    kept.table = std::make_shared<AspTable>(*kept.policy, *a.hits, a.captured);
  } else {
    kept.table->Recount(*kept.policy, *a.hits);
  }
  kept.used = std::chrono::steady_clock::now();
  kept.table->CountFrom(appliance.asp_cleared().rules);
  return *kept.table;
}

void AddAspCommands(ExecSet& set) {
  constexpr const char* kAsp = "Accelerated security path";
  constexpr const char* kTable = "Tables of the accelerated security path";
  {
    using S = Tokens<ClassifyWords>;
    set.Add(Command<ClassifyWords>(
                {S::Kw("show", kShow), S::Kw("asp", kAsp), S::Kw("table", kTable), S::Kw("classify", "Classifier rules"),
                 S::AnyOrder({{S::Kw("domain", "Rules of a domain"), S::Word(&ClassifyWords::domain, "Name of the domain")},
                              {S::Kw("interface", "Rules of an interface"), S::Word(&ClassifyWords::interface, "Name of interface")},
                              {S::Flag(&ClassifyWords::crypto, "crypto", "Rules of tunnels")},
                              {S::Flag(&ClassifyWords::hits, "hits", "Rules that were hit")},
                              {S::Kw("match", "Rules whose text matches"), S::Word(&ClassifyWords::match, "Regular expression")}})}),
            ShowClassify);
  }
  set.Add(BareCommand("show asp table interfaces", {kShow, kAsp, kTable, "Interfaces"}), ShowInterfaces);
  {
    using S = Tokens<RoutingWords>;
    set.Add(Command<RoutingWords>(
                {S::Kw("show", kShow), S::Kw("asp", kAsp), S::Kw("table", kTable), S::Kw("routing", "Routes"),
                 S::AnyOrder({{S::Flag(&RoutingWords::input, "input", "Of packets that come in")},
                              {S::Flag(&RoutingWords::output, "output", "Of packets that leave")},
                              {S::Kw("address", "Of an address"), S::Arg(&RoutingWords::address, "Address"),
                               S::Opt({S::Kw("netmask", "With this mask"), S::Arg(&RoutingWords::netmask, "Netmask")})},
                              {S::Kw("interface", "Of an interface"), S::Word(&RoutingWords::interface, "Name of interface")}})}),
            ShowRouting);
  }
  {
    using S = Tokens<ArpWords>;
    set.Add(Command<ArpWords>({S::Kw("show", kShow), S::Kw("asp", kAsp), S::Kw("table", kTable), S::Kw("arp", "Neighbours"),
                               S::AnyOrder({{S::Kw("interface", "Of an interface"), S::Word(&ArpWords::interface, "Name of interface")},
                                            {S::Kw("address", "Of an address"), S::Arg(&ArpWords::address, "Address")}})}),
            ShowAspArpTable);
  }
  {
    using S = Tokens<FilterWords>;
    const auto hits = [] { return S::Flag(&FilterWords::hits, "hits", "Rules that were hit"); };
    set.Add(Command<FilterWords>({S::Kw("show", kShow), S::Kw("asp", kAsp), S::Kw("table", kTable), S::Kw("filter", "Filters of VPN sessions"),
                                  S::AnyOrder({{S::Kw("access-list", "Rules of a list"), S::Word(&FilterWords::access_list, "Name of the list")}, {hits()}})}),
            ShowFilter);
    set.Add(Command<FilterWords>({S::Kw("show", kShow), S::Kw("asp", kAsp), S::Kw("table", kTable), S::Kw("dynamic-filter", "Botnet traffic filter"), hits()}),
            ShowDynamicFilter);
  }
  set.Add(BareCommand("clear asp table classify", {"Reset functions", kAsp, kTable, "Hits of classifier rules"}), ClearClassify);
  set.Add(BareCommand("clear asp table arp", {"Reset functions", kAsp, kTable, "Hits of neighbours"}), ClearAspArp);
  set.Add(BareCommand("show asp table socket", {kShow, kAsp, kTable, "Sockets that the appliance listens on"}), ShowSockets);
}

}  // namespace sallyport
