// An appliance as a hardware client (`vpnclient`) in client mode: its network stands behind the address that the head-end gives it.
#include <gtest/gtest.h>

#include "tests/vpn/whole_appliance.h"

namespace sallyport::hardware_client_test {
namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

constexpr char kInspect[] =
    "class-map inspection_default\n match default-inspection-traffic\npolicy-map global_policy\n class inspection_default\n  inspect icmp\n"
    "service-policy global_policy global\n";

std::string Branch() {
  return std::string("ASA Version 8.2(5)\nhostname branch\n"
                     "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n"
                     "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
                     "route outside 0.0.0.0 0.0.0.0 192.0.2.2 1\nglobal (outside) 1 interface\nnat (inside) 1 10.1.1.0 255.255.255.0\n"
                     "vpnclient server 192.0.2.2\nvpnclient mode client-mode\nvpnclient vpngroup branches password branch-key\n"
                     "vpnclient username shop1 password till\nvpnclient enable\n") + kInspect;
}

std::string Head(const std::string& split) {
  return std::string("ASA Version 8.4(7)\nhostname head\n"
                     "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.2 255.255.255.0\n"
                     "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.10.1.1 255.255.255.0\n"
                     "ip local pool shops 10.9.0.10-10.9.0.20 mask 255.255.255.0\n"
                     "route outside 10.9.0.0 255.255.255.0 192.0.2.1 1\n"
                     "crypto ipsec ikev1 transform-set aes esp-aes esp-sha-hmac\ncrypto dynamic-map clients 10 set ikev1 transform-set aes\n"
                     "crypto map vpn 65000 ipsec-isakmp dynamic clients\ncrypto map vpn interface outside\ncrypto ikev1 enable outside\n"
                     "crypto ikev1 policy 10\n authentication pre-share\n encryption aes\n hash sha\n group 2\n lifetime 86400\n"
                     "access-list head standard permit 10.10.1.0 255.255.255.0\n"
                     "group-policy branches internal\ngroup-policy branches attributes\n") + split +
         "tunnel-group branches type remote-access\ntunnel-group branches general-attributes\n address-pool shops\n"
         " default-group-policy branches\ntunnel-group branches ipsec-attributes\n ikev1 pre-shared-key branch-key\n" + kInspect;
}

class HardwareClient : public testing::Test {
 protected:
  void Build(const std::string& split) {
    branch = std::make_unique<WholeAppliance>(mesh, "branch", Branch(), 1);
    head = std::make_unique<WholeAppliance>(mesh, "head", Head(split), 2);
    head->users["shop1"] = "till";
    mesh.Connect({branch.get(), "outside"}, {head.get(), "outside"});
    mesh.Run(Duration::Seconds(5));
  }
  static MadePacket Echo(IpAddress src, const char* dst, std::uint16_t id, bool answer) {
    return {src, Ip(dst), 1, answer ? std::uint16_t{0} : std::uint16_t{8}, id, 1, 0, 0, {'p', 'i', 'n', 'g'}};
  }
  std::string Story() {
    std::string all;
    for (const auto* box : {branch.get(), head.get()}) {
      const_cast<Logger&>(box->logger).Drain();
      for (const std::string& line : box->logger.Status().buffer) all += box->name + " " + line + "\n";
    }
    return all;
  }
  Mesh mesh;
  std::unique_ptr<WholeAppliance> branch, head;
};

TEST_F(HardwareClient, ItsNetworkIsTranslatedToTheAssignedAddress) {
  Build(" split-tunnel-policy tunnelspecified\n split-tunnel-network-list value head\n");
  const auto given = branch->service->ClientAddress();
  ASSERT_TRUE(given) << Story();
  EXPECT_EQ(given->address, Ip("10.9.0.10"));
  auto &there = mesh.Host(*head, "inside"), &here = mesh.Host(*branch, "inside");
  // Two hosts with the same identifier: each gets an identifier of its own.
  branch->Feed("inside", Echo(Ip("10.1.1.10"), "10.10.1.5", 7, false).Bytes());
  branch->Feed("inside", Echo(Ip("10.1.1.11"), "10.10.1.5", 7, false).Bytes());
  mesh.Settle();
  ASSERT_EQ(there.size(), 2u);
  for (const auto& p : there) EXPECT_EQ(IpAddress::FromV4Bytes(&p[12]), Ip("10.9.0.10"));
  EXPECT_EQ(mesh.crossed[1], 0u) << "nothing crosses in the clear";
  std::set<std::uint16_t> ids;
  for (const auto& p : there) ids.insert(LoadBe16(&p[24]));
  ASSERT_EQ(ids.size(), 2u);
  for (const std::uint16_t id : ids) head->Feed("inside", Echo(Ip("10.10.1.5"), "10.9.0.10", id, true).Bytes());
  mesh.Settle();
  ASSERT_EQ(here.size(), 2u);
  std::set<IpAddress> hosts;
  for (const auto& p : here) hosts.insert(IpAddress::FromV4Bytes(&p[16]));
  EXPECT_EQ(hosts, (std::set<IpAddress>{Ip("10.1.1.10"), Ip("10.1.1.11")}));
  // What is not behind the tunnel leaves as the configuration has it.
  branch->Feed("inside", Echo(Ip("10.1.1.10"), "198.51.100.9", 8, false).Bytes());
  mesh.Settle();
  EXPECT_EQ(mesh.crossed[1], 1u);
  // Without the tunnel there is no such translation.
  IkeClear all;
  branch->service->Clear(all);
  mesh.Run(Duration::Seconds(2));
  EXPECT_FALSE(branch->service->ClientAddress());
  const auto& rules = branch->policy->nat.rules();
  EXPECT_TRUE(std::none_of(rules.begin(), rules.end(), [](const NatRule& r) {
    return !r.mapped_src.empty() && r.mapped_src[0].first == Ip("10.9.0.10");
  }));
}

TEST_F(HardwareClient, WithoutSplitTunnellingEverythingGoesThere) {
  Build("");
  branch->Feed("inside", Echo(Ip("10.1.1.10"), "10.10.1.5", 7, false).Bytes());
  mesh.Settle();
  EXPECT_EQ(mesh.Host(*head, "inside").size(), 1u);
  branch->Feed("inside", Echo(Ip("10.1.1.10"), "198.51.100.9", 8, false).Bytes());
  mesh.Settle();
  EXPECT_EQ(mesh.crossed[1], 0u);
}

}  // namespace
}  // namespace sallyport::hardware_client_test
