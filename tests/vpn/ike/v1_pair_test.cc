// Two cores of IKE version 1 against each other.
#include "tests/vpn/ike/v1_pair.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

using namespace ike_test;

TEST(V1Pair, MainModeAndQuickMode) {
  V1Pair pair(1);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  EXPECT_EQ(pair.Disagreement(), "");
  ASSERT_EQ(pair.a.children.size(), 1u) << pair.Said(pair.a) << "\n---\n" << pair.Said(pair.b);
  ASSERT_EQ(pair.b.children.size(), 1u);
  EXPECT_NE(pair.a.Current(), nullptr);
  EXPECT_NE(pair.b.Current(), nullptr);
  EXPECT_EQ(pair.a.peers.size(), 1u);
  EXPECT_EQ(pair.b.peers.size(), 1u);
  EXPECT_EQ(pair.a.core().Views(pair.times)[0].state, IkeState::kMainActive);
  EXPECT_TRUE(pair.a.Said("Group = 192.0.2.2, IP = 192.0.2.2, PHASE 1 COMPLETED"));
  EXPECT_TRUE(pair.b.Said("PHASE 2 COMPLETED"));
}

TEST(V1Pair, EveryAlgorithmAndGroup) {
  std::uint64_t seed = 1;
  for (const VpnCipher cipher :
       {VpnCipher::kDes, VpnCipher::k3Des, VpnCipher::kAes128, VpnCipher::kAes192, VpnCipher::kAes256}) {
    for (const VpnHash hash : {VpnHash::kMd5, VpnHash::kSha1, VpnHash::kSha256}) {
      for (const std::uint16_t group : {1, 2, 5, 14}) {
        if (group != 2 && cipher != VpnCipher::kAes256) continue;  // each once is enough
        L2lEnd end;
        end.cipher = cipher;
        end.hash = hash;
        end.group = group;
        end.pfs = hash == VpnHash::kMd5 ? 0 : group;
        V1Pair pair(++seed, end);
        pair.Need(seed % 2 == 0 ? pair.a : pair.b);
        pair.Run(Duration::Seconds(2));
        ExpectUp(pair);
        if (pair.a.children.empty()) return;
        const ChildSa& sa = *pair.a.children.begin()->second.sa;
        EXPECT_EQ(sa.cipher, cipher);
        EXPECT_EQ(sa.hash, hash);
        EXPECT_EQ(sa.pfs_group, end.pfs);
      }
    }
  }
  for (const std::uint16_t group : {19, 20, 21, 24}) {
    L2lEnd end;
    end.cipher = VpnCipher::kAes128;
    end.group = end.pfs = group;
    V1Pair pair(++seed, end);
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(2));
    ExpectUp(pair);
  }
}

// `mode transport` is kept for what is between the two ends themselves; networks are tunnelled whatever the set says.
TEST(V1Pair, TransportModeIsForTheEndsThemselves) {
  for (const bool hosts : {true, false}) {
    L2lEnd one, two;
    if (hosts) {
      one.inside = Prefix::Of(Ip(one.local), 32);
      one.beyond = Prefix::Of(Ip(one.peer), 32);
    }
    two.local = one.peer;
    two.peer = one.local;
    two.inside = one.beyond;
    two.beyond = one.inside;
    const auto policy_a = L2lPolicy(one), policy_b = L2lPolicy(two);
    for (const auto& policy : {policy_a, policy_b}) policy->entries[0].ikev1_sets[0].transport = true;
    Pair pair(3);
    pair.a.Use(std::make_unique<Ikev1Core>(pair.a), policy_a);
    pair.b.Use(std::make_unique<Ikev1Core>(pair.b), policy_b);
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(2));
    EXPECT_EQ(pair.Disagreement(), "");
    ASSERT_EQ(pair.a.children.size(), 1u);
    EXPECT_EQ(pair.a.children.begin()->second.sa->transport, hosts);
  }
}

TEST(V1Pair, ClearEndsBothSides) {
  for (const bool by_a : {true, false}) {
    V1Pair pair(3);
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(2));
    IkeClear clear;
    clear.peer = (by_a ? pair.b : pair.a).address();
    EXPECT_EQ((by_a ? pair.a : pair.b).core().Clear(clear, pair.times), 1u);
    pair.Run(Duration::Seconds(2));
    ExpectDown(pair);
    End& other = by_a ? pair.b : pair.a;
    EXPECT_EQ(other.Said(713050), 1);
    EXPECT_TRUE((by_a ? pair.a : pair.b).Said("Reason: Administrator Reset  Remote Proxy"));
    EXPECT_TRUE(other.Said("Reason: Peer Terminate  Remote Proxy"));
    ASSERT_EQ(other.peers_down.size(), 1u);
    EXPECT_EQ(other.peers_down[0].second, IkeEnd::kUserRequested);
    EXPECT_EQ((by_a ? pair.a : pair.b).peers_down.at(0).second, IkeEnd::kAdministratorReset);
    // And it comes up again.
    pair.Need(by_a ? pair.b : pair.a);
    pair.Run(Duration::Seconds(2));
    ExpectUp(pair);
  }
}

TEST(V1Pair, LossAndRepetitionAndReordering) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    V1Pair pair(seed);
    pair.faults.lose = 30;
    pair.faults.twice = 20;
    pair.faults.most = Duration::Milliseconds(900);
    pair.compute_takes = Duration::Milliseconds(seed % 3 == 0 ? 300 : 0);
    for (int minute = 0; minute < 10 && (pair.a.Current() == nullptr || pair.b.Current() == nullptr); ++minute) {
      pair.Need(pair.a);
      pair.Run(Duration::Seconds(60));
    }
    EXPECT_NE(pair.a.Current(), nullptr) << seed;
    EXPECT_NE(pair.b.Current(), nullptr) << seed;
    EXPECT_EQ(pair.Disagreement(), "") << seed;
    pair.faults = {};
    IkeClear clear;
    pair.a.core().Clear(clear, pair.times);
    pair.Run(Duration::Seconds(400));
    ExpectDown(pair);
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed;
      return;
    }
  }
}

TEST(V1Pair, BothBeginAtOnce) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    V1Pair pair(seed);
    pair.faults.lose = seed % 2 == 0 ? 20 : 0;
    pair.faults.most = Duration::Milliseconds(seed % 4 < 2 ? 10 : 400);
    pair.Need(pair.a);
    pair.Run(Duration::Milliseconds(static_cast<std::int64_t>(pair.random.Below(60))));
    pair.Need(pair.b);
    for (int i = 0; i < 200; ++i) {
      pair.Run(Duration::Seconds(1));
      pair.Traffic();
      if (i < 100 && pair.a.Current() == nullptr) pair.Need(pair.a);
      if (i < 100 && pair.b.Current() == nullptr) pair.Need(pair.b);
    }
    EXPECT_EQ(pair.Disagreement(), "");
    EXPECT_EQ(pair.a.children.size(), 1u);
    EXPECT_EQ(pair.b.children.size(), 1u);
    EXPECT_NE(pair.a.Current(), nullptr);
    EXPECT_NE(pair.b.Current(), nullptr);
    EXPECT_EQ(pair.a.peers.size(), 1u);
    EXPECT_EQ(pair.b.peers.size(), 1u);
    EXPECT_EQ(pair.core_a().sas(), 1u);
    EXPECT_EQ(pair.core_b().sas(), 1u);
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << pair.Said(pair.a) << "\n---\n" << pair.Said(pair.b);
      return;
    }
  }
}

TEST(V1Pair, WrongKey) {
  V1Pair pair(5);
  L2lEnd other;
  other.psk = "something else";
  pair.b.UsePolicy(L2lPolicy(Mirror(other)));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(5));
  // As on an ASA: the responder waits for a better message 5, the initiator for message 6.
  EXPECT_EQ(pair.a.core().Views(pair.times).at(0).state, IkeState::kMainWait6);
  EXPECT_EQ(pair.b.core().Views(pair.times).at(0).state, IkeState::kMainWait5);
  EXPECT_TRUE(pair.a.Said("Received an un-encrypted PAYLOAD_MALFORMED notify message, dropping"));
  EXPECT_TRUE(pair.a.Said("Error, peer has indicated that something is wrong with our message.  This could indicate a pre-shared key mismatch."));
  EXPECT_TRUE(pair.b.Said("Received encrypted Oakley Main Mode packet with invalid payloads, MessID = 0"));
  EXPECT_TRUE(pair.b.Said("ERROR, had problems decrypting packet, probably due to mismatched pre-shared key.  Aborting"));
  pair.Run(Duration::Seconds(60));
  ExpectDown(pair);
  EXPECT_TRUE(pair.a.Said("IKE MM Initiator FSM error history"));
}

TEST(V1Pair, NoProposal) {
  V1Pair pair(6);
  L2lEnd other;
  other.group = 5;
  pair.b.UsePolicy(L2lPolicy(Mirror(other)));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(1));
  EXPECT_EQ(pair.core_b().sas(), 0u);
  EXPECT_EQ(pair.a.core().Views(pair.times).at(0).state, IkeState::kMainWait2);
  EXPECT_TRUE(pair.b.Said(
      "Phase 1 failure:  Mismatched attribute types for class Group Description:  Rcv'd: Group 2  Cfg'd: Group 5"));
  EXPECT_TRUE(pair.b.Said("All SA proposals found unacceptable"));
  EXPECT_TRUE(pair.b.Said("Error processing payload: Payload ID: 1"));
  EXPECT_TRUE(pair.a.Said("Received an un-encrypted NO_PROPOSAL_CHOSEN notify message, dropping"));
  pair.Run(Duration::Seconds(60));
  ExpectDown(pair);
}

TEST(V1Pair, ProxyMismatch) {
  V1Pair pair(7);
  L2lEnd other;
  other.inside = Prefix::Of(Ip("10.9.0.0"), 16);
  pair.a.UsePolicy(L2lPolicy(other));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectDown(pair);
  EXPECT_TRUE(pair.b.Said(
      "Rejecting IPSec tunnel: no matching crypto map entry for remote proxy 10.9.0.0/255.255.0.0/0/0 local proxy "
      "10.2.0.0/255.255.0.0/0/0 on interface outside"));
  EXPECT_TRUE(pair.b.Said("Session is being torn down. Reason: crypto map policy not found"));
  EXPECT_EQ(pair.b.peers_down.at(0).second, IkeEnd::kNoCryptoMap);
  EXPECT_TRUE(pair.a.Said("Received non-routine Notify message: Invalid ID info (18)"));
}

TEST(V1Pair, TransformMismatch) {
  V1Pair pair(8);
  auto policy = L2lPolicy({});
  policy->entries[0].ikev1_sets[0].ciphers = {VpnCipher::kAes192};
  pair.a.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectDown(pair);
  EXPECT_TRUE(pair.b.Said("All IPSec SA proposals found unacceptable!"));
  EXPECT_EQ(pair.b.peers_down.at(0).second, IkeEnd::kPhase2Mismatch);
}

TEST(V1Pair, PfsMustAgree) {
  V1Pair pair(9);
  L2lEnd pfs;
  pfs.pfs = 5;
  pair.b.UsePolicy(L2lPolicy(Mirror(pfs)));
  pair.Need(pair.a);  // offers none
  pair.Run(Duration::Seconds(2));
  ExpectDown(pair);
  pair.Need(pair.b);  // offers it, and the other end takes what it is offered
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  EXPECT_EQ(pair.a.children.begin()->second.sa->pfs_group, 5);
}

TEST(V1Pair, ASilentPeerIsGivenUp) {
  V1Pair pair(10);
  pair.faults.lose = 100;
  pair.Need(pair.a);
  for (const std::size_t sent : {1u, 2u, 3u, 4u}) {
    EXPECT_EQ(pair.a.sent.size(), sent);
    EXPECT_EQ(pair.core_a().sas(), 1u);
    pair.Run(Duration::Milliseconds(8001));
  }
  ExpectDown(pair);
  EXPECT_EQ(pair.a.sent.size(), 4u);
  EXPECT_TRUE(pair.a.Said("MM_DONE, EV_ERROR-->MM_WAIT_MSG2, EV_RETRY-->MM_WAIT_MSG2, EV_TIMEOUT"));
  EXPECT_TRUE(pair.a.Said("Removing peer from peer table failed, no match!"));
}

TEST(V1Pair, MessageTwoComesByTheTimerOnly) {
  V1Pair pair(11);
  pair.on_wire = [&](End& from, IkeDatagram&) { return &from == &pair.a; };  // a hears nothing
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(1));
  // What a stranger repeats makes nobody send.
  for (int i = 0; i < 50; ++i) {
    IkeDatagram d = pair.a.sent[0];
    std::swap(d.local, d.peer);
    pair.b.core().Receive(d, pair.times);
  }
  EXPECT_EQ(pair.b.sent.size(), 1u);
  pair.Run(Duration::Seconds(28));
  EXPECT_EQ(pair.b.sent.size(), 4u);  // ike-scan's back-off: 0, 8, 8, 8
  pair.Run(Duration::Seconds(40));
  EXPECT_EQ(pair.b.sent.size(), 4u + 0u);
  ExpectDown(pair);
}

// In every state, every message that was ever sent comes again, at both ends: none of them moves anything.
TEST(V1Pair, EveryOldMessageInEveryState) {
  for (const bool aggressive : {false, true}) {
    for (std::size_t at = 1; at <= 9; ++at) {
      V1Pair pair(40 + at);
      auto policy = L2lPolicy({});
      policy->entries[0].aggressive = aggressive;
      pair.a.UsePolicy(policy);
      std::vector<IkeDatagram> all;
      bool replaying = false;
      pair.on_wire = [&](End& from, IkeDatagram& d) {
        if (replaying) return true;
        all.push_back(d);
        if (all.size() != at) return true;
        replaying = true;
        for (IkeDatagram old : all) {
          for (End* e : {&pair.a, &pair.b}) {
            IkeDatagram copy = old;
            copy.local = {e->address(), 500};
            copy.peer = {pair.Other(*e).address(), 500};
            pair.Later(Duration::Milliseconds(5), [&pair, e, copy] { e->core().Receive(copy, pair.times); });
          }
        }
        replaying = false;
        (void)from;
        return true;
      };
      pair.Need(pair.a);
      pair.Run(Duration::Seconds(5));
      ExpectUp(pair);
      EXPECT_EQ(pair.core_a().sas(), 1u);
      // A late first message may have begun something that nobody goes on with.
      pair.Run(Duration::Seconds(60));
      ExpectUp(pair);
      EXPECT_EQ(pair.core_b().sas(), 1u);
      if (HasFailure()) {
        ADD_FAILURE() << "message " << at << (aggressive ? ", aggressive" : "");
        return;
      }
    }
  }
}

// Messages of a quick mode that are changed on their way are as lost ones.
TEST(V1Pair, AChangedMessageIsAsALostOne) {
  for (std::size_t at = 1; at <= 9; ++at) {
    V1Pair pair(60 + at);
    std::size_t count = 0;
    pair.on_wire = [&](End&, IkeDatagram& d) {
      if (++count == at && d.bytes.size() > 44) d.bytes[40] ^= 0x40;
      return true;
    };
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(40));
    if (pair.a.Current() == nullptr) {  // the first two are not protected: an attempt may fail, a second one does not
      pair.Need(pair.a);
      pair.Run(Duration::Seconds(5));
    }
    ExpectUp(pair);
    if (HasFailure()) {
      ADD_FAILURE() << "message " << at;
      return;
    }
  }
}

}  // namespace
}  // namespace sallyport
