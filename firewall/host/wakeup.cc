#include "firewall/host/wakeup.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace sallyport {

Wakeup::~Wakeup() { Close(); }

Status Wakeup::Open(int fd) {
  Close();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event packets{};
  packets.events = EPOLLIN;
  packets.data.u32 = 1;
  epoll_event signals{};
  signals.events = EPOLLIN;
  signals.data.u32 = 0;
  if (epoll_ < 0 || event_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &packets) != 0 ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &signals) != 0) {
    const std::string why = std::strerror(errno);
    Close();
    return Error{"cannot wait for packets: " + why};
  }
  return {};
}

Status Wakeup::Also(int fd) {
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u32 = 2;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) == 0) return {};
  return Error{std::string("cannot wait for frames or connections: ") + std::strerror(errno)};
}

void Wakeup::Close() {
  if (epoll_ >= 0) close(epoll_);
  if (event_ >= 0) close(event_);
  epoll_ = event_ = -1;
}

void Wakeup::Signal() {
  flag_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the sleeper is awake anyway.
  (void)!write(event_, &one, sizeof one);
}

bool Wakeup::Wait(Duration timeout) {
  constexpr std::int64_t kMillisecond = 1'000'000;
  constexpr std::int64_t kHour = 3'600'000;
  const int ms = timeout.ns < 0 ? -1 : static_cast<int>(std::min((timeout.ns + kMillisecond - 1) / kMillisecond, kHour));
  epoll_event events[4];
  const int n = epoll_wait(epoll_, events, 4, ms);
  bool readable = false;
  others_ = false;
  for (int i = 0; i < n; i++) {
    if (events[i].data.u32 == 1) {
      readable = true;
    } else if (events[i].data.u32 == 0) {
      std::uint64_t count;
      (void)!read(event_, &count, sizeof count);
    } else {
      others_ = true;
    }
  }
  return readable;
}

}  // namespace sallyport
