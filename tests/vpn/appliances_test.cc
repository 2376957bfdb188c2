// Two whole appliances and a tunnel between them: the founding case's configuration (8.2, 3DES, MD5, group 2), each end mirrored, and
// the same with IKEv2 (9.8, AES-GCM, group 14).
#include "tests/vpn/whole_appliance.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

std::string Site(int mine, int other, const std::string& more = {}) {
  const std::string me = std::to_string(mine), you = std::to_string(other);
  return "ASA Version 8.2(1)\n"
         "hostname asa" + me + "\n"
         "interface Ethernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2." + me + " 255.255.255.0\n"
         "interface Ethernet0/1\n nameif inside\n security-level 100\n ip address 10." + me + ".0.1 255.255.0.0\n"
         "access-list 100 extended permit ip 10." + me + ".0.0 255.255.0.0 10." + you + ".0.0 255.255.0.0\n"
         "route outside 10." + you + ".0.0 255.255.0.0 192.0.2." + you + " 1\n" + more +
         "crypto ipsec transform-set set esp-3des esp-md5-hmac\n"
         "crypto map map 10 match address 100\n"
         "crypto map map 10 set peer 192.0.2." + you + "\n"
         "crypto map map 10 set transform-set set\n"
         "crypto map map interface outside\n"
         "crypto isakmp enable outside\n"
         "crypto isakmp policy 10\n authentication pre-share\n encryption 3des\n hash md5\n group 2\n lifetime 86400\n"
         "tunnel-group 192.0.2." + you + " type ipsec-l2l\n"
         "tunnel-group 192.0.2." + you + " ipsec-attributes\n pre-shared-key between-us\n";
}

// In 9.8, by version of IKE.
std::string Site9(int mine, int other, bool v2, bool v1) {
  const std::string me = std::to_string(mine), you = std::to_string(other);
  std::string text =
      "ASA Version 9.8(2)\n"
      "hostname asa" + me + "\n"
      "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2." + me + " 255.255.255.0\n"
      "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10." + me + ".0.1 255.255.0.0\n"
      "access-list 100 extended permit ip 10." + me + ".0.0 255.255.0.0 10." + you + ".0.0 255.255.0.0\n"
      "route outside 10." + you + ".0.0 255.255.0.0 192.0.2." + you + " 1\n"
      "crypto ipsec ikev1 transform-set set esp-aes esp-sha-hmac\n"
      "crypto ipsec ikev2 ipsec-proposal prop\n protocol esp encryption aes-gcm-256\n protocol esp integrity null\n"
      "crypto map map 10 match address 100\n"
      "crypto map map 10 set peer 192.0.2." + you + "\n";
  if (v1) text += "crypto map map 10 set ikev1 transform-set set\n";
  if (v2) text += "crypto map map 10 set ikev2 ipsec-proposal prop\n";
  text += "crypto map map interface outside\n";
  if (v2) text += "crypto ikev2 policy 1\n encryption aes-256\n integrity sha256\n group 14\n prf sha256\n lifetime seconds 86400\n"
                  "crypto ikev2 enable outside\n";
  if (v1) text += "crypto ikev1 enable outside\n"
                  "crypto ikev1 policy 10\n authentication pre-share\n encryption aes\n hash sha\n group 5\n lifetime 86400\n";
  return text + "tunnel-group 192.0.2." + you + " type ipsec-l2l\n"
         "tunnel-group 192.0.2." + you + " ipsec-attributes\n"
         " ikev1 pre-shared-key between-us\n"
         " ikev2 remote-authentication pre-shared-key key-of-" + you + "\n"
         " ikev2 local-authentication pre-shared-key key-of-" + me + "\n";
}

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

class Appliances : public testing::Test {
 protected:
  void Build(const std::string& more_a = {}, const std::string& more_b = {}) {
    a = std::make_unique<WholeAppliance>(mesh, "a", Site(1, 2, more_a), 1);
    b = std::make_unique<WholeAppliance>(mesh, "b", Site(2, 1, more_b), 2);
    mesh.Connect({a.get(), "outside"}, {b.get(), "outside"});
  }
  void Build9(bool v2_a, bool v1_a, bool v2_b, bool v1_b) {
    a = std::make_unique<WholeAppliance>(mesh, "a", Site9(1, 2, v2_a, v1_a), 1);
    b = std::make_unique<WholeAppliance>(mesh, "b", Site9(2, 1, v2_b, v1_b), 2);
    mesh.Connect({a.get(), "outside"}, {b.get(), "outside"});
  }
  // One echo from the host behind `a`, and whether its answer came back.
  bool Ping() {
    MadePacket request{Ip("10.1.0.10"), Ip("10.2.0.10"), 1, 8, 77, ++sequence_, 0, 0, {'p', 'i', 'n', 'g'}};
    auto &far = mesh.Host(*b, "inside"), &near = mesh.Host(*a, "inside");
    far.clear();
    near.clear();
    a->Feed("inside", request.Bytes());
    mesh.Settle();
    if (far.empty()) return false;
    EXPECT_EQ(far.size(), 1u);
    MadePacket answer{Ip("10.2.0.10"), Ip("10.1.0.10"), 1, 0, 77, sequence_, 0, 0, {'p', 'i', 'n', 'g'}};
    b->Feed("inside", answer.Bytes());
    mesh.Settle();
    return near.size() == 1;
  }
  void Up() {
    Ping();
    mesh.Run(Duration::Seconds(2));
    ASSERT_TRUE(Ping());
  }
  // A TCP connection from a host behind `a` to one behind `b`: the handshake, and its numbers.
  void Open(std::uint16_t port) {
    Tcp(true, port, 1000, 0, kTcpSyn);
    Tcp(false, port, 5000, 1001, kTcpSyn | kTcpAck);
    Tcp(true, port, 1001, 5001, kTcpAck);
  }
  // True: it came out at the other end.
  bool Tcp(bool forward, std::uint16_t port, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags, std::size_t length = 0) {
    // Sequence numbers are translated on the way: what a host sees of the other is kept.
    MadePacket m;
    m.protocol = 6;
    m.src = forward ? Ip("10.1.0.10") : Ip("10.2.0.10");
    m.dst = forward ? Ip("10.2.0.10") : Ip("10.1.0.10");
    m.sport = forward ? port : 80;
    m.dport = forward ? 80 : port;
    m.seq = seq;
    m.ack = (flags & kTcpAck) == 0 ? 0 : ack + (forward ? shift_b_ : shift_a_);
    m.flags = flags;
    m.payload.assign(length, 'x');
    WholeAppliance& from = forward ? *a : *b;
    auto& out = mesh.Host(forward ? *b : *a, "inside");
    out.clear();
    from.Feed("inside", m.Bytes());
    mesh.Settle();
    if (out.empty()) return false;
    const std::uint32_t arrived = LoadBe32(&out.back()[24]);
    (forward ? shift_a_ : shift_b_) = arrived - seq;
    return true;
  }

  Mesh mesh;
  std::unique_ptr<WholeAppliance> a, b;
  std::uint32_t shift_a_ = 0, shift_b_ = 0;
  std::uint16_t sequence_ = 0;
};

// What is alike in both versions of IKE.
class EachVersion : public Appliances, public testing::WithParamInterface<int> {
 protected:
  bool v2() const { return GetParam() == 2; }
  void BuildOne() {
    if (v2()) Build9(true, false, true, false);
    else Build();
  }
};

INSTANTIATE_TEST_SUITE_P(Ike, EachVersion, testing::Values(1, 2));

TEST_P(EachVersion, TheFirstPacketIsLostAndBringsTheTunnelUp) {
  BuildOne();
  EXPECT_TRUE(a->service->IkeSas().empty());
  EXPECT_FALSE(Ping());
  mesh.Run(Duration::Seconds(2));
  for (const auto& box : {a.get(), b.get()}) {
    const auto sas = box->service->IkeSas();
    ASSERT_EQ(sas.size(), 1u) << box->name;
    EXPECT_EQ(sas[0].version, GetParam());
    EXPECT_EQ(sas[0].state, v2() ? IkeState::kReady : IkeState::kMainActive);
    EXPECT_EQ(sas[0].cipher, v2() ? VpnCipher::kAes256 : VpnCipher::k3Des);
    EXPECT_EQ(sas[0].dh_group, v2() ? 14 : 2);
    EXPECT_EQ(sas[0].initiator, box == a.get());
    EXPECT_EQ(sas[0].children.size(), v2() ? 1u : 0u);
    const auto sessions = box->service->Sessions();
    ASSERT_EQ(sessions.size(), 1u);
    ASSERT_EQ(sessions[0].tunnels.size(), 2u);
    EXPECT_EQ(sessions[0].tunnels[0].kind, v2() ? VpnTunnelKind::kIkev2 : VpnTunnelKind::kIkev1);
    EXPECT_EQ(sessions[0].tunnels[1].cipher, v2() ? VpnCipher::kAesGcm256 : VpnCipher::k3Des);
    EXPECT_EQ(box->Logged("602303").size(), 2u);
    for (const char* number : {"713119", "713120"}) EXPECT_EQ(box->Logged(number).size(), v2() ? 0u : 1u);
    EXPECT_EQ(box->Logged("750006").size(), v2() ? 1u : 0u);
    const auto flows = box->service->IpsecFlows();
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].interface, "outside");
    EXPECT_EQ(flows[0].inbound.size(), 1u);
  }
  for (const char* number : {"752003", "752016"}) EXPECT_EQ(a->Logged(number).size(), v2() ? 1u : 0u);
  EXPECT_EQ(b->Logged("750002").size(), v2() ? 1u : 0u);
  for (int i = 0; i < 5; i++) EXPECT_TRUE(Ping()) << i;
  EXPECT_EQ(mesh.crossed[1], 0u) << "nothing crosses in the clear";
  EXPECT_EQ(mesh.crossed[50], 10u);
  const auto flows = a->service->IpsecFlows();
  EXPECT_EQ(flows.at(0).counters.encrypted, 5u);
  EXPECT_EQ(flows.at(0).counters.decrypted, 5u);
  const auto contexts = a->service->Contexts();
  ASSERT_EQ(contexts.size(), 2u);
  EXPECT_FALSE(contexts[0].preserve);
  EXPECT_EQ(a->service->Sessions().at(0).traffic.tx_packets, 5u);
  EXPECT_FALSE(a->key_log.empty());
  // What the engine was asked for all that.
  const CryptoStatsView stats = a->service->CryptoStats();
  const CryptoRequests& ike = v2() ? stats.ikev2 : stats.ikev1;
  EXPECT_EQ(a->service->Stats(static_cast<std::uint8_t>(GetParam())).active_tunnels, 1u);
  EXPECT_EQ(ike.sas_created, 1u);
  EXPECT_EQ(ike.keys_allocated, 2u);
  EXPECT_EQ(ike.encrypted, v2() ? 1u : 3u);  // IKE_AUTH; messages 5 of main mode, 1 and 3 of quick mode
  EXPECT_EQ(ike.decrypted, v2() ? 1u : 2u);
  EXPECT_GT(ike.hmacs, 0u);
  EXPECT_EQ(ike.failed, 0u);
  EXPECT_EQ(stats.ipsec.encrypted, 5u);
  EXPECT_EQ(stats.ipsec.decrypted, 5u);
  EXPECT_EQ(stats.ipsec.sas_created, 2u);
  EXPECT_EQ(stats.encrypted_bytes, stats.out_bytes);
  EXPECT_GT(stats.dh_secrets, 0u);
}

TEST_P(EachVersion, PairsAndIkeSasAreReplacedWithoutLosingAPacket) {
  BuildOne();
  a->Configure("crypto ipsec security-association lifetime seconds 120");
  for (WholeAppliance* box : {a.get(), b.get()}) {
    box->Configure(v2() ? "crypto ikev2 policy 1\nlifetime seconds 200" : "crypto isakmp policy 10\nlifetime 200");
  }
  Up();
  std::set<std::uint32_t> spis;
  std::set<std::uint64_t> sas;
  for (int i = 0; i < 600; i++) {
    mesh.Run(Duration::Seconds(1));
    EXPECT_TRUE(Ping()) << "second " << i;
    for (const auto& f : a->service->IpsecFlows()) {
      for (const auto& e : f.inbound) spis.insert(e.spi);
    }
    for (const auto& v : a->service->IkeSas()) sas.insert(v.local_spi);
  }
  EXPECT_GE(spis.size(), 5u);
  EXPECT_GE(sas.size(), 3u);
  EXPECT_EQ(a->service->Sessions().size(), 1u);
  EXPECT_LE(a->service->Contexts().size(), 4u);
  EXPECT_TRUE(a->Logged("113019").empty());
  EXPECT_TRUE(b->Logged("113019").empty());
}

TEST_P(EachVersion, APeerThatIsGoneIsMissed) {
  BuildOne();
  Up();
  mesh.passes = [](const WholeAppliance&, const std::vector<std::uint8_t>&) { return false; };
  mesh.Run(Duration::Seconds(60));
  EXPECT_TRUE(a->service->IkeSas().empty());
  EXPECT_TRUE(a->service->Contexts().empty());
  ASSERT_EQ(a->Logged("113019").size(), 1u);
  EXPECT_NE(a->Logged("113019")[0].find("Reason: Lost Service"), std::string::npos) << a->Logged("113019")[0];
  mesh.passes = {};
  Ping();
  mesh.Run(Duration::Seconds(3));
  EXPECT_TRUE(Ping());
}

TEST_P(EachVersion, ClearedByTheOperatorThePeerHearsOfIt) {
  BuildOne();
  Up();
  EXPECT_EQ(a->service->Clear({}), 1u);
  mesh.Settle();
  EXPECT_TRUE(a->service->IkeSas().empty());
  EXPECT_TRUE(b->service->IkeSas().empty());
  EXPECT_TRUE(b->service->Contexts().empty());
  EXPECT_NE(a->Logged("113019").at(0).find("Reason: Administrator Reset"), std::string::npos);
  EXPECT_NE(b->Logged("113019").at(0).find("Reason: User Requested"), std::string::npos);
  EXPECT_FALSE(Ping());
  mesh.Run(Duration::Seconds(2));
  EXPECT_TRUE(Ping());
}

// The clock is moved over everything at once: the tunnel was idle before its lifetimes ended.
TEST_P(EachVersion, WhatWasDueFirstEndsTheTunnel) {
  BuildOne();
  Up();
  mesh.Run(Duration::Seconds(200'000), Duration::Seconds(200'000));
  ASSERT_EQ(a->Logged("113019").size(), 1u);
  EXPECT_NE(a->Logged("113019")[0].find("Reason: Idle Timeout"), std::string::npos) << a->Logged("113019")[0];
}

TEST_F(Appliances, AWrongKeyBringsNothingUp) {
  Build();
  b->Configure("tunnel-group 192.0.2.1 ipsec-attributes\npre-shared-key another");
  Ping();
  mesh.Run(Duration::Seconds(60));
  EXPECT_FALSE(Ping());
  EXPECT_TRUE(a->service->IpsecFlows().empty());
  EXPECT_TRUE(b->service->IpsecFlows().empty());
}

TEST_F(Appliances, ConnectionsEndWithTheirTunnel) {
  Build();
  Up();
  Open(3000);
  EXPECT_TRUE(Tcp(true, 3000, 1001, 5001, kTcpAck | kTcpPsh, 100));
  ASSERT_EQ(a->Conns(6).size(), 1u);
  a->service->Clear({});
  mesh.Run(Duration::Seconds(1));
  EXPECT_TRUE(a->Conns(6).empty());
  EXPECT_TRUE(b->Conns(6).empty());
  ASSERT_EQ(a->Logged("302014").size(), 1u);
  EXPECT_NE(a->Logged("302014")[0].find("Tunnel has been torn down"), std::string::npos);
}

TEST_F(Appliances, PreservedConnectionsGoOnWhenTheTunnelIsBack) {
  Build("sysopt connection preserve-vpn-flows\n", "sysopt connection preserve-vpn-flows\n");
  Up();
  Open(3000);
  EXPECT_TRUE(Tcp(true, 3000, 1001, 5001, kTcpAck | kTcpPsh, 100));
  const auto before = a->Conns(6);
  ASSERT_EQ(before.size(), 1u);
  EXPECT_TRUE(a->service->Contexts().at(0).preserve);
  a->service->Clear({});
  mesh.Settle();
  ASSERT_EQ(a->Conns(6).size(), 1u);
  ASSERT_EQ(b->Conns(6).size(), 1u);
  // The next segment waits for the tunnel, and asks for it.
  EXPECT_FALSE(Tcp(true, 3000, 1101, 5001, kTcpAck | kTcpPsh, 100));
  mesh.Run(Duration::Seconds(3));
  EXPECT_TRUE(Tcp(true, 3000, 1101, 5001, kTcpAck | kTcpPsh, 100));
  EXPECT_TRUE(Tcp(false, 3000, 5001, 1201, kTcpAck | kTcpPsh, 50));
  EXPECT_EQ(a->Conns(6).at(0).conn.id, before[0].conn.id);
  EXPECT_TRUE(a->Logged("302014").empty());
}

TEST_F(Appliances, AnIdleTunnelGoes) {
  Build();
  Up();
  mesh.Run(Duration::Seconds(1790), Duration::Seconds(1));
  EXPECT_EQ(a->service->Sessions().size(), 1u);
  mesh.Run(Duration::Seconds(30), Duration::Seconds(1));
  EXPECT_TRUE(a->service->Sessions().empty());
  EXPECT_TRUE(b->service->Sessions().empty());
  EXPECT_EQ(a->Logged("113019").size(), 1u);
}

TEST_F(Appliances, ManyPacketsAreLostAndItComesUpAllTheSame) {
  Build();
  std::uint32_t n = 0;
  mesh.passes = [&](const WholeAppliance&, const std::vector<std::uint8_t>& p) { return p[9] != 17 || ++n % 3 != 0; };
  Ping();
  mesh.Run(Duration::Seconds(60));
  mesh.passes = {};
  EXPECT_TRUE(Ping());
}

TEST_F(Appliances, UdpIsNotPreserved) {
  Build("sysopt connection preserve-vpn-flows\n", "sysopt connection preserve-vpn-flows\n");
  Up();
  MadePacket question{Ip("10.1.0.10"), Ip("10.2.0.10"), 17, 4000, 5000, 0, 0, 0, {'?'}};
  a->Feed("inside", question.Bytes());
  mesh.Settle();
  ASSERT_EQ(a->Conns(17).size(), 1u);
  a->service->Clear({});
  mesh.Settle();
  EXPECT_TRUE(a->Conns(17).empty());
  EXPECT_TRUE(b->Conns(17).empty());
}

TEST_F(Appliances, ThePeerKnowsVersion1Only) {
  Build9(true, true, false, true);
  Ping();
  // IKEv2 goes unanswered until it gives up.
  mesh.Run(Duration::Seconds(240));
  EXPECT_TRUE(Ping());
  const auto sas = a->service->IkeSas();
  ASSERT_EQ(sas.size(), 1u);
  EXPECT_EQ(sas[0].version, 1);
  EXPECT_EQ(a->Logged("752012").size(), 1u);
  EXPECT_EQ(a->Logged("752014").size(), 1u);
  EXPECT_EQ(a->Logged("752016").size(), 1u);
  EXPECT_TRUE(a->Logged("752015").empty());
}

// The head office knows nothing of the branch but a key for everybody: a dynamic map, and a route that comes with the tunnel.
TEST_F(Appliances, ADynamicMapWithReverseRoutes) {
  const std::string head =
      "ASA Version 8.2(1)\n"
      "hostname head\n"
      "interface Ethernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.2 255.255.255.0\n"
      "interface Ethernet0/1\n nameif inside\n security-level 100\n ip address 10.2.0.1 255.255.0.0\n"
      "crypto ipsec transform-set set esp-3des esp-md5-hmac\n"
      "crypto dynamic-map branches 10 set transform-set set\n"
      "crypto dynamic-map branches 10 set reverse-route\n"
      "crypto map map 65535 ipsec-isakmp dynamic branches\n"
      "crypto map map interface outside\n"
      "crypto isakmp enable outside\n"
      "crypto isakmp policy 10\n authentication pre-share\n encryption 3des\n hash md5\n group 2\n lifetime 86400\n"
      "tunnel-group DefaultL2LGroup ipsec-attributes\n pre-shared-key between-us\n";
  a = std::make_unique<WholeAppliance>(mesh, "a", Site(1, 2), 1);
  b = std::make_unique<WholeAppliance>(mesh, "b", head, 2);
  mesh.Connect({a.get(), "outside"}, {b.get(), "outside"});
  EXPECT_EQ(b->policy->routes.Find(Ip("10.1.0.10")), nullptr);
  Up();
  EXPECT_EQ(b->service->Sessions().at(0).name, "DefaultL2LGroup");
  const Route* back = b->policy->routes.Find(Ip("10.1.0.10"));
  ASSERT_NE(back, nullptr);
  EXPECT_EQ(back->destination, Prefix::Of(Ip("10.1.0.0"), 16));
  EXPECT_EQ(back->gateway, Ip("192.0.2.1"));
  a->service->Clear({});
  mesh.Run(Duration::Seconds(1));
  EXPECT_EQ(b->policy->routes.Find(Ip("10.1.0.10")), nullptr);
}

}  // namespace
}  // namespace sallyport
