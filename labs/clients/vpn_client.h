// A remote user's IPsec client as the Cisco VPN Client is one: IKE version 1 in aggressive mode with a group's name and password,
// extended authentication, an address by mode configuration, then ESP - by itself, within UDP, or within IPsec over TCP.
//
// Knows no sockets and no clock: what comes is handed in, what is to be sent goes to ClientPorts. IKE is the appliance's own
// (vpn/ike), told that it is a client.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/packet.h"
#include "vpn/ctcp_client.h"
#include "vpn/esp/esp.h"
#include "vpn/ike/v1_core.h"

namespace sallyport {

enum class ClientTransport : std::uint8_t {
  kTcp,   // IPsec over TCP
  kNatT,  // UDP 4500, whether there is a NAT or not
  kUdp,   // IPsec over UDP: the server must give a port for it
  kEsp    // protocol 50
};

struct ClientSettings {
  IpAddress own, server;
  std::string group, group_password, user, password;
  ClientTransport transport = ClientTransport::kTcp;
  std::uint16_t tcp_port = 10000;      // of the server
  std::uint16_t own_tcp_port = 0;
  Duration keepalive = Duration::Seconds(20);  // of IPsec over TCP; 0: none
  bool debug = false;
};

class ClientPorts {
 public:
  virtual ~ClientPorts() = default;
  virtual void SendUdp(std::uint16_t own_port, std::uint16_t port, Bytes payload) = 0;
  virtual void SendEsp(Bytes esp) = 0;
  virtual void SendPacket(Bytes ipv4) = 0;  // with its headers
  virtual void Deliver(Bytes inner) = 0;
  virtual bool Up(IpAddress assigned, const std::vector<Prefix>& networks, std::uint16_t udp_port) = 0;  // false: no way
  virtual void Tell(const std::string& line) = 0;
};

class VpnClient final : private IkeHost {
 public:
  // What must be free around a packet that is handed to FromUser.
  static constexpr std::size_t kFront = kCtcpFront + 8 + 16;
  static constexpr std::size_t kBehind = 64 + kCtcpTrailer;

  VpnClient(ClientSettings settings, ClientPorts& ports, Entropy& entropy);
  ~VpnClient() override;

  void Begin(TimePoint now);
  void Advance(TimePoint now);
  TimePoint Deadline() const;

  // What came from the server.
  void FromUdp(std::uint16_t own_port, MutableBytes payload, TimePoint now);
  void FromEsp(MutableBytes esp, TimePoint now);
  void FromTcp(Packet& segment, TimePoint now);
  // A packet of the user: [at, at + size) of `buffer`.
  void FromUser(MutableBytes buffer, std::size_t at, std::size_t size, TimePoint now);

  // Tells the server that the user is gone.
  void Stop(TimePoint now);
  bool up() const { return up_; }
  bool ended() const { return ended_; }
  const std::string& reason() const { return reason_; }  // why it has ended; "": the user wanted it

  struct Counters {
    std::uint64_t sent = 0, received = 0;        // packets of the user
    std::uint64_t refused = 0;                   // from the server: replayed, damaged, of no tunnel
    std::uint64_t segments = 0, duplicate_acks = 0;  // IPsec over TCP: from the server; that ask for what was lost
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Pair {
    std::shared_ptr<const ChildSa> sa;
    EspSealer sealer;
    EspOpener opener;
    bool retired = false;
    Pair(std::shared_ptr<const ChildSa> of, EspSealer&& out, EspOpener&& in)
        : sa(std::move(of)), sealer(std::move(out)), opener(std::move(in)) {}
  };

  // --- IkeHost
  void Send(const IkeDatagram& d) override;
  std::uint32_t NewSpi() override;
  void Install(std::shared_ptr<const ChildSa> sa) override;
  void UseOutbound(std::uint32_t) override {}
  void Retire(std::uint32_t spi_in) override;
  void Remove(std::uint32_t spi_in) override { pairs_.erase(spi_in); }
  void MovePeer(std::uint32_t, const Endpoint&) override {}
  void Compute(std::function<void()> work, std::function<void()> done) override;
  void Ask(const UserQuestion&, std::function<void(const UserAnswer&)> answer) override { answer({}); }
  std::optional<AssignedAddress> TakeAddress(const std::string&, const std::vector<std::string>&, std::optional<AssignedAddress>) override {
    return {};
  }
  void GiveAddress(IpAddress) override {}
  void Say(const IkeSaying& s) override;
  bool Hears(IkeSaying::Debug, int) const override { return settings_.debug; }
  void PeerUp(const IkePeerUp& up, std::uint32_t replaces) override;
  void PeerDown(std::uint32_t ike_sa, IkeEnd why) override;
  IpAddress AddressOf(IfId at) const override;
  const PrivateKey* KeyOf(const std::string&) const override { return nullptr; }
  void LogKeys(const std::string&) override {}
  Entropy& entropy() override { return entropy_; }

  std::shared_ptr<const VpnPolicy> MakePolicy() const;
  void ReceiveIke(IkeDatagram::Via via, Bytes message, TimePoint now);
  void SendEsp(const Pair& pair, MutableBytes esp, Bytes inner, TimePoint now);
  void TakePieces(std::vector<CtcpPiece>& pieces, TimePoint now);
  void End(const std::string& reason);
  void Settle(TimePoint now);  // after every turn: up? gone?
  Times At(TimePoint now);

  const ClientSettings settings_;
  ClientPorts& ports_;
  Entropy& entropy_;
  std::unique_ptr<Ikev1Core> ike_;
  std::optional<CtcpClient> tcp_;
  std::map<std::uint32_t, std::unique_ptr<Pair>> pairs_;  // by spi_in
  std::deque<std::function<void()>> computed_;
  Counters counters_;
  std::string last_error_, reason_;
  IpAddress assigned_;
  TimePoint now_;
  std::uint32_t last_ack_ = 0;
  std::uint16_t ip_id_ = 0;
  bool negotiating_ = false, seen_sa_ = false, up_ = false, ended_ = false, stopping_ = false;
};

}  // namespace sallyport
