// Traces that packet-tracer has kept: those of the last file (`pcap`), and those that were asked to last (`persist`), for `show
// packet-tracer`. Of an appliance, control thread only; a bounded number.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "firewall/trace.h"

namespace sallyport {

struct KeptTrace {
  std::int64_t wall_nanos = 0;  // of a file's packet: when it was recorded; else when it was traced
  std::vector<std::uint8_t> bytes;  // from the IP header on
  TraceResult result;
};

struct KeptTraces {
  static constexpr std::size_t kMostOfFile = 100;   // packets of a file that are traced
  static constexpr std::size_t kMostPersistent = 100;

  std::deque<KeptTrace> persistent;  // the oldest goes when there are too many
  std::vector<KeptTrace> of_file;
  std::string file;               // "" : none was traced
  std::uint64_t file_packets = 0;  // that the file has, traced or not

  void Persist(KeptTrace trace) {
    if (persistent.size() == kMostPersistent) persistent.pop_front();
    persistent.push_back(std::move(trace));
  }
};

}  // namespace sallyport
