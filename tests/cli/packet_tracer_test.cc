// packet-tracer with the rules behind its phases, its forms, and the tables of the accelerated path that it agrees with.
#include "conf/personality.h"
#include "tests/cli/console_fixture.h"
#include "tests/cli/show_golden.h"

namespace sallyport::packet_tracer_test {
namespace {

constexpr char kConfig[] =
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n"
    "object network inside-net\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n"
    "object network web\n host 10.1.1.80\n nat (inside,outside) static 192.0.2.80\n"
    "access-list outside_in extended permit tcp any host 10.1.1.80 eq www\n"
    "access-list outside_in extended permit udp any range 1000 2000 10.1.1.16 255.255.255.240\n"
    "access-group outside_in in interface outside\n"
    "route outside 0.0.0.0 0.0.0.0 192.0.2.254\nssh 10.1.1.0 255.255.255.0 inside\nhttp 10.1.1.0 255.255.255.0 inside\n"
    "policy-map global_policy\n class inspection_default\n  inspect icmp\n class class-default\n  set connection timeout idle 2:00:00\n"
    "service-policy global_policy global\n";

class PacketTracerTest : public ConsoleTest {
 protected:
  void Use(const char* release, const std::string& text) {
    LoadOptions options;
    options.empty_first = true;
    options.personality = PersonalityOf(release);
    const LoadReport report = box_.appliance->Load(text, options);
    for (const LineReport& l : report.reports) EXPECT_FALSE(l.refused) << l.line << l.text;
    (void)box_.appliance->Changed();
    console_ = Open(15);
    console_->Do("terminal pager 0");
  }
  std::string Do(const std::string& line) { return console_->Do(line); }
  std::unique_ptr<TestConsole> console_;
};

TEST_F(PacketTracerTest, Detailed) {
  Use("9.12(2)", kConfig);
  ExpectGolden("packet_tracer_detailed_912", Do("packet-tracer input inside tcp 10.1.1.10 1025 198.51.100.9 80 detailed"));
  ExpectGolden("packet_tracer_detailed_static_912", Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 80 detailed"));
  ExpectGolden("packet_tracer_detailed_denied_912", Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 81 detailed"));
}

TEST_F(PacketTracerTest, DetailedBefore83) {
  Use("8.2(5)",
      "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
      "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n"
      "global (outside) 1 interface\nnat (inside) 1 10.1.1.0 255.255.255.0\nroute outside 0.0.0.0 0.0.0.0 192.0.2.254\n");
  ExpectGolden("packet_tracer_detailed_82", Do("packet-tracer input inside udp 10.1.1.10 1025 198.51.100.9 53 detailed"));
}

TEST_F(PacketTracerTest, Xml) {
  Use("9.12(2)", kConfig);
  ExpectGolden("packet_tracer_xml", Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 81 xml"));
}

TEST_F(PacketTracerTest, Forms) {
  Use("9.12(2)", kConfig);
  const std::string denied = Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 81");
  EXPECT_NE(denied.find("Action: drop\n"), std::string::npos);
  // Without its checks it is let in; out of a tunnel, too.
  EXPECT_NE(Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 81 bypass-checks").find("Action: allow\n"), std::string::npos);
  EXPECT_NE(Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 81 decrypted").find("Action: allow\n"), std::string::npos);
  EXPECT_NE(Do("packet-tracer input inside sctp 10.1.1.10 1 198.51.100.9 2 detailed").find("Action: "), std::string::npos);
  EXPECT_NE(Do("packet-tracer input inside rawip 10.1.1.10 47 198.51.100.9").find("Action: "), std::string::npos);
  EXPECT_EQ(Do("packet-tracer input inside rawip inline-tag 5 10.1.1.10 47 198.51.100.9"), "ERROR: security group tags are not supported\n");
  EXPECT_EQ(Do("packet-tracer input inside icmp 10.1.1.10 8 0 dmac 0013.2401.01a3 198.51.100.9"), "ERROR: dmac is for interfaces of bridge groups\n");
  EXPECT_EQ(Do("packet-tracer input inside vlan-id 99 tcp 10.1.1.10 1 198.51.100.9 2"), "ERROR: no interface beside inside has VLAN 99\n");
  EXPECT_EQ(Do("packet-tracer input inside tcp user anna 1 198.51.100.9 2"), "ERROR: no IP address is known for anna\n");
  EXPECT_EQ(box_.engine->ConnCount().first, 0u);
}

TEST_F(PacketTracerTest, TransmittedPacketGoesItsWay) {
  Use("9.12(2)", kConfig);
  Do("packet-tracer input inside udp 10.1.1.10 1025 198.51.100.9 53 transmit");
  EXPECT_EQ(box_.engine->ConnCount().first, 1u);
  const auto sent = box_.engine->TakeOriginated();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(IpAddress::FromV4Bytes(&sent[0].bytes[12]).ToString(), "192.0.2.1");
  // The next one finds the flow.
  EXPECT_NE(Do("packet-tracer input inside udp 10.1.1.10 1025 198.51.100.9 53").find("using existing flow"), std::string::npos);
}

TEST_F(PacketTracerTest, KeptTraces) {
  Use("9.12(2)", kConfig);
  EXPECT_EQ(Do("show packet-tracer"), "");
  EXPECT_EQ(Do("show packet-tracer pcap trace summary"), "ERROR: no pcap file has been traced\n");
  Do("packet-tracer input inside tcp 10.1.1.10 1025 198.51.100.9 80");
  Do("packet-tracer input inside tcp 10.1.1.11 1025 198.51.100.9 80 persist");
  Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 81 persist");
  const std::string kept = Do("show packet-tracer");
  EXPECT_EQ(kept.find("10.1.1.10.1025"), std::string::npos) << kept;
  const std::size_t first = kept.find("10.1.1.11.1025 > 198.51.100.9.80: S"), allowed = kept.find("Action: allow");
  const std::size_t second = kept.find("198.51.100.9.1025 > 192.0.2.80.81: S"), dropped = kept.find("Action: drop");
  EXPECT_LT(first, allowed);
  EXPECT_LT(allowed, second);
  EXPECT_LT(second, dropped);
  EXPECT_NE(dropped, std::string::npos) << kept;

  Do("capture c interface inside");
  Do("packet-tracer input inside udp 10.1.1.10 1025 198.51.100.9 500 transmit");
  box_.engine->TakeOriginated();
  TraceRequest request;
  request.protocol = 17;
  request.src = *IpAddress::Parse("10.1.1.12");
  request.dst = *IpAddress::Parse("198.51.100.9");
  request.sport = 7;
  request.dport = 8;
  std::vector<std::uint8_t> bytes = BytesOf(request);
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = box_.appliance->policy()->FindByName("inside")->id;
  Disposition d;
  box_.engine->Process(p, box_.appliance->Now(), d);
  Do("copy /noconfirm /pcap capture:c disk0:c.pcap");
  EXPECT_NE(Do("packet-tracer input inside pcap disk0:c.pcap").find("Packet 1\n"), std::string::npos);
  const std::string summary = Do("show packet-tracer pcap trace summary");
  EXPECT_NE(summary.find("10.1.1.12.7 > 198.51.100.9.8:"), std::string::npos) << summary;
  EXPECT_NE(summary.find("Total packets: 1\nPackets replayed: 1\nResult: Allow\n"), std::string::npos) << summary;
  EXPECT_EQ(Do("show packet-tracer pcap trace status").find("10.1.1.12"), std::string::npos);
  EXPECT_NE(Do("show packet-tracer pcap trace packet-number 1 detailed").find("using existing flow"), std::string::npos);
  EXPECT_EQ(Do("show packet-tracer pcap trace packet-number 2"), "ERROR: there is no packet 2\n");
}

TEST_F(PacketTracerTest, ACaptureIsAPhase) {
  Use("9.12(2)", kConfig);
  Do("capture c interface inside");
  const std::string text = Do("packet-tracer input inside udp 10.1.1.10 1025 198.51.100.9 53 detailed");
  EXPECT_NE(text.find("Phase: 1\nType: CAPTURE\n"), std::string::npos);
  EXPECT_NE(text.find("domain=capture"), std::string::npos);
}

TEST_F(PacketTracerTest, AspTables) {
  Use("9.12(2)", kConfig);
  ExpectGolden("asp_table_classify", Do("show asp table classify"));
  ExpectGolden("asp_table_classify_nat", Do("show asp table classify domain nat"));
  ExpectGolden("asp_table_routing", Do("show asp table routing"));
  ExpectGolden("asp_table_routing_input", Do("show asp table routing input interface inside"));
  ExpectGolden("asp_table_interfaces", Do("show asp table interfaces"));
  ExpectGolden("asp_table_socket", Do("show asp table socket"));
  EXPECT_EQ(Do("show asp table filter"), "Global Filter Table:\n");
  EXPECT_EQ(Do("show asp table filter access-list nowhere hits"), "ERROR: access-list <nowhere> does not exist\n");
  EXPECT_EQ(Do("show asp table dynamic-filter"), "ERROR: there is no botnet traffic filter here\n");
  EXPECT_EQ(Do("show asp table classify hits domain permit").find("domain=permit"), std::string::npos);
  Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 80 transmit");
  EXPECT_NE(Do("show asp table classify hits domain permit interface outside").find("hits=1,"), std::string::npos);
}

// The table is kept between two commands; its hits, captures and rules are those of now all the same.
TEST_F(PacketTracerTest, AKeptTableTellsWhatIsNow) {
  Use("9.12(2)", kConfig);
  const std::string before = Do("show asp table classify");
  EXPECT_EQ(Do("show asp table classify"), before);
  const std::string permit = "show asp table classify hits domain permit interface outside";
  for (const auto& [port, hits] : {std::pair("1025", "hits=1,"), std::pair("1026", "hits=2,")}) {
    Do(std::string("packet-tracer input outside tcp 198.51.100.9 ") + port + " 192.0.2.80 80 transmit");
    EXPECT_NE(Do(permit).find(hits), std::string::npos) << Do(permit);
  }
  Do("capture c interface outside");
  EXPECT_NE(Do("show asp table classify domain capture").find("domain=capture"), std::string::npos);
  Do("no capture c");
  EXPECT_EQ(Do("show asp table classify domain capture").find("domain=capture"), std::string::npos);
  Do("configure terminal");
  Do("access-list outside_in extended permit udp any any eq 4321");
  Do("end");
  EXPECT_NE(Do("show asp table classify domain permit").find("port=4321"), std::string::npos);
}

TEST_F(PacketTracerTest, TheDefaultRouteOfIpv6HasItsOwnForm) {
  Use("9.12(2)", kConfig);
  for (const char* line : {"configure terminal", "interface GigabitEthernet0/0", "ipv6 address 2001:db8:f::1/64", "ipv6 route outside ::/0 2001:db8:f::10", "end"}) Do(line);
  const std::string routes = Do("show asp table routing input interface outside");
  EXPECT_NE(routes.find("in   ::/0 via 2001:db8:f::10, outside\n"), std::string::npos) << routes;
}

TEST_F(PacketTracerTest, DetailedIdsAreThoseOfTheTable) {
  Use("9.12(2)", kConfig);
  const std::string trace = Do("packet-tracer input outside tcp 198.51.100.9 1025 192.0.2.80 80 detailed");
  const std::string table = Do("show asp table classify");
  std::size_t at = 0;
  int ids = 0;
  while ((at = trace.find("id=0x", at)) != std::string::npos) {
    const std::string id = trace.substr(at, trace.find(',', at) - at);
    EXPECT_NE(table.find(id + ","), std::string::npos) << id;
    ids++;
    at++;
  }
  EXPECT_GT(ids, 4);
}

}  // namespace
}  // namespace sallyport::packet_tracer_test
