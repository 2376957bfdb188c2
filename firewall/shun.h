// Hosts that are refused: `shun`, and those that scanning threat detection puts there.
//
// A shun is about the interface behind which the host is. It refuses new connections of the host; one that is there already
// stays, unless the shun names it (ASA command reference, `shun`). Data thread only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "firewall/types.h"

namespace sallyport {

struct Shun {
  IfId interface = IfId::kAny;
  IpAddress src, dst;       // dst none: not given
  std::uint16_t sport = 0, dport = 0;
  std::uint8_t protocol = 0;
  TimePoint since;
  TimePoint until = TimePoint::Max();  // of threat detection's: when it ends
  bool by_threat = false;
  std::uint64_t packets = 0;  // refused
};

class ShunTable {
 public:
  // A bound of ours, so that a scan with forged sources cannot take all memory.
  static constexpr std::size_t kMost = 32768;

  bool any() const { return !shuns_.empty(); }
  // False: the table is full. A host that is there already keeps its counter and gets the new values.
  bool Add(const Shun& shun);
  bool Remove(IpAddress src);
  void Clear();
  const Shun* Find(IpAddress src) const;
  // Does a shun refuse a packet from `src` that came in by `ingress`? Counts it.
  bool Refuses(IpAddress src, IfId ingress, bool count);
  // The host whose time is over at `now`, which is removed; none: nobody's.
  IpAddress TakeExpired(TimePoint now);
  TimePoint NextDeadline() const { return deadlines_.empty() ? TimePoint::Max() : deadlines_.begin()->first; }
  std::vector<Shun> All() const;  // by address
  void ClearCounters();
  // Packets refused on an interface since the counters were cleared.
  std::uint64_t RefusedOn(IfId id) const { return refused_[static_cast<std::size_t>(id)]; }

 private:
  std::map<IpAddress, Shun> shuns_;
  std::set<std::pair<TimePoint, IpAddress>> deadlines_;  // of those that end by themselves
  std::uint64_t refused_[256] = {};
};

}  // namespace sallyport
