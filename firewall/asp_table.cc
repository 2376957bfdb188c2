#include "firewall/asp_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "firewall/asp_class.h"
#include "firewall/policy.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostPieces = 64;  // of one element: a range of addresses as prefixes

// FNV-1a, 64 bits: an id that is the same in every run and depends on the rule alone.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : text) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  return h ^ h >> 29;
}

struct Piece {
  IpAddress address;
  int length = 0;  // of its family
  bool v6 = false;  // any address of IPv6
};

// A range as prefixes, as the path holds it. Any address: one piece without an address; so is `any6`, of which two ranges are made.
std::vector<Piece> PiecesOf(const AddressRange& range) {
  std::vector<Piece> pieces;
  if (HalfOfAny6(range) != 0) return {Piece{{}, 0, true}};
  if (range.first.IsNone()) return {Piece{}};
  const bool v4 = range.first.IsV4();
  const int family = v4 ? 32 : 128;
  IpAddress at = range.first;
  while (pieces.size() < kMostPieces) {
    int length = family;
    while (length > 0) {
      const AddressRange wider = AddressRange::Of(Prefix::Of(at, length - 1));
      if (wider.first != at || range.last < wider.last) break;
      length--;
    }
    pieces.push_back({length == 0 ? IpAddress() : at, length, length == 0 && !v4});
    const AddressRange taken = AddressRange::Of(Prefix::Of(at, length));
    if (!(taken.last < range.last)) break;
    at = taken.last.Plus(1);
  }
  return pieces;
}

bool Within(const IpAddress& a, const IpAddress& net, int length, bool v6) {
  if (v6) return !a.IsV4();
  return net.IsNone() || AddressRange::Of(Prefix::Of(net, length)).Contains(a);
}

class Builder {
 public:
  Builder(const Policy& policy, const std::vector<IfId>& captured, std::vector<AspRule>& rules)
      : policy_(policy), captured_(captured), rules_(rules), wide_(policy.personality.any4_keyword) {}

  void Build() {
    for (const auto& i : policy_.interfaces) {
      if (i && i->id != IfId::kIdentity && i->InUse()) OfInterface(*i);
    }
    PerSession();
    for (const NatRule& r : policy_.nat.rules()) Translation(r);
    for (const ServiceClass& s : policy_.service) Class(s);
    std::stable_sort(rules_.begin(), rules_.end(), [](const AspRule& a, const AspRule& b) {
      if (a.domain != b.domain) return a.domain < b.domain;
      if (a.ref.out != b.ref.out) return !a.ref.out;
      if (a.layer2 != b.layer2) return !a.layer2;
      return a.priority > b.priority;
    });
  }

 private:
  AspRule& Add(AspWhat what, IfId interface, bool out, const void* object, std::string_view text, AspDomain domain, int priority, bool deny) {
    AspRule r;
    r.ref = {what, interface, out, object, {}, {}};
    r.domain = domain;
    r.priority = priority;
    r.deny = deny;
    out ? r.output = interface : r.input = interface;
    const Interface* i = policy_.Find(interface);
    r.id = IdOf(fmt::format("{}|{}|{}|{}|{}", Keyword(domain), out, i != nullptr ? i->nameif : "", static_cast<int>(what), text));
    rules_.push_back(std::move(r));
    return rules_.back();
  }
  std::uint64_t IdOf(const std::string& key) {
    // As an ASA's addresses look: 64 bits from 9.0 on, 32 before.
    std::uint64_t id = wide_ ? 0x7f0000000000u | (Hash(key) & 0xfffffffff0u) : 0xa8000000u | (Hash(key) & 0x7fffff8u);
    while (!taken_.insert(id).second) id += 0x10;
    return id;
  }
  std::uint64_t DataOf(const std::string& key) { return IdOf("data|" + key); }

  void OfInterface(const Interface& i) {
    if (std::find(captured_.begin(), captured_.end(), i.id) != captured_.end()) {
      AspRule& c = Add(AspWhat::kCapture, i.id, false, nullptr, "", AspDomain::kCapture, 13, false);
      c.layer2 = true;
    }
    AspRule& l2 = Add(AspWhat::kLayer2, i.id, false, nullptr, "", AspDomain::kPermit, 1, false);
    l2.layer2 = true;
    l2.l3_type = 0x8;
    l2.mask_multicast = true;
    if (!i.address.IsNone()) {
      AspRule& own = Add(AspWhat::kOwnAddress, i.id, false, nullptr, i.address.ToString(), AspDomain::kPermit, 500, true);
      own.reverse = true;
      own.user_data = 0x6;
      own.src = i.address;
      own.src_length = i.address.IsV4() ? 32 : 128;
    }
    if (!policy_.same_security_intra) {
      AspRule& same = Add(AspWhat::kSameInterface, i.id, false, nullptr, "", AspDomain::kPermit, 111, true);
      same.flags = 0x4000;
      same.output = i.id;
    }
    Box(i);
    List(i.access_in.get(), i, false);
    List(policy_.access_global.get(), i, false);
    if (!i.access_in && !policy_.access_global) {
      Add(AspWhat::kLevels, i.id, false, nullptr, "", AspDomain::kPermit, 2, false).flags = 0x3000;
    }
    Implicit(i, false);
    if (i.access_out) {
      List(i.access_out.get(), i, true);
      Implicit(i, true);
    }
    AspRule& options = Add(AspWhat::kIpOptions, i.id, false, nullptr, "", AspDomain::kInspectIpOptions, 0, true);
    options.reverse = true;
  }

  void Implicit(const Interface& i, bool out) {
    AspRule& r = Add(AspWhat::kImplicit, i.id, out, nullptr, "", AspDomain::kPermit, 11, true);
    r.user_data = 0x6;
    r.use_real_addr = wide_;
  }

  void Box(const Interface& i) {
    AspRule& yes = Add(AspWhat::kBoxPermit, i.id, false, nullptr, "", AspDomain::kPermit, 121, false);
    yes.output = IfId::kIdentity;
    AspRule& no = Add(AspWhat::kBoxDeny, i.id, false, nullptr, "", AspDomain::kPermit, 0, true);
    no.output = IfId::kIdentity;
  }

  static void Address(AspRule& r, const Piece& src, const Piece& dst) {
    r.src = src.address;
    r.src_length = src.length;
    r.src_v6 = src.v6;
    r.dst = dst.address;
    r.dst_length = dst.length;
    r.dst_v6 = dst.v6;
  }

  void List(const AccessList* list, const Interface& i, bool out) {
    if (list == nullptr) return;
    std::map<std::string, std::size_t> any6;  // rules whose element has a twin
    for (const AclElement& e : list->elements()) {
      if (e.inactive || e.unknown) continue;
      const bool halves = HalfOfAny6(e.src) != 0 || HalfOfAny6(e.dst) != 0;
      const std::string twin = !halves ? "" : fmt::format("{}|{}|{}-{}|{}-{}|{}|{}", e.line, e.text, e.sport.first, e.sport.last, e.dport.first,
                                                          e.dport.last, HalfOfAny6(e.src) != 0 ? "any6" : e.src.first.ToString(),
                                                          HalfOfAny6(e.dst) != 0 ? "any6" : e.dst.first.ToString());
      if (const auto before = any6.find(twin); halves && before != any6.end()) {
        rules_[before->second].also.push_back(&e);
        continue;
      }
      if (halves) any6[twin] = rules_.size();
      const std::vector<Piece> sources = PiecesOf(e.src), destinations = PiecesOf(e.dst);
      const bool all = e.protocol == 0 && !halves && sources.front().address.IsNone() && destinations.front().address.IsNone();
      const std::uint64_t data = DataOf(list->name() + "|" + std::to_string(e.hash) + "|" + e.text + "|" + i.nameif);
      for (const Piece& s : sources) {
        for (const Piece& d : destinations) {
          AspRule& r = Add(AspWhat::kElement, i.id, out, &e, list->name() + e.text + s.address.ToString() + d.address.ToString(), AspDomain::kPermit,
                           all ? 12 : 13, !e.permit);
          r.user_data = data;
          r.use_real_addr = policy_.personality.real_address_access_lists;
          r.protocol = e.protocol;
          Address(r, s, d);
          r.sport = e.sport;
          r.dport = e.dport;
          r.icmp_type = e.icmp_type;
          r.icmp_code = e.icmp_code;
        }
      }
    }
  }

  void PerSession() {
    if (!policy_.personality.per_session_pat) return;
    AspRule& tcp = Add(AspWhat::kPerSession, IfId::kAny, false, nullptr, "", AspDomain::kNatPerSession, 0, false);
    tcp.reverse = tcp.use_real_addr = true;
    tcp.protocol = 6;
    AspRule& other = Add(AspWhat::kMultiSession, IfId::kAny, false, nullptr, "", AspDomain::kNatPerSession, 0, true);
    other.reverse = other.use_real_addr = true;
  }

  void Translation(const NatRule& n) {
    if (n.inactive) return;
    const std::uint64_t data = DataOf("nat|" + std::to_string(n.id) + n.config);
    const std::vector<AddressRange> any{AddressRange{}};
    for (const AddressRange& range : n.real_src.empty() ? any : n.real_src) {
      for (const Piece& piece : PiecesOf(range)) {
        const std::string text = n.config + std::to_string(n.id) + piece.address.ToString();
        AspRule& to = Add(AspWhat::kNat, n.real_if, false, &n, text, AspDomain::kNat, policy_.personality.object_nat ? 6 : 1, false);
        to.user_data = data;
        to.protocol = n.service_protocol;
        Address(to, piece, {});
        if (n.service_protocol != 0) to.sport = n.real_sport;
        to.output = n.mapped_if;
        // The same rule as the reply of a flow towards its hosts takes it.
        AspRule& back = Add(AspWhat::kNatReverse, n.real_if, true, &n, text, AspDomain::kNatReverse, policy_.personality.object_nat ? 6 : 1, false);
        back.user_data = data;
        back.use_real_addr = policy_.personality.object_nat;
        back.protocol = n.service_protocol;
        Address(back, {}, piece);
        if (n.service_protocol != 0) back.dport = n.real_sport;
        back.input = n.mapped_if;
      }
    }
  }

  void Class(const ServiceClass& s) {
    if (s.connection.Any()) Criteria(s, nullptr);
    for (const Inspection& inspection : s.inspections) {
      if (inspection.id != InspectId::kNone) Criteria(s, &inspection);
    }
  }

  // What the class matches, where its policy is applied: on what enters an interface, and with a policy of the interface's own also on
  // what leaves it.
  void Criteria(const ServiceClass& s, const Inspection* inspection) {
    const AspWhat what = inspection != nullptr ? AspWhat::kInspection : AspWhat::kConnSet;
    const AspDomain domain = inspection != nullptr ? AspDomain::kInspect : AspDomain::kConnSet;
    const void* object = inspection != nullptr ? static_cast<const void*>(inspection) : &s;
    const std::string name = inspection != nullptr ? inspection->name : "";
    const int priority = inspection == nullptr ? 7 : inspection->id == InspectId::kIcmp ? 66 : 70;
    const std::vector<ClassCriterion> criteria = CriteriaOf(s, inspection);
    for (const auto& i : policy_.interfaces) {
      if (!i || i->id == IfId::kIdentity || !i->InUse() || (s.interface != IfId::kAny && s.interface != i->id)) continue;
      const std::uint64_t data = DataOf(fmt::format("{}|{}|{}|{}", s.policy_name, s.class_name, name, i->nameif));
      for (const bool out : {false, true}) {
        if (out && s.interface == IfId::kAny) continue;
        for (const ClassCriterion& c : criteria) {
          if (HalfOfAny6(c.src) == 2 || HalfOfAny6(c.dst) == 2) continue;
          for (const Piece& src : PiecesOf(c.src)) {
            for (const Piece& dst : PiecesOf(c.dst)) {
              const std::string text = fmt::format("{}|{}|{}|{}|{}|{}", s.policy_name, s.class_name, name, c.which, src.address.ToString(), dst.address.ToString());
              AspRule& r = Add(what, i->id, out, object, text, domain, priority, c.deny);
              r.ref.which = c.which;
              r.use_real_addr = policy_.personality.real_address_access_lists;
              r.user_data = data;
              r.protocol = c.protocol;
              Address(r, src, dst);
              r.sport = c.sport;
              r.dport = c.dport;
              r.icmp_type = c.icmp_type;
              r.icmp_code = c.icmp_code;
              r.dscp = c.dscp;
              r.inspection = name == "icmp" && c.protocol == 58 ? "icmpv6" : name;
              std::replace(r.inspection.begin(), r.inspection.end(), ' ', '-');
            }
          }
        }
      }
    }
  }

  const Policy& policy_;
  const std::vector<IfId>& captured_;
  std::vector<AspRule>& rules_;
  const bool wide_;
  std::set<std::uint64_t> taken_;
};

std::string MaskText(const IpAddress& a, int length, bool v6) {
  if (a.IsNone()) return v6 ? "/0" : "0.0.0.0";
  return a.IsV4() ? MaskOf(length).ToString() : "/" + std::to_string(length);
}

std::string PortText(const PortRange& p) {
  if (p.IsAny()) return "0";
  return p.first == p.last ? std::to_string(p.first) : fmt::format("{}-{}", p.first, p.last);
}

}  // namespace

const char* Keyword(AspDomain d) {
  static constexpr const char* kWords[] = {"permit", "capture", "conn-set", "nat", "nat-reverse", "nat-per-session",
                                           "inspect-ip-options", "inspect", "encrypt", "decrypt", "ipsec-user", "ipsec-tunnel-flow",
                                           "ipsec-natt", "ctcp", "vpn-user"};
  return kWords[static_cast<std::size_t>(d)];
}

std::string DomainOf(const AspRule& r) { return r.domain == AspDomain::kInspect ? "inspect-" + r.inspection : Keyword(r.domain); }

AspTable::AspTable(const Policy& policy, const AspHits& hits, const std::vector<IfId>& captured) {
  Builder(policy, captured, rules_).Build();
  Recount(policy, hits);
}

void AspTable::Recount(const Policy& policy, const AspHits& hits) {
  std::map<const void*, std::pair<std::uint32_t, InspectId>> classes;  // whose objects are of which class
  for (const ServiceClass& s : policy.service) {
    classes[&s] = {s.id, InspectId::kNone};
    for (const Inspection& i : s.inspections) classes[&i] = {s.id, i.id};
  }
  const auto count = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  for (AspRule& r : rules_) {
    r.hits = 0;
    switch (r.ref.what) {
      case AspWhat::kElement:
        if (const auto* e = static_cast<const AclElement*>(r.ref.object); e->hits != nullptr) r.hits = count(e->hits->hits);
        break;
      case AspWhat::kNat:
        if (const auto* n = static_cast<const NatRule*>(r.ref.object); n->hits != nullptr) r.hits = count(n->hits->translate);
        break;
      case AspWhat::kNatReverse:
        if (const auto* n = static_cast<const NatRule*>(r.ref.object); n->hits != nullptr) r.hits = count(n->hits->untranslate);
        break;
      case AspWhat::kConnSet:
      case AspWhat::kInspection: {
        const auto [id, inspection] = classes[r.ref.object];
        const auto at = hits.classes.find({id, r.ref.what, inspection, r.ref.interface, r.ref.out, r.ref.which});
        if (at != hits.classes.end()) r.hits = at->second;
        break;
      }
      default: r.hits = hits.Of(r.ref.what, r.ref.interface);
    }
  }
}

void AspTable::CountFrom(const std::map<std::uint64_t, std::uint64_t>& cleared) {
  for (AspRule& r : rules_) {
    // A counter that is behind began anew: `clear access-list NAME counters`, a class that came back.
    if (const auto was = cleared.find(r.id); was != cleared.end() && was->second <= r.hits) r.hits -= was->second;
  }
}

void AspTable::Add(std::vector<AspRule> rules) { rules_.insert(rules_.end(), std::make_move_iterator(rules.begin()), std::make_move_iterator(rules.end())); }

const AspRule* AspTable::Find(const AspRef& ref) const {
  // What names it best: the interface and the addresses; then the rule of all interfaces; then the element alone.
  for (const int pass : {0, 1, 2}) {
    for (const AspRule& r : rules_) {
      if (r.ref.what != ref.what || r.ref.out != ref.out || r.ref.which != ref.which) continue;
      if (r.ref.object != ref.object && std::find(r.also.begin(), r.also.end(), ref.object) == r.also.end()) continue;
      if (pass == 0 && r.ref.interface != ref.interface) continue;
      if (pass == 1 && r.ref.interface != IfId::kAny) continue;
      if (pass != 2 && (!Within(ref.src, r.src, r.src_length, r.src_v6) || !Within(ref.dst, r.dst, r.dst_length, r.dst_v6))) continue;
      return &r;
    }
  }
  return nullptr;
}

std::string AspRuleText(const AspRule& r, const Policy& policy, const std::string& indent) {
  const bool wide = policy.personality.any4_keyword;
  const auto name = [&](IfId id) -> std::string {
    if (id == IfId::kIdentity) return "identity";
    const Interface* i = policy.Find(id);
    return i != nullptr ? i->nameif : "any";
  };
  const std::string deep = "        ";
  std::string out = fmt::format("{}{} id=0x{:x}, priority={}, domain={}, deny={}\n{}hits={}, user_data=0x{:x}, cs_id=0x0, ", indent,
                                r.ref.out ? "out" : "in ", r.id, r.priority, DomainOf(r), r.deny, deep, r.hits, r.user_data);
  if (r.layer2) {
    out += fmt::format("l3_type=0x{:x}\n{}src mac=0000.0000.0000, mask=0000.0000.0000\n{}dst mac=0000.0000.0000, mask={}\n", r.l3_type, deep,
                       deep, r.mask_multicast ? "0100.0000.0000" : "0000.0000.0000");
  } else {
    const bool icmp = r.protocol == 1 || r.protocol == 58;
    const char* id = wide ? "/id" : "";
    const char* tag = wide ? ", tag=any" : "";
    const auto address = [](const IpAddress& a, bool v6) { return a.IsNone() ? std::string(v6 ? "::" : "0.0.0.0") : a.ToString(); };
    if (r.reverse) out += "reverse, ";
    if (r.use_real_addr) out += "use_real_addr, ";
    out += fmt::format("flags=0x{:x}, protocol={}\n", r.flags, r.protocol);
    out += fmt::format("{}src ip{}={}, mask={}, {}{}\n", deep, id, address(r.src, r.src_v6), MaskText(r.src, r.src_length, r.src_v6),
                       icmp ? fmt::format("icmp-type={}", std::max<int>(r.icmp_type, 0)) : "port=" + PortText(r.sport), tag);
    out += fmt::format("{}dst ip{}={}, mask={}, {}{}, dscp=0x{:x}{}\n", deep, id, address(r.dst, r.dst_v6), MaskText(r.dst, r.dst_length, r.dst_v6),
                       icmp ? fmt::format("icmp-code={}", std::max<int>(r.icmp_code, 0)) : "port=" + PortText(r.dport), tag, r.dscp,
                       policy.personality.trace_elapsed_time ? ", nsg_id=none" : "");
  }
  if (wide) out += fmt::format("{}input_ifc={}, output_ifc={}\n", deep, name(r.input), name(r.output));
  return out;
}

}  // namespace sallyport
