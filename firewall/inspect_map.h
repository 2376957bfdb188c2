// What a policy knows of application inspection: which engine, the parameters of its map, and what it has counted. The engines are
// in inspect/.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firewall/burst_rate.h"

namespace sallyport {

enum class InspectId : std::uint8_t { kNone = 0, kIcmp, kIcmpError, kDns, kFtp, kTftp, kHttp, kIpv6, kCount };

// One line that `show service-policy` prints below an inspection.
struct InspectRow {
  std::string text;            // "dns-guard"
  const char* unit = nullptr;  // "count", "drop", "packet"; null: the line has no number
  bool nested = false;         // an action below its `match`
};

// `policy-map type inspect ...`, compiled. Each engine derives its own; connections may keep one beyond the policy's life.
struct InspectMap {
  virtual ~InspectMap() = default;
  std::string name;              // "preset_dns_map"; "": the engine's defaults
  std::string text;              // its lines: two compilations of the same lines are the same map
  std::vector<InspectRow> rows;  // engines count by the position here
};

// What one inspection of one class has seen. Written by the data thread, read relaxed by whoever wants to know; `recent` is the data
// thread's alone.
struct InspectCounters {
  static constexpr std::size_t kMaxRows = 64;  // rows behind that are shown with what the last one has
  static constexpr std::uint32_t kSpan = 300;  // of `recent`, seconds
  std::atomic<std::uint64_t> packets{0}, drops{0}, reset_drops{0};
  std::array<std::atomic<std::uint64_t>, kMaxRows> rows{};
  BurstRate recent;  // packets
  void Count(std::size_t row) { rows[row < kMaxRows ? row : kMaxRows - 1].fetch_add(1, std::memory_order_relaxed); }
  void CountPacket(TimePoint now, bool dropped) {
    packets.fetch_add(1, std::memory_order_relaxed);
    if (dropped) drops.fetch_add(1, std::memory_order_relaxed);
    recent.Add(now, kSpan, 1);
  }
  std::uint64_t PerSecond(TimePoint now) { return recent.Total(now, kSpan) / kSpan; }
  void Clear() {
    packets = drops = reset_drops = 0;
    for (auto& row : rows) row = 0;
    recent = {};
  }
};

// The rows as `show service-policy` prints them below the inspection's line, without its indentation.
std::vector<std::string> InspectLines(const InspectMap* map, const InspectCounters& counters);

// State that an engine keeps for one connection.
struct InspectState {
  virtual ~InspectState() = default;
  virtual std::unique_ptr<InspectState> Clone() const = 0;  // for a packet that is only imagined
};

}  // namespace sallyport
