// A hierarchical timer wheel of entries that carry their own links: the connection table's clockwork.
//
// Time is cut into ticks of 2^20 ns (about 1 ms). A level has 256 slots; level 0 has the ticks that share all but the lowest
// byte with the wheel's position, level 1 those that share all but the lowest two, and so on, so every tick that a TimePoint
// can express has a place and nothing ever wraps. A bitmap for each level finds the next occupied slot at once: the clock
// can be moved by hours at the cost of what expires, not of the hours.
//
// Lazy: the wheel asks the owner for an entry's deadline only when it meets it, and files it anew when that is later. Within
// one tick entries come in no particular order. Owns no entries, no allocation; one thread.
//
// `Entries` provides:   TimerLinks& Links(uint32_t);   TimePoint Deadline(uint32_t) const;  // Max(): never
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>

#include "firewall/base/time.h"

namespace sallyport {

struct TimerLinks {
  std::uint32_t next;
  std::uint32_t prev;
  std::uint32_t slot;  // TimerWheel::kUnlinked or the list that the entry is on
};

template <typename Entries>
class TimerWheel {
 public:
  static constexpr int kGrainBits = 20;
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kUnlinked = 0xffffffff;

  explicit TimerWheel(Entries& entries) : entries_(entries) { heads_.fill(kNone); }

  // Files entry `i`, which must not be on the wheel, by its deadline. One that has passed is met by the next NextExpired.
  void Add(std::uint32_t i) { File(i, entries_.Deadline(i)); }
  void Remove(std::uint32_t i) {
    if (entries_.Links(i).slot != kUnlinked) Unlink(i);
  }

  // Entry `i` again where it was when Remove left it with `links`, everything else being as it was then.
  void PutBack(std::uint32_t i, const TimerLinks& links) {
    entries_.Links(i) = links;
    if (links.slot == kUnlinked) return;
    (links.prev != kNone ? entries_.Links(links.prev).next : heads_[links.slot]) = i;
    if (links.next != kNone) entries_.Links(links.next).prev = i;
    if (links.slot != kWaiting) occupied_[links.slot >> 6] |= std::uint64_t{1} << (links.slot & 63);
  }

  // An entry whose deadline is at or before `now`, or kNone. It stays on the wheel until it is removed or has a later
  // deadline.
  std::uint32_t NextExpired(TimePoint now) {
    const std::uint64_t target = TickOf(now);
    for (;;) {
      const std::uint32_t found = ScanCurrent(now);
      if (found != kNone) return found;
      if (!Advance(target)) break;
    }
    return kNone;
  }

  // At or before the earliest deadline of all entries, or if that has passed at or before the last `now`; Max() when there
  // is none.
  TimePoint NextDeadline() const {
    const Place place = NextPlace();
    if (place.level >= 0 && place.tick == position_) return TimeOf(position_);
    if (heads_[kWaiting] != kNone) return waiting_until_;
    return place.level < 0 ? TimePoint::Max() : TimeOf(place.tick);
  }

 private:
  static constexpr int kLevels = 6;                         // 6 * 8 bits of tick; a TimePoint has 63 - 20 = 43
  static constexpr std::uint32_t kWaiting = kLevels * 256;  // entries of the present tick that are due later within it

  struct Place {
    int level;           // -1: nothing is filed
    std::uint64_t tick;  // the first that the slot covers
  };

  static std::uint64_t TickOf(TimePoint t) { return t.ns <= 0 ? 0 : static_cast<std::uint64_t>(t.ns) >> kGrainBits; }
  static TimePoint TimeOf(std::uint64_t tick) { return {static_cast<std::int64_t>(tick << kGrainBits)}; }

  void Link(std::uint32_t i, std::uint32_t list) {
    const std::uint32_t head = heads_[list];
    TimerLinks& links = entries_.Links(i);
    links = {head, kNone, list};
    if (head != kNone) entries_.Links(head).prev = i;
    heads_[list] = i;
    if (list != kWaiting) occupied_[list >> 6] |= std::uint64_t{1} << (list & 63);
  }

  void Unlink(std::uint32_t i) {
    TimerLinks& links = entries_.Links(i);
    if (links.prev != kNone) {
      entries_.Links(links.prev).next = links.next;
    } else {
      heads_[links.slot] = links.next;
      if (links.next == kNone && links.slot != kWaiting)
        occupied_[links.slot >> 6] &= ~(std::uint64_t{1} << (links.slot & 63));
    }
    if (links.next != kNone) entries_.Links(links.next).prev = links.prev;
    links.slot = kUnlinked;
  }

  void File(std::uint32_t i, TimePoint deadline) {
    if (deadline == TimePoint::Max()) {
      entries_.Links(i).slot = kUnlinked;
      return;
    }
    std::uint64_t tick = TickOf(deadline);
    if (tick < position_) tick = position_;
    const std::uint64_t differs = tick ^ position_;
    const int level = differs == 0 ? 0 : (63 - std::countl_zero(differs)) / 8;
    Link(i, static_cast<std::uint32_t>(level) << 8 | ((tick >> (8 * level)) & 0xff));
  }

  // Looks through the present tick's list. Entries that have more time are filed anew.
  std::uint32_t ScanCurrent(TimePoint now) {
    if (heads_[kWaiting] != kNone && now >= waiting_until_) {
      while (heads_[kWaiting] != kNone) {
        const std::uint32_t i = heads_[kWaiting];
        Unlink(i);
        Link(i, position_ & 0xff);
      }
    }
    if (heads_[kWaiting] == kNone) waiting_until_ = TimePoint::Max();
    const std::uint32_t list = position_ & 0xff;
    while (heads_[list] != kNone) {
      const std::uint32_t i = heads_[list];
      const TimePoint deadline = entries_.Deadline(i);
      const bool later = TickOf(deadline) > position_;  // also if it has passed: others may come before it
      if (!later && deadline <= now) return i;
      Unlink(i);
      if (later) {
        File(i, deadline);
      } else {
        Link(i, kWaiting);
        if (deadline < waiting_until_) waiting_until_ = deadline;
      }
    }
    return kNone;
  }

  // Moves the position to the next occupied slot at or before `target`, spreading out a slot of a higher level. False when
  // there is none and the position is `target`.
  bool Advance(std::uint64_t target) {
    if (target <= position_) return false;
    if (heads_[kWaiting] != kNone) {
      // Their tick is over, so ScanCurrent has just handed them back to the list unless all deadlines moved.
      waiting_until_ = TimePoint{0};
      return true;
    }
    const Place place = NextPlace();
    if (place.level < 0 || place.tick > target) {
      position_ = target;
      return false;
    }
    position_ = place.tick;
    if (place.level > 0) {
      const std::uint32_t list = static_cast<std::uint32_t>(place.level) << 8 | ((place.tick >> (8 * place.level)) & 0xff);
      while (heads_[list] != kNone) {
        const std::uint32_t i = heads_[list];
        Unlink(i);
        File(i, entries_.Deadline(i));
      }
    }
    return true;
  }

  // The earliest occupied slot. A higher level only has ticks after all of a lower level's.
  Place NextPlace() const {
    for (int level = 0; level < kLevels; level++) {
      const std::uint32_t at = (position_ >> (8 * level)) & 0xff;
      const int slot = NextOccupied(level, level == 0 ? at : at + 1);
      if (slot < 0) continue;
      const std::uint64_t above = level == kLevels - 1 ? 0 : position_ >> (8 * (level + 1)) << (8 * (level + 1));
      return {level, above | static_cast<std::uint64_t>(slot) << (8 * level)};
    }
    return {-1, 0};
  }

  int NextOccupied(int level, std::uint32_t from) const {
    for (std::uint32_t word = from >> 6; word < 4; word++) {
      std::uint64_t bits = occupied_[static_cast<std::uint32_t>(level) * 4 + word];
      if (word == from >> 6) bits &= ~std::uint64_t{0} << (from & 63);
      if (bits != 0) return static_cast<int>(word * 64) + std::countr_zero(bits);
    }
    return -1;
  }

  Entries& entries_;
  std::uint64_t position_ = 0;                  // every earlier tick is done with
  TimePoint waiting_until_ = TimePoint::Max();  // at or before the earliest deadline on the waiting list
  std::array<std::uint32_t, kLevels * 256 + 1> heads_;
  std::array<std::uint64_t, kLevels * 4> occupied_{};
};

}  // namespace sallyport
