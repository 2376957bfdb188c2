#include "firewall/asp_class.h"

#include <algorithm>
#include <optional>

#include "firewall/pipeline.h"
#include "firewall/policy.h"

namespace sallyport {
namespace {

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccdu;
  return h ^ h >> 32;
}

constexpr IpAddress kAny6 = IpAddress::V6(0, 1);  // what both halves are named by

std::uint64_t NameOf(const AclElement& e) {
  std::uint64_t h = Mix(e.hash, static_cast<std::uint64_t>(e.sport.first) << 16 | e.dport.first);
  const IpAddress ends[] = {HalfOfAny6(e.src) != 0 ? kAny6 : e.src.first, HalfOfAny6(e.dst) != 0 ? kAny6 : e.dst.first};
  for (const IpAddress& a : ends) h = Mix(Mix(h, a.hi()), a.lo());
  return h;
}

std::vector<ClassCriterion> OfMatch(const ServiceMatch& m, std::uint64_t number) {
  std::vector<ClassCriterion> all;
  ClassCriterion c;
  c.which = Mix(number, 0);
  switch (m.kind) {
    case ServiceMatch::Kind::kAccessList:
      for (const AclElement& e : m.list->elements()) {
        if (e.inactive || e.unknown) continue;
        all.push_back({Mix(number, NameOf(e)), !e.permit, e.protocol, e.src, e.dst, e.sport, e.dport, e.icmp_type,
                       e.icmp_code, 0});
      }
      return all;
    case ServiceMatch::Kind::kRtp:
    case ServiceMatch::Kind::kPort:
      c.protocol = m.kind == ServiceMatch::Kind::kRtp ? 17 : m.protocol;
      c.dport = m.port;
      all.push_back(c);
      return all;
    case ServiceMatch::Kind::kDscp:
      for (std::uint8_t point = 0; point < 64; point++) {
        if ((m.code_points >> point & 1) == 0) continue;
        c.which = Mix(number, point + 1u);
        c.dscp = point;
        all.push_back(c);
      }
      return all;
    case ServiceMatch::Kind::kNothing: return all;
  }
  return all;
}

std::optional<std::uint64_t> NameInMatch(const ServiceMatch& m, std::uint64_t number, const ClassFlow& f) {
  if (!Matches(m, f)) return {};
  if (m.kind == ServiceMatch::Kind::kAccessList) return Mix(number, NameOf(*m.list->Find(f.flow)));
  return Mix(number, m.kind == ServiceMatch::Kind::kDscp ? f.dscp + 1u : 0u);
}

bool Meet(AddressRange& a, const AddressRange& b) {
  const auto any = [](const AddressRange& r) {
    return r.first.IsNone() && (r.last.IsNone() || r.last == IpAddress::V6(~0ull, ~0ull));
  };
  if (any(b)) return true;
  if (any(a)) {
    a = b;
    return true;
  }
  a = {std::max(a.first, b.first), std::min(a.last, b.last)};
  return a.first <= a.last;
}

bool Meet(PortRange& a, const PortRange& b) {
  a = {std::max(a.first, b.first), std::min(a.last, b.last)};
  return a.first <= a.last;
}

// What both match, or nothing.
std::optional<ClassCriterion> Both(const ClassCriterion& a, const ClassCriterion& b) {
  ClassCriterion c = a;
  c.which = Mix(a.which, b.which);
  c.deny = a.deny || b.deny;
  if (a.protocol != 0 && b.protocol != 0 && a.protocol != b.protocol) return {};
  c.protocol = std::max(a.protocol, b.protocol);
  if (!Meet(c.src, b.src) || !Meet(c.dst, b.dst) || !Meet(c.sport, b.sport) || !Meet(c.dport, b.dport)) return {};
  if (b.icmp_type >= 0) c.icmp_type = b.icmp_type;
  if (b.icmp_code >= 0) c.icmp_code = b.icmp_code;
  if (b.dscp != 0) c.dscp = b.dscp;
  return c;
}

std::vector<ClassCriterion> Product(const std::vector<ClassCriterion>& one, const std::vector<ClassCriterion>& other) {
  std::vector<ClassCriterion> all;
  for (const ClassCriterion& a : one) {
    for (const ClassCriterion& b : other) {
      if (auto both = Both(a, b)) all.push_back(std::move(*both));
    }
  }
  return all;
}

// Is the row of the default ports one of what is asked about?
bool IsOf(const DefaultPorts& row, const Inspection* inspection) {
  if (inspection != nullptr) return row.inspection == inspection->name;
  return row.inspection == "icmp error" || !IsCombinable(row.inspection);
}
std::uint64_t NameOf(const DefaultPorts& row) {
  return Mix(row.protocol + 1u, static_cast<std::uint64_t>(row.ports.first) << 16 | row.ports.last);
}

}  // namespace

int HalfOfAny6(const AddressRange& r) {
  if (r.first.IsNone() && r.last == IpAddress::V6(0, 0xfffeffffffffu)) return 1;
  return r.first == IpAddress::V6(0, 0x1000000000000u) && r.last == IpAddress::V6(~0ull, ~0ull) ? 2 : 0;
}

std::vector<ClassCriterion> CriteriaOf(const ServiceClass& s, const Inspection* inspection) {
  std::vector<ClassCriterion> all{ClassCriterion{}};
  if (s.match_any) {
    // as it stands
  } else if (!s.matches.empty() && s.match_one) {
    std::vector<ClassCriterion> any;
    for (std::size_t i = 0; i < s.matches.size(); i++) {
      for (ClassCriterion& c : OfMatch(s.matches[i], i + 1)) any.push_back(std::move(c));
    }
    all = Product(all, any);
  } else {
    for (std::size_t i = 0; i < s.matches.size(); i++) all = Product(all, OfMatch(s.matches[i], i + 1));
  }
  const bool ports = s.default_inspection_traffic && !s.match_any;
  if (!ports && inspection == nullptr) return all;
  // Default ports, or in a class of one's own choice the protocols that the inspection reads. Of rows with the same
  // ports, one stands.
  std::vector<ClassCriterion> rows;
  for (const DefaultPorts& row : DefaultInspectionPorts()) {
    if (!IsOf(row, inspection)) continue;
    ClassCriterion c;
    c.protocol = row.protocol;
    if (ports) {
      c.which = NameOf(row);
      (row.source ? c.sport : c.dport) = row.ports;
      if (row.protocol == 1 || row.protocol == 58) c.dport = {};
    } else {
      c.which = Mix(row.protocol + 1u, 0);
    }
    const bool there = std::any_of(rows.begin(), rows.end(), [&](const ClassCriterion& r) { return r.which == c.which; });
    if (!there) rows.push_back(c);
  }
  return rows.empty() ? all : Product(all, rows);
}

std::uint64_t CriterionOf(const ServiceClass& s, const Inspection* inspection, const ClassFlow& f) {
  std::uint64_t which = 0;
  if (!s.match_any) {
    for (std::size_t i = 0; i < s.matches.size(); i++) {
      const auto name = NameInMatch(s.matches[i], i + 1, f);
      if (!name) continue;
      which = Mix(which, *name);
      if (s.match_one) break;
    }
  }
  const bool ports = s.default_inspection_traffic && !s.match_any;
  if (!ports && inspection == nullptr) return which;
  for (const DefaultPorts& row : DefaultInspectionPorts()) {
    if (!IsOf(row, inspection)) continue;
    if (ports ? Fits(row, f.flow) : row.protocol == 0 || row.protocol == f.flow.protocol) {
      return Mix(which, ports ? NameOf(row) : Mix(row.protocol + 1u, 0));
    }
  }
  return which;
}

void ClassActed(Context& c, AspWhat what, const ServiceClass& s, const Inspection* inspection, bool record) {
  // The policy of an interface that the flow leaves by acts there.
  const bool out = s.interface != IfId::kAny && (c.in == nullptr || s.interface != c.in->id);
  const Interface* at = out ? c.out : c.in;
  const std::uint64_t which = CriterionOf(s, inspection, FlowOf(c));
  const IfId interface = at != nullptr ? at->id : IfId::kIdentity;
  if (!c.tracing()) {
    c.core.asp_hits.classes[{s.id, what, inspection != nullptr ? inspection->id : InspectId::kNone, interface, out, which}]++;
  }
  if (!record || !c.recording()) return;
  const void* object = inspection != nullptr ? static_cast<const void*>(inspection) : &s;
  c.trace->Rule({what, interface, out, object, c.packet.key.src, c.real_dst.address, which});
}

}  // namespace sallyport
