// How the firewall's types are written on a command line, and the small types that only command lines have: addresses with
// names, masks, ports with ASA's literals, protocols, times. Each reads what an ASA accepts and prints what an ASA prints.
//
// Sources of the literals: facts on object groups and access lists of the 8.x/9.x command references; numbers print as
// literals only for a protocol that has them (`tcp eq https`, but `udp eq 443`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/command.h"
#include "firewall/access_list.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"

namespace sallyport {

// --- values of one word ---

// An address as it was written: dotted, IPv6, or a `name`. It prints as it was written.
struct NamedAddress {
  IpAddress address;
  std::string name;  // "" : by number
  bool operator==(const NamedAddress&) const = default;
  std::string ToString() const { return name.empty() ? address.ToString() : name; }
};
// 255.255.255.0; a mask with holes is none.
struct Mask {
  static constexpr bool kAlwaysPresent = true;  // a host mask is no absent mask; optional<Mask> may be absent
  std::uint32_t bits = 0xffffffff;
  int length() const { return __builtin_popcount(bits); }
  bool operator==(const Mask&) const = default;
};
// H:MM:SS
struct Hms {
  std::int64_t seconds = 0;
  bool operator==(const Hms&) const = default;
};
// "(inside,outside)"; `any` stays "any"
struct InterfacePair {
  std::string real, mapped;
  bool operator==(const InterfacePair&) const = default;
};
// "(inside)"
struct InParentheses {
  std::string name;
  bool operator==(const InParentheses&) const = default;
};
// IPv6 prefix, "2001:db8::/32"
struct Ipv6Prefix {
  IpAddress address;
  int length = 128;
  bool operator==(const Ipv6Prefix&) const = default;
};
// Nothing: no prefix of IPv6.
std::optional<Ipv6Prefix> ParsePrefix6(std::string_view word);

// --- values of several words, as access lists have them ---

// any | any4 | any6 | host A | A MASK | P/len | object X | object-group X | interface IF
struct AddressSpec {
  enum class Kind : std::uint8_t { kNone, kAny, kAny4, kAny6, kHost, kSubnet, kPrefix6, kObject, kGroup, kInterface };
  Kind kind = Kind::kNone;
  NamedAddress address;
  Mask mask;
  int prefix6 = 128;
  std::string name;  // object, group, interface
  bool operator==(const AddressSpec&) const = default;
};
// tcp | 6 | object X | object-group X
struct ProtocolSpec {
  enum class Kind : std::uint8_t { kNone, kNumber, kObject, kGroup };
  Kind kind = Kind::kNone;
  std::uint8_t number = 0;
  std::string name;
  bool operator==(const ProtocolSpec&) const = default;
};
// eq | neq | gt | lt | range, or object-group X
struct PortSpec {
  enum class Op : std::uint8_t { kNone, kEq, kNeq, kGt, kLt, kRange, kGroup };
  Op op = Op::kNone;
  std::uint16_t first = 0, last = 0;
  std::string group;
  bool operator==(const PortSpec&) const = default;
  // The ranges that match; none for a group.
  std::vector<PortRange> Ranges() const;
};

// --- literals ---

enum class PortFamily : std::uint8_t { kTcp, kUdp, kBoth };  // kBoth: tcp-udp, sctp
std::optional<std::uint16_t> PortByName(std::string_view name, PortFamily family);
std::string PortName(std::uint16_t port, PortFamily family);  // the literal, else the number
std::optional<std::uint8_t> ProtocolByName(std::string_view name);
std::string ProtocolName(std::uint8_t number);
std::optional<std::uint8_t> IcmpTypeByName(std::string_view name, bool icmp6);
std::string IcmpTypeName(std::uint8_t type, bool icmp6);

Match ReadPort(Cursor& in, std::uint16_t& out, PortFamily family, std::string_view help);
// [eq|neq|gt|lt|range|object-group ...]; kOk without consuming when there is none.
Match ReadPortSpec(Cursor& in, PortSpec& out, PortFamily family, bool groups);
void PrintPortSpec(const PortSpec& p, PortFamily family, LineWriter& line);
Match ReadIcmpType(Cursor& in, std::uint8_t& out, bool icmp6, std::string_view help);

// --- codecs ---

#define SALLYPORT_CODEC(Type)                                         \
  template <>                                                         \
  struct Codec<Type> {                                                \
    static Match Read(Cursor& in, Type& out, std::string_view help);  \
    static void Print(const Type& v, LineWriter& line);               \
  }
SALLYPORT_CODEC(std::string);  // one word
SALLYPORT_CODEC(IpAddress);    // A.B.C.D or IPv6
SALLYPORT_CODEC(NamedAddress);
SALLYPORT_CODEC(Mask);
SALLYPORT_CODEC(Hms);
SALLYPORT_CODEC(InterfacePair);
SALLYPORT_CODEC(InParentheses);
SALLYPORT_CODEC(Ipv6Prefix);
SALLYPORT_CODEC(AddressSpec);
SALLYPORT_CODEC(ProtocolSpec);
SALLYPORT_CODEC(PortSpec);      // by any protocol's literals
SALLYPORT_CODEC(std::uint8_t);  // an ICMP type
#undef SALLYPORT_CODEC

}  // namespace sallyport
