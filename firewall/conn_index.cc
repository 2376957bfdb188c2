#include "firewall/conn_index.h"

#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <new>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;
  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Add(std::uint64_t word) {
    v3 ^= word;
    Round();
    v0 ^= word;
  }
};

}  // namespace

FlowHasher FlowHasher::FromSeed(std::uint64_t seed) {
  Random random(seed);  // so that a test's small seed spreads over both halves of the key
  const std::uint64_t first = random.U64();
  return {first, random.U64()};
}

std::uint32_t FlowHasher::operator()(const FlowKey& key) const noexcept {
  SipState s{k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
  // Two words for a pair of IPv4 addresses, five otherwise. The last word carries the number of bytes in its top byte, as
  // SipHash's padding does, so that a short key is never the beginning of a long one.
  std::uint64_t length = 40;
  if (key.src.IsV4() && key.dst.IsV4()) {
    s.Add(std::uint64_t{key.src.v4()} << 32 | key.dst.v4());
    length = 16;
  } else {
    s.Add(key.src.hi());
    s.Add(key.src.lo());
    s.Add(key.dst.hi());
    s.Add(key.dst.lo());
  }
  s.Add(length << 56 | std::uint64_t{static_cast<std::uint8_t>(key.ingress)} << 40 | std::uint64_t{key.protocol} << 32 |
        std::uint64_t{key.sport} << 16 | key.dport);
  s.v2 ^= 0xff;
  s.Round();
  s.Round();
  s.Round();
  return static_cast<std::uint32_t>(s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
}

LazyMemory::LazyMemory(std::size_t bytes)
    : data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
      bytes_(bytes) {
  if (data_ == MAP_FAILED) throw std::bad_alloc();
  // Lookups are scattered; large pages halve their cost. Only a hint: the kernel may be built without them.
  if (bytes >= std::size_t{4} << 20) madvise(data_, bytes_, MADV_HUGEPAGE);
}

LazyMemory::~LazyMemory() { munmap(data_, bytes_); }

void ConnSlots::Insert(std::uint32_t hash, std::uint32_t ref) {
  std::uint32_t i = Home(hash);
  while (slots_[i].ref != 0) i = Next(i);
  slots_[i] = {hash, ref};
}

void ConnSlots::Erase(std::uint32_t hash, std::uint32_t ref) {
  std::uint32_t hole = Home(hash);
  while (slots_[hole].ref != ref) {
    assert(slots_[hole].ref != 0);
    hole = Next(hole);
  }
  // Pull back every later slot of the run whose home does not lie in (hole, i], cyclically: it may no longer be reached
  // across the hole otherwise.
  for (std::uint32_t i = Next(hole); slots_[i].ref != 0; i = Next(i)) {
    const std::uint32_t home = Home(slots_[i].hash);
    const bool between = hole < i ? (hole < home && home <= i) : (hole < home || home <= i);
    if (between) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole] = {};
}

}  // namespace sallyport
