// interface and its sub-mode, mtu, same-security-traffic.
#include <algorithm>
#include <variant>

#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/zone_checks.h"

namespace sallyport {
namespace {

constexpr std::string_view kTypes[] = {"Ethernet", "FastEthernet", "GigabitEthernet", "TenGigabitEthernet", "TwentyFiveGigE", "FortyGigabitEthernet",
                                       "FortyGigE", "HundredGigE", "gb-ethernet", "Management", "Internal-Data", "Internal-Control", "Vlan",
                                       "Port-channel", "Redundant", "BVI", "Tunnel", "Loopback", "vni"};

constexpr int kMostTunnel = 10413;

// Order of an interface's lines, as an ASA prints them; what stands between them is in shapes_interface.cc.
enum Rank {
  kDescription = 0, kVlan = 10, kSwitchport = 20, kShutdown = 50, kManagementOnlyNew = 60, kNameif = 70, kSecurity = 80, kAddress = 90,
  kManagementOnlyOld = 97
};


// Where lines of a section name an interface: a word at a place, the word behind "interface", the last word, or "(a,b)" at a place.
struct Mention {
  Section section;
  enum Where { kAt, kBehindInterface, kLast, kPair } where;
  std::size_t place;
  std::string_view begins;  // only lines that begin so
};
constexpr Mention kMentions[] = {
    {Section::kMtu, Mention::kAt, 1, "mtu "},
    {Section::kRoute, Mention::kAt, 1, "route "},
    {Section::kAccessGroup, Mention::kBehindInterface, 0, ""},
    {Section::kServicePolicy, Mention::kBehindInterface, 0, ""},
    {Section::kIcmp, Mention::kLast, 0, "icmp permit"},
    {Section::kIcmp, Mention::kLast, 0, "icmp deny"},
    {Section::kSsh, Mention::kLast, 0, "ssh "},
    {Section::kTelnet, Mention::kLast, 0, "telnet "},
    {Section::kHttp, Mention::kLast, 0, "http "},
    {Section::kLogging, Mention::kAt, 2, "logging host "},
    {Section::kNat, Mention::kPair, 1, "nat "},
    {Section::kGlobal, Mention::kPair, 1, "global "},
    {Section::kStatic, Mention::kPair, 1, "static "},
    {Section::kTwiceNat, Mention::kPair, 1, "nat "},
    {Section::kAfterAutoNat, Mention::kPair, 1, "nat "},
};

// "(a,b)" with `from` replaced by `to`; "" when it does not name it.
std::string RenamePair(std::string_view pair, const std::string& from, const std::string& to) {
  if (pair.size() < 3 || pair.front() != '(' || pair.back() != ')') return {};
  std::string_view inner = pair.substr(1, pair.size() - 2);
  const std::size_t comma = inner.find(',');
  std::string a(inner.substr(0, comma));
  std::string b = comma == std::string_view::npos ? "" : std::string(inner.substr(comma + 1));
  if (a != from && b != from) return {};
  if (a == from) a = to;
  if (b == from) b = to;
  return "(" + a + (comma == std::string_view::npos ? "" : "," + b) + ")";
}

// The interface `from` is now called `to`, and so are the lines that name it; "": it has no name any more, and they go.
void Rename(ConfigEdit& edit, const std::string& from, const std::string& to) {
  const ConfigSet& config = ConfigGrammar::Get().sets.find("config")->second;
  for (const Mention& m : kMentions) {
    std::vector<std::string> texts;
    bool found = false;
    for (const auto& l : edit.tree.Of(m.section)) {
      const CommandLine words(l->text);
      std::string text = l->text;
      if (l->text.starts_with(m.begins)) {
        std::size_t at = m.where == Mention::kLast ? words.size() - 1 : m.place;
        if (m.where == Mention::kBehindInterface) {
          at = words.size();
          for (std::size_t i = 2; i + 1 < words.size(); i++) {
            if (words[i] == "interface") at = i + 1;
          }
        }
        if (at < words.size()) {
          const std::string now = m.where == Mention::kPair ? RenamePair(words[at], from, to) : words[at] == from ? to : std::string();
          const bool names = m.where == Mention::kPair ? !RenamePair(words[at], from, from).empty() : words[at] == from;
          if (names) {
            found = true;
            text = to.empty() ? "" : text.replace(words.ColumnOf(at), words[at].size(), now);
          }
        }
      }
      texts.push_back(std::move(text));
    }
    if (!found) continue;
    edit.tree.RemoveIf(nullptr, m.section, [](const Line&) { return true; });
    ConfigMode global;
    ConfigEdit again{edit.tree, global, edit.personality, edit.names, nullptr, {}};
    again.loading = true;
    ParseOptions options{15, &edit.personality, &edit.names};
    for (const std::string& t : texts) {
      if (!t.empty()) (void)config.Run(again, t, options);
    }
  }
  for (const auto& o : edit.tree.Of(Section::kObject)) {
    for (const auto& l : o->lines) {
      const auto* nat = l->As<ObjectNatLine>();
      if (nat == nullptr || (nat->interfaces.real != from && nat->interfaces.mapped != from)) continue;
      if (to.empty()) {
        edit.tree.Remove(o.get(), Section::kObject, std::string(l->key));
        break;
      }
      ObjectNatLine v = *nat;
      const std::string old = "(" + v.interfaces.real + "," + v.interfaces.mapped + ")";
      const std::string now = RenamePair(old, from, to);
      if (v.interfaces.real == from) v.interfaces.real = to;
      if (v.interfaces.mapped == from) v.interfaces.mapped = to;
      l->text.replace(l->text.find(old), old.size(), now);
      l->Set(v);
      break;
    }
  }
}

}  // namespace

bool IsPhysical(std::string_view hardware) {
  if (hardware.find('.') != std::string_view::npos) return false;
  for (const char* made : {"Vlan", "BVI", "Port-channel", "Redundant", "Tunnel", "Loopback", "vni"}) {
    if (hardware.starts_with(made)) return false;
  }
  return true;
}

// "gig0/1", "GigabitEthernet 0/1.100" -> "GigabitEthernet0/1.100"
Match Codec<HardwareName>::Read(Cursor& in, HardwareName& out, std::string_view help) {
  if (in.AtEnd()) {
    for (const auto t : kTypes) in.Offer({std::string(t), std::string(help)}, false);
    return Match::kIncomplete;
  }
  const std::string_view w = in.Peek();
  std::size_t n = 0;
  while (n < w.size() && (w[n] < '0' || w[n] > '9')) n++;
  const std::string_view* type = nullptr;
  std::size_t common = 0;
  for (const std::string_view& t : kTypes) {
    common = std::max(common, CommonPrefix(w, t));
    if (!IsPrefixOf(w.substr(0, n), t) || n == 0) continue;
    if (n == 1 && t == "gb-ethernet") continue;  // a PIX's; "g0/1" is a GigabitEthernet
    if (type != nullptr && !SameWord(w.substr(0, n), t)) {
      if (!SameWord(w.substr(0, n), *type)) return Match::kAmbiguous;
      continue;
    }
    type = &t;
  }
  const auto number = [](std::string_view s) {
    if (s.empty() || s.front() < '0' || s.front() > '9' || s.size() > 24) return false;
    for (std::size_t i = 0; i < s.size(); i++) {
      const bool digit = s[i] >= '0' && s[i] <= '9';
      if (!digit && (s[i] != '/' && s[i] != '.')) return false;
      if (!digit && (i + 1 == s.size() || s[i + 1] < '0' || s[i + 1] > '9')) return false;
    }
    return true;
  };
  if (type == nullptr) {
    in.Blame(common);
    return Match::kNo;
  }
  std::string_view rest = w.substr(n);
  in.Consume(nullptr);
  if (rest.empty()) {
    if (in.AtEnd()) return Match::kIncomplete;
    rest = in.Peek();
    if (!number(rest)) {
      in.Blame(0);
      return Match::kNo;
    }
    in.Consume(nullptr);
  } else if (!number(rest)) {
    in.set_at(in.at() - 1);
    in.Blame(n);
    return Match::kNo;
  }
  const auto plain = [](std::string_view digits) { return digits.find_first_not_of("0123456789") == std::string_view::npos; };
  if (*type == "Tunnel" && (!plain(rest) || rest.size() > 5 || std::stoi(std::string(rest)) > kMostTunnel)) {
    in.set_at(in.at() - 1);
    in.Blame(w.size() == n ? 0 : n);
    return Match::kNo;
  }
  out.text = std::string(*type) + std::string(rest);
  return Match::kOk;
}
void Codec<HardwareName>::Print(const HardwareName& v, LineWriter& line) { line.Put(v.text); }

void DeclareInterfaces(ConfigGrammar& g) {

  {
    using L = InterfaceLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("interface", "Select an interface to configure"), S::Arg(&L::hardware, "Interface")});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kInterface;
    r.submode = "config-if";
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      // A sub-interface needs its interface, except while a file is read.
      const std::size_t dot = v.hardware.text.find('.');
      if (edit.loading || dot == std::string::npos) return {};
      if (edit.tree.Find(Section::kInterface, "interface " + v.hardware.text.substr(0, dot)) != nullptr) return {};
      return "ERROR: Interface " + v.hardware.text.substr(0, dot) + " does not exist\n";
    };
    r.check_no = [](ConfigEdit& edit, const L& v, const Line& l) -> std::string {
      if (IsPhysical(v.hardware.text)) return "ERROR: Removal of physical interface is not permitted.\n";
      if (const auto* name = l.First<NameifLine>()) edit.renamed = name->name;
      return {};
    };
    // What named the interface goes with it.
    r.after_no = [](ConfigEdit& edit, const L&) {
      if (!edit.renamed.empty()) Rename(edit, edit.renamed, "");
    };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      if (!l.lines.empty() || edit.from_asa()) return {};
      // A new interface says what it has not; the switch ports of an ASA 5505 (which has Vlan interfaces) say nothing.
      const std::string& hw = v.hardware.text;
      bool vlans = false;
      for (const auto& other : edit.tree.Of(Section::kInterface)) vlans = vlans || other->text.starts_with("interface Vlan");
      if (hw.starts_with("Ethernet") && vlans) return {};
      const auto lacks = [&](const char* key, int rank) {
        Line& n = edit.tree.Upsert(&l, Section::kInterface, key);
        n.text = std::string("no ") + key;
        n.kind = key;
        n.rank = rank;
      };
      if (hw.find('.') != std::string::npos) lacks("vlan", kVlan);
      lacks("nameif", kNameif);
      lacks("security-level", kSecurity);
      lacks("ip address", kAddress);
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = NameifLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("nameif", "Assign name to interface"), S::Word(&L::name, "A name by which the interface is referred to", "WORD < 49 char", 48)});
    c.No(1);
    LineRule<L> r;
    r.mode = "config-if";
    r.section = Section::kInterface;
    r.rank = kNameif;
    r.key = 1;
    r.keep_no = true;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      for (const auto& i : edit.tree.Of(Section::kInterface)) {
        const auto* n = i->First<NameifLine>();
        if (n != nullptr && i.get() != edit.parent() && n->name == v.name) {
          return "ERROR: Name \"" + v.name + "\" has been assigned to interface " + i->As<InterfaceLine>()->hardware.text + "\n";
        }
      }
      if (const auto* before = edit.here->First<NameifLine>()) edit.renamed = before->name;
      return {};
    };
    r.after = [](ConfigEdit& edit, const L& v, Line&) -> std::string {
      if (!edit.renamed.empty() && edit.renamed != v.name) Rename(edit, edit.renamed, v.name);
      const std::string mtu = "mtu " + v.name;
      if (edit.tree.Find(Section::kMtu, mtu) == nullptr && !edit.from_asa()) {
        Line& m = edit.tree.Upsert(nullptr, Section::kMtu, mtu);
        m.text = mtu + " 1500";
        m.kind = "mtu";
        m.Set(MtuLine{v.name, 1500});
      }
      if (edit.here->First<SecurityLevelLine>() != nullptr) return {};
      const int level = SameWord(v.name, "inside") ? 100 : 0;
      Line& s = edit.tree.Upsert(edit.parent(), Section::kInterface, "security-level");
      s.text = "security-level " + std::to_string(level);
      s.kind = "security-level";
      s.rank = kSecurity;
      s.Set(SecurityLevelLine{level});
      if (edit.loading) return {};
      return "INFO: Security level for \"" + v.name + "\" set to " + std::to_string(level) + " by default.\n";
    };
    r.check_no = [](ConfigEdit& edit, const L&, const Line& l) -> std::string {
      if (const auto* before = l.As<L>()) edit.renamed = before->name;
      return {};
    };
    r.after_no = [](ConfigEdit& edit, const L&) {
      // What named the interface goes with the name.
      if (!edit.renamed.empty()) Rename(edit, edit.renamed, "");
      Line& s = edit.tree.Upsert(edit.parent(), Section::kInterface, "security-level");
      s.text = "no security-level";
      s.rank = kSecurity;
      s.Set(std::monostate{});
    };
    Declare(g, c, r);
  }
  {
    using L = SecurityLevelLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("security-level", "Specify the security level of this interface"), S::Int(&L::level, 0, 100, "Security level for the interface")});
    c.No(1);
    LineRule<L> r;
    r.mode = "config-if";
    r.section = Section::kInterface;
    r.rank = kSecurity;
    r.key = 1;
    r.keep_no = true;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      return edit.loading ? "" : RefuseZoneLevel(edit, v.level.value_or(0));
    };
    Declare(g, c, r);
  }
  {
    using L = IpAddressLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("ip", "Configure the ip address"), S::Kw("address", "IP address"),
                  S::Choice({{S::Is(&L::dhcp, true, "dhcp", "Obtain an IP address from the DHCP server"), S::Flag(&L::setroute, "setroute", "Default route from DHCP")},
                             {S::Is(&L::pppoe, true, "pppoe", "Obtain an IP address from PPPoE"), S::Flag(&L::setroute, "setroute", "Default route from PPPoE")},
                             {S::ArgIf<[](const NamedAddress& a) { return a.address.IsV4(); }>(&L::address, "IP address"),
                              S::Opt({S::Arg(&L::mask, "Netmask")}),
                              S::Opt({S::Choice({{S::Kw("standby", "Standby address"), S::Arg(&L::standby, "Address")},
                                                 {S::Kw("cluster-pool", "Pool of addresses of cluster units"), S::Word(&L::cluster_pool, "Pool")},
                                                 {S::Is(&L::pppoe, true, "pppoe", "Use PPPoE with this address"), S::Flag(&L::setroute, "setroute")}})})}})});
    c.No(2);
    LineRule<L> r;
    r.mode = "config-if";
    r.section = Section::kInterface;
    r.rank = kAddress;
    r.key = 2;
    r.keep_no = true;
    r.trailing = " ";
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (v.dhcp || v.address.address.IsNone()) return {};
      const std::uint32_t a = v.address.address.v4();
      const int length = v.mask ? v.mask->length() : a >> 31 == 0 ? 8 : a >> 30 == 2 ? 16 : 24;
      const std::uint32_t host = length >= 32 ? 0 : 0xffffffffu >> length;
      if (length < 31 && ((a & host) == 0 || (a & host) == host)) {
        return "ERROR: This IP address and mask combination is not valid\n";  // the network's own or its broadcast address
      }
      for (const auto& i : edit.tree.Of(Section::kInterface)) {
        if (i.get() == edit.parent()) continue;
        const auto* other = i->First<L>();
        if (other == nullptr || other->dhcp || other->address.address.IsNone()) continue;
        const int length2 = other->mask ? other->mask->length() : 24;
        const Prefix p = Prefix::Of(v.address.address, std::min(length, length2));
        if (length > 0 && p.Contains(other->address.address)) {
          return "ERROR: Failed to apply IP address to interface " + edit.here->As<InterfaceLine>()->hardware.text +
                 ", as the network overlaps with interface " + i->As<InterfaceLine>()->hardware.text +
                 ". Two interfaces cannot be in the same subnet.\n";
        }
      }
      return {};
    };
    r.after = [](ConfigEdit&, const L& v, Line& l) -> std::string {
      if (v.dhcp || v.address.address.IsNone()) {
        l.text.pop_back();
      } else if (!v.mask) {
        L full = v;
        const std::uint32_t a = v.address.address.v4();
        full.mask = Mask{a >> 31 == 0 ? 0xff000000u : a >> 30 == 2 ? 0xffff0000u : 0xffffff00u};
        l.text = "ip address " + full.address.ToString() + " " + IpAddress::V4(full.mask->bits).ToString() + " ";
        l.Set(full);
      }
      return {};
    };
    Declare(g, c, r);
  }
  const auto flag = [&]<typename L>(L, const char* word, int rank, const char* help, bool keep_no) {
    using S = Tokens<L>;
    Command<L> c({S::Kw(word, help)});
    c.No(1);
    LineRule<L> r;
    r.mode = "config-if";
    r.section = Section::kInterface;
    r.rank = rank;
    r.key = 1;
    r.keep_no = keep_no;
    return std::pair(c, r);
  };
  {
    auto [c, r] = flag(ShutdownLine{}, "shutdown", kShutdown, "Shutdown the selected interface", false);
    Declare(g, c, r);
  }
  {
    using S = Tokens<ManagementOnlyLine>;
    auto [unused, r] = flag(ManagementOnlyLine{}, "management-only", kManagementOnlyNew, "Dedicate an interface to management", false);
    Command<ManagementOnlyLine> c({S::Kw("management-only", "Dedicate an interface to management"),
                                   S::Flag(&ManagementOnlyLine::individual, "individual", "Each unit of a cluster has an address of its own")});
    c.No(1);
    r.after = [](ConfigEdit& edit, const ManagementOnlyLine&, Line& l) -> std::string {
      if (!edit.personality.object_nat) l.rank = kManagementOnlyOld;
      return {};
    };
    // `no management-only` is printed for Management interfaces only, where it is not the default.
    r.after_no = [](ConfigEdit& edit, const ManagementOnlyLine&) {
      const auto* hw = edit.here->As<InterfaceLine>();
      if (hw == nullptr || !hw->hardware.text.starts_with("Management")) return;
      Line& l = edit.tree.Upsert(edit.parent(), Section::kInterface, "management-only");
      l.text = "no management-only";
      l.rank = kManagementOnlyNew;
      l.Set(std::monostate{});
      edit.changed = true;
    };
    Declare(g, c, r);
  }
  {
    using L = DescriptionLine;
    using S = Tokens<L>;
    for (const char* mode : {"config-if", "config-network-object", "config-service-object", "config-network-object-group", "config-service-object-group",
                             "config-protocol-object-group", "config-icmp-object-group", "config-user-object-group", "config-security-object-group",
                             "config-cmap", "config-pmap"}) {
      Command<L> c({S::Kw("description", "Specify description"), S::Line(&L::text, "Up to 200 characters")});
      c.No(1);
      LineRule<L> r;
      r.mode = mode;
      const std::string_view m(mode);
      r.section = m == "config-if" ? Section::kInterface : m.ends_with("-object-group") ? Section::kObjectGroup
                  : m == "config-cmap" ? Section::kClassMap : m == "config-pmap" ? Section::kPolicyMap : Section::kObject;
      // Objects print it after their value, groups, classes and interfaces before everything else.
      r.rank = m.ends_with("-object") ? 5 : kDescription;
      r.key = 1;
      Declare(g, c, r);
    }
  }
  {
    using L = VlanLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("vlan", "Specify a VLAN ID"), S::Int(&L::id, 1, 4094, "VLAN ID"),
                  S::Opt({S::Kw("secondary", "Secondary VLANs"), S::Line(&L::secondary, "VLAN IDs")})});
    c.No(1);
    LineRule<L> r;
    r.mode = "config-if";
    r.section = Section::kInterface;
    r.rank = kVlan;
    r.key = 1;
    r.keep_no = true;
    r.check = [](ConfigEdit& edit, const L&) -> std::string {
      const auto* hw = edit.here->As<InterfaceLine>();
      if (edit.loading || (hw != nullptr && hw->hardware.text.find('.') != std::string::npos)) return {};
      return "ERROR: VLAN ID can only be configured on a subinterface\n";
    };
    Declare(g, c, r);
  }
  {
    using L = SwitchportLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("switchport", "Set switch mode characteristics"), S::Kw("access", "Set access mode characteristics of the interface"),
                  S::Kw("vlan", "Set VLAN when interface is in access mode"), S::Int(&L::vlan, 1, 4090, "VLAN ID")});
    c.No(3);
    LineRule<L> r;
    r.mode = "config-if";
    r.section = Section::kInterface;
    r.rank = kSwitchport;
    r.key = 3;
    r.after = [](ConfigEdit& edit, const L&, Line&) -> std::string {
      for (const char* key : {"nameif", "security-level", "ip address"}) {
        const Line* l = edit.here->Find(key);
        if (l != nullptr && l->text.starts_with("no ")) edit.tree.Remove(edit.parent(), Section::kInterface, key);
      }
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = MtuLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("mtu", "Specify MTU(Maximum Transmission Unit) for an interface"), S::Word(&L::interface, "Interface name"),
                  S::Int(&L::bytes, 64, 9198, "MTU bytes")});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kMtu;
    r.key = 2;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      return edit.loading || edit.HasInterface(v.interface) ? "" : "ERROR: % Invalid Hostname\n";
    };
    r.after_no = [](ConfigEdit& edit, const L& v) {
      if (!edit.HasInterface(v.interface)) return;
      Line& m = edit.tree.Upsert(nullptr, Section::kMtu, "mtu " + v.interface);
      m.text = "mtu " + v.interface + " 1500";
      m.Set(MtuLine{v.interface, 1500});
    };
    Declare(g, c, r);
  }
  {
    using L = SameSecurityLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("same-security-traffic", "Enable same security level interfaces to communicate"), S::Kw("permit"),
                  S::Choice({{S::Is(&L::which, "inter-interface", "inter-interface", "Between different interfaces of one level")},
                             {S::Is(&L::which, "intra-interface", "intra-interface", "In and out of the same interface")}})});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kSameSecurity;
    Declare(g, c, r);
  }
}

}  // namespace sallyport
