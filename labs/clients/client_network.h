// What a client needs of Linux: sockets for its transports, a TUN device for the user's packets, routes, and a rule that keeps the
// kernel's TCP away from IPsec over TCP. Everything it changes goes with it; what a client killed by SIGKILL leaves is one rule.
#pragma once

#include <poll.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"
#include "labs/clients/vpn_client.h"

namespace sallyport {

// Runs a program and waits; an Error when it says no. `output`: what it writes, else that goes where ours goes.
Status RunProgram(const std::vector<std::string>& words, std::string* output = nullptr);

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// How the server is reached now.
struct WayToServer {
  IpAddress own, gateway;  // no gateway: it is a neighbour
  std::string link;
};
Result<WayToServer> FindServer(IpAddress server);

class ClientNetwork final : public ClientPorts {
 public:
  ClientNetwork(const WayToServer& way, IpAddress server, std::string device, int mtu, std::vector<Prefix> only);
  ~ClientNetwork() override;
  // A TCP port that nobody else here has, for IPsec over TCP. Before Open.
  Result<std::uint16_t> ReserveTcpPort();
  Status Open(ClientTransport transport, std::uint16_t tcp_port);
  // Takes back what it has changed.
  void Close();

  // --- the loop: descriptors to wait on, and what one that is readable holds
  void Watch(std::vector<pollfd>& fds) const;
  void Read(int fd, VpnClient& client, TimePoint now);

  // --- ClientPorts
  void SendUdp(std::uint16_t own_port, std::uint16_t port, Bytes payload) override;
  void SendEsp(Bytes esp) override;
  void SendPacket(Bytes ipv4) override;
  void Deliver(Bytes inner) override;
  bool Up(IpAddress assigned, const std::vector<Prefix>& networks, std::uint16_t udp_port) override;
  void Tell(const std::string& line) override;

 private:
  struct Udp {
    std::uint16_t port;
    Descriptor socket;
  };
  Status OpenUdp(std::uint16_t port);

  const WayToServer way_;
  const IpAddress server_;
  const std::string device_;
  const int mtu_;
  const std::vector<Prefix> only_;
  std::vector<Udp> udp_;
  Descriptor reserved_, esp_, raw_, segments_, tun_;
  std::vector<std::string> rule_;            // as iptables is to delete it
  std::vector<std::string> server_route_;    // as ip is to delete it
  std::vector<std::uint8_t> buffer_;
};

}  // namespace sallyport
