// Frames through bridge groups: MAC learning, Ethernet types, ARP inspection, and IP through the same stages as in routed mode.
#include <gtest/gtest.h>

#include <algorithm>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/base/random.h"
#include "firewall/engine.h"
#include "inspect/icmp.h"

namespace sallyport {
namespace {

using Action = FrameDisposition::Action;

constexpr std::uint64_t kClient = 0x02000000000a, kServer = 0x02000000000b, kBox = 0x0200000000bb, kBroadcast = 0xffffffffffff;

class Messages : public LogSink {
 public:
  Messages() {
    for (auto& e : enabled_) e = true;
  }
  void Emit(const LogEvent& e) override { list.push_back(e.msg); }
  std::vector<Msg> list;
};

class Bridge : public ::testing::Test {
 protected:
  void Configure(const std::string& more, bool transparent = true, const std::string& version = "9.16(4)") {
    std::string text = "ASA Version " + version + "\n" + (transparent ? "firewall transparent\n" : "") +
                       "interface GigabitEthernet0/0\n nameif outside\n bridge-group 1\n security-level 0\n"
                       "interface GigabitEthernet0/1\n nameif inside\n bridge-group 1\n security-level 100\n" + more;
    const LoadReport report = conf_.Load(text);
    for (const LineReport& r : report.reports) ASSERT_FALSE(r.refused) << r.line << r.text;
    Use();
  }
  void Use() {
    auto policy = conf_.Compile(policy_.get());
    ASSERT_TRUE(policy) << policy.error();
    auto changed = std::make_shared<Policy>(**policy);
    for (auto& f : changed->interfaces) {
      if (f && f->bvi) f->mac.octets = {2, 0, 0, 0, 0, 0xbb};
    }
    policy_ = changed;
    if (!engine_) {
      Inspectors inspectors;
      inspectors.engine[static_cast<std::size_t>(InspectId::kIcmp)] = &icmp_;
      engine_ = std::make_unique<Engine>(Engine::Options{1000}, clock_, log_, Random(7), inspectors);
    }
    engine_->SetPolicy(policy_, clock_.Now());
  }
  void Address() { Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\n"); }

  static std::vector<std::uint8_t> Ether(std::uint64_t to, std::uint64_t from, std::uint16_t type, std::vector<std::uint8_t> rest) {
    std::vector<std::uint8_t> b(14);
    StoreBe16(&b[0], static_cast<std::uint16_t>(to >> 32));
    StoreBe32(&b[2], static_cast<std::uint32_t>(to));
    StoreBe16(&b[6], static_cast<std::uint16_t>(from >> 32));
    StoreBe32(&b[8], static_cast<std::uint32_t>(from));
    StoreBe16(&b[12], type);
    b.insert(b.end(), rest.begin(), rest.end());
    if (b.size() < 60) b.resize(60);
    return b;
  }
  static std::vector<std::uint8_t> Udp(const char* src, std::uint16_t sport, const char* dst, std::uint16_t dport) {
    std::vector<std::uint8_t> b(28);
    b[0] = 0x45;
    StoreBe16(&b[2], 28);
    b[8] = 64;
    b[9] = 17;
    IpAddress::Parse(src)->StoreV4(&b[12]);
    IpAddress::Parse(dst)->StoreV4(&b[16]);
    StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b).first(20))));
    StoreBe16(&b[20], sport);
    StoreBe16(&b[22], dport);
    StoreBe16(&b[24], 8);
    return b;
  }
  static std::vector<std::uint8_t> Udp6(const char* src, const char* dst, std::uint16_t dport) {
    std::vector<std::uint8_t> b(48);
    b[0] = 0x60;
    StoreBe16(&b[4], 8);
    b[6] = 17;
    b[7] = 64;
    IpAddress::Parse(src)->StoreV6(&b[8]);
    IpAddress::Parse(dst)->StoreV6(&b[24]);
    StoreBe16(&b[40], 1025);
    StoreBe16(&b[42], dport);
    StoreBe16(&b[44], 8);
    StoreBe16(&b[46], 1);
    return b;
  }
  static std::vector<std::uint8_t> Arp(bool reply, std::uint64_t mac, const char* sender, const char* target) {
    std::vector<std::uint8_t> b(28);
    StoreBe16(&b[0], 1);
    StoreBe16(&b[2], 0x0800);
    b[4] = 6;
    b[5] = 4;
    StoreBe16(&b[6], reply ? 2 : 1);
    StoreBe16(&b[8], static_cast<std::uint16_t>(mac >> 32));
    StoreBe32(&b[10], static_cast<std::uint32_t>(mac));
    IpAddress::Parse(sender)->StoreV4(&b[14]);
    IpAddress::Parse(target)->StoreV4(&b[24]);
    return b;
  }
  FrameDisposition From(const char* interface, std::vector<std::uint8_t> bytes) {
    log_.list.clear();
    bytes_ = std::move(bytes);
    Frame f;
    f.bytes = bytes_;
    f.wire_length = static_cast<std::uint32_t>(bytes_.size());
    f.group = 1;
    const Interface* in = policy_->FindByName(interface);
    f.ingress = in != nullptr ? in->id : IfId::kIdentity;
    FrameDisposition d;
    engine_->ProcessFrame(f, clock_.Now(), d);
    return d;
  }
  // Both hosts have been heard.
  void Meet() {
    EXPECT_EQ(From("inside", Ether(kBroadcast, kClient, 0x0806, Arp(false, kClient, "10.1.1.10", "10.1.1.20"))).action, Action::kForward);
    EXPECT_EQ(From("outside", Ether(kClient, kServer, 0x0806, Arp(true, kServer, "10.1.1.20", "10.1.1.10"))).action, Action::kForward);
  }
  bool Goes(const FrameDisposition& d, const char* interface) const {
    if (d.action != Action::kForward) return false;
    for (std::size_t i = 0; i < d.count; i++) {
      if (policy_->Find(d.egress[i])->nameif == interface) return true;
    }
    return false;
  }
  bool Logged(Msg m) const { return std::find(log_.list.begin(), log_.list.end(), m) != log_.list.end(); }

  Configuration conf_;
  std::shared_ptr<const Policy> policy_;
  ManualClock clock_;
  Messages log_;
  IcmpInspector icmp_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::uint8_t> bytes_;
};

TEST_F(Bridge, ArpPassesBothWaysAndTeaches) {
  Address();
  FrameDisposition d = From("inside", Ether(kBroadcast, kClient, 0x0806, Arp(false, kClient, "10.1.1.10", "10.1.1.20")));
  EXPECT_TRUE(Goes(d, "outside"));
  EXPECT_TRUE(d.to_box);
  d = From("outside", Ether(kClient, kServer, 0x0806, Arp(true, kServer, "10.1.1.20", "10.1.1.10")));
  EXPECT_TRUE(Goes(d, "inside"));
  EXPECT_FALSE(d.to_box);
  ASSERT_EQ(engine_->Macs(clock_.Now()).size(), 2u);
  clock_.Advance(Duration::Seconds(300));
  EXPECT_EQ(engine_->Macs(clock_.Now()).size(), 0u);  // forgotten after five minutes
}

TEST_F(Bridge, LevelsDecideAndRepliesReturn) {
  Address();
  Meet();
  EXPECT_TRUE(Goes(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))), "outside"));
  EXPECT_TRUE(Logged(Msg::k302015));
  EXPECT_TRUE(Goes(From("outside", Ether(kClient, kServer, 0x0800, Udp("10.1.1.20", 53, "10.1.1.10", 1025))), "inside"));
  const FrameDisposition d = From("outside", Ether(kClient, kServer, 0x0800, Udp("10.1.1.20", 2000, "10.1.1.10", 1025)));
  EXPECT_EQ(d.reason, FrameDrop::kAclDrop);
  EXPECT_TRUE(Logged(Msg::k106006));
}

TEST_F(Bridge, Ipv6GoesTheSameWay) {
  Address();
  Meet();
  EXPECT_TRUE(Goes(From("inside", Ether(kServer, kClient, 0x86dd, Udp6("2001:db8::10", "2001:db8::20", 53))), "outside"));
  EXPECT_EQ(From("outside", Ether(kClient, kServer, 0x86dd, Udp6("2001:db8::20", "2001:db8::11", 53))).reason, FrameDrop::kAclDrop);
}

TEST_F(Bridge, AnUnknownDestinationIsLookedForNotFlooded) {
  Address();
  EXPECT_EQ(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))).reason, FrameDrop::kDstL2LookupFail);
  auto asked = engine_->TakeOriginatedFrames();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(LoadBe16(&asked[0].bytes[12]), 0x0806);
  EXPECT_EQ(MacNumber(&asked[0].bytes[6]), kBox);
  EXPECT_EQ(IpAddress::FromV4Bytes(&asked[0].bytes[14 + 24]).ToString(), "10.1.1.20");
  // Somebody far away is asked for with an echo request that the next router answers.
  From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "192.0.2.7", 53)));
  asked = engine_->TakeOriginatedFrames();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(MacNumber(&asked[0].bytes[0]), kServer);
  EXPECT_EQ(asked[0].bytes[14 + 8], 1);  // TTL
  EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(asked[0].bytes).subspan(14, 20))), 0);
}

TEST_F(Bridge, AnUnknownIpv6DestinationIsAskedForWithoutAnAddressOfOurOwn) {
  Address();
  EXPECT_EQ(From("inside", Ether(kServer, kClient, 0x86dd, Udp6("2001:db8::10", "2001:db8::1:20", 53))).reason, FrameDrop::kDstL2LookupFail);
  const auto asked = engine_->TakeOriginatedFrames();
  ASSERT_EQ(asked.size(), 1u);
  const std::uint8_t* b = asked[0].bytes.data();
  EXPECT_EQ(MacNumber(b), 0x3333ff010020u);
  EXPECT_EQ(IpAddress::FromV6Bytes(b + 14 + 24).ToString(), "ff02::1:ff01:20");
  EXPECT_EQ(b[14 + 40], 135);
  EXPECT_EQ(IpAddress::FromV6Bytes(b + 14 + 48).ToString(), "2001:db8::1:20");
  EXPECT_EQ(ChecksumFinish(ChecksumAdd({b + 14 + 8, 32 + 24}) + 24 + 58), 0);
}

TEST_F(Bridge, SameSideIsNoBusinessOfOurs) {
  Address();
  Meet();
  From("inside", Ether(kBroadcast, 0x02000000000c, 0x0806, Arp(false, 0x02000000000c, "10.1.1.12", "10.1.1.1")));
  EXPECT_EQ(From("inside", Ether(0x02000000000c, kClient, 0x0800, Udp("10.1.1.10", 1, "10.1.1.12", 2))).reason, FrameDrop::kL2SameLanPort);
}

TEST_F(Bridge, BroadcastNeedsARuleInEitherDirection) {
  Address();
  const auto dhcp = Ether(kBroadcast, kClient, 0x0800, Udp("10.1.1.10", 68, "255.255.255.255", 67));
  EXPECT_EQ(From("inside", dhcp).reason, FrameDrop::kAclDrop);
  const auto multicast = Ether(0x01005e000009, kClient, 0x0800, Udp("10.1.1.10", 520, "224.0.0.9", 520));
  EXPECT_EQ(From("inside", multicast).reason, FrameDrop::kAclDrop);
  Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\naccess-list in extended permit udp any any\naccess-group in in interface inside\n");
  EXPECT_TRUE(Goes(From("inside", dhcp), "outside"));
  EXPECT_TRUE(Goes(From("inside", multicast), "outside"));
  EXPECT_TRUE(Goes(From("inside", Ether(kBroadcast, kClient, 0x0800, Udp("0.0.0.0", 68, "255.255.255.255", 67))), "outside"));
}

TEST_F(Bridge, EtherTypes) {
  Address();
  std::vector<std::uint8_t> stp{0x42, 0x42, 3};
  EXPECT_TRUE(Goes(From("inside", Ether(0x0180c2000000, kClient, 3, stp)), "outside"));  // BPDUs pass by default
  EXPECT_EQ(From("inside", Ether(kBroadcast, kClient, 0x8847, {})).reason, FrameDrop::kL2Acl);
  EXPECT_EQ(From("inside", Ether(0x01000c000001, kClient, 0x0800, Udp("10.1.1.10", 1, "10.1.1.20", 2))).reason, FrameDrop::kL2Acl);
  Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\n"
            "access-list E ethertype deny bpdu\naccess-list E ethertype permit mpls-unicast\naccess-list E ethertype permit 0x88cc\n"
            "access-group E in interface inside\n");
  EXPECT_EQ(From("inside", Ether(0x0180c2000000, kClient, 3, stp)).reason, FrameDrop::kL2Acl);
  EXPECT_TRUE(Goes(From("inside", Ether(kBroadcast, kClient, 0x8847, {})), "outside"));
  EXPECT_TRUE(Goes(From("inside", Ether(kBroadcast, kClient, 0x88cc, {})), "outside"));
  EXPECT_EQ(From("inside", Ether(kBroadcast, kClient, 0x8848, {})).reason, FrameDrop::kL2Acl);
  Meet();  // the implicit deny is not for ARP and IP
  EXPECT_TRUE(Goes(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))), "outside"));
  const auto& list = *policy_->ether_lists.at("E");
  EXPECT_EQ(list.elements[0].hits->hits.load(), 1u);
  EXPECT_EQ(list.elements[1].hits->hits.load(), 1u);
}

TEST_F(Bridge, StaticMacIsNotTakenOver) {
  Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\nmac-address-table static outside 0200.0000.000b\nmac-learn inside disable\n");
  EXPECT_EQ(From("inside", Ether(kBroadcast, kServer, 0x0806, Arp(false, kServer, "10.1.1.20", "10.1.1.1"))).reason, FrameDrop::kL2Acl);
  EXPECT_TRUE(Logged(Msg::k322001));
  From("inside", Ether(kBroadcast, kClient, 0x0806, Arp(false, kClient, "10.1.1.10", "10.1.1.1")));
  const auto macs = engine_->Macs(clock_.Now());
  ASSERT_EQ(macs.size(), 1u);  // nothing is learned inside
  EXPECT_TRUE(macs[0].fixed);
}

TEST_F(Bridge, AHostThatMovesIsTold) {
  Address();
  Meet();
  From("inside", Ether(kBroadcast, kServer, 0x0806, Arp(false, kServer, "10.1.1.20", "10.1.1.10")));
  EXPECT_TRUE(Logged(Msg::k412001));
  From("inside", Ether(kBroadcast, kServer, 0x0806, Arp(false, kServer, "10.1.1.20", "10.1.1.10")));
  EXPECT_FALSE(Logged(Msg::k412001));
  clock_.Advance(Duration::Seconds(300));  // forgotten: it is new
  From("outside", Ether(kBroadcast, kServer, 0x0806, Arp(false, kServer, "10.1.1.20", "10.1.1.10")));
  EXPECT_FALSE(Logged(Msg::k412001));
}

TEST_F(Bridge, AFullTableIsTold) {
  Address();
  for (std::uint64_t i = 0; i < MacTable::kMost; i++) From("inside", Ether(kBroadcast, 0x020100000000 + i, 0x88b5, {}));
  EXPECT_FALSE(Logged(Msg::k412002));
  From("inside", Ether(kBroadcast, kClient, 0x0806, Arp(false, kClient, "10.1.1.10", "10.1.1.20")));
  EXPECT_TRUE(Logged(Msg::k412002));
}

TEST_F(Bridge, FloodsUnknownDestinationsWhenItIsToldTo) {
  Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\nmac-learn flood\n");
  EXPECT_TRUE(Goes(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))), "outside"));
  EXPECT_TRUE(Logged(Msg::k302015));
  EXPECT_TRUE(engine_->TakeOriginatedFrames().empty());
  EXPECT_EQ(From("outside", Ether(0x02000000000d, kServer, 0x0800, Udp("10.1.1.20", 1, "10.1.1.11", 53))).reason, FrameDrop::kAclDrop);
}

TEST_F(Bridge, ArpInspection) {
  Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\narp outside 10.1.1.20 0200.0000.000b\n"
            "arp-inspection outside enable no-flood\narp-inspection inside enable flood\n");
  EXPECT_TRUE(Goes(From("outside", Ether(kBroadcast, kServer, 0x0806, Arp(false, kServer, "10.1.1.20", "10.1.1.10"))), "inside"));
  const std::uint64_t liar = 0x020000000066;
  EXPECT_EQ(From("outside", Ether(kBroadcast, liar, 0x0806, Arp(true, liar, "10.1.1.20", "10.1.1.10"))).reason, FrameDrop::kL2Acl);
  EXPECT_TRUE(Logged(Msg::k322002));
  EXPECT_EQ(From("outside", Ether(kBroadcast, liar, 0x0806, Arp(true, liar, "10.1.1.66", "10.1.1.10"))).reason, FrameDrop::kL2Acl);
  EXPECT_TRUE(Logged(Msg::k322003));
  EXPECT_TRUE(Goes(From("inside", Ether(kBroadcast, kClient, 0x0806, Arp(false, kClient, "10.1.1.10", "10.1.1.20"))), "outside"));
}

TEST_F(Bridge, WithoutAddressNothingPasses) {
  Configure("");
  Meet();
  EXPECT_EQ(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))).reason, FrameDrop::kTfwNoMgmtIpConfig);
  EXPECT_TRUE(Logged(Msg::k322004));
}

TEST_F(Bridge, EightTwoHasOneGroupOfAll) {
  conf_.Load("ASA Version 8.2(5)\nfirewall transparent\ninterface Ethernet0/0\n nameif outside\n security-level 0\n"
             "interface Ethernet0/1\n nameif inside\n security-level 100\nip address 10.1.1.1 255.255.255.0\n");
  Use();
  Meet();
  EXPECT_TRUE(Goes(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))), "outside"));
  const Interface* bvi = policy_->Find(policy_->bridge.groups.at(0).bvi);
  EXPECT_EQ(bvi->address.ToString(), "10.1.1.1");
  EXPECT_EQ(bvi->prefix_length, 24);
}

// To the appliance: its own address, by the rules of the member it came in by.
TEST_F(Bridge, ToTheBox) {
  Configure("interface BVI1\n ip address 10.1.1.1 255.255.255.0\nicmp deny any outside\n");
  std::vector<std::uint8_t> echo = Udp("10.1.1.10", 0, "10.1.1.1", 0);
  echo[9] = 1;
  echo[20] = 8;
  StoreBe16(&echo[10], 0);
  StoreBe16(&echo[10], ChecksumFinish(ChecksumAdd(Bytes(echo).first(20))));
  for (std::size_t i = 21; i < 28; i++) echo[i] = 0;
  StoreBe16(&echo[22], ChecksumFinish(ChecksumAdd(Bytes(echo).subspan(20))));
  FrameDisposition d = From("inside", Ether(kBox, kClient, 0x0800, echo));
  EXPECT_EQ(d.action, Action::kForward);
  EXPECT_TRUE(d.to_box);
  EXPECT_EQ(d.count, 0);
  EXPECT_EQ(From("outside", Ether(kBox, kServer, 0x0800, echo)).action, Action::kDrop);
  EXPECT_TRUE(Logged(Msg::k313001));
}

// Routed mode: what is bridged is filtered between members, what is for the BVI is routed elsewhere.
TEST_F(Bridge, RoutedBvi) {
  Configure("interface BVI1\n nameif lan\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n", false);
  Meet();
  EXPECT_TRUE(Goes(From("inside", Ether(kServer, kClient, 0x0800, Udp("10.1.1.10", 1025, "10.1.1.20", 53))), "outside"));
  const FrameDisposition d = From("inside", Ether(kBox, kClient, 0x0800, Udp("10.1.1.10", 1025, "192.0.2.7", 53)));
  EXPECT_TRUE(d.to_box);
  EXPECT_EQ(policy_->FindByName("lan")->address.ToString(), "10.1.1.1");
}

// Neighbour discovery for the BVI's address reaches the appliance also where it is not let through to the other members.
TEST_F(Bridge, NeighbourDiscoveryIsForTheApplianceToo) {
  Configure("interface BVI1\n nameif lan\n security-level 100\n ipv6 address 2001:db8::1/64\n", false);
  std::vector<std::uint8_t> ask(40 + 24);
  ask[0] = 0x60;
  StoreBe16(&ask[4], 24);
  ask[6] = 58;
  ask[7] = 255;
  IpAddress::Parse("2001:db8::20")->StoreV6(&ask[8]);
  IpAddress::Parse("ff02::1:ff00:1")->StoreV6(&ask[24]);
  ask[40] = 135;
  IpAddress::Parse("2001:db8::1")->StoreV6(&ask[48]);
  StoreBe16(&ask[42], ChecksumFinish(ChecksumAdd(Bytes(ask).subspan(8)) + 24 + 58));
  const FrameDisposition d = From("outside", Ether(0x3333ff000001, kServer, 0x86dd, ask));
  EXPECT_EQ(d.action, Action::kForward);
  EXPECT_TRUE(d.to_box);
  EXPECT_EQ(d.count, 0);
}

// A packet of the BVI's port is the member's that its sender's MAC address was seen at; the kernel's copy of a bridged frame is nobody's.
TEST_F(Bridge, RoutedPacketsAreTheMembers) {
  Configure("interface GigabitEthernet0/2\n nameif far\n security-level 50\n ip address 192.0.2.1 255.255.255.0\n"
            "interface BVI1\n nameif lan\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n", false);
  Meet();
  const auto process = [&](const char* interface, std::uint64_t mac, std::vector<std::uint8_t> bytes) {
    bytes_ = std::move(bytes);
    Packet p;
    p.bytes = bytes_;
    p.wire_length = static_cast<std::uint32_t>(bytes_.size());
    p.ingress = policy_->FindByName(interface)->id;
    p.source_mac = mac;
    Disposition d;
    engine_->Process(p, clock_.Now(), d);
    return d;
  };
  EXPECT_EQ(process("inside", kClient, Udp("10.1.1.10", 1025, "192.0.2.7", 53)).action, Disposition::Action::kConsume);
  EXPECT_EQ(engine_->ConnCount().first, 0u);
  const Disposition out = process("lan", kClient, Udp("10.1.1.10", 1025, "192.0.2.7", 53));
  ASSERT_EQ(out.action, Disposition::Action::kAccept);
  EXPECT_EQ(out.egress, policy_->FindByName("far")->id);
  const Disposition back = process("far", 0x0200000000ff, Udp("192.0.2.7", 53, "10.1.1.10", 1025));
  ASSERT_EQ(back.action, Disposition::Action::kAccept);
  EXPECT_EQ(back.egress, policy_->FindByName("inside")->id);
  EXPECT_EQ(back.mark, 0u);  // the kernel finds the way by the BVI's own route
  // The member `outside` has level 0: up to level 50 it may not go.
  EXPECT_EQ(process("lan", kServer, Udp("10.1.1.20", 1025, "192.0.2.7", 53)).reason, FrameDrop::kAclDrop);
}

TEST_F(Bridge, PacketTracerLooksTheMacAddressUp) {
  Address();
  TraceRequest r;
  r.ingress = policy_->FindByName("inside")->id;
  r.protocol = 6;
  r.src = *IpAddress::Parse("10.1.1.10");
  r.dst = *IpAddress::Parse("10.1.1.20");
  r.sport = 1025;
  r.dport = 80;
  TraceResult t = engine_->Trace(r, clock_.Now());
  EXPECT_FALSE(t.allow);
  EXPECT_EQ(t.frame_drop, FrameDrop::kDstL2LookupFail);
  Meet();
  t = engine_->Trace(r, clock_.Now());
  EXPECT_TRUE(t.allow);
  EXPECT_EQ(policy_->Find(t.output)->nameif, "outside");
  bool seen = false;
  for (const TracePhase& p : t.phases) seen = seen || p.type == "L2-EGRESS-IFC-LOOKUP";
  EXPECT_TRUE(seen);
}

// A flood of sources fills the table only so far.
TEST_F(Bridge, MacTableIsBounded) {
  Address();
  for (std::uint64_t i = 0; i < MacTable::kMost + 500; i++) {
    From("inside", Ether(kBroadcast, 0x020000100000 + i, 0x0806, Arp(false, 0x020000100000 + i, "10.1.1.10", "10.1.1.20")));
  }
  EXPECT_EQ(engine_->Macs(clock_.Now()).size(), MacTable::kMost);
}

}  // namespace
}  // namespace sallyport
