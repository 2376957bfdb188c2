// VPN load balancing: appliances that share a cluster address. One of them is the master: it has the address, and sends each client
// that comes there to the member with the least load. Here are the members' messages, who is master, and who gets the next client;
// without sockets and clocks. Control thread.
//
// Each member says once a second, to the broadcast address of its network lbprivate, UDP port of `cluster port`, who it is. The format
// is our own (an ASA's is not public), so that only Sallyports balance with each other. Messages are sealed with keys out of
// `cluster key` (AES-256-CBC, HMAC-SHA-256, encrypted before they are authenticated) whether `cluster encryption` stands there or not.
//
//   "SPLB" | version 2 | 8 octets of time, ms since 1970 | IV 16 | ciphertext | HMAC 32
//   plaintext: flags (1 master, 2 leaving) | priority | limit 4 | sessions 4 | public address 16 | limit and sessions of other VPNs 4, 4 |
//              name | nonce 8 | count, nonces 8 each
//
// Each member chooses a nonce when it begins, and repeats those that it has heard of others. Only who repeats ours is believed: what was
// recorded before we began is worth nothing after a restart. A nonce that is new is answered at once, not at the next second.
//
// A member that is not heard for three seconds is gone. A master stays until it goes; where there is none, the member with the highest
// priority takes its place, among equals the one with the lowest public address. Of two masters (networks that were apart) the same
// rule leaves one. A member whose clock was set back is heard again when it has caught up.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/secret.h"
#include "vpn/views.h"

namespace sallyport {

class LoadBalancer {
 public:
  struct Settings {
    bool participate = false;
    bool encryption = false;   // as configured; shown
    std::uint8_t priority = 5;  // 1..10
    std::string key;
    IpAddress cluster;
    IpAddress own;             // where clients are sent: lbpublic's address, or what `nat` says; tells members from each other
    std::string name;          // "": clients are sent to the address
    std::uint32_t limit = 0;   // sessions that fit
    std::uint32_t other_limit = 0;  // ... of VPNs that are not balanced; shown
    std::string model;         // as `show` names this appliance
    bool operator==(const Settings&) const = default;
  };
  // Sends to the others.
  using Send = std::function<void(Bytes message)>;
  LoadBalancer(Entropy& entropy, Send send) : entropy_(entropy), send_(std::move(send)) {}

  // `real` is the clock that nobody moves, everywhere.
  void Use(const Settings& settings, TimePoint real);
  // `wall_ms`: milliseconds since 1970; members' clocks need not agree. `sessions`: how many there are here. True: master or not has changed.
  bool Tick(TimePoint real, std::int64_t wall_ms, std::uint32_t sessions, std::uint32_t other_sessions = 0);
  // A message from the network lbprivate; what is not a member's is passed over.
  void Receive(Bytes message, TimePoint real);
  // This appliance goes: the others are told.
  void Leave(std::int64_t wall_ms);

  bool master() const { return master_; }
  // Where the next client is to go, which may be here; nothing: this is not the master. Counts it until the next Tick, so that many at once
  // are spread, too.
  std::optional<std::string> Next();
  VpnLoadBalancingView View() const;

 private:
  struct Member {
    std::uint8_t priority = 0;
    bool master = false;
    std::uint32_t limit = 0, sessions = 0, other_limit = 0, other_sessions = 0;
    std::string name;
    TimePoint heard;
    std::uint32_t sent = 0;  // clients since its last message
  };
  void Say(std::int64_t wall_ms, bool leaving);
  void Elect(TimePoint real);

  Entropy& entropy_;
  Send send_;
  Settings settings_;
  Secret encrypt_, authenticate_;
  std::map<IpAddress, Member> members_;        // others
  // Of everybody who was ever heard: the time in the last message (a repeated one is none), its nonce, when that was.
  struct Heard {
    std::int64_t wall_ms = 0;
    std::uint64_t nonce = 0;
    TimePoint at;
  };
  std::map<IpAddress, Heard> newest_;
  std::uint64_t nonce_ = 0;
  bool master_ = false, told_ = false;
  std::uint32_t sessions_ = 0, other_sessions_ = 0, sent_here_ = 0;
  TimePoint began_, next_, said_;  // said_: the last message
};

}  // namespace sallyport
