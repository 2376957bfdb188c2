// Sessions in virtual time: timers, reconnects, tokens, what the log says word by word, what `show vpn-sessiondb` gets.
#include <gtest/gtest.h>

#include <set>

#include "tests/vpn/anyconnect/ssl_fakes.h"

namespace sallyport {
namespace {

using H = SslHappening;

class SslSessionsLife : public SslSessionsTest {
 protected:
  // Fires what is due, second by second, up to then.
  void Run(std::int64_t seconds) {
    for (std::int64_t i = 0; i < seconds; i++) {
      now = now + Duration::Seconds(1);
      for (const SslSessions::Due& due : sessions.AllDue(now)) {
        SslSession* s = sessions.Find(due.index);
        if (Happen(*s, due.what) & kSslEnd) sessions.Forget(due.index);
      }
    }
  }
};

TEST_F(SslSessionsLife, WordsOfALogin) {
  SslSession& s = Login("walter");
  EXPECT_EQ(said.at(0).text, "Group <staff> User <walter> IP <192.0.2.9> AnyConnect parent session started.");
  said.clear();
  Happen(s, H::kConnect);
  Happen(s, H::kDtlsUp);
  std::vector<std::string> lines;
  for (const auto& m : said) lines.push_back(std::to_string(m.severity) + "-" + std::to_string(m.id) + ": " + m.text.substr(m.text.find("> IP <192.0.2.9> ") + 17));
  EXPECT_EQ(lines, (std::vector<std::string>{"6-722055: Client Type: Cisco AnyConnect VPN Agent for Windows 3.1.01065",
                                             "4-722051: IPv4 Address <10.9.0.1> IPv6 address <::> assigned to session",
                                             "5-722033: First TCP SVC connection established for SVC session.",
                                             "6-722022: TCP SVC connection established without compression",
                                             "5-722033: First UDP SVC connection established for SVC session.",
                                             "6-722022: UDP SVC connection established without compression"}));
}

TEST_F(SslSessionsLife, WordsOfAResumeFromElsewhere) {
  SslSession& s = Login("walter");
  Happen(s, H::kConnect);
  Happen(s, H::kTlsDead);
  EXPECT_EQ(Message(722037)->text, "Group <staff> User <walter> IP <192.0.2.9> SVC closing connection: DPD failure.");
  EXPECT_EQ(Message(716058)->text, "Group <staff> User <walter> IP <192.0.2.9> AnyConnect session lost connection. Waiting to resume.");
  said.clear();
  Happen(s, H::kConnect, {}, "192.0.2.77");
  EXPECT_EQ(Message(716059)->text, "Group <staff> User <walter> IP <192.0.2.9> AnyConnect session resumed connection from IP <192.0.2.77>.");
  EXPECT_EQ(Message(722034)->text, "Group <staff> User <walter> IP <192.0.2.77> New TCP SVC connection, no existing connection.");
  EXPECT_EQ(s.peer, SslIp("192.0.2.77"));
  // From another address while the connection lives: both.
  said.clear();
  Happen(s, H::kConnect, {}, "192.0.2.78");
  EXPECT_EQ(Ids(), (std::vector<int>{716059, 722032, 722028, 722023, 722022}));
  // Before 9.12.
  sessions.Use({.release = 901});
  Happen(s, H::kTlsClosed);
  said.clear();
  Happen(s, H::kConnect, {}, "192.0.2.79");
  EXPECT_EQ(Message(716059)->text, "Group <staff> User <walter> IP <192.0.2.78> AnyConnect session resumed. Connection from 192.0.2.79.");
}

TEST_F(SslSessionsLife, WordsOfALogout) {
  SslSession& s = Login("walter");
  Happen(s, H::kConnect);
  now = now + Duration::Seconds(3725);
  s.Tunnel(VpnTunnelKind::kSslTunnel)->activity->bytes_out = 900;
  s.portal.tx_bytes = 100;
  s.portal.rx_bytes = 50;
  said.clear();
  EXPECT_TRUE(Happen(s, H::kLogout, "Aborted by caller") & kSslEnd);
  EXPECT_EQ(Message(722012)->text, "Group <staff> User <walter> IP <192.0.2.9> SVC Message: 16/NOTICE: Aborted by caller.");
  EXPECT_EQ(Message(722037)->text, "Group <staff> User <walter> IP <192.0.2.9> SVC closing connection: User Requested.");
  EXPECT_EQ(Message(722031)->text, "Group <staff> User <walter> IP <192.0.2.9> SVC Session Termination: Out: 900 (+100) bytes, 0 (+0) packets, 0 drops.");
  EXPECT_EQ(Message(113019)->text,
            "Group = staff, Username = walter, IP = 192.0.2.9, Session disconnected. Session Type: SSL, Duration: 1h:02m:05s, Bytes xmt: 1000, "
            "Bytes rcv: 50, Reason: User Requested");
  EXPECT_EQ(Message(737016)->text, "IPAA: Freeing local pool pool address 10.9.0.1");
}

TEST_F(SslSessionsLife, AWebSession) {
  SslSession& s = Login("walter", /*browser=*/true);
  EXPECT_EQ(Ids(), (std::vector<int>{716001, 716038}));
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kClientless)].active, 1u);
  said.clear();
  Happen(s, H::kLogout);
  EXPECT_EQ(Ids(), (std::vector<int>{716002, 113019}));
  EXPECT_EQ(said[0].text, "Group <staff> User <walter> IP <192.0.2.9> WebVPN session terminated: User Requested.");
  EXPECT_NE(said[1].text.find("Session Type: Clientless,"), std::string::npos);
  sessions.Forget(s.index);
  // The page starts the client: then it is a session of AnyConnect.
  SslSession& launched = Login("walter", true);
  Happen(launched, H::kConnect);
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kClientless)].active, 0u);
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)].active, 1u);
  EXPECT_EQ(counts.View().ssl.active, 1u);
  // It is one session in all: the other of the page's was the one before.
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kClientless)].cumulative, 1u);
  EXPECT_EQ(counts.View().classes[static_cast<std::size_t>(VpnClass::kBrowser)].cumulative, 1u);
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)].cumulative, 1u);
  EXPECT_EQ(counts.View().all.cumulative, 2u);
  const auto view = sessions.Views(now).at(0);
  EXPECT_EQ(view.type, VpnSessionType::kAnyConnect);
  EXPECT_EQ(view.tunnels.at(0).kind, VpnTunnelKind::kClientless);
}

TEST_F(SslSessionsLife, PeaksAreOfActiveAndInactive) {
  const auto client = [&] { return counts.View().groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)]; };
  SslSession& one = Login("walter");
  Happen(one, H::kConnect);
  Happen(one, H::kTlsDead);
  EXPECT_EQ(client().active, 0u);
  EXPECT_EQ(client().inactive, 1u);
  Happen(Login("carol"), H::kConnect);
  EXPECT_EQ(client().active, 1u);
  EXPECT_EQ(client().peak, 2u);
  Happen(one, H::kLogoff);
  sessions.Forget(one.index);
  EXPECT_EQ(client().active, 1u);
  EXPECT_EQ(client().inactive, 0u);
  // Ends and comebacks are no new sessions.
  SslSession& three = Login("dave");
  Happen(three, H::kConnect);
  for (int i = 0; i < 3; i++) {
    Happen(three, H::kTlsClosed);
    Happen(three, H::kConnect);
  }
  EXPECT_EQ(client().peak, 2u);
  EXPECT_EQ(client().cumulative, 3u);
}

// DPD, default idle timeout of half an hour: that long the client may come back, and its address is kept for it.
TEST_F(SslSessionsLife, ADeadClientMayComeBackForHalfAnHour) {
  SslSession& s = Login("walter");
  const std::uint32_t index = s.index;
  Happen(s, H::kConnect);
  Happen(s, H::kDtlsUp);
  Run(600);
  Happen(s, H::kTlsDead);
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(0).idle->left, 1800u) << "it begins anew";
  Run(1799);
  ASSERT_NE(sessions.Find(index), nullptr);
  EXPECT_EQ(sessions.Views(now).at(0).inactive.seconds(), 1799);
  EXPECT_EQ(s.assigned, SslIp("10.9.0.1"));
  EXPECT_EQ(sessions.OfUser("walter").size(), 1u) << "it counts";
  // Back at the last moment: every time is restored.
  Happen(s, H::kConnect, {}, "192.0.2.77");
  const VpnSessionView back = sessions.Views(now).at(0);
  EXPECT_EQ(back.inactive.seconds(), 0);
  EXPECT_EQ(back.tunnels.at(0).idle->left, 1800u);
  EXPECT_EQ(back.tunnels.at(1).idle->left, 1800u);
  EXPECT_EQ(back.duration.seconds(), 2399);
  Run(300);
  Happen(s, H::kTlsDead);
  Run(1800);
  EXPECT_EQ(sessions.Find(index), nullptr);
}

// With the DTLS tunnel left alone inactivity counts, though the session is used and does not end.
TEST_F(SslSessionsLife, InactivityCountsFromTheLossOfTls) {
  rules.idle_minutes = 2;
  SslSession& s = Login("walter");
  Happen(s, H::kConnect);
  Happen(s, H::kDtlsUp);
  Happen(s, H::kTlsClosed);
  for (int i = 0; i < 10; i++) {
    Run(60);
    s.Tunnel(VpnTunnelKind::kDtlsTunnel)->activity->last_in_ns = now.ns;
  }
  ASSERT_EQ(s.state, SslState::kDtls);
  EXPECT_EQ(sessions.Views(now).at(0).inactive.seconds(), 600);
  Run(120);
  EXPECT_EQ(s.state, SslState::kWaiting);
  EXPECT_EQ(sessions.Views(now).at(0).inactive.seconds(), 720) << "not anew";
}

TEST_F(SslSessionsLife, AClientThatNobodyKnows) {
  SslSession& s = Login("walter");
  SslDetail d;
  d.tunnel.peer = {SslIp("192.0.2.9"), 1272};
  d.tunnel.client_version = "curl/7.88";
  sessions.Advance(s, H::kConnect, d, now);
  EXPECT_EQ(Message(722053)->text, "Group <staff> User <walter> IP <192.0.2.9> Unknown client curl/7.88 connection");
  said.clear();
  Happen(Login("carol"), H::kConnect);
  EXPECT_EQ(Message(722053), nullptr);
}

TEST_F(SslSessionsLife, ReleasesBefore84SayOtherwise) {
  sessions.Use({.release = 802});
  SslSession& s = Login("walter");
  EXPECT_EQ(Ids(), (std::vector<int>{716001, 716038})) << "113039 is younger";
  EXPECT_EQ(s.tunnels.at(0).kind, VpnTunnelKind::kClientless);
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)].active, 1u);
  Happen(s, H::kConnect);
  EXPECT_EQ(Message(722051)->text, "Group <staff> User <walter> IP <192.0.2.9> Address <10.9.0.1> assigned to session");
  Happen(s, H::kLogoff);
  EXPECT_NE(Message(113019)->text.find("Session Type: SVC,"), std::string::npos);
  EXPECT_NE(Message(113019)->text.find("Reason: Administrator Reset"), std::string::npos);
  EXPECT_EQ(Message(737016)->text, "IPAA: Freeing local pool address 10.9.0.1");
}

// Idle timeout 2 min: tunnels idle, tunnels gone, then the parent's own time.
TEST_F(SslSessionsLife, IdleTunnelsThenTheParent) {
  rules.idle_minutes = 2;
  SslSession& s = Login("walter");
  const std::uint32_t index = s.index;
  Happen(s, H::kConnect);
  Happen(s, H::kDtlsUp);
  Run(60);
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(2).client_os, "Windows") << "of what said CONNECT";
  // Data by DTLS keeps the TLS tunnel, too.
  s.Tunnel(VpnTunnelKind::kDtlsTunnel)->activity->last_out_ns = now.ns;
  Run(100);
  ASSERT_EQ(s.state, SslState::kBoth);
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(1).idle->left, 0u);
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(2).idle->left, 20u);
  Run(20);
  ASSERT_EQ(s.state, SslState::kWaiting);
  EXPECT_EQ(Message(722037)->text, "Group <staff> User <walter> IP <192.0.2.9> SVC closing connection: Idle Timeout.");
  Run(66);
  EXPECT_EQ(sessions.Views(now).at(0).inactive.seconds(), 66);
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(0).idle->left, 54u);
  EXPECT_EQ(counts.View().groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)].inactive, 1u);
  Run(54);
  EXPECT_EQ(sessions.Find(index), nullptr);
  EXPECT_NE(Message(113019)->text.find("Reason: Idle Timeout"), std::string::npos);
}

TEST_F(SslSessionsLife, AParentThatNeverConnects) {
  rules.idle_minutes = 1;
  Login("walter");
  Run(59);
  EXPECT_EQ(sessions.size(), 1u);
  Run(1);
  EXPECT_EQ(sessions.size(), 0u);
  // Without an idle timeout the portal's default holds for it, and for nobody with a tunnel.
  rules.idle_minutes = 0;
  Login("walter");
  Happen(Login("carol"), H::kConnect);
  Run(1799);
  EXPECT_EQ(sessions.size(), 2u);
  Run(1);
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_F(SslSessionsLife, TheSessionsTimeIsTheLogins) {
  rules.session_minutes = 10;
  rules.idle_minutes = 30;
  SslSession& s = Login("walter");
  Happen(s, H::kConnect);
  Run(300);
  Happen(s, H::kTlsClosed);
  Happen(s, H::kConnect);
  Run(299);
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(0).session_limit->left, 1u);
  Run(1);
  EXPECT_EQ(sessions.size(), 0u);
  EXPECT_NE(Message(113019)->text.find("Reason: Max time exceeded"), std::string::npos);
}

TEST_F(SslSessionsLife, HundredReconnects) {
  rules.idle_minutes = 2;
  SslSession& s = Login("walter");
  const std::string cookie = token.text;
  Happen(s, H::kConnect);
  const IpAddress assigned = s.assigned;
  const std::int64_t wall = s.wall;
  Happen(s, H::kDtlsUp);
  std::uint32_t last = 3;
  for (int i = 0; i < 100; i++) {
    Run(30);
    if (i % 4 == 1) Happen(s, H::kTlsDead);
    if (i % 4 == 2) Happen(s, H::kPaused, "Client PC is going into suspend mode (Sleep, Hibernate, etc).");
    if (i % 4 == 3) Happen(s, H::kTlsClosed);
    ASSERT_EQ(sessions.ByToken(cookie), &s);
    Happen(s, H::kConnect);
    ASSERT_EQ(s.state, SslState::kTls);
    EXPECT_EQ(s.tunnels.back().number, ++last);
    Happen(s, H::kDtlsUp);
    EXPECT_EQ(s.tunnels.back().number, ++last);
    EXPECT_EQ(s.tunnels.size(), 3u);
    EXPECT_EQ(s.tunnels[0].number, 1u);
    EXPECT_FALSE(s.inactive_since);
  }
  EXPECT_EQ(s.assigned, assigned);
  EXPECT_EQ(s.wall, wall);
  EXPECT_EQ(sessions.Views(now).at(0).duration.seconds(), 3000);
  EXPECT_EQ(counts.View().tunnels[static_cast<std::size_t>(VpnTunnelKind::kSslTunnel)].cumulative, 101u);
  EXPECT_EQ(counts.View().tunnels[static_cast<std::size_t>(VpnTunnelKind::kSslTunnel)].peak, 1u);
}

TEST_F(SslSessionsLife, OnlyTheTokenItselfIsGood) {
  SslSession& s = Login("walter");
  const std::string good = token.text;
  SslSession& other = Login("carol");
  const std::string others = token.text;
  EXPECT_EQ(sessions.ByToken(good), &s);
  EXPECT_EQ(sessions.ByToken(others), &other);
  EXPECT_EQ(sessions.ByToken(""), nullptr);
  for (std::size_t cut = 0; cut < good.size(); cut++) EXPECT_EQ(sessions.ByToken(good.substr(0, cut)), nullptr);
  // With the other session's index in front.
  EXPECT_EQ(sessions.ByToken(std::to_string(other.index) + good.substr(good.find('@'))), nullptr);
  for (const std::size_t at : {good.size() - 1, good.size() - 40}) {
    std::string changed = good;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(sessions.ByToken(changed), nullptr);
  }
  Happen(s, H::kLogout);
  sessions.Forget(s.index);
  EXPECT_EQ(sessions.ByToken(good), nullptr) << "stale";
}

TEST_F(SslSessionsLife, Bugs) {
  sessions.Use({.public_address_stays = true});
  SslSession& s = Login("walter");
  Happen(s, H::kConnect);
  Happen(s, H::kTlsClosed);
  Happen(s, H::kConnect, {}, "192.0.2.77");
  EXPECT_EQ(sessions.Views(now).at(0).peer, SslIp("192.0.2.9")) << "CSCtg33110";
  EXPECT_EQ(sessions.Views(now).at(0).tunnels.at(1).public_address, SslIp("192.0.2.9"));
}

TEST_F(SslSessionsLife, OneThatWaitsShowsNoAddressBefore92) {
  sessions.Use({.release = 901});
  SslSession& s = Login("walter");
  Happen(s, H::kConnect);
  EXPECT_EQ(sessions.Views(now).at(0).assigned, SslIp("10.9.0.1"));
  Happen(s, H::kTlsClosed);
  EXPECT_TRUE(sessions.Views(now).at(0).assigned.IsNone());
  EXPECT_EQ(s.assigned, SslIp("10.9.0.1")) << "it is kept";
  sessions.Use({.release = 916});
  EXPECT_EQ(sessions.Views(now).at(0).assigned, SslIp("10.9.0.1"));
}

}  // namespace
}  // namespace sallyport
