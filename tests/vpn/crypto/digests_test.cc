// HMACs of RFC 2202 and 4231; expansions against values computed by another program from the RFCs' formulas.
#include "vpn/crypto/digests.h"

#include <gtest/gtest.h>

#include "tests/vpn/hex.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/library.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

std::string HexHmac(VpnHash h, Bytes key, Bytes data) {
  std::vector<std::uint8_t> out(TraitsOf(h).size);
  Hmac(h, key, {data}, out);
  return ToHex(out);
}

constexpr VpnHash kAll[] = {VpnHash::kMd5, VpnHash::kSha1, VpnHash::kSha256, VpnHash::kSha384, VpnHash::kSha512};

TEST(CryptoLibrary, EverythingIsThere) {
  // The development machine has the legacy provider; where it is missing, the library says so and DES is not offered.
  const CryptoLibrary& library = CryptoLibrary::Get();
  EXPECT_EQ(library.missing(), "");
  EXPECT_TRUE(library.has_des());
  EXPECT_EQ(library.Cipher(VpnCipher::kNone), nullptr);
  EXPECT_EQ(library.Cipher(VpnCipher::kRc4), nullptr);
  for (VpnHash h : kAll) EXPECT_NE(library.Md(h), nullptr);
}

TEST(Digests, HashesOfNothingAndOfAbc) {
  EXPECT_EQ(ToHex(Hash(VpnHash::kMd5, {})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(ToHex(Hash(VpnHash::kSha1, {AsBytes("ab"), {}, AsBytes("c")})), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(ToHex(Hash(VpnHash::kSha256, {AsBytes("abc")})), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(Hash(VpnHash::kSha384, {AsBytes("abc")})).substr(0, 16), "cb00753f45a35e8b");
  EXPECT_EQ(ToHex(Hash(VpnHash::kSha512, {AsBytes("abc")})).substr(0, 16), "ddaf35a193617aba");
}

TEST(Digests, HmacsOfRfc2202) {
  const std::vector<std::uint8_t> b16(16, 0x0b), b20(20, 0x0b), aa80(80, 0xaa), aa16(16, 0xaa), aa20(20, 0xaa), dd50(50, 0xdd);
  EXPECT_EQ(HexHmac(VpnHash::kMd5, b16, AsBytes("Hi There")), "9294727a3638bb1c13f48ef8158bfc9d");
  EXPECT_EQ(HexHmac(VpnHash::kMd5, AsBytes("Jefe"), AsBytes("what do ya want for nothing?")), "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(HexHmac(VpnHash::kMd5, aa16, dd50), "56be34521d144c88dbb8c733f0e8b3f6");
  EXPECT_EQ(HexHmac(VpnHash::kMd5, aa80, AsBytes("Test Using Larger Than Block-Size Key - Hash Key First")),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
  EXPECT_EQ(HexHmac(VpnHash::kSha1, b20, AsBytes("Hi There")), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(HexHmac(VpnHash::kSha1, AsBytes("Jefe"), AsBytes("what do ya want for nothing?")),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(HexHmac(VpnHash::kSha1, aa20, dd50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
  EXPECT_EQ(HexHmac(VpnHash::kSha1, aa80, AsBytes("Test Using Larger Than Block-Size Key - Hash Key First")),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST(Digests, HmacsOfRfc4231) {
  const std::vector<std::uint8_t> aa131(131, 0xaa);
  const Bytes jefe = AsBytes("Jefe"), nothing = AsBytes("what do ya want for nothing?");
  EXPECT_EQ(HexHmac(VpnHash::kSha256, jefe, nothing), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexHmac(VpnHash::kSha384, jefe, nothing),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(HexHmac(VpnHash::kSha512, jefe, nothing),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e"
            "070a38bce737");
  const Bytes longer = AsBytes(
      "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being "
      "used by the HMAC algorithm.");
  EXPECT_EQ(HexHmac(VpnHash::kSha256, aa131, longer), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
  EXPECT_EQ(HexHmac(VpnHash::kSha384, aa131, longer),
            "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e");
  EXPECT_EQ(HexHmac(VpnHash::kSha512, aa131, longer),
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c9"
            "7440fa8c6a58");
}

TEST(Digests, HmacIsCutAndTakesPartsAndAnEmptyKey) {
  std::uint8_t twelve[12];
  Hmac(VpnHash::kSha1, AsBytes("Jefe"), {AsBytes("what do ya want "), {}, AsBytes("for nothing?")}, twelve);
  EXPECT_EQ(ToHex(twelve), "effcdf6ae5eb2fa2d27416d5");
  // The well-known HMAC-SHA-256 of nothing under no key.
  EXPECT_EQ(HexHmac(VpnHash::kSha256, {}, {}), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digests, PrfPlusOfRfc7296) {
  const std::vector<std::uint8_t> key = Counting(0, 20), seed = Counting(0x40, 64);
  const struct {
    VpnHash prf;
    const char* hundred;
  } cases[] = {
      {VpnHash::kMd5, "c94d5d4d4bc1c9ae4f744bbcd48a964f4ec1759e5e28d78f002e627387e0ca65ef654e3594204d73f9483822d4a940ab43cad9b8279f2612c1de38"
                      "63ca676558abf0bd9a6a78bdf9655bc6c789c2ef34d9944096940acfcd0e9dc7d4186039ed6d3d5656"},
      {VpnHash::kSha1, "c023e1f01eacb0d9f20c1bd2ec9359bbd5b4127a3806299511d018e1f0102a550f0f7f09698145f90948ab3b926703fc031b39acd6f73c864bba01"
                       "074edfb31c05b8a1131bf69a8442662c3238f06b17f5842e6326e2597dfc836c13ec4562a43ebff1a3"},
      {VpnHash::kSha256, "21e2536ac2b7260c06fea60802afe622312a7f0ebf1ce6d63528ca75eff5f8bf9cabbcd1ba2b471e4e468bb25c634b3047984453c70c6b9fd4"
                         "e8595dade3574d5c68f0486e67c0ee412452b32aa4f23c77fcfef82ee96ecf3f27c13c352c0c4c7381077a"},
      {VpnHash::kSha384, "4417e0da3da3e8fe7d47fdddd4fcc03422aa1120c3c3aeaa65ee7ce19b703a44266724b60f2f89f74e17f4ee05ff57b90bedabbcf31dd5e508"
                         "749ea18da2be7dd12e7e3d19494000617e0e0c4afe321c0ae5815219290b492a28c8b00ac497afbab3ad18"},
      {VpnHash::kSha512, "125980b2c2d013e1b4f30dc925fd9973b43a27fd5989536a51cd2036640754ea9d71ffa0c4650171e725436ec5e4743e03d72f20f43fb45d88"
                         "68f1d4aa2960c9b55296d5d824b1a92b577c98d82c4d1d8a8c0b365d049633bf5e4271f021696c2f8f8625"}};
  for (const auto& c : cases) {
    EXPECT_EQ(ToHex(PrfPlus(c.prf, key, seed, 100).bytes()), c.hundred);
    EXPECT_EQ(ToHex(PrfPlus(c.prf, key, seed, 7).bytes()), std::string(c.hundred).substr(0, 14));
  }
  EXPECT_TRUE(PrfPlus(VpnHash::kSha1, key, seed, 0).empty());
}

TEST(Digests, ExpansionOfRfc2409) {
  EXPECT_EQ(ToHex(ExpandIkev1(VpnHash::kMd5, Counting(0, 16), 40).bytes()),
            "5d76401b50b90caee409473960c04a9614b5f3b70b892097525b06f252c61fbeb621fedde384ff88");
  EXPECT_EQ(ToHex(ExpandIkev1(VpnHash::kSha1, Counting(0, 20), 40).bytes()),
            "1e5fd6a5cbc98bd4c1fe20d5e5fb2ed1df330c93a33c043ca850a65fd7aeae177920debbed728c58");
  EXPECT_EQ(ToHex(ExpandIkev1(VpnHash::kSha256, Counting(0, 32), 40).bytes()),
            "e711546e3faad4c7c4aa756bc26cad6abea8241984a0f6b0839c70ca61c4ef88d7d5b72e4532e11d");
  // Long enough as it is: not expanded.
  EXPECT_EQ(ToHex(ExpandIkev1(VpnHash::kSha1, Counting(0, 20), 16).bytes()), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(ToHex(KeymatIkev1(VpnHash::kSha1, Counting(0, 20), Counting(0x40, 64), 50).bytes()),
            "90819cde226c0cb44d2da6352fe33415eebe89965e8bb3e794ecb180b53fb1d275d2db84f499ca5656013930017a920c92f0");
}

TEST(Secrets, MoveCompareAndSlice) {
  Secret a = Secret::OfText("cisco123");
  Secret b = a.Clone();
  EXPECT_TRUE(a == b);
  Secret c = std::move(b);
  EXPECT_TRUE(a == c);
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(a.Slice(0, 5) == Secret::OfText("cisco"));
  EXPECT_FALSE(a == Secret::OfText("cisco124"));
  EXPECT_FALSE(a == Secret::OfText("cisco12"));
  EXPECT_TRUE(Secret() == Secret());
  EXPECT_TRUE(SameBytes({}, {}));
}

TEST(Randomness, SeededTwiceIsTheSameAndTheSystemsIsNot) {
  SeededEntropy a(7), b(7), c(8);
  EXPECT_EQ(a.U64(), b.U64());
  EXPECT_NE(a.U64(), c.U64());
  SystemEntropy system;
  EXPECT_NE(system.U64(), system.U64());
}

}  // namespace
}  // namespace sallyport
