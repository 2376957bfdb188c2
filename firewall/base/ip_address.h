// IP addresses of both families in sixteen bytes. An IPv4 address a.b.c.d is held as ::ffff:a.b.c.d, so that tables, keys
// and ranges need one code path; the default value (all zero) means "none".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/base/bytes.h"

namespace sallyport {

class IpAddress {
 public:
  constexpr IpAddress() = default;
  // `host_order`: 10.1.2.3 is 0x0a010203.
  static constexpr IpAddress V4(std::uint32_t host_order) { return IpAddress(0, kV4Prefix | host_order); }
  static constexpr IpAddress V6(std::uint64_t hi, std::uint64_t lo) { return IpAddress(hi, lo); }
  static IpAddress FromV4Bytes(const std::uint8_t* p) { return V4(LoadBe32(p)); }
  static IpAddress FromV6Bytes(const std::uint8_t* p) { return V6(LoadBe64(p), LoadBe64(p + 8)); }
  // "10.1.2.3" or any RFC 4291 text form; nothing else (no blanks, no prefix length).
  static std::optional<IpAddress> Parse(std::string_view text);

  constexpr bool IsNone() const { return hi_ == 0 && lo_ == 0; }
  constexpr bool IsV4() const { return hi_ == 0 && (lo_ >> 32) == 0xffff; }
  constexpr std::uint32_t v4() const { return static_cast<std::uint32_t>(lo_); }
  constexpr std::uint64_t hi() const { return hi_; }
  constexpr std::uint64_t lo() const { return lo_; }
  void StoreV4(std::uint8_t* p) const { StoreBe32(p, v4()); }
  void StoreV6(std::uint8_t* p) const {
    StoreBe64(p, hi_);
    StoreBe64(p + 8, lo_);
  }
  // Dotted decimal, or RFC 5952. None prints as "0.0.0.0".
  std::string ToString() const;

  constexpr auto operator<=>(const IpAddress&) const = default;
  constexpr IpAddress Plus(std::uint64_t n) const {
    const std::uint64_t lo = lo_ + n;
    return IpAddress(hi_ + (lo < lo_ ? 1 : 0), lo);
  }
  // low 64 bits of (this - other); meaningful where this >= other
  constexpr std::uint64_t Minus(IpAddress other) const { return lo_ - other.lo_; }

  constexpr bool IsV4Multicast() const { return IsV4() && (v4() >> 28) == 0xe; }
  constexpr bool IsV4Broadcast() const { return IsV4() && v4() == 0xffffffff; }
  constexpr bool IsV4Loopback() const { return IsV4() && (v4() >> 24) == 127; }
  // RFC 4291 2.4. False for every IPv4 address.
  constexpr bool IsV6() const { return !IsV4() && !IsNone(); }
  constexpr bool IsV6Multicast() const { return (hi_ >> 56) == 0xff; }
  // Interface-local and link-local groups: never leave the link.
  constexpr bool IsV6LinkMulticast() const { return IsV6Multicast() && ((hi_ >> 48) & 0xf) <= 2; }
  constexpr bool IsV6LinkLocal() const { return (hi_ >> 54) == (0xfe80 >> 6); }
  constexpr bool IsV6Loopback() const { return hi_ == 0 && lo_ == 1; }

 private:
  static constexpr std::uint64_t kV4Prefix = std::uint64_t{0xffff} << 32;
  constexpr IpAddress(std::uint64_t hi, std::uint64_t lo) : hi_(hi), lo_(lo) {}
  std::uint64_t hi_ = 0;
  std::uint64_t lo_ = 0;
};

// A network: the first `length` of 128 bits are fixed (an IPv4 /24 has length 120).
struct Prefix {
  IpAddress address;  // host bits are zero
  std::uint8_t length = 0;

  // `v4_length` 0..32 for IPv4 addresses, 0..128 for IPv6. Host bits are cleared.
  static Prefix Of(IpAddress a, int family_length);
  // Every address of both families.
  static constexpr Prefix Any() { return {}; }
  static Prefix AnyV4() { return Of(IpAddress::V4(0), 0); }
  bool Contains(IpAddress a) const;
  // Length as the family writes it: 0..32 for IPv4, 0..128 for IPv6.
  int FamilyLength() const { return IsV4() ? length - 96 : length; }
  bool IsV4() const { return address.IsV4() && length >= 96; }
  bool IsHost() const { return length == 128; }
  bool operator==(const Prefix&) const = default;
};

// An inclusive range of one family.
struct AddressRange {
  IpAddress first;
  IpAddress last;
  bool Contains(IpAddress a) const { return first <= a && a <= last; }
  // Number of addresses; UINT64_MAX stands for that many and more. `first` must not be above `last`.
  std::uint64_t Size() const {
    const std::uint64_t low = last.Minus(first);
    const std::uint64_t high = last.hi() - first.hi() - (last.lo() < first.lo() ? 1 : 0);
    return high != 0 || low == UINT64_MAX ? UINT64_MAX : low + 1;
  }
  static AddressRange Of(const Prefix& p);
  bool operator==(const AddressRange&) const = default;
};

// Netmask 255.255.255.0 -> 24; nothing for a mask with holes.
std::optional<int> MaskLength(IpAddress mask);
IpAddress MaskOf(int v4_length);

struct MacAddress {
  std::array<std::uint8_t, 6> octets{};
  std::string ToString() const;  // Cisco's form: 0013.2401.01a3
  bool operator==(const MacAddress&) const = default;
};

}  // namespace sallyport

template <>
struct std::hash<sallyport::IpAddress> {
  std::size_t operator()(const sallyport::IpAddress& a) const noexcept {
    return (a.hi() * 0x9e3779b97f4a7c15u) ^ (a.lo() * 0xff51afd7ed558ccdu) ^ (a.lo() >> 29);
  }
};
