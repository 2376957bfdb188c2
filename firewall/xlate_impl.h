// Inside XlateTable: entries, the lists they wait in, and what is known of shared addresses. For xlate_*.cc only.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "firewall/chain_index.h"
#include "firewall/nat.h"
#include "firewall/port_space.h"
#include "firewall/undo_log.h"

namespace sallyport {
namespace xlate {

inline constexpr std::uint32_t kNone = kNoXlate;
inline constexpr std::uint32_t kChunk = 1024;            // entries allocated together
inline constexpr std::uint32_t kMaxPoolBlocks = 256;     // of 256 addresses: bounds the search for a free address
inline constexpr std::uint32_t kMaxPatAddresses = 1024;  // bounds the search for a free port
inline constexpr Duration kPoolHoldDown = Duration::Seconds(600);  // an unused pool is listed so long

inline constexpr std::uint8_t kIcmp = static_cast<std::uint8_t>(IpProtocol::kIcmp);
inline constexpr std::uint8_t kTcp = static_cast<std::uint8_t>(IpProtocol::kTcp);
inline constexpr std::uint8_t kUdp = static_cast<std::uint8_t>(IpProtocol::kUdp);
inline constexpr std::uint8_t kIcmp6 = static_cast<std::uint8_t>(IpProtocol::kIcmp6);

inline bool CanPat(std::uint8_t protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kIcmp || protocol == kIcmp6;
}

struct Entry {
  Xlate x;
  bool live = false;
  bool waiting = false;  // in a waiting list
  std::uint32_t mapped_hash = 0, mapped_next = kNone;
  std::uint32_t real_hash = 0, real_next = kNone;
  std::uint32_t older = kNone, newer = kNone;  // waiting list; `newer` also chains free entries
};

class Entries {
 public:
  Entry& operator[](std::uint32_t i) { return chunks_[i / kChunk][i % kChunk]; }
  const Entry& operator[](std::uint32_t i) const { return chunks_[i / kChunk][i % kChunk]; }
  std::uint32_t slots() const { return slots_; }

  std::uint32_t Allocate() {
    if (free_ != kNone) {
      const std::uint32_t i = free_;
      free_ = (*this)[i].newer;
      return i;
    }
    if (slots_ % kChunk == 0) chunks_.push_back(std::make_unique<Entry[]>(kChunk));
    return slots_++;
  }
  void Free(std::uint32_t i) {
    (*this)[i] = Entry{};
    (*this)[i].newer = free_;
    free_ = i;
  }

 private:
  std::vector<std::unique_ptr<Entry[]>> chunks_;
  std::uint32_t slots_ = 0;
  std::uint32_t free_ = kNone;
};

struct ByMapped {
  static std::uint32_t Hash(const Entries& e, std::uint32_t i) { return e[i].mapped_hash; }
  static std::uint32_t Next(const Entries& e, std::uint32_t i) { return e[i].mapped_next; }
  static std::uint32_t& Next(Entries& e, std::uint32_t i) { return e[i].mapped_next; }
};
struct ByReal {
  static std::uint32_t Hash(const Entries& e, std::uint32_t i) { return e[i].real_hash; }
  static std::uint32_t Next(const Entries& e, std::uint32_t i) { return e[i].real_next; }
  static std::uint32_t& Next(Entries& e, std::uint32_t i) { return e[i].real_next; }
};

// Oldest first by last_used.
struct WaitingList {
  std::uint32_t oldest = kNone;
  std::uint32_t newest = kNone;

  void Add(Entries& entries, std::uint32_t i) {
    Entry& e = entries[i];
    std::uint32_t before = newest;  // time does not run backwards, so this is nearly always the place
    while (before != kNone && entries[before].x.last_used > e.x.last_used) before = entries[before].older;
    e.waiting = true;
    e.older = before;
    e.newer = before == kNone ? oldest : entries[before].newer;
    (e.older == kNone ? oldest : entries[e.older].newer) = i;
    (e.newer == kNone ? newest : entries[e.newer].older) = i;
  }
  void Remove(Entries& entries, std::uint32_t i) {
    Entry& e = entries[i];
    (e.older == kNone ? oldest : entries[e.older].newer) = e.newer;
    (e.newer == kNone ? newest : entries[e.newer].older) = e.older;
    e.older = e.newer = kNone;
    e.waiting = false;
  }
  // Where it was before Remove, everything else being as it was then.
  void PutBack(Entries& entries, std::uint32_t i, std::uint32_t older, std::uint32_t newer) {
    Entry& e = entries[i];
    e.waiting = true;
    e.older = older;
    e.newer = newer;
    (older == kNone ? oldest : entries[older].newer) = i;
    (newer == kNone ? newest : entries[newer].older) = i;
  }
};

struct Hasher {
  std::size_t h = 0;
  void Add(std::uint64_t v) { h = (h ^ v) * 0x9e3779b97f4a7c15u; }
  void Add(IpAddress a) { Add(std::hash<IpAddress>()(a)); }
};

// A mapped address: as a whole (protocol 0), by protocol, or by protocol and peer.
struct AddressKey {
  IpAddress address;
  IfId mapped_if{};
  std::uint8_t protocol = 0;
  IpAddress peer = {};
  bool operator==(const AddressKey&) const = default;
};
struct AddressKeyHash {
  std::size_t operator()(const AddressKey& k) const {
    Hasher h;
    h.Add(k.address);
    h.Add(static_cast<std::uint64_t>(k.mapped_if) << 8 | k.protocol);
    if (!k.peer.IsNone()) h.Add(k.peer);
    return h.h ^ h.h >> 29;
  }
};

// A host that a rule translates; protocol 0 for round-robin, which is about addresses.
struct HostKey {
  std::uint32_t rule = 0;
  IfId real_if{};
  IfId mapped_if{};
  std::uint8_t protocol = 0;
  IpAddress real;
  bool operator==(const HostKey&) const = default;
};
struct HostKeyHash {
  std::size_t operator()(const HostKey& k) const {
    Hasher h;
    h.Add(k.real);
    h.Add(std::uint64_t{k.rule} << 32 | static_cast<std::uint64_t>(k.real_if) << 16 | static_cast<std::uint64_t>(k.mapped_if) << 8 |
          k.protocol);
    return h.h ^ h.h >> 29;
  }
};

// The address that round-robin has given a host, while it has translations.
struct StickyHost {
  IpAddress mapped;
  std::uint32_t count = 0;
};

// A host's block of ports, while one of them is translated to.
struct HostBlock {
  IpAddress mapped;
  PortRange ports;
  std::uint32_t live = 0;
};

// Which of 256 neighbouring addresses stand for a host.
struct AddressBlock {
  std::array<std::uint64_t, 4> words{};
  std::uint32_t used = 0;
};
inline IpAddress First256(IpAddress a) { return IpAddress::V6(a.hi(), a.lo() & ~std::uint64_t{255}); }
inline unsigned InBlock(IpAddress a) { return static_cast<unsigned>(a.lo() & 255); }

}  // namespace xlate

struct XlateTable::Impl {
  explicit Impl(std::uint64_t seed) : random(seed), hash_seed(random.U64()) {}

  // What Create would make. Choosing changes nothing, so that packet-tracer may ask.
  struct Plan {
    bool pat = false;
    bool extended = false;
    bool sticky = false;
    Endpoint mapped;
    std::uint32_t next_turn = 0;     // round-robin: where the next host begins
    std::optional<PortRange> opens;  // a new block of ports
    bool in_block = false;
    Random random{0};  // as it is after the choice
  };

  xlate::Entries entries;
  ChainIndex<xlate::ByMapped> by_mapped;
  ChainIndex<xlate::ByReal> by_real;
  xlate::WaitingList waiting_nat, waiting_pat;
  std::unordered_map<xlate::AddressKey, std::unique_ptr<PortSpace>, xlate::AddressKeyHash> ports;
  std::unordered_map<xlate::AddressKey, xlate::AddressBlock, xlate::AddressKeyHash> blocks;  // protocol 0, address of the block
  std::unordered_map<xlate::HostKey, std::vector<xlate::HostBlock>, xlate::HostKeyHash> host_blocks;
  std::unordered_map<xlate::AddressKey, std::vector<PortRange>, xlate::AddressKeyHash> port_blocks;  // sorted: blocks that hosts have
  std::unordered_map<xlate::HostKey, xlate::StickyHost, xlate::HostKeyHash> sticky;
  // Translations of extended PAT by address and protocol: such an address is shared in no other way meanwhile.
  std::unordered_map<xlate::AddressKey, std::uint32_t, xlate::AddressKeyHash> extended;
  std::unordered_map<std::uint32_t, std::uint32_t> turns;  // by rule: the place in its pool for the next host
  std::vector<NatRule> retired;
  Random random;
  std::uint64_t hash_seed;
  std::uint32_t count = 0;
  std::uint32_t pat_count = 0;
  std::uint32_t extended_count = 0;
  std::uint32_t most_used = 0;

  std::uint32_t HashOf(const Endpoint& e, IpAddress peer, std::uint64_t rest) const;
  std::uint32_t MappedHash(std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped, IpAddress peer) const {
    return HashOf(mapped, peer, static_cast<std::uint64_t>(mapped_if) << 8 | protocol);
  }
  std::uint32_t RealHash(std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real, IpAddress peer,
                         std::uint32_t rule) const {
    return HashOf(real, peer, std::uint64_t{rule} << 32 | static_cast<std::uint64_t>(real_if) << 16 |
                                  static_cast<std::uint64_t>(mapped_if) << 8 | protocol);
  }
  std::uint32_t FindMapped(bool pat, std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped, IpAddress peer) const;
  std::uint32_t FindReal(bool pat, std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real, IpAddress peer,
                         std::uint32_t rule) const;
  xlate::WaitingList& WaitingFor(const Xlate& x) { return x.pat ? waiting_pat : waiting_nat; }

  const PortSpace* PortsOf(std::uint8_t protocol, IfId mapped_if, IpAddress mapped, IpAddress peer) const {
    const auto it = ports.find({mapped, mapped_if, protocol, peer});
    return it == ports.end() ? nullptr : it->second.get();
  }
  bool HasPorts(IfId mapped_if, IpAddress mapped) const;
  bool IsExtended(IfId mapped_if, IpAddress mapped, std::uint8_t protocol) const {
    return extended_count != 0 && extended.contains({mapped, mapped_if, protocol});
  }
  bool StandsForHost(IfId mapped_if, IpAddress mapped) const {
    const auto it = blocks.find({xlate::First256(mapped), mapped_if, 0});
    return it != blocks.end() && (it->second.words[xlate::InBlock(mapped) / 64] >> (xlate::InBlock(mapped) % 64) & 1) != 0;
  }

  // What the plan says becomes a translation.
  XlateIndex Enter(const Plan& chosen, const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts, TimePoint now);

  // --- xlate_undo.cc
  UndoLog* undo = nullptr;
  // Puts back what the tables beside the entries say now of addresses, hosts and rules that `x` is about.
  std::function<void()> KeepAround(const Xlate& x);
  void NoteEntered(std::uint32_t i, std::function<void()> around);
  void NoteRemoved(std::uint32_t i);

  // --- xlate_pools.cc
  std::optional<PortBlock> LeaveBlock(const Xlate& x);

  // --- xlate_choose.cc
  std::optional<IpAddress> FreeAddress(std::span<const AddressRange> pool, IfId mapped_if) const;
  // One PAT address: a port by the pool's options.
  bool TakePort(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts, const NatTable* statics,
                IpAddress address, bool of_pool, Plan& plan, XlateFailure& why) const;
  bool TakeFromBlock(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                     std::span<const PortRange> reserved, IpAddress address, Plan& plan, XlateFailure& why) const;
  bool TakeFromPool(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts, const NatTable* statics,
                    std::span<const AddressRange> pool, Plan& plan, XlateFailure& why) const;
  std::optional<Plan> Choose(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                             const NatTable* statics, XlateFailure& why) const;
};

}  // namespace sallyport
