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

std::string Header(const AccessListView& list) {
  return fmt::format("{} {}; {} elements; name hash: 0x{:x}\n", list.kind, list.name, list.element_count, list.name_hash);
}

void AppendElement(const AccessListView& list, std::uint32_t number, const AccessListView::Element& e, const char* indent,
                   std::string& out) {
  Append(out, "{}{} {} line {} {} {}{}0x{:08x} \n", indent, list.kind, list.name, number, e.text,
         e.counted ? fmt::format("(hitcnt={}) ", e.hits) : "", e.inactive ? "(inactive) " : "", e.hash);
}

}  // namespace

void ClearHits(const AccessList& list) {
  for (const AclElement& e : list.elements()) {
    if (!e.hits) continue;
    e.hits->hits.store(0, std::memory_order_relaxed);
    e.hits->last_hit_ns.store(0, std::memory_order_relaxed);
  }
}

AccessListView ViewOf(const AccessList& list, const Clock& clock) {
  AccessListView view{"access-list", list.name(), list.name_hash(), CountElements(list), {}};
  // Elements of an `ipv6 access-list` have no word for their kind.
  for (const AclElement& e : list.elements()) {
    if (e.text.starts_with("permit") || e.text.starts_with("deny")) view.kind = "ipv6 access-list";
  }
  for (const AclLine& line : list.lines()) {
    AccessListView::Line l;
    l.number = line.number;
    l.remark = line.remark;
    l.sum.text = line.text;
    l.sum.hash = line.hash;
    l.sum.inactive = line.element_count != 0;
    if (!line.remark) {
      ForEachElement(list, line, [&](const AclElement& e) {
        AccessListView::Element v{e.text, Hits(e), !e.name_only, !e.InForce(), e.hash, e.parent_hash, 0};
        if (e.name_resolved) v.inactive = e.inactive || !e.Scheduled();
        if (v.hits != 0) {
          const TimePoint last{e.hits->last_hit_ns.load(std::memory_order_relaxed)};
          v.last_hit_s = static_cast<std::uint32_t>(clock.WallNanos(last) / 1'000'000'000);
        }
        l.sum.hits += v.hits;
        l.sum.inactive &= v.inactive;
        if (line.expanded) {
          l.elements.push_back(std::move(v));
        } else {
          l.sum.parent_hash = v.parent_hash;
          l.sum.last_hit_s = v.last_hit_s;
        }
      });
      // Elements for addresses that are not known are inactive, the line is not.
      const AclElement* first = line.element_count == 0 ? nullptr : &list.elements()[line.first_element];
      if (line.expanded && (first == nullptr || (!first->inactive && first->Scheduled()))) l.sum.inactive = false;
    }
    view.lines.push_back(std::move(l));
  }
  return view;
}

std::string ShowAccessLists(const Policy& policy, const AclLogFlows& flows, const Clock& clock) {
  std::string out = fmt::format(
      "access-list cached ACL log flows: total {}, denied {} (deny-flow-max {})\n            alert-interval {}\n",
      flows.total, flows.denied, flows.deny_flow_max, flows.alert_interval_s);
  for (const std::string& name : policy.access_list_order) {
    if (const auto list = policy.access_lists.find(name); list != policy.access_lists.end()) out += ShowAccessList(ViewOf(*list->second, clock));
    if (const auto list = policy.ether_lists.find(name); list != policy.ether_lists.end()) out += ShowEtherList(*list->second);
  }
  for (const auto& [name, list] : policy.access_lists6) out += ShowAccessList(ViewOf(*list, clock));
  return out;
}

std::string ShowEtherList(const EtherList& list) {
  std::string out = fmt::format("access-list {}; {} elements\n", list.name, list.elements.size());
  for (const EtherElement& e : list.elements) {
    Append(out, "access-list {} {} (hitcount={})\n", list.name, e.text, e.hits->hits.load(std::memory_order_relaxed));
  }
  return out;
}

std::string ShowAccessList(const AccessListView& list) {
  std::string out = Header(list);
  for (const AccessListView::Line& line : list.lines) {
    if (line.remark) {
      Append(out, "{} {} line {} {} \n", list.kind, list.name, line.number, line.sum.text);
      continue;
    }
    AppendElement(list, line.number, line.sum, "", out);
    for (const AccessListView::Element& e : line.elements) AppendElement(list, line.number, e, "  ", out);
  }
  return out;
}

std::string ShowAccessListBrief(const AccessListView& list) {
  std::string out = Header(list);
  const auto row = [&](const AccessListView::Element& e) {
    if (e.hits == 0) return;
    Append(out, "{:08x} {:08x} {:08x} {:08x}\n", e.hash, e.parent_hash, static_cast<std::uint32_t>(e.hits), e.last_hit_s);
  };
  for (const AccessListView::Line& line : list.lines) {
    if (line.remark) continue;
    if (line.elements.empty()) row(line.sum);
    for (const AccessListView::Element& e : line.elements) row(e);
  }
  return out;
}

std::string NoSuchAccessList(const std::string& name) {
  return fmt::format("ERROR: access-list <{}> does not exist\n", name);
}

}  // namespace sallyport
