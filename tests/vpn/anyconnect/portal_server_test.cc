#include "vpn/anyconnect/portal_server.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/vpn/anyconnect/portal_fixture.h"
#include "tests/vpn/authority.h"
#include "vpn/anyconnect/tls_channel.h"

namespace sallyport {
namespace {

struct FakePortalSink final : PortalSink {
  void Send(ConnId id, Bytes wire) override { out[id].insert(out[id].end(), wire.begin(), wire.end()); }
  std::size_t Unsent(ConnId id) const override { return stuck && out.contains(id) ? out.at(id).size() : 0; }
  void Close(ConnId id) override { closed.insert(id); }
  void HandOver(ConnId id, std::unique_ptr<TlsChannel> channel, const TunnelMade& tunnel) override {
    handed[id] = std::move(channel);
    session = tunnel.session;
  }
  std::map<ConnId, std::vector<std::uint8_t>> out;
  std::set<ConnId> closed;
  std::map<ConnId, std::unique_ptr<TlsChannel>> handed;
  std::uint32_t session = 0;
  bool stuck = false;  // what is sent waits until it is taken
};

class PortalServerTest : public ::testing::Test {
 protected:
  PortalServerTest() {
    TlsSettings settings;
    settings.ask_certificate = true;
    server_context = *TlsContext::Server(settings, authority.Issue(key, {{"cn", "vpn.example.com"}}), {}, key);
    client_context = *TlsContext::Client(TlsSettings{});
    host.files["corp.xml"] = "<p/>";
    Start();
  }
  void Start() {
    server.reset();
    server = std::make_unique<PortalServer>(PortalServer::Ports{host, sink, [this] { return now; }, [this](IfId at) { return at == IfId{1} ? &server_context : nullptr; }, limits});
    server->UsePolicy(policy, 916);
  }
  bool Accept(int id, const std::string& from = "203.0.113.9") {
    return server->Accepted(ConnId(id), IfId{1}, {*IpAddress::Parse("198.51.100.1"), 443}, {*IpAddress::Parse(from), static_cast<std::uint16_t>(10000 + id)});
  }
  struct Client {
    explicit Client(const TlsContext& c) : channel(c) {}
    TlsChannel channel;
    std::string heard;
  };
  // Octets go both ways until there are none.
  void Shuttle(int id, Client& c) {
    for (int round = 0; round < 20; ++round) {
      const Bytes up = c.channel.ToWire();
      const std::vector<std::uint8_t> wire(up.begin(), up.end());
      c.channel.Sent(wire.size());
      if (!wire.empty()) {
        const auto handed = sink.handed.find(ConnId(id));
        if (handed != sink.handed.end()) {
          handed->second->Feed(wire);
        } else {
          server->Received(ConnId(id), wire);
        }
      }
      const auto down = std::exchange(sink.out[ConnId(id)], {});
      if (!down.empty()) c.channel.Feed(down);
      std::vector<std::uint8_t> record(kTlsRecord);
      for (auto n = c.channel.Read(record); n && *n > 0; n = c.channel.Read(record)) c.heard.append(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(*n));
      if (wire.empty() && down.empty()) return;
    }
  }
  std::unique_ptr<Client> Connect(int id, const std::string& from = "203.0.113.9") {
    if (!Accept(id, from)) return nullptr;
    auto c = std::make_unique<Client>(client_context);
    Shuttle(id, *c);
    EXPECT_EQ(c->channel.state(), TlsChannel::State::kOpen);
    return c;
  }
  std::string Say(int id, Client& c, const std::string& text) {
    c.heard.clear();
    for (std::size_t at = 0; at < text.size(); at += kTlsRecord) {
      const std::string one = text.substr(at, kTlsRecord);
      c.channel.Write({reinterpret_cast<const std::uint8_t*>(one.data()), one.size()});
    }
    Shuttle(id, c);
    return c.heard;
  }
  static std::string Get(const std::string& path, const std::string& more = {}) {
    return "GET " + path + " HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Mozilla/5.0\r\n" + more + "\r\n";
  }
  static std::string PostXml(const std::string& body, const std::string& more = {}) {
    return "POST / HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Open AnyConnect VPN Agent v9.01-3\r\nX-Aggregate-Auth: 1\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string ConnectText(const std::string& token) {
    return "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Open AnyConnect VPN Agent v9.01-3\r\nCookie: webvpn=" + token +
           "\r\nX-CSTP-Version: 1\r\nX-DTLS-CipherSuite: PSK-NEGOTIATE\r\n\r\n";
  }
  void Advance(Duration by) {
    now = now + by;
    server->Tick();
  }
  bool IsClosed(int id) const { return sink.closed.contains(ConnId(id)); }

  TestAuthority authority{"Root"};
  PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  TlsContext server_context, client_context;
  FakePortalHost host;
  FakePortalSink sink;
  PortalLimits limits;
  std::shared_ptr<VpnPolicy> policy = PortalPolicy();
  TimePoint now{1'000'000'000'000};
  std::unique_ptr<PortalServer> server;
};

TEST_F(PortalServerTest, FromHandshakeToTunnel) {
  auto c = Connect(1);
  const std::string form = Say(1, *c, PostXml(PortalHarness::Init()));
  EXPECT_EQ(form.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  const std::string handle = PortalHarness::Between(form, "<aggauth-handle>", "<");
  const std::string done = Say(1, *c, PostXml(PortalHarness::Reply(handle, PortalHarness::Named("anyuser", "secret"))));
  EXPECT_NE(done.find("\r\nSet-Cookie: webvpn=" + host.tokens.at(0)), std::string::npos);
  EXPECT_EQ(host.last_login.from.tls_cipher, c->channel.cipher());
  EXPECT_EQ(host.last_login.from.encapsulation, VpnEncapsulation::kTls13);
  const std::string up = Say(1, *c, ConnectText(host.tokens[0]));
  EXPECT_EQ(up.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_NE(up.find("X-CSTP-Address: 192.168.1.4\r\n"), std::string::npos);
  ASSERT_EQ(sink.handed.count(ConnId{1}), 1u);
  EXPECT_EQ(sink.session, 1u);
  EXPECT_EQ(server->connections(), 0u);
  // Both ends have the same key for DTLS, and the channel lives on.
  std::vector<std::uint8_t> psk(32);
  ASSERT_TRUE(c->channel.Export("EXPORTER-openconnect-psk", psk));
  EXPECT_EQ(host.psk, psk);
  Say(1, *c, "STF");
  std::vector<std::uint8_t> record(kTlsRecord);
  EXPECT_EQ(*sink.handed[ConnId{1}]->Read(record), 3u);
  EXPECT_GT(host.counted[1].first, 0u);
  EXPECT_GT(host.counted[1].second, done.size());
  const std::string ends = "outside:203.0.113.9/10001 to 198.51.100.1/443";
  EXPECT_EQ(host.said, (std::vector<std::string>{"725001: Starting SSL handshake with client " + ends + " for TLS session",
                                                 "725012: Device chooses cipher TLS_AES_256_GCM_SHA384 for the SSL session with client " + ends,
                                                 "725002: Device completed SSL handshake with client " + ends + " for TLSv1.3 session"}));
}

TEST_F(PortalServerTest, WhatComesBehindConnectBelongsToTheTunnel) {
  auto c = Connect(1);
  Say(1, *c, PostXml(PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret"))));
  sink.stuck = true;  // the answer waits in the socket
  Say(1, *c, ConnectText(host.tokens.at(0)));
  EXPECT_TRUE(sink.handed.empty());
  Say(1, *c, "first record");
  sink.stuck = false;
  server->Drained(ConnId{1});
  ASSERT_EQ(sink.handed.size(), 1u);
  std::vector<std::uint8_t> record(kTlsRecord);
  EXPECT_EQ(*sink.handed[ConnId{1}]->Read(record), 12u);
  // Within CONNECT's own record it is an error.
  auto d = Connect(2);
  EXPECT_EQ(Say(2, *d, ConnectText(host.tokens.at(0)) + "STF").substr(0, 12), "HTTP/1.1 400");
  EXPECT_TRUE(IsClosed(2));
}

TEST_F(PortalServerTest, ATunnelThatIsLostOnTheWayIsTold) {
  auto c = Connect(1);
  Say(1, *c, PostXml(PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret"))));
  sink.stuck = true;
  Say(1, *c, ConnectText(host.tokens.at(0)));
  server->Closed(ConnId{1});
  EXPECT_EQ(host.lost, 1);
  sink.stuck = false;
  auto d = Connect(2);
  host.held = true;
  Say(2, *d, ConnectText(host.tokens.at(0)));
  server->Closed(ConnId{2});
  host.AnswerLater();
  EXPECT_EQ(host.lost, 2);
  EXPECT_TRUE(sink.handed.empty());
}

TEST_F(PortalServerTest, RefusedTunnels) {
  auto c = Connect(1);
  EXPECT_EQ(Say(1, *c, ConnectText("1@2@3@4")).substr(0, 25), "HTTP/1.1 401 Unauthorized");
  EXPECT_TRUE(IsClosed(1));
  EXPECT_EQ(std::count(host.said.begin(), host.said.end(), "722003: IP <203.0.113.9> Error authenticating SVC connect request."), 1);
}

TEST_F(PortalServerTest, RequestsOneBehindAnother) {
  auto c = Connect(1);
  const std::string both = Say(1, *c, Get("/+CSCOE+/portal.css") + Get("/+CSCOE+/logo.svg") + "GET /+CSCOE+/logo");
  EXPECT_NE(both.find("Content-Type: text/css"), std::string::npos);
  EXPECT_NE(both.find("Content-Type: image/svg+xml"), std::string::npos);
  EXPECT_NE(Say(1, *c, "n.html HTTP/1.1\r\nHost: x\r\n\r\n").find("200 OK"), std::string::npos);
  // While one waits for its answer the next ones wait too.
  host.held = true;
  EXPECT_EQ(Say(1, *c, PostXml(PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret"))) + Get("/+CSCOE+/logo.svg")), "");
  host.held = false;
  host.AnswerLater();
  Shuttle(1, *c);
  EXPECT_LT(c->heard.find("type=\"complete\""), c->heard.find("image/svg+xml"));
  EXPECT_NE(c->heard.find("image/svg+xml"), std::string::npos);
  const std::string head = Say(1, *c, "HEAD /+CSCOE+/logo.svg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head.substr(head.size() - 4), "\r\n\r\n");
  EXPECT_NE(head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(IsClosed(1));
}

TEST_F(PortalServerTest, Files) {
  const std::string file = "anyconnect-win-4.10.06079-webdeploy-k9.pkg";
  for (int i = 0; i < 300'000; ++i) host.files[file].push_back(static_cast<char>(i * 7));
  auto c = Connect(1);
  std::string heard = Say(1, *c, Get("/CACHE/stc/1/binaries/" + file));
  EXPECT_NE(heard.find("Content-Length: 300000\r\n"), std::string::npos);
  EXPECT_TRUE(heard.substr(heard.find("\r\n\r\n") + 4) == host.files[file]);
  EXPECT_NE(Say(1, *c, Get("/+CSCOE+/logo.svg")).find("200 OK"), std::string::npos) << "the connection goes on";
  // A socket that takes no more is waited for.
  sink.stuck = true;
  heard = Say(1, *c, Get("/CACHE/stc/1/binaries/" + file));
  for (int i = 0; i < 10 && heard.size() < 300'000; ++i) {
    server->Drained(ConnId{1});
    Shuttle(1, *c);
    EXPECT_LE(c->heard.size() - heard.size(), 64u * 1024);
    heard = c->heard;
  }
  EXPECT_TRUE(heard.substr(heard.find("\r\n\r\n") + 4) == host.files[file]);
  // Who stops reading is left; a file that became shorter ends the connection.
  Say(1, *c, Get("/CACHE/stc/1/binaries/" + file));
  Advance(Duration::Seconds(61));
  EXPECT_TRUE(IsClosed(1));
  auto d = Connect(2);
  Say(2, *d, Get("/CACHE/stc/1/binaries/" + file));
  host.files[file].resize(100);
  for (int i = 0; i < 2; ++i) {
    server->Drained(ConnId{2});
    Shuttle(2, *d);
  }
  EXPECT_TRUE(IsClosed(2));
}

// Clients that take their files slowly: 2 KB each for a long time.
TEST_F(PortalServerTest, SlowDownloadsKeepNobodyOut) {
  const std::string file = "anyconnect-win-4.10.06079-webdeploy-k9.pkg";
  host.files[file] = std::string(1'000'000, 'f');
  limits.connections = 48;
  limits.connections_of_address = 8;
  limits.files = 30;
  limits.files_of_address = 6;
  Start();
  sink.stuck = true;
  const std::string get = Get("/CACHE/stc/1/binaries/" + file);
  const auto take = [&](int id, std::size_t octets) {
    auto& out = sink.out[ConnId(id)];
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(std::min(out.size(), octets)));
    if (out.empty()) server->Drained(ConnId(id));
  };
  std::map<int, std::unique_ptr<Client>> slow;
  const auto ask = [&](int id, const std::string& from) {
    auto c = Connect(id, from);
    if (c == nullptr) return std::string();
    c->channel.Write({reinterpret_cast<const std::uint8_t*>(get.data()), get.size()});
    const Bytes up = c->channel.ToWire();
    server->Received(ConnId(id), std::vector<std::uint8_t>(up.begin(), up.end()));
    c->channel.Sent(up.size());
    slow[id] = std::move(c);
    if (IsClosed(id)) return std::string("refused");
    take(id, SIZE_MAX);  // the head; the first part follows
    return std::string("sent");
  };
  // From one address there are six; the seventh is told to come back, as nobody is slow yet.
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(ask(i, "198.18.0.1"), "sent") << i;
  EXPECT_EQ(ask(7, "198.18.0.1"), "refused");
  EXPECT_EQ(server->counters().too_many_files, 1u);
  Shuttle(7, *slow[7]);
  EXPECT_EQ(slow[7]->heard.substr(0, 12), "HTTP/1.1 503");
  EXPECT_NE(slow[7]->heard.find("Retry-After"), std::string::npos);
  // A period later it is known who is: number 3, which makes room.
  for (int i = 1; i <= 6; ++i) take(i, i == 3 ? 12'000 : 60'000 + 1000u * static_cast<unsigned>(i));
  Advance(Duration::Seconds(10));
  EXPECT_EQ(ask(8, "198.18.0.1"), "sent");
  EXPECT_TRUE(IsClosed(3));
  EXPECT_FALSE(IsClosed(1));
  // From everywhere: no more than thirty, and places are left for others.
  for (int i = 100; i < 160; ++i) ask(i, "198.18.1." + std::to_string(i / 4));
  EXPECT_LE(server->connections(), 30u + 1u);
  auto login = Connect(900, "192.0.2.77");
  ASSERT_NE(login, nullptr);
  EXPECT_NE(Say(900, *login, PostXml(PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret")))).find("complete"), std::string::npos);
  // All of them are slower than the least: three periods, and they are gone; one that is not goes on.
  for (int s = 10; s <= 30; s += 10) {
    for (const auto& [id, c] : slow) take(id, id == 8 ? 20'000 : 9'000);
    EXPECT_EQ(IsClosed(120), s > 30) << s;
    Advance(Duration::Seconds(10));
  }
  EXPECT_TRUE(IsClosed(120));
  EXPECT_FALSE(IsClosed(8));
  EXPECT_GE(server->counters().file_slow, 20u);
  EXPECT_LE(server->connections(), 2u);
}

// Where all places are files, the slowest makes room.
TEST_F(PortalServerTest, AFileMakesRoomForAConnection) {
  const std::string file = "anyconnect-win-4.10.06079-webdeploy-k9.pkg";
  host.files[file] = std::string(1'000'000, 'f');
  limits.connections_of_address = 3;
  Start();
  sink.stuck = true;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 1; i <= 3; ++i) {
    clients.push_back(Connect(i));
    Say(i, *clients.back(), Get("/CACHE/stc/1/binaries/" + file));
    server->Drained(ConnId(i));  // the second part waits
  }
  sink.out[ConnId{1}].clear();
  sink.out[ConnId{3}].clear();
  Advance(Duration::Seconds(10));
  auto login = Connect(4);
  ASSERT_NE(login, nullptr);
  EXPECT_TRUE(IsClosed(2));
  EXPECT_FALSE(IsClosed(1));
  EXPECT_EQ(server->counters().file_made_room, 1u);
}

TEST_F(PortalServerTest, SlowPeers) {
  ASSERT_TRUE(Accept(1));  // says nothing
  auto idle = Connect(2), head = Connect(3), body = Connect(4), good = Connect(5);
  Say(3, *head, "GET / HTTP/1.1\r\nX-A: ");
  Say(4, *body, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
  for (int s = 1; s <= 40; ++s) {
    if (s < 14) Say(3, *head, "b");
    if (s < 29 && s % 4 == 0) Say(4, *body, "c");
    if (s % 10 == 0) {
      EXPECT_NE(Say(5, *good, Get("/+CSCOE+/logo.svg")).find("200 OK"), std::string::npos);
    }
    Advance(Duration::Seconds(1));
    EXPECT_EQ(IsClosed(1), s >= 15) << s;
    EXPECT_EQ(IsClosed(2), s >= 30) << s;
    EXPECT_EQ(IsClosed(3), s >= 15) << s;
    EXPECT_EQ(IsClosed(4), s >= 30) << s;
  }
  EXPECT_FALSE(IsClosed(5));
  Shuttle(3, *head);
  EXPECT_EQ(head->heard.substr(0, 12), "HTTP/1.1 408");
  EXPECT_EQ(server->counters().handshake_slow, 1u);
  EXPECT_EQ(server->counters().head_slow, 1u);
  EXPECT_EQ(server->counters().body_slow, 1u);
  EXPECT_EQ(server->counters().idle_closed, 1u);
}

TEST_F(PortalServerTest, TooLargeAndBad) {
  auto a = Connect(1), b = Connect(2), c = Connect(3);
  EXPECT_EQ(Say(1, *a, Get("/", "X: " + std::string(9000, 'x') + "\r\n")).substr(0, 12), "HTTP/1.1 431");
  EXPECT_EQ(Say(2, *b, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n").substr(0, 12), "HTTP/1.1 413");
  EXPECT_EQ(Say(3, *c, std::string("\0\1\2", 3) + "\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(IsClosed(i));
  // No TLS at all.
  ASSERT_TRUE(Accept(4));
  const std::string plain = Get("/");
  server->Received(ConnId{4}, {reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size()});
  EXPECT_TRUE(IsClosed(4));
  EXPECT_EQ(server->counters().handshake_failed, 1u);
  EXPECT_EQ(host.said.back().substr(0, 6), "725006");
}

TEST_F(PortalServerTest, RequestsOfOneConnectionEnd) {
  auto c = Connect(1);
  for (int i = 1; i < 200; ++i) ASSERT_NE(Say(1, *c, Get("/+CSCOE+/logo.svg")).find("Keep-Alive"), std::string::npos) << i;
  EXPECT_NE(Say(1, *c, Get("/+CSCOE+/logo.svg")).find("Connection: close"), std::string::npos);
  EXPECT_TRUE(IsClosed(1));
  auto d = Connect(2);
  for (int i = 0; i < 2; ++i) EXPECT_NE(Say(2, *d, PostXml(PortalHarness::Reply("", PortalHarness::Named("u", "x")))).find("Keep-Alive"), std::string::npos);
  EXPECT_NE(Say(2, *d, PostXml(PortalHarness::Reply("", PortalHarness::Named("u", "x")))).find("Connection: close"), std::string::npos) << "the third failure";
  EXPECT_TRUE(IsClosed(2));
}

TEST_F(PortalServerTest, ManyConnectionsKeepNobodyOut) {
  limits.connections = 200;
  limits.handshakes = 100;
  Start();
  // From one address: the oldest that nobody would miss goes.
  auto kept = Connect(1);
  for (int i = 2; i <= 100; ++i) {
    ASSERT_TRUE(Accept(i)) << i;
    now = now + Duration::Milliseconds(1);
  }
  EXPECT_LE(server->connections(), 64u);
  EXPECT_TRUE(IsClosed(1)) << "it was idle, and the oldest";
  auto late = Connect(101);
  EXPECT_NE(Say(101, *late, Get("/+CSCOE+/logo.svg")).find("200 OK"), std::string::npos);
  // From everywhere.
  for (int i = 200; i < 1000; ++i) ASSERT_TRUE(Accept(i, "198.18." + std::to_string(i / 250) + "." + std::to_string(i % 250))) << i;
  EXPECT_LE(server->connections(), 200u);
  auto other = Connect(1001, "192.0.2.77");
  EXPECT_NE(Say(1001, *other, Get("/+CSCOE+/logo.svg")).find("200 OK"), std::string::npos);
  EXPECT_GT(server->counters().too_many_handshakes, 0u);
  EXPECT_GT(server->counters().too_many_of_address, 0u);
  // Those who wait for AAA are not sent away.
  host.held = true;
  limits = {};
  limits.connections_of_address = 2;
  Start();
  auto one = Connect(2001), two = Connect(2002);
  Say(2001, *one, PostXml(PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret"))));
  Say(2002, *two, PostXml(PortalHarness::Reply("", PortalHarness::Named("boss", "gold"))));
  EXPECT_FALSE(Accept(2003));
  host.AnswerLater();
  Shuttle(2001, *one);
  EXPECT_NE(one->heard.find("complete"), std::string::npos);
}

TEST_F(PortalServerTest, WhoSendsOnWhileItWaitsIsLeft) {
  auto c = Connect(1);
  host.held = true;
  Say(1, *c, PostXml(PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret"))));
  for (int i = 0; i < 12 && !IsClosed(1); ++i) Say(1, *c, std::string(15'000, 'x'));
  EXPECT_TRUE(IsClosed(1));
  host.AnswerLater();
}

TEST_F(PortalServerTest, PolicyWithoutTheInterfaceEndsItsConnections) {
  auto c = Connect(1);
  EXPECT_FALSE(server->Accepted(ConnId{9}, IfId{2}, {}, {*IpAddress::Parse("203.0.113.9"), 1}));
  auto off = PortalPolicy();
  off->ssl.enabled.clear();
  server->UsePolicy(off, 916);
  EXPECT_TRUE(IsClosed(1));
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(PortalServerTest, OldReleasesNameOneEndOnly) {
  server->UsePolicy(policy, 802);
  auto c = Connect(1);
  server->Closed(ConnId{1});
  EXPECT_EQ(host.said, (std::vector<std::string>{"725001: Starting SSL handshake with client outside:203.0.113.9/10001 for TLSv1 session.",
                                                 "725012: Device chooses cipher TLS_AES_256_GCM_SHA384 for the SSL session with client "
                                                 "outside:203.0.113.9/10001",
                                                 "725002: Device completed SSL handshake with client outside:203.0.113.9/10001",
                                                 "725007: SSL session with client outside:203.0.113.9/10001 terminated."}));
}

TEST_F(PortalServerTest, ClientsOfCertificates) {
  const PrivateKey mine = *PrivateKey::NewEc(KeyType::kEcP256);
  client_context = *TlsContext::Client(TlsSettings{}, authority.Issue(mine, {{"cn", "anyuser"}}), mine);
  auto c = Connect(1);
  const std::string body = PortalHarness::Init();
  const std::string text = "POST /cert HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: AnyConnect\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  EXPECT_NE(Say(1, *c, text).find("type=\"complete\""), std::string::npos);
  EXPECT_EQ(host.last_login.user, "anyuser");
}

}  // namespace
}  // namespace sallyport
