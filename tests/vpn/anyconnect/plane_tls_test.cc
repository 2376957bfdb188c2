// Packets between a client's TLS tunnel and the inside; frames that are no packets; what becomes of a session's tunnels.
#include "tests/vpn/anyconnect/plane_fixture.h"

namespace sallyport::vpntest {
namespace {

const Made kToClient{.src = "10.1.1.10", .dst = "192.168.1.4", .payload = 100};
const Made kFromClient{.src = "192.168.1.4", .dst = "10.1.1.10", .payload = 100};
const Made kPingIn{.src = "192.168.1.4", .dst = "10.1.1.10", .protocol = 1, .sport = 77, .payload = 56};

Made Returned(Made m) {
  std::swap(m.src, m.dst);
  std::swap(m.sport, m.dport);
  return m;
}

class SslPlaneTls : public SslPlaneBox {};

TEST_F(SslPlaneTls, PacketsBothWaysAndTheConnectionIsTheTunnels) {
  for (const int version : {0x0303, 0x0304}) {
    PlaneClient c = Connect(Rules(), version);
    const auto in = ByTls(c, c.TlsFrame(0, Make(kPingIn)));
    ASSERT_EQ(in.size(), 1u);
    EXPECT_EQ(in[0], Make(kPingIn));
    Made answer = Returned(kPingIn);
    answer.icmp_type = 0;
    answer.sport = kPingIn.sport;
    const auto out = ToClient(c, Make(answer));
    ASSERT_EQ(out.size(), 1u) << last.reason;
    EXPECT_EQ(out[0], Make(answer));
    // A flow from the inside finds its way without a route of its own.
    ASSERT_EQ(ToClient(c, Make(kToClient)).size(), 1u);
    EXPECT_EQ(asa.conns(), 2u);
    EXPECT_EQ(c.tls_use->packets_in, 1u);
    EXPECT_EQ(c.tls_use->bytes_in, 84u);
    EXPECT_EQ(c.tls_use->packets_out, 2u);
    EXPECT_EQ(c.tls_use->bytes_out, 84u + 128u);
    EXPECT_EQ(c.tls_use->frames_in, 1u);
    const auto seen = Events();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].what, SslEvent::What::kFirstData);
    EXPECT_EQ(seen[0].tunnel, c.t);
    plane.Close(c.t, clock.Now());
    EXPECT_EQ(asa.conns(), 0u);
    EXPECT_TRUE(Events().empty());
  }
  EXPECT_EQ(plane.sessions(), 0u);
}

TEST_F(SslPlaneTls, OnlyAClusterHearsWhatGoesToEverybody) {
  const IfId inside = asa.At("inside"), outside = asa.At("outside");
  EXPECT_FALSE(both.HearsBroadcast(inside, 9023));
  asa.vpn->ssl.balancing.participate = true;
  asa.vpn->ssl.balancing.inside = inside;
  asa.UsePolicy();
  EXPECT_TRUE(both.HearsBroadcast(inside, 9023));
  EXPECT_FALSE(both.HearsBroadcast(outside, 9023));
  for (const std::uint16_t port : {443, 500, 4500}) EXPECT_FALSE(both.HearsBroadcast(outside, port));
  EXPECT_FALSE(both.Answers(inside, 17, 9023)) << "members say everything to everybody";
}

TEST_F(SslPlaneTls, SeveralRecordsInOnePieceAndOneRecordInMany) {
  PlaneClient c = Connect();
  Raw wire;
  for (std::uint16_t i = 0; i < 20; i++) {
    Made m = kFromClient;
    m.id = i;
    const Raw one = c.TlsFrame(0, Make(m));
    wire.insert(wire.end(), one.begin(), one.end());
  }
  auto in = ByTls(c, wire);
  ASSERT_EQ(in.size(), 20u);
  for (std::uint16_t i = 0; i < 20; i++) EXPECT_EQ(LoadBe16(&in[i][4]), i);
  const Raw one = c.TlsFrame(0, Make(kFromClient));
  std::size_t arrived = 0;
  for (const std::uint8_t octet : one) arrived += ByTls(c, Raw(1, octet)).size();
  EXPECT_EQ(arrived, 1u);
}

TEST_F(SslPlaneTls, SuperPacketsBecomeFramesThatFit) {
  PlaneClient c = Connect();
  Made syn{.src = "10.1.1.10", .dst = "192.168.1.4", .protocol = 6, .sport = 80, .dport = 50000, .seq = 100, .mss = 1300};
  // The client opens, and says how large its segments may be.
  Made open = Returned(syn);
  open.seq = 5;
  open.mss = 1307;
  const auto opened = ByTls(c, c.TlsFrame(0, Make(open)));
  ASSERT_EQ(opened.size(), 1u);
  syn.flags = kTcpSyn | kTcpAck;
  syn.ack = LoadBe32(&opened[0][24]) + 1;  // sequence numbers of its own are put into what the client says
  ASSERT_EQ(ToClient(c, Make(syn)).size(), 1u) << last.reason;
  const std::uint32_t acked = LoadBe32(&frames[0].payload[24]) + 1;
  Made ack = open;
  ack.flags = kTcpAck;
  ack.seq = 6;
  ack.ack = acked;
  ack.mss = 0;
  ASSERT_EQ(ByTls(c, c.TlsFrame(0, Make(ack))).size(), 1u);
  Made data = syn;
  data.flags = kTcpAck | kTcpPsh;
  data.mss = 0;
  data.seq = 101;
  data.payload = 8000;
  data.df = true;
  const auto segments = ToClient(c, Make(data), {.gso = true});
  ASSERT_EQ(segments.size(), 7u) << last.reason;
  std::size_t whole = 0;
  for (const Raw& s : segments) {
    EXPECT_LE(s.size(), 1347u);
    EXPECT_TRUE(Sound(s));
    whole += s.size() - 40;
  }
  EXPECT_EQ(whole, 8000u);
  EXPECT_EQ(segments[0].size(), 1347u);
  EXPECT_EQ(sent_at_once.back() > 8000, true);  // one call of the kernel
}

TEST_F(SslPlaneTls, TooLargeForTheTunnel) {
  PlaneClient c = Connect();
  ASSERT_EQ(ToClient(c, Make(kToClient)).size(), 1u);
  Made large = kToClient;
  large.payload = 1418 - 28;
  large.df = true;
  EXPECT_TRUE(ToClient(c, Make(large)).empty());
  EXPECT_EQ(last.reason, "mp-svc-no-fragment");
  ASSERT_EQ(last.out.size(), 1u);  // its sender is told
  EXPECT_EQ(last.out[0].by, "inside");
  EXPECT_EQ(last.out[0].bytes[20], 3);
  EXPECT_EQ(last.out[0].bytes[21], 4);
  EXPECT_EQ(LoadBe16(&last.out[0].bytes[26]), 1347);
  EXPECT_TRUE(asa.log.Has("722036 Group <ac_users_group> User <vpn> IP <203.0.113.9> Transmitting large packet 1418 (threshold 1347)."));
  EXPECT_TRUE(asa.log.Has("602101 PMTU-D packet 1418 bytes greater than effective mtu 1347, dest_addr=192.168.1.4, src_addr=10.1.1.10, prot=UDP"));
  ToClient(c, Make(large));
  EXPECT_EQ(asa.log.Count("722036"), 1);  // one in five seconds
  Step(6);
  ToClient(c, Make(large));
  EXPECT_EQ(asa.log.Count("722036"), 2);
  // One that fits to the octet.
  Made fits = large;
  fits.payload = 1347 - 28;
  EXPECT_EQ(ToClient(c, Make(fits)).size(), 1u);
  // Without DF it is cut.
  Made cut = large;
  cut.df = false;
  auto pieces = ToClient(c, Make(cut));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_LE(pieces[0].size(), 1347u);
  EXPECT_EQ(pieces[0].size() + pieces[1].size(), 1418u + 20u);
  // And so is everything with df-bit-ignore.
  SslClient rules = Rules();
  rules.df_bit_ignore = true;
  plane.Update(c.t, rules, clock.Now());
  pieces = ToClient(c, Make(large));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(LoadBe16(&pieces[0][4]), LoadBe16(&pieces[1][4]));
}

// The sender of a super-packet shows only by what it sends again whether it has heard that its segments are too large.
TEST_F(SslPlaneTls, SuperPacketsOfSegmentsThatAreTooLarge) {
  PlaneClient c = Connect();
  Made open{.src = "192.168.1.4", .dst = "10.1.1.10", .protocol = 6, .sport = 50000, .dport = 80, .seq = 5, .mss = 1378};
  asa.Line("policy-map global_policy\n class class-default\n  set connection random-sequence-number disable\nservice-policy global_policy global\n");
  Apply();
  ASSERT_EQ(ByTls(c, c.TlsFrame(0, Make(open))).size(), 1u);
  Made server = Returned(open);
  server.seq = 100;
  server.ack = 6;
  server.flags = kTcpSyn | kTcpAck;
  server.mss = 1460;
  ASSERT_EQ(ToClient(c, Make(server)).size(), 1u);
  Made ack = open;
  ack.mss = 0;
  ack.seq = 6;
  ack.ack = 101;
  ack.flags = kTcpAck;
  ASSERT_EQ(ByTls(c, c.TlsFrame(0, Make(ack))).size(), 1u);
  server.mss = 0;
  server.flags = kTcpAck;
  server.seq = 101;
  server.payload = 4 * 1378;
  server.df = true;
  EXPECT_TRUE(ToClient(c, Make(server), {.gso = true}).empty());
  EXPECT_EQ(last.reason, "mp-svc-no-fragment");
  EXPECT_TRUE(asa.log.Has("Transmitting large packet 1418 (threshold 1347)."));
  EXPECT_TRUE(asa.log.Has("602101 PMTU-D packet 1418 bytes greater than effective mtu 1347"));
  // Whoever does not hear of it repeats one segment as large as ever.
  Made again = server;
  again.payload = 1378;
  EXPECT_TRUE(ToClient(c, Make(again)).empty());
  EXPECT_EQ(last.reason, "mp-svc-no-fragment");
  // Another flow's does not matter, nor does a later small one of this flow.
  Made small = server;
  small.seq = 101 + 4 * 1378;
  small.payload = 10;
  EXPECT_EQ(ToClient(c, Make(small)).size(), 1u);
  EXPECT_EQ(ToClient(c, Make(server), {.gso = true}).size(), 5u);  // the same ones at once: it knows
  ack.ack = 101 + 4 * 1378;
  ASSERT_EQ(ByTls(c, c.TlsFrame(0, Make(ack))).size(), 1u);
  // From now on super-packets of this flow are cut to what fits.
  server.seq += 4 * 1378;
  const auto segments = ToClient(c, Make(server), {.gso = true});
  ASSERT_EQ(segments.size(), 5u);
  EXPECT_EQ(segments[0].size(), 1347u);
}

TEST_F(SslPlaneTls, WaitingToResumeKeepsConnections) {
  PlaneClient c = Connect();
  ASSERT_EQ(ByTls(c, c.TlsFrame(0, Make(kFromClient))).size(), 1u);
  plane.Broken(c.socket, clock.Now());
  ASSERT_EQ(wires.finished.count(c.socket), 1u);
  auto seen = Events();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].what, SslEvent::What::kTlsClosed);
  EXPECT_EQ(seen[1].number, 2u);
  ToClient(c, Make(Returned(kFromClient)));
  EXPECT_EQ(last.reason, "mp-svc-no-channel");
  ToClient(c, Make(kToClient));  // a new flow, too: its connection waits
  EXPECT_EQ(last.reason, "mp-svc-no-channel");
  EXPECT_EQ(asa.conns(), 2u);
  ConnectTls(c);
  EXPECT_EQ(ToClient(c, Make(Returned(kFromClient))).size(), 1u);
  EXPECT_EQ(ToClient(c, Make(kToClient)).size(), 1u);
  EXPECT_EQ(asa.conns(), 2u);
  // When the session ends they end, and its address leads nowhere.
  plane.Close(c.t, clock.Now());
  EXPECT_EQ(asa.conns(), 0u);
  EXPECT_FALSE(both.RouteTo(*IpAddress::Parse("192.168.1.4")).has_value());
  ASSERT_NE(plane.Open(Rules(), clock.Now()), c.t);
}

TEST_F(SslPlaneTls, ReplacedConnection) {
  PlaneClient c = Connect();
  const int old = c.socket;
  ByTls(c, c.TlsFrame(0, Make(kFromClient)));
  Events();
  ConnectTls(c);
  EXPECT_EQ(wires.finished.count(old), 1u);
  EXPECT_FALSE(wires.finished[old].empty());  // close_notify
  EXPECT_EQ(asa.Dropped(FlowDrop::kSvcReplacementConn), 1u);
  EXPECT_TRUE(Events().empty());
  EXPECT_EQ(ToClient(c, Make(Returned(kFromClient))).size(), 1u);
  plane.Receive(old, Raw(5, 0), clock.Now());  // nobody's any more
  plane.Broken(old, clock.Now());
  EXPECT_TRUE(Events().empty());
}

TEST_F(SslPlaneTls, Spoofs) {
  PlaneClient c = Connect();
  Made other = kFromClient;
  other.src = "192.168.1.5";
  EXPECT_TRUE(ByTls(c, c.TlsFrame(0, Make(other))).empty());
  EXPECT_EQ(asa.Dropped(FlowDrop::kSvcSelectorFailure), 1u);
  EXPECT_EQ(c.tls_use->dropped_in, 1u);
  // In the clear, from an address that is a client's: outside and inside, a new flow and a known one.
  EXPECT_EQ(asa.Send("inside", Make({.src = "192.168.1.4", .dst = "198.51.100.9"})).reason, "svc-spoof-detect");
  ASSERT_EQ(ByTls(c, c.TlsFrame(0, Make(kFromClient))).size(), 1u);
  EXPECT_EQ(asa.Send("outside", Make(kFromClient)).reason, "svc-spoof-detect");
  EXPECT_EQ(asa.log.Count("402117"), 0);
}

TEST_F(SslPlaneTls, DpdByeAndOtherFrames) {
  PlaneClient c = Connect();
  const auto answered = [&](std::uint8_t type, const Raw& payload) {
    plane.Receive(c.socket, c.TlsFrame(type, payload), clock.Now());
    frames.clear();
    TakeTls(c, frames);
    return frames;
  };
  const Raw probe(1000, 7);
  EXPECT_EQ(answered(3, probe), (std::vector<PlaneFrame>{{4, probe}}));
  EXPECT_EQ(answered(3, {}), (std::vector<PlaneFrame>{{4, {}}}));
  EXPECT_TRUE(answered(4, {}).empty());
  EXPECT_TRUE(answered(7, {}).empty());
  EXPECT_EQ(c.tls_use->frames_in, 4u);
  EXPECT_EQ(c.tls_use->packets_in, 0u);
  EXPECT_TRUE(Events().empty());
  const std::string words = "Client PC is going into suspend mode (Sleep, Hibernate, etc).";
  struct Row {
    std::uint8_t code;
    std::string text;
    int severity, type;
    bool pauses;
  };
  for (const Row& row : {Row{0xb0, "Aborted by caller", 5, 16, false}, Row{0xb0, words, 5, 16, true}, Row{0x91, "Reconnecting the VPN tunnel.", 4, 17, true},
                         Row{0xb2, "", 5, 18, true}}) {
    Raw payload(1, row.code);
    payload.insert(payload.end(), row.text.begin(), row.text.end());
    EXPECT_TRUE(answered(5, payload).empty());
    const auto seen = Events();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].what, SslEvent::What::kBye);
    EXPECT_EQ(seen[0].text, row.text);
    EXPECT_EQ(seen[0].severity(), row.severity);
    EXPECT_EQ(seen[0].type(), row.type);
    EXPECT_EQ(PausesSession(seen[0]), row.pauses) << row.text;
  }
  answered(5, {});
  EXPECT_TRUE(PausesSession(Events().at(0)));
  answered(5, Raw{0xb0, 'a', '\n', 0x1b, 'b', 0, 'c'});
  EXPECT_EQ(Events().at(0).text, "a??b");
  // An unknown type is dropped and told, once a second; the connection stays.
  for (const std::uint8_t type : {1, 2, 6, 9, 200}) answered(type, Raw(3, 0));
  EXPECT_EQ(asa.Dropped(FrameDrop::kMpSvcUnknownType), 5u);
  const auto seen = Events();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].error, SslEvent::Error::kUnknownType);
  EXPECT_EQ(seen[0].code, 1u);
  EXPECT_EQ(ByTls(c, c.TlsFrame(0, Make(kFromClient))).size(), 1u);
}

TEST_F(SslPlaneTls, BrokenFramesEndTheConnection) {
  struct Row {
    Raw record;
    SslEvent::Error error;
    FrameDrop drop;
    std::uint32_t code, expected;
  };
  for (const Row& row : {Row{{'S', 'T'}, SslEvent::Error::kShort, FrameDrop::kMpSvcBadLength, 2, 0},
                         Row{{'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P'}, SslEvent::Error::kFraming, FrameDrop::kMpSvcBadFraming, 0, 0},
                         Row{{'S', 'T', 'F', 2, 0, 0, 0, 0}, SslEvent::Error::kVersion, FrameDrop::kMpSvcBadFraming, 2, 1},
                         Row{{'S', 'T', 'F', 1, 0, 9, 0, 0, 1}, SslEvent::Error::kLength, FrameDrop::kMpSvcBadLength, 9, 1}}) {
    PlaneClient c = Connect();
    const auto before = asa.Dropped(row.drop);
    plane.Receive(c.socket, c.TlsRecord(row.record), clock.Now());
    EXPECT_EQ(asa.Dropped(row.drop), before + 1);
    const auto seen = Events();
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].what, SslEvent::What::kBadFrame);
    EXPECT_EQ(seen[0].error, row.error);
    EXPECT_EQ(seen[0].code, row.code);
    EXPECT_EQ(seen[0].expected, row.expected);
    EXPECT_EQ(seen[1].what, SslEvent::What::kTlsClosed);
    EXPECT_EQ(wires.finished.count(c.socket), 1u);
    plane.Close(c.t, clock.Now());
  }
  // What is no record at all ends it, too, and what is in a good frame but no packet does not.
  PlaneClient c = Connect();
  plane.Receive(c.socket, c.TlsFrame(0, Raw(19, 0x45)), clock.Now());
  plane.Receive(c.socket, c.TlsFrame(0, Raw(60, 0x77)), clock.Now());
  plane.Receive(c.socket, c.TlsFrame(0, {}), clock.Now());
  EXPECT_EQ(c.tls_use->dropped_in, 3u);
  EXPECT_TRUE(Events().empty());
  plane.Receive(c.socket, Raw(100, 0xaa), clock.Now());
  ASSERT_EQ(Events().size(), 1u);
}

// A client that makes TLS answer (new keys) and never reads, one that does nothing else, and one that says goodbye without end.
TEST_F(SslPlaneTls, WhatAClientMayMakeUsSay) {
  PlaneClient c = Connect(Rules(), 0x0304);
  const auto new_keys = [&c] {
    EXPECT_TRUE(c.tls->Rekey());
    const Bytes wire = c.tls->ToWire();
    const Raw out(wire.begin(), wire.end());
    c.tls->Sent(wire.size());
    return out;
  };
  plane.Receive(c.socket, new_keys(), clock.Now());
  frames.clear();
  TakeTls(c, frames);  // the other half of the keys is changed, too
  EXPECT_EQ(ByTls(c, c.TlsFrame(0, Make(kFromClient))).size(), 1u);
  EXPECT_EQ(ToClient(c, Make(kToClient)).size(), 1u);
  std::size_t most = 0;
  int rekeyed = 0;
  for (int i = 0; i < 60000 && wires.finished.count(c.socket) == 0; i++) {
    Raw several;
    for (int k = 0; k < 20; k++) {
      const Raw one = new_keys();
      several.insert(several.end(), one.begin(), one.end());
    }
    plane.Receive(c.socket, several, clock.Now());
    most = std::max(most, plane.ToWire(c.socket).size());
  }
  EXPECT_GT(most, 900u * 1024);
  EXPECT_LT(most, 1100u * 1024);
  std::vector<SslEvent> seen = Events();
  for (const SslEvent& e : seen) rekeyed += e.what == SslEvent::What::kRekeyed;
  EXPECT_EQ(rekeyed, 1);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().what, SslEvent::What::kTlsClosed);
  EXPECT_EQ(seen.back().text, "Client does not read");
  plane.Close(c.t, clock.Now());

  PlaneClient d = Connect(Rules(), 0x0304);
  Raw many;
  for (int k = 0; k < 100; k++) {
    d.tls->Rekey();
    const Bytes wire = d.tls->ToWire();
    many.insert(many.end(), wire.begin(), wire.end());
    d.tls->Sent(wire.size());
  }
  plane.Receive(d.socket, many, clock.Now());
  seen = Events();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].text, "Too many key changes");
  plane.Close(d.t, clock.Now());

  PlaneClient e = Connect();
  for (int k = 0; k < 1000; k++) plane.Receive(e.socket, e.TlsFrame(5, Raw{0x91}), clock.Now());
  EXPECT_EQ(Events().size(), 16u);
}

TEST_F(SslPlaneTls, FlowControl) {
  PlaneClient c = Connect();
  Made m = kToClient;
  m.payload = 1200;
  int sent = 0;
  while (asa.Send("inside", Make(m)).reason.empty() && sent < 1000) sent++;
  EXPECT_GT(sent, 200);
  EXPECT_LT(sent, 230);
  EXPECT_EQ(asa.Dropped(FrameDrop::kMpSvcFlowControl), 1u);
  EXPECT_EQ(c.tls_use->dropped_out, 1u);
  frames.clear();
  TakeTls(c, frames);
  EXPECT_EQ(frames.size(), static_cast<std::size_t>(sent));
  EXPECT_EQ(ToClient(c, Make(m)).size(), 1u);
}

TEST_F(SslPlaneTls, Compression) {
  for (const VpnCompression how : {VpnCompression::kLzs, VpnCompression::kDeflate}) {
    SslClient rules = Rules();
    rules.tls = how;
    PlaneClient c = Connect(rules);
    CstpDeflate out, in;
    for (int i = 0; i < 3; i++) {
      ASSERT_TRUE(ToClient(c, Make(kToClient)).empty()) << last.reason;
      ASSERT_EQ(frames.size(), 1u);
      EXPECT_EQ(frames[0].type, 8);
      EXPECT_LT(frames[0].payload.size(), 128u);
      Raw room(2000);
      std::size_t size = 0;
      ASSERT_TRUE(how == VpnCompression::kLzs ? LzsExpand(frames[0].payload, room, size) : in.Unpack(frames[0].payload, room, size));
      room.resize(size);
      EXPECT_EQ(room, Make(kToClient));
      Raw packed(2000);
      packed.resize(how == VpnCompression::kLzs ? LzsCompress(Make(kFromClient), packed) : out.Pack(Make(kFromClient), packed));
      const auto arrived = ByTls(c, c.TlsFrame(8, packed));
      ASSERT_EQ(arrived.size(), 1u);
      EXPECT_EQ(arrived[0], Make(kFromClient));
    }
    EXPECT_TRUE(ByTls(c, c.TlsFrame(8, Raw(50, 0xff))).empty());
    plane.Close(c.t, clock.Now());
  }
  EXPECT_EQ(asa.Dropped(FrameDrop::kMpSvcDecompresError), 2u);
  // Compressed although nothing of the kind was agreed on.
  PlaneClient c = Connect();
  EXPECT_TRUE(ByTls(c, c.TlsFrame(8, Raw(50, 0))).empty());
  EXPECT_EQ(asa.Dropped(FrameDrop::kMpSvcDecompresError), 3u);
}

TEST_F(SslPlaneTls, FilterAndNatExemption) {
  asa.Line("access-list f extended permit udp any any eq 5000\nobject network inside_net\n subnet 10.1.1.0 255.255.255.0\n"
           "object network pool\n subnet 192.168.1.0 255.255.255.0\n"
           "nat (inside,outside) source static inside_net inside_net destination static pool pool\n"
           "object network any_inside\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n");
  Apply();
  SslClient rules = Rules();
  rules.filter = asa.policy->access_lists.at("f");
  PlaneClient c = Connect(rules);
  EXPECT_EQ(ByTls(c, c.TlsFrame(0, Make(kFromClient))).size(), 1u);
  Made refused = kFromClient;
  refused.dport = 5001;
  EXPECT_TRUE(ByTls(c, c.TlsFrame(0, Make(refused))).empty());
  EXPECT_EQ(asa.Dropped(FrameDrop::kAclDrop), 1u);
  const auto out = ToClient(c, Make(Returned(kFromClient)));
  ASSERT_EQ(out.size(), 1u) << last.reason;
  EXPECT_EQ(out[0], Make(Returned(kFromClient)));  // untranslated
}

TEST_F(SslPlaneTls, ClientsAmongThemselvesAndTheFirewallItself) {
  asa.Line("same-security-traffic permit intra-interface\nmanagement-access inside\nicmp permit any inside\n");
  Apply();
  PlaneClient a = Connect(), b = Connect(Rules("192.168.1.7"));
  Made m = kFromClient;
  m.dst = "192.168.1.7";
  plane.Receive(a.socket, a.TlsFrame(0, Make(m)), clock.Now());
  TakeLeft("inside");
  frames.clear();
  TakeTls(b, frames);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload, Make(m));
  // A ping to the inside address of the appliance.
  Made ping = kPingIn;
  ping.dst = "10.1.1.1";
  EXPECT_EQ(ByTls(a, a.TlsFrame(0, Make(ping)), "identity").size(), 1u);
  // And one from there, whatever the kernel has thought.
  Gateway::How how;
  how.hint = asa.At("inside");
  const auto there = ToClient(b, Make({.src = "10.1.1.1", .dst = "192.168.1.7", .protocol = 1, .sport = 99}), how, "identity");
  ASSERT_EQ(there.size(), 1u) << last.reason;
}

TEST_F(SslPlaneTls, WhatIsListenedTo) {
  asa.vpn->ssl.enabled = {{asa.At("outside"), false}, {asa.At("inside"), true}};
  asa.vpn->ssl.dtls_port = 4443;
  asa.UsePolicy();
  Made syn{.src = "203.0.113.9", .dst = "192.0.2.1", .protocol = 6, .dport = 443};
  EXPECT_EQ(asa.Send("outside", Make(syn)).reason, "");
  Made hello{.src = "203.0.113.9", .dst = "192.0.2.1", .dport = 4443};
  EXPECT_EQ(asa.Send("outside", Make(hello)).reason, "");
  hello.dport = 443;
  EXPECT_EQ(asa.Send("outside", Make(hello)).reason, "acl-drop");
  syn.src = "10.1.1.10";
  syn.dst = "10.1.1.1";
  EXPECT_EQ(asa.Send("inside", Make(syn)).reason, "");
  hello.src = "10.1.1.10";
  hello.dst = "10.1.1.1";
  hello.dport = 4443;
  EXPECT_EQ(asa.Send("inside", Make(hello)).reason, "acl-drop");  // tls-only
  // A list for the control plane has a word in it.
  asa.Line("access-list cp extended deny tcp host 203.0.113.9 any\naccess-list cp extended permit ip any any\naccess-group cp in interface outside control-plane\n");
  asa.UsePolicy();
  syn.src = "203.0.113.9";
  syn.dst = "192.0.2.1";
  syn.sport = 2000;
  EXPECT_EQ(asa.Send("outside", Make(syn)).reason, "acl-drop");
  syn.src = "203.0.113.10";
  EXPECT_EQ(asa.Send("outside", Make(syn)).reason, "");
  asa.vpn->ssl.enabled.clear();
  asa.UsePolicy();
  syn.sport = 2001;
  EXPECT_EQ(asa.Send("outside", Make(syn)).reason, "acl-drop");
}

TEST_F(SslPlaneTls, LastWords) {
  PlaneClient c = Connect();
  const std::string words = "Idle Timeout";
  SslLastFrame bye{CstpType::kDisconnect, {0xb0}};
  bye.payload.insert(bye.payload.end(), words.begin(), words.end());
  plane.Drop(c.t, SslWay::kTls, bye, clock.Now());
  EXPECT_TRUE(Events().empty());
  frames.clear();
  c.Take(wires.finished.at(c.socket), frames);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].type, 5);
  EXPECT_EQ(frames[0].payload, bye.payload);
  EXPECT_EQ(c.tls->state(), TlsChannel::State::kClosed);
  plane.Send(c.t, SslWay::kTls, CstpType::kDpdRequest, {}, clock.Now());  // lost
  EXPECT_TRUE(plane.TakeDirty().empty());
}

TEST_F(SslPlaneTls, TwoSessionsNeverShareAnAddress) {
  PlaneClient c = Connect();
  EXPECT_EQ(plane.Open(Rules(), clock.Now()), TunnelId::kNone);
  plane.Close(c.t, clock.Now());
  const TunnelId next = plane.Open(Rules(), clock.Now());
  EXPECT_NE(next, TunnelId::kNone);
  EXPECT_NE(next, c.t);  // the same slot, another generation
  EXPECT_FALSE(plane.Link(c.t).has_value());
  plane.Close(next, clock.Now());
}

}  // namespace
}  // namespace sallyport::vpntest
