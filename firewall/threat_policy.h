// `threat-detection ...` compiled. Events, their names and default rates as an ASA has them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/burst_rate.h"

namespace sallyport {

// In the order of `show threat-detection rate`.
enum class ThreatEvent : std::uint8_t {
  kAclDrop,
  kConnLimitDrop,
  kIcmpDrop,
  kSynAttack,
  kScanning,
  kBadPacketDrop,
  kFwDrop,
  kDosDrop,
  kInspectDrop,
  kInterfaceDrop,
  kCount,
};
inline constexpr std::size_t kThreatEvents = static_cast<std::size_t>(ThreatEvent::kCount);

struct ThreatEventInfo {
  std::string_view keyword;  // as in `threat-detection rate`
  const char* label;         // as in 733100 and `show threat-detection rate`
  RateLimit rates[2];        // without configuration
};
// Sources: `threat-detection rate` in the ASA command reference (rates, keywords); syslog 733100 (labels).
inline constexpr ThreatEventInfo kThreatEventInfo[kThreatEvents] = {
    {"acl-drop", "ACL  drop", {{600, 400, 800}, {3600, 320, 640}}},
    {"conn-limit-drop", "Conn limit", {{600, 100, 400}, {3600, 80, 320}}},
    {"icmp-drop", "ICMP attk", {{600, 100, 400}, {3600, 80, 320}}},
    {"syn-attack", "SYN attck", {{600, 100, 200}, {3600, 80, 160}}},
    {"scanning-threat", " Scanning", {{600, 5, 10}, {3600, 4, 8}}},
    {"bad-packet-drop", "Bad  pkts", {{600, 100, 400}, {3600, 80, 320}}},
    {"fw-drop", " Firewall", {{600, 400, 1600}, {3600, 320, 1280}}},
    {"dos-drop", "DoS attck", {{600, 100, 400}, {3600, 80, 320}}},
    {"inspect-drop", "  Inspect", {{600, 400, 1600}, {3600, 320, 1280}}},
    {"interface-drop", "Interface", {{600, 2000, 8000}, {3600, 1600, 6400}}},
};

struct ThreatPolicy {
  static constexpr std::size_t kRates = 3;  // at most, for each event

  bool basic = false;                          // basic-threat
  bool scanning = false;                       // scanning-threat
  bool shun = false;                           // scanning-threat shun
  std::uint32_t shun_duration_s = 3600;        // 0: until it is cleared
  std::vector<AddressRange> shun_except;
  std::array<std::vector<RateLimit>, kThreatEvents> rates;  // by interval; rate-1 is the first
  // How many rates of each are kept (statistics host|port|protocol), 0: none.
  int host_rates = 0, port_rates = 0, protocol_rates = 0;
  bool access_list = false;  // statistics access-list
  bool Any() const { return basic || scanning || host_rates != 0 || port_rates != 0 || protocol_rates != 0 || access_list; }

  ThreatPolicy() {
    for (std::size_t i = 0; i < kThreatEvents; i++) rates[i].assign(std::begin(kThreatEventInfo[i].rates), std::end(kThreatEventInfo[i].rates));
  }
};

}  // namespace sallyport
