#include "cli/show_names.h"

#include "cli/show_text.h"

namespace sallyport {

std::string ShowNames(const std::vector<NameView>& names) {
  std::string out;
  for (const NameView& n : names) {
    Append(out, "name {} {}{}\n", n.address.ToString(), n.name, n.description.empty() ? "" : " description " + n.description);
  }
  return out;
}

std::string ShowObjectGroups(const std::vector<ObjectGroupView>& groups) {
  std::string out;
  for (const ObjectGroupView& g : groups) {
    Append(out, "object-group {} {}{}\n", g.type, g.name, g.tail);
    if (!g.description.empty()) Append(out, " description: {}\n", g.description);
    for (const std::string& m : g.members) Append(out, " {}\n", m);
  }
  return out;
}

std::string ShowLocalPool(const LocalPoolView& pool) {
  std::string out = "Begin           End             Mask            Free     Held     In use\n";
  Append(out, "{:<15} {:<15} {:<15} {:>5} {:>8} {:>8}\n", pool.first.ToString(), pool.last.ToString(), pool.mask.ToString(),
         pool.available.size(), pool.held, pool.in_use.size());
  const auto list = [&](const char* heading, const std::vector<IpAddress>& addresses) {
    if (addresses.empty()) return;
    Append(out, "\n{} Addresses:\n", heading);
    for (const IpAddress& a : addresses) Append(out, "{}\n", a.ToString());
  };
  list("Available", pool.available);
  list("In Use", pool.in_use);
  return out;
}

std::string ShowPortChannels(const std::vector<PortChannelView>& channels, std::size_t in_use) {
  std::string out =
      "Flags:  D - down        P - bundled in port-channel\n"
      "        I - stand-alone s - suspended\n"
      "        H - Hot-standby (LACP only)\n"
      "        U - in use      N - not in use, no aggregation/nameif\n"
      "        M - not in use, no aggregation due to minimum links not met\n"
      "        w - waiting to be aggregated\n";
  Append(out, "Number of channel-groups in use: {}\n", in_use);
  out +=
      "Group  Port-channel  Protocol  Span-cluster  Ports\n"
      "------+-------------+---------+------------+------------------------------------\n";
  for (const PortChannelView& c : channels) {
    std::string ports;
    for (const auto& m : c.members) Append(ports, "{}{}({})", ports.empty() ? "" : "   ", m.name, m.state);
    Append(out, "{:<7}{:<14}{:>8}{:>12}     {}\n", c.group, fmt::format("Po{}({})", c.group, c.state), c.protocol,
           c.spans_cluster ? "Yes" : "No", ports);
  }
  return out;
}

}  // namespace sallyport
