// Interned names (nameif, access-list, object names) as small numbers, so that plain-data records (connections, log
// events) can carry them. Names are never forgotten; a process meets few. Interning locks; reading does not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

enum class NameId : std::uint32_t { kNone = 0 };

NameId InternName(std::string_view name);       // any thread but the data thread's packet path
const std::string& NameOf(NameId id);           // any thread; "" for kNone

}  // namespace sallyport
