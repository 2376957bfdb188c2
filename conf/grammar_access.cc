// Access lists and groups.
#include <algorithm>
#include <span>

#include "conf/compile.h"
#include "conf/declare.h"
#include "conf/field_line.h"
#include "conf/lines.h"
#include "conf/personality.h"
#include "firewall/logger.h"

namespace sallyport {

PortFamily FamilyOf(const ProtocolSpec& p) {
  if (p.kind == ProtocolSpec::Kind::kNumber && p.number == 6) return PortFamily::kTcp;
  if (p.kind == ProtocolSpec::Kind::kNumber && p.number == 17) return PortFamily::kUdp;
  return PortFamily::kBoth;
}

// permit|deny PROTOCOL SOURCE [PORTS] DESTINATION [PORTS | ICMPTYPE [CODE]] [log ...] [time-range T] [inactive]
template <>
struct Codec<AceBody> {
  static Match Read(Cursor& in, AceBody& out, std::string_view) {
    static const Literal kAction[] = {{"deny", "Specify packets to reject"}, {"permit", "Specify packets to forward"}};
    static const Literal kLog{"log", "Keyword for enabling log option on this ACL element"};
    static const Literal kInactive{"inactive", "Keyword for disabling an ACL element"};
    static const Literal kTimeRange{"time-range", "Keyword for attaching time-range option to this ACL element"};
    static const Literal kGroup{"object-group", "Specify an icmp-type object-group after this keyword"};
    std::size_t i = 0;
    AceBody b;
    if (const Match m = in.OneOf(kAction, i); m != Match::kOk) return m;
    b.permit = i == 1;
    if (const Match m = Codec<ProtocolSpec>::Read(in, b.protocol, "IP protocol"); m != Match::kOk) return m;
    const bool number = b.protocol.kind == ProtocolSpec::Kind::kNumber;
    const bool ports = !number || b.protocol.number == 6 || b.protocol.number == 17 || b.protocol.number == 132;
    const bool icmp = number && (b.protocol.number == 1 || b.protocol.number == 58);
    const PortFamily family = FamilyOf(b.protocol);
    if (const Match m = ReadIdentity(in, b.user, kUser); m != Match::kOk) return m;
    if (const Match m = ReadIdentity(in, b.source_group, kSecurity); m != Match::kOk) return m;
    if (const Match m = Codec<AddressSpec>::Read(in, b.source, "Source address"); m != Match::kOk) return m;
    if (ports) {
      // `object-group X` after the source may be ports or the destination; the destination needs one more address.
      if (const Match m = ReadPortSpec(in, b.sport, family, false); m != Match::kOk) return m;
      if (b.sport.op == PortSpec::Op::kNone && SameWord(in.Peek(), "object-group")) {
        Cursor ahead = in;
        PortSpec group;
        AddressSpec dst;
        if (ReadPortSpec(ahead, group, family, true) == Match::kOk && Codec<AddressSpec>::Read(ahead, dst, "") == Match::kOk) {
          // Two groups in a row and nothing after: source ports only if an address still follows.
          in.Consume(&kGroup);
          in.Consume(nullptr);
          b.sport = group;
        }
      }
    }
    if (const Match m = ReadIdentity(in, b.destination_group, kSecurity); m != Match::kOk) return m;
    if (const Match m = Codec<AddressSpec>::Read(in, b.destination, "Destination address"); m != Match::kOk) return m;
    if (b.sport.op == PortSpec::Op::kGroup && b.destination.kind == AddressSpec::Kind::kGroup && !SameWord(in.Peek(), "eq")) {
      // "SRC object-group A object-group B": A is the destination and B its ports, as ASA prints service groups behind the
      // destination far more often; the compiler checks the types.
      b.dport = {PortSpec::Op::kGroup, 0, 0, b.destination.name};
      b.destination.name = b.sport.group;
      b.sport = {};
    }
    if (ports && b.dport.op == PortSpec::Op::kNone) {
      if (const Match m = ReadPortSpec(in, b.dport, family, true); m != Match::kOk) return m;
    }
    if (icmp) {
      if (in.AtEnd()) in.Offer(kGroup, false);
      std::uint8_t type = 0;
      const std::string_view w = in.Peek();
      if (SameWord(w, "object-group")) {
        in.Consume(&kGroup);
        if (const Match m = Codec<std::string>::Read(in, b.icmp_group, "Group name"); m != Match::kOk) return m;
      } else if (!IsPrefixOf(w, "log") && !IsPrefixOf(w, "inactive") && !IsPrefixOf(w, "time-range")) {
        const std::size_t before = in.at();
        const Match m = ReadIcmpType(in, type, b.protocol.number == 58, "ICMP type");
        if (m == Match::kOk) {
          b.icmp_type = type;
          std::int64_t code = 0;
          const std::size_t at = in.at();
          if (in.Number({"<0-255>", "ICMP code"}, 0, 255, code) == Match::kOk) b.icmp_code = static_cast<std::uint8_t>(code);
          else in.set_at(at);
        } else if (in.at() != before || m == Match::kAmbiguous) {
          return m;
        }
      }
    }
    while (true) {
      if (b.log == AceBody::Log::kNone && in.Keyword(kLog) == Match::kOk) {
        if (const Match m = ReadLog(in, b); m != Match::kOk) return m;
        continue;
      }
      if (b.time_range.empty() && in.Keyword(kTimeRange) == Match::kOk) {
        if (const Match m = Codec<std::string>::Read(in, b.time_range, "Name"); m != Match::kOk) return m;
        continue;
      }
      if (!b.inactive && in.Keyword(kInactive) == Match::kOk) {
        b.inactive = true;
        continue;
      }
      break;
    }
    out = std::move(b);
    return Match::kOk;
  }
  struct Identity {
    std::string_view first, second;  // "user" NAME; "security-group" "name" NAME
  };
  static constexpr Identity kUser[] = {{"user", ""}, {"user-group", ""}, {"object-group-user", ""}};
  static constexpr Identity kSecurity[] = {{"security-group", "name"}, {"security-group", "tag"}, {"object-group-security", ""}};
  // Who sends or is sent to, in words; kOk without consuming when it does not say so. These keywords are not abbreviated.
  static Match ReadIdentity(Cursor& in, std::string& out, std::span<const Identity> forms) {
    for (const Identity& f : forms) {
      if (!SameWord(in.Peek(), f.first)) continue;
      Cursor ahead = in;
      ahead.Consume(nullptr);
      std::string text(f.first);
      if (!f.second.empty()) {
        if (!SameWord(ahead.Peek(), f.second)) continue;
        ahead.Consume(nullptr);
        text += " " + std::string(f.second);
      }
      std::string name;
      const Match m = Codec<std::string>::Read(ahead, name, "Name");
      in = ahead;
      if (m == Match::kOk) out = text + " " + name;
      return m;
    }
    return Match::kOk;
  }
  static Match ReadLog(Cursor& in, AceBody& b) {
    static const Literal kWhat[] = {{"default", "Default logging, as without log"}, {"disable", "Disable log option"}, {"interval", "Interval"}};
    static const Literal kInterval{"interval", "Interval of messages in seconds"};
    b.log = AceBody::Log::kPlain;
    if (in.AtEnd()) {
      std::size_t none = 0;
      (void)in.OneOf(kWhat, none);
      return Match::kOk;
    }
    const std::string_view w = in.Peek();
    if (IsPrefixOf(w, "default") && w.size() > 2) {
      in.Consume(&kWhat[0]);
      b.log = AceBody::Log::kDefault;
      return Match::kOk;
    }
    if (IsPrefixOf(w, "disable") && w.size() > 1) {
      in.Consume(&kWhat[1]);
      b.log = AceBody::Log::kDisable;
      return Match::kOk;
    }
    if (!IsPrefixOf(w, "inactive") && !IsPrefixOf(w, "interval")) {
      if (const auto s = ParseSeverity(w)) {
        b.log = AceBody::Log::kLevel;
        b.severity = static_cast<std::uint8_t>(*s);
        in.Consume(nullptr);
      }
    }
    if (in.Keyword(kInterval) == Match::kOk) {
      std::int64_t n = 0;
      if (const Match m = in.Number({"<1-600>", "Seconds"}, 1, 600, n); m != Match::kOk) return m;
      b.interval = static_cast<std::uint32_t>(n);
    }
    return Match::kOk;
  }
  static void Print(const AceBody& b, LineWriter& line) {
    line.Put(b.permit ? "permit" : "deny");
    Codec<ProtocolSpec>::Print(b.protocol, line);
    for (const std::string* who : {&b.user, &b.source_group}) {
      if (!who->empty()) line.Put(*who);
    }
    Codec<AddressSpec>::Print(b.source, line);
    PrintPortSpec(b.sport, FamilyOf(b.protocol), line);
    if (!b.destination_group.empty()) line.Put(b.destination_group);
    Codec<AddressSpec>::Print(b.destination, line);
    PrintPortSpec(b.dport, FamilyOf(b.protocol), line);
    if (b.icmp_type) line.Put(IcmpTypeName(*b.icmp_type, b.protocol.number == 58));
    if (b.icmp_code) line.Put(std::to_string(*b.icmp_code));
    if (!b.icmp_group.empty()) {
      line.Put("object-group");
      line.Put(b.icmp_group);
    }
    if (b.log != AceBody::Log::kNone) {
      line.Put("log");
      if (b.log == AceBody::Log::kDefault) line.Put("default");
      if (b.log == AceBody::Log::kDisable) line.Put("disable");
      if (b.log == AceBody::Log::kLevel) line.Put(SeverityName(b.severity));
      if (b.interval) {
        line.Put("interval");
        line.Put(std::to_string(*b.interval));
      }
    }
    if (!b.time_range.empty()) {
      line.Put("time-range");
      line.Put(b.time_range);
    }
    if (b.inactive) line.Put("inactive");
  }
};

bool HasAccessList(const LineTree& tree, std::string_view name, bool not_ipv6) {
  if (tree.Find(Section::kAccessList, name) != nullptr) return true;
  for (const auto& l : tree.Of(Section::kIpv6AccessList)) {
    const auto* f = l->As<FieldLine>();
    const auto* a = l->As<Ipv6AclLine>();
    if (!not_ipv6 && ((f != nullptr && f->Get("list") == name) || (a != nullptr && a->list == name))) return true;
  }
  return false;
}

namespace {

std::string Missing(const LineTree& tree, const AddressSpec& a) {
  if (a.kind == AddressSpec::Kind::kObject && tree.Find(Section::kObject, "object network " + a.name) == nullptr) {
    return "ERROR: specified object <" + a.name + "> does not exist\n";
  }
  if (a.kind == AddressSpec::Kind::kGroup) {
    const Line* l = tree.Find(Section::kObjectGroup, "object-group " + a.name);
    if (l == nullptr) return "ERROR: specified object group <" + a.name + "> not found\n";
    if (l->As<GroupLine>()->type != GroupLine::Type::kNetwork) return "ERROR: specified object group <" + a.name + "> has wrong type; expecting network type\n";
  }
  return {};
}

}  // namespace

Match ReadAce(Cursor& in, AceBody& out) { return Codec<AceBody>::Read(in, out, {}); }
void PrintAce(const AceBody& b, LineWriter& line) { Codec<AceBody>::Print(b, line); }

std::string CheckAce(const LineTree& tree, AceBody& b) {
  const auto group_type = [&](const std::string& name) {
    const Line* l = tree.Find(Section::kObjectGroup, "object-group " + name);
    return l == nullptr ? GroupLine::Type::kNone : l->As<GroupLine>()->type;
  };
  if (b.dport.op == PortSpec::Op::kGroup && b.destination.kind == AddressSpec::Kind::kGroup && b.sport.op == PortSpec::Op::kNone &&
      group_type(b.dport.group) == GroupLine::Type::kNetwork && group_type(b.destination.name) == GroupLine::Type::kService) {
    b.sport = {PortSpec::Op::kGroup, 0, 0, b.destination.name};
    b.destination.name = b.dport.group;
    b.dport = {};
  }
  if (b.protocol.kind == ProtocolSpec::Kind::kObject && tree.Find(Section::kObject, "object service " + b.protocol.name) == nullptr) {
    return "ERROR: specified object <" + b.protocol.name + "> does not exist\n";
  }
  if (b.protocol.kind == ProtocolSpec::Kind::kGroup) {
    const auto t = group_type(b.protocol.name);
    if (t == GroupLine::Type::kNone) return "ERROR: specified object group <" + b.protocol.name + "> not found\n";
    if (t != GroupLine::Type::kService && t != GroupLine::Type::kProtocol) {
      return "ERROR: specified object group <" + b.protocol.name + "> has wrong type; expecting protocol or service type\n";
    }
  }
  for (const AddressSpec* a : {&b.source, &b.destination}) {
    if (std::string e = Missing(tree, *a); !e.empty()) return e;
  }
  for (const PortSpec* p : {&b.sport, &b.dport}) {
    if (p->op != PortSpec::Op::kGroup) continue;
    const auto t = group_type(p->group);
    if (t == GroupLine::Type::kNone) return "ERROR: specified object group <" + p->group + "> not found\n";
    if (t != GroupLine::Type::kService) return "ERROR: specified object group <" + p->group + "> has wrong type; expecting service type\n";
  }
  if (!b.icmp_group.empty() && group_type(b.icmp_group) != GroupLine::Type::kIcmpType) {
    return "ERROR: specified object group <" + b.icmp_group + "> not found\n";
  }
  return {};
}

namespace {

Line& ListOf(ConfigEdit& edit, const std::string& name) {
  Line& l = edit.tree.Upsert(nullptr, Section::kAccessList, name);
  if (l.As<AccessListGroup>() == nullptr) {
    l.kind = "access-list";
    l.Set(AccessListGroup{name});
  }
  return l;
}

bool Used(const LineTree& tree, const std::string& list) {
  for (const auto* a : tree.All<AccessGroupLine>(Section::kAccessGroup)) {
    if (a->list == list) return true;
  }
  return false;
}

// A line of an access list: `text` behind "access-list NAME "; `wanted` is the operator's line number.
Reply PutAclLine(ConfigEdit& edit, const std::string& list, std::optional<int> wanted, std::string text, std::string key, auto value) {
  edit.section = Section::kAccessList;
  Line& group = ListOf(edit, list);
  if (edit.tree.Find(&group, Section::kAccessList, key) != nullptr) {
    return edit.loading ? Reply{} : Reply::Say("WARNING: <" + list + "> found duplicate element\n");
  }
  const std::size_t position = wanted && *wanted > 0 ? static_cast<std::size_t>(*wanted - 1) : SIZE_MAX;
  Line& l = edit.tree.Upsert(&group, Section::kAccessList, key, position);
  l.text = std::move(text);
  l.kind = "access-list";
  l.Set(std::move(value));
  edit.changed = true;
  return {};
}

Reply RemoveAclLine(ConfigEdit& edit, const std::string& list, std::string_view key, std::string_view text) {
  Line* group = edit.tree.Find(Section::kAccessList, list);
  const Line* found = group == nullptr ? nullptr : edit.tree.Find(group, Section::kAccessList, key);
  if (group != nullptr && found == nullptr && !text.empty()) {
    for (const auto& l : group->lines) {
      if (l->text == text) found = l.get();
    }
  }
  if (found == nullptr) return Reply::Refuse("Specified access-list does not exist\n");
  if (group->lines.size() == 1 && Used(edit.tree, list)) {
    edit.tree.RemoveIf(nullptr, Section::kAccessGroup, [&](const Line& l) { return l.As<AccessGroupLine>() && l.As<AccessGroupLine>()->list == list; });
  }
  edit.tree.Remove(group, Section::kAccessList, std::string(found->key));
  if (group->lines.empty()) edit.tree.Remove(nullptr, Section::kAccessList, list);
  edit.changed = true;
  return {};
}

// An address that has bits behind its mask is a mistake.
std::string CheckPair(const AddressSpec& a) {
  if (a.kind != AddressSpec::Kind::kSubnet || !a.address.address.IsV4() || (a.address.address.v4() & ~a.mask.bits) == 0) return {};
  return "ERROR: IP address,mask <" + a.address.address.ToString() + "," + IpAddress::V4(a.mask.bits).ToString() + "> doesn't pair\n";
}

// A line, other than those that apply it, that names the list: "" when there is none.
std::string UserOf(const LineTree& tree, const std::string& list) {
  const auto names = [&list](const Line& l) {
    const CommandLine words(l.text);
    for (std::size_t i = 1; i < words.size(); i++) {
      if (words[i] == list && (words[i - 1] == "access-list" || words[i - 1] == "address" || words[i - 1] == "value" || words[i - 1] == "acl")) return true;
    }
    return false;
  };
  const auto look = [&names](const auto& self, const Line& l) -> std::string {
    if (names(l)) return l.text;
    for (const auto& c : l.lines) {
      if (std::string found = self(self, *c); !found.empty()) return found;
    }
    return {};
  };
  for (std::size_t s = 0; s < kSectionCount; s++) {
    if (static_cast<Section>(s) == Section::kAccessList) continue;
    for (const auto& l : tree.Of(static_cast<Section>(s))) {
      if (std::string found = look(look, *l); !found.empty()) return found;
    }
  }
  return {};
}

struct RenameList { std::string list, to; };

// The list stays where it is, and interfaces keep it. What else names it would have to be changed by hand.
Reply Rename(ConfigEdit& edit, const RenameList& v) {
  Line* list = edit.tree.Find(Section::kAccessList, v.list);
  if (list == nullptr) return Reply::Refuse("ERROR: access-list <" + v.list + "> does not exist\n");
  if (HasAccessList(edit.tree, v.to)) return Reply::Refuse("ERROR: access-list <" + v.to + "> already exists\n");
  if (const std::string user = UserOf(edit.tree, v.list); !user.empty()) {
    return Reply::Refuse("ERROR: access-list <" + v.list + "> is in use: " + user + "\n");
  }
  std::vector<std::string> groups;
  for (const auto& l : edit.tree.Of(Section::kAccessGroup)) {
    const auto* a = l->As<AccessGroupLine>();
    if (a != nullptr && a->list == v.list) groups.push_back("access-group " + v.to + l->text.substr(CommandLine(l->text).ColumnOf(1) + v.list.size()));
  }
  edit.tree.RemoveIf(nullptr, Section::kAccessGroup, [&v](const Line& l) { return l.As<AccessGroupLine>() != nullptr && l.As<AccessGroupLine>()->list == v.list; });
  edit.tree.Rekey(nullptr, *list, v.to);
  list->Set(AccessListGroup{v.to});
  const auto rename = [&v]<typename L>(Line& l, const L* line) {
    if (line == nullptr) return;
    L other = *line;
    other.list = v.to;
    l.Set(std::move(other));
  };
  for (const auto& l : list->lines) {
    rename(*l, l->As<ExtendedLine>());
    rename(*l, l->As<StandardLine>());
    rename(*l, l->As<RemarkLine>());
    rename(*l, l->As<OtherAclLine>());
  }
  const ConfigSet& config = ConfigGrammar::Get().sets.find("config")->second;
  ParseOptions options{15, &edit.personality, &edit.names};
  for (const std::string& group : groups) {
    ConfigMode global;
    ConfigEdit again{edit.tree, global, edit.personality, edit.names, nullptr, {}};
    (void)config.Run(again, group, options);
  }
  edit.section = Section::kAccessList;
  edit.changed = true;
  return {};
}

}  // namespace

void DeclareAccess(ConfigGrammar& g) {
  ConfigSet& config = g.Mode("config");
  {
    using L = ExtendedLine;
    using S = Tokens<L>;
    for (const bool keyword : {true, false}) {  // `extended` may be left out
      std::vector<TokenPtr<L>> t = {S::Kw("access-list", "Configure an access control element"), S::Word(&L::list, "Access list name", "WORD < 242 char", 241),
                                    S::Opt({S::Kw("line", "Position"), S::Int(&L::line, 1, 2147483647, "Line number")})};
      if (keyword) t.push_back(S::Kw("extended", "Configure access policy for IP traffic"));
      t.push_back(S::Arg(&L::body, "permit or deny"));
      Command<L> c(std::move(t));
      c.No(c.size());
      config.Add(c, [](ConfigEdit& edit, const L& v, Form form) -> Reply {
        L line = v;
        if (std::string e = CheckAce(edit.tree, line.body); !e.empty()) return Reply::Refuse(std::move(e));
        for (const AddressSpec* a : {&line.body.source, &line.body.destination}) {
          if (std::string e = CheckPair(*a); !e.empty() && form != Form::kNo && !edit.from_asa()) return Reply::Refuse(std::move(e));
        }
        if (!edit.loading && form != Form::kNo && !line.body.time_range.empty() &&
            edit.tree.Find(Section::kTimeRange, "time-range " + line.body.time_range) == nullptr) {
          return Reply::Refuse("ERROR: Time range " + line.body.time_range + " does not exist\n");
        }
        // The key is what the line means: without log, as ASA compares.
        std::string text, key;
        LineWriter w(text), k(key);
        w.Put("extended");
        Codec<AceBody>::Print(line.body, w);
        AceBody bare = line.body;
        bare.log = AceBody::Log::kNone;
        bare.interval.reset();
        bare.inactive = false;
        k.Put("extended");
        Codec<AceBody>::Print(bare, k);
        if (line.body.log == AceBody::Log::kNone && !line.body.inactive && line.body.time_range.empty()) text += ' ';
        if (form == Form::kNo) return RemoveAclLine(edit, line.list, key, {});
        std::string warn;
        if (line.body.source.kind == AddressSpec::Kind::kGroup && line.body.source.name == line.body.destination.name) {
          warn = "WARNING: Same object-group is used more than once in one config line. This config is redundant. Please use seperate object-groups\n";
        }
        if (const Line* group = edit.tree.Find(Section::kAccessList, line.list)) {
          if (!group->lines.empty() && group->lines.front()->As<StandardLine>() != nullptr) {
            return Reply::Refuse("ERROR: access-list <" + line.list + "> is a standard access-list\n");
          }
          // The same element with other options: replaces them in place.
          if (Line* l = edit.tree.Find(group, Section::kAccessList, key); l != nullptr && l->As<L>() != nullptr && l->As<L>()->body != line.body) {
            line.line.reset();
            l->text = text;
            l->Set(line);
            edit.changed = true;
            return Reply::Say(std::move(warn));
          }
        }
        line.line.reset();
        Reply r = PutAclLine(edit, line.list, v.line, text, key, line);
        r.text += warn;
        return r;
      });
    }
  }
  {
    using L = StandardLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("access-list"), S::Word(&L::list, "Access list name", "WORD < 242 char", 241), S::Kw("standard", "Use this to configure policy by destination only"),
                  S::Choice({{S::Is(&L::permit, true, "permit")}, {S::Is(&L::deny, true, "deny")}}), S::Arg(&L::source, "Address")});
    c.No(c.size());
    config.Add(c, [](ConfigEdit& edit, const L& v, Form form) -> Reply {
      using K = AddressSpec::Kind;
      if (v.source.kind != K::kAny && v.source.kind != K::kAny4 && v.source.kind != K::kHost && v.source.kind != K::kSubnet) {
        return Reply::Refuse("ERROR: a standard access-list takes an address, host or any4\n");
      }
      std::string text = "standard ";
      text += v.permit ? "permit" : "deny";
      LineWriter w(text);
      Codec<AddressSpec>::Print(v.source, w);
      const std::string key = text;
      text += ' ';
      if (form == Form::kNo) return RemoveAclLine(edit, v.list, key, {});
      if (const Line* group = edit.tree.Find(Section::kAccessList, v.list); group != nullptr && group->First<ExtendedLine>() != nullptr) {
        return Reply::Refuse("ERROR: access-list <" + v.list + "> is an extended access-list\n");
      }
      return PutAclLine(edit, v.list, {}, text, key, v);
    });
  }
  for (const char* kind : {"ethertype", "webvpn"}) {
    using L = OtherAclLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("access-list"), S::Word(&L::list, "Access list name", "WORD < 242 char", 241),
                  S::Is(&L::kind, kind, kind, std::string_view(kind) == "webvpn" ? "Use this to configure WebVPN related policy" : "Configure access policy for EtherType"),
                  S::Line(&L::rest, "permit or deny, and what")});
    c.No(c.size());
    config.Add(c, [](ConfigEdit& edit, const L& v, Form form) -> Reply {
      const bool ether = v.kind == "ethertype";
      edit.effect = ether ? Effect::kModelled : Effect::kDormant;
      if (!v.rest.starts_with("permit ") && !v.rest.starts_with("deny ")) return Reply::Refuse("ERROR: % Incomplete command\n");
      EtherElement element;
      if (ether && !ReadEtherWhat(std::string_view(v.rest).substr(v.rest.find(' ') + 1), element)) {
        return Reply::Refuse("ERROR: % Invalid input detected\n");
      }
      const std::string text = v.kind + " " + v.rest;
      if (form == Form::kNo) return RemoveAclLine(edit, v.list, text, {});
      Reply r = PutAclLine(edit, v.list, {}, text + " ", text, v);
      if (const Line* group = edit.tree.Find(Section::kAccessList, v.list)) {
        if (Line* l = edit.tree.Find(group, Section::kAccessList, text)) l->effect = edit.effect;
      }
      return r;
    });
  }
  {
    using L = RemarkLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("access-list"), S::Word(&L::list, "Access list name", "WORD < 242 char", 241),
                  S::Opt({S::Kw("line"), S::Int(&L::line, 1, 2147483647)}), S::Kw("remark", "Specify a comment"), S::Line(&L::text, "Comment")});
    c.No(4);
    config.Add(c, [](ConfigEdit& edit, const L& v, Form form) -> Reply {
      const std::string text = "remark " + v.text;
      if (form == Form::kNo) return RemoveAclLine(edit, v.list, "?", text);
      // Remarks may repeat: each has a key of its own.
      static std::uint64_t serial = 0;
      L line = v;
      line.line.reset();
      return PutAclLine(edit, v.list, v.line, text, "remark #" + std::to_string(++serial), line);
    });
  }
  {
    using S = Tokens<RenameList>;
    config.Add(Command<RenameList>({S::Kw("access-list", "Configure an access control element"), S::Word(&RenameList::list, "Access list name", "WORD < 242 char", 241),
                                    S::Kw("rename", "Rename an existing access-list"), S::Word(&RenameList::to, "New name", "WORD < 242 char", 241)}),
               [](ConfigEdit& edit, const RenameList& v, Form) { return Rename(edit, v); });
  }
  {
    struct ClearList { std::string list; };
    using S = Tokens<ClearList>;
    for (const char* word : {"configure"}) {
      Command<ClearList> c({S::Kw("clear", "Clear"), S::Kw(word, "Clear running configuration"), S::Kw("access-list", "Access lists"), S::Opt({S::Word(&ClearList::list, "Access list name")})});
      config.Add(c, [](ConfigEdit& edit, const ClearList& v, Form) -> Reply {
        edit.tree.RemoveIf(nullptr, Section::kAccessGroup, [&](const Line& l) {
          return l.As<AccessGroupLine>() != nullptr && (v.list.empty() || l.As<AccessGroupLine>()->list == v.list);
        });
        if (edit.tree.RemoveIf(nullptr, Section::kAccessList, [&](const Line& l) { return v.list.empty() || l.key == v.list; }) == 0 && !v.list.empty()) {
          return Reply::Refuse("ERROR: access-list <" + v.list + "> does not exist\n");
        }
        edit.changed = true;
        return {};
      });
    }
  }
  {
    using L = AccessGroupLine;
    using S = Tokens<L>;
    using D = L::Direction;
    Command<L> c({S::Kw("access-group", "Bind an access-list to an interface to filter traffic"), S::Word(&L::list, "Access list name"),
                  S::Choice({{S::Is(&L::direction, D::kIn, "in", "For input traffic"), S::Kw("interface"), S::Word(&L::interface, "Interface name"),
                              S::AnyOrder({{S::Is(&L::per_user_override, true, "per-user-override", "Allow per-user ACL to override the interface ACL")},
                                           {S::Is(&L::control_plane, true, "control-plane", "For packets to the appliance")}})},
                             {S::Is(&L::direction, D::kOut, "out", "For output traffic"), S::Kw("interface"), S::Word(&L::interface, "Interface name")},
                             {S::Is(&L::direction, D::kGlobal, "global", "For traffic on all interfaces")}})});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kAccessGroup;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (v.direction != D::kGlobal && !edit.HasInterface(v.interface)) return "ERROR: interface <" + v.interface + "> does not exist\n";
      if (!edit.loading && !HasAccessList(edit.tree, v.list)) return "ERROR: access-list <" + v.list + "> does not exist\n";
      return {};  // while a file is read, Load checks at the end: 9.18 prints groups first
    };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      // An interface has one list of each kind: an IPv6 list and one by Ethernet type stand beside an extended one.
      const auto kind = [&edit](const std::string& name) {
        const Line* list = edit.tree.Find(Section::kAccessList, name);
        return list == nullptr ? 6 : IsEtherList(*list) ? 2 : 4;
      };
      edit.tree.RemoveIf(nullptr, Section::kAccessGroup, [&](const Line& other) {
        const auto* o = other.As<L>();
        return &other != &l && o != nullptr && o->direction == v.direction && o->interface == v.interface && o->control_plane == v.control_plane &&
               !edit.loading && kind(v.list) == kind(o->list);
      });
      return {};
    };
    Declare(g, c, r);
  }
}

}  // namespace sallyport
