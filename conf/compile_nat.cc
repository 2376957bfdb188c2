// NAT rules of both eras in the order in which an ASA tries them (firewall/nat.h).
#include <algorithm>
#include <bit>

#include "conf/compile.h"
#include "conf/nat_limits.h"
#include "conf/nat_text.h"

namespace sallyport {
namespace {

// --- what `show nat` says up to 8.2: "match ip inside 10.1.1.0 255.255.255.0 outside any", and below it what becomes of it ---

std::string RangeWords(const AddressRange& r) {
  const std::uint64_t size = r.Size();
  if (!r.first.IsV4() || size == 1) return "host " + r.first.ToString();
  if (size == std::uint64_t{1} << 32) return "any";
  if (std::has_single_bit(size) && r.first.v4() % size == 0) {
    return r.first.ToString() + " " + IpAddress::V4(~static_cast<std::uint32_t>(size - 1)).ToString();
  }
  return r.first.ToString() + "-" + r.last.ToString();
}
std::string PortWords(const PortRange& p) {
  if (p.IsAny()) return {};
  if (p.first == p.last) return " eq " + std::to_string(p.first);
  return " range " + std::to_string(p.first) + " " + std::to_string(p.last);
}

// `becomes`: the line below. A rule with an access list has a match line for each address pair that the list permits.
std::string OldShow(const NatRule& r, const std::string& real, const std::string& mapped, const std::string& becomes) {
  std::string out;
  const auto match = [&](std::uint8_t protocol, const std::string& src, const std::string& dst) {
    if (!out.empty()) out += "\n  ";
    out += "match " + (protocol == 0 ? std::string("ip") : ProtocolName(protocol)) + " " + real + " " + src + " " + mapped + " " + dst;
  };
  if (r.access_list != nullptr) {
    for (const AclElement& e : r.access_list->elements()) {
      if (e.permit && e.InForce()) match(e.protocol, RangeWords(e.src) + PortWords(e.sport), RangeWords(e.dst) + PortWords(e.dport));
    }
  } else {
    match(r.service_protocol, (r.real_src.empty() ? "any" : RangeWords(r.real_src.front())) + PortWords(r.real_sport), "any");
  }
  return out + "\n    " + becomes;
}

// "B", "interface ipv6", "pat-pool B interface", "A pat-pool B"
std::string MappedWords(const std::string& mapped, const std::string& pool, bool fallback, bool ipv6) {
  std::string words = mapped;
  if (!pool.empty()) words += (words.empty() ? "" : " ") + ("pat-pool " + pool);
  return words + (fallback ? " interface" : "") + (ipv6 ? " ipv6" : "");
}
void PoolWords(const PatPoolOptions& options, NatRuleWords& w) {
  w.extended = options.extended;
  w.flat = options.flat;
  w.include_reserve = options.include_reserve;
  w.block_allocation = options.block_allocation;
  w.round_robin = options.round_robin;
}

class NatBuilder {
 public:
  NatBuilder(const LineTree& tree, const Policy& policy, const Resolver& resolver, StableIds ids, const Policy* previous)
      : tree_(tree), policy_(policy), resolver_(resolver), ids_(ids) {
    if (previous == nullptr) return;
    for (const NatRule& r : previous->nat.rules()) hits_[r.id] = r.hits;
  }

  void Twice(Section section, std::uint8_t number) {
    std::uint32_t order = 0;
    for (const auto& l : tree_.Of(section)) {
      const auto* v = l->As<TwiceNatLine>();
      if (v == nullptr) continue;
      order++;
      NatRule r;
      r.section = number;
      r.order = order;
      if (!Interfaces(v->interfaces, r)) continue;
      r.real_src = resolver_.Network(v->real);
      if ((v->real != "any" && r.real_src.empty()) || ByName(v->real) || ByName(v->mapped)) continue;
      const bool dynamic = v->kind == ObjectNatLine::Kind::kDynamic;
      Mapped(dynamic, v->mapped == "interface", v->mapped == "interface" ? "" : v->mapped, v->pat_pool, v->fallback, v->ipv6, v->pool, r);
      if (!dynamic && !v->net_to_net) Embed(r.real_src, r.mapped_src);
      r.identity = !dynamic && v->mapped == v->real;
      if (r.identity) r.mapped_src = r.real_src;
      if (!v->real_destination.empty()) {
        r.mapped_dst = v->mapped_destination == "interface" ? Single(resolver_.AddressOf(v->interfaces.real, v->destination_ipv6))
                                                           : resolver_.Network(v->mapped_destination);
        r.real_dst = resolver_.Network(v->real_destination);
        // A name without addresses is not "any": the rule waits. Of several addresses a translation takes the first.
        if (ByName(v->mapped_destination) || (ByName(v->real_destination) && r.real_dst.empty())) continue;
        if (ByName(v->real_destination)) r.real_dst.resize(1);
        if (!v->net_to_net) Embed(r.real_dst, r.mapped_dst);
        if (!v->net_to_net) Embed(r.mapped_dst, r.real_dst);
      }
      if (!v->real_service.empty()) Services(*v, r);
      r.unidirectional = v->unidirectional;
      r.no_proxy_arp = v->no_proxy_arp;
      r.route_lookup = v->route_lookup;
      r.dns = v->dns;
      r.net_to_net = v->net_to_net;
      r.config = l->text;
      NatRuleWords w{v->interfaces.real, v->interfaces.mapped, dynamic, v->real, MappedWords(v->mapped, v->pat_pool, v->fallback, v->ipv6)};
      w.mapped_destination = v->mapped_destination + (v->destination_ipv6 ? " ipv6" : "");
      w.real_destination = v->real_destination;
      w.real_service = v->real_service;
      w.mapped_service = v->mapped_service;
      w.net_to_net = v->net_to_net;
      w.dns = v->dns;
      w.unidirectional = v->unidirectional;
      w.no_proxy_arp = v->no_proxy_arp;
      w.route_lookup = v->route_lookup;
      w.inactive = r.inactive = v->inactive;
      w.description = v->description;
      PoolWords(v->pool, w);
      r.show = NatRuleText(w);
      Push(std::move(r));
    }
  }

  void Objects() {
    struct Entry {
      std::string name;
      const ObjectNatLine* nat;
      std::string text;
      std::vector<AddressRange> ranges;
      std::uint64_t size;
    };
    std::vector<Entry> entries;
    for (const auto& l : tree_.Of(Section::kObject)) {
      const auto* o = l->As<NetworkObjectLine>();
      const auto* n = l->First<ObjectNatLine>();
      if (o == nullptr || n == nullptr || ByName(o->name)) continue;
      std::string text;
      for (const auto& c : l->lines) {
        if (c->As<ObjectNatLine>() != nullptr) text = c->text;
      }
      Entry e{o->name, n, l->text + "\n " + text, resolver_.Network(o->name), 0};
      for (const AddressRange& r : e.ranges) e.size += r.Size();
      if (!e.ranges.empty()) entries.push_back(std::move(e));
    }
    // Static before dynamic, then fewer addresses, lower address, name.
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      const bool da = a.nat->kind == ObjectNatLine::Kind::kDynamic, db = b.nat->kind == ObjectNatLine::Kind::kDynamic;
      return std::tie(da, a.size, a.ranges.front().first, a.name) < std::tie(db, b.size, b.ranges.front().first, b.name);
    });
    std::uint32_t order = 0;
    for (const Entry& e : entries) {
      order++;
      NatRule r;
      r.section = 2;
      r.order = order;
      if (!Interfaces(e.nat->interfaces, r)) continue;
      r.real_src = e.ranges;
      const bool dynamic = e.nat->kind == ObjectNatLine::Kind::kDynamic;
      Mapped(dynamic, e.nat->to_interface, e.nat->mapped, e.nat->pat_pool, e.nat->fallback, e.nat->ipv6, e.nat->pool, r);
      // A static address written in the line stands for as many as the object has.
      if (const auto inline_address = IpAddress::Parse(e.nat->mapped); inline_address && !dynamic && e.size > 1 && e.ranges.size() == 1 &&
          inline_address->IsV4() == e.ranges.front().first.IsV4()) {
        r.mapped_src = {{*inline_address, inline_address->Plus(e.size - 1)}};
      }
      if (!dynamic && !e.nat->net_to_net) Embed(r.real_src, r.mapped_src);
      r.identity = !dynamic && e.nat->mapped == e.name;
      if (!e.nat->service.empty()) {
        const PortFamily f = e.nat->service == "tcp" ? PortFamily::kTcp : PortFamily::kUdp;
        const std::uint16_t real = *PortByName(e.nat->real_port, f), mapped = *PortByName(e.nat->mapped_port, f);
        r.service_protocol = f == PortFamily::kTcp ? 6 : 17;
        r.real_sport = {real, real};
        r.mapped_sport = {mapped, mapped};
      }
      r.dns = e.nat->dns;
      r.no_proxy_arp = e.nat->no_proxy_arp;
      r.route_lookup = e.nat->route_lookup;
      r.net_to_net = e.nat->net_to_net;
      r.config = e.text;
      NatRuleWords w{e.nat->interfaces.real, e.nat->interfaces.mapped, dynamic, e.name,
                     MappedWords(e.nat->to_interface ? "interface" : e.nat->mapped, e.nat->pat_pool, e.nat->fallback, e.nat->ipv6)};
      w.protocol = e.nat->service;
      PoolWords(e.nat->pool, w);
      w.real_service = e.nat->real_port;
      w.mapped_service = e.nat->mapped_port;
      w.net_to_net = e.nat->net_to_net;
      w.dns = e.nat->dns;
      w.no_proxy_arp = e.nat->no_proxy_arp;
      w.route_lookup = e.nat->route_lookup;
      r.show = NatRuleText(w);
      Push(std::move(r));
    }
  }

  void Old() {
    std::uint32_t order = 0;
    for (const auto& l : tree_.Of(Section::kNat)) {  // exemption
      const auto* v = l->As<OldNatLine>();
      if (v == nullptr || v->id != 0 || v->access_list.empty()) continue;
      NatRule r;
      r.section = 0;
      r.order = ++order;
      r.exempt = r.identity = true;
      if (!One(v->interface.name, r.real_if) || !List(v->access_list, r)) continue;
      r.config = l->text;
      r.show = OldShow(r, v->interface.name, "any", "NAT exempt");
      Push(std::move(r));
    }
    // Static NAT and static PAT, also by access list, in the order of the configuration (8.2 configuration guide, "Order of NAT
    // Commands Used to Match Real Addresses").
    order = 0;
    for (const auto& l : tree_.Of(Section::kStatic)) {
      const auto* v = l->As<StaticLine>();
      if (v == nullptr) continue;
      const bool ports = !v->protocol.empty();
      NatRule r;
      r.section = 1;
      r.order = ++order;
      if (!Interfaces(v->interfaces, r)) continue;
      const int length = v->mask ? v->mask->length() : 32;
      r.mapped_is_interface = v->to_interface;
      if (v->to_interface) {
        r.interface_address = resolver_.AddressOf(v->interfaces.mapped);
        r.mapped_src = Single(r.interface_address);
      } else {
        r.mapped_src = {AddressRange::Of(Prefix::Of(v->mapped.address, length))};
      }
      if (!v->access_list.empty()) {
        if (!List(v->access_list, r)) continue;
        r.real_src = SourcesOf(*r.access_list);
      } else {
        r.real_src = {AddressRange::Of(Prefix::Of(v->real.address, length))};
      }
      r.identity = !v->to_interface && v->access_list.empty() && v->mapped.address == v->real.address;
      if (ports) {
        const PortFamily f = v->protocol == "tcp" ? PortFamily::kTcp : PortFamily::kUdp;
        const std::uint16_t mapped = *PortByName(v->mapped_port, f);
        r.service_protocol = f == PortFamily::kTcp ? 6 : 17;
        if (v->access_list.empty()) {
          const std::uint16_t real = *PortByName(v->real_port, f);
          r.real_sport = {real, real};
        } else {  // the list's first element says which port
          if (r.access_list->elements().empty()) continue;
          r.real_sport = r.access_list->elements().front().sport;
        }
        r.mapped_sport = {mapped, mapped};
      }
      r.dns = v->dns;
      r.limits = ReadNatLimits(v->limits);
      r.config = l->text;
      const std::string to = r.mapped_src.empty() ? "0.0.0.0" : r.mapped_src.front().first.ToString();
      r.show = OldShow(r, v->interfaces.real, v->interfaces.mapped,
                       "static translation to " + to + (ports ? "/" + std::to_string(r.mapped_sport.first) : ""));
      Push(std::move(r));
    }
    // Policy NAT in order, then the longest mask first.
    std::vector<const Line*> nats;
    for (const auto& l : tree_.Of(Section::kNat)) {
      const auto* v = l->As<OldNatLine>();
      if (v != nullptr && (v->id != 0 || v->access_list.empty())) nats.push_back(l.get());
    }
    std::stable_sort(nats.begin(), nats.end(), [](const Line* a, const Line* b) {
      const auto rank = [](const OldNatLine& n) { return n.access_list.empty() ? 33 - MaskOf(n) : 0; };
      return rank(*a->As<OldNatLine>()) < rank(*b->As<OldNatLine>());
    });
    order = 0;
    for (const Line* l : nats) {
      const auto& v = *l->As<OldNatLine>();
      NatRule base;
      base.section = 2;
      if (!One(v.interface.name, base.real_if)) continue;
      if (!v.access_list.empty()) {
        if (!List(v.access_list, base)) continue;
        base.real_src = SourcesOf(*base.access_list);
      } else if (MaskOf(v) > 0) {
        base.real_src = {AddressRange::Of(Prefix::Of(v.address.address, MaskOf(v)))};
      }
      base.dns = v.dns;
      base.limits = ReadNatLimits(v.limits);
      if (v.id == 0) {  // identity: outwards only
        base.order = ++order;
        base.identity = base.unidirectional = true;
        base.config = l->text;
        base.show = OldShow(base, v.interface.name, "any", "identity NAT translation, pool 0");
        Push(std::move(base));
        continue;
      }
      for (std::size_t i = 1; i < policy_.interfaces.size(); i++) {
        if (!policy_.interfaces[i] || policy_.interfaces[i]->nameif.empty()) continue;
        const Interface& out = *policy_.interfaces[i];
        // Towards a higher level a host is translated only by a line with `outside`.
        const Interface* in = policy_.Find(base.real_if);
        if (in != nullptr && in->security_level < out.security_level && !v.outside) continue;
        std::vector<AddressRange> pool, pat;
        bool to_interface = false;
        std::string key = l->text;  // what makes it this rule: its pool too
        for (const auto& gl : tree_.Of(Section::kGlobal)) {
          const auto* g = gl->As<GlobalLine>();
          if (g == nullptr || g->id != v.id || g->interface.name != out.nameif) continue;
          key += "\n" + gl->text;
          if (g->to_interface) {
            to_interface = true;
            continue;
          }
          (g->first == g->last ? pat : pool).push_back({g->first, g->last});
        }
        if (pool.empty() && pat.empty() && !to_interface) continue;
        // A pool first, then port translation.
        const auto push = [&](NatRule::Kind kind, std::vector<AddressRange> mapped, bool is_interface, bool fallback) {
          NatRule r = base;
          r.order = ++order;
          r.mapped_if = out.id;
          r.kind = kind;
          r.mapped_src = std::move(mapped);
          if (kind == NatRule::Kind::kDynamic) r.pat_src = pat;
          r.mapped_is_interface = is_interface;
          r.interface_fallback = fallback;
          r.interface_address = policy_.Layer3(out).address;
          r.config = l->text;
          r.show = OldShow(r, v.interface.name, out.nameif, "dynamic translation to pool " + std::to_string(*v.id) + " (" + GlobalWords(r) + ")");
          Push(std::move(r), key);
        };
        if (!pool.empty()) push(NatRule::Kind::kDynamic, pool, false, to_interface);
        else if (!pat.empty()) push(NatRule::Kind::kDynamicPat, pat, false, to_interface);
        else push(NatRule::Kind::kDynamicPat, Single(out.address), true, false);
      }
    }
  }

  NatTable Take() { return NatTable(std::move(rules_)); }

 private:
  bool ByName(const std::string& object) const {
    const NetworkValue* v = resolver_.Object(object);
    return v != nullptr && v->kind == NetworkValue::Kind::kFqdn;
  }
  static int MaskOf(const OldNatLine& n) { return n.mask ? n.mask->length() : n.address.address.v4() == 0 ? 0 : 32; }
  static std::vector<AddressRange> Single(IpAddress a) { return a.IsNone() ? std::vector<AddressRange>{} : std::vector<AddressRange>{{a, a}}; }
  static std::vector<AddressRange> SourcesOf(const AccessList& l) {
    std::vector<AddressRange> out;
    for (const AclElement& e : l.elements()) {
      if (e.permit && e.InForce() && std::find(out.begin(), out.end(), e.src) == out.end()) out.push_back(e.src);
    }
    return out;
  }
  static std::string GlobalWords(const NatRule& r) {
    if (r.mapped_is_interface) return r.interface_address.ToString() + " [Interface PAT]";
    std::string out;
    for (const AddressRange& a : r.mapped_src) {
      if (!out.empty()) out += ", ";
      out += a.first.ToString();
      if (a.first != a.last) out += " - " + a.last.ToString();
    }
    return out;
  }
  static std::string Sides(const InterfacePair& p) { return "(" + p.real + ") to (" + p.mapped + ")"; }

  bool One(const std::string& nameif, IfId& id) const {
    if (nameif == "any") {
      id = IfId::kAny;
      return true;
    }
    const Interface* i = policy_.FindByName(nameif);
    if (i == nullptr) return false;
    id = i->id;
    return true;
  }
  bool Interfaces(const InterfacePair& p, NatRule& r) const { return One(p.real, r.real_if) && One(p.mapped, r.mapped_if); }
  bool List(const std::string& name, NatRule& r) const {
    const auto it = policy_.access_lists.find(name);
    if (it == policy_.access_lists.end()) return false;
    r.access_list = AlwaysInForce(it->second);
    return true;
  }
  // The mapped side: an interface's address, a pool, or static addresses.
  // NAT46 without `net-to-net`: the whole IPv4 address stands behind a prefix of IPv6. Ranges that correspond by position say the
  // same of a prefix of 96 bits; longer ones have no room for an address, so their hosts follow each other.
  static void Embed(const std::vector<AddressRange>& four, std::vector<AddressRange>& six) {
    if (four.empty() || !four.front().first.IsV4() || six.size() != 1 || six.front().first.IsV4() ||
        six.front().Size() != std::uint64_t{1} << 32) {
      return;
    }
    const IpAddress prefix = six.front().first;
    six.clear();
    for (const AddressRange& r : four) six.push_back({prefix.Plus(r.first.v4()), prefix.Plus(r.last.v4())});
  }
  void Mapped(bool dynamic, bool to_interface, const std::string& mapped, const std::string& pat_pool, bool fallback, bool ipv6,
              const PatPoolOptions& options, NatRule& r) const {
    if (const Interface* i = policy_.Find(r.mapped_if)) r.interface_address = resolver_.AddressOf(policy_.Layer3(*i).nameif, ipv6);
    r.interface_fallback = fallback;
    r.pool = options;
    if (policy_.personality.flat_pat) r.pool.flat = true;
    if (to_interface) {
      r.kind = dynamic ? NatRule::Kind::kDynamicPat : NatRule::Kind::kStatic;
      r.mapped_is_interface = true;
      r.mapped_src = Single(r.interface_address);
      return;
    }
    const std::string& first = mapped.empty() ? pat_pool : mapped;
    r.mapped_src = resolver_.Network(first);
    if (!dynamic) return;
    r.pool_name = IpAddress::Parse(first) ? "" : first;
    // A single mapped address is shared by port; ranges are given out one address to each host, then a pool of shared ones. A
    // group may have both: its ranges come first, its hosts are shared when they are used up.
    const auto shared = [](const AddressRange& a) { return a.Size() == 1; };
    const bool pat = mapped.empty() || std::all_of(r.mapped_src.begin(), r.mapped_src.end(), shared);
    r.kind = pat ? NatRule::Kind::kDynamicPat : NatRule::Kind::kDynamic;
    if (!pat) {
      std::copy_if(r.mapped_src.begin(), r.mapped_src.end(), std::back_inserter(r.pat_src), shared);
      std::erase_if(r.mapped_src, shared);
      r.pat_name = r.pool_name;
    }
    if (mapped.empty() || pat_pool.empty()) return;
    auto& more = pat ? r.mapped_src : r.pat_src;
    for (const AddressRange& a : resolver_.Network(pat_pool)) more.push_back(a);
    (pat ? r.pool_name : r.pat_name) = pat_pool;
  }
  void Services(const TwiceNatLine& v, NatRule& r) const {
    const ServiceSpec* a = resolver_.Service(v.real_service);
    const ServiceSpec* b = resolver_.Service(v.mapped_service);
    if (a == nullptr || b == nullptr) return;
    r.service_protocol = a->kind == ServiceSpec::Kind::kTcp ? 6 : a->kind == ServiceSpec::Kind::kUdp ? 17 : a->protocol;
    const auto first = [](const PortSpec& p) {
      const auto ranges = p.Ranges();
      return ranges.empty() ? PortRange{} : ranges.front();
    };
    r.real_sport = first(a->source);
    r.mapped_sport = first(b->source);
    r.mapped_dport = first(a->destination);
    r.real_dport = first(b->destination);
  }
  // `key`: what tells it from others, if not its configuration.
  void Push(NatRule r, const std::string& key = {}) {
    r.id = ids_.Of(std::to_string(r.section) + " " + std::to_string(static_cast<int>(r.mapped_if)) + " " +
                   (key.empty() ? r.config : key));
    auto& h = hits_[r.id];
    if (h == nullptr) h = std::make_shared<NatHits>();
    r.hits = h;
    const std::string& shared = r.kind == NatRule::Kind::kDynamic ? r.pat_name : r.pool_name;
    if (r.pool.block_allocation && !shared.empty()) r.pat_pool_id = InternName(shared);
    rules_.push_back(std::move(r));
  }

  const LineTree& tree_;
  const Policy& policy_;
  const Resolver& resolver_;
  StableIds ids_;
  std::map<std::uint32_t, std::shared_ptr<NatHits>> hits_;
  std::vector<NatRule> rules_;
};

}  // namespace

NatTable CompileNat(const LineTree& tree, const Policy& policy, const Resolver& resolver, StableIds ids, const Policy* previous) {
  NatBuilder b(tree, policy, resolver, ids, previous);
  if (policy.personality.object_nat) {
    b.Twice(Section::kTwiceNat, 1);
    b.Objects();
    b.Twice(Section::kAfterAutoNat, 3);
  } else {
    b.Old();
  }
  NatTable t = b.Take();
  t.translations_first = !policy.personality.object_nat;
  CompileXlate(tree, policy.personality, t);
  t.nat_control = !policy.personality.object_nat && !tree.Of(Section::kNatControl).empty();
  return t;
}

}  // namespace sallyport
