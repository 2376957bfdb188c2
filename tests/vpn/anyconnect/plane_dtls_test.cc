// Packets between a client's DTLS tunnel and the inside: opened and sealed in packets of the queue; which tunnel carries what.
#include "tests/vpn/anyconnect/plane_fixture.h"

namespace sallyport::vpntest {
namespace {

const Made kOut{.src = "10.1.1.10", .dst = "192.168.1.4", .payload = 100};
const Made kIn{.src = "192.168.1.4", .dst = "10.1.1.10", .payload = 100};

Made Answered(Made m) {
  std::swap(m.src, m.dst);
  std::swap(m.sport, m.dport);
  return m;
}

class SslPlaneDtls : public SslPlaneBox {};

TEST_F(SslPlaneDtls, BothWaysInPlaceByEveryMethod) {
  struct Row {
    DtlsMethod method;
    const char* name;
  };
  for (const Row& row : {Row{DtlsMethod::kDtls12, "ECDHE-RSA-AES256-GCM-SHA384"}, Row{DtlsMethod::kDtls12, "AES128-GCM-SHA256"}, Row{DtlsMethod::kDtls12, "AES128-SHA"},
                         Row{DtlsMethod::kOc, "OC-DTLS1_2-AES128-GCM"}, Row{DtlsMethod::kPsk, "PSK-NEGOTIATE"}, Row{DtlsMethod::kLegacy, "AES256-SHA"}}) {
    PlaneClient c = Connect();
    ConnectDtls(c, row.method, row.name);
    const auto in = ByDtls(c, c.DtlsRecord(0, Make(kIn)));
    ASSERT_EQ(in.size(), 1u) << row.name << " " << last.reason;
    EXPECT_EQ(in[0], Make(kIn));
    EXPECT_TRUE(last.out[0].replaced);
    const auto out = ToClient(c, Make(Answered(kIn)));
    ASSERT_EQ(out.size(), 1u) << row.name << " " << last.reason;
    EXPECT_EQ(out[0], Make(Answered(kIn)));
    ASSERT_NE(last.Only(), nullptr);
    EXPECT_TRUE(last.out[0].replaced);
    EXPECT_EQ(last.out[0].bytes[6], 0x40);  // DF
    for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 1300u, 1390u}) {
      Made m = kOut;
      m.payload = size;
      ASSERT_EQ(ToClient(c, Make(m)).size(), 1u) << row.name << " " << size;
      EXPECT_EQ(frames[0].payload, Make(m));
      EXPECT_LE(outer.back().size(), 1500u + (row.method == DtlsMethod::kDtls12 && size > 1300 ? 20u : 0u));
      ASSERT_EQ(ByDtls(c, c.DtlsRecord(0, Make(Answered(m)))).size(), 1u) << row.name << " " << size;
    }
    EXPECT_EQ(c.dtls_use->packets_in, 8u);
    EXPECT_EQ(c.dtls_use->packets_out, 8u);
    EXPECT_EQ(c.tls_use->packets_out, 0u);
    plane.Close(c.t, clock.Now());
  }
  EXPECT_EQ(plane.sessions(), 0u);
}

// The connection by which the handshake came lives as long as its datagrams do, which are taken out of it before it is asked.
TEST_F(SslPlaneDtls, DatagramsKeepTheirConnection) {
  PlaneClient c = Connect();
  asa.Send("outside", c.Datagram(Raw{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}));
  ASSERT_EQ(asa.conns(), 1u);
  ConnectDtls(c);
  ASSERT_EQ(ByDtls(c, c.DtlsRecord(0, Make(kIn))).size(), 1u);
  const std::uint32_t both_conns = asa.conns();
  for (int i = 0; i < 5; i++) {
    Step(60);
    ASSERT_EQ(ByDtls(c, c.DtlsRecord(0, Make(kIn))).size(), 1u);
  }
  EXPECT_EQ(asa.conns(), both_conns);
  EXPECT_EQ(asa.log.Count("302016"), 0);
  Step(121);
  EXPECT_GE(asa.log.Count("302016"), 1);
}

TEST_F(SslPlaneDtls, ReplayAndForgeryAreSilent) {
  PlaneClient c = Connect();
  ConnectDtls(c);
  const Raw record = c.DtlsRecord(0, Make(kIn));
  EXPECT_EQ(ByDtls(c, record).size(), 1u);
  EXPECT_TRUE(ByDtls(c, record).empty());
  Raw forged = c.DtlsRecord(0, Make(kIn));
  forged.back() ^= 1;
  EXPECT_TRUE(ByDtls(c, forged).empty());
  EXPECT_TRUE(last.out.empty());
  EXPECT_EQ(ByDtls(c, c.DtlsRecord(0, Make(kIn))).size(), 1u);
  EXPECT_EQ(c.dtls_use->packets_in, 2u);
  // From another port it is nobody's: it goes to the control thread's socket.
  const Endpoint was = std::exchange(c.peer, Endpoint{c.peer.address, 40001});
  ByDtls(c, c.DtlsRecord(0, Make(kIn)));
  ASSERT_EQ(last.out.size(), 1u);
  EXPECT_EQ(last.out[0].by, "identity");
  c.peer = was;
  // And so does a handshake that begins again from where a tunnel runs.
  Raw hello(100, 0);
  hello[0] = 22;
  hello[1] = 0xfe;
  hello[2] = 0xff;
  StoreBe16(&hello[11], 87);
  ByDtls(c, hello);
  ASSERT_EQ(last.out.size(), 1u);
  EXPECT_EQ(last.out[0].by, "identity");
}

TEST_F(SslPlaneDtls, DataChangesWaysAndBack) {
  PlaneClient c = Connect();
  const auto by = [&] {
    const std::uint64_t tls = c.tls_use->packets_out, dtls = c.dtls_use->packets_out;
    EXPECT_EQ(ToClient(c, Make(kOut)).size(), 1u) << last.reason;
    return std::string(c.tls_use->packets_out != tls ? "tls" : "") + (c.dtls_use->packets_out != dtls ? "dtls" : "");
  };
  EXPECT_EQ(by(), "tls");
  EXPECT_EQ(plane.Link(c.t)->mtu, 1347);
  ConnectDtls(c);
  EXPECT_EQ(by(), "dtls");
  EXPECT_EQ(plane.Link(c.t)->mtu, 1418);
  // Data by TLS is still welcome.
  EXPECT_EQ(ByTls(c, c.TlsFrame(0, Make(kIn))).size(), 1u);
  plane.Drop(c.t, SslWay::kDtls, {}, clock.Now());
  EXPECT_EQ(by(), "tls");
  ConnectDtls(c);
  EXPECT_EQ(by(), "dtls");
  Events();
  c.dtls->Close();
  Raw alert(200);
  alert.resize(c.dtls->TakeDatagram(alert));
  ASSERT_FALSE(alert.empty());
  ByDtls(c, alert);
  const auto seen = Events();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].what, SslEvent::What::kDtlsClosed);
  c.dtls.reset();
  EXPECT_EQ(by(), "tls");
  // TLS is lost while DTLS is there: it goes on; a new TLS takes what leaves until a new DTLS is up, and the old one still receives.
  ConnectDtls(c);
  plane.Broken(c.socket, clock.Now());
  EXPECT_EQ(by(), "dtls");
  ConnectTls(c);
  EXPECT_EQ(by(), "tls");
  EXPECT_EQ(ByDtls(c, c.DtlsRecord(0, Make(kIn))).size(), 1u);
  ConnectDtls(c);
  EXPECT_EQ(by(), "dtls");
}

TEST_F(SslPlaneDtls, DpdRepeatsItsPayloadAndByeIsTold) {
  PlaneClient c = Connect();
  ConnectDtls(c);
  const auto answered = [&](std::uint8_t type, const Raw& payload) {
    ByDtls(c, c.DtlsRecord(type, payload));
    frames.clear();
    for (const Left& l : last.out) c.TakeDatagram(Bytes(l.bytes).subspan(28), frames);
    return frames;
  };
  EXPECT_EQ(asa.Dropped(FlowDrop::kDtlsHelloClose), 1u);
  const Raw probe(1389, 3);  // as openconnect looks for the largest
  EXPECT_EQ(answered(3, probe), (std::vector<PlaneFrame>{{4, probe}}));
  EXPECT_EQ(answered(3, {}), (std::vector<PlaneFrame>{{4, {}}}));
  EXPECT_TRUE(answered(7, {}).empty());
  EXPECT_EQ(c.dtls_use->frames_in, 3u);
  EXPECT_TRUE(answered(5, Raw{0xb0, 'b', 'y', 'e'}).empty());
  const auto seen = Events();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].way, SslWay::kDtls);
  EXPECT_EQ(seen[0].text, "bye");
  plane.Send(c.t, SslWay::kDtls, CstpType::kDpdRequest, Raw{1, 2}, clock.Now());
  TakeLeft("outside");
  ASSERT_EQ(last.out.size(), 1u);
  frames.clear();
  c.TakeDatagram(Bytes(last.out[0].bytes).subspan(28), frames);
  EXPECT_EQ(frames, (std::vector<PlaneFrame>{{3, {1, 2}}}));
}

TEST_F(SslPlaneDtls, SeveralRecordsInOneDatagram) {
  PlaneClient c = Connect();
  ConnectDtls(c);
  Raw datagram;
  for (std::uint16_t i = 0; i < 3; i++) {
    Made m = kIn;
    m.id = i;
    const Raw one = c.DtlsRecord(0, Make(m));
    datagram.insert(datagram.end(), one.begin(), one.end());
  }
  const auto in = ByDtls(c, datagram);
  ASSERT_EQ(in.size(), 3u);
  for (std::uint16_t i = 0; i < 3; i++) EXPECT_EQ(LoadBe16(&in[i][4]), i);
}

TEST_F(SslPlaneDtls, SuperPacketsAndPieces) {
  PlaneClient c = Connect();
  ConnectDtls(c);
  Made open{.src = "192.168.1.4", .dst = "10.1.1.10", .protocol = 6, .sport = 50000, .dport = 80, .seq = 5, .mss = 1378};
  const auto opened = ByDtls(c, c.DtlsRecord(0, Make(open)));
  ASSERT_EQ(opened.size(), 1u);
  Made server = Answered(open);
  server.seq = 100;
  server.ack = LoadBe32(&opened[0][24]) + 1;
  server.flags = kTcpSyn | kTcpAck;
  ASSERT_EQ(ToClient(c, Make(server)).size(), 1u);
  const std::uint32_t acked = LoadBe32(&frames[0].payload[24]) + 1;
  Made ack = open;
  ack.mss = 0;
  ack.flags = kTcpAck;
  ack.seq = 6;
  ack.ack = acked;
  ASSERT_EQ(ByDtls(c, c.DtlsRecord(0, Make(ack))).size(), 1u);
  server.mss = 0;
  server.seq = 101;
  server.flags = kTcpAck;
  server.payload = 5 * 1378;
  server.df = true;
  outer.clear();
  const auto segments = ToClient(c, Make(server), {.gso = true});
  ASSERT_EQ(segments.size(), 5u) << last.reason;
  for (const Raw& s : segments) EXPECT_EQ(s.size(), 1418u);
  // All alike, so that the kernel may carry them together.
  for (const Raw& o : outer) {
    EXPECT_EQ(o.size(), outer[0].size());
    EXPECT_EQ(LoadBe16(&o[26]), 0);
  }
  // What is behind them in the same batch may not overtake them.
  Made large = kOut;
  large.payload = 2000;
  const auto pieces = ToClient(c, Make(large));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].size() + pieces[1].size(), 2028u + 20u);
}

TEST_F(SslPlaneDtls, FragmentedDatagrams) {
  PlaneClient c = Connect();
  ConnectDtls(c);
  Made m = kIn;
  m.payload = 1390;
  Raw whole = c.Datagram(c.DtlsRecord(0, Make(m)));
  StoreBe16(&whole[4], 99);
  Gateway::How how;
  how.traced = false;
  std::vector<Raw> arrived;
  const std::size_t cut = 20 + 800;
  for (int i = 0; i < 2; i++) {
    Raw piece(whole.begin(), whole.begin() + 20);
    piece.insert(piece.end(), i == 0 ? whole.begin() + 20 : whole.begin() + static_cast<std::ptrdiff_t>(cut), i == 0 ? whole.begin() + static_cast<std::ptrdiff_t>(cut) : whole.end());
    StoreBe16(&piece[2], static_cast<std::uint16_t>(piece.size()));
    StoreBe16(&piece[6], i == 0 ? 0x2000 : 100);
    StoreBe16(&piece[10], 0);
    StoreBe16(&piece[10], ChecksumFinish(ChecksumAdd(Bytes(piece).first(20))));
    last = asa.Send("outside", piece, how);
    for (const Raw& r : Sort("inside")) arrived.push_back(r);
  }
  ASSERT_EQ(arrived.size(), 1u);
  EXPECT_EQ(arrived[0], Make(m));
}

TEST_F(SslPlaneDtls, ANarrowerPathLowersTheMtu) {
  PlaneClient c = Connect();
  ConnectDtls(c);
  ASSERT_EQ(ToClient(c, Make(kOut)).size(), 1u);
  const Raw& quoted = outer.back();
  Raw error(28);
  error[0] = 0x45;
  error[8] = 64;
  error[9] = 1;
  IpAddress::Parse("198.51.100.77")->StoreV4(&error[12]);
  IpAddress::Parse("192.0.2.1")->StoreV4(&error[16]);
  error[20] = 3;
  error[21] = 4;
  StoreBe16(&error[26], 1400);
  error.insert(error.end(), quoted.begin(), quoted.begin() + 28);
  StoreBe16(&error[2], static_cast<std::uint16_t>(error.size()));
  StoreBe16(&error[10], ChecksumFinish(ChecksumAdd(Bytes(error).first(20))));
  StoreBe16(&error[22], ChecksumFinish(ChecksumAdd(Bytes(error).subspan(20))));
  EXPECT_EQ(asa.Send("outside", error).reason, "");
  MtuInput narrow = Rules().mtu;
  narrow.base_mtu = 1400;
  const auto seen = Events();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].what, SslEvent::What::kMtuLowered);
  EXPECT_EQ(seen[0].mtu, DtlsMtuOf(narrow));
  EXPECT_EQ(plane.Link(c.t)->mtu, DtlsMtuOf(narrow));
  asa.Send("outside", error);
  EXPECT_TRUE(Events().empty());  // once
}

TEST_F(SslPlaneDtls, Compression) {
  SslClient rules = Rules();
  rules.dtls = VpnCompression::kLzs;
  PlaneClient c = Connect(rules);
  ConnectDtls(c);
  ASSERT_TRUE(ToClient(c, Make(kOut)).empty());
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].type, 8);
  Raw room(2000);
  std::size_t size = 0;
  ASSERT_TRUE(LzsExpand(frames[0].payload, room, size));
  room.resize(size);
  EXPECT_EQ(room, Make(kOut));
  Made m = kIn;
  m.payload = 1300;
  Raw packed(2000);
  packed.resize(LzsCompress(Make(m), packed));
  const auto in = ByDtls(c, c.DtlsRecord(8, packed));
  ASSERT_EQ(in.size(), 1u);
  EXPECT_EQ(in[0], Make(m));
  // What does not become smaller is sent as it is.
  Raw noise = Make({.src = "10.1.1.10", .dst = "192.168.1.4", .payload = 64});
  std::uint32_t x = 1;
  for (std::size_t i = 28; i < noise.size(); i++) noise[i] = static_cast<std::uint8_t>((x = x * 1664525 + 1013904223) >> 24);
  StoreBe16(&noise[26], 0);
  EXPECT_EQ(ToClient(c, noise).size(), 1u);
}

TEST_F(SslPlaneDtls, InnerIpv6) {
  asa.Line("interface GigabitEthernet0/0\n ipv6 address 2001:db8::1/64\ninterface GigabitEthernet0/1\n ipv6 address fd00:1::1/64\n"
           "ipv6 route outside ::/0 2001:db8::99\n");
  Apply();
  SslClient rules = Rules();
  rules.assigned6 = *IpAddress::Parse("fd00:4::4");
  PlaneClient c = Connect(rules);
  ConnectDtls(c);
  const auto six = [](const char* src, const char* dst, std::size_t payload) {
    Raw b(48 + payload);
    b[0] = 0x60;
    StoreBe16(&b[4], static_cast<std::uint16_t>(8 + payload));
    b[6] = 17;
    b[7] = 64;
    for (const auto& [a, at] : {std::pair(*IpAddress::Parse(src), 8), std::pair(*IpAddress::Parse(dst), 24)}) {
      StoreBe64(&b[static_cast<std::size_t>(at)], a.hi());
      StoreBe64(&b[static_cast<std::size_t>(at) + 8], a.lo());
    }
    StoreBe16(&b[40], 1025);
    StoreBe16(&b[42], 5000);
    StoreBe16(&b[44], static_cast<std::uint16_t>(8 + payload));
    StoreBe16(&b[46], ChecksumFinish(ChecksumAdd(Bytes(b).subspan(40), PseudoHeaderSum(*IpAddress::Parse(src), *IpAddress::Parse(dst), 17, static_cast<std::uint32_t>(8 + payload)))));
    return b;
  };
  const Raw in = six("fd00:4::4", "fd00:1::10", 300);
  auto arrived = ByDtls(c, c.DtlsRecord(0, in));
  ASSERT_EQ(arrived.size(), 1u) << last.reason;
  EXPECT_EQ(arrived[0], in);
  const Raw out = six("fd00:1::10", "fd00:4::4", 300);
  const auto there = ToClient(c, out);
  ASSERT_EQ(there.size(), 1u) << last.reason;
  EXPECT_EQ(there[0], out);
  // A link-local source is nothing to worry about; a wrong one is.
  EXPECT_TRUE(ByDtls(c, c.DtlsRecord(0, six("fe80::1", "ff02::2", 8))).empty());
  EXPECT_EQ(asa.Dropped(FlowDrop::kSvcSelectorFailure), 0u);
  EXPECT_TRUE(ByDtls(c, c.DtlsRecord(0, six("fd00:4::5", "fd00:1::10", 8))).empty());
  EXPECT_EQ(asa.Dropped(FlowDrop::kSvcSelectorFailure), 1u);
  // Too large: its sender is told, whatever df-bit-ignore says.
  EXPECT_TRUE(ToClient(c, six("fd00:1::10", "fd00:4::4", 1400)).empty());
  EXPECT_EQ(last.reason, "mp-svc-no-fragment");
  ASSERT_EQ(last.out.size(), 1u);
  EXPECT_EQ(last.out[0].bytes[40], 2);  // packet too big
  EXPECT_EQ(LoadBe32(&last.out[0].bytes[44]), 1418u);
}

TEST_F(SslPlaneDtls, OuterIpv6) {
  asa.Line("interface GigabitEthernet0/0\n ipv6 address 2001:db8::1/64\nipv6 route outside ::/0 2001:db8::99\n");
  Apply();
  PlaneClient c = Connect();
  c.local.address = *IpAddress::Parse("2001:db8::1");
  c.peer.address = *IpAddress::Parse("2001:db8:9::9");
  ConnectDtls(c);
  const auto in = ByDtls(c, c.DtlsRecord(0, Make(kIn)));
  ASSERT_EQ(in.size(), 1u) << last.reason;
  EXPECT_EQ(in[0], Make(kIn));
  ASSERT_EQ(ToClient(c, Make(kOut)).size(), 1u) << last.reason;
  const Raw& o = outer.back();
  EXPECT_EQ(o[0] >> 4, 6);
  EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(o).subspan(40), PseudoHeaderSum(c.local.address, c.peer.address, 17, static_cast<std::uint32_t>(o.size() - 40)))), 0);
}

// packet-tracer says what a packet does, and no record is used up by it.
TEST_F(SslPlaneDtls, PacketTracerAgrees) {
  asa.Line("access-list out extended permit udp any any eq 7\naccess-group out in interface outside\n");
  Apply();
  PlaneClient c = Connect();
  ConnectDtls(c);
  for (int i = 0; i < 4; i++) {
    Made m = kOut;
    m.sport = static_cast<std::uint16_t>(3000 + i);
    m.payload = static_cast<std::size_t>(i) * 600;
    m.df = i == 3;
    EXPECT_EQ(ToClient(c, Make(m)).size(), i == 3 ? 0u : i == 0 || i == 1 || i == 2 ? 1u : 0u) << i;
  }
  EXPECT_EQ(c.dtls_use->packets_out, 3u);
  plane.Drop(c.t, SslWay::kDtls, {}, clock.Now());
  c.dtls.reset();
  EXPECT_EQ(ToClient(c, Make(kOut)).size(), 1u);
  plane.Drop(c.t, SslWay::kTls, {}, clock.Now());
  ToClient(c, Make(kOut));
  EXPECT_EQ(last.reason, "mp-svc-no-channel");
}

}  // namespace
}  // namespace sallyport::vpntest
