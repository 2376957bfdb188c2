// Time ranges against a model that asks minute by minute, over midnight, weeks, years and summer time.
#include "firewall/time_range.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;

std::int64_t Utc(int year, int month, int day, int hour, int minute) { return CivilSeconds(year, month, day, hour, minute) * kNanos; }

TimeZone Berlin() {
  TimeZone z;
  z.name = "CET";
  z.offset_s = 3600;
  z.summer = SummerTime{"CEST", {3, 5, 0, 1, 0, 120}, {10, 5, 0, 1, 0, 180}, 60};
  return z;
}

TEST(SummerTime, BeginsAndEndsWhereTheRuleSays) {
  const TimeZone z = Berlin();  // 2026: 29 March 1:00 UTC to 25 October 1:00 UTC
  EXPECT_EQ(z.OffsetAt(Utc(2026, 3, 29, 0, 59)), 3600);
  EXPECT_EQ(z.OffsetAt(Utc(2026, 3, 29, 1, 0)), 7200);
  EXPECT_EQ(z.OffsetAt(Utc(2026, 10, 25, 0, 59)), 7200);
  EXPECT_EQ(z.OffsetAt(Utc(2026, 10, 25, 1, 0)), 3600);
  EXPECT_EQ(z.NameAt(Utc(2026, 7, 1, 0, 0)), "CEST");
  EXPECT_EQ(z.NextChange(Utc(2026, 1, 1, 0, 0)), Utc(2026, 3, 29, 1, 0));
  EXPECT_EQ(z.NextChange(Utc(2026, 3, 29, 1, 0)), Utc(2026, 10, 25, 1, 0));
  EXPECT_EQ(z.NextChange(Utc(2026, 11, 1, 0, 0)), Utc(2027, 3, 28, 1, 0));
}

TEST(SummerTime, SouthOfTheEquatorItSpansTheNewYear) {
  TimeZone z;
  z.offset_s = 10 * 3600;
  z.summer = SummerTime{"AEDT", {10, 1, 0, 1, 0, 120}, {4, 1, 0, 1, 0, 180}, 60};
  EXPECT_EQ(z.OffsetAt(Utc(2026, 1, 1, 0, 0)), 11 * 3600);
  EXPECT_EQ(z.OffsetAt(Utc(2026, 6, 1, 0, 0)), 10 * 3600);
  EXPECT_EQ(z.OffsetAt(Utc(2026, 12, 1, 0, 0)), 11 * 3600);
}

TEST(SummerTime, OfOneYearOnly) {
  TimeZone z;
  z.summer = SummerTime{"S", {4, 0, 0, 1, 2026, 0}, {9, 0, 0, 30, 2026, 60}, 60};
  EXPECT_EQ(z.OffsetAt(Utc(2026, 5, 1, 0, 0)), 3600);
  EXPECT_EQ(z.OffsetAt(Utc(2027, 5, 1, 0, 0)), 0);
  EXPECT_EQ(z.NextChange(Utc(2027, 5, 1, 0, 0)), INT64_MAX);
}

// The end is inclusive: 17:00 is in it, 17:01 is not.
TEST(TimeRange, EndIsInclusive) {
  const TimeRange r("work", {}, {{}, {{24 * 60 + 9 * 60, 8 * 60 + 1}}, {}});  // Monday 9:00 to 17:00
  EXPECT_FALSE(r.ActiveAt(Utc(2026, 11, 23, 8, 59)));
  EXPECT_TRUE(r.ActiveAt(Utc(2026, 11, 23, 9, 0)));
  EXPECT_TRUE(r.ActiveAt(Utc(2026, 11, 23, 17, 0) + 59 * kNanos));
  EXPECT_FALSE(r.ActiveAt(Utc(2026, 11, 23, 17, 1)));
  EXPECT_EQ(r.NextEdge(Utc(2026, 11, 23, 10, 0)), Utc(2026, 11, 23, 17, 1));
  EXPECT_EQ(r.NextEdge(Utc(2026, 11, 23, 17, 1)), Utc(2026, 11, 30, 9, 0));
}

TEST(TimeRange, AbsoluteBoundsPeriodic) {
  const TimeRange r("r", {}, {{CivilSeconds(2026, 11, 24, 0, 0), CivilSeconds(2026, 11, 24, 12, 0)}, {{0, kMinutesOfWeek}}, {}});
  EXPECT_FALSE(r.ActiveAt(Utc(2026, 11, 23, 23, 59)));
  EXPECT_TRUE(r.ActiveAt(Utc(2026, 11, 24, 12, 0)));
  EXPECT_FALSE(r.ActiveAt(Utc(2026, 11, 24, 12, 1)));
}

TEST(TimeRange, WithoutAnyLineItIsAlwaysInForce) {
  const TimeRange r("r", Berlin(), {});
  EXPECT_TRUE(r.ActiveAt(0));
  EXPECT_EQ(r.NextEdge(0), INT64_MAX);
}

// Minute by minute over five weeks around both changes of summer time: the answer never changes but at NextEdge.
TEST(TimeRange, NeverChangesBetweenEdges) {
  Random random(11);
  int changes = 0;
  for (int round = 0; round < 40; round++) {
    TimeRange::Rule rule;
    const std::uint32_t lines = 1 + random.Below(3);
    for (std::uint32_t i = 0; i < lines; i++) {
      rule.periodic.push_back({static_cast<int>(random.Below(kMinutesOfWeek)), 1 + static_cast<int>(random.Below(i == 0 ? kMinutesOfWeek : 900))});
    }
    const std::int64_t begin = round % 2 == 0 ? Utc(2026, 3, 22, 0, 0) : Utc(2026, 10, 18, 0, 0);
    if (random.Below(2) == 0) rule.absolute.start = begin / kNanos + 60 * random.Below(15000);
    if (random.Below(2) == 0) rule.absolute.end = begin / kNanos + 60 * (15000 + random.Below(15000));
    const TimeRange r("r", Berlin(), rule);
    std::int64_t edge = r.NextEdge(begin);
    bool last = r.ActiveAt(begin);
    for (std::int64_t t = begin; t < begin + 35ll * 86400 * kNanos; t += 60 * kNanos) {
      const bool now = r.ActiveAt(t);
      if (now != last) {
        changes++;
        ASSERT_EQ(t, edge) << "round " << round;
      }
      if (t >= edge) edge = r.NextEdge(t);
      ASSERT_GT(edge, t);
      last = now;
    }
  }
  EXPECT_GT(changes, 400);
}

}  // namespace
}  // namespace sallyport
