#include "cli/show_text.h"

#include <algorithm>
#include <array>

namespace sallyport {

std::string ShortDuration(Duration d) {
  struct Unit {
    std::int64_t seconds;
    char letter;
  };
  static constexpr std::array<Unit, 5> kUnits = {{{365 * 86400, 'Y'}, {86400, 'D'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  const std::int64_t s = std::max<std::int64_t>(d.seconds(), 0);
  for (std::size_t i = 0; i + 1 < kUnits.size(); i++) {
    if (s < kUnits[i].seconds) continue;
    const Unit& small = kUnits[i + 1];
    return fmt::format("{}{}{}{}", s / kUnits[i].seconds, kUnits[i].letter, s % kUnits[i].seconds / small.seconds,
                       small.letter);
  }
  return fmt::format("{}s", s);
}

std::string LongDuration(Duration d) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  static constexpr std::array<Unit, 5> kUnits = {
      {{365 * 86400, "year"}, {86400, "day"}, {3600, "hour"}, {60, "min"}, {1, "sec"}}};
  const auto words = [](std::int64_t n, const char* name) { return fmt::format("{} {}{}", n, name, n == 1 ? "" : "s"); };
  const std::int64_t s = std::max<std::int64_t>(d.seconds(), 0);
  for (std::size_t i = 0; i + 1 < kUnits.size(); i++) {
    if (s < kUnits[i].seconds) continue;
    const Unit& small = kUnits[i + 1];
    return words(s / kUnits[i].seconds, kUnits[i].name) + " " + words(s % kUnits[i].seconds / small.seconds, small.name);
  }
  return words(s, "sec");
}

std::string SessionDuration(Duration d) {
  const std::int64_t s = std::max<std::int64_t>(d.seconds(), 0);
  const std::int64_t days = s / 86400;
  return (days > 0 ? fmt::format("{}d ", days) : "") +
         fmt::format("{}h:{:02}m:{:02}s", s % 86400 / 3600, s % 3600 / 60, s % 60);
}

std::string ProtocolLabel(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
      return "ICMP";
    case 2:
      return "IGMP";
    case 4:
      return "IPINIP";
    case 6:
      return "TCP";
    case 17:
      return "UDP";
    case 47:
      return "GRE";
    case 50:
      return "ESP";
    case 51:
      return "AH";
    case 58:
      return "ICMP6";
    case 88:
      return "EIGRP";
    case 89:
      return "OSPF";
    case 103:
      return "PIM";
    case 132:
      return "SCTP";
    default:
      return fmt::format("{}", protocol);
  }
}

std::string ClockText(std::int64_t wall_nanos, const TimeZone& zone) {
  std::string text = ClockSecondsText(wall_nanos, zone);
  return text.insert(8, fmt::format(".{:03}", ToCivil(wall_nanos, 0).nanosecond / 1'000'000));
}

std::string ClockSecondsText(std::int64_t wall_nanos, const TimeZone& zone) {
  const CivilTime t = ToCivil(wall_nanos, zone);
  return fmt::format("{:02}:{:02}:{:02} {} {} {} {} {}", t.hour, t.minute, t.second, zone.NameAt(wall_nanos), WeekdayName(t.weekday),
                     MonthName(t.month), t.day, t.year);
}

std::string DateText(std::int64_t wall_nanos, const TimeZone& zone) {
  const CivilTime t = ToCivil(wall_nanos, zone);
  return fmt::format("{:02}:{:02}:{:02} {} {} {} {}", t.hour, t.minute, t.second, zone.NameAt(wall_nanos), MonthName(t.month), t.day,
                     t.year);
}

std::string MaskText(int v4_length) { return MaskOf(v4_length).ToString(); }

}  // namespace sallyport
