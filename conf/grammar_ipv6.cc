// `ipv6 access-list`: the separate lists for IPv6 of before 9.0. Their elements are those of extended access lists.
#include "conf/declare.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {

template <>
struct Codec<Ipv6Ace> {
  static Match Read(Cursor& in, Ipv6Ace& out, std::string_view) { return ReadAce(in, out.body); }
  static void Print(const Ipv6Ace& v, LineWriter& line) { PrintAce(v.body, line); }
};

namespace {

std::string NameOf(const Line& l) {
  if (const auto* a = l.As<Ipv6AclLine>()) return a->list;
  const auto* remark = l.As<FieldLine>();
  return remark != nullptr ? std::string(remark->Get("list")) : std::string();
}

// Where the list's line number `wanted` is among all lines of the section; SIZE_MAX: at the end.
std::size_t PositionOf(const LineTree& tree, const std::string& list, int wanted) {
  std::size_t at = 0;
  for (const auto& l : tree.Of(Section::kIpv6AccessList)) {
    if (NameOf(*l) == list && --wanted == 0) return at;
    at++;
  }
  return SIZE_MAX;
}

bool OfIpv4(const AddressSpec& a) {
  using K = AddressSpec::Kind;
  return a.kind == K::kSubnet || a.kind == K::kAny4 || (a.kind == K::kHost && a.address.address.IsV4());
}

}  // namespace

void DeclareIpv6(ConfigGrammar& g) {
  using L = Ipv6AclLine;
  using S = Tokens<L>;
  Command<L> c({S::Kw("ipv6", "Global IPv6 configuration commands"), S::Kw("access-list", "Configure access lists"),
                S::Word(&L::list, "Access list name", "WORD < 242 char", 241),
                S::Opt({S::Kw("line", "Position"), S::Int(&L::line, 1, 2147483647, "Line number")}), S::Arg(&L::rule, "permit or deny")});
  c.No(c.size());
  g.Mode("config").Add(c, [c](ConfigEdit& edit, const L& v, Form form) -> Reply {
    L line = v;
    line.line.reset();
    if (std::string e = CheckAce(edit.tree, line.rule.body); !e.empty()) return Reply::Refuse(std::move(e));
    if (OfIpv4(line.rule.body.source) || OfIpv4(line.rule.body.destination)) {
      return Reply::Refuse("ERROR: an ipv6 access-list takes IPv6 addresses\n");
    }
    edit.section = Section::kIpv6AccessList;
    L bare = line;
    bare.rule.body.log = AceBody::Log::kNone;
    bare.rule.body.interval.reset();
    bare.rule.body.inactive = false;
    const std::string key = c.Print(bare);
    Line* found = edit.tree.Find(Section::kIpv6AccessList, key);
    if (form == Form::kNo) {
      if (found == nullptr) return Reply::Refuse("Specified access-list does not exist\n");
      edit.tree.Remove(nullptr, Section::kIpv6AccessList, key);
      if (!HasAccessList(edit.tree, v.list)) {
        edit.tree.RemoveIf(nullptr, Section::kAccessGroup, [&](const Line& l) {
          return l.As<AccessGroupLine>() != nullptr && l.As<AccessGroupLine>()->list == v.list;
        });
      }
      edit.changed = true;
      return {};
    }
    if (found != nullptr && found->As<L>() != nullptr && found->As<L>()->rule.body == line.rule.body) {
      return edit.loading ? Reply{} : Reply::Say("WARNING: <" + v.list + "> found duplicate element\n");
    }
    Line& l = edit.tree.Upsert(nullptr, Section::kIpv6AccessList, key, v.line ? PositionOf(edit.tree, v.list, *v.line) : SIZE_MAX);
    l.text = c.Print(line);
    l.kind = "ipv6 access-list";
    l.Set(line);
    edit.changed = true;
    return {};
  });
}

}  // namespace sallyport
