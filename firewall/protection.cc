#include "firewall/protection.h"

#include "firewall/pipeline.h"
#include "firewall/threat_flow.h"

namespace sallyport {

std::vector<ClassView> Protection::Classes(TimePoint now) { return core_.services.Classes(*core_.policy, now); }
std::vector<PriorityQueueView> Protection::Queues() const { return core_.services.Queues(*core_.policy); }
void Protection::ClearClasses(const std::vector<std::uint32_t>& ids) {
  for (const std::uint32_t id : ids) core_.services.Clear(*core_.policy, id);
}

bool Protection::Add(const Shun& shun, TimePoint now) { return AddShun(core_, shun, now); }
bool Protection::Remove(IpAddress src, TimePoint now) { return RemoveShun(core_, src, Msg::k401003, now); }
void Protection::ClearShuns(TimePoint now) { sallyport::ClearShuns(core_, now); }

std::vector<ShunView> Protection::Shuns() const {
  std::vector<ShunView> views;
  for (const Shun& s : core_.shuns.All()) {
    const Interface* i = core_.policy->Find(s.interface);
    views.push_back({s, i != nullptr ? i->nameif : ""});
  }
  return views;
}

std::vector<ShunInterfaceView> Protection::ShunInterfaces() const {
  std::vector<ShunInterfaceView> views;
  const std::vector<Shun> shuns = core_.shuns.All();
  for (const auto& i : core_.policy->interfaces) {
    if (!i || i->id == IfId::kIdentity || i->nameif.empty()) continue;
    ShunInterfaceView v{i->nameif, false, core_.shuns.RefusedOn(i->id)};
    for (const Shun& s : shuns) v.on = v.on || s.interface == i->id || s.interface == IfId::kAny;
    views.push_back(std::move(v));
  }
  return views;
}

void Protection::ClearShunCounters() { core_.shuns.ClearCounters(); }

std::vector<ThreatRateView> Protection::ThreatRates(TimePoint now) { return core_.threats.Rates(now); }
std::vector<ScannerView> Protection::Attackers(TimePoint now) { return core_.threats.Attackers(now); }
std::vector<ScannerView> Protection::Targets(TimePoint now) { return core_.threats.Targets(now); }
ThreatStatisticsView Protection::Statistics(TimePoint now) { return core_.threats.statistics().View(now); }
void Protection::ClearThreatRates() { core_.threats.ClearRates(); }
void Protection::ClearScanning(bool attackers, bool targets) { core_.threats.ClearScanning(attackers, targets); }
void Protection::ClearStatistics() { core_.threats.statistics().Clear(); }

std::size_t Protection::ClearThreatShuns(const AddressRange& range, TimePoint now) {
  std::size_t cleared = 0;
  for (const Shun& s : core_.shuns.All()) {
    if (s.by_threat && range.Contains(s.src) && RemoveShun(core_, s.src, Msg::k733103, now)) cleared++;
  }
  return cleared;
}

std::array<ActivityView, kActivities> Protection::Activities(TimePoint now) {
  std::array<ActivityView, kActivities> views;
  for (std::size_t i = 0; i < kActivities; i++) views[i] = core_.activity.View(static_cast<Activity>(i), now);
  return views;
}
std::uint32_t Protection::perfmon_interval() const { return core_.activity.interval_s(); }
void Protection::SetPerfmonInterval(std::uint32_t seconds) { core_.activity.SetInterval(seconds); }

std::vector<CounterView> Protection::Counters() const {
  // Packets between the wire and the appliance itself pass the interface identity.
  const InterfaceCounters& box = core_.counters[static_cast<std::size_t>(IfId::kIdentity)];
  const std::uint64_t inspected = core_.inspected_packets;
  return {{"IP", "IN_PKTS", "IP packets received by the appliance itself", box.out_packets},
          {"IP", "OUT_PKTS", "IP packets sent by the appliance itself", box.in_packets},
          {"FIXUP", "IN_PKTS", "Packets given to application inspection", inspected}};
}

}  // namespace sallyport
