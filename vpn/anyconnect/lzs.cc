#include "vpn/anyconnect/lzs.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sallyport {
namespace {

// 0 + 8 bits: a literal. 1 1 + 7 bits, or 1 0 + 11 bits: an offset back, then a length. Offset 0 in 7 bits: the end.
constexpr std::size_t kWindow = 2047, kNear = 127;
constexpr unsigned kEnd = 0x180, kShortMatch = 8;
constexpr int kHashBits = 12, kTries = 16;  // how many earlier places are looked at for each

class BitWriter {
 public:
  explicit BitWriter(MutableBytes room) : room_(room) {}
  void Put(unsigned bits, unsigned value) {
    held_ = held_ << bits | value;
    count_ += bits;
    while (count_ >= 8) {
      count_ -= 8;
      if (size_ == room_.size()) {
        full_ = true;
        return;
      }
      room_[size_++] = static_cast<std::uint8_t>(held_ >> count_);
    }
  }
  bool full() const { return full_; }
  std::size_t Finish() {
    if (count_ != 0) Put(8 - count_, 0);
    return full_ ? 0 : size_;
  }

 private:
  MutableBytes room_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
  std::size_t size_ = 0;
  bool full_ = false;
};

class BitReader {
 public:
  explicit BitReader(Bytes in) : in_(in) {}
  // False: there are not so many any more.
  bool Get(unsigned bits, unsigned& value) {
    while (count_ < bits) {
      if (at_ == in_.size()) return false;
      held_ = held_ << 8 | in_[at_++];
      count_ += 8;
    }
    count_ -= bits;
    value = static_cast<unsigned>(held_ >> count_) & ((1u << bits) - 1);
    return true;
  }

 private:
  Bytes in_;
  std::size_t at_ = 0;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

// Lengths from 2: 00, 01, 10 are 2..4; 1100, 1101, 1110 are 5..7; then 1111 and steps of 15 in groups of 4 bits.
void PutLength(BitWriter& out, std::size_t length) {
  if (length < 5) {
    out.Put(2, static_cast<unsigned>(length - 2));
  } else if (length < kShortMatch) {
    out.Put(4, static_cast<unsigned>(0xc + length - 5));
  } else {
    out.Put(4, 0xf);
    length -= kShortMatch;
    for (; length >= 15; length -= 15) out.Put(4, 0xf);
    out.Put(4, static_cast<unsigned>(length));
  }
}
bool GetLength(BitReader& in, std::size_t& length) {
  unsigned v = 0;
  if (!in.Get(2, v)) return false;
  if (v != 3) {
    length = v + 2;
    return true;
  }
  if (!in.Get(2, v)) return false;
  if (v != 3) {
    length = v + 5;
    return true;
  }
  length = kShortMatch;
  do {
    if (!in.Get(4, v)) return false;
    length += v;
  } while (v == 15);
  return true;
}

std::size_t HashOfPair(const std::uint8_t* p) {
  return (static_cast<std::uint32_t>(p[0] << 8 | p[1]) * 0x9e37u >> 4) & ((1u << kHashBits) - 1);
}

}  // namespace

std::size_t LzsCompress(Bytes in, MutableBytes room) {
  if (in.size() > 0xffff) return 0;
  // Where each pair of octets was last seen, plus 1, and for each place of the window the one before it.
  std::array<std::uint16_t, 1u << kHashBits> last{};
  std::array<std::uint16_t, kWindow + 1> before;
  const auto note = [&](std::size_t at) {
    if (at + 2 > in.size()) return;
    std::uint16_t& slot = last[HashOfPair(&in[at])];
    before[at & kWindow] = slot;
    slot = static_cast<std::uint16_t>(at + 1);
  };
  BitWriter out(room);
  for (std::size_t at = 0; at < in.size() && !out.full();) {
    std::size_t best = 0, best_offset = 0;
    if (at + 2 <= in.size()) {
      std::size_t candidate = last[HashOfPair(&in[at])];
      for (int tries = 0; candidate != 0 && at - (candidate - 1) <= kWindow && tries < kTries; ++tries) {
        const std::size_t from = candidate - 1;
        std::size_t length = 0;
        while (at + length < in.size() && in[from + length] == in[at + length]) ++length;
        if (length > best) {
          best = length;
          best_offset = at - from;
        }
        const std::size_t next = before[from & kWindow];
        if (next >= candidate) break;  // the place has been used again since
        candidate = next;
      }
    }
    if (best < 2) {
      out.Put(9, in[at]);
      note(at++);
      continue;
    }
    if (best_offset <= kNear) {
      out.Put(9, static_cast<unsigned>(0x180 | best_offset));
    } else {
      out.Put(13, static_cast<unsigned>(0x1000 | best_offset));
    }
    PutLength(out, best);
    for (std::size_t k = 0; k < best; ++k) note(at++);
  }
  out.Put(9, kEnd);
  return out.Finish();
}

bool LzsExpand(Bytes in, MutableBytes room, std::size_t& size) {
  BitReader bits(in);
  size = 0;
  for (;;) {
    unsigned v = 0;
    if (!bits.Get(9, v)) return false;
    if (v < 0x100) {
      if (size == room.size()) return false;
      room[size++] = static_cast<std::uint8_t>(v);
      continue;
    }
    if (v == kEnd) return true;
    std::size_t offset = v & 0x7f;
    if (v < kEnd) {
      if (!bits.Get(4, v)) return false;
      offset = offset << 4 | v;
    }
    std::size_t length = 0;
    if (offset == 0 || offset > size || !GetLength(bits, length) || length > room.size() - size) return false;
    for (; length != 0; --length, ++size) room[size] = room[size - offset];
  }
}

}  // namespace sallyport
