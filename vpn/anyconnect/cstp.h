// Frames of CSTP, the protocol of AnyConnect within TLS, and of its DTLS tunnel: what is in one record.
//
// TLS: `53 54 46 01 | length of the payload, 16 bits | type | 00 | payload`, one frame for each record. DTLS: `type | payload`.
// Source: what openconnect, ocserv and real clients send (draft-mavrogiannopoulos-openconnect-04).
#pragma once

#include <cstdint>
#include <optional>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"

namespace sallyport {

enum class CstpType : std::uint8_t {
  kData = 0,
  kDpdRequest = 3,   // DPD-RESP repeats its payload
  kDpdResponse = 4,
  kDisconnect = 5,   // payload: severity << 5 | type, then words
  kKeepalive = 7,
  kCompressed = 8,
  kTerminate = 9,
};

inline constexpr std::size_t kCstpHeader = 8;

struct CstpFrame {
  std::uint8_t type = 0;
  Bytes payload;  // within the record
};
enum class CstpError : std::uint8_t { kNone, kShort, kMagic, kVersion, kLength };

// One record. What is wrong with it, and the frame when nothing is.
CstpError ReadCstp(Bytes record, CstpFrame& frame);
// Writes the header of a frame whose payload has `size` octets (at most 65535) to the first kCstpHeader bytes of `at`.
void PutCstpHeader(MutableBytes at, CstpType type, std::size_t size);

}  // namespace sallyport
