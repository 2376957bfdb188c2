// In which order 8.2 asks its rules, from random configurations to the rule that a flow meets, against Cisco's own four steps
// (8.2 configuration guide, "Order of NAT Commands Used to Match Real Addresses"): exemption in order; static NAT and static PAT, regular
// and policy, in order; policy dynamic NAT in order; regular dynamic NAT by best match.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "conf/personality.h"
#include "firewall/base/random.h"
#include "firewall/nat.h"

namespace sallyport {
namespace {

constexpr int kHosts = 16;  // 10.1.1.0 - 10.1.1.15 inside, peers 192.0.2.0 - 192.0.2.15 outside

struct NatLine {
  std::string text;
  int step = 0;     // of the four
  int first = 0;    // real hosts, a power of two of them
  int size = 1;
  int peer = -1, peers = kHosts;  // policy: the peers that it is for
  int port = 0;     // static PAT: of the real host
};

std::string Real(int host) { return "10.1.1." + std::to_string(host); }
std::string NetMask(int size) { return "255.255.255." + std::to_string(256 - size); }

// Statics of different mapped addresses each, so that only the order of real addresses decides.
std::vector<NatLine> RandomLines(Random& random, std::string& text) {
  std::vector<NatLine> lines;
  const std::uint32_t n = 3 + random.Below(10);
  std::string lists, rules;
  for (std::uint32_t i = 0; i < n; i++) {
    NatLine l;
    l.step = 1 + static_cast<int>(random.Below(4));
    l.size = 1 << random.Below(4);
    l.first = static_cast<int>(random.Below(kHosts)) / l.size * l.size;
    bool policy = l.step == 1 || l.step == 3 || (l.step == 2 && random.Below(3) == 0);
    if (l.step == 2 && !policy && random.Below(2) == 0) {
      l.port = 80 + static_cast<int>(random.Below(2));
      l.size = 1;
    }
    const std::string list = "L" + std::to_string(i);
    if (policy) {
      l.peers = 1 << random.Below(4);
      l.peer = static_cast<int>(random.Below(kHosts)) / l.peers * l.peers;
      lists += "access-list " + list + " extended permit ip " + (l.size == 1 ? "host " + Real(l.first) : Real(l.first) + " " + NetMask(l.size)) + " " +
               (l.peers == 1 ? "host 192.0.2." + std::to_string(l.peer) : "192.0.2." + std::to_string(l.peer) + " " + NetMask(l.peers)) + "\n";
    }
    const std::string mapped = "198.51." + std::to_string(i) + "." + std::to_string(l.first);
    const std::string id = std::to_string(100 + i);
    switch (l.step) {
      case 1: l.text = "nat (inside) 0 access-list " + list; break;
      case 2:
        if (policy) l.text = "static (inside,outside) " + mapped + " access-list " + list;
        else if (l.port != 0) l.text = "static (inside,outside) tcp " + mapped + " " + std::to_string(8000 + i) + " " + Real(l.first) + " " + (l.port == 80 ? "www" : std::to_string(l.port)) + " netmask 255.255.255.255";
        else l.text = "static (inside,outside) " + mapped + " " + Real(l.first) + " netmask " + (l.size == 1 ? "255.255.255.255" : NetMask(l.size));
        break;
      case 3: l.text = "nat (inside) " + id + " access-list " + list; break;
      case 4: l.text = "nat (inside) " + id + " " + Real(l.first) + " " + (l.size == 1 ? "255.255.255.255" : NetMask(l.size)); break;
    }
    // One line for the same hosts: the second would take the first's place.
    bool twice = false;
    for (const NatLine& other : lines) twice = twice || (l.step == 4 && other.step == 4 && other.first == l.first && other.size == l.size);
    if (twice) continue;
    rules += l.text + "\n";
    if (l.step >= 3) rules += "global (outside) " + id + " 198.51.100." + std::to_string(10 + i) + "\n";
    lines.push_back(std::move(l));
  }
  text = lists + rules;
  return lines;
}

// The line of the four steps; null: none.
const NatLine* Expected(const std::vector<NatLine>& lines, int host, int peer, int port) {
  const NatLine* best = nullptr;
  for (int step = 1; step <= 4 && best == nullptr; step++) {
    for (const NatLine& l : lines) {
      if (l.step != step || host < l.first || host >= l.first + l.size) continue;
      if (l.peer >= 0 && (peer < l.peer || peer >= l.peer + l.peers)) continue;
      if (l.port != 0 && l.port != port) continue;
      if (step < 4 && best == nullptr) best = &l;
      if (step == 4 && (best == nullptr || l.size < best->size)) best = &l;
    }
  }
  return best;
}

TEST(NatOrder82, TheFourStepsOfCisco) {
  Random random{82};
  std::map<int, int> met;
  int behind_port = 0;  // a host static that a port static before it has not taken
  for (int round = 0; round < 400; round++) {
    std::string text;
    const auto lines = RandomLines(random, text);
    Configuration c;
    const LoadReport report = c.Load(
        "ASA Version 8.2(5)\ninterface Ethernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
        "interface Ethernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.254 255.255.255.0\n" + text);
    for (const LineReport& r : report.reports) ASSERT_TRUE(r.text.find("ERROR") == std::string::npos) << r.text << text;
    const auto compiled = c.Compile(nullptr);
    ASSERT_TRUE(compiled.ok());
    const auto policy = *compiled;
    const IfId inside = policy->FindByName("inside")->id, outside = policy->FindByName("outside")->id;
    const XlateTable none(1);
    for (int n = 0; n < 60; n++) {
      const int host = static_cast<int>(random.Below(kHosts)), peer = static_cast<int>(random.Below(kHosts)), port = 79 + static_cast<int>(random.Below(4));
      const FlowKey key{*IpAddress::Parse(Real(host)), IpAddress::V4(0xc0000200u + static_cast<std::uint32_t>(peer)), static_cast<std::uint16_t>(port), 1000, 6, inside};
      const NatRule* got = policy->nat.FindTranslate(none, key, outside, {key.dst, key.dport}).rule;
      const NatLine* want = Expected(lines, host, peer, port);
      ASSERT_EQ(got != nullptr ? got->config.substr(0, got->config.find_last_not_of(' ') + 1) : "none", want != nullptr ? want->text : "none")
          << text << "host " << host << " peer " << peer << " port " << port;
      if (want == nullptr) continue;
      met[want->step]++;
      for (const NatLine& l : lines) {
        if (&l == want) break;
        behind_port += want->step == 2 && want->port == 0 && l.port != 0 && l.first == host;
      }
      // rpf-check: the peer's answer to what a static made of the host goes by the same rule.
      if (want->step != 2) continue;
      const NatResult source = [&] {
        XlateTable xlates(1);
        return Translate(policy->nat, xlates, key, outside, {key.dst, key.dport}, {}, {}, false);
      }();
      EXPECT_TRUE(ReversePathAgrees(policy->nat, none, key, outside, {key.dst, key.dport}, source, {})) << text << want->text;
    }
  }
  for (int step = 1; step <= 4; step++) EXPECT_GT(met[step], 200) << step;
  EXPECT_GT(behind_port, 10);
}

}  // namespace
}  // namespace sallyport
