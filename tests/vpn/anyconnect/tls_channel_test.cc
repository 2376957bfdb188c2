#include "vpn/anyconnect/tls_channel.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "tests/vpn/authority.h"
#include "vpn/anyconnect/suites.h"

namespace sallyport {
namespace {

const TestAuthority& TlsAuthority() {
  static const TestAuthority a("TLS root");
  return a;
}
struct TlsOwn {
  PrivateKey key = *PrivateKey::NewRsa(2048);
  Certificate certificate = TlsAuthority().Issue(key, {{"cn", "asa.example.com"}}, "DNS:asa.example.com");
};
const TlsOwn& ServerOwn() {
  static const TlsOwn own;
  return own;
}

TlsChannel ServerOf(const TlsSettings& s) {
  Result<TlsContext> c = TlsContext::Server(s, ServerOwn().certificate, {TlsAuthority().certificate()}, ServerOwn().key);
  if (!c) ADD_FAILURE() << c.error();
  return TlsChannel(*c);
}
TlsChannel ClientOf(const TlsSettings& s, const Certificate& own = {}, const PrivateKey& key = {}) {
  Result<TlsContext> c = TlsContext::Client(s, own, key);
  if (!c) ADD_FAILURE() << c.error();
  return TlsChannel(*c, "asa.example.com");
}

void Carry(TlsChannel& from, TlsChannel& to, std::size_t piece = SIZE_MAX) {
  while (from.pending() != 0) {
    const Bytes b = from.ToWire().first(std::min(piece, from.pending()));
    to.Feed(b);
    from.Sent(b.size());
  }
}
void Shake(TlsChannel& c, TlsChannel& s, std::size_t piece = SIZE_MAX) {
  for (int k = 0; k < 6; ++k) {
    Carry(c, s, piece);
    Carry(s, c, piece);
  }
}
std::vector<std::uint8_t> ReadOne(TlsChannel& c) {
  std::vector<std::uint8_t> record(kTlsRecord);
  const Result<std::size_t> n = c.Read(record);
  record.resize(n ? *n : 0);
  return record;
}

TEST(TlsPair, EveryVersion) {
  struct Row {
    int version;
    VpnEncapsulation seen;
  };
  for (const Row& row : {Row{0x0301, VpnEncapsulation::kTls10}, Row{0x0302, VpnEncapsulation::kTls11}, Row{0x0303, VpnEncapsulation::kTls12},
                         Row{0x0304, VpnEncapsulation::kTls13}}) {
    TlsChannel s = ServerOf({.min_version = 0x0301, .max_version = 0x0304});
    TlsChannel c = ClientOf({.min_version = row.version, .max_version = row.version});
    EXPECT_EQ(c.version(), VpnEncapsulation::kNone);
    EXPECT_FALSE(s.Write(std::array<std::uint8_t, 1>{}));
    Shake(c, s, 100);  // in small pieces
    ASSERT_EQ(c.state(), TlsChannel::State::kOpen) << c.failure();
    ASSERT_EQ(s.state(), TlsChannel::State::kOpen) << s.failure();
    EXPECT_EQ(s.version(), row.seen);
    EXPECT_EQ(s.cipher(), c.cipher());
    EXPECT_EQ(s.handshakes(), 1);
    // Two writes are two records.
    const std::vector<std::uint8_t> one(1400, 1), two(16384, 2);
    EXPECT_TRUE(c.Write(one));
    EXPECT_TRUE(c.Write(two));
    EXPECT_FALSE(c.Write(std::vector<std::uint8_t>(16385)));
    Carry(c, s, 1000);
    EXPECT_EQ(ReadOne(s), one);
    EXPECT_EQ(ReadOne(s), two);
    EXPECT_EQ(ReadOne(s).size(), 0u);
    EXPECT_TRUE(s.Write(two));
    Carry(s, c);
    EXPECT_EQ(ReadOne(c), two);
    // Both ends export the same.
    std::array<std::uint8_t, 32> mine{}, theirs{};
    EXPECT_TRUE(s.Export("EXPORTER-openconnect-psk", mine));
    EXPECT_TRUE(c.Export("EXPORTER-openconnect-psk", theirs));
    EXPECT_EQ(mine, theirs);
    EXPECT_NE(mine, (std::array<std::uint8_t, 32>{}));
    c.Close();
    Carry(c, s);
    std::vector<std::uint8_t> room(kTlsRecord);
    const Result<std::size_t> end = s.Read(room);
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error(), "closed");
    EXPECT_EQ(s.state(), TlsChannel::State::kClosed);
    EXPECT_FALSE(s.Write(one));
  }
}

TEST(TlsPair, NothingInCommonIsToldWhy) {
  TlsChannel s = ServerOf({.min_version = 0x0303, .ciphers = "AES256-SHA256"});
  TlsChannel c = ClientOf({.max_version = 0x0303, .ciphers = "AES128-SHA256"});
  Shake(c, s);
  EXPECT_EQ(s.state(), TlsChannel::State::kFailed);
  EXPECT_EQ(s.failure(), "no shared cipher");
  TlsChannel old = ClientOf({.min_version = 0x0301, .max_version = 0x0301});
  TlsChannel s2 = ServerOf({});
  Shake(old, s2);
  EXPECT_EQ(s2.failure(), "unsupported protocol");
  EXPECT_EQ(old.state(), TlsChannel::State::kFailed);
  TlsChannel s3 = ServerOf({});
  const std::string get = "GET / HTTP/1.1\r\n\r\n";
  s3.Feed({reinterpret_cast<const std::uint8_t*>(get.data()), get.size()});
  EXPECT_EQ(s3.failure(), "http request");
  EXPECT_FALSE(TlsContext::Server({.ciphers = "NONSENSE"}, ServerOwn().certificate, {}, ServerOwn().key).ok());
  EXPECT_FALSE(TlsContext::Server({}, {}, {}, {}).ok());
}

TEST(TlsPair, TheServersOrderOfSuitesRules) {
  TlsChannel s = ServerOf({.max_version = 0x0303, .ciphers = "AES256-SHA256:AES128-SHA256:DHE-RSA-AES256-SHA256"});
  TlsChannel c = ClientOf({.max_version = 0x0303, .ciphers = "DHE-RSA-AES256-SHA256:AES128-SHA256:AES256-SHA256"});
  Shake(c, s);
  EXPECT_EQ(s.cipher(), "AES256-SHA256");
  EXPECT_FALSE(DescribeSuite(s.cipher()).aead);
}

TEST(TlsPair, CertificatesAreShownBothWays) {
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  const TestAuthority between(TlsAuthority(), "between");
  const Certificate own = between.Issue(key, {{"cn", "alice"}});
  for (const int version : {0x0303, 0x0304}) {
    TlsChannel s = ServerOf({.ask_certificate = true, .authorities = {TlsAuthority().certificate()}});
    TlsChannel c = ClientOf({.max_version = version}, own, key);
    Shake(c, s);
    ASSERT_EQ(s.state(), TlsChannel::State::kOpen) << s.failure();
    ASSERT_TRUE(s.peer());
    EXPECT_EQ(s.peer()->subject_text(), "cn=alice");
    ASSERT_TRUE(c.peer());
    EXPECT_EQ(c.peer()->subject_text(), "cn=asa.example.com");
    ASSERT_EQ(c.peer_chain().size(), 1u);
    EXPECT_EQ(c.peer_chain()[0], TlsAuthority().certificate());
    // Asked and without one: goes on, the portal judges.
    TlsChannel s2 = ServerOf({.ask_certificate = true});
    TlsChannel c2 = ClientOf({.max_version = version});
    Shake(c2, s2);
    EXPECT_EQ(s2.state(), TlsChannel::State::kOpen);
    EXPECT_FALSE(s2.peer());
    // Not asked: none.
    TlsChannel s3 = ServerOf({});
    TlsChannel c3 = ClientOf({.max_version = version}, own, key);
    Shake(c3, s3);
    EXPECT_FALSE(s3.peer());
  }
}

TEST(TlsPair, RenegotiationOnlyWhenAllowed) {
  TlsChannel s = ServerOf({});
  TlsChannel c = ClientOf({.max_version = 0x0303});
  Shake(c, s);
  const std::vector<std::uint8_t> hello{'h', 'i'};
  const auto rekey = [&] {
    EXPECT_TRUE(c.Rekey());
    EXPECT_FALSE(c.Write(hello));  // not now
    for (int k = 0; k < 4; ++k) {
      Carry(c, s);
      (void)ReadOne(s);
      Carry(s, c);
      (void)ReadOne(c);
    }
  };
  s.AllowRenegotiation();
  rekey();
  EXPECT_EQ(s.handshakes(), 2);
  EXPECT_TRUE(c.Write(hello));
  Carry(c, s);
  EXPECT_EQ(ReadOne(s), hello);
  EXPECT_TRUE(s.Write(hello));
  Carry(s, c);
  EXPECT_EQ(ReadOne(c), hello);
  // Once for each permission. A client of OpenSSL's takes the refusal for the end.
  EXPECT_TRUE(c.Rekey());
  Carry(c, s);
  EXPECT_EQ(ReadOne(s).size(), 0u);
  EXPECT_EQ(s.handshakes(), 2);
  EXPECT_EQ(s.state(), TlsChannel::State::kOpen);
  Carry(s, c);
  EXPECT_EQ(ReadOne(c).size(), 0u);
  EXPECT_EQ(c.failure(), "no renegotiation");
}

TEST(TlsPair, NewKeysInTls13) {
  TlsChannel s = ServerOf({});
  TlsChannel c = ClientOf({.min_version = 0x0304});
  Shake(c, s);
  const std::vector<std::uint8_t> hello{'h', 'i'};
  EXPECT_TRUE(c.Rekey());
  EXPECT_TRUE(c.Write(hello));
  Carry(c, s);
  EXPECT_EQ(ReadOne(s), hello);
  EXPECT_EQ(ReadOne(s).size(), 0u);
  EXPECT_TRUE(s.Write(hello));
  Carry(s, c);
  EXPECT_EQ(ReadOne(c), hello);
  s.Trim();
  EXPECT_TRUE(c.Write(hello));
  EXPECT_TRUE(s.Write(hello));
  Carry(c, s);
  s.Trim();  // not while something waits in it
  EXPECT_EQ(ReadOne(s), hello);
}

TEST(TlsPair, DamageEndsIt) {
  TlsChannel s = ServerOf({});
  TlsChannel c = ClientOf({});
  Shake(c, s);
  EXPECT_TRUE(c.Write(std::array<std::uint8_t, 3>{1, 2, 3}));
  std::vector<std::uint8_t> wire(c.ToWire().begin(), c.ToWire().end());
  wire.back() ^= 1;
  s.Feed(wire);
  std::vector<std::uint8_t> room(kTlsRecord);
  EXPECT_FALSE(s.Read(room).ok());
  EXPECT_EQ(s.state(), TlsChannel::State::kFailed);
  EXPECT_EQ(s.Feed(wire), TlsChannel::State::kFailed);
}

TEST(TlsPair, KeysAreLogged) {
  std::vector<std::string> lines;
  TlsChannel s = ServerOf({.key_log = [&](const std::string& l) { lines.push_back(l); }});
  TlsChannel c = ClientOf({.max_version = 0x0303});
  Shake(c, s);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0].substr(0, 14), "CLIENT_RANDOM ");
}

// Handshake here, data on another thread: for the thread sanitizer.
TEST(TlsPair, HandedToAnotherThread) {
  auto s = std::make_unique<TlsChannel>(ServerOf({}));
  TlsChannel c = ClientOf({});
  Shake(c, *s);
  const std::vector<std::uint8_t> hello{'h', 'i'};
  ASSERT_TRUE(c.Write(hello));
  std::thread data([channel = std::move(s), wire = std::vector<std::uint8_t>(c.ToWire().begin(), c.ToWire().end()), &hello] {
    channel->Feed(wire);
    EXPECT_EQ(ReadOne(*channel), hello);
  });
  TlsChannel another = ServerOf({});  // meanwhile
  TlsChannel c2 = ClientOf({});
  Shake(c2, another);
  data.join();
  EXPECT_EQ(another.state(), TlsChannel::State::kOpen);
}

}  // namespace
}  // namespace sallyport
