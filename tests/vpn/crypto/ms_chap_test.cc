// MS-CHAPv2 against the examples of RFC 2759 9.2, and a change of password against what undoes it.
#include "vpn/crypto/ms_chap.h"

#include <gtest/gtest.h>

#include "tests/vpn/hex.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

MsChapChallenge ChallengeOf(const char* hex) {
  MsChapChallenge c{};
  const auto bytes = FromHex(hex);
  std::copy_n(bytes.begin(), 16, c.begin());
  return c;
}

TEST(MsChapTest, ExamplesOfTheRfc) {
  if (!CryptoLibrary::Get().has_des()) GTEST_SKIP() << "OpenSSL's legacy provider is not installed";
  const auto r = AnswerMsChap(ChallengeOf("5b5d7c7d7b3f2f3e3c2c602132262628"), ChallengeOf("21402324255e262a28295f2b3a337c7e"), "User", "clientPass");
  ASSERT_TRUE(r);
  EXPECT_EQ(ToHex(r->response), "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df");
  EXPECT_EQ(r->authenticator, "S=407A5589115FD0D6209F510FE9C04566932CDA56");
}

TEST(MsChapTest, APasswordIsChanged) {
  if (!CryptoLibrary::Get().has_des()) GTEST_SKIP() << "OpenSSL's legacy provider is not installed";
  const std::vector<std::uint8_t> random(512, 0x5a);
  const auto one = ChangeMsChap("clientPass", "nu\xc3\xa9", random), zero = ChangeMsChap("clientPass", "", random);
  ASSERT_TRUE(one && zero);
  ASSERT_EQ(one->password.size(), 516u);
  // One stream has encrypted both: what differs is the password, at the end, and its length.
  for (std::size_t i = 0; i < 506; i++) ASSERT_EQ(one->password[i], zero->password[i]);
  std::vector<std::uint8_t> plain;
  for (std::size_t i = 506; i < 512; i++) plain.push_back(one->password[i] ^ zero->password[i] ^ 0x5a);
  EXPECT_EQ(ToHex(plain), "6e007500e900");
  EXPECT_EQ(one->password[512] ^ zero->password[512], 6);
  EXPECT_NE(one->hash, zero->hash);
  EXPECT_FALSE(ChangeMsChap("a", std::string(257, 'x'), random));
}

}  // namespace
}  // namespace sallyport
