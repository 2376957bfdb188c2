#include "vpn/ike/v2_messages.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"
#include "tests/vpn/hex.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/sa_v2.h"
#include "vpn/ike/ts.h"
#include "vpn/ike/v2_keys.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

using Vec = std::vector<std::uint8_t>;

Vec Copy(Bytes b) { return Vec(b.begin(), b.end()); }

Vec Counting(std::size_t n, int from, int step = 1) {
  Vec out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(from + step * static_cast<int>(i));
  return out;
}

Ikev2Policy Policy(std::vector<VpnCipher> ciphers, std::vector<VpnHash> integrity, std::vector<VpnHash> prfs,
                   std::vector<std::uint16_t> groups) {
  Ikev2Policy p;
  p.ciphers = std::move(ciphers);
  p.integrity = std::move(integrity);
  p.prfs = std::move(prfs);
  p.groups = std::move(groups);
  return p;
}

Vec SaBody(std::span<const ProposalV2> proposals) {
  ChainWriter out;
  AddSaV2(out, proposals);
  return Copy(out.BodyAt(0));
}

TEST(Ikev2Sa, AProposalIsAsAnAsaSendsIt) {
  const Ikev2Policy policy = Policy({VpnCipher::kAes128}, {VpnHash::kSha256}, {VpnHash::kSha1}, {14});
  const auto proposals = IkeProposalsV2(std::span(&policy, 1), {});
  ASSERT_EQ(proposals.size(), 1u);
  // 44 bytes with four transforms: encryption with its length, prf, integrity, group.
  EXPECT_EQ(SaBody(proposals), FromHex("0000002c 01010004 0300000c 0100000c 800e0080 03000008 02000002"
                                       "03000008 0300000c 00000008 0400000e"));
  EXPECT_EQ(ProposalTextV2(proposals[0]), " AES-CBC-128 SHA1 SHA256 DH_GROUP_2048_MODP/Group 14");
}

TEST(Ikev2Sa, ReadingGivesBackWhatWasWritten) {
  const Ikev2Policy policies[] = {
      Policy({VpnCipher::kAesGcm256, VpnCipher::kAes256}, {VpnHash::kSha1}, {VpnHash::kSha256}, {19, 14}),
      Policy({VpnCipher::k3Des}, {VpnHash::kMd5}, {VpnHash::kMd5}, {2})};
  const auto proposals = IkeProposalsV2(policies, FromHex("0102030405060708"));
  ASSERT_EQ(proposals.size(), 3u);  // combined ciphers stand alone
  const auto back = ReadSaV2(SaBody(proposals));
  ASSERT_TRUE(back) << back.error();
  ASSERT_EQ(back->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*back)[i].transforms, proposals[i].transforms);
    EXPECT_EQ((*back)[i].spi, proposals[i].spi);
    EXPECT_EQ((*back)[i].number, i + 1);
  }
  // An answer that takes the third.
  const auto answer = ReadSaV2(SaBody(std::span(proposals).subspan(2)));
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ((*answer)[0].number, 3);
}

TEST(Ikev2Sa, MalformedOnesAreRefused) {
  const Ikev2Policy policy = Policy({VpnCipher::kAes128}, {VpnHash::kSha1}, {VpnHash::kSha1}, {2});
  const Vec good = SaBody(IkeProposalsV2(std::span(&policy, 1), {}));
  ASSERT_TRUE(ReadSaV2(good));
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(ReadSaV2(Bytes(good).first(n))) << n;
  for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{7}, std::size_t{8}}) {
    Vec bad = good;
    bad[at] ^= 1;
    EXPECT_FALSE(ReadSaV2(bad)) << at;
  }
}

TEST(Ikev2Sa, OurPrioritiesDecide) {
  const Ikev2Policy ours[] = {Policy({VpnCipher::kAes256}, {VpnHash::kSha256}, {VpnHash::kSha256}, {19}),
                              Policy({VpnCipher::kAes128, VpnCipher::k3Des}, {VpnHash::kSha1}, {VpnHash::kSha1}, {5, 2})};
  const Ikev2Policy theirs[] = {
      Policy({VpnCipher::k3Des, VpnCipher::kAes128}, {VpnHash::kMd5, VpnHash::kSha1}, {VpnHash::kSha1}, {2, 5})};
  const auto chosen = ChooseIkeV2(ours, IkeProposalsV2(theirs, {}));
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->cipher, VpnCipher::kAes128);
  EXPECT_EQ(chosen->integrity, VpnHash::kSha1);
  EXPECT_EQ(chosen->group, 5);
  const Ikev2Policy strange[] = {Policy({VpnCipher::kAes192}, {VpnHash::kSha1}, {VpnHash::kSha1}, {2})};
  EXPECT_FALSE(ChooseIkeV2(ours, IkeProposalsV2(strange, {})));
  // A transform with an attribute that nobody knows must not be taken.
  auto odd = IkeProposalsV2(theirs, {});
  for (auto& t : odd[0].transforms) {
    if (t.type == ikev2::kEncr) t.strange_attribute = true;
  }
  EXPECT_FALSE(ChooseIkeV2(ours, odd));
}

TEST(Ikev2Sa, AnAnswerMustLeaveNoChoice) {
  const Ikev2Policy ours[] = {Policy({VpnCipher::kAes128, VpnCipher::kAes256}, {VpnHash::kSha1}, {VpnHash::kSha1}, {2})};
  auto answer = IkeProposalsV2(ours, {});
  EXPECT_FALSE(AcceptIkeV2(ours, answer));  // two ciphers
  answer[0].transforms.erase(answer[0].transforms.begin());
  const auto suite = AcceptIkeV2(ours, answer);
  ASSERT_TRUE(suite);
  EXPECT_EQ(suite->cipher, VpnCipher::kAes256);
  answer[0].transforms[0].key_bits = 192;
  EXPECT_FALSE(AcceptIkeV2(ours, answer));  // not offered
}

TEST(Ikev2Sa, GroupsOfChildren) {
  EspProposal esp;
  esp.ciphers = {VpnCipher::kAes128};
  esp.integrity = {VpnHash::kSha1};
  const std::span<const EspProposal> ours(&esp, 1);
  // IKE_AUTH has none, whatever is written there.
  EXPECT_EQ(ChooseEspV2(ours, 14, false, EspProposalsV2(ours, 14, 1000))->group, 0);
  EXPECT_EQ(ChooseEspV2(ours, 14, true, EspProposalsV2(ours, 14, 1000))->group, 14);
  EXPECT_FALSE(ChooseEspV2(ours, 14, true, EspProposalsV2(ours, 0, 1000)));
  EXPECT_FALSE(ChooseEspV2(ours, 14, true, EspProposalsV2(ours, 5, 1000)));
  EXPECT_EQ(ChooseEspV2(ours, 0, true, EspProposalsV2(ours, 5, 1000))->group, 5);
  EXPECT_EQ(ChooseEspV2(ours, 0, true, EspProposalsV2(ours, 0, 1000))->spi, 1000u);
  // An SPI below 256 is reserved.
  EXPECT_FALSE(ChooseEspV2(ours, 0, true, EspProposalsV2(ours, 0, 255)));
}

TrafficSelector Ts(const char* first, const char* last, std::uint8_t protocol = 0, PortRange ports = {}) {
  TrafficSelector ts;
  ts.addresses = {*IpAddress::Parse(first), *IpAddress::Parse(last)};
  ts.protocol = protocol;
  ts.ports = ports;
  return ts;
}

TEST(Ikev2Ts, RoundTripOfBothFamilies) {
  const TrafficSelector list[] = {Ts("10.1.0.0", "10.1.255.255"), Ts("2001:db8::", "2001:db8::ffff", 6, {80, 443})};
  ChainWriter out;
  const std::size_t at = 0;
  AddTs(out, ikev2::kTsI, list);
  const Vec body = Copy(out.BodyAt(at));
  EXPECT_EQ(body.size(), 4u + 16 + 40);
  const auto back = ReadTs(body);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[0], list[0]);
  EXPECT_EQ((*back)[1], list[1]);
  for (std::size_t n = 0; n < body.size(); ++n) EXPECT_FALSE(ReadTs(Bytes(body).first(n))) << n;
}

TEST(Ikev2Ts, WhatSelectsNothingIsLeftOut) {
  // An unknown type, a range that runs backwards, opaque ports (RFC 7296 3.13.1).
  const auto back =
      ReadTs(FromHex("03000000 09000008 00000000"
                     "07000010 0000ffff 0a000002 0a000001"
                     "07000010 ffff0000 0a000001 0a000002"));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->empty());
}

TEST(Ikev2Ts, Narrowing) {
  const TrafficSelector ours[] = {Ts("10.2.0.0", "10.2.255.255")};
  // The packet's host, then more than we allow.
  const TrafficSelector theirs[] = {Ts("10.2.0.5", "10.2.0.5"), Ts("10.0.0.0", "10.255.255.255")};
  const auto both = NarrowTs(theirs, ours);
  ASSERT_EQ(both.size(), 1u);
  EXPECT_EQ(both[0], ours[0]);
  EXPECT_TRUE(NarrowTs(theirs, std::vector<TrafficSelector>{Ts("192.168.0.0", "192.168.0.255")}).empty());
  EXPECT_TRUE(NarrowTs(theirs, std::vector<TrafficSelector>{Ts("2001:db8::", "2001:db8::ffff")}).empty());
  EXPECT_FALSE(Intersect(Ts("10.0.0.0", "10.0.0.9", 6), Ts("10.0.0.0", "10.0.0.9", 17)));
  EXPECT_EQ(*Intersect(Ts("10.0.0.0", "10.0.0.9", 6, {80, 90}), Ts("10.0.0.5", "10.0.0.20", 0, {85, 100})),
            Ts("10.0.0.5", "10.0.0.9", 6, {85, 90}));
}

// Made with another implementation (Python's hmac and hashlib) of RFC 7296 2.13 to 2.18.
TEST(Ikev2Keys, KeysOfAnIkeSa) {
  const Vec ni = Counting(32, 16), nr = Counting(32, 100), shared = Counting(256, 3, 7);
  SuiteV2 suite;
  suite.cipher = VpnCipher::kAes256;
  suite.integrity = suite.prf = VpnHash::kSha256;
  const Secret seed = SkeyseedV2(suite.prf, shared, ni, nr);
  EXPECT_EQ(Copy(seed.bytes()), FromHex("67f5d681586a2daf20017400d8df1d1ebdb79e608e456b503f431742f17e425c"));
  const IkeKeysV2 k = DeriveIkeV2(suite, seed.bytes(), ni, nr, 0x0102030405060708, 0xa1a2a3a4a5a6a7a8);
  EXPECT_EQ(Copy(k.d.bytes()), FromHex("3f121113a849ef3a4e1c2172c603c33b88d9134c109a25d6cce3684633bac967"));
  EXPECT_EQ(Copy(k.ai.bytes()), FromHex("370f7ce3f6b3b789a2a487bde42cfb4b854edecbf49dddce3c126990275c0ed3"));
  EXPECT_EQ(Copy(k.ar.bytes()), FromHex("520dfa8cdcb0273a9e476ac825843e8537f6136a41222db7a20f875e3c709a37"));
  EXPECT_EQ(Copy(k.ei.bytes()), FromHex("ff7d259ec77acc4f3058f56553a15daf89484bd2a5c590d3efabf76d7ac5a76e"));
  EXPECT_EQ(Copy(k.er.bytes()), FromHex("03df09ed953f71784584cc165ac8cddd4c7d7f0346143a9005c92bff7a6b6ae1"));
  EXPECT_EQ(Copy(k.pi.bytes()), FromHex("54b9842eda27e6cde707e3b5356273da132605f60272ec458a23d1135720435f"));
  EXPECT_EQ(Copy(k.pr.bytes()), FromHex("dcff6718d71d92f9eb491bf5f9fb0dd7f13bf6a06cc6d99154345a8bb97d1f27"));
  const ChildKeysV2 c = DeriveChildV2(suite.prf, k.d.bytes(), {}, ni, nr, VpnCipher::kAes128, VpnHash::kSha1);
  EXPECT_EQ(Copy(c.encryption_i.bytes()), FromHex("9f81a92353ac885b02eb3668e80b466c"));
  EXPECT_EQ(Copy(c.integrity_i.bytes()), FromHex("e28082046b3306548afa599be28c98695bf0f7f3"));
  EXPECT_EQ(Copy(c.encryption_r.bytes()), FromHex("6f9c6bf2a98550ab446da3397fc70206"));
  EXPECT_EQ(Copy(c.integrity_r.bytes()), FromHex("eb2e195fb812a561b63bb93757488bb5cf0b02bf"));
  const Secret again = SkeyseedRekeyV2(suite.prf, k.d.bytes(), Counting(256, 1, 5), nr, ni);
  EXPECT_EQ(Copy(again.bytes()), FromHex("517d657fd02261b663b3810d88a4191295083de3ad73c1ce858ff4ad0efb3f65"));
  const Vec octets = SignedOctetsV2(suite.prf, Counting(200, 0), nr, k.pi.bytes(), FromHex("01000000c0000201"));
  const std::string psk = "cisco123";
  const Secret auth =
      SharedKeyAuthV2(suite.prf, Bytes(reinterpret_cast<const std::uint8_t*>(psk.data()), psk.size()), octets);
  EXPECT_EQ(Copy(auth.bytes()), FromHex("4c1494a06688fa1d7ae91da1b8eb7c7046d71c1341203d7986b920a6b8310d6d"));
}

struct Sealer {
  SeededEntropy entropy{7};
  SkKeys keys;
  IkeHeader header;
  explicit Sealer(VpnCipher cipher, VpnHash hash) {
    keys.cipher = cipher;
    keys.integrity = hash;
    keys.encryption = Secret(TraitsOf(cipher).material());
    entropy.Fill(keys.encryption.bytes());
    keys.authentication = Secret(TraitsOf(hash).size);
    entropy.Fill(keys.authentication.bytes());
    header.spi_i = 1;
    header.spi_r = 2;
    header.version = ikev2::kVersion;
    header.exchange = ikev2::kAuth;
    header.message_id = 1;
  }
  OpenResultV2 Open(ReassemblyV2& pieces, Vec message) {
    Reader in(message);
    const auto h = ReadIkeHeader(in);
    return OpenV2(keys, pieces, *h, message);
  }
};

TEST(Ikev2Encryption, OneMessageOfEveryCipher) {
  const std::pair<VpnCipher, VpnHash> suites[] = {
      {VpnCipher::k3Des, VpnHash::kMd5},       {VpnCipher::kAes128, VpnHash::kSha1},
      {VpnCipher::kAes192, VpnHash::kSha384},  {VpnCipher::kAes256, VpnHash::kSha256},
      {VpnCipher::kAes256, VpnHash::kSha512},  {VpnCipher::kAesGcm128, VpnHash::kNone},
      {VpnCipher::kAesGcm256, VpnHash::kNone}, {VpnCipher::kDes, VpnHash::kSha1}};
  for (const auto& [cipher, hash] : suites) {
    Sealer s(cipher, hash);
    ChainWriter chain;
    chain.Add(ikev2::kNonce, Counting(77, 5));
    chain.Add(ikev2::kVendor, Counting(9, 50));
    const auto messages = SealV2(s.keys, s.entropy, s.header, chain.first(), chain.bytes(), 0);
    ASSERT_EQ(messages.size(), 1u);
    ReassemblyV2 pieces;
    const auto back = s.Open(pieces, messages[0]);
    ASSERT_EQ(back.what, OpenResultV2::What::kWhole) << static_cast<int>(cipher);
    EXPECT_EQ(back.opened.first, ikev2::kNonce);
    EXPECT_EQ(back.opened.chain, Copy(chain.bytes()));
    // Not a byte may change: what is authenticated is everything.
    for (std::size_t at = 0; at < messages[0].size(); at += 3) {
      Vec forged = messages[0];
      forged[at] ^= 0x10;
      const auto result = s.Open(pieces, forged);
      EXPECT_NE(result.what, OpenResultV2::What::kWhole) << at;
    }
  }
}

TEST(Ikev2Fragments, PiecesInAnyOrder) {
  Sealer s(VpnCipher::kAes128, VpnHash::kSha256);
  ChainWriter chain;
  for (int i = 0; i < 5; ++i) chain.Add(ikev2::kVendor, Counting(900, i));
  const auto messages = SealV2(s.keys, s.entropy, s.header, chain.first(), chain.bytes(), 548);
  ASSERT_GT(messages.size(), 8u);
  for (const auto& m : messages) EXPECT_LE(m.size(), 548u);
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    auto shuffled = messages;
    for (std::size_t i = shuffled.size(); i > 1; --i)
      std::swap(shuffled[i - 1], shuffled[random.Below(static_cast<std::uint32_t>(i))]);
    ReassemblyV2 pieces;
    for (std::size_t i = 0; i + 1 < shuffled.size(); ++i) {
      EXPECT_EQ(s.Open(pieces, shuffled[i]).what, OpenResultV2::What::kPart);
      EXPECT_EQ(s.Open(pieces, shuffled[i]).what, OpenResultV2::What::kPart);  // twice
    }
    const auto whole = s.Open(pieces, shuffled.back());
    ASSERT_EQ(whole.what, OpenResultV2::What::kWhole);
    EXPECT_EQ(whole.opened.first, ikev2::kVendor);
    EXPECT_EQ(whole.opened.chain, Copy(chain.bytes()));
    EXPECT_EQ(pieces.held(), 0u);
  }
}

TEST(Ikev2Fragments, NothingIsHeldOfWhatIsForged) {
  Sealer s(VpnCipher::kAesGcm128, VpnHash::kNone);
  ChainWriter chain;
  chain.Add(ikev2::kVendor, Counting(2000, 1));
  const auto messages = SealV2(s.keys, s.entropy, s.header, chain.first(), chain.bytes(), 548);
  ReassemblyV2 pieces;
  for (auto m : messages) {
    m.back() ^= 1;
    EXPECT_EQ(s.Open(pieces, m).what, OpenResultV2::What::kForged);
  }
  EXPECT_EQ(pieces.held(), 0u);
}

TEST(Ikev2Fragments, Bounds) {
  ReassemblyV2 pieces;
  const Vec piece = Counting(1500, 0);
  EXPECT_FALSE(pieces.Add(1, 1, 65, 33, piece));
  EXPECT_EQ(pieces.held(), 0u);
  EXPECT_FALSE(pieces.Add(1, 0, 3, 33, piece));
  EXPECT_FALSE(pieces.Add(1, 4, 3, 33, piece));
  EXPECT_EQ(pieces.held(), 0u);
  for (std::uint16_t n = 1; n < 64; ++n) {
    EXPECT_FALSE(pieces.Add(1, n, 64, 33, piece));
    EXPECT_LE(pieces.held(), ReassemblyV2::kMostBytes);
  }
  // Cut anew into more pieces: the old ones are worthless. Into fewer: it is late.
  pieces.Clear();
  EXPECT_FALSE(pieces.Add(2, 1, 3, 33, piece));
  EXPECT_FALSE(pieces.Add(2, 2, 4, 33, piece));
  EXPECT_EQ(pieces.held(), piece.size());
  EXPECT_FALSE(pieces.Add(2, 1, 3, 33, piece));
  EXPECT_EQ(pieces.held(), piece.size());
  // Another message takes the place.
  EXPECT_FALSE(pieces.Add(3, 1, 2, 33, piece));
  EXPECT_EQ(pieces.held(), piece.size());
}

TEST(Ikev2Bodies, NatDetection) {
  // SHA-1 of SPIs, address and port, by Python's hashlib.
  EXPECT_EQ(NatHashV2(0x0102030405060708, 0, {*IpAddress::Parse("192.0.2.1"), 500}),
            FromHex("644b4575455bd6fcc1efe2be8162a9218e448e5f"));
}

TEST(Ikev2Bodies, Deletes) {
  EXPECT_FALSE(ReadDeleteV2(FromHex("030400020000100000")));
  const auto esp = ReadDeleteV2(FromHex("0304000200001000 00002000"));
  ASSERT_TRUE(esp);
  EXPECT_EQ(esp->spis, (std::vector<std::uint32_t>{0x1000, 0x2000}));
  const auto ike = ReadDeleteV2(FromHex("01000000"));
  ASSERT_TRUE(ike);
  EXPECT_EQ(ike->protocol, ikev2::kIke);
}

TEST(Ikev2Bodies, Identities) {
  EXPECT_FALSE(ReadIdV2(FromHex("0100000001020304 05")));
  EXPECT_FALSE(ReadIdV2(FromHex("01000000")));
  EXPECT_EQ(ReadIdV2(FromHex("01000000c0000201"))->Text(), "192.0.2.1");
  EXPECT_EQ(ReadIdV2(FromHex("02000000 61 07 62"))->Text(), "a.b");
}

}  // namespace
}  // namespace sallyport
