#include "conf/acl_size.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr int kDepth = 32;  // of nested groups, as resolve.cc has it

std::uint64_t Sum(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
std::uint64_t Product(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

std::uint64_t OfService(const LineTree& tree, const ServiceSpec& s) {
  if (s.kind == ServiceSpec::Kind::kNone) return 0;
  if (s.kind == ServiceSpec::Kind::kObject) {
    const Line* l = tree.Find(Section::kObject, "object service " + s.object);
    const ServiceValue* v = l == nullptr ? nullptr : l->First<ServiceValue>();
    return v == nullptr || v->spec.kind == ServiceSpec::Kind::kObject ? 0 : OfService(tree, v->spec);
  }
  return Product(s.kind == ServiceSpec::Kind::kTcpUdp ? 2 : 1, Product(s.source.Ranges().size(), s.destination.Ranges().size()));
}

}  // namespace

AclSize::AclSize(const LineTree& tree)
    : tree_(tree), search_groups_(tree.Find(Section::kGroupSearch, "object-group-search access-control") != nullptr) {}

std::uint64_t AclSize::Network(const std::string& name, int depth) {
  if (const auto known = networks_.find(name); known != networks_.end()) return known->second;
  std::uint64_t n = 0;
  const Line* group = depth > kDepth ? nullptr : tree_.Find(Section::kObjectGroup, "object-group " + name);
  for (std::size_t i = 0; group != nullptr && i < group->lines.size(); i++) {
    const Line& l = *group->lines[i];
    if (const auto* m = l.As<NetworkMember>()) n = Sum(n, m->spec.kind == AddressSpec::Kind::kGroup ? Network(m->spec.name, depth + 1) : Addresses(m->spec));
    else if (const auto* g = l.As<GroupMember>()) n = Sum(n, Network(g->name, depth + 1));
  }
  return networks_[name] = n;
}

std::uint64_t AclSize::Addresses(const AddressSpec& a) {
  using K = AddressSpec::Kind;
  switch (a.kind) {
    case K::kNone: return 0;
    case K::kAny6:
    case K::kInterface: return 2;
    case K::kGroup: return search_groups_ ? 1 : Network(a.name, 0);
    default: return 1;
  }
}

std::uint64_t AclSize::ServiceGroup(const std::string& name, int depth) {
  if (const auto known = services_.find(name); known != services_.end()) return known->second;
  std::uint64_t n = 0;
  const Line* group = depth > kDepth ? nullptr : tree_.Find(Section::kObjectGroup, "object-group " + name);
  for (std::size_t i = 0; group != nullptr && i < group->lines.size(); i++) {
    const Line& l = *group->lines[i];
    if (const auto* s = l.As<ServiceMember>()) n = Sum(n, OfService(tree_, s->spec));
    else if (l.As<ProtocolMember>() != nullptr) n = Sum(n, 1);
    else if (const auto* g = l.As<GroupMember>()) n = Sum(n, ServiceGroup(g->name, depth + 1));
  }
  return services_[name] = n;
}

std::uint64_t AclSize::Services(const ProtocolSpec& p) {
  if (p.kind == ProtocolSpec::Kind::kGroup) return ServiceGroup(p.name, 0);
  if (p.kind != ProtocolSpec::Kind::kObject) return p.kind == ProtocolSpec::Kind::kNone ? 0 : 1;
  ServiceSpec s;
  s.kind = ServiceSpec::Kind::kObject;
  s.object = p.name;
  return OfService(tree_, s);
}

std::uint64_t AclSize::PortGroup(const std::string& name, int depth) {
  if (const auto known = ports_.find(name); known != ports_.end()) return known->second;
  std::uint64_t n = 0;
  const Line* group = depth > kDepth ? nullptr : tree_.Find(Section::kObjectGroup, "object-group " + name);
  for (std::size_t i = 0; group != nullptr && i < group->lines.size(); i++) {
    const Line& l = *group->lines[i];
    if (const auto* p = l.As<PortMember>()) n = Sum(n, p->ports.Ranges().size());
    else if (const auto* g = l.As<GroupMember>()) n = Sum(n, PortGroup(g->name, depth + 1));
  }
  return ports_[name] = n;
}

std::uint64_t AclSize::Ports(const PortSpec& p) { return p.op == PortSpec::Op::kGroup ? PortGroup(p.group, 0) : p.Ranges().size(); }

std::uint64_t AclSize::Of(const AceBody& b) {
  std::uint64_t n = Product(Product(Addresses(b.source), Addresses(b.destination)), Services(b.protocol));
  n = Product(n, Product(Ports(b.sport), Ports(b.dport)));
  if (b.icmp_group.empty()) return n;
  const Line* types = tree_.Find(Section::kObjectGroup, "object-group " + b.icmp_group);
  return types == nullptr ? n : Product(n, std::max<std::size_t>(types->lines.size(), 1));
}

std::uint64_t AclSize::OfAllLists() {
  std::uint64_t n = 0;
  for (const auto& list : tree_.Of(Section::kAccessList)) {
    for (const auto& l : list->lines) {
      if (const auto* e = l->As<ExtendedLine>()) n = Sum(n, Of(e->body));
    }
  }
  for (const auto& l : tree_.Of(Section::kIpv6AccessList)) {
    if (const auto* e = l->As<Ipv6AclLine>()) n = Sum(n, Of(e->rule.body));
  }
  return n;
}

}  // namespace sallyport
