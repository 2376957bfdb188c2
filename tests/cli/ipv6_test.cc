// IPv6 on a whole appliance: what is typed, printed, shown and traced.
#include "tests/cli/console_fixture.h"
#include "tests/cli/show_golden.h"

namespace sallyport {
namespace {

class Ipv6Test : public ConsoleTest {
 protected:
  std::unique_ptr<TestConsole> Dual(const char* release) {
    LoadReport report = box_.appliance->Load(std::string("ASA Version ") + release + "\n" + R"(hostname fw
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.1 255.255.255.0
 ipv6 address 2001:db8:f::1/64
 ipv6 nd suppress-ra
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
 ipv6 address 2001:db8:1::1/64
 ipv6 address 2001:db8:2::/64 eui-64
 ipv6 address fe80::1 link-local
 ipv6 nd dad attempts 2
 ipv6 nd ra-interval 100
interface GigabitEthernet0/2
 nameif dmz
 security-level 50
 ip address 10.2.2.1 255.255.255.0
 ipv6 enable
interface GigabitEthernet0/3
 nameif old
 security-level 40
 ip address 10.3.3.1 255.255.255.0
ipv6 route outside ::/0 2001:db8:f::fe
ipv6 route inside 2001:db8:10::/48 fe80::77 5
ipv6 icmp permit any echo outside
ssh 2001:db8:1::/64 inside
)");
    EXPECT_EQ(report.refused, 0u);
    EXPECT_EQ(box_.appliance->Changed(), "");
    auto c = Open(15);
    c->Do("terminal pager 0");
    return c;
  }
};

TEST_F(Ipv6Test, Interfaces) {
  auto c = Dual("9.16(4)");
  ExpectGolden("ipv6_interface", c->Do("show ipv6 interface"));
  ExpectGolden("ipv6_interface_brief", c->Do("show ipv6 interface brief"));
  EXPECT_EQ(c->Do("show ipv6 interface old"), "");
  EXPECT_EQ(c->Do("show ipv6 interface brief dmz"), "dmz [up/up]\n    fe80::53:50ff:fe00:3\n");
  EXPECT_EQ(c->Do("show ipv6 interface nowhere"), "ERROR: % Invalid interface name nowhere\n");
}

TEST_F(Ipv6Test, RoutesAndNeighbours) {
  auto c = Dual("9.16(4)");
  ExpectGolden("ipv6_route", c->Do("show ipv6 route"));
  EXPECT_EQ(c->Do("show ipv6 neighbor"), "IPv6 Address                              Age Link-layer Addr State Interface\n");
  EXPECT_EQ(c->Do("show route").find("2001"), std::string::npos);
}

TEST_F(Ipv6Test, RunningConfiguration) {
  auto c = Dual("9.16(4)");
  EXPECT_EQ(c->Do("show running-config ipv6"),
            "ipv6 icmp permit any echo outside\nipv6 route outside ::/0 2001:db8:f::fe\nipv6 route inside 2001:db8:10::/48 fe80::77 5\n");
  const std::string text = c->Do("show configuration coverage");
  EXPECT_EQ(text.find("ipv6"), std::string::npos) << text;  // every line of it acts
}

TEST_F(Ipv6Test, OldAccessLists) {
  auto c = Dual("8.4(4)");
  c->Do("configure terminal");
  EXPECT_EQ(c->Do("ipv6 access-list six permit tcp any host 2001:db8:1::80 eq 80"), "");
  EXPECT_EQ(c->Do("ipv6 access-list six permit tcp any host 2001:db8:1::80 eq www"), "WARNING: <six> found duplicate element\n");
  EXPECT_EQ(c->Do("ipv6 access-list six line 1 deny icmp6 any any echo log"), "");
  EXPECT_EQ(c->Do("ipv6 access-list six permit tcp any 10.1.1.0 255.255.255.0"), "ERROR: an ipv6 access-list takes IPv6 addresses\n");
  EXPECT_EQ(c->Do("ipv6 access-list six permit tcp any object-group nobody"), "ERROR: specified object group <nobody> not found\n");
  EXPECT_EQ(c->Do("access-group six in interface outside"), "");
  c->Do("end");
  EXPECT_EQ(c->Do("show running-config ipv6"),
            "ipv6 access-list six deny icmp6 any any echo log\nipv6 access-list six permit tcp any host 2001:db8:1::80 eq www\n"
            "ipv6 icmp permit any echo outside\nipv6 route outside ::/0 2001:db8:f::fe\n"
            "ipv6 route inside 2001:db8:10::/48 fe80::77 5\n");
  ExpectGolden("ipv6_access_list", c->Do("show ipv6 access-list"));
  EXPECT_NE(c->Do("show access-list").find("ipv6 access-list six line 2 permit tcp any host 2001:db8:1::80 eq www (hitcnt=0)"), std::string::npos);
  EXPECT_EQ(c->Do("show ipv6 access-list none"), "ERROR: access-list <none> does not exist\n");
  c->Do("configure terminal");
  c->Do("no ipv6 access-list six permit tcp any host 2001:db8:1::80 eq www");
  c->Do("no ipv6 access-list six deny icmp6 any any echo");
  c->Do("end");
  EXPECT_EQ(c->Do("show running-config access-group"), "");  // went with its list
}

TEST_F(Ipv6Test, PacketTracer) {
  auto c = Dual("9.1(1)");
  const std::string allowed = c->Do("packet-tracer input inside tcp 2001:db8:1::10 1234 2001:db8:9::1 80");
  EXPECT_NE(allowed.find("output-interface: outside\n"), std::string::npos) << allowed;
  EXPECT_NE(allowed.find("Action: allow\n"), std::string::npos) << allowed;
  const std::string refused = c->Do("packet-tracer input outside icmp 2001:db8:9::1 8 0 2001:db8:1::10");
  EXPECT_NE(refused.find("Drop-reason: (acl-drop)"), std::string::npos) << refused;
  const std::string closed = c->Do("packet-tracer input old udp 2001:db8:3::10 1 2001:db8:9::1 53");
  EXPECT_NE(closed.find("Drop-reason: (l2_acl)"), std::string::npos) << closed;
  const std::string linked = c->Do("packet-tracer input inside udp fe80::10 1 2001:db8:9::1 53");
  EXPECT_NE(linked.find("Drop-reason: (ipv6-sp-security-failed)"), std::string::npos) << linked;
}

}  // namespace
}  // namespace sallyport
