// Wall time as people write it: days, months and a zone. For printing, and for time ranges; everything else uses TimePoint.
// No tables of the operating system are read: a zone is what the configuration says it is (`clock timezone`, `clock
// summer-time`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

// `clock summer-time NAME recurring|date ...`. The beginning is in standard time, the end in summer time.
struct SummerTime {
  struct Edge {
    int month = 1;    // 1..12
    int week = 0;     // 1..4, 5: the last; 0: `day` of `year`
    int weekday = 0;  // 0 Sunday .. 6 Saturday
    int day = 1;
    int year = 0;
    int minute = 0;   // of the day
    bool operator==(const Edge&) const = default;
  };
  std::string name;
  Edge begin, end;
  int minutes = 60;  // added to standard time
  bool operator==(const SummerTime&) const = default;
};

// `clock timezone NAME HOURS [MINUTES]`.
struct TimeZone {
  std::string name = "UTC";
  std::int32_t offset_s = 0;  // east of Greenwich is positive; of standard time
  std::optional<SummerTime> summer = {};
  // What holds at a moment (nanoseconds since 1970-01-01 00:00:00 UTC): seconds east of Greenwich, and the zone's name then.
  std::int32_t OffsetAt(std::int64_t wall_nanos) const;
  const std::string& NameAt(std::int64_t wall_nanos) const;
  // The next moment after `wall_nanos` at which the offset changes; INT64_MAX: never, or not within two years.
  std::int64_t NextChange(std::int64_t wall_nanos) const;
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
inline CivilTime ToCivil(std::int64_t wall_nanos, const TimeZone& zone) { return ToCivil(wall_nanos, zone.OffsetAt(wall_nanos)); }

// Seconds from 1970-01-01 00:00 to this date and minute, both of one zone.
std::int64_t CivilSeconds(int year, int month, int day, int hour, int minute);

std::string_view MonthName(int month);      // "Jan" .. "Dec"
std::string_view WeekdayName(int weekday);  // "Sun" .. "Sat"
// The number of a month or weekday written as a word that begins with those three letters; 0 or -1 when it is none.
int MonthOf(std::string_view word);
int WeekdayOf(std::string_view word);

}  // namespace sallyport
