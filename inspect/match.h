// `match` lines of inspection maps and what is done with what they match, for every engine that has them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/inspect_map.h"
#include "inspect/regex.h"

namespace sallyport {

// One expression, or all of a `class-map type regex match-any`. Shared by maps; immutable.
struct RegexSet {
  std::vector<Regex> any;
  bool Search(std::string_view text) const {
    for (const Regex& r : any) {
      if (r.Search(text)) return true;
    }
    return false;
  }
};

struct InspectAction {
  enum class Kind : std::uint8_t { kNone, kDrop, kDropConnection, kReset, kMask, kEnforceTsig } kind = Kind::kNone;
  bool log = false;
  bool tsig_drop = false;  // enforce-tsig drop
};

// One criterion. What `what` means is the engine's: the word of the line ("header-flag", "request-command").
struct InspectCriterion {
  bool negate = false;      // match not
  std::uint8_t what = 0;    // the engine's enum
  std::uint8_t part = 0;    // likewise
  bool comparing = false;   // low and high are bounds, else `bits` and `words` are looked at
  std::uint64_t low = 0, high = 0;   // inclusive
  std::uint64_t bits = 0;            // flags, commands, methods: a set
  bool exact = false;                // header-flag eq
  std::vector<std::string> words;
  std::shared_ptr<const RegexSet> regex;
  std::shared_ptr<const RegexSet> name_regex;  // which header fields, where it is not words[0]
  std::string text;  // the line, as messages and `show service-policy` name it
};

// A `match` line or a `class` with its action. `any`: class-map match-any, else all criteria must hold.
struct InspectRule {
  std::vector<InspectCriterion> criteria;
  bool any = false;
  InspectAction action;
  std::string name;     // of the class map, or the line of the match
  std::size_t row = 0;  // where it is counted
};

}  // namespace sallyport
