// Addresses and ports as the socket calls want them.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "firewall/base/ip_address.h"
#include "firewall/types.h"

namespace sallyport {

// Fills `out`; how much of it is used.
socklen_t SockAddr(IpAddress a, std::uint16_t port, sockaddr_storage& out);
Endpoint EndpointOf(const sockaddr_storage& from);

}  // namespace sallyport
