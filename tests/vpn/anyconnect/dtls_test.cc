#include "dtls_pair.h"

namespace sallyport {
namespace {

using Got = DtlsChannel::Got;
using Datagrams = std::vector<Datagram>;

class EveryDtlsSuite : public testing::TestWithParam<const DtlsSuite*> {};

std::vector<const DtlsSuite*> AllSuites() {
  std::vector<const DtlsSuite*> out;
  for (const DtlsSuite& s : DtlsSuites()) out.push_back(&s);
  return out;
}
std::string NameOfSuite(const testing::TestParamInfo<const DtlsSuite*>& info) {
  std::string name = std::to_string(static_cast<int>(info.param->method)) + std::string(info.param->name);
  std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
  return name;
}
INSTANTIATE_TEST_SUITE_P(Suites, EveryDtlsSuite, testing::ValuesIn(AllSuites()), NameOfSuite);

TEST_P(EveryDtlsSuite, CarriesPackets) {
  const DtlsSuite& suite = *GetParam();
  const DtlsSecret secret = SecretOf(suite);
  DtlsPair p(secret, secret);
  ASSERT_TRUE(p.server && p.client);
  ASSERT_TRUE(p.Shake()) << p.server->failure() << " / " << p.client->failure();
  EXPECT_EQ(SessionIdOfHello(p.from_client[0]), secret.id);
  auto s = std::move(p.s), c = std::move(p.c);
  EXPECT_EQ(p.server->Take(), nullptr);
  EXPECT_EQ(s->version(), suite.method == DtlsMethod::kLegacy ? VpnEncapsulation::kDtls10 : VpnEncapsulation::kDtls12);
  EXPECT_EQ(s->cipher(), c->cipher());
  EXPECT_EQ(DescribeSuite(s->cipher()).cipher, suite.cipher);
  EXPECT_EQ(DescribeSuite(s->cipher()).hash, suite.hash);
  // Every size fits in what overhead() promises, and the MTU of mtu.h in a path of 1500.
  for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 1300u, 1419u}) {
    const Datagram plain(size, static_cast<std::uint8_t>(size));
    const Datagram down = SealOne(*s, plain), up = SealOne(*c, plain);
    ASSERT_FALSE(down.empty()) << size;
    EXPECT_EQ(down[1], suite.method == DtlsMethod::kLegacy ? 0x01 : 0xfe);
    EXPECT_EQ(OpenAll(*c, down), Datagrams{plain});
    EXPECT_EQ(OpenAll(*s, up), Datagrams{plain});
  }
  // A record that does not fit is not written in part.
  Datagram small(100);
  EXPECT_EQ(s->Seal(Datagram(100), small), 0u);
}

TEST_P(EveryDtlsSuite, LossReorderingAndReplay) {
  const DtlsSecret secret = SecretOf(*GetParam());
  DtlsPair p(secret, secret);
  // A third of each direction's datagrams is lost, the first among them.
  p.lost = [](bool to_server, std::size_t number) { return number == 1 || (number * 0x9e3779b1u + to_server) % 1000 < 333; };
  ASSERT_TRUE(p.Shake()) << p.server->failure() << " / " << p.client->failure();
  auto s = std::move(p.s), c = std::move(p.c);
  Datagrams sent;
  for (std::uint8_t k = 1; k < 6; ++k) sent.push_back(SealOne(*c, Datagram(200, k)));
  EXPECT_EQ(OpenAll(*s, sent[3]), Datagrams{Datagram(200, 4)});
  EXPECT_EQ(OpenAll(*s, sent[0]), Datagrams{Datagram(200, 1)});
  EXPECT_EQ(OpenAll(*s, sent[0]), Datagrams{});  // again
  EXPECT_EQ(OpenAll(*s, sent[3]), Datagrams{});
  // Damaged: not taken, and no harm done.
  Datagram damaged = sent[1];
  damaged[damaged.size() - 3] ^= 4;
  EXPECT_EQ(OpenAll(*s, damaged), Datagrams{});
  EXPECT_EQ(OpenAll(*s, sent[1]), Datagrams{Datagram(200, 2)});
  // Garbage, an alert in the clear, a cut record.
  Datagram room(2000);
  std::size_t size = 0;
  EXPECT_EQ(s->Open(Datagram(50, 0x17), room, size), Got::kNothing);
  const std::uint8_t v0 = sent[0][1], v1 = sent[0][2];
  EXPECT_EQ(s->Open(Datagram{21, v0, v1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, room, size), Got::kNothing);
  EXPECT_EQ(s->Open(Bytes(sent[2]).first(sent[2].size() - 1), room, size), Got::kNothing);
  // Two records in one datagram, opened in its own place.
  Datagram both = sent[2];
  both.insert(both.end(), sent[4].begin(), sent[4].end());
  ASSERT_EQ(s->Open(both, both, size), Got::kRecord);
  EXPECT_EQ(Datagram(both.begin(), both.begin() + static_cast<std::ptrdiff_t>(size)), Datagram(200, 3));
  ASSERT_EQ(s->Open({}, both, size), Got::kRecord);
  EXPECT_EQ(Datagram(both.begin(), both.begin() + static_cast<std::ptrdiff_t>(size)), Datagram(200, 5));
  EXPECT_EQ(s->Open({}, both, size), Got::kNothing);
  // The end is told.
  c->Close();
  const Datagram bye = TakeOne(*c);
  ASSERT_FALSE(bye.empty());
  EXPECT_EQ(s->Open(bye, room, size), Got::kClosed);
}

// What somebody on the way may write who has no key: made up, damaged, cut, sent again, in the clear, before good records and behind them.
std::vector<Datagram> ForgedLike(const Datagram& good, std::uint64_t seed) {
  const auto with = [&](auto change) {
    Datagram d = good;
    change(d);
    return d;
  };
  std::vector<Datagram> all;
  all.push_back(with([](Datagram& d) { d.back() ^= 1; }));
  all.push_back(with([](Datagram& d) { d[0] = 21; }));                  // an alert
  all.push_back(with([](Datagram& d) { d[0] = 20; }));
  all.push_back(with([](Datagram& d) { d[0] = 99; }));                  // of no known type
  all.push_back(with([](Datagram& d) { d[1] ^= 0xff; }));               // of another version
  all.push_back(with([](Datagram& d) { d[2] ^= 0x40; }));
  all.push_back(with([](Datagram& d) { d[4] ^= 2; }));                  // another epoch
  all.push_back(with([](Datagram& d) { d[5] = 0xff; }));                // far ahead
  all.push_back(with([](Datagram& d) { d[10] += 1; }));
  all.push_back(with([](Datagram& d) { d.resize(13); d[11] = d[12] = 0; }));
  all.push_back(with([](Datagram& d) { d.resize(20); d[11] = 0; d[12] = 7; }));
  all.push_back(with([](Datagram& d) { d[12] ^= 1; }));                 // its length does not fit
  all.push_back({21, good[1], good[2], 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40});
  all.push_back({21, good[1], good[2], 0, 0, 0, 0, 0, 0, 0, 8, 0, 2, 1, 0});
  all.push_back({20, good[1], good[2], 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 2});
  all.push_back({22, good[1], good[2], 0, 0, 0, 0, 0, 0, 0, 8, 0, 3, 1, 2, 3});
  Datagram hello{22, good[1], good[2], 0, 0, 0, 0, 0, 0, 0, 8, 0, 12 + 40, 1, 0, 0, 40, 0, 2, 0, 0, 0, 0, 0, 40};
  hello.resize(13 + 12 + 40);
  all.push_back(hello);
  hello[13] = 20;
  all.push_back(hello);
  hello[13] = 16;
  all.push_back(hello);
  SeededEntropy entropy{seed};
  Datagram noise(300);
  entropy.Fill(noise);
  all.push_back(noise);
  return all;
}
Datagram Joined(std::initializer_list<Datagram> parts) {
  Datagram d;
  for (const Datagram& p : parts) d.insert(d.end(), p.begin(), p.end());
  return d;
}

TEST_P(EveryDtlsSuite, WhatIsForgedEndsNoTunnel) {
  const DtlsSecret secret = SecretOf(*GetParam());
  DtlsPair p(secret, secret);
  ASSERT_TRUE(p.Shake());
  auto s = std::move(p.s), c = std::move(p.c);
  const Datagram old = SealOne(*c, Datagram(90, 1));
  ASSERT_EQ(OpenAll(*s, old).size(), 1u);
  std::uint8_t k = 1;
  for (DtlsChannel* const to : {s.get(), c.get()}) {
    DtlsChannel& from = to == s.get() ? *c : *s;
    for (const Datagram& forged : ForgedLike(SealOne(from, Datagram(90, 1)), 5)) {
      OpenAll(*to, forged);
      Datagram a(200, ++k), b(201, k), e(202, k);
      ASSERT_TRUE(OpenAll(*to, SealOne(from, a)) == Datagrams{a}) << int{k};
      // In one datagram with good ones, opened in its own place.
      Datagram all = Joined({forged, SealOne(from, b), old, SealOne(from, e)});
      if (forged.size() < 13 || forged.size() != 13u + LoadBe16(&forged[11])) all = Joined({old, SealOne(from, b), SealOne(from, e), forged});
      Datagrams got;
      std::size_t size = 0;
      Bytes next = all;
      while (to->Open(next, all, size) == Got::kRecord) {
        got.emplace_back(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
        next = {};
      }
      ASSERT_TRUE(got == (Datagrams{b, e})) << int{k};
    }
  }
}

// The same between two ends that have not agreed yet: both hear all of it after each datagram, and still come to an end.
TEST_P(EveryDtlsSuite, WhatIsForgedEndsNoHandshake) {
  const DtlsSecret secret = SecretOf(*GetParam());
  DtlsPair p(secret, secret);
  Datagrams heard;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while ((!p.s || !p.c) && !p.Failed() && std::chrono::steady_clock::now() < end) {
    const bool carried = p.Carry();
    for (const Datagram& like : {p.from_client.back(), p.from_server.empty() ? Datagram() : p.from_server.back()}) {
      if (like.size() < 14) continue;
      Datagrams forged = ForgedLike(like, 9);
      forged.insert(forged.end(), p.from_client.begin(), p.from_client.end());  // and all that was said is repeated
      for (const Datagram& d : forged) {
        if (p.s) OpenAll(*p.s, d);
        else p.server->Feed(d);
      }
    }
    if (carried) continue;
    p.client->Tick();
    p.server->Tick();
  }
  ASSERT_TRUE(p.s && p.c) << p.server->failure() << " / " << p.client->failure();
  const Datagram hello{'h', 'i'};
  EXPECT_EQ(OpenAll(*p.s, SealOne(*p.c, hello)), Datagrams{hello});
}

// Hellos without a cookie, which anybody can send, between the server's question and the client's answer: lengths that contradict each
// other, or a body that breaks off.
TEST_P(EveryDtlsSuite, ForgedHellosEndNoHandshake) {
  if (GetParam()->method == DtlsMethod::kLegacy) return;  // there the server has no question
  const DtlsSecret secret = SecretOf(*GetParam());
  for (int kind = 0; kind < 6; kind++) {
    DtlsPair p(secret, secret);
    p.lost = [](bool to_server, std::size_t number) { return !to_server && number == 1; };
    while (p.from_server.empty() && !p.Failed()) p.Carry();  // the question has been said, and got lost
    ASSERT_FALSE(p.from_client.empty());
    const Datagram first = p.from_client.front();
    Datagram forged = first;
    switch (kind) {
      case 0: forged[13 + 9 + 1] = 0x20; break;                                            // a fragment longer than the record
      case 1: forged[13 + 1] = forged[13 + 2] = forged[13 + 3] = 0xff; break;              // a message of 16 MB
      case 2: forged[13 + 9] = forged[13 + 10] = forged[13 + 11] = 0; break;               // a fragment of nothing
      case 3: forged[13 + 8] = 4; break;                                                   // a fragment from further on
      case 4: std::fill(forged.begin() + 13 + 12 + 36 + forged[13 + 12 + 34], forged.end(), 0xff); break;  // suites, and no more, are what they say
      default: break;                                                                      // as it was
    }
    for (int i = 0; i < 3; i++) p.server->Feed(forged);
    ASSERT_EQ(p.server->state(), DtlsHandshake::State::kBusy) << kind;
    p.lost = {};
    EXPECT_TRUE(p.Shake()) << kind << ": " << p.server->failure() << " / " << p.client->failure();
  }
}

// Data may overtake the handshake's last record: it waits.
TEST_P(EveryDtlsSuite, DataBeforeTheLastFlight) {
  if (GetParam()->method == DtlsMethod::kPsk) return;  // there the server has the last word
  const DtlsSecret secret = SecretOf(*GetParam());
  DtlsPair p(secret, secret);
  for (int k = 0; k < 10 && p.client->state() == DtlsHandshake::State::kBusy; ++k) {
    for (Datagram& d : p.client->ToWire()) p.server->Feed(d);
    for (Datagram& d : p.server->ToWire()) p.client->Feed(d);
  }
  ASSERT_EQ(p.client->state(), DtlsHandshake::State::kDone);
  const Datagrams last = p.client->ToWire();
  auto c = p.client->Take();
  const Datagram hello{'h', 'i'};
  p.server->Feed(SealOne(*c, hello));
  ASSERT_EQ(p.server->state(), DtlsHandshake::State::kBusy);
  for (const Datagram& d : last) p.server->Feed(d);
  ASSERT_EQ(p.server->state(), DtlsHandshake::State::kDone);
  auto s = p.server->Take();
  EXPECT_EQ(OpenAll(*s, {}), Datagrams{hello});
}

TEST_P(EveryDtlsSuite, NobodyElseGetsIn) {
  const DtlsSecret secret = SecretOf(*GetParam());
  DtlsSecret wrong_key = SecretOf(*GetParam());
  wrong_key.key.bytes()[5] ^= 1;
  DtlsPair a(secret, wrong_key);
  EXPECT_FALSE(a.Shake(std::chrono::milliseconds(30)));
  EXPECT_FALSE(a.s);
  EXPECT_NE(a.server->state(), DtlsHandshake::State::kDone);
  if (GetParam()->method != DtlsMethod::kPsk) {  // there the caller compares the hello's id, and the key decides
    DtlsSecret wrong_id = SecretOf(*GetParam());
    wrong_id.id[31] ^= 1;
    DtlsPair b(secret, wrong_id);
    EXPECT_FALSE(b.Shake(std::chrono::milliseconds(30)));
    EXPECT_EQ(b.server->state(), DtlsHandshake::State::kFailed);
    EXPECT_FALSE(b.server->failure().empty());
  }
}

const DtlsSuite& One(DtlsMethod method) {
  return *std::ranges::find_if(DtlsSuites(), [&](const DtlsSuite& s) { return s.method == method; });
}

TEST(Dtls, TwoHandshakesAtOnce) {
  for (const DtlsMethod m : {DtlsMethod::kDtls12, DtlsMethod::kPsk, DtlsMethod::kLegacy}) {
    const DtlsSecret secret = SecretOf(One(m));
    DtlsPair a(secret, secret), b(secret, secret);
    for (int k = 0; k < 10; ++k) {
      a.Carry();
      b.Carry();
    }
    ASSERT_TRUE(a.s && a.c && b.s && b.c);
    auto sa = std::move(a.s), sb = std::move(b.s), ca = std::move(a.c), cb = std::move(b.c);
    const Datagram hello{'h', 'i'}, to_a = SealOne(*ca, hello);
    EXPECT_EQ(OpenAll(*sb, to_a), Datagrams{});
    EXPECT_EQ(OpenAll(*sa, to_a), Datagrams{hello});
    EXPECT_EQ(OpenAll(*sb, SealOne(*cb, hello)), Datagrams{hello});
  }
}

// The server has spoken last and is content, but the client has not heard it: its repeated Finished meets the channel.
TEST(Dtls, LostLastFlightOfPsk) {
  const DtlsSecret secret = SecretOf(One(DtlsMethod::kPsk));
  DtlsPair p(secret, secret);
  for (int k = 0; k < 10 && p.server->state() == DtlsHandshake::State::kBusy; ++k) {
    for (Datagram& d : p.client->ToWire()) p.server->Feed(d);
    if (p.server->state() == DtlsHandshake::State::kDone) break;
    for (Datagram& d : p.server->ToWire()) p.client->Feed(d);
  }
  ASSERT_EQ(p.server->state(), DtlsHandshake::State::kDone);
  EXPECT_FALSE(p.server->ToWire().empty());  // lost
  ASSERT_EQ(p.client->state(), DtlsHandshake::State::kBusy);
  auto s = p.server->Take();
  Datagrams answers;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (p.client->state() == DtlsHandshake::State::kBusy && std::chrono::steady_clock::now() < end) {
    p.client->Tick();
    for (const Datagram& d : p.client->ToWire()) {
      if (d[0] == 22 && d[3] == 0 && d[4] == 0) continue;  // epoch 0 goes to the control thread's socket
      EXPECT_EQ(OpenAll(*s, d), Datagrams{});
      for (Datagram a = TakeOne(*s); !a.empty(); a = TakeOne(*s)) p.client->Feed(a);
    }
  }
  ASSERT_EQ(p.client->state(), DtlsHandshake::State::kDone);
  auto c = p.client->Take();
  const Datagram hello{'h', 'i'};
  EXPECT_EQ(OpenAll(*s, SealOne(*c, hello)), Datagrams{hello});
  EXPECT_EQ(OpenAll(*c, SealOne(*s, hello)), Datagrams{hello});
}

// Of a resumption the client speaks last: the server repeats itself until it has heard it, the client's channel answers.
TEST(Dtls, LostLastFlightOfResumption) {
  for (const DtlsMethod m : {DtlsMethod::kDtls12, DtlsMethod::kLegacy}) {
    const DtlsSecret secret = SecretOf(One(m));
    DtlsPair p(secret, secret);
    for (int k = 0; k < 10 && p.client->state() == DtlsHandshake::State::kBusy; ++k) {
      for (Datagram& d : p.client->ToWire()) p.server->Feed(d);
      for (Datagram& d : p.server->ToWire()) p.client->Feed(d);
    }
    ASSERT_EQ(p.client->state(), DtlsHandshake::State::kDone);
    EXPECT_FALSE(p.client->ToWire().empty());  // lost
    auto c = p.client->Take();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (p.server->state() == DtlsHandshake::State::kBusy && std::chrono::steady_clock::now() < end) {
      p.server->Tick();
      for (const Datagram& d : p.server->ToWire()) {
        OpenAll(*c, d);
        for (Datagram a = TakeOne(*c); !a.empty(); a = TakeOne(*c)) p.server->Feed(a);
      }
    }
    EXPECT_EQ(p.server->state(), DtlsHandshake::State::kDone) << static_cast<int>(m);
  }
}

// A client that is done before the server sends data at once: it waits in the channel.
TEST(Dtls, DataBehindTheLastFlight) {
  for (const DtlsMethod m : {DtlsMethod::kDtls12, DtlsMethod::kLegacy}) {
    const DtlsSecret secret = SecretOf(One(m));
    DtlsPair p(secret, secret);
    for (int k = 0; k < 10 && p.client->state() == DtlsHandshake::State::kBusy; ++k) {
      for (Datagram& d : p.client->ToWire()) p.server->Feed(d);
      for (Datagram& d : p.server->ToWire()) p.client->Feed(d);
    }
    ASSERT_EQ(p.client->state(), DtlsHandshake::State::kDone);
    const Datagrams last = p.client->ToWire();
    auto c = p.client->Take();
    const Datagram hello{'h', 'i'};
    Datagram all;
    for (const Datagram& d : last) all.insert(all.end(), d.begin(), d.end());
    const Datagram data = SealOne(*c, hello);
    all.insert(all.end(), data.begin(), data.end());
    EXPECT_EQ(p.server->Feed(all), DtlsHandshake::State::kDone);
    auto s = p.server->Take();
    EXPECT_EQ(OpenAll(*s, {}), Datagrams{hello}) << static_cast<int>(m);
  }
}

TEST(Dtls, CookiesAreOfOneAddress) {
  const DtlsSecret secret = SecretOf(One(DtlsMethod::kDtls12));
  DtlsPair p(secret, secret, {}, 1000);
  p.Carry();  // hello; HelloVerifyRequest
  ASSERT_EQ(p.from_server.size(), 1u);
  EXPECT_EQ(p.from_server[0][13], 3);
  const Datagrams second = p.client->ToWire();
  ASSERT_EQ(second.size(), 1u);
  const auto after = [&](std::uint16_t port) {
    auto h = DtlsHandshake::Begin(secret, DtlsRole::kServer, {.cookie_key = DtlsPair::kCookieKey, .peer = {IpAddress::V4(0xc6336401), port}});
    h->Feed(p.from_client[0]);
    EXPECT_EQ(h->ToWire().size(), 1u);
    h->Feed(second[0]);
    return h;
  };
  EXPECT_EQ(after(40000)->ToWire()[0][13], 2);  // ServerHello: whoever asked knows the cookie
  auto other = after(40001);  // somebody who has not heard what was said to that address: no answer, and no end
  EXPECT_EQ(other->state(), DtlsHandshake::State::kBusy);
  EXPECT_TRUE(other->ToWire().empty());
}

TEST(Dtls, KeysAreLogged) {
  for (const DtlsMethod m : {DtlsMethod::kDtls12, DtlsMethod::kPsk, DtlsMethod::kLegacy}) {
    std::vector<std::string> lines;
    const DtlsSecret secret = SecretOf(One(m));
    DtlsPair p(secret, secret, {.key_log = [&](const std::string& l) { lines.push_back(l); }});
    ASSERT_TRUE(p.Shake());
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].substr(0, 14), "CLIENT_RANDOM ");
    EXPECT_EQ(lines[0].size(), 14u + 64 + 1 + 96);
    EXPECT_EQ(lines[0], lines[1]);
  }
}

TEST(Dtls, SecretsOfWrongSizeAreRefused) {
  DtlsSecret s = SecretOf(One(DtlsMethod::kPsk));
  s.key = Secret(kDtlsMasterSecret);
  EXPECT_EQ(DtlsHandshake::Begin(s, DtlsRole::kServer, {}), nullptr);
  s.suite = nullptr;
  EXPECT_EQ(DtlsHandshake::Begin(s, DtlsRole::kServer, {}), nullptr);
}

TEST(Dtls, OnlyAHelloNamesASession) {
  const DtlsSecret secret = SecretOf(One(DtlsMethod::kLegacy));
  auto h = DtlsHandshake::Begin(secret, DtlsRole::kClient, {});
  const Datagram hello = h->ToWire()[0];
  ASSERT_EQ(SessionIdOfHello(hello), secret.id);
  EXPECT_EQ(hello[1], 0x01);
  for (std::size_t n = 0; n < hello.size(); ++n) {
    EXPECT_EQ(SessionIdOfHello(Bytes(hello).first(n)).has_value(), n >= 13 + 12 + 34 + 33) << n;
  }
  for (const std::size_t at : {0u, 1u, 3u, 13u, 20u, 59u}) {
    Datagram d = hello;
    d[at] ^= 0x40;
    EXPECT_FALSE(SessionIdOfHello(d)) << at;
  }
}

}  // namespace
}  // namespace sallyport
