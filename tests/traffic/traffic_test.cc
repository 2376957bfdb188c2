// Every file of tests/traffic/scripts is one test.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/traffic/script.h"

namespace {

class Script : public testing::Test {
 public:
  explicit Script(std::filesystem::path path) : path_(std::move(path)) {}
  void TestBody() override {
    std::ifstream in(path_);
    std::stringstream text;
    text << in.rdbuf();
    ASSERT_FALSE(text.str().empty()) << path_;
    EXPECT_EQ(sallyport::RunTrafficScript(text.str()), "");
  }

 private:
  std::filesystem::path path_;
};

const bool kRegistered = [] {
  std::vector<std::filesystem::path> scripts;
  for (const auto& e : std::filesystem::directory_iterator(SALLYPORT_TEST_DIR "/traffic/scripts")) scripts.push_back(e.path());
  std::sort(scripts.begin(), scripts.end());
  for (const auto& path : scripts) {
    testing::RegisterTest("Traffic", path.stem().c_str(), nullptr, nullptr, __FILE__, __LINE__, [path] { return new Script(path); });
  }
  return !scripts.empty();
}();

TEST(TrafficScripts, AreThere) { EXPECT_TRUE(kRegistered); }

}  // namespace
