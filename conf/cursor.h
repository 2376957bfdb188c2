// A command line being read: words, where we are, what was expected where it failed. The tokens of conf/command.h and the
// codecs of conf/codecs.h are written with it. One cursor lives for one attempt to read one line, on one thread; copying is
// cheap, and is how alternatives are tried.
//
// One walk serves parsing, `?` and completion: a read at the end of the line offers what could stand there (Hint) and
// returns kIncomplete; a read that fails notes how far its word agreed with the keyword, which is where ASA puts the caret.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/personality.h"

namespace sallyport {

enum class Match : std::uint8_t { kOk, kNo, kIncomplete, kAmbiguous };

// A keyword, or the placeholder of a value ("A.B.C.D", "WORD", "<0-100>"), with its help text.
struct Literal {
  std::string text;
  std::string help = {};
};
// A line of `?`.
struct Hint {
  std::string text;
  std::string help;
  bool placeholder = false;  // cannot be completed by Tab
};

enum class FitKind : std::uint8_t { kNone, kValue, kPrefix, kExact };
struct Fit {
  FitKind kind = FitKind::kNone;
  const Literal* literal = nullptr;
};

// `name` lines: words that stand for addresses.
using NameTable = std::map<std::string, IpAddress, std::less<>>;

// Who types, and where. Pointers may be null.
struct ParseOptions {
  int privilege = 15;
  const Personality* personality = nullptr;
  const NameTable* names = nullptr;
  bool any_release = false;  // a file is read: commands of other releases than the personality's count too
};

// Case-insensitive (ASCII) comparison of a word with a keyword.
bool SameWord(std::string_view a, std::string_view b);
bool IsPrefixOf(std::string_view prefix, std::string_view word);
std::size_t CommonPrefix(std::string_view a, std::string_view b);

// A line cut into words at blanks and tabs. The text must outlive it.
class CommandLine {
 public:
  explicit CommandLine(std::string_view text);
  std::string_view text() const { return text_; }
  std::size_t size() const { return count_; }
  std::string_view operator[](std::size_t i) const { return i < kInline ? inline_[i] : more_[i - kInline]; }
  std::size_t ColumnOf(std::size_t i) const {
    return i < count_ ? static_cast<std::size_t>((*this)[i].data() - text_.data()) : text_.size();
  }
  void DropLast() { if (count_ > 0) count_--; }

 private:
  static constexpr std::size_t kInline = 24;
  std::string_view text_;
  std::size_t count_ = 0;
  std::array<std::string_view, kInline> inline_;
  std::vector<std::string_view> more_;
};

class Cursor {
 public:
  Cursor(const CommandLine& line, const ParseOptions& options, std::vector<Hint>* hints = nullptr)
      : line_(&line), options_(&options), hints_(hints) {}

  std::size_t at() const { return at_; }
  void set_at(std::size_t at) { at_ = at; }
  bool AtEnd() const { return at_ >= line_->size(); }
  std::string_view Peek() const { return AtEnd() ? std::string_view() : (*line_)[at_]; }
  const ParseOptions& options() const { return *options_; }
  const CommandLine& line() const { return *line_; }

  // How the next word suits a keyword. Consumes and notes nothing.
  Fit FitOf(const Literal& l) const;
  // Consumes the next word if it is `l` or an abbreviation of it.
  Match Keyword(const Literal& l);
  // Consumes the next word if `accept` says so.
  template <typename Accept>
  Match Word(const Literal& placeholder, std::string_view& out, Accept&& accept) {
    if (AtEnd()) {
      Offer(placeholder, true);
      return Match::kIncomplete;
    }
    const std::string_view w = Peek();
    if (!accept(w)) {
      Blame(0);
      return Match::kNo;
    }
    out = w;
    Consume(nullptr);
    return Match::kOk;
  }
  // A decimal integer, low <= n <= high.
  Match Number(const Literal& placeholder, std::int64_t low, std::int64_t high, std::int64_t& out);
  // All that is left, from the next word to the end, blanks as typed.
  Match Rest(const Literal& placeholder, std::string_view& out);
  // One keyword of a table: exact, or the only one that the word abbreviates. kAmbiguous consumes nothing.
  Match OneOf(std::span<const Literal> table, std::size_t& index);

  // For codecs that read words in their own way.
  void Offer(const Literal& l, bool placeholder);
  void Blame(std::size_t characters);  // the next word is wrong from this character on
  void Consume(const Literal* keyword);

  // Takes over the failure notes of another attempt at the same line.
  void Learn(const Cursor& other);
  std::size_t failed_at() const { return fail_at_; }
  // Column of the first character that nothing could match.
  std::size_t FailColumn() const { return line_->ColumnOf(fail_at_) + (fail_at_ < line_->size() ? fail_chars_ : 0); }
  // The keyword that word `i` was taken for; null: a value, or not read.
  const Literal* KeywordAt(std::size_t i) const { return i < traced_ && i < kTrace ? trace_[i] : nullptr; }

 private:
  static constexpr std::size_t kTrace = 16;
  const CommandLine* line_;
  const ParseOptions* options_;
  std::vector<Hint>* hints_;
  std::size_t at_ = 0;
  std::size_t fail_at_ = 0;
  std::size_t fail_chars_ = 0;
  std::size_t traced_ = 0;
  std::array<const Literal*, kTrace> trace_;  // [0, traced_) are set
};

// Puts words into a line, one blank between them.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) {}
  void Put(std::string_view word) {
    if (!out_.empty()) out_ += ' ';
    out_ += word;
  }

 private:
  std::string& out_;
};

}  // namespace sallyport
