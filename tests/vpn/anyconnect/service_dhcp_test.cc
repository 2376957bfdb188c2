// CONNECT while a DHCP server is asked for the address, and accounting between begin and end.
#include "ssl_fakes.h"
#include "tests/vpn/aaa/radius_server.h"
#include "vpn/dhcp_proxy.h"

namespace sallyport {
namespace {

struct OneDhcpServer final : DhcpTransport {
  void Send(const DhcpWay&, IpAddress, Bytes message) override { sent.push_back(*ReadDhcp(message)); }
  std::vector<DhcpMessage> sent;
};

class SslDhcpTest : public SslServiceTest {
 protected:
  SslDhcpTest() {
    pools.UseDhcp(&proxy);
    vpn->ssl.groups["staff"].dhcp_servers = {SslIp("10.1.1.10")};
    Use();
  }
  void Answer(DhcpType type, const char* address = "10.7.0.5") {
    DhcpMessage m = server.sent.back();
    m.reply = true;
    m.type = type;
    m.yours = SslIp(address);
    m.mask = SslIp("255.255.0.0");
    m.server = SslIp("10.1.1.10");
    m.lease_s = 600;
    m.requested = {};
    const auto bytes = WriteDhcp(m);
    proxy.Receive(SslIp("10.1.1.10"), m.relay, bytes);
  }
  void Begin(const std::string& token) {
    TunnelRequest r;
    r.request.token = token;
    r.request.base_mtu = 1500;
    r.from = From();
    service.Connect(std::move(r), [this](TunnelMade m) { made.push_back(std::move(m)); });
  }
  std::vector<TunnelMade> made;
  OneDhcpServer server;
  DhcpProxy proxy{{server, logger, entropy, pools, [this] { return Times{clock.Now(), real}; },
                   [](IpAddress) -> std::optional<DhcpWay> { return DhcpWay{"inside", SslIp("10.1.1.1")}; }, [](IpAddress) {}}};
};

TEST_F(SslDhcpTest, ConnectWaitsForTheServer) {
  const auto login = Login();
  Begin(login.token);
  EXPECT_TRUE(made.empty());
  Answer(DhcpType::kOffer);
  Answer(DhcpType::kAck);
  ASSERT_EQ(made.size(), 1u);
  ASSERT_TRUE(made[0].accepted);
  EXPECT_EQ(made[0].answer.address, SslIp("10.7.0.5"));
  EXPECT_EQ(made[0].answer.netmask, SslIp("255.255.0.0"));
  service.Logoff(login.index, "Administrator Reset");
  EXPECT_EQ(server.sent.back().type, DhcpType::kRelease);
  EXPECT_EQ(Logged("737015").size(), 1u);
}

TEST_F(SslDhcpTest, SilenceLeadsToThePoolAndWithoutOneToNothing) {
  Begin(Login().token);
  for (int i = 0; i < 14; i++) {
    Step(1);
    proxy.Tick();
  }
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].answer.address, SslIp("10.9.0.1"));
  vpn->groups["staff"].address_pools.clear();
  Use();
  Begin(Login("bob").token);
  for (int i = 0; i < 14; i++) {
    Step(1);
    proxy.Tick();
  }
  ASSERT_EQ(made.size(), 2u);
  EXPECT_FALSE(made[1].accepted);
  EXPECT_EQ(made[1].refusal.status, 503);
}

TEST_F(SslDhcpTest, ASessionThatEndsMeanwhileGivesTheAddressBack) {
  const auto login = Login();
  Begin(login.token);
  Answer(DhcpType::kOffer);
  service.Logoff(login.index, "Administrator Reset");
  Answer(DhcpType::kAck);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].refusal.status, 401);
  EXPECT_EQ(server.sent.back().type, DhcpType::kRelease);
  EXPECT_EQ(proxy.size(), 0u);
}

TEST_F(SslDhcpTest, TwoConnectsOfOneSessionKeepOneAddress) {
  const auto login = Login();
  Begin(login.token);
  const DhcpMessage first = server.sent.back();
  Begin(login.token);
  Answer(DhcpType::kOffer, "10.7.0.6");
  Answer(DhcpType::kAck, "10.7.0.6");
  server.sent.push_back(first);
  Answer(DhcpType::kOffer, "10.7.0.5");
  Answer(DhcpType::kAck, "10.7.0.5");
  ASSERT_EQ(made.size(), 2u);
  EXPECT_TRUE(made[1].accepted);
  EXPECT_EQ(made[1].answer.address, SslIp("10.7.0.6"));
  EXPECT_EQ(server.sent.back().type, DhcpType::kRelease);
  EXPECT_EQ(proxy.size(), 1u);
}

TEST_F(SslDhcpTest, NoDhcpWhereItIsForbiddenOrTheUserHasAnAddress) {
  vpn->assign.dhcp = false;
  Use();
  Begin(Login().token);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].answer.address, SslIp("10.9.0.1"));
  EXPECT_TRUE(server.sent.empty());
}

}  // namespace
}  // namespace sallyport
