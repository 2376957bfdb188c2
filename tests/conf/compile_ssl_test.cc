// Configuration lines become an SslPolicy: `webvpn`, `ssl`, connection profiles, and what group policies and users say of clients, by
// release.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "conf/configuration.h"
#include "conf/ssl_ciphers.h"
#include "vpn/policy.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class CompileSsl : public ::testing::Test {
 protected:
  void Load(const std::string& text) {
    const LoadReport r = conf_.Load(text);
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
  std::string Say(const std::string& line) {
    const ApplyResult r = conf_.Apply(mode_, line);
    return r.ok() ? r.text : r.ErrorText(0);
  }
  void Type(const std::string& lines) {
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) EXPECT_EQ(Say(line), "") << line;
    Compile();
  }
  IfId At(const std::string& nameif) const { return policy_->FindByName(nameif)->id; }
  const SslPolicy& ssl() const { return vpn_->ssl; }
  const SslClientRules& Rules(const std::string& policy) const { return vpn_->GroupPolicy(policy).client; }
  static IpAddress A(const char* text) { return *IpAddress::Parse(text); }

  Configuration conf_;
  ConfigMode mode_;
  std::shared_ptr<const Policy> policy_;
  const VpnPolicy* vpn_ = nullptr;
};

constexpr const char* kInterfaces = R"(interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 198.51.100.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
)";
std::string Config(const char* version, const char* rest) { return std::string("ASA Version ") + version + "\n" + kInterfaces + rest; }

TEST_F(CompileSsl, SvcOfTheEra82) {
  Load(Config("8.2(5)", R"(ip local pool clients 192.168.1.4-192.168.1.50 mask 255.255.255.0
ssl encryption aes256-sha1 rc4-sha1 3des-sha1
ssl trust-point portal outside
webvpn
 enable outside
 svc image disk0:/anyconnect-win-2.5.2014-k9.pkg 2 regex "Windows NT"
 svc image disk0:/anyconnect-linux-2.5.2014-k9.pkg 1
 svc profiles corp disk0:/corp.xml
 svc enable
 tunnel-group-list enable
group-policy DfltGrpPolicy attributes
 vpn-idle-timeout 2
 webvpn
  svc keepalive none
group-policy Road internal
group-policy Road attributes
 vpn-tunnel-protocol svc webvpn
 address-pools value clients
 webvpn
  svc mtu 1200
  svc dpd-interval client 5
  svc dpd-interval gateway none
  svc rekey time 30
  svc rekey method ssl
  svc compression none
  svc profiles value corp
  svc ask enable default svc timeout 10
tunnel-group Staff type remote-access
tunnel-group Staff general-attributes
 default-group-policy Road
tunnel-group Staff webvpn-attributes
 group-alias staff enable
 group-alias old disable
 group-url https://198.51.100.1/staff enable
username ann password x encrypted
username ann attributes
 vpn-group-policy Road
 webvpn
  svc mtu 1300
  svc dtls enable
vpn-sessiondb max-webvpn-session-limit 25
)"));
  ASSERT_NE(vpn_, nullptr);
  ASSERT_THAT(ssl().enabled, SizeIs(1));
  EXPECT_EQ(ssl().enabled[0].at, At("outside"));
  EXPECT_FALSE(ssl().enabled[0].tls_only);
  EXPECT_EQ(ssl().port, 443);
  EXPECT_TRUE(ssl().client_enabled && ssl().group_list);
  EXPECT_FALSE(ssl().essentials || ssl().hostscan);
  ASSERT_THAT(ssl().images, SizeIs(2));
  EXPECT_EQ(ssl().images[0].file, "anyconnect-linux-2.5.2014-k9.pkg");
  EXPECT_EQ(ssl().images[0].version, "2.5.2014");
  EXPECT_EQ(ssl().images[1].regex, "Windows NT");
  EXPECT_EQ(ssl().profiles.at("corp"), "corp.xml");
  EXPECT_EQ(ssl().trustpoint.at(At("outside")), "portal");
  EXPECT_EQ(ssl().default_trustpoint, "");
  // RC4 is kept in the line; there is none to agree on.
  EXPECT_EQ(ssl().tls_ciphers, "AES256-SHA:DES-CBC3-SHA");
  EXPECT_EQ(ssl().dtls1_ciphers, "AES256-SHA:DES-CBC3-SHA");
  EXPECT_EQ(ssl().tls13_ciphers, "");
  EXPECT_EQ(ssl().min_tls, 0x0301);
  EXPECT_EQ(ssl().max_ssl_sessions, 25u);

  const VpnGroupPolicy& road = vpn_->GroupPolicy("Road");
  EXPECT_TRUE(road.protocols.ssl_client && road.protocols.ssl_clientless);
  EXPECT_FALSE(road.protocols.ikev1);
  EXPECT_EQ(road.idle_minutes, 2u);
  EXPECT_EQ(road.client.keepalive_s, 0u);  // of DfltGrpPolicy
  EXPECT_EQ(road.client.mtu, 1200);
  EXPECT_EQ(road.client.dpd_client_s, 5u);
  EXPECT_EQ(road.client.dpd_gateway_s, 0u);
  EXPECT_EQ(road.client.rekey_minutes, 30u);
  EXPECT_EQ(road.client.rekey, SslClientRules::Rekey::kSsl);
  EXPECT_EQ(road.client.tls_compression, VpnCompression::kNone);
  EXPECT_THAT(road.client.profiles, ElementsAre("corp"));
  EXPECT_TRUE(road.client.ask && road.client.ask_default_client);
  EXPECT_EQ(road.client.ask_s, 10u);
  // What no line says.
  EXPECT_FALSE(Rules("DfltGrpPolicy").mtu);
  EXPECT_EQ(Rules("DfltGrpPolicy").tls_compression, VpnCompression::kDeflate);
  EXPECT_EQ(Rules("DfltGrpPolicy").dpd_client_s, 30u);

  const VpnUser& ann = vpn_->users.at("ann");
  EXPECT_EQ(vpn_->GroupPolicyOf("Road", &ann).client.mtu, 1300);
  EXPECT_EQ(vpn_->GroupPolicyOf("Road", &ann).client.dpd_client_s, 5u);
  EXPECT_EQ(vpn_->GroupPolicyOf("Road", nullptr).client.mtu, 1200);

  const SslPolicy::Group& staff = ssl().groups.at("Staff");
  ASSERT_THAT(staff.aliases, SizeIs(2));
  EXPECT_EQ(staff.aliases[0].name, "staff");
  EXPECT_TRUE(staff.aliases[0].enabled);
  EXPECT_FALSE(staff.aliases[1].enabled);
  ASSERT_THAT(staff.urls, SizeIs(1));
  EXPECT_EQ(staff.urls[0].name, "https://198.51.100.1/staff");
  EXPECT_EQ(staff.auth, SslPolicy::Group::Auth::kAaa);
  EXPECT_EQ(staff.name_from[0], "CN");
  EXPECT_EQ(staff.name_from[1], "OU");
  EXPECT_TRUE(ssl().groups.count("DefaultWEBVPNGroup"));
  EXPECT_FALSE(ssl().groups.count("DefaultL2LGroup"));
  ASSERT_NE(vpn_->Group("DefaultWEBVPNGroup"), nullptr);
  EXPECT_THAT(vpn_->Group("DefaultWEBVPNGroup")->authentication_servers, ElementsAre("LOCAL"));
}

TEST_F(CompileSsl, AnyConnectOf84WithEverythingAPolicySays) {
  Load(Config("8.4(7)", R"(time-range work
 periodic weekdays 8:00 to 18:00
access-list split standard permit 10.0.0.0 255.0.0.0
ip local pool clients 192.168.1.4-192.168.1.50 mask 255.255.255.0
ipv6 local pool six 2001:db8:1::10/64 100
no vpn-addr-assign aaa
vpn-addr-assign local reuse-delay 5
webvpn
 port 4443
 dtls port 4444
 enable outside
 enable inside tls-only
 default-idle-timeout 600
 anyconnect-essentials
 anyconnect image disk0:/anyconnect-win-3.1.01065-k9.pkg 1
 anyconnect profiles corp disk0:/profiles/corp.xml
 anyconnect enable
 csd image disk0:/csd_3.6.6104-k9.pkg
 csd enable
group-policy Road internal
group-policy Road attributes
 vpn-access-hours value work
 vpn-idle-timeout alert-interval 2
 vpn-session-timeout alert-interval none
 dhcp-network-scope 192.168.9.0
 split-tunnel-policy tunnelspecified
 split-tunnel-network-list value split
 split-tunnel-all-dns enable
 ipv6-address-pools value six
 smartcard-removal-disconnect disable
 msie-proxy server value proxy.example.com:3128
 msie-proxy method use-server
 msie-proxy except-list value *.example.com
 msie-proxy local-bypass enable
 msie-proxy lockdown disable
 webvpn
  anyconnect ssl dtls none
  anyconnect mtu 1300
  anyconnect ssl df-bit-ignore enable
  anyconnect routing-filtering-ignore enable
  anyconnect keep-installer none
  anyconnect ssl keepalive 15
  anyconnect ssl rekey time 60
  anyconnect ssl rekey method new-tunnel
  anyconnect ssl compression lzs
  anyconnect dtls compression lzs
  anyconnect modules value dart
  anyconnect profiles value corp type user
  anyconnect ask none default anyconnect
  always-on-vpn disable
tunnel-group Both type remote-access
tunnel-group Both general-attributes
 address-pool clients
 ipv6-address-pool six
 authentication-server-group LOCAL
 secondary-authentication-server-group LOCAL use-primary-username
 authorization-server-group LOCAL
 dhcp-server 10.1.1.5
 password-management password-expire-in-days 3
 authorization-required
 username-from-certificate UPN
tunnel-group Both webvpn-attributes
 authentication aaa certificate
 radius-reject-message
 pre-fill-username ssl-client
 without-csd
username eve password x encrypted
username eve attributes
 vpn-access-hours none
 vpn-framed-ipv6-address 2001:db8:1::99/64
 webvpn
  anyconnect ssl dtls enable
  anyconnect profiles none
emulate bug CSCts66926
emulate bug CSCtg33110
emulate bug CSCsr63074
)"));
  ASSERT_NE(vpn_, nullptr);
  EXPECT_EQ(ssl().port, 4443);
  EXPECT_EQ(ssl().dtls_port, 4444);
  ASSERT_THAT(ssl().enabled, SizeIs(2));
  EXPECT_TRUE(ssl().enabled[1].tls_only);
  EXPECT_EQ(ssl().default_idle_s, 600u);
  EXPECT_TRUE(ssl().essentials && ssl().hostscan);
  EXPECT_EQ(ssl().images.at(0).version, "3.1.01065");
  EXPECT_EQ(ssl().profiles.at("corp"), "profiles/corp.xml");
  EXPECT_EQ(ssl().tls_ciphers, "AES128-SHA:AES256-SHA:DES-CBC3-SHA");
  EXPECT_THAT(ssl().emulated_bugs, ElementsAre("CSCsr63074", "CSCtg33110", "CSCts66926"));
  EXPECT_EQ(vpn_->pools6.at("six").range.first, A("2001:db8:1::10"));
  EXPECT_EQ(vpn_->pools6.at("six").range.last, A("2001:db8:1::73"));
  EXPECT_EQ(vpn_->pools6.at("six").prefix_length, 64);
  EXPECT_FALSE(vpn_->assign.aaa);
  EXPECT_TRUE(vpn_->assign.dhcp && vpn_->assign.local);
  EXPECT_EQ(vpn_->assign.reuse_delay_minutes, 5u);

  const SslClientRules& r = Rules("Road");
  EXPECT_FALSE(r.dtls);
  EXPECT_EQ(r.mtu, 1300);
  EXPECT_TRUE(r.df_bit_ignore && r.routing_filtering_ignore && r.split_all_dns && r.always_on_disabled);
  EXPECT_FALSE(r.keep_installer || r.smartcard_disconnect || r.client_bypass);
  EXPECT_EQ(r.keepalive_s, 15u);
  EXPECT_EQ(r.rekey, SslClientRules::Rekey::kNewTunnel);
  EXPECT_EQ(r.rekey_minutes, 60u);
  EXPECT_EQ(r.tls_compression, VpnCompression::kLzs);
  EXPECT_EQ(r.dtls_compression, VpnCompression::kLzs);
  EXPECT_EQ(r.modules, "dart");
  EXPECT_THAT(r.profiles, ElementsAre("corp"));
  EXPECT_FALSE(r.ask);
  EXPECT_TRUE(r.ask_default_client);
  EXPECT_EQ(r.access_hours, policy_->time_ranges.at("work"));
  EXPECT_EQ(r.access_hours_name, "work");
  EXPECT_THAT(r.ipv6_pools, ElementsAre("six"));
  EXPECT_EQ(r.dhcp_scope, A("192.168.9.0"));
  EXPECT_EQ(r.proxy.method, "use-server");
  EXPECT_EQ(r.proxy.server, "proxy.example.com:3128");
  EXPECT_EQ(r.proxy.except, "*.example.com");
  EXPECT_TRUE(r.proxy.local_bypass);
  EXPECT_FALSE(r.proxy.lockdown);
  EXPECT_EQ(r.idle_alert_minutes, 2u);
  EXPECT_EQ(r.session_alert_minutes, 0u);

  const SslPolicy::Group& g = ssl().groups.at("Both");
  EXPECT_EQ(g.auth, SslPolicy::Group::Auth::kBoth);
  EXPECT_EQ(g.secondary_servers, "LOCAL");
  EXPECT_TRUE(g.secondary_uses_primary_name && g.authorization_required && g.prefill_ssl && g.radius_reject_message && g.without_csd);
  EXPECT_FALSE(g.prefill_clientless);
  EXPECT_EQ(g.authorization_servers, "LOCAL");
  EXPECT_TRUE(g.password_management);
  EXPECT_EQ(g.password_warning_days, 3u);
  EXPECT_EQ(g.name_from[0], "UPN");
  EXPECT_EQ(g.name_from[1], "");
  EXPECT_THAT(g.dhcp_servers, ElementsAre(A("10.1.1.5")));
  EXPECT_THAT(g.ipv6_pools, ElementsAre("six"));

  const VpnUser& eve = vpn_->users.at("eve");
  const SslClientRules of_eve = vpn_->GroupPolicyOf("Road", &eve).client;
  EXPECT_EQ(of_eve.access_hours, nullptr);
  EXPECT_EQ(of_eve.access_hours_name, "");
  EXPECT_TRUE(of_eve.dtls);
  EXPECT_THAT(of_eve.profiles, IsEmpty());
  EXPECT_EQ(of_eve.mtu, 1300);
  EXPECT_EQ(eve.framed_address6, A("2001:db8:1::99"));
  EXPECT_EQ(eve.framed_length6, 64);
}

TEST_F(CompileSsl, Of91AndUnifiedListsWithIpv6) {
  Load(Config("9.1(5)", R"(access-list split extended permit ip 10.0.0.0 255.0.0.0 any4
access-list split extended permit ip 2001:db8:5::/48 any6
object network some
 range 2001:db8:6::2 2001:db8:6::5
access-list split extended permit ip object some any6
webvpn
 enable outside
 no anyconnect-essentials
 anyconnect enable
ssl server-version tlsv1-only
group-policy Road internal
group-policy Road attributes
 client-bypass-protocol enable
 split-tunnel-policy excludespecified
 ipv6-split-tunnel-policy tunnelspecified
 split-tunnel-network-list value split
)"));
  EXPECT_FALSE(ssl().essentials);
  EXPECT_EQ(ssl().min_tls, 0x0301);
  EXPECT_EQ(ssl().max_tls, 0x0301);
  const VpnGroupPolicy& road = vpn_->GroupPolicy("Road");
  EXPECT_TRUE(road.client.client_bypass);
  EXPECT_EQ(road.split, VpnGroupPolicy::Split::kExcludeSpecified);
  EXPECT_EQ(road.client.split6, SslClientRules::Split::kTunnelSpecified);
  EXPECT_THAT(road.split_networks, ElementsAre(Prefix::Of(A("10.0.0.0"), 8)));
  EXPECT_THAT(road.client.split_networks6, ElementsAre(Prefix::Of(A("2001:db8:5::"), 48), Prefix::Of(A("2001:db8:6::2"), 127),
                                                        Prefix::Of(A("2001:db8:6::4"), 127)));
  EXPECT_EQ(road.client.tls_compression, VpnCompression::kNone);
}

TEST_F(CompileSsl, LevelsOf916) {
  Load(Config("9.16(4)", "webvpn\n enable outside\n"));
  EXPECT_EQ(ssl().min_tls, 0x0301);
  EXPECT_EQ(ssl().max_tls, 0x0303);
  EXPECT_EQ(ssl().min_dtls, 0xfeff);
  EXPECT_EQ(ssl().dh_group, 14);
  EXPECT_THAT(ssl().tls_ciphers, StartsWith("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"));
  EXPECT_THAT(ssl().tls_ciphers, HasSubstr(":DES-CBC3-SHA"));
  EXPECT_THAT(ssl().tls_ciphers, Not(HasSubstr("RC4")));
  EXPECT_EQ(ssl().dtls1_ciphers, "DHE-RSA-AES256-SHA:AES256-SHA:DHE-RSA-AES128-SHA:AES128-SHA:DES-CBC3-SHA");

  Type("ssl server-version tlsv1.2 dtlsv1.2\nssl cipher default fips\nssl cipher tlsv1.2 high\nssl dh-group group24\nssl ecdh-group group20");
  EXPECT_EQ(ssl().min_tls, 0x0303);
  EXPECT_EQ(ssl().min_dtls, 0xfefd);
  EXPECT_EQ(ssl().tls_ciphers,
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384:AES256-GCM-SHA384:"
            "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA256:AES256-SHA256");
  EXPECT_EQ(ssl().dtls1_ciphers, "DHE-RSA-AES256-SHA:AES256-SHA:DHE-RSA-AES128-SHA:AES128-SHA");
  EXPECT_THAT(ssl().dtls12_ciphers, StartsWith("ECDHE-ECDSA-AES256-GCM-SHA384:"));
  EXPECT_THAT(ssl().dtls12_ciphers, Not(HasSubstr("DES")));
  EXPECT_EQ(ssl().dh_group, 24);
  EXPECT_EQ(ssl().ecdh_group, 20);

  Type("ssl cipher tlsv1.2 custom \"AES256-SHA256:RC4-MD5:AES128-SHA\"");
  EXPECT_EQ(ssl().tls_ciphers, "AES256-SHA256:AES128-SHA");
  // With older versions, too, TLS 1.2 keeps its own list before theirs.
  Type("ssl server-version tlsv1");
  EXPECT_EQ(ssl().tls_ciphers, "AES256-SHA256:AES128-SHA:DHE-RSA-AES256-SHA:AES256-SHA:DHE-RSA-AES128-SHA");
}

TEST_F(CompileSsl, Tls13Of920) {
  Load(Config("9.20(2)", "webvpn\n enable outside\n"));
  EXPECT_EQ(ssl().max_tls, 0x0304);
  EXPECT_THAT(ssl().tls13_ciphers, StartsWith("TLS_AES_256_GCM_SHA384:"));
  Type("ssl server-max-version tlsv1.2");
  EXPECT_EQ(ssl().max_tls, 0x0303);
  EXPECT_EQ(ssl().tls13_ciphers, "");
}

TEST_F(CompileSsl, HeadersMapsAndBalancing) {
  Load(Config("9.16(4)", R"(webvpn
 enable outside
 http-headers
  hsts-server
   enable
   max-age 1000
   no include-sub-domains
 hostscan image disk0:/hostscan_4.10.06083-k9.pkg
 hostscan enable
 certificate-group-map people 20 Two
 certificate-group-map people 10 One
ssl certificate-authentication interface outside port 443
ssl trust-point all
ssl trust-point cluster outside vpnlb-ip
vpn load-balancing
 redirect-fqdn enable
 priority 9
 interface lbpublic outside
 interface lbprivate inside
 nat 203.0.113.9
 cluster key s3cret
 cluster ip address 198.51.100.9
 cluster port 9024
 cluster encryption
 participate
)"));
  EXPECT_TRUE(ssl().hsts && ssl().hostscan);
  EXPECT_FALSE(ssl().hsts_subdomains);
  EXPECT_EQ(ssl().hsts_max_age_s, 1000u);
  ASSERT_THAT(ssl().certificate_groups, SizeIs(2));
  EXPECT_EQ(ssl().certificate_groups[0].group, "One");
  EXPECT_THAT(ssl().certificate_on, ElementsAre(At("outside")));
  EXPECT_EQ(ssl().default_trustpoint, "all");
  EXPECT_EQ(ssl().balancing_trustpoint.at(At("outside")), "cluster");
  EXPECT_THAT(ssl().trustpoint, IsEmpty());
  const SslPolicy::Balancing& b = ssl().balancing;
  EXPECT_TRUE(b.participate && b.encryption && b.redirect_fqdn);
  EXPECT_EQ(b.priority, 9);
  EXPECT_EQ(b.cluster, A("198.51.100.9"));
  EXPECT_EQ(b.port, 9024);
  EXPECT_EQ(b.key, "s3cret");
  EXPECT_EQ(b.outside, At("outside"));
  EXPECT_EQ(b.inside, At("inside"));
  EXPECT_EQ(b.nat, A("203.0.113.9"));
}

TEST_F(CompileSsl, NoPolicyWhereNothingIsServed) {
  Load(Config("9.16(4)", "webvpn\n anyconnect enable\n"));
  EXPECT_EQ(vpn_, nullptr);
  Type("webvpn\nenable outside");
  ASSERT_NE(vpn_, nullptr);
  EXPECT_THAT(vpn_->ike, IsEmpty());
  Type("no enable outside");
  EXPECT_EQ(vpn_, nullptr);
}

TEST_F(CompileSsl, RefusedLines) {
  Load(Config("9.16(4)", ""));
  EXPECT_THAT(Say("emulate bug CSCxx00000"), HasSubstr("Invalid input"));
  EXPECT_EQ(Say("webvpn"), "");
  EXPECT_EQ(Say("enable nowhere"), "ERROR: % Invalid Hostname\n");
  EXPECT_THAT(Say("port 0"), HasSubstr("Invalid input"));
  EXPECT_THAT(Say("default-idle-timeout 59"), HasSubstr("Invalid input"));
}

TEST_F(CompileSsl, PortalAndHttpServerShareNoPortBefore80) {
  Load(Config("7.2(4)", "http server enable\nhttp 10.0.0.0 255.0.0.0 inside\n"));
  EXPECT_EQ(Say("webvpn"), "");
  EXPECT_EQ(Say("enable inside"), "ERROR: The HTTP server is enabled on port 443 of interface inside\n");
  EXPECT_EQ(Say("enable outside"), "");
  EXPECT_EQ(Say("port 444"), "");
  EXPECT_EQ(Say("enable inside"), "");
}

TEST_F(CompileSsl, DefaultsOfRelease) {
  const auto all = [&](const char* section) {
    PrintOptions o;
    o.section = section;
    o.all = true;
    return conf_.Print(o);
  };
  Load(Config("8.2(5)", "webvpn\n enable outside\nssl server-version tlsv1\n"));
  EXPECT_EQ(all("webvpn"),
            "webvpn\n port 443\n dtls port 443\n enable outside\n memory-size percent 50\n default-idle-timeout 1800\n no csd enable\n"
            " no anyconnect-essentials\n no svc enable\n no tunnel-group-list enable\n");
  EXPECT_EQ(all("ssl"),
            "ssl server-version tlsv1\nssl client-version any\nssl encryption rc4-sha1 aes128-sha1 aes256-sha1 3des-sha1\n"
            "ssl certificate-authentication fca-timeout 2\n");
  Load(Config("9.16(4)", R"(ssl cipher tlsv1.2 high
aaa-server rad protocol radius
aaa-server rad (inside) host 10.1.1.6
 key x
 timeout 3
aaa-server dir protocol ldap
aaa-server dir (inside) host 10.1.1.7
 ldap-over-ssl enable
)"));
  EXPECT_EQ(all("ssl"),
            "ssl server-version tlsv1 dtlsv1\nssl client-version tlsv1\nssl cipher tlsv1.2 high\nssl cipher default medium\n"
            "ssl cipher tlsv1 medium\nssl cipher tlsv1.1 medium\nssl cipher dtlsv1 medium\nssl cipher dtlsv1.2 medium\n"
            "ssl dh-group group14\nssl ecdh-group group19\nssl certificate-authentication fca-timeout 2\n");
  EXPECT_EQ(all("aaa-server"),
            "aaa-server rad protocol radius\n accounting-mode single\n reactivation-mode depletion deadtime 10\n max-failed-attempts 3\n"
            "aaa-server rad (inside) host 10.1.1.6\n retry-interval 10\n timeout 3\n key *****\n authentication-port 1645\n"
            " accounting-port 1646\n acl-netmask-convert standard\n"
            "aaa-server dir protocol ldap\n reactivation-mode depletion deadtime 10\n max-failed-attempts 3\n"
            "aaa-server dir (inside) host 10.1.1.7\n timeout 10\n server-port 636\n ldap-scope onelevel\n ldap-over-ssl enable\n"
            " server-type auto-detect\n");
}

TEST_F(CompileSsl, LdapServersAndMaps) {
  Load(Config("9.16(4)", R"(ldap attribute-map staff
  map-name  memberOf Group-Policy
  map-value memberOf "CN=Road Users,DC=example,DC=com" Road
  map-value memberOf CN=X Other
  map-name  msRADIUSFramedIPAddress IETF-Radius-Framed-IP-Address
aaa-server dir protocol ldap
aaa-server dir (inside) host 10.1.1.7
 server-port 3269
 ldap-base-dn DC=example,DC=com
 ldap-group-base-dn OU=Groups,DC=example,DC=com
 ldap-scope subtree
 ldap-naming-attribute sAMAccountName
 ldap-login-password s3cret
 ldap-login-dn CN=asa,CN=Users,DC=example,DC=com
 ldap-over-ssl enable
 server-type microsoft
 ldap-attribute-map staff
aaa-server dir (inside) host 10.1.1.8
 timeout 3
 ldap-over-ssl enable
 ldap-login-password *****
)"));
  const AaaPlan plan = conf_.Aaa();
  ASSERT_THAT(plan.groups, SizeIs(1));
  EXPECT_EQ(plan.groups[0].protocol, AaaServerGroup::Protocol::kLdap);
  ASSERT_THAT(plan.groups[0].servers, SizeIs(2));
  LdapServer first;
  first.address = A("10.1.1.7");
  first.port = 3269;
  first.ldaps = true;
  first.base_dn = "DC=example,DC=com";
  first.group_base_dn = "OU=Groups,DC=example,DC=com";
  first.scope = LdapServer::Scope::kSubtree;
  first.naming_attributes = {"sAMAccountName"};
  first.login_dn = "CN=asa,CN=Users,DC=example,DC=com";
  first.login_password = "s3cret";
  first.type = LdapServer::Type::kMicrosoft;
  first.attribute_map = "staff";
  EXPECT_EQ(plan.groups[0].servers[0].ldap, first);
  EXPECT_EQ(plan.groups[0].servers[1].ldap.port, 636);
  EXPECT_EQ(plan.groups[0].servers[1].ldap.timeout_s, 3u);
  EXPECT_FALSE(plan.groups[0].servers[1].ldap.password_known);
  const LdapAttributeMap& map = plan.ldap_maps.at("staff");
  ASSERT_THAT(map.names, SizeIs(2));
  EXPECT_EQ(map.names[1].ldap, "msRADIUSFramedIPAddress");
  EXPECT_EQ(map.names[1].cisco, "IETF-Radius-Framed-IP-Address");
  ASSERT_THAT(map.values, SizeIs(2));
  EXPECT_EQ(map.values[0].ldap, "CN=Road Users,DC=example,DC=com");
  EXPECT_EQ(map.values[0].cisco, "Road");
}

// A profile of each type, a package of each number.
TEST_F(CompileSsl, WhatIsSaidAgainReplaces) {
  Load(Config("9.16(1)", "group-policy Road internal\n"));
  Type("webvpn\nenable outside\nanyconnect image disk0:/a-win-4.1.1.pkg 1\nanyconnect image disk0:/b-linux-4.1.1.pkg 2\n"
       "anyconnect image disk0:/c-win-4.2.2.pkg 1\nexit\n"
       "group-policy Road attributes\nvpn-tunnel-protocol ssl-client\nwebvpn\nanyconnect profiles value one type user\n"
       "anyconnect profiles value nac type iseposture\nanyconnect profiles value two type user");
  ASSERT_EQ(ssl().images.size(), 2u);
  EXPECT_EQ(ssl().images[0].file, "c-win-4.2.2.pkg");
  EXPECT_EQ(ssl().images[1].file, "b-linux-4.1.1.pkg");
  EXPECT_THAT(Rules("Road").profiles, ElementsAre("two"));
  const std::string said = conf_.Print();
  EXPECT_THAT(said, testing::HasSubstr("anyconnect profiles value nac type iseposture\n"));
  EXPECT_THAT(said, Not(testing::HasSubstr("profiles value one")));
  EXPECT_THAT(said, Not(testing::HasSubstr("a-win-4.1.1.pkg")));
  Type("anyconnect profiles value three");
  EXPECT_THAT(Rules("Road").profiles, ElementsAre("three")) << "without a word it is a user's";
  Type("anyconnect profiles none");
  EXPECT_THAT(Rules("Road").profiles, IsEmpty());
  EXPECT_THAT(conf_.Print(), Not(testing::HasSubstr("profiles value")));
  Type("anyconnect profiles value four type user");
  EXPECT_THAT(conf_.Print(), Not(testing::HasSubstr("profiles none")));
}

}  // namespace
}  // namespace sallyport
