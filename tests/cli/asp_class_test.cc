// Rules of the classifier that are made of class maps: what they match, whose they are, and what they count.
#include <vector>

#include "conf/personality.h"
#include "tests/cli/console_fixture.h"

namespace sallyport {
namespace {

constexpr char kConfig[] =
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n"
    "access-list bypass extended deny tcp host 10.1.1.9 any\n"
    "access-list bypass extended permit tcp any host 198.51.100.20\n"
    "access-list six extended permit tcp any6 any6 eq 443\n"
    "access-group six in interface outside\n"
    "route outside 0.0.0.0 0.0.0.0 192.0.2.254\n"
    "class-map bp\n match access-list bypass\nclass-map wide\n match port tcp range 1000 2000\n"
    "class-map inspection_default\n match default-inspection-traffic\n"
    "policy-map global_policy\n class inspection_default\n  inspect icmp\n  inspect icmp error\n  inspect http\n  inspect ftp\n"
    " class bp\n  set connection timeout idle 0:10:00\n class wide\n  set connection timeout idle 0:20:00\n"
    "policy-map out_policy\n class wide\n  set connection decrement-ttl\n"
    "service-policy global_policy global\nservice-policy out_policy interface outside\n";

class AspClass : public ConsoleTest {
 protected:
  void SetUp() override {
    LoadOptions options;
    options.empty_first = true;
    options.personality = PersonalityOf("9.12(2)");
    const LoadReport report = box_.appliance->Load(kConfig, options);
    for (const LineReport& l : report.reports) EXPECT_FALSE(l.refused) << l.line << l.text;
    (void)box_.appliance->Changed();
    console_ = Open(15);
    console_->Do("terminal pager 0");
  }
  std::string Do(const std::string& line) { return console_->Do(line); }
  std::string Rules(const std::string& words) { return Do("show asp table classify domain " + words); }
  static int Count(const std::string& text, const std::string& what) {
    int n = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at++) n++;
    return n;
  }
  // The rule whose text has all of these.
  static std::string With(const std::string& text, const std::vector<std::string>& parts) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = std::min(text.find("\nin  id", at + 1), text.find("\nout id", at + 1));
      end = std::min(end, text.size());
      const std::string rule = text.substr(at, end - at);
      bool all = true;
      for (const std::string& p : parts) all = all && rule.find(p) != std::string::npos;
      if (all) return rule;
      at = end;
    }
    return "";
  }
  std::unique_ptr<TestConsole> console_;
};

TEST_F(AspClass, SettingsMatchWhatTheirClassMatches) {
  const std::string rules = Rules("conn-set interface inside");
  EXPECT_NE(With(rules, {"protocol=6", "dst ip/id=198.51.100.20, mask=255.255.255.255, port=0", "deny=false"}), "") << rules;
  EXPECT_NE(With(rules, {"protocol=6", "src ip/id=10.1.1.9, mask=255.255.255.255", "deny=true"}), "") << rules;
  EXPECT_NE(With(rules, {"protocol=6", "dst ip/id=0.0.0.0, mask=0.0.0.0, port=1000-2000", "input_ifc=inside"}), "") << rules;
  EXPECT_EQ(Count(rules, "domain=conn-set"), 3);
  // The policy of an interface stands on both ways through it.
  const std::string outside = Rules("conn-set interface outside");
  EXPECT_NE(With(outside, {"out id=", "port=1000-2000", "output_ifc=outside"}), "") << outside;
  EXPECT_EQ(Count(outside, "domain=conn-set"), 5);
}

TEST_F(AspClass, InspectionsHaveTheirPorts) {
  const std::string http = Rules("inspect-http interface inside");
  EXPECT_EQ(Count(http, "domain=inspect-http"), 1);
  EXPECT_NE(With(http, {"protocol=6", "port=80"}), "") << http;
  EXPECT_NE(With(Rules("inspect-ftp interface inside"), {"protocol=6", "port=21"}), "");
  EXPECT_NE(With(Rules("inspect-icmp interface inside"), {"protocol=1", "icmp-type=0"}), "");
  EXPECT_NE(With(Rules("inspect-icmpv6 interface inside"), {"protocol=58"}), "");
}

TEST_F(AspClass, AFlowCountsTheRulesThatItTook) {
  Do("packet-tracer input inside tcp 10.1.1.10 1025 198.51.100.20 80 transmit");
  Do("packet-tracer input inside tcp 10.1.1.10 1026 198.51.100.20 80 transmit");
  Do("packet-tracer input inside tcp 10.1.1.10 1027 198.51.100.9 1500 transmit");
  EXPECT_NE(With(Rules("inspect-http interface inside"), {"hits=2,"}), "");
  EXPECT_NE(With(Rules("inspect-ftp interface inside"), {"hits=0,"}), "");
  const std::string settings = Rules("conn-set interface inside");
  EXPECT_NE(With(settings, {"hits=2,", "198.51.100.20"}), "") << settings;
  EXPECT_NE(With(settings, {"hits=0,", "deny=true"}), "") << settings;
  // The interface's policy comes before the global one: its rule, on the way out.
  EXPECT_NE(With(Rules("conn-set interface outside"), {"out id=", "hits=1,", "port=1000-2000"}), "");
  EXPECT_NE(With(settings, {"hits=0,", "port=1000-2000"}), "") << settings;
  // Hits stay when the configuration changes, and go with their class.
  Do("configure terminal");
  Do("hostname other");
  EXPECT_NE(With(Rules("conn-set interface inside"), {"hits=2,", "198.51.100.20"}), "");
  Do("no service-policy global_policy global");
  EXPECT_EQ(Count(Rules("conn-set interface inside"), "domain="), 0);
  Do("service-policy global_policy global");
  EXPECT_EQ(With(Rules("conn-set interface inside"), {"hits=2,"}), "");
}

TEST_F(AspClass, TheTracerNamesTheInspectionThatActed) {
  const std::string ftp = Do("packet-tracer input inside tcp 10.1.1.10 1025 198.51.100.9 21 detailed");
  EXPECT_NE(ftp.find("Subtype: inspect-ftp"), std::string::npos);
  EXPECT_NE(ftp.find("domain=inspect-ftp, deny=false"), std::string::npos) << ftp;
  EXPECT_EQ(ftp.find("domain=inspect-http"), std::string::npos);
  EXPECT_EQ(ftp.find("domain=inspect-icmp"), std::string::npos);
  const std::string settings = Do("packet-tracer input inside tcp 10.1.1.10 1025 198.51.100.9 1500 detailed");
  EXPECT_NE(settings.find("domain=conn-set, deny=false"), std::string::npos);
  EXPECT_NE(settings.find("port=1000-2000"), std::string::npos) << settings;
}

TEST_F(AspClass, AnyOfIpv6IsOneRule) {
  const std::string rules = Rules("permit interface outside");
  EXPECT_EQ(Count(rules, "port=443"), 1) << rules;
  EXPECT_NE(With(rules, {"src ip/id=::, mask=/0, port=0", "dst ip/id=::, mask=/0, port=443", "protocol=6"}), "") << rules;
}

}  // namespace
}  // namespace sallyport
