#include "firewall/base/checksum.h"

#include <array>

namespace sallyport {

std::uint64_t ChecksumAdd(Bytes data, std::uint64_t sum) {
  // Sums big-endian 16-bit words as native 32-bit words; the byte order is put right once at the end (RFC 1071, 2(B)).
  std::uint64_t native = 0;
  const std::uint8_t* p = data.data();
  std::size_t left = data.size();
  while (left >= 4) {
    std::uint32_t word;
    std::memcpy(&word, p, 4);
    native += word;
    p += 4;
    left -= 4;
  }
  if (left != 0) {
    std::uint32_t word = 0;
    std::memcpy(&word, p, left);
    native += word;
  }
  while ((native >> 16) != 0) native = (native & 0xffff) + (native >> 16);
  return sum + __builtin_bswap16(static_cast<std::uint16_t>(native));
}

std::uint16_t ChecksumFinish(std::uint64_t sum) {
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint64_t PseudoHeaderSum(IpAddress src, IpAddress dst, std::uint8_t protocol, std::uint32_t length) {
  std::uint8_t header[40];
  std::size_t n = 0;
  if (src.IsV4()) {
    src.StoreV4(header);
    dst.StoreV4(header + 4);
    n = 8;
  } else {
    src.StoreV6(header);
    dst.StoreV6(header + 16);
    n = 32;
  }
  StoreBe32(header + n, length);
  StoreBe32(header + n + 4, protocol);
  return ChecksumAdd(Bytes(header, n + 8));
}

std::uint32_t Crc32c(Bytes data) {
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; i++) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; bit++) c = (c >> 1) ^ ((c & 1) != 0 ? 0x82f63b78u : 0);
      table[i] = c;
    }
    return table;
  }();
  std::uint32_t crc = ~0u;
  for (const std::uint8_t b : data) crc = (crc >> 8) ^ kTable[(crc ^ b) & 0xff];
  return ~crc;
}

}  // namespace sallyport
