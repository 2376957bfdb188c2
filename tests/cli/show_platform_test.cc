#include "cli/show_platform.h"

#include <gtest/gtest.h>

#include "cli/show_failover.h"
#include "cli/show_names.h"
#include "cli/show_service_policy.h"
#include "cli/show_ping.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_platform_test {
namespace {

constexpr std::int64_t kWall = 1'714'575'651'000'000'000;  // 15:00:51 UTC Wed May 1 2024

TEST(ShowDirectory, FilesAndFolders) {
  DirectoryView v;
  v.files = {{1, false, 89, kWall / 1'000'000'000, "boot.txt"}, {12, true, 4096, 315532800, "log"}};
  v.total = 7859437568;
  v.free = 4417200128;
  ExpectGolden("dir_9x", ShowDirectory(v, Nine()));
  Personality old = Nine();
  old.dir_totals = false;
  ExpectGolden("dir_91", ShowDirectory(v, old));
}

TEST(ShowInventory, TwoParts) {
  ExpectGolden("inventory", ShowInventory({{"Chassis", "a chassis", "SP1", "V0.1", "SN1"}, {"power supply", "its power", "SP1-PWR", "V01", "N/A"}}));
}

TEST(ShowModule, WideAndNarrow) {
  ModuleView v;
  v.cards = {{"0", "a chassis", "SP1", "SN1", "02aa.0000.0001 to 02aa.0000.0004", "x86_64", "6.1.0", "9.16(4)", "Up Sys", "Not Applicable", ""},
             {"ips", "Unknown", "N/A", "N/A", "none", "", "", "", "Unresponsive", "Not Applicable", ""}};
  v.applications = {{"ips", "Unknown", "No Image Present", "Not Applicable"}};
  v.licenses = {{"ips", "IPS Module", "Disabled", "perpetual"}};
  ExpectGolden("module_9x", ShowModule(v, Nine()));
  Personality old = Nine();
  old.wide_show_module = false;
  ExpectGolden("module_86", ShowModule(v, old));
}

TEST(ShowLicense, NoneAndOne) {
  LicenseView v;
  v.pid = "SP1";
  v.serial = "SN1";
  ExpectGolden("license_none", ShowLicense(v));
  v.enabled = true;
  v.registration = LicenseView::Registration{"REGISTERED", "A LLC", "B", "Allowed", "SUCCEEDED on Dec 03 16:43:48 2018 UTC", "None", "Jun 01", "Dec 03"};
  v.authorization = LicenseView::Authorization{"AUTHORIZED on Dec 03", "SUCCESS on Dec 03", "Jan 02", "Mar 03"};
  v.entitlements = {{"Standard", "STD", "the standard one", "1.0", "AUTHORIZED", 1}};
  v.agent = "1.6";
  ExpectGolden("license", ShowLicense(v));
}

TEST(ShowResourceUsage, LimitsAndNone) {
  ExpectGolden("resource_usage", ShowResourceUsage({{"SSH Server", 2, 5, 5, 1, "System"}, {"Conns [rate]", 605, 7235, std::nullopt, 0, "edge"}}, true));
}

TEST(ShowCpuDetail, ColumnsAreAsWideAsTheGreatestNumber) {
  CpuDetailView v;
  v.cores = {{{0, 4, 4}, {3, 11, 14}, {0, 5, 5}}};
  v.total = {4, 14, 5};
  ExpectGolden("cpu_detailed_idle", ShowCpuDetail(v));
  v.cores = {{{224, 126, 350}, {236, 122, 358}, {238, 116, 353}}, {{0, 0, 0}, {1000, 0, 1000}, {5, 0, 5}}};
  v.control_point = {500, 465, 422};
  ExpectGolden("cpu_detailed", ShowCpuDetail(v));
}

TEST(ShowFailover, Off) {
  FailoverView v;
  v.monitored = 3;
  ExpectGolden("failover_off", ShowFailover(v));
  EXPECT_EQ(ShowFailoverInterface(v), "");
}

TEST(ShowFailover, On) {
  FailoverView v;
  v.on = true;
  v.unit = "Primary";
  v.lan = FailoverView::Link{"folink", "GigabitEthernet0/2", true, Ip("10.9.9.1"), Ip("10.9.9.2"), 30};
  v.state = v.lan;
  v.version = v.mate_version = "9.16(4)";
  v.serial = "SN1";
  v.mate_serial = "SN2";
  v.last_failover_wall = kWall;
  v.here = {"Primary", "Active", 87, {{0, "SP1", "1.0", "9.16(4)", "Up Sys"}}, {{"inside", Ip("10.1.1.1"), "Normal", "Monitored"}}, {{1, "", "", "", ""}}};
  v.there = {"Secondary", "Standby Ready", 0, {{0, "SP1", "1.0", "9.16(4)", "Up Sys"}}, {{"inside", Ip("10.1.1.2"), "No Link", "Waiting"}}, {}};
  v.statistics = {{"General", 22, 0, 6, 0}};
  v.queues = {{"Recv Q", 0, 5, 6}};
  ExpectGolden("failover", ShowFailover(v));
  ExpectGolden("failover_interface", ShowFailoverInterface(v));
}

TEST(ShowContext, ListAndDetail) {
  ContextView admin;
  admin.name = "admin";
  admin.admin = true;
  admin.interfaces = {"Vlan1000", "Vlan1001", "Vlan1030", "Vlan1031", "Vlan1032", "Vlan993", "Vlan994"};
  admin.url = "disk0:/admin.cfg";
  admin.flags = 0x111;
  admin.id = 1;
  ContextView null;
  null.name = "null";
  null.resource = true;
  null.url = "... null ...";
  null.flags = 0x114;
  null.id = 4;
  ExpectGolden("context", ShowContexts({admin}));
  ExpectGolden("context_detail", ShowContextDetail({admin, null}));
}

TEST(ShowNames, All) {
  ExpectGolden("names", ShowNames({{Ip("10.1.1.1"), "server", ""}, {Ip("10.1.1.2"), "web", "the web server"}}));
}

TEST(ShowObjectGroups, TypesAndDescription) {
  ExpectGolden("object_group", ShowObjectGroups({{"network", "Lab", "", "the lab", {"network-object host 10.1.1.1", "group-object Dev"}},
                                                 {"service", "web", " tcp", "", {"port-object eq www"}}}));
}

TEST(ShowLocalPool, FreeAndUsed) {
  ExpectGolden("ip_local_pool", ShowLocalPool({Ip("192.168.1.144"), Ip("192.168.1.147"), Ip("255.255.255.252"), 0,
                                               {Ip("192.168.1.145"), Ip("192.168.1.146")}, {Ip("192.168.1.144"), Ip("192.168.1.147")}}));
}

TEST(ShowServicePolicy, GlobalAndInterface) {
  ServicePolicyView global{"", "global_policy", {{"inspection_default", {{"icmp", 7, 0, 2, 0, 0, false, 0, 0}, {"sip ", 0, 0, 0, 0, 0, true, 0, 0}}, {}}}};
  ServicePolicyView one{"outside", "edge", {{"limits", {}, {"Set connection policy: "}}}};
  ExpectGolden("service_policy", ShowServicePolicy({global, one}));
}

TEST(ShowPortChannels, NoneAndOne) {
  ExpectGolden("port_channel_none", ShowPortChannels({}, 0));
  ExpectGolden("port_channel", ShowPortChannels({{1, 'U', "LACP", false, {{"Gi0/0", 'P'}, {"Gi0/1", 'w'}}}}, 1));
}

TEST(Ping, WithAndWithoutAnswers) {
  EXPECT_EQ(PingHeader({Ip("10.1.1.1"), 5, 100, 2}),
            "Type escape sequence to abort.\nSending 5, 100-byte ICMP Echos to 10.1.1.1, timeout is 2 seconds:\n");
  EXPECT_EQ(PingSummary({5, 4, 1, 3, 10}), "Success rate is 80 percent (4/5), round-trip min/avg/max = 1/3/10 ms\n");
  EXPECT_EQ(PingSummary({5, 0, 0, 0, 0}), "Success rate is 0 percent (0/5)\n");
  EXPECT_EQ(PingSummary({}), "Success rate is 0 percent (0/0)\n");
}

}  // namespace
}  // namespace sallyport::show_platform_test
