// Changes a packet's transport payload in place or into another length, with every length and checksum kept right.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/packet.h"

namespace sallyport {

// Puts `payload` in place of the payload of a whole, unfragmented TCP or UDP packet. When the length changes the packet moves
// into `buffer`, which must live until the packet has left. False, and nothing has changed: the packet would be larger than
// 65535 bytes, is not whole, or has no payload to speak of.
bool ReplacePayload(Packet& p, Bytes payload, std::vector<std::uint8_t>& buffer);

// Recomputes what the headers say of the payload after bytes of it were changed where they lie.
void PayloadChanged(Packet& p);

}  // namespace sallyport
