// Key material: overwritten when it goes, moved and not copied by accident.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/bytes.h"

namespace sallyport {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t n) : data_(n) {}
  // A copy of what lies somewhere else.
  explicit Secret(Bytes bytes) : data_(bytes.begin(), bytes.end()) {}
  static Secret OfText(std::string_view text);
  Secret(Secret&& other) noexcept : data_(std::exchange(other.data_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe();
      data_ = std::exchange(other.data_, {});
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(); }

  Secret Clone() const { return Secret(bytes()); }
  // Part of it, as a secret of its own; `at + n` must not pass the end.
  Secret Slice(std::size_t at, std::size_t n) const { return Secret(bytes().subspan(at, n)); }
  Bytes bytes() const { return data_; }
  MutableBytes bytes() { return data_; }
  std::size_t size() const { return data_.size(); }
  bool empty() const { return data_.empty(); }
  // Takes as long for secrets that differ as for equal ones.
  bool operator==(const Secret& other) const;

 private:
  void Wipe();
  std::vector<std::uint8_t> data_;
};

// Compares in a time that does not depend on the contents (but on the lengths): hashes and authenticators from a peer.
bool SameBytes(Bytes a, Bytes b);
void Cleanse(MutableBytes bytes);

}  // namespace sallyport
