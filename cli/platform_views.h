// What the show commands about the appliance as a machine, and about features of hardware and pairs, need to know: plain copies
// that the console fills and cli/show_*.h turn into text. Like show_views.h, no pointers into anything alive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/civil_time.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "firewall/policy.h"
#include "firewall/service_stats.h"

namespace sallyport {

// `dir`
struct DirectoryView {
  struct File {
    std::uint64_t id = 0;
    bool folder = false;
    std::uint64_t bytes = 0;
    std::int64_t modified_s = 0;  // since 1970
    std::string name;
  };
  std::string name = "disk0:/";
  std::vector<File> files;
  std::uint64_t total = 0, free = 0;  // bytes of the disk
  TimeZone zone;
};

// `show inventory`: a chassis, a power supply ...
struct InventoryPart {
  std::string name, description, pid, vid, serial;
};

// `show module`
struct ModuleView {
  struct Card {
    std::string slot;  // "0", "ips"
    std::string type, model, serial;
    std::string macs = "none";  // "e4d3.f1d0.aaaa to e4d3.f1d0.bbbb"
    std::string hardware, firmware, software;  // versions
    std::string status = "Up Sys", data_plane = "Not Applicable", compatibility;
  };
  struct Application {
    std::string slot, name, status, version;
  };
  struct License {
    std::string slot, name, status, remaining;
  };
  std::vector<Card> cards;
  std::vector<Application> applications;
  std::vector<License> licenses;
};

// `show license all`. Times are texts, as the license server's agent keeps them.
struct LicenseView {
  struct Registration {
    std::string status, smart_account, virtual_account, export_controlled;
    std::string initial, last_renewal, next_renewal, expires;
  };
  struct Authorization {
    std::string status, last_attempt, next_attempt, deadline;
  };
  struct Entitlement {
    std::string name, tag, description, version, status;
    int count = 0;
  };
  bool enabled = false;
  std::optional<Registration> registration;  // absent: there is nothing to register
  std::optional<Authorization> authorization;
  std::vector<Entitlement> entitlements;
  std::string pid, serial;
  std::string agent;  // "": there is none, and no heading
};

// `show failover`, `show failover interface`
struct FailoverView {
  struct Slot {
    int number = 0;
    std::string model;  // "": empty
    std::string hardware, software, status;
  };
  struct MonitoredInterface {
    std::string name;
    IpAddress address;
    std::string status;   // "Normal", "No Link"
    std::string monitor;  // "Monitored", "Waiting"
  };
  struct Host {
    std::string unit, state;  // "Primary", "Active"
    std::int64_t active_s = 0;
    std::vector<Slot> slots;
    std::vector<MonitoredInterface> interfaces;
    std::vector<Slot> more_slots;  // behind the interfaces
  };
  struct Link {  // of the pair: LAN, state
    std::string name, hardware;
    bool up = false;
    IpAddress mine, other;
    int prefix_length = 0;
  };
  struct Statistics {
    std::string object;
    std::uint64_t sent = 0, send_errors = 0, received = 0, receive_errors = 0;
  };
  struct Queue {
    std::string name;
    std::uint64_t current = 0, most = 0, total = 0;
  };
  bool on = false;
  std::string unit = "Secondary";
  std::optional<Link> lan, state;
  int unit_poll_s = 1, unit_hold_s = 15, interface_poll_s = 5, interface_hold_s = 25, policy = 1;
  int monitored = 0, monitored_limit = 1049;
  std::string version, mate_version, serial, mate_serial;
  std::int64_t last_failover_wall = 0;
  TimeZone zone;
  Host here, there;
  std::vector<Statistics> statistics;
  std::vector<Queue> queues;
};

// `show context`, `show context detail`
struct ContextView {
  std::string name;
  std::string class_name = "default";
  std::vector<std::string> interfaces, mapped;
  std::string mode = "Routed";
  std::string url;
  bool admin = false;     // printed with an asterisk
  bool resource = false;  // "is a system resource"
  bool truncated = false;  // the last interface printed is not the last: "..."
  std::uint32_t flags = 0;
  int id = 0;
};

// `show resource usage`: one row.
struct ResourceView {
  std::string resource;
  std::uint64_t current = 0, peak = 0;
  std::optional<std::uint64_t> limit;  // none: unlimited
  std::uint64_t denied = 0;
  std::string context = "System";
};

// `show cpu usage detailed`. In tenths of a per cent, over five seconds, one minute and five minutes.
struct CpuDetailView {
  struct Share {
    int data_path = 0, control_point = 0, total = 0;  // rounded each: the total may not be their sum
  };
  struct Core {
    Share five_seconds, one_minute, five_minutes;
  };
  struct Spans {
    int five_seconds = 0, one_minute = 0, five_minutes = 0;
  };
  std::vector<Core> cores;
  Spans control_point, external, total;
};

// `show port-channel summary`
struct PortChannelView {
  struct Member {
    std::string name;  // "Gi0/0"
    char state = 'P';
  };
  int group = 0;
  char state = 'U';
  std::string protocol = "LACP";
  bool spans_cluster = false;
  std::vector<Member> members;
};

// `show ip local pool NAME`
struct LocalPoolView {
  IpAddress first, last, mask;
  int held = 0;
  std::vector<IpAddress> available, in_use;
};

// `show service-policy`
struct ServicePolicyView {
  struct Inspection {
    std::string name;  // "dns preset_dns_map", "sip " (some have a blank behind)
    std::uint64_t packets = 0, lock_failures = 0, drops = 0, reset_drops = 0, rate = 0;
    bool tcp_proxy = false;  // has a line of its own
    std::uint64_t buffered = 0, buffer_drops = 0;
    std::vector<std::string> lines = {};  // parameters of its map, with what they counted
  };
  struct Class {
    std::string name;
    std::vector<Inspection> inspections;
    std::vector<std::string> lines;  // `set connection` and its figures
    std::vector<PolicerView> police = {};
    std::vector<QueueView> priority = {}, shape = {};
    std::optional<Shaping> shaping = {};
    std::string ips = {};  // "mode inline fail-open"; "": none
    ProxyCounters proxied = {};
  };
  std::string interface;  // "": global
  std::string policy;
  std::vector<Class> classes;
};

// `show object-group`
struct ObjectGroupView {
  std::string type, name;  // "network", "service"
  std::string tail;        // " tcp" behind the name of a group of ports
  std::string description;
  std::vector<std::string> members;  // "network-object host 10.1.1.22"
};

}  // namespace sallyport
