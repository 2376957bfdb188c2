#include "vpn/esp/replay_window.h"

namespace sallyport {

void ReplayWindow::Accept(std::uint32_t sequence) {
  // With the window off the numbers are still noted, for the console's bitmap.
  if (sequence > highest_) {
    const std::uint32_t from = highest_ >> 6, to = sequence >> 6;
    if (to - from >= kBlocks) {
      blocks_.fill(0);
    } else {
      for (std::uint32_t b = from + 1; b <= to; ++b) blocks_[b % kBlocks] = 0;
    }
    highest_ = sequence;
  } else if (highest_ - sequence >= kLargest) {
    return;  // its block belongs to others by now
  }
  blocks_[(sequence >> 6) % kBlocks] |= std::uint64_t{1} << (sequence & 63);
}

std::uint64_t ReplayWindow::Last64() const {
  const std::uint32_t block = highest_ >> 6, offset = highest_ & 63;
  // The numbers highest-63 .. highest as a word whose top bit is the highest.
  std::uint64_t word = blocks_[block % kBlocks] << (63 - offset);
  if (offset != 63 && block > 0) word |= blocks_[(block - 1) % kBlocks] >> (offset + 1);
  std::uint64_t mirrored = 0;
  for (int i = 0; i < 64; ++i) mirrored |= (word >> i & 1) << (63 - i);
  return mirrored;
}

}  // namespace sallyport
