#include "cli/show_aaa_server.h"

#include <fmt/format.h>

namespace sallyport {
namespace {

// "14:20:45 UTC Fri Nov 27 2026", as after `Last transaction at`.
std::string When(std::int64_t wall, const TimeZone& zone) {
  const CivilTime t = ToCivil(wall, zone);
  return fmt::format("{:02}:{:02}:{:02} {} {} {} {} {}", t.hour, t.minute, t.second, zone.NameAt(wall), WeekdayName(t.weekday), MonthName(t.month),
                     t.day, t.year);
}

// Numbers stand at the 41st column, behind tabs.
void Row(std::string& out, std::string_view what, std::uint64_t n, const char* unit = "") {
  out += what;
  for (std::size_t column = what.size(); column < 40; column = (column / 8 + 1) * 8) out += '\t';
  out += fmt::format("{}{}\n", n, unit);
}

}  // namespace

std::string ShowAaaServers(const std::vector<AaaServerView>& servers, const TimeZone& zone) {
  std::string out;
  for (const AaaServerView& s : servers) {
    if (!out.empty()) out += "\n";
    out += fmt::format("Server Group:    {}\nServer Protocol: {}\n", s.group, s.protocol);
    if (s.address.IsNone()) {
      out += "Server Address:  None\nServer port:     None\n";
    } else if (s.radius) {
      out += fmt::format("Server Address:  {}\nServer port:     {}(authentication), {}(accounting)\n", s.address.ToString(), s.authentication_port,
                         s.accounting_port);
    } else {
      out += fmt::format("Server Address:  {}\nServer port:     {}\n", s.address.ToString(), s.authentication_port);
    }
    if (s.failed) {
      out += fmt::format("Server status:   FAILED, Server disabled at {}\n", When(s.at_wall.value_or(0), zone));
    } else {
      out += fmt::format("Server status:   ACTIVE, Last transaction at {}\n", s.at_wall ? When(*s.at_wall, zone) : "unknown");
    }
    Row(out, "Number of pending requests", s.pending);
    Row(out, "Average round trip time", s.round_trip_ms, "ms");
    Row(out, "Number of authentication requests", s.authentication);
    Row(out, "Number of authorization requests", s.authorization);
    Row(out, "Number of accounting requests", s.accounting);
    Row(out, "Number of retransmissions", s.retransmissions);
    Row(out, "Number of accepts", s.accepts);
    Row(out, "Number of rejects", s.rejects);
    Row(out, "Number of challenges", s.challenges);
    if (s.radius && !s.address.IsNone()) Row(out, "Number of malformed responses", s.malformed);
    Row(out, "Number of bad authenticators", s.bad_authenticators);
    Row(out, "Number of timeouts", s.timeouts);
    Row(out, "Number of unrecognized responses", s.unrecognized);
  }
  return out;
}

}  // namespace sallyport
