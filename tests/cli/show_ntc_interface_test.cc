// Samples of NTC about interfaces: each renderer, given the values that a sample's .yml holds (or, where that has not
// all of them, those read from the text itself), must give the sample's bytes. The samples were edited before they were
// published: what was lost is said at each test and undone on both sides; nothing else may differ. Without the samples
// these tests skip.
#include "cli/show_interface.h"
#include "cli/show_names.h"
#include "cli/show_platform.h"
#include "ntc_text.h"

namespace sallyport::show_ntc_interface_test {
namespace {

using namespace ntc;

// A whole `show interface`, with or without detail, from its text: the .yml files have not all counters.
std::vector<InterfaceView> InterfacesOf(const std::string& text) {
  using Available = InterfaceView::Available;
  std::vector<InterfaceView> views;
  const auto blocks = [](const std::string& free, const std::string& low) {
    return LinkCounters::Blocks{static_cast<std::uint32_t>(Num(free)), static_cast<std::uint32_t>(Num(low))};
  };
  LinkCounters::Ring* ring = nullptr;
  bool statistics = false, topology = false;
  for (const std::string& line : LinesOf(text)) {
    std::smatch m;
    const auto is = [&](const char* pattern) { return std::regex_match(line, m, Pattern(pattern)); };
    if (is(R"re(Interface (\S+) "(.*)", is (.*), line protocol is (.*))re")) {
      InterfaceView v;
      v.hardware = m[1];
      v.nameif = m[2];
      v.shutdown = m[3] == "administratively down";
      v.link_up = m[3] == "up";
      v.protocol_up = m[4] == "up";
      v.has_hardware = v.has_addresses = v.has_counters = v.traffic_statistics = statistics = topology = false;
      v.link_counters.l2_decode_drops.reset();
      views.push_back(v);
      continue;
    }
    InterfaceView& v = views.back();
    LinkCounters& c = v.link_counters;
    if (is(R"(  Hardware is (.*), BW (\d+) Mbps, DLY (\d+) usec)")) {
      v.has_hardware = true;
      v.driver = m[1];
      v.bandwidth_mbps = std::stoi(m[2]);
      v.delay_us = std::stoi(m[3]);
    } else if (is(R"(\s+([\w-]*)(\((.*)\))?, ([\w-]*)(\((\d+) Mbps\))?)") && Has(line, "uplex")) {
      v.duplex_set = m[1];
      v.duplex = m[3];
      v.speed_set = m[4];
      v.speed_mbps = static_cast<int>(Num(m[6]));
    } else if (is(R"(\s+Input flow control is (\w+), output flow control is (\w+))")) {
      v.flow_control_in = m[1] == "on";
      v.flow_control_out = m[2] == "on";
    } else if (is(R"(\s+Active member of (\S+))")) {
      v.member_of = m[1];
    } else if (is(R"(\s+Description: (.*))")) {
      v.description = m[1];
    } else if (is(R"(\s+VLAN identifier (\d+))")) {
      v.vlan = std::stoi(m[1]);
    } else if (Has(line, "Available for allocation")) {
      v.available = Available::kForContext;
    } else if (is(R"(\s+MAC address (\S+), MTU (.*))")) {
      v.has_addresses = true;
      v.mac = Mac(m[1]);
      if (m[2] != "not set") v.mtu = std::stoi(m[2]);
    } else if (is(R"(\s+IP address (\S+), subnet mask (\S+))")) {
      v.address = Ip(m[1].str().c_str());
      v.prefix_length = *MaskLength(Ip(m[2].str().c_str()));
    } else if (Has(line, "Traffic Statistics")) {
      statistics = v.traffic_statistics = true;
    } else if (statistics && is(R"(\s+(\d+) packets input, (\d+) bytes)")) {
      v.traffic.in_packets = Num(m[1]);
      v.traffic.in_bytes = Num(m[2]);
    } else if (statistics && is(R"(\s+(\d+) packets output, (\d+) bytes)")) {
      v.traffic.out_packets = Num(m[1]);
      v.traffic.out_bytes = Num(m[2]);
    } else if (is(R"(\s+(\d+) packets dropped)")) {
      v.traffic.dropped = Num(m[1]);
    } else if (is(R"(\s+(1|5) minute (input|output) rate (\d+) pkts/sec,  (\d+) bytes/sec)")) {
      auto& rate = m[1] == "1" ? v.one_minute : v.five_minutes;
      if (!rate) rate.emplace();
      (m[2] == "input" ? rate->in_packets : rate->out_packets) = Num(m[3]);
      (m[2] == "input" ? rate->in_bytes : rate->out_bytes) = Num(m[4]);
    } else if (is(R"(\s+(1|5) minute drop rate, (\d+) pkts/sec)")) {
      (m[1] == "1" ? v.one_minute : v.five_minutes)->dropped = Num(m[2]);
    } else if (is(R"(\s+Management-only interface. Blocked (\d+) .*)")) {
      v.management_only = true;
      v.blocked_through = Num(m[1]);
    } else if (is(R"(\s+(\d+) packets input, (\d+) bytes, (\d+) no buffer)")) {
      v.has_counters = true;
      c.rx_packets = Num(m[1]), c.rx_bytes = Num(m[2]), c.rx_missed_errors = Num(m[3]);
    } else if (is(R"(\s+Received (\d+) broadcasts, (\d+) runts, (\d+) giants)")) {
      c.multicast = Num(m[1]), c.runts = Num(m[2]), c.rx_length_errors = Num(m[3]);
    } else if (is(R"(\s+(\d+) input errors, (\d+) CRC, (\d+) frame, (\d+) overrun, (\d+) ignored, (\d+) abort)")) {
      c.rx_errors = Num(m[1]), c.rx_crc_errors = Num(m[2]), c.rx_frame_errors = Num(m[3]);
      c.rx_over_errors = Num(m[4]), c.rx_dropped = Num(m[5]), c.aborts = Num(m[6]);
    } else if (is(R"(\s+(\d+) pause input, (\d+) resume input)")) {
      c.pause_in = Num(m[1]), c.resume_in = Num(m[2]);
    } else if (is(R"(\s+(\d+) pause/resume input)")) {
      c.switch_port = true;
      c.pause_in = Num(m[1]);
    } else if (is(R"(\s+(\d+) L2 decode drops(, (\d+) demux drops)?)")) {
      c.l2_decode_drops = Num(m[1]);
      if (m[2].matched) c.demux_drops = Num(m[3]);
    } else if (is(R"(\s+(\d+) switch ingress policy drops)")) {
      c.switch_ingress_drops = Num(m[1]);
    } else if (is(R"(\s+(\d+) packets output, (\d+) bytes, (\d+) underruns)")) {
      c.tx_packets = Num(m[1]), c.tx_bytes = Num(m[2]), c.underruns = Num(m[3]);
    } else if (is(R"(\s+(\d+) pause output, (\d+) resume output)")) {
      c.pause_out = Num(m[1]), c.resume_out = Num(m[2]);
    } else if (is(R"(\s+(\d+) pause/resume output)")) {
      c.pause_out = Num(m[1]);
    } else if (is(R"(\s+(\d+) output errors, (\d+) collisions, (\d+) interface resets)")) {
      c.tx_errors = Num(m[1]), c.collisions = Num(m[2]), c.resets = Num(m[3]);
    } else if (is(R"(\s+(\d+) late collisions, (\d+) deferred)")) {
      c.late_collisions = Num(m[1]), c.deferred = Num(m[2]);
    } else if (is(R"(\s+(\d+) output decode drops)")) {
      c.output_decode_drops = Num(m[1]);
    } else if (is(R"(\s+(\d+) rate limit drops)")) {
      c.rate_limit_drops = Num(m[1]);
    } else if (is(R"(\s+(\d+) switch egress policy drops)")) {
      c.switch_egress_drops = Num(m[1]);
    } else if (is(R"(\s+(\d+) input reset drops, (\d+) output reset drops)")) {
      c.rx_reset_drops = Num(m[1]), c.tx_reset_drops = Num(m[2]);
    } else if (is(R"(\s+(input|output) queue .* hardware \((\d+)/(\d+)\))")) {
      (m[1] == "input" ? c.input_queue : c.output_queue) = blocks(m[2], m[3]);
    } else if (is(R"(\s+(RX|TX)\[\d+\]: (\d+) packets, (\d+) bytes, (\d+) \w+)")) {
      auto& rings = m[1] == "RX" ? c.rx_rings : c.tx_rings;
      rings.push_back({Num(m[2]), Num(m[3]), Num(m[4]), {}, ""});
      ring = &rings.back();
    } else if (is(R"(\s+Blocks free curr/low: (\d+)/(\d+))")) {
      ring->blocks = blocks(m[1], m[2]);
    } else if (is(R"(\s+Used by (.*))")) {
      ring->used_by = m[1];
    } else if (Has(line, "Control Point Interface States")) {
      topology = false;
      v.control_point = InterfaceView::ControlPoint{};
    } else if (is(R"(\s+Interface number is (\d+))")) {
      v.control_point->number = std::stoi(m[1]);
    } else if (is(R"(\s+Interface config status is (.*))")) {
      v.control_point->configured = m[1] == "active";
    } else if (is(R"(\s+Interface state is (.*))")) {
      v.control_point->active = m[1] == "active";
    } else if (Has(line, "Topology Information")) {
      topology = true;
    } else if (topology && is(R"(\s+(.*))")) {
      v.topology.push_back(m[1]);
    } else if (is(R"(\s+Active:   (.*))")) {
      std::istringstream names(m[1]);
      for (std::string name; names >> name;) v.members.push_back(name);
    }
  }
  return views;
}

// Tabs were expanded. The last three interfaces are a 5505's of an older release, without a line of hardware, rates and counters.
TEST(Ntc, Interface) {
  LOAD_SAMPLE(s, "show_interface");
  const auto views = InterfacesOf(s.raw());
  ASSERT_EQ(views.size(), s.records().size());
  EXPECT_EQ(WithTabsExpanded(ShowInterface(views)), s.raw());
  for (std::size_t i = 0; i < views.size(); i++) {  // the reader of the text agrees with the .yml
    EXPECT_EQ(views[i].nameif, s.records()[i]["interface_zone"]);
    EXPECT_EQ(views[i].address.ToString(), s.records()[i]["ip_address"]);
  }
}

TEST(Ntc, InterfaceDetail) {  // tabs expanded; the end of its last line is lost
  LOAD_SAMPLE(s, "show_interface_detail");
  const auto views = InterfacesOf(s.raw());
  ASSERT_EQ(views.size(), s.records().size());
  EXPECT_EQ(WithTabsExpanded(ShowInterface(views, true)), s.raw() + "\n");
  for (std::size_t i = 0; i < views.size(); i++) {
    EXPECT_EQ(views[i].link_counters.rx_packets, s.records()[i].Number("in_packets"));
    EXPECT_EQ(views[i].link_counters.tx_rings.size(), s.records()[i].List("txring_number").size());
  }
}

TEST(Ntc, InterfaceIpBrief) {
  LOAD_SAMPLE(s, "show_interface_ip_brief");
  std::vector<InterfaceView> views;
  for (const Record& r : s.records()) {
    InterfaceView v;
    v.hardware = r["interface"];
    v.shutdown = r["status"] == "administratively down";
    v.link_up = r["status"] == "up";
    v.protocol_up = r["proto"] == "up";
    if (r["ip_address"] != "unassigned") v.address = Ip(r["ip_address"].c_str());
    // Addresses of the hardware itself; the .yml has not how each was set.
    v.address_of_hardware = v.hardware == "Virtual0" || v.hardware.starts_with("Internal-");
    views.push_back(v);
  }
  EXPECT_EQ(ShowInterfaceIpBrief(views), s.raw());
}

TEST(Ntc, PortChannelSummary) {  // it says three groups in use and lists two
  LOAD_SAMPLE(s, "show_port-channel_summary");
  std::vector<PortChannelView> channels;
  for (const Record& r : s.records()) {
    PortChannelView c{static_cast<int>(r.Number("group")), r["bundle_status"][0], r["bundle_protocol"], false, {}};
    const auto names = r.List("member_interface"), states = r.List("member_interface_status");
    for (std::size_t i = 0; i < names.size(); i++) c.members.push_back({names[i], states.at(i)[0]});
    channels.push_back(c);
  }
  EXPECT_EQ(ShowPortChannels(channels, 3), s.raw());
}

}  // namespace
}  // namespace sallyport::show_ntc_interface_test
