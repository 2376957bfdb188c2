// `show asp drop [frame | flow]`. Pure function from counters to text.
#pragma once

#include <string>

#include "firewall/base/civil_time.h"
#include "firewall/views.h"

namespace sallyport {

// Reasons that never counted are not listed.
// `only`: the keyword of one reason, "" for all.
std::string ShowAspDrop(const DropView& view, const TimeZone& zone, bool frame = true, bool flow = true,
                        std::string_view only = {});
// One line: "  Flow is denied by configured rule (acl-drop)      12". Longer texts get a wider, cut column.
std::string AspDropLine(std::string_view text, std::string_view keyword, std::uint64_t count);

}  // namespace sallyport
