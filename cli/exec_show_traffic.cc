// Show commands about traffic: connections, translations, rules and what was dropped.
#include <algorithm>

#include "cli/appliance.h"
#include "cli/conn_filter.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_access_list.h"
#include "cli/show_asp_drop.h"
#include "cli/show_conn.h"
#include "cli/show_route.h"
#include "cli/show_time_range.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kTrafficPage = 1000;  // entries asked of the data thread at a time, so that packets never wait long

struct TrafficListName {
  std::string name;
  bool brief = false;
};
struct RangeName {
  std::string name;
};
struct DropWords {
  enum class What { kBoth, kFrame, kFlow } what = What::kBoth;
  std::string reason;
};

Reply ShowConns(ExecContext& c, const ConnWords& words, Form) {
  const auto filter = FilterOf(words, *c.appliance.policy());
  if (!filter) return Reply::Refuse(filter.error() + "\n");
  const auto [in_use, most_used] = c.appliance.AskEngine([](Engine& e) { return e.ConnCount(); });
  if (words.count) return Reply::Say(ShowConnCount(in_use, most_used));
  const ConnForm form = words.detail ? ConnForm::kDetail : words.longer ? ConnForm::kLong : ConnForm::kOneLine;
  const Personality& personality = c.appliance.personality();
  c.session.Write(ShowConnHeader(in_use, most_used, form, personality));
  std::uint32_t cursor = 0;
  do {
    const ConnPage page = c.appliance.AskEngine(
        [&, now = c.appliance.Now()](Engine& e) { return e.Conns(*filter, cursor, kTrafficPage, now); });
    for (const ConnView& v : page.conns) c.session.Write(ShowConnEntry(v, page.now, form, personality, words.zone));
    cursor = page.next_cursor;
  } while (cursor != 0);
  return {};
}

Reply ShowTrafficLists(ExecContext& c, const TrafficListName& l, Form) {
  const Policy& policy = *c.appliance.policy();
  if (l.name.empty()) {
    const auto [total, denied] = c.appliance.AskEngine([](Engine& e) { return e.AclLogFlows(); });
    const AclLogFlows flows{static_cast<std::uint32_t>(total), static_cast<std::uint32_t>(denied), policy.acl_deny_flow_max, policy.acl_alert_interval_s};
    return Reply::Say(ShowAccessLists(policy, flows, c.appliance.clock()));
  }
  if (const auto ether = policy.ether_lists.find(l.name); ether != policy.ether_lists.end()) return Reply::Say(ShowEtherList(*ether->second));
  const auto it = policy.access_lists.find(l.name);
  // A list may be named so; else it is the keyword without a name.
  if (it == policy.access_lists.end() && !l.brief && SameWord(l.name, "brief")) {
    std::string out;
    for (const std::string& name : policy.access_list_order) {
      const auto list = policy.access_lists.find(name);
      if (list != policy.access_lists.end()) out += ShowAccessListBrief(ViewOf(*list->second, c.appliance.clock()));
    }
    return Reply::Say(out);
  }
  if (it == policy.access_lists.end()) return Reply::Refuse(NoSuchAccessList(l.name));
  const AccessListView view = ViewOf(*it->second, c.appliance.clock());
  return Reply::Say(l.brief ? ShowAccessListBrief(view) : ShowAccessList(view));
}

Reply ShowDrops(ExecContext& c, const DropWords& w, Form) {
  DropView view = c.appliance.Drops();
  view.counters = c.appliance.AskEngine([](Engine& e) { return e.drops(); });
  return Reply::Say(ShowAspDrop(view, c.appliance.ClockNow().zone, w.what != DropWords::What::kFlow,
                                w.what != DropWords::What::kFrame, w.reason));
}

// The keywords of a catalogue as alternatives.
template <typename Reason>
std::vector<Tokens<DropWords>::List> ReasonWords() {
  std::vector<Tokens<DropWords>::List> words;
  std::vector<std::string_view> seen;
  for (std::size_t i = 1; i < static_cast<std::size_t>(Reason::kCount); i++) {
    const std::string_view keyword = Keyword(static_cast<Reason>(i));
    if (std::find(seen.begin(), seen.end(), keyword) != seen.end()) continue;
    seen.push_back(keyword);
    words.push_back({Tokens<DropWords>::Is(&DropWords::reason, std::string(keyword), keyword, Text(static_cast<Reason>(i)))});
  }
  return words;
}

}  // namespace

void AddShowTrafficCommands(ExecSet& set) {
  {
    using S = Tokens<ConnWords>;
    set.Add(Command<ConnWords>({S::Kw("show", kShow), S::Kw("conn", "Connection entries"), ConnFilterWords()}), ShowConns);
  }
  {
    using S = Tokens<TrafficListName>;
    set.Add(Command<TrafficListName>({S::Kw("show", kShow), S::Kw("access-list", "Access lists and hit counts"),
                               S::Opt({S::Word(&TrafficListName::name, "Name of an access list"),
                                       S::Flag(&TrafficListName::brief, "brief", "Elements that were hit, as numbers")})}),
            ShowTrafficLists);
  }
  {
    using S = Tokens<DropWords>;
    set.Add(Command<DropWords>({S::Kw("show", kShow), S::Kw("asp", "Accelerated security path"), S::Kw("drop", "Packets and flows dropped"),
                                S::Opt({S::Choice({{S::Is(&DropWords::what, DropWords::What::kFrame, "frame", "Packets"),
                                                    S::Opt({S::Choice(ReasonWords<FrameDrop>())})},
                                                   {S::Is(&DropWords::what, DropWords::What::kFlow, "flow", "Flows"),
                                                    S::Opt({S::Choice(ReasonWords<FlowDrop>())})}})})}),
            ShowDrops);
  }
  {
    using S = Tokens<RangeName>;
    set.Add(Command<RangeName>({S::Kw("show", kShow), S::Kw("time-range", "Time range"), S::Opt({S::Word(&RangeName::name, "Time range name")})}),
            [](ExecContext& c, const RangeName& r, Form) { return Reply::Say(ShowTimeRanges(*c.appliance.policy(), r.name)); });
  }
  set.Add(BareCommand("show arp", {kShow, "Address resolution table"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowArp(c.appliance.host().Arp(*c.appliance.policy())));
  });
}

}  // namespace sallyport
