// Rates over the last minute and the last five, from counters that are sampled every few seconds.
//
// Control thread; told the time, holds no clock. One for each interface (packets and bytes), see RateMeter::Sample.
#pragma once

#include <deque>

#include "cli/show_views.h"

namespace sallyport {

class RateMeter {
 public:
  static constexpr Duration kInterval = Duration::Seconds(5);  // how often Sample is meant to be called
  static constexpr Duration kOneMinute = Duration::Seconds(60);
  static constexpr Duration kFiveMinutes = Duration::Seconds(300);

  // Calls closer together than half an interval are ignored. Counters that went back (cleared) begin a new history.
  void Sample(TimePoint now, const InterfaceCounters& counters);
  // Average over `window` up to the last sample, or over as much of it as there is.
  TrafficRate Over(Duration window) const;

 private:
  struct Point {
    TimePoint time;
    InterfaceCounters counters;
  };
  std::deque<Point> points_;  // oldest first; the oldest is at most one sample older than five minutes
};

}  // namespace sallyport
