// AnyConnect of a live appliance: the portal, the session service and the load balancer with their sockets, certificates, files and
// clocks around them. Made and owned by main; it goes before the VPN engine does. Control thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/appliance.h"
#include "cli/balancer_socket.h"
#include "cli/ssl_sockets.h"
#include "cli/vpn_engine.h"
#include "vpn/anyconnect/portal_server.h"
#include "vpn/anyconnect/service.h"
#include "vpn/anyconnect/tls_channel.h"
#include "vpn/load_balancer.h"
#include "vpn/webvpn_control.h"

namespace sallyport {

class SslEngine final : public WebvpnControl, private SslSockets::Handler, private PortalSink {
 public:
  struct Parts {
    Appliance& appliance;  // whose Post works already
    VpnEngine& vpn;
    SslControl& plane;
    SslEventQueue& events;
    Entropy& entropy;
  };
  static Result<std::unique_ptr<SslEngine>> Open(const Parts& parts);
  ~SslEngine() override;

  // The appliance's policy, or its links, have changed.
  Status Update();
  void Tick();
  // To be watched, each with its reader.
  int socket_fd() const { return sockets_->fd(); }
  void ReadSockets() { sockets_->Serve(*this); }
  int event_fd() const { return parts_.events.fd(); }
  void ReadEvents() { service_->OnEvents(parts_.events.Take()); }
  int balancer_fd() const { return balancer_socket_.fd(); }
  void ReadBalancer();
  // --- WebvpnControl
  WebvpnDebug& debug() override { return service_->debug(); }
  std::vector<std::pair<std::string, std::uint64_t>> Counters() const override;
  void ClearCounters() override;
  std::string SelfSigned() const override;
  std::optional<VpnLoadBalancingView> LoadBalancing() const override;

  // Clients are told, and the cluster.
  void Shutdown();

 private:
  // What is shown on an interface: key, certificate, and the context of its connections.
  struct Shown {
    std::string made_of;  // what decides it, so that it is made anew when that changes
    TlsContext context;
    Certificate certificate;
  };

  SslEngine(const Parts& parts, std::unique_ptr<SslSockets> sockets);
  SslService::Ports PortsOf();
  Status UpdateContexts(const VpnPolicy* vpn);
  Status UpdateSockets(const Policy& policy, const VpnPolicy* vpn);
  Status UpdateBalancer(const Policy& policy, const VpnPolicy* vpn);
  // The certificate of whoever has none: made anew at each start, as an ASA's is.
  const std::pair<PrivateKey, Certificate>& Temporary();

  // --- SslSockets::Handler
  bool Accepted(ConnId c, const SslSockets::Place& at, const Endpoint& peer) override;
  void Received(ConnId c, Bytes bytes) override { portal_->Received(c, bytes); }
  void Closed(ConnId c) override { portal_->Closed(c); }
  void Drained(ConnId c) override { portal_->Drained(c); }
  void Datagram(const SslSockets::Place& at, const Endpoint& peer, Bytes bytes) override;
  // --- PortalSink
  void Send(ConnId c, Bytes wire) override { sockets_->Send(c, wire); }
  std::size_t Unsent(ConnId c) const override { return sockets_->Waiting(c); }
  void Close(ConnId c) override { sockets_->Close(c); }
  void HandOver(ConnId c, std::unique_ptr<TlsChannel> channel, const TunnelMade& tunnel) override;

  Parts parts_;
  std::unique_ptr<SslSockets> sockets_;
  BalancerSocket balancer_socket_;
  LoadBalancer balancer_;
  std::optional<std::pair<PrivateKey, Certificate>> temporary_;
  std::map<IfId, Shown> shown_;
  JobPool files_;
  std::unique_ptr<SslService> service_;
  std::unique_ptr<PortalServer> portal_;
};

}  // namespace sallyport
