// The table of conf/README.md that `tests/coverage --readme` writes: it is there, and it is a table. Its figures are not looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace sallyport {
namespace {

TEST(Readme, CoverageTableIsWhole) {
  std::ifstream in(std::string(SALLYPORT_TEST_DIR) + "/../conf/README.md");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string begin = "<!-- tests/coverage --readme writes from here -->\n", end = "<!-- to here -->\n";
  const std::size_t from = text.find(begin), to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  ASSERT_LT(from, to);
  EXPECT_EQ(text.find(begin, from + 1), std::string::npos) << "once only";
  const std::string table = text.substr(from + begin.size(), to - from - begin.size());
  int rows = 0;
  for (std::size_t at = 0; at < table.size(); rows++) {
    const std::size_t line_end = table.find('\n', at);
    const std::string line = table.substr(at, line_end - at);
    at = line_end + 1;
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 9) << line;
    EXPECT_TRUE(line.starts_with('|') && line.ends_with('|')) << line;
    if (rows < 2) continue;
    // Six columns of numbers behind the name and the release.
    std::size_t column = 0, number = 0;
    for (std::size_t i = line.find('|', 1) + 1, n = 1; n < 8; n++) {
      const std::size_t next = line.find('|', i);
      std::string cell = line.substr(i, next - i);
      cell.erase(std::remove(cell.begin(), cell.end(), ' '), cell.end());
      column++;
      if (n > 1 && !cell.empty() && cell.find_first_not_of("0123456789") == std::string::npos) number++;
      i = next + 1;
    }
    EXPECT_EQ(column, 7u);
    EXPECT_EQ(number, 6u) << line;
  }
  EXPECT_GE(rows, 4) << "two of the head, a configuration, their sum";
}

}  // namespace
}  // namespace sallyport
