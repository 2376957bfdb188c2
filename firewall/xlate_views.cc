// What `show xlate`, `show nat pool` and `clear xlate` ask the engine.
#include <algorithm>

#include "firewall/engine_impl.h"

namespace sallyport {
namespace {

bool Overlap(const AddressRange& a, const AddressRange& b) { return a.first <= b.last && b.first <= a.last; }
bool Overlap(const PortRange& a, const PortRange& b) { return a.first <= b.last && b.first <= a.last; }

std::string ViewNameOf(const Policy& policy, IfId id) {
  if (id == IfId::kIdentity) return "identity";
  const Interface* i = policy.Find(id);
  return i != nullptr ? i->nameif : "";
}

const NatRule* RuleOf(const EngineCore& core, const Xlate& x) {
  const NatRule* rule = core.policy->nat.ById(x.rule);
  return rule != nullptr ? rule : core.xlates.Retired(x.rule);
}

std::string FlagsOf(const EngineCore& core, const Xlate& x) {
  std::string flags = x.pat ? "ri" : "i";
  if (x.extended) flags += 'e';
  if (!x.pat && x.real == x.mapped) flags += 'I';
  const NatRule* rule = RuleOf(core, x);
  if (rule == nullptr) return flags;
  if (core.policy->personality.object_nat && rule->section != 2) flags += 'T';
  if (rule->dns) flags += 'D';
  return flags;
}

bool Matches(const EngineCore& core, const XlateFilter& f, const Xlate& x) {
  if (f.All()) return true;
  if (f.type == "static" || (f.type == "portmap" && !x.pat)) return false;
  if (f.type == "identity" && !(x.real.address == x.mapped.address && !x.pat)) return false;
  if (f.type == "twice") {
    const NatRule* rule = RuleOf(core, x);
    if (rule == nullptr || rule->section == 2) return false;
  }
  std::optional<PortRange> real, mapped;
  if (x.pat) {
    real = PortRange{x.real.port, x.real.port};
    mapped = PortRange{x.mapped.port, x.mapped.port};
  }
  return f.Matches(x.real_if, x.mapped_if, {x.real.address, x.real.address}, {x.mapped.address, x.mapped.address}, real, mapped);
}

// Does a translation that is no entry of the table, by a static rule, belong to the filter?
bool MatchesStatic(const XlateFilter& f, const Conn& c) {
  if (f.type == "dynamic") return false;
  const auto one = [&](IfId real_if, IfId mapped_if, IpAddress real, std::uint16_t real_port, IpAddress mapped, std::uint16_t mapped_port) {
    if (real == mapped && real_port == mapped_port) return false;
    if (f.type == "portmap" && real_port == mapped_port) return false;
    if (f.type == "identity" || f.type == "twice") return false;
    return f.Matches(real_if, mapped_if, {real, real}, {mapped, mapped}, PortRange{real_port, real_port},
                     PortRange{mapped_port, mapped_port});
  };
  return (c.src_xlate == kNoXlate && one(c.in_if, c.out_if, c.initiator_real, c.initiator_real_port, c.initiator_mapped, c.initiator_mapped_port)) ||
         (c.dst_xlate == kNoXlate && one(c.out_if, c.in_if, c.responder_real, c.responder_real_port, c.responder_mapped, c.responder_mapped_port));
}

}  // namespace

bool XlateFilter::Matches(IfId real_if, IfId mapped_if, const AddressRange& real, const AddressRange& mapped,
                          const std::optional<PortRange>& real_ports, const std::optional<PortRange>& mapped_ports) const {
  if (interface && *interface != real_if && *interface != mapped_if && real_if != IfId::kAny && mapped_if != IfId::kAny) return false;
  if (local && !Overlap(*local, real)) return false;
  if (global && !Overlap(*global, mapped)) return false;
  if (lport && !(real_ports && Overlap(*lport, *real_ports))) return false;
  return !gport || (mapped_ports && Overlap(*gport, *mapped_ports));
}

XlatePage Engine::Xlates(const XlateFilter& filter, std::uint32_t cursor, std::uint32_t limit, TimePoint now) const {
  const Impl& e = *impl_;
  XlatePage page;
  page.now = now;
  page.in_use = e.xlates.count();
  page.most_used = e.xlates.most_used();
  page.next_cursor = e.xlates.Walk(cursor, limit, [&](XlateIndex i, const Xlate& x) {
    if (!Matches(e, filter, x)) return;
    page.xlates.push_back({x, ViewNameOf(*e.policy, x.real_if), ViewNameOf(*e.policy, x.mapped_if), FlagsOf(e, x), i});
  });
  return page;
}

NatPoolsView Engine::NatPools(TimePoint now) const {
  const Impl& e = *impl_;
  NatPoolsView view;
  view.shared = e.xlates.PatAddresses(now);
  for (const NatRule& rule : e.policy->nat.rules()) {
    if (rule.kind != NatRule::Kind::kDynamic || rule.inactive || e.xlates.count() == 0) continue;
    for (const AddressRange& range : rule.mapped_src) {
      const std::uint32_t hosts = e.xlates.HostsWithin(rule.mapped_if, range);
      if (hosts != 0) view.ranges.push_back({rule.id, range, hosts});
    }
  }
  return view;
}

std::uint32_t Engine::ClearXlates(const XlateFilter& filter, TimePoint now) {
  Impl& e = *impl_;
  std::vector<bool> chosen(e.xlates.slots());
  std::vector<XlateIndex> all;
  e.xlates.Walk(0, 0xffffffff, [&](XlateIndex i, const Xlate& x) {
    if (!Matches(e, filter, x)) return;
    chosen[i] = true;
    all.push_back(i);
  });
  // A connection does not outlive its translation.
  for (ConnIndex i = 0; i < e.conns.slots(); i++) {
    if (!e.conns.Live(i)) continue;
    const Conn& c = e.conns.At(i);
    const bool uses = (c.src_xlate != kNoXlate && chosen[c.src_xlate]) || (c.dst_xlate != kNoXlate && chosen[c.dst_xlate]);
    if (uses || MatchesStatic(filter, c)) EndConnection(e, i, {c.protocol == 6 ? "Xlate Clear" : nullptr, IfId::kAny}, now);
  }
  // Those that were of one session have gone with it, and nothing has come in between.
  for (const XlateIndex i : all) {
    if (e.xlates.Live(i)) EndXlate(e, i, now);
  }
  e.xlates.ForgetPools();
  return static_cast<std::uint32_t>(all.size());
}

}  // namespace sallyport
