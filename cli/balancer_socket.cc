#include "cli/balancer_socket.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/socket_address.h"

namespace sallyport {

BalancerSocket::BalancerSocket() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

BalancerSocket::~BalancerSocket() {
  Shut();
  if (epoll_ >= 0) close(epoll_);
}

void BalancerSocket::Shut() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Status BalancerSocket::Open(const Place& place) {
  if (place == place_ && (fd_ >= 0) == !place.link.empty()) return {};
  Shut();
  place_ = place;
  if (place.link.empty()) return {};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_storage at{};
  // Bound to no address: broadcasts would not come to one.
  const socklen_t length = SockAddr(IpAddress::V4(0), place.port, at);
  const int on = 1;
  epoll_event event{};
  event.events = EPOLLIN;
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, place.link.c_str(), static_cast<socklen_t>(place.link.size())) == 0 &&
      setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&at)), length) == 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) {
    fd_ = fd;
    return {};
  }
  const std::string why = std::strerror(errno);
  if (fd >= 0) close(fd);
  return Error{"cannot listen for vpn load-balancing on UDP port " + std::to_string(place.port) + " of " + place.link + ": " + why};
}

void BalancerSocket::Send(Bytes message) {
  if (fd_ < 0) return;
  sockaddr_storage to{};
  const socklen_t length = SockAddr(place_.broadcast, place_.port, to);
  // What cannot be sent now is said again in a second.
  [[maybe_unused]] const ssize_t sent = sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                               static_cast<const sockaddr*>(static_cast<const void*>(&to)), length);
}

void BalancerSocket::Receive(const std::function<void(Bytes)>& heard) {
  std::uint8_t buffer[2048];
  for (int i = 0; i < 64 && fd_ >= 0; i++) {
    const ssize_t got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) return;
    heard(Bytes(buffer, static_cast<std::size_t>(got)));
  }
}

}  // namespace sallyport
