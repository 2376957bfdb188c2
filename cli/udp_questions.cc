#include "cli/udp_questions.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/socket_address.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kLargestAnswer = 4096;  // of an answer: RADIUS's limit; DNS servers send at most 512 without EDNS

}  // namespace

Result<int> UdpQuestions::NewEpoll() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return Error{std::string("cannot wait for answers of servers: ") + std::strerror(errno)};
  return epoll;
}

UdpQuestions::~UdpQuestions() {
  for (const auto& [question, fd] : sockets_) close(fd);
  close(epoll_);
}

bool UdpQuestions::Ask(std::uint32_t question, const std::string& interface, IpAddress server, std::uint16_t port, Bytes message) {
  const auto sends = [&](int fd) { return send(fd, message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size()); };
  if (const auto old = sockets_.find(question); old != sockets_.end()) return sends(old->second);
  const std::string link = link_of_(interface);
  if (link.empty()) return false;
  const int fd = socket(server.IsV4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  sockaddr_storage to{};
  const socklen_t length = SockAddr(server, port, to);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = question;
  const bool sent = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link.c_str(), static_cast<socklen_t>(link.size())) == 0 &&
                    connect(fd, static_cast<const sockaddr*>(static_cast<const void*>(&to)), length) == 0 && sends(fd) &&
                    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
  if (!sent) {
    close(fd);
    return false;
  }
  sockets_[question] = fd;
  return true;
}

void UdpQuestions::Forget(std::uint32_t question) {
  const auto it = sockets_.find(question);
  if (it == sockets_.end()) return;
  close(it->second);
  sockets_.erase(it);
}

void UdpQuestions::Receive(const std::function<void(std::uint32_t question, Bytes message)>& received) {
  epoll_event events[32];
  const int n = epoll_wait(epoll_, events, 32, 0);
  for (int i = 0; i < n; i++) {
    const std::uint32_t question = events[i].data.u32;
    const auto it = sockets_.find(question);
    if (it == sockets_.end()) continue;  // an answer before this one has closed it
    std::uint8_t message[kLargestAnswer];
    // One datagram: what else there is comes with the next call. An ICMP error (nobody listens there) is read and forgotten: the
    // question waits for its deadline as for a server that is silent.
    const ssize_t length = recv(it->second, message, sizeof message, 0);
    if (length > 0) received(question, Bytes(message, static_cast<std::size_t>(length)));
  }
}

Result<std::unique_ptr<DnsSockets>> DnsSockets::Open(LinkOf link_of) {
  const auto epoll = NewEpoll();
  if (!epoll) return Error{epoll.error()};
  return std::unique_ptr<DnsSockets>(new DnsSockets(*epoll, std::move(link_of)));
}

bool DnsSockets::Send(std::uint32_t question, const DnsPlan::Server& server, Bytes message) {
  return Ask(question, server.interface, server.address, kDnsPort, message);
}

Result<std::unique_ptr<RadiusSockets>> RadiusSockets::Open(LinkOf link_of) {
  const auto epoll = NewEpoll();
  if (!epoll) return Error{epoll.error()};
  return std::unique_ptr<RadiusSockets>(new RadiusSockets(*epoll, std::move(link_of)));
}

}  // namespace sallyport
