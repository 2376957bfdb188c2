// Token buckets, burst rates, shuns, tables that forget.
#include <gtest/gtest.h>

#include "firewall/activity.h"
#include "firewall/burst_rate.h"
#include "firewall/lru_sets.h"
#include "firewall/shun.h"
#include "firewall/threat_detection.h"
#include "firewall/token_bucket.h"

namespace sallyport::rates_test {
namespace {

TimePoint At(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

TEST(TokenBucket, FillsInTimeAndNotBeyond) {
  TokenBucket b;
  b.Configure(8000, 1000, At(5));  // 1000 bytes a second
  EXPECT_TRUE(b.Take(1000, At(5)));
  EXPECT_FALSE(b.Take(1, At(5)));
  EXPECT_FALSE(b.Take(500, At(5.499)));
  EXPECT_TRUE(b.Take(500, At(5.5)));
  EXPECT_FALSE(b.Take(1001, At(100000))) << "never more than it holds";
  EXPECT_TRUE(b.Take(1000, At(100000)));
}

TEST(TokenBucket, SmallStepsAddUp) {
  TokenBucket b;
  b.Configure(1'000'000, 1000, At(0));
  EXPECT_TRUE(b.Take(1000, At(0)));
  int passed = 0;
  for (int us = 0; us < 1'000'000; us++) passed += b.Take(125, {us * std::int64_t{1000} + 1000}) ? 1 : 0;
  EXPECT_EQ(passed, 1000);  // a million bits in a second
}

TEST(TokenBucket, SuperPacketsOweWhatTheBucketDoesNotHold) {
  TokenBucket b;
  b.Configure(8'000'000, 31250, At(0));  // a million bytes a second
  EXPECT_FALSE(b.Take(64000, At(0)));
  EXPECT_TRUE(b.Take(64000, At(0), true));
  EXPECT_FALSE(b.Take(64000, At(0.063), true)) << "32750 bytes are owed, and it must be full again";
  EXPECT_TRUE(b.Take(64000, At(0.064), true));
  int passed = 0;
  for (int ms = 64; ms < 1064; ms++) passed += b.Take(64000, At(ms / 1000.0), true) ? 1 : 0;
  EXPECT_EQ(passed, 15);  // 960,000 bytes in a second
}

TEST(TokenBucket, TheLargestRateAndBurst) {
  TokenBucket b;
  b.Configure(2'000'000'000, 512'000'000, At(0));
  EXPECT_TRUE(b.Take(512'000'000, At(0)));
  EXPECT_FALSE(b.Take(512'000'000, At(2.047)));
  EXPECT_TRUE(b.Take(512'000'000, At(2.048)));
  EXPECT_TRUE(b.Take(512'000'000, At(9e8)));
}

TEST(BurstRate, CompleteBurstsCountAndTheOpenOneOnlyWhenItIsLarge) {
  BurstRate r;  // 600 seconds: bursts of 20
  r.Add(At(1000), 600, 40);
  EXPECT_EQ(r.LastBurst(At(1019), 600), 0u);
  EXPECT_EQ(r.Total(At(1019), 600), 40u) << "more than the oldest burst has: it stands in for that";
  EXPECT_EQ(r.View(At(1020), 600).current, 2u);
  EXPECT_EQ(r.Total(At(1020), 600), 40u);
  EXPECT_EQ(r.View(At(1040), 600).current, 0u);
  // Thirty bursts later it is the oldest; events in the open one are added when they are more.
  EXPECT_EQ(r.Total(At(1000 + 30 * 20 + 19), 600), 40u);
  r.Add(At(1000 + 30 * 20), 600, 39);
  EXPECT_EQ(r.Total(At(1000 + 30 * 20), 600), 40u);
  r.Add(At(1000 + 30 * 20), 600, 2);
  EXPECT_EQ(r.Total(At(1000 + 30 * 20), 600), 41u);
  EXPECT_EQ(r.Total(At(1000 + 31 * 20), 600), 41u);
  EXPECT_EQ(r.Total(At(1e9), 600), 0u) << "a long pause forgets everything";
}

TEST(BurstRate, ABurstIsTenSecondsAtLeast) {
  EXPECT_EQ(BurstRate::BurstSeconds(60), 10);
  EXPECT_EQ(BurstRate::BurstSeconds(600), 20);
  EXPECT_EQ(BurstRate::BurstSeconds(3600), 120);
  EXPECT_EQ(BurstRate::BurstSeconds(86400), 2880);
}

TEST(LimitedRate, OnceForEachLimitAndBurst) {
  LimitedRate r;
  const RateLimit limit{600, 1, 2};  // 600 events in ten minutes, 40 in twenty seconds
  int bursts = 0, averages = 0;
  for (int i = 0; i < 700; i++) {
    const auto over = r.Add(At(1000), limit, 1);
    bursts += over.burst ? 1 : 0;
    averages += over.average ? 1 : 0;
    if (over.burst) {
      EXPECT_EQ(i, 39);
      EXPECT_EQ(over.burst_rate, 2u);
    }
    if (over.average) {
      EXPECT_EQ(i, 599);
    }
  }
  EXPECT_EQ(bursts, 1);
  EXPECT_EQ(averages, 1);
  EXPECT_FALSE(r.Add(At(1019), limit, 1).Any());
  const auto next = r.Add(At(1020), limit, 1);
  EXPECT_TRUE(next.average);
  EXPECT_FALSE(next.burst);
  EXPECT_EQ(r.View(At(1020), 600).triggers, 3u);
  EXPECT_EQ(r.total(), 702u);
}

TEST(ThreatEvents, DropsAndWhatTheyCountAs) {
  const auto has = [](FrameDrop reason, ThreatEvent e) { return (ThreatEventsOf(reason) >> static_cast<unsigned>(e) & 1) != 0; };
  EXPECT_TRUE(has(FrameDrop::kAclDrop, ThreatEvent::kAclDrop));
  EXPECT_TRUE(has(FrameDrop::kAclDrop, ThreatEvent::kFwDrop));
  EXPECT_TRUE(has(FrameDrop::kAclDrop, ThreatEvent::kScanning));
  EXPECT_TRUE(has(FrameDrop::kSpSecurityFailed, ThreatEvent::kDosDrop));
  EXPECT_TRUE(has(FrameDrop::kSpSecurityFailed, ThreatEvent::kInterfaceDrop));
  EXPECT_TRUE(has(FrameDrop::kNoRoute, ThreatEvent::kInterfaceDrop));
  EXPECT_FALSE(has(FrameDrop::kNoRoute, ThreatEvent::kFwDrop));
  EXPECT_TRUE(has(FrameDrop::kInspectIcmpSeqNumNotMatched, ThreatEvent::kIcmpDrop));
  EXPECT_TRUE(has(FrameDrop::kDnsGuardIdNotMatched, ThreatEvent::kInspectDrop));
  EXPECT_TRUE(has(FrameDrop::kConnLimit, ThreatEvent::kConnLimitDrop));
  EXPECT_TRUE(has(FrameDrop::kTcp3whsFailed, ThreatEvent::kScanning));
  EXPECT_EQ(ThreatEventsOf(FrameDrop::kTcpAcked), 0);
  EXPECT_EQ(ThreatEventsOf(FrameDrop::kNone), 0);
}

TEST(ShunTable, InterfaceDeadlineAndBound) {
  ShunTable t;
  Shun s;
  s.src = *IpAddress::Parse("192.0.2.1");
  s.interface = IfId{2};
  s.until = At(50);
  EXPECT_TRUE(t.Add(s));
  EXPECT_TRUE(t.Refuses(s.src, IfId{2}, true));
  EXPECT_FALSE(t.Refuses(s.src, IfId{3}, true));
  EXPECT_EQ(t.RefusedOn(IfId{2}), 1u);
  EXPECT_EQ(t.NextDeadline(), At(50));
  EXPECT_TRUE(t.TakeExpired(At(49)).IsNone());
  EXPECT_EQ(t.TakeExpired(At(50)), s.src);
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
  EXPECT_FALSE(t.any());
  // Given again, it has the new deadline only; of several the earliest goes first.
  EXPECT_TRUE(t.Add(s));
  s.until = At(90);
  EXPECT_TRUE(t.Add(s));
  EXPECT_EQ(t.NextDeadline(), At(90));
  Shun other = s;
  other.src = *IpAddress::Parse("192.0.2.200");
  other.until = At(70);
  EXPECT_TRUE(t.Add(other));
  EXPECT_EQ(t.NextDeadline(), At(70));
  EXPECT_EQ(t.TakeExpired(At(100)), other.src);
  EXPECT_EQ(t.TakeExpired(At(100)), s.src);
  EXPECT_TRUE(t.Add(other));
  EXPECT_TRUE(t.Remove(other.src));
  EXPECT_FALSE(t.Remove(other.src));
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
  EXPECT_FALSE(t.any());
  s.until = TimePoint::Max();
  for (std::uint32_t i = 0; i < ShunTable::kMost; i++) {
    s.src = IpAddress::V4(0x0a000000 + i);
    ASSERT_TRUE(t.Add(s));
  }
  EXPECT_TRUE(t.Add(s)) << "one that is there may be given again";
  s.src = IpAddress::V4(0x0b000000);
  EXPECT_FALSE(t.Add(s));
}

struct Entry {
  bool used = false;
  int key = 0;
  TimePoint last;
  int value = 0;
};

TEST(LruSets, ForgetsWhatWasTouchedLongestAgo) {
  LruSets<int, Entry> t;
  t.Resize(1);  // one set of eight
  for (int i = 0; i < 8; i++) t.Touch(i, 0, At(i)).value = i;
  t.Touch(0, 0, At(9));
  t.Touch(8, 0, At(10)).value = 8;
  EXPECT_EQ(t.Find(1, 0), nullptr);
  ASSERT_NE(t.Find(0, 0), nullptr);
  EXPECT_EQ(t.Find(8, 0)->value, 8);
  int n = 0;
  t.Each([&](Entry&) { n++; });
  EXPECT_EQ(n, 8);
}

TEST(ActivityMeter, IntervalsAndAverages) {
  ActivityMeter m;
  m.SetInterval(60);
  m.Clear(At(0));
  m.Count(Activity::kConnections, At(61), 120);
  EXPECT_EQ(m.View(Activity::kConnections, At(100)).current, 0u);
  EXPECT_EQ(m.View(Activity::kConnections, At(120)).current, 2u);
  EXPECT_EQ(m.View(Activity::kConnections, At(120)).average, 1u);
  EXPECT_EQ(m.View(Activity::kConnections, At(120)).one_minute, 2u);
  EXPECT_EQ(m.View(Activity::kConnections, At(180)).current, 0u);
  EXPECT_EQ(m.View(Activity::kConnections, At(180)).total, 120u);
}

}  // namespace
}  // namespace sallyport::rates_test
