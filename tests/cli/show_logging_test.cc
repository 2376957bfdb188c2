#include "cli/show_logging.h"

#include <gtest/gtest.h>

#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_logging_test {
namespace {

LoggingStatus Status() {
  LoggingStatus s;
  LoggingSettings& set = s.settings;
  set.enable = set.timestamp = true;
  set.Of(LogOutput::kBuffer) = LogFilter::Level(4);
  set.Of(LogOutput::kTrap) = LogFilter::Level(6);
  set.Of(LogOutput::kConsole) = LogFilter::List("vpn");
  set.hosts = {{"inside", Ip("10.1.1.5"), false, 514, false},
               {"inside", Ip("10.1.1.6"), false, 5514, false},
               {"dmz", Ip("10.2.2.6"), true, 1470, false}};
  set.device_id = {LoggingDeviceId::Kind::kIpAddress, "inside", "10.1.1.1"};
  set.messages[302013].severity = 4;
  set.messages[609001].disabled = true;
  s.logged[static_cast<std::size_t>(LogOutput::kBuffer)] = 10003;
  s.logged[static_cast<std::size_t>(LogOutput::kTrap)] = 39294;
  s.hosts_failed = {0, 6, 0};
  s.queue_size = 1;
  s.queue_most = 30;
  s.queue_lost = 2;
  s.buffer = {"Nov 21 2026 02:02:03: %ASA-3-305006: one", "Nov 21 2026 02:02:04: %ASA-4-106023: two"};
  return s;
}

TEST(ShowLogging, BothEras) {
  ExpectGolden("logging_9x", ShowLogging(Status(), Nine()));
  ExpectGolden("logging_82", ShowLogging(Status(), Eight()));
}

TEST(ShowLogging, NothingConfigured) {
  LoggingStatus s;
  ExpectGolden("logging_off", ShowLogging(s, Nine()));
}

TEST(ShowLogging, Queue) { ExpectGolden("logging_queue", ShowLoggingQueue(Status())); }

TEST(ShowLogging, MessagesThatWereChanged) {
  const LoggingSettings s = Status().settings;
  EXPECT_EQ(ShowLoggingMessage(s, 0),
            "syslog 302013: default-level informational, current-level warnings (enabled)\n"
            "syslog 609001: default-level debugging (disabled)\n");
  EXPECT_EQ(ShowLoggingMessage(s, 106023), "syslog 106023: default-level warnings (enabled)\n");
  EXPECT_EQ(ShowLoggingMessage(s, 999999), "");
}

}  // namespace
}  // namespace sallyport::show_logging_test
