// `inspect ipv6`: what a policy map says of the extension headers of IPv6 packets, and what becomes of those that do not conform.
//
// It stands beside the inspection of a flow's protocol, and looks at every packet of the flow. Private to the engine
// (firewall/*.cc) but for the map, which conf/ compiles. Data thread only.
// Source: ASA configuration guide, "Inspection of basic internet protocols: IPv6"; RFC 8200 4.1 (order); drop reasons `ipv6-*`.
#pragma once

#include <vector>

#include "firewall/drop_reason.h"
#include "firewall/inspect_map.h"
#include "firewall/packet.h"

namespace sallyport {

struct Ipv6Map : InspectMap {
  // What a `match header` line looks at.
  enum class What : std::uint8_t { kAh, kCount, kDestination, kEsp, kFragment, kHopByHop, kRoutingAddresses, kRoutingType };
  struct Rule {
    What what = What::kAh;
    bool negate = false;             // match not
    std::uint64_t low = 0, high = 0;  // of a number of headers, addresses, or a type; inclusive
    bool drop = false, log = false;
    std::size_t row = 0;  // where it is counted
  };
  bool verify_type = false, verify_order = false;
  std::size_t row_type = 0, row_order = 0;
  std::vector<Rule> rules;
};

// The chain of a packet's extension headers, AH and ESP included.
struct Ipv6Chain {
  static constexpr int kMax = 16;
  std::uint8_t headers[kMax] = {};  // their protocol numbers, in order
  int count = 0;
  int routing_addresses = -1;       // of the last routing header, by its length
  int routing_type = -1;
  bool whole = true;                // false: the chain could not be followed to its end
  std::uint8_t after = 0, before = 0;  // two of them that stand in the wrong order; equal: none does
  bool unknown = false;             // a header of no known type (IANA has more than RFC 8200)
  bool Has(std::uint8_t header) const;
};
Ipv6Chain ReadChain(const Packet& p);

// What becomes of a packet. `rule` is the one that decides or only logs; null: parameters do.
struct Ipv6Finding {
  FrameDrop drop = FrameDrop::kNone;
  const Ipv6Map::Rule* rule = nullptr;
  std::size_t row = 0;
  bool found = false;
};
Ipv6Finding Judge(const Ipv6Map& map, const Ipv6Chain& chain);

}  // namespace sallyport
