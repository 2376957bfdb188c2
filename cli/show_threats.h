// `show threat-detection ...` and `show shun`: pure functions from views to text. Column widths: ASA configuration guide,
// "Threat Detection", sample outputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/personality.h"
#include "firewall/protection.h"

namespace sallyport {

struct ThreatRateFilter {
  std::optional<ThreatEvent> event;
  std::uint64_t least = 0;  // min-display-rate, events per second
};
std::string ShowThreatRates(const std::vector<ThreatRateView>& rates, const ThreatRateFilter& filter);

// `alone`: of `attacker` or `target` by itself there is no heading.
std::string ShowScanners(const std::vector<ScannerView>& scanners, const char* heading, bool alone);
std::string ShowThreatShuns(const std::vector<ShunView>& shuns, const Personality& personality);

struct TalkerFilter {
  std::optional<TalkerView::Kind> kind;
  std::optional<AddressRange> hosts;
  std::optional<std::uint16_t> first, last;  // ports or protocols
  std::uint64_t least = 0;
};
std::string ShowThreatStatistics(const ThreatStatisticsView& view, const TalkerFilter& filter);
// `rate`: 1..3, 0 all. The ten first of each row.
struct TopFilter {
  bool hosts = true, ports = true, access_lists = true;
  int rate = 0;
};
std::string ShowThreatTop(const ThreatStatisticsView& view, const TopFilter& filter);

std::string ShowShuns(const std::vector<ShunView>& shuns);
std::string ShowShunStatistics(const std::vector<ShunInterfaceView>& interfaces, const std::vector<ShunView>& shuns, TimePoint now);

}  // namespace sallyport
