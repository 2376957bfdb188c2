#include "conf/sla_schedule.h"

#include <charconv>

#include "firewall/base/civil_time.h"

namespace sallyport {
namespace {

constexpr int kDayS = 24 * 3600;

// "14:30", "00:05:00": seconds, less than a day; nothing when it is no time.
std::optional<int> SecondsOf(std::string_view text) {
  int part[3] = {0, 0, 0};
  int parts = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (parts < 3) {
    const auto [next, bad] = std::from_chars(at, end, part[parts]);
    if (bad != std::errc{} || part[parts] < 0 || (parts > 0 && part[parts] > 59)) return {};
    parts++;
    at = next;
    if (at == end) break;
    if (*at++ != ':') return {};
  }
  if (at != end || parts < 2 || part[0] > 23) return {};
  return part[0] * 3600 + part[1] * 60 + part[2];
}

// "Jan 15" or "15 Jan".
bool DateOf(std::string_view first, std::string_view second, int& month, int& day) {
  if (MonthOf(first) == 0) std::swap(first, second);
  month = MonthOf(first);
  const auto [end, bad] = std::from_chars(second.data(), second.data() + second.size(), day);
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month != 0 && bad == std::errc{} && end == second.data() + second.size() && day >= 1 && day <= kDays[month - 1];
}

}  // namespace

void ReadSlaSchedule(std::string_view text, const FieldLine& f, SlaEntry& e) {
  using Start = SlaEntry::Start;
  if (f.Has("after")) {
    e.start_s = SecondsOf(f.Get("after")).value_or(0);
    e.start = Start::kAfter;
  } else if (f.Has("at")) {
    e.start_s = SecondsOf(f.Get("at")).value_or(0);
    e.start = Start::kAt;
    int month = 0, day = 0;
    if (f.Has("month") && DateOf(f.Get("month"), f.Get("day"), month, day)) {
      e.month = month;
      e.day = day;
    }
  } else {
    e.start = text.find("start-time now") != text.npos ? Start::kNow : Start::kPending;
  }
  if (text.find("life forever") != text.npos) {
    e.life_s.reset();
  } else if (f.Has("life")) {
    e.life_s = static_cast<int>(f.Int("life").value_or(3600));
  }
  e.ageout_s = static_cast<int>(f.Int("ageout").value_or(0));
  e.recurring = f.Has("recurring");
}

std::string RefuseSlaSchedule(const FieldLine& f) {
  int month = 0, day = 0;
  const bool bad_time = (f.Has("after") && !SecondsOf(f.Get("after"))) || (f.Has("at") && !SecondsOf(f.Get("at")));
  if (bad_time || (f.Has("month") && !DateOf(f.Get("month"), f.Get("day"), month, day))) return "ERROR: Invalid start time\n";
  if (!f.Has("recurring")) return {};
  const auto life = f.Int("life");
  if (!f.Has("at") || f.Has("month")) return "ERROR: A recurring entry needs a start time of the day\n";
  if (f.Has("forever") || (life && *life >= kDayS)) return "ERROR: The life of a recurring entry must be less than one day\n";
  return {};
}

}  // namespace sallyport
