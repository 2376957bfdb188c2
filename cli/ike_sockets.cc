#include "cli/ike_sockets.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/socket_address.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kIkePort = 500, kIkeNatTPort = 4500;
constexpr std::size_t kMarker = 4;         // zero bytes in front of IKE on port 4500
constexpr std::size_t kLargest = 65535;    // of a datagram
constexpr int kMostAtOnce = 64;            // of one socket, so that a flood leaves time for the rest

}  // namespace

Result<std::unique_ptr<IkeSockets>> IkeSockets::Open() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return Error{std::string("cannot wait for IKE messages: ") + std::strerror(errno)};
  return std::unique_ptr<IkeSockets>(new IkeSockets(epoll));
}

IkeSockets::~IkeSockets() {
  for (const Socket& s : sockets_) close(s.fd);
  close(epoll_);
}

Result<int> IkeSockets::Bind(const Place& place, std::uint16_t port) {
  // Messages with certificates are larger than a packet and may be cut anywhere on the way.
  const auto fd = OpenBoundSocket(place, /*udp=*/true, port, "IKE");
  if (!fd) return fd;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = *fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, *fd, &event) == 0) return fd;
  const std::string why = std::strerror(errno);
  close(*fd);
  return Error{"cannot wait for IKE messages: " + why};
}

void IkeSockets::Close(const Socket& s) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, s.fd, nullptr);
  close(s.fd);
}

Status IkeSockets::Listen(const std::vector<Place>& places) {
  std::erase_if(sockets_, [&](const Socket& s) {
    if (std::find(places.begin(), places.end(), s.place) != places.end()) return false;
    Close(s);
    return true;
  });
  Status status;
  for (const Place& place : places) {
    for (const std::uint16_t port : {kIkePort, kIkeNatTPort}) {
      if (std::any_of(sockets_.begin(), sockets_.end(), [&](const Socket& s) { return s.place == place && s.port == port; })) continue;
      const auto fd = Bind(place, port);
      if (fd) {
        sockets_.push_back({place, port, *fd});
      } else if (status) {
        status = Error{fd.error()};
      }
    }
  }
  return status;
}

void IkeSockets::Receive(const std::function<void(const IkeDatagram&)>& received) {
  epoll_event events[32];
  const int n = epoll_wait(epoll_, events, 32, 0);
  static thread_local std::vector<std::uint8_t> buffer(kLargest);
  for (int i = 0; i < n; i++) {
    const int fd = events[i].data.fd;
    const auto socket = std::find_if(sockets_.begin(), sockets_.end(), [&](const Socket& s) { return s.fd == fd; });
    if (socket == sockets_.end()) continue;
    const Place place = socket->place;
    const std::uint16_t port = socket->port;
    for (int k = 0; k < kMostAtOnce; k++) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      const ssize_t got = recvfrom(fd, buffer.data(), buffer.size(), 0, static_cast<sockaddr*>(static_cast<void*>(&from)), &length);
      if (got <= 0) break;  // nothing more, or an ICMP error: the peer's silence has its own timers
      Bytes bytes(buffer.data(), static_cast<std::size_t>(got));
      IkeDatagram d;
      if (port == kIkeNatTPort) {
        if (bytes.size() <= kMarker || LoadBe32(bytes.data()) != 0) continue;  // a keepalive, or ESP that nobody took
        bytes = bytes.subspan(kMarker);
        d.via = IkeDatagram::Via::kNatT;
      }
      d.at = place.at;
      d.local = {place.address, port};
      d.peer = EndpointOf(from);
      d.bytes.assign(bytes.begin(), bytes.end());
      received(d);
    }
  }
}

void IkeSockets::Send(const IkeDatagram& d) {
  const std::uint16_t port = d.via == IkeDatagram::Via::kNatT ? kIkeNatTPort : kIkePort;
  const auto s = std::find_if(sockets_.begin(), sockets_.end(), [&](const Socket& one) {
    return one.port == port && one.place.at == d.at && one.place.address == d.local.address;
  });
  if (s == sockets_.end()) return;
  sockaddr_storage to{};
  const socklen_t length = SockAddr(d.peer.address, d.peer.port, to);
  static const std::uint8_t kZeros[kMarker] = {};
  const bool keepalive = d.bytes.size() == 1;  // a single ff: it has no marker
  iovec parts[2] = {{const_cast<std::uint8_t*>(kZeros), port == kIkeNatTPort && !keepalive ? kMarker : 0},
                    {const_cast<std::uint8_t*>(d.bytes.data()), d.bytes.size()}};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = length;
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  // What cannot be sent is lost, as on the wire: it will be sent again.
  [[maybe_unused]] const ssize_t sent = sendmsg(s->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace sallyport
