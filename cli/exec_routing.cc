// Commands about what routing consists of beside the table: SLA monitors and tracks, reverse path checks, fragments.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_fragment.h"
#include "cli/show_sla.h"

namespace sallyport {
namespace {

struct RoutingInterface {
  std::string interface;
};
struct OneNumber {
  std::optional<int> id;
  bool configuration = false, operational = false;
};

// The interfaces that a command is about. Nothing: there is none of that name.
std::optional<std::vector<const Interface*>> Named(const Policy& policy, const RoutingInterface& w) {
  std::vector<const Interface*> all;
  for (const auto& i : policy.interfaces) {
    if (i && i->id != IfId::kIdentity && !i->nameif.empty() && (w.interface.empty() || w.interface == i->nameif)) all.push_back(&*i);
  }
  if (all.empty() && !w.interface.empty()) return {};
  return all;
}

Reply NoInterface(const RoutingInterface& w) { return Reply::Refuse("ERROR: interface <" + w.interface + "> does not exist\n"); }

Reply ShowFragments(ExecContext& c, const RoutingInterface& w, Form) {
  const auto policy = c.appliance.policy();
  const auto interfaces = Named(*policy, w);
  if (!interfaces) return NoInterface(w);
  std::vector<FragmentView> views;
  for (const Interface* i : *interfaces) {
    views.push_back({i->nameif, i->fragments, c.appliance.AskEngine([id = i->id](Engine& e) { return e.Fragments(id); })});
  }
  return Reply::Say(ShowFragment(views, c.appliance.personality()));
}

Reply ShowVerify(ExecContext& c, const RoutingInterface& w, Form) {
  const auto policy = c.appliance.policy();
  const auto interfaces = Named(*policy, w);
  if (!interfaces) return NoInterface(w);
  const auto counters = c.appliance.AskEngine([](Engine& e) { return e.Counters(); });
  std::vector<ReversePathView> views;
  for (const Interface* i : *interfaces) {
    if (i->verify_reverse_path) views.push_back({i->nameif, counters[static_cast<std::size_t>(i->id)].reverse_path_drops});
  }
  return Reply::Say(ShowIpVerify(views));
}

template <void (Engine::*clear)(IfId)>
Reply Clear(ExecContext& c, const RoutingInterface& w, Form) {
  const auto policy = c.appliance.policy();
  const auto interfaces = Named(*policy, w);
  if (!interfaces) return NoInterface(w);
  for (const Interface* i : *interfaces) c.appliance.AskEngine([id = i->id](Engine& e) { (e.*clear)(id); });
  return {};
}

}  // namespace

void AddRoutingCommands(ExecSet& set) {
  {
    using S = Tokens<RoutingInterface>;
    const auto interface = S::Opt({S::Word(&RoutingInterface::interface, "Name of an interface")});
    const auto on = S::Opt({S::Kw("interface", "Of one interface"), S::Word(&RoutingInterface::interface, "Name of an interface")});
    set.Add(Command<RoutingInterface>({S::Kw("show", kShow), S::Kw("fragment", "IP fragment database"), interface}), ShowFragments);
    set.Add(Command<RoutingInterface>({S::Kw("clear", kClearHelp), S::Kw("fragment", "IP fragment database"), S::Kw("statistics", "Counters"), interface}),
            Clear<&Engine::ClearFragmentCounters>);
    set.Add(Command<RoutingInterface>({S::Kw("show", kShow), S::Kw("ip", "IP information"), S::Kw("verify", "Unicast reverse path forwarding"),
                                   S::Kw("statistics", "Packets dropped"), on}),
            ShowVerify);
    set.Add(Command<RoutingInterface>({S::Kw("clear", kClearHelp), S::Kw("ip", "IP information"), S::Kw("verify", "Unicast reverse path forwarding"),
                                   S::Kw("statistics", "Packets dropped"), on}),
            Clear<&Engine::ClearReversePathDrops>);
  }
  using S = Tokens<OneNumber>;
  set.Add(Command<OneNumber>({S::Kw("show", kShow), S::Kw("track", "Tracked objects"), S::Opt({S::Int(&OneNumber::id, 1, 500, "Tracked object")})}),
          [](ExecContext& c, const OneNumber& w, Form) {
            auto views = c.appliance.Tracks();
            if (w.id) std::erase_if(views, [&w](const TrackView& v) { return v.track.id != *w.id; });
            return Reply::Say(ShowTrack(views));
          });
  set.Add(Command<OneNumber>({S::Kw("show", kShow), S::Kw("sla", "IP Service Level Agreement"), S::Kw("monitor", "Monitors"),
                              S::Choice({{S::Is(&OneNumber::configuration, true, "configuration", "How they are configured")},
                                         {S::Is(&OneNumber::operational, true, "operational-state", "What they have seen")}}),
                              S::Opt({S::Int(&OneNumber::id, 1, 2147483647, "Entry number")})}),
          [](ExecContext& c, const OneNumber& w, Form) {
            auto views = c.appliance.SlaEntries();
            if (w.id) std::erase_if(views, [&w](const SlaView& v) { return v.entry.id != *w.id; });
            return Reply::Say(w.configuration ? ShowSlaConfiguration(views, c.appliance.ClockNow().zone)
                                              : ShowSlaOperationalState(views, c.appliance.ClockNow().zone));
          });
}

}  // namespace sallyport
