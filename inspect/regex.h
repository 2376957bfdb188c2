// Regular expressions as `regex NAME "..."` writes them, matched in one pass over text that may come in pieces.
//
// Syntax (ASA configuration guide, "Creating a regular expression"): . (exp) | ? * + {x} {x,} {x,y} [abc] [^abc] [a-c] ^ and
// \ before a character, \r \n \t \f, \xNN (two hexadecimal digits) and \NNN (three octal ones). $ is the end of the text.
// An expression is a set of positions (Glushkov's automaton), a step is one pass over the active ones: time is bounded by the
// length of the text times the size of the expression, and nothing is allocated while matching. Case matters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

class Regex {
 public:
  static constexpr std::size_t kMaxPositions = 512;  // characters and classes, repetitions written out

  // Nothing, with `error` set: not an expression, or too large.
  static std::optional<Regex> Compile(std::string_view pattern, std::string* error = nullptr);

  // What a match in pieces has to remember.
  struct State {
    std::vector<std::uint64_t> active;
    bool begun = false;
    bool matched = false;
  };
  State Start() const;
  // True as soon as some part of what was fed matches.
  bool Feed(State& s, std::string_view text) const;
  bool Finish(State& s) const;  // the text is at its end: $ may match now

  bool Search(std::string_view text) const {
    State s = Start();
    return Feed(s, text) || Finish(s);
  }
  std::size_t positions() const { return follow_.size(); }

 private:
  friend class RegexParser;
  using Set = std::vector<std::uint64_t>;
  std::vector<Set> follow_;           // by position
  std::vector<Set> accepting_;        // by byte: positions that take it
  Set first_, first_at_begin_, last_, last_at_end_;
  bool empty_ = false;                // matches nothing at all, anywhere
  bool empty_at_begin_ = false, empty_at_end_ = false, empty_whole_ = false;
};

}  // namespace sallyport
