// Plain packets into ESP and out of it, between two appliances.
#include "tests/vpn/gateways.h"

namespace sallyport::vpntest::data_plane_test {
namespace {

const Made kPing{.src = "10.1.1.10", .dst = "10.2.2.20", .protocol = 1, .sport = 77, .payload = 56};
const Made kDatagram{.src = "10.1.1.10", .dst = "10.2.2.20", .payload = 100};

Made Back(Made m) {
  std::swap(m.src, m.dst);
  std::swap(m.sport, m.dport);
  return m;
}

class DataPlaneTest : public TwoGateways {};

TEST_F(DataPlaneTest, FirstPacketAsksForTheTunnelAndIsDropped) {
  const Fate f = left.Send("inside", Make(kDatagram));
  EXPECT_EQ(f.reason, "acl-drop");
  EXPECT_TRUE(f.out.empty());
  EXPECT_EQ(left.Events(TunnelEvent::What::kNeedSa), 1);  // packet-tracer, asked before, has asked for it already
  EXPECT_EQ(left.last.entry, 1u);
  EXPECT_EQ(left.last.flow.dst, *IpAddress::Parse("10.2.2.20"));
  left.Send("inside", Make(kDatagram));
  EXPECT_EQ(left.Events(TunnelEvent::What::kNeedSa), 0);  // within a second
  Step(1.5);
  left.Send("inside", Make(kDatagram));
  EXPECT_EQ(left.Events(TunnelEvent::What::kNeedSa), 1);
  EXPECT_EQ(left.conns(), 0u);
}

TEST_F(DataPlaneTest, PingGoesThroughAndComesBack) {
  Up();
  const auto there = Through(true, Make(kPing));
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0], Make(kPing));
  ASSERT_EQ(outer.size(), 1u);
  EXPECT_TRUE(last.out[0].replaced);
  EXPECT_EQ(outer[0][9], 50);
  EXPECT_EQ(outer[0][8], 64);
  EXPECT_EQ(LoadBe32(&outer[0][20]), 0x2002u);
  EXPECT_EQ(LoadBe32(&outer[0][24]), 1u);
  Made answer = Back(kPing);
  answer.icmp_type = 0;
  answer.sport = kPing.sport;
  const auto back = Through(false, Make(answer));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0], Make(answer));
  EXPECT_EQ(left.conns(), 1u);
  EXPECT_EQ(right.conns(), 1u);
}

TEST_F(DataPlaneTest, EveryTransformAndEncapsulation) {
  std::uint32_t spi = 0x3000;
  const std::vector<std::pair<VpnCipher, VpnHash>> transforms = {
      {VpnCipher::kDes, VpnHash::kMd5},       {VpnCipher::k3Des, VpnHash::kMd5},      {VpnCipher::kAes128, VpnHash::kSha1},
      {VpnCipher::kAes192, VpnHash::kSha256}, {VpnCipher::kAes256, VpnHash::kSha512}, {VpnCipher::kAesGcm128, VpnHash::kNone},
      {VpnCipher::kAesGcm256, VpnHash::kNone}, {VpnCipher::kAesGmac128, VpnHash::kNone}, {VpnCipher::kNone, VpnHash::kSha1}};
  for (const auto& [cipher, hash] : transforms) {
    for (const EspEncapsulation how : {EspEncapsulation::kNone, EspEncapsulation::kNatT}) {
      Keys k;
      k.spi_left = spi++;
      k.spi_right = spi++;
      k.cipher = cipher;
      k.hash = hash;
      k.encapsulation = how;
      ASSERT_NE(Up(k), TunnelId::kNone);
      for (std::size_t size : {0u, 1u, 2u, 3u, 17u, 1300u}) {
        Made m = kDatagram;
        m.payload = size;
        const auto there = Through(true, Make(m));
        ASSERT_EQ(there.size(), 1u) << static_cast<int>(cipher) << " " << size << " " << last.reason << " " << last_far_reason;
        EXPECT_EQ(there[0], Make(m));
        const auto back = Through(false, Make(Back(m)));
        ASSERT_EQ(back.size(), 1u);
        EXPECT_EQ(back[0], Make(Back(m)));
      }
      Down(k);
    }
  }
  EXPECT_EQ(left.Events(TunnelEvent::What::kMovedPeer), 0);
}

TEST_F(DataPlaneTest, CountersAndViews) {
  Up();
  for (int i = 0; i < 5; i++) Through(true, Make(kDatagram));
  Through(false, Make(Back(kDatagram)));
  const auto flows = left.data->Flows(clock.Now());
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].counters.encapsulated, 5u);
  EXPECT_EQ(flows[0].counters.encrypted, 5u);
  EXPECT_EQ(flows[0].counters.decapsulated, 1u);
  EXPECT_EQ(flows[0].counters.verified, 1u);
  EXPECT_EQ(flows[0].interface, "outside");
  EXPECT_EQ(flows[0].access_list, "vpn extended permit ip 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0");
  EXPECT_EQ(flows[0].local_ident.network.FamilyLength(), 24);
  EXPECT_EQ(flows[0].path_mtu, 1500);
  EXPECT_EQ(flows[0].overhead, 58);  // 20 + 8 + 8 + 12 + 2 + 8
  EXPECT_EQ(flows[0].header_overhead, 36);
  ASSERT_EQ(flows[0].inbound.size(), 1u);
  EXPECT_EQ(flows[0].inbound[0].spi, 0x1001u);
  EXPECT_EQ(flows[0].inbound[0].replay_bitmap, 1u);
  const auto contexts = left.data->Contexts(clock.Now());
  ASSERT_EQ(contexts.size(), 2u);
  EXPECT_FALSE(contexts[0].encrypts);
  EXPECT_EQ(contexts[0].packets, 1u);
  EXPECT_EQ(contexts[1].packets, 5u);
  EXPECT_EQ(contexts[1].spi, 0x2002u);
  EXPECT_FALSE(contexts[0].preserve);
  EXPECT_EQ(left.policy->access_lists.at("vpn")->elements()[0].hits->hits.load(), 1u);  // new flows
}

TEST_F(DataPlaneTest, ReplayForgeryAndStrangers) {
  Up();
  Through(true, Make(kDatagram));
  Raw esp = outer[0];
  EXPECT_EQ(right.Send("outside", esp).reason, "ctm-error");
  EXPECT_EQ(right.log.Count("402119"), 1);
  EXPECT_TRUE(right.log.Has("402119 IPSEC: Received an ESP packet (SPI= 0x00002002, sequence number= 0x1) from 192.0.2.1 (user= 192.0.2.1) to "
                            "192.0.2.2 that failed anti-replay checking."));
  right.Send("outside", esp);
  EXPECT_EQ(right.log.Count("402119"), 1);  // one in five seconds
  StoreBe32(&esp[24], 9);
  EXPECT_EQ(right.Send("outside", esp).reason, "ctm-error");
  EXPECT_EQ(right.log.Count("402120"), 1);
  const auto contexts = right.data->Contexts(clock.Now());
  EXPECT_EQ(contexts[0].bad_crypto, 1u);
  EXPECT_EQ(contexts[0].bad_packets, 3u);
  StoreBe32(&esp[20], 0x77777);
  EXPECT_EQ(right.Send("outside", esp).reason, "np-sp-invalid-spi");
  EXPECT_EQ(right.Events(TunnelEvent::What::kInvalidSpi), 1);
  EXPECT_EQ(right.last.spi, 0x77777u);
  EXPECT_EQ(right.log.Count("402114"), 1);
  // The genuine next one passes all the same.
  EXPECT_EQ(Through(true, Make(kDatagram)).size(), 1u);
}

TEST_F(DataPlaneTest, ClearPacketsThatShouldBeEncryptedAreSpoofed) {
  right.Line("access-list out extended permit ip any any\naccess-group out in interface outside\n");
  Apply();
  Up();
  EXPECT_EQ(right.Send("outside", Make(kDatagram)).reason, "ipsec-spoof");
  EXPECT_EQ(right.log.Count("402117"), 1);
  EXPECT_TRUE(right.log.Has("402117 IPSEC: Received a non-IPSec packet (protocol= UDP) from 10.1.1.10 to 10.2.2.20."));
  EXPECT_EQ(Through(true, Make(kDatagram)).size(), 1u);
  EXPECT_EQ(right.data->Contexts(clock.Now())[0].spoofed, 1u);
  EXPECT_EQ(right.Send("outside", Make(kDatagram)).reason, "vpn-missing-decrypt");  // of a known flow
  EXPECT_EQ(right.data->Contexts(clock.Now())[0].spoofed, 2u);
  EXPECT_FALSE(right.data->Contexts(clock.Now())[0].encrypts);
  EXPECT_EQ(right.conns(), 1u);
  EXPECT_EQ(Through(true, Make(kDatagram)).size(), 1u);
}

TEST_F(DataPlaneTest, WhatTheSelectorsDoNotNameIsRefused) {
  Up();
  Through(true, Make(kDatagram));
  // The left one is made to put something else into the tunnel: it thinks that its selectors are wider.
  Down();
  Keys wide;
  wide.remote = "10.0.0.0/8";
  wide.local = "10.0.0.0/8";
  wide.spi_left++, wide.spi_right++;
  Keys narrow = wide;
  narrow.local = "10.1.1.0/24";
  narrow.remote = "10.2.2.0/24";
  left.data->Install(Sa(wide, true), clock.Now());
  right.data->Install(Sa(narrow, false), clock.Now());
  left.Line("access-list vpn extended permit ip any any\n");
  left.Line("route outside 10.3.3.0 255.255.255.0 192.0.2.2\n");
  Apply();
  Made m = kDatagram;
  m.dst = "10.3.3.3";
  EXPECT_TRUE(Through(true, Make(m)).empty());
  EXPECT_EQ(last_far_reason, "ipsec-selector-failure");
  EXPECT_TRUE(right.log.Has("402116"));
  EXPECT_TRUE(right.log.Has("its destination as 10.3.3.3, its source as 10.1.1.10, and its protocol as 17.  The SA specifies its local proxy as "
                            "10.2.2.0/255.255.255.0/0/0 and its remote_proxy as 10.1.1.0/255.255.255.0/0/0."));
  EXPECT_EQ(Through(true, Make(kDatagram)).size(), 1u);
}

TEST_F(DataPlaneTest, AddressTranslationIsExempt) {
  left.Line("nat (inside) 1 0.0.0.0 0.0.0.0\nglobal (outside) 1 interface\naccess-list none extended permit ip 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0\n"
            "nat (inside) 0 access-list none\nroute outside 0.0.0.0 0.0.0.0 192.0.2.2\n");
  Apply();
  Up();
  const auto there = Through(true, Make(kDatagram));
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0], Make(kDatagram));
  Made other = kDatagram;
  other.dst = "198.51.100.1";
  const Fate f = left.Send("inside", Make(other));
  ASSERT_EQ(f.out.size(), 1u);
  EXPECT_EQ(f.out[0].bytes[9], 17);  // in the clear, translated
  EXPECT_EQ(IpAddress::FromV4Bytes(&f.out[0].bytes[12]), *IpAddress::Parse("192.0.2.1"));
}

// The crypto access list sees what is on the wire.
TEST_F(DataPlaneTest, TranslatedSourceIsWhatTheMapMatches) {
  left.Line("static (inside,outside) 10.9.9.10 10.1.1.10 netmask 255.255.255.255\n"
            "access-list vpn extended permit ip host 10.9.9.10 10.2.2.0 255.255.255.0\n");
  right.Line("access-list vpn extended permit ip 10.2.2.0 255.255.255.0 host 10.9.9.10\nroute outside 10.9.9.0 255.255.255.0 192.0.2.1\n");
  Apply();
  Keys k;
  k.local = "10.9.9.10";
  Up(k);
  const auto there = Through(true, Make(kDatagram));
  ASSERT_EQ(there.size(), 1u) << last.reason;
  EXPECT_EQ(IpAddress::FromV4Bytes(&there[0][12]), *IpAddress::Parse("10.9.9.10"));
  EXPECT_TRUE(Sound(there[0]));
  Made answer = Back(kDatagram);
  answer.dst = "10.9.9.10";
  const auto back = Through(false, Make(answer));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(IpAddress::FromV4Bytes(&back[0][16]), *IpAddress::Parse("10.1.1.10"));
}

TEST_F(DataPlaneTest, VpnFilterHasTheFirstWordInBothDirections) {
  right.Line("access-list filter extended permit tcp 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0 eq www\n"
             "access-list filter extended permit icmp any any\n"
             "access-list filter extended permit tcp 10.1.1.0 255.255.255.0 eq ssh 10.2.2.0 255.255.255.0\n");
  Apply();
  Keys k;
  k.filter_right = right.policy->access_lists.at("filter");
  Up(k);
  EXPECT_TRUE(Through(true, Make(kDatagram)).empty());
  EXPECT_EQ(last_far_reason, "acl-drop");
  EXPECT_TRUE(right.log.Has("106103 access-list filter denied udp for user '192.0.2.1' outside/10.1.1.10(1025) -> inside/10.2.2.20(5000) "
                            "hit-cnt 1 first hit [0x0, 0x0]"));
  EXPECT_EQ(right.log.Count("106023"), 0);
  EXPECT_EQ(Through(true, Make(kPing)).size(), 1u);
  Made web = kDatagram;
  web.protocol = 6;
  web.dport = 80;
  web.payload = 0;
  EXPECT_EQ(Through(true, Make(web)).size(), 1u);
  // The list has the peer's end first, also for what we begin.
  Made ours = Back(web);
  ours.dport = 22;
  ours.sport = 2000;
  EXPECT_EQ(Through(false, Make(ours)).size(), 1u) << last.reason;
  ours.dport = 80;
  ours.sport = 2001;
  EXPECT_TRUE(Through(false, Make(ours)).empty());
  EXPECT_EQ(last.reason, "acl-drop");
}

// A line with `log`: 106102 as 106100 is elsewhere, for what it denies as well.
TEST_F(DataPlaneTest, VpnFilterWithLogCountsHitsByInterval) {
  right.Line("access-list filter extended deny udp any any eq 5000 log warnings interval 60\n"
             "access-list filter extended permit ip any any log\n");
  Apply();
  Keys k;
  k.filter_right = right.policy->access_lists.at("filter");
  Up(k);
  for (int i = 0; i < 3; i++) EXPECT_TRUE(Through(true, Make(kDatagram)).empty());
  EXPECT_EQ(right.log.Count("106103"), 0);
  EXPECT_EQ(right.log.Count("106102"), 1);
  EXPECT_TRUE(right.log.Has("106102 access-list filter denied udp for user '192.0.2.1' outside/10.1.1.10(1025) -> inside/10.2.2.20(5000) "
                            "hit-cnt 1 first hit [0x"));
  Step(61);
  EXPECT_TRUE(right.log.Has("hit-cnt 2 60-second interval [0x"));
  EXPECT_EQ(Through(true, Make(kPing)).size(), 1u);
  EXPECT_TRUE(right.log.Has("106102 access-list filter permitted icmp for user '192.0.2.1' outside/10.1.1.10("));
  EXPECT_EQ(right.log.Count("106100"), 0);
}

TEST_F(DataPlaneTest, WithoutPermitVpnTheInterfaceListDecides) {
  right.Line("no sysopt connection permit-vpn\n");
  Apply();
  auto p = std::make_shared<Policy>(*right.policy);
  p->sysopt.permit_vpn = false;
  right.policy = p;
  right.engine->SetPolicy(p, clock.Now());
  Up();
  EXPECT_TRUE(Through(true, Make(kDatagram)).empty());
  EXPECT_EQ(last_far_reason, "acl-drop");
}

// --- sizes

TEST_F(DataPlaneTest, TooLargeWithDontFragmentIsToldTheSender) {
  Up();
  Made m = kDatagram;
  m.df = true;
  m.payload = 1500 - 28;
  Fate f = left.Send("inside", Make(m));
  EXPECT_EQ(f.reason, "unexpected-packet");
  ASSERT_EQ(f.out.size(), 1u);
  EXPECT_EQ(f.out[0].by, "inside");
  EXPECT_EQ(f.out[0].bytes[20], 3);
  EXPECT_EQ(f.out[0].bytes[21], 4);
  const int mtu = LoadBe16(&f.out[0].bytes[26]);
  EXPECT_EQ(mtu, 1446);  // 1500 - 20 - 8 - 8 - 12 = 1452, of which 1448 in blocks, less 2
  EXPECT_EQ(left.log.Count("602101"), 1);
  EXPECT_EQ(left.data->Flows(clock.Now())[0].counters.pmtus_sent, 1u);
  EXPECT_EQ(left.data->Totals().pmtus_sent, 1u);
  m.payload = static_cast<std::size_t>(mtu) - 28;
  const auto there = Through(true, Make(m));
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0], Make(m));
  EXPECT_EQ(outer.back().size(), 1500u - 4);
  EXPECT_EQ(outer.back()[6] & 0x40, 0x40);  // copied
  m.payload++;
  EXPECT_TRUE(Through(true, Make(m)).empty());
}

TEST_F(DataPlaneTest, TooLargeIsCutBeforeEncryption) {
  Up();
  Made m = kDatagram;
  m.payload = 1472;
  const auto there = Through(true, Make(m));
  ASSERT_EQ(there.size(), 2u) << last.reason;
  EXPECT_EQ(outer.size(), 2u);
  for (const Raw& o : outer) EXPECT_LE(o.size(), 1500u);
  // Two fragments, which together are the datagram.
  Raw together(1480);
  for (const Raw& part : there) {
    const std::size_t at = static_cast<std::size_t>(LoadBe16(&part[6]) & 0x1fff) * 8;
    std::copy(part.begin() + 20, part.end(), together.begin() + static_cast<std::ptrdiff_t>(at));
  }
  const Raw whole = Make(m);
  EXPECT_EQ(together, Raw(whole.begin() + 20, whole.end()));
  EXPECT_EQ(left.data->Flows(clock.Now())[0].counters.fragmented_before, 1u);
  EXPECT_EQ(left.data->Flows(clock.Now())[0].counters.fragments_created, 2u);
}

TEST_F(DataPlaneTest, OrIsCutAfterIt) {
  Keys k;
  k.fragment_after = true;
  Up(k);
  Made m = kDatagram;
  m.payload = 1472;
  const auto there = Through(true, Make(m));
  EXPECT_EQ(outer.size(), 2u);
  EXPECT_EQ(outer[0][6] & 0x20, 0x20);
  ASSERT_EQ(there.size(), 1u) << last_far_reason;
  EXPECT_EQ(there[0], Make(m));
  EXPECT_EQ(right.data->Flows(clock.Now())[0].counters.reassembly_needed, 1u);
}

// What becomes of a packet that is too large, by its DF bit, `crypto ipsec df-bit` and `crypto ipsec fragmentation`.
TEST_F(DataPlaneTest, TooLargeByItsDfBitTheDfPolicyAndTheFragmentationPolicy) {
  enum class Then { kTold, kCutBefore, kCutAfter };
  struct Row {
    bool df;
    DfPolicy policy;
    bool after;
    Then then;
    bool outer_df;  // of a packet that fits
  };
  const Row rows[] = {
      {false, DfPolicy::kCopy, false, Then::kCutBefore, false}, {false, DfPolicy::kCopy, true, Then::kCutAfter, false},
      {true, DfPolicy::kCopy, false, Then::kTold, true},        {true, DfPolicy::kCopy, true, Then::kTold, true},
      {false, DfPolicy::kSet, false, Then::kCutBefore, true},   {false, DfPolicy::kSet, true, Then::kCutAfter, true},
      {true, DfPolicy::kSet, false, Then::kTold, true},         {true, DfPolicy::kSet, true, Then::kTold, true},
      {false, DfPolicy::kClear, false, Then::kCutBefore, false}, {false, DfPolicy::kClear, true, Then::kCutAfter, false},
      {true, DfPolicy::kClear, false, Then::kCutBefore, false}, {true, DfPolicy::kClear, true, Then::kCutAfter, false},
  };
  std::uint32_t spi = 0x4000;
  for (const Row& r : rows) {
    SCOPED_TRACE(std::string(r.df ? "DF" : "no DF") + ", policy " + std::to_string(static_cast<int>(r.policy)) + (r.after ? ", after" : ", before"));
    Keys k;
    k.spi_left = spi++, k.spi_right = spi++;
    k.df = r.policy;
    k.fragment_after = r.after;
    Up(k);
    Made m = kDatagram;
    m.df = r.df;
    if (r.df) m.id = 0;  // as Linux sends what may not be cut
    outer.clear();
    EXPECT_EQ(Through(true, Make(m)).size(), 1u);
    EXPECT_EQ((outer.at(0)[6] & 0x40) != 0, r.outer_df);
    outer.clear();
    m.payload = 1472;
    const auto there = Through(true, Make(m));
    const IpsecCounters c = left.data->Flows(clock.Now())[0].counters;
    EXPECT_EQ(c.pmtus_sent, r.then == Then::kTold ? 1u : 0u);
    EXPECT_EQ(c.fragmentation_failed, r.then == Then::kTold ? 1u : 0u);
    EXPECT_EQ(c.fragmented_before, r.then == Then::kCutBefore ? 1u : 0u);
    EXPECT_EQ(c.fragmented_after, r.then == Then::kCutAfter ? 1u : 0u);
    EXPECT_EQ(c.fragments_created, r.then == Then::kTold ? 0u : 2u);
    EXPECT_EQ(right.data->Flows(clock.Now())[0].counters.reassembly_needed, r.then == Then::kCutAfter ? 1u : 0u);
    if (r.then == Then::kTold) {
      EXPECT_EQ(last.reason, "unexpected-packet");
      ASSERT_EQ(last.out.size(), 1u);
      EXPECT_EQ(last.out[0].by, "inside");
      EXPECT_EQ(last.out[0].bytes[20] * 256 + last.out[0].bytes[21], 3 * 256 + 4);
    } else {
      ASSERT_EQ(outer.size(), 2u);
      for (const Raw& o : outer) EXPECT_LE(o.size(), 1500u);
      EXPECT_EQ((outer[0][6] & 0x20) != 0, r.then == Then::kCutAfter);  // the outer packet is the fragment
      ASSERT_EQ(there.size(), r.then == Then::kCutBefore ? 2u : 1u) << last_far_reason;
      if (r.then == Then::kCutAfter) {
        EXPECT_EQ(there[0], Make(m));
      } else {
        EXPECT_NE(LoadBe16(&there[0][4]), 0);
        EXPECT_EQ(LoadBe16(&there[0][4]), LoadBe16(&there[1][4]));
      }
      for (const Raw& t : there) EXPECT_EQ((t[6] & 0x40) != 0, r.df && r.then == Then::kCutAfter);
    }
    Down(k);
    Step(2);
  }
}

TEST_F(DataPlaneTest, TheSenderIsToldOfThePacketThatItSentAndNotOfItsTranslation) {
  left.Line("access-list vpn extended permit ip host 192.0.2.1 10.2.2.0 255.255.255.0\n"
            "nat (inside) 1 10.1.1.0 255.255.255.0\nglobal (outside) 1 interface\n");
  right.Line("access-list vpn extended permit ip 10.2.2.0 255.255.255.0 host 192.0.2.1\n");
  Apply();
  Keys k;
  k.local = "192.0.2.1";
  Up(k);
  Made m = kDatagram;
  m.dst = "10.2.2.21";  // by the translated source
  m.df = true;
  left.Line("no access-list vpn extended permit ip 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0\n");
  Apply();
  ASSERT_EQ(Through(true, Make(m)).size(), 1u) << last.reason;
  m.payload = 1472;
  EXPECT_TRUE(Through(true, Make(m)).empty());
  ASSERT_EQ(last.out.size(), 1u);
  EXPECT_EQ(IpAddress::FromV4Bytes(&last.out[0].bytes[28 + 12]).ToString(), "10.1.1.10");  // as quoted
  EXPECT_EQ(IpAddress::FromV4Bytes(&last.out[0].bytes[16]).ToString(), "10.1.1.10");
}

TEST_F(DataPlaneTest, FragmentsOfAHostGoThroughAsTheyAre) {
  Up();
  Made m = kDatagram;
  m.payload = 2000;
  const Raw whole = Make(m);
  const auto piece = [&](std::size_t at, std::size_t size, bool more) {
    Raw b(whole.begin(), whole.begin() + 20);
    b.insert(b.end(), whole.begin() + 20 + static_cast<std::ptrdiff_t>(at), whole.begin() + 20 + static_cast<std::ptrdiff_t>(at + size));
    StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
    StoreBe16(&b[6], static_cast<std::uint16_t>(at / 8 | (more ? 0x2000 : 0)));
    StoreBe16(&b[10], 0);
    StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b).first(20))));
    return b;
  };
  const Raw first = piece(0, 1000, true), second = piece(1000, 1008, false);
  EXPECT_TRUE(Through(true, first).empty());
  EXPECT_TRUE(last.out.empty());
  const auto there = Through(true, second);
  EXPECT_EQ(outer.size(), 2u);
  ASSERT_EQ(there.size(), 2u) << last.reason << last_far_reason;
  EXPECT_TRUE((there[0] == first && there[1] == second) || (there[0] == second && there[1] == first));
  // Half of it out of the tunnel, half of it in the clear.
  EXPECT_TRUE(Through(true, first).empty());
  last = left.Send("inside", second);
  ASSERT_EQ(last.out.size(), 2u);
  right.Send("outside", last.out[0].bytes);
  EXPECT_EQ(right.Send("outside", last.out[0].bytes).reason, "ctm-error");
  EXPECT_EQ(right.Send("outside", second).reason, "fragment-reassembly-failed");
}

TEST_F(DataPlaneTest, PathMtuIsLearned) {
  Up();
  Through(true, Make(kDatagram));
  Raw error(20 + 8 + 28);
  error[0] = 0x45;
  StoreBe16(&error[2], static_cast<std::uint16_t>(error.size()));
  error[8] = 64;
  error[9] = 1;
  IpAddress::Parse("192.0.2.77")->StoreV4(&error[12]);
  IpAddress::Parse("192.0.2.1")->StoreV4(&error[16]);
  StoreBe16(&error[10], ChecksumFinish(ChecksumAdd(Bytes(error).first(20))));
  error[20] = 3;
  error[21] = 4;
  StoreBe16(&error[26], 1000);
  std::copy_n(outer[0].begin(), 28, error.begin() + 28);
  StoreBe16(&error[22], ChecksumFinish(ChecksumAdd(Bytes(error).subspan(20))));
  const Fate f = left.Send("outside", error);
  EXPECT_EQ(f.d.action, Disposition::Action::kConsume) << f.reason;
  EXPECT_TRUE(left.log.Has("602103 IPSEC: Received an ICMP Destination Unreachable from 192.0.2.77 with suggested PMTU of 1000; PMTU updated for "
                           "SA with peer 192.0.2.2, SPI 0x00002002, tunnel name 192.0.2.2, old PMTU 1500, new PMTU 1000."));
  EXPECT_EQ(left.data->Flows(clock.Now())[0].path_mtu, 1000);
  Made m = kDatagram;
  m.df = true;
  m.payload = 1000;
  const Fate g = left.Send("inside", Make(m));
  EXPECT_EQ(g.reason, "unexpected-packet");
  left.Send("outside", error);
  EXPECT_EQ(left.log.Count("602104"), 1);
}

TEST_F(DataPlaneTest, MarksOfTheInnerHeaderAreTaken) {
  Up();
  Made m = kDatagram;
  m.tos = 0xb9;  // EF, ECT(1)
  auto there = Through(true, Make(m));
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(outer[0][1], 0xb9);
  EXPECT_EQ(there[0][1], 0xb9);
  // A router says that it is congested.
  left.Send("inside", Make(m));
  const Fate f = left.Send("inside", Make(m));
  Raw marked = f.out.at(0).bytes;
  marked[1] |= 3;
  StoreBe16(&marked[10], 0);
  StoreBe16(&marked[10], ChecksumFinish(ChecksumAdd(Bytes(marked).first(20))));
  const Fate g = right.Send("outside", marked);
  ASSERT_EQ(g.out.size(), 1u);
  EXPECT_EQ(g.out[0].bytes[1], 0xbb);
  EXPECT_TRUE(Sound(g.out[0].bytes));
}

TEST_F(DataPlaneTest, SuperPacketsAreSegmented) {
  Up();
  Made m{.src = "10.1.1.10", .dst = "10.2.2.20", .protocol = 6, .sport = 2000, .dport = 80, .flags = kTcpSyn, .seq = 100, .mss = 1460};
  const auto syn = Through(true, Make(m));
  ASSERT_EQ(syn.size(), 1u);
  const std::uint32_t isn = LoadBe32(&syn[0][24]);
  Made reply = Back(m);
  reply.flags = kTcpSyn | kTcpAck;
  reply.seq = 500;
  reply.ack = isn + 1;
  ASSERT_EQ(Through(false, Make(reply)).size(), 1u);
  m.mss = 0;
  m.flags = kTcpAck;
  m.seq = 101;
  m.ack = 501;
  ASSERT_EQ(Through(true, Make(m)).size(), 1u);
  outer.clear();
  m.payload = 7000;
  m.flags = kTcpAck | kTcpPsh;
  Gateway::How how;
  how.gso = true;
  last = left.Send("inside", Make(m), how);
  EXPECT_EQ(last.d.action, Disposition::Action::kConsume);
  std::vector<Raw> there;
  for (const Left& l : last.out) {
    EXPECT_LE(l.bytes.size(), 1500u);
    for (const Left& o : right.Send("outside", l.bytes).out) there.push_back(o.bytes);
  }
  ASSERT_EQ(there.size(), 6u);  // segments of 1380: `sysopt connection tcpmss`
  std::string text;
  for (const Raw& s : there) {
    EXPECT_TRUE(Sound(s));
    EXPECT_LE(s.size(), 1420u);
    text.append(s.begin() + 40, s.end());
  }
  const Raw whole = Make(m);
  EXPECT_EQ(text, std::string(whole.begin() + 40, whole.end()));
  // In the same batch a small one may not overtake them.
  EXPECT_EQ(right.Dropped(FrameDrop::kCtmError), 0u);
}

TEST_F(DataPlaneTest, WhatFollowsInABatchDoesNotOvertake) {
  const TunnelId t = Up();
  Raw packet = Make(kDatagram);
  const auto seal = [&](bool room, std::vector<OriginatedPacket>& out) {
    Raw buffer(1000);
    std::copy(packet.begin(), packet.end(), buffer.begin() + 200);
    Packet p;
    p.bytes = MutableBytes(buffer).subspan(200, packet.size());
    p.wire_length = static_cast<std::uint32_t>(packet.size());
    p.ingress = left.At("inside");
    if (room) p.headroom = 200, p.tailroom = 300;
    EXPECT_EQ(ParsePacket(p), FrameDrop::kNone);
    return left.data->Seal(t, p, clock.Now(), out);
  };
  std::vector<OriginatedPacket> out;
  EXPECT_EQ(seal(true, out), Sealed::kReplaced);
  EXPECT_EQ(seal(false, out), Sealed::kSent);
  EXPECT_EQ(seal(true, out), Sealed::kSent);
  left.data->Sent();
  EXPECT_EQ(seal(true, out), Sealed::kReplaced);
  EXPECT_EQ(out.size(), 2u);
}

// --- the appliance itself

TEST_F(DataPlaneTest, OwnPacketsGoThroughTheTunnel) {
  left.Line("access-list vpn extended permit ip host 192.0.2.1 10.2.2.0 255.255.255.0\n");
  right.Line("access-list vpn extended permit ip 10.2.2.0 255.255.255.0 host 192.0.2.1\n");
  Apply();
  Keys k;
  k.local = "192.0.2.1";
  Up(k);
  Gateway::How how;
  how.hint = left.At("outside");
  const Fate f = left.Send("identity", Make({.src = "192.0.2.1", .dst = "10.2.2.20", .protocol = 1, .sport = 5, .payload = 10}), how);
  EXPECT_EQ(f.d.action, Disposition::Action::kConsume) << f.reason;
  ASSERT_EQ(f.out.size(), 1u);
  EXPECT_FALSE(f.out[0].replaced);
  EXPECT_EQ(f.out[0].bytes[9], 50);
  const Fate there = right.Send("outside", f.out[0].bytes);
  ASSERT_EQ(there.out.size(), 1u) << there.reason;
  EXPECT_EQ(there.out[0].by, "inside");
  const Fate back = right.Send("inside", Make({.src = "10.2.2.20", .dst = "192.0.2.1", .protocol = 1, .sport = 5, .payload = 10, .icmp_type = 0}));
  ASSERT_EQ(back.out.size(), 1u) << back.reason;
  EXPECT_EQ(back.out[0].bytes[9], 50);
  const Fate home = left.Send("outside", back.out[0].bytes);
  ASSERT_EQ(home.out.size(), 1u) << home.reason;
  EXPECT_EQ(home.out[0].by, "identity");
}

// `management-access`: the address of the interface that it names answers through a tunnel of another one, by that interface's rules.
TEST_F(DataPlaneTest, ManagementAccessThroughATunnel) {
  right.Line("ssh 10.1.1.0 255.255.255.0 inside\n");
  Apply();
  Up();
  Made ping = kPing;
  ping.dst = "10.2.2.1";
  const auto arrives = [&](const Made& m) {
    const Fate f = left.Send("inside", Make(m));
    if (f.out.empty()) return "nothing left: " + f.reason;
    const Fate there = right.Send("outside", f.out.at(0).bytes);
    if (!there.out.empty()) {
      last = there;
      return "for " + there.out[0].by;
    }
    return there.reason;
  };
  Made ssh{.src = "10.1.1.10", .dst = "10.2.2.1", .protocol = 6, .sport = 2001, .dport = 22, .mss = 1460};
  EXPECT_EQ(arrives(ping), "sp-security-failed");
  EXPECT_EQ(arrives(ssh), "sp-security-failed");
  right.Line("management-access inside\n");
  Apply();
  EXPECT_EQ(arrives(ping), "for identity");
  EXPECT_EQ(last.out[0].bytes, Make(ping));
  ssh.sport++;
  EXPECT_EQ(arrives(ssh), "for identity");
  // The answers take the tunnel.
  Gateway::How how;
  how.hint = right.At("outside");
  Made answer = Back(ssh);
  answer.flags = kTcpSyn | kTcpAck;
  answer.seq = 700;
  answer.ack = LoadBe32(&last.out[0].bytes[24]) + 1;  // the left one has randomised it
  const Fate back = right.Send("identity", Make(answer), how);
  ASSERT_EQ(back.out.size(), 1u) << back.reason;
  EXPECT_EQ(back.out[0].by, "outside");
  EXPECT_EQ(back.out[0].bytes[9], 50);
  const Fate home = left.Send("outside", back.out[0].bytes);
  ASSERT_EQ(home.out.size(), 1u) << home.reason;
  EXPECT_EQ(home.out[0].by, "inside");
  // By the rules of `inside`, whose name messages have.
  right.Line("icmp deny any echo inside\n");
  Apply();
  ping.sport++;
  EXPECT_EQ(arrives(ping), "acl-drop");
  EXPECT_TRUE(right.log.Has("313001 Denied ICMP type=8, code=0 from 10.1.1.10 on interface inside"));
  right.Line("no ssh 10.1.1.0 255.255.255.0 inside\n");
  Apply();
  ssh.sport++;
  EXPECT_EQ(arrives(ssh), "acl-drop");
  EXPECT_TRUE(right.log.Has("710003 TCP access denied by ACL from 10.1.1.10/2003 to inside:10.2.2.1/ssh"));
  // Not in the clear, and not another interface's address.
  right.Line("no icmp deny any echo inside\n");
  Apply();
  EXPECT_EQ(right.Send("outside", Make({.src = "198.51.100.7", .dst = "10.2.2.1", .protocol = 1, .payload = 8})).reason, "sp-security-failed");
}

// The other way round: what the appliance says from that address takes the tunnel, and begins it.
TEST_F(DataPlaneTest, WhatIsSaidFromTheManagedInterfaceTakesTheTunnel) {
  const Made ping{.src = "10.1.1.1", .dst = "10.2.2.20", .protocol = 1, .sport = 9, .payload = 20};
  Gateway::How how;
  how.hint = left.At("inside");  // `ping inside 10.2.2.20`
  EXPECT_EQ(left.Send("identity", Make(ping), how).out.at(0).by, "inside");  // without the command
  left.Line("management-access inside\n");
  Apply();
  Step(10);  // the echo is over
  EXPECT_EQ(left.Send("identity", Make(ping), how).reason, "acl-drop");
  EXPECT_EQ(left.Events(TunnelEvent::What::kNeedSa), 1);
  Up();
  const Fate f = left.Send("identity", Make(ping), how);
  ASSERT_EQ(f.out.size(), 1u) << f.reason;
  EXPECT_EQ(f.out[0].by, "outside");
  EXPECT_EQ(f.out[0].bytes[9], 50);
  ASSERT_EQ(right.Send("outside", f.out[0].bytes).out.size(), 1u);
  Made answer = Back(ping);
  answer.sport = ping.sport;
  answer.icmp_type = 0;
  const Fate back = right.Send("inside", Make(answer));
  ASSERT_EQ(back.out.size(), 1u) << back.reason;
  const Fate home = left.Send("outside", back.out[0].bytes);
  ASSERT_EQ(home.out.size(), 1u) << home.reason;
  EXPECT_EQ(home.out[0].by, "identity");
}

// The kernel knows nothing of what is put around a packet: the appliance's own large ones are cut although they say DF.
TEST_F(DataPlaneTest, OwnPacketsAreCutWhateverTheySay) {
  left.Line("management-access inside\n");
  Apply();
  Up();
  Gateway::How how;
  how.hint = left.At("outside");
  Made m{.src = "10.1.1.1", .dst = "10.2.2.20", .payload = 1472, .df = true};
  const Fate f = left.Send("identity", Make(m), how);
  ASSERT_EQ(f.out.size(), 2u) << f.reason;
  std::size_t there = 0;
  for (const Left& l : f.out) there += right.Send("outside", l.bytes).out.size();
  EXPECT_EQ(there, 2u);
}

TEST_F(DataPlaneTest, IkeIsForTheApplianceWhereItListens) {
  Fate f = left.Send("outside", Make({.src = "192.0.2.2", .dst = "192.0.2.1", .sport = 500, .dport = 500, .payload = 200}));
  ASSERT_EQ(f.out.size(), 1u) << f.reason;
  EXPECT_EQ(f.out[0].by, "identity");
  f = left.Send("inside", Make({.src = "10.1.1.7", .dst = "10.1.1.1", .sport = 500, .dport = 500, .payload = 200}));
  EXPECT_EQ(f.reason, "acl-drop");
  EXPECT_TRUE(left.log.Has("710005 UDP request discarded from 10.1.1.7/500 to inside:10.1.1.1/500"));
  // On 4500: IKE goes on, a keepalive is none of anybody's, and what is neither is bad.
  Raw natt = Make({.src = "192.0.2.2", .dst = "192.0.2.1", .sport = 4500, .dport = 4500, .payload = 40});
  const auto payload = [&](std::size_t size, std::uint32_t first) {
    Raw b = Make({.src = "192.0.2.2", .dst = "192.0.2.1", .sport = 4500, .dport = 4500, .payload = size});
    for (std::size_t i = 0; i < std::min<std::size_t>(size, 4); i++) b[28 + i] = static_cast<std::uint8_t>(first >> (24 - 8 * i));
    StoreBe16(&b[26], 0);
    return b;
  };
  f = left.Send("outside", payload(60, 0));
  ASSERT_EQ(f.out.size(), 1u) << f.reason;
  EXPECT_EQ(f.out[0].by, "identity");
  EXPECT_EQ(left.Send("outside", payload(1, 0xff000000)).reason, "natt-keepalive");
  EXPECT_EQ(left.Send("outside", payload(3, 0x01020300)).reason, "bad-ipsec-natt");
  EXPECT_EQ(left.Send("outside", payload(60, 0x4711)).reason, "np-sp-invalid-spi");
  EXPECT_EQ(left.log.Count("710007"), 1);
}

TEST_F(DataPlaneTest, HairpinNeedsPermission) {
  // Behind the right one there is nobody: it sends back out, by the same interface, in the clear.
  right.Line("access-list vpn extended permit ip 198.51.100.0 255.255.255.0 10.1.1.0 255.255.255.0\nroute outside 198.51.100.0 255.255.255.0 192.0.2.9\n");
  left.Line("access-list vpn extended permit ip 10.1.1.0 255.255.255.0 198.51.100.0 255.255.255.0\nroute outside 198.51.100.0 255.255.255.0 192.0.2.2\n");
  Apply();
  Keys k;
  k.remote = "198.51.100.0/24";
  Up(k);
  Made m = kDatagram;
  m.dst = "198.51.100.7";
  Through(true, Make(m));
  EXPECT_EQ(last_far_reason, "sp-security-failed");
  right.Line("same-security-traffic permit intra-interface\n");
  Apply();
  const Fate f = left.Send("inside", Make(m));
  const Fate there = right.Send("outside", f.out.at(0).bytes);
  ASSERT_EQ(there.out.size(), 1u) << there.reason;
  EXPECT_EQ(there.out[0].by, "outside");
  EXPECT_EQ(there.out[0].bytes, Make(m));
}

TEST_F(DataPlaneTest, AnotherEntryThanTheOneItCameByIsAConflict) {
  CryptoMapEntry e = right.vpn->entries[0];
  e.id = 2;
  e.sequence = 20;
  right.vpn->entries.push_back(e);
  Apply();
  Keys k;
  k.entry = 2;
  right.data->Install(Sa(k, false), clock.Now());
  k.entry = 1;
  left.data->Install(Sa(k, true), clock.Now());
  EXPECT_TRUE(Through(true, Make(kDatagram)).empty());
  EXPECT_EQ(last_far_reason, "vpn-overlap-conflict");
}

TEST_F(DataPlaneTest, RefusedTcpIsAnsweredThroughTheTunnel) {
  right.Line("service resetinbound\naccess-list none extended deny tcp any any\naccess-group none out interface inside\n");
  Apply();
  Up();
  Fate f = left.Send("inside", Make({.src = "10.1.1.10", .dst = "10.2.2.20", .protocol = 6, .sport = 2000, .dport = 80}));
  const Fate there = right.Send("outside", f.out.at(0).bytes);
  EXPECT_EQ(there.reason, "acl-drop");
  ASSERT_EQ(there.out.size(), 1u);
  EXPECT_EQ(there.out[0].by, "outside");
  EXPECT_EQ(there.out[0].bytes[9], 50);
  f = left.Send("outside", there.out[0].bytes);
  ASSERT_EQ(f.out.size(), 1u) << f.reason;
  EXPECT_EQ(f.out[0].by, "inside");
  EXPECT_EQ(f.out[0].bytes[33] & kTcpRst, kTcpRst);
}

}  // namespace
}  // namespace sallyport::vpntest::data_plane_test
