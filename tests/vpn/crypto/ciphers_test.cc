// CBC vectors of NIST (FIPS 81, SP 800-38A), numbers of the registries, and the encrypted payload of IKEv2.
#include "vpn/crypto/ciphers.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"
#include "tests/vpn/hex.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

struct CbcVector {
  VpnCipher cipher;
  const char *key, *iv, *plain, *cipher_text;
};
constexpr const char* kFour =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
const CbcVector kCbc[] = {
    {VpnCipher::kDes, "0123456789abcdef", "1234567890abcdef", "4e6f77206973207468652074696d6520666f7220616c6c20",
     "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    {VpnCipher::k3Des, "0123456789abcdef23456789abcdef01456789abcdef0123", "f69f2445df4f9b17",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
     "2079c3d53aa763e193b79e2569ab5262516570481f25b50f73c0bda85c8e0da7"},
    {VpnCipher::kAes128, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f", kFour,
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
    {VpnCipher::kAes192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "000102030405060708090a0b0c0d0e0f", kFour,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
    {VpnCipher::kAes256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "000102030405060708090a0b0c0d0e0f",
     kFour,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"}};

TEST(Cbc, VectorsOfNist) {
  for (const CbcVector& v : kCbc) {
    const std::vector<std::uint8_t> key = FromHex(v.key);
    std::vector<std::uint8_t> iv = FromHex(v.iv), data = FromHex(v.plain);
    ASSERT_TRUE(CbcCrypt(v.cipher, true, key, iv, data));
    EXPECT_EQ(ToHex(data), v.cipher_text);
    EXPECT_EQ(ToHex(iv), ToHex(Bytes(data).last(iv.size())));  // the next message's
    iv = FromHex(v.iv);
    ASSERT_TRUE(CbcCrypt(v.cipher, false, key, iv, data));
    EXPECT_EQ(ToHex(data), v.plain);
    EXPECT_EQ(ToHex(iv), std::string(v.cipher_text).substr(std::string(v.cipher_text).size() - 2 * iv.size()));
  }
}

TEST(Cbc, TwoPiecesAreOneChain) {
  for (const CbcVector& v : kCbc) {
    const std::vector<std::uint8_t> key = FromHex(v.key);
    std::vector<std::uint8_t> iv = FromHex(v.iv), data = FromHex(v.plain);
    const std::size_t block = iv.size();
    ASSERT_TRUE(CbcCrypt(v.cipher, true, key, iv, MutableBytes(data).first(block)));
    ASSERT_TRUE(CbcCrypt(v.cipher, true, key, iv, MutableBytes(data).subspan(block)));
    EXPECT_EQ(ToHex(data), v.cipher_text);
  }
}

TEST(Cbc, RefusesWrongSizes) {
  std::vector<std::uint8_t> key(16), iv(16), data(32);
  EXPECT_FALSE(CbcCrypt(VpnCipher::kAes128, true, Bytes(key).first(15), iv, data));
  EXPECT_FALSE(CbcCrypt(VpnCipher::kAes128, true, key, MutableBytes(iv).first(8), data));
  EXPECT_FALSE(CbcCrypt(VpnCipher::kAes128, true, key, iv, MutableBytes(data).first(31)));
  EXPECT_FALSE(CbcCrypt(VpnCipher::kAesGcm128, true, key, iv, data));
  EXPECT_FALSE(CbcCrypt(VpnCipher::kNone, true, {}, {}, data));
  EXPECT_TRUE(CbcCrypt(VpnCipher::kAes128, true, key, iv, {}));
}

TEST(Traits, NumbersOfTheRegistriesAndBack) {
  EXPECT_EQ(CipherOfIkev1(1, 0), VpnCipher::kDes);
  EXPECT_EQ(CipherOfIkev1(5, 0), VpnCipher::k3Des);
  EXPECT_EQ(CipherOfIkev1(7, 256), VpnCipher::kAes256);
  EXPECT_EQ(CipherOfIkev1(7, 0), VpnCipher::kAes128);
  EXPECT_EQ(CipherOfIkev1(7, 200), std::nullopt);
  EXPECT_EQ(CipherOfIkev1(0, 0), std::nullopt);
  EXPECT_EQ(CipherOfIkev1(6, 0), std::nullopt);  // CAST
  EXPECT_EQ(CipherOfEspV1(3, 0), VpnCipher::k3Des);
  EXPECT_EQ(CipherOfEspV1(12, 192), VpnCipher::kAes192);
  EXPECT_EQ(CipherOfEspV1(11, 0), VpnCipher::kNone);
  EXPECT_EQ(CipherOfIkev2(12, 0), std::nullopt);
  EXPECT_EQ(CipherOfIkev2(20, 192), VpnCipher::kAesGcm192);
  EXPECT_EQ(CipherOfIkev2(21, 128), VpnCipher::kAesGmac128);
  EXPECT_EQ(CipherOfIkev2(3, 0), VpnCipher::k3Des);
  EXPECT_EQ(CipherOfIkev2(11, 0), VpnCipher::kNone);
  EXPECT_EQ(HashOfIkev1(4), VpnHash::kSha256);
  EXPECT_EQ(HashOfEspV1(1), VpnHash::kMd5);
  EXPECT_EQ(HashOfEspV1(5), VpnHash::kSha256);
  EXPECT_EQ(HashOfPrf(7), VpnHash::kSha512);
  EXPECT_EQ(HashOfIntegrity(13), VpnHash::kSha384);
  EXPECT_EQ(HashOfIntegrity(0), std::nullopt);
  for (int i = 0; i < kVpnCiphers; ++i) {
    const VpnCipher c = static_cast<VpnCipher>(i);
    if (TraitsOf(c).ikev1 != 0) {
      EXPECT_EQ(CipherOfIkev1(TraitsOf(c).ikev1, TraitsOf(c).key_bits), c);
    }
    if (TraitsOf(c).ikev2 != 0) {
      EXPECT_EQ(CipherOfIkev2(TraitsOf(c).ikev2, TraitsOf(c).key_bits), c);
    }
    if (TraitsOf(c).esp_v1 != 0) {
      EXPECT_EQ(CipherOfEspV1(TraitsOf(c).esp_v1, TraitsOf(c).key_bits), c);
    }
  }
}

SkKeys MakeKeys(VpnCipher c, VpnHash h) {
  SkKeys k;
  k.cipher = c;
  k.integrity = h;
  k.encryption = Secret(Bytes(Counting(0, TraitsOf(c).material())));
  k.authentication = Secret(Bytes(Counting(0x80, TraitsOf(h).size)));
  return k;
}

TEST(SkPayload, GcmAsAnotherLibrarySeals) {
  SkKeys keys = MakeKeys(VpnCipher::kAesGcm256, VpnHash::kNone);
  const std::vector<std::uint8_t> salt = FromHex("a0a1a2a3");
  std::copy(salt.begin(), salt.end(), keys.encryption.bytes().data() + 32);
  SeededEntropy entropy(1);
  std::vector<std::uint8_t> message = Counting(0, 32);
  const Bytes plain = AsBytes("payloads of IKEv2");
  message.insert(message.end(), plain.begin(), plain.end());
  ASSERT_TRUE(SealSk(keys, entropy, message, 32));
  EXPECT_EQ(ToHex(Bytes(message).subspan(32)),
            "0000000000000001c0cec1e20315a2c73bb5cb4a322048fc7f1ae367d791947bc495e7dae35acefe6b0b");
}

TEST(SkPayload, EverySuiteGoesAndComesAndNothingForgedDoes) {
  const struct {
    VpnCipher c;
    VpnHash h;
  } suites[] = {{VpnCipher::kDes, VpnHash::kMd5},          {VpnCipher::k3Des, VpnHash::kSha1},       {VpnCipher::kAes128, VpnHash::kSha256},
                {VpnCipher::kAes192, VpnHash::kSha384},    {VpnCipher::kAes256, VpnHash::kSha512},   {VpnCipher::kAesGcm128, VpnHash::kNone},
                {VpnCipher::kAesGcm192, VpnHash::kNone},   {VpnCipher::kAesGcm256, VpnHash::kNone}};
  SeededEntropy entropy(5);
  Random random(9);
  for (const auto& s : suites) {
    SkKeys keys = MakeKeys(s.c, s.h);
    for (std::size_t size = 0; size < 70; ++size) {
      std::vector<std::uint8_t> text(size);
      entropy.Fill(text);
      std::vector<std::uint8_t> message = Counting(1, 32);
      message.insert(message.end(), text.begin(), text.end());
      ASSERT_TRUE(SealSk(keys, entropy, message, 32));
      EXPECT_EQ(message.size(), 32 + SkSize(keys, size));
      EXPECT_GE(SkRoom(keys, message.size() - 32), size);
      EXPECT_EQ(SkSize(keys, SkRoom(keys, message.size() - 32)), message.size() - 32);
      std::vector<std::uint8_t> copy = message;
      const std::optional<MutableBytes> back = OpenSk(keys, copy, 32);
      ASSERT_TRUE(back);
      EXPECT_EQ(ToHex(*back), ToHex(text));
      // One bit anywhere, header included.
      copy = message;
      copy[random.Below(static_cast<std::uint32_t>(copy.size()))] ^= static_cast<std::uint8_t>(1u << random.Below(8));
      EXPECT_FALSE(OpenSk(keys, copy, 32));
      // Cut anywhere.
      copy = message;
      copy.resize(random.Below(static_cast<std::uint32_t>(copy.size())));
      EXPECT_FALSE(OpenSk(keys, copy, 32));
    }
  }
}

TEST(SkPayload, RefusesKeysThatDoNotFit) {
  SeededEntropy entropy(5);
  SkKeys keys = MakeKeys(VpnCipher::kAes128, VpnHash::kNone);  // nothing authenticates
  std::vector<std::uint8_t> message(64);
  EXPECT_FALSE(SealSk(keys, entropy, message, 32));
  keys = MakeKeys(VpnCipher::kAesGcm128, VpnHash::kSha1);
  EXPECT_FALSE(SealSk(keys, entropy, message, 32));
  keys = MakeKeys(VpnCipher::kAesGmac128, VpnHash::kNone);
  EXPECT_FALSE(SealSk(keys, entropy, message, 32));
  keys = MakeKeys(VpnCipher::kAes256, VpnHash::kSha1);
  keys.encryption = Secret(16);
  EXPECT_FALSE(SealSk(keys, entropy, message, 32));
  EXPECT_FALSE(OpenSk(keys, message, 32));
}

}  // namespace
}  // namespace sallyport
