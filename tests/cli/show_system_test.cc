#include "cli/show_system.h"

#include <gtest/gtest.h>

#include "cli/show_asp_drop.h"
#include "cli/show_packet_tracer.h"
#include "cli/show_text.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_system_test {
namespace {

constexpr std::int64_t kWall = 1'714'575'651'439'000'000;  // 15:00:51.439 UTC Wed May 1 2024

TEST(ShowText, Durations) {
  const auto s = [](std::int64_t n) { return ShortDuration(Duration::Seconds(n)); };
  EXPECT_EQ(s(-1), "0s");
  EXPECT_EQ(s(21), "21s");
  EXPECT_EQ(s(120), "2m0s");
  EXPECT_EQ(s(115), "1m55s");
  EXPECT_EQ(s(3600), "1h0m");
  EXPECT_EQ(s(86400 + 2 * 3600 + 59), "1D2h");
  EXPECT_EQ(s(390LL * 86400), "1Y25D");
  const auto l = [](std::int64_t n) { return LongDuration(Duration::Seconds(n)); };
  EXPECT_EQ(l(5), "5 secs");
  EXPECT_EQ(l(61), "1 min 1 sec");
  EXPECT_EQ(l(4 * 3600 + 36 * 60), "4 hours 36 mins");
  EXPECT_EQ(l(41LL * 86400 + 19 * 3600), "41 days 19 hours");
  EXPECT_EQ(l(462LL * 86400), "1 year 97 days");
}

TEST(ShowVersion, SaysWhatItBehavesLikeAndWhatItIs) {
  VersionView v;
  v.hostname = "fw1";
  v.version = "9.16(4)";
  v.model_id = "Sallyport";
  v.flash_mb = 8192;
  v.platform = {"This platform has a Sallyport 0.1 engine: it behaves like the software above, and is not made by Cisco."};
  v.features = {{"Maximum Physical Interfaces", "Unlimited"}, {"Maximum VLANs", "4094"}};
  v.compiled = "Sat 21-Nov-26 01:54 UTC";
  v.image = "/usr/local/bin/sallyportd";
  v.uptime = Duration::Seconds(4 * 3600 + 36 * 60);
  v.memory_mb = 2048;
  v.cpu = "Xeon 2600 MHz";
  v.cpus = 2;
  v.ports = {{"Management0/0", {{0x02, 0x5a, 0x11, 0x0d, 6, 0}}}, {"GigabitEthernet0/0", {{0x02, 0x5a, 0x11, 0x0d, 6, 1}}}};
  v.serial = "SP000000001";
  ExpectGolden("version", ShowVersion(v));
  v.modified_by = "enable_15";
  v.modified_wall = kWall;
  EXPECT_NE(ShowVersion(v).find("\nConfiguration last modified by enable_15 at 15:00:51.439 UTC Wed May 1 2024\n"),
            std::string::npos);
}

TEST(ShowMemory, AddsUp) { ExpectGolden("memory", ShowMemory({2147483648, 815022080, 52428800})); }
TEST(ShowMemory, NothingKnown) { EXPECT_NE(ShowMemory({}).find("Total memory:                0 bytes"), std::string::npos); }

TEST(ShowCpu, WholePerCent) {
  EXPECT_EQ(ShowCpu({4, 14, 1000}), "CPU utilization for 5 seconds = 0%; 1 minute: 1%; 5 minutes: 100%\n");
}

TEST(ShowClock, ZoneAndSource) {
  EXPECT_EQ(ShowClock({kWall, {}, ClockView::Source::kNtp}, false), "15:00:51.439 UTC Wed May 1 2024\n");
  EXPECT_EQ(ShowClock({kWall, {"CEST", 7200}, ClockView::Source::kUser}, true),
            "17:00:51.439 CEST Wed May 1 2024\nTime source is user configuration\n");
}

TEST(ShowAspDrop, ReasonsThatCounted) {
  DropView v;
  v.counters.frame[static_cast<std::size_t>(FrameDrop::kAclDrop)] = 121615702;
  v.counters.frame[static_cast<std::size_t>(FrameDrop::kTcpNotSyn)] = 3;
  v.flow_cleared = kWall;
  v.cleared_by = "enable_15";
  ExpectGolden("asp_drop", ShowAspDrop(v, {}));
  EXPECT_EQ(ShowAspDrop(v, {}, false, true).substr(0, 12), "\nFlow drop:\n");
}

TraceView Trace() {
  TraceView v;
  v.input = "outside";
  v.output = "dmz";
  v.result.elapsed_ns = 74587;
  v.result.phases.push_back(
      {"ROUTE-LOOKUP", "Resolve Egress Interface", true, {}, {"found next-hop 10.2.2.80 using egress ifc  dmz"}, 22361});
  v.result.phases.push_back({"ACCESS-LIST", "", false, {"Implicit Rule"}, {}, 303});
  v.result.frame_drop = FrameDrop::kAclDrop;
  return v;
}

TEST(ShowPacketTracer, EachLayout) {
  TraceView v = Trace();
  ExpectGolden("packet_tracer_916", ShowPacketTracer(v, Nine()));
  Personality nine_one = Nine();
  nine_one.trace_elapsed_time = nine_one.trace_drop_location = false;
  ExpectGolden("packet_tracer_91", ShowPacketTracer(v, nine_one));
  ExpectGolden("packet_tracer_82", ShowPacketTracer(v, Eight()));
  v.result.allow = true;
  v.result.phases.pop_back();
  ExpectGolden("packet_tracer_allow", ShowPacketTracer(v, nine_one));
}

TEST(ShowPacketTracer, NoWayOut) {
  TraceView v = Trace();
  v.output.clear();
  v.result.frame_drop = FrameDrop::kNoRoute;
  EXPECT_EQ(ShowPacketTracer(v, Nine()).find("output-interface"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::show_system_test
