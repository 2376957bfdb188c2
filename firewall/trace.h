// What packet-tracer records: the pipeline with a recorder on, and nothing left behind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firewall/asp_table.h"
#include "firewall/drop_reason.h"
#include "firewall/types.h"

namespace sallyport {

struct TracePhase {
  std::string type;     // "ACCESS-LIST"
  std::string subtype;  // "log", may be empty
  bool allow = true;
  std::vector<std::string> config;  // lines under "Config:"; "Implicit Rule" where there is none but a rule acted
  std::vector<std::string> info;    // lines under "Additional Information:"
  std::int64_t elapsed_ns = 0;
  AspRef rule = {};      // that acted; kNone: no rule, or not known
  bool reverse = false;  // looked up for the reply
  std::vector<std::string> detail = {};  // lines that only `detailed` shows, behind the rest
};

struct Policy;

struct TraceRequest {
  IfId ingress{};
  std::uint8_t protocol = 0;
  IpAddress src;
  IpAddress dst;
  std::uint16_t sport = 0;
  std::uint16_t dport = 0;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint16_t icmp_id = 0;
  std::vector<std::uint8_t> bytes;  // a packet of a file instead of all of the above but the ingress
  IfId egress_hint = IfId::kAny;    // of a packet of the appliance's own: by which interface it is to leave
  std::uint64_t dmac = 0;           // where a frame of a bridge group goes; 0: what ARP has shown for the destination
  bool transmit = false;            // it goes its way: connections are made, and it leaves
  bool bypass_checks = false;       // access lists do not matter
  bool decrypted = false;           // it came out of a tunnel: the interface's access list does not matter
};
// The packet that stands for a request: a SYN, a datagram (of DNS or TFTP a sensible one, else without payload), an ICMP message.
std::vector<std::uint8_t> BytesOf(const TraceRequest& request);

struct TraceResult {
  std::vector<TracePhase> phases;
  IfId input = IfId::kAny;
  IfId output = IfId::kAny;  // kAny: none found (prints nothing or "NP Identity Ifc")
  Endpoint source, destination;  // of a packet that leaves: after translation
  bool allow = false;
  FrameDrop frame_drop = FrameDrop::kNone;
  FlowDrop flow_drop = FlowDrop::kNone;
  std::int64_t elapsed_ns = 0;
  std::shared_ptr<const Policy> policy;  // under which it was decided: what `rule` of a phase points into
};

}  // namespace sallyport
