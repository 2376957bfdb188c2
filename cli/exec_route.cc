// `show route` with its filters.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/show_route.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

struct RouteWords {
  bool connected = false, fixed = false, zone = false;
  NamedAddress address;
  std::optional<Mask> mask;
  std::string interface;
};

Reply ShowRoutes(ExecContext& c, const RouteWords& w, Form) {
  const Policy& policy = *c.appliance.policy();
  RouteFilter filter;
  filter.code = w.connected ? 'C' : w.fixed ? 'S' : '\0';
  if (!w.interface.empty()) {
    const Interface* i = policy.FindByName(w.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface " + w.interface + "\n");
    filter.interface = i->id;
  }
  const IpAddress to = w.address.address;
  if (!to.IsNone() && to.IsV4()) {
    if (policy.personality.local_routes && !w.mask) return Reply::Say(ShowRouteEntry(policy, to));
    filter.within = Prefix::Of(to, w.mask ? w.mask->length() : 32);
  }
  return Reply::Say(ShowRoute(RoutesOf(policy, filter, w.zone)));
}

}  // namespace

void AddRouteCommands(ExecSet& set) {
  using S = Tokens<RouteWords>;
  const auto route = S::Kw("route", "Routing table");
  const auto address = S::ArgIf<[](const NamedAddress& a) { return a.address.IsV4() && !a.address.IsNone(); }>(&RouteWords::address, "Address or network");
  const auto words = S::Opt({S::Choice({{S::Is(&RouteWords::connected, true, "connected", "Connected routes")},
                                        {S::Is(&RouteWords::fixed, true, "static", "Static routes")},
                                        {S::Is(&RouteWords::zone, true, "zone", "With the traffic zones of the interfaces")},
                                        {address, S::Opt({S::Arg(&RouteWords::mask, "Netmask")})},
                                        {S::Kw("interface", "Routes of an interface"), S::Word(&RouteWords::interface, "Name of interface")},
                                        {S::Word(&RouteWords::interface, "Name of interface"),
                                         S::Opt({address, S::Opt({S::Arg(&RouteWords::mask, "Netmask")})})}})});
  set.Add(Command<RouteWords>({S::Kw("show", kShow), route, words}), ShowRoutes);
}

}  // namespace sallyport
