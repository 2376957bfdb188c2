// NAT of before 8.3, rule by rule, as object and twice NAT.
//
// What makes the order right: a rule with conditions (exemption, policy NAT) can only be twice NAT, section 1, which is tried
// first. Others go to section 2, which has an order of its own (static before dynamic, fewer addresses, lower address). Where two
// rules compete for a packet and that would turn them round, the earlier one moves to section 1 as well - as Cisco's migration
// does with a static that overlaps a policy NAT.
#include <algorithm>
#include <tuple>

#include "conf/migrate_parts.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

using Note = MigrationNote::Kind;

constexpr AddressRange AllV4() { return {IpAddress::V4(0), IpAddress::V4(0xffffffff)}; }

// A rule of the new configuration, in the order of the old one.
struct Piece {
  const NatRule* rule = nullptr;
  std::vector<AddressRange> real;    // empty: any
  std::vector<AddressRange> mapped;  // static rules
  std::string real_group;            // an object group of the old configuration that says the same
  std::vector<AddressRange> dst;     // empty: any
  std::string dst_group;
  std::uint8_t protocol = 0;  // of policy NAT, with the ports of the old access list
  PortRange sport, dport;
  bool twice = false;  // section 1

  bool dynamic() const { return rule->kind != NatRule::Kind::kStatic; }
  std::uint64_t size() const { return real.empty() ? std::uint64_t{1} << 32 : real.front().Size(); }
  IpAddress first() const { return real.empty() ? IpAddress::V4(0) : real.front().first; }
};

bool Overlap(const std::vector<AddressRange>& a, const std::vector<AddressRange>& b) {
  if (a.empty() || b.empty()) return true;
  return std::any_of(a.begin(), a.end(), [&](const AddressRange& x) {
    return std::any_of(b.begin(), b.end(), [&](const AddressRange& y) { return Overlap(x, y); });
  });
}
bool SameInterface(IfId a, IfId b) { return a == b || a == IfId::kAny || b == IfId::kAny; }

// May one packet want both, by its source or by its destination?
bool Compete(const Piece& a, const Piece& b) {
  if (!SameInterface(a.rule->real_if, b.rule->real_if) || !SameInterface(a.rule->mapped_if, b.rule->mapped_if)) return false;
  const std::uint8_t pa = std::max(a.protocol, a.rule->service_protocol), pb = std::max(b.protocol, b.rule->service_protocol);
  if (pa != 0 && pb != 0 && pa != pb) return false;
  if (!Overlap(a.dst, b.dst) || !Overlap(a.dport, b.dport) || !Overlap(a.sport, b.sport)) return false;
  if (Overlap(a.real, b.real) && Overlap(a.rule->real_sport, b.rule->real_sport)) return true;
  return !a.dynamic() && !b.dynamic() && Overlap(a.mapped, b.mapped) && Overlap(a.rule->mapped_sport, b.rule->mapped_sport);
}

// Would section 2 try b before a?
bool SectionTwoTurns(const Piece& a, const Piece& b) {
  return std::tuple(b.dynamic(), b.size(), b.first()) < std::tuple(a.dynamic(), a.size(), a.first());
}

class Migrator {
 public:
  Migrator(MigrationContext& context, MigrationObjects& objects) : c_(context), objects_(objects) {
    for (const Section s : {Section::kNat, Section::kStatic}) {
      for (const auto& l : c_.tree.Of(s)) by_text_.emplace(l->text, l.get());
    }
  }

  std::string Run() {
    for (const NatRule& r : c_.policy.nat.rules()) {
      seen_.insert(r.config);
      if (r.access_list != nullptr) Conditional(r);
      else Plain(r);
    }
    Order();
    std::string twice, automatic;
    for (const Piece& p : pieces_) {
      if (p.twice) twice += Twice(p) + "\n";
    }
    for (const Piece& p : pieces_) {
      if (!p.twice) automatic += Object(p);
    }
    automatic += Control();
    Unused();
    return twice + automatic;
  }

 private:
  void Plain(const NatRule& r) {
    Piece p;
    p.rule = &r;
    p.real = r.real_src;
    if (!p.dynamic()) p.mapped = r.identity ? r.real_src : r.mapped_src;
    p.twice = r.unidirectional || (!p.dynamic() && p.real.empty());
    pieces_.push_back(std::move(p));
  }

  // --- exemption and policy NAT: a rule for each line of its access list

  void Conditional(const NatRule& r) {
    const AccessList& list = *r.access_list;
    const Line* tree_list = c_.tree.Find(Section::kAccessList, list.name());
    for (std::size_t n = 0; n < list.lines().size(); n++) {
      const AclLine& line = list.lines()[n];
      const std::vector<AclElement> elements(list.elements().begin() + line.first_element,
                                             list.elements().begin() + line.first_element + line.element_count);
      if (elements.empty() || elements.front().inactive) continue;
      if (!elements.front().permit) continue;  // taken away from the permits behind it
      const bool minus = std::any_of(list.elements().begin(), list.elements().begin() + line.first_element,
                                     [](const AclElement& e) { return !e.permit && !e.inactive; });
      if (minus) {
        for (const AclElement& e : elements) WithoutDenies(r, e);
        continue;
      }
      // The elements of a line are the product of its sources, destinations and services.
      std::vector<AddressRange> src, dst;
      std::vector<AclElement> services;
      const auto add = [](std::vector<AddressRange>& to, const AddressRange& a) {
        if (std::find(to.begin(), to.end(), a) == to.end()) to.push_back(a);
      };
      for (const AclElement& e : elements) {
        add(src, e.src);
        add(dst, e.dst);
        if (std::none_of(services.begin(), services.end(), [&](const AclElement& s) { return SameService(s, e); })) services.push_back(e);
      }
      const auto* body = tree_list == nullptr || n >= tree_list->lines.size() ? nullptr : tree_list->lines[n]->As<ExtendedLine>();
      const auto group = [&](const AddressSpec& a) { return a.kind == AddressSpec::Kind::kGroup ? a.name : std::string(); };
      for (const AclElement& s : services) {
        Piece p;
        p.rule = &r;
        p.real = src;
        p.dst = dst;
        if (body != nullptr) {
          p.real_group = group(body->body.source);
          p.dst_group = group(body->body.destination);
        }
        Finish(std::move(p), s);
      }
    }
  }
  static bool SameService(const AclElement& a, const AclElement& b) {
    return a.protocol == b.protocol && a.sport == b.sport && a.dport == b.dport && a.icmp_type == b.icmp_type && a.icmp_code == b.icmp_code;
  }

  // A permit behind denies: what is left of its sources and destinations.
  void WithoutDenies(const NatRule& r, const AclElement& permit) {
    struct Box {
      AddressRange src, dst;
    };
    std::vector<Box> left = {{permit.src, permit.dst}};
    for (const AclElement& d : r.access_list->elements()) {
      if (&d == &permit || (d.line >= permit.line)) break;
      if (d.permit || d.inactive) continue;
      std::vector<Box> next;
      for (const Box& b : left) {
        if (!Overlap(b.src, d.src) || !Overlap(b.dst, d.dst)) {
          next.push_back(b);
          continue;
        }
        const bool service = d.icmp_type < 0 && (d.protocol == 0 || d.protocol == permit.protocol) &&
                             d.sport.first <= permit.sport.first && permit.sport.last <= d.sport.last &&
                             d.dport.first <= permit.dport.first && permit.dport.last <= d.dport.last;
        if (!service) {
          if (d.protocol == 0 || permit.protocol == 0 || d.protocol == permit.protocol) {
            c_.Note(Note::kWarning, r.config, r.config + ": NAT cannot leave out one service: \"" + d.text +
                                                  "\" of access-list " + r.access_list->name() + " is not heeded by the new rule");
          }
          next.push_back(b);
          continue;
        }
        const AddressRange s{std::max(b.src.first, d.src.first), std::min(b.src.last, d.src.last)};
        if (b.src.first < s.first) next.push_back({{b.src.first, Before(s.first)}, b.dst});
        if (s.last < b.src.last) next.push_back({{s.last.Plus(1), b.src.last}, b.dst});
        if (b.dst.first < d.dst.first) next.push_back({s, {b.dst.first, Before(d.dst.first)}});
        if (d.dst.last < b.dst.last) next.push_back({s, {d.dst.last.Plus(1), b.dst.last}});
      }
      left = std::move(next);
    }
    for (const Box& b : left) {
      Piece p;
      p.rule = &r;
      p.real = {b.src};
      p.dst = {b.dst};
      Finish(std::move(p), permit);
    }
  }
  static IpAddress Before(IpAddress a) { return IpAddress::V4(a.v4() - 1); }

  void Finish(Piece p, const AclElement& service) {
    const NatRule& r = *p.rule;
    if (r.exempt) {
      if (service.protocol != 0) {
        c_.Note(Note::kWarning, r.config, r.config + ": an exemption looks at addresses only; the protocol of \"" + service.text + "\" is kept");
      }
    }
    if (service.protocol != 0 && service.protocol != 6 && service.protocol != 17) {
      c_.Note(Note::kNotCarried, r.config, r.config + ": twice NAT knows the services tcp and udp only, not \"" + service.text + "\"");
      return;
    }
    p.protocol = service.protocol;
    p.sport = service.sport;
    p.dport = service.dport;
    if (p.dynamic() && !p.sport.IsAny()) {
      c_.Note(Note::kWarning, r.config, r.config + ": an ASA takes no source port in dynamic twice NAT: \"" + service.text + "\"");
    }
    p.twice = true;
    const bool any_peer = p.dst.size() == 1 && p.dst.front() == AllV4();
    if (any_peer && p.dport.IsAny()) p.dst.clear();
    if (p.real.size() == 1 && p.real.front() == AllV4() && (p.dynamic() || r.exempt)) p.real.clear();
    // A destination in twice NAT chooses the way: packets to it leave by the rule's interface, whatever the routing table says.
    // So only what is routed there anyway may stand in the rule.
    if (!r.exempt && !p.dst.empty()) {
      const std::vector<AddressRange> there = RoutedBy(c_.policy, p.dst, r.mapped_if);
      if (there.empty()) {
        c_.Note(Note::kInfo, r.config, r.config + ": \"" + service.text + "\" leads nowhere: no route by " + NameOf(r.mapped_if));
        return;
      }
      if (there != p.dst) {
        p.dst = there;
        p.dst_group.clear();
      }
    }
    if (p.dynamic() || r.exempt) {
      if (!p.dynamic()) p.mapped = p.real;
      pieces_.push_back(std::move(p));
      return;
    }
    // Policy static: every source has its place in the mapped addresses.
    for (const AddressRange& src : p.real) {
      Piece one = p;
      one.real = {src};
      one.real_group.clear();
      one.mapped = MappedOf(r, src);
      pieces_.push_back(std::move(one));
    }
    if (r.real_src.size() > 1) {
      c_.Note(Note::kWarning, r.config, r.config + ": its access list has several sources; each has become a rule of its own");
    }
  }
  static std::vector<AddressRange> MappedOf(const NatRule& r, const AddressRange& src) {
    std::uint64_t total = 0, position = 0;
    for (const AddressRange& m : r.mapped_src) total += m.Size();
    if (total == 0) return {};
    for (const AddressRange& s : r.real_src) {
      if (s.first <= src.first && src.last <= s.last) {
        position += src.first.Minus(s.first);
        break;
      }
      position += s.Size();
    }
    position %= total;
    if (position + src.Size() > total) return r.mapped_src;  // many hosts behind fewer addresses
    const IpAddress first = r.mapped_src.front().first.Plus(position);
    return {{first, first.Plus(src.Size() - 1)}};
  }

  void Order() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t i = 0; i < pieces_.size(); i++) {
        for (std::size_t j = i + 1; j < pieces_.size() && !pieces_[i].twice; j++) {
          if (!Compete(pieces_[i], pieces_[j])) continue;
          if (pieces_[j].twice || SectionTwoTurns(pieces_[i], pieces_[j])) pieces_[i].twice = moved = true;
        }
      }
    }
  }

  // --- text

  std::string NameOf(IfId id) const {
    const Interface* i = id == IfId::kAny ? nullptr : c_.policy.Find(id);
    return i == nullptr ? "any" : i->nameif;
  }
  std::string Pair(const NatRule& r) const { return "(" + NameOf(r.real_if) + "," + NameOf(r.mapped_if) + ")"; }
  std::string IdOf(const NatRule& r) const {
    const auto it = by_text_.find(r.config);
    const auto* v = it == by_text_.end() ? nullptr : it->second->As<OldNatLine>();
    return v == nullptr || !v->id ? "0" : std::to_string(*v->id);
  }
  std::string PoolName(const NatRule& r) { return "og-global-" + NameOf(r.mapped_if) + "_" + IdOf(r); }
  std::vector<AddressRange> PoolOf(const NatRule& r) const {
    std::vector<AddressRange> pool = r.mapped_src;
    pool.insert(pool.end(), r.pat_src.begin(), r.pat_src.end());
    return pool;
  }

  std::string Twice(const Piece& p) {
    const NatRule& r = *p.rule;
    const bool same = r.exempt || r.identity;
    const std::string real = !p.real_group.empty() ? p.real_group : p.real.empty() ? "any" : objects_.Any("og-" + ListOf(r) + "_src", p.real);
    std::string line = "nat " + Pair(r) + " source " + (p.dynamic() ? "dynamic " : "static ") + real + " ";
    if (same) line += real;
    else if (r.mapped_is_interface) line += "interface";
    else if (p.dynamic()) line += objects_.Any(PoolName(r), PoolOf(r));
    else line += objects_.Any("og-" + ListOf(r) + "_mapped", p.mapped);
    if (p.dynamic() && r.interface_fallback) line += " interface";
    if (!p.dst.empty()) {
      const bool any = p.dst.size() == 1 && p.dst.front() == AllV4();
      const std::string dst = !p.dst_group.empty() ? p.dst_group : any ? "any" : objects_.Any("og-" + ListOf(r) + "_dst", p.dst);
      line += " destination static " + dst + " " + dst;
    }
    if (r.service_protocol != 0) {
      line += " service " + objects_.Service(r.service_protocol, r.real_sport, {}) + " " + objects_.Service(r.service_protocol, r.mapped_sport, {});
    } else if (p.protocol != 0) {
      const std::string service = objects_.Service(p.protocol, p.sport, p.dport);
      line += " service " + service + " " + service;
    }
    if (r.dns) {
      if (p.dst.empty()) line += " dns";
      else c_.Note(Note::kWarning, r.config, r.config + ": `dns` does not go with a destination in twice NAT and is left out");
    }
    if (r.unidirectional) line += " unidirectional";
    // Exemption translates nothing and so does not choose the way. 8.3 said it with `unidirectional`.
    if (r.exempt || r.unidirectional) {
      if (c_.target.release >= 804) line += " no-proxy-arp route-lookup";
      else if (r.exempt) line += " unidirectional";
    }
    return line;
  }
  static std::string ListOf(const NatRule& r) { return r.access_list == nullptr ? "nat" : r.access_list->name(); }

  std::string Object(const Piece& p) {
    const NatRule& r = *p.rule;
    const std::string name = objects_.NetworkForNat(p.real.empty() ? AllV4() : p.real.front());
    std::string line = "object network " + name + "\n nat " + Pair(r) + (p.dynamic() ? " dynamic " : " static ");
    if (r.mapped_is_interface) line += "interface";
    else if (!p.dynamic()) line += p.mapped.empty() ? "0.0.0.0" : p.mapped.front().first.ToString();
    else if (const auto pool = PoolOf(r); pool.size() == 1 && pool.front().first == pool.front().last) line += pool.front().first.ToString();
    else line += objects_.Any(PoolName(r), pool);
    if (p.dynamic() && r.interface_fallback) line += " interface";
    if (r.dns) line += " dns";
    if (r.service_protocol != 0) {
      const bool tcp = r.service_protocol == 6;
      const PortFamily f = tcp ? PortFamily::kTcp : PortFamily::kUdp;
      line += std::string(" service ") + (tcp ? "tcp " : "udp ") + PortName(r.real_sport.first, f) + " " + PortName(r.mapped_sport.first, f);
    }
    return line + "\n";
  }

  // nat-control: what no rule translates does not pass to a lower level. A translation to 0.0.0.0, tried last, refuses it.
  std::string Control() {
    if (!c_.policy.nat.nat_control) return {};
    std::string out;
    for (const auto& from : c_.policy.interfaces) {
      for (const auto& to : c_.policy.interfaces) {
        if (!from || !to || from->nameif.empty() || to->nameif.empty() || from->id == IfId::kIdentity || to->id == IfId::kIdentity) continue;
        if (from->security_level <= to->security_level) continue;
        const bool covered = std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& p) {
          return p.rule->access_list == nullptr && p.real.empty() && SameInterface(p.rule->real_if, from->id) && SameInterface(p.rule->mapped_if, to->id);
        });
        if (covered) continue;
        const std::string zero = objects_.Network({IpAddress::V4(0), IpAddress::V4(0)});
        out += "object network " + objects_.NetworkForNat(AllV4()) + "\n nat (" + from->nameif + "," + to->nameif + ") dynamic " + zero + "\n";
      }
    }
    return out;
  }

  // Lines that translate nothing.
  void Unused() {
    std::set<int> pools;
    for (const auto* n : c_.tree.All<OldNatLine>(Section::kNat)) {
      if (n->access_list.empty() || n->id != 0) pools.insert(n->id.value_or(0));
    }
    for (const auto& l : c_.tree.Of(Section::kNat)) {
      if (!seen_.contains(l->text)) c_.Note(Note::kInfo, l->text, l->text + ": has no effect, there is no `global` with its number");
    }
    for (const auto& l : c_.tree.Of(Section::kStatic)) {
      if (!seen_.contains(l->text)) c_.Note(Note::kNotCarried, l->text, l->text + ": does not act in the old configuration");
    }
    for (const auto& l : c_.tree.Of(Section::kGlobal)) {
      const auto* g = l->As<GlobalLine>();
      if (g != nullptr && !pools.contains(g->id.value_or(0))) {
        c_.Note(Note::kInfo, l->text, l->text + ": has no effect, no `nat` uses its number");
      }
    }
  }

  MigrationContext& c_;
  MigrationObjects& objects_;
  std::map<std::string, const Line*> by_text_;
  std::set<std::string> seen_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::string MigrateNat(MigrationContext& context, MigrationObjects& objects) { return Migrator(context, objects).Run(); }

}  // namespace sallyport
