#include "cli/show_routing.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "ntc_sample.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_routing_test {
namespace {

Duration Since(int days, int hours, int minutes, int seconds) {
  return Duration::Seconds(days * 86400 + hours * 3600 + minutes * 60 + seconds);
}

TEST(ShowRouting, Ospf) {
  const std::vector<OspfNeighborView> neighbors = {
      {Ip("10.0.0.9"), 0, OspfNeighborState::kFull, OspfRole::kNone, Since(0, 0, 0, 31), Ip("10.1.1.9"), "outside"},
      {Ip("192.168.100.254"), 128, OspfNeighborState::kTwoWay, OspfRole::kOther, Since(0, 0, 0, 38), Ip("10.2.2.9"), "dmz"}};
  ExpectGolden("ospf_neighbor", ShowOspfNeighbors(neighbors));
  const std::vector<OspfInterfaceView> interfaces = {
      {"outside", 1, "0", Ip("10.1.1.1"), 24, 10, OspfInterfaceState::kPointToPoint, 1, 1},
      {"dmz", 1, "0.0.0.7", Ip("10.2.2.1"), 30, 100, OspfInterfaceState::kDr, 0, 2}};
  ExpectGolden("ospf_interface_brief", ShowOspfInterfaceBrief(interfaces));
  EXPECT_EQ(ShowOspfNeighbors({}) + ShowOspfInterfaceBrief({}), "");
}

TEST(ShowRouting, Bgp) {
  BgpSummaryView v;
  v.router_id = Ip("10.1.1.1");
  v.local_as = 65001;
  v.networks = {2, 400};
  v.paths = {3, 240};
  BgpNeighborView n;
  n.address = Ip("192.0.2.254");
  n.as = 4200000001;
  for (const auto& since : {std::optional<Duration>(Since(0, 0, 4, 10)), std::optional<Duration>(Since(23, 1, 0, 0)),
                            std::optional<Duration>()}) {
    n.since = since;
    n.prefixes = since ? std::optional<std::uint32_t>(2) : std::nullopt;
    n.state = BgpNeighborView::State::kActive;
    v.neighbors.push_back(n);
  }
  ExpectGolden("bgp_summary", ShowBgpSummary(v));
}

class RoutingSamples : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(SharedFolder() + "/corpus/ntc/samples")) {
      GTEST_SKIP() << "no captured outputs at " << SharedFolder();
    }
  }
};

TEST_F(RoutingSamples, OspfNeighbor) {
  std::vector<OspfNeighborView> neighbors;
  for (const NtcRecord& r : NtcRecords("show_ospf_neighbor")) {
    OspfNeighborView n{Ip(r["neighbor_id"].c_str()),
                       static_cast<std::uint8_t>(r.Number("priority")),
                       OspfNeighborState::kFull,
                       OspfRole::kNone,
                       {},
                       Ip(r["ip_address"].c_str()),
                       r["interface"]};
    const std::string role = r["state"].substr(5);
    n.role = role == "DR"        ? OspfRole::kDr
             : role == "BDR"     ? OspfRole::kBdr
             : role == "DROTHER" ? OspfRole::kOther
                                 : OspfRole::kNone;
    n.dead_time = Since(0, 0, 0, std::stoi(r["dead_time"].substr(5)));
    neighbors.push_back(n);
  }
  ASSERT_EQ(neighbors.size(), 4u);
  EXPECT_EQ(ShowOspfNeighbors(neighbors), NtcSample("show_ospf_neighbor").raw());
}

TEST_F(RoutingSamples, OspfInterfaceBrief) {
  std::vector<OspfInterfaceView> interfaces;
  for (const NtcRecord& r : NtcRecords("show_ospf_interface_brief")) {
    OspfInterfaceView i;
    i.interface = r["interface"];
    i.process = static_cast<std::uint32_t>(r.Number("process"));
    i.area = r["area"];
    i.address = Ip(r["ip_address"].c_str());
    i.prefix_length = *MaskLength(Ip(r["netmask"].c_str()));
    i.cost = static_cast<std::uint32_t>(r.Number("cost"));
    i.state = r["state"] == "P2P"  ? OspfInterfaceState::kPointToPoint
              : r["state"] == "DR" ? OspfInterfaceState::kDr
                                   : OspfInterfaceState::kBdr;
    i.full = static_cast<std::uint32_t>(std::stoul(r["neighbors_fc"]));
    i.neighbors = static_cast<std::uint32_t>(std::stoul(r["neighbors_fc"].substr(2)));
    interfaces.push_back(i);
  }
  ASSERT_EQ(interfaces.size(), 4u);
  // The sample has no end of its last line.
  EXPECT_EQ(ShowOspfInterfaceBrief(interfaces), NtcSample("show_ospf_interface_brief").raw() + "\n");
}

TEST_F(RoutingSamples, BgpSummary) {
  BgpSummaryView v;
  // The parser finds little more than the neighbours.
  v.table_version = v.main_version = 230;
  v.networks = {117, 23400};
  v.paths = {117, 9360};
  v.attributes = {19, 3952};
  v.best_attributes = 19;
  v.as_paths = {16, 624};
  v.communities = {2, 48};
  v.prefixes_added = 161;
  v.prefixes_removed = 44;
  v.paths_added = 173;
  v.paths_removed = 56;
  for (const NtcRecord& r : NtcRecords("show_bgp_summary")) {
    v.router_id = Ip(r["router_id"].c_str());
    v.local_as = static_cast<std::uint32_t>(r.Number("local_as"));
    BgpNeighborView n;
    n.address = Ip(r["bgp_neigh"].c_str());
    n.as = static_cast<std::uint32_t>(r.Number("neigh_as"));
    n.table_version = 1;
    if (r["up_down"] != "never") {
      n.received = 19905;
      n.sent = 16353;
      n.table_version = 230;
      n.prefixes = static_cast<std::uint32_t>(r.Number("state_pfxrcd"));
      n.since = Since(4, 6, 0, 0);
    }
    v.neighbors.push_back(n);
  }
  ASSERT_EQ(v.neighbors.size(), 2u);
  // The sample lost the blanks at its very end.
  const std::string text = ShowBgpSummary(v);
  EXPECT_EQ(text.substr(0, text.find_last_not_of(" \n") + 1), NtcSample("show_bgp_summary").raw());
}

}  // namespace
}  // namespace sallyport::show_routing_test
