// A hash index over entries that live elsewhere: buckets of chains through the entries themselves, growing by one bucket for
// each entry too many (linear hashing, Litwin 1980), so that no insertion is ever slow. Data thread only; never shrinks.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace sallyport {

// `Traits` gives access to an entry by number: Hash(e) -> uint32, Next(e) -> uint32& (the chain), from an `Entries&`.
template <typename Traits>
class ChainIndex {
 public:
  static constexpr std::uint32_t kEnd = 0xffffffff;

  ChainIndex() { AddSegment(); }

  template <typename Entries, typename Equal>
  std::uint32_t Find(const Entries& entries, std::uint32_t hash, Equal&& equal) const {
    std::uint32_t e = Head(BucketOf(hash));
    while (e != kEnd && !(Traits::Hash(entries, e) == hash && equal(e))) e = Traits::Next(entries, e);
    return e;
  }

  template <typename Entries>
  void Insert(Entries& entries, std::uint32_t e) {
    if (++size_ > buckets_) Split(entries);
    std::uint32_t& head = Head(BucketOf(Traits::Hash(entries, e)));
    Traits::Next(entries, e) = head;
    head = e;
  }

  template <typename Entries>
  void Erase(Entries& entries, std::uint32_t e) {
    std::uint32_t* link = &Head(BucketOf(Traits::Hash(entries, e)));
    while (*link != e) link = &Traits::Next(entries, *link);
    *link = Traits::Next(entries, e);
    size_--;
  }

 private:
  static constexpr std::uint32_t kSegment = 1024;

  std::uint32_t& Head(std::uint32_t bucket) { return segments_[bucket / kSegment][bucket % kSegment]; }
  std::uint32_t Head(std::uint32_t bucket) const { return segments_[bucket / kSegment][bucket % kSegment]; }

  std::uint32_t BucketOf(std::uint32_t hash) const {
    const std::uint32_t b = hash & (round_ * 2 - 1);
    return b < buckets_ ? b : hash & (round_ - 1);
  }

  void AddSegment() {
    auto segment = std::make_unique<std::uint32_t[]>(kSegment);
    for (std::uint32_t i = 0; i < kSegment; i++) segment[i] = kEnd;
    segments_.push_back(std::move(segment));
  }

  // Bucket buckets_ - round_ gives those of its entries that have the next bit set to the new bucket.
  template <typename Entries>
  void Split(Entries& entries) {
    if (buckets_ == round_ * 2) round_ *= 2;
    const std::uint32_t from = buckets_ - round_, to = buckets_;
    if (to / kSegment == segments_.size()) AddSegment();
    buckets_++;
    std::uint32_t e = Head(from);
    Head(from) = kEnd;
    while (e != kEnd) {
      const std::uint32_t next = Traits::Next(entries, e);
      std::uint32_t& head = Head(BucketOf(Traits::Hash(entries, e)));
      Traits::Next(entries, e) = head;
      head = e;
      e = next;
    }
  }

  std::vector<std::unique_ptr<std::uint32_t[]>> segments_;
  std::uint32_t round_ = kSegment;    // buckets when the present round of doubling began
  std::uint32_t buckets_ = kSegment;  // round_ .. 2 * round_
  std::uint32_t size_ = 0;
};

}  // namespace sallyport
