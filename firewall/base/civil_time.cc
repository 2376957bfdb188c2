#include "firewall/base/civil_time.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <utility>

namespace sallyport {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;

// The edge in `year`, in seconds of the local time that it is written in.
std::int64_t EdgeSeconds(const SummerTime::Edge& e, int year) {
  using namespace std::chrono;
  const std::chrono::year y{e.week == 0 ? e.year : year};
  const month m{static_cast<unsigned>(e.month)};
  sys_days day;
  if (e.week == 0) {
    day = sys_days{y / m / std::chrono::day{static_cast<unsigned>(e.day)}};
  } else {
    const weekday w{static_cast<unsigned>(e.weekday)};
    day = e.week == 5 ? sys_days{y / m / w[last]} : sys_days{y / m / w[static_cast<unsigned>(e.week)]};
  }
  return duration_cast<seconds>(day.time_since_epoch()).count() + e.minute * 60;
}

// Summer time of `year`, in nanoseconds of UTC: from, until. South of the equator it ends in the year after.
std::pair<std::int64_t, std::int64_t> SummerOf(const SummerTime& s, std::int32_t standard_s, int year) {
  const std::int64_t begin = EdgeSeconds(s.begin, year);
  std::int64_t end = EdgeSeconds(s.end, year);
  if (end <= begin && s.end.week != 0) end = EdgeSeconds(s.end, year + 1);
  return {(begin - standard_s) * kNanos, (end - standard_s - s.minutes * 60) * kNanos};
}

// Does `word` begin with `name`, in any case?
bool Begins(std::string_view word, std::string_view name) {
  return word.size() >= name.size() && std::equal(name.begin(), name.end(), word.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         });
}

}  // namespace

std::int32_t TimeZone::OffsetAt(std::int64_t wall_nanos) const {
  if (!summer) return offset_s;
  const int year = ToCivil(wall_nanos, offset_s).year;
  for (const int y : {year - 1, year}) {
    const auto [from, until] = SummerOf(*summer, offset_s, y);
    if (from <= wall_nanos && wall_nanos < until) return offset_s + summer->minutes * 60;
  }
  return offset_s;
}

const std::string& TimeZone::NameAt(std::int64_t wall_nanos) const {
  return summer && OffsetAt(wall_nanos) != offset_s ? summer->name : name;
}

std::int64_t TimeZone::NextChange(std::int64_t wall_nanos) const {
  std::int64_t next = INT64_MAX;
  if (!summer) return next;
  const int year = ToCivil(wall_nanos, offset_s).year;
  for (const int y : {year - 1, year, year + 1}) {
    const auto [from, until] = SummerOf(*summer, offset_s, y);
    for (const std::int64_t edge : {from, until}) {
      if (edge > wall_nanos) next = std::min(next, edge);
    }
  }
  return next;
}

std::int64_t CivilSeconds(int year, int month, int day, int hour, int minute) {
  using namespace std::chrono;
  const sys_days d{std::chrono::year{year} / std::chrono::month{static_cast<unsigned>(month)} /
                   std::chrono::day{static_cast<unsigned>(day)}};
  return duration_cast<seconds>(d.time_since_epoch()).count() + hour * 3600 + minute * 60;
}

int MonthOf(std::string_view word) {
  for (int m = 1; m <= 12; m++) {
    if (Begins(word, MonthName(m))) return m;
  }
  return 0;
}

int WeekdayOf(std::string_view word) {
  for (int d = 0; d < 7; d++) {
    if (Begins(word, WeekdayName(d))) return d;
  }
  return -1;
}

CivilTime ToCivil(std::int64_t wall_nanos, std::int32_t utc_offset_s) {
  using namespace std::chrono;
  const sys_time<nanoseconds> t{nanoseconds{wall_nanos} + seconds{utc_offset_s}};
  const sys_days day = floor<days>(t);
  const year_month_day date{day};
  const hh_mm_ss<nanoseconds> clock{t - day};
  CivilTime c;
  c.year = static_cast<int>(date.year());
  c.month = static_cast<int>(static_cast<unsigned>(date.month()));
  c.day = static_cast<int>(static_cast<unsigned>(date.day()));
  c.hour = static_cast<int>(clock.hours().count());
  c.minute = static_cast<int>(clock.minutes().count());
  c.second = static_cast<int>(clock.seconds().count());
  c.nanosecond = static_cast<int>(clock.subseconds().count());
  c.weekday = static_cast<int>(weekday{day}.c_encoding());
  return c;
}

std::string_view MonthName(int month) {
  static constexpr std::array<std::string_view, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return kNames[static_cast<std::size_t>(month - 1)];
}

std::string_view WeekdayName(int weekday) {
  static constexpr std::array<std::string_view, 7> kNames = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  return kNames[static_cast<std::size_t>(weekday)];
}

}  // namespace sallyport
