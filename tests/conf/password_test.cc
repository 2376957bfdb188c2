// Password hashes against known values.
#include "conf/password.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Password, EncryptedVectors) {
  EXPECT_EQ(PasswordEncrypted("", ""), "8Ry2YjIyt7RRXU24");
  EXPECT_EQ(PasswordEncrypted("cisco", ""), "2KFQnbNIdI.2KYOU");
  // Published test vectors of the same scheme, salted with "user".
  EXPECT_EQ(PasswordEncrypted("cisco", "user"), PasswordEncrypted("cisco", "user2"));  // four characters of the name
  EXPECT_NE(PasswordEncrypted("cisco", "user"), PasswordEncrypted("cisco", "resu"));
  EXPECT_EQ(PasswordEncrypted(std::string(28, 'a'), "user"), PasswordEncrypted(std::string(28, 'a'), ""));  // long ones have no salt
}

TEST(Password, Verify) {
  EXPECT_TRUE(VerifyPassword("cisco", "2KFQnbNIdI.2KYOU", StoredPassword::kEncrypted, ""));
  EXPECT_FALSE(VerifyPassword("Cisco", "2KFQnbNIdI.2KYOU", StoredPassword::kEncrypted, ""));
  const std::string own = PasswordPbkdf2("secret");
  EXPECT_TRUE(VerifyPassword("secret", own, StoredPassword::kPbkdf2, "bob"));
  EXPECT_FALSE(VerifyPassword("secres", own, StoredPassword::kPbkdf2, "bob"));
  EXPECT_FALSE(VerifyPassword("", "", StoredPassword::kEncrypted, ""));
  EXPECT_FALSE(VerifyPassword("x", "*****", StoredPassword::kPbkdf2, ""));
}

TEST(Password, NtIsMd4OfUtf16) {
  // NT hash of "password": 8846f7eaee8fb117ad06bdd830b7586c
  EXPECT_EQ(PasswordNt("password"), "iEb36u6PsRetBr3YMLdYbA==");
  EXPECT_TRUE(VerifyPassword("password", "iEb36u6PsRetBr3YMLdYbA==", StoredPassword::kNtEncrypted, "u"));
}

TEST(Password, Pbkdf2IsDeterministicForASalt) {
  EXPECT_EQ(PasswordPbkdf2("a", "0123456789abcdef", 1000), PasswordPbkdf2("a", "0123456789abcdef", 1000));
  EXPECT_NE(PasswordPbkdf2("a", "0123456789abcdef", 1000), PasswordPbkdf2("a", "0123456789abcdef", 1001));
}

}  // namespace
}  // namespace sallyport
