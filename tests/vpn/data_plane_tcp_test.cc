// IPsec over TCP at an appliance: a client's segments come at its outside interface.
#include "tests/vpn/gateways.h"
#include "vpn/ctcp_client.h"

namespace sallyport::vpntest {
namespace {

const Made kPing{.src = "10.1.1.10", .dst = "10.2.2.20", .protocol = 1, .sport = 77, .payload = 56};
const Endpoint kClient{*IpAddress::Parse("192.0.2.1"), 51000}, kHead{*IpAddress::Parse("192.0.2.2"), 10000};

Made Answer(Made m) {
  std::swap(m.src, m.dst);
  m.icmp_type = 0;
  return m;
}

Raw Ike(std::size_t size) {
  Raw m(size, 0x42);
  StoreBe32(m.data() + 24, static_cast<std::uint32_t>(size));
  return m;
}

// The left gateway is not used: the client stands in its place.
class DataPlaneTcpTest : public TwoGateways {
 protected:
  DataPlaneTcpTest() : client(kClient, kHead, 1000, CtcpClientTimes(), clock.Now()) {
    right.vpn->tcp_ports = {10000};
    right.UsePolicy();
  }
  Fate ToHead(const Raw& segment, bool gso = false) {
    Gateway::How how;
    how.gso = gso;
    const Fate f = right.Send("outside", segment, how);
    inner.clear();
    for (const Left& l : f.out) {
      if (l.by == "inside") inner.push_back(l.bytes);
      if (l.by == "outside") ToClient(l.bytes);
    }
    return f;
  }
  void ToClient(Raw segment) {
    EXPECT_TRUE(Sound(segment));
    Packet p;
    p.bytes = segment;
    p.wire_length = static_cast<std::uint32_t>(segment.size());
    ASSERT_EQ(ParsePacket(p), FrameDrop::kNone);
    std::vector<CtcpPiece> pieces;
    std::vector<Raw> out;
    client.Receive(p, clock.Now(), pieces, out);
    for (const CtcpPiece& piece : pieces) got.emplace_back(piece.content.begin(), piece.content.end());
    for (const Raw& r : out) ToHead(r);
  }
  void Connect() {
    std::vector<Raw> out;
    client.Advance(clock.Now(), out);
    for (const Raw& r : out) ToHead(r);
    ASSERT_EQ(client.state(), CtcpClient::State::kOpen);
  }
  void Install() {
    Keys k;
    k.encapsulation = EspEncapsulation::kTcp;
    auto sa = Sa(k, false);
    sa->local = kHead;
    sa->peer = kClient;
    right.data->Install(sa, clock.Now());
    own = Sa(k, true);
    const auto keys = [&](bool in) {
      return EspKeys{own->cipher, own->hash, (in ? own->encryption_in : own->encryption_out).Clone(), (in ? own->integrity_in : own->integrity_out).Clone()};
    };
    sealer.emplace(*EspSealer::Make(keys(false), own->spi_out, left.entropy));
    opener.emplace(*EspOpener::Make(keys(true), own->spi_in, 64));
  }
  Raw Segment(const Raw& packet) {
    Raw buffer(kCtcpFront + 32 + packet.size() + 64 + kCtcpTrailer);
    std::copy(packet.begin(), packet.end(), buffer.begin() + kCtcpFront + 32);
    MutableBytes esp;
    EXPECT_TRUE(sealer->Seal(4, buffer, kCtcpFront + 32, packet.size(), esp));
    const MutableBytes s = client.WrapEsp(esp, 0, false, 1, clock.Now());
    return {s.begin(), s.end()};
  }
  Raw Opened(Raw esp) {
    std::uint8_t next = 0;
    MutableBytes payload;
    EXPECT_EQ(opener->Open(esp, next, payload), EspOpener::Why::kOk);
    return {payload.begin(), payload.end()};
  }
  CtcpClient client;
  std::shared_ptr<ChildSa> own;
  std::optional<EspSealer> sealer;
  std::optional<EspOpener> opener;
  std::vector<Raw> got;    // contents that came to the client
  std::vector<Raw> inner;  // packets that the last segment has put into the inside network
};

TEST_F(DataPlaneTcpTest, WithoutThePortItIsTcpToTheAppliance) {
  right.vpn->tcp_ports = {};
  right.UsePolicy();
  std::vector<Raw> out;
  client.Advance(clock.Now(), out);
  EXPECT_NE(right.Send("outside", out[0]).reason, "");
  EXPECT_EQ(client.state(), CtcpClient::State::kConnecting);
}

TEST_F(DataPlaneTcpTest, IkeGoesToTheControlThreadAndBack) {
  Connect();
  EXPECT_EQ(right.conns(), 0u);  // it is no connection of the table's
  ToHead(client.WrapIke(Ike(300), 5, clock.Now()));
  ASSERT_EQ(right.Events(TunnelEvent::What::kTcpIke), 1);
  EXPECT_EQ(right.last.bytes, Ike(300));
  EXPECT_EQ(right.last.peer, kClient);
  EXPECT_EQ(right.last.local, kHead);
  EXPECT_EQ(right.last.at, right.At("outside"));
  right.data->SendTcpIke(right.At("outside"), kHead, kClient, Ike(280), clock.Now());
  Fate f;
  right.Flush(f);
  ASSERT_EQ(f.out.size(), 1u);
  EXPECT_EQ(f.out[0].by, "outside");
  ToClient(f.out[0].bytes);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0], Ike(280));
}

TEST_F(DataPlaneTcpTest, EspBothWays) {
  Connect();
  Install();
  for (int i = 0; i < 3; i++) {
    ToHead(Segment(Make(kPing)));
    ASSERT_EQ(inner.size(), 1u);
    EXPECT_EQ(inner[0], Make(kPing));
    const Fate back = right.Send("inside", Make(Answer(kPing)));
    ASSERT_EQ(back.out.size(), 1u) << back.reason;
    EXPECT_EQ(back.out[0].bytes[9], 6);
    ToClient(back.out[0].bytes);
    EXPECT_EQ(Opened(got.back()), Make(Answer(kPing)));
  }
  const IpsecOverTcpView v = right.data->TcpStats();
  EXPECT_EQ(v.active, 1u);
  EXPECT_EQ(v.in_packets, 5u);
  EXPECT_EQ(v.out_packets, 4u);
  EXPECT_EQ(v.in_dropped, 0u);
  const auto flows = right.data->Flows(clock.Now());
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].counters.decrypted, 3u);
  EXPECT_EQ(flows[0].remote.port, 51000);
}

TEST_F(DataPlaneTcpTest, LostSegmentHoldsNothingUp) {
  Connect();
  Install();
  ToHead(Segment(Make(kPing)));
  (void)Segment(Make(kPing));  // lost
  ToHead(Segment(Make(kPing)));
  EXPECT_EQ(inner.size(), 1u);
  EXPECT_EQ(right.data->Flows(clock.Now())[0].counters.decrypted, 2u);
}

TEST_F(DataPlaneTcpTest, SuperPacketIsTakenApart) {
  Connect();
  Install();
  Raw all = Segment(Make(kPing));
  for (const Raw& more : {Segment(Make(kPing)), client.WrapIke(Ike(100), 7, clock.Now()), Segment(Make(kPing))}) {
    all.insert(all.end(), more.begin() + 40, more.end());
  }
  StoreBe16(&all[2], static_cast<std::uint16_t>(all.size()));
  StoreBe16(&all[10], 0);
  StoreBe16(&all[10], ChecksumFinish(ChecksumAdd(Bytes(all).first(20))));
  const Fate f = ToHead(all, true);
  EXPECT_EQ(f.d.action, Disposition::Action::kConsume);
  EXPECT_EQ(inner.size(), 3u);
  for (const Raw& r : inner) EXPECT_EQ(r, Make(kPing));
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpIke), 1);
}

TEST_F(DataPlaneTcpTest, LargestPacketFillsTheLink) {
  Connect();
  Install();
  ToHead(Segment(Make(kPing)));
  Made large = Answer(kPing);
  large.df = true;
  large.payload = 2000;
  const Fate refused = right.Send("inside", Make(large));
  ASSERT_EQ(refused.out.size(), 1u);  // it does not fit, and its sender is told
  EXPECT_EQ(refused.out[0].by, "inside");
  EXPECT_EQ(refused.out[0].bytes[20], 3);
  EXPECT_EQ(refused.out[0].bytes[21], 4);
  std::size_t most = 0;
  for (large.payload = 1300; large.payload < 1480; large.payload++) {
    const Fate f = right.Send("inside", Make(large));
    if (f.out.empty() || f.out[0].by != "outside") break;
    most = f.out[0].bytes.size();
    ASSERT_LE(most, 1500u);
    ToClient(f.out[0].bytes);
    ASSERT_EQ(Opened(got.back()), Make(large));
  }
  EXPECT_GT(most, 1490u);
}

TEST_F(DataPlaneTcpTest, ClientGoes) {
  Connect();
  ToHead(client.Close());
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpClosed), 1);
  EXPECT_EQ(right.last.peer, kClient);
}

TEST_F(DataPlaneTcpTest, SilentClientIsReset) {
  Connect();
  for (int s = 0; s < 59; s++) Step(1);
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpClosed), 0);
  for (int s = 0; s < 4; s++) Step(1);
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpClosed), 1);
  EXPECT_EQ(right.data->TcpStats().resets, 1u);
}

TEST_F(DataPlaneTcpTest, OperatorsClockIsNoSilence) {
  Connect();
  Step(7200);
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpClosed), 0);
}

TEST_F(DataPlaneTcpTest, StrangersSegmentIsReset) {
  CtcpEnd stranger({kClient.address, 52000}, kHead, 5, false);
  const Fate f = right.Send("outside", stranger.WrapIke(Ike(60), 1));
  EXPECT_EQ(f.reason, "tcp-not-syn");
  ASSERT_EQ(f.out.size(), 1u);
  EXPECT_EQ(f.out[0].bytes[33], kTcpRst);
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpIke), 0);
}

TEST_F(DataPlaneTcpTest, PortIsTakenAway) {
  Connect();
  right.vpn->tcp_ports = {443};
  right.UsePolicy();
  EXPECT_EQ(right.Events(TunnelEvent::What::kTcpClosed), 1);
}

}  // namespace
}  // namespace sallyport::vpntest
