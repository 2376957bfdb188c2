// The life of tunnels of IKE version 1: lifetimes and rekeys, dead peers, NAT, restarts, changed policies.
#include <gtest/gtest.h>

#include "tests/vpn/ike/v1_pair.h"

namespace sallyport {
namespace {

using namespace ike_test;

// Lifetimes that both ends have.
void SetLifetimes(V1Pair& pair, std::uint32_t phase1, std::uint32_t phase2, const L2lEnd& end = {}) {
  for (End* e : {&pair.a, &pair.b}) {
    auto policy = L2lPolicy(e == &pair.a ? end : Mirror(end));
    policy->ikev1_policies[0].lifetime_s = phase1;
    policy->lifetime_s = phase2;
    e->UsePolicy(policy);
  }
}

void RunWithTraffic(V1Pair& pair, int seconds) {
  for (int i = 0; i < seconds; ++i) {
    pair.Run(Duration::Seconds(1));
    pair.Traffic();
  }
}

TEST(V1Life, RekeysOfBothPhasesLoseNoPacket) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    V1Pair pair(seed);
    SetLifetimes(pair, seed % 2 == 0 ? 700 : 300, seed % 3 == 0 ? 200 : 400);
    pair.faults.lose = seed > 3 ? 10 : 0;
    pair.Need(pair.a);
    for (int i = 0; i < 40 && (pair.a.Current() == nullptr || pair.b.Current() == nullptr); ++i)
      pair.Run(Duration::Seconds(1));
    pair.Run(Duration::Seconds(20));
    ASSERT_NE(pair.a.Current(), nullptr) << pair.Said(pair.a);
    RunWithTraffic(pair, 3000);
    EXPECT_EQ(pair.lost_packets, 0u) << seed;
    EXPECT_EQ(pair.Disagreement(), "");
    EXPECT_GT(pair.a.installed, 7u);
    EXPECT_NE(pair.a.Current(), nullptr);
    EXPECT_NE(pair.b.Current(), nullptr);
    EXPECT_LE(pair.a.children.size(), 3u);
    EXPECT_LE(pair.core_a().sas(), 3u);
    EXPECT_EQ(pair.a.peers.size(), 1u);
    EXPECT_EQ(pair.b.peers.size(), 1u);
    for (const auto& [number, why] : pair.a.peers_down) EXPECT_EQ(why, IkeEnd::kReplaced);
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << pair.Said(pair.a).substr(0, 60000);
      return;
    }
  }
}

TEST(V1Life, CrossingRekeysAgree) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    V1Pair pair(seed);
    pair.faults.most = Duration::Milliseconds(300);
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(60));
    ASSERT_NE(pair.a.Current(), nullptr);
    // The counters of both ends run out at the same time.
    TunnelEvent event;
    event.what = TunnelEvent::What::kRekey;
    event.spi_in = pair.a.Current()->sa->spi_in;
    const std::uint32_t other = pair.b.Current()->sa->spi_in;
    pair.a.core().Event(event, pair.times);
    pair.Run(Duration::Milliseconds(static_cast<std::int64_t>(pair.random.Below(400))));
    event.spi_in = other;
    pair.b.core().Event(event, pair.times);
    if (seed % 2 == 0) pair.faults.lose = 25;
    RunWithTraffic(pair, 150);
    EXPECT_EQ(pair.lost_packets, 0u);
    EXPECT_EQ(pair.Disagreement(), "");
    EXPECT_EQ(pair.a.children.size(), 1u);
    EXPECT_EQ(pair.b.children.size(), 1u);
    EXPECT_NE(pair.a.Current(), nullptr);
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << pair.Said(pair.a).substr(0, 60000);
      return;
    }
  }
}

TEST(V1Life, TheHardLimitEndsAPairThatCannotBeRekeyed) {
  V1Pair pair(4);
  SetLifetimes(pair, 86400, 120);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  pair.faults.lose = 100;
  pair.Run(Duration::Seconds(500));
  ExpectDown(pair);
}

TEST(V1Life, AnOperatorsClockEndsLifetimesAndKillsNoPeer) {
  V1Pair pair(5);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  pair.MoveClock(Duration::Seconds(26000));  // behind 85 % of 28800, before 95 %
  pair.Run(Duration::Seconds(60));
  RunWithTraffic(pair, 60);
  EXPECT_EQ(pair.Disagreement(), "");
  EXPECT_GE(pair.a.installed, 2u);
  EXPECT_EQ(pair.lost_packets, 0u);
  EXPECT_EQ(pair.a.Said(713123), 0);
}

TEST(V1Life, LifetimesAreNegotiated) {
  V1Pair pair(6);
  auto policy = L2lPolicy(Mirror({}));
  policy->lifetime_s = 3600;
  policy->lifetime_kb = 100000;
  pair.b.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  for (End* e : {&pair.a, &pair.b}) {
    EXPECT_EQ(e->children.begin()->second.sa->seconds.interval, 3600u);
    EXPECT_EQ(e->children.begin()->second.sa->kilobytes.interval, 100000u);
  }
  EXPECT_TRUE(pair.b.Said("Overriding Initiator's IPSec rekeying duration from 28800 to 3600 seconds"));
  EXPECT_TRUE(pair.a.Said("Responder forcing change of IPSec rekeying duration from 28800 to 3600 seconds"));
}

TEST(V1Life, NoLifetimeOfPhaseOneIsForEver) {
  V1Pair pair(7);
  SetLifetimes(pair, 0, 28800);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  EXPECT_EQ(pair.a.core().Views(pair.times).at(0).lifetime_s, 0u);
  pair.MoveClock(Duration::Seconds(20000));
  pair.Run(Duration::Seconds(1));
  EXPECT_EQ(pair.core_a().sas(), 1u);
}

TEST(V1Life, ADeadPeerIsFoundAndALivingOneIsNot) {
  V1Pair pair(8);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(120));
  ExpectUp(pair);  // each end was asked, and answered
  EXPECT_TRUE(pair.a.Said("Sending keep-alive of type DPD R-U-THERE (seq number 0x"));
  EXPECT_TRUE(pair.a.Said("Received keep-alive of type DPD R-U-THERE-ACK"));
  pair.faults.lose = 100;
  // While packets come nobody asks.
  const std::size_t before = pair.a.sent.size() + pair.b.sent.size();
  RunWithTraffic(pair, 60);
  EXPECT_LE(pair.a.sent.size() + pair.b.sent.size(), before + 2);
  ExpectUp(pair);
  const std::size_t silent = pair.a.sent.size();
  pair.Run(Duration::Seconds(17));  // 10 idle, then 2 after each of four
  EXPECT_EQ(pair.a.sent.size(), silent + 4);
  EXPECT_EQ(pair.a.children.size(), 1u);
  pair.Run(Duration::Seconds(3));
  ExpectDown(pair);
  EXPECT_EQ(pair.a.Said(713123), 1);
  EXPECT_EQ(pair.a.peers_down.at(0).second, IkeEnd::kLostService);
}

TEST(V1Life, WithCSCsr63074OnlyATunnelThatIsNotUsedIsAskedFor) {
  V1Pair pair(8);
  auto policy = std::make_shared<VpnPolicy>(*L2lPolicy({}));
  policy->ssl.emulated_bugs = {"CSCsr63074"};
  pair.a.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  pair.faults.lose = 100;
  const auto sends = [&](int seconds) {
    for (int i = 0; i < seconds; i++) {
      for (auto& [spi, child] : pair.a.children) {
        child.sa->activity->packets_out++;
        child.sa->activity->last_out_ns = pair.times.now.ns;
      }
      pair.Run(Duration::Seconds(1));
    }
  };
  sends(60);
  EXPECT_EQ(pair.a.Said(713123), 0);
  EXPECT_EQ(pair.a.children.size(), 1u);
  pair.Run(Duration::Seconds(25));
  EXPECT_EQ(pair.a.Said(713123), 1) << "idle at last";
}

TEST(V1Life, ARestartedPeerSaysSo) {
  V1Pair pair(9);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  const std::uint32_t old = pair.b.children.begin()->first;
  pair.a.Restart(std::make_unique<Ikev1Core>(pair.a));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  EXPECT_EQ(pair.b.children.count(old), 0u);
  EXPECT_EQ(pair.core_b().sas(), 1u);
}

TEST(V1Life, AnUnknownSpiIsToldAndThePairGoes) {
  V1Pair pair(10);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  const std::uint32_t gone = pair.a.children.begin()->first;
  // b loses a pair without saying so.
  IkeClear clear;
  clear.spi_in = pair.b.children.begin()->first;
  clear.ipsec_only = true;
  pair.faults.lose = 100;
  pair.b.core().Clear(clear, pair.times);
  pair.faults.lose = 0;
  TunnelEvent event;
  event.what = TunnelEvent::What::kInvalidSpi;
  event.at = IfId{1};
  event.local = {pair.b.address(), 0};
  event.peer = {pair.a.address(), 0};
  event.spi = *clear.spi_in;
  for (int i = 0; i < 10; ++i) pair.b.core().Event(event, pair.times);
  pair.Run(Duration::Seconds(1));
  EXPECT_EQ(pair.a.children.count(gone), 0u);
  EXPECT_TRUE(pair.a.Said("Received non-routine Notify message: Invalid SPI (11)"));
  pair.Run(Duration::Seconds(5));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
}

TEST(V1Life, BehindNat) {
  V1Pair pair(11);
  pair.nat = Ip("198.51.100.9");
  auto policy = L2lPolicy(Mirror({}));
  policy->entries[0].peers = {*pair.nat};
  policy->groups[pair.nat->ToString()] = policy->groups["192.0.2.1"];
  pair.b.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  const ChildSa& sa = *pair.b.children.begin()->second.sa;
  EXPECT_EQ(sa.encapsulation, EspEncapsulation::kNatT);
  EXPECT_EQ(sa.peer.address, *pair.nat);
  EXPECT_EQ(sa.peer.port, 4500 + pair.nat_shift);
  EXPECT_EQ(sa.local.port, 4500);
  EXPECT_TRUE(pair.a.core().Views(pair.times).at(0).nat_inside);
  EXPECT_TRUE(pair.b.core().Views(pair.times).at(0).nat_outside);
  EXPECT_TRUE(
      pair.b.Said("Automatic NAT Detection Status:     Remote end   IS   behind a NAT device     This   end is NOT behind"));
  // Keepalives of the end behind it.
  const std::size_t before = pair.a.sent.size();
  pair.Run(Duration::Seconds(21));
  EXPECT_TRUE(std::any_of(pair.a.sent.begin() + static_cast<std::ptrdiff_t>(before), pair.a.sent.end(),
                          [](const IkeDatagram& d) { return d.bytes == std::vector<std::uint8_t>{0xff}; }));
  // The device forgets the mapping and makes another one: an authenticated message moves the peer.
  pair.nat_shift = 30000;
  pair.Run(Duration::Seconds(30));
  EXPECT_EQ(pair.b.core().Views(pair.times).at(0).remote.port, 34500);
  EXPECT_EQ(pair.b.moved[sa.spi_in].port, 34500);
  // Rekeys go the same way.
  TunnelEvent event;
  event.what = TunnelEvent::What::kRekey;
  event.spi_in = pair.b.children.begin()->first;
  pair.b.core().Event(event, pair.times);
  pair.Run(Duration::Seconds(5));
  EXPECT_EQ(pair.b.children.size(), 2u);
  EXPECT_EQ(pair.Disagreement(), "");
}

TEST(V1Life, WithoutNatTraversalNothingFloats) {
  V1Pair pair(12);
  auto policy = L2lPolicy(Mirror({}));
  policy->nat_traversal = false;
  pair.b.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  EXPECT_EQ(pair.a.children.begin()->second.sa->encapsulation, EspEncapsulation::kNone);
}

TEST(V1Life, AChangedPolicyEndsWhatItNoLongerWants) {
  V1Pair pair(13);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  pair.a.UsePolicy(L2lPolicy({}));  // the same again
  pair.Run(Duration::Seconds(1));
  ExpectUp(pair);
  auto policy = L2lPolicy({});
  policy->entries.clear();
  pair.a.UsePolicy(policy);
  pair.Run(Duration::Seconds(2));
  ExpectDown(pair);
}

// As an ASA says: what is there stays as it was negotiated; what changes counts from the next negotiation on.
TEST(V1Life, AChangedSetAndAChangedKeyCountFromTheNextNegotiationOn) {
  V1Pair pair(17);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  const std::uint32_t before = pair.a.children.begin()->first;
  L2lEnd changed;
  changed.psk = "another";
  changed.cipher = VpnCipher::kAes256;
  changed.pfs = 5;
  pair.a.UsePolicy(L2lPolicy(changed));
  pair.b.UsePolicy(L2lPolicy(Mirror(changed)));
  pair.Run(Duration::Seconds(60));
  ExpectUp(pair);
  EXPECT_EQ(pair.a.children.begin()->first, before);
  EXPECT_EQ(pair.a.children.begin()->second.sa->cipher, VpnCipher::k3Des);
  // A rekey of phase 2 is the next negotiation for the set; the association that was authenticated with the old key stays.
  TunnelEvent event;
  event.what = TunnelEvent::What::kRekey;
  event.spi_in = before;
  pair.a.core().Event(event, pair.times);
  pair.Run(Duration::Seconds(60));
  ExpectUp(pair);
  EXPECT_NE(pair.a.children.begin()->first, before);
  EXPECT_EQ(pair.a.children.begin()->second.sa->cipher, VpnCipher::kAes256);
  EXPECT_EQ(pair.a.children.begin()->second.sa->pfs_group, 5);
  EXPECT_EQ(pair.a.core().Views(pair.times).at(0).cipher, VpnCipher::k3Des);
  // And `clear crypto isakmp sa` makes all of it new.
  pair.a.core().Clear({}, pair.times);
  pair.Run(Duration::Seconds(2));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  EXPECT_EQ(pair.a.core().Views(pair.times).at(0).cipher, VpnCipher::kAes256);
}

TEST(V1Life, BackupPeers) {
  V1Pair pair(14);
  auto policy = L2lPolicy({});
  policy->entries[0].peers = {Ip("203.0.113.77"), Ip("192.0.2.2")};
  policy->groups["203.0.113.77"] = policy->groups["192.0.2.2"];
  pair.a.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(40));
  ExpectUp(pair);
}

TEST(V1Life, HalfOpenNegotiationsAreBounded) {
  V1Pair pair(15);
  auto policy = L2lPolicy(Mirror({}));
  policy->max_in_negotiation_v1 = 20;
  pair.b.UsePolicy(policy);
  pair.faults.lose = 100;
  pair.Need(pair.a);
  for (std::uint64_t i = 1; i <= 500; ++i) {
    IkeDatagram d = pair.a.sent.at(0);
    std::swap(d.local, d.peer);
    StoreBe64(d.bytes.data(), i);
    pair.b.core().Receive(d, pair.times);
    EXPECT_LE(pair.core_b().sas(), 20u);
  }
  EXPECT_EQ(pair.b.core().Stats().in_negotiation_high, 20u);
  EXPECT_EQ(pair.b.core().Stats().in_negotiation_rejected, 480u);
  EXPECT_TRUE(pair.b.Said("Maximum concurrent IKE negotiations exceeded!"));
  pair.Run(Duration::Seconds(40));
  EXPECT_EQ(pair.core_b().sas(), 0u);
}

// First messages from nowhere do not keep out a peer that answers.
TEST(V1Life, FloodOfFirstMessagesLetsAPeerIn) {
  V1Pair pair(16);
  auto policy = L2lPolicy(Mirror({}));
  policy->max_in_negotiation_v1 = 20;
  pair.b.UsePolicy(policy);
  pair.faults.lose = 100;
  pair.Need(pair.a);
  for (std::uint64_t i = 1; i <= 500; ++i) {
    IkeDatagram d = pair.a.sent.at(0);
    std::swap(d.local, d.peer);
    StoreBe64(d.bytes.data(), i);
    pair.b.core().Receive(d, pair.times);
  }
  pair.faults.lose = 0;
  pair.Run(Duration::Seconds(10));  // the first message is repeated after eight
  ExpectUp(pair);
}

}  // namespace
}  // namespace sallyport
