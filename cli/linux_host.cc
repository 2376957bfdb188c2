#include "cli/linux_host.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "vpn/policy.h"

namespace sallyport {

Result<std::unique_ptr<LinuxHost>> LinuxHost::Open(Options options, Engine& engine, SystemClock& clock) {
  auto network = HostNetwork::Open();
  if (!network) return Error{network.error()};
  // Listens before anything is looked up, so that no change is missed.
  auto monitor = LinkMonitor::Open();
  if (!monitor) return Error{monitor.error()};
  for (const LinkMap::Entry& e : options.links.entries()) {
    if (const auto index = (*network)->IndexOf(e.link); !index) return Error{e.hardware + ": " + index.error()};
  }
  Nfqueue::Options queue_options;
  queue_options.base = options.queue;
  auto queue = Nfqueue::Open(queue_options);
  if (!queue) return Error{queue.error()};
  return std::unique_ptr<LinuxHost>(new LinuxHost(std::move(options), engine, clock, std::move(*queue), std::move(*network),
                                                  std::move(*monitor)));
}

LinuxHost::LinuxHost(Options options, Engine& engine, SystemClock& clock, std::unique_ptr<Nfqueue> queue,
                     std::unique_ptr<HostNetwork> network, LinkMonitor monitor)
    : options_(std::move(options)),
      queue_(std::move(queue)),
      network_(std::move(network)),
      monitor_(std::move(monitor)),
      thread_(engine, *queue_, clock),
      rules_(options_.queue) {
  for (const LinkMap::Entry& e : options_.links.entries()) ours_.insert(e.link);
}

LinuxHost::~LinuxHost() { Stop(); }

Status LinuxHost::InstallRules(const Policy& policy) {
  std::set<std::string> links;
  for (const LinkMap::Entry& e : options_.links.entries()) links.insert(e.link);
  const auto all = network_->Links();
  for (const auto& f : policy.interfaces) {
    if (!f || f->linux_index == 0 || !all) continue;
    for (const LinkInfo& l : *all) {
      if (l.index == f->linux_index) links.insert(l.name);
    }
  }
  if (links == ruled_) return {};
  if (Status installed = rules_.Install({links.begin(), links.end()}); !installed) return installed;
  ruled_ = std::move(links);
  return {};
}

Status LinuxHost::Start() {
  // The mapped links are closed before the first policy opens anything.
  if (Status installed = InstallRules(Policy{}); !installed) return installed;
  started_ = true;
  return thread_.Start();
}

void LinuxHost::Stop() {
  if (!started_) return;
  started_ = false;
  thread_.Stop();
  injector_.Close();
  // Addresses and routes go first: while the rules stand nothing passes.
  const auto restored = network_->Restore();
  if (!restored) fprintf(stderr, "sallyportd: %s\n", restored.error().c_str());
  if (const Status removed = rules_.Remove(); !removed) fprintf(stderr, "sallyportd: %s\n", removed.error().c_str());
}

bool LinuxHost::LinksChanged() {
  const LinkMonitor::News news = monitor_.Take();
  network_->Forget(news.deleted);
  return news.all || std::any_of(news.links.begin(), news.links.end(), [this](const std::string& l) { return ours_.count(l) != 0; });
}

void LinuxHost::OnEngine(const std::function<void()>& f) {
  thread_.Ask([&f] { f(); });
}

void LinuxHost::AdvanceClock(Duration by) { thread_.AdvanceClock(by); }

Status LinuxHost::Use(const std::shared_ptr<Policy>& policy, const std::map<std::string, int>& vlans) {
  std::string problems;
  const auto problem = [&](const std::string& text) { problems += (problems.empty() ? "" : "; ") + text; };
  for (auto& f : policy->interfaces) {
    if (!f || f->id == IfId::kIdentity) continue;
    f->linux_index = 0;  // what it was may be gone
    std::string link = options_.links.LinkFor(f->hardware);
    if (f->bvi && link.empty()) {
      const auto port = network_->EnsurePort(f->hardware);
      if (!port) {
        problem(port.error());
        continue;
      }
      link = f->hardware;
      for (BridgeGroup& g : policy->bridge.groups) {
        if (g.bvi == f->id) g.port_index = *port;
      }
      if (const auto all = network_->Links()) {
        for (const LinkInfo& l : *all) {
          if (l.name == link) f->mac = l.mac;
        }
      }
    }
    if (f->virtual_tunnel && link.empty()) {
      // The kernel routes what the appliance itself says by it; nothing ever leaves there.
      if (const auto port = network_->EnsurePort(f->hardware)) link = f->hardware;
      else problem(port.error());
    }
    const std::string_view parent = LinkMap::ParentOf(f->hardware);
    if (link.empty() && !parent.empty() && !f->nameif.empty()) {
      const std::string& parent_link = options_.links.LinkFor(parent);
      if (!parent_link.empty()) {
        const auto vlan = vlans.find(f->hardware);
        auto made = vlan != vlans.end() ? network_->EnsureVlan(parent_link, vlan->second)
                                        : Result<std::string>(Error{f->hardware + " has no vlan"});
        if (made) {
          link = *made;
        } else {
          problem(made.error());
        }
      }
    }
    if (link.empty()) {
      if (f->InUse()) problem("no link is mapped to " + f->hardware);
      continue;
    }
    ours_.insert(link);
    const auto index = network_->IndexOf(link);
    if (index) {
      f->linux_index = *index;
    } else {
      problem(index.error());
    }
  }
  TakeIpv6(*policy);
  UseTunnelPorts(*policy);
  if (started_ && policy->tunnels != nullptr && !injector_tried_) {
    injector_tried_ = true;
    if (const Status opened = injector_.Open(options_.queue); opened) {
      rules_.Inject(TcpInjector::LinkOf(options_.queue));
      ruled_.clear();
      thread_.UseInjector(&injector_);
    } else {
      problem(opened.error());  // it goes on, only slower
    }
  }
  if (started_) {
    if (const Status installed = InstallRules(*policy); !installed) problem(installed.error());
  }
  // The kernel first: an address must be there before the engine lets packets for it in.
  const auto applied = network_->Apply(*policy);
  if (!applied) problem(applied.error());
  thread_.SetPolicy(policy);
  if (!problems.empty()) return Error{problems};
  return {};
}

// Ports that tunnels leave from, and whether those of ESP are theirs at all.
void LinuxHost::UseTunnelPorts(const Policy& policy) {
  const auto* vpn = dynamic_cast<const VpnPolicy*>(policy.tunnels.get());
  const bool ike = vpn != nullptr && std::any_of(vpn->ike.begin(), vpn->ike.end(), [](const auto& on) { return on.second.v1 || on.second.v2; });
  if (std::exchange(nat_t_, ike) != ike) ruled_.clear();
  rules_.MergeNatT(ike);
  std::vector<std::uint16_t> ports;
  if (ike) ports.push_back(UdpSegments::kNatT);
  if (vpn != nullptr && !vpn->ssl.enabled.empty()) ports.push_back(vpn->ssl.dtls_port);
  thread_.UseDatagramPorts(std::move(ports));
}

// What only the machine knows of IPv6: MAC addresses, which identifiers come from, and addresses learned from routers.
void LinuxHost::TakeIpv6(Policy& policy) {
  const auto links = network_->Links();
  if (!links) return;
  for (auto& f : policy.interfaces) {
    if (!f || !f->ipv6_enabled || f->linux_index == 0) continue;
    for (const LinkInfo& l : *links) {
      if (l.index == f->linux_index && !(l.mac == MacAddress{})) f->SetMac(l.mac);
    }
    std::vector<InterfaceAddress6> learned;
    const auto known = f->ipv6_autoconfig ? network_->Learned(f->linux_index) : std::vector<HostNetwork::LearnedAddress>{};
    for (const auto& a : known ? *known : std::vector<HostNetwork::LearnedAddress>{}) learned.push_back({a.address, a.prefix_length, false, true});
    policy.SetLearned(*f, learned);
  }
}

void LinuxHost::FillInterface(InterfaceView& view, int linux_index) {
  const auto links = network_->Links();
  if (!links) return;
  for (const LinkInfo& l : *links) {
    if (l.index != linux_index) continue;
    view.link = l.name;
    view.link_up = l.up && l.running;
    view.speed_mbps = l.speed_mbps;
    view.duplex = l.speed_mbps != 0 ? (l.full_duplex ? "Full-duplex" : "Half-duplex") : "";
    view.mac = l.mac;
    view.driver = l.driver;
    LinkCounters& c = view.link_counters;
    c.rx_packets = l.rx_packets;
    c.rx_bytes = l.rx_bytes;
    c.rx_errors = l.rx_errors;
    c.rx_dropped = l.rx_dropped;
    c.multicast = l.rx_multicast;
    c.tx_packets = l.tx_packets;
    c.tx_bytes = l.tx_bytes;
    c.tx_errors = l.tx_errors;
    c.tx_dropped = l.tx_dropped;
    c.collisions = l.tx_collisions;
    c.rx_length_errors = l.rx_length_errors;
    c.rx_over_errors = l.rx_overruns;
    c.rx_crc_errors = l.rx_crc_errors;
    c.rx_frame_errors = l.rx_frame_errors;
    c.rx_missed_errors = l.rx_missed;
    c.underruns = l.tx_underruns;
    c.late_collisions = l.tx_late_collisions;
    c.resets = l.carrier_losses;
  }
}

bool LinuxHost::NoCarrier(const Interface& f, const InterfaceView& view) {
  if (f.linux_index != 0) return !view.link_up;
  const std::string_view parent = LinkMap::ParentOf(f.hardware);
  return started_ && (!options_.links.LinkFor(f.hardware).empty() || (!parent.empty() && !options_.links.LinkFor(parent).empty()));
}

namespace {

std::vector<int> LinksOf(const Policy& policy) {
  std::vector<int> links;
  for (const auto& f : policy.interfaces) {
    if (f && f->InUse() && f->linux_index != 0) links.push_back(f->linux_index);
  }
  return links;
}

}  // namespace

std::vector<NeighbourView> LinuxHost::Neighbours(const Policy& policy) {
  std::vector<NeighbourView> views;
  const auto links = LinksOf(policy);
  if (links.empty()) return views;
  const auto entries = network_->Arp(links, true);
  if (!entries) return views;
  static constexpr const char* kStates[] = {"REACH", "STALE", "DELAY", "PROBE"};
  for (const auto& f : policy.interfaces) {
    if (!f || !f->InUse()) continue;
    for (const ArpEntry& e : *entries) {
      if (e.link_index != f->linux_index || e.address.IsV6Multicast()) continue;
      views.push_back({f->nameif, e.address, e.mac, static_cast<std::int64_t>(e.age_seconds), e.permanent,
                       kStates[static_cast<std::size_t>(e.state)]});
    }
  }
  return views;
}

void LinuxHost::ClearNeighbours(const Policy& policy) {
  const auto links = LinksOf(policy);
  if (!links.empty()) (void)network_->ClearArp(links, true);
}

std::vector<ArpView> LinuxHost::Arp(const Policy& policy) {
  std::vector<ArpView> views;
  const auto links = LinksOf(policy);
  if (links.empty()) return views;
  const auto entries = network_->Arp(links);
  if (!entries) return views;
  for (const auto& f : policy.interfaces) {
    if (!f || !f->InUse()) continue;
    for (const ArpEntry& e : *entries) {
      if (e.link_index == f->linux_index) {
        views.push_back({f->nameif, e.address, e.mac, static_cast<std::int64_t>(e.age_seconds), e.permanent, false});
      }
    }
  }
  return views;
}

void LinuxHost::ClearArp(const Policy& policy) {
  const auto links = LinksOf(policy);
  if (!links.empty()) (void)network_->ClearArp(links);
}

}  // namespace sallyport
