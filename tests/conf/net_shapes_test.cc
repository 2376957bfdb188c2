// Interfaces, routing, access lists, NAT and the modular policy framework: what is taken, what it prints, what is refused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "conf/configuration.h"
#include "conf/field_line.h"
#include "conf/lines.h"
#include "conf/personality.h"

namespace sallyport::net_shapes_test {
namespace {

class Session {
 public:
  explicit Session(const char* version = "9.16(4)") : conf(*PersonalityOf(version)) {}
  ApplyResult Do(std::string_view line) { return conf.Apply(mode, line); }
  std::string Error(std::string_view line) { return Do(line).ErrorText(0); }
  std::string Say(std::string_view line) { return Do(line).text; }
  void All(std::initializer_list<std::string> lines) {
    for (const std::string& l : lines) {
      const ApplyResult r = Do(l);
      EXPECT_TRUE(r.ok()) << l << "\n" << r.ErrorText(0);
    }
  }
  std::string Section(std::string s) {
    PrintOptions o;
    o.section = std::move(s);
    return conf.Print(o);
  }
  void Inside() { All({"interface GigabitEthernet0/1", "nameif inside", "ip address 10.1.1.1 255.255.255.0", "exit"}); }
  Configuration conf;
  ConfigMode mode;
};

// The body of a configuration that an ASA printed comes back as it was.
void ComesBack(const std::string& version, const std::string& body) {
  const std::string text = ": Saved\n:\nASA Version " + version + " \n" + body;
  Configuration c;
  const LoadReport r = c.Load(text + "Cryptochecksum:00000000000000000000000000000000\n: end\n");
  for (const LineReport& l : r.reports) ADD_FAILURE() << l.text;
  EXPECT_EQ(c.Body(true), "ASA Version " + version + " \n" + body);
}

TEST(NetShapes, AnInterfacesLinesStandInAnAsasOrder) {
  Session s;
  s.All({"interface GigabitEthernet0/1", "nameif inside", "ipv6 enable", "ospf cost 10", "ospf message-digest-key 1 md5 secret", "ip address 10.1.1.1 255.255.255.0",
         "duplex full", "speed 100", "ipv6 address 2001:db8::1/64", "ipv6 nd suppress-ra", "mac-address 0000.1111.2222", "description To the inside", "exit"});
  EXPECT_EQ(s.Section("interface").substr(0, s.Section("interface").find("!\n")),
            "interface GigabitEthernet0/1\n description To the inside\n speed 100\n duplex full\n mac-address 0000.1111.2222\n nameif inside\n"
            " security-level 100\n ip address 10.1.1.1 255.255.255.0 \n ipv6 address 2001:db8::1/64\n ipv6 enable\n ipv6 nd suppress-ra\n"
            " ospf cost 10\n ospf message-digest-key 1 md5 *****\n");
}

TEST(NetShapes, MembersOfAZoneHaveOneLevelAndThereAreEight) {
  Session s;
  s.All({"zone out"});
  for (int i = 0; i < 9; i++) {
    const std::string n = std::to_string(i);
    s.All({"interface GigabitEthernet0/" + n, "nameif isp" + n, "ip address 10.0." + n + ".1 255.255.255.0"});
    if (i < 8) s.All({"zone-member out"});
  }
  EXPECT_EQ(s.Error("zone-member out"), "ERROR: Zone out already has 8 interfaces\n");
  s.All({"interface GigabitEthernet0/7"});
  EXPECT_EQ(s.Error("security-level 50"), "ERROR: All interfaces of zone out must have the same security level\n");
  s.All({"no zone-member out", "security-level 50"});
  EXPECT_EQ(s.Error("zone-member out"), "ERROR: All interfaces of zone out must have the same security level\n");
  s.All({"exit"});
  EXPECT_EQ(s.Error("no zone out"), "ERROR: Zone out is in use by an interface\n");
  const auto p = *s.conf.Compile(nullptr);
  ASSERT_EQ(p->zones.size(), 1u);
  EXPECT_EQ(p->zones[0].members.size(), 7u);
}

TEST(NetShapes, EqualRoutesAreOfOneInterfaceOrOneZone) {
  Session s;
  s.All({"zone out"});
  for (const std::string n : {"0", "1", "2"}) s.All({"interface GigabitEthernet0/" + n, "nameif isp" + n, "ip address 10.0." + n + ".1 255.255.255.0"});
  s.All({"exit", "route isp0 0.0.0.0 0.0.0.0 10.0.0.2"});
  EXPECT_EQ(s.Error("route isp1 0.0.0.0 0.0.0.0 10.0.1.2"), "ERROR: Cannot add route entry, possible conflict with existing routes\n");
  s.All({"route isp1 0.0.0.0 0.0.0.0 10.0.1.2 2", "no route isp1 0.0.0.0 0.0.0.0 10.0.1.2 2"});
  s.All({"route isp0 0.0.0.0 0.0.0.0 10.0.0.3", "route isp0 0.0.0.0 0.0.0.0 10.0.0.4", "route isp0 0.0.0.0 0.0.0.0 10.0.0.4"});
  EXPECT_NE(s.Error("route isp0 0.0.0.0 0.0.0.0 10.0.0.5"), "");
  for (const std::string n : {"0", "1"}) s.All({"interface GigabitEthernet0/" + n, "zone-member out"});
  s.All({"exit", "route isp0 0.0.0.0 0.0.0.0 10.0.0.5"});
  for (const std::string g : {"2", "3", "4", "5"}) s.All({"route isp1 0.0.0.0 0.0.0.0 10.0.1." + g});
  EXPECT_NE(s.Error("route isp1 0.0.0.0 0.0.0.0 10.0.1.6"), "");
  EXPECT_NE(s.Error("route isp2 0.0.0.0 0.0.0.0 10.0.2.2"), "");  // outside of the zone
}

TEST(NetShapes, ASubinterfaceHasNoVlanYet) {
  Session s;
  s.Inside();
  s.All({"interface GigabitEthernet0/1.10"});
  EXPECT_EQ(s.mode.prompt(), "config-subif");
  EXPECT_NE(s.Section("interface").find("interface GigabitEthernet0/1.10\n no vlan\n no nameif\n no security-level\n no ip address\n"), std::string::npos);
  s.All({"vlan 10 secondary 20-22"});
  EXPECT_NE(s.Section("interface").find(" vlan 10 secondary 20-22\n"), std::string::npos);
}

TEST(NetShapes, WhatBelongsToOtherInterfacesIsRefused) {
  Session s;
  s.All({"interface GigabitEthernet0/1"});
  EXPECT_EQ(s.Error("tunnel destination 192.0.2.1"), "ERROR: This command is only valid on Tunnel interfaces\n");
  EXPECT_EQ(s.Error("member-interface GigabitEthernet0/2"), "ERROR: This command is only valid on Redundant interfaces\n");
  EXPECT_EQ(s.Error("zone-member nowhere"), "ERROR: Zone nowhere does not exist\n");
  EXPECT_EQ(s.Error("speed 33"), "      ^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_EQ(s.Error("channel-group 49 mode active"), "              ^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_EQ(s.Error("mac-address 0000.1111"), "            ^\nERROR: % Invalid input detected at '^' marker.\n");
}

TEST(NetShapes, RoutersKeepToTheirProtocol) {
  Session s;
  s.Inside();
  s.All({"router ospf 1", "default-information originate always", "log-adj-changes", "network 10.1.1.0 255.255.255.0 area 0", "router-id 10.9.9.9",
         "area 1 stub no-summary", "redistribute static metric 10 subnets"});
  EXPECT_EQ(s.mode.prompt(), "config-router");
  EXPECT_EQ(s.Error("network 10.1.1.0 255.255.255.0"), "ERROR: % Incomplete command\n");
  EXPECT_FALSE(s.Do("eigrp stub connected").ok());
  EXPECT_EQ(s.Section("router"), "router ospf 1\n router-id 10.9.9.9\n network 10.1.1.0 255.255.255.0 area 0\n area 1 stub no-summary\n log-adj-changes\n"
                                 " redistribute static metric 10 subnets\n default-information originate always\n");
  const Line* ospf = s.conf.tree().Find(Section::kRouter, "router ospf 1");
  ASSERT_NE(ospf, nullptr);
  const Line* net = ospf->Find("network 10.1.1.0 255.255.255.0 area 0");
  ASSERT_NE(net, nullptr);
  EXPECT_EQ(net->As<FieldLine>()->Get("area"), "0");
  EXPECT_EQ(net->effect, Effect::kDormant);
  s.All({"no redistribute static", "no network 10.1.1.0 255.255.255.0 area 0"});
  EXPECT_EQ(s.Section("router").find("network"), std::string::npos);
}

TEST(NetShapes, AnAddressFamilyEndsWithItsExit) {
  Session s;
  s.All({"router bgp 65001", "address-family ipv4 unicast", "neighbor 192.0.2.1 activate", "neighbor 192.0.2.1 remote-as 65002", "network 10.0.0.0 mask 255.0.0.0",
         "exit-address-family"});
  EXPECT_EQ(s.mode.prompt(), "config-router");
  s.All({"bgp log-neighbor-changes"});
  EXPECT_EQ(s.Section("router"),
            "router bgp 65001\n bgp log-neighbor-changes\n address-family ipv4 unicast\n  neighbor 192.0.2.1 remote-as 65002\n  neighbor 192.0.2.1 activate\n"
            "  network 10.0.0.0 mask 255.0.0.0\n exit-address-family\n");
}

TEST(NetShapes, PrefixListsAndRouteMapsAreNumbered) {
  Session s;
  s.All({"prefix-list P permit 10.0.0.0/8 le 24", "prefix-list P seq 20 deny 0.0.0.0/0", "prefix-list P permit 192.0.2.0/24", "route-map M permit",
         "match ip address prefix-list P", "set metric 5", "exit"});
  EXPECT_EQ(s.Section("prefix-list"), "prefix-list P seq 5 permit 10.0.0.0/8 le 24\nprefix-list P seq 20 deny 0.0.0.0/0\nprefix-list P seq 25 permit 192.0.2.0/24\n");
  EXPECT_EQ(s.Error("prefix-list P permit 10.0.0.0/16 ge 8"), "ERROR: Invalid prefix range for 10.0.0.0/16, make sure: len < ge-value <= le-value\n");
  EXPECT_NE(s.Section("route-map").find("route-map M permit 10\n match ip address prefix-list P\n set metric 5\n"), std::string::npos);
}

TEST(NetShapes, AMonitorsEcho) {
  Session s;
  s.Inside();
  s.All({"sla monitor 5", "type echo protocol ipIcmpEcho 192.0.2.1 interface inside"});
  EXPECT_EQ(s.mode.prompt(), "config-sla-monitor-echo");
  s.All({"frequency 10", "num-packets 3", "timeout 5000", "exit", "sla monitor schedule 5 life forever start-time now", "track 1 rtr 5 reachability"});
  EXPECT_EQ(s.Section("sla"), "sla monitor 5\n type echo protocol ipIcmpEcho 192.0.2.1 interface inside\n num-packets 3\n frequency 10\n"
                              "sla monitor schedule 5 life forever start-time now\n");
  EXPECT_EQ(s.Section("track"), "track 1 rtr 5 reachability\n");
  EXPECT_EQ(s.Error("sla monitor schedule 6 life forever start-time now"), "ERROR: Entry number does not exist.\n");
}

TEST(NetShapes, TcpMapsAndClassActions) {
  Session s;
  s.All({"tcp-map MAP", "urgent-flag allow", "queue-limit 10 timeout 4", "exit", "class-map C", "match any", "exit", "policy-map P", "class C",
         "set connection conn-max 100", "set connection embryonic-conn-max 50", "set connection advanced-options MAP", "set connection timeout dcd 0:00:20 3",
         "police output 1000000 3000 conform-action transmit exceed-action drop"});
  EXPECT_EQ(s.Section("tcp-map"), "tcp-map MAP\n  queue-limit 10 timeout 4\n  urgent-flag allow\n");
  EXPECT_NE(s.Section("policy-map").find(" class C\n  set connection conn-max 100 embryonic-conn-max 50 \n"), std::string::npos) << s.Section("policy-map");
  EXPECT_NE(s.Section("policy-map").find("  set connection timeout dcd 0:00:20 3\n"), std::string::npos);
  EXPECT_EQ(s.Error("police output 1 2"), "              ^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_EQ(s.Error("no tcp-map MAP"), "ERROR: tcp-map MAP is in use\n");
  PrintOptions all;
  all.section = "tcp-map";
  all.all = true;
  EXPECT_EQ(s.conf.Print(all),
            "tcp-map MAP\n  no check-retransmission\n  no checksum-verification\n  exceed-mss allow\n  queue-limit 10 timeout 4\n"
            "  reserved-bits allow\n  syn-data allow\n  synack-data drop\n  invalid-ack drop\n  seq-past-window drop\n"
            "  tcp-options range 6 7 clear\n  tcp-options range 9 18 clear\n  tcp-options range 20 255 clear\n"
            "  tcp-options selective-ack allow\n  tcp-options timestamp allow\n  tcp-options window-scale allow\n  tcp-options mss allow\n"
            "  tcp-options md5 allow\n  ttl-evasion-protection\n  urgent-flag allow\n  window-variation allow-connection\n");
}

TEST(NetShapes, ConnectionSettingsOfAClassStandInOneLine) {
  Session s;
  s.All({"class-map C", "match any", "exit", "policy-map P", "class C",
         "set connection random-sequence-number disable per-client-embryonic-max 5 conn-max 600 embryonic-conn-max 50 syn-cookie-mss 1360 per-client-max 10"});
  const auto has = [&](const std::string& line) { return s.Section("policy-map").find(line) != std::string::npos; };
  EXPECT_TRUE(has("  set connection conn-max 600 embryonic-conn-max 50 per-client-max 10 per-client-embryonic-max 5 "
                  "random-sequence-number disable syn-cookie-mss 1360 \n"))
      << s.Section("policy-map");
  // Each option can be changed and taken away by itself.
  s.All({"set connection conn-max 700", "no set connection syn-cookie-mss 1360", "no set connection embryonic-conn-max 50"});
  EXPECT_TRUE(has("  set connection conn-max 700 per-client-max 10 per-client-embryonic-max 5 random-sequence-number disable \n"))
      << s.Section("policy-map");
  s.All({"no set connection per-client-max 10 per-client-embryonic-max 5", "no set connection conn-max 700"});
  EXPECT_TRUE(has("  set connection random-sequence-number disable\n")) << s.Section("policy-map");
  s.All({"no set connection random-sequence-number disable"});
  EXPECT_FALSE(has("set connection"));
  EXPECT_EQ(s.Do("set connection conn-max 2000001").outcome, ApplyResult::Outcome::kInvalid);
  EXPECT_FALSE(s.Do("set connection timeout embryonic 0:00:04").ok());
  EXPECT_FALSE(s.Do("set connection timeout half-closed 0:00:29").ok());
  s.All({"set connection timeout embryonic 0:00:45", "set connection timeout dcd", "set connection timeout idle 2:00:00 reset"});
  EXPECT_TRUE(has("  set connection timeout embryonic 0:00:45 idle 2:00:00 reset dcd\n")) << s.Section("policy-map");
  s.All({"no set connection timeout embryonic 0:00:45"});
  EXPECT_TRUE(has("  set connection timeout idle 2:00:00 reset dcd\n")) << s.Section("policy-map");
  s.All({"no set connection timeout"});
  EXPECT_FALSE(has("set connection"));
}

TEST(NetShapes, InspectionMaps) {
  Session s;
  s.All({"regex R \"exe$\"", "policy-map type inspect http H", "match request uri regex R"});
  EXPECT_EQ(s.mode.prompt(), "config-pmap-c");
  s.All({"drop-connection log", "parameters"});
  EXPECT_EQ(s.mode.prompt(), "config-pmap-p");
  s.All({"protocol-violation action drop-connection log"});
  EXPECT_NE(s.Section("policy-map").find("policy-map type inspect http H\n parameters\n  protocol-violation action drop-connection log\n"
                                         " match request uri regex R\n  drop-connection log\n"), std::string::npos) << s.Section("policy-map");
  EXPECT_EQ(s.Error("no regex R"), "ERROR: regex R is in use\n");
}

TEST(NetShapes, AddressesAndPools) {
  Session s;
  s.Inside();
  s.All({"interface GigabitEthernet0/0", "nameif outside", "ip address 192.0.2.2 255.255.255.0", "exit", "route outside 0 0 192.0.2.1", "object network O",
         "fqdn v4 www.example.com", "exit", "object network POOL", "range 198.51.100.1 198.51.100.9", "exit", "object network NET", "subnet 10.1.1.0 255.255.255.0",
         "nat (inside,outside) dynamic pat-pool POOL round-robin extended"});
  EXPECT_EQ(s.Section("route"), "route outside 0.0.0.0 0.0.0.0 192.0.2.1 1\n");
  EXPECT_NE(s.Section("object").find("object network O\n fqdn v4 www.example.com\n"), std::string::npos);
  EXPECT_EQ(s.Section("nat"), "!\nobject network NET\n nat (inside,outside) dynamic pat-pool POOL extended round-robin\n");
}

TEST(NetShapes, ListsOfOtherKinds) {
  Session s;
  s.Inside();
  s.All({"access-list E ethertype permit bpdu", "access-list W webvpn permit url http://*", "ipv6 access-list SIX permit tcp any any eq 80",
         "access-list U extended permit tcp user LAB\\alice any any eq https", "access-group SIX in interface inside", "access-group U in interface inside"});
  EXPECT_EQ(s.Section("access-group"), "access-group SIX in interface inside\naccess-group U in interface inside\n");
  EXPECT_EQ(s.Section("access-list"), "access-list E ethertype permit bpdu \naccess-list W webvpn permit url http://* \n"
                                      "access-list U extended permit tcp user LAB\\alice any any eq https \n");
  EXPECT_EQ(s.Error("access-group nothing in interface inside"), "ERROR: access-list <nothing> does not exist\n");
}

TEST(NetShapes, AnAsasSpellingStays) {
  ComesBack("8.0(4)",
            "!\nfirewall transparent\nhostname fw\nnames\n!\ninterface Ethernet0/0\n nameif outside\n security-level 0\n ip address dhcp setroute \n!\n"
            "interface Ethernet0/1.5\n vlan 5\n no nameif\n no security-level\n no ip address\n!\n"
            "access-list A extended permit tcp any any eq 80 \naccess-list A extended permit udp any any eq 80 \n"
            "tcp-map T\n  urgent-flag allow\n!\nmtu outside 1500\naccess-group A in interface outside\n"
            "router eigrp 1\n network 10.0.0.0 255.0.0.0\n passive-interface outside\n!\ntimeout xlate 3:00:00\n");
}

// Sections as real appliances print them.
TEST(NetShapes, SamplesComeBack) {
  const char* shared = std::getenv("SALLYPORT_SHARED");
  const std::filesystem::path root = shared != nullptr ? std::filesystem::path(shared) : std::filesystem::path(SALLYPORT_TEST_DIR) / "../../shared";
  const std::filesystem::path samples = root / "corpus/ntc/samples";
  if (!std::filesystem::exists(samples)) GTEST_SKIP() << "no samples in " << samples;
  for (const char* name : {"object-group_service/show_running-config_object-group_service", "object_network/cisco_asa_show_running-config_object_network",
                           "object_service/cisco_asa_show_running-config_object_service"}) {
    std::ifstream in(samples / (std::string("show_running-config_") + name + ".raw"));
    std::string body((std::istreambuf_iterator<char>(in)), {});
    ASSERT_FALSE(body.empty()) << name;
    if (!body.ends_with('\n')) body += '\n';
    std::string first;
    if (std::string(name).starts_with("object-group")) {
      first = "object service alpha\n service tcp \nobject service bravo\n service tcp \nobject service charlie\n service tcp \n";
    }
    Configuration c;
    const LoadReport r = c.Load(": Saved\nASA Version 9.1(2) \n" + first + body + ": end\n");
    for (const LineReport& l : r.reports) ADD_FAILURE() << l.text;
    EXPECT_EQ(c.Body(true), "ASA Version 9.1(2) \n" + first + body) << name;
  }
}

}  // namespace
}  // namespace sallyport::net_shapes_test
