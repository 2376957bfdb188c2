// Configuration lines become a VpnPolicy: crypto maps, IKE policies, tunnel groups, group policies, of every era.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "conf/configuration.h"
#include "vpn/policy.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CompileVpn : public ::testing::Test {
 protected:
  void Load(const std::string& text) {
    const LoadReport r = conf_.Load(text);
    EXPECT_EQ(r.refused, 0);
    for (const LineReport& l : r.reports) {
      if (l.refused) ADD_FAILURE() << l.line << "\n" << l.text;
    }
    Compile();
  }
  void Compile() {
    auto p = conf_.Compile(policy_.get());
    ASSERT_TRUE(p.ok()) << p.error();
    policy_ = *p;
    vpn_ = dynamic_cast<const VpnPolicy*>(policy_->tunnels.get());
  }
  void Type(const std::string& lines) {
    ConfigMode mode;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
      const ApplyResult r = conf_.Apply(mode, line);
      EXPECT_TRUE(r.ok()) << line << "\n" << r.ErrorText(0);
    }
    Compile();
  }
  IfId At(const std::string& nameif) const { return policy_->FindByName(nameif)->id; }
  static IpAddress A(const char* text) { return *IpAddress::Parse(text); }

  Configuration conf_;
  std::shared_ptr<const Policy> policy_;
  const VpnPolicy* vpn_ = nullptr;
};

// A branch of the 8.2 era with a preserved tunnel, and nothing in it that such a configuration would not have.
constexpr const char* kBranch82 = R"(ASA Version 8.2(1)
!
hostname Branch
domain-name example.com
names
interface Ethernet0/0
 nameif outside
 security-level 0
 ip address 209.165.201.2 255.255.255.248
interface Ethernet0/1
 nameif inside
 security-level 100
 ip address 10.224.9.5 255.255.255.0
access-list test extended permit ip 10.224.228.0 255.255.255.128 any
access-list 100 extended permit ip 10.224.228.0 255.255.255.128 any
access-list 100 extended permit ip 10.224.52.0 255.255.255.128 any
global (outside) 1 interface
nat (inside) 0 access-list test
sysopt connection preserve-vpn-flows
crypto ipsec transform-set ESP-AES-256-MD5 esp-aes-256 esp-md5-hmac
crypto ipsec transform-set testSET esp-3des esp-md5-hmac
crypto map map1 5 match address 100
crypto map map1 5 set peer 209.165.200.10
crypto map map1 5 set transform-set testSET
crypto map map1 interface outside
crypto isakmp enable outside
crypto isakmp policy 5
 authentication pre-share
 encryption 3des
 hash sha
 group 2
 lifetime 86400
crypto isakmp policy 10
 authentication pre-share
 encryption des
 hash sha
 group 2
 lifetime 0
tunnel-group 209.165.200.10 type ipsec-l2l
tunnel-group 209.165.200.10 ipsec-attributes
 pre-shared-key mirror
)";

TEST_F(CompileVpn, BranchOfTheEra82) {
  Load(kBranch82);
  ASSERT_NE(vpn_, nullptr);
  ASSERT_THAT(vpn_->entries, SizeIs(1));
  const CryptoMapEntry& e = vpn_->entries[0];
  EXPECT_NE(e.id, 0u);
  EXPECT_EQ(vpn_->Entry(e.id), &e);
  EXPECT_EQ(e.map, "map1");
  EXPECT_EQ(e.sequence, 5u);
  EXPECT_EQ(e.at, At("outside"));
  EXPECT_FALSE(e.dynamic);
  EXPECT_EQ(e.match, policy_->access_lists.at("100"));
  EXPECT_THAT(e.peers, ElementsAre(A("209.165.200.10")));
  ASSERT_THAT(e.ikev1_sets, SizeIs(1));
  EXPECT_EQ(e.ikev1_sets[0].name, "testSET");
  EXPECT_THAT(e.ikev1_sets[0].ciphers, ElementsAre(VpnCipher::k3Des));
  EXPECT_THAT(e.ikev1_sets[0].integrity, ElementsAre(VpnHash::kMd5));
  EXPECT_FALSE(e.ikev1_sets[0].transport);
  EXPECT_THAT(e.ikev2_proposals, IsEmpty());
  EXPECT_EQ(e.pfs_group, 0);
  EXPECT_FALSE(e.lifetime_s);
  EXPECT_EQ(vpn_->lifetime_s, 28800u);
  EXPECT_EQ(vpn_->lifetime_kb, 4608000u);
  EXPECT_EQ(vpn_->replay_window, 64u);
  ASSERT_THAT(vpn_->ikev1_policies, SizeIs(2));
  EXPECT_EQ(vpn_->ikev1_policies[0].priority, 5u);
  EXPECT_EQ(vpn_->ikev1_policies[0].cipher, VpnCipher::k3Des);
  EXPECT_EQ(vpn_->ikev1_policies[0].hash, VpnHash::kSha1);
  EXPECT_EQ(vpn_->ikev1_policies[0].group, 2);
  EXPECT_EQ(vpn_->ikev1_policies[0].lifetime_s, 86400u);
  EXPECT_EQ(vpn_->ikev1_policies[1].cipher, VpnCipher::kDes);
  EXPECT_EQ(vpn_->ikev1_policies[1].lifetime_s, 0u);
  EXPECT_TRUE(vpn_->ike.at(At("outside")).v1);
  EXPECT_FALSE(vpn_->ike.at(At("outside")).v2);
  EXPECT_TRUE(vpn_->nat_traversal);
  EXPECT_EQ(vpn_->nat_keepalive_s, 20u);
  const TunnelGroup* g = vpn_->Group("209.165.200.10");
  ASSERT_NE(g, nullptr);
  EXPECT_EQ(g->type, TunnelGroup::Type::kLanToLan);
  EXPECT_EQ(g->ikev1_psk, "mirror");
  EXPECT_EQ(g->default_group_policy, "DfltGrpPolicy");
  EXPECT_TRUE(g->keepalive);
  EXPECT_EQ(g->keepalive_threshold_s, 10u);
  EXPECT_EQ(g->keepalive_retry_s, 2u);
  EXPECT_EQ(vpn_->GroupPolicy("nobody").idle_minutes, 30u);
  EXPECT_TRUE(vpn_->GroupPolicy("DfltGrpPolicy").protocols.ikev1);
  EXPECT_FALSE(vpn_->GroupPolicy("DfltGrpPolicy").protocols.ikev2);
  EXPECT_EQ(vpn_->hostname, "Branch");
  EXPECT_EQ(vpn_->domain, "example.com");
  EXPECT_TRUE(vpn_->preserve);
  EXPECT_TRUE(policy_->sysopt.preserve_vpn);
  EXPECT_TRUE(policy_->sysopt.reclassify_vpn);
  EXPECT_TRUE(policy_->sysopt.permit_vpn);
}

TEST_F(CompileVpn, WithoutMapsAndIkeThereIsNothing) {
  Load("ASA Version 9.8(2)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n"
       "crypto ikev1 policy 1\ntunnel-group 192.0.2.9 type ipsec-l2l\n");
  EXPECT_EQ(policy_->tunnels, nullptr);
  Type("crypto ikev1 enable outside");
  EXPECT_NE(policy_->tunnels, nullptr);
}

TEST_F(CompileVpn, SysoptOnUnlessItSaysNo) {
  Load(kBranch82);
  Type("no sysopt connection permit-vpn\nno sysopt connection reclassify-vpn\nno sysopt connection preserve-vpn-flows");
  EXPECT_FALSE(policy_->sysopt.permit_vpn);
  EXPECT_FALSE(policy_->sysopt.reclassify_vpn);
  EXPECT_FALSE(policy_->sysopt.preserve_vpn);
  EXPECT_FALSE(vpn_->preserve);
  Type("sysopt connection permit-vpn\nsysopt connection reclassify-vpn\nsysopt connection preserve-vpn-flows 7");
  EXPECT_TRUE(policy_->sysopt.permit_vpn);
  EXPECT_TRUE(policy_->sysopt.reclassify_vpn);
  EXPECT_EQ(policy_->sysopt.preserve_minutes, 7u);
}

TEST_F(CompileVpn, EntryIdsStayWithMapSequenceAndInterface) {
  Load(kBranch82);
  const std::uint32_t first = vpn_->entries.at(0).id;
  Type("crypto map map1 3 match address test\ncrypto map map1 3 set peer 209.165.200.11\ncrypto map map1 3 set transform-set testSET\n"
       "crypto map map1 5 set security-association lifetime seconds 120");
  ASSERT_THAT(vpn_->entries, SizeIs(2));
  EXPECT_EQ(vpn_->entries[0].sequence, 3u);
  EXPECT_EQ(vpn_->entries[1].id, first);
  EXPECT_EQ(vpn_->entries[1].lifetime_s, 120u);
  const std::uint32_t second = vpn_->entries[0].id;
  EXPECT_NE(second, first);
  Type("no crypto map map1 interface outside");
  EXPECT_THAT(vpn_->entries, IsEmpty());
  Type("crypto map map1 interface inside");
  ASSERT_THAT(vpn_->entries, SizeIs(2));
  for (const CryptoMapEntry& e : vpn_->entries) {
    EXPECT_NE(e.id, first);
    EXPECT_NE(e.id, second);
  }
  Type("crypto map map1 interface outside");
  std::set<std::uint32_t> ids;
  for (const CryptoMapEntry& e : vpn_->entries) ids.insert(e.id);
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_TRUE(ids.contains(first) && ids.contains(second));
}

TEST_F(CompileVpn, IncompleteEntriesDoNotCount) {
  Load(kBranch82);
  Type("no crypto map map1 5 set peer 209.165.200.10");
  EXPECT_THAT(vpn_->entries, IsEmpty());
  Type("crypto map map1 5 set peer 209.165.200.10 209.165.200.12\nno crypto map map1 5 match address 100");
  EXPECT_THAT(vpn_->entries, IsEmpty());
  Type("crypto map map1 5 match address 100");
  ASSERT_THAT(vpn_->entries, SizeIs(1));
  EXPECT_THAT(vpn_->entries[0].peers, ElementsAre(A("209.165.200.10"), A("209.165.200.12")));
}

TEST_F(CompileVpn, MaskedKeysAreNoKeys) {
  std::string text = kBranch82;
  text.replace(text.find("mirror"), 6, "*");
  Load(text);
  EXPECT_EQ(vpn_->Group("209.165.200.10")->ikev1_psk, "");
  Type("tunnel-group 209.165.200.10 ipsec-attributes\npre-shared-key again\nisakmp keepalive threshold 15 retry 3");
  EXPECT_EQ(vpn_->Group("209.165.200.10")->ikev1_psk, "again");
  EXPECT_EQ(vpn_->Group("209.165.200.10")->keepalive_threshold_s, 15u);
  EXPECT_EQ(vpn_->Group("209.165.200.10")->keepalive_retry_s, 3u);
}

TEST_F(CompileVpn, TheEra70HasPoliciesInSingleLines) {
  Load("PIX Version 7.0(8)\nhostname old\ninterface Ethernet0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n"
       "access-list vpn extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0\n"
       "sysopt connection permit-ipsec\ncrypto ipsec transform-set plain esp-des esp-sha-hmac\n"
       "crypto map out 10 match address vpn\ncrypto map out 10 set pfs\ncrypto map out 10 set peer 192.0.2.99\n"
       "crypto map out 10 set transform-set plain\ncrypto map out interface outside\n"
       "isakmp identity hostname\nisakmp enable outside\nisakmp policy 20 authentication rsa-sig\nisakmp policy 20 encryption aes-192\n"
       "isakmp policy 20 hash md5\nisakmp policy 20 group 5\nisakmp policy 20 lifetime 3600\nisakmp policy 7 hash md5\n"
       "isakmp am-disable\n");
  ASSERT_NE(vpn_, nullptr);
  ASSERT_THAT(vpn_->ikev1_policies, SizeIs(2));
  EXPECT_EQ(vpn_->ikev1_policies[0].priority, 7u);
  EXPECT_EQ(vpn_->ikev1_policies[0].hash, VpnHash::kMd5);
  EXPECT_EQ(vpn_->ikev1_policies[0].cipher, VpnCipher::k3Des);
  EXPECT_EQ(vpn_->ikev1_policies[1].auth, VpnAuth::kRsaCertificate);
  EXPECT_EQ(vpn_->ikev1_policies[1].cipher, VpnCipher::kAes192);
  EXPECT_EQ(vpn_->ikev1_policies[1].group, 5);
  EXPECT_EQ(vpn_->ikev1_policies[1].lifetime_s, 3600u);
  EXPECT_EQ(vpn_->identity, VpnPolicy::Identity::kHostname);
  EXPECT_TRUE(vpn_->aggressive_disabled);
  EXPECT_FALSE(vpn_->nat_traversal);
  ASSERT_THAT(vpn_->entries, SizeIs(1));
  EXPECT_EQ(vpn_->entries[0].pfs_group, 2);
  EXPECT_THAT(vpn_->entries[0].ikev1_sets.at(0).ciphers, ElementsAre(VpnCipher::kDes));
  Type("isakmp nat-traversal 60\nisakmp ipsec-over-tcp port 10000 10001");
  EXPECT_TRUE(vpn_->nat_traversal);
  EXPECT_EQ(vpn_->nat_keepalive_s, 60u);
  EXPECT_THAT(vpn_->tcp_ports, ElementsAre(10000, 10001));
}

TEST_F(CompileVpn, TheEra72HasASubModeAndRemoteAccess) {
  Load("ASA Version 7.2(4)\nhostname hub\ninterface Ethernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n"
       "ip local pool clients 10.9.0.10-10.9.0.20 mask 255.255.255.0\nip local pool bare 172.16.0.1-172.16.0.2\n"
       "access-list inner standard permit 10.1.0.0 255.255.0.0\naccess-list inner standard permit host 10.2.0.9\n"
       "access-list only extended permit tcp any any eq www\n"
       "group-policy DfltGrpPolicy attributes\n vpn-idle-timeout 15\n vpn-tunnel-protocol IPSec\n dns-server value 10.1.0.53 10.1.0.54\n"
       "group-policy staff internal\ngroup-policy staff attributes\n banner value Hello\n banner value there\n vpn-session-timeout 60\n"
       " vpn-filter value only\n split-tunnel-policy tunnelspecified\n split-tunnel-network-list value inner\n nem enable\n"
       " default-domain value inside.example\n split-dns value a.example b.example\n ipsec-udp enable\n ipsec-udp-port 10050\n"
       "group-policy other internal\n"
       "username carol password abc nt-encrypted\nusername dave nopassword\nusername dave attributes\n vpn-group-policy staff\n"
       " vpn-filter none\n vpn-idle-timeout none\n vpn-framed-ip-address 10.9.0.77 255.255.255.0\n"
       "crypto ipsec transform-set strong esp-aes esp-sha-hmac\ncrypto ipsec transform-set l2tp esp-3des esp-sha-hmac\n"
       "crypto ipsec transform-set l2tp mode transport\n"
       "crypto ipsec security-association lifetime seconds 3600\ncrypto ipsec security-association replay window-size 512\n"
       "crypto ipsec df-bit clear-df outside\ncrypto ipsec fragmentation after-encryption outside\n"
       "crypto dynamic-map dyn 20 set transform-set strong l2tp\ncrypto dynamic-map dyn 20 set reverse-route\n"
       "crypto dynamic-map dyn 10 set pfs group5\ncrypto dynamic-map dyn 10 set transform-set strong\n"
       "crypto map out 65535 ipsec-isakmp dynamic dyn\ncrypto map out interface outside\n"
       "crypto isakmp identity address\ncrypto isakmp enable outside\ncrypto isakmp policy 10\n encryption aes-256\n"
       "crypto isakmp nat-traversal  30\ncrypto isakmp ipsec-over-tcp port 10000\n"
       "tunnel-group DefaultL2LGroup ipsec-attributes\n pre-shared-key anyone\n"
       "tunnel-group staff type ipsec-ra\ntunnel-group staff general-attributes\n address-pool clients\n"
       " authentication-server-group LOCAL\n default-group-policy staff\ntunnel-group staff ipsec-attributes\n pre-shared-key team\n"
       " isakmp ikev1-user-authentication none\n isakmp keepalive disable\n");
  ASSERT_NE(vpn_, nullptr);
  ASSERT_THAT(vpn_->entries, SizeIs(2));
  EXPECT_TRUE(vpn_->entries[0].dynamic);
  EXPECT_EQ(vpn_->entries[0].map, "dyn");
  EXPECT_EQ(vpn_->entries[0].sequence, 10u);
  EXPECT_EQ(vpn_->entries[0].static_map, "out");
  EXPECT_EQ(vpn_->entries[0].pfs_group, 5);
  EXPECT_EQ(vpn_->entries[0].match, nullptr);
  EXPECT_THAT(vpn_->entries[0].peers, IsEmpty());
  EXPECT_EQ(vpn_->entries[1].sequence, 20u);
  EXPECT_TRUE(vpn_->entries[1].reverse_route);
  ASSERT_THAT(vpn_->entries[1].ikev1_sets, SizeIs(2));
  EXPECT_TRUE(vpn_->entries[1].ikev1_sets[1].transport);
  EXPECT_EQ(vpn_->lifetime_s, 3600u);
  EXPECT_EQ(vpn_->replay_window, 512u);
  EXPECT_EQ(vpn_->df.at(At("outside")), DfPolicy::kClear);
  EXPECT_TRUE(vpn_->fragment_after.at(At("outside")));
  EXPECT_EQ(vpn_->identity, VpnPolicy::Identity::kAddress);
  EXPECT_EQ(vpn_->nat_keepalive_s, 30u);
  EXPECT_THAT(vpn_->tcp_ports, ElementsAre(10000));
  EXPECT_EQ(vpn_->ikev1_policies.at(0).cipher, VpnCipher::kAes256);

  EXPECT_EQ(vpn_->Group("DefaultL2LGroup")->ikev1_psk, "anyone");
  const TunnelGroup& g = *vpn_->Group("staff");
  EXPECT_EQ(g.type, TunnelGroup::Type::kRemoteAccess);
  EXPECT_EQ(g.ikev1_psk, "team");
  EXPECT_THAT(g.address_pools, ElementsAre("clients"));
  EXPECT_THAT(g.authentication_servers, ElementsAre("LOCAL"));
  EXPECT_EQ(g.user_auth, TunnelGroup::UserAuth::kNone);
  EXPECT_FALSE(g.keepalive);
  EXPECT_EQ(vpn_->Group("DefaultRAGroup")->keepalive_threshold_s, 300u);
  EXPECT_EQ(vpn_->Group("nobody"), nullptr);

  const VpnGroupPolicy& staff = vpn_->GroupPolicy("staff");
  EXPECT_EQ(staff.idle_minutes, 15u);
  EXPECT_EQ(staff.session_minutes, 60u);
  EXPECT_EQ(staff.banner, "Hello\nthere");
  EXPECT_THAT(staff.dns, ElementsAre(A("10.1.0.53"), A("10.1.0.54")));
  EXPECT_EQ(staff.filter.list, policy_->access_lists.at("only"));
  EXPECT_EQ(staff.split, VpnGroupPolicy::Split::kTunnelSpecified);
  EXPECT_THAT(staff.split_networks, ElementsAre(Prefix::Of(A("10.1.0.0"), 16), Prefix::Of(A("10.2.0.9"), 32)));
  EXPECT_TRUE(staff.nem);
  EXPECT_EQ(staff.default_domain, "inside.example");
  EXPECT_THAT(staff.split_dns, ElementsAre("a.example", "b.example"));
  EXPECT_TRUE(staff.ipsec_udp);
  EXPECT_EQ(staff.ipsec_udp_port, 10050);
  EXPECT_FALSE(staff.protocols.ssl_clientless);
  const VpnGroupPolicy& other = vpn_->GroupPolicy("other");
  EXPECT_EQ(other.name, "other");
  EXPECT_EQ(other.idle_minutes, 15u);
  EXPECT_EQ(other.session_minutes, 0u);

  ASSERT_TRUE(vpn_->users.contains("carol"));
  EXPECT_EQ(vpn_->users.at("dave").group_policy, "staff");
  EXPECT_EQ(vpn_->users.at("dave").framed_address, A("10.9.0.77"));
  const VpnGroupPolicy dave = vpn_->GroupPolicyOf("staff", &vpn_->users.at("dave"));
  EXPECT_EQ(dave.filter.list, nullptr);
  EXPECT_EQ(dave.idle_minutes, 0u);
  EXPECT_EQ(dave.session_minutes, 60u);
  EXPECT_EQ(vpn_->GroupPolicyOf("staff", &vpn_->users.at("carol")).filter.name, "only");

  EXPECT_EQ(vpn_->pools.at("clients").range.last, A("10.9.0.20"));
  EXPECT_EQ(vpn_->pools.at("clients").mask, A("255.255.255.0"));
  EXPECT_EQ(vpn_->pools.at("bare").mask, A("255.255.0.0"));
}

constexpr const char* kHub9 = R"(ASA Version 9.8(2)
hostname hub
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 192.0.2.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.0.1 255.255.0.0
interface Tunnel7
 nameif vti
 ip address 169.254.7.1 255.255.255.252
 tunnel source interface outside
 tunnel destination 198.51.100.7
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile prof
access-list vpn extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0
crypto ipsec ikev1 transform-set old esp-aes-256 esp-sha-hmac
crypto ipsec ikev2 ipsec-proposal new
 protocol esp encryption aes-gcm-256 aes-256
 protocol esp integrity sha-256 null
crypto ipsec ikev2 ipsec-proposal bare
crypto ipsec profile prof
 set ikev2 ipsec-proposal new
 set pfs group21
 set security-association lifetime kilobytes unlimited
 set security-association lifetime seconds 1200
 responder-only
crypto ipsec security-association lifetime kilobytes unlimited
crypto ipsec security-association replay disable
crypto ipsec security-association pmtu-aging infinite
crypto map out 20 match address vpn
crypto map out 20 set pfs group14
crypto map out 20 set connection-type originate-only
crypto map out 20 set peer 198.51.100.2 198.51.100.3
crypto map out 20 set ikev1 phase1-mode aggressive group5
crypto map out 20 set ikev1 transform-set old missing
crypto map out 20 set ikev2 ipsec-proposal new bare
crypto map out 20 set ikev2 mode transport-require
crypto map out 20 set security-association lifetime seconds 600 kilobytes 5000
crypto map out 20 set nat-t-disable
crypto map out 20 set trustpoint tp chain
crypto map out 20 set reverse-route dynamic
crypto map out 20 set df-bit set-df
crypto map out interface outside
crypto ca trustpoint tp
 revocation-check crl none
 enrollment terminal
 crl configure
  policy both
  url 2 http://192.0.2.81/b.crl
  url 1 http://192.0.2.80/a.crl
  cache-time 20
 fqdn hub.example
 subject-name CN=hub.example,O=Example
 keypair pair
crypto ca certificate map rules 10
 subject-name attr ou co vpn
 issuer-name ne "cn=bad ca"
crypto ca certificate chain tp
 certificate ca 01
    30030201 05
  quit
 certificate 0a
    3003 020107
  quit
crypto isakmp identity key-id box
no crypto isakmp nat-traversal
crypto ikev2 policy 5
 encryption aes-gcm-256 aes-256
 integrity null
 group 21 14
 prf sha512 sha256
 lifetime seconds none
crypto ikev2 policy 1
crypto ikev2 enable outside client-services port 443
crypto ikev2 cookie-challenge always
crypto ikev2 limit max-sa 50
crypto ikev2 limit max-in-negotiation-sa 20
crypto ikev1 limit max-in-negotiation-sa 300 value
vpn-sessiondb max-other-vpn-limit 25
no crypto ikev2 fragmentation
crypto ikev1 enable inside
crypto ikev1 policy 3
 authentication rsa-sig
 group 14
crypto ikev1 policy 4
 authentication crack
crypto ikev1 am-disable
tunnel-group 198.51.100.2 type ipsec-l2l
tunnel-group 198.51.100.2 general-attributes
 default-group-policy v2only
tunnel-group 198.51.100.2 ipsec-attributes
 ikev1 pre-shared-key *****
 ikev1 trust-point tp
 peer-id-validate nocheck
 isakmp keepalive threshold infinite
 ikev2 remote-authentication pre-shared-key theirs
 ikev2 local-authentication pre-shared-key hex 4f7572
group-policy v2only internal
group-policy v2only attributes
 vpn-tunnel-protocol ikev2
tunnel-group-map enable rules
tunnel-group-map default-group 198.51.100.2
tunnel-group-map rules 10 198.51.100.2
)";

TEST_F(CompileVpn, TheEra9HasBothVersions) {
  std::string text = kHub9;
  text.replace(text.find(" old missing"), 12, " old");  // a set that is not there is refused
  Load(text);
  ASSERT_NE(vpn_, nullptr);
  ASSERT_THAT(vpn_->entries, SizeIs(1));
  const CryptoMapEntry& e = vpn_->entries[0];
  EXPECT_EQ(e.type, CryptoMapEntry::Type::kOriginateOnly);
  EXPECT_EQ(e.pfs_group, 14);
  EXPECT_TRUE(e.aggressive);
  EXPECT_EQ(e.aggressive_group, 5);
  ASSERT_THAT(e.ikev2_proposals, SizeIs(2));
  EXPECT_THAT(e.ikev2_proposals[0].ciphers, ElementsAre(VpnCipher::kAesGcm256, VpnCipher::kAes256));
  EXPECT_THAT(e.ikev2_proposals[0].integrity, ElementsAre(VpnHash::kSha256));
  EXPECT_THAT(e.ikev2_proposals[1].ciphers, ElementsAre(VpnCipher::k3Des));
  EXPECT_THAT(e.ikev2_proposals[1].integrity, ElementsAre(VpnHash::kSha1));
  EXPECT_TRUE(e.ikev2_transport && e.ikev2_transport_required);
  EXPECT_EQ(e.lifetime_s, 600u);
  EXPECT_EQ(e.lifetime_kb, 5000u);
  EXPECT_TRUE(e.nat_t_disabled);
  EXPECT_EQ(e.trustpoint, "tp");
  EXPECT_TRUE(e.send_chain);
  EXPECT_TRUE(e.reverse_route && e.reverse_route_dynamic);
  EXPECT_EQ(e.df, DfPolicy::kSet);

  ASSERT_THAT(vpn_->virtual_tunnels, SizeIs(1));
  const VirtualTunnel& t = vpn_->virtual_tunnels[0];
  EXPECT_NE(t.id, e.id);
  EXPECT_EQ(t.interface, At("vti"));
  EXPECT_EQ(t.source, At("outside"));
  EXPECT_EQ(t.destination, A("198.51.100.7"));
  EXPECT_EQ(t.profile, "prof");
  EXPECT_THAT(t.ikev2_proposals, SizeIs(1));
  EXPECT_EQ(t.pfs_group, 21);
  EXPECT_EQ(t.lifetime_s, 1200u);
  EXPECT_EQ(t.lifetime_kb, 0u);
  EXPECT_TRUE(t.responder_only);

  EXPECT_EQ(vpn_->lifetime_kb, 0u);
  EXPECT_EQ(vpn_->lifetime_s, 28800u);
  EXPECT_EQ(vpn_->replay_window, 0u);
  EXPECT_EQ(vpn_->pmtu_aging_minutes, 0u);
  EXPECT_EQ(vpn_->identity, VpnPolicy::Identity::kKeyId);
  EXPECT_EQ(vpn_->key_id, "box");
  EXPECT_FALSE(vpn_->nat_traversal);
  ASSERT_THAT(vpn_->ikev2_policies, SizeIs(2));
  EXPECT_EQ(vpn_->ikev2_policies[0].priority, 1u);
  EXPECT_THAT(vpn_->ikev2_policies[0].groups, ElementsAre(2));
  const Ikev2Policy& p = vpn_->ikev2_policies[1];
  EXPECT_THAT(p.ciphers, ElementsAre(VpnCipher::kAesGcm256, VpnCipher::kAes256));
  EXPECT_THAT(p.integrity, ElementsAre(VpnHash::kNone));
  EXPECT_THAT(p.prfs, ElementsAre(VpnHash::kSha512, VpnHash::kSha256));
  EXPECT_THAT(p.groups, ElementsAre(21, 14));
  EXPECT_EQ(p.lifetime_s, 0u);
  EXPECT_TRUE(vpn_->ike.at(At("outside")).v2);
  EXPECT_FALSE(vpn_->ike.at(At("outside")).v1);
  EXPECT_TRUE(vpn_->ike.at(At("inside")).v1);
  EXPECT_EQ(vpn_->cookies, VpnPolicy::Cookies::kAlways);
  EXPECT_EQ(vpn_->max_sas_v2, 50u);
  EXPECT_EQ(vpn_->max_in_negotiation_v2, kVpnSessionsHeld / 5);  // a percentage
  EXPECT_EQ(vpn_->max_in_negotiation_v1, 300u);
  EXPECT_EQ(vpn_->max_sessions, 25u);
  EXPECT_FALSE(vpn_->ikev2_fragmentation);
  ASSERT_THAT(vpn_->ikev1_policies, SizeIs(1));
  EXPECT_EQ(vpn_->ikev1_policies[0].auth, VpnAuth::kRsaCertificate);
  EXPECT_EQ(vpn_->ikev1_policies[0].group, 14);
  EXPECT_TRUE(vpn_->aggressive_disabled);

  const TunnelGroup& g = *vpn_->Group("198.51.100.2");
  EXPECT_EQ(g.ikev1_psk, "");
  EXPECT_EQ(g.ikev2_remote_psk, "theirs");
  EXPECT_EQ(g.ikev2_local_psk, "Our");
  EXPECT_EQ(g.ikev1_trustpoint, "tp");
  EXPECT_EQ(g.peer_id_validate, TunnelGroup::PeerId::kNoCheck);
  EXPECT_TRUE(g.keepalive);
  EXPECT_EQ(g.keepalive_threshold_s, 0u);
  EXPECT_FALSE(vpn_->GroupPolicy(g.default_group_policy).protocols.ikev1);
  EXPECT_TRUE(vpn_->GroupPolicy(g.default_group_policy).protocols.ikev2);

  const Trustpoint& tp = vpn_->trustpoints.at("tp");
  EXPECT_FALSE(tp.MustCheck());
  EXPECT_EQ(tp.revocation, (std::vector{Trustpoint::Revocation::kCrl, Trustpoint::Revocation::kNone}));
  EXPECT_EQ(tp.crl_urls, (std::vector<std::string>{"http://192.0.2.80/a.crl", "http://192.0.2.81/b.crl"}));
  EXPECT_TRUE(tp.crl_from_certificate);
  EXPECT_EQ(tp.crl_cache_minutes, 20u);
  EXPECT_EQ(tp.fqdn, "hub.example");
  EXPECT_EQ(tp.subject_name, "CN=hub.example,O=Example");
  EXPECT_EQ(tp.key_name, "pair");
  EXPECT_EQ(tp.ca_pem, "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(tp.identity_pem, "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n");

  EXPECT_TRUE(vpn_->map_by_rules);
  EXPECT_TRUE(vpn_->map_by_ou);
  EXPECT_EQ(vpn_->map_default_group, "198.51.100.2");
  ASSERT_THAT(vpn_->certificate_map, SizeIs(1));
  ASSERT_THAT(vpn_->certificate_map[0].rules, SizeIs(2));
  const std::vector<CertificateRule>& rules = vpn_->certificate_map[0].rules;
  EXPECT_EQ(rules[0].of, CertificateRule::Of::kSubject);
  EXPECT_EQ(rules[0].op, CertificateRule::Op::kContains);
  EXPECT_EQ(rules[0].attribute, "ou");
  EXPECT_EQ(rules[0].value, "vpn");
  EXPECT_EQ(rules[1].of, CertificateRule::Of::kIssuer);
  EXPECT_EQ(rules[1].op, CertificateRule::Op::kNotEqual);
  EXPECT_EQ(rules[1].attribute, "");
  EXPECT_EQ(rules[1].value, "cn=bad ca");
}

TEST_F(CompileVpn, ReverseRoutesOfStaticEntriesAreAlwaysThere) {
  Load(kBranch82);
  Type("access-list far extended permit ip 10.224.9.0 255.255.255.0 10.77.0.0 255.255.0.0\nroute outside 0.0.0.0 0.0.0.0 209.165.201.1 1\n"
       "crypto map map1 9 match address far\ncrypto map map1 9 set peer 209.165.200.44\ncrypto map map1 9 set transform-set testSET\n"
       "crypto map map1 9 set reverse-route");
  const auto injected = [&] {
    std::vector<Route> out;
    for (const Route& r : policy_->routes.routes()) {
      if (r.injected) out.push_back(r);
    }
    return out;
  };
  ASSERT_THAT(injected(), SizeIs(1));
  EXPECT_EQ(injected()[0].destination, Prefix::Of(A("10.77.0.0"), 16));
  EXPECT_EQ(injected()[0].interface, At("outside"));
  EXPECT_EQ(injected()[0].gateway, A("209.165.201.1"));
  // Those of tunnels come and go; what is there already does not come twice.
  Route of_tunnel = injected()[0];
  of_tunnel.injected = false;
  Route other = of_tunnel;
  other.destination = Prefix::Of(A("10.78.0.0"), 16);
  conf_.VpnRoutes({of_tunnel, other});
  Compile();
  EXPECT_THAT(injected(), SizeIs(2));
  ASSERT_NE(policy_->routes.Find(A("10.78.1.1")), nullptr);
  EXPECT_EQ(policy_->routes.Find(A("10.78.1.1"))->destination, other.destination);
  conf_.VpnRoutes({});
  Compile();
  EXPECT_THAT(injected(), SizeIs(1));
  Type("no crypto map map1 interface outside");
  EXPECT_THAT(injected(), IsEmpty());
}

TEST_F(CompileVpn, FromRelease913OnTheDefaultGroupIs14) {
  Load("ASA Version 9.16(4)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n"
       "access-list vpn extended permit ip any4 any4\ncrypto ipsec ikev2 ipsec-proposal p\n protocol esp encryption aes-256\n protocol esp integrity sha-256\n"
       "crypto map m 1 match address vpn\ncrypto map m 1 set pfs\ncrypto map m 1 set peer 198.51.100.2\ncrypto map m 1 set ikev2 ipsec-proposal p\n"
       "crypto map m interface outside\ncrypto ikev2 policy 1\ncrypto ikev1 policy 1\n");
  EXPECT_EQ(vpn_->entries.at(0).pfs_group, 14);
  EXPECT_THAT(vpn_->ikev2_policies.at(0).groups, ElementsAre(14));
  EXPECT_EQ(vpn_->ikev1_policies.at(0).group, 14);
}

TEST_F(CompileVpn, HardwareClient) {
  Load("ASA Version 8.2(1)\ninterface Vlan1\n nameif inside\n security-level 100\n ip address 10.5.0.1 255.255.255.0\n"
       "interface Vlan2\n nameif outside\n security-level 0\n ip address 192.0.2.5 255.255.255.0\n"
       "vpnclient server 198.51.100.1 198.51.100.2\nvpnclient mode network-extension-mode\nvpnclient nem-st-autoconnect\n"
       "vpnclient vpngroup branch password secret\nvpnclient username erin password ****\nvpnclient ipsec-over-tcp port 10000\nvpnclient enable\n");
  ASSERT_NE(vpn_, nullptr);
  const VpnClientSettings& c = vpn_->client;
  EXPECT_TRUE(c.enabled);
  EXPECT_THAT(c.servers, ElementsAre(A("198.51.100.1"), A("198.51.100.2")));
  EXPECT_TRUE(c.network_extension);
  EXPECT_EQ(c.group, "branch");
  EXPECT_EQ(c.group_password, "secret");
  EXPECT_EQ(c.user, "erin");
  EXPECT_EQ(c.password, "");
  EXPECT_EQ(c.outside, At("outside"));
  EXPECT_EQ(c.inside, At("inside"));
}

// Other people's configurations: every entry that is applied, and complete, is there; nothing is found that is not.
TEST_F(CompileVpn, OtherPeoplesConfigurations) {
  const char* shared = std::getenv("SALLYPORT_SHARED");
  const std::filesystem::path folder = std::filesystem::path(shared == nullptr ? "" : shared) / "corpus/configs";
  if (shared == nullptr || !std::filesystem::is_directory(folder)) GTEST_SKIP() << "SALLYPORT_SHARED names no configurations";
  int with_entries = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".cfg") continue;
    std::ifstream in(file.path());
    std::stringstream text;
    text << in.rdbuf();
    Configuration conf;
    conf.Load(text.str());
    auto compiled = conf.Compile(nullptr);
    ASSERT_TRUE(compiled.ok()) << file.path() << compiled.error();
    const auto* vpn = dynamic_cast<const VpnPolicy*>((*compiled)->tunnels.get());
    if (vpn == nullptr) continue;
    with_entries += vpn->entries.empty() ? 0 : 1;
    std::set<std::uint32_t> ids;
    for (const CryptoMapEntry& e : vpn->entries) {
      EXPECT_TRUE(ids.insert(e.id).second) << file.path();
      EXPECT_TRUE(e.dynamic || e.match != nullptr) << file.path() << e.map;
      EXPECT_NE(text.str().find("crypto " + std::string(e.dynamic ? "dynamic-map " : "map ") + e.map + " " + std::to_string(e.sequence)), std::string::npos);
    }
    for (const auto& [name, g] : vpn->groups) {
      if (name.starts_with("Default")) continue;
      EXPECT_NE(text.str().find("tunnel-group " + name + " type "), std::string::npos) << file.path() << name;
    }
  }
  EXPECT_GE(with_entries, 5);
}

TEST_F(CompileVpn, ServersOfAaa) {
  Load(R"(ASA Version 9.16(4)
names
name 10.1.1.9 second
aaa-server far protocol radius
 reactivation-mode depletion deadtime 5
 max-failed-attempts 2
 accounting-mode simultaneous
aaa-server far (dmz) host 10.1.1.8
 key s3cret
 timeout 4
 retry-interval 2
 authentication-port 1812
 accounting-port 1813
 message-authenticator-required
aaa-server far host second
 key *****
aaa-server other protocol ldap
aaa-server other (dmz) host 10.1.1.7
aaa-server quick protocol radius
 reactivation-mode timed
group-delimiter #
tunnel-group road type remote-access
tunnel-group road general-attributes
 authentication-server-group far LOCAL
 accounting-server-group quick
 strip-realm
 strip-group
tunnel-group road ipsec-attributes
 ikev2 remote-authentication eap query-identity
 chain
crypto ikev1 enable outside
interface GigabitEthernet0/0
 nameif outside
interface GigabitEthernet0/1
 nameif dmz
)");
  const AaaPlan plan = conf_.Aaa();
  ASSERT_THAT(plan.groups, SizeIs(3));
  const AaaServerGroup& far = plan.groups[0];
  EXPECT_FALSE(far.timed);
  EXPECT_EQ(far.dead_minutes, 5u);
  EXPECT_EQ(far.max_failed, 2u);
  EXPECT_TRUE(far.simultaneous);
  ASSERT_THAT(far.servers, SizeIs(2));
  AaaServer first;
  first.address = A("10.1.1.8");
  first.interface = "dmz";
  first.key = "s3cret";
  first.timeout_s = 4;
  first.retry_interval_s = 2;
  first.authentication_port = 1812;
  first.accounting_port = 1813;
  first.message_authenticator_required = true;
  EXPECT_EQ(far.servers[0], first);
  EXPECT_EQ(far.servers[1].address, A("10.1.1.9"));
  EXPECT_EQ(far.servers[1].interface, "inside");
  EXPECT_EQ(far.servers[1].authentication_port, 1645);
  EXPECT_FALSE(far.servers[1].key_known);
  EXPECT_EQ(plan.groups[1].protocol, AaaServerGroup::Protocol::kLdap);
  EXPECT_TRUE(plan.groups[2].timed);
  Type("interface GigabitEthernet0/0\nip address 192.0.2.1 255.255.255.0\ncrypto ikev2 enable outside\n");
  ASSERT_NE(vpn_, nullptr);
  const TunnelGroup& road = *vpn_->Group("road");
  EXPECT_THAT(road.authentication_servers, ElementsAre("far", "LOCAL"));
  EXPECT_EQ(road.accounting_servers, "quick");
  EXPECT_TRUE(road.ikev2_eap && road.ikev2_eap_query_identity && road.send_chain);
  EXPECT_EQ(vpn_->group_delimiter, '#');
  EXPECT_EQ(road.NameFor("ann@example.com#road", vpn_->group_delimiter), "ann");
  EXPECT_EQ(road.NameFor("ann@example.com#road", 0), "ann");
  EXPECT_EQ(road.NameFor("ann#road", 0), "ann#road");
  TunnelGroup only_group;
  only_group.strip_group = true;
  EXPECT_EQ(only_group.NameFor("ann@example.com#road", '#'), "ann@example.com");
}

}  // namespace
}  // namespace sallyport
