// Wall time as people write it: days, months and a zone. Used only for printing; everything that decides uses TimePoint.
// No tables of the operating system are read: a zone is what the configuration says it is (`clock timezone`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

// `clock timezone NAME HOURS [MINUTES]`.
struct TimeZone {
  std::string name = "UTC";
  std::int32_t offset_s = 0;  // east of Greenwich is positive
  bool operator==(const TimeZone&) const = default;
};

// A moment in the proleptic Gregorian calendar.
struct CivilTime {
  int year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  int weekday = 4;  // 0 Sunday .. 6 Saturday
};

// `wall_nanos` counts from 1970-01-01 00:00:00 UTC and may be negative.
CivilTime ToCivil(std::int64_t wall_nanos, std::int32_t utc_offset_s);

std::string_view MonthName(int month);      // "Jan" .. "Dec"
std::string_view WeekdayName(int weekday);  // "Sun" .. "Sat"

}  // namespace sallyport
