#include "firewall/host/syslog_udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace sallyport {

SyslogUdp::~SyslogUdp() {
  for (const auto& [host, fd] : sockets_) {
    if (fd >= 0) close(fd);
  }
}

bool SyslogUdp::Send(const LoggingHost& host, std::string_view datagram) {
  const bool ok = Try(host, datagram);
  (ok ? sent_ : failed_)++;
  return ok;
}

bool SyslogUdp::Try(const LoggingHost& host, std::string_view datagram) {
  if (host.tcp || host.address.IsNone()) return false;
  const bool v4 = host.address.IsV4();
  const int fd = SocketFor(host.address);
  if (fd < 0) return false;
  sockaddr_storage to{};
  socklen_t length = 0;
  if (v4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(host.port);
    in.sin_addr.s_addr = htonl(host.address.v4());
    std::memcpy(&to, &in, sizeof in);
    length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(host.port);
    host.address.StoreV6(in.sin6_addr.s6_addr);
    std::memcpy(&to, &in, sizeof in);
    length = sizeof in;
  }
  const ssize_t n = sendto(fd, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                           static_cast<const sockaddr*>(static_cast<const void*>(&to)), length);
  return n == static_cast<ssize_t>(datagram.size());
}

int SyslogUdp::SocketFor(IpAddress host) {
  int& fd = sockets_.try_emplace(host, -1).first->second;
  if (fd < 0) fd = socket(host.IsV4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd;
}

}  // namespace sallyport
