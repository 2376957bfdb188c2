// `| include|exclude|begin|grep [-v]|count REGEXP` behind a show command: which lines of its output are printed.
//
// Regular expressions are POSIX extended ones without intervals and back references (an ASA has neither in filters, and
// they are what makes matching slow), at most kMaxPattern characters long.
#pragma once

#include <regex.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

class OutputFilter {
 public:
  enum class Kind : std::uint8_t { kInclude, kExclude, kBegin, kCount };
  static constexpr std::size_t kMaxPattern = 512;

  // What can be wrong with the text behind the bar.
  struct Refusal {
    enum class Kind : std::uint8_t { kNone, kInvalid, kIncomplete, kAmbiguous, kBadPattern };
    Kind kind = Kind::kNone;
    std::size_t offset = 0;  // into the text given to Parse
    std::string detail;      // kBadPattern: what the library says; kAmbiguous: the word
  };

  // `text` is what stands behind the bar. Returns a filter, or why not.
  static std::optional<OutputFilter> Parse(std::string_view text, Refusal& refusal);

  // Keywords and help for `show x | ?`.
  struct Keyword {
    const char* word;
    const char* help;
  };
  static const std::vector<Keyword>& Keywords();

  // The lines of `text` that pass, each with its line end.
  std::string Apply(std::string_view text) const;

 private:
  struct Free {
    void operator()(regex_t* r) const {
      regfree(r);
      delete r;
    }
  };
  Kind kind_ = Kind::kInclude;
  std::unique_ptr<regex_t, Free> regex_;
};

}  // namespace sallyport
