// IPsec over TCP: its format byte by byte, both ends against each other over a wire that loses, and what a stranger can do.
#include "vpn/ctcp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "firewall/base/checksum.h"
#include "firewall/packet.h"
#include "firewall/undo_log.h"
#include "tests/vpn/hex.h"
#include "vpn/ctcp_client.h"
#include "vpn/ctcp_server.h"

namespace sallyport::ctcp_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Raw = std::vector<std::uint8_t>;

const Endpoint kClient{*IpAddress::Parse("192.0.2.10"), 4500 + 31000};
const Endpoint kServer{*IpAddress::Parse("198.51.100.1"), 10000};
constexpr IfId kOutside{3};
constexpr std::uint16_t kPorts[] = {10000, 443};

TimePoint At(std::int64_t seconds) { return {Duration::Seconds(seconds).ns}; }

// An IKE message: only its length matters here.
Raw Ike(std::size_t size, std::uint8_t fill = 0x42) {
  Raw m(size, fill);
  StoreBe32(m.data() + 24, static_cast<std::uint32_t>(size));
  return m;
}

struct Parsed {
  Raw bytes;
  Packet p;
  explicit Parsed(Raw b, FrameDrop expected = FrameDrop::kNone) : bytes(std::move(b)) {
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = kOutside;
    EXPECT_EQ(ParsePacket(p), expected);
  }
  Bytes payload() const { return Bytes(bytes).subspan(p.payload_offset, p.payload_length); }
};

// ESP with what must be free around it.
struct Esp {
  Raw buffer;
  MutableBytes esp;
  explicit Esp(std::size_t size, std::uint8_t fill = 0x99) : buffer(kCtcpFront + size + kCtcpTrailer, fill) {
    esp = MutableBytes(buffer).subspan(kCtcpFront, size);
  }
};

Raw Copy(Bytes b) { return Raw(b.begin(), b.end()); }

CtcpEnd End(bool server) {
  CtcpEnd end(server ? kServer : kClient, server ? kClient : kServer, 1000, server);
  end.Start(7000);
  return end;
}

TEST(CtcpFormat, EspIsTheSegmentsPayloadWithATrailerBehind) {
  CtcpEnd end = End(false);
  Esp e(32);
  Parsed s(Copy(end.WrapEsp(e.esp, 0xb8, true, 0x1234)));
  EXPECT_EQ(s.bytes.size(), 40u + 32 + 16);
  EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(s.bytes).first(20))), 0);
  EXPECT_TRUE(VerifyTransportChecksum(s.p));
  EXPECT_EQ(s.p.key.src, kClient.address);
  EXPECT_EQ(s.p.key.dport, 10000);
  EXPECT_EQ(s.p.seq, 1000u);
  EXPECT_EQ(s.p.ack, 7000u);
  EXPECT_EQ(s.p.tcp_flags, kTcpPsh | kTcpAck);
  EXPECT_EQ(s.bytes[1], 0xb8);
  EXPECT_TRUE(s.p.dont_fragment);
  EXPECT_EQ(Copy(s.payload().first(32)), Raw(32, 0x99));
  EXPECT_EQ(Copy(s.payload().subspan(32)), FromHex("00000000 0000 0000 21456c69 10 32 0100"));
  EXPECT_EQ(end.next(), 1048u);
}

TEST(CtcpFormat, IkeKeepsItsUdpHeaderAndSaysWhichWayItGoes) {
  for (const bool server : {false, true}) {
    CtcpEnd end = End(server);
    Parsed s(end.WrapIke(Ike(60), 0xabcd));
    EXPECT_TRUE(VerifyTransportChecksum(s.p));
    EXPECT_EQ(Copy(s.payload().first(8)), FromHex("01f4 01f4 0044 0000"));
    EXPECT_EQ(Copy(s.payload().subspan(8, 60)), Ike(60));
    EXPECT_EQ(Copy(s.payload().subspan(68)), FromHex(server ? "00000000 abcd 0000 21456c69 10 11 0100" : "00000000 abcd 4000 21456c69 10 11 0100"));
  }
}

TEST(CtcpFormat, IkeThatFitsIntoNoPacketIsNotSent) {
  CtcpEnd end = End(false);
  EXPECT_THAT(end.WrapIke(Ike(65535 - 40 - 8 - 16 + 1), 0), IsEmpty());
  EXPECT_THAT(end.WrapIke(Raw(27), 0), IsEmpty());
  EXPECT_EQ(end.next(), 1000u);
}

TEST(CtcpFormat, SegmentsThatWerePutTogetherAreTakenApart) {
  CtcpEnd end = End(false);
  Raw stream;
  const auto add = [&](const Raw& packet) { stream.insert(stream.end(), packet.begin() + 40, packet.end()); };
  for (const std::size_t size : {1400u, 1400u, 64u}) {
    Esp e(size, static_cast<std::uint8_t>(size));
    add(Copy(end.WrapEsp(e.esp, 0, false, 0)));
  }
  add(end.WrapIke(Ike(300), 5));
  Esp last(24);
  add(Copy(end.WrapEsp(last.esp, 0, false, 0)));
  std::vector<CtcpPiece> pieces;
  ASSERT_TRUE(ReadCtcp(stream, pieces));
  ASSERT_THAT(pieces, SizeIs(5));
  std::vector<std::size_t> sizes;
  for (const CtcpPiece& p : pieces) sizes.push_back(p.content.size());
  EXPECT_THAT(sizes, ElementsAre(1400, 1400, 64, 300, 24));
  EXPECT_EQ(pieces[3].what, CtcpContent::kIke);
  EXPECT_EQ(pieces[4].what, CtcpContent::kEsp);
}

TEST(CtcpFormat, WhatWasCutIsNothing) {
  CtcpEnd end = End(false);
  Esp e(100);
  const Raw esp = Copy(end.WrapEsp(e.esp, 0, false, 0).subspan(40));
  const Raw ike = Copy(Bytes(end.WrapIke(Ike(100), 1)).subspan(40));
  for (const Raw& whole : {esp, ike}) {
    for (std::size_t n = 1; n < whole.size(); n++) {
      Raw cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
      std::vector<CtcpPiece> pieces;
      EXPECT_FALSE(ReadCtcp(cut, pieces)) << n;
      EXPECT_THAT(pieces, IsEmpty());
    }
  }
  // The two lengths of IKE must agree, and a trailer must stand where they say.
  for (const std::size_t at : {4u, 5u, 8u + 24, 8u + 27, 108u, 116u, 121u, 123u}) {
    Raw odd = ike;
    odd[at] ^= 1;
    std::vector<CtcpPiece> pieces;
    EXPECT_FALSE(ReadCtcp(odd, pieces)) << at;
  }
}

// Both ends, and a wire that can be told to lose.
struct Wire {
  CtcpServer server{42};
  CtcpClient client{kClient, kServer, 0xfffffff0, CtcpClientTimes(), At(0)};
  std::vector<Raw> at_server, at_client;  // contents
  bool to_server = true, to_client = true;
  std::vector<Raw> from_client_;  // all segments
  std::vector<Raw> from_server_;
  CtcpServer::Arrival last;

  Wire() {
    std::vector<CtcpKey> closed;
    server.UsePorts(kPorts, closed);
  }
  static CtcpKey Key() { return {kOutside, kServer, kClient}; }
  void Deliver(std::vector<Raw> to, TimePoint now) {
    for (Raw& r : to) ToServer(std::move(r), now);
  }
  void ToServer(Raw r, TimePoint now) {
    from_client_.push_back(r);
    if (!to_server) return;
    Parsed s(std::move(r));
    std::vector<OriginatedPacket> answers;
    last = server.Receive(s.p, now, answers);
    for (const CtcpPiece& piece : last.pieces) at_server.push_back(Copy(piece.content));
    for (OriginatedPacket& a : answers) ToClient(std::move(a.bytes), now);
  }
  void ToClient(Raw r, TimePoint now) {
    from_server_.push_back(r);
    if (!to_client) return;
    Parsed s(std::move(r));
    std::vector<CtcpPiece> pieces;
    std::vector<Raw> out;
    client.Receive(s.p, now, pieces, out);
    for (const CtcpPiece& piece : pieces) at_client.push_back(Copy(piece.content));
    Deliver(std::move(out), now);
  }
  void Advance(TimePoint now) {
    std::vector<Raw> out;
    client.Advance(now, out);
    Deliver(std::move(out), now);
  }
  void Open(TimePoint now = At(0)) {
    Advance(now);
    ASSERT_EQ(client.state(), CtcpClient::State::kOpen);
    ASSERT_TRUE(server.Has(Key()));
  }
  void ClientEsp(std::size_t size, std::uint8_t fill, TimePoint now) {
    Esp e(size, fill);
    ToServer(Copy(client.WrapEsp(e.esp, 0, false, 0, now)), now);
  }
  void ServerEsp(std::size_t size, std::uint8_t fill, TimePoint now) {
    Esp e(size, fill);
    ToClient(Copy(server.WrapEsp(Key(), e.esp, 0, false, 0)), now);
  }
  std::vector<CtcpKey> SweepFor(std::int64_t seconds, std::int64_t from, std::vector<OriginatedPacket>* answers = nullptr) {
    std::vector<CtcpKey> closed;
    std::vector<OriginatedPacket> own;
    for (std::int64_t s = 1; s <= seconds; s++) server.Sweep(At(from + s), closed, answers != nullptr ? *answers : own);
    return closed;
  }
};

TEST(Ctcp, HandshakeThenBothWays) {
  Wire l;
  l.Open();
  EXPECT_TRUE(l.last.opened);
  EXPECT_FALSE(l.last.replaced);
  l.ToServer(l.client.WrapIke(Ike(200), 9, At(1)), At(1));
  EXPECT_THAT(l.at_server, ElementsAre(Ike(200)));
  l.ToClient(l.server.WrapIke(Wire::Key(), Ike(120))->bytes, At(1));
  EXPECT_THAT(l.at_client, ElementsAre(Ike(120)));
  l.ClientEsp(64, 1, At(2));
  l.ServerEsp(72, 2, At(2));
  EXPECT_EQ(l.at_server.back(), Raw(64, 1));
  EXPECT_EQ(l.at_client.back(), Raw(72, 2));
  // Numbers went on as TCP's would: the client's began just before the wrap.
  EXPECT_EQ(l.client.end().next(), 0xfffffff0 + 1 + (200 + 24) + (64 + 16));
  EXPECT_EQ(Parsed(l.from_server_.back()).p.ack, l.client.end().next());
}

TEST(Ctcp, WindowScaleIsAnsweredWhereItIsOffered) {
  for (const bool scale : {false, true}) {
    Wire l;
    CtcpEnd end(kClient, kServer, 5, false);
    Parsed syn(end.Bare(kTcpSyn, 0, scale));
    EXPECT_EQ(syn.p.tcp_options.window_scale, scale ? 14 : 0xff);
    EXPECT_FALSE(syn.p.tcp_options.malformed);
    std::vector<OriginatedPacket> answers;
    l.server.Receive(syn.p, At(0), answers);
    ASSERT_THAT(answers, SizeIs(1));
    EXPECT_EQ(Parsed(answers[0].bytes).p.tcp_options.window_scale, scale ? 14 : 0xff);
  }
}

TEST(Ctcp, NumbersGoOnAfterALongHole) {
  Wire l;
  l.Open();
  l.to_server = false;
  for (int i = 0; i < 2000; i++) l.ClientEsp(1000, 1, At(1));  // two megabytes
  l.to_server = true;
  l.ClientEsp(64, 2, At(2));
  EXPECT_THAT(l.at_server, ElementsAre(Raw(64, 2)));
  l.ServerEsp(64, 3, At(2));
  EXPECT_EQ(Parsed(l.from_server_.back()).p.ack, l.client.end().next());
  EXPECT_THAT(l.at_client, SizeIs(1));
}

TEST(Ctcp, WhatIsLostIsNotRepeatedAndNothingWaitsForIt) {
  Wire l;
  l.Open();
  l.ClientEsp(64, 1, At(1));
  l.to_server = false;
  l.ClientEsp(64, 2, At(1));
  l.to_server = true;
  l.ClientEsp(64, 3, At(1));
  EXPECT_THAT(l.at_server, ElementsAre(Raw(64, 1), Raw(64, 3)));
  l.ServerEsp(64, 4, At(1));
  // The hole is acknowledged as well.
  EXPECT_EQ(Parsed(l.from_server_.back()).p.ack, l.client.end().next());
  const std::size_t sent = l.from_client_.size();
  // Somebody on the way asks for it three times. The client does not hear.
  for (int i = 0; i < 3; i++) {
    Raw duplicate = l.from_server_[0];  // SYN ACK's headers do
    CtcpEnd proxy(kServer, kClient, Parsed(l.from_server_.back()).p.seq + 80, true);
    proxy.Start(l.client.end().next() - 160);
    l.ToClient(proxy.Bare(kTcpAck, 0), At(2));
  }
  l.Advance(At(3));
  EXPECT_EQ(l.from_client_.size(), sent);
}

TEST(Ctcp, SynIsRepeatedThenGivenUp) {
  Wire l;
  l.to_server = false;
  for (const std::int64_t s : {0, 1, 3, 6}) l.Advance(At(s));
  EXPECT_EQ(l.client.state(), CtcpClient::State::kConnecting);
  EXPECT_THAT(l.from_client_, SizeIs(3));
  EXPECT_EQ(l.from_client_[0], l.from_client_[2]);
  l.Advance(At(9));
  EXPECT_EQ(l.client.state(), CtcpClient::State::kNoAnswer);
  EXPECT_EQ(l.client.Deadline(), TimePoint::Max());
  EXPECT_THAT(l.client.WrapIke(Ike(60), 1, At(9)), IsEmpty());
}

TEST(Ctcp, LostAnswerAndLostEndOfTheHandshake) {
  Wire l;
  l.to_client = false;
  l.Advance(At(0));
  EXPECT_EQ(l.server.size(), 0u);  // a SYN costs nothing
  l.to_client = true;
  // The ACK and the first message get lost: the second message proves as much.
  std::vector<Raw> out;
  l.client.Advance(At(3), out);
  Parsed syn(out[0]);
  std::vector<OriginatedPacket> answers;
  l.server.Receive(syn.p, At(3), answers);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].egress, kOutside);
  l.to_server = false;
  l.ToClient(answers[0].bytes, At(3));
  l.ToServer(l.client.WrapIke(Ike(100), 1, At(3)), At(3));
  EXPECT_EQ(l.server.size(), 0u);
  l.to_server = true;
  l.ToServer(l.client.WrapIke(Ike(101), 2, At(11)), At(11));
  EXPECT_TRUE(l.server.Has(Wire::Key()));
  EXPECT_THAT(l.at_server, ElementsAre(Ike(101)));
}

TEST(Ctcp, PortIsClosed) {
  Wire l;
  std::vector<CtcpKey> closed;
  l.server.UsePorts({}, closed);
  EXPECT_FALSE(l.server.Listens(10000));
  // The kernel's answer would be a RST.
  std::vector<Raw> out;
  l.client.Advance(At(0), out);
  CtcpEnd kernel(kServer, kClient, 0, true);
  kernel.Start(0xfffffff1);
  Raw reset = kernel.Bare(kTcpRst | kTcpAck, 0);
  l.ToClient(reset, At(0));
  EXPECT_EQ(l.client.state(), CtcpClient::State::kRefused);
}

TEST(Ctcp, PortThatGoesTakesItsConnectionsAlong) {
  Wire l;
  l.Open();
  std::vector<CtcpKey> closed;
  constexpr std::uint16_t other[] = {443};
  l.server.UsePorts(other, closed);
  EXPECT_THAT(closed, ElementsAre(Wire::Key()));
  EXPECT_EQ(l.server.size(), 0u);
}

TEST(Ctcp, SegmentOfAnUnknownConnectionIsReset) {
  Wire l;
  l.Open();
  Wire other;  // as after a restart
  Esp e(64);
  Parsed s(Copy(l.client.WrapEsp(e.esp, 0, false, 0, At(1))));
  std::vector<OriginatedPacket> answers;
  CtcpServer restarted(43);
  std::vector<CtcpKey> closed;
  restarted.UsePorts(kPorts, closed);
  EXPECT_EQ(restarted.Receive(s.p, At(1), answers).drop, FrameDrop::kTcpNotSyn);
  EXPECT_THAT(restarted.Receive(s.p, At(1), answers).pieces, IsEmpty());
  ASSERT_THAT(answers, SizeIs(2));
  l.ToClient(answers[0].bytes, At(1));
  EXPECT_EQ(l.client.state(), CtcpClient::State::kClosed);
}

TEST(Ctcp, ClientEndsIt) {
  Wire l;
  l.Open();
  l.ToServer(l.client.Close(), At(5));
  EXPECT_TRUE(l.last.closed);
  EXPECT_EQ(l.server.size(), 0u);
  EXPECT_EQ(l.client.state(), CtcpClient::State::kClosed);
}

TEST(Ctcp, ServerEndsIt) {
  Wire l;
  l.Open();
  l.ToClient(l.server.Close(Wire::Key())->bytes, At(5));
  EXPECT_EQ(l.client.state(), CtcpClient::State::kClosed);
  EXPECT_FALSE(l.server.Close(Wire::Key()).has_value());
}

TEST(Ctcp, StrangersResetEndsNothingWhileTheClientSpeaks) {
  Wire l;
  l.Open();
  l.server.Prove(Wire::Key());
  CtcpEnd stranger(kClient, kServer, 0x40000000, false);
  l.ToServer(stranger.Bare(kTcpRst, 0), At(1));
  EXPECT_FALSE(l.last.closed);
  l.ClientEsp(64, 1, At(2));
  EXPECT_THAT(l.SweepFor(100, 2), IsEmpty());
  // A client that has gone without knowing its numbers sends nothing any more.
  l.ToServer(stranger.Bare(kTcpRst, 0), At(102));
  EXPECT_THAT(l.SweepFor(10, 102), IsEmpty());
  EXPECT_THAT(l.SweepFor(1, 112), ElementsAre(Wire::Key()));
}

TEST(Ctcp, StrangersGuessOpensNothing) {
  Wire l;
  std::vector<Raw> out;
  l.client.Advance(At(0), out);
  for (std::uint32_t guess = 0; guess < 100000; guess++) {
    CtcpEnd stranger(kClient, kServer, 1, false);
    stranger.Start(guess * 2654435761u);
    Parsed s(stranger.Bare(kTcpAck, 0));
    std::vector<OriginatedPacket> answers;
    l.server.Receive(s.p, At(0), answers);
  }
  EXPECT_EQ(l.server.size(), 0u);
}

TEST(Ctcp, HandshakeIsForgottenAfterTwoMinutes) {
  Wire l;
  std::vector<Raw> out;
  l.client.Advance(At(0), out);
  Parsed syn(out[0]);
  std::vector<OriginatedPacket> answers;
  l.server.Receive(syn.p, At(0), answers);
  l.to_server = false;
  l.ToClient(answers[0].bytes, At(0));
  l.to_server = true;
  l.ToServer(l.client.WrapIke(Ike(60), 1, At(130)), At(130));
  EXPECT_EQ(l.server.size(), 0u);
}

TEST(Ctcp, ClientComesAgainFromTheSamePort) {
  Wire l;
  l.Open();
  l.ClientEsp(2000, 1, At(1));
  CtcpClient again(kClient, kServer, 0x12345678, CtcpClientTimes(), At(5));
  std::vector<Raw> out;
  std::vector<OriginatedPacket> answers;
  std::vector<CtcpPiece> pieces;
  again.Advance(At(5), out);
  Parsed syn(out[0]);
  l.server.Receive(syn.p, At(5), answers);
  EXPECT_EQ(l.server.size(), 1u);  // the old one still: the SYN could be a stranger's
  Parsed answer(answers[0].bytes);
  out.clear();
  again.Receive(answer.p, At(5), pieces, out);
  Parsed ack(out[0]);
  const CtcpServer::Arrival& a = l.server.Receive(ack.p, At(5), answers);
  EXPECT_TRUE(a.opened);
  EXPECT_TRUE(a.replaced);
  Esp e(64);
  Parsed s(Copy(again.WrapEsp(e.esp, 0, false, 0, At(5))));
  EXPECT_THAT(l.server.Receive(s.p, At(5), answers).pieces, SizeIs(1));
  EXPECT_EQ(l.server.size(), 1u);
}

TEST(Ctcp, SilentOnesEnd) {
  Wire l;
  l.Open();
  std::vector<OriginatedPacket> answers;
  EXPECT_THAT(l.SweepFor(60, 0, &answers), IsEmpty());
  EXPECT_THAT(l.SweepFor(1, 60, &answers), ElementsAre(Wire::Key()));
  ASSERT_THAT(answers, SizeIs(1));
  l.ToClient(answers[0].bytes, At(61));
  EXPECT_EQ(l.client.state(), CtcpClient::State::kClosed);
}

TEST(Ctcp, KeepalivesKeepWhatIsProven) {
  Wire l;
  l.Open();
  l.server.Prove(Wire::Key());
  EXPECT_THAT(l.SweepFor(3600, 0), IsEmpty());
  l.Advance(At(3600));
  EXPECT_EQ(l.server.counters().keepalives_in, 2u);  // the handshake's last ACK, too
  EXPECT_THAT(l.SweepFor(3600, 3600), IsEmpty());
  EXPECT_THAT(l.SweepFor(1, 7200), ElementsAre(Wire::Key()));
}

TEST(Ctcp, LeapOfTheClockIsNoSilence) {
  Wire l;
  l.Open();
  std::vector<CtcpKey> closed;
  std::vector<OriginatedPacket> answers;
  l.server.Sweep(At(1), closed, answers);
  l.server.Sweep(At(100000), closed, answers);
  EXPECT_THAT(closed, IsEmpty());
}

TEST(Ctcp, TableIsBounded) {
  CtcpLimits limits;
  limits.connections = 50;
  CtcpServer server(7, limits);
  std::vector<CtcpKey> closed;
  server.UsePorts(kPorts, closed);
  const auto open = [&](std::uint16_t port) {
    const Endpoint own{kClient.address, port};
    CtcpClient c(own, kServer, port, CtcpClientTimes(), At(0));
    std::vector<Raw> out;
    std::vector<CtcpPiece> pieces;
    std::vector<OriginatedPacket> answers;
    c.Advance(At(0), out);
    Parsed syn(out[0]);
    server.Receive(syn.p, At(0), answers);
    Parsed answer(answers[0].bytes);
    out.clear();
    c.Receive(answer.p, At(0), pieces, out);
    Parsed ack(out[0]);
    return server.Receive(ack.p, At(0), answers).opened;
  };
  for (std::uint16_t n = 0; n < 50; n++) {
    ASSERT_TRUE(open(static_cast<std::uint16_t>(1024 + n)));
    if (n < 25) server.Prove({kOutside, kServer, {kClient.address, static_cast<std::uint16_t>(1024 + n)}});
  }
  // Whoever shows keys stays; the others make room.
  for (std::uint16_t n = 0; n < 200; n++) ASSERT_TRUE(open(static_cast<std::uint16_t>(2048 + n)));
  EXPECT_EQ(server.size(), 50u);
  for (std::uint16_t n = 0; n < 25; n++) EXPECT_TRUE(server.Has({kOutside, kServer, {kClient.address, static_cast<std::uint16_t>(1024 + n)}}));
  for (std::uint16_t n = 0; n < 200; n++) server.Prove({kOutside, kServer, {kClient.address, static_cast<std::uint16_t>(2048 + n)}});
  EXPECT_FALSE(open(9000));
  EXPECT_EQ(server.counters().refused, 1u);
}

TEST(Ctcp, OneWayTrafficIsAcknowledgedNowAndThen) {
  Wire l;
  l.Open();
  const std::size_t before = l.from_server_.size();
  for (int i = 0; i < 100; i++) l.ClientEsp(1000, 1, At(1));
  const std::size_t acks = l.from_server_.size() - before;
  EXPECT_GE(acks, 5u);
  EXPECT_LE(acks, 7u);
  Parsed last(l.from_server_.back());
  EXPECT_EQ(last.p.payload_length, 0u);
}

TEST(Ctcp, OddSegments) {
  Wire l;
  l.Open();
  const auto send = [&](std::uint8_t flags, bool spoil) {
    CtcpEnd odd(kClient, kServer, l.client.end().next(), false);
    Raw r = odd.Bare(flags, 0);
    if (spoil) r[36] ^= 0x55;
    l.ToServer(std::move(r), At(1));
    return l.last.drop;
  };
  EXPECT_EQ(send(kTcpSyn | kTcpAck, false), FrameDrop::kBadTcpFlags);
  EXPECT_EQ(send(kTcpPsh, false), FrameDrop::kBadTcpFlags);
  EXPECT_EQ(send(kTcpAck, true), FrameDrop::kBadTcpCksum);
  EXPECT_EQ(send(kTcpRst, true), FrameDrop::kBadTcpCksum);
  EXPECT_TRUE(l.server.Has(Wire::Key()));
  // A payload that is none of ours: somebody's HTTP.
  Raw http = l.client.WrapIke(Ike(60), 1, At(1));
  std::fill(http.begin() + 40, http.end(), 'G');
  l.ToServer(std::move(http), At(1));
  EXPECT_EQ(l.last.drop, FrameDrop::kBadIpsecProt);
  EXPECT_THAT(l.last.pieces, IsEmpty());
  EXPECT_EQ(l.server.counters().malformed, 1u);
}

TEST(Ctcp, ImaginedSegmentsLeaveNoTrace) {
  Wire l;
  l.Open();
  const auto counters = l.server.counters();
  UndoLog undo;
  l.server.UseUndo(&undo);
  CtcpEnd end = l.client.end();
  Parsed reset(end.Bare(kTcpRst | kTcpAck, 0));
  std::vector<OriginatedPacket> answers;
  EXPECT_TRUE(l.server.Receive(reset.p, At(1), answers).closed);
  EXPECT_FALSE(l.server.Has(Wire::Key()));
  l.server.UseUndo(nullptr);
  undo.TakeBack();
  EXPECT_TRUE(l.server.Has(Wire::Key()));
  EXPECT_EQ(l.server.counters().closed, 0u);
  EXPECT_EQ(l.server.counters().resets, 0u);
  EXPECT_EQ(l.server.counters().segments_in, counters.segments_in);
  l.ClientEsp(64, 1, At(2));
  EXPECT_THAT(l.at_server, SizeIs(1));
}

}  // namespace
}  // namespace sallyport::ctcp_test
