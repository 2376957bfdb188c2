// DHCP on the wire (RFC 2131, 2132), as a client behind a relay needs it. Pure functions; every length is checked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"

namespace sallyport {

enum class DhcpType : std::uint8_t { kDiscover = 1, kOffer, kRequest, kDecline, kAck, kNak, kRelease };

struct DhcpMessage {
  bool reply = false;
  DhcpType type = DhcpType::kDiscover;
  std::uint32_t xid = 0;
  IpAddress client, yours, relay;  // ciaddr, yiaddr, giaddr; none: 0.0.0.0
  std::array<std::uint8_t, 6> hardware{};
  std::string client_id;           // text, as a server shows it; "": none
  IpAddress requested, server, mask;
  std::optional<std::uint32_t> lease_s, renewal_s, rebinding_s;
};

// Nothing: it is no DHCP message, or a length is wrong.
std::optional<DhcpMessage> ReadDhcp(Bytes datagram);
std::vector<std::uint8_t> WriteDhcp(const DhcpMessage& m);

}  // namespace sallyport
