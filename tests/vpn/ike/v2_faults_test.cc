// Version 2 over a wire that loses, doubles and reorders, and both ends doing the same at once: over many seeds the two must
// agree in the end, and lose no packet that could have been carried.
#include <gtest/gtest.h>

#include "tests/vpn/ike/wire.h"
#include "vpn/ike/v2_core.h"

namespace sallyport::ike_test {
namespace {

struct FaultyPair : Pair {
  explicit FaultyPair(std::uint64_t seed) : Pair(seed) {
    L2lEnd one, two;
    one.v1 = two.v1 = false;
    one.cipher = two.cipher = VpnCipher::kAesGcm128;
    one.hash = two.hash = VpnHash::kSha256;
    one.group = two.group = 31;  // the quickest to compute
    two.local = "192.0.2.2";
    two.peer = "192.0.2.1";
    std::swap(two.inside, two.beyond);
    policy_a = L2lPolicy(one);
    policy_b = L2lPolicy(two);
    // Long lives: what is replaced, is so because a test says so.
    for (auto* policy : {policy_a.get(), policy_b.get()}) {
      policy->lifetime_s = 0;
      policy->ikev2_policies[0].lifetime_s = 0;
    }
  }
  void Start() {
    a.Use(std::make_unique<Ikev2Core>(a), policy_a);
    b.Use(std::make_unique<Ikev2Core>(b), policy_b);
  }
  void RekeyChild(End& end) {
    for (const auto& [spi, child] : end.children) {
      if (!child.outbound || child.retired) continue;
      TunnelEvent e;
      e.what = TunnelEvent::What::kRekey;
      e.spi_in = spi;
      end.core().Event(e, times);
      return;
    }
  }
  // Each end looks at what is left of it: pairs without an IKE SA, or IKE SAs in numbers.
  std::string Leftovers() {
    std::string out;
    for (End* e : {&a, &b}) {
      const auto views = e->core().Views(times);
      std::size_t children = 0;
      for (const auto& v : views) {
        if (v.state != IkeState::kReady) out += "an SA that is not ready; ";
        children += v.children.size();
      }
      if (children != e->children.size()) out += "pairs that no SA knows; ";
      if (views.size() != e->peers.size()) out += "SAs that nobody was told of; ";
    }
    return out;
  }
  std::shared_ptr<VpnPolicy> policy_a, policy_b;
};

TEST(Ikev2Faults, LossDuplicationAndReordering) {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    FaultyPair p(seed);
    p.faults = {30, 30, Duration::Milliseconds(1), Duration::Milliseconds(900)};
    p.compute_takes = Duration::Milliseconds(50);
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Seconds(127));
    p.faults = {};
    p.Run(Duration::Seconds(140));
    ASSERT_EQ(p.Disagreement() + p.Leftovers(), "") << seed;
    if (p.a.children.empty()) continue;  // seven losses in a row are possible
    ASSERT_EQ(p.a.children.size(), 1u) << seed;
  }
}

TEST(Ikev2Faults, BothBeginAtOnce) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    FaultyPair p(seed);
    p.faults = {seed % 3 == 0 ? 20u : 0u, 10, Duration::Milliseconds(1), Duration::Milliseconds(300)};
    p.compute_takes = Duration::Milliseconds(40);
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Milliseconds(static_cast<std::int64_t>(seed % 400)));
    p.Need(p.b);
    p.Run(Duration::Seconds(140));
    p.faults = {};
    p.Run(Duration::Seconds(60));
    ASSERT_EQ(p.Disagreement() + p.Leftovers(), "") << seed;
    if (seed % 3 != 0) {
      ASSERT_EQ(p.a.children.size(), 1u) << seed;
      ASSERT_EQ(p.b.children.size(), 1u) << seed;
      ASSERT_EQ(p.a.peers.size(), 1u) << seed;
    }
  }
}

TEST(Ikev2Faults, CrossingRekeysOfAChild) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    FaultyPair p(seed);
    p.policy_a->entries[0].pfs_group = p.policy_b->entries[0].pfs_group = seed % 2 == 0 ? 31 : 0;
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Seconds(1));
    const std::uint32_t old = p.a.children.begin()->first;
    p.faults = {seed % 4 == 0 ? 25u : 0u, 10, Duration::Milliseconds(1), Duration::Milliseconds(200)};
    p.compute_takes = Duration::Milliseconds(30);
    p.RekeyChild(seed % 3 == 0 ? p.b : p.a);
    p.Run(Duration::Milliseconds(static_cast<std::int64_t>(seed * 7 % 350)));
    p.RekeyChild(seed % 3 == 0 ? p.a : p.b);
    for (int i = 0; i < 60; ++i) {
      p.Traffic();
      p.Run(Duration::Seconds(1));
    }
    p.faults = {};
    for (int i = 0; i < 80; ++i) {
      p.Traffic();
      p.Run(Duration::Seconds(1));
    }
    ASSERT_EQ(p.Disagreement() + p.Leftovers(), "") << seed;
    ASSERT_EQ(p.a.children.size(), 1u) << seed;
    ASSERT_EQ(p.b.children.size(), 1u) << seed;
    ASSERT_NE(p.a.children.begin()->first, old) << seed;
    ASSERT_EQ(p.lost_packets, 0u) << seed;
    ASSERT_NE(p.a.Current(), nullptr) << seed;
    ASSERT_NE(p.b.Current(), nullptr) << seed;
  }
}

TEST(Ikev2Faults, CrossingRekeysOfTheIkeSa) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    FaultyPair p(seed);
    p.policy_a->ikev2_policies[0].lifetime_s = p.policy_b->ikev2_policies[0].lifetime_s = 1000;
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Seconds(1));
    const auto before = p.a.core().Views(p.times)[0].local_spi;
    p.faults = {seed % 4 == 0 ? 25u : 0u, 10, Duration::Milliseconds(1), Duration::Milliseconds(200)};
    p.compute_takes = Duration::Milliseconds(30);
    // 85 per cent of the initiator's life, 95 of the responder's: the clocks of both are moved so that both are due, nearly
    // at once.
    p.times.now = p.times.now + Duration::Seconds(955);
    p.a.core().AdvanceTo(p.times);
    p.Run(Duration::Milliseconds(static_cast<std::int64_t>(seed * 7 % 350)));
    for (int i = 0; i < 140; ++i) {
      if (i == 60) p.faults = {};
      p.Traffic();
      p.Run(Duration::Seconds(1));
    }
    ASSERT_EQ(p.Disagreement() + p.Leftovers(), "") << seed;
    if (p.a.children.empty()) continue;  // a seventh loss in a row
    ASSERT_EQ(p.a.children.size(), 1u) << seed;
    ASSERT_EQ(p.a.core().Views(p.times).size(), 1u) << seed;
    ASSERT_EQ(p.b.core().Views(p.times).size(), 1u) << seed;
    ASSERT_NE(p.a.core().Views(p.times)[0].local_spi, before) << seed;
    ASSERT_EQ(p.a.core().Views(p.times)[0].local_spi, p.b.core().Views(p.times)[0].remote_spi) << seed;
    ASSERT_EQ(p.lost_packets, 0u) << seed;
  }
}

// Everything at once and in any order: rekeys of both kinds, deletions, new pairs.
TEST(Ikev2Faults, AnythingAtAnyTime) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    FaultyPair p(seed);
    p.policy_a->ikev2_policies[0].lifetime_s = p.policy_b->ikev2_policies[0].lifetime_s = 100;
    p.policy_a->lifetime_s = 61;
    p.policy_b->lifetime_s = 67;
    p.Start();
    p.faults = {10, 10, Duration::Milliseconds(1), Duration::Milliseconds(300)};
    p.compute_takes = Duration::Milliseconds(60);
    for (int i = 0; i < 200; ++i) {
      switch (p.random.Below(12)) {
        case 0:
          p.Need(p.a);
          break;
        case 1:
          p.Need(p.b);
          break;
        case 2:
          p.RekeyChild(p.a);
          break;
        case 3:
          p.RekeyChild(p.b);
          break;
        case 4: {
          IkeClear what;
          what.ipsec_only = true;
          if (p.random.Below(4) == 0) p.a.core().Clear(what, p.times);
          break;
        }
        case 5:
          if (p.random.Below(4) == 0) p.b.core().Clear({}, p.times);
          break;
        default:
          p.Traffic();
          break;
      }
      p.Run(Duration::Milliseconds(p.random.Below(1500)));
    }
    p.faults = {};
    p.Run(Duration::Seconds(140));
    p.Need(p.a);
    p.Run(Duration::Seconds(20));
    ASSERT_EQ(p.Disagreement(), "") << seed;
    ASSERT_FALSE(p.a.children.empty()) << seed;
  }
}

}  // namespace
}  // namespace sallyport::ike_test
