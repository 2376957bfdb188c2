#include "firewall/base/ip_address.h"

#include <arpa/inet.h>

#include <bit>
#include <cstdio>

namespace sallyport {

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer) return {};
  text.copy(buffer, text.size());
  buffer[text.size()] = '\0';
  if (text.find('\0') != std::string_view::npos) return {};
  std::uint8_t bytes[16];
  if (text.find(':') != std::string_view::npos) {
    if (inet_pton(AF_INET6, buffer, bytes) != 1) return {};
    return FromV6Bytes(bytes);
  }
  if (inet_pton(AF_INET, buffer, bytes) != 1) return {};
  return FromV4Bytes(bytes);
}

std::string IpAddress::ToString() const {
  char buffer[INET6_ADDRSTRLEN];
  std::uint8_t bytes[16];
  if (IsV4() || IsNone()) {
    StoreV4(bytes);
    inet_ntop(AF_INET, bytes, buffer, sizeof buffer);
  } else {
    StoreV6(bytes);
    inet_ntop(AF_INET6, bytes, buffer, sizeof buffer);
  }
  return buffer;
}

Prefix Prefix::Of(IpAddress a, int family_length) {
  const int length = a.IsV4() ? family_length + 96 : family_length;
  const std::uint64_t hi_mask = length >= 64 ? ~0ull : length == 0 ? 0 : ~0ull << (64 - length);
  const std::uint64_t lo_mask = length <= 64 ? 0 : length == 128 ? ~0ull : ~0ull << (128 - length);
  return {IpAddress::V6(a.hi() & hi_mask, a.lo() & lo_mask), static_cast<std::uint8_t>(length)};
}

bool Prefix::Contains(IpAddress a) const {
  if (length == 0) return true;
  if (length <= 64) return ((a.hi() ^ address.hi()) >> (64 - length)) == 0;
  return a.hi() == address.hi() && ((a.lo() ^ address.lo()) >> (128 - length)) == 0;
}

AddressRange AddressRange::Of(const Prefix& p) {
  const std::uint64_t hi_host = p.length >= 64 ? 0 : p.length == 0 ? ~0ull : ~0ull >> p.length;
  const std::uint64_t lo_host = p.length <= 64 ? ~0ull : p.length == 128 ? 0 : ~0ull >> (p.length - 64);
  return {p.address, IpAddress::V6(p.address.hi() | hi_host, p.address.lo() | lo_host)};
}

std::optional<int> MaskLength(IpAddress mask) {
  if (!mask.IsV4()) return {};
  const std::uint32_t m = mask.v4();
  const int ones = std::countl_one(m);
  if (ones < 32 && (m << ones) != 0) return {};
  return ones;
}

IpAddress MaskOf(int v4_length) { return IpAddress::V4(v4_length == 0 ? 0 : ~0u << (32 - v4_length)); }

std::string MacAddress::ToString() const {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "%02x%02x.%02x%02x.%02x%02x", octets[0], octets[1], octets[2], octets[3], octets[4],
                octets[5]);
  return buffer;
}

}  // namespace sallyport
