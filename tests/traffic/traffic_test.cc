// Every file of tests/traffic/scripts is two tests: as it is, and with packet-tracer asked before every packet.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/traffic/script.h"

namespace {

class Script : public testing::Test {
 public:
  Script(std::filesystem::path path, bool traced) : path_(std::move(path)), traced_(traced) {}
  void TestBody() override {
    std::ifstream in(path_);
    std::stringstream text;
    text << in.rdbuf();
    ASSERT_FALSE(text.str().empty()) << path_;
    EXPECT_EQ(sallyport::RunTrafficScript(text.str(), traced_), "");
  }

 private:
  std::filesystem::path path_;
  bool traced_;
};

const bool kRegistered = [] {
  std::vector<std::filesystem::path> scripts;
  for (const auto& e : std::filesystem::directory_iterator(SALLYPORT_TEST_DIR "/traffic/scripts")) scripts.push_back(e.path());
  std::sort(scripts.begin(), scripts.end());
  for (const auto& path : scripts) {
    for (const bool traced : {false, true}) {
      testing::RegisterTest(traced ? "TracedTraffic" : "Traffic", path.stem().c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [path, traced] { return new Script(path, traced); });
    }
  }
  return !scripts.empty();
}();

TEST(TrafficScripts, AreThere) { EXPECT_TRUE(kRegistered); }

}  // namespace
