// IPv6 of interfaces, routes, separate access lists (before 9.0), and who may send ICMPv6 to the appliance.
#include "conf/compile.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

// "2001:db8::/32"; nothing for what is none.
std::optional<Ipv6Prefix> PrefixOf(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto a = IpAddress::Parse(text.substr(0, slash));
  if (!a || a->IsV4()) return {};
  Ipv6Prefix p{*a, 0};
  for (const char c : text.substr(slash + 1)) {
    if (c < '0' || c > '9') return {};
    p.length = p.length * 10 + (c - '0');
    if (p.length > 128) return {};
  }
  return p;
}

Prefix FromOf(const FieldLine& f) {
  if (const auto host = IpAddress::Parse(f.Get("host"))) return Prefix::Of(*host, 128);
  if (const auto net = PrefixOf(f.Get("net"))) return Prefix::Of(net->address, net->length);
  return Prefix::Any();
}

// ipv6 nd prefix P [valid [preferred]] [off-link] [no-autoconfig] | no-advertise. Dates (`at ...`) are not known to it.
void NdPrefix(const FieldLine& f, NeighbourDiscovery& nd) {
  const auto prefix = PrefixOf(f.Get("prefix"));
  if (!prefix) return;
  NeighbourDiscovery::AdvertisedPrefix a;
  a.prefix = Prefix::Of(prefix->address, prefix->length);
  int numbers = 0;
  const auto word = [&](std::string_view w) {
    if (w == "no-advertise") a.advertise = false;
    if (w == "off-link") a.on_link = false;
    if (w == "no-autoconfig") a.autonomous = false;
    if (w == "infinite") (numbers++ == 0 ? a.valid_s : a.preferred_s) = 0xffffffff;
    if (!w.empty() && w.find_first_not_of("0123456789") == std::string_view::npos && w.size() <= 10) {
      (numbers++ == 0 ? a.valid_s : a.preferred_s) = static_cast<std::uint32_t>(std::stoull(std::string(w)));
    }
  };
  for (const char* field : {"valid", "text"}) {
    for (const std::string_view w : f.List(field)) word(w);
  }
  nd.prefixes.push_back(a);
}

void NdLine(const std::string& text, const FieldLine& f, NeighbourDiscovery& nd) {
  const auto number = [&](const char* field, int otherwise) { return static_cast<int>(f.Int(field).value_or(otherwise)); };
  const std::string_view what = f.Get("what");
  if (text.starts_with("ipv6 nd prefix ")) NdPrefix(f, nd);
  if (text.starts_with("ipv6 nd dad attempts ")) nd.dad_attempts = number("n", 1);
  if (text.starts_with("ipv6 nd ra-interval ")) nd.ra_interval_ms = number("most", 200) * (f.Has("msec") ? 1 : 1000);
  if (what == "suppress-ra") nd.suppress_ra = true;
  if (what == "managed-config-flag") nd.managed = true;
  if (what == "other-config-flag") nd.other = true;
  if (what == "ns-interval") nd.ns_interval_ms = number("n", 0);
  if (what == "reachable-time") nd.reachable_ms = number("n", 0);
  if (what == "ra-lifetime") nd.ra_lifetime_s = number("n", 1800);
}

}  // namespace

void CompileIpv6(const Line& line, Interface& i) {
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("ipv6 ")) continue;
    if (l->text.starts_with("ipv6 nd ")) NdLine(l->text, *f, i.nd);
    if (l->text.starts_with("ipv6 address autoconfig")) i.ipv6_enabled = i.ipv6_autoconfig = true;
    if (l->text == "ipv6 enable") i.ipv6_enabled = true;
    if (!l->text.starts_with("ipv6 address ")) continue;
    if (l->text.find(" link-local") != std::string::npos) {
      if (const auto own = IpAddress::Parse(f->Get("address"))) {
        i.ipv6_enabled = i.link_local_set = true;
        i.link_local = *own;
      }
    } else if (const auto prefix = PrefixOf(f->Get("prefix")); prefix && !f->Has("general")) {
      i.ipv6_enabled = true;
      if (Prefix::Of(prefix->address, prefix->length).address.IsV6LinkLocal()) {
        i.link_local = prefix->address;
        i.link_local_set = true;
        continue;
      }
      i.ipv6.push_back({prefix->address, prefix->length, f->Has("eui-64"), false});
    }
  }
  // The appliance's own MAC address replaces this one as soon as it is known; where there is no link it stays.
  if (i.ipv6_enabled) i.SetMac({{0x02, 0x53, 0x50, 0, 0, static_cast<std::uint8_t>(i.id)}});
}

void CompileIpv6Routes(const LineTree& tree, const Policy& p, std::vector<Route>& routes) {
  for (const auto& i : p.interfaces) {
    if (!i || i->id == IfId::kIdentity || !i->HasRoutes()) continue;
    for (const InterfaceAddress6& own : i->ipv6) {
      Route r;
      r.destination = Prefix::Of(own.address, own.prefix_length);
      r.interface = i->id;
      r.metric = 0;
      r.source = Route::Source::kConnected;
      routes.push_back(r);
    }
  }
  for (const auto* f : tree.All<FieldLine>(Section::kIpv6Route)) {
    const auto net = PrefixOf(f->Get("net"));
    const auto gateway = IpAddress::Parse(f->Get("gateway"));
    const Interface* i = p.FindByName(f->Get("if"));
    if (!net || !gateway || i == nullptr || !i->HasRoutes() || f->Has("tunneled")) continue;
    Route r;
    r.destination = Prefix::Of(net->address, net->length);
    r.interface = i->id;
    r.gateway = *gateway;
    r.metric = static_cast<std::uint8_t>(f->Int("metric").value_or(1));
    routes.push_back(r);
  }
}

void CompileIpv6Icmp(const LineTree& tree, Policy& p) {
  for (const auto* f : tree.All<FieldLine>(Section::kIpv6Icmp)) {
    const Interface* i = p.FindByName(f->Get("if"));
    if (i != nullptr && f->Has("action")) {
      IcmpRule r;
      r.interface = i->id;
      r.v6 = true;
      r.permit = f->Get("action") == "permit";
      r.from = FromOf(*f);
      const std::string type(f->Get("type"));
      if (const auto named = IcmpTypeByName(type, true)) {
        r.type = *named;
      } else if (!type.empty() && type.find_first_not_of("0123456789") == std::string::npos) {
        r.type = static_cast<std::int16_t>(std::stoi(type));
      }
      p.icmp.push_back(r);
    }
    if (const auto rate = f->Int("rate")) {
      p.icmp6_error_rate = static_cast<int>(*rate);
      p.icmp6_error_burst = static_cast<int>(f->Int("burst").value_or(1));
    }
  }
}

void CompileIpv6Lists(const LineTree& tree, const Resolver& resolver, Policy& p, const Policy* previous) {
  std::map<std::string, std::vector<const Line*>> lists;
  for (const auto& l : tree.Of(Section::kIpv6AccessList)) {
    if (const auto* a = l->As<Ipv6AclLine>()) lists[a->list].push_back(l.get());
    if (const auto* f = l->As<FieldLine>()) lists[std::string(f->Get("list"))].push_back(l.get());
  }
  for (const auto& [name, lines] : lists) {
    const AccessList* before = nullptr;
    if (previous != nullptr) {
      const auto it = previous->access_lists6.find(name);
      if (it != previous->access_lists6.end()) before = it->second.get();
    }
    p.access_lists6[name] = CompileAccessList6(name, lines, resolver, p.time_ranges, before);
  }
  // From 9.0 on a list is for both families.
  const bool unified = p.personality.any4_keyword;
  for (const auto* g : tree.All<AccessGroupLine>(Section::kAccessGroup)) {
    if (g->control_plane) continue;
    std::shared_ptr<const AccessList> list;
    if (const auto six = p.access_lists6.find(g->list); six != p.access_lists6.end()) {
      list = six->second;
    } else if (const auto both = p.access_lists.find(g->list); unified && both != p.access_lists.end()) {
      list = both->second;
    }
    if (list == nullptr) continue;
    if (g->direction == AccessGroupLine::Direction::kGlobal) {
      p.access_global6 = list;
      continue;
    }
    for (auto& i : p.interfaces) {
      if (!i || i->nameif != g->interface) continue;
      (g->direction == AccessGroupLine::Direction::kIn ? i->access_in6 : i->access_out6) = list;
    }
  }
}

}  // namespace sallyport
