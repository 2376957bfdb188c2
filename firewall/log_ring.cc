#include "firewall/log_ring.h"

#include <algorithm>
#include <bit>

namespace sallyport {
namespace {

// An event's unused arguments are not worth copying.
void CopyEvent(const LogEvent& from, LogEvent& to) {
  to.time = from.time;
  to.msg = from.msg;
  to.severity = from.severity;
  to.argc = from.argc;
  std::copy_n(from.args.begin(), from.argc, to.args.begin());
  to.text_length = from.text_length;
  std::copy_n(from.text.begin(), from.text_length, to.text.begin());
}

}  // namespace

LogRing::LogRing(std::uint32_t capacity)
    : mask_(std::bit_ceil(std::max<std::uint32_t>(capacity, 2)) - 1), slots_(new LogEvent[std::size_t{mask_} + 1]) {}

void LogRing::Emit(const LogEvent& event) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (head - known_tail_ > mask_) {
    known_tail_ = tail_.load(std::memory_order_acquire);
    if (head - known_tail_ > mask_) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
  }
  CopyEvent(event, slots_[head & mask_]);
  head_.store(head + 1, std::memory_order_release);
  // known_tail_ may be old, so this can name more than there ever were; look properly before a new record is set.
  if (head + 1 - known_tail_ > most_.load(std::memory_order_relaxed)) {
    known_tail_ = tail_.load(std::memory_order_acquire);
    const auto used = static_cast<std::uint32_t>(head + 1 - known_tail_);
    if (used > most_.load(std::memory_order_relaxed)) most_.store(used, std::memory_order_relaxed);
  }
  if (!unannounced_.load(std::memory_order_relaxed)) unannounced_.store(true, std::memory_order_release);
}

bool LogRing::Pop(LogEvent& out) {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head_.load(std::memory_order_acquire)) return false;
  CopyEvent(slots_[tail & mask_], out);
  tail_.store(tail + 1, std::memory_order_release);
  return true;
}

}  // namespace sallyport
