// Tables of the accelerated path on an appliance that has forwarded packets: routes of its own, flags of interfaces, cleared hits.
#include "conf/personality.h"
#include "tests/cli/console_fixture.h"

namespace sallyport::asp_tables_test {
namespace {

constexpr char kConfig[] =
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
    " ipv6 address 2001:db8::1/64\n no shutdown\n"
    "access-list outside_in extended permit tcp any host 10.1.1.80 eq www\naccess-group outside_in in interface outside\n"
    "route outside 0.0.0.0 0.0.0.0 192.0.2.254\nip verify reverse-path interface outside\n";

class AspTables : public ConsoleTest {
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
  bool Says(const std::string& line, const char* what) { return Do(line).find(what) != std::string::npos; }
  std::unique_ptr<TestConsole> console_;
};

TEST_F(AspTables, OwnAddressesAndLinks) {
  EXPECT_TRUE(Says("show asp table routing", "in   2001:db8::1/128 identity\n"));
  EXPECT_TRUE(Says("show asp table routing", "out  255.255.255.255 255.255.255.255 outside\n"));
  EXPECT_TRUE(Says("show asp table routing", "out  255.255.255.255 255.255.255.255 inside\n"));
  EXPECT_FALSE(Says("show asp table routing interface inside", "255.255.255.255 outside\n"));
  EXPECT_TRUE(Says("show asp table interfaces", "seclvl 0\n        0 packets input, 0 packets output\n        flags 0x60\n"));
  EXPECT_TRUE(Says("show asp table interfaces", "seclvl 100\n        0 packets input, 0 packets output\n        flags 0x20\n"));
}

TEST_F(AspTables, ClassifyHitsAreCleared) {
  const char* words = "show asp table classify hits domain permit interface outside match 10\\.1\\.1\\.80";
  EXPECT_TRUE(Says(words, "Last clearing of hits counters: Never\n"));
  Do("packet-tracer input outside tcp 198.51.100.9 1025 10.1.1.80 80 transmit");
  Do("packet-tracer input outside tcp 198.51.100.9 1026 10.1.1.80 80 transmit");
  EXPECT_TRUE(Says(words, "hits=2,"));
  EXPECT_EQ(Do("clear asp table classify"), "");
  EXPECT_FALSE(Says(words, "hits="));
  EXPECT_TRUE(Says(words, " by enable_15\n"));
  EXPECT_TRUE(Says("show access-list outside_in", "(hitcnt=2)"));  // a counter of its own
  Do("packet-tracer input outside tcp 198.51.100.9 1027 10.1.1.80 80 transmit");
  EXPECT_TRUE(Says(words, "hits=1,"));
  // A counter that began anew is told as it is.
  Do("clear access-list outside_in counters");
  EXPECT_FALSE(Says(words, "hits="));
  EXPECT_EQ(Do("show asp table classify crypto").find("domain="), std::string::npos);
  EXPECT_FALSE(console_->failed());
}

TEST_F(AspTables, TheApplianceIsANeighbour) {
  const char* line = "Context: single_vf, Interface: identity\n  0.0.0.0                                 Active   0000.0000.0000 hits ";
  EXPECT_TRUE(Says("show asp table arp", (std::string(line) + "0\n").c_str())) << Do("show asp table arp");
  Do("packet-tracer input inside icmp 10.1.1.10 8 0 10.1.1.1 transmit");
  EXPECT_TRUE(Says("show asp table arp", (std::string(line) + "1\n").c_str())) << Do("show asp table arp");
  Do("clear asp table arp");
  EXPECT_TRUE(Says("show asp table arp interface identity", (std::string(line) + "0\n").c_str()));
  EXPECT_FALSE(Says("show asp table arp interface inside", "identity"));
}

}  // namespace
}  // namespace sallyport::asp_tables_test
