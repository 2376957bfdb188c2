// The Internet checksum (RFC 1071), its incremental update (RFC 1624), and the TCP/UDP pseudo header.
#pragma once

#include <cstdint>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"

namespace sallyport {

// Ones' complement sum of `data` added to `sum`, not folded. Any length; an odd last byte is padded with zero.
std::uint64_t ChecksumAdd(Bytes data, std::uint64_t sum = 0);
// Folds to 16 bits and complements; the value to store (big-endian) in a header.
std::uint16_t ChecksumFinish(std::uint64_t sum);
// Sum of the pseudo header of RFC 793 / RFC 8200 8.1. `length` is that of the transport header and payload.
std::uint64_t PseudoHeaderSum(IpAddress src, IpAddress dst, std::uint8_t protocol, std::uint32_t length);

// CRC-32C (Castagnoli), as SCTP has it.
std::uint32_t Crc32c(Bytes data);

// New value of a header's checksum field after a 16-bit or 32-bit word that it covers changed (RFC 1624 eqn. 3).
inline std::uint16_t ChecksumUpdate16(std::uint16_t check, std::uint16_t old_word, std::uint16_t new_word) {
  std::uint32_t sum = static_cast<std::uint16_t>(~check) + static_cast<std::uint32_t>(static_cast<std::uint16_t>(~old_word)) + new_word;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
inline std::uint16_t ChecksumUpdate32(std::uint16_t check, std::uint32_t old_word, std::uint32_t new_word) {
  check = ChecksumUpdate16(check, static_cast<std::uint16_t>(old_word >> 16), static_cast<std::uint16_t>(new_word >> 16));
  return ChecksumUpdate16(check, static_cast<std::uint16_t>(old_word), static_cast<std::uint16_t>(new_word));
}

}  // namespace sallyport
