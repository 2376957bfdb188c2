// Two whole appliances with a tunnel of IKEv2 between them (9.16), and one that speaks only IKEv1.
#include <gtest/gtest.h>

#include "tests/vpn/whole_appliance.h"

namespace sallyport {
namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

std::string Site(int mine, int other, bool v1, bool v2, const std::string& more = {}) {
  const std::string me = std::to_string(mine), you = std::to_string(other);
  std::string text =
      "ASA Version 9.16(4)\n"
      "hostname asa" + me + "\n"
      "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2." + me + " 255.255.255.0\n"
      "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10." + me + ".0.1 255.255.0.0\n"
      "access-list site extended permit ip 10." + me + ".0.0 255.255.0.0 10." + you + ".0.0 255.255.0.0\n"
      "route outside 10." + you + ".0.0 255.255.0.0 192.0.2." + you + " 1\n" + more +
      "crypto map map 10 match address site\n"
      "crypto map map 10 set peer 192.0.2." + you + "\n";
  if (v2) {
    text +=
        "crypto ipsec ikev2 ipsec-proposal aes\n protocol esp encryption aes-256\n protocol esp integrity sha-256\n"
        "crypto map map 10 set ikev2 ipsec-proposal aes\n"
        "crypto ikev2 policy 1\n encryption aes-256\n integrity sha256\n group 19\n prf sha256\n lifetime seconds 86400\n"
        "crypto ikev2 enable outside\n";
  }
  if (v1) {
    text +=
        "crypto ipsec ikev1 transform-set set esp-aes esp-sha-hmac\n"
        "crypto map map 10 set ikev1 transform-set set\n"
        "crypto ikev1 policy 10\n authentication pre-share\n encryption aes\n hash sha\n group 2\n lifetime 86400\n"
        "crypto ikev1 enable outside\n";
  }
  return text +
         "crypto map map interface outside\n"
         "tunnel-group 192.0.2." + you + " type ipsec-l2l\n"
         "tunnel-group 192.0.2." + you + " ipsec-attributes\n ikev1 pre-shared-key between-us\n"
         " ikev2 remote-authentication pre-shared-key key-of-" + you + "\n ikev2 local-authentication pre-shared-key key-of-" + me + "\n";
}

class AppliancesV2 : public testing::Test {
 protected:
  void Build(const std::string& more_a = {}, const std::string& more_b = {}, bool b_has_v2 = true) {
    a = std::make_unique<WholeAppliance>(mesh, "a", Site(1, 2, true, true, more_a), 1);
    b = std::make_unique<WholeAppliance>(mesh, "b", Site(2, 1, true, b_has_v2, more_b), 2);
    mesh.Connect({a.get(), "outside"}, {b.get(), "outside"});
  }
  bool Ping() {
    MadePacket request{Ip("10.1.0.10"), Ip("10.2.0.10"), 1, 8, 77, ++sequence_, 0, 0, {'p', 'i', 'n', 'g'}};
    auto &far = mesh.Host(*b, "inside"), &near = mesh.Host(*a, "inside");
    far.clear();
    near.clear();
    a->Feed("inside", request.Bytes());
    mesh.Settle();
    if (far.empty()) return false;
    MadePacket answer{Ip("10.2.0.10"), Ip("10.1.0.10"), 1, 0, 77, sequence_, 0, 0, {'p', 'i', 'n', 'g'}};
    b->Feed("inside", answer.Bytes());
    mesh.Settle();
    return near.size() == 1;
  }
  void Up() {
    Ping();
    mesh.Run(Duration::Seconds(2));
    ASSERT_TRUE(Ping());
  }
  Mesh mesh;
  std::unique_ptr<WholeAppliance> a, b;
  std::uint16_t sequence_ = 0;
};

TEST_F(AppliancesV2, TheFirstPacketBringsTheTunnelUp) {
  Build();
  EXPECT_FALSE(Ping());
  mesh.Run(Duration::Seconds(2));
  for (const auto& box : {a.get(), b.get()}) {
    const auto sas = box->service->IkeSas();
    ASSERT_EQ(sas.size(), 1u) << box->name;
    EXPECT_EQ(sas[0].version, 2);
    EXPECT_EQ(sas[0].state, IkeState::kReady);
    EXPECT_EQ(sas[0].initiator, box == a.get());
    ASSERT_EQ(sas[0].children.size(), 1u);
    EXPECT_EQ(box->service->Sessions().size(), 1u);
    EXPECT_EQ(box->Logged("602303").size(), 2u);
    EXPECT_EQ(box->Logged("750006").size(), 1u);
  }
  EXPECT_EQ(a->Logged("752003").size(), 1u);
  EXPECT_EQ(a->Logged("752016").size(), 1u);
  EXPECT_EQ(b->Logged("750002").size(), 1u);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Ping()) << i;
  EXPECT_EQ(mesh.crossed[1], 0u) << "nothing crosses in the clear";
  EXPECT_EQ(mesh.crossed[50], 10u);
}

TEST_F(AppliancesV2, PairsAndIkeSasAreReplacedWithoutLosingAPacket) {
  Build();
  a->Configure("crypto ipsec security-association lifetime seconds 120");
  a->Configure("crypto ikev2 policy 1\nlifetime seconds 200");
  b->Configure("crypto ikev2 policy 1\nlifetime seconds 200");
  Up();
  std::set<std::uint32_t> spis, sas;
  for (int i = 0; i < 600; ++i) {
    mesh.Run(Duration::Seconds(1));
    EXPECT_TRUE(Ping()) << "second " << i;
    for (const auto& f : a->service->IpsecFlows()) {
      for (const auto& e : f.inbound) spis.insert(e.spi);
    }
    for (const auto& v : a->service->IkeSas()) sas.insert(v.number);
  }
  EXPECT_GE(spis.size(), 5u);
  EXPECT_GE(sas.size(), 3u);
  EXPECT_EQ(a->service->Sessions().size(), 1u);
  EXPECT_LE(a->service->Contexts().size(), 4u);
  EXPECT_TRUE(a->Logged("113019").empty());
  EXPECT_TRUE(b->Logged("113019").empty());
}

TEST_F(AppliancesV2, APeerThatIsGoneIsMissed) {
  Build();
  Up();
  mesh.passes = [](const WholeAppliance&, const std::vector<std::uint8_t>&) { return false; };
  mesh.Run(Duration::Seconds(60));
  EXPECT_TRUE(a->service->IkeSas().empty());
  EXPECT_TRUE(a->service->Contexts().empty());
  ASSERT_EQ(a->Logged("113019").size(), 1u);
  EXPECT_NE(a->Logged("113019")[0].find("Reason: Lost Service"), std::string::npos) << a->Logged("113019")[0];
  mesh.passes = {};
  Ping();
  mesh.Run(Duration::Seconds(3));
  EXPECT_TRUE(Ping());
}

TEST_F(AppliancesV2, ClearedByTheOperatorThePeerHearsOfIt) {
  Build();
  Up();
  EXPECT_EQ(a->service->Clear({}), 1u);
  mesh.Settle();
  EXPECT_TRUE(a->service->IkeSas().empty());
  EXPECT_TRUE(b->service->IkeSas().empty());
  EXPECT_TRUE(b->service->Contexts().empty());
  ASSERT_EQ(a->Logged("113019").size(), 1u);
  EXPECT_NE(a->Logged("113019")[0].find("Reason: Administrator Reset"), std::string::npos);
  ASSERT_EQ(b->Logged("113019").size(), 1u);
  EXPECT_NE(b->Logged("113019")[0].find("Reason: User Requested"), std::string::npos);
  Ping();
  mesh.Run(Duration::Seconds(2));
  EXPECT_TRUE(Ping());
}

TEST_F(AppliancesV2, Ikev1WhenThePeerDoesNotSpeakIkev2) {
  Build({}, {}, false);
  for (int i = 0; i < 180; ++i) {
    Ping();
    mesh.Run(Duration::Seconds(1));
  }
  EXPECT_TRUE(Ping());
  ASSERT_EQ(a->service->IkeSas().size(), 1u);
  EXPECT_EQ(a->service->IkeSas()[0].version, 1);
}

}  // namespace
}  // namespace sallyport
