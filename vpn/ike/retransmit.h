// A message that waits for an answer: sent again at fixed gaps, then given up. It runs on the clock that nobody moves.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "firewall/base/time.h"

namespace sallyport {

class Retransmitter {
 public:
  enum class Due : std::uint8_t { kNothing, kResend, kGiveUp };

  // The message was sent at `real`. `gaps` must outlive the wait (a constant): after each but the last it is due again,
  // after the last one it is given up.
  void Start(std::vector<std::uint8_t> message, std::span<const Duration> gaps, TimePoint real) {
    message_ = std::move(message);
    gaps_ = gaps;
    sent_ = 1;
    next_ = real + gaps_[0];
  }
  // The answer came. The message is kept: a peer that did not get it may ask for it.
  void Stop() { gaps_ = {}; }
  void Clear() {
    Stop();
    message_.clear();
  }
  bool waiting() const { return !gaps_.empty(); }
  TimePoint next() const { return waiting() ? next_ : TimePoint::Max(); }
  // How often it was sent.
  std::size_t sent() const { return sent_; }
  const std::vector<std::uint8_t>& message() const { return message_; }

  Due Advance(TimePoint real) {
    if (!waiting() || real < next_) return Due::kNothing;
    if (sent_ >= gaps_.size()) {
      Stop();
      return Due::kGiveUp;
    }
    // A late caller does not make several copies leave at once.
    next_ = real + gaps_[sent_];
    ++sent_;
    return Due::kResend;
  }

 private:
  std::vector<std::uint8_t> message_;
  std::span<const Duration> gaps_;
  std::size_t sent_ = 0;
  TimePoint next_{};
};

}  // namespace sallyport
