#include "conf/cursor.h"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::size_t CommonPrefix(std::string_view a, std::string_view b) {
  std::size_t n = 0;
  while (n < a.size() && n < b.size() && Lower(a[n]) == Lower(b[n])) n++;
  return n;
}
bool IsPrefixOf(std::string_view prefix, std::string_view word) {
  return prefix.size() <= word.size() && CommonPrefix(prefix, word) == prefix.size();
}
bool SameWord(std::string_view a, std::string_view b) { return a.size() == b.size() && CommonPrefix(a, b) == a.size(); }

CommandLine::CommandLine(std::string_view text) : text_(text) {
  std::size_t i = 0;
  while (true) {
    while (i < text.size() && IsBlank(text[i])) i++;
    if (i == text.size()) return;
    const std::size_t begin = i;
    while (i < text.size() && !IsBlank(text[i])) i++;
    const std::string_view word = text.substr(begin, i - begin);
    if (count_ < kInline) inline_[count_] = word;
    else more_.push_back(word);
    count_++;
  }
}

Fit Cursor::FitOf(const Literal& l) const {
  const std::string_view w = Peek();
  if (w.empty() || !IsPrefixOf(w, l.text)) return {FitKind::kNone, &l};
  return {w.size() == l.text.size() ? FitKind::kExact : FitKind::kPrefix, &l};
}

Match Cursor::Keyword(const Literal& l) {
  if (AtEnd()) {
    Offer(l, false);
    return Match::kIncomplete;
  }
  const std::string_view w = Peek();
  const std::size_t same = CommonPrefix(w, l.text);
  if (same != w.size()) {
    Blame(same);
    return Match::kNo;
  }
  Consume(&l);
  return Match::kOk;
}

Match Cursor::Number(const Literal& placeholder, std::int64_t low, std::int64_t high, std::int64_t& out) {
  std::string_view w;
  return Word(placeholder, w, [&](std::string_view s) {
    const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), out);
    return ec == std::errc{} && end == s.data() + s.size() && low <= out && out <= high;
  });
}

Match Cursor::Rest(const Literal& placeholder, std::string_view& out) {
  if (AtEnd()) {
    Offer(placeholder, true);
    return Match::kIncomplete;
  }
  out = line_->text().substr(line_->ColumnOf(at_));
  while (!AtEnd()) Consume(nullptr);
  return Match::kOk;
}

Match Cursor::OneOf(std::span<const Literal> table, std::size_t& index) {
  if (AtEnd()) {
    for (const Literal& l : table) Offer(l, false);
    return Match::kIncomplete;
  }
  const std::string_view w = Peek();
  std::size_t matches = 0;
  std::size_t common = 0;
  for (std::size_t i = 0; i < table.size(); i++) {
    const std::size_t same = CommonPrefix(w, table[i].text);
    common = std::max(common, same);
    if (same != w.size()) continue;
    if (same == table[i].text.size()) {
      index = i;
      matches = 1;
      break;
    }
    if (matches++ == 0) index = i;
  }
  if (matches > 1) return Match::kAmbiguous;
  if (matches == 0) {
    Blame(common);
    return Match::kNo;
  }
  Consume(&table[index]);
  return Match::kOk;
}

void Cursor::Offer(const Literal& l, bool placeholder) {
  if (hints_ != nullptr) hints_->push_back({l.text, l.help, placeholder});
}

void Cursor::Blame(std::size_t characters) {
  if (at_ > fail_at_ || (at_ == fail_at_ && characters > fail_chars_)) {
    fail_at_ = at_;
    fail_chars_ = characters;
  }
}

void Cursor::Consume(const Literal* keyword) {
  if (at_ < kTrace) {
    while (traced_ < at_) trace_[traced_++] = nullptr;
    trace_[at_] = keyword;
    traced_ = at_ + 1;
  }
  at_++;
  if (at_ > fail_at_) {
    fail_at_ = at_;
    fail_chars_ = 0;
  }
}

void Cursor::Learn(const Cursor& other) {
  if (other.fail_at_ > fail_at_ || (other.fail_at_ == fail_at_ && other.fail_chars_ > fail_chars_)) {
    fail_at_ = other.fail_at_;
    fail_chars_ = other.fail_chars_;
  }
}

}  // namespace sallyport
