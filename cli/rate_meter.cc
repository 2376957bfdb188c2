#include "cli/rate_meter.h"

namespace sallyport {

void RateMeter::Sample(TimePoint now, const InterfaceCounters& counters) {
  if (!points_.empty()) {
    const Point& last = points_.back();
    if (now - last.time < Duration{kInterval.ns / 2}) return;
    if (counters.in_packets < last.counters.in_packets || counters.out_packets < last.counters.out_packets) points_.clear();
  }
  points_.push_back({now, counters});
  while (points_.size() > 2 && now - points_[1].time >= kFiveMinutes) points_.pop_front();
}

TrafficRate RateMeter::Over(Duration window) const {
  TrafficRate r;
  if (points_.size() < 2) return r;
  const Point& last = points_.back();
  const Point* first = &points_.front();
  for (const Point& p : points_) {
    if (last.time - p.time < window) break;
    first = &p;
  }
  const double seconds = static_cast<double>((last.time - first->time).ns) / 1e9;
  if (seconds <= 0) return r;
  const auto rate = [&](std::uint64_t a, std::uint64_t b) {
    return b > a ? static_cast<std::uint64_t>(static_cast<double>(b - a) / seconds) : 0;
  };
  const InterfaceCounters &a = first->counters, &b = last.counters;
  r.in_packets = rate(a.in_packets, b.in_packets);
  r.in_bytes = rate(a.in_bytes, b.in_bytes);
  r.out_packets = rate(a.out_packets, b.out_packets);
  r.out_bytes = rate(a.out_bytes, b.out_bytes);
  r.dropped = rate(a.dropped, b.dropped);
  return r;
}

}  // namespace sallyport
