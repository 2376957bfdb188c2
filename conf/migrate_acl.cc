// Interface access lists: before 8.3 they see what is on the wire at their interface, from then on real addresses and ports.
//
// `in`: the destination may be a static's mapped address. `out`: the source may be what a host was translated to. Such a line
// becomes one with the real addresses, or several; what was one line and is several stands between remarks, as Cisco's migration
// does. What cannot be told apart any more has a warning: from 8.3 on a list cannot see by which address a host was asked for.
#include <algorithm>
#include <span>

#include "conf/migrate_parts.h"

namespace sallyport {
namespace {

using Note = MigrationNote::Kind;

constexpr AddressRange kAllV4{IpAddress::V4(0), IpAddress::V4(0xffffffff)};

bool Inside(const AddressRange& inner, const AddressRange& outer) { return outer.first <= inner.first && inner.last <= outer.last; }
bool Inside(const PortRange& inner, const PortRange& outer) { return outer.first <= inner.first && inner.last <= outer.last; }
AddressRange Common(const AddressRange& a, const AddressRange& b) { return {std::max(a.first, b.first), std::min(a.last, b.last)}; }
PortRange Common(const PortRange& a, const PortRange& b) { return {std::max(a.first, b.first), std::min(a.last, b.last)}; }

// What a line matches, without its options.
struct Flow {
  std::uint8_t protocol = 0;
  AddressRange src, dst;
  PortRange sport, dport;
  bool operator==(const Flow&) const = default;
};

// The subnets that a range is made of: an access list knows no ranges.
std::vector<AddressRange> Subnets(const AddressRange& range) {
  std::vector<AddressRange> out;
  std::uint64_t at = range.first.v4();
  const std::uint64_t end = std::uint64_t{range.last.v4()} + 1;
  while (at < end) {
    std::uint64_t size = at == 0 ? std::uint64_t{1} << 32 : at & ~(at - 1);
    while (at + size > end) size /= 2;
    out.push_back({IpAddress::V4(static_cast<std::uint32_t>(at)), IpAddress::V4(static_cast<std::uint32_t>(at + size - 1))});
    at += size;
  }
  return out;
}

// "any" -> "any4" where the word any would be both families.
std::string Era(const std::string& text, const Personality& target) {
  if (!target.any4_keyword) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const bool name = out.ends_with("object-group ") || out.ends_with("time-range ") || out.ends_with("interface ");
    out += word == "any" && !name ? "any4" : word;
    if (end < text.size()) out += ' ';
    at = end + 1;
  }
  return out;
}

std::string Address(const AddressRange& r, const Personality& target) {
  if (r == kAllV4) return target.any4_keyword ? "any4" : "any";
  if (r.first == r.last) return "host " + r.first.ToString();
  return r.first.ToString() + " " + IpAddress::V4(~static_cast<std::uint32_t>(r.Size() - 1)).ToString();
}
std::string Ports(const PortRange& p, std::uint8_t protocol) {
  if (p.IsAny()) return {};
  const PortFamily f = protocol == 6 ? PortFamily::kTcp : protocol == 17 ? PortFamily::kUdp : PortFamily::kBoth;
  if (p.first == p.last) return " eq " + PortName(p.first, f);
  if (p.first == 0) return " lt " + PortName(static_cast<std::uint16_t>(p.last + 1), f);
  if (p.last == 65535) return " gt " + PortName(static_cast<std::uint16_t>(p.first - 1), f);
  return " range " + PortName(p.first, f) + " " + PortName(p.last, f);
}
// " log ...", " time-range ...", " inactive" of a line's text.
std::string Options(const std::string& text) {
  for (const char* word : {" log", " time-range ", " inactive"}) {
    const std::size_t at = text.find(word);
    if (at == std::string::npos) continue;
    const char next = at + std::string_view(word).size() < text.size() ? text[at + std::string_view(word).size()] : ' ';
    if (next == ' ' || std::string_view(word).ends_with(' ')) return text.substr(at);
  }
  return {};
}

class Rewriter {
 public:
  Rewriter(MigrationContext& context, const AccessGroupLine& group) : c_(context) {
    const Interface* i = c_.policy.FindByName(group.interface);
    id_ = i == nullptr ? IfId::kAny : i->id;
    incoming_ = group.direction == AccessGroupLine::Direction::kIn;
  }

  std::vector<std::string> Lines(const Line& list, const AccessList& compiled) {
    std::vector<std::string> out;
    for (std::size_t n = 0; n < list.lines.size(); n++) {
      const Line& line = *list.lines[n];
      const auto* e = line.As<ExtendedLine>();
      if (e == nullptr || n >= compiled.lines().size()) {
        out.push_back(Era(line.text, c_.target));
        continue;
      }
      const AclLine& range = compiled.lines()[n];
      One(list, line, {compiled.elements().data() + range.first_element, range.element_count}, n + 1, out);
    }
    return out;
  }

 private:
  // A line that names translated addresses becomes its real ones.
  void One(const Line& list, const Line& line, std::span<const AclElement> elements, std::size_t number, std::vector<std::string>& out) {
    std::vector<std::string> fresh;
    const auto put = [&](std::string text) {
      if (std::find(fresh.begin(), fresh.end(), text) == fresh.end()) fresh.push_back(std::move(text));
    };
    bool touched = false;
    for (const AclElement& e : elements) {
      const std::vector<Flow> real = Real(e, list, line);
      touched = touched || !real.empty();
      for (const Flow& f : real) {
        for (const AddressRange& src : Subnets(f.src)) {
          for (const AddressRange& dst : Subnets(f.dst)) put(Text({f.protocol, src, dst, f.sport, f.dport}, e, line));
        }
      }
      if (!covered_) put(Text({e.protocol, e.src, e.dst, e.sport, e.dport}, e, line));
    }
    if (!touched) {
      out.push_back(Era(line.text, c_.target));
      return;
    }
    if (fresh.size() == 1) {
      out.push_back(fresh.front());
      return;
    }
    out.push_back("remark Migration, ACE (line " + std::to_string(number) + ") expanded: " + Short(line.text));
    out.insert(out.end(), fresh.begin(), fresh.end());
    out.push_back("remark Migration: End of expansion");
  }
  static std::string Short(std::string text) {
    if (text.starts_with("extended ")) text.erase(0, 9);
    while (text.ends_with(' ')) text.pop_back();
    return text.substr(0, 60);
  }

  // What the element's mapped addresses really are. `covered_`: nothing of the element is left besides.
  std::vector<Flow> Real(const AclElement& e, const Line& list, const Line& line) {
    std::vector<Flow> out;
    covered_ = false;
    const AddressRange& wanted = incoming_ ? e.dst : e.src;
    const PortRange& wanted_port = incoming_ ? e.dport : e.sport;
    std::uint64_t covered = 0;
    for (const NatRule& r : c_.policy.nat.rules()) {
      if (r.exempt || r.identity || r.unidirectional || !(r.mapped_if == id_ || r.mapped_if == IfId::kAny)) continue;
      if (incoming_ && r.kind != NatRule::Kind::kStatic) continue;
      if (r.service_protocol != 0 && e.protocol != 0 && e.protocol != r.service_protocol) continue;
      const bool ports = r.service_protocol != 0;
      std::vector<AddressRange> reals = r.real_src.empty() ? std::vector<AddressRange>{kAllV4} : r.real_src;
      if (r.kind != NatRule::Kind::kStatic && !Pool(e, r, reals, list, line)) continue;
      if (ports && !Overlap(wanted_port, r.mapped_sport)) {
        if (Overlap(wanted_port, r.real_sport)) Ambiguous(e, r, reals, list, line);
        continue;
      }
      std::uint64_t position = 0, total = 0;
      for (const AddressRange& m : r.mapped_src) total += m.Size();
      for (const AddressRange& m : r.mapped_src) {
        const AddressRange hit = Common(wanted, m);
        if (hit.last < hit.first) {
          Ambiguous(e, r, reals, list, line);
          position += m.Size();
          continue;
        }
        for (const AddressRange& real : RealOf(r, reals, position + hit.first.Minus(m.first), hit.Size(), total)) {
          Exempt(r, real, list, line);
          Twins(e, r, real, list, line);
          Flow f{ports ? r.service_protocol : e.protocol, e.src, e.dst, e.sport, e.dport};
          (incoming_ ? f.dst : f.src) = real;
          if (ports) (incoming_ ? f.dport : f.sport) = r.real_sport;
          if (r.access_list == nullptr) {
            Add(e, f, out);
            continue;
          }
          // Policy NAT: for its peers only.
          for (const AclElement& a : r.access_list->elements()) {
            if (!a.permit || a.inactive || !Overlap(a.src, real)) continue;
            if (a.protocol != 0 && e.protocol != 0 && a.protocol != e.protocol) continue;
            Flow narrow = f;
            AddressRange& peer = incoming_ ? narrow.src : narrow.dst;
            PortRange& peer_port = incoming_ ? narrow.sport : narrow.dport;
            PortRange& port = incoming_ ? narrow.dport : narrow.sport;
            if (!Overlap(peer, a.dst) || !Overlap(peer_port, a.dport) || !Overlap(port, a.sport)) continue;
            peer = Common(peer, a.dst);
            if (a.protocol != 0) {
              narrow.protocol = a.protocol;
              peer_port = Common(peer_port, a.dport);
              port = Common(port, a.sport);
            }
            (incoming_ ? narrow.dst : narrow.src) = Common(real, a.src);
            Add(e, narrow, out);
          }
        }
        if (!ports && r.access_list == nullptr) covered += hit.Size();
        else if (ports && r.access_list == nullptr && hit.Size() == wanted.Size() && Inside(wanted_port, r.mapped_sport)) covered += hit.Size();
        position += m.Size();
      }
    }
    covered_ = !out.empty() && covered >= wanted.Size();
    return out;
  }
  // A host that has an exemption besides is reached by both addresses, and the new list has one line for both.
  void Exempt(const NatRule& r, const AddressRange& real, const Line& list, const Line& line) {
    const std::string text = "access-list " + list.key + " " + line.text;
    for (const NatRule& x : c_.policy.nat.rules()) {
      if (!x.exempt || x.real_if != r.real_if) continue;
      const auto& elements = x.access_list->elements();
      if (std::none_of(elements.begin(), elements.end(), [&](const AclElement& e) { return e.permit && Overlap(e.src, real); })) continue;
      if (!warned_.insert({text, x.config}).second) continue;
      c_.Note(Note::kWarning, text, text + ": names a host by its mapped address that \"" + x.config +
                                        "\" shows by its real one, too; from 8.3 on this line is asked about both");
    }
  }
  // So is a host that has another static translation there, unless the element names that address, too.
  void Twins(const AclElement& e, const NatRule& r, const AddressRange& real, const Line& list, const Line& line) {
    if (!incoming_) return;
    const std::string text = "access-list " + list.key + " " + line.text;
    for (const NatRule& x : c_.policy.nat.rules()) {
      if (&x == &r || x.kind != NatRule::Kind::kStatic || x.exempt || x.identity || x.mapped_if != r.mapped_if || x.service_protocol != 0) continue;
      const auto shows = [&](const AddressRange& s) { return Overlap(s, real); };
      const auto named = [&](const AddressRange& m) { return Overlap(m, e.dst); };
      if (std::none_of(x.real_src.begin(), x.real_src.end(), shows) || std::any_of(x.mapped_src.begin(), x.mapped_src.end(), named)) continue;
      if (!warned_.insert({text, x.config}).second) continue;
      c_.Note(Note::kWarning, text, text + ": names a host by one of its mapped addresses that \"" + x.config +
                                        "\" shows by another, too; from 8.3 on this line is asked about both");
    }
  }
  // Hosts behind a pool, as an `out` list sees them. False: nothing to rewrite.
  bool Pool(const AclElement& e, const NatRule& r, std::vector<AddressRange>& reals, const Line& list, const Line& line) {
    const auto& pool = r.mapped_src;
    if (e.src == kAllV4 || std::none_of(pool.begin(), pool.end(), [&](const AddressRange& m) { return Overlap(m, e.src); })) return false;
    const std::string text = "access-list " + list.key + " " + line.text;
    const bool whole = std::all_of(pool.begin(), pool.end(), [&](const AddressRange& m) { return Inside(m, e.src); });
    c_.Note(Note::kWarning, text, text + ": names " + (whole ? "the" : "a part of the") + " addresses that \"" + r.config + "\" gives out; " +
                                      (whole ? "the new line names the hosts behind them, also those that another rule translates"
                                             : "which hosts have them cannot be said with real addresses, and it is left as it is"));
    if (r.real_src.empty()) reals = RoutedBy(c_.policy, reals, r.real_if);
    return whole;
  }
  // Not when the element says it already.
  static void Add(const AclElement& e, const Flow& f, std::vector<Flow>& out) {
    if (Inside(f.src, e.src) && Inside(f.dst, e.dst) && Inside(f.sport, e.sport) && Inside(f.dport, e.dport)) return;
    if (std::find(out.begin(), out.end(), f) == out.end()) out.push_back(f);
  }
  static std::vector<AddressRange> RealOf(const NatRule& r, const std::vector<AddressRange>& reals, std::uint64_t position,
                                          std::uint64_t size, std::uint64_t mapped_total) {
    std::uint64_t total = 0;
    for (const AddressRange& s : reals) total += s.Size();
    if (r.kind != NatRule::Kind::kStatic || total != mapped_total) return reals;  // any of them may stand behind the address
    std::vector<AddressRange> out;
    for (const AddressRange& s : reals) {
      if (size == 0) break;
      if (position >= s.Size()) {
        position -= s.Size();
        continue;
      }
      const std::uint64_t n = std::min(size, s.Size() - position);
      out.push_back({s.first.Plus(position), s.first.Plus(position + n - 1)});
      size -= n;
      position = 0;
    }
    return out;
  }
  // The element names real addresses, whose mapped ones it does not name: the new list cannot keep them apart.
  void Ambiguous(const AclElement& e, const NatRule& r, const std::vector<AddressRange>& reals, const Line& list, const Line& line) {
    if (!incoming_ || r.kind != NatRule::Kind::kStatic) return;
    const std::string text = "access-list " + list.key + " " + line.text;
    for (const AddressRange& real : reals) {
      if (!Overlap(real, e.dst) || !warned_.insert({text, r.config}).second) continue;
      c_.Note(Note::kWarning, text, text + ": names real addresses of \"" + r.config + "\"; from 8.3 on this line is also asked about packets to the mapped ones");
    }
  }

  std::string Text(const Flow& f, const AclElement& e, const Line& line) const {
    std::string text = std::string("extended ") + (e.permit ? "permit " : "deny ") + ProtocolName(f.protocol) + " " + Address(f.src, c_.target) +
                       Ports(f.sport, f.protocol) + " " + Address(f.dst, c_.target) + Ports(f.dport, f.protocol);
    if (e.icmp_type >= 0 && f.protocol == e.protocol) {
      text += " " + IcmpTypeName(static_cast<std::uint8_t>(e.icmp_type), f.protocol == 58);
      if (e.icmp_code >= 0) text += " " + std::to_string(e.icmp_code);
    }
    return text + Options(line.text);
  }

  MigrationContext& c_;
  IfId id_{};
  bool incoming_ = false, covered_ = false;
  std::set<std::pair<std::string, std::string>> warned_;
};

}  // namespace

MigratedLists MigrateAccessLists(MigrationContext& context) {
  MigratedLists out;
  std::map<std::string, int> users;  // access-groups of a list
  for (const auto& l : context.tree.Of(Section::kAccessGroup)) {
    if (const auto* g = l->As<AccessGroupLine>()) users[g->list]++;
  }
  for (const auto& l : context.tree.Of(Section::kClassMap)) {
    for (const auto* m : l->All<MatchList>()) users[m->list]++;
  }
  std::map<std::string, std::vector<std::string>> plain;
  for (const auto& l : context.tree.Of(Section::kAccessList)) {
    std::vector<std::string>& lines = plain[l->key];
    for (const auto& line : l->lines) lines.push_back(Era(line->text, context.target));
    out.order.push_back(l->key);
    out.lists[l->key] = lines;
  }
  for (const auto& l : context.tree.Of(Section::kAccessGroup)) {
    const auto* g = l->As<AccessGroupLine>();
    const Line* list = g == nullptr ? nullptr : context.tree.Find(Section::kAccessList, g->list);
    const auto compiled = g == nullptr ? context.policy.access_lists.end() : context.policy.access_lists.find(g->list);
    if (list == nullptr || g->control_plane || g->direction == AccessGroupLine::Direction::kGlobal || compiled == context.policy.access_lists.end()) continue;
    const std::vector<std::string> fresh = Rewriter(context, *g).Lines(*list, *compiled->second);
    if (fresh == plain[g->list]) continue;
    if (users[g->list] == 1) {
      out.lists[g->list] = fresh;
      continue;
    }
    // The list has other users: this one has its own copy.
    std::string name;
    for (int n = 1; name.empty() || out.lists.contains(name); n++) name = g->list + "_migration_" + std::to_string(n);
    out.order.push_back(name);
    out.lists[name] = fresh;
    std::string group = l->text;
    const std::size_t at = group.find(' ') + 1;
    group.replace(at, g->list.size(), name);
    out.access_groups[l->text] = group;
  }
  // A class that matches by mapped addresses.
  for (const auto& l : context.tree.Of(Section::kClassMap)) {
    for (const auto* m : l->All<MatchList>()) {
      const auto compiled = context.policy.access_lists.find(m->list);
      if (compiled == context.policy.access_lists.end()) continue;
      for (const AclElement& e : compiled->second->elements()) {
        for (const NatRule& r : context.policy.nat.rules()) {
          if (r.exempt || r.identity || r.mapped_src.empty() || e.dst == kAllV4) continue;
          if (std::none_of(r.mapped_src.begin(), r.mapped_src.end(), [&](const AddressRange& a) { return Overlap(a, e.dst); })) continue;
          context.Note(Note::kWarning, l->text, l->text + ": access-list " + m->list + " names mapped addresses of \"" + r.config +
                                                    "\"; from 8.3 on classes match real addresses, and it is left as it is");
          break;
        }
      }
    }
  }
  return out;
}

}  // namespace sallyport
