// The machine under a live appliance: queue, data thread, kernel network and packet filter rules, in the current network
// namespace. Owned by main; control thread only.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "cli/appliance.h"
#include "firewall/host/data_thread.h"
#include "firewall/host/host_network.h"
#include "firewall/host/link_map.h"
#include "firewall/host/link_monitor.h"
#include "firewall/host/netfilter_rules.h"
#include "firewall/host/nfqueue.h"
#include "firewall/host/tcp_injector.h"

namespace sallyport {

class LinuxHost final : public ApplianceHost {
 public:
  struct Options {
    LinkMap links;
    std::uint16_t queue = 0;  // NFQUEUE numbers queue and queue + 1
  };
  // Takes the queue and checks that every mapped link is there; changes nothing in the kernel yet.
  static Result<std::unique_ptr<LinuxHost>> Open(Options options, Engine& engine, SystemClock& clock);
  ~LinuxHost() override;

  // The rules that send packets to us, then the data thread: from here on packets are decided.
  Status Start();
  // In order: no more packets come, the thread ends, the kernel is as it was.
  void Stop();

  // Readable when the kernel has said something about links; LinksChanged then hears it, and is true when links of ours may
  // have changed: the appliance is to be told.
  int link_fd() const { return monitor_.fd(); }
  bool LinksChanged();

  // Before Start (firewall/host/data_thread.h).
  void UsePollSource(PollSource* source) { thread_.UsePollSource(source); }
  void OnEngine(const std::function<void()>& f) override;
  void PostEngine(std::function<void()> f) override { thread_.Post(std::move(f)); }
  void AdvanceClock(Duration by) override;
  Status Use(const std::shared_ptr<Policy>& policy, const std::map<std::string, int>& vlans) override;
  void FillInterface(InterfaceView& view, int linux_index) override;
  bool NoCarrier(const Interface& f, const InterfaceView& view) override;
  std::vector<ArpView> Arp(const Policy& policy) override;
  void ClearArp(const Policy& policy) override;
  std::vector<NeighbourView> Neighbours(const Policy& policy) override;
  void ClearNeighbours(const Policy& policy) override;

 private:
  LinuxHost(Options options, Engine& engine, SystemClock& clock, std::unique_ptr<Nfqueue> queue, std::unique_ptr<HostNetwork> network,
            LinkMonitor monitor);
  Status InstallRules(const Policy& policy);
  void TakeIpv6(Policy& policy);
  void UseTunnelPorts(const Policy& policy);

  Options options_;
  std::unique_ptr<Nfqueue> queue_;
  std::unique_ptr<HostNetwork> network_;
  LinkMonitor monitor_;
  DataThread thread_;
  NetfilterRules rules_;
  TcpInjector injector_;  // from the first policy with tunnels on
  bool injector_tried_ = false;
  std::set<std::string> ruled_;  // links that the rules name now
  std::set<std::string> ours_;   // mapped links and VLAN devices on them, whether they are there or not
  bool nat_t_ = false;           // what the rules have
  bool started_ = false;
};

}  // namespace sallyport
