#include "cli/show_time_range.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

// Lines of access lists that name the range: their elements carry it.
std::size_t UsesOf(const Policy& policy, const TimeRange& range) {
  std::size_t uses = 0;
  for (const auto& [name, list] : policy.access_lists) {
    for (const AclLine& line : list->lines()) {
      if (line.element_count != 0 && list->elements()[line.first_element].time_range.get() == &range) uses++;
    }
  }
  return uses;
}

}  // namespace

std::string ShowTimeRanges(const Policy& policy, const std::string& name) {
  std::string out;
  for (const auto& [key, range] : policy.time_ranges) {
    if (!name.empty() && key != name) continue;
    Append(out, "time-range entry: {} ({})\n", key, range->active() ? "active" : "inactive");
    for (const std::string& line : range->lines()) Append(out, "   {}\n", line);
    for (std::size_t uses = UsesOf(policy, *range); uses > 0; uses--) out += "   used in: IP ACL entry\n";
  }
  return out;
}

}  // namespace sallyport
