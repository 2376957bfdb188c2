#include "cli/show_interface.h"

#include <gtest/gtest.h>

#include "cli/rate_meter.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_interface_test {
namespace {

std::vector<InterfaceView> Views() {
  InterfaceView outside;
  outside.hardware = "GigabitEthernet0/0";
  outside.nameif = "outside";
  outside.description = "to the provider";
  outside.link_up = true;
  outside.link = "eth1";
  outside.driver = "veth";
  outside.speed_mbps = 10000;
  outside.duplex = "Full-duplex";
  outside.mac = {{0x02, 0x5a, 0x11, 0x0d, 0x06, 0x01}};
  outside.address = Ip("203.0.113.1");
  outside.prefix_length = 30;
  outside.link_counters = {9629396, 809162399, 5, 2, 307, 5, 0, 0, 0, 0, 16612927, 2794938269, 0, 0, 0};
  outside.link_counters.resets = 2;
  outside.traffic = {22754, 1379801, 43601, 6794004, 12};
  outside.control_point = InterfaceView::ControlPoint{1, true, true};
  outside.one_minute = TrafficRate{8, 577, 13, 1667, 0};
  outside.five_minutes = TrafficRate{4, 234, 6, 916, 0};
  outside.counted_for = Duration::Milliseconds(16617150);
  InterfaceView sub = outside;
  sub.hardware = "GigabitEthernet0/1.100";
  sub.nameif = "dmz";
  sub.description.clear();
  sub.security_level = 50;
  sub.vlan = 100;
  sub.link_up = false;
  sub.configured_in_ram = true;
  sub.address = Ip("10.2.2.1");
  sub.prefix_length = 24;
  InterfaceView unused;
  unused.hardware = "GigabitEthernet0/2";
  unused.shutdown = true;
  unused.link = "eth3";
  unused.driver = "virtio_net";
  unused.available = InterfaceView::Available::kNoNameif;
  unused.traffic_statistics = false;
  InterfaceView management;
  management.hardware = "Management0/0";
  management.nameif = "management";
  management.security_level = 100;
  management.management_only = true;
  management.blocked_through = 4;
  management.addressed_by_dhcp = true;
  management.has_hardware = management.has_counters = false;
  return {outside, sub, unused, management};
}

TEST(ShowInterface, All) { ExpectGolden("interface", ShowInterface(Views())); }
TEST(ShowInterface, Detail) { ExpectGolden("interface_detail", ShowInterface(Views(), true)); }
TEST(ShowInterface, IpBrief) { ExpectGolden("interface_ip_brief", ShowInterfaceIpBrief(Views())); }
TEST(ShowInterface, Summary) { ExpectGolden("interface_summary", ShowInterfaceSummary(Views())); }
TEST(ShowInterface, Ip) { ExpectGolden("ip", ShowIp(Views())); }
TEST(ShowInterface, Nameif) { ExpectGolden("nameif", ShowNameif(Views())); }
TEST(ShowInterface, Traffic) { ExpectGolden("traffic", ShowTraffic(Views())); }

TEST(RateMeter, AveragesOverTheWindowOrWhatThereIs) {
  RateMeter meter;
  InterfaceCounters c;
  TimePoint now;
  EXPECT_EQ(meter.Over(RateMeter::kOneMinute).in_packets, 0u);
  for (int i = 0; i <= 120; i++) {  // ten minutes: 10 a second in the first half, 100 a second in the second
    meter.Sample(now, c);
    now = now + RateMeter::kInterval;
    c.in_packets += i < 60 ? 50 : 500;
    c.in_bytes += 1000;
    c.dropped += 5;
    if (i == 2) {
      EXPECT_EQ(meter.Over(RateMeter::kOneMinute).in_packets, 10u);
    }
  }
  EXPECT_EQ(meter.Over(RateMeter::kOneMinute).in_packets, 100u);
  EXPECT_EQ(meter.Over(RateMeter::kFiveMinutes).in_packets, 100u);
  EXPECT_EQ(meter.Over(RateMeter::kFiveMinutes).in_bytes, 200u);
  EXPECT_EQ(meter.Over(RateMeter::kFiveMinutes).dropped, 1u);
  meter.Sample(now, InterfaceCounters{});  // cleared
  EXPECT_EQ(meter.Over(RateMeter::kOneMinute).in_packets, 0u);
}

TEST(RateMeter, IgnoresSamplesThatAreTooClose) {
  RateMeter meter;
  meter.Sample({}, {});
  InterfaceCounters c;
  c.in_packets = 1000;
  meter.Sample(TimePoint{} + Duration::Milliseconds(10), c);
  EXPECT_EQ(meter.Over(RateMeter::kOneMinute).in_packets, 0u);
}

}  // namespace
}  // namespace sallyport::show_interface_test
