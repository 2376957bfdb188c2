// A captured packet as `show capture` prints it: the line format of an ASA, which is that of tcpdump 3.x. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/civil_time.h"
#include "firewall/base/ip_address.h"
#include "firewall/capture.h"
#include "firewall/personality.h"

namespace sallyport {

// A packet with what the engine does not keep: the wall clock, and its frame. Packets reach the appliance without their frame; it is
// put together from the interface's own address and VLAN and the neighbour's address as ARP knows it now (zero when it does not).
struct CapturedFrame {
  CapturedPacket packet;
  std::int64_t wall_nanos = 0;
  std::optional<int> vlan;
  MacAddress source, destination;
  // The frame, header included.
  std::vector<std::uint8_t> Bytes() const;
};

struct CaptureForm {
  bool detail = false, dump = false, decode = false;
};

// "   1: 10:20:30.123456       10.1.1.1.1025 > 192.0.2.7.80: S 1:1(0) win 8192 ", and what `detail`, `dump` and `decode` add; with
// line end. `with_reason`: for a capture of dropped packets.
std::string PacketText(const CapturedFrame& frame, const CaptureForm& form, bool with_reason, const TimeZone& zone,
                       const Personality& personality);

// "10.1.1.1.1025 > 192.0.2.7.80: S 1:1(0) win 8192 ": the packet alone.
std::string PacketBody(Bytes ip, std::uint32_t wire_length, bool detail);

// A pcap file (microseconds, Ethernet) of these frames.
std::string PcapOf(const std::vector<CapturedFrame>& frames);

}  // namespace sallyport
