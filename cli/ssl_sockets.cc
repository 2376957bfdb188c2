#include "cli/ssl_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/socket_address.h"

namespace sallyport {
namespace {

constexpr int kEventsAtOnce = 64, kAcceptedAtOnce = 64, kDatagramsAtOnce = 64;
constexpr std::size_t kReadAtOnce = 32 * 1024;
constexpr std::size_t kLargestDatagram = 65535;
constexpr Duration kCloseWithin = Duration::Seconds(5);
constexpr std::size_t kMostClosing = 512;           // that wait for their peers to read and to close
constexpr std::size_t kMostWaiting = 64 * 1024;     // for a peer to read, before nothing more of it is read
constexpr std::uint64_t kListener = 1ull << 32;  // in epoll's word; else it is a connection's number

sockaddr* Generic(sockaddr_storage* a) { return static_cast<sockaddr*>(static_cast<void*>(a)); }

template <typename T>
bool SetOption(int fd, int level, int name, const T& value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace

Result<std::unique_ptr<SslSockets>> SslSockets::Open() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return Error{std::string("cannot wait for TLS connections: ") + std::strerror(errno)};
  return std::unique_ptr<SslSockets>(new SslSockets(epoll));
}

SslSockets::~SslSockets() {
  for (const auto& [number, l] : listeners_) close(l.fd);
  for (const auto& [number, c] : connections_) close(c.fd);
  close(epoll_);
}

Result<int> SslSockets::Bind(const Place& place, bool udp) {
  if (udp) return OpenBoundSocket(place, true, place.dtls_port, "webvpn");
  const auto fd = OpenBoundSocket(place, false, place.port, "webvpn", [&](int s) {
    // Clients come back to a listener that was away for a moment. Sizes: the kernel announces this and keeps to it.
    const int on = 1;
    return SetOption(s, SOL_SOCKET, SO_REUSEADDR, on) && (place.max_segment == 0 || SetOption(s, IPPROTO_TCP, TCP_MAXSEG, place.max_segment));
  });
  if (!fd || listen(*fd, 1024) == 0) return fd;
  const std::string why = std::strerror(errno);
  close(*fd);
  return Error{"cannot listen for webvpn on " + place.address.ToString() + " port " + std::to_string(place.port) + ": " + why};
}

Status SslSockets::Listen(const std::vector<Place>& places) {
  std::erase_if(listeners_, [&](const auto& l) {
    if (std::find(places.begin(), places.end(), l.second.place) != places.end()) return false;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, l.second.fd, nullptr);
    close(l.second.fd);
    return true;
  });
  Status status;
  for (const Place& place : places) {
    for (const bool udp : {false, true}) {
      if (udp && place.dtls_port == 0) continue;
      const bool there = std::any_of(listeners_.begin(), listeners_.end(),
                                     [&](const auto& l) { return l.second.place == place && l.second.udp == udp; });
      if (there) continue;
      const auto fd = Bind(place, udp);
      if (!fd) {
        if (status) status = Error{fd.error()};
        continue;
      }
      const std::uint32_t number = ++last_listener_;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = kListener | number;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, *fd, &event);
      listeners_[number] = {place, udp, *fd};
    }
  }
  return status;
}

void SslSockets::Serve(Handler& handler) {
  epoll_event events[kEventsAtOnce];
  const int n = epoll_wait(epoll_, events, kEventsAtOnce, 0);
  for (int i = 0; i < n; i++) {
    const std::uint64_t word = events[i].data.u64;
    const auto number = static_cast<std::uint32_t>(word);
    if ((word & kListener) != 0) {
      const auto l = listeners_.find(number);
      if (l == listeners_.end()) continue;
      if (l->second.udp) Datagrams(number, handler);
      else Accept(number, handler);
      continue;
    }
    const auto id = static_cast<ConnId>(number);
    auto c = connections_.find(id);
    if (c == connections_.end()) continue;
    if ((events[i].events & EPOLLOUT) != 0) {
      const bool closing = c->second.closing;
      if (!Flush(id, c->second)) {
        Drop(id);
        if (!closing) handler.Closed(id);
        continue;
      }
      if (c->second.out.empty()) {
        if (closing) shutdown(c->second.fd, SHUT_WR);
        else handler.Drained(id);
      }
    }
    if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read(id, handler);
  }
}

void SslSockets::Accept(std::uint32_t number, Handler& handler) {
  for (int k = 0; k < kAcceptedAtOnce; k++) {
    const auto l = listeners_.find(number);  // a handler may have changed them
    if (l == listeners_.end()) return;
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const int fd = accept4(l->second.fd, Generic(&from), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // Nothing can be had now: the listeners rest until the next Tick but one, or this thread would do nothing else.
        for (const auto& [other, listener] : listeners_) {
          if (listener.udp) continue;
          epoll_event event{};
          event.data.u64 = kListener | other;
          epoll_ctl(epoll_, EPOLL_CTL_MOD, listener.fd, &event);
        }
        accept_again_ = TimePoint::Max();
      }
      return;
    }
    const int on = 1;
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, on);
    const auto c = static_cast<ConnId>(++last_);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<std::uint32_t>(c);
    const Place place = l->second.place;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      close(fd);
      continue;
    }
    connections_[c].fd = fd;
    if (!handler.Accepted(c, place, EndpointOf(from))) Abort(c);
  }
}

void SslSockets::Datagrams(std::uint32_t number, Handler& handler) {
  static thread_local std::vector<std::uint8_t> buffer(kLargestDatagram);
  for (int k = 0; k < kDatagramsAtOnce; k++) {
    const auto l = listeners_.find(number);
    if (l == listeners_.end()) return;
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t got = recvfrom(l->second.fd, buffer.data(), buffer.size(), 0, Generic(&from), &length);
    if (got < 0) return;  // nothing more, or an ICMP error: silence has its own timers
    const Place place = l->second.place;
    handler.Datagram(place, EndpointOf(from), Bytes(buffer.data(), static_cast<std::size_t>(got)));
  }
}

void SslSockets::Read(ConnId c, Handler& handler) {
  static thread_local std::vector<std::uint8_t> buffer(kReadAtOnce);
  const auto found = connections_.find(c);
  if (found == connections_.end()) return;
  const ssize_t got = recv(found->second.fd, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const bool closing = found->second.closing;
  if (got <= 0) {
    Drop(c);
    if (!closing) handler.Closed(c);
    return;
  }
  if (!closing) handler.Received(c, Bytes(buffer.data(), static_cast<std::size_t>(got)));
}

bool SslSockets::Flush(ConnId c, Connection& conn) {
  while (conn.sent < conn.out.size()) {
    const ssize_t n = send(conn.fd, conn.out.data() + conn.sent, conn.out.size() - conn.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      conn.sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      Want(c, conn, true);
      return true;
    } else if (errno != EINTR) {
      return false;
    }
  }
  conn.out = {};  // a connection at rest holds no buffer
  conn.sent = 0;
  Want(c, conn, false);
  return true;
}

void SslSockets::Want(ConnId c, const Connection& conn, bool write) const {
  epoll_event event{};
  const bool full = conn.out.size() - conn.sent > kMostWaiting;
  event.events = (full ? 0u : static_cast<unsigned>(EPOLLIN)) | (write ? static_cast<unsigned>(EPOLLOUT) : 0u);
  event.data.u64 = static_cast<std::uint32_t>(c);
  epoll_ctl(epoll_, EPOLL_CTL_MOD, conn.fd, &event);
}

void SslSockets::Send(ConnId c, Bytes bytes) {
  const auto found = connections_.find(c);
  if (found == connections_.end() || found->second.closing) return;
  Connection& conn = found->second;
  if (conn.out.empty()) {
    // The way that nearly everything goes: at once, and nothing is kept.
    const ssize_t n = send(conn.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
    if (bytes.empty()) return;
  }
  conn.out.insert(conn.out.end(), bytes.begin(), bytes.end());
  Want(c, conn, true);  // a broken connection shows there
}

std::size_t SslSockets::Waiting(ConnId c) const {
  const auto found = connections_.find(c);
  return found == connections_.end() ? 0 : found->second.out.size() - found->second.sent;
}

void SslSockets::Close(ConnId c) {
  const auto found = connections_.find(c);
  if (found == connections_.end() || found->second.closing) return;
  if (closing_ >= kMostClosing) return Abort(c);
  closing_++;
  if (found->second.out.empty()) {
    // A peer that has said something unread would get a reset and lose what was said last.
    shutdown(found->second.fd, SHUT_WR);
  }
  found->second.closing = true;
}

void SslSockets::Abort(ConnId c) {
  const auto found = connections_.find(c);
  if (found == connections_.end()) return;
  const linger reset{1, 0};
  SetOption(found->second.fd, SOL_SOCKET, SO_LINGER, reset);
  Drop(c);
}

int SslSockets::Release(ConnId c) {
  const auto found = connections_.find(c);
  if (found == connections_.end() || !found->second.out.empty()) return -1;
  const int fd = found->second.fd;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  connections_.erase(found);
  return fd;
}

void SslSockets::Drop(ConnId c) {
  const auto found = connections_.find(c);
  if (found == connections_.end()) return;
  if (found->second.closing) closing_--;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second.fd, nullptr);
  close(found->second.fd);
  connections_.erase(found);
}

void SslSockets::SendDatagram(IfId at, const Endpoint& local, const Endpoint& peer, Bytes bytes) {
  for (const auto& [number, l] : listeners_) {
    if (!l.udp || l.place.at != at || l.place.address != local.address || l.place.dtls_port != local.port) continue;
    sockaddr_storage to{};
    const socklen_t length = SockAddr(peer.address, peer.port, to);
    [[maybe_unused]] const ssize_t sent = sendto(l.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT, Generic(&to), length);
    return;
  }
}

void SslSockets::Tick(TimePoint real) {
  if (accept_again_ != TimePoint()) {
    if (accept_again_ == TimePoint::Max()) {
      accept_again_ = real + Duration::Seconds(1);
    } else if (real >= accept_again_) {
      accept_again_ = {};
      for (const auto& [number, l] : listeners_) {
        if (l.udp) continue;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = kListener | number;
        epoll_ctl(epoll_, EPOLL_CTL_MOD, l.fd, &event);
      }
    }
  }
  std::vector<ConnId> over;
  for (auto& [c, conn] : connections_) {
    if (!conn.closing) continue;
    if (conn.close_by == TimePoint()) conn.close_by = real + kCloseWithin;
    else if (real >= conn.close_by) over.push_back(c);
  }
  for (const ConnId c : over) Abort(c);
}

}  // namespace sallyport
