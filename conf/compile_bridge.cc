// Bridge groups: `firewall transparent` with `bridge-group` and `interface BVI` (8.4 on), with all interfaces and one address
// (before), or BVIs in routed mode (9.7 on); and the lines about MAC addresses and ARP inspection.
#include <algorithm>
#include <charconv>

#include "conf/compile.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

constexpr std::string_view kBvi = "BVI";

// "0013.2401.01a3"
std::uint64_t MacOf(std::string_view text) {
  std::uint64_t mac = 0;
  for (const char c : text) {
    int digit = 0;
    if (std::from_chars(&c, &c + 1, digit, 16).ec == std::errc()) mac = mac << 4 | static_cast<std::uint64_t>(digit);
  }
  return mac & 0xffffffffffff;
}

Interface* ByHardware(Policy& p, std::string_view hardware) {
  for (auto& i : p.interfaces) {
    if (i && i->hardware == hardware) return &*i;
  }
  return nullptr;
}

Interface* ByName(Policy& p, std::string_view nameif) {
  for (auto& i : p.interfaces) {
    if (i && !nameif.empty() && i->nameif == nameif) return &*i;
  }
  return nullptr;
}

void MemberLine(const FieldLine& f, std::string_view text, Policy& p) {
  Interface* i = ByName(p, f.Has("if") ? f.Get("if") : f.Get("interface"));
  if (text.starts_with("mac-address-table aging-time")) p.bridge.aging = Duration::Seconds(60 * f.Int("minutes").value_or(5));
  if (text == "mac-learn flood") p.bridge.flood = true;
  if (i == nullptr) return;
  if (text.starts_with("mac-address-table static ")) p.bridge.static_macs.push_back({i->id, MacOf(f.Get("mac"))});
  if (text.starts_with("mac-learn ")) i->bridge.learn = !f.Has("disable");
  if (text.starts_with("arp-inspection ")) {
    i->bridge.arp_inspection = f.Has("no-flood") ? BridgeMember::Arp::kNoFlood : BridgeMember::Arp::kFlood;
  }
  if (text.starts_with("arp ") && f.Has("mac")) {
    if (const auto address = IpAddress::Parse(f.Get("address"))) p.bridge.static_arps.push_back({i->id, *address, MacOf(f.Get("mac"))});
  }
}

}  // namespace

void CompileBridge(const LineTree& tree, Policy& p, std::map<std::string, IfId>& ids, std::uint8_t& next) {
  p.bridge.transparent = tree.Find(Section::kHostname, "firewall transparent") != nullptr;
  std::map<int, BridgeGroup> groups;
  for (const auto& l : tree.Of(Section::kInterface)) {
    const auto* hw = l->As<InterfaceLine>();
    Interface* i = hw != nullptr ? ByHardware(p, hw->hardware.text) : nullptr;
    if (i == nullptr) continue;
    if (i->hardware.starts_with(kBvi)) {
      int number = 0;
      std::from_chars(i->hardware.data() + kBvi.size(), i->hardware.data() + i->hardware.size(), number);
      i->bvi = true;
      groups[number].bvi = i->id;
      continue;
    }
    for (const auto& part : l->lines) {
      const auto* f = part->As<FieldLine>();
      if (f == nullptr || !part->text.starts_with("bridge-group ")) continue;
      i->bridge.group = static_cast<std::uint8_t>(f->Int("group").value_or(0));
    }
  }
  // Before 8.4 all interfaces are one group, whose address is a line of its own.
  const bool old = p.bridge.transparent && p.personality.release < 804;
  for (auto& i : p.interfaces) {
    if (!i || i->id == IfId::kIdentity || i->bvi || i->nameif.empty()) continue;
    if (old && !i->management_only) i->bridge.group = 1;
    if (i->bridge.group == 0) continue;
    i->address = {};
    if (i->InUse()) groups[i->bridge.group].members.push_back(i->id);
  }
  for (auto& [number, g] : groups) {
    g.number = number;
    if (g.bvi == IfId::kAny) {
      Interface bvi;
      bvi.hardware = std::string(kBvi) + std::to_string(number);
      auto [it, fresh] = ids.try_emplace(bvi.hardware, IfId{next});
      if (fresh) next++;
      bvi.id = it->second;
      bvi.bvi = true;
      const auto index = static_cast<std::size_t>(bvi.id);
      if (p.interfaces.size() <= index) p.interfaces.resize(index + 1);
      if (!p.interfaces[index]) p.interfaces[index] = std::move(bvi);
      g.bvi = it->second;
    }
    Interface& bvi = *p.interfaces[static_cast<std::size_t>(g.bvi)];
    if (bvi.nameif.empty()) bvi.name = InternName(bvi.hardware);
    if (bvi.nameif.empty()) bvi.security_level = 100;
    if (old) {
      for (const auto& l : tree.Of(Section::kMtu)) {
        const auto* f = l->As<FieldLine>();
        if (f == nullptr || !l->text.starts_with("ip address ")) continue;
        bvi.address = IpAddress::Parse(f->Get("address")).value_or(IpAddress());
        const auto mask = IpAddress::Parse(f->Get("mask"));
        bvi.prefix_length = mask ? MaskLength(*mask).value_or(32) : 32;
      }
    }
    if (!p.bridge.transparent && !bvi.nameif.empty()) {
      for (const IfId m : g.members) p.interfaces[static_cast<std::size_t>(m)]->bridge.routed_by = bvi.id;
    }
    p.bridge.groups.push_back(std::move(g));
  }
  for (const auto& l : tree.Of(Section::kArp)) {
    if (const auto* f = l->As<FieldLine>()) MemberLine(*f, l->text, p);
  }
}

}  // namespace sallyport
