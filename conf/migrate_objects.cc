// Objects that the migration makes, and arithmetic on ranges.
#include <algorithm>
#include <bit>

#include "conf/migrate_parts.h"

namespace sallyport {
namespace {

std::string Value(const AddressRange& r) {
  if (r.first == r.last) return "host " + r.first.ToString();
  if (IsSubnet(r)) {
    return "subnet " + r.first.ToString() + " " + IpAddress::V4(~static_cast<std::uint32_t>(r.Size() - 1)).ToString();
  }
  return "range " + r.first.ToString() + " " + r.last.ToString();
}

// "eq 80", "range 20 50"
std::string Words(const PortRange& p, const char* between) {
  if (p.first == p.last) return std::string("eq") + between + std::to_string(p.first);
  return std::string("range") + between + std::to_string(p.first) + between + std::to_string(p.last);
}

}  // namespace

bool Overlap(const AddressRange& a, const AddressRange& b) { return a.first <= b.last && b.first <= a.last; }
bool Overlap(const PortRange& a, const PortRange& b) { return a.first <= b.last && b.first <= a.last; }
bool IsSubnet(const AddressRange& r) {
  const std::uint64_t size = r.Size();
  return r.first.IsV4() && r.last.IsV4() && std::has_single_bit(size) && r.first.v4() % size == 0;
}

std::vector<AddressRange> RoutedBy(const Policy& policy, const std::vector<AddressRange>& ranges, IfId interface) {
  std::vector<AddressRange> out;
  for (const AddressRange& range : ranges) {
    std::set<std::uint64_t> starts = {range.first.v4()};
    for (const Route& route : policy.routes.routes()) {
      const AddressRange d = AddressRange::Of(route.destination);
      if (!d.first.IsV4()) continue;
      for (const std::uint64_t start : {std::uint64_t{d.first.v4()}, std::uint64_t{d.last.v4()} + 1}) {
        if (start > range.first.v4() && start <= range.last.v4()) starts.insert(start);
      }
    }
    bool open = false;
    for (auto it = starts.begin(); it != starts.end(); ++it) {
      const auto next = std::next(it);
      const IpAddress first = IpAddress::V4(static_cast<std::uint32_t>(*it));
      const IpAddress last = next == starts.end() ? range.last : IpAddress::V4(static_cast<std::uint32_t>(*next - 1));
      const Route* route = policy.routes.Find(first);
      const bool there = route != nullptr && !route->null0 && route->interface == interface;
      if (there && open) out.back().last = last;
      else if (there) out.push_back({first, last});
      open = there;
    }
  }
  return out;
}

MigrationObjects::MigrationObjects(const LineTree& tree) {
  for (const auto* g : tree.All<GroupLine>(Section::kObjectGroup)) taken_.insert(g->name);
  for (const auto* n : tree.All<NameLine>(Section::kNames)) {
    if (!taken_.contains(n->name)) names_.emplace(n->address, n->name);
  }
}

std::string MigrationObjects::Fresh(const std::string& base) {
  std::string name = base;
  for (int n = 1; !taken_.insert(name).second; n++) name = base + (n < 10 ? "-0" : "-") + std::to_string(n);
  return name;
}

std::string MigrationObjects::Network(const AddressRange& range) {
  std::vector<Made>& made = by_value_[Value(range)];
  if (made.empty()) {
    NetworkForNat(range);
    made.back().has_nat = false;
  }
  return made.front().name;
}

std::string MigrationObjects::NetworkForNat(const AddressRange& range) {
  const std::string value = Value(range);
  std::vector<Made>& made = by_value_[value];
  for (Made& m : made) {
    if (!m.has_nat) {
      m.has_nat = true;
      return m.name;
    }
  }
  std::string base;
  const auto named = names_.find(range.first);
  if (range.first == range.last && named != names_.end()) base = named->second;
  else if (range.Size() == std::uint64_t{1} << 32) base = "obj_any";
  else if (range.first == range.last || IsSubnet(range)) base = "obj-" + range.first.ToString();
  else base = "obj-" + range.first.ToString() + "-" + range.last.ToString();
  made.push_back({Fresh(base), true});
  networks_ += "object network " + made.back().name + "\n " + value + "\n";
  return made.back().name;
}

std::string MigrationObjects::Group(const std::string& wish, const std::vector<AddressRange>& ranges) {
  std::string members;
  for (const AddressRange& r : ranges) members += " network-object object " + Network(r) + "\n";
  std::string& name = groups_by_value_[members];
  if (name.empty()) {
    name = Fresh(wish);
    groups_ += "object-group network " + name + "\n" + members;
  }
  return name;
}

std::string MigrationObjects::Service(std::uint8_t protocol, const PortRange& source, const PortRange& destination) {
  const std::string word = ProtocolName(protocol);
  std::string value = "service " + word, base = "obj-" + word;
  if (!source.IsAny()) {
    value += " source " + Words(source, " ");
    base += "-source-" + Words(source, "-");
  }
  if (!destination.IsAny()) {
    value += " destination " + Words(destination, " ");
    base += (source.IsAny() ? "-" : "-destination-") + Words(destination, "-");
  }
  std::string& name = services_by_value_[value];
  if (name.empty()) {
    name = Fresh(base);
    services_ += "object service " + name + "\n " + value + "\n";
  }
  return name;
}

}  // namespace sallyport
