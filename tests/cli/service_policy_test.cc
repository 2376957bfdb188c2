// `show service-policy` and what belongs to it, on an appliance that has forwarded packets.
#include "conf/personality.h"
#include "tests/cli/show_golden.h"
#include "tests/cli/traffic_console.h"

namespace sallyport {
namespace {

class ServicePolicyTest : public TrafficConsoleTest {
 protected:
  void Configure(const std::string& version) {
    Load("ASA Version " + version + R"(
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
access-list web extended permit tcp 10.1.1.0 255.255.255.0 any eq 8080 
access-list voice extended permit udp any any range 16384 32767 
priority-queue outside
  queue-limit   100
class-map inspection_default
 match default-inspection-traffic
class-map voice
 match access-list voice
class-map web
 match access-list web
class-map plain
 match port tcp eq 25
policy-map global_policy
 class inspection_default
  inspect icmp 
  inspect sip  
  inspect esmtp 
 class web
  set connection timeout idle 0:10:00 half-closed 0:05:00 
  set connection decrement-ttl
 class class-default
  set connection random-sequence-number disable
policy-map edge
 class voice
  priority
 class web
  police output 8000 1000 conform-action transmit exceed-action drop
 class plain
  police input 64000 2000
 class class-default
  police output 1000000
service-policy global_policy global
service-policy edge interface outside
)");
  }
  void Forward() {
    Advance(1);
    for (int i = 0; i < 3; i++) In({"inside", 17, "10.1.1.10", "192.0.2.7", 20000, 20000, 0, 100});
    for (int i = 0; i < 2; i++) In({"inside", 6, "10.1.1.10", "192.0.2.7", static_cast<std::uint16_t>(3000 + i), 8080, kTcpSyn, 0});
    EXPECT_EQ(In({"inside", 6, "10.1.1.10", "192.0.2.7", 3002, 8080, kTcpSyn, 940}), "rate-exceeded");
    for (int i = 0; i < 4; i++) In({"inside", 1, "10.1.1.10", "192.0.2.7", 0, 0, 0, 56});
  }
};

TEST_F(ServicePolicyTest, CountersByClass) {
  Configure("9.16(4)");
  Forward();
  ExpectGolden("service_policy_9x", console_->Do("show service-policy"));
}

TEST_F(ServicePolicyTest, LayoutOf82) {
  Configure("8.2(1)");
  Forward();
  ExpectGolden("service_policy_82", console_->Do("show service-policy"));
}

TEST_F(ServicePolicyTest, Parts) {
  Configure("9.16(4)");
  Forward();
  ExpectGolden("service_policy_parts", console_->Do("show service-policy police") + "--- priority\n" + console_->Do("show service-policy priority") +
                                           "--- inspect icmp\n" + console_->Do("show service-policy inspect icmp") + "--- set connection\n" +
                                           console_->Do("show service-policy set connection") + "--- interface\n" +
                                           console_->Do("show service-policy interface outside police") + "--- global\n" +
                                           console_->Do("show service-policy global inspect esmtp") + "--- ips\n" +
                                           console_->Do("show service-policy ips"));
  EXPECT_EQ(console_->Do("show service-policy interface nowhere"), "ERROR: % Invalid interface nowhere\n");
}

TEST_F(ServicePolicyTest, RatesFadeAndCountersAreCleared) {
  Configure("9.16(4)");
  Forward();
  Advance(20);
  const auto inspections = [&] { return console_->Do("show service-policy inspect icmp | include icmp"); };
  const auto policed = [&] { return console_->Do("show service-policy interface outside police | include conformed"); };
  EXPECT_NE(inspections().find("packet 4, "), std::string::npos) << inspections();
  EXPECT_NE(policed().find("conformed 2 packets, 80 bytes"), std::string::npos) << policed();
  EXPECT_NE(policed().find("conformed 2 bps"), std::string::npos) << policed();  // 80 bytes in five minutes
  Advance(400);
  EXPECT_EQ(policed().find("conformed 2 bps"), std::string::npos) << policed();
  console_->Do("clear service-policy global");
  EXPECT_NE(inspections().find("packet 0, "), std::string::npos) << inspections();
  EXPECT_NE(policed().find("conformed 2 packets, 80 bytes"), std::string::npos) << policed();
  console_->Do("clear service-policy interface outside");
  EXPECT_EQ(policed().find("conformed 2 packets"), std::string::npos) << policed();
}

TEST_F(ServicePolicyTest, CountersOutliveAChangeOfTheConfiguration) {
  Configure("9.16(4)");
  Forward();
  console_->Do("configure terminal");
  console_->Do("access-list web extended permit tcp any any eq 8081");
  console_->Do("end");
  EXPECT_NE(console_->Do("show service-policy police").find("conformed 2 packets, 80 bytes"), std::string::npos);
}

TEST_F(ServicePolicyTest, FiguresOfConnectionLimits) {
  Configure("9.16(4)");
  for (const char* line : {"configure terminal", "policy-map edge", "class plain", "set connection conn-max 1", "end"}) console_->Do(line);
  EXPECT_EQ(In({"inside", 6, "10.1.1.10", "192.0.2.7", 3000, 25, kTcpSyn, 0}), "");
  EXPECT_EQ(In({"inside", 6, "10.1.1.10", "192.0.2.7", 3001, 25, kTcpSyn, 0}), "conn-limit");
  const std::string shown = console_->Do("show service-policy interface outside set connection");
  EXPECT_NE(shown.find("      Set connection policy: conn-max 1 \n        current embryonic conns 1, current conns 1, drop 1\n"), std::string::npos)
      << shown;
}

TEST_F(ServicePolicyTest, TheProxyOfAnIpsClass) {
  Configure("9.1(5)");
  for (const char* line : {"configure terminal", "policy-map edge", "class plain", "ips inline fail-open", "end"}) EXPECT_EQ(console_->Do(line), "");
  EXPECT_EQ(In({"inside", 6, "10.1.1.10", "192.0.2.7", 3000, 25, kTcpSyn, 0}), "");
  EXPECT_EQ(console_->Do("show service-policy interface outside ips"),
            "\nInterface outside:\n  Service-policy: edge\n    Class-map: plain\n      IPS: card status Up, mode inline fail-open\n"
            "        packet input 1, packet output 1, drop 0, reset-drop 0\n");
  console_->Do("clear service-policy interface outside");
  EXPECT_NE(console_->Do("show service-policy").find("packet input 0, packet output 0, drop 0"), std::string::npos);
}

TEST_F(ServicePolicyTest, HeadersOfIpv6) {
  Configure("9.16(4)");
  for (const char* line : {"configure terminal", "policy-map type inspect ipv6 EH", "parameters", "verify-header order", "exit", "match header ah", "drop log",
                           "exit", "exit", "policy-map global_policy", "class class-default", "inspect ipv6 EH", "end"}) {
    EXPECT_EQ(console_->Do(line), "") << line;
  }
  const std::string shown = console_->Do("show service-policy inspect ipv6");
  EXPECT_NE(shown.find("      Inspect: ipv6 EH, packet 0, lock fail 0, drop 0, reset-drop 0, 5-min-pkt-rate 0 pkts/sec, v6-fail-close 0 "
                       "sctp-drop-override 0\n        verify-header order, drop 0\n        match header ah\n          drop log, packet 0\n"),
            std::string::npos)
      << shown;
  EXPECT_EQ(console_->Do("show configuration coverage | include ipv6|header"), "");  // all of it acts
}

TEST_F(ServicePolicyTest, Flow) {
  Configure("9.16(4)");
  ExpectGolden("service_policy_flow", console_->Do("show service-policy flow tcp host 10.1.1.10 host 192.0.2.7 eq 8080") + "--- sip\n" +
                                          console_->Do("show service-policy flow udp host 10.1.1.10 host 192.0.2.7 eq 5060") + "--- voice\n" +
                                          console_->Do("show service-policy interface outside flow udp 10.1.1.0 255.255.255.0 host 192.0.2.7 eq 20000") +
                                          "--- icmp\n" + console_->Do("show service-policy flow icmp host 10.1.1.10 host 192.0.2.7 8"));
  EXPECT_EQ(console_->Do("show service-policy flow nothing host 10.1.1.10 host 192.0.2.7"), "ERROR: % Invalid protocol nothing\n");
}

TEST_F(ServicePolicyTest, PriorityQueue) {
  Configure("9.16(4)");
  Forward();
  ExpectGolden("priority_queue", console_->Do("show priority-queue statistics") + console_->Do("show priority-queue config outside"));
  EXPECT_EQ(console_->Do("show priority-queue statistics inside"), "Priority-Queue disabled on interface inside\n");
}

}  // namespace
}  // namespace sallyport
