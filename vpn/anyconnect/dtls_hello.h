// Which session a DTLS ClientHello wants: all that is read of a datagram from somebody unknown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "firewall/base/bytes.h"

namespace sallyport {

using DtlsSessionId = std::array<std::uint8_t, 32>;

// Of a datagram that begins with an unprotected ClientHello (any version of DTLS, Cisco's too) whose session id has 32 octets and
// lies in the first fragment. Nothing: it is something else.
std::optional<DtlsSessionId> SessionIdOfHello(Bytes datagram);

}  // namespace sallyport
