// Time ranges from their lines to `show time-range` and the marks in `show access-list`.
#include "cli/show_time_range.h"

#include <gtest/gtest.h>

#include "cli/show_access_list.h"
#include "conf/configuration.h"

namespace sallyport::show_time_range_test {
namespace {

constexpr const char* kConfig =
    "ASA Version 9.16(4)\n"
    "clock timezone CET 1\n"
    "clock summer-time CEST recurring last Sun Mar 2:00 last Sun Oct 3:00\n"
    "time-range contract\n absolute start 08:00 01 January 2026 end 18:00 30 June 2026\n periodic Monday 8:00 to Friday 18:00\n"
    "time-range nightly\n periodic daily 22:00 to 6:00\n"
    "access-list a extended permit ip any host 10.1.1.1 time-range contract\n"
    "access-list a extended permit ip any host 10.1.1.2 time-range nightly\n"
    "access-list a extended permit ip any host 10.1.1.3 time-range nowhere\n"
    "access-list a extended deny ip any host 10.1.1.4 time-range nowhere\n";

std::shared_ptr<const Policy> PolicyAt(const Configuration& conf, std::int64_t utc_s) {
  const auto policy = conf.Compile(nullptr);
  for (const auto& [name, range] : (*policy)->time_ranges) range->Review(utc_s * 1'000'000'000);
  return *policy;
}

TEST(ShowTimeRange, SaysWhatIsInForce) {
  Configuration conf;
  EXPECT_EQ(conf.Load(kConfig).refused, 0);
  // Tuesday 30 June 2026 18:00 in Berlin is 16:00 UTC: the last minute of the contract.
  auto policy = PolicyAt(conf, CivilSeconds(2026, 6, 30, 16, 0));
  EXPECT_EQ(ShowTimeRanges(*policy, ""),
            "time-range entry: contract (active)\n"
            "   absolute start 08:00 1 January 2026 end 18:00 30 June 2026\n"
            "   periodic Monday 8:00 to Friday 18:00\n"
            "   used in: IP ACL entry\n"
            "time-range entry: nightly (inactive)\n"
            "   periodic daily 22:00 to 6:00\n"
            "   used in: IP ACL entry\n");
  ManualClock clock;
  const std::string shown = ShowAccessList(ViewOf(*policy->access_lists.at("a"), clock));
  EXPECT_NE(shown.find("10.1.1.1 time-range contract (hitcnt=0) 0x"), std::string::npos) << shown;
  EXPECT_NE(shown.find("10.1.1.2 time-range nightly (hitcnt=0) (inactive) 0x"), std::string::npos) << shown;
  // A file that names a range which it does not have: nothing is permitted by it, nothing less denied.
  EXPECT_NE(shown.find("10.1.1.3 time-range nowhere (hitcnt=0) (inactive) 0x"), std::string::npos) << shown;
  EXPECT_NE(shown.find("10.1.1.4 time-range nowhere (hitcnt=0) 0x"), std::string::npos) << shown;

  policy = PolicyAt(conf, CivilSeconds(2026, 6, 30, 16, 1));
  EXPECT_EQ(ShowTimeRanges(*policy, "contract").substr(0, 39), "time-range entry: contract (inactive)\n ");
  EXPECT_EQ(ShowTimeRanges(*policy, "none"), "");
}

// Days and edges, in UTC minutes of the week beginning Sunday 1 November 2026.
TEST(ShowTimeRange, LinesMeanWhatTheySay) {
  const auto active = [](const std::string& lines, int day, int hour, int minute) {
    Configuration conf;
    conf.Load("ASA Version 9.16(4)\ntime-range t\n" + lines);
    return PolicyAt(conf, CivilSeconds(2026, 11, 1 + day, hour, minute))->time_ranges.at("t")->active();
  };
  EXPECT_TRUE(active(" periodic weekend 10:00 to 12:00\n", 0, 12, 0));
  EXPECT_FALSE(active(" periodic weekend 10:00 to 12:00\n", 0, 12, 1));
  EXPECT_TRUE(active(" periodic weekend 10:00 to 12:00\n", 6, 10, 0));
  EXPECT_FALSE(active(" periodic weekend 10:00 to 12:00\n", 5, 10, 0));
  EXPECT_TRUE(active(" periodic daily 22:00 to 6:00\n", 0, 5, 59));   // of Saturday night
  EXPECT_TRUE(active(" periodic Friday 22:00 to 6:00\n", 6, 6, 0));
  EXPECT_FALSE(active(" periodic Friday 22:00 to 6:00\n", 6, 6, 1));
  EXPECT_TRUE(active(" periodic Friday 18:00 to Monday 8:00\n", 0, 3, 0));  // over the end of the week
  EXPECT_FALSE(active(" periodic Friday 18:00 to Monday 8:00\n", 2, 3, 0));
  EXPECT_TRUE(active(" periodic Monday Wednesday 8:00 to 9:00\n", 3, 8, 30));
  EXPECT_FALSE(active(" periodic Monday Wednesday 8:00 to 9:00\n", 2, 8, 30));
  EXPECT_TRUE(active(" periodic weekdays 8:00 to 9:00\n periodic weekend 20:00 to 21:00\n", 6, 20, 30));
  EXPECT_TRUE(active("", 3, 0, 0));
}

TEST(ShowTimeRange, ItCannotBeRemovedWhileALineNamesIt) {
  Configuration conf;
  conf.Load(kConfig);
  ConfigMode mode;
  EXPECT_EQ(conf.Apply(mode, "no time-range nightly").text, "ERROR: Time range nightly is in use\n");
  EXPECT_EQ(conf.Apply(mode, "access-list a extended permit ip any any time-range other").text, "ERROR: Time range other does not exist\n");
  EXPECT_EQ(conf.Apply(mode, "no access-list a extended permit ip any host 10.1.1.2 time-range nightly").text, "");
  EXPECT_EQ(conf.Apply(mode, "no time-range nightly").text, "");
}

}  // namespace
}  // namespace sallyport::show_time_range_test
