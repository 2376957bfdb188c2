// Version 2 with EAP: a peer that is made here, message by message, against the engine; an AAA server that speaks MD5-Challenge.
#include <gtest/gtest.h>

#include "tests/vpn/authority.h"
#include "tests/vpn/ike/wire.h"
#include "vpn/crypto/dh.h"
#include "vpn/crypto/digests.h"
#include "vpn/ike/attributes.h"
#include "vpn/ike/eap.h"
#include "vpn/ike/ts.h"
#include "vpn/ike/v2_core.h"
#include "vpn/ike/v2_keys.h"
#include "vpn/ike/v2_messages.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport::ike_test {
namespace {

constexpr std::uint8_t kMd5Challenge = 4;

TEST(Eap, Lengths) {
  const std::uint8_t identity[] = {2, 7, 0, 8, 1, 'a', 'n', 'n'};
  const auto m = ReadEap(identity);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->id, 7);
  EXPECT_EQ(EapName(m->data), "ann");
  for (std::size_t n = 0; n < sizeof identity; n++) EXPECT_FALSE(ReadEap(Bytes(identity).first(n))) << n;
  EXPECT_FALSE(ReadEap(std::vector<std::uint8_t>{2, 7, 0, 4})) << "a response says something";
  EXPECT_FALSE(ReadEap(std::vector<std::uint8_t>{3, 7, 0, 5, 0})) << "success does not";
  EXPECT_FALSE(ReadEap(std::vector<std::uint8_t>{5, 7, 0, 4}));
  EXPECT_TRUE(ReadEap(EapResult(eap::kSuccess, 9)));
  EXPECT_EQ(ReadEap(EapIdentity(eap::kRequest, 1, {}))->type, eap::kIdentity);
  EXPECT_EQ(EapName(std::vector<std::uint8_t>{'a', '\n'}), "");
  EXPECT_EQ(EapName(std::vector<std::uint8_t>(254, 'a')), "");
}

struct EapPair : Pair {
  EapPair() : Pair(11), authority("Root") {
    L2lEnd two;
    two.v1 = false;
    two.cipher = VpnCipher::kAesGcm128;
    two.hash = VpnHash::kSha256;
    two.group = 31;
    two.psk = "";
    policy = L2lPolicy(two);
    policy->entries[0].dynamic = true;
    policy->entries[0].match = nullptr;
    policy->entries[0].peers.clear();
    const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
    Trustpoint t;
    t.name = "TP";
    t.identity_pem = authority.Issue(key, {{"cn", "gw"}}, "DNS:gw").ToPem();
    t.key_name = "key";
    policy->trustpoints["TP"] = t;
    b.keys["key"] = key;
    b.wall = kTestEpoch + kTestDay;
    TunnelGroup& g = policy->groups["DefaultRAGroup"];
    g.ikev2_local_trustpoint = "TP";
    g.ikev2_eap = g.ikev2_eap_query_identity = true;
    b.next_address = AssignedAddress{Ip("10.9.0.1"), Ip("255.255.255.0")};
    b.on_question = [this](const UserQuestion& q) { return Serve(q); };
    msk = std::make_shared<const Secret>(Secret::OfText(std::string(64, 'k')));
  }
  void Start() {
    a.Use(std::make_unique<Ikev2Core>(a), L2lPolicy({}));  // has nothing to do with it
    b.Use(std::make_unique<Ikev2Core>(b), policy);
  }

  // --- the AAA server: identity, then MD5-Challenge
  UserAnswer Serve(const UserQuestion& q) {
    questions.push_back(q);
    UserAnswer said;
    const auto m = ReadEap(q.eap);
    if (!m || m->code != eap::kResponse) return said;
    if (m->type == eap::kIdentity) {
      said.challenge = true;
      said.eap = {eap::kRequest, 77, 0, 22, kMd5Challenge, 16};
      said.eap.resize(22, 0x5a);
      return said;
    }
    const std::uint8_t id[] = {77};
    const std::vector<std::uint8_t> value(16, 0x5a);
    const auto right = Hash(VpnHash::kMd5, {id, Secret::OfText("secret123").bytes(), value});
    if (m->type != kMd5Challenge || m->data.size() != 17 || !SameBytes(m->data.subspan(1), right)) {
      said.eap = EapResult(eap::kFailure, 77);
      return said;
    }
    said.accepted = true;
    said.eap = EapResult(eap::kSuccess, 77);
    if (with_key) said.msk = msk;
    auto rules = std::make_shared<VpnUser>();
    rules->framed_address = Ip("10.9.0.77");
    said.rules = rules;
    return said;
  }

  // --- the peer
  std::vector<RawPayload> Ask(std::uint8_t exchange, ChainWriter& chain) {
    IkeHeader h;
    h.spi_i = 0x1122334455667788;
    h.spi_r = spi_r;
    h.version = ikev2::kVersion;
    h.exchange = exchange;
    h.flags = ikev2::kFromInitiator;
    h.message_id = next_id++;
    chain.End();
    last = SealV2(out, a_entropy, h, chain.first(), chain.bytes(), 0).at(0);
    return Again();
  }
  std::vector<RawPayload> Again() {
    b.sent.clear();
    Deliver(last);
    return Open();
  }
  std::vector<RawPayload> Open() {
    if (b.sent.empty()) return {};
    std::vector<std::uint8_t> bytes = b.sent.back().bytes;
    Reader r(bytes);
    const auto h = ReadIkeHeader(r);
    ReassemblyV2 pieces;
    auto opened = OpenV2(in, pieces, *h, bytes);
    EXPECT_EQ(static_cast<int>(opened.what), static_cast<int>(OpenResultV2::What::kWhole));
    held = std::move(opened.opened);
    return *ReadPayloads(held.first, held.chain, ChainEnd::kExact);
  }
  void Deliver(const std::vector<std::uint8_t>& bytes) {
    IkeDatagram d;
    d.at = IfId{1};
    d.local = {b.address(), 500};
    d.peer = {a.address(), 500};
    d.bytes = bytes;
    b.core().Receive(d, times);
  }
  bool Init() {
    IkeHeader h;
    h.spi_i = 0x1122334455667788;
    h.version = ikev2::kVersion;
    h.exchange = ikev2::kInit;
    h.flags = ikev2::kFromInitiator;
    MessageWriter m(h);
    AddSaV2(m, IkeProposalsV2(policy->ikev2_policies, {}));
    std::vector<std::uint8_t> mine;
    const Secret own = *DhKey(31, a_entropy, mine);
    AddKeV2(m, 31, mine);
    ni.assign(32, 0x11);
    m.Add(ikev2::kNonce, ni);
    init = m.Finish();
    b.sent.clear();
    Deliver(init);
    if (b.sent.empty()) return false;
    answer = b.sent.back().bytes;
    Reader r(answer);
    const auto head = ReadIkeHeader(r);
    spi_r = head->spi_r;
    const auto payloads = ReadPayloads(head->first, r.rest(), ChainEnd::kExact);
    const auto suite_of = AcceptIkeV2(policy->ikev2_policies, *ReadSaV2(FindPayload(*payloads, ikev2::kSa)->body));
    suite = *suite_of;
    const auto ke = ReadKeV2(FindPayload(*payloads, ikev2::kKe)->body);
    const Bytes nonce = FindPayload(*payloads, ikev2::kNonce)->body;
    nr.assign(nonce.begin(), nonce.end());
    const Secret shared = *DhShared(31, own.bytes(), ke->data);
    keys = DeriveIkeV2(suite, SkeyseedV2(suite.prf, shared.bytes(), ni, nr).bytes(), ni, nr, h.spi_i, spi_r);
    out.cipher = in.cipher = suite.cipher;
    out.integrity = in.integrity = suite.integrity;
    out.encryption = keys.ei.Clone();
    in.encryption = keys.er.Clone();
    out.authentication = keys.ai.Clone();
    in.authentication = keys.ar.Clone();
    return true;
  }
  // The first IKE_AUTH: who, what, and no AUTH.
  std::vector<RawPayload> Begin(const char* name = "ann") {
    IdV2 id;
    id.type = ikev2::kIdRfc822;
    id.data.assign(name, name + std::string(name).size());
    identity = id.Body();
    ChainWriter c;
    c.Add(ikev2::kIdI, identity);
    AttributeWriter wanted;
    wanted.Long(ikev2::kIp4Address, {});
    const std::uint8_t request[] = {ikev2::kCpRequest, 0, 0, 0};
    c.Add(ikev2::kConfiguration, {Bytes(request), wanted.bytes()});
    AddSaV2(c, EspProposalsV2(policy->entries[0].ikev2_proposals, 0, 0x10203040));
    const TrafficSelector all = AllOf(false);
    AddTs(c, ikev2::kTsI, std::span(&all, 1));
    AddTs(c, ikev2::kTsR, std::span(&all, 1));
    return Ask(ikev2::kAuth, c);
  }
  std::vector<RawPayload> Eap(Bytes message) {
    ChainWriter c;
    c.Add(ikev2::kEap, message);
    return Ask(ikev2::kAuth, c);
  }
  std::vector<RawPayload> Md5(const std::string& password, std::uint8_t id = 77) {
    const std::uint8_t ids[] = {id};
    const std::vector<std::uint8_t> value(16, 0x5a);
    const auto proof = Hash(VpnHash::kMd5, {ids, Secret::OfText(password).bytes(), value});
    std::vector<std::uint8_t> m{eap::kResponse, id, 0, 22, kMd5Challenge, 16};
    m.insert(m.end(), proof.begin(), proof.end());
    return Eap(m);
  }
  std::vector<RawPayload> Prove(Bytes key) {
    const auto octets = SignedOctetsV2(suite.prf, init, nr, keys.pi.bytes(), identity);
    const Secret mac = SharedKeyAuthV2(suite.prf, key, octets);
    ChainWriter c;
    AddAuthV2(c, ikev2::kSharedKey, mac.bytes());
    return Ask(ikev2::kAuth, c);
  }
  static std::optional<EapMessage> EapOf(const std::vector<RawPayload>& payloads) {
    const RawPayload* p = FindPayload(payloads, ikev2::kEap);
    return p == nullptr ? std::nullopt : ReadEap(p->body);
  }
  static bool Has(const std::vector<RawPayload>& payloads, std::uint8_t type) { return FindPayload(payloads, type) != nullptr; }

  TestAuthority authority;
  std::shared_ptr<VpnPolicy> policy;
  std::vector<UserQuestion> questions;
  std::shared_ptr<const Secret> msk;
  bool with_key = true;
  SeededEntropy a_entropy{99};
  SuiteV2 suite;
  IkeKeysV2 keys;
  SkKeys out, in;
  std::uint64_t spi_r = 0;
  std::uint32_t next_id = 1;
  std::vector<std::uint8_t> ni, nr, init, answer, identity, last;
  OpenedV2 held;
};

TEST(Ikev2Eap, ALoginFromBeginningToEnd) {
  EapPair p;
  p.Start();
  ASSERT_TRUE(p.Init());
  auto got = p.Begin();
  EXPECT_TRUE(p.Has(got, ikev2::kIdR));
  EXPECT_TRUE(p.Has(got, ikev2::kCert));
  EXPECT_TRUE(p.Has(got, ikev2::kAuthentication)) << "we prove ourselves before anybody tells a password";
  ASSERT_TRUE(p.EapOf(got));
  EXPECT_EQ(p.EapOf(got)->type, eap::kIdentity);
  got = p.Eap(EapIdentity(eap::kResponse, p.EapOf(got)->id, "ann@example.com"));
  ASSERT_TRUE(p.EapOf(got));
  EXPECT_EQ(p.EapOf(got)->type, kMd5Challenge);
  EXPECT_FALSE(p.Has(got, ikev2::kAuthentication));
  const auto again = p.Again();
  EXPECT_TRUE(p.Has(again, ikev2::kEap)) << "the same answer to the same message";
  EXPECT_EQ(p.questions.size(), 1u);
  got = p.Md5("secret123");
  ASSERT_TRUE(p.EapOf(got));
  EXPECT_EQ(p.EapOf(got)->code, eap::kSuccess);
  EXPECT_TRUE(p.b.peers.empty()) << "not before it has proved that it was there from the beginning";
  got = p.Prove(p.msk->bytes());
  EXPECT_TRUE(p.Has(got, ikev2::kAuthentication));
  EXPECT_TRUE(p.Has(got, ikev2::kConfiguration));
  EXPECT_TRUE(p.Has(got, ikev2::kSa));
  EXPECT_FALSE(p.Has(got, ikev2::kIdR));
  const auto auth = ReadAuthV2(FindPayload(got, ikev2::kAuthentication)->body);
  IdV2 id = *ReadIdV2([&] {
    // Its identity came with the first answer: the certificate's name.
    IdV2 own;
    const Certificate c = *Certificate::FromPem(p.policy->trustpoints["TP"].identity_pem);
    own.type = ikev2::kIdDn;
    own.data.assign(c.subject_der().begin(), c.subject_der().end());
    return own;
  }().Body());
  const auto octets = SignedOctetsV2(p.suite.prf, p.answer, p.ni, p.keys.pr.bytes(), id.Body());
  EXPECT_TRUE(SameBytes(SharedKeyAuthV2(p.suite.prf, p.msk->bytes(), octets).bytes(), auth->data));
  ASSERT_EQ(p.b.peers.size(), 1u);
  const IkePeerUp& up = p.b.peers.begin()->second;
  EXPECT_EQ(up.user, "ann@example.com");
  EXPECT_EQ(up.auth, VpnAuth::kEap);
  EXPECT_EQ(up.local_auth, VpnAuth::kRsaCertificate);
  EXPECT_FALSE(up.lan_to_lan);
  ASSERT_NE(up.rules, nullptr);
  EXPECT_EQ(p.b.children.size(), 1u);
  EXPECT_EQ(p.questions.size(), 2u);
  EXPECT_EQ(p.questions[1].user, "ann@example.com");
}

TEST(Ikev2Eap, AMethodWithoutAKeyLeavesTheOwnOnes) {
  EapPair p;
  p.with_key = false;
  p.Start();
  ASSERT_TRUE(p.Init());
  auto got = p.Begin();
  got = p.Eap(EapIdentity(eap::kResponse, p.EapOf(got)->id, "ann"));
  p.Md5("secret123");
  got = p.Prove(p.keys.pi.bytes());
  EXPECT_TRUE(p.Has(got, ikev2::kSa));
  EXPECT_EQ(p.b.peers.size(), 1u);
}

TEST(Ikev2Eap, WithoutAQuestionTheIdentityOfIkeIsTheUser) {
  EapPair p;
  p.policy->groups["DefaultRAGroup"].ikev2_eap_query_identity = false;
  p.Start();
  ASSERT_TRUE(p.Init());
  const auto got = p.Begin("ann");
  EXPECT_TRUE(p.Has(got, ikev2::kAuthentication));
  ASSERT_TRUE(p.EapOf(got));
  EXPECT_EQ(p.EapOf(got)->type, kMd5Challenge);
  ASSERT_EQ(p.questions.size(), 1u);
  EXPECT_EQ(p.questions[0].user, "ann");
  p.Md5("secret123");
  p.Prove(p.msk->bytes());
  EXPECT_EQ(p.b.peers.size(), 1u);
}

TEST(Ikev2Eap, WhoIsRefused) {
  const auto logged_in = [](EapPair& p) {
    p.Start();
    if (!p.Init()) return false;
    const auto got = p.Begin();
    const auto m = p.EapOf(got);
    if (!m) return false;
    p.Eap(EapIdentity(eap::kResponse, m->id, "ann"));
    return true;
  };
  {
    EapPair p;
    ASSERT_TRUE(logged_in(p));
    const auto got = p.Md5("wrong");
    ASSERT_TRUE(p.EapOf(got));
    EXPECT_EQ(p.EapOf(got)->code, eap::kFailure);
    EXPECT_EQ(p.b.Said(750003), 1);
    EXPECT_TRUE(p.Has(p.Again(), ikev2::kEap)) << "the answer is kept for a peer that did not get it";
    EXPECT_TRUE(p.Prove(p.msk->bytes()).empty());
    EXPECT_TRUE(p.b.peers.empty());
  }
  {  // the right password, and not the key that goes with it
    EapPair p;
    ASSERT_TRUE(logged_in(p));
    p.Md5("secret123");
    const auto got = p.Prove(Secret::OfText("something else").bytes());
    EXPECT_TRUE(FindNotifyV2(got, ikev2::kAuthenticationFailed));
    EXPECT_TRUE(p.b.peers.empty());
  }
  {  // AUTH before EAP has succeeded
    EapPair p;
    ASSERT_TRUE(logged_in(p));
    const auto got = p.Prove(p.keys.pi.bytes());
    ASSERT_TRUE(p.EapOf(got));
    EXPECT_EQ(p.EapOf(got)->code, eap::kFailure);
    EXPECT_TRUE(p.b.peers.empty());
  }
  {  // an answer to another request
    EapPair p;
    ASSERT_TRUE(logged_in(p));
    const auto got = p.Md5("secret123", 78);
    ASSERT_TRUE(p.EapOf(got));
    EXPECT_EQ(p.EapOf(got)->code, eap::kFailure);
    EXPECT_EQ(p.questions.size(), 1u);
  }
  {  // a name that must not be in a log
    EapPair p;
    p.Start();
    ASSERT_TRUE(p.Init());
    const auto got = p.Begin();
    p.Eap(EapIdentity(eap::kResponse, p.EapOf(got)->id, "ann\n%ASA"));
    EXPECT_TRUE(p.questions.empty());
  }
  {  // a group without EAP
    EapPair p;
    p.policy->groups["DefaultRAGroup"].ikev2_eap = false;
    p.Start();
    ASSERT_TRUE(p.Init());
    EXPECT_TRUE(FindNotifyV2(p.Begin(), ikev2::kAuthenticationFailed));
  }
  {  // without a certificate nobody is asked for a password
    EapPair p;
    p.policy->trustpoints.clear();
    p.policy->groups["DefaultRAGroup"].ikev2_local_psk = "shared";
    p.Start();
    ASSERT_TRUE(p.Init());
    EXPECT_TRUE(FindNotifyV2(p.Begin(), ikev2::kAuthenticationFailed));
  }
}

TEST(Ikev2Eap, AServerThatTakesItsTime) {
  EapPair p;
  std::vector<std::function<void(const UserAnswer&)>> waiting;
  p.b.on_ask = [&](const UserQuestion&, std::function<void(const UserAnswer&)> answer) { waiting.push_back(std::move(answer)); };
  p.Start();
  ASSERT_TRUE(p.Init());
  auto got = p.Begin();
  EXPECT_TRUE(p.Eap(EapIdentity(eap::kResponse, p.EapOf(got)->id, "ann")).empty());
  EXPECT_TRUE(p.Again().empty()) << "it is being asked";
  EXPECT_EQ(waiting.size(), 1u);
  p.Run(Duration::Seconds(50));
  UserAnswer none;  // no server answers
  p.b.sent.clear();
  waiting[0](none);
  got = p.Open();
  ASSERT_TRUE(p.EapOf(got));
  EXPECT_EQ(p.EapOf(got)->code, eap::kFailure);
  waiting[0](none);  // late: nothing is there any more
  p.Run(Duration::Seconds(90));
  EXPECT_TRUE(p.b.core().Views(p.times).empty());
  EXPECT_EQ(p.b.core().Stats().in_negotiation, 0u);
}

TEST(Ikev2Eap, APeerThatFallsSilentIsForgotten) {
  EapPair p;
  p.Start();
  ASSERT_TRUE(p.Init());
  p.Begin();
  EXPECT_EQ(p.b.core().Views(p.times).size(), 1u);
  p.Run(Duration::Seconds(61));
  EXPECT_TRUE(p.b.core().Views(p.times).empty());
  EXPECT_EQ(p.b.Said(750003), 1);
}

TEST(Ikev2Eap, AConversationWithoutEnd) {
  EapPair p;
  p.b.on_question = [&](const UserQuestion& q) {
    p.questions.push_back(q);
    UserAnswer a;
    a.challenge = true;
    a.eap = {eap::kRequest, 77, 0, 22, kMd5Challenge, 16};
    a.eap.resize(22, 0x5a);
    return a;
  };
  p.Start();
  ASSERT_TRUE(p.Init());
  auto got = p.Begin();
  got = p.Eap(EapIdentity(eap::kResponse, p.EapOf(got)->id, "ann"));
  for (int i = 0; i < 100 && p.EapOf(got) && p.EapOf(got)->code == eap::kRequest; i++) got = p.Md5("again");
  ASSERT_TRUE(p.EapOf(got));
  EXPECT_EQ(p.EapOf(got)->code, eap::kFailure);
  EXPECT_LE(p.questions.size(), 60u);
}

}  // namespace
}  // namespace sallyport::ike_test
