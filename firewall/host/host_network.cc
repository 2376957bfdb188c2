#include "firewall/host/host_network.h"

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "firewall/base/bytes.h"
#include "firewall/host/netfilter_rules.h"
#include "firewall/host/proxy_arp.h"
#include "firewall/host/rtnetlink.h"
#include "firewall/host/sysctl.h"

namespace sallyport {

namespace {

constexpr std::uint32_t kLocalTable = RT_TABLE_LOCAL;

struct Sysctl {
  const char* name;  // below conf/LINK
  const char* value;
};
// Per link. rp_filter and accept_local: after NAT a packet's source is an address of our own, or one the kernel would look for
// elsewhere. addr_gen_mode 1: no link-local address, so that the kernel sends no IPv6 of its own.
// ignore_routes_with_linkdown: a route whose link carries nothing is none, as in our own table.
constexpr Sysctl kLinkV4[] = {{"rp_filter", "0"}, {"accept_local", "1"}, {"send_redirects", "0"}, {"accept_redirects", "0"},
                              {"ignore_routes_with_linkdown", "1"}};
// Links without IPv6 of ours get none; `ipv6 address autoconfig` listens to router advertisements though we forward (2), and
// takes addresses but no routes from them.
constexpr Sysctl kLinkV6[] = {{"addr_gen_mode", "1"}, {"accept_redirects", "0"}, {"accept_ra_defrtr", "0"}, {"accept_ra_rtr_pref", "0"},
                              {"accept_ra_mtu", "0"}, {"keep_addr_on_down", "1"},
                              {"ignore_routes_with_linkdown", "1"}};
// The kernel takes the stricter (rp_filter) or the looser (send_redirects) of the link's value and this one, so it must agree.
constexpr Sysctl kAllV4[] = {{"rp_filter", "0"}, {"send_redirects", "0"}};

// What the policy wants of the kernel; `up` are the links that routes can be had on now.
struct Wanted {
  std::vector<LinkAddress> addresses;
  std::vector<ArpEntry> neighbours;  // static ones
  std::set<KernelRoute> routes;
  std::set<MarkRule> rules;
};

// Addresses of IPv6 and the connected networks in the interface's own table; the kernel has those of its main table with the
// addresses. Learned addresses are the kernel's own already.
void WantIpv6(const Interface& f, bool up, Wanted& w) {
  if (!f.ipv6_enabled) return;
  const auto connect = [&](IpAddress own, int length) {
    if (!up) return;
    KernelRoute connected;
    connected.table = HostNetwork::kTableBase + static_cast<std::uint32_t>(f.id);
    connected.destination = Prefix::Of(own, length).address;
    connected.prefix_length = length;
    connected.link = f.linux_index;
    connected.metric = 256;  // as the kernel has its own; IPv6 knows no route without one
    w.routes.insert(connected);
  };
  if (!f.link_local.IsNone()) {
    w.addresses.push_back({f.linux_index, f.link_local, 64, HostNetwork::kProtocol, false});
    connect(f.link_local, 64);
  }
  for (const InterfaceAddress6& own : f.ipv6) {
    if (!own.autoconfigured) w.addresses.push_back({f.linux_index, own.address, own.prefix_length, HostNetwork::kProtocol, false});
    connect(own.address, own.prefix_length);
  }
}

// Is `a` on a network of the interface? An appliance looks for any gateway there.
bool IsConnected(const Interface& f, IpAddress a) {
  if (a.IsV4()) return !f.address.IsNone() && AddressRange::Of(Prefix::Of(f.address, f.prefix_length)).Contains(a);
  return a.IsV6LinkLocal() || std::any_of(f.ipv6.begin(), f.ipv6.end(), [a](const InterfaceAddress6& own) {
           return AddressRange::Of(Prefix::Of(own.address, own.prefix_length)).Contains(a);
         });
}

Wanted WantedBy(const Policy& policy, const std::set<int>& up) {
  Wanted w;
  const auto table_of = [](IfId id) { return HostNetwork::kTableBase + static_cast<std::uint32_t>(id); };
  for (const auto& f : policy.interfaces) {
    if (!f || f->linux_index <= 0 || !f->InUse()) continue;
    for (const bool v6 : {false, true}) {
      if (v6 && !f->ipv6_enabled) continue;
      w.rules.insert({v6, kMarkEgress | static_cast<std::uint32_t>(f->id), kMarkEgressMask, table_of(f->id), table_of(f->id)});
    }
    WantIpv6(*f, up.count(f->linux_index) != 0, w);
    if (!f->address.IsV4()) continue;
    w.addresses.push_back({f->linux_index, f->address, f->prefix_length, HostNetwork::kProtocol, false});
    if (f->cluster.IsV4() && !f->cluster.IsNone()) w.addresses.push_back({f->linux_index, f->cluster, 32, HostNetwork::kProtocol, false});
    if (up.count(f->linux_index) == 0) continue;
    KernelRoute connected;
    connected.table = table_of(f->id);
    connected.destination = Prefix::Of(f->address, f->prefix_length).address;
    connected.prefix_length = f->prefix_length;
    connected.link = f->linux_index;
    w.routes.insert(connected);
    for (const Prefix& p : ProxyArpPrefixes(policy, *f)) {
      KernelRoute local;
      local.table = kLocalTable;
      local.type = RTN_LOCAL;
      local.destination = p.address;
      local.prefix_length = p.FamilyLength();
      local.link = f->linux_index;
      w.routes.insert(local);
    }
  }
  for (const StaticArp& a : policy.bridge.static_arps) {
    const Interface* f = policy.Find(policy.Layer3(a.interface));
    if (f == nullptr || f->linux_index <= 0 || up.count(f->linux_index) == 0 || !f->address.IsV4()) continue;
    ArpEntry e;
    e.link_index = f->linux_index;
    e.address = a.address;
    StoreBe16(&e.mac.octets[0], static_cast<std::uint16_t>(a.mac >> 32));
    StoreBe32(&e.mac.octets[2], static_cast<std::uint32_t>(a.mac));
    e.permanent = true;
    w.neighbours.push_back(e);
  }
  for (const Route& route : policy.routes.routes()) {
    if (route.source != Route::Source::kStatic) continue;
    KernelRoute k;
    k.destination = route.destination.address;
    k.prefix_length = route.destination.FamilyLength();
    k.metric = route.metric;
    if (route.null0) {
      k.type = RTN_BLACKHOLE;
      w.routes.insert(k);
      continue;
    }
    const Interface* f = policy.Find(route.interface);
    if (f == nullptr || !f->InUse() || up.count(f->linux_index) == 0) continue;
    k.gateway = route.gateway;
    k.link = f->linux_index;
    k.onlink = !k.gateway.IsNone() && policy.routes.Ways(route) <= 1 && !IsConnected(*f, k.gateway);
    if (!k.gateway.IsNone() && policy.routes.Ways(route) > 1) {
      for (const Route& other : policy.routes.routes()) {
        if (other.destination == route.destination && other.metric == route.metric && other.interface == route.interface &&
            other.source == route.source && !other.gateway.IsNone()) {
          k.more_gateways.push_back(other.gateway);
        }
      }
      std::sort(k.more_gateways.begin(), k.more_gateways.end());
      k.gateway = k.more_gateways.front();
      k.more_gateways.erase(k.more_gateways.begin());
    }
    // Equal routes by several members of a traffic zone: the kernel's own table has the first of them, marks choose the others'.
    const bool another = std::any_of(w.routes.begin(), w.routes.end(), [&k](const KernelRoute& r) {
      return r.table == k.table && r.destination == k.destination && r.prefix_length == k.prefix_length && r.metric == k.metric && r.link != k.link;
    });
    if (!another) w.routes.insert(k);
    k.table = table_of(f->id);
    w.routes.insert(k);
  }
  return w;
}

}  // namespace

struct HostNetwork::Impl {
  Rtnetlink net;
  std::map<std::string, std::string> sysctls;  // what we changed -> what it was
  std::vector<int> vlans;                      // links that EnsureVlan made
  std::set<int> raised;                        // links that were up after an Apply, and not shut down since

  int changes = 0;
  std::string failures;

  explicit Impl(Rtnetlink n) : net(std::move(n)) {}

  void Begin() {
    changes = 0;
    failures.clear();
  }
  Result<int> End() const {
    if (!failures.empty()) return Error{failures};
    return changes;
  }
  bool Did(const Status& s, const std::string& what) {
    if (s) {
      changes++;
      return true;
    }
    const std::string failure = what + ": " + s.error();  // the same route stands in two tables
    if (failures.find(failure) == std::string::npos) failures += (failures.empty() ? "" : "; ") + failure;
    return false;
  }
  void Set(const std::string& name, const char* value) {
    const auto now = ReadSysctl(name);
    if (!now || *now == value) return;  // not in this kernel, or as it should be
    if (Did(WriteSysctl(name, value), "cannot set " + name)) sysctls.emplace(name, *now);
  }
  void SetSysctls(const std::string& link, const Interface& f) {
    const bool learns = f.InUse() && f.ipv6_autoconfig;
    const std::string v6 = "net/ipv6/conf/" + link + "/", neighbours = "net/ipv6/neigh/" + link + "/";
    if (f.ipv6_enabled) Set(v6 + "disable_ipv6", "0");
    Set(v6 + "accept_ra", learns ? "2" : "0");
    Set(v6 + "autoconf", learns ? "1" : "0");
    if (f.nd.dad_attempts >= 0) Set(v6 + "dad_transmits", std::to_string(f.nd.dad_attempts).c_str());
    if (f.nd.ns_interval_ms > 0) Set(neighbours + "retrans_time_ms", std::to_string(f.nd.ns_interval_ms).c_str());
    if (f.nd.reachable_ms > 0) Set(neighbours + "base_reachable_time_ms", std::to_string(f.nd.reachable_ms).c_str());

    for (const Sysctl& s : kLinkV4) Set("net/ipv4/conf/" + link + "/" + s.name, s.value);
    for (const Sysctl& s : kLinkV6) Set("net/ipv6/conf/" + link + "/" + s.name, s.value);
    for (const Sysctl& s : kAllV4) Set(std::string("net/ipv4/conf/all/") + s.name, s.value);
  }
  // A bridged link is ours alone: the kernel answers nobody's ARP there and sends no IPv6 of its own.
  void SetBridged(const std::string& link) {
    Set("net/ipv4/conf/" + link + "/arp_ignore", "8");
    Set("net/ipv6/conf/" + link + "/disable_ipv6", "1");
  }
  std::set<int> SetLinks(const Policy& policy, const std::vector<LinkInfo>& links);  // returns those that are up
  void SetAddresses(const Wanted& w);
  void SetRoutes(const Wanted& w, bool only_remove);
  void SetRules(const Wanted& w);
  void SetNeighbours(const Wanted& w);

  std::vector<ArpEntry> static_arps;  // that we have set
};

Result<std::unique_ptr<HostNetwork>> HostNetwork::Open() {
  auto net = Rtnetlink::Open();
  if (!net) return Error{net.error()};
  return std::unique_ptr<HostNetwork>(new HostNetwork(std::make_unique<Impl>(std::move(*net))));
}

HostNetwork::HostNetwork(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HostNetwork::~HostNetwork() = default;

Result<int> HostNetwork::IndexOf(const std::string& link) const {
  const unsigned index = if_nametoindex(link.c_str());
  if (index == 0) return Error{"link " + link + " does not exist"};
  return static_cast<int>(index);
}

Result<std::string> HostNetwork::EnsureVlan(const std::string& parent, int vlan) {
  const auto index = IndexOf(parent);
  if (!index) return Error{index.error()};
  const std::string name = parent + "." + std::to_string(vlan);
  if (name.size() > 15) return Error{"link " + name + ": the name is too long; map the subinterface to a link of its own"};
  if (if_nametoindex(name.c_str()) != 0) return name;
  if (Status s = impl_->net.MakeVlan(*index, name, vlan); !s) {
    if (s.error() == std::strerror(EOPNOTSUPP)) {
      return Error{"link " + name + ": this kernel has no VLAN devices (802.1Q); map the subinterface to a link of its own"};
    }
    return Error{"cannot make link " + name + ": " + s.error()};
  }
  impl_->vlans.push_back(static_cast<int>(if_nametoindex(name.c_str())));
  return name;
}

Result<int> HostNetwork::EnsurePort(const std::string& name) {
  const std::string other = name + "-br";
  if (if_nametoindex(other.c_str()) == 0) {
    if (Status s = impl_->net.MakePair(name, other); !s) return Error{"cannot make link " + name + ": " + s.error()};
    impl_->vlans.push_back(static_cast<int>(if_nametoindex(name.c_str())));  // the other end goes with it
  }
  const int index = static_cast<int>(if_nametoindex(other.c_str()));
  impl_->Begin();
  impl_->SetBridged(other);
  impl_->Did(impl_->net.SetLink(index, true), "link " + other);
  if (const auto done = impl_->End(); !done) return Error{done.error()};
  return index;
}

std::set<int> HostNetwork::Impl::SetLinks(const Policy& policy, const std::vector<LinkInfo>& links) {
  std::set<int> up;
  for (const auto& f : policy.interfaces) {
    if (!f || f->linux_index <= 0) continue;
    const auto link = std::find_if(links.begin(), links.end(), [&f](const LinkInfo& l) { return l.index == f->linux_index; });
    if (link == links.end()) {
      failures += (failures.empty() ? "" : "; ") + f->hardware + ": its link is gone";
      continue;
    }
    SetSysctls(link->name, *f);
    if (f->bridge.group != 0) SetBridged(link->name);
    const std::string name = f->hardware + " (link " + link->name + ")";
    if (link->mtu != f->mtu) Did(net.SetMtu(link->index, f->mtu), name + ": MTU " + std::to_string(f->mtu));
    bool is_up = link->up;
    if (f->shutdown) {
      raised.erase(link->index);
      if (is_up && Did(net.SetLink(link->index, false), name + ": shutdown")) is_up = false;
    } else {
      if (!is_up && raised.count(link->index) == 0) is_up = Did(net.SetLink(link->index, true), name + ": no shutdown");
      if (is_up) raised.insert(link->index);
    }
    if (is_up) up.insert(link->index);
  }
  return up;
}

void HostNetwork::Impl::SetAddresses(const Wanted& w) {
  const auto now = net.Addresses();
  if (!now) {
    failures += now.error();
    return;
  }
  const auto same = [](const LinkAddress& a, const LinkAddress& b) {
    return a.link == b.link && a.address == b.address && a.prefix_length == b.prefix_length;
  };
  const auto in = [&same](const std::vector<LinkAddress>& list, const LinkAddress& a) {
    return std::any_of(list.begin(), list.end(), [&](const LinkAddress& b) { return same(a, b); });
  };
  const auto text = [](const LinkAddress& a) {
    char name[IF_NAMESIZE] = "?";
    if_indextoname(static_cast<unsigned>(a.link), name);
    return "link " + std::string(name) + ": address " + a.address.ToString() + "/" + std::to_string(a.prefix_length);
  };
  for (const LinkAddress& a : *now) {
    if (a.protocol == kProtocol && !in(w.addresses, a)) Did(net.ChangeAddress(false, a), text(a));
  }
  for (const LinkAddress& a : w.addresses) {
    if (!in(*now, a)) Did(net.ChangeAddress(true, a), text(a));
  }
}

void HostNetwork::Impl::SetRoutes(const Wanted& w, bool only_remove) {
  const auto now = net.Routes(kProtocol);
  if (!now) {
    failures += now.error();
    return;
  }
  for (const KernelRoute& r : *now) {
    if (w.routes.count(r) != 0) continue;
    const Status s = net.ChangeRoute(false, r, kProtocol);
    if (!s && s.error() == std::strerror(ESRCH)) continue;  // went with another
    Did(s, "route " + r.ToString());
  }
  if (only_remove) return;
  // A gateway must be on the link before a route through it: directly connected ones first, as the set has it by address.
  for (const bool through_gateway : {false, true}) {
    for (const KernelRoute& r : w.routes) {
      if (r.gateway.IsNone() == through_gateway || std::find(now->begin(), now->end(), r) != now->end()) continue;
      Did(net.ChangeRoute(true, r, kProtocol), "route " + r.ToString());
    }
  }
}

void HostNetwork::Impl::SetRules(const Wanted& w) {
  const auto now = net.Rules(kProtocol);
  if (!now) {
    failures += now.error();
    return;
  }
  for (const MarkRule& r : *now) {
    if (w.rules.count(r) == 0) Did(net.ChangeRule(false, r, kProtocol), "routing rule " + std::to_string(r.preference));
  }
  for (const MarkRule& r : w.rules) {
    if (std::find(now->begin(), now->end(), r) == now->end()) {
      Did(net.ChangeRule(true, r, kProtocol), "routing rule " + std::to_string(r.preference));
    }
  }
}

void HostNetwork::Impl::SetNeighbours(const Wanted& w) {
  const auto same = [](const ArpEntry& a, const ArpEntry& b) {
    return a.link_index == b.link_index && a.address == b.address && a.mac.octets == b.mac.octets;
  };
  const auto in = [&same](const std::vector<ArpEntry>& list, const ArpEntry& e) {
    return std::any_of(list.begin(), list.end(), [&](const ArpEntry& x) { return same(x, e); });
  };
  for (const ArpEntry& e : static_arps) {
    if (in(w.neighbours, e)) continue;
    const Status gone = net.DeleteNeighbour(e);
    if (gone || gone.error() == std::strerror(ENOENT) || gone.error() == std::strerror(ENODEV)) continue;  // went with its link
    Did(gone, "neighbour " + e.address.ToString());
  }
  static_arps = w.neighbours;
  if (static_arps.empty()) return;
  const auto now = net.Neighbours();
  if (!now) {
    failures += now.error();
    return;
  }
  for (const ArpEntry& e : static_arps) {
    const bool there = std::any_of(now->begin(), now->end(), [&](const ArpEntry& x) { return x.permanent && same(x, e); });
    if (!there) Did(net.SetNeighbour(e), "neighbour " + e.address.ToString());
  }
}

Result<int> HostNetwork::Apply(const Policy& policy) {
  impl_->Begin();
  const auto links = impl_->net.Links();
  if (!links) return Error{links.error()};
  const Wanted wanted = WantedBy(policy, impl_->SetLinks(policy, *links));
  impl_->SetRoutes(wanted, true);  // what is obsolete might stand in the way of an address
  impl_->SetAddresses(wanted);
  impl_->SetRoutes(wanted, false);
  impl_->SetRules(wanted);
  impl_->SetNeighbours(wanted);
  return impl_->End();
}

void HostNetwork::Forget(const std::set<int>& deleted) {
  for (const int index : deleted) impl_->raised.erase(index);
}

Result<int> HostNetwork::Restore() {
  impl_->Begin();
  const Wanted nothing;
  impl_->SetRules(nothing);
  impl_->SetNeighbours(nothing);
  impl_->SetRoutes(nothing, true);
  impl_->SetAddresses(nothing);
  for (int link : impl_->vlans) {
    char name[IF_NAMESIZE];
    if (if_indextoname(static_cast<unsigned>(link), name) == nullptr) continue;
    impl_->Did(impl_->net.DeleteLink(link), std::string("link ") + name);
  }
  impl_->vlans.clear();
  for (const auto& [name, value] : impl_->sysctls) {
    if (!ReadSysctl(name)) continue;  // went with its link
    impl_->Did(WriteSysctl(name, value), "cannot set " + name);
  }
  impl_->sysctls.clear();
  impl_->raised.clear();
  return impl_->End();
}

Result<std::vector<LinkInfo>> HostNetwork::Links() const {
  auto links = impl_->net.Links();
  if (!links) return links;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (LinkInfo& l : *links) {
    ifreq r{};
    std::strncpy(r.ifr_name, l.name.c_str(), IFNAMSIZ - 1);
    ethtool_drvinfo driver{};  // virtual links have no device under /sys, but they answer this
    driver.cmd = ETHTOOL_GDRVINFO;
    r.ifr_data = reinterpret_cast<char*>(&driver);
    if (ioctl(fd, SIOCETHTOOL, &r) == 0) l.driver.assign(driver.driver, strnlen(driver.driver, sizeof driver.driver));
    ethtool_cmd c{};
    c.cmd = ETHTOOL_GSET;
    r.ifr_data = reinterpret_cast<char*>(&c);
    if (ioctl(fd, SIOCETHTOOL, &r) != 0) continue;
    const std::uint32_t speed = ethtool_cmd_speed(&c);
    if (speed != 0 && speed != static_cast<std::uint32_t>(SPEED_UNKNOWN)) l.speed_mbps = static_cast<int>(speed);
    l.full_duplex = c.duplex != DUPLEX_HALF;
  }
  if (fd >= 0) close(fd);
  return links;
}

Result<std::vector<HostNetwork::LearnedAddress>> HostNetwork::Learned(int link_index) const {
  const auto all = impl_->net.Addresses();
  if (!all) return Error{all.error()};
  std::vector<LearnedAddress> learned;
  for (const LinkAddress& a : *all) {
    if (a.link == link_index && a.learned && !a.address.IsV6LinkLocal()) learned.push_back({a.address, a.prefix_length});
  }
  return learned;
}

Result<std::vector<ArpEntry>> HostNetwork::Arp(const std::vector<int>& link_indexes, bool v6) const {
  auto all = impl_->net.Neighbours(v6);
  if (!all || link_indexes.empty()) return all;
  std::erase_if(*all, [&link_indexes](const ArpEntry& e) {
    return std::find(link_indexes.begin(), link_indexes.end(), e.link_index) == link_indexes.end();
  });
  return all;
}

Result<int> HostNetwork::ClearArp(const std::vector<int>& link_indexes, bool v6) {
  const auto all = Arp(link_indexes, v6);
  if (!all) return Error{all.error()};
  impl_->Begin();
  for (const ArpEntry& e : *all) {
    if (!e.permanent) impl_->Did(impl_->net.DeleteNeighbour(e), "neighbour " + e.address.ToString());
  }
  return impl_->End();
}

}  // namespace sallyport
