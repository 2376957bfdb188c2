// How busy the daemon and its interfaces were in the last minutes: samples of the processor time used and of the traffic
// counters, taken every five seconds of real time (not the appliance's, which may jump). Control thread.
//
// Processor time is told apart by core and by thread (/proc/self/task): the thread named "data" is the data path, all others the
// control point. What a thread used between two samples counts for the core that it ran on last.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <vector>

#include "cli/platform_views.h"
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

  // Of all cores together: one that is busy of four makes 25 per cent.
  CpuView Cpu() const;
  CpuDetailView CpuDetail() const;
  // Average per second over about `span` (less when not so much is known), for interface `index`.
  TrafficRate Rate(std::size_t index, std::chrono::seconds span) const;

 private:
  struct CoreTime {
    double data_s = 0, control_s = 0;
  };
  struct Point {
    Time at;
    double cpu_s = 0;      // used by this process, user and system, all threads
    double machine_s = 0;  // by all that runs on the machine
    std::vector<CoreTime> cores;
    std::vector<InterfaceCounters> counters;
  };
  static constexpr std::size_t kPoints = 61;  // five minutes
  const Point& Newest() const { return points_[(next_ + kPoints - 1) % kPoints]; }
  const Point& Before(std::chrono::seconds span) const;
  // A use of processor time in tenths of a per cent of what `cores` cores had over `span`.
  template <typename F>
  int Tenths(std::chrono::seconds span, std::size_t cores, F used) const;
  void SampleThreads();

  std::map<int, double> threads_;  // processor time of each at the last sample, by its id
  std::vector<CoreTime> cores_;    // since the start
  std::array<Point, kPoints> points_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace sallyport
