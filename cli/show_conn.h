// `show conn`, `show conn count|detail|long`. Pure functions from views to text.
//
// A connection table may have a million entries: a caller prints the header once, then each page of entries as the engine
// hands it out.
#pragma once

#include <string>

#include "cli/show_views.h"
#include "firewall/personality.h"
#include "firewall/views.h"

namespace sallyport {

enum class ConnForm : std::uint8_t { kOneLine, kDetail, kLong };

// "13 in use, 14 most used": all of `show conn count`, the first line of the others. Also of `show xlate`.
std::string ShowConnCount(std::uint32_t in_use, std::uint32_t most_used);
// What comes before the entries: the count, the legend where the form has one, an empty line.
std::string ShowConnHeader(std::uint32_t in_use, std::uint32_t most_used, ConnForm form, const Personality& personality);
// `zones`: interfaces with their traffic zones, "zone:interface(the member it has moved to): ".
std::string ShowConnEntry(const ConnView& view, TimePoint now, ConnForm form, const Personality& personality, bool zones = false);
// Header and one page.
std::string ShowConn(const ConnPage& page, ConnForm form, const Personality& personality);

// "UIOB", "saA", "-" ... in ASA's order; "" for protocols that have none.
std::string ConnFlags(const ConnView& view);

}  // namespace sallyport
