#include <gtest/gtest.h>

#include "cli/field_rows.h"
#include "cli/show_asp_vpn_context.h"
#include "cli/show_crypto.h"
#include "cli/show_text.h"
#include "cli/show_vpn_load_balancing.h"
#include "cli/show_vpn_sessiondb.h"
#include "cli/vpn_session_filter.h"
#include "conf/personality.h"
#include "console_fixture.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_vpn_test {
namespace {

Personality Release(const char* version) { return *PersonalityOf(version); }

VpnSelector Net(const char* address, int length) {
  VpnSelector s;
  s.network = Prefix::Of(Ip(address), length);
  return s;
}

VpnTunnelView IkeTunnel(VpnTunnelKind kind) {
  VpnTunnelView t;
  t.kind = kind;
  t.cipher = VpnCipher::kAes256;
  t.hash = VpnHash::kSha1;
  t.prf = VpnHash::kSha256;
  t.source_port = t.destination_port = 500;
  t.auth = t.local_auth = VpnAuth::kPreSharedKeys;
  t.dh_group = 5;
  t.rekey_time = VpnLifetime{86400, 86011};
  t.filter = "branch-filter";
  return t;
}

VpnTunnelView EspTunnel(std::uint32_t number) {
  VpnTunnelView t;
  t.number = number;
  t.cipher = VpnCipher::kAes128;
  t.hash = VpnHash::kSha256;
  t.encapsulation = VpnEncapsulation::kTunnel;
  t.local = Net("10.1.0.0", 16);
  t.remote = Net("10.2.4.0", 22);
  t.rekey_time = VpnLifetime{28800, 28411};
  t.rekey_data = VpnLifetime{4608000, 4607990};
  t.idle = VpnLifetime{1800, 1799};
  t.traffic = {9240, 10032, 110, 114, 0, 0};
  return t;
}

VpnSessionView Branch() {
  VpnSessionView s;
  s.index = 41;
  s.name = "198.51.100.2";
  s.tunnel_group = s.name;
  s.peer = Ip("198.51.100.2");
  s.cipher = VpnCipher::kAes256;
  s.traffic.tx_bytes = 9240;
  s.traffic.rx_bytes = 10032;
  s.login_wall = kTestWall;
  s.duration = Duration::Seconds(86400 + 389);
  s.tunnels = {IkeTunnel(VpnTunnelKind::kIkev1), EspTunnel(2), EspTunnel(3)};
  s.tunnels[2].dh_group = 14;
  s.tunnels[2].rekey_data.reset();
  return s;
}

VpnSessionView User(VpnSessionType type, const char* name, std::uint32_t index) {
  VpnSessionView s;
  s.type = type;
  s.index = index;
  s.name = name;
  s.peer = Ip("192.0.2.77");
  s.assigned = Ip("10.9.0.12");
  s.group_policy = "Staff";
  s.tunnel_group = "Remote";
  s.login_wall = kTestWall;
  s.duration = Duration::Seconds(3725);
  s.traffic = {81000, 42000, 310, 250, 2, 0};
  s.audit_id = {0x0a, 0x01, 0x01, 0x01, 0, 1, 0x20, 0, 0x66, 0x32, 0x58, 0xf0};
  return s;
}

VpnSessionView AnyConnect() {
  VpnSessionView s = User(VpnSessionType::kAnyConnect, "mallory", 18);
  s.license.premium = s.license.mobile = true;
  s.assigned_ipv6 = Ip("2001:db8:9::12");
  VpnTunnelView parent;
  parent.kind = VpnTunnelKind::kAnyConnectParent;
  parent.public_address = s.peer;
  parent.over_tcp = true;
  parent.source_port = 51000;
  parent.destination_port = 443;
  parent.auth = VpnAuth::kCertificateAndPassword;
  parent.idle = VpnLifetime{1800, 1200};
  parent.client_os = "linux-64";
  parent.client_type = "AnyConnect";
  parent.client_version = "4.10.07061";
  parent.traffic = {7000, 800, 5, 1, 0, 0};
  VpnTunnelView tls = parent;
  tls.kind = VpnTunnelKind::kSslTunnel;
  tls.number = 2;
  tls.cipher = VpnCipher::kAesGcm256;
  tls.hash = VpnHash::kSha384;
  tls.ciphersuite = "ECDHE-RSA-AES256-GCM-SHA384";
  tls.encapsulation = VpnEncapsulation::kTls12;
  tls.assigned = s.assigned;
  tls.source_port = 51002;
  tls.session_limit = VpnLifetime{86400, 85800};
  tls.client_os = "Linux_64";
  tls.client_type = "SSL VPN Client";
  tls.filter = "staff-filter";
  VpnTunnelView dtls = tls;
  dtls.kind = VpnTunnelKind::kDtlsTunnel;
  dtls.number = 3;
  dtls.encapsulation = VpnEncapsulation::kDtls12;
  dtls.over_tcp = false;
  dtls.source_port = 61000;
  dtls.client_type = "DTLS VPN Client";
  s.tunnels = {parent, tls, dtls};
  return s;
}

VpnSessionView Ikev1Client() {
  VpnSessionView s = User(VpnSessionType::kIkev1RemoteAccess, "bob", 2);
  VpnTunnelView ike = IkeTunnel(VpnTunnelKind::kIkev1);
  ike.over_tcp = ike.aggressive = true;
  ike.source_port = 1058;
  ike.destination_port = 10000;
  ike.filter.clear();
  ike.client_os = "Linux";
  ike.client_os_version = "vpnc 0.5.3";
  VpnTunnelView esp = EspTunnel(2);
  esp.kind = VpnTunnelKind::kIpsecOverTcp;
  esp.local = Net("0.0.0.0", 0);
  esp.remote = Net("10.9.0.12", 32);
  s.tunnels = {ike, esp};
  return s;
}

TEST(FieldRows, ALongValueHasItsLineForItself) {
  FieldRows rows("  ", true);
  rows.Begin("Left", "1234567890123456789012");
  rows.Then("Right", "x");
  rows.Begin("Left", "12345678901234567890123");
  rows.Then("Right", "y");
  rows.Then("Beside", "z");
  rows.Line("Alone", "w");
  EXPECT_EQ(rows.Take(),
            "  Left         : 1234567890123456789012 Right        : x                      \n"
            "  Left         : 12345678901234567890123\n"
            "  Right        : y                      Beside       : z                      \n"
            "  Alone        : w\n");
}

TEST(ShowText, SessionDuration) {
  EXPECT_EQ(SessionDuration(Duration::Seconds(321)), "0h:05m:21s");
  EXPECT_EQ(SessionDuration(Duration::Seconds(86400 + 45187)), "1d 12h:33m:07s");
}

TEST(ShowVpnSessiondb, LanToLan) {
  VpnSessionView natt = Branch();
  natt.index = 42;
  natt.name = "DefaultL2LGroup";
  natt.peer = Ip("203.0.113.99");
  natt.tunnels = {IkeTunnel(VpnTunnelKind::kIkev2), EspTunnel(810)};
  natt.tunnels[0].source_port = natt.tunnels[0].destination_port = 4500;
  natt.tunnels[1].kind = VpnTunnelKind::kIpsecOverNatT;
  natt.tunnels[1].cipher = VpnCipher::kAesGcm128;
  natt.tunnels[1].hash = VpnHash::kNone;
  const AddressNames names = {{Ip("203.0.113.99"), "branch-two"}};
  ExpectGolden("vpn_l2l_9x", ShowVpnSessions({Branch(), natt}, false, {}, names, Nine()));
  ExpectGolden("vpn_full_9x", ShowVpnSessionsFull({Branch(), natt, AnyConnect()}, false, {}, names, Nine()));
  ExpectGolden("vpn_full_82", ShowVpnSessionsFull({Branch(), Ikev1Client()}, false, {}, names, Release("8.2(1)")));
  EXPECT_EQ(ShowVpnSessionsFull({}, false, {}, names, Nine()), ShowVpnSessions({}, true, {}, names, Nine()));
  const std::string detailed = ShowVpnSessionsFull({AnyConnect()}, true, {}, names, Nine());
  EXPECT_NE(detailed.find("Session Type: AnyConnect Detailed| "), std::string::npos) << detailed;
  for (const VpnTunnelView& t : AnyConnect().tunnels) {
    const std::string id = std::string("| Tunnel: ") + std::string(NameOf(t.kind, Nine())) + "| Tunnel ID: " + std::to_string(AnyConnect().index) + "." + std::to_string(t.number) + "| ";
    EXPECT_NE(detailed.find(id), std::string::npos) << id << "\n" << detailed;
  }
  EXPECT_EQ(std::count(detailed.begin(), detailed.end(), '\n'), 2);  // an empty line, and one for the session
  ExpectGolden("vpn_l2l_detail_9x", ShowVpnSessions({Branch(), natt}, true, {}, names, Nine()));
  ExpectGolden("vpn_l2l_detail_82", ShowVpnSessions({Branch()}, true, {}, names, Release("8.2(1)")));
  ExpectGolden("vpn_l2l_detail_72", ShowVpnSessions({Branch(), natt}, true, {}, names, Release("7.2(3)")));
}

TEST(ShowVpnSessiondb, RemoteAccess) {
  VpnSessionView waiting = AnyConnect();
  waiting.name = "a-name-of-twenty-ltr";
  waiting.index = 19;
  waiting.assigned = waiting.assigned_ipv6 = {};
  waiting.group_policy = "ThisPolicyIsTwentyLtr";
  waiting.tunnels.resize(1);
  waiting.inactive = Duration::Seconds(66);
  waiting.vlan = 30;
  waiting.security_group = "7:Staff";
  ExpectGolden("vpn_anyconnect_9x", ShowVpnSessions({AnyConnect(), waiting}, false, {}, {}, Nine()));
  ExpectGolden("vpn_anyconnect_detail_9x", ShowVpnSessions({AnyConnect()}, true, {}, {}, Nine()));
  ExpectGolden("vpn_anyconnect_84", ShowVpnSessions({AnyConnect()}, false, {}, {}, Release("8.4(5)")));
  ExpectGolden("vpn_svc_82", ShowVpnSessions({AnyConnect()}, false, {}, {}, Release("8.2(1)")));
  ExpectGolden("vpn_ikev1_detail_9x", ShowVpnSessions({Ikev1Client()}, true, {}, {}, Nine()));
  ExpectGolden("vpn_remote_detail_82", ShowVpnSessions({Ikev1Client()}, true, {}, {}, Release("8.2(1)")));
  VpnSessionView v2 = User(VpnSessionType::kIkev2RemoteAccess, "carol", 3);
  v2.tunnels = {IkeTunnel(VpnTunnelKind::kIkev2), EspTunnel(2)};
  v2.tunnels[0].auth = VpnAuth::kEap;
  v2.tunnels[0].local_auth = VpnAuth::kRsaCertificate;
  ExpectGolden("vpn_ikev2_detail_9x", ShowVpnSessions({v2}, true, {}, {}, Nine()));
}

TEST(ShowVpnSessiondb, EachTypeHasAHeading) {
  const std::string text = ShowVpnSessions({AnyConnect(), Ikev1Client()}, false, {}, {}, Nine());
  EXPECT_NE(text.find("\nSession Type: AnyConnect\n\nUsername     : mallory "), std::string::npos);
  EXPECT_NE(text.find("\n\nSession Type: IKEv1 IPsec\n\nUsername     : bob "), std::string::npos);
}

VpnStatisticsView SomeStatistics() {
  VpnStatisticsView v;
  v.groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)] = {3, 1, 9, 120};
  v.classes[static_cast<std::size_t>(VpnClass::kAnyConnectSsl)] = {3, 1, 9, 118};
  v.classes[static_cast<std::size_t>(VpnClass::kAnyConnectIkev2)] = {0, 0, 1, 2};
  v.groups[static_cast<std::size_t>(VpnGroup::kSiteToSite)] = {2, 0, 2, 31};
  v.classes[static_cast<std::size_t>(VpnClass::kSiteIkev1)] = {2, 0, 2, 31};
  v.tunnels[static_cast<std::size_t>(VpnTunnelKind::kIkev1)] = {2, 0, 2, 31};
  v.tunnels[static_cast<std::size_t>(VpnTunnelKind::kIpsec)] = {4, 0, 5, 140};
  v.tunnels[static_cast<std::size_t>(VpnTunnelKind::kAnyConnectParent)] = {4, 0, 9, 120};
  v.ssl = {3, 1, 9, 120};
  v.ipsec = {2, 0, 2, 31};
  v.all = {5, 1, 11, 151};
  v.capacity = 250;
  return v;
}

TEST(ShowVpnSessiondb, Summary) {
  ExpectGolden("vpn_summary_9x", ShowVpnSummary(SomeStatistics(), Nine()));
  ExpectGolden("vpn_summary_82", ShowVpnSummary(SomeStatistics(), Release("8.2(1)")));
  VpnStatisticsView full = SomeStatistics();
  full.capacity = 5;
  EXPECT_NE(ShowVpnSummary(full, Nine())
                .find("Device Load                  :   120%\n***!! WARNING: Platform capacity exceeded !!***\n"),
            std::string::npos);
  EXPECT_EQ(ShowVpnSummary({}, Nine()), "\n No sessions to display.\n\n");
}

TEST(ShowVpnSessiondb, Ratio) {
  ExpectGolden("vpn_ratio_encryption", ShowVpnEncryptionRatio({Branch(), AnyConnect(), Ikev1Client()}, 9, ""));
  ExpectGolden("vpn_ratio_protocol", ShowVpnProtocolRatio({Branch(), AnyConnect(), Ikev1Client()}, 9, "Remote", Nine()));
}

TEST(VpnSessionFilter, SelectsAndSorts) {
  VpnSessionView idle = AnyConnect();
  idle.index = 20;
  idle.name = "alice";
  idle.tunnels.erase(idle.tunnels.begin() + 1, idle.tunnels.end());  // its tunnels have gone this second
  const std::vector<VpnSessionView> all = {Branch(), AnyConnect(), Ikev1Client(), idle};
  const auto indices = [&](const VpnSessionFilter& f) {
    std::vector<std::uint32_t> found;
    for (const VpnSessionView& s : SelectVpnSessions(all, f, Nine())) found.push_back(s.index);
    return found;
  };
  using Indices = std::vector<std::uint32_t>;
  VpnSessionFilter f;
  EXPECT_EQ(indices(f), (Indices{18, 20, 41, 2}));
  f.inactive = true;
  EXPECT_EQ(indices(f), (Indices{20}));
  f = {};
  f.version = 6;
  EXPECT_EQ(indices(f), (Indices{18, 20}));  // inside
  f.version = 4;
  EXPECT_EQ(indices(f), (Indices{18, 20, 41, 2}));
  f = {};
  f.type = VpnSessionType::kAnyConnect;
  f.sort = VpnSessionFilter::Sort::kName;
  EXPECT_EQ(indices(f), (Indices{20, 18}));
  f = {};
  f.protocol = "ipsecovertcp";
  EXPECT_EQ(indices(f), (Indices{2}));
  f = {};
  f.address = Ip("10.9.0.12");
  EXPECT_EQ(indices(f), (Indices{18, 20, 2}));
  f.public_address = Ip("198.51.100.2");
  EXPECT_EQ(indices(f), (Indices{}));
  f = {};
  f.encryption = "AES-GCM-256";
  EXPECT_EQ(indices(f), (Indices{18}));
  f.index = 20;
  EXPECT_EQ(indices(f), (Indices{}));
}

IkeSaView IkeSa(int version) {
  IkeSaView sa;
  sa.version = static_cast<std::uint8_t>(version);
  sa.local = {Ip("203.0.113.1"), 500};
  sa.remote = {Ip("198.51.100.2"), 500};
  sa.cipher = VpnCipher::kAes256;
  sa.hash = VpnHash::kSha1;
  sa.dh_group = 14;
  sa.lifetime_s = 86400;
  sa.active_s = 400;
  sa.initiator = true;
  return sa;
}

TEST(ShowCrypto, Ikev1) {
  IkeSaView user = IkeSa(1);
  user.number = 2;
  user.remote.address = Ip("192.0.2.77");
  user.lan_to_lan = user.initiator = false;
  user.rekeying = true;
  user.state = IkeState::kAggressiveWait3;
  user.auth = VpnAuth::kRsaCertificate;
  const std::vector<IkeSaView> sas = {IkeSa(1), user};
  ExpectGolden("crypto_ikev1_sa_9x", ShowIkev1Sas(sas, false, Nine()));
  ExpectGolden("crypto_ikev1_sa_detail_9x", ShowIkev1Sas(sas, true, Nine()));
  ExpectGolden("crypto_isakmp_sa_detail_82", ShowIsakmpSas(sas, true, Release("8.2(1)")));
  ExpectGolden("crypto_isakmp_sa_72", ShowIsakmpSas(sas, false, Release("7.2(3)")));
  EXPECT_EQ(ShowIsakmpSas({}, false, Nine()), "\nThere are no IKEv1 SAs\n\nThere are no IKEv2 SAs\n");
}

TEST(ShowCrypto, Ikev2) {
  IkeSaView first = IkeSa(2), second = IkeSa(2);
  first.state = IkeState::kReady;
  first.number = 5;
  first.local_spi = 0x0123456789abcdef;
  first.remote_spi = 0xfedcba9876543210;
  first.local_id = "203.0.113.1";
  first.remote_id = "198.51.100.2";
  first.local_message_id = 4;
  first.remote_message_id = 2;
  first.dpd_seconds = 10;
  first.dpd_retry = 2;
  first.nat_outside = true;
  first.fragment_mtu = 576;
  IkeChildView child;
  child.local = AddressRange::Of(Prefix::Of(Ip("10.1.0.0"), 16));
  child.remote = AddressRange::Of(Prefix::Of(Ip("10.2.0.0"), 16));
  child.spi_in = 0xbe064bdc;
  child.spi_out = 0x0db6eff3;
  child.cipher = VpnCipher::kAes256;
  child.hash = VpnHash::kSha256;
  first.children = {child};
  second.state = IkeState::kNegotiating;
  second.session_id = 2;
  second.number = 6;
  second.initiator = false;
  second.cipher = VpnCipher::kAesGcm256;
  second.hash = VpnHash::kNone;
  second.agreed = false;
  ExpectGolden("crypto_ikev2_sa", ShowIkev2Sas({IkeSa(1), first, second}, false));
  ExpectGolden("crypto_ikev2_sa_detail", ShowIkev2Sas({first}, true));
}

IpsecFlowView Flow() {
  IpsecFlowView f;
  f.interface = "outside";
  f.map = "outside_map";
  f.map_number = 10;
  f.local = {Ip("203.0.113.1"), 4500};
  f.remote = {Ip("198.51.100.2"), 4500};
  f.access_list = "branch extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0";
  f.local_ident = Net("10.1.0.0", 16);
  f.remote_ident = Net("10.2.0.0", 16);
  f.counters.encapsulated = f.counters.encrypted = f.counters.digested = f.counters.not_compressed = 14;
  f.counters.decapsulated = f.counters.decrypted = f.counters.verified = 12;
  f.overhead = 82;
  f.header_overhead = 52;
  EspSaView sa;
  sa.spi = 0x32F752FF;
  sa.cipher = VpnCipher::kAes256;
  sa.hash = VpnHash::kSha1;
  sa.encapsulation = EspEncapsulation::kNatT;
  sa.pfs_group = 5;
  sa.connection_id = 4096;
  sa.seconds_left = 28700;
  sa.kilobytes_left = 4373999;
  sa.replay_bitmap = 0x00000000'0000fffe;
  f.inbound = {sa};
  sa.spi = 0x00023DDC;
  sa.replay_bitmap = 1;
  f.outbound = {sa};
  return f;
}

TEST(ShowCrypto, IpsecSas) {
  IpsecFlowView user = Flow();
  user.access_list.clear();
  user.map = "dynamic";
  user.remote.address = Ip("192.0.2.77");
  user.user = "bob";
  user.assigned = Ip("10.9.0.12");
  user.dont_fragment = IpsecFlowView::DontFragment::kClear;
  for (EspSaView* sa : {&user.inbound[0], &user.outbound[0]}) {
    sa->lan_to_lan = false;
    sa->encapsulation = EspEncapsulation::kTcp;
    sa->cipher = VpnCipher::kAesGcm256;
    sa->pfs_group = 0;
    sa->kilobytes_left.reset();
    sa->ike_version = 2;
  }
  const AddressNames names = {{Ip("198.51.100.2"), "branch-peer"}};
  ExpectGolden("crypto_ipsec_sa_9x", ShowIpsecSas({Flow(), user}, {}, names, Release("9.8(1)")));
  ExpectGolden("crypto_ipsec_sa_82", ShowIpsecSas({Flow()}, {}, names, Release("8.2(1)")));
  ExpectGolden("crypto_ipsec_sa_72", ShowIpsecSas({Flow()}, {}, names, Release("7.2(3)")));
  EXPECT_NE(ShowIpsecSas({Flow()}, {}, names, Nine()).find("      Protected vrf (ivrf): Global\n"), std::string::npos);
  IpsecSaQuery to_user, to_nobody;
  to_user.peer = Ip("192.0.2.77");
  to_nobody.peer = Ip("192.0.2.78");
  EXPECT_EQ(ShowIpsecSas({Flow(), user}, to_user, names, Nine()).find("outside_map"), std::string::npos);
  EXPECT_EQ(ShowIpsecSas({Flow()}, to_nobody, names, Nine()), "\nThere are no ipsec sas for peer 192.0.2.78\n");
}

TEST(ShowAspVpnContext, OneLineAndDetail) {
  VpnContextView in;
  in.context = 0x0001a2b4;
  in.pointer = 0x6de00120;
  in.peer = Ip("198.51.100.2");
  in.encapsulation = EspEncapsulation::kTcp;
  in.preserve = true;
  in.packets = 299;
  in.rekey_packets = 61;
  in.collected = 2;
  in.spi = 0x00ab12cd;
  in.filter = "branch-filter";
  VpnContextView out = in;
  out.encrypts = out.delete_in_progress = true;
  out.up = false;
  out.filter.clear();
  ExpectGolden("asp_vpn_context", ShowVpnContexts({in, out}, false, Nine()));
  ExpectGolden("asp_vpn_context_detail", ShowVpnContexts({in, out}, true, Nine()));
  EXPECT_EQ(ShowVpnContexts({in}, false, Release("7.2(3)")),
            "VPN ID=0000107188, DECR+ESP+TCP+PRESERVE, UP, pk=0000000299, rk=0000000061, gc=2\n");
}

TEST(ShowVpnLoadBalancing, Cluster) {
  VpnLoadBalancingView v;
  v.enabled = true;
  v.cluster = "203.0.113.10";
  v.peers.resize(2);
  v.peers[0] = {true, false, 10, "Sallyport", 4, Ip("203.0.113.11"), {250, 20, 8}, {250, 0, 0}};
  v.peers[1] = {false, true, 5, "Sallyport", 4, Ip("203.0.113.12"), {250, 250, 100}, {10, 1, 10}};
  ExpectGolden("vpn_load_balancing", ShowVpnLoadBalancing(v));
}

// What a VPN engine would say is what the console prints.
class OneBranch final : public VpnTables {
 public:
  std::vector<VpnSessionView> Sessions() override { return {Branch(), AnyConnect()}; }
  VpnStatisticsView Statistics() override { return SomeStatistics(); }
  std::vector<IkeSaView> IkeSas() override { return {IkeSa(1)}; }
  std::vector<IpsecFlowView> IpsecFlows() override { return {Flow()}; }
  std::vector<VpnContextView> Contexts() override { return {VpnContextView{}}; }
};

using VpnConsole = ConsoleTest;

TEST_F(VpnConsole, WithoutTunnels) {
  auto c = Open(15);
  EXPECT_EQ(c->Do("show vpn-sessiondb"), "\n No sessions to display.\n\n");
  EXPECT_EQ(c->Do("show vpn-sessiondb summary"), "\n No sessions to display.\n\n");
  for (const char* type : {"anyconnect", "l2l", "detail l2l", "detail anyconnect filter name bob",
                           "ra-ikev1-ipsec sort name", "webvpn", "index 3"}) {
    EXPECT_EQ(c->Do(std::string("show vpn-sessiondb ") + type),
              "INFO: There are presently no active sessions of the type specified\n\n")
        << type;
  }
  EXPECT_EQ(c->Do("show crypto isakmp sa"), "\nThere are no IKEv1 SAs\n\nThere are no IKEv2 SAs\n");
  EXPECT_EQ(c->Do("sh cry ikev1 sa d"), "\nThere are no IKEv1 SAs\n");
  EXPECT_EQ(c->Do("show crypto ikev2 sa detail"), "\nThere are no IKEv2 SAs\n");
  EXPECT_EQ(c->Do("show crypto ipsec sa"), "\nThere are no ipsec sas\n");
  EXPECT_EQ(c->Do("show ipsec sa peer 192.0.2.1"), "\nThere are no ipsec sas for peer 192.0.2.1\n");
  EXPECT_EQ(c->Do("show asp table vpn-context detail"), "");
  EXPECT_EQ(c->Do("show crypto ipsec"), "ERROR: % Incomplete command\n");
  EXPECT_NE(c->Do("show vpn-sessiondb remote").find(kInvalidInput), std::string::npos);
  EXPECT_NE(c->Do("show vpn-sessiondb ratio encryption").find("Total Active Sessions: 0\n"), std::string::npos);
}

TEST_F(VpnConsole, OldReleasesHaveOtherWords) {
  box_.appliance->Load("ASA Version 8.2(1)\n");
  box_.appliance->Changed();
  auto c = Open(15);
  EXPECT_EQ(c->Do("show crypto isakmp sa"), "\nThere are no isakmp sas\n");
  EXPECT_NE(c->Do("show crypto ikev1 sa").find(kInvalidInput), std::string::npos);
  EXPECT_EQ(c->Do("show vpn-sessiondb remote"), "INFO: There are presently no active sessions of the type specified\n\n");
  EXPECT_NE(c->Do("show vpn-sessiondb anyconnect").find(kInvalidInput), std::string::npos);
  EXPECT_TRUE(c->Do("show vpn-sessiondb").starts_with("Active Session Summary\n\nSessions:\n"));
}

TEST_F(VpnConsole, ShowsTheTables) {
  OneBranch tables;
  box_.appliance->UseVpn(tables);
  auto c = OpenConfig();
  c->Do("terminal pager 0");
  c->Do("name 198.51.100.2 branch");
  c->Do("names");
  EXPECT_NE(c->Do("show vpn-sessiondb l2l").find("IP Addr      : branch\n"), std::string::npos);
  EXPECT_EQ(c->Do("show vpn-sessiondb anyconnect filter name mallory"),
            ShowVpnSessions({AnyConnect()}, false, {}, {}, Nine()));
  EXPECT_EQ(c->Do("show vpn-sessiondb detail index 18"), ShowVpnSessions({AnyConnect()}, true, {}, {}, Nine()));
  EXPECT_EQ(c->Do("show vpn-sessiondb"), ShowVpnSummary(tables.Statistics(), Nine()));
  EXPECT_NE(c->Do("show crypto ipsec sa").find("current_peer: branch\n"), std::string::npos);
  EXPECT_EQ(c->Do("show crypto ikev1 sa detail"), ShowIkev1Sas(tables.IkeSas(), true, Nine()));
  EXPECT_NE(c->Do("show asp table vpn-context").find("VPN CTX=0x00000000"), std::string::npos);
  c->Do("no names");
  EXPECT_NE(c->Do("show vpn-sessiondb l2l").find("IP Addr      : 198.51.100.2\n"), std::string::npos);
  EXPECT_NE(c->Do("show vpn-sessiondb ratio protocol filter nobody")
                .find("Filter Group         : nobody\nTotal Active Sessions: 0\n"),
            std::string::npos);
}

}  // namespace
}  // namespace sallyport::show_vpn_test
