// `time-range` with its `absolute` and `periodic` lines, and the zone in which they are meant.
#include <algorithm>
#include <charconv>

#include "conf/compile.h"
#include "conf/cursor.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

int Number(std::string_view s, int otherwise = 0) {
  int v = otherwise;
  std::from_chars(s.data(), s.data() + s.size(), v);
  return v;
}

// "7:59" in minutes; -1: not a time.
int MinuteOfDay(std::string_view hm) {
  const std::size_t colon = hm.find(':');
  if (colon == std::string_view::npos) return -1;
  return Number(hm.substr(0, colon)) * 60 + Number(hm.substr(colon + 1));
}

// "[2|last] Sun Mar 2:00" or "1 Apr 2011 2:00" at `at`; moves behind it.
std::optional<SummerTime::Edge> ReadEdge(const CommandLine& words, std::size_t& at, bool recurring) {
  if (at + 4 > words.size()) return {};
  SummerTime::Edge e;
  if (recurring) {
    e.week = IsPrefixOf(words[at], "last") ? 5 : IsPrefixOf(words[at], "first") ? 1 : Number(words[at]);
    e.weekday = WeekdayOf(words[at + 1]);
    e.month = MonthOf(words[at + 2]);
    if (e.week < 1 || e.week > 5 || e.weekday < 0) return {};
  } else {  // the month may stand before the day
    const bool month_first = MonthOf(words[at]) != 0;
    e.month = MonthOf(words[month_first ? at : at + 1]);
    e.day = Number(words[month_first ? at + 1 : at]);
    e.year = Number(words[at + 2]);
    if (e.day < 1 || e.day > 31 || e.year < 1993) return {};
  }
  e.minute = MinuteOfDay(words[at + 3]);
  if (e.month == 0 || e.minute < 0) return {};
  at += 4;
  return e;
}

std::optional<SummerTime> SummerTimeOf(const SummerTimeLine& line) {
  SummerTime s;
  s.name = line.name;
  const CommandLine words(line.rule.text);
  if (words.size() == 0) return {};
  const bool recurring = words[0] == "recurring";
  std::size_t at = 1;
  if (recurring && words.size() <= 2) {  // the rule of the United States
    s.begin = {3, 2, 0, 1, 0, 120};
    s.end = {11, 1, 0, 1, 0, 120};
  } else {
    const auto begin = ReadEdge(words, at, recurring);
    const auto end = begin ? ReadEdge(words, at, recurring) : begin;
    if (!end) return {};
    s.begin = *begin;
    s.end = *end;
  }
  if (at < words.size()) s.minutes = Number(words[at], 60);
  return s;
}

TimeRange::Bounds BoundsOf(const FieldLine& f) {
  const auto moment = [&f](const char* time, const char* day, const char* month, const char* year) -> std::optional<std::int64_t> {
    const int minute = MinuteOfDay(f.Get(time)), m = MonthOf(f.Get(month));
    if (minute < 0 || m == 0) return {};
    return CivilSeconds(static_cast<int>(f.Int(year).value_or(1993)), m, static_cast<int>(f.Int(day).value_or(1)), 0, minute);
  };
  TimeRange::Bounds b;
  b.start = moment("st", "sd", "sm", "sy");
  b.end = moment("et", "ed", "em", "ey");
  return b;
}

// Every day that is named begins a span of its own; without a second day it ends at the next such time, perhaps past midnight.
void AddSpans(const FieldLine& f, std::vector<WeeklySpan>& out) {
  constexpr int kDay = 24 * 60;
  const int from = MinuteOfDay(f.Get("from")), until = MinuteOfDay(f.Get("until"));
  if (from < 0 || until < 0) return;
  const int last = WeekdayOf(f.Get("last"));
  const auto add = [&](int day) {
    const int first = day * kDay + from;
    int end = (last < 0 ? day : last) * kDay + until;
    if (end < first) end += last < 0 ? kDay : kMinutesOfWeek;
    out.push_back({first, std::min(end + 1 - first, kMinutesOfWeek)});  // the last minute is in it
  };
  for (const std::string_view word : f.List("days")) {
    const bool daily = word == "daily", weekdays = word == "weekdays", weekend = word == "weekend";
    if (!daily && !weekdays && !weekend) {
      add(WeekdayOf(word));
      continue;
    }
    for (int day = 0; day < 7; day++) {
      const bool sunday_or_saturday = day == 0 || day == 6;
      if (daily || sunday_or_saturday == weekend) add(day);
    }
  }
}

}  // namespace

TimeZone ZoneOf(const LineTree& tree) {
  TimeZone zone;
  if (const auto* z = tree.First<TimezoneLine>(Section::kClock)) {
    zone.name = z->name;
    const int hours = z->hours.value_or(0);
    zone.offset_s = hours * 3600 + (hours < 0 ? -60 : 60) * z->minutes.value_or(0);
  }
  if (const auto* s = tree.First<SummerTimeLine>(Section::kClock)) zone.summer = SummerTimeOf(*s);
  return zone;
}

TimeRanges CompileTimeRanges(const LineTree& tree) {
  TimeRanges ranges;
  const TimeZone zone = ZoneOf(tree);
  for (const auto& l : tree.Of(Section::kTimeRange)) {
    const auto* head = l->As<FieldLine>();
    if (head == nullptr) continue;
    TimeRange::Rule rule;
    for (const auto& part : l->lines) {
      const auto* f = part->As<FieldLine>();
      if (f == nullptr) continue;
      if (f->Has("days")) AddSpans(*f, rule.periodic);
      else rule.absolute = BoundsOf(*f);
    }
    for (const auto& part : l->lines) rule.lines.push_back(part->text);
    const std::string name(head->Get("name"));
    ranges[name] = std::make_shared<const TimeRange>(name, zone, std::move(rule));
  }
  return ranges;
}

}  // namespace sallyport
