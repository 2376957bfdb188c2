// Two cores of IKE version 1 as the ends of a wire.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/vpn/ike/wire.h"
#include "vpn/ike/v1_core.h"

namespace sallyport::ike_test {

inline L2lEnd Mirror(L2lEnd end) {
  std::swap(end.local, end.peer);
  std::swap(end.inside, end.beyond);
  return end;
}

struct V1Pair : Pair {
  explicit V1Pair(std::uint64_t seed, const L2lEnd& end = {}) : Pair(seed) {
    a.Use(std::make_unique<Ikev1Core>(a), L2lPolicy(end));
    b.Use(std::make_unique<Ikev1Core>(b), L2lPolicy(Mirror(end)));
  }
  Ikev1Core& core_a() { return static_cast<Ikev1Core&>(a.core()); }
  Ikev1Core& core_b() { return static_cast<Ikev1Core&>(b.core()); }
  std::string Said(const End& e) {
    std::string out;
    for (const IkeSaying& s : e.sayings) out += std::to_string(s.syslog) + " " + s.text + "\n";
    return out;
  }
};

// Both ends have what the other one has, nothing is left over, and the tunnel is up (or not).
inline void ExpectUp(V1Pair& pair, std::size_t pairs = 1) {
  EXPECT_EQ(pair.Disagreement(), "");
  EXPECT_EQ(pair.a.children.size(), pairs) << pair.Said(pair.a) << "\n---\n" << pair.Said(pair.b);
  EXPECT_EQ(pair.b.children.size(), pairs);
  EXPECT_EQ(pair.core_a().children(), pair.a.children.size());
  EXPECT_EQ(pair.core_b().children(), pair.b.children.size());
  EXPECT_EQ(pair.a.peers.size(), 1u);
  EXPECT_EQ(pair.b.peers.size(), 1u);
}
inline void ExpectDown(V1Pair& pair) {
  EXPECT_EQ(pair.Disagreement(), "");
  EXPECT_EQ(pair.a.children.size() + pair.b.children.size(), 0u);
  EXPECT_EQ(pair.core_a().children() + pair.core_b().children(), 0u);
  EXPECT_EQ(pair.core_a().sas() + pair.core_b().sas(), 0u) << pair.Said(pair.a) << "\n---\n" << pair.Said(pair.b);
  EXPECT_EQ(pair.a.peers.size() + pair.b.peers.size(), 0u);
}

}  // namespace sallyport::ike_test
