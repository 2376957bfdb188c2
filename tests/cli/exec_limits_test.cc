// What the console says of connections, local hosts and attacked servers when packets have gone through the engine.
#include <gmock/gmock.h>

#include <algorithm>

#include "firewall/base/checksum.h"
#include "tests/cli/console_fixture.h"

namespace sallyport {
namespace {

using testing::HasSubstr;
using testing::Not;

class LimitConsoleTest : public ConsoleTest {
 protected:
  std::unique_ptr<TestConsole> Configured() {
    auto c = OpenConfig();
    for (const char* line :
         {"interface GigabitEthernet0/0", "nameif outside", "ip address 203.0.113.1 255.255.255.0", "no shutdown", "interface GigabitEthernet0/1",
          "nameif inside", "ip address 10.1.1.1 255.255.255.0", "no shutdown", "exit", "route outside 0.0.0.0 0.0.0.0 203.0.113.254",
          "threat-detection statistics tcp-intercept", "class-map all", "match any", "policy-map p", "class all",
          "set connection embryonic-conn-max 3 random-sequence-number disable", "service-policy p interface outside", "end", "terminal pager 0"}) {
      c->Do(line);
      EXPECT_FALSE(c->failed()) << line;
    }
    return c;
  }
  // A packet from an inside host.
  void Send(const char* from, std::uint16_t sport, const char* to, std::uint16_t dport, std::uint8_t protocol) {
    std::vector<std::uint8_t> b(40);
    b[0] = 0x45;
    StoreBe16(&b[2], 40);
    b[8] = 64;
    b[9] = protocol;
    IpAddress::Parse(from)->StoreV4(&b[12]);
    IpAddress::Parse(to)->StoreV4(&b[16]);
    StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b.data(), 20))));
    StoreBe16(&b[20], sport);
    StoreBe16(&b[22], dport);
    if (protocol == 17) StoreBe16(&b[24], 20);
    if (protocol == 6) {
      b[32] = 5 << 4;
      b[33] = kTcpSyn;
    }
    Packet p;
    p.bytes = b;
    p.wire_length = 40;
    p.ingress = box_.appliance->policy()->FindByName("inside")->id;
    p.checksum_checked = true;
    Disposition d;
    box_.engine->Process(p, box_.clock.Now(), d);
    box_.engine->TakeOriginated();
  }
};

TEST_F(LimitConsoleTest, LocalHostsWithWhatTheyHave) {
  auto c = Configured();
  Send("10.1.1.10", 1025, "192.0.2.7", 80, 6);
  Send("10.1.1.10", 1026, "192.0.2.7", 123, 17);
  Send("10.1.1.11", 1025, "192.0.2.7", 123, 17);
  const std::string all = c->Do("show local-host");
  EXPECT_THAT(all, HasSubstr("Interface outside: 1 active, 1 maximum active, 0 denied\nlocal host: <192.0.2.7>,\n"));
  EXPECT_THAT(all, HasSubstr("local host: <10.1.1.10>,\n    SCTP flow count/limit = 0/unlimited\n    TCP flow count/limit = 1/unlimited\n"
                             "    TCP embryonic count to host = 0\n    TCP intercept watermark = unlimited\n    UDP flow count/limit = 1/unlimited\n"
                             "\n  Conn:\n    TCP outside  192.0.2.7:80 inside  10.1.1.10:1025, idle 0:00:00, bytes 0, flags saA \n"
                             "    UDP outside  192.0.2.7:123 inside  10.1.1.10:1026, idle 0:00:00, bytes 12, flags - \n"));
  const std::string one = c->Do("show local-host 10.1.1.11");
  EXPECT_THAT(one, HasSubstr("local host: <10.1.1.11>"));
  EXPECT_THAT(one, Not(HasSubstr("10.1.1.10")));
  EXPECT_THAT(one, Not(HasSubstr("local host: <192.0.2.7>")));
  EXPECT_THAT(c->Do("show local-host brief"), Not(HasSubstr("Conn:")));
  EXPECT_THAT(c->Do("show local-host 10.1.1.11 detail"), HasSubstr("    UDP outside: 192.0.2.7/123 inside: 10.1.1.11/1025,\n"));
  EXPECT_THAT(c->Do("show local-host connection tcp 1"), Not(HasSubstr("10.1.1.11>")));
  EXPECT_THAT(c->Do("show local-host connection udp 2-5 tcp 0-3"), Not(HasSubstr("<10.1.1.10>")));
  c->Do("clear local-host 10.1.1.10");
  EXPECT_EQ(c->Do("show conn count"), "1 in use, 3 most used\n");
  EXPECT_THAT(c->Do("show local-host"), HasSubstr("Interface inside: 1 active, 2 maximum active, 0 denied\n"));
  c->Do("clear local-host");
  EXPECT_EQ(c->Do("show conn count"), "0 in use, 3 most used\n");
}

TEST_F(LimitConsoleTest, FiltersOfShowConn) {
  auto c = Configured();
  Send("10.1.1.10", 1025, "192.0.2.7", 80, 6);
  Send("10.1.1.10", 1026, "192.0.2.8", 123, 17);
  Send("10.1.1.11", 1025, "192.0.2.7", 123, 17);
  const auto lines = [&](const std::string& words) {
    const std::string out = c->Do("show conn " + words);
    EXPECT_FALSE(c->failed()) << words << "\n" << out;
    return std::count(out.begin(), out.end(), '\n') - 2;  // count and empty line
  };
  EXPECT_EQ(lines(""), 3);
  EXPECT_EQ(lines("address 192.0.2.7"), 2);
  EXPECT_EQ(lines("address 192.0.2.7 address 10.1.1.11"), 1);
  EXPECT_EQ(lines("address 10.1.1.0 netmask 255.255.255.0 address 192.0.2.8"), 1);
  EXPECT_EQ(lines("address 10.1.1.10-10.1.1.11 port 1025"), 2);
  EXPECT_EQ(lines("port 1025 port 123"), 1);
  EXPECT_EQ(lines("protocol udp port ntp"), 2);
  EXPECT_EQ(lines("state tcp_embryonic"), 1);
  EXPECT_EQ(lines("state up,tcp_embryonic"), 1);
  EXPECT_EQ(lines("state up"), 0);
  c->Do("show conn state nonsense");
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(c->Do("clear conn protocol udp address 192.0.2.7"), "1 connection(s) deleted.\n");
  EXPECT_EQ(lines(""), 2);
}

TEST_F(LimitConsoleTest, ServersUnderAttack) {
  auto c = Configured();
  for (std::uint16_t port = 1; port <= 8; port++) Send("10.1.1.10", port, "192.0.2.7", 80, 6);
  EXPECT_EQ(c->Do("show conn count"), "3 in use, 3 most used\n");
  EXPECT_THAT(c->Do("show threat-detection statistics top tcp-intercept"), HasSubstr("\n1    192.0.2.7:80 outside 0 5 5 10.1.1.10 (0 secs ago)\n"));
  EXPECT_THAT(c->Do("show threat-detection statistics top tcp-intercept all detail"), HasSubstr("Sampling History (60 Samplings):\n             5"));
  c->Do("clear threat-detection statistics tcp-intercept");
  EXPECT_THAT(c->Do("show threat-detection statistics top tcp-intercept"), Not(HasSubstr("192.0.2.7")));
}

}  // namespace
}  // namespace sallyport
