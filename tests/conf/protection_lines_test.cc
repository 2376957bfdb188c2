// Rates, shuns, statistics, queues and class maps: from lines to the policy.
#include <gtest/gtest.h>

#include "conf/configuration.h"

namespace sallyport::protection_lines_test {
namespace {

constexpr char kInterfaces[] =
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n";

std::shared_ptr<const Policy> Compiled(const std::string& version, const std::string& lines) {
  Configuration c;
  const LoadReport report = c.Load("ASA Version " + version + "\n" + kInterfaces + lines);
  for (const LineReport& r : report.reports) EXPECT_FALSE(r.refused) << r.line << ": " << r.text;
  auto policy = c.Compile(nullptr);
  EXPECT_TRUE(policy.ok());
  return *policy;
}

const std::vector<RateLimit>& RatesOf(const Policy& p, ThreatEvent e) { return p.threats.rates[static_cast<std::size_t>(e)]; }

TEST(ProtectionLines, RatesOfThreatDetection) {
  const auto p = Compiled("9.16(4)",
                          "threat-detection basic-threat\n"
                          "threat-detection rate acl-drop rate-interval 600 average-rate 1 burst-rate 2\n"
                          "threat-detection rate acl-drop rate-interval 1200 average-rate 3 burst-rate 4\n"
                          "threat-detection rate acl-drop rate-interval 86400 average-rate 5 burst-rate 6\n"
                          "threat-detection rate syn-attack rate-interval 3600 average-rate 7 burst-rate 8\n");
  EXPECT_TRUE(p->threats.basic);
  EXPECT_FALSE(p->threats.scanning);
  const auto& acl = RatesOf(*p, ThreatEvent::kAclDrop);
  ASSERT_EQ(acl.size(), 3u);  // no more than three; the defaults' longest made room
  EXPECT_EQ(acl[0].interval_s, 600u);
  EXPECT_EQ(acl[0].average, 1u);
  EXPECT_EQ(acl[1].interval_s, 1200u);
  EXPECT_EQ(acl[2].interval_s, 86400u);
  EXPECT_EQ(acl[2].burst, 6u);
  const auto& syn = RatesOf(*p, ThreatEvent::kSynAttack);
  ASSERT_EQ(syn.size(), 2u);
  EXPECT_EQ(syn[0].burst, 200u);
  EXPECT_EQ(syn[1].average, 7u);
  EXPECT_FALSE(Compiled("9.16(4)", "no threat-detection basic-threat\n")->threats.basic);
}

TEST(ProtectionLines, ScanningAndStatistics) {
  const auto p = Compiled("9.16(4)",
                          "object-group network friends\n network-object 192.0.2.0 255.255.255.0\n"
                          "threat-detection scanning-threat shun except ip-address 10.9.0.0 255.255.0.0\n"
                          "threat-detection scanning-threat shun except object-group friends\n"
                          "threat-detection scanning-threat shun duration 120\n"
                          "threat-detection statistics host number-of-rate 2\n"
                          "threat-detection statistics port\n");
  EXPECT_TRUE(p->threats.scanning && p->threats.shun);
  EXPECT_EQ(p->threats.shun_duration_s, 120u);
  ASSERT_EQ(p->threats.shun_except.size(), 2u);
  EXPECT_TRUE(p->threats.shun_except[0].Contains(*IpAddress::Parse("10.9.255.255")));
  EXPECT_TRUE(p->threats.shun_except[1].Contains(*IpAddress::Parse("192.0.2.77")));
  EXPECT_EQ(p->threats.host_rates, 2);
  EXPECT_EQ(p->threats.port_rates, 1);
  EXPECT_EQ(p->threats.protocol_rates, 0);
  const auto all = Compiled("8.2(1)", "threat-detection statistics\nthreat-detection scanning-threat\n");
  EXPECT_EQ(all->threats.protocol_rates, 3);
  EXPECT_TRUE(all->threats.access_list);
  EXPECT_TRUE(all->threats.scanning);
  EXPECT_FALSE(all->threats.shun);
  EXPECT_EQ(all->threats.shun_duration_s, 3600u);
}

TEST(ProtectionLines, QosOfClasses) {
  const auto p = Compiled("9.16(4)",
                          "priority-queue outside\n queue-limit 200\n tx-ring-limit 50\n"
                          "class-map some\n match dscp ef af11 8\nclass-map more\n match precedence routine 7\n"
                          "class-map rtp\n match rtp 2000 100\n"
                          "policy-map edge\n class some\n  police output 100000\n  police input 16000 conform-action drop exceed-action transmit\n"
                          " class more\n  priority\n class rtp\n  shape average 2000000 16000\n  set connection decrement-ttl\n"
                          "service-policy edge interface outside\n");
  ASSERT_EQ(p->service.size(), 3u);
  const ServiceClass& some = p->service[0];
  EXPECT_EQ(some.matches.at(0).code_points, std::uint64_t{1} << 46 | std::uint64_t{1} << 10 | std::uint64_t{1} << 8);
  ASSERT_TRUE(some.police[0] && some.police[1]);
  EXPECT_EQ(some.police[1]->burst, 3125u);  // a thirty-second of the rate
  EXPECT_TRUE(some.police[1]->drop_exceeding && !some.police[1]->drop_conforming);
  EXPECT_EQ(some.police[0]->burst, 1000u);
  EXPECT_TRUE(some.police[0]->drop_conforming && !some.police[0]->drop_exceeding);
  EXPECT_EQ(p->service[1].matches.at(0).code_points, 0xffULL | 0xffULL << 56);
  EXPECT_TRUE(p->service[1].priority);
  EXPECT_EQ(p->service[2].matches.at(0).port.first, 2000);
  EXPECT_EQ(p->service[2].matches.at(0).port.last, 2100);
  EXPECT_EQ(p->service[2].shape->rate, 2'000'000u);
  EXPECT_TRUE(p->service[2].connection.decrement_ttl);
  const PriorityQueue& q = p->priority_queues.at(p->FindByName("outside")->id);
  EXPECT_EQ(q.queue_limit, 200u);
  EXPECT_EQ(q.tx_ring_limit, 50u);
}

TEST(ProtectionLines, ResetsOfInterfaces) {
  const auto p = Compiled("9.16(4)", "service resetinbound interface outside\nno service resetoutbound\nservice resetoutbound interface inside\n");
  const Interface& outside = *p->FindByName("outside");
  const Interface& inside = *p->FindByName("inside");
  EXPECT_TRUE(p->AnswersRefused(outside, inside));
  EXPECT_TRUE(p->AnswersRefused(inside, outside));
  const auto none = Compiled("9.16(4)", "no service resetoutbound\n");
  EXPECT_FALSE(none->AnswersRefused(*none->FindByName("inside"), *none->FindByName("outside")));
  EXPECT_FALSE(none->AnswersRefused(*none->FindByName("outside"), *none->FindByName("inside")));
}

TEST(ProtectionLines, DefaultRatesAreShownByAll) {
  Configuration c;
  c.Load(std::string("ASA Version 9.16(4)\n") + "threat-detection rate acl-drop rate-interval 600 average-rate 1 burst-rate 2\n");
  PrintOptions options;
  options.all = true;
  const std::string text = c.Print(options);
  EXPECT_NE(text.find("\nthreat-detection rate scanning-threat rate-interval 3600 average-rate 4 burst-rate 8\n"), std::string::npos);
  EXPECT_NE(text.find("\nthreat-detection rate acl-drop rate-interval 3600 average-rate 320 burst-rate 640\n"), std::string::npos);
  EXPECT_EQ(text.find("acl-drop rate-interval 600 average-rate 400"), std::string::npos);
  EXPECT_EQ(c.Print({}).find("scanning-threat"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::protection_lines_test
