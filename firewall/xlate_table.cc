#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "firewall/chain_index.h"
#include "firewall/nat.h"
#include "firewall/nat_rule.h"
#include "firewall/port_space.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kNone = kNoXlate;
constexpr std::uint32_t kChunk = 1024;            // entries allocated together
constexpr std::uint32_t kMaxPoolBlocks = 256;     // of 256 addresses: bounds the search for a free address
constexpr std::uint32_t kMaxPatAddresses = 1024;  // bounds the search for a free port

constexpr std::uint8_t kIcmp = static_cast<std::uint8_t>(IpProtocol::kIcmp);
constexpr std::uint8_t kTcp = static_cast<std::uint8_t>(IpProtocol::kTcp);
constexpr std::uint8_t kUdp = static_cast<std::uint8_t>(IpProtocol::kUdp);
constexpr std::uint8_t kIcmp6 = static_cast<std::uint8_t>(IpProtocol::kIcmp6);
constexpr std::uint16_t kDomain = 53;

bool CanPat(std::uint8_t protocol) {
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
};

struct AddressKey {
  IpAddress address;
  IfId mapped_if{};
  std::uint8_t protocol = 0;
  bool operator==(const AddressKey&) const = default;
};
struct AddressKeyHash {
  std::size_t operator()(const AddressKey& k) const {
    return std::hash<IpAddress>()(k.address) * 0x9e3779b97f4a7c15u +
           (static_cast<std::size_t>(k.mapped_if) << 8 | k.protocol);
  }
};

// Which of 256 neighbouring addresses stand for a host.
struct AddressBlock {
  std::array<std::uint64_t, 4> words{};
  std::uint32_t used = 0;
};
IpAddress BlockOf(IpAddress a) { return IpAddress::V6(a.hi(), a.lo() & ~std::uint64_t{255}); }
unsigned InBlock(IpAddress a) { return static_cast<unsigned>(a.lo() & 255); }

}  // namespace

struct XlateTable::Impl {
  explicit Impl(std::uint64_t seed) : random(seed), hash_seed(random.U64()) {}

  struct Plan {
    bool pat = false;
    Endpoint mapped;
    Random random;  // as it is after the choice
  };

  Entries entries;
  ChainIndex<ByMapped> by_mapped;
  ChainIndex<ByReal> by_real;
  WaitingList waiting_nat, waiting_pat;
  std::unordered_map<AddressKey, std::unique_ptr<PortSpace>, AddressKeyHash> ports;
  std::unordered_map<AddressKey, AddressBlock, AddressKeyHash> blocks;  // protocol 0, address of the block
  Random random;
  std::uint64_t hash_seed;
  std::uint32_t count = 0;
  std::uint32_t pat_count = 0;
  std::uint32_t most_used = 0;

  std::uint32_t HashOf(const Endpoint& e, std::uint64_t rest) const {
    __extension__ using Wide = unsigned __int128;
    auto fold = [](std::uint64_t a, std::uint64_t b) {
      const Wide m = static_cast<Wide>(a) * b;
      return static_cast<std::uint64_t>(m >> 64) ^ static_cast<std::uint64_t>(m);
    };
    std::uint64_t h = fold(e.address.hi() ^ hash_seed, e.address.lo() ^ 0xa0761d6478bd642fu);
    h = fold(h ^ e.port, rest ^ 0xe7037ed1a0b428dbu ^ hash_seed);
    return static_cast<std::uint32_t>(h ^ h >> 32);
  }
  std::uint32_t MappedHash(std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped) const {
    return HashOf(mapped, static_cast<std::uint64_t>(mapped_if) << 8 | protocol);
  }
  std::uint32_t RealHash(std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                         std::uint32_t rule) const {
    return HashOf(real, std::uint64_t{rule} << 32 | static_cast<std::uint64_t>(real_if) << 16 |
                            static_cast<std::uint64_t>(mapped_if) << 8 | protocol);
  }
  std::uint32_t FindMapped(bool pat, std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped) const {
    return by_mapped.Find(entries, MappedHash(protocol, mapped_if, mapped), [&](std::uint32_t i) {
      const Xlate& x = entries[i].x;
      return x.pat == pat && x.protocol == protocol && x.mapped_if == mapped_if && x.mapped == mapped;
    });
  }
  std::uint32_t FindReal(bool pat, std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                         std::uint32_t rule) const {
    return by_real.Find(entries, RealHash(protocol, real_if, mapped_if, real, rule), [&](std::uint32_t i) {
      const Xlate& x = entries[i].x;
      return x.pat == pat && x.rule == rule && x.protocol == protocol && x.real_if == real_if && x.mapped_if == mapped_if &&
             x.real == real;
    });
  }
  WaitingList& WaitingFor(const Xlate& x) { return x.pat ? waiting_pat : waiting_nat; }

  const PortSpace* PortsOf(std::uint8_t protocol, IfId mapped_if, IpAddress mapped) const {
    const auto it = ports.find({mapped, mapped_if, protocol});
    return it == ports.end() ? nullptr : it->second.get();
  }
  bool HasPorts(IfId mapped_if, IpAddress mapped) const {
    for (const std::uint8_t protocol : {kTcp, kUdp, kIcmp, kIcmp6}) {
      const PortSpace* space = PortsOf(protocol, mapped_if, mapped);
      if (space != nullptr && space->used() != 0) return true;
    }
    return false;
  }
  bool StandsForHost(IfId mapped_if, IpAddress mapped) const {
    const auto it = blocks.find({BlockOf(mapped), mapped_if, 0});
    return it != blocks.end() && (it->second.words[InBlock(mapped) / 64] >> (InBlock(mapped) % 64) & 1) != 0;
  }

  std::optional<IpAddress> FreeAddress(std::span<const AddressRange> pool, IfId mapped_if) const;
  std::optional<Endpoint> FreePort(IpAddress mapped, std::uint8_t protocol, IfId mapped_if, std::uint16_t wanted,
                                   const NatTable* statics, Random& draw) const;
  std::optional<Plan> Choose(const NatRule& rule, std::uint8_t protocol, IfId mapped_if, const Endpoint& real,
                             const NatTable* statics) const;
  XlateIndex Enter(const Plan& plan, const NatRule& rule, std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                   std::uint16_t dport, const XlateTimeouts& timeouts, TimePoint now);
};

std::optional<IpAddress> XlateTable::Impl::FreeAddress(std::span<const AddressRange> pool, IfId mapped_if) const {
  std::uint32_t looked_at = 0;
  for (const AddressRange& range : pool) {
    IpAddress block = BlockOf(range.first);
    for (; block <= range.last && looked_at < kMaxPoolBlocks; block = block.Plus(256), looked_at++) {
      const unsigned first = block < range.first ? InBlock(range.first) : 0;
      const unsigned last = block == BlockOf(range.last) ? InBlock(range.last) : 255;
      const auto it = blocks.find({block, mapped_if, 0});
      for (unsigned w = first / 64; w <= last / 64; w++) {
        std::uint64_t free = it == blocks.end() ? ~0ull : ~it->second.words[w];
        if (w == first / 64) free &= ~0ull << (first % 64);
        if (w == last / 64) free &= ~0ull >> (63 - last % 64);
        for (; free != 0; free &= free - 1) {
          const IpAddress a = block.Plus(w * 64 + static_cast<unsigned>(std::countr_zero(free)));
          if (pat_count == 0 || !HasPorts(mapped_if, a)) return a;
        }
      }
    }
  }
  return {};
}

std::optional<Endpoint> XlateTable::Impl::FreePort(IpAddress mapped, std::uint8_t protocol, IfId mapped_if,
                                                   std::uint16_t wanted, const NatTable* statics, Random& draw) const {
  static const PortSpace kUnused;
  if (StandsForHost(mapped_if, mapped)) return {};
  const PortSpace* space = PortsOf(protocol, mapped_if, mapped);
  const auto reserved =
      statics != nullptr ? statics->ReservedPorts(mapped_if, mapped, protocol) : std::span<const PortRange>();
  const auto port = (space != nullptr ? *space : kUnused).Pick(wanted, reserved, draw);
  if (!port) return {};
  return Endpoint{mapped, *port};
}

std::optional<XlateTable::Impl::Plan> XlateTable::Impl::Choose(const NatRule& rule, std::uint8_t protocol, IfId mapped_if,
                                                               const Endpoint& real, const NatTable* statics) const {
  if (rule.kind == NatRule::Kind::kStatic || NatUnresolved(rule)) return {};
  AddressRange storage;
  const auto pool = MappedRanges(rule, storage);
  Plan plan{false, {}, random};
  if (pool.empty()) {  // dynamic identity: the host's own address, if nobody else has it
    if (StandsForHost(mapped_if, real.address) || HasPorts(mapped_if, real.address)) return {};
    plan.mapped = {real.address, 0};
    return plan;
  }
  // What a migration from 8.2 makes of nat-control: a translation to 0.0.0.0 refuses.
  if (pool.size() == 1 && pool[0] == AddressRange{IpAddress::V4(0), IpAddress::V4(0)}) return {};
  if (rule.kind == NatRule::Kind::kDynamic) {
    if (const auto address = FreeAddress(pool, mapped_if)) {
      plan.mapped = {*address, 0};
      return plan;
    }
    if (CanPat(protocol)) {
      std::uint32_t looked_at = 0;
      for (const AddressRange& range : rule.pat_src) {
        for (IpAddress a = range.first; a <= range.last && looked_at < kMaxPatAddresses; a = a.Plus(1), looked_at++) {
          if (const auto mapped = FreePort(a, protocol, mapped_if, real.port, statics, plan.random)) {
            plan.pat = true;
            plan.mapped = *mapped;
            return plan;
          }
        }
      }
    }
    if (!rule.interface_fallback || rule.interface_address.IsNone() || !CanPat(protocol)) return {};
    const auto mapped = FreePort(rule.interface_address, protocol, mapped_if, real.port, statics, plan.random);
    if (!mapped) return {};
    plan.pat = true;
    plan.mapped = *mapped;
    return plan;
  }
  if (!CanPat(protocol)) return {};
  plan.pat = true;
  std::uint32_t looked_at = 0;
  for (const AddressRange& range : pool) {
    for (IpAddress a = range.first; a <= range.last && looked_at < kMaxPatAddresses; a = a.Plus(1), looked_at++) {
      if (const auto mapped = FreePort(a, protocol, mapped_if, real.port, statics, plan.random)) {
        plan.mapped = *mapped;
        return plan;
      }
      if (a == range.last) break;
    }
  }
  if (!rule.interface_fallback || rule.interface_address.IsNone()) return {};
  const auto mapped = FreePort(rule.interface_address, protocol, mapped_if, real.port, statics, plan.random);
  if (!mapped) return {};
  plan.mapped = *mapped;
  return plan;
}

XlateTable::XlateTable(std::uint64_t seed) : impl_(std::make_unique<Impl>(seed)) {}
XlateTable::~XlateTable() = default;

XlateIndex XlateTable::FindMapped(std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped) const {
  if (impl_->pat_count != 0) {
    const std::uint32_t i = impl_->FindMapped(true, protocol, mapped_if, mapped);
    if (i != kNone) return i;
  }
  if (impl_->pat_count == impl_->count) return kNoXlate;
  return impl_->FindMapped(false, 0, mapped_if, {mapped.address, 0});
}

XlateIndex XlateTable::FindReal(std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                                std::uint32_t rule) const {
  if (impl_->pat_count != 0) {
    const std::uint32_t i = impl_->FindReal(true, protocol, real_if, mapped_if, real, rule);
    if (i != kNone) return i;
  }
  if (impl_->pat_count == impl_->count) return kNoXlate;
  return impl_->FindReal(false, 0, real_if, mapped_if, {real.address, 0}, rule);
}

XlateIndex XlateTable::Create(const NatRule& rule, std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                              std::uint16_t dport, const XlateTimeouts& timeouts, TimePoint now, const NatTable* statics) {
  const auto plan = impl_->Choose(rule, protocol, mapped_if, real, statics);
  if (!plan) return kNoXlate;
  return impl_->Enter(*plan, rule, protocol, real_if, mapped_if, real, dport, timeouts, now);
}

XlateIndex XlateTable::CreateAt(const NatRule& rule, std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                                IpAddress mapped, const XlateTimeouts& timeouts, TimePoint now, const NatTable* statics) {
  if (!CanPat(protocol)) return kNoXlate;
  Impl::Plan plan{true, {}, impl_->random};
  const auto chosen = impl_->FreePort(mapped, protocol, mapped_if, real.port, statics, plan.random);
  if (!chosen) return kNoXlate;
  plan.mapped = *chosen;
  return impl_->Enter(plan, rule, protocol, real_if, mapped_if, real, 0, timeouts, now);
}

XlateIndex XlateTable::Impl::Enter(const Plan& plan_in, const NatRule& rule, std::uint8_t protocol, IfId real_if, IfId mapped_if,
                                   const Endpoint& real, std::uint16_t dport, const XlateTimeouts& timeouts, TimePoint now) {
  Impl& t = *this;
  const Plan* plan = &plan_in;
  t.random = plan->random;
  const std::uint32_t i = t.entries.Allocate();
  Entry& e = t.entries[i];
  Xlate& x = e.x;
  x.rule = rule.id;
  x.pat = plan->pat;
  x.per_session = plan->pat && timeouts.per_session && (protocol != kUdp || dport == kDomain);
  x.protocol = plan->pat ? protocol : 0;
  x.real_if = real_if;
  x.mapped_if = mapped_if;
  x.real = plan->pat ? real : Endpoint{real.address, 0};
  x.mapped = plan->mapped;
  x.created = x.last_used = now;
  e.live = true;
  e.mapped_hash = t.MappedHash(x.protocol, mapped_if, x.mapped);
  e.real_hash = t.RealHash(x.protocol, real_if, mapped_if, x.real, x.rule);
  t.by_mapped.Insert(t.entries, i);
  t.by_real.Insert(t.entries, i);
  t.WaitingFor(x).Add(t.entries, i);
  if (x.pat) {
    auto& space = t.ports[{x.mapped.address, mapped_if, protocol}];
    if (space == nullptr) space = std::make_unique<PortSpace>();
    space->Take(x.mapped.port);
    t.pat_count++;
  } else {
    AddressBlock& block = t.blocks[{BlockOf(x.mapped.address), mapped_if, 0}];
    block.words[InBlock(x.mapped.address) / 64] |= 1ull << (InBlock(x.mapped.address) % 64);
    block.used++;
  }
  t.most_used = std::max(t.most_used, ++t.count);
  return i;
}

std::optional<Endpoint> XlateTable::Predict(const NatRule& rule, std::uint8_t protocol, IfId mapped_if, const Endpoint& real,
                                            const NatTable* statics) const {
  const auto plan = impl_->Choose(rule, protocol, mapped_if, real, statics);
  if (!plan) return {};
  return Endpoint{plan->mapped.address, plan->pat ? plan->mapped.port : real.port};
}

const Xlate& XlateTable::Get(XlateIndex i) const { return impl_->entries[i].x; }

void XlateTable::AddConnection(XlateIndex i) {
  Entry& e = impl_->entries[i];
  assert(e.live);
  if (e.waiting) impl_->WaitingFor(e.x).Remove(impl_->entries, i);
  e.x.connections++;
}

void XlateTable::Touch(XlateIndex i, TimePoint now) {
  Entry& e = impl_->entries[i];
  assert(e.live);
  const bool waiting = e.waiting;
  if (waiting) impl_->WaitingFor(e.x).Remove(impl_->entries, i);
  e.x.last_used = std::max(e.x.last_used, now);
  if (waiting) impl_->WaitingFor(e.x).Add(impl_->entries, i);
}

bool XlateTable::DropConnection(XlateIndex i, TimePoint now) {
  Entry& e = impl_->entries[i];
  assert(e.live && e.x.connections != 0);
  if (--e.x.connections != 0) return false;
  e.x.last_used = std::max(e.x.last_used, now);
  impl_->WaitingFor(e.x).Add(impl_->entries, i);
  return e.x.per_session;
}

void XlateTable::Remove(XlateIndex i) {
  Impl& t = *impl_;
  Entry& e = t.entries[i];
  assert(e.live);
  const Xlate& x = e.x;
  if (e.waiting) t.WaitingFor(x).Remove(t.entries, i);
  t.by_mapped.Erase(t.entries, i);
  t.by_real.Erase(t.entries, i);
  if (x.pat) {
    // An unused bitmap is kept: its address will be wanted again. Addresses that went out of use are few.
    t.ports.find({x.mapped.address, x.mapped_if, x.protocol})->second->Release(x.mapped.port);
    t.pat_count--;
  } else {
    const auto block = t.blocks.find({BlockOf(x.mapped.address), x.mapped_if, 0});
    block->second.words[InBlock(x.mapped.address) / 64] &= ~(1ull << (InBlock(x.mapped.address) % 64));
    if (--block->second.used == 0) t.blocks.erase(block);
  }
  t.entries.Free(i);
  t.count--;
}

XlateIndex XlateTable::NextExpired(const XlateTimeouts& timeouts, TimePoint now) {
  XlateIndex due = kNoXlate;
  TimePoint due_at = TimePoint::Max();
  for (const auto& [i, timeout] :
       {std::pair{impl_->waiting_nat.oldest, timeouts.xlate}, std::pair{impl_->waiting_pat.oldest, timeouts.pat_xlate}}) {
    if (i == kNone || timeout.ns == 0) continue;
    const TimePoint at = impl_->entries[i].x.last_used + timeout;
    if (at <= now && at < due_at) {
      due = i;
      due_at = at;
    }
  }
  return due;
}

TimePoint XlateTable::NextDeadline(const XlateTimeouts& timeouts) const {
  TimePoint next = TimePoint::Max();
  for (const auto& [i, timeout] :
       {std::pair{impl_->waiting_nat.oldest, timeouts.xlate}, std::pair{impl_->waiting_pat.oldest, timeouts.pat_xlate}}) {
    if (i != kNone && timeout.ns != 0) next = std::min(next, impl_->entries[i].x.last_used + timeout);
  }
  return next;
}

std::uint32_t XlateTable::count() const { return impl_->count; }
std::uint32_t XlateTable::most_used() const { return impl_->most_used; }
std::uint32_t XlateTable::slots() const { return impl_->entries.slots(); }
bool XlateTable::Live(std::uint32_t slot) const { return impl_->entries[slot].live; }

}  // namespace sallyport
