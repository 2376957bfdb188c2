#include <cassert>
#include <new>

#include "firewall/conn.h"
#include "firewall/conn_index.h"
#include "firewall/timer_wheel.h"
#include "firewall/undo_log.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kMaxCapacity = 16'000'000;
static_assert(ConnSlots::Ref(kMaxCapacity - 1, Direction::kReverse) < 1u << 26);

// The entries, as the wheel sees them.
class Arena {
 public:
  explicit Arena(std::uint32_t capacity)
      : memory_(std::size_t{capacity} * sizeof(Conn)), entries_(static_cast<Conn*>(memory_.data())) {}
  Conn& operator[](std::uint32_t i) { return entries_[i]; }
  const Conn& operator[](std::uint32_t i) const { return entries_[i]; }

  TimerLinks& Links(std::uint32_t i) { return entries_[i].timer; }
  TimePoint Deadline(std::uint32_t i) const {
    const Conn& c = entries_[i];
    if (c.timeout_s == 0) return TimePoint::Max();
    const Duration timeout = Duration::Seconds(c.timeout_s);
    // An operator may have moved the clock by centuries; a sum that would overflow means never.
    if (c.last_packet.ns > INT64_MAX - timeout.ns) return TimePoint::Max();
    return c.last_packet + timeout;
  }

 private:
  LazyMemory memory_;
  Conn* entries_;
};

}  // namespace

struct ConnTable::Impl {
  Impl(std::uint32_t cap, std::uint64_t seed)
      : capacity(cap), hasher(FlowHasher::FromSeed(seed)), slots(cap), conns(cap), wheel(conns) {
    for (std::size_t i = 0; i < one.size(); i++) one[i] = static_cast<std::uint8_t>(i);
  }

  // `key` as the index has it: members of a traffic zone are one interface.
  FlowKey Indexed(FlowKey key) const {
    key.ingress = IfId{one[static_cast<std::size_t>(key.ingress)]};
    return key;
  }
  std::uint32_t FindRef(const FlowKey& key, std::uint32_t hash) const {
    return slots.Find(hash, [&](std::uint32_t ref) {
      const Conn& c = conns[ConnSlots::EntryOf(ref)];
      return Indexed(ConnSlots::DirectionOf(ref) == Direction::kForward ? c.ForwardKey() : c.ReverseKey()) == key;
    });
  }

  // Entry `i`, which is not in use, becomes a copy of `c`, whose keys have these hashes. Its timer is the caller's.
  void Enter(std::uint32_t i, const Conn& c, std::uint32_t forward_hash, std::uint32_t reverse_hash) {
    Conn& entry = conns[i];
    new (&entry) Conn(c);
    if (entry.last_packet < entry.created) entry.last_packet = entry.created;
    slots.Insert(forward_hash, ConnSlots::Ref(i, Direction::kForward));
    slots.Insert(reverse_hash, ConnSlots::Ref(i, Direction::kReverse));
    count++;
  }
  void Leave(std::uint32_t i) {
    Conn& entry = conns[i];
    slots.Erase(hasher(Indexed(entry.ForwardKey())), ConnSlots::Ref(i, Direction::kForward));
    slots.Erase(hasher(Indexed(entry.ReverseKey())), ConnSlots::Ref(i, Direction::kReverse));
    wheel.Remove(i);
    entry.id = 0;
    entry.timer.next = free_head;
    free_head = i;
    count--;
  }

  std::uint32_t capacity;
  std::uint32_t count = 0;
  std::uint32_t most_used = 0;
  std::uint32_t touched = 0;          // entries below were used at some time
  std::uint32_t free_head = kNoConn;  // erased entries, linked through timer.next
  std::array<std::uint8_t, 256> one{};
  FlowHasher hasher;
  ConnSlots slots;
  Arena conns;
  TimerWheel<Arena> wheel;
  UndoLog* undo = nullptr;
};

ConnTable::ConnTable(std::uint32_t capacity, std::uint64_t hash_seed) {
  assert(capacity >= 1 && capacity <= kMaxCapacity);
  impl_ = std::make_unique<Impl>(capacity, hash_seed);
}
ConnTable::~ConnTable() = default;

ConnTable::Found ConnTable::Find(const FlowKey& key) const {
  const FlowKey indexed = impl_->Indexed(key);
  const std::uint32_t ref = impl_->FindRef(indexed, impl_->hasher(indexed));
  if (ref == 0) return {};
  return {ConnSlots::EntryOf(ref), ConnSlots::DirectionOf(ref)};
}

void ConnTable::Prefetch(const FlowKey& key) const { impl_->slots.Prefetch(impl_->hasher(impl_->Indexed(key))); }

void ConnTable::SetZones(const std::array<std::uint8_t, 256>& one) { impl_->one = one; }
const std::array<std::uint8_t, 256>& ConnTable::zones() const { return impl_->one; }

ConnIndex ConnTable::Insert(const Conn& c) {
  assert(c.id != 0);
  Impl& t = *impl_;
  if (t.count == t.capacity) return kNoConn;
  const FlowKey forward = t.Indexed(c.ForwardKey());
  const FlowKey reverse = t.Indexed(c.ReverseKey());
  // A flow that is its own reverse (a host talking to the port it talks from) has no two sides to track.
  if (forward == reverse) return kNoConn;
  const std::uint32_t forward_hash = t.hasher(forward);
  const std::uint32_t reverse_hash = t.hasher(reverse);
  if (t.FindRef(forward, forward_hash) != 0 || t.FindRef(reverse, reverse_hash) != 0) return kNoConn;

  ConnIndex i = t.free_head;
  if (i != kNoConn) {
    t.free_head = t.conns[i].timer.next;
  } else {
    i = t.touched++;
  }
  if (t.undo != nullptr) [[unlikely]] {
    t.undo->Add([&t, i, most_used = t.most_used] {
      t.Leave(i);
      t.most_used = most_used;
    });
  }
  t.Enter(i, c, forward_hash, reverse_hash);
  t.wheel.Add(i);
  if (t.count > t.most_used) t.most_used = t.count;
  return i;
}

void ConnTable::Erase(ConnIndex i) {
  assert(Live(i));
  Impl& t = *impl_;
  if (t.undo != nullptr) [[unlikely]] {
    t.undo->Add([&t, i, was = t.conns[i]] {
      t.free_head = t.conns[i].timer.next;  // what came after it has gone again, so it is the first
      t.Enter(i, was, t.hasher(t.Indexed(was.ForwardKey())), t.hasher(t.Indexed(was.ReverseKey())));
      t.wheel.PutBack(i, was.timer);
    });
  }
  t.Leave(i);
}

void ConnTable::UseUndo(UndoLog* undo) { impl_->undo = undo; }

Conn& ConnTable::At(ConnIndex i) {
  assert(Live(i));
  return impl_->conns[i];
}
const Conn& ConnTable::At(ConnIndex i) const {
  assert(Live(i));
  return impl_->conns[i];
}
bool ConnTable::Live(ConnIndex i) const { return i < impl_->touched && impl_->conns[i].id != 0; }

void ConnTable::DeadlineChanged(ConnIndex i) {
  assert(Live(i));
  if (impl_->undo != nullptr) return;
  impl_->wheel.Remove(i);
  impl_->wheel.Add(i);
}

ConnIndex ConnTable::NextExpired(TimePoint now) { return impl_->wheel.NextExpired(now); }
TimePoint ConnTable::NextDeadline() const { return impl_->wheel.NextDeadline(); }

std::uint32_t ConnTable::count() const { return impl_->count; }
std::uint32_t ConnTable::most_used() const { return impl_->most_used; }
std::uint32_t ConnTable::capacity() const { return impl_->capacity; }
std::uint32_t ConnTable::slots() const { return impl_->touched; }

double ConnTable::BytesPerConn() {
  static_assert(sizeof(Conn) + ConnSlots::kSlotsPerConn * sizeof(ConnSlots::Slot) <= 256);
  return sizeof(Conn) + ConnSlots::kSlotsPerConn * sizeof(ConnSlots::Slot);
}

}  // namespace sallyport
