#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "firewall/nat_rule.h"
#include "firewall/xlate_impl.h"

namespace sallyport {

using namespace xlate;

namespace {

constexpr std::uint16_t kDomain = 53;

bool IsPerSession(const XlateRequest& flow, const XlateTimeouts& timeouts) {
  if (!timeouts.per_session || (flow.protocol != kTcp && flow.protocol != kUdp)) return false;
  if (timeouts.per_session_rules != nullptr) {
    const AclElement* rule = timeouts.per_session_rules->Find(
        {flow.real.address, flow.peer.address, flow.real.port, flow.peer.port, flow.protocol});
    if (rule != nullptr) return rule->permit;
  }
  return flow.protocol == kTcp || flow.peer.port == kDomain;
}

}  // namespace

std::uint32_t XlateTable::Impl::HashOf(const Endpoint& e, IpAddress peer, std::uint64_t rest) const {
  __extension__ using Wide = unsigned __int128;
  auto fold = [](std::uint64_t a, std::uint64_t b) {
    const Wide m = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(m >> 64) ^ static_cast<std::uint64_t>(m);
  };
  std::uint64_t h = fold(e.address.hi() ^ hash_seed, e.address.lo() ^ 0xa0761d6478bd642fu);
  if (!peer.IsNone()) h = fold(h ^ peer.hi(), peer.lo() ^ 0x8ebc6af09c88c6e3u ^ hash_seed);
  h = fold(h ^ e.port, rest ^ 0xe7037ed1a0b428dbu ^ hash_seed);
  return static_cast<std::uint32_t>(h ^ h >> 32);
}

std::uint32_t XlateTable::Impl::FindMapped(bool pat, std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped,
                                           IpAddress peer) const {
  return by_mapped.Find(entries, MappedHash(protocol, mapped_if, mapped, peer), [&](std::uint32_t i) {
    const Xlate& x = entries[i].x;
    return x.pat == pat && x.protocol == protocol && x.mapped_if == mapped_if && x.mapped == mapped && x.peer == peer;
  });
}

std::uint32_t XlateTable::Impl::FindReal(bool pat, std::uint8_t protocol, IfId real_if, IfId mapped_if, const Endpoint& real,
                                         IpAddress peer, std::uint32_t rule) const {
  return by_real.Find(entries, RealHash(protocol, real_if, mapped_if, real, peer, rule), [&](std::uint32_t i) {
    const Xlate& x = entries[i].x;
    return x.pat == pat && x.rule == rule && x.protocol == protocol && x.real_if == real_if && x.mapped_if == mapped_if &&
           x.real == real && x.peer == peer;
  });
}

XlateTable::XlateTable(std::uint64_t seed) : impl_(std::make_unique<Impl>(seed)) {}
XlateTable::~XlateTable() = default;

XlateIndex XlateTable::FindMapped(std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped, IpAddress peer) const {
  if (impl_->extended_count != 0) {
    const std::uint32_t i = impl_->FindMapped(true, protocol, mapped_if, mapped, peer);
    if (i != kNone) return i;
  }
  if (impl_->pat_count != 0) {
    const std::uint32_t i = impl_->FindMapped(true, protocol, mapped_if, mapped, {});
    if (i != kNone) return i;
  }
  if (impl_->pat_count == impl_->count) return kNoXlate;
  return impl_->FindMapped(false, 0, mapped_if, {mapped.address, 0}, {});
}

XlateIndex XlateTable::FindReal(const XlateRequest& flow, std::uint32_t rule) const {
  const Impl& t = *impl_;
  if (t.extended_count != 0) {
    const std::uint32_t i = t.FindReal(true, flow.protocol, flow.real_if, flow.mapped_if, flow.real, flow.peer.address, rule);
    if (i != kNone) return i;
  }
  if (t.pat_count != 0) {
    const std::uint32_t i = t.FindReal(true, flow.protocol, flow.real_if, flow.mapped_if, flow.real, {}, rule);
    if (i != kNone) return i;
  }
  if (t.pat_count == t.count) return kNoXlate;
  return t.FindReal(false, 0, flow.real_if, flow.mapped_if, {flow.real.address, 0}, {}, rule);
}

XlateIndex XlateTable::Create(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts, TimePoint now,
                              const NatTable* statics, XlateFailure* why) {
  XlateFailure failure{};
  const auto plan = impl_->Choose(rule, flow, timeouts, statics, failure);
  if (why != nullptr) *why = plan ? XlateFailure::kNone : failure;
  return plan ? impl_->Enter(*plan, rule, flow, timeouts, now) : kNoXlate;
}

XlateIndex XlateTable::CreateAt(const NatRule& rule, const XlateRequest& flow, IpAddress mapped, const XlateTimeouts& timeouts,
                                TimePoint now, const NatTable* statics) {
  Impl::Plan plan;
  plan.pat = true;
  plan.random = impl_->random;
  XlateFailure why{};
  if (!impl_->TakePort(rule, flow, timeouts, statics, mapped, false, plan, why)) return kNoXlate;
  return impl_->Enter(plan, rule, flow, timeouts, now);
}

XlateIndex XlateTable::Impl::Enter(const Plan& chosen, const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                                   TimePoint now) {
  Impl& t = *this;
  const Plan* const plan = &chosen;
  if (undo != nullptr) [[unlikely]] undo->Keep(random);
  t.random = plan->random;
  const std::uint32_t i = t.entries.Allocate();
  Entry& e = t.entries[i];
  Xlate& x = e.x;
  x.rule = rule.id;
  x.pat = plan->pat;
  x.per_session = plan->pat && IsPerSession(flow, timeouts);
  x.extended = plan->extended;
  x.in_block = plan->in_block;
  x.opened_block = plan->opens.has_value();
  x.sticky = plan->sticky;
  x.protocol = plan->pat ? flow.protocol : 0;
  x.real_if = flow.real_if;
  x.mapped_if = flow.mapped_if;
  x.real = plan->pat ? flow.real : Endpoint{flow.real.address, 0};
  x.mapped = plan->mapped;
  if (plan->extended) x.peer = flow.peer.address;
  if (undo != nullptr) [[unlikely]] NoteEntered(i, KeepAround(x));
  x.created = x.last_used = now;
  e.live = true;
  e.mapped_hash = t.MappedHash(x.protocol, x.mapped_if, x.mapped, x.peer);
  e.real_hash = t.RealHash(x.protocol, x.real_if, x.mapped_if, x.real, x.peer, x.rule);
  t.by_mapped.Insert(t.entries, i);
  t.by_real.Insert(t.entries, i);
  t.WaitingFor(x).Add(t.entries, i);
  if (x.pat) {
    auto& space = t.ports[{x.mapped.address, x.mapped_if, x.protocol, x.peer}];
    if (space == nullptr) space = std::make_unique<PortSpace>();
    space->Take(x.mapped.port);
    space->last_used = now;
    t.pat_count++;
    if (x.extended) {
      t.extended_count++;
      t.extended[{x.mapped.address, x.mapped_if, x.protocol}]++;
    }
    if (x.in_block) {
      auto& of_host = t.host_blocks[{x.rule, x.real_if, x.mapped_if, x.protocol, x.real.address}];
      if (plan->opens) {
        of_host.push_back({x.mapped.address, *plan->opens, 0});
        auto& taken = t.port_blocks[{x.mapped.address, x.mapped_if, x.protocol}];
        taken.insert(std::partition_point(taken.begin(), taken.end(),
                                          [&](const PortRange& r) { return r.last < plan->opens->first; }),
                     *plan->opens);
      }
      for (HostBlock& b : of_host) {
        if (b.mapped == x.mapped.address && b.ports.Contains(x.mapped.port)) b.live++;
      }
    }
    if (x.sticky) {
      StickyHost& host = t.sticky[{x.rule, x.real_if, x.mapped_if, 0, x.real.address}];
      host.mapped = x.mapped.address;
      host.count++;
      t.turns[x.rule] = plan->next_turn;
    }
  } else {
    AddressBlock& block = t.blocks[{xlate::First256(x.mapped.address), x.mapped_if, 0}];
    block.words[InBlock(x.mapped.address) / 64] |= 1ull << (InBlock(x.mapped.address) % 64);
    block.used++;
  }
  t.most_used = std::max(t.most_used, ++t.count);
  return i;
}

std::optional<Endpoint> XlateTable::Predict(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                                            const NatTable* statics, XlateFailure* why) const {
  XlateFailure failure{};
  const auto plan = impl_->Choose(rule, flow, timeouts, statics, failure);
  if (why != nullptr) *why = plan ? XlateFailure::kNone : failure;
  if (!plan) return {};
  return Endpoint{plan->mapped.address, plan->pat ? plan->mapped.port : flow.real.port};
}

const Xlate& XlateTable::Get(XlateIndex i) const { return impl_->entries[i].x; }

void XlateTable::AddConnection(XlateIndex i) {
  Entry& e = impl_->entries[i];
  assert(e.live);
  if (impl_->undo != nullptr) [[unlikely]] {
    impl_->undo->Add([&t = *impl_, i, waiting = e.waiting, older = e.older, newer = e.newer] {
      t.entries[i].x.connections--;
      if (waiting) t.WaitingFor(t.entries[i].x).PutBack(t.entries, i, older, newer);
    });
  }
  if (e.waiting) impl_->WaitingFor(e.x).Remove(impl_->entries, i);
  e.x.connections++;
}

void XlateTable::Touch(XlateIndex i, TimePoint now) {
  Entry& e = impl_->entries[i];
  assert(e.live);
  if (impl_->undo != nullptr) return;
  const bool waiting = e.waiting;
  if (waiting) impl_->WaitingFor(e.x).Remove(impl_->entries, i);
  e.x.last_used = std::max(e.x.last_used, now);
  if (waiting) impl_->WaitingFor(e.x).Add(impl_->entries, i);
}

bool XlateTable::DropConnection(XlateIndex i, TimePoint now) {
  Entry& e = impl_->entries[i];
  assert(e.live && e.x.connections != 0);
  if (impl_->undo != nullptr) [[unlikely]] {
    impl_->undo->Add([&t = *impl_, i, last_used = e.x.last_used] {
      xlate::Entry& was = t.entries[i];
      if (was.waiting) t.WaitingFor(was.x).Remove(t.entries, i);
      was.x.last_used = last_used;
      was.x.connections++;
    });
  }
  if (--e.x.connections != 0) return false;
  e.x.last_used = std::max(e.x.last_used, now);
  impl_->WaitingFor(e.x).Add(impl_->entries, i);
  return e.x.per_session;
}

std::optional<PortBlock> XlateTable::Remove(XlateIndex i) {
  Impl& t = *impl_;
  Entry& e = t.entries[i];
  assert(e.live);
  const Xlate& x = e.x;
  if (t.undo != nullptr) [[unlikely]] t.NoteRemoved(i);
  std::optional<PortBlock> lost;
  if (e.waiting) t.WaitingFor(x).Remove(t.entries, i);
  t.by_mapped.Erase(t.entries, i);
  t.by_real.Erase(t.entries, i);
  if (x.pat) {
    // An unused bitmap is kept: its address will be wanted again. Addresses that went out of use are few, peers are many.
    const auto space = t.ports.find({x.mapped.address, x.mapped_if, x.protocol, x.peer});
    space->second->Release(x.mapped.port);
    space->second->last_used = std::max(space->second->last_used, x.last_used);
    if (x.extended && space->second->used() == 0) t.ports.erase(space);
    t.pat_count--;
    if (x.extended) {
      t.extended_count--;
      const auto shared = t.extended.find({x.mapped.address, x.mapped_if, x.protocol});
      if (--shared->second == 0) t.extended.erase(shared);
    }
    if (x.in_block) lost = t.LeaveBlock(x);
    if (x.sticky) {
      const auto host = t.sticky.find({x.rule, x.real_if, x.mapped_if, 0, x.real.address});
      if (--host->second.count == 0) t.sticky.erase(host);
    }
  } else {
    const auto block = t.blocks.find({xlate::First256(x.mapped.address), x.mapped_if, 0});
    block->second.words[InBlock(x.mapped.address) / 64] &= ~(1ull << (InBlock(x.mapped.address) % 64));
    if (--block->second.used == 0) t.blocks.erase(block);
  }
  t.entries.Free(i);
  t.count--;
  return lost;
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
