// What the console keeps for `perfmon` and `show counters`: whether rates are printed by themselves, and where counters begin.
// Control thread.
#pragma once

#include <vector>

#include "firewall/base/time.h"
#include "firewall/protection.h"

namespace sallyport {

class Appliance;

class PerfmonConsole {
 public:
  bool verbose() const { return verbose_; }
  void SetVerbose(bool on, TimePoint now) {
    verbose_ = on;
    last_ = now;
  }
  // Prints the rates to all sessions of privileged users when an interval of perfmon has passed.
  void Tick(Appliance& appliance);
  // Counters since they were cleared.
  std::vector<CounterView> Counters(Appliance& appliance) const;
  void ClearCounters(Appliance& appliance);

 private:
  bool verbose_ = false;
  TimePoint last_;
  std::vector<CounterView> base_;
};

}  // namespace sallyport
