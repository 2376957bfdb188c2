#include "conf/token.h"

#include <cassert>
#include <deque>
#include <memory>
#include <mutex>

namespace sallyport::command_internal {
namespace {

using Inner = std::vector<const Token*>;

void* At(void* base, std::size_t offset) { return static_cast<std::byte*>(base) + offset; }
const void* At(const void* base, std::size_t offset) { return static_cast<const std::byte*>(base) + offset; }
std::string& TextAt(void* base, std::size_t offset) { return *static_cast<std::string*>(At(base, offset)); }
const std::string& TextAt(const void* base, std::size_t offset) { return *static_cast<const std::string*>(At(base, offset)); }
Presence SetIf(bool set) { return set ? Presence::kSet : Presence::kUnset; }
Literal MakeLiteral(std::string_view text, std::string_view help) { return {std::string(text), std::string(help)}; }

// "<WORD>" for what stands for a value.
std::string Placeholder(const std::string& text) { return text.starts_with('<') || text.starts_with('{') ? text : "<" + text + ">"; }

class Keyword final : public Token {
 public:
  explicit Keyword(Literal l) : literal_(std::move(l)) {}
  Match Read(Cursor& in, const Target&) const override { return in.Keyword(literal_); }
  void Print(const void*, LineWriter& line) const override { line.Put(literal_.text); }
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  const Literal* AsKeyword() const override { return &literal_; }
  std::string Syntax(const Target&) const override { return literal_.text; }
  bool plain() const override { return true; }

 private:
  Literal literal_;
};

// A keyword that stands for a value of a member.
class ScalarKeyword final : public Token {
 public:
  ScalarKeyword(std::size_t offset, std::size_t size, std::uint64_t bits, Literal l)
      : offset_(offset), size_(size), bits_(bits), literal_(std::move(l)) {}
  Match Read(Cursor& in, const Target& out) const override {
    const Match m = in.Keyword(literal_);
    if (m == Match::kOk) std::memcpy(At(out.value, offset_), &bits_, size_);
    return m;
  }
  void Print(const void*, LineWriter& line) const override { line.Put(literal_.text); }
  Presence IsSet(const void* v) const override { return SetIf(std::memcmp(At(v, offset_), &bits_, size_) == 0); }
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  const Literal* AsKeyword() const override { return &literal_; }
  std::string Syntax(const Target&) const override { return literal_.text; }

 private:
  std::size_t offset_, size_;
  std::uint64_t bits_;  // the value's bytes, then zeros
  Literal literal_;
};

class StringKeyword final : public Token {
 public:
  StringKeyword(std::size_t offset, std::string_view value, Literal l) : offset_(offset), value_(value), literal_(std::move(l)) {}
  Match Read(Cursor& in, const Target& out) const override {
    const Match m = in.Keyword(literal_);
    if (m == Match::kOk) TextAt(out.value, offset_) = value_;
    return m;
  }
  void Print(const void*, LineWriter& line) const override { line.Put(literal_.text); }
  Presence IsSet(const void* v) const override { return SetIf(TextAt(v, offset_) == value_); }
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  const Literal* AsKeyword() const override { return &literal_; }
  std::string Syntax(const Target&) const override { return literal_.text; }

 private:
  std::size_t offset_;
  std::string value_;
  Literal literal_;
};

class Argument final : public Token {
 public:
  Argument(std::size_t offset, const ValueOps& ops, std::string_view help) : offset_(offset), ops_(ops), help_(help) {}
  Match Read(Cursor& in, const Target& out) const override { return ops_.read(in, At(out.value, offset_), help_); }
  void Print(const void* v, LineWriter& line) const override { ops_.print(At(v, offset_), line); }
  Presence IsSet(const void* v) const override { return SetIf(ops_.has(At(v, offset_))); }

 private:
  std::size_t offset_;
  const ValueOps& ops_;
  std::string help_;
};

class Integer final : public Token {
 public:
  Integer(std::size_t offset, const NumberOps& ops, std::int64_t low, std::int64_t high, std::string_view help)
      : offset_(offset), ops_(ops), low_(low), high_(high),
        literal_{"<" + std::to_string(low) + "-" + std::to_string(high) + ">", std::string(help)} {}
  Match Read(Cursor& in, const Target& out) const override {
    std::int64_t n = 0;
    const Match m = in.Number(literal_, low_, high_, n);
    if (m == Match::kOk) ops_.set(At(out.value, offset_), n);
    return m;
  }
  void Print(const void* v, LineWriter& line) const override {
    std::int64_t n = 0;
    if (ops_.get(At(v, offset_), n)) line.Put(std::to_string(n));
  }
  Presence IsSet(const void* v) const override { return SetIf(ops_.has(At(v, offset_))); }
  std::string Syntax(const Target&) const override { return Placeholder(literal_.text); }

 private:
  std::size_t offset_;
  const NumberOps& ops_;
  std::int64_t low_, high_;
  Literal literal_;
};

class WordToken final : public Token {
 public:
  WordToken(std::size_t offset, Literal l, std::size_t max, bool (*accept)(std::string_view))
      : offset_(offset), literal_(std::move(l)), max_(max), accept_(accept) {}
  Match Read(Cursor& in, const Target& out) const override {
    std::string_view w;
    const Match m = in.Word(literal_, w, [this](std::string_view s) {
      return s.size() <= max_ && (accept_ == nullptr || accept_(s));
    });
    if (m == Match::kOk) TextAt(out.value, offset_) = w;
    return m;
  }
  void Print(const void* v, LineWriter& line) const override {
    if (const std::string& s = TextAt(v, offset_); !s.empty()) line.Put(s);
  }
  Presence IsSet(const void* v) const override { return SetIf(!TextAt(v, offset_).empty()); }
  std::string Syntax(const Target&) const override { return Placeholder(literal_.text); }

 private:
  std::size_t offset_;
  Literal literal_;
  std::size_t max_;
  bool (*accept_)(std::string_view);
};

class LineToken final : public Token {
 public:
  LineToken(std::size_t offset, Literal l) : offset_(offset), literal_(std::move(l)) {}
  Match Read(Cursor& in, const Target& out) const override {
    std::string_view rest;
    const Match m = in.Rest(literal_, rest);
    if (m == Match::kOk) TextAt(out.value, offset_) = rest;
    return m;
  }
  void Print(const void* v, LineWriter& line) const override { line.Put(TextAt(v, offset_)); }
  Presence IsSet(const void* v) const override { return SetIf(!TextAt(v, offset_).empty()); }
  std::string Syntax(const Target&) const override { return Placeholder(literal_.text); }

 private:
  std::size_t offset_;
  Literal literal_;
};

class Repeat final : public Token {
 public:
  Repeat(std::size_t offset, const ListOps& ops, std::string_view help) : offset_(offset), ops_(ops), help_(help) {}
  Match Read(Cursor& in, const Target& out) const override {
    for (bool first = true;; first = false) {
      const std::size_t before = in.at();
      const Match m = ops_.read(in, At(out.value, offset_), help_);
      if (m == Match::kOk) continue;
      return !first && in.at() == before && m != Match::kAmbiguous ? Match::kOk : m;
    }
  }
  void Print(const void* v, LineWriter& line) const override { ops_.print(At(v, offset_), line); }
  Presence IsSet(const void* v) const override { return SetIf(ops_.has(At(v, offset_))); }
  std::string Syntax(const Target& scratch) const override { return Token::Syntax(scratch) + " ..."; }

 private:
  std::size_t offset_;
  const ListOps& ops_;
  std::string help_;
};

class Sequence final : public Token {
 public:
  explicit Sequence(Inner inner) : inner_(std::move(inner)) {}
  Match Read(Cursor& in, const Target& out) const override {
    for (const Token* t : inner_) {
      if (const Match m = t->Read(in, out); m != Match::kOk) return m;
    }
    return Match::kOk;
  }
  void Print(const void* v, LineWriter& line) const override {
    for (const Token* t : inner_) t->Print(v, line);
  }
  Presence IsSet(const void* v) const override {
    Presence all = Presence::kNeutral;
    for (const Token* t : inner_) {
      const Presence p = t->IsSet(v);
      if (p == Presence::kUnset) return p;
      if (p == Presence::kSet) all = p;
    }
    return all;
  }
  std::string Syntax(const Target& scratch) const override { return JoinSyntax(inner_, " ", scratch); }
  Fit Peek(const Cursor& in) const override { return inner_.empty() ? Fit{FitKind::kValue, nullptr} : inner_.front()->Peek(in); }

 private:
  Inner inner_;
};

class OptionalToken final : public Token {
 public:
  explicit OptionalToken(const Token* inner) : inner_(inner) {}
  Match Read(Cursor& in, const Target& out) const override {
    const std::size_t before = in.at();
    const Match m = inner_->Read(in, out);
    return m != Match::kOk && m != Match::kAmbiguous && in.at() == before ? Match::kOk : m;
  }
  void Print(const void* v, LineWriter& line) const override {
    if (inner_->IsSet(v) == Presence::kSet) inner_->Print(v, line);
  }
  std::string Syntax(const Target& scratch) const override { return "[" + inner_->Syntax(scratch) + "]"; }
  Fit Peek(const Cursor& in) const override { return inner_->Peek(in); }

 private:
  const Token* inner_;
};

// Each tells what it would take at the end of the line.
void OfferAll(const Inner& tokens, const Cursor& in, const Target& out) {
  for (const Token* t : tokens) {
    const Scratch scratch(out);
    Cursor copy = in;
    (void)t->Read(copy, scratch.target());
  }
}

class ChoiceToken final : public Token {
 public:
  explicit ChoiceToken(Inner alternatives) : alternatives_(std::move(alternatives)) {}

  Match Read(Cursor& in, const Target& out) const override {
    if (in.AtEnd()) {
      OfferAll(alternatives_, in, out);
      return Match::kIncomplete;
    }
    // Exact keywords, then abbreviations, then values; the first class that reads on decides.
    Match failure = Match::kNo;
    std::size_t furthest = in.at();
    for (const FitKind kind : {FitKind::kExact, FitKind::kPrefix, FitKind::kValue}) {
      bool tried = false;
      std::optional<Scratch> best;
      Cursor best_cursor = in;
      const Literal* best_word = nullptr;
      for (const Token* a : alternatives_) {
        const Fit fit = a->Peek(in);
        if (fit.kind == FitKind::kNone && kind == FitKind::kExact && fit.literal != nullptr) {
          in.Blame(CommonPrefix(in.Peek(), fit.literal->text));
        }
        if (fit.kind != kind) continue;
        tried = true;
        Scratch scratch(out);
        Cursor attempt = in;
        const Match m = a->Read(attempt, scratch.target());
        in.Learn(attempt);
        if (m == Match::kOk) {
          if (best && kind == FitKind::kPrefix && fit.literal->text != best_word->text) return Match::kAmbiguous;
          if (!best) {
            best.emplace(std::move(scratch));
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
        out.type->assign(out.value, best->target().value);
        return Match::kOk;
      }
      if (tried && kind == FitKind::kExact) break;
    }
    in.set_at(furthest);  // tells an Opt around us that words were taken
    return failure;
  }
  void Print(const void* v, LineWriter& line) const override {
    for (const Token* a : alternatives_) {
      if (a->IsSet(v) != Presence::kUnset) return a->Print(v, line);
    }
  }
  Presence IsSet(const void* v) const override {
    Presence any = Presence::kUnset;
    for (const Token* a : alternatives_) {
      const Presence p = a->IsSet(v);
      if (p == Presence::kSet) return p;
      if (p == Presence::kNeutral) any = p;
    }
    return any;
  }
  std::string Syntax(const Target& scratch) const override { return "(" + JoinSyntax(alternatives_, " | ", scratch) + ")"; }
  Fit Peek(const Cursor& in) const override {
    Fit best;
    for (const Token* a : alternatives_) {
      const Fit f = a->Peek(in);
      if (f.kind > best.kind) best = f;
      else if (best.literal == nullptr) best.literal = f.literal;
    }
    return best;
  }

 private:
  Inner alternatives_;
};

class AnyOrderToken final : public Token {
 public:
  explicit AnyOrderToken(Inner inner) : inner_(std::move(inner)) { assert(inner_.size() <= 64); }
  Match Read(Cursor& in, const Target& out) const override {
    std::uint64_t used = 0;
    while (true) {
      Inner left;
      std::vector<std::size_t> index;
      for (std::size_t i = 0; i < inner_.size(); i++) {
        if (used >> i & 1) continue;
        left.push_back(inner_[i]);
        index.push_back(i);
      }
      if (left.empty()) return Match::kOk;
      if (in.AtEnd()) {
        OfferAll(left, in, out);
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
  void Print(const void* v, LineWriter& line) const override {
    for (const Token* t : inner_) {
      if (t->IsSet(v) == Presence::kSet) t->Print(v, line);
    }
  }
  std::string Syntax(const Target& scratch) const override { return "{" + JoinSyntax(inner_, " | ", scratch) + "}"; }

 private:
  Inner inner_;
};

class NoiseToken final : public Token {
 public:
  explicit NoiseToken(Literal l) : literal_(std::move(l)) {}
  Match Read(Cursor& in, const Target&) const override {
    const Match m = in.Keyword(literal_);
    return m == Match::kAmbiguous ? m : Match::kOk;
  }
  void Print(const void*, LineWriter&) const override {}
  Fit Peek(const Cursor& in) const override { return in.FitOf(literal_); }
  std::string Syntax(const Target&) const override { return "[" + literal_.text + "]"; }

 private:
  Literal literal_;
};

// Every token of the program. Sets may be built by several threads at once.
const Token* Keep(std::unique_ptr<const Token> token) {
  static std::mutex mutex;
  static std::deque<std::unique_ptr<const Token>> all;
  const std::lock_guard lock(mutex);
  return all.emplace_back(std::move(token)).get();
}

}  // namespace

std::string Token::Syntax(const Target& scratch) const {
  static const ParseOptions options;
  const CommandLine nothing{std::string_view()};
  std::vector<Hint> hints;
  Cursor in(nothing, options, &hints);
  (void)Read(in, scratch);
  std::string out;
  for (const Hint& h : hints) out += (out.empty() ? "" : " | ") + (h.placeholder ? Placeholder(h.text) : h.text);
  return hints.size() == 1 ? out : "(" + out + ")";
}

std::string JoinSyntax(const std::vector<const Token*>& tokens, const char* between, const Target& scratch) {
  std::string out;
  for (const Token* t : tokens) out += (out.empty() ? "" : between) + t->Syntax(scratch);
  return out;
}

TokenList::TokenList() = default;
TokenList::~TokenList() = default;
void TokenList::Add(const Token* t) { tokens_.push_back(t); }

const Token* MakeKeyword(std::string_view text, std::string_view help) { return Keep(std::make_unique<Keyword>(MakeLiteral(text, help))); }
const Token* MakeNoise(std::string_view text, std::string_view help) { return Keep(std::make_unique<NoiseToken>(MakeLiteral(text, help))); }
const Token* MakeScalarKeyword(std::size_t offset, std::size_t size, std::uint64_t bits, std::string_view text, std::string_view help) {
  return Keep(std::make_unique<ScalarKeyword>(offset, size, bits, MakeLiteral(text, help)));
}
const Token* MakeStringKeyword(std::size_t offset, std::string_view value, std::string_view text, std::string_view help) {
  return Keep(std::make_unique<StringKeyword>(offset, value, MakeLiteral(text, help)));
}
const Token* MakeFlag(std::size_t offset, std::string_view text, std::string_view help) {
  return MakeOptional(MakeScalarKeyword(offset, sizeof(bool), BitsOf(true), text, help));
}
const Token* MakeArgument(std::size_t offset, const ValueOps& ops, std::string_view help) {
  return Keep(std::make_unique<Argument>(offset, ops, help));
}
const Token* MakeInteger(std::size_t offset, const NumberOps& ops, std::int64_t low, std::int64_t high, std::string_view help) {
  return Keep(std::make_unique<Integer>(offset, ops, low, high, help));
}
const Token* MakeWord(std::size_t offset, std::string_view placeholder, std::string_view help, std::size_t max,
                      bool (*accept)(std::string_view)) {
  return Keep(std::make_unique<WordToken>(offset, MakeLiteral(placeholder, help), max, accept));
}
const Token* MakeLine(std::size_t offset, std::string_view help) { return Keep(std::make_unique<LineToken>(offset, MakeLiteral("LINE", help))); }
const Token* MakeRepeat(std::size_t offset, const ListOps& ops, std::string_view help) {
  return Keep(std::make_unique<Repeat>(offset, ops, help));
}
const Token* MakeSequence(TokenList& inner) {
  if (inner.tokens().size() == 1) return inner.tokens().front();
  return Keep(std::make_unique<Sequence>(std::move(inner.tokens())));
}
const Token* MakeOptional(const Token* inner) { return Keep(std::make_unique<OptionalToken>(inner)); }
const Token* MakeChoice(TokenList& alternatives) { return Keep(std::make_unique<ChoiceToken>(std::move(alternatives.tokens()))); }
const Token* MakeAnyOrder(TokenList& parts) { return Keep(std::make_unique<AnyOrderToken>(std::move(parts.tokens()))); }

}  // namespace sallyport::command_internal
