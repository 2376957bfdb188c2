// packet-tracer, the trace of a captured packet and real traffic never disagree: over random policies and random traffic each packet is
// traced first, then goes its way, recorded; verdict, drop reasons, the counters of `show asp drop`, addresses, way and phases are
// the same, and the trace has changed nothing that can be seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "firewall/protection.h"
#include "inspect/engines.h"
#include "tests/traffic/agreement.h"
#include "tests/traffic/random_traffic.h"

namespace sallyport {
namespace {

class Silent final : public LogSink {
 public:
  void Emit(const LogEvent&) override { events++; }
  Silent() {
    for (auto& e : enabled_) e = true;
  }
  int events = 0;
};

std::string Interfaces(bool six) {
  std::string text;
  int n = 0;
  const auto add = [&](const char* name, int level, const char* address, const char* more) {
    text += "interface GigabitEthernet0/" + std::to_string(n) + "\n nameif " + name + "\n security-level " + std::to_string(level) + "\n ip address " +
            address + " 255.255.255.0\n";
    if (six) text += " ipv6 address 2001:db8:" + std::to_string(n) + "::1/64\n";
    text += std::string(" ") + more + "\n";
    n++;
  };
  add("outside", 0, "192.0.2.1", "no shutdown");
  add("inside", 100, "10.1.1.1", "no shutdown");
  add("dmz", 50, "172.16.1.1", "no shutdown");
  add("dmz2", 50, "172.16.2.1", "no shutdown");
  add("closed", 20, "172.16.3.1", "shutdown");
  return text;
}

// What a policy may have, each with a probability of one half. Those of one line of kExclusive exclude each other.
const std::vector<std::vector<std::string>>& PiecesOf(bool since_83) {
  static const std::vector<std::vector<std::string>> both = {
      {"route outside 0.0.0.0 0.0.0.0 192.0.2.254\n", "route outside 203.0.113.0 255.255.255.0 192.0.2.254\n"},
      {"same-security-traffic permit inter-interface\n"},
      {"same-security-traffic permit intra-interface\n"},
      {"ip verify reverse-path interface outside\nip verify reverse-path interface inside\n"},
      {"fragment chain 1 outside\n", "fragment size 9 inside\nfragment chain 3 inside\n"},
      {"icmp deny any outside\nicmp permit any echo inside\nssh 10.1.1.0 255.255.255.0 inside\n"},
      {"service resetinbound\nservice resetoutside\n"},
      {"sysopt connection tcpmss 1000\n"},
      {"access-list box extended deny icmp any any\naccess-list box extended permit tcp any any eq ssh\naccess-group box in interface dmz control-plane\n"},
      {"access-list dmz_out extended permit tcp any any\naccess-list dmz_out extended permit icmp any any\naccess-group dmz_out out interface dmz\n"},
      {"time-range hours\n periodic daily 00:00 to 12:00\naccess-list inside_in extended deny tcp any any eq 8080 time-range hours\n"
       "access-list inside_in extended permit ip any any log\naccess-group inside_in in interface inside\n"},
      {"access-list few extended permit ip any any\nclass-map few\n match access-list few\npolicy-map global_policy\n class few\n"
       "  set connection conn-max 30 per-client-max 6\n",
       "access-list few extended permit tcp any any\nclass-map few\n match access-list few\npolicy-map global_policy\n class few\n"
       "  set connection embryonic-conn-max 2 per-client-embryonic-max 1\n"},
      {"tcp-map odd\n  check-retransmission\n  checksum-verification\n  exceed-mss drop\n  queue-limit 4\n  reserved-bits drop\n  urgent-flag clear\n"
       "class-map odd\n match port tcp eq 8080\npolicy-map inside_policy\n class odd\n  set connection advanced-options odd\n"
       "service-policy inside_policy interface inside\n",
       "access-list bypass extended permit tcp host 10.1.1.11 any\nclass-map loose\n match access-list bypass\npolicy-map inside_policy\n class loose\n"
       "  set connection advanced-options tcp-state-bypass\nservice-policy inside_policy interface inside\n",
       "access-list bypass extended permit tcp any any eq 443\nclass-map loose\n match access-list bypass\npolicy-map inside_policy\n class loose\n"
       "  set connection decrement-ttl\n  set connection random-sequence-number disable\nservice-policy inside_policy interface inside\n"},
      {"class-map wire\n match any\npolicy-map outside_policy\n class wire\n  police output 8000 2000\n  police input 64000 3000\n"
       "service-policy outside_policy interface outside\n",
       "class-map proxied\n match port tcp eq 1500\npolicy-map outside_policy\n class proxied\n  ips inline fail-open\nservice-policy outside_policy interface outside\n"},
      {"threat-detection basic-threat\nthreat-detection scanning-threat shun\nthreat-detection statistics\n"},
      {"policy-map global_policy\n class inspection_default\n  inspect icmp\n  inspect icmp error\n",
       "policy-map global_policy\n class inspection_default\n  inspect dns preset_dns_map\n  inspect ftp\n  inspect http\n  inspect tftp\n  inspect icmp\n"},
  };
  static const auto with = [](std::vector<std::vector<std::string>> more) {
    more.insert(more.end(), both.begin(), both.end());
    return more;
  };
  static const std::vector<std::vector<std::string>> newer = with({
      {"object network inside-net\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n",
       "object network few-a\n range 192.0.2.90 192.0.2.91\nobject network inside-net\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic few-a\n",
       "object network few-b\n range 192.0.2.92 192.0.2.93\nobject network inside-net\n subnet 10.1.1.0 255.255.255.0\n"
       " nat (inside,any) dynamic pat-pool few-b round-robin\n",
       "object network few-c\n range 192.0.2.94 192.0.2.95\nobject network inside-net\n subnet 10.1.1.0 255.255.255.0\n"
       " nat (inside,outside) dynamic pat-pool few-c extended\n"},
      {"object network web\n host 172.16.1.10\n nat (dmz,outside) static 192.0.2.80\n"},
      {"object network port\n host 10.1.1.10\n nat (inside,outside) static 192.0.2.81 service tcp www 8080\n"},
      {"object network ta\n subnet 10.1.1.0 255.255.255.0\nobject network tb\n subnet 172.16.1.0 255.255.255.0\nnat (inside,dmz) source static ta ta destination static tb tb\n",
       "object network tc\n subnet 172.16.2.0 255.255.255.0\nobject network td\n subnet 192.0.2.64 255.255.255.192\nnat (dmz2,outside) source static tc td\n"},
      {"access-list outside_in extended permit tcp any host 172.16.1.10 eq www\naccess-list outside_in extended permit icmp any any\n"
       "access-list outside_in extended deny udp any any eq domain\naccess-list outside_in extended permit tcp any host 10.1.1.10 eq www log\n"
       "access-group outside_in in interface outside\n",
       "access-list outside_in extended permit ip any any\naccess-group outside_in in interface outside\n",
       "access-list everywhere extended permit ip 10.1.1.0 255.255.255.0 any\naccess-list everywhere extended permit udp any range 1000 2000 any\n"
       "access-list everywhere extended permit tcp any any eq www\naccess-group everywhere global\n"},
  });
  static const std::vector<std::vector<std::string>> older = with({
      {"nat-control\n"},
      {"global (outside) 1 interface\nglobal (dmz) 1 172.16.1.200-172.16.1.203\nnat (inside) 1 10.1.1.0 255.255.255.0\n",
       "global (outside) 1 192.0.2.90-192.0.2.91\nglobal (outside) 1 192.0.2.92\nnat (inside) 1 10.1.1.0 255.255.255.0 20 3\n"},
      {"static (dmz,outside) 192.0.2.80 172.16.1.10 netmask 255.255.255.255 tcp 8 2\n"},
      {"static (inside,outside) tcp 192.0.2.81 8080 10.1.1.10 www netmask 255.255.255.255\n"},
      {"access-list none extended permit ip 10.1.1.0 255.255.255.0 172.16.1.0 255.255.255.0\nnat (inside) 0 access-list none\n"},
      {"access-list outside_in extended permit tcp any host 192.0.2.80\naccess-list outside_in extended permit tcp any host 192.0.2.81 eq 8080\n"
       "access-list outside_in extended permit icmp any any\naccess-group outside_in in interface outside\n",
       "access-list outside_in extended permit ip any any\naccess-group outside_in in interface outside\n"},
  });
  return since_83 ? newer : older;
}

// Addresses that are nobody's, the appliance's, or of translations.
const std::vector<std::string> kOthers = {"10.1.1.1",   "172.16.1.1", "192.0.2.1",   "192.0.2.80", "192.0.2.80", "192.0.2.80", "192.0.2.81",
                                          "192.0.2.81", "192.0.2.90", "192.0.2.92",  "192.0.2.94", "224.0.0.5",  "127.0.0.1",  "0.0.0.0",
                                          "10.1.1.255", "255.255.255.255", "2001:db8:1::1", "2001:db8:9::1", "fe80::1", "ff02::1", "::1"};

class Agreement : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Agreement, OfTracerAndTraffic) {
  Random random(GetParam() * 7919 + 3);
  const std::vector<std::string> versions = {"8.2(5)", "8.2(5)", "8.4(2)", "9.1(7)", "9.12(2)", "9.16(4)"};
  const std::string version = versions[random.Below(static_cast<std::uint32_t>(versions.size()))];
  const bool since_83 = version != "8.2(5)";
  std::string text = "ASA Version " + version + "\n" + Interfaces(random.Below(3) != 0);
  text += "class-map inspection_default\n match default-inspection-traffic\npolicy-map type inspect dns preset_dns_map\n parameters\n  message-length maximum 512\n";
  text += "policy-map global_policy\n class inspection_default\nservice-policy global_policy global\n";
  for (const auto& choice : PiecesOf(since_83)) {
    if (random.Below(2) == 0) text += choice[random.Below(static_cast<std::uint32_t>(choice.size()))];
  }
  Configuration conf;
  const LoadReport report = conf.Load(text);
  for (const LineReport& l : report.reports) ASSERT_FALSE(l.refused) << version << ": " << l.line << l.text;
  auto policy = conf.Compile(nullptr);
  ASSERT_TRUE(policy.ok()) << policy.error();

  ManualClock clock;
  Silent log;
  InspectionEngines inspections;
  Engine::Options options;
  options.max_connections = random.Below(4) == 0 ? 40 : 2000;
  Engine engine(options, clock, log, Random(GetParam()), inspections.Table());
  engine.SetPolicy(*policy, clock.Now());
  const auto id = [&](const char* name) { return (*policy)->FindByName(name)->id; };
  RandomTraffic traffic(GetParam(),
                        {{id("inside"), 8, {"10.1.1.10", "10.1.1.10", "10.1.1.11", "10.1.1.12", "2001:db8:1::10", "2001:db8:1::11"}},
                         {id("outside"), 5, {"192.0.2.7", "192.0.2.7", "192.0.2.8", "203.0.113.9", "198.51.100.4", "2001:db8:0::7"}},
                         {id("dmz"), 3, {"172.16.1.10", "172.16.1.10", "172.16.1.11", "2001:db8:2::10"}},
                         {id("dmz2"), 2, {"172.16.2.20", "172.16.2.21", "2001:db8:3::10"}},
                         {id("closed"), 1, {"172.16.3.9"}}},
                        kOthers);

  const bool captures = random.Below(3) == 0;
  if (captures) UseCaptures(engine, {id("inside"), id("outside"), id("dmz"), id("dmz2"), id("closed")});

  std::map<std::string, int> outcomes;
  std::vector<IpAddress> shunned;
  std::uint32_t handle = 1;
  for (int i = 0; i < 1500; i++) {
    const RandomTraffic::Sent sent = traffic.Next();
    std::vector<std::uint8_t> bytes = sent.bytes;
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = sent.ingress;
    p.handle = handle++;
    Disposition d;
    const std::string wrong = TraceThenProcess(engine, p, clock.Now(), d, {.whole = i % 16 == 0, .captures = captures});
    ASSERT_EQ(wrong, "") << "packet " << i << " by " << (*policy)->Find(sent.ingress)->nameif << "\n" << text;
    const std::vector<std::uint8_t> left(p.bytes.begin(), p.bytes.end());
    if (d.action == Disposition::Action::kAccept) traffic.Passed(sent, d.egress, left);
    (void)engine.TakeReleased();
    for (const OriginatedPacket& o : engine.TakeOriginated()) traffic.Originated(o.egress, o.bytes);
    outcomes[d.action == Disposition::Action::kDrop ? std::string(Keyword(d.reason)) + std::string(Keyword(d.flow_reason)) : d.action == Disposition::Action::kAccept ? "accept" : d.action == Disposition::Action::kHold ? "hold" : "consume"]++;
    if (random.Below(12) == 0) {
      clock.Advance(random.Below(30) == 0 ? Duration::Seconds(random.Below(7200)) : Duration::Milliseconds(random.Below(1500)));
      engine.AdvanceTo(clock.Now());
      (void)engine.TakeReleased();
      for (const OriginatedPacket& o : engine.TakeOriginated()) traffic.Originated(o.egress, o.bytes);
    }
    if (random.Below(150) == 0) {
      if (shunned.empty()) {
        Shun shun;
        shun.src = *IpAddress::Parse(random.Below(2) == 0 ? "10.1.1.11" : "192.0.2.8");
        if (engine.protection().Add(shun, clock.Now())) shunned.push_back(shun.src);
      } else {
        engine.protection().Remove(shunned.back(), clock.Now());
        shunned.pop_back();
      }
    }
  }
  EXPECT_GT(outcomes["accept"], 50) << text;
  EXPECT_GT(outcomes.size(), 6u);
}

INSTANTIATE_TEST_SUITE_P(Policies, Agreement, testing::Range<std::uint64_t>(0, 20));

// Bridge groups: frames, with the addresses of Ethernet that hosts have.
class BridgeAgreement : public testing::TestWithParam<std::uint64_t> {};

TEST_P(BridgeAgreement, OfTracerAndFrames) {
  Random random(GetParam() * 31 + 1);
  const bool transparent = random.Below(2) == 0;
  std::string text = std::string("ASA Version 9.16(4)\n") + (transparent ? "firewall transparent\n" : "") +
                     "interface GigabitEthernet0/0\n nameif outside\n bridge-group 1\n security-level 0\n no shutdown\n"
                     "interface GigabitEthernet0/1\n nameif inside\n bridge-group 1\n security-level 100\n no shutdown\n"
                     "interface GigabitEthernet0/2\n nameif other\n bridge-group 1\n security-level 50\n no shutdown\n"
                     "interface BVI1\n ip address 10.1.1.1 255.255.255.0\n";
  if (random.Below(2) == 0) {
    text += "access-list in extended permit tcp any any eq www\naccess-list in extended permit icmp any any\naccess-group in in interface outside\n";
  }
  if (random.Below(2) == 0) text += "access-list eth ethertype deny bpdu\naccess-group eth in interface other\n";
  Configuration conf;
  const LoadReport report = conf.Load(text);
  for (const LineReport& l : report.reports) ASSERT_FALSE(l.refused) << l.line << l.text;
  auto compiled = conf.Compile(nullptr);
  ASSERT_TRUE(compiled.ok()) << compiled.error();
  auto policy = std::make_shared<Policy>(**compiled);
  for (auto& f : policy->interfaces) {
    if (f && f->bvi) f->mac.octets = {2, 0, 0, 0, 0, 0xbb};
  }
  ManualClock clock;
  Silent log;
  InspectionEngines inspections;
  Engine engine(Engine::Options{500}, clock, log, Random(GetParam()), inspections.Table());
  engine.SetPolicy(policy, clock.Now());
  const auto id = [&](const char* name) { return policy->FindByName(name)->id; };
  RandomTraffic traffic(GetParam(), {{id("inside"), 2, {"10.1.1.10", "10.1.1.11"}}, {id("outside"), 2, {"10.1.1.20", "10.1.1.21"}}, {id("other"), 1, {"10.1.1.30"}}},
                        {"10.1.1.1", "192.0.2.9", "255.255.255.255", "224.0.0.5"});
  const auto mac_of = [](const std::uint8_t* address) { return std::uint64_t{0x020000000000} | LoadBe32(address); };
  int passed = 0, dropped = 0;
  for (int i = 0; i < 1500; i++) {
    const RandomTraffic::Sent sent = traffic.Next();
    // A tracer's packet has no source MAC address of its own: what the table says of that of a packet to itself, it cannot know.
    if (sent.bytes.size() < 20 || std::equal(&sent.bytes[12], &sent.bytes[16], &sent.bytes[16])) continue;
    std::vector<std::uint8_t> bytes(14);
    const std::uint64_t from = mac_of(&sent.bytes[12]);
    std::uint64_t to = mac_of(&sent.bytes[16]);
    if (random.Below(20) == 0) to = 0x0200000000bb;
    if (random.Below(20) == 0) to = 0xffffffffffff;
    for (int b = 0; b < 6; b++) {
      bytes[static_cast<std::size_t>(b)] = static_cast<std::uint8_t>(to >> (40 - 8 * b));
      bytes[static_cast<std::size_t>(b) + 6] = static_cast<std::uint8_t>(from >> (40 - 8 * b));
    }
    StoreBe16(&bytes[12], 0x0800);
    bytes.insert(bytes.end(), sent.bytes.begin(), sent.bytes.end());
    Frame f;
    f.bytes = bytes;
    f.wire_length = static_cast<std::uint32_t>(bytes.size());
    f.group = 1;
    f.ingress = sent.ingress;
    f.handle = static_cast<std::uint32_t>(i + 1);
    FrameDisposition d;
    const std::string wrong = TraceThenProcessFrame(engine, f, clock.Now(), d, {.whole = i % 16 == 0});
    ASSERT_EQ(wrong, "") << "frame " << i << " by " << policy->Find(sent.ingress)->nameif << "\n" << text;
    if (d.action == FrameDisposition::Action::kForward) {
      passed++;
      if (d.count != 0) traffic.Passed(sent, d.egress[0], {bytes.begin() + 14, bytes.end()});
    } else {
      dropped++;
    }
    (void)engine.TakeReleased();
    (void)engine.TakeOriginated();
    (void)engine.TakeOriginatedFrames();
    if (random.Below(20) == 0) {
      clock.Advance(Duration::Milliseconds(random.Below(3000)));
      engine.AdvanceTo(clock.Now());
      (void)engine.TakeReleased();
      (void)engine.TakeOriginated();
      (void)engine.TakeOriginatedFrames();
    }
  }
  EXPECT_GT(passed, 50);
  EXPECT_GT(dropped, 50);
}

INSTANTIATE_TEST_SUITE_P(Groups, BridgeAgreement, testing::Range<std::uint64_t>(0, 6));

}  // namespace
}  // namespace sallyport
