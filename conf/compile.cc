// From lines to the policy snapshot: interfaces, routes, timers, the box itself.
#include "conf/acl_size.h"
#include "conf/compile.h"

#include <set>
#include <variant>

#include "conf/compile_qos.h"
#include "conf/configuration_impl.h"
#include "conf/field_line.h"
#include "conf/lines.h"
#include "vpn/policy.h"

namespace sallyport {
namespace {

Status Interfaces(const LineTree& tree, Policy& p, std::map<std::string, IfId>& ids, std::uint8_t& next, const std::map<std::string, int>& links) {
  p.interfaces.resize(1);
  Interface identity;
  identity.id = IfId::kIdentity;
  identity.nameif = identity.hardware = "identity";
  identity.name = InternName("identity");
  identity.security_level = 100;
  p.interfaces[0] = identity;
  std::map<std::string, int> mtus;
  for (const auto* m : tree.All<MtuLine>(Section::kMtu)) mtus[m->interface] = m->bytes.value_or(1500);
  for (const auto& l : tree.Of(Section::kInterface)) {
    const auto* hw = l->As<InterfaceLine>();
    if (hw == nullptr) continue;
    auto [it, fresh] = ids.try_emplace(hw->hardware.text, IfId{next});
    if (fresh && next++ >= kMaxInterfaces) return Error{"more than " + std::to_string(kMaxInterfaces) + " interfaces"};
    Interface i;
    i.id = it->second;
    i.hardware = hw->hardware.text;
    i.virtual_tunnel = i.hardware.starts_with("Tunnel");
    if (const auto* n = l->First<NameifLine>()) {
      i.nameif = n->name;
      i.name = InternName(n->name);
      if (const auto m = mtus.find(n->name); m != mtus.end()) i.mtu = m->second;
    }
    if (const auto* s = l->First<SecurityLevelLine>()) i.security_level = s->level.value_or(0);
    if (const auto* a = l->First<IpAddressLine>(); a != nullptr && !a->dhcp) {
      i.address = a->address.address;
      i.prefix_length = a->mask ? a->mask->length() : 32;
    }
    CompileIpv6(*l, i);
    i.shutdown = l->First<ShutdownLine>() != nullptr;
    i.management_only = l->First<ManagementOnlyLine>() != nullptr;
    if (const auto link = links.find(i.hardware); link != links.end()) i.linux_index = link->second;
    const auto index = static_cast<std::size_t>(i.id);
    if (p.interfaces.size() <= index) p.interfaces.resize(index + 1);
    p.interfaces[index] = std::move(i);
  }
  return {};
}

void Routes(const LineTree& tree, Policy& p, const std::set<int>& tracks_up) {
  std::vector<Route> routes;
  for (const auto& i : p.interfaces) {
    if (!i || i->id == IfId::kIdentity || !i->HasRoutes() || i->address.IsNone()) continue;
    Route r;
    r.destination = Prefix::Of(i->address, i->prefix_length);
    r.interface = i->id;
    r.metric = 0;
    r.source = Route::Source::kConnected;
    routes.push_back(r);
    if (p.personality.local_routes && i->prefix_length < 32) {
      r.destination = Prefix::Of(i->address, 32);
      r.source = Route::Source::kLocal;
      routes.push_back(r);
    }
  }
  for (const auto* l : tree.All<RouteLine>(Section::kRoute)) {
    if (l->tunneled || !l->mask || (l->track && tracks_up.count(*l->track) == 0)) continue;
    Route r;
    r.destination = Prefix::Of(l->destination.address, l->mask->length());
    r.metric = static_cast<std::uint8_t>(l->metric.value_or(1));
    r.gateway = l->gateway.address;
    if (l->interface == "Null0") {
      r.null0 = true;
      r.gateway = {};
    } else {
      const Interface* i = p.FindByName(l->interface);
      if (i == nullptr || !i->HasRoutes()) continue;
      r.interface = i->id;
    }
    routes.push_back(r);
  }
  CompileIpv6Routes(tree, p, routes);
  p.routes = RouteTable(std::move(routes));
}

void Timers(const LineTree& tree, Policy& p) {
  const std::map<std::string, Duration Timeouts::*, std::less<>> known = {
      {"xlate", &Timeouts::xlate}, {"pat-xlate", &Timeouts::pat_xlate}, {"conn", &Timeouts::conn}, {"half-closed", &Timeouts::half_closed},
      {"tcp-proxy-reassembly", &Timeouts::tcp_proxy_reassembly},
      {"udp", &Timeouts::udp},     {"sctp", &Timeouts::sctp},       {"icmp", &Timeouts::icmp},         {"floating-conn", &Timeouts::floating_conn}};
  constexpr int kConnHolddown = 907;  // the first release that has it
  if (p.personality.release >= kConnHolddown) p.timeouts.conn_holddown = Duration::Seconds(15);
  for (const auto* l : tree.All<TimeoutLine>(Section::kTimeout)) {
    for (const TimeoutEntry& e : l->entries) {
      if (const auto it = known.find(e.name); it != known.end()) p.timeouts.*it->second = Duration::Seconds(e.time.seconds);
      if (e.name == "conn-holddown") p.timeouts.conn_holddown = Duration::Seconds(e.time.seconds);
    }
  }
}

// threat-detection statistics [tcp-intercept [rate-interval N] [burst-rate N] [average-rate N]]
void InterceptStatistics(const LineTree& tree, Policy& p) {
  InterceptStatsSettings& s = p.tcp_intercept_stats;
  for (const auto& l : tree.Of(Section::kThreat)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || (l->key != "threat-detection statistics" && l->key != "threat-detection statistics tcp-intercept")) continue;
    s.enabled = true;
    s.interval_minutes = static_cast<std::uint32_t>(f->Int("interval").value_or(s.interval_minutes));
    s.burst_rate = static_cast<std::uint32_t>(f->Int("burst").value_or(s.burst_rate));
    s.average_rate = static_cast<std::uint32_t>(f->Int("average").value_or(s.average_rate));
  }
}

template <typename L>
void Management(const LineTree& tree, Section section, ManagementRule::Service service, Policy& p) {
  for (const auto* l : tree.All<L>(section)) {
    const Interface* i = p.FindByName(l->interface);
    if (i == nullptr) continue;
    const Prefix from = l->prefix6 == Ipv6Prefix{} ? Prefix::Of(l->address.address, l->mask.length()) : Prefix::Of(l->prefix6.address, l->prefix6.length);
    p.management.push_back({service, i->id, from});
  }
}

void TheBox(const LineTree& tree, Policy& p) {
  using Service = ManagementRule::Service;
  Management<SshAccess>(tree, Section::kSsh, Service::kSsh, p);
  Management<TelnetAccess>(tree, Section::kTelnet, Service::kTelnet, p);
  if (const auto* server = tree.First<HttpServer>(Section::kHttp)) {  // `http` lines open nothing while the server is off
    Management<HttpAccess>(tree, Section::kHttp, Service::kHttp, p);
    p.http_port = static_cast<std::uint16_t>(server->port.value_or(443));
  }
  for (const auto& l : tree.Of(Section::kManagementAccess)) {
    const auto* f = l->As<FieldLine>();
    const Interface* i = f != nullptr ? p.FindByName(f->Get("interface")) : nullptr;
    if (i != nullptr) p.management_access = i->id;
  }
  for (const auto* l : tree.All<IcmpLine>(Section::kIcmp)) {
    const Interface* i = p.FindByName(l->interface);
    if (i == nullptr) continue;
    IcmpRule r;
    r.interface = i->id;
    r.permit = l->permit;
    r.type = l->type ? static_cast<std::int16_t>(*l->type) : std::int16_t{-1};
    switch (l->from.kind) {
      case AddressSpec::Kind::kHost: r.from = Prefix::Of(l->from.address.address, l->from.address.address.IsV4() ? 32 : 128); break;
      case AddressSpec::Kind::kSubnet: r.from = Prefix::Of(l->from.address.address, l->from.mask.length()); break;
      case AddressSpec::Kind::kPrefix6: r.from = Prefix::Of(l->from.address.address, l->from.prefix6); break;
      default: r.from = Prefix::AnyV4();
    }
    p.icmp.push_back(r);
  }
  if (const auto* u = tree.First<IcmpUnreachableLine>(Section::kIcmp)) {
    p.icmp_unreachable_rate = u->rate.value_or(1);
  }
}

}  // namespace

// Pools that some group, policy or user names.
static std::vector<AddressRange> PoolsInUse(const VpnPolicy& vpn) {
  std::set<std::string> named;
  const auto add = [&named](const std::vector<std::string>& names) { named.insert(names.begin(), names.end()); };
  for (const auto& [name, group] : vpn.groups) add(group.address_pools);
  for (const auto& [name, policy] : vpn.group_policies) add(policy.address_pools);
  for (const auto& [name, user] : vpn.users) {
    if (user.address_pools) add(*user.address_pools);
  }
  std::vector<AddressRange> ranges;
  for (const auto& [name, pool] : vpn.pools) {
    if (named.contains(name)) ranges.push_back(pool.range);
  }
  return ranges;
}

Result<std::shared_ptr<const Policy>> Configuration::Compile(const Policy* previous) const {
  const LineTree& tree = impl_->tree;
  auto p = std::make_shared<Policy>();
  p->personality = impl_->personality;
  if (const auto* h = tree.First<HostnameLine>(Section::kHostname)) p->hostname = h->name;
  if (Status s = Interfaces(tree, *p, impl_->interface_ids, impl_->next_interface, impl_->links); !s.ok()) return Error{s.error()};

  CompileZones(tree, *p);
  CompileBridge(tree, *p, impl_->interface_ids, impl_->next_interface);
  for (auto& i : p->interfaces) {
    if (i) i->no_carrier = impl_->lines_down.contains(i->hardware);
  }

  Resolver::InterfaceAddresses addresses;
  for (const auto& i : p->interfaces) {
    if (!i || i->nameif.empty()) continue;
    const Interface& own = p->Layer3(*i);  // `interface` of a bridge group's member is the BVI's address
    addresses[i->nameif] = {own.address, own.ipv6.empty() ? own.link_local : own.ipv6.front().address};
  }
  using AnyMeans = Resolver::AnyMeans;
  const Resolver resolver(tree, p->personality.any4_keyword ? AnyMeans::kBoth : AnyMeans::kV4, addresses, &impl_->resolved);
  const Resolver resolver6(tree, AnyMeans::kV6, std::move(addresses), &impl_->resolved);
  p->time_ranges = CompileTimeRanges(tree);
  for (const auto& l : tree.Of(Section::kGroupSearch)) {
    const auto* f = l->As<FieldLine>();
    if (f != nullptr && l->text.starts_with("access-list deny-flow-max ")) p->acl_deny_flow_max = static_cast<std::uint32_t>(f->Int("n").value_or(4096));
    if (f != nullptr && l->text.starts_with("access-list alert-interval ")) {
      p->acl_alert_interval_s = static_cast<std::uint32_t>(f->Int("seconds").value_or(300));
    }
  }
  if (AclSize(tree).OfAllLists() > kMaxAclElements) {
    return Error{"access-list config limit reached: more than " + std::to_string(kMaxAclElements) + " elements; what was in force stays"};
  }
  const bool search_groups = tree.Find(Section::kGroupSearch, "object-group-search access-control") != nullptr;
  for (const auto& l : tree.Of(Section::kAccessList)) {
    p->access_list_order.push_back(l->key);
    if (IsEtherList(*l)) {
      const auto it = previous != nullptr ? previous->ether_lists.find(l->key) : p->ether_lists.end();
      p->ether_lists[l->key] = CompileEtherList(*l, previous != nullptr && it != previous->ether_lists.end() ? it->second.get() : nullptr);
      continue;
    }
    const AccessList* before = nullptr;
    if (previous != nullptr) {
      const auto it = previous->access_lists.find(l->key);
      if (it != previous->access_lists.end()) before = it->second.get();
    }
    p->access_lists[l->key] = CompileAccessList(*l, resolver, p->time_ranges, before, search_groups);
  }
  for (const auto* g : tree.All<AccessGroupLine>(Section::kAccessGroup)) {
    if (const auto ether = p->ether_lists.find(g->list); ether != p->ether_lists.end()) {
      for (auto& i : p->interfaces) {
        if (i && i->nameif == g->interface) (g->direction == AccessGroupLine::Direction::kIn ? i->ether_in : i->ether_out) = ether->second;
      }
      continue;
    }
    const auto list = p->access_lists.find(g->list);
    if (list == p->access_lists.end()) continue;
    if (g->direction == AccessGroupLine::Direction::kGlobal) {
      p->access_global = list->second;
      continue;
    }
    for (auto& i : p->interfaces) {
      if (!i || i->nameif != g->interface) continue;
      if (g->control_plane) i->access_control_plane = list->second;
      else (g->direction == AccessGroupLine::Direction::kIn ? i->access_in : i->access_out) = list->second;
    }
  }
  CompileIpv6Lists(tree, resolver6, *p, previous);
  for (const auto* l : tree.All<FieldLine>(Section::kSysopt)) {
    for (auto& i : p->interfaces) {
      if (i && !i->nameif.empty() && i->nameif == l->Get("interface")) i->proxy_arp = false;
    }
  }
  p->nat = CompileNat(tree, *p, resolver, {impl_->nat_ids, impl_->next_nat}, previous);
  Routes(tree, *p, impl_->tracks_up);
  CompileVerify(tree, *p);
  Timers(tree, *p);
  for (const auto* l : tree.All<TcpMssLine>(Section::kSysopt)) {
    (l->minimum ? p->sysopt.tcpmss_minimum : p->sysopt.tcpmss) = static_cast<std::uint16_t>(l->bytes.value_or(0));
  }
  CompileVpnSysopt(tree, *p);
  p->sysopt.timewait = tree.First<TimewaitLine>(Section::kSysopt) != nullptr;
  for (const auto* l : tree.All<SameSecurityLine>(Section::kSameSecurity)) {
    (l->which == "inter-interface" ? p->same_security_inter : p->same_security_intra) = true;
  }
  for (const auto* l : tree.All<ServiceResetLine>(Section::kService)) {
    if (!l->interface.empty()) {
      const Interface* on = p->FindByName(l->interface);
      if (on != nullptr) (l->which == "resetinbound" ? p->reset_inbound_on : p->reset_outbound_on).push_back(on->id);
      continue;
    }
    if (l->which == "resetinbound") p->reset_inbound = true;
    if (l->which == "resetoutside") p->reset_outside = true;
  }
  const Line* guard = tree.Find(Section::kNames, "dns-guard");
  p->dns_guard = guard == nullptr || guard->As<std::monostate>() == nullptr;  // a kept `no` has no fields
  p->reset_outbound = tree.Find(Section::kService, "no service resetoutbound") == nullptr;
  p->service = CompileServicePolicies(tree, *p, {impl_->class_ids, impl_->next_class});
  InheritInspectCounters(p->service, previous);
  p->threats = CompileThreats(tree, resolver, p->personality.release);
  p->priority_queues = CompilePriorityQueues(tree, *p);
  InterceptStatistics(tree, *p);
  TheBox(tree, *p);
  CompileIpv6Icmp(tree, *p);
  if (const auto vpn = CompileVpn(tree, impl_->names, *p, {impl_->vpn_ids, impl_->next_vpn})) {
    CompileReverseRoutes(*vpn, impl_->vpn_routes, *p);
    if (impl_->vpn_client) CompileClientTranslation(*vpn, *impl_->vpn_client, {impl_->nat_ids, impl_->next_nat}, previous, *p);
    p->user_pools = PoolsInUse(*vpn);
    const SslPolicy::Balancing& b = vpn->ssl.balancing;
    for (auto& f : p->interfaces) {
      if (f && impl_->cluster_master && b.participate && f->id == b.outside) f->cluster = b.cluster;
    }
    p->tunnels = vpn;
  }
  return std::shared_ptr<const Policy>(std::move(p));
}

void Configuration::LinesDown(std::set<std::string> hardware) { impl_->lines_down = std::move(hardware); }

void Configuration::VpnClientHas(std::optional<VpnClientAddress> address) { impl_->vpn_client = std::move(address); }

void Configuration::ClusterMaster(bool master) { impl_->cluster_master = master; }

void Configuration::VpnRoutes(std::vector<Route> routes) { impl_->vpn_routes = std::move(routes); }

void Configuration::MapLink(const std::string& hardware, int linux_index) { impl_->links[hardware] = linux_index; }

}  // namespace sallyport
