// A captured output and the values that are in it, from a set of samples beside the project (SALLYPORT_SHARED, else ../shared):
// NAME.raw, and NAME.yml, which lists records of named values. Without the samples nothing is found and tests skip.
//
// The reader knows as much YAML as the samples use: under `parsed_sample:` a list of records whose values are quoted strings, which
// may go on in the next line, or lists of them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "show_golden.h"

namespace sallyport {

inline std::string SharedFolder() {
  if (const char* env = std::getenv("SALLYPORT_SHARED")) return env;
  return std::string(SALLYPORT_TEST_DIR) + "/../../shared";
}

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

class NtcSample {
 public:
  struct Record {
    std::map<std::string, std::vector<std::string>> values;
    // The value, or the first of a list; "" when there is none.
    std::string operator[](const std::string& key) const {
      const auto it = values.find(key);
      return it == values.end() || it->second.empty() ? "" : it->second.front();
    }
    std::uint64_t Number(const std::string& key) const { return std::strtoull((*this)[key].c_str(), nullptr, 10); }
    std::uint32_t Hex(const std::string& key) const {
      return static_cast<std::uint32_t>(std::strtoull((*this)[key].c_str(), nullptr, 16));
    }
    std::vector<std::string> List(const std::string& key) const {
      const auto it = values.find(key);
      return it == values.end() ? std::vector<std::string>{} : it->second;
    }
  };

  // `command` with underscores: "show_access-list".
  explicit NtcSample(const std::string& command) {
    const std::string folder = SharedFolder() + "/corpus/ntc/samples/" + command;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".raw") raw_ = ReadWhole(entry.path());
      if (entry.path().extension() == ".yml") Parse(LinesOf(ReadWhole(entry.path())));
    }
  }
  bool found() const { return !raw_.empty(); }
  const std::string& raw() const { return raw_; }
  const std::vector<Record>& records() const { return records_; }

 private:
  // `text` from a quotation mark on; takes from the lines that follow what the quotation needs.
  static std::string Quoted(std::string text, const std::vector<std::string>& lines, std::size_t& at) {
    if (text.empty() || text[0] != '"') return text;
    std::string out;
    for (std::size_t i = 1;;) {
      if (i >= text.size()) {  // goes on below; a backslash keeps the blanks that follow it
        if (at + 1 >= lines.size()) return out;
        text = lines[++at];
        i = text.find_first_not_of(' ');
        if (i == std::string::npos) i = text.size();
        continue;
      }
      const char c = text[i++];
      if (c == '"') return out;
      if (c == '\\' && i < text.size()) {
        out += text[i++];
      } else if (c != '\\') {
        out += c;
      }
    }
  }
  void Parse(const std::vector<std::string>& lines) {
    std::string key;
    for (std::size_t at = 0; at < lines.size(); at++) {
      std::string line = lines[at];
      if (line.starts_with("      - ")) {
        records_.back().values[key].push_back(Quoted(line.substr(8), lines, at));
        continue;
      }
      if (line.starts_with("  - "))
        records_.emplace_back();
      else if (!line.starts_with("    ") || records_.empty())
        continue;
      line = line.substr(4);
      const std::size_t colon = line.find(':');
      if (colon == std::string::npos) continue;
      key = line.substr(0, colon);
      records_.back().values[key];
      const std::string value = colon + 2 < line.size() ? line.substr(colon + 2) : "";
      if (!value.empty() && value != "[]") records_.back().values[key].push_back(Quoted(value, lines, at));
    }
  }

  std::string raw_;
  std::vector<Record> records_;
};

using NtcRecord = NtcSample::Record;
inline std::vector<NtcRecord> NtcRecords(const std::string& command) { return NtcSample(command).records(); }

// What editing does to a capture, undone on both sides before they are compared. Each says what was lost in a sample.
inline std::string WithoutTrailingBlanks(const std::string& text) {
  std::string out;
  for (std::string line : LinesOf(text)) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.pop_back();
    out += line + "\n";
  }
  return out;
}
inline std::string WithoutEmptyLines(const std::string& text) {
  std::string out;
  for (const std::string& line : LinesOf(text)) {
    if (line.find_first_not_of(' ') != std::string::npos) out += line + "\n";
  }
  return out;
}
inline std::string WithoutEmptyEnds(std::string text) {  // empty lines before and behind it
  while (text.starts_with('\n')) text.erase(0, 1);
  while (text.ends_with("\n\n")) text.pop_back();
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return text;
}
inline std::string WithTabsExpanded(const std::string& text) {  // those at the beginning of lines, to eight blanks
  std::string out;
  for (const std::string& line : LinesOf(text)) {
    std::size_t tabs = 0;
    while (tabs < line.size() && line[tabs] == '\t') tabs++;
    out += std::string(8 * tabs, ' ') + line.substr(tabs) + "\n";
  }
  return out;
}
inline std::string WithSingleBlanks(const std::string& text) {  // indentation and columns lost
  std::string out;
  for (const std::string& line : LinesOf(text)) {
    std::istringstream in(line);
    std::string words;
    for (std::string word; in >> word;) words += (words.empty() ? "" : " ") + word;
    out += words + "\n";
  }
  return out;
}

}  // namespace sallyport
