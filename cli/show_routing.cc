#include "cli/show_routing.h"

#include <array>
#include <string_view>

#include "cli/show_text.h"
#include "firewall/log_text.h"

namespace sallyport {
namespace {

template <std::size_t N, typename E>
std::string_view Named(const std::array<std::string_view, N>& names, E value) {
  return names[static_cast<std::size_t>(value)];
}
constexpr std::array<std::string_view, 8> kNeighborStates = {"DOWN",    "ATTEMPT",  "INIT",    "2WAY",
                                                             "EXSTART", "EXCHANGE", "LOADING", "FULL"};
constexpr std::array<std::string_view, 4> kRoles = {"  -", "DR", "BDR", "DROTHER"};
constexpr std::array<std::string_view, 7> kInterfaceStates = {"DOWN", "LOOP", "WAIT", "P2P", "DR", "BDR", "DROTH"};
constexpr std::array<std::string_view, 5> kBgpStates = {"Idle", "Connect", "Active", "OpenSent", "OpenConfirm"};

// "never", "00:04:10", "4d06h", "3w2d".
std::string UpDown(const std::optional<Duration>& since) {
  if (!since) return "never";
  const std::int64_t s = since->seconds(), days = s / 86400;
  if (days >= 7) return fmt::format("{}w{}d", days / 7, days % 7);
  if (days > 0) return fmt::format("{}d{:02}h", days, s % 86400 / 3600);
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60);
}

}  // namespace

std::string ShowOspfNeighbors(const std::vector<OspfNeighborView>& neighbors) {
  if (neighbors.empty()) return "";
  std::string out = "Neighbor ID     Pri   State           Dead Time   Address         Interface\n";
  for (const OspfNeighborView& n : neighbors) {
    const std::string state = fmt::format("{}/{}", Named(kNeighborStates, n.state), Named(kRoles, n.role));
    Append(out, "{:<15} {:>3}   {:<16}{:<11}{:<16}{}\n", n.id.ToString(), n.priority, state, HourMinuteSecond(n.dead_time),
           n.address.ToString(), n.interface);
  }
  return out;
}

std::string ShowOspfInterfaceBrief(const std::vector<OspfInterfaceView>& interfaces) {
  if (interfaces.empty()) return "";
  std::string out = "Interface    PID   Area            IP Address/Mask    Cost  State Nbrs F/C\n";
  for (const OspfInterfaceView& i : interfaces) {
    Append(out, "{:<12} {:<5} {:<15} {:<18}{:>6}{:>6} {}/{}\n", i.interface, i.process, i.area,
           i.address.ToString() + "/" + MaskText(i.prefix_length), i.cost, Named(kInterfaceStates, i.state), i.full,
           i.neighbors);
  }
  return out;
}

std::string ShowBgpSummary(const BgpSummaryView& v) {
  std::string out;
  Append(out, "BGP router identifier {}, local AS number {}\n", v.router_id.ToString(), v.local_as);
  Append(out, "BGP table version is {}, main routing table version {}\n", v.table_version, v.main_version);
  const auto memory = [&out](const std::string& entries, const char* what, std::uint64_t bytes) {
    Append(out, "{} {} entries using {} bytes of memory\n", entries, what, bytes);
  };
  memory(std::to_string(v.networks.entries), "network", v.networks.bytes);
  memory(std::to_string(v.paths.entries), "path", v.paths.bytes);
  memory(fmt::format("{}/{}", v.attributes.entries, v.best_attributes), "BGP path/bestpath attribute", v.attributes.bytes);
  memory(std::to_string(v.as_paths.entries), "BGP AS-PATH", v.as_paths.bytes);
  memory(std::to_string(v.communities.entries), "BGP community", v.communities.bytes);
  memory(std::to_string(v.route_maps.entries), "BGP route-map cache", v.route_maps.bytes);
  memory(std::to_string(v.filter_lists.entries), "BGP filter-list cache", v.filter_lists.bytes);
  Append(out, "BGP using {} total bytes of memory\n",
         v.networks.bytes + v.paths.bytes + v.attributes.bytes + v.as_paths.bytes + v.communities.bytes +
             v.route_maps.bytes + v.filter_lists.bytes);
  Append(out, "BGP activity {}/{} prefixes, {}/{} paths, scan interval {} secs\n\n", v.prefixes_added, v.prefixes_removed,
         v.paths_added, v.paths_removed, v.scan_seconds);
  out += "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n";
  for (const BgpNeighborView& n : v.neighbors) {
    const std::string state = n.prefixes ? std::to_string(*n.prefixes) : std::string(Named(kBgpStates, n.state));
    Append(out, "{:<15} {} {:>12} {:<7} {:<7} {:>8} {:>4} {:>4} {:<6} {:<8}\n", n.address.ToString(), n.version, n.as,
           n.received, n.sent, n.table_version, n.in_queue, n.out_queue, UpDown(n.since), state);
  }
  return out;
}

}  // namespace sallyport
