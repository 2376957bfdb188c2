#include "cli/show_bridge.h"

#include <algorithm>

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string MacText(std::uint64_t mac) {
  return fmt::format("{:04x}.{:04x}.{:04x}", mac >> 32 & 0xffff, mac >> 16 & 0xffff, mac & 0xffff);
}

const std::string& NameOf(const Policy& policy, IfId id) {
  static const std::string kNone;
  const Interface* f = policy.Find(id);
  return f != nullptr ? f->nameif : kNone;
}

// Members of bridge groups, by interface.
std::vector<const Interface*> Members(const Policy& policy) {
  std::vector<const Interface*> members;
  for (const auto& f : policy.interfaces) {
    if (f && f->bridge.group != 0 && f->InUse()) members.push_back(&*f);
  }
  return members;
}

}  // namespace

std::string ShowMacAddressTable(const Policy& policy, const std::vector<MacView>& macs, const std::string& interface) {
  const bool groups = policy.personality.release >= 804;
  std::string out = "interface                   mac  address          type      Age(min)";
  out += groups ? "  bridge-group\n" : "\n";
  out += std::string(66 + (groups ? 17 : 0), '-') + "\n";
  for (const MacView& m : macs) {
    const std::string& name = NameOf(policy, m.interface);
    if (!interface.empty() && name != interface) continue;
    Append(out, "{:<27} {:<20} {:<9} {:<8}", name, MacText(m.mac), m.fixed ? "static" : "dynamic",
           m.fixed ? "-" : fmt::format("{}", (m.left_s + 59) / 60));
    if (groups) Append(out, "  {}", m.group);
    out += '\n';
  }
  return out;
}

std::string ShowMacAddressCount(const std::vector<MacView>& macs) {
  const auto fixed = std::count_if(macs.begin(), macs.end(), [](const MacView& m) { return m.fixed; });
  return fmt::format("Static     mac-address bridges (curr/max): {}/{}\nDynamic    mac-address bridges (curr/max): {}/{}\n"
                     "Total      mac-address bridges (curr/max): {}/{}\n",
                     fixed, MacTable::kMost, static_cast<std::int64_t>(macs.size()) - fixed, MacTable::kMost, macs.size(), MacTable::kMost);
}

std::string ShowMacLearn(const Policy& policy) {
  constexpr int kFlood = 907;  // the first release that has `mac-learn flood`
  std::string out;
  if (policy.personality.release >= kFlood) Append(out, "{}mac-learn flood\n", policy.bridge.flood ? "" : "no ");
  out += "interface            mac learn\n-------------------------------\n";
  for (const Interface* f : Members(policy)) Append(out, "{:<20} {}\n", f->nameif, f->bridge.learn ? "enabled" : "disabled");
  return out;
}

std::string ShowArpInspection(const Policy& policy) {
  std::string out = "interface           arp-inspection       miss\n----------------------------------------------------\n";
  for (const Interface* f : Members(policy)) {
    const auto how = f->bridge.arp_inspection;
    Append(out, "{:<21} {:<18} {}\n", f->nameif, how == BridgeMember::Arp::kOff ? "disabled" : "enabled",
           how == BridgeMember::Arp::kOff ? "-" : how == BridgeMember::Arp::kFlood ? "flood" : "no-flood");
  }
  return out;
}

std::string ShowBridgeGroups(const Policy& policy, const std::vector<MacView>& macs, int number) {
  std::string out;
  for (const BridgeGroup& g : policy.bridge.groups) {
    if (number != 0 && g.number != number) continue;
    std::string members;
    for (const IfId id : g.members) {
      const Interface* f = policy.Find(id);
      if (f != nullptr) members += (members.empty() ? "" : ", ") + f->hardware;
    }
    std::size_t fixed = 0, dynamic = 0;
    for (const MacView& m : macs) {
      if (m.group == g.number) (m.fixed ? fixed : dynamic)++;
    }
    const Interface* bvi = policy.Find(g.bvi);
    const std::string address =
        bvi == nullptr || bvi->address.IsNone() ? "unassigned" : bvi->address.ToString() + " " + MaskText(bvi->prefix_length);
    if (number == 0) Append(out, "{}Bridge Group: {}\n", out.empty() ? "" : "\n", g.number);
    Append(out, "Interfaces: {}\nManagement System IP Address: {}\nManagement Current IP Address: {}\n", members, address, address);
    out += "Management IPv6 Global Unicast Address(es):\n";
    if (bvi == nullptr || bvi->ipv6.empty()) out += "     N/A\n";
    for (std::size_t i = 0; bvi != nullptr && i < bvi->ipv6.size(); i++) {
      Append(out, "     {}/{}\n", bvi->ipv6[i].address.ToString(), bvi->ipv6[i].prefix_length);
    }
    Append(out, "Static mac-address entries: {}\nDynamic mac-address entries: {}\n", fixed, dynamic);
  }
  return out;
}

std::string ShowFirewall(const Policy& policy) {
  return std::string("Firewall mode: ") + (policy.bridge.transparent ? "Transparent" : "Router") + "\n";
}

}  // namespace sallyport
