// Which sequence numbers of a security association were seen (RFC 4303 3.4.3), as blocks of 64 in a ring (RFC 6479).
// Plain data: a copy is a snapshot, for whoever must undo.
#pragma once

#include <array>
#include <cstdint>

namespace sallyport {

class ReplayWindow {
 public:
  static constexpr std::uint32_t kLargest = 1024;
  // `packets`: 64 to 1024, as `crypto ipsec security-association replay window-size`; 0: off, everything is accepted.
  explicit ReplayWindow(std::uint32_t packets = 64) : size_(packets == 0 ? 0 : packets < 64 ? 64 : packets > kLargest ? kLargest : packets) {}

  // Before the packet is proved to be genuine: would it be taken?
  bool MayAccept(std::uint32_t sequence) const {
    if (size_ == 0) return true;
    if (sequence == 0) return false;
    if (sequence > highest_) return true;
    if (highest_ - sequence >= size_) return false;
    return (blocks_[(sequence >> 6) % kBlocks] >> (sequence & 63) & 1) == 0;
  }
  // After that.
  void Accept(std::uint32_t sequence);

  std::uint32_t size() const { return size_; }
  std::uint32_t highest() const { return highest_; }
  // Bit 0 is the highest number that was seen, bit 63 the one 63 before it: `Anti replay bitmap`.
  std::uint64_t Last64() const;

 private:
  // One more than the window holds, so that a block that is cleared is never within it; a power of two.
  static constexpr std::uint32_t kBlocks = 32;
  std::array<std::uint64_t, kBlocks> blocks_{};
  std::uint32_t size_;
  std::uint32_t highest_ = 0;
};

}  // namespace sallyport
