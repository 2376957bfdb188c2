// Whole appliances in memory and in virtual time: configuration, engine, data path, IKE and service, everything but sockets and
// threads. Their packets, ESP and IKE alike, cross wires that a test may cut or listen to.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "inspect/engines.h"
#include "vpn/data_plane.h"
#include "vpn/service.h"

namespace sallyport {

// A TCP segment, UDP datagram or ICMP echo of IPv4, with right checksums.
struct MadePacket {
  IpAddress src, dst;
  std::uint8_t protocol = 17;
  std::uint16_t sport = 0, dport = 0;  // ICMP: type (8, 0), identifier
  std::uint32_t seq = 0, ack = 0;      // TCP; ICMP: `seq` is the sequence number
  std::uint8_t flags = 0;
  std::vector<std::uint8_t> payload;
  std::vector<std::uint8_t> Bytes() const;
};

class Mesh;

class WholeAppliance final : private IkeTransport {
 public:
  WholeAppliance(Mesh& mesh, std::string name, const std::string& config, std::uint64_t seed);
  ~WholeAppliance() override;

  // More lines of configuration, as in configuration mode.
  void Configure(const std::string& lines);
  // A packet comes by the interface `nameif`.
  void Feed(const std::string& nameif, std::vector<std::uint8_t> packet);
  // One of the appliance's own, which the kernel would send by `nameif`.
  void FeedOwn(const std::string& nameif, std::vector<std::uint8_t> packet);
  // What came to the appliance itself, but for IKE.
  std::vector<std::vector<std::uint8_t>> own;
  void AdvanceTo();
  // Lines of the log that have the number in them, without "%ASA-n-number: ".
  std::vector<std::string> Logged(const std::string& number) const;
  std::uint64_t Dropped(FrameDrop why) const { return engine->drops().frame[static_cast<std::size_t>(why)]; }
  std::vector<ConnView> Conns(std::uint8_t protocol) const;
  IpAddress AddressOf(const std::string& nameif) const { return policy->FindByName(nameif)->address; }

  const std::string name;
  Mesh& mesh;
  LogRing ring;
  Logger logger;
  InspectionEngines inspections;
  Configuration configuration;
  std::shared_ptr<const Policy> policy;
  std::unique_ptr<Engine> engine;
  SeededEntropy entropy;
  TunnelEventQueue events;
  std::unique_ptr<DataPlane> tunnels;
  std::unique_ptr<VpnService> service;
  std::vector<std::string> key_log;
  std::map<std::string, std::string> users;  // of the local database, with their passwords

 private:
  void Send(const IkeDatagram& d) override;
  void Take(IfId at, Packet& p, const Disposition& d);
  void Flush();
  void Leave(IfId by, std::vector<std::uint8_t> bytes);
  void ToSocket(const Packet& p);
  void UsePolicy();
  void FeedAs(IfId in, IfId hint, std::vector<std::uint8_t> packet);
  bool routes_changed_ = false;
};

// The links: ends by appliance and interface. An interface without a link has a host, which keeps what it gets.
class Mesh {
 public:
  struct End {
    WholeAppliance* box = nullptr;
    std::string nameif;
  };
  void Connect(const End& a, const End& b) { links_.push_back({a, b}); }
  // Moves the clock in steps, and all that is due in each.
  void Run(Duration by, Duration step = Duration::Milliseconds(500));
  // Carries what is on the way until nothing is.
  void Settle();
  // May a packet go on? Empty: every one may.
  std::function<bool(const WholeAppliance& from, const std::vector<std::uint8_t>& packet)> passes;
  // What came to hosts: by appliance and interface.
  std::vector<std::vector<std::uint8_t>>& Host(const WholeAppliance& box, const std::string& nameif) { return hosts_[{&box, nameif}]; }
  // Packets that crossed links, by protocol.
  std::map<std::uint8_t, std::uint64_t> crossed;

  ManualClock clock{std::int64_t{1'258'000'000} * 1'000'000'000};

 private:
  friend class WholeAppliance;
  struct OnTheWay {
    End from;
    std::vector<std::uint8_t> bytes;
  };
  void Carry(const End& from, std::vector<std::uint8_t> bytes) { way_.push_back({from, std::move(bytes)}); }
  std::vector<WholeAppliance*> boxes_;
  std::vector<std::pair<End, End>> links_;
  std::deque<OnTheWay> way_;
  std::map<std::pair<const WholeAppliance*, std::string>, std::vector<std::vector<std::uint8_t>>> hosts_;
};

}  // namespace sallyport
