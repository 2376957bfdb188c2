// Threat detection, shuns and rates as the console shows them.
#include "cli/show_perfmon.h"
#include "cli/show_threats.h"
#include "conf/personality.h"
#include "tests/cli/show_golden.h"
#include "tests/cli/traffic_console.h"

namespace sallyport {
namespace {

class ThreatsTest : public TrafficConsoleTest {
 protected:
  void SetUp() override {
    Load(R"(ASA Version 9.16(4)
hostname fw
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
route outside 0.0.0.0 0.0.0.0 203.0.113.254 1
access-list acl_in extended permit tcp any any eq www 
access-list acl_in extended permit udp any any 
access-group acl_in in interface outside
threat-detection basic-threat
threat-detection rate acl-drop rate-interval 1200 average-rate 10 burst-rate 20
threat-detection rate scanning-threat rate-interval 600 average-rate 100 burst-rate 0
threat-detection scanning-threat shun
threat-detection statistics host number-of-rate 3
threat-detection statistics port
threat-detection statistics protocol
threat-detection statistics access-list
)");
    Advance(1000);
  }
};

TEST_F(ThreatsTest, RatesOfDrops) {
  for (int i = 0; i < 600; i++) EXPECT_EQ(In({"outside", 6, "192.0.2.9", "10.1.1.20", 4000, 23, kTcpSyn, 0}), "acl-drop");
  Advance(40);
  for (int i = 0; i < 40; i++) In({"outside", 6, "192.0.2.9", "10.1.1.20", 4000, 80, kTcpAck, 0});
  Advance(130);
  ExpectGolden("threat_rate", console_->Do("show threat-detection rate") + "--- acl-drop\n" + console_->Do("show threat-detection rate acl-drop") +
                                  "--- at least one\n" + console_->Do("show threat-detection rate min-display-rate 1"));
  console_->Do("clear threat-detection rate");
  EXPECT_EQ(console_->Do("show threat-detection rate"), "                          Average(eps)    Current(eps) Trigger      Total events\n");
}

TEST_F(ThreatsTest, ScannersAndShuns) {
  EXPECT_EQ(In({"outside", 6, "192.0.2.10", "10.1.1.20", 4000, 80, kTcpSyn, 0}), "");
  Advance(3);
  ExpectGolden("threat_scanning", console_->Do("show threat-detection scanning-threat") + "--- attacker\n" +
                                      console_->Do("show threat-detection scanning-threat attacker") + "--- shun\n" +
                                      console_->Do("show threat-detection shun") + console_->Do("show shun"));
  EXPECT_EQ(In({"outside", 6, "192.0.2.10", "10.1.1.21", 4001, 80, kTcpSyn, 0}), "shunned");
  console_->Do("clear threat-detection shun 192.0.2.10");
  EXPECT_EQ(In({"outside", 6, "192.0.2.10", "10.1.1.21", 4001, 80, kTcpSyn, 0}), "");
  EXPECT_EQ(console_->Do("show threat-detection shun"), "Shunned Host List:\n");
  console_->Do("clear threat-detection scanning-threat attacker");
  EXPECT_EQ(console_->Do("show threat-detection scanning-threat attacker"), "");
  EXPECT_NE(console_->Do("show threat-detection scanning-threat target"), "");
  // Nothing has been heard of the target for ten minutes.
  Advance(620);
  EXPECT_EQ(console_->Do("show threat-detection scanning-threat target"), "");
}

TEST_F(ThreatsTest, ShunByHand) {
  EXPECT_EQ(console_->Do("shun 192.0.2.66 10.1.1.20 555 80 tcp"), "Shun 192.0.2.66 added in context: single_vf\nShun 192.0.2.66 successful\n");
  EXPECT_EQ(console_->Do("shun 10.1.1.99"), "Shun 10.1.1.99 added in context: single_vf\nShun 10.1.1.99 successful\n");
  In({"outside", 6, "192.0.2.66", "10.1.1.20", 4001, 80, kTcpSyn, 0});
  Advance(65);
  ExpectGolden("shun", console_->Do("show shun") + "--- one\n" + console_->Do("show shun 10.1.1.99") + "--- statistics\n" +
                           console_->Do("show shun statistics"));
  console_->Do("clear shun statistics");
  EXPECT_NE(console_->Do("show shun statistics").find("outside=ON, cnt=0\n"), std::string::npos);
  EXPECT_EQ(console_->Do("no shun 192.0.2.66"), "");
  EXPECT_EQ(console_->Do("no shun 192.0.2.66"), "No such shun 192.0.2.66\n");
  console_->Do("clear shun");
  EXPECT_EQ(console_->Do("show shun"), "");
}

TEST_F(ThreatsTest, Statistics) {
  for (int i = 0; i < 5; i++) In({"outside", 17, "192.0.2.10", "10.1.1.20", 4000, 53, 0, 1000});
  for (int i = 0; i < 2; i++) In({"inside", 17, "10.1.1.20", "192.0.2.10", 53, 4000, 0, 500});
  In({"inside", 1, "10.1.1.20", "192.0.2.10", 0, 0, 0, 56});
  In({"outside", 6, "192.0.2.11", "10.1.1.20", 4000, 23, kTcpSyn, 0});
  Advance(130);
  ExpectGolden("threat_statistics", console_->Do("show threat-detection statistics") + "--- host\n" +
                                        console_->Do("show threat-detection statistics host 192.0.2.0 255.255.255.0") + "--- port\n" +
                                        console_->Do("show threat-detection statistics port 53") + "--- protocol\n" +
                                        console_->Do("show threat-detection statistics protocol icmp"));
  ExpectGolden("threat_top", console_->Do("show threat-detection statistics top") + "--- access-list rate-2\n" +
                                 console_->Do("show threat-detection statistics top access-list rate-2"));
  console_->Do("clear threat-detection statistics");
  EXPECT_EQ(console_->Do("show threat-detection statistics"), "                          Average(eps)    Current(eps) Trigger      Total events\n");
}

TEST_F(ThreatsTest, Perfmon) {
  console_->Do("perfmon interval 60");
  EXPECT_EQ(console_->Do("perfmon settings"), "interval: 60 (seconds)\nquiet\n");
  Advance(20);  // 1021 seconds after the start: the interval began at 1020
  for (std::uint16_t i = 0; i < 120; i++) In({"outside", 17, "192.0.2.10", "10.1.1.20", static_cast<std::uint16_t>(4000 + i), 53, 0, 10});
  EXPECT_EQ(console_->Do("show perfmon | include Connections"), "Connections                           0/s          0/s\n");
  Advance(60);
  ExpectGolden("perfmon", console_->Do("show perfmon detail"));
  Advance(60);
  EXPECT_EQ(console_->Do("show perfmon | include UDP"), "UDP Conns                             0/s          0/s\n");
  console_->Do("perfmon verbose");
  EXPECT_EQ(console_->Do("perfmon settings"), "interval: 60 (seconds)\nverbose\n");
  box_.appliance->Tick();
  EXPECT_EQ(console_->log(), "");
  Advance(60);
  box_.appliance->Tick();
  EXPECT_NE(console_->log().find("PERFMON STATS:"), std::string::npos);
}

TEST_F(ThreatsTest, Counters) {
  EXPECT_EQ(console_->Do("show counters"), "Protocol     Counter                                       Value   Context\n");
  In({"outside", 1, "203.0.113.9", "203.0.113.1", 0, 0, 0, 56});
  ExpectGolden("counters", console_->Do("show counters") + "--- detail\n" + console_->Do("show counters detail") + "--- protocol\n" +
                               console_->Do("show counters protocol fixup detail") + "--- threshold\n" + console_->Do("show counters threshold 2") +
                               "--- top\n" + console_->Do("show counters top 1") + "--- description\n" + console_->Do("show counters description"));
  console_->Do("clear counters");
  EXPECT_EQ(console_->Do("show counters"), "Protocol     Counter                                       Value   Context\n");
}

TEST(ShowThreats, ListOfShunsBefore90) {
  ShunView s;
  s.interface = "outside";
  s.shun.src = *IpAddress::Parse("192.0.2.66");
  s.shun.by_threat = true;
  EXPECT_EQ(ShowThreatShuns({s}, *PersonalityOf("8.2(1)")), "Shunned Host List:\n192.0.2.66\n");
}

}  // namespace
}  // namespace sallyport
