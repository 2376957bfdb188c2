#include "cli/output_filter.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace sallyport {
namespace {

bool IsPrefix(std::string_view part, std::string_view whole) {
  if (part.empty() || part.size() > whole.size()) return false;
  for (std::size_t i = 0; i < part.size(); i++) {
    if (std::tolower(static_cast<unsigned char>(part[i])) != whole[i]) return false;
  }
  return true;
}

std::string_view TakeWord(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == ' ') at++;
  const std::size_t begin = at;
  while (at < text.size() && text[at] != ' ') at++;
  return text.substr(begin, at - begin);
}

constexpr std::size_t kMaxWeight = 8192;

bool IsQuantifier(char c) { return c == '*' || c == '+' || c == '?'; }

// The end of the item at `i` that is neither a group nor a quantifier: a character, an escaped one, a set.
std::size_t EndOfItem(std::string_view p, std::size_t i) {
  if (p[i] == '\\') return std::min(i + 2, p.size());
  if (p[i] != '[') return i + 1;
  i++;
  if (i < p.size() && p[i] == '^') i++;
  const std::size_t close = i < p.size() ? p.find(']', i + 1) : p.npos;  // a bracket that comes first means itself
  return close == p.npos ? p.size() : close + 1;
}

// Braces and \1..\9 mean themselves. The library turns x+ into xx*, so `+` on `+`, or nested groups with a `+` each, double
// the program every time: twenty of them are hundreds of megabytes. Quantifiers in a row become the one that they mean
// together; the rest is weighed, an item as one and what has a `+` twice. Nothing if it weighs too much.
std::optional<std::string> Tamed(std::string_view pattern) {
  std::string out;
  std::size_t weight = 0, last = 0;  // of all in this group, of the item before
  std::vector<std::size_t> outer;    // of what stands before each open group
  for (std::size_t i = 0; i < pattern.size() && weight <= kMaxWeight;) {
    const char c = pattern[i];
    if (IsQuantifier(c)) {
      char together = c;
      while (++i < pattern.size() && IsQuantifier(pattern[i])) {
        if (pattern[i] != together) together = '*';
      }
      out += together;
      if (together != '+') continue;
      weight += last;
      last *= 2;
    } else if (c == '(') {
      outer.push_back(std::exchange(weight, 0));
      out += pattern[i++];
    } else if (c == ')' && !outer.empty()) {
      last = weight + 1;
      weight = outer.back() + last;
      outer.pop_back();
      out += pattern[i++];
    } else {
      const std::size_t end = EndOfItem(pattern, i);
      std::string_view item = pattern.substr(i, end - i);
      if (c == '\\' && item.size() == 2 && std::isalnum(static_cast<unsigned char>(item[1])) != 0) item.remove_prefix(1);
      if (c == '{' || c == '}') out += '\\';
      out += item;
      i = end;
      last = 1;
      weight++;
    }
  }
  if (weight > kMaxWeight) return {};
  return out;
}

}  // namespace

const std::vector<OutputFilter::Keyword>& OutputFilter::Keywords() {
  static const std::vector<Keyword> keywords = {
      {"begin", "Begin with the line that matches"}, {"count", "Count number of lines which match regexp"},
      {"exclude", "Exclude lines that match"},       {"grep", "Include/exclude lines that match"},
      {"include", "Include lines that match"},
  };
  return keywords;
}

std::optional<OutputFilter> OutputFilter::Parse(std::string_view text, Refusal& refusal) {
  std::size_t at = 0;
  const std::string_view word = TakeWord(text, at);
  refusal.offset = at - word.size();
  if (word.empty()) {
    refusal.kind = Refusal::Kind::kIncomplete;
    return {};
  }
  std::string_view keyword;
  for (const Keyword& k : Keywords()) {
    if (IsPrefix(word, k.word)) keyword = k.word;  // no two share a first letter
  }
  if (keyword.empty()) {
    refusal.kind = Refusal::Kind::kInvalid;
    return {};
  }
  OutputFilter filter;
  if (keyword == "include" || keyword == "grep") filter.kind_ = Kind::kInclude;
  if (keyword == "exclude") filter.kind_ = Kind::kExclude;
  if (keyword == "begin") filter.kind_ = Kind::kBegin;
  if (keyword == "count") filter.kind_ = Kind::kCount;
  if (keyword == "grep") {
    std::size_t behind = at;
    if (TakeWord(text, behind) == "-v") {
      filter.kind_ = Kind::kExclude;
      at = behind;
    }
  }
  while (at < text.size() && text[at] == ' ') at++;
  std::string_view pattern = text.substr(at);
  while (!pattern.empty() && pattern.back() == ' ') pattern.remove_suffix(1);
  if (pattern.empty()) {
    refusal.kind = Refusal::Kind::kIncomplete;
    return {};
  }
  refusal.offset = at;
  if (pattern.size() > kMaxPattern) {
    refusal.kind = Refusal::Kind::kBadPattern;
    refusal.detail = "the regular expression is too long";
    return {};
  }
  const std::optional<std::string> tamed = Tamed(pattern);
  if (!tamed) {
    refusal.kind = Refusal::Kind::kBadPattern;
    refusal.detail = "the regular expression is too complex";
    return {};
  }
  auto regex = std::make_unique<regex_t>();
  if (const int error = regcomp(regex.get(), tamed->c_str(), REG_EXTENDED | REG_NOSUB); error != 0) {
    char message[128];
    regerror(error, regex.get(), message, sizeof message);
    refusal.kind = Refusal::Kind::kBadPattern;
    refusal.detail = message;
    return {};
  }
  filter.regex_.reset(regex.release());
  return filter;
}

std::string OutputFilter::Apply(std::string_view text) const {
  std::string out;
  bool begun = false;
  std::size_t matched = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool match = begun || regexec(regex_.get(), line.c_str(), 0, nullptr, 0) == 0;
    switch (kind_) {
      case Kind::kInclude:
        if (match) out += line + "\n";
        break;
      case Kind::kExclude:
        if (!match) out += line + "\n";
        break;
      case Kind::kBegin:
        begun = match;
        if (match) out += line + "\n";
        break;
      case Kind::kCount:
        if (match) matched++;
        break;
    }
  }
  if (kind_ == Kind::kCount) out = "Number of lines which match regexp = " + std::to_string(matched) + "\n";
  return out;
}

}  // namespace sallyport
