#include "cli/ssl_streams.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

namespace sallyport {
namespace {

constexpr std::uint8_t kWatched = 1, kWantsWrite = 2;
constexpr std::size_t kAtATime = 64 * 1024;
constexpr int kSockets = 16;          // of a round
constexpr int kSilent = 8;            // after so many rounds it is waited for, and not asked
constexpr int kNotSent = 128 * 1024;  // more does not wait in the kernel, where nobody sees it
constexpr std::int64_t kLinger = 2'000'000'000;

std::int64_t RealNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<SslStreams>> SslStreams::Open(SslPlane& plane) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = timer;
  if (epoll < 0 || timer < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &e) != 0) {
    const std::string why = std::strerror(errno);
    if (epoll >= 0) close(epoll);
    if (timer >= 0) close(timer);
    return Error{"cannot wait for TLS connections: " + why};
  }
  return std::unique_ptr<SslStreams>(new SslStreams(plane, epoll, timer));
}

SslStreams::SslStreams(SslPlane& plane, int epoll, int timer) : plane_(plane), epoll_(epoll), timer_(timer), buffer_(kAtATime) {
  plane_.UseWires(this);
}

SslStreams::~SslStreams() {
  plane_.UseWires(nullptr);
  for (const auto& [socket, e] : ending_) close(socket);
  close(timer_);
  close(epoll_);
}

void SslStreams::Watch(int socket) {
  const auto at = static_cast<std::size_t>(socket);
  if (state_.size() <= at) state_.resize(at + 1, 0);
  state_[at] = kWatched;
  watched_++;
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSent, sizeof kNotSent);
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = socket;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &e);
}

void SslStreams::Want(int socket, bool write) {
  std::uint8_t& state = state_[static_cast<std::size_t>(socket)];
  if (((state & kWantsWrite) != 0) == write) return;
  state = static_cast<std::uint8_t>(write ? state | kWantsWrite : state & ~kWantsWrite);
  epoll_event e{};
  e.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  e.data.fd = socket;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &e);
}

void SslStreams::Send(int socket, TimePoint now) {
  for (;;) {
    const Bytes left = plane_.ToWire(socket);
    if (left.empty()) return Want(socket, false);
    const ssize_t n = send(socket, left.data(), left.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      plane_.SentWire(socket, static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Want(socket, true);
    } else if (errno != EINTR) {
      return plane_.Broken(socket, now);
    }
  }
}

void SslStreams::Flush() {
  if (watched_ == 0) return;
  for (const int socket : plane_.TakeDirty()) {
    // What waits for room is sent when there is some.
    if ((state_[static_cast<std::size_t>(socket)] & kWantsWrite) == 0) Send(socket, now_);
  }
}

void SslStreams::Read(int socket, TimePoint now, bool& more) {
  const ssize_t n = recv(socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (n > 0) {
    more = more || static_cast<std::size_t>(n) == buffer_.size();
    plane_.Receive(socket, Bytes(buffer_).first(static_cast<std::size_t>(n)), now);
  } else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    plane_.Broken(socket, now);
  }
}

bool SslStreams::Drain(TimePoint now, bool ready) {
  now_ = now;
  if (watched_ == 0 && ending_.empty()) return false;
  if (!ready && silent_ >= kSilent) return false;
  epoll_event events[kSockets];
  const int n = epoll_wait(epoll_, events, kSockets, 0);
  silent_ = n > 0 ? 0 : silent_ + 1;
  bool more = n == kSockets;
  for (int i = 0; i < n; i++) {
    const int socket = events[i].data.fd;
    if (socket == timer_) {
      EndLate();
      continue;
    }
    if (const auto e = ending_.find(socket); e != ending_.end()) {
      if (!GoOn(socket, e->second)) Close(socket);
      continue;
    }
    if ((events[i].events & EPOLLOUT) != 0) Send(socket, now);
    if ((events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && (state_[static_cast<std::size_t>(socket)] & kWatched) != 0) Read(socket, now, more);
  }
  return more;
}

// --- ends ------------------------------------------------------------------------------------------------------------------

void SslStreams::Finish(int socket, Bytes last) {
  std::uint8_t& state = state_[static_cast<std::size_t>(socket)];
  state = static_cast<std::uint8_t>(state & ~kWatched);
  watched_--;
  Ending& e = ending_[socket];
  e.left.assign(last.begin(), last.end());
  e.until_ns = RealNs() + kLinger;
  if (!GoOn(socket, e) || ending_.size() > kMostEnding) return Close(socket);
  if (armed_) return;
  itimerspec when{};
  when.it_value.tv_sec = kLinger / 1'000'000'000 + 1;
  armed_ = timerfd_settime(timer_, 0, &when, nullptr) == 0;
}

bool SslStreams::GoOn(int socket, Ending& e) {
  while (e.sent < e.left.size()) {
    const ssize_t n = send(socket, e.left.data() + e.sent, e.left.size() - e.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      e.sent += static_cast<std::size_t>(n);
      if (e.sent == e.left.size()) shutdown(socket, SHUT_WR);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      Want(socket, true);
      break;
    } else if (errno != EINTR) {
      return false;
    }
  }
  if (e.left.empty()) shutdown(socket, SHUT_WR);
  if (e.sent == e.left.size()) Want(socket, false);
  for (int i = 0; i < 16; i++) {
    const ssize_t n = recv(socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  }
  return true;
}

void SslStreams::Close(int socket) {
  ending_.erase(socket);
  state_[static_cast<std::size_t>(socket)] = 0;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  close(socket);
}

void SslStreams::EndLate() {
  std::uint64_t count = 0;
  (void)!read(timer_, &count, sizeof count);
  const std::int64_t now = RealNs();
  std::vector<int> late;
  for (const auto& [socket, e] : ending_) {
    if (e.until_ns <= now) late.push_back(socket);
  }
  for (const int socket : late) Close(socket);
  armed_ = false;
  if (ending_.empty()) return;
  itimerspec when{};
  when.it_value.tv_sec = 1;
  armed_ = timerfd_settime(timer_, 0, &when, nullptr) == 0;
}

}  // namespace sallyport
