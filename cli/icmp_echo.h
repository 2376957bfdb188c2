// ICMP and ICMPv6 echo messages of the appliance's own, for `ping` and SLA monitors. Source: RFC 792, RFC 4443.
#pragma once

#include <cstdint>
#include <vector>

namespace sallyport {

// Types; the macros of <netinet/ip_icmp.h> have other names of ours.
inline constexpr std::uint8_t kEchoReply = 0, kUnreachable = 3, kEcho = 8;
inline constexpr std::uint8_t kEcho6 = 128, kEchoReply6 = 129, kUnreachable6 = 1;
inline constexpr std::size_t kEchoHeader = 8;  // bytes, of both families

// An echo request with `data_size` bytes of `fill` behind its header. Its checksum is complete for IPv4; of ICMPv6 the kernel makes it.
std::vector<std::uint8_t> EchoRequest(bool v6, std::uint16_t id, std::uint16_t sequence, std::size_t data_size, std::uint8_t fill);

}  // namespace sallyport
