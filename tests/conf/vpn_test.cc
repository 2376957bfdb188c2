// IKE, IPsec, tunnel groups, group policies and webvpn in the configuration language.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "conf/configuration.h"
#include "conf/field_line.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VpnTest : public ::testing::Test {
 protected:
  void Release(const char* version) { conf_ = std::make_unique<Configuration>(*PersonalityOf(version)); }
  // What the console prints for a line that is taken.
  std::string Say(std::string_view line) {
    const ApplyResult r = conf_->Apply(mode_, line);
    EXPECT_TRUE(r.ok()) << line << "\n" << r.ErrorText(0);
    return r.text;
  }
  void Type(std::string_view lines) {
    std::istringstream in{std::string(lines)};
    for (std::string line; std::getline(in, line);) Say(line);
  }
  std::string Error(std::string_view line) {
    const ApplyResult r = conf_->Apply(mode_, line);
    EXPECT_FALSE(r.ok()) << line;
    return r.ErrorText(0);
  }
  std::string Show(std::string section, bool all = false, bool secrets = true) const {
    PrintOptions o;
    o.section = std::move(section);
    o.all = all;
    o.secrets = secrets;
    return conf_->Print(o);
  }
  const FieldLine* Fields(Section s, std::string_view key) const {
    const Line* l = conf_->tree().Find(s, key);
    return l == nullptr ? nullptr : l->As<FieldLine>();
  }
  void Outside() { Type("interface GigabitEthernet0/0\nnameif outside\nip address 198.51.100.2 255.255.255.0\nexit"); }

  std::unique_ptr<Configuration> conf_ = std::make_unique<Configuration>(*PersonalityOf("9.8(2)"));
  ConfigMode mode_;
};

TEST_F(VpnTest, OneDfAndOneFragmentationPolicyForAnInterface) {
  Outside();
  Type("interface GigabitEthernet0/1\nnameif inside\nexit\n"
       "crypto ipsec df-bit clear-df inside\ncrypto ipsec df-bit clear-df outside\ncrypto ipsec df-bit set-df outside\n"
       "crypto ipsec fragmentation after-encryption outside\ncrypto ipsec fragmentation before-encryption outside\n"
       "crypto ipsec fragmentation after-encryption outside");
  const std::string shown = Show("crypto ipsec");
  EXPECT_THAT(shown, HasSubstr("crypto ipsec df-bit clear-df inside\n"));
  EXPECT_THAT(shown, HasSubstr("crypto ipsec df-bit set-df outside\n"));
  EXPECT_THAT(shown, Not(HasSubstr("clear-df outside")));
  EXPECT_THAT(shown, HasSubstr("fragmentation after-encryption outside\n"));
  EXPECT_THAT(shown, Not(HasSubstr("before-encryption outside")));
}

TEST_F(VpnTest, PolicyHasItsFiveLinesFromTheBeginningAndLeavesNoneOut) {
  Say("crypto ikev1 policy 20");
  EXPECT_EQ(mode_.prompt(), "config-ikev1-policy");
  Type("encryption aes-256\nlifetime none");
  Say("crypto ikev1 policy 5");
  EXPECT_EQ(Show("crypto ikev1"),
            "crypto ikev1 policy 5\n authentication pre-share\n encryption 3des\n hash sha\n group 2\n lifetime 86400\n"
            "crypto ikev1 policy 20\n authentication pre-share\n encryption aes-256\n hash sha\n group 2\n lifetime none\n");
  Say("crypto ikev2 policy 1");
  EXPECT_EQ(mode_.prompt(), "config-ikev2-policy");
  Type("encryption aes-256 aes\nintegrity sha256\ngroup 14 5\nprf sha256");
  EXPECT_EQ(Show("crypto ikev2"),
            "crypto ikev2 policy 1\n encryption aes-256 aes\n integrity sha256\n group 14 5\n prf sha256\n lifetime seconds 86400\n");
  EXPECT_EQ(Error("lifetime seconds 119"), std::string(17, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  Say("exit");
  EXPECT_EQ(mode_.prompt(), "config");
  Say("no crypto ikev1 policy 20");
  EXPECT_THAT(Show("crypto ikev1"), Not(HasSubstr("policy 20")));
  Release("9.16(4)");
  mode_ = {};
  Say("crypto ikev1 policy 1");
  EXPECT_THAT(Show("crypto ikev1"), HasSubstr("\n group 14\n"));
}

TEST_F(VpnTest, EachEraHasItsOwnWords) {
  EXPECT_EQ(Error("crypto isakmp policy 1"), std::string(14, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  Release("8.2(5)");
  Outside();
  Type("crypto isakmp policy 10\nhash md5\nexit\ncrypto isakmp nat-traversal 30\ncrypto isakmp identity address\ncrypto isakmp enable outside");
  EXPECT_EQ(Show("crypto isakmp"),
            "crypto isakmp identity address \ncrypto isakmp enable outside\n"
            "crypto isakmp policy 10\n authentication pre-share\n encryption 3des\n hash md5\n group 2\n lifetime 86400\n"
            "crypto isakmp nat-traversal 30\n");
  Say("no crypto isakmp nat-traversal");
  EXPECT_THAT(Show("crypto isakmp"), HasSubstr("\nno crypto isakmp nat-traversal\n"));

  Release("7.0(8)");
  mode_ = {};
  Outside();
  Type("isakmp policy 10 group 2\nisakmp policy 10 authentication pre-share\nisakmp enable outside");
  EXPECT_EQ(Show("isakmp"), "isakmp enable outside\nisakmp policy 10 authentication pre-share\nisakmp policy 10 group 2\n");
}

TEST_F(VpnTest, AnIkePolicyInOneLine) {
  Release("8.2(1)");
  Say("crypto isakmp policy 50 lifetime 0");
  EXPECT_EQ(mode_.prompt(), "config");
  EXPECT_EQ(Show("crypto isakmp policy"),
            "crypto isakmp policy 50\n authentication pre-share\n encryption 3des\n hash sha\n group 2\n lifetime 0\n");
  Say("crypto isakmp policy 50 hash md5");
  EXPECT_THAT(Show("crypto isakmp policy"), HasSubstr("\n hash md5\n"));
  // A refused line leaves nothing behind, and its error is that of the line as it was typed.
  EXPECT_EQ(Error("crypto isakmp policy 60 hash md6"), std::string(24, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_THAT(Show("crypto isakmp policy"), Not(HasSubstr("policy 60")));
  Release("9.8(2)");
  Say("crypto ikev1 policy 7 group 14");
  EXPECT_THAT(Show("crypto ikev1"), HasSubstr("\n group 14\n"));
}

TEST_F(VpnTest, FilesMayHaveAnyErasWords) {
  const LoadReport r = conf_->Load("ASA Version 9.8(2) \nisakmp policy 10 hash sha\ncrypto isakmp policy 10\n hash sha\n");
  EXPECT_EQ(r.refused, 0);
}

TEST_F(VpnTest, CryptoMapsComeMapByMapEntryByEntryAttributeByAttribute) {
  Outside();
  Type("access-list vpn extended permit ip any4 any4\ncrypto ipsec ikev1 transform-set strong esp-aes-256 esp-sha-hmac\n"
       "crypto ipsec ikev1 transform-set strong mode transport\ncrypto ipsec ikev2 ipsec-proposal new\nprotocol esp integrity sha-256\n"
       "protocol esp encryption aes-256\nexit");
  EXPECT_EQ(mode_.prompt(), "config");
  EXPECT_EQ(Say("crypto map west 20 set peer 203.0.113.9"), "WARNING: The crypto map entry is incomplete!\n");
  EXPECT_EQ(Say("crypto map west 20 set ikev2 ipsec-proposal new"), "WARNING: The crypto map entry is incomplete!\n");
  EXPECT_EQ(Say("crypto map west 20 match address vpn"), "");
  EXPECT_EQ(Say("crypto map west 20 set security-association lifetime seconds 3600"), "");
  Type("crypto map east 7 set peer 203.0.113.1 203.0.113.2\ncrypto map east 7 match address vpn\ncrypto map east 7 set ikev1 transform-set strong\n"
       "crypto map west 3 set peer 203.0.113.3\ncrypto map west 3 set pfs group14\ncrypto map west interface outside");
  EXPECT_EQ(Show("crypto map"),
            "crypto map west 3 set pfs group14\ncrypto map west 3 set peer 203.0.113.3 \n"
            "crypto map west 20 match address vpn\ncrypto map west 20 set peer 203.0.113.9 \n"
            "crypto map west 20 set ikev2 ipsec-proposal new\ncrypto map west 20 set security-association lifetime seconds 3600\n"
            "crypto map west interface outside\n"
            "crypto map east 7 match address vpn\ncrypto map east 7 set peer 203.0.113.1 203.0.113.2 \ncrypto map east 7 set ikev1 transform-set strong\n");
  EXPECT_EQ(Show("crypto ipsec"),
            "crypto ipsec ikev1 transform-set strong esp-aes-256 esp-sha-hmac \ncrypto ipsec ikev1 transform-set strong mode transport\n"
            "crypto ipsec ikev2 ipsec-proposal new\n protocol esp encryption aes-256\n protocol esp integrity sha-256\n"
            "crypto ipsec security-association pmtu-aging infinite\n");

  const FieldLine* peer = Fields(Section::kCrypto, "crypto map east 7 set peer");
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->List("peers"), (std::vector<std::string_view>{"203.0.113.1", "203.0.113.2"}));
  EXPECT_EQ(peer->Int("seq"), 7);
  EXPECT_EQ(Fields(Section::kCrypto, "crypto map west 20 set security-association lifetime seconds")->Int("seconds"), 3600);

  // What is taken away leaves less, or nothing.
  EXPECT_EQ(Say("no crypto map east 7 set peer"), "WARNING: The crypto map entry will be incomplete!\n");
  EXPECT_EQ(Say("no crypto map east 7"), "");
  EXPECT_THAT(Show("crypto map"), Not(HasSubstr("east")));
  Say("no crypto map west");
  EXPECT_EQ(Show("crypto map"), "");
}

TEST_F(VpnTest, WhatACryptoMapNamesHasToBeThere) {
  EXPECT_EQ(Error("crypto map m 1 set ikev1 transform-set none"), "ERROR: transform set with tag \"none\" does not exist.\n");
  EXPECT_EQ(Error("crypto map m 1 set ikev2 ipsec-proposal none"), "ERROR: ipsec-proposal with tag \"none\" does not exist.\n");
  EXPECT_EQ(Error("crypto map m 1 match address none"), "ERROR: access-list <none> does not exist\n");
  EXPECT_EQ(Error("crypto map m 1 set security-association lifetime seconds 119"),
            std::string(57, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_EQ(Show("crypto map"), "");
  Type("crypto ipsec ikev1 transform-set t esp-aes esp-sha-hmac\ncrypto map m 1 set ikev1 transform-set t");
  EXPECT_EQ(Error("no crypto ipsec ikev1 transform-set t"), "ERROR: transform set t is in use by a crypto map\n");
}

TEST_F(VpnTest, AnInterfaceHasOneCryptoMap) {
  Outside();
  Type("crypto map a interface outside\ncrypto map b interface outside");
  EXPECT_EQ(Show("crypto map"), "crypto map b interface outside\n");
}

TEST_F(VpnTest, AllOfACryptoMapSaysItsDefaults) {
  Outside();
  Type("crypto dynamic-map dyn 1 set pfs\naccess-list vpn extended permit ip any4 any4\ncrypto ipsec ikev1 transform-set t esp-aes esp-sha-hmac\n"
       "crypto map m 10 match address vpn\ncrypto map m 10 set peer 203.0.113.9\ncrypto map m 10 set ikev1 transform-set t\n"
       "crypto map m 10 set connection-type bidirectional\ncrypto map m 65535 ipsec-isakmp dynamic dyn\ncrypto map m interface outside");
  EXPECT_THAT(Show("crypto map"), Not(HasSubstr("bidirectional")));
  EXPECT_EQ(Show("crypto map", true),
            "crypto map m 10 match address vpn\ncrypto map m 10 set connection-type bidirectional\ncrypto map m 10 set peer 203.0.113.9 \n"
            "crypto map m 10 set ikev1 phase1-mode main\ncrypto map m 10 set ikev1 transform-set t\ncrypto map m 10 set ikev2 mode tunnel\n"
            "no crypto map m 10 set tfc-packets\ncrypto map m 65535 ipsec-isakmp dynamic dyn\ncrypto map m interface outside\n");
  Say("crypto map m 10 set connection-type answer-only");
  EXPECT_THAT(Show("crypto map", true), HasSubstr("connection-type answer-only"));
  EXPECT_THAT(Show("crypto map", true), Not(HasSubstr("bidirectional")));
}

TEST_F(VpnTest, Release82KnowsNothingOfWhatCameLater) {
  Release("8.2(1)");
  Type("crypto ipsec transform-set t esp-3des esp-sha-hmac\ncrypto map m 1 set transform-set t\ncrypto map m 1 set nat-t-disable\n"
       "crypto map m 1 set phase1-mode aggressive\ncrypto isakmp policy 10\nexit");
  for (const char* line : {"crypto map m 1 set tfc-packets", "crypto map m 1 set validate-icmp-errors", "crypto dynamic-map d 1 set tfc-packets",
                           "crypto map m 1 set ikev1 transform-set t", "crypto map m 1 set ikev2 ipsec-proposal p", "crypto map m 1 set ikev2 pre-shared-key k",
                           "crypto map m 1 set ikev2 phase1-mode main", "crypto ikev2 policy 1", "crypto ikev1 policy 1", "crypto ikev2 nat-keepalive 20",
                           "crypto ipsec ikev2 ipsec-proposal p", "crypto ipsec profile p", "crypto ikev2 limit max-sa 5"}) {
    EXPECT_THAT(Error(line), HasSubstr("Invalid input")) << line;
  }
  EXPECT_THAT(Show("crypto", true), Not(HasSubstr("ikev")));
  EXPECT_THAT(Show("crypto", true), Not(HasSubstr("tfc")));
}

TEST_F(VpnTest, AllOfCryptoSaysWhatNobodyHasSaid) {
  Outside();
  Type("crypto isakmp nat-traversal 30\ncrypto ipsec df-bit clear-df outside");
  const std::string all = Show("crypto", true);
  for (const char* line : {"crypto ipsec security-association lifetime seconds 28800\n", "crypto ipsec security-association lifetime kilobytes 4608000\n",
                           "crypto ipsec security-association replay window-size 64\n", "crypto ipsec security-association pmtu-aging infinite\n",
                           "crypto ipsec fragmentation before-encryption outside\n", "crypto ipsec df-bit clear-df outside\n",
                           "crypto isakmp identity auto \n", "crypto isakmp nat-traversal 30\n", "crypto ikev2 cookie-challenge 50\n",
                           "crypto ikev2 limit max-in-negotiation-sa 100\n", "crypto ikev1 limit max-in-negotiation-sa 100\n"}) {
    EXPECT_THAT(all, HasSubstr(line));
  }
  EXPECT_THAT(all, Not(HasSubstr("copy-df outside")));
  EXPECT_EQ(Show("crypto isakmp", true).find("ikev2"), std::string::npos);
  EXPECT_EQ(Show("crypto ikev2", true), "crypto ikev2 cookie-challenge 50\ncrypto ikev2 limit max-in-negotiation-sa 100\ncrypto ikev2 redirect during-auth\n");
}

TEST_F(VpnTest, TunnelGroups) {
  EXPECT_EQ(Say("tunnel-group 203.0.113.9 type ipsec-l2l"), "");
  EXPECT_EQ(Say("tunnel-group branch type ipsec-l2l"),
            "WARNING: For IKEv1, L2L tunnel-groups that have names which are not an IP\naddress may only be used if the tunnel authentication\n"
            "method is Digital Certificates and/or The peer is\nconfigured to use Aggressive Mode\n");
  EXPECT_EQ(Error("tunnel-group nobody ipsec-attributes"), "ERROR: tunnel-group nobody does not exist\n");
  Say("tunnel-group 203.0.113.9 ipsec-attributes");
  EXPECT_EQ(mode_.prompt(), "config-tunnel-ipsec");
  Type("ikev2 local-authentication pre-shared-key here\nikev2 remote-authentication pre-shared-key there\nisakmp keepalive threshold 15 retry 3\n"
       "ikev1 pre-shared-key s3cret");
  EXPECT_EQ(Error("isakmp keepalive threshold 9"), std::string(27, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  Say("tunnel-group 203.0.113.9 general-attributes");
  EXPECT_EQ(mode_.prompt(), "config-tunnel-general");
  EXPECT_EQ(Error("default-group-policy none-such"), "ERROR: The group policy none-such does not exist\n");
  Say("default-group-policy DfltGrpPolicy");
  EXPECT_EQ(Show("tunnel-group"),
            "tunnel-group 203.0.113.9 type ipsec-l2l\ntunnel-group 203.0.113.9 general-attributes\ntunnel-group 203.0.113.9 ipsec-attributes\n"
            " ikev1 pre-shared-key s3cret\n isakmp keepalive threshold 15 retry 3\n ikev2 remote-authentication pre-shared-key there\n"
            " ikev2 local-authentication pre-shared-key here\ntunnel-group branch type ipsec-l2l\n");
  EXPECT_THAT(Show("tunnel-group", false, false), HasSubstr(" ikev1 pre-shared-key *****\n"));
  EXPECT_THAT(Show("tunnel-group", false, false), HasSubstr(" ikev2 local-authentication pre-shared-key *****\n"));
  const Line* ipsec = conf_->tree().Find(Section::kTunnelGroup, "tunnel-group 203.0.113.9 ipsec-attributes");
  ASSERT_NE(ipsec, nullptr);
  EXPECT_EQ(ipsec->Find("ikev1 pre-shared-key")->As<FieldLine>()->Get("key"), "s3cret");
  EXPECT_EQ(ipsec->Find("isakmp keepalive")->As<FieldLine>()->Int("threshold"), 15);
  Say("tunnel-group 203.0.113.9 ipsec-attributes");
  Say("no ikev2 remote-authentication");
  EXPECT_EQ(ipsec->Find("ikev2 remote-authentication pre-shared-key"), nullptr);
  EXPECT_EQ(Error("tunnel-group branch type remote-access"), "ERROR: The tunnel-group type cannot be changed\n");
  Say("no tunnel-group 203.0.113.9");
  EXPECT_EQ(Show("tunnel-group"), "tunnel-group branch type ipsec-l2l\n");
}

TEST_F(VpnTest, RemoteAccessGroupWithPortalAndPpp) {
  Type("ip local pool clients 192.0.2.10-192.0.2.20 mask 255.255.255.0\ntunnel-group staff type remote-access\ntunnel-group staff ppp-attributes");
  EXPECT_EQ(mode_.prompt(), "config-tunnel-ppp");
  Type("no authentication chap\nauthentication ms-chap-v2\nauthentication ms-chap-v1\ntunnel-group staff webvpn-attributes");
  EXPECT_EQ(mode_.prompt(), "config-tunnel-webvpn");
  Type("group-url https://vpn.example.com/staff enable\ngroup-alias staff enable\nauthentication certificate aaa\ntunnel-group staff general-attributes\n"
       "address-pool clients\nauthentication-server-group LOCAL");
  EXPECT_EQ(Show("tunnel-group staff"),
            "tunnel-group staff type remote-access\ntunnel-group staff general-attributes\n address-pool clients\n"
            "tunnel-group staff webvpn-attributes\n authentication aaa certificate\n group-alias staff enable\n"
            " group-url https://vpn.example.com/staff enable\ntunnel-group staff ppp-attributes\n no authentication chap\n authentication ms-chap-v2\n");
  Say("exit");
  EXPECT_EQ(Error("no ip local pool clients"), "ERROR: Pool clients is in use, it cannot be removed\n");
}

TEST_F(VpnTest, AllOfATunnelGroup) {
  Type("tunnel-group 203.0.113.9 type ipsec-l2l\ntunnel-group 203.0.113.9 ipsec-attributes\nikev1 pre-shared-key k\nisakmp keepalive disable");
  const std::string all = Show("tunnel-group 203.0.113.9", true);
  EXPECT_EQ(all,
            "tunnel-group 203.0.113.9 type ipsec-l2l\ntunnel-group 203.0.113.9 general-attributes\n no accounting-server-group\n"
            " default-group-policy DfltGrpPolicy\ntunnel-group 203.0.113.9 ipsec-attributes\n ikev1 pre-shared-key k\n peer-id-validate req\n"
            " no chain\n no ikev1 trust-point\n isakmp keepalive disable\n no ikev2 remote-authentication\n no ikev2 local-authentication\n");
  EXPECT_THAT(Show("tunnel-group", true), HasSubstr("tunnel-group DefaultRAGroup ppp-attributes\n no authentication pap\n authentication chap\n"
                                                    " authentication ms-chap-v1\n no authentication ms-chap-v2\n no authentication eap-proxy\n"));
}

TEST_F(VpnTest, GroupPolicies) {
  EXPECT_EQ(Error("group-policy staff attributes"), "ERROR: group policy staff does not exist\n");
  Type("access-list split standard permit 10.0.0.0 255.0.0.0\ngroup-policy staff internal\ngroup-policy staff attributes");
  EXPECT_EQ(mode_.prompt(), "config-group-policy");
  Type("split-tunnel-network-list value split\nsplit-tunnel-policy tunnelspecified\nbanner value ---\nbanner value Staff only\nbanner value ---\n"
       "vpn-tunnel-protocol ssl-client ikev2\ndns-server value 10.1.1.1 10.1.1.2\nvpn-idle-timeout 60\nwebvpn");
  EXPECT_EQ(mode_.prompt(), "config-group-webvpn");
  Type("anyconnect ask none default anyconnect\nanyconnect mtu 1300\nanyconnect ssl dtls enable\ngroup-policy DfltGrpPolicy attributes\n"
       "vpn-tunnel-protocol ikev1 ssl-clientless");
  EXPECT_EQ(Show("group-policy"),
            "group-policy DfltGrpPolicy attributes\n vpn-tunnel-protocol ikev1 ssl-clientless\ngroup-policy staff internal\n"
            "group-policy staff attributes\n banner value ---\n banner value Staff only\n banner value ---\n dns-server value 10.1.1.1 10.1.1.2\n"
            " vpn-idle-timeout 60\n vpn-tunnel-protocol ikev2 ssl-client \n split-tunnel-policy tunnelspecified\n"
            " split-tunnel-network-list value split\n webvpn\n  anyconnect ssl dtls enable\n  anyconnect mtu 1300\n"
            "  anyconnect ask none default anyconnect\n");
  Say("group-policy staff attributes");
  EXPECT_EQ(Error("vpn-filter value nowhere"), "ERROR: access-list <nowhere> does not exist\n");
  EXPECT_EQ(Error("vpn-idle-timeout 0"), std::string(17, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  Type("no banner\nno webvpn\nno split-tunnel-policy");
  EXPECT_EQ(Show("group-policy staff attributes"),
            "group-policy staff attributes\n dns-server value 10.1.1.1 10.1.1.2\n vpn-idle-timeout 60\n vpn-tunnel-protocol ikev2 ssl-client \n"
            " split-tunnel-network-list value split\n");
  Say("no group-policy staff");
  EXPECT_THAT(Show("group-policy"), Not(HasSubstr("staff")));
}

TEST_F(VpnTest, AllOfTheDefaultGroupPolicyByRelease) {
  Type("group-policy DfltGrpPolicy attributes\nvpn-idle-timeout none");
  std::string all = Show("group-policy", true);
  EXPECT_THAT(all, HasSubstr("group-policy DfltGrpPolicy internal\ngroup-policy DfltGrpPolicy attributes\n banner none\n wins-server none\n"));
  EXPECT_THAT(all, HasSubstr("\n vpn-idle-timeout none\n vpn-idle-timeout alert-interval 1\n vpn-session-timeout none\n"));
  EXPECT_THAT(all, HasSubstr("\n vpn-tunnel-protocol ikev1 ikev2 l2tp-ipsec ssl-clientless\n"));
  EXPECT_THAT(all, HasSubstr("\n webvpn\n  url-list none\n"));
  EXPECT_THAT(all, HasSubstr("\n  anyconnect ssl dtls enable\n  anyconnect mtu 1406\n"));
  EXPECT_EQ(Show("group-policy"), "group-policy DfltGrpPolicy attributes\n vpn-idle-timeout none\n");
  Release("8.2(5)");
  all = Show("group-policy", true);
  EXPECT_THAT(all, HasSubstr("\n vpn-tunnel-protocol IPSec l2tp-ipsec webvpn\n"));
  EXPECT_THAT(all, HasSubstr("\n  svc dtls enable\n  svc mtu 1406\n"));
  EXPECT_THAT(all, Not(HasSubstr("anyconnect")));
}

TEST_F(VpnTest, AttributesStandBehindTheirUser) {
  Type("username ann password x1 privilege 15\nusername bob password x2\ngroup-policy staff internal\nusername ann attributes");
  EXPECT_EQ(mode_.prompt(), "config-username");
  Type("service-type remote-access\nvpn-group-policy staff");
  const std::string users = Show("username");
  EXPECT_THAT(users, HasSubstr("privilege 15\nusername ann attributes\n vpn-group-policy staff\n service-type remote-access\nusername bob password"));
  EXPECT_EQ(Error("username carl attributes"), "ERROR: User carl does not exist\n");
  Say("no username ann");
  EXPECT_THAT(Show("username"), Not(HasSubstr("ann")));
}

TEST_F(VpnTest, ATunnelInterfaceAndWhatNamesIt) {
  Outside();
  EXPECT_THAT(Error("interface Tunnel10414"), HasSubstr("Invalid input"));
  EXPECT_THAT(Error("interface Tunnel 1/1"), HasSubstr("Invalid input"));
  Type("interface Tunnel10413\nexit\nno interface Tunnel10413\n"
       "crypto ipsec ikev1 transform-set s esp-aes esp-sha-hmac\ncrypto ipsec profile p\nset ikev1 transform-set s\nexit\n"
       "access-list a extended permit ip any4 any4\ninterface Tunnel1\nnameif vti\nip address 172.16.0.1 255.255.255.252\n"
       "tunnel source interface outside\ntunnel destination 198.51.100.9\ntunnel mode ipsec ipv4\ntunnel protection ipsec profile p\nexit\n"
       "route vti 10.9.0.0 255.255.0.0 172.16.0.2\nroute outside 0.0.0.0 0.0.0.0 198.51.100.1\naccess-group a in interface vti\nmtu vti 1400");
  EXPECT_EQ(Error("no crypto ipsec profile p"), "ERROR: IPsec profile p is in use, it cannot be removed\n");
  Say("interface Tunnel1");
  EXPECT_EQ(Error("tunnel destination 2001:db8::9"), "ERROR: Tunnel source and destination must be of the same IP version\n");
  EXPECT_EQ(Error("tunnel source interface outside ipv6 2001:db8::1"), "ERROR: Tunnel source and destination must be of the same IP version\n");
  Say("exit");
  Say("no interface Tunnel1");
  EXPECT_EQ(Show("route"), "route outside 0.0.0.0 0.0.0.0 198.51.100.1 1\n");
  EXPECT_EQ(Show("access-group"), "");
  EXPECT_EQ(Show("mtu"), "mtu outside 1500\n");
  Say("no crypto ipsec profile p");
}

TEST_F(VpnTest, PoolsDoNotOverlap) {
  Say("ip local pool a 10.0.0.10-10.0.0.20 mask 255.255.255.0");
  EXPECT_EQ(Error("ip local pool b 10.0.0.20-10.0.0.30"), "ERROR: IP address range overlaps with pool a\n");
  EXPECT_EQ(Error("ip local pool b 10.0.0.30-10.0.0.21"), "ERROR: Start address is greater than end address\n");
  EXPECT_EQ(Error("ip local pool b 10.0.0.300"), std::string(16, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
  Type("ip local pool b 10.0.0.21\nipv6 local pool six 2001:db8::1/64 100");
  EXPECT_EQ(Show("ip local"), "ip local pool a 10.0.0.10-10.0.0.20 mask 255.255.255.0\nip local pool b 10.0.0.21\n");
  EXPECT_EQ(Fields(Section::kLocalPool, "ip local pool a")->Get("mask"), "255.255.255.0");
  EXPECT_EQ(Show("ipv6 local"), "ipv6 local pool six 2001:db8::1/64 100\n");
}

TEST_F(VpnTest, Webvpn) {
  Outside();
  Say("webvpn");
  EXPECT_EQ(mode_.prompt(), "config-webvpn");
  Type("tunnel-group-list enable\nanyconnect enable\nanyconnect image disk0:/linux.pkg 2 regex \"Linux\"\nanyconnect image disk0:/win.pkg 1\nenable outside\n"
       "port 443\nhttp-headers\nhsts-server\nenable\nmax-age 31536000\nexit\nexit\nno anyconnect-essentials");
  EXPECT_EQ(Show("webvpn"),
            "webvpn\n enable outside\n http-headers\n  hsts-server\n   enable\n   max-age 31536000\n no anyconnect-essentials\n"
            " anyconnect image disk0:/win.pkg 1\n anyconnect image disk0:/linux.pkg 2 regex \"Linux\"\n anyconnect enable\n tunnel-group-list enable\n");
  Say("webvpn");
  Say("port 8443");
  EXPECT_THAT(Show("webvpn"), HasSubstr("webvpn\n port 8443\n"));
  EXPECT_EQ(Error("enable nowhere"), "ERROR: % Invalid Hostname\n");
}

TEST_F(VpnTest, TrustpointsAndChains) {
  Type("crypto ca trustpoint own\nkeypair k1\nenrollment terminal\nsubject-name CN=fw.example.com\nfqdn fw.example.com");
  EXPECT_EQ(mode_.prompt(), "config-ca-trustpoint");
  Type("crypto ca certificate chain own\ncertificate ca 0a\n308203e1 308202c9\nquit\nexit\ncrypto ca certificate map m 10\nsubject-name attr cn co example");
  EXPECT_EQ(mode_.prompt(), "config-ca-cert-map");
  EXPECT_EQ(Show("crypto ca"),
            "crypto ca trustpoint own\n enrollment terminal\n fqdn fw.example.com\n subject-name CN=fw.example.com\n keypair k1\n crl configure\n"
            "crypto ca trustpool policy\ncrypto ca certificate map m 10\n subject-name attr cn co example\n"
            "crypto ca certificate chain own\n certificate ca 0a\n    308203e1 308202c9\n  quit\n");
}

// --- what real appliances printed, when the shared samples are there

std::string Sample(const std::string& command) {
  const char* set = std::getenv("SALLYPORT_SHARED");
  const std::filesystem::path shared = set != nullptr ? std::filesystem::path(set) : std::filesystem::path(SALLYPORT_TEST_DIR) / "../../shared";
  const std::filesystem::path folder = shared / "corpus/ntc/samples" / command;
  if (!std::filesystem::is_directory(folder)) return {};
  for (const auto& f : std::filesystem::directory_iterator(folder)) {
    if (f.path().extension() != ".raw") continue;
    std::ifstream in(f.path());
    std::ostringstream s;
    s << in.rdbuf();
    std::string text = s.str();
    if (!text.empty() && text.back() != '\n') text += '\n';
    return text;
  }
  return {};
}

struct SampleOf {
  const char* command;
  const char* section;
  bool all;
};
class SampleTest : public ::testing::TestWithParam<SampleOf> {};

TEST_P(SampleTest, PrintsAsItWas) {
  const std::string text = Sample(GetParam().command);
  if (text.empty()) GTEST_SKIP() << "no shared samples";
  Configuration conf(*PersonalityOf("9.8(2)"));
  const LoadReport r = conf.Load(": Saved\nASA Version 9.8(2) \n!\n" + text + ": end\n");
  for (const LineReport& l : r.reports) EXPECT_FALSE(l.refused) << l.text;
  PrintOptions o;
  o.section = GetParam().section;
  EXPECT_EQ(conf.Print(o), text);
  if (!GetParam().all) return;
  o.all = true;
  EXPECT_EQ(conf.Print(o), text);
}

INSTANTIATE_TEST_SUITE_P(Ntc, SampleTest,
                         ::testing::Values(SampleOf{"show_running-config_crypto_map", "crypto map", false},
                                           SampleOf{"show_running-config_all_crypto_map", "crypto map", true},
                                           SampleOf{"show_running-config_crypto_ikev1", "crypto ikev1", false},
                                           SampleOf{"show_running-config_ipsec", "crypto ipsec", false},
                                           SampleOf{"show_running-config_tunnel-group", "tunnel-group", false}),
                         [](const ::testing::TestParamInfo<SampleOf>& sample) {
                           std::string name(sample.param.command);
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name;
                         });

// Typed without its defaults, the crypto map of the sample prints like the sample when everything is asked for.
TEST(SampleTyped, AllCryptoMap) {
  const std::string text = Sample("show_running-config_all_crypto_map");
  if (text.empty()) GTEST_SKIP() << "no shared samples";
  std::istringstream in(text);
  std::string typed;
  for (std::string line; std::getline(in, line);) {
    const auto ends = [&](std::string_view tail) { return line.ends_with(tail); };
    if (line.starts_with("no ") || ends("bidirectional") || ends("phase1-mode main") || ends("mode tunnel")) continue;
    typed += line + "\n";
  }
  Configuration conf(*PersonalityOf("9.8(2)"));
  conf.Load(": Saved\nASA Version 9.8(2) \n!\n" + typed + ": end\n");
  PrintOptions o;
  o.section = "crypto map";
  o.all = true;
  EXPECT_EQ(conf.Print(o), text);
}

}  // namespace
}  // namespace sallyport
