// LZS (ANSI X3.241, as in RFC 1974 and 2395): the compression of AnyConnect's tunnels, each packet by itself.
#pragma once

#include <cstddef>

#include "firewall/base/bytes.h"

namespace sallyport {

// Packets shorter than this are not worth it.
inline constexpr std::size_t kLzsShortest = 40;

// What `in` (at most 64 KB) is compressed to, into `room`; 0: it does not fit there. Give it room for less than in.size() and what would grow is
// found out early.
std::size_t LzsCompress(Bytes in, MutableBytes room);
// Whether `in` is well formed and what it expands to fits into `room`; its size.
bool LzsExpand(Bytes in, MutableBytes room, std::size_t& size);

}  // namespace sallyport
