// `clear configure`: whatever the grammar has lines of can be cleared, by the first word, by the first two, or by as much of the line
// as is said. Each line goes as its own `no` form takes it, so that what is in use stays and says so.
#include <map>
#include <set>
#include <utility>

#include "conf/configuration_impl.h"
#include "conf/declare.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

constexpr const char* kClear = "Clear";
constexpr const char* kConfigure = "Clear running configuration";

std::string_view WithoutNo(std::string_view text) { return text.starts_with("no ") ? text.substr(3) : text; }

bool Begins(std::string_view text, std::string_view words) {
  text = WithoutNo(text);
  return text.starts_with(words) && (text.size() == words.size() || text[words.size()] == ' ');
}

class Clearing {
 public:
  explicit Clearing(ConfigEdit& edit) : edit_(edit), config_(ConfigGrammar::Get().sets.find("config")->second) {
    options_.personality = &edit.personality;
    options_.names = &edit.names;
    options_.any_release = true;
  }

  // All top-level lines that begin with `words`; `whole`: these are the words of a command, and its factory lines come back.
  Reply Run(const std::string& words, bool whole) {
    std::string complaints;
    bool any = false;
    std::set<std::pair<Section, std::string>> done;
    // What names another goes in one round, what was named in the next.
    for (bool progress = true; progress;) {
      progress = false;
      complaints.clear();
      for (const auto& [section, key] : Matching(words)) {
        const Line* l = edit_.tree.Find(section, key);
        if (l == nullptr || done.contains({section, key})) continue;  // went with another
        any = true;
        if (const std::string said = Remove(section, key); !said.empty()) {
          complaints += said;
          continue;
        }
        done.emplace(section, key);
        progress = true;
      }
      if (complaints.empty()) break;
    }
    if (!any && !whole) return Reply::Refuse("ERROR: " + words + " does not exist\n");
    if (whole) Restore(words, done);
    edit_.changed = edit_.changed || !done.empty();
    if (!complaints.empty() && done.empty()) return Reply::Refuse(std::move(complaints));
    return Reply::Say(std::move(complaints));
  }

  // An interface without its configuration; one that exists by configuration only is gone.
  Reply Interfaces(const std::string& words) {
    bool any = false;
    const auto all = Matching(words);
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
      const Line* found = edit_.tree.Find(at->first, at->second);
      if (found == nullptr) continue;
      any = true;
      const std::string text = found->text;
      if (Do("no " + text).empty()) continue;
      (void)Do(text, "no nameif");  // with all that names it
      Line* l = edit_.tree.Find(at->first, at->second);
      while (!l->lines.empty()) {
        const std::string key = l->lines.back()->key;
        if (!edit_.tree.Remove(l, Section::kInterface, key)) break;
      }
      (void)Do(text, "shutdown");
    }
    if (!any && words != "interface") return Reply::Refuse("ERROR: % Invalid interface\n");
    edit_.changed = true;
    return {};
  }

 private:
  std::vector<std::pair<Section, std::string>> Matching(const std::string& words) const {
    std::vector<std::pair<Section, std::string>> out;
    for (std::size_t s = 0; s < kSectionCount; s++) {
      for (const auto& l : edit_.tree.Of(static_cast<Section>(s))) {
        if (!l->text.empty() && Begins(l->text, words)) out.emplace_back(l->section, l->key);
      }
    }
    return out;
  }

  // Applies a global line, and one in the mode that it opens; the complaint, or "".
  std::string Do(const std::string& line, const std::string& inner = {}) {
    ConfigMode mode;
    ConfigEdit below{edit_.tree, mode, edit_.personality, edit_.names, nullptr, {}};
    const RunResult r = config_.Run(below, line, options_);
    if (r.outcome != RunResult::Outcome::kOk) return "ERROR: % Invalid input\n";
    if (!r.reply.ok) return r.reply.text;
    if (inner.empty()) return {};
    const auto opened = edit_.tree.Find(Section::kInterface, line);
    if (opened == nullptr) return {};
    below.here = opened->shared_from_this();
    const auto set = ConfigGrammar::Get().sets.find(opened->submode);
    if (set != ConfigGrammar::Get().sets.end()) (void)set->second.Run(below, inner, options_);
    return {};
  }

  std::string Remove(Section section, const std::string& key) {
    const auto before = edit_.tree.Find(section, key)->shared_from_this();  // its text is needed when it has gone
    const std::string_view text = before->text;
    if (!text.starts_with("no ")) {
      ConfigMode mode;
      ConfigEdit below{edit_.tree, mode, edit_.personality, edit_.names, nullptr, {}};
      const RunResult r = config_.Run(below, "no " + std::string(text), options_);
      if (r.outcome == RunResult::Outcome::kOk && !r.reply.ok) return r.reply.text;
    }
    const Line* left = edit_.tree.Find(section, key);
    const bool back_to_default = left != nullptr && left != before.get() && !left->text.starts_with("no ");
    if (!back_to_default) edit_.tree.Remove(nullptr, section, key);  // its `no` form, or what has none
    return {};
  }

  // Of what an appliance has from the beginning, the lines that stand for those that went.
  void Restore(const std::string& words, const std::set<std::pair<Section, std::string>>& gone) {
    const std::string factory = FactoryConfiguration(edit_.personality);
    for (std::string_view rest = factory; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      const std::string line(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (!Begins(line, words) || line.starts_with("service-policy ")) continue;
      const LineRuleBase* rule = config_.RuleOf(line, options_);
      if (rule != nullptr && !rule->submode.empty()) continue;
      LineTree alone;
      ConfigMode mode;
      ConfigEdit scratch{alone, mode, edit_.personality, edit_.names, nullptr, {}};
      (void)config_.Run(scratch, line, options_);
      for (std::size_t s = 0; s < kSectionCount; s++) {
        for (const auto& l : alone.Of(static_cast<Section>(s))) {
          if (gone.contains({l->section, l->key})) (void)Do(line);
        }
      }
    }
  }

  ConfigEdit& edit_;
  const ConfigSet& config_;
  ParseOptions options_;
};

struct ClearLines {
  std::string rest;
};
struct ClearAll {};

}  // namespace

void DeclareClear(ConfigGrammar& g) {
  ConfigSet& config = g.Mode("config");
  // First words, and the second ones that follow them.
  std::map<std::string, std::pair<std::string, std::map<std::string, std::string>>> words;  // with their help
  for (const auto& [command, rule] : config.All()) {
    const auto& lead = command->lead();
    if (lead[0]->text == "clear" || lead[0]->text == "access-list") continue;  // grammar_access.cc knows more of lists
    auto& [help, seconds] = words[lead[0]->text];
    if (help.empty()) help = lead[0]->help;
    if (lead.size() > 1) {
      std::string& second = seconds[lead[1]->text];
      if (second.empty()) second = lead[1]->help;
    }
  }
  using S = Tokens<ClearLines>;
  const auto clear = S::Kw("clear", kClear), configure = S::Kw("configure", kConfigure);
  const auto rest = S::Opt({S::Line(&ClearLines::rest, "Which of them")});
  const auto add = [&](const Command<ClearLines>& c, const std::string& begins) {
    config.Add(c, [begins](ConfigEdit& edit, const ClearLines& v, Form) -> Reply {
      std::string wanted = begins;
      const CommandLine said(v.rest);
      for (std::size_t i = 0; i < said.size(); i++) wanted += " " + std::string(said[i]);
      edit.mode.LeaveAll();
      if (begins == "interface") return Clearing(edit).Interfaces(wanted);
      return Clearing(edit).Run(wanted, v.rest.empty());
    });
  };
  for (const auto& [first, more] : words) {
    const auto& [help, seconds] = more;
    add(Command<ClearLines>({clear, configure, S::Kw(first, help), rest}), first);
    for (const auto& [second, second_help] : seconds) {
      add(Command<ClearLines>({clear, configure, S::Kw(first, help), S::Kw(second, second_help), rest}), first + " " + second);
    }
  }
  using A = Tokens<ClearAll>;
  config.Add(Command<ClearAll>({A::Kw("clear", kClear), A::Kw("configure", kConfigure), A::Kw("all", "Clear all configuration")}),
             [](ConfigEdit& edit, const ClearAll&, Form) -> Reply {
               edit.tree.Clear();
               edit.names.clear();
               edit.mode.LeaveAll();
               edit.changed = true;
               edit.emptied = ConfigEdit::Emptied::kFactoryBack;
               return {};
             });
}

}  // namespace sallyport
