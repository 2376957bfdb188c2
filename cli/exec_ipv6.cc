// `show ipv6 ...` and `clear ipv6 ...`.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_access_list.h"
#include "cli/show_ipv6.h"

namespace sallyport {
namespace {

constexpr const char* kShowIpv6 = "IPv6 information";

struct InterfaceWords {
  std::string name;
  bool brief = false;
};
struct Ipv6ListName {
  std::string name;
};

Reply ShowIpv6Interfaces(ExecContext& c, const InterfaceWords& w, Form) {
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

Reply ShowLists(ExecContext& c, const Ipv6ListName& l, Form) {
  std::string out;
  for (const auto& [name, list] : c.appliance.policy()->access_lists6) {
    if (l.name.empty() || l.name == name) out += ShowAccessList(ViewOf(*list, c.appliance.clock()));
  }
  return out.empty() && !l.name.empty() ? Reply::Refuse(NoSuchAccessList(l.name)) : Reply::Say(out);
}

Reply ClearIpv6Counters(ExecContext& c, const Ipv6ListName& l, Form) {
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
    set.Add(Command<InterfaceWords>({S::Kw("show", kShow), S::Kw("ipv6", kShowIpv6), S::Kw("interface", "IPv6 of interfaces"),
                                     S::Flag(&InterfaceWords::brief, "brief", "Addresses only"),
                                     S::Opt({S::Word(&InterfaceWords::name, "Name of interface")})}),
            ShowIpv6Interfaces);
  }
  set.Add(BareCommand("show ipv6 route", {kShow, kShowIpv6, "Routing table"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowIpv6Route(*c.appliance.policy()));
  });
  set.Add(BareCommand("show ipv6 neighbor", {kShow, kShowIpv6, "Neighbors and their link-layer addresses"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowIpv6Neighbors(c.appliance.host().Neighbours(*c.appliance.policy())));
  });
  set.Add(BareCommand("clear ipv6 neighbors", {"Reset functions", kShowIpv6, "Neighbors"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.host().ClearNeighbours(*c.appliance.policy());
    return Reply{};
  });
  {
    using S = Tokens<Ipv6ListName>;
    set.Add(Command<Ipv6ListName>({S::Kw("show", kShow), S::Kw("ipv6", kShowIpv6), S::Kw("access-list", "Access lists and hit counts"),
                               S::Opt({S::Word(&Ipv6ListName::name, "Name of an access list")})}),
            ShowLists);
    set.Add(Command<Ipv6ListName>({S::Kw("clear", "Reset functions"), S::Kw("ipv6", kShowIpv6), S::Kw("access-list", "Access lists"),
                               S::Opt({S::Word(&Ipv6ListName::name, "Name of an access list")}), S::Kw("counters", "Hit counts")}),
            ClearIpv6Counters);
  }
}

}  // namespace sallyport
