// Version 2 with certificates, and remote users.
#include <gtest/gtest.h>

#include "tests/vpn/authority.h"
#include "tests/vpn/ike/wire.h"
#include "vpn/ike/v2_core.h"

namespace sallyport::ike_test {
namespace {

struct CertifiedPair : Pair {
  explicit CertifiedPair(KeyType type) : Pair(5), authority("Root") {
    L2lEnd one, two;
    one.v1 = two.v1 = false;
    one.cipher = two.cipher = VpnCipher::kAes256;
    one.hash = two.hash = VpnHash::kSha256;
    one.group = two.group = 19;
    one.psk = two.psk = "";
    two.local = "192.0.2.2";
    two.peer = "192.0.2.1";
    std::swap(two.inside, two.beyond);
    policy_a = L2lPolicy(one);
    policy_b = L2lPolicy(two);
    Give(a, *policy_a, type, "a.example.com", "192.0.2.2");
    Give(b, *policy_b, type, "b.example.com", "192.0.2.1");
    a.wall = b.wall = kTestEpoch + kTestDay;
  }
  void Give(End& end, VpnPolicy& policy, KeyType type, const std::string& name, const std::string& peer) {
    const PrivateKey key = type == KeyType::kRsa ? *PrivateKey::NewRsa(2048) : *PrivateKey::NewEc(type);
    const Certificate own = authority.Issue(key, {{"o", "Example"}, {"cn", name}}, "DNS:" + name);
    Trustpoint t;
    t.name = "TP";
    t.identity_pem = own.ToPem();
    t.ca_pem = authority.certificate().ToPem();
    t.key_name = "key";
    policy.trustpoints["TP"] = t;
    end.keys["key"] = key;
    policy.groups[peer].ikev2_local_trustpoint = "TP";
    policy.groups[peer].ikev2_remote_certificate = true;
    policy.groups[peer].peer_id_validate = TunnelGroup::PeerId::kRequired;
  }
  void Start() {
    a.Use(std::make_unique<Ikev2Core>(a), policy_a);
    b.Use(std::make_unique<Ikev2Core>(b), policy_b);
    Need(a);
    Run(Duration::Seconds(5));
  }
  TestAuthority authority;
  std::shared_ptr<VpnPolicy> policy_a, policy_b;
};

TEST(Ikev2Certificates, RevocationAsTheTrustpointHasIt) {
  using R = Trustpoint::Revocation;
  struct Case {
    std::vector<R> methods;
    enum { kNoList, kGoodList, kRevoked } list;
    bool comes_up;
    const char* words;
  };
  for (const Case& c : {Case{{}, Case::kNoList, true, ""}, Case{{R::kNone}, Case::kNoList, true, ""},
                        Case{{R::kCrl}, Case::kNoList, false, "revocation status cannot be determined (trustpoint TP)"},
                        Case{{R::kCrl}, Case::kGoodList, true, ""}, Case{{R::kCrl}, Case::kRevoked, false, "certificate revoked"},
                        Case{{R::kCrl, R::kNone}, Case::kNoList, true, ""}, Case{{R::kCrl, R::kNone}, Case::kRevoked, false, "certificate revoked"},
                        Case{{R::kOcsp}, Case::kNoList, false, "revocation status cannot be determined (trustpoint TP)"},
                        Case{{R::kOcsp, R::kCrl}, Case::kGoodList, true, ""}}) {
    CertifiedPair p(KeyType::kEcP256);
    p.policy_b->trustpoints["TP"].revocation = c.methods;
    const Certificate peer = *Certificate::FromPem(p.policy_a->trustpoints["TP"].identity_pem);
    if (c.list != Case::kNoList) p.b.crl = p.authority.Crl(c.list == Case::kRevoked ? std::vector<Certificate>{peer} : std::vector<Certificate>());
    p.Start();
    EXPECT_EQ(p.b.children.size(), c.comes_up ? 1u : 0u) << c.words;
    EXPECT_TRUE(p.b.Said(c.words)) << c.words;
  }
}

TEST(Ikev2Certificates, EveryKindOfKey) {
  for (const KeyType type : {KeyType::kRsa, KeyType::kEcP256, KeyType::kEcP384, KeyType::kEcP521}) {
    CertifiedPair p(type);
    p.Start();
    EXPECT_EQ(p.Disagreement(), "");
    EXPECT_EQ(p.a.children.size(), 1u);
    EXPECT_EQ(p.b.children.size(), 1u);
    ASSERT_EQ(p.b.peers.size(), 1u);
    EXPECT_EQ(p.b.peers.begin()->second.auth, VpnAuth::kRsaCertificate);
    EXPECT_EQ(p.b.core().Views(p.times)[0].remote_id, "cn=a.example.com,o=Example");
  }
}

// The first messages are not protected when they are sent, but each end signs what it has sent and checks what it has got.
TEST(Ikev2Certificates, AFirstMessageThatWasChangedOnItsWay) {
  CertifiedPair p(KeyType::kEcP256);
  p.on_wire = [&](End&, IkeDatagram& d) {
    for (std::size_t i = 0; i + 8 <= d.bytes.size() && d.bytes[18] == 34; ++i) {
      // SIGNATURE_HASH_ALGORITHMS becomes something unknown: the old methods are used.
      if (d.bytes[i] == 0 && d.bytes[i + 1] == 0 && d.bytes[i + 2] == 0x40 && d.bytes[i + 3] == 0x2f) d.bytes[i + 2] = 0x50;
    }
    return true;
  };
  p.Start();
  EXPECT_TRUE(p.a.children.empty());
  EXPECT_TRUE(p.b.Said("the signature is not right"));
}

TEST(Ikev2Certificates, AnotherAuthority) {
  CertifiedPair p(KeyType::kEcP256);
  p.policy_b->trustpoints["TP"].ca_pem = TestAuthority("Other").certificate().ToPem();
  p.Start();
  EXPECT_TRUE(p.a.children.empty());
  EXPECT_TRUE(p.b.children.empty());
  EXPECT_EQ(p.b.Said(751006), 1);
}

TEST(Ikev2Certificates, Expired) {
  CertifiedPair p(KeyType::kEcP256);
  p.b.wall = kTestEpoch + 400 * kTestDay;
  p.Start();
  EXPECT_TRUE(p.a.children.empty());
  EXPECT_TRUE(p.b.Said("certificate has expired"));
}

TEST(Ikev2Certificates, AnIdentityThatIsNotInTheCertificate) {
  for (const bool check : {true, false}) {
    CertifiedPair p(KeyType::kEcP256);
    p.policy_a->identity = VpnPolicy::Identity::kHostname;
    p.policy_a->hostname = "somebody.else";
    if (!check) p.policy_b->groups["192.0.2.1"].peer_id_validate = TunnelGroup::PeerId::kNoCheck;
    p.Start();
    EXPECT_EQ(p.a.children.size(), check ? 0u : 1u);
  }
}

TEST(Ikev2Certificates, OneEndByKeyTheOtherByCertificate) {
  CertifiedPair p(KeyType::kRsa);
  p.policy_a->groups["192.0.2.2"].ikev2_remote_psk = "secret";
  p.policy_a->groups["192.0.2.2"].ikev2_remote_certificate = false;
  p.policy_b->groups["192.0.2.1"].ikev2_local_psk = "secret";
  p.Start();
  EXPECT_EQ(p.Disagreement(), "");
  EXPECT_EQ(p.a.children.size(), 1u);
}

TEST(Ikev2Certificates, AKeyWhereACertificateIsDue) {
  CertifiedPair p(KeyType::kRsa);
  p.policy_a->groups["192.0.2.2"].ikev2_local_psk = "secret";
  p.Start();
  EXPECT_TRUE(p.a.children.empty());
  EXPECT_TRUE(p.b.Said("Peer authentication method configured is mismatching with the method proposed by peer"));
}

// The peer knows the root only: what stands between comes along when the tunnel group says `chain`, or the crypto map entry.
TEST(Ikev2Certificates, AChainIsSentWhereItIsWanted) {
  for (const int how : {0, 1, 2}) {
    CertifiedPair p(KeyType::kEcP256);
    const TestAuthority between(p.authority, "Between");
    const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
    Trustpoint& own = p.policy_a->trustpoints["TP"];
    own.identity_pem = between.Issue(key, {{"o", "Example"}, {"cn", "a.example.com"}}, "DNS:a.example.com").ToPem();
    own.ca_pem = between.certificate().ToPem();
    p.a.keys["key"] = key;
    Trustpoint root;
    root.name = "ROOT";
    root.ca_pem = p.authority.certificate().ToPem();
    p.policy_a->trustpoints["ROOT"] = root;
    p.policy_a->groups["192.0.2.2"].send_chain = how == 1;
    p.policy_a->entries[0].send_chain = how == 2;
    p.Start();
    EXPECT_EQ(p.b.children.size(), how == 0 ? 0u : 1u) << how;
  }
}

}  // namespace
}  // namespace sallyport::ike_test
