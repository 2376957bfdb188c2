#include "cli/show_interface.h"

#include <fmt/ranges.h>

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string State(const InterfaceView& v) { return v.shutdown ? "administratively down" : v.link_up ? "up" : "down"; }
std::string LineState(const InterfaceView& v) { return !v.shutdown && v.protocol_up.value_or(v.link_up) ? "up" : "down"; }

bool Addressed(const InterfaceView& v) { return !v.address.IsNone(); }

std::string Method(const InterfaceView& v) {
  if (!Addressed(v)) return v.addressed_by_dhcp ? "DHCP" : "unset";
  if (v.address_of_hardware) return "unset";
  return v.addressed_by_dhcp ? "DHCP" : v.configured_in_ram ? "manual" : "CONFIG";
}

void AppendTitle(const InterfaceView& v, std::string& out) {
  Append(out, "Interface {} \"{}\", is {}, line protocol is {}\n", v.hardware, v.nameif, State(v), LineState(v));
}

void AppendHardware(const InterfaceView& v, std::string& out) {
  const int bandwidth = v.bandwidth_mbps != 0 ? v.bandwidth_mbps : v.speed_mbps;
  const int delay = v.delay_us != 0 ? v.delay_us : bandwidth >= 1000 ? 10 : 100;
  Append(out, "  Hardware is {}, BW {} Mbps, DLY {} usec\n", v.driver.empty() ? "unknown" : v.driver, bandwidth, delay);
  if (v.vlan) return;
  const std::string duplex = v.duplex.empty() ? "" : "(" + v.duplex + ")";
  const std::string speed = v.speed_mbps > 0 ? fmt::format("({} Mbps)", v.speed_mbps) : "";
  Append(out, "\t{}{}, {}{}\n", v.duplex_set, duplex, v.speed_set, speed);
  Append(out, "\tInput flow control is {}, output flow control is {}\n", v.flow_control_in ? "on" : "unsupported",
         v.flow_control_out ? "on" : "off");
}

void AppendAddresses(const InterfaceView& v, std::string& out) {
  if (v.nameif.empty()) {
    Append(out, "\tMAC address {}, MTU not set\n", v.mac.ToString());
    out += "\tIP address unassigned\n";
    return;
  }
  Append(out, "\tMAC address {}, MTU {}\n", v.mac.ToString(), v.mtu);
  if (Addressed(v))
    Append(out, "\tIP address {}, subnet mask {}\n", v.address.ToString(), MaskText(v.prefix_length));
  else
    out += "\tIP address unassigned\n";
}

void AppendTunnel(const InterfaceView& v, const InterfaceView::Tunnel& t, std::string& out) {
  Append(out, "  Hardware is Virtual Tunnel\tMAC address N/A, MTU {}\n", v.mtu);
  if (Addressed(v)) Append(out, "\tIP address {}, subnet mask {}\n", v.address.ToString(), MaskText(v.prefix_length));
  else out += "\tIP address unassigned\n";
  out += "  Tunnel Interface Information:\n";
  if (!t.source.empty()) Append(out, "\tSource interface: {}\tIP address: {}\n", t.source, t.source_address.ToString());
  if (!t.destination.IsNone()) Append(out, "\tDestination IP address: {}\n", t.destination.ToString());
  if (t.ipsec) Append(out, "\tMode: ipsec ipv4\tIPsec profile: {}\n", t.profile);
}

void AppendRings(const char* name, const char* lost, const std::vector<LinkCounters::Ring>& rings, std::string& out) {
  int number = 0;
  for (const LinkCounters::Ring& r : rings) {
    Append(out, "\t  {}[{:02}]: {} packets, {} bytes, {} {}\n", name, number++, r.packets, r.bytes, r.lost, lost);
    Append(out, "\t          Blocks free curr/low: {}/{}\n", r.blocks.free, r.blocks.lowest);
    if (!r.used_by.empty()) Append(out, "\t          Used by {}\n", r.used_by);
  }
}

void AppendLinkCounters(const LinkCounters& c, std::string& out) {
  Append(out, "\t{} packets input, {} bytes, {} no buffer\n", c.rx_packets, c.rx_bytes, c.rx_missed_errors);
  Append(out, "\tReceived {} broadcasts, {} runts, {} giants\n", c.multicast, c.runts, c.rx_length_errors);
  Append(out, "\t{} input errors, {} CRC, {} frame, {} overrun, {} ignored, {} abort\n", c.rx_errors, c.rx_crc_errors,
         c.rx_frame_errors, c.rx_over_errors, c.rx_dropped, c.aborts);
  if (c.switch_port)
    Append(out, "\t{} pause/resume input\n", c.pause_in);
  else
    Append(out, "\t{} pause input, {} resume input\n", c.pause_in, c.resume_in);
  if (c.l2_decode_drops) {
    Append(out, "\t{} L2 decode drops{}\n", *c.l2_decode_drops, c.demux_drops ? fmt::format(", {} demux drops", *c.demux_drops) : "");
  }
  if (c.switch_port) Append(out, "\t{} switch ingress policy drops\n", c.switch_ingress_drops);
  Append(out, "\t{} packets output, {} bytes, {} underruns\n", c.tx_packets, c.tx_bytes, c.underruns);
  if (c.switch_port)
    Append(out, "\t{} pause/resume output\n", c.pause_out);
  else
    Append(out, "\t{} pause output, {} resume output\n", c.pause_out, c.resume_out);
  Append(out, "\t{} output errors, {} collisions, {} interface resets\n", c.tx_errors, c.collisions, c.resets);
  Append(out, "\t{} late collisions, {} deferred\n", c.late_collisions, c.deferred);
  if (c.output_decode_drops) Append(out, "\t{} output decode drops\n", *c.output_decode_drops);
  if (c.rate_limit_drops) Append(out, "\t{} rate limit drops\n", *c.rate_limit_drops);
  if (c.switch_port) Append(out, "\t{} switch egress policy drops\n", c.switch_egress_drops);
  Append(out, "\t{} input reset drops, {} output reset drops\n", c.rx_reset_drops, c.tx_reset_drops);
  const auto queue = [&](const char* which, const std::optional<LinkCounters::Blocks>& b) {
    if (b) Append(out, "\t{} queue (blocks free curr/low): hardware ({}/{})\n", which, b->free, b->lowest);
  };
  queue("input", c.input_queue);
  queue("output", c.output_queue);
  if (!c.rx_rings.empty() || !c.tx_rings.empty()) {
    out += "\tQueue Stats:\n";
    AppendRings("RX", "overrun", c.rx_rings, out);
    AppendRings("TX", "underruns", c.tx_rings, out);
  }
}

void AppendRates(const char* what, const TrafficRate& r, std::string& out) {
  Append(out, "      {} minute input rate {} pkts/sec,  {} bytes/sec\n", what, r.in_packets, r.in_bytes);
  Append(out, "      {} minute output rate {} pkts/sec,  {} bytes/sec\n", what, r.out_packets, r.out_bytes);
  Append(out, "      {} minute drop rate, {} pkts/sec\n", what, r.dropped);
}

void AppendTrafficStatistics(const InterfaceView& v, std::string& out) {
  Append(out, "  Traffic Statistics for \"{}\":\n", v.nameif);
  Append(out, "\t{} packets input, {} bytes\n", v.traffic.in_packets, v.traffic.in_bytes);
  Append(out, "\t{} packets output, {} bytes\n", v.traffic.out_packets, v.traffic.out_bytes);
  Append(out, "\t{} packets dropped\n", v.traffic.dropped);
  if (v.one_minute) AppendRates("1", *v.one_minute, out);
  if (v.five_minutes) AppendRates("5", *v.five_minutes, out);
}

const char* Active(bool active) { return active ? "active" : "not active"; }

void AppendDetail(const InterfaceView& v, std::string& out) {
  if (!v.topology.empty()) {
    out += "  Topology Information:\n";
    for (const std::string& line : v.topology) Append(out, "\t{}\n", line);
  }
  if (v.control_point) {
    Append(out, "  Control Point Interface States:\n\tInterface number is {}\n", v.control_point->number);
    Append(out, "\tInterface config status is {}\n", Active(v.control_point->configured));
    Append(out, "\tInterface state is {}\n", Active(v.control_point->active));
  }
}

struct Totals {
  std::uint64_t in_packets, in_bytes, out_packets, out_bytes;
};

void AppendTotals(const std::string& name, const Totals& t, Duration counted_for, std::string& out) {
  const double seconds = static_cast<double>(counted_for.ns) / 1e9;
  const auto rate = [&](std::uint64_t n) {
    return seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(n) / seconds) : 0;
  };
  Append(out, "{}:\n", name);
  Append(out, "\treceived (in {:.3f} secs):\n\t\t{} packets\t{} bytes\n\t\t{} pkts/sec\t{} bytes/sec\n", seconds,
         t.in_packets, t.in_bytes, rate(t.in_packets), rate(t.in_bytes));
  Append(out, "\ttransmitted (in {:.3f} secs):\n\t\t{} packets\t{} bytes\n\t\t{} pkts/sec\t{} bytes/sec\n", seconds,
         t.out_packets, t.out_bytes, rate(t.out_packets), rate(t.out_bytes));
}

}  // namespace

std::string ShowInterface(const std::vector<InterfaceView>& interfaces, bool detail) {
  using Available = InterfaceView::Available;
  std::string out;
  for (const InterfaceView& v : interfaces) {
    AppendTitle(v, out);
    if (v.has_hardware) AppendHardware(v, out);
    if (v.vlan) Append(out, "\tVLAN identifier {}\n", *v.vlan);
    if (!v.description.empty()) Append(out, "\tDescription: {}\n", v.description);
    if (!v.member_of.empty()) Append(out, "\tActive member of {}\n", v.member_of);
    if (v.available == Available::kNoNameif) out += "\tAvailable but not configured via nameif\n";
    if (v.available == Available::kForContext) out += "\tAvailable for allocation to a context\n";
    if (v.tunnel) AppendTunnel(v, *v.tunnel, out);
    else if (v.has_addresses) AppendAddresses(v, out);
    if (v.has_counters && !v.vlan) AppendLinkCounters(v.link_counters, out);
    if (v.traffic_statistics) AppendTrafficStatistics(v, out);
    if (v.management_only) {
      Append(out, "\tManagement-only interface. Blocked {} through-the-device packets\n", v.blocked_through);
    }
    if (detail) AppendDetail(v, out);
    if (!v.members.empty()) Append(out, "  Members in this channel:\n      Active:   {}\n", fmt::join(v.members, " "));
  }
  return out;
}

std::string ShowInterfaceIpBrief(const std::vector<InterfaceView>& interfaces) {
  std::string out = "Interface                  IP-Address      OK? Method Status                Protocol\n";
  for (const InterfaceView& v : interfaces) {
    Append(out, "{:<26} {:<15} YES {:<6} {:<21} {:<4}\n", v.hardware, Addressed(v) ? v.address.ToString() : "unassigned",
           Method(v), State(v), LineState(v));
  }
  return out;
}

std::string ShowInterfaceSummary(const std::vector<InterfaceView>& interfaces) {
  std::string out;
  for (const InterfaceView& v : interfaces) {
    AppendTitle(v, out);
    if (v.nameif.empty())
      out += "\tAvailable but not configured via nameif\n";
    else
      AppendAddresses(v, out);
  }
  return out;
}

std::string ShowIp(const std::vector<InterfaceView>& interfaces) {
  std::string rows;
  for (const InterfaceView& v : interfaces) {
    if (v.nameif.empty() || !Addressed(v)) continue;
    Append(rows, "{:<24} {:<22} {:<15} {:<15} {}\n", v.hardware, v.nameif, v.address.ToString(), MaskText(v.prefix_length),
           Method(v));
  }
  constexpr std::string_view kHeader =
      "Interface                Name                   IP address      Subnet mask     Method \n";
  return fmt::format("System IP Addresses:\n{0}{1}Current IP Addresses:\n{0}{1}", kHeader, rows);
}

std::string ShowNameif(const std::vector<InterfaceView>& interfaces) {
  std::string out = "Interface                Name                     Security\n";
  for (const InterfaceView& v : interfaces) {
    if (!v.nameif.empty()) Append(out, "{:<24} {:<24} {:>3}\n", v.hardware, v.nameif, v.security_level);
  }
  return out;
}

std::string ShowTraffic(const std::vector<InterfaceView>& interfaces) {
  std::string out;
  for (const InterfaceView& v : interfaces) {
    if (v.nameif.empty()) continue;
    const InterfaceCounters& c = v.traffic;
    AppendTotals(v.nameif, {c.in_packets, c.in_bytes, c.out_packets, c.out_bytes}, v.counted_for, out);
    if (v.one_minute) AppendRates("1", *v.one_minute, out);
    if (v.five_minutes) AppendRates("5", *v.five_minutes, out);
  }
  out +=
      "\n----------------------------------------\nAggregated Traffic on Physical Interface\n"
      "----------------------------------------\n";
  for (const InterfaceView& v : interfaces) {
    if (v.link.empty() || v.vlan) continue;
    const LinkCounters& c = v.link_counters;
    AppendTotals(v.hardware, {c.rx_packets, c.rx_bytes, c.tx_packets, c.tx_bytes}, v.counted_for, out);
    if (v.link_one_minute) AppendRates("1", *v.link_one_minute, out);
    if (v.link_five_minutes) AppendRates("5", *v.link_five_minutes, out);
  }
  return out;
}

}  // namespace sallyport
