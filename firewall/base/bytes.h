// Bytes from the wire: unaligned big-endian access, and a reader whose every read can fail.
//
// The only place outside the operating-system seam where raw memory is reinterpreted.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace sallyport {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline std::uint16_t LoadBe16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint32_t LoadBe32(const std::uint8_t* p) {
  std::uint32_t v;
  std::memcpy(&v, p, 4);
  return __builtin_bswap32(v);
}
inline std::uint64_t LoadBe64(const std::uint8_t* p) {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}
inline void StoreBe16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}
inline void StoreBe32(std::uint8_t* p, std::uint32_t v) {
  v = __builtin_bswap32(v);
  std::memcpy(p, &v, 4);
}
inline void StoreBe64(std::uint8_t* p, std::uint64_t v) {
  v = __builtin_bswap64(v);
  std::memcpy(p, &v, 8);
}

// Reads front to back; a read that would pass the end fails and consumes nothing.
class Reader {
 public:
  explicit Reader(Bytes data) : rest_(data) {}
  std::size_t left() const { return rest_.size(); }
  Bytes rest() const { return rest_; }

  std::optional<std::uint8_t> U8() {
    if (rest_.empty()) return {};
    const std::uint8_t v = rest_[0];
    rest_ = rest_.subspan(1);
    return v;
  }
  std::optional<std::uint16_t> U16() {
    if (rest_.size() < 2) return {};
    const std::uint16_t v = LoadBe16(rest_.data());
    rest_ = rest_.subspan(2);
    return v;
  }
  std::optional<std::uint32_t> U32() {
    if (rest_.size() < 4) return {};
    const std::uint32_t v = LoadBe32(rest_.data());
    rest_ = rest_.subspan(4);
    return v;
  }
  // The next `n` bytes as a reader of their own.
  std::optional<Reader> Sub(std::size_t n) {
    if (rest_.size() < n) return {};
    Reader r(rest_.first(n));
    rest_ = rest_.subspan(n);
    return r;
  }
  bool Skip(std::size_t n) {
    if (rest_.size() < n) return false;
    rest_ = rest_.subspan(n);
    return true;
  }

 private:
  Bytes rest_;
};

}  // namespace sallyport
