// `dns ...` lines, and the fqdn objects whose addresses are wanted.
#include <algorithm>

#include "conf/compile.h"
#include "conf/configuration_impl.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

constexpr const char* kDefaultGroup = "DefaultDNS";
constexpr std::size_t kMaxServers = 6;
constexpr int kDnsDepth = 32;  // of nested groups; the grammar refuses circles

void Servers(const FieldLine& f, const NameTable& names, DnsPlan& plan) {
  for (const std::string_view word : f.List("server")) {
    auto address = IpAddress::Parse(word);
    if (!address) {
      const auto named = names.find(word);
      if (named == names.end()) continue;
      address = named->second;
    }
    if (plan.servers.size() < kMaxServers) plan.servers.push_back({*address, std::string(f.Get("interface"))});
  }
}

void Setting(std::string_view text, const FieldLine& f, const NameTable& names, DnsPlan& plan) {
  if (text.starts_with("name-server")) Servers(f, names, plan);
  if (text.starts_with("domain-name")) plan.domain = f.Get("name");
  if (text.starts_with("timeout")) plan.timeout_s = static_cast<int>(f.Int("seconds").value_or(plan.timeout_s));
  if (text.starts_with("retries")) plan.retries = static_cast<int>(f.Int("times").value_or(plan.retries));
  if (text.starts_with("poll-timer")) plan.poll_min = static_cast<int>(f.Int("minutes").value_or(plan.poll_min));
  if (text.starts_with("expire-entry-timer")) plan.expire_min = static_cast<int>(f.Int("minutes").value_or(plan.expire_min));
}

// The fqdn objects behind an address of a line.
class Wanted {
 public:
  explicit Wanted(const LineTree& tree) : tree_(tree) {}
  void Address(const AddressSpec& a) {
    if (a.kind == AddressSpec::Kind::kObject) Object(a.name);
    if (a.kind == AddressSpec::Kind::kGroup) Group(a.name, 0);
  }
  void Body(const AceBody& body) {
    if (body.inactive) return;
    Address(body.source);
    Address(body.destination);
  }
  void Object(const std::string& name) {
    const Line* l = tree_.Find(Section::kObject, "object network " + name);
    const NetworkValue* v = l == nullptr ? nullptr : l->First<NetworkValue>();
    if (v == nullptr || v->kind != NetworkValue::Kind::kFqdn) return;
    auto& families = families_[LowerCase(v->fqdn)];
    families.first = families.first || v->fqdn_family != "v6";
    families.second = families.second || v->fqdn_family != "v4";
  }
  std::vector<DnsPlan::Name> Names() const {
    std::vector<DnsPlan::Name> names;
    for (const auto& [name, families] : families_) names.push_back({name, families.first, families.second});
    return names;
  }

 private:
  void Group(const std::string& name, int depth) {
    const Line* group = tree_.Find(Section::kObjectGroup, "object-group " + name);
    if (group == nullptr || depth > kDnsDepth) return;
    for (const auto& l : group->lines) {
      if (const auto* m = l->As<NetworkMember>()) Address(m->spec);
      else if (const auto* g = l->As<GroupMember>()) Group(g->name, depth + 1);
    }
  }
  const LineTree& tree_;
  std::map<std::string, std::pair<bool, bool>> families_;
};

// Lists that something applies: an ASA does not ask for names that only stand there.
std::set<std::string> ListsInUse(const LineTree& tree) {
  std::set<std::string> lists;
  for (const auto* g : tree.All<AccessGroupLine>(Section::kAccessGroup)) lists.insert(g->list);
  for (const auto& map : tree.Of(Section::kClassMap)) {
    for (const auto& l : map->lines) {
      if (const auto* m = l->As<MatchList>()) lists.insert(m->list);
    }
  }
  return lists;
}

}  // namespace

std::string LowerCase(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (out.ends_with('.')) out.pop_back();
  return out;
}

DnsPlan Configuration::Dns() const {
  const LineTree& tree = impl_->tree;
  DnsPlan plan;
  std::string chosen = kDefaultGroup;
  for (const auto& l : tree.Of(Section::kDnsLookup)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("dns domain-lookup")) plan.interfaces.emplace(f->Get("interface"));
    else if (l->text.starts_with("dns name-server")) Servers(*f, impl_->names, plan);  // before there were groups
  }
  for (const auto& l : tree.Of(Section::kDnsGroup)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("dns-group")) chosen = f->Get("name");
    // Before they were settings of a group.
    if (l->text.starts_with("dns poll-timer") || l->text.starts_with("dns expire-entry-timer")) Setting(l->text.substr(4), *f, impl_->names, plan);
  }
  if (const Line* group = tree.Find(Section::kDnsGroup, "dns server-group " + chosen)) {
    for (const auto& l : group->lines) {
      if (const auto* f = l->As<FieldLine>()) Setting(l->text, *f, impl_->names, plan);
    }
  }
  if (plan.domain.empty()) plan.domain = settings().domain;

  Wanted wanted(tree);
  for (const std::string& name : ListsInUse(tree)) {
    for (const auto& list : tree.Of(Section::kAccessList)) {
      if (list->key != name) continue;
      for (const auto& l : list->lines) {
        if (const auto* e = l->As<ExtendedLine>()) wanted.Body(e->body);
      }
    }
    for (const auto* six : tree.All<Ipv6AclLine>(Section::kIpv6AccessList)) {
      if (six->list == name) wanted.Body(six->rule.body);
    }
  }
  for (const Section section : {Section::kTwiceNat, Section::kAfterAutoNat}) {
    for (const auto* nat : tree.All<TwiceNatLine>(section)) {
      if (!nat->inactive && !nat->real_destination.empty()) wanted.Object(nat->real_destination);
    }
  }
  plan.names = wanted.Names();
  return plan;
}

void Configuration::NamesResolved(ResolvedNames names) { impl_->resolved = std::move(names); }

}  // namespace sallyport
