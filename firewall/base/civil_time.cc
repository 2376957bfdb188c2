#include "firewall/base/civil_time.h"

#include <array>
#include <chrono>

namespace sallyport {

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
