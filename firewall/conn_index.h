// The connection table's index: keyed hash of a FlowKey -> entry and direction, in one flat array of 8-byte slots.
//
// Open addressing with linear probing, never more than half full, and backward-shift deletion, so that there are no
// tombstones and a table that has been busy for a year probes as briefly as a new one. Keys live in the entries only; a slot
// has 32 bits of their hash. SipHash-1-3 under a secret seed places the keys: an attacker who chooses addresses and ports
// cannot make them collide. Memory is taken from the kernel page by page as it is touched. Part of ConnTable, data thread.
#pragma once

#include <cstdint>

#include "firewall/types.h"

namespace sallyport {

// SipHash with 1 compression and 3 finalization rounds (Aumasson, Bernstein, 2012), over the words of a flow key.
struct FlowHasher {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  static FlowHasher FromSeed(std::uint64_t seed);
  std::uint32_t operator()(const FlowKey& key) const noexcept;
};

// Anonymous zero-filled memory that is backed by pages only where it has been touched. Throws std::bad_alloc when the kernel
// gives no address space; that happens at start-up only.
class LazyMemory {
 public:
  explicit LazyMemory(std::size_t bytes);
  ~LazyMemory();
  LazyMemory(const LazyMemory&) = delete;
  LazyMemory& operator=(const LazyMemory&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
  std::size_t bytes_;
};

class ConnSlots {
 public:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t ref = 0;  // 0: empty; else (entry << 1 | direction) + 1
  };
  static_assert(sizeof(Slot) == 8);
  static constexpr std::uint32_t kSlotsPerConn = 4;  // two keys at a load of one half
  static constexpr std::uint32_t kNone = 0xffffffff;

  explicit ConnSlots(std::uint32_t capacity)
      : count_(capacity * kSlotsPerConn),
        memory_(std::size_t{count_} * sizeof(Slot)),
        slots_(static_cast<Slot*>(memory_.data())) {}

  static constexpr std::uint32_t Ref(std::uint32_t entry, Direction d) {
    return (entry << 1 | static_cast<std::uint32_t>(d)) + 1;
  }
  static constexpr std::uint32_t EntryOf(std::uint32_t ref) { return (ref - 1) >> 1; }
  static constexpr Direction DirectionOf(std::uint32_t ref) { return static_cast<Direction>((ref - 1) & 1); }

  // The first reference with this hash for which `matches(ref)` holds, or 0.
  template <typename Matches>
  std::uint32_t Find(std::uint32_t hash, Matches&& matches) const {
    for (std::uint32_t i = Home(hash);; i = Next(i)) {
      const Slot& s = slots_[i];
      if (s.ref == 0) return 0;
      if (s.hash == hash && matches(s.ref)) return s.ref;
    }
  }
  // The reference must not be in the index, and the index must not be over-full: both are the table's own invariants.
  void Insert(std::uint32_t hash, std::uint32_t ref);
  void Erase(std::uint32_t hash, std::uint32_t ref);
  void Prefetch(std::uint32_t hash) const { __builtin_prefetch(&slots_[Home(hash)]); }

 private:
  // Multiplying down instead of masking lets the array be exactly as long as the load asks for.
  std::uint32_t Home(std::uint32_t hash) const { return static_cast<std::uint32_t>((std::uint64_t{hash} * count_) >> 32); }
  std::uint32_t Next(std::uint32_t i) const { return i + 1 == count_ ? 0 : i + 1; }

  std::uint32_t count_;
  LazyMemory memory_;
  Slot* slots_;
};

}  // namespace sallyport
