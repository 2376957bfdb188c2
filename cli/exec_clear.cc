// Clear commands: connections, translations, counters, buffers.
#include "cli/appliance.h"
#include "cli/conn_filter.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_access_list.h"

namespace sallyport {
namespace {

struct ListName {
  std::string name;
};

// Without `all` the operator's own session must not be cut off: connections of the box stay.
Reply ClearConns(ExecContext& c, const ConnWords& words, Form) {
  const auto filter = FilterOf(words, *c.appliance.policy());
  if (!filter) return Reply::Refuse(filter.error() + "\n");
  const std::uint32_t gone =
      c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.ClearConns(*filter, now); });
  return Reply::Say(std::to_string(gone) + " connection(s) deleted.\n");
}

Reply ClearCounters(ExecContext& c, const ListName& l, Form) {
  const auto& lists = c.appliance.policy()->access_lists;
  if (const auto ether = c.appliance.policy()->ether_lists.find(l.name); ether != c.appliance.policy()->ether_lists.end()) {
    for (const EtherElement& e : ether->second->elements) e.hits->hits.store(0, std::memory_order_relaxed);
    return {};
  }
  const auto it = lists.find(l.name);
  if (it == lists.end()) return Reply::Refuse(NoSuchAccessList(l.name));
  ClearHits(*it->second);
  return {};
}

}  // namespace

void AddClearCommands(ExecSet& set) {
  {
    using S = Tokens<ConnWords>;
    set.Add(Command<ConnWords>({S::Kw("clear", kClearHelp), S::Kw("conn", "Connection entries"), ConnFilterWords()}), ClearConns);
  }
  struct Drops {
    const char* words;
    bool frame, flow;
  };
  for (const Drops d : {Drops{"clear asp drop", true, true}, Drops{"clear asp drop frame", true, false}, Drops{"clear asp drop flow", false, true}}) {
    set.Add(BareCommand(d.words, {kClearHelp, "Accelerated security path", "Drop counters"}), [d](ExecContext& c, const Bare&, Form) {
      c.appliance.ClearDrops(c.session, d.frame, d.flow);
      return Reply{};
    });
  }
  {
    using S = Tokens<ListName>;
    set.Add(Command<ListName>({S::Kw("clear", kClearHelp), S::Kw("access-list", "Access lists"), S::Word(&ListName::name, "Name"),
                               S::Kw("counters", "Hit counts")}),
            ClearCounters);
  }
  set.Add(BareCommand("clear logging buffer", {kClearHelp, "Syslog", "Internal buffer"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.logger().ClearBuffer();
    return Reply{};
  });
  set.Add(BareCommand("clear logging asdm", {kClearHelp, "Syslog", "ASDM buffer"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.logger().ClearAsdm();
    return Reply{};
  });
  set.Add(BareCommand("clear arp", {kClearHelp, "Address resolution table"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.host().ClearArp(*c.appliance.policy());
    return Reply{};
  });
  set.Add(BareCommand("clear traffic", {kClearHelp, "Traffic counters"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.ClearTraffic();
    return Reply{};
  });
}

}  // namespace sallyport
