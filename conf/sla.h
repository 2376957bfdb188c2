// `sla monitor` and `track`: what is to be watched, for whoever sends the probes. Plain data out of the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"

namespace sallyport {

// One echo operation. Defaults are ASA's.
struct SlaEntry {
  int id = 0;  // 1..2147483647
  IpAddress target;
  std::string interface;  // nameif
  int packets = 1;        // of one operation, 1..100; one answer is enough
  int data_size = 28;     // bytes after the ICMP header, 0..16384
  int tos = 0;
  std::int64_t timeout_ms = 5000;
  std::int64_t threshold_ms = 5000;
  int frequency_s = 60;
  // The schedule. Without one, and with `start-time pending`, nothing is sent.
  enum class Start : std::uint8_t { kNone, kPending, kNow, kAfter, kAt } start = Start::kNone;
  int start_s = 0;                 // kAfter: from now on; kAt: of the day, in the appliance's time zone
  int month = 0, day = 0;          // kAt: of the year; 0: today, or tomorrow if that has passed
  bool recurring = false;          // kAt: every day, for its life
  int ageout_s = 0;                // so long after its life, or without a start, it is forgotten; 0: never
  std::optional<int> life_s = 3600;  // nothing: for ever
  bool operator==(const SlaEntry&) const = default;
};

struct Track {
  int id = 0;   // 1..500
  int sla = 0;  // SlaEntry::id
  int routes = 0;  // static routes that follow it
  bool operator==(const Track&) const = default;
};

// A static route that follows a track, as message 622001 has it.
struct TrackedRoute {
  int track = 0;
  IpAddress network, mask, gateway;
  int distance = 1;
  std::string interface;
};

struct SlaPlan {
  std::vector<SlaEntry> entries;  // by id
  std::vector<Track> tracks;      // by id
  std::vector<TrackedRoute> routes;
};

}  // namespace sallyport
