// Commands about bridging: the MAC address table, ARP inspection, bridge groups, the firewall mode.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_bridge.h"

namespace sallyport {
namespace {

constexpr const char* kTable = "L2 forwarding table";

struct TableWords {
  std::string interface;
  bool count = false;
};
struct GroupNumber {
  std::optional<int> number;
};

std::vector<MacView> Macs(ExecContext& c) {
  return c.appliance.AskEngine([now = c.appliance.Now()](Engine& e) { return e.Macs(now); });
}

}  // namespace

void AddBridgeCommands(ExecSet& set) {
  {
    using S = Tokens<TableWords>;
    set.Add(Command<TableWords>({S::Kw("show", kShow), S::Kw("mac-address-table", kTable),
                                 S::Opt({S::Choice({{S::Is(&TableWords::count, true, "count", "How many")},
                                                    {S::Word(&TableWords::interface, "Name of interface")}})})}),
            [](ExecContext& c, const TableWords& w, Form) {
              if (w.count) return Reply::Say(ShowMacAddressCount(Macs(c)));
              if (!w.interface.empty() && c.appliance.policy()->FindByName(w.interface) == nullptr) {
                return Reply::Refuse("ERROR: % Invalid interface " + w.interface + "\n");
              }
              return Reply::Say(ShowMacAddressTable(*c.appliance.policy(), Macs(c), w.interface));
            });
  }
  {
    using S = Tokens<GroupNumber>;
    set.Add(Command<GroupNumber>({S::Kw("show", kShow), S::Kw("bridge-group", "Bridge groups"), S::Opt({S::Int(&GroupNumber::number, 1, 250, "Number")})}),
            [](ExecContext& c, const GroupNumber& g, Form) {
              return Reply::Say(ShowBridgeGroups(*c.appliance.policy(), Macs(c), g.number.value_or(0)));
            });
  }
  set.Add(BareCommand("show mac-learn", {kShow, "Where MAC addresses are learned"}),
          [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowMacLearn(*c.appliance.policy())); });
  set.Add(BareCommand("show arp-inspection", {kShow, "ARP inspection"}),
          [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowArpInspection(*c.appliance.policy())); });
  set.Add(BareCommand("show firewall", {kShow, "Firewall mode"}),
          [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowFirewall(*c.appliance.policy())); });
  set.Add(BareCommand("clear mac-address-table", {"Reset functions", kTable}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.AskEngine([](Engine& e) { e.ClearMacs(); });
    return Reply{};
  });
}

}  // namespace sallyport
