// Paging by key.
#include "cli/pager.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

const std::string kErase = "\r              \r";

TEST(Pager, NoPagingAtZero) {
  Pager p;
  p.Add("1\n2\n3\n");
  EXPECT_EQ(p.Page(0), "1\n2\n3\n");
  EXPECT_FALSE(p.More());
}

TEST(Pager, ExactlyOnePageHasNoMore) {
  Pager p;
  p.Add("1\n2\n");
  EXPECT_EQ(p.Page(2), "1\n2\n");
  EXPECT_FALSE(p.More());
}

TEST(Pager, SpaceEnterAndQ) {
  Pager p;
  p.Add("1\n2\n3\n4\n5\n6\n");
  EXPECT_EQ(p.Page(2), "1\n2\n");
  EXPECT_TRUE(p.More());
  EXPECT_EQ(p.Key('\r', 2), kErase + "3\n");
  EXPECT_EQ(p.Key('x', 2), "");
  EXPECT_TRUE(p.More());
  EXPECT_EQ(p.Key(' ', 2), kErase + "4\n5\n");
  EXPECT_EQ(p.Key('q', 2), kErase);
  EXPECT_FALSE(p.More());
  p.Add("7\n");
  EXPECT_EQ(p.Page(2), "7\n");
}

TEST(Pager, LastLineWithoutLineEnd) {
  Pager p;
  p.Add("1\n2\nend");
  EXPECT_EQ(p.Page(2), "1\n2\n");
  EXPECT_EQ(p.Key('\n', 2), kErase + "end");
  EXPECT_FALSE(p.More());
}

TEST(Pager, ErasesExactlyThePrompt) { EXPECT_EQ(Pager::Erase(), kErase); }

}  // namespace
}  // namespace sallyport
