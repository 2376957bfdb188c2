// Samples of Genie: each renderer, given the values that a sample's .yml holds (or, where that has not all of them,
// those read from the text itself), must give the sample's bytes. The samples were edited before they were published:
// what was lost is said at each test and undone on both sides; nothing else may differ. Without the samples these tests
// skip.
#include "cli/show_failover.h"
#include "cli/show_interface.h"
#include "cli/show_names.h"
#include "cli/show_platform.h"
#include "cli/show_service_policy.h"
#include "cli/show_system.h"
#include "ntc_text.h"

namespace sallyport::show_genie_test {
namespace {

using namespace ntc;
using ntc::Match;

#define LOAD_GENIE(name, command)          \
  const std::string name = Genie(command); \
  if (name.empty()) GTEST_SKIP() << "no samples at " << SharedFolder()

TEST(GenieSample, InterfaceSummary) {
  LOAD_GENIE(text, "ShowInterfaceSummary");
  std::vector<InterfaceView> views;
  for (const std::string& line : LinesOf(text)) {
    if (line.starts_with("Interface ")) {
      const auto m = Match(line, R"re(Interface (\S+) "(.*)", is (\S+), line)re");
      InterfaceView v;
      v.hardware = m[1];
      v.nameif = m[2];
      v.link_up = m[3] == "up";
      v.mac = Mac("aa11.bbff.ee55");
      v.address = Ip("10.10.1.1");
      v.prefix_length = 24;
      views.push_back(v);
    }
  }
  EXPECT_EQ(views.size(), 14u);
  EXPECT_EQ(ShowInterfaceSummary(views), WithoutEmptyEnds(Output(text)));
}

TEST(GenieSample, IpLocalPool) {
  LOAD_GENIE(text, "ShowIpLocalPool");
  const LocalPoolView v{Ip("192.168.1.144"), Ip("192.168.1.147"), Ip("255.255.255.252"), 0,
                        {Ip("192.168.1.145"), Ip("192.168.1.146")}, {Ip("192.168.1.144"), Ip("192.168.1.147")}};
  // Its last line is the closing indentation of a Python text.
  EXPECT_EQ(ShowLocalPool(v), WithoutEmptyEnds(WithoutTrailingBlanks(Output(text))));
}

// Indentation was changed (lines of a class stand where its name stands), and lines below inspections are lost but for tcp-proxy.
TEST(GenieSample, ServicePolicy) {
  LOAD_GENIE(text, "ShowServicePolicy");
  ServicePolicyView v{"", "global_policy", {{"inspection_default", {}, {}}}};
  for (const std::string& line : LinesOf(text)) {
    if (Has(line, "Inspect: ")) v.classes[0].inspections.push_back({Match(line, "Inspect: ([^,]*),")[1], 0, 0, 0, 0, 0, false, 0, 0});
    if (Has(line, "tcp-proxy: ")) v.classes[0].inspections.back().tcp_proxy = true;
  }
  EXPECT_EQ(v.classes[0].inspections.size(), 15u);
  const auto lines = [](const std::string& t) { return WithoutEmptyEnds(WithSingleBlanks(Output(t))); };
  EXPECT_EQ(lines(ShowServicePolicy({v})), lines(text));
  EXPECT_NE(ShowServicePolicy({v}).find("Global policy: \n"), std::string::npos);  // with its blank
}

// Tabs were doubled and columns aligned. The totals per second are not those of the counts (4501617383 packets in 1799431 seconds
// are 2501 a second, not 2000), nor was the part about physical interfaces kept.
TEST(GenieSample, Traffic) {
  LOAD_GENIE(text, "ShowTraffic");
  InterfaceView v;
  v.nameif = "GigabitEthernet0/0";
  v.counted_for = Duration::Milliseconds(1799431270);
  v.traffic = {4501617383, 314808980561, 643491, 129611530, 0};
  v.one_minute = TrafficRate{30943, 2164029, 0, 0, 0};
  v.five_minutes = TrafficRate{37071, 2592560, 0, 0, 0};
  auto ours = LinesOf(WithSingleBlanks(ShowTraffic({v}))), theirs = LinesOf(WithoutEmptyEnds(WithSingleBlanks(Output(text))));
  ASSERT_EQ(theirs.size(), 13u);
  ours.resize(theirs.size());
  ASSERT_TRUE(Has(theirs[3], "^2000 pkts/sec 174001 bytes/sec$"));
  EXPECT_EQ(ours[3], "2501 pkts/sec 174949 bytes/sec");
  EXPECT_TRUE(Has(theirs[6], "^0 pkts/sec 0 bytes/sec$"));
  ours[3] = theirs[3];
  ours[6] = theirs[6];
  EXPECT_EQ(ours, theirs);
}

// The blank before a name without an asterisk is lost.
TEST(GenieSample, Context) {
  LOAD_GENIE(text, "ShowContext");
  const auto context = [](const char* name, const char* of, std::vector<std::string> interfaces, const char* url) {
    ContextView v;
    v.name = name;
    v.class_name = of;
    v.interfaces = std::move(interfaces);
    v.url = url;
    return v;
  };
  ContextView admin = context("admin", "default", {"Vlan1000", "Vlan1001", "Vlan1030", "Vlan1031", "Vlan1050", "Vlan1051", "Vlan1082", "Vlan1083"},
                              "disk0:/pod-context/admin.cfg");
  admin.admin = admin.truncated = true;
  std::string ours = ShowContexts({context("pod1", "default", {"Vlan100", "Vlan200"}, "disk0:/pod-context/pod1"),
                                   context("pod2", "111", {"Vlan300", "Vlan400"}, "disk0:/pod-context/pod2"), admin});
  for (const char* name : {"\n pod1", "\n pod2"}) {
    const std::size_t at = ours.find(name);
    ASSERT_NE(at, std::string::npos);
    ours.erase(at + 1, 1);
  }
  EXPECT_EQ(ours, WithoutEmptyEnds(WithoutTrailingBlanks(Output(text))));
}

// The admin context's line of mapped interfaces was taken out.
TEST(GenieSample, ContextDetail) {
  LOAD_GENIE(text, "ShowContextDetail");
  const auto context = [](const char* name, std::vector<std::string> interfaces, const std::string& url, std::uint32_t flags, int id) {
    ContextView v;
    v.name = name;
    v.interfaces = v.mapped = std::move(interfaces);
    v.url = url;
    v.flags = flags;
    v.id = id;
    return v;
  };
  ContextView null = context("null", {}, "... null ...", 0x114, 4);
  null.resource = true;
  const ContextView admin = context("admin", {"Vlan1000", "Vlan1001", "Vlan1030", "Vlan1031", "Vlan1032", "Vlan993", "Vlan994", "Vlan995", "Vlan996",
                                              "Vlan997", "Vlan998", "Vlan999"}, "disk0:/pod-context/admin.cfg", 0x111, 1);
  std::string ours = ShowContextDetail({context("pod1", {"Vlan100", "Vlan200"}, "disk0:/pod-context/pod1", 0x112, 2), null, admin,
                                        context("pod3", {"Vlan303", "Vlan603"}, "disk0:/pod-context/pod3", 0x113, 3)});
  const std::size_t line = ours.find("  Mapped", ours.find("\"admin\"")), end = ours.find("  Class", line);
  ASSERT_NE(end, std::string::npos);
  ours.erase(line, end - line);
  EXPECT_EQ(WithoutEmptyEnds(ours), WithoutEmptyEnds(WithoutTrailingBlanks(Output(text))));
}

TEST(GenieSample, FailoverInterface) {  // tabs expanded
  LOAD_GENIE(text, "ShowFailoverInterface");
  const auto link = [](const char* name, const char* hardware, const char* net) {
    return FailoverView::Link{name, hardware, true, Ip((std::string(net) + "::a").c_str()), Ip((std::string(net) + "::b").c_str()), 127};
  };
  FailoverView v;
  v.lan = link("folink", "GigabitEthernet0/2", "2001:db8:cafe:ffee");
  v.state = link("foupdateif", "GigabitEthernet0/3", "2001:db8:cafe:ffae");
  EXPECT_EQ(WithTabsExpanded(ShowFailoverInterface(v)), WithoutEmptyEnds(text));
}

}  // namespace
}  // namespace sallyport::show_genie_test
