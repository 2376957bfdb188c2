// Counters for each host: `show local-host` counts by interface and address, limits for each client by class and address.
//
// An entry is there while something is counted in it. Data thread only. Fixed capacity; entries are taken from the kernel page
// by page, the index grows by one bucket at a time, so that nothing is ever slow. Addresses are placed by a keyed hash.
#pragma once

#include <cstdint>

#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "firewall/chain_index.h"
#include "firewall/conn_index.h"

namespace sallyport {

class UndoLog;

struct HostCounters {
  IpAddress address;
  TimePoint since;
  std::uint32_t owner = 0;  // IfId of a local host, ServiceClass id of a client under limits
  std::uint32_t tcp = 0, udp = 0, sctp = 0, other = 0;  // connections; other: neither of the rest
  std::uint32_t box = 0;                                // of those: to or from the appliance itself
  std::uint32_t embryonic_to = 0, embryonic_from = 0;   // half-open TCP connections that it is the responder, the initiator of
  std::uint32_t xlates = 0;                             // dynamic translations
  // Limits of 8.2 nat and static lines that were applied to it last; 0: none.
  std::uint32_t tcp_limit = 0, udp_limit = 0, embryonic_limit = 0;
  // --- the table's own
  std::uint32_t hash = 0, next = 0;

  bool Empty() const { return (tcp | udp | sctp | other | xlates) == 0; }
  std::uint32_t& Of(std::uint8_t protocol) {
    return protocol == 6 ? tcp : protocol == 17 ? udp : protocol == 132 ? sctp : other;
  }
};

class HostTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // `capacity` entries; `hash_seed` secret.
  HostTable(std::uint32_t capacity, std::uint64_t hash_seed);

  std::uint32_t Find(std::uint32_t owner, IpAddress address) const;  // kNone: not there
  // The entry, made if it is not there (`fresh`). kNone: the table is full.
  std::uint32_t Take(std::uint32_t owner, IpAddress address, TimePoint now, bool& fresh);
  void Remove(std::uint32_t i);
  HostCounters& At(std::uint32_t i) {
    if (undo_ != nullptr) [[unlikely]] Save(i);
    return entries_[i];
  }
  const HostCounters& At(std::uint32_t i) const { return entries_[i]; }

  std::uint32_t count() const { return count_; }
  void UseUndo(UndoLog* undo) { undo_ = undo; }
  // For walks: entries ever used are below; those in use have an address.
  std::uint32_t slots() const { return touched_; }
  bool Live(std::uint32_t i) const { return i < touched_ && !entries_[i].address.IsNone(); }

 private:
  struct Traits {
    static std::uint32_t Hash(const HostCounters* e, std::uint32_t i) { return e[i].hash; }
    static std::uint32_t Next(const HostCounters* e, std::uint32_t i) { return e[i].next; }
    static std::uint32_t& Next(HostCounters* e, std::uint32_t i) { return e[i].next; }
  };
  std::uint32_t HashOf(std::uint32_t owner, IpAddress address) const;
  void Save(std::uint32_t i);
  void Free(std::uint32_t i);

  std::uint32_t capacity_;
  FlowHasher hasher_;
  LazyMemory memory_;
  HostCounters* entries_;
  ChainIndex<Traits> index_;
  std::uint32_t touched_ = 0, count_ = 0;
  std::uint32_t free_ = kNone;  // removed entries, chained by `next`
  UndoLog* undo_ = nullptr;
};

}  // namespace sallyport
