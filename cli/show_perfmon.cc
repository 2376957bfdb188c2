#include "cli/show_perfmon.h"

#include <algorithm>

#include "cli/show_text.h"

namespace sallyport {
namespace {

struct PerfmonRow {
  const char* name;
  Activity activity;  // kCount: nothing of the kind happens here (URL filtering, AAA of traffic)
};
constexpr PerfmonRow kRows[] = {
    {"Xlates", Activity::kXlates},
    {"Connections", Activity::kConnections},
    {"TCP Conns", Activity::kTcpConnections},
    {"UDP Conns", Activity::kUdpConnections},
    {"URL Access", Activity::kCount},
    {"URL Server Req", Activity::kCount},
    {"TCP Fixup", Activity::kTcpFixup},
    {"TCP Intercept Established Conns", Activity::kInterceptEstablished},
    {"TCP Intercept Attempts", Activity::kInterceptAttempts},
    {"TCP Embryonic Conns Timeout", Activity::kEmbryonicTimeouts},
    {"FTP Fixup", Activity::kFtpFixup},
    {"AAA Authen", Activity::kCount},
    {"AAA Author", Activity::kCount},
    {"AAA Account", Activity::kCount},
    {"HTTP Fixup", Activity::kHttpFixup},
};

const ActivityView& Of(const ActivityViews& all, Activity a) { return all[static_cast<std::size_t>(a)]; }

std::string Share(std::uint64_t established, std::uint64_t attempts) {
  if (attempts == 0) return "N/A";
  return fmt::format("{:.2f}%", 100.0 * static_cast<double>(established) / static_cast<double>(attempts));
}

}  // namespace

std::string ShowPerfmon(const ActivityViews& activities, bool detail) {
  std::string out = "\nPERFMON STATS:                     Current      Average\n";
  for (const PerfmonRow& r : kRows) {
    const ActivityView v = r.activity == Activity::kCount ? ActivityView{} : Of(activities, r.activity);
    Append(out, "{:<31}{:>8}/s{:>11}/s\n", r.name, v.current, v.average);
  }
  out += "\nVALID CONNS RATE in TCP INTERCEPT:    Current      Average\n";
  const ActivityView& established = Of(activities, Activity::kInterceptEstablished);
  const ActivityView& attempts = Of(activities, Activity::kInterceptAttempts);
  Append(out, "{:>42}{:>15}\n", Share(established.current, attempts.current), Share(established.total, attempts.total));
  if (detail) {
    out += "\nSETUP RATES:\n";
    constexpr PerfmonRow kSetup[] = {{"Connections", Activity::kConnections}, {"TCP Conns", Activity::kTcpConnections}, {"UDP Conns", Activity::kUdpConnections}};
    for (const PerfmonRow& r : kSetup) {
      const ActivityView& v = Of(activities, r.activity);
      Append(out, "{} for 1 minute = {}/s; 5 minutes = {}/s\n", r.name, v.one_minute, v.five_minutes);
    }
  }
  return out;
}

std::string ShowCounters(std::vector<CounterView> counters, const CounterFilter& filter) {
  std::erase_if(counters, [&](const CounterView& c) { return c.value < filter.threshold || (!filter.protocol.empty() && c.protocol != filter.protocol); });
  if (filter.top != 0) {
    std::stable_sort(counters.begin(), counters.end(), [](const CounterView& a, const CounterView& b) { return a.value > b.value; });
    if (counters.size() > filter.top) counters.resize(filter.top);
  }
  std::string out = "Protocol     Counter                                       Value   Context\n";
  for (const CounterView& c : counters) Append(out, "{:<13}{:<40}{:>11}   Summary\n", c.protocol, c.name, c.value);
  return out;
}

std::string ShowCounterDescriptions(const std::vector<CounterView>& counters) {
  std::string out;
  for (const CounterView& c : counters) Append(out, "{:<13}{:<26}{}\n", c.protocol, c.name, c.description);
  return out;
}

}  // namespace sallyport
