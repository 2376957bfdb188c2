#include "cli/show_ipv6.h"

#include <algorithm>
#include <set>

#include "cli/show_text.h"

namespace sallyport {
namespace {

constexpr std::string_view kCodes =
    "Codes: C - Connected, L - Local, S - Static, R - RIP, B - BGP\n"
    "       U - Per-user Static route\n"
    "       I1 - ISIS L1, I2 - ISIS L2, IA - ISIS interarea\n"
    "       O - OSPF intra, OI - OSPF inter, OE1 - OSPF ext 1, OE2 - OSPF ext 2\n";

const char* LineState(const Interface& f, const InterfaceView& view) {
  return f.shutdown ? "administratively down" : UpDown(view.link_up);
}

// ff02::1:ffXX:XXXX, the group that neighbours ask for an address (RFC 4291 2.7.1).
IpAddress SolicitedNode(IpAddress a) { return IpAddress::V6(0xff02ull << 48, 0x1ff000000ull | (a.lo() & 0xffffff)); }

std::string PrefixText(const Prefix& p) {
  return (p.address.IsNone() ? "::" : p.address.ToString()) + "/" + std::to_string(p.length);
}

std::set<IpAddress> Groups(const Interface& f) {
  std::set<IpAddress> groups{IpAddress::V6(0xff02ull << 48, 1), IpAddress::V6(0xff02ull << 48, 2), SolicitedNode(f.link_local)};
  for (const InterfaceAddress6& own : f.ipv6) groups.insert(SolicitedNode(own.address));
  return groups;
}

}  // namespace

std::string ShowIpv6Interface(const Interface& f, const InterfaceView& view, const Policy& policy) {
  if (!f.ipv6_enabled) return "";
  std::string out = fmt::format("{} is {}, line protocol is {}\n", f.nameif, LineState(f, view), UpDown(view.link_up && !f.shutdown));
  Append(out, "  IPv6 is enabled, link-local address is {}\n", f.link_local.ToString());
  if (f.ipv6_autoconfig) out += "  Stateless address autoconfig enabled\n";
  if (f.ipv6.empty()) {
    out += "  No global unicast address is configured\n";
  } else {
    out += "  Global unicast address(es):\n";
    for (const InterfaceAddress6& own : f.ipv6) {
      Append(out, "    {}, subnet is {}{}\n", own.address.ToString(), PrefixText(Prefix::Of(own.address, own.prefix_length)),
             own.eui64 ? " [EUI]" : "");
    }
  }
  out += "  Joined group address(es):\n";
  for (const IpAddress& group : Groups(f)) Append(out, "    {}\n", group.ToString());
  Append(out, "  MTU is {} bytes\n  ICMP error messages limited to one every {} milliseconds\n", f.mtu, 1000 / std::max(1, policy.icmp6_error_rate));
  out += "  ICMP redirects are enabled\n";  // the kernel's
  const NeighbourDiscovery& nd = f.nd;
  const int attempts = nd.dad_attempts < 0 ? 1 : nd.dad_attempts;
  if (attempts == 0) {
    out += "  ND DAD is disabled\n";
  } else {
    Append(out, "  ND DAD is enabled, number of DAD attempts: {}\n", attempts);
  }
  Append(out, "  ND reachable time is {} milliseconds\n", nd.reachable_ms == 0 ? 30000 : nd.reachable_ms);
  if (nd.suppress_ra || f.ipv6_autoconfig) return out;
  Append(out, "  ND advertised reachable time is {} milliseconds\n", nd.reachable_ms);
  Append(out, "  ND advertised retransmit interval is {} milliseconds\n", nd.ns_interval_ms);
  Append(out, "  ND router advertisements are sent every {} seconds\n", nd.ra_interval_ms / 1000);
  Append(out, "  ND router advertisements live for {} seconds\n", nd.ra_lifetime_s);
  out += nd.managed ? "  Hosts use DHCP to obtain routable addresses.\n" : "  Hosts use stateless autoconfig for addresses.\n";
  if (nd.other) out += "  Hosts use DHCP to obtain other configuration.\n";
  return out;
}

std::string ShowIpv6Brief(const Interface& f, const InterfaceView& view) {
  std::string out = fmt::format("{} [{}/{}]\n", f.nameif, LineState(f, view), UpDown(view.link_up && !f.shutdown));
  if (!f.ipv6_enabled) return out + "    unassigned\n";
  Append(out, "    {}\n", f.link_local.ToString());
  for (const InterfaceAddress6& own : f.ipv6) Append(out, "    {}\n", own.address.ToString());
  return out;
}

namespace {

struct Entry {
  char code = 'S';
  Prefix to;
  int metric = 0;
  std::vector<std::string> ways;
};

void Add(std::vector<Entry>& table, char code, const Prefix& to, int metric, std::string way) {
  for (Entry& e : table) {
    if (e.code == code && e.to == to && e.metric == metric) {
      e.ways.push_back(std::move(way));
      return;
    }
  }
  table.push_back({code, to, metric, {std::move(way)}});
}

}  // namespace

std::string ShowIpv6Route(const Policy& policy) {
  std::vector<Entry> table;
  for (const auto& f : policy.interfaces) {
    if (!f || f->id == IfId::kIdentity || !f->InUse() || !f->ipv6_enabled) continue;
    const std::string on = "::, " + f->nameif;
    for (const InterfaceAddress6& own : f->ipv6) {
      Add(table, 'L', Prefix::Of(own.address, 128), 0, on);
      Add(table, 'C', Prefix::Of(own.address, own.prefix_length), 0, on);
    }
    Add(table, 'L', Prefix::Of(IpAddress::V6(0xfe80ull << 48, 0), 10), 0, on);
    Add(table, 'L', Prefix::Of(IpAddress::V6(0xff00ull << 48, 0), 8), 0, on);
  }
  for (const Route& r : policy.routes.routes()) {
    if (r.destination.IsV4() || r.source != Route::Source::kStatic) continue;
    const Interface* f = policy.Find(r.interface);
    const bool beaten = std::any_of(policy.routes.routes().begin(), policy.routes.routes().end(),
                                    [&](const Route& o) { return o.destination == r.destination && o.metric < r.metric; });
    if (f == nullptr || beaten) continue;
    Add(table, 'S', r.destination, r.metric, r.gateway.ToString() + ", " + f->nameif);
  }
  std::stable_sort(table.begin(), table.end(), [](const Entry& a, const Entry& b) {
    return a.to.address != b.to.address ? a.to.address < b.to.address : a.to.length > b.to.length;
  });
  std::string out = fmt::format("\nIPv6 Routing Table - {} entries\n{}", table.size(), kCodes);
  for (const Entry& e : table) {
    Append(out, "{}   {} [{}/0]\n", e.code, PrefixText(e.to), e.metric);
    for (const std::string& way : e.ways) Append(out, "     via {}\n", way);
  }
  return out;
}

std::string ShowIpv6Neighbors(const std::vector<NeighbourView>& neighbours) {
  std::string out = "IPv6 Address                              Age Link-layer Addr State Interface\n";
  for (const NeighbourView& n : neighbours) {
    const std::string age = n.is_static ? "-" : std::to_string(n.age_s / 60);
    Append(out, "{:<41} {:>3} {} {:>6} {}\n", n.address.ToString(), age, n.mac.ToString(), n.is_static ? "REACH" : n.state, n.interface);
  }
  return out;
}

}  // namespace sallyport
