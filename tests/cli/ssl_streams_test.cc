// Sockets of TLS connections with a real plane behind them and a client at the other end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/ssl_streams.h"
#include "tests/vpn/anyconnect/plane_fixture.h"

namespace sallyport {
namespace {

class SslStreamsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = SslStreams::Open(plane);
    ASSERT_TRUE(opened) << opened.error();
    streams = std::move(*opened);
    SslClient rules;
    rules.assigned = *IpAddress::Parse("192.168.1.4");
    rules.tls_mtu = 1347;
    t = plane.Open(rules, clock.Now());
    int pair[2];
    ASSERT_TRUE(Connect(pair));
    mine = pair[0];
    auto [server, client] = vpntest::TlsPairOf();
    tls = std::make_unique<TlsChannel>(std::move(client));
    socket = pair[1];
    ASSERT_TRUE(plane.AddTls(t, 2, std::move(server), socket, use, clock.Now()));
  }
  void TearDown() override {
    if (mine >= 0) close(mine);
    plane.Close(t, clock.Now());
    streams.reset();
  }
  // A TCP connection by the loopback: the client's end, the appliance's.
  static bool Connect(int (&pair)[2]) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    sockaddr* const any = static_cast<sockaddr*>(static_cast<void*>(&a));
    if (bind(listener, any, size) != 0 || listen(listener, 1) != 0 || getsockname(listener, any, &size) != 0) return false;
    pair[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(pair[0], any, sizeof a) != 0) return false;
    pair[1] = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    close(listener);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    return pair[1] >= 0;
  }
  void Say(std::uint8_t type, Bytes payload) {
    vpntest::Raw plain(kCstpHeader);
    PutCstpHeader(plain, CstpType{type}, payload.size());
    plain.insert(plain.end(), payload.begin(), payload.end());
    ASSERT_TRUE(tls->Write(plain));
    const Bytes wire = tls->ToWire();
    ASSERT_EQ(send(mine, wire.data(), wire.size(), MSG_NOSIGNAL), static_cast<ssize_t>(wire.size()));
    tls->Sent(wire.size());
  }
  // Lets the appliance work until the client has `frames`, or the connection has ended.
  std::vector<vpntest::PlaneFrame> Hear(std::size_t frames) {
    std::vector<vpntest::PlaneFrame> heard;
    vpntest::Raw buffer(65536);
    for (int i = 0; i < 2000 && heard.size() < frames && !ended; i++) {
      pollfd wait[2] = {{streams->fd(), POLLIN, 0}, {mine, POLLIN, 0}};
      poll(wait, 2, 50);
      streams->Drain(clock.Now(), true);
      streams->Flush();
      const ssize_t n = recv(mine, buffer.data(), buffer.size(), 0);
      if (n == 0) ended = true;
      if (n <= 0) continue;
      tls->Feed(Bytes(buffer).first(static_cast<std::size_t>(n)));
      vpntest::Raw record(kTlsRecord);
      for (auto got = tls->Read(record); got && *got != 0; got = tls->Read(record)) {
        CstpFrame f;
        EXPECT_EQ(ReadCstp(Bytes(record).first(*got), f), CstpError::kNone);
        heard.push_back({f.type, vpntest::Raw(f.payload.begin(), f.payload.end())});
      }
    }
    return heard;
  }
  bool IsOpen(int fd) const { return fcntl(fd, F_GETFD) >= 0; }

  ManualClock clock;
  vpntest::Messages log;
  InspectionEngines inspections;
  Engine engine{Engine::Options{.max_connections = 1024}, clock, log, Random(1), inspections.Table()};
  SslEventQueue events;
  SslPlane plane{engine, log, events};
  std::unique_ptr<SslStreams> streams;
  std::shared_ptr<SslActivity> use = std::make_shared<SslActivity>();
  std::unique_ptr<TlsChannel> tls;
  TunnelId t{};
  int mine = -1, socket = -1;
  bool ended = false;
};

TEST_F(SslStreamsTest, QuestionsAreAnswered) {
  for (const std::size_t size : {0u, 10u, 1300u}) {
    const vpntest::Raw payload(size, 7);
    Say(3, payload);
    const auto heard = Hear(1);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0], (vpntest::PlaneFrame{4, payload}));
  }
}

// More than the kernel takes at once waits, and is sent when there is room.
TEST_F(SslStreamsTest, WhatDoesNotFitWaits) {
  const int small = 8192;
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  setsockopt(mine, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (std::uint8_t i = 0; i < 200; i++) plane.Send(t, SslWay::kTls, CstpType::kDpdRequest, vpntest::Raw(1000, i), clock.Now());
  streams->Flush();
  EXPECT_GT(plane.ToWire(socket).size(), 50'000u);
  const auto heard = Hear(200);
  ASSERT_EQ(heard.size(), 200u);
  for (std::uint8_t i = 0; i < 200; i++) EXPECT_EQ(heard[i].payload, vpntest::Raw(1000, i));
  EXPECT_TRUE(plane.ToWire(socket).empty());
  Say(3, {});
  EXPECT_EQ(Hear(1).size(), 1u);
}

TEST_F(SslStreamsTest, LastWordsArriveAndTheSocketIsClosed) {
  plane.Drop(t, SslWay::kTls, SslLastFrame{CstpType::kDisconnect, {0xb0, 'b', 'y', 'e'}}, clock.Now());
  const auto heard = Hear(2);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].payload, (vpntest::Raw{0xb0, 'b', 'y', 'e'}));
  EXPECT_TRUE(ended);
  EXPECT_TRUE(IsOpen(socket));  // what the client may have under way would be answered by a reset
  ASSERT_EQ(send(mine, "late", 4, MSG_NOSIGNAL), 4);
  close(std::exchange(mine, -1));
  for (int i = 0; i < 200 && IsOpen(socket); i++) {
    pollfd wait{streams->fd(), POLLIN, 0};
    poll(&wait, 1, 50);
    streams->Drain(clock.Now(), true);
  }
  EXPECT_FALSE(IsOpen(socket));
  EXPECT_TRUE(events.Take().empty());
}

TEST_F(SslStreamsTest, AClientThatGoesIsTold) {
  close(std::exchange(mine, -1));
  std::deque<SslEvent> told;
  for (int i = 0; i < 200 && told.empty(); i++) {
    pollfd wait{streams->fd(), POLLIN, 0};
    poll(&wait, 1, 50);
    streams->Drain(clock.Now(), true);
    told = events.Take();
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].what, SslEvent::What::kTlsClosed);
  EXPECT_EQ(told[0].number, 2u);
  EXPECT_FALSE(IsOpen(socket));
}

}  // namespace
}  // namespace sallyport
