#include "firewall/logger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "firewall/log_text.h"

namespace sallyport::logger_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kWall = 1'795'226'523'000'000'000;  // Nov 21 2026 02:02:03 UTC

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

struct Lines final : LogLineSink {
  std::vector<std::string> lines;
  void Line(std::string_view line) override { lines.emplace_back(line); }
};

struct Hosts final : LogHostSink {
  std::vector<std::string> datagrams;
  bool works = true;
  bool Send(const LoggingHost& host, std::string_view datagram) override {
    datagrams.push_back(host.address.ToString() + " " + std::string(datagram));
    return works;
  }
};

class LoggerTest : public ::testing::Test {
 protected:
  LoggerTest() : clock_(kWall), ring_(8), logger_(clock_, ring_) {
    settings_.enable = true;
    settings_.Of(LogOutput::kBuffer) = LogFilter::Level(7);
  }
  void Apply() { logger_.Configure(settings_); }
  std::vector<std::string> Buffer() {
    logger_.Drain();
    return logger_.Status().buffer;
  }
  void Deny(std::int64_t port) {
    ring_.Log(clock_.Now(), Msg::k710003, LogArg::Word("TCP"), LogArg::Address(Ip("192.0.2.9")), LogArg::Number(port),
              LogArg::At(InternName("outside"), Ip("192.0.2.1")), LogArg::Number(22));
  }

  ManualClock clock_;
  LogRing ring_;
  LoggingSettings settings_;
  Logger logger_;
};

TEST_F(LoggerTest, NothingIsEnabledUntilLoggingIs) {
  settings_.enable = false;
  Apply();
  EXPECT_FALSE(ring_.Enabled(Msg::k302013));
  Deny(1);
  logger_.Log(Msg::k111008, {"enable_15", "show conn"});
  EXPECT_THAT(Buffer(), IsEmpty());
  settings_.enable = true;
  Apply();
  EXPECT_TRUE(ring_.Enabled(Msg::k302013));
}

TEST_F(LoggerTest, EnabledFollowsLevelsListsAndOverrides) {
  settings_.Of(LogOutput::kBuffer) = LogFilter::Level(4);
  settings_.messages[106023].disabled = true;
  settings_.messages[302013].severity = 3;
  settings_.lists["vpn"] = {{7, "vpn", 0, 0}, {{}, "", 609001, 609002}};
  settings_.Of(LogOutput::kTrap) = LogFilter::List("vpn");
  settings_.Of(LogOutput::kMonitor) = LogFilter::List("nowhere");
  Apply();
  EXPECT_TRUE(ring_.Enabled(Msg::k106001));   // severity 2
  EXPECT_FALSE(ring_.Enabled(Msg::k106023));  // no logging message
  EXPECT_TRUE(ring_.Enabled(Msg::k302013));   // 6 made 3
  EXPECT_FALSE(ring_.Enabled(Msg::k302014));  // 6
  EXPECT_TRUE(ring_.Enabled(Msg::k609002));   // 7, but named by the list
  EXPECT_TRUE(ring_.Enabled(Msg::k106100));   // its severity is the access-list line's
}

TEST_F(LoggerTest, AClassRulesOverItsOutput) {
  settings_.Of(LogOutput::kBuffer) = LogFilter::Level(2);
  settings_.classes["config"][static_cast<std::size_t>(LogOutput::kBuffer)] = 5;
  Apply();
  logger_.Log(Msg::k111008, {"enable_15", "show conn"});  // class config, severity 5
  Deny(1);                                                // of another class
  EXPECT_EQ(Buffer().size(), 1U);
}

TEST_F(LoggerTest, RateLimitsCountInIntervals) {
  settings_.rate_limits = {{111008, 0, 2, 10}};
  Apply();
  for (int i = 0; i < 5; i++) logger_.Log(Msg::k111008, {"enable_15", "show conn"});
  Deny(1);  // not limited
  EXPECT_EQ(Buffer().size(), 3U);
  clock_.Advance(Duration::Seconds(10));
  logger_.Log(Msg::k111008, {"enable_15", "show conn"});
  EXPECT_EQ(Buffer().size(), 4U);
}

TEST_F(LoggerTest, AnEventsOwnSeverityDecides) {
  settings_.Of(LogOutput::kBuffer) = LogFilter::Level(4);
  Apply();
  LogEvent e;
  e.time = clock_.Now();
  e.msg = Msg::k106100;
  ring_.Emit(e);
  e.severity = 4;
  ring_.Emit(e);
  EXPECT_EQ(Buffer().size(), 1u);
  EXPECT_EQ(Buffer()[0].substr(0, 13), "%ASA-4-106100");
}

TEST_F(LoggerTest, RendersEveryKindOfArgument) {
  Apply();
  const NameId outside = InternName("outside"), dmz = InternName("dmz");
  ring_.Log(clock_.Now(), Msg::k302014, LogArg::Number(7), LogArg::At(outside, Ip("192.0.2.9")), LogArg::Number(40000),
            LogArg::At(dmz, Ip("10.1.2.3")), LogArg::Number(80), LogArg::Span(Duration::Seconds(92 * 3600 + 24 * 60 + 20)),
            LogArg::Number(53947), LogArg::Reason("TCP FINs"), LogArg::From(outside));
  ring_.Log(clock_.Now(), Msg::k302014, LogArg::Number(8), LogArg::At(outside, Ip("192.0.2.9")), LogArg::Number(40000),
            LogArg::At(dmz, Ip("10.1.2.3")), LogArg::Number(80), LogArg::Span(Duration::Milliseconds(1999)),
            LogArg::Number(0), LogArg::Reason(nullptr), LogArg::From(NameId::kNone));
  ring_.Log(clock_.Now(), Msg::k106015, LogArg::Address(Ip("192.0.2.9")), LogArg::Number(1),
            LogArg::Address(Ip("2001:db8::1")), LogArg::Number(2), LogArg::TcpFlags(kTcpAck | kTcpFin | kTcpPsh),
            LogArg::Name(outside));
  ring_.Log(clock_.Now(), Msg::k106023, LogArg::Word("tcp"), LogArg::At(outside, Ip("192.0.2.9")), LogArg::SlashPort(4000),
            LogArg::At(dmz, Ip("10.1.2.3")), LogArg::SlashPort(23), LogArg::TypeCode(-1, 0),
            LogArg::Name(InternName("out_in")), LogArg::HashPair(0x24c36bb3, 0));
  ring_.Log(clock_.Now(), Msg::k302021, LogArg::Address(Ip("192.0.2.9")), LogArg::Number(0),
            LogArg::Address(Ip("192.0.2.1")), LogArg::Number(5), LogArg::Address(Ip("10.1.2.3")), LogArg::Number(5),
            LogArg::TypeCode(8, 0));
  EXPECT_THAT(
      Buffer(),
      ElementsAre(
          "%ASA-6-302014: Teardown TCP connection 7 for outside:192.0.2.9/40000 to dmz:10.1.2.3/80 duration 92:24:20 "
          "bytes 53947 TCP FINs from outside",
          "%ASA-6-302014: Teardown TCP connection 8 for outside:192.0.2.9/40000 to dmz:10.1.2.3/80 duration 0:00:01 "
          "bytes 0",
          "%ASA-6-106015: Deny TCP (no connection) from 192.0.2.9/1 to 2001:db8::1/2 flags FIN PSH ACK  on interface "
          "outside",
          "%ASA-4-106023: Deny tcp src outside:192.0.2.9/4000 dst dmz:10.1.2.3/23 by access-group \"out_in\" "
          "[0x24c36bb3, 0x0]",
          "%ASA-6-302021: Teardown ICMP connection for faddr 192.0.2.9/0 gaddr 192.0.2.1/5 laddr 10.1.2.3/5 type 8 "
          "code 0"));
}

TEST_F(LoggerTest, ControlPlaneMessagesTakeStrings) {
  Apply();
  Deny(4000);  // was first, so it is logged first
  logger_.Log(Msg::k111010, {"enable_15", "CLI", "0.0.0.0", "access-list a extended permit ip any {0}"});
  logger_.Log(Msg::k605005, std::vector<std::string>{"10.1.1.5/40000", "inside:10.1.1.1/ssh", "anna"});
  EXPECT_THAT(Buffer(),
              ElementsAre("%ASA-3-710003: TCP access denied by ACL from 192.0.2.9/4000 to outside:192.0.2.1/22",
                          "%ASA-5-111010: User 'enable_15', running 'CLI' from IP 0.0.0.0, executed 'access-list a extended "
                          "permit ip any {0}'",
                          "%ASA-6-605005: Login permitted from 10.1.1.5/40000 to inside:10.1.1.1/ssh for user \"anna\""));
}

TEST_F(LoggerTest, NamesOfFailedLoginsAreHidden) {
  Apply();
  logger_.Log(Msg::k605004, {"10.1.1.5", "40000", "inside:10.1.1.1", "ssh", "hunter2"});
  settings_.hide_username = false;
  Apply();
  logger_.Log(Msg::k605004, {"10.1.1.5", "40000", "inside:10.1.1.1", "ssh", "bob"});
  EXPECT_THAT(Buffer(),
              ElementsAre("%ASA-6-605004: Login denied from 10.1.1.5/40000 to inside:10.1.1.1/ssh for user \"*****\"",
                          "%ASA-6-605004: Login denied from 10.1.1.5/40000 to inside:10.1.1.1/ssh for user \"bob\""));
}

TEST_F(LoggerTest, AStringCannotBeginALineOfItsOwn) {
  Apply();
  logger_.Log(Msg::k611103, {"x\r\n%ASA-6-605005: Login permitted"});
  EXPECT_THAT(Buffer(), ElementsAre("%ASA-5-611103: User logged out: Uname: x??%ASA-6-605005: Login permitted"));
}

TEST_F(LoggerTest, TimestampsAndDeviceIds) {
  const auto one = [&] {
    Apply();
    logger_.ClearBuffer();
    logger_.Log(Msg::k199005, {});
    return Buffer().at(0);
  };
  settings_.device_id = {LoggingDeviceId::Kind::kHostname, "", "single"};
  EXPECT_EQ(one(), "single : %ASA-6-199005: Startup begin");
  settings_.timestamp = true;
  EXPECT_EQ(one(), "Nov 21 2026 02:02:03 single : %ASA-6-199005: Startup begin");
  settings_.device_id = {};
  settings_.zone = {"CET", 3600};
  EXPECT_EQ(one(), "Nov 21 2026 03:02:03: %ASA-6-199005: Startup begin");
  settings_.rfc5424 = true;
  EXPECT_EQ(one(), "2026-11-21T02:02:03Z: %ASA-6-199005: Startup begin");
}

TEST_F(LoggerTest, AnEventIsStampedWithTheTimeItHappened) {
  settings_.timestamp = true;
  Apply();
  Deny(1);
  clock_.Advance(Duration::Seconds(60));
  EXPECT_EQ(Buffer().at(0).substr(0, 21), "Nov 21 2026 02:02:03:");
}

TEST_F(LoggerTest, HostsGetPriorityAndEmblemForm) {
  Hosts hosts;
  logger_.SetHosts(&hosts);
  settings_.timestamp = true;
  settings_.Of(LogOutput::kTrap) = LogFilter::Level(6);
  settings_.hosts = {{"inside", Ip("10.0.0.5"), false, 514, false}, {"inside", Ip("10.0.0.6"), false, 514, true}};
  Apply();
  logger_.Log(Msg::k113012, {"anna"});
  hosts.works = false;
  settings_.facility = 16;
  Apply();
  Deny(9);
  logger_.Drain();
  EXPECT_THAT(hosts.datagrams, ElementsAre("10.0.0.5 <166>Nov 21 2026 02:02:03: %ASA-6-113012: AAA user authentication "
                                           "Successful : local database : user = anna",
                                           "10.0.0.6 <166>:Nov 21 02:02:03 UTC: %ASA-auth-6-113012: AAA user authentication "
                                           "Successful : local database : user "
                                           "= anna",
                                           "10.0.0.5 <131>Nov 21 2026 02:02:03: %ASA-3-710003: TCP access denied by ACL "
                                           "from 192.0.2.9/9 to outside:192.0.2.1/22",
                                           "10.0.0.6 <131>:Nov 21 02:02:03 UTC: %ASA-session-3-710003: TCP access denied by "
                                           "ACL from 192.0.2.9/9 to outside:192.0.2.1/22"));
  const LoggingStatus status = logger_.Status();
  EXPECT_EQ(status.logged[static_cast<std::size_t>(LogOutput::kTrap)], 2u);
  EXPECT_THAT(status.hosts_failed, ElementsAre(1u, 1u));
}

TEST_F(LoggerTest, ConsoleAndSessionsGetTheirOwnLevels) {
  Lines console, session;
  logger_.SetConsole(&console);
  logger_.AddMonitor(&session);
  settings_.Of(LogOutput::kConsole) = LogFilter::Level(3);
  settings_.Of(LogOutput::kMonitor) = LogFilter::Level(6);
  Apply();
  Deny(1);
  logger_.Log(Msg::k199005, {});
  EXPECT_EQ(console.lines.size(), 1u);
  EXPECT_EQ(session.lines.size(), 2u);
  logger_.RemoveMonitor(&session);
  logger_.Log(Msg::k199005, {});
  EXPECT_EQ(session.lines.size(), 2u);
}

TEST_F(LoggerTest, TheBufferForgetsItsOldestLines) {
  Apply();
  const std::size_t line = std::string("%ASA-6-199005: Startup begin\n").size();
  for (int i = 0; i < 200; i++) logger_.Log(Msg::k199005, {});
  EXPECT_EQ(Buffer().size(), 4096 / line);
  EXPECT_EQ(logger_.Status().logged[static_cast<std::size_t>(LogOutput::kBuffer)], 200u);
  settings_.buffer_size = static_cast<std::uint32_t>(line * 3);
  Apply();
  EXPECT_EQ(Buffer().size(), 3u);
  logger_.ClearBuffer();
  EXPECT_THAT(Buffer(), IsEmpty());
}

TEST_F(LoggerTest, WhatDoesNotFitTheRingIsCounted) {
  Apply();
  for (int i = 0; i < 10; i++) Deny(i);
  EXPECT_EQ(ring_.lost(), 2u);
  EXPECT_EQ(Buffer().size(), 8u);
  EXPECT_EQ(logger_.Status().queue_most, 8u);
  EXPECT_EQ(ring_.size(), 0u);
}

TEST(LogRing, TellsOnceThatThereIsSomething) {
  LogRing ring(4);
  EXPECT_FALSE(ring.NeedsWake());
  ring.Emit({});
  EXPECT_TRUE(ring.NeedsWake());
  EXPECT_FALSE(ring.NeedsWake());
}

TEST(LogRing, OneWriterOneReaderLoseNothingSilently) {
  LogRing ring(64);
  constexpr std::int64_t kCount = 100'000;
  std::thread writer([&] {
    LogEvent e;
    e.argc = 2;
    for (std::int64_t i = 1; i <= kCount; i++) {
      e.args[0] = LogArg::Number(i);
      e.args[1] = LogArg::Number(-i);
      ring.Emit(e);
    }
    e.args[0] = LogArg::Number(kCount + 1);
    e.args[1] = LogArg::Number(-kCount - 1);
    for (std::uint64_t before = ring.lost(); ring.Emit(e), ring.lost() != before; before = ring.lost())
      std::this_thread::yield();
  });
  std::int64_t last = 0, seen = 0;
  LogEvent e;
  while (last != kCount + 1) {
    if (!ring.Pop(e)) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(e.args[0].number, -e.args[1].number);
    ASSERT_GT(e.args[0].number, last);
    last = e.args[0].number;
    seen++;
  }
  writer.join();
  // The last event may have been tried more than once.
  EXPECT_GE(seen + static_cast<std::int64_t>(ring.lost()), kCount + 1);
  EXPECT_LE(ring.most_used(), ring.capacity());
}

TEST(Severity, NamesNumbersAndBeginnings) {
  EXPECT_EQ(SeverityName(0), "emergencies");
  EXPECT_EQ(SeverityName(7), "debugging");
  EXPECT_EQ(SeverityName(8), "");
  EXPECT_EQ(ParseSeverity("4"), 4);
  EXPECT_EQ(ParseSeverity("warnings"), 4);
  EXPECT_EQ(ParseSeverity("Inf"), 6);
  EXPECT_EQ(ParseSeverity("err"), 3);
  EXPECT_EQ(ParseSeverity("e"), std::nullopt);
  EXPECT_EQ(ParseSeverity("8"), std::nullopt);
  EXPECT_EQ(ParseSeverity(""), std::nullopt);
  EXPECT_EQ(ParseSeverity("warningsx"), std::nullopt);
}

TEST(MessageClasses, AreByTheFirstThreeDigits) {
  EXPECT_EQ(MessageClass(302013), "session");
  EXPECT_EQ(MessageClass(113005), "auth");
  EXPECT_EQ(MessageClass(313005), "ip");
  EXPECT_EQ(MessageClass(999999), "");
  EXPECT_TRUE(IsMessageClass("vpn"));
  EXPECT_FALSE(IsMessageClass("nonsense"));
}

// The template language is {N}: every text's arguments are numbered from 0 without gaps.
TEST(Catalogue, ArgumentsAreNumberedWithoutGapsAndFitAnEvent) {
  int previous = 0;
  for (std::size_t i = 0; i < kMsgCount; i++) {
    const MsgInfo& info = InfoOf(static_cast<Msg>(i));
    EXPECT_LT(previous, info.number);
    previous = info.number;
    EXPECT_TRUE(info.severity >= 1 && info.severity <= 7) << info.number;
    std::vector<bool> used;
    std::string out;
    ExpandTemplate(info.text, out, [&](std::size_t n, std::string&) {
      if (used.size() <= n) used.resize(n + 1);
      used[n] = true;
    });
    EXPECT_LE(used.size(), kMaxLogArgs) << info.number;
    for (const bool u : used) EXPECT_TRUE(u) << info.number;
  }
  EXPECT_EQ(MsgByNumber(302013), Msg::k302013);
  EXPECT_EQ(MsgByNumber(1), std::nullopt);
}

TEST(CivilTimes, CalendarAndNegativeOffsets) {
  const CivilTime t = ToCivil(1'709'164'800'000'000'000, -3600);  // Feb 29 2024 00:00 UTC, one hour west
  EXPECT_EQ(t.day, 28);
  EXPECT_EQ(t.hour, 23);
  EXPECT_EQ(t.weekday, 3);
  EXPECT_EQ(ToCivil(-1, 0).nanosecond, 999'999'999);
  EXPECT_EQ(ToCivil(-1, 0).year, 1969);
}

}  // namespace
}  // namespace sallyport::logger_test
