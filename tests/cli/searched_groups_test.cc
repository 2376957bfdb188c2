// Object groups that are searched, as `show access-list` tells them; what an FTP map of an inspection says of itself.
#include "conf/personality.h"
#include "tests/cli/console_fixture.h"

namespace sallyport::searched_groups_test {
namespace {

constexpr char kConfig[] =
    "object-group-search access-control\n"
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n"
    "object-group network friends\n network-object host 198.51.100.7\n network-object host 198.51.100.8\n"
    "object-group network six\n network-object 2001:db8::/64\n"
    "object-group network both\n network-object host 10.1.1.9\n network-object 2001:db8:1::/64\n"
    "access-list outside_in extended permit udp object-group friends host 10.1.1.9 eq domain\n"
    "access-list outside_in extended permit udp object-group six any6 eq domain\n"
    "access-list outside_in extended permit udp object-group both any eq ntp\n"
    "access-group outside_in in interface outside\nroute outside 0.0.0.0 0.0.0.0 192.0.2.254\n"
    "policy-map type inspect ftp masks\n parameters\n  mask-banner\n  mask-syst-reply\n"
    "class-map inspection_default\n match default-inspection-traffic\n"
    "policy-map global_policy\n class inspection_default\n  inspect ftp strict masks\nservice-policy global_policy global\n";

TEST_F(ConsoleTest, SearchedGroupsAreNamedByFamilyAndCounted) {
  LoadOptions options;
  options.empty_first = true;
  options.personality = PersonalityOf("9.16(4)");
  const LoadReport report = box_.appliance->Load(kConfig, options);
  for (const LineReport& l : report.reports) EXPECT_FALSE(l.refused) << l.line << l.text;
  (void)box_.appliance->Changed();
  const auto console = Open(15);
  console->Do("terminal pager 0");
  console->Do("packet-tracer input outside udp 198.51.100.8 1025 10.1.1.9 53 transmit");
  const std::string text = console->Do("show access-list outside_in");
  const auto has = [&](const char* what) { return text.find(what) != std::string::npos; };
  EXPECT_TRUE(has("line 1 extended permit udp object-group friends host 10.1.1.9 eq domain (hitcnt=1) 0x")) << text;
  EXPECT_TRUE(has("  access-list outside_in line 1 extended permit udp v4-object-group friends(1) host 10.1.1.9 eq domain (hitcnt=1) 0x")) << text;
  EXPECT_TRUE(has("line 2 extended permit udp v6-object-group six(2) any6 eq domain (hitcnt=0) 0x")) << text;
  EXPECT_TRUE(has("line 3 extended permit udp object-group both(3) any(65537) eq ntp (hitcnt=0) 0x")) << text;
  const std::string policy = console->Do("show service-policy");
  EXPECT_NE(policy.find("mask-banner enabled\n"), std::string::npos) << policy;
  EXPECT_NE(policy.find("mask-syst-reply enabled\n"), std::string::npos) << policy;
}

}  // namespace
}  // namespace sallyport::searched_groups_test
