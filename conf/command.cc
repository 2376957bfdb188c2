#include "conf/command.h"

#include <algorithm>
#include <cassert>

#include "conf/command_levels.h"

namespace sallyport::command_internal {
namespace {

using Outcome = RunResult::Outcome;

std::string ToLower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

const Literal kNoKeyword{"no", "Negate a command or set its defaults"};

// Of two ways to take a line: which holds an exact keyword first, counted from the left? kConflict: they differ by
// abbreviated keywords (ambiguous at `word`).
enum class Order { kFirst, kSecond, kAlike, kConflict };
Order Compare(const Cursor& a, const Cursor& b, std::size_t words, std::size_t& word) {
  for (std::size_t i = 0; i < words; i++) {
    const Literal* ka = a.KeywordAt(i);
    const Literal* kb = b.KeywordAt(i);
    if (ka == kb) continue;
    const std::size_t typed = a.line()[i].size();
    const bool exact_a = ka != nullptr && ka->text.size() == typed;
    const bool exact_b = kb != nullptr && kb->text.size() == typed;
    if (exact_a != exact_b) return exact_a ? Order::kFirst : Order::kSecond;
    if ((ka == nullptr) != (kb == nullptr)) return ka != nullptr ? Order::kFirst : Order::kSecond;
    if (ka != nullptr && !SameWord(ka->text, kb->text)) {
      word = i;
      return Order::kConflict;
    }
  }
  return Order::kAlike;
}

}  // namespace

CommandBase::CommandBase(const StructOps& type, TokenList& tokens) : type_(&type), tokens_(std::move(tokens.tokens())) {
  assert(!tokens_.empty() && tokens_.front()->AsKeyword() != nullptr);  // a command begins with a keyword
  for (const Token* t : tokens_) {
    if (!t->plain()) break;
    lead_.push_back(t->AsKeyword());
  }
}
CommandBase::CommandBase(const CommandBase&) = default;
CommandBase::CommandBase(CommandBase&&) noexcept = default;
CommandBase::~CommandBase() = default;

bool CommandBase::Allowed(const ParseOptions& o) const {
  if (o.privilege < (o.levels != nullptr ? o.levels->Of(o.mode, lead_, privilege_) : privilege_)) return false;
  if (o.personality == nullptr) return true;
  if (!o.any_release && (o.personality->release < since_ || o.personality->release > until_)) return false;
  return when_ == nullptr || when_(*o.personality);
}

Match CommandBase::ReadLead(Cursor& in, bool no) const {
  for (std::size_t i = 0; i < lead_.size(); i++) {
    if (no && i >= *no_ && in.AtEnd()) return Match::kOk;
    if (const Match m = in.Keyword(*lead_[i]); m != Match::kOk) return m;
  }
  return Match::kOk;
}

Match CommandBase::ReadRest(Cursor& in, const Target& out, bool no) const {
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

std::string CommandBase::PrintValue(const void* value, std::size_t tokens) const {
  std::string s;
  LineWriter line(s);
  for (std::size_t i = 0; i < tokens_.size() && i < tokens; i++) tokens_[i]->Print(value, line);
  return s;
}

std::string CommandBase::Syntax() const {
  const Scratch scratch(*type_);
  return JoinSyntax(tokens_, " ", scratch.target());
}

std::string_view CommandBase::help() const {
  std::string_view out = first().help;
  for (const Literal* l : lead_) out = l->help.empty() ? out : std::string_view(l->help);
  return out;
}

struct SetBase::Entry {
  CommandBase command;
  std::unique_ptr<const Handler> handler;

  // Syntax only.
  Match Try(Cursor& in, bool no) const {
    if (const Match m = command.ReadLead(in, no); m != Match::kOk) return m;
    const Scratch value(command.type());
    return command.ReadRest(in, value.target(), no);
  }
};

SetBase::SetBase(std::string name) : name_(std::move(name)) {}
SetBase::SetBase(SetBase&&) noexcept = default;
SetBase::~SetBase() = default;

void SetBase::Insert(const CommandBase& command, std::unique_ptr<const Handler> handler) {
  auto entry = std::make_unique<Entry>(Entry{command, std::move(handler)});
  const std::string key = ToLower(command.first().text);
  auto at = std::lower_bound(groups_.begin(), groups_.end(), key, [](const Group& g, const std::string& k) { return g.keyword < k; });
  if (at == groups_.end() || at->keyword != key) at = groups_.insert(at, Group{key, {}});
  at->entries.push_back(entry.get());
  entries_.push_back(std::move(entry));
}

std::vector<SetBase::Declared> SetBase::All() const {
  std::vector<Declared> all;
  for (const auto& e : entries_) all.push_back({&e->command, e->handler->rule()});
  return all;
}

void SetBase::Candidates(std::string_view word, std::vector<const Entry*>& out) const {
  const std::string key = ToLower(word);
  auto at = std::lower_bound(groups_.begin(), groups_.end(), key, [](const Group& g, const std::string& k) { return g.keyword < k; });
  if (at != groups_.end() && at->keyword == key) {
    out = at->entries;
    return;
  }
  for (; at != groups_.end() && at->keyword.starts_with(key); ++at) out.insert(out.end(), at->entries.begin(), at->entries.end());
}

RunResult SetBase::Find(std::string_view line, const ParseOptions& options, const Entry*& winner, bool& no) const {
  RunResult result;
  const CommandLine words(line);
  if (words.size() == 0 || words[0][0] == '!' || words[0][0] == ':') {
    result.outcome = Outcome::kEmpty;
    return result;
  }
  no = SameWord(words[0], "no");
  const std::size_t first = no ? 1 : 0;
  if (words.size() == first) {
    result.outcome = Outcome::kIncomplete;
    return result;
  }
  std::vector<const Entry*> candidates;
  Candidates(words[first], candidates);

  Cursor notes(words, options);  // the furthest failure of all
  notes.set_at(first);
  notes.Blame(0);
  if (candidates.empty()) {  // how much of the first word do our keywords know?
    for (const Group& g : groups_) notes.Blame(CommonPrefix(words[first], g.keyword));
  }
  winner = nullptr;
  Cursor best(words, options);
  bool conflict = false;
  std::size_t conflict_word = 0;
  // Failures: the furthest decides; ran out of words beats a wrong word.
  bool incomplete = false, ambiguous = false;
  std::size_t incomplete_at = 0, ambiguous_at = 0;
  std::optional<Cursor> partial;
  for (const Entry* e : candidates) {
    if (!e->command.Allowed(options) || !e->command.Takes(no)) continue;
    Cursor in(words, options);
    in.set_at(first);
    const Match m = e->Try(in, no);
    if (m != Match::kOk) {
      notes.Learn(in);
      if (m == Match::kIncomplete) {
        // Two unfinished commands that differ in a keyword: that word is ambiguous ("con" of conn and console).
        if (!partial || in.at() > partial->at()) {
          partial = in;
          ambiguous = false;
        } else if (in.at() == partial->at()) {
          std::size_t w = 0;
          const Order o = Compare(*partial, in, words.size(), w);
          if (o == Order::kConflict && (!ambiguous || w < ambiguous_at)) {
            ambiguous = true;
            ambiguous_at = w;
          } else if (o == Order::kSecond) {
            partial = in;
            ambiguous = false;
          }
        }
        incomplete = true;
        incomplete_at = std::max(incomplete_at, in.at());
      } else if (m == Match::kAmbiguous && !ambiguous) {
        ambiguous = true;
        ambiguous_at = std::min(in.at(), words.size() - 1);
      }
      continue;
    }
    if (winner == nullptr) {
      winner = e;
      best = in;
      continue;
    }
    std::size_t w = 0;
    switch (Compare(best, in, words.size(), w)) {
      case Order::kSecond:
        winner = e;
        best = in;
        conflict = false;
        break;
      case Order::kConflict:
        conflict = true;
        conflict_word = w;
        break;
      case Order::kFirst:
      case Order::kAlike: break;  // the first declared wins
    }
  }
  if (winner != nullptr) {
    if (conflict) {
      result.outcome = Outcome::kAmbiguous;
      result.word = std::string(words[conflict_word]);
    }
    return result;
  }
  if (ambiguous) {
    result.outcome = Outcome::kAmbiguous;
    result.word = std::string(words[ambiguous_at]);
  } else if (incomplete && incomplete_at >= notes.failed_at()) {
    result.outcome = Outcome::kIncomplete;
  } else {
    result.outcome = Outcome::kInvalid;
    result.column = notes.FailColumn();
  }
  return result;
}

HelpResult SetBase::Help(std::string_view line, const ParseOptions& options) const {
  HelpResult result;
  CommandLine words(line);
  const bool begun = !line.empty() && line.back() != ' ' && line.back() != '\t' && words.size() > 0;
  const std::string_view last = begun ? words[words.size() - 1] : std::string_view();
  if (begun) words.DropLast();
  result.word_help = begun;

  const bool no = words.size() > 0 && SameWord(words[0], "no");
  const std::size_t first = no ? 1 : 0;
  std::vector<Hint> hints;
  Cursor notes(words, options);
  notes.set_at(first);
  if (words.size() == first) {
    bool any_no = false;
    for (const auto& e : entries_) {
      if (e->command.hidden() || !e->command.Allowed(options)) continue;
      any_no = any_no || e->command.has_no();
      if (e->command.Takes(no)) hints.push_back({e->command.first().text, e->command.first().help, false});
    }
    if (!no && any_no) hints.push_back({kNoKeyword.text, kNoKeyword.help, false});
  } else {
    std::vector<const Entry*> candidates;
    Candidates(words[first], candidates);
    notes.Blame(0);
    if (candidates.empty()) {
      for (const Group& g : groups_) notes.Blame(CommonPrefix(words[first], g.keyword));
    }
    // What a word may be is decided for all candidates together: an exact keyword anywhere hides abbreviations.
    struct Reached {
      Cursor cursor;
      std::vector<Hint> hints;
    };
    std::vector<Reached> reached;
    for (const Entry* e : candidates) {
      if (e->command.hidden() || !e->command.Allowed(options) || !e->command.Takes(no)) continue;
      std::vector<Hint> offered;
      Cursor in(words, options, &offered);
      in.set_at(first);
      const Match m = e->Try(in, no);
      if (m == Match::kOk) offered.push_back({"<cr>", "", true});
      if (m == Match::kOk || !offered.empty()) reached.push_back({in, std::move(offered)});
      else notes.Learn(in);
    }
    for (const Reached& r : reached) {
      bool hidden = false;
      for (const Reached& other : reached) {
        std::size_t w = 0;
        if (Compare(r.cursor, other.cursor, words.size(), w) == Order::kSecond) hidden = true;
      }
      if (!hidden) hints.insert(hints.end(), r.hints.begin(), r.hints.end());
    }
    if (reached.empty()) {
      result.outcome = Outcome::kInvalid;
      result.column = notes.FailColumn();
      return result;
    }
  }
  if (begun) {
    std::erase_if(hints, [&](const Hint& h) { return h.placeholder || !IsPrefixOf(last, h.text); });
    if (hints.empty()) {
      result.outcome = Outcome::kInvalid;
      result.column = static_cast<std::size_t>(last.data() - line.data());
    }
  }
  // Placeholders first, then keywords by alphabet, <cr> last (cli.md 3).
  const auto rank = [](const Hint& h) { return h.text == "<cr>" ? 2 : h.placeholder ? 0 : 1; };
  std::stable_sort(hints.begin(), hints.end(), [&](const Hint& a, const Hint& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return a.text != b.text ? a.text < b.text : b.help.empty() && !a.help.empty();  // of one word, what explains it
  });
  hints.erase(std::unique(hints.begin(), hints.end(), [](const Hint& a, const Hint& b) { return a.text == b.text; }), hints.end());
  result.hints = std::move(hints);
  return result;
}

RunResult SetBase::Matches(std::string_view line, const ParseOptions& options) const {
  const Entry* e = nullptr;
  bool no = false;
  return Find(line, options, e, no);
}

const LineRuleBase* SetBase::RuleOf(std::string_view line, const ParseOptions& options) const {
  const Entry* e = nullptr;
  bool no = false;
  return Find(line, options, e, no).outcome == Outcome::kOk ? e->handler->rule() : nullptr;
}

RunResult SetBase::RunLine(void* context, std::string_view line, const ParseOptions& options) const {
  const Entry* winner = nullptr;
  bool no = false;
  RunResult r = Find(line, options, winner, no);
  if (r.outcome != Outcome::kOk) return r;
  const CommandLine words(line);
  Cursor in(words, options);
  if (no) in.set_at(1);
  const CommandBase& command = winner->command;
  const Scratch value(command.type());
  Match m = command.ReadLead(in, no);
  if (m == Match::kOk) m = command.ReadRest(in, value.target(), no);
  assert(m == Match::kOk);  // Find tried it
  r.reply = winner->handler->Run(context, value.value(), no ? Form::kNo : Form::kPlain);
  return r;
}

std::vector<std::string> SetBase::Complete(std::string_view line, const ParseOptions& options) const {
  std::vector<std::string> out;
  for (const Hint& h : Help(line, options).hints) {
    if (!h.placeholder) out.push_back(h.text);
  }
  return out;
}

}  // namespace sallyport::command_internal
