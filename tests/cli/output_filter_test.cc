// Which lines a filter lets through, how it may be abbreviated, and what is wrong with a bad one.
#include "cli/output_filter.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

constexpr char kText[] = "alpha 1\nbeta 22\ngamma {3}\nbeta 4\n";

std::string Filtered(std::string_view words) {
  OutputFilter::Refusal refusal;
  const auto filter = OutputFilter::Parse(words, refusal);
  return filter ? filter->Apply(kText) : "refused";
}

OutputFilter::Refusal RefusalOf(std::string_view words) {
  OutputFilter::Refusal refusal;
  EXPECT_FALSE(OutputFilter::Parse(words, refusal).has_value()) << words;
  return refusal;
}

using Kind = OutputFilter::Refusal::Kind;

TEST(OutputFilter, IncludeExcludeBeginCount) {
  EXPECT_EQ(Filtered(" include beta"), "beta 22\nbeta 4\n");
  EXPECT_EQ(Filtered("exclude beta"), "alpha 1\ngamma {3}\n");
  EXPECT_EQ(Filtered("begin gam"), "gamma {3}\nbeta 4\n");
  EXPECT_EQ(Filtered("count beta"), "Number of lines which match regexp = 2\n");
  EXPECT_EQ(Filtered("grep beta"), "beta 22\nbeta 4\n");
  EXPECT_EQ(Filtered("grep -v beta"), "alpha 1\ngamma {3}\n");
}

TEST(OutputFilter, Abbreviations) {
  EXPECT_EQ(Filtered("inc alpha"), "alpha 1\n");
  EXPECT_EQ(Filtered("i alpha"), "alpha 1\n");
  EXPECT_EQ(Filtered("e beta|gamma"), "alpha 1\n");
  EXPECT_EQ(Filtered("B gamma"), "gamma {3}\nbeta 4\n");
}

TEST(OutputFilter, RegularExpressions) {
  EXPECT_EQ(Filtered("include ^beta [0-9]+$"), "beta 22\nbeta 4\n");
  EXPECT_EQ(Filtered("include alpha|gamma"), "alpha 1\ngamma {3}\n");
  EXPECT_EQ(Filtered("include 2 "), "beta 22\n");  // trailing blanks are no part of it
}

TEST(OutputFilter, NoIntervalsAndNoBackReferences) {
  EXPECT_EQ(Filtered("include {3}"), "gamma {3}\n");
  EXPECT_EQ(Filtered("include (a) \\1"), "alpha 1\n");  // \1 is the digit
  EXPECT_EQ(Filtered("include [{]"), "gamma {3}\n");
  EXPECT_EQ(Filtered("include 2{1,60000}{1,60000}"), "");
}

TEST(OutputFilter, BracketInASetDoesNotHideAnInterval) {
  EXPECT_EQ(Filtered("include [a[]{30000}{30000}"), "");
  EXPECT_EQ(Filtered("include []3]{1"), "");
  EXPECT_EQ(Filtered("include [[:digit:]]{"), "");
  EXPECT_EQ(Filtered("include [[:digit:]]}"), "gamma {3}\n");
}

// Each of these took gigabytes or for ever when the library saw it as it stands.
TEST(OutputFilter, RepeatedQuantifiersAreOneAndNestedOnesAreBounded) {
  EXPECT_EQ(Filtered("include a" + std::string(400, '+') + " 1"), "alpha 1\n");
  EXPECT_EQ(Filtered("include z+?+?+? ?1"), "alpha 1\n");
  EXPECT_EQ(Filtered("include ^bet+?a 4+$"), "beta 4\n");
  std::string nested = "2";
  for (int i = 0; i < 40; i++) nested = "(" + nested + ")+";
  const auto refusal = RefusalOf("include " + nested);
  EXPECT_EQ(refusal.kind, Kind::kBadPattern);
  EXPECT_EQ(refusal.detail, "the regular expression is too complex");
  EXPECT_EQ(Filtered("include ((2)+)+"), "beta 22\n");
}

TEST(OutputFilter, Refusals) {
  EXPECT_EQ(RefusalOf("").kind, Kind::kIncomplete);
  EXPECT_EQ(RefusalOf(" ").kind, Kind::kIncomplete);
  EXPECT_EQ(RefusalOf("include").kind, Kind::kIncomplete);
  EXPECT_EQ(RefusalOf("grep -v").kind, Kind::kIncomplete);
  EXPECT_EQ(RefusalOf(" frobnicate x").kind, Kind::kInvalid);
  EXPECT_EQ(RefusalOf(" frobnicate x").offset, 1u);
  EXPECT_EQ(RefusalOf("include [a").kind, Kind::kBadPattern);
  EXPECT_EQ(RefusalOf("include (a").kind, Kind::kBadPattern);
  EXPECT_EQ(RefusalOf("include " + std::string(600, 'a')).kind, Kind::kBadPattern);
}

}  // namespace
}  // namespace sallyport
