#include "firewall/host_table.h"

#include <new>

#include "firewall/undo_log.h"

namespace sallyport {

HostTable::HostTable(std::uint32_t capacity, std::uint64_t hash_seed)
    : capacity_(capacity),
      hasher_(FlowHasher::FromSeed(hash_seed)),
      memory_(std::size_t{capacity} * sizeof(HostCounters)),
      entries_(static_cast<HostCounters*>(memory_.data())) {}

std::uint32_t HostTable::HashOf(std::uint32_t owner, IpAddress address) const {
  return hasher_({address, IpAddress::V4(owner), 0, 0, 0, IfId::kIdentity});
}

std::uint32_t HostTable::Find(std::uint32_t owner, IpAddress address) const {
  return index_.Find(static_cast<const HostCounters*>(entries_), HashOf(owner, address),
                     [&](std::uint32_t i) { return entries_[i].owner == owner && entries_[i].address == address; });
}

std::uint32_t HostTable::Take(std::uint32_t owner, IpAddress address, TimePoint now, bool& fresh) {
  fresh = false;
  if (const std::uint32_t found = Find(owner, address); found != kNone) return found;
  if (count_ == capacity_ || address.IsNone()) return kNone;
  std::uint32_t i = free_;
  if (i != kNone) {
    free_ = entries_[i].next;
  } else {
    i = touched_++;
  }
  HostCounters& e = *new (&entries_[i]) HostCounters;
  e.address = address;
  e.owner = owner;
  e.since = now;
  e.hash = HashOf(owner, address);
  index_.Insert(entries_, i);
  count_++;
  fresh = true;
  if (undo_ != nullptr) [[unlikely]] undo_->Add([this, i] { Free(i); });
  return i;
}

void HostTable::Save(std::uint32_t i) {
  undo_->Add([this, i, was = entries_[i]]() mutable {
    was.next = entries_[i].next;
    entries_[i] = was;
  });
}

void HostTable::Remove(std::uint32_t i) {
  if (undo_ != nullptr) [[unlikely]] {
    undo_->Add([this, i, was = entries_[i]] {
      free_ = entries_[i].next;  // it was freed last
      entries_[i] = was;
      index_.Insert(entries_, i);
      count_++;
    });
  }
  Free(i);
}

void HostTable::Free(std::uint32_t i) {
  index_.Erase(entries_, i);
  entries_[i] = HostCounters{};
  entries_[i].next = free_;
  free_ = i;
  count_--;
}

}  // namespace sallyport
