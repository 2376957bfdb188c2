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
//    Tokens:  Kw     a keyword                        Arg    a value by C++ type (Codec<V>, conf/token.h and codecs.h)
//             Word   one word as it was typed         Line   all the rest of the line
//             Int    an integer in a range            Flag   an optional keyword: true when it was there
//             Is     a keyword that stands for a value of a member (for alternatives)
//             Opt    a sequence that may be missing   Choice one of several sequences
//             AnyOrder  optional sequences, each at most once, in any order; printed in the declared order
//             WordIf, ArgIf   the same with a condition: another word or value is invalid input
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
//    .Since(r) .Until(r)  first and last release that has it (major * 100 + minor); in a file it may stand at any time
//    .No(n)         `no` needs only the first n tokens, the rest may follow. Without it there is no `no` form.
//    .NoOnly(n)     the same, and there is no other form
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

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/token.h"
#include "firewall/personality.h"

namespace sallyport {

struct LineRuleBase;  // conf/declare.h

namespace command_internal {

// A declaration without its type.
class CommandBase {
 public:
  CommandBase(const CommandBase&);
  CommandBase(CommandBase&&) noexcept;
  CommandBase& operator=(const CommandBase&) = delete;
  ~CommandBase();

  bool Allowed(const ParseOptions& o) const;
  bool hidden() const { return hidden_; }
  bool has_no() const { return no_.has_value(); }
  // Has it this form?
  bool Takes(bool no) const { return no ? no_.has_value() : !no_only_; }
  // The keyword that it begins with.
  const Literal& first() const { return *tokens_.front()->AsKeyword(); }
  // All the keywords that it begins with.
  const std::vector<const Literal*>& lead() const { return lead_; }
  std::size_t size() const { return tokens_.size(); }
  const StructOps& type() const { return *type_; }

  // Leading keywords only; they need no struct.
  Match ReadLead(Cursor& in, bool no) const;
  // The rest, to the end of the line.
  Match ReadRest(Cursor& in, const Target& out, bool no) const;
  std::string PrintValue(const void* value, std::size_t tokens) const;

  // For the reference: the whole line as Token::Syntax writes it, and who can type it when.
  std::string Syntax() const;
  std::string_view help() const;  // of the last leading keyword that has one
  int privilege() const { return privilege_; }
  int since() const { return since_; }
  int until() const { return until_; }
  // Takes a line of any release: no condition but since and until.
  bool conditional() const { return when_ != nullptr; }
  bool no_only() const { return no_only_; }

 protected:
  CommandBase(const StructOps& type, TokenList& tokens);

  std::optional<std::size_t> no_;
  int privilege_ = 15;
  bool (*when_)(const Personality&) = nullptr;
  int since_ = 0, until_ = 9999;
  bool hidden_ = false;
  bool no_only_ = false;

 private:
  const StructOps* type_;
  std::vector<const Token*> tokens_;
  std::vector<const Literal*> lead_;
};

}  // namespace command_internal

// A declaration. Copyable; tokens are shared.
template <typename T>
class Command : public command_internal::CommandBase {
 public:
  explicit Command(std::initializer_list<TokenPtr<T>> tokens) : Command(tokens, command_internal::TokenList()) {}
  explicit Command(const std::vector<TokenPtr<T>>& tokens) : Command(tokens, command_internal::TokenList()) {}

  Command& No(std::size_t tokens) { no_ = tokens; return *this; }
  Command& NoOnly(std::size_t tokens) { no_only_ = true; return No(tokens); }
  Command& Privilege(int level) { privilege_ = level; return *this; }
  Command& When(bool (*f)(const Personality&)) { when_ = f; return *this; }
  Command& Since(int release) { since_ = release; return *this; }
  Command& Until(int release) { until_ = release; return *this; }
  Command& Hidden() { hidden_ = true; return *this; }

  // The line as the running configuration has it, without trailing blank. `tokens`: only the first so many.
  std::string Print(const T& value, std::size_t tokens = SIZE_MAX) const { return PrintValue(&value, tokens); }

 private:
  template <typename All>
  static command_internal::TokenList& Fill(const All& tokens, command_internal::TokenList& list) {
    for (const TokenPtr<T>& t : tokens) list.Add(t.token);
    return list;
  }
  template <typename All>
  Command(const All& tokens, command_internal::TokenList&& list)
      : CommandBase(command_internal::kStructOps<T>, Fill(tokens, list)) {}
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

// What is done with a command that was read.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Reply Run(void* context, const void* value, Form form) const = 0;
  // What a configuration line's declaration says of it; null: the command makes no line.
  virtual const LineRuleBase* rule() const { return nullptr; }
};
template <typename Context, typename T, typename F>
class HandlerOf final : public Handler {
 public:
  explicit HandlerOf(F f) : f_(std::move(f)) {}
  Reply Run(void* context, const void* value, Form form) const override {
    return f_(*static_cast<Context*>(context), *static_cast<const T*>(value), form);
  }

 private:
  F f_;
};

// The part of a CommandSet that knows no types.
class SetBase {
 public:
  SetBase(SetBase&&) noexcept;
  ~SetBase();

  // For declarations without a type; `handler` is given the set's Context.
  void Insert(const CommandBase& command, std::unique_ptr<const Handler> handler);
  HelpResult Help(std::string_view line, const ParseOptions& options) const;
  std::vector<std::string> Complete(std::string_view line, const ParseOptions& options) const;
  // Syntax only.
  RunResult Matches(std::string_view line, const ParseOptions& options) const;
  // Handler::rule of the command that takes the line; null: none does, or it makes no line.
  const LineRuleBase* RuleOf(std::string_view line, const ParseOptions& options) const;
  std::size_t size() const { return entries_.size(); }
  const std::string& name() const { return name_; }
  // What was declared, in that order.
  struct Declared {
    const CommandBase* command;
    const LineRuleBase* rule;  // Handler::rule
  };
  std::vector<Declared> All() const;

 protected:
  explicit SetBase(std::string name);
  RunResult RunLine(void* context, std::string_view line, const ParseOptions& options) const;

 private:
  struct Entry;
  struct Group {
    std::string keyword;  // lower case
    std::vector<const Entry*> entries;
  };
  void Candidates(std::string_view word, std::vector<const Entry*>& out) const;
  // Syntax only. kOk: `winner` takes the line; `no`: as its no form.
  RunResult Find(std::string_view line, const ParseOptions& options, const Entry*& winner, bool& no) const;
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

  // `handler`: Reply(Context&, const T&, Form).
  template <typename T, typename F>
  CommandSet& Add(const Command<T>& command, F handler) {
    Insert(command, std::make_unique<const command_internal::HandlerOf<Context, T, F>>(std::move(handler)));
    return *this;
  }

  RunResult Run(Context& context, std::string_view line, const ParseOptions& options = {}) const {
    return RunLine(&context, line, options);
  }
};

}  // namespace sallyport
