// Renders the values that captured outputs of real appliances hold, and compares with their bytes. The captures are not part
// of the project: without them (SALLYPORT_SHARED, else ../shared beside the source) these tests are skipped.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <vector>

#include "cli/show_asp_drop.h"
#include "cli/show_conn.h"
#include "cli/show_interface.h"
#include "cli/show_nat.h"
#include "cli/show_route.h"
#include "cli/show_system.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport {
namespace {

std::string Shared() {
  if (const char* env = std::getenv("SALLYPORT_SHARED")) return env;
  return std::string(SALLYPORT_TEST_DIR) + "/../../shared";
}

std::vector<std::string> Lines(const std::string& path) {
  std::istringstream in(ReadWhole(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

// The part of a `show tech-support` under a heading, without the empty lines around it.
std::vector<std::string> Part(const std::string& heading) {
  std::vector<std::string> part;
  bool inside = false;
  for (const std::string& line : Lines(Shared() + "/corpus/captured/asav981-showtech.txt")) {
    const bool is_heading = line.starts_with("------------------ ");
    if (is_heading && inside) break;
    if (inside) part.push_back(line);
    if (is_heading && line == "------------------ " + heading + " ------------------") inside = true;
  }
  while (!part.empty() && part.front().empty()) part.erase(part.begin());
  while (!part.empty() && part.back().empty()) part.pop_back();
  return part;
}

std::string Join(const std::vector<std::string>& lines, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end && i < lines.size(); i++) text += lines[i] + "\n";
  return text;
}

class Samples : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Shared() + "/corpus/captured/asav981-showtech.txt")) {
      GTEST_SKIP() << "no captured outputs at " << Shared();
    }
  }
};

TEST_F(Samples, AspDropWhole) {
  const std::vector<std::string> part = Part("show asp drop");
  static const std::regex kLine(R"(^  .* \((\S+)\)\s+(\d+)$)");
  DropView view;
  for (const std::string& line : part) {
    std::smatch m;
    if (!std::regex_match(line, m, kLine)) continue;
    for (std::size_t i = 1; i < view.counters.frame.size(); i++) {
      if (Keyword(static_cast<FrameDrop>(i)) == m[1].str()) view.counters.frame[i] = std::stoull(m[2].str());
    }
  }
  EXPECT_EQ(ShowAspDrop(view, {}), "\n" + Join(part, 0, part.size()));
}

TEST_F(Samples, Nameif) {
  InterfaceView outside, inside;
  outside.hardware = "GigabitEthernet0/0";
  outside.nameif = "outside";
  inside.hardware = "GigabitEthernet0/1";
  inside.nameif = "inside";
  inside.security_level = 100;
  const auto lines = Lines(Shared() + "/corpus/genie/ShowNameif/cli/equal/golden_output1_output.txt");
  EXPECT_EQ(ShowNameif({outside, inside}), Join(lines, 0, 3));
}

// One interface's part of `show traffic`. The captured release computed its totals per second in 32 bits; where that
// overflowed, the printed rate is wrong and only the counts are compared.
TEST_F(Samples, Traffic) {
  const std::vector<std::string> part = Part("show traffic");
  static const std::regex kPair(R"(^\t\t(\d+) packets\t(\d+) bytes$)"),
      kRate(R"(^      \d minute (?:in|out)put rate (\d+) pkts/sec,  (\d+) bytes/sec$)");
  const auto begin = static_cast<std::size_t>(std::find(part.begin(), part.end(), "inside:") - part.begin());
  ASSERT_LT(begin + 13, part.size());
  std::vector<std::uint64_t> totals, rates;
  for (std::size_t i = begin; i < begin + 13; i++) {
    std::smatch m;
    if (std::regex_match(part[i], m, kPair)) totals.insert(totals.end(), {std::stoull(m[1].str()), std::stoull(m[2].str())});
    if (std::regex_match(part[i], m, kRate)) rates.insert(rates.end(), {std::stoull(m[1].str()), std::stoull(m[2].str())});
  }
  ASSERT_EQ(totals.size(), 4u);
  ASSERT_EQ(rates.size(), 8u);
  InterfaceView v;
  v.nameif = "inside";
  v.counted_for = Duration::Milliseconds(16617150);
  v.traffic = {totals[0], totals[1], totals[2], totals[3], 0};
  v.one_minute = TrafficRate{rates[0], rates[1], rates[2], rates[3], 0};
  v.five_minutes = TrafficRate{rates[4], rates[5], rates[6], rates[7], 0};
  std::istringstream text(ShowTraffic({v}));
  for (std::size_t i = begin; i < begin + 13; i++) {
    std::string line;
    std::getline(text, line);
    const bool overflowed = i == begin + 6 && totals[3] * 1000 > 0xffffffff;
    if (!overflowed) {
      EXPECT_EQ(line, part[i]);
    }
  }
}

TEST_F(Samples, SmallOnes) {
  EXPECT_EQ(ShowMemory({2147483648, 815022080, 0}), Join(Part("show memory"), 0, 4));
  EXPECT_EQ(ShowCpu({0, 14, 5}), Join(Part("show cpu usage"), 0, 1));
  EXPECT_EQ(ShowConnCount(13, 13), Join(Part("show conn count"), 0, 1));
  EXPECT_EQ(ShowClock({1'714'575'651'439'000'000, {}, ClockView::Source::kHardware}, false), Join(Part("show clock"), 0, 1));
}

TEST_F(Samples, Interface) {
  const std::vector<std::string> part = Part("show interface");
  InterfaceView v;
  v.hardware = "GigabitEthernet0/3";
  v.shutdown = true;
  v.link = "eth3";
  v.driver = "i82540EM rev03";
  v.available = InterfaceView::Available::kNoNameif;
  v.traffic_statistics = false;
  v.speed_mbps = 0;
  v.mac = {{0x0c, 0x93, 0x36, 0x0d, 0x06, 0x04}};
  const auto begin = std::find(part.begin(), part.end(), ShowInterface({v}).substr(0, ShowInterface({v}).find('\n')));
  ASSERT_NE(begin, part.end());
  // Every line that we print stands in the sample, in the same order (which has more: see show_interface.h).
  auto at = begin;
  std::istringstream text(ShowInterface({v}));
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("  Hardware is") || line.find("interface resets") != std::string::npos) continue;
    const auto found = std::find(at, part.end(), line);
    EXPECT_NE(found, part.end()) << line;
    if (found != part.end()) at = found + 1;
  }
  EXPECT_LT(at - begin, 24);
}

}  // namespace
}  // namespace sallyport
