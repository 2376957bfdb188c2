// `interface Tunnel` between two whole appliances: it comes up by itself, routes go through it as long as it is up, and the appliance
// itself speaks from its address. And what is between two gateways themselves in transport mode.
#include <gtest/gtest.h>

#include "tests/vpn/whole_appliance.h"

namespace sallyport {
namespace {

IpAddress Ip(const std::string& text) { return *IpAddress::Parse(text); }

std::string Crypto(const std::string& you) {
  return "crypto ipsec ikev2 ipsec-proposal aes\n protocol esp encryption aes-256\n protocol esp integrity sha-256\n"
         "crypto ikev2 policy 1\n encryption aes-256\n integrity sha256\n group 19\n prf sha256\n lifetime seconds 86400\n"
         "crypto ikev2 enable outside\n"
         "tunnel-group 192.0.2." + you + " type ipsec-l2l\ntunnel-group 192.0.2." + you + " ipsec-attributes\n"
         " ikev2 remote-authentication pre-shared-key between-us\n ikev2 local-authentication pre-shared-key between-us\n";
}

std::string Interfaces(const std::string& me) {
  return "ASA Version 9.16(4)\nhostname asa" + me + "\n"
         "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2." + me + " 255.255.255.0\n"
         "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10." + me + ".0.1 255.255.0.0\n";
}

std::string Vti(const std::string& me, const std::string& you) {
  return Interfaces(me) +
         "interface Tunnel1\n nameif vti\n ip address 169.254.1." + me + " 255.255.255.252\n tunnel source interface outside\n"
         " tunnel destination 192.0.2." + you + "\n tunnel mode ipsec ipv4\n tunnel protection ipsec profile VTI\n" + Crypto(you) +
         "crypto ipsec profile VTI\n set ikev2 ipsec-proposal aes\n"
         "access-list vti_in extended permit ip any4 any4\naccess-group vti_in in interface vti\n"
         "route outside 0.0.0.0 0.0.0.0 192.0.2.9 1\n"
         "route vti 10." + you + ".0.0 255.255.0.0 169.254.1." + you + " 1\n";
}

class VirtualTunnels : public testing::Test {
 protected:
  void Build(const std::string& config_a, const std::string& config_b) {
    a = std::make_unique<WholeAppliance>(mesh, "a", config_a, 1);
    b = std::make_unique<WholeAppliance>(mesh, "b", config_b, 2);
    mesh.Connect({a.get(), "outside"}, {b.get(), "outside"});
  }
  static MadePacket Echo(const std::string& src, const std::string& dst, std::uint16_t number, bool answer = false) {
    return {Ip(src), Ip(dst), 1, answer ? std::uint16_t{0} : std::uint16_t{8}, 77, number, 0, 0, {'p', 'i', 'n', 'g'}};
  }
  bool Ping() {
    const std::uint16_t number = ++sequence_;
    auto &far = mesh.Host(*b, "inside"), &near = mesh.Host(*a, "inside");
    far.clear();
    near.clear();
    a->Feed("inside", Echo("10.1.0.10", "10.2.0.10", number).Bytes());
    mesh.Settle();
    if (far.empty()) return false;
    b->Feed("inside", Echo("10.2.0.10", "10.1.0.10", number, true).Bytes());
    mesh.Settle();
    return near.size() == 1;
  }
  const Interface& Tunnel(const WholeAppliance& box) { return *box.policy->FindByName("vti"); }
  IfId RouteOf(const WholeAppliance& box, const std::string& to) {
    const Route* r = box.policy->routes.Find(Ip(to));
    return r != nullptr ? r->interface : IfId::kAny;
  }
  Mesh mesh;
  std::unique_ptr<WholeAppliance> a, b;
  std::uint16_t sequence_ = 0;
};

TEST_F(VirtualTunnels, ComesUpByItselfCarriesItsRoutesAndTakesThemAlong) {
  Build(Vti("1", "2"), Vti("2", "1"));
  EXPECT_TRUE(Tunnel(*a).no_carrier);
  EXPECT_EQ(RouteOf(*a, "10.2.0.10"), a->policy->FindByName("outside")->id);  // by the default route, which leads nowhere
  // A connection that has nothing to do with it, by the interface that the tunnel leaves by.
  const MadePacket query{Ip("10.1.0.10"), Ip("198.51.100.9"), 17, 4000, 5000, 0, 0, 0, {'?'}};
  a->Feed("inside", query.Bytes());
  const auto there = [&] {
    const auto conns = a->Conns(17);
    return std::any_of(conns.begin(), conns.end(), [](const ConnView& v) { return v.conn.responder_real_port == 5000; });
  };
  ASSERT_TRUE(there());
  mesh.Run(Duration::Seconds(5));
  EXPECT_TRUE(there());
  for (const auto* box : {a.get(), b.get()}) {
    EXPECT_FALSE(Tunnel(*box).no_carrier) << box->name;
    EXPECT_EQ(box->service->TunnelsUp(), std::set<IfId>{Tunnel(*box).id});
    EXPECT_EQ(box->service->IkeSas().size(), 1u);  // both have begun, and one was enough
    const auto flows = box->service->IpsecFlows();
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].map, "__vti-crypto-map-1-0-1");
    EXPECT_EQ(flows[0].map_number, 65280u);
    EXPECT_EQ(flows[0].interface, "vti");
    EXPECT_EQ(flows[0].local_ident.network.length, 96);  // 0.0.0.0/0
  }
  EXPECT_EQ(RouteOf(*a, "10.2.0.10"), Tunnel(*a).id);
  EXPECT_TRUE(Ping());
  EXPECT_TRUE(Ping());
  EXPECT_EQ(mesh.crossed[1], 0u) << "nothing crosses in the clear";
  // A connection is between `inside` and the tunnel's interface.
  const auto conns = b->Conns(1);
  ASSERT_FALSE(conns.empty());
  EXPECT_EQ(conns[0].conn.in_if, Tunnel(*b).id);
  // The other end goes: dead peer detection takes line protocol and route along.
  mesh.passes = [](const WholeAppliance&, const std::vector<std::uint8_t>&) { return false; };
  a->Feed("inside", Echo("10.1.0.10", "10.2.0.10", ++sequence_).Bytes());
  mesh.Run(Duration::Seconds(200), Duration::Seconds(1));
  EXPECT_TRUE(Tunnel(*a).no_carrier);
  EXPECT_TRUE(a->service->TunnelsUp().empty());
  EXPECT_EQ(RouteOf(*a, "10.2.0.10"), a->policy->FindByName("outside")->id);
  // And it is back as soon as the peer is.
  mesh.passes = {};
  mesh.Run(Duration::Seconds(140), Duration::Seconds(1));
  EXPECT_FALSE(Tunnel(*a).no_carrier);
  EXPECT_TRUE(Ping());
}

TEST_F(VirtualTunnels, TheApplianceSpeaksFromTheTunnelsAddress) {
  Build(Vti("1", "2"), Vti("2", "1"));
  mesh.Run(Duration::Seconds(5));
  // To the other end's tunnel address, and to a host behind it.
  a->FeedOwn("vti", Echo("169.254.1.1", "169.254.1.2", 1).Bytes());
  mesh.Settle();
  ASSERT_EQ(b->own.size(), 1u);
  b->FeedOwn("vti", Echo("169.254.1.2", "169.254.1.1", 1, true).Bytes());
  mesh.Settle();
  EXPECT_EQ(a->own.size(), 1u);
  a->FeedOwn("vti", Echo("169.254.1.1", "10.2.0.10", 2).Bytes());
  mesh.Settle();
  ASSERT_EQ(mesh.Host(*b, "inside").size(), 1u);
  EXPECT_EQ(mesh.crossed[1], 0u);
}

TEST_F(VirtualTunnels, AResponderOnlyWaits) {
  Build(Vti("1", "2") + "crypto ipsec profile VTI\n responder-only\n", Vti("2", "1") + "crypto ipsec profile VTI\n responder-only\n");
  mesh.Run(Duration::Seconds(15));
  EXPECT_TRUE(a->service->IkeSas().empty());
  b->Configure("crypto ipsec profile VTI\nno responder-only\n");
  mesh.Run(Duration::Seconds(5));
  EXPECT_FALSE(Tunnel(*a).no_carrier);
  EXPECT_TRUE(Ping());
}

TEST_F(VirtualTunnels, WithIkev1Too) {
  const auto site = [](const std::string& me, const std::string& you) {
    std::string text = Vti(me, you);
    for (const std::string line : {" set ikev2 ipsec-proposal aes\n", "crypto ikev2 enable outside\n"}) text.erase(text.find(line), line.size());
    return text + "crypto ipsec ikev1 transform-set set esp-aes esp-sha-hmac\ncrypto ipsec profile VTI\n set ikev1 transform-set set\n"
                  "crypto ikev1 policy 10\n authentication pre-share\n encryption aes\n hash sha\n group 5\n lifetime 86400\n"
                  "crypto ikev1 enable outside\ntunnel-group 192.0.2." + you + " ipsec-attributes\n ikev1 pre-shared-key between-us\n";
  };
  Build(site("1", "2"), site("2", "1"));
  mesh.Run(Duration::Seconds(5));
  EXPECT_FALSE(Tunnel(*a).no_carrier);
  EXPECT_TRUE(Ping());
  EXPECT_TRUE(Ping());
  for (const IkeSaView& v : a->service->IkeSas()) EXPECT_EQ(v.version, 1);  // there may be two for a while: both have begun
  EXPECT_EQ(a->service->IpsecFlows().at(0).map, "__vti-crypto-map-1-0-1");
  a->service->Clear({});
  mesh.Run(Duration::Seconds(1));
  EXPECT_TRUE(Tunnel(*a).no_carrier || Ping());  // down, or up again by now
  mesh.Run(Duration::Seconds(15));
  EXPECT_TRUE(Ping());
}

// `set ikev2 mode transport`: what is between the gateways themselves.
TEST_F(VirtualTunnels, TransportModeBetweenTheGateways) {
  const auto site = [](const std::string& me, const std::string& you) {
    return Interfaces(me) + "access-list ends extended permit ip host 192.0.2." + me + " host 192.0.2." + you + "\n" + Crypto(you) +
           "crypto map map 10 match address ends\ncrypto map map 10 set peer 192.0.2." + you + "\n"
           "crypto map map 10 set ikev2 ipsec-proposal aes\ncrypto map map 10 set ikev2 mode transport\ncrypto map map interface outside\n";
  };
  Build(site("1", "2"), site("2", "1"));
  a->FeedOwn("outside", Echo("192.0.2.1", "192.0.2.2", 1).Bytes());
  mesh.Run(Duration::Seconds(2));
  EXPECT_TRUE(b->own.empty());  // the first one has begun it
  std::vector<std::size_t> sizes;
  mesh.passes = [&sizes](const WholeAppliance&, const std::vector<std::uint8_t>& packet) {
    if (packet[9] == 50) sizes.push_back(packet.size());
    return true;
  };
  const auto echo = Echo("192.0.2.1", "192.0.2.2", 2).Bytes();
  a->FeedOwn("outside", echo);
  mesh.Settle();
  ASSERT_EQ(b->own.size(), 1u);
  EXPECT_EQ(b->own[0], echo);
  b->FeedOwn("outside", Echo("192.0.2.2", "192.0.2.1", 2, true).Bytes());
  mesh.Settle();
  EXPECT_EQ(a->own.size(), 1u);
  const auto flows = a->service->IpsecFlows();
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_TRUE(flows[0].outbound.at(0).transport);
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0], 20u + 8 + 16 + 16 + 16);  // one IP header: 12 bytes of ICMP in a block
}

}  // namespace
}  // namespace sallyport
