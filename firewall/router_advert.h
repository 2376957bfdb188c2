// Router advertisements (RFC 4861 6.2): every interface with IPv6 whose `ipv6 nd suppress-ra` is not set tells the hosts on its
// link its prefixes and that it is a router, at intervals and when a host asks (router solicitation).
//
// Owned by the engine, data thread only. Knows no packets of others; what is to be sent goes into the engine's own packets.
#pragma once

#include <array>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/base/time.h"
#include "firewall/policy.h"

namespace sallyport {

class RouterAdverts {
 public:
  // Interfaces that begin to advertise do so within a second; the others keep their times.
  void SetPolicy(const Policy& policy, TimePoint now, Random& random);
  // A host on `interface` has asked: the answer is due within half a second, but not sooner than three seconds after the last one.
  void Solicited(IfId interface, TimePoint now, Random& random);
  // The next interface that is due at `now`, or null; its next turn is set then.
  const Interface* TakeDue(const Policy& policy, TimePoint now, Random& random);
  TimePoint NextDeadline() const { return next_; }  // Max: never

 private:
  struct Turn {
    TimePoint due = TimePoint::Max();
    TimePoint last;
    bool sent = false;
  };
  void FindNext();
  std::array<Turn, 256> turns_;
  TimePoint next_ = TimePoint::Max();
};

// The whole packet, from the link-local address to all nodes.
std::vector<std::uint8_t> RouterAdvertisement(const Interface& from);

}  // namespace sallyport
