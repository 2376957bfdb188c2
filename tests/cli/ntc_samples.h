// Samples of the outputs of real appliances with the values that a parser found in them: a folder for each command holds
// NAME.raw and NAME.yml. They are no part of the project: SALLYPORT_SHARED, else ../shared beside the source.
#pragma once

#include <cstdlib>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "show_golden.h"

namespace sallyport {

inline std::string SharedFolder() {
  if (const char* env = std::getenv("SALLYPORT_SHARED")) return env;
  return std::string(SALLYPORT_TEST_DIR) + "/../../shared";
}

inline std::string NtcFile(const std::string& command, const std::string& ending) {
  return SharedFolder() + "/corpus/ntc/samples/" + command + "/cisco_asa_" + command + ending;
}

inline std::vector<std::string> SplitLines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// One record of a .yml: values by key, and lists by key.
struct NtcRecord {
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> lists;

  // A key that is not there is a mistake of the test.
  const std::string& operator[](const std::string& key) const { return values.at(key); }
  std::uint64_t Number(const std::string& key) const { return std::stoull(values.at(key)); }
  std::uint32_t Hex(const std::string& key) const {
    return static_cast<std::uint32_t>(std::stoul(values.at(key), nullptr, 16));
  }
};

// The subset of YAML that these files are written in.
inline std::vector<NtcRecord> NtcRecords(const std::string& command) {
  static const std::regex kKey(R"(^(  - |    )(\w+):\s*(.*)$)"), kItem(R"x(^      - "(.*)"$)x");
  const std::vector<std::string> lines = SplitLines(ReadWhole(NtcFile(command, ".yml")));
  std::vector<NtcRecord> records;
  std::string key;
  for (std::size_t i = 0; i < lines.size(); i++) {
    std::smatch m;
    if (std::regex_match(lines[i], m, kItem)) {
      records.back().lists[key].push_back(m[1].str());
      continue;
    }
    if (!std::regex_match(lines[i], m, kKey)) continue;
    if (m[1].str() == "  - ") records.emplace_back();
    key = m[2].str();
    std::string value = m[3].str();
    if (value.empty()) continue;  // a list follows
    // A long string goes on behind a backslash.
    while (value.back() == '\\' && i + 1 < lines.size()) {
      value.pop_back();
      i++;
      value += lines[i].substr(lines[i].find_first_not_of(' '));
    }
    value = std::regex_replace(value, std::regex(R"(\\(.))"), "$1");
    records.back().values[key] = value.substr(1, value.size() - 2);  // without its quotes
  }
  return records;
}

// What hand-edited samples lost.
inline std::string WithoutTrailingBlanks(const std::string& text) {
  return std::regex_replace(text, std::regex(" +\n"), "\n");
}
inline std::string WithoutEmptyLines(const std::string& text) {
  std::string out;
  for (const std::string& line : SplitLines(text)) {
    if (line.find_first_not_of(' ') != std::string::npos) out += line + "\n";
  }
  return out;
}

}  // namespace sallyport
