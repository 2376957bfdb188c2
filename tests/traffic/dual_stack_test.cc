// The same random traffic once over IPv4 and once over IPv6 through two engines whose configurations mirror each other: every
// verdict, drop reason, egress, connection and hit must be the same. And in one engine with both, neither sees the other.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"
#include "inspect/icmp.h"

namespace sallyport {
namespace {

class Silence final : public LogSink {
 public:
  void Emit(const LogEvent&) override {}
};

// 10.N.0.H and 2001:db8:N::H are one host.
IpAddress Host(bool v6, unsigned net, unsigned host) {
  return v6 ? IpAddress::V6(0x20010db800000000ull | net << 16, host) : IpAddress::V4(10u << 24 | net << 16 | host);
}
std::string Words(bool v6, unsigned net, unsigned host) { return "host " + Host(v6, net, host).ToString(); }
std::string Net(bool v6, unsigned net) {
  return v6 ? "2001:db8:" + std::to_string(net) + "::/64" : "10." + std::to_string(net) + ".0.0 255.255.0.0";
}

std::string Configuration_(bool v4, bool v6) {
  std::string s = "ASA Version 9.16(4)\n";
  const char* names[] = {"outside", "inside", "dmz"};
  const char* levels[] = {"0", "100", "50"};
  for (unsigned i = 0; i < 3; i++) {
    s += "interface GigabitEthernet0/" + std::to_string(i) + "\n nameif " + names[i] + "\n security-level " + levels[i] + "\n";
    if (v4) s += " ip address " + Host(false, i + 1, 1).ToString() + " 255.255.0.0\n";
    if (v6) s += " ipv6 address " + Host(true, i + 1, 1).ToString() + "/64\n";
  }
  if (v4) s += "route outside 0.0.0.0 0.0.0.0 10.1.0.254\n";
  if (v6) s += "ipv6 route outside ::/0 2001:db8:1::fe\n";
  for (const bool six : {false, true}) {
    if (!(six ? v6 : v4)) continue;
    const std::string icmp = six ? "icmp6" : "icmp";
    s += "access-list out extended permit tcp any " + Words(six, 2, 5) + " eq www\n";
    s += "access-list out extended deny udp " + Net(six, 9) + " " + Net(six, 3) + "\n";
    s += "access-list out extended permit udp " + std::string(six ? "any6" : "any4") + " " + Net(six, 3) + " range 50 60\n";
    s += "access-list out extended permit " + icmp + " any " + Net(six, 2) + " echo\n";
    s += "access-list in extended deny tcp " + Net(six, 2) + " any eq telnet\n";
    s += "access-list in extended permit ip " + Net(six, 2) + " any\n";
  }
  s += "access-group out in interface outside\naccess-group in in interface inside\n";
  s += "class-map inspection_default\n match default-inspection-traffic\npolicy-map global_policy\n class inspection_default\n  inspect icmp\n"
       " class class-default\n  set connection random-sequence-number disable\n"  // so that one answer fits all engines
       "service-policy global_policy global\n";
  return s;
}

struct Box {
  Box(bool v4, bool v6) {
    const LoadReport report = conf.Load(Configuration_(v4, v6));
    EXPECT_EQ(report.refused, 0u);
    policy = *conf.Compile(nullptr);
    Inspectors inspectors;
    inspectors.engine[static_cast<std::size_t>(InspectId::kIcmp)] = &icmp;
    engine = std::make_unique<Engine>(Engine::Options{.max_connections = 5000}, clock, log, Random(3), inspectors);
    engine->SetPolicy(policy, clock.Now());
  }
  ManualClock clock;
  Silence log;
  IcmpInspector icmp;
  Configuration conf;
  std::shared_ptr<const Policy> policy;
  std::unique_ptr<Engine> engine;
};

// What a packet says, without its family.
struct Said {
  unsigned ingress = 0;  // of the three interfaces
  unsigned src_net = 0, src = 0, dst_net = 0, dst = 0;
  int kind = 0;  // 0 TCP, 1 UDP, 2 echo request, 3 echo reply, 4 GRE
  std::uint16_t sport = 0, dport = 0;
  std::uint8_t flags = 0;
  std::uint32_t seq = 0, ack = 0;
  std::uint32_t length = 0;
};

std::vector<std::uint8_t> Bytes_(bool v6, const Said& s) {
  const IpAddress src = Host(v6, s.src_net, s.src), dst = Host(v6, s.dst_net, s.dst);
  std::vector<std::uint8_t> l4;
  std::uint8_t protocol = 47;
  if (s.kind == 0) {
    protocol = 6;
    l4.resize(20);
    StoreBe16(&l4[0], s.sport);
    StoreBe16(&l4[2], s.dport);
    StoreBe32(&l4[4], s.seq);
    StoreBe32(&l4[8], s.ack);
    l4[12] = 0x50;
    l4[13] = s.flags;
    StoreBe16(&l4[14], 8192);
  } else if (s.kind == 1) {
    protocol = 17;
    l4.resize(8);
    StoreBe16(&l4[0], s.sport);
    StoreBe16(&l4[2], s.dport);
    StoreBe16(&l4[4], static_cast<std::uint16_t>(8 + s.length));
  } else if (s.kind <= 3) {
    protocol = v6 ? 58 : 1;
    l4.resize(8);
    l4[0] = s.kind == 2 ? (v6 ? 128 : 8) : (v6 ? 129 : 0);
    StoreBe16(&l4[4], s.sport);
    StoreBe16(&l4[6], s.dport);
  }
  l4.resize(l4.size() + s.length);
  if (s.kind <= 3) {
    const std::size_t at = s.kind == 0 ? 16 : s.kind == 1 ? 6 : 2;
    const auto size = static_cast<std::uint32_t>(l4.size());
    const std::uint64_t pseudo = protocol == 1 ? 0 : PseudoHeaderSum(src, dst, protocol, size);
    StoreBe16(&l4[at], ChecksumFinish(ChecksumAdd(l4, pseudo)));
  }
  std::vector<std::uint8_t> p(v6 ? 40 : 20);
  if (v6) {
    p[0] = 0x60;
    StoreBe16(&p[4], static_cast<std::uint16_t>(l4.size()));
    p[6] = protocol;
    p[7] = 64;
    src.StoreV6(&p[8]);
    dst.StoreV6(&p[24]);
  } else {
    p[0] = 0x45;
    StoreBe16(&p[2], static_cast<std::uint16_t>(20 + l4.size()));
    p[8] = 64;
    p[9] = protocol;
    src.StoreV4(&p[12]);
    dst.StoreV4(&p[16]);
    StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
  }
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

struct Outcome {
  bool passed = false;
  IfId egress = IfId::kAny;
  std::string reason;
  std::uint32_t seq = 0, ack = 0;
  std::size_t own = 0;  // packets of the appliance's own
};

Outcome Send(Box& box, bool v6, const Said& s) {
  std::vector<std::uint8_t> bytes = Bytes_(v6, s);
  const char* names[] = {"outside", "inside", "dmz"};
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = box.policy->FindByName(names[s.ingress])->id;
  Disposition d;
  box.engine->Process(p, box.clock.Now(), d);
  Outcome o{d.action == Disposition::Action::kAccept, d.egress, std::string(Keyword(d.reason)), p.seq, p.ack, box.engine->TakeOriginated().size()};
  if (o.passed) {
    Packet q;
    q.bytes = p.bytes;
    q.wire_length = static_cast<std::uint32_t>(p.bytes.size());
    EXPECT_EQ(ParsePacket(q), FrameDrop::kNone);
    EXPECT_TRUE(VerifyTransportChecksum(q));
  }
  // One family has reasons of its own.
  if (o.reason == "ipv6-sp-security-failed") o.reason = "security-failed";
  return o;
}

Said Guess(Random& random) {
  Said s;
  s.ingress = random.U32() % 3;
  const auto host = [&](unsigned& net, unsigned& h, bool near) {
    net = near ? s.ingress + 1 : 1 + random.U32() % 9;
    h = random.U32() % 12 == 0 ? 1 : 4 + random.U32() % 4;
  };
  host(s.src_net, s.src, random.U32() % 8 != 0);
  host(s.dst_net, s.dst, false);
  s.kind = static_cast<int>(random.U32() % 8);
  if (s.kind > 4) s.kind = 0;
  s.sport = static_cast<std::uint16_t>(1024 + random.U32() % 3);
  constexpr std::uint16_t kPorts[] = {80, 23, 55, 61, 443};
  s.dport = s.kind == 2 || s.kind == 3 ? static_cast<std::uint16_t>(random.U32() % 4) : kPorts[random.U32() % 5];
  constexpr std::uint8_t kFlags[] = {kTcpSyn, kTcpSyn, kTcpAck, kTcpSyn | kTcpAck, kTcpRst, kTcpFin | kTcpAck, 0};
  s.flags = kFlags[random.U32() % 7];
  s.seq = random.U32() % 3000;
  s.ack = random.U32() % 3000;
  s.length = random.U32() % 20 == 0 ? 1400 : random.U32() % 40;
  return s;
}

// Half of the packets answer one that has passed: its ends turned around, its numbers as the other side saw them.
Said Answer(const Said& to, const Outcome& how, Random& random) {
  Said s = to;
  std::swap(s.src_net, s.dst_net);
  std::swap(s.src, s.dst);
  s.ingress = how.egress == IfId::kIdentity ? to.ingress : static_cast<unsigned>(how.egress) - 1;
  if (s.kind == 2) s.kind = 3;
  if (s.kind <= 1) std::swap(s.sport, s.dport);
  s.flags = (to.flags & kTcpSyn) != 0 && (to.flags & kTcpAck) == 0 ? kTcpSyn | kTcpAck : kTcpAck;
  if (random.U32() % 8 == 0) s.flags |= kTcpFin;
  if (random.U32() % 16 == 0) s.flags = kTcpRst | kTcpAck;
  s.seq = how.ack;
  s.ack = how.seq + to.length + ((to.flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
  return s;
}

TEST(DualStack, BothFamiliesFareTheSame) {
  Box four(true, false), six(false, true), both(true, true);
  Random random(20261127);
  std::vector<std::pair<Said, Outcome>> passed;
  std::map<std::string, int> reasons;
  int answered = 0;
  for (int i = 0; i < 60000; i++) {
    Said s = Guess(random);
    if (!passed.empty() && random.U32() % 2 == 0) {
      const auto& [to, how] = passed[passed.size() - 1 - random.U32() % std::min<std::size_t>(passed.size(), 50)];
      s = Answer(to, how, random);
      answered++;
    }
    const Outcome a = Send(four, false, s);
    const Outcome b = Send(six, true, s);
    const std::string what = "packet " + std::to_string(i) + ": " + Host(false, s.src_net, s.src).ToString() + " > " +
                             Host(false, s.dst_net, s.dst).ToString() + " kind " + std::to_string(s.kind) + " on " + std::to_string(s.ingress) +
                             " v4 " + a.reason + " v6 " + b.reason;
    ASSERT_EQ(a.passed, b.passed) << what;
    ASSERT_EQ(a.reason, b.reason) << what;
    if (a.passed) {
      ASSERT_EQ(a.egress, b.egress) << what;
    }
    ASSERT_EQ(a.own, b.own) << what;
    ASSERT_EQ(four.engine->ConnCount().first, six.engine->ConnCount().first) << what;
    // The engine with both families: each as if it were alone.
    ASSERT_EQ(Send(both, false, s).reason, a.reason) << what;
    ASSERT_EQ(Send(both, true, s).reason, b.reason) << what;
    ASSERT_EQ(both.engine->ConnCount().first, four.engine->ConnCount().first + six.engine->ConnCount().first) << what;
    reasons[a.passed ? "passed" : a.reason]++;
    if (a.passed) passed.emplace_back(s, a);
    if (random.U32() % 50 == 0) {
      const auto by = Duration::Seconds(random.U32() % 40);
      for (Box* box : {&four, &six, &both}) {
        box->clock.Advance(by);
        box->engine->AdvanceTo(box->clock.Now());
      }
    }
  }
  // It was not all one answer.
  EXPECT_GT(reasons["passed"], 3000);
  EXPECT_GT(reasons["acl-drop"], 3000);
  EXPECT_GT(reasons.size(), 7u);
  EXPECT_GT(answered, 10000);
}

}  // namespace
}  // namespace sallyport
