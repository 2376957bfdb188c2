// The data thread's log: a bounded ring of events with one writer and one reader, without locks.
//
// The data thread writes (Emit, through LogSink::Log); the control thread reads (Pop) and renders. What does not fit is
// counted, never waited for: a packet is worth more than a message about it. Owned by the daemon, next to the Logger.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "firewall/log_event.h"

namespace sallyport {

class LogRing final : public LogSink {
 public:
  // `capacity` events, rounded up to a power of two. An event takes about 1,100 bytes.
  explicit LogRing(std::uint32_t capacity = 4096);

  // --- data thread
  void Emit(const LogEvent& event) override;
  // True once after events were written that nobody has been told of: the moment to wake the control thread. Cheap; meant
  // to be asked after each batch of packets.
  bool NeedsWake() {
    return unannounced_.load(std::memory_order_relaxed) && unannounced_.exchange(false, std::memory_order_acq_rel);
  }

  // --- control thread
  bool Pop(LogEvent& out);
  void SetEnabled(Msg m, bool on) { enabled_[static_cast<std::size_t>(m)].store(on, std::memory_order_relaxed); }

  // --- any thread
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  std::uint32_t size() const {
    return static_cast<std::uint32_t>(head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire));
  }
  std::uint32_t most_used() const { return most_.load(std::memory_order_relaxed); }
  std::uint32_t capacity() const { return mask_ + 1; }

 private:
  std::uint32_t mask_;
  std::unique_ptr<LogEvent[]> slots_;
  alignas(64) std::atomic<std::uint64_t> head_{0};  // next to write; the writer's
  std::uint64_t known_tail_ = 0;                    // the writer's last look at tail_
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint32_t> most_{0};
  std::atomic<bool> unannounced_{false};
  alignas(64) std::atomic<std::uint64_t> tail_{0};  // next to read; the reader's
};

}  // namespace sallyport
