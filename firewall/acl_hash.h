// The 32-bit hash that an ASA prints for an access list's name and for each of its lines, and puts into messages 106023 and
// 106100: the XOR of the four little-endian words of an MD5. (Found by recomputing public captures; not documented.)
//
// The text for a line is "NAME extended ACTION PROTOCOL SOURCE [PORTS] DESTINATION [PORTS|TYPE]", one blank between words,
// protocol, ports and ICMP types as decimal numbers, without `log`, `inactive`, `time-range`. Making that text is the
// configuration's.
#pragma once

#include <cstdint>
#include <string_view>

namespace sallyport {

// Any thread; slow (not for the packet path). 0 when the cryptographic library has MD5 switched off.
std::uint32_t AclHash(std::string_view text);

}  // namespace sallyport
