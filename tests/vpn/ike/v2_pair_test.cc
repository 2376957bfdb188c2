// Two ends of version 2 negotiate in memory.
#include <gtest/gtest.h>

#include "tests/vpn/ike/wire.h"
#include "vpn/ike/v2_core.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport::ike_test {
namespace {

struct V2Pair : Pair {
  explicit V2Pair(std::uint64_t seed = 1, std::function<void(L2lEnd&, L2lEnd&)> change = {}) : Pair(seed) {
    L2lEnd one, two;
    one.v1 = two.v1 = false;
    one.cipher = two.cipher = VpnCipher::kAes256;
    one.hash = two.hash = VpnHash::kSha256;
    one.group = two.group = 19;
    two.local = "192.0.2.2";
    two.peer = "192.0.2.1";
    std::swap(two.inside, two.beyond);
    if (change) change(one, two);
    policy_a = L2lPolicy(one);
    policy_b = L2lPolicy(two);
  }
  void Start() {
    a.Use(std::make_unique<Ikev2Core>(a), policy_a);
    b.Use(std::make_unique<Ikev2Core>(b), policy_b);
  }
  // The data path says that the pair is nearly used up.
  void Rekey(End& end) {
    TunnelEvent e;
    e.what = TunnelEvent::What::kRekey;
    e.spi_in = end.children.begin()->first;
    end.core().Event(e, times);
  }
  std::shared_ptr<VpnPolicy> policy_a, policy_b;
};

void ExpectTunnel(V2Pair& p) {
  EXPECT_EQ(p.Disagreement(), "");
  EXPECT_EQ(p.a.children.size(), 1u);
  EXPECT_EQ(p.b.children.size(), 1u);
  EXPECT_EQ(p.a.peers.size(), 1u);
  EXPECT_EQ(p.b.peers.size(), 1u);
}

// No answer comes, and nothing is left.
void ExpectNothing(V2Pair& p) {
  EXPECT_EQ(p.Disagreement(), "");
  EXPECT_TRUE(p.a.children.empty());
  EXPECT_TRUE(p.b.children.empty());
  EXPECT_TRUE(p.a.peers.empty());
  EXPECT_TRUE(p.b.peers.empty());
}

TEST(Ikev2, SiteToSiteWithPreSharedKeys) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  // Two exchanges, and not a message more.
  EXPECT_EQ(p.a.sent.size(), 2u);
  EXPECT_EQ(p.b.sent.size(), 2u);
  const auto here = p.a.core().Views(p.times), there = p.b.core().Views(p.times);
  ASSERT_EQ(here.size(), 1u);
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(here[0].state, IkeState::kReady);
  EXPECT_TRUE(here[0].initiator);
  EXPECT_FALSE(there[0].initiator);
  EXPECT_EQ(here[0].local_spi, there[0].remote_spi);
  EXPECT_EQ(here[0].remote_spi, there[0].local_spi);
  ASSERT_EQ(here[0].children.size(), 1u);
  EXPECT_EQ(here[0].children[0].local.first, Ip("10.1.0.0"));
  EXPECT_EQ(here[0].children[0].remote.last, Ip("10.2.255.255"));
  EXPECT_EQ(p.a.children.begin()->second.sa->hash, VpnHash::kSha256);
  EXPECT_TRUE(p.a.children.begin()->second.outbound);
  EXPECT_EQ(p.a.Said(750006), 1);
  EXPECT_EQ(p.b.Said(750002), 1);
  EXPECT_EQ(p.a.key_log, p.b.key_log);
  // The same is not asked for twice.
  p.Need(p.a);
  p.Need(p.b);
  p.Run(Duration::Seconds(1));
  EXPECT_EQ(p.a.sent.size(), 2u);
}

TEST(Ikev2, TheOtherEndMayBegin) {
  V2Pair p;
  p.Start();
  p.Need(p.b);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
}

TEST(Ikev2, KeysMayDifferByDirection) {
  V2Pair p;
  p.policy_a->groups["192.0.2.2"].ikev2_local_psk = "one";
  p.policy_a->groups["192.0.2.2"].ikev2_remote_psk = "two";
  p.policy_b->groups["192.0.2.1"].ikev2_local_psk = "two";
  p.policy_b->groups["192.0.2.1"].ikev2_remote_psk = "one";
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
}

TEST(Ikev2, EveryGroupAndCipher) {
  for (const std::uint16_t group : {1, 2, 5, 14, 15, 16, 19, 20, 21, 24, 31}) {
    V2Pair p(group, [&](L2lEnd& one, L2lEnd& two) { one.group = two.group = group; });
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Seconds(1));
    ExpectTunnel(p);
  }
  for (const VpnCipher cipher : {VpnCipher::kDes, VpnCipher::k3Des, VpnCipher::kAes128, VpnCipher::kAes192,
                                 VpnCipher::kAes256, VpnCipher::kAesGcm128, VpnCipher::kAesGcm192, VpnCipher::kAesGcm256}) {
    for (const VpnHash hash : {VpnHash::kMd5, VpnHash::kSha1, VpnHash::kSha256, VpnHash::kSha384, VpnHash::kSha512}) {
      V2Pair p(7, [&](L2lEnd& one, L2lEnd& two) {
        one.cipher = two.cipher = cipher;
        one.hash = two.hash = hash;
      });
      p.Start();
      p.Need(p.a);
      p.Run(Duration::Seconds(1));
      ExpectTunnel(p);
    }
  }
}

TEST(Ikev2, AnotherGroupIsWanted) {
  V2Pair p;
  p.policy_a->ikev2_policies[0].groups = {14, 19};
  p.policy_b->ikev2_policies[0].groups = {19};
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_EQ(p.a.sent.size(), 3u);
}

// RFC 7296 3.3.1: the answer has the number of the proposal that it takes, and so has that of every rekey.
TEST(Ikev2, NotTheFirstProposal) {
  V2Pair p;
  Ikev2Policy gcm = p.policy_a->ikev2_policies[0];
  gcm.priority = 1;
  gcm.ciphers = {VpnCipher::kAesGcm256};
  gcm.integrity = {VpnHash::kNone};
  p.policy_a->ikev2_policies.insert(p.policy_a->ikev2_policies.begin(), gcm);
  EspProposal esp;
  esp.name = "gcm";
  esp.ciphers = {VpnCipher::kAesGcm256};
  p.policy_a->entries[0].ikev2_proposals.insert(p.policy_a->entries[0].ikev2_proposals.begin(), esp);
  for (auto& policy : p.policy_a->ikev2_policies) policy.lifetime_s = 1000;
  p.policy_a->lifetime_s = 600;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(900));  // the IKE SA and the pair are replaced
  ExpectTunnel(p);
  EXPECT_EQ(p.a.children.begin()->second.sa->cipher, VpnCipher::kAes256);
  EXPECT_EQ(p.a.peers.begin()->second.cipher, VpnCipher::kAes256);
  ASSERT_EQ(p.a.peers_down.size(), 1u);
  EXPECT_EQ(p.a.peers_down[0].second, IkeEnd::kReplaced);
}

TEST(Ikev2, NoProposalThatBothHave) {
  V2Pair p;
  p.policy_b->ikev2_policies[0].ciphers = {VpnCipher::kAes128};
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(3));
  ExpectNothing(p);
  EXPECT_TRUE(p.b.Said("IKEv2 Negotiation aborted due to ERROR: Failed to find a matching policy"));
  EXPECT_TRUE(p.a.Said("IKEv2 Negotiation aborted due to ERROR: Received no proposal chosen notify"));
  EXPECT_EQ(p.b.sent.size(), 1u);
  EXPECT_EQ(p.b.sent[0].bytes.size(), 36u);  // as an ASA's
}

// Anybody can send an answer that neither chooses nor refuses.
TEST(Ikev2, AnAnswerThatSaysNothing) {
  V2Pair p;
  p.on_wire = [&](End& from, IkeDatagram& d) {
    if (&from != &p.b || d.bytes[18] != 34) return true;
    d.bytes.resize(28);
    d.bytes[16] = 41;
    d.bytes.insert(d.bytes.end(), {0, 0, 0, 8, 0, 0, 0x40, 0x2e});
    d.bytes[26] = 0;
    d.bytes[27] = 36;
    return true;
  };
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(40));
  ExpectNothing(p);
}

TEST(Ikev2, WrongKey) {
  V2Pair p;
  p.policy_b->groups["192.0.2.1"].ikev2_remote_psk = "something else";
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(2));
  ExpectNothing(p);
  EXPECT_TRUE(p.b.Said("Failed to authenticate the IKE SA"));
  p.Run(Duration::Seconds(100));
  EXPECT_TRUE(p.b.core().Views(p.times).empty());
}

TEST(Ikev2, TheInitiatorDoesNotBelieveTheResponder) {
  V2Pair p;
  p.policy_a->groups["192.0.2.2"].ikev2_remote_psk = "something else";
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(2));
  ExpectNothing(p);
  EXPECT_TRUE(p.a.Said("Failed to authenticate the IKE SA"));
  EXPECT_TRUE(p.a.core().Views(p.times).empty());
}

TEST(Ikev2, NoKeyAtAll) {
  V2Pair p;
  p.policy_a->groups["192.0.2.2"].ikev2_local_psk.clear();
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(2));
  ExpectNothing(p);
  EXPECT_EQ(p.a.Said(751002), 1);
  EXPECT_TRUE(p.a.sent.empty());
}

TEST(Ikev2, SelectorsThatNobodyHas) {
  V2Pair p(1, [](L2lEnd&, L2lEnd& two) { two.inside = Prefix::Of(Ip("10.9.0.0"), 16); });
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(5));
  // As an ASA: the IKE SA comes up without a child, and the initiator ends it.
  ExpectNothing(p);
  EXPECT_EQ(p.b.Said(751022), 1);
  EXPECT_TRUE(p.a.Said("Received no proposal chosen notify"));
}

TEST(Ikev2, NarrowedToWhatTheResponderHas) {
  V2Pair p(1, [](L2lEnd&, L2lEnd& two) {
    two.inside = Prefix::Of(Ip("10.2.0.0"), 24);
    two.beyond = Prefix::Of(Ip("10.1.0.0"), 20);
  });
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_EQ(p.a.children.begin()->second.sa->key.remote[0].addresses, AddressRange::Of(Prefix::Of(Ip("10.2.0.0"), 24)));
  EXPECT_EQ(p.a.children.begin()->second.sa->key.local[0].addresses, AddressRange::Of(Prefix::Of(Ip("10.1.0.0"), 20)));
  EXPECT_EQ(p.a.children.begin()->second.sa->key.local.size(), 1u);
}

TEST(Ikev2, ANarrowResponseWithoutThePacketIsRefused) {
  // The packet that began it is 10.2.0.7; the responder has another part of 10.2.0.0/16 only.
  V2Pair p(1, [](L2lEnd&, L2lEnd& two) { two.inside = Prefix::Of(Ip("10.2.5.0"), 24); });
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(5));
  ExpectNothing(p);
}

TEST(Ikev2, OneElementOneChild) {
  V2Pair p;
  const auto acl = [](bool mirrored) {
    const Prefix a1 = Prefix::Of(Ip("10.1.0.0"), 24), a2 = Prefix::Of(Ip("10.1.1.0"), 24),
                 b1 = Prefix::Of(Ip("10.2.0.0"), 24);
    return mirrored ? CryptoAcl("l2l", {{b1, a1}, {b1, a2}}) : CryptoAcl("l2l", {{a1, b1}, {a2, b1}});
  };
  p.policy_a->entries[0].match = acl(false);
  p.policy_b->entries[0].match = acl(true);
  p.Start();
  p.Need(p.a);
  TunnelFlow flow;
  flow.src = Ip("10.1.1.9");
  flow.dst = Ip("10.2.0.9");
  flow.protocol = 17;
  flow.at = IfId{1};
  p.a.core().Need(1, flow, p.times);  // while the first is being negotiated
  p.Run(Duration::Seconds(2));
  EXPECT_EQ(p.Disagreement(), "");
  EXPECT_EQ(p.a.children.size(), 2u);
  EXPECT_EQ(p.b.children.size(), 2u);
  EXPECT_EQ(p.a.peers.size(), 1u);
  EXPECT_EQ(p.a.core().Views(p.times)[0].children.size(), 2u);
}

TEST(Ikev2, PerfectForwardSecrecyIsForLaterChildren) {
  for (const bool other_too : {false, true}) {
    V2Pair p(1, [&](L2lEnd& one, L2lEnd& two) {
      one.pfs = 14;
      two.pfs = other_too ? 14 : 0;
    });
    p.policy_a->lifetime_s = p.policy_b->lifetime_s = 1000;
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Seconds(1));
    ExpectTunnel(p);
    EXPECT_EQ(p.a.children.begin()->second.sa->pfs_group, 0);
    p.Run(Duration::Seconds(900));
    ExpectTunnel(p);
    EXPECT_EQ(p.a.children.begin()->second.sa->pfs_group, 14);
    EXPECT_EQ(p.b.children.begin()->second.sa->pfs_group, 14);
  }
}

TEST(Ikev2, RekeyOfAChildLosesNothing) {
  V2Pair p;
  p.policy_a->lifetime_s = 1000;
  p.policy_b->lifetime_s = 1000;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  const std::uint32_t first = p.a.children.begin()->first;
  for (int i = 0; i < 9000; ++i) {
    p.Traffic();
    p.Run(Duration::Milliseconds(100));
  }
  EXPECT_EQ(p.lost_packets, 0u);
  p.Run(Duration::Seconds(10));
  ExpectTunnel(p);
  EXPECT_NE(p.a.children.begin()->first, first);
  EXPECT_EQ(p.a.peers.size(), 1u);
  EXPECT_EQ(p.a.peers_down.size(), 0u);
}

TEST(Ikev2, RekeyOfTheIkeSa) {
  V2Pair p;
  p.policy_a->ikev2_policies[0].lifetime_s = 1000;
  p.policy_b->ikev2_policies[0].lifetime_s = 1000;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  const std::uint32_t first = p.a.children.begin()->first;
  for (int i = 0; i < 900; ++i) {
    p.Traffic();
    p.Run(Duration::Seconds(1));
  }
  ExpectTunnel(p);
  EXPECT_EQ(p.lost_packets, 0u);
  EXPECT_EQ(p.a.children.begin()->first, first);  // the pair is the same
  ASSERT_EQ(p.a.peers_down.size(), 1u);
  EXPECT_EQ(p.a.peers_down[0].second, IkeEnd::kReplaced);
  ASSERT_EQ(p.b.peers_down.size(), 1u);
  EXPECT_EQ(p.b.peers_down[0].second, IkeEnd::kReplaced);
  EXPECT_EQ(p.a.core().Views(p.times).size(), 1u);
  EXPECT_EQ(p.b.core().Views(p.times).size(), 1u);
  // And it works: a child is replaced by way of it.
  p.Rekey(p.b);
  p.Run(Duration::Seconds(10));
  ExpectTunnel(p);
  EXPECT_NE(p.a.children.begin()->first, first);
}

TEST(Ikev2, ClearedByTheOperator) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  EXPECT_EQ(p.a.core().Clear({}, p.times), 1u);
  EXPECT_TRUE(p.a.children.empty());  // at once
  p.Run(Duration::Seconds(1));
  ExpectNothing(p);
  ASSERT_EQ(p.b.peers_down.size(), 1u);
  EXPECT_EQ(p.b.peers_down[0].second, IkeEnd::kUserRequested);
  EXPECT_EQ(p.a.peers_down[0].second, IkeEnd::kAdministratorReset);
  EXPECT_TRUE(p.a.core().Views(p.times).empty());
  EXPECT_TRUE(p.b.core().Views(p.times).empty());
  p.Need(p.b);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
}

TEST(Ikev2, OnlyThePairIsCleared) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  IkeClear what;
  what.ipsec_only = true;
  EXPECT_EQ(p.b.core().Clear(what, p.times), 1u);
  p.Run(Duration::Seconds(10));
  // With its last pair a site-to-site SA has no use.
  ExpectNothing(p);
}

TEST(Ikev2, BothClearAtOnce) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  p.a.core().Clear({}, p.times);
  p.b.core().Clear({}, p.times);
  p.Run(Duration::Seconds(1));
  ExpectNothing(p);
  EXPECT_TRUE(p.a.core().Views(p.times).empty());
  EXPECT_TRUE(p.b.core().Views(p.times).empty());
}

TEST(Ikev2, APeerThatIsNotThere) {
  V2Pair p;
  p.on_wire = [](End&, IkeDatagram&) { return false; };
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(126));
  EXPECT_EQ(p.a.sent.size(), 7u);  // and six more
  EXPECT_EQ(p.a.core().Views(p.times).size(), 1u);
  EXPECT_EQ(p.a.core().Views(p.times)[0].state, IkeState::kNegotiating);
  p.Run(Duration::Seconds(2));
  ExpectNothing(p);
  EXPECT_TRUE(p.a.Said("Maximum number of retransmissions reached"));
  EXPECT_EQ(p.a.Said(750003), 1);
  EXPECT_EQ(p.a.sent.size(), 7u);
}

TEST(Ikev2, TheNextPeerOfTheEntry) {
  V2Pair p;
  p.policy_a->entries[0].peers = {Ip("192.0.2.77"), Ip("192.0.2.2")};
  p.policy_a->groups["192.0.2.77"] = p.policy_a->groups["192.0.2.2"];
  p.policy_a->groups["192.0.2.77"].name = "192.0.2.77";
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(130));
  ExpectTunnel(p);
  EXPECT_EQ(p.a.peers.begin()->second.peer, Ip("192.0.2.2"));
}

TEST(Ikev2, ADeadPeerIsNoticed) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  p.Run(Duration::Seconds(100));  // both ask, and both answer
  ExpectTunnel(p);
  bool cut = true;
  p.on_wire = [&](End&, IkeDatagram&) { return !cut; };
  p.Run(Duration::Seconds(30));
  ExpectNothing(p);
  EXPECT_EQ(p.a.peers_down[0].second, IkeEnd::kLostService);
  EXPECT_TRUE(p.a.Said("IKEv2 SA DOWN. Reason: peer lost"));
}

TEST(Ikev2, TrafficIsLiveness) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  const std::size_t before = p.a.sent.size();
  for (int i = 0; i < 100; ++i) {
    p.Traffic();
    p.Run(Duration::Seconds(1));
  }
  EXPECT_EQ(p.a.sent.size(), before);
  EXPECT_EQ(p.b.sent.size(), before);
}

TEST(Ikev2, Cookies) {
  V2Pair p;
  p.policy_b->cookies = VpnPolicy::Cookies::kAlways;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_EQ(p.a.sent.size(), 3u);
  // The challenge keeps nothing, and is smaller than what it answers.
  EXPECT_LT(p.b.sent[0].bytes.size(), p.a.sent[0].bytes.size());
}

TEST(Ikev2, CookiesAndAnotherGroup) {
  V2Pair p;
  p.policy_a->ikev2_policies[0].groups = {14, 19};
  p.policy_b->ikev2_policies[0].groups = {19};
  p.policy_b->cookies = VpnPolicy::Cookies::kAlways;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
}

TEST(Ikev2, HalfOpenOnesAreBounded) {
  V2Pair p;
  p.policy_b->max_in_negotiation_v2 = 5;
  p.policy_b->cookies = VpnPolicy::Cookies::kNever;
  p.Start();
  p.Need(p.a);
  IkeDatagram first = p.a.sent[0];
  std::swap(first.local, first.peer);
  for (int i = 0; i < 50; ++i) {
    first.bytes[0] = static_cast<std::uint8_t>(i);
    p.b.core().Receive(first, p.times);
  }
  EXPECT_EQ(p.b.core().Stats().in_negotiation, 5u);
  EXPECT_GT(p.b.Said(750009), 0);
  EXPECT_EQ(p.b.core().Stats().in_negotiation_rejected, 45u);
  p.Run(Duration::Seconds(31));
  EXPECT_EQ(p.b.core().Stats().in_negotiation, 0u);
  EXPECT_TRUE(p.b.Said("Failed to receive the AUTH msg before the timer expired"));
}

TEST(Ikev2, BehindATranslator) {
  for (const bool outside_begins : {false, true}) {
    V2Pair p;
    p.nat = Ip("198.51.100.9");
    TunnelGroup group = p.policy_b->groups["192.0.2.1"];
    p.policy_b->groups["198.51.100.9"] = group;
    p.policy_b->entries[0].peers = {Ip("198.51.100.9")};
    p.Start();
    if (outside_begins) continue;  // nothing can reach an end that has sent nothing
    p.Need(p.a);
    p.Run(Duration::Seconds(1));
    ExpectTunnel(p);
    const ChildSa& there = *p.b.children.begin()->second.sa;
    EXPECT_EQ(there.encapsulation, EspEncapsulation::kNatT);
    EXPECT_EQ(there.peer, (Endpoint{Ip("198.51.100.9"), 24500}));
    EXPECT_EQ(there.local.port, 4500);
    EXPECT_EQ(p.a.children.begin()->second.sa->peer, (Endpoint{Ip("192.0.2.2"), 4500}));
    EXPECT_TRUE(p.a.core().Views(p.times)[0].nat_inside);
    EXPECT_TRUE(p.b.core().Views(p.times)[0].nat_outside);
    const std::size_t before = p.a.sent.size();
    p.Run(Duration::Seconds(21));
    const auto keepalive = std::count_if(p.a.sent.begin() + static_cast<std::ptrdiff_t>(before), p.a.sent.end(),
                                         [](const IkeDatagram& d) { return d.bytes == std::vector<std::uint8_t>{0xff}; });
    EXPECT_EQ(keepalive, 1);
    // The translator forgets, and takes other ports: the next message tells.
    p.nat_shift = 30000;
    p.Rekey(p.a);
    p.Run(Duration::Seconds(8));
    ExpectTunnel(p);
    EXPECT_EQ(p.b.children.begin()->second.sa->peer.port, 34500);
  }
}

TEST(Ikev2, InitialContactEndsWhatIsForgotten) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  const std::uint32_t old = p.b.children.begin()->first;
  p.a.Restart(std::make_unique<Ikev2Core>(p.a));
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_NE(p.b.children.begin()->first, old);
  EXPECT_EQ(p.b.Said(750014), 1);
}

TEST(Ikev2, ALostPairIsReported) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  const ChildSa& sa = *p.b.children.begin()->second.sa;
  // ESP comes to b for a pair that it does not have; it tells a, which ends the pair.
  TunnelEvent e;
  e.what = TunnelEvent::What::kInvalidSpi;
  e.spi = sa.spi_in;
  e.at = IfId{1};
  e.peer = {Ip("192.0.2.1"), 0};
  p.b.core().Event(e, p.times);
  p.Run(Duration::Seconds(1));
  EXPECT_EQ(p.a.Said(750015), 1);
  EXPECT_TRUE(p.a.children.empty());
}

TEST(Ikev2, FragmentsWhenTheyAreNeeded) {
  V2Pair p;
  p.policy_a->ikev2_fragment_mtu = p.policy_b->ikev2_fragment_mtu = 256;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_GT(p.a.sent.size(), 2u);
  for (std::size_t i = 1; i < p.a.sent.size(); ++i) EXPECT_LE(p.a.sent[i].bytes.size(), 256u - 28);
}

TEST(Ikev2, APolicyWithoutTheEntryEndsItsPairs) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  auto changed = std::make_shared<VpnPolicy>(*p.policy_a);
  p.a.UsePolicy(changed);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);  // nothing has changed
  changed = std::make_shared<VpnPolicy>(*p.policy_a);
  changed->entries.clear();
  p.a.UsePolicy(changed);
  p.Run(Duration::Seconds(1));
  ExpectNothing(p);
}

// As an ASA says: what is there stays as it was negotiated; what changes counts from the next negotiation on.
TEST(Ikev2, AChangedProposalAndAChangedKeyCountFromTheNextNegotiationOn) {
  V2Pair p;
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  const std::uint32_t before = p.a.children.begin()->first;
  for (const auto& [end, policy, group] : {std::tuple(&p.a, p.policy_a, "192.0.2.2"), std::tuple(&p.b, p.policy_b, "192.0.2.1")}) {
    auto changed = std::make_shared<VpnPolicy>(*policy);
    changed->groups[group].ikev2_local_psk = changed->groups[group].ikev2_remote_psk = "another";
    changed->entries[0].ikev2_proposals[0].ciphers = {VpnCipher::kAes128};
    end->UsePolicy(changed);
  }
  p.Run(Duration::Seconds(60));
  ExpectTunnel(p);
  EXPECT_EQ(p.a.children.begin()->first, before);
  EXPECT_EQ(p.a.children.begin()->second.sa->cipher, VpnCipher::kAes256);
  p.Rekey(p.a);
  p.Run(Duration::Seconds(60));
  ExpectTunnel(p);
  EXPECT_NE(p.a.children.begin()->first, before);
  EXPECT_EQ(p.a.children.begin()->second.sa->cipher, VpnCipher::kAes128);
}

TEST(Ikev2, CookiesFromAShareOfTheLimitOn) {
  V2Pair p;
  p.policy_b->max_in_negotiation_v2 = 10;
  p.policy_b->cookie_percent = 50;
  p.Start();
  p.Need(p.a);
  IkeDatagram first = p.a.sent[0];
  std::swap(first.local, first.peer);
  for (int i = 0; i < 50; ++i) {
    first.bytes[0] = static_cast<std::uint8_t>(i);
    p.b.core().Receive(first, p.times);
  }
  EXPECT_EQ(p.b.core().Stats().in_negotiation, 5u);
  EXPECT_EQ(p.b.Said(750004), 45);
}

TEST(Ikev2, ADynamicEntryTakesWhatComes) {
  V2Pair p;
  CryptoMapEntry& e = p.policy_b->entries[0];
  e.dynamic = true;
  e.match = nullptr;
  e.peers.clear();
  p.Start();
  p.Need(p.a);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_EQ(p.b.children.begin()->second.sa->key.peer, "192.0.2.1");
  EXPECT_EQ(p.b.children.begin()->second.sa->key.remote.size(), 1u);
}

TEST(Ikev2, AVirtualTunnelProtectsEverything) {
  V2Pair p;
  for (auto* policy : {p.policy_a.get(), p.policy_b.get()}) {
    VirtualTunnel v;
    v.id = 7;
    v.interface = IfId{9};
    v.source = IfId{1};
    v.destination = policy->entries[0].peers[0];
    v.profile = "P";
    v.ikev2_proposals = policy->entries[0].ikev2_proposals;
    policy->virtual_tunnels.push_back(v);
    policy->entries.clear();
  }
  p.Start();
  TunnelFlow flow;
  flow.src = Ip("10.1.0.5");
  flow.dst = Ip("10.2.0.5");
  flow.protocol = 1;
  flow.at = IfId{9};
  p.a.core().Need(7, flow, p.times);
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  EXPECT_EQ(p.b.children.begin()->second.sa->inside_hint, IfId{9});
  EXPECT_EQ(p.b.children.begin()->second.sa->key.local[0].addresses.last, Ip("255.255.255.255"));
}

TEST(Ikev2, AMovedClockEndsLivesAndNotNegotiations) {
  V2Pair p;
  p.policy_a->ikev2_policies[0].lifetime_s = p.policy_b->ikev2_policies[0].lifetime_s = 0;
  p.Start();
  p.Need(p.a);
  p.MoveClock(Duration::Seconds(7200));
  p.Run(Duration::Seconds(1));
  ExpectTunnel(p);
  p.MoveClock(Duration::Seconds(26000));  // the initiator's 85 %
  p.Run(Duration::Seconds(10));
  ExpectTunnel(p);
  EXPECT_EQ(p.a.installed, 2u);
}

// `set ikev2 mode`, by what is to be protected, what the other end is configured for, and NAT.
TEST(Ikev2, TransportModeByTable) {
  enum class Mode { kTunnel, kTransport, kRequired };
  struct Row {
    Mode a, b;
    bool hosts, nat;
    int expect;  // 1: transport, 0: tunnel, -1: no pair
  };
  const Row rows[] = {
      {Mode::kTunnel, Mode::kTunnel, true, false, 0},        {Mode::kTransport, Mode::kTransport, true, false, 1},
      {Mode::kTransport, Mode::kTunnel, true, false, 0},     {Mode::kTunnel, Mode::kTransport, true, false, 0},
      {Mode::kRequired, Mode::kTransport, true, false, 1},   {Mode::kTransport, Mode::kRequired, true, false, 1},
      {Mode::kRequired, Mode::kTunnel, true, false, -1},     {Mode::kTunnel, Mode::kRequired, true, false, -1},
      {Mode::kTransport, Mode::kTransport, false, false, 0}, {Mode::kRequired, Mode::kRequired, false, false, -1},
      {Mode::kTransport, Mode::kTransport, true, true, 0},   {Mode::kRequired, Mode::kRequired, true, true, -1},
  };
  int number = 0;
  for (const Row& r : rows) {
    SCOPED_TRACE(number++);
    V2Pair p(100 + static_cast<std::uint64_t>(number), [&](L2lEnd& one, L2lEnd& two) {
      if (!r.hosts) return;
      one.inside = two.beyond = Prefix::Of(Ip("192.0.2.1"), 32);
      one.beyond = two.inside = Prefix::Of(Ip("192.0.2.2"), 32);
    });
    const auto configure = [](VpnPolicy& policy, Mode mode) {
      policy.entries[0].ikev2_transport = mode != Mode::kTunnel;
      policy.entries[0].ikev2_transport_required = mode == Mode::kRequired;
    };
    configure(*p.policy_a, r.a);
    configure(*p.policy_b, r.b);
    if (r.nat) {
      p.nat = Ip("192.0.2.77");
      p.policy_b->groups["192.0.2.77"] = p.policy_b->groups["192.0.2.1"];
      p.policy_b->entries[0].peers = {Ip("192.0.2.77")};
    }
    p.Start();
    p.Need(p.a);
    p.Run(Duration::Seconds(5));
    EXPECT_EQ(p.Disagreement(), "");
    EXPECT_EQ(p.a.children.size(), r.expect < 0 ? 0u : 1u);
    EXPECT_EQ(p.b.children.size(), r.expect < 0 ? 0u : 1u);
    if (r.expect < 0 || p.a.children.empty()) continue;
    EXPECT_EQ(p.a.children.begin()->second.sa->transport, r.expect == 1);
    EXPECT_EQ(p.b.children.begin()->second.sa->transport, r.expect == 1);
    // A pair in the place of another one stays what it was.
    p.Rekey(p.b);
    p.Run(Duration::Seconds(10));
    EXPECT_EQ(p.Disagreement(), "");
    ASSERT_EQ(p.a.children.size(), 1u);
    EXPECT_EQ(p.a.installed, 2u);
    EXPECT_EQ(p.a.children.begin()->second.sa->transport, r.expect == 1);
  }
}

}  // namespace
}  // namespace sallyport::ike_test
