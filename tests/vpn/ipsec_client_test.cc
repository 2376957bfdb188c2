// The client of the labs against a whole appliance, by every transport, over a wire that may lose.
#include "labs/clients/vpn_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firewall/base/checksum.h"
#include "tests/vpn/whole_appliance.h"

namespace sallyport::ipsec_client_test {
namespace {

using Raw = std::vector<std::uint8_t>;
using ::testing::HasSubstr;

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

constexpr char kHead[] =
    "ASA Version 8.2(1)\n"
    "hostname head\n"
    "interface Ethernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.2 255.255.255.0\n"
    "interface Ethernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
    "ip local pool users 10.9.9.1-10.9.9.20 mask 255.255.255.0\n"
    "route outside 0.0.0.0 0.0.0.0 203.0.113.1 1\n"
    "username anna password anna-key\n"
    "crypto ipsec transform-set strong esp-aes esp-sha-hmac\n"
    "crypto dynamic-map users 10 set transform-set strong\n"
    "crypto map outside_map 65535 ipsec-isakmp dynamic users\n"
    "crypto map outside_map interface outside\n"
    "crypto isakmp enable outside\n"
    "crypto isakmp policy 10\n authentication pre-share\n encryption aes\n hash sha\n group 2\n lifetime 86400\n"
    "crypto isakmp ipsec-over-tcp port 10000\n"
    "group-policy staff internal\n"
    "group-policy staff attributes\n vpn-tunnel-protocol IPSec\n ipsec-udp enable\n ipsec-udp-port 10000\n"
    "tunnel-group staff type remote-access\n"
    "tunnel-group staff general-attributes\n address-pool users\n default-group-policy staff\n"
    "tunnel-group staff ipsec-attributes\n pre-shared-key group-key\n isakmp keepalive threshold 10 retry 2\n"
    "group-policy plain internal\n"
    "group-policy plain attributes\n vpn-tunnel-protocol IPSec\n"
    "tunnel-group plain type remote-access\n"
    "tunnel-group plain general-attributes\n address-pool users\n default-group-policy plain\n"
    "tunnel-group plain ipsec-attributes\n pre-shared-key group-key\n isakmp keepalive threshold 10 retry 2\n";

class IpsecClientTest : public testing::Test, private ClientPorts {
 protected:
  IpsecClientTest() : head(mesh, "head", kHead, 7), entropy(99) { head.users["anna"] = "anna-key"; }

  void Connect(ClientTransport transport, const std::string& password = "anna-key", const std::string& group_password = "group-key") {
    ClientSettings s;
    s.own = Ip("192.0.2.10");
    s.server = Ip("203.0.113.2");
    s.group = transport == ClientTransport::kUdp || transport == ClientTransport::kTcp ? "staff" : "plain";
    s.group_password = group_password;
    s.user = "anna";
    s.password = password;
    s.transport = transport;
    s.own_tcp_port = 51000;
    client.reset(new VpnClient(s, *this, entropy));
    client->Begin(mesh.clock.Now());
    Pump();
  }
  // Carries packets until none is on the way.
  void Pump() {
    for (int n = 0; n < 1000; n++) {
      if (!out.empty()) {
        const Raw packet = std::move(out.front());
        out.pop_front();
        head.Feed("outside", packet);
        mesh.Settle();
      } else if (auto& host = mesh.Host(head, "outside"); !host.empty()) {
        Raw packet = std::move(host.front());
        host.erase(host.begin());
        if (lose && lose(packet)) continue;
        ToClient(packet);
      } else {
        return;
      }
    }
    ADD_FAILURE() << "they never stop";
  }
  void Run(int seconds) {
    for (int s = 0; s < seconds; s++) {
      mesh.Run(Duration::Seconds(1));
      client->Advance(mesh.clock.Now());
      Pump();
    }
  }
  void ToClient(Raw& packet) {
    Packet p;
    p.bytes = packet;
    p.wire_length = static_cast<std::uint32_t>(packet.size());
    ASSERT_EQ(ParsePacket(p), FrameDrop::kNone);
    const MutableBytes payload = p.bytes.subspan(p.payload_offset, p.IsTcp() || p.IsUdp() ? p.payload_length : 0);
    const TimePoint now = mesh.clock.Now();
    if (p.IsTcp()) client->FromTcp(p, now);
    else if (p.IsUdp()) client->FromUdp(p.key.dport, payload, now);
    else if (p.protocol == 50) client->FromEsp(p.bytes.subspan(p.l4_offset), now);
    seen[p.protocol]++;
  }
  // An echo from the user to the server behind the head office and back; did it come?
  bool Ping() {
    delivered.clear();
    MadePacket ask;
    ask.src = assigned;
    ask.dst = Ip("10.1.1.80");
    ask.protocol = 1;
    ask.sport = 8;
    ask.dport = 77;
    ask.seq = ++sequence;
    ask.payload.resize(56);
    const Raw packet = ask.Bytes();
    Raw buffer(VpnClient::kFront + packet.size() + VpnClient::kBehind);
    std::copy(packet.begin(), packet.end(), buffer.begin() + VpnClient::kFront);
    client->FromUser(buffer, VpnClient::kFront, packet.size(), mesh.clock.Now());
    Pump();
    auto& inside = mesh.Host(head, "inside");
    if (inside.empty()) return false;
    inside.clear();
    std::swap(ask.src, ask.dst);
    ask.sport = 0;
    head.Feed("inside", ask.Bytes());
    mesh.Settle();
    Pump();
    return delivered.size() == 1 && delivered[0] == ask.Bytes();
  }

  Mesh mesh;
  WholeAppliance head;
  SeededEntropy entropy;
  std::unique_ptr<VpnClient> client;
  std::deque<Raw> out;
  std::vector<Raw> delivered;
  std::function<bool(const Raw&)> lose;  // of what the head-end sends
  std::map<std::uint8_t, int> seen;      // what came to the client, by protocol
  std::vector<std::string> told;
  IpAddress assigned;
  std::vector<Prefix> networks;
  std::uint16_t sequence = 0;

 private:
  static constexpr std::size_t kIp = 20;
  void SendUdp(std::uint16_t own, std::uint16_t port, Bytes payload) override {
    MadePacket m;
    m.src = Ip("192.0.2.10");
    m.dst = Ip("203.0.113.2");
    m.sport = own;
    m.dport = port;
    m.payload.assign(payload.begin(), payload.end());
    out.push_back(m.Bytes());
  }
  void SendEsp(Bytes esp) override {
    Raw b(kIp + esp.size());
    b[0] = 0x45;
    StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
    b[8] = 64;
    b[9] = 50;
    Ip("192.0.2.10").StoreV4(&b[12]);
    Ip("203.0.113.2").StoreV4(&b[16]);
    StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b).first(kIp))));
    std::copy(esp.begin(), esp.end(), b.begin() + kIp);
    out.push_back(std::move(b));
  }
  void SendPacket(Bytes ipv4) override { out.emplace_back(ipv4.begin(), ipv4.end()); }
  void Deliver(Bytes inner) override { delivered.emplace_back(inner.begin(), inner.end()); }
  bool Up(IpAddress a, const std::vector<Prefix>& to, std::uint16_t) override {
    assigned = a;
    networks = to;
    return true;
  }
  void Tell(const std::string& line) override { told.push_back(line); }
};

struct Way {
  ClientTransport transport;
  std::uint8_t protocol;
  const char* name;
};

class EveryTransport : public IpsecClientTest, public testing::WithParamInterface<Way> {};

TEST_P(EveryTransport, ConnectsAndLosesNoMoreThanTheWireDoes) {
  Connect(GetParam().transport);
  Run(3);
  ASSERT_TRUE(client->up()) << client->reason() << (told.empty() ? "" : "; " + told.back());
  EXPECT_EQ(assigned, Ip("10.9.9.1"));
  ASSERT_EQ(networks.size(), 1u);
  EXPECT_EQ(networks[0].FamilyLength(), 0);
  EXPECT_TRUE(Ping());
  EXPECT_TRUE(Ping());
  int left = 1;
  lose = [&](const Raw& packet) { return packet[9] == GetParam().protocol && packet.size() > 120 && left-- > 0; };
  EXPECT_FALSE(Ping());
  EXPECT_TRUE(Ping());
  EXPECT_EQ(client->counters().sent, 4u);
  EXPECT_EQ(client->counters().received, 3u);
  EXPECT_GE(seen[GetParam().protocol], 3);
  const auto flows = head.tunnels->Flows(mesh.clock.Now());
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].user, "anna");
  EXPECT_EQ(flows[0].counters.decrypted, 4u);
  EXPECT_EQ(flows[0].counters.encrypted, 4u);
  // Through two hours and everything that is renewed in them.
  for (int i = 0; i < 20; i++) {
    Run(30);
    ASSERT_TRUE(Ping()) << i;
  }
  client->Stop(mesh.clock.Now());
  Pump();
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(client->reason(), "");
  Run(3);
  EXPECT_TRUE(head.service->IkeSas().empty());
  EXPECT_TRUE(head.tunnels->Flows(mesh.clock.Now()).empty());
  EXPECT_EQ(head.tunnels->TcpStats().active, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, EveryTransport,
                         testing::Values(Way{ClientTransport::kTcp, 6, "tcp"}, Way{ClientTransport::kNatT, 17, "natt"},
                                         Way{ClientTransport::kUdp, 17, "udp"}, Way{ClientTransport::kEsp, 50, "esp"}),
                         [](const auto& way) { return std::string(way.param.name); });

TEST_F(IpsecClientTest, WrongPasswordIsRefused) {
  Connect(ClientTransport::kTcp, "wrong");
  Run(30);
  EXPECT_FALSE(client->up());
  ASSERT_TRUE(client->ended());
  EXPECT_THAT(client->reason(), HasSubstr("user authentication"));
}

TEST_F(IpsecClientTest, WrongGroupPasswordIsRefused) {
  Connect(ClientTransport::kTcp, "anna-key", "wrong");
  Run(60);
  EXPECT_FALSE(client->up());
  EXPECT_TRUE(client->ended());
  EXPECT_NE(client->reason(), "");
}

TEST_F(IpsecClientTest, ServerFallsSilent) {
  Connect(ClientTransport::kTcp);
  Run(3);
  ASSERT_TRUE(client->up());
  lose = [](const Raw&) { return true; };
  Run(60);
  ASSERT_TRUE(client->ended());
  EXPECT_EQ(client->reason(), "the server does not answer any more");
}

TEST_F(IpsecClientTest, PortIsClosed) {
  head.Configure("no crypto isakmp ipsec-over-tcp port 10000");
  Connect(ClientTransport::kTcp);
  Run(20);
  ASSERT_TRUE(client->ended());
  EXPECT_THAT(client->reason(), HasSubstr("TCP port 10000"));
}

}  // namespace
}  // namespace sallyport::ipsec_client_test
