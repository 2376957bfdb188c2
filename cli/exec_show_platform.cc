// Show commands about the appliance as a machine and its resources, about pairs of appliances, and about names and policies.
#include <fmt/format.h>

#include <algorithm>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_failover.h"
#include "cli/show_names.h"
#include "cli/show_platform.h"
#include "cli/show_system.h"
#include "conf/lines.h"
#include "vpn/vpn_control.h"

namespace sallyport {
namespace {

struct CpuWords {
  bool usage = false, detailed = false;
};
struct PlatformGroupWords {
  std::string name;
};
struct PlatformPoolWords {
  std::string name;
};

Reply ShowCpuLoad(ExecContext& c, const CpuWords& w, Form) {
  return Reply::Say(w.detailed ? ShowCpuDetail(c.appliance.CpuDetail()) : ShowCpu(c.appliance.Cpu()));
}

Reply PlatformNames(ExecContext& c, const Bare&, Form) {
  std::vector<NameView> names;
  for (const auto* n : c.appliance.configuration().tree().All<NameLine>(Section::kNames)) {
    names.push_back({n->address, n->name, n->description});
  }
  return Reply::Say(ShowNames(names));
}

// All groups, those of one type, or one by its name.
auto Groups(const std::string& type) {
  return [type](ExecContext& c, const PlatformGroupWords& w, Form) {
    std::vector<ObjectGroupView> groups;
    for (ObjectGroupView& g : c.appliance.ObjectGroups()) {
      if ((type.empty() || g.type == type) && (w.name.empty() || g.name == w.name)) groups.push_back(std::move(g));
    }
    if (groups.empty() && !w.name.empty()) return Reply::Refuse("ERROR: object-group (" + w.name + ") does not exist\n");
    return Reply::Say(ShowObjectGroups(groups));
  };
}

// Objects of one kind ("network", "service"), of both, or one by its name. Their translations are another matter (`show nat`).
auto Objects(const std::string& kind) {
  return [kind](ExecContext& c, const PlatformGroupWords& w, Form) {
    std::string out;
    for (const auto& object : c.appliance.configuration().tree().Of(Section::kObject)) {
      const CommandLine words(object->text);  // "object network web"
      if (words.size() < 3 || (!kind.empty() && words[1] != kind) || (!w.name.empty() && words[2] != w.name)) continue;
      out += object->text + "\n";
      for (const auto& l : object->lines) {
        if (l->As<ObjectNatLine>() == nullptr) out += " " + l->text + "\n";
      }
    }
    if (out.empty() && !w.name.empty()) return Reply::Refuse("ERROR: object (" + w.name + ") does not exist\n");
    return Reply::Say(std::move(out));
  };
}

// "ip local pool NAME FIRST-LAST mask MASK". Only the VPN engine gives addresses out: what it does not have is free.
Reply LocalPool(ExecContext& c, const PlatformPoolWords& w, Form) {
  std::vector<IpAddress> used;
  int held = 0;
  if (const VpnControl* vpn = c.appliance.vpn_control()) {
    for (const AddressPoolView& p : vpn->Pools()) {
      if (p.name == w.name) used = p.used, held = static_cast<int>(p.held);
    }
  }
  for (const auto& line : c.appliance.configuration().tree().Of(Section::kLocalPool)) {
    const CommandLine words(line->text);
    if (words.size() < 5 || words[3] != w.name) continue;
    const std::string range(words[4]);
    const std::size_t dash = range.find('-');
    const auto first = IpAddress::Parse(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : IpAddress::Parse(range.substr(dash + 1));
    const auto mask = words.size() > 6 ? IpAddress::Parse(std::string(words[6])) : std::optional<IpAddress>(MaskOf(32));
    if (!first || !last || !mask) continue;
    LocalPoolView pool{*first, *last, *mask, held, {}, {}};
    for (std::uint32_t a = first->v4(); a <= last->v4(); a++) {
      const bool in_use = std::find(used.begin(), used.end(), IpAddress::V4(a)) != used.end();
      (in_use ? pool.in_use : pool.available).push_back(IpAddress::V4(a));
      if (a == UINT32_MAX) break;
    }
    return Reply::Say(ShowLocalPool(pool));
  }
  return Reply::Refuse("ERROR: IP local pool '" + w.name + "' not found\n");
}

}  // namespace

void AddShowPlatformCommands(ExecSet& set) {
  set.Add(BareCommand("show inventory", {kShow, "What the appliance is made of"}).Privilege(1), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowInventory(c.appliance.Inventory()));
  });
  set.Add(BareCommand("show module", {kShow, "Modules and their state"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowModule(c.appliance.Modules(), c.appliance.personality()));
  });
  set.Add(BareCommand("show license all", {kShow, "Licenses", "All about them"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowLicense(c.appliance.License()));
  });
  {
    using S = Tokens<CpuWords>;
    set.Add(Command<CpuWords>({S::Kw("show", kShow), S::Kw("cpu", "Processor load"), S::Flag(&CpuWords::usage, "usage", "Processor load"),
                               S::Flag(&CpuWords::detailed, "detailed", "By core")}),
            ShowCpuLoad);
  }
  set.Add(BareCommand("show resource usage", {kShow, "Resources", "How much of each is used"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowResourceUsage(c.appliance.Resources()));
  });
  set.Add(BareCommand("show failover", {kShow, "The pair of appliances"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowFailover(c.appliance.Failover()));
  });
  set.Add(BareCommand("show failover interface", {kShow, "The pair of appliances", "Addresses of the links between them"}),
          [](ExecContext& c, const Bare&, Form) { return Reply::Say(ShowFailoverInterface(c.appliance.Failover())); });
  set.Add(BareCommand("show port-channel summary", {kShow, "Port channels", "One line each"}), [](ExecContext&, const Bare&, Form) {
    return Reply::Say(ShowPortChannels({}, 0));  // there are none here: `channel-group` is not in the language
  });
  for (const char* command : {"show names", "show name"}) set.Add(BareCommand(command, {kShow, "Names of addresses"}), PlatformNames);
  {
    using S = Tokens<PlatformGroupWords>;
    const auto show = S::Kw("show", kShow), group = S::Kw("object-group", "Object groups");
    set.Add(Command<PlatformGroupWords>({show, group}), Groups(""));
    for (const char* type : {"network", "service", "protocol", "icmp-type"}) {
      set.Add(Command<PlatformGroupWords>({show, group, S::Kw(type, "Groups of this type")}), Groups(type));
    }
    set.Add(Command<PlatformGroupWords>({show, group, S::Kw("id", "One group"), S::Word(&PlatformGroupWords::name, "Name of a group")}), Groups(""));
  }
  {
    using S = Tokens<PlatformGroupWords>;
    const auto show = S::Kw("show", kShow), object = S::Kw("object", "Objects");
    set.Add(Command<PlatformGroupWords>({show, object}), Objects(""));
    for (const char* kind : {"network", "service"}) set.Add(Command<PlatformGroupWords>({show, object, S::Kw(kind, "Objects of this kind")}), Objects(kind));
    set.Add(Command<PlatformGroupWords>({show, object, S::Kw("id", "One object"), S::Word(&PlatformGroupWords::name, "Name of an object")}), Objects(""));
  }
  {
    using S = Tokens<PlatformPoolWords>;
    set.Add(Command<PlatformPoolWords>({S::Kw("show", kShow), S::Kw("ip", "Addresses"), S::Kw("local", "Local pools"), S::Kw("pool", "A pool of addresses"),
                                S::Word(&PlatformPoolWords::name, "Name of the pool")}),
            LocalPool);
  }
}

}  // namespace sallyport
