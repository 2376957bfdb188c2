// Commands about traffic zones. `show conn zone` is with the other connections, `show route zone` with the other routes.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/show_zone.h"

namespace sallyport {
namespace {

struct ZoneName {
  std::string name;
};

template <std::string (*show)(const Policy&, const std::string&)>
Reply Show(ExecContext& c, const ZoneName& w, Form) {
  const std::string out = show(*c.appliance.policy(), w.name);
  if (out.empty() && !w.name.empty()) return Reply::Refuse("ERROR: Zone " + w.name + " does not exist\n");
  return Reply::Say(out);
}

}  // namespace

void AddZoneCommands(ExecSet& set) {
  using S = Tokens<ZoneName>;
  const auto name = S::Opt({S::Word(&ZoneName::name, "Zone name", "WORD")});
  set.Add(Command<ZoneName>({S::Kw("show", kShow), S::Kw("zone", "Traffic zones"), name}), Show<ShowZone>);
  set.Add(Command<ZoneName>({S::Kw("show", kShow), S::Kw("asp", "Accelerated security path"),
                             S::Kw("table", "Tables of the accelerated security path"), S::Kw("zone", "Traffic zones"), name}),
          Show<ShowAspZone>);
  set.Add(BareCommand("show nameif zone", {kShow, "Names and security levels", "With traffic zones"}),
          [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowNameifZone(*c.appliance.policy())); });
}

}  // namespace sallyport
