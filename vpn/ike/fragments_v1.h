// Cisco's fragmentation of IKE version 1 messages (payload 132): cutting, and putting together within fixed bounds.
//
// The pieces are clear text, so anybody can send some: at most 32 pieces and 16 KB are held for a peer, of one message at a
// time, and a piece of another message drops those of the first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vpn/ike/header.h"
#include "vpn/ike/payloads.h"

namespace sallyport {

class ReassemblyV1 {
 public:
  static constexpr std::size_t kMostPieces = 32;
  static constexpr std::size_t kMostBytes = 16384;

  // The whole message once the last missing piece is there.
  std::optional<std::vector<std::uint8_t>> Add(const FragmentV1& piece);
  std::size_t held() const { return bytes_; }
  void Clear();

 private:
  std::uint16_t id_ = 0;
  std::uint8_t last_ = 0;  // number of the last piece, 0: not seen yet
  std::size_t bytes_ = 0;
  std::array<std::vector<std::uint8_t>, kMostPieces> pieces_;
};

// The messages that carry `message` in pieces of at most `most` bytes each, their headers included; the message alone if it
// fits.
std::vector<std::vector<std::uint8_t>> CutMessageV1(const std::vector<std::uint8_t>& message, std::size_t most,
                                                    std::uint16_t id);

}  // namespace sallyport
