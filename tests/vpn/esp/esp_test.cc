// ESP: packets of RFC 3602, packets that another program made, and every transform there and back.
#include "vpn/esp/esp.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "firewall/base/random.h"
#include "tests/vpn/esp/transforms.h"

namespace sallyport {
namespace {

using Why = EspOpener::Why;

// A buffer with a payload in its middle.
struct Buffer {
  std::vector<std::uint8_t> bytes;
  std::size_t at = 64;
  explicit Buffer(Bytes payload, std::size_t behind = 128) : bytes(64 + payload.size() + behind) {
    std::copy(payload.begin(), payload.end(), bytes.begin() + 64);
  }
};

constexpr const char* kMade = "450000150001000040114a9a0a0000010a00000241";  // IPv4 and one byte
struct Made {
  VpnCipher cipher;
  VpnHash hash;
  const char* esp;
};
// By Python's cryptography and hmac: SPI 0xdeadbeef, sequence 7, keys as KeysFor makes them.
const Made kPackets[] = {
    {VpnCipher::kDes, VpnHash::kMd5,
     "deadbeef00000007c0c1c2c3c4c5c6c76d1789b5ad4cc6a1e4afc2cd15f76d9c0d8787854014640c16b0169bb7b3081f497a"
     "3a7e"},
    {VpnCipher::k3Des, VpnHash::kMd5,
     "deadbeef00000007c0c1c2c3c4c5c6c7914db1d381f1d608e832529fee43145a4791e80157ffffc02f6c4196e0fff0aa0af2"
     "6de9"},
    {VpnCipher::k3Des, VpnHash::kSha1,
     "deadbeef00000007c0c1c2c3c4c5c6c7914db1d381f1d608e832529fee43145a4791e80157ffffc0da56284b0b591df50ec6"
     "d94a"},
    {VpnCipher::kAes128, VpnHash::kSha1,
     "deadbeef00000007c0c1c2c3c4c5c6c7c8c9cacbcccdcecfa9cb916cfdfbc17514b79ffbd665d1759f15222eb97a946464bc"
     "59370b2b29d757d289b5ee3458984af167a8"},
    {VpnCipher::kAes192, VpnHash::kSha256,
     "deadbeef00000007c0c1c2c3c4c5c6c7c8c9cacbcccdcecfa5042be9a0224d292ae7164aec3429aae54ef5bbae3ab863efc2"
     "03e0c1c369044820d31a5d9a732db2195937a326022b"},
    {VpnCipher::kAes256, VpnHash::kSha384,
     "deadbeef00000007c0c1c2c3c4c5c6c7c8c9cacbcccdcecf3388a4de9055e4398d766ac8c295692c46f55bc48cbea1497479"
     "5a9e40faedb36c2529d5192bf7cdca61f6b98e662926507dba09715bc7d8"},
    {VpnCipher::kAes256, VpnHash::kSha512,
     "deadbeef00000007c0c1c2c3c4c5c6c7c8c9cacbcccdcecf3388a4de9055e4398d766ac8c295692c46f55bc48cbea1497479"
     "5a9e40faedb3657fa7e3785e8091760ed043b7f2b9d0fb84d4ecdaa819fe46f6530955c3347a"},
    {VpnCipher::kNone, VpnHash::kMd5,
     "deadbeef00000007450000150001000040114a9a0a0000010a000002410101040d59fe31c8bb47184dde236b"},
    {VpnCipher::kNone, VpnHash::kSha1,
     "deadbeef00000007450000150001000040114a9a0a0000010a0000024101010415b1eee6d157077fe923e396"},
    {VpnCipher::kNone, VpnHash::kSha256,
     "deadbeef00000007450000150001000040114a9a0a0000010a0000024101010414ea7c4f2912f999e3683f850f266612"},
    {VpnCipher::kAesGcm128, VpnHash::kNone,
     "deadbeef000000070000000000000007454ad171dbd5f117f069bd3312a491d2f5a965932133046a5be80a82eeea21a43b2f"
     "4a0a1ad38f55"},
    {VpnCipher::kAesGmac128, VpnHash::kNone,
     "deadbeef000000070000000000000007450000150001000040114a9a0a0000010a0000024101010449eb843de5c02e60653c"
     "4334ba55f62f"},
    {VpnCipher::kAesGcm192, VpnHash::kNone,
     "deadbeef000000070000000000000007268d92d2e1c54b0e44597b3f4c96aa5664733b2dfb338d0eb242e37a68cedf2c2c82"
     "47676f041724"},
    {VpnCipher::kAesGmac192, VpnHash::kNone,
     "deadbeef000000070000000000000007450000150001000040114a9a0a0000010a00000241010104cda2f67304b009c0e23c"
     "f3c4d322c782"},
    {VpnCipher::kAesGcm256, VpnHash::kNone,
     "deadbeef00000007000000000000000739a2cdea00c002fc3e472883a8e42068f9d3a819e40635506e2269c2710964ffca66"
     "7dc433371f65"},
    {VpnCipher::kAesGmac256, VpnHash::kNone,
     "deadbeef000000070000000000000007450000150001000040114a9a0a0000010a00000241010104e58d95062ed65d6bbad1"
     "9f5e009fd6f3"},
};

TEST(Esp, OpensWhatAnotherProgramSealed) {
  for (const Made& m : kPackets) {
    SCOPED_TRACE(m.esp);
    std::vector<std::uint8_t> esp = FromHex(m.esp);
    Result<EspOpener> opener = EspOpener::Make(KeysFor({m.cipher, m.hash}), 0xdeadbeef, 64);
    ASSERT_TRUE(opener) << opener.error();
    std::uint8_t next = 0;
    MutableBytes payload;
    ASSERT_EQ(opener->Open(esp, next, payload), Why::kOk);
    EXPECT_EQ(next, 4);
    EXPECT_EQ(ToHex(payload), kMade);
    esp = FromHex(m.esp);
    EXPECT_EQ(opener->Open(esp, next, payload), Why::kReplay);
  }
}

TEST(Esp, SealsToTheBitWhereTheIvIsTheSequenceNumber) {
  SeededEntropy entropy(1);
  for (const Made& m : kPackets) {
    if (TraitsOf(m.cipher).block > 1) continue;
    SCOPED_TRACE(m.esp);
    Result<EspSealer> sealer = EspSealer::Make(KeysFor({m.cipher, m.hash}), 0xdeadbeef, entropy);
    ASSERT_TRUE(sealer);
    MutableBytes esp;
    for (int i = 0; i < 7; ++i) {
      Buffer b(FromHex(kMade));
      ASSERT_TRUE(sealer->Seal(4, b.bytes, b.at, b.bytes.size() - 192, esp));
      if (i == 6) {
        EXPECT_EQ(ToHex(esp), m.esp);
      }
    }
  }
}

TEST(Esp, PacketsOfRfc3602) {
  // Case 5: transport mode; case 7: tunnel mode. Neither is authenticated.
  const struct {
    const char *key, *esp, *payload;
    std::uint8_t next;
  } cases[] = {
      {"90d382b410eeba7ad938c46cec1a82bf",
       "00004321 00000001 e96e8c08ab465763fd098d45dd3ff893 f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856"
       "a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6",
       "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
       1},
      {"0123456789abcdef0123456789abcdef",
       "00008765 00000002 f4e765244f6407adf13dc1380f673f37 773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8"
       "e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d",
       "45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
       "2425262728292a2b2c2d2e2f3031323334353637",
       4}};
  for (const auto& c : cases) {
    std::vector<std::uint8_t> esp = FromHex(c.esp);
    Result<EspOpener> opener = EspOpener::Make({VpnCipher::kAes128, VpnHash::kNone, Secret(Bytes(FromHex(c.key))), {}}, 0x4321, 64);
    ASSERT_TRUE(opener);
    std::uint8_t next = 0;
    MutableBytes payload;
    ASSERT_EQ(opener->Open(esp, next, payload), Why::kOk);
    EXPECT_EQ(next, c.next);
    EXPECT_EQ(ToHex(payload), c.payload);
  }
}

TEST(Esp, PacketsOfTheGcmTestVectors) {
  // draft-mcgrew-gcm-test-01, two of its packets: the key has its salt behind.
  const struct {
    std::uint32_t spi;
    VpnCipher cipher;
    const char *key, *esp, *payload;
    std::uint8_t next;
  } cases[] = {
      {0xa5f8, VpnCipher::kAesGcm128, "feffe9928665731c6d6a8f9467308308cafebabe",
       "0000a5f8 0000000a facedbaddecaf888 deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c3de81827c10e9a4f51330d0eec41"
       "6642cfbb85a5b47e48a4ec3b9ba95d918bd183b70d3aa8bc6ee4c309e9d85a41ad4a",
       "4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d001000001000000000000037369700963796265726369747902646b0000010001", 1},
      {0x4a2cbfe3, VpnCipher::kAesGcm256, "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344",
       "4a2cbfe3 00000002 0102030405060708 ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14"
       "e99def842d8eb335f4eecfdbf831824b4c4915956c96",
       "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b401010402", 1}};
  for (const auto& c : cases) {
    std::vector<std::uint8_t> esp = FromHex(c.esp);
    Result<EspOpener> opener = EspOpener::Make({c.cipher, VpnHash::kNone, Secret(Bytes(FromHex(c.key))), {}}, c.spi, 64);
    ASSERT_TRUE(opener);
    std::uint8_t next = 0;
    MutableBytes payload;
    ASSERT_EQ(opener->Open(esp, next, payload), Why::kOk);
    EXPECT_EQ(next, c.next);
    EXPECT_EQ(ToHex(payload), c.payload);
  }
}

TEST(Esp, EveryTransformThereAndBackAndNothingForged) {
  SeededEntropy entropy(2);
  Random random(3);
  for (EspTransform t : AllTransforms()) {
    SCOPED_TRACE(testing::Message() << int(t.cipher) << " " << int(t.hash));
    Result<EspSealer> sealer = EspSealer::Make(KeysFor(t), 0x01020304, entropy);
    Result<EspOpener> opener = EspOpener::Make(KeysFor(t), 0x01020304, 64);
    ASSERT_TRUE(sealer && opener);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::uint8_t> text(random.Below(round < 100 ? 64 : 1500));
      entropy.Fill(text);
      Buffer b(text);
      MutableBytes esp, payload;
      ASSERT_TRUE(sealer->Seal(static_cast<std::uint8_t>(round), b.bytes, b.at, text.size(), esp));
      EXPECT_EQ(esp.size(), sealer->shape().Size(text.size()));
      EXPECT_EQ(esp.size(), text.size() + sealer->Overhead(text.size()));
      EXPECT_GE(sealer->LargestPayload(esp.size()), text.size());
      EXPECT_EQ(sealer->shape().Size(sealer->LargestPayload(esp.size())), esp.size());
      EXPECT_GT(sealer->shape().Size(sealer->LargestPayload(esp.size()) + 1), esp.size());
      EXPECT_EQ(LoadBe32(esp.data()), 0x01020304u);
      EXPECT_EQ(LoadBe32(esp.data() + 4), static_cast<std::uint32_t>(round + 1));
      std::uint8_t next = 0;
      if (opener->shape().icv != 0) {
        std::vector<std::uint8_t> forged(esp.begin(), esp.end());
        // Anywhere but in the SPI, which only found the association; the ciphers authenticate that, too, but it is not asked.
        forged[4 + random.Below(static_cast<std::uint32_t>(forged.size() - 4))] ^= static_cast<std::uint8_t>(1u << random.Below(8));
        const Why why = opener->Open(forged, next, payload);
        EXPECT_TRUE(why == Why::kIcv || why == Why::kReplay) << int(why);
        EXPECT_EQ(opener->window().highest(), static_cast<std::uint32_t>(round));  // a forged packet moves nothing
      }
      std::vector<std::uint8_t> cut(esp.begin(), esp.begin() + random.Below(static_cast<std::uint32_t>(esp.size())));
      if (opener->shape().icv != 0) {
        EXPECT_NE(opener->Open(cut, next, payload), Why::kOk);
      }
      ASSERT_EQ(opener->Open(esp, next, payload), Why::kOk);
      EXPECT_EQ(next, static_cast<std::uint8_t>(round));
      EXPECT_EQ(ToHex(payload), ToHex(text));
    }
  }
}

TEST(Esp, OrderDoesNotMatterToTheCiphers) {
  // The sealer's and the opener's contexts chain from packet to packet; what comes late or never must not matter.
  SeededEntropy entropy(2);
  for (EspTransform t : AllTransforms()) {
    Result<EspSealer> sealer = EspSealer::Make(KeysFor(t), 9, entropy);
    Result<EspOpener> opener = EspOpener::Make(KeysFor(t), 9, 64);
    ASSERT_TRUE(sealer && opener);
    std::vector<std::vector<std::uint8_t>> sent;
    for (int i = 0; i < 20; ++i) {
      Buffer b(AsBytes("the same text in every packet"));
      MutableBytes esp;
      ASSERT_TRUE(sealer->Seal(4, b.bytes, b.at, 29, esp));
      sent.emplace_back(esp.begin(), esp.end());
      // No two look alike.
      if (i > 0 && t.cipher != VpnCipher::kNone && TraitsOf(t.cipher).block > 1) {
        EXPECT_NE(ToHex(Bytes(sent[i]).subspan(8, 24)), ToHex(Bytes(sent[i - 1]).subspan(8, 24)));
      }
    }
    for (int i : {5, 3, 19, 4, 0, 18, 7}) {
      std::uint8_t next = 0;
      MutableBytes payload;
      ASSERT_EQ(opener->Open(sent[i], next, payload), Why::kOk);
      EXPECT_EQ(std::string(payload.begin(), payload.end()), "the same text in every packet");
    }
  }
}

TEST(Esp, BadPaddingIsRefused) {
  // Null encryption shows the padding to whoever has the key to authenticate it.
  SeededEntropy entropy(2);
  const EspKeys keys = KeysFor({VpnCipher::kNone, VpnHash::kSha1});
  Result<EspOpener> opener = EspOpener::Make(keys, 9, 0);
  ASSERT_TRUE(opener);
  const auto open = [&](std::vector<std::uint8_t> esp) {
    esp.resize(esp.size() + 12);
    HmacState(VpnHash::kSha1, keys.integrity.bytes()).Compute(Bytes(esp).first(esp.size() - 12), esp.data() + esp.size() - 12, 12);
    std::uint8_t next = 0;
    MutableBytes payload;
    return opener->Open(esp, next, payload);
  };
  EXPECT_EQ(open(FromHex("00000009 00000001 01020204")), Why::kOk);
  EXPECT_EQ(open(FromHex("00000009 00000001 01030204")), Why::kPadding);
  EXPECT_EQ(open(FromHex("00000009 00000001 01020304")), Why::kPadding);  // longer than there is
  EXPECT_EQ(open(FromHex("00000009 00000001 0102ff04")), Why::kPadding);
  EXPECT_EQ(open(FromHex("00000009 00000001 4102030405060604")), Why::kPadding);
}

TEST(Esp, ARoomTooSmallAndKeysThatDoNotFit) {
  SeededEntropy entropy(2);
  const EspKeys keys = KeysFor({VpnCipher::kAes128, VpnHash::kSha1});
  Result<EspSealer> sealer = EspSealer::Make(keys, 9, entropy);
  ASSERT_TRUE(sealer);
  std::vector<std::uint8_t> bytes(200);
  MutableBytes esp;
  EXPECT_FALSE(sealer->Seal(4, bytes, 23, 20, esp));   // 24 in front
  EXPECT_FALSE(sealer->Seal(4, bytes, 201, 0, esp));
  EXPECT_FALSE(sealer->Seal(4, bytes, 24, 170, esp));  // 176 and 12 behind
  EXPECT_FALSE(sealer->Seal(4, bytes, 24, 250, esp));
  EXPECT_EQ(sealer->sequence(), 0u);
  EXPECT_TRUE(sealer->Seal(4, bytes, 24, 126, esp));
  EXPECT_EQ(sealer->sequence(), 1u);

  EspKeys wrong = keys.Clone();
  wrong.cipher = VpnCipher::kAes256;
  EXPECT_EQ(EspSealer::Make(wrong, 9, entropy).error(), "a key has the wrong length");
  EXPECT_FALSE(EspSealer::Make({VpnCipher::kNone, VpnHash::kNone, {}, {}}, 9, entropy));
  EXPECT_FALSE(EspOpener::Make({VpnCipher::kRc4, VpnHash::kSha1, Secret(16), Secret(20)}, 9, 64));
  EXPECT_FALSE(EspOpener::Make({VpnCipher::kAesGcm128, VpnHash::kSha1, Secret(20), Secret(20)}, 9, 64));
}

TEST(Esp, OverheadAsTheConsoleHasIt) {
  const auto shown = [](VpnCipher c, VpnHash h, bool nat_t) {
    const ShownOverhead o = ShownOverheadOf(c, h, nat_t);
    return std::to_string(o.total) + "(" + std::to_string(o.before_payload) + ")";
  };
  EXPECT_EQ(shown(VpnCipher::kAes256, VpnHash::kMd5, true), "82(52)");
  EXPECT_EQ(shown(VpnCipher::kAes256, VpnHash::kSha1, false), "74(44)");
  EXPECT_EQ(shown(VpnCipher::k3Des, VpnHash::kSha1, false), "58(36)");
  EXPECT_EQ(shown(VpnCipher::kAes128, VpnHash::kSha256, false), "78(44)");
  EXPECT_EQ(shown(VpnCipher::kAesGcm256, VpnHash::kNone, false), "55(36)");
  EXPECT_EQ(shown(VpnCipher::kAesGcm128, VpnHash::kNone, true), "63(44)");
}

// --- merged UDP ---

bool KnownSpi(const void*, std::uint32_t spi) { return spi == 0x11223344 || spi == 0x99aabbcc; }

std::vector<std::uint8_t> Merged(Random& random, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& packets, std::size_t piece,
                                 std::size_t last) {
  std::vector<std::uint8_t> all;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    std::vector<std::uint8_t> p(i + 1 == packets.size() ? last : piece);
    for (auto& b : p) b = static_cast<std::uint8_t>(random.U32());
    StoreBe32(p.data(), packets[i].first);
    StoreBe32(p.data() + 4, packets[i].second);
    all.insert(all.end(), p.begin(), p.end());
  }
  return all;
}

TEST(SplitMergedUdp, FindsTheBorders) {
  Random random(4);
  constexpr std::uint32_t kA = 0x11223344, kB = 0x99aabbcc;
  for (int round = 0; round < 300; ++round) {
    const std::size_t piece = 24 + 4 * random.Below(350), count = 2 + random.Below(40);
    const std::size_t last = 24 + 4 * random.Below(static_cast<std::uint32_t>((piece - 24) / 4 + 1));
    std::uint32_t sequence = random.U32();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> packets;
    for (std::size_t i = 0; i < count; ++i) {
      packets.emplace_back(round % 3 == 2 && random.Below(2) == 0 ? kB : kA, sequence);
      sequence += round % 3 == 1 && random.Below(5) == 0 ? 1 + random.Below(20) : 1;  // some were lost
    }
    std::vector<std::uint8_t> all = Merged(random, packets, piece, last);
    std::vector<MutableBytes> out;
    ASSERT_TRUE(SplitMergedUdp(all, KnownSpi, nullptr, out)) << round;
    ASSERT_EQ(out.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(out[i].data(), all.data() + i * piece);
      EXPECT_EQ(out[i].size(), i + 1 == count ? last : piece);
    }
  }
}

TEST(SplitMergedUdp, OnePacketAndRubbishHaveNone) {
  Random random(5);
  std::vector<MutableBytes> out;
  for (std::size_t size = 0; size < 3000; size += 7) {
    std::vector<std::uint8_t> one = Merged(random, {{0x11223344, 5}}, 0, std::max<std::size_t>(size, 8));
    EXPECT_FALSE(SplitMergedUdp(one, KnownSpi, nullptr, out));
  }
  std::vector<std::uint8_t> unknown = Merged(random, {{0x11223344, 5}, {0x11111111, 6}}, 100, 100);
  EXPECT_FALSE(SplitMergedUdp(unknown, KnownSpi, nullptr, out));
  std::vector<std::uint8_t> far = Merged(random, {{0x11223344, 5}, {0x11223344, 50000}}, 100, 100);
  EXPECT_FALSE(SplitMergedUdp(far, KnownSpi, nullptr, out));
  std::vector<std::uint8_t> tail = Merged(random, {{0x11223344, 5}, {0x11223344, 6}}, 100, 100);
  tail.resize(110);  // the second has not even a header
  EXPECT_FALSE(SplitMergedUdp(tail, KnownSpi, nullptr, out));
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace sallyport
