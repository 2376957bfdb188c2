#include "vpn/tunnel_event.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace sallyport {

TunnelEventQueue::TunnelEventQueue() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

TunnelEventQueue::~TunnelEventQueue() {
  if (fd_ >= 0) close(fd_);
}

bool TunnelEventQueue::Push(TunnelEvent event) {
  {
    const std::lock_guard<std::mutex> held(lock_);
    if (events_.size() >= kMost) return false;
    events_.push_back(std::move(event));
  }
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then the descriptor is readable anyway.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
  return true;
}

std::deque<TunnelEvent> TunnelEventQueue::Take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
  const std::lock_guard<std::mutex> held(lock_);
  return std::exchange(events_, {});
}

}  // namespace sallyport
