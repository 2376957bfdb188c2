#include "firewall/inspect_map.h"

namespace sallyport {

std::vector<std::string> InspectLines(const InspectMap* map, const InspectCounters& counters) {
  std::vector<std::string> lines;
  if (map == nullptr) return lines;
  for (std::size_t i = 0; i < map->rows.size(); i++) {
    const InspectRow& row = map->rows[i];
    std::string line = row.nested ? "  " : "";
    line += row.text;
    if (row.unit != nullptr) {
      if (!row.text.empty()) line += ", ";
      const std::size_t at = i < InspectCounters::kMaxRows ? i : InspectCounters::kMaxRows - 1;
      line += std::string(row.unit) + " " + std::to_string(counters.rows[at].load(std::memory_order_relaxed));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace sallyport
