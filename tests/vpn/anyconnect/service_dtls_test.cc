// DTLS of a session: a real client's handshake is found by the session id that CONNECT gave, and its channel comes to the data path.
#include <gtest/gtest.h>

#include "tests/vpn/anyconnect/ssl_fakes.h"
#include "vpn/anyconnect/suites.h"

namespace sallyport {
namespace {

class SslServiceDtls : public SslServiceTest {
 protected:
  // A client that has the answer to its CONNECT.
  std::unique_ptr<DtlsHandshake> Client(const TunnelMade& t, DtlsMethod method) const {
    DtlsSecret secret;
    secret.suite = FindDtlsSuite(method, t.answer.dtls.suite);
    secret.id = t.answer.dtls.id;
    secret.key = method == DtlsMethod::kPsk ? Secret(std::vector<std::uint8_t>(kDtlsPskKey, 9)) : Secret(std::vector<std::uint8_t>(48, 7));
    return secret.suite == nullptr ? nullptr : DtlsHandshake::Begin(secret, DtlsRole::kClient, {});
  }
  // Carries datagrams both ways until neither has any.
  void Carry(DtlsHandshake& client, std::uint16_t port) {
    for (int i = 0; i < 20 && client.state() == DtlsHandshake::State::kBusy; i++) {
      for (const auto& d : client.ToWire()) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), port}, d);
      for (const auto& d : std::exchange(datagrams, {})) client.Feed(d);
    }
    // Its last flight.
    for (const auto& d : client.ToWire()) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), port}, d);
  }
};

TEST_F(SslServiceDtls, TheHelloFindsItsSession) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  plane.Take();
  auto client = Client(t, DtlsMethod::kDtls12);
  ASSERT_NE(client, nullptr);
  Carry(*client, 1280);
  ASSERT_EQ(client->state(), DtlsHandshake::State::kDone) << client->failure();
  EXPECT_EQ(plane.Take(), std::vector<std::string>{"dtls 1 3 1280"});
  ASSERT_NE(plane.channel, nullptr);
  EXPECT_EQ(Logged("722033").back(), "Group <DfltGrpPolicy> User <alice> IP <192.0.2.9> First UDP SVC connection established for SVC session.");
  EXPECT_EQ(Logged("725002"),
            std::vector<std::string>{"Device completed SSL handshake with client outside:192.0.2.9/1280 to 203.0.113.1/443 for DTLSv1.2 session"});
  EXPECT_FALSE(service.Busy());
  const auto view = service.Views(clock.Now()).at(0);
  ASSERT_EQ(view.tunnels.size(), 3u);
  EXPECT_EQ(view.tunnels[2].source_port, 1280);
  EXPECT_EQ(view.tunnels[2].encapsulation, VpnEncapsulation::kDtls12);
  EXPECT_EQ(view.tunnels[2].ciphersuite, "ECDHE-RSA-AES256-GCM-SHA384");
  // The same client again, from another port: the new one takes its place.
  client = Client(t, DtlsMethod::kDtls12);
  Carry(*client, 1281);
  EXPECT_EQ(plane.Take(), std::vector<std::string>{"dtls 1 4 1281"});
  EXPECT_EQ(Logged("722032").size(), 1u);
}

TEST_F(SslServiceDtls, OldSuitesAndKeysOfTls) {
  const SessionMade made = Login();
  TunnelMade t = Connect(made.token, "192.0.2.9", 1272, [](TunnelRequest& r) {
    r.request.dtls12_suites.clear();
    r.request.dtls_suites = {"PSK-NEGOTIATE"};
    r.psk = Secret(std::vector<std::uint8_t>(kDtlsPskKey, 9));
  });
  ASSERT_TRUE(t.answer.dtls.psk);
  auto client = Client(t, DtlsMethod::kPsk);
  Carry(*client, 1290);
  EXPECT_EQ(client->state(), DtlsHandshake::State::kDone) << client->failure();
  EXPECT_EQ(plane.Take().back(), "dtls 1 3 1290");
  t = Connect(made.token, "192.0.2.9", 1273, [](TunnelRequest& r) {
    r.request.dtls12_suites.clear();
    r.request.dtls_suites = {"AES128-SHA"};
  });
  client = Client(t, DtlsMethod::kLegacy);
  Carry(*client, 1291);
  EXPECT_EQ(plane.Take().back(), "dtls 1 5 1291");
  EXPECT_EQ(service.Views(clock.Now()).at(0).tunnels.at(2).encapsulation, VpnEncapsulation::kDtls10);
}

TEST_F(SslServiceDtls, WhatIsNobodysIsNotAnswered) {
  const SessionMade made = Login();
  const TunnelMade old = Connect(made.token);
  Connect(made.token);  // the id of the first CONNECT is no good any more
  plane.Take();
  auto client = Client(old, DtlsMethod::kDtls12);
  Carry(*client, 1280);
  EXPECT_NE(client->state(), DtlsHandshake::State::kDone);
  EXPECT_TRUE(plane.Take().empty());
  EXPECT_TRUE(datagrams.empty());
  EXPECT_GE(service.counters().dtls_unknown, 1u);
  const std::uint8_t noise[] = {0x16, 0xfe, 0xfd, 1, 2, 3};
  service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, noise);
  EXPECT_TRUE(datagrams.empty());
}

TEST_F(SslServiceDtls, WhatIsSaidOfItsConnections) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  auto client = Client(t, DtlsMethod::kDtls12);
  Carry(*client, 1280);
  EXPECT_EQ(Logged("725001"), std::vector<std::string>{"Starting SSL handshake with client outside:192.0.2.9/1280 to 203.0.113.1/443 for DTLSv1.2 session"});
  EXPECT_EQ(Logged("725003"), std::vector<std::string>{"SSL client outside:192.0.2.9/1280 to 203.0.113.1/443 request to resume previous session"});
  EXPECT_TRUE(Logged("725007").empty());
  Connect(made.token, "192.0.2.9", 1299);  // both are replaced
  EXPECT_EQ(Logged("725007"),
            (std::vector<std::string>{"SSL session with client outside:192.0.2.9/1272 to 203.0.113.1/443 terminated",
                                      "SSL session with client outside:192.0.2.9/1280 to 203.0.113.1/443 terminated"}));
  service.Logoff(1, "Administrator Reset");
  ASSERT_EQ(Logged("725007").size(), 3u);
  EXPECT_EQ(Logged("725007").back(), "SSL session with client outside:192.0.2.9/1299 to 203.0.113.1/443 terminated");
}

// A handshake for the CONNECT before may not become a tunnel of this one.
TEST_F(SslServiceDtls, AHandshakeEndsWithItsConnect) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  auto client = Client(t, DtlsMethod::kDtls12);
  for (int i = 0; i < 20 && client->state() == DtlsHandshake::State::kBusy; i++) {
    for (const auto& d : client->ToWire()) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
    for (const auto& d : std::exchange(datagrams, {})) client->Feed(d);
  }
  ASSERT_EQ(client->state(), DtlsHandshake::State::kDone);
  EXPECT_TRUE(service.Busy());
  Connect(made.token);
  EXPECT_FALSE(service.Busy());
  plane.Take();
  for (const auto& d : client->ToWire()) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
  EXPECT_TRUE(plane.Take().empty());
  EXPECT_FALSE(service.Views(clock.Now()).at(0).tunnels.size() > 2);
}

// What the client says before the data path knows its connection.
TEST_F(SslServiceDtls, DataBeforeTheDataPathKnowsOfIt) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  auto client = Client(t, DtlsMethod::kDtls12);
  Carry(*client, 1280);
  auto channel = client->Take();
  ASSERT_NE(channel, nullptr);
  plane.Take();
  const std::vector<std::uint8_t> hello{0, 'h', 'i'};
  std::vector<std::uint8_t> d(200);
  d.resize(channel->Seal(hello, d));
  service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
  EXPECT_EQ(plane.Take(), std::vector<std::string>{"late 1 3 " + std::to_string(d.size())});
  EXPECT_EQ(plane.late, hello);
  // From elsewhere, or later, it is nobody's; nor is a flood's rest.
  service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1281}, d);
  EXPECT_TRUE(plane.Take().empty());
  for (int i = 0; i < 100; i++) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
  EXPECT_EQ(plane.Take().size(), 63u);
  Step(6);
  plane.Take();
  service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
  EXPECT_TRUE(plane.Take().empty());
}

// A hello that names nobody, with a client's address, does not end the client's handshake.
TEST_F(SslServiceDtls, AStrangersHelloEndsNothing) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  auto client = Client(t, DtlsMethod::kDtls12);
  auto stranger = [&] {
    TunnelMade other = t;
    other.answer.dtls.id[3] ^= 1;
    return Client(other, DtlsMethod::kDtls12)->ToWire().at(0);
  }();
  for (int i = 0; i < 20 && client->state() == DtlsHandshake::State::kBusy; i++) {
    for (const auto& d : client->ToWire()) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
    for (const auto& d : std::exchange(datagrams, {})) client->Feed(d);
    service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, stranger);
  }
  plane.Take();
  for (const auto& d : client->ToWire()) service.DtlsDatagram(IfId{1}, {SslIp("203.0.113.1"), 443}, {SslIp("192.0.2.9"), 1280}, d);
  EXPECT_EQ(plane.Take(), std::vector<std::string>{"dtls 1 3 1280"});
}

// An old DTLS tunnel goes when the new one does not come.
TEST_F(SslServiceDtls, TheOldOneReceivesForAMinute) {
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  auto client = Client(t, DtlsMethod::kDtls12);
  Carry(*client, 1280);
  Connect(made.token);
  EXPECT_EQ(service.Views(clock.Now()).at(0).tunnels.size(), 2u);
  plane.Take();
  std::vector<std::string> calls;
  for (int i = 0; i < 62; i++) {
    Step(1);
    for (const std::string& c : plane.Take()) {
      if (c.starts_with("drop")) calls.push_back(std::to_string(i + 1) + " " + c);
    }
  }
  EXPECT_EQ(calls, std::vector<std::string>{"60 drop 1 dtls"});
}

TEST_F(SslServiceDtls, WithTheBugDtlsOutlivesTls) {
  vpn->ssl.emulated_bugs = {"CSCts66926"};
  vpn->group_policies["DfltGrpPolicy"].client.dpd_gateway_s = 5;
  Use();
  const SessionMade made = Login();
  const TunnelMade t = Connect(made.token);
  auto client = Client(t, DtlsMethod::kDtls12);
  Carry(*client, 1280);
  for (int i = 0; i < 12; i++) Step(1);  // the client is gone, from both
  const auto view = service.Views(clock.Now()).at(0);
  ASSERT_EQ(view.tunnels.size(), 2u);
  EXPECT_EQ(view.tunnels[1].kind, VpnTunnelKind::kDtlsTunnel) << "CSCts66926";
}

}  // namespace
}  // namespace sallyport
