// What OSPF and BGP processes would show, as plain copies. There is no routing engine yet: nothing fills these, and no
// console command prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"

namespace sallyport {

enum class OspfNeighborState : std::uint8_t { kDown, kAttempt, kInit, kTwoWay, kExstart, kExchange, kLoading, kFull };
enum class OspfRole : std::uint8_t { kNone, kDr, kBdr, kOther };

struct OspfNeighborView {
  IpAddress id;
  std::uint8_t priority = 1;
  OspfNeighborState state = OspfNeighborState::kDown;
  OspfRole role = OspfRole::kNone;  // the neighbour's; none: a point-to-point link
  Duration dead_time;               // left
  IpAddress address;
  std::string interface;  // nameif
};

enum class OspfInterfaceState : std::uint8_t { kDown, kLoop, kWait, kPointToPoint, kDr, kBdr, kOther };

struct OspfInterfaceView {
  std::string interface;  // nameif
  std::uint32_t process = 1;
  std::string area;  // as it was written: a number or an address
  IpAddress address;
  int prefix_length = 24;
  std::uint32_t cost = 10;
  OspfInterfaceState state = OspfInterfaceState::kDown;
  std::uint32_t full = 0, neighbors = 0;
};

struct BgpNeighborView {
  IpAddress address;
  std::uint8_t version = 4;
  std::uint32_t as = 0;
  std::uint64_t received = 0, sent = 0;  // messages
  std::uint64_t table_version = 0;
  std::uint32_t in_queue = 0, out_queue = 0;
  std::optional<Duration> since;          // in its state; nothing: never up
  std::optional<std::uint32_t> prefixes;  // received; nothing: not established
  enum class State : std::uint8_t { kIdle, kConnect, kActive, kOpenSent, kOpenConfirm } state = State::kIdle;
};

struct BgpMemory {
  std::uint64_t entries = 0, bytes = 0;
};
struct BgpSummaryView {
  IpAddress router_id;
  std::uint32_t local_as = 0;
  std::uint64_t table_version = 0, main_version = 0;
  BgpMemory networks, paths, attributes, as_paths, communities, route_maps, filter_lists;
  std::uint64_t best_attributes = 0;
  std::uint64_t prefixes_added = 0, prefixes_removed = 0, paths_added = 0, paths_removed = 0;
  std::uint32_t scan_seconds = 60;
  std::vector<BgpNeighborView> neighbors;
};

}  // namespace sallyport
