#include "cli/show_asp_drop.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

template <typename Reason, std::size_t N>
void AppendSection(const char* heading, const std::array<std::uint64_t, N>& counts, std::int64_t cleared,
                   const std::string& by, const TimeZone& zone, std::string_view only, std::string& out) {
  Append(out, "\n{}:\n", heading);
  for (std::size_t i = 1; i < N; i++) {
    if (counts[i] == 0) continue;
    const Reason reason = static_cast<Reason>(i);
    if (!only.empty() && Keyword(reason) != only) continue;
    out += AspDropLine(Text(reason), Keyword(reason), counts[i]);
  }
  if (cleared == 0)
    out += "\nLast clearing: Never\n";
  else
    Append(out, "\nLast clearing: {} by {}\n", DateText(cleared, zone), by);
}

}  // namespace

std::string AspDropLine(std::string_view text, std::string_view keyword, std::uint64_t count) {
  const std::string what = fmt::format("{} ({})", text, keyword);
  // Captured: texts of 70 end at column 80, texts of 73 do not; between them nothing was seen.
  if (what.size() <= 70) return fmt::format("  {} {:>{}}\n", what, count, 77 - what.size());
  return fmt::format("  {:<100.100} {:>10}\n", what, count);
}

std::string ShowAspDrop(const DropView& view, const TimeZone& zone, bool frame, bool flow, std::string_view only) {
  std::string out;
  if (frame) AppendSection<FrameDrop>("Frame drop", view.counters.frame, view.frame_cleared, view.cleared_by, zone, only, out);
  if (flow) AppendSection<FlowDrop>("Flow drop", view.counters.flow, view.flow_cleared, view.cleared_by, zone, only, out);
  return out;
}

}  // namespace sallyport
