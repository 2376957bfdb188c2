// Threat detection: rates of what is dropped by the appliance as a whole (basic, 733100), and who scans whom (scanning,
// 733101), with the shuns that follow from it (733102, 733103).
//
// Scanning looks only at sessions that reach their target: a session without an answer after three seconds is a null
// session (at once when it was refused by a reset), its port counts as closed, and every later access to it is a bad one. Both count for the client as an attacker
// and for the server as a target, each as a host and as the subnet of 1024 around it (ASA configuration guide, "Threat
// Detection"; syslog guide, 733101). Fixed memory, taken when it is configured; data thread only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "firewall/conn.h"
#include "firewall/drop_reason.h"
#include "firewall/log_event.h"
#include "firewall/lru_sets.h"
#include "firewall/packet.h"
#include "firewall/shun.h"
#include "firewall/threat_policy.h"
#include "firewall/threat_statistics.h"

namespace sallyport {

struct ThreatRateView {
  ThreatEvent event{};
  RateView rate;
};

struct ScannerView {
  IpAddress address;
  bool subnet = false;
};

class ThreatDetection {
 public:
  ThreatDetection(LogSink& log, ShunTable& shuns) : log_(log), shuns_(shuns) {}

  void Configure(const ThreatPolicy& policy);
  // Is anything to be told about drops, about sessions?
  bool watches_drops() const { return policy_.basic || statistics_.hosts(); }
  bool watches_sessions() const { return policy_.Any(); }
  ThreatStatistics& statistics() { return statistics_; }

  void OnDrop(const Packet& p, FrameDrop reason, TimePoint now);
  void OnBuilt(const Conn& c, ConnIndex index, TimePoint now);
  // `never_answered`: a handshake that timed out, or a UDP session whose server sent nothing.
  void OnEnd(const Conn& c, bool never_answered, TimePoint now);
  // A session was built three seconds ago: calls `f(index, id)` for each, which gives the connection if it is still there.
  template <typename F>
  void CheckSessions(TimePoint now, F f) {
    while (!sessions_.empty() && sessions_.front().due <= now) {
      const Watched w = sessions_.front();
      sessions_.pop_front();
      const Conn* c = f(w.index, w.id);
      if (c != nullptr) OnThreeSeconds(*c, w.due);
    }
  }
  TimePoint NextDeadline() const { return sessions_.empty() ? TimePoint::Max() : sessions_.front().due; }

  std::vector<ThreatRateView> Rates(TimePoint now);
  // Those that exceed a rate, the latest first.
  std::vector<ScannerView> Attackers(TimePoint now) { return Scanners(now, &ScanEntry::attacker); }
  std::vector<ScannerView> Targets(TimePoint now) { return Scanners(now, &ScanEntry::target); }
  void ClearRates();
  void ClearScanning(bool attackers, bool targets);

 private:
  // An address is forgotten when nothing happened to it for so long.
  static constexpr Duration kForget = Duration::Seconds(600);
  static constexpr Duration kNullSession = Duration::Seconds(3);
  static constexpr std::size_t kMostSessions = 262144;

  struct Role {
    std::array<LimitedRate, ThreatPolicy::kRates> rates;
    TimePoint since;  // of the latest excess
    bool listed = false;
  };
  struct ScanKey {
    IpAddress address;
    bool subnet = false;
    bool operator==(const ScanKey&) const = default;
  };
  struct ScanEntry {
    bool used = false;
    ScanKey key;
    TimePoint last;
    Role attacker, target;
  };
  struct PortKey {
    IpAddress address;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    bool operator==(const PortKey&) const = default;
  };
  struct ClosedPort {
    bool used = false;
    PortKey key;
    TimePoint last;
    bool closed = false;
  };
  struct Watched {
    TimePoint due;
    ConnIndex index;
    std::uint32_t id;
  };

  void Count(ThreatEvent event, TimePoint now);
  void OnThreeSeconds(const Conn& c, TimePoint now);
  void OnScan(const Conn& c, TimePoint now);
  void CountScan(IpAddress address, bool subnet, Role ScanEntry::*role, IfId interface, TimePoint now);
  void ShunAttacker(IpAddress address, IfId interface, TimePoint now);
  std::vector<ScannerView> Scanners(TimePoint now, Role ScanEntry::*role);
  static std::uint64_t HashOf(IpAddress a, std::uint64_t salt) { return std::hash<IpAddress>()(a) ^ salt * 0xff51afd7ed558ccdu; }

  LogSink& log_;
  ShunTable& shuns_;
  ThreatPolicy policy_;
  ThreatStatistics statistics_{};
  std::array<std::array<LimitedRate, ThreatPolicy::kRates>, kThreatEvents> rates_{};
  LruSets<ScanKey, ScanEntry> scanners_;
  LruSets<PortKey, ClosedPort> closed_;
  std::deque<Watched> sessions_;
};

// The events that a drop counts as, a bit for each.
std::uint16_t ThreatEventsOf(FrameDrop reason);

}  // namespace sallyport
