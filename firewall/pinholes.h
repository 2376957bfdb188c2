// Connections that an inspection expects: FTP's data connection, TFTP's answer from another port. A bounded table that is asked
// before the access list of a new flow; an entry is used up by the first flow that matches it, or ends with its parent or its
// lifetime. `show conn` lists entries as connections that were made beforehand, which is what an ASA does.
//
// Owned by the engine, data thread only. With no entry the cost for a packet is one comparison.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/conn.h"
#include "firewall/types.h"

namespace sallyport {

struct Pinhole {
  // What the first packet looks like when it arrives.
  std::uint8_t protocol = 0;
  IfId ingress{};
  IpAddress src;            // none: any
  std::uint16_t sport = 0;  // 0: any
  IpAddress dst;
  std::uint16_t dport = 0;
  // What becomes of it.
  IfId egress{};
  Endpoint real_dst;
  XlateIndex dst_xlate = kNoXlate;  // a translation that the entry keeps alive
  IpAddress src_mapped;             // not none: the source must be translated to this address
  bool outbound = false;            // as 302013 says of the connection: from the higher level
  // Whose it is.
  ConnIndex parent = kNoConn;
  std::uint32_t parent_id = 0;
  std::uint32_t id = 0;  // the connection will have it
  TimePoint created;
  TimePoint deadline;
};

using PinholeIndex = std::uint32_t;
inline constexpr PinholeIndex kNoPinhole = 0xffffffff;

class PinholeTable {
 public:
  explicit PinholeTable(std::uint32_t capacity = 16384) : capacity_(capacity) {}

  // kNoPinhole: the table is full.
  PinholeIndex Open(const Pinhole& p);
  // The entry that a new flow matches, the oldest first; kNoPinhole.
  PinholeIndex Find(const FlowKey& key) const;
  const Pinhole& At(PinholeIndex i) const { return entries_[i].pinhole; }
  void Close(PinholeIndex i);
  // An entry of this parent, or kNoPinhole: for closing one after the other.
  PinholeIndex OfParent(ConnIndex parent, std::uint32_t parent_id) const;
  std::uint32_t CountOfParent(std::uint32_t parent_id) const;

  // An entry whose deadline has come, or kNoPinhole. The caller closes it.
  PinholeIndex NextExpired(TimePoint now) const;
  TimePoint NextDeadline() const { return deadlines_.empty() ? TimePoint::Max() : deadlines_.begin()->first; }

  std::uint32_t count() const { return count_; }
  template <typename F>
  void ForEach(F&& visit) const {
    for (const auto& [deadline, i] : deadlines_) visit(i, entries_[i].pinhole);
  }

 private:
  struct Entry {
    Pinhole pinhole;
    bool live = false;
  };
  // Destination, port, protocol and interface: what every entry says exactly.
  static std::uint64_t HashOf(IpAddress dst, std::uint16_t dport, std::uint8_t protocol, IfId ingress);
  static std::uint64_t HashOf(const Pinhole& p) { return HashOf(p.dst, p.dport, p.protocol, p.ingress); }

  std::uint32_t capacity_;
  std::uint32_t count_ = 0;
  std::vector<Entry> entries_;
  std::vector<PinholeIndex> free_;
  std::unordered_multimap<std::uint64_t, PinholeIndex> by_target_;
  std::unordered_multimap<std::uint32_t, PinholeIndex> by_parent_;
  std::set<std::pair<TimePoint, PinholeIndex>> deadlines_;
};

}  // namespace sallyport
