#include "cli/show_access_list.h"

#include <set>

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::uint64_t Hits(const AclElement& e) { return e.hits ? e.hits->hits.load(std::memory_order_relaxed) : 0; }

// Elements that stand for one thing (`neq` becomes two ranges) share a counter: print and count them once.
template <typename F>
void ForEachElement(const AccessList& list, const AclLine& line, F&& visit) {
  std::set<const HitCounter*> seen;
  for (std::uint32_t i = 0; i < line.element_count; i++) {
    const AclElement& e = list.elements()[line.first_element + i];
    if (e.hits && !seen.insert(e.hits.get()).second) continue;
    visit(e);
  }
}

std::uint64_t CountElements(const AccessList& list) {
  std::uint64_t n = 0;
  for (const AclLine& line : list.lines()) {
    if (line.remark)
      n++;  // a remark counts as an element
    else
      ForEachElement(list, line, [&](const AclElement&) { n++; });
  }
  return n;
}

std::string Header(const AccessList& list) {
  return fmt::format("access-list {}; {} elements; name hash: 0x{:x}\n", list.name(), CountElements(list), list.name_hash());
}

}  // namespace

std::string ShowAccessLists(const Policy& policy, const AclLogFlows& flows) {
  std::string out = fmt::format(
      "access-list cached ACL log flows: total {}, denied {} (deny-flow-max {})\n            alert-interval {}\n",
      flows.total, flows.denied, flows.deny_flow_max, flows.alert_interval_s);
  for (const auto& [name, list] : policy.access_lists) out += ShowAccessList(*list);
  return out;
}

std::string ShowAccessList(const AccessList& list) {
  std::string out = Header(list);
  for (const AclLine& line : list.lines()) {
    if (line.remark) {
      Append(out, "access-list {} line {} {} \n", list.name(), line.number, line.text);
      continue;
    }
    std::uint64_t hits = 0;
    bool inactive = line.element_count != 0;
    ForEachElement(list, line, [&](const AclElement& e) {
      hits += Hits(e);
      inactive &= e.inactive;
    });
    Append(out, "access-list {} line {} {} (hitcnt={}) {}0x{:08x} \n", list.name(), line.number, line.text, hits,
           inactive ? "(inactive) " : "", line.hash);
    if (!line.expanded) continue;
    ForEachElement(list, line, [&](const AclElement& e) {
      Append(out, "  access-list {} line {} {} (hitcnt={}) {}0x{:08x} \n", list.name(), line.number, e.text, Hits(e),
             e.inactive ? "(inactive) " : "", e.hash);
    });
  }
  return out;
}

std::string ShowAccessListBrief(const AccessList& list, const Clock& clock) {
  std::string out = Header(list);
  for (const AclLine& line : list.lines()) {
    if (line.remark) continue;
    ForEachElement(list, line, [&](const AclElement& e) {
      if (Hits(e) == 0) return;
      const std::int64_t last = clock.WallNanos({e.hits->last_hit_ns.load(std::memory_order_relaxed)}) / 1'000'000'000;
      Append(out, "{:08x} {:08x} {:08x} {:08x}\n", e.hash, e.parent_hash, static_cast<std::uint32_t>(Hits(e)),
             static_cast<std::uint32_t>(last));
    });
  }
  return out;
}

std::string NoSuchAccessList(const std::string& name) {
  return fmt::format("ERROR: access-list <{}> does not exist\n", name);
}

}  // namespace sallyport
