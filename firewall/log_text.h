// The pieces of a syslog line: template expansion, arguments, timestamps. Pure functions; the Logger puts them together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "firewall/log_event.h"

namespace sallyport {

struct LoggingSettings;

// Appends `text` to `out`; for each `{N}` in it calls append(N, out).
template <typename F>
void ExpandTemplate(std::string_view text, std::string& out, F&& append) {
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '{') {
      out += text[i];
      continue;
    }
    std::size_t index = 0;
    for (i++; i < text.size() && text[i] != '}'; i++) index = index * 10 + static_cast<std::size_t>(text[i] - '0');
    append(index, out);
  }
}

void AppendLogArg(const LogArg& arg, std::string& out);

// H:MM:SS, hours as many as there are. Part seconds are cut off; below zero prints as zero.
std::string HourMinuteSecond(Duration d);

// "Nov 21 2026 01:02:03"; rfc5424: "2026-11-21T01:02:03Z" (always UTC); EMBLEM: "Nov 21 01:02:03 UTC".
void AppendTimestamp(std::int64_t wall_nanos, const LoggingSettings& settings, bool emblem, std::string& out);

}  // namespace sallyport
