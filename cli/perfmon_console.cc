#include "cli/perfmon_console.h"

#include "cli/appliance.h"
#include "cli/show_perfmon.h"

namespace sallyport {

void PerfmonConsole::Tick(Appliance& appliance) {
  if (!verbose_) return;
  const TimePoint now = appliance.Now();
  const auto [interval, activities] =
      appliance.AskEngine([now](Engine& e) { return std::pair(e.protection().perfmon_interval(), e.protection().Activities(now)); });
  if (now - last_ < Duration::Seconds(interval)) return;
  last_ = now;
  std::string text = ShowPerfmon(activities, false);
  text.pop_back();  // a session ends the line itself
  for (Session* s : appliance.sessions()) s->Announce(text);
}

std::vector<CounterView> PerfmonConsole::Counters(Appliance& appliance) const {
  std::vector<CounterView> counters = appliance.AskEngine([](Engine& e) { return e.protection().Counters(); });
  for (std::size_t i = 0; i < counters.size() && i < base_.size(); i++) counters[i].value -= base_[i].value;
  return counters;
}

void PerfmonConsole::ClearCounters(Appliance& appliance) {
  base_ = appliance.AskEngine([](Engine& e) { return e.protection().Counters(); });
}

}  // namespace sallyport
