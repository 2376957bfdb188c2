#include "cli/load_meter.h"

#include <sys/resource.h>

#include <algorithm>

namespace sallyport {
namespace {

double CpuSeconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

}  // namespace

LoadMeter::LoadMeter() { Sample({}); }

void LoadMeter::Sample(std::vector<InterfaceCounters> counters) {
  points_[next_] = {std::chrono::steady_clock::now(), CpuSeconds(), std::move(counters)};
  next_ = (next_ + 1) % kPoints;
  count_ = std::min(count_ + 1, kPoints);
}

// The youngest point that is at least `span` older than the newest, or the oldest there is.
const LoadMeter::Point& LoadMeter::Before(std::chrono::seconds span) const {
  for (std::size_t back = 2; back <= count_; back++) {
    const Point& p = points_[(next_ + kPoints - back) % kPoints];
    if (Newest().at - p.at >= span || back == count_) return p;
  }
  return Newest();
}

int LoadMeter::CpuTenths(std::chrono::seconds span) const {
  const Point& then = Before(span);
  const double elapsed = std::chrono::duration<double>(Newest().at - then.at).count();
  if (elapsed <= 0) return 0;
  return std::clamp(static_cast<int>((Newest().cpu_s - then.cpu_s) / elapsed * 1000), 0, 1000);
}

CpuView LoadMeter::Cpu() const {
  return {CpuTenths(std::chrono::seconds(5)), CpuTenths(std::chrono::minutes(1)), CpuTenths(std::chrono::minutes(5))};
}

TrafficRate LoadMeter::Rate(std::size_t index, std::chrono::seconds span) const {
  const Point& then = Before(span);
  const double elapsed = std::chrono::duration<double>(Newest().at - then.at).count();
  if (elapsed <= 0 || index >= then.counters.size() || index >= Newest().counters.size()) return {};
  const InterfaceCounters& a = then.counters[index];
  const InterfaceCounters& b = Newest().counters[index];
  const auto rate = [&](std::uint64_t from, std::uint64_t to) {
    return to > from ? static_cast<std::uint64_t>(static_cast<double>(to - from) / elapsed) : 0;
  };
  return {rate(a.in_packets, b.in_packets), rate(a.in_bytes, b.in_bytes), rate(a.out_packets, b.out_packets),
          rate(a.out_bytes, b.out_bytes), rate(a.dropped, b.dropped)};
}

}  // namespace sallyport
