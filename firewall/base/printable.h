// Text of others, fit for an operator's terminal and for a log: UTF-8 in which nothing moves the cursor, turns the direction of
// writing, hides, or is cut short.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

// Is all of it well-formed UTF-8 without control characters (C0, DEL, C1), line separators, marks of direction and characters
// that nobody sees?
bool IsPrintableText(std::string_view text);
// A '?' for each octet or character that is not; at most so many octets of it, whole characters.
std::string PrintableText(std::string_view text, std::size_t most = std::string_view::npos);

}  // namespace sallyport
