// NAT of both eras: object and twice NAT (8.3+), nat, global and static (before).
#include <tuple>

#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/resolve.h"

namespace sallyport {

// What may stand behind the name of a PAT pool, in any order.
template <>
struct Codec<PatPoolOptions> {
  struct Word {
    Literal literal;
    bool PatPoolOptions::*member;
  };
  static const std::vector<Word>& Words() {
    static const std::vector<Word> words = {{{"extended", "Extend PAT uniqueness to the destination"}, &PatPoolOptions::extended},
                                            {{"flat", "Translate to ports 1024 and above"}, &PatPoolOptions::flat},
                                            {{"include-reserve", "Also use ports below 1024"}, &PatPoolOptions::include_reserve},
                                            {{"block-allocation", "Allocate ports in blocks"}, &PatPoolOptions::block_allocation},
                                            {{"round-robin", "Use the addresses in turn"}, &PatPoolOptions::round_robin}};
    return words;
  }
  static Match Read(Cursor& in, PatPoolOptions& out, std::string_view) {
    for (bool more = true; more;) {
      more = false;
      for (const Word& w : Words()) {
        if (out.*w.member || in.Keyword(w.literal) != Match::kOk) continue;
        out.*w.member = more = true;
      }
    }
    return Match::kOk;
  }
  static void Print(const PatPoolOptions& v, LineWriter& line) {
    for (const Word& w : Words()) {
      if (v.*w.member) line.Put(w.literal.text);
    }
  }
};

namespace {

bool NewNat(const Personality& p) { return p.object_nat; }
bool NotInterface(std::string_view word) { return word != "interface"; }
bool OldNat(const Personality& p) { return !p.object_nat; }

template <PortFamily kFamily>
bool IsPort(std::string_view word) { return PortByName(word, kFamily).has_value(); }

bool KnownNetwork(const LineTree& tree, const std::string& name) {
  if (tree.Find(Section::kObject, "object network " + name) != nullptr) return true;
  const Line* l = tree.Find(Section::kObjectGroup, "object-group " + name);
  return l != nullptr && l->As<GroupLine>()->type == GroupLine::Type::kNetwork;
}
std::string CheckInterfaces(ConfigEdit& edit, const InterfacePair& p) {
  for (const std::string* n : {&p.real, &p.mapped}) {
    if (*n != "any" && !edit.HasInterface(*n)) return "ERROR: interface <" + *n + "> does not exist\n";
    for (const auto& i : edit.tree.Of(Section::kInterface)) {  // the members of a bridge group are translated, not its BVI
      const auto* nameif = i->First<NameifLine>();
      if (!edit.loading && nameif != nullptr && nameif->name == *n && i->text.starts_with("interface BVI")) {
        return "ERROR: NAT is not supported on BVI interface " + *n + "\n";
      }
    }
  }
  return {};
}

// 4 or 6; 0: not known, or any.
int FamilyOf(const Resolver& resolver, const std::string& name) {
  if (name.empty() || name == "any") return 0;
  const auto ranges = resolver.Network(name);
  return ranges.empty() ? 0 : ranges.front().first.IsV4() ? 4 : 6;
}
// Between IPv4 and IPv6: not in transparent mode, and an IPv4 address stands behind a prefix of 96 bits (firewall/README.md).
std::string CheckFamilies(ConfigEdit& edit, const std::string& real, const std::string& mapped, bool to_interface, bool interface_ipv6,
                          bool embeds) {
  const Resolver resolver(edit.tree, Resolver::AnyMeans::kBoth, {});
  const int from = FamilyOf(resolver, real), to = to_interface ? (interface_ipv6 ? 6 : 4) : FamilyOf(resolver, mapped);
  if (from == 0 || to == 0 || from == to) return {};
  if (edit.tree.Find(Section::kHostname, "firewall transparent") != nullptr) return "ERROR: Translation between IPv4 and IPv6 is not supported in transparent mode\n";
  if (!embeds || to_interface) return {};
  for (const AddressRange& r : resolver.Network(from == 6 ? real : mapped)) {
    if (from == 4 && r.Size() > std::uint64_t{1} << 32) return "ERROR: Only IPv6 prefixes of 96 bits and longer are supported without net-to-net\n";
  }
  return {};
}

// `interface` is the address of one interface, so that one must be named.
std::string CheckInterfaceWord(bool said, const std::string& nameif) {
  return said && nameif == "any" ? "ERROR: The interface keyword needs a specific interface, not any\n" : "";
}

// Mapped addresses must not be those of the interface they are on (`interface` says that), of none at all where it is `any`.
// Identity rules stand for whole networks, and what an ASA printed it has taken.
std::string CheckOwnAddresses(ConfigEdit& edit, const std::string& real, const std::string& mapped, const std::string& nameif) {
  if (mapped.empty() || mapped == "any" || mapped == "interface" || mapped == real || edit.from_asa()) return {};
  const Resolver resolver(edit.tree, Resolver::AnyMeans::kBoth, {});
  std::vector<AddressRange> ranges = resolver.Network(mapped);
  if (ranges.size() == 1 && ranges[0].Size() == 1 && IpAddress::Parse(mapped)) {  // it stands for as many as the object has
    if (const auto from = resolver.Network(real); from.size() == 1) ranges[0].last = ranges[0].first.Plus(from[0].Size() - 1);
  }
  for (const auto& i : edit.tree.Of(Section::kInterface)) {
    const auto* name = i->First<NameifLine>();
    const auto* own = i->First<IpAddressLine>();
    if (name == nullptr || own == nullptr || own->dhcp || (nameif != "any" && nameif != name->name)) continue;
    for (const AddressRange& r : ranges) {
      if (!r.Contains(own->address.address)) continue;
      return "ERROR: Address " + own->address.address.ToString() + " overlaps with " + name->name +
             " interface address.\nERROR: NAT Policy is not downloaded\n";
    }
  }
  return {};
}

// What a pool's options exclude.
std::string CheckPool(const PatPoolOptions& pool, bool fallback) {
  if (pool.extended && fallback) return "ERROR: extended is not supported with interface fallback\n";
  if (pool.block_allocation && (pool.extended || pool.flat || pool.include_reserve)) {
    return "ERROR: block-allocation is not supported with extended, flat or include-reserve\n";
  }
  return {};
}

void DeclareObjectNat(ConfigGrammar& g) {
  using L = ObjectNatLine;
  using S = Tokens<L>;
  const auto options = [] {
    return S::AnyOrder({{S::Is(&L::net_to_net, true, "net-to-net")}, {S::Is(&L::dns, true, "dns", "Rewrite DNS replies")},
                        {S::Is(&L::no_proxy_arp, true, "no-proxy-arp")}, {S::Is(&L::route_lookup, true, "route-lookup")},
                        {S::Kw("service", "Port translation"),
                         S::Choice({{S::Is(&L::service, "tcp", "tcp"), S::WordIf(&L::real_port, IsPort<PortFamily::kTcp>, "Real port"),
                                     S::WordIf(&L::mapped_port, IsPort<PortFamily::kTcp>, "Mapped port")},
                                    {S::Is(&L::service, "udp", "udp"), S::WordIf(&L::real_port, IsPort<PortFamily::kUdp>, "Real port"),
                                     S::WordIf(&L::mapped_port, IsPort<PortFamily::kUdp>, "Mapped port")}})}});
  };
  const auto to = [&](L::Kind kind, const char* word) {
    std::vector<S::List> alternatives = {{S::Is(&L::to_interface, true, "interface", "Address of the mapped interface"), S::Flag(&L::ipv6, "ipv6")}};
    if (kind == L::Kind::kDynamic) {
      const auto pool = [] { return S::Seq({S::Kw("pat-pool", "Pool of PAT addresses"), S::Word(&L::pat_pool, "Object"), S::Arg(&L::pool)}); };
      const auto fallback = [] { return S::Opt({S::Is(&L::fallback, true, "interface", "Fall back to the interface"), S::Flag(&L::ipv6, "ipv6")}); };
      alternatives.push_back({pool(), fallback()});
      alternatives.push_back({S::Word(&L::mapped, "Object or address"), S::Opt({pool()}), fallback()});
    } else {
      alternatives.push_back({S::Word(&L::mapped, "Object or address")});
    }
    return S::Seq({S::Is(&L::kind, kind, word), S::Choice(alternatives), options()});
  };
  Command<L> c({S::Kw("nat", "Enable NAT on a network object"), S::Opt({S::Arg(&L::interfaces, "(real_ifc,mapped_ifc)")}),
                S::Choice({{to(L::Kind::kStatic, "static")}, {to(L::Kind::kDynamic, "dynamic")}})});
  c.No(1).When(NewNat);
  LineRule<L> r;
  r.mode = "config-network-object";
  r.section = Section::kObject;
  r.rank = 100;  // printed in a block of its own, see print.cc
  r.key = 1;
  r.check = [](ConfigEdit& edit, const L& v) -> std::string {
    if (std::string e = CheckInterfaces(edit, v.interfaces); !e.empty()) return e;
    if (edit.here->First<NetworkValue>() == nullptr) return "ERROR: Address of the object has to be configured before nat\n";
    for (const std::string* n : {&v.mapped, &v.pat_pool}) {
      if (n->empty() || IpAddress::Parse(*n) || ParsePrefix6(*n) || KnownNetwork(edit.tree, *n)) continue;
      return "ERROR: object (" + *n + ") does not exist\n";
    }
    if (!v.service.empty()) {
      if (v.kind == L::Kind::kDynamic) return "ERROR: service is not allowed in dynamic NAT\n";
    }
    const std::string object = edit.here->text.substr(edit.here->text.rfind(' ') + 1);
    for (const std::string* pool : {&v.mapped, &v.pat_pool}) {
      if (std::string e = CheckFamilies(edit, object, *pool, v.to_interface, v.ipv6, v.kind == L::Kind::kStatic && !v.net_to_net); !e.empty()) return e;
      if (std::string e = CheckOwnAddresses(edit, object, *pool, v.interfaces.mapped); !e.empty()) return e;
    }
    if (std::string e = CheckInterfaceWord(v.to_interface || v.fallback, v.interfaces.mapped); !e.empty()) return e;
    return CheckPool(v.pool, v.fallback);
  };
  Declare(g, c, r);
}

void DeclareTwiceNat(ConfigGrammar& g) {
  using L = TwiceNatLine;
  using S = Tokens<L>;
  using K = ObjectNatLine::Kind;
  for (const bool after : {false, true}) {
    std::vector<TokenPtr<L>> t = {S::Kw("nat", "Associate a network with a pool of global IP addresses"), S::Opt({S::Arg(&L::interfaces, "(real_ifc,mapped_ifc)")})};
    if (after) t.push_back(S::Is(&L::after_auto, true, "after-auto", "Behind the object NAT rules"));
    t.push_back(S::Opt({S::Int(&L::position, 1, 2147483647, "Position")}));
    t.push_back(S::Kw("source", "Source translation"));
    t.push_back(S::Choice({{S::Is(&L::kind, K::kStatic, "static"), S::Word(&L::real, "Real object or any"), S::Word(&L::mapped, "Mapped object, any or interface"), S::Flag(&L::ipv6, "ipv6")},
                           {S::Is(&L::kind, K::kDynamic, "dynamic"), S::Word(&L::real, "Real object or any"),
                            S::Choice({{S::Kw("pat-pool"), S::Word(&L::pat_pool, "Object"), S::Arg(&L::pool), S::Opt({S::Is(&L::fallback, true, "interface"), S::Flag(&L::ipv6, "ipv6")})},
                                       {S::Is(&L::mapped, "interface", "interface", "Address of the mapped interface"), S::Flag(&L::ipv6, "ipv6")},
                                       {S::WordIf(&L::mapped, NotInterface, "Mapped object"), S::Opt({S::Kw("pat-pool"), S::Word(&L::pat_pool, "Object"), S::Arg(&L::pool)}),
                                        S::Opt({S::Is(&L::fallback, true, "interface"), S::Flag(&L::ipv6, "ipv6")})}})}}));
    t.push_back(S::Opt({S::Kw("destination", "Destination translation"), S::Kw("static"),
                        S::Choice({{S::Is(&L::mapped_destination, "interface", "interface"), S::Flag(&L::destination_ipv6, "ipv6"), S::Word(&L::real_destination, "Real object")},
                                   {S::WordIf(&L::mapped_destination, NotInterface, "Mapped object"), S::Word(&L::real_destination, "Real object")}})}));
    t.push_back(S::Opt({S::Kw("service", "Service translation"), S::Word(&L::real_service, "Real service object"), S::Word(&L::mapped_service, "Mapped service object")}));
    t.push_back(S::AnyOrder({{S::Is(&L::net_to_net, true, "net-to-net")}, {S::Is(&L::dns, true, "dns")}, {S::Is(&L::unidirectional, true, "unidirectional")},
                             {S::Is(&L::no_proxy_arp, true, "no-proxy-arp")}, {S::Is(&L::route_lookup, true, "route-lookup")}, {S::Is(&L::inactive, true, "inactive")}}));
    t.push_back(S::Opt({S::Kw("description", "Text"), S::Line(&L::description)}));
    Command<L> c(std::move(t));
    c.No(c.size() - 1).When(NewNat);
    const Section section = after ? Section::kAfterAutoNat : Section::kTwiceNat;
    g.Mode("config").Add(c, [c, section](ConfigEdit& edit, const L& v, Form form) -> Reply {
      L line = v;
      line.position.reset();
      const std::string text = c.Print(line);
      if (form == Form::kNo) {
        const bool gone = edit.tree.Remove(nullptr, section, text);
        edit.changed = edit.changed || gone;
        return gone ? Reply{} : Reply::Refuse("ERROR: NAT rule does not exist\n");
      }
      if (std::string e = CheckInterfaces(edit, v.interfaces); !e.empty()) return Reply::Refuse(std::move(e));
      for (const std::string* n : {&v.real, &v.mapped, &v.pat_pool, &v.real_destination, &v.mapped_destination}) {
        if (n->empty() || *n == "any" || KnownNetwork(edit.tree, *n)) continue;
        if (*n == "interface" && (n == &v.mapped || n == &v.mapped_destination)) continue;
        return Reply::Refuse("ERROR: object (" + *n + ") does not exist\n");
      }
      for (const std::string* n : {&v.real_service, &v.mapped_service}) {
        if (!n->empty() && *n != "any" && edit.tree.Find(Section::kObject, "object service " + *n) == nullptr) return Reply::Refuse("ERROR: object (" + *n + ") does not exist\n");
      }
      for (const auto& [real, mapped, interface, ipv6] :
           {std::tuple{&v.real, &v.mapped, v.mapped == "interface", v.ipv6}, std::tuple{&v.real, &v.pat_pool, false, false},
            std::tuple{&v.real_destination, &v.mapped_destination, v.mapped_destination == "interface", v.destination_ipv6}}) {
        if (std::string e = CheckFamilies(edit, *real, *mapped, interface, ipv6, !v.net_to_net && (real != &v.real || v.kind == K::kStatic)); !e.empty()) return Reply::Refuse(std::move(e));
      }
      for (const std::string* mapped : {&v.mapped, &v.pat_pool}) {
        if (std::string e = CheckOwnAddresses(edit, v.real, *mapped, v.interfaces.mapped); !e.empty()) return Reply::Refuse(std::move(e));
      }
      if (std::string e = CheckInterfaceWord(v.mapped == "interface" || v.fallback, v.interfaces.mapped); !e.empty()) return Reply::Refuse(std::move(e));
      if (std::string e = CheckInterfaceWord(v.mapped_destination == "interface", v.interfaces.real); !e.empty()) return Reply::Refuse(std::move(e));
      if (std::string e = CheckPool(v.pool, v.fallback); !e.empty()) return Reply::Refuse(std::move(e));
      const std::size_t position = v.position ? static_cast<std::size_t>(*v.position - 1) : SIZE_MAX;
      if (edit.tree.Find(section, text) != nullptr) return {};
      Line& l = edit.tree.Upsert(nullptr, section, text, position);
      l.text = text;
      l.kind = "nat";
      l.Set(line);
      edit.changed = true;
      return {};
    });
  }
}

std::string CheckList(ConfigEdit& edit, const std::string& list) {
  return edit.tree.Find(Section::kAccessList, list) != nullptr ? "" : "ERROR: access-list <" + list + "> does not exist\n";
}

void DeclareOldNat(ConfigGrammar& g) {
  {
    using L = OldNatLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("nat", "Associate a network with a pool of global IP addresses"), S::Arg(&L::interface, "(if_name)"), S::Int(&L::id, 0, 2147483647, "NAT id"),
                  S::Choice({{S::Kw("access-list"), S::Word(&L::access_list, "Access list name")}, {S::Arg(&L::address, "Address"), S::Opt({S::Arg(&L::mask, "Netmask")})}}),
                  S::Flag(&L::dns, "dns"), S::Flag(&L::outside, "outside"), S::Opt({S::Line(&L::limits, "Connection limits")})});
    c.No(4).When(OldNat);
    LineRule<L> r;
    r.section = Section::kNat;
    r.key = 4;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (!edit.HasInterface(v.interface.name)) return "ERROR: interface <" + v.interface.name + "> does not exist\n";
      return v.access_list.empty() ? "" : CheckList(edit, v.access_list);
    };
    Declare(g, c, r);
  }
  {
    using L = GlobalLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("global", "Specify, delete or view global address pools"), S::Arg(&L::interface, "(if_name)"), S::Int(&L::id, 1, 2147483647, "NAT id"),
                  S::Choice({{S::Is(&L::to_interface, true, "interface", "PAT on the interface's address")},
                             {S::Word(&L::pool, "A.B.C.D or A.B.C.D-A.B.C.D", "A.B.C.D"), S::Opt({S::Kw("netmask"), S::Arg(&L::mask)})}})});
    c.No(4).When(OldNat);
    LineRule<L> r;
    r.section = Section::kGlobal;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (!edit.HasInterface(v.interface.name)) return "ERROR: interface <" + v.interface.name + "> does not exist\n";
      if (v.to_interface) return {};
      return v.first.IsNone() ? "ERROR: invalid global address pool\n" : "";
    };
    r.normal = [](const ConfigEdit& edit, L& v) {
      const auto address = [&](const std::string& word) {
        const auto named = edit.names.find(word);
        return named != edit.names.end() ? std::optional(named->second) : IpAddress::Parse(word);
      };
      if (v.pool.empty()) return;
      auto a = address(v.pool), b = a;  // a name may have a dash of its own
      if (const std::size_t dash = v.pool.find('-'); !a && dash != std::string::npos) {
        a = address(v.pool.substr(0, dash));
        b = address(v.pool.substr(dash + 1));
      }
      if (!a || !b || !a->IsV4() || !b->IsV4() || *b < *a) return;
      v.first = *a;
      v.last = *b;
    };
    Declare(g, c, r);
  }
  {
    using L = StaticLine;
    using S = Tokens<L>;
    const auto mapped = [] { return S::Choice({{S::Is(&L::to_interface, true, "interface")}, {S::Arg(&L::mapped, "Mapped address")}}); };
    const auto tail = [] {
      return S::Seq({S::Opt({S::Kw("netmask", "Netmask"), S::Arg(&L::mask)}), S::Flag(&L::dns, "dns"), S::Opt({S::Line(&L::limits, "Connection limits")})});
    };
    const auto ports = [&](const char* protocol, bool (*port)(std::string_view)) {
      return S::Seq({S::Is(&L::protocol, protocol, protocol), mapped(), S::WordIf(&L::mapped_port, port, "Mapped port"),
                     S::Choice({{S::Kw("access-list", "Access list"), S::Word(&L::access_list, "Access list name")},
                                {S::Arg(&L::real, "Real address"), S::WordIf(&L::real_port, port, "Real port")}}), tail()});
    };
    Command<L> c({S::Kw("static", "Configure one-to-one address translation rule"), S::Arg(&L::interfaces, "(real_ifc,mapped_ifc)"),
                  S::Choice({{ports("tcp", IsPort<PortFamily::kTcp>)}, {ports("udp", IsPort<PortFamily::kUdp>)},
                             {mapped(), S::Choice({{S::Kw("access-list"), S::Word(&L::access_list, "Access list name")}, {S::Arg(&L::real, "Real address")}}), tail()}})});
    c.No(3).When(OldNat);
    LineRule<L> r;
    r.section = Section::kStatic;
    r.trailing = " ";
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (std::string e = CheckInterfaces(edit, v.interfaces); !e.empty()) return e;
      if (!v.access_list.empty()) return CheckList(edit, v.access_list);
      return {};
    };
    r.normal = [](const ConfigEdit&, L& v) {
      if (!v.access_list.empty()) return;
      if (!v.mask) v.mask = Mask{};
      if (v.protocol.empty()) return;
      const PortFamily f = v.protocol == "tcp" ? PortFamily::kTcp : PortFamily::kUdp;
      for (std::string* port : {&v.mapped_port, &v.real_port}) {
        if (const auto n = PortByName(*port, f)) *port = PortName(*n, f);
      }
    };
    Declare(g, c, r);
  }
  {
    using S = Tokens<NatControlLine>;
    Command<NatControlLine> c({S::Kw("nat-control", "Require a NAT rule for traffic")});
    c.No(1).When(OldNat);
    LineRule<NatControlLine> r;
    r.section = Section::kNatControl;
    Declare(g, c, r);
  }
}

}  // namespace

void DeclareNat(ConfigGrammar& g) {
  DeclareObjectNat(g);
  DeclareTwiceNat(g);
  DeclareOldNat(g);
}

}  // namespace sallyport
