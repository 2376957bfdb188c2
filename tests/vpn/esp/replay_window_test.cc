// The replay window against a set that remembers everything.
#include "vpn/esp/replay_window.h"

#include <gtest/gtest.h>

#include <set>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

struct Naive {
  std::uint32_t size, highest = 0;
  std::set<std::uint32_t> seen = {};
  bool May(std::uint32_t s) const {
    if (s == 0) return false;
    if (s > highest) return true;
    return highest - s < size && !seen.contains(s);
  }
  void Accept(std::uint32_t s) {
    seen.insert(s);
    if (s > highest) highest = s;
  }
};

TEST(ReplayWindow, AgreesWithASetAtRandom) {
  for (std::uint32_t size : {64u, 128u, 256u, 512u, 1024u}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      Random random(seed * 7919 + size);
      ReplayWindow window(size);
      Naive naive{size};
      std::uint32_t at = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 0xfffff000u : random.U32() / 2;
      for (int i = 0; i < 4000; ++i) {
        std::uint32_t s = at;
        switch (random.Below(8)) {
          case 0: s = at - random.Below(2 * size); break;
          case 1: s = at - random.Below(70); break;
          case 2: s = at + random.Below(8); break;
          case 3: s = random.Below(50) == 0 ? at + random.Below(5000) : at; break;
          default: break;
        }
        ASSERT_EQ(window.MayAccept(s), naive.May(s)) << size << " " << seed << " " << s << " highest " << naive.highest;
        if (naive.May(s) && random.Below(10) != 0) {  // some are forged, and never accepted
          window.Accept(s);
          naive.Accept(s);
        }
        if (s >= at && s != UINT32_MAX) at = s + 1;
        if (i % 50 == 0) {
          std::uint64_t bits = 0;
          for (std::uint32_t b = 0; b < 64 && b < naive.highest; ++b)
            if (naive.seen.contains(naive.highest - b)) bits |= std::uint64_t{1} << b;
          ASSERT_EQ(window.Last64(), bits);
        }
      }
    }
  }
}

TEST(ReplayWindow, SizesAndOff) {
  EXPECT_EQ(ReplayWindow(1).size(), 64u);
  EXPECT_EQ(ReplayWindow(100000).size(), 1024u);
  ReplayWindow off(0);
  off.Accept(5);
  EXPECT_TRUE(off.MayAccept(5));
  EXPECT_TRUE(off.MayAccept(0));
  ReplayWindow on;
  EXPECT_FALSE(on.MayAccept(0));
  on.Accept(UINT32_MAX);
  EXPECT_FALSE(on.MayAccept(UINT32_MAX));
  EXPECT_TRUE(on.MayAccept(UINT32_MAX - 1));
  EXPECT_FALSE(on.MayAccept(1));
}

}  // namespace
}  // namespace sallyport
