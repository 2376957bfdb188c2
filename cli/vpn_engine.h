// The VPN engine of a live appliance: VpnService with its sockets, threads, keys and clocks around it. Made and owned by main; it must
// go before the appliance does. Control thread.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "cli/appliance.h"
#include "cli/ike_sockets.h"
#include "vpn/dhcp_proxy.h"
#include "vpn/job_pool.h"
#include "vpn/service.h"
#include "vpn/tunnel_event.h"

namespace sallyport {

class VpnEngine {
 public:
  struct Parts {
    Appliance& appliance;  // whose Post works already
    TunnelControl& tunnels;
    TunnelEventQueue& events;
    Entropy& entropy;
    std::string key_log;  // a file that gets the keys of every negotiation; "": none
    RadiusTransport& radius;
    DhcpTransport& dhcp;
  };
  static Result<std::unique_ptr<VpnEngine>> Open(const Parts& parts);
  ~VpnEngine();

  // The appliance's policy, or its links, have changed.
  Status Update();
  void Tick() {
    aaa_.Tick();
    dhcp_.Tick();
    service_.Tick();
  }
  AaaClient& aaa() { return aaa_; }
  DhcpProxy& dhcp() { return dhcp_; }
  VpnService& service() { return service_; }
  JobPool& jobs() { return jobs_; }
  // `--key-log`: lines of TLS and DTLS, too, from either thread.
  bool logs_keys() const { return key_log_ != nullptr; }
  void LogKeys(const std::string& line);
  // To be watched: datagrams, and what the data path has to say. Each with its reader.
  int socket_fd() const { return sockets_->fd(); }
  void ReadSockets();
  int event_fd() const { return parts_.events.fd(); }
  void ReadEvents() { service_.TakeEvents(parts_.events.Take()); }
  // Tells the peers, and waits until the packets have left.
  void Shutdown();

 private:
  VpnEngine(const Parts& parts, std::unique_ptr<IkeSockets> sockets, std::FILE* key_log);
  VpnService::Ports PortsOf();
  std::optional<DhcpWay> WayTo(IpAddress server) const;
  // The lease of a session has ended, and so does the session.
  void LeaseLost(IpAddress a);
  void Fetch(const std::string& url, VpnService::Ports::Fetched done);

  Parts parts_;
  std::unique_ptr<IkeSockets> sockets_;
  std::FILE* key_log_;
  JobPool jobs_;
  JobPool directories_;  // whoever waits for LDAP
  AaaClient aaa_;
  JobPool fetcher_;  // lists of revoked certificates: whoever waits for a server
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  VpnService service_;
  DhcpProxy dhcp_;
};

}  // namespace sallyport
