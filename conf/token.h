// The words of which a command is made, before a command struct's type matters: tokens work on a struct by address and on its
// members by offset, so that one set of classes (token.cc) serves all commands. The templates here only look up what is needed
// of a member's type; declaring a command costs the compiler next to nothing. The manual is in conf/command.h.
//
// Tokens are made while commands are declared, at start, and belong to the program: they are never freed and never change
// (so handles to them are plain pointers, and threads may share them). Do not declare commands again and again.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "conf/cursor.h"

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

namespace command_internal {

// What can be done with a command struct of unknown type.
struct StructOps {
  void* (*make)();                       // T{}
  void* (*copy)(const void*);
  void (*assign)(void* to, void* from);  // moves
  void (*free)(void*);
};
template <typename T>
inline constexpr StructOps kStructOps = {
    []() -> void* { return new T{}; },
    [](const void* from) -> void* { return new T(*static_cast<const T*>(from)); },
    [](void* to, void* from) { *static_cast<T*>(to) = std::move(*static_cast<T*>(from)); },
    [](void* t) { delete static_cast<T*>(t); },
};

// A command struct that is read into.
struct Target {
  void* value;
  const StructOps* type;
};

// A command struct made and owned by one that does not know its type.
class Scratch {
 public:
  explicit Scratch(const StructOps& type) : target_{type.make(), &type} {}
  Scratch(const StructOps& type, const void* from) : target_{type.copy(from), &type} {}
  explicit Scratch(const Target& from) : Scratch(*from.type, from.value) {}
  ~Scratch() {
    if (target_.value != nullptr) target_.type->free(target_.value);
  }
  Scratch(Scratch&& from) noexcept : target_(from.target_) { from.target_.value = nullptr; }
  Scratch& operator=(Scratch&& from) noexcept {
    std::swap(target_, from.target_);
    return *this;
  }
  const Target& target() const { return target_; }
  const void* value() const { return target_.value; }

 private:
  Target target_;
};

class Token {
 public:
  virtual ~Token() = default;
  // Reads its words from `in` into `out`. Whatever could stand at the end of the line is offered to `in` for help.
  virtual Match Read(Cursor& in, const Target& out) const = 0;
  virtual void Print(const void* value, LineWriter& line) const = 0;
  virtual Presence IsSet(const void*) const { return Presence::kNeutral; }
  // How the next word of `in` suits this token; consumes nothing.
  virtual Fit Peek(const Cursor&) const { return {FitKind::kValue, nullptr}; }
  // The keyword that it always begins with, if it does; plain: nothing but that keyword.
  virtual const Literal* AsKeyword() const { return nullptr; }
  virtual bool plain() const { return false; }
  // How the reference writes it: a keyword as it is, <A.B.C.D> for a value, [may be missing], (one | of), {each once | any order}.
  // Here: what it would offer to `?`; `scratch` is a struct of the command's type.
  virtual std::string Syntax(const Target& scratch) const;
};
std::string JoinSyntax(const std::vector<const Token*>& tokens, const char* between, const Target& scratch);

// What a token needs of the type of the member that it is bound to.
struct ValueOps {
  Match (*read)(Cursor& in, void* out, std::string_view help);
  void (*print)(const void* v, LineWriter& line);
  bool (*has)(const void* v);
};
struct NumberOps {
  void (*set)(void* out, std::int64_t n);
  bool (*get)(const void* v, std::int64_t& n);  // false: a std::optional without value
  bool (*has)(const void* v);
};
struct ListOps {
  Match (*read)(Cursor& in, void* out, std::string_view help);  // one more
  void (*print)(const void* v, LineWriter& line);
  bool (*has)(const void* v);
};

template <typename V>
bool HasValue(const void* at) {
  const V& v = *static_cast<const V*>(at);
  if constexpr (requires { V::kAlwaysPresent; }) return true;
  else if constexpr (requires { v.has_value(); }) return v.has_value();
  else if constexpr (requires { v == V{}; }) return !(v == V{});
  else return true;
}

template <typename V>
inline constexpr ValueOps kValueOps = {
    [](Cursor& in, void* out, std::string_view help) { return Codec<V>::Read(in, *static_cast<V*>(out), help); },
    [](const void* v, LineWriter& line) { Codec<V>::Print(*static_cast<const V*>(v), line); },
    HasValue<V>,
};

// A value that its codec reads and that may still be none here: the caret stands under its first word.
template <typename V, auto Accept>
inline constexpr ValueOps kCheckedOps = {
    [](Cursor& in, void* out, std::string_view help) {
      Cursor ahead = in;
      V v{};
      const Match m = Codec<V>::Read(ahead, v, help);
      if (m == Match::kOk && !Accept(v)) {
        in.Blame(0);
        return Match::kNo;
      }
      in = ahead;
      if (m == Match::kOk) *static_cast<V*>(out) = std::move(v);
      return m;
    },
    kValueOps<V>.print,
    kValueOps<V>.has,
};

template <typename V>
inline constexpr NumberOps kNumberOps = {
    [](void* out, std::int64_t n) { *static_cast<V*>(out) = static_cast<V>(n); },
    [](const void* v, std::int64_t& n) { n = static_cast<std::int64_t>(*static_cast<const V*>(v)); return true; },
    HasValue<V>,
};
template <typename V>
inline constexpr NumberOps kNumberOps<std::optional<V>> = {
    [](void* out, std::int64_t n) { *static_cast<std::optional<V>*>(out) = static_cast<V>(n); },
    [](const void* v, std::int64_t& n) {
      const auto& o = *static_cast<const std::optional<V>*>(v);
      if (o) n = static_cast<std::int64_t>(*o);
      return o.has_value();
    },
    HasValue<std::optional<V>>,
};

template <typename V>
inline constexpr ListOps kListOps = {
    [](Cursor& in, void* out, std::string_view help) {
      V v{};
      const Match m = Codec<V>::Read(in, v, help);
      if (m == Match::kOk) static_cast<std::vector<V>*>(out)->push_back(std::move(v));
      return m;
    },
    [](const void* all, LineWriter& line) {
      for (const V& v : *static_cast<const std::vector<V>*>(all)) Codec<V>::Print(v, line);
    },
    [](const void* all) { return !static_cast<const std::vector<V>*>(all)->empty(); },
};

// Where a member is in its struct, in bytes. A pointer to a data member is that offset in the Itanium C++ ABI, 2.3, which
// GCC and Clang follow on Linux; there are no virtual bases here.
template <typename V, typename T>
std::size_t OffsetOf(V T::*member) {
  static_assert(sizeof(member) == sizeof(std::ptrdiff_t));
  return static_cast<std::size_t>(std::bit_cast<std::ptrdiff_t>(member));
}

// A scalar's bytes; the rest are 0.
template <typename V>
std::uint64_t BitsOf(const V& v) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof v);
  return bits;
}

// Collects tokens for those that have others inside.
class TokenList {
 public:
  TokenList();
  ~TokenList();
  TokenList(const TokenList&) = delete;
  void Add(const Token* t);
  std::vector<const Token*>& tokens() { return tokens_; }

 private:
  std::vector<const Token*> tokens_;
};

const Token* MakeKeyword(std::string_view text, std::string_view help);
const Token* MakeNoise(std::string_view text, std::string_view help);
// `size`: bytes of the scalar at `offset`.
const Token* MakeScalarKeyword(std::size_t offset, std::size_t size, std::uint64_t bits, std::string_view text, std::string_view help);
const Token* MakeStringKeyword(std::size_t offset, std::string_view value, std::string_view text, std::string_view help);
const Token* MakeFlag(std::size_t offset, std::string_view text, std::string_view help);
const Token* MakeArgument(std::size_t offset, const ValueOps& ops, std::string_view help);
const Token* MakeInteger(std::size_t offset, const NumberOps& ops, std::int64_t low, std::int64_t high, std::string_view help);
// `accept` null: any word.
const Token* MakeWord(std::size_t offset, std::string_view placeholder, std::string_view help, std::size_t max,
                      bool (*accept)(std::string_view));
const Token* MakeLine(std::size_t offset, std::string_view help);
const Token* MakeRepeat(std::size_t offset, const ListOps& ops, std::string_view help);
const Token* MakeSequence(TokenList& inner);  // one token stands for itself
const Token* MakeOptional(const Token* inner);
const Token* MakeChoice(TokenList& alternatives);
const Token* MakeAnyOrder(TokenList& parts);

}  // namespace command_internal

// A token of commands on a T.
template <typename T>
struct TokenPtr {
  const command_internal::Token* token;
};

// The words of which commands on a T are made.
template <typename T>
struct Tokens {
  using Ptr = TokenPtr<T>;
  // Tokens one after the other.
  struct List {
    List(std::initializer_list<Ptr> inner) : token(Join(inner)) {}
    List(const std::vector<Ptr>& inner) : token(Join(inner)) {}
    const command_internal::Token* token;
  };

  static Ptr Kw(std::string_view text, std::string_view help = {}) { return {command_internal::MakeKeyword(text, help)}; }
  static Ptr Noise(std::string_view text, std::string_view help = {}) { return {command_internal::MakeNoise(text, help)}; }
  // A scalar or a std::string.
  template <typename V, typename U>
  static Ptr Is(V T::*member, const U& value, std::string_view text, std::string_view help = {}) {
    if constexpr (std::is_same_v<V, std::string>) {
      return {command_internal::MakeStringKeyword(command_internal::OffsetOf(member), value, text, help)};
    } else {
      static_assert(std::has_unique_object_representations_v<V> && sizeof(V) <= sizeof(std::uint64_t));
      return {command_internal::MakeScalarKeyword(command_internal::OffsetOf(member), sizeof(V), command_internal::BitsOf(V(value)), text, help)};
    }
  }
  static Ptr Flag(bool T::*member, std::string_view text, std::string_view help = {}) {
    return {command_internal::MakeFlag(command_internal::OffsetOf(member), text, help)};
  }
  template <typename V>
  static Ptr Arg(V T::*member, std::string_view help = {}) {
    return {command_internal::MakeArgument(command_internal::OffsetOf(member), command_internal::kValueOps<V>, help)};
  }
  // Only values of which `Accept` (bool(const V&), no captures) holds.
  template <auto Accept, typename V>
  static Ptr ArgIf(V T::*member, std::string_view help = {}) {
    const auto& ops = command_internal::kCheckedOps<V, Accept>;
    return {command_internal::MakeArgument(command_internal::OffsetOf(member), ops, help)};
  }
  template <typename V>
  static Ptr Int(V T::*member, std::int64_t low, std::int64_t high, std::string_view help = {}) {
    return {command_internal::MakeInteger(command_internal::OffsetOf(member), command_internal::kNumberOps<V>, low, high, help)};
  }
  // One word. `placeholder` is what `?` shows ("WORD", "WORD < 64 char", "Hostname or A.B.C.D").
  static Ptr Word(std::string T::*member, std::string_view help = {}, std::string_view placeholder = "WORD", std::size_t max = 4096) {
    return {command_internal::MakeWord(command_internal::OffsetOf(member), placeholder, help, max, nullptr)};
  }
  // One word of which `accept` holds.
  static Ptr WordIf(std::string T::*member, bool (*accept)(std::string_view), std::string_view help = {},
                    std::string_view placeholder = "WORD") {
    return {command_internal::MakeWord(command_internal::OffsetOf(member), placeholder, help, 4096, accept)};
  }
  static Ptr Line(std::string T::*member, std::string_view help = {}) {
    return {command_internal::MakeLine(command_internal::OffsetOf(member), help)};
  }
  template <typename V>
  static Ptr Many(std::vector<V> T::*member, std::string_view help = {}) {
    return {command_internal::MakeRepeat(command_internal::OffsetOf(member), command_internal::kListOps<V>, help)};
  }
  static Ptr Seq(List inner) { return {inner.token}; }
  static Ptr Opt(List inner) { return {command_internal::MakeOptional(inner.token)}; }
  static Ptr Choice(std::initializer_list<List> alternatives) { return {Make(alternatives, command_internal::MakeChoice)}; }
  static Ptr Choice(const std::vector<List>& alternatives) { return {Make(alternatives, command_internal::MakeChoice)}; }
  // At most 64 parts.
  static Ptr AnyOrder(std::initializer_list<List> parts) { return {Make(parts, command_internal::MakeAnyOrder)}; }

 private:
  template <typename All>
  static const command_internal::Token* Make(const All& all, const command_internal::Token* (*make)(command_internal::TokenList&)) {
    command_internal::TokenList list;
    for (const auto& each : all) list.Add(each.token);
    return make(list);
  }
  template <typename All>
  static const command_internal::Token* Join(const All& all) { return Make(all, command_internal::MakeSequence); }
};

}  // namespace sallyport
