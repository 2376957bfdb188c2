// What the show commands need to know besides firewall/views.h: plain copies that the console fills from the policy, the
// engine and the operating system, and that the renderers (cli/show_*.h) turn into text. No pointers into anything alive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/civil_time.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "firewall/route_table.h"
#include "firewall/trace.h"
#include "firewall/views.h"

namespace sallyport {

// What the kernel counts on a link (rtnetlink, struct rtnl_link_stats64).
struct LinkCounters {
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, multicast = 0;
  std::uint64_t rx_length_errors = 0, rx_over_errors = 0, rx_crc_errors = 0, rx_frame_errors = 0, rx_missed_errors = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0, collisions = 0;
};

// Rates over one or five minutes, per second.
struct TrafficRate {
  std::uint64_t in_packets = 0, in_bytes = 0, out_packets = 0, out_bytes = 0, dropped = 0;
};

struct InterfaceView {
  std::string hardware;     // "GigabitEthernet0/1", "Vlan1", "GigabitEthernet0/1.100"
  std::string nameif;       // "": none
  std::string description;  // "": none
  int security_level = 0;
  bool shutdown = false;  // by configuration
  bool link_up = false;   // the Linux link exists and has carrier
  bool management_only = false;
  bool addressed_by_dhcp = false;
  bool configured_in_ram =
      false;                // address set since start-up by a command: "manual"; else from the configuration: "CONFIG"
  std::optional<int> vlan;  // of a subinterface
  std::string link;         // the Linux link, "" if none is mapped: `Hardware is ...`
  std::string driver;       // its driver ("veth", "virtio_net"), "" unknown
  int speed_mbps = 0;       // 0: unknown
  std::string duplex;       // "Full-duplex", "Half-duplex", "" unknown
  MacAddress mac;
  int mtu = 1500;
  IpAddress address;       // none: unassigned
  int prefix_length = 32;  // of the IPv4 address
  LinkCounters link_counters;
  InterfaceCounters traffic;  // as the pipeline sees it
  TrafficRate one_minute, five_minutes;
  std::optional<TrafficRate> link_one_minute, link_five_minutes;  // of link_counters; absent: not printed
  Duration counted_for;                                           // since the counters began (`show traffic`)
  std::uint64_t blocked_through = 0;                              // through-the-device packets refused by management-only
};

struct ArpView {
  std::string interface;  // nameif
  IpAddress address;
  MacAddress mac;
  std::int64_t age_s = 0;
  bool is_static = false;  // prints "-" for its age
  bool alias = false;      // `arp ... alias` (proxy): prints "alias" behind it
};

struct VersionView {
  std::string hostname;
  std::string version;          // the personality's, "9.16(4)"
  std::string product_version;  // ours, "0.1"
  std::string compiled;         // "Sat 21-Nov-26 01:54 UTC", "": leave the line out
  std::string image;            // path of the program, "System image file is"
  std::string config_at_boot = "startup-config";
  Duration uptime;
  std::string model = "Sallyport";  // after "Hardware:   "
  std::uint64_t memory_mb = 0;
  std::string cpu;  // "Intel ... 2600 MHz", as the kernel names it
  int cpus = 1;
  struct Port {
    std::string name;  // "GigabitEthernet0/0"
    MacAddress mac;
  };
  std::vector<Port> ports;
  std::string serial;       // "" : none, and no line
  std::string modified_by;  // "" : not modified since start
  std::int64_t modified_wall = 0;
  TimeZone zone;
};

struct MemoryView {
  std::uint64_t total = 0;    // bytes; of the machine, or the limit that the daemon runs under
  std::uint64_t free = 0;     // at most total
  std::uint64_t process = 0;  // what the daemon itself holds (resident)
};

// In tenths of a per cent, 0..1000.
struct CpuView {
  int five_seconds = 0, one_minute = 0, five_minutes = 0;
};

struct ClockView {
  std::int64_t wall_nanos = 0;
  TimeZone zone;
  enum class Source : std::uint8_t { kHardware, kUser, kNtp } source = Source::kHardware;
};

struct LocalHostPage {
  std::vector<LocalHostView> hosts;
};

// Names and states that packet-tracer prints around a TraceResult.
struct TraceView {
  TraceResult result;
  std::string input;  // nameif
  bool input_up = true, input_line_up = true;
  std::string output;  // nameif, "NP Identity Ifc", or "" when none was found
  bool output_up = true, output_line_up = true;
};

}  // namespace sallyport
