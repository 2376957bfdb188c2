#include "conf/zone_checks.h"

#include "conf/field_line.h"
#include "firewall/zone.h"

namespace sallyport {
namespace {

constexpr std::string_view kMember = "zone-member ";

// The zone of an interface's line; "" : none.
std::string ZoneOf(const Line& interface) {
  for (const auto& l : interface.lines) {
    const auto* f = l->As<FieldLine>();
    if (f != nullptr && l->text.starts_with(kMember)) return std::string(f->Get("zone"));
  }
  return {};
}

int LevelOf(const Line& interface) {
  const auto* s = interface.First<SecurityLevelLine>();
  return s != nullptr ? s->level.value_or(0) : 0;
}

}  // namespace

std::string RefuseZoneMember(const ConfigEdit& edit, std::string_view zone) {
  const Line* here = edit.parent();
  if (here == nullptr) return {};
  const auto* nameif = here->First<NameifLine>();
  if (nameif == nullptr) return "ERROR: Interface must have a nameif before it is added to a zone\n";
  if (here->First<ManagementOnlyLine>() != nullptr) return "ERROR: A management-only interface cannot be in a zone\n";
  const auto* hw = here->As<InterfaceLine>();
  bool bridged = hw != nullptr && hw->hardware.text.starts_with("BVI");
  for (const auto& l : here->lines) bridged = bridged || l->text.starts_with("bridge-group ");
  if (bridged) return "ERROR: Bridge groups and their members cannot be in a zone\n";
  int members = 0;
  for (const auto& i : edit.tree.Of(Section::kInterface)) {
    if (i.get() == here || ZoneOf(*i) != zone) continue;
    members++;
    if (LevelOf(*i) != LevelOf(*here)) {
      return "ERROR: All interfaces of zone " + std::string(zone) + " must have the same security level\n";
    }
  }
  if (members >= kMostZoneMembers) {
    return "ERROR: Zone " + std::string(zone) + " already has " + std::to_string(kMostZoneMembers) + " interfaces\n";
  }
  return {};
}

std::string RefuseZoneLevel(const ConfigEdit& edit, int level) {
  const Line* here = edit.parent();
  const std::string zone = here != nullptr ? ZoneOf(*here) : std::string();
  if (zone.empty()) return {};
  for (const auto& i : edit.tree.Of(Section::kInterface)) {
    if (i.get() != here && ZoneOf(*i) == zone && LevelOf(*i) != level) {
      return "ERROR: All interfaces of zone " + zone + " must have the same security level\n";
    }
  }
  return {};
}

std::string RefuseEqualRoute(const ConfigEdit& edit, const RouteLine& route) {
  if (route.tunneled || route.track) return {};
  const auto zone_of = [&edit](std::string_view nameif) {
    for (const auto& i : edit.tree.Of(Section::kInterface)) {
      const auto* n = i->First<NameifLine>();
      if (n != nullptr && n->name == nameif) return ZoneOf(*i);
    }
    return std::string();
  };
  const std::string zone = zone_of(route.interface);
  int equal = 0;
  for (const auto* r : edit.tree.All<RouteLine>(Section::kRoute)) {
    if (r->tunneled || r->track || !r->mask || r->interface == "Null0" || r->destination.address != route.destination.address ||
        r->mask->bits != route.mask->bits || r->metric.value_or(1) != route.metric.value_or(1)) {
      continue;
    }
    if (r->interface == route.interface && r->gateway.address == route.gateway.address) return {};  // the line itself again
    if (r->interface != route.interface && (zone.empty() || zone_of(r->interface) != zone)) {
      return "ERROR: Cannot add route entry, possible conflict with existing routes\n";
    }
    equal++;
  }
  const int most = zone.empty() ? kMostInterfaceRoutes : kMostZoneRoutes;
  return equal < most ? "" : "ERROR: Cannot add route entry, no more than " + std::to_string(most) + " equal cost routes are supported\n";
}

}  // namespace sallyport
