// Traffic zones: `zone NAME` and the `zone-member` lines of interfaces (9.3(2) on).
#include "conf/compile.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {

void CompileZones(const LineTree& tree, Policy& p) {
  for (const auto& l : tree.Of(Section::kZone)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || p.zones.size() == 255) continue;
    Zone z;
    z.id = static_cast<std::uint8_t>(p.zones.size() + 1);
    z.name = f->Get("zone");
    z.passive = f->Has("passive");
    p.zones.push_back(std::move(z));
  }
  if (p.zones.empty()) return;
  for (const auto& l : tree.Of(Section::kInterface)) {
    const auto* hw = l->As<InterfaceLine>();
    if (hw == nullptr) continue;
    for (const auto& part : l->lines) {
      const auto* f = part->As<FieldLine>();
      if (f == nullptr || !part->text.starts_with("zone-member ")) continue;
      for (auto& i : p.interfaces) {
        if (!i || i->hardware != hw->hardware.text || i->nameif.empty()) continue;
        for (Zone& z : p.zones) {
          if (z.name != f->Get("zone")) continue;
          if (!z.passive) i->zone = z.id;
          z.members.push_back(i->id);
        }
      }
    }
  }
}

}  // namespace sallyport
