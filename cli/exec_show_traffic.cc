// Show commands about traffic: connections, translations, rules and what was dropped.
#include "cli/appliance.h"
#include "cli/conn_filter.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_access_list.h"
#include "cli/show_asp_drop.h"
#include "cli/show_conn.h"
#include "cli/show_nat.h"
#include "cli/show_route.h"
#include "cli/show_time_range.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kPage = 1000;  // entries asked of the data thread at a time, so that packets never wait long
constexpr const char* kShow = "Show running system information";

struct ListName {
  std::string name;
  bool brief = false;
};
struct RangeName {
  std::string name;
};
struct XlateWords {
  bool count = false, detail = false;
};
struct DropWords {
  enum class What { kBoth, kFrame, kFlow } what = What::kBoth;
};

Reply ShowConns(ExecContext& c, const ConnWords& words, Form) {
  const auto filter = FilterOf(words);
  if (!filter) return Reply::Refuse(filter.error() + "\n");
  const auto [in_use, most_used] = c.appliance.AskEngine([](Engine& e) { return e.ConnCount(); });
  if (words.count) return Reply::Say(ShowConnCount(in_use, most_used));
  const ConnForm form = words.detail ? ConnForm::kDetail : words.longer ? ConnForm::kLong : ConnForm::kOneLine;
  const Personality& personality = c.appliance.personality();
  c.session.Write(ShowConnHeader(in_use, most_used, form, personality));
  std::uint32_t cursor = 0;
  do {
    const ConnPage page = c.appliance.AskEngine(
        [&, now = c.appliance.Now()](Engine& e) { return e.Conns(*filter, cursor, kPage, now); });
    for (const ConnView& v : page.conns) c.session.Write(ShowConnEntry(v, page.now, form, personality));
    cursor = page.next_cursor;
  } while (cursor != 0);
  return {};
}

Reply ShowXlates(ExecContext& c, const XlateWords& words, Form) {
  const Personality& personality = c.appliance.personality();
  std::uint32_t cursor = 0;
  bool first = true;
  do {
    const XlatePage page =
        c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.Xlates(cursor, kPage, now); });
    if (first) {
      const std::uint32_t fixed = StaticXlateCount(*c.appliance.policy());
      if (words.count) return Reply::Say(ShowConnCount(page.in_use + fixed, page.most_used + fixed));
      c.session.Write(ShowXlateHeader(page.in_use + fixed, page.most_used + fixed, personality));
      c.session.Write(ShowXlateStatics(*c.appliance.policy(), c.appliance.uptime()));
      first = false;
    }
    for (const XlateView& v : page.xlates) {
      c.session.Write(ShowXlateEntry(v, page.now, c.appliance.policy()->timeouts, personality));
    }
    cursor = page.next_cursor;
  } while (cursor != 0);
  return {};
}

Reply ShowLists(ExecContext& c, const ListName& l, Form) {
  const Policy& policy = *c.appliance.policy();
  if (l.name.empty()) return Reply::Say(ShowAccessLists(policy, {}, c.appliance.clock()));
  const auto it = policy.access_lists.find(l.name);
  // A list may be named so; else it is the keyword without a name.
  if (it == policy.access_lists.end() && !l.brief && SameWord(l.name, "brief")) {
    std::string out;
    for (const auto& [name, list] : policy.access_lists) out += ShowAccessListBrief(ViewOf(*list, c.appliance.clock()));
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
                                w.what != DropWords::What::kFrame));
}

}  // namespace

void AddShowTrafficCommands(ExecSet& set) {
  {
    using S = Tokens<ConnWords>;
    set.Add(Command<ConnWords>({S::Kw("show", kShow), S::Kw("conn", "Connection entries"), ConnFilterWords()}), ShowConns);
  }
  {
    using S = Tokens<XlateWords>;
    set.Add(Command<XlateWords>({S::Kw("show", kShow), S::Kw("xlate", "Display current translation information"),
                                 S::Flag(&XlateWords::count, "count", "Display the number of translations"),
                                 S::Flag(&XlateWords::detail, "detail", "Display the flags of each")}),
            ShowXlates);
    set.Add(Command<XlateWords>({S::Kw("show", kShow), S::Kw("nat", "NAT policies and counters"),
                                 S::Flag(&XlateWords::detail, "detail", "Addresses behind the names")}),
            [](ExecContext& c, const XlateWords& w, Form) { return Reply::Say(ShowNat(*c.appliance.policy(), w.detail)); });
  }
  {
    using S = Tokens<ListName>;
    set.Add(Command<ListName>({S::Kw("show", kShow), S::Kw("access-list", "Access lists and hit counts"),
                               S::Opt({S::Word(&ListName::name, "Name of an access list"),
                                       S::Flag(&ListName::brief, "brief", "Elements that were hit, as numbers")})}),
            ShowLists);
  }
  {
    using S = Tokens<DropWords>;
    set.Add(Command<DropWords>({S::Kw("show", kShow), S::Kw("asp", "Accelerated security path"), S::Kw("drop", "Packets and flows dropped"),
                                S::Opt({S::Choice({{S::Is(&DropWords::what, DropWords::What::kFrame, "frame", "Packets")},
                                                   {S::Is(&DropWords::what, DropWords::What::kFlow, "flow", "Flows")}})})}),
            ShowDrops);
  }
  {
    using S = Tokens<RangeName>;
    set.Add(Command<RangeName>({S::Kw("show", kShow), S::Kw("time-range", "Time range"), S::Opt({S::Word(&RangeName::name, "Time range name")})}),
            [](ExecContext& c, const RangeName& r, Form) { return Reply::Say(ShowTimeRanges(*c.appliance.policy(), r.name)); });
  }
  set.Add(BareCommand("show route", {kShow, "Routing table"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowRoute(*c.appliance.policy()));
  });
  set.Add(BareCommand("show arp", {kShow, "Address resolution table"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowArp(c.appliance.host().Arp(*c.appliance.policy())));
  });
}

}  // namespace sallyport
