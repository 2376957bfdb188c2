#include "cli/show_interface.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string State(const InterfaceView& v) { return v.shutdown ? "administratively down" : v.link_up ? "up" : "down"; }
std::string LineState(const InterfaceView& v) { return !v.shutdown && v.link_up ? "up" : "down"; }

bool Addressed(const InterfaceView& v) { return !v.address.IsNone(); }

std::string Method(const InterfaceView& v) {
  if (!Addressed(v)) return v.addressed_by_dhcp ? "DHCP" : "unset";
  return v.addressed_by_dhcp ? "DHCP" : v.configured_in_ram ? "manual" : "CONFIG";
}

void AppendTitle(const InterfaceView& v, std::string& out) {
  Append(out, "Interface {} \"{}\", is {}, line protocol is {}\n", v.hardware, v.nameif, State(v), LineState(v));
}

void AppendHardware(const InterfaceView& v, std::string& out) {
  if (v.link.empty()) {
    out += "  Hardware is not mapped to a link\n";
    return;
  }
  Append(out, "  Hardware is {}", v.driver.empty() ? "unknown" : v.driver);
  if (v.speed_mbps > 0) Append(out, ", BW {} Mbps, DLY {} usec", v.speed_mbps, v.speed_mbps >= 1000 ? 10 : 100);
  out += '\n';
  if (v.vlan) return;
  const std::string duplex = v.duplex.empty() ? "" : "(" + v.duplex + ")";
  const std::string speed = v.speed_mbps > 0 ? fmt::format("({} Mbps)", v.speed_mbps) : "";
  Append(out, "\tAuto-Duplex{}, Auto-Speed{}\n", duplex, speed);
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

void AppendLinkCounters(const LinkCounters& c, std::string& out) {
  Append(out, "\t{} packets input, {} bytes, {} no buffer\n", c.rx_packets, c.rx_bytes, c.rx_missed_errors);
  Append(out, "\tReceived {} broadcasts, 0 runts, {} giants\n", c.multicast, c.rx_length_errors);
  Append(out, "\t{} input errors, {} CRC, {} frame, {} overrun, {} ignored, 0 abort\n", c.rx_errors, c.rx_crc_errors,
         c.rx_frame_errors, c.rx_over_errors, c.rx_dropped);
  Append(out, "\t{} packets output, {} bytes, 0 underruns\n", c.tx_packets, c.tx_bytes);
  Append(out, "\t{} output errors, {} collisions, 0 interface resets\n", c.tx_errors, c.collisions);
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
  AppendRates("1", v.one_minute, out);
  AppendRates("5", v.five_minutes, out);
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

std::string ShowInterface(const std::vector<InterfaceView>& interfaces) {
  std::string out;
  for (const InterfaceView& v : interfaces) {
    AppendTitle(v, out);
    AppendHardware(v, out);
    if (v.vlan) Append(out, "\tVLAN identifier {}\n", *v.vlan);
    if (!v.description.empty()) Append(out, "\tDescription: {}\n", v.description);
    if (v.nameif.empty()) out += "\tAvailable but not configured via nameif\n";
    AppendAddresses(v, out);
    if (!v.link.empty() && !v.vlan) AppendLinkCounters(v.link_counters, out);
    if (!v.nameif.empty()) AppendTrafficStatistics(v, out);
    if (v.management_only) {
      Append(out, "\tManagement-only interface. Blocked {} through-the-device packets\n", v.blocked_through);
    }
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
    AppendRates("1", v.one_minute, out);
    AppendRates("5", v.five_minutes, out);
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
