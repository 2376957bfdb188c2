#include "cli/bound_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/socket_address.h"

namespace sallyport {

Result<int> OpenBoundSocket(const SocketPlace& place, bool udp, std::uint16_t port, const std::string& what,
                            const std::function<bool(int fd)>& prepare) {
  const bool v4 = place.address.IsV4();
  const int fd = socket(v4 ? AF_INET : AF_INET6, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Error{"no socket for " + what + ": " + std::strerror(errno)};
  sockaddr_storage at{};
  const socklen_t length = SockAddr(place.address, port, at);
  const auto option = [fd](int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value) == 0; };
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  bool ready = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, place.link.c_str(), static_cast<socklen_t>(place.link.size())) == 0 &&
               option(level, v4 ? IP_FREEBIND : IPV6_FREEBIND, 1) && (v4 || option(level, IPV6_V6ONLY, 1));
  if (udp) ready = ready && option(level, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, v4 ? int{IP_PMTUDISC_DONT} : int{IPV6_PMTUDISC_DONT});
  ready = ready && (!prepare || prepare(fd)) && bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&at)), length) == 0;
  if (ready) return fd;
  const std::string why = std::strerror(errno);
  close(fd);
  return Error{"cannot listen for " + what + " on " + place.address.ToString() + (udp ? " UDP" : "") + " port " + std::to_string(port) + " of " +
               place.link + ": " + why};
}

}  // namespace sallyport
