#include "conf/resolve.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr int kResolveDepth = 32;  // of nested groups; the grammar refuses circles

AddressRange V4All() { return {IpAddress::V4(0), IpAddress::V4(0xffffffff)}; }
// Everything but the IPv4 addresses, which lie at ::ffff:0:0/96.
std::vector<AddressRange> V6All() {
  return {{IpAddress::V6(0, 0), IpAddress::V6(0, 0xfffeffffffffu)}, {IpAddress::V6(0, 0x1000000000000u), IpAddress::V6(~0ull, ~0ull)}};
}

std::string ResolvedText(const AddressSpec& a) {
  std::string s;
  LineWriter w(s);
  Codec<AddressSpec>::Print(a, w);
  return s;
}

}  // namespace

std::string PortsInDecimal(const PortSpec& p) {
  static constexpr std::string_view kOps[] = {"", "eq ", "neq ", "gt ", "lt ", "range ", "object-group "};
  if (p.op == PortSpec::Op::kNone) return {};
  if (p.op == PortSpec::Op::kGroup) return "object-group " + p.group;
  std::string s(kOps[static_cast<std::size_t>(p.op)]);
  s += std::to_string(p.first);
  if (p.op == PortSpec::Op::kRange) s += " " + std::to_string(p.last);
  return s;
}
std::string PortsAsShown(const PortSpec& p, std::uint8_t protocol) {
  std::string s;
  LineWriter w(s);
  PrintPortSpec(p, protocol == 6 ? PortFamily::kTcp : protocol == 17 ? PortFamily::kUdp : PortFamily::kBoth, w);
  return s;
}

IpAddress Resolver::AddressOf(const std::string& nameif, bool v6) const {
  const auto it = interfaces_.find(nameif);
  if (it == interfaces_.end()) return {};
  return v6 ? it->second.v6 : it->second.v4;
}

const NetworkValue* Resolver::Object(const std::string& name) const {
  const Line* l = tree_.Find(Section::kObject, "object network " + name);
  return l == nullptr ? nullptr : l->First<NetworkValue>();
}
const ServiceSpec* Resolver::Service(const std::string& object) const {
  const Line* l = tree_.Find(Section::kObject, "object service " + object);
  const ServiceValue* v = l == nullptr ? nullptr : l->First<ServiceValue>();
  return v == nullptr ? nullptr : &v->spec;
}

AddressMember Resolver::Value(const NetworkValue& v) const {
  using K = NetworkValue::Kind;
  AddressMember m;
  switch (v.kind) {
    case K::kHost:
      m.ranges = {{v.first.address, v.first.address}};
      m.shown = "host " + v.first.ToString();
      break;
    case K::kRange:
      m.ranges = {{v.first.address, v.last.address}};
      m.shown = "range " + v.first.ToString() + " " + v.last.ToString();
      break;
    case K::kFqdn:
      m.name = AddressMember::Name::kItself;
      m.unresolved = true;
      m.hashed = "fqdn " + v.fqdn;
      m.shown = m.hashed + (AddressesOfName(v).empty() ? " (unresolved)" : " (resolved)");
      return m;
    case K::kNone:
    case K::kSubnet:
    case K::kSubnet6:
      if (v.prefix6 == Ipv6Prefix{}) {
        m.ranges = {AddressRange::Of(Prefix::Of(v.first.address, v.mask.length()))};
        m.shown = v.first.ToString() + " " + IpAddress::V4(v.mask.bits).ToString();
      } else {
        m.ranges = {AddressRange::Of(Prefix::Of(v.prefix6.address, v.prefix6.length))};
        m.shown = v.prefix6.address.ToString() + "/" + std::to_string(v.prefix6.length);
      }
      break;
  }
  m.hashed = m.shown;
  return m;
}

// Those of the families that the object, and the list, are for.
std::vector<IpAddress> Resolver::AddressesOfName(const NetworkValue& fqdn) const {
  if (names_ == nullptr) return {};
  const auto known = names_->find(LowerCase(fqdn.fqdn));
  if (known == names_->end()) return {};
  std::vector<IpAddress> out;
  for (const IpAddress a : known->second) {
    if (a.IsV4() ? fqdn.fqdn_family != "v6" && any_ != AnyMeans::kV6 : fqdn.fqdn_family != "v4" && any_ != AnyMeans::kV4) out.push_back(a);
  }
  return out;
}

// The name, then its addresses: "fqdn www.example.com (resolved)", "host 192.0.2.1 (www.example.com)".
std::vector<AddressMember> Resolver::NameMembers(const NetworkValue& fqdn) const {
  std::vector<AddressMember> out{Value(fqdn)};
  for (const IpAddress a : AddressesOfName(fqdn)) {
    AddressMember m;
    m.name = AddressMember::Name::kAddress;
    m.ranges = {{a, a}};
    m.shown = "host " + a.ToString() + " (" + fqdn.fqdn + ")";
    out.push_back(std::move(m));
  }
  return out;
}

void Resolver::Group(const std::string& name, std::vector<AddressMember>& out, int depth) const {
  const Line* group = tree_.Find(Section::kObjectGroup, "object-group " + name);
  if (group == nullptr || depth > kResolveDepth) return;
  for (const auto& l : group->lines) {
    if (const auto* m = l->As<NetworkMember>()) {
      for (AddressMember& a : Addresses(m->spec)) out.push_back(std::move(a));
    } else if (const auto* g = l->As<GroupMember>()) {
      Group(g->name, out, depth + 1);
    }
  }
}

AddressMember Resolver::GroupAsSet(const std::string& name) const {
  std::vector<AddressMember> members;
  Group(name, members, 0);
  AddressMember set;
  set.as_set = true;
  for (const AddressMember& m : members) {
    if (!m.unresolved) set.ranges.insert(set.ranges.end(), m.ranges.begin(), m.ranges.end());
  }
  set.unresolved = set.ranges.empty();
  int number = 0;
  for (const auto& l : tree_.Of(Section::kObjectGroup)) {
    number++;
    if (l->key == "object-group " + name) break;
  }
  set.hashed = "object-group " + name + "(" + std::to_string(number) + ")";
  const auto all = [&](bool v4) {
    return std::all_of(set.ranges.begin(), set.ranges.end(), [&](const AddressRange& r) { return r.first.IsV4() == v4; });
  };
  // From 9.0 on a list holds both families, and the word tells whose addresses are searched.
  const bool told = any_ == AnyMeans::kBoth && !set.ranges.empty();
  set.shown = (told && all(true) ? "v4-" : told && all(false) ? "v6-" : "") + set.hashed;
  return set;
}

std::vector<AddressMember> Resolver::Addresses(const AddressSpec& a) const {
  using K = AddressSpec::Kind;
  AddressMember m;
  m.shown = m.hashed = ResolvedText(a);
  switch (a.kind) {
    case K::kNone: return {};
    case K::kAny:
      m.ranges = {V4All()};
      if (any_ == AnyMeans::kBoth) m.ranges = {AddressRange{IpAddress::V6(0, 0), IpAddress::V6(~0ull, ~0ull)}};
      if (any_ == AnyMeans::kV6) m.ranges = V6All();
      break;
    case K::kAny4: m.ranges = {V4All()}; break;
    case K::kAny6: m.ranges = V6All(); break;
    case K::kHost: m.ranges = {{a.address.address, a.address.address}}; break;
    case K::kSubnet: m.ranges = {AddressRange::Of(Prefix::Of(a.address.address, a.mask.length()))}; break;
    case K::kPrefix6: m.ranges = {AddressRange::Of(Prefix::Of(a.address.address, a.prefix6))}; break;
    case K::kObject: {
      const NetworkValue* v = Object(a.name);
      if (v == nullptr) return {};
      if (v->kind == NetworkValue::Kind::kFqdn) {
        auto members = NameMembers(*v);
        for (std::size_t i = 1; i < members.size(); i++) members[i].hashed = "object " + a.name;
        return members;
      }
      m = Value(*v);
      m.hashed = "object " + a.name;
      break;
    }
    case K::kGroup: {
      std::vector<AddressMember> out;
      Group(a.name, out, 0);
      return out;
    }
    case K::kInterface: {
      const auto it = interfaces_.find(a.name);
      const InterfaceAddress at = it == interfaces_.end() ? InterfaceAddress{} : it->second;
      if (!at.v4.IsNone() && any_ != AnyMeans::kV6) m.ranges.push_back({at.v4, at.v4});
      if (!at.v6.IsNone() && any_ != AnyMeans::kV4) m.ranges.push_back({at.v6, at.v6});
      m.unresolved = m.ranges.empty();
      break;
    }
  }
  return {m};
}

std::vector<AddressRange> Resolver::Network(const std::string& name) const {
  if (name.empty() || name == "any") return {};
  if (const auto a = IpAddress::Parse(name)) return {{*a, *a}};
  if (const auto p = ParsePrefix6(name)) return {AddressRange::Of(Prefix::Of(p->address, p->length))};
  if (const NetworkValue* v = Object(name)) {
    std::vector<AddressRange> out;
    if (v->kind != NetworkValue::Kind::kFqdn) return Value(*v).ranges;
    for (const IpAddress a : AddressesOfName(*v)) out.push_back({a, a});
    return out;
  }
  std::vector<AddressMember> members;
  Group(name, members, 0);
  std::vector<AddressRange> out;
  for (const AddressMember& m : members) out.insert(out.end(), m.ranges.begin(), m.ranges.end());
  return out;
}

std::vector<ServiceItem> Resolver::OfService(const ServiceSpec& s) const {
  using K = ServiceSpec::Kind;
  std::vector<std::uint8_t> protocols;
  switch (s.kind) {
    case K::kNone: return {};
    case K::kTcp: protocols = {6}; break;
    case K::kUdp: protocols = {17}; break;
    case K::kTcpUdp: protocols = {6, 17}; break;
    case K::kIcmp: protocols = {1}; break;
    case K::kIcmp6: protocols = {58}; break;
    case K::kOther: protocols = {s.protocol}; break;
    case K::kObject: {
      const ServiceSpec* o = Service(s.object);
      return o == nullptr || o->kind == K::kObject ? std::vector<ServiceItem>{} : OfService(*o);
    }
  }
  std::vector<ServiceItem> out;
  for (const std::uint8_t p : protocols) {
    ServiceItem i;
    i.protocol = p;
    i.sport = s.source.Ranges();
    i.dport = s.destination.Ranges();
    i.sport_shown = PortsAsShown(s.source, p);
    i.dport_shown = PortsAsShown(s.destination, p);
    i.sport_hashed = PortsInDecimal(s.source);
    i.dport_hashed = PortsInDecimal(s.destination);
    if (s.icmp_type) i.icmp_type = *s.icmp_type;
    if (s.icmp_code) i.icmp_code = *s.icmp_code;
    out.push_back(std::move(i));
  }
  return out;
}

void Resolver::ServiceGroup(const std::string& name, std::vector<ServiceItem>& out, int depth) const {
  const Line* group = tree_.Find(Section::kObjectGroup, "object-group " + name);
  if (group == nullptr || depth > kResolveDepth) return;
  for (const auto& l : group->lines) {
    if (const auto* s = l->As<ServiceMember>()) {
      for (ServiceItem& i : OfService(s->spec)) out.push_back(std::move(i));
    } else if (const auto* p = l->As<ProtocolMember>()) {
      ServiceItem i;
      i.protocol = p->protocol.number;
      out.push_back(std::move(i));
    } else if (const auto* g = l->As<GroupMember>()) {
      ServiceGroup(g->name, out, depth + 1);
    }
  }
}

std::vector<ServiceItem> Resolver::Services(const ProtocolSpec& p) const {
  std::vector<ServiceItem> out;
  switch (p.kind) {
    case ProtocolSpec::Kind::kNone: break;
    case ProtocolSpec::Kind::kNumber:
      out.emplace_back();
      out.back().protocol = p.number;
      break;
    case ProtocolSpec::Kind::kObject:
      if (const ServiceSpec* s = Service(p.name)) out = OfService(*s);
      break;
    case ProtocolSpec::Kind::kGroup: ServiceGroup(p.name, out, 0); break;
  }
  return out;
}

void Resolver::PortGroup(const std::string& name, std::vector<PortSpec>& out, int depth) const {
  const Line* group = tree_.Find(Section::kObjectGroup, "object-group " + name);
  if (group == nullptr || depth > kResolveDepth) return;
  for (const auto& l : group->lines) {
    if (const auto* p = l->As<PortMember>()) out.push_back(p->ports);
    else if (const auto* g = l->As<GroupMember>()) PortGroup(g->name, out, depth + 1);
  }
}

std::vector<PortSpec> Resolver::Ports(const PortSpec& p) const {
  if (p.op != PortSpec::Op::kGroup) return {p};
  std::vector<PortSpec> out;
  PortGroup(p.group, out, 0);
  return out;
}

std::vector<std::uint8_t> Resolver::IcmpTypes(const std::string& name) const {
  std::vector<std::uint8_t> out;
  const Line* group = tree_.Find(Section::kObjectGroup, "object-group " + name);
  if (group == nullptr) return out;
  for (const auto& l : group->lines) {
    if (const auto* m = l->As<IcmpMember>(); m != nullptr && m->type) out.push_back(*m->type);
    else if (const auto* g = l->As<GroupMember>(); g != nullptr && g->name != name) {
      for (const std::uint8_t t : IcmpTypes(g->name)) out.push_back(t);
    }
  }
  return out;
}

}  // namespace sallyport
