#include "cli/sla_monitor.h"

#include <gtest/gtest.h>

#include "cli/show_fragment.h"
#include "cli/show_sla.h"
#include "conf/configuration.h"
#include "conf/personality.h"
#include "show_golden.h"

namespace sallyport::sla_monitor_test {
namespace {

struct Sent {
  int entry;
  std::uint16_t sequence;
};
class Recorder final : public Prober {
 public:
  bool Send(const SlaEntry& entry, std::uint16_t sequence) override {
    sent.push_back({entry.id, sequence});
    return true;
  }
  std::vector<Sent> sent;
};

constexpr std::int64_t kWall = 1'774'600'000'000'000'000;
TimePoint At(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

SlaPlan PlanOf(const std::string& text, Configuration& c) {
  const LoadReport report = c.Load("ASA Version 9.16(4)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n"
                                   " ip address 203.0.113.1 255.255.255.0\ninterface GigabitEthernet0/1\n nameif backup\n security-level 0\n"
                                   " ip address 198.51.100.1 255.255.255.0\n" + text);
  EXPECT_EQ(report.refused, 0);
  return c.Sla();
}

constexpr const char* kTwoWays =
    "route outside 0.0.0.0 0.0.0.0 203.0.113.254 1 track 1\nroute backup 0.0.0.0 0.0.0.0 198.51.100.254 254\n"
    "sla monitor 123\n type echo protocol ipIcmpEcho 203.0.113.254 interface outside\n  num-packets 2\n  timeout 1000\n"
    "  threshold 500\n  frequency 3\nsla monitor schedule 123 life forever start-time now\ntrack 1 rtr 123 reachability\n";

TEST(SlaPlanTest, IsReadFromTheConfiguration) {
  Configuration c;
  const SlaPlan plan = PlanOf(kTwoWays, c);
  ASSERT_EQ(plan.entries.size(), 1u);
  const SlaEntry& e = plan.entries[0];
  EXPECT_EQ(e.id, 123);
  EXPECT_EQ(e.target.ToString(), "203.0.113.254");
  EXPECT_EQ(e.interface, "outside");
  EXPECT_EQ(e.packets, 2);
  EXPECT_EQ(e.timeout_ms, 1000);
  EXPECT_EQ(e.threshold_ms, 500);
  EXPECT_EQ(e.frequency_s, 3);
  EXPECT_EQ(e.start, SlaEntry::Start::kNow);
  EXPECT_FALSE(e.life_s.has_value());
  ASSERT_EQ(plan.tracks.size(), 1u);
  EXPECT_EQ(plan.tracks[0], (Track{1, 123, 1}));
  ASSERT_EQ(plan.routes.size(), 1u);
  EXPECT_EQ(plan.routes[0].distance, 1);
}

TEST(SlaPlanTest, ATrackedRouteIsThereWhileItsTrackIsUp) {
  Configuration c;
  PlanOf(kTwoWays, c);
  const auto egress = [&c] {
    const auto p = *c.Compile(nullptr);
    return p->Find(p->routes.Find(*IpAddress::Parse("192.0.2.1"))->interface)->nameif;
  };
  EXPECT_EQ(egress(), "backup");
  c.TracksUp({1});
  EXPECT_EQ(egress(), "outside");
  c.TracksUp({});
  EXPECT_EQ(egress(), "backup");
}

TEST(SlaPlanTest, SchedulesOfAllKinds) {
  Configuration c;
  const SlaPlan plan = PlanOf(
      "sla monitor 1\n type echo protocol ipIcmpEcho 203.0.113.2 interface outside\nsla monitor schedule 1 start-time after 00:05:00\n"
      "sla monitor 2\n type echo protocol ipIcmpEcho 203.0.113.3 interface outside\nsla monitor schedule 2 life 60 start-time pending\n"
      "sla monitor 3\n type echo protocol ipIcmpEcho 203.0.113.4 interface outside\n", c);
  ASSERT_EQ(plan.entries.size(), 3u);
  EXPECT_EQ(plan.entries[0].start, SlaEntry::Start::kAfter);
  EXPECT_EQ(plan.entries[0].start_s, 300);
  EXPECT_EQ(plan.entries[0].life_s, 3600);
  EXPECT_EQ(plan.entries[1].start, SlaEntry::Start::kPending);
  EXPECT_EQ(plan.entries[1].life_s, 60);
  EXPECT_EQ(plan.entries[2].start, SlaEntry::Start::kNone);
}

TEST(SlaMonitorTest, ATrackFollowsTheAnswers) {
  Configuration c;
  Recorder net;
  SlaMonitor m(net);
  m.SetPlan(PlanOf(kTwoWays, c), At(0), kWall, {});
  EXPECT_TRUE(m.TracksUp().empty());
  EXPECT_FALSE(m.Tick(At(0), kWall));
  ASSERT_EQ(net.sent.size(), 2u);  // num-packets
  EXPECT_TRUE(m.Answered(123, net.sent[0].sequence, At(0.004)));
  EXPECT_EQ(m.TracksUp(), std::set<int>{1});
  EXPECT_FALSE(m.Answered(123, net.sent[0].sequence + 7, At(0.005)));  // not one of ours
  EXPECT_FALSE(m.Answered(123, net.sent[1].sequence, At(0.006)));
  EXPECT_FALSE(m.Tick(At(2.9), kWall));
  EXPECT_EQ(net.sent.size(), 2u);
  EXPECT_FALSE(m.Tick(At(3), kWall));
  ASSERT_EQ(net.sent.size(), 4u);
  // No answer within the timeout; a late one changes nothing.
  EXPECT_FALSE(m.Tick(At(3.9), kWall));
  EXPECT_TRUE(m.Tick(At(4.0), kWall));
  EXPECT_TRUE(m.TracksUp().empty());
  EXPECT_FALSE(m.Answered(123, net.sent[2].sequence, At(4.1)));
  EXPECT_TRUE(m.TracksUp().empty());
  // Slow, but there.
  m.Tick(At(6), kWall);
  EXPECT_TRUE(m.Answered(123, net.sent[5].sequence, At(6.7)));
  EXPECT_EQ(m.TracksUp(), std::set<int>{1});
  EXPECT_EQ(m.Tracks(At(10))[0].changes, 4u);
  EXPECT_EQ(m.Tracks(At(10))[0].code, SlaView::Code::kOverThreshold);
  EXPECT_EQ(m.Entries(At(10))[0].rtt_ms, 700);
}

TEST(SlaMonitorTest, APlanThatStaysGoesOnAndAChangedEntryBeginsAnew) {
  Configuration c;
  Recorder net;
  SlaMonitor m(net);
  SlaPlan plan = PlanOf(kTwoWays, c);
  m.SetPlan(plan, At(0), kWall, {});
  m.Tick(At(0), kWall);
  m.Answered(123, net.sent[0].sequence, At(0.001));
  m.SetPlan(plan, At(1), kWall, {});
  EXPECT_EQ(m.TracksUp(), std::set<int>{1});
  EXPECT_EQ(m.Entries(At(1))[0].operations, 1u);
  plan.entries[0].frequency_s = 10;
  m.SetPlan(plan, At(2), kWall, {});
  EXPECT_TRUE(m.TracksUp().empty());  // unknown again
  m.SetPlan({}, At(3), kWall, {});
  EXPECT_TRUE(m.Entries(At(3)).empty());
}

constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr const char* kOne = "sla monitor 7\n type echo protocol ipIcmpEcho 203.0.113.2 interface outside\n";

TEST(SlaScheduleTest, DatesAreOfTheAppliancesClock) {
  Configuration c;
  Recorder net;
  SlaMonitor m(net);
  TimeZone zone;
  zone.name = "CET";
  zone.offset_s = 3600;
  // kWall is Fri Mar 27 2026 08:26:40 UTC.
  m.SetPlan(PlanOf(std::string(kOne) + "sla monitor schedule 7 life 600 start-time 12:00:30 15 Apr\n", c), At(0), kWall, zone);
  const std::int64_t start = m.Entries(At(0))[0].next_start_wall;
  EXPECT_EQ(ToCivil(start, zone).month, 4);
  EXPECT_EQ(ToCivil(start, zone).day, 15);
  EXPECT_EQ(ToCivil(start, zone).hour, 12);
  EXPECT_EQ(ToCivil(start, zone).second, 30);
  EXPECT_NE(ShowSlaConfiguration(m.Entries(At(0)), zone).find("Next Scheduled Start Time: 12:00:30 CET Wed Apr 15 2026\n"), std::string::npos);
  m.Tick(At(10), start - 1);
  EXPECT_TRUE(net.sent.empty());
  m.Tick(At(11), start);  // the operator has moved the clock
  EXPECT_EQ(net.sent.size(), 1u);
  EXPECT_EQ(m.Entries(At(11))[0].life_left_s, 600);
  EXPECT_NE(ShowSlaConfiguration(m.Entries(At(11)), zone).find("Start Time already passed"), std::string::npos);
  m.Tick(At(612), start + kHour);
  m.Tick(At(700), start + kHour);
  EXPECT_EQ(net.sent.size(), 1u);  // its life is over
}

TEST(SlaScheduleTest, ADateThatHasPassedIsNextYearsAndATimeTomorrows) {
  Configuration c;
  Recorder net;
  SlaMonitor m(net);
  m.SetPlan(PlanOf(std::string(kOne) + "sla monitor schedule 7 start-time 08:26 Mar 27\n", c), At(0), kWall, {});
  EXPECT_EQ(ToCivil(m.Entries(At(0))[0].next_start_wall, 0).year, 2027);
  m.SetPlan(PlanOf(std::string(kOne) + "sla monitor schedule 7 start-time 08:26\n", c), At(0), kWall, {});
  EXPECT_EQ(ToCivil(m.Entries(At(0))[0].next_start_wall, 0).day, 28);
  m.SetPlan(PlanOf(std::string(kOne) + "sla monitor schedule 7 start-time 09:00\n", c), At(0), kWall, {});
  EXPECT_EQ(ToCivil(m.Entries(At(0))[0].next_start_wall, 0).day, 27);
}

TEST(SlaScheduleTest, ARecurringEntryBeginsEveryDayAndASpentOneIsForgotten) {
  Configuration c;
  Recorder net;
  SlaMonitor m(net);
  m.SetPlan(PlanOf(std::string(kOne) + "sla monitor schedule 7 life 60 start-time 09:00 recurring\n", c), At(0), kWall, {});
  const std::int64_t first = m.Entries(At(0))[0].next_start_wall;
  m.Tick(At(1), first);
  EXPECT_EQ(net.sent.size(), 1u);
  m.Tick(At(62), first + kHour);
  EXPECT_EQ(m.Entries(At(62))[0].next_start_wall, first + 24 * kHour);
  m.Tick(At(63), first + 24 * kHour);
  EXPECT_EQ(net.sent.size(), 2u);
  EXPECT_NE(ShowSlaConfiguration(m.Entries(At(63)), {}).find("Recurring (Starting Everyday): TRUE"), std::string::npos);

  m.SetPlan(PlanOf(std::string(kOne) + "sla monitor schedule 7 life 60 start-time now ageout 100\n", c), At(0), kWall, {});
  m.Tick(At(0), kWall);
  m.Tick(At(60), kWall);
  m.Tick(At(159), kWall);
  EXPECT_EQ(m.Entries(At(159)).size(), 1u);
  m.Tick(At(160), kWall);
  EXPECT_TRUE(m.Entries(At(160)).empty());
}

TEST(SlaScheduleTest, AScheduledEntryIsDeletedWithItsScheduleAndNotChanged) {
  Configuration c;
  PlanOf(std::string(kOne) + "sla monitor schedule 7 life forever start-time now\n", c);
  ConfigMode mode;
  EXPECT_NE(c.Apply(mode, "sla monitor 7").ErrorText(0).find("Entry already running"), std::string::npos);
  EXPECT_EQ(c.Apply(mode, "no sla monitor 7").ErrorText(0), "");
  EXPECT_EQ(c.Body(false).find("sla monitor"), std::string::npos);
  EXPECT_EQ(c.Apply(mode, "sla monitor 7").ErrorText(0), "");
}

TEST(SlaScheduleTest, WhatIsNoTimeIsRefused) {
  Configuration c;
  PlanOf(kOne, c);
  const auto answer = [&c](const std::string& line) {
    ConfigMode mode;
    return c.Apply(mode, "sla monitor schedule 7 " + line).ErrorText(0);
  };
  EXPECT_NE(answer("start-time 25:00"), "");
  EXPECT_NE(answer("start-time 10:00 Foo 3"), "");
  EXPECT_NE(answer("start-time 10:00 Feb 30"), "");
  EXPECT_NE(answer("start-time now recurring"), "");
  EXPECT_NE(answer("life forever start-time 10:00 recurring"), "");
  EXPECT_EQ(answer("life 3600 start-time 10:00 recurring"), "");
}

TEST(SlaMonitorTest, LifeEnds) {
  Recorder net;
  SlaMonitor m(net);
  SlaPlan plan;
  SlaEntry e;
  e.id = 5;
  e.target = *IpAddress::Parse("203.0.113.9");
  e.start = SlaEntry::Start::kAfter;
  e.start_s = 100;
  e.life_s = 90;
  plan.entries = {e};
  m.SetPlan(plan, At(0), kWall, {});
  m.Tick(At(99), kWall);
  EXPECT_TRUE(net.sent.empty());
  m.Tick(At(100), kWall);
  m.Tick(At(160), kWall);
  EXPECT_EQ(net.sent.size(), 2u);
  EXPECT_EQ(m.Entries(At(160))[0].life_left_s, 30);
  m.Tick(At(220), kWall);
  EXPECT_EQ(net.sent.size(), 2u);
  EXPECT_FALSE(m.Entries(At(220))[0].active);
}

TEST(SlaMonitorTest, AsPrinted) {
  Configuration c;
  Recorder net;
  SlaMonitor m(net);
  m.SetPlan(PlanOf(kTwoWays, c), At(0), kWall, {});
  std::string text = ShowTrack(m.Tracks(At(5)));
  m.Tick(At(5), kWall + 5'000'000'000);
  m.Answered(123, net.sent[0].sequence, At(5.0034));
  m.Answered(123, net.sent[1].sequence, At(5.0056));
  text += "--\n" + ShowTrack(m.Tracks(At(3730))) + "--\n" + ShowSlaConfiguration(m.Entries(At(9)), {}) + "--\n" +
          ShowSlaOperationalState(m.Entries(At(9)), {});
  ExpectGolden("sla_monitor", text);
}

TEST(ShowFragmentTest, AsPrinted) {
  FragmentView v{"inside", {}, {}};
  v.counters.queue = 2;
  v.counters.assembled = 17;
  v.counters.timeout = 3;
  v.counters.chain_overflow = 4;
  v.counters.overlap = 1;
  const Personality old = *PersonalityOf("8.2(5)");
  const Personality nine = *PersonalityOf("9.16(4)");
  ExpectGolden("fragment", ShowFragment({v}, old) + "--\n" + ShowFragment({v, {"dmz", {}, {}}}, nine) + "--\n" +
                               ShowIpVerify({{"outside", 2}, {"inside", 0}}));
}

}  // namespace
}  // namespace sallyport::sla_monitor_test
