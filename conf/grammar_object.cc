// Objects and object groups.
#include <algorithm>
#include <map>

#include "conf/declare.h"
#include "conf/lines.h"

namespace sallyport {

template <>
struct Codec<ServiceSpec> {
  using Kind = ServiceSpec::Kind;
  static PortFamily Family(Kind k) { return k == Kind::kTcp ? PortFamily::kTcp : k == Kind::kUdp ? PortFamily::kUdp : PortFamily::kBoth; }
  static Match Read(Cursor& in, ServiceSpec& out, std::string_view help) {
    static const Literal kWords[] = {{"tcp", "TCP"}, {"udp", "UDP"}, {"tcp-udp", "TCP and UDP"}, {"icmp", "ICMP"}, {"icmp6", "ICMPv6"},
                                     {"object", "Service object"}};
    static constexpr Kind kKinds[] = {Kind::kTcp, Kind::kUdp, Kind::kTcpUdp, Kind::kIcmp, Kind::kIcmp6, Kind::kObject};
    static const Literal kSource{"source", "Source ports"}, kDestination{"destination", "Destination ports"};
    ServiceSpec s;
    std::size_t i = 0;
    Cursor probe = in;
    const Match m = probe.OneOf(kWords, i);
    if (m == Match::kOk && (probe.KeywordAt(in.at())->text.size() == in.Peek().size() || !ProtocolByName(in.Peek()))) {
      in = probe;
      s.kind = kKinds[i];
    } else {
      ProtocolSpec p;
      Cursor other = in;
      const Match pm = Codec<ProtocolSpec>::Read(other, p, help);
      if (pm != Match::kOk || p.kind != ProtocolSpec::Kind::kNumber) {
        in.Learn(probe);
        in.Learn(other);
        return pm == Match::kOk ? Match::kNo : pm;
      }
      in = other;
      s.kind = p.number == 6 ? Kind::kTcp : p.number == 17 ? Kind::kUdp : p.number == 1 ? Kind::kIcmp : p.number == 58 ? Kind::kIcmp6 : Kind::kOther;
      s.protocol = p.number;
    }
    switch (s.kind) {
      case Kind::kTcp:
      case Kind::kUdp:
      case Kind::kTcpUdp:
        for (const bool source : {true, false}) {
          if (in.Keyword(source ? kSource : kDestination) != Match::kOk) continue;
          PortSpec& p = source ? s.source : s.destination;
          const std::size_t before = in.at();
          if (const Match r = ReadPortSpec(in, p, Family(s.kind), false); r != Match::kOk) return r;
          if (in.at() == before) {
            p.op = PortSpec::Op::kEq;  // `destination www` is `destination eq www`
            if (const Match r = ReadPort(in, p.first, Family(s.kind), "Port"); r != Match::kOk) return r;
          }
        }
        if (s.source.op == PortSpec::Op::kNone && s.destination.op == PortSpec::Op::kNone && !in.AtEnd()) {
          if (const Match r = ReadPortSpec(in, s.destination, Family(s.kind), false); r != Match::kOk) return r;
          s.bare = s.destination.op != PortSpec::Op::kNone;
        }
        break;
      case Kind::kIcmp:
      case Kind::kIcmp6: {
        std::uint8_t t = 0;
        const std::size_t before = in.at();
        const Match r = ReadIcmpType(in, t, s.kind == Kind::kIcmp6, "ICMP type");
        if (r == Match::kOk) {
          s.icmp_type = t;
          std::int64_t code = 0;
          const std::size_t at = in.at();
          if (in.Number({"<0-255>", "ICMP code"}, 0, 255, code) == Match::kOk) s.icmp_code = static_cast<std::uint8_t>(code);
          else in.set_at(at);
        } else if (in.at() != before || r == Match::kAmbiguous) {
          return r;
        }
        break;
      }
      case Kind::kObject:
        if (const Match r = Codec<std::string>::Read(in, s.object, "Service object name"); r != Match::kOk) return r;
        break;
      case Kind::kNone: break;
      case Kind::kOther:
        if (s.protocol != 132) break;  // SCTP has ports
        for (const bool source : {true, false}) {
          if (in.Keyword(source ? kSource : kDestination) != Match::kOk) continue;
          if (const Match r = ReadPortSpec(in, source ? s.source : s.destination, PortFamily::kBoth, false); r != Match::kOk) return r;
        }
        break;
    }
    out = std::move(s);
    return Match::kOk;
  }
  static void Print(const ServiceSpec& v, LineWriter& line) {
    switch (v.kind) {
      case Kind::kNone: return;
      case Kind::kTcp: line.Put("tcp"); break;
      case Kind::kUdp: line.Put("udp"); break;
      case Kind::kTcpUdp: line.Put("tcp-udp"); break;
      case Kind::kIcmp: line.Put("icmp"); break;
      case Kind::kIcmp6: line.Put("icmp6"); break;
      case Kind::kOther: line.Put(ProtocolName(v.protocol)); break;
      case Kind::kObject:
        line.Put("object");
        line.Put(v.object);
        break;
    }
    if (v.source.op != PortSpec::Op::kNone) {
      line.Put("source");
      PrintPortSpec(v.source, Family(v.kind), line);
    }
    if (v.destination.op != PortSpec::Op::kNone) {
      if (!v.bare) line.Put("destination");
      PrintPortSpec(v.destination, Family(v.kind), line);
    }
    if (v.icmp_type) line.Put(IcmpTypeName(*v.icmp_type, v.kind == Kind::kIcmp6));
    if (v.icmp_code) line.Put(std::to_string(*v.icmp_code));
  }
};

namespace {

// What a network group can hold of what an access list can name.
bool IsMember(const AddressSpec& a) {
  using K = AddressSpec::Kind;
  return a.kind == K::kHost || a.kind == K::kSubnet || a.kind == K::kPrefix6 || a.kind == K::kObject;
}

bool Mentions(const LineTree& tree, const std::string& word, const std::string& name) {
  const std::string phrase = word + " " + name;
  const auto has = [&](const Line& l) {
    const std::size_t at = l.text.find(phrase);
    return at != std::string::npos && (at + phrase.size() == l.text.size() || l.text[at + phrase.size()] == ' ');
  };
  for (const Section s : {Section::kAccessList, Section::kObjectGroup}) {
    for (const auto& top : tree.Of(s)) {
      for (const auto& l : top->lines) {
        if (has(*l) || (word == "object-group" && s == Section::kObjectGroup && l->text == "group-object " + name)) return true;
      }
    }
  }
  for (const Section s : {Section::kTwiceNat, Section::kAfterAutoNat}) {
    for (const auto& l : tree.Of(s)) {
      if ((" " + l->text + " ").find(" " + name + " ") != std::string::npos) return true;
    }
  }
  return false;
}

Line* FindObject(const LineTree& tree, const std::string& name) {
  for (const char* kind : {"object network ", "object service "}) {
    if (Line* l = tree.Find(Section::kObject, kind + name)) return l;
  }
  return nullptr;
}
Line* FindGroup(const LineTree& tree, const std::string& name) { return tree.Find(Section::kObjectGroup, "object-group " + name); }

template <typename L>
void DeclareObject(ConfigGrammar& g, const char* word, const char* mode) {
  using S = Tokens<L>;
  Command<L> c({S::Kw("object", "Configure an object"), S::Kw(word), S::Word(&L::name, "Object name", "WORD < 65 char", 64)});
  c.No(3).When([](const Personality& p) { return p.object_nat; });
  LineRule<L> r;
  r.section = Section::kObject;
  r.submode = mode;
  const std::string kind = word;
  r.check = [kind](ConfigEdit& edit, const L& v) -> std::string {
    if (FindGroup(edit.tree, v.name) != nullptr || edit.tree.Find(Section::kObject, (kind == "network" ? "object service " : "object network ") + v.name)) {
      return "ERROR: An object or object-group with the name '" + v.name + "' already exists\n";
    }
    return {};
  };
  r.check_no = [](ConfigEdit& edit, const L& v, const Line&) -> std::string {
    if (!Mentions(edit.tree, "object", v.name)) return {};
    return "ERROR: unable to delete object (" + v.name + "). object is being used.\n";
  };
  Declare(g, c, r);
}

// How deep the groups below `name` are nested; more than any may be when `group` is among them. Each is looked at once, however many
// ways lead to it.
constexpr int kDeepest = 64;
int Depth(const LineTree& tree, const std::string& group, const std::string& name, std::map<std::string, int>& known) {
  if (name == group) return kDeepest + 1;
  if (const auto at = known.find(name); at != known.end()) return at->second;
  int depth = 0;
  if (const Line* l = FindGroup(tree, name)) {
    for (const auto* m : l->All<GroupMember>()) depth = std::max(depth, Depth(tree, group, m->name, known));
  }
  return known[name] = depth + 1;
}

// Would `name` as a member of `group` make a circle?
bool Circular(const LineTree& tree, const std::string& group, const std::string& name) {
  std::map<std::string, int> known;
  return Depth(tree, group, name, known) > kDeepest;
}

// A member that is there already is said so.
template <typename L>
void DeclareMember(ConfigGrammar& g, Command<L> c, const char* mode, const char* trailing, std::function<std::string(ConfigEdit&, const L&)> check) {
  c.No(c.size());
  LineRule<L> r;
  r.mode = mode;
  r.section = Section::kObjectGroup;
  r.rank = 10;
  r.trailing = trailing;
  const Command<L> command = c;
  r.check = [check, command](ConfigEdit& edit, const L& v) -> std::string {
    if (check) {
      if (std::string e = check(edit, v); !e.empty()) return e;
    }
    const std::string text = command.Print(v);
    if (edit.here->Find(text) != nullptr) {
      const std::string group = edit.here->As<GroupLine>()->name;
      const bool old = !edit.personality.object_nat;
      return (old ? "Adding obj (" + text + " ) to grp (" : "WARNING: Adding obj (" + text + ") to grp (") + group + ") failed; object already exists\n";
    }
    return {};
  };
  Declare(g, c, r);
}

}  // namespace

void DeclareObjects(ConfigGrammar& g) {
  DeclareObject<NetworkObjectLine>(g, "network", "config-network-object");
  DeclareObject<ServiceObjectLine>(g, "service", "config-service-object");
  {
    using L = NetworkValue;
    using S = Tokens<L>;
    using K = L::Kind;
    const auto value = [&](std::vector<TokenPtr<L>> tokens) {
      Command<L> c(std::move(tokens));
      c.No(1);
      LineRule<L> r;
      r.mode = "config-network-object";
      r.section = Section::kObject;
      r.rank = 1;
      r.key = 0;
      r.check = [](ConfigEdit&, const L& v) -> std::string {
        if (v.kind == L::Kind::kRange && v.last.address < v.first.address) return "ERROR: Start IP address is greater than end IP address\n";
        return {};
      };
      Declare(g, c, r);
    };
    value({S::Is(&L::kind, K::kHost, "host", "Host address"), S::Arg(&L::first, "Address")});
    value({S::Is(&L::kind, K::kRange, "range", "Range of addresses"), S::Arg(&L::first, "First"), S::Arg(&L::last, "Last")});
    value({S::Is(&L::kind, K::kFqdn, "fqdn", "Fully qualified domain name"), S::Opt({S::Choice({{S::Is(&L::fqdn_family, "v4", "v4", "IPv4 addresses of the name")}, {S::Is(&L::fqdn_family, "v6", "v6", "IPv6 addresses of the name")}})}),
           S::Word(&L::fqdn, "Name")});
    value({S::Kw("subnet", "Subnet"), S::Choice({{S::Arg(&L::prefix6, "IPv6 prefix")}, {S::Arg(&L::first, "Address"), S::Arg(&L::mask, "Netmask")}})});
  }
  {
    using L = ServiceValue;
    using S = Tokens<L>;
    Command<L> c({S::Kw("service", "Service"), S::Arg(&L::spec, "Protocol")});
    c.No(1);
    LineRule<L> r;
    r.mode = "config-service-object";
    r.section = Section::kObject;
    r.rank = 1;
    r.key = 1;
    r.trailing = " ";
    r.check = [](ConfigEdit&, const L& v) -> std::string {
      return v.spec.kind == ServiceSpec::Kind::kObject || v.spec.kind == ServiceSpec::Kind::kTcpUdp ? "ERROR: Invalid service for an object\n" : "";
    };
    Declare(g, c, r);
  }
  {
    using L = GroupLine;
    using S = Tokens<L>;
    using T = L::Type;
    struct Type {
      T type;
      const char* word;
      const char* mode;
    };
    for (const Type& t : {Type{T::kNetwork, "network", "config-network-object-group"}, Type{T::kService, "service", "config-service-object-group"},
                          Type{T::kProtocol, "protocol", "config-protocol-object-group"}, Type{T::kIcmpType, "icmp-type", "config-icmp-object-group"}}) {
      std::vector<TokenPtr<L>> tokens = {S::Kw("object-group", "Create an object group"), S::Is(&L::type, t.type, t.word), S::Word(&L::name, "Group name", "WORD < 65 char", 64)};
      if (t.type == T::kService) {
        tokens.push_back(S::Opt({S::Choice({{S::Is(&L::ports, PortKind::kTcp, "tcp")}, {S::Is(&L::ports, PortKind::kUdp, "udp")},
                                            {S::Is(&L::ports, PortKind::kTcpUdp, "tcp-udp")}})}));
      }
      Command<L> c(std::move(tokens));
      c.No(3);
      LineRule<L> r;
      r.section = Section::kObjectGroup;
      r.submode = t.mode;
      r.check = [](ConfigEdit& edit, const L& v) -> std::string {
        if (const Line* l = FindGroup(edit.tree, v.name)) {
          const auto* other = l->As<L>();
          static constexpr const char* kWords[] = {"", "network", "service", "protocol", "icmp-type"};
          if (other->type != v.type || (v.type == T::kService && v.ports != PortKind::kNone && other->ports != v.ports)) {
            return std::string("An object-group with the same id but different type (") + kWords[static_cast<int>(other->type)] + ") exists\n";
          }
          return {};
        }
        return FindObject(edit.tree, v.name) == nullptr ? "" : "ERROR: An object with the name '" + v.name + "' already exists\n";
      };
      // Groups of all types share their names: the key is the name alone.
      const std::string mode = t.mode;
      r.key = 0;
      r.after = [mode](ConfigEdit& edit, const L& v, Line& l) -> std::string {
        const L value = v;
        std::string text = l.text;
        Line* own = FindGroup(edit.tree, v.name);
        if (own == nullptr) {
          own = &edit.tree.Upsert(nullptr, Section::kObjectGroup, "object-group " + v.name);
          own->text = std::move(text);
          own->kind = "object-group";
          own->submode = mode;
          own->Set(value);
          edit.changed = true;
        }
        edit.tree.Remove(nullptr, Section::kObjectGroup, "");
        edit.Enter(mode, *own);
        return {};
      };
      r.submode.clear();
      r.check_no = [](ConfigEdit& edit, const L& v, const Line&) -> std::string {
        return Mentions(edit.tree, "object-group", v.name) ? "Removing object-group (" + v.name + ") not allowed, it is being used.\n" : "";
      };
      Declare(g, c, r);
    }
  }
  const auto circle = [](ConfigEdit& edit, const GroupMember& v) -> std::string {
    const auto* own = edit.here->As<GroupLine>();
    const Line* l = FindGroup(edit.tree, v.name);
    if (l == nullptr) return "ERROR: object-group (" + v.name + ") does not exist\n";
    if (l->As<GroupLine>()->type != own->type) {
      return "Adding obj (group-object " + v.name + ") to grp (" + own->name + ") failed; object type mismatch\n";
    }
    if (Circular(edit.tree, own->name, v.name)) return "Adding obj (group-object " + v.name + ") to grp (" + own->name + ") failed; loop is found\n";
    return {};
  };
  for (const char* mode : {"config-network-object-group", "config-service-object-group", "config-protocol-object-group", "config-icmp-object-group"}) {
    using S = Tokens<GroupMember>;
    DeclareMember<GroupMember>(g, Command<GroupMember>({S::Kw("group-object", "Configure an object group as an object"), S::Word(&GroupMember::name, "Group name")}), mode, "", circle);
  }
  {
    using L = NetworkMember;
    using S = Tokens<L>;
    DeclareMember<L>(g, Command<L>({S::Kw("network-object", "Configure a network object"), S::ArgIf<IsMember>(&L::spec, "Address")}), "config-network-object-group", "",
                     [](ConfigEdit& edit, const L& v) -> std::string {
                       using K = AddressSpec::Kind;
                       if (v.spec.kind == K::kObject && edit.tree.Find(Section::kObject, "object network " + v.spec.name) == nullptr) {
                         return "ERROR: specified object (" + v.spec.name + ") does not exist\n";
                       }
                       return {};
                     });
  }
  {
    using L = ServiceMember;
    using S = Tokens<L>;
    DeclareMember<L>(g, Command<L>({S::Kw("service-object", "Configure a service object"), S::Arg(&L::spec, "Protocol")}), "config-service-object-group", " ",
                     [](ConfigEdit& edit, const L& v) -> std::string {
                       if (edit.here->As<GroupLine>()->ports != PortKind::kNone) return "ERROR: service-object is not allowed in a group of ports\n";
                       if (v.spec.kind == ServiceSpec::Kind::kObject && edit.tree.Find(Section::kObject, "object service " + v.spec.object) == nullptr) {
                         return "ERROR: specified object (" + v.spec.object + ") does not exist\n";
                       }
                       return {};
                     });
  }
  {
    using L = PortMember;
    using S = Tokens<L>;
    // The literals are the group's protocol's: the line is printed by it.
    Command<L> c({S::Kw("port-object", "Configure a port object"), S::Arg(&L::ports, "Ports")});
    c.No(2);
    LineRule<L> r;
    r.mode = "config-service-object-group";
    r.section = Section::kObjectGroup;
    r.rank = 10;
    r.check = [](ConfigEdit& edit, const L&) -> std::string {
      return edit.here->As<GroupLine>()->ports == PortKind::kNone ? "ERROR: port-object is only allowed in a group of tcp, udp or tcp-udp\n" : "";
    };
    r.text = [](const ConfigEdit& edit, const L& v) {
      const PortKind k = edit.here->As<GroupLine>()->ports;
      std::string text;
      LineWriter w(text);
      w.Put("port-object");
      PrintPortSpec(v.ports, k == PortKind::kTcp ? PortFamily::kTcp : k == PortKind::kUdp ? PortFamily::kUdp : PortFamily::kBoth, w);
      return text;
    };
    Declare(g, c, r);
  }
  {
    using L = IcmpMember;
    using S = Tokens<L>;
    DeclareMember<L>(g, Command<L>({S::Kw("icmp-object", "Configure an ICMP type"), S::Arg(&L::type, "ICMP type")}), "config-icmp-object-group", "", nullptr);
  }
  {
    using L = ProtocolMember;
    using S = Tokens<L>;
    DeclareMember<L>(g, Command<L>({S::Kw("protocol-object", "Configure a protocol object"), S::ArgIf<[](const ProtocolSpec& p) { return p.kind == ProtocolSpec::Kind::kNumber; }>(&L::protocol, "Protocol")}),
                     "config-protocol-object-group", "", nullptr);
  }
}

}  // namespace sallyport
