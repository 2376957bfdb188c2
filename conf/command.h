// The way of a command: one declaration gives the parser, abbreviation, `?` help, Tab completion, the `no` form and the
// printed line.
//
// Manual
// ------
// 1. A command is a plain struct and a sequence of tokens bound to its members:
//
//        struct ShowConn { bool all = false; std::optional<IpAddress> address; };
//        using S = Tokens<ShowConn>;
//        Command<ShowConn>({S::Kw("show", "Show running system information"), S::Kw("conn", "Connection table"),
//                           S::Flag(&ShowConn::all, "all", "Include connections to the appliance"),
//                           S::Opt({S::Kw("address", "Filter"), S::Arg(&ShowConn::address, "Address")})})
//
//    Tokens:  Kw     a keyword                        Arg    a value by C++ type (Codec<V>, here and in conf/codecs.h)
//             Word   one word as it was typed         Line   all the rest of the line
//             Int    an integer in a range            Flag   an optional keyword: true when it was there
//             Is     a keyword that stands for a value of a member (for alternatives)
//             Opt    a sequence that may be missing   Choice one of several sequences
//             AnyOrder  optional sequences, each at most once, in any order; printed in the declared order
//             Many   one or more values into a vector Noise  an optional keyword that means and prints nothing
//    Members that may be absent are std::optional<V> (or compare equal to V{}, as an empty string does): an Opt is printed
//    when what is bound inside it is set.
//
// 2. Commands and their handlers go into a CommandSet<Context>: one for each mode (user EXEC, privileged EXEC, each
//    configuration mode). Context is yours: what handlers need to do their work.
//
//        CommandSet<Session> exec("exec mode");
//        exec.Add(Command<ShowConn>({...}).Privilege(1), [](Session& s, const ShowConn& c, Form) { ...; return Reply{}; });
//
//    .Privilege(n)  lowest privilege level that sees the command (default 15); invisible below: "invalid input"
//    .When(f)       only while f(personality) holds
//    .No(n)         `no` needs only the first n tokens, the rest may follow. Without it there is no `no` form.
//    .Hidden()      not shown by `?`
//
// 3. exec.Run(session, line, options)  parses and calls the handler. RunResult::outcome is
//        kOk          reply is what the handler returned
//        kIncomplete  print "ERROR: % Incomplete command"
//        kInvalid     print `prompt.size() + column` blanks and "^", then "ERROR: % Invalid input detected at '^' marker."
//        kAmbiguous   print `ERROR: % Ambiguous command:  "word"`
//        kEmpty       nothing was typed (or a line that begins with `!` or `:`)
//    exec.Help(line, options)      what `?` shows after `line` (which ends in a blank, or in a word begun: then word_help).
//                                  Sorted as ASA does; "<cr>" last. outcome tells of a line that is wrong before the `?`.
//    exec.Complete(line, options)  Tab: the words that can stand where the last, begun word of `line` is.
//    exec.Matches(line, options)   syntax only, no handler: may this set take the line?
//
// Abbreviation: an exact keyword beats a prefix; several commands that can take the line by different keywords make it
// ambiguous; a word that only one continuation of the line allows is no ambiguity (`sh run` in spite of `shun`). Keywords
// know no case.
//
// Costs: a line is looked up by its first word and then by leading keywords, and no command struct is built for commands
// that those rule out: some microseconds with hundreds of commands. Sets are immutable after they are filled and can then be
// shared by threads; parsing takes no lock. Nothing here knows sockets, terminals or configuration.
#pragma once

#include <cassert>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "conf/cursor.h"
#include "firewall/personality.h"

namespace sallyport {

// How a C++ type is written on the command line, in one word or several. Specialise for each type:
//   static Match Read(Cursor& in, V& out, std::string_view help);
//   static void Print(const V& v, LineWriter& line);
template <typename V>
struct Codec;

template <typename V>
struct Codec<std::optional<V>> {
  static Match Read(Cursor& in, std::optional<V>& out, std::string_view help) {
    V v{};
    const Match m = Codec<V>::Read(in, v, help);
    if (m == Match::kOk) out = std::move(v);
    return m;
  }
  static void Print(const std::optional<V>& v, LineWriter& line) {
    if (v) Codec<V>::Print(*v, line);
  }
};

// Does a bound value stand in the command? Neutral: it has no say (a keyword).
enum class Presence { kNeutral, kUnset, kSet };

template <typename T>
class Token {
 public:
  virtual ~Token() = default;
  // Reads its words from `in` into `out`. Whatever could stand at the end of the line is offered to `in` for help.
  virtual Match Read(Cursor& in, T& out) const = 0;
  virtual void Print(const T& value, LineWriter& line) const = 0;
  virtual Presence IsSet(const T&) const { return Presence::kNeutral; }
  // How the next word of `in` suits this token; consumes nothing.
  virtual Fit Peek(const Cursor&) const { return {FitKind::kValue, nullptr}; }
  // The keyword that it always begins with, if it does; plain: nothing but that keyword.
  virtual const Literal* AsKeyword() const { return nullptr; }
  virtual bool plain() const { return false; }
};
template <typename T>
using TokenPtr = std::shared_ptr<const Token<T>>;

namespace command_internal {

template <typename V>
bool HasValue(const V& v) {
  if constexpr (requires { v.has_value(); }) return v.has_value();
  else if constexpr (requires { v == V{}; }) return !(v == V{});
  else return true;
}

template <typename T>
class Keyword final : public Token<T> {
 public:
  explicit Keyword(Literal l) : literal_(std::move(l)) {}
  Match Read(Cursor& in, T&) const override { return in.Keyword(literal_); }
  void Print(const T&, LineWriter& line) const override { line.Put(literal_.text); }
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  const Literal* AsKeyword() const override { return &literal_; }
  bool plain() const override { return true; }

 private:
  Literal literal_;
};

// A keyword that stands for a value of a member.
template <typename T, typename V>
class KeywordValue final : public Token<T> {
 public:
  KeywordValue(V T::*member, V value, Literal l) : member_(member), value_(std::move(value)), literal_(std::move(l)) {}
  Match Read(Cursor& in, T& out) const override {
    const Match m = in.Keyword(literal_);
    if (m == Match::kOk) out.*member_ = value_;
    return m;
  }
  void Print(const T&, LineWriter& line) const override { line.Put(literal_.text); }
  Presence IsSet(const T& v) const override { return v.*member_ == value_ ? Presence::kSet : Presence::kUnset; }
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  const Literal* AsKeyword() const override { return &literal_; }

 private:
  V T::*member_;
  V value_;
  Literal literal_;
};

template <typename T, typename V>
class Argument final : public Token<T> {
 public:
  Argument(V T::*member, std::string help) : member_(member), help_(std::move(help)) {}
  Match Read(Cursor& in, T& out) const override { return Codec<V>::Read(in, out.*member_, help_); }
  void Print(const T& v, LineWriter& line) const override { Codec<V>::Print(v.*member_, line); }
  Presence IsSet(const T& v) const override { return HasValue(v.*member_) ? Presence::kSet : Presence::kUnset; }

 private:
  V T::*member_;
  std::string help_;
};

template <typename T, typename V>
class Integer final : public Token<T> {
 public:
  Integer(V T::*member, std::int64_t low, std::int64_t high, std::string help)
      : member_(member), low_(low), high_(high), literal_{"<" + std::to_string(low) + "-" + std::to_string(high) + ">", std::move(help)} {}
  Match Read(Cursor& in, T& out) const override {
    std::int64_t n = 0;
    const Match m = in.Number(literal_, low_, high_, n);
    if (m == Match::kOk) out.*member_ = static_cast<Plain>(n);
    return m;
  }
  void Print(const T& v, LineWriter& line) const override {
    if constexpr (kOptional) {
      if (v.*member_) line.Put(std::to_string(*(v.*member_)));
    } else {
      line.Put(std::to_string(v.*member_));
    }
  }
  Presence IsSet(const T& v) const override { return HasValue(v.*member_) ? Presence::kSet : Presence::kUnset; }

 private:
  static constexpr bool kOptional = requires(V v) { v.has_value(); };
  template <typename U>
  struct Unwrap { using Type = U; };
  template <typename U>
  struct Unwrap<std::optional<U>> { using Type = U; };
  using Plain = typename Unwrap<V>::Type;
  V T::*member_;
  std::int64_t low_, high_;
  Literal literal_;
};

template <typename T>
class WordToken final : public Token<T> {
 public:
  WordToken(std::string T::*member, Literal l, std::size_t max) : member_(member), literal_(std::move(l)), max_(max) {}
  Match Read(Cursor& in, T& out) const override {
    std::string_view w;
    const Match m = in.Word(literal_, w, [this](std::string_view s) { return s.size() <= max_; });
    if (m == Match::kOk) out.*member_ = std::string(w);
    return m;
  }
  void Print(const T& v, LineWriter& line) const override {
    if (!(v.*member_).empty()) line.Put(v.*member_);
  }
  Presence IsSet(const T& v) const override { return (v.*member_).empty() ? Presence::kUnset : Presence::kSet; }

 private:
  std::string T::*member_;
  Literal literal_;
  std::size_t max_;
};

template <typename T>
class LineToken final : public Token<T> {
 public:
  LineToken(std::string T::*member, Literal l) : member_(member), literal_(std::move(l)) {}
  Match Read(Cursor& in, T& out) const override {
    std::string_view rest;
    const Match m = in.Rest(literal_, rest);
    if (m == Match::kOk) out.*member_ = std::string(rest);
    return m;
  }
  void Print(const T& v, LineWriter& line) const override { line.Put(v.*member_); }
  Presence IsSet(const T& v) const override { return (v.*member_).empty() ? Presence::kUnset : Presence::kSet; }

 private:
  std::string T::*member_;
  Literal literal_;
};

template <typename T, typename V>
class Repeat final : public Token<T> {
 public:
  Repeat(std::vector<V> T::*member, std::string help) : member_(member), help_(std::move(help)) {}
  Match Read(Cursor& in, T& out) const override {
    for (bool first = true;; first = false) {
      V v{};
      const std::size_t before = in.at();
      const Match m = Codec<V>::Read(in, v, help_);
      if (m == Match::kOk) {
        (out.*member_).push_back(std::move(v));
        continue;
      }
      return !first && in.at() == before && m != Match::kAmbiguous ? Match::kOk : m;
    }
  }
  void Print(const T& v, LineWriter& line) const override {
    for (const V& each : v.*member_) Codec<V>::Print(each, line);
  }
  Presence IsSet(const T& v) const override { return (v.*member_).empty() ? Presence::kUnset : Presence::kSet; }

 private:
  std::vector<V> T::*member_;
  std::string help_;
};

template <typename T>
class Sequence final : public Token<T> {
 public:
  explicit Sequence(std::vector<TokenPtr<T>> inner) : inner_(std::move(inner)) {}
  Match Read(Cursor& in, T& out) const override {
    for (const auto& t : inner_) {
      if (const Match m = t->Read(in, out); m != Match::kOk) return m;
    }
    return Match::kOk;
  }
  void Print(const T& v, LineWriter& line) const override {
    for (const auto& t : inner_) t->Print(v, line);
  }
  Presence IsSet(const T& v) const override {
    Presence all = Presence::kNeutral;
    for (const auto& t : inner_) {
      const Presence p = t->IsSet(v);
      if (p == Presence::kUnset) return p;
      if (p == Presence::kSet) all = p;
    }
    return all;
  }
  Fit Peek(const Cursor& in) const override { return inner_.empty() ? Fit{FitKind::kValue, nullptr} : inner_.front()->Peek(in); }
  const std::vector<TokenPtr<T>>& inner() const { return inner_; }

 private:
  std::vector<TokenPtr<T>> inner_;
};

template <typename T>
class OptionalToken final : public Token<T> {
 public:
  explicit OptionalToken(TokenPtr<T> inner) : inner_(std::move(inner)) {}
  Match Read(Cursor& in, T& out) const override {
    const std::size_t before = in.at();
    const Match m = inner_->Read(in, out);
    return m != Match::kOk && m != Match::kAmbiguous && in.at() == before ? Match::kOk : m;
  }
  void Print(const T& v, LineWriter& line) const override {
    if (inner_->IsSet(v) == Presence::kSet) inner_->Print(v, line);
  }
  Fit Peek(const Cursor& in) const override { return inner_->Peek(in); }

 private:
  TokenPtr<T> inner_;
};

template <typename T>
class ChoiceToken final : public Token<T> {
 public:
  explicit ChoiceToken(std::vector<TokenPtr<T>> alternatives) : alternatives_(std::move(alternatives)) {}

  Match Read(Cursor& in, T& out) const override {
    if (in.AtEnd()) {  // each tells what it would take
      for (const auto& a : alternatives_) {
        T scratch = out;
        Cursor copy = in;
        (void)a->Read(copy, scratch);
      }
      return Match::kIncomplete;
    }
    // Exact keywords, then abbreviations, then values; the first class that reads on decides.
    Match failure = Match::kNo;
    std::size_t furthest = in.at();
    for (const FitKind kind : {FitKind::kExact, FitKind::kPrefix, FitKind::kValue}) {
      bool tried = false;
      std::optional<T> best;
      Cursor best_cursor = in;
      const Literal* best_word = nullptr;
      for (const auto& a : alternatives_) {
        const Fit fit = a->Peek(in);
        if (fit.kind == FitKind::kNone && kind == FitKind::kExact && fit.literal != nullptr) {
          in.Blame(CommonPrefix(in.Peek(), fit.literal->text));
        }
        if (fit.kind != kind) continue;
        tried = true;
        T scratch = out;
        Cursor attempt = in;
        const Match m = a->Read(attempt, scratch);
        in.Learn(attempt);
        if (m == Match::kOk) {
          if (best && kind == FitKind::kPrefix && fit.literal->text != best_word->text) return Match::kAmbiguous;
          if (!best) {
            best = std::move(scratch);
            best_cursor = attempt;
            best_word = fit.literal;
          }
        } else {
          if (m != Match::kNo && attempt.at() >= furthest) failure = m;
          if (attempt.at() > furthest) {
            furthest = attempt.at();
            failure = m;
          }
        }
      }
      if (best) {
        best_cursor.Learn(in);
        in = best_cursor;
        out = std::move(*best);
        return Match::kOk;
      }
      if (tried && kind == FitKind::kExact) break;
    }
    in.set_at(furthest);  // tells an Opt around us that words were taken
    return failure;
  }
  void Print(const T& v, LineWriter& line) const override {
    for (const auto& a : alternatives_) {
      if (a->IsSet(v) != Presence::kUnset) return a->Print(v, line);
    }
  }
  Presence IsSet(const T& v) const override {
    Presence any = Presence::kUnset;
    for (const auto& a : alternatives_) {
      const Presence p = a->IsSet(v);
      if (p == Presence::kSet) return p;
      if (p == Presence::kNeutral) any = p;
    }
    return any;
  }
  Fit Peek(const Cursor& in) const override {
    Fit best;
    for (const auto& a : alternatives_) {
      const Fit f = a->Peek(in);
      if (f.kind > best.kind) best = f;
      else if (best.literal == nullptr) best.literal = f.literal;
    }
    return best;
  }

 private:
  std::vector<TokenPtr<T>> alternatives_;
};

template <typename T>
class AnyOrderToken final : public Token<T> {
 public:
  explicit AnyOrderToken(std::vector<TokenPtr<T>> inner) : inner_(std::move(inner)) {}
  Match Read(Cursor& in, T& out) const override {
    std::uint64_t used = 0;
    while (true) {
      std::vector<TokenPtr<T>> left;
      std::vector<std::size_t> index;
      for (std::size_t i = 0; i < inner_.size(); i++) {
        if (used >> i & 1) continue;
        left.push_back(inner_[i]);
        index.push_back(i);
      }
      if (left.empty()) return Match::kOk;
      if (in.AtEnd()) {
        for (const auto& t : left) {
          T scratch = out;
          Cursor copy = in;
          (void)t->Read(copy, scratch);
        }
        return Match::kOk;
      }
      // The best fitting of those that are left.
      std::size_t pick = left.size();
      FitKind best = FitKind::kNone;
      for (std::size_t i = 0; i < left.size(); i++) {
        const Fit f = left[i]->Peek(in);
        if (f.kind == FitKind::kNone && f.literal != nullptr) in.Blame(CommonPrefix(in.Peek(), f.literal->text));
        if (f.kind > best) {
          best = f.kind;
          pick = i;
        } else if (f.kind == best && f.kind == FitKind::kPrefix) {
          return Match::kAmbiguous;
        }
      }
      if (pick == left.size()) return Match::kOk;
      const std::size_t before = in.at();
      const Match m = left[pick]->Read(in, out);
      if (m != Match::kOk) return in.at() == before && m == Match::kNo ? Match::kOk : m;
      if (in.at() == before) return Match::kOk;
      used |= std::uint64_t{1} << index[pick];
    }
  }
  void Print(const T& v, LineWriter& line) const override {
    for (const auto& t : inner_) {
      if (t->IsSet(v) == Presence::kSet) t->Print(v, line);
    }
  }

 private:
  std::vector<TokenPtr<T>> inner_;
};

template <typename T>
class NoiseToken final : public Token<T> {
 public:
  explicit NoiseToken(Literal l) : literal_(std::move(l)) {}
  Match Read(Cursor& in, T&) const override {
    const Match m = in.Keyword(literal_);
    return m == Match::kAmbiguous ? m : Match::kOk;
  }
  void Print(const T&, LineWriter&) const override {}
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }

 private:
  Literal literal_;
};

}  // namespace command_internal

// The words of which commands on a T are made.
template <typename T>
struct Tokens {
  using Ptr = TokenPtr<T>;
  using List = std::vector<Ptr>;
  static Ptr Kw(std::string text, std::string help = {}) {
    return std::make_shared<command_internal::Keyword<T>>(Literal{std::move(text), std::move(help)});
  }
  static Ptr Noise(std::string text, std::string help = {}) {
    return std::make_shared<command_internal::NoiseToken<T>>(Literal{std::move(text), std::move(help)});
  }
  template <typename V, typename U>
  static Ptr Is(V T::*member, U value, std::string text, std::string help = {}) {
    return std::make_shared<command_internal::KeywordValue<T, V>>(member, V(std::move(value)), Literal{std::move(text), std::move(help)});
  }
  static Ptr Flag(bool T::*member, std::string text, std::string help = {}) {
    return Opt({Is(member, true, std::move(text), std::move(help))});
  }
  template <typename V>
  static Ptr Arg(V T::*member, std::string help = {}) {
    return std::make_shared<command_internal::Argument<T, V>>(member, std::move(help));
  }
  template <typename V>
  static Ptr Int(V T::*member, std::int64_t low, std::int64_t high, std::string help = {}) {
    return std::make_shared<command_internal::Integer<T, V>>(member, low, high, std::move(help));
  }
  // One word. `placeholder` is what `?` shows ("WORD", "WORD < 64 char", "Hostname or A.B.C.D").
  static Ptr Word(std::string T::*member, std::string help = {}, std::string placeholder = "WORD", std::size_t max = 4096) {
    return std::make_shared<command_internal::WordToken<T>>(member, Literal{std::move(placeholder), std::move(help)}, max);
  }
  static Ptr Line(std::string T::*member, std::string help = {}) {
    return std::make_shared<command_internal::LineToken<T>>(member, Literal{"LINE", std::move(help)});
  }
  template <typename V>
  static Ptr Many(std::vector<V> T::*member, std::string help = {}) {
    return std::make_shared<command_internal::Repeat<T, V>>(member, std::move(help));
  }
  static Ptr Seq(List inner) { return std::make_shared<command_internal::Sequence<T>>(std::move(inner)); }
  static Ptr Opt(List inner) { return std::make_shared<command_internal::OptionalToken<T>>(Wrap(std::move(inner))); }
  static Ptr Choice(std::vector<List> alternatives) {
    return std::make_shared<command_internal::ChoiceToken<T>>(WrapAll(std::move(alternatives)));
  }
  // At most 64 parts.
  static Ptr AnyOrder(std::vector<List> parts) {
    return std::make_shared<command_internal::AnyOrderToken<T>>(WrapAll(std::move(parts)));
  }

 private:
  static Ptr Wrap(List inner) { return inner.size() == 1 ? inner.front() : Seq(std::move(inner)); }
  static std::vector<Ptr> WrapAll(std::vector<List> lists) {
    std::vector<Ptr> all;
    for (auto& l : lists) all.push_back(Wrap(std::move(l)));
    return all;
  }
};

// A declaration. Copyable; tokens are shared.
template <typename T>
class Command {
 public:
  explicit Command(std::vector<TokenPtr<T>> tokens) : tokens_(std::move(tokens)) {
    assert(!tokens_.empty() && tokens_.front()->AsKeyword() != nullptr);  // a command begins with a keyword
    for (const auto& t : tokens_) {
      if (!t->plain()) break;
      lead_.push_back(t->AsKeyword());
    }
  }
  Command& No(std::size_t tokens) { no_ = tokens; return *this; }
  Command& Privilege(int level) { privilege_ = level; return *this; }
  Command& When(std::function<bool(const Personality&)> f) { when_ = std::move(f); return *this; }
  Command& Hidden() { hidden_ = true; return *this; }

  bool Allowed(const ParseOptions& o) const {
    return o.privilege >= privilege_ && (!when_ || o.personality == nullptr || when_(*o.personality));
  }
  bool hidden() const { return hidden_; }
  bool has_no() const { return no_.has_value(); }
  const Literal& first() const { return *tokens_.front()->AsKeyword(); }

  // Leading keywords only; they need no T.
  Match ReadLead(Cursor& in, bool no) const {
    for (std::size_t i = 0; i < lead_.size(); i++) {
      if (no && i >= *no_ && in.AtEnd()) return Match::kOk;
      if (const Match m = in.Keyword(*lead_[i]); m != Match::kOk) return m;
    }
    return Match::kOk;
  }
  // The rest, to the end of the line.
  Match ReadRest(Cursor& in, T& out, bool no) const {
    for (std::size_t i = lead_.size(); i < tokens_.size(); i++) {
      if (no && i >= *no_) {
        const std::size_t before = in.at();
        const Match m = tokens_[i]->Read(in, out);
        if (m == Match::kIncomplete && in.at() == before && in.AtEnd()) return Match::kOk;
        if (m != Match::kOk) return m;
      } else if (const Match m = tokens_[i]->Read(in, out); m != Match::kOk) {
        return m;
      }
    }
    if (in.AtEnd()) return Match::kOk;
    in.Blame(0);
    return Match::kNo;
  }
  Match Read(Cursor& in, T& out, bool no = false) const {
    const Match m = ReadLead(in, no);
    return m == Match::kOk ? ReadRest(in, out, no) : m;
  }
  // The line as the running configuration has it, without trailing blank. `tokens`: only the first so many.
  std::string Print(const T& value, std::size_t tokens = SIZE_MAX) const {
    std::string s;
    LineWriter line(s);
    for (std::size_t i = 0; i < tokens_.size() && i < tokens; i++) tokens_[i]->Print(value, line);
    return s;
  }
  std::size_t size() const { return tokens_.size(); }

 private:
  std::vector<TokenPtr<T>> tokens_;
  std::vector<const Literal*> lead_;
  std::optional<std::size_t> no_;
  int privilege_ = 15;
  std::function<bool(const Personality&)> when_;
  bool hidden_ = false;
};

enum class Form : std::uint8_t { kPlain, kNo };

// What a handler has to say. `ok` false: refused by what it means, not by its syntax; the text is the operator's.
struct Reply {
  bool ok = true;
  std::string text;  // lines ended by '\n', or empty
  static Reply Refuse(std::string t) { return {false, std::move(t)}; }
  static Reply Say(std::string t) { return {true, std::move(t)}; }
};

struct RunResult {
  enum class Outcome : std::uint8_t { kOk, kEmpty, kIncomplete, kInvalid, kAmbiguous };
  Outcome outcome = Outcome::kOk;
  std::size_t column = 0;  // kInvalid: of the first character that nothing can match, from 0, in the line as given
  std::string word;        // kAmbiguous: the word
  Reply reply;             // kOk: the handler's
};
struct HelpResult {
  RunResult::Outcome outcome = RunResult::Outcome::kOk;  // kInvalid, kAmbiguous: the words before the `?` are wrong
  std::size_t column = 0;
  std::string word;
  bool word_help = false;   // `sh?`: the words that begin so, printed in a row
  std::vector<Hint> hints;  // sorted; "<cr>" last when the line is complete
};

namespace command_internal {

// The part of a CommandSet that knows no types.
class SetBase {
 public:
  class Entry {
   public:
    virtual ~Entry() = default;
    virtual bool Allowed(const ParseOptions&) const = 0;
    virtual bool hidden() const = 0;
    virtual bool has_no() const = 0;
    virtual const Literal& first() const = 0;
    virtual Match Try(Cursor& in, bool no) const = 0;  // syntax only
  };

  HelpResult Help(std::string_view line, const ParseOptions& options) const;
  std::vector<std::string> Complete(std::string_view line, const ParseOptions& options) const;
  // Syntax only. kOk: `winner` takes the line; `no`: as its no form.
  RunResult Find(std::string_view line, const ParseOptions& options, const Entry*& winner, bool& no) const;
  RunResult Matches(std::string_view line, const ParseOptions& options) const {
    const Entry* e = nullptr;
    bool no = false;
    return Find(line, options, e, no);
  }
  std::size_t size() const { return entries_.size(); }
  const std::string& name() const { return name_; }
  const std::vector<std::unique_ptr<Entry>>& entries() const { return entries_; }

 protected:
  explicit SetBase(std::string name) : name_(std::move(name)) {}
  void Insert(std::unique_ptr<Entry> entry);

 private:
  struct Group {
    std::string keyword;  // lower case
    std::vector<const Entry*> entries;
  };
  void Candidates(std::string_view word, std::vector<const Entry*>& out) const;
  std::string name_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<Group> groups_;  // sorted by keyword
};

}  // namespace command_internal

// A mode's commands. See the manual above. Not copyable; fill it once, then share it.
template <typename Context>
class CommandSet : public command_internal::SetBase {
 public:
  // `name` is the mode's, as `?` heads its list ("exec mode", "configure mode").
  explicit CommandSet(std::string name) : SetBase(std::move(name)) {}

  // `handler`: Reply(Context&, const T&, Form). `start`: the struct that is parsed into, T{} without it; a command that
  // changes part of a line starts from the line that is there.
  template <typename T, typename Handler>
  CommandSet& Add(Command<T> command, Handler handler, std::function<T(const Context&)> start = {}) {
    Insert(std::make_unique<Typed<T>>(std::move(command), std::move(handler), std::move(start)));
    return *this;
  }

  RunResult Run(Context& context, std::string_view line, const ParseOptions& options = {}) const {
    const Entry* winner = nullptr;
    bool no = false;
    RunResult r = Find(line, options, winner, no);
    if (r.outcome == RunResult::Outcome::kOk) {
      const CommandLine words(line);
      Cursor in(words, options);
      if (no) in.set_at(1);
      r.reply = static_cast<const Executable*>(winner)->Execute(context, in, no ? Form::kNo : Form::kPlain);
    }
    return r;
  }

 private:
  struct Executable : Entry {
    virtual Reply Execute(Context& context, Cursor& in, Form form) const = 0;
  };
  template <typename T>
  class Typed final : public Executable {
   public:
    Typed(Command<T> c, std::function<Reply(Context&, const T&, Form)> h, std::function<T(const Context&)> s)
        : command_(std::move(c)), handler_(std::move(h)), start_(std::move(s)) {}
    bool Allowed(const ParseOptions& o) const override { return command_.Allowed(o); }
    bool hidden() const override { return command_.hidden(); }
    bool has_no() const override { return command_.has_no(); }
    const Literal& first() const override { return command_.first(); }
    Match Try(Cursor& in, bool no) const override {
      if (const Match m = command_.ReadLead(in, no); m != Match::kOk) return m;
      T value{};
      return command_.ReadRest(in, value, no);
    }
    Reply Execute(Context& context, Cursor& in, Form form) const override {
      T value = start_ && form == Form::kPlain ? start_(context) : T{};
      const Match m = command_.Read(in, value, form == Form::kNo);
      assert(m == Match::kOk);  // Find tried it
      (void)m;
      return handler_(context, value, form);
    }

   private:
    Command<T> command_;
    std::function<Reply(Context&, const T&, Form)> handler_;
    std::function<T(const Context&)> start_;
  };
};

}  // namespace sallyport
