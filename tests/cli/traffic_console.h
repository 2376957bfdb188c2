// A privileged console on an appliance that is given a configuration and packets. For tests of what it counts.
#pragma once

#include "tests/cli/console_fixture.h"
#include "tests/cli/made_packet.h"

namespace sallyport {

class TrafficConsoleTest : public ConsoleTest {
 protected:
  void Load(const std::string& text) {
    const LoadReport report = box_.appliance->Load(text);
    for (const LineReport& r : report.reports) ASSERT_FALSE(r.refused) << r.line << ": " << r.text;
    ASSERT_EQ(box_.appliance->Changed(), "");
    console_ = Open(15);
    console_->Do("terminal pager 0");
  }
  void Advance(std::int64_t seconds) { box_.host->AdvanceClock(Duration::Seconds(seconds)); }
  // "": it passed, else the drop reason's keyword.
  std::string In(const MadePacket& m) { return Feed(*box_.engine, m, box_.clock.Now()); }
  std::unique_ptr<TestConsole> console_;
};

}  // namespace sallyport
