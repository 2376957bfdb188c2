// The layout of `?`.
#include "cli/help_text.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(HelpText, AlignsAndWraps) {
  EXPECT_EQ(RenderHelp("exec mode", {{"exit", "Leave", false}, {"logout", "Log off", false}, {"<cr>", "", true}}),
            "\nexec mode commands/options:\n"
            "  exit    Leave\n"
            "  logout  Log off\n"
            "  <cr>\n\n");
  const std::string long_help = "Abbreviation for source address and mask of 0.0.0.0 0.0.0.0, whatever comes";
  const std::string text = RenderHelp("", {{"any", long_help, false}});
  EXPECT_EQ(text,
            "\n  any  Abbreviation for source address and mask of 0.0.0.0 0.0.0.0, whatever\n"
            "       comes\n\n");
}

TEST(HelpText, WordsInARow) {
  const std::string text = RenderWordHelp({{"show", "", false}, {"shun", "", false}});
  EXPECT_NE(text.find("show"), std::string::npos);
  EXPECT_LT(text.find("show"), text.find("shun"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

}  // namespace
}  // namespace sallyport
