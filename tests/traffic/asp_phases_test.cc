// The rules that packet-tracer's phases name are those of the compiled tables. (That its verdicts are those of real packets:
// agreement_test.cc.)
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "inspect/icmp.h"

namespace sallyport::asp_phases_test {
namespace {

class Silent final : public LogSink {
 public:
  void Emit(const LogEvent&) override { events++; }
  Silent() {
    for (auto& e : enabled_) e = true;
  }
  int events = 0;
};

constexpr char kInterfaces[] =
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/2\n nameif dmz\n security-level 50\n ip address 172.16.1.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/3\n nameif dmz2\n security-level 50\n ip address 172.16.2.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/4\n nameif closed\n security-level 20\n ip address 172.16.3.1 255.255.255.0\n shutdown\n";

// Lines that each stand for one appliance; the release of the first line.
const std::vector<std::string>& Configurations() {
  static const std::vector<std::string> all = {
      std::string("ASA Version 9.12(2)\n") + kInterfaces +
          "route outside 0.0.0.0 0.0.0.0 192.0.2.254\n"
          "ssh 10.1.1.0 255.255.255.0 inside\nicmp deny any outside\n"
          "policy-map global_policy\n class inspection_default\n  inspect icmp\nservice-policy global_policy global\n",
      std::string("ASA Version 9.16(4)\n") + kInterfaces +
          "same-security-traffic permit inter-interface\nsame-security-traffic permit intra-interface\n"
          "object network inside-net\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n"
          "object network web\n host 172.16.1.10\n nat (dmz,outside) static 192.0.2.80\n"
          "object network few\n range 192.0.2.90 192.0.2.91\n"
          "object network dmz2-net\n subnet 172.16.2.0 255.255.255.0\n nat (dmz2,outside) dynamic few\n"
          "access-list outside_in extended permit tcp any host 172.16.1.10 eq www\n"
          "access-list outside_in extended permit icmp any any echo-reply\n"
          "access-list outside_in extended deny udp any any eq domain\n"
          "access-group outside_in in interface outside\n"
          "access-list dmz_out extended permit tcp any any\naccess-group dmz_out out interface dmz\n"
          "route outside 203.0.113.0 255.255.255.0 192.0.2.254\n",
      std::string("ASA Version 9.1(7)\n") + kInterfaces +
          "object network a\n subnet 10.1.1.0 255.255.255.0\nobject network b\n subnet 172.16.1.0 255.255.255.0\n"
          "object network c\n subnet 192.0.2.64 255.255.255.192\n"
          "nat (inside,dmz) source static a a destination static b b\nnat (inside,outside) source static a c\n"
          "access-list everywhere extended permit ip 10.1.1.0 255.255.255.0 any\n"
          "access-list everywhere extended permit udp any range 1000 2000 any\n"
          "access-group everywhere global\n"
          "access-list bypass extended permit tcp host 10.1.1.11 any\n"
          "class-map loose\n match access-list bypass\npolicy-map inside-policy\n class loose\n"
          "  set connection advanced-options tcp-state-bypass\nservice-policy inside-policy interface inside\n",
      std::string("ASA Version 8.2(5)\n") + kInterfaces +
          "nat-control\nglobal (outside) 1 interface\nglobal (dmz) 1 172.16.1.200-172.16.1.210\nnat (inside) 1 10.1.1.0 255.255.255.0\n"
          "static (dmz,outside) 192.0.2.80 172.16.1.10 netmask 255.255.255.255\n"
          "static (inside,outside) tcp 192.0.2.81 8080 10.1.1.10 www netmask 255.255.255.255\n"
          "access-list outside_in extended permit tcp any host 192.0.2.80\naccess-list outside_in extended permit tcp any host 192.0.2.81 eq 8080\n"
          "access-group outside_in in interface outside\nroute outside 0.0.0.0 0.0.0.0 192.0.2.254\n",
  };
  return all;
}

template <typename T>
const T& Any(Random& random, const std::vector<T>& from) {
  return from[random.Below(static_cast<std::uint32_t>(from.size()))];
}

TraceRequest Probe(Random& random, const Policy& policy) {
  static const std::vector<std::string> interfaces = {"inside", "inside", "outside", "outside", "dmz", "dmz2", "closed"};
  static const std::vector<std::string> addresses = {
      "10.1.1.10",   "10.1.1.11",    "10.1.1.1",     "10.1.1.255",  "172.16.1.10", "172.16.1.1",   "172.16.2.20", "172.16.2.21",
      "172.16.2.22", "172.16.1.200", "192.0.2.7",    "192.0.2.1",   "192.0.2.80",  "192.0.2.81",   "192.0.2.90",  "192.0.2.74",
      "203.0.113.9", "198.51.100.4", "224.0.0.5",    "127.0.0.1",   "0.0.0.0",     "255.255.255.255", "172.16.3.9", "192.0.2.254"};
  static const std::vector<std::uint16_t> ports = {22, 53, 80, 443, 1025, 1500, 8080, 0};
  TraceRequest r;
  r.ingress = policy.FindByName(Any(random, interfaces))->id;
  r.protocol = Any(random, std::vector<std::uint8_t>{6, 6, 17, 17, 1, 1, 47, 132});
  r.src = *IpAddress::Parse(Any(random, addresses));
  r.dst = *IpAddress::Parse(Any(random, addresses));
  r.sport = Any(random, ports);
  r.dport = Any(random, ports);
  r.icmp_type = Any(random, std::vector<std::uint8_t>{8, 8, 0, 3, 11, 13, 5});
  r.icmp_id = Any(random, ports);
  return r;
}

// A rule that a phase names is one of the compiled tables, with the same id both times it is asked for.
TEST(AspTable, PhasesNameRulesOfTheTable) {
  ManualClock clock;
  Silent log;
  for (const std::string& text : Configurations()) {
    Engine engine(Engine::Options{1000}, clock, log, Random(42), Inspectors{});
    Configuration conf;
    conf.Load(text);
    auto policy = conf.Compile(nullptr);
    ASSERT_TRUE(policy.ok());
    engine.SetPolicy(*policy, clock.Now());
    Random random(5);
    int rules = 0;
    for (int i = 0; i < 500; i++) {
      const TraceResult t = engine.Trace(Probe(random, **policy), clock.Now());
      const AspTable table(**policy, engine.asp_hits(), {}), again(**policy, engine.asp_hits(), {});
      for (const TracePhase& phase : t.phases) {
        if (phase.rule.what == AspWhat::kNone) continue;
        const AspRule* rule = table.Find(phase.rule);
        ASSERT_NE(rule, nullptr) << phase.type << " " << static_cast<int>(phase.rule.what);
        ASSERT_EQ(rule->id, again.Find(phase.rule)->id);
        if (phase.type == "ACCESS-LIST") {
          ASSERT_EQ(rule->deny, !phase.allow);
        }
        rules++;
      }
    }
    EXPECT_GT(rules, 200);
    std::set<std::uint64_t> ids;
    const AspTable table(**policy, engine.asp_hits(), {});
    for (const AspRule& r : table.rules()) EXPECT_TRUE(ids.insert(r.id).second);
  }
}

}  // namespace
}  // namespace sallyport::asp_phases_test
