// What show commands see: plain copies taken from the engine, without pointers into it. Renderers (cli/show_*.cc) turn
// them into text and know nothing else.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/conn.h"
#include "firewall/drop_reason.h"
#include "firewall/nat.h"

namespace sallyport {

struct ConnView {
  Conn conn;  // a copy
  std::string in_name, out_name;  // nameif; "identity" / "NP Identity Ifc" for the appliance
  int in_level = 0, out_level = 0;
  std::string in_zone, out_zone;  // traffic zones of the two; "": none
  std::string in_now, out_now;    // the member that it has moved to; "": where it was made
  bool expected = false;  // made beforehand by an inspection: no packet has come yet (initiator's address or port may be 0)
};

struct ConnPage {
  std::vector<ConnView> conns;
  std::uint32_t next_cursor = 0;  // 0: that was all
  std::uint32_t in_use = 0, most_used = 0;
  TimePoint now;
};

struct XlateView {
  Xlate xlate;
  std::string real_name, mapped_name;
  std::string flags;     // "ri", "rie", "riT" ...; "": by the translation alone
  std::uint64_t id = 0;  // of its own, as `detail` prints it
};

// Which translations `show xlate` and `clear xlate` are about; nothing given: all.
struct XlateFilter {
  std::optional<AddressRange> global, local;
  std::optional<PortRange> gport, lport;
  std::optional<IfId> interface;  // either side
  std::string type;               // "static", "dynamic", "portmap", "identity", "twice"; "": any
  bool All() const { return !global && !local && !gport && !lport && !interface && type.empty(); }
  // One end of each: `real` and `mapped` as ranges, ports where it has any.
  bool Matches(IfId real_if, IfId mapped_if, const AddressRange& real, const AddressRange& mapped,
               const std::optional<PortRange>& real_ports, const std::optional<PortRange>& mapped_ports) const;
};

// Pools that are in use.
struct NatPoolsView {
  std::vector<PatAddressView> shared;
  struct Range {
    std::uint32_t rule = 0;  // NatRule::id
    AddressRange range;
    std::uint32_t hosts = 0;
  };
  std::vector<Range> ranges;  // of dynamic rules, one host to an address; without those that nobody has
};

struct XlatePage {
  std::vector<XlateView> xlates;
  std::uint32_t next_cursor = 0;
  std::uint32_t in_use = 0, most_used = 0;
  TimePoint now;
};

struct DropView {
  DropCounters counters;
  // When and by whom the counters were cleared; wall nanoseconds, 0: never.
  std::int64_t frame_cleared = 0, flow_cleared = 0;
  std::string cleared_by;
};

// Counters of one interface as the pipeline sees it ("Traffic Statistics").
struct InterfaceCounters {
  std::uint64_t in_packets = 0, in_bytes = 0, out_packets = 0, out_bytes = 0, dropped = 0;
  std::uint64_t reverse_path_drops = 0;
};

// A local host: an address behind an interface that has connections.
struct LocalHostView {
  std::string interface;
  IpAddress address;
  std::uint32_t tcp = 0, udp = 0, embryonic = 0, other = 0, sctp = 0;  // other: neither of the rest; embryonic: towards it
  std::uint32_t embryonic_from = 0;
  std::uint32_t box = 0;     // of its connections: to or from the appliance itself
  std::uint32_t xlates = 0;  // dynamic translations
  std::uint32_t tcp_limit = 0, udp_limit = 0, embryonic_limit = 0;  // of 8.2 nat and static lines; 0: none
  // Does it have anything to do with what goes through?
  bool Through() const { return tcp + udp + sctp + other > box || xlates != 0; }
};

struct LocalHostPage {
  std::vector<LocalHostView> hosts;
  std::uint32_t next_cursor = 0;  // 0: that was all
};

// How many local hosts an interface has and had at most.
struct LocalHostTotals {
  std::string interface;
  std::uint32_t active = 0, most_active = 0;
};

// Who talks to whom on a connection, without the rest of it: little enough to collect for all of them.
struct FlowRef {
  ConnIndex index = kNoConn;
  std::uint32_t id = 0;
  IfId in_if{}, out_if{};
  IpAddress initiator, responder;  // real
};

struct FlowRefPage {
  std::vector<FlowRef> flows;
  std::uint32_t next_cursor = 0;  // 0: that was all
};

}  // namespace sallyport
