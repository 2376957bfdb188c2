// Connection limits and `norandomseq` at the end of nat and static lines: from 8.3 on a class of the modular policy says them.
#include <algorithm>

#include "conf/migrate_parts.h"
#include "conf/nat_limits.h"

namespace sallyport {
namespace {

std::string Hosts(const AddressRange& r) {
  if (r.first == r.last) return "host " + r.first.ToString();
  return r.first.ToString() + " " + IpAddress::V4(~static_cast<std::uint32_t>(r.Size() - 1)).ToString();
}

}  // namespace

std::string MigrateConnectionSettings(MigrationContext& c) {
  const std::string any = c.target.any4_keyword ? "any4" : "any";
  std::map<std::string, std::string> by_interface;  // the classes of its policy-map
  std::string out;
  int tcp = 0, udp = 0;
  const auto add = [&](const Line& line, const std::string& interface, const std::string& text) {
    std::string unknown;
    const NatLimits l = ReadNatLimits(text, &unknown);
    if (!unknown.empty()) c.Note(MigrationNote::Kind::kNotCarried, line.text, line.text + ": \"" + unknown + "\" is not understood");
    const auto rule = std::find_if(c.policy.nat.rules().begin(), c.policy.nat.rules().end(), [&](const NatRule& r) { return r.config == line.text; });
    if (rule == c.policy.nat.rules().end()) return;
    const auto put = [&](const char* protocol, int number, const std::string& actions) {
      const std::string tail = std::string("conn-param-") + protocol + (number < 10 ? "-0" : "-") + std::to_string(number);
      const std::vector<AddressRange> all = {{IpAddress::V4(0), IpAddress::V4(0xffffffff)}};
      for (const AddressRange& r : rule->real_src.empty() ? all : rule->real_src) {
        const std::string from = r == all.front() ? any : IsSubnet(r) ? Hosts(r) : "";
        if (!from.empty()) out += "access-list acl-" + tail + " extended permit " + protocol + " " + from + " " + any + "\n";
      }
      out += "class-map class-" + tail + "\n match access-list acl-" + tail + "\n";
      by_interface[interface] += " class class-" + tail + "\n" + actions;
    };
    std::string actions;
    if (l.tcp != 0) actions += "  set connection per-client-max " + std::to_string(l.tcp) + "\n";
    if (l.embryonic != 0) actions += "  set connection per-client-embryonic-max " + std::to_string(l.embryonic) + "\n";
    if (l.norandomseq) actions += "  set connection random-sequence-number disable\n";
    if (!actions.empty()) put("tcp", ++tcp, actions);
    if (l.udp != 0) put("udp", ++udp, "  set connection per-client-max " + std::to_string(l.udp) + "\n");
  };
  for (const auto& l : c.tree.Of(Section::kNat)) {
    if (const auto* v = l->As<OldNatLine>()) add(*l, v->interface.name, v->limits);
  }
  for (const auto& l : c.tree.Of(Section::kStatic)) {
    if (const auto* v = l->As<StaticLine>()) add(*l, v->interfaces.real, v->limits);
  }
  for (const auto& [interface, classes] : by_interface) {
    // An interface has one policy: what it has already gets the classes, too.
    std::string policy;
    for (const auto* s : c.tree.All<ServicePolicyLine>(Section::kServicePolicy)) {
      if (!s->global && s->interface == interface) policy = s->policy;
    }
    const bool fresh = policy.empty();
    if (fresh) policy = "policy-conn-param-" + interface;
    out += "policy-map " + policy + "\n" + classes;
    if (fresh) out += "service-policy " + policy + " interface " + interface + "\n";
  }
  return out;
}

}  // namespace sallyport
