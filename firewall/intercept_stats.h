// `threat-detection statistics tcp-intercept`: which servers are flooded with SYNs that TCP intercept answered, how fast, by whom.
//
// A window of `rate-interval` minutes is cut into 60 samplings. Fixed memory: servers that are no longer attacked make room for
// new ones. Data thread only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "firewall/types.h"

namespace sallyport {

struct InterceptStatsSettings {
  bool enabled = false;
  std::uint32_t interval_minutes = 30;  // 1..1440
  std::uint32_t burst_rate = 400;       // attacks a second, 733105
  std::uint32_t average_rate = 200;     // 733104
  bool operator==(const InterceptStatsSettings&) const = default;
};

inline constexpr std::size_t kInterceptSamples = 60;

// One server and port, as `show threat-detection statistics top tcp-intercept` prints it.
struct InterceptedServer {
  Endpoint server;
  IfId interface{};
  std::uint64_t total = 0;  // within the window
  std::uint64_t average = 0, current = 0;  // a second
  IpAddress last_source;
  bool several_sources = false;
  TimePoint last_attack;
  std::array<std::uint32_t, kInterceptSamples> samples{};  // newest first
};

class InterceptStats {
 public:
  void Configure(const InterceptStatsSettings& settings, TimePoint now);
  bool enabled() const { return settings_.enabled; }
  const InterceptStatsSettings& settings() const { return settings_; }
  Duration Sampling() const { return Duration::Seconds(settings_.interval_minutes); }  // 1/60 of the window

  // Rates that an attack has just exceeded; each is said once in a sampling.
  struct Exceeded {
    bool burst = false, average = false;
  };
  Exceeded Note(const Endpoint& server, IfId interface, IpAddress source, TimePoint now);
  // By average rate, at most `limit`.
  std::vector<InterceptedServer> Top(std::size_t limit, TimePoint now) const;
  void Clear() { entries_.assign(entries_.size(), {}); }

 private:
  struct Entry {
    Endpoint server;
    IfId interface{};
    bool used = false, several_sources = false;
    IpAddress last_source;
    TimePoint last_attack;
    std::int64_t sampling = 0;  // number of the running one
    std::int64_t told_burst = -1, told_average = -1;
    std::uint64_t total = 0;    // sum of samples
    std::array<std::uint32_t, kInterceptSamples> samples{};  // ring by sampling number
  };
  std::int64_t SamplingOf(TimePoint t) const { return (t - began_).ns / Sampling().ns; }
  void Roll(Entry& e, std::int64_t to) const;
  std::uint64_t CurrentRate(const Entry& e, TimePoint now) const;

  InterceptStatsSettings settings_;
  TimePoint began_;
  std::vector<Entry> entries_;
};

}  // namespace sallyport
