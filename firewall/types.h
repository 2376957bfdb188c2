// Small types that every part of the firewall shares.
#pragma once

#include <cstdint>

#include "firewall/base/ip_address.h"

namespace sallyport {

// An interface of the appliance. Ids are given out by the configuration when a hardware interface is first seen and are
// never reused, so that connections may keep them across policy changes.
enum class IfId : std::uint8_t {
  kIdentity = 0,  // the appliance itself: ASA's "identity" interface
  kAny = 255,     // in rules: any interface
};
inline constexpr int kMaxInterfaces = 250;

enum class IpProtocol : std::uint8_t {
  kIp = 0,  // in rules: any protocol
  kIcmp = 1,
  kIgmp = 2,
  kTcp = 6,
  kUdp = 17,
  kGre = 47,
  kEsp = 50,
  kAh = 51,
  kIcmp6 = 58,
  kSctp = 132,
};

// What a protocol is called in the other family: ICMP is ICMPv6 there.
constexpr std::uint8_t InOtherFamily(std::uint8_t protocol) { return protocol == 1 ? 58 : protocol == 58 ? 1 : protocol; }

// TCP flag bits, RFC 9293 3.1 (low byte of the flags field).
inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpPsh = 0x08;
inline constexpr std::uint8_t kTcpAck = 0x10;
inline constexpr std::uint8_t kTcpUrg = 0x20;

// One end of a flow. `port` is 0 for protocols without ports. The identifier of an ICMP query belongs to the end that asks.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// What identifies a packet's flow. ICMP queries (echo, timestamp ...) carry their identifier as source port, their replies as
// destination port; the other port is 0.
struct FlowKey {
  IpAddress src;
  IpAddress dst;
  std::uint16_t sport = 0;
  std::uint16_t dport = 0;
  std::uint8_t protocol = 0;
  IfId ingress = IfId::kIdentity;
  bool operator==(const FlowKey&) const = default;
};

// Direction of a packet within its connection.
enum class Direction : std::uint8_t { kForward = 0 /* from the initiator */, kReverse = 1 };
constexpr Direction Opposite(Direction d) { return d == Direction::kForward ? Direction::kReverse : Direction::kForward; }

}  // namespace sallyport
