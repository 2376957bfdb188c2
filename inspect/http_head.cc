#include "inspect/http_head.h"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

bool TokenChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken(std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), TokenChar); }
bool IsVersion(std::string_view s) {
  return s.size() == 8 && s.starts_with("HTTP/") && s[5] >= '0' && s[5] <= '9' && s[6] == '.' && s[7] >= '0' && s[7] <= '9';
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}
std::string_view Trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// The next line without its end; false: there is none.
bool Line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

const HttpField* HttpHead::Find(std::string_view name) const {
  for (const HttpField& f : fields) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

std::optional<HttpHead> ParseHttpHead(std::string_view text, bool request) {
  HttpHead h;
  h.request = request;
  h.length = text.size();
  std::string_view line;
  if (!Line(text, line)) return {};
  if (request) {
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || last == first) return {};
    h.method = line.substr(0, first);
    h.uri = line.substr(first + 1, last - first - 1);
    if (!IsToken(h.method) || h.uri.empty() || h.uri.find(' ') != std::string::npos || !IsVersion(line.substr(last + 1))) return {};
  } else {
    if (line.size() < 12 || !IsVersion(line.substr(0, 8)) || line[8] != ' ') return {};
    const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, h.status);
    if (error != std::errc() || end != line.data() + 12 || h.status < 100 || (line.size() > 12 && line[12] != ' ')) return {};
    h.status_line = line;
  }
  while (Line(text, line)) {
    if (line.empty()) return text.empty() ? std::optional(std::move(h)) : std::nullopt;
    if (line.front() == ' ' || line.front() == '\t') {  // obsolete folding: the value goes on
      if (h.fields.empty()) return {};
      h.fields.back().value.append(" ").append(Trim(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !IsToken(line.substr(0, colon)) || h.fields.size() == HttpHead::kMaxFields) return {};
    h.fields.push_back({Lower(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))});
    const HttpField& f = h.fields.back();
    if (f.name == "transfer-encoding") h.chunked = Lower(f.value).ends_with("chunked");
    if (f.name == "content-length") {
      std::uint64_t n = 0;
      const auto [end, error] = std::from_chars(f.value.data(), f.value.data() + f.value.size(), n);
      if (f.value.empty() || error != std::errc() || end != f.value.data() + f.value.size()) return {};
      if (h.content_length && *h.content_length != n) return {};
      h.content_length = n;
    }
  }
  return {};
}

}  // namespace sallyport
