#include "firewall/intercept_stats.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

const Endpoint kWeb{*IpAddress::Parse("10.1.40.10"), 80};
const IpAddress kA = *IpAddress::Parse("192.0.2.1"), kB = *IpAddress::Parse("192.0.2.2");

TEST(InterceptStats, RatesOverTheWindow) {
  InterceptStats stats;
  InterceptStatsSettings s;
  s.enabled = true;
  s.interval_minutes = 1;  // samplings of a second
  stats.Configure(s, {});
  TimePoint now;
  for (int second = 0; second < 30; second++) {
    for (int n = 0; n < 60; n++) stats.Note(kWeb, IfId{2}, kA, now + Duration::Seconds(second));
  }
  now = now + Duration::Seconds(30);
  auto top = stats.Top(10, now);
  ASSERT_EQ(top.size(), 1u);
  EXPECT_EQ(top[0].total, 1800u);
  EXPECT_EQ(top[0].average, 30u);
  EXPECT_EQ(top[0].current, 60u);
  EXPECT_FALSE(top[0].several_sources);
  EXPECT_EQ(top[0].samples[0], 0u);
  EXPECT_EQ(top[0].samples[1], 60u);
  stats.Note(kWeb, IfId{2}, kB, now);
  EXPECT_TRUE(stats.Top(10, now)[0].several_sources);
  // What is older than the window does not count any more.
  EXPECT_EQ(stats.Top(10, now + Duration::Seconds(45))[0].total, 14u * 60 + 1);
  EXPECT_TRUE(stats.Top(10, now + Duration::Seconds(61)).empty());
}

TEST(InterceptStats, SaysOnceInASamplingThatARateIsExceeded) {
  InterceptStats stats;
  InterceptStatsSettings s;
  s.enabled = true;
  s.burst_rate = 25;
  stats.Configure(s, {});
  int told = 0;
  for (int n = 0; n < 100; n++) told += stats.Note(kWeb, IfId{2}, kA, {}).burst ? 1 : 0;
  EXPECT_EQ(told, 1);
  const TimePoint next = TimePoint{} + stats.Sampling();
  for (int n = 0; n < 100; n++) told += stats.Note(kWeb, IfId{2}, kA, next).burst ? 1 : 0;
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace sallyport
