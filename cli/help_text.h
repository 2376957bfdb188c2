// Lays out `?` as an ASA does: heading, two blanks, keyword, padding, text wrapped at 80 columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/cursor.h"

namespace sallyport {

// `heading`: "exec mode" or "": none (a list of arguments has none). Ends in an empty line.
std::string RenderHelp(std::string_view heading, const std::vector<Hint>& hints);
// `sh?`: the words in a row.
std::string RenderWordHelp(const std::vector<Hint>& hints);

}  // namespace sallyport
