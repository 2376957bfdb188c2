// Recorded packets through an appliance, on the captures' clock: the same configuration, engine and console as live, with no
// operating system under them and no privileges.
//
// Owned by the replay tool or a test; one thread. A packet that the captured appliance itself had sent is not fed again: it is
// known by the hardware address, which ARP packets in the capture tell or the caller gives.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/capture_reader.h"
#include "conf/configuration.h"
#include "firewall/base/result.h"

namespace sallyport {

class Replay {
 public:
  struct Input {
    std::string interface;          // nameif
    std::string path;
    std::optional<MacAddress> own;  // of the captured appliance there
  };
  struct Drop {
    std::int64_t wall_nanos = 0;
    std::uint64_t number = 0;   // of the packet, from 1, among all that were fed
    std::string interface;      // it came in by
    std::string packet;         // "tcp 10.1.1.1:1025 > 192.0.2.7:80 SYN"
    std::string keyword, text;  // of the drop reason
    std::vector<std::string> messages;  // what the appliance would have logged about it, "%ASA-4-106023: ..."
  };
  struct Totals {
    std::uint64_t fed = 0, own = 0, not_ip = 0, passed = 0, dropped = 0, held = 0, consumed = 0, originated = 0;
    std::map<std::string, std::uint64_t> in, out;    // by interface
    std::map<std::string, std::uint64_t> by_reason;  // "acl-drop"
    std::int64_t first = 0, last = 0;                // wall nanoseconds
  };
  struct Options {
    std::vector<Input> inputs;
    std::string out_folder;  // "" : packets that leave are written nowhere; else FOLDER/NAMEIF.pcap
    std::uint64_t seed = 1;  // the same seed gives the same bytes
    std::function<void(const Drop&)> on_drop;
    std::function<void(double share)> on_progress;  // now and then
  };

  explicit Replay(Options options);
  ~Replay();
  // The configuration, before anything else.
  LoadReport Load(std::string_view text, const LoadOptions& options = {});
  // All packets. An error says which file or interface is wrong; what was read until then has been processed.
  Status Run();
  const Totals& totals() const;
  const std::string& damage() const;  // of a capture that ended within a packet; "" : none
  // A console command after (or before) the packets, as a script would give it; what it prints.
  std::string Do(const std::string& command);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
