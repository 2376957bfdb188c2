// Captures and faults on a whole appliance in memory: real bytes through the engine, and what the console shows of them.
#include <filesystem>

#include "cli/show_capture.h"
#include "conf/personality.h"
#include "firewall/base/checksum.h"
#include "tests/cli/console_fixture.h"
#include "tests/cli/show_golden.h"

namespace sallyport {
namespace {

IpAddress At(const char* text) { return *IpAddress::Parse(text); }

struct Segment {
  const char* from;
  std::uint16_t sport;
  const char* to;
  std::uint16_t dport;
  std::uint8_t flags = kTcpSyn;
  std::uint32_t seq = 1000, ack = 0;
  std::string payload = {};
  std::vector<std::uint8_t> options = {};
};

std::vector<std::uint8_t> Ip(const char* from, const char* to, std::uint8_t protocol, std::vector<std::uint8_t> l4, std::size_t check) {
  if (check != 0) {
    const std::uint64_t pseudo =
        protocol == 1 ? 0 : PseudoHeaderSum(At(from), At(to), protocol, static_cast<std::uint32_t>(l4.size()));
    StoreBe16(&l4[check], ChecksumFinish(ChecksumAdd(l4, pseudo)));
  }
  std::vector<std::uint8_t> p(20);
  p[0] = 0x45;
  StoreBe16(&p[2], static_cast<std::uint16_t>(20 + l4.size()));
  StoreBe16(&p[4], 4321);
  StoreBe16(&p[6], 0x4000);
  p[8] = 64;
  p[9] = protocol;
  At(from).StoreV4(&p[12]);
  At(to).StoreV4(&p[16]);
  StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

std::vector<std::uint8_t> Tcp(const Segment& s) {
  std::vector<std::uint8_t> l4(20);
  StoreBe16(&l4[0], s.sport);
  StoreBe16(&l4[2], s.dport);
  StoreBe32(&l4[4], s.seq);
  StoreBe32(&l4[8], s.ack);
  l4[12] = static_cast<std::uint8_t>((20 + s.options.size()) / 4 << 4);
  l4[13] = s.flags;
  StoreBe16(&l4[14], 8192);
  l4.insert(l4.end(), s.options.begin(), s.options.end());
  l4.insert(l4.end(), s.payload.begin(), s.payload.end());
  return Ip(s.from, s.to, 6, std::move(l4), 16);
}

std::vector<std::uint8_t> Udp(const char* from, std::uint16_t sport, const char* to, std::uint16_t dport, const std::string& payload) {
  std::vector<std::uint8_t> l4(8);
  StoreBe16(&l4[0], sport);
  StoreBe16(&l4[2], dport);
  StoreBe16(&l4[4], static_cast<std::uint16_t>(8 + payload.size()));
  l4.insert(l4.end(), payload.begin(), payload.end());
  return Ip(from, to, 17, std::move(l4), 6);
}

std::vector<std::uint8_t> Echo(const char* from, const char* to, std::uint8_t type, std::uint16_t id, std::uint16_t sequence) {
  std::vector<std::uint8_t> l4(40);
  l4[0] = type;
  StoreBe16(&l4[4], id);
  StoreBe16(&l4[6], sequence);
  return Ip(from, to, 1, std::move(l4), 2);
}

class CaptureTest : public ConsoleTest {
 protected:
  void SetUp() override {
    console_ = Open(15);
    console_->Do("terminal pager 0");
    Configure(
        "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
        "interface GigabitEthernet0/1.20\n vlan 20\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n"
        "object network net-inside\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n"
        "class-map inspection_default\n match default-inspection-traffic\n"
        "policy-map global_policy\n class inspection_default\n  inspect icmp\nservice-policy global_policy global\n");
    for (const auto& i : box_.appliance->policy()->interfaces) {
      if (i) by_name_[i->nameif] = i->id;
    }
  }
  void Configure(const std::string& text) {
    LoadOptions options;
    options.empty_first = true;
    options.personality = PersonalityOf(release_);
    config_ += text;
    box_.appliance->Load(config_, options);
    (void)box_.appliance->Changed();
  }
  // Comes in by `name` now; a millisecond passes.
  Disposition Feed(const std::string& name, std::vector<std::uint8_t> bytes) {
    bytes_ = std::move(bytes);
    Packet p;
    p.bytes = bytes_;
    p.wire_length = static_cast<std::uint32_t>(bytes_.size());
    p.ingress = by_name_.at(name);
    p.handle = next_handle_++;
    Disposition d;
    box_.engine->Process(p, box_.clock.Now(), d);
    box_.clock.Advance(Duration::Milliseconds(1));
    return d;
  }
  void Ping(int n) {
    for (int i = 0; i < n; i++) {
      const auto sequence = static_cast<std::uint16_t>(i);
      ASSERT_EQ(Feed("inside", Echo("10.1.1.10", "192.0.2.7", 8, 77, sequence)).action, Disposition::Action::kAccept);
      const std::uint16_t id = LoadBe16(&bytes_[24]);
      const Disposition back = Feed("outside", Echo("192.0.2.7", "192.0.2.1", 0, id, sequence));
      ASSERT_EQ(back.action, Disposition::Action::kAccept) << static_cast<int>(back.reason) << Text(back.reason) << id;
    }
  }
  std::string Do(const std::string& line) { return console_->Do(line); }

  const char* release_ = "9.12(2)";
  std::string config_;
  std::unique_ptr<TestConsole> console_;
  std::map<std::string, IfId> by_name_;
  std::vector<std::uint8_t> bytes_;
  std::uint32_t next_handle_ = 1;
};

TEST_F(CaptureTest, BothDirectionsBeforeAndBehindTranslation) {
  EXPECT_EQ(Do("capture in interface inside"), "");
  EXPECT_EQ(Do("capture out interface outside match icmp any host 192.0.2.7"), "");
  Ping(2);
  Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "question"));
  // The SYN's numbers stay where it came in and are others where it left.
  Feed("inside", Tcp({"10.1.1.10", 1026, "192.0.2.7", 80, kTcpSyn, 1000, 0, {}, {2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0}}));
  ExpectGolden("capture_list", Do("show capture"));
  ExpectGolden("capture_in", Do("show capture in"));
  ExpectGolden("capture_out", Do("show capture out"));
  ExpectGolden("capture_in_detail", Do("show capture in detail"));
  ExpectGolden("capture_in_dump", Do("show capture in dump packet-number 5"));
  EXPECT_EQ(Do("show capture in count 0"), "\n6 packets captured\n\n0 packet shown\n");
  EXPECT_EQ(Do("clear capture in"), "");
  EXPECT_EQ(Do("show capture in"), "\n0 packet captured\n\n0 packet shown\n");
  EXPECT_EQ(Do("no capture in"), "");
  EXPECT_EQ(Do("show capture in"), "ERROR: Capture <in> does not exist\n");
}

TEST_F(CaptureTest, DroppedPacketsSayWhy) {
  Do("capture asp type asp-drop all");
  Do("capture acl type asp-drop acl-drop match tcp any any eq www");
  Do("capture not type asp-drop tcp-not-syn");
  Feed("outside", Tcp({"192.0.2.7", 4000, "10.1.1.10", 80}));
  Feed("outside", Tcp({"192.0.2.7", 4001, "10.1.1.10", 81}));
  Feed("inside", Tcp({"10.1.1.10", 4002, "192.0.2.7", 80, kTcpAck, 5, 6}));
  ExpectGolden("capture_drop_list", Do("show capture"));
  ExpectGolden("capture_drop_all", Do("show capture asp"));
  ExpectGolden("capture_drop_acl", Do("show capture acl"));
  ExpectGolden("capture_drop_not_syn", Do("show capture not"));
}

TEST_F(CaptureTest, LocationOfADropFrom914On) {
  release_ = "9.16(4)";
  Configure("hostname newer\n");
  Do("capture asp type asp-drop all");
  Feed("outside", Tcp({"192.0.2.7", 4000, "10.1.1.10", 80}));
  const std::string text = Do("show capture asp");
  EXPECT_NE(text.find(" Drop-reason: (acl-drop) Flow is denied by configured rule, Drop-location: frame 0x"), std::string::npos);
  // Whose places these are stands above, and a line is left free below.
  EXPECT_TRUE(text.starts_with("Target:     OTHER\nHardware:   " + box_.appliance->Version().model +
                               "\nCisco Adaptive Security Appliance Software Version 9.16(4)\n" +
                               (TextRegion().empty() ? "" : "ASLR enabled, text region " + TextRegion() + "\n") + "\n1 packet captured\n\n   1: "))
      << text;
  EXPECT_TRUE(text.ends_with("\n\n1 packet shown\n")) << text;
  Do("capture in interface inside");
  EXPECT_TRUE(Do("show capture in").starts_with("\n0 packet captured\n"));
}

TEST(ShowCapture, TheTextRegionHoldsTheProgram) {
  const std::string region = TextRegion();
  if (region.empty()) GTEST_SKIP() << "the kernel places programs at no random place";
  const std::uint64_t first = std::stoull(region.substr(0, region.find('-')), nullptr, 16);
  const std::uint64_t end = std::stoull(region.substr(region.find('-') + 1), nullptr, 16);
  const auto here = reinterpret_cast<std::uintptr_t>(&TextRegion);
  EXPECT_LE(first, here);
  EXPECT_LT(here, end);
}

TEST_F(CaptureTest, TracesOfRealPackets) {
  Do("capture in trace interface inside trace-count 1");
  EXPECT_TRUE(console_->failed());
  Do("capture in interface inside trace trace-count 2");
  Feed("inside", Tcp({"10.1.1.10", 1026, "192.0.2.7", 80}));
  Feed("inside", Tcp({"10.1.1.10", 1026, "192.0.2.7", 80}));
  Feed("inside", Tcp({"10.1.1.10", 1027, "192.0.2.7", 80}));
  ExpectGolden("capture_trace_new", Do("show capture in packet-number 1 trace"));
  ExpectGolden("capture_trace_known", Do("show capture in packet-number 2 trace"));
  EXPECT_EQ(Do("show capture in packet-number 3 trace").find("Phase"), std::string::npos);
  // A traced packet does what every packet does.
  EXPECT_EQ(box_.engine->ConnCount().first, 2u);
}

TEST_F(CaptureTest, BufferFullAndCircular) {
  Do("capture full interface inside buffer 1534");
  Do("capture ring interface inside buffer 1534 circular-buffer");
  for (std::uint16_t i = 0; i < 40; i++) Feed("inside", Udp("10.1.1.10", static_cast<std::uint16_t>(2000 + i), "192.0.2.7", 53, std::string(i, 'x')));
  ExpectGolden("capture_full_list", Do("show capture"));
  const std::string full = Do("show capture full"), ring = Do("show capture ring");
  EXPECT_NE(full.find("10.1.1.10.2000 >"), std::string::npos);
  EXPECT_EQ(full.find("10.1.1.10.2039 >"), std::string::npos);
  EXPECT_EQ(ring.find("10.1.1.10.2000 >"), std::string::npos);
  EXPECT_NE(ring.find("10.1.1.10.2039 > 192.0.2.7.53:  udp 39 "), std::string::npos) << ring;
}

TEST_F(CaptureTest, RingHoldsWhatItSaysItHolds) {
  CaptureSpec spec;
  spec.buffer = 2000;
  spec.circular = true;
  CaptureBuffer ring(spec);
  std::vector<std::vector<std::uint8_t>> all;
  Random random(3);
  for (int i = 0; i < 3000; i++) {
    std::vector<std::uint8_t> bytes(20 + random.Below(400));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.U32());
    CapturedPacket head;
    head.wire_length = static_cast<std::uint32_t>(i);
    ASSERT_TRUE(ring.Add(head, bytes, nullptr));
    all.push_back(bytes);
    ASSERT_LE(ring.bytes(), spec.buffer);
    for (std::uint64_t k = 0; k < ring.packets(); k++) {
      const CapturedPacket p = ring.At(k);
      ASSERT_EQ(p.bytes, all[all.size() - ring.packets() + k]) << i;
    }
  }
}

TEST_F(CaptureTest, MoreInterfacesMatchesAndLists) {
  Do("capture x interface inside");
  Do("capture x interface outside match udp any any eq 53");
  Ping(1);
  Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "q"));
  const std::string both = Do("show capture x");
  EXPECT_TRUE(both.starts_with("\n2 packets captured\n")) << both;  // as it came and as it left
  Do("no capture x interface outside");
  EXPECT_NE(Do("show capture").find("capture x type raw-data interface inside ["), std::string::npos);
  EXPECT_EQ(Do("capture y interface nowhere"), "ERROR: % Invalid interface name nowhere\n");
  EXPECT_EQ(Do("capture y access-list none interface inside"), "ERROR: access-list <none> does not exist\n");
  Configure("access-list dns extended permit udp any any eq domain\n");
  Do("capture y access-list dns interface inside");
  Ping(1);
  Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "q"));
  EXPECT_TRUE(Do("show capture y").starts_with("\n1 packet captured\n"));
  EXPECT_TRUE(Do("show capture x access-list dns").ends_with("\n3 packets shown\n"));
}

TEST_F(CaptureTest, CopiedAsPcapAndAsText) {
  Do("capture in interface inside headers-only");
  Ping(1);
  Feed("inside", Tcp({"10.1.1.10", 1026, "192.0.2.7", 80}));
  EXPECT_EQ(Do("copy /noconfirm /pcap capture:in disk0:in.pcap"), "!!!!!!!!\n3 packets copied in 0.0 secs\n");
  const auto file = ReadWholeFile(box_.folder + "/disk0/in.pcap");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->substr(0, 4), std::string("\xd4\xc3\xb2\xa1"));
  // Of the echo request: a frame with its tag, IP and ICMP headers; it was longer on the wire.
  EXPECT_EQ(static_cast<unsigned char>((*file)[24 + 8]), 18 + 28);
  EXPECT_EQ(static_cast<unsigned char>((*file)[24 + 12]), 18 + 60);
  Do("copy capture:in disk0:");
  EXPECT_EQ(console_->prompt(), "\nSource capture name [in]? ");
  Do("");
  EXPECT_EQ(console_->prompt(), "\nDestination filename [in]? ");
  Do("in.txt");
  const auto text = ReadWholeFile(box_.folder + "/disk0/in.txt");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, Do("show capture in"));
  EXPECT_EQ(Do("copy /noconfirm capture:none disk0:x"), "%Error opening capture:none (No such file or directory)\n");
}

TEST_F(CaptureTest, RealTime) {
  const std::string warning = Do("capture now interface inside real-time");
  EXPECT_TRUE(warning.starts_with("Warning: using this option")) << warning;
  Ping(1);
  box_.appliance->Tick();
  EXPECT_NE(console_->Printed().find("   1: 15:00:00.000000       802.1Q vlan#20 P0 10.1.1.10 > 192.0.2.7: icmp: echo request \n"),
            std::string::npos);
  EXPECT_EQ(console_->Interrupt(), "2 packets shown.\n0 packets not shown due to performance limitations.\n");
  EXPECT_EQ(Do("show capture"), "");
}

TEST_F(CaptureTest, AScriptHasNoRealTime) {
  Session::Options options;
  options.kind = Session::Kind::kScript;
  options.privilege = 15;
  TestConsole script(box_, options);
  EXPECT_EQ(script.Do("capture now interface inside real-time"),
            "ERROR: real-time needs a terminal: nobody ends it in a script; see 'show capture'\n");
  EXPECT_TRUE(script.failed());
  EXPECT_EQ(script.Do("show capture"), "") << "the next line of the script is a command";
}

// --- faults

TEST_F(CaptureTest, FaultsLoseEveryThird) {
  Do("fault wire lose every 3 interface inside match udp any any");
  int lost = 0;
  for (std::uint16_t i = 0; i < 9; i++) lost += Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "q")).action == Disposition::Action::kDrop;
  EXPECT_EQ(lost, 3);
  EXPECT_EQ(Do("show fault"), "fault wire lose every 3 interface inside match udp any any\n  9 packets matched, 3 disturbed, 0 waiting\n");
  Do("no fault wire");
  EXPECT_EQ(Do("show fault"), "");
}

TEST_F(CaptureTest, FaultsDelayInVirtualTime) {
  Do("fault slow delay 250 match udp any any");
  EXPECT_EQ(Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "q")).action, Disposition::Action::kHold);
  EXPECT_EQ(box_.engine->ConnCount().first, 0u);
  box_.clock.Advance(Duration::Milliseconds(200));
  box_.engine->AdvanceTo(box_.clock.Now());
  EXPECT_TRUE(box_.engine->TakeReleased().empty());
  box_.clock.Advance(Duration::Milliseconds(60));
  box_.engine->AdvanceTo(box_.clock.Now());
  const auto released = box_.engine->TakeReleased();
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].disposition.action, Disposition::Action::kAccept);
  EXPECT_EQ(box_.engine->ConnCount().first, 1u);
  ASSERT_GE(released[0].bytes.size(), 20u);  // translated
  EXPECT_EQ(IpAddress::FromV4Bytes(&released[0].bytes[12]), At("192.0.2.1"));
}

TEST_F(CaptureTest, FaultsDuplicateReorderCorruptSilence) {
  Do("fault twice duplicate match udp any any eq 53");
  Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "q"));
  const auto twins = box_.engine->TakeOriginated();
  ASSERT_EQ(twins.size(), 1u);
  EXPECT_EQ(twins[0].bytes, bytes_);
  Do("fault order reorder match udp any any eq 54");
  Do("no fault twice");
  Do("fault order reorder first 1 match udp any any eq 54");
  EXPECT_EQ(Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 54, "a")).action, Disposition::Action::kHold);
  EXPECT_EQ(Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 54, "b")).action, Disposition::Action::kAccept);
  EXPECT_EQ(box_.engine->TakeReleased().size(), 1u);
  Do("clear fault");
  Do("fault bits corrupt match tcp any any");
  // A wrong checksum passes, unless a tcp-map says otherwise: it is wrong behind us, too.
  EXPECT_EQ(Feed("inside", Tcp({"10.1.1.10", 1030, "192.0.2.7", 80})).reason, FrameDrop::kNone);
  Do("clear fault");
  Feed("inside", Tcp({"10.1.1.10", 1031, "192.0.2.7", 80, kTcpSyn}));
  Do("fault bits corrupt repair-checksum match udp any any");
  EXPECT_EQ(Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 55, "intact")).action, Disposition::Action::kAccept);
  EXPECT_NE(std::string(bytes_.end() - 6, bytes_.end()), "intact");
  Packet p;
  p.bytes = bytes_;
  p.wire_length = static_cast<std::uint32_t>(bytes_.size());
  ParsePacket(p);
  EXPECT_TRUE(VerifyTransportChecksum(p));
  Do("fault quiet silence match icmp any any");
  EXPECT_EQ(Feed("inside", Echo("10.1.1.10", "192.0.2.7", 8, 7, 1)).action, Disposition::Action::kDrop);
  Do("fault quiet silence match tcp any any neq 53");
  EXPECT_TRUE(console_->failed());
}

TEST_F(CaptureTest, FaultsAreTheSameForTheSameSeed) {
  std::string first;
  for (int run = 0; run < 2; run++) {
    Do("fault some lose percent 40 seed 9");
    std::string pattern;
    for (std::uint16_t i = 0; i < 40; i++) {
      pattern += Feed("inside", Udp("10.1.1.10", 1025, "192.0.2.7", 53, "q")).action == Disposition::Action::kDrop ? 'x' : '.';
    }
    if (run == 0) first = pattern;
    EXPECT_EQ(pattern, first);
    EXPECT_NE(pattern.find('x'), std::string::npos);
    EXPECT_NE(pattern.find('.'), std::string::npos);
  }
}

}  // namespace
}  // namespace sallyport
