// Inner addresses of remote users from DHCP servers (`dhcp-server`, `dhcp-network-scope`): a client on behalf of each session, which
// speaks to the servers as a relay does. DISCOVER, OFFER, REQUEST, ACK; renewed at T1 with the server that gave it, at T2 with any of
// them, and released when the session gives the address back. From 9.2 on all servers are asked at once and the first offer counts,
// before that one after another. Knows no sockets and no clock (Ports); control thread.
//
// Leases run on the appliance's clock, repetitions on the real one: whoever moves the clock by hours sees renewals, and a lease is
// given up only when the servers have had real time to answer.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firewall/logger.h"
#include "vpn/address_pools.h"
#include "vpn/crypto/entropy.h"
#include "vpn/dhcp_message.h"
#include "vpn/ike/host.h"

namespace sallyport {

// Where a server is: behind that interface, which has that address.
struct DhcpWay {
  std::string interface;
  IpAddress own;
};

class DhcpTransport {
 public:
  virtual ~DhcpTransport() = default;
  // From port 67 of our address to port 67 of the server's. What cannot be sent is lost, as on the wire.
  virtual void Send(const DhcpWay& way, IpAddress to, Bytes message) = 0;
};

struct DhcpWish {
  std::vector<IpAddress> servers;
  IpAddress scope;  // dhcp-network-scope: giaddr; none: the address of the interface towards the server
  std::string tunnel_group, user;
  bool one_by_one = false;
};

class DhcpProxy {
 public:
  struct Ports {
    DhcpTransport& transport;
    Logger& logger;
    Entropy& entropy;
    AddressPools& pools;  // what is leased is nobody else's
    std::function<Times()> times;
    std::function<std::optional<DhcpWay>(IpAddress server)> way;
    std::function<void(IpAddress)> lost;  // the lease of a session has ended: so must the session
  };
  using Answer = std::function<void(std::optional<AssignedAddress>)>;
  static constexpr std::size_t kMost = 10'000;
  static constexpr int kAttempts = 3;  // 2, 4 and 8 seconds

  explicit DhcpProxy(Ports ports) : ports_(std::move(ports)) {}

  // The answer comes later, never within the call; no address: go on with the next method. The address is released unless it is
  // claimed within a minute.
  void Request(DhcpWish wish, Answer answer);
  bool Holds(IpAddress a) const;
  // The first who wants it has it.
  bool Claim(IpAddress a);
  // AddressPools::Give does it. False: it is no lease.
  bool Release(IpAddress a);
  // `to`: which giaddr it was sent to.
  void Receive(IpAddress from, IpAddress to, Bytes message);
  void Tick();
  std::size_t size() const { return entries_.size(); }
  std::uint64_t ignored() const { return ignored_; }  // messages that nobody had asked for

 private:
  enum class State : std::uint8_t { kSelecting, kRequesting, kBound, kRenewing, kRebinding, kLost };
  struct Entry {
    DhcpWish wish;
    Answer answer;
    State state = State::kSelecting;
    std::uint32_t ordinal = 0;  // of that user's
    std::array<std::uint8_t, 6> hardware{};
    std::size_t server_at = 0;     // one_by_one
    IpAddress address, mask;
    IpAddress from, server;        // who has given it, and what he calls himself
    int attempt = 0, rounds = 0;
    TimePoint resend_at = TimePoint::Max(), renewing_since{}, unclaimed_until{};  // real
    TimePoint asked{}, t1{}, t2{}, ends{};                                        // appliance time
    bool claimed = false;
    bool has_lease() const { return state != State::kSelecting && state != State::kRequesting; }
  };

  void Begin(std::uint32_t xid, Entry& e);
  void Send(std::uint32_t xid, const Entry& e, DhcpType type, const std::vector<IpAddress>& to);
  void Repeat(std::uint32_t xid, Entry& e);
  void Bind(std::uint32_t xid, Entry& e, const DhcpMessage& m);
  void SetTimes(Entry& e, const DhcpMessage& m);
  void Fail(std::uint32_t xid, Entry& e);
  void Renew(std::uint32_t xid, Entry& e);
  Entry* Of(IpAddress a, std::uint32_t* xid);

  Ports ports_;
  std::map<std::uint32_t, Entry> entries_;  // by xid
  std::vector<Answer> hopeless_;            // answered at the next Tick
  std::uint64_t ignored_ = 0;
};

}  // namespace sallyport
