#include "vpn/anyconnect/ssl_event.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace sallyport {
namespace {

constexpr int kLogout = 16;
constexpr std::string_view kGoesToSleep = "Client PC is going into suspend";

}  // namespace

bool PausesSession(const SslEvent& bye) { return bye.type() != kLogout || bye.text.starts_with(kGoesToSleep); }

SslEventQueue::SslEventQueue() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

SslEventQueue::~SslEventQueue() {
  if (fd_ >= 0) close(fd_);
}

bool SslEventQueue::Push(SslEvent event) {
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

std::deque<SslEvent> SslEventQueue::Take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
  const std::lock_guard<std::mutex> held(lock_);
  return std::exchange(events_, {});
}

}  // namespace sallyport
