// `show ipv6 ...` and `clear ipv6 ...`.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_access_list.h"
#include "cli/show_ipv6.h"

namespace sallyport {
namespace {

constexpr const char* kIpv6 = "IPv6 information";

struct InterfaceWords {
  std::string name;
  bool brief = false;
};
struct ListName {
  std::string name;
};

Reply ShowInterfaces(ExecContext& c, const InterfaceWords& w, Form) {
  const Policy& policy = *c.appliance.policy();
  if (!w.name.empty() && policy.FindByName(w.name) == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.name + "\n");
  std::string out;
  for (const InterfaceView& view : c.appliance.Interfaces()) {
    if (view.nameif.empty() || (!w.name.empty() && view.nameif != w.name)) continue;
    const Interface* f = policy.FindByName(view.nameif);
    if (f != nullptr) out += w.brief ? ShowIpv6Brief(*f, view) : ShowIpv6Interface(*f, view, policy);
  }
  return Reply::Say(out);
}

Reply ShowLists(ExecContext& c, const ListName& l, Form) {
  std::string out;
  for (const auto& [name, list] : c.appliance.policy()->access_lists6) {
    if (l.name.empty() || l.name == name) out += ShowAccessList(ViewOf(*list, c.appliance.clock()));
  }
  return out.empty() && !l.name.empty() ? Reply::Refuse(NoSuchAccessList(l.name)) : Reply::Say(out);
}

Reply ClearCounters(ExecContext& c, const ListName& l, Form) {
  bool found = false;
  for (const auto& [name, list] : c.appliance.policy()->access_lists6) {
    if (!l.name.empty() && l.name != name) continue;
    found = true;
    ClearHits(*list);
  }
  return found || l.name.empty() ? Reply{} : Reply::Refuse(NoSuchAccessList(l.name));
}

}  // namespace

void AddIpv6Commands(ExecSet& set) {
  {
    using S = Tokens<InterfaceWords>;
    set.Add(Command<InterfaceWords>({S::Kw("show", kShow), S::Kw("ipv6", kIpv6), S::Kw("interface", "IPv6 of interfaces"),
                                     S::Flag(&InterfaceWords::brief, "brief", "Addresses only"),
                                     S::Opt({S::Word(&InterfaceWords::name, "Name of interface")})}),
            ShowInterfaces);
  }
  set.Add(BareCommand("show ipv6 route", {kShow, kIpv6, "Routing table"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowIpv6Route(*c.appliance.policy()));
  });
  set.Add(BareCommand("show ipv6 neighbor", {kShow, kIpv6, "Neighbors and their link-layer addresses"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowIpv6Neighbors(c.appliance.host().Neighbours(*c.appliance.policy())));
  });
  set.Add(BareCommand("clear ipv6 neighbors", {"Reset functions", kIpv6, "Neighbors"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.host().ClearNeighbours(*c.appliance.policy());
    return Reply{};
  });
  {
    using S = Tokens<ListName>;
    set.Add(Command<ListName>({S::Kw("show", kShow), S::Kw("ipv6", kIpv6), S::Kw("access-list", "Access lists and hit counts"),
                               S::Opt({S::Word(&ListName::name, "Name of an access list")})}),
            ShowLists);
    set.Add(Command<ListName>({S::Kw("clear", "Reset functions"), S::Kw("ipv6", kIpv6), S::Kw("access-list", "Access lists"),
                               S::Opt({S::Word(&ListName::name, "Name of an access list")}), S::Kw("counters", "Hit counts")}),
            ClearCounters);
  }
}

}  // namespace sallyport
