// ASA's password hashes: made when an operator types a plain password, verified when somebody logs in. Any thread; slow on
// purpose (pbkdf2). OpenSSL does the cryptography; nothing here keeps a password.
//
//   encrypted     16 characters: MD5 of the password padded with zeros to 16 bytes (to 32 when it is longer than 16 with the
//                 salt), three bytes of each four packed as 4 characters of "./0-9A-Za-z". A user's password shorter than 28
//                 characters is salted with the first four characters of the user's name; `enable password` and `passwd` are not.
//                 Test vectors: "" -> 8Ry2YjIyt7RRXU24, "cisco" -> 2KFQnbNIdI.2KYOU (unsalted).
//   pbkdf2        $sha512$ITERATIONS$SALT$HASH, salt and hash (16 bytes each) in base 64
//   nt-encrypted  MD4 of the password in UTF-16LE, in base 64
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

std::string PasswordEncrypted(std::string_view password, std::string_view user);  // user "": no salt
std::string PasswordPbkdf2(std::string_view password);                            // random salt, 5000 iterations
std::string PasswordPbkdf2(std::string_view password, std::string_view salt, int iterations);
// "" when the cryptographic library has no MD4.
std::string PasswordNt(std::string_view password);

enum class StoredPassword { kPlain, kEncrypted, kPbkdf2, kNtEncrypted };
// Constant-time comparison of what `password` hashes to with `stored`.
bool VerifyPassword(std::string_view password, std::string_view stored, StoredPassword form, std::string_view user);

}  // namespace sallyport
