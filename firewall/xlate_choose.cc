// Which address and port a new dynamic translation gets.
#include <algorithm>
#include <bit>

#include "firewall/nat_rule.h"
#include "firewall/xlate_impl.h"

namespace sallyport {

using namespace xlate;

namespace {

const PortSpace kUnused;
constexpr PortRange kBlockPorts{1024, 65535};  // blocks are only made of these

PortTiers TiersOf(const PatPoolOptions& o) {
  if (!o.flat) return o.include_reserve ? PortTiers::kFlatAll : PortTiers::kClasses;
  return o.include_reserve ? PortTiers::kFlatAll : PortTiers::kFlat;
}

std::uint64_t CountOf(std::span<const AddressRange> pool) {
  std::uint64_t n = 0;
  for (const AddressRange& r : pool) n += std::min<std::uint64_t>(r.Size(), kMaxPatAddresses);
  return std::min<std::uint64_t>(n, kMaxPatAddresses);
}
IpAddress NthOf(std::span<const AddressRange> pool, std::uint64_t n) {
  for (const AddressRange& r : pool) {
    const std::uint64_t size = std::min<std::uint64_t>(r.Size(), kMaxPatAddresses);
    if (n < size) return r.first.Plus(n);
    n -= size;
  }
  return {};
}

}  // namespace

bool XlateTable::Impl::HasPorts(IfId mapped_if, IpAddress mapped) const {
  for (const std::uint8_t protocol : {kTcp, kUdp, kIcmp, kIcmp6}) {
    const PortSpace* space = PortsOf(protocol, mapped_if, mapped, {});
    if ((space != nullptr && space->used() != 0) || IsExtended(mapped_if, mapped, protocol)) return true;
  }
  return false;
}

std::optional<IpAddress> XlateTable::Impl::FreeAddress(std::span<const AddressRange> pool, IfId mapped_if) const {
  std::uint32_t looked_at = 0;
  for (const AddressRange& range : pool) {
    IpAddress block = First256(range.first);
    for (; block <= range.last && looked_at < kMaxPoolBlocks; block = block.Plus(256), looked_at++) {
      const unsigned first = block < range.first ? InBlock(range.first) : 0;
      const unsigned last = block == First256(range.last) ? InBlock(range.last) : 255;
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

// The host's blocks of this address first, then a new one.
bool XlateTable::Impl::TakeFromBlock(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                                     std::span<const PortRange> reserved, IpAddress address, Plan& plan,
                                     XlateFailure& why) const {
  const PortSpace* space = PortsOf(flow.protocol, flow.mapped_if, address, {});
  const auto host = host_blocks.find({rule.id, flow.real_if, flow.mapped_if, flow.protocol, flow.real.address});
  std::size_t has = 0;
  if (host != host_blocks.end()) {
    has = host->second.size();
    for (const HostBlock& b : host->second) {
      if (b.mapped != address) continue;
      if (const auto port = (space != nullptr ? *space : kUnused).PickWithin(b.ports, reserved, plan.random)) {
        plan.mapped = {address, *port};
        plan.in_block = true;
        return true;
      }
    }
  }
  if (has >= timeouts.blocks_per_host) {
    why = XlateFailure::kBlockLimit;
    return false;
  }
  const auto taken = port_blocks.find({address, flow.mapped_if, flow.protocol});
  const std::uint32_t size = timeouts.block_size, all = (kBlockPorts.last - kBlockPorts.first + 1u) / size;
  const std::uint32_t start = plan.random.Below(all);
  for (std::uint32_t i = 0; i < all; i++) {
    const std::uint32_t first = kBlockPorts.first + (start + i) % all * size;
    const PortRange block{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(first + size - 1)};
    if (taken != port_blocks.end()) {
      const auto it = std::partition_point(taken->second.begin(), taken->second.end(),
                                           [&](const PortRange& r) { return r.last < block.first; });
      if (it != taken->second.end() && it->first <= block.last) continue;
    }
    if (const auto port = (space != nullptr ? *space : kUnused).PickWithin(block, reserved, plan.random)) {
      plan.mapped = {address, *port};
      plan.in_block = true;
      plan.opens = block;
      return true;
    }
  }
  why = XlateFailure::kBlocksTaken;
  return false;
}

bool XlateTable::Impl::TakePort(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                                const NatTable* statics, IpAddress address, bool of_pool, Plan& plan,
                                XlateFailure& why) const {
  if (StandsForHost(flow.mapped_if, address)) return false;
  const auto reserved = statics != nullptr ? statics->ReservedPorts(flow.mapped_if, address, flow.protocol)
                                           : std::span<const PortRange>();
  plan.pat = true;
  if (of_pool && rule.pool.block_allocation && IsExtended(flow.mapped_if, address, flow.protocol)) return false;
  if (of_pool && rule.pool.block_allocation) return TakeFromBlock(rule, flow, timeouts, reserved, address, plan, why);
  const IpAddress peer = of_pool && rule.pool.extended ? flow.peer.address : IpAddress{};
  const PortSpace* space = PortsOf(flow.protocol, flow.mapped_if, address, {});
  if (peer.IsNone() ? IsExtended(flow.mapped_if, address, flow.protocol) : space != nullptr && space->used() != 0) return false;
  if (!peer.IsNone()) space = PortsOf(flow.protocol, flow.mapped_if, address, peer);
  // Identifiers of ICMP have no classes.
  const bool icmp = flow.protocol == kIcmp || flow.protocol == kIcmp6;
  const PortTiers tiers = icmp ? PortTiers::kFlatAll : TiersOf(rule.pool);
  const auto port = (space != nullptr ? *space : kUnused).Pick(flow.real.port, reserved, plan.random, tiers);
  if (!port) return false;
  plan.extended = !peer.IsNone();
  plan.mapped = {address, *port};
  return true;
}

bool XlateTable::Impl::TakeFromPool(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                                    const NatTable* statics, std::span<const AddressRange> pool, Plan& plan,
                                    XlateFailure& why) const {
  const auto size = static_cast<std::uint32_t>(CountOf(pool));
  std::uint32_t start = 0;
  plan.sticky = rule.pool.round_robin;
  if (rule.pool.round_robin) {
    // A host keeps its address as long as that has ports.
    const auto host = sticky.find({rule.id, flow.real_if, flow.mapped_if, 0, flow.real.address});
    const auto turn = turns.find(rule.id);
    start = turn != turns.end() ? turn->second % std::max(size, 1u) : 0;
    plan.next_turn = start;
    if (host != sticky.end() && TakePort(rule, flow, timeouts, statics, host->second.mapped, true, plan, why)) return true;
  }
  for (std::uint32_t i = 0; i < size; i++) {
    const std::uint32_t at = (start + i) % size;
    if (!TakePort(rule, flow, timeouts, statics, NthOf(pool, at), true, plan, why)) continue;
    if (rule.pool.round_robin) plan.next_turn = (at + 1) % size;
    return true;
  }
  plan.sticky = false;
  return false;
}

std::optional<XlateTable::Impl::Plan> XlateTable::Impl::Choose(const NatRule& rule, const XlateRequest& flow,
                                                               const XlateTimeouts& timeouts, const NatTable* statics,
                                                               XlateFailure& why) const {
  why = XlateFailure::kUsedUp;
  if (rule.kind == NatRule::Kind::kStatic || NatUnresolved(rule)) return {};
  AddressRange storage;
  const auto pool = MappedRanges(rule, storage);
  Plan plan;
  plan.random = random;
  if (pool.empty()) {  // dynamic identity: the host's own address, if nobody else has it
    if (StandsForHost(flow.mapped_if, flow.real.address) || HasPorts(flow.mapped_if, flow.real.address)) return {};
    plan.mapped = {flow.real.address, 0};
    return plan;
  }
  // What a migration from 8.2 makes of nat-control: a translation to 0.0.0.0 refuses.
  if (pool.size() == 1 && pool[0] == AddressRange{IpAddress::V4(0), IpAddress::V4(0)}) return {};
  if (rule.kind == NatRule::Kind::kDynamic) {
    if (const auto address = FreeAddress(pool, flow.mapped_if)) {
      plan.mapped = {*address, 0};
      return plan;
    }
  }
  if (!CanPat(flow.protocol)) return {};
  const std::span<const AddressRange> shared = rule.kind == NatRule::Kind::kDynamic ? rule.pat_src : pool;
  if (TakeFromPool(rule, flow, timeouts, statics, shared, plan, why)) return plan;
  if (!rule.interface_fallback || rule.interface_address.IsNone()) return {};
  if (!TakePort(rule, flow, timeouts, statics, rule.interface_address, false, plan, why)) return {};
  return plan;
}

}  // namespace sallyport
