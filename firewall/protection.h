// What the console asks and tells the engine about classes, shuns, threats and rates: a handle on the engine's insides for the
// length of one question. Data thread only (Engine::protection).
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "firewall/activity.h"
#include "firewall/service_stats.h"
#include "firewall/shun.h"
#include "firewall/threat_detection.h"

namespace sallyport {

struct EngineCore;

struct ShunView {
  Shun shun;
  std::string interface;
};
struct ShunInterfaceView {
  std::string interface;
  bool on = false;  // a host behind it is shunned
  std::uint64_t packets = 0;
};
struct CounterView {
  const char* protocol = "";  // "IP"
  const char* name = "";      // "IN_PKTS"
  const char* description = "";
  std::uint64_t value = 0;
};

class Protection {
 public:
  explicit Protection(EngineCore& core) : core_(core) {}

  // --- service policies
  std::vector<ClassView> Classes(TimePoint now);
  std::vector<PriorityQueueView> Queues() const;
  void ClearClasses(const std::vector<std::uint32_t>& ids);

  // --- shuns
  bool Add(const Shun& shun, TimePoint now);
  bool Remove(IpAddress src, TimePoint now);
  void ClearShuns(TimePoint now);
  std::vector<ShunView> Shuns() const;
  std::vector<ShunInterfaceView> ShunInterfaces() const;
  void ClearShunCounters();

  // --- threat detection
  std::vector<ThreatRateView> ThreatRates(TimePoint now);
  std::vector<ScannerView> Attackers(TimePoint now);
  std::vector<ScannerView> Targets(TimePoint now);
  ThreatStatisticsView Statistics(TimePoint now);
  void ClearThreatRates();
  void ClearScanning(bool attackers, bool targets);
  void ClearStatistics();
  // Shuns of threat detection whose hosts are in `range`; returns how many.
  std::size_t ClearThreatShuns(const AddressRange& range, TimePoint now);

  // --- rates
  std::array<ActivityView, kActivities> Activities(TimePoint now);
  std::uint32_t perfmon_interval() const;
  void SetPerfmonInterval(std::uint32_t seconds);
  std::vector<CounterView> Counters() const;

 private:
  EngineCore& core_;
};

}  // namespace sallyport
