// What is shown of bridging, out of a configuration and a made-up MAC table.
#include "cli/show_bridge.h"

#include <gtest/gtest.h>

#include "conf/configuration.h"

namespace sallyport {
namespace {

std::shared_ptr<const Policy> PolicyOf(const std::string& text) {
  Configuration conf;
  for (const LineReport& r : conf.Load(text).reports) EXPECT_FALSE(r.refused) << r.line << r.text;
  return *conf.Compile(nullptr);
}

constexpr const char* kTransparent =
    "ASA Version 9.16(4)\nfirewall transparent\n"
    "interface GigabitEthernet0/0\n nameif outside\n bridge-group 1\n security-level 0\n"
    "interface GigabitEthernet0/1\n nameif inside\n bridge-group 1\n security-level 100\n"
    "interface BVI1\n ip address 10.1.1.1 255.255.255.0\n"
    "mac-learn inside disable\narp-inspection outside enable no-flood\n";

TEST(ShowBridge, Transparent) {
  const auto policy = PolicyOf(kTransparent);
  const std::vector<MacView> macs = {{policy->FindByName("outside")->id, 0x020000000020, true, 0, 1},
                                     {policy->FindByName("inside")->id, 0x00097cbe2100, false, 241, 1}};
  EXPECT_EQ(ShowFirewall(*policy), "Firewall mode: Transparent\n");
  EXPECT_EQ(ShowMacAddressTable(*policy, macs, ""),
            "interface                   mac  address          type      Age(min)  bridge-group\n"
            "-----------------------------------------------------------------------------------\n"
            "outside                     0200.0000.0020       static    -         1\n"
            "inside                      0009.7cbe.2100       dynamic   5         1\n");
  EXPECT_EQ(ShowMacAddressTable(*policy, macs, "inside").find("outside"), std::string::npos);
  EXPECT_EQ(ShowArpInspection(*policy),
            "interface           arp-inspection       miss\n"
            "----------------------------------------------------\n"
            "outside               enabled            no-flood\n"
            "inside                disabled           -\n");
  EXPECT_EQ(ShowBridgeGroups(*policy, macs, 1),
            "Interfaces: GigabitEthernet0/0, GigabitEthernet0/1\n"
            "Management System IP Address: 10.1.1.1 255.255.255.0\n"
            "Management Current IP Address: 10.1.1.1 255.255.255.0\n"
            "Management IPv6 Global Unicast Address(es):\n"
            "     N/A\n"
            "Static mac-address entries: 1\n"
            "Dynamic mac-address entries: 1\n");
  EXPECT_EQ(ShowBridgeGroups(*policy, macs, 2), "");
  EXPECT_EQ(ShowMacLearn(*policy), "no mac-learn flood\ninterface            mac learn\n-------------------------------\n"
                                   "outside              enabled\ninside               disabled\n");
}

TEST(ShowBridge, BeforeGroupsHadNumbers) {
  const auto policy = PolicyOf("ASA Version 8.2(5)\nfirewall transparent\ninterface Ethernet0/0\n nameif outside\n security-level 0\n");
  const std::string shown = ShowMacAddressTable(*policy, {{policy->FindByName("outside")->id, 1, false, 60, 1}}, "");
  EXPECT_EQ(shown.find("bridge-group"), std::string::npos);
  EXPECT_NE(shown.find("dynamic   1"), std::string::npos) << shown;
}

TEST(ShowBridge, Routed) { EXPECT_EQ(ShowFirewall(*PolicyOf("ASA Version 9.16(4)\n")), "Firewall mode: Router\n"); }

// The other mode begins with an empty configuration.
TEST(ShowBridge, ChangingTheModeEmptiesTheConfiguration) {
  Configuration conf;
  conf.Load("ASA Version 9.16(4)\nhostname fw\naccess-list a extended permit ip any any\n");
  ConfigMode mode;
  conf.Apply(mode, "firewall transparent");
  EXPECT_EQ(conf.Print({}).find("access-list"), std::string::npos);
  EXPECT_NE(conf.Print({}).find("firewall transparent"), std::string::npos);
  conf.Apply(mode, "access-list a extended permit ip any any");
  conf.Apply(mode, "no firewall transparent");
  EXPECT_EQ(conf.Print({}).find("access-list"), std::string::npos);
}

}  // namespace
}  // namespace sallyport
