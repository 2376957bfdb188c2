#include "cli/show_zone.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

void AppendMembers(const Policy& policy, const Zone& zone, std::string_view indent, std::string& out) {
  Append(out, "Zone Member(s) : {}\n", zone.members.size());
  for (const IfId id : zone.members) {
    if (const Interface* f = policy.Find(id)) Append(out, "{}{:<10} {}\n", indent, f->nameif, f->hardware);
  }
}

}  // namespace

std::string ShowZone(const Policy& policy, const std::string& name) {
  std::string out;
  for (const Zone& z : policy.zones) {
    if (!name.empty() && z.name != name) continue;
    Append(out, "{}Zone: {} {}id: {}\n", out.empty() ? "" : "\n", z.name, z.passive ? "passive " : "", z.id);
    const Interface* first = z.members.empty() ? nullptr : policy.Find(z.members.front());
    if (first != nullptr) Append(out, "Security-level: {}\n", first->security_level);
    AppendMembers(policy, z, "", out);
  }
  return out;
}

std::string ShowAspZone(const Policy& policy, const std::string& name) {
  std::string out;
  for (const Zone& z : policy.zones) {
    if (!name.empty() && z.name != name) continue;
    Append(out, "{}Zone: {} id: {}\n", out.empty() ? "" : "\n", z.name, z.id);
    AppendMembers(policy, z, "   ", out);
  }
  return out;
}

std::string ShowNameifZone(const Policy& policy) {
  std::string out = "Interface                Name                     zone-name                Security\n";
  for (const auto& f : policy.interfaces) {
    if (!f || f->id == IfId::kIdentity || f->nameif.empty()) continue;
    const Zone* z = policy.FindZone(f->zone);
    Append(out, "{:<24} {:<24} {:<24} {:>3}\n", f->hardware, f->nameif, z != nullptr ? z->name : "", f->security_level);
  }
  return out;
}

}  // namespace sallyport
