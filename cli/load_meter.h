// How busy the daemon and its interfaces were in the last minutes: samples of the processor time used and of the traffic
// counters, taken every five seconds of real time (not the appliance's, which may jump). Control thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

#include "cli/show_views.h"

namespace sallyport {

class LoadMeter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kInterval{5};

  LoadMeter();
  bool Due() const { return std::chrono::steady_clock::now() - Newest().at >= kInterval; }
  // `counters` by IfId, as the engine has them now.
  void Sample(std::vector<InterfaceCounters> counters);

  CpuView Cpu() const;
  // Average per second over about `span` (less when not so much is known), for interface `index`.
  TrafficRate Rate(std::size_t index, std::chrono::seconds span) const;

 private:
  struct Point {
    Time at;
    double cpu_s = 0;  // used by this process, user and system, all threads
    std::vector<InterfaceCounters> counters;
  };
  static constexpr std::size_t kPoints = 61;  // five minutes
  const Point& Newest() const { return points_[(next_ + kPoints - 1) % kPoints]; }
  const Point& Before(std::chrono::seconds span) const;
  int CpuTenths(std::chrono::seconds span) const;

  std::array<Point, kPoints> points_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace sallyport
