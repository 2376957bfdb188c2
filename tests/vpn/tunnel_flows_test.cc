// What becomes of connections when their tunnel goes, comes back, or comes up at all.
#include "tests/vpn/gateways.h"

namespace sallyport::vpntest::tunnel_flows_test {
namespace {

Made Back(Made m) {
  std::swap(m.src, m.dst);
  std::swap(m.sport, m.dport);
  return m;
}

class TunnelFlows : public TwoGateways {
 protected:
  // A TCP connection through the tunnel, up to its first data.
  void Connect() {
    Made m{.src = "10.1.1.10", .dst = "10.2.2.20", .protocol = 6, .sport = 2000, .dport = 80, .seq = 100};
    const auto syn = Through(true, Make(m));
    ASSERT_EQ(syn.size(), 1u) << last.reason << last_far_reason;
    far_isn = LoadBe32(&syn[0][24]);
    Made reply = Back(m);
    reply.flags = kTcpSyn | kTcpAck;
    reply.seq = 500;
    reply.ack = far_isn + 1;
    const auto answer = Through(false, Make(reply));
    ASSERT_EQ(answer.size(), 1u) << last.reason << last_far_reason;
    near_isn = LoadBe32(&answer[0][24]);
    m.flags = kTcpAck;
    m.seq = 101;
    m.ack = near_isn + 1;
    ASSERT_EQ(Through(true, Make(m)).size(), 1u);
    next = 101;
  }
  Made Segment(std::size_t payload = 50) {
    return {.src = "10.1.1.10", .dst = "10.2.2.20", .protocol = 6, .sport = 2000, .dport = 80, .flags = kTcpAck | kTcpPsh, .seq = next, .ack = near_isn + 1,
            .payload = payload};
  }
  bool Sends() {
    const Made m = Segment();
    const bool there = Through(true, Make(m)).size() == 1;
    if (there) next += static_cast<std::uint32_t>(m.payload);
    return there;
  }
  void Talk() {
    ASSERT_EQ(Through(true, Make({.src = "10.1.1.10", .dst = "10.2.2.20", .payload = 20})).size(), 1u) << last.reason << last_far_reason;
  }
  Conn OnlyTcp(Gateway& g) {
    for (const ConnView& v : g.engine->Conns({}, 0, 100, clock.Now()).conns) {
      if (v.conn.protocol == 6) return v.conn;
    }
    return {};
  }
  std::uint32_t far_isn = 0, near_isn = 0, next = 0;
};

TEST_F(TunnelFlows, TunnelThatGoesTakesItsConnectionsAlong) {
  Up();
  Connect();
  Talk();
  EXPECT_EQ(left.conns(), 2u);
  Step(36);
  Down();
  for (Gateway* g : {&left, &right}) {
    EXPECT_EQ(g->conns(), 0u);
    EXPECT_TRUE(g->log.Has("duration 0:00:36 bytes 0 Tunnel has been torn down"));
    EXPECT_EQ(g->log.Count("302016"), 1);
    EXPECT_EQ(g->Dropped(FlowDrop::kTunnelTornDown), 2u);
  }
  // It comes back: the connection is one that nobody knows.
  Keys again;
  again.spi_left = 0x1101, again.spi_right = 0x2102;
  Up(again);
  EXPECT_FALSE(Sends());
  EXPECT_EQ(last.reason, "tcp-not-syn");
  EXPECT_EQ(left.log.Count("106015"), 1);
}

TEST_F(TunnelFlows, PreservedConnectionsWaitAndGoOn) {
  Keys k;
  k.preserve = true;
  Up(k);
  Connect();
  Talk();
  ASSERT_TRUE(Sends());
  const std::uint32_t id = OnlyTcp(left).id;
  EXPECT_TRUE(left.data->Contexts(clock.Now())[0].preserve);
  Down(k);
  for (Gateway* g : {&left, &right}) {
    EXPECT_EQ(g->conns(), 1u);  // UDP is not kept
    EXPECT_EQ(g->log.Count("302014"), 0);
    EXPECT_EQ(g->log.Count("302016"), 1);
    EXPECT_NE(OnlyTcp(*g).flags & kConnVpnOrphan, 0);
  }
  ConnFilter orphans;
  orphans.states = {"vpn_orphan"};
  EXPECT_EQ(left.engine->Conns(orphans, 0, 10, clock.Now()).conns.size(), 1u);
  left.Events(TunnelEvent::What::kNeedSa);
  const TimePoint heard = OnlyTcp(left).last_packet;
  Step(100);
  EXPECT_FALSE(Sends());
  EXPECT_EQ(last.reason, "ipsec-need-sa");
  EXPECT_EQ(left.Events(TunnelEvent::What::kNeedSa), 1);
  EXPECT_EQ(left.last.flow.dport, 80);
  EXPECT_EQ(OnlyTcp(left).last_packet, heard);  // its idle time goes on
  // A retransmission after the tunnel is back, by other keys, finds the same connection at both ends.
  Keys again = k;
  again.spi_left = 0x1101, again.spi_right = 0x2102;
  Up(again);
  EXPECT_EQ(OnlyTcp(left).flags & kConnVpnOrphan, 0);
  EXPECT_TRUE(Sends());
  EXPECT_EQ(OnlyTcp(left).id, id);
  Made back = Back(Segment(70));
  back.seq = 501;
  back.ack = far_isn + 1 + (next - 101);
  EXPECT_EQ(Through(false, Make(back)).size(), 1u) << last.reason << last_far_reason;
  EXPECT_EQ(OnlyTcp(left).bytes, 50u + 50u + 70u);
  EXPECT_EQ(left.log.Count("302013"), 1);
}

TEST_F(TunnelFlows, OrphansEndWhenTheirTimeIsOver) {
  left.Line("timeout conn 0:05:00\n");
  Apply();
  Keys k;
  k.preserve = true;
  Up(k);
  Connect();
  Down(k);
  Step(299);
  EXPECT_EQ(left.conns(), 1u);
  for (int i = 0; i < 3; i++) Sends();  // does not help
  Step(2);
  EXPECT_EQ(left.conns(), 0u);
  EXPECT_TRUE(left.log.Has("Connection timeout"));
  // The slot is free again, and what comes by it is another tunnel.
  Keys again = k;
  again.spi_left = 0x1101, again.spi_right = 0x2102;
  const TunnelId second = Up(again);
  EXPECT_NE(second, TunnelId::kNone);
  EXPECT_EQ(left.data->Flows(clock.Now()).size(), 1u);
}

TEST_F(TunnelFlows, OrMinutesOfTheCommandBound) {
  auto p = std::make_shared<Policy>(*left.policy);
  p->sysopt.preserve_minutes = 2;
  left.policy = p;
  left.engine->SetPolicy(p, clock.Now());
  Keys k;
  k.preserve = true;
  Up(k);
  Connect();
  Down(k);
  Step(119);
  EXPECT_EQ(left.conns(), 1u);
  Step(2);
  EXPECT_EQ(left.conns(), 0u);
  EXPECT_TRUE(left.log.Has("Tunnel has been torn down"));
  EXPECT_EQ(right.conns(), 1u);
}

TEST_F(TunnelFlows, RemoteAccessInClientModeIsNotPreserved) {
  Keys k;
  k.preserve = true;
  k.lan_to_lan = false;
  Up(k);
  Connect();
  EXPECT_FALSE(left.data->Contexts(clock.Now())[0].preserve);
  Down(k);
  EXPECT_EQ(left.conns(), 0u);
}

TEST_F(TunnelFlows, NetworkExtensionModeIsPreserved) {
  Keys k;
  k.preserve = true;
  k.lan_to_lan = false;
  k.network_extension = true;
  Up(k);
  Connect();
  EXPECT_TRUE(left.data->Contexts(clock.Now())[0].preserve);
  Down(k);
  EXPECT_EQ(left.conns(), 1u);
  EXPECT_NE(OnlyTcp(left).flags & kConnVpnOrphan, 0);
}

TEST_F(TunnelFlows, RekeyLosesNothing) {
  Up();
  Connect();
  const Fate old_packet = left.Send("inside", Make(Segment()));
  next += 50;
  Keys fresh;
  fresh.spi_left = 0x1101, fresh.spi_right = 0x2102;
  // The responder has it first, and hears the new one before it uses it.
  right.data->Install(Sa(fresh, false), clock.Now());
  left.data->Install(Sa(fresh, true), clock.Now());
  outer.clear();
  ASSERT_TRUE(Sends());
  EXPECT_EQ(LoadBe32(&outer[0][20]), 0x2002u);  // still by the old one
  left.data->UseOutbound(fresh.spi_left, clock.Now());
  outer.clear();
  ASSERT_TRUE(Sends());
  EXPECT_EQ(LoadBe32(&outer[0][20]), 0x2102u);
  right.Events(TunnelEvent::What::kRekey);
  EXPECT_EQ(right.Events(TunnelEvent::What::kFirstPacket), 2);  // of the old pair, of the new one
  EXPECT_EQ(right.last.spi_in, 0x2102u);
  right.data->UseOutbound(fresh.spi_right, clock.Now());
  left.data->Retire(0x1001, clock.Now());
  right.data->Retire(0x2002, clock.Now());
  // What was on its way still opens.
  const Fate late = right.Send("outside", old_packet.out.at(0).bytes);
  EXPECT_EQ(late.out.size(), 1u) << late.reason;
  const auto contexts = right.data->Contexts(clock.Now());
  ASSERT_EQ(contexts.size(), 4u);
  EXPECT_TRUE(contexts[0].delete_in_progress);
  EXPECT_EQ(contexts[0].rekey_packets, 1u);
  EXPECT_FALSE(contexts[2].delete_in_progress);
  ASSERT_TRUE(Sends());
  left.data->Remove(0x1001, clock.Now());
  right.data->Remove(0x2002, clock.Now());
  ASSERT_TRUE(Sends());
  EXPECT_EQ(left.conns(), 1u);
  EXPECT_EQ(left.log.Count("302014"), 0);
  EXPECT_EQ(right.Send("outside", old_packet.out.at(0).bytes).reason, "np-sp-invalid-spi");
}

TEST_F(TunnelFlows, KilobytesAreCountedAndAskForAnotherPair) {
  Keys k;
  k.kilobytes = 10;
  Up(k);
  for (int i = 0; i < 8; i++) Through(true, Make({.src = "10.1.1.10", .dst = "10.2.2.20", .payload = 1000}));
  EXPECT_EQ(left.Events(TunnelEvent::What::kRekey), 0);
  for (int i = 0; i < 4; i++) Through(true, Make({.src = "10.1.1.10", .dst = "10.2.2.20", .payload = 1000}));
  EXPECT_EQ(left.Events(TunnelEvent::What::kRekey), 1);
  EXPECT_EQ(left.last.spi_in, 0x1001u);
  EXPECT_EQ(left.Events(TunnelEvent::What::kExpired), 1);
  EXPECT_EQ(left.data->Flows(clock.Now())[0].outbound[0].kilobytes_left, 0u);
  EXPECT_EQ(left.data->Flows(clock.Now())[0].inbound[0].kilobytes_left, 10u);
}

// --- reclassify

class Reclassify : public TunnelFlows {
 protected:
  // The right one is a hub whose dynamic map knows its peers when they come; its hosts reach 10.1.1.0 in the clear until then.
  Reclassify() {
    right.vpn->entries[0].dynamic = true;
    right.vpn->entries[0].match = nullptr;
    right.vpn->entries[0].peers.clear();
    Apply();
  }
  void Clear() {
    Made m{.src = "10.2.2.20", .dst = "10.1.1.10", .payload = 10};
    ASSERT_EQ(right.Send("inside", Make(m)).out.size(), 1u);
    m = {.src = "10.2.2.20", .dst = "10.1.1.10", .protocol = 6, .sport = 3000, .dport = 22};
    ASSERT_EQ(right.Send("inside", Make(m)).out.size(), 1u);
    m = {.src = "10.2.2.20", .dst = "192.0.2.99", .payload = 10};
    ASSERT_EQ(right.Send("inside", Make(m)).out.size(), 1u);
    ASSERT_EQ(right.conns(), 3u);
  }
};

TEST_F(Reclassify, ClearConnectionsThatTheTunnelCoversEnd) {
  Clear();
  Up();
  EXPECT_EQ(right.conns(), 1u);  // the one to 192.0.2.99
  EXPECT_EQ(right.log.Count("302014"), 1);
  EXPECT_EQ(right.log.Count("302016"), 1);
  EXPECT_EQ(right.Dropped(FlowDrop::kTunnelPending), 2u);
  // The next packet is a new flow, and goes into the tunnel.
  const Fate f = right.Send("inside", Make({.src = "10.2.2.20", .dst = "10.1.1.10", .payload = 10}));
  ASSERT_EQ(f.out.size(), 1u) << f.reason;
  EXPECT_EQ(f.out[0].bytes[9], 50);
}

TEST_F(Reclassify, UnlessItIsOff) {
  auto p = std::make_shared<Policy>(*right.policy);
  p->sysopt.reclassify_vpn = false;
  right.policy = p;
  right.engine->SetPolicy(p, clock.Now());
  Clear();
  Up();
  EXPECT_EQ(right.conns(), 3u);
  const Fate f = right.Send("inside", Make({.src = "10.2.2.20", .dst = "10.1.1.10", .payload = 10}));
  ASSERT_EQ(f.out.size(), 1u) << f.reason;
  EXPECT_EQ(f.out[0].bytes[9], 17);  // stays in the clear
  const Fate fresh = right.Send("inside", Make({.src = "10.2.2.20", .dst = "10.1.1.10", .sport = 4000, .payload = 10}));
  EXPECT_EQ(fresh.out.at(0).bytes[9], 50);
}

// --- packet-tracer

TEST_F(TunnelFlows, TracerShowsThePhasesOfAVpn) {
  left.Line("access-list filter extended permit ip any any\n");
  Apply();
  TraceRequest request;
  request.ingress = left.At("inside");
  request.protocol = 6;
  request.src = *IpAddress::Parse("10.1.1.10");
  request.dst = *IpAddress::Parse("10.2.2.20");
  request.sport = 1025;
  request.dport = 80;
  TraceResult t = left.engine->Trace(request, clock.Now());
  EXPECT_FALSE(t.allow);
  EXPECT_EQ(t.phases.back().type + " " + t.phases.back().subtype, "VPN encrypt");
  EXPECT_FALSE(t.phases.back().allow);
  EXPECT_EQ(t.frame_drop, FrameDrop::kAclDrop);
  EXPECT_EQ(left.Events(TunnelEvent::What::kNeedSa), 1);
  Keys k;
  k.filter_left = left.policy->access_lists.at("filter");
  Up(k);
  t = left.engine->Trace(request, clock.Now());
  EXPECT_TRUE(t.allow);
  std::vector<std::string> names;
  for (const TracePhase& p : t.phases) names.push_back(p.type + " " + p.subtype);
  const auto at = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) - names.begin(); };
  EXPECT_LT(at("VPN encrypt"), at("ACCESS-LIST vpn-user"));
  EXPECT_LT(at("ACCESS-LIST vpn-user"), at("VPN ipsec-tunnel-flow"));
  EXPECT_LT(at("VPN ipsec-tunnel-flow"), at("FLOW-CREATION "));
  EXPECT_EQ(left.conns(), 0u);
  EXPECT_EQ(left.data->Flows(clock.Now())[0].counters.encapsulated, 0u);
  // From outside: only what has been decrypted.
  std::swap(request.src, request.dst);
  request.ingress = left.At("outside");
  request.bypass_checks = true;
  t = left.engine->Trace(request, clock.Now());
  EXPECT_EQ(t.frame_drop, FrameDrop::kIpsecSpoof);
  EXPECT_EQ(t.phases.back().subtype, "ipsec-tunnel-flow");
  request.bypass_checks = false;
  request.decrypted = true;
  t = left.engine->Trace(request, clock.Now());
  EXPECT_TRUE(t.allow);
}

TEST_F(TunnelFlows, ImaginedEspLeavesNoTrace) {
  Up();
  const Fate f = left.Send("inside", Make({.src = "10.1.1.10", .dst = "10.2.2.20", .payload = 30}));
  TraceRequest request;
  request.ingress = right.At("outside");
  request.bytes = f.out.at(0).bytes;
  for (int i = 0; i < 3; i++) EXPECT_TRUE(right.engine->Trace(request, clock.Now()).allow);
  EXPECT_EQ(right.data->Flows(clock.Now())[0].counters.decapsulated, 0u);
  EXPECT_EQ(right.data->Contexts(clock.Now())[0].packets, 0u);
  EXPECT_EQ(right.Send("outside", f.out[0].bytes).out.size(), 1u);  // no replay
}

}  // namespace
}  // namespace sallyport::vpntest::tunnel_flows_test
