// Aggressive mode, certificates, and remote access of IKE version 1.
#include <gtest/gtest.h>

#include "tests/vpn/ike/v1_pair.h"
#include "vpn/crypto/certificates.h"

namespace sallyport {
namespace {

using namespace ike_test;

std::shared_ptr<VpnPolicy> Aggressive(const L2lEnd& end) {
  auto policy = L2lPolicy(end);
  policy->entries[0].aggressive = true;
  return policy;
}

TEST(V1Aggressive, LanToLan) {
  for (const bool lossy : {false, true}) {
    V1Pair pair(21);
    pair.a.UsePolicy(Aggressive({}));
    pair.faults.lose = lossy ? 30 : 0;
    for (int i = 0; i < 10 && pair.a.Current() == nullptr; ++i) {
      pair.Need(pair.a);
      pair.Run(Duration::Seconds(lossy ? 60 : 2));
    }
    ExpectUp(pair);
    EXPECT_EQ(pair.a.core().Views(pair.times).at(0).state, IkeState::kAggressiveActive);
    EXPECT_EQ(pair.b.core().Views(pair.times).at(0).state, IkeState::kAggressiveActive);
  }
}

TEST(V1Aggressive, BehindNat) {
  V1Pair pair(22);
  pair.nat = Ip("198.51.100.9");
  pair.a.UsePolicy(Aggressive({}));
  auto policy = L2lPolicy(Mirror({}));
  policy->entries[0].peers = {*pair.nat};
  pair.b.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(2));
  ExpectUp(pair);
  EXPECT_EQ(pair.b.children.begin()->second.sa->encapsulation, EspEncapsulation::kNatT);
}

TEST(V1Aggressive, DisabledIsNotAnswered) {
  V1Pair pair(23);
  pair.a.UsePolicy(Aggressive({}));
  auto policy = L2lPolicy(Mirror({}));
  policy->aggressive_disabled = true;
  pair.b.UsePolicy(policy);
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(50));
  EXPECT_TRUE(pair.b.sent.empty());
  ExpectDown(pair);
}

TEST(V1Aggressive, WrongKey) {
  V1Pair pair(24);
  L2lEnd other;
  other.psk = "other";
  pair.a.UsePolicy(Aggressive(other));
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(50));
  ExpectDown(pair);
  EXPECT_TRUE(pair.a.Said("ERROR, had problems decrypting packet, probably due to mismatched pre-shared key.  Aborting"));
}

// --- certificates

struct Identity {
  PrivateKey key;
  Certificate certificate;
  explicit Identity(const std::string& name) {
    key = *PrivateKey::NewRsa(2048);
    const std::uint8_t serial[] = {7};
    certificate =
        *Certificate::SelfSigned(key, {{"cn", name}, {"ou", "vpn-users"}}, {name}, 1'700'000'000, 1'900'000'000, serial);
  }
};

void UseCertificates(End& end, VpnPolicy& policy, const Identity& own, const Identity& other) {
  Trustpoint t;
  t.name = "tp";
  t.identity_pem = own.certificate.ToPem();
  t.ca_pem = other.certificate.ToPem();
  t.key_name = "key";
  policy.trustpoints["tp"] = t;
  policy.ikev1_policies[0].auth = VpnAuth::kRsaCertificate;
  for (auto& [name, group] : policy.groups) group.ikev1_trustpoint = "tp";
  end.keys["key"] = own.key;
}

TEST(V1Certificates, MainAndAggressiveMode) {
  const Identity a("asa1.example.com"), b("asa2.example.com"), stranger("evil.example.com");
  for (const bool aggressive : {false, true}) {
    for (const bool good : {true, false}) {
      V1Pair pair(25);
      auto policy_a = aggressive ? Aggressive({}) : L2lPolicy({});
      auto policy_b = L2lPolicy(Mirror({}));
      UseCertificates(pair.a, *policy_a, good ? a : stranger, b);
      UseCertificates(pair.b, *policy_b, b, a);
      pair.a.UsePolicy(policy_a);
      pair.b.UsePolicy(policy_b);
      pair.Need(pair.a);
      pair.Run(Duration::Seconds(3));
      if (good) {
        ExpectUp(pair);
        EXPECT_EQ(pair.a.peers.begin()->second.auth, VpnAuth::kRsaCertificate);
      } else {
        EXPECT_TRUE(pair.b.Said("Certificate validation failed"));
        EXPECT_EQ(pair.b.children.size(), 0u);
      }
    }
  }
}

TEST(V1Certificates, ExpiredIsRefused) {
  const Identity a("asa1.example.com"), b("asa2.example.com");
  V1Pair pair(26);
  auto policy_a = L2lPolicy({}), policy_b = L2lPolicy(Mirror({}));
  UseCertificates(pair.a, *policy_a, a, b);
  UseCertificates(pair.b, *policy_b, b, a);
  pair.a.UsePolicy(policy_a);
  pair.b.UsePolicy(policy_b);
  pair.b.wall = 1'950'000'000;
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(3));
  EXPECT_EQ(pair.b.children.size(), 0u);
  EXPECT_TRUE(pair.b.Said("Certificate validation failed: certificate has expired"));
}

// --- remote access: end a is a hardware client, end b the head-end

struct RemoteAccess : V1Pair {
  explicit RemoteAccess(std::uint64_t seed, bool network_extension = false,
                        TunnelGroup::UserAuth auth = TunnelGroup::UserAuth::kXauth)
      : V1Pair(seed) {
    auto client = L2lPolicy({});
    client->entries.clear();
    client->ikev1_policies.clear();
    client->client.enabled = true;
    client->client.servers = {Ip("192.0.2.2")};
    client->client.network_extension = network_extension;
    client->client.group = "vpnusers";
    client->client.group_password = "groupkey";
    client->client.user = "ann";
    client->client.password = "secret";
    client->client.outside = IfId{1};
    client->client.inside = IfId{2};
    client_policy = client;
    auto server = L2lPolicy(Mirror({}));
    CryptoMapEntry& e = server->entries[0];
    e.dynamic = true;
    e.match = nullptr;
    e.peers.clear();
    TunnelGroup group;
    group.name = "vpnusers";
    group.ikev1_psk = "groupkey";
    group.user_auth = auth;
    group.address_pools = {"pool"};
    group.default_group_policy = "users";
    server->groups[group.name] = group;
    VpnGroupPolicy policy = server->group_policies["DfltGrpPolicy"];
    policy.name = "users";
    policy.banner = "Welcome";
    policy.dns = {Ip("10.2.0.53")};
    policy.default_domain = "example.com";
    server->group_policies["users"] = policy;
    server_policy = server;
    b.on_question = [](const UserQuestion& q) {
      UserAnswer answer;
      answer.accepted = q.user == "ann" && q.password == "secret" && q.tunnel_group == "vpnusers";
      return answer;
    };
    b.next_address = AssignedAddress{Ip("10.99.0.1"), Ip("255.255.255.0")};
  }
  void Go(Duration d = Duration::Seconds(3)) {
    b.UsePolicy(server_policy);
    a.UsePolicy(client_policy);
    Run(d);
  }
  std::shared_ptr<VpnPolicy> client_policy, server_policy;
};

TEST(V1RemoteAccess, ClientMode) {
  RemoteAccess pair(31);
  pair.Go();
  ExpectUp(pair);
  ASSERT_EQ(pair.b.peers.size(), 1u) << pair.Said(pair.b);
  const IkePeerUp& up = pair.b.peers.begin()->second;
  EXPECT_EQ(up.user, "ann");
  EXPECT_EQ(up.tunnel_group, "vpnusers");
  EXPECT_EQ(up.group_policy, "users");
  EXPECT_EQ(up.assigned, Ip("10.99.0.1"));
  EXPECT_FALSE(up.lan_to_lan);
  EXPECT_TRUE(up.aggressive);
  const ChildSa& sa = *pair.b.children.begin()->second.sa;
  EXPECT_EQ(sa.user, "ann");
  EXPECT_EQ(sa.assigned, Ip("10.99.0.1"));
  EXPECT_EQ(sa.key.remote[0].addresses.first, Ip("10.99.0.1"));
  EXPECT_FALSE(sa.lan_to_lan);
  EXPECT_TRUE(pair.b.Said("Group = vpnusers, Username = ann, IP = 192.0.2.1, User (ann) authenticated."));
  EXPECT_TRUE(pair.b.Said("Assigned private IP address 10.99.0.1 to remote user"));
  // The address is given back when the user goes.
  IkeClear clear;
  pair.a.core().Clear(clear, pair.times);
  pair.Run(Duration::Seconds(2));
  EXPECT_EQ(pair.core_b().sas(), 0u);
  ASSERT_EQ(pair.b.given_back.size(), 1u);
  // And the client comes back.
  pair.Run(Duration::Seconds(35));
  ExpectUp(pair);
}

TEST(V1RemoteAccess, UnderLoss) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RemoteAccess pair(seed);
    pair.faults.lose = 25;
    pair.faults.twice = 20;
    pair.faults.most = Duration::Milliseconds(500);
    pair.Go(Duration::Seconds(1));
    for (int i = 0; i < 900 && (pair.a.Current() == nullptr || pair.b.Current() == nullptr); ++i)
      pair.Run(Duration::Seconds(1));
    EXPECT_NE(pair.a.Current(), nullptr) << seed << pair.Said(pair.a) << "\n---\n" << pair.Said(pair.b);
    EXPECT_EQ(pair.Disagreement(), "");
    if (HasFailure()) return;
  }
}

TEST(V1RemoteAccess, NetworkExtension) {
  RemoteAccess refused(32, true);
  refused.Go();
  EXPECT_EQ(refused.b.children.size(), 0u);
  EXPECT_EQ(refused.b.Said(713174), 1);

  RemoteAccess pair(33, true);
  pair.server_policy->group_policies["users"].nem = true;
  // What the configuration makes of `vpnclient mode network-extension-mode`.
  CryptoMapEntry e;
  e.id = 5;
  e.map = "_vpnc_cm";
  e.at = IfId{1};
  e.match = CryptoAcl("_vpnc_acl", {{Prefix::Of(Ip("10.1.0.0"), 24), Prefix::AnyV4()}});
  e.peers = {Ip("192.0.2.2")};
  pair.client_policy->entries = {e};
  pair.Go();
  ExpectUp(pair);
  const ChildSa& sa = *pair.b.children.begin()->second.sa;
  EXPECT_TRUE(sa.network_extension);
  EXPECT_EQ(sa.key.remote[0].addresses, AddressRange::Of(Prefix::Of(Ip("10.1.0.0"), 24)));
  EXPECT_TRUE(pair.b.peers.begin()->second.network_extension);
  EXPECT_EQ(pair.a.children.begin()->second.sa->key.entry, 5u);
}

TEST(V1RemoteAccess, SplitTunnelMakesAPairForEachNetwork) {
  RemoteAccess pair(34);
  VpnGroupPolicy& policy = pair.server_policy->group_policies["users"];
  policy.split = VpnGroupPolicy::Split::kTunnelSpecified;
  policy.split_networks = {Prefix::Of(Ip("10.2.0.0"), 16), Prefix::Of(Ip("10.3.4.0"), 24)};
  pair.Go();
  ExpectUp(pair, 2);
}

TEST(V1RemoteAccess, UdpEncapsulation) {
  RemoteAccess pair(35);
  pair.server_policy->group_policies["users"].ipsec_udp = true;
  pair.Go();
  ExpectUp(pair);
  const ChildSa& sa = *pair.b.children.begin()->second.sa;
  EXPECT_EQ(sa.encapsulation, EspEncapsulation::kUdp);
  EXPECT_EQ(sa.peer.port, 10000);
}

TEST(V1RemoteAccess, WrongPassword) {
  RemoteAccess pair(36);
  pair.client_policy->client.password = "guess";
  pair.Go(Duration::Seconds(20));
  EXPECT_EQ(pair.core_b().sas(), 0u);
  EXPECT_EQ(pair.b.Said(713167), 3);  // three tries
  EXPECT_TRUE(pair.b.peers_down.empty());
  EXPECT_EQ(pair.b.children.size(), 0u);
}

// While a server is asked the client repeats what it has said: it must not be asked again.
TEST(V1RemoteAccess, ARepeatedReplyIsNotAnswered) {
  RemoteAccess pair(40);
  std::vector<std::function<void(const UserAnswer&)>> waiting;
  pair.b.on_ask = [&](const UserQuestion&, std::function<void(const UserAnswer&)> answer) { waiting.push_back(std::move(answer)); };
  pair.Go();
  ASSERT_EQ(waiting.size(), 1u);
  const std::size_t before = pair.b.sent.size();
  IkeDatagram reply = pair.a.sent.back();
  std::swap(reply.local, reply.peer);
  for (int i = 0; i < 3; i++) pair.b.core().Receive(reply, pair.times);
  EXPECT_EQ(pair.b.sent.size(), before);
  EXPECT_EQ(waiting.size(), 1u);
  UserAnswer yes;
  yes.accepted = true;
  waiting[0](yes);
  pair.Run(Duration::Seconds(3));
  ExpectUp(pair);
}

TEST(V1RemoteAccess, NoAddressLeft) {
  RemoteAccess pair(37);
  pair.b.next_address.reset();
  pair.Go();
  EXPECT_EQ(pair.core_b().sas(), 0u);
  EXPECT_EQ(pair.b.Said(713132), 1);
}

TEST(V1RemoteAccess, AnUnknownGroupGetsAnAnswerThatLeadsNowhere) {
  RemoteAccess pair(38);
  pair.client_policy->client.group = "nobody";
  pair.Go();
  EXPECT_EQ(pair.core_b().sas(), 0u);
  EXPECT_EQ(pair.b.sent.size(), 1u);
  EXPECT_TRUE(pair.b.Said("Received ISAKMP Aggressive Mode message 1 with unknown tunnel group name 'nobody'."));
  // Its size is that of a real one.
  RemoteAccess real(38);
  real.Go();
  EXPECT_EQ(pair.b.sent[0].bytes.size(), real.b.sent.at(0).bytes.size());
}

TEST(V1RemoteAccess, GroupLock) {
  RemoteAccess pair(39);
  pair.server_policy->group_policies["users"].group_lock = "others";
  pair.Go(Duration::Seconds(10));
  EXPECT_EQ(pair.b.children.size(), 0u);
  EXPECT_EQ(pair.b.Said(713060), 1);
}

}  // namespace
}  // namespace sallyport
