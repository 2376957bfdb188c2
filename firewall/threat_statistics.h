// Threat detection's statistics: sessions, bytes, packets and drops by host, by port and by protocol, and hits of access
// lists, as rates over fixed intervals (`threat-detection statistics`). Fixed memory for hosts and ports, taken when they are
// configured; those that were idle longest make room. Data thread only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/burst_rate.h"
#include "firewall/conn.h"
#include "firewall/log_event.h"
#include "firewall/lru_sets.h"
#include "firewall/packet.h"
#include "firewall/threat_policy.h"

namespace sallyport {

// Rows of one host, port or protocol. Intervals are fixed: ASA command reference, `show threat-detection statistics`.
struct TalkerView {
  enum class Kind : std::uint8_t { kHost, kPort, kProtocol } kind{};
  IpAddress address;         // of a host
  std::uint16_t number = 0;  // of a port or protocol
  std::uint64_t sessions = 0, active = 0, fw_drops = 0, inspect_drops = 0, null_sessions = 0, bad_accesses = 0;
  std::vector<RateView> sent_bytes, sent_packets, sent_drops, received_bytes, received_packets, received_drops;
};
struct AclRateView {
  std::string list;
  std::uint32_t line = 0;  // as `show access-list` numbers it
  std::vector<RateView> hits;
};
struct ThreatStatisticsView {
  bool hosts = false, ports = false, protocols = false, access_lists = false;  // are they kept?
  std::vector<TalkerView> talkers;
  std::vector<AclRateView> acl_hits;
};

class ThreatStatistics {
 public:
  static constexpr std::uint32_t kIntervals[3] = {3600, 8 * 3600, 24 * 3600};
  static constexpr std::uint32_t kDropIntervals[2] = {1200, 3600};

  void Configure(const ThreatPolicy& policy);
  bool hosts() const { return host_rates_ != 0; }
  bool packets() const { return host_rates_ != 0 || port_rates_ != 0 || protocol_rates_ != 0; }
  bool access_lists() const { return access_list_; }

  void OnPacket(const Conn& c, Direction d, std::uint32_t bytes, TimePoint now);
  void OnDrop(const Packet& p, bool firewall, bool inspection, const ThreatPolicy& policy, LogSink& log, TimePoint now);
  void OnBuilt(const Conn& c, TimePoint now);
  void OnEnd(const Conn& c, TimePoint now);
  void OnNullSession(const Conn& c, TimePoint now);
  void OnBadAccess(const Conn& c, TimePoint now);
  // `list` and `line` name the access-list line of the element.
  void OnAclHit(const AccessList& list, const AclElement& element, TimePoint now);

  ThreatStatisticsView View(TimePoint now);
  void Clear();

 private:
  struct Traffic {
    std::array<BurstRate, 3> bytes, packets;
    std::array<LimitedRate, 2> drops;
  };
  struct Talker {
    bool used = false;
    TimePoint last;
    std::uint64_t sessions = 0, active = 0, fw_drops = 0, inspect_drops = 0, null_sessions = 0, bad_accesses = 0;
    Traffic sent, received;
  };
  struct HostEntry : Talker {
    IpAddress key;
  };
  struct PortEntry : Talker {
    std::uint16_t key = 0;
  };
  struct AclRates {
    std::shared_ptr<HitCounter> counter;  // held, so that its address is nobody else's
    std::string list;
    std::uint32_t line = 0;
    std::array<BurstRate, 3> hits;
  };

  Talker* Host(IpAddress a, TimePoint now);
  Talker* Service(const Conn& c, TimePoint now);  // the port, or the protocol if it has none
  void CountDrop(IpAddress host, bool sent, bool firewall, bool inspection, const ThreatPolicy& policy, LogSink& log, TimePoint now);
  static void CountTraffic(Traffic& t, int rates, std::uint32_t bytes, TimePoint now);
  static TalkerView ViewOf(Talker& t, int rates, bool drops, TimePoint now);

  int host_rates_ = 0, port_rates_ = 0, protocol_rates_ = 0;
  bool access_list_ = false;
  LruSets<IpAddress, HostEntry> hosts_;
  LruSets<std::uint16_t, PortEntry> ports_;
  std::array<std::unique_ptr<Talker>, 256> protocols_;
  std::unordered_map<const HitCounter*, AclRates> acl_hits_;
};

}  // namespace sallyport
