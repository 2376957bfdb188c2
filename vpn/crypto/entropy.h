// Unpredictable bytes, handed to whoever makes keys, nonces, cookies and identifiers. A test seeds its own.
#pragma once

#include <cstdint>

#include "firewall/base/bytes.h"

namespace sallyport {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void Fill(MutableBytes out) = 0;
  std::uint32_t U32() {
    std::uint8_t b[4];
    Fill(b);
    return LoadBe32(b);
  }
  std::uint64_t U64() {
    std::uint8_t b[8];
    Fill(b);
    return LoadBe64(b);
  }
};

// OpenSSL's generator, seeded by the kernel. Any thread. Ends the program when there is no randomness: nothing could go on.
class SystemEntropy final : public Entropy {
 public:
  void Fill(MutableBytes out) override;
};

// The same bytes for the same seed. For tests and replays only. One thread at a time.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}
  void Fill(MutableBytes out) override;

 private:
  std::uint64_t state_;
};

}  // namespace sallyport
