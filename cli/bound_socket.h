// Sockets at an address of an interface, bound to its link as well, so that an answer leaves from where the question came to: what the
// sockets of IKE (cli/ike_sockets.h) and of the portal and DTLS (cli/ssl_sockets.h) have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"
#include "firewall/types.h"

namespace sallyport {

struct SocketPlace {
  IfId at{};
  std::string link;  // of Linux
  int index = 0;     // its index: a link that was made again has another one
  IpAddress address;
  auto operator<=>(const SocketPlace&) const = default;
};

// A socket that does not block: of UDP, whose datagrams may be cut on the way, or of TCP. `prepare` sets more options before it is bound;
// false, with errno: it is none. `what`: for the error, which names place and port.
Result<int> OpenBoundSocket(const SocketPlace& place, bool udp, std::uint16_t port, const std::string& what,
                            const std::function<bool(int fd)>& prepare = {});

}  // namespace sallyport
