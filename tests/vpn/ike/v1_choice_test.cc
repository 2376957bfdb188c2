// What IKE version 1 offers and accepts, proxy identities, tunnel groups: pure functions.
#include <gtest/gtest.h>

#include "tests/vpn/ike/wire.h"
#include "vpn/ike/v1_keys.h"
#include "vpn/ike/v1_proposals.h"
#include "vpn/ike/v1_selectors.h"
#include "vpn/ike/vendor_ids.h"

namespace sallyport {
namespace {

using namespace ike_test;
using Vec = std::vector<std::uint8_t>;

Ikev1Policy PolicyOf(VpnCipher cipher, VpnHash hash, std::uint16_t group, std::uint32_t lifetime = 86400) {
  Ikev1Policy p;
  p.cipher = cipher;
  p.hash = hash;
  p.group = group;
  p.lifetime_s = lifetime;
  return p;
}

TEST(V1Choice, OurPriorityRules) {
  const std::vector<Ikev1Policy> ours = {PolicyOf(VpnCipher::kAes256, VpnHash::kSha1, 5, 3600),
                                         PolicyOf(VpnCipher::k3Des, VpnHash::kMd5, 2)};
  const std::vector<Ikev1Policy> theirs = {PolicyOf(VpnCipher::k3Des, VpnHash::kMd5, 2),
                                           PolicyOf(VpnCipher::kAes256, VpnHash::kSha1, 5, 7200)};
  const OfferV1 offer = OfferIkeV1(theirs, false);
  ASSERT_EQ(offer.proposals.size(), 1u);
  // What is written is read again: as a peer gets it.
  ChainWriter w;
  const std::size_t at = AddSaV1(w, offer.proposals);
  const auto read = ReadSaV1(w.BodyAt(at));
  ASSERT_TRUE(read);
  const auto chosen = ChooseIkeV1(ours, *read, nullptr);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->policy, 0u);
  EXPECT_EQ(chosen->suite.lifetime_s, 3600u);
  EXPECT_EQ(chosen->answer.transforms[0].number, 2);
  const auto accepted = AcceptIkeV1(theirs, false, {&chosen->answer, 1});
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->cipher, VpnCipher::kAes256);
  // An answer that was not offered, or with another authentication, is none.
  EXPECT_FALSE(AcceptIkeV1(std::span(theirs).first(1), false, {&chosen->answer, 1}));
  EXPECT_FALSE(AcceptIkeV1(theirs, true, {&chosen->answer, 1}));
}

TEST(V1Choice, MismatchesAreTold) {
  const std::vector<Ikev1Policy> ours = {PolicyOf(VpnCipher::kAes256, VpnHash::kSha1, 2),
                                         PolicyOf(VpnCipher::k3Des, VpnHash::kMd5, 2),
                                         PolicyOf(VpnCipher::k3Des, VpnHash::kSha1, 5)};
  const std::vector<Ikev1Policy> theirs = {PolicyOf(VpnCipher::k3Des, VpnHash::kSha1, 2)};
  const OfferV1 offer = OfferIkeV1(theirs, false);
  ChainWriter w;
  const std::size_t at = AddSaV1(w, offer.proposals);
  std::vector<std::string> told;
  EXPECT_FALSE(ChooseIkeV1(ours, *ReadSaV1(w.BodyAt(at)), &told));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0],
            "Phase 1 failure:  Mismatched attribute types for class Encryption Alg:  Rcv'd: 3DES-CBC  Cfg'd: AES-CBC");
  EXPECT_EQ(told[1], "Phase 1 failure:  Mismatched attribute types for class Hash Alg:  Rcv'd: SHA1  Cfg'd: MD5");
  EXPECT_EQ(told[2],
            "Phase 1 failure:  Mismatched attribute types for class Group Description:  Rcv'd: Group 2  Cfg'd: Group 5");
}

TEST(V1Choice, NumbersOnTheWire) {
  // Group, encryption, key length, hash, authentication, life type, life duration in its long form.
  const std::vector<Ikev1Policy> policy = {PolicyOf(VpnCipher::kAes256, VpnHash::kSha1, 2)};
  const OfferV1 offer = OfferIkeV1(policy, true);
  const Bytes raw = offer.proposals[0].transforms[0].raw;
  const Vec expected = {0x80, 4, 0,    2,    0x80, 1,  0, 7, 0x80, 14, 1, 0, 0x80, 2, 0,    2,
                        0x80, 3, 0xfd, 0xe9, 0x80, 11, 0, 1, 0,    12, 0, 4, 0,    1, 0x51, 0x80};
  EXPECT_EQ(Vec(raw.begin(), raw.end()), expected);
}

TEST(V1Choice, EspNeedsTheSameOfEverything) {
  EspProposal set;
  set.ciphers = {VpnCipher::kAes128};
  set.integrity = {VpnHash::kSha1};
  EspOfferV1 want;
  want.sets = {&set, 1};
  want.spi = 0x12345678;
  want.lifetime_s = 28800;
  want.lifetime_kb = 4608000;
  const auto choose = [&](const EspProposal& ours, std::uint16_t pfs, bool udp) {
    const OfferV1 offer = OfferEspV1(want);
    ChainWriter w;
    const std::size_t at = AddSaV1(w, offer.proposals);
    const auto read = ReadSaV1(w.BodyAt(at));
    const auto chosen = ChooseEspV1({&ours, 1}, pfs, udp, *read);
    if (chosen) {
      EXPECT_EQ(chosen->spi, 0x12345678u);
      EXPECT_EQ(chosen->suite.lifetime_s, 28800u);
      EXPECT_EQ(chosen->suite.lifetime_kb, 4608000u);
    }
    return chosen.has_value();
  };
  EXPECT_TRUE(choose(set, 0, false));
  EXPECT_FALSE(choose(set, 2, false));  // PFS is demanded and not offered
  want.pfs_group = 2;
  EXPECT_TRUE(choose(set, 2, false));
  EXPECT_TRUE(choose(set, 0, false));  // not demanded: what the peer wants
  EXPECT_FALSE(choose(set, 5, false));
  want.udp = NatTraversal::kRfc;
  EXPECT_FALSE(choose(set, 2, false));
  EXPECT_TRUE(choose(set, 2, true));
  want.udp = NatTraversal::kDraft02;
  EXPECT_TRUE(choose(set, 2, true));
  EspProposal other = set;
  other.transport = true;
  EXPECT_FALSE(choose(other, 2, true));
  other = set;
  other.integrity = {VpnHash::kMd5};
  EXPECT_FALSE(choose(other, 2, true));
  other.integrity.clear();
  EXPECT_FALSE(choose(other, 2, true));
  want.spi = 255;  // reserved
  EXPECT_FALSE(choose(set, 2, true));
}

TrafficSelector Side(Prefix p, std::uint8_t protocol = 0, PortRange ports = {}) {
  TrafficSelector s;
  s.addresses = AddressRange::Of(p);
  s.protocol = protocol;
  s.ports = ports;
  return s;
}

TEST(V1Selectors, IdentitiesReadBack) {
  const auto back = [](const TrafficSelector& s) {
    const Vec id = SelectorId(s);
    const auto read = ReadIdV1(id);
    return read ? SelectorOf(*read) : std::nullopt;
  };
  for (const char* address : {"10.1.2.3", "2001:db8::1"}) {
    for (int length = 0; length <= (Ip(address).IsV4() ? 32 : 128); ++length) {
      const TrafficSelector s = Side(Prefix::Of(Ip(address), length));
      EXPECT_EQ(back(s), s) << address << "/" << length;
    }
  }
  TrafficSelector range = Side(Prefix::Of(Ip("10.1.2.3"), 32));
  range.addresses.last = Ip("10.1.2.9");
  EXPECT_EQ(back(range), range);
  EXPECT_EQ(SelectorId(range)[0], ikev1::kIdIpv4Range);
  const TrafficSelector web = Side(Prefix::Of(Ip("10.1.2.3"), 32), 6, {80, 80});
  EXPECT_EQ(back(web), web);
  EXPECT_EQ(SelectorId(web), (Vec{1, 6, 0, 80, 10, 1, 2, 3}));
  // A range of ports cannot be written: it becomes every port.
  EXPECT_EQ(back(Side(Prefix::Of(Ip("10.1.2.3"), 32), 6, {80, 90})), Side(Prefix::Of(Ip("10.1.2.3"), 32), 6));
  EXPECT_EQ(SelectorMask(Side(Prefix::Of(Ip("10.1.0.0"), 16))), "255.255.0.0");
  // Masks with holes and ranges that run backwards are refused.
  EXPECT_FALSE(SelectorOf(*ReadIdV1(Vec{4, 0, 0, 0, 10, 0, 0, 0, 255, 0, 255, 0})));
  EXPECT_FALSE(SelectorOf(*ReadIdV1(Vec{7, 0, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1})));
}

TEST(V1Selectors, WhatAnAccessListPermits) {
  const auto list = CryptoAcl("l", {{Prefix::Of(Ip("10.1.0.0"), 16), Prefix::Of(Ip("10.2.0.0"), 16)}});
  const auto pair = [](Prefix l, Prefix r) { return SelectorPair{Side(l), Side(r)}; };
  EXPECT_TRUE(Permits(*list, pair(Prefix::Of(Ip("10.1.0.0"), 16), Prefix::Of(Ip("10.2.0.0"), 16))));
  EXPECT_TRUE(Permits(*list, pair(Prefix::Of(Ip("10.1.5.0"), 24), Prefix::Of(Ip("10.2.0.1"), 32))));
  EXPECT_FALSE(Permits(*list, pair(Prefix::Of(Ip("10.0.0.0"), 15), Prefix::Of(Ip("10.2.0.0"), 16))));
  EXPECT_FALSE(Permits(*list, pair(Prefix::Of(Ip("10.2.0.0"), 16), Prefix::Of(Ip("10.1.0.0"), 16))));
  const auto any = CryptoAcl("any", {{Prefix::Any(), Prefix::Any()}});
  TunnelFlow flow;
  flow.src = Ip("10.1.1.1");
  flow.dst = Ip("10.9.9.9");
  flow.protocol = 17;
  const auto all = SelectorsFor(*any, flow);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->local.addresses, AddressRange::Of(Prefix::AnyV4()));
  EXPECT_FALSE(SelectorsFor(*list, flow));
}

TEST(V1Groups, ByAddressThenTheDefaults) {
  auto policy = L2lPolicy({});
  EXPECT_EQ(GroupByAddress(*policy, Ip("192.0.2.2"), false, true)->name, "192.0.2.2");
  EXPECT_EQ(GroupByAddress(*policy, Ip("203.0.113.9"), false, true), nullptr);  // no default has a key
  EXPECT_EQ(GroupByAddress(*policy, Ip("203.0.113.9"), false, false)->name, "DefaultL2LGroup");
  policy->groups["DefaultRAGroup"].ikev1_psk = "k";
  EXPECT_EQ(GroupByAddress(*policy, Ip("203.0.113.9"), false, true)->name, "DefaultRAGroup");
  policy->groups["DefaultL2LGroup"].ikev1_psk = "k";
  EXPECT_EQ(GroupByAddress(*policy, Ip("203.0.113.9"), false, true)->name, "DefaultL2LGroup");
  EXPECT_EQ(GroupByAddress(*policy, Ip("203.0.113.9"), true, true)->name, "DefaultRAGroup");
  // A group of the peer's own without a key is no reason to take another one's.
  policy->groups["192.0.2.2"].ikev1_psk.clear();
  EXPECT_EQ(GroupByAddress(*policy, Ip("192.0.2.2"), false, true), nullptr);
  const Vec id = {11, 17, 1, 244, '1', '9', '2', '.', '0', '.', '2', '.', '2'};
  EXPECT_EQ(GroupById(*policy, *ReadIdV1(id))->name, "192.0.2.2");
  const Vec nul = {11, 17, 1, 244, '1', 0};
  EXPECT_EQ(GroupById(*policy, *ReadIdV1(nul)), nullptr);
  EXPECT_EQ(IdText(*ReadIdV1(nul)), "1?");
}

TEST(V1Keys, CipherKeysAreExpandedOnlyWhereTheyMust) {
  SuiteV1 suite;
  suite.cipher = VpnCipher::kAes128;
  suite.hash = VpnHash::kSha1;
  const Vec nonce_i(20, 1), nonce_r(20, 2), shared(128, 3), psk = {'k'};
  ExchangeV1 x;
  x.cookie_i = 1;
  x.cookie_r = 2;
  x.nonce_i = nonce_i;
  x.nonce_r = nonce_r;
  const KeysV1 short_key = DeriveKeysV1(suite, x, psk, shared);
  ASSERT_EQ(short_key.cipher.size(), 16u);
  EXPECT_TRUE(std::equal(short_key.cipher.bytes().begin(), short_key.cipher.bytes().end(), short_key.e.bytes().begin()));
  suite.cipher = VpnCipher::kAes256;
  const KeysV1 long_key = DeriveKeysV1(suite, x, psk, shared);
  ASSERT_EQ(long_key.cipher.size(), 32u);
  EXPECT_FALSE(std::equal(long_key.e.bytes().begin(), long_key.e.bytes().end(), long_key.cipher.bytes().begin()));
  // With signatures the key comes from the nonces and the shared secret.
  suite.auth = VpnAuth::kRsaCertificate;
  EXPECT_FALSE(DeriveKeysV1(suite, x, psk, shared).skeyid == long_key.skeyid);
}

TEST(V1Vendors, AreKnownByWhatIsSent) {
  for (int i = 0; i <= static_cast<int>(VendorId::kVpn3000Client); ++i) {
    const auto id = static_cast<VendorId>(i);
    EXPECT_EQ(VendorIdOf(BytesOf(id)), id) << i;
  }
  // ike-scan knows an ASA by these.
  EXPECT_EQ(LoadBe32(BytesOf(VendorId::kFragmentation).data() + 16), 0xc0000000u);
  EXPECT_EQ(BytesOf(VendorId::kXauth).size(), 8u);
  EXPECT_FALSE(VendorIdOf(Vec(16, 9)));
  EXPECT_FALSE(VendorIdOf({}));
}

}  // namespace
}  // namespace sallyport
