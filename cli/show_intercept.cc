#include "cli/show_intercept.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Ago(Duration d) {
  const std::int64_t s = d.seconds();
  if (s < 60) return fmt::format("{} secs ago", s);
  if (s < 3600) return fmt::format("{} mins ago", s / 60);
  return fmt::format("{} hours ago", s / 3600);
}

constexpr std::size_t kPerRow = 6;

}  // namespace

std::string ShowInterceptTop(const InterceptView& view, bool detail) {
  std::string out = "Top 10 protected servers under attack (sorted by average rate)\n";
  Append(out, "Monitoring window size: {} mins    Sampling interval: {} secs\n", view.settings.interval_minutes,
         view.settings.interval_minutes);  // a sixtieth of it
  out += "<Rank> <Server IP:Port> <Interface> <Ave Rate> <Cur Rate> <Total> <Source IP (Last Attack Time)>\n" + std::string(82, '-') + "\n";
  for (std::size_t i = 0; i < view.servers.size(); i++) {
    const InterceptedServer& s = view.servers[i];
    Append(out, "{:<4} {}:{} {} {} {} {} {}{} ({})\n", i + 1, s.server.address.ToString(), s.server.port, view.interfaces[i], s.average,
           s.current, s.total, s.several_sources ? "<various> Last: " : "", s.last_source.ToString(), Ago(view.now - s.last_attack));
    if (!detail) continue;
    Append(out, "     Sampling History ({} Samplings):\n", kInterceptSamples);
    for (std::size_t n = 0; n < kInterceptSamples; n++) {
      Append(out, "{:>14}{}", s.samples[n], n % kPerRow == kPerRow - 1 ? "\n" : "");
    }
  }
  return out;
}

}  // namespace sallyport
