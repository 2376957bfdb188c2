// Samples of NTC and Genie, for tests that each renderer gives their bytes (show_ntc_*_test.cc): how their text is taken apart.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "conf/personality.h"
#include "firewall/base/civil_time.h"
#include "ntc_sample.h"
#include "show_fixtures.h"

namespace sallyport::ntc {

using Record = NtcSample::Record;

#define LOAD_SAMPLE(name, command) \
  const NtcSample name(command);   \
  if (!name.found()) GTEST_SKIP() << "no samples at " << SharedFolder()

// Compiled once: a capture has thousands of lines.
inline const std::regex& Pattern(const std::string& pattern) {
  static std::map<std::string, std::regex> compiled;
  const auto it = compiled.find(pattern);
  return it != compiled.end() ? it->second : compiled.emplace(pattern, pattern).first->second;
}
inline std::smatch Match(const std::string& line, const std::string& pattern) {
  std::smatch m;
  static std::string kept;  // what the match points into
  kept = line;
  std::regex_search(kept, m, Pattern(pattern));
  return m;
}
inline bool Has(const std::string& line, const std::string& pattern) { return std::regex_search(line, Pattern(pattern)); }
inline std::uint64_t Num(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }
inline MacAddress Mac(const std::string& text) {  // 0013.2401.01a3
  MacAddress mac;
  std::string digits;
  for (const char c : text) {
    if (c != '.') digits += c;
  }
  const std::uint64_t n = std::strtoull(digits.c_str(), nullptr, 16);
  for (int i = 0; i < 6; i++) mac.octets[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(n >> (40 - 8 * i));
  return mac;
}
inline int MonthOf(std::string_view name) {
  for (int m = 1; m <= 12; m++) {
    if (MonthName(m) == name) return m;
  }
  return 0;
}
// Seconds since 1970 of "19:39:56 Nov 03 2015".
inline std::int64_t Seconds(const std::string& hms, const std::string& month, const std::string& day, const std::string& year) {
  std::tm t{};
  std::sscanf(hms.c_str(), "%d:%d:%d", &t.tm_hour, &t.tm_min, &t.tm_sec);
  t.tm_mon = MonthOf(month) - 1;
  t.tm_mday = static_cast<int>(Num(day));
  t.tm_year = static_cast<int>(Num(year)) - 1900;
  return timegm(&t);
}
inline std::string Genie(const std::string& command) {
  std::string text;
  std::error_code error;
  for (const auto& e : std::filesystem::directory_iterator(SharedFolder() + "/corpus/genie/" + command + "/cli/equal", error)) {
    text = ReadWhole(e.path());
  }
  return text;
}
// Without the lines that hold a prompt or the command itself.
inline std::string Output(const std::string& text) {
  std::string out;
  for (const std::string& line : LinesOf(text)) {
    if (!Has(line, "^(\\S+# ?)?show ")) out += line + "\n";
  }
  return out;
}

}  // namespace sallyport::ntc
