#include "cli/socket_address.h"

#include <netinet/in.h>

#include <cstring>

namespace sallyport {

socklen_t SockAddr(IpAddress a, std::uint16_t port, sockaddr_storage& out) {
  if (a.IsV4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(a.v4());
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  a.StoreV6(in.sin6_addr.s6_addr);
  std::memcpy(&out, &in, sizeof in);
  return sizeof in;
}

Endpoint EndpointOf(const sockaddr_storage& from) {
  Endpoint e;
  if (from.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from, sizeof in);
    e.address = IpAddress::V4(ntohl(in.sin_addr.s_addr));
    e.port = ntohs(in.sin_port);
  } else {
    sockaddr_in6 in{};
    std::memcpy(&in, &from, sizeof in);
    e.address = IpAddress::FromV6Bytes(in.sin6_addr.s6_addr);
    e.port = ntohs(in.sin6_port);
  }
  return e;
}

}  // namespace sallyport
