#include "conf/shape.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <utility>
#include <variant>

#include "conf/codecs.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

using command_internal::CommandBase;
using command_internal::Scratch;
using command_internal::Target;
using command_internal::Token;
using command_internal::TokenList;
using S = Section;

constexpr ReferenceKind kReferenceKinds[] = {
    {"iface", S::kInterface, "", "ERROR: % Invalid Hostname\n", ""},
    {"acl", S::kAccessList, "", "ERROR: access-list <{}> does not exist\n", ""},
    {"object", S::kObject, "object network |object service ", "ERROR: object ({}) does not exist.\n", ""},
    {"ogroup", S::kObjectGroup, "object-group network |object-group service |object-group protocol |object-group icmp-type |object-group user |"
     "object-group security ", "ERROR: specified object group <{}> not found\n", ""},
    {"timerange", S::kTimeRange, "time-range ", "ERROR: Time range {} does not exist\n", "ERROR: Time range {} is in use\n"},
    {"pool", S::kLocalPool, "ip local pool |ipv6 local pool ", "", "ERROR: Pool {} is in use, it cannot be removed\n"},
    {"policy", S::kGroupPolicy, "group-policy ", "ERROR: The group policy {} does not exist\n", ""},
    {"tgroup", S::kTunnelGroup, "tunnel-group ", "ERROR: tunnel-group {} does not exist\n", ""},
    {"aaagroup", S::kAaaServer, "aaa-server ", "ERROR: aaa-server group {} does not exist\n", ""},
    {"tset", S::kCrypto, "crypto ipsec transform-set |crypto ipsec ikev1 transform-set ",
     "ERROR: transform set with tag \"{}\" does not exist.\n", "ERROR: transform set {} is in use by a crypto map\n"},
    {"proposal", S::kCrypto, "crypto ipsec ikev2 ipsec-proposal ", "ERROR: ipsec-proposal with tag \"{}\" does not exist.\n", ""},
    {"dynmap", S::kCrypto, "crypto dynamic-map ", "ERROR: dynamic map {} does not exist\n", ""},
    {"trustpoint", S::kCrypto, "crypto ca trustpoint ", "ERROR: Trustpoint {} does not exist\n", ""},
    {"ipsecprofile", S::kCrypto, "crypto ipsec profile ", "ERROR: IPsec profile {} does not exist\n", "ERROR: IPsec profile {} is in use, it cannot be removed\n"},
    {"ldapmap", S::kLdapMap, "ldap attribute-map ", "ERROR: ldap attribute-map {} does not exist\n", ""},
    {"tcpmap", S::kTcpMap, "tcp-map ", "ERROR: tcp-map {} does not exist\n", "ERROR: tcp-map {} is in use\n"},
    {"cmap", S::kClassMap, "class-map ", "", ""},
    {"routemap", S::kRouteMap, "route-map ", "", ""},
    {"prefixlist", S::kPrefixList, "prefix-list ", "", ""},
    {"sla", S::kSla, "sla monitor ", "", ""},
};

// --- how the types of fields are read: into the text that the running configuration has

using Reader = Match (*)(Cursor& in, std::string& out, std::string_view help);

template <typename V>
Match ReadAs(Cursor& in, std::string& out, std::string_view help) {
  V v{};
  const Match m = Codec<V>::Read(in, v, help);
  if (m == Match::kOk) {
    out.clear();
    LineWriter line(out);
    Codec<V>::Print(v, line);
  }
  return m;
}
template <PortFamily kFamily>
Match ReadPortOf(Cursor& in, std::string& out, std::string_view help) {
  std::uint16_t port = 0;
  const Match m = ReadPort(in, port, kFamily, help);
  if (m == Match::kOk) out = PortName(port, kFamily);
  return m;
}
template <std::size_t kMost>
Match ReadWord(Cursor& in, std::string& out, std::string_view help) {
  std::string_view w;
  const std::string placeholder = kMost < 4096 ? "WORD < " + std::to_string(kMost + 1) + " char" : "WORD";
  const Match m = in.Word({placeholder, std::string(help)}, w, [](std::string_view s) { return s.size() <= kMost; });
  if (m == Match::kOk) out = w;
  return m;
}
Match ReadRest(Cursor& in, std::string& out, std::string_view help) {
  std::string_view rest;
  const Match m = in.Rest({"LINE", std::string(help)}, rest);
  if (m == Match::kOk) out = rest;
  return m;
}
template <bool kFour, bool kSix>
Match ReadAddress(Cursor& in, std::string& out, std::string_view help) {
  Cursor ahead = in;
  NamedAddress a;
  const Match m = Codec<NamedAddress>::Read(ahead, a, help);
  if (m == Match::kOk && ((a.address.IsV4() && !kFour) || (!a.address.IsV4() && !kSix))) {
    in.Blame(0);
    return Match::kNo;
  }
  in = ahead;
  if (m == Match::kOk) out = a.ToString();
  return m;
}

Match ReadSeverity(Cursor& in, std::string& out, std::string_view help) {
  std::string_view w;
  const Match m = in.Word({"<0-7> or WORD", std::string(help)}, w, [](std::string_view s) { return ParseSeverity(s).has_value(); });
  if (m == Match::kOk) out = SeverityName(*ParseSeverity(w));
  return m;
}
// A word in parentheses, which stay.
Match ReadParenthesized(Cursor& in, std::string& out, std::string_view help) {
  std::string_view w;
  const Match m = in.Word({"(WORD)", std::string(help)}, w, [](std::string_view s) {
    return s.size() > 2 && s.front() == '(' && s.back() == ')';
  });
  if (m == Match::kOk) out = w;
  return m;
}
// "10.1.1.1-10.1.1.9", or one address.
Match ReadRange(Cursor& in, std::string& out, std::string_view help) {
  std::string_view w;
  const Match m = in.Word({"A.B.C.D-A.B.C.D", std::string(help)}, w, [](std::string_view s) {
    const std::size_t dash = s.find('-');
    const auto first = IpAddress::Parse(s.substr(0, dash));
    if (!first || !first->IsV4()) return false;
    if (dash == std::string_view::npos) return true;
    const auto last = IpAddress::Parse(s.substr(dash + 1));
    return last && last->IsV4();
  });
  if (m == Match::kOk) out = w;
  return m;
}
// One word that `accept` takes.
template <bool (*kAccept)(std::string_view)>
Match ReadIf(Cursor& in, std::string& out, std::string_view help, const char* placeholder) {
  std::string_view w;
  const Match m = in.Word({placeholder, std::string(help)}, w, kAccept);
  if (m == Match::kOk) out = w;
  return m;
}
bool IsMac(std::string_view s) {
  if (s.size() != 14 || s[4] != '.' || s[9] != '.') return false;
  return std::all_of(s.begin(), s.end(), [](char c) { return c == '.' || std::isxdigit(static_cast<unsigned char>(c)) != 0; });
}
bool IsPrefix4(std::string_view s) {
  const std::size_t slash = s.find('/');
  if (slash == std::string_view::npos) return false;
  const auto address = IpAddress::Parse(s.substr(0, slash));
  int length = -1;
  const std::string_view n = s.substr(slash + 1);
  const auto [end, ec] = std::from_chars(n.data(), n.data() + n.size(), length);
  return address && address->IsV4() && ec == std::errc{} && end == n.data() + n.size() && length >= 0 && length <= 32;
}
bool IsHourMinute(std::string_view s) {
  const std::size_t colon = s.find(':');
  if (colon == 0 || colon > 2 || s.size() != colon + 3) return false;
  const auto digit = [&](std::size_t i) { return s[i] >= '0' && s[i] <= '9'; };
  for (std::size_t i = 0; i < s.size(); i++) {
    if (i != colon && !digit(i)) return false;
  }
  const int hour = colon == 1 ? s[0] - '0' : (s[0] - '0') * 10 + (s[1] - '0');
  return hour <= 23 && s[colon + 1] <= '5';
}
Match ReadMac(Cursor& in, std::string& out, std::string_view help) { return ReadIf<IsMac>(in, out, help, "H.H.H"); }
Match ReadPrefix4(Cursor& in, std::string& out, std::string_view help) { return ReadIf<IsPrefix4>(in, out, help, "A.B.C.D/nn"); }
Match ReadHourMinute(Cursor& in, std::string& out, std::string_view help) { return ReadIf<IsHourMinute>(in, out, help, "hh:mm"); }
Match ReadIcmp6Type(Cursor& in, std::string& out, std::string_view help) {
  std::uint8_t type = 0;
  const Match m = ReadIcmpType(in, type, true, help);
  if (m == Match::kOk) out = IcmpTypeName(type, true);
  return m;
}

struct Type {
  std::string_view name;
  Reader read;
};
constexpr Type kShapeTypes[] = {
    {"word", ReadWord<4096>},          {"name", ReadWord<64>},
    {"secret", ReadWord<4096>},        {"line", ReadRest},
    {"ip", ReadAddress<true, false>},  {"ip6", ReadAddress<false, true>},
    {"ipx", ReadAddress<true, true>},  {"mask", ReadAs<Mask>},
    {"prefix6", ReadAs<Ipv6Prefix>},   {"hms", ReadAs<Hms>},
    {"port", ReadPortOf<PortFamily::kTcp>}, {"udpport", ReadPortOf<PortFamily::kUdp>},
    {"hw", ReadAs<HardwareName>},
    {"severity", ReadSeverity},
    {"range", ReadRange},              {"paren", ReadParenthesized},
    {"mac", ReadMac},
    {"prefix4", ReadPrefix4},
    {"hm", ReadHourMinute},
    {"icmp6type", ReadIcmp6Type},
};

// --- tokens that write into a FieldLine

FieldLine& Line_(const Target& t) { return *static_cast<FieldLine*>(t.value); }
const FieldLine& Line_(const void* v) { return *static_cast<const FieldLine*>(v); }
Presence PresenceOf(const void* v, std::size_t slot) { return Line_(v).At(slot).empty() ? Presence::kUnset : Presence::kSet; }

class FieldKeyword final : public Token {
 public:
  FieldKeyword(std::size_t slot, Literal l) : slot_(slot), literal_(std::move(l)) {}
  Match Read(Cursor& in, const Target& out) const override {
    const Match m = in.Keyword(literal_);
    if (m == Match::kOk) Line_(out).Put(slot_, literal_.text);
    return m;
  }
  void Print(const void*, LineWriter& line) const override { line.Put(literal_.text); }
  Presence IsSet(const void* v) const override {
    return Line_(v).At(slot_) == literal_.text ? Presence::kSet : Presence::kUnset;
  }
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  const Literal* AsKeyword() const override { return &literal_; }
  std::string Syntax(const Target&) const override { return literal_.text; }

 private:
  std::size_t slot_;
  Literal literal_;
};

class FieldValue final : public Token {
 public:
  FieldValue(std::size_t slot, std::string_view name, Reader read, std::string help, bool repeats)
      : slot_(slot), name_(name), read_(read), help_(std::move(help)), repeats_(repeats) {}
  Match Read(Cursor& in, const Target& out) const override {
    std::string all;
    for (bool first = true;; first = false) {
      const std::size_t before = in.at();
      std::string one;
      const Match m = read_(in, one, help_);
      if (m == Match::kOk) {
        all += (first ? "" : " ") + one;
        if (repeats_) continue;
      } else if (first || in.at() != before || m == Match::kAmbiguous) {
        return m;
      }
      Line_(out).Put(slot_, all);
      return Match::kOk;
    }
  }
  void Print(const void* v, LineWriter& line) const override { line.Put(Line_(v).At(slot_)); }
  Presence IsSet(const void* v) const override { return PresenceOf(v, slot_); }
  std::string Syntax(const Target&) const override { return "<" + name_ + (repeats_ ? "> ..." : ">"); }

 private:
  std::size_t slot_;
  std::string name_;
  Reader read_;
  std::string help_;
  bool repeats_;
};

class FieldNumber final : public Token {
 public:
  FieldNumber(std::size_t slot, std::int64_t low, std::int64_t high, std::string help, bool repeats)
      : slot_(slot), low_(low), high_(high), literal_{"<" + std::to_string(low) + "-" + std::to_string(high) + ">", std::move(help)},
        repeats_(repeats) {}
  Match Read(Cursor& in, const Target& out) const override {
    std::string all;
    for (bool first = true;; first = false) {
      const std::size_t before = in.at();
      std::int64_t n = 0;
      const Match m = in.Number(literal_, low_, high_, n);
      if (m == Match::kOk) {
        all += (first ? "" : " ") + std::to_string(n);
        if (repeats_) continue;
      } else if (first || in.at() != before) {
        return m;
      }
      Line_(out).Put(slot_, all);
      return Match::kOk;
    }
  }
  void Print(const void* v, LineWriter& line) const override { line.Put(Line_(v).At(slot_)); }
  Presence IsSet(const void* v) const override { return PresenceOf(v, slot_); }
  std::string Syntax(const Target&) const override { return literal_.text; }

 private:
  std::size_t slot_;
  std::int64_t low_, high_;
  Literal literal_;
  bool repeats_;
};

class FieldOneOf final : public Token {
 public:
  FieldOneOf(std::size_t slot, std::vector<Literal> words, bool repeats)
      : slot_(slot), words_(std::move(words)), repeats_(repeats) {}
  Match Read(Cursor& in, const Target& out) const override {
    std::string all;
    for (bool first = true;; first = false) {
      const std::size_t before = in.at();
      std::size_t i = 0;
      const Match m = in.OneOf(words_, i);
      if (m == Match::kOk) {
        all += (first ? "" : " ") + words_[i].text;
        if (repeats_) continue;
      } else if (first || in.at() != before || m == Match::kAmbiguous) {
        return m;
      }
      Line_(out).Put(slot_, all);
      return Match::kOk;
    }
  }
  void Print(const void* v, LineWriter& line) const override { line.Put(Line_(v).At(slot_)); }
  Presence IsSet(const void* v) const override { return PresenceOf(v, slot_); }
  Fit Peek(const Cursor& in) const override {
    Fit best;
    for (const Literal& l : words_) {
      const Fit f = in.FitOf(l);
      if (f.kind > best.kind) best = f;
      else if (best.literal == nullptr) best.literal = f.literal;
    }
    return best;
  }
  std::string Syntax(const Target&) const override {
    std::string out;
    for (const Literal& l : words_) out += (out.empty() ? "(" : " | ") + l.text;
    return out + (repeats_ ? ") ..." : ")");
  }

 private:
  std::size_t slot_;
  std::vector<Literal> words_;
  bool repeats_;
};

// Tokens live as long as the program (conf/token.h).
const Token* Keep(std::unique_ptr<const Token> token) {
  static std::deque<std::unique_ptr<const Token>> all;
  return all.emplace_back(std::move(token)).get();
}

// --- the grammar string

class ShapeReader {
 public:
  ShapeReader(const Shape& shape, FieldNames& names) : shape_(shape), text_(shape.words), names_(names) {}

  // The tokens of the whole line.
  std::vector<const Token*> Read() {
    std::vector<const Token*> out;
    Blanks();
    while (at_ < text_.size()) {
      if (Take('/')) key_ = out.size();
      else if (Take('\\')) no_ = out.size();
      else out.push_back(Item(false));
      Blanks();
    }
    return out;
  }
  std::size_t key() const { return key_; }
  std::size_t no() const { return no_; }

 private:
  [[noreturn]] void Wrong(const char* what) const {
    std::fprintf(stderr, "shape \"%s\": %s at column %zu\n", shape_.words, what, at_);
    std::abort();
  }
  void Blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') at_++;
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }
  std::string_view Until(std::string_view ends) {
    const std::size_t from = at_;
    while (at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos) at_++;
    return text_.substr(from, at_ - from);
  }
  std::string Help(std::string_view keyword) {
    if (Take('`')) {
      const std::string_view h = Until("`");
      if (!Take('`')) Wrong("` is missing");
      return std::string(h);
    }
    return std::string(ShapeHelp(keyword));
  }
  std::size_t Slot(std::string_view name, const ReferenceKind* kind, bool secret) {
    const std::size_t slot = names_.SlotOf(name);
    if (slot == names_.names.size()) {
      names_.names.emplace_back(name);
      names_.kinds.push_back(kind);
      names_.secret.push_back(secret);
    }
    return slot;
  }

  // `bound`: a keyword here is a field.
  const Token* Item(bool bound) {
    if (Take('[')) return command_internal::MakeOptional(Alternatives(']'));
    if (Take('(')) return Alternatives(')');
    if (Take('{')) {
      TokenList list;
      do {
        list.Add(Sequence("|}"));
      } while (Take('|'));
      if (!Take('}')) Wrong("} is missing");
      return command_internal::MakeAnyOrder(list);
    }
    if (Take('<')) return Field();
    const std::string word(Until(" `[](){}<>|"));
    if (word.empty()) Wrong("a word is missing");
    const std::string help = Help(word);
    if (!bound) return command_internal::MakeKeyword(word, help);
    return Keep(std::make_unique<FieldKeyword>(Slot(FieldNames::OfKeyword(word), nullptr, false), Literal{word, help}));
  }
  const Token* Alternatives(char end) {
    TokenList list;
    do {
      list.Add(Sequence(std::string("|") + end));
    } while (Take('|'));
    if (!Take(end)) Wrong("a closing bracket is missing");
    if (list.tokens().size() == 1) return list.tokens().front();
    return command_internal::MakeChoice(list);
  }
  const Token* Sequence(const std::string& ends) {
    TokenList list;
    Blanks();
    bool first = true;
    const std::size_t fields = names_.names.size();
    const bool keyword = at_ < text_.size() && std::string_view("[({<").find(text_[at_]) == std::string_view::npos;
    while (at_ < text_.size() && ends.find(text_[at_]) == std::string::npos) {
      list.Add(Item(first));
      first = false;
      Blanks();
    }
    if (list.tokens().empty()) Wrong("an alternative is empty");
    // It would not be known which of the two was said: <name:{a|b}> tells them apart.
    if (keyword && list.tokens().size() == 1 && names_.names.size() == fields) Wrong("a keyword that stands for itself stands twice");
    return command_internal::MakeSequence(list);
  }
  const Token* Field() {
    const std::string_view name = Until(":");
    if (!Take(':')) Wrong(": is missing");
    if (Take('{')) {
      std::vector<Literal> words;
      do {
        const std::string word(Until("|}`"));
        words.push_back({word, Help(word)});
      } while (Take('|'));
      if (!Take('}') || !Take('>')) Wrong("}> is missing");
      return Keep(std::make_unique<FieldOneOf>(Slot(name, nullptr, false), std::move(words), Repeats()));
    }
    const std::string_view type = Until(">`");
    std::string help = Help(name);
    if (!Take('>')) Wrong("> is missing");
    if (const std::size_t dash = type.find('-', 1); dash != std::string_view::npos) {
      std::int64_t low = 0, high = 0;
      const auto number = [&](std::string_view s, std::int64_t& n) {
        return std::from_chars(s.data(), s.data() + s.size(), n).ptr == s.data() + s.size();
      };
      if (number(type.substr(0, dash), low) && number(type.substr(dash + 1), high) && low <= high) {
        return Keep(std::make_unique<FieldNumber>(Slot(name, nullptr, false), low, high, std::move(help), Repeats()));
      }
    }
    const ReferenceKind* kind = ReferenceKindOf(type);
    Reader read = kind != nullptr ? &ReadWord<240> : nullptr;
    for (const Type& t : kShapeTypes) {
      if (t.name == type) read = t.read;
    }
    if (read == nullptr) Wrong("no such type");
    return Keep(std::make_unique<FieldValue>(Slot(name, kind, type == "secret"), name, read, std::move(help), Repeats()));
  }
  bool Repeats() {
    if (text_.substr(at_, 3) != "...") return false;
    at_ += 3;
    return true;
  }

  const Shape& shape_;
  std::string_view text_;
  FieldNames& names_;
  std::size_t at_ = 0;
  std::size_t key_ = SIZE_MAX, no_ = SIZE_MAX;
};

class ShapeCommand : public CommandBase {
 public:
  ShapeCommand(TokenList& tokens, std::size_t no, const Shape& shape)
      : CommandBase(command_internal::kStructOps<FieldLine>, tokens) {
    no_ = no;
    since_ = shape.options.since;
    until_ = shape.options.until;
  }
};

std::string Fill(const char* text, std::string_view name) {
  std::string out(text);
  if (const std::size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, name);
  return out;
}

bool Exists(const ConfigEdit& edit, const ReferenceKind& kind, std::string_view name) {
  if (std::string_view(kind.type) == "iface") return edit.HasInterface(name);
  if (std::string_view(kind.type) == "acl") return HasAccessList(edit.tree, name);
  if (std::string_view(kind.type) == "policy" && name == "DfltGrpPolicy") return true;
  if (std::string_view(kind.type) == "tgroup" && (name == "DefaultL2LGroup" || name == "DefaultRAGroup" || name == "DefaultWEBVPNGroup")) return true;
  if (std::string_view(kind.type) == "aaagroup" && name == "LOCAL") return true;
  for (std::string_view rest = kind.begins; !rest.empty();) {
    const std::size_t bar = rest.find('|');
    const std::string begins = std::string(rest.substr(0, bar)) + std::string(name);
    for (const auto& l : edit.tree.Of(kind.section)) {
      if (l->text.starts_with(begins) && (l->text.size() == begins.size() || l->text[begins.size()] == ' ')) return true;
    }
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return false;
}

class ShapeHooks final : public declare_internal::LineHooks {
 public:
  ShapeHooks(const Shape& shape, std::string mode, const FieldNames* names, std::size_t key) : shape_(shape), names_(names) {
    rule_.mode = std::move(mode);
    rule_.section = shape.section;
    rule_.rank = shape.options.rank;
    rule_.key = key;
    rule_.submode = shape.options.submode;
    rule_.trailing = shape.options.trailing;
    rule_.no_trailing = shape.options.no_trailing;
    rule_.keep_no = shape.options.keep_no;
    // What told lines of a file apart may be blotted out.
    rule_.repeats = shape.options.repeats || shape.options.since == kOnlyInFiles;
    rule_.effect = shape.options.effect;
    rule_.silent = shape.options.silent;
    for (std::string_view rest = shape.options.defaults; !rest.empty();) {
      const std::size_t end = rest.find(';');
      rule_.defaults.emplace_back(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  const LineRuleBase& rule() const override { return rule_; }
  void Set(Line& line, const void* value) const override { line.Set(Of(value)); }
  std::string Text(const ConfigEdit&, const void* value, const CommandBase& command) const override {
    return command.PrintValue(value, SIZE_MAX);
  }
  void Normal(const ConfigEdit& edit, void* value) const override {
    FieldLine& line = *static_cast<FieldLine*>(value);
    line.fields = names_;
    if (!shape_.options.merges) return;
    for (const auto& l : edit.parent() != nullptr ? edit.parent()->lines : edit.tree.Of(shape_.section)) {
      const auto* before = l->As<FieldLine>();
      if (before == nullptr || before->fields != names_) continue;
      for (std::size_t i = 0; i < names_->names.size(); i++) {
        if (line.At(i).empty() && !before->At(i).empty()) line.Put(i, before->At(i));
      }
    }
  }
  bool Lessen(const void* said, void* left) const override {
    FieldLine& line = *static_cast<FieldLine*>(left);
    bool some = false, rest = false;
    for (std::size_t i = 0; i < names_->names.size() && shape_.options.merges; i++) {
      if (!Of(said).At(i).empty()) {
        some = true;
        line.Put(i, "");
      }
      rest = rest || !line.At(i).empty();
    }
    return some && rest;
  }
  std::string Check(ConfigEdit& edit, const void* value) const override {
    const FieldLine& line = Of(value);
    for (std::size_t i = 0; i < names_->kinds.size() && !edit.loading; i++) {
      const ReferenceKind* kind = names_->kinds[i];
      if (kind == nullptr || *kind->missing == '\0' || line.At(i).empty()) continue;
      for (const std::string_view name : line.List(names_->names[i])) {
        if (!Exists(edit, *kind, name)) return Fill(kind->missing, name);
      }
    }
    return shape_.options.check != nullptr ? shape_.options.check(edit, line) : std::string();
  }
  std::string CheckNo(ConfigEdit& edit, const void* value, const Line& line) const override {
    for (const ReferenceKind& kind : kReferenceKinds) {
      if (kind.section != shape_.section || *kind.in_use == '\0') continue;
      for (std::string_view rest = kind.begins; !rest.empty();) {
        const std::size_t bar = rest.find('|');
        const std::string_view begins = rest.substr(0, bar);
        if (std::string_view(line.text).starts_with(begins)) {
          std::string_view name = std::string_view(line.text).substr(begins.size());
          name = name.substr(0, name.find(' '));
          if (FindReference(edit.tree, kind, name) != nullptr) return Fill(kind.in_use, name);
        }
        rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
      }
    }
    return shape_.options.check_no != nullptr ? shape_.options.check_no(edit, Of(value), line) : std::string();
  }
  std::string After(ConfigEdit& edit, const void* value, Line& line) const override {
    return shape_.options.after != nullptr ? shape_.options.after(edit, Of(value), line) : std::string();
  }
  std::string AfterNo(ConfigEdit& edit, const void* value) const override {
    return shape_.options.after_no != nullptr ? shape_.options.after_no(edit, Of(value)) : std::string();
  }
  const void* ValueOf(const Line& line) const override {
    const auto* f = line.As<FieldLine>();
    return f != nullptr && f->fields == names_ ? f : nullptr;
  }
  KeyState SecretOf(const void* value) const override {
    KeyState all = KeyState::kNone;
    for (std::size_t i = 0; i < names_->secret.size(); i++) {
      const std::string_view v = names_->secret[i] ? Of(value).At(i) : std::string_view();
      if (IsMask(v)) return KeyState::kMasked;
      if (!v.empty()) all = KeyState::kKnown;
    }
    return all;
  }
  void TakeSecrets(void* to, const void* from) const override {
    for (std::size_t i = 0; i < names_->secret.size(); i++) {
      FieldLine& line = *static_cast<FieldLine*>(to);
      if (!names_->secret[i] || (from == nullptr && line.At(i).empty())) continue;
      if (from == nullptr || !Of(from).At(i).empty()) line.Put(i, from != nullptr ? Of(from).At(i) : "*");
    }
  }
  // {field}s of the sort text; numbers padded.
  std::string SortKey(const void* value) const override {
    std::string out;
    for (std::string_view rest = shape_.options.sort; !rest.empty();) {
      if (rest.front() != '{') {
        out += rest.front();
        rest.remove_prefix(1);
        continue;
      }
      const std::size_t end = rest.find('}');
      const std::string_view v = Of(value).At(names_->SlotOf(rest.substr(1, end - 1)));
      const bool number = !v.empty() && v.find_first_not_of("0123456789") == std::string_view::npos;
      out += (number && v.size() < 10 ? std::string(10 - v.size(), '0') : "") + std::string(v);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return out;
  }

 private:
  const FieldLine& Of(const void* value) const { return *static_cast<const FieldLine*>(value); }
  const Shape& shape_;
  const FieldNames* names_;
  LineRuleBase rule_;
};

std::vector<DeclaredShape>& Declared() {
  static std::vector<DeclaredShape> all;
  return all;
}

}  // namespace

const ReferenceKind* ReferenceKindOf(std::string_view type) {
  for (const ReferenceKind& k : kReferenceKinds) {
    if (type == k.type) return &k;
  }
  return nullptr;
}

const Line* FindReference(const LineTree& tree, const ReferenceKind& kind, std::string_view name) {
  const auto names = [&](const auto& self, const Line& l) -> const Line* {
    if (const auto* f = l.As<FieldLine>()) {
      for (std::size_t i = 0; i < f->fields->kinds.size(); i++) {
        if (f->fields->kinds[i] != &kind) continue;
        const auto all = f->List(f->fields->names[i]);
        if (std::find(all.begin(), all.end(), name) != all.end()) return &l;
      }
    }
    for (const auto& c : l.lines) {
      if (const Line* found = self(self, *c)) return found;
    }
    return nullptr;
  };
  for (std::size_t s = 0; s < kSectionCount; s++) {
    for (const auto& l : tree.Of(static_cast<Section>(s))) {
      if (const Line* found = names(names, *l)) return found;
    }
  }
  return nullptr;
}

std::size_t FieldNames::SlotOf(std::string_view name) const {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string FieldNames::OfKeyword(std::string_view word) { return "\x01" + std::string(word); }

std::string_view FieldLine::Get(std::string_view field) const {
  if (fields == nullptr) return {};
  const std::size_t slot = fields->SlotOf(field);
  return At(slot < fields->names.size() ? slot : fields->SlotOf(FieldNames::OfKeyword(field)));
}

std::optional<std::int64_t> FieldLine::Int(std::string_view field) const {
  const std::string_view v = Get(field);
  std::int64_t n = 0;
  if (v.empty() || std::from_chars(v.data(), v.data() + v.size(), n).ec != std::errc{}) return std::nullopt;
  return n;
}

std::optional<IpAddress> FieldLine::Address(std::string_view field, const NameTable& names) const {
  const std::string_view v = Get(field);
  if (const auto it = names.find(v); it != names.end()) return it->second;
  return IpAddress::Parse(v);
}

std::vector<std::string_view> FieldLine::List(std::string_view field) const {
  std::vector<std::string_view> out;
  for (std::string_view rest = Get(field); !rest.empty();) {
    const std::size_t blank = rest.find(' ');
    out.push_back(rest.substr(0, blank));
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
  }
  return out;
}

void FieldLine::Put(std::size_t slot, std::string_view value) {
  if (slot >= values.size()) values.resize(slot + 1);
  values[slot] = value;
}

namespace {

// The rows of a row that begins with a choice of keywords; a row that does not is its only one.
std::vector<const Shape*> RowsOf(const Shape& shape) {
  static std::deque<std::string> words;
  static std::deque<Shape> rows;
  const std::string_view text = shape.words;
  const std::size_t open = text.find(":{"), end = text.find("}>");
  if (!text.starts_with('<') || open == std::string_view::npos || end == std::string_view::npos) return {&shape};
  std::vector<const Shape*> out;
  for (std::string_view rest = text.substr(open + 2, end - open - 2); !rest.empty();) {
    const std::size_t bar = rest.find('|');
    words.push_back(std::string(rest.substr(0, bar)) + std::string(text.substr(end + 2)));
    rows.push_back(shape);
    rows.back().words = words.back().c_str();
    out.push_back(&rows.back());
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return out;
}

}  // namespace

void DeclareShapes(ConfigGrammar& grammar, std::span<const Shape> all) {
  static std::deque<FieldNames> all_names;  // as long as the program, like the tokens
  std::vector<const Shape*> rows;
  for (const Shape& shape : all) {
    for (const Shape* row : RowsOf(shape)) rows.push_back(row);
  }
  for (const Shape* row : rows) {
    const Shape& shape = *row;
    FieldNames& names = all_names.emplace_back();
    ShapeReader reader(shape, names);
    const std::vector<const Token*> tokens = reader.Read();
    const std::size_t no = reader.no() != SIZE_MAX ? reader.no() : reader.key() != SIZE_MAX ? reader.key() : tokens.size();
    for (std::string_view rest = shape.mode; !rest.empty();) {
      const std::size_t bar = rest.find('|');
      const std::string mode(rest.substr(0, bar));
      TokenList list;
      for (const Token* t : tokens) list.Add(t);
      const ShapeCommand command(list, no, shape);
      declare_internal::DeclareLine(grammar, command, std::make_unique<const ShapeHooks>(shape, mode, &names, reader.key()));
      Declared().push_back({&shape, mode});
      rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
    }
  }
}

void DeclareInOrder(ConfigGrammar& grammar, std::span<const Shape> shapes) {
  static std::deque<Shape> ranked;  // as long as the program
  for (const Shape& shape : shapes) {
    Shape& own = ranked.emplace_back(shape);
    own.options.rank = static_cast<int>(&shape - shapes.data());
    DeclareShapes(grammar, {&own, 1});
  }
}

bool IsSilent(std::string_view silent, std::string_view text) {
  if (silent.empty()) return false;
  return silent.front() == '*' ? text.ends_with(silent.substr(1)) : text == silent;
}

const std::vector<DeclaredShape>& DeclaredShapes() { return Declared(); }

}  // namespace sallyport
