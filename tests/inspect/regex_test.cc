#include "inspect/regex.h"

#include <gtest/gtest.h>

#include <regex.h>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

bool Matches(std::string_view pattern, std::string_view text) {
  std::string error;
  const auto r = Regex::Compile(pattern, &error);
  EXPECT_TRUE(r) << pattern << ": " << error;
  return r && r->Search(text);
}

TEST(Regex, Syntax) {
  EXPECT_TRUE(Matches(R"(\.yahoo\.com)", "www.yahoo.com"));
  EXPECT_FALSE(Matches(R"(\.yahoo\.com)", "www.yahooxcom"));
  EXPECT_TRUE(Matches(".*\\.([Ee][Xx][Ee]|[Cc][Oo][Mm]) HTTP/1.[01]", "GET /a/b.EXE HTTP/1.1"));
  EXPECT_FALSE(Matches(".*\\.([Ee][Xx][Ee]|[Cc][Oo][Mm]) HTTP/1.[01]", "GET /a/b.exe HTTP/1.2"));
  EXPECT_TRUE(Matches("^abc", "abcd"));
  EXPECT_FALSE(Matches("^abc", "xabc"));
  EXPECT_TRUE(Matches("abc$", "xabc"));
  EXPECT_FALSE(Matches("abc$", "abcx"));
  EXPECT_TRUE(Matches("a{2,3}b", "caab"));
  EXPECT_FALSE(Matches("^a{2,3}b", "aaaab"));
  EXPECT_TRUE(Matches("a{2,}b", "aaaaaab"));
  EXPECT_TRUE(Matches("[^0-9]x", "ax"));
  EXPECT_FALSE(Matches("[^0-9]x", "1x"));
  EXPECT_TRUE(Matches(R"(a\x41\101\t)", "aAA\t"));
  EXPECT_TRUE(Matches("^$", ""));
  EXPECT_FALSE(Matches("^$", "a"));
  EXPECT_TRUE(Matches("a|", "zzz"));
  EXPECT_TRUE(Matches("[]]", "]"));
  EXPECT_FALSE(Matches("abc", "ABC"));
}

TEST(Regex, RefusesWhatIsNoneAndWhatIsTooLarge) {
  for (const char* bad : {"(", ")", "a)", "[a", "*a", "a\\", "[z-a]", "((((a{100}){100}){100}){100})", "a{3,2}"}) {
    std::string error;
    EXPECT_FALSE(Regex::Compile(bad, &error)) << bad;
    EXPECT_FALSE(error.empty());
  }
  EXPECT_FALSE(Regex::Compile(std::string(200, '(') + "a" + std::string(200, ')')));
  EXPECT_TRUE(Regex::Compile("(a{1,20}){1,20}"));
}

TEST(Regex, PiecesAreTheWhole) {
  const auto r = Regex::Compile("(foo|ba+r)[0-9]{2}$");
  ASSERT_TRUE(r);
  Regex::State s = r->Start();
  for (const char* piece : {"xxfo", "", "o1 b", "aaa", "r4", "2"}) EXPECT_FALSE(r->Feed(s, piece));
  EXPECT_TRUE(r->Finish(s));
}

// The same verdict as the C library's engine on random small expressions.
TEST(Regex, AgreesWithAnotherEngine) {
  Random random(3);
  const char* atoms[] = {"a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab)", "(a|)"};
  const char* suffixes[] = {"", "", "", "*", "+", "?", "{2}", "{1,3}"};
  for (int i = 0; i < 3000; i++) {
    std::string pattern = random.U32() % 4 == 0 ? "^" : "";
    for (int n = 1 + static_cast<int>(random.U32() % 4); n != 0; n--) {
      pattern += atoms[random.U32() % 8];
      pattern += suffixes[random.U32() % 8];
      if (random.U32() % 6 == 0) pattern += "|";
    }
    if (random.U32() % 4 == 0) pattern += "$";
    std::string text;
    for (int n = static_cast<int>(random.U32() % 8); n != 0; n--) text += "abc"[random.U32() % 3];
    const auto ours = Regex::Compile(pattern);
    ASSERT_TRUE(ours) << pattern;
    regex_t theirs;
    ASSERT_EQ(regcomp(&theirs, pattern.c_str(), REG_EXTENDED | REG_NOSUB), 0) << pattern;
    EXPECT_EQ(ours->Search(text), regexec(&theirs, text.c_str(), 0, nullptr, 0) == 0) << pattern << " on " << text;
    regfree(&theirs);
  }
}

}  // namespace
}  // namespace sallyport
