// The service between fakes: logins, CONNECT, reconnects without AAA, dead peers, ends, and what the data path is told.
#include <gtest/gtest.h>

#include "tests/vpn/anyconnect/ssl_fakes.h"

namespace sallyport {
namespace {

using What = SslEvent::What;
using Lines = std::vector<std::string>;

TEST_F(SslServiceTest, PasswordsAreTheJudges) {
  LoginAnswer got;
  const auto ask = [&](const char* user, const char* password) {
    LoginQuestion q;
    q.tunnel_group = "staff";
    q.user = user;
    q.password = Secret(std::vector<std::uint8_t>(password, password + std::strlen(password)));
    q.from = From();
    service.Ask(std::move(q), [&](LoginAnswer a) { got = std::move(a); });
    return got.kind;
  };
  EXPECT_EQ(ask("alice", "right"), LoginAnswer::Kind::kAccepted);
  EXPECT_EQ(ask("alice", "wrong"), LoginAnswer::Kind::kRejected);
  EXPECT_EQ(got.message, "");
  EXPECT_EQ(ask("mallory", "right"), LoginAnswer::Kind::kRejected);
  vpn->group_policies["DfltGrpPolicy"].protocols.ssl_client = false;
  Use();
  EXPECT_EQ(ask("alice", "right"), LoginAnswer::Kind::kRejected);
}

TEST_F(SslServiceTest, ASessionFromLoginToLogout) {
  const SessionMade made = Login();
  ASSERT_FALSE(made.token.empty());
  EXPECT_EQ(service.ByToken(made.token)->user, "alice");
  EXPECT_FALSE(service.ByToken(made.token)->connected);
  const TunnelMade t = Connect(made.token);
  ASSERT_TRUE(t.accepted);
  EXPECT_EQ(t.answer.address, SslIp("10.9.0.1"));
  EXPECT_EQ(t.answer.netmask, SslIp("255.255.255.0"));
  EXPECT_EQ(t.answer.idle_s, 120u);
  EXPECT_EQ(t.number, 2u);
  EXPECT_EQ(t.answer.tls_mtu, 1367u) << "GCM, tcpmss 1380";
  EXPECT_EQ(t.answer.dtls_mtu, 1390u);
  EXPECT_TRUE(t.answer.dtls.dtls12_line);
  EXPECT_EQ(t.answer.dtls.suite, "ECDHE-RSA-AES256-GCM-SHA384");
  EXPECT_EQ(plane.Take(), Lines{"open 10.9.0.1"});
  EXPECT_EQ(Logged("737026"), Lines{"IPAA: Client assigned 10.9.0.1 from local pool pool"});
  EXPECT_EQ(Logged("722051"), Lines{"Group <DfltGrpPolicy> User <alice> IP <192.0.2.9> IPv4 Address <10.9.0.1> IPv6 address <::> assigned to session"});
  EXPECT_TRUE(service.ByToken(made.token)->connected);
  Event(What::kBye, SslWay::kTls, t, 2, 0xb0, "Aborted by caller");
  EXPECT_EQ(plane.Take(), (Lines{"drop 1 tls", "close 1"}));
  EXPECT_EQ(Logged("722012"), Lines{"Group <DfltGrpPolicy> User <alice> IP <192.0.2.9> SVC Message: 16/NOTICE: Aborted by caller."});
  EXPECT_EQ(service.sessions().size(), 0u);
  EXPECT_EQ(pools.Views().at(0).in_use, 0u);
  EXPECT_FALSE(service.ByToken(made.token));
  EXPECT_EQ(Connect(made.token).refusal.status, 401);
}

TEST_F(SslServiceTest, AReconnectAsksNobody) {
  const SessionMade made = Login();
  TunnelMade t = Connect(made.token);
  const auto first_id = t.answer.dtls.id;
  asked = 0;
  plane.Take();
  for (int i = 0; i < 100; i++) {
    Event(What::kTlsClosed, SslWay::kTls, t, t.number);
    Step(10);
    const TunnelMade again = Connect(made.token, "192.0.2.77", static_cast<std::uint16_t>(2000 + i));
    ASSERT_TRUE(again.accepted);
    EXPECT_EQ(again.answer.address, SslIp("10.9.0.1"));
    EXPECT_EQ(again.tunnel, t.tunnel);
    EXPECT_EQ(again.number, t.number + 1);
    EXPECT_NE(again.answer.dtls.id, first_id) << "the old id is no good any more";
    t = again;
  }
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(service.counters().reconnects, 100u);
  EXPECT_EQ(service.sessions().size(), 1u);
  EXPECT_EQ(service.Views(clock.Now()).at(0).peer, SslIp("192.0.2.77"));
  EXPECT_EQ(pools.Views().at(0).in_use, 1u);
  // Only the address changes for the data path.
  EXPECT_EQ(plane.Take().back(), "update 1 192.0.2.77");
  // What an old tunnel says later is nobody's.
  Event(What::kTlsClosed, SslWay::kTls, t, t.number - 1);
  EXPECT_TRUE(service.ByToken(made.token)->connected);
}

TEST_F(SslServiceTest, ForeignAndCutTokens) {
  const SessionMade mine = Login();
  const SessionMade other = Login("bob");
  EXPECT_EQ(Connect("").refusal.status, 401);
  EXPECT_EQ(Connect(mine.token.substr(0, mine.token.size() - 1)).refusal.status, 401);
  EXPECT_EQ(Connect(std::to_string(other.index) + mine.token.substr(mine.token.find('@'))).refusal.status, 401);
  EXPECT_EQ(service.counters().stale_tokens, 3u);
  EXPECT_FALSE(service.Logout("nobody"));
  EXPECT_TRUE(service.Logout(other.token));
  EXPECT_EQ(service.sessions().size(), 1u);
}

// I = 30: probes at 30, 40, 50, 60, dead at 70. The appliance's clock may be moved: nobody dies of it.
TEST_F(SslServiceTest, DeadPeers) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  plane.Take();
  Step(1);  // it is seen for the first time
  std::vector<int> at;
  int second = 0;
  for (; second < 200 && service.ByToken(made.token)->connected; second++) {
    Step(1);
    if (!plane.Take().empty()) at.push_back(second + 1);
  }
  EXPECT_EQ(at, (std::vector<int>{30, 40, 50, 60, 70}));
  EXPECT_EQ(Logged("722037"), Lines{"Group <DfltGrpPolicy> User <alice> IP <192.0.2.9> SVC closing connection: DPD failure."});
  EXPECT_EQ(Logged("716058").size(), 1u);
  EXPECT_EQ(service.Views(clock.Now()).at(0).tunnels.size(), 1u);
  EXPECT_EQ(pools.Views().at(0).in_use, 1u) << "the address is kept";
  // Frames of any kind are a sign of life.
  const TunnelMade again = Connect(made.token);
  for (int i = 0; i < 4; i++) {
    Step(25);
    const_cast<SslSession*>(const_cast<SslSessions&>(service.sessions()).Find(made.index))->Tunnel(VpnTunnelKind::kSslTunnel)->activity->frames_in++;
  }
  EXPECT_TRUE(service.ByToken(made.token)->connected);
  EXPECT_EQ(again.number, t.number + 1);
  clock.Advance(Duration::Seconds(100));
  service.Tick();
  EXPECT_EQ(service.counters().dead, 1u);
}

TEST_F(SslServiceTest, NoProbesWhereNoneAreWanted) {
  vpn->group_policies["DfltGrpPolicy"].client.dpd_gateway_s = 0;
  vpn->group_policies["DfltGrpPolicy"].idle_minutes = 0;
  Use();
  const SessionMade made = Login();
  Connect(made.token);
  Step(400);
  EXPECT_TRUE(service.ByToken(made.token)->connected);
  EXPECT_EQ(service.counters().probes, 0u);
}

TEST_F(SslServiceTest, IdleEndsTunnelsThenTheSession) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  (void)t;
  vpn->group_policies["DfltGrpPolicy"].client.dpd_gateway_s = 0;
  plane.Take();
  clock.Advance(Duration::Seconds(121));
  service.Tick();
  // The client is told; one that comes back all the same finds its session.
  EXPECT_EQ(plane.Take(), Lines{"drop 1 tls Idle Timeout"});
  EXPECT_TRUE(Connect(made.token).accepted);
  EXPECT_EQ(Logged("716059").size(), 1u);
  clock.Advance(Duration::Seconds(121));
  service.Tick();
  EXPECT_EQ(service.sessions().size(), 1u);
  plane.Take();
  clock.Advance(Duration::Seconds(121));
  service.Tick();
  EXPECT_EQ(service.sessions().size(), 0u);
  EXPECT_EQ(plane.Take(), Lines{"close 1"});
  EXPECT_NE(Logged("113019").at(0).find("Reason: Idle Timeout"), std::string::npos);
}

TEST_F(SslServiceTest, TheAccessPolicyIsLogged) {
  Login();
  EXPECT_EQ(Logged("734001"), Lines{"DAP: User alice, Addr 192.0.2.9, Connection AnyConnect: The following DAP records were selected for this "
                                    "connection: DfltAccessPolicy"});
  EXPECT_EQ(Logged("734003").size(), 5u);
  EXPECT_EQ(Logged("734003").at(0), "DAP: User alice, Addr 192.0.2.9: Session Attribute aaa.cisco.grouppolicy = DfltGrpPolicy");
  EXPECT_EQ(Logged("734003").at(4), "DAP: User alice, Addr 192.0.2.9: Session Attribute aaa.cisco.tunnelgroup = staff");
}

TEST_F(SslServiceTest, OneLoginTooMany) {
  vpn->group_policies["DfltGrpPolicy"].simultaneous_logins = 1;
  Use();
  const SessionMade first = Login();
  Connect(first.token);
  plane.Take();
  const SessionMade second = Login();
  EXPECT_FALSE(service.ByToken(first.token));
  EXPECT_TRUE(service.ByToken(second.token));
  EXPECT_EQ(plane.Take(), (Lines{"drop 1 tls Connection preempted", "close 1"}));
  EXPECT_NE(Logged("113019").at(0).find("Reason: Connection preempted"), std::string::npos);
}

TEST_F(SslServiceTest, OperatorsAndPoliciesEndSessions) {
  const SessionMade a = Login();
  Connect(a.token);
  plane.Take();
  EXPECT_TRUE(service.Logoff(a.index, "Administrator Reset"));
  EXPECT_FALSE(service.Logoff(a.index, "Administrator Reset"));
  EXPECT_EQ(plane.Take(), (Lines{"drop 1 tls Administrator Reset", "close 1"}));
  Login();
  vpn->ssl.enabled.clear();
  Use();
  EXPECT_EQ(service.sessions().size(), 0u);
  EXPECT_EQ(Logged("113019").size(), 2u);
}

TEST_F(SslServiceTest, WhenAddressesRunOut) {
  for (int i = 0; i < 3; i++) ASSERT_TRUE(Connect(Login(("user" + std::to_string(i)).c_str()).token).accepted);
  const SessionMade made = Login("late");
  const TunnelMade t = Connect(made.token);
  EXPECT_EQ(t.refusal.status, 503);
  EXPECT_EQ(t.refusal.reason, "No address available for SVC connection");
  EXPECT_EQ(Logged("722020"),
            Lines{"TunnelGroup <staff> GroupPolicy <DfltGrpPolicy> User <late> IP <192.0.2.9> No address available for SVC connection"});
  EXPECT_FALSE(service.ByToken(made.token));
  EXPECT_EQ(service.sessions().size(), 3u);
}

TEST_F(SslServiceTest, AddressesOfBothFamiliesAndOnesOwn) {
  vpn->pools6["six"] = {"six", {SslIp("2001:db8:9::1"), SslIp("2001:db8:9::9")}, 64};
  vpn->ssl.groups["staff"].ipv6_pools = {"six"};
  Use();
  const auto both = [](TunnelRequest& r) { r.request.wants_ipv6 = true; };
  const SessionMade made = Login();
  TunnelMade t = Connect(made.token, "192.0.2.9", 1272, both);
  EXPECT_EQ(t.answer.address6, SslIp("2001:db8:9::1"));
  EXPECT_EQ(t.answer.prefix6, 64);
  EXPECT_EQ(plane.clients.at(0).assigned6, SslIp("2001:db8:9::1"));
  EXPECT_EQ(service.Views(clock.Now()).at(0).assigned_ipv6, SslIp("2001:db8:9::1"));
  service.Logout(made.token);
  // One of his own, which nobody else may have, and which is not the appliance's.
  auto rules = std::make_shared<VpnUser>();
  rules->framed_address = SslIp("10.9.0.200");
  const auto connect = [&] {
    LoginDone d;
    d.tunnel_group = "staff";
    d.user = "bob";
    d.rules = rules;
    d.from = From();
    SessionMade s;
    service.Login(d, [&](SessionMade m) { s = std::move(m); });
    return Connect(s.token, "192.0.2.9", 1272, both);
  };
  t = connect();
  EXPECT_EQ(t.answer.address, SslIp("10.9.0.200"));
  EXPECT_EQ(t.answer.netmask, SslIp("255.255.255.255"));
  EXPECT_EQ(t.answer.address6, SslIp("2001:db8:9::1")) << "it was given back";
  EXPECT_EQ(Logged("737010"), Lines{"IPAA: AAA assigned address 10.9.0.200, succeeded"});
  EXPECT_TRUE(connect().answer.address.IsNone()) << "it is out";
  EXPECT_EQ(Logged("737011").size(), 1u);
}

TEST_F(SslServiceTest, AConnectionThatIsLostBeforeItIsATunnel) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  service.TunnelLost(t);
  EXPECT_FALSE(service.ByToken(made.token)->connected);
  EXPECT_TRUE(Connect(made.token).accepted);
  service.TunnelLost(t);
  EXPECT_TRUE(service.ByToken(made.token)->connected) << "that one was replaced";
}

TEST_F(SslServiceTest, NoClientsWithoutAnImage) {
  const SessionMade made = Login();
  vpn->ssl.images.clear();
  Use();
  EXPECT_EQ(Connect(made.token).refusal.status, 503);
  EXPECT_EQ(Logged("722047").size(), 1u);
  EXPECT_TRUE(Login().token.empty());
  EXPECT_EQ(Logged("113035").size(), 1u);
}

TEST_F(SslServiceTest, MtusAndSuitesAsConfigured) {
  policy->sysopt.tcpmss = 1460;
  vpn->group_policies["DfltGrpPolicy"].client.mtu = 1300;
  Use();
  TunnelMade t = Connect(Login().token);
  EXPECT_EQ(t.answer.tls_mtu, 1300u);
  EXPECT_EQ(t.answer.dtls_mtu, 1300u);
  // The case's own: suites with a MAC.
  vpn->group_policies["DfltGrpPolicy"].client.mtu.reset();
  policy->sysopt.tcpmss = 1380;
  Use();
  Lines heard;
  service.debug().Listen(this, WebvpnDebug::What::kAnyConnect, 255, [&](const std::string& line) { heard.push_back(line); });
  t = Connect(Login("bob").token, "192.0.2.9", 1272, [](TunnelRequest& r) {
    r.from.tls_cipher = "AES256-SHA256";
    r.request.dtls12_suites.clear();
    r.request.dtls_suites = {"AES128-SHA"};
  });
  EXPECT_EQ(t.answer.tls_mtu, 1347u);
  EXPECT_EQ(t.answer.dtls_mtu, 1418u);
  EXPECT_FALSE(t.answer.dtls.dtls12_line);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.front(), "CSTP state = HEADER_PROCESSING");
  const auto at = std::find(heard.begin(), heard.end(), "DTLS enabled for intf=1 (outside)");
  ASSERT_LT(at + 3, heard.end());
  EXPECT_EQ(Lines(at, at + 4), (Lines{"DTLS enabled for intf=1 (outside)", "tls-mtu=1347 dtls-mtu=1418", "Sending X-CSTP-MTU: 1347",
                                      "Sending X-DTLS-MTU: 1418"}));
  EXPECT_NE(std::find(heard.begin(), heard.end(), "path-mtu = 1380(mss)"), heard.end());
  service.debug().Leave(this);
  // No suite in common; none wanted.
  t = Connect(Login("carol").token, "192.0.2.9", 1272, [](TunnelRequest& r) { r.request.dtls12_suites = {"UNKNOWN"}; });
  EXPECT_EQ(t.answer.dtls.suite, "");
  EXPECT_EQ(Logged("722043").size(), 1u);
}

TEST_F(SslServiceTest, CompressionWhereBothWantIt) {
  vpn->group_policies["DfltGrpPolicy"].client.tls_compression = VpnCompression::kDeflate;
  vpn->group_policies["DfltGrpPolicy"].client.dtls_compression = VpnCompression::kLzs;
  Use();
  const TunnelMade t = Connect(Login().token, "192.0.2.9", 1272, [](TunnelRequest& r) {
    r.request.tls_compressions = {"lzs", "deflate"};
    r.request.dtls_compressions = {"lzs"};
  });
  EXPECT_EQ(t.answer.tls_compression, "deflate");
  EXPECT_EQ(t.answer.dtls.compression, "lzs");
  EXPECT_EQ(plane.clients.at(0).dtls, VpnCompression::kLzs);
  EXPECT_NE(Logged("722022").at(0).find("TCP SVC connection established with compression"), std::string::npos);
}

TEST_F(SslServiceTest, ALogoutAtThePortalEndsTunnels) {
  const SessionMade made = Login();
  Connect(made.token);
  plane.Take();
  EXPECT_TRUE(service.Logout(made.token));
  EXPECT_EQ(plane.Take(), (Lines{"drop 1 tls User Requested", "close 1"}));
}

TEST_F(SslServiceTest, BadFrames) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  SslEvent e;
  e.what = What::kBadFrame;
  e.error = SslEvent::Error::kLength;
  e.tunnel = t.tunnel;
  e.number = t.number;
  e.code = 9000;
  e.expected = 60;
  service.OnEvents({e});
  EXPECT_EQ(Logged("722016"), Lines{"Group <DfltGrpPolicy> User <alice> IP <192.0.2.9> Bad SVC frame length: 9000 expected: 60"});
}

TEST_F(SslServiceTest, TheDataPathIsFull) {
  plane.full = true;
  const SessionMade made = Login();
  EXPECT_EQ(Connect(made.token).refusal.status, 503);
  EXPECT_EQ(pools.Views().at(0).in_use, 0u);
  plane.full = false;
  EXPECT_TRUE(Connect(made.token).accepted);
}

}  // namespace
}  // namespace sallyport
