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

// What a port counts (of a Linux link: rtnetlink, struct rtnl_link_stats64). Counts of events that cannot happen on a port stay 0;
// those that only some hardware of an ASA has are absent.
struct LinkCounters {
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, multicast = 0;
  std::uint64_t rx_length_errors = 0, rx_over_errors = 0, rx_crc_errors = 0, rx_frame_errors = 0, rx_missed_errors = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0, collisions = 0;
  std::uint64_t runts = 0, aborts = 0, underruns = 0, resets = 0, late_collisions = 0, deferred = 0;
  std::uint64_t pause_in = 0, resume_in = 0, pause_out = 0, resume_out = 0;
  std::uint64_t rx_reset_drops = 0, tx_reset_drops = 0;
  // Of a port of a switch chip: pause and resume are one counter (pause_in, pause_out), and its policy drops are counted.
  bool switch_port = false;
  std::uint64_t switch_ingress_drops = 0, switch_egress_drops = 0;
  std::optional<std::uint64_t> l2_decode_drops = 0;
  std::optional<std::uint64_t> demux_drops = {}, output_decode_drops = {}, rate_limit_drops = {};
  struct Blocks {
    std::uint32_t free = 0, lowest = 0;
  };
  std::optional<Blocks> input_queue = {}, output_queue = {};
  struct Ring {
    std::uint64_t packets = 0, bytes = 0, lost = 0;
    Blocks blocks;
    std::string used_by;  // "": not said
  };
  std::vector<Ring> rx_rings = {}, tx_rings = {};
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
  std::optional<bool> protocol_up;  // where the line protocol differs from the link
  bool management_only = false;
  bool addressed_by_dhcp = false;
  bool configured_in_ram =
      false;                // address set since start-up by a command: "manual"; else from the configuration: "CONFIG"
  bool address_of_hardware = false;  // nobody set it: "unset"
  std::optional<int> vlan;  // of a subinterface
  std::string link;         // the Linux link, "" if none is mapped: `Hardware is ...`
  std::string driver;       // its driver ("veth", "virtio_net"), "" unknown
  int speed_mbps = 0;       // 0: unknown
  int bandwidth_mbps = 0;   // where it is not speed_mbps: of a port that is down, or of several together
  int delay_us = 0;         // 0: by the bandwidth
  std::string duplex;       // "Full-duplex", "Half-duplex", "" unknown
  std::string duplex_set = "Auto-Duplex", speed_set = "Auto-Speed";  // by configuration; "": the hardware has no choice
  bool flow_control_in = false, flow_control_out = false;  // in: "unsupported" when false
  std::string member_of;  // "Port-channel1", "" none
  std::vector<std::string> members;  // active ones of a port channel: "Te0/6"
  enum class Available : std::uint8_t { kInUse, kNoNameif, kForContext } available = Available::kInUse;
  bool has_hardware = true;   // false: no lines of hardware and speed
  bool has_counters = true;   // false: a port of others, nothing is counted here
  bool has_addresses = true;  // false: no lines of MAC and IP address
  MacAddress mac;
  int mtu = 1500;
  IpAddress address;       // none: unassigned
  int prefix_length = 32;  // of the IPv4 address
  LinkCounters link_counters;
  InterfaceCounters traffic;  // as the pipeline sees it
  bool traffic_statistics = true;  // false: nothing passes (no nameif)
  std::optional<TrafficRate> one_minute, five_minutes;  // absent: not printed
  std::optional<TrafficRate> link_one_minute, link_five_minutes;  // of link_counters; absent: not printed
  Duration counted_for;                                           // since the counters began (`show traffic`)
  std::uint64_t blocked_through = 0;                              // through-the-device packets refused by management-only
  std::vector<std::string> topology;                              // sentences of `show interface detail`
  struct ControlPoint {
    int number = 0;
    bool configured = false, active = false;
  };
  std::optional<ControlPoint> control_point;  // of `show interface detail`
  // `interface Tunnel`: has no hardware.
  struct Tunnel {
    std::string source;  // nameif, "": not set
    IpAddress source_address, destination;
    bool ipsec = false;
    std::string profile;  // "": none
  };
  std::optional<Tunnel> tunnel;
};

struct ArpView {
  std::string interface;  // nameif
  IpAddress address;
  MacAddress mac;
  std::int64_t age_s = 0;
  bool is_static = false;  // prints "-" for its age
  bool alias = false;      // `arp ... alias` (proxy): prints "alias" behind it
};

// A neighbour of IPv6.
struct NeighbourView {
  std::string interface;  // nameif
  IpAddress address;
  MacAddress mac;
  std::int64_t age_s = 0;
  bool is_static = false;  // prints "-" for its age
  std::string state;       // "REACH", "STALE", "DELAY", "PROBE"
};

struct VersionView {
  std::string hostname;
  std::string version;         // the personality's, "9.16(4)"
  std::string device_manager;  // "7.5(2)", "": none, and no line
  std::string compiled;        // "Sat 21-Nov-26 01:54 UTC", "": leave the line out
  std::string image;           // path of the program, "System image file is"
  std::string config_at_boot = "startup-config";
  Duration uptime;
  std::string model = "Sallyport";  // after "Hardware:   "
  std::uint64_t memory_mb = 0;
  std::string cpu;       // "Intel ... 2600 MHz", as the kernel names it
  int cpus = 0;          // 0: not said
  std::string model_id;  // "": no line
  std::uint64_t flash_mb = 0;
  std::vector<std::string> storage;  // lines below that of the flash
  struct Port {
    std::string name;  // "GigabitEthernet0/0"
    MacAddress mac;
    std::optional<int> irq = {};
  };
  std::vector<Port> ports;
  std::vector<std::string> platform;  // lines about licences: "License mode: Smart Licensing"
  struct Feature {
    std::string name, value;
  };
  std::vector<Feature> features;  // "Licensed features for this platform"; none: no heading
  std::string serial;             // "" : none, and no line
  std::string image_type, key_version;  // "": no lines
  std::string modified_by;              // "" : not modified since start
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

// Names and states that packet-tracer prints around a TraceResult.
struct TraceView {
  TraceResult result;
  std::string input;  // nameif
  bool input_up = true, input_line_up = true;
  std::string output;  // nameif, "NP Identity Ifc", or "" when none was found
  bool output_up = true, output_line_up = true;
};

}  // namespace sallyport
