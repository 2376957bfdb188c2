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

// Computed elsewhere (Python's hashlib, OpenSSL's command, vectors that others have published), none of them by this program.
TEST(Password, UsersAreSaltedWithTheirNames) {
  struct {
    const char *password, *user, *stored;
  } vectors[] = {{"cisco", "john", "hN7LzeyYjw12FSIU"},      {"cisco", "jack", "7DrfeZ7cyOj/PslD"},
                 {"ripper", "alex", "h3mJrcH0901pqX/m"},     {"cisco", "cisco1", "3USUcOPFUiMCO4Jk"},
                 {"CscFw-ITC!", "admcom", "lZt7HSIXw3.QP7.R"}, {"cangetin", "rramsey", "jgBZqYtsWfGcUKDi"},
                 {"phonehome", "rharris", "zyIIMSYjiPm0L7a6"}, {"cangetin", "", "TynyB./ftknE77QP"},
                 {"hsc", "", "YtT8/k6Np8F1yz2c"},
                 {"a-long-password-of-24-ch", "anna", "LemggtPCtn/GlQ1/"},  // padded to 32
                 {"0123456789abcdef", "bo", "4UShf9YafHnTD/5V"}};           // a name of less than four characters
  for (const auto& v : vectors) {
    EXPECT_EQ(PasswordEncrypted(v.password, v.user), v.stored) << v.password << " " << v.user;
    EXPECT_TRUE(VerifyPassword(v.password, v.stored, StoredPassword::kEncrypted, v.user));
    EXPECT_FALSE(VerifyPassword(v.password, v.stored, StoredPassword::kEncrypted, "else")) << v.password;
  }
}

TEST(Password, Pbkdf2Vectors) {
  constexpr char kSecret[] = "$sha512$5000$AAECAwQFBgcICQoLDA0ODw==$xrgDMI01ROu6O2Kb98Cigw==";
  constexpr char kOther[] = "$sha512$5000$c2FsdHNhbHRzYWx0c2FsdA==$LC6pZb0X5tzH/FJby2CFNw==";
  EXPECT_TRUE(VerifyPassword("secret", kSecret, StoredPassword::kPbkdf2, "anna"));
  EXPECT_TRUE(VerifyPassword("Tr0ub4dor&3", kOther, StoredPassword::kPbkdf2, ""));
  EXPECT_FALSE(VerifyPassword("secret", kOther, StoredPassword::kPbkdf2, "anna"));
  EXPECT_EQ(PasswordPbkdf2("Tr0ub4dor&3", "saltsaltsaltsalt", 5000), kOther);
}

TEST(Password, NtOfSecret) { EXPECT_EQ(PasswordNt("secret"), "h42AFGBs2ilnekTvoTU/xw=="); }

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
